/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg resolve, fetch and verify: what a consumer needs. */
#include "cli/cli_commands.h"
#include "cli/cli_json.h"
#include "cli/cli_memory.h"
#include "cli/cli_open.h"
#include "cli/cli_options.h"
#include "cli/cli_records.h"
#include "cli/cli_report.h"
#include "cli/cli_text.h"

#include <stdio.h>

/* How a reference is read, in every command that takes one. */
#define RESOLVE_OPTIONS                                                                            \
  {"as-of", '\0', "TIME", "Answer as of a time: 2026-07-03T12:34:56Z, or Unix microseconds"}, {    \
    "prereleases", '\0', NULL, "Let latest and ranges find prereleases"                            \
  }

static const cli_option resolve_options[] = {
    RESOLVE_OPTIONS,
    {NULL, '\0', NULL, NULL},
};

static const cli_option fetch_options[] = {
    {"output", 'o', "FOLDER", "Where to write; made when it does not exist"},
    RESOLVE_OPTIONS,
    {NULL, '\0', NULL, NULL},
};

static const cli_option verify_options[] = {
    {"allow-extra", '\0', NULL, "Files that the version does not have are no problem"},
    RESOLVE_OPTIONS,
    {NULL, '\0', NULL, NULL},
};

/* Opens the registry and resolves the first operand. The version may carry warnings, which go to
 * standard error unless they are part of JSON. */
static int resolve_operand(cli_context *cli, mr_version **out_version) {
  mr_error error = MR_ERROR_INIT;
  mr_resolve_options options = MR_RESOLVE_OPTIONS_INIT;
  if (cli_option_value(cli, "prereleases")) options.flags = MR_RESOLVE_PRERELEASES;
  int exit_code = cli_option_past_time(cli, "as-of", &options.as_of_us);
  if (!exit_code) exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  if (mr_registry_resolve(cli->registry, cli->operands[0], &options, out_version, &error) != MR_OK)
    return cli_fail(cli, &error);
  const mr_version_record *record = mr_version_info(*out_version);
  for (int64_t i = 0; i < record->warning_count && !cli->json; i++) cli_warn(record->warnings[i]);
  return CLI_DONE;
}

static void put_name(const mr_version_record *record) {
  cli_put(stdout, record->model);
  fputc('@', stdout);
  cli_put(stdout, record->number);
}

static int resolve(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_version *version = NULL;
  int exit_code = resolve_operand(cli, &version);
  if (exit_code) return exit_code;
  if (!cli->json) {
    put_name(mr_version_info(version));
    fputc('\n', stdout);
  } else if (cli_version_json(stdout, version, &error) != MR_OK) {
    exit_code = cli_fail(cli, &error);
  }
  mr_version_free(version);
  return exit_code;
}

static void report_json(const mr_version_record *record, const char *folder,
                        const mr_report *report) {
  cli_json json = cli_json_new(stdout);
  cli_json_begin_object(&json, NULL);
  cli_json_text(&json, "model", record->model);
  cli_json_text(&json, "number", record->number);
  cli_json_text(&json, "digest", record->digest);
  cli_json_text(&json, "folder", folder);
  cli_report_fields(&json, report);
  cli_json_begin_array(&json, "warnings");
  for (int64_t i = 0; i < record->warning_count; i++)
    cli_json_text(&json, NULL, record->warnings[i]);
  cli_json_end_array(&json);
  cli_json_end_object(&json);
}

/* Prints the report and says what to exit with. */
static int finish(const cli_context *cli, mr_version *version, const char *folder, const char *done,
                  const mr_report *report) {
  const mr_version_record *record = mr_version_info(version);
  if (cli->json) {
    report_json(record, folder, report);
  } else {
    put_name(record);
    fputs(": ", stdout);
    cli_report_print(report, "file", done, folder ? folder : "the registry");
  }
  char *name = cli_format("%s@%s", record->model, record->number);
  int exit_code = cli_report_end(report, folder ? folder : "the registry's copy", name);
  cli_free(name);
  return exit_code;
}

static int fetch(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_fetch_options options = MR_FETCH_OPTIONS_INIT;
  mr_version *version = NULL;
  mr_report *report = NULL;
  const char *folder = cli_option_value(cli, "output");
  if (!folder) return cli_usage_error(cli, "say where to write: --output FOLDER");
  int exit_code = cli_check_given(cli, "output");
  if (!exit_code) exit_code = resolve_operand(cli, &version);
  if (exit_code) return exit_code;
  options.cancel = cli_interruptible();
  if (mr_version_fetch(version, folder, &options, &report, &error) == MR_OK) {
    exit_code = finish(cli, version, folder, "in", report);
  } else {
    exit_code = cli_fail(cli, &error);
    /* The version is there; it is the registry that has lost a file of it. */
    if (exit_code == CLI_NOT_FOUND) exit_code = CLI_REGISTRY;
  }
  mr_report_free(report);
  mr_version_free(version);
  return exit_code;
}

static int verify(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_verify_options options = MR_VERIFY_OPTIONS_INIT;
  mr_version *version = NULL;
  mr_report *report = NULL;
  const char *folder = cli->operand_count > 1 ? cli->operands[1] : NULL;
  if (cli_option_value(cli, "allow-extra")) options.flags = MR_VERIFY_ALLOW_EXTRA;
  if (!folder && options.flags)
    return cli_usage_error(cli, "--allow-extra is about a folder: name it behind the reference");
  int exit_code = resolve_operand(cli, &version);
  if (exit_code) return exit_code;
  options.cancel = cli_interruptible();
  if (mr_version_verify(version, folder, &options, &report, &error) == MR_OK) {
    exit_code = finish(cli, version, folder, "looked at in", report);
  } else {
    exit_code = cli_fail(cli, &error);
  }
  mr_report_free(report);
  mr_version_free(version);
  return exit_code;
}

const cli_command cli_consumer_commands[] = {
    {"resolve", "REFERENCE", 1, 1, "Print the version that a reference names",
     "A reference is MODEL or MODEL@SELECTOR; the selector is latest (the default), a number, a\n"
     "range in npm's syntax such as '^1.2', a channel, or 12 and more digits of the digest of the\n"
     "artifacts. What a consumer should know about the version goes to standard error.\n",
     "modelreg -r registry.db resolve digits@production --json", resolve_options, resolve},
    {"fetch", "REFERENCE -o FOLDER", 1, 1, "Write the artifacts of a version into a folder",
     "Every file is verified while it is copied. Files that are right already stay; others in the\n"
     "folder are left alone.\n",
     "modelreg -r registry.db fetch digits@production -o model/", fetch_options, fetch},
    {"verify", "REFERENCE [FOLDER]", 1, 2, "Compare a folder with a version",
     "Without a folder the copies that the registry keeps are read and verified. Exits with 6 "
     "when\n"
     "a file is missing, changed, unreadable or extra.\n",
     "modelreg -r registry.db verify digits@production model/", verify_options, verify},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
