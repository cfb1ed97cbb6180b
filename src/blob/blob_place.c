/* SPDX-License-Identifier: Apache-2.0 */
#include "blob/blob_place.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

mode_t mri_blob_folder_mode(uint32_t file_mode) {
  return (mode_t)((file_mode | ((file_mode & 0444u) >> 2) | 0700u) & 0777u);
}

mr_status mri_blob_place_init(mri_blob_place *place, const mri_mem *mem, const char *root,
                              uint32_t file_mode, mr_error *error) {
  *place = (mri_blob_place){.mem = mem, .anchor = AT_FDCWD, .root_fd = -1};
  place->file_mode = (mode_t)(file_mode & 0777u);
  place->folder_mode = mri_blob_folder_mode(file_mode);
  if (root[0] == '\0')
    return mri_error_set(error, MR_INVALID_ARGUMENT, "the folder of a blob store has no name");
  place->root = mri_mem_strdup(mem, root);
  if (place->root == NULL) return mri_error_no_memory(error);
  mr_status status = MR_OK;
  if (root[0] != '/') {
    place->anchor = mri_io_table()->open_at(AT_FDCWD, ".", OPEN_DIR, 0);
    if (place->anchor < 0)
      status = mri_error_errno(error, errno, "open the working folder for", root);
  }
  if (status == MR_OK && pthread_mutex_init(&place->lock, NULL) != 0)
    status = mri_error_no_memory(error);
  if (status != MR_OK) {
    if (place->anchor >= 0) mri_io_table()->close(place->anchor);
    mri_mem_free(mem, place->root);
  }
  return status;
}

void mri_blob_place_destroy(mri_blob_place *place) {
  if (place->root_fd >= 0) mri_io_table()->close(place->root_fd);
  if (place->anchor >= 0) mri_io_table()->close(place->anchor);
  pthread_mutex_destroy(&place->lock);
  mri_mem_free(place->mem, place->root);
}

void mri_blob_path_of(const mri_digest *digest, mri_blob_path *out) {
  char text[MRI_DIGEST_TEXT];
  mri_digest_text(digest, text);
  out->index = digest->bytes[0];
  snprintf(out->shard, sizeof out->shard, "blobs/%.2s", text);
  snprintf(out->file, sizeof out->file, "%.62s", text + 2);
  snprintf(out->leaves, sizeof out->leaves, "%.62s" MRI_BLOB_LEAVES_EXT, text + 2);
}

mr_status mri_blob_place_errno(const mri_blob_place *place, int errno_value, const char *action,
                               const char *path, mr_error *error) {
  if (errno_value == ELOOP || errno_value == ENOTDIR || errno_value == EXDEV)
    return mri_error_set_code(error, MR_TAMPERED, errno_value,
                              "blob store %s: %s leads through a symlink or a file, which the "
                              "library never puts there; remove it",
                              place->root, path);
  mr_status status = mri_error_errno(error, errno_value, action, path);
  return mri_error_prefix(error, status, "blob store %s", place->root);
}

static bool sync_folder(int anchor, const char *path) {
  int fd = mri_io_table()->open_at(anchor, path, OPEN_DIR, 0);
  if (fd < 0) return false;
  bool done = mri_fsync_dir(fd);
  int code = errno;
  mri_io_table()->close(fd);
  errno = code;
  return done;
}

/* Makes the folder `path` (its parent exists) and its name durable; one that is there is fine. */
static bool make_one(int anchor, char *path, mode_t mode) {
  const mri_io *io = mri_io_table();
  struct stat info;
  if (io->fstat_at(anchor, path, &info, 0) == 0) return true;
  if (errno != ENOENT) return false;
  if (io->mkdir_at(anchor, path, mode) != 0 && errno != EEXIST) return false;
  char *slash = strrchr(path, '/');
  if (slash == NULL) return sync_folder(anchor, ".");
  if (slash == path) return sync_folder(anchor, "/");
  *slash = '\0';
  bool done = sync_folder(anchor, path);
  *slash = '/';
  return done;
}

/* The user's path to the root may lead through symlinks; below the root none is followed. */
static mr_status make_root(const mri_blob_place *place, mr_error *error) {
  char *path = mri_mem_strdup(place->mem, place->root);
  if (path == NULL) return mri_error_no_memory(error);
  for (size_t end = strlen(path); end > 1 && path[end - 1] == '/'; end--) path[end - 1] = '\0';
  bool done = true;
  for (char *end = strchr(path + 1, '/'); done && end != NULL; end = strchr(end + 1, '/')) {
    *end = '\0';
    done = make_one(place->anchor, path, place->folder_mode);
    *end = '/';
  }
  done = done && make_one(place->anchor, path, place->folder_mode);
  mr_status status = MR_OK;
  if (!done) status = mri_error_errno(error, errno, "make the folder", place->root);
  mri_mem_free(place->mem, path);
  return status;
}

/* The root's descriptor, which the place keeps; -1 when it is not there and not to be made. */
static mr_status open_root(mri_blob_place *place, bool create, int *out_fd, mr_error *error) {
  const mri_io *io = mri_io_table();
  mr_status status = MR_OK;
  pthread_mutex_lock(&place->lock);
  int fd = place->root_fd;
  if (fd < 0) fd = io->open_at(place->anchor, place->root, OPEN_DIR, 0);
  if (fd < 0 && errno == ENOENT && create) {
    status = make_root(place, error);
    if (status == MR_OK) fd = io->open_at(place->anchor, place->root, OPEN_DIR, 0);
  }
  if (status == MR_OK && fd < 0 && (create || errno != ENOENT))
    status = mri_error_errno(error, errno, "open the blob store", place->root);
  place->root_fd = fd;
  *out_fd = fd;
  pthread_mutex_unlock(&place->lock);
  return status;
}

mr_status mri_blob_place_open(mri_blob_place *place, const char *path, bool create, int *out_fd,
                              mr_error *error) {
  int root = -1;
  *out_fd = -1;
  mr_status status = open_root(place, create, &root, error);
  if (status != MR_OK || root < 0) return status;
  int fd = mri_open_beneath(root, path, OPEN_DIR, 0);
  if (fd < 0 && errno != ENOENT) return mri_blob_place_errno(place, errno, "open", path, error);
  if (fd < 0 && create) {
    status = mri_mkdirs_beneath(root, path, place->folder_mode, false, &fd, error);
    if (status != MR_OK) return mri_error_prefix(error, status, "blob store %s", place->root);
  }
  *out_fd = fd;
  return MR_OK;
}

mr_status mri_blob_place_settle(mri_blob_place *place, const mri_blob_path *path, mr_error *error) {
  pthread_mutex_lock(&place->lock);
  bool durable = place->durable[path->index];
  int root = place->root_fd;
  pthread_mutex_unlock(&place->lock);
  if (durable) return MR_OK;
  assert(root >= 0);
  int blobs = mri_open_beneath(root, "blobs", OPEN_DIR, 0);
  bool done = blobs >= 0 && mri_fsync_dir(blobs) && mri_fsync_dir(root);
  int code = errno;
  if (blobs >= 0) mri_io_table()->close(blobs);
  if (!done) return mri_blob_place_errno(place, code, "fsync", "blobs", error);
  pthread_mutex_lock(&place->lock);
  place->durable[path->index] = true;
  pthread_mutex_unlock(&place->lock);
  return MR_OK;
}

mr_status mri_blob_place_stat(const mri_blob_place *place, int folder, const char *name,
                              bool *found, struct stat *info, mr_error *error) {
  *found = false;
  if (mri_io_table()->fstat_at(folder, name, info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return MR_OK;
    return mri_blob_place_errno(place, errno, "stat", name, error);
  }
  *found = S_ISREG(info->st_mode);
  return MR_OK;
}

mr_status mri_blob_place_temp(mri_blob_place *place, mri_temp_file *temp, mr_error *error) {
  *temp = (mri_temp_file){.fd = -1, .dir = -1};
  int folder = -1;
  mr_status status = mri_blob_place_open(place, "tmp", true, &folder, error);
  if (status != MR_OK) return status;
  status = mri_temp_file_open(temp, folder, place->file_mode, error);
  temp->dir = folder;
  if (status != MR_OK) return mri_error_prefix(error, status, "blob store %s", place->root);
  return MR_OK;
}

void mri_blob_place_temp_end(mri_temp_file *temp) {
  mri_temp_file_discard(temp);
  if (temp->dir >= 0) mri_io_table()->close(temp->dir);
  temp->dir = -1;
}

mr_status mri_blob_place_publish(const mri_blob_place *place, mri_temp_file *temp, int folder,
                                 const char *name, mr_error *error) {
  mr_status status = mri_temp_file_publish(temp, folder, name, error);
  if (status == MR_OK) return MR_OK;
  return mri_error_prefix(error, status, "blob store %s", place->root);
}
