/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"

#include "store/statement_cache.h"

#define CAPACITY 4

/* A database that only counts. */
struct mri_connection {
  int prepared;
  int alive;
  bool refuse;
};
struct mri_cursor {
  mri_connection *connection;
  int number;
};

static mri_cursor cursors[64];

static mr_status fake_prepare(mri_connection *c, const char *sql, bool keep, mri_cursor **out,
                              bool *writes, mr_error *error) {
  (void)keep;
  if (c->refuse) return mri_error_set(error, MR_NOT_SUPPORTED, "refused");
  assert_true(c->prepared < 64);
  mri_cursor *cursor = &cursors[c->prepared];
  *cursor = (mri_cursor){c, c->prepared};
  c->prepared++;
  c->alive++;
  *writes = sql[0] == 'I';
  *out = cursor;
  return MR_OK;
}

static void fake_reset(mri_cursor *cursor) {
  assert_non_null(cursor->connection);
}

static void fake_finalize(mri_cursor *cursor, bool forked) {
  if (!forked) cursor->connection->alive--;
}

typedef struct cache_fixture {
  mri_connection connection;
  mri_driver driver;
  mri_statement_cache cache;
} cache_fixture;

static int setup(void **state) {
  static cache_fixture f;
  const mri_driver fake = {.struct_size = sizeof fake,
                           .prepare = fake_prepare,
                           .reset = fake_reset,
                           .finalize = fake_finalize};
  f.connection = (mri_connection){0};
  mri_driver_complete(&fake, &f.driver);
  mri_statement_cache_init(&f.cache, mri_mem_default(), &f.driver, &f.connection, CAPACITY);
  *state = &f;
  return 0;
}

static int teardown(void **state) {
  cache_fixture *f = *state;
  mri_mem_test_fail(0, false);
  mri_statement_cache_clear(&f->cache, false);
  assert_int_equal(f->connection.alive, 0);
  assert_int_equal(f->cache.count, 0);
  assert_int_equal(mri_mem_live(), 0);
  return 0;
}

static mri_stmt *take(cache_fixture *f, const char *sql) {
  mri_stmt *stmt = NULL;
  assert_int_equal(mri_statement_cache_take(&f->cache, sql, &stmt, NULL), MR_OK);
  assert_true(stmt->in_use);
  return stmt;
}

static void use(cache_fixture *f, const char *sql) {
  mri_statement_cache_give(&f->cache, take(f, sql));
}

static void test_second_use_prepares_nothing(void **state) {
  cache_fixture *f = *state;
  static const char sql[] = "SELECT 1";
  mri_stmt *stmt = take(f, sql);
  assert_false(stmt->writes);
  mri_statement_cache_give(&f->cache, stmt);
  assert_ptr_equal(take(f, sql), stmt);
  mri_statement_cache_give(&f->cache, stmt);
  assert_int_equal(f->connection.prepared, 1);
  stmt = take(f, "INSERT");
  assert_true(stmt->writes);
  mri_statement_cache_give(&f->cache, stmt);
}

static void test_other_text_at_the_same_address(void **state) {
  cache_fixture *f = *state;
  char sql[16] = "SELECT 1";
  use(f, sql);
  sql[7] = '2';
  mri_stmt *stmt = take(f, sql);
  assert_string_equal(stmt->sql, "SELECT 2");
  assert_int_equal(f->connection.prepared, 2);
  assert_int_equal(f->connection.alive, 1);
  sql[7] = '3';
  mri_stmt *other = take(f, sql);
  assert_string_equal(other->sql, "SELECT 3");
  mri_statement_cache_give(&f->cache, stmt);
  mri_statement_cache_give(&f->cache, other);
}

static void test_twice_at_once(void **state) {
  cache_fixture *f = *state;
  static const char sql[] = "SELECT 1";
  mri_stmt *a = take(f, sql);
  mri_stmt *b = take(f, sql);
  assert_ptr_not_equal(a, b);
  assert_ptr_not_equal(a->cursor, b->cursor);
  mri_statement_cache_give(&f->cache, b);
  assert_int_equal(f->connection.alive, 1);
  mri_statement_cache_give(&f->cache, a);
  assert_ptr_equal(take(f, sql), a);
  mri_statement_cache_give(&f->cache, a);
}

static void test_least_recently_used_goes_first(void **state) {
  cache_fixture *f = *state;
  static const char sql[6][2] = {"a", "b", "c", "d", "e", "f"};
  for (int i = 0; i < CAPACITY; i++) use(f, sql[i]);
  use(f, sql[0]);
  use(f, sql[4]); /* b goes */
  assert_int_equal(f->cache.count, CAPACITY);
  assert_int_equal(f->connection.alive, CAPACITY);
  assert_int_equal(f->connection.prepared, 5);
  use(f, sql[0]);
  use(f, sql[2]);
  use(f, sql[3]);
  use(f, sql[4]);
  assert_int_equal(f->connection.prepared, 5);
  use(f, sql[1]); /* a goes */
  assert_int_equal(f->connection.prepared, 6);
  use(f, sql[0]);
  assert_int_equal(f->connection.prepared, 7);
}

static void test_full_of_statements_in_use(void **state) {
  cache_fixture *f = *state;
  static const char sql[6][2] = {"a", "b", "c", "d", "e", "f"};
  mri_stmt *in_use[6];
  for (int i = 0; i < 6; i++) in_use[i] = take(f, sql[i]);
  assert_int_equal(f->cache.count, CAPACITY);
  assert_int_equal(f->connection.alive, 6);
  for (int i = 0; i < 6; i++) mri_statement_cache_give(&f->cache, in_use[i]);
  assert_int_equal(f->connection.alive, CAPACITY);
}

static void test_many_statements_in_few_buckets(void **state) {
  cache_fixture *f = *state;
  static char texts[50][4];
  mri_statement_cache_init(&f->cache, mri_mem_default(), &f->driver, &f->connection, 50);
  for (int i = 0; i < 50; i++) (void)snprintf(texts[i], sizeof texts[i], "s%02d", i);
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 50; i++) {
      mri_stmt *stmt = take(f, texts[i]);
      assert_string_equal(stmt->sql, texts[i]);
      mri_statement_cache_give(&f->cache, stmt);
    }
  }
  assert_int_equal(f->connection.prepared, 50);
}

static void test_refused_statement_leaves_nothing(void **state) {
  cache_fixture *f = *state;
  static const char sql[] = "SELECT 1";
  mr_error error = MR_ERROR_INIT;
  mri_stmt *stmt = NULL;
  f->connection.refuse = true;
  assert_int_equal(mri_statement_cache_take(&f->cache, sql, &stmt, &error), MR_NOT_SUPPORTED);
  assert_string_equal(error.message, "refused");
  assert_int_equal(f->cache.count, 0);
  f->connection.refuse = false;
  use(f, sql);
}

static bool attempt(void *ctx) {
  cache_fixture *f = ctx;
  static const char sql[2][2] = {"a", "b"};
  mri_stmt *stmt = NULL;
  mr_error error = MR_ERROR_INIT;
  bool worked = true;
  f->connection.prepared = 0;
  for (int i = 0; i < 2 && worked; i++) {
    worked = mri_statement_cache_take(&f->cache, sql[i], &stmt, &error) == MR_OK;
    if (worked) mri_statement_cache_give(&f->cache, stmt);
  }
  if (!worked) assert_int_equal(error.status, MR_NO_MEMORY);
  mri_statement_cache_clear(&f->cache, false);
  return worked;
}

static void test_every_allocation_failing(void **state) {
  assert_int_equal(unit_fail_allocations(attempt, *state), 4);
}

static void test_forked_child_frees_memory_only(void **state) {
  cache_fixture *f = *state;
  static const char sql[] = "SELECT 1";
  (void)take(f, sql);
  mri_statement_cache_clear(&f->cache, true);
  assert_int_equal(f->connection.alive, 1);
  assert_int_equal(mri_mem_live(), 0);
  f->connection.alive = 0;
}

#define cache_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      cache_test(test_second_use_prepares_nothing),
      cache_test(test_other_text_at_the_same_address),
      cache_test(test_twice_at_once),
      cache_test(test_least_recently_used_goes_first),
      cache_test(test_full_of_statements_in_use),
      cache_test(test_many_statements_in_few_buckets),
      cache_test(test_refused_statement_leaves_nothing),
      cache_test(test_every_allocation_failing),
      cache_test(test_forked_child_frees_memory_only),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
