/* SPDX-License-Identifier: Apache-2.0 */
/* An mri_io table that counts calls, fails the nth of them and shortens reads and writes. */
#ifndef FAULTY_IO_H
#define FAULTY_IO_H

#include "base/os_file.h"
#include "unit_test.h"

#include <errno.h>

static struct {
  int calls;
  int fail_at;       /* the call that fails, 0 for none */
  int errno_value;   /* how it fails */
  const char *fired; /* the name of the call that failed */
  bool one_byte;     /* reads and writes move one byte a call */
  bool old_kernel;   /* no openat2: ENOSYS */
  bool sandbox;      /* a seccomp filter forbids openat2: EPERM */
} faulty_io;

static inline bool faulty_io_hits(const char *name) {
  faulty_io.calls++;
  if (faulty_io.calls != faulty_io.fail_at) return false;
  faulty_io.fired = name;
  errno = faulty_io.errno_value;
  return true;
}

static inline size_t faulty_io_size(size_t size) {
  return faulty_io.one_byte && size > 1 ? 1 : size;
}

static inline int faulty_io_open_at(int dir, const char *path, int flags, mode_t mode) {
  return faulty_io_hits("open_at") ? -1 : mri_io_real()->open_at(dir, path, flags, mode);
}

static inline int faulty_io_open_beneath(int dir, const char *path, int flags, mode_t mode) {
  if (faulty_io_hits("open_beneath")) return -1;
  if (faulty_io.old_kernel || faulty_io.sandbox) {
    errno = faulty_io.old_kernel ? ENOSYS : EPERM;
    return -1;
  }
  return mri_io_real()->open_beneath(dir, path, flags, mode);
}

/* As the kernel does: a close that fails has closed. */
static inline int faulty_io_close(int fd) {
  int result = mri_io_real()->close(fd);
  return faulty_io_hits("close") ? -1 : result;
}

static inline ssize_t faulty_io_read(int fd, void *buffer, size_t size) {
  return faulty_io_hits("read") ? -1 : mri_io_real()->read(fd, buffer, faulty_io_size(size));
}

static inline ssize_t faulty_io_pread(int fd, void *buffer, size_t size, off_t offset) {
  if (faulty_io_hits("pread")) return -1;
  return mri_io_real()->pread(fd, buffer, faulty_io_size(size), offset);
}

static inline ssize_t faulty_io_write(int fd, const void *buffer, size_t size) {
  return faulty_io_hits("write") ? -1 : mri_io_real()->write(fd, buffer, faulty_io_size(size));
}

static inline int faulty_io_fsync(int fd) {
  return faulty_io_hits("fsync") ? -1 : mri_io_real()->fsync(fd);
}

static inline int faulty_io_rename_at(int from_dir, const char *from, int to_dir, const char *to) {
  return faulty_io_hits("rename_at") ? -1 : mri_io_real()->rename_at(from_dir, from, to_dir, to);
}

static inline int faulty_io_unlink_at(int dir, const char *path, int flags) {
  return faulty_io_hits("unlink_at") ? -1 : mri_io_real()->unlink_at(dir, path, flags);
}

static inline int faulty_io_mkdir_at(int dir, const char *path, mode_t mode) {
  return faulty_io_hits("mkdir_at") ? -1 : mri_io_real()->mkdir_at(dir, path, mode);
}

static inline int faulty_io_fstat_at(int dir, const char *path, struct stat *out, int flags) {
  return faulty_io_hits("fstat_at") ? -1 : mri_io_real()->fstat_at(dir, path, out, flags);
}

/* Puts the table in place with all other faults off; faulty_io_stop() takes it away. */
static inline void faulty_io_start(int fail_at, int errno_value) {
  static const mri_io table = {
      .open_at = faulty_io_open_at,
      .open_beneath = faulty_io_open_beneath,
      .close = faulty_io_close,
      .read = faulty_io_read,
      .pread = faulty_io_pread,
      .write = faulty_io_write,
      .fsync = faulty_io_fsync,
      .rename_at = faulty_io_rename_at,
      .unlink_at = faulty_io_unlink_at,
      .mkdir_at = faulty_io_mkdir_at,
      .fstat_at = faulty_io_fstat_at,
  };
  memset(&faulty_io, 0, sizeof faulty_io);
  faulty_io.fail_at = fail_at;
  faulty_io.errno_value = errno_value;
  mri_io_test_replace(&table);
}

static inline void faulty_io_stop(void) {
  mri_io_test_replace(NULL);
}

#endif
