/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are no registry, or a damaged one: a clear error each, and not a byte is changed. */
#include "store_test.h"

#if defined(__linux__)
#include <sys/mount.h>
#endif

static void make_registry(store_fixture *f) {
  mri_store *store = store_open(f);
  char value[1001];
  char key[16];
  memset(value, 'v', 1000);
  value[1000] = '\0';
  mri_tx *tx = store_begin(store, MRI_TX_GOVERN);
  for (int i = 0; i < 200; i++) {
    (void)snprintf(key, sizeof key, "k%d", i);
    store_put(tx, key, value);
  }
  store_commit(tx);
  store_end(store);
}

/* Refused with and without CREATE, for reading and for writing; `create_too`: also with CREATE. */
static void expect_untouched(store_fixture *f, mr_status status, const char *words,
                             bool create_too) {
  int64_t log = size_beside(f->path, "-wal");
  int64_t index = size_beside(f->path, "-shm");
  int64_t journal = size_beside(f->path, "-journal");
  for (int way = 0; way < 4; way++) {
    f->options.create = (way & 1) != 0;
    f->options.read_only = (way & 2) != 0;
    if (f->options.create && !create_too) continue;
    file_bytes before = bytes_of(f->path);
    store_refuse(f, f->path, status, words);
    assert_untouched(f->path, before);
    assert_int_equal(size_beside(f->path, "-wal"), log);
    assert_int_equal(size_beside(f->path, "-shm"), index);
    assert_int_equal(size_beside(f->path, "-journal"), journal);
  }
}

static void test_empty_file(void **state) {
  store_fixture *f = *state;
  unit_write_file(AT_FDCWD, f->path, "", 0);
  expect_untouched(f, MR_CORRUPT, "CREATE", false);
  f->options.create = true;
  f->options.read_only = false;
  mri_store *store = store_open(f);
  store_write(store, MRI_TX_GOVERN, "k", "v");
  store_end(store);
}

static void test_text_file(void **state) {
  store_fixture *f = *state;
  char text[5000];
  memset(text, 'x', sizeof text);
  unit_write_file(AT_FDCWD, f->path, "short", 5);
  expect_untouched(f, MR_CORRUPT, "no registry", true);
  unit_write_file(AT_FDCWD, f->path, text, sizeof text);
  expect_untouched(f, MR_CORRUPT, "no registry", true);
}

static void test_header_and_nothing_more(void **state) {
  store_fixture *f = *state;
  make_registry(f);
  file_bytes whole = bytes_of(f->path);
  unit_write_file(AT_FDCWD, f->path, whole.bytes, 100);
  free(whole.bytes);
  expect_untouched(f, MR_CORRUPT, f->path, true);
}

static void test_other_programs_database(void **state) {
  store_fixture *f = *state;
  raw_change(f->path, "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
  expect_untouched(f, MR_CORRUPT, "another program's", true);
  raw_change(f->path, "PRAGMA application_id=77; PRAGMA user_version=1");
  expect_untouched(f, MR_CORRUPT, "another program's", true);
  raw_change(f->path, "PRAGMA journal_mode=WAL; INSERT INTO theirs VALUES (2)");
  assert_int_equal(size_beside(f->path, "-wal"), -1);
  expect_untouched(f, MR_CORRUPT, "another program's", true);
}

static void test_other_programs_database_without_tables(void **state) {
  store_fixture *f = *state;
  raw_change(f->path, "CREATE TABLE theirs (x); DROP TABLE theirs");
  expect_untouched(f, MR_CORRUPT, "another program's", true);
}

/* In use by its program at this moment, with a log that is not folded in. */
static int their_program(void *ctx, int from, int to) {
  const store_fixture *f = ctx;
  static sqlite3 *handle; /* still known at the end, to leak checkers */
  if (sqlite3_open(f->path, &handle) != SQLITE_OK) return 1;
  if (sqlite3_exec(handle,
                   "PRAGMA journal_mode=WAL; CREATE TABLE theirs (x); "
                   "INSERT INTO theirs VALUES (1)",
                   NULL, NULL, NULL) != SQLITE_OK) {
    return 2;
  }
  say(to);
  (void)hear(from);
  /* Ends without closing: -wal and -shm stay as they are. */
  return 0;
}

static void test_other_programs_database_in_use(void **state) {
  store_fixture *f = *state;
  other_process program = start_process(their_program, f);
  assert_true(hear(program.from));
  assert_true(size_beside(f->path, "-wal") > 0);
  expect_untouched(f, MR_CORRUPT, "another program's", true);
  assert_int_equal(end_process(&program), 0);
  expect_untouched(f, MR_CORRUPT, "another program's", true);
  assert_int_equal(raw_int(f->path, "SELECT x FROM theirs"), 1);
}

static void cut(const store_fixture *f, size_t size) {
  assert_int_equal(truncate(f->path, (off_t)size), 0);
}

static void test_truncated_registry(void **state) {
  store_fixture *f = *state;
  make_registry(f);
  file_bytes whole = bytes_of(f->path);
  cut(f, whole.size - 4096);
  expect_untouched(f, MR_CORRUPT, "damaged", true);
  cut(f, whole.size / 2);
  expect_untouched(f, MR_CORRUPT, "damaged", true);
  cut(f, 4096 + 17);
  expect_untouched(f, MR_CORRUPT, "damaged", true);
  /* Without the files beside it too, and none is left there. */
  char name[192];
  (void)snprintf(name, sizeof name, "%s-wal", f->path);
  assert_int_equal(unlink(name), 0);
  (void)snprintf(name, sizeof name, "%s-shm", f->path);
  assert_int_equal(unlink(name), 0);
  expect_untouched(f, MR_CORRUPT, "damaged", true);
  unit_write_file(AT_FDCWD, f->path, whole.bytes, whole.size);
  free(whole.bytes);
  f->options.read_only = false;
  store_end(store_open(f));
}

static void test_emptied_registry_with_a_log(void **state) {
  store_fixture *f = *state;
  make_registry(f);
  cut(f, 0);
  char name[192];
  (void)snprintf(name, sizeof name, "%s-wal", f->path);
  unit_write_file(AT_FDCWD, name, "all that is left", 16);
  expect_untouched(f, MR_CORRUPT, "empty", true);
  assert_int_equal(unlink(f->path), 0);
  f->options.create = true;
  f->options.read_only = false;
  store_refuse(f, f->path, MR_CORRUPT, "-wal");
  assert_int_equal(size_beside(f->path, "-wal"), 16);
}

/* Whatever is flipped in the first pages: refused, or opened with the same answers; never a crash.
 */
static void test_flipped_bytes(void **state) {
  store_fixture *f = *state;
  make_registry(f);
  file_bytes whole = bytes_of(f->path);
  f->options.create = false;
  f->options.busy_timeout_ms = 50;
  int refused = 0;
  for (size_t at = 0; at < 1024; at += at < 110 ? 1 : 13) {
    uint8_t old = whole.bytes[at];
    whole.bytes[at] ^= 0xff;
    unit_write_file(AT_FDCWD, f->path, whole.bytes, whole.size);
    whole.bytes[at] = old;
    mr_error error = MR_ERROR_INIT;
    mri_store *store = NULL;
    mr_status status = mri_store_open(f->path, &f->options, &store, &error);
    if (status == MR_OK) {
      mri_tx *tx = NULL;
      int64_t rows = 0;
      if (mri_tx_begin(store, MRI_TX_READ, NULL, &tx, &error) == MR_OK) {
        (void)mri_sql_int(tx, &error, 0, &rows, "SELECT sum(length(value)) FROM meta", "");
        (void)mri_tx_end(tx, MR_OK, NULL);
      }
      store_end(store);
    } else {
      refused++;
      assert_true(error.message[0] != '\0');
      assert_int_equal(error.status, status);
    }
  }
  assert_true(refused > 30);
  free(whole.bytes);
}

static void test_no_files(void **state) {
  store_fixture *f = *state;
  store_refuse(f, f->dir.path, MR_INVALID_ARGUMENT, "folder");
  assert_int_equal(mkfifo(f->path, 0600), 0);
  store_refuse(f, f->path, MR_INVALID_ARGUMENT, "pipe");
  char longer[1200];
  (void)snprintf(longer, sizeof longer, "%s/", f->dir.path);
  size_t size = strlen(longer);
  memset(longer + size, 'a', 700);
  longer[size + 700] = '\0';
  mri_store *store = NULL;
  mr_error error = MR_ERROR_INIT;
  assert_true(mri_store_open(longer, &f->options, &store, &error) != MR_OK);
}

/* Another user, who may read but not write: the process is the superuser's only in containers. */
static int consumer(void *ctx, int from, int to) {
  store_fixture *f = ctx;
  (void)to;
  if (!hear(from)) return 1;
  if (geteuid() == 0 && setuid(65534) != 0) return 2;
  if (access(f->path, W_OK) == 0) return 77;
  mr_error error = MR_ERROR_INIT;
  mri_store *store = NULL;
  mri_tx *tx = NULL;
  f->options.create = false;
  for (int way = 0; way < 2; way++) {
    int64_t rows = 0;
    f->options.read_only = way == 0;
    if (mri_store_open(f->path, &f->options, &store, &error) != MR_OK) {
      (void)dprintf(2, "%s\n", error.message);
      return 3;
    }
    const mri_store_facts *facts = mri_store_facts_of(store);
    if (!facts->read_only || facts->warning_count != (size_t)way) return 4;
    if (mri_tx_begin(store, MRI_TX_READ, NULL, &tx, &error) != MR_OK) return 5;
    if (mri_sql_int(tx, &error, 0, &rows, "SELECT count(*) FROM meta WHERE key LIKE 'k%'", "") !=
        MR_OK) {
      return 6;
    }
    if (mri_tx_end(tx, MR_OK, &error) != MR_OK || rows != 200) return 7;
    if (mri_tx_begin(store, MRI_TX_APPEND, NULL, &tx, &error) != MR_READ_ONLY) return 8;
    store_end(store);
  }
  return 0;
}

static void test_consumer_without_write_permission(void **state) {
  store_fixture *f = *state;
  other_process offline = start_process(consumer, f);
  other_process online = start_process(consumer, f);
  make_registry(f);
  assert_int_equal(chmod(f->dir.path, 0755), 0);
  if (geteuid() != 0) {
    assert_int_equal(chmod(f->path, 0444), 0);
    assert_int_equal(chmod(f->dir.path, 0555), 0);
  }
  say(offline.to);
  int code = end_process(&offline);
  if (code != 77) assert_int_equal(code, 0);
  if (geteuid() == 0) {
    /* With a writer at work, and a log that is not folded in. */
    mri_store *store = store_open(f);
    store_write(store, MRI_TX_GOVERN, "k0", "again");
    say(online.to);
    code = end_process(&online);
    store_end(store);
  } else {
    say(online.to);
    code = end_process(&online);
  }
  if (code != 77) assert_int_equal(code, 0);
  assert_int_equal(chmod(f->dir.path, 0755), 0);
}

#if defined(__linux__)
/* A registry on a read-only medium, without the files beside it that nobody can make there. */
static void look_at_medium(store_fixture *f) {
  char name[192];
  mr_error error = MR_ERROR_INIT;
  mri_store *store = NULL;
  (void)snprintf(f->path, sizeof f->path, "%s/medium/R%%? #.db", f->dir.path);
  make_registry(f);
  (void)snprintf(name, sizeof name, "%s-wal", f->path);
  assert_int_equal(unlink(name), 0);
  (void)snprintf(name, sizeof name, "%s-shm", f->path);
  assert_int_equal(unlink(name), 0);
  (void)snprintf(name, sizeof name, "%s/medium", f->dir.path);
  assert_int_equal(mount(NULL, name, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
  store = store_open(f);
  assert_true(mri_store_facts_of(store)->read_only);
  mri_tx *tx = store_begin(store, MRI_TX_READ);
  assert_int_equal(store_read(store, "SELECT count(*) FROM meta WHERE key LIKE 'k%'"), 200);
  store_commit(tx);
  assert_int_equal(mri_tx_begin(store, MRI_TX_APPEND, NULL, &tx, &error), MR_READ_ONLY);
  store_end(store);
  (void)snprintf(name, sizeof name, "%s/medium/new.db", f->dir.path);
  store_refuse(f, name, MR_READ_ONLY, "read-only");
  f->options.create = false;
  store_refuse(f, name, MR_NOT_FOUND, "new.db");
}

static void test_read_only_medium(void **state) {
  store_fixture *f = *state;
  char folder[192];
  (void)snprintf(folder, sizeof folder, "%s/medium", f->dir.path);
  assert_int_equal(mkdir(folder, 0755), 0);
  if (mount("tmpfs", folder, "tmpfs", 0, NULL) != 0) skip();
  look_at_medium(f);
  assert_int_equal(umount(folder), 0);
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
    store_test(test_empty_file),
    store_test(test_text_file),
    store_test(test_header_and_nothing_more),
    store_test(test_other_programs_database),
    store_test(test_other_programs_database_without_tables),
    store_test(test_other_programs_database_in_use),
    store_test(test_truncated_registry),
    store_test(test_emptied_registry_with_a_log),
    store_test(test_flipped_bytes),
    store_test(test_no_files),
    store_test(test_consumer_without_write_permission),
#if defined(__linux__)
    store_test(test_read_only_medium),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
