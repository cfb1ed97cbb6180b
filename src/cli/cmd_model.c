/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg model. */
#include "cli/cli_commands.h"
#include "cli/cli_json.h"
#include "cli/cli_list.h"
#include "cli/cli_open.h"
#include "cli/cli_options.h"
#include "cli/cli_pages.h"
#include "cli/cli_records.h"
#include "cli/cli_table.h"
#include "cli/cli_text.h"
#include "cli/cli_words.h"

#include <stdio.h>

static const cli_option create_options[] = {
    {"description", '\0', "TEXT", "What it is for"},
    {"quiet", 'q', NULL, "Print the id alone"},
    {NULL, '\0', NULL, NULL},
};

static const cli_option list_options[] = {
    {"limit", 'n', "NUMBER", "Stop after this many"},
    {NULL, '\0', NULL, NULL},
};

static void model_fields(cli_json *json, const mr_model_record *record) {
  cli_json_text(json, "id", record->id);
  cli_json_text(json, "name", record->name);
  cli_json_text(json, "description", record->description);
  cli_json_text(json, "actor", record->actor);
  cli_json_time(json, "created_us", record->created_us);
}

static void model_json(void *ctx, const mr_model_record *record) {
  cli_json *json = ctx;
  cli_json_begin_object(json, NULL);
  model_fields(json, record);
  cli_json_end_object(json);
}

static const cli_column model_columns[] = {
    {"NAME", CLI_SHORTEN},
    {"CREATED", CLI_LEFT},
    {"ACTOR", CLI_SHORTEN},
    {"DESCRIPTION", CLI_SHORTEN},
};

static void model_row(void *ctx, const mr_model_record *record) {
  cli_table *table = ctx;
  cli_table_text(table, record->name);
  cli_table_time(table, record->created_us);
  cli_table_text(table, record->actor);
  cli_table_text(table, record->description);
}

static int list(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  int exit_code = cli_option_count(cli, "limit", &options.limit);
  if (!exit_code) exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  cli_list all = cli_list_begin(cli, model_columns, sizeof model_columns / sizeof *model_columns);
  mr_status status = cli_each_model(cli->registry, &options, cli->json ? model_json : model_row,
                                    cli_list_output(&all), &error);
  return cli_list_end(cli, &all, status, &error);
}

#define STATUS_COUNT 3

/* What is counted of the versions of a model: the last is for statuses newer than this program. */
typedef struct version_counts {
  int64_t of[STATUS_COUNT + 1];
} version_counts;

static void count_version(void *ctx, const mr_version_record *record) {
  version_counts *counts = ctx;
  bool is_known = record->status >= 1 && record->status <= STATUS_COUNT;
  counts->of[is_known ? record->status - 1 : STATUS_COUNT]++;
}

/* The version that a consumer gets who asks for no more than the model; NULL when there is none. */
static mr_status find_latest(mr_registry *registry, const char *name, mr_version **out_version,
                             mr_error *error) {
  mr_status status = mr_registry_resolve(registry, name, NULL, out_version, error);
  return status == MR_NOT_FOUND ? MR_OK : status;
}

/* Channels of one model. */
typedef struct channel_output {
  cli_json *json;
  const char *model;
} channel_output;

static void channel_json(void *ctx, const mr_channel_record *record) {
  const channel_output *output = ctx;
  cli_channel_json(output->json, output->model, record);
}

static const cli_column channel_columns[] = {
    {"NAME", CLI_SHORTEN}, {"HOLDS", CLI_LEFT}, {"SINCE", CLI_LEFT}, {"ACTOR", CLI_SHORTEN}};

static void channel_row(void *ctx, const mr_channel_record *record) {
  cli_table *table = ctx;
  cli_table_text(table, record->name);
  cli_table_text(table, record->version ? record->version : "nothing");
  cli_table_time(table, record->moved_us);
  cli_table_text(table, record->actor);
}

static void gate_json(void *ctx, const mr_gate_record *record) {
  if (record->in_force) cli_gate_json(ctx, record);
}

static const cli_column gate_columns[] = {{"TRANSITION", CLI_LEFT},
                                          {"OF", CLI_LEFT},
                                          {"REVISION", CLI_RIGHT},
                                          {"SINCE", CLI_LEFT},
                                          {"DIGEST", CLI_LEFT}};

static void gate_row(void *ctx, const mr_gate_record *record) {
  cli_table *table = ctx;
  if (!record->in_force) return;
  cli_table_text(table, record->transition);
  cli_table_text(table, record->model ? "this model" : "every model");
  cli_table_int(table, record->revision);
  cli_table_time(table, record->created_us);
  cli_table_text(table, record->digest);
}

/* Its own gates and those that the registry adds. */
static mr_status each_gate(mr_registry *registry, const char *model,
                           void (*visit)(void *ctx, const mr_gate_record *record), void *ctx,
                           mr_error *error) {
  mr_gate_list_options own = MR_GATE_LIST_OPTIONS_INIT, of_all = MR_GATE_LIST_OPTIONS_INIT;
  own.model = model;
  of_all.flags = MR_GATE_DEFAULT;
  mr_status status = cli_each_gate(registry, &own, visit, ctx, error);
  return status == MR_OK ? cli_each_gate(registry, &of_all, visit, ctx, error) : status;
}

static mr_status show_json(mr_registry *registry, mr_model *model, const version_counts *counts,
                           const mr_version_record *latest, mr_error *error) {
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  const mr_model_record *record = mr_model_info(model);
  cli_json json = cli_json_new(stdout);
  cli_json_begin_object(&json, NULL);
  model_fields(&json, record);
  cli_json_text(&json, "latest", latest ? latest->number : NULL);
  cli_json_begin_object(&json, "versions");
  for (int32_t i = 0; i < STATUS_COUNT; i++)
    cli_json_int(&json, cli_word(cli_version_statuses, i + 1), counts->of[i]);
  cli_json_end_object(&json);
  cli_json_begin_array(&json, "channels");
  channel_output output = {&json, record->name};
  mr_status status = cli_each_channel(model, &options, channel_json, &output, error);
  /* A list that was cut off must not look complete. */
  if (status != MR_OK) return status;
  cli_json_end_array(&json);
  cli_json_begin_array(&json, "gates");
  status = each_gate(registry, record->name, gate_json, &json, error);
  if (status != MR_OK) return status;
  cli_json_end_array(&json);
  cli_json_end_object(&json);
  return MR_OK;
}

static void print_info(const mr_model_record *record, const version_counts *counts,
                       const mr_version_record *latest) {
  cli_table table = cli_table_new(cli_pair_columns, 2);
  char versions[128];
  size_t used = 0;
  for (int32_t i = 0; i <= STATUS_COUNT; i++) {
    if (counts->of[i] == 0 && i == STATUS_COUNT) continue;
    used +=
        (size_t)snprintf(versions + used, sizeof versions - used, "%s%lld %s", i > 0 ? ", " : "",
                         (long long)counts->of[i], cli_word(cli_version_statuses, i + 1));
  }
  cli_table_pair(&table, "Model", record->name);
  cli_table_pair(&table, "Id", record->id);
  cli_table_pair(&table, "Description", record->description);
  cli_table_pair(&table, "Latest", latest ? latest->number : "none");
  cli_table_pair(&table, "Versions", versions);
  cli_table_pair(&table, "Actor", record->actor);
  cli_table_text(&table, "Created");
  cli_table_time(&table, record->created_us);
  cli_table_print(&table, stdout, 0, 0);
}

static mr_status show_text(mr_registry *registry, mr_model *model, const version_counts *counts,
                           const mr_version_record *latest, mr_error *error) {
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  const mr_model_record *record = mr_model_info(model);
  cli_table channels =
      cli_table_new(channel_columns, sizeof channel_columns / sizeof *channel_columns);
  cli_table gates = cli_table_new(gate_columns, sizeof gate_columns / sizeof *gate_columns);
  mr_status status = cli_each_channel(model, &options, channel_row, &channels, error);
  if (status == MR_OK) status = each_gate(registry, record->name, gate_row, &gates, error);
  if (status == MR_OK) {
    print_info(record, counts, latest);
    cli_table_section(&channels, "Channels");
    cli_table_section(&gates, "Gates");
  }
  cli_table_free(&channels);
  cli_table_free(&gates);
  return status;
}

static mr_status show_model(const cli_context *cli, mr_model *model, mr_error *error) {
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  version_counts counts = {{0}};
  mr_version *latest = NULL;
  mr_status status = find_latest(cli->registry, mr_model_info(model)->name, &latest, error);
  if (status == MR_OK) status = cli_each_version(model, &options, count_version, &counts, error);
  if (status == MR_OK) {
    const mr_version_record *record = mr_version_info(latest);
    status = cli->json ? show_json(cli->registry, model, &counts, record, error)
                       : show_text(cli->registry, model, &counts, record, error);
  }
  mr_version_free(latest);
  return status;
}

static int create(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_model_options options = MR_MODEL_OPTIONS_INIT;
  mr_model *model = NULL;
  options.description = cli_option_value(cli, "description");
  int exit_code = cli_open_with(cli, 0);
  if (exit_code) return exit_code;
  mr_status status =
      mr_registry_create_model(cli->registry, cli->operands[0], &options, &model, &error);
  if (status == MR_OK && cli->json) {
    status = show_model(cli, model, &error);
  } else if (status == MR_OK) {
    const mr_model_record *record = mr_model_info(model);
    bool is_quiet = cli_option_value(cli, "quiet") != NULL;
    if (!is_quiet) fputs("Created model ", stdout);
    cli_put(stdout, is_quiet ? record->id : record->name);
    fputc('\n', stdout);
  }
  mr_model_free(model);
  return status == MR_OK ? CLI_DONE : cli_fail(cli, &error);
}

static int show(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_model *model = NULL;
  int exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  mr_status status = mr_registry_open_model(cli->registry, cli->operands[0], &model, &error);
  if (status == MR_OK) status = show_model(cli, model, &error);
  mr_model_free(model);
  return status == MR_OK ? CLI_DONE : cli_fail(cli, &error);
}

const cli_command cli_model_commands[] = {
    {"model create", "NAME", 1, 1, "Create a model", "",
     "modelreg -r registry.db model create digits --description handwriting", create_options,
     create},
    {"model list", "", 0, 0, "List models in the order of their names", "",
     "modelreg -r registry.db model list", list_options, list},
    {"model show", "NAME", 1, 1, "Show a model with its latest version, channels and gates", "",
     "modelreg -r registry.db model show digits", NULL, show},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
