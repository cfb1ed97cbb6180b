/* SPDX-License-Identifier: Apache-2.0 */
/* The blob store seam: what all kinds of store share, and the dispatch to them. */
#include "blob/blob_store.h"

#include "base/cancel_token.h"
#include "base/os_file.h"
#include "blob/blob_driver.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define PUMP_BYTES ((size_t)256 * 1024)

mr_status mri_blob_pump(const mri_mem *mem, mri_blob_source source, void *source_ctx,
                        mri_hasher *hasher, mri_blob_sink sink, void *sink_ctx, mr_error *error) {
  uint8_t *buffer = mri_mem_alloc(mem, PUMP_BYTES);
  if (buffer == NULL) return mri_error_no_memory(error);
  mr_status status = MR_OK;
  for (;;) {
    size_t got = 0;
    status = source(source_ctx, buffer, PUMP_BYTES, &got, error);
    if (status != MR_OK || got == 0) break;
    assert(got <= PUMP_BYTES);
    if (!mri_hasher_update(hasher, buffer, got)) {
      status = mri_error_no_memory(error);
      break;
    }
    if (sink != NULL) status = sink(sink_ctx, buffer, got, error);
    if (status != MR_OK) break;
  }
  mri_mem_free(mem, buffer);
  return status;
}

mr_status mri_blob_check_expected(const mri_digest *expected, const mri_digest *digest,
                                  mr_error *error) {
  if (expected == NULL || mri_digest_equal(expected, digest)) return MR_OK;
  char want[MRI_DIGEST_TEXT];
  char have[MRI_DIGEST_TEXT];
  mri_digest_text(expected, want);
  mri_digest_text(digest, have);
  return mri_error_set(error, MR_TAMPERED,
                       "content has digest %s instead of the expected %s; nothing was stored", have,
                       want);
}

mr_status mri_blob_read_source(void *ctx, uint8_t *buffer, size_t size, size_t *got,
                               mr_error *error) {
  mri_blob_file_source *file = ctx;
  mr_status status = mri_check_cancel(file->cancel, error);
  if (status != MR_OK) return status;
  if (!mri_pread_full(file->fd, buffer, size, file->offset, got))
    return mri_error_errno(error, errno, "read", file->path);
  file->offset += (int64_t)*got;
  mri_cancel_add_done(file->cancel, (int64_t)*got);
  return MR_OK;
}

mr_status mri_blob_open_regular(int dir, const char *path, int *out_fd, int64_t *size,
                                mr_error *error) {
  const mri_io *io = mri_io_table();
  int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  if (dir != AT_FDCWD) flags |= O_NOFOLLOW;
  int fd = io->open_at(dir, path, flags, 0);
  if (fd < 0) return mri_error_errno(error, errno, "open", path);
  struct stat info;
  mr_status status = MR_OK;
  if (io->fstat(fd, &info) != 0) {
    status = mri_error_errno(error, errno, "stat", path);
  } else if (!S_ISREG(info.st_mode)) {
    status = mri_error_set(error, MR_INVALID_ARGUMENT,
                           "%s is not a regular file; only the bytes of files can be stored", path);
  }
  if (status != MR_OK) {
    io->close(fd);
    return status;
  }
  *out_fd = fd;
  *size = (int64_t)info.st_size;
  return MR_OK;
}

static mr_status check_writable(const mri_blobs *blobs, mr_error *error) {
  if (!blobs->read_only) return MR_OK;
  return mri_error_set(error, MR_READ_ONLY, "the blob store is open read-only");
}

mr_status mri_blobs_put(mri_blobs *blobs, mri_blob_source source, void *ctx,
                        const mri_digest *expected, mri_digest *digest, int64_t *size,
                        mr_error *error) {
  assert(blobs != NULL && source != NULL);
  mri_digest actual;
  int64_t length = 0;
  mr_status status = check_writable(blobs, error);
  if (status != MR_OK) return status;
  status = blobs->driver->put(blobs, source, ctx, expected, &actual, &length, error);
  if (status != MR_OK) return status;
  if (digest != NULL) *digest = actual;
  if (size != NULL) *size = length;
  return MR_OK;
}

typedef struct bytes_source {
  const uint8_t *bytes;
  size_t left;
} bytes_source;

static mr_status read_bytes(void *ctx, uint8_t *buffer, size_t size, size_t *got, mr_error *error) {
  (void)error;
  bytes_source *source = ctx;
  size_t take = source->left < size ? source->left : size;
  if (take > 0) {
    memcpy(buffer, source->bytes, take);
    source->bytes += take;
    source->left -= take;
  }
  *got = take;
  return MR_OK;
}

mr_status mri_blobs_put_bytes(mri_blobs *blobs, const void *bytes, size_t size, mri_digest *digest,
                              mr_error *error) {
  assert(bytes != NULL || size == 0);
  bytes_source source = {bytes, size};
  return mri_blobs_put(blobs, read_bytes, &source, NULL, digest, NULL, error);
}

/* Whether the file's present content is stored already, without writing anything. */
static mr_status have_file(mri_blobs *blobs, mri_blob_file_source source, mri_digest *digest,
                           int64_t *size, bool *found, mr_error *error) {
  mri_hasher *hasher = mri_hasher_new(blobs->mem);
  if (hasher == NULL) return mri_error_no_memory(error);
  mr_status status =
      mri_blob_pump(blobs->mem, mri_blob_read_source, &source, hasher, NULL, NULL, error);
  if (status == MR_OK) {
    mri_hasher_final(hasher, digest);
    *size = mri_hasher_size(hasher);
    status = blobs->driver->have(blobs, hasher, digest, found, error);
  }
  mri_hasher_free(hasher);
  return status;
}

/* Of an open file: hashes it first, so that what is there already, or is not what was expected, costs
 * no writing. The second reading finds what is stored, and must find what was expected, too. */
static mr_status put_open_file(mri_blobs *blobs, mri_blob_file_source source,
                               const mri_digest *expected, mri_digest *digest, int64_t *size,
                               mr_error *error) {
  bool found = false;
  mr_status status = have_file(blobs, source, digest, size, &found, error);
  if (status == MR_OK) status = mri_blob_check_expected(expected, digest, error);
  if (status != MR_OK || found) return status;
  return blobs->driver->put(blobs, mri_blob_read_source, &source, expected, digest, size, error);
}

static mr_status put_file(mri_blobs *blobs, int dir, const char *path, const mri_digest *expected,
                          const mr_cancel *cancel, mri_digest *digest, int64_t *size,
                          mr_error *error) {
  int fd = -1;
  mr_status status = check_writable(blobs, error);
  if (status == MR_OK) status = mri_blob_open_regular(dir, path, &fd, size, error);
  if (status != MR_OK) return status;
  mri_work work;
  mri_cancel_add_total(cancel, *size);
  mri_work_begin(&work, cancel, *size, 2);
  mri_blob_file_source source = {fd, 0, path, &work.token};
  status = put_open_file(blobs, source, expected, digest, size, error);
  mri_io_table()->close(fd);
  if (status == MR_OK) mri_work_end(&work);
  return status;
}

mr_status mri_blobs_put_file(mri_blobs *blobs, int dir, const char *path, const mr_cancel *cancel,
                             mri_digest *digest, int64_t *size, mr_error *error) {
  assert(blobs != NULL && path != NULL);
  mri_digest actual;
  int64_t length = 0;
  mr_status status = put_file(blobs, dir, path, NULL, cancel, &actual, &length, error);
  if (status != MR_OK) return status;
  if (digest != NULL) *digest = actual;
  if (size != NULL) *size = length;
  return MR_OK;
}

mr_status mri_blobs_put_same_file(mri_blobs *blobs, int dir, const char *path,
                                  const mri_digest *expected, const mr_cancel *cancel, bool *same,
                                  mr_error *error) {
  assert(blobs != NULL && path != NULL && expected != NULL && same != NULL);
  mri_digest actual = *expected;
  int64_t length = 0;
  mr_status status = put_file(blobs, dir, path, expected, cancel, &actual, &length, error);
  *same = mri_digest_equal(&actual, expected);
  return status;
}

mr_status mri_blobs_stat(mri_blobs *blobs, const mri_digest *digest, bool *found, int64_t *size,
                         mr_error *error) {
  assert(blobs != NULL && digest != NULL && found != NULL);
  int64_t length = 0;
  bool there = false;
  mr_status status = blobs->driver->stat(blobs, digest, &there, &length, error);
  if (status != MR_OK) return status;
  *found = there;
  if (size != NULL) *size = length;
  return MR_OK;
}

mr_status mri_blobs_delete(mri_blobs *blobs, const mri_digest *digest, mr_error *error) {
  assert(blobs != NULL && digest != NULL);
  mr_status status = check_writable(blobs, error);
  return status == MR_OK ? blobs->driver->remove(blobs, digest, error) : status;
}

mr_status mri_blobs_list(mri_blobs *blobs,
                         mr_status (*each)(void *ctx, const mri_digest *digest, int64_t size),
                         void *ctx, mr_error *error) {
  assert(blobs != NULL && each != NULL);
  return blobs->driver->list(blobs, each, ctx, error);
}

mr_status mri_blobs_written(mri_blobs *blobs, const mri_digest *digest, bool *found,
                            int64_t *written_us, mr_error *error) {
  assert(blobs != NULL && digest != NULL && found != NULL && written_us != NULL);
  return blobs->driver->written(blobs, digest, found, written_us, error);
}

mr_status mri_blobs_sweep(mri_blobs *blobs, int64_t before_us, int64_t *freed, mr_error *error) {
  assert(blobs != NULL);
  int64_t count = 0;
  int64_t sum = 0;
  mr_status status = check_writable(blobs, error);
  if (status == MR_OK) status = blobs->driver->sweep(blobs, before_us, false, &count, &sum, error);
  if (status == MR_OK && freed != NULL) *freed = sum;
  return status;
}

mr_status mri_blobs_leftovers(mri_blobs *blobs, int64_t before_us, int64_t *count, int64_t *size,
                              mr_error *error) {
  assert(blobs != NULL && count != NULL && size != NULL);
  *count = 0;
  *size = 0;
  return blobs->driver->sweep(blobs, before_us, true, count, size, error);
}

mr_status mri_blobs_open(mri_blobs *blobs, const mri_digest *digest, int64_t size, mri_blob **out,
                         mr_error *error) {
  assert(blobs != NULL && digest != NULL && out != NULL);
  if (size < 0)
    return mri_error_set(error, MR_CORRUPT, "a blob cannot have the size %lld", (long long)size);
  return blobs->driver->open(blobs, digest, size, out, error);
}

void mri_blobs_close(mri_blobs *blobs) {
  if (blobs != NULL) blobs->driver->close(blobs);
}
