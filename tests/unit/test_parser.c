/* SPDX-License-Identifier: Apache-2.0 */
#include "query/ast.h"
#include "query_fixture.h"

/* The tree in brackets, so that a test sees what binds to what. */
static void sketch(const mri_node *node, mri_str *out) {
  static const char *const names[] = {"or",   "and", "not",     "",    "in", "like",
                                      "null", "sum", "product", "neg", "abs"};
  if (node->sign != '\0') mri_str_add_char(out, node->sign);
  if (node->kind >= MRI_NODE_NUMBER) {
    mri_node_print(node, out);
    return;
  }
  mri_str_add(out, node->negated ? "[!" : "[");
  mri_str_add(out,
              node->kind == MRI_NODE_COMPARE ? mri_compare_text(node->compare) : names[node->kind]);
  for (const mri_node *child = node->first; child != NULL; child = child->next) {
    mri_str_add_char(out, ' ');
    sketch(child, out);
  }
  mri_str_add_char(out, ']');
}

static void assert_tree(const char *text, const char *expected) {
  mri_query *query = parse_ok(text);
  mri_str out;
  mri_str_init(&out, mri_mem_default());
  sketch(query->root, &out);
  assert_string_equal(mri_str_text(&out), expected);
  mri_str_free(&out);
  mri_query_free(query);
}

static void test_what_binds_to_what(void **state) {
  (void)state;
  assert_tree("1=1 OR 2=2 AND 3=3", "[or [= 1 1] [and [= 2 2] [= 3 3]]]");
  assert_tree("1=1 AND 2=2 OR 3=3", "[or [and [= 1 1] [= 2 2]] [= 3 3]]");
  assert_tree("(1=1 OR 2=2) AND 3=3", "[and [or [= 1 1] [= 2 2]] [= 3 3]]");
  assert_tree("NOT 1=1 AND 2=2", "[and [not [= 1 1]] [= 2 2]]");
  assert_tree("NOT (1=1 AND 2=2)", "[not [and [= 1 1] [= 2 2]]]");
  assert_tree("NOT NOT 1=1", "[not [not [= 1 1]]]");
  assert_tree("1 + 2 * 3 = 7", "[= [sum 1 +[product 2 *3]] 7]");
  assert_tree("(1 + 2) * 3 = 9", "[= [product [sum 1 +2] *3] 9]");
  assert_tree("1 - 2 - 3 = 4", "[= [sum 1 -2 -3] 4]");
  assert_tree("1 - (2 - 3) = 4", "[= [sum 1 -[sum 2 -3]] 4]");
  assert_tree("(1 - 2) - 3 = 4", "[= [sum 1 -2 -3] 4]");
  assert_tree("8 / 4 / 2 = 1", "[= [product 8 /4 /2] 1]");
  assert_tree("8 / (4 / 2) = 4", "[= [product 8 /[product 4 /2]] 4]");
  assert_tree("-metrics.a * 2 = 1", "[= [product [neg metrics.a] *2] 1]");
  assert_tree("-(metrics.a * 2) = 1", "[= [neg [product metrics.a *2]] 1]");
  assert_tree("- -metrics.a = +-+5", "[= [neg [neg metrics.a]] -5]");
  assert_tree("-(-(5)) = --5", "[= 5 5]");
  assert_tree("metrics.a- -5 = 1-1", "[= [sum metrics.a --5] [sum 1 -1]]");
  assert_tree("abs(metrics.a - 1) < ABS (2)", "[< [abs [sum metrics.a -1]] [abs 2]]");
  assert_tree("2*metrics.a/ 3 > 1", "[> [product 2 *metrics.a /3] 1]");
}

static void test_chains_are_one_node(void **state) {
  (void)state;
  assert_tree("1=1 AND 2=2 AND 3=3", "[and [= 1 1] [= 2 2] [= 3 3]]");
  assert_tree("1=1 AND (2=2 AND 3=3)", "[and [= 1 1] [= 2 2] [= 3 3]]");
  assert_tree("(1=1 OR 2=2) OR ((3=3 OR 4=4) OR 5=5)",
              "[or [= 1 1] [= 2 2] [= 3 3] [= 4 4] [= 5 5]]");
}

static void test_tests(void **state) {
  (void)state;
  assert_tree("params.a IN ('x', -1, \"y\")", "[in params.a 'x' -1 'y']");
  assert_tree("params.a not in ('x',)", "[!in params.a 'x']");
  assert_tree("params.a LIKE 'x%'", "[like params.a 'x%']");
  assert_tree("params.a NOT ILIKE \"x%\"", "[!like params.a 'x%']");
  assert_tree("params.a IS NULL", "[null params.a]");
  assert_tree("(params.a) is not null", "[!null params.a]");
  assert_tree("'x' = params.a", "[= 'x' params.a]");
  assert_tree("1 < 2", "[< 1 2]");
  assert_tree("metrics.a + 1 IN (1, 2)", "[in [sum metrics.a +1] 1 2]");
  assert_tree("1 = metrics.a - 1 AND params.b != params.c",
              "[and [= 1 [sum metrics.a -1]] [!= params.b params.c]]");
}

static void test_operators_and_their_other_spellings(void **state) {
  (void)state;
  assert_canonical("metrics.a == 1", "metrics.a = 1");
  assert_canonical("metrics.a <> 1", "metrics.a != 1");
  assert_canonical("metrics.a<1", "metrics.a < 1");
  assert_canonical("metrics.a<=1", "metrics.a <= 1");
  assert_canonical("metrics.a>1", "metrics.a > 1");
  assert_canonical("metrics.a>=1", "metrics.a >= 1");
}

/* MLflow's documents of search_runs, and what its users write. */
static void test_mlflow_filters(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *expected;
  } table[] = {
      {"metrics.rmse < 1 and params.model = \"tree\"",
       "metrics.rmse < 1 AND params.model = 'tree'"},
      {"metrics.rmse < 1", "metrics.rmse < 1"},
      {"metric.rmse <= 1 AND parameter.model != 'tree'",
       "metrics.rmse <= 1 AND params.model != 'tree'"},
      {"metrics.`cross-entropy` < 0.5", "metrics.cross-entropy < 0.5"},
      {"metrics.`m 1` > 72", "metrics.\"m 1\" > 72"},
      {"metrics.\"m 1\" > 72.5e-1", "metrics.\"m 1\" > 7.25"},
      {"metrics.a > -1", "metrics.a > -1"},
      {"metrics.a > .5", "metrics.a > 0.5"},
      {"params.\"model/name\" LIKE \"%x%\"", "params.model/name LIKE '%x%'"},
      {"params.model ILIKE '%Tree%'", "params.model ILIKE '%Tree%'"},
      {"params.batch_size = \"2\"", "params.batch_size = '2'"},
      {"params.opt = \"it's\"", "params.opt = 'it''s'"},
      {"tags.mlflow.source.name = \"x\"", "tags.mlflow.source.name = 'x'"},
      {"tags.mlflow.parentRunId = '3ae7'", "tags.mlflow.parentRunId = '3ae7'"},
      {"tags.\"mlflow.parentRunId\" ILIKE \"%a%\"", "tags.mlflow.parentRunId ILIKE '%a%'"},
      {"tags.`release candidate` != 'x' AND tag.environment = \"prod\"",
       "tags.\"release candidate\" != 'x' AND tags.environment = 'prod'"},
      {"attributes.status ILIKE 'RUNNING'", "attributes.status ILIKE 'RUNNING'"},
      {"attribute.status != 'FAILED'", "attributes.status != 'FAILED'"},
      {"attr.artifact_uri LIKE '%/1/%'", "attributes.artifact_uri LIKE '%/1/%'"},
      {"status = 'ACTIVE'", "attributes.status = 'ACTIVE'"},
      {"run.status = 'FINISHED'", "attributes.status = 'FINISHED'"},
      {"run_name ILIKE 'baseline%'", "attributes.run_name ILIKE 'baseline%'"},
      {"attributes.`run name` = 'x'", "attributes.run_name = 'x'"},
      {"attributes.run_id IN (\"a\",\"b\")", "attributes.run_id IN ('a', 'b')"},
      {"run_id NOT IN ('a')", "attributes.run_id NOT IN ('a')"},
      {"attributes.start_time >= 1664067852747", "attributes.start_time >= 1664067852747"},
      {"start_time > 1 AND end_time < 2", "attributes.start_time > 1 AND attributes.end_time < 2"},
      {"created > 0", "attributes.start_time > 0"},
      {"user_id = 'me'", "attributes.actor = 'me'"},
      {"dataset.name = \"d\" AND dataset.context=\"train\"",
       "dataset.name = 'd' AND dataset.context = 'train'"},
      {"datasets.digest IN ('s8ds293b', 'jks834s2')", "dataset.digest IN ('s8ds293b', 'jks834s2')"},
      {"params.a IS NULL AND tags.b IS NOT NULL", "params.a IS NULL AND tags.b IS NOT NULL"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    assert_canonical(table[i].text, table[i].expected);
}

static const struct {
  const char *text;
  const char *message;
} refused[] = {
    {"", "the expression is empty"},
    {" \n", "the expression is empty"},
    {"metrics.a", "expected a comparison (=, >, IN, LIKE, IS NULL ...) at 10: metrics.a^"},
    {"metrics.a AND 1=1",
     "expected a comparison (=, >, IN, LIKE, IS NULL ...) at 11: metrics.a ^AND 1=1"},
    {"NOT metrics.a", "expected a comparison (=, >, IN, LIKE, IS NULL ...) at 14: NOT metrics.a^"},
    {"metrics.a >", "expected a value at 12: metrics.a >^"},
    {"metrics.a > = 1", "expected a value at 13: metrics.a > ^= 1"},
    {"> 1", "expected a value at 1: ^> 1"},
    {"metrics.a > 1 metrics.b > 2",
     "expected AND, OR or the end at 15: metrics.a > 1 ^metrics.b > 2"},
    {"metrics.a > 1)", "expected AND, OR or the end at 14: metrics.a > 1^)"},
    {"(metrics.a > 1", "expected ) at 15: (metrics.a > 1^"},
    {"metrics.a > 1 AND", "expected a value at 18: metrics.a > 1 AND^"},
    {"metrics.a = 1 = 1", "expected AND, OR or the end at 15: metrics.a = 1 ^= 1"},
    {"(metrics.a = 1) = 1", "expected a value, not a comparison at 2: (^metrics.a = 1) = 1"},
    {"1 = (metrics.a = 1)", "expected a value, not a comparison at 6: 1 = (^metrics.a = 1)"},
    {"(metrics.a = 1) + 1 = 2",
     "expected a value, not a comparison at 2: (^metrics.a = 1) + 1 = 2"},
    {"-(1 = 1) = 1", "expected a value, not a comparison at 3: -(^1 = 1) = 1"},
    {"(1 = 1) IN (1)", "expected a value, not a comparison at 2: (^1 = 1) IN (1)"},
    {"metrics.a + 'x' > 1", "expected a number, not a text at 13: metrics.a + ^'x' > 1"},
    {"'x' * 2 > 1", "expected a number, not a text at 1: ^'x' * 2 > 1"},
    {"abs('x') > 1", "expected a number, not a text at 5: abs(^'x') > 1"},
    {"-'x' > 1", "expected a number, not a text at 2: -^'x' > 1"},
    {"params.a IN ()", "expected a value at 14: params.a IN (^)"},
    {"params.a IN 'x'", "expected ( and a list of literals at 13: params.a IN ^'x'"},
    {"params.a IN ('x' 'y')", "expected , or ) at 18: params.a IN ('x' ^'y')"},
    {"params.a IN (params.b)", "expected a literal at 14: params.a IN (^params.b)"},
    {"params.a IN ('x',,)", "expected a value at 18: params.a IN ('x',^,)"},
    {"params.a LIKE params.b", "expected a quoted pattern at 15: params.a LIKE ^params.b"},
    {"params.a LIKE 5", "expected a quoted pattern at 15: params.a LIKE ^5"},
    {"'x' LIKE 'x'", "LIKE needs a name such as params.NAME before it at 1: ^'x' LIKE 'x'"},
    {"params.a NOT = 1", "expected IN, LIKE or ILIKE at 14: params.a NOT ^= 1"},
    {"params.a IS 1", "expected NULL at 13: params.a IS ^1"},
    {"1 IS NULL", "IS NULL needs a name such as metrics.NAME before it at 1: ^1 IS NULL"},
    {"metrics.a = NULL", "expected a value at 13: metrics.a = ^NULL"},
    {"incumbent = 1", "incumbent alone takes IS NULL or IS NOT NULL only at 1: ^incumbent = 1"},
    {"metrics.a > incumbent",
     "incumbent alone takes IS NULL or IS NOT NULL only at 13: metrics.a > ^incumbent"},
    {"incumbent LIKE 'x'",
     "incumbent alone takes IS NULL or IS NOT NULL only at 1: ^incumbent LIKE 'x'"},
    {"incumbent", "expected a comparison (=, >, IN, LIKE, IS NULL ...) at 10: incumbent^"},
    {"min(params.a) > 1", "expected a metric: min, max, mean, first, last and count take "
                          "metrics.NAME at 5: min(^params.a) > 1"},
    {"min(1) > 1", "expected a metric: min, max, mean, first, last and count take metrics.NAME at "
                   "5: min(^1) > 1"},
    {"min() > 1", "expected a metric: min, max, mean, first, last and count take metrics.NAME at "
                  "5: min(^) > 1"},
    {"min(metrics.a, metrics.b) > 1", "expected ) at 14: min(metrics.a^, metrics.b) > 1"},
    {"median(metrics.a) > 1", "unknown function (min, max, mean, first, last, count, abs) at 1: "
                              "^median(metrics.a) > 1"},
    {"artifacts.*.size < artifacts.*.size",
     "a comparison takes one * only at 20: artifacts.*.size < ^artifacts.*.size"},
    {"artifacts.*.size + metrics.* < 1",
     "a comparison takes one * only at 20: artifacts.*.size + ^metrics.* < 1"},
    {"params.a = tree", "unknown name 'tree' (quote a text; metrics, params and the like are "
                        "written metrics.NAME) at 12: params.a = ^tree"},
};

static void test_errors(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
    assert_refused(refused[i].text, refused[i].message);
  mri_query *query = NULL;
  assert_int_equal(mri_query_parse(mri_mem_default(), NULL, &query, NULL), MR_INVALID_ARGUMENT);
  /* Each comparison may have a star of its own. */
  mri_query_free(parse_ok("artifacts.*.size < 1 AND artifacts.*.size > 2"));
}

/* `before` and `after` `count` times around `middle`. */
static mr_status parse_wrapped(int count, const char *before, const char *middle, const char *after,
                               const char *end, mr_error *error) {
  mri_str text;
  mri_str_init(&text, mri_mem_default());
  for (int i = 0; i < count; i++) mri_str_add(&text, before);
  mri_str_add(&text, middle);
  for (int i = 0; i < count; i++) mri_str_add(&text, after);
  mri_str_add(&text, end);
  assert_false(text.failed);
  mri_query *query = NULL;
  mr_status status = mri_query_parse(mri_mem_default(), mri_str_text(&text), &query, error);
  mri_query_free(query);
  mri_str_free(&text);
  return status;
}

static void test_depth_is_bounded(void **state) {
  (void)state;
  static const struct {
    const char *before;
    const char *middle;
    const char *after;
    const char *end;
    int levels; /* of one wrapping */
  } table[] = {
      {"(", "metrics.a = 1", ")", "", 1},
      {"NOT ", "metrics.a = 1", "", "", 1},
      {"-", "metrics.a", "", " = 1", 1},
      {"abs(", "metrics.a", ")", " = 1", 1},
      {"1*(2+", "3", ")", " = 1", 1},
      {"1=1 AND (", "1=1", ")", "", 1},
      {"NOT(", "1=1", ")", "", 2},
      {"-abs(", "1", ")", " = 1", 2},
      {"1=1 OR 2=2 AND NOT (", "1=1", ")", "", 2},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    int most = MRI_QUERY_DEPTH_MAX / table[i].levels;
    mr_error error = MR_ERROR_INIT;
    assert_int_equal(
        parse_wrapped(most, table[i].before, table[i].middle, table[i].after, table[i].end, &error),
        MR_OK);
    assert_int_equal(parse_wrapped(most + 1, table[i].before, table[i].middle, table[i].after,
                                   table[i].end, &error),
                     MR_LIMIT);
    assert_true(strncmp(error.message, "nested deeper than 64 levels at ", 32) == 0);
    int longest = MRI_QUERY_TEXT_MAX / (int)strlen(table[i].before);
    assert_int_equal(parse_wrapped(longest, table[i].before, "", "", "", &error), MR_LIMIT);
  }
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(parse_wrapped(63, "(", "min(metrics.a) = 1", ")", "", &error), MR_OK);
  assert_int_equal(parse_wrapped(64, "(", "min(metrics.a) = 1", ")", "", &error), MR_LIMIT);
}

/* `more` as often as asked for, but never past what an expression may have; returns the size. */
static size_t repeat(char text[MRI_QUERY_TEXT_MAX + 1], const char *first, const char *more,
                     size_t times, const char *end) {
  size_t step = strlen(more);
  size_t most = MRI_QUERY_TEXT_MAX - strlen(first) - strlen(end);
  size_t size = strlen(first);
  memcpy(text, first, size);
  for (size_t i = 0; i < times && (i + 1) * step <= most; i++, size += step)
    memcpy(text + size, more, step);
  memcpy(text + size, end, strlen(end) + 1);
  return size;
}

/* Depth is what is open at one time, not what was. */
static void test_depth_comes_back(void **state) {
  (void)state;
  char text[MRI_QUERY_TEXT_MAX + 1];
  (void)repeat(text, "1 = 1", " AND NOT (min(metrics.a) + abs(-2) > 1)", 200, "");
  mri_query_free(parse_ok(text));
}

/* The longest chains there can be, of every kind. */
static void test_long_chains(void **state) {
  (void)state;
  static const struct {
    const char *first;
    const char *more;
    const char *end;
  } table[] = {
      {"1=1", " AND 1 = 1", ""},       {"1=1", " OR 1 = 1", ""}, {"1", " + 1", " = 1"},
      {"1", " - 1", " = 1"},           {"1", " * 1", " = 1"},    {"1", " / 1", " = 1"},
      {"metrics.a IN (1", ", 1", ")"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    char text[MRI_QUERY_TEXT_MAX + 1];
    assert_true(repeat(text, table[i].first, table[i].more, SIZE_MAX, table[i].end) > 8000);
    assert_int_not_equal(truth_over(text, (const fact[]){NUMBER("metrics.a", 1), FACTS_END}),
                         MRI_UNKNOWN);
  }
}

/* What prints too long could be stored and never read again. */
static void test_canonical_form_is_short_enough(void **state) {
  (void)state;
  char text[MRI_QUERY_TEXT_MAX + 1];
  (void)repeat(text, "(1=1)", "or(1=1)", SIZE_MAX, "");
  mr_error error = MR_ERROR_INIT;
  mri_query *query = NULL;
  assert_int_equal(mri_query_parse(mri_mem_default(), text, &query, &error), MR_LIMIT);
  assert_string_equal(error.message,
                      "the expression is longer than 8192 bytes in its canonical form");
}

/* Damaged expressions: a status, never a crash; what is accepted prints to something accepted. */
static void test_damaged_texts(void **state) {
  (void)state;
  static const char *const seeds[] = {
      "metrics.accuracy >= incumbent.metrics.accuracy - 0.002 OR incumbent IS NULL",
      "artifacts.*.format IN ('safetensors', \"onnx\") AND NOT tags.\"a b\" LIKE '%x_'",
      "min(metrics.eval.loss) < 1e-3 and abs(-params.`l r` / 2) <> +4 or status is not null",
      "evaluations.holdout.metrics.auc >= 0.9 AND (channel.staging.hours >= 24 OR 1 != 2)",
  };
  static const char pieces[] = "()'\"`.,*/+-=<>! 019eEaN_\xc3\xa9\xe2\x80\x99\x01\xff";
  dice d = {2024};
  int accepted = 0;
  for (int i = 0; i < 40000; i++) {
    char text[128];
    const char *seed = seeds[roll(&d, 4)];
    size_t size = strlen(seed);
    memcpy(text, seed, size + 1);
    if (roll(&d, 3) == 0) text[size = roll(&d, (uint32_t)size)] = '\0';
    for (uint32_t k = roll(&d, 4); k > 0 && size > 0; k--)
      text[roll(&d, (uint32_t)size)] = pieces[roll(&d, sizeof pieces - 1)];
    mr_error error = MR_ERROR_INIT;
    mri_query *query = NULL;
    mr_status status = mri_query_parse(mri_mem_default(), text, &query, &error);
    if (status == MR_OK) {
      accepted++;
      mri_query_free(query);
      char *once = canonical(text);
      char *twice = canonical(once);
      assert_string_equal(once, twice);
      mri_mem_free(mri_mem_default(), once);
      mri_mem_free(mri_mem_default(), twice);
    } else {
      assert_int_equal(status, MR_INVALID_ARGUMENT);
      assert_true(error.message[0] != '\0' && strchr(error.message, '\n') == NULL);
    }
  }
  assert_true(accepted > 1000);
}

static void test_random_tokens(void **state) {
  (void)state;
  static const char *const pieces[] = {"metrics.a ", "tags.\"x\" ", "artifacts.*.size ",
                                       "incumbent ", "min(",        "abs(",
                                       "(",          ")",           "1 ",
                                       "'t' ",       "AND ",        "OR ",
                                       "NOT ",       "IN ",         "= ",
                                       "< ",         "LIKE ",       "IS ",
                                       "NULL ",      "- ",          "* ",
                                       ", ",         "\"",          "."};
  dice d = {77};
  int accepted = 0;
  for (int i = 0; i < 100000; i++) {
    char text[256];
    size_t size = 0;
    for (uint32_t k = 1 + roll(&d, 10); k > 0; k--)
      size += (size_t)snprintf(text + size, sizeof text - size, "%s",
                               pieces[roll(&d, sizeof pieces / sizeof pieces[0])]);
    mri_query *query = NULL;
    mr_status status = mri_query_parse(mri_mem_default(), text, &query, NULL);
    assert_true(status == MR_OK || status == MR_INVALID_ARGUMENT);
    accepted += status == MR_OK;
    mri_query_free(query);
  }
  assert_true(accepted > 50);
}

static bool attempt_parse(void *ctx) {
  mr_error error = MR_ERROR_INIT;
  mri_query *query = NULL;
  mr_status status = mri_query_parse(mri_mem_default(), ctx, &query, &error);
  mri_query_free(query);
  if (status != MR_OK && status != MR_NO_MEMORY) return true;
  return status == MR_OK;
}

static void test_parser_without_memory(void **state) {
  (void)state;
  char text[MRI_QUERY_TEXT_MAX + 1];
  (void)repeat(text,
               "NOT (-metrics.a * 2 + 1 > abs(min(metrics.\"b c\"))) OR params.x IN ('1', 2) AND "
               "status LIKE '%' OR incumbent IS NULL OR 'a' = `run_name`",
               " OR tags.\"some long name to fill the blocks of the arena\" NOT IN ('and', 'more')",
               60, "");
  assert_true(unit_fail_allocations(attempt_parse, text) >= 3);
}

static void test_free_nothing(void **state) {
  (void)state;
  mri_query_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_binds_to_what),
      cmocka_unit_test(test_chains_are_one_node),
      cmocka_unit_test(test_tests),
      cmocka_unit_test(test_operators_and_their_other_spellings),
      cmocka_unit_test(test_mlflow_filters),
      cmocka_unit_test(test_errors),
      cmocka_unit_test(test_depth_is_bounded),
      cmocka_unit_test(test_depth_comes_back),
      cmocka_unit_test(test_long_chains),
      cmocka_unit_test(test_canonical_form_is_short_enough),
      cmocka_unit_test(test_damaged_texts),
      cmocka_unit_test(test_random_tokens),
      cmocka_unit_test(test_parser_without_memory),
      cmocka_unit_test(test_free_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
