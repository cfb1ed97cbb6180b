/* SPDX-License-Identifier: Apache-2.0 */
/* Walking the lineage breadth first, from one node upstream, downstream or both. */
#ifndef MRI_REGISTRY_LINEAGE_WALK_H
#define MRI_REGISTRY_LINEAGE_WALK_H

#include "registry/core.h"
#include "registry/lineage_graph.h"

typedef struct mri_lineage_plan {
  mr_lineage_direction direction;
  int64_t depth; /* most edges from the start */
  int64_t limit; /* most edges in all */
  const mr_cancel *cancel;
} mri_lineage_plan;

/* Adds to the graph, whose only node is the start, what the walk finds. *truncated says that depth
 * or limit ended it before everything was found. */
mr_status mri_lineage_walk(mri_tx *tx, mri_lineage_graph *graph, const mri_lineage_plan *plan,
                           bool *truncated, mr_error *error);

#endif
