/* SPDX-License-Identifier: Apache-2.0 */
/* What a path can lead to: nothing, something else, a damaged registry, one that may only be read.
 * Whatever is refused stays as it is, byte for byte. */
#include "api_test.h"

#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint32_t all_flags[] = {
    0, MR_OPEN_CREATE, MR_OPEN_READ_ONLY, MR_OPEN_EXCLUSIVE, MR_OPEN_EXCLUSIVE | MR_OPEN_CREATE,
};

#define FLAG_COUNT (sizeof all_flags / sizeof all_flags[0])

/* Opening the path fails so with these flags, and nothing in the folder changes. */
static void assert_refused(const api_place *place, const char *path, uint32_t flags,
                           mr_status expected, const char *words) {
  char *before = api_picture(place->folder);
  api_open_refused(path, flags, expected, words);
  api_assert_picture(place->folder, before);
}

static void test_missing(void **state) {
  const api_place *place = *state;
  assert_refused(place, place->db, 0, MR_NOT_FOUND, "CREATE");
  assert_refused(place, place->db, MR_OPEN_READ_ONLY, MR_NOT_FOUND, NULL);
  assert_refused(place, place->db, MR_OPEN_EXCLUSIVE, MR_NOT_FOUND, NULL);
  /* The folder that is missing is named, the registry cannot be at fault. */
  mr_registry *registry = NULL;
  mr_open_options options = api_open_options(MR_OPEN_CREATE);
  REFUSED(
      MR_NOT_FOUND, api_path(place->folder, "no/such"),
      mr_registry_open(api_path(place->folder, "no/such/R.db"), &options, &registry, &api_error));
  assert_false(api_exists(api_path(place->folder, "no")));
  assert_int_equal(symlink("nowhere", place->db), 0);
  assert_refused(place, place->db, 0, MR_NOT_FOUND, NULL);
}

static void test_other_files(void **state) {
  const api_place *place = *state;
  static uint8_t noise[70000];
  uint32_t seed = 7;
  for (size_t i = 0; i < sizeof noise; i++) noise[i] = (uint8_t)((seed = seed * 69069 + 1) >> 24);
  static const uint8_t zeros[4096];
  const struct {
    const void *bytes;
    size_t size;
  } files[] = {
      {"hello\n", 6},           {"x", 1},
      {"SQLite format 3", 15}, /* without its NUL */
      {"SQLite format 3", 16}, /* and with it, but without the rest of a header */
      {"\x89PNG\r\n\x1a\n", 8}, {zeros, sizeof zeros},
      {noise, sizeof noise},
  };
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    api_write_file(place->db, files[i].bytes, files[i].size);
    for (size_t k = 0; k < FLAG_COUNT; k++) {
      assert_refused(place, place->db, all_flags[k], MR_CORRUPT, NULL);
    }
  }
}

static void test_empty_file(void **state) {
  const api_place *place = *state;
  api_write_file(place->db, NULL, 0);
  assert_refused(place, place->db, 0, MR_CORRUPT, "empty");
  assert_refused(place, place->db, MR_OPEN_READ_ONLY, MR_CORRUPT, "empty");
  mr_registry *registry = api_open(place->db, MR_OPEN_CREATE);
  mr_run_free(api_make_run(registry, 0.5));
  mr_registry_close(registry);
  mr_registry_close(api_open(place->db, 0));
}

static void test_no_file_at_all(void **state) {
  const api_place *place = *state;
  assert_int_equal(mkdir(place->db, 0755), 0);
  for (size_t i = 0; i < FLAG_COUNT; i++) {
    assert_refused(place, place->db, all_flags[i], MR_INVALID_ARGUMENT, "folder");
  }
  const char *pipe = api_path(place->folder, "pipe");
  assert_int_equal(mkfifo(pipe, 0644), 0);
  for (size_t i = 0; i < FLAG_COUNT; i++) {
    assert_refused(place, pipe, all_flags[i], MR_INVALID_ARGUMENT, NULL);
  }
  api_open_refused("/dev/null", MR_OPEN_CREATE, MR_INVALID_ARGUMENT, NULL);
}

static void run_sql(sqlite3 *handle, const char *sql) {
  char *message = NULL;
  if (sqlite3_exec(handle, sql, NULL, NULL, &message) != SQLITE_OK) fail_msg("%s", message);
}

static sqlite3 *open_sqlite(const char *path) {
  sqlite3 *handle = NULL;
  assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
  return handle;
}

static void copy_file(const char *from, const char *to) {
  size_t size = 0;
  uint8_t *bytes = api_read_file(from, &size);
  assert_non_null(bytes);
  api_write_file(to, bytes, size);
  free(bytes);
}

static const char other_program[] =
    "CREATE TABLE person (name TEXT); CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT);"
    "INSERT INTO person VALUES ('Ada'), ('Grace'); INSERT INTO meta VALUES ('id', 'x');";

static void test_other_database(void **state) {
  const api_place *place = *state;
  static const char *const before[] = {
      "PRAGMA journal_mode=DELETE; PRAGMA application_id=0; PRAGMA user_version=1;",
      "PRAGMA journal_mode=DELETE; PRAGMA application_id=252006673;",
      "PRAGMA journal_mode=DELETE; PRAGMA page_size=512; PRAGMA user_version=7;",
      "PRAGMA journal_mode=WAL;",
      "PRAGMA journal_mode=WAL; PRAGMA auto_vacuum=FULL; PRAGMA user_version=1;",
  };
  for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
    api_remove_tree(place->db);
    sqlite3 *handle = open_sqlite(place->db);
    run_sql(handle, before[i]);
    run_sql(handle, other_program);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
    for (size_t k = 0; k < FLAG_COUNT; k++) {
      assert_refused(place, place->db, all_flags[k], MR_CORRUPT, "another program");
    }
  }
}

/* Another program's database whose newest content is still in its log. */
static void test_other_database_with_log(void **state) {
  const api_place *place = *state;
  static const char *const suffixes[] = {"", "-wal", "-shm"};
  const char *live = api_path(place->folder, "live.db");
  sqlite3 *handle = open_sqlite(live);
  run_sql(handle, "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;");
  run_sql(handle, other_program);
  /* In use: by somebody who holds it open. */
  for (size_t k = 0; k < FLAG_COUNT; k++) {
    if ((all_flags[k] & MR_OPEN_EXCLUSIVE) != 0) continue; /* would wait for the owner to go */
    api_open_refused(live, all_flags[k], MR_CORRUPT, NULL);
  }
  for (int with = 1; with <= 2; with++) { /* the log alone, then with its index */
    char from[128];
    char to[128];
    for (int i = 0; i <= with; i++) {
      (void)snprintf(from, sizeof from, "%s%s", live, suffixes[i]);
      (void)snprintf(to, sizeof to, "%s%s", place->db, suffixes[i]);
      copy_file(from, to);
    }
    for (size_t k = 0; k < FLAG_COUNT; k++) {
      assert_refused(place, place->db, all_flags[k], MR_CORRUPT, NULL);
    }
  }
  assert_int_equal(sqlite3_close(handle), SQLITE_OK);
  /* The owner still finds everything. */
  handle = open_sqlite(place->db);
  sqlite3_stmt *stmt = NULL;
  assert_int_equal(sqlite3_prepare_v2(handle, "SELECT count(*) FROM person", -1, &stmt, NULL),
                   SQLITE_OK);
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  assert_int_equal(sqlite3_column_int(stmt, 0), 2);
  assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
  assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

/* A registry with some content, closed; its bytes are the caller's. */
static uint8_t *make_registry(const api_place *place, size_t *size) {
  mr_registry *registry = api_open(place->db, MR_OPEN_CREATE);
  mr_model *model = api_make_model(registry);
  mr_run *run = api_make_run(registry, 0.99);
  mr_version_free(api_make_version(model, run));
  mr_run_free(run);
  mr_model_free(model);
  mr_registry_close(registry);
  return api_read_file(place->db, size);
}

static void remove_companions(const api_place *place) {
  api_remove_tree(api_path(place->folder, "R.db-wal"));
  api_remove_tree(api_path(place->folder, "R.db-shm"));
}

static void test_truncated(void **state) {
  const api_place *place = *state;
  size_t size = 0;
  uint8_t *bytes = make_registry(place, &size);
  assert_non_null(bytes);
  assert_true(size > 8192);
  size_t step = (size_t)api_scaled(10) >= 10 ? 331 : 1777;
  for (int companions = 1; companions >= 0; companions--) {
    if (!companions) remove_companions(place);
    for (size_t length = 1; length < size; length += length < 120 ? 17 : step) {
      api_write_file(place->db, bytes, length);
      for (size_t k = 0; k < FLAG_COUNT; k++) {
        assert_refused(place, place->db, all_flags[k], MR_CORRUPT, NULL);
      }
    }
    size_t pages = size / 4096;
    for (size_t page = 1; page < pages; page += pages / 8 + 1) {
      api_write_file(place->db, bytes, page * 4096);
      assert_refused(place, place->db, 0, MR_CORRUPT, NULL);
      assert_refused(place, place->db, MR_OPEN_CREATE, MR_CORRUPT, NULL);
      assert_refused(place, place->db, MR_OPEN_READ_ONLY, MR_CORRUPT, NULL);
    }
  }
  api_write_file(place->db, bytes, size);
  mr_registry_close(api_open(place->db, 0));
  free(bytes);
}

/* Some bytes of the header mean nothing; where the registry opens its content is what it was. */
static void check_content(mr_registry *registry) {
  mr_version *version = NULL;
  OK(mr_registry_resolve(registry, "digits", NULL, &version, &api_error));
  assert_memory_equal(mr_version_info(version)->number, "1.0.0+", 6);
  OK(mr_version_verify(version, NULL, NULL, NULL, &api_error));
  mr_version_free(version);
}

static void test_flipped_header(void **state) {
  const api_place *place = *state;
  static const uint8_t masks[] = {0x01, 0x80, 0xff};
  size_t size = 0;
  uint8_t *bytes = make_registry(place, &size);
  assert_non_null(bytes);
  remove_companions(place);
  int refused = 0;
  for (size_t at = 0; at < 100; at++) {
    for (size_t k = 0; k < sizeof masks; k++) {
      bytes[at] ^= masks[k];
      api_write_file(place->db, bytes, size);
      bytes[at] ^= masks[k];
      char *before = api_picture(place->folder);
      mr_registry *registry = NULL;
      mr_open_options options = api_open_options(k == 0 ? MR_OPEN_CREATE : 0);
      mr_status status = mr_registry_open(place->db, &options, &registry, &api_error);
      if (status == MR_OK) {
        free(before);
        check_content(registry);
        mr_registry_close(registry);
        remove_companions(place);
        continue;
      }
      refused++;
      if (status != MR_CORRUPT && status != MR_NOT_SUPPORTED)
        fail_msg("byte %zu: %s: %s", at, mr_status_name(status), api_error.message);
      REFUSED(status, place->db, status);
      api_assert_picture(place->folder, before);
    }
  }
  assert_in_range(refused, 3 * 16, 300); /* the 16 bytes of its magic at least */
  free(bytes);
}

/* Whatever one byte of the file becomes, opening and reading end well: with the right answer or an
 * honest status. */
static void test_flipped_anywhere(void **state) {
  const api_place *place = *state;
  size_t size = 0;
  uint8_t *bytes = make_registry(place, &size);
  assert_non_null(bytes);
  remove_companions(place);
  int rounds = api_scaled(2000);
  uint32_t seed = 99;
  for (int round = 0; round < rounds; round++) {
    seed = seed * 69069 + 1;
    size_t at = (size_t)(seed >> 4) % size;
    uint8_t old = bytes[at];
    bytes[at] ^= (uint8_t)(1u << (seed >> 29));
    api_write_file(place->db, bytes, size);
    bytes[at] = old;
    mr_registry *registry = NULL;
    mr_version *version = NULL;
    mr_run_page *runs = NULL;
    mr_open_options options = api_open_options(MR_OPEN_READ_ONLY);
    mr_status status = mr_registry_open(place->db, &options, &registry, &api_error);
    if (status == MR_OK) {
      status = mr_registry_resolve(registry, "digits", NULL, &version, &api_error);
      if (status == MR_OK) status = mr_version_verify(version, NULL, NULL, NULL, &api_error);
      if (status == MR_OK) status = mr_registry_list_runs(registry, NULL, &runs, &api_error);
    }
    if (status != MR_OK) assert_true(api_is_good_message(api_error.message));
    mr_run_page_free(runs);
    mr_version_free(version);
    mr_registry_close(registry);
    remove_companions(place);
  }
  free(bytes);
}

/* A file that says it is a registry and has other tables. */
static void test_forged(void **state) {
  const api_place *place = *state;
  size_t size = 0;
  static const char *const changes[] = {
      "DROP TABLE decision_rule;",
      "CREATE TABLE extra (x INTEGER);",
      "CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM run; END;",
      "CREATE VIEW v AS SELECT * FROM run;",
      "ALTER TABLE model ADD COLUMN more TEXT;",
      "DELETE FROM meta WHERE key = 'id';",
      "PRAGMA user_version=0;",
      "PRAGMA user_version=-1;",
  };
  free(make_registry(place, &size));
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    const char *forged = api_path(place->folder, "forged.db");
    copy_file(place->db, forged);
    sqlite3 *handle = open_sqlite(forged);
    run_sql(handle, changes[i]);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
    mr_registry *registry = NULL;
    mr_open_options options = api_open_options(0);
    size_t after = 0;
    size_t again = 0;
    uint8_t *bytes = api_read_file(forged, &after);
    mr_status status = mr_registry_open(forged, &options, &registry, &api_error);
    if (status != MR_CORRUPT && status != MR_NOT_SUPPORTED)
      fail_msg("%s: %s: %s", changes[i], mr_status_name(status), api_error.message);
    REFUSED(status, forged, status);
    uint8_t *now = api_read_file(forged, &again);
    assert_int_equal(again, after);
    assert_memory_equal(now, bytes, after);
    free(now);
    free(bytes);
    api_remove_tree(forged);
  }
}

/* A name that SQLite or a URI would read in another way. */
static void test_strange_paths(void **state) {
  const api_place *place = *state;
  static const char *const names[] = {"a b.db", "a?b#c%20d.db", "\xc3\xa9.db", ":memory:", "memory",
                                      "file:x", "'q'.db",       "a&mode=ro",   "-wal"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const char *path = api_path(place->folder, names[i]);
    char folder[128];
    char uri[160];
    (void)snprintf(folder, sizeof folder, "%s.d", path);
    (void)snprintf(uri, sizeof uri, "sqlite:%s", path);
    mr_registry *registry = api_open(path, MR_OPEN_CREATE);
    assert_string_equal(mr_registry_info(registry)->location, path);
    assert_string_equal(mr_registry_info(registry)->artifact_root, folder);
    mr_run_free(api_make_run(registry, 0.5));
    mr_registry_close(registry);
    assert_true(api_exists(path));
    registry = api_open(uri, 0);
    assert_string_equal(mr_registry_info(registry)->location, path);
    mr_registry_close(registry);
  }
  char deep[480];
  size_t size = (size_t)snprintf(deep, sizeof deep, "%s", place->folder);
  while (size < 400) {
    size += (size_t)snprintf(deep + size, sizeof deep - size, "/%030d", 1);
    assert_int_equal(mkdir(deep, 0755), 0);
  }
  (void)snprintf(deep + size, sizeof deep - size, "/R.db");
  mr_registry *registry = api_open(deep, MR_OPEN_CREATE);
  mr_run_free(api_make_run(registry, 0.5));
  mr_registry_close(registry);
}

/* Everything lies beside the file, so that it can be moved as a whole. */
static void test_moved(void **state) {
  const api_place *place = *state;
  size_t size = 0;
  const char *from = api_path(place->folder, "old");
  const char *to = api_path(place->folder, "new");
  api_place old = *place;
  (void)snprintf(old.db, sizeof old.db, "%s/R.db", from);
  assert_int_equal(mkdir(from, 0755), 0);
  free(make_registry(&old, &size));
  assert_int_equal(rename(from, to), 0);
  mr_registry *registry = api_open(api_path(to, "R.db"), 0);
  check_content(registry);
  mr_registry_close(registry);
}

static void test_artifact_root(void **state) {
  const api_place *place = *state;
  mr_registry *registry = NULL;
  mr_open_options options = api_open_options(MR_OPEN_CREATE);
  options.artifact_root = "files/here";
  OK(mr_registry_open(place->db, &options, &registry, &api_error));
  assert_string_equal(mr_registry_info(registry)->artifact_root,
                      api_path(place->folder, "files/here"));
  mr_run *run = api_make_run(registry, 0.5);
  assert_true(api_exists(api_path(place->folder, "files/here/blobs")));
  assert_false(api_exists(api_path(place->folder, "R.db.d")));
  mr_registry_close(registry);
  mr_run_free(run);
  registry = api_open(place->db, 0);
  assert_string_equal(mr_registry_info(registry)->artifact_root,
                      api_path(place->folder, "files/here"));
  mr_registry_close(registry);
}

static void test_artifact_root_is_a_file(void **state) {
  const api_place *place = *state;
  mr_registry *registry = NULL;
  mr_open_options options = api_open_options(MR_OPEN_CREATE);
  api_write_file(api_path(place->folder, "taken"), "x", 1);
  options.artifact_root = "taken";
  REFUSED(MR_INVALID_ARGUMENT, "'taken' is a file",
          mr_registry_open(place->db, &options, &registry, &api_error));
  /* Nothing is remembered of it. A folder that is there already is fine. */
  assert_int_equal(mkdir(api_path(place->folder, "shared"), 0755), 0);
  options.artifact_root = "shared";
  OK(mr_registry_open(place->db, &options, &registry, &api_error));
  assert_string_equal(mr_registry_info(registry)->artifact_root, api_path(place->folder, "shared"));
  mr_registry_close(registry);
}

static unsigned mode_of(const char *path) {
  struct stat info;
  if (stat(path, &info) != 0) fail_msg("there is no %s", path);
  return (unsigned)info.st_mode & 07777;
}

/* Nobody gets more rights than the umask and the option leave. */
static void test_modes(void **state) {
  const api_place *place = *state;
  const struct {
    unsigned umask;
    uint32_t mode;
    unsigned file;
    unsigned folder;
  } cases[] = {
      {022, 0, 0644, 0755},    {077, 0, 0600, 0700},    {002, 0, 0664, 0775},
      {022, 0600, 0600, 0700}, {027, 0664, 0640, 0750}, {0, 0640, 0640, 0750},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mr_registry *registry = NULL;
    mr_blob *blob = NULL;
    char name[96];
    mode_t old = umask(cases[i].umask);
    mr_open_options options = api_open_options(MR_OPEN_CREATE);
    options.file_mode = cases[i].mode;
    OK(mr_registry_open(place->db, &options, &registry, &api_error));
    mr_run *run = api_make_run(registry, 0.5);
    OK(mr_run_open_artifact(run, "model/labels.json", &blob, &api_error));
    const char *digest = mr_blob_info(blob)->digest;
    (void)snprintf(name, sizeof name, "R.db.d/blobs/%.2s/%s", digest, digest + 2);
    assert_int_equal(mode_of(place->db), cases[i].file);
    assert_int_equal(mode_of(api_path(place->folder, "R.db-wal")), cases[i].file);
    assert_int_equal(mode_of(api_path(place->folder, "R.db-shm")), cases[i].file);
    assert_int_equal(mode_of(api_path(place->folder, name)) & 0444, cases[i].file & 0444);
    assert_int_equal(mode_of(api_path(place->folder, name)) & ~cases[i].file, 0);
    assert_int_equal(mode_of(api_path(place->folder, "R.db.d")), cases[i].folder);
    assert_int_equal(mode_of(api_path(place->folder, "R.db.d/blobs")), cases[i].folder);
    (void)umask(old);
    mr_blob_free(blob);
    mr_run_free(run);
    mr_registry_close(registry);
    api_remove_tree(place->db);
    api_remove_tree(api_path(place->folder, "R.db.d"));
    remove_companions(place);
  }
}

/* Somebody who may read everything and write nothing but the folder "own". */
static void consume(void *ctx) {
  const api_place *place = ctx;
  if (geteuid() == 0) CHILD(setgid(65534) == 0 && setuid(65534) == 0);
  const uint32_t flags[] = {MR_OPEN_READ_ONLY, 0, MR_OPEN_CREATE};
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
    mr_version *version = NULL;
    mr_experiment *experiment = NULL;
    mr_registry *registry = api_open(place->db, flags[i]);
    CHILD(mr_registry_info(registry)->read_only == 1);
    CHILD(flags[i] == MR_OPEN_READ_ONLY || mr_registry_info(registry)->warning_count > 0);
    OK(mr_registry_resolve(registry, "digits", NULL, &version, &api_error));
    OK(mr_version_verify(version, NULL, NULL, NULL, &api_error));
    OK(mr_version_fetch(version, api_path(place->folder, "own/out"), NULL, NULL, &api_error));
    OK(mr_version_verify(version, api_path(place->folder, "own/out"), NULL, NULL, &api_error));
    REFUSED(MR_READ_ONLY, place->db,
            mr_registry_create_model(registry, "other", NULL, NULL, &api_error));
    REFUSED(MR_NOT_FOUND, "read-only",
            mr_registry_open_experiment(registry, "other", &experiment, &api_error));
    mr_version_free(version);
    mr_registry_close(registry);
  }
}

static void test_consumer_without_rights(void **state) {
  api_place *place = *state;
  mr_registry *registry = api_open(place->db, MR_OPEN_CREATE);
  mr_model *model = api_make_model(registry);
  mr_run *run = api_make_run(registry, 0.99);
  mr_version_free(api_make_version(model, run));
  assert_int_equal(mkdir(api_path(place->folder, "own"), 0777), 0);
  assert_int_equal(chmod(api_path(place->folder, "own"), 0777), 0);
  assert_int_equal(chmod(place->folder, 0755), 0);
  if (geteuid() != 0) assert_int_equal(chmod(place->folder, 0555), 0);
  api_wait(api_fork(consume, place)); /* beside a writer */
  mr_run_free(run);
  run = api_make_run(registry, 0.99);
  mr_version_free(api_make_version(model, run));
  api_wait(api_fork(consume, place)); /* with a log that is not folded in */
  mr_run_free(run);
  mr_model_free(model);
  mr_registry_close(registry);
  api_wait(api_fork(consume, place)); /* after the last writer is gone */
}

static void fail_to_create(void *ctx) {
  const api_place *place = ctx;
  if (geteuid() == 0) CHILD(setgid(65534) == 0 && setuid(65534) == 0);
  mr_registry *registry = NULL;
  mr_open_options options = api_open_options(MR_OPEN_CREATE);
  mr_status status = mr_registry_open(place->db, &options, &registry, &api_error);
  CHILD(status == MR_IO || status == MR_READ_ONLY);
  CHILD(api_error.backend_code != 0);
  REFUSED(status, place->db, status);
}

static void test_folder_without_rights(void **state) {
  api_place *place = *state;
  assert_int_equal(chmod(place->folder, 0555), 0);
  api_wait(api_fork(fail_to_create, place));
  assert_false(api_exists(place->db));
}

static void fail_to_read(void *ctx) {
  const api_place *place = ctx;
  if (geteuid() == 0) CHILD(setgid(65534) == 0 && setuid(65534) == 0);
  mr_registry *registry = NULL;
  mr_status status = mr_registry_open(place->db, NULL, &registry, &api_error);
  CHILD(status == MR_IO);
  REFUSED(status, place->db, status);
}

static void test_file_without_rights(void **state) {
  api_place *place = *state;
  mr_registry_close(api_open(place->db, MR_OPEN_CREATE));
  assert_int_equal(chmod(place->folder, 0755), 0);
  assert_int_equal(chmod(place->db, 0), 0);
  api_wait(api_fork(fail_to_read, place));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_missing),
      api_test(test_other_files),
      api_test(test_empty_file),
      api_test(test_no_file_at_all),
      api_test(test_other_database),
      api_test(test_other_database_with_log),
      api_test(test_truncated),
      api_test(test_flipped_header),
      api_test(test_flipped_anywhere),
      api_test(test_forged),
      api_test(test_strange_paths),
      api_test(test_moved),
      api_test(test_artifact_root),
      api_test(test_artifact_root_is_a_file),
      api_test(test_modes),
      api_test(test_consumer_without_rights),
      api_test(test_folder_without_rights),
      api_test(test_file_without_rights),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
