/* SPDX-License-Identifier: Apache-2.0 */
/* What all handles of one run share within a process: the metric points that are not in the
 * database yet. */
#ifndef MRI_REGISTRY_RUN_CORE_H
#define MRI_REGISTRY_RUN_CORE_H

#include "registry/core.h"
#include "registry/series.h"

/* Finds or makes the core of a run and takes a reference. */
mr_status mri_run_core_acquire(mr_registry *registry, int64_t run_id, const char *uuid, bool sealed,
                               mri_run_core **out, mr_error *error);
/* Gives the reference back. The last one tries to write what is in memory, without waiting for
 * other writers: what stays is written by the next flush or at close. */
void mri_run_core_release(mri_run_core *core);

/* A point of each of `key_count` metrics: all or none. A key twice is INVALID_ARGUMENT. */
mr_status mri_run_core_log_row(mri_run_core *core, const char *const *keys, const double *values,
                               size_t key_count, int64_t step, mr_error *error);
/* Where the points of one metric go: whoever keeps it spares later calls the search for the key. */
typedef struct mri_metric_place {
  const char *key;
  size_t found; /* index of its series + 1, 0 before the first point; guarded by the core's lock */
} mri_metric_place;

/* Many points of one metric: all or none. times_us NULL: now. */
mr_status mri_run_core_log(mri_run_core *core, mri_metric_place *place, const double *values,
                           const int64_t *steps, const int64_t *times_us, size_t count,
                           mr_error *error);
/* Writes what is in memory to the database, in one transaction. Durable also when nothing was in
 * memory, so that everything logged before is.
 *
 * Points of a run that was sealed elsewhere meanwhile can never be kept. Whoever writes to the run
 * next, by this or by logging, is told once how many: CONFLICT. Nobody else is. */
mr_status mri_run_core_flush(mri_run_core *core, bool durable, mr_error *error);

/* For readers: nothing is added, written or dropped until unlocked. Before a transaction. */
void mri_run_core_hold(mri_run_core *core);
void mri_run_core_let_go(mri_run_core *core);
/* The points in memory, while held. */
const mri_series_set *mri_run_core_points(const mri_run_core *core);

/* For whoever seals a run, which nobody may have open: finds or makes its core and takes a
 * reference. */
mr_status mri_run_core_reserve(mr_registry *registry, const char *uuid, mri_run_core **out,
                               mr_error *error);
/* Writes its points and keeps others from adding any until unlocked. Before a transaction. */
mr_status mri_run_core_lock(mri_run_core *core, const mr_cancel *cancel, mr_error *error);
/* The same without waiting, where no point is in memory: also within a transaction. */
bool mri_run_core_try_lock(mri_run_core *core);
void mri_run_core_unlock(mri_run_core *core, bool sealed);

/* Writes the points of all runs; those that can never be kept are no concern of the caller. */
mr_status mri_run_cores_fold(mr_registry *registry, mr_error *error);
/* The same on behalf of all runs: CONFLICT tells of one that has lost points, once. */
mr_status mri_run_cores_flush(mr_registry *registry, mr_error *error);
/* At close, when no call is under way any more: what can be written is. */
void mri_run_cores_close(mr_registry *registry);
/* Memory only. */
void mri_run_cores_free(mr_registry *registry);

#endif
