/* SPDX-License-Identifier: Apache-2.0 */
/* Requests whose rows somebody else has changed, and memory that runs out on the way. */
#include "registry_test.h"

#include "registry/request_row.h"

typedef struct proposed {
  mr_registry *registry;
  mr_model *model;
  mr_run *run;
  mr_run *evaluation;
  mr_request *request;
} proposed;

static mr_run *evaluate(proposed *p) {
  mr_error error = MR_ERROR_INIT;
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  mr_run_options o = MR_RUN_OPTIONS_INIT;
  mr_input_options in = MR_INPUT_OPTIONS_INIT;
  OK(mr_registry_open_experiment(p->registry, "unit", &experiment, &error));
  o.kind = MR_RUN_KIND_EVALUATION;
  o.name = "holdout";
  OK(mr_experiment_start_run(experiment, &o, &run, &error));
  in.role = "candidate";
  in.run_id = mr_run_info(p->run)->id;
  OK(mr_run_log_input(run, &in, &error));
  OK(mr_run_log_metric(run, "auc", 1, 1, &error));
  OK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &error));
  mr_experiment_free(experiment);
  return run;
}

static void attach(const proposed *p, const char *text) {
  mr_error error = MR_ERROR_INIT;
  mr_gate *gate = NULL;
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  options.model = "m";
  OK(mr_gate_parse(text, &gate, &error));
  OK(mr_registry_attach_gate(p->registry, gate, &options, &error));
  mr_gate_free(gate);
}

/* An open request that waits for a check and has read an evaluation. */
static void propose(proposed *p) {
  mr_error error = MR_ERROR_INIT;
  p->registry = registry_open();
  p->run = registry_run(p->registry);
  registry_put(p->run, "a", "a");
  OK(mr_run_log_param(p->run, "lr", "1", &error));
  OK(mr_run_set_tag(p->run, "stage", "x", &error));
  OK(mr_run_log_metric(p->run, "x", 1, 1, &error));
  OK(mr_run_finish(p->run, MR_RUN_STATUS_FINISHED, &error));
  p->evaluation = evaluate(p);
  OK(mr_registry_create_model(p->registry, "m", NULL, &p->model, &error));
  attach(p, "e: evaluations.holdout.metrics.auc > 0\nc: checks.seen = 'passed'\n");
  OK(mr_model_promote(p->model, mr_run_info(p->run)->id, NULL, &p->request, &error));
  assert_int_equal(mr_request_info(p->request)->state, MR_REQUEST_STATE_OPEN);
}

static void drain(proposed *p) {
  mr_request_free(p->request);
  mr_run_free(p->run);
  mr_run_free(p->evaluation);
  mr_model_free(p->model);
  mr_registry_close(p->registry);
  assert_int_equal(mri_mem_live(), 0);
}

/* Whatever was sealed: a change of it is found before anything is judged. */
static void tampering_is_found(void **state) {
  (void)state;
  static const char *const changes[] = {
      "UPDATE param SET value = '2'",
      "UPDATE request_tag SET value = 'y' WHERE key = 'stage'",
      "UPDATE metric SET last_bits = 1, last_value = 9 WHERE key = 'x'",
      "UPDATE metric SET last_bits = 1, last_value = 9 WHERE key = 'auc'",
      "UPDATE artifact SET digest = zeroblob(32)",
      "DELETE FROM artifact",
      "DELETE FROM request_evaluation",
      "UPDATE run SET source_commit = 'abc' WHERE kind = 1",
      "UPDATE run SET status = 3 WHERE kind = 1",
      "UPDATE request SET candidate_digest = zeroblob(32)",
  };
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    proposed p;
    mr_error error = MR_ERROR_INIT;
    mr_request *now = NULL;
    propose(&p);
    OK(mr_run_log_check(p.run, "seen", MR_CHECK_RESULT_PASSED, NULL, &error));
    registry_execute(p.registry, changes[i]);
    mr_status status = mr_request_complete(p.request, NULL, &now, &error);
    if (status != MR_TAMPERED) fail_msg("%s: %s", changes[i], mr_status_name(status));
    registry_says(&error, mr_run_info(p.run)->id);
    registry_says(&error, mr_request_info(p.request)->id);
    assert_null(now);
    assert_int_equal(registry_number(p.registry, "SELECT count(*) FROM version"), 0);
    assert_int_equal(registry_number(p.registry, "SELECT count(*) FROM decision"), 1);
    OK(mr_request_withdraw(p.request, "tampered", &error));
    drain(&p);
  }
}

static mr_status complete(const proposed *p, mr_error *error) {
  mr_request *now = NULL;
  mr_status status = mr_request_complete(p->request, NULL, &now, error);
  mr_request_free(now);
  return status;
}

/* Rows that no release of the library writes. */
static void damage_is_found(void **state) {
  (void)state;
  static const char *const changes[] = {
      "DELETE FROM decision_rule; DELETE FROM decision",
      "UPDATE decision SET gate_digest = x'00'",
      "UPDATE request SET candidate_digest = x'00'",
      "UPDATE request SET gate_digest = x'00'",
  };
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    proposed p;
    mr_error error = MR_ERROR_INIT;
    propose(&p);
    if (i == 0) registry_execute(p.registry, "DELETE FROM decision_rule");
    registry_execute(p.registry, i == 0 ? "DELETE FROM decision" : changes[i]);
    assert_int_equal(complete(&p, &error), MR_CORRUPT);
    assert_int_equal(registry_number(p.registry, "SELECT count(*) FROM version"), 0);
    mr_request_page *page = NULL;
    mr_status listed = mr_registry_list_requests(p.registry, NULL, &page, &error);
    assert_int_equal(listed, i < 2 ? MR_OK : MR_CORRUPT);
    mr_request_page_free(page);
    drain(&p);
  }
}

/* A channel gets what was promoted, or nothing. */
static void a_changed_version_does_not_move(void **state) {
  (void)state;
  static const char *const changes[] = {
      "UPDATE artifact SET size = size + 1",
      ("UPDATE artifact SET digest = x'00000000000000000000000000000000"
       "00000000000000000000000000000000'"),
      "UPDATE param SET value = '2'",
      "INSERT INTO param (run_id, key, value) SELECT run_id, 'zz', '1' FROM version",
  };
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    proposed p;
    mr_error error = MR_ERROR_INIT;
    mr_request *moved = NULL;
    mr_move_options move = MR_MOVE_OPTIONS_INIT;
    propose(&p);
    OK(mr_run_log_check(p.run, "seen", MR_CHECK_RESULT_PASSED, NULL, &error));
    OK(complete(&p, &error));
    OK(mr_model_create_channel(p.model, "live", &error));
    move.channel = "live";
    move.version = "1.0.0";
    move.expected = "none";
    registry_execute(p.registry, changes[i]);
    assert_int_equal(mr_model_move_channel(p.model, &move, &moved, &error), MR_TAMPERED);
    registry_says(&error, "m@1.0.0");
    assert_int_equal(registry_number(p.registry, "SELECT count(*) FROM channel_move"), 0);
    drain(&p);
  }
}

/* A run that became a version behind an open request, as by a request of an older library. */
static void the_run_became_a_version(void **state) {
  (void)state;
  proposed p;
  mr_error error = MR_ERROR_INIT;
  mr_request *other = NULL;
  propose(&p);
  registry_execute(p.registry, "UPDATE request SET state = 4");
  attach(&p, "e: evaluations.holdout.metrics.auc > 0\n");
  OK(mr_model_promote(p.model, mr_run_info(p.run)->id, NULL, &other, &error));
  assert_int_equal(mr_request_info(other)->state, MR_REQUEST_STATE_ACCEPTED);
  registry_execute(p.registry, "UPDATE request SET state = 1 WHERE id = 1");
  assert_int_equal(complete(&p, &error), MR_ALREADY_EXISTS);
  registry_says(&error, "m@1.0.0");
  assert_int_equal(registry_number(p.registry, "SELECT count(*) FROM version"), 1);
  mr_request_free(other);
  drain(&p);
}

static int64_t rows(mr_registry *registry) {
  return registry_number(registry, "SELECT (SELECT count(*) FROM request) * 1000000 + "
                                   "(SELECT count(*) FROM decision) * 10000 + "
                                   "(SELECT count(*) FROM request_evaluation) * 100 + "
                                   "(SELECT count(*) FROM version)");
}

/* Nothing has changed since it was judged, so this changes nothing either. */
static bool complete_once(void *ctx) {
  const proposed *p = ctx;
  mr_error error = MR_ERROR_INIT;
  mr_request *now = NULL;
  mr_status status = mr_request_complete(p->request, NULL, &now, &error);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  mr_request_free(now);
  return status == MR_OK;
}

static bool try_once(void *ctx) {
  const proposed *p = ctx;
  mr_error error = MR_ERROR_INIT;
  mr_decision *decision = NULL;
  mr_evaluate_options o = MR_EVALUATE_OPTIONS_INIT;
  o.model = "m";
  o.run_id = mr_run_info(p->run)->id;
  mr_status status = mr_registry_evaluate_gate(p->registry, NULL, &o, &decision, &error);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  assert_int_equal(decision != NULL, status == MR_OK);
  mr_decision_free(decision);
  return status == MR_OK;
}

static void memory_runs_out(void **state) {
  (void)state;
  proposed p;
  propose(&p);
  assert_true(try_once(&p));
  assert_true(unit_fail_allocations(try_once, &p) > 8);
  assert_true(complete_once(&p));
  assert_true(unit_fail_allocations(complete_once, &p) > 8);
  assert_int_equal(registry_number(p.registry, "SELECT count(*) FROM decision"), 1);
  drain(&p);
}

/* All or nothing: what fails has left no row, and the next try works. */
static void memory_runs_out_at_the_end(void **state) {
  (void)state;
  bool failed = true;
  int64_t n = 1;
  for (; failed; n++) {
    proposed p;
    mr_error error = MR_ERROR_INIT;
    propose(&p);
    OK(mr_run_log_check(p.run, "seen", MR_CHECK_RESULT_PASSED, NULL, &error));
    int64_t before = rows(p.registry);
    mri_mem_test_fail(n, false);
    mr_status status = complete(&p, &error);
    failed = mri_mem_test_failed();
    mri_mem_test_fail(0, false);
    assert_int_equal(status, failed ? MR_NO_MEMORY : MR_OK);
    if (failed) assert_int_equal(rows(p.registry), before);
    OK(complete(&p, &error));
    assert_int_equal(registry_number(p.registry, "SELECT count(*) FROM version"), 1);
    assert_int_equal(registry_number(p.registry, "SELECT count(*) FROM decision"), 2);
    drain(&p);
  }
  assert_true(n > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tampering_is_found),
      cmocka_unit_test(damage_is_found),
      cmocka_unit_test(a_changed_version_does_not_move),
      cmocka_unit_test(the_run_became_a_version),
      cmocka_unit_test(memory_runs_out),
      cmocka_unit_test(memory_runs_out_at_the_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
