/* SPDX-License-Identifier: Apache-2.0 */
/* Datasets: a run, a manifest in the blob store, and a frozen copy where asked for. */
#include "base/options.h"
#include "registry/folder.h"
#include "registry/manifest_handle.h"
#include "registry/page.h"
#include "registry/run_handle.h"
#include "registry/tree.h"
#include <fcntl.h>

struct mr_dataset {
  mr_registry *registry;
  mri_arena arena;
  mri_digest digest;
  int64_t manifest_size;
  mr_dataset_record record;
};

#define DATASET_COLUMNS                                                                            \
  "d.run_id, r.uuid, d.name, d.digest, d.file_count, d.total_size, d.sample_count, d.frozen, "     \
  "d.data_schema, d.source_uri, d.source_version, r.actor, r.started_us, d.manifest_size"
#define DATASET_TABLES "dataset d JOIN run r ON r.id = d.run_id"

static void read_dataset(const mri_stmt *stmt, mri_arena *arena, mr_dataset_record *record,
                         bool *failed) {
  record->run_id = mri_column_text(stmt, 1, arena, failed);
  record->name = mri_column_text(stmt, 2, arena, failed);
  record->digest = mri_column_digest(stmt, 3, arena, failed);
  record->file_count = mri_stmt_int(stmt, 4);
  record->total_size = mri_stmt_int(stmt, 5);
  record->sample_count = mri_stmt_int(stmt, 6);
  record->frozen = mri_stmt_int(stmt, 7) != 0;
  record->schema = mri_column_text(stmt, 8, arena, failed);
  record->source_uri = mri_column_text(stmt, 9, arena, failed);
  record->source_version = mri_column_text(stmt, 10, arena, failed);
  record->actor = mri_column_text(stmt, 11, arena, failed);
  record->created_us = mri_stmt_int(stmt, 12);
}

static mr_dataset *new_dataset(mr_registry *registry) {
  mr_dataset *dataset = mri_mem_zalloc(&registry->mem, 1, sizeof *dataset);
  if (dataset == NULL) return NULL;
  dataset->registry = mri_registry_ref(registry);
  mri_arena_init(&dataset->arena, &registry->mem);
  dataset->record.struct_size = sizeof dataset->record;
  return dataset;
}

/* Takes the first row of the statement, gives the statement back. */
static mr_status load_dataset(mri_stmt *stmt, mr_dataset *dataset, mr_error *error) {
  bool failed = false;
  read_dataset(stmt, &dataset->arena, &dataset->record, &failed);
  dataset->manifest_size = mri_stmt_int(stmt, 13);
  bool good = mri_stmt_digest(stmt, 3, &dataset->digest);
  mri_stmt_done(stmt);
  if (failed) return mri_error_no_memory(error);
  if (good) return MR_OK;
  return mri_error_set(error, MR_CORRUPT, "dataset run %s has no digest", dataset->record.run_id);
}

static mr_status find_by_run(mri_tx *tx, const char *uuid, mr_dataset *dataset, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(
      tx, error, &stmt, &found,
      "SELECT " DATASET_COLUMNS " FROM " DATASET_TABLES " WHERE r.uuid = ?1", "t", uuid);
  if (status != MR_OK) return status;
  if (!found) return mri_error_set(error, MR_NOT_FOUND, "there is no dataset run %s", uuid);
  return load_dataset(stmt, dataset, error);
}

static mr_status find_by_digest(mri_tx *tx, const mri_digest *digest, mr_dataset *dataset,
                                mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(tx, error, &stmt, &found,
                                   "SELECT " DATASET_COLUMNS " FROM " DATASET_TABLES
                                   " WHERE d.digest = ?1 ORDER BY d.frozen DESC, d.run_id DESC "
                                   "LIMIT 1",
                                   "d", digest);
  if (status != MR_OK) return status;
  if (!found) {
    char text[MRI_DIGEST_TEXT];
    mri_digest_text(digest, text);
    return mri_error_set(error, MR_NOT_FOUND, "no run recorded the dataset %s", text);
  }
  return load_dataset(stmt, dataset, error);
}

static mr_status check_dataset_options(mr_dataset_options *o, const mr_dataset_options *options,
                                       mr_error *error) {
  mr_status status = mri_options_read(o, sizeof *o, options, "mr_dataset_options", error);
  if (status == MR_OK && o->sample_count < 0) {
    status = mri_error_set(error, MR_INVALID_ARGUMENT, "sample_count is %lld, not 0 or more",
                           (long long)o->sample_count);
  }
  if (status == MR_OK) status = mri_check_optional(o->schema, "schema", MRI_VALUE_MAX, error);
  if (status == MR_OK) status = mri_check_optional(o->source_uri, "source_uri", 4096, error);
  if (status == MR_OK) {
    status = mri_check_optional(o->source_version, "source_version", 4096, error);
  }
  return status == MR_OK ? mri_check_cancel(o->cancel, error) : status;
}

/* Copies every file into the blob store, each checked against its digest while it is read. */
static mr_status freeze(mr_registry *registry, const mri_manifest *manifest,
                        const mr_cancel *cancel, mr_error *error) {
  mr_status status = MR_OK;
  mri_work work;
  mri_cancel_add_total(cancel, manifest->total_size);
  mri_work_begin(&work, cancel, manifest->total_size, 1);
  for (size_t i = 0; i < mri_manifest_count(manifest) && status == MR_OK; i++) {
    const mri_manifest_entry *entry = mri_manifest_at(manifest, i);
    status = mri_check_cancel(cancel, error);
    if (status != MR_OK) break;
    if (entry->source == NULL) {
      return mri_error_set(error, MR_INVALID_ARGUMENT,
                           "'%s' was added without a file, so the dataset cannot be frozen",
                           entry->path);
    }
    bool same = true;
    status = mri_blobs_put_same_file(registry->blobs, AT_FDCWD, entry->source, &entry->digest,
                                     &work.token, &same, error);
    if (!same) {
      status = mri_error_set(
          error, MR_TAMPERED,
          "%s changed since it was added to the manifest; make the manifest anew", entry->source);
    }
  }
  if (status == MR_OK) mri_work_end(&work);
  return status;
}

static mr_status store_manifest(mr_registry *registry, const mri_manifest *manifest,
                                int64_t *manifest_size, mr_error *error) {
  char *text = NULL;
  size_t size = 0;
  mri_digest digest;
  mr_status status = mri_manifest_write(manifest, &text, &size, error);
  if (status != MR_OK) return status;
  status = mri_blobs_put_bytes(registry->blobs, text, size, &digest, error);
  mri_mem_free(manifest->mem, text);
  *manifest_size = (int64_t)size;
  return status;
}

static mr_status insert_dataset(mr_experiment *experiment, const char *name,
                                const mri_manifest *manifest, int64_t manifest_size,
                                const mr_dataset_options *o, mr_dataset *dataset, mr_error *error) {
  mr_registry *registry = experiment->registry;
  mr_run_options run = MR_RUN_OPTIONS_INIT;
  char uuid[MRI_ID_SIZE];
  int64_t run_id = 0;
  mri_tx *tx = NULL;
  run.kind = MR_RUN_KIND_DATASET;
  run.name = name;
  mri_id_new(&registry->ids, uuid);
  mr_status status = mri_tx_begin(registry->store, MRI_TX_APPEND_DURABLE, o->cancel, &tx, error);
  if (status != MR_OK) return status;
  status = mri_run_insert(tx, experiment, &run, MR_RUN_STATUS_FINISHED, uuid, mri_now_us(registry),
                          &run_id, error);
  if (status == MR_OK) {
    status = mri_sql_run(
        tx, error,
        "INSERT INTO dataset (run_id, name, digest, manifest_size, file_count, total_size, "
        "sample_count, frozen, data_schema, source_uri, source_version) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        "itdiiiiittt", run_id, name, &manifest->digest, manifest_size,
        (int64_t)mri_manifest_count(manifest), manifest->total_size, o->sample_count,
        (int64_t)(o->freeze != 0), o->schema, o->source_uri, o->source_version);
  }
  if (status == MR_OK) status = find_by_run(tx, uuid, dataset, error);
  return mri_tx_end(tx, status, error);
}

mr_status mr_experiment_log_dataset(mr_experiment *experiment, const char *name,
                                    mr_manifest *manifest, const mr_dataset_options *options,
                                    mr_dataset **out_dataset, mr_error *error) {
  mr_dataset_options o;
  const char *digest = NULL;
  int64_t manifest_size = 0;
  mr_status status = mri_check_argument(experiment, "experiment", error);
  if (status == MR_OK) status = mri_check_name(name, "dataset name", error);
  if (status == MR_OK) status = mri_check_argument(manifest, "manifest", error);
  if (status == MR_OK) status = check_dataset_options(&o, options, error);
  if (status == MR_OK) status = mr_manifest_digest(manifest, &digest, error);
  if (status == MR_OK) status = mri_enter(experiment->registry, error);
  if (status != MR_OK) return status;
  mr_registry *registry = experiment->registry;
  mr_dataset *dataset = new_dataset(registry);
  if (dataset == NULL) status = mri_error_no_memory(error);
  if (status == MR_OK && o.freeze != 0) {
    status = freeze(registry, &manifest->manifest, o.cancel, error);
  }
  if (status == MR_OK) {
    status = store_manifest(registry, &manifest->manifest, &manifest_size, error);
  }
  if (status == MR_OK) {
    status =
        insert_dataset(experiment, name, &manifest->manifest, manifest_size, &o, dataset, error);
  }
  if (status == MR_OK && out_dataset != NULL) {
    *out_dataset = dataset;
  } else {
    mr_dataset_free(dataset);
  }
  return mri_leave(registry, status);
}

mr_status mr_registry_open_dataset(mr_registry *registry, const char *run_id,
                                   mr_dataset **out_dataset, mr_error *error) {
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(out_dataset, "out_dataset", error);
  if (status == MR_OK) status = mri_check_id(run_id, "run_id", error);
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  mr_dataset *dataset = new_dataset(registry);
  status = dataset == NULL ? mri_error_no_memory(error) : find_by_run(tx, run_id, dataset, error);
  status = mri_call_end(registry, tx, status, error);
  if (status == MR_OK) *out_dataset = dataset;
  if (status != MR_OK) mr_dataset_free(dataset);
  return status;
}

mr_status mr_registry_find_dataset(mr_registry *registry, const char *digest,
                                   mr_dataset **out_dataset, mr_error *error) {
  mri_tx *tx = NULL;
  mri_digest parsed;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(out_dataset, "out_dataset", error);
  if (status == MR_OK) status = mri_check_digest(digest, "digest", &parsed, error);
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  mr_dataset *dataset = new_dataset(registry);
  status =
      dataset == NULL ? mri_error_no_memory(error) : find_by_digest(tx, &parsed, dataset, error);
  status = mri_call_end(registry, tx, status, error);
  if (status == MR_OK) *out_dataset = dataset;
  if (status != MR_OK) mr_dataset_free(dataset);
  return status;
}

const mr_dataset_record *mr_dataset_info(const mr_dataset *dataset) {
  return dataset == NULL ? NULL : &dataset->record;
}

static mr_status read_manifest(mr_dataset *dataset, mri_manifest *manifest, mr_error *error) {
  mri_blob *blob = NULL;
  const uint8_t *text = NULL;
  mr_status status = mri_blobs_open(dataset->registry->blobs, &dataset->digest,
                                    dataset->manifest_size, &blob, error);
  if (status == MR_OK) status = mri_blob_map(blob, &text, error);
  if (status == MR_OK) {
    status = mri_manifest_read(manifest, text, (size_t)mri_blob_size(blob), error);
  }
  mri_blob_close(blob);
  if (status == MR_OK) return MR_OK;
  return mri_error_prefix(error, status, "manifest of dataset run %s", dataset->record.run_id);
}

mr_status mr_dataset_manifest(mr_dataset *dataset, mr_manifest **out_manifest, mr_error *error) {
  mr_manifest *manifest = NULL;
  mr_status status = mri_check_argument(dataset, "dataset", error);
  if (status == MR_OK) status = mri_check_argument(out_manifest, "out_manifest", error);
  if (status == MR_OK) status = mri_enter(dataset->registry, error);
  if (status != MR_OK) return status;
  status = mr_manifest_new(&manifest, error);
  if (status == MR_OK) status = read_manifest(dataset, &manifest->manifest, error);
  if (status == MR_OK) status = mri_manifest_seal(&manifest->manifest, error);
  if (status == MR_OK) status = mri_manifest_records(manifest, 0, error);
  if (status == MR_OK) *out_manifest = manifest;
  if (status != MR_OK) mr_manifest_free(manifest);
  return mri_leave(dataset->registry, status);
}

static mr_status read_tree(mr_dataset *dataset, mri_tree *tree, mr_error *error) {
  mri_manifest manifest;
  mri_manifest_init(&manifest, &dataset->registry->mem);
  mr_status status = read_manifest(dataset, &manifest, error);
  for (size_t i = 0; i < mri_manifest_count(&manifest) && status == MR_OK; i++) {
    const mri_manifest_entry *entry = mri_manifest_at(&manifest, i);
    mri_tree_file file;
    memset(&file, 0, sizeof file);
    file.path = entry->path;
    file.kind = MR_ARTIFACT_KIND_STORED;
    file.digest = entry->digest;
    file.size = entry->size;
    status = mri_tree_add(tree, &file, error);
  }
  mri_manifest_destroy(&manifest);
  return status;
}

mr_status mr_dataset_verify(mr_dataset *dataset, const char *folder,
                            const mr_verify_options *options, mr_report **out_report,
                            mr_error *error) {
  mr_verify_options o;
  mr_status status = mri_check_argument(dataset, "dataset", error);
  if (status == MR_OK) status = mri_check_local_path(folder, "folder", error);
  if (status == MR_OK) status = mri_verify_options_read(&o, options, error);
  if (status == MR_OK) status = mri_enter(dataset->registry, error);
  if (status != MR_OK) return status;
  mri_tree tree;
  mri_tree_init(&tree, &dataset->registry->mem);
  status = read_tree(dataset, &tree, error);
  if (status == MR_OK) {
    status = mri_tree_verify(dataset->registry, &tree, folder, &o, out_report, error);
  }
  mri_tree_destroy(&tree);
  return mri_leave(dataset->registry, status);
}

mr_status mr_dataset_fetch(mr_dataset *dataset, const char *folder, const mr_fetch_options *options,
                           mr_report **out_report, mr_error *error) {
  mr_fetch_options o;
  mr_status status = mri_check_argument(dataset, "dataset", error);
  if (status == MR_OK) status = mri_check_local_path(folder, "folder", error);
  if (status == MR_OK) status = mri_fetch_options_read(&o, options, error);
  if (status == MR_OK && !dataset->record.frozen) {
    status =
        mri_error_set(error, MR_NOT_SUPPORTED,
                      "dataset run %s was not frozen, so the registry has no copy of its files",
                      dataset->record.run_id);
  }
  if (status == MR_OK) status = mri_enter(dataset->registry, error);
  if (status != MR_OK) return status;
  mri_tree tree;
  mri_tree_init(&tree, &dataset->registry->mem);
  status = read_tree(dataset, &tree, error);
  if (status == MR_OK) {
    status = mri_tree_fetch(dataset->registry, &tree, folder, &o, out_report, error);
  }
  mri_tree_destroy(&tree);
  return mri_leave(dataset->registry, status);
}

void mr_dataset_free(mr_dataset *dataset) {
  if (dataset == NULL) return;
  mr_registry *registry = dataset->registry;
  mri_arena_free(&dataset->arena);
  mri_mem_free(&registry->mem, dataset);
  mri_registry_unref(registry);
}

MRI_DEFINE_PAGE(mr_dataset, mr_dataset_record);

static mr_status add_dataset(mri_page *page, const mri_stmt *stmt, mr_error *error) {
  mr_dataset_record *record = mri_page_add(page, sizeof *record);
  if (record == NULL) return mri_error_no_memory(error);
  read_dataset(stmt, &page->arena, record, &page->failed);
  page->last_id = mri_stmt_int(stmt, 0);
  return MR_OK;
}

mr_status mr_registry_list_datasets(mr_registry *registry, const mr_list_options *options,
                                    mr_dataset_page **out_page, mr_error *error) {
  mri_cursor cursor;
  mri_tx *tx = NULL;
  mri_stmt *stmt = NULL;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(out_page, "out_page", error);
  if (status == MR_OK) status = mri_cursor_options(&cursor, MRI_LIST_DATASETS, options, error);
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  mr_dataset_page *page = mri_page_new(registry, sizeof *page, &cursor);
  status = page == NULL
               ? mri_error_no_memory(error)
               : mri_sql_query(tx, error, &stmt,
                               "SELECT " DATASET_COLUMNS " FROM " DATASET_TABLES
                               " WHERE d.run_id < ?1 ORDER BY d.run_id DESC LIMIT ?2",
                               "ii", cursor.id == 0 ? INT64_MAX : cursor.id, cursor.limit + 1);
  if (status == MR_OK) status = mri_page_fill(&page->page, stmt, add_dataset, error);
  status = mri_call_end(registry, tx, status, error);
  if (status == MR_OK) *out_page = page;
  if (status != MR_OK) mr_dataset_page_free(page);
  return status;
}
