/* SPDX-License-Identifier: Apache-2.0 */
/* Why an expression came to its truth: the values that were read, and the tests that decided. */
#include "query/evaluator.h"

#include "base/text.h"
#include "query/query_path.h"
#include <string.h>

#define VALUE_SHOWN 120 /* bytes of one text value */

/* --- one safe line ------------------------------------------------------------------------ */

static bool is_continuation(char c) {
  return ((unsigned char)c & 0xc0) == 0x80;
}

/* The last character boundary at or before `at`. */
static size_t boundary(const char *text, size_t at) {
  while (at > 0 && is_continuation(text[at])) at--;
  return at;
}

/* Controls, what breaks a line, and what turns the direction of text. */
static bool is_unsafe(const char *text, size_t size) {
  uint32_t code = 0;
  (void)mri_utf8_step(text, size, &code);
  return mri_is_control(code) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

/* Control characters and bytes that are no UTF-8 become '?'. */
static void make_safe(char *text, size_t size) {
  size_t at = 0;
  while (at < size) {
    unsigned char lead = (unsigned char)text[at];
    if (lead >= ' ' && lead < 0x7f) {
      at++;
      continue;
    }
    size_t step = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    bool valid = at + step <= size && mri_utf8_valid(text + at, step);
    if (valid && !is_unsafe(text + at, step)) {
      at += step;
      continue;
    }
    for (size_t i = 0; i < (valid ? step : 1); i++) text[at++] = '?';
  }
}

/* Hands the text over to the arena, cut to what a record keeps. */
static mr_status keep(mri_evaluation *ev, mri_str *text, const char **out) {
  char *copy = NULL;
  if (!text->failed) {
    if (text->size > 0) make_safe(text->data, text->size);
    bool cut = text->size > MRI_EXPLAIN_MAX;
    size_t size = cut ? boundary(text->data, MRI_EXPLAIN_MAX - 3) : text->size;
    copy = mri_arena_alloc(ev->arena, size + 4);
    if (copy != NULL && size > 0) memcpy(copy, text->data, size);
    if (copy != NULL && cut) memcpy(copy + size, "...", 3);
  }
  mri_str_free(text);
  *out = copy;
  return copy == NULL ? mri_error_no_memory(ev->error) : MR_OK;
}

static bool is_full(const mri_str *out) {
  return out->failed || out->size > MRI_EXPLAIN_MAX;
}

/* --- values ------------------------------------------------------------------------------- */

static void add_text(const char *text, size_t size, mri_str *out) {
  size_t shown = size > VALUE_SHOWN ? boundary(text, VALUE_SHOWN) : size;
  mri_str_add_char(out, '\'');
  for (size_t i = 0; i < shown; i++) {
    mri_str_add_char(out, text[i]);
    if (text[i] == '\'') mri_str_add_char(out, '\'');
  }
  mri_str_add(out, shown < size ? "...'" : "'");
}

static void add_value(const mri_query_value *value, mri_str *out) {
  switch (value->kind) {
  case MRI_VALUE_NUMBER:
    mri_str_add_double(out, value->number);
    break;
  case MRI_VALUE_TEXT:
    add_text(value->text, value->text_size, out);
    break;
  case MRI_VALUE_MISSING:
    mri_str_add(out, "missing");
    break;
  case MRI_VALUE_UNREADABLE:
    mri_str_add(out, "unreadable");
    break;
  }
}

static void add_reading(const mri_reading *reading, mri_str *out) {
  mri_value_kind kind = reading->value.kind;
  mri_path_print(&reading->path, out);
  mri_str_add(out, kind == MRI_VALUE_NUMBER || kind == MRI_VALUE_TEXT ? " = " : " is ");
  add_value(&reading->value, out);
}

static void add_observed(const mri_evaluation *ev, mri_str *out) {
  const char *between = "";
  for (const mri_reading *r = ev->first; r != NULL && !is_full(out); r = r->next) {
    if (r->names.count > 0) continue; /* they follow one by one */
    bool none = r->path.star >= 0 || (r->path.some && r->path.which == NULL);
    mri_str_add(out, between);
    between = ", ";
    if (none) {
      mri_str_add(out, "no ");
      mri_path_print(&r->path, out);
    } else {
      add_reading(r, out);
    }
  }
}

/* --- tests that are true or false --------------------------------------------------------- */

/* A path with the bound name in it, anything else as written. */
static void add_operand(const mri_evaluation *ev, const mri_node *node, mri_str *out) {
  if (node->kind != MRI_NODE_PATH) {
    mri_node_print(node, out);
    return;
  }
  mri_query_path path = mri_evaluation_concrete(ev, node->path);
  mri_path_print(&path, out);
}

static mr_status add_operand_value(mri_evaluation *ev, const mri_node *node, mri_str *out) {
  mri_operand operand;
  mr_status status = mri_evaluation_operand(ev, node, &operand);
  if (status != MR_OK) return status;
  if (operand.kind == MRI_OPERAND_TEXT)
    add_text(operand.text, operand.text_size, out);
  else
    mri_str_add_double(out, operand.number);
  return MR_OK;
}

static bool is_literal(const mri_node *node) {
  return node->kind == MRI_NODE_NUMBER || node->kind == MRI_NODE_TEXT;
}

static mri_compare mirrored(mri_compare compare) {
  switch (compare) {
  case MRI_COMPARE_LT:
    return MRI_COMPARE_GT;
  case MRI_COMPARE_LE:
    return MRI_COMPARE_GE;
  case MRI_COMPARE_GT:
    return MRI_COMPARE_LT;
  case MRI_COMPARE_GE:
    return MRI_COMPARE_LE;
  default:
    return compare;
  }
}

/* "metrics.accuracy is 0.91, not >= 0.92", turned round where only the right side was read. */
static mr_status add_compare(mri_evaluation *ev, const mri_node *node, bool holds, mri_str *out) {
  const mri_node *left = node->first;
  const mri_node *right = left->next;
  mri_compare wanted = node->compare;
  if (is_literal(left) && !is_literal(right)) {
    right = left;
    left = node->first->next;
    wanted = mirrored(wanted);
  }
  add_operand(ev, left, out);
  mr_status status = MR_OK;
  if (!is_literal(left)) {
    mri_str_add(out, " is ");
    status = add_operand_value(ev, left, out);
    mri_str_add(out, holds ? ", which is " : ", not ");
  } else {
    mri_str_add(out, holds ? " is " : " is not ");
  }
  mri_str_add(out, mri_compare_text(wanted));
  mri_str_add_char(out, ' ');
  add_operand(ev, right, out);
  if (status != MR_OK || is_literal(right)) return status;
  mri_str_add(out, " (");
  status = add_operand_value(ev, right, out);
  mri_str_add_char(out, ')');
  return status;
}

/* "artifacts.a.format is 'pickle', not IN ('onnx')"; a test with NOT in it tells of the one
 * without. */
static mr_status add_membership(mri_evaluation *ev, const mri_node *node, bool holds,
                                mri_str *out) {
  add_operand(ev, node->first, out);
  mri_str_add(out, " is ");
  mr_status status = add_operand_value(ev, node->first, out);
  mri_str_add(out, holds != node->negated ? ", which is " : ", not ");
  if (node->kind == MRI_NODE_LIKE) {
    mri_str_add(out, node->fold ? "ILIKE " : "LIKE ");
    mri_node_print(node->first->next, out);
    return status;
  }
  mri_str_add(out, "IN (");
  for (const mri_node *item = node->first->next; item != NULL; item = item->next) {
    if (item != node->first->next) mri_str_add(out, ", ");
    mri_node_print(item, out);
  }
  mri_str_add_char(out, ')');
  return status;
}

static mr_status add_null(mri_evaluation *ev, const mri_node *node, mri_str *out) {
  const mri_reading *reading = NULL;
  mr_status status = mri_evaluation_read(ev, node->first->path, &reading);
  if (status != MR_OK) return status;
  mri_path_print(&reading->path, out);
  mri_str_add(out, " is ");
  add_value(&reading->value, out);
  if (reading->value.kind != MRI_VALUE_MISSING) mri_str_add(out, ", not NULL");
  return MR_OK;
}

/* --- tests that are unknown --------------------------------------------------------------- */

/* Names what is missing, unreadable or no number below `node`; `by_text` where any text is fine. */
static mr_status add_causes(mri_evaluation *ev, const mri_node *node, bool by_text,
                            const char **between, mri_str *out) {
  if (node->kind == MRI_NODE_PATH) {
    const mri_reading *reading = NULL;
    mri_operand operand;
    double number = 0;
    mr_status status = mri_evaluation_read(ev, node->path, &reading);
    if (status == MR_OK) status = mri_evaluation_operand(ev, node, &operand);
    if (status != MR_OK) return status;
    bool text = operand.kind == MRI_OPERAND_TEXT;
    if (operand.kind == MRI_OPERAND_NUMBER || (text && by_text)) return MR_OK;
    if (text && mri_operand_number(&operand, &number)) return MR_OK;
    mri_str_add(out, *between);
    *between = " and ";
    mri_path_print(&reading->path, out);
    mri_str_add(out, " is ");
    add_value(&reading->value, out);
    if (text) mri_str_add(out, ", not a number");
    return MR_OK;
  }
  for (const mri_node *child = node->first; child != NULL; child = child->next) {
    mr_status status = add_causes(ev, child, false, between, out);
    if (status != MR_OK) return status;
  }
  return MR_OK;
}

static mr_status add_unknown(mri_evaluation *ev, const mri_node *node, mri_str *out) {
  const mri_node *right = node->first->next;
  bool by_text = node->kind == MRI_NODE_LIKE ||
                 (node->kind == MRI_NODE_COMPARE &&
                  (node->first->kind == MRI_NODE_TEXT || right->kind == MRI_NODE_TEXT));
  const char *between = "";
  mr_status status = add_causes(ev, node->first, by_text, &between, out);
  if (status == MR_OK) status = add_causes(ev, right, by_text, &between, out);
  if (status != MR_OK || *between != '\0') return status;
  mri_node_print(node, out);
  mri_str_add(out, " cannot be computed");
  return MR_OK;
}

/* --- all together ------------------------------------------------------------------------- */

static mr_status add_test(mri_evaluation *ev, const mri_node *node, mri_truth truth, mri_str *out) {
  /* A star inside arithmetic is printed as such, so the name goes before it. */
  const mri_node *star = node->star;
  if (star != NULL && truth != MRI_UNKNOWN && star != node->first && star != node->first->next) {
    add_operand(ev, star, out);
    mri_str_add(out, ": ");
  }
  if (truth == MRI_UNKNOWN) return add_unknown(ev, node, out);
  if (node->kind == MRI_NODE_COMPARE) return add_compare(ev, node, truth == MRI_TRUE, out);
  if (node->kind == MRI_NODE_IS_NULL) return add_null(ev, node, out);
  return add_membership(ev, node, truth == MRI_TRUE, out);
}

static void add_none(const mri_reading *names, mri_str *out) {
  mri_str_add(out, "there is no ");
  mri_path_print(&names->path, out);
}

/* The test for the first choice of datasets that came to `truth`; *alike counts them all. */
static mr_status add_some(mri_evaluation *ev, int slot, mri_truth truth, size_t *alike,
                          mri_str *out) {
  if (slot == MRI_SOME_MAX || ev->test->some[slot] == NULL) {
    mri_truth one = MRI_UNKNOWN;
    mr_status status = mri_evaluation_test(ev, ev->test, &one);
    if (status != MR_OK || one != truth || (*alike)++ > 0) return status;
    return add_test(ev, ev->test, truth, out);
  }
  const mri_reading *datasets = NULL;
  mr_status status = mri_evaluation_some(ev, slot, &datasets);
  if (status != MR_OK) return status;
  const mri_query_names *names = &datasets->names;
  if (names->count == 0) {
    if (*alike == 0) add_none(datasets, out);
    *alike = 1;
    return MR_OK;
  }
  for (size_t i = 0; i < names->count && status == MR_OK; i++) {
    ev->which[slot] = names->names[i];
    status = add_some(ev, slot + 1, truth, alike, out);
  }
  return status;
}

/* The first name that came to `truth`, and how many more did. */
static mr_status add_star(mri_evaluation *ev, const mri_node *node, mri_truth truth, mri_str *out) {
  const mri_reading *star = NULL;
  mr_status status = mri_evaluation_star(ev, node, &star);
  if (status != MR_OK) return status;
  const mri_query_names *names = &star->names;
  if (names->count == 0) add_none(star, out);
  size_t alike = 0;
  for (size_t i = 0; i < names->count && status == MR_OK; i++) {
    mri_outcome one = {MRI_UNKNOWN, false, false};
    size_t choices = 0;
    ev->bound = names->names[i];
    status = mri_evaluation_outcome(ev, node, &one);
    if (status == MR_OK && one.truth == truth && alike++ == 0)
      status = add_some(ev, 0, truth, &choices, out);
  }
  ev->bound = NULL;
  if (alike > 1) mri_str_addf(out, " (and %zu more)", alike - 1);
  return status;
}

static mr_status add_leaf(mri_evaluation *ev, const mri_node *node, mri_truth truth, mri_str *out) {
  if (node->star != NULL) return add_star(ev, node, truth, out);
  size_t choices = 0;
  ev->test = node;
  mr_status status = add_some(ev, 0, truth, &choices, out);
  if (choices > 1) mri_str_addf(out, " (and %zu more)", choices - 1);
  return status;
}

/* Whether a child has a part in its parent's truth. */
static bool decides(const mri_node *parent, mri_truth truth, mri_truth child) {
  if (parent->kind == MRI_NODE_NOT) return true;
  /* All that kept an OR from being true are told, also where it is unknown. */
  if (parent->kind == MRI_NODE_OR && truth == MRI_UNKNOWN) return true;
  return child == truth;
}

static mr_status add_reason(mri_evaluation *ev, const mri_node *node, const char **between,
                            mri_str *out) {
  mri_truth truth = (mri_truth)ev->truths[node->index];
  if (node->kind == MRI_NODE_AND || node->kind == MRI_NODE_OR || node->kind == MRI_NODE_NOT) {
    for (const mri_node *child = node->first; child != NULL && !is_full(out); child = child->next) {
      if (!decides(node, truth, (mri_truth)ev->truths[child->index])) continue;
      mr_status status = add_reason(ev, child, between, out);
      if (status != MR_OK) return status;
    }
    return MR_OK;
  }
  mri_str_add(out, *between);
  *between = "; ";
  return add_leaf(ev, node, truth, out);
}

mr_status mri_explain(mri_evaluation *ev, const mri_node *root, const char **observed,
                      const char **reason) {
  mri_str text;
  mri_str_init(&text, ev->arena->mem);
  add_observed(ev, &text);
  mr_status status = keep(ev, &text, observed);
  if (status != MR_OK) return status;
  mri_str_init(&text, ev->arena->mem);
  const char *between = "";
  if (ev->truths[root->index] != MRI_TRUE) status = add_reason(ev, root, &between, &text);
  if (status == MR_OK) return keep(ev, &text, reason);
  mri_str_free(&text);
  return status;
}
