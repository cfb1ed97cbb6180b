/* SPDX-License-Identifier: Apache-2.0 */
/* The graph of a lineage as a tree: every edge is a line, and what hangs below a node is there
 * once. */
#ifndef MRI_CLI_LINEAGE_H
#define MRI_CLI_LINEAGE_H

#include "cli/cli.h"

typedef struct cli_lineage_node {
  mr_lineage_kind kind;
  /* Lives as long as the lineage. */
  const char *name;
  /* What hangs below it was printed, upstream and downstream. */
  bool is_walked[2];
} cli_lineage_node;

/* An edge as one of its ends sees it. */
typedef struct cli_lineage_link {
  size_t from;
  size_t to;
  const char *role;
} cli_lineage_link;

typedef struct cli_lineage_tree {
  /* Without doubles, in the order of their kinds and names. */
  cli_lineage_node *nodes;
  size_t node_count;
  size_t start;
  /* Upstream and downstream: every edge, in the order of `from`, then as the lineage has them. */
  cli_lineage_link *links[2];
  size_t link_count;
} cli_lineage_tree;

typedef struct cli_lineage_line {
  /* 0 for the start alone, which has no role. */
  size_t depth;
  const char *role;
  const cli_lineage_node *node;
  bool is_downstream;
  /* Something hangs below the node, and was printed further up. */
  bool is_above;
} cli_lineage_line;

/* Borrows from the lineage. Free it with cli_lineage_tree_free(). */
cli_lineage_tree cli_lineage_tree_new(const mr_lineage *lineage);

/* Visits the start, then what hangs below it, each edge in a line of its own; once. Stops with what
 * `visit` returns unless that is MR_OK. */
mr_status cli_lineage_tree_walk(cli_lineage_tree *tree, mr_lineage_direction direction,
                                mr_status (*visit)(void *ctx, const cli_lineage_line *line),
                                void *ctx);

void cli_lineage_tree_free(cli_lineage_tree *tree);

#endif
