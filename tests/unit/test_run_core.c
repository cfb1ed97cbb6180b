/* SPDX-License-Identifier: Apache-2.0 */
/* Points in memory: shared by the handles of a run, written in time, never lost. */
#include "registry_test.h"

#include "registry/run_core.h"
#include "registry/run_handle.h"

static int64_t stored(mr_registry *registry) {
  return registry_number(registry, "SELECT coalesce(sum(points), 0) FROM metric");
}

static mr_run *open_again(mr_registry *registry, const mr_run *run) {
  mr_error error = MR_ERROR_INIT;
  mr_run *again = NULL;
  OK(mr_registry_open_run(registry, mr_run_info(run)->id, &again, &error));
  return again;
}

static void handles_share_a_core(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  mr_run *run = registry_run(registry);
  mr_run *other = registry_run(registry);
  mr_run *again = open_again(registry, run);
  mr_metric *metric = NULL;
  OK(mr_run_metric(again, "m", &metric, &error));
  assert_ptr_equal(run->core, again->core);
  assert_ptr_not_equal(run->core, other->core);
  OK(mr_run_log_metric(run, "m", 1, 1, &error));
  OK(mr_metric_log(metric, 2, 2, &error));
  mri_run_core_hold(run->core);
  const mri_series_set *set = mri_run_core_points(run->core);
  assert_int_equal(set->series.count, 1);
  assert_int_equal(mri_series_set_at(set, 0)->count, 2);
  mri_run_core_let_go(run->core);
  assert_int_equal(stored(registry), 0);
  mr_run_free(run);
  mr_run_free(again);
  assert_int_equal(stored(registry), 0); /* the metric's handle is one, too */
  mr_metric_free(metric);
  assert_int_equal(stored(registry), 2);
  mr_run_free(other);
  assert_null(registry->cores); /* nothing is kept for runs that nobody has open */
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

static void many_points_are_written_unasked(void **state) {
  (void)state;
  enum { MANY = 70000 };
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  mr_run *run = registry_run(registry);
  for (int64_t i = 0; i < MANY; i++) OK(mr_run_log_metric(run, "m", 1, i, &error));
  assert_true(stored(registry) >= MANY / 2);
  assert_true(stored(registry) < MANY);
  mr_metric_page *page = NULL;
  OK(mr_run_list_metrics(run, NULL, &page, &error));
  assert_int_equal(mr_metric_page_at(page, 0)->count, MANY); /* those in memory are seen */
  mr_metric_page_free(page);
  mr_run_free(run);
  assert_int_equal(stored(registry), MANY);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

static void reading_writes_nothing(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  mr_run *run = registry_run(registry);
  mr_metric_page *page = NULL;
  mr_history *history = NULL;
  OK(mr_run_log_metric(run, "m", 1, 1, &error));
  OK(mr_run_flush(run, &error));
  OK(mr_run_log_metric(run, "m", 2, 0, &error));
  OK(mr_run_log_metric(run, "n", 3, 1, &error));
  OK(mr_run_list_metrics(run, NULL, &page, &error));
  assert_int_equal(mr_metric_page_count(page), 2);
  assert_int_equal(mr_metric_page_at(page, 0)->count, 2);
  assert_true(mr_metric_page_at(page, 0)->first == 2);
  assert_true(mr_metric_page_at(page, 0)->last == 1);
  mr_metric_page_free(page);
  OK(mr_run_history(run, "m", NULL, &history, &error));
  assert_int_equal(mr_history_count(history), 2);
  assert_int_equal(mr_history_steps(history)[0], 0);
  mr_history_free(history);
  OK(mr_run_history(run, "n", NULL, &history, &error));
  assert_int_equal(mr_history_count(history), 1);
  mr_history_free(history);
  assert_int_equal(stored(registry), 1);
  mr_run_free(run);
  mr_registry_close(registry);
}

static void log_two(mr_run *run) {
  mr_error error = MR_ERROR_INIT;
  OK(mr_run_log_metric(run, "m", 1, 1, &error));
  OK(mr_run_log_metric(run, "m", 1, 2, &error));
}

static void seal_elsewhere(mr_registry *registry) {
  registry_execute(registry, "UPDATE run SET sealed_by = 'x'");
}

/* What is not kept of a run is told once, by its name. */
static void tells(mr_status status, const mr_error *error, const char *points, const mr_run *run) {
  assert_int_equal(status, MR_CONFLICT);
  registry_says(error, points);
  registry_says(error, "not written yet");
  registry_says(error, mr_run_info(run)->id);
}

static void sealed_elsewhere(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  mr_run *run = registry_run(registry);
  log_two(run);
  seal_elsewhere(registry);
  tells(mr_run_flush(run, &error), &error, "2 points", run);
  assert_int_equal(mr_run_log_metric(run, "m", 1, 3, &error), MR_CONFLICT);
  registry_says(&error, "cannot change");
  OK(mr_run_flush(run, &error));
  assert_int_equal(stored(registry), 0);
  mr_run_free(run);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

/* Others who write points of this run, too, are not concerned; the owner is, whatever comes next. */
static void only_the_owner_is_told(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  mr_run *runs[5];
  mri_run_core *core = NULL;
  for (size_t i = 0; i < 5; i++) {
    runs[i] = registry_run(registry);
    log_two(runs[i]);
  }
  seal_elsewhere(registry);
  OK(mri_run_core_reserve(registry, mr_run_info(runs[0])->id, &core, &error));
  OK(mri_run_core_lock(core, NULL, &error));
  mri_run_core_unlock(core, true);
  mri_run_core_release(core);
  OK(mri_run_cores_fold(registry, &error));
  OK(mri_run_cores_fold(registry, &error));
  tells(mr_run_flush(runs[0], &error), &error, "2 points", runs[0]);
  tells(mr_run_log_metric(runs[1], "m", 1, 3, &error), &error, "2 points", runs[1]);
  tells(mr_run_finish(runs[2], MR_RUN_STATUS_FINISHED, &error), &error, "2 points", runs[2]);
  const char *key = "m";
  double value = 1;
  tells(mr_run_log_metrics(runs[3], 3, &key, &value, 1, &error), &error, "2 points", runs[3]);
  OK(mr_run_finish(runs[2], MR_RUN_STATUS_FINISHED, &error));
  for (size_t i = 0; i < 4; i++) OK(mr_run_flush(runs[i], &error));
  tells(mr_registry_flush(registry, &error), &error, "2 points", runs[4]);
  OK(mr_registry_flush(registry, &error));
  OK(mr_run_flush(runs[4], &error));
  for (size_t i = 0; i < 5; i++) mr_run_free(runs[i]);
  assert_null(registry->cores);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

/* A flush of all names one run at a time, and forgets none, not even one that nobody has open. */
static void all_are_told(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  mr_run *first = registry_run(registry);
  mr_run *second = registry_run(registry);
  char id[MRI_ID_SIZE];
  memcpy(id, mr_run_info(second)->id, sizeof id);
  log_two(first);
  log_two(second);
  seal_elsewhere(registry);
  mr_run_free(second);
  assert_int_equal(mr_registry_flush(registry, &error), MR_CONFLICT);
  bool second_first = strstr(error.message, id) != NULL;
  assert_int_equal(mr_registry_flush(registry, &error), MR_CONFLICT);
  registry_says(&error, second_first ? mr_run_info(first)->id : id);
  OK(mr_registry_flush(registry, &error));
  OK(mr_run_flush(first, &error));
  mr_run_free(first);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

/* A handle of a sealed run refuses points at once, whatever the others know. */
static void opening_tells_that_it_is_sealed(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  mr_run *run = registry_run(registry);
  log_two(run);
  seal_elsewhere(registry);
  mr_run *again = open_again(registry, run);
  tells(mr_run_log_metric(again, "m", 1, 3, &error), &error, "2 points", run);
  assert_int_equal(mr_run_log_metric(run, "m", 1, 3, &error), MR_CONFLICT);
  registry_says(&error, "cannot change");
  mr_run_free(again);
  mr_run_free(run);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

static void locking_keeps_points_out(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  mr_run *run = registry_run(registry);
  const char *id = mr_run_info(run)->id;
  mri_run_core *core = NULL;
  OK(mr_run_log_metric(run, "m", 1, 1, &error));
  OK(mri_run_core_reserve(registry, id, &core, &error));
  assert_ptr_equal(core, run->core);
  assert_false(mri_run_core_try_lock(core)); /* it has a point that must be written first */
  OK(mri_run_core_lock(core, NULL, &error));
  assert_int_equal(stored(registry), 1); /* what was in memory is what is judged */
  assert_false(mri_run_core_try_lock(core));
  mri_run_core_unlock(core, false);
  OK(mr_run_log_metric(run, "m", 1, 2, &error));
  OK(mr_run_flush(run, &error));
  assert_true(mri_run_core_try_lock(core));
  mri_run_core_unlock(core, true);
  mri_run_core_release(core);
  assert_int_equal(mr_run_log_metric(run, "m", 1, 3, &error), MR_CONFLICT);
  assert_int_equal(stored(registry), 2);
  mr_run_free(run);
  mr_registry_close(registry);
}

/* Whoever opens a run that is being sealed gets the same core. */
static void a_run_that_nobody_has_open(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  mr_run *run = registry_run(registry);
  char id[MRI_ID_SIZE];
  mri_run_core *core = NULL;
  memcpy(id, mr_run_info(run)->id, sizeof id);
  mr_run_free(run);
  assert_null(registry->cores);
  OK(mri_run_core_reserve(registry, id, &core, &error));
  assert_true(mri_run_core_try_lock(core));
  OK(mr_registry_open_run(registry, id, &run, &error));
  assert_ptr_equal(core, run->core);
  mri_run_core_unlock(core, false);
  mri_run_core_release(core);
  log_two(run);
  OK(mr_run_flush(run, &error));
  assert_int_equal(stored(registry), 2);
  mr_run_free(run);
  OK(mri_run_core_reserve(registry, "01234567-89ab-7def-8123-456789abcdef", &core, &error));
  OK(mri_run_core_lock(core, NULL, &error)); /* not even a run */
  mri_run_core_unlock(core, true);
  mri_run_core_release(core);
  assert_null(registry->cores);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

typedef struct rows {
  mr_run *run;
  int64_t step;
} rows;

/* A row goes in whole or not at all, whichever allocation fails. */
static bool log_row(void *ctx) {
  rows *r = ctx;
  char texts[30][24];
  const char *keys[30];
  double values[30];
  mr_error error = MR_ERROR_INIT;
  for (int i = 0; i < 30; i++) {
    (void)snprintf(texts[i], sizeof texts[i], "m%02d/%" PRId64, i, r->step / 40);
    keys[i] = texts[i];
    values[i] = i;
  }
  mr_status status = mr_run_log_metrics(r->run, r->step, keys, values, 30, &error);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  return status == MR_OK;
}

static void memory_runs_out(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  rows r = {registry_run(registry), 0};
  int64_t kept = 0;
  int64_t failures = 0;
  for (; r.step < 200; r.step++) {
    mri_mem_test_fail(1 + r.step % 40, r.step % 2 == 0);
    bool worked = log_row(&r);
    mri_mem_test_fail(0, false);
    kept += worked ? 30 : 0;
    failures += !worked;
  }
  assert_true(failures > 5 && kept > 0);
  OK(mr_run_flush(r.run, &error));
  assert_int_equal(stored(registry), kept);
  mr_run_free(r.run);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

static bool open_once(void *ctx) {
  mr_run *run = NULL;
  const mr_run *first = ctx;
  mr_error error = MR_ERROR_INIT;
  mr_status status = mr_registry_open_run(first->registry, first->record.id, &run, &error);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  mr_metric *metric = NULL;
  if (status == MR_OK) status = mr_run_metric(run, "m", &metric, &error);
  mr_metric_free(metric);
  mr_run_free(run);
  return status == MR_OK;
}

static void opening_without_memory(void **state) {
  (void)state;
  mr_registry *registry = registry_open();
  mr_run *run = registry_run(registry);
  assert_true(open_once(run));
  assert_true(unit_fail_allocations(open_once, run) > 3);
  mr_run_free(run);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(handles_share_a_core),
      cmocka_unit_test(many_points_are_written_unasked),
      cmocka_unit_test(reading_writes_nothing),
      cmocka_unit_test(sealed_elsewhere),
      cmocka_unit_test(only_the_owner_is_told),
      cmocka_unit_test(all_are_told),
      cmocka_unit_test(opening_tells_that_it_is_sealed),
      cmocka_unit_test(locking_keeps_points_out),
      cmocka_unit_test(a_run_that_nobody_has_open),
      cmocka_unit_test(memory_runs_out),
      cmocka_unit_test(opening_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
