/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg run diff. */
#include "cli/cli_commands.h"
#include "cli/cli_memory.h"
#include "cli/cli_open.h"
#include "cli/cli_options.h"
#include "cli/cli_pages.h"
#include "cli/cli_text.h"
#include "cli/cli_words.h"
#include "cli/cmd_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One side of a line: what a run has under a key. */
typedef struct fact {
  char *key;
  char *text;
  /* Of metrics alone. */
  double number;
} fact;

typedef struct facts {
  fact *all;
  size_t count;
  size_t room;
} facts;

enum { PARAMS, TAGS, METRICS, INPUTS, ARTIFACTS, SOURCE, ENVIRONMENT, PART_COUNT };

/* As JSON and as the table name them. */
static const char *const part_names[PART_COUNT][2] = {
    {"params", "param"},
    {"tags", "tag"},
    {"metrics", "metric"},
    {"inputs", "input"},
    {"artifacts", "artifact"},
    {"source", "source"},
    {"environment", "environment"},
};

/* All that is compared of one run. */
typedef struct profile {
  facts parts[PART_COUNT];
} profile;

static char *copy_of(const char *text) {
  return cli_copy(text, strlen(text));
}

/* Takes `text` over. */
static void add_taken(facts *list, const char *key, char *text, double number) {
  if (list->count == list->room) {
    list->room = list->room > 0 ? 2 * list->room : 16;
    list->all = cli_resize(list->all, list->room, sizeof *list->all);
  }
  fact added = {copy_of(key), text, number};
  list->all[list->count++] = added;
}

/* NULL is nothing to compare. */
static void add(facts *list, const char *key, const char *text) {
  if (text) add_taken(list, key, copy_of(text), 0);
}

static void take_property(void *ctx, const mr_property_record *record) {
  add(ctx, record->key, record->value);
}

static void take_metric(void *ctx, const mr_metric_record *record) {
  char text[CLI_NUMBER_SIZE];
  cli_double(text, record->last);
  add_taken(ctx, record->key, copy_of(text), record->last);
}

/* As "run input" takes it. Datasets are told apart by their digests: many runs record one. */
static void take_input(void *ctx, const mr_input_record *record) {
  const char *kind = "run:", *what = record->run_id;
  if (record->version) {
    kind = "version:";
    what = record->version;
  } else if (record->dataset_digest) {
    kind = "digest:";
    what = record->dataset_digest;
  }
  add_taken(ctx, record->role, cli_format("%s%s", kind, what ? what : ""), 0);
}

static void take_artifact(void *ctx, const mr_artifact_record *record) {
  add(ctx, record->path, record->digest);
}

static void take_record(profile *out, const mr_run_record *record) {
  facts *source = &out->parts[SOURCE], *environment = &out->parts[ENVIRONMENT];
  add(source, "source_commit", record->source_commit);
  add(source, "source_entry_point", record->source_entry_point);
  add(source, "source_state", cli_word(cli_source_states, record->source_state));
  add(environment, "environment_host", record->environment_host);
  add(environment, "environment_packages_digest", record->environment_packages_digest);
  add(environment, "environment_image_digest", record->environment_image_digest);
}

static int compare(const void *a, const void *b) {
  const fact *left = a, *right = b;
  int order = strcmp(left->key, right->key);
  return order != 0 ? order : strcmp(left->text, right->text);
}

static void free_facts(facts *list) {
  for (size_t i = 0; i < list->count; i++) {
    cli_free(list->all[i].key);
    cli_free(list->all[i].text);
  }
  cli_free(list->all);
}

static void append(fact *to, const char *text) {
  char *both = cli_format("%s, %s", to->text, text);
  cli_free(to->text);
  to->text = both;
}

/* Sorts, and makes several texts of one key, such as the inputs of a role, one. */
static void settle(facts *list) {
  facts settled = {NULL, 0, 0};
  if (list->count > 1) qsort(list->all, list->count, sizeof *list->all, compare);
  for (size_t i = 0; i < list->count; i++) {
    const fact *next = &list->all[i];
    if (i == 0 || strcmp(next[-1].key, next->key) != 0) {
      add_taken(&settled, next->key, copy_of(next->text), next->number);
    } else if (strcmp(next[-1].text, next->text) != 0) {
      append(&settled.all[settled.count - 1], next->text);
    }
  }
  free_facts(list);
  *list = settled;
}

static mr_status take(mr_run *run, profile *out, mr_error *error) {
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  mr_status status = cli_each_param(run, &options, take_property, &out->parts[PARAMS], error);
  if (status == MR_OK)
    status = cli_each_tag(run, &options, take_property, &out->parts[TAGS], error);
  if (status == MR_OK)
    status = cli_each_metric(run, &options, take_metric, &out->parts[METRICS], error);
  if (status == MR_OK)
    status = cli_each_input(run, &options, take_input, &out->parts[INPUTS], error);
  if (status == MR_OK)
    status = cli_each_run_artifact(run, &options, take_artifact, &out->parts[ARTIFACTS], error);
  take_record(out, mr_run_info(run));
  for (int i = 0; i < PART_COUNT; i++) settle(&out->parts[i]);
  return status;
}

static void free_profile(profile *of) {
  for (int i = 0; i < PART_COUNT; i++) free_facts(&of->parts[i]);
}

static bool is_same(int part, const fact *a, const fact *b) {
  if (!a || !b) return false;
  if (part != METRICS) return strcmp(a->text, b->text) == 0;
  return a->number == b->number || (isnan(a->number) && isnan(b->number));
}

typedef struct differences {
  bool wants_all;
  /* NULL: a table. */
  cli_json *json;
  cli_table table;
} differences;

static void side_json(cli_json *json, int part, const fact *side) {
  if (side && part == METRICS) {
    cli_json_double(json, NULL, side->number);
  } else {
    cli_json_text(json, NULL, side ? side->text : NULL);
  }
}

/* Either side may be NULL: the run has nothing under this key. */
static void take_pair(differences *out, int part, const fact *a, const fact *b) {
  const char *key = a ? a->key : b->key;
  if (is_same(part, a, b) && !out->wants_all) return;
  if (out->json) {
    cli_json_begin_array(out->json, key);
    side_json(out->json, part, a);
    side_json(out->json, part, b);
    cli_json_end_array(out->json);
    return;
  }
  cli_table_text(&out->table, part_names[part][1]);
  cli_table_text(&out->table, key);
  cli_table_text(&out->table, a ? a->text : "-");
  cli_table_text(&out->table, b ? b->text : "-");
}

static void take_part(differences *out, int part, const facts *left, const facts *right) {
  size_t i = 0, j = 0;
  while (i < left->count || j < right->count) {
    const fact *a = i < left->count ? &left->all[i] : NULL;
    const fact *b = j < right->count ? &right->all[j] : NULL;
    int order = !a ? 1 : !b ? -1 : strcmp(a->key, b->key);
    take_pair(out, part, order <= 0 ? a : NULL, order >= 0 ? b : NULL);
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
}

static void diff_json(const char *const ids[2], const profile sides[2], bool wants_all) {
  cli_json json = cli_json_new(stdout);
  differences out = {wants_all, &json, {NULL, 0, NULL, 0, 0}};
  cli_json_begin_object(&json, NULL);
  cli_json_begin_array(&json, "runs");
  for (int i = 0; i < 2; i++) cli_json_text(&json, NULL, ids[i]);
  cli_json_end_array(&json);
  for (int i = 0; i < PART_COUNT; i++) {
    cli_json_begin_object(&json, part_names[i][0]);
    take_part(&out, i, &sides[0].parts[i], &sides[1].parts[i]);
    cli_json_end_object(&json);
  }
  cli_json_end_object(&json);
}

static void diff_text(const profile sides[2], bool wants_all) {
  static const cli_column columns[] = {
      {"WHAT", CLI_LEFT}, {"KEY", CLI_SHORTEN}, {"A", CLI_SHORTEN}, {"B", CLI_SHORTEN}};
  differences out = {wants_all, NULL, cli_table_new(columns, sizeof columns / sizeof *columns)};
  for (int i = 0; i < PART_COUNT; i++) take_part(&out, i, &sides[0].parts[i], &sides[1].parts[i]);
  if (out.table.cell_count == 0) {
    puts("No differences");
  } else {
    cli_table_print(&out.table, stdout, 0, cli_columns());
  }
}

static int run_diff(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  profile sides[2] = {{{{NULL, 0, 0}}}, {{{NULL, 0, 0}}}};
  mr_run *runs[2] = {NULL, NULL};
  bool wants_all = cli_option_value(cli, "all") != NULL;
  int exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  mr_status status = MR_OK;
  for (int i = 0; i < 2 && status == MR_OK; i++) {
    status = mr_registry_open_run(cli->registry, cli->operands[i], &runs[i], &error);
    if (status == MR_OK) status = take(runs[i], &sides[i], &error);
  }
  if (status != MR_OK) {
    exit_code = cli_fail(cli, &error);
  } else if (cli->json) {
    const char *const ids[2] = {mr_run_info(runs[0])->id, mr_run_info(runs[1])->id};
    diff_json(ids, sides, wants_all);
  } else {
    diff_text(sides, wants_all);
  }
  for (int i = 0; i < 2; i++) {
    free_profile(&sides[i]);
    mr_run_free(runs[i]);
  }
  return exit_code;
}

static const cli_option run_diff_options[] = {
    {"all", 'a', NULL, "Also what is the same"},
    {NULL, '\0', NULL, NULL},
};

const cli_command cli_run_diff_commands[] = {
    {"run diff", "RUN OTHER", 2, 2, "Compare two runs",
     "Params, tags, the last values of metrics, inputs, artifacts by digest, source and\n"
     "environment. '-' stands where a run has none. Exits with 0 also when they differ.\n",
     "modelreg run diff 01980000-0000-7000-8000-000000000000 "
     "01980000-0000-7000-8000-000000000001",
     run_diff_options, run_diff},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
