/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/page.h"
#include "registry/run_handle.h"

#define EXPERIMENT_COLUMNS "id, uuid, name, actor, created_us"

static void read_experiment(const mri_stmt *stmt, mri_arena *arena, mr_experiment_record *record,
                            bool *failed) {
  record->id = mri_column_text(stmt, 1, arena, failed);
  record->name = mri_column_text(stmt, 2, arena, failed);
  record->actor = mri_column_text(stmt, 3, arena, failed);
  record->created_us = mri_stmt_int(stmt, 4);
}

static mr_status find_experiment(mri_tx *tx, const char *name, mr_experiment *experiment,
                                 bool *found, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool failed = false;
  mr_status status =
      mri_sql_first(tx, error, &stmt, found,
                    "SELECT " EXPERIMENT_COLUMNS " FROM experiment WHERE name = ?1", "t", name);
  if (status != MR_OK || !*found) return status;
  experiment->id = mri_stmt_int(stmt, 0);
  read_experiment(stmt, &experiment->arena, &experiment->record, &failed);
  mri_stmt_done(stmt);
  return failed ? mri_error_no_memory(error) : MR_OK;
}

/* Looks first, so that the usual case takes no write lock. */
static mr_status open_or_create(mr_registry *registry, const char *name, mr_experiment *experiment,
                                mr_error *error) {
  mri_tx *tx = NULL;
  bool found = false;
  mr_status status = mri_tx_begin(registry->store, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = find_experiment(tx, name, experiment, &found, error);
  status = mri_tx_end(tx, status, error);
  if (status != MR_OK || found) return status;
  if (registry->record.read_only) {
    return mri_error_set(error, MR_NOT_FOUND,
                         "there is no experiment '%s', and a read-only registry cannot create it",
                         name);
  }
  char id[MRI_ID_SIZE];
  mri_id_new(&registry->ids, id);
  status = mri_tx_begin(registry->store, MRI_TX_APPEND, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = mri_sql_run(tx, error,
                       "INSERT INTO experiment (uuid, name, actor, created_us) "
                       "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO NOTHING",
                       "ttti", (const char *)id, name, mri_actor(registry), mri_now_us(registry));
  if (status == MR_OK) status = find_experiment(tx, name, experiment, &found, error);
  return mri_tx_end(tx, status, error);
}

mr_status mr_registry_open_experiment(mr_registry *registry, const char *name,
                                      mr_experiment **out_experiment, mr_error *error) {
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(out_experiment, "out_experiment", error);
  if (status == MR_OK) status = mri_check_name(name, "experiment name", error);
  if (status == MR_OK) status = mri_enter(registry, error);
  if (status != MR_OK) return status;
  mr_experiment *experiment = mri_mem_zalloc(&registry->mem, 1, sizeof *experiment);
  if (experiment == NULL) return mri_leave(registry, mri_error_no_memory(error));
  experiment->registry = mri_registry_ref(registry);
  mri_arena_init(&experiment->arena, &registry->mem);
  experiment->record.struct_size = sizeof experiment->record;
  status = open_or_create(registry, name, experiment, error);
  if (status == MR_OK) *out_experiment = experiment;
  if (status != MR_OK) mr_experiment_free(experiment);
  return mri_leave(registry, status);
}

const mr_experiment_record *mr_experiment_info(const mr_experiment *experiment) {
  return experiment == NULL ? NULL : &experiment->record;
}

void mr_experiment_free(mr_experiment *experiment) {
  if (experiment == NULL) return;
  mr_registry *registry = experiment->registry;
  mri_arena_free(&experiment->arena);
  mri_mem_free(&registry->mem, experiment);
  mri_registry_unref(registry);
}

MRI_DEFINE_PAGE(mr_experiment, mr_experiment_record);

static mr_status add_experiment(mri_page *page, const mri_stmt *stmt, mr_error *error) {
  mr_experiment_record *record = mri_page_add(page, sizeof *record);
  if (record == NULL) return mri_error_no_memory(error);
  read_experiment(stmt, &page->arena, record, &page->failed);
  page->last_id = mri_stmt_int(stmt, 0);
  return MR_OK;
}

mr_status mr_registry_list_experiments(mr_registry *registry, const mr_list_options *options,
                                       mr_experiment_page **out_page, mr_error *error) {
  mri_cursor cursor;
  mri_tx *tx = NULL;
  mri_stmt *stmt = NULL;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(out_page, "out_page", error);
  if (status == MR_OK) status = mri_cursor_options(&cursor, MRI_LIST_EXPERIMENTS, options, error);
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  mr_experiment_page *page = mri_page_new(registry, sizeof *page, &cursor);
  status = page == NULL ? mri_error_no_memory(error)
                        : mri_sql_query(tx, error, &stmt,
                                        "SELECT " EXPERIMENT_COLUMNS " FROM experiment "
                                        "WHERE id > ?1 ORDER BY id LIMIT ?2",
                                        "ii", cursor.id, cursor.limit + 1);
  if (status == MR_OK) status = mri_page_fill(&page->page, stmt, add_experiment, error);
  status = mri_call_end(registry, tx, status, error);
  if (status == MR_OK) *out_page = page;
  if (status != MR_OK) mr_experiment_page_free(page);
  return status;
}
