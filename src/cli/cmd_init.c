/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg init. */
#include "cli/cli_commands.h"
#include "cli/cli_json.h"
#include "cli/cli_text.h"

#include <stdio.h>
#include <string.h>

static void print_json(const mr_registry_record *record, bool is_new) {
  cli_json json = cli_json_new(stdout);
  cli_json_begin_object(&json, NULL);
  cli_json_bool(&json, "created", is_new);
  cli_json_text(&json, "id", record->id);
  cli_json_text(&json, "uri", record->uri);
  cli_json_text(&json, "driver", record->driver);
  cli_json_text(&json, "driver_version", record->driver_version);
  cli_json_text(&json, "location", record->location);
  cli_json_text(&json, "artifact_root", record->artifact_root);
  cli_json_int(&json, "schema_version", record->schema_version);
  cli_json_time(&json, "created_us", record->created_us);
  cli_json_begin_array(&json, "warnings");
  for (int64_t i = 0; i < record->warning_count; i++)
    cli_json_text(&json, NULL, record->warnings[i]);
  cli_json_end_array(&json);
  cli_json_end_object(&json);
}

static void print_text(const mr_registry_record *record, bool is_new) {
  fputs(is_new ? "Created registry " : "Registry exists already: ", stdout);
  cli_put(stdout, record->location ? record->location : record->uri);
  if (record->artifact_root) {
    fputs("\nArtifacts go to ", stdout);
    cli_put(stdout, record->artifact_root);
  }
  fputc('\n', stdout);
  for (int64_t i = 0; i < record->warning_count; i++) cli_warn(record->warnings[i]);
}

static int init(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  const char *uri = cli->operand_count > 0 ? cli->operands[0] : cli->registry_uri;
  if (!uri) return cli_usage_error(cli, "say where: modelreg init URI");
  if (strcmp(uri, "memory:") == 0)
    return cli_usage_error(cli, "memory: would be gone when this command ends; give a path");
  options.flags = MR_OPEN_READ_ONLY;
  bool is_new = mr_registry_open(uri, &options, &cli->registry, NULL) != MR_OK;
  options.flags = MR_OPEN_CREATE;
  if (is_new && mr_registry_open(uri, &options, &cli->registry, &error) != MR_OK) {
    cli_complain("%s", error.message);
    return CLI_REGISTRY;
  }
  const mr_registry_record *record = mr_registry_info(cli->registry);
  if (cli->json) {
    print_json(record, is_new);
  } else {
    print_text(record, is_new);
  }
  return CLI_DONE;
}

const cli_command cli_registry_commands[] = {
    {"init", "[URI]", 0, 1, "Create a registry",
     "A registry that is there already stays as it is. Anything else at that place is an error.\n",
     "modelreg init registry.db", NULL, init},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
