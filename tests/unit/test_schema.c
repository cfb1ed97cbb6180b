/* SPDX-License-Identifier: Apache-2.0 */
/* What is in the file must be what this library makes, or what a newer one lets it use. */
#include "store_test.h"

#include "store/schema.h"

static void make_registry(store_fixture *f) {
  mri_store *store = store_open(f);
  store_write(store, MRI_TX_GOVERN, "k1", "v");
  store_end(store);
}

static void test_own_schema(void **state) {
  store_fixture *f = *state;
  make_registry(f);
  size_t objects = 0;
  while (mri_schema_v1[objects] != NULL) objects++;
  assert_int_equal(
      raw_int(f->path, "SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"),
      objects);
  assert_int_equal(raw_int(f->path, "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%{%'"), 0);
  assert_int_equal(raw_int(f->path, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND "
                                    "name NOT LIKE 'sqlite_%' AND sql NOT LIKE '% STRICT'"),
                   0);
  assert_int_equal(raw_int(f->path, "PRAGMA user_version"), MRI_SCHEMA_VERSION);
  assert_int_equal(raw_int(f->path, "PRAGMA application_id"), 0x6D6F6472);
  assert_int_equal(raw_int(f->path, "SELECT value FROM meta WHERE key = 'min_reader'"), 1);
  assert_int_equal(raw_int(f->path, "SELECT value FROM meta WHERE key = 'min_writer'"), 1);
  assert_int_equal(raw_int(f->path, "SELECT sequence FROM governance WHERE id = 1"), 1);
  mri_store *store = store_open(f);
  assert_int_equal(mri_store_facts_of(store)->schema_version, MRI_SCHEMA_VERSION);
  store_end(store);
}

/* After a change with another tool the file is refused, and not touched. */
static void expect_refusal(store_fixture *f, const char *change, mr_status status,
                           const char *words) {
  make_registry(f);
  raw_change(f->path, change);
  file_bytes before = bytes_of(f->path);
  store_refuse(f, f->path, status, words);
  assert_untouched(f->path, before);
  unit_empty(f->dir.fd);
}

static void test_changed_objects(void **state) {
  store_fixture *f = *state;
  expect_refusal(f, "ALTER TABLE meta ADD COLUMN more TEXT", MR_CORRUPT, "table 'meta'");
  expect_refusal(f, "ALTER TABLE governance RENAME TO ruling", MR_CORRUPT, "'ruling'");
  expect_refusal(f, "DROP INDEX run_by_experiment", MR_CORRUPT, "'run_by_experiment' is missing");
  expect_refusal(f, "DROP INDEX run_by_experiment; CREATE INDEX run_by_experiment ON run (id)",
                 MR_CORRUPT, "index 'run_by_experiment'");
  expect_refusal(f, "CREATE TABLE extra (x)", MR_CORRUPT, "'extra'");
  expect_refusal(f, "CREATE INDEX extra ON meta (value)", MR_CORRUPT, "'extra'");
  expect_refusal(f, "CREATE VIEW sight AS SELECT 1", MR_CORRUPT, "view 'sight'");
  expect_refusal(f, "CREATE TRIGGER snare AFTER INSERT ON meta BEGIN DELETE FROM governance; END",
                 MR_CORRUPT, "trigger 'snare'");
}

static void test_triggers_are_refused_in_any_version(void **state) {
  store_fixture *f = *state;
  expect_refusal(f,
                 "CREATE TRIGGER snare AFTER INSERT ON meta BEGIN DELETE FROM governance; END; "
                 "PRAGMA user_version=2",
                 MR_CORRUPT, "trigger 'snare'");
}

/* VACUUM and ANALYZE of another tool change nothing that matters. */
static void test_harmless_changes(void **state) {
  store_fixture *f = *state;
  make_registry(f);
  raw_change(f->path, "VACUUM; ANALYZE");
  mri_store *store = store_open(f);
  assert_int_equal(store_read(store, "SELECT count(*) FROM meta WHERE key = 'k1'"), 1);
  store_end(store);
}

static void test_versions_that_cannot_be(void **state) {
  store_fixture *f = *state;
  expect_refusal(f, "PRAGMA user_version=0", MR_CORRUPT, "version 0");
  expect_refusal(f, "PRAGMA user_version=-3", MR_CORRUPT, "version -3");
  expect_refusal(f, "PRAGMA user_version=2; DELETE FROM meta WHERE key = 'min_reader'", MR_CORRUPT,
                 "min_reader");
  expect_refusal(f, "PRAGMA user_version=2; UPDATE meta SET value = '1x' WHERE key = 'min_writer'",
                 MR_CORRUPT, "min_writer");
  expect_refusal(f, "PRAGMA user_version=2; UPDATE meta SET value = '' WHERE key = 'min_writer'",
                 MR_CORRUPT, "min_writer");
  expect_refusal(f,
                 "PRAGMA user_version=2; UPDATE meta SET value = '99999999999' WHERE key = "
                 "'min_writer'",
                 MR_CORRUPT, "min_writer");
}

static void test_newer_schema_that_may_be_written(void **state) {
  store_fixture *f = *state;
  make_registry(f);
  raw_change(f->path, "CREATE TABLE news (x); PRAGMA user_version=2");
  mri_store *store = store_open(f);
  const mri_store_facts *facts = mri_store_facts_of(store);
  assert_int_equal(facts->schema_version, 2);
  assert_false(facts->read_only);
  assert_int_equal(facts->warning_count, 0);
  store_write(store, MRI_TX_GOVERN, "k2", "v");
  store_end(store);
}

static void test_newer_schema_that_may_be_read(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  mri_tx *tx = NULL;
  make_registry(f);
  raw_change(f->path,
             "PRAGMA user_version=3; UPDATE meta SET value = '2' WHERE key = 'min_writer'");
  file_bytes before = bytes_of(f->path);
  mri_store *store = store_open(f);
  const mri_store_facts *facts = mri_store_facts_of(store);
  assert_true(facts->read_only);
  assert_int_equal(facts->warning_count, 1);
  assert_non_null(strstr(facts->warnings[0], "version 3"));
  assert_non_null(strstr(facts->warnings[0], "library's 1"));
  assert_int_equal(store_read(store, "SELECT count(*) FROM meta WHERE key = 'k1'"), 1);
  assert_int_equal(mri_tx_begin(store, MRI_TX_APPEND, NULL, &tx, &error), MR_READ_ONLY);
  assert_non_null(strstr(error.message, "read-only"));
  /* Later connections are of the same kind. */
  tx = store_begin(store, MRI_TX_READ);
  assert_int_equal(store_read(store, "SELECT count(*) FROM meta WHERE key = 'k1'"), 1);
  store_commit(tx);
  store_end(store);
  assert_untouched(f->path, before);
}

static void test_newer_schema_that_may_not_be_read(void **state) {
  store_fixture *f = *state;
  expect_refusal(f, "PRAGMA user_version=9; UPDATE meta SET value = '7' WHERE key LIKE 'min_%'",
                 MR_NOT_SUPPORTED, "version 9");
  expect_refusal(f, "PRAGMA user_version=9; UPDATE meta SET value = '7' WHERE key LIKE 'min_%'",
                 MR_NOT_SUPPORTED, "version 7 or later");
}

static void test_migrated_while_open(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  mri_tx *tx = NULL;
  int64_t version = 0;
  mri_store *store = store_open(f);
  /* From within the process, so that no second SQLite handle disturbs the locks. */
  tx = store_begin(store, MRI_TX_APPEND);
  assert_ok(mri_sql_run(tx, &error, "PRAGMA user_version=2", ""), &error);
  store_commit(tx);
  assert_int_equal(mri_tx_begin(store, MRI_TX_READ, NULL, &tx, &error), MR_NOT_SUPPORTED);
  assert_non_null(strstr(error.message, "from schema version 1 to 2"));
  assert_int_equal(mri_tx_begin(store, MRI_TX_GOVERN, NULL, &tx, NULL), MR_NOT_SUPPORTED);
  store_end(store);
  store = store_open(f);
  version = mri_store_facts_of(store)->schema_version;
  assert_int_equal(version, 2);
  store_end(store);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      store_test(test_own_schema),
      store_test(test_changed_objects),
      store_test(test_triggers_are_refused_in_any_version),
      store_test(test_harmless_changes),
      store_test(test_versions_that_cannot_be),
      store_test(test_newer_schema_that_may_be_written),
      store_test(test_newer_schema_that_may_be_read),
      store_test(test_newer_schema_that_may_not_be_read),
      store_test(test_migrated_while_open),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
