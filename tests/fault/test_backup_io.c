/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a backup: every call on them failing in turn, cancelled in the middle of them, what
 * is synced before the name, and file systems without hard links. */
#include "io_fault.h"
#include "registry_test.h"

#include "store/os_statfs.h"
#include "vfs_shim.h"

#include <sqlite3.h>

static unit_dir dir;
static char copy_path[96];

/* A memory: registry with content, shared content, evidence and a frozen dataset. */
static mr_registry *make_registry(void) {
  static uint8_t large[(1 << 20) + 100];
  char path[96];
  mr_error error = MR_ERROR_INIT;
  mr_experiment *experiment = NULL;
  mr_manifest *manifest = NULL;
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  mr_registry *registry = registry_open();
  mr_run *run = registry_run(registry);
  for (size_t i = 0; i < sizeof large; i++) large[i] = (uint8_t)(i * 7 + i / 251);
  OK(mr_run_log_artifact_bytes(run, "large", large, sizeof large, &error));
  registry_put(run, "a", "one");
  registry_put(run, "b", "one");
  mr_run_free(run);
  (void)snprintf(path, sizeof path, "%s/data.csv", dir.path);
  int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  assert_true(fd >= 0 && write(fd, "1,2\n", 4) == 4 && close(fd) == 0);
  OK(mr_manifest_new(&manifest, &error));
  OK(mr_manifest_add_file(manifest, path, NULL, &error));
  OK(mr_registry_open_experiment(registry, "data", &experiment, &error));
  options.freeze = 1;
  OK(mr_experiment_log_dataset(experiment, "d", manifest, &options, NULL, &error));
  mr_experiment_free(experiment);
  mr_manifest_free(manifest);
  return registry;
}

static int setup(void **state) {
  unit_dir_make(&dir);
  (void)snprintf(copy_path, sizeof copy_path, "%s/copy.db", dir.path);
  *state = make_registry();
  return 0;
}

static int teardown(void **state) {
  mr_registry_close(*state);
  unit_dir_remove(&dir);
  assert_int_equal(mri_mem_live(), 0);
  return 0;
}

static bool is_there(const char *name) {
  return faccessat(dir.fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* All content is there, as its digests say. */
static void copy_is_whole(void) {
  mr_error error = MR_ERROR_INIT;
  mr_registry *copy = NULL;
  mr_fsck *fsck = NULL;
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  options.flags = MR_OPEN_READ_ONLY;
  OK(mr_registry_open(copy_path, &options, &copy, &error));
  OK(mr_registry_fsck(copy, NULL, &fsck, &error));
  for (int64_t i = 0; i < mr_fsck_count(fsck); i++) {
    if (!mr_fsck_at(fsck, i)->is_note) fail_msg("%s", mr_fsck_at(fsck, i)->message);
  }
  /* "large" and "one", the manifest and its file. */
  assert_int_equal(mr_fsck_info(fsck)->blob_count, 4);
  mr_fsck_free(fsck);
  mr_registry_close(copy);
}

/* Nothing under the name, and no database under another one; unless the disk does not let us remove
 * what is there, which then is all or a temporary file. */
static void nothing_is_left(bool removable) {
  if (removable) assert_false(is_there("copy.db"));
  if (is_there("copy.db")) copy_is_whole();
  int tmp = openat(dir.fd, "copy.db.d/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (tmp < 0) return;
  if (removable) assert_int_equal(unit_count_entries(tmp), 0);
  assert_int_equal(close(tmp), 0);
}

static void remove_copy(void) {
  static const char *const names[] = {"copy.db", "copy.db-wal", "copy.db-shm"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) (void)unlinkat(dir.fd, names[i], 0);
  int folder = openat(dir.fd, "copy.db.d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  unit_empty(folder);
  assert_int_equal(close(folder), 0);
  assert_int_equal(unlinkat(dir.fd, "copy.db.d", AT_REMOVEDIR), 0);
}

static void fail_all(mr_registry *registry, int code) {
  int failures = 0;
  for (int64_t n = 1;; n++) {
    bool ended = true;
    for (int round = 0; round < 3; round++) {
      bool for_ever = round % 2 == 1;
      mr_error error = MR_ERROR_INIT;
      mr_report *report = NULL;
      size_t fds = unit_count_fds();
      /* Once there is content of an earlier call. */
      if (round >= 2) {
        io_fault_arm(0, false, 0);
        OK(mr_registry_backup(registry, copy_path, NULL, NULL, &error));
        (void)io_fault_disarm();
        assert_int_equal(unlinkat(dir.fd, "copy.db", 0), 0);
      }
      io_fault_arm(n, for_ever, code);
      mr_status status = mr_registry_backup(registry, copy_path, NULL, &report, &error);
      const char *fired = io_fault.fired;
      if (io_fault_disarm()) ended = false;
      bool unlinks = fired != NULL && (for_ever || strcmp(fired, "unlink_at") == 0);
      if (status == MR_OK) {
        assert_int_equal(mr_report_count(report), 0);
        mr_report_free(report);
        copy_is_whole();
      } else {
        failures++;
        assert_int_equal(error.status, status);
        assert_true(error.message[0] != '\0');
        nothing_is_left(!unlinks);
      }
      assert_int_equal(unit_count_fds(), fds);
      remove_copy();
    }
    if (ended) break;
    assert_true(n < 3000);
  }
  assert_true(code == IO_SHORT || failures > 100);
  mr_error error = MR_ERROR_INIT;
  OK(mr_registry_backup(registry, copy_path, NULL, NULL, &error));
  copy_is_whole();
}

static void test_every_call_failing(void **state) {
  fail_all(*state, EIO);
}

static void test_full_disk(void **state) {
  fail_all(*state, ENOSPC);
}

static void test_short_reads_and_writes(void **state) {
  fail_all(*state, IO_SHORT);
}

/* --- cancelled --------------------------------------------------------------------------------- */

static struct {
  int64_t left;
  mr_cancel *cancel;
} cut;

static ssize_t cutting_write(int fd, const void *buffer, size_t size) {
  if (--cut.left == 0) mr_cancel_trigger(cut.cancel);
  return mri_io_real()->write(fd, buffer, size);
}

static ssize_t cutting_pread(int fd, void *buffer, size_t size, off_t offset) {
  if (--cut.left == 0) mr_cancel_trigger(cut.cancel);
  return mri_io_real()->pread(fd, buffer, size, offset);
}

static void test_cancelled_in_the_middle_of_content(void **state) {
  mri_io table = *mri_io_real();
  int cancelled = 0;
  table.write = cutting_write;
  table.pread = cutting_pread;
  for (int64_t n = 1;; n++) {
    mr_error error = MR_ERROR_INIT;
    mr_backup_options options = MR_BACKUP_OPTIONS_INIT;
    OK(mr_cancel_new(&cut.cancel, &error));
    options.cancel = cut.cancel;
    cut.left = n;
    mri_io_test_replace(&table);
    mr_status status = mr_registry_backup(*state, copy_path, &options, NULL, &error);
    mri_io_test_replace(NULL);
    bool reached = cut.left <= 0;
    assert_int_equal(status, reached ? MR_CANCELLED : MR_OK);
    int64_t done = mr_cancel_done(cut.cancel);
    int64_t total = mr_cancel_total(cut.cancel);
    assert_true(reached ? done <= total : done == total);
    mr_cancel_free(cut.cancel);
    if (!reached) break;
    cancelled++;
    nothing_is_left(true);
    /* Every third goes on where the one before ended. */
    if (n % 3 == 0) remove_copy();
  }
  assert_true(cancelled > 5);
  copy_is_whole();
}

/* --- what survives a loss of power ------------------------------------------------------------- */

static bool synced_after(ino_t file, size_t from) {
  for (size_t i = from; i < io_fault.count; i++) {
    if (io_fault.events[i].kind == IO_FSYNC && io_fault.events[i].file == file) return true;
  }
  return false;
}

static ino_t inode_of(const char *name) {
  struct stat info;
  assert_int_equal(fstatat(dir.fd, name, &info, 0), 0);
  return info.st_ino;
}

/* Content that an earlier call left may never have been made durable: now it is. */
static void test_folders_are_synced(void **state) {
  mr_error error = MR_ERROR_INIT;
  OK(mr_registry_backup(*state, copy_path, NULL, NULL, &error));
  assert_int_equal(unlinkat(dir.fd, "copy.db", 0), 0);
  io_fault_arm(0, false, 0);
  OK(mr_registry_backup(*state, copy_path, NULL, NULL, &error));
  (void)io_fault_disarm();
  assert_true(io_fault.count < sizeof io_fault.events / sizeof *io_fault.events);
  assert_true(synced_after(inode_of("copy.db.d"), 0));
  assert_true(synced_after(inode_of("copy.db.d/blobs"), 0));
  assert_true(synced_after(inode_of("."), 0));
  int shards = openat(dir.fd, "copy.db.d/blobs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *list = fdopendir(shards);
  assert_non_null(list);
  int count = 0;
  for (const struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
    char name[300];
    if (unit_is_dots(entry->d_name)) continue;
    (void)snprintf(name, sizeof name, "copy.db.d/blobs/%.250s", entry->d_name);
    assert_true(synced_after(inode_of(name), 0));
    count++;
  }
  assert_int_equal(closedir(list), 0);
  assert_true(count >= 2);
  /* The last thing that is synced is the folder with the name. */
  size_t last = io_fault.count;
  while (io_fault.events[last - 1].kind != IO_FSYNC) last--;
  assert_true(io_fault.events[last - 1].file == inode_of("."));
}

/* --- the name ----------------------------------------------------------------------------------- */

static void test_names_without_hard_links(void **state) {
  (void)state;
  static int (*const ways[])(int, const char *, int, const char *) = {mri_file_appear,
                                                                      mri_file_appear_unlinked};
  assert_int_equal(mkdirat(dir.fd, "from", 0700), 0);
  int from = openat(dir.fd, "from", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (size_t i = 0; i < 2; i++) {
    char text[8] = "";
    int fd = openat(from, "temp", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && write(fd, "full", 4) == 4 && close(fd) == 0);
    assert_int_equal(ways[i](from, "temp", dir.fd, "name"), 0);
    (void)unlinkat(from, "temp", 0);
    fd = openat(dir.fd, "name", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && read(fd, text, sizeof text) == 4 && close(fd) == 0);
    assert_string_equal(text, "full");
    /* A name that is taken stays as it is. */
    fd = openat(from, "temp", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && close(fd) == 0);
    assert_int_equal(ways[i](from, "temp", dir.fd, "name"), EEXIST);
    assert_int_equal(faccessat(from, "temp", F_OK, 0), 0);
    fd = openat(dir.fd, "name", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && read(fd, text, sizeof text) == 4 && close(fd) == 0);
    assert_int_equal(unlinkat(dir.fd, "name", 0), 0);
    assert_int_equal(unlinkat(from, "temp", 0), 0);
    /* Nothing to name: no name. */
    assert_int_equal(ways[i](from, "temp", dir.fd, "name"), ENOENT);
    assert_false(is_there("name"));
  }
  assert_int_equal(close(from), 0);
}

/* The content goes where PATH.d leads, never where a link does. */
static void test_link_instead_of_a_folder(void **state) {
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(mkdirat(dir.fd, "other", 0700), 0);
  assert_int_equal(symlinkat("other", dir.fd, "copy.db.d"), 0);
  assert_int_equal(mr_registry_backup(*state, copy_path, NULL, NULL, &error), MR_INVALID_ARGUMENT);
  registry_says(&error, copy_path);
  assert_false(is_there("copy.db"));
  assert_false(is_there("other/tmp"));
}

static int no_entry(int at, const char *path, mode_t mode) {
  (void)at, (void)path, (void)mode;
  errno = EACCES;
  return -1;
}

static void test_folder_that_may_not_be_written(void **state) {
  mr_error error = MR_ERROR_INIT;
  mri_io table = *mri_io_real();
  table.mkdir_at = no_entry;
  mri_io_test_replace(&table);
  mr_status status = mr_registry_backup(*state, copy_path, NULL, NULL, &error);
  mri_io_test_replace(NULL);
  assert_int_equal(status, MR_IO);
  assert_int_equal(error.backend_code, EACCES);
  registry_says(&error, copy_path);
  registry_says(&error, "copy.db.d");
  assert_false(is_there("copy.db.d"));
}

#define backup_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
  vfs_shim_register();
  vfs_shim_skip_syncs(true);
  if (sqlite3_vfs_register(sqlite3_vfs_find(VFS_SHIM_NAME), 1) != SQLITE_OK) return 1;
  const struct CMUnitTest tests[] = {
      backup_test(test_every_call_failing),
      backup_test(test_full_disk),
      backup_test(test_short_reads_and_writes),
      backup_test(test_cancelled_in_the_middle_of_content),
      backup_test(test_folders_are_synced),
      backup_test(test_names_without_hard_links),
      backup_test(test_link_instead_of_a_folder),
      backup_test(test_folder_that_may_not_be_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
