/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg lineage. */
#include "cli/cli_commands.h"
#include "cli/cli_json.h"
#include "cli/cli_lineage.h"
#include "cli/cli_memory.h"
#include "cli/cli_open.h"
#include "cli/cli_options.h"
#include "cli/cli_text.h"
#include "cli/cli_words.h"
#include "cli/cmd_dataset.h"

#include <stdio.h>
#include <string.h>

static const cli_option lineage_options[] = {
    {"direction", 'd', "DIRECTION", "upstream (the default), downstream or both"},
    {"depth", '\0', "NUMBER", "Go at most this many steps from the start, 16 unless said"},
    {"limit", 'n', "NUMBER", "Stop after this many edges, 1000 unless said"},
    {NULL, '\0', NULL, NULL},
};

static void node_json(cli_json *json, mr_lineage_kind kind, const char *name) {
  cli_json_begin_object(json, NULL);
  cli_json_text(json, "kind", cli_word(cli_lineage_kinds, kind));
  cli_json_text(json, "name", name);
  cli_json_end_object(json);
}

static void print_json(const mr_lineage *lineage, const cli_lineage_tree *tree) {
  const mr_lineage_record *record = mr_lineage_info(lineage);
  cli_json json = cli_json_new(stdout);
  cli_json_begin_object(&json, NULL);
  cli_json_text(&json, "start_kind", cli_word(cli_lineage_kinds, record->start_kind));
  cli_json_text(&json, "start", record->start);
  cli_json_int(&json, "node_count", record->node_count);
  cli_json_int(&json, "edge_count", record->edge_count);
  cli_json_bool(&json, "truncated", record->truncated != 0);
  cli_json_begin_array(&json, "nodes");
  for (size_t i = 0; i < tree->node_count; i++)
    node_json(&json, tree->nodes[i].kind, tree->nodes[i].name);
  cli_json_end_array(&json);
  cli_json_begin_array(&json, "edges");
  for (int64_t i = 0; i < mr_lineage_count(lineage); i++) {
    const mr_lineage_edge_record *edge = mr_lineage_at(lineage, i);
    cli_json_begin_object(&json, NULL);
    cli_json_text(&json, "source_kind", cli_word(cli_lineage_kinds, edge->source_kind));
    cli_json_text(&json, "source", edge->source);
    cli_json_text(&json, "target_kind", cli_word(cli_lineage_kinds, edge->target_kind));
    cli_json_text(&json, "target", edge->target);
    cli_json_text(&json, "role", edge->role);
    cli_json_int(&json, "distance", edge->distance);
    cli_json_end_object(&json);
  }
  cli_json_end_array(&json);
  cli_json_end_object(&json);
}

/* What people call it, where its name does not say that. Empty where nobody recorded it. */
static mr_status put_label(mr_registry *registry, const cli_lineage_node *node, mr_error *error) {
  mr_status status = MR_OK;
  if (node->kind == MR_LINEAGE_KIND_RUN) {
    mr_run *run = NULL;
    status = mr_registry_open_run(registry, node->name, &run, error);
    const mr_run_record *record = mr_run_info(run);
    if (record) printf("  %s", cli_word(cli_run_kinds, record->kind));
    if (record && record->name && record->name[0]) {
      fputs(" '", stdout);
      cli_put(stdout, record->name);
      fputc('\'', stdout);
    }
    mr_run_free(run);
  } else if (node->kind == MR_LINEAGE_KIND_DATASET) {
    mr_dataset *dataset = NULL;
    status = mr_registry_find_dataset(registry, node->name, &dataset, error);
    if (dataset) {
      fputs("  '", stdout);
      cli_put(stdout, mr_dataset_info(dataset)->name);
      fputc('\'', stdout);
    }
    mr_dataset_free(dataset);
  }
  return status == MR_NOT_FOUND ? MR_OK : status;
}

/* What a line of the tree is printed with. */
typedef struct line_context {
  mr_registry *registry;
  mr_error *error;
} line_context;

static mr_status put_line(void *ctx, const cli_lineage_line *line) {
  const line_context *context = ctx;
  printf("%*s", (int)(2 * line->depth), "");
  if (line->role) {
    fputs(line->is_downstream ? "-> " : "<- ", stdout);
    cli_put(stdout, line->role);
    fputs(": ", stdout);
  }
  printf("%s ", cli_word(cli_lineage_kinds, line->node->kind));
  cli_put(stdout, line->node->name);
  mr_status status = put_label(context->registry, line->node, context->error);
  fputs(line->is_above ? "  (above)\n" : "\n", stdout);
  return status;
}

static mr_status print_text(const cli_context *cli, const mr_lineage *lineage,
                            cli_lineage_tree *tree, mr_lineage_direction direction,
                            mr_error *error) {
  const mr_lineage_record *record = mr_lineage_info(lineage);
  line_context context = {cli->registry, error};
  mr_status status = cli_lineage_tree_walk(tree, direction, put_line, &context);
  if (status == MR_OK && record->truncated)
    cli_warn("there is more: raise --depth or --limit to see it");
  return status;
}

/* Where a walk starts. */
typedef struct lineage_start {
  char digest[CLI_DIGEST_SIZE];
  mr_version *version;
  char *reference;
} lineage_start;

/* MODEL@SELECTOR: a version by its number, else a channel, else whatever else finds a version. */
static mr_status walk_reference(const cli_context *cli, const char *what,
                                mr_lineage_options *options, lineage_start *start,
                                mr_lineage **out_lineage, mr_error *error) {
  mr_semver *number = NULL;
  bool is_number = mr_semver_parse(strchr(what, '@') + 1, &number, NULL) == MR_OK;
  mr_semver_free(number);
  if (is_number) {
    options->version = what;
    return mr_registry_lineage(cli->registry, options, out_lineage, error);
  }
  options->channel = what;
  mr_status status = mr_registry_lineage(cli->registry, options, out_lineage, error);
  if (status != MR_INVALID_ARGUMENT) return status;
  status = mr_registry_resolve(cli->registry, what, NULL, &start->version, error);
  if (status != MR_OK) return status;
  const mr_version_record *record = mr_version_info(start->version);
  start->reference = cli_format("%s@%s", record->model, record->number);
  options->channel = NULL;
  options->version = start->reference;
  return mr_registry_lineage(cli->registry, options, out_lineage, error);
}

/* Tells from its form what the operand is. */
static int walk_operand(const cli_context *cli, mr_lineage_options *options, lineage_start *start,
                        mr_lineage **out_lineage) {
  mr_error error = MR_ERROR_INIT;
  const char *what = cli->operands[0];
  mr_status status;
  if (strchr(what, '@')) {
    status = walk_reference(cli, what, options, start, out_lineage, &error);
  } else if (cli_is_id(what) || cli_is_digest(what)) {
    int exit_code = cli_is_id(what) ? CLI_DONE : cli_dataset_digest(cli, what, start->digest);
    if (exit_code) return exit_code;
    if (cli_is_id(what)) options->run_id = what;
    if (!options->run_id) options->dataset_digest = start->digest;
    status = mr_registry_lineage(cli->registry, options, out_lineage, &error);
  } else {
    return cli_usage_error(cli,
                           "'%s' is no MODEL@NUMBER, no MODEL@CHANNEL, no id of a run and no "
                           "digest of a dataset",
                           what);
  }
  return status == MR_OK ? CLI_DONE : cli_fail(cli, &error);
}

static int read_options(const cli_context *cli, mr_lineage_options *out) {
  int32_t direction = MR_LINEAGE_DIRECTION_UPSTREAM + 1;
  int exit_code = cli_option_word(cli, "direction", cli_lineage_directions, &direction);
  if (!exit_code) exit_code = cli_option_count(cli, "depth", &out->depth);
  if (!exit_code) exit_code = cli_option_count(cli, "limit", &out->limit);
  out->direction = direction - 1;
  return exit_code;
}

static int lineage(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_lineage_options options = MR_LINEAGE_OPTIONS_INIT;
  lineage_start start = {"", NULL, NULL};
  mr_lineage *found = NULL;
  int exit_code = read_options(cli, &options);
  if (!exit_code) exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  options.cancel = cli_interruptible();
  exit_code = walk_operand(cli, &options, &start, &found);
  if (!exit_code) {
    cli_lineage_tree tree = cli_lineage_tree_new(found);
    if (cli->json) {
      print_json(found, &tree);
    } else if (print_text(cli, found, &tree, options.direction, &error) != MR_OK) {
      exit_code = cli_fail(cli, &error);
    }
    cli_lineage_tree_free(&tree);
  }
  mr_lineage_free(found);
  mr_version_free(start.version);
  cli_free(start.reference);
  return exit_code;
}

const cli_command cli_lineage_commands[] = {
    {"lineage", "WHAT", 1, 1, "Show what something was made of, or what was made of it",
     "WHAT is MODEL@NUMBER, MODEL@CHANNEL, MODEL@latest, the id of a run, or 12 and more hex\n"
     "digits of the digest of a dataset. In the tree '<-' leads to what was used, with its role,\n"
     "and '->' to what it was used for.\n",
     "modelreg -r registry.db lineage digits@production", lineage_options, lineage},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
