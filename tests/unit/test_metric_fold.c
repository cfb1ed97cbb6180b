/* SPDX-License-Identifier: Apache-2.0 */
/* How points become chunks. */
#include "registry_test.h"

#include <math.h>

typedef struct fold_fixture {
  mr_registry *registry;
  mr_run *run;
  int64_t id;
} fold_fixture;

static int setup(void **state) {
  static fold_fixture f;
  f.registry = registry_open();
  f.run = registry_run(f.registry);
  f.id = registry_run_id(f.registry, f.run);
  *state = &f;
  return 0;
}

static int teardown(void **state) {
  fold_fixture *f = *state;
  mri_mem_test_fail(0, false);
  mr_run_free(f->run);
  mr_registry_close(f->registry);
  assert_int_equal(mri_mem_live(), 0);
  return 0;
}

static int64_t chunks(const fold_fixture *f) {
  return registry_number(f->registry, "SELECT count(*) FROM metric_chunk");
}

static void log_more(const fold_fixture *f, int64_t from, int64_t count) {
  mr_error error = MR_ERROR_INIT;
  for (int64_t i = from; i < from + count; i++) {
    OK(mr_run_log_metric(f->run, "m", (double)i, i, &error));
  }
  OK(mr_run_flush(f->run, &error));
}

static void check_points(const fold_fixture *f, int64_t count) {
  mr_error error = MR_ERROR_INIT;
  mr_history *history = NULL;
  OK(mr_run_history(f->run, "m", NULL, &history, &error));
  assert_int_equal(mr_history_count(history), count);
  for (int64_t i = 0; i < count; i++) {
    assert_int_equal(mr_history_steps(history)[i], i);
    assert_true(mr_history_values(history)[i] == (double)i);
  }
  mr_history_free(history);
}

/* A slow metric, flushed point by point, does not end as a row a point. */
static void small_flushes_extend_the_last_chunk(void **state) {
  const fold_fixture *f = *state;
  int64_t logged = 0;
  for (; logged < 1024; logged++) {
    log_more(f, logged, 1);
    if (logged % 100 == 0) assert_int_equal(chunks(f), 1);
  }
  assert_int_equal(chunks(f), 1);
  log_more(f, logged++, 1);
  assert_int_equal(chunks(f), 2);
  log_more(f, logged, 1022);
  logged += 1022;
  assert_int_equal(chunks(f), 2);
  log_more(f, logged, 3);
  logged += 3;
  assert_int_equal(chunks(f), 3);
  assert_int_equal(registry_number(f->registry, "SELECT sum(points) FROM metric_chunk"), logged);
  check_points(f, logged);
}

/* Chunks are full but the last, however the points came. */
static void chunks_are_full(void **state) {
  const fold_fixture *f = *state;
  static const int64_t parts[] = {1, 1000, 30, 5000, 1, 1, 1023, 1024, 1025, 7};
  int64_t logged = 0;
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    log_more(f, logged, parts[i]);
    logged += parts[i];
    assert_int_equal(chunks(f), (logged + 1023) / 1024);
    assert_int_equal(
        registry_number(f->registry, "SELECT count(*) FROM metric_chunk WHERE points < 1024"),
        logged % 1024 != 0);
    assert_int_equal(registry_number(f->registry, "SELECT max(sequence) + 1 FROM metric_chunk"),
                     chunks(f));
  }
  check_points(f, logged);
}

/* Many points at once are fewer rows; a chunk that has begun is filled all the same. */
static void many_points_make_large_chunks(void **state) {
  const fold_fixture *f = *state;
  log_more(f, 0, 8191);
  assert_int_equal(chunks(f), 8);
  assert_int_equal(registry_number(f->registry, "SELECT max(points) FROM metric_chunk"), 1024);
  log_more(f, 8191, 1);
  log_more(f, 8192, 8192);
  assert_int_equal(chunks(f), 9);
  log_more(f, 16384, 5);
  log_more(f, 16389, 20000);
  /* 1,019 points to fill the chunk of 5, two large chunks, and three for the 2,597 that are left. */
  assert_int_equal(chunks(f), 15);
  assert_int_equal(
      registry_number(f->registry, "SELECT count(*) FROM metric_chunk WHERE points = 8192"), 3);
  assert_int_equal(
      registry_number(f->registry, "SELECT count(*) FROM metric_chunk WHERE points < 1024"), 1);
  assert_int_equal(registry_number(f->registry, "SELECT sum(points) FROM metric_chunk"), 36389);
  assert_int_equal(registry_number(f->registry, "SELECT max(sequence) FROM metric_chunk"), 14);
  check_points(f, 36389);
}

/* What the summary says of the number of points is not believed. */
static void a_wrong_number_of_points_does_no_harm(void **state) {
  const fold_fixture *f = *state;
  static const char *const wrong[] = {
      "UPDATE metric SET points = 0", "UPDATE metric SET points = 3",
      "UPDATE metric SET points = -1", "UPDATE metric SET points = 9223372036854775807"};
  log_more(f, 0, 3000);
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    registry_execute(f->registry, wrong[i]);
    check_points(f, 3000);
  }
}

/* Nor what is said beside a chunk: full ones that claim to have room are written anew. */
static void a_wrong_number_beside_a_chunk_does_no_harm(void **state) {
  const fold_fixture *f = *state;
  static const int64_t parts[] = {8192, 1024, 2000, 20000, 1};
  int64_t logged = 0;
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    log_more(f, logged, parts[i]);
    logged += parts[i];
    registry_execute(f->registry, "UPDATE metric_chunk SET points = 5");
    log_more(f, logged, 2);
    logged += 2;
    registry_execute(f->registry, "UPDATE metric_chunk SET points = 0");
    check_points(f, logged);
  }
}

/* The columns for search say what the exact bits say, and nothing where those are NaN. */
static void search_columns(void **state) {
  const fold_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  OK(mr_run_log_metric(f->run, "m", 0.5, 1, &error));
  OK(mr_run_log_metric(f->run, "m", 1.5, 2, &error));
  OK(mr_run_log_metric(f->run, "nan", (double)NAN, 1, &error));
  OK(mr_run_flush(f->run, &error));
  assert_int_equal(registry_number(f->registry,
                                   "SELECT count(*) FROM metric WHERE key = 'm' AND "
                                   "first_value = 0.5 AND last_value = 1.5 AND min_value = 0.5 AND "
                                   "max_value = 1.5 AND mean_value = 1.0"),
                   1);
  assert_int_equal(
      registry_number(f->registry,
                      "SELECT count(*) FROM metric WHERE key = 'nan' AND "
                      "first_value IS NULL AND last_value IS NULL AND "
                      "min_value IS NULL AND max_value IS NULL AND mean_value IS NULL"),
      1);
}

static void damaged_chunks_are_found(void **state) {
  const fold_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  mr_history *history = NULL;
  log_more(f, 0, 10);
  registry_execute(f->registry, "UPDATE metric_chunk SET data = x'00'");
  assert_int_equal(mr_run_history(f->run, "m", NULL, &history, &error), MR_CORRUPT);
  assert_null(history);
  /* A damaged tail is not extended: the new points stay in memory for a mended database. */
  OK(mr_run_log_metric(f->run, "m", 10, 10, &error));
  assert_int_equal(mr_run_flush(f->run, &error), MR_CORRUPT);
  registry_execute(f->registry, "DELETE FROM metric_chunk");
  registry_execute(f->registry, "DELETE FROM metric");
  OK(mr_run_flush(f->run, &error));
  OK(mr_run_history(f->run, "m", NULL, &history, &error));
  assert_int_equal(mr_history_count(history), 1);
  mr_history_free(history);
}

/* A transaction that is given up leaves the points where they were. */
static void memory_runs_out(void **state) {
  fold_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  int64_t points = 0;
  for (int64_t nth = 1;; nth++) {
    OK(mr_run_log_metric(f->run, "m", 1, nth, &error));
    points++;
    mri_mem_test_fail(nth, false);
    mr_status status = mr_run_flush(f->run, &error);
    bool failed = mri_mem_test_failed();
    mri_mem_test_fail(0, false);
    assert_int_equal(status, failed ? MR_NO_MEMORY : MR_OK);
    if (!failed) break;
    OK(mr_run_flush(f->run, &error)); /* nothing was lost, nothing is there twice */
    assert_int_equal(registry_number(f->registry, "SELECT points FROM metric"), points);
  }
  assert_int_equal(registry_number(f->registry, "SELECT sum(points) FROM metric_chunk"), points);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(small_flushes_extend_the_last_chunk, setup, teardown),
      cmocka_unit_test_setup_teardown(chunks_are_full, setup, teardown),
      cmocka_unit_test_setup_teardown(many_points_make_large_chunks, setup, teardown),
      cmocka_unit_test_setup_teardown(a_wrong_number_of_points_does_no_harm, setup, teardown),
      cmocka_unit_test_setup_teardown(a_wrong_number_beside_a_chunk_does_no_harm, setup, teardown),
      cmocka_unit_test_setup_teardown(search_columns, setup, teardown),
      cmocka_unit_test_setup_teardown(damaged_chunks_are_found, setup, teardown),
      cmocka_unit_test_setup_teardown(memory_runs_out, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
