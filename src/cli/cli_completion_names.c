/* SPDX-License-Identifier: Apache-2.0 */
/* The names that completion offers. */
#include "cli/cli_completion.h"
#include "cli/cli_pages.h"

#include <string.h>

/* More than anyone chooses from. */
#define MOST_NAMES 1000

/* Nothing in it means anything to a shell. */
static void put_name(const char *name) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-";
  if (name[0] == '-' || name[0] == '\0' || name[strspn(name, plain)] != '\0') return;
  fputs(name, stdout);
  fputc('\n', stdout);
}

static void put_model(void *ctx, const mr_model_record *record) {
  (void)ctx;
  put_name(record->name);
}

static void put_experiment(void *ctx, const mr_experiment_record *record) {
  (void)ctx;
  put_name(record->name);
}

static void put_run(void *ctx, const mr_run_record *record) {
  (void)ctx;
  put_name(record->id);
}

int cli_completion_names(cli_context *cli, const char *kind) {
  static const char *const kinds[] = {"models", "experiments", "runs", "datasets"};
  mr_error error = MR_ERROR_INIT;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  mr_run_list_options runs = MR_RUN_LIST_OPTIONS_INIT;
  options.limit = runs.limit = MOST_NAMES;
  size_t at = 0;
  while (at < sizeof kinds / sizeof *kinds && strcmp(kinds[at], kind) != 0) at++;
  if (at == sizeof kinds / sizeof *kinds)
    return cli_usage_error(cli, "SHELL must be bash or zsh, not '%s'", kind);
  int exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  mr_status status;
  if (at == 0) {
    status = cli_each_model(cli->registry, &options, put_model, NULL, &error);
  } else if (at == 1) {
    status = cli_each_experiment(cli->registry, &options, put_experiment, NULL, &error);
  } else {
    if (at == 3) runs.kind = MR_RUN_KIND_DATASET;
    status = cli_each_run(cli->registry, &runs, put_run, NULL, &error);
  }
  return status == MR_OK ? CLI_DONE : cli_fail(cli, &error);
}
