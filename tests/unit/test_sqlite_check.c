/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's own checks, as the store hands them on. */
#include "store_test.h"

#include "store/sqlite_private.h"

#define VERSION_ROW(id)                                                                            \
  "INSERT INTO version (id, uuid, model_id, sort_key, number, released, status, run_id, "          \
  "artifact_path, digest, file_count, total_size, params_digest, request_id, dataset_digests, "    \
  "status_actor, status_us, actor, created_us) VALUES (" #id ", 'u" #id "', 1, x'0" #id            \
  "', '1', 1, 1, 7, 'model', x'00', 1, 1, x'00', 1, x'00', 'a', 1, 'a', 1); "
#define ONE_VERSION  "PRAGMA foreign_keys = OFF; " VERSION_ROW(1)
#define TWO_VERSIONS ONE_VERSION VERSION_ROW(2)

typedef struct seen {
  int kinds[5];
  char object[64]; /* of the last that is no note */
  char text[200];
  mr_status answer;
} seen;

static mr_status note(void *ctx, const mri_fault *fault) {
  seen *s = ctx;
  s->kinds[fault->kind]++;
  if (fault->kind == MRI_FAULT_SOFTWARE) {
    assert_true(mri_sqlite_loses_commits(sqlite3_libversion_number()));
    assert_int_equal(strncmp(fault->object, "SQLite 3.", 9), 0);
    return MR_OK;
  }
  (void)snprintf(s->object, sizeof s->object, "%s", fault->object == NULL ? "" : fault->object);
  (void)snprintf(s->text, sizeof s->text, "%s", fault->text);
  return s->answer;
}

/* Makes the registry, changes it behind the library's back and opens it again. */
static mri_store *open_changed(store_fixture *f, const char *const *changes) {
  store_end(store_open(f));
  for (; *changes != NULL; changes++) raw_change(f->path, *changes);
  return store_open(f);
}

static void check(mri_tx *tx, seen *s) {
  mr_error error = MR_ERROR_INIT;
  memset(s, 0, sizeof *s);
  assert_ok(mri_store_check(tx, note, s, &error), &error);
}

static void test_versions_that_lose_commits(void **state) {
  static const struct {
    int version;
    bool loses;
  } cases[] = {
      {3006023, false}, {3007000, true},  {3037000, true},  {3040001, true},  {3044005, true},
      {3044006, false}, {3044999, false}, {3045000, true},  {3050006, true},  {3050007, false},
      {3051000, true},  {3051002, true},  {3051003, false}, {3053000, false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(mri_sqlite_loses_commits(cases[i].version), cases[i].loses);
  }
}

static void test_a_sound_database(void **state) {
  seen s;
  mr_error error = MR_ERROR_INIT;
  mri_store *store = store_open(*state);
  mri_tx *tx = store_begin(store, MRI_TX_READ);
  check(tx, &s);
  assert_ok(mri_store_check_references(tx, note, &s, &error), &error);
  assert_int_equal(s.kinds[MRI_FAULT_SOFTWARE],
                   mri_sqlite_loses_commits(sqlite3_libversion_number()));
  s.kinds[MRI_FAULT_SOFTWARE] = 0;
  for (int kind = 0; kind < 5; kind++) assert_int_equal(s.kinds[kind], 0);
  store_commit(tx);
  store_end(store);
}

/* Nobody else can write there. */
static void test_a_database_of_one_process(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  mri_store *store = NULL;
  seen s;
  assert_ok(mri_store_open("memory:", &f->options, &store, &error), &error);
  mri_tx *tx = store_begin(store, MRI_TX_READ);
  check(tx, &s);
  assert_int_equal(s.kinds[MRI_FAULT_SOFTWARE], 0);
  store_commit(tx);
  store_end(store);
  f->options.exclusive = true;
  store = store_open(f);
  tx = store_begin(store, MRI_TX_READ);
  check(tx, &s);
  assert_int_equal(s.kinds[MRI_FAULT_SOFTWARE], 0);
  store_commit(tx);
  store_end(store);
}

static void test_references(void **state) {
  static const char *const changes[] = {ONE_VERSION, NULL};
  mr_error error = MR_ERROR_INIT;
  seen s = {.answer = MR_OK};
  mri_store *store = open_changed(*state, changes);
  mri_tx *tx = store_begin(store, MRI_TX_READ);
  assert_ok(mri_store_check_references(tx, note, &s, &error), &error);
  assert_int_equal(s.kinds[MRI_FAULT_REFERENCE], 3);
  assert_string_equal(s.object, "row 1 of table version");
  assert_non_null(strstr(s.text, "it refers to a row of table "));
  /* Whoever looks may have seen enough. */
  s = (seen){.answer = MR_CANCELLED};
  assert_int_equal(mri_store_check_references(tx, note, &s, NULL), MR_CANCELLED);
  assert_int_equal(s.kinds[MRI_FAULT_REFERENCE], 1);
  store_commit(tx);
  store_end(store);
}

static void test_an_index_that_is_made_anew(void **state) {
  static const char *const changes[] = {
      "PRAGMA writable_schema = ON; CREATE TABLE kept AS SELECT rowid AS id, * FROM sqlite_schema "
      "WHERE name = 'version_by_digest'; DELETE FROM sqlite_schema WHERE name = "
      "'version_by_digest'",
      ONE_VERSION,
      "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema (rowid, type, name, tbl_name, "
      "rootpage, sql) SELECT id, type, name, tbl_name, rootpage, sql FROM kept; DROP TABLE kept",
      NULL};
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  seen s;
  bool done = false;
  mri_store *store = open_changed(f, changes);
  mri_tx *tx = store_begin(store, MRI_TX_APPEND_DURABLE);
  check(tx, &s);
  assert_int_equal(s.kinds[MRI_FAULT_INDEX], 2);
  assert_int_equal(s.kinds[MRI_FAULT_DAMAGE], 0);
  assert_string_equal(s.object, "version_by_digest");
  assert_ok(mri_store_rebuild(tx, "version_by_digest", &done, &error), &error);
  assert_true(done);
  check(tx, &s);
  assert_int_equal(s.kinds[MRI_FAULT_INDEX], 0);
  store_commit(tx);
  store_end(store);
  assert_sound(f->path);
}

/* Rows that the index does not allow: it stays as it is, and the transaction goes on. */
static void test_duplicates(void **state) {
  static const char *const changes[] = {
      "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'UNIQUE', '') "
      "WHERE name = 'version_of_run'",
      TWO_VERSIONS,
      "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'CREATE ', "
      "'CREATE UNIQUE') WHERE name = 'version_of_run'",
      NULL};
  mr_error error = MR_ERROR_INIT;
  seen s;
  bool done = true;
  mri_store *store = open_changed(*state, changes);
  mri_tx *tx = store_begin(store, MRI_TX_APPEND_DURABLE);
  check(tx, &s);
  assert_int_equal(s.kinds[MRI_FAULT_DUPLICATE], 1);
  assert_string_equal(s.object, "version_of_run");
  assert_ok(mri_store_rebuild(tx, "version_of_run", &done, &error), &error);
  assert_false(done);
  assert_int_equal(mri_store_rebuild(tx, "no \" index", &done, &error), MR_NOT_SUPPORTED);
  assert_int_equal(store_int(tx, "SELECT count(*) FROM version"), 2);
  store_commit(tx);
  store_end(store);
}

static void test_values_that_the_schema_does_not_allow(void **state) {
  static const char *const changes[] = {
      "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, ' STRICT', '') "
      "WHERE name = 'governance'",
      "UPDATE governance SET sequence = 'many'",
      "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = sql || ' STRICT' "
      "WHERE name = 'governance'",
      NULL};
  seen s;
  mri_store *store = open_changed(*state, changes);
  mri_tx *tx = store_begin(store, MRI_TX_READ);
  check(tx, &s);
  assert_int_equal(s.kinds[MRI_FAULT_DAMAGE], 1);
  assert_string_equal(s.object, "");
  assert_string_equal(s.text, "non-INTEGER value in governance.sequence");
  store_commit(tx);
  store_end(store);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      store_test(test_versions_that_lose_commits),
      store_test(test_a_sound_database),
      store_test(test_a_database_of_one_process),
      store_test(test_references),
      store_test(test_an_index_that_is_made_anew),
      store_test(test_duplicates),
      store_test(test_values_that_the_schema_does_not_allow),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
