/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg dataset list, show, verify and fetch. */
#include "cli/cmd_dataset.h"

#include "cli/cli_commands.h"
#include "cli/cli_list.h"
#include "cli/cli_memory.h"
#include "cli/cli_open.h"
#include "cli/cli_options.h"
#include "cli/cli_pages.h"
#include "cli/cli_records.h"
#include "cli/cli_report.h"
#include "cli/cli_table.h"
#include "cli/cli_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Digits of a digest that tell datasets apart. */
#define SHORT_DIGEST 12

static const cli_option list_options[] = {
    {"digest", '\0', NULL, "Print digests in full; else their first 12 digits"},
    {"limit", 'n', "NUMBER", "Stop after this many"},
    {NULL, '\0', NULL, NULL},
};

static const cli_option show_options[] = {
    {"files", '\0', NULL, "List the files, too"},
    {NULL, '\0', NULL, NULL},
};

static const cli_option verify_options[] = {
    {"allow-extra", '\0', NULL, "Files that the dataset does not have are no problem"},
    {NULL, '\0', NULL, NULL},
};

static const cli_option fetch_options[] = {
    {"output", 'o', "FOLDER", "Where to write; made when it does not exist"},
    {NULL, '\0', NULL, NULL},
};

static bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool cli_is_digest(const char *text) {
  size_t size = 0;
  while (is_hex(text[size])) size++;
  return !text[size] && size >= SHORT_DIGEST && size < CLI_DIGEST_SIZE;
}

bool cli_is_id(const char *text) {
  static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  size_t at = 0;
  for (; form[at]; at++)
    if (form[at] == 'x' ? !is_hex(text[at]) : text[at] != form[at]) return false;
  return !text[at];
}

typedef struct digest_search {
  const char *wanted;
  size_t size;
  char found[CLI_DIGEST_SIZE];
  char other[CLI_DIGEST_SIZE];
} digest_search;

/* A visitor of datasets. */
static void match_digest(void *ctx, const mr_dataset_record *record) {
  digest_search *search = ctx;
  if (strncmp(record->digest, search->wanted, search->size) != 0) return;
  if (strcmp(record->digest, search->found) == 0) return;
  snprintf(search->found[0] ? search->other : search->found, CLI_DIGEST_SIZE, "%s", record->digest);
}

int cli_dataset_digest(const cli_context *cli, const char *text, char out[CLI_DIGEST_SIZE]) {
  mr_error error = MR_ERROR_INIT;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  digest_search search = {out, strlen(text), "", ""};
  for (size_t i = 0; i <= search.size; i++)
    out[i] = (char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] - 'A' + 'a' : text[i]);
  if (search.size + 1 == CLI_DIGEST_SIZE) return CLI_DONE;
  if (cli_each_dataset(cli->registry, &options, match_digest, &search, &error) != MR_OK)
    return cli_fail(cli, &error);
  if (!search.found[0]) {
    cli_complain("there is no dataset with a digest that begins with '%s'", text);
    return CLI_NOT_FOUND;
  }
  if (search.other[0]) {
    cli_complain("the digests of several datasets begin with '%s', such as %s and %s; give more "
                 "digits",
                 text, search.found, search.other);
    return CLI_REGISTRY;
  }
  memcpy(out, search.found, CLI_DIGEST_SIZE);
  return CLI_DONE;
}

int cli_dataset_open(const cli_context *cli, const char *operand, mr_dataset **out_dataset) {
  mr_error error = MR_ERROR_INIT;
  char digest[CLI_DIGEST_SIZE];
  mr_status status;
  if (cli_is_digest(operand)) {
    int exit_code = cli_dataset_digest(cli, operand, digest);
    if (exit_code) return exit_code;
    status = mr_registry_find_dataset(cli->registry, digest, out_dataset, &error);
  } else if (cli_is_id(operand)) {
    status = mr_registry_open_dataset(cli->registry, operand, out_dataset, &error);
  } else {
    return cli_usage_error(
        cli, "'%s' is neither the id of a run nor 12 or more hex digits of a digest", operand);
  }
  return status == MR_OK ? CLI_DONE : cli_fail(cli, &error);
}

static void dataset_fields(cli_json *json, const mr_dataset_record *record) {
  cli_json_text(json, "run_id", record->run_id);
  cli_json_text(json, "name", record->name);
  cli_json_text(json, "digest", record->digest);
  cli_json_bool(json, "frozen", record->frozen != 0);
  cli_json_int(json, "file_count", record->file_count);
  cli_json_int(json, "total_size", record->total_size);
  if (record->sample_count > 0) {
    cli_json_int(json, "sample_count", record->sample_count);
  } else {
    cli_json_text(json, "sample_count", NULL);
  }
  cli_json_text(json, "schema", record->schema);
  cli_json_text(json, "source_uri", record->source_uri);
  cli_json_text(json, "source_version", record->source_version);
  cli_json_text(json, "actor", record->actor);
  cli_json_time(json, "created_us", record->created_us);
}

typedef struct dataset_output {
  cli_list list;
  /* How much of a digest a table shows. */
  int digits;
} dataset_output;

static void dataset_json(void *ctx, const mr_dataset_record *record) {
  cli_json *json = &((dataset_output *)ctx)->list.json;
  cli_json_begin_object(json, NULL);
  dataset_fields(json, record);
  cli_json_end_object(json);
}

static const cli_column dataset_columns[] = {
    {"RUN", CLI_LEFT},   {"NAME", CLI_SHORTEN}, {"DIGEST", CLI_LEFT},   {"FILES", CLI_RIGHT},
    {"SIZE", CLI_RIGHT}, {"FROZEN", CLI_LEFT},  {"RECORDED", CLI_LEFT}, {"ACTOR", CLI_SHORTEN},
};

static void dataset_row(void *ctx, const mr_dataset_record *record) {
  dataset_output *output = ctx;
  cli_table *table = &output->list.table;
  char digest[CLI_DIGEST_SIZE];
  snprintf(digest, sizeof digest, "%.*s", output->digits, record->digest);
  cli_table_text(table, record->run_id);
  cli_table_text(table, record->name);
  cli_table_text(table, digest);
  cli_table_int(table, record->file_count);
  cli_table_size(table, record->total_size);
  cli_table_text(table, record->frozen ? "yes" : "no");
  cli_table_time(table, record->created_us);
  cli_table_text(table, record->actor);
}

static int list(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  int exit_code = cli_option_count(cli, "limit", &options.limit);
  if (!exit_code) exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  dataset_output output = {
      cli_list_begin(cli, dataset_columns, sizeof dataset_columns / sizeof *dataset_columns),
      cli_option_value(cli, "digest") ? CLI_DIGEST_SIZE - 1 : SHORT_DIGEST};
  mr_status status = cli_each_dataset(cli->registry, &options,
                                      cli->json ? dataset_json : dataset_row, &output, &error);
  return cli_list_end(cli, &output.list, status, &error);
}

static void show_json(const mr_dataset_record *record, const mr_manifest *files) {
  cli_json json = cli_json_new(stdout);
  cli_json_begin_object(&json, NULL);
  dataset_fields(&json, record);
  if (files) cli_json_begin_array(&json, "files");
  for (int64_t i = 0; i < mr_manifest_count(files); i++) {
    const mr_manifest_entry_record *file = mr_manifest_at(files, i);
    cli_json_begin_object(&json, NULL);
    cli_json_text(&json, "path", file->path);
    cli_json_text(&json, "digest", file->digest);
    cli_json_int(&json, "size", file->size);
    cli_json_end_object(&json);
  }
  if (files) cli_json_end_array(&json);
  cli_json_end_object(&json);
}

static void show_files(const mr_manifest *files) {
  static const cli_column columns[] = {
      {"PATH", CLI_SHORTEN}, {"SIZE", CLI_RIGHT}, {"DIGEST", CLI_LEFT}};
  cli_table table = cli_table_new(columns, sizeof columns / sizeof *columns);
  for (int64_t i = 0; i < mr_manifest_count(files); i++) {
    const mr_manifest_entry_record *file = mr_manifest_at(files, i);
    cli_table_text(&table, file->path);
    cli_table_size(&table, file->size);
    cli_table_text(&table, file->digest);
  }
  fputs("\nFiles\n", stdout);
  cli_table_print(&table, stdout, 2, cli_columns());
}

static void show_text(const mr_dataset_record *record) {
  cli_table table = cli_table_new(cli_pair_columns, 2);
  char files[2 * CLI_NUMBER_SIZE], size[CLI_NUMBER_SIZE];
  cli_size(size, record->total_size);
  snprintf(files, sizeof files, "%" PRId64 ", %s", record->file_count, size);
  cli_table_pair(&table, "Dataset", record->name);
  cli_table_pair(&table, "Digest", record->digest);
  cli_table_pair(&table, "Run", record->run_id);
  cli_table_pair(&table, "Files", files);
  cli_table_pair(&table, "Frozen", record->frozen ? "yes" : "no");
  if (record->sample_count > 0) {
    cli_table_text(&table, "Samples");
    cli_table_int(&table, record->sample_count);
  }
  cli_table_pair(&table, "Source", record->source_uri);
  cli_table_pair(&table, "Source version", record->source_version);
  cli_table_pair(&table, "Schema", record->schema);
  cli_table_pair(&table, "Actor", record->actor);
  cli_table_text(&table, "Recorded");
  cli_table_time(&table, record->created_us);
  cli_table_print(&table, stdout, 0, 0);
}

int cli_dataset_show(const cli_context *cli, mr_dataset *dataset, bool with_files) {
  mr_error error = MR_ERROR_INIT;
  mr_manifest *files = NULL;
  if (with_files && mr_dataset_manifest(dataset, &files, &error) != MR_OK)
    return cli_fail(cli, &error);
  const mr_dataset_record *record = mr_dataset_info(dataset);
  if (cli->json) {
    show_json(record, files);
  } else {
    show_text(record);
    if (files) show_files(files);
  }
  mr_manifest_free(files);
  return CLI_DONE;
}

static int show(cli_context *cli) {
  mr_dataset *dataset = NULL;
  int exit_code = cli_open(cli);
  if (!exit_code) exit_code = cli_dataset_open(cli, cli->operands[0], &dataset);
  if (!exit_code)
    exit_code = cli_dataset_show(cli, dataset, cli_option_value(cli, "files") != NULL);
  mr_dataset_free(dataset);
  return exit_code;
}

/* Prints the report and says what to exit with. */
static int finish(const cli_context *cli, const mr_dataset *dataset, const char *folder,
                  const char *done, const mr_report *report) {
  const mr_dataset_record *record = mr_dataset_info(dataset);
  if (cli->json) {
    cli_json json = cli_json_new(stdout);
    cli_json_begin_object(&json, NULL);
    cli_json_text(&json, "run_id", record->run_id);
    cli_json_text(&json, "name", record->name);
    cli_json_text(&json, "digest", record->digest);
    cli_json_text(&json, "folder", folder);
    cli_report_fields(&json, report);
    cli_json_end_object(&json);
  } else {
    cli_put(stdout, record->name);
    fputs(": ", stdout);
    cli_report_print(report, "file", done, folder);
  }
  char *name = cli_format("dataset %s", record->name);
  int exit_code = cli_report_end(report, folder, name);
  cli_free(name);
  return exit_code;
}

static int verify(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_verify_options options = MR_VERIFY_OPTIONS_INIT;
  mr_dataset *dataset = NULL;
  mr_report *report = NULL;
  const char *folder = cli->operands[1];
  if (cli_option_value(cli, "allow-extra")) options.flags = MR_VERIFY_ALLOW_EXTRA;
  int exit_code = cli_open(cli);
  if (!exit_code) exit_code = cli_dataset_open(cli, cli->operands[0], &dataset);
  if (!exit_code) {
    options.cancel = cli_interruptible();
    mr_status status = mr_dataset_verify(dataset, folder, &options, &report, &error);
    exit_code = status == MR_OK ? finish(cli, dataset, folder, "looked at in", report)
                                : cli_fail(cli, &error);
  }
  mr_report_free(report);
  mr_dataset_free(dataset);
  return exit_code;
}

static int fetch(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_fetch_options options = MR_FETCH_OPTIONS_INIT;
  mr_dataset *dataset = NULL;
  mr_report *report = NULL;
  const char *folder = cli_option_value(cli, "output");
  if (!folder) return cli_usage_error(cli, "say where to write: --output FOLDER");
  int exit_code = cli_check_given(cli, "output");
  if (!exit_code) exit_code = cli_open(cli);
  if (!exit_code) exit_code = cli_dataset_open(cli, cli->operands[0], &dataset);
  if (!exit_code) {
    options.cancel = cli_interruptible();
    mr_status status = mr_dataset_fetch(dataset, folder, &options, &report, &error);
    exit_code =
        status == MR_OK ? finish(cli, dataset, folder, "in", report) : cli_fail(cli, &error);
    /* The dataset is there; it is the registry that has lost a file of it. */
    if (status == MR_NOT_FOUND) exit_code = CLI_REGISTRY;
  }
  mr_report_free(report);
  mr_dataset_free(dataset);
  return exit_code;
}

#define NAMED "A dataset is named by 12 or more hex digits of its digest, or by the id of its run."

const cli_command cli_dataset_commands[] = {
    {"dataset list", "", 0, 0, "List dataset snapshots, the newest first", "",
     "modelreg -r registry.db dataset list --limit 20", list_options, list},
    {"dataset show", "DATASET", 1, 1, "Show a dataset with where it comes from",
     NAMED "\nOf several runs that recorded a digest the latest frozen one is shown, else the "
           "latest.\n",
     "modelreg -r registry.db dataset show 01980000-0000-7000-8000-000000000000 --files",
     show_options, show},
    {"dataset verify", "DATASET FOLDER", 2, 2, "Compare a folder with a dataset",
     NAMED "\nExits with 6 when a file is missing, changed, unreadable or extra.\n",
     "modelreg -r registry.db dataset verify 01980000-0000-7000-8000-000000000000 data/",
     verify_options, verify},
    {"dataset fetch", "DATASET -o FOLDER", 1, 1,
     "Write the files of a frozen dataset into a folder",
     NAMED "\nEvery file is verified while it is copied. Files that are right already stay; others "
           "in the\nfolder are left alone.\n",
     "modelreg -r registry.db dataset fetch 01980000-0000-7000-8000-000000000000 -o data/",
     fetch_options, fetch},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
