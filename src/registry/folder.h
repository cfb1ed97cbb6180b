/* SPDX-License-Identifier: Apache-2.0 */
/* Local folders: walking them without following links, and hashing their files. */
#ifndef MRI_REGISTRY_FOLDER_H
#define MRI_REGISTRY_FOLDER_H

#include "base/cancel_token.h"
#include "registry/core.h"

/* One regular file: `dir` and `name` open it, `path` is relative to the folder walked. */
typedef struct mri_folder_file {
  int dir;
  const char *name;
  const char *path;
} mri_folder_file;

typedef struct mri_folder_walk {
  void *ctx;
  const mr_cancel *cancel; /* may be NULL */
  mr_status (*file)(void *ctx, const mri_folder_file *file, mr_error *error);
  /* A symbolic link, device or the like. */
  mr_status (*other)(void *ctx, const char *path, mr_error *error);
  /* Whether to look at this path at all; NULL: yes. */
  bool (*wanted)(void *ctx, const char *path);
  /* A name that no path can have (`why` is INVALID_ARGUMENT or LIMIT), or a folder that cannot be
   * read; `path` is safe to show. NULL: the visit fails with this reason. */
  mr_status (*trouble)(void *ctx, const char *path, mr_status why, const char *message,
                       mr_error *error);
} mri_folder_walk;

/* Visits everything below `folder` in the byte order of names in each folder. */
mr_status mri_folder_visit(const mri_mem *mem, const char *folder, const mri_folder_walk *walk,
                           mr_error *error);

/* The sizes of the files that this walk would visit, summed up; what cannot be visited is left to
 * the walk itself. */
mr_status mri_folder_size(const mri_mem *mem, const char *folder, const mri_folder_walk *walk,
                          int64_t *size, mr_error *error);

/* A path that the caller names: not NULL, not empty, at most 4,096 bytes of UTF-8. */
mr_status mri_check_local_path(const char *path, const char *what, mr_error *error);

/* Opens a folder that the caller names: NOT_FOUND, or INVALID_ARGUMENT when it is no folder. */
mr_status mri_folder_open(const char *folder, int *out_fd, mr_error *error);

/* Digest and size of a regular file; INVALID_ARGUMENT for anything else. What is read counts as done
 * with the token; the caller announces it. */
mr_status mri_file_digest(const mri_mem *mem, int dir, const char *name, const char *shown,
                          const mr_cancel *cancel, mri_digest *digest, int64_t *size,
                          mr_error *error);

#endif
