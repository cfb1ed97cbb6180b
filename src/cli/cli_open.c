/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_open.h"

#include "cli/cli_memory.h"

#include <string.h>

void cli_take_environment(cli_context *cli, const char *value) {
  if (cli->registry_uri || !value || !value[0]) return;
  cli->registry_uri = value;
  cli->registry_origin = CLI_REGISTRY_VARIABLE;
}

int cli_check_registry(const cli_context *cli) {
  if (!cli->registry_uri)
    return cli_usage_error(cli,
                           "say which registry: --registry URI, or set " CLI_REGISTRY_VARIABLE);
  /* As a variable is that was never set. */
  if (!cli->registry_uri[0])
    return cli_usage_error(cli, "%s is empty; give a path", cli->registry_origin);
  return CLI_DONE;
}

int cli_open(cli_context *cli) {
  return cli_open_with(cli, MR_OPEN_READ_ONLY);
}

int cli_open_with(cli_context *cli, mr_open_flags flags) {
  mr_error error = MR_ERROR_INIT;
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  options.flags = flags;
  int exit_code = cli_check_registry(cli);
  if (exit_code) return exit_code;
  if (mr_registry_open(cli->registry_uri, &options, &cli->registry, &error) != MR_OK)
    return cli_fail_to_open(cli, &error);
  return CLI_DONE;
}

char *cli_reason(const cli_context *cli, const mr_error *error) {
  /* The library says how long it waits, which is no option here. */
  if (error->status == MR_BUSY && cli->registry_uri)
    return cli_format("%s is in use by others, and waiting did not help; try again",
                      cli->registry_uri);
  return cli_format("%s", error->message);
}

char *cli_open_reason(const cli_context *cli, const mr_error *error) {
  const char *uri = cli->registry_uri;
  if (strcmp(uri, "memory:") == 0)
    return cli_format("memory: is empty for every command, and gone when it ends; give a path");
  if (error->status == MR_NOT_FOUND)
    return cli_format("there is no registry at %s; 'modelreg init' creates one", uri);
  if (error->status == MR_CORRUPT && strstr(error->message, "the CREATE flag"))
    return cli_format("%s is empty, no registry yet; 'modelreg init' makes it one", uri);
  return cli_reason(cli, error);
}

/* Whether it is about a text that was given. */
static bool is_refused(mr_status status) {
  return status == MR_INVALID_ARGUMENT || status == MR_LIMIT;
}

/* Whether it is the actor that the library does not take: with a registry that nothing else can be
 * wrong with it says so, too. */
static bool is_actor_wrong(const mr_error *error, mr_error *out_reason) {
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  mr_registry *registry = NULL;
  if (!is_refused(error->status)) return false;
  options.flags = MR_OPEN_CREATE;
  mr_status status = mr_registry_open("memory:", &options, &registry, out_reason);
  mr_registry_close(registry);
  return is_refused(status);
}

const char *cli_flag_advice(const char *text) {
  return strstr(text, "EXCLUSIVE flag")
             ? "no command takes the EXCLUSIVE flag; move the registry to a local disk"
             : NULL;
}

/* Takes `reason` over. */
static int fail(const cli_context *cli, const mr_error *error, bool is_named, char *reason) {
  mr_error actor = MR_ERROR_INIT;
  const char *advice = cli_flag_advice(error->message);
  if (is_actor_wrong(error, &actor)) {
    cli_complain(CLI_ACTOR_VARIABLE ": %s", actor.message);
  } else {
    cli_complain("%s%s%s", is_named ? cli->registry_origin : "", is_named ? ": " : "", reason);
    if (advice) cli_complain("%s", advice);
  }
  cli_free(reason);
  return cli_exit_code(error->status) == CLI_UNVERIFIED ? CLI_UNVERIFIED : CLI_REGISTRY;
}

/* Nobody sees what a variable holds; what stands on the command line explains itself. */
static bool is_hidden(const cli_context *cli) {
  return strcmp(cli->registry_origin, CLI_REGISTRY_VARIABLE) == 0;
}

int cli_fail_to_open(const cli_context *cli, const mr_error *error) {
  /* The library may have no more than "uri" to call it. */
  bool is_named = is_hidden(cli) || is_refused(error->status);
  return fail(cli, error, is_named, cli_open_reason(cli, error));
}

int cli_fail_to_create(const cli_context *cli, const mr_error *error) {
  static const char root[] = "artifact_root";
  size_t size = sizeof root - 1;
  if (is_refused(error->status) && strncmp(error->message, root, size) == 0)
    return cli_usage_error(cli, "--artifact-root%s", error->message + size);
  return fail(cli, error, is_hidden(cli), cli_reason(cli, error));
}
