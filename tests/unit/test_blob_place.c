/* SPDX-License-Identifier: Apache-2.0 */
/* Where the folder store makes its folders, and that nobody leads it elsewhere with a symlink. */
#include "blob_test.h"

#include "blob/blob_place.h"

#include <errno.h>

static const mri_mem *mem(void) {
  return mri_mem_default();
}

static bool no_mutex;

/* Stands before the C library's, which never fails. */
int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes) {
  (void)attributes;
  *mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
  return no_mutex ? EAGAIN : 0;
}

static mr_status put_in(const char *root, uint32_t mode, mri_digest *digest, mr_error *error) {
  mri_blobs *blobs = NULL;
  mr_status status = mri_blobs_open_folder(mem(), root, mode, false, &blobs, error);
  if (status != MR_OK) return status;
  status = mri_blobs_put_bytes(blobs, "abc", 3, digest, error);
  mri_blobs_close(blobs);
  return status;
}

static unsigned mode_of(int dir, const char *path) {
  struct stat info;
  assert_int_equal(fstatat(dir, path, &info, AT_SYMLINK_NOFOLLOW), 0);
  return (unsigned)info.st_mode & 0777u;
}

static void test_nothing_is_made_before_the_first_put(void **state) {
  (void)state;
  unit_dir dir;
  unit_dir_make(&dir);
  char root[128];
  (void)snprintf(root, sizeof root, "%s/a/R.d", dir.path);
  mri_blobs *blobs = NULL;
  mri_blob *blob = NULL;
  bool found = true;
  mri_digest digest;
  mri_blake2b("abc", 3, &digest);
  for (int read_only = 0; read_only <= 1; read_only++) {
    assert_int_equal(mri_blobs_open_folder(mem(), root, 0644, read_only == 1, &blobs, NULL), MR_OK);
    assert_int_equal(mri_blobs_stat(blobs, &digest, &found, NULL, NULL), MR_OK);
    assert_false(found);
    assert_int_equal(mri_blobs_open(blobs, &digest, 3, &blob, NULL), MR_NOT_FOUND);
    if (read_only == 0) assert_int_equal(mri_blobs_delete(blobs, &digest, NULL), MR_NOT_FOUND);
    mri_blobs_close(blobs);
  }
  assert_int_equal(unit_count_entries(dir.fd), 0);
  assert_int_equal(put_in(root, 0644, &digest, NULL), MR_OK);
  unit_dir store = {.fd = openat(dir.fd, "a/R.d", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  assert_true(store.fd >= 0);
  assert_int_equal(blob_file_size(store.fd, blob_path(&digest, "").text), 3);
  assert_int_equal(close(store.fd), 0);
  unit_dir_remove(&dir);
}

static void test_a_store_sees_what_another_makes(void **state) {
  (void)state;
  unit_dir dir;
  unit_dir_make(&dir);
  char root[128];
  (void)snprintf(root, sizeof root, "%s/R.d/", dir.path);
  mri_blobs *reader = NULL;
  mri_digest digest;
  mri_blake2b("abc", 3, &digest);
  assert_int_equal(mri_blobs_open_folder(mem(), root, 0644, true, &reader, NULL), MR_OK);
  assert_int_equal(blob_compare(reader, &digest, "abc", 3), MR_NOT_FOUND);
  assert_int_equal(put_in(root, 0644, &digest, NULL), MR_OK);
  assert_int_equal(blob_compare(reader, &digest, "abc", 3), MR_OK);
  mri_blobs_close(reader);
  unit_dir_remove(&dir);
}

static void test_folders_get_x_where_files_have_r(void **state) {
  (void)state;
  static const struct {
    unsigned file, folder;
  } modes[] = {{0644, 0755}, {0640, 0750}, {0600, 0700}, {0664, 0775}, {0440, 0750}};
  mode_t before = umask(0);
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    unit_dir dir;
    mri_digest digest;
    unit_dir_make(&dir);
    char root[128];
    (void)snprintf(root, sizeof root, "%s/a/R.d", dir.path);
    assert_int_equal(put_in(root, modes[i].file, &digest, NULL), MR_OK);
    char path[160];
    (void)snprintf(path, sizeof path, "a/R.d/%s", blob_path(&digest, "").text);
    assert_int_equal(mode_of(dir.fd, path), modes[i].file);
    path[strlen("a/R.d/blobs/ab")] = '\0';
    assert_int_equal(mode_of(dir.fd, path), modes[i].folder);
    assert_int_equal(mode_of(dir.fd, "a/R.d/blobs"), modes[i].folder);
    assert_int_equal(mode_of(dir.fd, "a/R.d/tmp"), modes[i].folder);
    assert_int_equal(mode_of(dir.fd, "a/R.d"), modes[i].folder);
    assert_int_equal(mode_of(dir.fd, "a"), modes[i].folder);
    unit_dir_remove(&dir);
  }
  (void)umask(before);
}

static void test_a_relative_root_stays_where_it_was(void **state) {
  (void)state;
  unit_dir dir;
  unit_dir other;
  mri_blobs *blobs = NULL;
  mri_digest digest;
  unit_dir_make(&dir);
  unit_dir_make(&other);
  char before[512];
  assert_non_null(getcwd(before, sizeof before));
  assert_int_equal(chdir(dir.path), 0);
  assert_int_equal(mri_blobs_open_folder(mem(), "x/R.d", 0644, false, &blobs, NULL), MR_OK);
  assert_int_equal(chdir(other.path), 0);
  assert_int_equal(mri_blobs_put_bytes(blobs, "abc", 3, &digest, NULL), MR_OK);
  assert_int_equal(blob_compare(blobs, &digest, "abc", 3), MR_OK);
  assert_int_equal(chdir(before), 0);
  assert_int_equal(unit_count_entries(other.fd), 0);
  assert_int_equal(unit_count_entries(dir.fd), 1);
  mri_blobs_close(blobs);
  unit_dir_remove(&dir);
  unit_dir_remove(&other);
}

static void test_the_root_itself_may_be_a_link(void **state) {
  (void)state;
  unit_dir dir;
  unit_dir_make(&dir);
  mri_digest digest;
  assert_int_equal(mkdirat(dir.fd, "disk", 0700), 0);
  assert_int_equal(symlinkat("disk", dir.fd, "R.d"), 0);
  char root[128];
  (void)snprintf(root, sizeof root, "%s/R.d", dir.path);
  assert_int_equal(put_in(root, 0644, &digest, NULL), MR_OK);
  char path[160];
  (void)snprintf(path, sizeof path, "disk/%s", blob_path(&digest, "").text);
  assert_int_equal(blob_file_size(dir.fd, path), 3);
  unit_dir_remove(&dir);
}

static void test_roots_that_cannot_be(void **state) {
  (void)state;
  unit_dir dir;
  unit_dir_make(&dir);
  mr_error error = MR_ERROR_INIT;
  mri_digest digest;
  char root[128];
  unit_write_file(dir.fd, "file", "file", 4);
  (void)snprintf(root, sizeof root, "%s/file/R.d", dir.path);
  assert_int_not_equal(put_in(root, 0644, &digest, &error), MR_OK);
  assert_non_null(strstr(error.message, root));
  assert_int_equal(put_in("", 0644, &digest, &error), MR_INVALID_ARGUMENT);
  if (geteuid() != 0) {
    assert_int_equal(mkdirat(dir.fd, "locked", 0500), 0);
    (void)snprintf(root, sizeof root, "%s/locked/R.d", dir.path);
    assert_int_equal(put_in(root, 0644, &digest, &error), MR_IO);
  }
  unit_dir_remove(&dir);
}

/* Puts a symlink to a folder outside where `path` is, moving what was there out of the way. */
static void lead_astray(const unit_dir *dir, const char *path) {
  (void)renameat(dir->fd, path, dir->fd, "aside");
  char outside[128];
  (void)snprintf(outside, sizeof outside, "%s/outside", dir->path);
  assert_int_equal(symlinkat(outside, dir->fd, path), 0);
}

static void test_symlinks_inside_are_refused(void **state) {
  (void)state;
  const char *paths[] = {"R.d/blobs", "shard", "R.d/tmp"};
  for (int existing = 0; existing <= 1; existing++) {
    for (size_t i = 0; i < 3; i++) {
      unit_dir dir;
      unit_dir_make(&dir);
      mri_digest digest;
      mri_blake2b("abc", 3, &digest);
      char root[128];
      char shard[32];
      (void)snprintf(root, sizeof root, "%s/R.d", dir.path);
      (void)snprintf(shard, sizeof shard, "R.d/%.8s", blob_path(&digest, "").text);
      assert_int_equal(mkdirat(dir.fd, "outside", 0700), 0);
      if (existing == 1) {
        assert_int_equal(put_in(root, 0644, &digest, NULL), MR_OK);
      } else {
        assert_int_equal(mkdirat(dir.fd, "R.d", 0700), 0);
        assert_int_equal(mkdirat(dir.fd, "R.d/blobs", 0700), 0);
        if (i == 0) assert_int_equal(unlinkat(dir.fd, "R.d/blobs", AT_REMOVEDIR), 0);
      }
      lead_astray(&dir, i == 1 ? shard : paths[i]);
      mr_error error = MR_ERROR_INIT;
      assert_int_equal(put_in(root, 0644, &digest, &error), MR_TAMPERED);
      assert_non_null(strstr(error.message, "symlink"));
      if (i < 2) {
        mri_blobs *blobs = NULL;
        mri_blob *blob = NULL;
        bool found = false;
        assert_int_equal(mri_blobs_open_folder(mem(), root, 0644, false, &blobs, NULL), MR_OK);
        assert_int_equal(mri_blobs_open(blobs, &digest, 3, &blob, NULL), MR_TAMPERED);
        assert_int_equal(mri_blobs_stat(blobs, &digest, &found, NULL, NULL), MR_TAMPERED);
        assert_int_equal(mri_blobs_delete(blobs, &digest, NULL), MR_TAMPERED);
        mri_blobs_close(blobs);
      }
      int outside = openat(dir.fd, "outside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      assert_int_equal(unit_count_entries(outside), 0);
      assert_int_equal(close(outside), 0);
      unit_dir_remove(&dir);
    }
  }
}

static void test_a_link_in_the_place_of_a_blob(void **state) {
  (void)state;
  unit_dir dir;
  unit_dir_make(&dir);
  mri_digest digest;
  mri_blobs *blobs = NULL;
  mri_blob *blob = NULL;
  assert_int_equal(put_in(dir.path, 0644, &digest, NULL), MR_OK);
  blob_name name = blob_path(&digest, "");
  char target[192];
  (void)snprintf(target, sizeof target, "%s/abc", dir.path);
  unit_write_file(dir.fd, "abc", "abc", 3);
  assert_int_equal(unlinkat(dir.fd, name.text, 0), 0);
  assert_int_equal(symlinkat(target, dir.fd, name.text), 0);
  assert_int_equal(mri_blobs_open_folder(mem(), dir.path, 0644, false, &blobs, NULL), MR_OK);
  assert_int_equal(mri_blobs_open(blobs, &digest, 3, &blob, NULL), MR_TAMPERED);
  bool found = true;
  assert_int_equal(mri_blobs_stat(blobs, &digest, &found, NULL, NULL), MR_OK);
  assert_false(found);
  /* A put replaces the link and leaves alone what it points to. */
  assert_int_equal(mri_blobs_put_bytes(blobs, "abc", 3, &digest, NULL), MR_OK);
  assert_int_equal(blob_compare(blobs, &digest, "abc", 3), MR_OK);
  struct stat info;
  assert_int_equal(fstatat(dir.fd, name.text, &info, AT_SYMLINK_NOFOLLOW), 0);
  assert_true(S_ISREG(info.st_mode));
  /* A pipe there must not make an open wait. */
  assert_int_equal(unlinkat(dir.fd, name.text, 0), 0);
  (void)snprintf(target, sizeof target, "%.40s/%s", dir.path, name.text);
  assert_int_equal(mkfifo(target, 0600), 0);
  assert_int_equal(mri_blobs_open(blobs, &digest, 3, &blob, NULL), MR_TAMPERED);
  mri_blobs_close(blobs);
  unit_dir_remove(&dir);
}

static int no_openat2(int dir, const char *path, int flags, mode_t mode) {
  (void)dir;
  (void)path;
  (void)flags;
  (void)mode;
  errno = ENOSYS;
  return -1;
}

static void test_the_same_on_kernels_without_openat2(void **state) {
  mri_io table = *mri_io_real();
  table.open_beneath = no_openat2;
  mri_io_test_replace(&table);
  test_symlinks_inside_are_refused(state);
  test_a_link_in_the_place_of_a_blob(state);
  test_nothing_is_made_before_the_first_put(state);
  mri_io_test_replace(NULL);
}

static void test_errors_name_the_store(void **state) {
  (void)state;
  static const struct {
    int code;
    mr_status status;
  } codes[] = {{ELOOP, MR_TAMPERED}, {ENOTDIR, MR_TAMPERED}, {EXDEV, MR_TAMPERED}, {EIO, MR_IO}};
  mri_blob_place place;
  assert_int_equal(mri_blob_place_init(&place, mem(), "/srv/R.d", 0644, NULL), MR_OK);
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    mr_error error = MR_ERROR_INIT;
    mr_status status = mri_blob_place_errno(&place, codes[i].code, "open", "blobs/ab", &error);
    assert_int_equal(status, codes[i].status);
    assert_int_equal(error.backend_code, codes[i].code);
    assert_non_null(strstr(error.message, "/srv/R.d"));
    assert_non_null(strstr(error.message, "blobs/ab"));
  }
  mri_blob_place_destroy(&place);
}

static int opened;
static bool hidden; /* the root of the file system, from the next call */
static const char *made;

static int open_nothing(int dir, const char *path, int flags, mode_t mode) {
  (void)dir, (void)path, (void)flags, (void)mode;
  errno = EACCES;
  return -1;
}

static int open_counted(int dir, const char *path, int flags, mode_t mode) {
  bool top = strcmp(path, "/") == 0;
  opened += top;
  if (top && hidden) {
    hidden = false;
    errno = ENOENT;
    return -1;
  }
  return mri_io_real()->open_at(dir, path, flags, mode);
}

static int make_nothing(int dir, const char *path, mode_t mode) {
  (void)dir, (void)mode;
  made = path;
  errno = EROFS;
  return -1;
}

static int make_seemingly(int dir, const char *path, mode_t mode) {
  (void)dir, (void)path, (void)mode;
  return 0;
}

static void test_a_relative_root_needs_its_folder_and_a_lock(void **state) {
  (void)state;
  mri_io table = *mri_io_real();
  mri_blob_place place;
  mr_error error = MR_ERROR_INIT;
  int64_t live = mri_mem_live();
  size_t fds = unit_count_fds();
  table.open_at = open_nothing;
  mri_io_test_replace(&table);
  assert_int_equal(mri_blob_place_init(&place, mem(), "R.d", 0644, &error), MR_IO);
  assert_non_null(strstr(error.message, "R.d"));
  mri_io_test_replace(NULL);
  no_mutex = true;
  assert_int_equal(mri_blob_place_init(&place, mem(), "R.d", 0644, &error), MR_NO_MEMORY);
  assert_int_equal(mri_blob_place_init(&place, mem(), "/R.d", 0644, &error), MR_NO_MEMORY);
  no_mutex = false;
  assert_int_equal(mri_mem_live(), live);
  assert_int_equal(unit_count_fds(), fds);
}

static int make_behind_another(int dir, const char *path, mode_t mode) {
  if (mri_io_real()->mkdir_at(dir, path, mode) == 0) errno = EEXIST;
  return -1;
}

static void test_another_process_makes_the_folders_first(void **state) {
  (void)state;
  unit_dir dir;
  unit_dir_make(&dir);
  mri_io table = *mri_io_real();
  mri_digest digest;
  char root[128];
  (void)snprintf(root, sizeof root, "%s/a/R.d", dir.path);
  table.mkdir_at = make_behind_another;
  mri_io_test_replace(&table);
  assert_int_equal(put_in(root, 0644, &digest, NULL), MR_OK);
  mri_io_test_replace(NULL);
  char path[160];
  (void)snprintf(path, sizeof path, "a/R.d/%s", blob_path(&digest, "").text);
  assert_int_equal(blob_file_size(dir.fd, path), 3);
  unit_dir_remove(&dir);
}

/* Nothing is made in the root of the file system: what would make it does not. */
static void test_a_root_at_the_top(void **state) {
  (void)state;
  mri_io table = *mri_io_real();
  mri_digest digest;
  mr_error error = MR_ERROR_INIT;
  table.open_at = open_counted;
  table.mkdir_at = make_nothing;
  mri_io_test_replace(&table);
  hidden = true;
  opened = 0;
  made = NULL;
  assert_int_not_equal(put_in("/", 0644, &digest, &error), MR_OK);
  assert_int_equal(opened, 2);
  assert_non_null(made); /* a folder below */
  made = NULL;
  assert_int_not_equal(put_in("/modelreg-no-such/", 0644, &digest, &error), MR_OK);
  assert_non_null(strstr(error.message, "/modelreg-no-such"));
  assert_non_null(made);
  table.mkdir_at = make_seemingly;
  opened = 0;
  assert_int_equal(put_in("/modelreg-no-such", 0644, &digest, &error), MR_NOT_FOUND);
  assert_int_equal(opened, 1); /* to be synced, since it has a new name */
  mri_io_test_replace(NULL);
  assert_int_equal(access("/modelreg-no-such", F_OK), -1);
}

static bool attempt(void *ctx) {
  unit_dir *dir = ctx;
  char root[128];
  mri_digest digest;
  mr_error error = MR_ERROR_INIT;
  unit_empty(dir->fd);
  (void)snprintf(root, sizeof root, "%s/a/b", dir->path);
  mr_status status = put_in(root, 0644, &digest, &error);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  assert_int_equal(error.status, status);
  return status == MR_OK;
}

static void test_every_failing_allocation_of_the_first_put(void **state) {
  (void)state;
  unit_dir dir;
  unit_dir_make(&dir);
  assert_true(unit_fail_allocations(attempt, &dir) > 3);
  unit_dir_remove(&dir);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nothing_is_made_before_the_first_put),
      cmocka_unit_test(test_a_store_sees_what_another_makes),
      cmocka_unit_test(test_folders_get_x_where_files_have_r),
      cmocka_unit_test(test_a_relative_root_stays_where_it_was),
      cmocka_unit_test(test_the_root_itself_may_be_a_link),
      cmocka_unit_test(test_roots_that_cannot_be),
      cmocka_unit_test(test_symlinks_inside_are_refused),
      cmocka_unit_test(test_a_link_in_the_place_of_a_blob),
      cmocka_unit_test(test_the_same_on_kernels_without_openat2),
      cmocka_unit_test(test_errors_name_the_store),
      cmocka_unit_test(test_a_relative_root_needs_its_folder_and_a_lock),
      cmocka_unit_test(test_a_root_at_the_top),
      cmocka_unit_test(test_another_process_makes_the_folders_first),
      cmocka_unit_test(test_every_failing_allocation_of_the_first_put),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
