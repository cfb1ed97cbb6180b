/* SPDX-License-Identifier: Apache-2.0 */
/* The store on a disk that fails: counted syncs, and every I/O call failing in turn. */
#include "sqlite_famine.h"
#include "store_shim.h"

#include <errno.h>

static int64_t syncs_of(mri_store *store, mri_tx_kind kind) {
  static int number;
  char value[16];
  (void)snprintf(value, sizeof value, "v%d", number++);
  int64_t before = vfs_shim_count(VFS_SYNC, VFS_EVERY_FILE);
  store_write(store, kind, "k", value);
  return vfs_shim_count(VFS_SYNC, VFS_EVERY_FILE) - before;
}

/* What a commit costs on the disk, once the log is running. */
static void test_syncs_are_counted(void **state) {
  store_fixture *f = *state;
  mri_store *store = store_open(f);
  (void)syncs_of(store, MRI_TX_GOVERN);
  for (int round = 0; round < 5; round++) {
    assert_int_equal(syncs_of(store, MRI_TX_APPEND), 0);
    assert_int_equal(syncs_of(store, MRI_TX_GOVERN), 1);
    assert_int_equal(syncs_of(store, MRI_TX_GOVERN), 1);
    assert_int_equal(syncs_of(store, MRI_TX_APPEND_DURABLE), 1);
    assert_int_equal(syncs_of(store, MRI_TX_APPEND), 0);
    assert_int_equal(syncs_of(store, MRI_TX_APPEND), 0);
  }
  /* Durable is durable: what was there already, unsynced, counts too. */
  store_write(store, MRI_TX_APPEND, "k", "same");
  int64_t before = vfs_shim_count(VFS_SYNC, VFS_EVERY_FILE);
  store_write(store, MRI_TX_APPEND_DURABLE, "k", "same");
  assert_int_equal(vfs_shim_count(VFS_SYNC, VFS_EVERY_FILE), before + 1);
  store_commit(store_begin(store, MRI_TX_APPEND_DURABLE));
  assert_int_equal(vfs_shim_count(VFS_SYNC, VFS_EVERY_FILE), before + 2);
  /* Nothing changed, nothing written. */
  before = vfs_shim_count(VFS_SYNC | VFS_WRITE, VFS_EVERY_FILE);
  store_commit(store_begin(store, MRI_TX_GOVERN));
  (void)store_read(store, "SELECT count(*) FROM meta");
  assert_int_equal(vfs_shim_count(VFS_SYNC | VFS_WRITE, VFS_EVERY_FILE), before);
  store_end(store);
}

typedef struct outcome {
  mr_status status;
  bool acknowledged;
} outcome;

/* Opens, governs, reads, closes; stops at the first failure. */
static outcome attempt(store_fixture *f, const char *value) {
  outcome o = {0};
  mr_error error = MR_ERROR_INIT;
  mri_store *store = NULL;
  mri_tx *tx = NULL;
  int64_t rows = 0;
  o.status = mri_store_open(f->path, &f->options, &store, &error);
  if (o.status == MR_OK) o.status = mri_tx_begin(store, MRI_TX_GOVERN, NULL, &tx, &error);
  if (o.status == MR_OK) {
    o.status = mri_sql_run(tx, &error,
                           "INSERT INTO meta (key, value) VALUES ('k', ?1) "
                           "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                           "t", value);
    o.status = mri_tx_end(tx, o.status, &error);
    o.acknowledged = o.status == MR_OK;
  }
  if (o.status == MR_OK) o.status = mri_tx_begin(store, MRI_TX_READ, NULL, &tx, &error);
  if (o.status == MR_OK) {
    o.status = mri_sql_int(tx, &error, 0, &rows, "SELECT count(*) FROM meta", "");
    o.status = mri_tx_end(tx, o.status, &error);
  }
  if (store != NULL) store_end(store);
  if (o.status != MR_OK) {
    assert_int_equal(error.status, o.status);
    assert_true(error.message[0] != '\0');
  }
  return o;
}

static void check_after(store_fixture *f, const outcome *o, const char *value) {
  char sql[96];
  vfs_shim_reset();
  assert_int_equal(mri_mem_live(), 0);
  mri_store *store = store_open(f);
  (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM meta WHERE key = 'k' AND value = '%s'",
                 value);
  if (o->acknowledged) assert_int_equal(store_read(store, sql), 1);
  store_write(store, MRI_TX_GOVERN, "after", "v");
  store_end(store);
  assert_sound(f->path);
}

/* Fails the nth of some operations for every n, with a registry that is there or one to be made. */
static void fail_all(store_fixture *f, unsigned ops, unsigned files, int code, bool make) {
  int failures = 0;
  for (int64_t n = 1;; n++) {
    bool ended = true;
    for (int for_ever = 0; for_ever <= 1; for_ever++) {
      char value[32];
      (void)snprintf(value, sizeof value, "v%d.%d", (int)n, for_ever);
      if (make) unit_empty(f->dir.fd);
      vfs_shim_fail(ops, files, n, for_ever == 1, code);
      outcome o = attempt(f, value);
      if (vfs_shim_failed()) ended = false;
      if (o.status != MR_OK) failures++;
      if (o.status == MR_OK) assert_true(o.acknowledged);
      check_after(f, &o, value);
    }
    if (ended) break;
    assert_true(n < 2000);
  }
  assert_true(failures > 0);
}

static void test_every_call_failing(void **state) {
  store_fixture *f = *state;
  store_end(store_open(f));
  fail_all(f, VFS_IO, VFS_EVERY_FILE, 0, false);
}

static void test_every_call_failing_while_made(void **state) {
  fail_all(*state, VFS_IO, VFS_EVERY_FILE, 0, true);
}

static void test_full_disk(void **state) {
  store_fixture *f = *state;
  store_end(store_open(f));
  fail_all(f, VFS_WRITE | VFS_TRUNCATE, VFS_EVERY_FILE, SQLITE_FULL, false);
  fail_all(f, VFS_WRITE | VFS_TRUNCATE, VFS_EVERY_FILE, SQLITE_FULL, true);
}

static void test_messages(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  mri_tx *tx = NULL;
  mri_store *store = store_open(f);
  store_write(store, MRI_TX_GOVERN, "k", "v");
  vfs_shim_fail(VFS_WRITE, VFS_LOG, 1, true, SQLITE_FULL);
  tx = store_begin(store, MRI_TX_GOVERN);
  store_put(tx, "k", "w");
  assert_int_equal(mri_tx_end(tx, MR_OK, &error), MR_IO);
  assert_int_equal(error.backend_code, ENOSPC);
  assert_non_null(strstr(error.message, "the disk is full"));
  assert_non_null(strstr(error.message, f->path));
  vfs_shim_fail(VFS_SYNC, VFS_LOG, 1, false, 0);
  tx = store_begin(store, MRI_TX_GOVERN);
  store_put(tx, "k", "w");
  assert_int_equal(mri_tx_end(tx, MR_OK, &error), MR_IO);
  assert_int_equal(error.backend_code, EIO);
  assert_non_null(strstr(error.message, f->path));
  vfs_shim_reset();
  assert_int_equal(store_read(store, "SELECT count(*) FROM meta WHERE value = 'v'"), 1);
  assert_int_equal(store_read(store, "SELECT sequence FROM governance"), 1);
  store_write(store, MRI_TX_GOVERN, "k", "w");
  assert_int_equal(store_read(store, "SELECT sequence FROM governance"), 2);
  store_end(store);
}

static void test_sqlite_without_memory(void **state) {
  store_fixture *f = *state;
  store_end(store_open(f));
  int64_t stride = store_scale() >= 1 ? 1 : 23;
  int failures = 0;
  for (int64_t n = 1;; n += stride) {
    bool ended = true;
    for (int for_ever = 0; for_ever <= 1; for_ever++) {
      char value[32];
      (void)snprintf(value, sizeof value, "v%d.%d", (int)n, for_ever);
      sqlite_famine_fail(n, for_ever == 1);
      outcome o = attempt(f, value);
      if (sqlite_famine_failed()) ended = false;
      sqlite_famine_fail(0, false);
      if (o.status != MR_OK) {
        failures++;
        assert_int_equal(o.status, MR_NO_MEMORY);
      }
      check_after(f, &o, value);
    }
    if (ended) break;
    assert_true(n < 100000);
  }
  assert_true(failures > 0);
}

int main(void) {
  if (!sqlite_famine_arm()) return 1;
  const struct CMUnitTest tests[] = {
      store_shim_impatient_test(test_syncs_are_counted),
      store_shim_impatient_test(test_every_call_failing),
      store_shim_impatient_test(test_every_call_failing_while_made),
      store_shim_impatient_test(test_full_disk),
      store_shim_impatient_test(test_messages),
      store_shim_impatient_test(test_sqlite_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
