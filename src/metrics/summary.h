/* SPDX-License-Identifier: Apache-2.0 */
/* The summary of a metric: what a page of metrics, a search and a gate read. */
#ifndef MRI_METRICS_SUMMARY_H
#define MRI_METRICS_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed is the summary of no points. `last` is the value at the highest (step, time), the later
 * logged one where both are equal; `first` the one at the lowest, the earlier logged one where
 * equal. min, max and mean are over the points that are not NaN; mean is a compensated (Neumaier)
 * sum over their number, infinities included as IEEE 754 adds them. */
typedef struct mri_summary {
  int64_t count;     /* all points */
  int64_t nan_count; /* points that are NaN */
  int64_t first_step, first_time_us;
  int64_t last_step, last_time_us;
  double first, last, min, max;
  double sum, compensation;
} mri_summary;

void mri_summary_add(mri_summary *summary, const int64_t *steps, const int64_t *times_us,
                     const double *values, size_t count);
/* NaN when there is no point that is not NaN. */
double mri_summary_mean(const mri_summary *summary);
double mri_summary_min(const mri_summary *summary);
double mri_summary_max(const mri_summary *summary);

#endif
