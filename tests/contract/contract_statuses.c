/* SPDX-License-Identifier: Apache-2.0 */
/* What a version goes through: deprecated, yanked, deleted, and back. */
#include "contract.h"

#include <stdlib.h>

#define WHY_BYTES 65536

static mr_status deprecate(mr_version *version, const char *reason, const char *replacement) {
  mr_deprecate_options o = MR_DEPRECATE_OPTIONS_INIT;
  o.reason = reason;
  o.replacement = replacement;
  return mr_version_deprecate(version, &o, &error);
}

static mr_status yank(mr_version *version, const char *reason, const char *replacement) {
  mr_yank_options o = MR_YANK_OPTIONS_INIT;
  o.reason = reason;
  o.replacement = replacement;
  return mr_version_yank(version, &o, &error);
}

static mr_version *open_version(mr_model *model, const char *number) {
  mr_version *version = NULL;
  OK(mr_model_open_version(model, number, &version, &error));
  return version;
}

static void same_text(const char *got, const char *wanted) {
  if (wanted == NULL) {
    assert_null(got);
  } else {
    assert_non_null(got);
    assert_string_equal(got, wanted);
  }
}

/* What a new handle and the list say of it; `warning` is the only one, NULL for none. */
static void stands(mr_model *model, const char *number, mr_version_status status,
                   const char *reason, const char *replacement, const char *warning) {
  mr_version *version = open_version(model, number);
  mr_version_page *page = NULL;
  const mr_version_record *listed = NULL;
  OK(mr_model_list_versions(model, NULL, &page, &error));
  for (int64_t i = 0; i < mr_version_page_count(page); i++) {
    const mr_version_record *r = mr_version_page_at(page, i);
    if (strcmp(r->id, mr_version_info(version)->id) == 0) listed = r;
  }
  assert_non_null(listed);
  const mr_version_record *const both[] = {mr_version_info(version), listed};
  for (size_t i = 0; i < 2; i++) {
    const mr_version_record *r = both[i];
    assert_int_equal(r->status, status);
    same_text(r->status_reason, reason);
    same_text(r->replacement, replacement);
    assert_string_equal(r->status_actor, "tester");
    assert_true(r->status_us >= r->created_us);
    assert_int_equal(r->warning_count, warning == NULL ? 0 : 1);
    if (warning != NULL) assert_string_equal(r->warnings[0], warning);
  }
  assert_int_equal(both[0]->status_us, both[1]->status_us);
  mr_version_page_free(page);
  mr_version_free(version);
}

static int64_t status_time(mr_model *model, const char *number) {
  mr_version *version = open_version(model, number);
  int64_t time = mr_version_info(version)->status_us;
  mr_version_free(version);
  return time;
}

static void deprecating(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "digits");
  mr_version *one = contract_version(c, model, "1.0.0+a");
  mr_version_free(contract_version(c, model, "1.1.0+b"));
  mr_version_free(contract_version(c, model, "1.2.0+c"));
  stands(model, "1.0.0", MR_VERSION_STATUS_ACTIVE, NULL, NULL, NULL);
  assert_int_equal(status_time(model, "1.0.0"), mr_version_info(one)->created_us);
  OK(deprecate(one, "drifts", "1.1.0"));
  stands(model, "1.0.0", MR_VERSION_STATUS_DEPRECATED, "drifts", "1.1.0+b",
         "digits@1.0.0+a is deprecated: drifts; use 1.1.0+b instead");
  /* The handle is what it was when it was opened. */
  assert_int_equal(mr_version_info(one)->status, MR_VERSION_STATUS_ACTIVE);
  assert_int_equal(mr_version_info(one)->warning_count, 0);
  /* The same again changes nothing, anything else does. */
  int64_t time = status_time(model, "1.0.0");
  OK(deprecate(one, "drifts", "1.1.0+b"));
  assert_int_equal(status_time(model, "1.0.0"), time);
  OK(deprecate(one, "drifts", "1.2.0"));
  stands(model, "1.0.0", MR_VERSION_STATUS_DEPRECATED, "drifts", "1.2.0+c",
         "digits@1.0.0+a is deprecated: drifts; use 1.2.0+c instead");
  assert_true(status_time(model, "1.0.0") > time);
  OK(deprecate(one, "leaks", NULL));
  stands(model, "1.0.0", MR_VERSION_STATUS_DEPRECATED, "leaks", NULL,
         "digits@1.0.0+a is deprecated: leaks");
  OK(mr_version_undeprecate(one, "a false alarm", &error));
  stands(model, "1.0.0", MR_VERSION_STATUS_ACTIVE, "a false alarm", NULL, NULL);
  time = status_time(model, "1.0.0");
  assert_true(time > mr_version_info(one)->created_us);
  OK(mr_version_undeprecate(one, NULL, &error));
  assert_int_equal(status_time(model, "1.0.0"), time);
  stands(model, "1.1.0", MR_VERSION_STATUS_ACTIVE, NULL, NULL, NULL);
  mr_version_free(one);
  mr_model_free(model);
}

static void yanking(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "digits");
  mr_version *one = contract_version(c, model, "1.0.0+a");
  mr_version_free(contract_version(c, model, "1.1.0+b"));
  OK(yank(one, "trained on the test set", "1.1.0"));
  stands(model, "1.0.0", MR_VERSION_STATUS_YANKED, "trained on the test set", "1.1.0+b",
         "digits@1.0.0+a is yanked: trained on the test set; use 1.1.0+b instead");
  int64_t time = status_time(model, "1.0.0");
  OK(yank(one, "trained on the test set", "1.1.0"));
  assert_int_equal(status_time(model, "1.0.0"), time);
  OK(yank(one, "worse than that", NULL));
  stands(model, "1.0.0", MR_VERSION_STATUS_YANKED, "worse than that", NULL,
         "digits@1.0.0+a is yanked: worse than that");
  OK(mr_version_unyank(one, "no, it was not", &error));
  stands(model, "1.0.0", MR_VERSION_STATUS_ACTIVE, "no, it was not", NULL, NULL);
  time = status_time(model, "1.0.0");
  OK(mr_version_unyank(one, NULL, &error));
  assert_int_equal(status_time(model, "1.0.0"), time);
  /* It comes back as what it was, also after two yanks. */
  OK(deprecate(one, "slow", "1.1.0"));
  OK(yank(one, "first", NULL));
  OK(yank(one, "second", "1.1.0"));
  OK(mr_version_unyank(one, "fine", &error));
  stands(model, "1.0.0", MR_VERSION_STATUS_DEPRECATED, "slow", "1.1.0+b",
         "digits@1.0.0+a is deprecated: slow; use 1.1.0+b instead");
  OK(yank(one, "third", NULL));
  OK(mr_version_unyank(one, NULL, &error));
  stands(model, "1.0.0", MR_VERSION_STATUS_DEPRECATED, "slow", "1.1.0+b",
         "digits@1.0.0+a is deprecated: slow; use 1.1.0+b instead");
  mr_version_free(one);
  mr_model_free(model);
}

/* What was to be used in its place is gone when it comes back. */
static void comes_back_without_what_was_deleted(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version *one = contract_version(c, model, "1.0.0+a");
  mr_version *two = contract_version(c, model, "2.0.0+b");
  OK(deprecate(one, "slow", "2.0.0"));
  OK(yank(one, "wrong", NULL));
  OK(mr_version_delete(two, "empty", &error));
  OK(mr_version_unyank(one, NULL, &error));
  stands(model, "1.0.0", MR_VERSION_STATUS_DEPRECATED, "slow", NULL,
         "m@1.0.0+a is deprecated: slow");
  mr_version_free(one);
  mr_version_free(two);
  mr_model_free(model);
}

typedef enum action { DEPRECATE, UNDEPRECATE, YANK, UNYANK, DELETE } action;

static mr_status act(mr_version *version, action what) {
  contract_reset();
  switch (what) {
  case DEPRECATE:
    return deprecate(version, "why", NULL);
  case UNDEPRECATE:
    return mr_version_undeprecate(version, "why", &error);
  case YANK:
    return yank(version, "why", NULL);
  case UNYANK:
    return mr_version_unyank(version, "why", &error);
  default:
    return mr_version_delete(version, "why", &error);
  }
}

/* Each action on a version of each status: what it answers, and what the version is then. */
static void every_transition(void **state) {
  contract *c = *state;
  enum { A = MR_VERSION_STATUS_ACTIVE, D, Y, X };
  static const struct {
    action path[3]; /* to the status that is named */
    size_t steps;
    mr_version_status results[5];
    mr_status answers[5];
  } cases[] = {
      {{0}, 0, {D, A, Y, A, X}, {MR_OK, MR_OK, MR_OK, MR_OK, MR_OK}},
      {{DEPRECATE}, 1, {D, A, Y, D, X}, {MR_OK, MR_OK, MR_OK, MR_OK, MR_OK}},
      {{YANK}, 1, {Y, Y, Y, A, X}, {MR_CONFLICT, MR_CONFLICT, MR_OK, MR_OK, MR_OK}},
      {{DEPRECATE, YANK}, 2, {Y, Y, Y, D, X}, {MR_CONFLICT, MR_CONFLICT, MR_OK, MR_OK, MR_OK}},
      {{DEPRECATE, UNDEPRECATE, YANK},
       3,
       {Y, Y, Y, A, X},
       {MR_CONFLICT, MR_CONFLICT, MR_OK, MR_OK, MR_OK}},
      {{DELETE},
       1,
       {X, X, X, X, X},
       {MR_NOT_FOUND, MR_NOT_FOUND, MR_NOT_FOUND, MR_NOT_FOUND, MR_OK}},
      {{YANK, DELETE},
       2,
       {X, X, X, X, X},
       {MR_NOT_FOUND, MR_NOT_FOUND, MR_NOT_FOUND, MR_NOT_FOUND, MR_OK}},
  };
  mr_model *model = contract_model(c, "m");
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (action what = DEPRECATE; what <= DELETE; what++) {
      char number[32];
      mr_version *now = NULL;
      (void)snprintf(number, sizeof number, "%d.%d.0", (int)i, (int)what);
      mr_version *version = contract_version(c, model, number);
      for (size_t k = 0; k < cases[i].steps; k++) OK(act(version, cases[i].path[k]));
      mr_status answer = act(version, what);
      if (answer != cases[i].answers[what]) {
        fail_msg("case %d, action %d: %s", (int)i, (int)what, error.message);
      }
      if (answer == MR_CONFLICT) HAS(error.message, "m@|is yanked|unyank");
      if (answer == MR_NOT_FOUND) HAS(error.message, "m@|was deleted");
      mr_status opened = mr_model_open_version(model, number, &now, &error);
      assert_int_equal(opened, cases[i].results[what] == X ? MR_NOT_FOUND : MR_OK);
      if (now != NULL) assert_int_equal(mr_version_info(now)->status, cases[i].results[what]);
      mr_version_free(now);
      mr_version_free(version);
    }
  }
  mr_model_free(model);
}

static void bad_reasons_and_replacements(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_model *other = contract_model(c, "other");
  mr_version *one = contract_version(c, model, "1.0.0+a");
  mr_version *gone = contract_version(c, model, "1.5.0");
  mr_version *two = contract_version(c, model, "2.0.0");
  mr_version *three = contract_version(c, model, "3.0.0");
  mr_version_free(contract_version(c, other, "4.0.0"));
  OK(deprecate(two, "x", NULL));
  OK(yank(three, "x", NULL));
  OK(mr_version_delete(gone, "x", &error));
  mr_status (*const both[])(mr_version *, const char *, const char *) = {deprecate, yank};
  char *longest = malloc(WHY_BYTES + 2);
  assert_non_null(longest);
  memset(longest, 'w', WHY_BYTES + 1);
  longest[WHY_BYTES + 1] = '\0';
  for (size_t i = 0; i < 2; i++) {
    REFUSED(MR_INVALID_ARGUMENT, "reason", both[i](one, NULL, NULL));
    REFUSED(MR_INVALID_ARGUMENT, "reason", both[i](one, "", NULL));
    REFUSED(MR_INVALID_ARGUMENT, "reason", both[i](one, "a\x01", NULL));
    REFUSED(MR_INVALID_ARGUMENT, "reason", both[i](one, "\xff", NULL));
    REFUSED(MR_LIMIT, "reason|65536", both[i](one, longest, NULL));
    REFUSED(MR_INVALID_ARGUMENT, "replacement", both[i](one, "x", "latest"));
    REFUSED(MR_INVALID_ARGUMENT, "replacement", both[i](one, "x", ""));
    REFUSED(MR_INVALID_ARGUMENT, "1.0.0+a|own replacement", both[i](one, "x", "1.0.0"));
    REFUSED(MR_NOT_FOUND, "replacement|'m'|4.0.0", both[i](one, "x", "4.0.0"));
    REFUSED(MR_NOT_FOUND, "replacement|1.5.0|deleted", both[i](one, "x", "1.5.0"));
    REFUSED(MR_CONFLICT, "m@2.0.0|deprecated|active", both[i](one, "x", "2.0.0"));
    REFUSED(MR_CONFLICT, "m@3.0.0|yanked|active", both[i](one, "x", "3.0.0"));
    REFUSED(MR_INVALID_ARGUMENT, "version", both[i](NULL, "x", NULL));
  }
  REFUSED(MR_INVALID_ARGUMENT, "options", mr_version_deprecate(one, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "options", mr_version_yank(one, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "reason", mr_version_undeprecate(one, "\x01", &error));
  REFUSED(MR_INVALID_ARGUMENT, "reason", mr_version_unyank(one, "\x01", &error));
  REFUSED(MR_INVALID_ARGUMENT, "version", mr_version_undeprecate(NULL, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "version", mr_version_unyank(NULL, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "reason", mr_version_delete(one, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "reason", mr_version_delete(one, "", &error));
  REFUSED(MR_INVALID_ARGUMENT, "version", mr_version_delete(NULL, "x", &error));
  stands(model, "1.0.0", MR_VERSION_STATUS_ACTIVE, NULL, NULL, NULL);
  longest[WHY_BYTES] = '\0';
  OK(deprecate(one, longest, NULL));
  mr_version *now = open_version(model, "1.0.0");
  assert_string_equal(mr_version_info(now)->status_reason, longest);
  assert_true(strlen(mr_version_info(now)->warnings[0]) < 400);
  HAS(mr_version_info(now)->warnings[0], "m@1.0.0+a is deprecated: www|www...");
  mr_version_free(now);
  free(longest);
  mr_version_free(one);
  mr_version_free(gone);
  mr_version_free(two);
  mr_version_free(three);
  mr_model_free(other);
  mr_model_free(model);
}

static void bad_options(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version *one = contract_version(c, model, "1.0.0");
  mr_deprecate_options d = MR_DEPRECATE_OPTIONS_INIT;
  mr_yank_options y = MR_YANK_OPTIONS_INIT;
  mr_cancel *cancel = NULL;
  d.reason = "x";
  y.reason = "x";
  d.reserved = 1;
  REFUSED(MR_ABI_MISMATCH, "mr_deprecate_options", mr_version_deprecate(one, &d, &error));
  d.reserved = 0;
  y.channels = 3;
  REFUSED(MR_INVALID_ARGUMENT, "channels 3", mr_version_yank(one, &y, &error));
  y.channels = -1;
  REFUSED(MR_INVALID_ARGUMENT, "channels -1", mr_version_yank(one, &y, &error));
  y.channels = 0;
  OK(mr_cancel_new(&cancel, &error));
  mr_cancel_trigger(cancel);
  d.cancel = cancel;
  y.cancel = cancel;
  REFUSED(MR_CANCELLED, "cancel", mr_version_deprecate(one, &d, &error));
  REFUSED(MR_CANCELLED, "cancel", mr_version_yank(one, &y, &error));
  mr_cancel_free(cancel);
  d.struct_size = 3;
  y.struct_size = 3;
  REFUSED(MR_ABI_MISMATCH, "mr_deprecate_options", mr_version_deprecate(one, &d, &error));
  REFUSED(MR_ABI_MISMATCH, "mr_yank_options", mr_version_yank(one, &y, &error));
  stands(model, "1.0.0", MR_VERSION_STATUS_ACTIVE, NULL, NULL, NULL);
  mr_registry_close(c->registry);
  d.struct_size = sizeof d;
  y.struct_size = sizeof y;
  d.cancel = NULL;
  y.cancel = NULL;
  REFUSED(MR_CLOSED, "closed", mr_version_deprecate(one, &d, &error));
  REFUSED(MR_CLOSED, "closed", mr_version_yank(one, &y, &error));
  REFUSED(MR_CLOSED, "closed", mr_version_unyank(one, NULL, &error));
  REFUSED(MR_CLOSED, "closed", mr_version_delete(one, "x", &error));
  c->registry = NULL;
  mr_version_free(one);
  mr_model_free(model);
}

/* A warning is one line of bearable length, whatever the reason is. */
static void warnings_are_lines(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version *one = contract_version(c, model, "1.0.0+a");
  char text[700] = "";
  OK(yank(one, "two\nlines\r\tand a tab", NULL));
  stands(model, "1.0.0", MR_VERSION_STATUS_YANKED, "two\nlines\r\tand a tab", NULL,
         "m@1.0.0+a is yanked: two lines  and a tab");
  /* What else a terminal or a viewer would break the line at. */
  OK(yank(one, "next\xe2\x80\xa8lines\xe2\x80\xa9too", NULL));
  stands(model, "1.0.0", MR_VERSION_STATUS_YANKED, "next\xe2\x80\xa8lines\xe2\x80\xa9too", NULL,
         "m@1.0.0+a is yanked: next lines too");
  for (int i = 0; i < 200; i++) memcpy(text + 3 * i, "\xe2\x82\xac", 4);
  OK(yank(one, text, NULL));
  mr_version *now = open_version(model, "1.0.0");
  const char *warning = mr_version_info(now)->warnings[0];
  size_t size = strlen(warning);
  assert_true(size > 200 && size < 400);
  assert_memory_equal(warning + size - 6, "\xe2\x82\xac...", 6); /* whole characters */
  mr_version_free(now);
  mr_version_free(one);
  mr_model_free(model);
}

/* What was fit to replace a version may be retired itself by now. */
static void warnings_know_the_replacement(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_resolve_options o = MR_RESOLVE_OPTIONS_INIT;
  mr_version *then = NULL;
  mr_version *one = contract_version(c, model, "1.0.0+a");
  mr_version *two = contract_version(c, model, "2.0.0+b");
  mr_version *three = contract_version(c, model, "3.0.0+c");
  OK(yank(one, "bad", "2.0.0"));
  o.as_of_us = status_time(model, "1.0.0");
  OK(deprecate(two, "old", NULL));
  stands(model, "1.0.0", MR_VERSION_STATUS_YANKED, "bad", "2.0.0+b",
         "m@1.0.0+a is yanked: bad; use 2.0.0+b instead, which is deprecated");
  OK(yank(two, "worse", "3.0.0"));
  stands(model, "1.0.0", MR_VERSION_STATUS_YANKED, "bad", "2.0.0+b",
         "m@1.0.0+a is yanked: bad; its replacement 2.0.0+b is yanked");
  /* Also where it is the replacement of an earlier time. */
  OK(yank(one, "bad", "3.0.0"));
  stands(model, "1.0.0", MR_VERSION_STATUS_YANKED, "bad", "3.0.0+c",
         "m@1.0.0+a is yanked: bad; use 3.0.0+c instead");
  OK(mr_registry_resolve(c->registry, "m@1.0.0", &o, &then, &error));
  same_text(mr_version_info(then)->replacement, "2.0.0+b");
  same_text(mr_version_info(then)->warnings[0],
            "m@1.0.0+a is yanked: bad; its replacement 2.0.0+b is yanked");
  mr_version_free(then);
  OK(mr_version_unyank(two, NULL, &error));
  OK(mr_version_undeprecate(two, NULL, &error));
  OK(yank(one, "bad", "2.0.0"));
  stands(model, "1.0.0", MR_VERSION_STATUS_YANKED, "bad", "2.0.0+b",
         "m@1.0.0+a is yanked: bad; use 2.0.0+b instead");
  OK(yank(one, "bad", NULL));
  OK(mr_version_delete(two, "gone", &error));
  OK(mr_registry_resolve(c->registry, "m@1.0.0", &o, &then, &error));
  same_text(mr_version_info(then)->warnings[0],
            "m@1.0.0+a is yanked: bad; its replacement 2.0.0+b was deleted");
  mr_version_free(then);
  mr_version_free(one);
  mr_version_free(two);
  mr_version_free(three);
  mr_model_free(model);
}

int contract_status_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(deprecating),
      TEST(yanking),
      TEST(comes_back_without_what_was_deleted),
      TEST(every_transition),
      TEST(bad_reasons_and_replacements),
      TEST(bad_options),
      TEST(warnings_are_lines),
      TEST(warnings_know_the_replacement),
  };
  return GROUP("statuses", tests);
}
