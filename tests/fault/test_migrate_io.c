/* SPDX-License-Identifier: Apache-2.0 */
/* Bringing a registry forward on a disk that fails, at every call: all of it or nothing. */
#include "migrate_test.h"
#include "store_shim.h"

#include <errno.h>

/* The old registry as it was, whatever the last try left. */
static void restore(const store_fixture *f, const file_bytes *file) {
  static const char *const beside[] = {"", "-wal", "-shm", "-journal"};
  for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
    char name[128];
    (void)snprintf(name, sizeof name, "%s%s", f->path, beside[i]);
    (void)unlink(name);
  }
  unit_write_file(AT_FDCWD, f->path, file->bytes, file->size);
}

/* Fails the nth of some operations for every n; how often the old version stayed. */
static int fail_all(store_fixture *f, unsigned ops, int code) {
  int undone = 0;
  migrate_make(f);
  file_bytes file = bytes_of(f->path);
  for (int64_t n = 1;; n++) {
    bool ended = true;
    for (int for_ever = 0; for_ever <= 1; for_ever++) {
      mr_error error = MR_ERROR_INIT;
      mri_store *store = NULL;
      restore(f, &file);
      migrate_with(f, &migrate_3);
      vfs_shim_fail(ops, VFS_EVERY_FILE, n, for_ever == 1, code);
      mr_status status = mri_store_open(f->path, &f->options, &store, &error);
      if (status == MR_OK) store_end(store);
      if (vfs_shim_failed()) ended = false;
      vfs_shim_reset();
      if (status != MR_OK) assert_true(error.status == status && error.message[0] != '\0');
      assert_int_equal(mri_mem_live(), 0);
      /* What was there is there, in one version or the other, and can be used. */
      int64_t version = raw_int(f->path, "PRAGMA user_version");
      assert_true(version == 3 || (version == 1 && status != MR_OK));
      if (version == 1) undone++;
      migrate_check(f->path, version);
      store = store_open(f);
      assert_int_equal(mri_store_facts_of(store)->migrated_from, version == 1 ? 1 : 0);
      store_write(store, MRI_TX_GOVERN, "after", "v");
      store_end(store);
      migrate_check(f->path, 3);
    }
    if (ended) break;
    assert_true(n < 2000);
  }
  free(file.bytes);
  return undone;
}

static void test_every_call_failing(void **state) {
  assert_true(fail_all(*state, VFS_IO, 0) > 20);
}

static void test_full_disk(void **state) {
  assert_true(fail_all(*state, VFS_WRITE | VFS_TRUNCATE, SQLITE_FULL) > 5);
}

static void test_durable(void **state) {
  store_fixture *f = *state;
  migrate_make(f);
  migrate_with(f, &migrate_3);
  int64_t before = vfs_shim_count(VFS_SYNC, VFS_LOG);
  mri_store *store = store_open(f);
  assert_true(vfs_shim_count(VFS_SYNC, VFS_LOG) > before);
  store_end(store);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      store_shim_impatient_test(test_every_call_failing),
      store_shim_impatient_test(test_full_disk),
      store_shim_impatient_test(test_durable),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
