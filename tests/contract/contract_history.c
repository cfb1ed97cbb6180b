/* SPDX-License-Identifier: Apache-2.0 */
/* Reading points back: every bit, in the documented order. */
#include "contract.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

typedef struct point {
  int64_t step;
  int64_t time_us;
  double value;
  size_t index; /* of logging */
} point;

static int by_step(const void *a, const void *b) {
  const point *x = a;
  const point *y = b;
  if (x->step != y->step) return x->step < y->step ? -1 : 1;
  if (x->time_us != y->time_us) return x->time_us < y->time_us ? -1 : 1;
  return x->index < y->index ? -1 : 1;
}

static void log_points(mr_run *run, const char *key, const point *points, size_t count) {
  mr_metric *metric = NULL;
  double *values = calloc(count, sizeof *values);
  int64_t *steps = calloc(count, sizeof *steps);
  int64_t *times = calloc(count, sizeof *times);
  assert_true(values != NULL && steps != NULL && times != NULL);
  for (size_t i = 0; i < count; i++) {
    values[i] = points[i].value;
    steps[i] = points[i].step;
    times[i] = points[i].time_us;
  }
  OK(mr_run_metric(run, key, &metric, &error));
  OK(mr_metric_log_many(metric, values, steps, times, count, &error));
  mr_metric_free(metric);
  free(values);
  free(steps);
  free(times);
}

/* The history of a metric is these points, which are sorted. */
static void check_history(mr_run *run, const char *key, const mr_history_options *options,
                          const point *points, size_t count) {
  mr_history *history = NULL;
  OK(mr_run_history(run, key, options, &history, &error));
  assert_int_equal(mr_history_count(history), count);
  const int64_t *steps = mr_history_steps(history);
  const int64_t *times = mr_history_times(history);
  const double *values = mr_history_values(history);
  assert_true(steps != NULL && times != NULL && values != NULL);
  for (size_t i = 0; i < count; i++) {
    assert_int_equal(steps[i], points[i].step);
    assert_int_equal(times[i], points[i].time_us);
    assert_memory_equal(&values[i], &points[i].value, sizeof values[i]);
  }
  mr_history_free(history);
}

static double from_bits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static void keeps_every_bit(void **state) {
  contract *c = *state;
  static const uint64_t bits[] = {
      0,                            /* 0.0 */
      UINT64_C(0x8000000000000000), /* -0.0 */
      1,                            /* smallest denormal */
      UINT64_C(0x8000000000000001),
      UINT64_C(0x000fffffffffffff), /* largest denormal */
      UINT64_C(0x0010000000000000), /* smallest normal */
      UINT64_C(0x7fefffffffffffff),
      UINT64_C(0xffefffffffffffff), /* largest, smallest */
      UINT64_C(0x7ff0000000000000),
      UINT64_C(0xfff0000000000000), /* infinities */
      UINT64_C(0x7ff8000000000000),
      UINT64_C(0xfff8000000000000), /* quiet NaN */
      UINT64_C(0x7ff8000000000001),
      UINT64_C(0x7ff4deadbeef1234), /* with payload, signalling */
      UINT64_C(0x3ff0000000000000),
      UINT64_C(0x3fb999999999999a), /* 1, 0.1 */
      UINT64_C(0x4340000000000001),
  };
  enum { COUNT = sizeof bits / sizeof bits[0] };
  static const int64_t steps[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
  point points[COUNT];
  mr_run *run = contract_run(c, "x");
  for (size_t i = 0; i < COUNT; i++) points[i] = (point){(int64_t)i, 0, from_bits(bits[i]), i};
  log_points(run, "bits", points, COUNT);
  check_history(run, "bits", NULL, points, COUNT);
  point extremes[7];
  for (size_t i = 0; i < 7; i++) extremes[i] = (point){steps[i], steps[6 - i], (double)i, i};
  log_points(run, "extremes", extremes, 7);
  OK(mr_run_flush(run, &error));
  check_history(run, "extremes", NULL, extremes, 7);
  mr_run_free(run);
  if (!c->driver->survives_close) return;
  char id[40];
  run = contract_run(c, "x");
  (void)snprintf(id, sizeof id, "%s", mr_run_info(run)->id);
  log_points(run, "bits", points, COUNT);
  contract_reopen(c);
  mr_run_free(run);
  OK(mr_registry_open_run(c->registry, id, &run, &error));
  check_history(run, "bits", NULL, points, COUNT);
  mr_run_free(run);
}

/* By step, then time, then the order of logging, whatever the order and the flushes were. */
static void is_ordered(void **state) {
  contract *c = *state;
  static point points[5000];
  static const size_t sizes[] = {2, 3, 64, 1000, 1024, 1025, 2048, 5000};
  for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
    mr_run *run = contract_run(c, "x");
    size_t done = 0;
    for (size_t i = 0; i < sizes[s]; i++) {
      uint64_t random;
      contract_fill((uint8_t *)&random, sizeof random, s * 10000 + i);
      points[i] = (point){(int64_t)(random % 40) - 20, (int64_t)((random >> 16) % 3), (double)i, i};
    }
    for (size_t part = 1; done < sizes[s]; part = part * 2 + 3) {
      size_t count = part < sizes[s] - done ? part : sizes[s] - done;
      log_points(run, "m", points + done, count);
      done += count;
      OK(mr_run_flush(run, &error));
    }
    qsort(points, sizes[s], sizeof points[0], by_step);
    check_history(run, "m", NULL, points, sizes[s]);
    mr_run_free(run);
  }
}

static void reads_ranges_of_steps(void **state) {
  contract *c = *state;
  enum { COUNT = 2500, FROM = -1000 };
  static point points[COUNT];
  mr_run *run = contract_run(c, "x");
  static const struct {
    uint32_t flags;
    int64_t from;
    int64_t to;
  } cases[] = {
      {0, 5, 1},
      {MR_HISTORY_FROM_STEP, 0, 0},
      {MR_HISTORY_TO_STEP, 0, 0},
      {MR_HISTORY_FROM_STEP | MR_HISTORY_TO_STEP, -10, 10},
      {MR_HISTORY_FROM_STEP | MR_HISTORY_TO_STEP, 7, 7},
      {MR_HISTORY_FROM_STEP | MR_HISTORY_TO_STEP, 8, 7},
      {MR_HISTORY_FROM_STEP, 5000, 0},
      {MR_HISTORY_TO_STEP, 0, -5000},
      {MR_HISTORY_FROM_STEP | MR_HISTORY_TO_STEP, INT64_MIN, INT64_MAX},
      {MR_HISTORY_FROM_STEP | MR_HISTORY_TO_STEP, 20, 1060},
  };
  for (size_t i = 0; i < COUNT; i++) {
    points[i] = (point){FROM + (int64_t)i, (int64_t)i, (double)i * 0.5, i};
  }
  log_points(run, "m", points, COUNT);
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    mr_history_options o = MR_HISTORY_OPTIONS_INIT;
    o.flags = cases[k].flags;
    o.from_step = cases[k].from;
    o.to_step = cases[k].to;
    size_t first = 0;
    size_t end = COUNT;
    while ((o.flags & MR_HISTORY_FROM_STEP) && first < COUNT && points[first].step < o.from_step) {
      first++;
    }
    while ((o.flags & MR_HISTORY_TO_STEP) && end > first && points[end - 1].step > o.to_step) end--;
    check_history(run, "m", &o, points + first, end - first);
  }
  mr_run_free(run);
}

/* From one point to many chunks. */
static void takes_any_number_of_points(void **state) {
  contract *c = *state;
  static const size_t sizes[] = {1, 2, 1023, 1024, 1025, 10000, 65535, 65536, 65537, 200000};
  static point points[200000];
  for (size_t i = 0; i < 200000; i++) {
    points[i] = (point){(int64_t)i * 10, (int64_t)i * 1000, (double)(i % 777) / 8, i};
  }
  mr_run *run = contract_run(c, "x");
  for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
    char key[16];
    (void)snprintf(key, sizeof key, "m%zu", sizes[s]);
    log_points(run, key, points, sizes[s]);
    check_history(run, key, NULL, points, sizes[s]);
  }
  mr_run_free(run);
}

static void grows_point_by_point(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  mr_metric *metric = NULL;
  mr_history *history = NULL;
  int64_t count = contract_scale(15000, 3000);
  OK(mr_run_metric(run, "m", &metric, &error));
  for (int64_t i = 0; i < count; i++) {
    OK(mr_metric_log(metric, (double)i, i, &error));
    if (i % 50 == 0) OK(mr_run_flush(run, &error));
  }
  OK(mr_run_history(run, "m", NULL, &history, &error));
  assert_int_equal(mr_history_count(history), count);
  for (int64_t i = 0; i < count; i++) {
    assert_int_equal(mr_history_steps(history)[i], i);
    assert_true(mr_history_values(history)[i] == (double)i);
    if (i > 0) assert_true(mr_history_times(history)[i] > mr_history_times(history)[i - 1]);
  }
  mr_history_free(history);
  mr_metric_free(metric);
  mr_run_free(run);
}

static void refuses(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  mr_history *history = NULL;
  mr_history_options o = MR_HISTORY_OPTIONS_INIT;
  OK(mr_run_log_metric(run, "m", 1, 1, &error));
  REFUSED(MR_NOT_FOUND, "nothing", mr_run_history(run, "nothing", NULL, &history, &error));
  HAS(error.message, mr_run_info(run)->id);
  REFUSED(MR_INVALID_ARGUMENT, "metric key", mr_run_history(run, "", NULL, &history, &error));
  REFUSED(MR_INVALID_ARGUMENT, "metric key", mr_run_history(run, NULL, NULL, &history, &error));
  REFUSED(MR_INVALID_ARGUMENT, "run", mr_run_history(NULL, "m", NULL, &history, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_history", mr_run_history(run, "m", NULL, NULL, &error));
  o.flags = 4;
  REFUSED(MR_INVALID_ARGUMENT, "flags", mr_run_history(run, "m", &o, &history, &error));
  o.struct_size = 1;
  REFUSED(MR_ABI_MISMATCH, "mr_history_options", mr_run_history(run, "m", &o, &history, &error));
  assert_null(history);
  assert_int_equal(mr_history_count(NULL), 0);
  assert_null(mr_history_steps(NULL));
  assert_null(mr_history_times(NULL));
  assert_null(mr_history_values(NULL));
  mr_history_free(NULL);
  mr_run_free(run);
}

int contract_history_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(keeps_every_bit),       TEST(is_ordered),
      TEST(reads_ranges_of_steps), TEST(takes_any_number_of_points),
      TEST(grows_point_by_point),  TEST(refuses),
  };
  return GROUP("histories", tests);
}
