/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"

#include "store/driver.h"

static void test_missing_slots_answer_not_supported(void **state) {
  (void)state;
  const mri_driver nothing = {.struct_size = sizeof(uint32_t), .name = "cut off"};
  mri_driver d;
  mri_driver_complete(&nothing, &d);
  assert_int_equal(d.struct_size, sizeof d);
  assert_string_equal(d.name, "unnamed");
  assert_non_null(d.dialect);
  mr_error error = MR_ERROR_INIT;
  mri_database *database = NULL;
  mri_connection *connection = NULL;
  mri_cursor *cursor = NULL;
  mri_database_state what = MRI_DATABASE_EMPTY;
  int64_t number = 0;
  bool flag = false;
  size_t size = 1;
  assert_int_equal(d.open(NULL, NULL, &database, &error), MR_NOT_SUPPORTED);
  assert_non_null(strstr(error.message, "open"));
  assert_non_null(d.facts(NULL));
  d.close(NULL, false);
  assert_int_equal(d.connect(NULL, NULL, &connection, NULL), MR_NOT_SUPPORTED);
  d.disconnect(NULL, false);
  assert_int_equal(d.accept(NULL, false, NULL, NULL), MR_NOT_SUPPORTED);
  assert_int_equal(d.begin(NULL, MRI_BEGIN_READ, NULL, &number, NULL), MR_NOT_SUPPORTED);
  assert_int_equal(d.commit(NULL, NULL), MR_NOT_SUPPORTED);
  d.rollback(NULL);
  d.maintain(NULL);
  assert_int_equal(d.state(NULL, NULL, &what, NULL), MR_NOT_SUPPORTED);
  assert_int_equal(d.mark(NULL, 1, NULL), MR_NOT_SUPPORTED);
  assert_int_equal(d.prepare(NULL, "SELECT 1", true, &cursor, &flag, NULL), MR_NOT_SUPPORTED);
  assert_int_equal(d.bind(NULL, NULL, 1, NULL, false, NULL), MR_NOT_SUPPORTED);
  assert_int_equal(d.step(NULL, NULL, &flag, NULL), MR_NOT_SUPPORTED);
  d.reset(NULL);
  d.finalize(NULL, false);
  assert_int_equal(d.batch(NULL, NULL, 1, 1, NULL, &number, NULL), MR_NOT_SUPPORTED);
  assert_true(d.column_is_null(NULL, 0));
  assert_int_equal(d.column_int(NULL, 0), 0);
  assert_true(d.column_real(NULL, 0) == 0.0);
  assert_null(d.column_text(NULL, 0));
  assert_null(d.column_bytes(NULL, 0, &size));
  assert_int_equal(size, 0);
  assert_int_equal(d.changes(NULL), 0);
  assert_int_equal(d.total_changes(NULL), 0);
  assert_int_equal(d.map_error(0), MR_OK);
  assert_int_equal(d.map_error(1), MR_NOT_SUPPORTED);
  assert_int_equal(d.check(NULL, NULL, NULL, NULL), MR_NOT_SUPPORTED);
  assert_int_equal(d.check_references(NULL, NULL, NULL, NULL), MR_NOT_SUPPORTED);
  assert_int_equal(d.rebuild(NULL, "i", &flag, NULL), MR_NOT_SUPPORTED);
}

static void test_older_driver_keeps_what_it_has(void **state) {
  (void)state;
  mri_driver older = *mri_sqlite_driver();
  older.struct_size = (uint32_t)offsetof(mri_driver, batch);
  mri_driver d;
  mri_driver_complete(&older, &d);
  assert_true(d.open == mri_sqlite_driver()->open);
  assert_true(d.finalize == mri_sqlite_driver()->finalize);
  assert_true(d.batch != mri_sqlite_driver()->batch);
  int64_t changes = 0;
  assert_int_equal(d.batch(NULL, NULL, 1, 1, NULL, &changes, NULL), MR_NOT_SUPPORTED);
}

static void test_sqlite_fills_every_slot(void **state) {
  (void)state;
  mri_driver d;
  mri_driver_complete(mri_sqlite_driver(), &d);
  assert_memory_equal(&d, mri_sqlite_driver(), sizeof d);
  assert_string_equal(d.name, "sqlite");
}

static void test_sqlite_codes(void **state) {
  (void)state;
  static const struct {
    int64_t code;
    mr_status status;
  } cases[] = {
      {0, MR_OK},
      {100, MR_OK},
      {101, MR_OK},
      {5, MR_BUSY},
      {261, MR_BUSY},
      {517, MR_BUSY},
      {6, MR_BUSY},
      {15, MR_BUSY},
      {7, MR_NO_MEMORY},
      {3082, MR_NO_MEMORY},
      {8, MR_READ_ONLY},
      {1032, MR_READ_ONLY},
      {9, MR_CANCELLED},
      {10, MR_IO},
      {266, MR_IO},
      {13, MR_IO},
      {14, MR_IO},
      {11, MR_CORRUPT},
      {26, MR_CORRUPT},
      {18, MR_LIMIT},
      {19, MR_CONFLICT},
      {787, MR_CONFLICT},
      {1555, MR_ALREADY_EXISTS},
      {2067, MR_ALREADY_EXISTS},
      {1, MR_NOT_SUPPORTED},
      {25, MR_NOT_SUPPORTED},
      {20, MR_INVALID_ARGUMENT},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(mri_sqlite_driver()->map_error(cases[i].code), cases[i].status);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_missing_slots_answer_not_supported),
      cmocka_unit_test(test_older_driver_keeps_what_it_has),
      cmocka_unit_test(test_sqlite_fills_every_slot),
      cmocka_unit_test(test_sqlite_codes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
