/* SPDX-License-Identifier: Apache-2.0 */
/* Where the folder store keeps things: its root and the folders below, opened without following a
 * symlink and made durable. Only blob_folder.c, blob_place.c and blob_walk.c include it. */
#ifndef MRI_BLOB_BLOB_PLACE_H
#define MRI_BLOB_BLOB_PLACE_H

#include "base/os_file.h"
#include "blob/blob_driver.h"
#include <pthread.h>

#define MRI_BLOB_SHARDS     256
#define MRI_BLOB_SHARD_PATH 9  /* "blobs/ab" and the NUL */
#define MRI_BLOB_FILE_NAME  63 /* 62 hex digits and the NUL */
#define MRI_BLOB_LEAVES_EXT ".leaves"

typedef struct mri_blob_place {
  const mri_mem *mem;
  char *root;
  int anchor; /* what a relative root starts from, kept because the host may chdir */
  mode_t file_mode;
  mode_t folder_mode;
  pthread_mutex_t lock; /* guards the rest */
  int root_fd;          /* -1 until the folder is there */
  /* Shards whose own name is known to be durable: somebody else may have made one a moment ago. */
  bool durable[MRI_BLOB_SHARDS];
} mri_blob_place;

typedef struct mri_blob_path {
  unsigned index; /* of the shard */
  char shard[MRI_BLOB_SHARD_PATH];
  char file[MRI_BLOB_FILE_NAME];
  char leaves[MRI_BLOB_FILE_NAME + sizeof MRI_BLOB_LEAVES_EXT - 1];
} mri_blob_path;

mr_status mri_blob_place_init(mri_blob_place *place, const mri_mem *mem, const char *root,
                              uint32_t file_mode, mr_error *error);
void mri_blob_place_destroy(mri_blob_place *place);

void mri_blob_path_of(const mri_digest *digest, mri_blob_path *out);
/* As mri_error_errno, naming the store; a symlink where the store keeps its own is TAMPERED. */
mr_status mri_blob_place_errno(const mri_blob_place *place, int errno_value, const char *action,
                               const char *path, mr_error *error);

/* A folder "blobs/ab" or "tmp" for the caller to close. *out_fd is -1 when it is not there and
 * `create` is not set. */
mr_status mri_blob_place_open(mri_blob_place *place, const char *path, bool create, int *out_fd,
                              mr_error *error);
/* Makes the name of the shard durable; once is enough for a store. */
mr_status mri_blob_place_settle(mri_blob_place *place, const mri_blob_path *path, mr_error *error);
/* Whether a regular file is there, which alone counts as a blob. */
mr_status mri_blob_place_stat(const mri_blob_place *place, int folder, const char *name,
                              bool *found, struct stat *info, mr_error *error);
/* A new file in ROOT/tmp, and its end: removed unless it was published. A temp file that failed to
 * open, or was never tried and has fd and dir -1, may be ended too. */
mr_status mri_blob_place_temp(mri_blob_place *place, mri_temp_file *temp, mr_error *error);
void mri_blob_place_temp_end(mri_temp_file *temp);
/* mri_temp_file_publish, with the store's name in the error. */
mr_status mri_blob_place_publish(const mri_blob_place *place, mri_temp_file *temp, int folder,
                                 const char *name, mr_error *error);

/* mri_blobs_list and mri_blobs_sweep. */
mr_status mri_blob_walk_list(mri_blob_place *place,
                             mr_status (*each)(void *ctx, const mri_digest *digest, int64_t size),
                             void *ctx, mr_error *error);
mr_status mri_blob_walk_sweep(mri_blob_place *place, int64_t before_us, bool keep, int64_t *count,
                              int64_t *size, mr_error *error);
/* When a file was last written, as Unix time. */
int64_t mri_blob_written_us(const struct stat *info);

#endif
