/* SPDX-License-Identifier: Apache-2.0 */
/* Where a mistake is: every kind of them, at the column where a reader would put the finger. The
 * words of the messages are tested beside what they are about. */
#include "query_fixture.h"

/* The @ stands where the error is, and is no part of the expression. */
static const char *const mistakes[] = {
    /* Nothing, too little, too much. */
    "metrics.a@",
    "metrics.a >@",
    "@> 1",
    "metrics.a > 1 AND@",
    "metrics.a > 1 OR@",
    "NOT@",
    "(metrics.a > 1@",
    "((metrics.a > 1)@",
    "metrics.a > 1@)",
    "metrics.a > 1 @metrics.b > 1",
    "metrics.a > 1 AND @AND metrics.b > 1",
    "metrics.a > 1 AND @OR metrics.b > 1",
    "@, 1 = 1",
    "1 = 1@; 2 = 2",
    "1 = 1 @!= 1",
    /* Characters and numbers. */
    "metrics.a > @$5",
    "metrics.a @& 1",
    "metrics.a > @1.2.3",
    "metrics.a > @1x",
    "metrics.a > @0x10",
    "metrics.a > @1e999",
    "metrics.a > 1 + @\xe2\x88\x9e.",
    "@\xc3\xa9\xc3\xa9 = 1",
    "tags.\xc3\xa9 = 'caf\xc3\xa9' AND params.b = @caf\xc3\xa9",
    /* Quotes. */
    "tags.a = @'open",
    "tags.a = @\"open'",
    "tags.a = @'it''s",
    "tags.@`open = 1",
    "tags.a = 'tab@\there'",
    "tags.\"\xe2\x82\xac\" = 'line@\nbreak'",
    "tags.@\"\" = 'x'",
    "tags.@`` = 'x'",
    /* Paths. */
    "@accuracy > 1",
    "@Metrics.a > 1",
    "@model.a > 1",
    "metrics@ > 1",
    "metrics.@ > 1",
    "metrics.@-a > 1",
    "metrics.@.a > 1",
    "metrics.a @. b > 1",
    "metrics.\"a\"@b > 1",
    "metrics.`a`@.b > 1",
    "artifacts.a@ > 1",
    "artifacts.a.@b.size > 1",
    "artifacts.a.@* = 'x'",
    "attributes.@* = 'x'",
    "evaluations.h@ > 1",
    "evaluations.h.@auc > 1",
    "evaluations.h.@incumbent.metrics.a > 1",
    "evaluations.*.artifacts.@*.size > 1",
    "incumbent.@approvals.a > 1",
    "incumbent.metrics@ > 1",
    "channel.@*.hours > 1",
    "channel.staging@ > 1",
    /* Values. */
    "tags.a = @tree",
    "tags.a = @NULL",
    "metrics.a + @'x' > 1",
    "metrics.a * (1 + @'x') > 1",
    "-@'x' = 1",
    "abs(@'x') = 1",
    "abs(1@, 2) = 1",
    "abs(@) = 1",
    "@abs = 1",
    "(@metrics.a = 1) = 1",
    "1 = (@metrics.a = 1)",
    "2 * (@metrics.a = 1) = 1",
    "NOT 1@",
    "1 @AND",
    "1 = 1 AND 2 @AND 3 = 3",
    "@median(metrics.a) = 1",
    "min(@params.a) = 1",
    "min(@abs(1)) = 1",
    "min(metrics.a@, 1) = 1",
    "min(metrics.a @+ 1) = 1",
    "min(@metrics) = 1",
    "@incumbent > 1",
    "1 + @incumbent > 1",
    "@incumbent IN ('x')",
    /* Tests. */
    "params.a IN @'x'",
    "params.a IN (@)",
    "params.a IN ('x' @'y')",
    "params.a IN ('x'@",
    "params.a IN (@params.b)",
    "params.a IN ('x', @NULL)",
    "params.a IN (1 @+ 1)",
    "params.a IN (-@'x')",
    "params.a IN ('x',@,)",
    "params.a IN (1, (2@, 3))",
    "params.a NOT @> 1",
    "params.a NOT @NOT IN (1)",
    "params.a LIKE @5",
    "params.a LIKE @params.b",
    "params.a ILIKE@",
    "@'x' LIKE 'x'",
    "@abs(metrics.a) LIKE 'x'",
    "(@metrics.a = 1) IN (1)",
    "params.a IS @1",
    "params.a IS NOT @1",
    "params.a IS@",
    "@1 IS NULL",
    "@metrics.a + 1 IS NULL",
    "artifacts.*.size < @artifacts.*.size",
    "metrics.* + 1 = 2 * @metrics.*",
};

/* Takes the mark out; returns where it was. */
static size_t unmark(const char *mistake, char *text) {
  const char *mark = strchr(mistake, '@');
  assert_non_null(mark);
  size_t at = (size_t)(mark - mistake);
  memcpy(text, mistake, at);
  memcpy(text + at, mark + 1, strlen(mark));
  return at;
}

static size_t count_characters(const char *text, size_t size) {
  size_t count = 0;
  for (size_t i = 0; i < size; i++) count += ((unsigned char)text[i] & 0xc0) != 0x80;
  return count;
}

/* The column that a message tells, and the text around the caret in it. */
static size_t column_of(const char *message, const char **context) {
  size_t column = 0;
  const char *at = message;
  for (const char *p = message; (p = strstr(p, " at ")) != NULL; p++) {
    char *end = NULL;
    unsigned long number = strtoul(p + 4, &end, 10);
    if (end == p + 4 || end[0] != ':' || end[1] != ' ' || column != 0) continue;
    column = number;
    at = end + 2;
  }
  *context = at;
  return column;
}

/* A message shows the text around the place: up to 32 characters on both sides, on one line. */
static void assert_place(const char *message, const char *text, size_t at) {
  const char *context = NULL;
  assert_int_equal(column_of(message, &context), count_characters(text, at) + 1);
  size_t from = at;
  for (int i = 0; i < 32 && from > 0; i++) do
      from--;
    while (((unsigned char)text[from] & 0xc0) == 0x80);
  size_t to = at;
  for (int i = 0; i < 32 && text[to] != '\0'; i++) do
      to++;
    while (((unsigned char)text[to] & 0xc0) == 0x80);
  char expected[512];
  (void)snprintf(expected, sizeof expected, "%s%.*s^%.*s%s", from > 0 ? "..." : "",
                 (int)(at - from), text + from, (int)(to - at), text + at,
                 text[to] != '\0' ? "..." : "");
  for (char *p = expected; *p != '\0'; p++)
    if ((unsigned char)*p < 0x20) *p = '?';
  assert_string_equal(context, expected);
}

static void test_columns(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
    char text[128];
    size_t at = unmark(mistakes[i], text);
    mr_error error = MR_ERROR_INIT;
    mri_query *query = NULL;
    mr_status status = mri_query_parse(mri_mem_default(), text, &query, &error);
    const char *context = NULL;
    bool right = status == MR_INVALID_ARGUMENT &&
                 column_of(error.message, &context) == count_characters(text, at) + 1;
    if (!right) print_error("%s\n  %s\n", mistakes[i], error.message);
    assert_int_equal(status, MR_INVALID_ARGUMENT);
    assert_null(query);
    assert_place(error.message, text, at);
  }
}

/* The same behind a long beginning, in letters of several bytes, and before a long end. */
static void test_columns_far_inside(void **state) {
  (void)state;
  static const char *const beginnings[] = {
      "metrics.accuracy >= 0.92 AND params.optimizer IN ('adam', 'lion') AND ",
      "tags.\xe2\x82\xac\xe2\x82\xac = '\xc3\xa9t\xc3\xa9 \xf0\x9f\x98\x80' OR\nNOT NOT ",
  };
  for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
    for (int kind = 0; kind < 2; kind++) {
      char text[512];
      const char *before = beginnings[kind];
      size_t at = strlen(before);
      memcpy(text, before, at);
      at += unmark(mistakes[i], text + at);
      mr_error error = MR_ERROR_INIT;
      mri_query *query = NULL;
      assert_int_equal(mri_query_parse(mri_mem_default(), text, &query, &error),
                       MR_INVALID_ARGUMENT);
      assert_place(error.message, text, at);
    }
  }
}

/* --- bounds ----------------------------------------------------------------------------------- */

static mr_status parse_only(const char *text, mr_error *error) {
  mri_query *query = NULL;
  mr_status status = mri_query_parse(mri_mem_default(), text, &query, error);
  mri_query_free(query);
  return status;
}

/* Each of these is one level: 64 of them in any order, and no 65. */
static void test_depth_of_every_kind(void **state) {
  (void)state;
  static const struct {
    const char *open;
    const char *close;
    bool truth; /* may stand around a truth */
  } levels[] = {{"(", ")", true}, {"NOT ", "", true}, {"-", "", false}, {"abs(", ")", false}};
  dice d = {8};
  for (uint64_t i = rounds(1000); i > 0; i--) {
    for (int more = 0; more <= 1; more++) {
      char text[1024] = "";
      const char *closes[MRI_QUERY_DEPTH_MAX + 1];
      int depth = MRI_QUERY_DEPTH_MAX + more;
      int truths = (int)roll(&d, (uint32_t)depth + 1);
      size_t size = 0;
      for (int k = 0; k < depth; k++) {
        uint32_t level = k < truths ? roll(&d, 2) : roll(&d, 3) == 0 ? 0 : 2 + roll(&d, 2);
        size += (size_t)snprintf(text + size, sizeof text - size, "%s", levels[level].open);
        closes[k] = levels[level].close;
      }
      size += (size_t)snprintf(text + size, sizeof text - size, "metrics.a");
      for (int k = depth - 1; k >= truths; k--)
        size += (size_t)snprintf(text + size, sizeof text - size, "%s", closes[k]);
      size += (size_t)snprintf(text + size, sizeof text - size, " > 1");
      for (int k = truths - 1; k >= 0; k--)
        size += (size_t)snprintf(text + size, sizeof text - size, "%s", closes[k]);
      mr_error error = MR_ERROR_INIT;
      mr_status status = parse_only(text, &error);
      assert_int_equal(status, more == 0 ? MR_OK : MR_LIMIT);
      if (more == 1) assert_non_null(strstr(error.message, "nested deeper than 64 levels at "));
    }
  }
}

static void test_length_at_the_edge(void **state) {
  (void)state;
  static char text[MRI_QUERY_TEXT_MAX + 64];
  static const struct {
    const char *before;
    char fill;
    const char *after;
  } forms[] = {
      {"tags.a = '", 'x', "'"},    {"tags.", 'x', " = 'a'"},         {"1 = ", '1', ""},
      {"tags.a LIKE '", '%', "'"}, {"artifacts.", 'x', ".size = 1"}, {"1 = 0.", '0', ""},
  };
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    for (size_t size = MRI_QUERY_TEXT_MAX - 1; size <= MRI_QUERY_TEXT_MAX + 1; size++) {
      size_t before = strlen(forms[i].before);
      size_t after = strlen(forms[i].after);
      memset(text, forms[i].fill, size);
      memcpy(text, forms[i].before, before);
      memcpy(text + size - after, forms[i].after, after + 1);
      mr_error error = MR_ERROR_INIT;
      bool number = i == 2; /* too large, at any length that is read */
      mr_status wanted = number ? MR_INVALID_ARGUMENT : MR_OK;
      mr_status status = parse_only(text, &error);
      assert_int_equal(status, size > MRI_QUERY_TEXT_MAX ? MR_LIMIT : wanted);
      if (size > MRI_QUERY_TEXT_MAX)
        assert_string_equal(error.message, "the expression is longer than 8192 bytes");
    }
  }
}

/* What is stored is the canonical form, so its length counts too. */
static void test_canonical_length_at_the_edge(void **state) {
  (void)state;
  static char text[MRI_QUERY_TEXT_MAX + 64];
  /* "attr.x" becomes "attributes.x", 6 bytes more. */
  for (int over = -1; over <= 1; over++) {
    int fill = MRI_QUERY_TEXT_MAX + over - (int)strlen("attributes.x = ''");
    (void)snprintf(text, sizeof text, "attr.x = '%*s'", fill, "");
    mr_error error = MR_ERROR_INIT;
    assert_int_equal(parse_only(text, &error), over > 0 ? MR_LIMIT : MR_OK);
    if (over > 0)
      assert_string_equal(error.message,
                          "the expression is longer than 8192 bytes in its canonical form");
  }
}

/* --- without memory --------------------------------------------------------------------------- */

static const char *const files[] = {"a", "b.c", NULL};

static const fact facts[] = {
    NAMES("artifacts.*.size", files),
    NUMBER("artifacts.a.size", 1),
    NUMBER("artifacts.\"b.c\".size", 0.25),
    NAMES("dataset.name", files),
    TEXT("dataset.name#a", "x"),
    TEXT("dataset.name#b.c", "y"),
    NAMES("incumbent.dataset.name", files),
    TEXT("incumbent.dataset.name#a", "x"),
    OPEN_NUMBER("approvals.risk", 1),
    NUMBER("metrics.half", 0.5),
    TEXT("tags.long", "a value that is a good deal longer than what a small text has room for"),
    FACTS_END,
};

typedef struct attempt {
  const char *text;
  mri_truth truth;
  bool open;
  char observed[1024];
  char reason[1024];
} attempt;

/* Parses, evaluates and explains; what comes out never depends on what failed before. */
static bool attempt_all(void *ctx) {
  const attempt *wanted = ctx;
  fixture f = {.facts = facts};
  mri_query_subject subject = {&f, fixture_get, fixture_expand};
  mri_arena arena;
  mri_query *query = NULL;
  mri_query_result result = {.truth = MRI_UNKNOWN};
  mr_error error = MR_ERROR_INIT;
  mri_arena_init(&arena, mri_mem_default());
  mr_status status = mri_query_parse(mri_mem_default(), wanted->text, &query, &error);
  if (status == MR_OK) status = mri_query_evaluate(query, &subject, &arena, &result, &error);
  if (status == MR_OK) {
    assert_int_equal(result.truth, wanted->truth);
    assert_int_equal(result.open, wanted->open);
    assert_string_equal(result.observed, wanted->observed);
    assert_string_equal(result.reason, wanted->reason);
  } else {
    assert_int_equal(status, MR_NO_MEMORY);
    assert_non_null(strstr(error.message, "memory"));
  }
  mri_arena_free(&arena);
  mri_query_free(query);
  return status == MR_OK;
}

static void test_without_memory(void **state) {
  (void)state;
  static const char *const expressions[] = {
      "artifacts.*.size > 0.5 AND NOT (metrics.half = '0.5' OR abs(-metrics.half) > 2)",
      "dataset.name = incumbent.dataset.name AND approvals.risk >= 2 AND dataset.name LIKE '%z'",
      "NOT dataset.name IN ('x', 'y') OR artifacts.*.size * 2 > 1 OR tags.long ILIKE '%NO'",
      "metrics.half NOT LIKE '0.%' OR metrics.gone IS NOT NULL OR incumbent.dataset.name != 'x'",
      "params.a + 1 > metrics.half OR checks.* = 'passed' OR evaluations.h.dataset.name = 'x'",
  };
  for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++) {
    evaluated e = evaluate_text(expressions[i], facts);
    attempt wanted = {.text = expressions[i], .truth = e.result.truth, .open = e.result.open};
    (void)snprintf(wanted.observed, sizeof wanted.observed, "%s", e.result.observed);
    (void)snprintf(wanted.reason, sizeof wanted.reason, "%s", e.result.reason);
    evaluated_free(&e);
    assert_true(unit_fail_allocations(attempt_all, &wanted) >= 8);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_columns),
      cmocka_unit_test(test_columns_far_inside),
      cmocka_unit_test(test_depth_of_every_kind),
      cmocka_unit_test(test_length_at_the_edge),
      cmocka_unit_test(test_canonical_length_at_the_edge),
      cmocka_unit_test(test_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
