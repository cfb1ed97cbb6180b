/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of an expression without evaluating it. */
#include "query/ast.h"

static bool negates_star(const mri_node *node, bool negated) {
  negated = negated || node->kind == MRI_NODE_NOT;
  if (negated && node->path != NULL && node->path->star >= 0) return true;
  for (const mri_node *child = node->first; child != NULL; child = child->next) {
    if (negates_star(child, negated)) return true;
  }
  return false;
}

bool mri_query_negates_star(const mri_query *query) {
  return negates_star(query->root, false);
}

static mr_status visit_paths(const mri_node *node,
                             mr_status (*each)(void *, const mri_query_path *, mr_error *),
                             void *ctx, mr_error *error) {
  mr_status status = node->path == NULL ? MR_OK : each(ctx, node->path, error);
  for (const mri_node *child = node->first; child != NULL && status == MR_OK; child = child->next)
    status = visit_paths(child, each, ctx, error);
  return status;
}

mr_status mri_query_paths(const mri_query *query,
                          mr_status (*each)(void *ctx, const mri_query_path *path, mr_error *error),
                          void *ctx, mr_error *error) {
  return visit_paths(query->root, each, ctx, error);
}
