/* SPDX-License-Identifier: Apache-2.0 */
/* What a run used. An input row holds its kind and one text, `target`, which makes it unique: the
 * uuid of a run or version, or the hex digest of a dataset. */
#include "registry/input_list.h"
#include "registry/page.h"
#include "registry/reference.h"
#include "registry/run_handle.h"

typedef struct input_row {
  mr_input_kind kind;
  char target[MRI_DIGEST_TEXT];
  mri_digest digest;
  bool has_digest;
} input_row;

static mr_status check_input(mr_input_options *o, const mr_input_options *input, mr_error *error) {
  mr_status status = mri_check_argument(input, "input", error);
  if (status == MR_OK) status = mri_options_read(o, sizeof *o, input, "mr_input_options", error);
  if (status == MR_OK) status = mri_options_reserved(o->reserved, "mr_input_options", error);
  if (status == MR_OK) status = mri_check_name(o->role, "input role", error);
  if (status != MR_OK) return status;
  int named = (o->dataset_run_id != NULL) + (o->dataset_digest != NULL) + (o->run_id != NULL) +
              (o->version != NULL);
  if (named != 1) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "an input names exactly one of dataset_run_id, dataset_digest, run_id and "
                         "version, not %d of them",
                         named);
  }
  if (o->dataset_run_id != NULL) return mri_check_id(o->dataset_run_id, "dataset_run_id", error);
  if (o->run_id != NULL) return mri_check_id(o->run_id, "run_id", error);
  return MR_OK;
}

static mr_status find_dataset_run(mri_tx *tx, const char *uuid, input_row *row, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(
      tx, error, &stmt, &found,
      "SELECT d.digest FROM dataset d JOIN run r ON r.id = d.run_id WHERE r.uuid = ?1", "t", uuid);
  if (status != MR_OK) return status;
  if (!found) return mri_error_set(error, MR_NOT_FOUND, "there is no dataset run %s", uuid);
  row->kind = MR_INPUT_KIND_DATASET_RUN;
  row->has_digest = mri_stmt_digest(stmt, 0, &row->digest);
  memcpy(row->target, uuid, MRI_ID_SIZE);
  mri_stmt_done(stmt);
  return MR_OK;
}

static mr_status find_version(mri_tx *tx, const char *text, input_row *row, mr_error *error) {
  mri_reference reference;
  mr_status status = mri_reference_parse(text, false, &reference, error);
  if (status != MR_OK) return mri_error_prefix(error, status, "input version");
  if (reference.kind != MRI_SELECT_EXACT) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "input version '%s' is not of the form model@number", text);
  }
  row->kind = MR_INPUT_KIND_VERSION;
  return mri_version_uuid(tx, &reference, row->target, error);
}

static mr_status find_target(mri_tx *tx, const mr_run *run, const mr_input_options *o,
                             input_row *row, mr_error *error) {
  memset(row, 0, sizeof *row);
  if (o->dataset_run_id != NULL) return find_dataset_run(tx, o->dataset_run_id, row, error);
  if (o->version != NULL) return find_version(tx, o->version, row, error);
  if (o->dataset_digest != NULL) {
    row->kind = MR_INPUT_KIND_DATASET_DIGEST;
    row->has_digest = true;
    mr_status status = mri_check_digest(o->dataset_digest, "dataset_digest", &row->digest, error);
    if (status == MR_OK) mri_digest_text(&row->digest, row->target);
    return status;
  }
  mri_run_row target;
  row->kind = MR_INPUT_KIND_RUN;
  mr_status status = mri_run_find(tx, o->run_id, &target, error);
  if (status == MR_OK && target.id == run->id) {
    status = mri_error_set(error, MR_INVALID_ARGUMENT, "run %s cannot be its own input", o->run_id);
  }
  if (status == MR_OK) memcpy(row->target, o->run_id, MRI_ID_SIZE);
  return status;
}

mr_status mr_run_log_input(mr_run *run, const mr_input_options *input, mr_error *error) {
  mr_input_options o;
  input_row row;
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK) status = check_input(&o, input, error);
  if (status == MR_OK) status = mri_call_begin(run->registry, MRI_TX_APPEND, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = mri_run_check_open(tx, run->id, run->record.id, error);
  if (status == MR_OK) status = find_target(tx, run, &o, &row, error);
  if (status == MR_OK) {
    status = mri_sql_run(tx, error,
                         "INSERT INTO input (run_id, role, kind, target, digest) "
                         "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                         "ititd", run->id, o.role, (int64_t)row.kind, (const char *)row.target,
                         row.has_digest ? &row.digest : (const mri_digest *)NULL);
  }
  return mri_call_end(run->registry, tx, status, error);
}

MRI_DEFINE_PAGE(mr_input, mr_input_record);

static mr_status add_input(mri_page *page, const mri_stmt *stmt, mr_error *error) {
  mr_input_record *record = mri_page_add(page, sizeof *record);
  if (record == NULL) return mri_error_no_memory(error);
  mri_arena *arena = &page->arena;
  record->kind = (mr_input_kind)mri_stmt_int(stmt, 1);
  record->role = mri_column_text(stmt, 2, arena, &page->failed);
  record->dataset_digest = mri_column_digest(stmt, 4, arena, &page->failed);
  if (record->kind == MR_INPUT_KIND_DATASET_RUN || record->kind == MR_INPUT_KIND_RUN) {
    record->run_id = mri_column_text(stmt, 3, arena, &page->failed);
  }
  record->dataset_name = mri_column_text(stmt, 5, arena, &page->failed);
  record->version = mri_column_text(stmt, 6, arena, &page->failed);
  page->last_id = mri_stmt_int(stmt, 0);
  return MR_OK;
}

mr_status mri_list_inputs(mr_registry *registry, int64_t run_id, const mr_list_options *options,
                          mr_input_page **out_page, mr_error *error) {
  mri_cursor cursor;
  mri_tx *tx = NULL;
  mri_stmt *stmt = NULL;
  mr_status status = mri_check_argument(out_page, "out_page", error);
  if (status == MR_OK) status = mri_cursor_options(&cursor, MRI_LIST_INPUTS, options, error);
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  mr_input_page *page = mri_page_new(registry, sizeof *page, &cursor);
  status =
      page == NULL
          ? mri_error_no_memory(error)
          : mri_sql_query(tx, error, &stmt,
                          "SELECT i.id, i.kind, i.role, i.target, i.digest, "
                          "CASE i.kind WHEN 1 THEN (SELECT d.name FROM dataset d JOIN run r ON "
                          "r.id = d.run_id "
                          "WHERE r.uuid = i.target) ELSE (SELECT d.name FROM dataset d "
                          "WHERE d.digest = i.digest ORDER BY d.run_id DESC LIMIT 1) END, "
                          "(SELECT m.name || '@' || v.number FROM version v JOIN model m ON m.id = "
                          "v.model_id "
                          " WHERE i.kind = 4 AND v.uuid = i.target) "
                          "FROM input i WHERE i.run_id = ?1 AND i.id > ?2 ORDER BY i.id LIMIT ?3",
                          "iii", run_id, cursor.id, cursor.limit + 1);
  if (status == MR_OK) status = mri_page_fill(&page->page, stmt, add_input, error);
  status = mri_call_end(registry, tx, status, error);
  if (status == MR_OK) *out_page = page;
  if (status != MR_OK) mr_input_page_free(page);
  return status;
}

mr_status mr_run_list_inputs(mr_run *run, const mr_list_options *options, mr_input_page **out_page,
                             mr_error *error) {
  mr_status status = mri_check_argument(run, "run", error);
  if (status != MR_OK) return status;
  return mri_list_inputs(run->registry, run->id, options, out_page, error);
}
