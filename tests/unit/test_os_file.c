/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* O_TMPFILE */
#endif
#include "base/os_file.h"
#include "io_fault.h"
#include "unit_test.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

typedef int (*open_fn)(int dir, const char *path, int flags, mode_t mode);

static const open_fn open_fns[] = {mri_open_beneath, mri_open_beneath_walk};

static void put(int dir, const char *path, const char *text) {
  unit_write_file(dir, path, text, strlen(text));
}

/*  a/b/file   a/plain   link-file -> a/plain   link-dir -> a   a/up -> ..   a/b/out -> /etc
 *  link-gone -> missing   loop -> loop   secret (beside the folder `root`, which tests open) */
static int make_tree(void **state) {
  static unit_dir top;
  unit_dir_make(&top);
  assert_int_equal(mkdirat(top.fd, "root", 0700), 0);
  put(top.fd, "secret", "secret");
  assert_int_equal(mkdirat(top.fd, "root/a", 0700), 0);
  assert_int_equal(mkdirat(top.fd, "root/a/b", 0700), 0);
  put(top.fd, "root/a/b/file", "deep");
  put(top.fd, "root/a/plain", "plain");
  assert_int_equal(symlinkat("a/plain", top.fd, "root/link-file"), 0);
  assert_int_equal(symlinkat("a", top.fd, "root/link-dir"), 0);
  assert_int_equal(symlinkat("..", top.fd, "root/a/up"), 0);
  assert_int_equal(symlinkat("/etc", top.fd, "root/a/b/out"), 0);
  assert_int_equal(symlinkat("missing", top.fd, "root/link-gone"), 0);
  assert_int_equal(symlinkat("loop", top.fd, "root/loop"), 0);
  *state = &top;
  return 0;
}

static int remove_tree(void **state) {
  (void)io_fault_disarm();
  unit_dir_remove(*state);
  return 0;
}

static int open_root(void **state) {
  const unit_dir *top = *state;
  int fd = openat(top->fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  assert_true(fd >= 0);
  return fd;
}

static void expect_open(int root, const char *path, int flags, const char *content) {
  for (size_t i = 0; i < 2; i++) {
    int fd = open_fns[i](root, path, flags, 0600);
    if (fd < 0) fail_msg("way %zu cannot open \"%s\": %s", i, path, strerror(errno));
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    if (content != NULL) {
      char text[16] = "";
      assert_int_equal(read(fd, text, sizeof text - 1), strlen(content));
      assert_string_equal(text, content);
    }
    assert_int_equal(close(fd), 0);
  }
}

static void expect_refused(int root, const char *path, int flags, int errno_value) {
  for (size_t i = 0; i < 2; i++) {
    errno = 0;
    int fd = open_fns[i](root, path, flags, 0600);
    int got = errno;
    if (fd >= 0 || got != errno_value)
      fail_msg("way %zu, \"%s\": %d, %s instead of %s", i, path, fd, strerror(got),
               strerror(errno_value));
  }
}

static void test_paths_below_open(void **state) {
  int root = open_root(state);
  expect_open(root, "a/b/file", O_RDONLY, "deep");
  expect_open(root, "a/plain", O_RDONLY | O_NOFOLLOW, "plain");
  expect_open(root, "a", O_RDONLY | O_DIRECTORY, NULL);
  expect_open(root, "a/b", O_RDONLY, NULL);
  expect_open(root, ".", O_RDONLY | O_DIRECTORY, NULL);
  expect_open(root, "a/new", O_WRONLY | O_CREAT, NULL);
  expect_refused(root, "a/new", O_WRONLY | O_CREAT | O_EXCL, EEXIST);
  assert_int_equal(unlinkat(root, "a/new", 0), 0);
  assert_int_equal(close(root), 0);
}

static void test_no_way_leads_out(void **state) {
  int root = open_root(state);
  size_t fds = unit_count_fds();
  static const char *const out[] = {
      "/etc/passwd",    "/", "..", "../secret", "a/..", "a/../a/plain", "a/b/..", "a/../../secret",
      "../root/a/plain"};
  for (size_t i = 0; i < sizeof out / sizeof out[0]; i++)
    expect_refused(root, out[i], O_RDONLY, EXDEV);
  static const char *const links[] = {"link-file", "link-dir",       "link-dir/plain", "link-gone",
                                      "loop",      "a/up",           "a/up/a/plain",   "a/b/out",
                                      "loop/x",    "a/b/out/passwd", "a/up/secret"};
  for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
    expect_refused(root, links[i], O_RDONLY, ELOOP);
    expect_refused(root, links[i], O_RDONLY | O_DIRECTORY, ELOOP);
  }
  expect_refused(root, "link-gone", O_WRONLY | O_CREAT, ELOOP);
  expect_refused(root, "link-gone", O_WRONLY | O_CREAT | O_EXCL, EEXIST);
  expect_refused(root, "link-file", O_WRONLY | O_TRUNC, ELOOP);
  expect_open(root, "a/plain", O_RDONLY, "plain");
  assert_int_equal(unit_count_fds(), fds);
  assert_int_equal(close(root), 0);
}

typedef struct swapper {
  int root;
  atomic_bool stop;
} swapper;

/* Puts a folder and a link that leads out in turn under one name. */
static void *swap_for_ever(void *ctx) {
  swapper *self = ctx;
  while (!atomic_load(&self->stop)) {
    (void)renameat(self->root, "swap", self->root, "swap-folder");
    (void)renameat(self->root, "swap-link", self->root, "swap");
    (void)renameat(self->root, "swap", self->root, "swap-link");
    (void)renameat(self->root, "swap-folder", self->root, "swap");
  }
  return NULL;
}

static void test_a_link_put_there_meanwhile_is_not_followed(void **state) {
  swapper self = {.root = open_root(state)};
  pthread_t thread;
  assert_int_equal(mkdirat(self.root, "swap", 0700), 0);
  put(self.root, "swap/secret", "inside");
  assert_int_equal(symlinkat("..", self.root, "swap-link"), 0);
  assert_int_equal(pthread_create(&thread, NULL, swap_for_ever, &self), 0);
  for (int i = 0; i < 20000; i++) {
    int fd = open_fns[i % 2](self.root, "swap/secret", O_RDONLY, 0);
    if (fd < 0) {
      assert_true(errno == ENOENT || errno == ELOOP || errno == ENOTDIR || errno == EAGAIN);
      continue;
    }
    char text[16] = "";
    assert_int_equal(read(fd, text, sizeof text - 1), 6);
    assert_string_equal(text, "inside");
    assert_int_equal(close(fd), 0);
  }
  atomic_store(&self.stop, true);
  assert_int_equal(pthread_join(thread, NULL), 0);
  expect_open(self.root, "swap/secret", O_RDONLY, "inside");
  assert_int_equal(close(self.root), 0);
}

static void test_odd_paths_are_refused_alike(void **state) {
  int root = open_root(state);
  char part[NAME_MAX + 3];
  memset(part, 'n', sizeof part);
  part[NAME_MAX + 1] = '\0';
  expect_refused(root, part, O_RDONLY, ENAMETOOLONG);
  part[NAME_MAX] = '\0';
  expect_refused(root, part, O_RDONLY, ENOENT);
  expect_refused(root, "", O_RDONLY, ENOENT);
  expect_refused(root, "missing", O_RDONLY, ENOENT);
  expect_refused(root, "a/missing/file", O_RDONLY, ENOENT);
  expect_refused(root, "a/plain/file", O_RDONLY, ENOTDIR);
  expect_refused(root, "a/plain", O_RDONLY | O_DIRECTORY, ENOTDIR);
  expect_refused(root, "a//plain", O_RDONLY, EINVAL);
  expect_refused(root, "a/", O_RDONLY, EINVAL);
  expect_refused(root, "./a", O_RDONLY, EINVAL);
  expect_refused(root, "a/.", O_RDONLY, EINVAL);
  assert_int_equal(close(root), 0);
}

static void test_without_openat2_the_walk_serves(void **state) {
  int root = open_root(state);
  for (int way = 0; way < 2; way++) {
    io_fault_arm(0, false, 0);
    io_fault.old_kernel = way == 0;
    io_fault.sandbox = way == 1;
    int fd = mri_open_beneath(root, "a/b/file", O_RDONLY, 0);
    assert_true(fd >= 0);
    assert_true(io_fault.calls > 3);
    assert_int_equal(mri_open_beneath(root, "link-dir/plain", O_RDONLY, 0), -1);
    assert_int_equal(errno, ELOOP);
    (void)io_fault_disarm();
    assert_int_equal(close(fd), 0);
  }
  assert_int_equal(close(root), 0);
}

static void test_folders_are_made(void **state) {
  const unit_dir *top = *state;
  int fd = -1;
  size_t fds = unit_count_fds();
  assert_int_equal(mri_mkdirs_beneath(top->fd, "made/x/y", 0750, false, &fd, NULL), MR_OK);
  struct stat by_path;
  struct stat by_fd;
  assert_int_equal(fstatat(top->fd, "made/x/y", &by_path, 0), 0);
  assert_int_equal(fstat(fd, &by_fd), 0);
  assert_int_equal(by_path.st_ino, by_fd.st_ino);
  assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
  assert_int_equal(close(fd), 0);
  assert_int_equal(mri_mkdirs_beneath(top->fd, "made/x/y", 0750, true, &fd, NULL), MR_OK);
  assert_int_equal(close(fd), 0);
  assert_int_equal(mri_mkdirs_beneath(top->fd, ".", 0750, true, &fd, NULL), MR_OK);
  assert_int_equal(close(fd), 0);
  assert_int_equal(unit_count_fds(), fds);
}

static void test_folders_are_never_made_elsewhere(void **state) {
  int root = open_root(state);
  static const struct {
    const char *path;
    mr_status status;
  } cases[] = {
      {"/tmp/x", MR_INVALID_ARGUMENT},
      {"../x", MR_INVALID_ARGUMENT},
      {"a/../x", MR_INVALID_ARGUMENT},
      {"link-dir/x", MR_INVALID_ARGUMENT},
      {"a/up/x", MR_INVALID_ARGUMENT},
      {"link-gone", MR_INVALID_ARGUMENT},
      {"link-dir", MR_INVALID_ARGUMENT},
      {"a/plain/x", MR_NOT_FOUND},
      {"", MR_NOT_FOUND},
      {"a//x", MR_IO},
  };
  size_t fds = unit_count_fds();
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mr_error error = MR_ERROR_INIT;
    int fd = -7;
    assert_int_equal(mri_mkdirs_beneath(root, cases[i].path, 0700, true, &fd, &error),
                     cases[i].status);
    assert_int_equal(fd, -7);
    assert_int_equal(error.status, cases[i].status);
    assert_non_null(strstr(error.message, cases[i].path));
  }
  assert_int_equal(unit_count_fds(), fds);
  struct stat st;
  assert_int_equal(fstatat(root, "a/x", &st, 0), -1);
  assert_int_equal(fstatat(root, "missing", &st, 0), -1);
  assert_int_equal(close(root), 0);
}

static void test_making_folders_survives_each_failing_call(void **state) {
  const unit_dir *top = *state;
  size_t fds = unit_count_fds();
  bool worked = false;
  int failures = 0;
  for (int n = 1; !worked; n++) {
    char path[32];
    int fd = -1;
    mr_error error = MR_ERROR_INIT;
    (void)snprintf(path, sizeof path, "hard%d/x/y", n);
    io_fault_arm(n, false, ENOSPC);
    mr_status status = mri_mkdirs_beneath(top->fd, path, 0700, true, &fd, &error);
    bool fired = io_fault.fired != NULL;
    bool harmless = fired && strcmp(io_fault.fired, "close") == 0;
    (void)io_fault_disarm();
    worked = !fired;
    assert_int_equal(status, fired && !harmless ? MR_IO : MR_OK);
    if (status == MR_OK) {
      assert_int_equal(close(fd), 0);
    } else {
      assert_int_equal(error.backend_code, ENOSPC);
      failures++;
      assert_int_equal(mri_mkdirs_beneath(top->fd, path, 0700, true, &fd, NULL), MR_OK);
      assert_int_equal(close(fd), 0);
    }
    assert_int_equal(unit_count_fds(), fds);
  }
  assert_true(failures >= 12); /* open, make, sync, open: for each of three parts */
}

static int made_by_another(int dir, const char *path, mode_t mode) {
  assert_int_equal(mri_io_real()->mkdir_at(dir, path, mode), 0);
  errno = EEXIST;
  return -1;
}

static void test_another_process_may_make_the_folder_first(void **state) {
  const unit_dir *top = *state;
  mri_io table = *mri_io_real();
  table.mkdir_at = made_by_another;
  mri_io_test_replace(&table);
  int fd = -1;
  assert_int_equal(mri_mkdirs_beneath(top->fd, "raced/x", 0700, true, &fd, NULL), MR_OK);
  mri_io_test_replace(NULL);
  assert_int_equal(close(fd), 0);
}

static void test_each_new_folder_is_synced_when_asked(void **state) {
  const unit_dir *top = *state;
  int fd = -1;
  io_fault_arm(0, false, 0);
  assert_int_equal(mri_mkdirs_beneath(top->fd, "soft/x/y", 0700, false, &fd, NULL), MR_OK);
  int soft_calls = io_fault.calls;
  assert_int_equal(close(fd), 0);
  io_fault_arm(0, false, 0);
  assert_int_equal(mri_mkdirs_beneath(top->fd, "firm/x/y", 0700, true, &fd, NULL), MR_OK);
  assert_int_equal(io_fault.calls, soft_calls + 3);
  (void)io_fault_disarm();
  assert_int_equal(close(fd), 0);
}

static void test_whole_content_over_short_counts(void **state) {
  const unit_dir *top = *state;
  static const char text[] = "0123456789";
  int fd = openat(top->fd, "short", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  assert_true(fd >= 0);
  io_fault_arm(0, false, 0);
  io_fault.one_byte = true;
  assert_true(mri_write_full(fd, text, 10));
  assert_int_equal(io_fault.calls, 10);
  char back[16] = "";
  size_t got = 0;
  assert_true(mri_pread_full(fd, back, 5, 3, &got));
  assert_int_equal(got, 5);
  assert_string_equal(back, "34567");
  assert_true(mri_pread_full(fd, back, sizeof back, 8, &got));
  assert_int_equal(got, 2);
  assert_true(mri_pread_full(fd, back, 4, 100, &got));
  assert_int_equal(got, 0);
  assert_true(mri_write_full(fd, NULL, 0));
  assert_true(mri_pread_full(fd, NULL, 0, 0, &got));
  (void)io_fault_disarm();
  assert_int_equal(close(fd), 0);
}

static void test_interrupted_calls_go_on_and_others_end(void **state) {
  const unit_dir *top = *state;
  int fd = openat(top->fd, "interrupted", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  assert_true(fd >= 0);
  char back[4];
  size_t got = 0;
  for (int n = 1; n <= 4; n++) {
    io_fault_arm(n, false, EINTR);
    io_fault.one_byte = true;
    assert_true(mri_write_full(fd, "abcd", 4));
    assert_int_equal(io_fault.calls, 5);
    io_fault_arm(n, false, EINTR);
    io_fault.one_byte = true;
    assert_true(mri_pread_full(fd, back, 4, 0, &got));
    assert_int_equal(got, 4);
    assert_memory_equal(back, "abcd", 4);
    io_fault_arm(n, false, ENOSPC);
    io_fault.one_byte = true;
    assert_false(mri_write_full(fd, "abcd", 4));
    assert_int_equal(errno, ENOSPC);
    io_fault_arm(n, false, EIO);
    io_fault.one_byte = true;
    assert_false(mri_pread_full(fd, back, 4, 0, &got));
    assert_int_equal(errno, EIO);
    assert_int_equal(got, n - 1);
    (void)io_fault_disarm();
  }
  assert_int_equal(close(fd), 0);
}

static ssize_t write_nothing(int fd, const void *buffer, size_t size) {
  (void)fd, (void)buffer, (void)size;
  return 0;
}

static void test_a_write_of_nothing_is_a_failure(void **state) {
  (void)state;
  mri_io table = *mri_io_real();
  table.write = write_nothing;
  mri_io_test_replace(&table);
  assert_false(mri_write_full(1, "x", 1));
  assert_int_equal(errno, EIO);
  mri_io_test_replace(NULL);
  assert_ptr_equal(mri_io_table(), mri_io_real());
}

static void test_sync_of_a_folder(void **state) {
  const unit_dir *top = *state;
  assert_true(mri_fsync_dir(top->fd));
  io_fault_arm(1, false, EIO);
  assert_false(mri_fsync_dir(top->fd));
  assert_int_equal(errno, EIO);
  io_fault_arm(1, false, EINVAL);
  assert_true(mri_fsync_dir(top->fd));
  (void)io_fault_disarm();
}

static mr_status read_file(int dir, const char *path, int64_t max, const char *expected) {
  uint8_t *bytes = NULL;
  size_t size = 77;
  mr_error error = MR_ERROR_INIT;
  mr_status status = mri_file_read(mri_mem_default(), dir, path, max, &bytes, &size, &error);
  assert_int_equal(error.status, status);
  if (status == MR_OK) {
    assert_int_equal(bytes[size], 0);
    if (expected != NULL) {
      assert_int_equal(size, strlen(expected));
      assert_string_equal((const char *)bytes, expected);
    }
  } else {
    assert_null(bytes);
    assert_int_equal(size, 77);
    if (status != MR_NO_MEMORY) assert_non_null(strstr(error.message, path));
  }
  mri_mem_free(mri_mem_default(), bytes);
  return status;
}

static void test_files_are_read_whole(void **state) {
  const unit_dir *top = *state;
  put(top->fd, "ten", "0123456789");
  put(top->fd, "empty", "");
  assert_int_equal(read_file(top->fd, "ten", 100, "0123456789"), MR_OK);
  assert_int_equal(read_file(top->fd, "ten", 10, "0123456789"), MR_OK);
  assert_int_equal(read_file(top->fd, "ten", 9, NULL), MR_LIMIT);
  assert_int_equal(read_file(top->fd, "empty", 0, ""), MR_OK);
  assert_int_equal(read_file(top->fd, "root/a/b/file", 100, "deep"), MR_OK);
  assert_int_equal(read_file(top->fd, "root/link-file", 100, NULL), MR_INVALID_ARGUMENT);
  assert_int_equal(read_file(top->fd, "missing", 100, NULL), MR_NOT_FOUND);
  assert_int_equal(read_file(top->fd, "root", 100, NULL), MR_INVALID_ARGUMENT);
  char path[96];
  (void)snprintf(path, sizeof path, "%s/fifo", top->path);
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_int_equal(read_file(top->fd, "fifo", 100, NULL), MR_INVALID_ARGUMENT);
  /* The user's own path: absolute, through a link. */
  (void)snprintf(path, sizeof path, "%s/root/link-file", top->path);
  assert_int_equal(read_file(AT_FDCWD, path, 100, "plain"), MR_OK);
}

/* Files of /proc say that their size is 0, as a file does that grows while it is read. */
static void test_the_size_may_be_wrong(void **state) {
  (void)state;
  assert_int_equal(read_file(AT_FDCWD, "/proc/self/status", 1 << 20, NULL), MR_OK);
  assert_int_equal(read_file(AT_FDCWD, "/proc/self/status", 20, NULL), MR_LIMIT);
  assert_int_equal(read_file(AT_FDCWD, "/proc/self/status", 0, NULL), MR_LIMIT);
}

static bool read_growing(void *ctx) {
  (void)ctx;
  return read_file(AT_FDCWD, "/proc/self/status", 1 << 20, NULL) == MR_OK;
}

static void test_reading_survives_each_failing_allocation(void **state) {
  (void)state;
  assert_true(unit_fail_allocations(read_growing, NULL) >= 3);
}

static void test_reading_survives_each_failing_call(void **state) {
  const unit_dir *top = *state;
  int64_t live = mri_mem_live();
  size_t fds = unit_count_fds();
  put(top->fd, "ten", "0123456789");
  bool ended = false;
  for (int n = 1; !ended; n++) {
    io_fault_arm(n, false, EIO);
    io_fault.one_byte = true;
    mr_status status = read_file(top->fd, "ten", 100, "0123456789");
    ended = io_fault.fired == NULL;
    bool harmless = ended || strcmp(io_fault.fired, "close") == 0;
    (void)io_fault_disarm();
    assert_int_equal(status, harmless ? MR_OK : MR_IO);
    assert_int_equal(mri_mem_live(), live);
    assert_int_equal(unit_count_fds(), fds);
  }
}

static void test_reading_goes_on_after_an_interruption(void **state) {
  const unit_dir *top = *state;
  put(top->fd, "ten", "0123456789");
  int interrupted = 0;
  bool ended = false;
  for (int n = 1; !ended; n++) {
    io_fault_arm(n, false, EINTR);
    io_fault.one_byte = true;
    mr_status status = read_file(top->fd, "ten", 100, "0123456789");
    ended = io_fault.fired == NULL;
    bool reading = !ended && strcmp(io_fault.fired, "read") == 0;
    (void)io_fault_disarm();
    if (reading) assert_int_equal(status, MR_OK);
    interrupted += reading;
  }
  assert_int_equal(interrupted, 11); /* the last one meets the end */
}

/* O_TMPFILE, which contains the bit of O_DIRECTORY, needs a mode and stays below, too. */
static void test_a_file_without_a_name(void **state) {
  int root = open_root(state);
  for (size_t i = 0; i < 2; i++) {
    struct stat info;
    int fd = open_fns[i](root, "a", O_TMPFILE | O_RDWR, 0640);
    if (fd < 0 && errno == EOPNOTSUPP) skip();
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &info), 0);
    assert_int_equal(info.st_nlink, 0);
    assert_int_equal(info.st_mode & 0777u, 0640);
    assert_int_equal(close(fd), 0);
    assert_int_equal(open_fns[i](root, "a/up", O_TMPFILE | O_RDWR, 0640), -1);
  }
  assert_int_equal(close(root), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_paths_below_open),
      cmocka_unit_test(test_no_way_leads_out),
      cmocka_unit_test(test_a_link_put_there_meanwhile_is_not_followed),
      cmocka_unit_test(test_odd_paths_are_refused_alike),
      cmocka_unit_test(test_without_openat2_the_walk_serves),
      cmocka_unit_test(test_folders_are_made),
      cmocka_unit_test(test_folders_are_never_made_elsewhere),
      cmocka_unit_test(test_making_folders_survives_each_failing_call),
      cmocka_unit_test(test_another_process_may_make_the_folder_first),
      cmocka_unit_test(test_each_new_folder_is_synced_when_asked),
      cmocka_unit_test(test_whole_content_over_short_counts),
      cmocka_unit_test(test_interrupted_calls_go_on_and_others_end),
      cmocka_unit_test(test_a_write_of_nothing_is_a_failure),
      cmocka_unit_test(test_sync_of_a_folder),
      cmocka_unit_test(test_files_are_read_whole),
      cmocka_unit_test(test_the_size_may_be_wrong),
      cmocka_unit_test(test_reading_survives_each_failing_allocation),
      cmocka_unit_test(test_reading_survives_each_failing_call),
      cmocka_unit_test(test_reading_goes_on_after_an_interruption),
      cmocka_unit_test(test_a_file_without_a_name),
  };
  return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
