/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the query language share: a subject made of a table, and short ways to parse
 * and evaluate. */
#ifndef QUERY_FIXTURE_H
#define QUERY_FIXTURE_H

#include "query/query.h"
#include "query/query_path.h"
#include "unit_test.h"

#include <math.h>

/* One value of the subject, by the canonical text of its path, behind which stands "#0", "#1" ...
 * for a value of the first dataset, the second ... With `names` it says what the star of the path
 * stands for, or which datasets it may be about; a dataset's path without names and "#" is that of
 * the only one. */
typedef struct fact {
  const char *path;
  mri_value_kind kind;
  double number;
  const char *text;
  const char *const *names;
  bool open;
} fact;

#define NUMBER(path, value)                                                                        \
  { path, MRI_VALUE_NUMBER, value, NULL, NULL, false }
#define TEXT(path, value)                                                                          \
  { path, MRI_VALUE_TEXT, 0, value, NULL, false }
#define UNREADABLE(path)                                                                           \
  { path, MRI_VALUE_UNREADABLE, 0, NULL, NULL, false }
#define NAMES(path, list)                                                                          \
  { path, MRI_VALUE_MISSING, 0, NULL, list, false }
/* The same, while they may still change. */
#define OPEN_NUMBER(path, value)                                                                   \
  { path, MRI_VALUE_NUMBER, value, NULL, NULL, true }
#define OPEN_TEXT(path, value)                                                                     \
  { path, MRI_VALUE_TEXT, 0, value, NULL, true }
#define OPEN_MISSING(path)                                                                         \
  { path, MRI_VALUE_MISSING, 0, NULL, NULL, true }
#define OPEN_NAMES(path, list)                                                                     \
  { path, MRI_VALUE_MISSING, 0, NULL, list, true }
#define FACTS_END                                                                                  \
  { NULL, MRI_VALUE_MISSING, 0, NULL, NULL, false }

typedef struct fixture {
  const fact *facts;
  int gets;
  int expands;
  mr_status fail_with; /* answered by the call number `fail_at` of get and expand together */
  int fail_at;
} fixture;

/* *out stays NULL when there is no such fact. */
static inline mr_status fixture_find(const fixture *f, const mri_query_path *path, const fact **out,
                                     mr_error *error) {
  mri_str text;
  mri_str_init(&text, mri_mem_default());
  mri_path_print(path, &text);
  if (path->which != NULL && path->which[0] != '\0') mri_str_addf(&text, "#%s", path->which);
  bool failed = text.failed;
  for (const fact *p = f->facts; p->path != NULL && *out == NULL && !failed; p++)
    if (strcmp(p->path, mri_str_text(&text)) == 0) *out = p;
  mri_str_free(&text);
  return failed ? mri_error_no_memory(error) : MR_OK;
}

static inline mr_status fixture_fail(fixture *f, mr_error *error) {
  if (f->fail_at == 0 || f->gets + f->expands != f->fail_at) return MR_OK;
  return mri_error_set(error, f->fail_with, "the subject failed");
}

static inline mr_status fixture_get(void *ctx, const mri_query_path *path, mri_arena *arena,
                                    mri_query_value *out, mr_error *error) {
  fixture *f = ctx;
  (void)arena;
  assert_int_equal(path->star, -1);
  assert_int_equal(path->some, path->which != NULL);
  f->gets++;
  mr_status status = fixture_fail(f, error);
  const fact *found = NULL;
  if (status == MR_OK) status = fixture_find(f, path, &found, error);
  if (status != MR_OK || found == NULL) return status;
  *out = (mri_query_value){found->kind, found->number, found->text,
                           found->text == NULL ? 0 : strlen(found->text), found->open};
  return MR_OK;
}

static inline mr_status fixture_expand(void *ctx, const mri_query_path *path, mri_arena *arena,
                                       mri_query_names *out, mr_error *error) {
  static const char *const only[] = {""};
  fixture *f = ctx;
  (void)arena;
  assert_null(path->which);
  assert_true(path->some || path->star >= 0);
  if (path->star >= 0) assert_string_equal(path->parts[path->star], "*");
  f->expands++;
  mr_status status = fixture_fail(f, error);
  const fact *found = NULL;
  if (status == MR_OK) status = fixture_find(f, path, &found, error);
  if (status != MR_OK || found == NULL) return status;
  out->open = found->open;
  if (found->names == NULL) {
    if (path->star < 0 && found->kind != MRI_VALUE_MISSING)
      *out = (mri_query_names){only, 1, false};
    return MR_OK;
  }
  out->names = found->names;
  while (found->names[out->count] != NULL) out->count++;
  return MR_OK;
}

static inline mri_query *parse_ok(const char *text) {
  mr_error error = MR_ERROR_INIT;
  mri_query *query = NULL;
  mr_status status = mri_query_parse(mri_mem_default(), text, &query, &error);
  if (status != MR_OK) print_error("%s\n  %s\n", text, error.message);
  assert_int_equal(status, MR_OK);
  return query;
}

/* The canonical text; the caller frees it with mri_mem_free. */
static inline char *canonical(const char *text) {
  mri_query *query = parse_ok(text);
  mri_str out;
  mri_str_init(&out, mri_mem_default());
  assert_int_equal(mri_query_print(query, &out, NULL), MR_OK);
  mri_query_free(query);
  return mri_str_take(&out);
}

static inline void assert_canonical(const char *text, const char *expected) {
  char *got = canonical(text);
  assert_string_equal(got, expected);
  char *again = canonical(got);
  assert_string_equal(again, expected);
  mri_mem_free(mri_mem_default(), got);
  mri_mem_free(mri_mem_default(), again);
}

static inline void assert_refused(const char *text, const char *message) {
  mr_error error = MR_ERROR_INIT;
  mri_query *query = NULL;
  assert_int_equal(mri_query_parse(mri_mem_default(), text, &query, &error), MR_INVALID_ARGUMENT);
  assert_null(query);
  assert_string_equal(error.message, message);
}

/* An evaluated expression; release with evaluated_free. */
typedef struct evaluated {
  mri_arena arena;
  mri_query_result result;
  int gets;
} evaluated;

static inline evaluated evaluate_text(const char *text, const fact *facts) {
  evaluated e = {.gets = 0};
  mri_query *query = parse_ok(text);
  fixture f = {.facts = facts};
  mri_query_subject subject = {&f, fixture_get, fixture_expand};
  mri_arena_init(&e.arena, mri_mem_default());
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(mri_query_evaluate(query, &subject, &e.arena, &e.result, &error), MR_OK);
  mri_query_free(query); /* the result must not point into it */
  e.gets = f.gets;
  assert_non_null(e.result.required);
  assert_non_null(e.result.observed);
  assert_non_null(e.result.reason);
  assert_int_equal(e.result.reason[0] == '\0', e.result.truth == MRI_TRUE);
  return e;
}

static inline void evaluated_free(evaluated *e) {
  mri_arena_free(&e->arena);
}

static inline mri_truth truth_over(const char *text, const fact *facts) {
  evaluated e = evaluate_text(text, facts);
  mri_truth truth = e.result.truth;
  evaluated_free(&e);
  return truth;
}

/* How many rounds of random things to try: fewer where MR_TEST_SCALE is below 1. */
static inline uint64_t rounds(uint64_t count) {
  const char *text = getenv("MR_TEST_SCALE");
  double scale = text == NULL || text[0] == '\0' ? 1 : strtod(text, NULL);
  double scaled = (double)count * scale;
  return scaled < 1000 ? 1000 : (uint64_t)scaled;
}

/* A small generator with a fixed seed, so that every run tries the same things. */
typedef struct dice {
  uint64_t state;
} dice;

static inline uint32_t roll(dice *d, uint32_t sides) {
  d->state = d->state * 6364136223846793005U + 1442695040888963407U;
  return (uint32_t)(d->state >> 33) % sides;
}

/* What an expression comes to; a table of them ends with a text of NULL. */
typedef struct expectation {
  const char *text;
  mri_truth truth;
} expectation;

static inline void assert_truths(const expectation *table, const fact *facts) {
  for (const expectation *e = table; e->text != NULL; e++) {
    mri_truth truth = truth_over(e->text, facts);
    if (truth != e->truth) print_error("%s\n", e->text);
    assert_int_equal(truth, e->truth);
  }
}

#endif
