/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that stay open: completing and withdrawing them. */
#include "contract.h"

#include <pthread.h>

static mr_run *ready(const contract *c, double accuracy) {
  mr_run *run = contract_trained(c, accuracy);
  contract_finish(run);
  return run;
}

static mr_request *propose(mr_model *model, mr_run *run, const mr_promote_options *options,
                           mr_request_state state) {
  mr_request *request = NULL;
  OK(mr_model_promote(model, mr_run_info(run)->id, options, &request, &error));
  assert_int_equal(mr_request_info(request)->state, state);
  return request;
}

static void report(mr_run *run, const char *name, mr_check_result result) {
  OK(mr_run_log_check(run, name, result, NULL, &error));
}

/* There are exactly so many decisions, and the last is the one that counts. */
static void decided(mr_request *request, int64_t count, mr_verdict verdict) {
  mr_decision *decision = NULL;
  for (int64_t i = 1; i <= count; i++) {
    OK(mr_request_open_decision(request, i, &decision, &error));
    assert_int_equal(mr_decision_info(decision)->sequence, i);
    assert_string_equal(mr_decision_info(decision)->request_id, mr_request_info(request)->id);
    if (i == count) assert_int_equal(mr_decision_info(decision)->verdict, verdict);
    mr_decision_free(decision);
  }
  decision = NULL;
  REFUSED(MR_NOT_FOUND, "decision",
          mr_request_open_decision(request, count + 1, &decision, &error));
  assert_null(decision);
  OK(mr_request_decision(request, &decision, &error));
  assert_int_equal(mr_decision_info(decision)->sequence, count);
  mr_decision_free(decision);
}

static void has_number(const char *version, const char *number) {
  char core[300];
  assert_string_equal(contract_core(version, core), number);
}

static void a_check_that_is_missing_so_far(void **state) {
  contract *c = *state;
  mr_version *version = NULL;
  int32_t sealed = 0;
  char gate[DIGEST_TEXT];
  mr_model *model = contract_model(c, "m");
  mr_run *run = ready(c, 0.9);
  contract_attach(c, "m", NULL, "a: metrics.accuracy > 0.5\nbias: checks.bias = 'passed'\n");
  mr_request *request = propose(model, run, NULL, MR_REQUEST_STATE_OPEN);
  mr_request *old = NULL;
  OK(mr_registry_open_request(c->registry, mr_request_info(request)->id, &old, &error));
  const mr_request_record *r = mr_request_info(old);
  assert_null(r->closed_by);
  assert_null(r->closed_reason);
  assert_null(r->expected);
  assert_int_equal(r->closed_us, 0);
  has_number(r->version, "1.0.0");
  (void)snprintf(gate, sizeof gate, "%s", r->gate_digest);
  REFUSED(MR_GATE_PENDING, "'bias' is pending|checks.bias is missing|m",
          mr_request_version(request, &version, &error));
  HAS(error.message, mr_run_info(run)->id);
  assert_null(strstr(error.message, "more"));
  REFUSED(MR_NOT_FOUND, "1.0.0", mr_model_open_version(model, "1.0.0", &version, &error));
  contract_run_status(c, mr_run_info(run)->id, &sealed);
  assert_int_equal(sealed, 1);
  /* Judging again what has not changed leaves no trace. */
  decided(request, 1, MR_VERDICT_PENDING);
  for (int i = 0; i < 2; i++) contract_completed(&request, MR_REQUEST_STATE_OPEN);
  decided(request, 1, MR_VERDICT_PENDING);
  report(run, "bias", MR_CHECK_RESULT_PASSED);
  r = contract_completed(&request, MR_REQUEST_STATE_ACCEPTED);
  assert_string_equal(r->closed_by, "tester");
  assert_null(r->closed_reason);
  assert_true(r->closed_us > r->created_us);
  assert_string_equal(r->gate_digest, gate);
  decided(request, 2, MR_VERDICT_PASSED);
  /* A handle of before is asked for what is now. */
  OK(mr_request_version(old, &version, &error));
  assert_string_equal(mr_version_info(version)->number, r->version);
  assert_string_equal(mr_version_info(version)->request_id, r->id);
  assert_int_equal(mr_version_info(version)->created_us, r->closed_us);
  mr_version_free(version);
  assert_int_equal(mr_request_info(old)->state, MR_REQUEST_STATE_OPEN);
  /* A repeat is harmless, also of what would be refused now. */
  report(run, "bias", MR_CHECK_RESULT_FAILED);
  OK(contract_complete(old, &error));
  contract_completed(&old, MR_REQUEST_STATE_ACCEPTED);
  decided(old, 2, MR_VERDICT_PASSED);
  contract_resolves(c, "m", "1.0.0");
  mr_request_free(old);
  mr_request_free(request);
  mr_run_free(run);
  mr_model_free(model);
}

static void a_failed_check_refuses(void **state) {
  contract *c = *state;
  mr_version *version = NULL;
  mr_model *model = contract_model(c, "m");
  mr_run *run = ready(c, 0.9);
  contract_attach(c, "m", NULL, "bias: checks.bias = 'passed'\nrisk: approvals.risk >= 1\n");
  mr_request *request = propose(model, run, NULL, MR_REQUEST_STATE_OPEN);
  REFUSED(MR_GATE_PENDING, "'bias'|and 1 more rule", mr_request_version(request, &version, &error));
  report(run, "bias", MR_CHECK_RESULT_FAILED);
  const mr_request_record *r = contract_completed(&request, MR_REQUEST_STATE_REFUSED);
  assert_string_equal(r->closed_by, "tester");
  assert_true(r->closed_us > 0);
  REFUSED(MR_GATE_FAILED, "refused|'bias' failed|'failed'",
          mr_request_version(request, &version, &error));
  assert_null(strstr(error.message, "more")); /* the other is pending, which refuses nothing */
  decided(request, 2, MR_VERDICT_FAILED);
  report(run, "bias", MR_CHECK_RESULT_PASSED);
  contract_completed(&request, MR_REQUEST_STATE_REFUSED);
  decided(request, 2, MR_VERDICT_FAILED);
  assert_null(version);
  mr_request_free(request);
  /* The run may be proposed again, which is another request. */
  request = propose(model, run, NULL, MR_REQUEST_STATE_OPEN);
  mr_request_free(request);
  mr_run_free(run);
  mr_model_free(model);
}

/* What is false for good refuses at once, whatever else is pending. */
static void a_failed_rule_beats_pending_ones(void **state) {
  contract *c = *state;
  mr_version *version = NULL;
  mr_model *model = contract_model(c, "m");
  mr_run *run = ready(c, 0.9);
  contract_attach(c, NULL, NULL, "risk: approvals.risk >= 1\n");
  contract_attach(c, "m", NULL, "good: metrics.accuracy > 0.95\nbias: checks.bias = 'passed'\n");
  mr_request *request = propose(model, run, NULL, MR_REQUEST_STATE_REFUSED);
  REFUSED(MR_GATE_FAILED, "'good' failed", mr_request_version(request, &version, &error));
  assert_null(strstr(error.message, "more"));
  assert_null(version);
  mr_request_free(request);
  mr_run_free(run);
  mr_model_free(model);
}

static void withdraws(void **state) {
  contract *c = *state;
  mr_version *version = NULL;
  mr_model *model = contract_model(c, "m");
  mr_run *run = ready(c, 0.9);
  contract_attach(c, "m", NULL, "risk: approvals.risk >= 1\n");
  mr_request *request = propose(model, run, NULL, MR_REQUEST_STATE_OPEN);
  REFUSED(MR_INVALID_ARGUMENT, "reason", mr_request_withdraw(request, "\x01", &error));
  REFUSED(MR_INVALID_ARGUMENT, "request", mr_request_withdraw(NULL, NULL, &error));
  contract_completed(&request, MR_REQUEST_STATE_OPEN);
  OK(mr_request_withdraw(request, "wrong\nrun", &error));
  OK(mr_request_withdraw(request, "again", &error)); /* changes nothing */
  const mr_request_record *r = contract_completed(&request, MR_REQUEST_STATE_WITHDRAWN);
  assert_string_equal(r->closed_by, "tester");
  assert_string_equal(r->closed_reason, "wrong\nrun");
  assert_true(r->closed_us > r->created_us);
  REFUSED(MR_CONFLICT, "withdrawn|tester", mr_request_version(request, &version, &error));
  HAS(error.message, r->id);
  decided(request, 1, MR_VERDICT_PENDING);
  mr_request_free(request);
  /* Neither what is accepted nor what is refused can be withdrawn. */
  contract_attach(c, "m", NULL, "good: metrics.accuracy > 0.5\n");
  request = propose(model, run, NULL, MR_REQUEST_STATE_ACCEPTED);
  REFUSED(MR_CONFLICT, "accepted", mr_request_withdraw(request, NULL, &error));
  mr_request_free(request);
  mr_run_free(run);
  run = ready(c, 0.1);
  request = propose(model, run, NULL, MR_REQUEST_STATE_REFUSED);
  REFUSED(MR_CONFLICT, "refused", mr_request_withdraw(request, "x", &error));
  assert_null(version);
  mr_request_free(request);
  mr_run_free(run);
  mr_model_free(model);
}

static void is_proposed_once_at_a_time(void **state) {
  contract *c = *state;
  mr_request *again = NULL;
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_model *model = contract_model(c, "m");
  mr_model *other = contract_model(c, "n");
  mr_run *run = contract_trained(c, 0.9);
  contract_put(run, "folder/a", "a");
  contract_finish(run);
  const char *id = mr_run_info(run)->id;
  contract_attach(c, NULL, NULL, "risk: approvals.risk >= 1\n");
  mr_request *request = propose(model, run, NULL, MR_REQUEST_STATE_OPEN);
  REFUSED(MR_ALREADY_EXISTS, mr_request_info(request)->id,
          mr_model_promote(model, id, NULL, &again, &error));
  HAS(error.message, "complete or withdraw");
  o.version = "7.0.0";
  REFUSED(MR_ALREADY_EXISTS, mr_request_info(request)->id,
          mr_model_promote(model, id, &o, &again, &error));
  o.artifact_path = "folder";
  mr_request_free(propose(model, run, &o, MR_REQUEST_STATE_OPEN));
  mr_request_free(propose(other, run, NULL, MR_REQUEST_STATE_OPEN));
  OK(mr_request_withdraw(request, NULL, &error));
  mr_request_free(request);
  mr_request_free(propose(model, run, NULL, MR_REQUEST_STATE_OPEN));
  assert_null(again);
  mr_run_free(run);
  mr_model_free(model);
  mr_model_free(other);
}

/* A repeat finds the request of the first, whatever became of it. */
static void op_ids_in_every_state(void **state) {
  contract *c = *state;
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_model *model = contract_model(c, "m");
  mr_run *run = ready(c, 0.9);
  char first[40];
  contract_attach(c, "m", NULL, "bias: checks.bias = 'passed'\n");
  o.op_id = "a";
  mr_request *request = propose(model, run, &o, MR_REQUEST_STATE_OPEN);
  (void)snprintf(first, sizeof first, "%s", mr_request_info(request)->id);
  for (int i = 0; i < 3; i++) {
    static const mr_request_state states[] = {MR_REQUEST_STATE_OPEN, MR_REQUEST_STATE_WITHDRAWN,
                                              MR_REQUEST_STATE_ACCEPTED};
    mr_request *repeat = propose(model, run, &o, states[i]);
    assert_string_equal(mr_request_info(repeat)->id, first);
    mr_request_free(repeat);
    if (i == 0) OK(mr_request_withdraw(request, NULL, &error));
    if (i != 1) continue;
    mr_request_free(request);
    o.op_id = "b";
    request = propose(model, run, &o, MR_REQUEST_STATE_OPEN);
    (void)snprintf(first, sizeof first, "%s", mr_request_info(request)->id);
    report(run, "bias", MR_CHECK_RESULT_PASSED);
    contract_completed(&request, MR_REQUEST_STATE_ACCEPTED);
  }
  mr_request_free(request);
  mr_run_free(run);
  mr_model_free(model);
}

static void a_bump_is_raised_anew(void **state) {
  contract *c = *state;
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_version *version = NULL;
  mr_model *model = contract_model(c, "m");
  mr_run *runs[] = {ready(c, 0.9), ready(c, 0.9), ready(c, 0.9)};
  mr_request *requests[3];
  contract_attach(c, "m", NULL, "bias: checks.bias = 'passed'\n");
  for (int i = 0; i < 3; i++) {
    if (i == 2) {
      o.line = "3.1";
      o.bump = MR_BUMP_PRERELEASE;
      o.prerelease_id = "rc";
    }
    requests[i] = propose(model, runs[i], &o, MR_REQUEST_STATE_OPEN);
    has_number(mr_request_info(requests[i])->version, i == 2 ? "3.1.0-rc.0" : "1.0.0");
    report(runs[i], "bias", MR_CHECK_RESULT_PASSED);
  }
  static const char *const numbers[] = {"1.1.0", "1.0.0", "3.1.0-rc.0"};
  static const int order[] = {1, 0, 2};
  for (int i = 0; i < 3; i++) {
    int k = order[i];
    has_number(contract_completed(&requests[k], MR_REQUEST_STATE_ACCEPTED)->version, numbers[k]);
    OK(mr_request_version(requests[k], &version, &error));
    has_number(mr_version_info(version)->number, numbers[k]);
    assert_string_equal(mr_version_info(version)->run_id, mr_run_info(runs[k])->id);
    mr_version_free(version);
  }
  for (int i = 0; i < 3; i++) {
    mr_request_free(requests[i]);
    mr_run_free(runs[i]);
  }
  mr_model_free(model);
}

static void a_number_is_taken_meanwhile(void **state) {
  contract *c = *state;
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_request *now = NULL;
  mr_model *model = contract_model(c, "m");
  mr_run *late = ready(c, 0.9);
  mr_run *early = ready(c, 0.9);
  contract_attach(c, "m", NULL, "bias: checks.bias = 'passed'\n");
  report(early, "bias", MR_CHECK_RESULT_PASSED);
  o.version = "2.0.0";
  mr_request *request = propose(model, late, &o, MR_REQUEST_STATE_OPEN);
  mr_request_free(propose(model, early, &o, MR_REQUEST_STATE_ACCEPTED));
  report(late, "bias", MR_CHECK_RESULT_PASSED);
  REFUSED(MR_ALREADY_EXISTS, "m@2.0.0", mr_request_complete(request, NULL, &now, &error));
  HAS(error.message, mr_run_info(early)->id);
  assert_null(now);
  decided(request, 1, MR_VERDICT_PENDING);
  OK(mr_request_withdraw(request, "taken", &error));
  contract_completed(&request, MR_REQUEST_STATE_WITHDRAWN);
  mr_request_free(request);
  mr_run_free(late);
  mr_run_free(early);
  mr_model_free(model);
}

/* The gates that are attached now judge. */
static void gates_change_meanwhile(void **state) {
  contract *c = *state;
  char digest[DIGEST_TEXT];
  mr_decision *decision = NULL;
  mr_model *model = contract_model(c, "m");
  mr_run *run = ready(c, 0.9);
  contract_attach(c, "m", NULL, "risk: approvals.risk >= 1\n");
  mr_request *request = propose(model, run, NULL, MR_REQUEST_STATE_OPEN);
  (void)snprintf(digest, sizeof digest, "%s", mr_request_info(request)->gate_digest);
  contract_attach(c, NULL, NULL, "bias: checks.bias = 'passed'\n");
  const mr_request_record *r = contract_completed(&request, MR_REQUEST_STATE_OPEN);
  assert_string_not_equal(r->gate_digest, digest);
  assert_int_equal(r->closed_us, 0);
  decided(request, 2, MR_VERDICT_PENDING);
  contract_attach(c, "m", NULL, "");
  report(run, "bias", MR_CHECK_RESULT_PASSED);
  contract_completed(&request, MR_REQUEST_STATE_ACCEPTED);
  decided(request, 3, MR_VERDICT_PASSED);
  /* Each decision says by which gates it was made. */
  OK(mr_request_open_decision(request, 1, &decision, &error));
  assert_string_equal(mr_decision_info(decision)->gate_digest, digest);
  assert_int_equal(mr_decision_info(decision)->rule_count, 1);
  mr_decision_free(decision);
  OK(mr_request_open_decision(request, 3, &decision, &error));
  assert_string_equal(mr_decision_info(decision)->gate_digest,
                      mr_request_info(request)->gate_digest);
  assert_string_equal(mr_decision_at(decision, 0)->name, "bias");
  mr_decision_free(decision);
  mr_request_free(request);
  mr_run_free(run);
  mr_model_free(model);
}

/* Somebody else got there first: the candidate is compared with that version. */
static void the_incumbent_changes_meanwhile(void **state) {
  contract *c = *state;
  mr_decision *decision = NULL;
  mr_model *model = contract_model(c, "m");
  mr_run *slow = ready(c, 0.9);
  mr_run *fast = ready(c, 0.95);
  contract_attach(c, "m", NULL,
                  "better: incumbent IS NULL OR metrics.accuracy > incumbent.metrics.accuracy\n"
                  "bias: checks.bias = 'passed'\n");
  mr_request *request = propose(model, slow, NULL, MR_REQUEST_STATE_OPEN);
  report(fast, "bias", MR_CHECK_RESULT_PASSED);
  mr_request_free(propose(model, fast, NULL, MR_REQUEST_STATE_ACCEPTED));
  report(slow, "bias", MR_CHECK_RESULT_PASSED);
  has_number(contract_completed(&request, MR_REQUEST_STATE_REFUSED)->version, "1.1.0");
  OK(mr_request_open_decision(request, 1, &decision, &error));
  assert_null(mr_decision_info(decision)->incumbent);
  mr_decision_free(decision);
  OK(mr_request_decision(request, &decision, &error));
  has_number(mr_decision_info(decision)->incumbent, "1.0.0");
  mr_decision_free(decision);
  mr_request_free(request);
  mr_run_free(slow);
  mr_run_free(fast);
  mr_model_free(model);
}

static mr_run *evaluate(const contract *c, const mr_run *run, double auc) {
  mr_run *evaluation = NULL;
  mr_run_options o = MR_RUN_OPTIONS_INIT;
  mr_input_options in = MR_INPUT_OPTIONS_INIT;
  mr_experiment *experiment = contract_experiment(c, "evaluation");
  o.kind = MR_RUN_KIND_EVALUATION;
  o.name = "holdout";
  OK(mr_experiment_start_run(experiment, &o, &evaluation, &error));
  in.role = "candidate";
  in.run_id = mr_run_info(run)->id;
  OK(mr_run_log_input(evaluation, &in, &error));
  OK(mr_run_log_metric(evaluation, "auc", auc, 1, &error));
  contract_finish(evaluation);
  mr_experiment_free(experiment);
  return evaluation;
}

/* What was sealed is judged as it was sealed: its tags, and the evaluation that was read. */
static void what_is_sealed_stays(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_run *run = contract_trained(c, 0.9);
  OK(mr_run_set_tag(run, "stage", "good", &error));
  contract_finish(run);
  mr_run *first = evaluate(c, run, 0.95);
  contract_attach(c, "m", NULL,
                  "tag: tags.stage = 'good'\nheld: evaluations.holdout.metrics.auc > 0.9\n"
                  "bias: checks.bias = 'passed'\n");
  mr_request *request = propose(model, run, NULL, MR_REQUEST_STATE_OPEN);
  REFUSED(MR_CONFLICT, "sealed", mr_run_log_metric(first, "auc", 1, 2, &error));
  OK(mr_run_set_tag(run, "stage", "bad", &error));
  mr_run *second = evaluate(c, run, 0.1);
  contract_completed(&request, MR_REQUEST_STATE_OPEN);
  decided(request, 1, MR_VERDICT_PENDING);
  report(run, "bias", MR_CHECK_RESULT_PASSED);
  contract_completed(&request, MR_REQUEST_STATE_ACCEPTED);
  OK(mr_run_log_metric(second, "auc", 1, 2, &error)); /* was not read */
  mr_request_free(request);
  mr_run_free(first);
  mr_run_free(second);
  mr_run_free(run);
  mr_model_free(model);
}

/* An evaluation that comes in later is read, and sealed then. */
static void a_later_evaluation_is_sealed(void **state) {
  contract *c = *state;
  char digest[DIGEST_TEXT];
  mr_model *model = contract_model(c, "m");
  mr_run *run = ready(c, 0.9);
  contract_attach(c, "m", NULL,
                  "held: evaluations.holdout.metrics.auc > 0.9\nbias: checks.bias = 'passed'\n");
  mr_request *request = propose(model, run, NULL, MR_REQUEST_STATE_OPEN);
  (void)snprintf(digest, sizeof digest, "%s", mr_request_info(request)->candidate_digest);
  mr_run *evaluation = evaluate(c, run, 0.95);
  const mr_request_record *r = contract_completed(&request, MR_REQUEST_STATE_OPEN);
  assert_string_not_equal(r->candidate_digest, digest);
  (void)snprintf(digest, sizeof digest, "%s", r->candidate_digest);
  decided(request, 2, MR_VERDICT_PENDING);
  REFUSED(MR_CONFLICT, "sealed", mr_run_log_metric(evaluation, "auc", 0, 2, &error));
  report(run, "bias", MR_CHECK_RESULT_PASSED);
  assert_string_equal(contract_completed(&request, MR_REQUEST_STATE_ACCEPTED)->candidate_digest,
                      digest);
  mr_request_free(request);
  mr_run_free(evaluation);
  mr_run_free(run);
  mr_model_free(model);
}

static void a_deleted_version_frees_its_run(void **state) {
  contract *c = *state;
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_request *again = NULL;
  mr_version *version = NULL;
  mr_model *model = contract_model(c, "m");
  mr_run *run = ready(c, 0.9);
  const char *id = mr_run_info(run)->id;
  mr_request *request = propose(model, run, NULL, MR_REQUEST_STATE_ACCEPTED);
  OK(mr_request_version(request, &version, &error));
  OK(mr_version_delete(version, "wrong data", &error));
  mr_version_free(version);
  version = NULL;
  REFUSED(MR_NOT_FOUND, "1.0.0", mr_request_version(request, &version, &error));
  mr_request_free(request);
  o.version = "1.0.0";
  REFUSED(MR_ALREADY_EXISTS, "m@1.0.0|deleted", mr_model_promote(model, id, &o, &again, &error));
  request = propose(model, run, NULL, MR_REQUEST_STATE_ACCEPTED);
  has_number(mr_request_info(request)->version, "1.1.0");
  REFUSED(MR_ALREADY_EXISTS, "m@1.1.0", mr_model_promote(model, id, NULL, &again, &error));
  assert_null(again);
  assert_null(version);
  mr_request_free(request);
  mr_run_free(run);
  mr_model_free(model);
}

enum { COMPLETERS = 4 };

typedef struct completer {
  mr_request *request;
  mr_status status;
  mr_request_state state;
} completer;

static void *complete_one(void *argument) {
  completer *w = argument;
  mr_request *now = NULL;
  w->status = mr_request_complete(w->request, NULL, &now, NULL);
  if (w->status == MR_OK) w->state = mr_request_info(now)->state;
  mr_request_free(now);
  return NULL;
}

/* Whoever comes first makes the version; the others find it made. */
static void many_complete_at_once(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_registry *second = c->driver->shared ? contract_second(c) : NULL;
  contract_attach(c, "m", NULL, "bias: checks.bias = 'passed'\n");
  for (int64_t round = contract_scale(20, 3); round > 0; round--) {
    completer completers[COMPLETERS] = {{NULL, MR_OK, 0}};
    pthread_t threads[COMPLETERS];
    mr_run *run = ready(c, 0.9);
    mr_request *request = propose(model, run, NULL, MR_REQUEST_STATE_OPEN);
    report(run, "bias", MR_CHECK_RESULT_PASSED);
    for (int i = 0; i < COMPLETERS; i++) {
      OK(mr_registry_open_request(second != NULL && i % 2 == 1 ? second : c->registry,
                                  mr_request_info(request)->id, &completers[i].request, &error));
    }
    for (int i = 0; i < COMPLETERS; i++) {
      assert_int_equal(pthread_create(&threads[i], NULL, complete_one, &completers[i]), 0);
    }
    for (int i = 0; i < COMPLETERS; i++) {
      assert_int_equal(pthread_join(threads[i], NULL), 0);
      assert_int_equal(completers[i].status, MR_OK);
      assert_int_equal(completers[i].state, MR_REQUEST_STATE_ACCEPTED);
      mr_request_free(completers[i].request);
    }
    decided(request, 2, MR_VERDICT_PASSED);
    mr_request_free(request);
    mr_run_free(run);
  }
  mr_version_page *page = NULL;
  OK(mr_model_list_versions(model, NULL, &page, &error));
  assert_int_equal(mr_version_page_count(page), contract_scale(20, 3));
  mr_version_page_free(page);
  mr_registry_close(second);
  mr_model_free(model);
}

static void completing_refuses(void **state) {
  contract *c = *state;
  mr_request *now = NULL;
  mr_decision *decision = NULL;
  mr_complete_options o = MR_COMPLETE_OPTIONS_INIT;
  mr_cancel *cancel = NULL;
  mr_model *model = contract_model(c, "m");
  mr_run *run = ready(c, 0.9);
  contract_attach(c, "m", NULL, "bias: checks.bias = 'passed'\n");
  mr_request *request = propose(model, run, NULL, MR_REQUEST_STATE_OPEN);
  report(run, "bias", MR_CHECK_RESULT_PASSED);
  REFUSED(MR_INVALID_ARGUMENT, "request", mr_request_complete(NULL, NULL, &now, &error));
  o.reserved = 1;
  REFUSED(MR_ABI_MISMATCH, "mr_complete_options.reserved",
          mr_request_complete(request, &o, &now, &error));
  o.reserved = 0;
  o.struct_size = 1;
  REFUSED(MR_ABI_MISMATCH, "mr_complete_options", mr_request_complete(request, &o, &now, &error));
  o.struct_size = sizeof o;
  OK(mr_cancel_new(&cancel, &error));
  mr_cancel_trigger(cancel);
  o.cancel = cancel;
  REFUSED(MR_CANCELLED, "cancel", mr_request_complete(request, &o, &now, &error));
  mr_cancel_free(cancel);
  REFUSED(MR_INVALID_ARGUMENT, "request", mr_request_open_decision(NULL, 1, &decision, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_decision", mr_request_open_decision(request, 1, NULL, &error));
  static const int64_t none[] = {0, -1, INT64_MIN, INT64_MAX};
  for (size_t i = 0; i < 4; i++) {
    REFUSED(MR_NOT_FOUND, "decision",
            mr_request_open_decision(request, none[i], &decision, &error));
  }
  assert_null(decision);
  assert_null(now);
  decided(request, 1, MR_VERDICT_PENDING);
  mr_request_free(request);
  mr_run_free(run);
  mr_model_free(model);
}

int contract_completion_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_check_that_is_missing_so_far),
      TEST(a_failed_check_refuses),
      TEST(a_failed_rule_beats_pending_ones),
      TEST(withdraws),
      TEST(is_proposed_once_at_a_time),
      TEST(op_ids_in_every_state),
      TEST(a_bump_is_raised_anew),
      TEST(a_number_is_taken_meanwhile),
      TEST(gates_change_meanwhile),
      TEST(the_incumbent_changes_meanwhile),
      TEST(what_is_sealed_stays),
      TEST(a_later_evaluation_is_sealed),
      TEST(a_deleted_version_frees_its_run),
      TEST(many_complete_at_once),
      TEST(completing_refuses),
  };
  return GROUP("completion", tests);
}
