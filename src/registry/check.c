/* SPDX-License-Identifier: Apache-2.0 */
/* Checks: reports of what validations of a run found. Nothing of a report is ever changed. */
#include "registry/artifact_record.h"
#include "registry/content.h"
#include "registry/folder.h"
#include "registry/run_handle.h"
#include <fcntl.h>

/* Evidence is a file, or lies elsewhere, or there is none. */
static mr_status check_evidence(const mr_check_options *o, mri_tree_file *evidence,
                                mr_error *error) {
  memset(evidence, 0, sizeof *evidence);
  if (o->evidence_path != NULL && o->evidence_uri != NULL) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "evidence_path and evidence_uri are both set; name one of them");
  }
  if (o->evidence_uri != NULL) {
    return mri_content_link("evidence_", o->evidence_uri, o->evidence_digest, o->evidence_size,
                            evidence, error);
  }
  if (o->evidence_digest != NULL || o->evidence_size != 0) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "%s goes with evidence_uri, which is not set",
                         o->evidence_digest != NULL ? "evidence_digest" : "evidence_size");
  }
  if (o->evidence_path == NULL) return MR_OK;
  return mri_check_local_path(o->evidence_path, "evidence_path", error);
}

static mr_status check_report(mr_check_options *o, const char *name, mr_check_result result,
                              const mr_check_options *options, mri_tree_file *evidence,
                              mr_error *error) {
  mr_status status = mri_check_name(name, "check name", error);
  if (status == MR_OK && (result < MR_CHECK_RESULT_PASSED || result > MR_CHECK_RESULT_SKIPPED)) {
    status = mri_error_set(error, MR_INVALID_ARGUMENT,
                           "result %d of check '%s' is unknown; use MR_CHECK_RESULT_PASSED, "
                           "MR_CHECK_RESULT_FAILED or MR_CHECK_RESULT_SKIPPED",
                           (int)result, name);
  }
  if (status == MR_OK) {
    status = mri_options_read(o, sizeof *o, options, "mr_check_options", error);
  }
  if (status == MR_OK) status = mri_options_reserved(o->reserved, "mr_check_options", error);
  if (status == MR_OK && o->reporter != NULL) {
    status = mri_check_name(o->reporter, "reporter", error);
  }
  if (status == MR_OK) status = mri_check_optional(o->note, "note", MRI_VALUE_MAX, error);
  if (status == MR_OK) status = check_evidence(o, evidence, error);
  if (status == MR_OK) status = mri_check_cancel(o->cancel, error);
  return status;
}

static mr_status insert_report(mri_tx *tx, mr_run *run, const char *name, mr_check_result result,
                               const mr_check_options *o, const mri_tree_file *evidence,
                               mr_error *error) {
  char uuid[MRI_ID_SIZE];
  mr_registry *registry = run->registry;
  mri_id_new(&registry->ids, uuid);
  return mri_sql_run(tx, error,
                     "INSERT INTO run_check (uuid, run_id, name, result, reporter, note, "
                     "evidence_digest, evidence_uri, evidence_size, actor, created_us) "
                     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                     "titittdtiti", (const char *)uuid, run->id, name, (int64_t)result,
                     o->reporter != NULL ? o->reporter : mri_actor(registry), o->note,
                     evidence->kind != 0 ? &evidence->digest : (const mri_digest *)NULL,
                     evidence->uri, evidence->size, mri_actor(registry), mri_now_us(registry));
}

mr_status mr_run_log_check(mr_run *run, const char *name, mr_check_result result,
                           const mr_check_options *options, mr_error *error) {
  mr_check_options o;
  mri_tree_file evidence;
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK) status = check_report(&o, name, result, options, &evidence, error);
  if (status == MR_OK) status = mri_enter(run->registry, error);
  if (status != MR_OK) return status;
  mr_registry *registry = run->registry;
  /* The bytes are durable before a row names them. */
  if (o.evidence_path != NULL) {
    status = mri_content_put(registry, AT_FDCWD, o.evidence_path, o.cancel, &evidence, error);
  }
  if (status == MR_OK) {
    status = mri_tx_begin(registry->store, MRI_TX_APPEND_DURABLE, o.cancel, &tx, error);
  }
  if (status != MR_OK) return mri_leave(registry, status);
  status = insert_report(tx, run, name, result, &o, &evidence, error);
  return mri_call_end(registry, tx, status, error);
}

MRI_DEFINE_PAGE(mr_check, mr_check_record);

static mr_status add_check(mri_page *page, const mri_stmt *stmt, mr_error *error) {
  mr_check_record *record = mri_page_add(page, sizeof *record);
  if (record == NULL) return mri_error_no_memory(error);
  mri_arena *arena = &page->arena;
  record->id = mri_column_text(stmt, 1, arena, &page->failed);
  record->name = mri_column_text(stmt, 2, arena, &page->failed);
  record->result = (mr_check_result)mri_stmt_int(stmt, 3);
  record->reporter = mri_column_text(stmt, 4, arena, &page->failed);
  record->note = mri_column_text(stmt, 5, arena, &page->failed);
  record->evidence_digest = mri_column_digest(stmt, 6, arena, &page->failed);
  record->evidence_uri = mri_column_text(stmt, 7, arena, &page->failed);
  record->evidence_size = mri_stmt_int(stmt, 8);
  record->actor = mri_column_text(stmt, 9, arena, &page->failed);
  record->created_us = mri_stmt_int(stmt, 10);
  record->latest = (int32_t)mri_stmt_int(stmt, 11);
  page->last_id = mri_stmt_int(stmt, 0);
  return MR_OK;
}

mr_status mr_run_list_checks(mr_run *run, const mr_list_options *options, mr_check_page **out_page,
                             mr_error *error) {
  mri_cursor cursor;
  mri_tx *tx = NULL;
  mri_stmt *stmt = NULL;
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK) status = mri_check_argument(out_page, "out_page", error);
  if (status == MR_OK) status = mri_cursor_options(&cursor, MRI_LIST_CHECKS, options, error);
  if (status == MR_OK) status = mri_call_begin(run->registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  mr_check_page *page = mri_page_new(run->registry, sizeof *page, &cursor);
  status = page == NULL
               ? mri_error_no_memory(error)
               : mri_sql_query(tx, error, &stmt,
                               "SELECT c.id, c.uuid, c.name, c.result, c.reporter, c.note, "
                               "c.evidence_digest, c.evidence_uri, c.evidence_size, c.actor, "
                               "c.created_us, CASE WHEN EXISTS (SELECT 1 FROM run_check n "
                               "WHERE n.run_id = c.run_id AND n.name = c.name AND n.id > c.id) "
                               "THEN 0 ELSE 1 END FROM run_check c "
                               "WHERE c.run_id = ?1 AND c.id > ?2 ORDER BY c.id LIMIT ?3",
                               "iii", run->id, cursor.id, cursor.limit + 1);
  if (status == MR_OK) status = mri_page_fill(&page->page, stmt, add_check, error);
  status = mri_call_end(run->registry, tx, status, error);
  if (status == MR_OK) *out_page = page;
  if (status != MR_OK) mr_check_page_free(page);
  return status;
}

/* The evidence of a report, in a tree that keeps its texts. */
static mr_status read_evidence(mri_tx *tx, const mr_run *run, const char *check_id, mri_tree *out,
                               mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mri_tree_file file;
  memset(&file, 0, sizeof file);
  mr_status status = mri_sql_first(tx, error, &stmt, &found,
                                   "SELECT name, evidence_digest, evidence_uri, evidence_size, "
                                   "created_us FROM run_check WHERE uuid = ?1 AND run_id = ?2",
                                   "ti", check_id, run->id);
  if (status != MR_OK) return status;
  if (!found) {
    return mri_error_set(error, MR_NOT_FOUND, "run %s has no report %s of a check", run->record.id,
                         check_id);
  }
  if (mri_stmt_digest(stmt, 1, &file.digest)) {
    file.path = check_id;
    file.uri = mri_stmt_text(stmt, 2);
    file.kind = file.uri == NULL ? MR_ARTIFACT_KIND_STORED : MR_ARTIFACT_KIND_LINK;
    file.format = file.uri == NULL ? NULL : "link";
    file.size = mri_stmt_int(stmt, 3);
    file.created_us = mri_stmt_int(stmt, 4);
    status = mri_tree_add(out, &file, error);
  } else {
    status = mri_error_set(error, MR_NOT_FOUND, "report %s of check '%s' has no evidence", check_id,
                           mri_stmt_text(stmt, 0));
  }
  mri_stmt_done(stmt);
  return status;
}

mr_status mr_run_open_evidence(mr_run *run, const char *check_id, mr_blob **out_blob,
                               mr_error *error) {
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK) status = mri_check_id(check_id, "check_id", error);
  if (status == MR_OK) status = mri_check_argument(out_blob, "out_blob", error);
  if (status == MR_OK) status = mri_call_begin(run->registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  mri_tree tree;
  mri_tree_init(&tree, &run->registry->mem);
  status = read_evidence(tx, run, check_id, &tree, error);
  status = mri_tx_end(tx, status, error);
  if (status == MR_OK) {
    mri_tree_file *file = mri_vec_at(&tree.files, 0);
    if (file->kind == MR_ARTIFACT_KIND_STORED) {
      status = mri_content_format(run->registry, file, error);
    }
    if (status == MR_OK) status = mri_artifact_open(run->registry, file, out_blob, error);
    if (status != MR_OK) status = mri_error_prefix(error, status, "evidence of a check");
  }
  mri_tree_destroy(&tree);
  return mri_leave(run->registry, status);
}
