/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg promote and modelreg request. */
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

#include <inttypes.h>
#include <stdio.h>

static const cli_option promote_options[] = {
    CLI_CANDIDATE_OPTIONS,
    {"description", '\0', "TEXT", "What to say about the version"},
    {"op-id", '\0', "ID", "A repeat with the same id finds the request of the first"},
    {"quiet", 'q', NULL, "Print the number alone, or the request where there is none"},
    {NULL, '\0', NULL, NULL},
};

static const cli_option request_list_options[] = {
    {"model", 'm', "NAME", "Only requests for this model"},
    {"state", '\0', "STATE", "Only open, accepted, refused or withdrawn requests"},
    {"limit", 'n', "NUMBER", "Stop after this many"},
    {NULL, '\0', NULL, NULL},
};

static const cli_option request_show_options[] = {
    {"decision", '\0', "NUMBER", "This decision, counted from 1, and not the latest"},
    {NULL, '\0', NULL, NULL},
};

static const cli_option request_complete_options[] = {
    {"quiet", 'q', NULL, "Print the number alone, or the request where there is none"},
    {NULL, '\0', NULL, NULL},
};

static const cli_option request_withdraw_options[] = {
    {"reason", '\0', "TEXT", "Why"},
    {NULL, '\0', NULL, NULL},
};

static int promote(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
  mr_model *model = NULL;
  mr_request *request = NULL;
  int exit_code = cli_candidate(cli, &options);
  if (!exit_code) exit_code = cli_open_with(cli, 0);
  if (exit_code) return exit_code;
  options.description = cli_option_value(cli, "description");
  options.op_id = cli_option_value(cli, "op-id");
  options.cancel = cli_interruptible();
  mr_status status = mr_registry_open_model(cli->registry, cli->operands[0], &model, &error);
  if (status == MR_OK)
    status = mr_model_promote(model, cli->operands[1], &options, &request, &error);
  exit_code = status == MR_OK ? cli_report_request(cli, request) : cli_fail(cli, &error);
  mr_request_free(request);
  mr_model_free(model);
  return exit_code;
}

static void request_json(void *ctx, const mr_request_record *record) {
  cli_json *json = ctx;
  cli_json_begin_object(json, NULL);
  cli_request_fields(json, record);
  cli_json_end_object(json);
}

static const cli_column request_columns[] = {
    {"REQUEST", CLI_LEFT}, {"STATE", CLI_STATUS}, {"MODEL", CLI_SHORTEN}, {"TRANSITION", CLI_LEFT},
    {"NUMBER", CLI_LEFT},  {"RUN", CLI_LEFT},     {"MADE", CLI_LEFT},     {"ACTOR", CLI_SHORTEN},
};

static void request_row(void *ctx, const mr_request_record *record) {
  cli_table *table = ctx;
  cli_table_text(table, record->id);
  cli_table_text(table, cli_word(cli_request_states, record->state));
  cli_table_text(table, record->model);
  cli_table_text(table, record->transition);
  cli_table_text(table, record->version);
  cli_table_text(table, record->run_id);
  cli_table_time(table, record->created_us);
  cli_table_text(table, record->actor);
}

static int request_list(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_request_list_options options = MR_REQUEST_LIST_OPTIONS_INIT;
  options.model = cli_option_value(cli, "model");
  int exit_code = cli_option_word(cli, "state", cli_request_states, &options.state);
  if (!exit_code) exit_code = cli_option_count(cli, "limit", &options.limit);
  if (!exit_code) exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  cli_list list =
      cli_list_begin(cli, request_columns, sizeof request_columns / sizeof *request_columns);
  mr_status status =
      cli_each_request(cli->registry, &options, cli->json ? request_json : request_row,
                       cli_list_output(&list), &error);
  return cli_list_end(cli, &list, status, &error);
}

static const cli_column decision_columns[] = {
    {"DECISION", CLI_RIGHT}, {"VERDICT", CLI_STATUS}, {"PASSED", CLI_RIGHT}, {"RULES", CLI_RIGHT},
    {"MADE", CLI_LEFT},      {"INCUMBENT", CLI_LEFT}, {"GATE", CLI_LEFT},
};

/* What all decisions on a request said, into a table or an array that has begun. */
static mr_status each_decision(mr_request *request, int64_t count, cli_table *table, cli_json *json,
                               mr_error *error) {
  for (int64_t i = 1; i <= count && !ferror(stdout); i++) {
    mr_decision *decision = NULL;
    mr_status status = mr_request_open_decision(request, i, &decision, error);
    if (status != MR_OK) return status;
    const mr_decision_record *record = mr_decision_info(decision);
    if (json) {
      cli_json_begin_object(json, NULL);
      cli_decision_fields(json, record);
      cli_json_end_object(json);
    } else {
      cli_table_int(table, record->sequence);
      cli_table_text(table, cli_word(cli_verdicts, record->verdict));
      cli_table_int(table, record->passed_count);
      cli_table_int(table, record->rule_count);
      cli_table_time(table, record->created_us);
      cli_table_text(table, record->incumbent ? record->incumbent : "none");
      cli_table_text(table, record->gate_digest);
    }
    mr_decision_free(decision);
  }
  return MR_OK;
}

static mr_status show_json(mr_request *request, int64_t count, const mr_decision *decision,
                           mr_error *error) {
  cli_json json = cli_json_new(stdout);
  cli_json_begin_object(&json, NULL);
  cli_request_fields(&json, mr_request_info(request));
  cli_decision_json(&json, "decision", decision);
  cli_json_begin_array(&json, "decisions");
  mr_status status = each_decision(request, count, NULL, &json, error);
  if (status != MR_OK) return status;
  cli_json_end_array(&json);
  cli_json_end_object(&json);
  return MR_OK;
}

static void put_record(const mr_request_record *record) {
  cli_table table = cli_table_new(cli_pair_columns, 2);
  cli_table_pair(&table, "Request", record->id);
  cli_table_text(&table, "State");
  cli_table_word(&table, cli_word(cli_request_states, record->state));
  cli_table_pair(&table, "Model", record->model);
  cli_table_pair(&table, "Transition", record->transition);
  cli_table_pair(&table, record->state == MR_REQUEST_STATE_ACCEPTED ? "Number" : "Proposed number",
                 record->version);
  cli_table_pair(&table, "Expected", record->expected);
  cli_table_pair(&table, "Run", record->run_id);
  cli_table_pair(&table, "Artifact path", record->artifact_path[0] ? record->artifact_path : NULL);
  cli_table_pair(&table, "Candidate digest", record->candidate_digest);
  cli_table_pair(&table, "Description", record->description);
  cli_table_pair(&table, "Operation", record->op_id);
  cli_table_pair(&table, "Actor", record->actor);
  cli_table_text(&table, "Made");
  cli_table_time(&table, record->created_us);
  if (record->closed_us != 0) {
    cli_table_pair(&table, "Closed by", record->closed_by);
    cli_table_text(&table, "Closed");
    cli_table_time(&table, record->closed_us);
  }
  cli_table_pair(&table, "Reason", record->closed_reason);
  cli_table_print(&table, stdout, 0, 0);
}

static mr_status show_text(mr_request *request, int64_t count, const mr_decision *decision,
                           mr_error *error) {
  cli_table table =
      cli_table_new(decision_columns, sizeof decision_columns / sizeof *decision_columns);
  mr_status status = each_decision(request, count, &table, NULL, error);
  if (status == MR_OK) {
    put_record(mr_request_info(request));
    fputs("\nDecisions\n", stdout);
    cli_table_print(&table, stdout, 2, cli_columns());
    printf("\nDecision %" PRId64 "\n", mr_decision_info(decision)->sequence);
    cli_decision_text(stdout, decision);
  }
  cli_table_free(&table);
  return status;
}

static int request_show(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_request *request = NULL;
  mr_decision *latest = NULL, *decision = NULL;
  int64_t wanted = 0;
  int exit_code = cli_option_count(cli, "decision", &wanted);
  if (!exit_code) exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  mr_status status = mr_registry_open_request(cli->registry, cli->operands[0], &request, &error);
  if (status == MR_OK) status = mr_request_decision(request, &latest, &error);
  if (status == MR_OK && wanted > 0)
    status = mr_request_open_decision(request, wanted, &decision, &error);
  if (status == MR_OK) {
    int64_t count = mr_decision_info(latest)->sequence;
    const mr_decision *shown = decision ? decision : latest;
    status = cli->json ? show_json(request, count, shown, &error)
                       : show_text(request, count, shown, &error);
  }
  mr_decision_free(decision);
  mr_decision_free(latest);
  mr_request_free(request);
  return status == MR_OK ? CLI_DONE : cli_fail(cli, &error);
}

static int request_complete(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_complete_options options = MR_COMPLETE_OPTIONS_INIT;
  mr_request *request = NULL, *now = NULL;
  int exit_code = cli_open_with(cli, 0);
  if (exit_code) return exit_code;
  options.cancel = cli_interruptible();
  mr_status status = mr_registry_open_request(cli->registry, cli->operands[0], &request, &error);
  if (status == MR_OK) status = mr_request_complete(request, &options, &now, &error);
  exit_code = status == MR_OK ? cli_report_request(cli, now) : cli_fail(cli, &error);
  mr_request_free(now);
  mr_request_free(request);
  return exit_code;
}

static int request_withdraw(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_request *request = NULL, *now = NULL;
  mr_decision *decision = NULL;
  const char *id = cli->operands[0];
  int exit_code = cli_open_with(cli, 0);
  if (exit_code) return exit_code;
  mr_status status = mr_registry_open_request(cli->registry, id, &request, &error);
  if (status == MR_OK)
    status = mr_request_withdraw(request, cli_option_value(cli, "reason"), &error);
  if (status == MR_OK) status = mr_registry_open_request(cli->registry, id, &now, &error);
  if (status == MR_OK) status = mr_request_decision(now, &decision, &error);
  if (status == MR_OK && cli->json) {
    status = show_json(now, mr_decision_info(decision)->sequence, decision, &error);
  } else if (status == MR_OK) {
    printf("Request %s is withdrawn\n", mr_request_info(now)->id);
  }
  mr_decision_free(decision);
  mr_request_free(now);
  mr_request_free(request);
  return status == MR_OK ? CLI_DONE : cli_fail(cli, &error);
}

const cli_command cli_request_commands[] = {
    {"promote", "MODEL RUN", 2, 2, "Propose a run as the next version of a model",
     "The gate decides at once. Where it passes there is a version, which is printed. Where it\n"
     "refuses, the rules are printed and the exit status is 4; where a rule can still come true\n"
     "the request stays open, and the exit status is 5. From now on the run cannot be changed.\n"
     "With --json, version is null unless the request was accepted.\n",
     "modelreg -r registry.db promote digits 01890a5d-ac96-774b-bcce-b302099a8057 --bump minor",
     promote_options, promote},
    {"request list", "", 0, 0, "List requests, the newest first", "",
     "modelreg -r registry.db request list --state open", request_list_options, request_list},
    {"request show", "ID", 1, 1, "Show a request with the decisions on it", "",
     "modelreg -r registry.db request show 01890a5d-ac96-774b-bcce-b302099a8057",
     request_show_options, request_show},
    {"request complete", "ID", 1, 1, "Judge an open request again",
     "By the gates as they are now; where they pass, the version is made or the channel moved.\n"
     "Prints and exits as the command that made the request; a repeat changes nothing.\n",
     "modelreg -r registry.db request complete 01890a5d-ac96-774b-bcce-b302099a8057",
     request_complete_options, request_complete},
    {"request withdraw", "ID", 1, 1, "Take an open request back",
     "What it proposed can be proposed again; the run stays sealed.\n",
     "modelreg -r registry.db request withdraw 01890a5d-ac96-774b-bcce-b302099a8057 --reason "
     "superseded",
     request_withdraw_options, request_withdraw},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
