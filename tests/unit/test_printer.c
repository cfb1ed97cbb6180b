/* SPDX-License-Identifier: Apache-2.0 */
#include "query/ast.h"
#include "query_fixture.h"

/* --- random trees in normal form, as the parser makes them ---------------------------------- */

typedef struct maker {
  dice d;
  mri_arena arena;
  int size; /* nodes made so far */
} maker;

static mri_node *make(maker *m, mri_node_kind kind) {
  mri_node *node = mri_arena_alloc(&m->arena, sizeof *node);
  assert_non_null(node);
  node->kind = kind;
  m->size++;
  return node;
}

static void append(mri_node *parent, mri_node *child) {
  if (parent->last == NULL)
    parent->first = child;
  else
    parent->last->next = child;
  parent->last = child;
}

static mri_node *make_text(maker *m) {
  static const char *const texts[] = {
      "", "x", "it's", "\"", "a b", "5", "%_", "\xc3\xa9\xe2\x82\xac", "AND", "''"};
  mri_node *node = make(m, MRI_NODE_TEXT);
  node->text = texts[roll(&m->d, 10)];
  node->text_size = strlen(node->text);
  return node;
}

static mri_node *make_number(maker *m) {
  static const double numbers[] = {0,
                                   -0.0,
                                   1,
                                   -1,
                                   0.1,
                                   1.0 / 3,
                                   1e300,
                                   -2.5e-7,
                                   5e-324,
                                   2e9,
                                   1e15,
                                   1e16,
                                   123456789.125,
                                   -4096,
                                   1.7976931348623157e308};
  mri_node *node = make(m, MRI_NODE_NUMBER);
  node->number = numbers[roll(&m->d, 15)];
  return node;
}

static mri_node *make_path(maker *m) {
  static const char *const names[] = {"a",   "eval.loss", "a b", "x-1/y", "*",  "quo\"te", "`",
                                      "a#b", "NOT",       "1",   "-",     "a.", "\xc3\xa9"};
  mri_query_path *path = mri_arena_alloc(&m->arena, sizeof *path);
  assert_non_null(path);
  const char *name = names[roll(&m->d, 13)];
  switch (roll(&m->d, 6)) {
  case 0:
    *path = (mri_query_path){MRI_SUMMARY_NONE, 2, {"tags", name}, -1, false, NULL};
    break;
  case 1:
    *path = (mri_query_path){
        (mri_summary_function)roll(&m->d, 7), 2, {"metrics", name}, -1, false, NULL};
    break;
  case 2:
    *path = (mri_query_path){MRI_SUMMARY_NONE, 3, {"artifacts", name, "size"}, -1, false, NULL};
    break;
  case 3:
    *path = (mri_query_path){MRI_SUMMARY_NONE, 2, {"dataset", name}, -1, true, NULL};
    break;
  case 4:
    *path = (mri_query_path){(mri_summary_function)roll(&m->d, 7),
                             4,
                             {"evaluations", name, "metrics", name},
                             -1,
                             false,
                             NULL};
    break;
  default:
    *path = (mri_query_path){
        MRI_SUMMARY_NONE, 4, {"incumbent", "artifacts", name, "digest"}, -1, false, NULL};
  }
  mri_node *node = make(m, MRI_NODE_PATH);
  node->path = path;
  return node;
}

static mri_node *make_value(maker *m, int depth);

/* Any numeric value that may stand in this place of a chain of `kind`. */
static mri_node *make_operand(maker *m, mri_node_kind kind, bool first, int depth) {
  for (;;) {
    mri_node *node = make_value(m, depth);
    if (!(first && node->kind == kind) && node->kind != MRI_NODE_TEXT) return node;
  }
}

static mri_node *make_value(maker *m, int depth) {
  uint32_t kind = roll(&m->d, depth > 0 && m->size < 200 ? 7 : 3);
  if (kind == 0) return make_number(m);
  if (kind == 1) return make_path(m);
  if (kind == 2) return make_text(m);
  if (kind <= 4) {
    bool sum = kind == 3;
    mri_node *node = make(m, sum ? MRI_NODE_SUM : MRI_NODE_PRODUCT);
    for (uint32_t n = 2 + roll(&m->d, 2), i = 0; i < n; i++) {
      mri_node *child = make_operand(m, node->kind, i == 0, depth - 1);
      if (i > 0) child->sign = sum ? "+-"[roll(&m->d, 2)] : "*/"[roll(&m->d, 2)];
      append(node, child);
    }
    return node;
  }
  mri_node *node = make(m, kind == 5 ? MRI_NODE_NEGATE : MRI_NODE_ABS);
  mri_node *child = NULL;
  do child = make_operand(m, MRI_NODE_SUM, false, depth - 1);
  while (kind == 5 && child->kind == MRI_NODE_NUMBER);
  append(node, child);
  return node;
}

static mri_node *make_test(maker *m) {
  mri_node *node = make(m, MRI_NODE_COMPARE);
  switch (roll(&m->d, 5)) {
  case 0:
    node->kind = MRI_NODE_IN;
    append(node, make_value(m, 2));
    for (uint32_t n = 1 + roll(&m->d, 3); n > 0; n--)
      append(node, roll(&m->d, 2) == 0 ? make_text(m) : make_number(m));
    break;
  case 1:
    node->kind = MRI_NODE_LIKE;
    node->fold = roll(&m->d, 2) == 0;
    append(node, make_path(m));
    append(node, make_text(m));
    break;
  case 2:
    node->kind = MRI_NODE_IS_NULL;
    append(node, make_path(m));
    break;
  default:
    node->compare = (mri_compare)roll(&m->d, 6);
    append(node, make_value(m, 3));
    append(node, make_value(m, 3));
    return node;
  }
  node->negated = roll(&m->d, 2) == 0;
  return node;
}

static mri_node *make_truth(maker *m, int depth) {
  uint32_t kind = roll(&m->d, depth > 0 && m->size < 200 ? 4 : 1);
  if (kind == 0) return make_test(m);
  mri_node *node = make(m, kind == 1 ? MRI_NODE_NOT : kind == 2 ? MRI_NODE_AND : MRI_NODE_OR);
  for (uint32_t n = kind == 1 ? 1 : 2 + roll(&m->d, 3); n > 0; n--) {
    mri_node *child = NULL;
    do child = make_truth(m, depth - 1);
    while (kind != 1 && child->kind == node->kind);
    append(node, child);
  }
  return node;
}

/* --- comparing ------------------------------------------------------------------------------ */

static bool same_text(const char *a, const char *b) {
  return (a == NULL && b == NULL) || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_tree(const mri_node *a, const mri_node *b) {
  if (a->kind != b->kind || a->compare != b->compare || a->negated != b->negated ||
      a->fold != b->fold || a->sign != b->sign || !same_text(a->text, b->text) ||
      a->text_size != b->text_size || memcmp(&a->number, &b->number, sizeof a->number) != 0)
    return false;
  if (a->path != NULL && !mri_path_equal(a->path, b->path)) return false;
  const mri_node *x = a->first;
  const mri_node *y = b->first;
  for (; x != NULL && y != NULL; x = x->next, y = y->next)
    if (!same_tree(x, y)) return false;
  return x == NULL && y == NULL;
}

static void test_printed_trees_parse_to_themselves(void **state) {
  (void)state;
  uint64_t parsed = 0;
  uint64_t count = rounds(20000);
  for (uint64_t i = 0; i < count; i++) {
    maker m = {.d = {i}};
    mri_arena_init(&m.arena, mri_mem_default());
    const mri_node *tree = make_truth(&m, 4);
    mri_str text;
    mri_str_init(&text, mri_mem_default());
    mri_node_print(tree, &text);
    assert_false(text.failed);
    if (text.size <= MRI_QUERY_TEXT_MAX) {
      mri_query *query = parse_ok(mri_str_text(&text));
      assert_true(same_tree(tree, query->root));
      assert_string_equal(query->text, mri_str_text(&text));
      mri_query_free(query);
      parsed++;
    }
    mri_str_free(&text);
    mri_arena_free(&m.arena);
  }
  assert_true(parsed > count / 20 * 19);
}

static void test_canonical_form(void **state) {
  (void)state;
  assert_canonical("not(metrics.a>1)or(not(metrics.b<2 and(metrics.c=3)))and 1=1",
                   "NOT metrics.a > 1 OR NOT (metrics.b < 2 AND metrics.c = 3) AND 1 = 1");
  assert_canonical("((metrics.a+(1)))*((2))>(((-(3))))", "(metrics.a + 1) * 2 > -3");
  assert_canonical("1-(2-3)=1", "1 - (2 - 3) = 1");
  assert_canonical("1-(2*3)=1", "1 - 2 * 3 = 1");
  assert_canonical("1/(2*3)=1", "1 / (2 * 3) = 1");
  assert_canonical("(1/2)*3=1", "1 / 2 * 3 = 1");
  assert_canonical("-(metrics.a+1)=1", "-(metrics.a + 1) = 1");
  assert_canonical("-metrics.a*1=1", "-metrics.a * 1 = 1");
  assert_canonical("2 - -metrics.a=1", "2 - -metrics.a = 1");
  assert_canonical("2 - -1=1", "2 - -1 = 1");
  assert_canonical("-abs ( -metrics.a )=1", "-abs(-metrics.a) = 1");
  assert_canonical("(1=1 or 2=2)and not(3=3 or 4=4)", "(1 = 1 OR 2 = 2) AND NOT (3 = 3 OR 4 = 4)");
  assert_canonical("(1=1 and 2=2)or 3=3", "1 = 1 AND 2 = 2 OR 3 = 3");
  assert_canonical("params.a in(\"b\",'c',1.50)", "params.a IN ('b', 'c', 1.5)");
  assert_canonical("params.a not in(\"it's\")", "params.a NOT IN ('it''s')");
  assert_canonical("params.a  not  like\"%\"", "params.a NOT LIKE '%'");
  assert_canonical("params.a not\nilike\t'%'", "params.a NOT ILIKE '%'");
  assert_canonical("params.a is  not  null", "params.a IS NOT NULL");
  assert_canonical("metrics.a>1000000 and metrics.a>1e300 and metrics.a>0.1",
                   "metrics.a > 1000000 AND metrics.a > 1e+300 AND metrics.a > 0.1");
}

static void test_print_appends(void **state) {
  (void)state;
  mri_query *query = parse_ok("1=1");
  mri_str out;
  mri_str_init(&out, mri_mem_default());
  mri_str_add(&out, "rule: ");
  assert_int_equal(mri_query_print(query, &out, NULL), MR_OK);
  assert_string_equal(mri_str_text(&out), "rule: 1 = 1");
  mri_str_free(&out);
  mri_query_free(query);
}

static bool attempt_print(void *ctx) {
  mri_str out;
  mri_str_init(&out, mri_mem_default());
  mr_status status = mri_query_print(ctx, &out, NULL);
  mri_str_free(&out);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  return status == MR_OK;
}

static void test_printer_without_memory(void **state) {
  (void)state;
  mri_query *query =
      parse_ok("metrics.some_long_name_that_needs_room >= 0.12345 AND params.a = 'b'");
  assert_true(unit_fail_allocations(attempt_print, query) >= 1);
  mri_query_free(query);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_printed_trees_parse_to_themselves),
      cmocka_unit_test(test_canonical_form),
      cmocka_unit_test(test_print_appends),
      cmocka_unit_test(test_printer_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
