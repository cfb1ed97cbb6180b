/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/artifact_record.h"
#include "registry/run_handle.h"

struct mr_blob {
  mr_registry *registry;
  mri_arena arena;
  mri_blob *blob;
  mr_artifact_record record;
};

MRI_DEFINE_PAGE(mr_artifact, mr_artifact_record);

mr_artifact_page *mri_artifact_page_new(mr_registry *registry, const mri_cursor *cursor) {
  return mri_page_new(registry, sizeof(mr_artifact_page), cursor);
}

static mr_status add_artifact(mri_page *page, const mri_stmt *stmt, mr_error *error) {
  mr_artifact_record *record = mri_page_add(page, sizeof *record);
  if (record == NULL) return mri_error_no_memory(error);
  record->path = mri_column_text(stmt, 0, &page->arena, &page->failed);
  record->kind = (mr_artifact_kind)mri_stmt_int(stmt, 1);
  record->digest = mri_column_digest(stmt, 2, &page->arena, &page->failed);
  record->size = mri_stmt_int(stmt, 3);
  record->format = mri_column_text(stmt, 4, &page->arena, &page->failed);
  record->uri = mri_column_text(stmt, 5, &page->arena, &page->failed);
  record->created_us = mri_stmt_int(stmt, 6);
  page->last_key = record->path;
  return MR_OK;
}

mr_status mri_artifact_page_fill(mr_artifact_page *page, mri_stmt *stmt, mr_error *error) {
  return mri_page_fill(&page->page, stmt, add_artifact, error);
}

static mr_status fill_record(mri_arena *arena, const mri_tree_file *file,
                             mr_artifact_record *record, mr_error *error) {
  char digest[MRI_DIGEST_TEXT];
  mri_digest_text(&file->digest, digest);
  record->struct_size = sizeof *record;
  record->kind = file->kind;
  record->path = mri_arena_strdup(arena, file->path);
  record->digest = mri_arena_strdup(arena, digest);
  record->format = mri_arena_strdup(arena, file->format);
  record->uri = mri_arena_strdup(arena, file->uri);
  record->size = file->size;
  record->created_us = file->created_us;
  if (record->path == NULL || record->digest == NULL || record->format == NULL ||
      (file->uri != NULL && record->uri == NULL)) {
    return mri_error_no_memory(error);
  }
  return MR_OK;
}

mr_status mri_artifact_page_of_tree(mr_artifact_page *page, const mri_tree *tree,
                                    const mri_cursor *cursor, mr_error *error) {
  mri_page *base = &page->page;
  for (size_t i = 0; i < tree->files.count; i++) {
    const mri_tree_file *file = mri_vec_at(&tree->files, i);
    if (strcmp(file->path, cursor->key) <= 0) continue;
    if ((int64_t)base->records.count == base->limit) {
      return mri_page_end(base, error);
    }
    mr_artifact_record *record = mri_page_add(base, sizeof *record);
    mr_status status = record == NULL ? mri_error_no_memory(error)
                                      : fill_record(&base->arena, file, record, error);
    if (status != MR_OK) return status;
    base->last_key = record->path;
  }
  return MR_OK;
}

mr_status mri_artifact_open(mr_registry *registry, const mri_tree_file *file, mr_blob **out,
                            mr_error *error) {
  mr_blob *blob = mri_mem_zalloc(&registry->mem, 1, sizeof *blob);
  if (blob == NULL) return mri_error_no_memory(error);
  blob->registry = mri_registry_ref(registry);
  mri_arena_init(&blob->arena, &registry->mem);
  mr_status status = fill_record(&blob->arena, file, &blob->record, error);
  if (status == MR_OK) status = mri_tree_open(registry, file, NULL, &blob->blob, error);
  if (status == MR_OK) *out = blob;
  if (status != MR_OK) mr_blob_free(blob);
  return status;
}

mr_status mr_run_open_artifact(mr_run *run, const char *artifact_path, mr_blob **out_blob,
                               mr_error *error) {
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK) status = mri_check_argument(out_blob, "out_blob", error);
  if (status == MR_OK) status = mri_check_path(artifact_path, "artifact path", error);
  if (status == MR_OK) status = mri_call_begin(run->registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  mri_tree tree;
  mri_tree_init(&tree, &run->registry->mem);
  status = mri_tree_of_run(tx, run->id, run->record.id, artifact_path, &tree, error);
  status = mri_tx_end(tx, status, error);
  if (status == MR_OK) {
    if (!tree.is_file) {
      status = mri_error_set(error, MR_NOT_FOUND, "'%s' of run %s is a folder; open a file in it",
                             artifact_path, run->record.id);
    } else {
      mri_tree_file shown = *(const mri_tree_file *)mri_vec_at(&tree.files, 0);
      shown.path = artifact_path;
      status = mri_artifact_open(run->registry, &shown, out_blob, error);
    }
  }
  mri_tree_destroy(&tree);
  return mri_leave(run->registry, status);
}

const mr_artifact_record *mr_blob_info(const mr_blob *blob) {
  return blob == NULL ? NULL : &blob->record;
}

int64_t mr_blob_size(const mr_blob *blob) {
  return blob == NULL ? 0 : blob->record.size;
}

mr_status mr_blob_read(mr_blob *blob, int64_t offset, uint8_t *out_data, size_t size,
                       size_t *out_size, mr_error *error) {
  mr_status status = mri_check_argument(blob, "blob", error);
  if (status == MR_OK) status = mri_check_argument(out_size, "out_size", error);
  if (status == MR_OK && size > 0) status = mri_check_argument(out_data, "out_data", error);
  if (status == MR_OK && offset < 0) {
    status = mri_error_set(error, MR_INVALID_ARGUMENT, "offset is %lld, not 0 or more",
                           (long long)offset);
  }
  if (status == MR_OK) status = mri_enter(blob->registry, error);
  if (status != MR_OK) return status;
  return mri_leave(blob->registry,
                   mri_blob_read(blob->blob, offset, out_data, size, out_size, error));
}

mr_status mr_blob_map(mr_blob *blob, const uint8_t **out_data, mr_error *error) {
  mr_status status = mri_check_argument(blob, "blob", error);
  if (status == MR_OK) status = mri_check_argument(out_data, "out_data", error);
  if (status == MR_OK) status = mri_enter(blob->registry, error);
  if (status != MR_OK) return status;
  return mri_leave(blob->registry, mri_blob_map(blob->blob, out_data, error));
}

void mr_blob_free(mr_blob *blob) {
  if (blob == NULL) return;
  mr_registry *registry = blob->registry;
  mri_blob_close(blob->blob);
  mri_arena_free(&blob->arena);
  mri_mem_free(&registry->mem, blob);
  mri_registry_unref(registry);
}
