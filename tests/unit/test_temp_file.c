/* SPDX-License-Identifier: Apache-2.0 */
#include "io_fault.h"
#include "unit_test.h"

#include "base/os_file.h"

typedef struct fixture {
  unit_dir top;
  int tmp;
  int to;
} fixture;

static int make_folders(void **state) {
  static fixture f;
  unit_dir_make(&f.top);
  assert_int_equal(mkdirat(f.top.fd, "tmp", 0700), 0);
  assert_int_equal(mkdirat(f.top.fd, "to", 0700), 0);
  f.tmp = openat(f.top.fd, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  f.to = openat(f.top.fd, "to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  assert_true(f.tmp >= 0 && f.to >= 0);
  *state = &f;
  return 0;
}

static int remove_folders(void **state) {
  fixture *f = *state;
  (void)io_fault_disarm();
  assert_int_equal(close(f->tmp), 0);
  assert_int_equal(close(f->to), 0);
  unit_dir_remove(&f->top);
  return 0;
}

static void expect_content(int dir, const char *name, const char *expected) {
  char text[64] = "";
  int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
  assert_true(fd >= 0);
  assert_int_equal(read(fd, text, sizeof text - 1), strlen(expected));
  assert_string_equal(text, expected);
  assert_int_equal(close(fd), 0);
}

static void test_published_file_has_its_name_and_content(void **state) {
  const fixture *f = *state;
  mri_temp_file file;
  size_t fds = unit_count_fds();
  assert_int_equal(mri_temp_file_open(&file, f->tmp, 0640, NULL), MR_OK);
  assert_int_equal(fcntl(file.fd, F_GETFD), FD_CLOEXEC);
  assert_int_equal(unit_count_entries(f->tmp), 1);
  assert_true(mri_write_full(file.fd, "content", 7));
  assert_int_equal(unit_count_entries(f->to), 0);
  assert_int_equal(mri_temp_file_publish(&file, f->to, "name", NULL), MR_OK);
  assert_int_equal(unit_count_entries(f->tmp), 0);
  expect_content(f->to, "name", "content");
  mri_temp_file_discard(&file);
  expect_content(f->to, "name", "content");
  assert_int_equal(unit_count_fds(), fds);
}

static void test_published_file_replaces_its_predecessor(void **state) {
  const fixture *f = *state;
  for (int i = 0; i < 2; i++) {
    mri_temp_file file;
    assert_int_equal(mri_temp_file_open(&file, f->tmp, 0600, NULL), MR_OK);
    assert_true(mri_write_full(file.fd, i == 0 ? "old" : "new", 3));
    assert_int_equal(mri_temp_file_publish(&file, f->to, "name", NULL), MR_OK);
  }
  expect_content(f->to, "name", "new");
  assert_int_equal(unit_count_entries(f->to), 1);
}

static void test_discarded_file_is_gone(void **state) {
  const fixture *f = *state;
  mri_temp_file file;
  mri_temp_file other;
  assert_int_equal(mri_temp_file_open(&file, f->tmp, 0600, NULL), MR_OK);
  assert_int_equal(mri_temp_file_open(&other, f->tmp, 0600, NULL), MR_OK);
  assert_string_not_equal(file.name, other.name);
  mri_temp_file_discard(&file);
  assert_int_equal(unit_count_entries(f->tmp), 1);
  mri_temp_file_discard(&file);
  mri_temp_file_discard(&other);
  assert_int_equal(unit_count_entries(f->tmp), 0);
  mri_temp_file none = {.fd = -1};
  mri_temp_file_discard(&none);
}

static void test_a_name_is_one_part(void **state) {
  const fixture *f = *state;
  static const char *const bad[] = {"", ".", "..", "a/b", "/abs", "../out", "a/"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    mri_temp_file file;
    mr_error error = MR_ERROR_INIT;
    assert_int_equal(mri_temp_file_open(&file, f->tmp, 0600, NULL), MR_OK);
    assert_int_equal(mri_temp_file_publish(&file, f->to, bad[i], &error), MR_INVALID_ARGUMENT);
    assert_int_equal(error.status, MR_INVALID_ARGUMENT);
    assert_int_equal(unit_count_entries(f->tmp), 0);
    assert_int_equal(unit_count_entries(f->to), 0);
  }
}

static void test_a_taken_name_is_tried_again(void **state) {
  const fixture *f = *state;
  mri_temp_file file;
  io_fault_arm(1, false, EEXIST);
  assert_int_equal(mri_temp_file_open(&file, f->tmp, 0600, NULL), MR_OK);
  assert_int_equal(io_fault.calls, 2);
  (void)io_fault_disarm();
  mri_temp_file_discard(&file);
}

static int always_exists(int dir, const char *path, int flags, mode_t mode) {
  (void)dir, (void)path, (void)flags, (void)mode;
  errno = EEXIST;
  return -1;
}

static void test_trying_names_ends(void **state) {
  const fixture *f = *state;
  mri_io table = *mri_io_real();
  mri_temp_file file;
  mr_error error = MR_ERROR_INIT;
  table.open_at = always_exists;
  mri_io_test_replace(&table);
  assert_int_equal(mri_temp_file_open(&file, f->tmp, 0600, &error), MR_ALREADY_EXISTS);
  mri_io_test_replace(NULL);
  assert_int_equal(file.fd, -1);
  mri_temp_file_discard(&file);
}

/* Writes and publishes; false when any step says so. */
static bool store(const fixture *f, mr_error *error) {
  mri_temp_file file;
  if (mri_temp_file_open(&file, f->tmp, 0600, error) != MR_OK) return false;
  if (!mri_write_full(file.fd, "content", 7)) {
    (void)mri_error_errno(error, errno, "write", file.name);
    mri_temp_file_discard(&file);
    return false;
  }
  return mri_temp_file_publish(&file, f->to, "name", error) == MR_OK;
}

/* Whatever call fails, the name shows nothing or the whole content, and nothing is left over. */
static void fail_each_call(const fixture *f, int errno_value, bool one_byte) {
  size_t fds = unit_count_fds();
  int failures = 0;
  for (int n = 1;; n++) {
    mr_error error = MR_ERROR_INIT;
    io_fault_arm(n, false, errno_value);
    io_fault.one_byte = one_byte;
    bool worked = store(f, &error);
    const char *fired = io_fault.fired;
    int calls = io_fault.calls;
    (void)io_fault_disarm();
    assert_int_equal(worked, fired == NULL);
    assert_int_equal(unit_count_fds(), fds);
    assert_int_equal(unit_count_entries(f->tmp), 0);
    bool last_sync = fired != NULL && strcmp(fired, "fsync") == 0 && calls == n;
    if (worked || last_sync) {
      expect_content(f->to, "name", "content");
      assert_int_equal(unlinkat(f->to, "name", 0), 0);
    }
    assert_int_equal(unit_count_entries(f->to), 0);
    if (worked) break;
    assert_int_equal(error.status, MR_IO);
    assert_int_equal(error.backend_code, errno_value);
    failures++;
  }
  /* open, write (7 when short), fsync, close, rename, fsync of the folder */
  assert_int_equal(failures, one_byte ? 12 : 6);
}

static void test_every_call_may_fail(void **state) {
  fail_each_call(*state, EIO, false);
  fail_each_call(*state, ENOSPC, false);
  fail_each_call(*state, EDQUOT, false);
  fail_each_call(*state, ENOSPC, true);
}

static void test_a_removal_that_fails_is_survived(void **state) {
  const fixture *f = *state;
  mri_temp_file file;
  size_t fds = unit_count_fds();
  assert_int_equal(mri_temp_file_open(&file, f->tmp, 0600, NULL), MR_OK);
  io_fault_arm(2, false, EIO);
  mri_temp_file_discard(&file);
  assert_string_equal(io_fault.fired, "unlink_at");
  (void)io_fault_disarm();
  mri_temp_file_discard(&file);
  assert_int_equal(unit_count_fds(), fds);
  assert_int_equal(unit_count_entries(f->tmp), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_published_file_has_its_name_and_content, make_folders,
                                      remove_folders),
      cmocka_unit_test_setup_teardown(test_published_file_replaces_its_predecessor, make_folders,
                                      remove_folders),
      cmocka_unit_test_setup_teardown(test_discarded_file_is_gone, make_folders, remove_folders),
      cmocka_unit_test_setup_teardown(test_a_name_is_one_part, make_folders, remove_folders),
      cmocka_unit_test_setup_teardown(test_a_taken_name_is_tried_again, make_folders,
                                      remove_folders),
      cmocka_unit_test_setup_teardown(test_trying_names_ends, make_folders, remove_folders),
      cmocka_unit_test_setup_teardown(test_every_call_may_fail, make_folders, remove_folders),
      cmocka_unit_test_setup_teardown(test_a_removal_that_fails_is_survived, make_folders,
                                      remove_folders),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
