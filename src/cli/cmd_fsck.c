/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg fsck. */
#include "cli/cli_commands.h"
#include "cli/cli_json.h"
#include "cli/cli_memory.h"
#include "cli/cli_open.h"
#include "cli/cli_options.h"
#include "cli/cli_table.h"
#include "cli/cli_text.h"
#include "cli/cli_words.h"

#include <inttypes.h>
#include <stdio.h>

static const cli_option fsck_options[] = {
    {"quick", '\0', NULL, "Look only whether stored content is there, without reading it"},
    {"repair", '\0', NULL, "Mend what can be mended without losing anything"},
    {"limit", 'n', "NUMBER", "List at most this many findings, 1000 unless said; all are counted"},
    {NULL, '\0', NULL, NULL},
};

/* What to do about a database that cannot even be opened, or not be read to its end. */
static const char replace[] =
    "if it is your registry, move it and its folder .d away and put a backup in their place; "
    "'sqlite3 FILE .recover' prints what can still be read of it";

static const char rebuild[] =
    "fsck --repair rebuilds indexes; where that does not help, put a backup in its place";

/* What is printed: the findings of the library, or the one that it cannot look. */
typedef struct check_result {
  mr_fsck_record sums;
  const mr_fsck *fsck;
  mr_finding_record alone;
} check_result;

static int64_t listed(const check_result *result) {
  return result->fsck ? mr_fsck_count(result->fsck) : 1;
}

static const mr_finding_record *finding_at(const check_result *result, int64_t index) {
  return result->fsck ? mr_fsck_at(result->fsck, index) : &result->alone;
}

static void print_json(const check_result *result, const char *driver_version) {
  cli_json json = cli_json_new(stdout);
  cli_json_begin_object(&json, NULL);
  cli_json_int(&json, "row_count", result->sums.row_count);
  cli_json_int(&json, "blob_count", result->sums.blob_count);
  cli_json_int(&json, "total_size", result->sums.total_size);
  cli_json_int(&json, "error_count", result->sums.error_count);
  cli_json_int(&json, "note_count", result->sums.note_count);
  cli_json_int(&json, "repaired_count", result->sums.repaired_count);
  cli_json_text(&json, "driver_version", driver_version);
  cli_json_begin_array(&json, "findings");
  for (int64_t i = 0; i < listed(result); i++) {
    const mr_finding_record *finding = finding_at(result, i);
    cli_json_begin_object(&json, NULL);
    cli_json_text(&json, "finding", cli_word(cli_findings, finding->finding));
    cli_json_bool(&json, "is_note", finding->is_note != 0);
    cli_json_bool(&json, "repaired", finding->repaired != 0);
    cli_json_text(&json, "object", finding->object);
    cli_json_text(&json, "message", finding->message);
    cli_json_text(&json, "remedy", finding->remedy);
    cli_json_end_object(&json);
  }
  cli_json_end_array(&json);
  cli_json_end_object(&json);
}

static const char *state_of(const mr_finding_record *finding) {
  if (finding->repaired) return "repaired";
  return finding->is_note ? "note" : "error";
}

/* Each with what to do about it in a line below, unless that is done. */
static void print_findings(const check_result *result) {
  static const cli_column columns[] = {
      {"FOUND", CLI_STATUS}, {"KIND", CLI_LEFT}, {"WHAT", CLI_WRAP}};
  cli_table table = cli_table_new(columns, sizeof columns / sizeof *columns);
  for (int64_t i = 0; i < listed(result); i++) {
    const mr_finding_record *finding = finding_at(result, i);
    char *what = cli_format("%s: %s", finding->object, finding->message);
    cli_table_text(&table, state_of(finding));
    cli_table_text(&table, cli_word(cli_findings, finding->finding));
    cli_table_text(&table, what);
    cli_free(what);
    if (finding->repaired) continue;
    what = cli_format("-> %s", finding->remedy);
    cli_table_text(&table, "");
    cli_table_text(&table, "");
    cli_table_text(&table, what);
    cli_free(what);
  }
  if (table.cell_count > 0) cli_table_print(&table, stdout, 0, cli_columns());
  cli_table_free(&table);
}

static void put_count(int64_t count, const char *word) {
  printf("%" PRId64 " %s%s", count, word, cli_plural(count));
}

static void print_text(const check_result *result) {
  const mr_fsck_record *sums = &result->sums;
  int64_t left = sums->error_count + sums->note_count + sums->repaired_count - listed(result);
  char size[CLI_NUMBER_SIZE];
  print_findings(result);
  if (left > 0) printf("%" PRId64 " more; --limit says how many are listed\n", left);
  cli_size(size, sums->total_size);
  put_count(sums->row_count, "row");
  fputs(" and ", stdout);
  put_count(sums->blob_count, "stored file");
  printf(" looked at, %s read: ", size);
  put_count(sums->error_count, "error");
  fputs(", ", stdout);
  put_count(sums->note_count, "note");
  printf(", %" PRId64 " repaired\n", sums->repaired_count);
}

/* NULL when none is listed. */
static const mr_finding_record *first_error(const check_result *result) {
  for (int64_t i = 0; i < listed(result); i++) {
    const mr_finding_record *finding = finding_at(result, i);
    if (!finding->is_note && !finding->repaired) return finding;
  }
  return NULL;
}

static void print_result(const cli_context *cli, const check_result *result) {
  const mr_registry_record *info = mr_registry_info(cli->registry);
  if (cli->json) {
    print_json(result, info ? info->driver_version : NULL);
  } else {
    print_text(result);
  }
  /* Where both go to one place the findings come before the complaint. */
  fflush(stdout);
}

/* Prints the findings and says what to exit with. */
static int finish(const cli_context *cli, const check_result *result) {
  int64_t errors = result->sums.error_count;
  print_result(cli, result);
  if (errors == 0) return CLI_DONE;
  const mr_finding_record *first = first_error(result);
  cli_complain("%s is damaged: %" PRId64 " error%s%s%s", cli->registry_uri, errors,
               cli_plural(errors), first ? ", the first in " : "", first ? first->object : "");
  return CLI_UNVERIFIED;
}

/* What is so damaged that nothing can be looked at is one finding. */
static int finish_unreadable(const cli_context *cli, const mr_error *error, const char *remedy) {
  char *reason = cli_open_reason(cli, error);
  check_result result = {
      .sums = {.struct_size = sizeof result.sums, .error_count = 1},
      .alone = {.struct_size = sizeof result.alone,
                .finding = MR_FINDING_DATABASE,
                .object = cli->registry_uri,
                .message = reason,
                .remedy = remedy},
  };
  print_result(cli, &result);
  cli_free(reason);
  cli_complain("%s cannot be checked: it is damaged, or no registry", cli->registry_uri);
  return CLI_UNVERIFIED;
}

static int fsck(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_open_options open_options = MR_OPEN_OPTIONS_INIT;
  mr_fsck_options options = MR_FSCK_OPTIONS_INIT;
  check_result result = {.fsck = NULL};
  mr_fsck *fsck = NULL;
  bool is_repair = cli_option_value(cli, "repair") != NULL;
  if (is_repair) options.flags |= MR_FSCK_REPAIR;
  if (cli_option_value(cli, "quick")) options.flags |= MR_FSCK_QUICK;
  int exit_code = cli_option_count(cli, "limit", &options.limit);
  if (exit_code) return exit_code;
  exit_code = cli_check_registry(cli);
  if (exit_code) return exit_code;
  open_options.flags = is_repair ? 0 : MR_OPEN_READ_ONLY;
  mr_status status = mr_registry_open(cli->registry_uri, &open_options, &cli->registry, &error);
  if (status == MR_CORRUPT) return finish_unreadable(cli, &error, replace);
  if (status != MR_OK) return cli_fail_to_open(cli, &error);
  options.cancel = cli_interruptible();
  status = mr_registry_fsck(cli->registry, &options, &fsck, &error);
  if (status == MR_OK) {
    result.fsck = fsck;
    result.sums = *mr_fsck_info(fsck);
    exit_code = finish(cli, &result);
  } else {
    exit_code = status == MR_CORRUPT ? finish_unreadable(cli, &error, is_repair ? replace : rebuild)
                                     : cli_fail(cli, &error);
  }
  mr_fsck_free(fsck);
  return exit_code;
}

const cli_command cli_fsck_commands[] = {
    {"fsck", "", 0, 0, "Check that the registry is whole",
     "Looks at every row, at the stored content and at the database itself, while others go on\n"
     "writing. Exits with 6 when there is an error; notes harm nothing. --repair mends what is\n"
     "derived from other rows and removes what interrupted writers left behind; everything else\n"
     "needs a backup.\n",
     "modelreg -r registry.db fsck --json", fsck_options, fsck},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
