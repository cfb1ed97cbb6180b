/* SPDX-License-Identifier: Apache-2.0 */
/* What a request keeps of its candidate: tags as they were, the evaluations that were read, and a
 * digest over all. */
#include "contract.h"

#include <pthread.h>
#include <stdatomic.h>

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

/* --- points that come in while it is judged -------------------------------------------------- */

/* Another thread logs a point to `run` when the clock is asked: within the transaction. */
typedef struct meanwhile {
  _Atomic(mr_run *) run;
  mr_status logged;
} meanwhile;

typedef struct point {
  mr_run *run;
  mr_status status;
} point;

static void *log_point(void *ctx) {
  point *p = ctx;
  mr_error why = MR_ERROR_INIT;
  p->status = mr_run_log_metric(p->run, "auc", 0.99, 2, &why);
  return NULL;
}

static int64_t interrupting_clock(void *ctx) {
  meanwhile *m = ctx;
  point p = {atomic_exchange(&m->run, NULL), MR_OK};
  pthread_t thread;
  if (p.run != NULL) {
    assert_int_equal(pthread_create(&thread, NULL, log_point, &p), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    m->logged = p.status;
  }
  return contract_clock(NULL);
}

/* A model with the channel "live" and a finished candidate whose evaluation is open here. */
typedef struct scene {
  contract c; /* with a registry of that clock */
  meanwhile meanwhile;
  mr_model *model;
  mr_run *run;
  mr_run *evaluation;
} scene;

static void set_scene(const contract *c, scene *s) {
  mr_open_options options = contract_options(MR_OPEN_CREATE);
  s->c = *c;
  atomic_init(&s->meanwhile.run, NULL);
  s->meanwhile.logged = MR_CORRUPT;
  options.clock = interrupting_clock;
  options.clock_ctx = &s->meanwhile;
  OK(mr_registry_open(c->uri, &options, &s->c.registry, &error));
  s->model = contract_model(&s->c, "m");
  OK(mr_model_create_channel(s->model, "live", &error));
  s->run = contract_trained(&s->c, 0.9);
  contract_finish(s->run);
  s->evaluation = evaluation_of(&s->c, "holdout", s->run, 0.5);
}

/* From now on until the next call that asks for the time. */
static void interrupt(scene *s) {
  atomic_store(&s->meanwhile.run, s->evaluation);
}

/* The point was taken, so it is kept and was judged; and it was the last. */
static void check_point(scene *s) {
  mr_history *history = NULL;
  int32_t sealed = 0;
  assert_int_equal(s->meanwhile.logged, MR_OK);
  OK(mr_run_flush(s->evaluation, &error));
  OK(mr_run_history(s->evaluation, "auc", NULL, &history, &error));
  assert_int_equal(mr_history_count(history), 2);
  mr_history_free(history);
  (void)contract_run_status(&s->c, mr_run_info(s->evaluation)->id, &sealed);
  assert_int_equal(sealed, 1);
  REFUSED(MR_CONFLICT, "sealed|cannot change",
          mr_run_log_metric(s->evaluation, "auc", 1, 3, &error));
  OK(mr_run_flush(s->evaluation, &error));
}

static void observed(mr_request *request, const char *words) {
  mr_decision *decision = NULL;
  OK(mr_request_decision(request, &decision, &error));
  HAS(mr_decision_at(decision, 0)->observed, words);
  mr_decision_free(decision);
}

static void clear_scene(scene *s) {
  mr_run_free(s->evaluation);
  mr_run_free(s->run);
  mr_model_free(s->model);
  mr_registry_close(s->c.registry);
}

static const char reads_auc[] = "all: evaluations.holdout.metrics.auc >= 0.9";

static void a_point_while_it_is_promoted(void **state) {
  scene s;
  set_scene(*state, &s);
  contract_attach(&s.c, "m", NULL, reads_auc);
  interrupt(&s);
  mr_request *request = propose(s.model, s.run, MR_REQUEST_STATE_ACCEPTED);
  observed(request, "= 0.99");
  check_point(&s);
  mr_request_free(request);
  clear_scene(&s);
}

/* Refused or open, what was read is sealed as well. */
static void a_point_while_it_is_refused(void **state) {
  scene s;
  set_scene(*state, &s);
  contract_attach(&s.c, "m", NULL, "all: evaluations.holdout.metrics.auc < 0.9");
  interrupt(&s);
  mr_request *request = propose(s.model, s.run, MR_REQUEST_STATE_REFUSED);
  observed(request, "= 0.99");
  check_point(&s);
  mr_request_free(request);
  clear_scene(&s);
}

static void a_point_while_it_is_completed(void **state) {
  scene s;
  mr_request *now = NULL;
  set_scene(*state, &s);
  contract_attach(&s.c, "m", NULL, "bias: checks.bias = 'passed'");
  mr_request *request = propose(s.model, s.run, MR_REQUEST_STATE_OPEN);
  contract_attach(&s.c, "m", NULL, reads_auc);
  interrupt(&s);
  OK(mr_request_complete(request, NULL, &now, &error));
  assert_int_equal(mr_request_info(now)->state, MR_REQUEST_STATE_ACCEPTED);
  observed(now, "= 0.99");
  check_point(&s);
  mr_request_free(now);
  mr_request_free(request);
  clear_scene(&s);
}

static void a_point_while_a_channel_moves(void **state) {
  scene s;
  set_scene(*state, &s);
  mr_version *version = contract_promote(s.model, s.run, NULL);
  contract_attach(&s.c, "m", "channel/live", reads_auc);
  interrupt(&s);
  contract_move(s.model, "live", mr_version_info(version)->number, "none");
  check_point(&s);
  mr_version_free(version);
  clear_scene(&s);
}

static mr_status yank(mr_model *model, const char *number, const char *replacement) {
  mr_version *version = NULL;
  mr_yank_options o = MR_YANK_OPTIONS_INIT;
  OK(mr_model_open_version(model, number, &version, &error));
  o.reason = "wrong labels";
  o.replacement = replacement;
  mr_status status = mr_version_yank(version, &o, &error);
  mr_version_free(version);
  return status;
}

/* "live" holds 0.1.0; the version of the scene's run can take its place, by its evaluation. */
static mr_version *with_holder(scene *s) {
  mr_version_free(contract_version(&s->c, s->model, "0.1.0"));
  contract_move(s->model, "live", "0.1.0", "none");
  contract_attach(&s->c, "m", "channel/live", reads_auc);
  return contract_promote(s->model, s->run, NULL);
}

static void a_point_while_another_is_yanked(void **state) {
  scene s;
  set_scene(*state, &s);
  mr_version *version = with_holder(&s);
  OK(mr_run_log_metric(s.evaluation, "auc", 0.95, 1, &error));
  OK(mr_run_log_metric(s.evaluation, "other", 1, 1, &error));
  interrupt(&s);
  OK(yank(s.model, "0.1.0", mr_version_info(version)->number));
  assert_int_equal(s.meanwhile.logged, MR_OK);
  mr_history *history = NULL;
  OK(mr_run_flush(s.evaluation, &error));
  OK(mr_run_history(s.evaluation, "auc", NULL, &history, &error));
  assert_int_equal(mr_history_count(history), 3);
  mr_history_free(history);
  REFUSED(MR_CONFLICT, "cannot change", mr_run_log_metric(s.evaluation, "auc", 1, 3, &error));
  mr_version_free(version);
  clear_scene(&s);
}

/* Who yanks seals what the gate of a channel reads; a gate that does not pass seals nothing. */
static void a_yank_seals(void **state) {
  scene s;
  int32_t sealed = 0;
  set_scene(*state, &s);
  mr_version *version = with_holder(&s);
  const char *number = mr_version_info(version)->number;
  const char *id = mr_run_info(s.evaluation)->id;
  REFUSED(MR_GATE_FAILED, "live", yank(s.model, "0.1.0", number));
  (void)contract_run_status(&s.c, id, &sealed);
  assert_int_equal(sealed, 0);
  OK(mr_run_log_metric(s.evaluation, "auc", 0.95, 2, &error)); /* in memory, and counts */
  OK(yank(s.model, "0.1.0", number));
  (void)contract_run_status(&s.c, id, &sealed);
  assert_int_equal(sealed, 1);
  REFUSED(MR_CONFLICT, "cannot change", mr_run_log_metric(s.evaluation, "auc", 1, 3, &error));
  OK(mr_run_flush(s.evaluation, &error));
  mr_version_free(version);
  clear_scene(&s);
}

/* --- points of a run that somebody else seals -------------------------------------------------- */

/* Its owner is told once, nobody else is refused anything. */
static void sealed_by_another(void **state) {
  contract *c = *state;
  mr_run *theirs[2];
  mr_decision *decision = NULL;
  mr_evaluate_options o = MR_EVALUATE_OPTIONS_INIT;
  if (!c->driver->shared) return; /* nobody else can */
  contract other = *c;
  other.registry = contract_second(c);
  mr_model *model = contract_model(c, "m");
  OK(mr_model_create_channel(model, "live", &error));
  for (size_t i = 0; i < 2; i++) {
    mr_run *run = contract_trained(c, 0.9);
    contract_finish(run);
    OK(mr_registry_open_run(other.registry, mr_run_info(run)->id, &theirs[i], &error));
    OK(mr_run_log_metric(theirs[i], "late", 1, 1, &error));
    OK(mr_run_log_metric(theirs[i], "late", 1, 2, &error));
    mr_version_free(contract_promote(model, run, NULL));
    mr_run_free(run);
  }
  mr_model *again = NULL;
  OK(mr_registry_open_model(other.registry, "m", &again, &error));
  contract_attach(c, "m", NULL, "all: evaluations.none.metrics.auc IS NULL");
  contract_attach(c, "m", "channel/live", "all: evaluations.none.metrics.auc IS NULL");
  mr_run *third = contract_trained(&other, 0.9);
  contract_finish(third);
  o.model = "m";
  o.run_id = mr_run_info(third)->id;
  OK(mr_registry_evaluate_gate(other.registry, NULL, &o, &decision, &error));
  mr_decision_free(decision);
  mr_version *version = contract_promote(again, third, NULL);
  contract_move(again, "live", mr_version_info(version)->number, "none");
  mr_version *replacement = contract_version(&other, again, "7.0.0");
  OK(yank(again, mr_version_info(version)->number, "7.0.0"));
  REFUSED(MR_CONFLICT, "2 points|not written yet", mr_run_flush(theirs[0], &error));
  HAS(error.message, mr_run_info(theirs[0])->id);
  OK(mr_run_flush(theirs[0], &error));
  REFUSED(MR_CONFLICT, "2 points|not written yet",
          mr_run_log_metric(theirs[1], "late", 1, 3, &error));
  REFUSED(MR_CONFLICT, "cannot change", mr_run_log_metric(theirs[1], "late", 1, 3, &error));
  OK(mr_registry_flush(other.registry, &error));
  mr_version_free(replacement);
  mr_version_free(version);
  mr_run_free(third);
  for (size_t i = 0; i < 2; i++) mr_run_free(theirs[i]);
  mr_model_free(again);
  mr_model_free(model);
  mr_registry_close(other.registry);
}

int contract_seal_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_digest_covers_evaluations),
      TEST(an_open_request_keeps_what_it_read),
      TEST(a_request_waits_for_an_evaluation),
      TEST(an_incumbent_keeps_its_tags),
      TEST(a_point_while_it_is_promoted),
      TEST(a_point_while_it_is_refused),
      TEST(a_point_while_it_is_completed),
      TEST(a_point_while_a_channel_moves),
      TEST(a_point_while_another_is_yanked),
      TEST(a_yank_seals),
      TEST(sealed_by_another),
  };
  return GROUP("seals", tests);
}
