/* SPDX-License-Identifier: Apache-2.0 */
#include "base/options.h"
#include "registry/page.h"
#include "registry/version_row.h"

#define MODEL_COLUMNS "id, uuid, name, description, actor, created_us"

static void read_model(const mri_stmt *stmt, mri_arena *arena, mr_model_record *record,
                       bool *failed) {
  record->id = mri_column_text(stmt, 1, arena, failed);
  record->name = mri_column_text(stmt, 2, arena, failed);
  record->description = mri_column_text(stmt, 3, arena, failed);
  record->actor = mri_column_text(stmt, 4, arena, failed);
  record->created_us = mri_stmt_int(stmt, 5);
}

/* Takes the statement's row and gives the statement back. */
static mr_status take_model(mri_stmt *stmt, mr_model *model, mr_error *error) {
  bool failed = false;
  model->id = mri_stmt_int(stmt, 0);
  read_model(stmt, &model->arena, &model->record, &failed);
  mri_stmt_done(stmt);
  return failed ? mri_error_no_memory(error) : MR_OK;
}

static mr_status load_model(mri_tx *tx, const char *name, mr_model *model, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(
      tx, error, &stmt, &found, "SELECT " MODEL_COLUMNS " FROM model WHERE name = ?1", "t", name);
  if (status != MR_OK) return status;
  if (!found) return mri_error_set(error, MR_NOT_FOUND, "there is no model '%s'", name);
  return take_model(stmt, model, error);
}

static mr_model *new_model(mr_registry *registry) {
  mr_model *model = mri_mem_zalloc(&registry->mem, 1, sizeof *model);
  if (model == NULL) return NULL;
  model->registry = mri_registry_ref(registry);
  mri_arena_init(&model->arena, &registry->mem);
  model->record.struct_size = sizeof model->record;
  return model;
}

mr_status mri_model_load(mri_tx *tx, mr_registry *registry, int64_t id, mr_model **out,
                         mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(tx, error, &stmt, &found,
                                   "SELECT " MODEL_COLUMNS " FROM model WHERE id = ?1", "i", id);
  if (status != MR_OK) return status;
  if (!found) return mri_error_set(error, MR_CORRUPT, "a row names a model that is not there");
  mr_model *model = new_model(registry);
  if (model == NULL) {
    mri_stmt_done(stmt);
    return mri_error_no_memory(error);
  }
  status = take_model(stmt, model, error);
  if (status == MR_OK) *out = model;
  if (status != MR_OK) mr_model_free(model);
  return status;
}

static mr_status insert_model(mri_tx *tx, mr_registry *registry, const char *name,
                              const mr_model_options *o, mr_error *error) {
  char uuid[MRI_ID_SIZE];
  int64_t id = 0;
  mri_id_new(&registry->ids, uuid);
  mr_status status = mri_sql_int(tx, error, 0, &id,
                                 "INSERT INTO model (uuid, name, description, actor, created_us) "
                                 "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO NOTHING "
                                 "RETURNING id",
                                 "tttti", (const char *)uuid, name, o->description,
                                 mri_actor(registry), mri_now_us(registry));
  if (status == MR_OK && id == 0) {
    status = mri_error_set(error, MR_ALREADY_EXISTS, "there is a model '%s' already", name);
  }
  return status;
}

mr_status mr_registry_create_model(mr_registry *registry, const char *name,
                                   const mr_model_options *options, mr_model **out_model,
                                   mr_error *error) {
  mr_model_options o;
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_model_name(name, error);
  if (status == MR_OK) status = mri_options_read(&o, sizeof o, options, "mr_model_options", error);
  if (status == MR_OK) status = mri_options_reserved(o.reserved, "mr_model_options", error);
  if (status == MR_OK) {
    status = mri_check_optional(o.description, "description", MRI_VALUE_MAX, error);
  }
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_GOVERN, NULL, &tx, error);
  if (status != MR_OK) return status;
  mr_model *model = new_model(registry);
  status = model == NULL ? mri_error_no_memory(error) : insert_model(tx, registry, name, &o, error);
  if (status == MR_OK) status = load_model(tx, name, model, error);
  status = mri_call_end(registry, tx, status, error);
  if (status == MR_OK && out_model != NULL) {
    *out_model = model;
  } else {
    mr_model_free(model);
  }
  return status;
}

mr_status mr_registry_open_model(mr_registry *registry, const char *name, mr_model **out_model,
                                 mr_error *error) {
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(out_model, "out_model", error);
  if (status == MR_OK) status = mri_check_model_name(name, error);
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  mr_model *model = new_model(registry);
  status = model == NULL ? mri_error_no_memory(error) : load_model(tx, name, model, error);
  status = mri_call_end(registry, tx, status, error);
  if (status == MR_OK) *out_model = model;
  if (status != MR_OK) mr_model_free(model);
  return status;
}

const mr_model_record *mr_model_info(const mr_model *model) {
  return model == NULL ? NULL : &model->record;
}

void mr_model_free(mr_model *model) {
  if (model == NULL) return;
  mr_registry *registry = model->registry;
  mri_arena_free(&model->arena);
  mri_mem_free(&registry->mem, model);
  mri_registry_unref(registry);
}

MRI_DEFINE_PAGE(mr_model, mr_model_record);

static mr_status add_model(mri_page *page, const mri_stmt *stmt, mr_error *error) {
  mr_model_record *record = mri_page_add(page, sizeof *record);
  if (record == NULL) return mri_error_no_memory(error);
  read_model(stmt, &page->arena, record, &page->failed);
  page->last_key = record->name;
  return MR_OK;
}

mr_status mr_registry_list_models(mr_registry *registry, const mr_list_options *options,
                                  mr_model_page **out_page, mr_error *error) {
  mri_cursor cursor;
  mri_tx *tx = NULL;
  mri_stmt *stmt = NULL;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(out_page, "out_page", error);
  if (status == MR_OK) status = mri_cursor_options(&cursor, MRI_LIST_MODELS, options, error);
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  mr_model_page *page = mri_page_new(registry, sizeof *page, &cursor);
  status = page == NULL ? mri_error_no_memory(error)
                        : mri_sql_query(tx, error, &stmt,
                                        "SELECT " MODEL_COLUMNS " FROM model WHERE name > ?1 "
                                        "ORDER BY name LIMIT ?2",
                                        "ti", cursor.key, cursor.limit + 1);
  if (status == MR_OK) status = mri_page_fill(&page->page, stmt, add_model, error);
  status = mri_call_end(registry, tx, status, error);
  if (status == MR_OK) *out_page = page;
  if (status != MR_OK) mr_model_page_free(page);
  return status;
}
