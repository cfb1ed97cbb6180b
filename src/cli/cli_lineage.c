/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_lineage.h"

#include "cli/cli_memory.h"

#include <stdlib.h>
#include <string.h>

enum { UP, DOWN };

static int compare_nodes(const void *a, const void *b) {
  const cli_lineage_node *x = a, *y = b;
  if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
  return strcmp(x->name, y->name);
}

static size_t find_node(const cli_lineage_tree *tree, mr_lineage_kind kind, const char *name) {
  cli_lineage_node wanted = {kind, name, {false, false}};
  const cli_lineage_node *found =
      bsearch(&wanted, tree->nodes, tree->node_count, sizeof *tree->nodes, compare_nodes);
  return (size_t)(found - tree->nodes);
}

static void collect_nodes(cli_lineage_tree *tree, const mr_lineage *lineage) {
  const mr_lineage_record *record = mr_lineage_info(lineage);
  size_t count = 0, kept = 1;
  cli_lineage_node *nodes = cli_resize(NULL, 2 * tree->link_count + 1, sizeof *nodes);
  nodes[count++] = (cli_lineage_node){record->start_kind, record->start, {false, false}};
  for (size_t i = 0; i < tree->link_count; i++) {
    const mr_lineage_edge_record *edge = mr_lineage_at(lineage, (int64_t)i);
    nodes[count++] = (cli_lineage_node){edge->source_kind, edge->source, {false, false}};
    nodes[count++] = (cli_lineage_node){edge->target_kind, edge->target, {false, false}};
  }
  qsort(nodes, count, sizeof *nodes, compare_nodes);
  for (size_t i = 1; i < count; i++)
    if (compare_nodes(&nodes[kept - 1], &nodes[i]) != 0) nodes[kept++] = nodes[i];
  tree->nodes = nodes;
  tree->node_count = kept;
  tree->start = find_node(tree, record->start_kind, record->start);
}

/* Puts the edges in the order of one of their ends and keeps their own order otherwise. */
static cli_lineage_link *sort_links(const cli_lineage_tree *tree, const mr_lineage *lineage,
                                    int way) {
  cli_lineage_link *sorted = cli_resize(NULL, tree->link_count, sizeof *sorted);
  cli_lineage_link *links = cli_resize(NULL, tree->link_count, sizeof *links);
  size_t *next = cli_resize(NULL, tree->node_count + 1, sizeof *next);
  memset(next, 0, (tree->node_count + 1) * sizeof *next);
  for (size_t i = 0; i < tree->link_count; i++) {
    const mr_lineage_edge_record *edge = mr_lineage_at(lineage, (int64_t)i);
    size_t source = find_node(tree, edge->source_kind, edge->source);
    size_t target = find_node(tree, edge->target_kind, edge->target);
    links[i].from = way == UP ? target : source;
    links[i].to = way == UP ? source : target;
    links[i].role = edge->role;
    next[links[i].from + 1]++;
  }
  for (size_t i = 0; i < tree->node_count; i++) next[i + 1] += next[i];
  for (size_t i = 0; i < tree->link_count; i++) sorted[next[links[i].from]++] = links[i];
  cli_free(next);
  cli_free(links);
  return sorted;
}

cli_lineage_tree cli_lineage_tree_new(const mr_lineage *lineage) {
  cli_lineage_tree tree = {NULL, 0, 0, {NULL, NULL}, (size_t)mr_lineage_count(lineage)};
  collect_nodes(&tree, lineage);
  for (int way = UP; way <= DOWN; way++) tree.links[way] = sort_links(&tree, lineage, way);
  return tree;
}

/* Where the edges of a node begin. */
static size_t first_link(const cli_lineage_tree *tree, int way, size_t node) {
  size_t low = 0, high = tree->link_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (tree->links[way][middle].from < node) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static bool is_link_of(const cli_lineage_tree *tree, int way, size_t link, size_t node) {
  return link < tree->link_count && tree->links[way][link].from == node;
}

/* A node under way: which one, and its next edge. */
typedef struct open_node {
  size_t node;
  size_t link;
} open_node;

/* Depth first, with a list in place of recursion: a path can be as long as there are nodes. */
static mr_status walk_way(cli_lineage_tree *tree, int way,
                          mr_status (*visit)(void *ctx, const cli_lineage_line *line), void *ctx) {
  open_node *path = cli_resize(NULL, tree->node_count, sizeof *path);
  size_t depth = 1;
  mr_status status = MR_OK;
  path[0] = (open_node){tree->start, first_link(tree, way, tree->start)};
  tree->nodes[tree->start].is_walked[way] = true;
  while (depth > 0 && status == MR_OK) {
    open_node *open = &path[depth - 1];
    if (!is_link_of(tree, way, open->link, open->node)) {
      depth--;
      continue;
    }
    const cli_lineage_link *link = &tree->links[way][open->link++];
    cli_lineage_node *node = &tree->nodes[link->to];
    size_t below = first_link(tree, way, link->to);
    bool is_leaf = !is_link_of(tree, way, below, link->to);
    cli_lineage_line line = {depth, link->role, node, way == DOWN,
                             !is_leaf && node->is_walked[way]};
    status = visit(ctx, &line);
    if (is_leaf || node->is_walked[way]) continue;
    node->is_walked[way] = true;
    path[depth++] = (open_node){link->to, below};
  }
  cli_free(path);
  return status;
}

mr_status cli_lineage_tree_walk(cli_lineage_tree *tree, mr_lineage_direction direction,
                                mr_status (*visit)(void *ctx, const cli_lineage_line *line),
                                void *ctx) {
  cli_lineage_line line = {0, NULL, &tree->nodes[tree->start], false, false};
  mr_status status = visit(ctx, &line);
  if (status == MR_OK && direction != MR_LINEAGE_DIRECTION_DOWNSTREAM)
    status = walk_way(tree, UP, visit, ctx);
  if (status == MR_OK && direction != MR_LINEAGE_DIRECTION_UPSTREAM)
    status = walk_way(tree, DOWN, visit, ctx);
  return status;
}

void cli_lineage_tree_free(cli_lineage_tree *tree) {
  cli_free(tree->nodes);
  for (int way = UP; way <= DOWN; way++) cli_free(tree->links[way]);
}
