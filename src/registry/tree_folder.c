/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a tree to a folder, and comparing one with it. */
#include "base/cancel_token.h"
#include "base/options.h"
#include "base/os_file.h"
#include "registry/folder.h"
#include "registry/report_builder.h"
#include "registry/tree.h"
#include <errno.h>
#include <fcntl.h>

#define COPY_BYTES (256 * 1024)

mr_status mri_fetch_options_read(mr_fetch_options *out, const mr_fetch_options *in,
                                 mr_error *error) {
  mr_status status = mri_options_read(out, sizeof *out, in, "mr_fetch_options", error);
  if (status != MR_OK) return status;
  if ((out->file_mode & ~(uint32_t)0777) != 0) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "file_mode is 0%o, not 0 to 0777",
                         out->file_mode);
  }
  if (out->file_mode == 0) out->file_mode = 0644;
  return MR_OK;
}

mr_status mri_verify_options_read(mr_verify_options *out, const mr_verify_options *in,
                                  mr_error *error) {
  mr_status status = mri_options_read(out, sizeof *out, in, "mr_verify_options", error);
  if (status == MR_OK && (out->flags & ~(uint32_t)MR_VERIFY_ALLOW_EXTRA) != 0) {
    status = mri_error_set(error, MR_INVALID_ARGUMENT,
                           "flags 0x%x of mr_verify_options are unknown", out->flags);
  }
  return status;
}

/* Makes the folder and what leads to it. */
static mr_status make_folder(const char *folder, int *out_fd, mr_error *error) {
  const mri_io *io = mri_io_table();
  mr_error why = MR_ERROR_INIT;
  mr_status status = mri_folder_open(folder, out_fd, &why);
  if (status == MR_OK) return MR_OK;
  if (status != MR_NOT_FOUND) {
    return mri_error_set_code(error, status, why.backend_code, "%s", why.message);
  }
  char path[4096];
  size_t size = strlen(folder);
  if (size >= sizeof path) {
    return mri_error_set(error, MR_LIMIT, "the path of the folder is over %d bytes",
                         (int)sizeof path - 1);
  }
  memcpy(path, folder, size + 1);
  for (size_t i = 1; i <= size; i++) {
    if (path[i] != '/' && path[i] != '\0') continue;
    char kept = path[i];
    path[i] = '\0';
    if (io->mkdir_at(AT_FDCWD, path, 0777) != 0 && errno != EEXIST) {
      return mri_error_errno(error, errno, "create folder", folder);
    }
    path[i] = kept;
  }
  return mri_folder_open(folder, out_fd, error);
}

/* A file that has a digest for the whole alone is read once to see that it is the right one, and
 * again for its bytes. */
static int passes(const mri_tree_file *file) {
  return file->kind == MR_ARTIFACT_KIND_LINK && file->size > (int64_t)MRI_LEAF_BYTES ? 2 : 1;
}

/* Whether the folder has this very file already. */
static bool is_there(mr_registry *registry, int dir, const mri_tree_file *file,
                     const mr_cancel *cancel) {
  mri_digest digest;
  int64_t size = -1;
  struct stat facts;
  int fd = mri_open_beneath(dir, file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  if (fd < 0) return false;
  bool same = fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size == file->size;
  mri_io_table()->close(fd);
  if (!same) return false;
  const char *slash = strrchr(file->path, '/');
  int parent = dir;
  if (slash != NULL) {
    char folder[MRI_PATH_MAX + 1];
    memcpy(folder, file->path, (size_t)(slash - file->path));
    folder[slash - file->path] = '\0';
    parent = mri_open_beneath(dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (parent < 0) return false;
  }
  same = mri_file_digest(&registry->mem, parent, slash == NULL ? file->path : slash + 1, file->path,
                         cancel, &digest, &size, NULL) == MR_OK &&
         size == file->size && mri_digest_equal(&digest, &file->digest);
  if (parent != dir) mri_io_table()->close(parent);
  return same;
}

static mr_status copy_file(mr_registry *registry, const mri_tree_file *file, const char *folder,
                           int dir, uint32_t mode, const mr_cancel *cancel, mr_error *error) {
  mri_blob *blob = NULL;
  mr_status status = mri_tree_open(registry, file, cancel, &blob, error);
  if (status != MR_OK) return status;
  status = mri_blob_copy_to(blob, dir, file->path, mode, cancel, error);
  mri_blob_close(blob);
  if (status == MR_OK) return MR_OK;
  /* Where the folder may be what cannot be written it is named. */
  bool show = status == MR_IO;
  return mri_error_prefix(error, status, "artifact '%s'%s%s", file->path, show ? " for " : "",
                          show ? folder : "");
}

mr_status mri_tree_fetch(mr_registry *registry, const mri_tree *tree, const char *folder,
                         const mr_fetch_options *options, mr_report **out_report, mr_error *error) {
  int dir = -1;
  mr_report *report = mri_report_new(registry);
  if (report == NULL) return mri_error_no_memory(error);
  mr_status status = make_folder(folder, &dir, error);
  mri_cancel_add_total(options->cancel, tree->total_size);
  for (size_t i = 0; i < tree->files.count && status == MR_OK; i++) {
    const mri_tree_file *file = mri_vec_at(&tree->files, i);
    mri_work work;
    mri_work_begin(&work, options->cancel, file->size, passes(file));
    status = mri_check_cancel(options->cancel, error);
    if (status == MR_OK && is_there(registry, dir, file, &work.token)) {
      mri_report_count(report, 0);
    } else if (status == MR_OK) {
      status = copy_file(registry, file, folder, dir, options->file_mode, &work.token, error);
      if (status == MR_OK) mri_report_count(report, file->size);
    }
    if (status == MR_OK) mri_work_end(&work);
  }
  if (dir >= 0) mri_io_table()->close(dir);
  if (status != MR_OK) {
    mr_report_free(report);
    return status;
  }
  return mri_report_finish(report, folder, out_report, error);
}

typedef struct comparison {
  mr_registry *registry;
  const mri_tree *tree;
  const mr_verify_options *options;
  const mr_cancel *cancel; /* a part of the options' own, which has been told of the tree */
  mr_report *report;
  bool *seen; /* one a file of the tree */
} comparison;

static mr_status problem(comparison *c, mr_problem kind, const char *path, const char *what,
                         mr_error *error) {
  mri_str message;
  mri_str_init(&message, &c->registry->mem);
  mri_str_addf(&message, "'%s' %s", path, what);
  const char *text = mri_str_text(&message);
  mr_status status = text == NULL ? mri_error_no_memory(error)
                                  : mri_report_add(c->report, kind, path, text, error);
  mri_str_free(&message);
  return status;
}

static mr_status compare_file(void *ctx, const mri_folder_file *file, mr_error *error) {
  comparison *c = ctx;
  const mri_tree_file *expected = mri_tree_find(c->tree, file->path);
  if (expected == NULL) {
    if ((c->options->flags & MR_VERIFY_ALLOW_EXTRA) != 0) return MR_OK;
    return problem(c, MR_PROBLEM_EXTRA, file->path, "should not be there", error);
  }
  c->seen[expected - (const mri_tree_file *)c->tree->files.items] = true;
  mri_digest digest;
  int64_t size = 0;
  mr_error why = MR_ERROR_INIT;
  mri_work work;
  mri_work_begin(&work, c->cancel, expected->size, 1);
  mr_status status = mri_file_digest(&c->registry->mem, file->dir, file->name, file->path,
                                     &work.token, &digest, &size, &why);
  if (status == MR_NO_MEMORY || status == MR_CANCELLED) {
    return mri_error_set(error, status, "%s", why.message);
  }
  mri_work_end(&work);
  if (status != MR_OK) {
    return mri_report_add(c->report, MR_PROBLEM_UNREADABLE, file->path, why.message, error);
  }
  mri_report_count(c->report, size);
  if (size != expected->size || !mri_digest_equal(&digest, &expected->digest)) {
    return problem(c, MR_PROBLEM_CHANGED, file->path, "does not match its digest", error);
  }
  return MR_OK;
}

static mr_status compare_other(void *ctx, const char *path, mr_error *error) {
  comparison *c = ctx;
  const mri_tree_file *expected = mri_tree_find(c->tree, path);
  if (expected == NULL && (c->options->flags & MR_VERIFY_ALLOW_EXTRA) != 0) return MR_OK;
  if (expected == NULL) {
    return problem(c, MR_PROBLEM_EXTRA, path, "should not be there", error);
  }
  c->seen[expected - (const mri_tree_file *)c->tree->files.items] = true;
  return problem(c, MR_PROBLEM_UNREADABLE, path, "is not a regular file", error);
}

static mr_status compare_trouble(void *ctx, const char *path, mr_status why, const char *message,
                                 mr_error *error) {
  comparison *c = ctx;
  if (why != MR_INVALID_ARGUMENT && why != MR_LIMIT) {
    return mri_report_add(c->report, MR_PROBLEM_UNREADABLE, path, message, error);
  }
  if ((c->options->flags & MR_VERIFY_ALLOW_EXTRA) != 0) return MR_OK;
  return problem(c, MR_PROBLEM_EXTRA, path, "should not be there", error);
}

static mr_status compare_folder(comparison *c, const char *folder, mr_error *error) {
  mri_folder_walk walk = {c, c->cancel, compare_file, compare_other, NULL, compare_trouble};
  mr_status status = mri_folder_visit(&c->registry->mem, folder, &walk, error);
  for (size_t i = 0; i < c->tree->files.count && status == MR_OK; i++) {
    const mri_tree_file *file = mri_vec_at(&c->tree->files, i);
    if (!c->seen[i]) {
      status = problem(c, MR_PROBLEM_MISSING, file->path, "is missing", error);
    }
  }
  return status;
}

/* Reads all of one artifact where the registry keeps it; every read verifies. */
static mr_status read_through(comparison *c, const mri_tree_file *file, mr_error *error) {
  mri_blob *blob = NULL;
  uint8_t *buffer = mri_mem_alloc(&c->registry->mem, COPY_BYTES);
  if (buffer == NULL) return mri_error_no_memory(error);
  mri_work work;
  mri_work_begin(&work, c->cancel, file->size, passes(file));
  mr_status status = mri_tree_open(c->registry, file, &work.token, &blob, error);
  size_t got = 1;
  for (int64_t at = 0; status == MR_OK && got > 0; at += (int64_t)got) {
    status = mri_check_cancel(&work.token, error);
    if (status == MR_OK) status = mri_blob_read(blob, at, buffer, COPY_BYTES, &got, error);
    if (status == MR_OK) mri_cancel_add_done(&work.token, (int64_t)got);
    if (status != MR_OK) status = mri_error_prefix(error, status, "artifact '%s'", file->path);
  }
  mri_work_end(&work);
  mri_blob_close(blob);
  mri_mem_free(&c->registry->mem, buffer);
  return status;
}

static mr_status compare_store(comparison *c, mr_error *error) {
  mr_status status = MR_OK;
  for (size_t i = 0; i < c->tree->files.count && status == MR_OK; i++) {
    const mri_tree_file *file = mri_vec_at(&c->tree->files, i);
    mr_error why = MR_ERROR_INIT;
    mr_status found = read_through(c, file, &why);
    mri_report_count(c->report, file->size);
    if (found == MR_OK) continue;
    if (found == MR_NO_MEMORY || found == MR_CANCELLED || found == MR_NOT_SUPPORTED) {
      return mri_error_set(error, found, "%s", why.message);
    }
    mr_problem kind = found == MR_NOT_FOUND  ? MR_PROBLEM_MISSING
                      : found == MR_TAMPERED ? MR_PROBLEM_CHANGED
                                             : MR_PROBLEM_UNREADABLE;
    status = mri_report_add(c->report, kind, file->path, why.message, error);
  }
  return status;
}

mr_status mri_tree_verify(mr_registry *registry, const mri_tree *tree, const char *folder,
                          const mr_verify_options *options, mr_report **out_report,
                          mr_error *error) {
  mri_work work;
  mri_cancel_add_total(options->cancel, tree->total_size);
  mri_work_begin(&work, options->cancel, tree->total_size, 1);
  comparison c = {.registry = registry, .tree = tree, .options = options, .cancel = &work.token};
  c.report = mri_report_new(registry);
  c.seen = mri_mem_zalloc(&registry->mem, tree->files.count + 1, sizeof *c.seen);
  mr_status status;
  if (c.report == NULL || c.seen == NULL) {
    status = mri_error_no_memory(error);
  } else {
    status = folder == NULL ? compare_store(&c, error) : compare_folder(&c, folder, error);
  }
  mri_mem_free(&registry->mem, c.seen);
  if (status != MR_OK) {
    mr_report_free(c.report);
    return status;
  }
  mri_work_end(&work);
  return mri_report_finish(c.report, folder == NULL ? "the blob store" : folder, out_report, error);
}
