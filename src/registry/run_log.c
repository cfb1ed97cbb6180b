/* SPDX-License-Identifier: Apache-2.0 */
/* Params and tags. */
#include "registry/page.h"
#include "registry/run_handle.h"
#include <math.h>

static mr_status log_param(mri_tx *tx, const mr_run *run, const char *key, const char *value,
                           mr_error *error) {
  double number = (double)NAN;
  bool inserted = false;
  mri_stmt *stmt = NULL;
  if (!mri_parse_double(value, strlen(value), &number)) number = (double)NAN;
  mr_status status =
      mri_sql_first(tx, error, &stmt, &inserted,
                    "INSERT INTO param (run_id, key, value, number) VALUES (?1, ?2, ?3, ?4) "
                    "ON CONFLICT (run_id, key) DO NOTHING RETURNING 1",
                    "ittr", run->id, key, value, number);
  if (status != MR_OK) return status;
  if (inserted) {
    mri_stmt_done(stmt);
    return MR_OK;
  }
  bool found = false;
  status =
      mri_sql_first(tx, error, &stmt, &found,
                    "SELECT value FROM param WHERE run_id = ?1 AND key = ?2", "it", run->id, key);
  if (status != MR_OK || !found) return status;
  const char *old = mri_stmt_text(stmt, 0);
  if (old == NULL) {
    status =
        mri_error_set(error, MR_CORRUPT, "param '%s' of run %s has no value", key, run->record.id);
  } else if (strcmp(old, value) != 0) {
    status = mri_error_set(error, MR_ALREADY_EXISTS,
                           "param '%s' of run %s is '%.64s' already and cannot become '%.64s'", key,
                           run->record.id, old, value);
  }
  mri_stmt_done(stmt);
  return status;
}

mr_status mr_run_log_params(mr_run *run, const char *const *keys, const char *const *values,
                            size_t count, mr_error *error) {
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK && count > 0) status = mri_check_argument(keys, "keys", error);
  if (status == MR_OK && count > 0) status = mri_check_argument(values, "values", error);
  for (size_t i = 0; i < count && status == MR_OK; i++) {
    status = mri_check_name(keys[i], "param key", error);
    if (status == MR_OK) status = mri_check_value(values[i], "param value", MRI_VALUE_MAX, error);
  }
  if (status == MR_OK) status = mri_call_begin(run->registry, MRI_TX_APPEND, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = mri_run_check_open(tx, run->id, run->record.id, error);
  for (size_t i = 0; i < count && status == MR_OK; i++) {
    status = log_param(tx, run, keys[i], values[i], error);
  }
  return mri_call_end(run->registry, tx, status, error);
}

mr_status mr_run_log_param(mr_run *run, const char *key, const char *value, mr_error *error) {
  return mr_run_log_params(run, &key, &value, 1, error);
}

mr_status mr_run_set_tag(mr_run *run, const char *key, const char *value, mr_error *error) {
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK) status = mri_check_name(key, "tag key", error);
  if (status == MR_OK) status = mri_check_value(value, "tag value", MRI_VALUE_MAX, error);
  if (status == MR_OK) status = mri_call_begin(run->registry, MRI_TX_APPEND, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = mri_sql_run(tx, error,
                       "INSERT INTO tag (run_id, key, value) VALUES (?1, ?2, ?3) "
                       "ON CONFLICT (run_id, key) DO UPDATE SET value = ?3",
                       "itt", run->id, key, value);
  return mri_call_end(run->registry, tx, status, error);
}

mr_status mr_run_delete_tag(mr_run *run, const char *key, mr_error *error) {
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK) status = mri_check_name(key, "tag key", error);
  if (status == MR_OK) status = mri_call_begin(run->registry, MRI_TX_APPEND, NULL, &tx, error);
  if (status != MR_OK) return status;
  status =
      mri_sql_run(tx, error, "DELETE FROM tag WHERE run_id = ?1 AND key = ?2", "it", run->id, key);
  if (status == MR_OK && mri_tx_changes(tx) == 0) {
    status = mri_error_set(error, MR_NOT_FOUND, "run %s has no tag '%s'", run->record.id, key);
  }
  return mri_call_end(run->registry, tx, status, error);
}

MRI_DEFINE_PAGE(mr_property, mr_property_record);

static mr_status add_property(mri_page *page, const mri_stmt *stmt, mr_error *error) {
  mr_property_record *record = mri_page_add(page, sizeof *record);
  if (record == NULL) return mri_error_no_memory(error);
  record->key = mri_column_text(stmt, 0, &page->arena, &page->failed);
  record->value = mri_column_text(stmt, 1, &page->arena, &page->failed);
  page->last_key = record->key;
  return MR_OK;
}

static mr_status list_properties(mr_run *run, mri_list list, const char *sql,
                                 const mr_list_options *options, mr_property_page **out_page,
                                 mr_error *error) {
  mri_cursor cursor;
  mri_tx *tx = NULL;
  mri_stmt *stmt = NULL;
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK) status = mri_check_argument(out_page, "out_page", error);
  if (status == MR_OK) status = mri_cursor_options(&cursor, list, options, error);
  if (status == MR_OK) status = mri_call_begin(run->registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  mr_property_page *page = mri_page_new(run->registry, sizeof *page, &cursor);
  status = page == NULL
               ? mri_error_no_memory(error)
               : mri_sql_query(tx, error, &stmt, sql, "iti", run->id, cursor.key, cursor.limit + 1);
  if (status == MR_OK) status = mri_page_fill(&page->page, stmt, add_property, error);
  status = mri_call_end(run->registry, tx, status, error);
  if (status == MR_OK) *out_page = page;
  if (status != MR_OK) mr_property_page_free(page);
  return status;
}

mr_status mr_run_list_params(mr_run *run, const mr_list_options *options,
                             mr_property_page **out_page, mr_error *error) {
  static const char sql[] = "SELECT key, value FROM param WHERE run_id = ?1 AND key > ?2 "
                            "ORDER BY key LIMIT ?3";
  return list_properties(run, MRI_LIST_PARAMS, sql, options, out_page, error);
}

mr_status mr_run_list_tags(mr_run *run, const mr_list_options *options, mr_property_page **out_page,
                           mr_error *error) {
  static const char sql[] = "SELECT key, value FROM tag WHERE run_id = ?1 AND key > ?2 "
                            "ORDER BY key LIMIT ?3";
  return list_properties(run, MRI_LIST_TAGS, sql, options, out_page, error);
}
