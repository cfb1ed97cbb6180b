/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that log while another seals what they log to: a point that was taken is kept. */
#include "api_test.h"

#include <inttypes.h>
#include <pthread.h>

enum { LOGGERS = 3, PROMOTERS = 2 };

typedef struct round {
  mr_registry *registry;
  mr_model *model;
  const char *evaluations[2];
  const char *candidates[PROMOTERS];
  pthread_barrier_t start;
} round;

typedef struct logger {
  round *round;
  const char *run_id;
  bool opens; /* a handle for each point, so that sometimes nobody has the run open */
  char key[16];
  int64_t taken;
  mr_status refused;
} logger;

static mr_run *open_run(mr_registry *registry, const char *id) {
  mr_run *run = NULL;
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(mr_registry_open_run(registry, id, &run, &error), MR_OK);
  return run;
}

/* Until the run is sealed. */
static void *log_points(void *ctx) {
  logger *l = ctx;
  mr_error error = MR_ERROR_INIT;
  mr_run *run = l->opens ? NULL : open_run(l->round->registry, l->run_id);
  (void)pthread_barrier_wait(&l->round->start);
  for (;;) {
    if (l->opens) run = open_run(l->round->registry, l->run_id);
    l->refused = mr_run_log_metric(run, l->key, 1, l->taken, &error);
    if (l->opens) mr_run_free(run);
    if (l->refused != MR_OK) break;
    l->taken++;
  }
  if (!l->opens) {
    if (mr_run_flush(run, &error) != MR_OK) l->refused = MR_CORRUPT;
    mr_run_free(run);
  }
  return NULL;
}

typedef struct promoter {
  round *round;
  const char *run_id;
  mr_status status;
} promoter;

static void *promote(void *ctx) {
  promoter *p = ctx;
  mr_error error = MR_ERROR_INIT;
  mr_request *request = NULL;
  (void)pthread_barrier_wait(&p->round->start);
  p->status = mr_model_promote(p->round->model, p->run_id, NULL, &request, &error);
  mr_request_free(request);
  return NULL;
}

/* A finished evaluation of all candidates. */
static mr_run *evaluate(const round *r, const char *name) {
  mr_run *run = NULL;
  mr_experiment *experiment = NULL;
  mr_run_options options = MR_RUN_OPTIONS_INIT;
  OK(mr_registry_open_experiment(r->registry, "evaluation", &experiment, &api_error));
  options.kind = MR_RUN_KIND_EVALUATION;
  options.name = name;
  OK(mr_experiment_start_run(experiment, &options, &run, &api_error));
  for (size_t i = 0; i < PROMOTERS; i++) {
    mr_input_options input = MR_INPUT_OPTIONS_INIT;
    input.role = i == 0 ? "candidate" : "other";
    input.run_id = r->candidates[i];
    OK(mr_run_log_input(run, &input, &api_error));
  }
  OK(mr_run_log_metric(run, "auc", 0.9, 1, &api_error));
  OK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &api_error));
  mr_experiment_free(experiment);
  return run;
}

/* Every point that was taken is there, and no other. */
static void check_logger(const logger *l) {
  mr_history *history = NULL;
  mr_run *run = open_run(l->round->registry, l->run_id);
  assert_int_equal(l->refused, MR_CONFLICT);
  mr_status status = mr_run_history(run, l->key, NULL, &history, &api_error);
  assert_int_equal(status, l->taken == 0 ? MR_NOT_FOUND : MR_OK);
  assert_int_equal(mr_history_count(history), l->taken);
  mr_history_free(history);
  mr_run_free(run);
}

/* Two promotions that judge the same two evaluations, while others log to all of them. */
static void play(round *r) {
  pthread_t threads[LOGGERS * 2 + PROMOTERS];
  logger loggers[LOGGERS * 2];
  promoter promoters[PROMOTERS];
  size_t count = 0;
  assert_int_equal(pthread_barrier_init(&r->start, NULL, LOGGERS * 2 + PROMOTERS), 0);
  for (size_t i = 0; i < sizeof loggers / sizeof *loggers; i++) {
    const char *to[] = {r->evaluations[0], r->evaluations[1], r->candidates[i % PROMOTERS]};
    loggers[i] = (logger){r, to[i / 2], i % 2 == 1, "", 0, MR_OK};
    (void)snprintf(loggers[i].key, sizeof loggers[i].key, "late%zu", i);
    assert_int_equal(pthread_create(&threads[count++], NULL, log_points, &loggers[i]), 0);
  }
  for (size_t i = 0; i < PROMOTERS; i++) {
    promoters[i] = (promoter){r, r->candidates[i], MR_CORRUPT};
    assert_int_equal(pthread_create(&threads[count++], NULL, promote, &promoters[i]), 0);
  }
  for (size_t i = 0; i < count; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
  for (size_t i = 0; i < PROMOTERS; i++) assert_int_equal(promoters[i].status, MR_OK);
  for (size_t i = 0; i < sizeof loggers / sizeof *loggers; i++) check_logger(&loggers[i]);
  assert_int_equal(pthread_barrier_destroy(&r->start), 0);
}

static void test_points_that_were_taken(void **state) {
  const api_place *place = *state;
  mr_gate *gate = NULL;
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  mr_open_options open = api_open_options(MR_OPEN_CREATE);
  round r;
  open.busy_timeout_ms = 3600000;
  OK(mr_registry_open(place->db, &open, &r.registry, &api_error));
  r.model = api_make_model(r.registry);
  OK(mr_gate_parse("a: evaluations.a.metrics.auc > 0\nb: evaluations.b.metrics.auc > 0", &gate,
                   &api_error));
  options.model = "digits";
  OK(mr_registry_attach_gate(r.registry, gate, &options, &api_error));
  mr_gate_free(gate);
  for (int i = api_scaled(50); i > 0; i--) {
    mr_run *runs[PROMOTERS];
    for (size_t k = 0; k < PROMOTERS; k++) {
      runs[k] = api_make_run(r.registry, 0.95);
      r.candidates[k] = mr_run_info(runs[k])->id;
    }
    mr_run *a = evaluate(&r, "a");
    mr_run *b = evaluate(&r, "b");
    r.evaluations[0] = mr_run_info(a)->id;
    r.evaluations[1] = mr_run_info(b)->id;
    play(&r);
    mr_run_free(b);
    mr_run_free(a);
    for (size_t k = 0; k < PROMOTERS; k++) mr_run_free(runs[k]);
  }
  mr_model_free(r.model);
  mr_registry_close(r.registry);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_points_that_were_taken),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
