/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"

#include "store/os_statfs.h"

#include <errno.h>

static void test_known_types(void **state) {
  (void)state;
  const char *name = NULL;
  assert_int_equal(mri_file_system_kind_of(0x6969, &name), MRI_FILE_SYSTEM_NETWORK);
  assert_string_equal(name, "NFS");
  assert_int_equal(mri_file_system_kind_of(0xff534d42, &name), MRI_FILE_SYSTEM_NETWORK);
  assert_int_equal(mri_file_system_kind_of(0x65735546, &name), MRI_FILE_SYSTEM_NETWORK);
  assert_string_equal(name, "FUSE");
  assert_int_equal(mri_file_system_kind_of(0x0bd00bd0, &name), MRI_FILE_SYSTEM_CLUSTER);
  assert_string_equal(name, "Lustre");
  assert_int_equal(mri_file_system_kind_of(0x00c36400, &name), MRI_FILE_SYSTEM_CLUSTER);
  assert_int_equal(mri_file_system_kind_of(0xef53, &name), MRI_FILE_SYSTEM_LOCAL);
  assert_null(name);
}

static void test_folder_of_this_machine(void **state) {
  (void)state;
  mri_file_system fs = {.type = 1, .read_only = true};
  assert_int_equal(mri_file_system_of("/tmp", &fs), 0);
  assert_false(fs.read_only);
  assert_int_equal(mri_file_system_of("/tmp/there/is/nothing", &fs), ENOENT);
}

static void test_made_file_has_the_mode_less_the_umask(void **state) {
  (void)state;
  unit_dir dir;
  char path[96];
  struct stat info;
  unit_dir_make(&dir);
  (void)snprintf(path, sizeof path, "%s/file", dir.path);
  size_t fds = unit_count_fds();
  mode_t mask = umask(027);
  assert_int_equal(mri_file_make(path, 0664), 0);
  (void)umask(mask);
  assert_int_equal(stat(path, &info), 0);
  assert_true(S_ISREG(info.st_mode));
  assert_int_equal(info.st_mode & 07777, 0640);
  assert_int_equal(info.st_size, 0);
  assert_int_equal(unit_count_fds(), fds);
  assert_int_equal(mri_file_make(path, 0600), EEXIST);
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(info.st_mode & 07777, 0640);
  unit_dir_remove(&dir);
}

static void test_real_path_follows_links(void **state) {
  (void)state;
  unit_dir dir;
  char path[96];
  char link[96];
  static char real[MRI_REAL_PATH_MAX];
  unit_dir_make(&dir);
  (void)snprintf(path, sizeof path, "%s/file", dir.path);
  (void)snprintf(link, sizeof link, "%s/link", dir.path);
  assert_int_equal(mri_real_path(path, real), ENOENT);
  assert_int_equal(mri_file_make(path, 0600), 0);
  assert_int_equal(symlink("file", link), 0);
  assert_int_equal(mri_real_path(link, real), 0);
  assert_string_equal(strrchr(real, '/'), "/file");
  unit_dir_remove(&dir);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known_types),
      cmocka_unit_test(test_folder_of_this_machine),
      cmocka_unit_test(test_made_file_has_the_mode_less_the_umask),
      cmocka_unit_test(test_real_path_follows_links),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
