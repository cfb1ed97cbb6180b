/* SPDX-License-Identifier: Apache-2.0 */
/* Moves of a channel that stay open, and what happens meanwhile. */
#include "contract.h"

static mr_request *move(mr_model *model, const char *version, const char *expected,
                        mr_request_state state) {
  mr_request *request = NULL;
  mr_move_options m = MR_MOVE_OPTIONS_INIT;
  m.channel = "live";
  m.version = version;
  m.expected = expected;
  m.reason = "release day";
  OK(mr_model_move_channel(model, &m, &request, &error));
  assert_int_equal(mr_request_info(request)->state, state);
  return request;
}

/* What the channel "live" holds, and how often it was moved. */
static void holds(mr_model *model, const char *number, int64_t sequence) {
  char core[300];
  mr_channel_page *page = NULL;
  OK(mr_model_list_channels(model, NULL, &page, &error));
  const mr_channel_record *r = mr_channel_page_at(page, 0);
  assert_string_equal(r->name, "live");
  if (number == NULL) assert_null(r->version);
  if (number != NULL) assert_string_equal(contract_core(r->version, core), number);
  assert_int_equal(r->sequence, sequence);
  mr_channel_page_free(page);
}

static void report(const contract *c, mr_version *version, const char *name) {
  mr_run *run = NULL;
  OK(mr_registry_open_run(c->registry, mr_version_info(version)->run_id, &run, &error));
  OK(mr_run_log_check(run, name, MR_CHECK_RESULT_PASSED, NULL, &error));
  mr_run_free(run);
}

typedef struct stage {
  mr_model *model;
  mr_version *one;
  mr_version *two;
} stage;

static stage set_up(const contract *c, const char *gate) {
  stage s;
  s.model = contract_model(c, "m");
  s.one = contract_version(c, s.model, "1.0.0+a");
  s.two = contract_version(c, s.model, "2.0.0+b");
  OK(mr_model_create_channel(s.model, "live", &error));
  contract_attach(c, "m", "channel/live", gate);
  return s;
}

static void tear_down(stage *s) {
  mr_version_free(s->one);
  mr_version_free(s->two);
  mr_model_free(s->model);
}

static void moves_when_it_is_completed(void **state) {
  contract *c = *state;
  mr_version *version = NULL;
  mr_channel_move_page *moves = NULL;
  mr_channel_move_list_options options = MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
  stage s = set_up(c, "");
  mr_request_free(move(s.model, "1.0.0", "none", MR_REQUEST_STATE_ACCEPTED));
  contract_attach(c, "m", "channel/live", "seen: checks.seen = 'passed'\n");
  mr_request *request = move(s.model, "2.0.0", "1.0.0", MR_REQUEST_STATE_OPEN);
  assert_string_equal(mr_request_info(request)->expected, "1.0.0+a"); /* in full */
  assert_string_equal(mr_request_info(request)->version, "2.0.0+b");
  holds(s.model, "1.0.0", 1);
  REFUSED(MR_GATE_PENDING, "channel/live|'seen' is pending|checks.seen",
          mr_request_version(request, &version, &error));
  contract_completed(&request, MR_REQUEST_STATE_OPEN);
  report(c, s.two, "seen");
  const mr_request_record *r = contract_completed(&request, MR_REQUEST_STATE_ACCEPTED);
  holds(s.model, "2.0.0", 2);
  OK(mr_request_version(request, &version, &error));
  assert_string_equal(mr_version_info(version)->number, "2.0.0+b");
  mr_version_free(version);
  options.channel = "live";
  options.limit = 1;
  OK(mr_model_list_channel_moves(s.model, &options, &moves, &error));
  const mr_channel_move_record *m = mr_channel_move_page_at(moves, 0);
  assert_int_equal(m->kind, MR_CHANNEL_MOVE_KIND_MOVED);
  assert_int_equal(m->sequence, 2);
  assert_string_equal(m->version, "2.0.0+b");
  assert_string_equal(m->previous, "1.0.0+a");
  assert_string_equal(m->request_id, r->id);
  assert_string_equal(m->reason, "release day");
  assert_int_equal(m->moved_us, r->closed_us);
  mr_channel_move_page_free(moves);
  mr_request_free(request);
  tear_down(&s);
}

static void the_channel_moves_meanwhile(void **state) {
  contract *c = *state;
  mr_request *now = NULL;
  mr_request *again = NULL;
  mr_move_options m = MR_MOVE_OPTIONS_INIT;
  stage s = set_up(c, "seen: checks.seen = 'passed'\n");
  mr_request *request = move(s.model, "2.0.0", "none", MR_REQUEST_STATE_OPEN);
  m.channel = "live";
  m.version = "2.0.0";
  m.expected = "none";
  REFUSED(MR_ALREADY_EXISTS, mr_request_info(request)->id,
          mr_model_move_channel(s.model, &m, &again, &error));
  report(c, s.one, "seen");
  mr_request_free(move(s.model, "1.0.0", "none", MR_REQUEST_STATE_ACCEPTED));
  report(c, s.two, "seen");
  REFUSED(MR_CONFLICT, "'live'|holds 1.0.0+a now, not none",
          mr_request_complete(request, NULL, &now, &error));
  holds(s.model, "1.0.0", 1);
  OK(mr_request_withdraw(request, NULL, &error));
  contract_completed(&request, MR_REQUEST_STATE_WITHDRAWN);
  mr_request_free(request);
  mr_request_free(move(s.model, "2.0.0", "1.0.0", MR_REQUEST_STATE_ACCEPTED));
  holds(s.model, "2.0.0", 2);
  assert_null(now);
  assert_null(again);
  tear_down(&s);
}

static void the_version_is_yanked_meanwhile(void **state) {
  contract *c = *state;
  mr_request *now = NULL;
  mr_yank_options y = MR_YANK_OPTIONS_INIT;
  stage s = set_up(c, "seen: checks.seen = 'passed'\n");
  mr_request *request = move(s.model, "2.0.0", "none", MR_REQUEST_STATE_OPEN);
  y.reason = "leaks";
  OK(mr_version_yank(s.two, &y, &error));
  report(c, s.two, "seen");
  REFUSED(MR_CONFLICT, "m@2.0.0|yanked", mr_request_complete(request, NULL, &now, &error));
  holds(s.model, NULL, 0);
  OK(mr_version_unyank(s.two, NULL, &error));
  contract_completed(&request, MR_REQUEST_STATE_ACCEPTED);
  holds(s.model, "2.0.0", 1);
  assert_null(now);
  mr_request_free(request);
  tear_down(&s);
}

/* Time alone moves nothing; asking again does. */
static void a_version_has_to_soak(void **state) {
  contract *c = *state;
  const int64_t hour = INT64_C(3600000000);
  stage s = set_up(c, "soak: channel.staging.hours >= 24\n");
  OK(mr_model_create_channel(s.model, "staging", &error));
  contract_move(s.model, "staging", "2.0.0", "none");
  mr_request *request = move(s.model, "2.0.0", "none", MR_REQUEST_STATE_OPEN);
  contract_turn_clock(22 * hour);
  contract_completed(&request, MR_REQUEST_STATE_OPEN);
  contract_turn_clock(hour);
  contract_completed(&request, MR_REQUEST_STATE_OPEN);
  /* Who asks every minute does not fill the registry: that time goes by is no news. */
  mr_decision *decision = NULL;
  OK(mr_request_decision(request, &decision, &error));
  assert_int_equal(mr_decision_info(decision)->sequence, 1);
  mr_decision_free(decision);
  contract_turn_clock(2 * hour);
  holds(s.model, NULL, 0);
  contract_completed(&request, MR_REQUEST_STATE_ACCEPTED);
  holds(s.model, "2.0.0", 1);
  mr_request_free(request);
  tear_down(&s);
}

/* Beside the time that goes by, what else has come is news. */
static void news_while_it_soaks(void **state) {
  contract *c = *state;
  stage s = set_up(c, "soak: channel.staging.hours >= 24 AND checks.seen = 'passed'\n");
  mr_decision *decision = NULL;
  OK(mr_model_create_channel(s.model, "staging", &error));
  contract_move(s.model, "staging", "2.0.0", "none");
  mr_request *request = move(s.model, "2.0.0", "none", MR_REQUEST_STATE_OPEN);
  contract_turn_clock(INT64_C(3600000000));
  contract_completed(&request, MR_REQUEST_STATE_OPEN);
  report(c, s.two, "seen");
  contract_turn_clock(INT64_C(3600000000));
  contract_completed(&request, MR_REQUEST_STATE_OPEN);
  OK(mr_request_decision(request, &decision, &error));
  assert_int_equal(mr_decision_info(decision)->sequence, 2);
  HAS(mr_decision_at(decision, 0)->observed, "checks.seen = 'passed'");
  mr_decision_free(decision);
  contract_move(s.model, "staging", "1.0.0", "2.0.0");
  contract_completed(&request, MR_REQUEST_STATE_OPEN);
  OK(mr_request_decision(request, &decision, &error));
  assert_int_equal(mr_decision_info(decision)->sequence, 3);
  HAS(mr_decision_at(decision, 0)->observed, "channel.staging.hours is missing");
  mr_decision_free(decision);
  mr_request_free(request);
  tear_down(&s);
}

/* A move is judged by the tags that the run has when it is asked for. */
static void tags_of_the_day(void **state) {
  contract *c = *state;
  mr_run *run = NULL;
  stage s = set_up(c, "go: tags.go = 'yes'\nseen: checks.seen = 'passed'\n");
  OK(mr_registry_open_run(c->registry, mr_version_info(s.one)->run_id, &run, &error));
  mr_request_free(move(s.model, "1.0.0", "none", MR_REQUEST_STATE_REFUSED));
  OK(mr_run_set_tag(run, "go", "yes", &error));
  mr_request *request = move(s.model, "1.0.0", "none", MR_REQUEST_STATE_OPEN);
  OK(mr_run_set_tag(run, "go", "no", &error));
  report(c, s.one, "seen");
  contract_completed(&request, MR_REQUEST_STATE_ACCEPTED);
  holds(s.model, "1.0.0", 1);
  mr_request_free(request);
  mr_run_free(run);
  tear_down(&s);
}

static int64_t count_requests(const contract *c) {
  mr_request_page *page = NULL;
  OK(mr_registry_list_requests(c->registry, NULL, &page, &error));
  int64_t count = mr_request_page_count(page);
  mr_request_page_free(page);
  return count;
}

/* Who yanks what a channel holds moves it through its gate, or does nothing at all. */
static void yanking_asks_the_gate(void **state) {
  contract *c = *state;
  mr_version *held = NULL;
  mr_yank_options y = MR_YANK_OPTIONS_INIT;
  stage s = set_up(c, "");
  contract_move(s.model, "live", "1.0.0", "none");
  y.reason = "leaks";
  y.replacement = "2.0.0";
  int64_t requests = count_requests(c);
  contract_attach(c, "m", "channel/live", "never: metrics.accuracy > 2\n");
  REFUSED(MR_GATE_FAILED, "'live'|'never' failed|2.0.0", mr_version_yank(s.one, &y, &error));
  contract_attach(c, "m", "channel/live", "seen: checks.seen = 'passed'\n");
  REFUSED(MR_GATE_PENDING, "'live'|'seen' is pending|2.0.0", mr_version_yank(s.one, &y, &error));
  holds(s.model, "1.0.0", 1);
  assert_int_equal(count_requests(c), requests);
  OK(mr_model_open_version(s.model, "1.0.0", &held, &error));
  assert_int_equal(mr_version_info(held)->status, MR_VERSION_STATUS_ACTIVE);
  mr_version_free(held);
  /* A move that is proposed already does not stand in the way. */
  mr_request *open = move(s.model, "2.0.0", "1.0.0", MR_REQUEST_STATE_OPEN);
  report(c, s.two, "seen");
  OK(mr_version_yank(s.one, &y, &error));
  holds(s.model, "2.0.0", 2);
  assert_int_equal(count_requests(c), requests + 2);
  mr_request_free(open);
  tear_down(&s);
}

int contract_open_move_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(moves_when_it_is_completed),
      TEST(the_channel_moves_meanwhile),
      TEST(the_version_is_yanked_meanwhile),
      TEST(a_version_has_to_soak),
      TEST(news_while_it_soaks),
      TEST(tags_of_the_day),
      TEST(yanking_asks_the_gate),
  };
  return GROUP("open moves", tests);
}
