/* SPDX-License-Identifier: Apache-2.0 */
/* The blob store seam: content by digest. */
#ifndef MRI_BLOB_BLOB_STORE_H
#define MRI_BLOB_BLOB_STORE_H

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include <modelreg/cancel.h>
#include <stdbool.h>

/* Where a call takes a cancel token (may be NULL), a trigger ends it with CANCELLED and nothing is
 * done; what it reads and writes counts as done there. A put announces the size of its file, other
 * calls leave that to the caller, who knows of all that there is to do. */
typedef struct mri_blobs mri_blobs; /* an open blob store */
typedef struct mri_blob mri_blob;   /* an open, verified blob */

/* Where the bytes of a put come from: fills `buffer` with up to `size` bytes, *got 0 at the end. */
typedef mr_status (*mri_blob_source)(void *ctx, uint8_t *buffer, size_t size, size_t *got,
                                     mr_error *error);

/* The content-addressed folder ROOT/blobs with ROOT/tmp beside it. Folders are made at the first
 * put. `file_mode` is of new files; read-only stores refuse puts. The way to ROOT may lead through
 * symlinks; one below it makes every call that meets it TAMPERED. */
mr_status mri_blobs_open_folder(const mri_mem *mem, const char *root, uint32_t file_mode,
                                bool read_only, mri_blobs **out, mr_error *error);
/* In memory, for memory: registries. */
mr_status mri_blobs_open_memory(const mri_mem *mem, mri_blobs **out, mr_error *error);
/* Releases descriptors; open blobs stay readable. */
void mri_blobs_close(mri_blobs *blobs);

/* Stores the content durably (its file and folder are fsynced when this returns) unless a blob of
 * this digest and size is there already. With `expected` the content must have that digest, else
 * TAMPERED and nothing is stored. Thread-safe. Ranks as one temp file + fsync + rename + fsync. */
mr_status mri_blobs_put(mri_blobs *blobs, mri_blob_source source, void *ctx,
                        const mri_digest *expected, mri_digest *digest, int64_t *size,
                        mr_error *error);
mr_status mri_blobs_put_bytes(mri_blobs *blobs, const void *bytes, size_t size, mri_digest *digest,
                              mr_error *error);
/* From a file relative to `dir` (or AT_FDCWD); `path` names it in messages. Never follows a symlink
 * in the last part when `dir` is a descriptor; regular files only. */
mr_status mri_blobs_put_file(mri_blobs *blobs, int dir, const char *path, const mr_cancel *cancel,
                             mri_digest *digest, int64_t *size, mr_error *error);
/* The same for a file whose content is known: TAMPERED with *same false when it has another one by
 * now, of which nothing is stored: a link may have led to somebody's secret. */
mr_status mri_blobs_put_same_file(mri_blobs *blobs, int dir, const char *path,
                                  const mri_digest *expected, const mr_cancel *cancel, bool *same,
                                  mr_error *error);
/* *found and *size without reading the content. */
mr_status mri_blobs_stat(mri_blobs *blobs, const mri_digest *digest, bool *found, int64_t *size,
                         mr_error *error);
/* When the content was written: the Unix time of its file. */
mr_status mri_blobs_written(mri_blobs *blobs, const mri_digest *digest, bool *found,
                            int64_t *written_us, mr_error *error);
mr_status mri_blobs_delete(mri_blobs *blobs, const mri_digest *digest, mr_error *error);
/* Calls `each` for every blob, in no order, until it answers anything but MR_OK, which is returned
 * as it is (`each` has its own way to the error). `each` may put and delete. */
mr_status mri_blobs_list(mri_blobs *blobs,
                         mr_status (*each)(void *ctx, const mri_digest *digest, int64_t size),
                         void *ctx, mr_error *error);

/* Removes what interrupted puts left behind: temporary files last written before the Unix time
 * `before_us`, and leaf lists without a blob of that age. *freed is the sum of their sizes. */
mr_status mri_blobs_sweep(mri_blobs *blobs, int64_t before_us, int64_t *freed, mr_error *error);
/* How many files mri_blobs_sweep would remove, and the sum of their sizes. */
mr_status mri_blobs_leftovers(mri_blobs *blobs, int64_t before_us, int64_t *count, int64_t *size,
                              mr_error *error);

/* Opens a blob of known digest and size: NOT_FOUND when it is not there, TAMPERED when its size or
 * leaves do not fit. Bytes are verified before they are handed out, leaf by leaf. */
mr_status mri_blobs_open(mri_blobs *blobs, const mri_digest *digest, int64_t size, mri_blob **out,
                         mr_error *error);
/* The same for any file, a linked artifact for example; `path` as in mri_blobs_put_file. Content
 * above one leaf is hashed once by the open. */
mr_status mri_blob_open_file(const mri_mem *mem, int dir, const char *path,
                             const mri_digest *digest, int64_t size, const mr_cancel *cancel,
                             mri_blob **out, mr_error *error);
int64_t mri_blob_size(const mri_blob *blob);
/* Up to `size` verified bytes from `offset`; *got is less only at the end. TAMPERED names the blob. */
mr_status mri_blob_read(mri_blob *blob, int64_t offset, void *buffer, size_t size, size_t *got,
                        mr_error *error);
/* All bytes, verified, in memory that nobody else can change (a private copy), valid until close.
 * Empty content gives a non-NULL pointer. */
mr_status mri_blob_map(mri_blob *blob, const uint8_t **data, mr_error *error);
/* Writes the verified content to `path` below the folder `dir`, confined, through a temporary file
 * of the same folder; missing folders are made. */
mr_status mri_blob_copy_to(mri_blob *blob, int dir, const char *path, uint32_t mode,
                           const mr_cancel *cancel, mr_error *error);
void mri_blob_close(mri_blob *blob);

#endif
