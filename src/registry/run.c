/* SPDX-License-Identifier: Apache-2.0 */
#include "base/options.h"
#include "registry/page.h"
#include "registry/run_handle.h"

#define RUN_COLUMNS                                                                                \
  "r.id, r.uuid, r.kind, r.status, r.sealed_by IS NOT NULL, r.name, e.uuid, e.name, p.uuid, "      \
  "r.actor, r.started_us, r.ended_us, r.source_commit, r.source_entry_point, r.source_state, "     \
  "r.environment_host, r.environment_packages_digest, r.environment_image_digest"
#define RUN_TABLES                                                                                 \
  "run r JOIN experiment e ON e.id = r.experiment_id LEFT JOIN run p ON p.id = r.parent_id"

static void read_run(const mri_stmt *stmt, mri_arena *arena, mr_run_record *record, bool *failed) {
  record->id = mri_column_text(stmt, 1, arena, failed);
  record->kind = (mr_run_kind)mri_stmt_int(stmt, 2);
  record->status = (mr_run_status)mri_stmt_int(stmt, 3);
  record->sealed = mri_stmt_int(stmt, 4) != 0;
  record->name = mri_column_text(stmt, 5, arena, failed);
  record->experiment_id = mri_column_text(stmt, 6, arena, failed);
  record->experiment_name = mri_column_text(stmt, 7, arena, failed);
  record->parent_run_id = mri_column_text(stmt, 8, arena, failed);
  record->actor = mri_column_text(stmt, 9, arena, failed);
  record->started_us = mri_stmt_int(stmt, 10);
  record->ended_us = mri_stmt_int(stmt, 11);
  record->source_commit = mri_column_text(stmt, 12, arena, failed);
  record->source_entry_point = mri_column_text(stmt, 13, arena, failed);
  record->source_state = (mr_source_state)mri_stmt_int(stmt, 14);
  record->environment_host = mri_column_text(stmt, 15, arena, failed);
  record->environment_packages_digest = mri_column_text(stmt, 16, arena, failed);
  record->environment_image_digest = mri_column_text(stmt, 17, arena, failed);
}

mr_status mri_run_find(mri_tx *tx, const char *uuid, mri_run_row *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(tx, error, &stmt, &found,
                                   "SELECT id, kind, status, sealed_by IS NOT NULL, experiment_id "
                                   "FROM run WHERE uuid = ?1",
                                   "t", uuid);
  if (status != MR_OK) return status;
  if (!found) return mri_error_set(error, MR_NOT_FOUND, "there is no run %s", uuid);
  out->id = mri_stmt_int(stmt, 0);
  out->kind = (mr_run_kind)mri_stmt_int(stmt, 1);
  out->status = (mr_run_status)mri_stmt_int(stmt, 2);
  out->sealed = mri_stmt_int(stmt, 3) != 0;
  out->experiment_id = mri_stmt_int(stmt, 4);
  mri_stmt_done(stmt);
  return MR_OK;
}

mr_status mri_run_check_open(mri_tx *tx, int64_t run_id, const char *uuid, mr_error *error) {
  int64_t sealed = 0;
  mr_status status = mri_sql_int(
      tx, error, 0, &sealed, "SELECT sealed_by IS NOT NULL FROM run WHERE id = ?1", "i", run_id);
  if (status == MR_OK && sealed != 0) {
    status = mri_error_set(error, MR_CONFLICT,
                           "run %s is sealed by a request; log to a new run instead", uuid);
  }
  return status;
}

static mr_status check_texts(const mr_run_options *o, mr_error *error) {
  const struct {
    const char *text;
    const char *what;
  } texts[] = {
      {o->name, "run name"},
      {o->source_commit, "source_commit"},
      {o->source_entry_point, "source_entry_point"},
      {o->environment_host, "environment_host"},
      {o->environment_packages_digest, "environment_packages_digest"},
      {o->environment_image_digest, "environment_image_digest"},
  };
  mr_status status = MR_OK;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0] && status == MR_OK; i++) {
    if (texts[i].text != NULL) status = mri_check_name(texts[i].text, texts[i].what, error);
  }
  if (status == MR_OK && o->parent_run_id != NULL) {
    status = mri_check_id(o->parent_run_id, "parent_run_id", error);
  }
  return status;
}

static mr_status check_run_options(mr_run_options *o, const mr_run_options *options,
                                   mr_error *error) {
  mr_status status = mri_options_read(o, sizeof *o, options, "mr_run_options", error);
  if (status == MR_OK) status = mri_options_reserved(o->reserved, "mr_run_options", error);
  if (status != MR_OK) return status;
  if (o->kind == 0) o->kind = MR_RUN_KIND_TRAINING;
  if (o->kind != MR_RUN_KIND_TRAINING && o->kind != MR_RUN_KIND_EVALUATION) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         o->kind == MR_RUN_KIND_DATASET
                             ? "a dataset run is made by mr_experiment_log_dataset()"
                             : "run kind %d is unknown",
                         (int)o->kind);
  }
  if (o->source_state < MR_SOURCE_STATE_UNKNOWN || o->source_state > MR_SOURCE_STATE_DIRTY) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "source_state %d is unknown",
                         (int)o->source_state);
  }
  status = check_texts(o, error);
  if (status == MR_OK && o->tag_count > 0) {
    status = mri_check_argument(o->tag_keys, "tag_keys", error);
    if (status == MR_OK) status = mri_check_argument(o->tag_values, "tag_values", error);
  }
  for (size_t i = 0; i < o->tag_count && status == MR_OK; i++) {
    status = mri_check_name(o->tag_keys[i], "tag key", error);
    if (status == MR_OK) {
      status = mri_check_value(o->tag_values[i], "tag value", MRI_VALUE_MAX, error);
    }
  }
  return status;
}

mr_status mri_run_insert(mri_tx *tx, const mr_experiment *experiment, const mr_run_options *o,
                         mr_run_status run_status, const char *uuid, int64_t now_us, int64_t *id,
                         mr_error *error) {
  int64_t parent = 0;
  mr_status status = MR_OK;
  if (o->parent_run_id != NULL) {
    mri_run_row row;
    status = mri_run_find(tx, o->parent_run_id, &row, error);
    if (status != MR_OK) return mri_error_prefix(error, status, "parent_run_id");
    parent = row.id;
  }
  status = mri_sql_int(
      tx, error, 0, id,
      "INSERT INTO run (uuid, experiment_id, kind, status, name, parent_id, actor, started_us, "
      "ended_us, source_commit, source_entry_point, source_state, environment_host, "
      "environment_packages_digest, environment_image_digest) VALUES (?1, ?2, ?3, ?4, ?5, "
      "NULLIF(?6, 0), ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) RETURNING id",
      "tiiititiittittt", uuid, experiment->id, (int64_t)o->kind, (int64_t)run_status, o->name,
      parent, mri_actor(experiment->registry), now_us,
      run_status == MR_RUN_STATUS_RUNNING ? INT64_C(0) : now_us, o->source_commit,
      o->source_entry_point, (int64_t)o->source_state, o->environment_host,
      o->environment_packages_digest, o->environment_image_digest);
  for (size_t i = 0; i < o->tag_count && status == MR_OK; i++) {
    status = mri_sql_run(tx, error,
                         "INSERT INTO tag (run_id, key, value) VALUES (?1, ?2, ?3) "
                         "ON CONFLICT (run_id, key) DO UPDATE SET value = ?3",
                         "itt", *id, o->tag_keys[i], o->tag_values[i]);
  }
  return status;
}

static mr_status load_run(mri_tx *tx, const char *uuid, mr_run *run, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  bool failed = false;
  mr_status status =
      mri_sql_first(tx, error, &stmt, &found,
                    "SELECT " RUN_COLUMNS " FROM " RUN_TABLES " WHERE r.uuid = ?1", "t", uuid);
  if (status != MR_OK) return status;
  if (!found) return mri_error_set(error, MR_NOT_FOUND, "there is no run %s", uuid);
  run->id = mri_stmt_int(stmt, 0);
  read_run(stmt, &run->arena, &run->record, &failed);
  mri_stmt_done(stmt);
  return failed ? mri_error_no_memory(error) : MR_OK;
}

static mr_run *new_run(mr_registry *registry) {
  mr_run *run = mri_mem_zalloc(&registry->mem, 1, sizeof *run);
  if (run == NULL) return NULL;
  run->registry = mri_registry_ref(registry);
  mri_arena_init(&run->arena, &registry->mem);
  run->record.struct_size = sizeof run->record;
  return run;
}

static mr_status attach_core(mr_run *run, mr_error *error) {
  return mri_run_core_acquire(run->registry, run->id, run->record.id, run->record.sealed != 0,
                              &run->core, error);
}

static mr_status start_run(mr_experiment *experiment, const mr_run_options *o, mr_run *run,
                           mr_error *error) {
  mr_registry *registry = experiment->registry;
  char uuid[MRI_ID_SIZE];
  mri_tx *tx = NULL;
  mri_id_new(&registry->ids, uuid);
  mr_status status = mri_tx_begin(registry->store, MRI_TX_APPEND, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = mri_run_insert(tx, experiment, o, MR_RUN_STATUS_RUNNING, uuid, mri_now_us(registry),
                          &run->id, error);
  if (status == MR_OK) status = load_run(tx, uuid, run, error);
  /* Whatever can fail does so before the commit: a run that nobody got a handle of is no run. */
  if (status == MR_OK) status = attach_core(run, error);
  return mri_tx_end(tx, status, error);
}

mr_status mr_experiment_start_run(mr_experiment *experiment, const mr_run_options *options,
                                  mr_run **out_run, mr_error *error) {
  mr_run_options o;
  mr_status status = mri_check_argument(experiment, "experiment", error);
  if (status == MR_OK) status = mri_check_argument(out_run, "out_run", error);
  if (status == MR_OK) status = check_run_options(&o, options, error);
  if (status == MR_OK) status = mri_enter(experiment->registry, error);
  if (status != MR_OK) return status;
  mr_registry *registry = experiment->registry;
  mr_run *run = new_run(registry);
  status = run == NULL ? mri_error_no_memory(error) : start_run(experiment, &o, run, error);
  if (status == MR_OK) *out_run = run;
  if (status != MR_OK) mr_run_free(run);
  return mri_leave(registry, status);
}

mr_status mr_registry_open_run(mr_registry *registry, const char *run_id, mr_run **out_run,
                               mr_error *error) {
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(out_run, "out_run", error);
  if (status == MR_OK) status = mri_check_id(run_id, "run_id", error);
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  mr_run *run = new_run(registry);
  status = run == NULL ? mri_error_no_memory(error) : load_run(tx, run_id, run, error);
  status = mri_tx_end(tx, status, error);
  if (status == MR_OK) status = attach_core(run, error);
  if (status == MR_OK) *out_run = run;
  if (status != MR_OK) mr_run_free(run);
  return mri_leave(registry, status);
}

const mr_run_record *mr_run_info(const mr_run *run) {
  return run == NULL ? NULL : &run->record;
}

void mr_run_free(mr_run *run) {
  if (run == NULL) return;
  mr_registry *registry = run->registry;
  if (run->core != NULL) mri_run_core_release(run->core);
  mri_arena_free(&run->arena);
  mri_mem_free(&registry->mem, run);
  mri_registry_unref(registry);
}

mr_status mr_run_finish(mr_run *run, mr_run_status run_status, mr_error *error) {
  mr_status status = mri_check_argument(run, "run", error);
  if (status != MR_OK) return status;
  if (run_status != MR_RUN_STATUS_FINISHED && run_status != MR_RUN_STATUS_FAILED &&
      run_status != MR_RUN_STATUS_KILLED) {
    return mri_error_set(
        error, MR_INVALID_ARGUMENT,
        "a run cannot finish with status %d; use MR_RUN_STATUS_FINISHED, MR_RUN_STATUS_FAILED or "
        "MR_RUN_STATUS_KILLED",
        (int)run_status);
  }
  mr_registry *registry = run->registry;
  status = mri_enter(registry, error);
  if (status != MR_OK) return status;
  status = mri_run_core_flush(run->core, false, error);
  mri_tx *tx = NULL;
  if (status == MR_OK) {
    status = mri_tx_begin(registry->store, MRI_TX_APPEND_DURABLE, NULL, &tx, error);
  }
  if (status != MR_OK) return mri_leave(registry, status);
  mri_run_row row;
  status = mri_run_find(tx, run->record.id, &row, error);
  if (status == MR_OK && row.status != MR_RUN_STATUS_RUNNING && row.status != run_status) {
    status = mri_error_set(error, MR_CONFLICT, "run %s has ended already, as %s", run->record.id,
                           mri_run_status_name(row.status));
  }
  if (status == MR_OK) {
    status = mri_sql_run(tx, error,
                         "UPDATE run SET status = ?2, ended_us = CASE ended_us WHEN 0 THEN ?3 "
                         "ELSE ended_us END WHERE id = ?1",
                         "iii", run->id, (int64_t)run_status, mri_now_us(registry));
  }
  return mri_leave(registry, mri_tx_end(tx, status, error));
}

MRI_DEFINE_PAGE(mr_run, mr_run_record);

static mr_status add_run(mri_page *page, const mri_stmt *stmt, mr_error *error) {
  mr_run_record *record = mri_page_add(page, sizeof *record);
  if (record == NULL) return mri_error_no_memory(error);
  read_run(stmt, &page->arena, record, &page->failed);
  page->last_id = mri_stmt_int(stmt, 0);
  return MR_OK;
}

static mr_status query_runs(mri_tx *tx, const mr_run_list_options *o, const mri_cursor *cursor,
                            mri_stmt **stmt, mr_error *error) {
  int64_t experiment = 0;
  if (o->experiment != NULL) {
    mr_status status = mri_sql_int(tx, error, 0, &experiment,
                                   "SELECT id FROM experiment WHERE name = ?1", "t", o->experiment);
    if (status != MR_OK) return status;
    if (experiment == 0) {
      return mri_error_set(error, MR_NOT_FOUND, "there is no experiment '%s'", o->experiment);
    }
  }
  int64_t below = cursor->id == 0 ? INT64_MAX : cursor->id;
  if (experiment != 0) {
    return mri_sql_query(tx, error, stmt,
                         "SELECT " RUN_COLUMNS " FROM " RUN_TABLES " WHERE r.experiment_id = ?1 "
                         "AND r.id < ?2 AND (?3 = 0 OR r.kind = ?3) AND (?4 = 0 OR r.status = ?4) "
                         "ORDER BY r.id DESC LIMIT ?5",
                         "iiiii", experiment, below, (int64_t)o->kind, (int64_t)o->status,
                         cursor->limit + 1);
  }
  return mri_sql_query(tx, error, stmt,
                       "SELECT " RUN_COLUMNS " FROM " RUN_TABLES " WHERE r.id < ?1 "
                       "AND (?2 = 0 OR r.kind = ?2) AND (?3 = 0 OR r.status = ?3) "
                       "ORDER BY r.id DESC LIMIT ?4",
                       "iiii", below, (int64_t)o->kind, (int64_t)o->status, cursor->limit + 1);
}

mr_status mr_registry_list_runs(mr_registry *registry, const mr_run_list_options *options,
                                mr_run_page **out_page, mr_error *error) {
  mr_run_list_options o;
  mri_cursor cursor;
  mri_tx *tx = NULL;
  mri_stmt *stmt = NULL;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(out_page, "out_page", error);
  if (status == MR_OK) {
    status = mri_options_read(&o, sizeof o, options, "mr_run_list_options", error);
  }
  if (status == MR_OK) status = mri_options_reserved(o.reserved, "mr_run_list_options", error);
  if (status == MR_OK) status = mri_cursor_read(&cursor, MRI_LIST_RUNS, o.limit, o.token, error);
  if (status == MR_OK && o.experiment != NULL) {
    status = mri_check_name(o.experiment, "experiment", error);
  }
  if (status == MR_OK && (o.kind < 0 || o.kind > MR_RUN_KIND_EVALUATION)) {
    status = mri_error_set(error, MR_INVALID_ARGUMENT, "run kind %d is unknown", (int)o.kind);
  }
  if (status == MR_OK && (o.status < 0 || o.status > MR_RUN_STATUS_KILLED)) {
    status = mri_error_set(error, MR_INVALID_ARGUMENT, "run status %d is unknown", (int)o.status);
  }
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  mr_run_page *page = mri_page_new(registry, sizeof *page, &cursor);
  status = page == NULL ? mri_error_no_memory(error) : query_runs(tx, &o, &cursor, &stmt, error);
  if (status == MR_OK) status = mri_page_fill(&page->page, stmt, add_run, error);
  status = mri_call_end(registry, tx, status, error);
  if (status == MR_OK) *out_page = page;
  if (status != MR_OK) mr_run_page_free(page);
  return status;
}
