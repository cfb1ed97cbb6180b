/* SPDX-License-Identifier: Apache-2.0 */
/* What a request keeps of its candidate: tags as they were, the evaluations that were read, and a
 * digest over all. */
#include "contract.h"

static mr_run *evaluation_of(const contract *c, const char *name, const mr_run *run, double auc) {
  mr_run *e = NULL;
  mr_run_options o = MR_RUN_OPTIONS_INIT;
  mr_input_options in = MR_INPUT_OPTIONS_INIT;
  mr_experiment *experiment = contract_experiment(c, "evaluation");
  o.kind = MR_RUN_KIND_EVALUATION;
  o.name = name;
  OK(mr_experiment_start_run(experiment, &o, &e, &error));
  mr_experiment_free(experiment);
  in.role = "candidate";
  in.run_id = mr_run_info(run)->id;
  OK(mr_run_log_input(e, &in, &error));
  OK(mr_run_log_metric(e, "auc", auc, 1, &error));
  OK(mr_run_set_tag(e, "team", "risk", &error));
  contract_finish(e);
  return e;
}

static mr_request *propose(mr_model *model, const mr_run *run, mr_request_state state) {
  mr_request *request = NULL;
  OK(mr_model_promote(model, mr_run_info(run)->id, NULL, &request, &error));
  assert_int_equal(mr_request_info(request)->state, state);
  return request;
}

/* The candidate digest that a promotion under this gate has. */
static void digest_under(const contract *c, const char *model_name, const char *gate,
                         const mr_run *run, char out[DIGEST_TEXT]) {
  mr_model *model = contract_model(c, model_name);
  if (gate != NULL) contract_attach(c, model_name, NULL, gate);
  mr_request *request = propose(model, run, MR_REQUEST_STATE_ACCEPTED);
  (void)snprintf(out, DIGEST_TEXT, "%s", mr_request_info(request)->candidate_digest);
  mr_request_free(request);
  mr_model_free(model);
}

static void the_digest_covers_evaluations(void **state) {
  contract *c = *state;
  char none[DIGEST_TEXT];
  char other[DIGEST_TEXT];
  char one[DIGEST_TEXT];
  char same[DIGEST_TEXT];
  char newer[DIGEST_TEXT];
  char two[DIGEST_TEXT];
  int32_t sealed = 0;
  static const char reads_a[] = "a: evaluations.a.metrics.auc > 0";
  mr_run *run = contract_trained(c, 0.9);
  contract_finish(run);
  mr_run *a = evaluation_of(c, "a", run, 0.8);
  mr_run *b = evaluation_of(c, "b", run, 0.8);
  digest_under(c, "none", NULL, run, none);
  digest_under(c, "other", "a: metrics.accuracy > 0", run, other);
  assert_string_equal(none, other); /* the gate is no part of the candidate */
  (void)contract_run_status(c, mr_run_info(a)->id, &sealed);
  assert_int_equal(sealed, 0);
  digest_under(c, "one", reads_a, run, one);
  assert_string_not_equal(one, none);
  (void)contract_run_status(c, mr_run_info(a)->id, &sealed);
  assert_int_equal(sealed, 1);
  (void)contract_run_status(c, mr_run_info(b)->id, &sealed);
  assert_int_equal(sealed, 0); /* no rule has read it */
  digest_under(c, "same", "p: evaluations.a.params.none IS NULL", run, same);
  assert_string_equal(same, one);
  mr_run *again = evaluation_of(c, "a", run, 0.7);
  digest_under(c, "newer", reads_a, run, newer);
  assert_string_not_equal(newer, one);
  assert_string_not_equal(newer, none);
  digest_under(c, "two", "all: evaluations.*.metrics.auc > 0", run, two);
  assert_string_not_equal(two, newer);
  (void)contract_run_status(c, mr_run_info(b)->id, &sealed);
  assert_int_equal(sealed, 1);
  mr_run_free(again);
  mr_run_free(b);
  mr_run_free(a);
  mr_run_free(run);
}

static void complete(mr_request *request, mr_request_state state, const char *observed) {
  mr_request *now = NULL;
  mr_decision *decision = NULL;
  OK(mr_request_complete(request, NULL, &now, &error));
  assert_int_equal(mr_request_info(now)->state, state);
  OK(mr_request_decision(now, &decision, &error));
  HAS(mr_decision_at(decision, 0)->observed, observed);
  mr_decision_free(decision);
  mr_request_free(now);
}

/* What an open request has sealed is judged as it was, whatever happened since. */
static void an_open_request_keeps_what_it_read(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_run *run = contract_trained(c, 0.9);
  OK(mr_run_set_tag(run, "team", "fraud", &error));
  contract_finish(run);
  mr_run *first = evaluation_of(c, "holdout", run, 0.95);
  contract_attach(c, "m", NULL,
                  "all: tags.team = 'fraud' AND evaluations.holdout.tags.team = 'risk' AND "
                  "evaluations.holdout.metrics.auc > 0.9 AND checks.bias = 'passed'");
  mr_request *request = propose(model, run, MR_REQUEST_STATE_OPEN);
  mr_run *second = evaluation_of(c, "holdout", run, 0.1);
  OK(mr_run_set_tag(run, "team", "other", &error));
  OK(mr_run_set_tag(run, "more", "x", &error));
  OK(mr_run_set_tag(first, "team", "other", &error));
  OK(mr_run_set_tag(first, "more", "x", &error));
  complete(request, MR_REQUEST_STATE_OPEN, "tags.team = 'fraud'|= 'risk'|= 0.95|missing");
  if (c->driver->survives_close) {
    char id[64];
    (void)snprintf(id, sizeof id, "%s", mr_request_info(request)->id);
    mr_request_free(request);
    mr_run_free(second);
    mr_run_free(first);
    mr_run_free(run);
    mr_model_free(model);
    contract_reopen(c);
    OK(mr_registry_open_request(c->registry, id, &request, &error));
    OK(mr_registry_open_run(c->registry, mr_request_info(request)->run_id, &run, &error));
    OK(mr_registry_open_model(c->registry, "m", &model, &error));
    second = NULL;
    first = NULL;
  }
  OK(mr_run_log_check(run, "bias", MR_CHECK_RESULT_PASSED, NULL, &error));
  complete(request, MR_REQUEST_STATE_ACCEPTED, "tags.team = 'fraud'|= 'risk'|= 0.95|'passed'");
  mr_request_free(request);
  mr_run_free(second);
  mr_run_free(first);
  mr_run_free(run);
  mr_model_free(model);
}

/* An evaluation that comes in later is read and sealed then. */
static void a_request_waits_for_an_evaluation(void **state) {
  contract *c = *state;
  int32_t sealed = 0;
  mr_model *model = contract_model(c, "m");
  mr_run *run = contract_trained(c, 0.9);
  contract_finish(run);
  contract_attach(c, "m", NULL,
                  "all: evaluations.holdout.metrics.auc > 0.9 AND approvals.risk >= 0 AND "
                  "checks.bias = 'passed'");
  mr_request *request = propose(model, run, MR_REQUEST_STATE_OPEN);
  complete(request, MR_REQUEST_STATE_OPEN, "evaluations.holdout.metrics.auc is missing");
  mr_run *first = evaluation_of(c, "holdout", run, 0.95);
  complete(request, MR_REQUEST_STATE_OPEN, "= 0.95");
  (void)contract_run_status(c, mr_run_info(first)->id, &sealed);
  assert_int_equal(sealed, 1);
  mr_run *second = evaluation_of(c, "holdout", run, 0.1);
  complete(request, MR_REQUEST_STATE_OPEN, "= 0.95");
  OK(mr_run_log_check(run, "bias", MR_CHECK_RESULT_PASSED, NULL, &error));
  complete(request, MR_REQUEST_STATE_ACCEPTED, "= 0.95");
  mr_run_free(second);
  mr_run_free(first);
  mr_request_free(request);
  mr_run_free(run);
  mr_model_free(model);
}

/* A version is compared with the tags that it was judged by. */
static void an_incumbent_keeps_its_tags(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_run *run = contract_trained(c, 0.9);
  OK(mr_run_set_tag(run, "team", "fraud", &error));
  contract_finish(run);
  mr_version_free(contract_promote(model, run, NULL));
  OK(mr_run_set_tag(run, "team", "other", &error));
  OK(mr_run_set_tag(run, "later", "x", &error));
  contract_attach(c, "m", NULL,
                  "same: incumbent.tags.team = 'fraud' AND incumbent.tags.later IS NULL");
  mr_run *next = contract_trained(c, 0.9);
  contract_finish(next);
  mr_request_free(propose(model, next, MR_REQUEST_STATE_ACCEPTED));
  mr_run_free(next);
  mr_run_free(run);
  mr_model_free(model);
}

int contract_seal_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_digest_covers_evaluations),
      TEST(an_open_request_keeps_what_it_read),
      TEST(a_request_waits_for_an_evaluation),
      TEST(an_incumbent_keeps_its_tags),
  };
  return GROUP("seals", tests);
}
