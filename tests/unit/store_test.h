/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the store share: a registry file in a folder of its own, raw SQLite beside it,
 * and second processes. */
#ifndef MRT_STORE_TEST_H
#define MRT_STORE_TEST_H

#include "unit_test.h"

#include "base/cancel_token.h"
#include "base/id.h"
#include "store/store.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <sys/wait.h>

typedef struct store_fixture {
  unit_dir dir;
  char path[96]; /* of the registry, not there yet */
  mri_store_options options;
} store_fixture;

static inline int store_setup(void **state) {
  static store_fixture f;
  unit_dir_make(&f.dir);
  (void)snprintf(f.path, sizeof f.path, "%s/R.db", f.dir.path);
  f.options =
      (mri_store_options){.mem = mri_mem_default(), .create = true, .busy_timeout_ms = 20000};
  *state = &f;
  return 0;
}

static inline int store_teardown(void **state) {
  store_fixture *f = *state;
  mri_mem_test_fail(0, false);
  unit_dir_remove(&f->dir);
  assert_int_equal(mri_mem_live(), 0);
  return 0;
}

#define store_test(function) cmocka_unit_test_setup_teardown(function, store_setup, store_teardown)

static inline void assert_ok(mr_status status, const mr_error *error) {
  if (status != MR_OK) fail_msg("%s: %s", mr_status_name(status), error->message);
}

static inline mri_store *store_open(store_fixture *f) {
  mr_error error = MR_ERROR_INIT;
  mri_store *store = NULL;
  assert_ok(mri_store_open(f->path, &f->options, &store, &error), &error);
  return store;
}

static inline void store_end(mri_store *store) {
  mri_store_close(store);
  mri_store_free(store);
}

/* Opening must fail so, with all of the words in its message. */
static inline void store_refuse(store_fixture *f, const char *uri, mr_status expected,
                                const char *words) {
  mr_error error = MR_ERROR_INIT;
  mri_store *store = NULL;
  mr_status status = mri_store_open(uri, &f->options, &store, &error);
  if (status == MR_OK) store_end(store);
  assert_int_equal(status, expected);
  assert_int_equal(error.status, expected);
  if (strstr(error.message, words) == NULL) {
    fail_msg("'%s' does not say '%s'", error.message, words);
  }
}

static inline mri_tx *store_begin(mri_store *store, mri_tx_kind kind) {
  mr_error error = MR_ERROR_INIT;
  mri_tx *tx = NULL;
  assert_ok(mri_tx_begin(store, kind, NULL, &tx, &error), &error);
  return tx;
}

static inline void store_commit(mri_tx *tx) {
  mr_error error = MR_ERROR_INIT;
  assert_ok(mri_tx_end(tx, MR_OK, &error), &error);
}

static inline void store_put(mri_tx *tx, const char *key, const char *value) {
  mr_error error = MR_ERROR_INIT;
  assert_ok(mri_sql_run(tx, &error,
                        "INSERT INTO meta (key, value) VALUES (?1, ?2) "
                        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                        "tt", key, value),
            &error);
}

/* One row in one transaction. */
static inline void store_write(mri_store *store, mri_tx_kind kind, const char *key,
                               const char *value) {
  mri_tx *tx = store_begin(store, kind);
  store_put(tx, key, value);
  store_commit(tx);
}

static inline int64_t store_int(mri_tx *tx, const char *sql) {
  mr_error error = MR_ERROR_INIT;
  int64_t value = -1;
  assert_ok(mri_sql_int(tx, &error, -1, &value, sql, ""), &error);
  return value;
}

/* The same in a transaction of its own. */
static inline int64_t store_read(mri_store *store, const char *sql) {
  mri_tx *tx = store_begin(store, MRI_TX_READ);
  int64_t value = store_int(tx, sql);
  store_commit(tx);
  return value;
}

static inline void raw_exec(sqlite3 *handle, const char *sql) {
  char *message = NULL;
  if (sqlite3_exec(handle, sql, NULL, NULL, &message) != SQLITE_OK) fail_msg("%s", message);
}

/* Changes a database file behind the library's back. */
static inline void raw_change(const char *path, const char *sql) {
  sqlite3 *handle = NULL;
  assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
  raw_exec(handle, sql);
  assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static inline int64_t raw_int(const char *path, const char *sql) {
  sqlite3 *handle = NULL;
  sqlite3_stmt *stmt = NULL;
  assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
  assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  int64_t value = sqlite3_column_int64(stmt, 0);
  assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
  assert_int_equal(sqlite3_close(handle), SQLITE_OK);
  return value;
}

static inline void assert_sound(const char *path) {
  assert_int_equal(raw_int(path, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
}

typedef struct file_bytes {
  size_t size;
  uint8_t *bytes;
} file_bytes;

static inline file_bytes bytes_of(const char *path) {
  file_bytes file = {0};
  struct stat info;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  assert_true(fd >= 0 && fstat(fd, &info) == 0);
  file.size = (size_t)info.st_size;
  file.bytes = malloc(file.size + 1);
  assert_non_null(file.bytes);
  assert_int_equal(read(fd, file.bytes, file.size), (ssize_t)file.size);
  assert_int_equal(close(fd), 0);
  return file;
}

/* The file still has these bytes; frees them. */
static inline void assert_untouched(const char *path, file_bytes before) {
  file_bytes after = bytes_of(path);
  assert_int_equal(after.size, before.size);
  assert_memory_equal(after.bytes, before.bytes, before.size);
  free(after.bytes);
  free(before.bytes);
}

static inline int64_t size_beside(const char *path, const char *suffix) {
  char name[192];
  struct stat info;
  (void)snprintf(name, sizeof name, "%s%s", path, suffix);
  return stat(name, &info) == 0 ? (int64_t)info.st_size : -1;
}

/* A second process, forked before this one opens anything: SQLite's state must not be shared. It
 * runs `body` and ends with its answer, 0 for good. */
typedef struct other_process {
  pid_t pid;
  int from; /* what it says */
  int to;   /* what it hears */
} other_process;

static inline void say(int fd) {
  assert_int_equal(write(fd, "!", 1), 1);
}

/* False when the other side is gone. */
static inline bool hear(int fd) {
  char c;
  return read(fd, &c, 1) == 1;
}

static inline other_process start_process(int (*body)(void *ctx, int from, int to), void *ctx) {
  int up[2];
  int down[2];
  assert_true(pipe(up) == 0 && pipe(down) == 0);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    (void)close(up[0]);
    (void)close(down[1]);
    _exit(body(ctx, down[0], up[1]));
  }
  (void)close(up[1]);
  (void)close(down[0]);
  return (other_process){.pid = pid, .from = up[0], .to = down[1]};
}

static inline int end_process(other_process *process) {
  int status = 0;
  (void)close(process->to);
  assert_int_equal(waitpid(process->pid, &status, 0), process->pid);
  (void)close(process->from);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

/* A body: opens the registry when it hears, closes it and ends. */
static inline int store_opener(void *ctx, int from, int to) {
  store_fixture *f = ctx;
  mri_store *store = NULL;
  (void)to;
  if (!hear(from)) return 1;
  if (mri_store_open(f->path, &f->options, &store, NULL) != MR_OK) return 2;
  store_end(store);
  return 0;
}

/* A body: holds the write lock, with a row "theirs" that is not committed, from hearing to
 * hearing. */
static inline int store_holder(void *ctx, int from, int to) {
  store_fixture *f = ctx;
  mri_store *store = NULL;
  mri_tx *tx = NULL;
  if (mri_store_open(f->path, &f->options, &store, NULL) != MR_OK) return 1;
  if (mri_tx_begin(store, MRI_TX_GOVERN, NULL, &tx, NULL) != MR_OK) return 2;
  if (mri_sql_run(tx, NULL, "INSERT INTO meta (key, value) VALUES ('theirs', 'v')", "") != MR_OK) {
    return 3;
  }
  say(to);
  (void)hear(from);
  if (mri_tx_end(tx, MR_OK, NULL) != MR_OK) return 4;
  store_end(store);
  return 0;
}

/* In one of many processes that race, with patience: opens the registry and adds a row "by ID" of
 * the process; NULL, said on standard error, where that fails. */
static inline mri_store *store_race(store_fixture *f) {
  mr_error error = MR_ERROR_INIT;
  mri_store *store = NULL;
  mri_tx *tx = NULL;
  char key[32];
  (void)snprintf(key, sizeof key, "by %d", (int)getpid());
  f->options.busy_timeout_ms = 60000;
  mr_status status = mri_store_open(f->path, &f->options, &store, &error);
  if (status == MR_OK) status = mri_tx_begin(store, MRI_TX_GOVERN, NULL, &tx, &error);
  if (status == MR_OK) {
    status = mri_sql_run(tx, &error, "INSERT INTO meta (key, value) VALUES (?1, 'v')", "t",
                         (const char *)key);
    status = mri_tx_end(tx, status, &error);
  }
  if (status == MR_OK) return store;
  (void)dprintf(2, "%s: %s\n", mr_status_name(status), error.message);
  return NULL;
}

enum { STORE_RACERS = 16 };

/* Runs the bodies, which hear at once; none holds the pipes of another open. Their answers. */
static inline void store_run_at_once(int (*body)(void *ctx, int from, int to), store_fixture *f,
                                     int count, int answers[]) {
  other_process racers[STORE_RACERS];
  assert_in_range(count, 1, STORE_RACERS);
  for (int i = 0; i < count; i++) {
    racers[i] = start_process(body, f);
    assert_int_equal(fcntl(racers[i].to, F_SETFD, FD_CLOEXEC), 0);
  }
  for (int i = 0; i < count; i++) say(racers[i].to);
  for (int i = 0; i < count; i++) answers[i] = end_process(&racers[i]);
}

/* What a test repeats, by MR_TEST_SCALE. */
static inline double store_scale(void) {
  const char *text = getenv("MR_TEST_SCALE");
  return text != NULL ? strtod(text, NULL) : 0.2;
}

#endif
