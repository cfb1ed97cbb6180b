/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg run start and finish. */
#include "cli/cli_commands.h"
#include "cli/cli_memory.h"
#include "cli/cli_open.h"
#include "cli/cli_options.h"
#include "cli/cli_pairs.h"
#include "cli/cli_rehearsal.h"
#include "cli/cli_text.h"
#include "cli/cli_words.h"
#include "cli/cmd_run.h"

#include <stdio.h>

/* All that the command line says, understood before anything is written. */
typedef struct start_wish {
  const char *experiment;
  mr_run_options options;
  cli_pairs params;
  cli_pairs tags;
  cli_pairs inputs;
  /* As many as `inputs` has. */
  mr_input_options *parsed;
} start_wish;

static int read_source(const cli_context *cli, mr_run_options *options) {
  bool is_clean = cli_option_value(cli, "clean") != NULL;
  bool is_dirty = cli_option_value(cli, "dirty") != NULL;
  if (is_clean && is_dirty)
    return cli_usage_error(cli, "--clean and --dirty contradict each other");
  if (is_clean) options->source_state = MR_SOURCE_STATE_CLEAN;
  if (is_dirty) options->source_state = MR_SOURCE_STATE_DIRTY;
  options->source_commit = cli_option_value(cli, "commit");
  options->source_entry_point = cli_option_value(cli, "entry-point");
  options->environment_host = cli_option_value(cli, "host");
  options->environment_packages_digest = cli_option_value(cli, "packages-digest");
  options->environment_image_digest = cli_option_value(cli, "image-digest");
  return CLI_DONE;
}

static int read_kind(const cli_context *cli, mr_run_kind *out) {
  static const mr_run_kind kinds[] = {0, MR_RUN_KIND_TRAINING, MR_RUN_KIND_EVALUATION};
  int32_t word = 0;
  int exit_code = cli_option_word(cli, "kind", cli_started_kinds, &word);
  *out = kinds[word];
  return exit_code;
}

static int read_inputs(const cli_context *cli, start_wish *wish) {
  int exit_code = cli_pairs_from_option(cli, "input", "ROLE=WHAT", &wish->inputs);
  wish->parsed = cli_resize(NULL, wish->inputs.count, sizeof *wish->parsed);
  for (size_t i = 0; i < wish->inputs.count && !exit_code; i++)
    exit_code =
        cli_input_parse(cli, wish->inputs.keys[i], wish->inputs.values[i], &wish->parsed[i]);
  return exit_code;
}

static int read_wish(const cli_context *cli, start_wish *wish) {
  mr_run_options none = MR_RUN_OPTIONS_INIT;
  wish->options = none;
  wish->experiment = cli_option_value(cli, "experiment");
  if (!wish->experiment)
    return cli_usage_error(cli, "say which experiment it belongs to: --experiment NAME");
  wish->options.name = cli_option_value(cli, "name");
  wish->options.parent_run_id = cli_option_value(cli, "parent");
  int exit_code = read_kind(cli, &wish->options.kind);
  if (!exit_code) exit_code = read_source(cli, &wish->options);
  if (!exit_code) exit_code = cli_pairs_from_option(cli, "param", "KEY=VALUE", &wish->params);
  if (!exit_code) exit_code = cli_pairs_check_unique(cli, &wish->params);
  if (!exit_code) exit_code = cli_pairs_from_option(cli, "tag", "KEY=VALUE", &wish->tags);
  if (!exit_code) exit_code = cli_pairs_check_unique(cli, &wish->tags);
  if (!exit_code) exit_code = read_inputs(cli, wish);
  wish->options.tag_keys = (const char *const *)wish->tags.keys;
  wish->options.tag_values = wish->tags.values;
  wish->options.tag_count = wish->tags.count;
  return exit_code;
}

static void free_wish(start_wish *wish) {
  cli_pairs_free(&wish->params);
  cli_pairs_free(&wish->tags);
  cli_pairs_free(&wish->inputs);
  cli_free(wish->parsed);
}

/* What is named must be there before anything is made, an experiment included. */
static mr_status check_wish(mr_registry *registry, const start_wish *wish, bool *out_new,
                            mr_error *error) {
  mr_run *parent = NULL;
  mr_run_page *page = NULL;
  mr_run_list_options options = MR_RUN_LIST_OPTIONS_INIT;
  options.experiment = wish->experiment;
  options.limit = 1;
  mr_status status = mr_registry_list_runs(registry, &options, &page, error);
  mr_run_page_free(page);
  *out_new = status == MR_NOT_FOUND;
  if (*out_new) status = MR_OK;
  if (status == MR_OK && wish->options.parent_run_id)
    status = mr_registry_open_run(registry, wish->options.parent_run_id, &parent, error);
  mr_run_free(parent);
  for (size_t i = 0; i < wish->inputs.count && status == MR_OK; i++)
    status = cli_input_check(registry, &wish->parsed[i], error);
  return status;
}

/* Whether the library takes all that is said about the run itself; its parent and its inputs are
 * looked for in the registry. */
static mr_status rehearse(const start_wish *wish, mr_error *error) {
  static const char no_dataset[] =
      "0000000000000000000000000000000000000000000000000000000000000000";
  mr_run_options options = wish->options;
  cli_rehearsal rehearsal;
  mr_run *run = NULL;
  options.parent_run_id = NULL;
  mr_status status = cli_rehearsal_begin(wish->experiment, &rehearsal, error);
  if (status == MR_OK)
    status = mr_experiment_start_run(rehearsal.experiment, &options, &run, error);
  if (status == MR_OK)
    status = mr_run_log_params(run, (const char *const *)wish->params.keys, wish->params.values,
                               wish->params.count, error);
  for (size_t i = 0; i < wish->inputs.count && status == MR_OK; i++) {
    mr_input_options input = MR_INPUT_OPTIONS_INIT;
    input.role = wish->parsed[i].role;
    input.dataset_digest = no_dataset;
    status = mr_run_log_input(run, &input, error);
  }
  mr_run_free(run);
  cli_rehearsal_end(&rehearsal);
  return status;
}

static mr_status record(mr_run *run, const start_wish *wish, mr_error *error) {
  mr_status status = mr_run_log_params(run, (const char *const *)wish->params.keys,
                                       wish->params.values, wish->params.count, error);
  for (size_t i = 0; i < wish->inputs.count && status == MR_OK; i++)
    status = mr_run_log_input(run, &wish->parsed[i], error);
  return status;
}

/* Nobody is going to finish a run that was not started as wanted, or whose id was not heard. */
static int abandon(mr_run *run, int exit_code) {
  mr_error error = MR_ERROR_INIT;
  const char *id = mr_run_info(run)->id;
  if (mr_run_finish(run, MR_RUN_STATUS_FAILED, &error) == MR_OK) {
    cli_complain("run %s was started for this, and is failed now", id);
  } else {
    cli_complain("run %s was started for this, and still counts as running: %s", id, error.message);
  }
  return exit_code;
}

static int say_started(cli_context *cli, const mr_run *run, bool is_new) {
  const mr_run_record *info = mr_run_info(run);
  /* Whoever interrupts it does not wait for the id. */
  if (cli_is_interrupted()) return CLI_REGISTRY;
  if (cli->json || !cli_option_value(cli, "quiet")) {
    int exit_code = cli_run_say(cli, run, "Started run %s in %sexperiment %s", info->id,
                                is_new ? "the new " : "", info->experiment_name);
    if (exit_code) return exit_code;
  } else {
    cli_put(stdout, info->id);
    fputc('\n', stdout);
  }
  return fflush(stdout) != 0 || ferror(stdout) ? CLI_REGISTRY : CLI_DONE;
}

static int start(cli_context *cli, const start_wish *wish) {
  mr_error error = MR_ERROR_INIT;
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  bool is_new = false;
  int exit_code = cli_open_with(cli, 0);
  if (exit_code) return exit_code;
  cli_interruptible();
  mr_status status = rehearse(wish, &error);
  if (status == MR_OK) status = check_wish(cli->registry, wish, &is_new, &error);
  if (status == MR_OK && cli_is_interrupted()) return CLI_REGISTRY;
  if (status == MR_OK)
    status = cli_experiment_make(cli->registry, wish->experiment, &experiment, &error);
  if (status == MR_OK) status = mr_experiment_start_run(experiment, &wish->options, &run, &error);
  if (status == MR_OK) status = record(run, wish, &error);
  exit_code = status == MR_OK ? say_started(cli, run, is_new) : cli_fail(cli, &error);
  if (exit_code && run) exit_code = abandon(run, exit_code);
  mr_run_free(run);
  mr_experiment_free(experiment);
  return exit_code;
}

static int run_start(cli_context *cli) {
  start_wish wish = {0};
  int exit_code = read_wish(cli, &wish);
  if (!exit_code) exit_code = start(cli, &wish);
  free_wish(&wish);
  return exit_code;
}

static int run_finish(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_run *run = NULL;
  /* "running" is no end. */
  const char *const *ends = cli_run_statuses + MR_RUN_STATUS_RUNNING;
  int32_t end = MR_RUN_STATUS_FINISHED - MR_RUN_STATUS_RUNNING;
  int exit_code = cli_option_word(cli, "status", ends, &end);
  if (!exit_code) exit_code = cli_run_open(cli, &run);
  if (!exit_code && mr_run_finish(run, MR_RUN_STATUS_RUNNING + end, &error) != MR_OK)
    exit_code = cli_fail(cli, &error);
  if (!exit_code)
    exit_code = cli_run_say(cli, run, "Run %s is %s", mr_run_info(run)->id, ends[end - 1]);
  mr_run_free(run);
  return exit_code;
}

static const cli_option run_start_options[] = {
    {"experiment", 'e', "NAME", "The experiment; made when it does not exist"},
    {"name", '\0', "NAME", "A name for people; need not be unique"},
    {"kind", '\0', "KIND", "training (the default) or evaluation"},
    {"param", 'p', "KEY=VALUE...", "A param; may be repeated"},
    {"tag", 't', "KEY=VALUE...", "A tag; may be repeated"},
    {"input", 'i', "ROLE=WHAT...", "What it uses, and what for; may be repeated"},
    {"parent", '\0', "RUN", "The run that it is part of, such as a sweep"},
    {"commit", '\0', "COMMIT", "Commit of the source code"},
    {"clean", '\0', NULL, "The source is as the commit says"},
    {"dirty", '\0', NULL, "The source has changes that are not in the commit"},
    {"entry-point", '\0', "TEXT", "Program or script that runs"},
    {"host", '\0', "HOST", "Where it runs"},
    {"packages-digest", '\0', "TEXT", "Digest of the list of installed packages"},
    {"image-digest", '\0', "TEXT", "Digest of the container image"},
    {"quiet", 'q', NULL, "Print the run's id alone"},
    {NULL, '\0', NULL, NULL},
};

static const cli_option run_finish_options[] = {
    {"status", '\0', "STATUS", "finished (the default), failed or killed"},
    CLI_RUN_QUIET,
    {NULL, '\0', NULL, NULL},
};

const cli_command cli_run_start_commands[] = {
    {"run start", "--experiment NAME", 0, 0, "Start a run",
     "It goes on until 'run finish', also when this command has ended.\n" CLI_INPUT_HELP
     "What is wrong with the command line, and a WHAT that is not there, is found before the run\n"
     "is started. Where something fails after that, the run is ended as failed.\n",
     "modelreg -r registry.db run start --experiment digits --param lr=0.1 --quiet",
     run_start_options, run_start},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};

const cli_command cli_run_finish_commands[] = {
    {"run finish", "RUN", 1, 1, "End a run",
     "Everything logged on it so far survives a loss of power when this is done. The same status\n"
     "again is fine, another one is not.\n",
     "modelreg -r registry.db run finish 01980000-0000-7000-8000-000000000000", run_finish_options,
     run_finish},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
