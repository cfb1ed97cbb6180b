/* SPDX-License-Identifier: Apache-2.0 */
/* Channels: making, listing and clearing them. */
#include "base/options.h"
#include "registry/channel_change.h"
#include "registry/page.h"

mr_status mr_model_create_channel(mr_model *model, const char *name, mr_error *error) {
  mri_tx *tx = NULL;
  int64_t id = 0;
  int64_t now_us = 0;
  mr_status status = mri_check_argument(model, "model", error);
  if (status == MR_OK) status = mri_check_channel_name(name, error);
  if (status == MR_OK) status = mri_call_begin(model->registry, MRI_TX_GOVERN, NULL, &tx, error);
  if (status != MR_OK) return status;
  mr_registry *registry = model->registry;
  status = mri_govern_time(tx, registry, &now_us, error);
  if (status == MR_OK) {
    status = mri_sql_int(tx, error, 0, &id,
                         "INSERT INTO channel (model_id, name, sequence, actor, moved_us) "
                         "VALUES (?1, ?2, 0, ?3, ?4) ON CONFLICT (model_id, name) DO NOTHING "
                         "RETURNING id",
                         "itti", model->id, name, mri_actor(registry), now_us);
  }
  if (status == MR_OK && id == 0) {
    status = mri_error_set(error, MR_ALREADY_EXISTS, "model '%s' has a channel '%s' already",
                           model->record.name, name);
  }
  return mri_call_end(registry, tx, status, error);
}

MRI_DEFINE_PAGE(mr_channel, mr_channel_record);

static mr_status add_channel(mri_page *page, const mri_stmt *stmt, mr_error *error) {
  mr_channel_record *record = mri_page_add(page, sizeof *record);
  if (record == NULL) return mri_error_no_memory(error);
  record->name = mri_column_text(stmt, 0, &page->arena, &page->failed);
  record->version = mri_column_text(stmt, 1, &page->arena, &page->failed);
  record->sequence = mri_stmt_int(stmt, 2);
  record->actor = mri_column_text(stmt, 3, &page->arena, &page->failed);
  record->moved_us = mri_stmt_int(stmt, 4);
  page->last_key = record->name;
  return MR_OK;
}

mr_status mr_model_list_channels(mr_model *model, const mr_list_options *options,
                                 mr_channel_page **out_page, mr_error *error) {
  mri_cursor cursor;
  mri_tx *tx = NULL;
  mri_stmt *stmt = NULL;
  mr_status status = mri_check_argument(model, "model", error);
  if (status == MR_OK) status = mri_check_argument(out_page, "out_page", error);
  if (status == MR_OK) status = mri_cursor_options(&cursor, MRI_LIST_CHANNELS, options, error);
  if (status == MR_OK) status = mri_call_begin(model->registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  mr_channel_page *page = mri_page_new(model->registry, sizeof *page, &cursor);
  status = page == NULL
               ? mri_error_no_memory(error)
               : mri_sql_query(tx, error, &stmt,
                               "SELECT c.name, v.number, c.sequence, c.actor, c.moved_us "
                               "FROM channel c LEFT JOIN version v ON v.id = c.version_id "
                               "WHERE c.model_id = ?1 AND c.name > ?2 ORDER BY c.name LIMIT ?3",
                               "iti", model->id, cursor.key, cursor.limit + 1);
  if (status == MR_OK) status = mri_page_fill(&page->page, stmt, add_channel, error);
  status = mri_call_end(model->registry, tx, status, error);
  if (status == MR_OK) *out_page = page;
  if (status != MR_OK) mr_channel_page_free(page);
  return status;
}

static mr_status check_clear(mr_clear_options *o, const mr_clear_options *options,
                             mr_error *error) {
  mr_status status = mri_check_argument(options, "options", error);
  if (status == MR_OK) status = mri_options_read(o, sizeof *o, options, "mr_clear_options", error);
  if (status == MR_OK) status = mri_options_reserved(o->reserved, "mr_clear_options", error);
  if (status == MR_OK) status = mri_check_channel_name(o->channel, error);
  if (status == MR_OK) status = mri_channel_check_expectation(o->channel, o->expected, error);
  return status == MR_OK ? mri_check_optional(o->reason, "reason", MRI_VALUE_MAX, error) : status;
}

static mr_status clear(mri_tx *tx, const mr_model *model, const mr_clear_options *o,
                       mr_error *error) {
  mri_channel_row row;
  mri_channel_change change = {MR_CHANNEL_MOVE_KIND_CLEARED, 0, 0, 0, o->reason, 0};
  mr_status status = mri_channel_find(tx, model, o->channel, &row, error);
  if (status == MR_OK) status = mri_channel_check_expected(&row, model, o->expected, error);
  if (status != MR_OK || row.held_id == 0) return status;
  status = mri_govern_time(tx, model->registry, &change.now_us, error);
  return status == MR_OK ? mri_channel_set(tx, model->registry, &row, &change, error) : status;
}

mr_status mr_model_clear_channel(mr_model *model, const mr_clear_options *options,
                                 mr_error *error) {
  mr_clear_options o;
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(model, "model", error);
  if (status == MR_OK) status = check_clear(&o, options, error);
  if (status == MR_OK) {
    status = mri_call_begin(model->registry, MRI_TX_GOVERN, o.cancel, &tx, error);
  }
  if (status != MR_OK) return status;
  status = clear(tx, model, &o, error);
  return mri_call_end(model->registry, tx, status, error);
}
