/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/os_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef SYS_openat2
#include <linux/openat2.h>
#endif

/* The kernel moves less than 2 GiB a call. */
#define IO_PIECE ((size_t)1 << 30)

static int real_open_at(int dir, const char *path, int flags, mode_t mode) {
  return openat(dir, path, flags | O_CLOEXEC, mode);
}

static int real_open_beneath(int dir, const char *path, int flags, mode_t mode) {
#ifdef SYS_openat2
  struct open_how how = {0};
  how.flags = (uint32_t)(flags | O_CLOEXEC);
  /* openat2 refuses a mode that nothing uses. O_TMPFILE contains the bit of O_DIRECTORY. */
  bool creates = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  how.mode = creates ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
#else
  (void)dir, (void)path, (void)flags, (void)mode;
  errno = ENOSYS;
  return -1;
#endif
}

static int real_fstat_at(int dir, const char *path, struct stat *out, int flags) {
  return fstatat(dir, path, out, flags);
}

static const mri_io real_table = {
    .open_at = real_open_at,
    .open_beneath = real_open_beneath,
    .close = close,
    .read = read,
    .pread = pread,
    .write = write,
    .fsync = fsync,
    .rename_at = renameat,
    .unlink_at = unlinkat,
    .mkdir_at = mkdirat,
    .fstat_at = real_fstat_at,
    .fstat = fstat,
};

static const mri_io *_Atomic test_table;

const mri_io *mri_io_real(void) {
  return &real_table;
}

const mri_io *mri_io_table(void) {
  const mri_io *table = atomic_load_explicit(&test_table, memory_order_acquire);
  return table == NULL ? &real_table : table;
}

void mri_io_test_replace(const mri_io *table) {
  atomic_store(&test_table, table);
}

static void close_quietly(int fd) {
  int saved = errno;
  (void)mri_io_table()->close(fd);
  errno = saved;
}

static bool is_part(const char *part, size_t size, const char *dots) {
  return size == strlen(dots) && memcmp(part, dots, size) == 0;
}

/* 0, or the errno that refuses the path before any file is touched. */
static int refuse_path(const char *path) {
  if (path[0] == '/') return EXDEV;
  if (path[0] == '\0') return ENOENT;
  if (strcmp(path, ".") == 0) return 0;
  int refused = 0;
  for (const char *part = path;;) {
    size_t size = strcspn(part, "/");
    if (is_part(part, size, "..")) return EXDEV;
    if (size == 0 || is_part(part, size, ".")) refused = EINVAL;
    if (size > NAME_MAX) refused = ENAMETOOLONG;
    if (part[size] == '\0') return refused;
    part += size + 1;
  }
}

/* Opens one part of a path. O_DIRECTORY hides a symlink behind ENOTDIR, which becomes ELOOP, as
 * openat2 has it. */
static int open_part(int dir, const char *part, int flags, mode_t mode) {
  const mri_io *io = mri_io_table();
  int fd = io->open_at(dir, part, flags | O_NOFOLLOW, mode);
  if (fd >= 0 || errno != ENOTDIR) return fd;
  struct stat st;
  bool link = io->fstat_at(dir, part, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
  errno = link ? ELOOP : ENOTDIR;
  return -1;
}

int mri_open_beneath_walk(int dir, const char *path, int flags, mode_t mode) {
  /* O_NOFOLLOW with O_PATH alone would open a symlink itself. */
  assert((flags & O_PATH) == 0 || (flags & O_DIRECTORY) != 0);
  int refused = refuse_path(path);
  if (refused != 0) {
    errno = refused;
    return -1;
  }
  char part[NAME_MAX + 1];
  int at = dir;
  for (;;) {
    size_t size = strcspn(path, "/");
    memcpy(part, path, size);
    part[size] = '\0';
    bool last = path[size] == '\0';
    int fd = last ? open_part(at, part, flags, mode) : open_part(at, part, O_PATH | O_DIRECTORY, 0);
    if (at != dir) close_quietly(at);
    if (fd < 0 || last) return fd;
    at = fd;
    path += size + 1;
  }
}

int mri_open_beneath(int dir, const char *path, int flags, mode_t mode) {
  int refused = refuse_path(path);
  if (refused != 0) {
    errno = refused;
    return -1;
  }
  int fd = mri_io_table()->open_beneath(dir, path, flags & ~O_NOFOLLOW, mode);
  if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return fd;
  return mri_open_beneath_walk(dir, path, flags, mode);
}

/* Opens the folder `part` of `dir`, making it when it is missing. *made tells that its entry may
 * not be durable yet. */
static int enter_folder(int dir, const char *part, mode_t mode, bool *made) {
  const int flags = O_RDONLY | O_DIRECTORY;
  *made = false;
  int fd = open_part(dir, part, flags, 0);
  if (fd >= 0 || errno != ENOENT) return fd;
  /* EEXIST: another process was faster, and may not have reached its fsync. */
  if (mri_io_table()->mkdir_at(dir, part, mode) != 0 && errno != EEXIST) return -1;
  *made = true;
  return open_part(dir, part, flags, 0);
}

mr_status mri_mkdirs_beneath(int dir, const char *path, mode_t mode, bool durable, int *out_fd,
                             mr_error *error) {
  int refused = refuse_path(path);
  if (refused != 0) return mri_error_errno(error, refused, "create folder", path);
  char part[NAME_MAX + 1];
  const char *rest = path;
  int at = dir;
  for (;;) {
    size_t size = strcspn(rest, "/");
    memcpy(part, rest, size);
    part[size] = '\0';
    bool made = false;
    int fd = enter_folder(at, part, mode, &made);
    if (fd >= 0 && made && durable && !mri_fsync_dir(at)) {
      close_quietly(fd);
      fd = -1;
    }
    if (at != dir) close_quietly(at);
    if (fd < 0) return mri_error_errno(error, errno, "create folder", path);
    at = fd;
    if (rest[size] == '\0') break;
    rest += size + 1;
  }
  *out_fd = at;
  return MR_OK;
}

bool mri_write_full(int fd, const void *bytes, size_t size) {
  const mri_io *io = mri_io_table();
  const char *at = bytes;
  while (size > 0) {
    ssize_t count = io->write(fd, at, size < IO_PIECE ? size : IO_PIECE);
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) errno = EIO;
    if (count <= 0) return false;
    at += count;
    size -= (size_t)count;
  }
  return true;
}

bool mri_pread_full(int fd, void *bytes, size_t size, int64_t offset, size_t *got) {
  const mri_io *io = mri_io_table();
  char *at = bytes;
  *got = 0;
  while (*got < size) {
    size_t left = size - *got;
    ssize_t count = io->pread(fd, at + *got, left < IO_PIECE ? left : IO_PIECE,
                              (off_t)(offset + (int64_t)*got));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    if (count == 0) return true;
    *got += (size_t)count;
  }
  return true;
}

bool mri_fsync_dir(int dir) {
  return mri_io_table()->fsync(dir) == 0 || errno == EINVAL;
}

/* Reads to the end of the file, which may be longer or shorter than its size says. *room is the
 * size of the block *bytes. */
static mr_status read_all(const mri_mem *mem, int fd, const char *path, int64_t max,
                          uint8_t **bytes, size_t room, size_t *out_size, mr_error *error) {
  const mri_io *io = mri_io_table();
  size_t size = 0;
  for (;;) {
    if (size == room) {
      /* One byte more than allowed is enough to know that there is too much. */
      size_t most = (size_t)max + 1;
      size_t grown = room > most / 2 ? most : room * 2;
      uint8_t *moved = mri_mem_realloc(mem, *bytes, grown + 1);
      if (moved == NULL) return mri_error_no_memory(error);
      *bytes = moved;
      room = grown;
    }
    size_t left = room - size;
    ssize_t count = io->read(fd, *bytes + size, left < IO_PIECE ? left : IO_PIECE);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return mri_error_errno(error, errno, "read", path);
    if (count == 0) break;
    size += (size_t)count;
    if ((uint64_t)size > (uint64_t)max)
      return mri_error_set(error, MR_LIMIT, "%s is larger than %lld bytes", path, (long long)max);
  }
  (*bytes)[size] = '\0';
  *out_size = size;
  return MR_OK;
}

mr_status mri_file_read(const mri_mem *mem, int dir, const char *path, int64_t max, uint8_t **out,
                        size_t *out_size, mr_error *error) {
  assert(max >= 0 && max < PTRDIFF_MAX - 1);
  const mri_io *io = mri_io_table();
  /* O_NONBLOCK: a pipe of that name must not hold us; it means nothing to a regular file. */
  const int flags = O_RDONLY | O_NOCTTY | O_NONBLOCK;
  mr_status status = MR_OK;
  uint8_t *bytes = NULL;
  struct stat st;
  int fd =
      dir == AT_FDCWD ? io->open_at(dir, path, flags, 0) : mri_open_beneath(dir, path, flags, 0);
  if (fd < 0) return mri_error_errno(error, errno, "open", path);
  if (io->fstat_at(fd, "", &st, AT_EMPTY_PATH) != 0) {
    status = mri_error_errno(error, errno, "read", path);
    goto cleanup;
  }
  if (!S_ISREG(st.st_mode)) {
    status = mri_error_set(error, MR_INVALID_ARGUMENT, "%s is not a regular file", path);
    goto cleanup;
  }
  if (st.st_size > max) {
    status = mri_error_set(error, MR_LIMIT, "%s has %lld bytes, more than %lld", path,
                           (long long)st.st_size, (long long)max);
    goto cleanup;
  }
  /* One byte beyond the expected end, so that the end is met without growing. */
  size_t room = (size_t)st.st_size + 1;
  bytes = mri_mem_alloc(mem, room + 1);
  if (bytes == NULL) {
    status = mri_error_no_memory(error);
    goto cleanup;
  }
  size_t size = 0;
  status = read_all(mem, fd, path, max, &bytes, room, &size, error);
  if (status != MR_OK) goto cleanup;
  *out = bytes;
  *out_size = size;
  bytes = NULL;

cleanup:
  mri_mem_free(mem, bytes);
  close_quietly(fd);
  return status;
}
