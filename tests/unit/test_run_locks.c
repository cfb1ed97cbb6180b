/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions that seal runs: begun again until everything that they judge is locked. */
#include "registry_test.h"

#include "registry/run_core.h"
#include "registry/run_handle.h"
#include "registry/run_locks.h"

enum { RUNS = 4 };

/* A transaction as a test wants it. */
typedef struct work {
  mr_registry *registry;
  mr_run *runs[RUNS];
  int claims[8][RUNS]; /* by attempt: runs to claim, -1 ends; +10 does not seal */
  mr_run *logs;        /* gets a point in the first attempt */
  mr_status ends;
  int attempts;
} work;

static int64_t stored(mr_registry *registry) {
  return registry_number(registry, "SELECT coalesce(sum(points), 0) FROM metric");
}

static void setup(work *w) {
  memset(w, 0, sizeof *w);
  memset(w->claims, -1, sizeof w->claims);
  w->registry = registry_open();
  for (size_t i = 0; i < RUNS; i++) w->runs[i] = registry_run(w->registry);
}

static void drain(work *w) {
  for (size_t i = 0; i < RUNS; i++) mr_run_free(w->runs[i]);
  assert_null(w->registry->cores);
  mr_registry_close(w->registry);
  assert_int_equal(mri_mem_live(), 0);
}

static void claim_in(work *w, int attempt, int first, int second) {
  w->claims[attempt][0] = first;
  w->claims[attempt][1] = second;
}

/* Answers NULL when it worked. */
static void *log_point(void *run) {
  mr_error error = MR_ERROR_INIT;
  return mr_run_log_metric(run, "m", 1, 1, &error) == MR_OK ? NULL : run;
}

/* As another thread does. */
static void log_meanwhile(work *w) {
  pthread_t thread;
  void *failed = NULL;
  assert_int_equal(pthread_create(&thread, NULL, log_point, w->logs), 0);
  assert_int_equal(pthread_join(thread, &failed), 0);
  assert_null(failed);
  w->logs = NULL;
}

static mr_status do_work(void *ctx, mri_tx *tx, mri_run_locks *locks, mr_error *error) {
  work *w = ctx;
  const int *claims = w->claims[w->attempts++];
  mr_status status = mri_sql_run(tx, error, "UPDATE governance SET time_us = time_us + 1", "");
  if (w->logs != NULL) log_meanwhile(w);
  for (size_t i = 0; i < RUNS && claims[i] >= 0 && status == MR_OK; i++) {
    const mr_run *run = w->runs[claims[i] % 10];
    status = mri_run_locks_claim(locks, mr_run_info(run)->id, claims[i] < 10, error);
  }
  return status == MR_OK && w->ends != MR_OK ? mri_error_set(error, w->ends, "no") : status;
}

static mr_status govern(work *w, const mr_run *first, mr_error *error) {
  mri_run_locks locks;
  mr_status status = MR_OK;
  w->attempts = 0;
  mri_run_locks_init(&locks, w->registry);
  if (first != NULL) status = mri_run_locks_add(&locks, mr_run_info(first)->id, error);
  if (status == MR_OK) status = mri_run_locks_govern(&locks, NULL, do_work, w, error);
  mri_run_locks_destroy(&locks);
  return status;
}

/* What becomes of a point that is logged now. */
static bool takes_points(mr_run *run) {
  mr_error error = MR_ERROR_INIT;
  mr_status status = mr_run_log_metric(run, "m", 1, 1, &error);
  assert_true(status == MR_OK || status == MR_CONFLICT);
  return status == MR_OK;
}

static int64_t changes(const work *w) {
  return registry_number(w->registry, "SELECT time_us FROM governance WHERE id = 1");
}

/* The usual case: nobody logs at the moment, so nothing is done twice. */
static void idle_runs_are_claimed_at_once(void **state) {
  (void)state;
  work w;
  mr_error error = MR_ERROR_INIT;
  setup(&w);
  int64_t before = changes(&w);
  OK(mr_run_log_metric(w.runs[0], "m", 1, 1, &error));
  claim_in(&w, 0, 0, 1);
  w.claims[0][2] = 12;
  OK(govern(&w, w.runs[0], &error));
  assert_int_equal(w.attempts, 1);
  assert_int_equal(changes(&w), before + 1);
  assert_int_equal(stored(w.registry), 1);
  assert_false(takes_points(w.runs[0]));
  assert_false(takes_points(w.runs[1]));
  assert_true(takes_points(w.runs[2])); /* it was read only */
  assert_true(takes_points(w.runs[3]));
  drain(&w);
}

/* A point that comes in while the transaction is under way is written and judged, too. */
static void a_point_in_memory_begins_again(void **state) {
  (void)state;
  work w;
  mr_error error = MR_ERROR_INIT;
  setup(&w);
  int64_t before = changes(&w);
  w.logs = w.runs[1];
  claim_in(&w, 0, 1, 3);
  claim_in(&w, 1, 1, 3);
  OK(govern(&w, w.runs[2], &error));
  assert_int_equal(w.attempts, 2);
  assert_int_equal(changes(&w), before + 1); /* the first attempt was rolled back */
  assert_int_equal(stored(w.registry), 1);
  assert_false(takes_points(w.runs[1]));
  assert_false(takes_points(w.runs[3]));
  OK(mr_run_flush(w.runs[1], &error));
  drain(&w);
}

/* What counts is the last attempt: a run that it does not claim any more is not sealed. */
static void only_what_was_sealed_is_marked(void **state) {
  (void)state;
  work w;
  mr_error error = MR_ERROR_INIT;
  setup(&w);
  w.logs = w.runs[1];
  claim_in(&w, 0, 1, -1);
  claim_in(&w, 1, 2, -1);
  OK(govern(&w, NULL, &error));
  assert_int_equal(w.attempts, 2);
  assert_true(takes_points(w.runs[1]));
  assert_false(takes_points(w.runs[2]));
  drain(&w);
}

static void failures_seal_nothing(void **state) {
  (void)state;
  work w;
  mr_error error = MR_ERROR_INIT;
  setup(&w);
  int64_t before = changes(&w);
  claim_in(&w, 0, 0, 1);
  w.ends = MR_GATE_FAILED;
  assert_int_equal(govern(&w, w.runs[0], &error), MR_GATE_FAILED);
  assert_string_equal(error.message, "no");
  assert_int_equal(changes(&w), before);
  for (size_t i = 0; i < RUNS; i++) assert_true(takes_points(w.runs[i]));
  w.logs = w.runs[1]; /* in memory or not: what failed is not tried again */
  assert_int_equal(govern(&w, w.runs[0], &error), MR_GATE_FAILED);
  assert_int_equal(w.attempts, 1);
  drain(&w);
}

/* As a damaged database could have it. */
static void ids_are_checked(void **state) {
  (void)state;
  work w;
  mri_run_locks locks;
  mr_error error = MR_ERROR_INIT;
  setup(&w);
  mri_run_locks_init(&locks, w.registry);
  assert_int_equal(mri_run_locks_claim(&locks, "x", true, &error), MR_CORRUPT);
  assert_int_equal(mri_run_locks_claim(&locks, NULL, true, &error), MR_CORRUPT);
  mri_run_locks_destroy(&locks);
  drain(&w);
}

/* Runs that nobody has open are locked all the same, and leave nothing behind. */
static void runs_that_nobody_has_open(void **state) {
  (void)state;
  work w;
  mr_error error = MR_ERROR_INIT;
  mr_run *again = NULL;
  char id[MRI_ID_SIZE];
  setup(&w);
  claim_in(&w, 0, 0, -1);
  memcpy(id, mr_run_info(w.runs[0])->id, sizeof id);
  mri_run_core_release(w.runs[0]->core); /* the handle stays for its id */
  w.runs[0]->core = NULL;
  OK(govern(&w, NULL, &error));
  assert_int_equal(w.attempts, 1);
  OK(mr_registry_open_run(w.registry, id, &again, &error));
  assert_true(takes_points(again)); /* for the test sealed nothing */
  mr_run_free(again);
  drain(&w);
}

static bool govern_once(void *ctx) {
  work *w = ctx;
  mr_error error = MR_ERROR_INIT;
  mr_status status = govern(w, w->runs[3], &error);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  return status == MR_OK;
}

static void memory_runs_out(void **state) {
  (void)state;
  work w;
  setup(&w);
  claim_in(&w, 0, 12, 11);
  w.claims[0][2] = 10;
  assert_true(govern_once(&w));
  assert_true(unit_fail_allocations(govern_once, &w) >= 1);
  for (size_t i = 0; i < RUNS; i++) assert_true(takes_points(w.runs[i])); /* all are unlocked */
  drain(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(idle_runs_are_claimed_at_once),
      cmocka_unit_test(a_point_in_memory_begins_again),
      cmocka_unit_test(only_what_was_sealed_is_marked),
      cmocka_unit_test(failures_seal_nothing),
      cmocka_unit_test(ids_are_checked),
      cmocka_unit_test(runs_that_nobody_has_open),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
