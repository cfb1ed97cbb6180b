/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/summary.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

static bool before(int64_t step, int64_t time_us, int64_t other_step, int64_t other_time_us) {
  return step < other_step || (step == other_step && time_us < other_time_us);
}

static void add_number(mri_summary *summary, double value) {
  if (summary->count - summary->nan_count == 0) {
    summary->min = value;
    summary->max = value;
  } else {
    if (value < summary->min) summary->min = value;
    if (value > summary->max) summary->max = value;
  }
  double sum = summary->sum + value;
  /* With an infinity the lost low part would be inf - inf, a NaN that the plain sum is not. */
  if (isfinite(sum)) {
    if (fabs(summary->sum) >= fabs(value)) {
      summary->compensation += (summary->sum - sum) + value;
    } else {
      summary->compensation += (value - sum) + summary->sum;
    }
  }
  summary->sum = sum;
}

static void add_point(mri_summary *summary, int64_t step, int64_t time_us, double value) {
  if (summary->count == 0 || before(step, time_us, summary->first_step, summary->first_time_us)) {
    summary->first_step = step;
    summary->first_time_us = time_us;
    summary->first = value;
  }
  if (summary->count == 0 || !before(step, time_us, summary->last_step, summary->last_time_us)) {
    summary->last_step = step;
    summary->last_time_us = time_us;
    summary->last = value;
  }
  if (isnan(value)) {
    summary->nan_count++;
  } else {
    add_number(summary, value);
  }
  summary->count++;
}

void mri_summary_add(mri_summary *summary, const int64_t *steps, const int64_t *times_us,
                     const double *values, size_t count) {
  assert(summary != NULL);
  for (size_t i = 0; i < count; i++) add_point(summary, steps[i], times_us[i], values[i]);
}

double mri_summary_mean(const mri_summary *summary) {
  int64_t numbers = summary->count - summary->nan_count;
  if (numbers == 0) return NAN;
  return (summary->sum + summary->compensation) / (double)numbers;
}

double mri_summary_min(const mri_summary *summary) {
  return summary->count == summary->nan_count ? NAN : summary->min;
}

double mri_summary_max(const mri_summary *summary) {
  return summary->count == summary->nan_count ? NAN : summary->max;
}
