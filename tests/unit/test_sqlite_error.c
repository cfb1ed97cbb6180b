/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of SQLite's codes. */
#include "store_test.h"

#include "store/sqlite_private.h"

#include <errno.h>

static void test_statuses(void **state) {
  static const struct {
    int code;
    mr_status status;
  } cases[] = {
      {SQLITE_OK, MR_OK},
      {SQLITE_ROW, MR_OK},
      {SQLITE_DONE, MR_OK},
      {SQLITE_BUSY, MR_BUSY},
      {SQLITE_BUSY_RECOVERY, MR_BUSY},
      {SQLITE_BUSY_SNAPSHOT, MR_BUSY},
      {SQLITE_LOCKED, MR_BUSY},
      {SQLITE_PROTOCOL, MR_BUSY},
      {SQLITE_NOMEM, MR_NO_MEMORY},
      {SQLITE_IOERR_NOMEM, MR_NO_MEMORY},
      {SQLITE_READONLY, MR_READ_ONLY},
      {SQLITE_READONLY_DBMOVED, MR_READ_ONLY},
      {SQLITE_INTERRUPT, MR_CANCELLED},
      {SQLITE_CORRUPT, MR_CORRUPT},
      {SQLITE_CORRUPT_INDEX, MR_CORRUPT},
      {SQLITE_NOTADB, MR_CORRUPT},
      {SQLITE_TOOBIG, MR_LIMIT},
      {SQLITE_CONSTRAINT_PRIMARYKEY, MR_ALREADY_EXISTS},
      {SQLITE_CONSTRAINT_UNIQUE, MR_ALREADY_EXISTS},
      {SQLITE_CONSTRAINT_ROWID, MR_ALREADY_EXISTS},
      {SQLITE_CONSTRAINT_CHECK, MR_CONFLICT},
      {SQLITE_CONSTRAINT_FOREIGNKEY, MR_CONFLICT},
      {SQLITE_MISMATCH, MR_INVALID_ARGUMENT},
      {SQLITE_ERROR, MR_NOT_SUPPORTED},
      {SQLITE_SCHEMA, MR_NOT_SUPPORTED},
      {SQLITE_AUTH, MR_NOT_SUPPORTED},
      {SQLITE_RANGE, MR_NOT_SUPPORTED},
      {SQLITE_MISUSE, MR_NOT_SUPPORTED},
      {SQLITE_IOERR, MR_IO},
      {SQLITE_IOERR_FSYNC, MR_IO},
      {SQLITE_FULL, MR_IO},
      {SQLITE_CANTOPEN, MR_IO},
      {SQLITE_PERM, MR_IO},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    if (mri_sqlite_status(cases[i].code) != cases[i].status) {
      fail_msg("code %d is %s", cases[i].code, mr_status_name(mri_sqlite_status(cases[i].code)));
    }
  }
}

static void says(int code, mr_status status, int64_t backend, const char *words) {
  char label[] = "registry R";
  const mri_database db = {.label = label};
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(mri_sqlite_error(&db, NULL, code, NULL, &error, "write to"), status);
  assert_int_equal(error.status, status);
  assert_int_equal(error.backend_code, backend);
  if (strstr(error.message, words) == NULL) fail_msg("'%s' lacks '%s'", error.message, words);
  if (status != MR_NO_MEMORY) assert_non_null(strstr(error.message, "registry R"));
}

/* Without a connection that could say more, and without a wait that was in vain. */
static void test_messages(void **state) {
  (void)state;
  says(SQLITE_NOMEM, MR_NO_MEMORY, 0, "out of memory");
  says(SQLITE_BUSY, MR_BUSY, SQLITE_BUSY, "is in use by others; try again");
  says(SQLITE_INTERRUPT, MR_CANCELLED, SQLITE_INTERRUPT, "cancelled while using");
  says(SQLITE_READONLY, MR_READ_ONLY, SQLITE_READONLY, "cannot write to registry R: it may only");
  says(SQLITE_NOTADB, MR_CORRUPT, SQLITE_NOTADB, "is no registry: not an SQLite file");
  says(SQLITE_CORRUPT, MR_CORRUPT, SQLITE_CORRUPT, "restore it from a backup");
  says(SQLITE_FULL, MR_IO, ENOSPC, "the disk is full");
  says(SQLITE_CANTOPEN, MR_IO, EIO, "its -wal and its -shm file must be readable");
  says(SQLITE_IOERR, MR_IO, EIO, "cannot write to registry R: disk I/O error");
  says(SQLITE_TOOBIG, MR_LIMIT, SQLITE_TOOBIG, "cannot write to registry R");
}

/* A damaged schema is quoted at any length, and the way out stands behind it. */
static void test_long_reasons(void **state) {
  (void)state;
  char label[] = "registry R";
  const mri_database db = {.label = label};
  mr_error error = MR_ERROR_INIT;
  sqlite3 *handle = NULL;
  assert_int_equal(sqlite3_open(":memory:", &handle), SQLITE_OK);
  assert_int_equal(sqlite3_extended_result_codes(handle, 1), SQLITE_OK);
  const char *damage = "CREATE TABLE t (a); PRAGMA writable_schema = ON; UPDATE sqlite_schema SET "
                       "sql = 'CREATE TABLE t (' || char(96) || hex(zeroblob(2000))";
  assert_int_equal(sqlite3_exec(handle, damage, NULL, NULL, NULL), SQLITE_OK);
  int code =
      sqlite3_exec(handle, "PRAGMA writable_schema = RESET; SELECT * FROM t", NULL, NULL, NULL);
  assert_int_equal(mri_sqlite_status(code), MR_CORRUPT);
  assert_true(strlen(sqlite3_errmsg(handle)) > 1000);
  assert_int_equal(mri_sqlite_error(&db, handle, code, NULL, &error, "read"), MR_CORRUPT);
  assert_non_null(strstr(error.message, "malformed database schema (t)"));
  assert_non_null(strstr(error.message, "); restore it from a backup"));
  assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_statuses),
      cmocka_unit_test(test_messages),
      cmocka_unit_test(test_long_reasons),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
