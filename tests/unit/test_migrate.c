/* SPDX-License-Identifier: Apache-2.0 */
/* Registries of older schemas are brought forward as a whole or stay as they are. */
#include "migrate_test.h"

#include <signal.h>

static mri_store *open_with(store_fixture *f, const mri_schema *schema) {
  migrate_with(f, schema);
  return store_open(f);
}

static void store_says(store_fixture *f, const mri_schema *schema, mr_status expected,
                       const char *words) {
  migrate_with(f, schema);
  store_refuse(f, f->path, expected, words);
}

/* --- what it does ----------------------------------------------------------------------------- */

static void test_rows_are_kept(void **state) {
  store_fixture *f = *state;
  for (int way = 0; way < 2; way++) {
    migrate_make(f);
    if (way == 1) {
      mri_store *between = open_with(f, &migrate_2);
      assert_int_equal(mri_store_facts_of(between)->migrated_from, 1);
      store_end(between);
      migrate_check(f->path, 2);
    }
    mri_store *store = open_with(f, &migrate_3);
    const mri_store_facts *facts = mri_store_facts_of(store);
    assert_int_equal(facts->migrated_from, way == 1 ? 2 : 1);
    assert_int_equal(facts->schema_version, 3);
    assert_false(facts->read_only);
    assert_int_equal(facts->warning_count, 0);
    store_write(store, MRI_TX_GOVERN, "k", "v");
    store_end(store);
    migrate_check(f->path, 3);
    assert_int_equal(raw_int(f->path, "SELECT value FROM meta WHERE key = 'min_reader'"), 3);
    assert_int_equal(raw_int(f->path, "SELECT value FROM meta WHERE key = 'min_writer'"), 3);
    /* From now on it is an ordinary registry of its version. */
    f->options.migrate = false;
    f->options.create = false;
    store = store_open(f);
    assert_int_equal(mri_store_facts_of(store)->migrated_from, 0);
    assert_int_equal(store_read(store, "SELECT count(*) FROM meta WHERE key = 'k'"), 1);
    store_end(store);
    f->options.create = true;
    unit_empty(f->dir.fd);
  }
}

/* References are enforced again, also by the connection that did it. */
static void test_references_hold_afterwards(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  migrate_make(f);
  mri_store *store = open_with(f, &migrate_3);
  mri_tx *tx = store_begin(store, MRI_TX_APPEND);
  assert_int_equal(
      mri_sql_run(tx, &error, "INSERT INTO param (run_id, key, value) VALUES (999, 'lr', '1')", ""),
      MR_CONFLICT);
  assert_int_equal(mri_tx_end(tx, MR_OK, &error), MR_CONFLICT);
  store_end(store);
}

/* The same objects as in a registry that is new, but for quotes around a name. */
static void test_schema_is_that_of_a_new_registry(void **state) {
  store_fixture *f = *state;
  char fresh[128];
  char sql[512];
  migrate_make(f);
  store_end(open_with(f, &migrate_3));
  (void)snprintf(fresh, sizeof fresh, "%s/new.db", f->dir.path);
  mri_store *store = NULL;
  assert_int_equal(mri_store_open(fresh, &f->options, &store, NULL), MR_OK);
  assert_int_equal(mri_store_facts_of(store)->migrated_from, 0);
  assert_int_equal(mri_store_facts_of(store)->schema_version, 3);
  store_end(store);
  (void)snprintf(sql, sizeof sql,
                 "ATTACH '%s' AS other; CREATE TEMP TABLE same AS "
                 "SELECT type, name, tbl_name, replace(sql, '\"', '') FROM main.sqlite_schema "
                 "INTERSECT SELECT type, name, tbl_name, sql FROM other.sqlite_schema",
                 fresh);
  sqlite3 *handle = NULL;
  assert_int_equal(sqlite3_open(f->path, &handle), SQLITE_OK);
  raw_exec(handle, sql);
  sqlite3_stmt *stmt = NULL;
  assert_int_equal(sqlite3_prepare_v2(handle,
                                      "SELECT (SELECT count(*) FROM same), "
                                      "(SELECT count(*) FROM main.sqlite_schema), "
                                      "(SELECT count(*) FROM other.sqlite_schema)",
                                      -1, &stmt, NULL),
                   SQLITE_OK);
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  assert_int_equal(sqlite3_column_int(stmt, 0), sqlite3_column_int(stmt, 1));
  assert_int_equal(sqlite3_column_int(stmt, 0), sqlite3_column_int(stmt, 2));
  assert_true(sqlite3_column_int(stmt, 0) >= 9);
  assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
  assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static void test_not_without_being_asked(void **state) {
  store_fixture *f = *state;
  migrate_make(f);
  file_bytes before = bytes_of(f->path);
  f->options.schema = &migrate_3;
  store_refuse(f, f->path, MR_NOT_SUPPORTED, "has schema version 1, this library uses 3");
  store_refuse(f, f->path, MR_NOT_SUPPORTED, "'modelreg migrate' (MR_OPEN_MIGRATE)");
  f->options.read_only = true;
  store_refuse(f, f->path, MR_NOT_SUPPORTED, "has schema version 1, this library uses 3");
  /* Nothing can be brought forward where nothing may be written. */
  f->options.migrate = true;
  store_refuse(f, f->path, MR_READ_ONLY, "cannot be brought forward");
  f->options.read_only = false;
  assert_untouched(f->path, before);
}

static void test_own_version_stays(void **state) {
  store_fixture *f = *state;
  migrate_make(f);
  file_bytes before = bytes_of(f->path);
  mri_store *store = open_with(f, &migrate_1);
  assert_int_equal(mri_store_facts_of(store)->migrated_from, 0);
  store_end(store);
  assert_untouched(f->path, before);
  /* And so does one of a newer library, for whoever may read it. */
  store_end(open_with(f, &migrate_2));
  before = bytes_of(f->path);
  store = open_with(f, &migrate_1);
  assert_int_equal(mri_store_facts_of(store)->migrated_from, 0);
  assert_int_equal(mri_store_facts_of(store)->schema_version, 2);
  assert_true(mri_store_facts_of(store)->read_only);
  assert_non_null(strstr(mri_store_facts_of(store)->warnings[0], "newer than this library's 1"));
  assert_int_equal(store_read(store, "SELECT count(*) FROM run"), MIGRATE_RUNS);
  store_end(store);
  assert_untouched(f->path, before);
}

static void test_older_library_is_refused(void **state) {
  store_fixture *f = *state;
  migrate_make(f);
  store_end(open_with(f, &migrate_3));
  file_bytes before = bytes_of(f->path);
  store_says(f, &migrate_1, MR_NOT_SUPPORTED, "knows version 1");
  store_says(f, &migrate_2, MR_NOT_SUPPORTED, "version 3 or later");
  assert_untouched(f->path, before);
}

/* Alone with the file, and in memory, where everything is new. */
static void test_other_ways_to_open(void **state) {
  store_fixture *f = *state;
  migrate_make(f);
  f->options.exclusive = true;
  mri_store *store = open_with(f, &migrate_3);
  assert_int_equal(mri_store_facts_of(store)->migrated_from, 1);
  assert_int_equal(store_read(store, "SELECT count(*) FROM run"), MIGRATE_RUNS);
  store_end(store);
  migrate_check(f->path, 3);
  f->options.exclusive = false;
  assert_int_equal(mri_store_open("memory:", &f->options, &store, NULL), MR_OK);
  assert_int_equal(mri_store_facts_of(store)->migrated_from, 0);
  assert_int_equal(mri_store_facts_of(store)->schema_version, 3);
  store_end(store);
}

/* A copy that was closed without a write-ahead log, as a backup is. */
static void test_other_journal_mode(void **state) {
  store_fixture *f = *state;
  migrate_make(f);
  raw_change(f->path, "PRAGMA journal_mode=DELETE");
  mri_store *store = open_with(f, &migrate_3);
  assert_int_equal(mri_store_facts_of(store)->migrated_from, 1);
  store_write(store, MRI_TX_GOVERN, "k", "v");
  store_end(store);
  assert_int_equal(raw_int(f->path, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
  migrate_check(f->path, 3);
}

/* This library's own tables, the one that most others refer to made anew. */
static void test_own_tables_can_be_made_anew(void **state) {
  store_fixture *f = *state;
  enum { MOST = 64 };
  static const char *objects[MOST];
  static char table[1024];
  static char anew[2048];
  static const char *statements[8] = {NULL};
  size_t count = 0;
  for (; mri_schema_v1[count] != NULL; count++) {
    assert_true(count + 2 < MOST);
    objects[count] = mri_schema_v1[count];
    if (strncmp(objects[count], "CREATE TABLE run (", 18) != 0) continue;
    const char *rest = strstr(objects[count], "sealed_by {text}");
    assert_non_null(rest);
    int head = (int)(rest - objects[count]);
    (void)snprintf(table, sizeof table, "%.*sextra {text}, %s", head, objects[count], rest);
    (void)snprintf(anew, sizeof anew, "CREATE TABLE run_next %s", table + 17);
    objects[count] = table;
  }
  statements[0] = anew;
  statements[1] = "INSERT INTO run_next SELECT id, uuid, experiment_id, kind, status, name, "
                  "parent_id, actor, started_us, ended_us, source_commit, source_entry_point, "
                  "source_state, environment_host, environment_packages_digest, "
                  "environment_image_digest, 'x', sealed_by FROM run";
  statements[2] = "DROP TABLE run";
  statements[3] = "ALTER TABLE run_next RENAME TO run";
  statements[4] = "CREATE INDEX run_by_experiment ON run (experiment_id, id)";
  static const mri_schema_step steps[] = {{statements, NULL}};
  const mri_schema next = {2, 1, 2, objects, mri_schema_own.rows, steps};
  mri_store *store = store_open(f);
  mri_tx *tx = store_begin(store, MRI_TX_GOVERN);
  assert_int_equal(mri_sql_run(tx, NULL, "INSERT INTO experiment VALUES (1, 'e', 'e', 'a', 1)", ""),
                   MR_OK);
  assert_int_equal(mri_sql_run(tx, NULL,
                               "INSERT INTO run VALUES (1, 'r', 1, 1, 1, 'n', 1, 'a', 1, 1, NULL, "
                               "NULL, 1, NULL, NULL, NULL, 'request')",
                               ""),
                   MR_OK);
  assert_int_equal(mri_sql_run(tx, NULL, "INSERT INTO tag VALUES (1, 'k', 'v')", ""), MR_OK);
  store_commit(tx);
  store_end(store);
  store = open_with(f, &next);
  assert_int_equal(mri_store_facts_of(store)->migrated_from, 1);
  assert_int_equal(store_read(store, "SELECT count(*) FROM tag JOIN run ON run.id = run_id "
                                     "WHERE extra = 'x' AND sealed_by = 'request'"),
                   1);
  store_end(store);
  assert_int_equal(raw_int(f->path, "SELECT count(*) FROM pragma_foreign_key_list('tag') "
                                    "WHERE \"table\" = 'run'"),
                   1);
  assert_sound(f->path);
}

/* --- what goes wrong ----------------------------------------------------------------------- */

static mr_status fail_here(mri_tx *tx, mr_error *error) {
  (void)tx;
  return mri_error_set(error, MR_LIMIT, "too much of it");
}

/* A statement that fails and whose failure the function does not pass on. */
static mr_status hide_failure(mri_tx *tx, mr_error *error) {
  (void)error;
  (void)mri_sql_run(tx, NULL, "INSERT INTO run (id, uuid) VALUES (1, 'run 1')", "");
  return MR_OK;
}

/* The step must be refused so, and nothing of it stays. */
static void expect_nothing_done(store_fixture *f, const mri_schema_step *second, mr_status expected,
                                const char *words) {
  const mri_schema_step steps[] = {migrate_steps[0], *second};
  const mri_schema broken = {3, 3, 3, migrate_objects_3, migrate_rows, steps};
  store_says(f, &broken, expected, words);
  migrate_check(f->path, 1);
  assert_int_equal(raw_int(f->path, "SELECT value FROM meta WHERE key = 'min_reader'"), 1);
  assert_int_equal(raw_int(f->path, "SELECT count(*) FROM sqlite_schema WHERE name = 'note'"), 0);
}

static void test_failures_roll_back(void **state) {
  store_fixture *f = *state;
  migrate_make(f);
  static const char *const no_such_table[] = {"UPDATE runs SET name = ''", NULL};
  static const char *const no_sql[] = {"ALTER TABLE run BELIEVE", NULL};
  static const char *const against_its_own_rule[] = {"INSERT INTO governance VALUES (2, 0)", NULL};
  static const char *const empty[] = {"", NULL};
  static const char *const too_little[] = {"CREATE INDEX run_by_parent ON run (parent_id)", NULL};
  static const char *const beside_it[] = {
      "DROP INDEX run_by_name", "CREATE UNIQUE INDEX run_by_name ON run (name, id)", NULL};
  static const char *a_trigger[8];
  for (size_t i = 0; i < 5; i++) a_trigger[i] = migrate_statements_3[i];
  a_trigger[5] = "CREATE TRIGGER snare AFTER INSERT ON meta BEGIN DELETE FROM governance; END";
  const struct {
    mri_schema_step step;
    mr_status expected;
    const char *words;
  } cases[] = {
      {{no_such_table, NULL}, MR_NOT_SUPPORTED, "no such table: runs"},
      {{no_such_table, NULL}, MR_NOT_SUPPORTED, "bringing it from schema version 2 to 3"},
      {{no_sql, NULL}, MR_NOT_SUPPORTED, "syntax error"},
      {{against_its_own_rule, NULL}, MR_CONFLICT, "from schema version 2 to 3"},
      {{empty, NULL}, MR_INVALID_ARGUMENT, "empty statement"},
      {{migrate_statements_3, fail_here}, MR_LIMIT, "too much of it"},
      {{migrate_statements_3, hide_failure}, MR_CONFLICT, "NOT NULL"},
      {{NULL, NULL}, MR_CORRUPT, "run"},
      {{too_little, NULL}, MR_CORRUPT, "run"},
      {{beside_it, NULL}, MR_CORRUPT, "table 'run'"},
      {{a_trigger, NULL}, MR_CORRUPT, "trigger 'snare'"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    expect_nothing_done(f, &cases[i].step, cases[i].expected, cases[i].words);
  }
  store_end(open_with(f, &migrate_3));
  migrate_check(f->path, 3);
}

/* Nothing enforces references within it, so they are looked at in the end. */
static void test_references_are_checked(void **state) {
  store_fixture *f = *state;
  migrate_make(f);
  static const char *lossy[8];
  for (size_t i = 0; i < 6; i++) lossy[i] = migrate_statements_3[i];
  lossy[1] = "INSERT INTO run_next (id, uuid, name, parent_id) "
             "SELECT id, uuid, coalesce(name, ''), parent_id FROM run WHERE id <> 7";
  const mri_schema_step step = {lossy, NULL};
  expect_nothing_done(f, &step, MR_CORRUPT, "row 8 of table run");
  expect_nothing_done(f, &step, MR_CORRUPT, "run that is not there");
}

/* What somebody prepared is not run with our hands, and what is no version of ours stays. */
static void test_hostile_files(void **state) {
  store_fixture *f = *state;
  migrate_make(f);
  raw_change(f->path, "CREATE TRIGGER snare AFTER UPDATE ON param BEGIN DELETE FROM run; END");
  file_bytes before = bytes_of(f->path);
  store_says(f, &migrate_3, MR_CORRUPT, "trigger 'snare'");
  assert_untouched(f->path, before);
  raw_change(f->path, "DROP TRIGGER snare; CREATE TABLE extra (x)");
  before = bytes_of(f->path);
  store_says(f, &migrate_3, MR_CORRUPT, "'extra'");
  assert_untouched(f->path, before);
  raw_change(f->path, "DROP TABLE extra; PRAGMA user_version=0");
  before = bytes_of(f->path);
  store_says(f, &migrate_3, MR_CORRUPT, "version 0");
  assert_untouched(f->path, before);
  raw_change(f->path, "PRAGMA user_version=-7");
  store_says(f, &migrate_3, MR_CORRUPT, "version -7");
  raw_change(f->path, "PRAGMA user_version=1");
  store_end(open_with(f, &migrate_3));
  migrate_check(f->path, 3);
}

typedef struct starving {
  store_fixture *f;
  uint8_t *bytes;
  size_t size;
  int undone;
} starving;

static bool migrate_once(void *ctx) {
  starving *s = ctx;
  mri_store *store = NULL;
  char name[128];
  static const char *const beside[] = {"-wal", "-shm"};
  for (size_t i = 0; i < 2; i++) {
    (void)snprintf(name, sizeof name, "%s%s", s->f->path, beside[i]);
    (void)unlink(name);
  }
  (void)unlink(s->f->path);
  unit_write_file(AT_FDCWD, s->f->path, s->bytes, s->size);
  mr_error error = MR_ERROR_INIT;
  mr_status status = mri_store_open(s->f->path, &s->f->options, &store, &error);
  if (status == MR_OK) store_end(store);
  if (status != MR_OK && status != MR_NO_MEMORY) fail_msg("%s", error.message);
  /* What fails after the commit fails the call, but not the migration. */
  int64_t version = raw_int(s->f->path, "PRAGMA user_version");
  assert_true(version == 3 || (version == 1 && status != MR_OK));
  if (version == 1) s->undone++;
  assert_int_equal(raw_int(s->f->path, "SELECT count(*) FROM run"), MIGRATE_RUNS);
  return status == MR_OK;
}

static void test_every_allocation_failing(void **state) {
  store_fixture *f = *state;
  migrate_make(f);
  file_bytes file = bytes_of(f->path);
  starving s = {f, file.bytes, file.size, 0};
  migrate_with(f, &migrate_3);
  assert_true(unit_fail_allocations(migrate_once, &s) > 20);
  assert_true(s.undone > 20);
  free(file.bytes);
  migrate_check(f->path, 3);
}

/* --- other processes ------------------------------------------------------------------------- */

static int gate_in = -1;
static int gate_out = -1;

/* In the middle of the migration: says so and waits to be killed. */
static mr_status stop_here(mri_tx *tx, mr_error *error) {
  mr_status status = migrate_numbers(tx, error);
  say(gate_out);
  (void)hear(gate_in);
  return status;
}

static int stopping_migrator(void *ctx, int from, int to) {
  store_fixture *f = ctx;
  mri_store *store = NULL;
  const mri_schema_step steps[] = {migrate_steps[0], {migrate_statements_3, stop_here}};
  const mri_schema schema = {3, 3, 3, migrate_objects_3, migrate_rows, steps};
  gate_in = from;
  gate_out = to;
  migrate_with(f, &schema);
  return mri_store_open(f->path, &f->options, &store, NULL) == MR_OK ? 0 : 1;
}

static void test_killed_in_the_middle(void **state) {
  store_fixture *f = *state;
  migrate_make(f);
  other_process victim = start_process(stopping_migrator, f);
  assert_true(hear(victim.from));
  assert_int_equal(kill(victim.pid, SIGKILL), 0);
  assert_int_equal(end_process(&victim), 256 + SIGKILL);
  f->options.migrate = false;
  f->options.schema = &migrate_1;
  store_end(store_open(f));
  migrate_check(f->path, 1);
  store_end(open_with(f, &migrate_3));
  migrate_check(f->path, 3);
}

static void test_killed_at_any_time(void **state) {
  store_fixture *f = *state;
  int rounds = 20 + (int)(180 * store_scale());
  for (int round = 0; round < rounds; round++) {
    migrate_make(f);
    migrate_with(f, &migrate_3);
    other_process victim = start_process(store_opener, f);
    say(victim.to);
    mri_sleep_us((int64_t)round * 113 % 9000);
    assert_int_equal(kill(victim.pid, SIGKILL), 0);
    int code = end_process(&victim);
    assert_true(code == 0 || code == 256 + SIGKILL);
    int64_t version = raw_int(f->path, "PRAGMA user_version");
    assert_true(version == 1 || version == 3);
    mri_store *store = open_with(f, &migrate_3);
    assert_int_equal(mri_store_facts_of(store)->migrated_from, version == 1 ? 1 : 0);
    store_end(store);
    migrate_check(f->path, 3);
    unit_empty(f->dir.fd);
  }
}

/* Opens what may not be there or be old, and writes; says whether it was the one that migrated. */
static int racer(void *ctx, int from, int to) {
  store_fixture *f = ctx;
  (void)to;
  migrate_with(f, &migrate_3);
  (void)hear(from); /* ends for both at once */
  mri_store *store = store_race(f);
  if (store == NULL) return 1;
  int answer = mri_store_facts_of(store)->migrated_from == 1 ? 11 : 10;
  store_end(store);
  return answer;
}

static void test_two_at_once(void **state) {
  store_fixture *f = *state;
  int rounds = (int)(200 * store_scale());
  if (rounds < 40) rounds = 40;
  for (int round = 0; round < rounds; round++) {
    bool old = round % 2 == 0;
    int answers[2];
    if (old) migrate_make(f);
    store_run_at_once(racer, f, 2, answers);
    assert_true(answers[0] == 10 || answers[0] == 11);
    assert_true(answers[1] == 10 || answers[1] == 11);
    assert_int_equal(answers[0] + answers[1], old ? 21 : 20);
    if (old) migrate_check(f->path, 3);
    assert_int_equal(raw_int(f->path, "PRAGMA user_version"), 3);
    assert_int_equal(raw_int(f->path, "SELECT count(*) FROM meta WHERE key LIKE 'by %'"), 2);
    assert_int_equal(raw_int(f->path, "SELECT count(*) FROM governance"), 1);
    assert_sound(f->path);
    unit_empty(f->dir.fd);
  }
}

/* A process of the older library that has the registry open all the while: it ends its
 * transactions as it began them, and then is told. */
static int bystander(void *ctx, int from, int to) {
  store_fixture *f = ctx;
  mr_error error = MR_ERROR_INIT;
  mri_store *store = NULL;
  mri_tx *tx = NULL;
  mri_tx *none = NULL;
  int64_t runs = 0;
  static const char count[] = "SELECT count(*) FROM run WHERE name IS NULL";
  f->options.schema = &migrate_1;
  f->options.migrate = false;
  if (mri_store_open(f->path, &f->options, &store, NULL) != MR_OK) return 1;
  if (mri_tx_begin(store, MRI_TX_READ, NULL, &tx, NULL) != MR_OK) return 2;
  say(to);
  if (!hear(from)) return 3;
  if (mri_sql_int(tx, NULL, 0, &runs, count, "") != MR_OK || runs != MIGRATE_RUNS / 3) return 4;
  if (mri_tx_end(tx, MR_OK, NULL) != MR_OK) return 5;
  static const mri_tx_kind kinds[] = {MRI_TX_READ, MRI_TX_GOVERN, MRI_TX_APPEND,
                                      MRI_TX_APPEND_DURABLE};
  for (int round = 0; round < 2; round++) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
      if (mri_tx_begin(store, kinds[i], NULL, &none, &error) != MR_NOT_SUPPORTED) return 6;
      if (strstr(error.message, "from schema version 1 to 3 while it is open") == NULL) return 7;
      if (strstr(error.message, "open it again") == NULL) return 8;
    }
  }
  store_end(store);
  return 0;
}

static void test_open_handles_notice(void **state) {
  store_fixture *f = *state;
  migrate_make(f);
  other_process other = start_process(bystander, f);
  assert_true(hear(other.from));
  store_end(open_with(f, &migrate_3));
  say(other.to);
  assert_int_equal(end_process(&other), 0);
  migrate_check(f->path, 3);
}

/* One that is writing: the migration waits, and what it wrote is there. */
static void test_waits_for_writers(void **state) {
  store_fixture *f = *state;
  migrate_make(f);
  other_process other = start_process(store_holder, f);
  assert_true(hear(other.from));
  f->options.busy_timeout_ms = 30;
  store_says(f, &migrate_3, MR_BUSY, f->path);
  f->options.busy_timeout_ms = 20000;
  say(other.to);
  store_end(open_with(f, &migrate_3));
  assert_int_equal(end_process(&other), 0);
  migrate_check(f->path, 3);
  assert_int_equal(raw_int(f->path, "SELECT count(*) FROM meta WHERE key = 'theirs'"), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      store_test(test_rows_are_kept),
      store_test(test_references_hold_afterwards),
      store_test(test_schema_is_that_of_a_new_registry),
      store_test(test_not_without_being_asked),
      store_test(test_own_version_stays),
      store_test(test_older_library_is_refused),
      store_test(test_other_ways_to_open),
      store_test(test_other_journal_mode),
      store_test(test_own_tables_can_be_made_anew),
      store_test(test_failures_roll_back),
      store_test(test_references_are_checked),
      store_test(test_hostile_files),
      store_test(test_every_allocation_failing),
      store_test(test_killed_in_the_middle),
      store_test(test_killed_at_any_time),
      store_test(test_two_at_once),
      store_test(test_open_handles_notice),
      store_test(test_waits_for_writers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
