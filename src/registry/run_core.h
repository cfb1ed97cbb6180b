/* SPDX-License-Identifier: Apache-2.0 */
/* What all handles of one run share within a process: the metric points that are not in the
 * database yet. */
#ifndef MRI_REGISTRY_RUN_CORE_H
#define MRI_REGISTRY_RUN_CORE_H

#include "registry/core.h"

/* Finds or makes the core of a run and takes a reference. */
mr_status mri_run_core_acquire(mr_registry *registry, int64_t run_id, const char *uuid, bool sealed,
                               mri_run_core **out, mr_error *error);
/* Gives the reference back; the last one writes what is in memory. */
void mri_run_core_release(mri_run_core *core);

/* Adds `count` points of each of `key_count` series: all or none. times_us NULL: now. For one
 * series `values` has count items; for many series count is 1 and values has an item a key. */
mr_status mri_run_core_log(mri_run_core *core, const char *const *keys, size_t key_count,
                           const double *values, const int64_t *steps, const int64_t *times_us,
                           size_t count, mr_error *error);
/* Writes what is in memory to the database, in one transaction. Durable also when nothing was in
 * memory, so that everything logged before is. */
mr_status mri_run_core_flush(mri_run_core *core, bool durable, mr_error *error);

/* For whoever seals a run: writes its points and keeps others from adding any until unlocked.
 * *out is NULL when no core of the run exists. Taken before a transaction begins, never inside. */
mr_status mri_run_core_lock(mr_registry *registry, const char *uuid, mri_run_core **out,
                            mr_error *error);
void mri_run_core_unlock(mri_run_core *core, bool sealed);

/* Writes the points of all runs. */
mr_status mri_run_cores_flush(mr_registry *registry, mr_error *error);
/* The same, at close, when no call is under way any more. */
void mri_run_cores_close(mr_registry *registry);
/* Memory only. */
void mri_run_cores_free(mr_registry *registry);

#endif
