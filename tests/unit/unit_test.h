/* SPDX-License-Identifier: Apache-2.0 */
/* What the unit tests share: cmocka, failing allocations, a folder to play in. */
#ifndef UNIT_TEST_H
#define UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Says whether it worked; gives back all it took either way. */
typedef bool (*unit_attempt)(void *ctx);

/* Runs `attempt` with the nth allocation failing, once and for ever, for every n until none fails
 * any more. It must report each failure, leak nothing and work again. Returns how many there are.
 */
static inline int64_t unit_fail_allocations(unit_attempt attempt, void *ctx) {
  int64_t live = mri_mem_live();
  for (int64_t n = 1;; n++) {
    bool ended = true;
    for (int for_ever = 0; for_ever <= 1; for_ever++) {
      mri_mem_test_fail(n, for_ever == 1);
      bool worked = attempt(ctx);
      bool failed = mri_mem_test_failed();
      mri_mem_test_fail(0, false);
      assert_int_equal(mri_mem_live(), live);
      assert_int_equal(worked, !failed);
      if (failed) ended = false;
    }
    if (ended) return n - 1;
    assert_true(attempt(ctx));
    assert_int_equal(mri_mem_live(), live);
  }
}

typedef struct unit_dir {
  char path[64];
  int fd;
} unit_dir;

/* A new empty folder, open. */
static inline void unit_dir_make(unit_dir *dir) {
  (void)snprintf(dir->path, sizeof dir->path, "/tmp/modelreg_unit_XXXXXX");
  assert_non_null(mkdtemp(dir->path));
  dir->fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  assert_true(dir->fd >= 0);
}

static inline bool unit_is_dots(const char *name) {
  return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Removes what a folder holds, without following links. */
static inline void unit_empty(int fd) {
  int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  assert_true(again >= 0);
  DIR *list = fdopendir(again);
  assert_non_null(list);
  for (const struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
    if (unit_is_dots(entry->d_name) || unlinkat(fd, entry->d_name, 0) == 0) continue;
    int inner = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    assert_true(inner >= 0);
    unit_empty(inner);
    assert_int_equal(close(inner), 0);
    assert_int_equal(unlinkat(fd, entry->d_name, AT_REMOVEDIR), 0);
  }
  assert_int_equal(closedir(list), 0);
}

/* Closes and removes the folder with everything in it. */
static inline void unit_dir_remove(unit_dir *dir) {
  unit_empty(dir->fd);
  assert_int_equal(close(dir->fd), 0);
  assert_int_equal(rmdir(dir->path), 0);
}

/* Below a folder, or AT_FDCWD. */
static inline void unit_write_file(int dir, const char *path, const void *bytes, size_t size) {
  int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  assert_true(fd >= 0);
  if (size > 0) assert_int_equal(write(fd, bytes, size), (ssize_t)size);
  assert_int_equal(close(fd), 0);
}

static inline size_t unit_count_entries(int fd) {
  int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  assert_true(again >= 0);
  DIR *list = fdopendir(again);
  assert_non_null(list);
  size_t count = 0;
  for (const struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
    if (!unit_is_dots(entry->d_name)) count++;
  }
  assert_int_equal(closedir(list), 0);
  return count;
}

/* The next of a row that each seed begins anew: 0 and more, less than `below`. */
static inline uint32_t unit_random(uint64_t *seed, uint32_t below) {
  *seed = *seed * 6364136223846793005U + 1442695040888963407U;
  return (uint32_t)(*seed >> 33) % below;
}

/* How many descriptors below 256 this process has open. */
static inline size_t unit_count_fds(void) {
  size_t count = 0;
  for (int fd = 0; fd < 256; fd++) {
    if (fcntl(fd, F_GETFD) >= 0) count++;
  }
  return count;
}

#endif
