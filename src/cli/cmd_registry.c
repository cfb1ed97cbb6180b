/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg init, migrate and backup. */
#include "cli/cmd_registry.h"

#include "cli/cli_commands.h"
#include "cli/cli_json.h"
#include "cli/cli_open.h"
#include "cli/cli_options.h"
#include "cli/cli_report.h"
#include "cli/cli_text.h"

#include <inttypes.h>
#include <string.h>

static const cli_option init_options[] = {
    {"artifact-root", '\0', "FOLDER", "Where artifacts go; else beside it, with .d appended"},
    {NULL, '\0', NULL, NULL},
};

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

static const char *place_of(const mr_registry_record *record) {
  return record->location ? record->location : record->uri;
}

static void print_text(const mr_registry_record *record, bool is_new) {
  fputs(is_new ? "Created registry " : "Registry exists already: ", stdout);
  cli_put(stdout, place_of(record));
  if (record->artifact_root) {
    fputs("\nArtifacts go to ", stdout);
    cli_put(stdout, record->artifact_root);
  }
  fputc('\n', stdout);
  for (int64_t i = 0; i < record->warning_count; i++) {
    const char *advice = cli_flag_advice(record->warnings[i]);
    cli_warn(record->warnings[i]);
    if (advice) cli_complain("%s", advice);
  }
}

/* Whether the registry that is there keeps its artifacts where --artifact-root says: it was settled
 * when it was created. */
static int check_root(const cli_context *cli, const char *root) {
  mr_error error = MR_ERROR_INIT;
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  mr_registry *other = NULL;
  const char *kept = mr_registry_info(cli->registry)->artifact_root;
  options.flags = MR_OPEN_READ_ONLY;
  options.artifact_root = root;
  if (mr_registry_open(cli->registry_uri, &options, &other, &error) != MR_OK)
    return cli_fail_to_open(cli, &error);
  const char *wanted = mr_registry_info(other)->artifact_root;
  bool is_same = kept && wanted && strcmp(kept, wanted) == 0;
  if (!is_same) {
    cli_complain("%s exists already, and its artifacts go to %s; --artifact-root is for a new one",
                 place_of(mr_registry_info(cli->registry)), kept ? kept : "nowhere");
  }
  mr_registry_close(other);
  return is_same ? CLI_DONE : CLI_REGISTRY;
}

/* Which registry to create. */
static int choose_place(cli_context *cli) {
  if (cli->operand_count > 0 && cli_option_is_given(cli, "registry"))
    return cli_usage_error(cli, "name one place: URI or --registry");
  if (cli->operand_count > 0) {
    cli->registry_uri = cli->operands[0];
    cli->registry_origin = "URI";
  }
  if (!cli->registry_uri) return cli_usage_error(cli, "say where: modelreg init URI");
  int exit_code = cli_check_registry(cli);
  if (!exit_code && strcmp(cli->registry_uri, "memory:") == 0)
    exit_code = cli_usage_error(cli, "memory: would be gone when this command ends; give a path");
  return exit_code;
}

static int init(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  const char *root = cli_option_value(cli, "artifact-root");
  int exit_code = choose_place(cli);
  if (!exit_code && root) exit_code = cli_check_given(cli, "artifact-root");
  if (exit_code) return exit_code;
  options.flags = MR_OPEN_READ_ONLY;
  bool is_new = mr_registry_open(cli->registry_uri, &options, &cli->registry, NULL) != MR_OK;
  options.flags = MR_OPEN_CREATE;
  options.artifact_root = root;
  if (is_new && mr_registry_open(cli->registry_uri, &options, &cli->registry, &error) != MR_OK)
    return cli_fail_to_create(cli, &error);
  if (!is_new && root) exit_code = check_root(cli, root);
  if (exit_code) return exit_code;
  const mr_registry_record *record = mr_registry_info(cli->registry);
  if (cli->json) {
    print_json(record, is_new);
  } else {
    print_text(record, is_new);
  }
  return CLI_DONE;
}

void cli_migrated_print(FILE *out, bool as_json, const mr_registry_record *record) {
  bool is_changed = record->migrated_from != 0;
  if (as_json) {
    cli_json json = cli_json_new(out);
    cli_json_begin_object(&json, NULL);
    cli_json_int(&json, "schema_version", record->schema_version);
    if (is_changed) {
      cli_json_int(&json, "migrated_from", record->migrated_from);
    } else {
      cli_json_text(&json, "migrated_from", NULL);
    }
    cli_json_end_object(&json);
  } else if (is_changed) {
    fprintf(out, "Brought from schema version %" PRId64 " to %" PRId64 "\n", record->migrated_from,
            record->schema_version);
  } else {
    fprintf(out, "Schema version %" PRId64 ", nothing to do\n", record->schema_version);
  }
}

static int migrate(cli_context *cli) {
  int exit_code = cli_open_with(cli, MR_OPEN_MIGRATE);
  if (!exit_code) cli_migrated_print(stdout, cli->json, mr_registry_info(cli->registry));
  return exit_code;
}

static void print_backup(const cli_context *cli, const char *path, const mr_report *report) {
  if (cli->json) {
    cli_json json = cli_json_new(stdout);
    cli_json_begin_object(&json, NULL);
    cli_json_text(&json, "path", path);
    cli_report_fields(&json, report);
    cli_json_end_object(&json);
    return;
  }
  fputs("Copied ", stdout);
  cli_put(stdout, place_of(mr_registry_info(cli->registry)));
  fputs(" to ", stdout);
  cli_put(stdout, path);
  fputs(": ", stdout);
  cli_report_print(report, "stored file", "in its", "folder of artifacts");
}

static int backup(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_backup_options options = MR_BACKUP_OPTIONS_INIT;
  mr_report *report = NULL;
  const char *path = cli->operands[0];
  int exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  options.cancel = cli_interruptible();
  if (mr_registry_backup(cli->registry, path, &options, &report, &error) == MR_OK) {
    print_backup(cli, path, report);
    exit_code = cli_report_end(report, "the registry's own content", "what it should be");
  } else {
    exit_code = cli_fail(cli, &error);
  }
  mr_report_free(report);
  return exit_code;
}

const cli_command cli_registry_commands[] = {
    {"init", "[URI]", 0, 1, "Create a registry",
     "A registry that is there already stays as it is. Anything else at that place is an error. A\n"
     "relative --artifact-root counts from the folder of the registry.\n",
     "modelreg init registry.db", init_options, init},
    {"migrate", "", 0, 0, "Bring the registry of an older release to this one's schema",
     "Everything happens in one transaction, or nothing. Older releases may then no longer write\n"
     "to it, or read it: make a backup first.\n",
     "modelreg -r registry.db migrate", NULL, migrate},
    {"backup", "PATH", 1, 1, "Copy the registry with all it stores, while it is in use",
     "The copy is a registry of its own: PATH, and PATH.d with the content. Nothing is ever\n"
     "overwritten. Content is verified while it is copied; exits with 6 when some is missing or\n"
     "changed in the registry itself, and the copy has then all that is left.\n",
     "modelreg -r registry.db backup copy.db", NULL, backup},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
