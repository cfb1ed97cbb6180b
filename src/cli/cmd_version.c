/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg version. */
#include "cli/cmd_version.h"
#include "cli/cli_commands.h"
#include "cli/cli_json.h"
#include "cli/cli_list.h"
#include "cli/cli_memory.h"
#include "cli/cli_open.h"
#include "cli/cli_options.h"
#include "cli/cli_pages.h"
#include "cli/cli_records.h"
#include "cli/cli_table.h"
#include "cli/cli_text.h"
#include "cli/cli_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const cli_option version_list_options[] = {
    {"limit", 'n', "NUMBER", "Stop after this many"},
    {NULL, '\0', NULL, NULL},
};

static void version_json(void *ctx, const mr_version_record *record) {
  cli_json *json = ctx;
  cli_json_begin_object(json, NULL);
  cli_version_fields(json, record);
  cli_json_end_object(json);
}

static const cli_column version_columns[] = {
    {"NUMBER", CLI_LEFT}, {"STATUS", CLI_STATUS}, {"FILES", CLI_RIGHT},   {"SIZE", CLI_RIGHT},
    {"RUN", CLI_LEFT},    {"PROMOTED", CLI_LEFT}, {"ACTOR", CLI_SHORTEN},
};

static void version_row(void *ctx, const mr_version_record *record) {
  cli_table *table = ctx;
  cli_table_text(table, record->number);
  cli_table_text(table, cli_word(cli_version_statuses, record->status));
  cli_table_int(table, record->file_count);
  cli_table_size(table, record->total_size);
  cli_table_text(table, record->run_id);
  cli_table_time(table, record->created_us);
  cli_table_text(table, record->actor);
}

static int version_list(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  mr_model *model = NULL;
  int exit_code = cli_option_count(cli, "limit", &options.limit);
  if (!exit_code) exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  mr_status status = mr_registry_open_model(cli->registry, cli->operands[0], &model, &error);
  if (status != MR_OK) return cli_fail(cli, &error);
  cli_list list =
      cli_list_begin(cli, version_columns, sizeof version_columns / sizeof *version_columns);
  status = cli_each_version(model, &options, cli->json ? version_json : version_row,
                            cli_list_output(&list), &error);
  mr_model_free(model);
  return cli_list_end(cli, &list, status, &error);
}

static mr_status show_text(mr_version *version, mr_error *error) {
  const mr_version_record *record = mr_version_info(version);
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  cli_table artifacts = cli_table_new(cli_artifact_columns, CLI_ARTIFACT_COLUMN_COUNT);
  mr_status status =
      cli_each_version_artifact(version, &options, cli_artifact_row, &artifacts, error);
  if (status == MR_OK) {
    cli_table table = cli_table_new(cli_pair_columns, 2);
    char files[2 * CLI_NUMBER_SIZE], size[CLI_NUMBER_SIZE];
    cli_size(size, record->total_size);
    snprintf(files, sizeof files, "%" PRId64 ", %s", record->file_count, size);
    cli_table_pair(&table, "Model", record->model);
    cli_table_pair(&table, "Number", record->number);
    cli_table_text(&table, "Status");
    cli_table_word(&table, cli_word(cli_version_statuses, record->status));
    cli_table_pair(&table, "Digest", record->digest);
    cli_table_pair(&table, "Files", files);
    cli_table_pair(&table, "Description", record->description);
    cli_table_pair(&table, "Run", record->run_id);
    cli_table_pair(&table, "Artifact path",
                   record->artifact_path && record->artifact_path[0] ? record->artifact_path
                                                                     : NULL);
    cli_table_pair(&table, "Experiment", record->experiment_name);
    cli_table_pair(&table, "Commit", record->source_commit);
    cli_table_pair(&table, "Entry point", record->source_entry_point);
    cli_table_pair(&table, "Host", record->environment_host);
    cli_table_pair(&table, "Packages digest", record->environment_packages_digest);
    cli_table_pair(&table, "Image digest", record->environment_image_digest);
    for (int64_t i = 0; i < record->dataset_count; i++)
      cli_table_pair(&table, "Dataset", record->dataset_digests[i]);
    cli_table_pair(&table, "Params digest", record->params_digest);
    cli_table_pair(&table, "Request", record->request_id);
    cli_table_pair(&table, "Actor", record->actor);
    cli_table_text(&table, "Promoted");
    cli_table_time(&table, record->created_us);
    if (record->status_us != record->created_us) {
      cli_table_pair(&table, "Status by", record->status_actor);
      cli_table_text(&table, "Status since");
      cli_table_time(&table, record->status_us);
      cli_table_pair(&table, "Reason", record->status_reason);
      cli_table_pair(&table, "Replacement", record->replacement);
    }
    for (int64_t i = 0; i < record->warning_count; i++)
      cli_table_pair(&table, "Warning", record->warnings[i]);
    cli_table_print(&table, stdout, 0, 0);
    fputs("\nArtifacts\n", stdout);
    cli_table_print(&artifacts, stdout, 2, cli_columns());
  }
  cli_table_free(&artifacts);
  return status;
}

int cli_check_version_operand(const cli_context *cli, const char *operand) {
  const char *at = strchr(operand, '@');
  if (at && at != operand && at[1]) return CLI_DONE;
  return cli_usage_error(cli, "'%s' is no MODEL@NUMBER", operand);
}

int cli_open_version(const cli_context *cli, const char *operand, mr_model **out_model,
                     mr_version **out_version) {
  mr_error error = MR_ERROR_INIT;
  int exit_code = cli_check_version_operand(cli, operand);
  if (exit_code) return exit_code;
  const char *at = strchr(operand, '@');
  char *name = cli_copy(operand, (size_t)(at - operand));
  mr_status status = mr_registry_open_model(cli->registry, name, out_model, &error);
  if (status == MR_OK) status = mr_model_open_version(*out_model, at + 1, out_version, &error);
  cli_free(name);
  return status == MR_OK ? CLI_DONE : cli_fail(cli, &error);
}

static int version_show(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_model *model = NULL;
  mr_version *version = NULL;
  int exit_code = cli_check_version_operand(cli, cli->operands[0]);
  if (!exit_code) exit_code = cli_open(cli);
  if (!exit_code) exit_code = cli_open_version(cli, cli->operands[0], &model, &version);
  if (!exit_code) {
    mr_status status =
        cli->json ? cli_version_json(stdout, version, &error) : show_text(version, &error);
    if (status != MR_OK) exit_code = cli_fail(cli, &error);
  }
  mr_version_free(version);
  mr_model_free(model);
  return exit_code;
}

const cli_command cli_version_commands[] = {
    {"version list", "MODEL", 1, 1, "List the versions of a model, the highest first", "",
     "modelreg -r registry.db version list digits", version_list_options, version_list},
    {"version show", "MODEL@NUMBER", 1, 1, "Show a version with where it comes from",
     "Build metadata of the number may be left out.\n",
     "modelreg -r registry.db version show digits@1.0.0", NULL, version_show},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
