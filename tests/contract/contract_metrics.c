/* SPDX-License-Identifier: Apache-2.0 */
/* Logging points, and their summaries against a naive reference. */
#include "contract.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

typedef struct point {
  int64_t step;
  int64_t time_us;
  double value;
} point;

static void same_bits(double a, double b) {
  assert_memory_equal(&a, &b, sizeof a);
}

/* The sum of the values that are no NaN, without rounding until the end: partial sums that do not
 * overlap (Shewchuk, 1997). *size is the sum of the magnitudes; *infinite says that a value is. */
static double exact_sum(const point *points, size_t count, double *size, bool *infinite) {
  double partials[64];
  double specials = 0;
  size_t used = 0;
  *size = 0;
  *infinite = false;
  for (size_t i = 0; i < count; i++) {
    double x = points[i].value;
    if (isnan(x)) continue;
    *size += fabs(x);
    if (isinf(x)) {
      *infinite = true;
      specials += x;
      continue;
    }
    size_t kept = 0;
    for (size_t k = 0; k < used; k++) {
      double y = partials[k];
      double high = x + y;
      double low = fabs(x) < fabs(y) ? x - (high - y) : y - (high - x);
      if (low != 0) partials[kept++] = low;
      x = high;
    }
    assert_true(kept < 64);
    partials[kept] = x;
    used = kept + 1;
  }
  double sum = 0;
  while (used > 0) sum += partials[--used];
  return sum + specials;
}

static void check_mean(double mean, const point *points, size_t count, size_t numbers) {
  double size = 0;
  bool infinite = false;
  double expected = exact_sum(points, count, &size, &infinite) / (double)numbers;
  if (isnan(expected) || isinf(expected)) {
    /* Also where the sum does not fit a double, which is the documented limit. */
    assert_true(isnan(mean) || isinf(mean));
    if (infinite) assert_true(isnan(expected) ? isnan(mean) : mean == expected);
  } else if (!(fabs(mean - expected) <= 4.5e-16 * fabs(expected) + 1e-24 * size + 1e-320)) {
    fail_msg("the mean of %zu points is %.17g, not %.17g", count, mean, expected);
  }
}

/* As metric.h says it, one point after the other. */
static void check_summary(const mr_metric_record *r, const point *points, size_t count) {
  const point *first = &points[0];
  const point *last = &points[0];
  double min = (double)NAN;
  double max = (double)NAN;
  size_t nans = 0;
  for (size_t i = 0; i < count; i++) {
    const point *p = &points[i];
    if (p->step < first->step || (p->step == first->step && p->time_us < first->time_us)) first = p;
    if (p->step > last->step || (p->step == last->step && p->time_us >= last->time_us)) last = p;
    nans += isnan(p->value) != 0;
    if (isnan(p->value)) continue;
    if (!(p->value >= min)) min = p->value;
    if (!(p->value <= max)) max = p->value;
  }
  assert_true(r->struct_size >= sizeof *r);
  assert_int_equal(r->count, count);
  assert_int_equal(r->nan_count, nans);
  assert_int_equal(r->first_step, first->step);
  assert_int_equal(r->first_time_us, first->time_us);
  assert_int_equal(r->last_step, last->step);
  assert_int_equal(r->last_time_us, last->time_us);
  same_bits(r->first, first->value);
  same_bits(r->last, last->value);
  if (nans == count) {
    assert_true(isnan(r->min) && isnan(r->max) && isnan(r->mean));
    return;
  }
  assert_true(r->min == min);
  assert_true(r->max == max);
  check_mean(r->mean, points, count, count - nans);
}

static const mr_metric_record *only(mr_run *run, mr_metric_page **page) {
  OK(mr_run_list_metrics(run, NULL, page, &error));
  assert_int_equal(mr_metric_page_count(*page), 1);
  return mr_metric_page_at(*page, 0);
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

static void logs_one_point(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  mr_metric_page *page = NULL;
  int64_t before = contract_clock(NULL);
  OK(mr_run_log_metric(run, "accuracy", 0.75, 7, &error));
  int64_t after = contract_clock(NULL);
  const mr_metric_record *r = only(run, &page);
  assert_string_equal(r->key, "accuracy");
  assert_in_range((uintmax_t)r->first_time_us, (uintmax_t)before, (uintmax_t)after);
  const point expected = {7, r->first_time_us, 0.75};
  check_summary(r, &expected, 1);
  mr_metric_page_free(page);
  mr_run_free(run);
}

static void logs_in_every_way(void **state) {
  contract *c = *state;
  static const char *const keys[] = {"loss", "accuracy"};
  static const double row[] = {0.5, 0.25};
  static const double values[] = {1, 2, 3};
  static const int64_t steps[] = {1, 2, 3};
  static const int64_t times[] = {100, 200, 300};
  static listing list;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  mr_run *run = contract_run(c, "x");
  mr_metric *metric = NULL;
  mr_metric_page *page = NULL;
  OK(mr_run_metric(run, "loss", &metric, &error));
  OK(mr_run_list_metrics(run, NULL, &page, &error));
  assert_int_equal(mr_metric_page_count(page), 0); /* a handle alone makes no metric */
  mr_metric_page_free(page);
  OK(mr_run_log_metrics(run, 0, keys, row, 2, &error));
  OK(mr_metric_log(metric, 9, 9, &error));
  OK(mr_metric_log_many(metric, values, steps, times, 3, &error));
  OK(mr_metric_log_many(metric, values, steps, NULL, 3, &error));
  OK(mr_metric_log_many(metric, NULL, NULL, NULL, 0, &error));
  OK(mr_run_log_metrics(run, 0, NULL, NULL, 0, &error));
  LIST_ALL_WAYS(mr_metric, options, mr_run_list_metrics(run, &options, &part, &error), key, &list,
                "accuracy loss");
  OK(mr_run_list_metrics(run, NULL, &page, &error));
  const mr_metric_record *accuracy = mr_metric_page_at(page, 0);
  const mr_metric_record *loss = mr_metric_page_at(page, 1);
  assert_int_equal(accuracy->count, 1);
  assert_true(accuracy->last == 0.25);
  assert_int_equal(loss->count, 8);
  assert_int_equal(loss->first_step, 0);
  assert_true(loss->first == 0.5);
  assert_int_equal(loss->last_step, 9);
  assert_true(loss->last == 9);
  assert_int_equal(accuracy->first_time_us, loss->first_time_us); /* one row, one time */
  mr_metric_page_free(page);
  mr_metric_free(metric);
  mr_metric_free(NULL);
  mr_run_free(run);
}

static void refuses(void **state) {
  contract *c = *state;
  static const char *const with_bad[] = {"good", "b\nad"};
  static const char *const twice[] = {"good", "other", "good"};
  static const double values[] = {1, 2, 3};
  static const int64_t steps[] = {1, 2, 3};
  char key[260];
  memset(key, 'k', sizeof key);
  key[251] = '\0';
  mr_run *run = contract_run(c, "x");
  mr_metric *metric = NULL;
  REFUSED(MR_LIMIT, "metric key|250", mr_run_log_metric(run, key, 1, 1, &error));
  REFUSED(MR_LIMIT, "metric key|250", mr_run_metric(run, key, &metric, &error));
  REFUSED(MR_INVALID_ARGUMENT, "metric key", mr_run_log_metric(run, "", 1, 1, &error));
  REFUSED(MR_INVALID_ARGUMENT, "metric key", mr_run_log_metric(run, NULL, 1, 1, &error));
  REFUSED(MR_INVALID_ARGUMENT, "metric key",
          mr_run_log_metrics(run, 1, with_bad, values, 2, &error));
  REFUSED(MR_INVALID_ARGUMENT, "good", mr_run_log_metrics(run, 1, twice, values, 3, &error));
  REFUSED(MR_INVALID_ARGUMENT, "keys", mr_run_log_metrics(run, 1, NULL, values, 1, &error));
  REFUSED(MR_INVALID_ARGUMENT, "values", mr_run_log_metrics(run, 1, twice, NULL, 1, &error));
  REFUSED(MR_INVALID_ARGUMENT, "run", mr_run_log_metric(NULL, "k", 1, 1, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_metric", mr_run_metric(run, "k", NULL, &error));
  assert_null(metric);
  OK(mr_run_metric(run, "k", &metric, &error));
  REFUSED(MR_INVALID_ARGUMENT, "values", mr_metric_log_many(metric, NULL, steps, NULL, 1, &error));
  REFUSED(MR_INVALID_ARGUMENT, "steps", mr_metric_log_many(metric, values, NULL, NULL, 1, &error));
  REFUSED(MR_INVALID_ARGUMENT, "metric", mr_metric_log(NULL, 1, 1, &error));
  mr_metric_free(metric);
  mr_metric_page *page = NULL;
  OK(mr_run_list_metrics(run, NULL, &page, &error));
  assert_int_equal(mr_metric_page_count(page), 0); /* all or none */
  mr_metric_page_free(page);
  mr_run_free(run);
}

/* A row in which a key is there twice is refused whatever room the columns have. */
static void refuses_double_keys_always(void **state) {
  contract *c = *state;
  static const char *const twice[] = {"a", "a"};
  static const double values[] = {1, 2};
  mr_run *run = contract_run(c, "x");
  mr_metric_page *page = NULL;
  for (int i = 0; i < 300; i++) {
    OK(mr_run_log_metric(run, "a", i, i, &error));
    REFUSED(MR_INVALID_ARGUMENT, "'a'", mr_run_log_metrics(run, i, twice, values, 2, &error));
  }
  assert_int_equal(only(run, &page)->count, 300);
  mr_metric_page_free(page);
  mr_run_free(run);
}

static double random_value(uint64_t random) {
  static const double special[] = {
      0.0, -0.0, (double)INFINITY, -(double)INFINITY, 4.9e-324, -2.2e-308, 1e300, -1e300};
  if (random % 31 == 0) return (double)NAN;
  if (random % 37 == 0) return special[(random >> 8) % 8];
  return (double)(int64_t)(random >> 11) / 4503599627370496.0 - 1.0;
}

/* Summaries grow flush by flush, and stay what all points together give. */
static void summaries_match_a_reference(void **state) {
  contract *c = *state;
  static const size_t sizes[] = {1, 2, 3, 63, 64, 65, 1023, 1024, 1025, 3000};
  static point points[3000];
  uint64_t seed = 1;
  for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
    for (int shape = 0; shape < 3; shape++) {
      mr_run *run = contract_run(c, "x");
      mr_metric_page *page = NULL;
      size_t done = 0;
      for (size_t i = 0; i < sizes[s]; i++) {
        uint64_t random;
        contract_fill((uint8_t *)&random, sizeof random, seed++);
        points[i].step = shape == 0 ? (int64_t)i : (int64_t)(random % 50) - 25;
        points[i].time_us = shape == 1 ? 5 : (int64_t)((random >> 20) % 9);
        points[i].value = shape == 2 ? (double)(random % 1000) : random_value(random);
      }
      for (size_t part = 1; done < sizes[s]; part = part * 3 + 1) {
        size_t count = part < sizes[s] - done ? part : sizes[s] - done;
        log_points(run, "m", points + done, count);
        done += count;
        if (part % 2 == 0) OK(mr_run_flush(run, &error));
        check_summary(only(run, &page), points, done);
        mr_metric_page_free(page);
      }
      mr_run_free(run);
    }
  }
}

static void summaries_of_special_values(void **state) {
  contract *c = *state;
  static const struct {
    double values[3];
    size_t count;
  } cases[] = {
      {{(double)NAN}, 1},
      {{(double)NAN, (double)NAN}, 2},
      {{(double)NAN, 2, (double)NAN}, 3},
      {{(double)INFINITY, 1}, 2},
      {{-(double)INFINITY, 1}, 2},
      {{(double)INFINITY, -(double)INFINITY}, 2},
      {{1e308, 1e308, -1e308}, 3},
      {{4.9e-324}, 1},
      {{1, 1e-17, 1e-17}, 3},
      {{-5}, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    point points[3];
    mr_run *run = contract_run(c, "x");
    mr_metric_page *page = NULL;
    for (size_t k = 0; k < cases[i].count; k++) {
      points[k] = (point){(int64_t)k, (int64_t)k, cases[i].values[k]};
    }
    log_points(run, "m", points, cases[i].count);
    check_summary(only(run, &page), points, cases[i].count);
    mr_metric_page_free(page);
    mr_run_free(run);
  }
}

/* Sums that a naive loop would lose. */
static void mean_is_exact_enough(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  mr_metric *metric = NULL;
  mr_metric_page *page = NULL;
  OK(mr_run_metric(run, "m", &metric, &error));
  OK(mr_metric_log(metric, 1e16, 0, &error));
  for (int i = 0; i < 1000; i++) {
    OK(mr_metric_log(metric, 1, i, &error));
    if (i % 100 == 0) OK(mr_run_flush(run, &error));
  }
  OK(mr_metric_log(metric, -1e16, 1000, &error));
  assert_true(fabs(only(run, &page)->mean - 1000.0 / 1002.0) < 1e-15);
  mr_metric_page_free(page);
  mr_metric_free(metric);
  mr_run_free(run);
}

/* What is flushed is seen through another handle; what is not may still be in memory. */
static void is_seen_elsewhere_after_flush(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  mr_metric_page *page = NULL;
  char id[40];
  (void)snprintf(id, sizeof id, "%s", mr_run_info(run)->id);
  OK(mr_run_log_metric(run, "m", 1, 1, &error));
  OK(mr_run_flush(run, &error));
  OK(mr_run_log_metric(run, "m", 2, 2, &error));
  OK(mr_registry_flush(c->registry, &error));
  if (c->driver->shared) {
    mr_registry *second = contract_second(c);
    mr_run *there = NULL;
    OK(mr_registry_open_run(second, id, &there, &error));
    assert_int_equal(only(there, &page)->count, 2);
    mr_metric_page_free(page);
    /* Both log to the one metric. */
    OK(mr_run_log_metric(there, "m", 3, 3, &error));
    OK(mr_run_log_metric(run, "m", 4, 4, &error));
    OK(mr_run_flush(there, &error));
    OK(mr_run_flush(run, &error));
    assert_int_equal(only(there, &page)->count, 4);
    assert_true(mr_metric_page_at(page, 0)->last == 4);
    mr_metric_page_free(page);
    mr_run_free(there);
    mr_registry_close(second);
  }
  /* A second handle in the same process sees points that are still in memory. */
  mr_run *here = NULL;
  OK(mr_registry_open_run(c->registry, id, &here, &error));
  OK(mr_run_log_metric(run, "fresh", 1, 1, &error));
  OK(mr_run_list_metrics(here, NULL, &page, &error));
  assert_int_equal(mr_metric_page_count(page), 2);
  mr_metric_page_free(page);
  mr_run_free(here);
  mr_run_free(run);
}

/* Freeing handles and closing the registry write what is still in memory. */
static void nothing_is_lost_without_flush(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  mr_metric *metric = NULL;
  mr_metric_page *page = NULL;
  char id[40];
  (void)snprintf(id, sizeof id, "%s", mr_run_info(run)->id);
  OK(mr_run_metric(run, "m", &metric, &error));
  OK(mr_metric_log(metric, 1, 1, &error));
  mr_run_free(run);
  OK(mr_metric_log(metric, 2, 2, &error)); /* the metric's handle lives on */
  mr_metric_free(metric);
  OK(mr_registry_open_run(c->registry, id, &run, &error));
  assert_int_equal(only(run, &page)->count, 2);
  mr_metric_page_free(page);
  if (c->driver->survives_close) {
    OK(mr_run_metric(run, "m", &metric, &error));
    OK(mr_metric_log(metric, 3, 3, &error));
    contract_reopen(c);
    REFUSED(MR_CLOSED, "closed", mr_metric_log(metric, 4, 4, &error));
    REFUSED(MR_CLOSED, "closed", mr_run_flush(run, &error));
    mr_metric_free(metric);
    mr_run_free(run);
    OK(mr_registry_open_run(c->registry, id, &run, &error));
    assert_int_equal(only(run, &page)->count, 3);
    mr_metric_page_free(page);
  }
  mr_run_free(run);
}

typedef struct logger {
  mr_run *run;
  int64_t first;
  int64_t count;
  int failures;
} logger;

static void *log_from_a_thread(void *argument) {
  logger *l = argument;
  char own[16];
  (void)snprintf(own, sizeof own, "own-%d", (int)(l->first % 100));
  for (int64_t i = 0; i < l->count; i++) {
    if (mr_run_log_metric(l->run, "shared", 1, l->first + i, NULL) != MR_OK) l->failures++;
    if (mr_run_log_metric(l->run, own, (double)i, i, NULL) != MR_OK) l->failures++;
    if (i % 97 == 0 && mr_run_flush(l->run, NULL) != MR_OK) l->failures++;
  }
  return NULL;
}

static void many_threads_log_one_run(void **state) {
  contract *c = *state;
  enum { THREADS = 4 };
  logger loggers[THREADS];
  pthread_t threads[THREADS];
  mr_run *run = contract_run(c, "x");
  mr_metric_page *page = NULL;
  int64_t count = contract_scale(2000, 200);
  for (int i = 0; i < THREADS; i++) {
    loggers[i] = (logger){run, i * 1000001, count, 0};
    assert_int_equal(pthread_create(&threads[i], NULL, log_from_a_thread, &loggers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(loggers[i].failures, 0);
  }
  OK(mr_run_list_metrics(run, NULL, &page, &error));
  assert_int_equal(mr_metric_page_count(page), THREADS + 1);
  for (int64_t i = 0; i < THREADS; i++) {
    const mr_metric_record *r = mr_metric_page_at(page, i);
    assert_int_equal(r->count, count);
    assert_true(r->last == (double)(count - 1));
  }
  const mr_metric_record *shared = mr_metric_page_at(page, THREADS);
  assert_int_equal(shared->count, THREADS * count);
  assert_true(shared->mean == 1);
  mr_metric_page_free(page);
  mr_run_free(run);
}

int contract_metric_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(logs_one_point),
      TEST(logs_in_every_way),
      TEST(refuses),
      TEST(refuses_double_keys_always),
      TEST(summaries_match_a_reference),
      TEST(summaries_of_special_values),
      TEST(mean_is_exact_enough),
      TEST(is_seen_elsewhere_after_flush),
      TEST(nothing_is_lost_without_flush),
      TEST(many_threads_log_one_run),
  };
  return GROUP("metrics", tests);
}
