/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics: their points are whole, and their summaries are what the points give. */
#include "registry/metric_fold.h"
#include "upkeep/fsck_rows.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#define SUMMARY_INTEGERS 12
#define SUMMARY_NUMBERS  5

enum {
  METRIC_ID,
  METRIC_RUN,
  METRIC_UUID,
  METRIC_KEY,
  METRIC_SUMMARY,
  METRIC_FIRST_VALUE = METRIC_SUMMARY + SUMMARY_INTEGERS
};

/* One metric while it is looked at. */
typedef struct metric {
  const mri_stmt *stmt;
  const char *object;
  mri_series *points; /* of one chunk; used for one metric after the other */
  mri_summary folded; /* of the points so far */
  int64_t next;       /* sequence that the next chunk must have */
  bool whole;         /* no chunk is missing or damaged so far */
} metric;

static mr_status add(mri_fsck_walk *walk, const metric *m, mr_finding finding, bool mendable,
                     mr_error *error, const char *format, ...) MRI_PRINTF(6, 7);

static mr_status add(mri_fsck_walk *walk, const metric *m, mr_finding finding, bool mendable,
                     mr_error *error, const char *format, ...) {
  mr_error line = MR_ERROR_INIT;
  const mri_fsck_kind kind = {.finding = finding,
                              .repaired = mendable && walk->repair,
                              .remedy = mendable ? mri_fsck_repair : mri_fsck_restore};
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(line.message, sizeof line.message, format, arguments);
  va_end(arguments);
  return mri_fsck_add(walk, kind, m->object, error, "%s", line.message);
}

static mr_status check_chunk_points(mri_fsck_walk *walk, const metric *m, const mri_stmt *chunk,
                                    mr_error *error) {
  mr_status status = MR_OK;
  int64_t sequence = mri_stmt_int(chunk, 0);
  int64_t points = (int64_t)m->points->count;
  if (mri_stmt_int(chunk, 1) == points) return MR_OK;
  if (walk->repair) {
    status =
        mri_sql_run(walk->tx, error,
                    "UPDATE metric_chunk SET points = ?3 WHERE metric_id = ?1 AND sequence = ?2",
                    "iii", mri_stmt_int(m->stmt, METRIC_ID), sequence, points);
  }
  if (status != MR_OK) return status;
  return add(walk, m, MR_FINDING_COUNT, true, error, "its chunk %lld says %lld points and has %lld",
             (long long)sequence, (long long)mri_stmt_int(chunk, 1), (long long)points);
}

/* Columns of a chunk: sequence, points, data. */
static mr_status chunk_row(mri_fsck_walk *walk, metric *m, const mri_stmt *chunk, mr_error *error) {
  mr_error reason = MR_ERROR_INIT;
  mr_status status = mri_fsck_row(walk, error);
  size_t size = 0;
  int64_t sequence = mri_stmt_int(chunk, 0);
  if (status == MR_OK && sequence != m->next) {
    status = add(walk, m, MR_FINDING_SEQUENCE, false, error,
                 "chunk %lld follows where %lld must be", (long long)sequence, (long long)m->next);
    m->whole = false;
  }
  m->next = sequence < INT64_MAX ? sequence + 1 : sequence;
  if (status != MR_OK) return status;
  const uint8_t *data = mri_stmt_bytes(chunk, 2, &size);
  m->points->count = 0;
  status = mri_chunk_read(&walk->registry->mem, data, size, m->points, &reason);
  if (status == MR_NO_MEMORY) return mri_error_no_memory(error);
  if (status != MR_OK) {
    m->whole = false;
    return add(walk, m, MR_FINDING_DIGEST, false, error, "its chunk %lld: %s", (long long)sequence,
               reason.message);
  }
  if (m->whole) {
    mri_summary_add(&m->folded, m->points->steps, m->points->times_us, m->points->values,
                    m->points->count);
  }
  return check_chunk_points(walk, m, chunk, error);
}

static mr_status fold_chunks(mri_fsck_walk *walk, metric *m, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool row = false;
  mr_status status = mri_sql_query(walk->tx, error, &stmt,
                                   "SELECT sequence, points, data FROM metric_chunk "
                                   "WHERE metric_id = ?1 ORDER BY sequence",
                                   "i", mri_stmt_int(m->stmt, METRIC_ID));
  while (status == MR_OK && (status = mri_stmt_step(stmt, &row, error)) == MR_OK && row) {
    status = chunk_row(walk, m, stmt, error);
  }
  mri_stmt_done(stmt);
  return status;
}

static bool same_number(const mri_stmt *stmt, int column, double number) {
  bool given = !mri_stmt_is_null(stmt, column);
  return isnan(number) ? !given : given && mri_stmt_real(stmt, column) == number;
}

/* The name of the first column that is not what the points give, but for their number; NULL where
 * all are. */
static const char *first_difference(const metric *m) {
  static const char *const integers[SUMMARY_INTEGERS] = {
      "points",     "nan_points", "first_step", "first_time_us", "last_step", "last_time_us",
      "first_bits", "last_bits",  "min_bits",   "max_bits",      "sum_bits",  "compensation_bits"};
  static const char *const numbers[SUMMARY_NUMBERS] = {"first_value", "last_value", "min_value",
                                                       "max_value", "mean_value"};
  const mri_summary *folded = &m->folded;
  const double values[SUMMARY_NUMBERS] = {folded->first, folded->last, mri_summary_min(folded),
                                          mri_summary_max(folded), mri_summary_mean(folded)};
  int64_t expected[SUMMARY_INTEGERS];
  _Static_assert(sizeof expected == sizeof *folded, "a summary is what its columns are");
  memcpy(expected, folded, sizeof expected);
  for (int i = 1; i < SUMMARY_INTEGERS; i++) {
    if (mri_stmt_int(m->stmt, METRIC_SUMMARY + i) != expected[i]) return integers[i];
  }
  for (int i = 0; i < SUMMARY_NUMBERS; i++) {
    if (!same_number(m->stmt, METRIC_FIRST_VALUE + i, values[i])) return numbers[i];
  }
  return NULL;
}

static mr_status mend(mri_fsck_walk *walk, const metric *m, mr_error *error) {
  int64_t id = 0;
  if (!walk->repair) return MR_OK;
  return mri_summary_write(walk->tx, mri_stmt_int(m->stmt, METRIC_RUN),
                           mri_stmt_text(m->stmt, METRIC_KEY), &id, &m->folded, error);
}

/* A summary that has seen other points than there are may be all that is left of them: it is not
 * mended. Where only their number differs it is the number that is wrong. */
static mr_status check_summary(mri_fsck_walk *walk, const metric *m, mr_error *error) {
  int64_t points = mri_stmt_int(m->stmt, METRIC_SUMMARY);
  const char *difference = first_difference(m);
  bool same_count = points == m->folded.count;
  if (m->folded.count == 0) return add(walk, m, MR_FINDING_COUNT, false, error, "it has no points");
  if (same_count && difference == NULL) return MR_OK;
  if (!same_count && difference != NULL) {
    return add(walk, m, MR_FINDING_COUNT, false, error,
               "its summary is of %lld points, and there are %lld", (long long)points,
               (long long)m->folded.count);
  }
  mr_status status = mend(walk, m, error);
  if (status != MR_OK) return status;
  if (!same_count) {
    return add(walk, m, MR_FINDING_COUNT, true, error, "it says %lld points, and there are %lld",
               (long long)points, (long long)m->folded.count);
  }
  return add(walk, m, MR_FINDING_SUMMARY, true, error, "its %s is not what its points give",
             difference);
}

static mr_status metric_row(mri_fsck_walk *walk, void *ctx, const mri_stmt *stmt, mr_error *error) {
  static const mri_fsck_text key = {METRIC_KEY, "its key", 0, false};
  char object[MRI_FSCK_OBJECT];
  metric m = {.stmt = stmt, .object = object, .points = ctx, .whole = true};
  mri_fsck_name(object, "metric", mri_stmt_text(stmt, METRIC_KEY),
                mri_stmt_text(stmt, METRIC_UUID));
  mr_status status = mri_fsck_texts(walk, stmt, object, &key, 1, error);
  if (status == MR_OK) status = fold_chunks(walk, &m, error);
  if (status != MR_OK || !m.whole) return status;
  return check_summary(walk, &m, error);
}

mr_status mri_fsck_metrics(mri_fsck_walk *walk, mr_error *error) {
  mri_series points;
  if (!mri_series_init(&points, &walk->registry->mem, "")) return mri_error_no_memory(error);
  mr_status status =
      mri_fsck_each(walk, metric_row, &points, error,
                    "SELECT m.id, m.run_id, r.uuid, m.key, " MRI_SUMMARY_COLUMNS
                    ", first_value, last_value, min_value, max_value, mean_value FROM metric m "
                    "LEFT JOIN run r ON r.id = m.run_id ORDER BY m.id");
  mri_series_destroy(&points, &walk->registry->mem);
  return status;
}
