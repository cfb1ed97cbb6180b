/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg run show. */
#include "cli/cli_open.h"
#include "cli/cmd_run.h"

#include "cli/cli_commands.h"
#include "cli/cli_numbers.h"
#include "cli/cli_options.h"
#include "cli/cli_pages.h"
#include "cli/cli_records.h"
#include "cli/cli_words.h"

#include <stdio.h>

/* A key of an object for each param or tag: keys are unique. */
static void property_json(void *ctx, const mr_property_record *property) {
  cli_json_text(ctx, property->key, property->value);
}

static void property_row(void *ctx, const mr_property_record *property) {
  cli_table_pair(ctx, property->key, property->value);
}

static void metric_json(void *ctx, const mr_metric_record *record) {
  cli_json *json = ctx;
  cli_json_begin_object(json, record->key);
  cli_json_double(json, "last", record->last);
  cli_json_double(json, "first", record->first);
  cli_json_double(json, "min", record->min);
  cli_json_double(json, "max", record->max);
  cli_json_double(json, "mean", record->mean);
  cli_json_int(json, "count", record->count);
  cli_json_int(json, "nan_count", record->nan_count);
  cli_json_int(json, "first_step", record->first_step);
  cli_json_int(json, "last_step", record->last_step);
  cli_json_time(json, "first_time_us", record->first_time_us);
  cli_json_time(json, "last_time_us", record->last_time_us);
  cli_json_end_object(json);
}

static const cli_column metric_columns[] = {
    {"METRIC", CLI_SHORTEN}, {"LAST", CLI_RIGHT}, {"FIRST", CLI_RIGHT}, {"MIN", CLI_RIGHT},
    {"MAX", CLI_RIGHT},      {"MEAN", CLI_RIGHT}, {"COUNT", CLI_RIGHT}, {"LAST STEP", CLI_RIGHT},
};

static void metric_row(void *ctx, const mr_metric_record *record) {
  cli_table *table = ctx;
  cli_table_text(table, record->key);
  cli_table_double(table, record->last);
  cli_table_double(table, record->first);
  cli_table_double(table, record->min);
  cli_table_double(table, record->max);
  cli_table_double(table, record->mean);
  cli_table_int(table, record->count);
  cli_table_int(table, record->last_step);
}

static void input_json(void *ctx, const mr_input_record *record) {
  cli_json *json = ctx;
  cli_json_begin_object(json, NULL);
  cli_json_text(json, "role", record->role);
  cli_json_text(json, "kind", cli_word(cli_input_kinds, record->kind));
  cli_json_text(json, "run_id", record->run_id);
  cli_json_text(json, "dataset_digest", record->dataset_digest);
  cli_json_text(json, "dataset_name", record->dataset_name);
  cli_json_text(json, "version", record->version);
  cli_json_end_object(json);
}

static const cli_column input_columns[] = {
    {"ROLE", CLI_LEFT}, {"WHAT", CLI_LEFT}, {"NAME", CLI_SHORTEN}, {"ID OR DIGEST", CLI_LEFT}};

static void input_row(void *ctx, const mr_input_record *record) {
  cli_table *table = ctx;
  bool is_dataset =
      record->kind == MR_INPUT_KIND_DATASET_RUN || record->kind == MR_INPUT_KIND_DATASET_DIGEST;
  const char *id = record->run_id ? record->run_id : record->dataset_digest;
  cli_table_text(table, record->role);
  cli_table_text(table, is_dataset ? "dataset" : cli_word(cli_input_kinds, record->kind));
  cli_table_text(table, record->version ? record->version : record->dataset_name);
  cli_table_text(table, id);
}

static void check_json(void *ctx, const mr_check_record *record) {
  cli_json *json = ctx;
  cli_json_begin_object(json, NULL);
  cli_json_text(json, "name", record->name);
  cli_json_text(json, "result", cli_word(cli_check_results, record->result));
  cli_json_bool(json, "latest", record->latest != 0);
  cli_json_text(json, "reporter", record->reporter);
  cli_json_text(json, "note", record->note);
  cli_json_text(json, "evidence_digest", record->evidence_digest);
  cli_json_text(json, "evidence_uri", record->evidence_uri);
  if (record->evidence_digest) {
    cli_json_int(json, "evidence_size", record->evidence_size);
  } else {
    cli_json_text(json, "evidence_size", NULL);
  }
  cli_json_text(json, "id", record->id);
  cli_json_text(json, "actor", record->actor);
  cli_json_time(json, "created_us", record->created_us);
  cli_json_end_object(json);
}

static const cli_column check_columns[] = {{"CHECK", CLI_SHORTEN},
                                           {"RESULT", CLI_STATUS},
                                           {"REPORTER", CLI_SHORTEN},
                                           {"REPORTED", CLI_LEFT},
                                           {"NOTE", CLI_WRAP}};

/* The reports that count; JSON has the earlier ones, too. */
static void check_row(void *ctx, const mr_check_record *record) {
  cli_table *table = ctx;
  if (!record->latest) return;
  cli_table_text(table, record->name);
  cli_table_text(table, cli_word(cli_check_results, record->result));
  cli_table_text(table, record->reporter);
  cli_table_time(table, record->created_us);
  cli_table_text(table, record->note);
}

mr_status cli_run_print_json(mr_run *run, mr_error *error) {
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  cli_json json = cli_json_new(stdout);
  cli_json_begin_object(&json, NULL);
  cli_run_fields(&json, mr_run_info(run));
  cli_json_begin_object(&json, "params");
  mr_status status = cli_each_param(run, &options, property_json, &json, error);
  if (status != MR_OK) return status;
  cli_json_end_object(&json);
  cli_json_begin_object(&json, "tags");
  status = cli_each_tag(run, &options, property_json, &json, error);
  if (status != MR_OK) return status;
  cli_json_end_object(&json);
  cli_json_begin_object(&json, "metrics");
  status = cli_each_metric(run, &options, metric_json, &json, error);
  if (status != MR_OK) return status;
  cli_json_end_object(&json);
  cli_json_begin_array(&json, "inputs");
  status = cli_each_input(run, &options, input_json, &json, error);
  if (status != MR_OK) return status;
  cli_json_end_array(&json);
  cli_json_begin_array(&json, "checks");
  status = cli_each_check(run, &options, check_json, &json, error);
  if (status != MR_OK) return status;
  cli_json_end_array(&json);
  cli_json_begin_array(&json, "artifacts");
  status = cli_each_run_artifact(run, &options, cli_artifact_json, &json, error);
  if (status != MR_OK) return status;
  cli_json_end_array(&json);
  cli_json_end_object(&json);
  return MR_OK;
}

static void print_info(const mr_run_record *record) {
  cli_table table = cli_table_new(cli_pair_columns, 2);
  cli_table_pair(&table, "Run", record->id);
  cli_table_pair(&table, "Name", record->name);
  cli_table_pair(&table, "Kind", cli_word(cli_run_kinds, record->kind));
  cli_table_text(&table, "Status");
  cli_table_word(&table, cli_word(cli_run_statuses, record->status));
  cli_table_pair(&table, "Sealed", record->sealed ? "yes" : "no");
  cli_table_pair(&table, "Experiment", record->experiment_name);
  cli_table_pair(&table, "Part of", record->parent_run_id);
  cli_table_pair(&table, "Actor", record->actor);
  cli_table_text(&table, "Started");
  cli_table_time(&table, record->started_us);
  cli_table_text(&table, "Ended");
  cli_table_time(&table, record->ended_us);
  cli_table_pair(&table, "Commit", record->source_commit);
  cli_table_pair(&table, "",
                 record->source_state == MR_SOURCE_STATE_DIRTY ? "with changes that are not in it"
                                                               : NULL);
  cli_table_pair(&table, "Entry point", record->source_entry_point);
  cli_table_pair(&table, "Host", record->environment_host);
  cli_table_pair(&table, "Packages", record->environment_packages_digest);
  cli_table_pair(&table, "Image", record->environment_image_digest);
  cli_table_print(&table, stdout, 0, 0);
}

static mr_status show_text(mr_run *run, mr_error *error) {
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  cli_table params = cli_table_new(cli_pair_columns, 2);
  cli_table tags = cli_table_new(cli_pair_columns, 2);
  cli_table metrics = cli_table_new(metric_columns, sizeof metric_columns / sizeof *metric_columns);
  cli_table inputs = cli_table_new(input_columns, sizeof input_columns / sizeof *input_columns);
  cli_table checks = cli_table_new(check_columns, sizeof check_columns / sizeof *check_columns);
  cli_table artifacts = cli_table_new(cli_artifact_columns, CLI_ARTIFACT_COLUMN_COUNT);
  mr_status status = cli_each_param(run, &options, property_row, &params, error);
  if (status == MR_OK) status = cli_each_tag(run, &options, property_row, &tags, error);
  if (status == MR_OK) status = cli_each_metric(run, &options, metric_row, &metrics, error);
  if (status == MR_OK) status = cli_each_input(run, &options, input_row, &inputs, error);
  if (status == MR_OK) status = cli_each_check(run, &options, check_row, &checks, error);
  if (status == MR_OK)
    status = cli_each_run_artifact(run, &options, cli_artifact_row, &artifacts, error);
  if (status == MR_OK) {
    print_info(mr_run_info(run));
    cli_table_section(&params, "Params");
    cli_table_section(&tags, "Tags");
    cli_table_section(&metrics, "Metrics");
    cli_table_section(&inputs, "Inputs");
    cli_table_section(&checks, "Checks");
    cli_table_section(&artifacts, "Artifacts");
  }
  cli_table_free(&params);
  cli_table_free(&tags);
  cli_table_free(&metrics);
  cli_table_free(&inputs);
  cli_table_free(&checks);
  cli_table_free(&artifacts);
  return status;
}

typedef struct history_wish {
  const char *key;
  mr_history_options options;
  int64_t limit;
} history_wish;

static int read_wish(const cli_context *cli, history_wish *wish) {
  static const char *const others[] = {"from-step", "to-step", "limit"};
  mr_history_options none = MR_HISTORY_OPTIONS_INIT;
  wish->options = none;
  wish->limit = INT64_MAX;
  wish->key = cli_option_value(cli, "history");
  for (size_t i = 0; i < sizeof others / sizeof *others && !wish->key; i++)
    if (cli_option_value(cli, others[i]))
      return cli_usage_error(cli, "--%s goes with --history KEY", others[i]);
  if (cli_option_value(cli, "from-step")) wish->options.flags |= MR_HISTORY_FROM_STEP;
  if (cli_option_value(cli, "to-step")) wish->options.flags |= MR_HISTORY_TO_STEP;
  int exit_code = cli_option_int(cli, "from-step", INT64_MIN, &wish->options.from_step);
  if (!exit_code) exit_code = cli_option_int(cli, "to-step", INT64_MIN, &wish->options.to_step);
  if (!exit_code) exit_code = cli_option_count(cli, "limit", &wish->limit);
  return exit_code;
}

static void history_json(const mr_run *run, const char *key, const mr_history *history,
                         int64_t count) {
  cli_json json = cli_json_new(stdout);
  cli_json_begin_object(&json, NULL);
  cli_json_text(&json, "run_id", mr_run_info(run)->id);
  cli_json_text(&json, "key", key);
  cli_json_begin_array(&json, "points");
  for (int64_t i = 0; i < count && !ferror(stdout); i++) {
    cli_json_begin_object(&json, NULL);
    cli_json_int(&json, "step", mr_history_steps(history)[i]);
    cli_json_time(&json, "time_us", mr_history_times(history)[i]);
    cli_json_double(&json, "value", mr_history_values(history)[i]);
    cli_json_end_object(&json);
  }
  /* What was cut off must not look complete. */
  if (ferror(stdout)) return;
  cli_json_end_array(&json);
  cli_json_end_object(&json);
}

static void history_text(const mr_history *history, int64_t count) {
  static const cli_column columns[] = {
      {"STEP", CLI_RIGHT}, {"TIME", CLI_LEFT}, {"VALUE", CLI_RIGHT}};
  cli_table table = cli_table_new(columns, sizeof columns / sizeof *columns);
  for (int64_t i = 0; i < count; i++) {
    cli_table_int(&table, mr_history_steps(history)[i]);
    cli_table_time(&table, mr_history_times(history)[i]);
    cli_table_double(&table, mr_history_values(history)[i]);
  }
  cli_table_print(&table, stdout, 0, cli_columns());
}

static mr_status show_history(mr_run *run, const history_wish *wish, bool as_json,
                              mr_error *error) {
  mr_history *history = NULL;
  mr_status status = mr_run_history(run, wish->key, &wish->options, &history, error);
  if (status != MR_OK) return status;
  int64_t count = mr_history_count(history);
  if (count > wish->limit) count = wish->limit;
  if (as_json) {
    history_json(run, wish->key, history, count);
  } else {
    history_text(history, count);
  }
  mr_history_free(history);
  return MR_OK;
}

static int run_show(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_run *run = NULL;
  history_wish wish;
  int exit_code = read_wish(cli, &wish);
  if (!exit_code) exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  mr_status status = mr_registry_open_run(cli->registry, cli->operands[0], &run, &error);
  if (status == MR_OK && wish.key) {
    status = show_history(run, &wish, cli->json, &error);
  } else if (status == MR_OK) {
    status = cli->json ? cli_run_print_json(run, &error) : show_text(run, &error);
  }
  mr_run_free(run);
  return status == MR_OK ? CLI_DONE : cli_fail(cli, &error);
}

static const cli_option run_show_options[] = {
    {"history", '\0', "KEY", "Print the points of this metric instead"},
    {"from-step", '\0', "STEP", "With --history: from this step on"},
    {"to-step", '\0', "STEP", "With --history: up to this step, and with it"},
    {"limit", 'n', "NUMBER", "With --history: stop after this many points"},
    {NULL, '\0', NULL, NULL},
};

const cli_command cli_run_show_commands[] = {
    {"run show", "RUN", 1, 1, "Show a run with its params, tags, metrics, inputs and artifacts",
     "RUN is the run's id. The table of metrics has the value at the highest step (LAST) and what\n"
     "the whole series comes to; --history prints its points in the order of their steps.\n",
     "modelreg -r registry.db run show 01980000-0000-7000-8000-000000000000 --history loss",
     run_show_options, run_show},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
