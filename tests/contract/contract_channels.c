/* SPDX-License-Identifier: Apache-2.0 */
#include "contract.h"

#include <pthread.h>

static mr_request *move(mr_model *model, const char *channel, const char *version,
                        const char *expected) {
  mr_request *request = NULL;
  mr_move_options m = MR_MOVE_OPTIONS_INIT;
  m.channel = channel;
  m.version = version;
  m.expected = expected;
  OK(mr_model_move_channel(model, &m, &request, &error));
  return request;
}

static void move_refused(mr_model *model, const char *version, const char *expected,
                         mr_status status, const char *words) {
  mr_request *request = NULL;
  mr_move_options m = MR_MOVE_OPTIONS_INIT;
  m.channel = "live";
  m.version = version;
  m.expected = expected;
  REFUSED(status, words, mr_model_move_channel(model, &m, &request, &error));
  assert_null(request);
}

/* What the channel holds, without build metadata, and how often it was moved. */
static void holds(mr_model *model, const char *channel, const char *number, int64_t sequence) {
  mr_channel_page *page = NULL;
  bool found = false;
  OK(mr_model_list_channels(model, NULL, &page, &error));
  for (int64_t i = 0; i < mr_channel_page_count(page); i++) {
    const mr_channel_record *r = mr_channel_page_at(page, i);
    char core[300];
    if (strcmp(r->name, channel) != 0) continue;
    found = true;
    if (number == NULL) assert_null(r->version);
    if (number != NULL) assert_string_equal(contract_core(r->version, core), number);
    assert_int_equal(r->sequence, sequence);
  }
  assert_true(found);
  mr_channel_page_free(page);
}

static void creates_and_lists(void **state) {
  contract *c = *state;
  static listing list;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  mr_model *model = contract_model(c, "m");
  mr_model *other = contract_model(c, "n");
  mr_channel_page *page = NULL;
  LIST_ALL_WAYS(mr_channel, options, mr_model_list_channels(model, &options, &part, &error), name,
                &list, "");
  static const char *const names[] = {"staging", "production", "A-b_c.9", "canary", "x-ray"};
  int64_t before = contract_clock(NULL);
  for (size_t i = 0; i < 5; i++) OK(mr_model_create_channel(model, names[i], &error));
  OK(mr_model_create_channel(other, "production", &error));
  REFUSED(MR_ALREADY_EXISTS, "production|'m'",
          mr_model_create_channel(model, "production", &error));
  LIST_ALL_WAYS(mr_channel, options, mr_model_list_channels(model, &options, &part, &error), name,
                &list, "A-b_c.9 canary production staging x-ray");
  OK(mr_model_list_channels(model, NULL, &page, &error));
  const mr_channel_record *record = mr_channel_page_at(page, 0);
  assert_true(record->struct_size >= sizeof *record);
  assert_null(record->version);
  assert_int_equal(record->sequence, 0);
  assert_string_equal(record->actor, "tester");
  assert_in_range((uintmax_t)record->moved_us, (uintmax_t)before, (uintmax_t)contract_clock(NULL));
  mr_channel_page_free(page);
  mr_model_free(model);
  mr_model_free(other);
}

static void bad_and_reserved_names(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  static const char *const bad[] = {"", "1", "-a", "_a", ".a", "a b", "a/b", "a@b", "größe", "a\n"};
  static const char *const reserved[] = {
      "latest",
      "x",
      "X",
      "x.1",
      "x.x",
      "v1",
      "V2.0.0",
      "v1.x",
      "vx",
      "abcdefabcdef",
      "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789"};
  char name[260];
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    REFUSED(MR_INVALID_ARGUMENT, "channel name", mr_model_create_channel(model, bad[i], &error));
  }
  for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
    REFUSED(MR_INVALID_ARGUMENT, "reserved", mr_model_create_channel(model, reserved[i], &error));
    HAS(error.message, reserved[i]);
  }
  memset(name, 'n', sizeof name);
  name[251] = '\0';
  REFUSED(MR_LIMIT, "channel name", mr_model_create_channel(model, name, &error));
  REFUSED(MR_INVALID_ARGUMENT, "channel name", mr_model_create_channel(model, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "model", mr_model_create_channel(NULL, "a", &error));
  name[250] = '\0';
  OK(mr_model_create_channel(model, name, &error));
  mr_channel_page *page = NULL;
  OK(mr_model_list_channels(model, NULL, &page, &error));
  assert_int_equal(mr_channel_page_count(page), 1);
  mr_channel_page_free(page);
  mr_model_free(model);
}

static void moves(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version *one = contract_version(c, model, "1.0.0");
  mr_version *two = contract_version(c, model, "2.0.0");
  mr_version *made = NULL;
  const char *number = mr_version_info(one)->number;
  OK(mr_model_create_channel(model, "live", &error));
  OK(mr_model_create_channel(model, "other", &error));
  mr_request *request = move(model, "live", "1.0.0", "none");
  const mr_request_record *r = mr_request_info(request);
  assert_int_equal(r->state, MR_REQUEST_STATE_ACCEPTED);
  assert_string_equal(r->transition, "channel/live");
  assert_string_equal(r->expected, "none");
  assert_string_equal(r->closed_by, "tester");
  assert_string_equal(r->model, "m");
  assert_string_equal(r->version, number);
  assert_string_equal(r->run_id, mr_version_info(one)->run_id);
  assert_string_equal(r->artifact_path, mr_version_info(one)->artifact_path);
  OK(mr_request_version(request, &made, &error));
  assert_string_equal(mr_version_info(made)->id, mr_version_info(one)->id);
  mr_version_free(made);
  mr_request_free(request);
  holds(model, "live", "1.0.0", 1);
  holds(model, "other", NULL, 0);
  /* The expected number with and without build metadata. */
  mr_request_free(move(model, "live", "2.0.0", number));
  holds(model, "live", "2.0.0", 2);
  mr_request_free(move(model, "live", number, "2.0.0"));
  holds(model, "live", "1.0.0", 3);
  contract_resolves(c, "m@live", "1.0.0");
  mr_version_free(one);
  mr_version_free(two);
  mr_model_free(model);
}

static void moving_is_compare_and_set(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version_free(contract_version(c, model, "1.0.0+a"));
  mr_version_free(contract_version(c, model, "2.0.0+b"));
  OK(mr_model_create_channel(model, "live", &error));
  move_refused(model, "1.0.0", "2.0.0", MR_CONFLICT, "'live'|holds none|not 2.0.0");
  move_refused(model, "1.0.0", "1.0.0", MR_CONFLICT, "holds none");
  mr_request_free(move(model, "live", "1.0.0", "none"));
  move_refused(model, "2.0.0", "none", MR_CONFLICT, "holds 1.0.0+a|not none");
  move_refused(model, "2.0.0", "2.0.0", MR_CONFLICT, "holds 1.0.0+a");
  move_refused(model, "2.0.0", "1.0.0+b", MR_CONFLICT, "holds 1.0.0+a");
  move_refused(model, "1.0.0", "1.0.0", MR_ALREADY_EXISTS, "'live'|1.0.0");
  holds(model, "live", "1.0.0", 1);
  mr_request_page *page = NULL;
  mr_request_list_options o = MR_REQUEST_LIST_OPTIONS_INIT;
  o.limit = 1;
  OK(mr_registry_list_requests(c->registry, &o, &page, &error));
  assert_string_equal(mr_request_page_at(page, 0)->version, "1.0.0+a"); /* no trace of the others */
  mr_request_page_free(page);
  mr_model_free(model);
}

static void moving_refuses(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_request *request = NULL;
  mr_move_options m = MR_MOVE_OPTIONS_INIT;
  mr_version_free(contract_version(c, model, "1.0.0"));
  OK(mr_model_create_channel(model, "live", &error));
  move_refused(model, "2.0.0", "none", MR_NOT_FOUND, "'m'|2.0.0");
  move_refused(model, "1.0.0+other", "none", MR_NOT_FOUND, "1.0.0+other");
  move_refused(model, "1.0", "none", MR_INVALID_ARGUMENT, "semantic");
  move_refused(model, "latest", "none", MR_INVALID_ARGUMENT, "semantic");
  move_refused(model, NULL, "none", MR_INVALID_ARGUMENT, "version");
  move_refused(model, "1.0.0", NULL, MR_INVALID_ARGUMENT, "expected");
  move_refused(model, "1.0.0", "", MR_INVALID_ARGUMENT, "expected");
  move_refused(model, "1.0.0", "nothing", MR_INVALID_ARGUMENT, "expected|none|'nothing'");
  m.version = "1.0.0";
  m.expected = "none";
  REFUSED(MR_INVALID_ARGUMENT, "channel", mr_model_move_channel(model, &m, &request, &error));
  m.channel = "nowhere";
  REFUSED(MR_NOT_FOUND, "'nowhere'|create", mr_model_move_channel(model, &m, &request, &error));
  m.channel = "latest";
  REFUSED(MR_INVALID_ARGUMENT, "latest", mr_model_move_channel(model, &m, &request, &error));
  m.channel = "live";
  m.reason = "\x01";
  REFUSED(MR_INVALID_ARGUMENT, "reason", mr_model_move_channel(model, &m, &request, &error));
  m.reason = NULL;
  m.op_id = "a\n";
  REFUSED(MR_INVALID_ARGUMENT, "op_id", mr_model_move_channel(model, &m, &request, &error));
  m.op_id = NULL;
  mr_cancel *cancel = NULL;
  OK(mr_cancel_new(&cancel, &error));
  mr_cancel_trigger(cancel);
  m.cancel = cancel;
  REFUSED(MR_CANCELLED, "cancel", mr_model_move_channel(model, &m, &request, &error));
  mr_cancel_free(cancel);
  m.struct_size = 0;
  REFUSED(MR_ABI_MISMATCH, "mr_move_options", mr_model_move_channel(model, &m, &request, &error));
  REFUSED(MR_INVALID_ARGUMENT, "move", mr_model_move_channel(model, NULL, &request, &error));
  assert_null(request);
  holds(model, "live", NULL, 0);
  mr_model_free(model);
}

static void a_gate_guards_its_channel(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version *version = NULL;
  mr_decision *decision = NULL;
  mr_version_free(contract_version(c, model, "1.0.0"));
  mr_version_free(contract_version(c, model, "2.0.0-rc.1"));
  OK(mr_model_create_channel(model, "production", &error));
  OK(mr_model_create_channel(model, "staging", &error));
  contract_attach(c, NULL, "channel/production", "released: version.prerelease IS NULL\n");
  contract_attach(c, "m", "channel/production", "good: metrics.accuracy >= 0.9\n");
  mr_request_free(move(model, "staging", "2.0.0-rc.1", "none")); /* is not guarded */
  mr_request *request = move(model, "production", "2.0.0-rc.1", "none");
  assert_int_equal(mr_request_info(request)->state, MR_REQUEST_STATE_REFUSED);
  REFUSED(MR_GATE_FAILED, "channel/production|'released'|rc.1",
          mr_request_version(request, &version, &error));
  OK(mr_request_decision(request, &decision, &error));
  assert_int_equal(mr_decision_info(decision)->rule_count, 2);
  assert_int_equal(mr_decision_info(decision)->passed_count, 1);
  assert_int_equal(mr_decision_at(decision, 0)->from_default, 1);
  mr_decision_free(decision);
  mr_request_free(request);
  holds(model, "production", NULL, 0);
  holds(model, "staging", "2.0.0-rc.1", 1);
  mr_request_free(move(model, "production", "1.0.0", "none"));
  holds(model, "production", "1.0.0", 1);
  assert_null(version);
  mr_model_free(model);
}

static void op_ids_make_repeats_safe(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_request *request = NULL;
  mr_move_options m = MR_MOVE_OPTIONS_INIT;
  char first[40];
  mr_version_free(contract_version(c, model, "1.0.0"));
  mr_version_free(contract_version(c, model, "2.0.0"));
  OK(mr_model_create_channel(model, "live", &error));
  m.channel = "live";
  m.version = "1.0.0";
  m.expected = "none";
  m.op_id = "deploy-1";
  m.reason = "first";
  OK(mr_model_move_channel(model, &m, &request, &error));
  (void)snprintf(first, sizeof first, "%s", mr_request_info(request)->id);
  assert_string_equal(mr_request_info(request)->op_id, "deploy-1");
  mr_request_free(request);
  mr_request_free(move(model, "live", "2.0.0", "1.0.0"));
  /* The repeat finds the first request, although the channel has moved on. */
  OK(mr_model_move_channel(model, &m, &request, &error));
  assert_string_equal(mr_request_info(request)->id, first);
  mr_request_free(request);
  request = NULL;
  holds(model, "live", "2.0.0", 2);
  m.version = "2.0.0";
  REFUSED(MR_CONFLICT, "deploy-1", mr_model_move_channel(model, &m, &request, &error));
  m.version = "1.0.0";
  m.expected = "2.0.0";
  REFUSED(MR_CONFLICT, "deploy-1", mr_model_move_channel(model, &m, &request, &error));
  /* A promotion cannot borrow it either. */
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_run *run = contract_trained(c, 0.9);
  contract_finish(run);
  o.op_id = "deploy-1";
  REFUSED(MR_CONFLICT, "deploy-1",
          mr_model_promote(model, mr_run_info(run)->id, &o, &request, &error));
  assert_null(request);
  mr_run_free(run);
  mr_model_free(model);
}

enum { MOVERS = 4 };

typedef struct mover {
  mr_registry *registry;
  char version[16];
  int rounds;
  int moved;
  int lost;
  int other;
} mover;

static void *keep_moving(void *argument) {
  mover *w = argument;
  mr_model *model = NULL;
  if (mr_registry_open_model(w->registry, "m", &model, NULL) != MR_OK) w->other++;
  for (int i = 0; i < w->rounds && model != NULL; i++) {
    mr_move_options m = MR_MOVE_OPTIONS_INIT;
    mr_channel_page *page = NULL;
    mr_request *request = NULL;
    char expected[300] = "none";
    if (mr_model_list_channels(model, NULL, &page, NULL) != MR_OK) {
      w->other++;
      continue;
    }
    const char *held = mr_channel_page_at(page, 0)->version;
    if (held != NULL) (void)snprintf(expected, sizeof expected, "%s", held);
    mr_channel_page_free(page);
    m.channel = "live";
    m.version = w->version;
    m.expected = expected;
    mr_status status = mr_model_move_channel(model, &m, &request, NULL);
    if (status == MR_OK) {
      w->moved++;
    } else if (status == MR_CONFLICT || status == MR_ALREADY_EXISTS) {
      w->lost++;
    } else {
      w->other++;
    }
    mr_request_free(request);
  }
  mr_model_free(model);
  return NULL;
}

/* Every move that was answered with OK is counted in the channel's sequence, and no other. */
static void many_move_at_once(void **state) {
  contract *c = *state;
  mover movers[MOVERS];
  pthread_t threads[MOVERS];
  mr_model *model = contract_model(c, "m");
  mr_channel_page *page = NULL;
  int moved = 0;
  OK(mr_model_create_channel(model, "live", &error));
  for (int i = 0; i < MOVERS; i++) {
    movers[i] = (mover){.rounds = (int)contract_scale(100, 10)};
    movers[i].registry = c->driver->shared && i % 2 == 1 ? contract_second(c) : c->registry;
    (void)snprintf(movers[i].version, sizeof movers[i].version, "%d.0.0", i + 1);
    mr_version_free(contract_version(c, model, movers[i].version));
  }
  for (int i = 0; i < MOVERS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, keep_moving, &movers[i]), 0);
  }
  for (int i = 0; i < MOVERS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(movers[i].other, 0);
    moved += movers[i].moved;
    if (movers[i].registry != c->registry) mr_registry_close(movers[i].registry);
  }
  assert_true(moved > 0);
  OK(mr_model_list_channels(model, NULL, &page, &error));
  assert_int_equal(mr_channel_page_at(page, 0)->sequence, moved);
  mr_channel_page_free(page);
  mr_model_free(model);
}

int contract_channel_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(creates_and_lists),
      TEST(bad_and_reserved_names),
      TEST(moves),
      TEST(moving_is_compare_and_set),
      TEST(moving_refuses),
      TEST(a_gate_guards_its_channel),
      TEST(op_ids_make_repeats_safe),
      TEST(many_move_at_once),
  };
  return GROUP("channels", tests);
}
