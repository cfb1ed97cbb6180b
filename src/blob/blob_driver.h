/* SPDX-License-Identifier: Apache-2.0 */
/* What a kind of blob store implements, and the open blob that all of them hand out. Only files of
 * this folder include it. */
#ifndef MRI_BLOB_BLOB_DRIVER_H
#define MRI_BLOB_BLOB_DRIVER_H

#include "blob/blob_store.h"
#include <sys/types.h>

typedef struct mri_blobs_driver {
  mr_status (*put)(mri_blobs *blobs, mri_blob_source source, void *ctx, const mri_digest *expected,
                   mri_digest *digest, int64_t *size, mr_error *error);
  /* Whether the content that `hasher` has finished is here already, and as durable as a put. */
  mr_status (*have)(mri_blobs *blobs, const mri_hasher *hasher, const mri_digest *digest,
                    bool *found, mr_error *error);
  mr_status (*stat)(mri_blobs *blobs, const mri_digest *digest, bool *found, int64_t *size,
                    mr_error *error);
  mr_status (*written)(mri_blobs *blobs, const mri_digest *digest, bool *found, int64_t *written_us,
                       mr_error *error);
  mr_status (*remove)(mri_blobs *blobs, const mri_digest *digest, mr_error *error);
  mr_status (*list)(mri_blobs *blobs,
                    mr_status (*each)(void *ctx, const mri_digest *digest, int64_t size), void *ctx,
                    mr_error *error);
  /* `keep`: only counts what there is to remove. */
  mr_status (*sweep)(mri_blobs *blobs, int64_t before_us, bool keep, int64_t *count, int64_t *size,
                     mr_error *error);
  mr_status (*open)(mri_blobs *blobs, const mri_digest *digest, int64_t size, mri_blob **out,
                    mr_error *error);
  void (*close)(mri_blobs *blobs);
} mri_blobs_driver;

/* The first member of every store. */
struct mri_blobs {
  const mri_blobs_driver *driver;
  const mri_mem *mem;
  bool read_only;
};

/* Reads the source to its end through the hasher and on to `sink` (may be NULL). */
typedef mr_status (*mri_blob_sink)(void *ctx, const uint8_t *bytes, size_t size, mr_error *error);
mr_status mri_blob_pump(const mri_mem *mem, mri_blob_source source, void *source_ctx,
                        mri_hasher *hasher, mri_blob_sink sink, void *sink_ctx, mr_error *error);
/* TAMPERED unless `expected` is NULL or equals `digest`. */
mr_status mri_blob_check_expected(const mri_digest *expected, const mri_digest *digest,
                                  mr_error *error);

/* Number of leaves that have a digest of their own: 0 for content of one leaf. */
int64_t mri_blob_leaf_count(int64_t size);

/* An open blob over a file. Takes `fd` and `leaves` (mri_blob_leaf_count of them, already checked
 * against the digest; NULL makes it hash the file once), also when it fails. `kind` and `name` name
 * it in messages: "blob 0a1b...", "file data/train.csv". */
mr_status mri_blob_new_file(const mri_mem *mem, int fd, const char *kind, const char *name,
                            const mri_digest *digest, int64_t size, mri_digest *leaves,
                            const mr_cancel *cancel, mri_blob **out, mr_error *error);
/* An open blob over verified bytes that nobody changes; `release` is called at close, and not when
 * this fails. */
mr_status mri_blob_new_memory(const mri_mem *mem, const uint8_t *data, const mri_digest *digest,
                              int64_t size, void (*release)(void *ctx), void *ctx, mri_blob **out,
                              mr_error *error);
/* Opens a regular file for reading without waiting on a pipe or device that stands there. */
mr_status mri_blob_open_regular(int dir, const char *path, int *out_fd, int64_t *size,
                                mr_error *error);
/* A source that reads a file through pread. */
typedef struct mri_blob_file_source {
  int fd;
  int64_t offset;
  const char *path;        /* for messages */
  const mr_cancel *cancel; /* may be NULL */
} mri_blob_file_source;

mr_status mri_blob_read_source(void *ctx, uint8_t *buffer, size_t size, size_t *got,
                               mr_error *error);

/* Folders get x where the files have r, and all for the owner, who has to work in them. */
mode_t mri_blob_folder_mode(uint32_t file_mode);

#endif
