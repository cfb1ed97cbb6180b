/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg dataset diff. */
#include "cli/cli_open.h"
#include "cli/cmd_dataset.h"

#include "cli/cli_commands.h"
#include "cli/cli_table.h"
#include "cli/cli_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const cli_option diff_options[] = {
    CLI_DATASET_PATTERNS,
    {NULL, '\0', NULL, NULL},
};

typedef enum file_change { ADDED, REMOVED, CHANGED, SAME, CHANGE_COUNT } file_change;

static const char *const words[] = {"added", "removed", "changed"};

typedef struct file_pair {
  /* NULL: it is not there. */
  const mr_manifest_entry_record *before;
  const mr_manifest_entry_record *after;
} file_pair;

/* Takes the next path of two lists in the order of their paths; false at the end of both. */
static bool next_pair(const mr_manifest *a, const mr_manifest *b, int64_t at[2], file_pair *out) {
  out->before = mr_manifest_at(a, at[0]);
  out->after = mr_manifest_at(b, at[1]);
  if (out->before && out->after) {
    int order = strcmp(out->before->path, out->after->path);
    if (order < 0) out->after = NULL;
    if (order > 0) out->before = NULL;
  }
  at[0] += out->before != NULL;
  at[1] += out->after != NULL;
  return out->before || out->after;
}

static file_change change_of(const file_pair *pair) {
  if (!pair->before) return ADDED;
  if (!pair->after) return REMOVED;
  return strcmp(pair->before->digest, pair->after->digest) == 0 ? SAME : CHANGED;
}

static void pair_json(cli_json *json, const file_pair *pair) {
  const mr_manifest_entry_record *file = pair->after ? pair->after : pair->before;
  cli_json_begin_object(json, NULL);
  cli_json_text(json, "path", file->path);
  cli_json_text(json, "digest", file->digest);
  cli_json_int(json, "size", file->size);
  if (pair->before && pair->after) {
    cli_json_text(json, "previous_digest", pair->before->digest);
    cli_json_int(json, "previous_size", pair->before->size);
  }
  cli_json_end_object(json);
}

static void print_json(const mr_manifest *a, const mr_manifest *b) {
  cli_json json = cli_json_new(stdout);
  cli_json_begin_object(&json, NULL);
  for (int change = ADDED; change <= CHANGED; change++) {
    int64_t at[2] = {0, 0};
    file_pair pair;
    cli_json_begin_array(&json, words[change]);
    while (next_pair(a, b, at, &pair))
      if ((int)change_of(&pair) == change) pair_json(&json, &pair);
    cli_json_end_array(&json);
  }
  cli_json_end_object(&json);
}

static void print_text(const mr_manifest *a, const mr_manifest *b) {
  static const cli_column columns[] = {
      {"CHANGE", CLI_LEFT}, {"BEFORE", CLI_RIGHT}, {"AFTER", CLI_RIGHT}, {"PATH", CLI_LEFT}};
  cli_table table = cli_table_new(columns, sizeof columns / sizeof *columns);
  int64_t counts[CHANGE_COUNT] = {0};
  int64_t at[2] = {0, 0};
  file_pair pair;
  while (next_pair(a, b, at, &pair)) {
    const mr_manifest_entry_record *sides[] = {pair.before, pair.after};
    file_change change = change_of(&pair);
    counts[change]++;
    if (change == SAME) continue;
    cli_table_text(&table, words[change]);
    for (int side = 0; side < 2; side++) {
      if (sides[side]) cli_table_size(&table, sides[side]->size);
      if (!sides[side]) cli_table_text(&table, "-");
    }
    cli_table_text(&table, pair.after ? pair.after->path : pair.before->path);
  }
  if (table.cell_count > 0) cli_table_print(&table, stdout, 0, 0);
  cli_table_free(&table);
  printf("%" PRId64 " added, %" PRId64 " removed, %" PRId64 " changed, %" PRId64 " the same\n",
         counts[ADDED], counts[REMOVED], counts[CHANGED], counts[SAME]);
}

/* The files of a dataset, or of the folder that an operand names, in the order of their paths. */
static int read_side(cli_context *cli, const char *operand, mr_manifest **out_manifest) {
  mr_error error = MR_ERROR_INIT;
  mr_dataset *dataset = NULL;
  const char *digest = NULL;
  bool is_folder = !cli_is_digest(operand) && !cli_is_id(operand);
  int exit_code = is_folder || cli->registry ? CLI_DONE : cli_open(cli);
  if (!exit_code && is_folder) exit_code = cli_dataset_scan(cli, operand, out_manifest);
  if (!exit_code && !is_folder) {
    exit_code = cli_dataset_open(cli, operand, &dataset);
    if (!exit_code && mr_dataset_manifest(dataset, out_manifest, &error) != MR_OK)
      exit_code = cli_fail(cli, &error);
  }
  if (!exit_code && mr_manifest_digest(*out_manifest, &digest, &error) != MR_OK)
    exit_code = cli_fail(cli, &error);
  mr_dataset_free(dataset);
  return exit_code;
}

static int diff(cli_context *cli) {
  mr_manifest *before = NULL, *after = NULL;
  int exit_code = read_side(cli, cli->operands[0], &before);
  if (!exit_code) exit_code = read_side(cli, cli->operands[1], &after);
  if (!exit_code && cli->json) print_json(before, after);
  if (!exit_code && !cli->json) print_text(before, after);
  mr_manifest_free(before);
  mr_manifest_free(after);
  return exit_code;
}

const cli_command cli_dataset_diff_commands[] = {
    {"dataset diff", "BEFORE AFTER", 2, 2, "Compare two datasets or folders file by file",
     "Each is 12 or more hex digits of a dataset's digest, the id of its run, or else a folder;\n"
     "write ./NAME for a folder whose name looks like one of them. --include and --exclude say\n"
     "which files of folders count.\n",
     "modelreg -r registry.db dataset diff 01980000-0000-7000-8000-000000000000 data/",
     diff_options, diff},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
