/* SPDX-License-Identifier: Apache-2.0 */
/* `dataset.FIELD` is about any one of a run's datasets. */
#include "query_fixture.h"

static const char *const pair[] = {"0", "1", NULL};
static const char *const single[] = {"0", NULL};
static const char *const runs[] = {"first", "second", NULL};
static const char *const none[] = {NULL};

/* Two datasets, an incumbent of one, an evaluation of each kind. */
static const fact several[] = {
    NAMES("dataset.name", pair),
    TEXT("dataset.name#0", "images"),
    TEXT("dataset.name#1", "labels"),
    NAMES("dataset.digest", pair),
    TEXT("dataset.digest#0", "d0"),
    TEXT("dataset.digest#1", "d1"),
    NAMES("dataset.context", pair),
    TEXT("dataset.context#0", "train"),
    NAMES("incumbent.dataset.digest", single),
    TEXT("incumbent.dataset.digest#0", "d1"),
    NAMES("evaluations.*.dataset.name", runs),
    NAMES("evaluations.first.dataset.name", pair),
    TEXT("evaluations.first.dataset.name#0", "holdout"),
    TEXT("evaluations.first.dataset.name#1", "extra"),
    NAMES("evaluations.second.dataset.name", single),
    TEXT("evaluations.second.dataset.name#0", "holdout"),
    TEXT("tags.wanted", "labels"),
    FACTS_END,
};

static const fact nothing[] = {NAMES("dataset.name", none), FACTS_END};

static void test_some_dataset(void **state) {
  (void)state;
  static const expectation table[] = {
      {"dataset.name = 'images'", MRI_TRUE},
      {"dataset.name = 'labels'", MRI_TRUE},
      {"dataset.name = 'sounds'", MRI_FALSE},
      {"'labels' = dataset.name", MRI_TRUE},
      {"dataset.name = tags.wanted", MRI_TRUE},
      {"dataset.name != 'images'", MRI_TRUE},
      {"dataset.name IN ('sounds', 'labels')", MRI_TRUE},
      {"dataset.name NOT IN ('images')", MRI_TRUE},
      {"dataset.name NOT IN ('images', 'labels')", MRI_FALSE},
      {"dataset.name LIKE 'la%'", MRI_TRUE},
      {"dataset.name NOT LIKE 'la%'", MRI_TRUE},
      {"dataset.name NOT LIKE '%s'", MRI_FALSE},
      {"dataset.name ILIKE 'IMAGES'", MRI_TRUE},
      {"dataset.name IS NULL", MRI_FALSE},
      {"dataset.name IS NOT NULL", MRI_TRUE},
      /* Each comparison chooses anew, as one filter of MLflow is one join. */
      {"dataset.name = 'images' AND dataset.name = 'labels'", MRI_TRUE},
      {"dataset.name = 'images' AND dataset.digest = 'd1'", MRI_TRUE},
      {"dataset.name = 'labels' AND dataset.context = 'train'", MRI_TRUE},
      /* In one comparison both sides are of one dataset. */
      {"dataset.name = dataset.name", MRI_TRUE},
      {"dataset.name != dataset.name", MRI_FALSE},
      {"dataset.name < dataset.digest", MRI_FALSE},
      /* One has no context. */
      {"dataset.context = 'train'", MRI_TRUE},
      {"dataset.context = 'test'", MRI_UNKNOWN},
      {"dataset.context != 'train'", MRI_UNKNOWN},
      {"dataset.context IS NULL", MRI_TRUE},
      {"dataset.context IS NOT NULL", MRI_TRUE},
      /* NOT is about the whole: there is none. */
      {"NOT dataset.name = 'images'", MRI_FALSE},
      {"NOT dataset.name = 'sounds'", MRI_TRUE},
      {"NOT dataset.context = 'test'", MRI_UNKNOWN},
      {"dataset.name > 1", MRI_UNKNOWN},
      {NULL, MRI_TRUE},
  };
  assert_truths(table, several);
}

static void test_no_dataset(void **state) {
  (void)state;
  static const expectation table[] = {
      {"dataset.name = 'images'", MRI_UNKNOWN},
      {"dataset.name != 'images'", MRI_UNKNOWN},
      {"dataset.name NOT IN ('images')", MRI_UNKNOWN},
      {"dataset.name NOT LIKE '%'", MRI_UNKNOWN},
      {"NOT dataset.name = 'images'", MRI_UNKNOWN},
      {"dataset.name IS NULL", MRI_TRUE},
      {"dataset.name IS NOT NULL", MRI_FALSE},
      {"dataset.digest = incumbent.dataset.digest", MRI_UNKNOWN},
      {"incumbent.dataset.digest IS NULL", MRI_TRUE},
      {NULL, MRI_TRUE},
  };
  assert_truths(table, nothing);
}

static void test_datasets_of_other_runs(void **state) {
  (void)state;
  static const expectation table[] = {
      {"dataset.digest = incumbent.dataset.digest", MRI_TRUE},
      {"dataset.digest != incumbent.dataset.digest", MRI_TRUE},
      {"dataset.digest > incumbent.dataset.digest", MRI_FALSE},
      {"evaluations.first.dataset.name = 'extra'", MRI_TRUE},
      {"evaluations.second.dataset.name = 'extra'", MRI_FALSE},
      /* Every evaluation, of each some dataset. */
      {"evaluations.*.dataset.name = 'holdout'", MRI_TRUE},
      {"evaluations.*.dataset.name = 'extra'", MRI_FALSE},
      {"evaluations.*.dataset.name != 'holdout'", MRI_FALSE},
      {"evaluations.*.dataset.name != dataset.name", MRI_TRUE},
      {"evaluations.*.dataset.name = dataset.name", MRI_FALSE},
      {"evaluations.first.dataset.name > evaluations.second.dataset.name", MRI_FALSE},
      {"evaluations.first.dataset.name < evaluations.second.dataset.name", MRI_TRUE},
      {NULL, MRI_TRUE},
  };
  assert_truths(table, several);
}

static void test_three_runs_are_too_many(void **state) {
  (void)state;
  assert_refused("dataset.name = evaluations.a.dataset.name + incumbent.dataset.name",
                 "a comparison takes the datasets of two runs only at 45: "
                 "... = evaluations.a.dataset.name + ^incumbent.dataset.name");
  mri_query_free(parse_ok("dataset.name + dataset.digest = incumbent.dataset.name - "
                          "incumbent.dataset.digest"));
}

typedef struct story {
  const char *text;
  const char *observed;
  const char *reason;
} story;

static void assert_stories(const story *table, const fact *facts) {
  for (const story *s = table; s->text != NULL; s++) {
    evaluated e = evaluate_text(s->text, facts);
    assert_string_equal(e.result.observed, s->observed);
    assert_string_equal(e.result.reason, s->reason);
    evaluated_free(&e);
  }
}

static void test_reasons(void **state) {
  (void)state;
  const char *names = "dataset.name = 'images', dataset.name = 'labels'";
  const char *evaluations = "evaluations.first.dataset.name = 'holdout', "
                            "evaluations.first.dataset.name = 'extra', "
                            "evaluations.second.dataset.name = 'holdout'";
  const story table[] = {
      {"dataset.name = 'labels'", names, ""},
      {"dataset.name = 'sounds'", names, "dataset.name is 'images', not = 'sounds' (and 1 more)"},
      {"NOT dataset.name = 'labels'", names, "dataset.name is 'labels', which is = 'labels'"},
      {"dataset.context = 'test'", "dataset.context = 'train', dataset.context is missing",
       "dataset.context is missing"},
      {"dataset.digest = incumbent.dataset.digest AND 1 = 2",
       "dataset.digest = 'd0', incumbent.dataset.digest = 'd1', dataset.digest = 'd1'",
       "1 is not = 2"},
      {"dataset.digest > incumbent.dataset.digest",
       "dataset.digest = 'd0', incumbent.dataset.digest = 'd1', dataset.digest = 'd1'",
       "dataset.digest is 'd0', not > incumbent.dataset.digest ('d1') (and 1 more)"},
      {"dataset.name = evaluations.third.dataset.name",
       "no evaluations.third.dataset.name, dataset.name = 'images', dataset.name = 'labels'",
       "there is no evaluations.third.dataset.name"},
      {"evaluations.*.dataset.name = 'extra'", evaluations,
       "evaluations.second.dataset.name is 'holdout', not = 'extra'"},
      {NULL, NULL, NULL},
  };
  assert_stories(table, several);
  static const story empty[] = {
      {"dataset.name = 'x'", "no dataset.name", "there is no dataset.name"},
      {"dataset.name IS NULL", "no dataset.name", ""},
      {"dataset.name IS NOT NULL", "no dataset.name", "there is no dataset.name"},
      {NULL, NULL, NULL},
  };
  assert_stories(empty, nothing);
}

static void test_each_dataset_is_asked_for_once(void **state) {
  (void)state;
  evaluated e = evaluate_text("dataset.name = 'x' OR dataset.name IS NULL OR dataset.name < "
                              "dataset.digest OR NOT dataset.digest LIKE 'd%'",
                              several);
  assert_int_equal(e.gets, 4);
  evaluated_free(&e);
}

/* What a subject is asked: the datasets first, each under the name that it gave. */
static mr_status note_expand(void *ctx, const mri_query_path *path, mri_arena *arena,
                             mri_query_names *out, mr_error *error) {
  (void)arena;
  (void)error;
  assert_true(path->some && path->which == NULL && path->star == -1);
  mri_str_addf(ctx, "expand %s.%s;", path->parts[path->count - 2], path->parts[path->count - 1]);
  *out = (mri_query_names){pair, 2, false};
  return MR_OK;
}

static mr_status note_get(void *ctx, const mri_query_path *path, mri_arena *arena,
                          mri_query_value *out, mr_error *error) {
  (void)arena;
  (void)error;
  assert_int_equal(path->some, path->which != NULL);
  mri_str_addf(ctx, "get %s %s;", path->parts[path->count - 1],
               path->some ? path->which : "itself");
  *out = (mri_query_value){.kind = MRI_VALUE_TEXT, .text = "x", .text_size = 1};
  return MR_OK;
}

static void test_what_a_subject_is_asked(void **state) {
  (void)state;
  mri_str asked;
  mri_str_init(&asked, mri_mem_default());
  mri_query_subject subject = {&asked, note_get, note_expand};
  mri_arena arena;
  mri_arena_init(&arena, mri_mem_default());
  mri_query_result result;
  mri_query *query = parse_ok("tags.a = dataset.name AND datasets.name != 'x'");
  assert_int_equal(mri_query_evaluate(query, &subject, &arena, &result, NULL), MR_OK);
  assert_string_equal(mri_str_text(&asked),
                      "expand dataset.name;get a itself;get name 0;get name 1;");
  assert_string_equal(result.required, "tags.a = dataset.name AND dataset.name != 'x'");
  mri_query_free(query);
  mri_arena_free(&arena);
  mri_str_free(&asked);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_some_dataset),
      cmocka_unit_test(test_no_dataset),
      cmocka_unit_test(test_datasets_of_other_runs),
      cmocka_unit_test(test_three_runs_are_too_many),
      cmocka_unit_test(test_reasons),
      cmocka_unit_test(test_each_dataset_is_asked_for_once),
      cmocka_unit_test(test_what_a_subject_is_asked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
