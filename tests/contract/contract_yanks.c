/* SPDX-License-Identifier: Apache-2.0 */
/* Yanking a version that channels hold: all of them let it go by one rule, or nothing happens. */
#include "contract.h"

#include <stdlib.h>

#define STATE_BYTES 16384

/* Everything that a yank could change, as text. */
typedef struct snapshot {
  char text[STATE_BYTES];
  size_t size;
} snapshot;

__attribute__((format(printf, 2, 3))) static void note(snapshot *all, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(all->text + all->size, sizeof all->text - all->size, format, arguments);
  va_end(arguments);
  assert_true(size >= 0 && (size_t)size < sizeof all->text - all->size);
  all->size += (size_t)size;
}

static const char *or_none(const char *text) {
  return text == NULL ? "none" : text;
}

static void note_moves(mr_model *model, const char *channel, snapshot *out) {
  mr_channel_move_list_options o = MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
  mr_channel_move_page *page = NULL;
  o.channel = channel;
  OK(mr_model_list_channel_moves(model, &o, &page, &error));
  for (int64_t i = 0; i < mr_channel_move_page_count(page); i++) {
    const mr_channel_move_record *r = mr_channel_move_page_at(page, i);
    note(out, "  %d %s %s %s %lld\n", (int)r->kind, or_none(r->version), or_none(r->previous),
         or_none(r->request_id), (long long)r->moved_us);
  }
  mr_channel_move_page_free(page);
}

static void take(const contract *c, mr_model *model, snapshot *out) {
  mr_version_page *versions = NULL;
  mr_channel_page *channels = NULL;
  mr_request_page *requests = NULL;
  out->size = 0;
  OK(mr_model_list_versions(model, NULL, &versions, &error));
  for (int64_t i = 0; i < mr_version_page_count(versions); i++) {
    const mr_version_record *r = mr_version_page_at(versions, i);
    note(out, "version %s %d %s %s %lld\n", r->number, (int)r->status, or_none(r->status_reason),
         or_none(r->replacement), (long long)r->status_us);
  }
  OK(mr_model_list_channels(model, NULL, &channels, &error));
  for (int64_t i = 0; i < mr_channel_page_count(channels); i++) {
    const mr_channel_record *r = mr_channel_page_at(channels, i);
    note(out, "channel %s %s %d %lld\n", r->name, or_none(r->version), (int)r->sequence,
         (long long)r->moved_us);
    note_moves(model, r->name, out);
  }
  OK(mr_registry_list_requests(c->registry, NULL, &requests, &error));
  for (int64_t i = 0; i < mr_request_page_count(requests); i++) {
    const mr_request_record *r = mr_request_page_at(requests, i);
    note(out, "request %s %d\n", r->id, (int)r->state);
  }
  mr_version_page_free(versions);
  mr_channel_page_free(channels);
  mr_request_page_free(requests);
}

static mr_status yank(mr_model *model, const char *number, mr_yank_channels channels,
                      const char *replacement) {
  mr_yank_options o = MR_YANK_OPTIONS_INIT;
  mr_version *version = NULL;
  OK(mr_model_open_version(model, number, &version, &error));
  contract_reset();
  o.channels = channels;
  o.reason = "wrong labels";
  o.replacement = replacement;
  mr_status status = mr_version_yank(version, &o, &error);
  mr_version_free(version);
  return status;
}

static void refused(const contract *c, mr_model *model, const char *number,
                    mr_yank_channels channels, const char *replacement, mr_status status,
                    const char *words) {
  snapshot *all = calloc(2, sizeof *all);
  assert_non_null(all);
  take(c, model, &all[0]);
  REFUSED(status, words, yank(model, number, channels, replacement));
  take(c, model, &all[1]);
  assert_string_equal(all[0].text, all[1].text);
  free(all);
}

/* The last change of a channel: its kind and what it holds, build metadata left out. */
static void last_is(mr_model *model, const char *channel, mr_channel_move_kind kind,
                    const char *number, bool asked) {
  mr_channel_move_list_options o = MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
  mr_channel_move_page *page = NULL;
  char core[300];
  o.channel = channel;
  o.limit = 1;
  OK(mr_model_list_channel_moves(model, &o, &page, &error));
  const mr_channel_move_record *r = mr_channel_move_page_at(page, 0);
  assert_int_equal(r->kind, kind);
  assert_string_equal(contract_core(or_none(r->version), core), number);
  assert_int_equal(r->request_id != NULL, asked);
  assert_string_equal(r->reason, "wrong labels");
  mr_channel_move_page_free(page);
}

/* Versions 1 to 4; "beta" has held 1, 2 and 3, "live" 1 and 3, "old" 3 alone, "rest" holds 1. */
static mr_model *with_channels(const contract *c) {
  static const char *const channels[] = {"beta", "live", "old", "rest"};
  mr_model *model = contract_model(c, "m");
  for (int i = 1; i <= 4; i++) {
    char number[32];
    (void)snprintf(number, sizeof number, "%d.0.0", i);
    mr_version_free(contract_version(c, model, number));
  }
  for (size_t i = 0; i < 4; i++) OK(mr_model_create_channel(model, channels[i], &error));
  contract_move(model, "beta", "1.0.0", "none");
  contract_move(model, "beta", "2.0.0", "1.0.0");
  contract_move(model, "beta", "3.0.0", "2.0.0");
  contract_move(model, "live", "1.0.0", "none");
  contract_move(model, "live", "3.0.0", "1.0.0");
  contract_move(model, "old", "3.0.0", "none");
  contract_move(model, "rest", "1.0.0", "none");
  return model;
}

static mr_version_status status_of(mr_model *model, const char *number) {
  mr_version *version = NULL;
  OK(mr_model_open_version(model, number, &version, &error));
  mr_version_status status = mr_version_info(version)->status;
  mr_version_free(version);
  return status;
}

static void replaces(void **state) {
  contract *c = *state;
  mr_model *model = with_channels(c);
  refused(c, model, "3.0.0", MR_YANK_CHANNELS_REPLACE, NULL, MR_IN_USE,
          "'beta'|'m'|holds 3.0.0+|replacement");
  /* Who held 2.0.0 before goes back to it, the others move there through their gates. */
  OK(yank(model, "3.0.0", MR_YANK_CHANNELS_REPLACE, "2.0.0"));
  assert_int_equal(status_of(model, "3.0.0"), MR_VERSION_STATUS_YANKED);
  last_is(model, "beta", MR_CHANNEL_MOVE_KIND_ROLLED_BACK, "2.0.0", false);
  last_is(model, "live", MR_CHANNEL_MOVE_KIND_MOVED, "2.0.0", true);
  last_is(model, "old", MR_CHANNEL_MOVE_KIND_MOVED, "2.0.0", true);
  contract_resolves(c, "m@rest", "1.0.0");
  /* From there "beta" goes on to 1.0.0, as by any roll back to 2.0.0. */
  mr_roll_back_options r = MR_ROLL_BACK_OPTIONS_INIT;
  r.channel = "beta";
  r.expected = "2.0.0";
  OK(contract_roll_back(model, &r, &error));
  contract_resolves(c, "m@beta", "1.0.0");
  r.channel = "old";
  REFUSED(MR_NOT_FOUND, "'old'|3.0.0+|is yanked", contract_roll_back(model, &r, &error));
  mr_model_free(model);
}

static void replaces_through_gates(void **state) {
  contract *c = *state;
  mr_model *model = with_channels(c);
  mr_yank_channels replace = MR_YANK_CHANNELS_REPLACE;
  /* "beta" comes first and would take 4.0.0; nothing of that is left when "live" does not. */
  contract_attach(c, "m", "channel/live", "good: metrics.accuracy > 0.95\n");
  refused(c, model, "3.0.0", replace, "4.0.0", MR_GATE_FAILED, "'live'|'m'|4.0.0+|'good'|is 0.9");
  contract_attach(c, "m", "channel/live", "checked: checks.bias = 'passed'\n");
  refused(c, model, "3.0.0", replace, "4.0.0", MR_GATE_PENDING, "'live'|4.0.0+|'checked'");
  /* What it has held needs no gate, but "old" has not held it. */
  OK(yank(model, "3.0.0", replace, "1.0.0"));
  last_is(model, "beta", MR_CHANNEL_MOVE_KIND_ROLLED_BACK, "1.0.0", false);
  last_is(model, "live", MR_CHANNEL_MOVE_KIND_ROLLED_BACK, "1.0.0", false);
  last_is(model, "old", MR_CHANNEL_MOVE_KIND_MOVED, "1.0.0", true);
  mr_model_free(model);
}

static void rolls_back(void **state) {
  contract *c = *state;
  mr_model *model = with_channels(c);
  mr_yank_channels roll_back = MR_YANK_CHANNELS_ROLL_BACK;
  refused(c, model, "3.0.0", roll_back, "4.0.0", MR_IN_USE,
          "'old'|'m'|holds 3.0.0+|nothing to go back to|replaced or cleared");
  contract_move(model, "old", "4.0.0", "3.0.0");
  OK(yank(model, "3.0.0", roll_back, "4.0.0"));
  last_is(model, "beta", MR_CHANNEL_MOVE_KIND_ROLLED_BACK, "2.0.0", false);
  last_is(model, "live", MR_CHANNEL_MOVE_KIND_ROLLED_BACK, "1.0.0", false);
  contract_resolves(c, "m@old", "4.0.0");
  /* "beta" is alone with 2.0.0 and goes further back; then nothing is left. */
  OK(yank(model, "2.0.0", roll_back, NULL));
  last_is(model, "beta", MR_CHANNEL_MOVE_KIND_ROLLED_BACK, "1.0.0", false);
  refused(c, model, "1.0.0", roll_back, NULL, MR_IN_USE, "'beta'|holds 1.0.0+|is yanked");
  mr_model_free(model);
}

static void clears(void **state) {
  contract *c = *state;
  mr_model *model = with_channels(c);
  mr_version *version = NULL;
  OK(yank(model, "3.0.0", MR_YANK_CHANNELS_CLEAR, NULL));
  static const char *const channels[] = {"beta", "live", "old"};
  for (size_t i = 0; i < 3; i++) {
    char reference[32];
    (void)snprintf(reference, sizeof reference, "m@%s", channels[i]);
    last_is(model, channels[i], MR_CHANNEL_MOVE_KIND_CLEARED, "none", false);
    REFUSED(MR_NOT_FOUND, "holds no version",
            mr_registry_resolve(c->registry, reference, NULL, &version, &error));
  }
  contract_resolves(c, "m@rest", "1.0.0");
  /* It was cleared because of the yank, so it does not go back to that. */
  mr_roll_back_options r = MR_ROLL_BACK_OPTIONS_INIT;
  r.channel = "beta";
  r.expected = "none";
  OK(contract_roll_back(model, &r, &error));
  contract_resolves(c, "m@beta", "2.0.0");
  assert_null(version);
  mr_model_free(model);
}

/* Nobody holds it: the rule does not matter. */
static void no_channel_holds_it(void **state) {
  contract *c = *state;
  mr_model *model = with_channels(c);
  OK(yank(model, "4.0.0", MR_YANK_CHANNELS_REPLACE, NULL));
  OK(yank(model, "2.0.0", MR_YANK_CHANNELS_ROLL_BACK, NULL));
  contract_resolves(c, "m@beta", "3.0.0");
  contract_resolves(c, "m", "3.0.0");
  mr_model_free(model);
}

static void yanked_ones_stay_out(void **state) {
  contract *c = *state;
  mr_model *model = with_channels(c);
  mr_request *request = NULL;
  mr_move_options m = MR_MOVE_OPTIONS_INIT;
  OK(yank(model, "4.0.0", MR_YANK_CHANNELS_REPLACE, NULL));
  m.channel = "live";
  m.version = "4.0.0";
  m.expected = "3.0.0";
  REFUSED(MR_CONFLICT, "4.0.0|yanked", mr_model_move_channel(model, &m, &request, &error));
  assert_null(request);
  OK(yank(model, "3.0.0", MR_YANK_CHANNELS_CLEAR, NULL));
  /* Coming back changes no channel. */
  mr_version *version = NULL;
  OK(mr_model_open_version(model, "3.0.0", &version, &error));
  OK(mr_version_unyank(version, NULL, &error));
  mr_version_free(version);
  last_is(model, "live", MR_CHANNEL_MOVE_KIND_CLEARED, "none", false);
  contract_move(model, "live", "3.0.0", "none");
  mr_model_free(model);
}

/* An open request cannot bring in what was yanked while it waited. */
static void an_open_request_meets_a_yank(void **state) {
  contract *c = *state;
  mr_model *model = with_channels(c);
  mr_request *request = NULL;
  mr_request *now = NULL;
  mr_move_options m = MR_MOVE_OPTIONS_INIT;
  contract_attach(c, "m", "channel/live", "checked: checks.bias = 'passed'\n");
  m.channel = "live";
  m.version = "4.0.0";
  m.expected = "3.0.0";
  OK(mr_model_move_channel(model, &m, &request, &error));
  OK(yank(model, "4.0.0", MR_YANK_CHANNELS_REPLACE, NULL));
  mr_run *run = NULL;
  OK(mr_registry_open_run(c->registry, mr_request_info(request)->run_id, &run, &error));
  OK(mr_run_log_check(run, "bias", MR_CHECK_RESULT_PASSED, NULL, &error));
  mr_run_free(run);
  REFUSED(MR_CONFLICT, "4.0.0|yanked", mr_request_complete(request, NULL, &now, &error));
  assert_null(now);
  contract_resolves(c, "m@live", "3.0.0");
  mr_request_free(request);
  mr_model_free(model);
}

int contract_yank_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(replaces),
      TEST(replaces_through_gates),
      TEST(rolls_back),
      TEST(clears),
      TEST(no_channel_holds_it),
      TEST(yanked_ones_stay_out),
      TEST(an_open_request_meets_a_yank),
  };
  return GROUP("yanking", tests);
}
