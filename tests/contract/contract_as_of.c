/* SPDX-License-Identifier: Apache-2.0 */
/* Resolving as of an earlier time: the answer of then, for ever. */
#include "contract.h"

#include <stdlib.h>

#define HOUR_US     INT64_C(3600000000)
#define ANSWER_SIZE 400

/* --- a timeline ------------------------------------------------------------------------------- */

typedef enum deed {
  PROMOTE,
  DEPRECATE,
  UNDEPRECATE,
  YANK, /* channels move to the replacement, or without one are rolled back */
  UNYANK,
  DELETE,
  MOVE,
  ROLL_BACK,
  CLEAR,
  TURN_BACK, /* the clock, by an hour */
  TURN_FORTH
} deed;

typedef struct step {
  deed what;
  const char *number; /* or what the channel "live" holds before */
  const char *other;  /* the replacement, or where the channel goes */
} step;

static const step
    steps[] =
        {
            {PROMOTE, "1.0.0-rc.1", NULL},
            {PROMOTE, "1.0.0", NULL},
            {MOVE, "none", "1.0.0"},
            {PROMOTE, "1.1.0", NULL},
            {DEPRECATE, "1.0.0", "1.1.0"},
            {MOVE, "1.0.0", "1.1.0"},
            {PROMOTE, "2.0.0-rc.1", NULL},
            {YANK, "1.1.0", "1.0.0"}, /* refused: 1.0.0 is not active, so nothing changes */
            {YANK, "1.1.0", NULL},
            {TURN_BACK, NULL, NULL},
            {PROMOTE, "1.2.0", NULL},
            {UNDEPRECATE, "1.0.0", NULL},
            {MOVE, "1.0.0", "1.2.0"},
            {DEPRECATE, "1.2.0", NULL},
            {YANK, "1.2.0", "1.0.0"},
            {UNYANK, "1.1.0", NULL},
            {CLEAR, "1.0.0", NULL},
            {YANK, "1.0.0", "1.1.0"},
            {TURN_FORTH, NULL, NULL},
            {ROLL_BACK, "none", "1.1.0"},
            {UNYANK, "1.2.0", NULL},
            {DELETE, "1.0.0-rc.1", NULL},
            {DELETE, "1.0.0", NULL},
            {MOVE, "1.1.0", "1.2.0"},
            {DEPRECATE, "1.1.0", NULL},
            {ROLL_BACK, "1.2.0", NULL},
            {CLEAR, "1.1.0", NULL},
            {DELETE, "1.1.0", NULL},
            {DELETE, "1.2.0", NULL},
            {DELETE, "2.0.0-rc.1", NULL},
};
enum { STEPS = sizeof steps / sizeof steps[0], QUESTIONS = 14 };

static mr_version *open_any(mr_version *const *all, const char *number) {
  char core[300];
  for (size_t i = 0; all[i] != NULL; i++) {
    if (strcmp(contract_core(mr_version_info(all[i])->number, core), number) == 0) return all[i];
  }
  fail_msg("no version %s", number);
  return NULL;
}

static void change_status(mr_version *version, const step *s) {
  mr_deprecate_options d = MR_DEPRECATE_OPTIONS_INIT;
  mr_yank_options y = MR_YANK_OPTIONS_INIT;
  d.reason = "too slow";
  d.replacement = s->other;
  y.reason = "wrong labels";
  y.replacement = s->other;
  y.channels = s->other == NULL ? MR_YANK_CHANNELS_ROLL_BACK : MR_YANK_CHANNELS_REPLACE;
  mr_status status = MR_OK;
  if (s->what == DEPRECATE) status = mr_version_deprecate(version, &d, &error);
  if (s->what == UNDEPRECATE) status = mr_version_undeprecate(version, "fast", &error);
  if (s->what == YANK) status = mr_version_yank(version, &y, &error);
  if (s->what == UNYANK) status = mr_version_unyank(version, "right labels", &error);
  if (s->what == DELETE) status = mr_version_delete(version, "unused", &error);
  if (status != MR_CONFLICT) contract_ok(status, "change", __FILE__, __LINE__);
}

static void change_channel(mr_model *model, const step *s) {
  mr_roll_back_options r = MR_ROLL_BACK_OPTIONS_INIT;
  mr_clear_options o = MR_CLEAR_OPTIONS_INIT;
  r.channel = o.channel = "live";
  r.expected = o.expected = s->number;
  r.version = s->other;
  if (s->what == MOVE) contract_move(model, "live", s->other, s->number);
  if (s->what == ROLL_BACK) OK(contract_roll_back(model, &r, &error));
  if (s->what == CLEAR) OK(mr_model_clear_channel(model, &o, &error));
}

static void take_step(const contract *c, mr_model *model, mr_version **all, const step *s) {
  size_t count = 0;
  while (all[count] != NULL) count++;
  switch (s->what) {
  case PROMOTE:
    all[count] = contract_version(c, model, s->number);
    break;
  case MOVE:
  case ROLL_BACK:
  case CLEAR:
    change_channel(model, s);
    break;
  case TURN_BACK:
    contract_turn_clock(-HOUR_US);
    break;
  case TURN_FORTH:
    contract_turn_clock(HOUR_US);
    break;
  default:
    change_status(open_any(all, s->number), s);
  }
}

/* A time after everything so far and before what comes next. */
static int64_t now_of(mr_model *clocks, int round) {
  char name[32];
  int64_t time = 0;
  (void)snprintf(name, sizeof name, "tick-%04d", round);
  OK(mr_model_create_channel(clocks, name, &error));
  mr_channel_page *page = NULL;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  o.limit = 1000;
  OK(mr_model_list_channels(clocks, &o, &page, &error));
  time = mr_channel_page_at(page, mr_channel_page_count(page) - 1)->moved_us;
  mr_channel_page_free(page);
  return time;
}

static const char *question(int index, const char *digest, uint32_t *flags, char out[120]) {
  static const char *const selectors[] = {"latest",     "latest", "^1",    "^1",    "^2",
                                          "<1.1",       "live",   "1.0.0", "1.1.0", "1.2.0",
                                          "2.0.0-rc.1", "1.x",    NULL,    NULL};
  *flags = index == 1 || index == 3 || index == 4 ? MR_RESOLVE_PRERELEASES : 0;
  if (index == 12) (void)snprintf(out, 120, "m@%s", digest);
  if (index == 13) (void)snprintf(out, 120, "m@%.12s", digest);
  if (index < 12) (void)snprintf(out, 120, "m@%s", selectors[index]);
  return out;
}

/* What is said of it at a time, 0 for now; nothing for NOT_FOUND. */
static void answer(const contract *c, int index, const char *digest, int64_t as_of, char *out) {
  mr_resolve_options o = MR_RESOLVE_OPTIONS_INIT;
  mr_version *version = NULL;
  char reference[120];
  (void)question(index, digest, &o.flags, reference);
  o.as_of_us = as_of;
  contract_reset();
  mr_status status = mr_registry_resolve(c->registry, reference, &o, &version, &error);
  out[0] = '\0';
  if (status == MR_NOT_FOUND) return;
  contract_ok(status, reference, __FILE__, __LINE__);
  const mr_version_record *r = mr_version_info(version);
  (void)snprintf(out, ANSWER_SIZE, "%s %d %s %s %s %lld", r->number, (int)r->status,
                 r->status_reason == NULL ? "-" : r->status_reason,
                 r->replacement == NULL ? "-" : r->replacement, r->status_actor,
                 (long long)r->status_us);
  /* What there is to warn of then comes first. */
  if (r->status != MR_VERSION_STATUS_ACTIVE) HAS(r->warnings[0], "is |: |@");
  mr_version_free(version);
}

static void stays_what_it_was(void **state) {
  contract *c = *state;
  static char answers[STEPS][QUESTIONS][ANSWER_SIZE];
  int64_t times[STEPS];
  mr_version *all[16] = {NULL};
  mr_model *model = contract_model(c, "m");
  mr_model *clocks = contract_model(c, "clocks");
  char digest[DIGEST_TEXT] = "";
  char last[ANSWER_SIZE];
  int found = 0;
  OK(mr_model_create_channel(model, "live", &error));
  for (int i = 0; i < STEPS; i++) {
    take_step(c, model, all, &steps[i]);
    (void)snprintf(digest, sizeof digest, "%s", mr_version_info(all[0])->digest);
    times[i] = now_of(clocks, i);
    if (i > 0) assert_true(times[i] > times[i - 1]);
    for (int q = 0; q < QUESTIONS; q++) {
      answer(c, q, digest, 0, answers[i][q]);
      found += answers[i][q][0] != '\0';
    }
  }
  assert_in_range(found, STEPS * 4, STEPS * QUESTIONS - STEPS); /* both were asked for often */
  for (int i = 0; i < STEPS; i++) {
    for (int q = 0; q < QUESTIONS; q++) {
      answer(c, q, digest, times[i], last);
      if (strcmp(last, answers[i][q]) != 0) {
        fail_msg("step %d, question %d: '%s', but it was '%s'", i, q, last, answers[i][q]);
      }
    }
  }
  for (size_t i = 0; all[i] != NULL; i++) mr_version_free(all[i]);
  mr_model_free(clocks);
  mr_model_free(model);
}

/* --- single questions ------------------------------------------------------------------------- */

static mr_version *as_of(const contract *c, const char *reference, int64_t time) {
  mr_resolve_options o = MR_RESOLVE_OPTIONS_INIT;
  mr_version *version = NULL;
  o.as_of_us = time;
  OK(mr_registry_resolve(c->registry, reference, &o, &version, &error));
  return version;
}

static void refused(const contract *c, const char *reference, int64_t time, mr_status status,
                    const char *words) {
  mr_resolve_options o = MR_RESOLVE_OPTIONS_INIT;
  mr_version *version = NULL;
  o.as_of_us = time;
  REFUSED(status, words, mr_registry_resolve(c->registry, reference, &o, &version, &error));
  assert_null(version);
}

/* The very microsecond of a change has it already. */
static void to_the_microsecond(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_deprecate_options d = MR_DEPRECATE_OPTIONS_INIT;
  mr_channel_page *page = NULL;
  mr_version *one = contract_version(c, model, "1.0.0+a");
  mr_version *two = contract_version(c, model, "2.0.0+b");
  int64_t promoted = mr_version_info(two)->created_us;
  OK(mr_model_create_channel(model, "live", &error));
  contract_move(model, "live", "1.0.0", "none");
  OK(mr_model_list_channels(model, NULL, &page, &error));
  int64_t moved = mr_channel_page_at(page, 0)->moved_us;
  mr_channel_page_free(page);
  d.reason = "slow";
  OK(mr_version_deprecate(two, &d, &error));
  mr_version *now = as_of(c, "m@2.0.0", 0);
  int64_t deprecated = mr_version_info(now)->status_us;
  mr_version_free(now);
  static const char *const latest[] = {"m", "m@*", "m@>=1"};
  for (size_t i = 0; i < 3; i++) {
    const int64_t times[] = {promoted - 1, promoted, deprecated - 1, deprecated};
    static const char *const numbers[] = {"1.0.0+a", "2.0.0+b", "2.0.0+b", "1.0.0+a"};
    for (size_t k = 0; k < 4; k++) {
      mr_version *version = as_of(c, latest[i], times[k]);
      assert_string_equal(mr_version_info(version)->number, numbers[k]);
      mr_version_free(version);
    }
  }
  refused(c, "m@2.0.0", promoted - 1, MR_NOT_FOUND, "'m'|2.0.0|promoted later");
  mr_version_free(as_of(c, "m@2.0.0", promoted));
  refused(c, "m@live", moved - 1, MR_NOT_FOUND, "'live'|'m'|held no version as of");
  mr_version_free(as_of(c, "m@live", moved));
  mr_version_free(one);
  mr_version_free(two);
  mr_model_free(model);
}

static void says_why_there_was_none(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  int64_t before = contract_clock(NULL);
  char reference[100];
  mr_version *one = contract_version(c, model, "1.0.0+a");
  mr_version *rc = contract_version(c, model, "2.0.0-rc.1+b");
  mr_version *two = contract_version(c, model, "2.0.0+c");
  OK(mr_model_create_channel(model, "live", &error));
  (void)snprintf(reference, sizeof reference, "m@%s", mr_version_info(one)->digest);
  refused(c, "m", before, MR_NOT_FOUND, "'m'|no active release as of|3 versions|3 promoted later");
  refused(c, "m@^1", before, MR_NOT_FOUND, "^1|as of|1.0.0+a was promoted later");
  refused(c, "m@1.0.0", before, MR_NOT_FOUND, "1.0.0|promoted later");
  refused(c, reference, before, MR_NOT_FOUND, "digest|as of|promoted later");
  refused(c, "m@live", before, MR_NOT_FOUND, "'live'|held no version as of");
  refused(c, "m@staging", before, MR_NOT_FOUND, "no channel 'staging'");
  refused(c, "m@^2", mr_version_info(rc)->created_us, MR_NOT_FOUND,
          "2.0.0+c was promoted later|2.0.0-rc.1+b is a prerelease|1.0.0+a is the highest outside");
  OK(mr_version_delete(two, "empty", &error));
  OK(mr_version_delete(one, "unused", &error));
  int64_t after = contract_clock(NULL);
  refused(c, "m@^2", after, MR_NOT_FOUND, "2.0.0+c was deleted|2.0.0-rc.1+b is a prerelease");
  refused(c, "m@1.0.0", after, MR_NOT_FOUND, "1.0.0|was deleted");
  refused(c, "m", after, MR_NOT_FOUND, "3 versions|1 active prereleases|2 deleted");
  mr_version_free(one);
  mr_version_free(rc);
  mr_version_free(two);
  mr_model_free(model);
}

static void the_future_is_refused(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version *one = contract_version(c, model, "1.0.0");
  int64_t last = mr_version_info(one)->created_us;
  refused(c, "m", contract_clock(NULL) + HOUR_US, MR_INVALID_ARGUMENT, "as_of_us|future");
  refused(c, "m", INT64_MAX, MR_INVALID_ARGUMENT, "as_of_us|future");
  refused(c, "m", -1, MR_INVALID_ARGUMENT, "as_of_us|-1");
  refused(c, "m", INT64_MIN, MR_INVALID_ARGUMENT, "as_of_us");
  /* Where the clock was set back, what was recorded before that is no future. */
  contract_turn_clock(-HOUR_US);
  mr_version_free(as_of(c, "m", last));
  refused(c, "m", last + HOUR_US / 2, MR_INVALID_ARGUMENT, "as_of_us|future");
  /* And what is recorded now comes after it. */
  mr_version *two = contract_version(c, model, "2.0.0");
  assert_true(mr_version_info(two)->created_us > last);
  mr_version *then = as_of(c, "m", last);
  assert_string_equal(mr_version_info(then)->id, mr_version_info(one)->id);
  mr_version_free(then);
  then = as_of(c, "m", mr_version_info(two)->created_us);
  assert_string_equal(mr_version_info(then)->id, mr_version_info(two)->id);
  mr_version_free(then);
  mr_version_free(one);
  mr_version_free(two);
  mr_model_free(model);
}

static void warns(const contract *c, int64_t time, const char *first, const char *second) {
  mr_version *version = as_of(c, "m@1.0.0", time);
  const mr_version_record *r = mr_version_info(version);
  assert_int_equal(r->warning_count, (first != NULL) + (second != NULL));
  if (first != NULL) assert_string_equal(r->warnings[0], first);
  if (second != NULL) assert_string_equal(r->warnings[1], second);
  mr_version_free(version);
}

/* The record stays; what has become of the version is a warning. */
static void warns_of_what_came_since(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_deprecate_options d = MR_DEPRECATE_OPTIONS_INIT;
  mr_yank_options y = MR_YANK_OPTIONS_INIT;
  mr_version *one = contract_version(c, model, "1.0.0+a");
  mr_version_free(contract_version(c, model, "1.1.0+b"));
  int64_t active = contract_clock(NULL);
  d.reason = "slow";
  d.replacement = y.replacement = "1.1.0";
  y.reason = "wrong\nlabels";
  warns(c, active, NULL, NULL);
  OK(mr_version_deprecate(one, &d, &error));
  int64_t deprecated = contract_clock(NULL);
  warns(c, active, "m@1.0.0+a was deprecated since: slow; use 1.1.0+b instead", NULL);
  warns(c, deprecated, "m@1.0.0+a is deprecated: slow; use 1.1.0+b instead", NULL);
  OK(mr_version_yank(one, &y, &error));
  int64_t yanked = contract_clock(NULL);
  warns(c, active, "m@1.0.0+a was yanked since: wrong labels; use 1.1.0+b instead", NULL);
  warns(c, deprecated, "m@1.0.0+a is deprecated: slow; use 1.1.0+b instead",
        "m@1.0.0+a was yanked since: wrong labels; use 1.1.0+b instead");
  OK(mr_version_unyank(one, NULL, &error));
  OK(mr_version_undeprecate(one, "the labels were right", &error));
  warns(c, active, NULL, NULL);
  warns(c, yanked, "m@1.0.0+a is yanked: wrong labels; use 1.1.0+b instead",
        "m@1.0.0+a is active again since: the labels were right");
  OK(mr_version_delete(one, "unused", &error));
  warns(c, active, "m@1.0.0+a was deleted since: unused", NULL);
  warns(c, deprecated, "m@1.0.0+a is deprecated: slow; use 1.1.0+b instead",
        "m@1.0.0+a was deleted since: unused");
  /* The artifacts of a deleted version are still those of its run. */
  mr_version *then = as_of(c, "m@1.0.0", active);
  mr_artifact_page *page = NULL;
  OK(mr_version_list_artifacts(then, NULL, &page, &error));
  assert_int_equal(mr_artifact_page_count(page), 1);
  mr_artifact_page_free(page);
  mr_version_free(then);
  mr_version_free(one);
  mr_model_free(model);
}

/* Who has asked about a time has ended it: nothing is recorded at or before it any more, even where
 * the clock is set back. */
static void asking_ends_a_time(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version_free(contract_version(c, model, "1.0.0+a"));
  int64_t asked = contract_clock(NULL);
  mr_version *first = as_of(c, "m", asked);
  contract_turn_clock(-HOUR_US);
  mr_version *two = contract_version(c, model, "2.0.0+b");
  assert_true(mr_version_info(two)->created_us > asked);
  mr_version *again = as_of(c, "m", asked);
  assert_string_equal(mr_version_info(first)->number, "1.0.0+a");
  assert_string_equal(mr_version_info(again)->number, "1.0.0+a");
  mr_version *now = as_of(c, "m", mr_version_info(two)->created_us);
  assert_string_equal(mr_version_info(now)->number, "2.0.0+b");
  mr_version_free(now);
  mr_version_free(again);
  mr_version_free(two);
  mr_version_free(first);
  mr_model_free(model);
}

int contract_as_of_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(stays_what_it_was),     TEST(to_the_microsecond),       TEST(says_why_there_was_none),
      TEST(the_future_is_refused), TEST(warns_of_what_came_since), TEST(asking_ends_a_time),
  };
  return GROUP("as of a time", tests);
}
