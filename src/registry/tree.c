/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/tree.h"
#include "blob/manifest.h"
#include <fcntl.h>

void mri_tree_init(mri_tree *tree, const mri_mem *mem) {
  mri_arena_init(&tree->arena, mem);
  mri_vec_init(&tree->files, mem, sizeof(mri_tree_file));
  tree->total_size = 0;
  tree->is_file = false;
}

void mri_tree_destroy(mri_tree *tree) {
  mri_arena_free(&tree->arena);
  mri_vec_free(&tree->files);
}

mr_status mri_tree_add(mri_tree *tree, const mri_tree_file *file, mr_error *error) {
  if (file->size > INT64_MAX - tree->total_size) {
    return mri_error_set(error, MR_LIMIT, "with '%s' the artifacts have more than 2^63 - 1 bytes",
                         file->path);
  }
  mri_tree_file *slot = mri_vec_push(&tree->files);
  if (slot == NULL) return mri_error_no_memory(error);
  *slot = *file;
  slot->path = mri_arena_strdup(&tree->arena, file->path);
  slot->uri = mri_arena_strdup(&tree->arena, file->uri);
  slot->format = mri_arena_strdup(&tree->arena, file->format);
  if (slot->path == NULL || (file->uri != NULL && slot->uri == NULL) ||
      (file->format != NULL && slot->format == NULL)) {
    tree->files.count--;
    return mri_error_no_memory(error);
  }
  tree->total_size += file->size;
  return MR_OK;
}

/* What no manifest takes could not be logged either. */
static mr_status seal(mri_manifest *manifest, mr_error *error) {
  mr_error why = MR_ERROR_INIT;
  mr_status status = mri_manifest_seal(manifest, &why);
  if (status == MR_OK) return MR_OK;
  if (status == MR_NO_MEMORY) return mri_error_no_memory(error);
  return mri_error_set(error, MR_CORRUPT, "rows of artifacts are damaged, run fsck: %s",
                       why.message);
}

mr_status mri_tree_digest(const mri_tree *tree, const mri_mem *mem, mri_digest *out,
                          mr_error *error) {
  mri_manifest manifest;
  mr_status status = MR_OK;
  mri_manifest_init(&manifest, mem);
  for (size_t i = 0; i < tree->files.count && status == MR_OK; i++) {
    const mri_tree_file *file = mri_vec_at(&tree->files, i);
    status = mri_manifest_add(&manifest, file->path, file->size, &file->digest, NULL, error);
  }
  if (status == MR_OK) status = seal(&manifest, error);
  if (status == MR_OK) *out = manifest.digest;
  mri_manifest_destroy(&manifest);
  return status;
}

const mri_tree_file *mri_tree_find(const mri_tree *tree, const char *path) {
  size_t low = 0;
  size_t high = tree->files.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const mri_tree_file *file = mri_vec_at(&tree->files, middle);
    int order = strcmp(path, file->path);
    if (order == 0) return file;
    if (order < 0) high = middle;
    if (order > 0) low = middle + 1;
  }
  return NULL;
}

static mr_status add_rows(mri_stmt *stmt, size_t skip, mri_tree *out, mr_error *error) {
  mr_status status;
  bool row = false;
  while ((status = mri_stmt_step(stmt, &row, error)) == MR_OK && row) {
    mri_tree_file file;
    memset(&file, 0, sizeof file);
    file.path = mri_stmt_text(stmt, 0) + skip;
    file.kind = (mr_artifact_kind)mri_stmt_int(stmt, 1);
    if (!mri_stmt_digest(stmt, 2, &file.digest)) {
      return mri_error_set(error, MR_CORRUPT, "artifact '%s' has no digest", file.path);
    }
    file.size = mri_stmt_int(stmt, 3);
    if (file.size < 0) {
      return mri_error_set(error, MR_CORRUPT, "artifact '%s' has no valid size", file.path);
    }
    file.format = mri_stmt_text(stmt, 4);
    file.uri = mri_stmt_text(stmt, 5);
    file.created_us = mri_stmt_int(stmt, 6);
    status = mri_tree_add(out, &file, error);
    if (status != MR_OK) return status;
  }
  return status;
}

#define ARTIFACT_COLUMNS "path, kind, digest, size, format, uri, created_us"

mr_status mri_tree_of_run(mri_tx *tx, int64_t run_id, const char *run, const char *path,
                          mri_tree *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  size_t skip = 0;
  mr_status status;
  if (path[0] == '\0') {
    status = mri_sql_query(tx, error, &stmt,
                           "SELECT " ARTIFACT_COLUMNS " FROM artifact WHERE run_id = ?1 "
                           "ORDER BY path",
                           "i", run_id);
  } else {
    const char *slash = strrchr(path, '/');
    skip = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    status = mri_sql_query(tx, error, &stmt,
                           "SELECT " ARTIFACT_COLUMNS " FROM artifact "
                           "WHERE run_id = ?1 AND path = ?2",
                           "it", run_id, path);
  }
  if (status == MR_OK) status = add_rows(stmt, skip, out, error);
  mri_stmt_done(stmt);
  stmt = NULL;
  out->is_file = path[0] != '\0' && out->files.count > 0;
  if (status == MR_OK && out->files.count == 0 && path[0] != '\0') {
    /* A folder: everything between "path/" and "path0", 0 being the character after the slash. */
    status = mri_sql_query(tx, error, &stmt,
                           "SELECT " ARTIFACT_COLUMNS " FROM artifact WHERE run_id = ?1 "
                           "AND path > ?2 || '/' AND path < ?2 || '0' ORDER BY path",
                           "it", run_id, path);
    if (status == MR_OK) status = add_rows(stmt, strlen(path) + 1, out, error);
    mri_stmt_done(stmt);
  }
  if (status != MR_OK || out->files.count > 0) return status;
  if (path[0] == '\0') return mri_error_set(error, MR_NOT_FOUND, "run %s has no artifacts", run);
  return mri_error_set(error, MR_NOT_FOUND, "run %s has no artifact '%s'", run, path);
}

/* The path of a file:// URI: an absolute path that is taken as it is, since decoding is how path
 * checks are bypassed. NULL for other URIs and for escapes. */
static const char *local_path(const char *uri) {
  static const char scheme[] = "file://";
  if (strncmp(uri, scheme, sizeof scheme - 1) != 0) return NULL;
  const char *path = uri + sizeof scheme - 1;
  return path[0] == '/' && strchr(path, '%') == NULL ? path : NULL;
}

mr_status mri_tree_open(mr_registry *registry, const mri_tree_file *file, const mr_cancel *cancel,
                        mri_blob **out, mr_error *error) {
  if (file->kind == MR_ARTIFACT_KIND_STORED) {
    mr_status status = mri_blobs_open(registry->blobs, &file->digest, file->size, out, error);
    return status == MR_OK ? MR_OK : mri_error_prefix(error, status, "artifact '%s'", file->path);
  }
  const char *path = file->uri == NULL ? NULL : local_path(file->uri);
  if (path == NULL) {
    return mri_error_set(error, MR_NOT_SUPPORTED,
                         "artifact '%s' lies at %s, which this library cannot read; only file:// "
                         "paths without escapes can be opened",
                         file->path, file->uri == NULL ? "an unknown place" : file->uri);
  }
  mr_status status = mri_blob_open_file(&registry->mem, AT_FDCWD, path, &file->digest, file->size,
                                        cancel, out, error);
  return status == MR_OK ? MR_OK : mri_error_prefix(error, status, "artifact '%s'", file->path);
}
