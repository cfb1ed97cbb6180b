/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands on runs and experiments share. */
#ifndef MRI_CMD_RUN_H
#define MRI_CMD_RUN_H

#include "cli/cli.h"
#include "cli/cli_json.h"
#include "cli/cli_table.h"

/* How commands that write take --quiet. */
#define CLI_RUN_QUIET                                                                              \
  { "quiet", 'q', NULL, "Print nothing when it is done" }

/* The fields of a run, into an object that has begun. */
void cli_run_fields(cli_json *json, const mr_run_record *record);

/* A visitor of runs for JSON: an object of an array. `ctx` is the cli_json. */
void cli_run_json(void *ctx, const mr_run_record *record);

/* A visitor of runs for tables. `ctx` is a cli_table of cli_run_columns. */
void cli_run_row(void *ctx, const mr_run_record *record);

#define CLI_RUN_COLUMN_COUNT 8
extern const cli_column cli_run_columns[CLI_RUN_COLUMN_COUNT];

/* The experiment, made where there is none. A registry that cannot be written to is the trouble
 * then, and not that it was not found. */
mr_status cli_experiment_make(mr_registry *registry, const char *name,
                              mr_experiment **out_experiment, mr_error *error);

/* Opens the registry to write to it, and the run that the first operand names. Returns CLI_DONE, or
 * has complained and returns what to exit with. */
int cli_run_open(cli_context *cli, mr_run **out_run);

/* Prints all of a run as JSON, as it was when the handle was opened. */
mr_status cli_run_print_json(mr_run *run, mr_error *error);

/* Prints what a command has done to a run: one line, nothing with --quiet, the whole run as it is
 * now with --json. Returns what to exit with. */
int cli_run_say(cli_context *cli, const mr_run *run, const char *format, ...) CLI_PRINTF(3, 4);

/* Reads WHAT, such as "run:ID", into `input`, which borrows both texts. Returns CLI_DONE, or
 * complains and returns CLI_USAGE. */
int cli_input_parse(const cli_context *cli, const char *role, const char *what,
                    mr_input_options *input);

/* What is said about WHAT in help. */
#define CLI_INPUT_HELP                                                                             \
  "WHAT is dataset:ID (a dataset run), digest:HEX (a dataset by its digest alone), run:ID or\n"    \
  "version:MODEL@NUMBER.\n"

/* Whether what the input names is there, before anything is written. */
mr_status cli_input_check(mr_registry *registry, const mr_input_options *input, mr_error *error);

/* Reads lines of KEY STEP VALUE [TIME_US] from the file, or standard input for "-", and logs them
 * all, or nothing. Returns CLI_DONE, or has complained and returns what to exit with. */
int cli_points_log(cli_context *cli, mr_run *run, const char *path, size_t *out_points,
                   size_t *out_metrics);

#endif
