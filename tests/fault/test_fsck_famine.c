/* SPDX-License-Identifier: Apache-2.0 */
/* A registry in which everything is wrong, checked without memory, and with an SQLite that refuses:
 * what cannot be said for want of either is never passed over. */
#include "fsck_governed.h"
#include "sqlite_refusal.h"

/* Sets every column of a kind, in every row where nothing that is unique is in the way. */
static void spoil(const fsck_stage *stage, const char *columns, const char *value) {
  sqlite3_stmt *stmt = NULL;
  sqlite3 *look = governed_look(stage->place->db);
  char *sql = sqlite3_mprintf(
      "SELECT group_concat('UPDATE OR IGNORE ' || t.name || ' SET ' || c.name || ' = %q', ';') "
      "FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND %s",
      value, columns);
  assert_non_null(sql);
  assert_int_equal(sqlite3_prepare_v2(look, sql, -1, &stmt, NULL), SQLITE_OK);
  sqlite3_free(sql);
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  const char *found = (const char *)sqlite3_column_text(stmt, 0);
  assert_non_null(found);
  char *changes = strdup(found);
  assert_non_null(changes);
  assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
  assert_int_equal(sqlite3_close(look), SQLITE_OK);
  fsck_stage_alter(stage, changes);
  free(changes);
}

/* What a check finds of which something fails: all of it, or it says so. */
static void check_once(mr_registry *registry, int64_t findings) {
  mr_fsck *fsck = NULL;
  mr_status status = mr_registry_fsck(registry, NULL, &fsck, &api_error);
  if (status == MR_OK) {
    assert_int_equal(mr_fsck_info(fsck)->error_count, findings);
  } else {
    REFUSED(MR_NO_MEMORY, NULL, status);
    assert_null(fsck);
  }
  mr_fsck_free(fsck);
}

static void sweep(const fsck_stage *stage) {
  api_memory memory;
  mr_registry *registry = NULL;
  mr_fsck *fsck = NULL;
  mr_open_options options = api_open_options(0);
  int64_t stride = api_scaled(1000) >= 1000 ? 1 : 3;
  api_memory_init(&memory);
  options.allocator = &memory.allocator;
  OK(mr_registry_open(stage->place->db, &options, &registry, &api_error));
  OK(mr_registry_fsck(registry, NULL, &fsck, &api_error));
  int64_t findings = mr_fsck_info(fsck)->error_count;
  mr_fsck_free(fsck);
  assert_in_range(findings, 5, 100000);
  bool fired = true;
  for (int64_t nth = 1; fired; nth += stride) {
    api_memory_fail(&memory, nth, false);
    check_once(registry, findings);
    fired = atomic_load(&memory.fired);
    api_memory_fail(&memory, 0, false);
  }
  fired = true;
  for (int64_t nth = 1; fired; nth += stride) {
    sqlite_refusal_fail(nth, false, SQLITE_NOMEM);
    check_once(registry, findings);
    fired = sqlite_refusal_failed();
    sqlite_refusal_fail(0, false, 0);
  }
  mr_registry_close(registry);
  assert_int_equal(atomic_load(&memory.live), 0);
}

#define TEXTS   "c.type = 'TEXT' AND t.name <> 'meta'"
#define TIMES   "c.name LIKE '%\\_us' ESCAPE '\\'"
#define DIGESTS "c.name LIKE '%digest%' AND c.type = 'BLOB'"
#define NUMBERS                                                                                    \
  "c.type = 'INTEGER' AND c.pk = 0 AND c.name NOT LIKE '%\\_us' ESCAPE '\\' AND c.name NOT LIKE "  \
  "'%\\_id' ESCAPE '\\'"

static void test_texts(void **state) {
  spoil(*state, TEXTS, "' x'");
  sweep(*state);
}

static void test_times(void **state) {
  spoil(*state, TIMES, "-1");
  sweep(*state);
}

static void test_digests(void **state) {
  spoil(*state, DIGESTS, "zeroblob(32)");
  sweep(*state);
}

static void test_numbers(void **state) {
  spoil(*state, NUMBERS, "99");
  sweep(*state);
}

static void test_short_digests(void **state) {
  spoil(*state, DIGESTS, "x'00'");
  sweep(*state);
}

static void test_greatest_numbers(void **state) {
  spoil(*state, NUMBERS, "9223372036854775807");
  sweep(*state);
}

static void test_greatest_times(void **state) {
  spoil(*state, TIMES, "9223372036854775807");
  sweep(*state);
}

#define lab_test(name)                                                                             \
  { #name "_of_the_lab", name, fsck_stage_setup, fsck_stage_teardown, NULL }
#define governed_test(name)                                                                        \
  { #name, name, fsck_governed_setup, fsck_stage_teardown, NULL }

int main(void) {
  const struct CMUnitTest tests[] = {
      lab_test(test_texts),
      governed_test(test_texts),
      lab_test(test_times),
      governed_test(test_times),
      lab_test(test_digests),
      governed_test(test_digests),
      lab_test(test_numbers),
      governed_test(test_numbers),
      lab_test(test_short_digests),
      governed_test(test_short_digests),
      lab_test(test_greatest_numbers),
      governed_test(test_greatest_numbers),
      lab_test(test_greatest_times),
      governed_test(test_greatest_times),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
