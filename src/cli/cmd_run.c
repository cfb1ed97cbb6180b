/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg run list, and what the other commands on runs share. */
#include "cli/cmd_run.h"

#include "cli/cli_commands.h"
#include "cli/cli_list.h"
#include "cli/cli_open.h"
#include "cli/cli_options.h"
#include "cli/cli_pages.h"
#include "cli/cli_text.h"
#include "cli/cli_words.h"

#include <stdarg.h>
#include <stdio.h>

/* More than what the longest names and paths that the library takes come to. */
#define MOST_SAID 8192

void cli_run_fields(cli_json *json, const mr_run_record *record) {
  cli_json_text(json, "id", record->id);
  cli_json_text(json, "name", record->name);
  cli_json_text(json, "kind", cli_word(cli_run_kinds, record->kind));
  cli_json_text(json, "status", cli_word(cli_run_statuses, record->status));
  cli_json_bool(json, "sealed", record->sealed != 0);
  cli_json_text(json, "experiment_id", record->experiment_id);
  cli_json_text(json, "experiment_name", record->experiment_name);
  cli_json_text(json, "parent_run_id", record->parent_run_id);
  cli_json_text(json, "actor", record->actor);
  cli_json_time(json, "started_us", record->started_us);
  cli_json_time(json, "ended_us", record->ended_us);
  cli_json_text(json, "source_commit", record->source_commit);
  cli_json_text(json, "source_entry_point", record->source_entry_point);
  cli_json_text(json, "source_state", cli_word(cli_source_states, record->source_state));
  cli_json_text(json, "environment_host", record->environment_host);
  cli_json_text(json, "environment_packages_digest", record->environment_packages_digest);
  cli_json_text(json, "environment_image_digest", record->environment_image_digest);
}

void cli_run_json(void *ctx, const mr_run_record *record) {
  cli_json *json = ctx;
  cli_json_begin_object(json, NULL);
  cli_run_fields(json, record);
  cli_json_end_object(json);
}

const cli_column cli_run_columns[CLI_RUN_COLUMN_COUNT] = {
    {"ID", CLI_LEFT},    {"EXPERIMENT", CLI_SHORTEN}, {"NAME", CLI_SHORTEN},
    {"KIND", CLI_LEFT},  {"STATUS", CLI_STATUS},      {"STARTED", CLI_LEFT},
    {"ENDED", CLI_LEFT}, {"ACTOR", CLI_SHORTEN},
};

void cli_run_row(void *ctx, const mr_run_record *record) {
  cli_table *table = ctx;
  cli_table_text(table, record->id);
  cli_table_text(table, record->experiment_name);
  cli_table_text(table, record->name);
  cli_table_text(table, cli_word(cli_run_kinds, record->kind));
  cli_table_text(table, cli_word(cli_run_statuses, record->status));
  cli_table_time(table, record->started_us);
  cli_table_time(table, record->ended_us);
  cli_table_text(table, record->actor);
}

mr_status cli_experiment_make(mr_registry *registry, const char *name,
                              mr_experiment **out_experiment, mr_error *error) {
  mr_status status = mr_registry_open_experiment(registry, name, out_experiment, error);
  if (status == MR_NOT_FOUND) status = error->status = MR_READ_ONLY;
  return status;
}

int cli_run_open(cli_context *cli, mr_run **out_run) {
  mr_error error = MR_ERROR_INIT;
  int exit_code = cli_open_with(cli, 0);
  if (exit_code) return exit_code;
  if (mr_registry_open_run(cli->registry, cli->operands[0], out_run, &error) != MR_OK)
    return cli_fail(cli, &error);
  return CLI_DONE;
}

static int print_as_it_is(cli_context *cli, const char *id) {
  mr_error error = MR_ERROR_INIT;
  mr_run *run = NULL;
  mr_status status = mr_registry_open_run(cli->registry, id, &run, &error);
  if (status == MR_OK) status = cli_run_print_json(run, &error);
  mr_run_free(run);
  return status == MR_OK ? CLI_DONE : cli_fail(cli, &error);
}

int cli_run_say(cli_context *cli, const mr_run *run, const char *format, ...) {
  char text[MOST_SAID];
  if (cli->json) return print_as_it_is(cli, mr_run_info(run)->id);
  if (cli_option_value(cli, "quiet")) return CLI_DONE;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  cli_put(stdout, text);
  fputc('\n', stdout);
  return CLI_DONE;
}

static const cli_option run_list_options[] = {
    {"experiment", 'e', "NAME", "Only runs of this experiment"},
    {"kind", '\0', "KIND", "Only training, dataset or evaluation runs"},
    {"status", '\0', "STATUS", "Only running, finished, failed or killed runs"},
    {"limit", 'n', "NUMBER", "Stop after this many"},
    {"quiet", 'q', NULL, "Print the ids alone"},
    {NULL, '\0', NULL, NULL},
};

static void run_id(void *ctx, const mr_run_record *record) {
  (void)ctx;
  cli_put(stdout, record->id);
  fputc('\n', stdout);
}

static int run_list(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_run_list_options options = MR_RUN_LIST_OPTIONS_INIT;
  options.experiment = cli_option_value(cli, "experiment");
  int exit_code = cli_option_word(cli, "kind", cli_run_kinds, &options.kind);
  if (!exit_code) exit_code = cli_option_word(cli, "status", cli_run_statuses, &options.status);
  if (!exit_code) exit_code = cli_option_count(cli, "limit", &options.limit);
  if (!exit_code) exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  if (!cli->json && cli_option_value(cli, "quiet")) {
    mr_status status = cli_each_run(cli->registry, &options, run_id, NULL, &error);
    return status == MR_OK ? CLI_DONE : cli_fail(cli, &error);
  }
  cli_list list = cli_list_begin(cli, cli_run_columns, CLI_RUN_COLUMN_COUNT);
  mr_status status = cli_each_run(cli->registry, &options, cli->json ? cli_run_json : cli_run_row,
                                  cli_list_output(&list), &error);
  return cli_list_end(cli, &list, status, &error);
}

const cli_command cli_run_list_commands[] = {
    {"run list", "", 0, 0, "List runs, the newest first", "",
     "modelreg -r registry.db run list --experiment digits --status finished", run_list_options,
     run_list},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
