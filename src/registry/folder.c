/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/folder.h"
#include "base/os_file.h"
#include "base/vec.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#define READ_BYTES (256 * 1024)
#define DEPTH_MAX  200

mr_status mri_check_local_path(const char *path, const char *what, mr_error *error) {
  mr_status status = mri_check_value(path, what, 4096, error);
  if (status != MR_OK || path[0] != '\0') return status;
  return mri_error_set(error, MR_INVALID_ARGUMENT, "%s is empty", what);
}

mr_status mri_folder_open(const char *folder, int *out_fd, mr_error *error) {
  *out_fd = mri_io_table()->open_at(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (*out_fd >= 0) return MR_OK;
  if (errno == ENOTDIR) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "%s is not a folder", folder);
  }
  return mri_error_errno(error, errno, "open folder", folder);
}

mr_status mri_file_digest(const mri_mem *mem, int dir, const char *name, const char *shown,
                          const mr_cancel *cancel, mri_digest *digest, int64_t *size,
                          mr_error *error) {
  const mri_io *io = mri_io_table();
  mr_status status = MR_OK;
  int fd = -1;
  struct stat facts;
  mri_hasher *hasher = mri_hasher_new(mem);
  uint8_t *buffer = mri_mem_alloc(mem, READ_BYTES);
  if (hasher == NULL || buffer == NULL) {
    status = mri_error_no_memory(error);
    goto cleanup;
  }
  /* O_NONBLOCK: opening a pipe must not wait for somebody to write to it. */
  fd = io->open_at(dir, name,
                   O_RDONLY | O_CLOEXEC | O_NONBLOCK | (dir == AT_FDCWD ? 0 : O_NOFOLLOW), 0);
  if (fd < 0) {
    status = mri_error_errno(error, errno, "open", shown);
    goto cleanup;
  }
  if (fstat(fd, &facts) != 0) {
    status = mri_error_errno(error, errno, "inspect", shown);
    goto cleanup;
  }
  if (!S_ISREG(facts.st_mode)) {
    status = mri_error_set(error, MR_INVALID_ARGUMENT, "%s is not a regular file", shown);
    goto cleanup;
  }
  for (;;) {
    status = mri_check_cancel(cancel, error);
    if (status != MR_OK) goto cleanup;
    ssize_t got = io->read(fd, buffer, READ_BYTES);
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      status = mri_error_errno(error, errno, "read", shown);
      goto cleanup;
    }
    if (!mri_hasher_update(hasher, buffer, (size_t)got)) {
      status = mri_error_no_memory(error);
      goto cleanup;
    }
    mri_cancel_add_done(cancel, (int64_t)got);
  }
  mri_hasher_final(hasher, digest);
  *size = mri_hasher_size(hasher);
cleanup:
  if (fd >= 0) io->close(fd);
  mri_mem_free(mem, buffer);
  mri_hasher_free(hasher);
  return status;
}

typedef struct visit {
  const mri_mem *mem;
  const mri_folder_walk *walk;
  const char *folder;
  mri_str path; /* of the current entry, relative */
} visit;

static int compare_names(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All names of a folder, sorted; consumes `fd`. */
static mr_status read_names(visit *v, int fd, mri_vec *names, mr_error *error) {
  DIR *handle = fdopendir(fd);
  if (handle == NULL) {
    mr_status status = mri_error_errno(error, errno, "read folder", v->folder);
    mri_io_table()->close(fd);
    return status;
  }
  mr_status status = MR_OK;
  for (;;) {
    errno = 0;
    const struct dirent *entry = readdir(handle);
    if (entry == NULL) {
      if (errno != 0) status = mri_error_errno(error, errno, "read folder", v->folder);
      break;
    }
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    char **slot = mri_vec_push(names);
    if (slot != NULL) *slot = mri_mem_strdup(v->mem, entry->d_name);
    if (slot == NULL || *slot == NULL) {
      status = mri_error_no_memory(error);
      break;
    }
  }
  closedir(handle);
  if (status == MR_OK && names->count > 1) {
    qsort(names->items, names->count, sizeof(char *), compare_names);
  }
  return status;
}

/* The current path with '?' for what cannot be shown. */
static void add_shown(const visit *v, mri_str *shown) {
  for (size_t at = 0; at < v->path.size;) {
    uint32_t code = 0;
    size_t length = mri_utf8_step(v->path.data + at, v->path.size - at, &code);
    if (length == 0 || mri_is_control(code)) {
      mri_str_add_char(shown, '?');
    } else {
      mri_str_add_bytes(shown, v->path.data + at, length);
    }
    at += length == 0 ? 1 : length;
  }
}

/* Tells the walker why the current path is left out, or fails with it. */
static mr_status report_trouble(const visit *v, mr_status status, const mr_error *why,
                                mr_error *error) {
  if (v->walk->trouble == NULL || status == MR_NO_MEMORY) {
    return mri_error_set_code(error, status, why->backend_code, "%s: %s", v->folder, why->message);
  }
  mri_str shown;
  mri_str_init(&shown, v->mem);
  add_shown(v, &shown);
  const char *text = mri_str_text(&shown);
  status = text == NULL ? mri_error_no_memory(error)
                        : v->walk->trouble(v->walk->ctx, text, status, why->message, error);
  mri_str_free(&shown);
  return status;
}

static mr_status visit_folder(visit *v, int dir, int depth, mr_error *error);

static mr_status visit_entry(visit *v, int dir, const char *name, int depth, mr_error *error) {
  const mri_folder_walk *walk = v->walk;
  const char *path = mri_str_text(&v->path);
  if (path == NULL) return mri_error_no_memory(error);
  struct stat facts;
  mr_status status = mri_check_cancel(walk->cancel, error);
  if (status != MR_OK) return status;
  if (mri_io_table()->fstat_at(dir, name, &facts, AT_SYMLINK_NOFOLLOW) != 0) {
    return mri_error_prefix(error, mri_error_errno(error, errno, "inspect", path), "%s", v->folder);
  }
  bool folder = S_ISDIR(facts.st_mode);
  if (!folder && walk->wanted != NULL && !walk->wanted(walk->ctx, path)) return MR_OK;
  mr_error why = MR_ERROR_INIT;
  status = mri_check_path(path, "file name", &why);
  if (status != MR_OK) return report_trouble(v, status, &why, error);
  if (!folder) {
    if (!S_ISREG(facts.st_mode)) return walk->other(walk->ctx, path, error);
    mri_folder_file file = {dir, name, path};
    return walk->file(walk->ctx, &file, error);
  }
  int child =
      mri_io_table()->open_at(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
  if (child < 0) {
    status = mri_error_errno(&why, errno, "open folder", path);
    return report_trouble(v, status, &why, error);
  }
  status = visit_folder(v, child, depth + 1, error);
  mri_io_table()->close(child);
  return status;
}

/* `dir` stays open: entries are opened relative to it. */
static mr_status visit_folder(visit *v, int dir, int depth, mr_error *error) {
  if (depth > DEPTH_MAX) {
    return mri_error_set(error, MR_LIMIT, "%s is nested deeper than %d folders", v->folder,
                         DEPTH_MAX);
  }
  mri_vec names;
  mri_vec_init(&names, v->mem, sizeof(char *));
  int again = mri_io_table()->open_at(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  mr_status status = again < 0 ? mri_error_errno(error, errno, "open folder", v->folder)
                               : read_names(v, again, &names, error);
  size_t parent_size = v->path.size;
  for (size_t i = 0; i < names.count && status == MR_OK; i++) {
    const char *name = *(char **)mri_vec_at(&names, i);
    if (parent_size > 0) mri_str_add_char(&v->path, '/');
    mri_str_add(&v->path, name);
    status = visit_entry(v, dir, name, depth, error);
    v->path.size = parent_size;
    if (v->path.data != NULL) v->path.data[parent_size] = '\0';
  }
  for (size_t i = 0; i < names.count; i++) mri_mem_free(v->mem, *(char **)mri_vec_at(&names, i));
  mri_vec_free(&names);
  return status;
}

mr_status mri_folder_visit(const mri_mem *mem, const char *folder, const mri_folder_walk *walk,
                           mr_error *error) {
  int dir = -1;
  mr_status status = mri_folder_open(folder, &dir, error);
  if (status != MR_OK) return status;
  visit v = {mem, walk, folder, {0}};
  mri_str_init(&v.path, mem);
  status = visit_folder(&v, dir, 0, error);
  mri_str_free(&v.path);
  mri_io_table()->close(dir);
  return status;
}

typedef struct folder_sum {
  const mri_folder_walk *walk;
  int64_t size;
} folder_sum;

static mr_status add_size(void *ctx, const mri_folder_file *file, mr_error *error) {
  (void)error;
  folder_sum *sum = ctx;
  struct stat facts;
  bool known = mri_io_table()->fstat_at(file->dir, file->name, &facts, AT_SYMLINK_NOFOLLOW) == 0;
  if (known && facts.st_size <= INT64_MAX - sum->size) sum->size += (int64_t)facts.st_size;
  return MR_OK;
}

static mr_status pass_other(void *ctx, const char *path, mr_error *error) {
  (void)ctx;
  (void)path;
  (void)error;
  return MR_OK;
}

static bool is_wanted(void *ctx, const char *path) {
  const folder_sum *sum = ctx;
  return sum->walk->wanted == NULL || sum->walk->wanted(sum->walk->ctx, path);
}

static mr_status pass_trouble(void *ctx, const char *path, mr_status why, const char *message,
                              mr_error *error) {
  (void)why;
  (void)message;
  return pass_other(ctx, path, error);
}

mr_status mri_folder_size(const mri_mem *mem, const char *folder, const mri_folder_walk *walk,
                          int64_t *size, mr_error *error) {
  folder_sum sum = {walk, 0};
  mri_folder_walk counting = {&sum, walk->cancel, add_size, pass_other, is_wanted, pass_trouble};
  mr_status status = mri_folder_visit(mem, folder, &counting, error);
  if (status == MR_OK) *size = sum.size;
  return status;
}
