/* SPDX-License-Identifier: Apache-2.0 */
/* The temporary files of os_file.h. */
#include "base/id.h"
#include "base/os_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* 128 random bits do not meet twice; a few tries guard against a broken random source. */
#define NAME_TRIES 8

mr_status mri_temp_file_open(mri_temp_file *file, int tmp_dir, mode_t mode, mr_error *error) {
  *file = (mri_temp_file){.fd = -1, .dir = tmp_dir};
  for (int i = 0; file->fd < 0; i++) {
    uint8_t random[16];
    char name[sizeof file->name] = "tmp-";
    mri_random_bytes(random, sizeof random);
    for (size_t k = 0; k < sizeof random; k++)
      (void)snprintf(name + 4 + 2 * k, 3, "%02x", random[k]);
    file->fd = mri_io_table()->open_at(tmp_dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    if (file->fd < 0 && (errno != EEXIST || i == NAME_TRIES))
      return mri_error_errno(error, errno, "create temporary file", name);
    if (file->fd >= 0) memcpy(file->name, name, sizeof name);
  }
  return MR_OK;
}

static bool is_one_part(const char *name) {
  return name[0] != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
         strcmp(name, "..") != 0;
}

mr_status mri_temp_file_publish(mri_temp_file *file, int to_dir, const char *name,
                                mr_error *error) {
  assert(file->fd >= 0);
  const mri_io *io = mri_io_table();
  mr_status status = MR_OK;
  if (!is_one_part(name)) {
    status = mri_error_set(error, MR_INVALID_ARGUMENT, "\"%s\" is no name of a file", name);
    goto cleanup;
  }
  if (io->fsync(file->fd) != 0) {
    status = mri_error_errno(error, errno, "sync", name);
    goto cleanup;
  }
  int closed = io->close(file->fd);
  file->fd = -1; /* gone also when close fails */
  if (closed != 0 && errno != EINTR) {
    status = mri_error_errno(error, errno, "close", name);
    goto cleanup;
  }
  if (io->rename_at(file->dir, file->name, to_dir, name) != 0) {
    status = mri_error_errno(error, errno, "rename a temporary file to", name);
    goto cleanup;
  }
  file->name[0] = '\0';
  if (!mri_fsync_dir(to_dir)) status = mri_error_errno(error, errno, "sync the folder of", name);

cleanup:
  mri_temp_file_discard(file);
  return status;
}

void mri_temp_file_discard(mri_temp_file *file) {
  const mri_io *io = mri_io_table();
  if (file->fd >= 0) (void)io->close(file->fd);
  file->fd = -1;
  if (file->name[0] != '\0') (void)io->unlink_at(file->dir, file->name, 0);
  file->name[0] = '\0';
}
