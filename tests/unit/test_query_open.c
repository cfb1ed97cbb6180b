/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an expression that is not true could still become true. */
#include "query_fixture.h"

static const char *const two[] = {"a", "b", NULL};
static const char *const none[] = {NULL};

/* A candidate in the middle of its review: checks run, people approve, time passes. */
static const fact review[] = {
    NUMBER("metrics.accuracy", 0.9),
    TEXT("checks.lint", "passed"),
    TEXT("checks.bias", "failed"),
    OPEN_MISSING("checks.load"),
    OPEN_TEXT("checks.smoke", "failed"),
    OPEN_NUMBER("approvals.risk", 1),
    OPEN_NUMBER("channel.staging.hours", 3.5),
    OPEN_NAMES("checks.*", two),
    TEXT("checks.a", "passed"),
    TEXT("checks.b", "failed"),
    NAMES("artifacts.*.kind", two),
    TEXT("artifacts.a.kind", "stored"),
    TEXT("artifacts.b.kind", "stored"),
    NAMES("artifacts.*.format", two),
    OPEN_TEXT("artifacts.a.format", "onnx"),
    TEXT("artifacts.b.format", "onnx"),
    NAMES("artifacts.*.size", two),
    OPEN_NUMBER("artifacts.a.size", 1),
    OPEN_NUMBER("artifacts.b.size", 2),
    OPEN_NAMES("metrics.*", none),
    NAMES("params.*", none),
    OPEN_NAMES("inputs.*.digest", two),
    TEXT("inputs.a.digest", "x"),
    TEXT("inputs.b.digest", "x"),
    NAMES("evaluations.*.metrics.auc", two),
    NUMBER("evaluations.a.metrics.auc", 0.5),
    NUMBER("evaluations.b.metrics.auc", 0.75),
    OPEN_NAMES("dataset.name", two),
    TEXT("dataset.name#a", "x"),
    TEXT("dataset.name#b", "y"),
    NAMES("dataset.digest", two),
    OPEN_TEXT("dataset.digest#a", "1"),
    TEXT("dataset.digest#b", "2"),
    NAMES("incumbent.dataset.digest", two),
    TEXT("incumbent.dataset.digest#a", "1"),
    TEXT("incumbent.dataset.digest#b", "2"),
    OPEN_NAMES("evaluations.h.dataset.name", none),
    FACTS_END,
};

typedef struct verdict {
  const char *text;
  mri_truth truth;
  bool open;
} verdict;

static void assert_verdicts(const verdict *table) {
  for (const verdict *v = table; v->text != NULL; v++) {
    evaluated e = evaluate_text(v->text, review);
    if (e.result.truth != v->truth || e.result.open != v->open) print_error("%s\n", v->text);
    assert_int_equal(e.result.truth, v->truth);
    assert_int_equal(e.result.open, v->open);
    evaluated_free(&e);
  }
}

static void test_one_comparison(void **state) {
  (void)state;
  static const verdict table[] = {
      {"metrics.accuracy > 0.8", MRI_TRUE, false},
      {"metrics.accuracy > 0.95", MRI_FALSE, false},
      {"metrics.gone > 0.95", MRI_UNKNOWN, false},
      {"checks.bias = 'passed'", MRI_FALSE, false},
      {"checks.load = 'passed'", MRI_UNKNOWN, true},
      {"checks.load IS NOT NULL", MRI_FALSE, true},
      {"checks.load IS NULL", MRI_TRUE, false},
      {"checks.smoke = 'passed'", MRI_FALSE, true},
      {"checks.smoke IN ('passed', 'skipped')", MRI_FALSE, true},
      {"checks.smoke LIKE 'pass%'", MRI_FALSE, true},
      {"checks.smoke = 'failed'", MRI_TRUE, false},
      {"approvals.risk >= 2", MRI_FALSE, true},
      {"2 <= approvals.risk", MRI_FALSE, true},
      {"channel.staging.hours >= 24", MRI_FALSE, true},
      {"abs(-channel.staging.hours + 1) * 2 >= 24", MRI_FALSE, true},
      /* One open value is enough, in whatever place. */
      {"metrics.accuracy * approvals.risk > 5", MRI_FALSE, true},
      {"metrics.gone * approvals.risk > 5", MRI_UNKNOWN, true},
      {NULL, MRI_TRUE, false},
  };
  assert_verdicts(table);
}

static void test_connectives(void **state) {
  (void)state;
  static const verdict table[] = {
      {"metrics.accuracy > 0.8 AND approvals.risk >= 2", MRI_FALSE, true},
      {"metrics.accuracy > 0.95 AND approvals.risk >= 2", MRI_FALSE, false},
      {"metrics.gone > 0.95 AND approvals.risk >= 2", MRI_FALSE, false},
      {"checks.load = 'passed' AND approvals.risk >= 2", MRI_FALSE, true},
      {"metrics.accuracy > 0.95 OR approvals.risk >= 2", MRI_FALSE, true},
      {"metrics.gone > 0.95 OR approvals.risk >= 2", MRI_UNKNOWN, true},
      {"metrics.accuracy > 0.95 OR metrics.gone > 1", MRI_UNKNOWN, false},
      {"NOT approvals.risk >= 1", MRI_FALSE, true},
      {"NOT approvals.risk >= 2", MRI_TRUE, false},
      {"NOT metrics.accuracy > 0.8", MRI_FALSE, false},
      {"NOT metrics.gone > 0.8", MRI_UNKNOWN, false},
      {"NOT (metrics.accuracy > 0.8 OR approvals.risk >= 2)", MRI_FALSE, false},
      {"NOT (metrics.accuracy > 0.8 AND approvals.risk >= 1)", MRI_FALSE, true},
      {"NOT (metrics.gone > 0.8 AND approvals.risk >= 1)", MRI_UNKNOWN, true},
      {"NOT (metrics.gone > 0.8 OR approvals.risk >= 2)", MRI_UNKNOWN, false},
      {"NOT NOT checks.load = 'passed'", MRI_UNKNOWN, true},
      {"NOT (checks.load = 'failed' OR metrics.accuracy > 0.95)", MRI_UNKNOWN, true},
      {"(approvals.risk > 1 OR metrics.accuracy < 0) AND metrics.accuracy < 0", MRI_FALSE, false},
      {NULL, MRI_TRUE, false},
  };
  assert_verdicts(table);
}

static void test_stars(void **state) {
  (void)state;
  static const verdict table[] = {
      {"artifacts.*.kind = 'stored'", MRI_TRUE, false},
      {"artifacts.*.kind = 'link'", MRI_FALSE, false},
      {"artifacts.*.kind > 1", MRI_UNKNOWN, false},
      /* a may change, b not. */
      {"artifacts.*.format = 'pickle'", MRI_FALSE, false},
      {"artifacts.*.format != 'onnx'", MRI_FALSE, false},
      {"NOT artifacts.*.format = 'onnx'", MRI_FALSE, true},
      {"artifacts.*.size > 5", MRI_FALSE, true},
      /* More may come: they do not make one that is false true. */
      {"checks.* = 'passed'", MRI_FALSE, false},
      {"checks.* IN ('passed', 'failed')", MRI_TRUE, false},
      {"NOT inputs.*.digest = 'x'", MRI_FALSE, true},
      {"inputs.*.digest = 'y'", MRI_FALSE, false},
      /* None yet, and none ever. */
      {"metrics.* > 1", MRI_UNKNOWN, true},
      {"NOT metrics.* > 1", MRI_UNKNOWN, true},
      {"params.* = 'x'", MRI_UNKNOWN, false},
      {"NOT params.* = 'x'", MRI_UNKNOWN, false},
      {"evaluations.*.metrics.auc > 0.6", MRI_FALSE, false},
      {"evaluations.*.metrics.auc > approvals.risk", MRI_FALSE, true},
      {NULL, MRI_TRUE, false},
  };
  assert_verdicts(table);
}

static void test_datasets(void **state) {
  (void)state;
  static const verdict table[] = {
      /* One more may come, and be the one. */
      {"dataset.name = 'z'", MRI_FALSE, true},
      {"dataset.name = 'y'", MRI_TRUE, false},
      {"NOT dataset.name = 'y'", MRI_FALSE, false},
      {"NOT dataset.name IN ('y', 'x')", MRI_FALSE, false},
      {"dataset.digest = '9'", MRI_FALSE, true},
      {"NOT dataset.digest = '2'", MRI_FALSE, false},
      {"NOT dataset.digest = '1'", MRI_FALSE, true},
      {"incumbent.dataset.digest = '9'", MRI_FALSE, false},
      {"dataset.digest = incumbent.dataset.digest", MRI_TRUE, false},
      {"NOT dataset.digest = incumbent.dataset.digest", MRI_FALSE, false},
      {"dataset.digest > incumbent.dataset.digest", MRI_TRUE, false},
      {"dataset.context = 'train'", MRI_UNKNOWN, false},
      {"evaluations.h.dataset.name = 'x'", MRI_UNKNOWN, true},
      {"evaluations.h.dataset.name IS NOT NULL", MRI_FALSE, true},
      {"NOT evaluations.h.dataset.name IS NULL", MRI_FALSE, true},
      {NULL, MRI_TRUE, false},
  };
  assert_verdicts(table);
}

/* --- is it sound? ----------------------------------------------------------------------------- */

enum { PATHS = 6, VALUES = 7, LISTS = 3 };

/* Values of paths; which of them are open is drawn, and so are the names of one star and the
 * datasets of one run, which may be open too. */
typedef struct world {
  fact facts[40];
  size_t size;
  bool open[PATHS];
  int value[PATHS];
  bool names_open[2];
  int names[2]; /* how many */
} world;

static const char *const paths[PATHS] = {"metrics.a", "params.b",       "artifacts.n0.size",
                                         "tags.c",    "dataset.name#0", "dataset.name#1"};
static const char *const listed[2][LISTS] = {{"n0", "n1", NULL}, {"0", "1", NULL}};

static void set_value(fact *f, int value) {
  static const double numbers[] = {0, 1, 2};
  static const char *const texts[] = {"x", "1"};
  if (value < 3) {
    f->kind = MRI_VALUE_NUMBER;
    f->number = numbers[value];
  } else if (value < 5) {
    f->kind = MRI_VALUE_TEXT;
    f->text = texts[value - 3];
  } else {
    f->kind = value == 5 ? MRI_VALUE_MISSING : MRI_VALUE_UNREADABLE;
  }
}

static void build(world *w) {
  static const char *const roots[] = {"artifacts.*.size", "dataset.name"};
  w->size = 0;
  for (int i = 0; i < PATHS; i++) {
    fact *f = &w->facts[w->size++];
    *f = (fact){.path = paths[i], .open = w->open[i]};
    set_value(f, w->value[i]);
  }
  w->facts[w->size++] = (fact)NUMBER("artifacts.n1.size", 1);
  for (int i = 0; i < 2; i++)
    w->facts[w->size++] = (fact){
        .path = roots[i], .open = w->names_open[i], .names = listed[i] + LISTS - 1 - w->names[i]};
  w->facts[w->size] = (fact)FACTS_END;
}

static void draw_world(dice *d, world *w) {
  for (int i = 0; i < PATHS; i++) {
    w->open[i] = roll(d, 3) == 0;
    w->value[i] = (int)roll(d, VALUES);
  }
  for (int i = 0; i < 2; i++) {
    w->names_open[i] = roll(d, 3) == 0;
    w->names[i] = (int)roll(d, LISTS);
  }
  build(w);
}

static void write_test(dice *d, mri_str *out) {
  static const char *const forms[] = {
      "%s = 1",      "%s != 1",         "%s < 2",     "%s > 1",         "%s = 'x'",
      "%s != 'x'",   "%s IN (1, 'x')",  "%s IS NULL", "%s IS NOT NULL", "%s LIKE '1%%'",
      "%s + 1 <= 2", "%s >= metrics.a", "1 = %s",     "%s NOT IN (2)",  "%s = params.b",
  };
  static const char *const names[] = {"metrics.a", "params.b",     "artifacts.*.size",
                                      "tags.c",    "dataset.name", "artifacts.n0.size"};
  const char *form = forms[roll(d, sizeof forms / sizeof forms[0])];
  const char *name = names[roll(d, 6)];
  for (const char *p = form; *p != '\0'; p++) {
    if (*p != '%') {
      mri_str_add_char(out, *p);
    } else if (*++p == 's') {
      mri_str_add(out, name);
    } else {
      mri_str_add_char(out, '%');
    }
  }
}

static void write_truth(dice *d, int depth, mri_str *out) {
  uint32_t kind = roll(d, depth > 0 ? 4 : 1);
  if (kind == 0) {
    write_test(d, out);
    return;
  }
  mri_str_add(out, kind == 1 ? "NOT (" : "(");
  write_truth(d, depth - 1, out);
  for (uint32_t n = kind == 1 ? 0 : 1 + roll(d, 2); n > 0; n--) {
    mri_str_add(out, kind == 2 ? ") AND (" : ") OR (");
    write_truth(d, depth - 1, out);
  }
  mri_str_add_char(out, ')');
}

static mri_query_result judge(const mri_query *query, const fact *facts) {
  fixture f = {.facts = facts};
  mri_query_subject subject = {&f, fixture_get, fixture_expand};
  mri_arena arena;
  mri_query_result result = {.truth = MRI_UNKNOWN};
  mri_arena_init(&arena, mri_mem_default());
  assert_int_equal(mri_query_evaluate(query, &subject, &arena, &result, NULL), MR_OK);
  mri_arena_free(&arena);
  return result;
}

/* Other values for what is open: any value, more names and never fewer. */
static world another(dice *d, const world *w) {
  world other = *w;
  for (int i = 0; i < PATHS; i++)
    if (w->open[i]) other.value[i] = (int)roll(d, VALUES);
  for (int i = 0; i < 2; i++) {
    if (!w->names_open[i]) continue;
    int most = LISTS - 1;
    other.names[i] = w->names[i] + (int)roll(d, (uint32_t)(most - w->names[i] + 1));
  }
  /* A dataset that was not there may be anything. */
  if (w->names[1] < 2 && other.names[1] == 2) other.value[4] = (int)roll(d, VALUES);
  if (w->names[1] < 1 && other.names[1] >= 1) other.value[5] = (int)roll(d, VALUES);
  build(&other);
  return other;
}

/* What is neither true nor open is true for no values of what is open. */
static void test_open_is_sound(void **state) {
  (void)state;
  dice d = {404};
  int closed = 0;
  int open = 0;
  int came_true = 0;
  for (uint64_t i = rounds(30000); i > 0; i--) {
    world w = {.size = 0};
    draw_world(&d, &w);
    mri_str text;
    mri_str_init(&text, mri_mem_default());
    write_truth(&d, 3, &text);
    mri_query *query = parse_ok(mri_str_text(&text));
    mri_query_result now = judge(query, w.facts);
    assert_false(now.open && now.truth == MRI_TRUE);
    closed += now.truth != MRI_TRUE && !now.open;
    open += now.open;
    bool true_once = false;
    for (int k = 0; k < 12; k++) {
      world other = another(&d, &w);
      true_once = true_once || judge(query, other.facts).truth == MRI_TRUE;
    }
    if (now.truth != MRI_TRUE && !now.open && true_once) print_error("%s\n", mri_str_text(&text));
    assert_false(now.truth != MRI_TRUE && !now.open && true_once);
    came_true += now.open && true_once;
    mri_query_free(query);
    mri_str_free(&text);
  }
  assert_true(closed > 100 && open > 100 && came_true > 100);
}

static mri_query_result judge_text(const fact *facts, const char *form, const char *a,
                                   const char *b) {
  mri_str text;
  mri_str_init(&text, mri_mem_default());
  for (const char *p = form; *p != '\0'; p++) {
    if (*p == 'A' || *p == 'B')
      mri_str_addf(&text, "(%s)", *p == 'A' ? a : b);
    else
      mri_str_add_char(&text, *p);
  }
  mri_query *query = parse_ok(mri_str_text(&text));
  mri_query_result result = judge(query, facts);
  mri_query_free(query);
  mri_str_free(&text);
  return result;
}

/* The laws of logic hold for what is, and for what may come; with stars and datasets too. */
static void test_laws(void **state) {
  (void)state;
  static const char *const laws[][2] = {
      {"not (A and B)", "not A or not B"},
      {"not (A or B)", "not A and not B"},
      {"not not A", "A"},
      {"A and B", "B and A"},
      {"A or B", "B or A"},
      {"A and (A or B)", "A and (B or A)"},
      {"A and A", "A"},
      {"A or A", "A"},
  };
  dice d = {406};
  int open = 0;
  for (uint64_t i = rounds(5000); i > 0; i--) {
    world w = {.size = 0};
    draw_world(&d, &w);
    mri_str a;
    mri_str b;
    mri_str_init(&a, mri_mem_default());
    mri_str_init(&b, mri_mem_default());
    write_truth(&d, 2, &a);
    write_truth(&d, 1, &b);
    uint32_t law = roll(&d, sizeof laws / sizeof laws[0]);
    mri_query_result sides[2];
    for (int k = 0; k < 2; k++)
      sides[k] = judge_text(w.facts, laws[law][k], mri_str_text(&a), mri_str_text(&b));
    assert_int_equal(sides[0].truth, sides[1].truth);
    assert_int_equal(sides[0].open, sides[1].open);
    open += sides[0].open;
    mri_str_free(&a);
    mri_str_free(&b);
  }
  assert_true(open > 50);
}

/* Where each open value is read once and can make its test true or false, open is exact. */
static void test_open_is_exact_for_single_readings(void **state) {
  (void)state;
  dice d = {405};
  int counts[2] = {0, 0};
  for (uint64_t i = rounds(3000); i > 0; i--) {
    enum { TESTS = 4 };
    fact facts[TESTS + 1];
    char names[TESTS][16];
    for (int k = 0; k < TESTS; k++) {
      (void)snprintf(names[k], sizeof names[k], "checks.c%d", k);
      facts[k] = (fact){.path = names[k], .open = roll(&d, 2) == 0};
      set_value(&facts[k], (int)(roll(&d, 2) == 0 ? 5 : roll(&d, 2)));
    }
    facts[TESTS] = (fact)FACTS_END;
    mri_str text;
    mri_str_init(&text, mri_mem_default());
    for (int k = 0; k < TESTS; k++) {
      static const char *const joins[] = {" AND ", " OR "};
      if (k > 0) mri_str_add(&text, joins[roll(&d, 2)]);
      mri_str_addf(&text, "%schecks.c%d = 1", roll(&d, 3) == 0 ? "NOT " : "", k);
    }
    mri_query *query = parse_ok(mri_str_text(&text));
    mri_query_result now = judge(query, facts);
    bool possible = false;
    for (unsigned bits = 0; bits < 1U << TESTS; bits++) {
      fact changed[TESTS + 1];
      memcpy(changed, facts, sizeof changed);
      for (int k = 0; k < TESTS; k++)
        if (facts[k].open) set_value(&changed[k], (int)(bits >> k & 1));
      possible = possible || judge(query, changed).truth == MRI_TRUE;
    }
    assert_int_equal(now.truth == MRI_TRUE || now.open, possible);
    counts[now.open]++;
    mri_query_free(query);
    mri_str_free(&text);
  }
  assert_true(counts[0] > 100 && counts[1] > 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_comparison),
      cmocka_unit_test(test_connectives),
      cmocka_unit_test(test_stars),
      cmocka_unit_test(test_datasets),
      cmocka_unit_test(test_open_is_sound),
      cmocka_unit_test(test_laws),
      cmocka_unit_test(test_open_is_exact_for_single_readings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
