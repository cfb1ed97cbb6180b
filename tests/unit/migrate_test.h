/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up schema in three versions, and a registry of the first with rows in it. */
#ifndef MRT_MIGRATE_TEST_H
#define MRT_MIGRATE_TEST_H

#include "store_test.h"

#include "store/schema.h"

#define MIGRATE_META                                                                               \
  "CREATE TABLE meta (key {text} PRIMARY KEY, value {text} NOT NULL) {strict}",                    \
      "CREATE TABLE governance (id {int} PRIMARY KEY CHECK (id = 1), sequence {int} NOT NULL) "    \
      "{strict}"

static const char *const migrate_objects_1[] = {
    MIGRATE_META,
    "CREATE TABLE run (id {int} PRIMARY KEY, uuid {text} NOT NULL UNIQUE, name {text}, "
    "parent_id {int} REFERENCES run (id)) {strict}",
    "CREATE INDEX run_by_name ON run (name)",
    "CREATE TABLE param (run_id {int} NOT NULL REFERENCES run (id), key {text} NOT NULL, "
    "value {text} NOT NULL, PRIMARY KEY (run_id, key)) {strict}",
    NULL,
};

static const char *const migrate_objects_2[] = {
    MIGRATE_META,
    "CREATE TABLE run (id {int} PRIMARY KEY, uuid {text} NOT NULL UNIQUE, name {text}, "
    "parent_id {int} REFERENCES run (id)) {strict}",
    "CREATE INDEX run_by_name ON run (name)",
    "CREATE TABLE param (run_id {int} NOT NULL REFERENCES run (id), key {text} NOT NULL, "
    "value {text} NOT NULL, number {real}, PRIMARY KEY (run_id, key)) {strict}",
    "CREATE TABLE note (run_id {int} NOT NULL REFERENCES run (id), body {bytes}) {strict}",
    NULL,
};

static const char *const migrate_objects_3[] = {
    MIGRATE_META,
    "CREATE TABLE run (id {int} PRIMARY KEY, uuid {text} NOT NULL UNIQUE, name {text} NOT NULL, "
    "parent_id {int} REFERENCES run (id)) {strict}",
    "CREATE UNIQUE INDEX run_by_name ON run (name, id)",
    "CREATE TABLE param (run_id {int} NOT NULL REFERENCES run (id), key {text} NOT NULL, "
    "value {text} NOT NULL, number {real}, PRIMARY KEY (run_id, key)) {strict}",
    "CREATE TABLE note (run_id {int} NOT NULL REFERENCES run (id), body {bytes}) {strict}",
    NULL,
};

static const char *const migrate_rows[] = {
    "INSERT INTO governance (id, sequence) VALUES (1, 0)",
    NULL,
};

static const char *const migrate_statements_2[] = {
    "ALTER TABLE param ADD COLUMN number {real}",
    "CREATE TABLE note (run_id {int} NOT NULL REFERENCES run (id), body {bytes}) {strict}",
    NULL,
};

static const char *const migrate_statements_3[] = {
    "CREATE TABLE run_next (id {int} PRIMARY KEY, uuid {text} NOT NULL UNIQUE, "
    "name {text} NOT NULL, parent_id {int} REFERENCES run (id)) {strict}",
    "INSERT INTO run_next (id, uuid, name, parent_id) "
    "SELECT id, uuid, coalesce(name, ''), parent_id FROM run",
    "DROP TABLE run",
    "ALTER TABLE run_next RENAME TO run",
    "CREATE UNIQUE INDEX run_by_name ON run (name, id)",
    NULL,
};

/* What statements could do too, but with the numbers read here. */
static mr_status migrate_numbers(mri_tx *tx, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool row = true;
  mr_status status = mri_sql_query(tx, error, &stmt, "SELECT run_id, key, value FROM param", "");
  while (status == MR_OK && (status = mri_stmt_step(stmt, &row, error)) == MR_OK && row) {
    double number = strtod(mri_stmt_text(stmt, 2), NULL);
    status = mri_sql_run(tx, error, "UPDATE param SET number = ?3 WHERE run_id = ?1 AND key = ?2",
                         "itr", mri_stmt_int(stmt, 0), mri_stmt_text(stmt, 1), number);
  }
  mri_stmt_done(stmt);
  return status;
}

static const mri_schema_step migrate_steps[] = {
    {migrate_statements_2, NULL},
    {migrate_statements_3, migrate_numbers},
};

static const mri_schema migrate_1 = {1, 1, 1, migrate_objects_1, migrate_rows, NULL};
static const mri_schema migrate_2 = {2, 1, 2, migrate_objects_2, migrate_rows, migrate_steps};
static const mri_schema migrate_3 = {3, 3, 3, migrate_objects_3, migrate_rows, migrate_steps};

enum { MIGRATE_RUNS = 50 };

/* A registry of version 1 with runs that refer to each other, and params; closed again. */
static inline void migrate_make(store_fixture *f) {
  mr_error error = MR_ERROR_INIT;
  char uuid[32];
  f->options.schema = &migrate_1;
  f->options.migrate = false;
  mri_store *store = store_open(f);
  mri_tx *tx = store_begin(store, MRI_TX_GOVERN);
  for (int64_t i = 1; i <= MIGRATE_RUNS; i++) {
    (void)snprintf(uuid, sizeof uuid, "run %d", (int)i);
    assert_ok(mri_sql_run(tx, &error,
                          "INSERT INTO run (id, uuid, name, parent_id) VALUES (?1, ?2, ?3, ?4)",
                          "itti", i, (const char *)uuid, i % 3 == 0 ? NULL : (const char *)uuid,
                          i > 1 ? i - 1 : i),
              &error);
    assert_ok(mri_sql_run(tx, &error,
                          "INSERT INTO param (run_id, key, value) VALUES (?1, 'lr', ?2)", "it", i,
                          i % 2 == 0 ? "0.5" : "2"),
              &error);
  }
  store_commit(tx);
  store_end(store);
}

/* Opens with this schema, bringing older registries forward. */
static inline void migrate_with(store_fixture *f, const mri_schema *schema) {
  f->options.schema = schema;
  f->options.migrate = true;
}

/* Everything that migrate_make wrote, in whatever version. */
static inline void migrate_check(const char *path, int64_t version) {
  assert_int_equal(raw_int(path, "PRAGMA user_version"), version);
  assert_int_equal(raw_int(path, "SELECT count(*) FROM run WHERE uuid = 'run ' || id"),
                   MIGRATE_RUNS);
  assert_int_equal(raw_int(path, "SELECT count(*) FROM run WHERE name = uuid"),
                   MIGRATE_RUNS - MIGRATE_RUNS / 3);
  assert_int_equal(raw_int(path, "SELECT count(*) FROM run WHERE parent_id = max(1, id - 1)"),
                   MIGRATE_RUNS);
  assert_int_equal(raw_int(path, "SELECT count(*) FROM param WHERE key = 'lr' AND "
                                 "value = CASE WHEN run_id % 2 = 0 THEN '0.5' ELSE '2' END"),
                   MIGRATE_RUNS);
  assert_int_equal(raw_int(path, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
  if (version == 3) {
    assert_int_equal(raw_int(path, "SELECT count(*) FROM param WHERE number = CAST(value AS REAL)"),
                     MIGRATE_RUNS);
    assert_int_equal(raw_int(path, "SELECT count(*) FROM run WHERE name IS NULL"), 0);
  } else {
    assert_int_equal(raw_int(path, "SELECT count(*) FROM run WHERE name IS NULL"),
                     MIGRATE_RUNS / 3);
  }
  assert_sound(path);
}

#endif
