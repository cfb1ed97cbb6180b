/* SPDX-License-Identifier: Apache-2.0 */
/* What governing costs on the disk: one sync for each call that changes something, none for the
 * others. Through the public interface, with the shim as SQLite's default. */
#include "governed.h"
#include "vfs_shim.h"

/* How many syncs a call makes. */
#define SYNCS(expected, call)                                                                      \
  do {                                                                                             \
    int64_t before_ = vfs_shim_count(VFS_SYNC, VFS_EVERY_FILE);                                    \
    OK(call);                                                                                      \
    assert_int_equal(vfs_shim_count(VFS_SYNC, VFS_EVERY_FILE) - before_, expected);                \
  } while (0)

static mr_run *open_candidate(mr_registry *registry, bool audited) {
  char run_id[40];
  mr_run *run = NULL;
  governed_candidate(registry, audited, run_id);
  OK(mr_registry_open_run(registry, run_id, &run, &api_error));
  return run;
}

static void test_requests(void **state) {
  const api_place *place = *state;
  mr_registry *registry = governed_create(place->db, 2);
  mr_model *model = api_make_model(registry);
  mr_request *request = NULL;
  mr_request *now = NULL;
  mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
  options.artifact_path = "model";
  mr_run *run = open_candidate(registry, true);
  SYNCS(1, mr_model_promote(model, mr_run_info(run)->id, &options, &request, &api_error));
  assert_int_equal(mr_request_info(request)->state, MR_REQUEST_STATE_ACCEPTED);
  mr_request_free(request);
  mr_run_free(run);
  run = open_candidate(registry, false);
  SYNCS(1, mr_model_promote(model, mr_run_info(run)->id, &options, &request, &api_error));
  assert_int_equal(mr_request_info(request)->state, MR_REQUEST_STATE_OPEN);
  /* Nothing new, nothing to write. */
  SYNCS(0, mr_request_complete(request, NULL, &now, &api_error));
  mr_request_free(now);
  SYNCS(1, mr_run_log_check(run, "audit", MR_CHECK_RESULT_PASSED, NULL, &api_error));
  SYNCS(1, mr_request_complete(request, NULL, &now, &api_error));
  assert_int_equal(mr_request_info(now)->state, MR_REQUEST_STATE_ACCEPTED);
  mr_request_free(now);
  SYNCS(0, mr_request_complete(request, NULL, &now, &api_error));
  mr_request_free(now);
  mr_request_free(request);
  mr_run_free(run);
  run = open_candidate(registry, false);
  OK(mr_model_promote(model, mr_run_info(run)->id, &options, &request, &api_error));
  SYNCS(1, mr_request_withdraw(request, NULL, &api_error));
  SYNCS(0, mr_request_withdraw(request, NULL, &api_error));
  mr_request_free(request);
  mr_run_free(run);
  mr_model_free(model);
  mr_registry_close(registry);
}

static void test_channels(void **state) {
  const api_place *place = *state;
  mr_registry *registry = governed_create(place->db, 2);
  mr_model *model = api_make_model(registry);
  mr_request *request = NULL;
  mr_version *version = NULL;
  mr_move_options move = MR_MOVE_OPTIONS_INIT;
  mr_roll_back_options back = MR_ROLL_BACK_OPTIONS_INIT;
  mr_clear_options clear = MR_CLEAR_OPTIONS_INIT;
  move.channel = back.channel = clear.channel = "production";
  mr_request_free(api_move(model, "production", "1.0.0", "none"));
  move.version = back.expected = "1.1.0";
  move.expected = clear.expected = "1.0.0";
  SYNCS(1, mr_model_move_channel(model, &move, &request, &api_error));
  assert_int_equal(mr_request_info(request)->state, MR_REQUEST_STATE_ACCEPTED);
  mr_request_free(request);
  SYNCS(1, mr_model_roll_back_channel(model, &back, &version, &api_error));
  mr_version_free(version);
  SYNCS(1, mr_model_clear_channel(model, &clear, &api_error));
  clear.expected = "none";
  SYNCS(0, mr_model_clear_channel(model, &clear, &api_error));
  SYNCS(1, mr_model_create_channel(model, "other", &api_error));
  mr_model_free(model);
  mr_registry_close(registry);
}

static void test_versions(void **state) {
  const api_place *place = *state;
  mr_registry *registry = governed_create(place->db, 2);
  mr_model *model = api_make_model(registry);
  mr_version *version = NULL;
  mr_yank_options yank = MR_YANK_OPTIONS_INIT;
  mr_deprecate_options deprecate = MR_DEPRECATE_OPTIONS_INIT;
  mr_request_free(api_move(model, "production", "1.0.0", "none"));
  yank.reason = deprecate.reason = "r";
  yank.replacement = deprecate.replacement = "1.1.0";
  OK(mr_model_open_version(model, "1.0.0", &version, &api_error));
  SYNCS(1, mr_version_deprecate(version, &deprecate, &api_error));
  SYNCS(1, mr_version_undeprecate(version, NULL, &api_error));
  SYNCS(1, mr_version_yank(version, &yank, &api_error)); /* with the channel, through its gate */
  SYNCS(1, mr_version_unyank(version, NULL, &api_error));
  SYNCS(1, mr_version_delete(version, "r", &api_error));
  mr_version_free(version);
  mr_model_free(model);
  mr_registry_close(registry);
}

static void resolve_as_of(mr_registry *registry, int64_t as_of_us) {
  mr_version *version = NULL;
  mr_resolve_options options = MR_RESOLVE_OPTIONS_INIT;
  options.as_of_us = as_of_us;
  OK(mr_registry_resolve(registry, "digits@latest", &options, &version, &api_error));
  mr_version_free(version);
}

/* A time after the last change is recorded, once, so that nothing comes before it any more. */
static void test_times(void **state) {
  const api_place *place = *state;
  mr_registry *registry = governed_create(place->db, 2);
  mr_version *version = NULL;
  OK(mr_registry_resolve(registry, "digits@latest", NULL, &version, &api_error));
  int64_t made_us = mr_version_info(version)->created_us;
  mr_version_free(version);
  int64_t later_us = api_clock(NULL);
  int64_t before = vfs_shim_count(VFS_SYNC | VFS_WRITE, VFS_EVERY_FILE);
  resolve_as_of(registry, made_us);
  assert_int_equal(vfs_shim_count(VFS_SYNC | VFS_WRITE, VFS_EVERY_FILE), before);
  before = vfs_shim_count(VFS_SYNC, VFS_EVERY_FILE);
  resolve_as_of(registry, later_us);
  assert_int_equal(vfs_shim_count(VFS_SYNC, VFS_EVERY_FILE), before + 1);
  before = vfs_shim_count(VFS_SYNC | VFS_WRITE, VFS_EVERY_FILE);
  resolve_as_of(registry, later_us);
  assert_int_equal(vfs_shim_count(VFS_SYNC | VFS_WRITE, VFS_EVERY_FILE), before);
  mr_registry_close(registry);
}

static void test_looks(void **state) {
  static const char *const references[] = {"digits", "digits@1.1.0", "digits@^1",
                                           "digits@production"};
  const api_place *place = *state;
  mr_registry *registry = governed_create(place->db, 2);
  mr_model *model = api_make_model(registry);
  mr_decision *decision = NULL;
  mr_lineage *lineage = NULL;
  mr_evaluate_options evaluate = MR_EVALUATE_OPTIONS_INIT;
  mr_lineage_options walk = MR_LINEAGE_OPTIONS_INIT;
  mr_request_free(api_move(model, "production", "1.0.0", "none"));
  int64_t before = vfs_shim_count(VFS_SYNC | VFS_WRITE, VFS_EVERY_FILE);
  for (size_t i = 0; i < sizeof references / sizeof references[0]; i++) {
    mr_version *version = NULL;
    SYNCS(0, mr_registry_resolve(registry, references[i], NULL, &version, &api_error));
    mr_version_free(version);
  }
  evaluate.model = "digits";
  evaluate.transition = "channel/production";
  evaluate.version = "1.1.0";
  SYNCS(0, mr_registry_evaluate_gate(registry, NULL, &evaluate, &decision, &api_error));
  walk.channel = "digits@production";
  SYNCS(0, mr_registry_lineage(registry, &walk, &lineage, &api_error));
  assert_true(mr_lineage_count(lineage) > 0);
  mr_lineage_free(lineage);
  mr_decision_free(decision);
  /* Not even written. */
  assert_int_equal(vfs_shim_count(VFS_SYNC | VFS_WRITE, VFS_EVERY_FILE), before);
  mr_model_free(model);
  mr_registry_close(registry);
}

int main(void) {
  vfs_shim_register();
  vfs_shim_skip_syncs(true);
  if (sqlite3_vfs_register(sqlite3_vfs_find(VFS_SHIM_NAME), 1) != SQLITE_OK) return 1;
  const struct CMUnitTest tests[] = {
      api_test(test_requests), api_test(test_channels), api_test(test_versions),
      api_test(test_times),    api_test(test_looks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
