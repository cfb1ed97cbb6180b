/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/metric_fold.h"
#include "registry/page.h"
#include "registry/run_core.h"
#include "registry/run_handle.h"
#include <stdlib.h>

struct mr_metric {
  mr_registry *registry;
  mri_run_core *core;
  char *key;
};

struct mr_history {
  mr_registry *registry;
  mri_series series;
};

/* Logs through the core of the run; the public calls differ only in shape. */
static mr_status log_points(mr_registry *registry, mri_run_core *core, const char *const *keys,
                            size_t key_count, const double *values, const int64_t *steps,
                            const int64_t *times_us, size_t count, mr_error *error) {
  mr_status status = mri_enter(registry, error);
  if (status != MR_OK) return status;
  if (registry->record.read_only) {
    status = mri_error_set(error, MR_READ_ONLY, "the registry %s is open read-only",
                           registry->record.uri);
  } else {
    status = mri_run_core_log(core, keys, key_count, values, steps, times_us, count, error);
  }
  return mri_leave(registry, status);
}

mr_status mr_run_log_metric(mr_run *run, const char *key, double value, int64_t step,
                            mr_error *error) {
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK) status = mri_check_name(key, "metric key", error);
  if (status != MR_OK) return status;
  return log_points(run->registry, run->core, &key, 1, &value, &step, NULL, 1, error);
}

mr_status mr_run_log_metrics(mr_run *run, int64_t step, const char *const *keys,
                             const double *values, size_t count, mr_error *error) {
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK && count > 0) status = mri_check_argument(keys, "keys", error);
  if (status == MR_OK && count > 0) status = mri_check_argument(values, "values", error);
  for (size_t i = 0; i < count && status == MR_OK; i++) {
    status = mri_check_name(keys[i], "metric key", error);
  }
  if (status != MR_OK) return status;
  return log_points(run->registry, run->core, keys, count, values, &step, NULL, count > 0 ? 1 : 0,
                    error);
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
  metric->registry = mri_registry_ref(registry);
  *out_metric = metric;
  return mri_leave(registry, MR_OK);
}

mr_status mr_metric_log(mr_metric *metric, double value, int64_t step, mr_error *error) {
  mr_status status = mri_check_argument(metric, "metric", error);
  if (status != MR_OK) return status;
  const char *key = metric->key;
  return log_points(metric->registry, metric->core, &key, 1, &value, &step, NULL, 1, error);
}

mr_status mr_metric_log_many(mr_metric *metric, const double *values, const int64_t *steps,
                             const int64_t *times_us, size_t count, mr_error *error) {
  mr_status status = mri_check_argument(metric, "metric", error);
  if (status == MR_OK && count > 0) status = mri_check_argument(values, "values", error);
  if (status == MR_OK && count > 0) status = mri_check_argument(steps, "steps", error);
  if (status != MR_OK) return status;
  const char *key = metric->key;
  return log_points(metric->registry, metric->core, &key, 1, values, steps, times_us, count, error);
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

MRI_DEFINE_PAGE(mr_metric, mr_metric_record);

static mr_status add_metric(mri_page *page, const mri_stmt *stmt, mr_error *error) {
  mr_metric_record *record = mri_page_add(page, sizeof *record);
  if (record == NULL) return mri_error_no_memory(error);
  mri_summary summary;
  mri_summary_read(stmt, 1, &summary);
  record->key = mri_column_text(stmt, 0, &page->arena, &page->failed);
  record->count = summary.count;
  record->nan_count = summary.nan_count;
  record->first_step = summary.first_step;
  record->first_time_us = summary.first_time_us;
  record->last_step = summary.last_step;
  record->last_time_us = summary.last_time_us;
  record->first = summary.first;
  record->last = summary.last;
  record->min = mri_summary_min(&summary);
  record->max = mri_summary_max(&summary);
  record->mean = mri_summary_mean(&summary);
  page->last_key = record->key;
  return MR_OK;
}

mr_status mr_run_list_metrics(mr_run *run, const mr_list_options *options,
                              mr_metric_page **out_page, mr_error *error) {
  mri_cursor cursor;
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK) status = mri_check_argument(out_page, "out_page", error);
  if (status == MR_OK) status = mri_cursor_options(&cursor, options, false, error);
  if (status == MR_OK) status = mri_enter(run->registry, error);
  if (status != MR_OK) return status;
  mr_registry *registry = run->registry;
  mri_tx *tx = NULL;
  mri_stmt *stmt = NULL;
  mr_metric_page *page = NULL;
  status = mri_run_core_flush(run->core, false, error);
  if (status == MR_OK) status = mri_tx_begin(registry->store, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return mri_leave(registry, status);
  page = mri_page_new(registry, sizeof *page, cursor.limit);
  if (page == NULL) status = mri_error_no_memory(error);
  if (status == MR_OK) {
    status = mri_sql_query(tx, error, &stmt,
                           "SELECT key, " MRI_SUMMARY_COLUMNS " FROM metric "
                           "WHERE run_id = ?1 AND key > ?2 ORDER BY key LIMIT ?3",
                           "iti", run->id, cursor.key, cursor.limit + 1);
  }
  if (status == MR_OK) status = mri_page_fill(&page->page, stmt, add_metric, error);
  status = mri_tx_end(tx, status, error);
  if (status == MR_OK) *out_page = page;
  if (status != MR_OK) mr_metric_page_free(page);
  return mri_leave(registry, status);
}

/* Points are compared by step and time; where both are equal the order of logging decides, which is
 * the order of `order` itself, so a stable merge sort is what it takes. */
typedef struct sort_context {
  const mri_series *series;
  size_t *order;
  size_t *spare;
} sort_context;

static bool before(const mri_series *s, size_t a, size_t b) {
  if (s->steps[a] != s->steps[b]) return s->steps[a] < s->steps[b];
  return s->times_us[a] < s->times_us[b];
}

static void merge_sort(sort_context *c) {
  size_t n = c->series->count;
  for (size_t width = 1; width < n; width *= 2) {
    for (size_t low = 0; low < n; low += 2 * width) {
      size_t middle = low + width < n ? low + width : n;
      size_t high = low + 2 * width < n ? low + 2 * width : n;
      size_t a = low;
      size_t b = middle;
      for (size_t k = low; k < high; k++) {
        bool right = a >= middle || (b < high && before(c->series, c->order[b], c->order[a]));
        c->spare[k] = right ? c->order[b++] : c->order[a++];
      }
    }
    size_t *swap = c->order;
    c->order = c->spare;
    c->spare = swap;
  }
}

static bool is_sorted(const mri_series *series) {
  for (size_t i = 1; i < series->count; i++) {
    if (before(series, i, i - 1)) return false;
  }
  return true;
}

static mr_status sort_series(mri_series *series, const mri_mem *mem, mr_error *error) {
  if (is_sorted(series)) return MR_OK;
  mr_status status = MR_OK;
  mri_series sorted;
  memset(&sorted, 0, sizeof sorted);
  size_t *indexes = mri_mem_zalloc(mem, series->count, 2 * sizeof *indexes);
  if (indexes == NULL || !mri_series_reserve(&sorted, mem, series->count)) {
    status = mri_error_no_memory(error);
    goto cleanup;
  }
  sort_context context = {series, indexes, indexes + series->count};
  for (size_t i = 0; i < series->count; i++) context.order[i] = i;
  merge_sort(&context);
  for (size_t i = 0; i < series->count; i++) {
    size_t from = context.order[i];
    mri_series_add(&sorted, series->steps[from], series->times_us[from], series->values[from]);
  }
  mri_series swap = *series;
  *series = sorted;
  sorted = swap;
  series->key = swap.key;
  sorted.key = NULL;
cleanup:
  mri_series_destroy(&sorted, mem);
  mri_mem_free(mem, indexes);
  return status;
}

static void keep_steps(mri_series *series, const mr_history_options *o) {
  size_t kept = 0;
  for (size_t i = 0; i < series->count; i++) {
    int64_t step = series->steps[i];
    if ((o->flags & MR_HISTORY_FROM_STEP) != 0 && step < o->from_step) continue;
    if ((o->flags & MR_HISTORY_TO_STEP) != 0 && step > o->to_step) continue;
    series->steps[kept] = step;
    series->times_us[kept] = series->times_us[i];
    series->values[kept] = series->values[i];
    kept++;
  }
  series->count = kept;
}

static mr_status read_history(mr_run *run, const char *key, const mr_history_options *options,
                              mr_history *history, mr_error *error) {
  mr_registry *registry = run->registry;
  mri_tx *tx = NULL;
  int64_t metric_id = 0;
  mr_status status = mri_run_core_flush(run->core, false, error);
  if (status == MR_OK) status = mri_tx_begin(registry->store, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = mri_sql_int(tx, error, 0, &metric_id,
                       "SELECT id FROM metric WHERE run_id = ?1 AND key = ?2", "it", run->id, key);
  if (status == MR_OK && metric_id == 0) {
    status = mri_error_set(error, MR_NOT_FOUND, "run %s has no metric '%s'", run->record.id, key);
  }
  if (status == MR_OK) {
    status = mri_metric_read(tx, &registry->mem, metric_id, &history->series, error);
  }
  status = mri_tx_end(tx, status, error);
  if (status == MR_OK) status = sort_series(&history->series, &registry->mem, error);
  if (status == MR_OK) keep_steps(&history->series, options);
  return status;
}

mr_status mr_run_history(mr_run *run, const char *key, const mr_history_options *options,
                         mr_history **out_history, mr_error *error) {
  mr_history_options o;
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK) status = mri_check_argument(out_history, "out_history", error);
  if (status == MR_OK) status = mri_check_name(key, "metric key", error);
  if (status == MR_OK)
    status = mri_options_read(&o, sizeof o, options, "mr_history_options", error);
  if (status != MR_OK) return status;
  if ((o.flags & ~(uint32_t)(MR_HISTORY_FROM_STEP | MR_HISTORY_TO_STEP)) != 0) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "flags 0x%x of mr_history_options are unknown",
                         o.flags);
  }
  status = mri_enter(run->registry, error);
  if (status != MR_OK) return status;
  mr_registry *registry = run->registry;
  mr_history *history = mri_mem_zalloc(&registry->mem, 1, sizeof *history);
  if (history == NULL) return mri_leave(registry, mri_error_no_memory(error));
  history->registry = mri_registry_ref(registry);
  /* A column is never NULL, not even one without points. */
  if (!mri_series_reserve(&history->series, &registry->mem, 1)) {
    status = mri_error_no_memory(error);
  } else {
    status = read_history(run, key, &o, history, error);
  }
  if (status == MR_OK) *out_history = history;
  if (status != MR_OK) mr_history_free(history);
  return mri_leave(registry, status);
}

int64_t mr_history_count(const mr_history *history) {
  return history == NULL ? 0 : (int64_t)history->series.count;
}

const int64_t *mr_history_steps(const mr_history *history) {
  return history == NULL ? NULL : history->series.steps;
}

const int64_t *mr_history_times(const mr_history *history) {
  return history == NULL ? NULL : history->series.times_us;
}

const double *mr_history_values(const mr_history *history) {
  return history == NULL ? NULL : history->series.values;
}

void mr_history_free(mr_history *history) {
  if (history == NULL) return;
  mr_registry *registry = history->registry;
  mri_series_destroy(&history->series, &registry->mem);
  mri_mem_free(&registry->mem, history);
  mri_registry_unref(registry);
}
