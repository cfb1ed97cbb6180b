/* SPDX-License-Identifier: Apache-2.0 */
/* From a URI to a store: the ways to name one, to make one and to open it. */
#include "store_test.h"

static void in_folder(const store_fixture *f, const char *name, char out[160]) {
  (void)snprintf(out, 160, "%s/%s", f->dir.path, name);
}

static void test_ways_to_name_a_registry(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  char uri[192];
  static const char *const names[] = {"plain",    "with:colon",           "with space?and#more%41",
                                      "sqlite:x", "\xc3\xbc\xe2\x82\xac", "a'b\"c"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char path[160];
    in_folder(f, names[i], path);
    for (int round = 0; round < 3; round++) {
      mri_store *store = NULL;
      (void)snprintf(uri, sizeof uri, "%s%s", round == 1 ? "sqlite:" : "", path);
      assert_ok(mri_store_open(uri, &f->options, &store, &error), &error);
      assert_string_equal(mri_store_facts_of(store)->location, path);
      store_end(store);
      assert_int_equal(access(path, F_OK), 0);
    }
  }
}

static void test_relative_paths_survive_a_change_of_folder(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  mri_store *store = NULL;
  char here[256];
  static const char *const names[] = {"rel.db", ":memory:", "file:x?mode=memory", "./a:b"};
  assert_non_null(getcwd(here, sizeof here));
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char uri[64];
    assert_int_equal(chdir(f->dir.path), 0);
    /* Only a leading scheme makes a URI of a path. */
    (void)snprintf(uri, sizeof uri, "%s%s", strncmp(names[i], "file", 4) == 0 ? "sqlite:" : "",
                   names[i]);
    assert_ok(mri_store_open(uri, &f->options, &store, &error), &error);
    assert_int_equal(chdir("/"), 0);
    mri_tx *reader = store_begin(store, MRI_TX_READ);
    store_write(store, MRI_TX_APPEND, "k", "v");
    store_commit(reader);
    assert_int_equal(mri_store_facts_of(store)->location[0], '/');
    store_end(store);
    assert_int_equal(faccessat(f->dir.fd, names[i], F_OK, 0), 0);
  }
  assert_int_equal(chdir(here), 0);
}

static void test_uris_that_are_refused(void **state) {
  store_fixture *f = *state;
  store_refuse(f, "postgresql://host/db", MR_NOT_SUPPORTED, "'postgresql:'");
  store_refuse(f, "http://host/db", MR_NOT_SUPPORTED, "'http:'");
  store_refuse(f, "x:y", MR_NOT_SUPPORTED, "./x:y");
  store_refuse(f, "SQLite:x", MR_NOT_SUPPORTED, "'SQLite:'");
  store_refuse(f, "Zip+tar-1.0:x", MR_NOT_SUPPORTED, "'Zip+tar-1.0:'");
  store_refuse(f, "redis7:x", MR_NOT_SUPPORTED, "'redis7:'");
  store_refuse(f, "memorx:", MR_NOT_SUPPORTED, "'memorx:'");
  store_refuse(f, "a23456789b123456789c123456789d123456789e123456789f123456789g123456789:x",
               MR_NOT_SUPPORTED, "f123456789g1234:'");
  store_refuse(f, "", MR_INVALID_ARGUMENT, "empty");
  store_refuse(f, "sqlite:", MR_INVALID_ARGUMENT, "empty");
  store_refuse(f, "memory:more", MR_INVALID_ARGUMENT, "memory:more");
  f->options.create = false;
  f->options.read_only = true;
  store_refuse(f, "memory:", MR_INVALID_ARGUMENT, "READ_ONLY");
  f->options.exclusive = true;
  store_refuse(f, f->path, MR_INVALID_ARGUMENT, "EXCLUSIVE");
  assert_int_equal(unit_count_entries(f->dir.fd), 0);
}

static void test_only_create_creates(void **state) {
  store_fixture *f = *state;
  f->options.create = false;
  store_refuse(f, f->path, MR_NOT_FOUND, f->path);
  store_refuse(f, f->path, MR_NOT_FOUND, "CREATE");
  assert_int_equal(unit_count_entries(f->dir.fd), 0);
  f->options.create = true;
  f->options.read_only = true;
  store_refuse(f, f->path, MR_NOT_FOUND, f->path);
  assert_int_equal(unit_count_entries(f->dir.fd), 0);
  f->options.read_only = false;
  store_end(store_open(f));
  f->options.create = false;
  store_end(store_open(f));
}

static void test_no_folder_to_make_it_in(void **state) {
  store_fixture *f = *state;
  char path[160];
  in_folder(f, "no/such/folder.db", path);
  store_refuse(f, path, MR_NOT_FOUND, "no/such");
  unit_write_file(AT_FDCWD, f->path, "text", 4);
  in_folder(f, "R.db/below", path);
  store_refuse(f, path, MR_NOT_FOUND, "R.db");
}

typedef struct creation {
  int calls;
  mr_status answer;
} creation;

static mr_status on_create(void *ctx, mri_tx *tx, const char *location, mr_error *error) {
  (void)location;
  creation *c = ctx;
  c->calls++;
  mr_status status =
      mri_sql_run(tx, error, "INSERT INTO meta (key, value) VALUES ('id', ?1)", "t", "the id");
  if (status == MR_OK && c->answer != MR_OK) {
    return mri_error_set(error, c->answer, "the callback says no");
  }
  return status;
}

static void test_creation_callback(void **state) {
  store_fixture *f = *state;
  creation c = {0};
  f->options.on_create = on_create;
  f->options.on_create_ctx = &c;
  c.answer = MR_LIMIT;
  store_refuse(f, f->path, MR_LIMIT, "the callback says no");
  assert_int_equal(c.calls, 1);
  f->options.create = false;
  store_refuse(f, f->path, MR_CORRUPT, "CREATE");
  f->options.create = true;
  c.answer = MR_OK;
  for (int round = 0; round < 2; round++) {
    mri_store *store = store_open(f);
    assert_int_equal(store_read(store, "SELECT count(*) FROM meta WHERE value = 'the id'"), 1);
    assert_int_equal(store_read(store, "SELECT sequence FROM governance"), 0);
    store_end(store);
  }
  assert_int_equal(c.calls, 2);
}

static mr_status on_create_wrong(void *ctx, mri_tx *tx, const char *location, mr_error *error) {
  (void)location;
  (void)ctx;
  (void)mri_sql_run(tx, error, "INSERT INTO nowhere VALUES (1)", "");
  return MR_OK;
}

static void test_creation_callback_that_hides_its_failure(void **state) {
  store_fixture *f = *state;
  f->options.on_create = on_create_wrong;
  store_refuse(f, f->path, MR_NOT_SUPPORTED, "nowhere");
  f->options.create = false;
  store_refuse(f, f->path, MR_CORRUPT, "CREATE");
}

static void test_file_mode(void **state) {
  store_fixture *f = *state;
  static const char *const suffixes[] = {"", "-wal", "-shm"};
  mode_t mask = umask(007);
  f->options.file_mode = 0666;
  mri_store *store = store_open(f);
  store_write(store, MRI_TX_APPEND, "k", "v");
  for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
    char name[160];
    struct stat info;
    (void)snprintf(name, sizeof name, "%s%s", f->path, suffixes[i]);
    assert_int_equal(stat(name, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0660);
  }
  store_end(store);
  (void)umask(mask);
}

static void test_read_only(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  mri_tx *tx = NULL;
  mri_store *writer = store_open(f);
  store_write(writer, MRI_TX_GOVERN, "k", "v");
  f->options.create = false;
  f->options.read_only = true;
  mri_store *store = store_open(f);
  assert_true(mri_store_facts_of(store)->read_only);
  assert_int_equal(mri_store_facts_of(store)->warning_count, 0);
  assert_int_equal(store_read(store, "SELECT count(*) FROM meta WHERE key = 'k'"), 1);
  store_write(writer, MRI_TX_GOVERN, "k2", "v");
  assert_int_equal(store_read(store, "SELECT count(*) FROM meta WHERE key LIKE 'k%'"), 2);
  assert_int_equal(mri_tx_begin(store, MRI_TX_GOVERN, NULL, &tx, &error), MR_READ_ONLY);
  assert_non_null(strstr(error.message, f->path));
  store_end(store);
  store_end(writer);
}

/* Close leaves -wal and -shm for those who cannot make them, and nothing in the log. */
static void test_close_leaves_the_files_in_order(void **state) {
  store_fixture *f = *state;
  mri_store *store = store_open(f);
  store_write(store, MRI_TX_GOVERN, "k", "v");
  assert_true(size_beside(f->path, "-wal") > 0);
  store_end(store);
  assert_int_equal(size_beside(f->path, "-wal"), 0);
  assert_true(size_beside(f->path, "-shm") > 0);
  assert_int_equal(size_beside(f->path, "-journal"), -1);
  assert_int_equal(raw_int(f->path, "SELECT count(*) FROM meta WHERE key = 'k'"), 1);
}

static void test_link_to_a_registry(void **state) {
  store_fixture *f = *state;
  char link[160];
  mr_error error = MR_ERROR_INIT;
  mri_store *store = NULL;
  store_end(store_open(f));
  in_folder(f, "link", link);
  assert_int_equal(symlink("R.db", link), 0);
  assert_ok(mri_store_open(link, &f->options, &store, &error), &error);
  assert_string_equal(mri_store_facts_of(store)->location, f->path);
  store_write(store, MRI_TX_GOVERN, "k", "v");
  store_end(store);
  assert_int_equal(size_beside(link, "-wal"), -1);
}

static void test_network_file_systems(void **state) {
  store_fixture *f = *state;
  f->options.file_system = 0x6969;
  store_refuse(f, f->path, MR_NOT_SUPPORTED, "NFS");
  store_refuse(f, f->path, MR_NOT_SUPPORTED, "EXCLUSIVE");
  assert_int_equal(unit_count_entries(f->dir.fd), 0);
  f->options.allow_network = true;
  mri_store *store = store_open(f);
  assert_int_equal(mri_store_facts_of(store)->warning_count, 1);
  assert_non_null(strstr(mri_store_facts_of(store)->warnings[0], "NFS"));
  store_end(store);
  f->options.allow_network = false;
  store_refuse(f, f->path, MR_NOT_SUPPORTED, "NFS");
  f->options.exclusive = true;
  store = store_open(f);
  assert_int_equal(mri_store_facts_of(store)->warning_count, 0);
  store_end(store);
  f->options.exclusive = false;
  f->options.file_system = 0x0bd00bd0;
  store = store_open(f);
  assert_int_equal(mri_store_facts_of(store)->warning_count, 1);
  assert_non_null(strstr(mri_store_facts_of(store)->warnings[0], "Lustre"));
  store_end(store);
}

static void test_exclusive(void **state) {
  store_fixture *f = *state;
  f->options.exclusive = true;
  mri_store *store = store_open(f);
  store_write(store, MRI_TX_GOVERN, "k", "v");
  assert_int_equal(size_beside(f->path, "-shm"), -1);
  assert_int_equal(store_read(store, "SELECT count(*) FROM meta WHERE key = 'k'"), 1);
  store_end(store);
  f->options.exclusive = false;
  store = store_open(f);
  assert_int_equal(store_read(store, "SELECT count(*) FROM meta WHERE key = 'k'"), 1);
  store_end(store);
}

static void test_replaced_while_open(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  mri_tx *second = NULL;
  char moved[160];
  in_folder(f, "moved.db", moved);
  mri_store *store = store_open(f);
  mri_tx *tx = store_begin(store, MRI_TX_READ);
  assert_int_equal(rename(f->path, moved), 0);
  assert_int_equal(mri_tx_begin(store, MRI_TX_READ, NULL, &second, &error), MR_IO);
  assert_non_null(strstr(error.message, "replaced"));
  unit_write_file(AT_FDCWD, f->path, "", 0);
  assert_int_equal(mri_tx_begin(store, MRI_TX_READ, NULL, &second, &error), MR_IO);
  assert_int_equal(unlink(f->path), 0);
  assert_int_equal(rename(moved, f->path), 0);
  second = store_begin(store, MRI_TX_READ);
  store_commit(second);
  store_commit(tx);
  store_end(store);
}

/* A registry that another tool took out of WAL mode is put back. */
static void test_other_journal_mode(void **state) {
  store_fixture *f = *state;
  store_end(store_open(f));
  raw_change(f->path, "PRAGMA journal_mode=DELETE");
  assert_int_equal(size_beside(f->path, "-wal"), -1);
  f->options.create = false;
  f->options.read_only = true;
  mri_store *store = store_open(f);
  assert_true(store_read(store, "SELECT count(*) FROM meta") > 0);
  store_end(store);
  f->options.read_only = false;
  store = store_open(f);
  store_write(store, MRI_TX_GOVERN, "k", "v");
  assert_true(size_beside(f->path, "-wal") > 0);
  store_end(store);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      store_test(test_ways_to_name_a_registry),
      store_test(test_relative_paths_survive_a_change_of_folder),
      store_test(test_uris_that_are_refused),
      store_test(test_only_create_creates),
      store_test(test_no_folder_to_make_it_in),
      store_test(test_creation_callback),
      store_test(test_creation_callback_that_hides_its_failure),
      store_test(test_file_mode),
      store_test(test_read_only),
      store_test(test_close_leaves_the_files_in_order),
      store_test(test_link_to_a_registry),
      store_test(test_network_file_systems),
      store_test(test_exclusive),
      store_test(test_replaced_while_open),
      store_test(test_other_journal_mode),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
