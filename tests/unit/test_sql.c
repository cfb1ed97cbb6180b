/* SPDX-License-Identifier: Apache-2.0 */
/* Statements: what goes in comes out, in every type. */
#include "store_test.h"

#include <float.h>
#include <math.h>

/* A store in memory with a strict table of its own. */
static mri_store *open_with_table(store_fixture *f) {
  mr_error error = MR_ERROR_INIT;
  mri_store *store = NULL;
  assert_ok(mri_store_open("memory:", &f->options, &store, &error), &error);
  mri_tx *tx = store_begin(store, MRI_TX_APPEND);
  assert_ok(mri_sql_run(tx, &error,
                        "CREATE TABLE every_type (id INTEGER PRIMARY KEY, i INTEGER, r REAL, "
                        "t TEXT, b BLOB) STRICT",
                        ""),
            &error);
  store_commit(tx);
  return store;
}

static const char insert[] = "INSERT INTO every_type (id, i, r, t, b) VALUES (?1, ?2, ?3, ?4, ?5)";
static const char query[] = "SELECT i, r, t, b FROM every_type WHERE id = ?1";

static mri_stmt *row(mri_tx *tx, int64_t id) {
  mr_error error = MR_ERROR_INIT;
  mri_stmt *stmt = NULL;
  bool found = false;
  assert_ok(mri_sql_first(tx, &error, &stmt, &found, query, "i", id), &error);
  assert_true(found);
  return stmt;
}

static void test_types_round_trip(void **state) {
  mr_error error = MR_ERROR_INIT;
  mri_store *store = open_with_table(*state);
  mri_tx *tx = store_begin(store, MRI_TX_APPEND);
  size_t size = 0;
  const uint8_t bytes[] = {0, 1, 0, 255};
  const char text[] = "h\xc3\xa9llo \xe2\x82\xac";
  assert_ok(mri_sql_run(tx, &error, insert, "iirtb", (int64_t)1, INT64_MIN, DBL_MAX, text, bytes,
                        sizeof bytes),
            &error);
  assert_ok(mri_sql_run(tx, &error, insert, "iirtb", (int64_t)2, INT64_MAX, DBL_TRUE_MIN, "", "",
                        (size_t)0),
            &error);
  assert_ok(mri_sql_run(tx, &error, insert, "innnn", (int64_t)3), &error);
  assert_ok(mri_sql_run(tx, &error, insert, "iirtb", (int64_t)4, (int64_t)0, -INFINITY,
                        (const char *)NULL, (const void *)NULL, (size_t)0),
            &error);
  store_commit(tx);

  tx = store_begin(store, MRI_TX_READ);
  mri_stmt *stmt = row(tx, 1);
  assert_true(mri_stmt_int(stmt, 0) == INT64_MIN);
  assert_true(mri_stmt_real(stmt, 1) == DBL_MAX);
  assert_string_equal(mri_stmt_text(stmt, 2), text);
  assert_memory_equal(mri_stmt_bytes(stmt, 3, &size), bytes, sizeof bytes);
  assert_int_equal(size, sizeof bytes);
  mri_stmt_done(stmt);
  stmt = row(tx, 2);
  assert_true(mri_stmt_int(stmt, 0) == INT64_MAX);
  assert_true(mri_stmt_real(stmt, 1) == DBL_TRUE_MIN);
  assert_string_equal(mri_stmt_text(stmt, 2), "");
  assert_false(mri_stmt_is_null(stmt, 3));
  assert_non_null(mri_stmt_bytes(stmt, 3, &size));
  assert_int_equal(size, 0);
  mri_stmt_done(stmt);
  stmt = row(tx, 3);
  for (int column = 0; column < 4; column++) assert_true(mri_stmt_is_null(stmt, column));
  assert_null(mri_stmt_text(stmt, 2));
  assert_null(mri_stmt_bytes(stmt, 3, &size));
  mri_stmt_done(stmt);
  stmt = row(tx, 4);
  assert_true(mri_stmt_real(stmt, 1) == -INFINITY);
  assert_true(mri_stmt_is_null(stmt, 2));
  assert_false(mri_stmt_is_null(stmt, 3));
  mri_stmt_done(stmt);
  store_commit(tx);
  store_end(store);
}

static void test_nan_is_null(void **state) {
  mr_error error = MR_ERROR_INIT;
  mri_store *store = open_with_table(*state);
  mri_tx *tx = store_begin(store, MRI_TX_APPEND);
  assert_ok(mri_sql_run(tx, &error, insert, "inrnn", (int64_t)1, (double)NAN), &error);
  const mri_value values[] = {{.type = 'i', .integer = 2},
                              {.type = 'n'},
                              {.type = 'r', .real = (double)NAN},
                              {.type = 't'},
                              {.type = 'd'}};
  assert_ok(mri_sql_batch(tx, &error, insert, 5, 1, values), &error);
  assert_int_equal(store_int(tx, "SELECT count(*) FROM every_type WHERE r IS NULL"), 2);
  store_commit(tx);
  store_end(store);
}

static void test_digests(void **state) {
  mr_error error = MR_ERROR_INIT;
  mri_digest digest;
  mri_digest back;
  mri_store *store = open_with_table(*state);
  mri_blake2b("x", 1, &digest);
  mri_tx *tx = store_begin(store, MRI_TX_APPEND);
  assert_ok(mri_sql_run(tx, &error, insert, "innnd", (int64_t)1, &digest), &error);
  assert_ok(mri_sql_run(tx, &error, insert, "innnd", (int64_t)2, (const mri_digest *)NULL), &error);
  assert_ok(mri_sql_run(tx, &error, insert, "innnb", (int64_t)3, "short", (size_t)5), &error);
  mri_stmt *stmt = row(tx, 1);
  assert_true(mri_stmt_digest(stmt, 3, &back));
  assert_true(mri_digest_equal(&digest, &back));
  mri_stmt_done(stmt);
  for (int64_t id = 2; id <= 3; id++) {
    stmt = row(tx, id);
    assert_false(mri_stmt_digest(stmt, 3, &back));
    mri_stmt_done(stmt);
  }
  store_commit(tx);
  store_end(store);
}

static void test_bound_values_are_copied_for_queries(void **state) {
  mr_error error = MR_ERROR_INIT;
  mri_store *store = open_with_table(*state);
  mri_tx *tx = store_begin(store, MRI_TX_READ);
  mri_stmt *stmt = NULL;
  bool is_row = false;
  char text[] = "before";
  assert_ok(mri_sql_query(tx, &error, &stmt, "SELECT ?1", "t", text), &error);
  memset(text, 'x', 6);
  assert_ok(mri_stmt_step(stmt, &is_row, &error), &error);
  assert_true(is_row);
  assert_string_equal(mri_stmt_text(stmt, 0), "before");
  assert_ok(mri_stmt_step(stmt, &is_row, &error), &error);
  assert_false(is_row);
  mri_stmt_done(stmt);
  mri_stmt_done(NULL);
  store_commit(tx);
  store_end(store);
}

static void test_no_value_survives_its_statement(void **state) {
  mr_error error = MR_ERROR_INIT;
  mri_store *store = open_with_table(*state);
  static const char sql[] = "SELECT ?1 IS NULL";
  mri_tx *tx = store_begin(store, MRI_TX_READ);
  int64_t value = -1;
  assert_ok(mri_sql_int(tx, &error, -1, &value, sql, "t", "set"), &error);
  assert_int_equal(value, 0);
  assert_ok(mri_sql_int(tx, &error, -1, &value, sql, ""), &error);
  assert_int_equal(value, 1);
  store_commit(tx);
  store_end(store);
}

static void test_first_and_int(void **state) {
  mr_error error = MR_ERROR_INIT;
  mri_store *store = open_with_table(*state);
  mri_tx *tx = store_begin(store, MRI_TX_READ);
  mri_stmt *stmt = (mri_stmt *)(void *)&error;
  bool found = true;
  int64_t value = 0;
  assert_ok(mri_sql_first(tx, &error, &stmt, &found, query, "i", (int64_t)77), &error);
  assert_false(found);
  assert_null(stmt);
  assert_ok(mri_sql_int(tx, &error, 42, &value, query, "i", (int64_t)77), &error);
  assert_int_equal(value, 42);
  assert_ok(mri_sql_int(tx, &error, 43, &value, "SELECT NULL", ""), &error);
  assert_int_equal(value, 43);
  assert_ok(mri_sql_int(tx, &error, 43, &value, "SELECT 7", ""), &error);
  assert_int_equal(value, 7);
  store_commit(tx);
  store_end(store);
}

/* A query inside a query, of the same text too. */
static void test_nested_queries(void **state) {
  mr_error error = MR_ERROR_INIT;
  mri_store *store = open_with_table(*state);
  static const char sql[] = "WITH n(i) AS (VALUES (1), (2), (3)) SELECT i FROM n ORDER BY i";
  mri_tx *tx = store_begin(store, MRI_TX_READ);
  mri_stmt *outer = NULL;
  mri_stmt *inner = NULL;
  bool is_row = true;
  int64_t sum = 0;
  assert_ok(mri_sql_query(tx, &error, &outer, sql, ""), &error);
  while (mri_stmt_step(outer, &is_row, &error) == MR_OK && is_row) {
    bool inner_row = true;
    assert_ok(mri_sql_query(tx, &error, &inner, sql, ""), &error);
    while (mri_stmt_step(inner, &inner_row, &error) == MR_OK && inner_row) {
      sum += 10 * mri_stmt_int(outer, 0) + mri_stmt_int(inner, 0);
    }
    mri_stmt_done(inner);
  }
  mri_stmt_done(outer);
  assert_int_equal(sum, 10 * 6 * 3 + 6 * 3);
  store_commit(tx);
  store_end(store);
}

enum { ROWS = 1000, COLUMNS = 5 };

static void test_batch(void **state) {
  mr_error error = MR_ERROR_INIT;
  mri_store *store = open_with_table(*state);
  static mri_value values[ROWS * COLUMNS];
  for (int64_t i = 0; i < ROWS; i++) {
    mri_value *v = values + i * COLUMNS;
    v[0] = (mri_value){.type = 'i', .integer = i};
    v[1] = (mri_value){.type = 'i', .integer = i * i};
    v[2] = (mri_value){.type = 'r', .real = (double)i / 2};
    v[3] = (mri_value){.type = 't', .data = i % 2 == 0 ? "even" : "odd"};
    v[4] = (mri_value){.type = 'b', .data = "bytes", .size = (size_t)(i % 6)};
  }
  mri_tx *tx = store_begin(store, MRI_TX_APPEND);
  assert_ok(mri_sql_batch(tx, &error, insert, COLUMNS, ROWS, values), &error);
  assert_int_equal(mri_tx_changes(tx), ROWS);
  assert_ok(mri_sql_batch(tx, &error, insert, COLUMNS, 0, values), &error);
  assert_int_equal(mri_tx_changes(tx), 0);
  store_commit(tx);
  tx = store_begin(store, MRI_TX_READ);
  assert_int_equal(store_int(tx, "SELECT sum(i) FROM every_type"), 332833500);
  assert_int_equal(store_int(tx, "SELECT sum(length(b)) FROM every_type WHERE t = 'odd'"), 1498);
  store_commit(tx);
  tx = store_begin(store, MRI_TX_APPEND);
  assert_int_equal(mri_sql_batch(tx, &error, insert, COLUMNS, 1, values), MR_ALREADY_EXISTS);
  assert_int_equal(mri_tx_end(tx, MR_OK, NULL), MR_ALREADY_EXISTS);
  store_end(store);
}

static void test_wrong_type_is_refused(void **state) {
  mr_error error = MR_ERROR_INIT;
  mri_store *store = open_with_table(*state);
  mri_tx *tx = store_begin(store, MRI_TX_APPEND);
  assert_int_equal(mri_sql_run(tx, &error, insert, "itnnn", (int64_t)1, "no number"), MR_CONFLICT);
  assert_int_equal(mri_tx_end(tx, MR_OK, NULL), MR_CONFLICT);
  store_end(store);
}

static void test_sql_made_at_run_time(void **state) {
  mr_error error = MR_ERROR_INIT;
  mri_store *store = open_with_table(*state);
  mri_tx *tx = store_begin(store, MRI_TX_READ);
  char sql[32];
  for (int64_t i = 0; i < 300; i++) {
    int64_t value = -1;
    (void)snprintf(sql, sizeof sql, "SELECT %d", (int)i);
    assert_ok(mri_sql_int(tx, &error, -1, &value, sql, ""), &error);
    assert_int_equal(value, i);
  }
  store_commit(tx);
  store_end(store);
}

static void test_limits(void **state) {
  mr_error error = MR_ERROR_INIT;
  mri_store *store = open_with_table(*state);
  mri_tx *tx = store_begin(store, MRI_TX_READ);
  int64_t value = 0;
  assert_int_equal(mri_sql_int(tx, &error, 0, &value, "SELECT length(zeroblob(1000000000))", ""),
                   MR_LIMIT);
  assert_int_equal(mri_tx_end(tx, MR_OK, NULL), MR_LIMIT);
  tx = store_begin(store, MRI_TX_APPEND);
  assert_int_equal(mri_sql_run(tx, &error, "ATTACH ':memory:' AS other", ""), MR_NOT_SUPPORTED);
  assert_int_equal(mri_tx_end(tx, MR_OK, NULL), MR_NOT_SUPPORTED);
  tx = store_begin(store, MRI_TX_APPEND);
  assert_int_equal(mri_sql_run(tx, &error, "SELECT load_extension('/tmp/x.so')", ""),
                   MR_NOT_SUPPORTED);
  assert_int_equal(mri_tx_end(tx, MR_OK, NULL), MR_NOT_SUPPORTED);
  tx = store_begin(store, MRI_TX_APPEND);
  assert_int_equal(mri_sql_run(tx, &error, "DELETE FROM sqlite_schema", ""), MR_NOT_SUPPORTED);
  assert_int_equal(mri_tx_end(tx, MR_OK, NULL), MR_NOT_SUPPORTED);
  tx = store_begin(store, MRI_TX_READ);
  assert_int_equal(mri_sql_int(tx, &error, 0, &value, "", ""), MR_INVALID_ARGUMENT);
  assert_int_equal(mri_tx_end(tx, MR_OK, NULL), MR_INVALID_ARGUMENT);
  store_end(store);
}

static void test_foreign_keys_are_enforced(void **state) {
  mr_error error = MR_ERROR_INIT;
  mri_store *store = open_with_table(*state);
  mri_tx *tx = store_begin(store, MRI_TX_APPEND);
  assert_int_equal(
      mri_sql_run(tx, &error, "INSERT INTO tag (run_id, key, value) VALUES (99, 'k', 'v')", ""),
      MR_CONFLICT);
  assert_int_equal(mri_tx_end(tx, MR_OK, NULL), MR_CONFLICT);
  store_end(store);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      store_test(test_types_round_trip),
      store_test(test_nan_is_null),
      store_test(test_digests),
      store_test(test_bound_values_are_copied_for_queries),
      store_test(test_no_value_survives_its_statement),
      store_test(test_first_and_int),
      store_test(test_nested_queries),
      store_test(test_batch),
      store_test(test_wrong_type_is_refused),
      store_test(test_sql_made_at_run_time),
      store_test(test_limits),
      store_test(test_foreign_keys_are_enforced),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
