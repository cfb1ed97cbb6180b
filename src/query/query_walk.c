/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of an expression without evaluating it. */
#include "query/ast.h"

#include <string.h>

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

static bool is_among(const char *word, const char *const *words) {
  while (*words != NULL && strcmp(*words, word) != 0) words++;
  return *words != NULL;
}

/* Among the values of a test. */
static const char *odd_value(const mri_node *test, const char *family, const char *const *words) {
  bool of_family = false;
  const char *odd = NULL;
  for (const mri_node *value = test->first; value != NULL; value = value->next) {
    if (value->kind == MRI_NODE_PATH) {
      int last = value->path->count - 2;
      of_family = of_family || (last >= 0 && strcmp(value->path->parts[last], family) == 0);
    }
    if (value->kind == MRI_NODE_TEXT && odd == NULL && !is_among(value->text, words)) {
      odd = value->text;
    }
  }
  return of_family ? odd : NULL;
}

static const char *odd_word(const mri_node *node, const char *family, const char *const *words) {
  bool exact = node->kind == MRI_NODE_IN ||
               (node->kind == MRI_NODE_COMPARE &&
                (node->compare == MRI_COMPARE_EQ || node->compare == MRI_COMPARE_NE));
  if (exact) return odd_value(node, family, words);
  const char *odd = NULL;
  for (const mri_node *child = node->first; child != NULL && odd == NULL; child = child->next) {
    odd = odd_word(child, family, words);
  }
  return odd;
}

const char *mri_query_odd_word(const mri_query *query, const char *family,
                               const char *const *words) {
  return odd_word(query->root, family, words);
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
