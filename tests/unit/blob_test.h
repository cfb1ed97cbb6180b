/* SPDX-License-Identifier: Apache-2.0 */
/* What the blob tests share: content, files, and looking into a folder store from outside. */
#ifndef BLOB_TEST_H
#define BLOB_TEST_H

#include "unit_test.h"

#include "base/os_file.h"
#include "blob/blob_store.h"

/* Content that differs in every leaf. Free with mri_mem_free. */
static inline uint8_t *blob_content(size_t size, uint64_t seed) {
  uint8_t *bytes = mri_mem_alloc(mri_mem_default(), size);
  assert_non_null(bytes);
  uint64_t state = seed * 2 + 1;
  for (size_t i = 0; i < size; i++) {
    if (i % 8 == 0) state = state * 6364136223846793005u + 1442695040888963407u;
    bytes[i] = (uint8_t)(state >> (8 * (i % 8)));
  }
  return bytes;
}

static inline int64_t blob_file_size(int dir, const char *path) {
  struct stat info;
  if (fstatat(dir, path, &info, AT_SYMLINK_NOFOLLOW) != 0) return -1;
  return (int64_t)info.st_size;
}

static inline void blob_flip(int dir, const char *path, int64_t offset) {
  int fd = openat(dir, path, O_RDWR | O_CLOEXEC);
  assert_true(fd >= 0);
  uint8_t byte = 0;
  assert_int_equal(pread(fd, &byte, 1, (off_t)offset), 1);
  byte ^= 1;
  assert_int_equal(pwrite(fd, &byte, 1, (off_t)offset), 1);
  assert_int_equal(close(fd), 0);
}

static inline void blob_truncate(int dir, const char *path, int64_t size) {
  int fd = openat(dir, path, O_RDWR | O_CLOEXEC);
  assert_true(fd >= 0);
  assert_int_equal(ftruncate(fd, (off_t)size), 0);
  assert_int_equal(close(fd), 0);
}

/* "blobs/ab/cdef..." with `ext` behind it. */
typedef struct blob_name {
  char text[96];
} blob_name;

static inline blob_name blob_path(const mri_digest *digest, const char *ext) {
  char hex[MRI_DIGEST_TEXT];
  blob_name name;
  mri_digest_text(digest, hex);
  (void)snprintf(name.text, sizeof name.text, "blobs/%.2s/%s%s", hex, hex + 2, ext);
  return name;
}

static inline size_t blob_count_tmp(int root) {
  int fd = openat(root, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return 0;
  size_t count = unit_count_entries(fd);
  assert_int_equal(close(fd), 0);
  return count;
}

static inline mri_digest blob_put(mri_blobs *blobs, const void *bytes, size_t size) {
  mri_digest digest;
  assert_int_equal(mri_blobs_put_bytes(blobs, bytes, size, &digest, NULL), MR_OK);
  return digest;
}

/* Opens, maps and compares; the status of the first step that fails. */
static inline mr_status blob_compare(mri_blobs *blobs, const mri_digest *digest, const void *bytes,
                                     size_t size) {
  mri_blob *blob = NULL;
  mr_status status = mri_blobs_open(blobs, digest, (int64_t)size, &blob, NULL);
  if (status != MR_OK) return status;
  const uint8_t *data = NULL;
  status = mri_blob_map(blob, &data, NULL);
  if (status == MR_OK) {
    assert_int_equal(mri_blob_size(blob), size);
    if (size > 0) assert_memory_equal(data, bytes, size);
  }
  mri_blob_close(blob);
  return status;
}

/* What only lists. */
static inline mr_status blob_ignore(void *ctx, const mri_digest *digest, int64_t size) {
  (void)ctx;
  (void)digest;
  (void)size;
  return MR_OK;
}

/* Every file under ROOT/blobs that has a blob's name holds that blob; returns how many there are. */
typedef struct blob_check {
  int root;
  size_t count;
} blob_check;

static inline mr_status blob_check_one(void *ctx, const mri_digest *digest, int64_t size) {
  blob_check *check = ctx;
  uint8_t *bytes = NULL;
  size_t got = 0;
  mri_digest actual;
  blob_name name = blob_path(digest, "");
  assert_int_equal(
      mri_file_read(mri_mem_default(), check->root, name.text, 1 << 28, &bytes, &got, NULL), MR_OK);
  assert_int_equal(got, size);
  assert_int_equal(mri_content_digest(mri_mem_default(), bytes, got, &actual, NULL), MR_OK);
  assert_true(mri_digest_equal(&actual, digest));
  mri_mem_free(mri_mem_default(), bytes);
  check->count++;
  return MR_OK;
}

static inline size_t blob_check_all(const unit_dir *root) {
  mri_blobs *blobs = NULL;
  blob_check check = {root->fd, 0};
  assert_int_equal(mri_blobs_open_folder(mri_mem_default(), root->path, 0644, true, &blobs, NULL),
                   MR_OK);
  assert_int_equal(mri_blobs_list(blobs, blob_check_one, &check, NULL), MR_OK);
  mri_blobs_close(blobs);
  return check.count;
}

#endif
