/* SPDX-License-Identifier: Apache-2.0 */
/* From points in memory to chunks and summaries in the database. */
#ifndef MRI_REGISTRY_METRIC_FOLD_H
#define MRI_REGISTRY_METRIC_FOLD_H

#include "base/vec.h"
#include "metrics/summary.h"
#include "registry/core.h"

/* Points of one metric as columns, in the order of logging. */
typedef struct mri_series {
  char *key;
  int64_t *steps;
  int64_t *times_us;
  double *values;
  size_t count;
  size_t capacity;
} mri_series;

bool mri_series_init(mri_series *series, const mri_mem *mem, const char *key);
void mri_series_destroy(mri_series *series, const mri_mem *mem);
/* Room for `count` more points. */
bool mri_series_reserve(mri_series *series, const mri_mem *mem, size_t count);
void mri_series_add(mri_series *series, int64_t step, int64_t time_us, double value);

/* Writes all series of a run in one transaction. *sealed says that the run is sealed, and then
 * nothing was written. */
mr_status mri_metric_fold(mr_registry *registry, int64_t run_id, const char *uuid,
                          const mri_vec *series, bool durable, bool *sealed, mr_error *error);

/* Columns of the summary in the order of the table, from column `first` of a row. */
#define MRI_SUMMARY_COLUMNS                                                                        \
  "points, nan_points, first_step, first_time_us, last_step, last_time_us, first_bits, "           \
  "last_bits, min_bits, max_bits, sum_bits, compensation_bits"
void mri_summary_read(const mri_stmt *stmt, int first, mri_summary *out);

/* Appends all points of a metric, in the order of logging. */
mr_status mri_metric_read(mri_tx *tx, const mri_mem *mem, int64_t metric_id, mri_series *out,
                          mr_error *error);

#endif
