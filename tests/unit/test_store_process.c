/* SPDX-License-Identifier: Apache-2.0 */
/* Several processes on one registry, and one process that forks. */
#include "store_test.h"

#include <pthread.h>
#include <signal.h>

static void test_busy(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  mri_tx *tx = NULL;
  other_process other = start_process(store_holder, f);
  assert_true(hear(other.from));
  f->options.busy_timeout_ms = 30;
  mri_store *store = store_open(f);
  int64_t start = mri_monotonic_us();
  assert_int_equal(mri_tx_begin(store, MRI_TX_APPEND, NULL, &tx, &error), MR_BUSY);
  assert_true(mri_monotonic_us() - start >= 30000);
  assert_int_equal(error.backend_code, 5);
  assert_non_null(strstr(error.message, f->path));
  assert_non_null(strstr(error.message, " ms; try again"));
  /* Reading goes on, and sees what was there before. */
  assert_int_equal(store_read(store, "SELECT count(*) FROM meta WHERE key = 'theirs'"), 0);
  say(other.to);
  assert_int_equal(end_process(&other), 0);
  store_write(store, MRI_TX_APPEND, "ours", "v");
  assert_int_equal(store_read(store, "SELECT count(*) FROM meta WHERE key LIKE '%s'"), 2);
  store_end(store);
}

static void test_waits_as_long_as_it_may(void **state) {
  store_fixture *f = *state;
  other_process other = start_process(store_holder, f);
  assert_true(hear(other.from));
  mri_store *store = store_open(f);
  say(other.to);
  /* Within the budget of 20 s the other one ends. */
  store_write(store, MRI_TX_GOVERN, "ours", "v");
  assert_int_equal(end_process(&other), 0);
  assert_int_equal(store_read(store, "SELECT sequence FROM governance"), 2);
  store_end(store);
}

static void *trigger(void *ctx) {
  mr_cancel_trigger(ctx);
  return NULL;
}

static void test_cancel_while_another_process_writes(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  mr_cancel *cancel = NULL;
  mri_tx *tx = NULL;
  pthread_t thread;
  f->options.busy_timeout_ms = 3600000;
  other_process other = start_process(store_holder, f);
  assert_true(hear(other.from));
  mri_store *store = store_open(f);
  assert_int_equal(mr_cancel_new(&cancel, NULL), MR_OK);
  assert_int_equal(pthread_create(&thread, NULL, trigger, cancel), 0);
  assert_int_equal(mri_tx_begin(store, MRI_TX_APPEND, cancel, &tx, &error), MR_CANCELLED);
  assert_int_equal(pthread_join(thread, NULL), 0);
  mr_cancel_free(cancel);
  assert_int_equal(end_process(&other), 0);
  store_write(store, MRI_TX_APPEND, "ours", "v");
  store_end(store);
}

static void *close_it(void *ctx) {
  mri_store_close(ctx);
  return NULL;
}

static void test_close_while_waiting_for_another_process(void **state) {
  store_fixture *f = *state;
  mri_tx *tx = NULL;
  pthread_t thread;
  f->options.busy_timeout_ms = 3600000;
  other_process other = start_process(store_holder, f);
  assert_true(hear(other.from));
  mri_store *store = store_open(f);
  assert_int_equal(pthread_create(&thread, NULL, close_it, store), 0);
  assert_int_equal(mri_tx_begin(store, MRI_TX_APPEND, NULL, &tx, NULL), MR_CLOSED);
  assert_int_equal(pthread_join(thread, NULL), 0);
  mri_store_free(store);
  assert_int_equal(end_process(&other), 0);
}

static void test_exclusive_keeps_others_out(void **state) {
  store_fixture *f = *state;
  store_end(store_open(f));
  other_process other = start_process(store_holder, f);
  assert_true(hear(other.from));
  f->options.exclusive = true;
  f->options.busy_timeout_ms = 20;
  store_refuse(f, f->path, MR_BUSY, f->path);
  assert_int_equal(end_process(&other), 0);
  store_end(store_open(f));
}

static mr_status on_create(void *ctx, mri_tx *tx, const char *location, mr_error *error) {
  (void)location;
  (void)ctx;
  return mri_sql_run(tx, error, "INSERT INTO meta (key, value) VALUES ('made', 'once')", "");
}

static int creator(void *ctx, int from, int to) {
  store_fixture *f = ctx;
  (void)to;
  f->options.on_create = on_create;
  (void)hear(from); /* ends for all at once */
  mri_store *store = store_race(f);
  if (store == NULL) return 1;
  store_end(store);
  return 0;
}

/* Many processes that create the same registry at the same moment. */
static void create_at_once(store_fixture *f) {
  int answers[STORE_RACERS];
  store_run_at_once(creator, f, STORE_RACERS, answers);
  for (int i = 0; i < STORE_RACERS; i++) assert_int_equal(answers[i], 0);
  assert_int_equal(raw_int(f->path, "SELECT count(*) FROM meta WHERE key = 'made'"), 1);
  assert_int_equal(raw_int(f->path, "SELECT count(*) FROM meta WHERE key LIKE 'by %'"),
                   STORE_RACERS);
  assert_int_equal(raw_int(f->path, "SELECT sequence FROM governance"), STORE_RACERS);
  assert_sound(f->path);
}

static void test_many_creators(void **state) {
  store_fixture *f = *state;
  int rounds = 1 + (int)(20 * store_scale());
  for (int round = 0; round < rounds; round++) {
    create_at_once(f);
    unit_empty(f->dir.fd);
    if (round % 2 == 0) unit_write_file(AT_FDCWD, f->path, "", 0);
  }
}

/* Killed in the middle of creating: whatever is left becomes a registry with the next CREATE. */
static void test_killed_creators(void **state) {
  store_fixture *f = *state;
  int rounds = 10 + (int)(100 * store_scale());
  f->options.on_create = on_create;
  for (int round = 0; round < rounds; round++) {
    other_process victim = start_process(store_opener, f);
    say(victim.to);
    mri_sleep_us((int64_t)round * 37 % 6000);
    assert_int_equal(kill(victim.pid, SIGKILL), 0);
    int code = end_process(&victim);
    assert_true(code == 0 || code == 256 + SIGKILL);
    mri_store *store = store_open(f);
    assert_int_equal(store_read(store, "SELECT count(*) FROM meta WHERE key = 'made'"), 1);
    store_end(store);
    assert_sound(f->path);
    unit_empty(f->dir.fd);
  }
}

/* The child of a fork must not touch what the parent has open. */
static int child_of_fork(mri_store *store, mri_tx *tx, mri_stmt *stmt) {
  mr_error error = MR_ERROR_INIT;
  mri_tx *none = NULL;
  mri_stmt *other = NULL;
  bool row = false;
  if (mri_tx_begin(store, MRI_TX_READ, NULL, &none, &error) != MR_FORKED) return 1;
  if (strstr(error.message, "fork") == NULL) return 2;
  if (mri_tx_begin(store, MRI_TX_GOVERN, NULL, &none, NULL) != MR_FORKED) return 3;
  if (mri_stmt_step(stmt, &row, &error) != MR_FORKED) return 4;
  mri_stmt_done(stmt);
  if (mri_sql_run(tx, &error, "SELECT 1", "") != MR_FORKED) return 5;
  if (mri_sql_query(tx, &error, &other, "SELECT 2", "") != MR_FORKED) return 6;
  if (mri_tx_end(tx, MR_OK, &error) != MR_FORKED) return 7;
  if (mri_store_facts_of(store)->location == NULL) return 8;
  mri_store_close(store);
  mri_store_free(store);
  return mri_mem_live() == 0 ? 0 : 9;
}

static void test_fork(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  int status = 0;
  mri_stmt *stmt = NULL;
  bool row = false;
  mri_store *store = store_open(f);
  mri_tx *reader = store_begin(store, MRI_TX_READ);
  mri_tx *tx = store_begin(store, MRI_TX_GOVERN);
  store_put(tx, "k1", "v");
  assert_ok(mri_sql_query(tx, &error, &stmt, "SELECT key FROM meta ORDER BY key", ""), &error);
  assert_ok(mri_stmt_step(stmt, &row, &error), &error);
  int up[2];
  assert_int_equal(pipe(up), 0);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    char code = (char)child_of_fork(store, tx, stmt);
    (void)!write(up[1], &code, 1);
    /* Not even exit: what is SQLite's stays as it is, and a leak checker would complain. */
    (void)raise(SIGKILL);
  }
  char code = 77;
  assert_int_equal(close(up[1]), 0);
  assert_int_equal(read(up[0], &code, 1), 1);
  assert_int_equal(code, 0);
  assert_int_equal(close(up[0]), 0);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  /* The parent goes on as if nothing had been. */
  assert_ok(mri_stmt_step(stmt, &row, &error), &error);
  mri_stmt_done(stmt);
  store_put(tx, "k2", "v");
  store_commit(tx);
  store_commit(reader);
  assert_int_equal(store_read(store, "SELECT count(*) FROM meta WHERE key LIKE 'k%'"), 2);
  store_end(store);
  assert_sound(f->path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      store_test(test_busy),
      store_test(test_waits_as_long_as_it_may),
      store_test(test_cancel_while_another_process_writes),
      store_test(test_close_while_waiting_for_another_process),
      store_test(test_exclusive_keeps_others_out),
      store_test(test_many_creators),
      store_test(test_killed_creators),
      store_test(test_fork),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
