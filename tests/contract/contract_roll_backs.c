/* SPDX-License-Identifier: Apache-2.0 */
/* Channels going back: rolled back, cleared, and what is kept of it. */
#include "contract.h"

static mr_version *version_of(mr_model *model, const char *number) {
  mr_version *version = NULL;
  OK(mr_model_open_version(model, number, &version, &error));
  return version;
}

static void yank(mr_model *model, const char *number) {
  mr_yank_options o = MR_YANK_OPTIONS_INIT;
  mr_version *version = version_of(model, number);
  o.reason = "wrong";
  OK(mr_version_yank(version, &o, &error));
  mr_version_free(version);
}

static void unyank(mr_model *model, const char *number) {
  mr_version *version = version_of(model, number);
  OK(mr_version_unyank(version, NULL, &error));
  mr_version_free(version);
}

static void remove_version(mr_model *model, const char *number) {
  mr_version *version = version_of(model, number);
  OK(mr_version_delete(version, "unused", &error));
  mr_version_free(version);
}

/* Rolls "live" back, to `to` or NULL; it must hold `number` then. */
static void back(mr_model *model, const char *expected, const char *to, const char *number) {
  mr_roll_back_options o = MR_ROLL_BACK_OPTIONS_INIT;
  mr_version *version = NULL;
  char core[300];
  o.channel = "live";
  o.expected = expected;
  o.version = to;
  OK(mr_model_roll_back_channel(model, &o, &version, &error));
  assert_string_equal(contract_core(mr_version_info(version)->number, core), number);
  mr_version_free(version);
}

static void back_refused(mr_model *model, const char *expected, const char *to, mr_status status,
                         const char *words) {
  mr_roll_back_options o = MR_ROLL_BACK_OPTIONS_INIT;
  mr_version *version = NULL;
  o.channel = "live";
  o.expected = expected;
  o.version = to;
  REFUSED(status, words, mr_model_roll_back_channel(model, &o, &version, &error));
  assert_null(version);
}

static void clear(mr_model *model, const char *expected) {
  mr_clear_options o = MR_CLEAR_OPTIONS_INIT;
  o.channel = "live";
  o.expected = expected;
  OK(mr_model_clear_channel(model, &o, &error));
}

/* The history, the newest first: kind, version and what it held before. */
static void history_is(mr_model *model, const char *texts) {
  static listing list;
  static const char kinds[] = "?mrc"; /* moved, rolled back, cleared */
  mr_channel_move_list_options o = MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
  mr_channel_move_page *page = NULL;
  int64_t time = INT64_MAX;
  o.channel = "live";
  list.count = 0;
  OK(mr_model_list_channel_moves(model, &o, &page, &error));
  int64_t count = mr_channel_move_page_count(page);
  for (int64_t i = 0; i < count; i++) {
    const mr_channel_move_record *r = mr_channel_move_page_at(page, i);
    char text[300];
    char core[2][300] = {"none", "none"};
    if (r->version != NULL) (void)contract_core(r->version, core[0]);
    if (r->previous != NULL) (void)contract_core(r->previous, core[1]);
    assert_in_range(r->kind, 1, 3);
    (void)snprintf(text, sizeof text, "%c:%.100s<%.100s", kinds[r->kind], core[0], core[1]);
    contract_list_add(&list, text);
    assert_true(r->struct_size >= sizeof *r);
    assert_int_equal(r->sequence, count - i);
    assert_string_equal(r->actor, "tester");
    assert_true(r->moved_us < time);
    time = r->moved_us;
    assert_true((r->request_id != NULL) == (r->kind == MR_CHANNEL_MOVE_KIND_MOVED));
  }
  mr_channel_move_page_free(page);
  LISTED(&list, texts);
}

static mr_model *with_versions(const contract *c, int count) {
  mr_model *model = contract_model(c, "m");
  for (int i = 1; i <= count; i++) {
    char number[32];
    (void)snprintf(number, sizeof number, "%d.0.0", i);
    mr_version_free(contract_version(c, model, number));
  }
  OK(mr_model_create_channel(model, "live", &error));
  return model;
}

/* Back, and further back, but never forth. */
static void goes_further_back(void **state) {
  contract *c = *state;
  mr_model *model = with_versions(c, 4);
  back_refused(model, "none", NULL, MR_NOT_FOUND, "'live'|'m'|holds none|no other version");
  contract_move(model, "live", "1.0.0", "none");
  back_refused(model, "1.0.0", NULL, MR_NOT_FOUND, "holds 1.0.0+|no other version");
  contract_move(model, "live", "2.0.0", "1.0.0");
  contract_move(model, "live", "3.0.0", "2.0.0");
  back(model, "3.0.0", NULL, "2.0.0");
  contract_resolves(c, "m@live", "2.0.0");
  back(model, "2.0.0", NULL, "1.0.0");
  contract_resolves(c, "m@live", "1.0.0");
  back_refused(model, "1.0.0", NULL, MR_NOT_FOUND,
               "'live'|'m'|nothing to go back to|3.0.0+|2.0.0+|was rolled back from");
  history_is(model, "r:1.0.0<2.0.0 r:2.0.0<3.0.0 m:3.0.0<2.0.0 m:2.0.0<1.0.0 m:1.0.0<none");
  /* What is moved there now goes on top of what it was rolled back to. */
  contract_move(model, "live", "4.0.0", "1.0.0");
  back(model, "4.0.0", NULL, "1.0.0");
  back_refused(model, "1.0.0", NULL, MR_NOT_FOUND, "4.0.0+|3.0.0+|2.0.0+|was rolled back from");
  mr_model_free(model);
}

static void skips_what_was_rolled_back_from(void **state) {
  contract *c = *state;
  mr_model *model = with_versions(c, 4);
  contract_move(model, "live", "1.0.0", "none");
  contract_move(model, "live", "2.0.0", "1.0.0");
  contract_move(model, "live", "3.0.0", "2.0.0");
  back(model, "3.0.0", NULL, "2.0.0");
  contract_move(model, "live", "4.0.0", "2.0.0");
  back(model, "4.0.0", NULL, "2.0.0");
  back(model, "2.0.0", NULL, "1.0.0");
  mr_model_free(model);
}

static void skips_yanked_and_deleted(void **state) {
  contract *c = *state;
  mr_model *model = with_versions(c, 5);
  contract_move(model, "live", "1.0.0", "none");
  contract_move(model, "live", "2.0.0", "1.0.0");
  contract_move(model, "live", "3.0.0", "2.0.0");
  contract_move(model, "live", "4.0.0", "3.0.0");
  contract_move(model, "live", "5.0.0", "4.0.0");
  yank(model, "4.0.0");
  remove_version(model, "3.0.0");
  back(model, "5.0.0", NULL, "2.0.0");
  yank(model, "1.0.0");
  back_refused(model, "2.0.0", NULL, MR_NOT_FOUND,
               "holds 2.0.0+|5.0.0+|rolled back from|4.0.0+|is yanked|3.0.0+|was deleted|and more");
  unyank(model, "1.0.0");
  back(model, "2.0.0", NULL, "1.0.0");
  history_is(model, "r:1.0.0<2.0.0 r:2.0.0<5.0.0 m:5.0.0<4.0.0 m:4.0.0<3.0.0 m:3.0.0<2.0.0 "
                    "m:2.0.0<1.0.0 m:1.0.0<none");
  mr_model_free(model);
}

/* The same version twice in a row of moves is one to go back to only where it is another one. */
static void the_same_version_again(void **state) {
  contract *c = *state;
  mr_model *model = with_versions(c, 2);
  contract_move(model, "live", "1.0.0", "none");
  contract_move(model, "live", "2.0.0", "1.0.0");
  clear(model, "2.0.0");
  contract_move(model, "live", "2.0.0", "none");
  back(model, "2.0.0", NULL, "1.0.0");
  contract_move(model, "live", "2.0.0", "1.0.0");
  contract_move(model, "live", "1.0.0", "2.0.0");
  back(model, "1.0.0", NULL, "2.0.0");
  back(model, "2.0.0", NULL, "1.0.0");
  back_refused(model, "1.0.0", NULL, MR_NOT_FOUND, "2.0.0+|was rolled back from");
  mr_model_free(model);
}

static void to_a_version_by_name(void **state) {
  contract *c = *state;
  mr_model *model = with_versions(c, 5);
  contract_move(model, "live", "1.0.0", "none");
  contract_move(model, "live", "2.0.0", "1.0.0");
  contract_move(model, "live", "3.0.0", "2.0.0");
  contract_move(model, "live", "5.0.0", "3.0.0");
  back(model, "5.0.0", "1.0.0", "1.0.0");
  back_refused(model, "1.0.0", NULL, MR_NOT_FOUND, "rolled back from");
  back(model, "1.0.0", "3.0.0", "3.0.0"); /* it was held before, so it may come back by name */
  back(model, "3.0.0", NULL, "2.0.0");
  back_refused(model, "2.0.0", "2.0.0", MR_ALREADY_EXISTS, "'live'|2.0.0");
  back_refused(model, "2.0.0", "4.0.0", MR_CONFLICT, "'live'|never held 4.0.0");
  back_refused(model, "2.0.0", "7.0.0", MR_NOT_FOUND, "7.0.0");
  back_refused(model, "2.0.0", "3.0.0+other", MR_NOT_FOUND, "3.0.0+other");
  back_refused(model, "2.0.0", "3", MR_INVALID_ARGUMENT, "version");
  yank(model, "3.0.0");
  back_refused(model, "2.0.0", "3.0.0", MR_CONFLICT, "m@3.0.0|yanked");
  remove_version(model, "1.0.0");
  back_refused(model, "2.0.0", "1.0.0", MR_NOT_FOUND, "1.0.0|deleted");
  contract_resolves(c, "m@live", "2.0.0");
  mr_model_free(model);
}

/* No gate is asked, and deprecated is good enough. */
static void asks_no_gate(void **state) {
  contract *c = *state;
  mr_model *model = with_versions(c, 2);
  mr_deprecate_options d = MR_DEPRECATE_OPTIONS_INIT;
  mr_request_list_options o = MR_REQUEST_LIST_OPTIONS_INIT;
  mr_request_page *page = NULL;
  contract_move(model, "live", "1.0.0", "none");
  contract_move(model, "live", "2.0.0", "1.0.0");
  contract_attach(c, "m", "channel/live", "never: metrics.accuracy > 2\n");
  mr_version *one = version_of(model, "1.0.0");
  d.reason = "old";
  OK(mr_version_deprecate(one, &d, &error));
  mr_version_free(one);
  back(model, "2.0.0", NULL, "1.0.0");
  OK(mr_registry_list_requests(c->registry, &o, &page, &error));
  assert_int_equal(mr_request_page_count(page), 4); /* two promotions, two moves */
  mr_request_page_free(page);
  mr_model_free(model);
}

static void clearing(void **state) {
  contract *c = *state;
  mr_model *model = with_versions(c, 3);
  mr_version *version = NULL;
  clear(model, "none");
  history_is(model, "");
  contract_move(model, "live", "1.0.0", "none");
  contract_move(model, "live", "2.0.0", "1.0.0");
  clear(model, "2.0.0");
  clear(model, "none");
  REFUSED(MR_NOT_FOUND, "'live'|holds no version",
          mr_registry_resolve(c->registry, "m@live", NULL, &version, &error));
  assert_null(version);
  history_is(model, "c:none<2.0.0 m:2.0.0<1.0.0 m:1.0.0<none");
  /* Back from nothing is back to what it held when it was cleared. */
  back(model, "none", NULL, "2.0.0");
  back(model, "2.0.0", NULL, "1.0.0");
  clear(model, "1.0.0");
  contract_move(model, "live", "3.0.0", "none");
  back(model, "3.0.0", NULL, "1.0.0");
  clear(model, "1.0.0");
  back(model, "none", "3.0.0", "3.0.0");
  clear(model, "3.0.0");
  yank(model, "3.0.0");
  yank(model, "1.0.0");
  back_refused(model, "none", NULL, MR_NOT_FOUND,
               "holds none|3.0.0+|is yanked|1.0.0+|is yanked|2.0.0+|was rolled back from");
  back(model, "none", "2.0.0", "2.0.0");
  mr_model_free(model);
}

static void compare_and_set(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_clear_options o = MR_CLEAR_OPTIONS_INIT;
  mr_version_free(contract_version(c, model, "1.0.0+a"));
  mr_version_free(contract_version(c, model, "2.0.0+b"));
  OK(mr_model_create_channel(model, "live", &error));
  contract_move(model, "live", "1.0.0", "none");
  contract_move(model, "live", "2.0.0", "1.0.0");
  static const char *const wrong[] = {"none", "1.0.0", "1.0.0+a", "2.0.0+a", "3.0.0"};
  o.channel = "live";
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    o.expected = wrong[i];
    back_refused(model, wrong[i], NULL, MR_CONFLICT, "'live'|'m'|holds 2.0.0+b|not ");
    HAS(error.message, wrong[i]);
    back_refused(model, wrong[i], "1.0.0", MR_CONFLICT, "holds 2.0.0+b");
    REFUSED(MR_CONFLICT, "'live'|'m'|holds 2.0.0+b|not ",
            mr_model_clear_channel(model, &o, &error));
  }
  history_is(model, "m:2.0.0<1.0.0 m:1.0.0<none");
  back(model, "2.0.0+b", NULL, "1.0.0");
  o.expected = "1.0.0+a";
  OK(mr_model_clear_channel(model, &o, &error));
  history_is(model, "c:none<1.0.0 r:1.0.0<2.0.0 m:2.0.0<1.0.0 m:1.0.0<none");
  mr_model_free(model);
}

static void bad_arguments(void **state) {
  contract *c = *state;
  mr_model *model = with_versions(c, 1);
  mr_roll_back_options r = MR_ROLL_BACK_OPTIONS_INIT;
  mr_clear_options o = MR_CLEAR_OPTIONS_INIT;
  mr_cancel *cancel = NULL;
  OK(mr_cancel_new(&cancel, &error));
  mr_cancel_trigger(cancel);
#define BOTH(status, words)                                                                        \
  REFUSED(status, words, contract_roll_back(model, &r, &error));                                   \
  REFUSED(status, words, mr_model_clear_channel(model, &o, &error))
  r.expected = o.expected = "none";
  BOTH(MR_INVALID_ARGUMENT, "channel");
  r.channel = o.channel = "latest";
  BOTH(MR_INVALID_ARGUMENT, "latest");
  r.channel = o.channel = "nowhere";
  BOTH(MR_NOT_FOUND, "'m'|'nowhere'");
  r.channel = o.channel = "live";
  r.expected = o.expected = NULL;
  BOTH(MR_INVALID_ARGUMENT, "expected is NULL|'live'");
  r.expected = o.expected = "1";
  BOTH(MR_INVALID_ARGUMENT, "expected");
  r.expected = o.expected = "none";
  r.reason = o.reason = "\x01";
  BOTH(MR_INVALID_ARGUMENT, "reason");
  r.reason = o.reason = NULL;
  r.cancel = o.cancel = cancel;
  BOTH(MR_CANCELLED, "cancel");
  r.cancel = o.cancel = NULL;
  r.reserved = o.reserved = 1;
  BOTH(MR_ABI_MISMATCH, "_options");
  r.struct_size = o.struct_size = 2;
  BOTH(MR_ABI_MISMATCH, "_options");
  REFUSED(MR_INVALID_ARGUMENT, "options", mr_model_clear_channel(model, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "options", contract_roll_back(model, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "model", mr_model_clear_channel(NULL, &o, &error));
  REFUSED(MR_INVALID_ARGUMENT, "model", contract_roll_back(NULL, &r, &error));
  mr_cancel_free(cancel);
  history_is(model, "");
  mr_model_free(model);
#undef BOTH
}

static void lists_the_history(void **state) {
  contract *c = *state;
  static listing list;
  mr_model *model = with_versions(c, 2);
  mr_channel_move_list_options o = MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
  mr_roll_back_options r = MR_ROLL_BACK_OPTIONS_INIT;
  mr_channel_move_page *page = NULL;
  mr_request *request = NULL;
  mr_move_options m = MR_MOVE_OPTIONS_INIT;
  OK(mr_model_create_channel(model, "other", &error));
  contract_move(model, "other", "2.0.0", "none");
  o.channel = r.channel = m.channel = "live";
  m.version = "1.0.0";
  m.expected = "none";
  m.reason = "go";
  OK(mr_model_move_channel(model, &m, &request, &error));
  contract_move(model, "live", "2.0.0", "1.0.0");
  r.expected = "2.0.0";
  r.reason = "alarms";
  OK(contract_roll_back(model, &r, &error));
  OK(mr_model_list_channel_moves(model, &o, &page, &error));
  assert_int_equal(mr_channel_move_page_count(page), 3);
  assert_string_equal(mr_channel_move_page_at(page, 0)->reason, "alarms");
  assert_null(mr_channel_move_page_at(page, 1)->reason);
  assert_string_equal(mr_channel_move_page_at(page, 2)->reason, "go");
  assert_string_equal(mr_channel_move_page_at(page, 2)->request_id, mr_request_info(request)->id);
  mr_channel_move_page_free(page);
  mr_request_free(request);
  clear(model, "1.0.0");
  back(model, "none", NULL, "1.0.0");
  LIST_ALL_WAYS(mr_channel_move, o, mr_model_list_channel_moves(model, &o, &part, &error), reason,
                &list, "- - alarms - go");
  page = NULL;
  o.token = "nonsense";
  REFUSED(MR_INVALID_ARGUMENT, "token", mr_model_list_channel_moves(model, &o, &page, &error));
  o.token = NULL;
  o.limit = MR_LIST_MAX_LIMIT + 1;
  REFUSED(MR_INVALID_ARGUMENT, "limit", mr_model_list_channel_moves(model, &o, &page, &error));
  o.limit = 0;
  o.channel = "nowhere";
  REFUSED(MR_NOT_FOUND, "nowhere", mr_model_list_channel_moves(model, &o, &page, &error));
  o.channel = NULL;
  REFUSED(MR_INVALID_ARGUMENT, "channel", mr_model_list_channel_moves(model, &o, &page, &error));
  REFUSED(MR_INVALID_ARGUMENT, "options", mr_model_list_channel_moves(model, NULL, &page, &error));
  o.channel = "live";
  REFUSED(MR_INVALID_ARGUMENT, "out_page", mr_model_list_channel_moves(model, &o, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "model", mr_model_list_channel_moves(NULL, &o, &page, &error));
  o.reserved = 1;
  REFUSED(MR_ABI_MISMATCH, "mr_channel_move_list_options",
          mr_model_list_channel_moves(model, &o, &page, &error));
  assert_null(page);
  assert_int_equal(mr_channel_move_page_count(NULL), 0);
  assert_null(mr_channel_move_page_next_token(NULL));
  mr_channel_move_page_free(NULL);
  mr_model_free(model);
}

int contract_roll_back_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(goes_further_back),
      TEST(skips_what_was_rolled_back_from),
      TEST(skips_yanked_and_deleted),
      TEST(the_same_version_again),
      TEST(to_a_version_by_name),
      TEST(asks_no_gate),
      TEST(clearing),
      TEST(compare_and_set),
      TEST(bad_arguments),
      TEST(lists_the_history),
  };
  return GROUP("rolling back", tests);
}
