/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"

#include "metrics/summary.h"

#include <math.h>

typedef struct point {
  int64_t step;
  int64_t time_us;
  double value;
} point;

static void add_points(mri_summary *summary, const point *points, size_t count) {
  for (size_t i = 0; i < count; i++)
    mri_summary_add(summary, &points[i].step, &points[i].time_us, &points[i].value, 1);
}

static void assert_same_double(double a, double b) {
  uint64_t x, y;
  memcpy(&x, &a, sizeof x);
  memcpy(&y, &b, sizeof y);
  if (isnan(a) && isnan(b)) return;
  assert_true(x == y);
}

static void test_no_points(void **state) {
  (void)state;
  mri_summary summary = {0};
  mri_summary_add(&summary, NULL, NULL, NULL, 0);
  assert_int_equal(summary.count, 0);
  assert_true(isnan(mri_summary_mean(&summary)));
  assert_true(isnan(mri_summary_min(&summary)));
  assert_true(isnan(mri_summary_max(&summary)));
}

static void test_one_point_is_everything(void **state) {
  (void)state;
  mri_summary summary = {0};
  const point points[] = {{-5, 7, 2.5}};
  add_points(&summary, points, 1);
  assert_int_equal(summary.count, 1);
  assert_int_equal(summary.nan_count, 0);
  assert_int_equal(summary.first_step, -5);
  assert_int_equal(summary.first_time_us, 7);
  assert_int_equal(summary.last_step, -5);
  assert_int_equal(summary.last_time_us, 7);
  assert_same_double(summary.first, 2.5);
  assert_same_double(summary.last, 2.5);
  assert_same_double(mri_summary_min(&summary), 2.5);
  assert_same_double(mri_summary_max(&summary), 2.5);
  assert_same_double(mri_summary_mean(&summary), 2.5);
}

static void test_last_is_the_highest_step_not_the_last_logged(void **state) {
  (void)state;
  mri_summary summary = {0};
  const point points[] = {{10, 100, 1}, {30, 50, 3}, {20, 900, 2}, {5, 901, 0.5}};
  add_points(&summary, points, 4);
  assert_int_equal(summary.last_step, 30);
  assert_int_equal(summary.last_time_us, 50);
  assert_same_double(summary.last, 3);
  assert_int_equal(summary.first_step, 5);
  assert_int_equal(summary.first_time_us, 901);
  assert_same_double(summary.first, 0.5);
}

static void test_time_decides_within_a_step(void **state) {
  (void)state;
  mri_summary summary = {0};
  const point points[] = {{1, 20, 1}, {1, 30, 2}, {1, 10, 3}};
  add_points(&summary, points, 3);
  assert_same_double(summary.last, 2);
  assert_same_double(summary.first, 3);
}

static void test_equal_points_keep_the_first_and_the_last_logged(void **state) {
  (void)state;
  mri_summary summary = {0};
  const point points[] = {{1, 1, 10}, {1, 1, 20}, {1, 1, 30}};
  add_points(&summary, points, 3);
  assert_same_double(summary.first, 10);
  assert_same_double(summary.last, 30);
}

static void test_nan_counts_but_does_not_spoil(void **state) {
  (void)state;
  mri_summary summary = {0};
  const point points[] = {{1, 1, NAN}, {2, 2, 4}, {3, 3, 2}, {4, 4, NAN}};
  add_points(&summary, points, 4);
  assert_int_equal(summary.count, 4);
  assert_int_equal(summary.nan_count, 2);
  assert_true(isnan(summary.first));
  assert_true(isnan(summary.last));
  assert_same_double(mri_summary_min(&summary), 2);
  assert_same_double(mri_summary_max(&summary), 4);
  assert_same_double(mri_summary_mean(&summary), 3);
}

static void test_only_nan(void **state) {
  (void)state;
  mri_summary summary = {0};
  const point points[] = {{1, 1, NAN}, {2, 2, NAN}};
  add_points(&summary, points, 2);
  assert_int_equal(summary.nan_count, 2);
  assert_true(isnan(mri_summary_mean(&summary)));
  assert_true(isnan(mri_summary_min(&summary)));
  assert_true(isnan(mri_summary_max(&summary)));
}

static void test_infinities_add_as_ieee_does(void **state) {
  (void)state;
  mri_summary one = {0};
  const point up[] = {{1, 1, 1}, {2, 2, INFINITY}, {3, 3, 5}};
  add_points(&one, up, 3);
  assert_same_double(mri_summary_mean(&one), INFINITY);
  assert_same_double(mri_summary_max(&one), INFINITY);
  assert_same_double(mri_summary_min(&one), 1);
  mri_summary down = {0};
  const point low[] = {{1, 1, -INFINITY}};
  add_points(&down, low, 1);
  assert_same_double(mri_summary_mean(&down), -INFINITY);
  mri_summary both = {0};
  const point mixed[] = {{1, 1, INFINITY}, {2, 2, -INFINITY}, {3, 3, 1}};
  add_points(&both, mixed, 3);
  assert_true(isnan(mri_summary_mean(&both)));
  assert_same_double(mri_summary_min(&both), -INFINITY);
  assert_same_double(mri_summary_max(&both), INFINITY);
}

static void test_mean_keeps_what_a_plain_sum_loses(void **state) {
  (void)state;
  mri_summary summary = {0};
  const point points[] = {{1, 1, 1}, {2, 2, 1e100}, {3, 3, 1}, {4, 4, -1e100}};
  add_points(&summary, points, 4);
  assert_same_double(mri_summary_mean(&summary), 0.5);
}

static void test_extreme_steps_and_times(void **state) {
  (void)state;
  mri_summary summary = {0};
  const point points[] = {
      {0, 0, 0}, {INT64_MAX, INT64_MIN, 1}, {INT64_MIN, INT64_MAX, 2}, {INT64_MAX, INT64_MAX, 3}};
  add_points(&summary, points, 4);
  assert_int_equal(summary.first_step, INT64_MIN);
  assert_int_equal(summary.last_step, INT64_MAX);
  assert_int_equal(summary.last_time_us, INT64_MAX);
  assert_same_double(summary.first, 2);
  assert_same_double(summary.last, 3);
}

/* The documented meaning, by looking through all points again and again. */
static void assert_naive(const mri_summary *summary, const point *points, size_t count) {
  size_t first = 0;
  size_t last = 0;
  int64_t nan_count = 0;
  double low = NAN;
  double high = NAN;
  long double sum = 0;
  for (size_t i = 0; i < count; i++) {
    const point *p = &points[i];
    const point *f = &points[first];
    const point *l = &points[last];
    if (p->step < f->step || (p->step == f->step && p->time_us < f->time_us)) first = i;
    if (p->step > l->step || (p->step == l->step && p->time_us >= l->time_us)) last = i;
    if (isnan(p->value)) {
      nan_count++;
      continue;
    }
    if (isnan(low) || p->value < low) low = p->value;
    if (isnan(high) || p->value > high) high = p->value;
    sum += p->value;
  }
  assert_int_equal(summary->count, count);
  assert_int_equal(summary->nan_count, nan_count);
  assert_int_equal(summary->first_step, points[first].step);
  assert_int_equal(summary->first_time_us, points[first].time_us);
  assert_int_equal(summary->last_step, points[last].step);
  assert_int_equal(summary->last_time_us, points[last].time_us);
  assert_same_double(summary->first, points[first].value);
  assert_same_double(summary->last, points[last].value);
  assert_same_double(mri_summary_min(summary), low);
  assert_same_double(mri_summary_max(summary), high);
  double mean = mri_summary_mean(summary);
  if (nan_count == (int64_t)count) {
    assert_true(isnan(mean));
  } else {
    double expected = (double)(sum / (long double)((int64_t)count - nan_count));
    assert_true(fabs(mean - expected) <= 1e-12 * fabs(expected) + 1e-300);
  }
}

static void test_random_points_against_a_naive_reference(void **state) {
  (void)state;
  uint64_t seed = 12345;
  for (int round = 0; round < 300; round++) {
    point points[200];
    mri_summary summary = {0};
    mri_summary columns = {0};
    size_t count = 1 + (size_t)(seed >> 33) % 200;
    int64_t steps[200];
    int64_t times_us[200];
    double values[200];
    for (size_t i = 0; i < count; i++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      /* Few different steps and times, so that many are equal and out of order. */
      steps[i] = (int64_t)(seed >> 60) - 8;
      times_us[i] = (int64_t)(seed >> 57 & 3);
      values[i] = (seed >> 50 & 15) == 0 ? NAN : (double)(seed >> 20 & 0xffff) / 7 - 3000;
      points[i] = (point){steps[i], times_us[i], values[i]};
    }
    add_points(&summary, points, count);
    assert_naive(&summary, points, count);
    size_t half = count / 2;
    mri_summary_add(&columns, steps, times_us, values, half);
    mri_summary_add(&columns, steps + half, times_us + half, values + half, count - half);
    assert_naive(&columns, points, count);
    assert_same_double(mri_summary_mean(&columns), mri_summary_mean(&summary));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_points),
      cmocka_unit_test(test_one_point_is_everything),
      cmocka_unit_test(test_last_is_the_highest_step_not_the_last_logged),
      cmocka_unit_test(test_time_decides_within_a_step),
      cmocka_unit_test(test_equal_points_keep_the_first_and_the_last_logged),
      cmocka_unit_test(test_nan_counts_but_does_not_spoil),
      cmocka_unit_test(test_only_nan),
      cmocka_unit_test(test_infinities_add_as_ieee_does),
      cmocka_unit_test(test_mean_keeps_what_a_plain_sum_loses),
      cmocka_unit_test(test_extreme_steps_and_times),
      cmocka_unit_test(test_random_points_against_a_naive_reference),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
