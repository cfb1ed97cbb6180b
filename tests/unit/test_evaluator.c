/* SPDX-License-Identifier: Apache-2.0 */
#include "query/evaluator.h"
#include "query_fixture.h"

static const char *const files[] = {"model.safetensors", "vocab", "weights.onnx", NULL};
static const char *const roles[] = {"training", "validation", NULL};

/* A candidate as a gate sees it. */
static const fact candidate[] = {
    NUMBER("metrics.accuracy", 0.93),
    NUMBER("min(metrics.loss)", 0.05),
    NUMBER("max(metrics.loss)", 2.5),
    NUMBER("mean(metrics.loss)", 0.4),
    NUMBER("first(metrics.loss)", 2.5),
    NUMBER("last(metrics.loss)", 0.06),
    NUMBER("count(metrics.loss)", 1000),
    NUMBER("metrics.eval.loss", 0.25),
    NUMBER("metrics.nan", (double)NAN),
    NUMBER("metrics.inf", (double)INFINITY),
    NUMBER("metrics.zero", 0),
    NUMBER("metrics.half", 0.5),
    UNREADABLE("metrics.broken"),
    TEXT("params.optimizer", "adam"),
    TEXT("params.depth", "8"),
    TEXT("params.lr", " 1e-3 "),
    TEXT("params.eight", "8.0"),
    TEXT("params.arabic", "\xd9\xa8"),
    TEXT("params.hex", "0x10"),
    TEXT("params.nan", "nan"),
    TEXT("params.empty", ""),
    TEXT("params.null", "NULL"),
    TEXT("tags.team", "fraud-eu"),
    TEXT("tags.note", "line one\nline two"),
    TEXT("attributes.status", "FINISHED"),
    TEXT("dataset.name", "d"),
    TEXT("dataset.context", "train"),
    TEXT("inputs.training.digest", "abc"),
    NUMBER("inputs.training.sample_count", 20000),
    NUMBER("inputs.validation.sample_count", 500),
    NAMES("inputs.*.sample_count", roles),
    TEXT("checks.bias_audit", "passed"),
    NUMBER("evaluations.holdout.metrics.auc", 0.91),
    NAMES("artifacts.*.format", files),
    NAMES("artifacts.*.size", files),
    TEXT("artifacts.\"model.safetensors\".format", "safetensors"),
    TEXT("artifacts.\"weights.onnx\".format", "onnx"),
    NUMBER("artifacts.\"model.safetensors\".size", 1e9),
    NUMBER("artifacts.\"weights.onnx\".size", 5),
    NUMBER("artifacts.vocab.size", 10),
    NUMBER("approvals.risk", 2),
    NUMBER("channel.staging.hours", 30.5),
    NUMBER("incumbent.metrics.accuracy", 0.931),
    TEXT("incumbent", "1.0.0"),
    FACTS_END,
};

static const fact nothing[] = {FACTS_END};

/* Every example that the documents show. */
static void test_documented_examples(void **state) {
  (void)state;
  static const expectation with[] = {
      {"metrics.accuracy >= 0.92", MRI_TRUE},
      {"min(metrics.loss) < 0.1", MRI_TRUE},
      {"max(metrics.loss) < 0.1", MRI_FALSE},
      {"mean(metrics.loss) < 0.5", MRI_TRUE},
      {"first(metrics.loss) > last(metrics.loss)", MRI_TRUE},
      {"count(metrics.loss) >= 1000", MRI_TRUE},
      {"params.optimizer IN ('adam', 'lion')", MRI_TRUE},
      {"params.depth <= 8", MRI_TRUE},
      {"tags.\"team\" LIKE 'fraud%'", MRI_TRUE},
      {"attributes.status = 'FINISHED'", MRI_TRUE},
      {"dataset.name = 'd' AND dataset.context = 'train'", MRI_TRUE},
      {"inputs.training.digest = 'abc'", MRI_TRUE},
      {"inputs.training.sample_count >= 10000", MRI_TRUE},
      {"checks.bias_audit = 'passed'", MRI_TRUE},
      {"evaluations.holdout.metrics.auc >= 0.9", MRI_TRUE},
      {"artifacts.*.format IN ('safetensors', 'onnx')", MRI_UNKNOWN},
      {"artifacts.\"model.safetensors\".size < 2e9", MRI_TRUE},
      {"approvals.risk >= 2", MRI_TRUE},
      {"channel.staging.hours >= 24", MRI_TRUE},
      {"version.prerelease IS NULL", MRI_TRUE},
      {"metrics.accuracy >= incumbent.metrics.accuracy - 0.002 OR incumbent IS NULL", MRI_TRUE},
      {"metrics.eval.loss < 0.3", MRI_TRUE},
      {NULL, MRI_TRUE},
  };
  static const expectation without[] = {
      {"metrics.accuracy >= 0.92", MRI_UNKNOWN},
      {"params.optimizer IN ('adam', 'lion')", MRI_UNKNOWN},
      {"artifacts.*.format IN ('safetensors', 'onnx')", MRI_UNKNOWN},
      {"version.prerelease IS NULL", MRI_TRUE},
      {"metrics.accuracy >= incumbent.metrics.accuracy - 0.002", MRI_UNKNOWN},
      {"metrics.accuracy >= incumbent.metrics.accuracy - 0.002 OR incumbent IS NULL", MRI_TRUE},
      {NULL, MRI_TRUE},
  };
  assert_truths(with, candidate);
  assert_truths(without, nothing);
}

static void test_numbers_and_texts(void **state) {
  (void)state;
  static const expectation table[] = {
      /* A bare number compares numerically, and a text counts as the number it reads as. */
      {"params.depth = 8.0", MRI_TRUE},
      {"params.depth < 10", MRI_TRUE},
      {"params.lr = 0.001", MRI_TRUE},
      {"params.optimizer = 8", MRI_UNKNOWN},
      {"params.optimizer != 8", MRI_UNKNOWN},
      {"params.arabic = 8", MRI_UNKNOWN},
      {"params.hex = 16", MRI_UNKNOWN},
      {"params.empty = 0", MRI_UNKNOWN},
      {"params.nan != 1", MRI_UNKNOWN},
      /* A quoted literal compares as text. */
      {"params.depth = '8'", MRI_TRUE},
      {"params.depth = '8.0'", MRI_FALSE},
      {"params.depth < '10'", MRI_FALSE},
      {"params.empty = ''", MRI_TRUE},
      {"params.empty < 'a'", MRI_TRUE},
      {"params.null = 'NULL'", MRI_TRUE},
      {"params.optimizer = 'Adam'", MRI_FALSE},
      {"params.optimizer > 'ada'", MRI_TRUE},
      {"params.optimizer < 'adama'", MRI_TRUE},
      {"'adam' = params.optimizer", MRI_TRUE},
      {"params.nan = 'nan'", MRI_TRUE},
      {"metrics.accuracy = '0.93'", MRI_TRUE},
      {"metrics.accuracy = '0.930'", MRI_FALSE},
      {"metrics.accuracy + 0 = '0.93'", MRI_TRUE},
      {"count(metrics.loss) = '1000'", MRI_TRUE},
      {"metrics.inf = 'inf'", MRI_TRUE},
      {"5 = '5'", MRI_TRUE},
      {"5.0 = '5.0'", MRI_FALSE},
      {"'a' < 'b'", MRI_TRUE},
      /* Two paths: as numbers where both are, else as text where both are. */
      {"params.depth = params.eight", MRI_TRUE},
      {"params.depth < params.optimizer", MRI_TRUE},
      {"params.optimizer = params.optimizer", MRI_TRUE},
      {"metrics.accuracy < params.depth", MRI_TRUE},
      {"metrics.accuracy < params.optimizer", MRI_UNKNOWN},
      {"metrics.accuracy = metrics.accuracy", MRI_TRUE},
      {"params.optimizer = params.missing", MRI_UNKNOWN},
      /* Every comparison. */
      {"metrics.half = 0.5 AND metrics.half <= 0.5 AND metrics.half >= 0.5", MRI_TRUE},
      {"metrics.half != 0.5 OR metrics.half < 0.5 OR metrics.half > 0.5", MRI_FALSE},
      {"metrics.half != 1 AND metrics.half < 1 AND metrics.half <= 1", MRI_TRUE},
      {"metrics.half = 1 OR metrics.half > 1 OR metrics.half >= 1", MRI_FALSE},
      {NULL, MRI_TRUE},
  };
  assert_truths(table, candidate);
}

static void test_what_is_unknown(void **state) {
  (void)state;
  static const expectation table[] = {
      {"metrics.nan = metrics.nan", MRI_UNKNOWN},
      {"metrics.nan != 1", MRI_UNKNOWN},
      {"metrics.nan = 'nan'", MRI_UNKNOWN},
      {"metrics.nan IS NULL", MRI_FALSE},
      {"metrics.broken = 1", MRI_UNKNOWN},
      {"metrics.broken = 'x'", MRI_UNKNOWN},
      {"metrics.broken IS NULL", MRI_FALSE},
      {"metrics.broken IS NOT NULL", MRI_TRUE},
      {"metrics.missing = 1", MRI_UNKNOWN},
      {"metrics.missing IS NULL", MRI_TRUE},
      {"metrics.missing IS NOT NULL", MRI_FALSE},
      {"NOT metrics.missing = 1", MRI_UNKNOWN},
      {"metrics.missing = 1 AND 1 = 2", MRI_FALSE},
      {"1 = 2 AND metrics.missing = 1", MRI_FALSE},
      {"metrics.missing = 1 AND 1 = 1", MRI_UNKNOWN},
      {"metrics.missing = 1 OR 1 = 1", MRI_TRUE},
      {"1 = 1 OR metrics.missing = 1", MRI_TRUE},
      {"metrics.missing = 1 OR 1 = 2", MRI_UNKNOWN},
      {"params.missing IN ('a', 1)", MRI_UNKNOWN},
      {"params.missing NOT IN ('a')", MRI_UNKNOWN},
      {"params.missing LIKE '%'", MRI_UNKNOWN},
      {"params.missing NOT LIKE '%'", MRI_UNKNOWN},
      {"params.missing NOT ILIKE 'a'", MRI_UNKNOWN},
      /* A list compares each by its own type; what cannot be compared leaves it open. */
      {"params.optimizer IN ('sgd', 'adam')", MRI_TRUE},
      {"params.optimizer IN (1, 'adam')", MRI_TRUE},
      {"params.optimizer IN (1, 'sgd')", MRI_UNKNOWN},
      {"params.optimizer NOT IN (1, 'adam')", MRI_FALSE},
      {"params.optimizer NOT IN (1, 'sgd')", MRI_UNKNOWN},
      {"params.optimizer NOT IN ('sgd')", MRI_TRUE},
      {"params.depth IN (8)", MRI_TRUE},
      {"params.depth IN ('8.0')", MRI_FALSE},
      {"params.depth IN ('8.0', 8)", MRI_TRUE},
      {"params.depth NOT IN ('8.0', 9)", MRI_TRUE},
      {"metrics.half IN ('0.5')", MRI_TRUE},
      {"metrics.half + 0.5 IN (0, 1)", MRI_TRUE},
      {NULL, MRI_TRUE},
  };
  assert_truths(table, candidate);
}

static void test_arithmetic(void **state) {
  (void)state;
  static const expectation table[] = {
      {"1 + 2 * 3 - 4 / 2 = 5", MRI_TRUE},
      {"10 - 3 - 2 = 5", MRI_TRUE},
      {"10 - (3 - 2) = 9", MRI_TRUE},
      {"16 / 4 / 2 = 2", MRI_TRUE},
      {"16 / (4 / 2) = 8", MRI_TRUE},
      {"-metrics.half * -2 = 1", MRI_TRUE},
      {"-(metrics.half + 1) = -1.5", MRI_TRUE},
      {"abs(metrics.half - 1) = 0.5", MRI_TRUE},
      {"abs(-2) = 2", MRI_TRUE},
      {"params.depth * 2 = 16", MRI_TRUE},
      {"params.optimizer * 2 = 16", MRI_UNKNOWN},
      {"metrics.missing + 1 > 0", MRI_UNKNOWN},
      {"metrics.half / metrics.zero > 0", MRI_UNKNOWN},
      {"metrics.half / -metrics.zero < 0", MRI_UNKNOWN},
      {"metrics.zero / metrics.zero = 1", MRI_UNKNOWN},
      {"metrics.inf - metrics.inf = 0", MRI_UNKNOWN},
      {"metrics.inf - 1 > 1e308", MRI_TRUE},
      {"-metrics.inf < -1e308", MRI_TRUE},
      {"1e308 * 10 = metrics.inf", MRI_TRUE},
      {"metrics.zero * metrics.inf = 0", MRI_UNKNOWN},
      {"metrics.zero = -0", MRI_TRUE},
      {"-metrics.nan < 1", MRI_UNKNOWN},
      {"abs(metrics.missing) < 1", MRI_UNKNOWN},
      {NULL, MRI_TRUE},
  };
  assert_truths(table, candidate);
}

static void test_star(void **state) {
  (void)state;
  static const char *const one[] = {"a", NULL};
  static const fact facts[] = {
      NAMES("artifacts.*.format", files),
      TEXT("artifacts.\"model.safetensors\".format", "onnx"),
      TEXT("artifacts.vocab.format", "onnx"),
      TEXT("artifacts.\"weights.onnx\".format", "pickle"),
      NAMES("artifacts.*.size", files),
      NUMBER("artifacts.\"model.safetensors\".size", 1),
      NUMBER("artifacts.vocab.size", 2),
      NUMBER("artifacts.\"weights.onnx\".size", 3),
      NAMES("metrics.*", one),
      NUMBER("metrics.a", 7),
      NUMBER("metrics.b", 2),
      FACTS_END,
  };
  static const expectation table[] = {
      {"artifacts.*.format IN ('onnx', 'pickle')", MRI_TRUE},
      {"artifacts.*.format IN ('onnx')", MRI_FALSE},
      {"artifacts.*.format NOT IN ('pickle')", MRI_FALSE},
      {"artifacts.*.format NOT IN ('h5')", MRI_TRUE},
      {"NOT artifacts.*.format IN ('onnx')", MRI_TRUE},
      {"NOT artifacts.*.format IN ('h5')", MRI_TRUE},
      {"artifacts.*.format != 'onnx'", MRI_FALSE},
      {"artifacts.*.format LIKE '%n%'", MRI_FALSE},
      {"artifacts.*.format NOT LIKE '%z%'", MRI_TRUE},
      {"artifacts.*.format IS NOT NULL", MRI_TRUE},
      {"artifacts.*.format IS NULL", MRI_FALSE},
      {"artifacts.*.size < 4 AND artifacts.*.size > 0", MRI_TRUE},
      {"artifacts.*.size * 2 <= 6", MRI_TRUE},
      {"4 > artifacts.*.size", MRI_TRUE},
      {"metrics.b + 2 > artifacts.*.size", MRI_TRUE},
      {"metrics.b > artifacts.*.size", MRI_FALSE},
      {"metrics.* = 7", MRI_TRUE},
      /* One that is missing leaves it open, one that fails decides. */
      {"artifacts.*.digest = 'x'", MRI_UNKNOWN},
      {"checks.* = 'passed'", MRI_UNKNOWN},
      {"NOT checks.* = 'passed'", MRI_UNKNOWN},
      {"checks.* IS NULL", MRI_UNKNOWN},
      {"checks.* = 'passed' OR 1 = 1", MRI_TRUE},
      {NULL, MRI_TRUE},
  };
  assert_truths(table, facts);
  static const expectation partly[] = {
      {"inputs.*.sample_count >= 100", MRI_TRUE},
      {"inputs.*.sample_count >= 1000", MRI_FALSE},
      {"artifacts.*.format IN ('safetensors', 'onnx')", MRI_UNKNOWN},
      {"artifacts.*.format IN ('safetensors')", MRI_FALSE},
      {NULL, MRI_TRUE},
  };
  assert_truths(partly, candidate);
}

static void test_each_value_is_asked_for_once(void **state) {
  (void)state;
  evaluated e = evaluate_text("metrics.half > 0 OR metrics.half < 1 AND abs(metrics.half) = 1 OR "
                              "metrics.missing IS NULL OR metrics.missing > 1",
                              candidate);
  assert_int_equal(e.gets, 2);
  evaluated_free(&e);
  /* Also where a star and a name meet. */
  e = evaluate_text(
      "artifacts.vocab.size > 1 AND artifacts.*.size > 1 AND artifacts.*.size < 9 AND "
      "artifacts.\"weights.onnx\".size = 5",
      candidate);
  assert_int_equal(e.gets, 3);
  evaluated_free(&e);
  /* The function is a part of what is asked for. */
  e = evaluate_text("min(metrics.loss) < max(metrics.loss)", candidate);
  assert_int_equal(e.gets, 2);
  evaluated_free(&e);
}

static void test_many_names(void **state) {
  (void)state;
  enum { COUNT = 3000 };
  static char names[COUNT][16];
  static const char *list[COUNT + 1];
  for (int i = 0; i < COUNT; i++) {
    (void)snprintf(names[i], sizeof names[i], "n%d", i);
    list[i] = names[i];
  }
  const fact facts[] = {NAMES("artifacts.*.size", list), NUMBER("artifacts.n7.size", 1), FACTS_END};
  evaluated e = evaluate_text("artifacts.*.size = 2 OR artifacts.*.size < 0", facts);
  assert_int_equal(e.result.truth, MRI_FALSE);
  assert_int_equal(e.gets, COUNT);
  evaluated_free(&e);
}

/* The two names have the same 32-bit FNV-1a. */
static void test_names_that_collide(void **state) {
  (void)state;
  static const fact facts[] = {NUMBER("metrics.m64361", 1), NUMBER("metrics.m339816", 2),
                               FACTS_END};
  evaluated e = evaluate_text("metrics.m64361 = 1 AND metrics.m339816 = 2", facts);
  assert_int_equal(e.result.truth, MRI_TRUE);
  assert_int_equal(e.gets, 2);
  evaluated_free(&e);
}

/* --- failures ------------------------------------------------------------------------------- */

static const char long_expression[] =
    "artifacts.*.size > 1 AND NOT (metrics.half = '0.5' AND abs(metrics.half) > 2) AND "
    "(artifacts.*.format IN ('safetensors', 'onnx') OR params.missing = tags.team) AND "
    "metrics.zero NOT LIKE '1%' AND artifacts.*.size NOT IN ('10', '5', '1000000000', '0.125')";

static void test_failures_of_the_subject(void **state) {
  (void)state;
  mri_query *query = parse_ok(long_expression);
  mr_status status = MR_IO;
  int at = 0;
  while (status != MR_OK) {
    fixture f = {.facts = candidate, .fail_with = MR_IO, .fail_at = ++at};
    mri_query_subject subject = {&f, fixture_get, fixture_expand};
    mri_arena arena;
    mri_arena_init(&arena, mri_mem_default());
    mri_query_result result = {.truth = MRI_TRUE, .required = "kept"};
    mr_error error = MR_ERROR_INIT;
    status = mri_query_evaluate(query, &subject, &arena, &result, &error);
    if (status != MR_OK) {
      assert_int_equal(status, MR_IO);
      assert_string_equal(error.message, "the subject failed");
      assert_string_equal(result.required, "kept");
      assert_int_equal(f.gets + f.expands, at);
    }
    mri_arena_free(&arena);
  }
  assert_int_equal(at, 13);
  mri_query_free(query);
}

/* A subject that allocates nothing, so that only the evaluator's own allocations fail. */
static mr_status steady_get(void *ctx, const mri_query_path *path, mri_arena *arena,
                            mri_query_value *out, mr_error *error) {
  (void)ctx;
  (void)arena;
  (void)error;
  if (path->parts[0][0] == 'p') return MR_OK;
  bool text = path->parts[0][0] == 't' || path->parts[path->count - 1][0] == 'f';
  *out = text ? (mri_query_value){MRI_VALUE_TEXT, 0, "text", 4, false}
              : (mri_query_value){MRI_VALUE_NUMBER, 0.125, NULL, 0, false};
  return MR_OK;
}

static mr_status steady_expand(void *ctx, const mri_query_path *path, mri_arena *arena,
                               mri_query_names *out, mr_error *error) {
  (void)ctx;
  (void)path;
  (void)arena;
  (void)error;
  *out = (mri_query_names){files, 3, false};
  return MR_OK;
}

static bool attempt_evaluate(void *ctx) {
  mri_query_subject subject = {NULL, steady_get, steady_expand};
  mri_arena arena;
  mri_arena_init(&arena, mri_mem_default());
  mri_query_result result = {.truth = MRI_TRUE};
  mr_error error = MR_ERROR_INIT;
  mr_status status = mri_query_evaluate(ctx, &subject, &arena, &result, &error);
  mri_arena_free(&arena);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  return status == MR_OK;
}

static void test_evaluator_without_memory(void **state) {
  (void)state;
  mri_query *query = parse_ok(long_expression);
  assert_true(unit_fail_allocations(attempt_evaluate, query) >= 5);
  mri_query_free(query);
}

/* Of any size, so that the memory ends in each of the evaluator's steps. */
static void test_large_expressions_without_memory(void **state) {
  (void)state;
  for (int terms = 4; terms <= 100; terms += 8) {
    char text[4000] = "metrics.a0 > 0";
    for (int i = 1; i < terms; i++) {
      size_t size = strlen(text);
      (void)snprintf(text + size, sizeof text - size, " AND metrics.a%d > 0", i);
    }
    mri_query *query = parse_ok(text);
    assert_true(unit_fail_allocations(attempt_evaluate, query) >= 2);
    mri_query_free(query);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_documented_examples),
      cmocka_unit_test(test_numbers_and_texts),
      cmocka_unit_test(test_what_is_unknown),
      cmocka_unit_test(test_arithmetic),
      cmocka_unit_test(test_star),
      cmocka_unit_test(test_each_value_is_asked_for_once),
      cmocka_unit_test(test_many_names),
      cmocka_unit_test(test_names_that_collide),
      cmocka_unit_test(test_failures_of_the_subject),
      cmocka_unit_test(test_evaluator_without_memory),
      cmocka_unit_test(test_large_expressions_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
