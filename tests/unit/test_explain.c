/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "query/evaluator.h"
#include "query_fixture.h"

static const char *const files[] = {"a", "b.pkl", "c d", NULL};
static const char *const none[] = {NULL};

static const fact facts[] = {
    NUMBER("metrics.accuracy", 0.91),
    NUMBER("metrics.zero", 0),
    NUMBER("metrics.nan", (double)NAN),
    UNREADABLE("metrics.broken"),
    NUMBER("incumbent.metrics.accuracy", 0.915),
    TEXT("params.optimizer", "sgd"),
    TEXT("params.depth", "deep"),
    TEXT("params.number", "12"),
    TEXT("tags.quote", "it's"),
    NAMES("artifacts.*.format", files),
    TEXT("artifacts.a.format", "onnx"),
    TEXT("artifacts.\"b.pkl\".format", "pickle"),
    TEXT("artifacts.\"c d\".format", "pickle"),
    NAMES("artifacts.*.size", files),
    NUMBER("artifacts.a.size", 10),
    NUMBER("artifacts.\"b.pkl\".size", 3),
    NUMBER("artifacts.\"c d\".size", 1),
    NAMES("checks.*", none),
    FACTS_END,
};

typedef struct story {
  const char *text;
  mri_truth truth;
  const char *observed;
  const char *reason;
} story;

static void assert_stories(const story *table) {
  for (const story *s = table; s->text != NULL; s++) {
    evaluated e = evaluate_text(s->text, facts);
    assert_string_equal(e.result.reason, s->reason);
    assert_string_equal(e.result.observed, s->observed);
    assert_int_equal(e.result.truth, s->truth);
    evaluated_free(&e);
  }
}

static void test_comparisons(void **state) {
  (void)state;
  static const story table[] = {
      {"metrics.accuracy >= 0.9", MRI_TRUE, "metrics.accuracy = 0.91", ""},
      {"metrics.accuracy >= 0.92", MRI_FALSE, "metrics.accuracy = 0.91",
       "metrics.accuracy is 0.91, not >= 0.92"},
      {"0.92 <= metrics.accuracy", MRI_FALSE, "metrics.accuracy = 0.91",
       "metrics.accuracy is 0.91, not >= 0.92"},
      {"0.92 < metrics.accuracy", MRI_FALSE, "metrics.accuracy = 0.91",
       "metrics.accuracy is 0.91, not > 0.92"},
      {"0.9 >= metrics.accuracy", MRI_FALSE, "metrics.accuracy = 0.91",
       "metrics.accuracy is 0.91, not <= 0.9"},
      {"0.9 > metrics.accuracy", MRI_FALSE, "metrics.accuracy = 0.91",
       "metrics.accuracy is 0.91, not < 0.9"},
      {"'sgd' != params.optimizer", MRI_FALSE, "params.optimizer = 'sgd'",
       "params.optimizer is 'sgd', not != 'sgd'"},
      {"metrics.accuracy >= incumbent.metrics.accuracy", MRI_FALSE,
       "metrics.accuracy = 0.91, incumbent.metrics.accuracy = 0.915",
       "metrics.accuracy is 0.91, not >= incumbent.metrics.accuracy (0.915)"},
      {"metrics.accuracy * 2 < metrics.zero + 1", MRI_FALSE,
       "metrics.accuracy = 0.91, metrics.zero = 0",
       "metrics.accuracy * 2 is 1.82, not < metrics.zero + 1 (1)"},
      {"1 = 2", MRI_FALSE, "", "1 is not = 2"},
      {"NOT 1 = 1", MRI_FALSE, "", "1 is = 1"},
      {"NOT metrics.accuracy > 0.5", MRI_FALSE, "metrics.accuracy = 0.91",
       "metrics.accuracy is 0.91, which is > 0.5"},
      {"tags.quote = 'x'", MRI_FALSE, "tags.quote = 'it''s'", "tags.quote is 'it''s', not = 'x'"},
      {NULL, MRI_TRUE, NULL, NULL},
  };
  assert_stories(table);
}

static void test_other_tests(void **state) {
  (void)state;
  static const story table[] = {
      {"params.optimizer IN ('adam', 1)", MRI_UNKNOWN, "params.optimizer = 'sgd'",
       "params.optimizer is 'sgd', not a number"},
      {"params.optimizer IN ('adam', 'lion')", MRI_FALSE, "params.optimizer = 'sgd'",
       "params.optimizer is 'sgd', not IN ('adam', 'lion')"},
      {"params.optimizer NOT IN ('sgd')", MRI_FALSE, "params.optimizer = 'sgd'",
       "params.optimizer is 'sgd', which is IN ('sgd')"},
      {"NOT params.optimizer IN ('sgd')", MRI_FALSE, "params.optimizer = 'sgd'",
       "params.optimizer is 'sgd', which is IN ('sgd')"},
      {"NOT params.optimizer NOT IN ('adam')", MRI_FALSE, "params.optimizer = 'sgd'",
       "params.optimizer is 'sgd', not IN ('adam')"},
      {"params.optimizer LIKE 'a%'", MRI_FALSE, "params.optimizer = 'sgd'",
       "params.optimizer is 'sgd', not LIKE 'a%'"},
      {"params.optimizer NOT ILIKE 'S%'", MRI_FALSE, "params.optimizer = 'sgd'",
       "params.optimizer is 'sgd', which is ILIKE 'S%'"},
      {"params.optimizer IS NULL", MRI_FALSE, "params.optimizer = 'sgd'",
       "params.optimizer is 'sgd', not NULL"},
      {"metrics.broken IS NULL", MRI_FALSE, "metrics.broken is unreadable",
       "metrics.broken is unreadable, not NULL"},
      {"params.lr IS NOT NULL", MRI_FALSE, "params.lr is missing", "params.lr is missing"},
      {"NOT incumbent IS NULL", MRI_FALSE, "incumbent is missing", "incumbent is missing"},
      {NULL, MRI_TRUE, NULL, NULL},
  };
  assert_stories(table);
}

static void test_the_unknown(void **state) {
  (void)state;
  static const story table[] = {
      {"params.lr > 3", MRI_UNKNOWN, "params.lr is missing", "params.lr is missing"},
      {"metrics.broken > 3", MRI_UNKNOWN, "metrics.broken is unreadable",
       "metrics.broken is unreadable"},
      {"metrics.nan > 3", MRI_UNKNOWN, "metrics.nan = nan", "metrics.nan is nan"},
      {"params.depth > 3", MRI_UNKNOWN, "params.depth = 'deep'",
       "params.depth is 'deep', not a number"},
      {"params.lr = 'x'", MRI_UNKNOWN, "params.lr is missing", "params.lr is missing"},
      {"params.depth = params.lr", MRI_UNKNOWN, "params.depth = 'deep', params.lr is missing",
       "params.depth is 'deep', not a number and params.lr is missing"},
      {"metrics.accuracy < params.depth", MRI_UNKNOWN,
       "metrics.accuracy = 0.91, params.depth = 'deep'", "params.depth is 'deep', not a number"},
      {"params.depth + 1 = '4'", MRI_UNKNOWN, "params.depth = 'deep'",
       "params.depth is 'deep', not a number"},
      {"params.lr LIKE 'x'", MRI_UNKNOWN, "params.lr is missing", "params.lr is missing"},
      {"params.lr + params.number > -metrics.broken", MRI_UNKNOWN,
       "params.lr is missing, params.number = '12', metrics.broken is unreadable",
       "params.lr is missing and metrics.broken is unreadable"},
      {"metrics.accuracy / metrics.zero > 1", MRI_UNKNOWN,
       "metrics.accuracy = 0.91, metrics.zero = 0",
       "metrics.accuracy / metrics.zero > 1 cannot be computed"},
      {"NOT params.lr > 3", MRI_UNKNOWN, "params.lr is missing", "params.lr is missing"},
      {NULL, MRI_TRUE, NULL, NULL},
  };
  assert_stories(table);
}

/* The ones that decided, and no others. */
static void test_connectives(void **state) {
  (void)state;
  const char *read = "metrics.accuracy = 0.91, params.lr is missing, params.optimizer = 'sgd'";
  const story table[] = {
      {"metrics.accuracy > 1 AND params.lr > 1 AND params.optimizer = 'sgd'", MRI_FALSE, read,
       "metrics.accuracy is 0.91, not > 1"},
      {"metrics.accuracy > 0 AND params.lr > 1 AND params.optimizer = 'sgd'", MRI_UNKNOWN, read,
       "params.lr is missing"},
      {"metrics.accuracy > 1 OR params.lr > 1 OR params.optimizer = 'adam'", MRI_UNKNOWN, read,
       "metrics.accuracy is 0.91, not > 1; params.lr is missing; "
       "params.optimizer is 'sgd', not = 'adam'"},
      {"metrics.accuracy > 1 OR params.lr IS NOT NULL OR params.optimizer = 'adam'", MRI_FALSE,
       read,
       "metrics.accuracy is 0.91, not > 1; params.lr is missing; "
       "params.optimizer is 'sgd', not = 'adam'"},
      {"NOT (metrics.accuracy > 1 OR params.lr IS NULL OR params.optimizer = 'adam')", MRI_FALSE,
       read, "params.lr is missing"},
      {"NOT (metrics.accuracy > 0 AND params.lr IS NULL AND params.optimizer = 'sgd')", MRI_FALSE,
       read,
       "metrics.accuracy is 0.91, which is > 0; params.lr is missing; "
       "params.optimizer is 'sgd', which is = 'sgd'"},
      {"NOT NOT (metrics.accuracy > 1 AND params.lr > 1 AND params.optimizer = 'adam')", MRI_FALSE,
       read, "metrics.accuracy is 0.91, not > 1; params.optimizer is 'sgd', not = 'adam'"},
      {NULL, MRI_TRUE, NULL, NULL},
  };
  assert_stories(table);
}

static void test_stars(void **state) {
  (void)state;
  const char *formats = "artifacts.a.format = 'onnx', artifacts.\"b.pkl\".format = 'pickle', "
                        "artifacts.\"c d\".format = 'pickle'";
  const char *sizes =
      "artifacts.a.size = 10, artifacts.\"b.pkl\".size = 3, artifacts.\"c d\".size = 1";
  const story table[] = {
      {"artifacts.*.format IN ('onnx', 'pickle')", MRI_TRUE, formats, ""},
      {"artifacts.*.format IN ('onnx')", MRI_FALSE, formats,
       "artifacts.\"b.pkl\".format is 'pickle', not IN ('onnx') (and 1 more)"},
      {"artifacts.*.format = 'pickle'", MRI_FALSE, formats,
       "artifacts.a.format is 'onnx', not = 'pickle'"},
      {"NOT artifacts.*.format IN ('onnx', 'pickle')", MRI_FALSE, formats,
       "artifacts.a.format is 'onnx', which is IN ('onnx', 'pickle') (and 2 more)"},
      {"artifacts.*.size / 2 > 2", MRI_FALSE, sizes,
       "artifacts.\"b.pkl\".size: artifacts.*.size / 2 is 1.5, not > 2 (and 1 more)"},
      {"5 < artifacts.*.size", MRI_FALSE, sizes,
       "artifacts.\"b.pkl\".size is 3, not > 5 (and 1 more)"},
      {"artifacts.*.format > 2", MRI_UNKNOWN, formats,
       "artifacts.a.format is 'onnx', not a number (and 2 more)"},
      {"artifacts.*.format IS NULL", MRI_FALSE, formats,
       "artifacts.a.format is 'onnx', not NULL (and 2 more)"},
      {"checks.* = 'passed'", MRI_UNKNOWN, "no checks.*", "there is no checks.*"},
      {"inputs.*.digest IS NOT NULL", MRI_UNKNOWN, "no inputs.*.digest",
       "there is no inputs.*.digest"},
      {NULL, MRI_TRUE, NULL, NULL},
  };
  assert_stories(table);
}

/* Whatever a store holds, a record is one line of UTF-8. */
static void test_hostile_values(void **state) {
  (void)state;
  static const char *const names[] = {"new\nline\xff", NULL};
  const fact hostile[] = {
      TEXT("tags.a", "two\r\nlines\t\x1b[31m \xff\xc3 \xc2\x85 \xe2\x82\xac \x7f"),
      NAMES("artifacts.*.format", names),
      FACTS_END,
  };
  evaluated e = evaluate_text("tags.a = 'x' AND artifacts.*.format = 'y'", hostile);
  assert_string_equal(e.result.observed,
                      "tags.a = 'two??lines??[31m ?? ??"
                      " \xe2\x82\xac ?', artifacts.\"new?line?\".format is missing");
  assert_string_equal(e.result.reason, "tags.a is 'two??lines??[31m ?? ??"
                                       " \xe2\x82\xac ?', not = 'x'");
  evaluated_free(&e);
}

/* Marks that turn the direction of text, those beside them that do not, and a character that ends in
 * the middle. */
static void test_values_that_turn_the_text(void **state) {
  (void)state;
  const fact hostile[] = {
      TEXT("tags.a", "\xe2\x80\xae \xe2\x80\xaf \xe2\x81\xa6 \xe2\x81\xa9 \xe2\x81\xaa \xe2\x82"),
      FACTS_END,
  };
  evaluated e = evaluate_text("tags.a = 'x'", hostile);
  assert_string_equal(e.result.observed, "tags.a = '??? \xe2\x80\xaf ??? ??? \xe2\x81\xaa ??"
                                         "'");
  evaluated_free(&e);
}

static void test_long_values_are_cut_at_a_character(void **state) {
  (void)state;
  for (size_t before = 0; before < 3; before++) {
    char value[400] = "";
    memset(value, 'x', before);
    for (size_t at = before; at + 3 < 390; at += 3) memcpy(value + at, "\xe2\x82\xac", 3);
    const fact one[] = {TEXT("tags.a", value), FACTS_END};
    evaluated e = evaluate_text("tags.a = 'y'", one);
    assert_true(mri_utf8_valid(e.result.observed, strlen(e.result.observed)));
    assert_null(strchr(e.result.observed, '?'));
    assert_true(strlen(e.result.observed) <= 10 + 120 + 4);
    assert_non_null(strstr(e.result.observed, "\xe2\x82\xac...'"));
    evaluated_free(&e);
  }
}

static void test_records_are_bounded(void **state) {
  (void)state;
  for (size_t shift = 0; shift < 4; shift++) {
    char text[MRI_QUERY_TEXT_MAX] = "";
    size_t size = 0;
    for (int i = 0; i < 150; i++)
      size += (size_t)snprintf(text + size, sizeof text - size,
                               "%sparams.\"%.*s\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac%d\" > 1",
                               i > 0 ? " OR " : "", (int)shift, "xxxx", i);
    evaluated e = evaluate_text(text, facts);
    const char *both[] = {e.result.observed, e.result.reason};
    for (int i = 0; i < 2; i++) {
      size_t length = strlen(both[i]);
      assert_true(length <= MRI_EXPLAIN_MAX && length > MRI_EXPLAIN_MAX - 8);
      assert_true(mri_utf8_valid(both[i], length));
      assert_string_equal(both[i] + length - 3, "...");
      assert_null(strchr(both[i], '?'));
    }
    assert_int_equal(e.gets, 150);
    evaluated_free(&e);
  }
}

/* Up to the bound nothing is cut. */
static void test_the_bound_is_exact(void **state) {
  (void)state;
  for (int length = MRI_EXPLAIN_MAX - 30; length < MRI_EXPLAIN_MAX; length++) {
    char text[MRI_QUERY_TEXT_MAX];
    (void)snprintf(text, sizeof text, "params.x%0*d > 1", length, 0);
    evaluated e = evaluate_text(text, facts);
    size_t full = (size_t)length + strlen("params.x is missing");
    if (full <= MRI_EXPLAIN_MAX) {
      assert_int_equal(strlen(e.result.reason), full);
      assert_string_equal(e.result.reason + full - 8, " missing");
    } else {
      assert_int_equal(strlen(e.result.reason), MRI_EXPLAIN_MAX);
      assert_string_equal(e.result.reason + MRI_EXPLAIN_MAX - 3, "...");
    }
    evaluated_free(&e);
  }
}

static void test_required_is_canonical(void **state) {
  (void)state;
  evaluated e = evaluate_text("( metric.accuracy>=.9 )and\n status == \"x\"", facts);
  assert_string_equal(e.result.required, "metrics.accuracy >= 0.9 AND attributes.status = 'x'");
  evaluated_free(&e);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_comparisons),
      cmocka_unit_test(test_other_tests),
      cmocka_unit_test(test_the_unknown),
      cmocka_unit_test(test_connectives),
      cmocka_unit_test(test_stars),
      cmocka_unit_test(test_hostile_values),
      cmocka_unit_test(test_values_that_turn_the_text),
      cmocka_unit_test(test_long_values_are_cut_at_a_character),
      cmocka_unit_test(test_records_are_bounded),
      cmocka_unit_test(test_the_bound_is_exact),
      cmocka_unit_test(test_required_is_canonical),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
