/* SPDX-License-Identifier: Apache-2.0 */
/* Every change that a channel went through. */
#include "base/options.h"
#include "registry/channel_change.h"
#include "registry/page.h"

MRI_DEFINE_PAGE(mr_channel_move, mr_channel_move_record);

static mr_status add_move(mri_page *page, const mri_stmt *stmt, mr_error *error) {
  mr_channel_move_record *record = mri_page_add(page, sizeof *record);
  if (record == NULL) return mri_error_no_memory(error);
  record->sequence = mri_stmt_int(stmt, 0);
  record->kind = (mr_channel_move_kind)mri_stmt_int(stmt, 1);
  record->version = mri_column_text(stmt, 2, &page->arena, &page->failed);
  record->previous = mri_column_text(stmt, 3, &page->arena, &page->failed);
  record->request_id = mri_column_text(stmt, 4, &page->arena, &page->failed);
  record->reason = mri_column_text(stmt, 5, &page->arena, &page->failed);
  record->actor = mri_column_text(stmt, 6, &page->arena, &page->failed);
  record->moved_us = mri_stmt_int(stmt, 7);
  page->last_id = record->sequence;
  return MR_OK;
}

static mr_status check_list(const mr_channel_move_list_options *options,
                            mr_channel_move_list_options *o, mri_cursor *cursor, mr_error *error) {
  mr_status status = mri_check_argument(options, "options", error);
  if (status == MR_OK) {
    status = mri_options_read(o, sizeof *o, options, "mr_channel_move_list_options", error);
  }
  if (status == MR_OK) {
    status = mri_options_reserved(o->reserved, "mr_channel_move_list_options", error);
  }
  if (status == MR_OK) status = mri_check_channel_name(o->channel, error);
  if (status != MR_OK) return status;
  return mri_cursor_read(cursor, MRI_LIST_CHANNEL_MOVES, o->limit, o->token, error);
}

mr_status mr_model_list_channel_moves(mr_model *model, const mr_channel_move_list_options *options,
                                      mr_channel_move_page **out_page, mr_error *error) {
  mr_channel_move_list_options o;
  mri_cursor cursor;
  mri_channel_row row;
  mri_tx *tx = NULL;
  mri_stmt *stmt = NULL;
  mr_channel_move_page *page = NULL;
  mr_status status = mri_check_argument(model, "model", error);
  if (status == MR_OK) status = mri_check_argument(out_page, "out_page", error);
  if (status == MR_OK) status = check_list(options, &o, &cursor, error);
  if (status == MR_OK) status = mri_call_begin(model->registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = mri_channel_find(tx, model, o.channel, &row, error);
  if (status == MR_OK) page = mri_page_new(model->registry, sizeof *page, &cursor);
  if (status == MR_OK && page == NULL) status = mri_error_no_memory(error);
  if (status == MR_OK) {
    status = mri_sql_query(
        tx, error, &stmt,
        "SELECT c.sequence, c.kind, v.number, p.number, q.uuid, c.reason, c.actor, c.moved_us "
        "FROM channel_move c LEFT JOIN version v ON v.id = c.version_id "
        "LEFT JOIN version p ON p.id = c.previous_id LEFT JOIN request q ON q.id = c.request_id "
        "WHERE c.channel_id = ?1 AND c.sequence < ?2 ORDER BY c.sequence DESC LIMIT ?3",
        "iii", row.id, cursor.id == 0 ? INT64_MAX : cursor.id, cursor.limit + 1);
  }
  if (status == MR_OK) status = mri_page_fill(&page->page, stmt, add_move, error);
  status = mri_call_end(model->registry, tx, status, error);
  if (status == MR_OK) *out_page = page;
  if (status != MR_OK) mr_channel_move_page_free(page);
  return status;
}
