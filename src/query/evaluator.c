/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of an expression: what they read, and their truth in three-valued logic.
 *
 * A comparison is by text where either side is a quoted literal: bytes, a number in its shortest
 * decimal form. Otherwise it is by number, and a text counts as the number that it reads as. Two
 * paths compare by number when both are or read as numbers, else by text when both are text.
 * Everything that does not fit, is missing, unreadable or NaN is unknown, and so is a division by
 * zero. Nothing is skipped: a decision records every value that the expression names. */
#include "query/evaluator.h"

#include "query/query_path.h"
#include <assert.h>
#include <math.h>
#include <string.h>

#define FIRST_BUCKETS 32

/* --- readings ----------------------------------------------------------------------------- */

static uint32_t hash_path(const mri_query_path *path) {
  uint32_t hash = 2166136261U ^ (uint32_t)path->summary;
  for (int i = 0; i <= path->count; i++) {
    const char *p = i < path->count ? path->parts[i] : path->which;
    if (p == NULL) continue;
    do hash = (hash ^ (unsigned char)*p) * 16777619U;
    while (*p++ != '\0');
  }
  return hash;
}

mri_query_path mri_evaluation_concrete(const mri_evaluation *ev, const mri_query_path *path) {
  mri_query_path concrete = *path;
  if (path->star >= 0) {
    assert(ev->bound != NULL);
    concrete.parts[path->star] = ev->bound;
    concrete.star = -1;
  }
  for (int i = 0; path->some && i < MRI_SOME_MAX && ev->test->some[i] != NULL; i++)
    if (mri_path_same_some(ev->test->some[i]->path, path)) concrete.which = ev->which[i];
  return concrete;
}

static bool has_names(const mri_query_path *path) {
  return path->star >= 0 || (path->some && path->which == NULL);
}

static mr_status ask_subject(const mri_evaluation *ev, mri_reading *reading) {
  const mri_query_subject *s = ev->subject;
  if (has_names(&reading->path))
    return s->expand(s->ctx, &reading->path, ev->arena, &reading->names, ev->error);
  return s->get(s->ctx, &reading->path, ev->arena, &reading->value, ev->error);
}

static mr_status grow(mri_evaluation *ev) {
  size_t count = ev->bucket_count == 0 ? FIRST_BUCKETS : ev->bucket_count * 2;
  mri_reading **buckets = mri_arena_alloc(ev->arena, count * sizeof *buckets);
  if (buckets == NULL) return mri_error_no_memory(ev->error);
  for (mri_reading *r = ev->first; r != NULL; r = r->next) {
    r->next_in_bucket = buckets[r->hash % count];
    buckets[r->hash % count] = r;
  }
  ev->buckets = buckets;
  ev->bucket_count = count;
  return MR_OK;
}

/* The reading of a path, asking the subject the first time. */
static mr_status ask(mri_evaluation *ev, const mri_query_path *path, const mri_reading **out) {
  uint32_t hash = hash_path(path);
  mr_status status = ev->reading_count < ev->bucket_count ? MR_OK : grow(ev);
  if (status != MR_OK) return status;
  mri_reading **bucket = &ev->buckets[hash % ev->bucket_count];
  for (mri_reading *r = *bucket; r != NULL; r = r->next_in_bucket) {
    if (r->hash != hash || !mri_path_equal(&r->path, path)) continue;
    *out = r;
    return MR_OK;
  }
  mri_reading *reading = mri_arena_alloc(ev->arena, sizeof *reading);
  if (reading == NULL) return mri_error_no_memory(ev->error);
  reading->path = *path;
  reading->hash = hash;
  status = ask_subject(ev, reading);
  if (status != MR_OK) return status;
  ev->reading_count++;
  if (reading->value.text == NULL) reading->value.text = "";
  reading->next_in_bucket = *bucket;
  *bucket = reading;
  if (ev->last == NULL)
    ev->first = reading;
  else
    ev->last->next = reading;
  ev->last = reading;
  *out = reading;
  return MR_OK;
}

mr_status mri_evaluation_read(mri_evaluation *ev, const mri_query_path *path,
                              const mri_reading **out) {
  mri_query_path concrete = mri_evaluation_concrete(ev, path);
  mr_status status = ask(ev, &concrete, out);
  /* Where there is no dataset to read, the list of them is what may change. */
  if (status == MR_OK && ((*out)->value.open || (*out)->names.open)) ev->met_open = true;
  return status;
}

mr_status mri_evaluation_star(mri_evaluation *ev, const mri_node *node, const mri_reading **out) {
  ev->test = node;
  return ask(ev, node->star->path, out);
}

mr_status mri_evaluation_some(mri_evaluation *ev, int slot, const mri_reading **out) {
  ev->which[slot] = NULL;
  mri_query_path path = mri_evaluation_concrete(ev, ev->test->some[slot]->path);
  return ask(ev, &path, out);
}

/* --- values ------------------------------------------------------------------------------- */

static mri_operand number_operand(double number) {
  mri_operand operand = {MRI_OPERAND_NUMBER, number, NULL, 0};
  if (isnan(number)) operand.kind = MRI_OPERAND_UNKNOWN;
  return operand;
}

bool mri_operand_number(const mri_operand *operand, double *out) {
  *out = operand->number;
  if (operand->kind == MRI_OPERAND_NUMBER) return true;
  return operand->kind == MRI_OPERAND_TEXT &&
         mri_parse_double(operand->text, operand->text_size, out) && !isnan(*out);
}

static mr_status read_operand(mri_evaluation *ev, const mri_node *node, mri_operand *out) {
  const mri_reading *reading = NULL;
  mr_status status = mri_evaluation_read(ev, node->path, &reading);
  if (status != MR_OK) return status;
  const mri_query_value *value = &reading->value;
  *out = (mri_operand){MRI_OPERAND_UNKNOWN, 0, NULL, 0};
  if (value->kind == MRI_VALUE_NUMBER)
    *out = number_operand(value->number);
  else if (value->kind == MRI_VALUE_TEXT)
    *out = (mri_operand){MRI_OPERAND_TEXT, 0, value->text, value->text_size};
  return MR_OK;
}

/* Folds a child into a SUM or PRODUCT from the left. False for a division by zero. */
static bool apply(char sign, double number, double *total) {
  switch (sign) {
  case '+':
    *total += number;
    return true;
  case '-':
    *total -= number;
    return true;
  case '*':
    *total *= number;
    return true;
  case '/':
    if (number == 0) return false;
    *total /= number;
    return true;
  default: /* the first child */
    *total = number;
    return true;
  }
}

static mr_status compute(mri_evaluation *ev, const mri_node *node, mri_operand *out) {
  double total = 0;
  bool known = true;
  for (const mri_node *child = node->first; child != NULL; child = child->next) {
    mri_operand operand;
    double number = 0;
    mr_status status = mri_evaluation_operand(ev, child, &operand);
    if (status != MR_OK) return status;
    char sign = child == node->first ? '\0' : child->sign;
    known = known && mri_operand_number(&operand, &number) && apply(sign, number, &total);
  }
  if (node->kind == MRI_NODE_NEGATE) total = -total;
  if (node->kind == MRI_NODE_ABS) total = fabs(total);
  *out = number_operand(known ? total : (double)NAN);
  return MR_OK;
}

mr_status mri_evaluation_operand(mri_evaluation *ev, const mri_node *node, mri_operand *out) {
  switch (node->kind) {
  case MRI_NODE_PATH:
    return read_operand(ev, node, out);
  case MRI_NODE_NUMBER:
    *out = number_operand(node->number);
    return MR_OK;
  case MRI_NODE_TEXT:
    *out = (mri_operand){MRI_OPERAND_TEXT, 0, node->text, node->text_size};
    return MR_OK;
  default:
    return compute(ev, node, out);
  }
}

/* Turns a number into its shortest decimal form. */
static mr_status make_text(mri_evaluation *ev, mri_operand *operand) {
  if (operand->kind != MRI_OPERAND_NUMBER) return MR_OK;
  mri_str text;
  mri_str_init(&text, ev->arena->mem);
  mri_str_add_double(&text, operand->number);
  char *copy = text.failed ? NULL : mri_arena_strndup(ev->arena, text.data, text.size);
  *operand = (mri_operand){MRI_OPERAND_TEXT, 0, copy, text.size};
  mri_str_free(&text);
  return copy == NULL ? mri_error_no_memory(ev->error) : MR_OK;
}

/* --- tests -------------------------------------------------------------------------------- */

static mri_truth truth_of(bool value) {
  return value ? MRI_TRUE : MRI_FALSE;
}

mri_truth mri_truth_not(mri_truth truth) {
  return truth == MRI_UNKNOWN ? MRI_UNKNOWN : truth_of(truth == MRI_FALSE);
}

mri_truth mri_truth_and(mri_truth a, mri_truth b) {
  if (a == MRI_FALSE || b == MRI_FALSE) return MRI_FALSE;
  return a == MRI_UNKNOWN ? a : b;
}

static mri_truth either(mri_truth a, mri_truth b) {
  return mri_truth_not(mri_truth_and(mri_truth_not(a), mri_truth_not(b)));
}

static mri_truth compare_order(mri_compare compare, int order) {
  switch (compare) {
  case MRI_COMPARE_EQ:
    return truth_of(order == 0);
  case MRI_COMPARE_NE:
    return truth_of(order != 0);
  case MRI_COMPARE_LT:
    return truth_of(order < 0);
  case MRI_COMPARE_LE:
    return truth_of(order <= 0);
  case MRI_COMPARE_GT:
    return truth_of(order > 0);
  case MRI_COMPARE_GE:
    break;
  }
  return truth_of(order >= 0);
}

static int order_texts(const mri_operand *a, const mri_operand *b) {
  size_t shorter = a->text_size < b->text_size ? a->text_size : b->text_size;
  int order = shorter == 0 ? 0 : memcmp(a->text, b->text, shorter);
  return order != 0 ? order : (a->text_size > b->text_size) - (a->text_size < b->text_size);
}

/* How two values compare, by the kinds of nodes that gave them. */
static mr_status compare(mri_evaluation *ev, mri_compare wanted, const mri_node *left,
                         mri_operand a, const mri_node *right, mri_truth *out) {
  mri_operand b;
  mr_status status = mri_evaluation_operand(ev, right, &b);
  if (status != MR_OK) return status;
  *out = MRI_UNKNOWN;
  if (a.kind == MRI_OPERAND_UNKNOWN || b.kind == MRI_OPERAND_UNKNOWN) return MR_OK;
  bool quoted = left->kind == MRI_NODE_TEXT || right->kind == MRI_NODE_TEXT;
  bool paths = left->kind == MRI_NODE_PATH && right->kind == MRI_NODE_PATH;
  double x = 0;
  double y = 0;
  if (!quoted && mri_operand_number(&a, &x) && mri_operand_number(&b, &y)) {
    *out = compare_order(wanted, (x > y) - (x < y));
    return MR_OK;
  }
  if (quoted) {
    status = make_text(ev, &a);
    if (status == MR_OK) status = make_text(ev, &b);
    if (status != MR_OK) return status;
  } else if (!paths || a.kind != MRI_OPERAND_TEXT || b.kind != MRI_OPERAND_TEXT) {
    return MR_OK;
  }
  *out = compare_order(wanted, order_texts(&a, &b));
  return MR_OK;
}

static mr_status test_in(mri_evaluation *ev, const mri_node *node, const mri_operand *left,
                         mri_truth *out) {
  mri_truth any = MRI_FALSE;
  for (const mri_node *item = node->first->next; item != NULL; item = item->next) {
    mri_truth equal = MRI_UNKNOWN;
    mr_status status = compare(ev, MRI_COMPARE_EQ, node->first, *left, item, &equal);
    if (status != MR_OK) return status;
    any = either(any, equal);
  }
  *out = any;
  return MR_OK;
}

static mr_status test_like(mri_evaluation *ev, const mri_node *node, mri_operand left,
                           mri_truth *out) {
  const mri_node *pattern = node->first->next;
  mr_status status = make_text(ev, &left);
  if (status != MR_OK) return status;
  *out = MRI_UNKNOWN;
  if (left.kind == MRI_OPERAND_TEXT)
    *out = truth_of(
        mri_like(left.text, left.text_size, pattern->text, pattern->text_size, node->fold));
  return MR_OK;
}

static mr_status test_null(mri_evaluation *ev, const mri_node *node, mri_truth *out) {
  const mri_reading *reading = NULL;
  mr_status status = mri_evaluation_read(ev, node->first->path, &reading);
  if (status == MR_OK) *out = truth_of(reading->value.kind == MRI_VALUE_MISSING);
  return status;
}

mr_status mri_evaluation_test(mri_evaluation *ev, const mri_node *node, mri_truth *out) {
  mri_operand left = {MRI_OPERAND_UNKNOWN, 0, NULL, 0};
  mr_status status = MR_OK;
  if (node->kind != MRI_NODE_IS_NULL) status = mri_evaluation_operand(ev, node->first, &left);
  if (status != MR_OK) return status;
  mri_truth truth = MRI_UNKNOWN;
  if (node->kind == MRI_NODE_COMPARE)
    status = compare(ev, node->compare, node->first, left, node->first->next, &truth);
  else if (node->kind == MRI_NODE_IN)
    status = test_in(ev, node, &left, &truth);
  else if (node->kind == MRI_NODE_LIKE)
    status = test_like(ev, node, left, &truth);
  else
    status = test_null(ev, node, &truth);
  *out = node->negated ? mri_truth_not(truth) : truth;
  return status;
}
