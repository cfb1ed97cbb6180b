/* SPDX-License-Identifier: Apache-2.0 */
/* From points in memory to chunks and summaries in the database. */
#ifndef MRI_REGISTRY_METRIC_FOLD_H
#define MRI_REGISTRY_METRIC_FOLD_H

#include "metrics/summary.h"
#include "registry/core.h"
#include "registry/series.h"

/* Writes all series (mri_series) of a run in one transaction, waiting for other writers or not.
 * *sealed says that the run is sealed, and then nothing was written. */
mr_status mri_metric_fold(mr_registry *registry, int64_t run_id, const mri_vec *series,
                          bool durable, bool waits, const mr_cancel *cancel, bool *sealed,
                          mr_error *error);

/* Columns of the summary in the order of the table, from column `first` of a row. */
#define MRI_SUMMARY_COLUMNS                                                                        \
  "points, nan_points, first_step, first_time_us, last_step, last_time_us, first_bits, "           \
  "last_bits, min_bits, max_bits, sum_bits, compensation_bits"
void mri_summary_read(const mri_stmt *stmt, int first, mri_summary *out);
/* Writes it with the numbers beside it that searches read; the metric is made where it is not there
 * yet. */
mr_status mri_summary_write(mri_tx *tx, int64_t run_id, const char *key, int64_t *metric_id,
                            const mri_summary *summary, mr_error *error);

/* Appends the points of one chunk. CORRUPT when it is damaged. */
mr_status mri_chunk_read(const mri_mem *mem, const uint8_t *data, size_t size, mri_series *out,
                         mr_error *error);

/* Appends all points of a metric, in the order of logging. */
mr_status mri_metric_read(mri_tx *tx, const mri_mem *mem, int64_t metric_id, mri_series *out,
                          mr_error *error);

#endif
