/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg experiment. */
#include "cli/cli_commands.h"
#include "cli/cli_list.h"
#include "cli/cli_open.h"
#include "cli/cli_options.h"
#include "cli/cli_pages.h"
#include "cli/cli_records.h"
#include "cli/cli_words.h"
#include "cli/cmd_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Runs that "experiment show" has when nobody says. */
#define DEFAULT_NEWEST 10
#define STATUS_COUNT   MR_RUN_STATUS_KILLED

static void experiment_fields(cli_json *json, const mr_experiment_record *record) {
  cli_json_text(json, "id", record->id);
  cli_json_text(json, "name", record->name);
  cli_json_text(json, "actor", record->actor);
  cli_json_time(json, "created_us", record->created_us);
}

static void experiment_json(void *ctx, const mr_experiment_record *record) {
  cli_json *json = ctx;
  cli_json_begin_object(json, NULL);
  experiment_fields(json, record);
  cli_json_end_object(json);
}

static void experiment_row(void *ctx, const mr_experiment_record *record) {
  cli_table *table = ctx;
  cli_table_text(table, record->name);
  cli_table_time(table, record->created_us);
  cli_table_text(table, record->actor);
  cli_table_text(table, record->id);
}

static int experiment_list(cli_context *cli) {
  static const cli_column columns[] = {
      {"NAME", CLI_SHORTEN}, {"CREATED", CLI_LEFT}, {"ACTOR", CLI_SHORTEN}, {"ID", CLI_LEFT}};
  mr_error error = MR_ERROR_INIT;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  int exit_code = cli_option_count(cli, "limit", &options.limit);
  if (!exit_code) exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  cli_list list = cli_list_begin(cli, columns, sizeof columns / sizeof *columns);
  mr_status status =
      cli_each_experiment(cli->registry, &options, cli->json ? experiment_json : experiment_row,
                          cli_list_output(&list), &error);
  return cli_list_end(cli, &list, status, &error);
}

/* All runs are counted, the newest are shown. */
typedef struct run_census {
  int64_t by_status[STATUS_COUNT];
  int64_t count;
  int64_t newest;
  void (*show)(void *ctx, const mr_run_record *record);
  void *ctx;
} run_census;

static void count_run(void *ctx, const mr_run_record *record) {
  run_census *census = ctx;
  if (census->count < census->newest) census->show(census->ctx, record);
  census->count++;
  if (record->status >= 1 && record->status <= STATUS_COUNT)
    census->by_status[record->status - 1]++;
}

static mr_status show_json(mr_registry *registry, const mr_experiment_record *record,
                           const mr_run_list_options *options, run_census *census,
                           mr_error *error) {
  cli_json json = cli_json_new(stdout);
  cli_json_begin_object(&json, NULL);
  experiment_fields(&json, record);
  cli_json_begin_array(&json, "runs");
  census->show = cli_run_json;
  census->ctx = &json;
  mr_status status = cli_each_run(registry, options, count_run, census, error);
  if (status != MR_OK) return status;
  cli_json_end_array(&json);
  cli_json_int(&json, "run_count", census->count);
  cli_json_begin_object(&json, "run_count_by_status");
  for (int32_t i = 0; i < STATUS_COUNT; i++)
    cli_json_int(&json, cli_run_statuses[i], census->by_status[i]);
  cli_json_end_object(&json);
  cli_json_end_object(&json);
  return MR_OK;
}

/* Such as "12: 2 running, 10 finished". */
static void counts_text(char *out, size_t room, const run_census *census) {
  const char *between = ": ";
  snprintf(out, room, "%" PRId64, census->count);
  for (int32_t i = 0; i < STATUS_COUNT; i++) {
    if (census->by_status[i] == 0) continue;
    size_t size = strlen(out);
    snprintf(out + size, room - size, "%s%" PRId64 " %s", between, census->by_status[i],
             cli_run_statuses[i]);
    between = ", ";
  }
}

static mr_status show_text(mr_registry *registry, const mr_experiment_record *record,
                           const mr_run_list_options *options, run_census *census,
                           mr_error *error) {
  char counts[256];
  cli_table runs = cli_table_new(cli_run_columns, CLI_RUN_COLUMN_COUNT);
  census->show = cli_run_row;
  census->ctx = &runs;
  mr_status status = cli_each_run(registry, options, count_run, census, error);
  if (status == MR_OK) {
    cli_table table = cli_table_new(cli_pair_columns, 2);
    counts_text(counts, sizeof counts, census);
    cli_table_pair(&table, "Experiment", record->name);
    cli_table_pair(&table, "Id", record->id);
    cli_table_pair(&table, "Actor", record->actor);
    cli_table_text(&table, "Created");
    cli_table_time(&table, record->created_us);
    cli_table_pair(&table, "Runs", counts);
    cli_table_print(&table, stdout, 0, 0);
    if (census->count > 0) {
      fputs(census->count > census->newest ? "\nNewest runs\n" : "\nRuns\n", stdout);
      cli_table_print(&runs, stdout, 2, cli_columns());
    }
  }
  cli_table_free(&runs);
  return status;
}

static int experiment_show(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_run_list_options options = MR_RUN_LIST_OPTIONS_INIT;
  mr_experiment *experiment = NULL;
  run_census census = {0};
  census.newest = DEFAULT_NEWEST;
  int exit_code = cli_option_count(cli, "limit", &census.newest);
  if (!exit_code) exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  options.experiment = cli->operands[0];
  mr_status status =
      mr_registry_open_experiment(cli->registry, options.experiment, &experiment, &error);
  if (status == MR_OK) {
    const mr_experiment_record *record = mr_experiment_info(experiment);
    status = cli->json ? show_json(cli->registry, record, &options, &census, &error)
                       : show_text(cli->registry, record, &options, &census, &error);
  }
  bool is_known = experiment != NULL;
  mr_experiment_free(experiment);
  if (status == MR_NOT_FOUND && !is_known) {
    /* The library speaks of creating it, which is not what this is about. */
    cli_complain("there is no experiment '%s'", options.experiment);
    return CLI_NOT_FOUND;
  }
  return status == MR_OK ? CLI_DONE : cli_fail(cli, &error);
}

static const cli_option experiment_list_options[] = {
    {"limit", 'n', "NUMBER", "Stop after this many"},
    {NULL, '\0', NULL, NULL},
};

static const cli_option experiment_show_options[] = {
    {"limit", 'n', "NUMBER", "The most runs to show; 10 without it"},
    {NULL, '\0', NULL, NULL},
};

const cli_command cli_experiment_commands[] = {
    {"experiment list", "", 0, 0, "List experiments, the oldest first",
     "'run start' makes an experiment that does not exist.\n",
     "modelreg -r registry.db experiment list", experiment_list_options, experiment_list},
    {"experiment show", "NAME", 1, 1,
     "Show an experiment, how its runs stand and the newest of them", "",
     "modelreg -r registry.db experiment show digits", experiment_show_options, experiment_show},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
