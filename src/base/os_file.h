/* SPDX-License-Identifier: Apache-2.0 */
/* Files: every system call on a file that is not SQLite's own goes through this table, so that
 * tests can stop, fail or shorten the nth of them. All descriptors are CLOEXEC. */
#ifndef MRI_BASE_OS_FILE_H
#define MRI_BASE_OS_FILE_H

#include "base/err.h"
#include "base/mem.h"
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

typedef struct mri_io {
  int (*open_at)(int dir, const char *path, int flags, mode_t mode);
  /* openat2 that stays below dir; -1 with ENOSYS or EPERM asks for the walk over open_at. */
  int (*open_beneath)(int dir, const char *path, int flags, mode_t mode);
  int (*close)(int fd);
  ssize_t (*read)(int fd, void *buffer, size_t size);
  ssize_t (*pread)(int fd, void *buffer, size_t size, off_t offset);
  ssize_t (*write)(int fd, const void *buffer, size_t size);
  int (*fsync)(int fd);
  int (*rename_at)(int from_dir, const char *from, int to_dir, const char *to);
  int (*unlink_at)(int dir, const char *path, int flags);
  int (*mkdir_at)(int dir, const char *path, mode_t mode);
  int (*fstat_at)(int dir, const char *path, struct stat *out, int flags);
  int (*fstat)(int fd, struct stat *out);
} mri_io;

/* The table in use: the real one unless a test put its own there. */
const mri_io *mri_io_table(void);
const mri_io *mri_io_real(void);
/* Test hook; NULL restores the real table. */
void mri_io_test_replace(const mri_io *table);

/* Opens `path` relative to `dir` without ever leaving it: no absolute path, no ".." (EXDEV), no
 * symlink in any part (ELOOP), no empty or "." part but the whole path "." (EINVAL).
 * openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS) where the kernel has it, a walk with O_NOFOLLOW
 * otherwise (ENOSYS, EPERM). Returns the descriptor, or -1 with errno. */
int mri_open_beneath(int dir, const char *path, int flags, mode_t mode);
/* The walk alone, so that tests reach it on every kernel. */
int mri_open_beneath_walk(int dir, const char *path, int flags, mode_t mode);
/* Makes every missing folder of `path` below `dir` without following a symlink and returns a
 * descriptor of the last one; durable (each new entry's folder is fsynced) when asked. */
mr_status mri_mkdirs_beneath(int dir, const char *path, mode_t mode, bool durable, int *out_fd,
                             mr_error *error);

/* Writes or reads all of it, over short counts and EINTR; false with errno set. A read that meets
 * the end of the file is no failure: *got tells how much was there. */
bool mri_write_full(int fd, const void *bytes, size_t size);
bool mri_pread_full(int fd, void *bytes, size_t size, int64_t offset, size_t *got);
/* fsync of the folder itself; true where the file system knows no such thing (EINVAL). */
bool mri_fsync_dir(int dir);

/* Reads a whole regular file of at most `max` bytes (LIMIT above); one NUL that does not count
 * follows the bytes. Below `dir` as mri_open_beneath does; with AT_FDCWD any path that the user of
 * this process may read, symlinks followed. Free *out with mri_mem_free. */
mr_status mri_file_read(const mri_mem *mem, int dir, const char *path, int64_t max, uint8_t **out,
                        size_t *out_size, mr_error *error);

/* A file that appears under its final name only when complete and durable: write to a temporary
 * name in tmp_dir, fsync, rename into to_dir, fsync of to_dir. Both descriptors stay the caller's
 * and must outlive it. */
typedef struct mri_temp_file {
  int fd;
  int dir;
  char name[64];
} mri_temp_file;

mr_status mri_temp_file_open(mri_temp_file *file, int tmp_dir, mode_t mode, mr_error *error);
/* fsync, close, rename, fsync of the folder; on failure the temporary file is removed. When only
 * the last step fails the complete file has its name already, but may lose it with the power.
 * `name` is one part, not a path; a file of that name is replaced. */
mr_status mri_temp_file_publish(mri_temp_file *file, int to_dir, const char *name, mr_error *error);
/* Closes and removes it; safe after publish and on a zeroed struct with fd -1. */
void mri_temp_file_discard(mri_temp_file *file);

#endif
