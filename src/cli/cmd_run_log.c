/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg run log and metric. */
#include "cli/cli_commands.h"
#include "cli/cli_memory.h"
#include "cli/cli_numbers.h"
#include "cli/cli_options.h"
#include "cli/cli_pairs.h"
#include "cli/cli_text.h"
#include "cli/cmd_run.h"

#include <inttypes.h>

static int log_params(cli_context *cli, const cli_pairs *params) {
  mr_error error = MR_ERROR_INIT;
  mr_run *run = NULL;
  int exit_code = cli_run_open(cli, &run);
  if (!exit_code && mr_run_log_params(run, (const char *const *)params->keys, params->values,
                                      params->count, &error) != MR_OK)
    exit_code = cli_fail(cli, &error);
  if (!exit_code)
    exit_code = cli_run_say(cli, run, "Logged %zu param%s of run %s", params->count,
                            cli_plural((int64_t)params->count), mr_run_info(run)->id);
  mr_run_free(run);
  return exit_code;
}

static int run_log(cli_context *cli) {
  cli_pairs params = {0};
  int exit_code = cli_pairs_from_operands(cli, 1, "KEY=VALUE", &params);
  if (!exit_code) exit_code = cli_pairs_check_unique(cli, &params);
  if (!exit_code) exit_code = log_params(cli, &params);
  cli_pairs_free(&params);
  return exit_code;
}

static int parse_values(const cli_context *cli, const cli_pairs *pairs, double *out) {
  for (size_t i = 0; i < pairs->count; i++)
    if (!cli_parse_double(pairs->values[i], &out[i]))
      return cli_usage_error(cli, "'%s' is no number for the metric '%s'", pairs->values[i],
                             pairs->keys[i]);
  return CLI_DONE;
}

static int log_row(cli_context *cli, const cli_pairs *pairs, const double *values, int64_t step) {
  mr_error error = MR_ERROR_INIT;
  mr_run *run = NULL;
  int exit_code = cli_run_open(cli, &run);
  if (exit_code) return exit_code;
  mr_status status =
      mr_run_log_metrics(run, step, (const char *const *)pairs->keys, values, pairs->count, &error);
  if (status == MR_OK) status = mr_run_flush(run, &error);
  if (status != MR_OK) {
    exit_code = cli_fail(cli, &error);
  } else {
    exit_code =
        cli_run_say(cli, run, "Logged %zu metric%s of run %s at step %" PRId64, pairs->count,
                    cli_plural((int64_t)pairs->count), mr_run_info(run)->id, step);
  }
  mr_run_free(run);
  return exit_code;
}

static int metric_row(cli_context *cli) {
  cli_pairs pairs = {0};
  double *values = cli_resize(NULL, cli->operand_count, sizeof *values);
  int64_t step = 0;
  int exit_code = cli_pairs_from_operands(cli, 1, "KEY=NUMBER", &pairs);
  if (!exit_code) exit_code = cli_pairs_check_unique(cli, &pairs);
  if (!exit_code) exit_code = parse_values(cli, &pairs, values);
  if (!exit_code) exit_code = cli_option_int(cli, "step", INT64_MIN, &step);
  if (!exit_code) exit_code = log_row(cli, &pairs, values, step);
  cli_pairs_free(&pairs);
  cli_free(values);
  return exit_code;
}

static int metric_file(cli_context *cli, const char *path) {
  mr_run *run = NULL;
  size_t points = 0, metrics = 0;
  int exit_code = cli_run_open(cli, &run);
  if (!exit_code) exit_code = cli_points_log(cli, run, path, &points, &metrics);
  if (!exit_code)
    exit_code = cli_run_say(cli, run, "Logged %zu point%s of %zu metric%s of run %s", points,
                            cli_plural((int64_t)points), metrics, cli_plural((int64_t)metrics),
                            mr_run_info(run)->id);
  mr_run_free(run);
  return exit_code;
}

static int run_metric(cli_context *cli) {
  const char *path = cli_option_value(cli, "from");
  if (path && cli->operand_count > 1)
    return cli_usage_error(cli, "with --from no KEY=NUMBER is taken, such as '%s'",
                           cli->operands[1]);
  if (path && cli_option_value(cli, "step"))
    return cli_usage_error(cli, "with --from each line has its step; leave --step out");
  if (path) return metric_file(cli, path);
  if (cli->operand_count < 2) return cli_usage_error(cli, "KEY=NUMBER is missing");
  return metric_row(cli);
}

static const cli_option run_log_options[] = {
    CLI_RUN_QUIET,
    {NULL, '\0', NULL, NULL},
};

static const cli_option run_metric_options[] = {
    {"step", 's', "STEP", "The step, a whole number; 0 without it"},
    {"from", 'f', "FILE", "Read points from a file, or from standard input for -"},
    CLI_RUN_QUIET,
    {NULL, '\0', NULL, NULL},
};

const cli_command cli_run_log_commands[] = {
    {"run log", "RUN KEY=VALUE...", 2, CLI_ANY, "Log params of a run",
     "All of them or none. A param never changes: the same value again is fine, another is "
     "refused.\n",
     "modelreg -r registry.db run log 01980000-0000-7000-8000-000000000000 lr=0.1 epochs=20",
     run_log_options, run_log},
    {"run metric", "RUN [KEY=NUMBER...]", 1, CLI_ANY, "Log metrics of a run",
     "One value of each metric at the same step and time; nan, inf and -inf are numbers, too.\n"
     "--from takes many points: lines of KEY STEP VALUE [TIME], with blanks between them, or tabs\n"
     "where a key has blanks; TIME is such as 2026-07-03T12:34:56Z, or in Unix microseconds.\n"
     "Nothing is logged when a line is wrong.\n",
     "modelreg -r registry.db run metric 01980000-0000-7000-8000-000000000000 loss=0.1 --step 10",
     run_metric_options, run_metric},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
