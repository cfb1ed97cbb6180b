/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg gate test. */
#include "cli/cli_commands.h"
#include "cli/cli_decision.h"
#include "cli/cli_json.h"
#include "cli/cli_open.h"
#include "cli/cli_options.h"
#include "cli/cli_read.h"

#include <stdio.h>
#include <string.h>

static const cli_option gate_test_options[] = {
    {"model", 'm', "NAME", "The model it would be a version of"},
    {"run", '\0', "ID", "The run to judge, for promote; it need not be finished"},
    {"transition", '\0', "TRANSITION", "promote (the default) or channel/NAME"},
    CLI_CANDIDATE_OPTIONS,
    {NULL, '\0', NULL, NULL},
};

/* A channel holds a version, whose run and number there are. */
static int check_channel(const cli_context *cli) {
  static const char *const others[] = {"run", "artifact-path", "bump", "line", "prerelease-id"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (cli_option_value(cli, others[i]))
      return cli_usage_error(cli, "--%s goes with promote; a channel holds a version", others[i]);
  if (!cli_option_value(cli, "number"))
    return cli_usage_error(cli, "say what the channel would hold: --number NUMBER");
  return CLI_DONE;
}

static int read_candidate(const cli_context *cli, mr_evaluate_options *out) {
  mr_promote_options candidate = MR_PROMOTE_OPTIONS_INIT;
  int exit_code = cli_candidate(cli, &candidate);
  if (exit_code) return exit_code;
  out->model = cli_option_value(cli, "model");
  out->transition = cli_option_value(cli, "transition");
  out->run_id = cli_option_value(cli, "run");
  out->bump = candidate.bump;
  out->artifact_path = candidate.artifact_path;
  out->version = candidate.version;
  out->line = candidate.line;
  out->prerelease_id = candidate.prerelease_id;
  if (!out->model) return cli_usage_error(cli, "say for which model: --model NAME");
  if (!out->transition) out->transition = "promote";
  bool is_channel = strncmp(out->transition, "channel/", 8) == 0;
  if (!is_channel && !out->run_id) return cli_usage_error(cli, "say what to judge: --run ID");
  return is_channel ? check_channel(cli) : CLI_DONE;
}

static void print(const cli_context *cli, const mr_evaluate_options *options,
                  const mr_decision *decision) {
  if (!cli->json) {
    cli_decision_text(stdout, decision);
    return;
  }
  cli_json json = cli_json_new(stdout);
  cli_json_begin_object(&json, NULL);
  cli_json_text(&json, "model", options->model);
  cli_json_text(&json, "transition", options->transition);
  cli_json_text(&json, "run_id", options->run_id);
  cli_json_text(&json, "proposed_version", options->version);
  cli_json_text(&json, "artifact_path", options->artifact_path);
  cli_decision_json(&json, "decision", decision);
  cli_json_end_object(&json);
}

static int gate_test(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_evaluate_options options = MR_EVALUATE_OPTIONS_INIT;
  mr_gate *gate = NULL;
  mr_decision *decision = NULL;
  int exit_code = read_candidate(cli, &options);
  if (!exit_code && cli->operand_count > 0) exit_code = cli_read_gate(cli, cli->operands[0], &gate);
  if (!exit_code) exit_code = cli_open(cli);
  if (!exit_code) {
    options.cancel = cli_interruptible();
    if (mr_registry_evaluate_gate(cli->registry, gate, &options, &decision, &error) == MR_OK) {
      print(cli, &options, decision);
      exit_code = cli_exit_code_of(mr_decision_info(decision)->verdict);
    } else {
      exit_code = cli_fail(cli, &error);
    }
  }
  mr_decision_free(decision);
  mr_gate_free(gate);
  return exit_code;
}

const cli_command cli_gate_test_commands[] = {
    {"gate test", "[FILE] --model NAME --run ID", 0, 1,
     "Judge a run or a version without proposing it",
     "By the gate of the file, or of standard input for -, in place of the model's own; without\n"
     "one by the gate that is attached. The gate of the registry adds to both. Nothing is kept or\n"
     "sealed. With --transition channel/NAME the version of --number is judged and not a run.\n"
     "Exits with 4 when the gate fails and with 5 when it is pending.\n",
     "modelreg -r registry.db gate test gate.txt -m digits --run "
     "01890a5d-ac96-774b-bcce-b302099a8057",
     gate_test_options, gate_test},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
