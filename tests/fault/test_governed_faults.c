/* SPDX-License-Identifier: Apache-2.0 */
/* Every call that governs with memory that runs out, and with a disk that fails. */
#include "hunger.h"
#include "sqlite_famine.h"
#include "vfs_shim.h"

/* --- promoting ---------------------------------------------------------------------------- */

static void prepare_candidate(hunger *h) {
  governed_candidate(h->other, true, h->run_id);
}

static void prepare_unaudited(hunger *h) {
  governed_candidate(h->other, false, h->run_id);
}

static void prepare_poor(hunger *h) {
  mr_run *run = api_make_run(h->other, 0.5);
  (void)snprintf(h->run_id, sizeof h->run_id, "%s", mr_run_info(run)->id);
  mr_run_free(run);
}

static mr_status promote(hunger *h, mr_request_state state) {
  mr_request *request = NULL;
  mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
  options.artifact_path = "model";
  options.description = "d";
  options.op_id = h->run_id;
  mr_status status = mr_model_promote(h->model, h->run_id, &options, &request, &api_error);
  assert_int_equal(status == MR_OK, request != NULL);
  if (status == MR_OK) assert_int_equal(mr_request_info(request)->state, state);
  mr_request_free(request);
  return status;
}

static mr_status promote_good(hunger *h) {
  return promote(h, MR_REQUEST_STATE_ACCEPTED);
}

static mr_status promote_unaudited(hunger *h) {
  return promote(h, MR_REQUEST_STATE_OPEN);
}

static mr_status promote_poor(hunger *h) {
  return promote(h, MR_REQUEST_STATE_REFUSED);
}

/* --- open requests ------------------------------------------------------------------------ */

static void prepare_open(hunger *h) {
  char run_id[40];
  governed_candidate(h->other, false, run_id);
  mr_model *model = api_make_model(h->other);
  mr_request *request = api_promote(model, run_id);
  assert_int_equal(mr_request_info(request)->state, MR_REQUEST_STATE_OPEN);
  (void)snprintf(h->request_id, sizeof h->request_id, "%s", mr_request_info(request)->id);
  (void)snprintf(h->text, sizeof h->text, "%s", run_id);
  mr_request_free(request);
  mr_model_free(model);
}

static void prepare_arrived(hunger *h) {
  prepare_open(h);
  governed_audit(h->other, h->text);
}

static mr_status complete(hunger *h, mr_request_state state) {
  mr_request *now = NULL;
  mr_status status = mr_request_complete(h->request, NULL, &now, &api_error);
  assert_int_equal(status == MR_OK, now != NULL);
  if (status == MR_OK) assert_int_equal(mr_request_info(now)->state, state);
  mr_request_free(now);
  return status;
}

static mr_status complete_arrived(hunger *h) {
  return complete(h, MR_REQUEST_STATE_ACCEPTED);
}

static mr_status complete_waiting(hunger *h) {
  return complete(h, MR_REQUEST_STATE_OPEN);
}

static mr_status withdraw(hunger *h) {
  return mr_request_withdraw(h->request, "not now", &api_error);
}

/* An open request to move a channel, whose check arrives after that. */
static void prepare_open_move(hunger *h) {
  char number[40];
  char run_id[40];
  mr_version *version = NULL;
  mr_gate *gate = NULL;
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  governed_version(h->other, number);
  (void)snprintf(h->channel, sizeof h->channel, "c%d", h->serial);
  governed_make_channel(h->other, h->channel);
  char transition[64];
  (void)snprintf(transition, sizeof transition, "channel/%s", h->channel);
  OK(mr_gate_parse("a: checks.late = 'passed'\nb: metrics.accuracy > 0\nc: 1 < 2", &gate,
                   &api_error));
  options.model = "digits";
  options.transition = transition;
  OK(mr_registry_attach_gate(h->other, gate, &options, &api_error));
  mr_gate_free(gate);
  mr_model *model = api_make_model(h->other);
  mr_request *request = api_move(model, h->channel, number, "none");
  assert_int_equal(mr_request_info(request)->state, MR_REQUEST_STATE_OPEN);
  (void)snprintf(h->request_id, sizeof h->request_id, "%s", mr_request_info(request)->id);
  OK(mr_model_open_version(model, number, &version, &api_error));
  (void)snprintf(run_id, sizeof run_id, "%s", mr_version_info(version)->run_id);
  mr_run *run = NULL;
  OK(mr_registry_open_run(h->other, run_id, &run, &api_error));
  OK(mr_run_log_check(run, "late", MR_CHECK_RESULT_PASSED, NULL, &api_error));
  mr_run_free(run);
  mr_version_free(version);
  mr_request_free(request);
  mr_model_free(model);
}

/* --- channels ----------------------------------------------------------------------------- */

static void make_two_versions(hunger *h) {
  char number[40];
  mr_model *model = api_make_model(h->other);
  while (api_count_versions(model) < 2) governed_version(h->other, number);
  mr_model_free(model);
}

/* A gated channel of its own that holds nothing. */
static void prepare_channel(hunger *h) {
  make_two_versions(h);
  (void)snprintf(h->channel, sizeof h->channel, "c%d", h->serial);
  governed_make_channel(h->other, h->channel);
}

static void move_both(hunger *h, const char *version, const char *expected) {
  mr_model *model = api_make_model(h->other);
  mr_request *request = api_move(model, h->channel, version, expected);
  assert_int_equal(mr_request_info(request)->state, MR_REQUEST_STATE_ACCEPTED);
  mr_request_free(request);
  mr_model_free(model);
}

/* One that has held 1.0.0 and holds 1.1.0. */
static void prepare_moved(hunger *h) {
  prepare_channel(h);
  move_both(h, "1.0.0", "none");
  move_both(h, "1.1.0", "1.0.0");
}

static mr_status move(hunger *h) {
  mr_request *request = NULL;
  mr_move_options options = MR_MOVE_OPTIONS_INIT;
  options.channel = h->channel;
  options.version = "1.1.0";
  options.expected = "none";
  options.reason = "r";
  options.op_id = h->channel;
  mr_status status = mr_model_move_channel(h->model, &options, &request, &api_error);
  assert_int_equal(status == MR_OK, request != NULL);
  if (status == MR_OK) {
    assert_int_equal(mr_request_info(request)->state, MR_REQUEST_STATE_ACCEPTED);
  }
  mr_request_free(request);
  return status;
}

static mr_status roll_back(hunger *h) {
  mr_version *version = NULL;
  mr_roll_back_options options = MR_ROLL_BACK_OPTIONS_INIT;
  options.channel = h->channel;
  options.expected = "1.1.0";
  options.reason = "r";
  mr_status status = mr_model_roll_back_channel(h->model, &options, &version, &api_error);
  assert_int_equal(status == MR_OK, version != NULL);
  mr_version_free(version);
  return status;
}

static mr_status clear(hunger *h) {
  mr_clear_options options = MR_CLEAR_OPTIONS_INIT;
  options.channel = h->channel;
  options.expected = "1.1.0";
  options.reason = "r";
  return mr_model_clear_channel(h->model, &options, &api_error);
}

static mr_status create_channel(hunger *h) {
  char name[40];
  (void)snprintf(name, sizeof name, "new-%d", h->serial);
  return mr_model_create_channel(h->model, name, &api_error);
}

/* --- versions ----------------------------------------------------------------------------- */

static void prepare_version(hunger *h) {
  make_two_versions(h);
  governed_version(h->other, h->number);
}

/* One that two channels hold, one of which has held the replacement before. */
static void prepare_held(hunger *h) {
  prepare_channel(h);
  governed_version(h->other, h->number);
  move_both(h, h->number, "none");
  (void)snprintf(h->channel, sizeof h->channel, "d%d", h->serial);
  governed_make_channel(h->other, h->channel);
  move_both(h, "1.0.0", "none");
  move_both(h, h->number, "1.0.0");
}

static void prepare_both_held_before(hunger *h) {
  prepare_channel(h);
  governed_version(h->other, h->number);
  move_both(h, "1.0.0", "none");
  move_both(h, h->number, "1.0.0");
}

static mr_status yank(hunger *h, mr_yank_channels channels) {
  mr_yank_options options = MR_YANK_OPTIONS_INIT;
  options.channels = channels;
  options.reason = "wrong labels";
  options.replacement = "1.0.0";
  return mr_version_yank(h->version, &options, &api_error);
}

static mr_status yank_replacing(hunger *h) {
  return yank(h, MR_YANK_CHANNELS_REPLACE);
}

static mr_status yank_rolling_back(hunger *h) {
  return yank(h, MR_YANK_CHANNELS_ROLL_BACK);
}

static mr_status yank_clearing(hunger *h) {
  return yank(h, MR_YANK_CHANNELS_CLEAR);
}

static mr_status deprecate(hunger *h) {
  mr_deprecate_options options = MR_DEPRECATE_OPTIONS_INIT;
  options.reason = "a better one is there";
  options.replacement = "1.1.0";
  return mr_version_deprecate(h->version, &options, &api_error);
}

static void prepare_deprecated(hunger *h) {
  prepare_version(h);
  mr_deprecate_options options = MR_DEPRECATE_OPTIONS_INIT;
  options.reason = "r";
  mr_model *model = api_make_model(h->other);
  mr_version *version = NULL;
  OK(mr_model_open_version(model, h->number, &version, &api_error));
  OK(mr_version_deprecate(version, &options, &api_error));
  mr_version_free(version);
  mr_model_free(model);
}

static void prepare_yanked(hunger *h) {
  prepare_version(h);
  mr_yank_options options = MR_YANK_OPTIONS_INIT;
  options.reason = "r";
  mr_model *model = api_make_model(h->other);
  mr_version *version = NULL;
  OK(mr_model_open_version(model, h->number, &version, &api_error));
  OK(mr_version_yank(version, &options, &api_error));
  mr_version_free(version);
  mr_model_free(model);
}

static mr_status undeprecate(hunger *h) {
  return mr_version_undeprecate(h->version, "r", &api_error);
}

static mr_status unyank(hunger *h) {
  return mr_version_unyank(h->version, "r", &api_error);
}

static mr_status delete_version(hunger *h) {
  return mr_version_delete(h->version, "nobody needs it", &api_error);
}

/* --- gates and checks --------------------------------------------------------------------- */

static void prepare_run(hunger *h) {
  if (h->run_id[0] == '\0') governed_candidate(h->other, false, h->run_id);
  api_write_file(api_path(h->place->folder, "evidence"), h->run_id, strlen(h->run_id));
}

static mr_status log_check(hunger *h) {
  char name[40];
  mr_check_options options = MR_CHECK_OPTIONS_INIT;
  (void)snprintf(name, sizeof name, "check-%d", h->serial);
  options.reporter = "auditor 1.0";
  options.note = "n";
  options.evidence_path = api_path(h->place->folder, "evidence");
  return mr_run_log_check(h->run, name, MR_CHECK_RESULT_FAILED, &options, &api_error);
}

static void prepare_gate(hunger *h) {
  (void)snprintf(h->text, sizeof h->text, "a: metrics.accuracy > 0.%d", h->serial);
}

static mr_status attach_gate(hunger *h) {
  mr_gate *gate = NULL;
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  options.model = "digits";
  options.transition = "channel/later";
  mr_status status = mr_gate_parse(h->text, &gate, &api_error);
  if (status == MR_OK) status = mr_registry_attach_gate(h->registry, gate, &options, &api_error);
  mr_gate_free(gate);
  return status;
}

static void prepare_attached(hunger *h) {
  mr_registry *registry = h->registry;
  prepare_gate(h);
  h->registry = h->other;
  OK(attach_gate(h));
  h->registry = registry;
}

static mr_status detach_gate(hunger *h) {
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  options.model = "digits";
  options.transition = "channel/later";
  return mr_registry_detach_gate(h->registry, &options, &api_error);
}

/* --- the list ----------------------------------------------------------------------------- */

/* Each in a registry of its own; the second run of some is with SQLite's memory. */
#define HUNGRY(name, prepare, call) HUNGER_TEST(name, hunger_run, prepare, call, true)
#define HUNGRY_SQLITE(name, prepare, call)                                                         \
  HUNGER_TEST(name##_sqlite, hunger_run_sqlite, prepare, call, true)
#define HUNGRY_DISK(name, prepare, call)                                                           \
  HUNGER_TEST(name##_disk, hunger_run_disk, prepare, call, true)
#define HUNGRY_REFUSED(name, prepare, call)                                                        \
  HUNGER_TEST(name##_refusals, hunger_run_refusals, prepare, call, true)

HUNGRY(promote, prepare_candidate, promote_good)
HUNGRY(promote_open, prepare_unaudited, promote_unaudited)
HUNGRY(promote_refused, prepare_poor, promote_poor)
HUNGRY(complete, prepare_arrived, complete_arrived)
HUNGRY(complete_move, prepare_open_move, complete_arrived)
HUNGRY(withdraw, prepare_open, withdraw)
HUNGRY(move, prepare_channel, move)
HUNGRY(roll_back, prepare_moved, roll_back)
HUNGRY(clear, prepare_moved, clear)
HUNGRY(create_channel, NULL, create_channel)
HUNGRY(yank_replacing, prepare_held, yank_replacing)
HUNGRY(yank_rolling_back, prepare_both_held_before, yank_rolling_back)
HUNGRY(yank_clearing, prepare_held, yank_clearing)
HUNGRY(deprecate, prepare_version, deprecate)
HUNGRY(undeprecate, prepare_deprecated, undeprecate)
HUNGRY(unyank, prepare_yanked, unyank)
HUNGRY(delete, prepare_version, delete_version)
HUNGRY(log_check, prepare_run, log_check)
HUNGRY(attach_gate, prepare_gate, attach_gate)
HUNGRY(detach_gate, prepare_attached, detach_gate)

HUNGRY_SQLITE(promote, prepare_candidate, promote_good)
HUNGRY_SQLITE(complete, prepare_arrived, complete_arrived)
HUNGRY_SQLITE(move, prepare_channel, move)
HUNGRY_SQLITE(roll_back, prepare_moved, roll_back)
HUNGRY_SQLITE(yank_replacing, prepare_held, yank_replacing)
HUNGRY_SQLITE(log_check, prepare_run, log_check)

HUNGRY_DISK(promote, prepare_candidate, promote_good)
HUNGRY_DISK(complete, prepare_arrived, complete_arrived)
HUNGRY_DISK(move, prepare_channel, move)
HUNGRY_DISK(roll_back, prepare_moved, roll_back)
HUNGRY_DISK(yank_replacing, prepare_held, yank_replacing)

HUNGRY_REFUSED(promote, prepare_candidate, promote_good)
HUNGRY_REFUSED(promote_open, prepare_unaudited, promote_unaudited)
HUNGRY_REFUSED(promote_refused, prepare_poor, promote_poor)
HUNGRY_REFUSED(complete, prepare_arrived, complete_arrived)
HUNGRY_REFUSED(complete_move, prepare_open_move, complete_arrived)
HUNGRY_REFUSED(withdraw, prepare_open, withdraw)
HUNGRY_REFUSED(move, prepare_channel, move)
HUNGRY_REFUSED(roll_back, prepare_moved, roll_back)
HUNGRY_REFUSED(clear, prepare_moved, clear)
HUNGRY_REFUSED(create_channel, NULL, create_channel)
HUNGRY_REFUSED(yank_replacing, prepare_held, yank_replacing)
HUNGRY_REFUSED(yank_rolling_back, prepare_both_held_before, yank_rolling_back)
HUNGRY_REFUSED(yank_clearing, prepare_held, yank_clearing)
HUNGRY_REFUSED(deprecate, prepare_version, deprecate)
HUNGRY_REFUSED(undeprecate, prepare_deprecated, undeprecate)
HUNGRY_REFUSED(unyank, prepare_yanked, unyank)
HUNGRY_REFUSED(delete, prepare_version, delete_version)
HUNGRY_REFUSED(log_check, prepare_run, log_check)
HUNGRY_REFUSED(attach_gate, prepare_gate, attach_gate)
HUNGRY_REFUSED(detach_gate, prepare_attached, detach_gate)

/* Judged again without anything new: no second decision. */
static void test_complete_waiting(void **state) {
  static const hungry_call c = {prepare_open, complete_waiting, false};
  hunger_run(*state, &c);
}

int main(void) {
  if (!sqlite_famine_arm()) return 1;
  vfs_shim_register();
  vfs_shim_skip_syncs(true);
  if (sqlite3_vfs_register(sqlite3_vfs_find(VFS_SHIM_NAME), 1) != SQLITE_OK) return 1;
  const struct CMUnitTest tests[] = {
      api_test(test_promote),
      api_test(test_promote_open),
      api_test(test_promote_refused),
      api_test(test_complete),
      api_test(test_complete_move),
      api_test(test_complete_waiting),
      api_test(test_withdraw),
      api_test(test_move),
      api_test(test_roll_back),
      api_test(test_clear),
      api_test(test_create_channel),
      api_test(test_yank_replacing),
      api_test(test_yank_rolling_back),
      api_test(test_yank_clearing),
      api_test(test_deprecate),
      api_test(test_undeprecate),
      api_test(test_unyank),
      api_test(test_delete),
      api_test(test_log_check),
      api_test(test_attach_gate),
      api_test(test_detach_gate),
      api_test(test_promote_sqlite),
      api_test(test_complete_sqlite),
      api_test(test_move_sqlite),
      api_test(test_roll_back_sqlite),
      api_test(test_yank_replacing_sqlite),
      api_test(test_log_check_sqlite),
      api_test(test_promote_disk),
      api_test(test_complete_disk),
      api_test(test_move_disk),
      api_test(test_roll_back_disk),
      api_test(test_yank_replacing_disk),
      api_test(test_promote_refusals),
      api_test(test_promote_open_refusals),
      api_test(test_promote_refused_refusals),
      api_test(test_complete_refusals),
      api_test(test_complete_move_refusals),
      api_test(test_withdraw_refusals),
      api_test(test_move_refusals),
      api_test(test_roll_back_refusals),
      api_test(test_clear_refusals),
      api_test(test_create_channel_refusals),
      api_test(test_yank_replacing_refusals),
      api_test(test_yank_rolling_back_refusals),
      api_test(test_yank_clearing_refusals),
      api_test(test_deprecate_refusals),
      api_test(test_undeprecate_refusals),
      api_test(test_unyank_refusals),
      api_test(test_delete_refusals),
      api_test(test_log_check_refusals),
      api_test(test_attach_gate_refusals),
      api_test(test_detach_gate_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
