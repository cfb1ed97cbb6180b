/* SPDX-License-Identifier: Apache-2.0 */
/* A table of file calls that counts them, writes down what was done, and of which the nth goes
 * wrong. */
#ifndef IO_FAULT_H
#define IO_FAULT_H

#include "unit_test.h"

#include "base/os_file.h"

#include <errno.h>

#define IO_SHORT 0 /* reads and writes half; other calls work */

typedef enum io_kind { IO_WRITE, IO_FSYNC, IO_RENAME, IO_MKDIR, IO_UNLINK } io_kind;

typedef struct io_event {
  io_kind kind;
  ino_t file;   /* what was written, synced or renamed */
  ino_t folder; /* where it was renamed to or made in */
  char name[80];
} io_event;

typedef struct io_fault_state {
  int64_t left;
  bool for_ever;
  int code;
  int calls;
  const char *fired; /* the name of the last call that went wrong */
  bool one_byte;     /* reads and writes move one byte a call */
  bool old_kernel;   /* no openat2: ENOSYS */
  bool sandbox;      /* a seccomp filter forbids openat2: EPERM */
  size_t count;
  io_event events[256];
} io_fault_state;

static io_fault_state io_fault;

static inline bool io_goes_wrong(const char *name, bool data) {
  io_fault.calls++;
  if (io_fault.left == INT64_MIN) return false;
  io_fault.left--;
  if (io_fault.left > 0 || (io_fault.left < 0 && !io_fault.for_ever)) return false;
  if (io_fault.code == IO_SHORT && !data) return false;
  io_fault.fired = name;
  errno = io_fault.code;
  return true;
}

static inline size_t io_moved(size_t size) {
  return io_fault.one_byte && size > 1 ? 1 : size;
}

static inline ino_t io_inode(int fd) {
  struct stat info;
  return fstat(fd, &info) == 0 ? info.st_ino : 0;
}

static inline void io_log(io_kind kind, ino_t file, ino_t folder, const char *name) {
  if (io_fault.count == sizeof io_fault.events / sizeof *io_fault.events) return;
  io_event *event = &io_fault.events[io_fault.count++];
  *event = (io_event){kind, file, folder, {0}};
  (void)snprintf(event->name, sizeof event->name, "%s", name);
}

static int io_open_at(int dir, const char *path, int flags, mode_t mode) {
  return io_goes_wrong("open_at", false) ? -1 : mri_io_real()->open_at(dir, path, flags, mode);
}

static int io_open_beneath(int dir, const char *path, int flags, mode_t mode) {
  if (io_goes_wrong("open_beneath", false)) return -1;
  if (io_fault.old_kernel || io_fault.sandbox) {
    errno = io_fault.old_kernel ? ENOSYS : EPERM;
    return -1;
  }
  return mri_io_real()->open_beneath(dir, path, flags, mode);
}

/* The descriptor is gone also when close fails. */
static int io_close(int fd) {
  int result = mri_io_real()->close(fd);
  return io_goes_wrong("close", false) ? -1 : result;
}

static ssize_t io_read(int fd, void *buffer, size_t size) {
  if (io_goes_wrong("read", true)) {
    if (io_fault.code != IO_SHORT) return -1;
    size = (size + 1) / 2;
  }
  return mri_io_real()->read(fd, buffer, io_moved(size));
}

static ssize_t io_pread(int fd, void *buffer, size_t size, off_t offset) {
  if (io_goes_wrong("pread", true)) {
    if (io_fault.code != IO_SHORT) return -1;
    size = (size + 1) / 2;
  }
  return mri_io_real()->pread(fd, buffer, io_moved(size), offset);
}

/* A full disk takes a part before it refuses the rest. */
static ssize_t io_write(int fd, const void *buffer, size_t size) {
  if (io_goes_wrong("write", true)) {
    int code = io_fault.code;
    if (code == ENOSPC) (void)!mri_io_real()->write(fd, buffer, size / 2);
    errno = code;
    if (code != IO_SHORT) return -1;
    size = (size + 1) / 2;
  }
  io_log(IO_WRITE, io_inode(fd), 0, "");
  return mri_io_real()->write(fd, buffer, io_moved(size));
}

/* Only written down: no test here cuts the power, and the disk would take most of the time. */
static int io_fsync(int fd) {
  if (io_goes_wrong("fsync", false)) return -1;
  io_log(IO_FSYNC, io_inode(fd), 0, "");
  return 0;
}

static int io_rename_at(int from_dir, const char *from, int to_dir, const char *to) {
  struct stat info = {0};
  if (io_goes_wrong("rename_at", false)) return -1;
  (void)fstatat(from_dir, from, &info, AT_SYMLINK_NOFOLLOW);
  io_log(IO_RENAME, info.st_ino, io_inode(to_dir), to);
  return mri_io_real()->rename_at(from_dir, from, to_dir, to);
}

static int io_unlink_at(int dir, const char *path, int flags) {
  if (io_goes_wrong("unlink_at", false)) return -1;
  io_log(IO_UNLINK, 0, dir >= 0 ? io_inode(dir) : 0, path);
  return mri_io_real()->unlink_at(dir, path, flags);
}

static int io_mkdir_at(int dir, const char *path, mode_t mode) {
  if (io_goes_wrong("mkdir_at", false)) return -1;
  int result = mri_io_real()->mkdir_at(dir, path, mode);
  if (result == 0) {
    int code = errno;
    char parent[512];
    (void)snprintf(parent, sizeof parent, "%s/..", path);
    struct stat info = {0};
    (void)fstatat(dir, parent, &info, 0);
    const char *slash = strrchr(path, '/');
    io_log(IO_MKDIR, 0, info.st_ino, slash == NULL ? path : slash + 1);
    errno = code;
  }
  return result;
}

static int io_fstat_at(int dir, const char *path, struct stat *out, int flags) {
  return io_goes_wrong("fstat_at", false) ? -1 : mri_io_real()->fstat_at(dir, path, out, flags);
}

static int io_fstat(int fd, struct stat *out) {
  return io_goes_wrong("fstat", false) ? -1 : mri_io_real()->fstat(fd, out);
}

static const mri_io io_fault_table = {
    .open_at = io_open_at,
    .open_beneath = io_open_beneath,
    .close = io_close,
    .read = io_read,
    .pread = io_pread,
    .write = io_write,
    .fsync = io_fsync,
    .rename_at = io_rename_at,
    .unlink_at = io_unlink_at,
    .mkdir_at = io_mkdir_at,
    .fstat_at = io_fstat_at,
    .fstat = io_fstat,
};

/* From now on the nth call goes wrong with errno `code`, all later ones too when `for_ever`; 0 none,
 * but calls are written down. */
static inline void io_fault_arm(int64_t nth, bool for_ever, int code) {
  io_fault = (io_fault_state){.left = nth == 0 ? INT64_MIN : nth, .for_ever = for_ever};
  io_fault.code = code;
  mri_io_test_replace(&io_fault_table);
}

/* The real calls again; whether one went wrong. */
static inline bool io_fault_disarm(void) {
  mri_io_test_replace(NULL);
  return io_fault.fired != NULL;
}

#endif
