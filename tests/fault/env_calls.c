/* SPDX-License-Identifier: Apache-2.0 */
/* The program's own functions come before those of the C library, for its shared libraries too.
 * Both names of those that exist for two sizes of file offsets: here these are the same. */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE
#include "env_calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum { OPENAT2_ARGUMENTS = 4 };
_Static_assert(sizeof(off_t) == 8, "file offsets have 64 bits");

struct stat64;
struct statfs;
struct statfs64;
int open64(const char *path, int flags, ...);
int openat64(int dir, const char *path, int flags, ...);
ssize_t pread64(int fd, void *bytes, size_t size, off_t offset);
ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t offset);
int ftruncate64(int fd, off_t size);
int fstat64(int fd, struct stat64 *out);
int fstatat64(int dir, const char *path, struct stat64 *out, int flags);
int stat64(const char *path, struct stat64 *out);
int lstat64(const char *path, struct stat64 *out);
int statfs(const char *path, struct statfs *out);
int statfs64(const char *path, struct statfs64 *out);
void *mmap64(void *at, size_t size, int access, int flags, int fd, off_t offset);

static _Thread_local struct {
  int64_t left; /* until one fails; 0: none does */
  bool for_ever;
  int code;
  const char *failed;
  void (*before)(void *ctx);
  void *ctx;
} plan;

void env_calls_fail(int64_t nth, bool for_ever, int code) {
  plan.left = nth;
  plan.for_ever = for_ever;
  plan.code = code;
  plan.failed = NULL;
}

const char *env_calls_mend(void) {
  plan.left = 0;
  return plan.failed;
}

void env_calls_watch(void (*before)(void *ctx), void *ctx) {
  plan.before = before;
  plan.ctx = ctx;
}

static void look(void) {
  void (*before)(void *ctx) = plan.before;
  if (before == NULL) return;
  int code = errno;
  plan.before = NULL;
  before(plan.ctx);
  plan.before = before;
  errno = code;
}

static bool strikes(const char *name) {
  if (plan.left == 0 || --plan.left > 0) return false;
  plan.left = plan.for_ever ? 1 : 0;
  if (plan.failed == NULL) plan.failed = name;
  return true;
}

static bool fails(const char *name) {
  look();
  if (plan.code == ENV_SHORT || !strikes(name)) return false;
  errno = plan.code;
  return true;
}

/* Of a call that moves bytes: it fails, or moves fewer. */
static bool fails_moving(const char *name, size_t *size) {
  if (plan.code != ENV_SHORT) return fails(name);
  look();
  if (*size > 1 && strikes(name)) *size /= 2;
  return false;
}

/* The function that this program's own one stands before. */
static void find(const char *name, void *_Atomic *known, void *out) {
  void *found = atomic_load_explicit(known, memory_order_relaxed);
  if (found == NULL) {
    found = dlsym(RTLD_NEXT, name);
    atomic_store_explicit(known, found, memory_order_relaxed);
  }
  memcpy(out, &found, sizeof found);
}

#define STAND_BEFORE(name, parameters, arguments)                                                  \
  int name parameters {                                                                            \
    static void *_Atomic known;                                                                    \
    int(*real) parameters = NULL;                                                                  \
    if (fails(#name)) return -1;                                                                   \
    find(#name, &known, &real);                                                                    \
    return real arguments;                                                                         \
  }

/* --- names ------------------------------------------------------------------------------------ */

STAND_BEFORE(mkdir, (const char *path, mode_t mode), (path, mode))
STAND_BEFORE(mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode))
STAND_BEFORE(mknod, (const char *path, mode_t mode, dev_t device), (path, mode, device))
STAND_BEFORE(mknodat, (int dir, const char *path, mode_t mode, dev_t device),
             (dir, path, mode, device))
STAND_BEFORE(unlink, (const char *path), (path))
STAND_BEFORE(unlinkat, (int dir, const char *path, int flags), (dir, path, flags))
STAND_BEFORE(rmdir, (const char *path), (path))
STAND_BEFORE(rename, (const char *from, const char *to), (from, to))
STAND_BEFORE(renameat, (int from_dir, const char *from, int to_dir, const char *to),
             (from_dir, from, to_dir, to))
STAND_BEFORE(linkat, (int from_dir, const char *from, int to_dir, const char *to, int flags),
             (from_dir, from, to_dir, to, flags))
STAND_BEFORE(access, (const char *path, int mode), (path, mode))
STAND_BEFORE(stat, (const char *path, struct stat *out), (path, out))
STAND_BEFORE(stat64, (const char *path, struct stat64 *out), (path, out))
STAND_BEFORE(lstat, (const char *path, struct stat *out), (path, out))
STAND_BEFORE(lstat64, (const char *path, struct stat64 *out), (path, out))
STAND_BEFORE(fstatat, (int dir, const char *path, struct stat *out, int flags),
             (dir, path, out, flags))
STAND_BEFORE(fstatat64, (int dir, const char *path, struct stat64 *out, int flags),
             (dir, path, out, flags))
STAND_BEFORE(statfs, (const char *path, struct statfs *out), (path, out))
STAND_BEFORE(statfs64, (const char *path, struct statfs64 *out), (path, out))

/* --- opening ---------------------------------------------------------------------------------- */

static mode_t mode_of(int flags, va_list args) {
  return (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
}

#define STAND_BEFORE_OPEN(name, parameters, arguments)                                             \
  int name parameters {                                                                            \
    static void *_Atomic known;                                                                    \
    int(*real) parameters = NULL;                                                                  \
    va_list args;                                                                                  \
    va_start(args, flags);                                                                         \
    mode_t mode = mode_of(flags, args);                                                            \
    va_end(args);                                                                                  \
    if (fails(#name)) return -1;                                                                   \
    find(#name, &known, &real);                                                                    \
    return real arguments;                                                                         \
  }

STAND_BEFORE_OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
STAND_BEFORE_OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
STAND_BEFORE_OPEN(openat, (int dir, const char *path, int flags, ...), (dir, path, flags, mode))
STAND_BEFORE_OPEN(openat64, (int dir, const char *path, int flags, ...), (dir, path, flags, mode))

/* openat2, which has no function of its own; nothing here makes another call this way. */
long syscall(long number, ...) {
  static void *_Atomic known;
  long (*real)(long, ...) = NULL;
  long values[OPENAT2_ARGUMENTS];
  va_list args;
  va_start(args, number);
  for (size_t i = 0; i < OPENAT2_ARGUMENTS; i++) values[i] = va_arg(args, long);
  va_end(args);
#ifdef SYS_openat2
  if (number == SYS_openat2 && fails("openat2")) return -1;
#endif
  find("syscall", &known, &real);
  return real(number, values[0], values[1], values[2], values[3]);
}

/* The descriptor is gone also when this fails. */
int close(int fd) {
  static void *_Atomic known;
  int (*real)(int) = NULL;
  find("close", &known, &real);
  int result = real(fd);
  return fails("close") ? -1 : result;
}

/* --- contents --------------------------------------------------------------------------------- */

STAND_BEFORE(fstat, (int fd, struct stat *out), (fd, out))
STAND_BEFORE(fstat64, (int fd, struct stat64 *out), (fd, out))
STAND_BEFORE(fsync, (int fd), (fd))
STAND_BEFORE(fdatasync, (int fd), (fd))
STAND_BEFORE(ftruncate, (int fd, off_t size), (fd, size))
STAND_BEFORE(ftruncate64, (int fd, off_t size), (fd, size))

#define STAND_BEFORE_MOVE(name, parameters, arguments)                                             \
  ssize_t name parameters {                                                                        \
    static void *_Atomic known;                                                                    \
    ssize_t(*real) parameters = NULL;                                                              \
    if (fails_moving(#name, &size)) return -1;                                                     \
    find(#name, &known, &real);                                                                    \
    return real arguments;                                                                         \
  }

STAND_BEFORE_MOVE(read, (int fd, void *bytes, size_t size), (fd, bytes, size))
STAND_BEFORE_MOVE(write, (int fd, const void *bytes, size_t size), (fd, bytes, size))
STAND_BEFORE_MOVE(pread, (int fd, void *bytes, size_t size, off_t offset),
                  (fd, bytes, size, offset))
STAND_BEFORE_MOVE(pread64, (int fd, void *bytes, size_t size, off_t offset),
                  (fd, bytes, size, offset))
STAND_BEFORE_MOVE(pwrite, (int fd, const void *bytes, size_t size, off_t offset),
                  (fd, bytes, size, offset))
STAND_BEFORE_MOVE(pwrite64, (int fd, const void *bytes, size_t size, off_t offset),
                  (fd, bytes, size, offset))

#define STAND_BEFORE_MAP(name)                                                                     \
  void *name(void *at, size_t size, int access, int flags, int fd, off_t offset) {                 \
    static void *_Atomic known;                                                                    \
    void *(*real)(void *, size_t, int, int, int, off_t) = NULL;                                    \
    if (fd >= 0 && fails(#name)) return MAP_FAILED;                                                \
    find(#name, &known, &real);                                                                    \
    return real(at, size, access, flags, fd, offset);                                              \
  }

STAND_BEFORE_MAP(mmap)
STAND_BEFORE_MAP(mmap64)
