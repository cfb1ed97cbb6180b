/* SPDX-License-Identifier: Apache-2.0 */
/* Going through all files of a folder store. */
#include "blob/blob_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

typedef struct walk walk;
typedef mr_status (*entry_fn)(walk *self, int folder, const char *name, mr_error *error);

struct walk {
  mri_blob_place *place;
  entry_fn file; /* called for what is in a shard */
  char shard[3]; /* its two digits */
  mr_status (*each)(void *ctx, const mri_digest *digest, int64_t size);
  void *ctx;
  int64_t before_us;
  bool keep; /* what would be swept */
  int64_t count;
  int64_t freed;
};

/* Calls `entry` for what is in the open folder `fd`, which it takes. */
static mr_status walk_folder(walk *self, int fd, const char *path, entry_fn entry,
                             mr_error *error) {
  mr_status status = MR_OK;
  DIR *dir = fdopendir(fd);
  if (dir == NULL) {
    status = mri_blob_place_errno(self->place, errno, "list", path, error);
    mri_io_table()->close(fd);
    return status;
  }
  while (status == MR_OK) {
    errno = 0;
    const struct dirent *found = readdir(dir);
    if (found == NULL && errno != 0)
      status = mri_blob_place_errno(self->place, errno, "list", path, error);
    if (found == NULL) break;
    status = entry(self, dirfd(dir), found->d_name, error);
  }
  closedir(dir);
  return status;
}

static mr_status walk_shard(walk *self, int blobs, const char *name, mr_error *error) {
  if (strlen(name) != 2 || strspn(name, "0123456789abcdef") != 2) return MR_OK;
  int fd = mri_open_beneath(blobs, name, O_RDONLY | O_DIRECTORY, 0);
  if (fd < 0 && errno == ENOENT) return MR_OK;
  if (fd < 0) return mri_blob_place_errno(self->place, errno, "open", name, error);
  memcpy(self->shard, name, sizeof self->shard);
  return walk_folder(self, fd, name, self->file, error);
}

static mr_status walk_all(walk *self, const char *path, entry_fn entry, mr_error *error) {
  int fd = -1;
  mr_status status = mri_blob_place_open(self->place, path, false, &fd, error);
  if (status != MR_OK || fd < 0) return status;
  return walk_folder(self, fd, path, entry, error);
}

/* The digest that the first 62 characters of a name stand for. */
static bool digest_of(const walk *self, const char *name, mri_digest *out) {
  char text[MRI_DIGEST_TEXT];
  char again[MRI_DIGEST_TEXT];
  snprintf(text, sizeof text, "%s%.62s", self->shard, name);
  if (!mri_digest_parse(text, out)) return false;
  mri_digest_text(out, again);
  return strcmp(text, again) == 0; /* upper-case digits are not ours */
}

static mr_status list_file(walk *self, int shard, const char *name, mr_error *error) {
  mri_digest digest;
  bool found = false;
  struct stat info;
  if (strlen(name) != MRI_BLOB_FILE_NAME - 1 || !digest_of(self, name, &digest)) return MR_OK;
  mr_status status = mri_blob_place_stat(self->place, shard, name, &found, &info, error);
  if (status != MR_OK || !found) return status;
  return self->each(self->ctx, &digest, (int64_t)info.st_size);
}

mr_status mri_blob_walk_list(mri_blob_place *place,
                             mr_status (*each)(void *ctx, const mri_digest *digest, int64_t size),
                             void *ctx, mr_error *error) {
  walk self = {.place = place, .file = list_file, .each = each, .ctx = ctx};
  return walk_all(&self, "blobs", walk_shard, error);
}

int64_t mri_blob_written_us(const struct stat *info) {
  return (int64_t)info->st_mtim.tv_sec * 1000000 + info->st_mtim.tv_nsec / 1000;
}

static mr_status sweep_file(walk *self, int folder, const char *name, mr_error *error) {
  bool found = false;
  struct stat info;
  mr_status status = mri_blob_place_stat(self->place, folder, name, &found, &info, error);
  if (status != MR_OK || !found) return status;
  if (mri_blob_written_us(&info) >= self->before_us) return MR_OK;
  if (self->keep || mri_io_table()->unlink_at(folder, name, 0) == 0) {
    self->count++;
    self->freed += (int64_t)info.st_size;
  } else if (errno != ENOENT) {
    status = mri_blob_place_errno(self->place, errno, "remove", name, error);
  }
  return status;
}

static mr_status sweep_leaves(walk *self, int shard, const char *name, mr_error *error) {
  const size_t digits = MRI_BLOB_FILE_NAME - 1;
  mri_digest digest;
  mri_blob_path path;
  bool found = false;
  struct stat info;
  if (strlen(name) != digits + strlen(MRI_BLOB_LEAVES_EXT)) return MR_OK;
  if (strcmp(name + digits, MRI_BLOB_LEAVES_EXT) != 0 || !digest_of(self, name, &digest))
    return MR_OK;
  mri_blob_path_of(&digest, &path);
  mr_status status = mri_blob_place_stat(self->place, shard, path.file, &found, &info, error);
  if (status != MR_OK || found) return status;
  return sweep_file(self, shard, name, error);
}

mr_status mri_blob_walk_sweep(mri_blob_place *place, int64_t before_us, bool keep, int64_t *count,
                              int64_t *size, mr_error *error) {
  walk self = {.place = place, .file = sweep_leaves, .before_us = before_us, .keep = keep};
  mr_status status = walk_all(&self, "tmp", sweep_file, error);
  if (status == MR_OK) status = walk_all(&self, "blobs", walk_shard, error);
  *count = self.count;
  *size = self.freed;
  return status;
}
