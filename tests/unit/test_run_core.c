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

/* A run that somebody else has sealed: its points are refused once, by name, and then forgotten. */
static void sealed_elsewhere(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  mr_run *run = registry_run(registry);
  OK(mr_run_log_metric(run, "m", 1, 1, &error));
  OK(mr_run_log_metric(run, "m", 1, 2, &error));
  registry_execute(registry, "UPDATE run SET sealed_by = 'x'");
  assert_int_equal(mr_run_flush(run, &error), MR_CONFLICT);
  registry_says(&error, "2 points");
  registry_says(&error, mr_run_info(run)->id);
  assert_int_equal(mr_run_log_metric(run, "m", 1, 3, &error), MR_CONFLICT);
  OK(mr_run_flush(run, &error));
  assert_int_equal(stored(registry), 0);
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
  OK(mri_run_core_lock(registry, "01234567-89ab-7def-8123-456789abcdef", NULL, &core, &error));
  assert_null(core); /* nobody has such a run open */
  mri_run_core_unlock(core, true);
  OK(mr_run_log_metric(run, "m", 1, 1, &error));
  OK(mri_run_core_lock(registry, id, NULL, &core, &error));
  assert_ptr_equal(core, run->core);
  assert_int_equal(stored(registry), 1); /* what was in memory is what is judged */
  mri_run_core_unlock(core, false);
  OK(mr_run_log_metric(run, "m", 1, 2, &error));
  OK(mri_run_core_lock(registry, id, NULL, &core, &error));
  mri_run_core_unlock(core, true);
  assert_int_equal(mr_run_log_metric(run, "m", 1, 3, &error), MR_CONFLICT);
  assert_int_equal(stored(registry), 2);
  mr_run_free(run);
  mr_registry_close(registry);
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
      cmocka_unit_test(handles_share_a_core),     cmocka_unit_test(many_points_are_written_unasked),
      cmocka_unit_test(reading_writes_nothing),   cmocka_unit_test(sealed_elsewhere),
      cmocka_unit_test(locking_keeps_points_out), cmocka_unit_test(memory_runs_out),
      cmocka_unit_test(opening_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
