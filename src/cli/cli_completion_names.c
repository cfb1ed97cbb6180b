/* SPDX-License-Identifier: Apache-2.0 */
/* The names that completion offers. */
#include "cli/cli_completion.h"
#include "cli/cli_memory.h"
#include "cli/cli_open.h"
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

/* The names of one kind. `model` is NULL for kinds that are of no model. */
typedef mr_status put_names(mr_registry *registry, mr_model *model, mr_error *error);

static void put_model(void *ctx, const mr_model_record *record) {
  (void)ctx;
  put_name(record->name);
}

static mr_status put_models(mr_registry *registry, mr_model *model, mr_error *error) {
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  (void)model;
  options.limit = MOST_NAMES;
  return cli_each_model(registry, &options, put_model, NULL, error);
}

static void put_experiment(void *ctx, const mr_experiment_record *record) {
  (void)ctx;
  put_name(record->name);
}

static mr_status put_experiments(mr_registry *registry, mr_model *model, mr_error *error) {
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  (void)model;
  options.limit = MOST_NAMES;
  return cli_each_experiment(registry, &options, put_experiment, NULL, error);
}

static void put_run(void *ctx, const mr_run_record *record) {
  (void)ctx;
  put_name(record->id);
}

static mr_status put_runs_of(mr_registry *registry, mr_run_kind kind, mr_error *error) {
  mr_run_list_options options = MR_RUN_LIST_OPTIONS_INIT;
  options.kind = kind;
  options.limit = MOST_NAMES;
  return cli_each_run(registry, &options, put_run, NULL, error);
}

static mr_status put_runs(mr_registry *registry, mr_model *model, mr_error *error) {
  (void)model;
  return put_runs_of(registry, 0, error);
}

static mr_status put_datasets(mr_registry *registry, mr_model *model, mr_error *error) {
  (void)model;
  return put_runs_of(registry, MR_RUN_KIND_DATASET, error);
}

static void put_request(void *ctx, const mr_request_record *record) {
  (void)ctx;
  put_name(record->id);
}

static mr_status put_requests_in(mr_registry *registry, mr_request_state state, mr_error *error) {
  mr_request_list_options options = MR_REQUEST_LIST_OPTIONS_INIT;
  options.state = state;
  options.limit = MOST_NAMES;
  return cli_each_request(registry, &options, put_request, NULL, error);
}

static mr_status put_requests(mr_registry *registry, mr_model *model, mr_error *error) {
  (void)model;
  return put_requests_in(registry, 0, error);
}

static mr_status put_open_requests(mr_registry *registry, mr_model *model, mr_error *error) {
  (void)model;
  return put_requests_in(registry, MR_REQUEST_STATE_OPEN, error);
}

/* `ctx` points to what stands before each name. */
static void put_channel(void *ctx, const mr_channel_record *record) {
  const char *const *before = ctx;
  char *name = cli_format("%s%s", *before, record->name);
  put_name(name);
  cli_free(name);
}

static mr_status put_channels_behind(mr_model *model, const char *before, mr_error *error) {
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  options.limit = MOST_NAMES;
  return cli_each_channel(model, &options, put_channel, &before, error);
}

static mr_status put_channels(mr_registry *registry, mr_model *model, mr_error *error) {
  (void)registry;
  return put_channels_behind(model, "", error);
}

/* Without build metadata, which may be left out. */
static void put_number(void *ctx, const mr_version_record *record) {
  char *number = cli_copy(record->number, strcspn(record->number, "+"));
  (void)ctx;
  put_name(number);
  cli_free(number);
}

static mr_status put_numbers(mr_registry *registry, mr_model *model, mr_error *error) {
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  (void)registry;
  options.limit = MOST_NAMES;
  return cli_each_version(model, &options, put_number, NULL, error);
}

static mr_status put_selectors(mr_registry *registry, mr_model *model, mr_error *error) {
  put_name("latest");
  mr_status status = put_channels(registry, model, error);
  return status == MR_OK ? put_numbers(registry, model, error) : status;
}

static mr_status put_transitions(mr_registry *registry, mr_model *model, mr_error *error) {
  static const char before[] = "channel/";
  (void)registry;
  put_name("promote");
  /* A gate may be there before its channel is. */
  put_name(before);
  return model ? put_channels_behind(model, before, error) : MR_OK;
}

typedef struct name_kind {
  const char *name;
  put_names *put;
  bool needs_model;
} name_kind;

static const name_kind kinds[] = {
    {"channels", put_channels, true},        {"datasets", put_datasets, false},
    {"experiments", put_experiments, false}, {"models", put_models, false},
    {"numbers", put_numbers, true},          {"open-requests", put_open_requests, false},
    {"requests", put_requests, false},       {"runs", put_runs, false},
    {"selectors", put_selectors, true},      {"transitions", put_transitions, false},
};

int cli_completion_names(cli_context *cli, const char *kind, const char *model_name) {
  mr_error error = MR_ERROR_INIT;
  mr_model *model = NULL;
  size_t at = 0;
  while (at < sizeof kinds / sizeof *kinds && strcmp(kinds[at].name, kind) != 0) at++;
  if (at == sizeof kinds / sizeof *kinds)
    return cli_usage_error(cli, "SHELL must be bash or zsh, not '%s'", kind);
  if (kinds[at].needs_model && !model_name) return cli_usage_error(cli, "MODEL is missing");
  int exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  mr_status status = MR_OK;
  if (model_name) status = mr_registry_open_model(cli->registry, model_name, &model, &error);
  if (status == MR_OK) status = kinds[at].put(cli->registry, model, &error);
  mr_model_free(model);
  return status == MR_OK ? CLI_DONE : cli_fail(cli, &error);
}
