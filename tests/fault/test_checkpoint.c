/* SPDX-License-Identifier: Apache-2.0 */
/* Our checkpoint: the interleaving that breaks SQLite's own must not break it, and the log must not
 * grow without bound. */
#include "store_shim.h"

#include "store/sqlite_private.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

/* The WAL-reset bug: 3.7.0 to 3.51.2, mended also in 3.44.6 and 3.50.7. */
static bool sqlite_has_the_bug(void) {
  int version = sqlite3_libversion_number();
  if (version >= 3051003) return false;
  if (version >= 3050007 && version < 3051000) return false;
  return version < 3044006 || version >= 3045000;
}

static sqlite3 *open_raw(const char *path) {
  sqlite3 *handle = NULL;
  assert_int_equal(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, VFS_SHIM_NAME), SQLITE_OK);
  assert_int_equal(sqlite3_wal_autocheckpoint(handle, 0), SQLITE_OK);
  return handle;
}

static int64_t raw_value(sqlite3 *handle, const char *sql) {
  int64_t value = -1;
  int code = mri_sqlite_query_int(handle, sql, &value);
  return code == SQLITE_OK ? value : -code;
}

/* Copies the whole log, unguarded, as SQLite does by itself. */
static void copy_all(sqlite3 *handle) {
  int frames = 0;
  int copied = 0;
  (void)raw_value(handle, "PRAGMA user_version"); /* opens the log */
  assert_int_equal(
      sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &copied),
      SQLITE_OK);
  assert_true(frames > 0);
  assert_int_equal(copied, frames);
}

/* Another process that commits in the middle of a checkpoint. */
typedef struct intruder {
  sqlite3 *handle;
  int code;
} intruder;

#define INTRUSION "INSERT INTO meta (key, value) VALUES ('intruder', 'v')"

static void intrude(void *ctx) {
  intruder *i = ctx;
  i->code = sqlite3_exec(i->handle, INTRUSION, NULL, NULL, NULL);
}

enum { ROWS = 1200 };

/* One commit of more than a thousand frames, one row each. */
#define FILL                                                                                       \
  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) "                \
  "INSERT INTO meta (key, value) SELECT 'k' || ?1 || '.' || i, printf('%.*c', 4000, 'x') FROM n"

static void make_registry(store_fixture *f) {
  store_end(store_open(f));
}

/* What a reader of its own finds afterwards. */
static bool is_whole(const char *path, int64_t rows) {
  sqlite3 *handle = open_raw(path);
  bool whole = raw_value(handle, "SELECT count(*) FROM meta WHERE key LIKE 'k%'") == rows &&
               raw_value(handle, "SELECT count(*) FROM meta WHERE key = 'intruder'") == 1 &&
               raw_value(handle, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1;
  (void)sqlite3_close(handle);
  return whole;
}

static int run_raw(sqlite3 *handle, int64_t number) {
  sqlite3_stmt *stmt = NULL;
  int code = sqlite3_prepare_v2(handle, FILL, -1, &stmt, NULL);
  if (code == SQLITE_OK) code = sqlite3_bind_int64(stmt, 1, number);
  if (code == SQLITE_OK) (void)sqlite3_step(stmt);
  return sqlite3_finalize(stmt);
}

/* The schedule with SQLite alone: a complete checkpoint, then a second one which reads how long the
 * log is, then a commit that restarts the log, then the second one goes on. Shows that the shim
 * forces what it is meant to force. */
static void test_interleaving_breaks_an_unguarded_checkpoint(void **state) {
  store_fixture *f = *state;
  if (!sqlite_has_the_bug()) skip();
  make_registry(f);
  sqlite3 *writer = open_raw(f->path);
  sqlite3 *first = open_raw(f->path);
  sqlite3 *second = open_raw(f->path);
  intruder other = {.handle = open_raw(f->path), .code = -1};
  assert_int_equal(raw_value(second, "PRAGMA user_version"), 1); /* knows an older header */
  assert_int_equal(run_raw(writer, 1), SQLITE_OK);
  copy_all(first);
  vfs_shim_hook_at(VFS_UNFETCH, VFS_DB, 1, intrude, &other);
  int code = sqlite3_wal_checkpoint_v2(second, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  assert_int_equal(code, SQLITE_OK);
  assert_true(vfs_shim_hooked());
  assert_int_equal(other.code, SQLITE_OK);
  /* Acknowledged, and gone; with some more commits the file is malformed. */
  raw_exec(writer, "DELETE FROM meta WHERE key LIKE 'k1.1%'");
  int64_t deleted = sqlite3_changes(writer);
  assert_true(deleted > 100);
  assert_false(is_whole(f->path, ROWS - deleted));
  (void)sqlite3_close(writer);
  (void)sqlite3_close(first);
  (void)sqlite3_close(second);
  (void)sqlite3_close(other.handle);
}

typedef struct direct {
  const mri_driver *driver;
  mri_database *database;
  mri_connection *connection;
  mri_wait wait;
} direct;

/* The driver without the store, so that the test decides when the checkpoint comes. */
static void open_direct(store_fixture *f, direct *d) {
  mr_error error = MR_ERROR_INIT;
  const mri_database_options options = {
      .mem = mri_mem_default(), .place = f->path, .vfs = VFS_SHIM_NAME};
  d->driver = mri_sqlite_driver();
  mri_wait_init(&d->wait, 0, NULL, NULL);
  assert_ok(d->driver->open(&options, &d->wait, &d->database, &error), &error);
  assert_ok(d->driver->connect(d->database, &d->wait, &d->connection, &error), &error);
  assert_ok(d->driver->accept(d->connection, false, &d->wait, &error), &error);
}

static void close_direct(direct *d) {
  d->driver->disconnect(d->connection, false);
  d->driver->close(d->database, false);
}

static void run_direct(direct *d, const char *sql, int64_t number) {
  mr_error error = MR_ERROR_INIT;
  mri_cursor *cursor = NULL;
  bool writes = false;
  int64_t version = 0;
  int64_t changes = 0;
  const mri_value value = {.type = 'i', .integer = number};
  assert_ok(d->driver->begin(d->connection, MRI_BEGIN_APPEND, &d->wait, &version, &error), &error);
  assert_ok(d->driver->prepare(d->connection, sql, false, &cursor, &writes, &error), &error);
  assert_ok(d->driver->batch(d->connection, cursor, 1, 1, &value, &changes, &error), &error);
  d->driver->finalize(cursor, false);
  assert_ok(d->driver->commit(d->connection, &error), &error);
}

static void fill_direct(direct *d, int64_t number) {
  run_direct(d, FILL, number);
}

/* A small commit: when all of the log is copied, it restarts the log. */
static void touch_direct(direct *d, int64_t number) {
  run_direct(d, "INSERT OR REPLACE INTO meta (key, value) VALUES ('touched', ?1)", number);
  d->driver->maintain(d->connection);
}

/* The same schedule, and our checkpoint in the place of the second one. */
static void test_interleaving_cannot_happen_to_ours(void **state) {
  store_fixture *f = *state;
  direct d;
  make_registry(f);
  open_direct(f, &d);
  sqlite3 *first = open_raw(f->path);
  intruder other = {.handle = open_raw(f->path), .code = -1};
  fill_direct(&d, 1);
  d.driver->maintain(d.connection); /* from now on the checkpointer knows an older header */
  assert_non_null(d.database->checkpointer);
  int rounds = 5;
  for (int64_t round = 2; round < 2 + rounds; round++) {
    touch_direct(&d, round);
    fill_direct(&d, round);
    copy_all(first);
    vfs_shim_reset();
    vfs_shim_hook_at(VFS_UNFETCH, VFS_DB, 1, intrude, &other);
    d.driver->maintain(d.connection);
    assert_true(vfs_shim_hooked());
    assert_int_equal(other.code, SQLITE_BUSY);
    /* Afterwards nothing holds the other one up, and what it writes is there. */
    raw_exec(other.handle, "DELETE FROM meta WHERE key = 'intruder'");
    raw_exec(other.handle, INTRUSION);
    assert_true(is_whole(f->path, ROWS * round));
  }
  (void)sqlite3_close(first);
  (void)sqlite3_close(other.handle);
  close_direct(&d);
  assert_true(is_whole(f->path, ROWS * (1 + rounds)));
}

/* Someone else holds the write lock: the checkpoint is left for the next commit. */
static void test_no_guard_no_checkpoint(void **state) {
  store_fixture *f = *state;
  direct d;
  make_registry(f);
  open_direct(f, &d);
  sqlite3 *other = open_raw(f->path);
  fill_direct(&d, 1);
  raw_exec(other, "BEGIN IMMEDIATE");
  vfs_shim_reset();
  d.driver->maintain(d.connection);
  assert_int_equal(vfs_shim_count(VFS_UNFETCH, VFS_DB), 0);
  assert_int_equal(vfs_shim_count(VFS_WRITE, VFS_DB), 0);
  raw_exec(other, "ROLLBACK");
  fill_direct(&d, 2);
  d.driver->maintain(d.connection);
  assert_true(vfs_shim_count(VFS_WRITE, VFS_DB) >= 2 * ROWS);
  (void)sqlite3_close(other);
  close_direct(&d);
}

/* SQLite's own checkpoint never runs: not while the log is short, not at any commit of ours. */
static void test_short_log_is_left_alone(void **state) {
  store_fixture *f = *state;
  mri_store *store = store_open(f);
  char key[32];
  vfs_shim_reset();
  for (int i = 0; i < 200; i++) {
    (void)snprintf(key, sizeof key, "k%d", i);
    store_write(store, MRI_TX_APPEND, key, "v");
  }
  assert_int_equal(vfs_shim_count(VFS_WRITE | VFS_SYNC, VFS_DB), 0);
  assert_int_equal(vfs_shim_count(VFS_UNFETCH, VFS_DB), 0);
  store_end(store);
}

/* What was not synced is copied and synced anew: syncing alone could be a lie of the kernel. */
static void test_failed_sync_of_the_file(void **state) {
  store_fixture *f = *state;
  direct d;
  make_registry(f);
  open_direct(f, &d);
  fill_direct(&d, 1);
  vfs_shim_fail(VFS_SYNC, VFS_DB, 1, false, 0);
  d.driver->maintain(d.connection);
  assert_true(vfs_shim_failed());
  vfs_shim_reset();
  touch_direct(&d, 1);
  assert_true(vfs_shim_count(VFS_WRITE, VFS_DB) >= ROWS);
  assert_int_equal(vfs_shim_count(VFS_SYNC, VFS_DB), 1);
  vfs_shim_reset();
  touch_direct(&d, 2);
  assert_int_equal(vfs_shim_count(VFS_WRITE | VFS_SYNC, VFS_DB), 0);
  close_direct(&d);
  assert_sound(f->path);
}

static void test_failed_sync_of_the_log(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  mri_store *store = store_open(f);
  store_write(store, MRI_TX_GOVERN, "k1", "v");
  mri_tx *tx = store_begin(store, MRI_TX_GOVERN);
  store_put(tx, "k2", "not kept");
  vfs_shim_fail(VFS_SYNC, VFS_LOG, 1, false, 0);
  assert_int_equal(mri_tx_end(tx, MR_OK, &error), MR_IO);
  assert_true(vfs_shim_failed());
  assert_int_equal(error.backend_code, EIO);
  assert_int_equal(store_read(store, "SELECT count(*) FROM meta WHERE key = 'k2'"), 0);
  vfs_shim_reset();
  store_write(store, MRI_TX_APPEND, "k3", "v");
  assert_int_equal(vfs_shim_count(VFS_SYNC, VFS_DB), 1);
  store_write(store, MRI_TX_APPEND, "k4", "v");
  assert_int_equal(vfs_shim_count(VFS_SYNC, VFS_DB), 1);
  store_end(store);
  assert_int_equal(raw_int(f->path, "SELECT count(*) FROM meta WHERE key LIKE 'k%'"), 3);
  assert_sound(f->path);
}

/* A disk without room keeps the log; with room again it is folded in. */
static void test_full_disk_while_folding(void **state) {
  store_fixture *f = *state;
  direct d;
  make_registry(f);
  open_direct(f, &d);
  fill_direct(&d, 1);
  vfs_shim_fail(VFS_WRITE, VFS_DB, 10, true, SQLITE_FULL);
  d.driver->maintain(d.connection);
  assert_true(vfs_shim_failed());
  vfs_shim_reset();
  fill_direct(&d, 2);
  d.driver->maintain(d.connection);
  assert_true(vfs_shim_count(VFS_WRITE, VFS_DB) >= 2 * ROWS);
  close_direct(&d);
  assert_sound(f->path);
}

enum { READERS = 4, COMMITS = 800, ROWS_A_COMMIT = 20 };

typedef struct reader {
  mri_store *store;
  atomic_bool *stop;
  int64_t transactions;
} reader;

/* Holds a snapshot for a few milliseconds, then takes the next: with four of them one is always
 * open. */
static void *read_on(void *ctx) {
  reader *r = ctx;
  while (!atomic_load(r->stop)) {
    mri_tx *tx = store_begin(r->store, MRI_TX_READ);
    int64_t before = store_int(tx, "SELECT count(*) FROM meta");
    mri_sleep_us(3000);
    if (store_int(tx, "SELECT count(*) FROM meta") == before) r->transactions++;
    store_commit(tx);
  }
  return NULL;
}

static void test_log_stays_bounded_under_overlapping_readers(void **state) {
  store_fixture *f = *state;
  pthread_t threads[READERS];
  reader readers[READERS];
  atomic_bool stop;
  char value[4001];
  char key[32];
  int64_t longest = 0;
  atomic_init(&stop, false);
  memset(value, 'x', 4000);
  value[4000] = '\0';
  f->options.vfs = NULL;
  mri_store *store = store_open(f);
  for (int i = 0; i < READERS; i++) {
    readers[i] = (reader){.store = store, .stop = &stop};
    assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
  }
  for (int commit = 0; commit < COMMITS; commit++) {
    mri_tx *tx = store_begin(store, MRI_TX_APPEND);
    for (int i = 0; i < ROWS_A_COMMIT; i++) {
      (void)snprintf(key, sizeof key, "k%d.%d", commit % 50, i);
      value[0] = (char)('a' + commit % 26);
      store_put(tx, key, value);
    }
    store_commit(tx);
    int64_t size = size_beside(f->path, "-wal");
    if (size > longest) longest = size;
  }
  atomic_store(&stop, true);
  for (int i = 0; i < READERS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_true(readers[i].transactions > 0);
  }
  /* What was written would fill the log several times over. */
  assert_true((int64_t)COMMITS * ROWS_A_COMMIT * 4096 > 60 * 1024 * 1024);
  if (longest > 24 * 1024 * 1024) fail_msg("the log grew to %" PRId64 " bytes", longest);
  store_end(store);
  assert_int_equal(size_beside(f->path, "-wal"), 0);
  assert_sound(f->path);
}

/* A reader that never ends: the log must grow, but nobody waits for it for long, and once it is
 * gone the log shrinks again. */
static void test_reader_that_stays(void **state) {
  store_fixture *f = *state;
  direct d;
  make_registry(f);
  open_direct(f, &d);
  sqlite3 *stays = open_raw(f->path);
  raw_exec(stays, "BEGIN");
  assert_int_equal(raw_value(stays, "SELECT count(*) FROM meta WHERE key LIKE 'k%'"), 0);
  int64_t round = 1;
  for (; round <= 6; round++) {
    fill_direct(&d, round);
    int64_t start = mri_monotonic_us();
    d.driver->maintain(d.connection);
    assert_true(mri_monotonic_us() - start < 10000000);
  }
  assert_true(size_beside(f->path, "-wal") > MRI_SQLITE_LOG_LIMIT);
  assert_int_equal(raw_value(stays, "SELECT count(*) FROM meta WHERE key LIKE 'k%'"), 0);
  raw_exec(stays, "COMMIT");
  for (; round <= 8; round++) {
    fill_direct(&d, round);
    d.driver->maintain(d.connection);
  }
  assert_true(size_beside(f->path, "-wal") <= MRI_SQLITE_LOG_LIMIT);
  (void)sqlite3_close(stays);
  close_direct(&d);
  assert_int_equal(raw_int(f->path, "SELECT count(*) FROM meta WHERE key LIKE 'k%'"), ROWS * 8);
  assert_sound(f->path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      store_shim_test(test_interleaving_breaks_an_unguarded_checkpoint),
      store_shim_test(test_interleaving_cannot_happen_to_ours),
      store_shim_test(test_no_guard_no_checkpoint),
      store_shim_test(test_short_log_is_left_alone),
      store_shim_test(test_failed_sync_of_the_file),
      store_shim_test(test_failed_sync_of_the_log),
      store_shim_test(test_full_disk_while_folding),
      store_shim_test(test_log_stays_bounded_under_overlapping_readers),
      store_shim_test(test_reader_that_stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
