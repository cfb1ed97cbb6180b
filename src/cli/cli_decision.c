/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_decision.h"

#include "cli/cli_options.h"
#include "cli/cli_table.h"
#include "cli/cli_text.h"
#include "cli/cli_words.h"

#include <inttypes.h>
#include <string.h>

int cli_candidate(const cli_context *cli, mr_promote_options *out) {
  static const char *const others[] = {"bump", "line", "prerelease-id"};
  out->version = cli_option_value(cli, "number");
  for (size_t i = 0; out->version && i < sizeof others / sizeof *others; i++)
    if (cli_option_value(cli, others[i]))
      return cli_usage_error(cli, "--number names the version already; leave --%s out", others[i]);
  out->line = cli_option_value(cli, "line");
  out->prerelease_id = cli_option_value(cli, "prerelease-id");
  out->artifact_path = cli_option_value(cli, "artifact-path");
  int exit_code = cli_option_word(cli, "bump", cli_bumps, &out->bump);
  if (exit_code) return exit_code;
  if (out->prerelease_id && out->bump != MR_BUMP_PRERELEASE)
    return cli_usage_error(cli, "--prerelease-id goes with --bump prerelease");
  return CLI_DONE;
}

static void put_rules(FILE *out, const mr_decision *decision) {
  static const cli_column columns[] = {
      {"RULE", CLI_LEFT}, {"REQUIRED", CLI_WRAP}, {"OBSERVED", CLI_WRAP}, {"VERDICT", CLI_STATUS}};
  cli_table table = cli_table_new(columns, sizeof columns / sizeof *columns);
  for (int64_t i = 0; i < mr_decision_count(decision); i++) {
    const mr_rule_record *rule = mr_decision_at(decision, i);
    cli_table_text(&table, rule->name);
    cli_table_text(&table, rule->required);
    cli_table_text(&table, rule->observed);
    cli_table_text(&table, cli_word(cli_verdicts, rule->verdict));
  }
  cli_table_print(&table, out, 0, cli_columns());
  fputc('\n', out);
}

static void put_reasons(FILE *out, const mr_decision *decision) {
  for (int64_t i = 0; i < mr_decision_count(decision); i++) {
    const mr_rule_record *rule = mr_decision_at(decision, i);
    if (rule->verdict == MR_VERDICT_PASSED) continue;
    cli_put(out, rule->name);
    fputs(": ", out);
    cli_put(out, rule->reason);
    fputc('\n', out);
  }
}

void cli_decision_text(FILE *out, const mr_decision *decision) {
  const mr_decision_record *record = mr_decision_info(decision);
  bool is_pending = record->verdict == MR_VERDICT_PENDING;
  const char *verdict = is_pending ? "is pending" : cli_word(cli_verdicts, record->verdict);
  if (record->rule_count == 0) {
    fprintf(out, "The gate %s: there are no rules", verdict);
  } else {
    put_rules(out, decision);
    put_reasons(out, decision);
    fprintf(out, "The gate %s: %" PRId64 " of %" PRId64 " rule%s passed", verdict,
            record->passed_count, record->rule_count, cli_plural(record->rule_count));
  }
  if (record->incumbent) {
    fputs("; the incumbent was ", out);
    cli_put(out, record->incumbent);
  }
  fputc('\n', out);
}

void cli_decision_fields(cli_json *json, const mr_decision_record *record) {
  cli_json_text(json, "verdict", cli_word(cli_verdicts, record->verdict));
  cli_json_int(json, "sequence", record->sequence);
  cli_json_text(json, "gate_digest", record->gate_digest);
  cli_json_text(json, "incumbent", record->incumbent);
  cli_json_time(json, "created_us", record->created_us);
  cli_json_int(json, "rule_count", record->rule_count);
  cli_json_int(json, "passed_count", record->passed_count);
}

void cli_decision_json(cli_json *json, const char *key, const mr_decision *decision) {
  cli_json_begin_object(json, key);
  cli_decision_fields(json, mr_decision_info(decision));
  cli_json_begin_array(json, "rules");
  for (int64_t i = 0; i < mr_decision_count(decision); i++) {
    const mr_rule_record *rule = mr_decision_at(decision, i);
    cli_json_begin_object(json, NULL);
    cli_json_text(json, "name", rule->name);
    cli_json_text(json, "required", rule->required);
    cli_json_text(json, "observed", rule->observed);
    cli_json_text(json, "verdict", cli_word(cli_verdicts, rule->verdict));
    cli_json_bool(json, "unknown", rule->unknown != 0);
    cli_json_text(json, "reason", rule->reason[0] ? rule->reason : NULL);
    cli_json_bool(json, "from_default", rule->from_default != 0);
    cli_json_end_object(json);
  }
  cli_json_end_array(json);
  cli_json_end_object(json);
}

int cli_exit_code_of(mr_verdict verdict) {
  if (verdict == MR_VERDICT_PASSED) return CLI_DONE;
  return verdict == MR_VERDICT_PENDING ? CLI_GATE_PENDING : CLI_GATE_FAILED;
}

void cli_request_fields(cli_json *json, const mr_request_record *record) {
  bool is_accepted = record->state == MR_REQUEST_STATE_ACCEPTED;
  /* As every record has it, and as whoever proposes something looks for it. */
  cli_json_text(json, "id", record->id);
  cli_json_text(json, "request", record->id);
  cli_json_text(json, "state", cli_word(cli_request_states, record->state));
  cli_json_text(json, "transition", record->transition);
  cli_json_text(json, "model", record->model);
  cli_json_text(json, "version", is_accepted ? record->version : NULL);
  cli_json_text(json, "proposed_version", record->version);
  cli_json_text(json, "run_id", record->run_id);
  cli_json_text(json, "artifact_path", record->artifact_path);
  cli_json_text(json, "candidate_digest", record->candidate_digest);
  cli_json_text(json, "gate_digest", record->gate_digest);
  cli_json_text(json, "description", record->description);
  cli_json_text(json, "op_id", record->op_id);
  cli_json_text(json, "expected", record->expected);
  cli_json_text(json, "actor", record->actor);
  cli_json_time(json, "created_us", record->created_us);
  cli_json_text(json, "closed_by", record->closed_by);
  cli_json_text(json, "closed_reason", record->closed_reason);
  cli_json_time(json, "closed_us", record->closed_us);
}

/* "digits 1.0.0", "digits production 1.0.0". */
static void put_accepted(const mr_request_record *record) {
  const char *channel = strchr(record->transition, '/');
  cli_put(stdout, record->model);
  fputc(' ', stdout);
  if (channel) {
    cli_put(stdout, channel + 1);
    fputc(' ', stdout);
  }
  cli_put(stdout, record->version);
  fputc('\n', stdout);
}

static void print_request(const cli_context *cli, const mr_request_record *record,
                          const mr_decision *decision) {
  bool is_accepted = record->state == MR_REQUEST_STATE_ACCEPTED;
  if (cli->json) {
    cli_json json = cli_json_new(stdout);
    cli_json_begin_object(&json, NULL);
    cli_request_fields(&json, record);
    cli_decision_json(&json, "decision", decision);
    cli_json_end_object(&json);
  } else if (cli_option_value(cli, "quiet")) {
    cli_put(stdout, is_accepted ? record->version : record->id);
    fputc('\n', stdout);
  } else if (is_accepted) {
    put_accepted(record);
  } else {
    cli_decision_text(stdout, decision);
  }
}

int cli_report_request(const cli_context *cli, mr_request *request) {
  mr_error error = MR_ERROR_INIT;
  mr_decision *decision = NULL;
  mr_version *version = NULL;
  const mr_request_record *record = mr_request_info(request);
  if (mr_request_decision(request, &decision, &error) != MR_OK) return cli_fail(cli, &error);
  print_request(cli, record, decision);
  mr_decision_free(decision);
  if (record->state == MR_REQUEST_STATE_ACCEPTED) return CLI_DONE;
  /* Where both go to one place the rules come first. */
  fflush(stdout);
  /* The library says best why there is no version. */
  if (mr_request_version(request, &version, &error) != MR_OK) {
    int exit_code = cli_fail(cli, &error);
    if (exit_code == CLI_GATE_PENDING)
      cli_complain("when that has changed: modelreg request complete %s", record->id);
    return exit_code;
  }
  mr_version_free(version);
  cli_complain("request %s was completed by somebody else meanwhile: modelreg request show %s",
               record->id, record->id);
  return CLI_REGISTRY;
}
