/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg channel. */
#include "cli/cli_commands.h"
#include "cli/cli_decision.h"
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
#include <string.h>

#define EXPECTED_OPTION                                                                            \
  { "expected", '\0', "NUMBER", "Fail unless the channel holds this now, or none" }
#define REASON_OPTION                                                                              \
  { "reason", '\0', "TEXT", "Why" }

static const cli_option limit_options[] = {
    {"limit", 'n', "NUMBER", "Stop after this many"},
    {NULL, '\0', NULL, NULL},
};

static const cli_option move_options[] = {
    EXPECTED_OPTION,
    REASON_OPTION,
    {"op-id", '\0', "ID", "A repeat with the same id finds the request of the first"},
    {"quiet", 'q', NULL, "Print the number alone, or the request where it was not moved"},
    {NULL, '\0', NULL, NULL},
};

static const cli_option rollback_options[] = {
    {"to", '\0', "NUMBER", "A version it held before; else the latest that is not yanked"},
    EXPECTED_OPTION,
    REASON_OPTION,
    {"quiet", 'q', NULL, "Print the number alone"},
    {NULL, '\0', NULL, NULL},
};

static const cli_option clear_options[] = {
    EXPECTED_OPTION,
    REASON_OPTION,
    {NULL, '\0', NULL, NULL},
};

/* The channel of that name; NULL when there is none, else it lives as long as the page. */
static mr_status find_channel(mr_model *model, const char *name, mr_channel_page **out_page,
                              const mr_channel_record **out_record, mr_error *error) {
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  *out_page = NULL;
  *out_record = NULL;
  do {
    mr_channel_page *page = NULL;
    mr_status status = mr_model_list_channels(model, &options, &page, error);
    /* The token belongs to the page before. */
    mr_channel_page_free(*out_page);
    *out_page = page;
    if (status != MR_OK) return status;
    for (int64_t i = 0; i < mr_channel_page_count(page); i++) {
      const mr_channel_record *record = mr_channel_page_at(page, i);
      if (strcmp(record->name, name) == 0) *out_record = record;
    }
    options.token = mr_channel_page_next_token(page);
  } while (options.token && !*out_record);
  return MR_OK;
}

/* What the channel is expected to hold: as --expected says, else what it holds now. A channel that
 * is not there is for the call that changes it to complain about. The page keeps the text. */
static mr_status expectation(const cli_context *cli, mr_model *model, const char *name,
                             mr_channel_page **out_page, const char **out_expected,
                             mr_error *error) {
  const mr_channel_record *record = NULL;
  *out_page = NULL;
  *out_expected = cli_option_value(cli, "expected");
  if (*out_expected) return MR_OK;
  mr_status status = find_channel(model, name, out_page, &record, error);
  *out_expected = record && record->version ? record->version : "none";
  return status;
}

typedef struct channel_output {
  cli_list list;
  const char *model;
} channel_output;

static void channel_json(void *ctx, const mr_channel_record *record) {
  channel_output *output = ctx;
  cli_channel_json(&output->list.json, output->model, record);
}

static const cli_column channel_columns[] = {
    {"CHANNEL", CLI_LEFT}, {"VERSION", CLI_LEFT},  {"MOVES", CLI_RIGHT},
    {"CHANGED", CLI_LEFT}, {"ACTOR", CLI_SHORTEN},
};

static void channel_row(void *ctx, const mr_channel_record *record) {
  cli_table *table = &((channel_output *)ctx)->list.table;
  cli_table_text(table, record->name);
  cli_table_text(table, record->version ? record->version : "none");
  cli_table_int(table, record->sequence);
  cli_table_time(table, record->moved_us);
  cli_table_text(table, record->actor);
}

static int channel_list(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  mr_model *model = NULL;
  int exit_code = cli_option_count(cli, "limit", &options.limit);
  if (!exit_code) exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  mr_status status = mr_registry_open_model(cli->registry, cli->operands[0], &model, &error);
  if (status != MR_OK) return cli_fail(cli, &error);
  channel_output output = {
      cli_list_begin(cli, channel_columns, sizeof channel_columns / sizeof *channel_columns),
      cli->operands[0]};
  status =
      cli_each_channel(model, &options, cli->json ? channel_json : channel_row, &output, &error);
  mr_model_free(model);
  return cli_list_end(cli, &output.list, status, &error);
}

/* Prints what has become of the channel: its row of the list, or "digits production 1.0.0". */
static mr_status print_channel(const cli_context *cli, mr_model *model, const char *version,
                               bool quiet, mr_error *error) {
  mr_channel_page *page = NULL;
  const mr_channel_record *record = NULL;
  if (!cli->json) {
    for (size_t i = 0; i < 2 && !quiet; i++) {
      cli_put(stdout, cli->operands[i]);
      fputc(' ', stdout);
    }
    cli_put(stdout, version);
    fputc('\n', stdout);
    return MR_OK;
  }
  mr_status status = find_channel(model, cli->operands[1], &page, &record, error);
  if (status == MR_OK && record) {
    cli_json json = cli_json_new(stdout);
    cli_channel_json(&json, cli->operands[0], record);
  }
  mr_channel_page_free(page);
  return status;
}

static int channel_create(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_model *model = NULL;
  int exit_code = cli_open_with(cli, 0);
  if (exit_code) return exit_code;
  mr_status status = mr_registry_open_model(cli->registry, cli->operands[0], &model, &error);
  if (status == MR_OK) status = mr_model_create_channel(model, cli->operands[1], &error);
  if (status == MR_OK) status = print_channel(cli, model, "none", false, &error);
  mr_model_free(model);
  return status == MR_OK ? CLI_DONE : cli_fail(cli, &error);
}

static int channel_move(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_move_options options = MR_MOVE_OPTIONS_INIT;
  mr_channel_page *page = NULL;
  mr_model *model = NULL;
  mr_request *request = NULL;
  options.channel = cli->operands[1];
  options.version = cli->operands[2];
  options.reason = cli_option_value(cli, "reason");
  options.op_id = cli_option_value(cli, "op-id");
  /* After the first time the channel holds something else than it did before. */
  if (options.op_id && !cli_option_value(cli, "expected"))
    return cli_usage_error(cli, "--op-id needs --expected, or a repeat would ask for another move");
  int exit_code = cli_open_with(cli, 0);
  if (exit_code) return exit_code;
  options.cancel = cli_interruptible();
  mr_status status = mr_registry_open_model(cli->registry, cli->operands[0], &model, &error);
  if (status == MR_OK)
    status = expectation(cli, model, options.channel, &page, &options.expected, &error);
  if (status == MR_OK) status = mr_model_move_channel(model, &options, &request, &error);
  exit_code = status == MR_OK ? cli_report_request(cli, request) : cli_fail(cli, &error);
  mr_request_free(request);
  mr_channel_page_free(page);
  mr_model_free(model);
  return exit_code;
}

static int channel_rollback(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_roll_back_options options = MR_ROLL_BACK_OPTIONS_INIT;
  mr_channel_page *page = NULL;
  mr_model *model = NULL;
  mr_version *version = NULL;
  int exit_code = cli_open_with(cli, 0);
  if (exit_code) return exit_code;
  options.channel = cli->operands[1];
  options.version = cli_option_value(cli, "to");
  options.reason = cli_option_value(cli, "reason");
  options.cancel = cli_interruptible();
  mr_status status = mr_registry_open_model(cli->registry, cli->operands[0], &model, &error);
  if (status == MR_OK)
    status = expectation(cli, model, options.channel, &page, &options.expected, &error);
  if (status == MR_OK) status = mr_model_roll_back_channel(model, &options, &version, &error);
  if (status == MR_OK)
    status = print_channel(cli, model, mr_version_info(version)->number,
                           cli_option_value(cli, "quiet") != NULL, &error);
  mr_version_free(version);
  mr_channel_page_free(page);
  mr_model_free(model);
  return status == MR_OK ? CLI_DONE : cli_fail(cli, &error);
}

static int channel_clear(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_clear_options options = MR_CLEAR_OPTIONS_INIT;
  mr_channel_page *page = NULL;
  mr_model *model = NULL;
  int exit_code = cli_open_with(cli, 0);
  if (exit_code) return exit_code;
  options.channel = cli->operands[1];
  options.reason = cli_option_value(cli, "reason");
  options.cancel = cli_interruptible();
  mr_status status = mr_registry_open_model(cli->registry, cli->operands[0], &model, &error);
  if (status == MR_OK)
    status = expectation(cli, model, options.channel, &page, &options.expected, &error);
  if (status == MR_OK) status = mr_model_clear_channel(model, &options, &error);
  if (status == MR_OK) status = print_channel(cli, model, "none", false, &error);
  mr_channel_page_free(page);
  mr_model_free(model);
  return status == MR_OK ? CLI_DONE : cli_fail(cli, &error);
}

static void move_json(void *ctx, const mr_channel_move_record *record) {
  cli_json *json = ctx;
  cli_json_begin_object(json, NULL);
  cli_json_int(json, "sequence", record->sequence);
  cli_json_text(json, "kind", cli_word(cli_channel_move_kinds, record->kind));
  cli_json_text(json, "version", record->version);
  cli_json_text(json, "previous", record->previous);
  cli_json_text(json, "request_id", record->request_id);
  cli_json_text(json, "reason", record->reason);
  cli_json_text(json, "actor", record->actor);
  cli_json_time(json, "moved_us", record->moved_us);
  cli_json_end_object(json);
}

static const cli_column move_columns[] = {
    {"MOVE", CLI_RIGHT},   {"KIND", CLI_LEFT},  {"VERSION", CLI_LEFT},  {"PREVIOUS", CLI_LEFT},
    {"REQUEST", CLI_LEFT}, {"MOVED", CLI_LEFT}, {"ACTOR", CLI_SHORTEN}, {"REASON", CLI_WRAP},
};

static void move_row(void *ctx, const mr_channel_move_record *record) {
  cli_table *table = ctx;
  cli_table_int(table, record->sequence);
  cli_table_text(table, cli_word(cli_channel_move_kinds, record->kind));
  cli_table_text(table, record->version ? record->version : "none");
  cli_table_text(table, record->previous ? record->previous : "none");
  cli_table_text(table, record->request_id);
  cli_table_time(table, record->moved_us);
  cli_table_text(table, record->actor);
  cli_table_text(table, record->reason);
}

static int channel_history(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_channel_move_list_options options = MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
  mr_model *model = NULL;
  int exit_code = cli_option_count(cli, "limit", &options.limit);
  if (!exit_code) exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  options.channel = cli->operands[1];
  mr_status status = mr_registry_open_model(cli->registry, cli->operands[0], &model, &error);
  if (status != MR_OK) return cli_fail(cli, &error);
  cli_list list = cli_list_begin(cli, move_columns, sizeof move_columns / sizeof *move_columns);
  status = cli_each_channel_move(model, &options, cli->json ? move_json : move_row,
                                 cli_list_output(&list), &error);
  mr_model_free(model);
  return cli_list_end(cli, &list, status, &error);
}

const cli_command cli_channel_commands[] = {
    {"channel create", "MODEL NAME", 2, 2, "Create a channel that holds nothing", "",
     "modelreg -r registry.db channel create digits production", NULL, channel_create},
    {"channel list", "MODEL", 1, 1, "List the channels of a model with what they hold", "",
     "modelreg -r registry.db channel list digits", limit_options, channel_list},
    {"channel move", "MODEL NAME NUMBER", 3, 3, "Propose that a channel holds a version",
     "The gate of the channel decides at once, as for promote: exits with 4 when it refuses, and\n"
     "with 5 when the request stays open. With --expected nothing moves if somebody was faster;\n"
     "without it what the channel holds when the command starts is expected.\n",
     "modelreg -r registry.db channel move digits production 1.1.0 --expected 1.0.0", move_options,
     channel_move},
    {"channel rollback", "MODEL NAME", 2, 2, "Move a channel back to a version it held before",
     "No gate is asked: that version passed it when it came into the channel. Again goes further\n"
     "back.\n",
     "modelreg -r registry.db channel rollback digits production --reason errors", rollback_options,
     channel_rollback},
    {"channel clear", "MODEL NAME", 2, 2, "Let a channel hold nothing", "",
     "modelreg -r registry.db channel clear digits staging --reason over", clear_options,
     channel_clear},
    {"channel history", "MODEL NAME", 2, 2, "List every change of a channel, the newest first", "",
     "modelreg -r registry.db channel history digits production", limit_options, channel_history},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
