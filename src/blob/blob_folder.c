/* SPDX-License-Identifier: Apache-2.0 */
/* The content-addressed folder.
 *
 *   ROOT/blobs/ab/cdef...          the content whose digest is abcdef...: 2 and 62 hex digits
 *   ROOT/blobs/ab/cdef....leaves   for content above one leaf, the 32-byte digests of its leaves
 *   ROOT/tmp/                      files on their way in; what a crash leaves there is nobody's
 *
 * The leaf list lets an offset be verified without reading the rest. It is no authority: whoever
 * opens the blob checks it against the digest, and hashes the content where the list is missing or
 * does not fit. It is durable before the blob appears under its name. */
#include "blob/blob_place.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

typedef struct blob_folder {
  mri_blobs base;
  mri_blob_place place;
} blob_folder;

static mr_status file_size(const blob_folder *self, int shard, const char *name, bool *found,
                           int64_t *size, mr_error *error) {
  struct stat info;
  mr_status status = mri_blob_place_stat(&self->place, shard, name, found, &info, error);
  if (status == MR_OK && *found) *size = (int64_t)info.st_size;
  return status;
}

/* Puts the leaf list beside the blob unless one of the right size is there. */
static mr_status keep_leaves(blob_folder *self, int shard, const mri_blob_path *path,
                             const mri_hasher *hasher, mr_error *error) {
  size_t count = 0;
  const mri_digest *leaves = mri_hasher_leaves(hasher, &count);
  if (count == 0) return MR_OK;
  bool found = false;
  int64_t size = 0;
  mr_status status = file_size(self, shard, path->leaves, &found, &size, error);
  if (status != MR_OK || (found && size == (int64_t)(count * sizeof *leaves))) return status;
  mri_temp_file temp;
  status = mri_blob_place_temp(&self->place, &temp, error);
  if (status == MR_OK && !mri_write_full(temp.fd, leaves, count * sizeof *leaves))
    status = mri_blob_place_errno(&self->place, errno, "write", path->leaves, error);
  if (status == MR_OK)
    status = mri_blob_place_publish(&self->place, &temp, shard, path->leaves, error);
  mri_blob_place_temp_end(&temp);
  return status;
}

/* Whether the file of that size has the content of its name: what somebody damaged is replaced by
 * the good bytes in hand. */
static mr_status is_intact(blob_folder *self, int shard, const mri_blob_path *path,
                           const mri_digest *digest, bool *intact, mr_error *error) {
  int fd = -1;
  int64_t size = 0;
  mri_digest actual;
  *intact = false;
  mr_status status = mri_blob_open_regular(shard, path->file, &fd, &size, error);
  if (status != MR_OK) return status;
  mri_hasher *hasher = mri_hasher_new(self->base.mem);
  mri_blob_file_source source = {fd, 0, path->file, NULL};
  status = hasher == NULL ? mri_error_no_memory(error)
                          : mri_blob_pump(self->base.mem, mri_blob_read_source, &source, hasher,
                                          NULL, NULL, error);
  if (status == MR_OK) {
    mri_hasher_final(hasher, &actual);
    *intact = mri_digest_equal(&actual, digest);
  }
  mri_hasher_free(hasher);
  mri_io_table()->close(fd);
  return status;
}

/* In an open shard: whether the blob is there, whole, and durable from now on. */
static mr_status have_in(blob_folder *self, int shard, const mri_blob_path *path,
                         const mri_hasher *hasher, const mri_digest *digest, bool *found,
                         mr_error *error) {
  int64_t size = 0;
  bool there = false;
  *found = false;
  mr_status status = file_size(self, shard, path->file, &there, &size, error);
  if (status != MR_OK || !there || size != mri_hasher_size(hasher)) return status;
  status = is_intact(self, shard, path, digest, &there, error);
  if (status != MR_OK || !there) return status;
  status = keep_leaves(self, shard, path, hasher, error);
  /* Whoever renamed it into place may not have come to the fsync of the folder yet. */
  if (status == MR_OK && !mri_fsync_dir(shard))
    status = mri_blob_place_errno(&self->place, errno, "fsync", path->shard, error);
  if (status == MR_OK) status = mri_blob_place_settle(&self->place, path, error);
  *found = status == MR_OK;
  return status;
}

static mr_status folder_have(mri_blobs *blobs, const mri_hasher *hasher, const mri_digest *digest,
                             bool *found, mr_error *error) {
  blob_folder *self = (blob_folder *)blobs;
  mri_blob_path path;
  int shard = -1;
  *found = false;
  mri_blob_path_of(digest, &path);
  mr_status status = mri_blob_place_open(&self->place, path.shard, false, &shard, error);
  if (status != MR_OK || shard < 0) return status;
  status = have_in(self, shard, &path, hasher, digest, found, error);
  mri_io_table()->close(shard);
  return status;
}

/* The content is in `temp`: gives it its name, unless it is there already. */
static mr_status publish(blob_folder *self, mri_temp_file *temp, const mri_hasher *hasher,
                         const mri_digest *digest, mr_error *error) {
  mri_blob_path path;
  int shard = -1;
  bool found = false;
  mri_blob_path_of(digest, &path);
  mr_status status = mri_blob_place_open(&self->place, path.shard, true, &shard, error);
  if (status != MR_OK) return status;
  status = have_in(self, shard, &path, hasher, digest, &found, error);
  if (status == MR_OK && !found) {
    status = keep_leaves(self, shard, &path, hasher, error);
    if (status == MR_OK) status = mri_blob_place_settle(&self->place, &path, error);
    if (status == MR_OK)
      status = mri_blob_place_publish(&self->place, temp, shard, path.file, error);
  }
  mri_io_table()->close(shard);
  return status;
}

typedef struct temp_sink {
  const blob_folder *self;
  int fd;
} temp_sink;

static mr_status write_temp(void *ctx, const uint8_t *bytes, size_t size, mr_error *error) {
  const temp_sink *sink = ctx;
  if (mri_write_full(sink->fd, bytes, size)) return MR_OK;
  return mri_blob_place_errno(&sink->self->place, errno, "write", "a temporary file", error);
}

static mr_status folder_put(mri_blobs *blobs, mri_blob_source source, void *ctx,
                            const mri_digest *expected, mri_digest *digest, int64_t *size,
                            mr_error *error) {
  blob_folder *self = (blob_folder *)blobs;
  mri_temp_file temp;
  mri_hasher *hasher = mri_hasher_new(blobs->mem);
  if (hasher == NULL) return mri_error_no_memory(error);
  mr_status status = mri_blob_place_temp(&self->place, &temp, error);
  if (status == MR_OK) {
    temp_sink sink = {self, temp.fd};
    status = mri_blob_pump(blobs->mem, source, ctx, hasher, write_temp, &sink, error);
  }
  if (status == MR_OK) {
    mri_hasher_final(hasher, digest);
    *size = mri_hasher_size(hasher);
    status = mri_blob_check_expected(expected, digest, error);
  }
  if (status == MR_OK) status = publish(self, &temp, hasher, digest, error);
  mri_blob_place_temp_end(&temp);
  mri_hasher_free(hasher);
  return status;
}

static mr_status folder_stat(mri_blobs *blobs, const mri_digest *digest, bool *found, int64_t *size,
                             mr_error *error) {
  blob_folder *self = (blob_folder *)blobs;
  mri_blob_path path;
  int shard = -1;
  *found = false;
  mri_blob_path_of(digest, &path);
  mr_status status = mri_blob_place_open(&self->place, path.shard, false, &shard, error);
  if (status != MR_OK || shard < 0) return status;
  status = file_size(self, shard, path.file, found, size, error);
  mri_io_table()->close(shard);
  return status;
}

static mr_status folder_written(mri_blobs *blobs, const mri_digest *digest, bool *found,
                                int64_t *written_us, mr_error *error) {
  blob_folder *self = (blob_folder *)blobs;
  mri_blob_path path;
  struct stat info;
  int shard = -1;
  *found = false;
  mri_blob_path_of(digest, &path);
  mr_status status = mri_blob_place_open(&self->place, path.shard, false, &shard, error);
  if (status != MR_OK || shard < 0) return status;
  status = mri_blob_place_stat(&self->place, shard, path.file, found, &info, error);
  if (status == MR_OK && *found) *written_us = mri_blob_written_us(&info);
  mri_io_table()->close(shard);
  return status;
}

static mr_status not_found(const blob_folder *self, const mri_digest *digest, mr_error *error) {
  char text[MRI_DIGEST_TEXT];
  mri_digest_text(digest, text);
  return mri_error_set(error, MR_NOT_FOUND, "blob %s is not in the blob store %s", text,
                       self->place.root);
}

static mr_status folder_remove(mri_blobs *blobs, const mri_digest *digest, mr_error *error) {
  blob_folder *self = (blob_folder *)blobs;
  const mri_io *io = mri_io_table();
  mri_blob_path path;
  int shard = -1;
  mri_blob_path_of(digest, &path);
  mr_status status = mri_blob_place_open(&self->place, path.shard, false, &shard, error);
  if (status != MR_OK) return status;
  if (shard < 0) return not_found(self, digest, error);
  /* The leaf list first: a crash between the two leaves a blob that can be removed again. */
  if (io->unlink_at(shard, path.leaves, 0) != 0 && errno != ENOENT) {
    status = mri_blob_place_errno(&self->place, errno, "remove", path.leaves, error);
  } else if (io->unlink_at(shard, path.file, 0) != 0) {
    status = errno == ENOENT
                 ? not_found(self, digest, error)
                 : mri_blob_place_errno(&self->place, errno, "remove", path.file, error);
  }
  io->close(shard);
  return status;
}

static mr_status folder_list(mri_blobs *blobs,
                             mr_status (*each)(void *ctx, const mri_digest *digest, int64_t size),
                             void *ctx, mr_error *error) {
  return mri_blob_walk_list(&((blob_folder *)blobs)->place, each, ctx, error);
}

static mr_status folder_sweep(mri_blobs *blobs, int64_t before_us, bool keep, int64_t *count,
                              int64_t *size, mr_error *error) {
  return mri_blob_walk_sweep(&((blob_folder *)blobs)->place, before_us, keep, count, size, error);
}

/* The leaf list, when it is there and is the one of the digest; *out NULL otherwise. */
static mr_status read_leaves(const blob_folder *self, int shard, const mri_blob_path *path,
                             const mri_digest *digest, int64_t size, mri_digest **out,
                             mr_error *error) {
  const mri_io *io = mri_io_table();
  size_t count = (size_t)mri_blob_leaf_count(size);
  *out = NULL;
  if (count == 0) return MR_OK;
  int fd = mri_open_beneath(shard, path->leaves, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
  if (fd < 0) return MR_OK;
  mri_digest *leaves = mri_mem_zalloc(self->base.mem, count, sizeof *leaves);
  mri_digest root;
  size_t got = 0;
  mr_status status = MR_OK;
  if (leaves == NULL) {
    status = mri_error_no_memory(error);
  } else if (mri_pread_full(fd, leaves, count * sizeof *leaves, 0, &got) &&
             got == count * sizeof *leaves) {
    mri_tree_root(size, leaves, count, &root);
    if (mri_digest_equal(&root, digest)) {
      *out = leaves;
      leaves = NULL;
    }
  }
  mri_mem_free(self->base.mem, leaves);
  io->close(fd);
  return status;
}

static mr_status open_in(blob_folder *self, int shard, const mri_blob_path *path,
                         const mri_digest *digest, int64_t size, mri_blob **out, mr_error *error) {
  const mri_io *io = mri_io_table();
  char text[MRI_DIGEST_TEXT];
  mri_digest_text(digest, text);
  int fd = mri_open_beneath(shard, path->file, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
  if (fd < 0 && errno == ENOENT) return not_found(self, digest, error);
  if (fd < 0) return mri_blob_place_errno(&self->place, errno, "open", path->file, error);
  struct stat info;
  mr_status status = MR_OK;
  if (io->fstat(fd, &info) != 0) {
    status = mri_blob_place_errno(&self->place, errno, "stat", path->file, error);
  } else if (!S_ISREG(info.st_mode) || (int64_t)info.st_size != size) {
    status = mri_error_set(error, MR_TAMPERED,
                           "blob %s has %lld bytes instead of %lld; restore it from a good copy",
                           text, (long long)info.st_size, (long long)size);
  }
  mri_digest *leaves = NULL;
  if (status == MR_OK) status = read_leaves(self, shard, path, digest, size, &leaves, error);
  if (status != MR_OK) {
    io->close(fd);
    return status;
  }
  return mri_blob_new_file(self->base.mem, fd, "blob", text, digest, size, leaves, NULL, out,
                           error);
}

static mr_status folder_open(mri_blobs *blobs, const mri_digest *digest, int64_t size,
                             mri_blob **out, mr_error *error) {
  blob_folder *self = (blob_folder *)blobs;
  mri_blob_path path;
  int shard = -1;
  mri_blob_path_of(digest, &path);
  mr_status status = mri_blob_place_open(&self->place, path.shard, false, &shard, error);
  if (status != MR_OK) return status;
  if (shard < 0) return not_found(self, digest, error);
  status = open_in(self, shard, &path, digest, size, out, error);
  mri_io_table()->close(shard);
  return status;
}

static void folder_close(mri_blobs *blobs) {
  blob_folder *self = (blob_folder *)blobs;
  mri_blob_place_destroy(&self->place);
  mri_mem_free(blobs->mem, self);
}

static const mri_blobs_driver folder_driver = {
    .put = folder_put,
    .have = folder_have,
    .stat = folder_stat,
    .written = folder_written,
    .remove = folder_remove,
    .list = folder_list,
    .sweep = folder_sweep,
    .open = folder_open,
    .close = folder_close,
};

mr_status mri_blobs_open_folder(const mri_mem *mem, const char *root, uint32_t file_mode,
                                bool read_only, mri_blobs **out, mr_error *error) {
  assert(mem != NULL && root != NULL && out != NULL);
  blob_folder *self = mri_mem_zalloc(mem, 1, sizeof *self);
  if (self == NULL) return mri_error_no_memory(error);
  self->base = (mri_blobs){&folder_driver, mem, read_only};
  mr_status status = mri_blob_place_init(&self->place, mem, root, file_mode, error);
  if (status != MR_OK) {
    mri_mem_free(mem, self);
    return status;
  }
  *out = &self->base;
  return MR_OK;
}
