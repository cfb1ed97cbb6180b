/* SPDX-License-Identifier: Apache-2.0 */
/* Tree + subject -> truth, in three-valued logic.
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

/* --- readings ----------------------------------------------------------------------------- */

static uint32_t hash_path(const mri_query_path *path) {
  uint32_t hash = 2166136261U ^ (uint32_t)path->summary;
  for (int i = 0; i < path->count; i++) {
    const char *p = path->parts[i];
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
  return concrete;
}

/* The reading of a path, asking the subject the first time. */
static mr_status ask(mri_evaluation *ev, const mri_query_path *path, mri_reading **out) {
  uint32_t hash = hash_path(path);
  mri_reading **bucket = &ev->buckets[hash % MRI_READING_BUCKETS];
  for (mri_reading *r = *bucket; r != NULL; r = r->next_in_bucket) {
    if (r->hash != hash || !mri_path_equal(&r->path, path)) continue;
    *out = r;
    return MR_OK;
  }
  mri_reading *reading = mri_arena_alloc(ev->arena, sizeof *reading);
  if (reading == NULL) return mri_error_no_memory(ev->error);
  reading->path = *path;
  reading->hash = hash;
  const mri_query_subject *s = ev->subject;
  mr_status status = path->star < 0
                         ? s->get(s->ctx, &reading->path, ev->arena, &reading->value, ev->error)
                         : s->expand(s->ctx, &reading->path, ev->arena, &reading->names,
                                     &reading->name_count, ev->error);
  if (status != MR_OK) return status;
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
  mri_reading *reading = NULL;
  mr_status status = ask(ev, &concrete, &reading);
  if (status == MR_OK) *out = reading;
  return status;
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

static mri_truth negate(mri_truth truth) {
  return truth == MRI_UNKNOWN ? MRI_UNKNOWN : truth_of(truth == MRI_FALSE);
}

static mri_truth both(mri_truth a, mri_truth b) {
  if (a == MRI_FALSE || b == MRI_FALSE) return MRI_FALSE;
  return a == MRI_UNKNOWN ? a : b;
}

static mri_truth either(mri_truth a, mri_truth b) {
  return negate(both(negate(a), negate(b)));
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
  *out = node->negated ? negate(truth) : truth;
  return status;
}

/* --- LIKE --------------------------------------------------------------------------------- */

static char fold_ascii(char c, bool fold) {
  return fold && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static const char *next_char(const char *p, const char *end) {
  do p++;
  while (p < end && ((unsigned char)*p & 0xc0) == 0x80);
  return p;
}

bool mri_like(const char *text, size_t text_size, const char *pattern, size_t pattern_size,
              bool fold) {
  const char *end = text + text_size;
  const char *pattern_end = pattern + pattern_size;
  const char *after_percent = NULL; /* of the last % met: only it ever takes more */
  const char *taken = NULL;         /* the text it has taken ends here */
  const char *p = pattern;
  const char *t = text;
  while (t < end) {
    if (p < pattern_end && *p == '%') {
      after_percent = ++p;
      taken = t;
    } else if (p < pattern_end && *p == '_') {
      p++;
      t = next_char(t, end);
    } else if (p < pattern_end && fold_ascii(*p, fold) == fold_ascii(*t, fold)) {
      p++;
      t++;
    } else if (after_percent != NULL) {
      taken = next_char(taken, end);
      t = taken;
      p = after_percent;
    } else {
      return false;
    }
  }
  while (p < pattern_end && *p == '%') p++;
  return p == pattern_end;
}

/* --- truths ------------------------------------------------------------------------------- */

/* A test with a star holds when it holds for every name, and there is at least one. */
static mr_status evaluate_test(mri_evaluation *ev, const mri_node *node, mri_truth *out) {
  if (node->star == NULL) return mri_evaluation_test(ev, node, out);
  mri_reading *names = NULL;
  mr_status status = ask(ev, node->star->path, &names);
  if (status != MR_OK) return status;
  mri_truth all = names->name_count == 0 ? MRI_UNKNOWN : MRI_TRUE;
  for (size_t i = 0; i < names->name_count && status == MR_OK; i++) {
    mri_truth one = MRI_UNKNOWN;
    ev->bound = names->names[i];
    status = mri_evaluation_test(ev, node, &one);
    all = both(all, one);
  }
  ev->bound = NULL;
  *out = all;
  return status;
}

static mr_status evaluate(mri_evaluation *ev, const mri_node *node, mri_truth *out) {
  mri_truth truth = node->kind == MRI_NODE_AND ? MRI_TRUE : MRI_FALSE;
  mr_status status = MR_OK;
  if (node->kind == MRI_NODE_AND || node->kind == MRI_NODE_OR || node->kind == MRI_NODE_NOT) {
    for (const mri_node *child = node->first; child != NULL; child = child->next) {
      mri_truth one = MRI_UNKNOWN;
      status = evaluate(ev, child, &one);
      if (status != MR_OK) return status;
      truth = node->kind == MRI_NODE_AND ? both(truth, one) : either(truth, one);
    }
    if (node->kind == MRI_NODE_NOT) truth = negate(truth);
  } else {
    status = evaluate_test(ev, node, &truth);
  }
  ev->truths[node->index] = (unsigned char)truth;
  *out = truth;
  return status;
}

mr_status mri_query_evaluate(const mri_query *query, const mri_query_subject *subject,
                             mri_arena *arena, mri_query_result *out, mr_error *error) {
  assert(query != NULL && subject != NULL && arena != NULL && out != NULL);
  mri_evaluation ev = {.subject = subject, .arena = arena, .error = error};
  mri_query_result result = {MRI_UNKNOWN, NULL, NULL, NULL};
  ev.truths = mri_arena_alloc(arena, query->node_count);
  char *required = mri_arena_strdup(arena, query->text);
  if (ev.truths == NULL || required == NULL) return mri_error_no_memory(error);
  result.required = required;
  mr_status status = evaluate(&ev, query->root, &result.truth);
  if (status == MR_OK) status = mri_explain(&ev, query->root, &result.observed, &result.reason);
  if (status == MR_OK) *out = result;
  return status;
}
