/* SPDX-License-Identifier: Apache-2.0 */
#include "upkeep/fsck_rows.h"

#include <stdarg.h>
#include <stdio.h>

const char mri_fsck_repair[] = "run fsck with repair";

mr_status mri_fsck_each(mri_fsck_walk *walk, mri_fsck_row_fn row, void *ctx, mr_error *error,
                        const char *sql) {
  mri_stmt *stmt = NULL;
  bool more = false;
  mr_status status = mri_sql_query(walk->tx, error, &stmt, sql, "");
  while (status == MR_OK && (status = mri_stmt_step(stmt, &more, error)) == MR_OK && more) {
    status = mri_fsck_row(walk, error);
    if (status == MR_OK) status = row(walk, ctx, stmt, error);
  }
  mri_stmt_done(stmt);
  return status;
}

void mri_fsck_name(char out[MRI_FSCK_OBJECT], const char *word, const char *name, const char *run) {
  if (name == NULL) name = "without a name";
  int fit = mri_text_fit(name, MRI_NAME_MAX);
  if (run == NULL) {
    (void)snprintf(out, MRI_FSCK_OBJECT, "%s %.*s of a run that is not there", word, fit, name);
  } else {
    (void)snprintf(out, MRI_FSCK_OBJECT, "%s %.*s of run %.64s", word, fit, name, run);
  }
}

static mr_status add(mri_fsck_walk *walk, mr_finding finding, const char *object, mr_error *error,
                     const char *format, va_list arguments) MRI_PRINTF(5, 0);

static mr_status add(mri_fsck_walk *walk, mr_finding finding, const char *object, mr_error *error,
                     const char *format, va_list arguments) {
  mr_error line = MR_ERROR_INIT;
  (void)vsnprintf(line.message, sizeof line.message, format, arguments);
  const mri_fsck_kind kind = {.finding = finding, .remedy = mri_fsck_restore};
  return mri_fsck_add(walk, kind, object, error, "%s", line.message);
}

mr_status mri_fsck_bad_value(mri_fsck_walk *walk, const char *object, mr_error *error,
                             const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  mr_status status = add(walk, MR_FINDING_VALUE, object, error, format, arguments);
  va_end(arguments);
  return status;
}

mr_status mri_fsck_bad_reference(mri_fsck_walk *walk, const char *object, mr_error *error,
                                 const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  mr_status status = add(walk, MR_FINDING_REFERENCE, object, error, format, arguments);
  va_end(arguments);
  return status;
}

mr_status mri_fsck_have(const mri_stmt *stmt, int column, mr_error *error) {
  if (mri_stmt_text(stmt, column) != NULL || mri_stmt_is_null(stmt, column)) return MR_OK;
  return mri_error_no_memory(error);
}

static mr_status check_text(mri_fsck_walk *walk, const mri_stmt *stmt, const char *object,
                            const mri_fsck_text *rule, mr_error *error) {
  mr_error reason = MR_ERROR_INIT;
  size_t size = 0;
  const char *text = mri_stmt_text(stmt, rule->column);
  mr_status status = mri_fsck_have(stmt, rule->column, error);
  if (status != MR_OK || (text == NULL && rule->optional)) return status;
  if (text != NULL) (void)mri_stmt_bytes(stmt, rule->column, &size);
  if (text != NULL && strlen(text) != size) {
    return mri_fsck_bad_value(walk, object, error, "%s has a NUL at byte %zu", rule->what,
                              strlen(text));
  }
  status = rule->max == 0 ? mri_check_name(text, rule->what, &reason)
                          : mri_check_value(text, rule->what, rule->max, &reason);
  if (status == MR_OK) return MR_OK;
  return mri_fsck_bad_value(walk, object, error, "%s", reason.message);
}

mr_status mri_fsck_texts(mri_fsck_walk *walk, const mri_stmt *stmt, const char *object,
                         const mri_fsck_text *texts, size_t count, mr_error *error) {
  mr_status status = MR_OK;
  for (size_t i = 0; i < count && status == MR_OK; i++) {
    status = check_text(walk, stmt, object, &texts[i], error);
  }
  return status;
}

mr_status mri_fsck_id(mri_fsck_walk *walk, const mri_stmt *stmt, int column, const char *object,
                      mr_error *error) {
  const char *id = mri_stmt_text(stmt, column);
  mr_status status = mri_fsck_have(stmt, column, error);
  if (status != MR_OK || (id != NULL && mri_id_valid(id))) return status;
  return mri_fsck_bad_value(walk, object, error, "its id '%.64s' is no UUID", id == NULL ? "" : id);
}

mr_status mri_fsck_time(mri_fsck_walk *walk, const mri_stmt *stmt, int column, const char *what,
                        const char *object, mr_error *error) {
  int64_t time_us = mri_stmt_int(stmt, column);
  if (mri_check_clock(time_us, NULL) == MR_OK) return MR_OK;
  return mri_fsck_bad_value(walk, object, error,
                            "%s is %lld us, which is not between 1970 and 9999", what,
                            (long long)time_us);
}

mr_status mri_fsck_range(mri_fsck_walk *walk, const mri_stmt *stmt, int column, const char *what,
                         int64_t first, int64_t last, const char *object, mr_error *error) {
  int64_t value = mri_stmt_int(stmt, column);
  if (value >= first && value <= last) return MR_OK;
  return mri_fsck_bad_value(walk, object, error, "%s is %lld, not %lld to %lld", what,
                            (long long)value, (long long)first, (long long)last);
}
