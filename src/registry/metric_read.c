/* SPDX-License-Identifier: Apache-2.0 */
/* Reading metrics: what the database has, and what is in memory behind it. Reading writes nothing. */
#include "registry/metric_fold.h"
#include "registry/page.h"
#include "registry/run_core.h"
#include "registry/run_handle.h"
#include <stdlib.h>

/* Room is made at once for so many points; for more as they come, as a damaged database may say
 * anything. */
#define POINTS_AT_ONCE (4 * 1024 * 1024)

struct mr_history {
  mr_registry *registry;
  mri_series series;
};

MRI_DEFINE_PAGE(mr_metric, mr_metric_record);

/* A metric of the list: its summary in the database, or of no points. */
typedef struct listed {
  const char *key;
  mri_summary summary;
} listed;

static mr_status read_stored(mri_tx *tx, const mr_run *run, const char *after, mri_arena *arena,
                             mri_vec *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool row = false;
  bool failed = false;
  mr_status status = mri_sql_query(tx, error, &stmt,
                                   "SELECT key, " MRI_SUMMARY_COLUMNS " FROM metric "
                                   "WHERE run_id = ?1 AND key > ?2 ORDER BY key",
                                   "it", run->id, after);
  while (status == MR_OK && (status = mri_stmt_step(stmt, &row, error)) == MR_OK && row) {
    listed *one = mri_vec_push(out);
    if (one == NULL) {
      status = mri_error_no_memory(error);
      break;
    }
    one->key = mri_column_text(stmt, 0, arena, &failed);
    mri_summary_read(stmt, 1, &one->summary);
    if (failed) status = mri_error_no_memory(error);
  }
  mri_stmt_done(stmt);
  return status;
}

static int compare_listed(const void *a, const void *b) {
  return strcmp(((const listed *)a)->key, ((const listed *)b)->key);
}

/* Adds the points in memory; `stored` metrics at the front of `out` are sorted by key. */
static mr_status add_memory(const mri_series_set *set, const char *after, mri_arena *arena,
                            mri_vec *out, mr_error *error) {
  size_t stored = out->count;
  for (size_t i = 0; i < set->series.count; i++) {
    const mri_series *series = mri_series_set_at(set, i);
    if (series->count == 0 || strcmp(series->key, after) <= 0) continue;
    listed key = {series->key, {0}};
    listed *one =
        stored == 0 ? NULL : bsearch(&key, out->items, stored, sizeof key, compare_listed);
    if (one == NULL) {
      one = mri_vec_push(out);
      if (one != NULL) one->key = mri_arena_strdup(arena, series->key);
      if (one == NULL || one->key == NULL) return mri_error_no_memory(error);
    }
    mri_summary_add(&one->summary, series->steps, series->times_us, series->values, series->count);
  }
  if (out->count > 1) qsort(out->items, out->count, sizeof(listed), compare_listed);
  return MR_OK;
}

static mr_status add_metric(mri_page *page, const listed *one, mr_error *error) {
  mr_metric_record *record = mri_page_add(page, sizeof *record);
  if (record == NULL) return mri_error_no_memory(error);
  const mri_summary *summary = &one->summary;
  record->key = one->key;
  record->count = summary->count;
  record->nan_count = summary->nan_count;
  record->first_step = summary->first_step;
  record->first_time_us = summary->first_time_us;
  record->last_step = summary->last_step;
  record->last_time_us = summary->last_time_us;
  record->first = summary->first;
  record->last = summary->last;
  record->min = mri_summary_min(summary);
  record->max = mri_summary_max(summary);
  record->mean = mri_summary_mean(summary);
  page->last_key = record->key;
  return MR_OK;
}

static mr_status fill_metrics(mr_run *run, const mri_cursor *cursor, mri_page *page,
                              mr_error *error) {
  mri_tx *tx = NULL;
  mri_vec all;
  mri_vec_init(&all, &run->registry->mem, sizeof(listed));
  mri_run_core_hold(run->core);
  mr_status status = mri_tx_begin(run->registry->store, MRI_TX_READ, NULL, &tx, error);
  if (status == MR_OK) {
    status = read_stored(tx, run, cursor->key, &page->arena, &all, error);
    status = mri_tx_end(tx, status, error);
  }
  if (status == MR_OK) {
    status = add_memory(mri_run_core_points(run->core), cursor->key, &page->arena, &all, error);
  }
  mri_run_core_let_go(run->core);
  for (size_t i = 0; i < all.count && status == MR_OK; i++) {
    if ((int64_t)i == cursor->limit) {
      status = mri_page_end(page, error);
      break;
    }
    status = add_metric(page, mri_vec_at(&all, i), error);
  }
  mri_vec_free(&all);
  return status;
}

mr_status mr_run_list_metrics(mr_run *run, const mr_list_options *options,
                              mr_metric_page **out_page, mr_error *error) {
  mri_cursor cursor;
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK) status = mri_check_argument(out_page, "out_page", error);
  if (status == MR_OK) status = mri_cursor_options(&cursor, MRI_LIST_METRICS, options, error);
  if (status == MR_OK) status = mri_enter(run->registry, error);
  if (status != MR_OK) return status;
  mr_registry *registry = run->registry;
  mr_metric_page *page = mri_page_new(registry, sizeof *page, &cursor);
  status =
      page == NULL ? mri_error_no_memory(error) : fill_metrics(run, &cursor, &page->page, error);
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
  const int64_t *steps = series->steps;
  for (size_t i = 1; i < series->count; i++) {
    if (steps[i] <= steps[i - 1] && before(series, i, i - 1)) return false;
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
  if (o->flags == 0) return;
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

/* The points of a key in memory, NULL when there are none; while the core is held. */
static const mri_series *in_memory(const mr_run *run, const char *key) {
  const mri_series_set *set = mri_run_core_points(run->core);
  for (size_t i = 0; i < set->series.count; i++) {
    const mri_series *series = mri_series_set_at(set, i);
    if (series->count > 0 && strcmp(series->key, key) == 0) return series;
  }
  return NULL;
}

static mr_status read_stored_points(mr_run *run, const char *key, bool *found, mri_series *out,
                                    mr_error *error) {
  mri_tx *tx = NULL;
  mri_stmt *stmt = NULL;
  int64_t metric_id = 0;
  int64_t points = 0;
  mr_registry *registry = run->registry;
  mr_status status = mri_tx_begin(registry->store, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = mri_sql_first(tx, error, &stmt, found,
                         "SELECT id, points FROM metric WHERE run_id = ?1 AND key = ?2", "it",
                         run->id, key);
  if (status == MR_OK && *found) {
    metric_id = mri_stmt_int(stmt, 0);
    points = mri_stmt_int(stmt, 1);
    mri_stmt_done(stmt);
    if (points < 0 || points > POINTS_AT_ONCE) points = 0;
    status = mri_series_reserve(out, &registry->mem, (size_t)points)
                 ? mri_metric_read(tx, &registry->mem, metric_id, out, error)
                 : mri_error_no_memory(error);
  }
  return mri_tx_end(tx, status, error);
}

static mr_status read_history(mr_run *run, const char *key, const mr_history_options *options,
                              mr_history *history, mr_error *error) {
  const mri_mem *mem = &run->registry->mem;
  bool found = false;
  mri_run_core_hold(run->core);
  mr_status status = read_stored_points(run, key, &found, &history->series, error);
  const mri_series *newer = status == MR_OK ? in_memory(run, key) : NULL;
  if (newer != NULL) {
    found = true;
    if (mri_series_reserve(&history->series, mem, newer->count)) {
      mri_series_append(&history->series, newer);
    } else {
      status = mri_error_no_memory(error);
    }
  }
  mri_run_core_let_go(run->core);
  if (status == MR_OK && !found) {
    status = mri_error_set(error, MR_NOT_FOUND, "run %s has no metric '%s'", run->record.id, key);
  }
  if (status == MR_OK) status = sort_series(&history->series, mem, error);
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
