/* SPDX-License-Identifier: Apache-2.0 */
/* Versions: opening, listing, and their artifacts. */
#include "registry/artifact_record.h"
#include "registry/folder.h"
#include "registry/input_list.h"
#include "registry/page.h"
#include "registry/version_row.h"

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
  const mr_version_status replacements[2] = {mri_version_replacement(stmt)};
  mr_status status = mri_version_read(stmt, &page->arena, record, error);
  if (status == MR_OK) {
    status = mri_version_warn(&page->arena, record, NULL, replacements, error);
  }
  page->last_key = record->number;
  return status;
}

/* Versions come by precedence, so the token is a number, and its key bounds the next page. */
static mr_status query_versions(mri_tx *tx, const mr_model *model, const mri_cursor *cursor,
                                mri_stmt **stmt, mr_error *error) {
  if (cursor->key[0] == '\0') {
    return mri_sql_query(
        tx, error, stmt,
        "SELECT " MRI_VERSION_COLUMNS " FROM " MRI_VERSION_TABLES
        " WHERE v.model_id = ?1 AND v.status <> 4 ORDER BY v.sort_key DESC LIMIT ?2",
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
                                      "SELECT " MRI_VERSION_COLUMNS " FROM " MRI_VERSION_TABLES
                                      " WHERE v.model_id = ?1 AND v.sort_key < ?2 "
                                      "AND v.status <> 4 ORDER BY v.sort_key DESC LIMIT ?3",
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

mr_status mr_version_list_inputs(mr_version *version, const mr_list_options *options,
                                 mr_input_page **out_page, mr_error *error) {
  mr_status status = mri_check_argument(version, "version", error);
  if (status != MR_OK) return status;
  return mri_list_inputs(version->registry, version->run_id, options, out_page, error);
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
