/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/artifact_record.h"
#include "registry/folder.h"
#include "registry/page.h"
#include "registry/version_row.h"

struct mr_version {
  mr_registry *registry;
  mri_arena arena;
  int64_t run_id;
  mri_digest digest;
  mr_version_record record;
};

#define VERSION_COLUMNS                                                                            \
  "v.id, v.run_id, v.status, v.uuid, m.name, v.number, r.uuid, v.artifact_path, v.digest, "        \
  "v.file_count, v.total_size, v.description, q.uuid, e.uuid, e.name, r.source_commit, "           \
  "v.params_digest, v.actor, v.created_us"
#define VERSION_TABLES                                                                             \
  "version v JOIN model m ON m.id = v.model_id JOIN run r ON r.id = v.run_id "                     \
  "JOIN experiment e ON e.id = r.experiment_id JOIN request q ON q.id = v.request_id"

static void read_version(const mri_stmt *stmt, mri_arena *arena, mr_version_record *record,
                         bool *failed) {
  record->status = (mr_version_status)mri_stmt_int(stmt, 2);
  record->id = mri_column_text(stmt, 3, arena, failed);
  record->model = mri_column_text(stmt, 4, arena, failed);
  record->number = mri_column_text(stmt, 5, arena, failed);
  record->run_id = mri_column_text(stmt, 6, arena, failed);
  record->artifact_path = mri_column_text(stmt, 7, arena, failed);
  record->digest = mri_column_digest(stmt, 8, arena, failed);
  record->file_count = mri_stmt_int(stmt, 9);
  record->total_size = mri_stmt_int(stmt, 10);
  record->description = mri_column_text(stmt, 11, arena, failed);
  record->request_id = mri_column_text(stmt, 12, arena, failed);
  record->experiment_id = mri_column_text(stmt, 13, arena, failed);
  record->experiment_name = mri_column_text(stmt, 14, arena, failed);
  record->source_commit = mri_column_text(stmt, 15, arena, failed);
  record->params_digest = mri_column_digest(stmt, 16, arena, failed);
  record->actor = mri_column_text(stmt, 17, arena, failed);
  record->created_us = mri_stmt_int(stmt, 18);
}

mr_status mri_version_load(mri_tx *tx, mr_registry *registry, int64_t id, mr_version **out,
                           mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  bool failed = false;
  mr_status status =
      mri_sql_first(tx, error, &stmt, &found,
                    "SELECT " VERSION_COLUMNS " FROM " VERSION_TABLES " WHERE v.id = ?1", "i", id);
  if (status != MR_OK) return status;
  if (!found) return mri_error_set(error, MR_CORRUPT, "a version lacks its run or request");
  mr_version *version = mri_mem_zalloc(&registry->mem, 1, sizeof *version);
  if (version == NULL) {
    mri_stmt_done(stmt);
    return mri_error_no_memory(error);
  }
  version->registry = mri_registry_ref(registry);
  mri_arena_init(&version->arena, &registry->mem);
  version->record.struct_size = sizeof version->record;
  version->run_id = mri_stmt_int(stmt, 1);
  bool good = mri_stmt_digest(stmt, 8, &version->digest);
  read_version(stmt, &version->arena, &version->record, &failed);
  mri_stmt_done(stmt);
  if (failed) status = mri_error_no_memory(error);
  if (!failed && !good) status = mri_error_set(error, MR_CORRUPT, "a version has no digest");
  if (status == MR_OK) *out = version;
  if (status != MR_OK) mr_version_free(version);
  return status;
}

mr_status mr_model_open_version(mr_model *model, const char *number, mr_version **out_version,
                                mr_error *error) {
  mri_semver parsed;
  int64_t id = 0;
  mri_tx *tx = NULL;
  mr_version *version = NULL;
  mr_status status = mri_check_argument(model, "model", error);
  if (status == MR_OK) status = mri_check_argument(number, "number", error);
  if (status == MR_OK) status = mri_check_argument(out_version, "out_version", error);
  if (status == MR_OK) status = mri_semver_parse(number, &parsed, error);
  if (status == MR_OK) status = mri_call_begin(model->registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = mri_version_find(tx, model->id, model->record.name, &parsed, &id, error);
  if (status == MR_OK) status = mri_version_load(tx, model->registry, id, &version, error);
  status = mri_call_end(model->registry, tx, status, error);
  if (status == MR_OK) *out_version = version;
  if (status != MR_OK) mr_version_free(version);
  return status;
}

const mr_version_record *mr_version_info(const mr_version *version) {
  return version == NULL ? NULL : &version->record;
}

void mr_version_free(mr_version *version) {
  if (version == NULL) return;
  mr_registry *registry = version->registry;
  mri_arena_free(&version->arena);
  mri_mem_free(&registry->mem, version);
  mri_registry_unref(registry);
}

MRI_DEFINE_PAGE(mr_version, mr_version_record);

static mr_status add_version(mri_page *page, const mri_stmt *stmt, mr_error *error) {
  mr_version_record *record = mri_page_add(page, sizeof *record);
  if (record == NULL) return mri_error_no_memory(error);
  read_version(stmt, &page->arena, record, &page->failed);
  page->last_key = record->number;
  return MR_OK;
}

/* Versions come by precedence, so the token is a number, and its key bounds the next page. */
static mr_status query_versions(mri_tx *tx, const mr_model *model, const mri_cursor *cursor,
                                mri_stmt **stmt, mr_error *error) {
  if (cursor->key[0] == '\0') {
    return mri_sql_query(tx, error, stmt,
                         "SELECT " VERSION_COLUMNS " FROM " VERSION_TABLES " WHERE v.model_id = ?1 "
                         "ORDER BY v.sort_key DESC LIMIT ?2",
                         "ii", model->id, cursor->limit + 1);
  }
  mri_semver number;
  mri_str key;
  mr_status status = mri_semver_parse(cursor->key, &number, error);
  if (status != MR_OK) return mri_error_prefix(error, status, "token");
  mri_str_init(&key, &model->registry->mem);
  mri_semver_key(&number, &key);
  status = key.failed ? mri_error_no_memory(error)
                      : mri_sql_query(tx, error, stmt,
                                      "SELECT " VERSION_COLUMNS " FROM " VERSION_TABLES
                                      " WHERE v.model_id = ?1 AND v.sort_key < ?2 "
                                      "ORDER BY v.sort_key DESC LIMIT ?3",
                                      "ibi", model->id, (const void *)key.data, key.size,
                                      cursor->limit + 1);
  mri_str_free(&key);
  return status;
}

mr_status mr_model_list_versions(mr_model *model, const mr_list_options *options,
                                 mr_version_page **out_page, mr_error *error) {
  mri_cursor cursor;
  mri_tx *tx = NULL;
  mri_stmt *stmt = NULL;
  mr_status status = mri_check_argument(model, "model", error);
  if (status == MR_OK) status = mri_check_argument(out_page, "out_page", error);
  if (status == MR_OK) status = mri_cursor_options(&cursor, MRI_LIST_VERSIONS, options, error);
  if (status == MR_OK) status = mri_call_begin(model->registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  mr_version_page *page = mri_page_new(model->registry, sizeof *page, &cursor);
  status =
      page == NULL ? mri_error_no_memory(error) : query_versions(tx, model, &cursor, &stmt, error);
  if (status == MR_OK) status = mri_page_fill(&page->page, stmt, add_version, error);
  status = mri_call_end(model->registry, tx, status, error);
  if (status == MR_OK) *out_page = page;
  if (status != MR_OK) mr_version_page_free(page);
  return status;
}

/* The artifacts of the version; TAMPERED when they are not those that the gate saw. */
static mr_status read_artifacts(mr_version *version, mri_tree *tree, mr_error *error) {
  mri_tx *tx = NULL;
  mri_digest digest;
  const mr_version_record *r = &version->record;
  mr_status status = mri_tx_begin(version->registry->store, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = mri_tree_of_run(tx, version->run_id, r->run_id, r->artifact_path, tree, error);
  status = mri_tx_end(tx, status, error);
  if (status == MR_OK) status = mri_tree_digest(tree, &version->registry->mem, &digest, error);
  if (status == MR_OK && !mri_digest_equal(&digest, &version->digest)) {
    status =
        mri_error_set(error, MR_TAMPERED, "the artifacts of %s@%s are not those that were promoted",
                      r->model, r->number);
  }
  return status;
}

mr_status mr_version_list_artifacts(mr_version *version, const mr_list_options *options,
                                    mr_artifact_page **out_page, mr_error *error) {
  mri_cursor cursor;
  mr_status status = mri_check_argument(version, "version", error);
  if (status == MR_OK) status = mri_check_argument(out_page, "out_page", error);
  if (status == MR_OK) status = mri_cursor_options(&cursor, MRI_LIST_ARTIFACTS, options, error);
  if (status == MR_OK) status = mri_enter(version->registry, error);
  if (status != MR_OK) return status;
  mri_tree tree;
  mri_tree_init(&tree, &version->registry->mem);
  mr_artifact_page *page = mri_artifact_page_new(version->registry, &cursor);
  status = page == NULL ? mri_error_no_memory(error) : read_artifacts(version, &tree, error);
  if (status == MR_OK) status = mri_artifact_page_of_tree(page, &tree, &cursor, error);
  mri_tree_destroy(&tree);
  if (status == MR_OK) *out_page = page;
  if (status != MR_OK) mr_artifact_page_free(page);
  return mri_leave(version->registry, status);
}

static mr_status choose_file(mr_version *version, const mri_tree *tree, const char *path,
                             const mri_tree_file **out, mr_error *error) {
  const mr_version_record *r = &version->record;
  if (path == NULL && tree->files.count != 1) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "%s@%s has %llu artifacts; name the one to open", r->model, r->number,
                         (unsigned long long)tree->files.count);
  }
  *out = path == NULL ? mri_vec_at(&tree->files, 0) : mri_tree_find(tree, path);
  if (*out != NULL) return MR_OK;
  return mri_error_set(error, MR_NOT_FOUND, "%s@%s has no artifact '%s'", r->model, r->number,
                       path);
}

mr_status mr_version_open_artifact(mr_version *version, const char *path, mr_blob **out_blob,
                                   mr_error *error) {
  const mri_tree_file *file = NULL;
  mr_status status = mri_check_argument(version, "version", error);
  if (status == MR_OK) status = mri_check_argument(out_blob, "out_blob", error);
  if (status == MR_OK && path != NULL) status = mri_check_path(path, "artifact path", error);
  if (status == MR_OK) status = mri_enter(version->registry, error);
  if (status != MR_OK) return status;
  mri_tree tree;
  mri_tree_init(&tree, &version->registry->mem);
  status = read_artifacts(version, &tree, error);
  if (status == MR_OK) status = choose_file(version, &tree, path, &file, error);
  if (status == MR_OK) status = mri_artifact_open(version->registry, file, out_blob, error);
  mri_tree_destroy(&tree);
  return mri_leave(version->registry, status);
}

mr_status mr_version_fetch(mr_version *version, const char *folder, const mr_fetch_options *options,
                           mr_report **out_report, mr_error *error) {
  mr_fetch_options o;
  mr_status status = mri_check_argument(version, "version", error);
  if (status == MR_OK) status = mri_check_local_path(folder, "folder", error);
  if (status == MR_OK) status = mri_fetch_options_read(&o, options, error);
  if (status == MR_OK) status = mri_enter(version->registry, error);
  if (status != MR_OK) return status;
  mri_tree tree;
  mri_tree_init(&tree, &version->registry->mem);
  status = read_artifacts(version, &tree, error);
  if (status == MR_OK) {
    status = mri_tree_fetch(version->registry, &tree, folder, &o, out_report, error);
  }
  mri_tree_destroy(&tree);
  return mri_leave(version->registry, status);
}

mr_status mr_version_verify(mr_version *version, const char *folder,
                            const mr_verify_options *options, mr_report **out_report,
                            mr_error *error) {
  mr_verify_options o;
  mr_status status = mri_check_argument(version, "version", error);
  if (status == MR_OK && folder != NULL) {
    status = mri_check_local_path(folder, "folder", error);
  }
  if (status == MR_OK) status = mri_verify_options_read(&o, options, error);
  if (status == MR_OK) status = mri_enter(version->registry, error);
  if (status != MR_OK) return status;
  mri_tree tree;
  mri_tree_init(&tree, &version->registry->mem);
  status = read_artifacts(version, &tree, error);
  if (status == MR_OK) {
    status = mri_tree_verify(version->registry, &tree, folder, &o, out_report, error);
  }
  mri_tree_destroy(&tree);
  return mri_leave(version->registry, status);
}
