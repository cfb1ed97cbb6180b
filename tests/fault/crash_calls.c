/* SPDX-License-Identifier: Apache-2.0 */
/* The program's own functions come before those of the C library, for its shared libraries too.
 * Both names of those that exist for two sizes of file offsets: here these are the same. */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "crash_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == 8, "file offsets have 64 bits");

int open64(const char *path, int flags, ...);
int openat64(int dir, const char *path, int flags, ...);
ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t offset);
int ftruncate64(int fd, off_t size);

static const crash_watcher *_Atomic watching;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void crash_watch(const crash_watcher *watcher) {
  atomic_store(&watching, watcher);
}

void crash_half(const crash_call *call) {
  if (call->kind != CRASH_WRITE) return;
  (void)syscall(SYS_pwrite64, call->fd, call->bytes, call->size / 2, call->offset);
}

static const crash_watcher *begin(const crash_call *call) {
  const crash_watcher *watcher = atomic_load(&watching);
  if (watcher == NULL) return NULL;
  int code = errno;
  (void)pthread_mutex_lock(&lock);
  if (watcher->before != NULL) watcher->before(watcher->ctx, call);
  errno = code;
  return watcher;
}

static void end(const crash_watcher *watcher, const crash_call *call, bool done) {
  if (watcher == NULL) return;
  int code = errno;
  if (done && watcher->after != NULL) watcher->after(watcher->ctx, call);
  (void)pthread_mutex_unlock(&lock);
  errno = code;
}

/* --- names ------------------------------------------------------------------------------- */

static int open_at(int dir, const char *path, int flags, mode_t mode) {
  struct stat info;
  int code = errno;
  bool makes = (flags & O_CREAT) != 0 && fstatat(dir, path, &info, 0) != 0;
  errno = code;
  if (!makes && (flags & O_TRUNC) == 0) return (int)syscall(SYS_openat, dir, path, flags, mode);
  crash_call call = {.kind = CRASH_CREATE, .fd = -1, .dir = dir, .path = path};
  if (!makes) {
    /* As two calls, so that each has its kind. */
    call.fd = (int)syscall(SYS_openat, dir, path, flags & ~O_TRUNC, mode);
    if (call.fd >= 0) (void)ftruncate(call.fd, 0);
    return call.fd;
  }
  const crash_watcher *watcher = begin(&call);
  call.fd = (int)syscall(SYS_openat, dir, path, flags, mode);
  end(watcher, &call, call.fd >= 0);
  return call.fd;
}

static mode_t mode_of(int flags, va_list args) {
  return (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  mode_t mode = mode_of(flags, args);
  va_end(args);
  return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  mode_t mode = mode_of(flags, args);
  va_end(args);
  return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  mode_t mode = mode_of(flags, args);
  va_end(args);
  return open_at(dir, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  mode_t mode = mode_of(flags, args);
  va_end(args);
  return open_at(dir, path, flags, mode);
}

int mknodat(int dir, const char *path, mode_t mode, dev_t device) {
  crash_call call = {.kind = CRASH_CREATE, .fd = -1, .dir = dir, .path = path};
  const crash_watcher *watcher = begin(&call);
  int result = (int)syscall(SYS_mknodat, dir, path, mode, device);
  end(watcher, &call, result == 0);
  return result;
}

int mknod(const char *path, mode_t mode, dev_t device) {
  return mknodat(AT_FDCWD, path, mode, device);
}

int mkdirat(int dir, const char *path, mode_t mode) {
  crash_call call = {.kind = CRASH_MKDIR, .fd = -1, .dir = dir, .path = path};
  const crash_watcher *watcher = begin(&call);
  int result = (int)syscall(SYS_mkdirat, dir, path, mode);
  end(watcher, &call, result == 0);
  return result;
}

int mkdir(const char *path, mode_t mode) {
  return mkdirat(AT_FDCWD, path, mode);
}

int unlinkat(int dir, const char *path, int flags) {
  crash_call call = {.kind = CRASH_UNLINK, .fd = -1, .dir = dir, .path = path};
  const crash_watcher *watcher = begin(&call);
  int result = (int)syscall(SYS_unlinkat, dir, path, flags);
  end(watcher, &call, result == 0);
  return result;
}

int unlink(const char *path) {
  return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path) {
  return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to) {
  crash_call call = {.kind = CRASH_RENAME, .fd = -1, .dir = from_dir, .path = from};
  call.to_dir = to_dir;
  call.to = to;
  const crash_watcher *watcher = begin(&call);
  int result = (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
  end(watcher, &call, result == 0);
  return result;
}

int rename(const char *from, const char *to) {
  return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

/* --- contents ---------------------------------------------------------------------------- */

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) {
  crash_call call = {.kind = CRASH_WRITE, .fd = fd, .bytes = bytes, .size = size};
  call.offset = offset;
  const crash_watcher *watcher = begin(&call);
  ssize_t count = syscall(SYS_pwrite64, fd, bytes, size, offset);
  if (count >= 0) call.size = (size_t)count;
  end(watcher, &call, count >= 0);
  return count;
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t offset) {
  return pwrite(fd, bytes, size, offset);
}

/* What has no position, such as a pipe, is no file. */
ssize_t write(int fd, const void *bytes, size_t size) {
  int code = errno;
  off_t offset = atomic_load(&watching) == NULL ? -1 : lseek(fd, 0, SEEK_CUR);
  errno = code;
  if (offset < 0) return syscall(SYS_write, fd, bytes, size);
  crash_call call = {.kind = CRASH_WRITE, .fd = fd, .bytes = bytes, .size = size};
  call.offset = offset;
  const crash_watcher *watcher = begin(&call);
  ssize_t count = syscall(SYS_write, fd, bytes, size);
  if (count >= 0) call.size = (size_t)count;
  end(watcher, &call, count >= 0);
  return count;
}

int ftruncate(int fd, off_t size) {
  crash_call call = {.kind = CRASH_TRUNCATE, .fd = fd, .offset = size};
  const crash_watcher *watcher = begin(&call);
  int result = (int)syscall(SYS_ftruncate, fd, size);
  end(watcher, &call, result == 0);
  return result;
}

int ftruncate64(int fd, off_t size) {
  return ftruncate(fd, size);
}

static int sync_file(int fd, long number) {
  crash_call call = {.kind = CRASH_SYNC, .fd = fd};
  const crash_watcher *watcher = begin(&call);
  bool skip = watcher != NULL && watcher->skip_syncs;
  int result = skip ? 0 : (int)syscall(number, fd);
  end(watcher, &call, result == 0);
  return result;
}

int fsync(int fd) {
  return sync_file(fd, SYS_fsync);
}

int fdatasync(int fd) {
  return sync_file(fd, SYS_fdatasync);
}
