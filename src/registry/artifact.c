/* SPDX-License-Identifier: Apache-2.0 */
/* Logging and listing artifacts. */
#include "base/options.h"
#include "base/os_file.h"
#include "registry/artifact_record.h"
#include "registry/content.h"
#include "registry/folder.h"
#include "registry/format.h"
#include "registry/page.h"
#include "registry/run_handle.h"
#include <errno.h>
#include <fcntl.h>

/* What is stored already and waits to be named by rows. */
typedef struct pending {
  mr_run *run;
  mri_tree tree;
  const char *prefix; /* folder in the artifact tree, "" for the top */
  const char *folder; /* local folder, for messages */
  const mr_cancel *cancel;
} pending;

/* A path cannot be file and folder at once. */
static mr_status check_place(mri_tx *tx, const mr_run *run, const char *path, mr_error *error) {
  int64_t below = 0;
  mr_status status = mri_sql_int(tx, error, 0, &below,
                                 "SELECT 1 FROM artifact WHERE run_id = ?1 AND path > ?2 || '/' "
                                 "AND path < ?2 || '0' LIMIT 1",
                                 "it", run->id, path);
  if (status == MR_OK && below != 0) {
    return mri_error_set(error, MR_ALREADY_EXISTS, "run %s has a folder of artifacts at '%s'",
                         run->record.id, path);
  }
  char parent[MRI_PATH_MAX + 1];
  memcpy(parent, path, strlen(path) + 1);
  for (char *slash = strrchr(parent, '/'); slash != NULL && status == MR_OK;
       slash = strrchr(parent, '/')) {
    *slash = '\0';
    int64_t above = 0;
    status =
        mri_sql_int(tx, error, 0, &above, "SELECT 1 FROM artifact WHERE run_id = ?1 AND path = ?2",
                    "it", run->id, (const char *)parent);
    if (status == MR_OK && above != 0) {
      status = mri_error_set(error, MR_ALREADY_EXISTS,
                             "run %s has an artifact '%s', which cannot be a folder too",
                             run->record.id, parent);
    }
  }
  return status;
}

static mr_status insert_artifact(mri_tx *tx, const mr_run *run, const mri_tree_file *file,
                                 mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(tx, error, &stmt, &found,
                                   "SELECT digest, size, kind, uri FROM artifact "
                                   "WHERE run_id = ?1 AND path = ?2",
                                   "it", run->id, file->path);
  if (status != MR_OK) return status;
  if (found) {
    mri_digest old;
    bool same = mri_stmt_digest(stmt, 0, &old) && mri_digest_equal(&old, &file->digest) &&
                mri_stmt_int(stmt, 1) == file->size && mri_stmt_int(stmt, 2) == file->kind;
    const char *uri = mri_stmt_text(stmt, 3);
    if (same && file->uri != NULL) same = uri != NULL && strcmp(uri, file->uri) == 0;
    mri_stmt_done(stmt);
    if (same) return MR_OK;
    return mri_error_set(
        error, MR_ALREADY_EXISTS,
        "run %s has an artifact '%s' with other content or from another place already",
        run->record.id, file->path);
  }
  status = check_place(tx, run, file->path, error);
  if (status != MR_OK) return status;
  return mri_sql_run(tx, error,
                     "INSERT INTO artifact (run_id, path, kind, digest, size, format, uri, "
                     "created_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                     "itiditti", run->id, file->path, (int64_t)file->kind, &file->digest,
                     file->size, file->format, file->uri, file->created_us);
}

/* The bytes are durable by now: only then are they named. */
static mr_status insert_all(mr_run *run, const mri_tree *tree, mr_error *error) {
  mri_tx *tx = NULL;
  mr_status status = mri_tx_begin(run->registry->store, MRI_TX_APPEND, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = mri_run_check_open(tx, run->id, run->record.id, error);
  for (size_t i = 0; i < tree->files.count && status == MR_OK; i++) {
    status = insert_artifact(tx, run, mri_vec_at(&tree->files, i), error);
  }
  return mri_tx_end(tx, status, error);
}

/* A run that is sealed is refused before its bytes are copied. */
static mr_status check_open(mr_run *run, mr_error *error) {
  mri_tx *tx = NULL;
  if (run->registry->record.read_only) {
    return mri_error_set(error, MR_READ_ONLY, "the registry %s is open read-only",
                         run->registry->record.uri);
  }
  mr_status status = mri_tx_begin(run->registry->store, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = mri_run_check_open(tx, run->id, run->record.id, error);
  return mri_tx_end(tx, status, error);
}

static mr_status store_file(pending *p, int dir, const char *name, const char *path,
                            mr_error *error) {
  mri_tree_file file;
  mr_status status = mri_content_put(p->run->registry, dir, name, p->cancel, &file, error);
  file.path = path;
  return status == MR_OK ? mri_tree_add(&p->tree, &file, error) : status;
}

static mr_status visit_file(void *ctx, const mri_folder_file *file, mr_error *error) {
  pending *p = ctx;
  mri_str path;
  mri_str_init(&path, &p->run->registry->mem);
  if (p->prefix[0] != '\0') {
    mri_str_add(&path, p->prefix);
    mri_str_add_char(&path, '/');
  }
  mri_str_add(&path, file->path);
  const char *text = mri_str_text(&path);
  mr_status status =
      text == NULL ? mri_error_no_memory(error) : mri_check_path(text, "artifact path", error);
  if (status == MR_OK) status = store_file(p, file->dir, file->name, text, error);
  mri_str_free(&path);
  return status != MR_IO ? status : mri_error_prefix(error, status, "%s", p->folder);
}

static mr_status visit_other(void *ctx, const char *path, mr_error *error) {
  const pending *p = ctx;
  return mri_error_set(error, MR_INVALID_ARGUMENT,
                       "%s/%s is a symbolic link or a special file, which cannot be an artifact",
                       p->folder, path);
}

static mr_status store_folder(pending *p, const char *local_path, const char *artifact_path,
                              mr_error *error) {
  const mri_mem *mem = &p->run->registry->mem;
  const mr_cancel *cancel = p->cancel;
  mri_folder_walk walk = {p, cancel, visit_file, visit_other, NULL, NULL};
  mri_work work;
  int64_t ahead = 0;
  p->prefix = artifact_path == NULL ? "" : artifact_path;
  p->folder = local_path;
  mr_status status =
      cancel == NULL ? MR_OK : mri_folder_size(mem, local_path, &walk, &ahead, error);
  if (status != MR_OK) return status;
  mri_cancel_add_total(cancel, ahead);
  mri_work_begin(&work, cancel, ahead, 1);
  p->cancel = &work.token;
  status = mri_folder_visit(mem, local_path, &walk, error);
  p->cancel = cancel;
  if (status != MR_OK) return status;
  mri_work_end(&work);
  if (p->tree.files.count > 0) return MR_OK;
  return mri_error_set(error, MR_INVALID_ARGUMENT, "folder %s has no files", local_path);
}

static const char *last_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

static mr_status store_local(pending *p, const char *local_path, const char *artifact_path,
                             mr_error *error) {
  struct stat facts;
  if (mri_io_table()->fstat_at(AT_FDCWD, local_path, &facts, 0) != 0) {
    return mri_error_errno(error, errno, "read", local_path);
  }
  if (S_ISDIR(facts.st_mode)) return store_folder(p, local_path, artifact_path, error);
  const char *path = artifact_path == NULL ? last_name(local_path) : artifact_path;
  mr_status status = mri_check_path(path, "artifact path", error);
  if (status != MR_OK) return status;
  return store_file(p, AT_FDCWD, local_path, path, error);
}

mr_status mr_run_log_artifact(mr_run *run, const char *local_path, const char *artifact_path,
                              const mr_artifact_options *options, mr_error *error) {
  mr_artifact_options o;
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK) status = mri_check_local_path(local_path, "local_path", error);
  if (status == MR_OK && artifact_path != NULL) {
    status = mri_check_path(artifact_path, "artifact path", error);
  }
  if (status == MR_OK) {
    status = mri_options_read(&o, sizeof o, options, "mr_artifact_options", error);
  }
  if (status == MR_OK) status = mri_options_reserved(o.reserved, "mr_artifact_options", error);
  if (status == MR_OK) status = mri_check_cancel(o.cancel, error);
  if (status == MR_OK) status = mri_enter(run->registry, error);
  if (status != MR_OK) return status;
  pending p = {.run = run, .prefix = "", .cancel = o.cancel};
  mri_tree_init(&p.tree, &run->registry->mem);
  status = check_open(run, error);
  if (status == MR_OK) status = store_local(&p, local_path, artifact_path, error);
  if (status == MR_OK) status = insert_all(run, &p.tree, error);
  mri_tree_destroy(&p.tree);
  return mri_leave(run->registry, status);
}

static mr_status log_one(mr_run *run, const mri_tree_file *file, mr_error *error) {
  mri_tree tree;
  mri_tree_init(&tree, &run->registry->mem);
  mr_status status = mri_tree_add(&tree, file, error);
  if (status == MR_OK) status = insert_all(run, &tree, error);
  mri_tree_destroy(&tree);
  return status;
}

mr_status mr_run_log_artifact_bytes(mr_run *run, const char *artifact_path, const uint8_t *data,
                                    size_t size, mr_error *error) {
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK) status = mri_check_path(artifact_path, "artifact path", error);
  if (status == MR_OK && size > 0) status = mri_check_argument(data, "data", error);
  if (status == MR_OK) status = mri_enter(run->registry, error);
  if (status != MR_OK) return status;
  mri_tree_file file;
  memset(&file, 0, sizeof file);
  file.path = artifact_path;
  file.kind = MR_ARTIFACT_KIND_STORED;
  file.size = (int64_t)size;
  file.created_us = mri_now_us(run->registry);
  file.format = mri_format_of(data, size < MRI_FORMAT_BYTES ? size : MRI_FORMAT_BYTES, file.size);
  status = check_open(run, error);
  if (status == MR_OK) {
    status = mri_blobs_put_bytes(run->registry->blobs, data, size, &file.digest, error);
  }
  if (status == MR_OK) status = log_one(run, &file, error);
  return mri_leave(run->registry, status);
}

mr_status mr_run_log_artifact_link(mr_run *run, const mr_link_options *link, mr_error *error) {
  mr_link_options o;
  mri_tree_file file;
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK) status = mri_check_argument(link, "link", error);
  if (status == MR_OK) status = mri_options_read(&o, sizeof o, link, "mr_link_options", error);
  if (status == MR_OK) status = mri_options_reserved(o.reserved, "mr_link_options", error);
  if (status == MR_OK) status = mri_check_path(o.path, "artifact path", error);
  if (status == MR_OK) status = mri_content_link("", o.uri, o.digest, o.size, &file, error);
  if (status == MR_OK) status = mri_enter(run->registry, error);
  if (status != MR_OK) return status;
  file.path = o.path;
  file.created_us = mri_now_us(run->registry);
  return mri_leave(run->registry, log_one(run, &file, error));
}

mr_status mr_run_list_artifacts(mr_run *run, const mr_list_options *options,
                                mr_artifact_page **out_page, mr_error *error) {
  mri_cursor cursor;
  mri_tx *tx = NULL;
  mri_stmt *stmt = NULL;
  mr_status status = mri_check_argument(run, "run", error);
  if (status == MR_OK) status = mri_check_argument(out_page, "out_page", error);
  if (status == MR_OK) status = mri_cursor_options(&cursor, MRI_LIST_ARTIFACTS, options, error);
  if (status == MR_OK) status = mri_call_begin(run->registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  mr_artifact_page *page = mri_artifact_page_new(run->registry, &cursor);
  status = page == NULL ? mri_error_no_memory(error)
                        : mri_sql_query(tx, error, &stmt,
                                        "SELECT path, kind, digest, size, format, uri, created_us "
                                        "FROM artifact WHERE run_id = ?1 AND path > ?2 "
                                        "ORDER BY path LIMIT ?3",
                                        "iti", run->id, cursor.key, cursor.limit + 1);
  if (status == MR_OK) status = mri_artifact_page_fill(page, stmt, error);
  status = mri_call_end(run->registry, tx, status, error);
  if (status == MR_OK) *out_page = page;
  if (status != MR_OK) mr_artifact_page_free(page);
  return status;
}
