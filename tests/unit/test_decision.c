/* SPDX-License-Identifier: Apache-2.0 */
#include "registry_test.h"

#include "registry/decide.h"
#include "registry/request_row.h"

typedef struct decided {
  mr_registry *registry;
  mr_request *request;
} decided;

static void decide(decided *d, const char *gate_text) {
  mr_error error = MR_ERROR_INIT;
  mr_gate *gate = NULL;
  mr_model *model = NULL;
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  d->registry = registry_open();
  mr_run *run = registry_run(d->registry);
  registry_put(run, "a", "a");
  OK(mr_run_log_metric(run, "x", 1, 1, &error));
  OK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &error));
  OK(mr_registry_create_model(d->registry, "m", NULL, &model, &error));
  OK(mr_gate_parse(gate_text, &gate, &error));
  options.model = "m";
  OK(mr_registry_attach_gate(d->registry, gate, &options, &error));
  OK(mr_model_promote(model, mr_run_info(run)->id, NULL, &d->request, &error));
  mr_gate_free(gate);
  mr_model_free(model);
  mr_run_free(run);
}

static void drain(decided *d) {
  mr_request_free(d->request);
  mr_registry_close(d->registry);
  assert_int_equal(mri_mem_live(), 0);
}

static void failure_names_the_first_rule(void **state) {
  (void)state;
  static const struct {
    const char *gate;
    mr_status status;
    const char *message;
  } cases[] = {
      {"a: metrics.x > 0\nb: metrics.x > 2", MR_GATE_FAILED,
       "what: rule 'b' failed: metrics.x is 1, not > 2"},
      {"a: metrics.x > 3\nb: metrics.x > 2", MR_GATE_FAILED,
       "what: rule 'a' failed: metrics.x is 1, not > 3, and 1 more rule"},
      {"a: metrics.y > 3\nb: metrics.x > 2\nc: metrics.x > 0\nd: metrics.z IS NOT NULL",
       MR_GATE_FAILED, "what: rule 'a' failed: metrics.y is missing, and 2 more rules"},
      {"a: approvals.risk > 0\nb: metrics.x > 2\nc: checks.y = 'passed'", MR_GATE_FAILED,
       "what: rule 'b' failed: metrics.x is 1, not > 2"},
      {"a: metrics.x > 0\nb: checks.y = 'passed'", MR_GATE_PENDING,
       "what: rule 'b' is pending: checks.y is missing"},
      {"a: checks.z = 'passed'\nb: checks.y = 'passed'", MR_GATE_PENDING,
       "what: rule 'a' is pending: checks.z is missing, and 1 more rule"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    decided d;
    mri_judgement judgement;
    mr_error error = MR_ERROR_INIT;
    decide(&d, cases[i].gate);
    mri_judgement_init(&judgement, mri_mem_default());
    mri_tx *tx = registry_begin(d.registry, MRI_TX_READ);
    OK(mri_judgement_read(tx, d.request->id, 0, &judgement, &error));
    registry_end(tx);
    assert_int_equal(mri_judgement_failure(&judgement, "what", &error), cases[i].status);
    assert_string_equal(error.message, cases[i].message);
    mri_judgement_destroy(&judgement);
    drain(&d);
  }
}

/* A refused request whose rules all passed was not written by this library. */
static void damage_is_found(void **state) {
  (void)state;
  decided d;
  mr_decision *decision = NULL;
  mr_version *version = NULL;
  mr_error error = MR_ERROR_INIT;
  decide(&d, "a: metrics.x > 2");
  registry_execute(d.registry, "UPDATE decision_rule SET verdict = 1");
  assert_int_equal(mr_request_version(d.request, &version, &error), MR_CORRUPT);
  registry_execute(d.registry, "DELETE FROM decision_rule");
  registry_execute(d.registry, "DELETE FROM decision");
  assert_int_equal(mr_request_decision(d.request, &decision, &error), MR_CORRUPT);
  assert_null(decision);
  assert_null(version);
  drain(&d);
}

static bool read_once(void *ctx) {
  const decided *d = ctx;
  mr_decision *decision = NULL;
  mr_buffer *text = NULL;
  mr_buffer *json = NULL;
  mr_version *version = NULL;
  mr_error error = MR_ERROR_INIT;
  mr_status status = mr_request_decision(d->request, &decision, &error);
  if (status == MR_OK) status = mr_decision_text(decision, &text, &error);
  if (status == MR_OK) status = mr_decision_json(decision, &json, &error);
  if (status == MR_OK) {
    status = mr_request_version(d->request, &version, &error);
    if (status == MR_GATE_FAILED) status = MR_OK;
  }
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  mr_buffer_free(text);
  mr_buffer_free(json);
  mr_decision_free(decision);
  return status == MR_OK;
}

static void memory_runs_out(void **state) {
  (void)state;
  decided d;
  decide(&d, "a: metrics.x > 2\nb: metrics.x > 0");
  assert_true(read_once(&d));
  assert_true(unit_fail_allocations(read_once, &d) > 8);
  drain(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(failure_names_the_first_rule),
      cmocka_unit_test(damage_is_found),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
