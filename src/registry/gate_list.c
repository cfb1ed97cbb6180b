/* SPDX-License-Identifier: Apache-2.0 */
/* Every gate that was ever attached. */
#include "base/options.h"
#include "registry/gate_rules.h"
#include "registry/page.h"

MRI_DEFINE_PAGE(mr_gate, mr_gate_record);

static mr_status add_gate(mri_page *page, const mri_stmt *stmt, mr_error *error) {
  mr_gate_record *record = mri_page_add(page, sizeof *record);
  if (record == NULL) return mri_error_no_memory(error);
  mri_arena *arena = &page->arena;
  page->last_id = mri_stmt_int(stmt, 0);
  record->in_force = (int32_t)mri_stmt_int(stmt, 1);
  record->model = mri_column_text(stmt, 2, arena, &page->failed);
  record->transition = mri_column_text(stmt, 3, arena, &page->failed);
  record->revision = mri_stmt_int(stmt, 4);
  record->digest = mri_column_digest(stmt, 5, arena, &page->failed);
  record->text = mri_column_text(stmt, 6, arena, &page->failed);
  record->actor = mri_column_text(stmt, 7, arena, &page->failed);
  record->created_us = mri_stmt_int(stmt, 8);
  return MR_OK;
}

static mr_status fill(mr_gate_page *page, mri_tx *tx, const mr_gate_list_options *o,
                      const mri_cursor *cursor, mr_error *error) {
  mri_stmt *stmt = NULL;
  int64_t model_id = 0;
  mr_status status = mri_gate_owner(tx, o->model, &model_id, error);
  if (status == MR_OK) {
    status = mri_sql_query(
        tx, error, &stmt,
        "SELECT a.id, CASE WHEN a.gate_digest IS NULL OR EXISTS (SELECT 1 FROM gate_attachment b "
        "WHERE b.model_id = a.model_id AND b.transition = a.transition "
        "AND b.revision > a.revision) THEN 0 ELSE 1 END, m.name, a.transition, a.revision, "
        "a.gate_digest, g.body, a.actor, a.created_us FROM gate_attachment a "
        "LEFT JOIN gate g ON g.digest = a.gate_digest LEFT JOIN model m ON m.id = a.model_id "
        "WHERE a.model_id = ?1 AND (?2 = '' OR a.transition = ?2) AND a.id < ?3 "
        "ORDER BY a.id DESC LIMIT ?4",
        "itii", model_id, o->transition == NULL ? "" : o->transition,
        cursor->id == 0 ? INT64_MAX : cursor->id, cursor->limit + 1);
  }
  return status != MR_OK ? status : mri_page_fill(&page->page, stmt, add_gate, error);
}

mr_status mr_registry_list_gates(mr_registry *registry, const mr_gate_list_options *options,
                                 mr_gate_page **out_page, mr_error *error) {
  mr_gate_list_options o;
  mri_cursor cursor;
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(out_page, "out_page", error);
  if (status == MR_OK) {
    status = mri_options_read(&o, sizeof o, options, "mr_gate_list_options", error);
  }
  if (status == MR_OK) {
    status = mri_gate_check_owner(o.flags, o.model, "mr_gate_list_options", error);
  }
  if (status == MR_OK && o.transition != NULL) status = mri_check_transition(o.transition, error);
  if (status == MR_OK) status = mri_cursor_read(&cursor, MRI_LIST_GATES, o.limit, o.token, error);
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  mr_gate_page *page = mri_page_new(registry, sizeof *page, &cursor);
  status = page == NULL ? mri_error_no_memory(error) : fill(page, tx, &o, &cursor, error);
  status = mri_call_end(registry, tx, status, error);
  if (status == MR_OK) *out_page = page;
  if (status != MR_OK) mr_gate_page_free(page);
  return status;
}
