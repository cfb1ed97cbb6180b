/* SPDX-License-Identifier: Apache-2.0 */
/* Logging beside other writers: it does not wait for them, and reading writes nothing. */
#include "api_test.h"

#include <sqlite3.h>

/* Somebody else holds the write lock of the database. */
static sqlite3 *hold(const char *db) {
  sqlite3 *other = NULL;
  assert_int_equal(sqlite3_open(db, &other), SQLITE_OK);
  assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
  return other;
}

static void let_go(sqlite3 *other) {
  assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

static mr_run *start(mr_registry *registry) {
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  OK(mr_registry_open_experiment(registry, "x", &experiment, &api_error));
  OK(mr_experiment_start_run(experiment, NULL, &run, &api_error));
  mr_experiment_free(experiment);
  return run;
}

static int64_t points_of(mr_run *run) {
  mr_history *history = NULL;
  OK(mr_run_history(run, "loss", NULL, &history, &api_error));
  int64_t count = mr_history_count(history);
  mr_history_free(history);
  return count;
}

/* The busy timeout is an hour: whoever waits for it does not come back. */
static void test_nothing_waits(void **state) {
  const api_place *place = *state;
  mr_registry *registry = NULL;
  mr_open_options options = api_open_options(MR_OPEN_CREATE);
  options.busy_timeout_ms = 3600000;
  OK(mr_registry_open(place->db, &options, &registry, &api_error));
  mr_run *run = start(registry);
  mr_metric *metric = NULL;
  OK(mr_run_metric(run, "loss", &metric, &api_error));
  sqlite3 *other = hold(place->db);
  const int64_t count = 3 * 65536;
  for (int64_t i = 0; i < count; i++) OK(mr_metric_log(metric, 0.5, i, &api_error));
  /* In memory and in the database alike, and without a write. */
  assert_int_equal(points_of(run), count);
  mr_metric_page *page = NULL;
  OK(mr_run_list_metrics(run, NULL, &page, &api_error));
  assert_int_equal(mr_metric_page_at(page, 0)->count, count);
  assert_int_equal(mr_metric_page_at(page, 0)->last_step, count - 1);
  mr_metric_page_free(page);
  char id[40];
  (void)snprintf(id, sizeof id, "%s", mr_run_info(run)->id);
  mr_metric_free(metric);
  mr_run_free(run);
  let_go(other);
  OK(mr_registry_flush(registry, &api_error));
  OK(mr_registry_open_run(registry, id, &run, &api_error));
  assert_int_equal(points_of(run), count);
  mr_run_free(run);
  mr_registry_close(registry);
  registry = api_open(place->db, 0);
  OK(mr_registry_open_run(registry, id, &run, &api_error));
  assert_int_equal(points_of(run), count);
  mr_run_free(run);
  mr_registry_close(registry);
}

/* Points logged beside a seal of another handle are not kept, and who logged them is told. */
static void test_sealed_meanwhile(void **state) {
  const api_place *place = *state;
  mr_registry *here = api_open(place->db, MR_OPEN_CREATE);
  mr_registry *there = api_open(place->db, 0);
  mr_run *run = api_make_run(here, 0.95);
  mr_model *model = api_make_model(there);
  OK(mr_run_log_metric(run, "loss", 0.5, 1, &api_error));
  mr_version *version = api_make_version(model, run);
  assert_int_equal(points_of(run), 1);
  REFUSED(MR_CONFLICT, "sealed", mr_run_flush(run, &api_error));
  mr_history *history = NULL;
  REFUSED(MR_NOT_FOUND, "loss", mr_run_history(run, "loss", NULL, &history, &api_error));
  REFUSED(MR_CONFLICT, "sealed", mr_run_log_metric(run, "loss", 0.5, 2, &api_error));
  OK(mr_run_flush(run, &api_error));
  mr_version_free(version);
  mr_model_free(model);
  mr_run_free(run);
  mr_registry_close(there);
  mr_registry_close(here);
}

static void test_a_key_twice(void **state) {
  const api_place *place = *state;
  mr_registry *registry = api_open(place->db, MR_OPEN_CREATE);
  mr_run *run = start(registry);
  const char *keys[] = {"a", "loss", "b", "loss"};
  const double values[] = {1, 2, 3, 4};
  for (int i = 0; i < 200; i++) {
    REFUSED(MR_INVALID_ARGUMENT, "'loss'", mr_run_log_metrics(run, i, keys, values, 4, &api_error));
  }
  for (int i = 0; i < 200; i++) OK(mr_run_log_metrics(run, i, keys, values, 3, &api_error));
  assert_int_equal(points_of(run), 200);
  mr_run_free(run);
  mr_registry_close(registry);
}

/* A cancelled promotion comes back although points are waiting to be written. */
static void test_cancelled_promotion(void **state) {
  const api_place *place = *state;
  mr_registry *registry = NULL;
  mr_open_options options = api_open_options(MR_OPEN_CREATE);
  options.busy_timeout_ms = 3600000;
  OK(mr_registry_open(place->db, &options, &registry, &api_error));
  mr_run *run = api_make_run(registry, 0.95);
  mr_model *model = api_make_model(registry);
  OK(mr_run_log_metric(run, "loss", 0.5, 1, &api_error));
  sqlite3 *other = hold(place->db);
  mr_cancel *cancel = NULL;
  mr_request *request = NULL;
  mr_promote_options promote = MR_PROMOTE_OPTIONS_INIT;
  OK(mr_cancel_new(&cancel, &api_error));
  mr_cancel_trigger(cancel);
  promote.cancel = cancel;
  REFUSED(MR_CANCELLED, NULL,
          mr_model_promote(model, mr_run_info(run)->id, &promote, &request, &api_error));
  assert_null(request);
  let_go(other);
  assert_int_equal(points_of(run), 1);
  mr_cancel_free(cancel);
  mr_model_free(model);
  mr_run_free(run);
  mr_registry_close(registry);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_nothing_waits),
      api_test(test_sealed_meanwhile),
      api_test(test_a_key_twice),
      api_test(test_cancelled_promotion),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
