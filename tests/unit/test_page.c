/* SPDX-License-Identifier: Apache-2.0 */
#include "registry_test.h"

#include "registry/page.h"

static void limits(void **state) {
  (void)state;
  mri_cursor cursor;
  mr_error error = MR_ERROR_INIT;
  OK(mri_cursor_read(&cursor, MRI_LIST_RUNS, 0, NULL, &error));
  assert_int_equal(cursor.limit, MR_LIST_DEFAULT_LIMIT);
  assert_int_equal(cursor.id, 0);
  assert_string_equal(cursor.key, "");
  OK(mri_cursor_read(&cursor, MRI_LIST_MODELS, MR_LIST_MAX_LIMIT, NULL, &error));
  assert_int_equal(cursor.limit, MR_LIST_MAX_LIMIT);
  assert_int_equal(mri_cursor_read(&cursor, MRI_LIST_RUNS, MR_LIST_MAX_LIMIT + 1, NULL, &error),
                   MR_INVALID_ARGUMENT);
  assert_int_equal(mri_cursor_read(&cursor, MRI_LIST_RUNS, -1, NULL, &error), MR_INVALID_ARGUMENT);
  registry_says(&error, "-1");
}

/* A page that says where it ends, and the cursor that reads it. */
static void tokens_round_trip(void **state) {
  (void)state;
  static const int64_t ids[] = {1, 9, 1000000, INT64_C(999999999999999999)};
  static const char *const keys[] = {"a", "i1", "k", "größe", "with blank", "1.0.0-rc.1+a", "%s"};
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  mri_cursor cursor;
  OK(mri_cursor_read(&cursor, MRI_LIST_RUNS, 1, NULL, &error));
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
    mri_page *page = mri_page_new(registry, sizeof *page, &cursor);
    assert_non_null(page);
    page->last_id = ids[i];
    OK(mri_page_end(page, &error));
    OK(mri_cursor_read(&cursor, MRI_LIST_RUNS, 1, page->next_token, &error));
    assert_int_equal(cursor.id, ids[i]);
    /* A token of one list is refused by every other. */
    assert_int_equal(mri_cursor_read(&cursor, MRI_LIST_MODELS, 1, page->next_token, &error),
                     MR_INVALID_ARGUMENT);
    assert_int_equal(mri_cursor_read(&cursor, MRI_LIST_EXPERIMENTS, 1, page->next_token, &error),
                     MR_INVALID_ARGUMENT);
    OK(mri_cursor_read(&cursor, MRI_LIST_RUNS, 1, NULL, &error));
    mri_page_destroy(page);
  }
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    OK(mri_cursor_read(&cursor, MRI_LIST_MODELS, 1, NULL, &error));
    mri_page *page = mri_page_new(registry, sizeof *page, &cursor);
    assert_non_null(page);
    page->last_key = keys[i];
    OK(mri_page_end(page, &error));
    OK(mri_cursor_read(&cursor, MRI_LIST_MODELS, 1, page->next_token, &error));
    assert_string_equal(cursor.key, keys[i]);
    assert_int_equal(mri_cursor_read(&cursor, MRI_LIST_RUNS, 1, page->next_token, &error),
                     MR_INVALID_ARGUMENT);
    mri_page_destroy(page);
  }
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

static void foreign_tokens_are_refused(void **state) {
  (void)state;
  static const mri_list lists[] = {MRI_LIST_RUNS, MRI_LIST_MODELS};
  static const char *const bad[] = {
      "",   "R",  "m",    "x",    "1",   "R0", "R-1", "R1x", "R 1", "R+1", "R9999999999999999999",
      "r1", "E1", "\x01", "R1\n", "\xff"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    for (size_t j = 0; j < 2; j++) {
      mri_cursor cursor;
      mr_error error = MR_ERROR_INIT;
      mr_status status = mri_cursor_read(&cursor, lists[j], 1, bad[i], &error);
      if (status != MR_INVALID_ARGUMENT) fail_msg("'%s': %s", bad[i], mr_status_name(status));
      registry_says(&error, "token");
    }
  }
}

typedef struct attempt {
  mr_registry *registry;
  int64_t limit;
} attempt;

static mr_status add_row(mri_page *page, const mri_stmt *stmt, mr_error *error) {
  mr_property_record *record = mri_page_add(page, sizeof *record);
  if (record == NULL) return mri_error_no_memory(error);
  record->key = mri_column_text(stmt, 0, &page->arena, &page->failed);
  page->last_key = record->key;
  return MR_OK;
}

static bool fill_once(void *ctx) {
  const attempt *a = ctx;
  mri_stmt *stmt = NULL;
  mri_tx *tx = NULL;
  mr_error error = MR_ERROR_INIT;
  mr_status status = mri_tx_begin(a->registry->store, MRI_TX_READ, NULL, &tx, &error);
  if (status == MR_NO_MEMORY) return false;
  OK(status);
  mri_cursor cursor = {.list = MRI_LIST_MODELS, .limit = a->limit, .key = ""};
  mri_page *page = mri_page_new(a->registry, sizeof *page, &cursor);
  status = page == NULL ? MR_NO_MEMORY
                        : mri_sql_query(tx, &error, &stmt,
                                        "SELECT column1 FROM (VALUES ('a'), ('b'), ('c')) "
                                        "ORDER BY column1 LIMIT ?1",
                                        "i", a->limit + 1);
  if (status == MR_OK) status = mri_page_fill(page, stmt, add_row, &error);
  status = mri_tx_end(tx, status, &error);
  if (status == MR_OK) {
    int64_t expected = a->limit < 3 ? a->limit : 3;
    assert_int_equal(page->records.count, expected);
    for (int64_t i = 0; i < expected; i++) {
      const mr_property_record *record =
          *(mr_property_record **)mri_vec_at(&page->records, (size_t)i);
      assert_int_equal(record->struct_size, sizeof *record);
      assert_int_equal(record->key[0], 'a' + i);
      assert_null(record->value);
    }
    if (a->limit < 3) {
      assert_int_equal(page->next_token[1], 'a' + expected - 1);
    } else {
      assert_null(page->next_token);
    }
  } else {
    assert_int_equal(status, MR_NO_MEMORY);
  }
  if (page != NULL) mri_page_destroy(page);
  return status == MR_OK;
}

static void fills(void **state) {
  (void)state;
  attempt a = {registry_open(), 1};
  for (; a.limit <= 4; a.limit++) {
    assert_true(fill_once(&a));
    assert_true(unit_fail_allocations(fill_once, &a) >= 2);
  }
  mr_registry_close(a.registry);
  assert_int_equal(mri_mem_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(limits),
      cmocka_unit_test(tokens_round_trip),
      cmocka_unit_test(foreign_tokens_are_refused),
      cmocka_unit_test(fills),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
