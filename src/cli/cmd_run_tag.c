/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg run tag. */
#include "cli/cli_commands.h"
#include "cli/cli_options.h"
#include "cli/cli_pages.h"
#include "cli/cli_pairs.h"
#include "cli/cli_rehearsal.h"
#include "cli/cli_text.h"
#include "cli/cmd_run.h"

#include <string.h>

/* What the command line asks for. */
typedef struct tag_wish {
  cli_pairs set;
  /* Without values. */
  cli_pairs deleted;
} tag_wish;

static int read_wish(const cli_context *cli, tag_wish *wish) {
  if (cli->operand_count < 2 && !cli_option_value(cli, "delete"))
    return cli_usage_error(cli, "KEY=VALUE is missing, or --delete KEY");
  int exit_code = cli_pairs_from_operands(cli, 1, "KEY=VALUE", &wish->set);
  if (!exit_code) exit_code = cli_pairs_check_unique(cli, &wish->set);
  cli_pairs_of_keys(cli, "delete", &wish->deleted);
  if (!exit_code) exit_code = cli_pairs_check_unique(cli, &wish->deleted);
  for (size_t i = 0; i < wish->deleted.count && !exit_code; i++) {
    const char *key = wish->deleted.keys[i];
    if (cli_pairs_have(&wish->set, key))
      exit_code = cli_usage_error(cli, "the tag '%s' cannot be both set and deleted", key);
  }
  return exit_code;
}

/* Whether the library takes the keys and the values. */
static mr_status rehearse(const tag_wish *wish, mr_error *error) {
  cli_rehearsal rehearsal;
  mr_run *run = NULL;
  mr_status status = cli_rehearsal_begin("rehearsal", &rehearsal, error);
  if (status == MR_OK) status = mr_experiment_start_run(rehearsal.experiment, NULL, &run, error);
  for (size_t i = 0; i < wish->set.count && status == MR_OK; i++)
    status = mr_run_set_tag(run, wish->set.keys[i], wish->set.values[i], error);
  for (size_t i = 0; i < wish->deleted.count && status == MR_OK; i++)
    status = mr_run_set_tag(run, wish->deleted.keys[i], "", error);
  mr_run_free(run);
  cli_rehearsal_end(&rehearsal);
  return status;
}

typedef struct tag_search {
  const char *key;
  bool is_found;
} tag_search;

/* A visitor of tags. */
static void match_tag(void *ctx, const mr_property_record *record) {
  tag_search *search = ctx;
  search->is_found = search->is_found || strcmp(record->key, search->key) == 0;
}

/* Whether everything can be done, before anything is. */
static int check(const cli_context *cli, mr_run *run, const tag_wish *wish) {
  mr_error error = MR_ERROR_INIT;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  if (rehearse(wish, &error) != MR_OK) return cli_fail(cli, &error);
  for (size_t i = 0; i < wish->deleted.count; i++) {
    tag_search search = {wish->deleted.keys[i], false};
    if (cli_each_tag(run, &options, match_tag, &search, &error) != MR_OK)
      return cli_fail(cli, &error);
    if (search.is_found) continue;
    cli_complain("run %s has no tag '%s'; nothing was changed", mr_run_info(run)->id, search.key);
    return CLI_NOT_FOUND;
  }
  return CLI_DONE;
}

/* Each tag is a change of its own; `done` counts them. */
static mr_status change(mr_run *run, const tag_wish *wish, size_t *done, mr_error *error) {
  mr_status status = MR_OK;
  for (size_t i = 0; i < wish->deleted.count && status == MR_OK; i++) {
    status = mr_run_delete_tag(run, wish->deleted.keys[i], error);
    if (status == MR_OK) (*done)++;
  }
  for (size_t i = 0; i < wish->set.count && status == MR_OK; i++) {
    status = mr_run_set_tag(run, wish->set.keys[i], wish->set.values[i], error);
    if (status == MR_OK) (*done)++;
  }
  return status;
}

static int tag(cli_context *cli, const tag_wish *wish) {
  mr_error error = MR_ERROR_INIT;
  mr_run *run = NULL;
  size_t done = 0;
  int exit_code = cli_run_open(cli, &run);
  if (!exit_code) exit_code = check(cli, run, wish);
  /* An interruption waits until all tags are changed. */
  cli_interruptible();
  if (!exit_code && change(run, wish, &done, &error) != MR_OK) {
    exit_code = cli_fail(cli, &error);
    if (done > 0)
      cli_complain("%zu tag%s had been changed before that", done, cli_plural((int64_t)done));
  } else if (!exit_code) {
    exit_code = cli_run_say(cli, run, "Changed %zu tag%s of run %s", done,
                            cli_plural((int64_t)done), mr_run_info(run)->id);
  }
  mr_run_free(run);
  return exit_code;
}

static int run_tag(cli_context *cli) {
  tag_wish wish = {{0}, {0}};
  int exit_code = read_wish(cli, &wish);
  if (!exit_code) exit_code = tag(cli, &wish);
  cli_pairs_free(&wish.set);
  cli_pairs_free(&wish.deleted);
  return exit_code;
}

static const cli_option run_tag_options[] = {
    {"delete", 'd', "KEY...", "Delete this tag; may be repeated"},
    CLI_RUN_QUIET,
    {NULL, '\0', NULL, NULL},
};

const cli_command cli_run_tag_commands[] = {
    {"run tag", "RUN [KEY=VALUE...]", 1, CLI_ANY, "Set and delete tags of a run",
     "A new value replaces the old one. Nothing is changed when a key or a value is wrong, or "
     "when\n"
     "a tag to delete is not there. Tags of a sealed run can change, too.\n",
     "modelreg -r registry.db run tag 01980000-0000-7000-8000-000000000000 team=vision --delete "
     "wip",
     run_tag_options, run_tag},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
