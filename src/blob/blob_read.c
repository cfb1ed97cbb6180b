/* SPDX-License-Identifier: Apache-2.0 */
/* Verified reading: bytes are checked in memory that only this process has, and it is these bytes
 * that are handed out, so that nobody can change them between check and use. */
#include "base/cancel_token.h"
#include "base/os_file.h"
#include "base/text.h"
#include "blob/blob_driver.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define NO_LEAF ((size_t)-1)

struct mri_blob {
  const mri_mem *mem;
  char *name; /* for messages */
  mri_digest digest;
  int64_t size;
  int fd;              /* -1: everything is in `data` */
  mri_digest *leaves;  /* NULL for content of one leaf, whose digest is the blob's own */
  uint8_t *buffer;     /* one verified leaf */
  size_t buffered;     /* its index, or NO_LEAF */
  const uint8_t *data; /* all bytes, verified; NULL until mapped */
  uint8_t *copy;       /* what `data` points to, when it is the blob's own */
  void (*release)(void *ctx);
  void *release_ctx;
};

int64_t mri_blob_leaf_count(int64_t size) {
  int64_t leaf = (int64_t)MRI_LEAF_BYTES;
  return size <= leaf ? 0 : size / leaf + (size % leaf != 0);
}

static size_t leaf_length(const mri_blob *blob, size_t index) {
  int64_t left = blob->size - (int64_t)index * (int64_t)MRI_LEAF_BYTES;
  return left < (int64_t)MRI_LEAF_BYTES ? (size_t)left : MRI_LEAF_BYTES;
}

/* A part of the content in memory: false for what does not fit a 32-bit address space. */
static bool fits_memory(int64_t size) {
  return (uint64_t)size <= SIZE_MAX / 2;
}

static mr_status tampered(const mri_blob *blob, size_t index, mr_error *error) {
  return mri_error_set(error, MR_TAMPERED,
                       "%s does not match its digest in the MiB at offset %lld; restore it from a "
                       "good copy",
                       blob->name, (long long)((int64_t)index * (int64_t)MRI_LEAF_BYTES));
}

/* Reads leaf `index` to `into` and verifies it there; nothing unverified stays behind. */
static mr_status load_leaf(const mri_blob *blob, size_t index, uint8_t *into, mr_error *error) {
  size_t length = leaf_length(blob, index);
  size_t got = 0;
  if (!mri_pread_full(blob->fd, into, length, (int64_t)index * (int64_t)MRI_LEAF_BYTES, &got)) {
    mr_status status = mri_error_errno(error, errno, "read", blob->name);
    memset(into, 0, length);
    return status;
  }
  mri_digest actual;
  const mri_digest *expected = blob->leaves != NULL ? &blob->leaves[index] : &blob->digest;
  if (got == length) mri_blake2b(into, length, &actual);
  if (got != length || !mri_digest_equal(&actual, expected)) {
    memset(into, 0, length);
    return tampered(blob, index, error);
  }
  return MR_OK;
}

/* The leaves of a file that comes without a list of them: hashed once, checked as a whole. */
static mr_status hash_leaves(mri_blob *blob, const mr_cancel *cancel, mr_error *error) {
  mri_hasher *hasher = mri_hasher_new(blob->mem);
  if (hasher == NULL) return mri_error_no_memory(error);
  mri_blob_file_source source = {blob->fd, 0, blob->name, cancel};
  mr_status status =
      mri_blob_pump(blob->mem, mri_blob_read_source, &source, hasher, NULL, NULL, error);
  if (status == MR_OK) {
    mri_digest actual;
    size_t count = 0;
    mri_hasher_final(hasher, &actual);
    const mri_digest *leaves = mri_hasher_leaves(hasher, &count);
    if (mri_hasher_size(hasher) != blob->size || !mri_digest_equal(&actual, &blob->digest)) {
      status =
          mri_error_set(error, MR_TAMPERED,
                        "%s does not match its digest; restore it from a good copy", blob->name);
    } else {
      assert(count == (size_t)mri_blob_leaf_count(blob->size));
      blob->leaves = mri_mem_alloc(blob->mem, count * sizeof(mri_digest));
      if (blob->leaves == NULL) {
        status = mri_error_no_memory(error);
      } else {
        memcpy(blob->leaves, leaves, count * sizeof(mri_digest));
      }
    }
  }
  mri_hasher_free(hasher);
  return status;
}

static mri_blob *blob_new(const mri_mem *mem, const char *kind, const char *name,
                          const mri_digest *digest, int64_t size) {
  size_t kind_length = strlen(kind);
  size_t name_length = strlen(name);
  mri_blob *blob = mri_mem_zalloc(mem, 1, sizeof *blob);
  char *full = mri_mem_alloc(mem, kind_length + name_length + 2);
  if (blob == NULL || full == NULL) {
    mri_mem_free(mem, full);
    mri_mem_free(mem, blob);
    return NULL;
  }
  memcpy(full, kind, kind_length);
  full[kind_length] = ' ';
  memcpy(full + kind_length + 1, name, name_length + 1);
  blob->mem = mem;
  blob->name = full;
  blob->digest = *digest;
  blob->size = size;
  blob->fd = -1;
  blob->buffered = NO_LEAF;
  return blob;
}

mr_status mri_blob_new_file(const mri_mem *mem, int fd, const char *kind, const char *name,
                            const mri_digest *digest, int64_t size, mri_digest *leaves,
                            const mr_cancel *cancel, mri_blob **out, mr_error *error) {
  mri_blob *blob = blob_new(mem, kind, name, digest, size);
  if (blob == NULL) {
    mri_io_table()->close(fd);
    mri_mem_free(mem, leaves);
    return mri_error_no_memory(error);
  }
  blob->fd = fd;
  blob->leaves = leaves;
  mr_status status = MR_OK;
  if (leaves == NULL && mri_blob_leaf_count(size) > 0) {
    status = hash_leaves(blob, cancel, error);
  } else if (size == 0) {
    /* No read will ever look at the digest of nothing. */
    uint8_t nothing = 0;
    status = load_leaf(blob, 0, &nothing, error);
  }
  if (status != MR_OK) {
    mri_blob_close(blob);
    return status;
  }
  *out = blob;
  return MR_OK;
}

mr_status mri_blob_new_memory(const mri_mem *mem, const uint8_t *data, const mri_digest *digest,
                              int64_t size, void (*release)(void *ctx), void *ctx, mri_blob **out,
                              mr_error *error) {
  char text[MRI_DIGEST_TEXT];
  mri_digest_text(digest, text);
  mri_blob *blob = blob_new(mem, "blob", text, digest, size);
  if (blob == NULL) return mri_error_no_memory(error);
  blob->data = data;
  blob->release = release;
  blob->release_ctx = ctx;
  *out = blob;
  return MR_OK;
}

mr_status mri_blob_open_file(const mri_mem *mem, int dir, const char *path,
                             const mri_digest *digest, int64_t size, const mr_cancel *cancel,
                             mri_blob **out, mr_error *error) {
  assert(mem != NULL && path != NULL && digest != NULL && out != NULL);
  int fd = -1;
  int64_t length = 0;
  mr_status status = mri_blob_open_regular(dir, path, &fd, &length, error);
  if (status != MR_OK) return status;
  if (length != size) {
    mri_io_table()->close(fd);
    return mri_error_set(error, MR_TAMPERED,
                         "file %s has %lld bytes instead of %lld; restore it from a good copy",
                         path, (long long)length, (long long)size);
  }
  return mri_blob_new_file(mem, fd, "file", path, digest, size, NULL, cancel, out, error);
}

int64_t mri_blob_size(const mri_blob *blob) {
  return blob->size;
}

/* Copies `take` bytes from `skip` on of leaf `index`. */
static mr_status read_leaf(mri_blob *blob, size_t index, size_t skip, uint8_t *to, size_t take,
                           mr_error *error) {
  if (blob->data != NULL) {
    memcpy(to, blob->data + index * MRI_LEAF_BYTES + skip, take);
    return MR_OK;
  }
  size_t length = leaf_length(blob, index);
  if (blob->buffered != index) {
    /* A whole leaf is verified in the caller's memory, which is as private as ours. */
    if (skip == 0 && take == length) return load_leaf(blob, index, to, error);
    if (blob->buffer == NULL) blob->buffer = mri_mem_alloc(blob->mem, leaf_length(blob, 0));
    if (blob->buffer == NULL) return mri_error_no_memory(error);
    blob->buffered = NO_LEAF;
    mr_status status = load_leaf(blob, index, blob->buffer, error);
    if (status != MR_OK) return status;
    blob->buffered = index;
  }
  memcpy(to, blob->buffer + skip, take);
  return MR_OK;
}

mr_status mri_blob_read(mri_blob *blob, int64_t offset, void *buffer, size_t size, size_t *got,
                        mr_error *error) {
  assert(blob != NULL && got != NULL && (buffer != NULL || size == 0));
  if (offset < 0)
    return mri_error_set(error, MR_INVALID_ARGUMENT, "offset %lld is negative", (long long)offset);
  size_t total = 0;
  if (offset < blob->size) {
    uint64_t left = (uint64_t)(blob->size - offset);
    total = left < size ? (size_t)left : size;
  }
  uint8_t *to = buffer;
  for (size_t done = 0; done < total;) {
    int64_t at = offset + (int64_t)done;
    size_t index = (size_t)(at / (int64_t)MRI_LEAF_BYTES);
    size_t skip = (size_t)(at % (int64_t)MRI_LEAF_BYTES);
    size_t take = leaf_length(blob, index) - skip;
    if (take > total - done) take = total - done;
    mr_status status = read_leaf(blob, index, skip, to + done, take, error);
    if (status != MR_OK) return status;
    done += take;
  }
  *got = total;
  return MR_OK;
}

mr_status mri_blob_map(mri_blob *blob, const uint8_t **data, mr_error *error) {
  assert(blob != NULL && data != NULL);
  if (blob->data == NULL) {
    if (!fits_memory(blob->size))
      return mri_error_set(error, MR_LIMIT, "%s is too large to be mapped; read it in parts",
                           blob->name);
    uint8_t *copy = mri_mem_alloc(blob->mem, (size_t)blob->size);
    if (copy == NULL) return mri_error_no_memory(error);
    size_t got = 0;
    mr_status status = mri_blob_read(blob, 0, copy, (size_t)blob->size, &got, error);
    if (status != MR_OK) {
      mri_mem_free(blob->mem, copy);
      return status;
    }
    blob->copy = copy;
    blob->data = copy;
  }
  *data = blob->data;
  return MR_OK;
}

/* Opens the folder that `path` lies in below `dir` and finds the last part of the path. */
static mr_status open_parent(const mri_mem *mem, int dir, const char *path, mode_t mode,
                             int *out_fd, const char **name, mr_error *error) {
  const char *slash = strrchr(path, '/');
  if (slash == NULL) {
    *name = path;
    *out_fd = mri_io_table()->open_at(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    return *out_fd < 0 ? mri_error_errno(error, errno, "open the folder of", path) : MR_OK;
  }
  *name = slash + 1;
  char *folder = mri_mem_strndup(mem, path, (size_t)(slash - path));
  if (folder == NULL) return mri_error_no_memory(error);
  mr_status status = mri_mkdirs_beneath(dir, folder, mode, true, out_fd, error);
  mri_mem_free(mem, folder);
  return status;
}

static mr_status write_content(mri_blob *blob, int fd, const mr_cancel *cancel, mr_error *error) {
  size_t room = leaf_length(blob, 0);
  uint8_t *buffer = mri_mem_alloc(blob->mem, room);
  if (buffer == NULL) return mri_error_no_memory(error);
  mr_status status = MR_OK;
  for (int64_t offset = 0; status == MR_OK && offset < blob->size;) {
    size_t got = 0;
    status = mri_check_cancel(cancel, error);
    if (status == MR_OK) status = mri_blob_read(blob, offset, buffer, room, &got, error);
    if (status == MR_OK && !mri_write_full(fd, buffer, got))
      status = mri_error_errno(error, errno, "write a copy of", blob->name);
    if (status == MR_OK) mri_cancel_add_done(cancel, (int64_t)got);
    offset += (int64_t)got;
  }
  mri_mem_free(blob->mem, buffer);
  return status;
}

mr_status mri_blob_copy_to(mri_blob *blob, int dir, const char *path, uint32_t mode,
                           const mr_cancel *cancel, mr_error *error) {
  assert(blob != NULL && path != NULL);
  mr_status status = mri_check_path(path, "path", error);
  if (status != MR_OK) return status;
  int folder = -1;
  const char *name = NULL;
  status = open_parent(blob->mem, dir, path, mri_blob_folder_mode(mode), &folder, &name, error);
  if (status != MR_OK) return status;
  mri_temp_file temp = {.fd = -1};
  status = mri_temp_file_open(&temp, folder, (mode_t)mode, error);
  if (status == MR_OK) {
    status = write_content(blob, temp.fd, cancel, error);
    if (status == MR_OK) status = mri_temp_file_publish(&temp, folder, name, error);
    mri_temp_file_discard(&temp);
  }
  mri_io_table()->close(folder);
  return status;
}

void mri_blob_close(mri_blob *blob) {
  if (blob == NULL) return;
  if (blob->release != NULL) blob->release(blob->release_ctx);
  if (blob->fd >= 0) mri_io_table()->close(blob->fd);
  mri_mem_free(blob->mem, blob->copy);
  mri_mem_free(blob->mem, blob->buffer);
  mri_mem_free(blob->mem, blob->leaves);
  mri_mem_free(blob->mem, blob->name);
  mri_mem_free(blob->mem, blob);
}
