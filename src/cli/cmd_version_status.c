/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg version deprecate, undeprecate, yank, unyank and delete. */
#include "cli/cli_commands.h"
#include "cli/cli_json.h"
#include "cli/cli_open.h"
#include "cli/cli_options.h"
#include "cli/cli_records.h"
#include "cli/cli_text.h"
#include "cli/cli_words.h"
#include "cli/cmd_version.h"

#include <stdio.h>

#define REPLACEMENT_OPTION                                                                         \
  { "replacement", '\0', "NUMBER", "The version to use in its place" }

static const cli_option deprecate_options[] = {
    {"reason", '\0', "TEXT", "Why: consumers read it"},
    REPLACEMENT_OPTION,
    {NULL, '\0', NULL, NULL},
};

static const cli_option yank_options[] = {
    {"reason", '\0', "TEXT", "Why: consumers read it"},
    REPLACEMENT_OPTION,
    {"channels", '\0', "HOW", "What becomes of channels: replace (the default), rollback, clear"},
    {NULL, '\0', NULL, NULL},
};

static const cli_option reason_options[] = {
    {"reason", '\0', "TEXT", "Why"},
    {NULL, '\0', NULL, NULL},
};

/* Changes the version; what it needs of the command line has been looked at. */
typedef mr_status change_version(const cli_context *cli, mr_version *version, mr_error *error);

static mr_status deprecate(const cli_context *cli, mr_version *version, mr_error *error) {
  mr_deprecate_options options = MR_DEPRECATE_OPTIONS_INIT;
  options.reason = cli_option_value(cli, "reason");
  options.replacement = cli_option_value(cli, "replacement");
  options.cancel = cli_interruptible();
  return mr_version_deprecate(version, &options, error);
}

static mr_status undeprecate(const cli_context *cli, mr_version *version, mr_error *error) {
  return mr_version_undeprecate(version, cli_option_value(cli, "reason"), error);
}

static mr_status yank(const cli_context *cli, mr_version *version, mr_error *error) {
  mr_yank_options options = MR_YANK_OPTIONS_INIT;
  int32_t word = 1;
  (void)cli_option_word(cli, "channels", cli_yanked_channels, &word);
  options.channels = word - 1;
  options.reason = cli_option_value(cli, "reason");
  options.replacement = cli_option_value(cli, "replacement");
  options.cancel = cli_interruptible();
  return mr_version_yank(version, &options, error);
}

static mr_status unyank(const cli_context *cli, mr_version *version, mr_error *error) {
  return mr_version_unyank(version, cli_option_value(cli, "reason"), error);
}

static mr_status delete_version(const cli_context *cli, mr_version *version, mr_error *error) {
  return mr_version_delete(version, cli_option_value(cli, "reason"), error);
}

static void print_text(const mr_version_record *record, const char *status) {
  cli_put(stdout, record->model);
  fputc(' ', stdout);
  cli_put(stdout, record->number);
  printf(" %s\n", status);
}

/* Opens the version again, to print what it is now. */
static mr_status print_version(const cli_context *cli, mr_model *model, const char *number,
                               mr_error *error) {
  mr_version *version = NULL;
  mr_status status = mr_model_open_version(model, number, &version, error);
  if (status == MR_OK && cli->json) status = cli_version_json(stdout, version, error);
  if (status == MR_OK && !cli->json) {
    const mr_version_record *record = mr_version_info(version);
    print_text(record, cli_word(cli_version_statuses, record->status));
  }
  mr_version_free(version);
  return status;
}

static void print_deleted(const cli_context *cli, const mr_version_record *record) {
  if (!cli->json) {
    print_text(record, "deleted");
    return;
  }
  cli_json json = cli_json_new(stdout);
  cli_json_begin_object(&json, NULL);
  cli_json_text(&json, "model", record->model);
  cli_json_text(&json, "number", record->number);
  cli_json_text(&json, "id", record->id);
  cli_json_text(&json, "run_id", record->run_id);
  cli_json_bool(&json, "deleted", true);
  cli_json_end_object(&json);
}

static int change(cli_context *cli, bool needs_reason, change_version *how) {
  mr_error error = MR_ERROR_INIT;
  mr_model *model = NULL;
  mr_version *version = NULL;
  if (needs_reason && !cli_option_value(cli, "reason"))
    return cli_usage_error(cli, "say why: --reason TEXT");
  int exit_code = cli_check_version_operand(cli, cli->operands[0]);
  if (!exit_code) exit_code = cli_open_with(cli, 0);
  if (!exit_code) exit_code = cli_open_version(cli, cli->operands[0], &model, &version);
  if (exit_code) {
    mr_model_free(model);
    return exit_code;
  }
  mr_status status = how(cli, version, &error);
  if (status == MR_OK && how == delete_version) {
    print_deleted(cli, mr_version_info(version));
  } else if (status == MR_OK) {
    status = print_version(cli, model, mr_version_info(version)->number, &error);
  }
  mr_version_free(version);
  mr_model_free(model);
  return status == MR_OK ? CLI_DONE : cli_fail(cli, &error);
}

static int version_deprecate(cli_context *cli) {
  return change(cli, true, deprecate);
}

static int version_undeprecate(cli_context *cli) {
  return change(cli, false, undeprecate);
}

static int version_yank(cli_context *cli) {
  int32_t word = 0;
  int exit_code = cli_option_word(cli, "channels", cli_yanked_channels, &word);
  return exit_code ? exit_code : change(cli, true, yank);
}

static int version_unyank(cli_context *cli) {
  return change(cli, false, unyank);
}

static int version_delete(cli_context *cli) {
  return change(cli, true, delete_version);
}

const cli_command cli_version_status_commands[] = {
    {"version deprecate", "MODEL@NUMBER --reason TEXT", 1, 1, "Advise against a version",
     "It still resolves, with a warning; latest and ranges prefer others.\n",
     "modelreg -r registry.db version deprecate digits@1.0.0 --reason slow --replacement 1.1.0",
     deprecate_options, version_deprecate},
    {"version undeprecate", "MODEL@NUMBER", 1, 1, "Make a deprecated version active again", "",
     "modelreg -r registry.db version undeprecate digits@1.0.0", reason_options,
     version_undeprecate},
    {"version yank", "MODEL@NUMBER --reason TEXT", 1, 1, "Take a version out of use",
     "Latest and ranges skip it; who pins it gets a warning with the reason. Channels that hold "
     "it\n"
     "move to the replacement, through their gates, or with --channels go back or are cleared.\n",
     "modelreg -r registry.db version yank digits@1.1.0 --reason leak --channels "
     "rollback",
     yank_options, version_yank},
    {"version unyank", "MODEL@NUMBER", 1, 1, "Make a yanked version what it was before",
     "Channels stay as they are.\n", "modelreg -r registry.db version unyank digits@1.1.0",
     reason_options, version_unyank},
    {"version delete", "MODEL@NUMBER --reason TEXT", 1, 1, "Delete a version that nothing needs",
     "Its number is never used again. The run stays, and can be promoted to another number.\n",
     "modelreg -r registry.db version delete digits@1.1.0-rc.0 --reason mistake", reason_options,
     version_delete},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
