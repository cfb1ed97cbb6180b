/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the rows of what is governed hold, a check comes to its end and says what it found in
 * lines that are fit for people. */
#include "fsck_governed.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HEX          "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char *const tables[] = {
    "model",          "gate",          "gate_attachment",
    "request",        "request_tag",   "request_evaluation",
    "decision",       "decision_rule", "version",
    "version_change", "channel",       "channel_move",
    "governance",
};

/* Of every type, so that each column takes some of them. */
static const char *const values[] = {
    "-1",
    "0",
    "7",
    "9223372036854775807",
    "-9223372036854775808",
    "''",
    "'none'",
    "'channel/'",
    "'1.0.0'",
    "'99999999999999999999.0.0-a+b'",
    "replace(hex(zeroblob(40000)), '0', 'x')",
    "CAST(x'c328ff00e280a8' AS TEXT)",
    "x''",
    "x'00'",
    "x'" HEX "'",
    "zeroblob(70000)",
    "NULL",
};

/* The tables without what they require of their values, beside the registry as it is. They get that
 * back before it is opened, since a registry with other tables is refused. */
typedef struct loose {
  const fsck_governed *governed;
  const char *whole;
  uint8_t *image;
  size_t size;
} loose;

static void loosen(loose *l, const fsck_governed *governed) {
  sqlite3 *raw = NULL;
  const char *path = governed->stage.place->db;
  l->governed = governed;
  l->whole = api_path(governed->stage.place->folder, "whole.db");
  api_write_file(l->whole, governed->stage.image, governed->stage.size);
  assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
  fsck_stage_run(
      raw, "PRAGMA writable_schema = ON; UPDATE sqlite_master SET "
           "sql = replace(replace(sql, ' NOT NULL', ''), ' STRICT', '') WHERE type = 'table'");
  assert_int_equal(sqlite3_close(raw), SQLITE_OK);
  l->image = api_read_file(path, &l->size);
  assert_non_null(l->image);
}

static bool change(const loose *l, const char *table, const char *column, const char *value,
                   const char *which) {
  sqlite3 *raw = NULL;
  const char *path = l->governed->stage.place->db;
  char *sql = sqlite3_mprintf("UPDATE OR IGNORE %s SET %s = %s%s", table, column, value, which);
  char *back = sqlite3_mprintf(
      "ATTACH %Q AS whole; PRAGMA writable_schema = ON; UPDATE main.sqlite_master SET sql = "
      "(SELECT w.sql FROM whole.sqlite_master w WHERE w.name = sqlite_master.name)",
      l->whole);
  api_write_file(path, l->image, l->size);
  assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
  fsck_stage_run(raw, "PRAGMA synchronous = OFF; PRAGMA ignore_check_constraints = ON");
  int code = sqlite3_exec(raw, sql, NULL, NULL, NULL);
  bool changed = code == SQLITE_OK && sqlite3_changes(raw) > 0;
  if (changed) fsck_stage_run(raw, back);
  assert_int_equal(sqlite3_close(raw), SQLITE_OK);
  sqlite3_free(back);
  sqlite3_free(sql);
  return changed;
}

/* The lines that say it; how many things are wrong. */
static int64_t look(const fsck_governed *governed, const char *table, const char *column) {
  mr_fsck *fsck = NULL;
  mr_registry *registry = NULL;
  mr_open_options options = api_open_options(MR_OPEN_READ_ONLY);
  mr_status status = mr_registry_open(governed->stage.place->db, &options, &registry, &api_error);
  if (status != MR_OK) fail_msg("%s.%s: %s", table, column, api_error.message);
  status = mr_registry_fsck(registry, NULL, &fsck, &api_error);
  if (status != MR_OK) fail_msg("%s.%s: %s", table, column, api_error.message);
  for (int64_t i = 0; i < mr_fsck_count(fsck); i++) {
    const mr_finding_record *one = mr_fsck_at(fsck, i);
    if (one->object[0] == '\0' || strpbrk(one->object, "\r\n\t") != NULL ||
        !api_is_good_message(one->message)) {
      fail_msg("%s.%s: %s: %s", table, column, one->object, one->message);
    }
  }
  int64_t errors = mr_fsck_info(fsck)->error_count;
  mr_fsck_free(fsck);
  mr_registry_close(registry);
  return errors;
}

static void sweep(const loose *l, const char *table, const char *column) {
  const int ways = api_scaled(2); /* the first row; all of them */
  int64_t found = 0;
  for (size_t i = 0; i < COUNT(values); i++) {
    for (int all = 0; all < ways; all++) {
      char which[128] = "";
      if (all == 0) {
        (void)snprintf(which, sizeof which, " WHERE rowid = (SELECT min(rowid) FROM %s)", table);
      }
      if (change(l, table, column, values[i], which)) {
        found += look(l->governed, table, column) > 0;
      }
    }
  }
  /* There is no column in which all of that could be true. */
  if (found == 0) fail_msg("nothing was found in %s.%s", table, column);
}

static void survives_any_value_in_any_column(void **state) {
  const fsck_governed *governed = *state;
  loose l;
  sqlite3 *raw = NULL;
  sqlite3_stmt *stmt = NULL;
  char columns[40][40];
  loosen(&l, governed);
  for (size_t i = 0; i < COUNT(tables); i++) {
    int count = 0;
    fsck_stage_restore(&governed->stage);
    assert_int_equal(sqlite3_open(governed->stage.place->db, &raw), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(raw, "SELECT name FROM pragma_table_info(?1)", -1, &stmt, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_bind_text(stmt, 1, tables[i], -1, SQLITE_STATIC), SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
      assert_true(count < 40);
      (void)snprintf(columns[count++], 40, "%s", (const char *)sqlite3_column_text(stmt, 0));
    }
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    assert_int_equal(sqlite3_close(raw), SQLITE_OK);
    assert_true(count > 1);
    for (int k = 0; k < count; k++) sweep(&l, tables[i], columns[k]);
  }
  free(l.image);
}

static void survives_tables_that_are_empty(void **state) {
  const fsck_governed *governed = *state;
  char sql[128];
  for (size_t i = 0; i < COUNT(tables); i++) {
    fsck_stage_restore(&governed->stage);
    (void)snprintf(sql, sizeof sql, "DELETE FROM %s", tables[i]);
    fsck_stage_edit(&governed->stage, sql);
    assert_true(look(governed, tables[i], "all") > 0);
  }
}

/* At every allocation: the check says so, gives back what it took, and works with memory again. */
static void says_when_memory_runs_out(void **state) {
  const fsck_governed *governed = *state;
  api_memory memory;
  mr_registry *registry = NULL;
  mr_fsck *fsck = NULL;
  int64_t nth = 1;
  /* Something to be said, and so to be remembered. */
  fsck_stage_edit(&governed->stage, "UPDATE version SET status = 1 WHERE id = 1");
  api_memory_init(&memory);
  mr_open_options options = api_open_options(0);
  options.allocator = &memory.allocator;
  OK(mr_registry_open(governed->stage.place->db, &options, &registry, &api_error));
  OK(mr_registry_fsck(registry, NULL, &fsck, &api_error));
  mr_fsck_free(fsck);
  for (;; nth++) {
    long long live = atomic_load(&memory.live);
    fsck = NULL;
    api_memory_fail(&memory, nth, false);
    mr_status status = mr_registry_fsck(registry, NULL, &fsck, &api_error);
    bool fired = atomic_load(&memory.fired);
    api_memory_fail(&memory, 0, false);
    if (!fired) {
      OK(status);
      assert_int_equal(mr_fsck_info(fsck)->error_count, 1);
      mr_fsck_free(fsck);
      break;
    }
    assert_int_equal(status, MR_NO_MEMORY);
    assert_null(fsck);
    assert_true(atomic_load(&memory.live) <= live);
  }
  assert_true(nth > 100);
  mr_registry_close(registry);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      fsck_governed_test(survives_any_value_in_any_column),
      fsck_governed_test(survives_tables_that_are_empty),
      fsck_governed_test(says_when_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
