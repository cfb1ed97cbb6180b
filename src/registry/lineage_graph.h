/* SPDX-License-Identifier: Apache-2.0 */
/* The graph that a walk through the lineage builds: nodes and edges, each once. */
#ifndef MRI_REGISTRY_LINEAGE_GRAPH_H
#define MRI_REGISTRY_LINEAGE_GRAPH_H

#include "base/arena.h"
#include "base/vec.h"
#include <modelreg/lineage.h>

typedef enum mri_lineage_way { MRI_LINEAGE_UP = 0, MRI_LINEAGE_DOWN = 1 } mri_lineage_way;

typedef struct mri_lineage_node {
  mr_lineage_kind kind;
  int64_t id; /* of its row; 0 for a dataset, which its name alone identifies */
  const char *name;
  bool seen[2]; /* the walk that way came by */
} mri_lineage_node;

/* Indexes of items by the hash of their content. */
typedef struct mri_lineage_index {
  uint32_t *slots;   /* index + 1, 0 is free */
  size_t slot_count; /* a power of two, at least twice the number of items */
} mri_lineage_index;

typedef struct mri_lineage_graph {
  const mri_mem *mem;
  mri_arena arena;
  mri_vec nodes; /* mri_lineage_node */
  mri_vec edges; /* mr_lineage_edge_record, in the order in which they were found */
  mri_lineage_index node_index;
  mri_lineage_index edge_index;
} mri_lineage_graph;

#define MRI_LINEAGE_NOWHERE SIZE_MAX

void mri_lineage_graph_init(mri_lineage_graph *graph, const mri_mem *mem);
void mri_lineage_graph_destroy(mri_lineage_graph *graph);

/* The index of a node, NOWHERE where it is not in the graph. */
size_t mri_lineage_find_node(const mri_lineage_graph *graph, mr_lineage_kind kind,
                             const char *name);
/* The same, made when it is not there; NOWHERE when memory runs out. */
size_t mri_lineage_add_node(mri_lineage_graph *graph, mr_lineage_kind kind, int64_t id,
                            const char *name);
/* Kinds, names and role of `edge` count. */
bool mri_lineage_has_edge(const mri_lineage_graph *graph, const mr_lineage_edge_record *edge);
/* Adds an edge that is not there yet and copies its role; its names are those of nodes. False when
 * memory runs out. */
bool mri_lineage_add_edge(mri_lineage_graph *graph, const mr_lineage_edge_record *edge);

#endif
