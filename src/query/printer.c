/* SPDX-License-Identifier: Apache-2.0 */
/* Tree -> canonical text. */
#include "query/ast.h"

#include "query/query_path.h"

/* How tightly a node holds together; a child that holds less than its place asks for is put in
 * parentheses. */
enum { HOLD_OR, HOLD_AND, HOLD_NOT, HOLD_COMPARE, HOLD_SUM, HOLD_PRODUCT, HOLD_SIGN, HOLD_ATOM };

static int hold_of(const mri_node *node) {
  switch (node->kind) {
  case MRI_NODE_OR:
    return HOLD_OR;
  case MRI_NODE_AND:
    return HOLD_AND;
  case MRI_NODE_NOT:
    return HOLD_NOT;
  case MRI_NODE_COMPARE:
  case MRI_NODE_IN:
  case MRI_NODE_LIKE:
  case MRI_NODE_IS_NULL:
    return HOLD_COMPARE;
  case MRI_NODE_SUM:
    return HOLD_SUM;
  case MRI_NODE_PRODUCT:
    return HOLD_PRODUCT;
  case MRI_NODE_NEGATE:
    return HOLD_SIGN;
  case MRI_NODE_ABS:
  case MRI_NODE_NUMBER:
  case MRI_NODE_TEXT:
  case MRI_NODE_PATH:
    break;
  }
  return HOLD_ATOM;
}

bool mri_node_is_truth(const mri_node *node) {
  return hold_of(node) <= HOLD_COMPARE;
}

const char *mri_compare_text(mri_compare compare) {
  static const char *const texts[] = {"=", "!=", "<", "<=", ">", ">="};
  return texts[compare];
}

void mri_quote_print(const char *text, char quote, mri_str *out) {
  mri_str_add_char(out, quote);
  for (const char *p = text; *p != '\0'; p++) {
    mri_str_add_char(out, *p);
    if (*p == quote) mri_str_add_char(out, quote);
  }
  mri_str_add_char(out, quote);
}

static void print_at(const mri_node *node, int hold, mri_str *out) {
  bool parentheses = hold_of(node) < hold;
  if (parentheses) mri_str_add_char(out, '(');
  mri_node_print(node, out);
  if (parentheses) mri_str_add_char(out, ')');
}

static void print_chain(const mri_node *node, const char *word, int hold, mri_str *out) {
  for (const mri_node *child = node->first; child != NULL; child = child->next) {
    if (child != node->first) mri_str_add(out, word);
    print_at(child, hold, out);
  }
}

static void print_arithmetic(const mri_node *node, int hold, mri_str *out) {
  for (const mri_node *child = node->first; child != NULL; child = child->next) {
    if (child != node->first) {
      mri_str_add_char(out, ' ');
      mri_str_add_char(out, child->sign);
      mri_str_add_char(out, ' ');
    }
    print_at(child, hold, out);
  }
}

static void print_test(const mri_node *node, mri_str *out) {
  const mri_node *left = node->first;
  mri_node_print(left, out);
  switch (node->kind) {
  case MRI_NODE_COMPARE:
    mri_str_add_char(out, ' ');
    mri_str_add(out, mri_compare_text(node->compare));
    mri_str_add_char(out, ' ');
    mri_node_print(left->next, out);
    break;
  case MRI_NODE_IN:
    mri_str_add(out, node->negated ? " NOT IN (" : " IN (");
    for (const mri_node *item = left->next; item != NULL; item = item->next) {
      if (item != left->next) mri_str_add(out, ", ");
      mri_node_print(item, out);
    }
    mri_str_add_char(out, ')');
    break;
  case MRI_NODE_LIKE:
    mri_str_add(out, node->negated ? " NOT " : " ");
    mri_str_add(out, node->fold ? "ILIKE " : "LIKE ");
    mri_node_print(left->next, out);
    break;
  default:
    mri_str_add(out, node->negated ? " IS NOT NULL" : " IS NULL");
  }
}

void mri_node_print(const mri_node *node, mri_str *out) {
  switch (node->kind) {
  case MRI_NODE_OR:
    print_chain(node, " OR ", HOLD_AND, out);
    break;
  case MRI_NODE_AND:
    print_chain(node, " AND ", HOLD_NOT, out);
    break;
  case MRI_NODE_NOT:
    mri_str_add(out, "NOT ");
    print_at(node->first, HOLD_NOT, out);
    break;
  case MRI_NODE_COMPARE:
  case MRI_NODE_IN:
  case MRI_NODE_LIKE:
  case MRI_NODE_IS_NULL:
    print_test(node, out);
    break;
  case MRI_NODE_SUM:
    print_arithmetic(node, HOLD_PRODUCT, out);
    break;
  case MRI_NODE_PRODUCT:
    print_arithmetic(node, HOLD_SIGN, out);
    break;
  case MRI_NODE_NEGATE:
    mri_str_add_char(out, '-');
    print_at(node->first, HOLD_SIGN, out);
    break;
  case MRI_NODE_ABS:
    mri_str_add(out, "abs(");
    mri_node_print(node->first, out);
    mri_str_add_char(out, ')');
    break;
  case MRI_NODE_NUMBER:
    mri_str_add_double(out, node->number);
    break;
  case MRI_NODE_TEXT:
    mri_quote_print(node->text, '\'', out);
    break;
  case MRI_NODE_PATH:
    mri_path_print(node->path, out);
    break;
  }
}

mr_status mri_query_print(const mri_query *query, mri_str *out, mr_error *error) {
  mri_str_add(out, query->text);
  return out->failed ? mri_error_no_memory(error) : MR_OK;
}
