/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/run_core.h"
#include "registry/run_handle.h"

struct mr_metric {
  mr_registry *registry;
  mri_run_core *core;
  char *key;
  mri_metric_place place; /* of the key */
};

static mr_status enter_to_log(mr_registry *registry, mr_error *error) {
  mr_status status = mri_enter(registry, error);
  if (status != MR_OK || !registry->record.read_only) return status;
  return mri_leave(registry, mri_error_set(error, MR_READ_ONLY, "the registry %s is open read-only",
                                           registry->record.uri));
}

mr_status mr_run_log_metric(mr_run *run, const char *key, double value, int64_t step,
                            mr_error *error) {
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK) status = mri_check_name(key, "metric key", error);
  if (status == MR_OK) status = enter_to_log(run->registry, error);
  if (status != MR_OK) return status;
  mri_metric_place place = {key, 0};
  return mri_leave(run->registry,
                   mri_run_core_log(run->core, &place, &value, &step, NULL, 1, error));
}

mr_status mr_run_log_metrics(mr_run *run, int64_t step, const char *const *keys,
                             const double *values, size_t count, mr_error *error) {
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK && count > 0) status = mri_check_argument(keys, "keys", error);
  if (status == MR_OK && count > 0) status = mri_check_argument(values, "values", error);
  for (size_t i = 0; i < count && status == MR_OK; i++) {
    status = mri_check_name(keys[i], "metric key", error);
  }
  if (status == MR_OK) status = enter_to_log(run->registry, error);
  if (status != MR_OK) return status;
  return mri_leave(run->registry,
                   mri_run_core_log_row(run->core, keys, values, count, step, error));
}

mr_status mr_run_metric(mr_run *run, const char *key, mr_metric **out_metric, mr_error *error) {
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK) status = mri_check_argument(out_metric, "out_metric", error);
  if (status == MR_OK) status = mri_check_name(key, "metric key", error);
  if (status != MR_OK) return status;
  mr_registry *registry = run->registry;
  status = mri_enter(registry, error);
  if (status != MR_OK) return status;
  mr_metric *metric = mri_mem_zalloc(&registry->mem, 1, sizeof *metric);
  char *copy = mri_mem_strdup(&registry->mem, key);
  if (metric == NULL || copy == NULL) {
    status = mri_error_no_memory(error);
  } else {
    status = mri_run_core_acquire(registry, run->id, run->record.id, false, &metric->core, error);
  }
  if (status != MR_OK) {
    mri_mem_free(&registry->mem, copy);
    mri_mem_free(&registry->mem, metric);
    return mri_leave(registry, status);
  }
  metric->key = copy;
  metric->place.key = copy;
  metric->registry = mri_registry_ref(registry);
  *out_metric = metric;
  return mri_leave(registry, MR_OK);
}

mr_status mr_metric_log(mr_metric *metric, double value, int64_t step, mr_error *error) {
  mr_status status = mri_check_argument(metric, "metric", error);
  if (status == MR_OK) status = enter_to_log(metric->registry, error);
  if (status != MR_OK) return status;
  return mri_leave(metric->registry,
                   mri_run_core_log(metric->core, &metric->place, &value, &step, NULL, 1, error));
}

mr_status mr_metric_log_many(mr_metric *metric, const double *values, const int64_t *steps,
                             const int64_t *times_us, size_t count, mr_error *error) {
  mr_status status = mri_check_argument(metric, "metric", error);
  if (status == MR_OK && count > 0) status = mri_check_argument(values, "values", error);
  if (status == MR_OK && count > 0) status = mri_check_argument(steps, "steps", error);
  if (status == MR_OK) status = enter_to_log(metric->registry, error);
  if (status != MR_OK) return status;
  return mri_leave(metric->registry, mri_run_core_log(metric->core, &metric->place, values, steps,
                                                      times_us, count, error));
}

void mr_metric_free(mr_metric *metric) {
  if (metric == NULL) return;
  mr_registry *registry = metric->registry;
  mri_run_core_release(metric->core);
  mri_mem_free(&registry->mem, metric->key);
  mri_mem_free(&registry->mem, metric);
  mri_registry_unref(registry);
}

mr_status mr_run_flush(mr_run *run, mr_error *error) {
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK) status = mri_enter(run->registry, error);
  if (status != MR_OK) return status;
  if (run->registry->record.read_only) return mri_leave(run->registry, MR_OK);
  return mri_leave(run->registry, mri_run_core_flush(run->core, true, error));
}
