/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions: what is kept, what is seen, who may do what. */
#include "store_test.h"

#include <pthread.h>
#include <stdatomic.h>

#define COUNT_META "SELECT count(*) FROM meta WHERE key LIKE 'k%'"
#define SEQUENCE   "SELECT sequence FROM governance"

static void test_commit_keeps_and_rollback_forgets(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  mri_store *store = store_open(f);
  store_write(store, MRI_TX_APPEND, "k1", "kept");
  mri_tx *tx = store_begin(store, MRI_TX_APPEND);
  store_put(tx, "k2", "not kept");
  assert_int_equal(store_int(tx, COUNT_META), 2);
  assert_int_equal(mri_tx_end(tx, MR_CONFLICT, &error), MR_CONFLICT);
  assert_int_equal(store_read(store, COUNT_META), 1);
  store_end(store);
  store = store_open(f);
  assert_int_equal(store_read(store, COUNT_META), 1);
  store_end(store);
}

static void test_governing_moves_the_sequence(void **state) {
  store_fixture *f = *state;
  mri_store *store = store_open(f);
  assert_int_equal(store_read(store, SEQUENCE), 0);
  store_write(store, MRI_TX_GOVERN, "k1", "v");
  assert_int_equal(store_read(store, SEQUENCE), 1);
  store_write(store, MRI_TX_APPEND, "k1", "v2");
  store_write(store, MRI_TX_APPEND_DURABLE, "k1", "v3");
  assert_int_equal(store_read(store, SEQUENCE), 1);
  /* Nothing changed, nothing to tell. */
  mri_tx *tx = store_begin(store, MRI_TX_GOVERN);
  assert_int_equal(store_int(tx, COUNT_META), 1);
  store_commit(tx);
  assert_int_equal(store_read(store, SEQUENCE), 1);
  tx = store_begin(store, MRI_TX_GOVERN);
  store_put(tx, "k2", "v");
  assert_int_equal(mri_tx_end(tx, MR_GATE_FAILED, NULL), MR_GATE_FAILED);
  assert_int_equal(store_read(store, SEQUENCE), 1);
  store_write(store, MRI_TX_GOVERN, "k2", "v");
  assert_int_equal(store_read(store, SEQUENCE), 2);
  store_end(store);
}

static void test_missing_governance_row(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  mri_store *store = store_open(f);
  mri_tx *tx = store_begin(store, MRI_TX_APPEND);
  assert_ok(mri_sql_run(tx, &error, "DELETE FROM governance", ""), &error);
  store_commit(tx);
  tx = store_begin(store, MRI_TX_GOVERN);
  store_put(tx, "k", "v");
  assert_int_equal(mri_tx_end(tx, MR_OK, &error), MR_CORRUPT);
  assert_non_null(strstr(error.message, "governance"));
  assert_int_equal(store_read(store, COUNT_META), 0);
  store_end(store);
}

static void test_reader_keeps_its_snapshot(void **state) {
  store_fixture *f = *state;
  mri_store *store = store_open(f);
  store_write(store, MRI_TX_APPEND, "k1", "v");
  mri_tx *before = store_begin(store, MRI_TX_READ);
  store_write(store, MRI_TX_APPEND, "k2", "v");
  mri_tx *after = store_begin(store, MRI_TX_READ);
  /* The snapshot is taken by begin, not by the first statement. */
  assert_int_equal(store_int(before, COUNT_META), 1);
  assert_int_equal(store_int(after, COUNT_META), 2);
  store_write(store, MRI_TX_APPEND, "k3", "v");
  assert_int_equal(store_int(before, COUNT_META), 1);
  assert_int_equal(store_int(after, COUNT_META), 2);
  store_commit(before);
  store_commit(after);
  assert_int_equal(store_read(store, COUNT_META), 3);
  store_end(store);
}

static void test_failed_statement_dooms_the_transaction(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  int64_t value = 0;
  mri_stmt *stmt = NULL;
  mri_store *store = store_open(f);
  mri_tx *tx = store_begin(store, MRI_TX_APPEND);
  store_put(tx, "k1", "v");
  assert_int_equal(
      mri_sql_run(tx, &error, "INSERT INTO meta (key, value) VALUES (?1, 'v')", "t", "k1"),
      MR_ALREADY_EXISTS);
  assert_int_equal(error.backend_code, 1555);
  mr_error second = MR_ERROR_INIT;
  assert_int_equal(mri_sql_int(tx, &second, 0, &value, "SELECT 1", ""), MR_ALREADY_EXISTS);
  assert_string_equal(second.message, error.message);
  assert_int_equal(mri_sql_query(tx, NULL, &stmt, "SELECT 1", ""), MR_ALREADY_EXISTS);
  mr_error third = MR_ERROR_INIT;
  assert_int_equal(mri_tx_end(tx, MR_OK, &third), MR_ALREADY_EXISTS);
  assert_string_equal(third.message, error.message);
  assert_int_equal(store_read(store, COUNT_META), 0);
  tx = store_begin(store, MRI_TX_READ);
  assert_int_equal(mri_sql_int(tx, &error, 0, &value, "SELECT x FROM nowhere", ""),
                   MR_NOT_SUPPORTED);
  assert_non_null(strstr(error.message, "nowhere"));
  assert_int_equal(mri_tx_end(tx, MR_OK, NULL), MR_NOT_SUPPORTED);
  store_end(store);
}

static void test_reader_cannot_write(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  mri_store *store = store_open(f);
  mri_tx *tx = store_begin(store, MRI_TX_READ);
  assert_int_equal(mri_sql_run(tx, &error, "DELETE FROM meta", ""), MR_READ_ONLY);
  assert_int_equal(mri_tx_end(tx, MR_OK, NULL), MR_READ_ONLY);
  assert_true(store_read(store, "SELECT count(*) FROM meta") > 0);
  store_end(store);
}

static void test_changes_are_counted(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  mri_store *store = store_open(f);
  mri_tx *tx = store_begin(store, MRI_TX_APPEND);
  store_put(tx, "k1", "v");
  store_put(tx, "k2", "v");
  assert_int_equal(mri_tx_changes(tx), 1);
  assert_ok(mri_sql_run(tx, &error, "UPDATE meta SET value = 'w' WHERE key LIKE 'k%'", ""), &error);
  assert_int_equal(mri_tx_changes(tx), 2);
  assert_ok(mri_sql_run(tx, &error, "SELECT key FROM meta", ""), &error);
  assert_int_equal(mri_tx_changes(tx), 0);
  assert_ok(mri_sql_run(tx, &error, "DELETE FROM meta WHERE key = 'none'", ""), &error);
  assert_int_equal(mri_tx_changes(tx), 0);
  store_commit(tx);
  store_end(store);
}

static void test_closed(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  mri_tx *tx = NULL;
  mri_store *store = store_open(f);
  size_t fds = unit_count_fds();
  (void)store_read(store, COUNT_META);
  mri_store_close(store);
  assert_true(unit_count_fds() < fds);
  mri_store_close(store);
  assert_int_equal(mri_tx_begin(store, MRI_TX_READ, NULL, &tx, &error), MR_CLOSED);
  assert_int_equal(mri_tx_begin(store, MRI_TX_GOVERN, NULL, &tx, NULL), MR_CLOSED);
  assert_string_equal(mri_store_facts_of(store)->driver, "sqlite");
  assert_string_equal(mri_store_facts_of(store)->location, f->path);
  mri_store_free(store);
  mri_store_close(NULL);
  mri_store_free(NULL);
}

typedef struct closer {
  mri_store *store;
  atomic_bool closed;
} closer;

static void *close_store(void *ctx) {
  closer *c = ctx;
  mri_store_close(c->store);
  atomic_store(&c->closed, true);
  return NULL;
}

static void test_close_waits_for_transactions(void **state) {
  store_fixture *f = *state;
  mri_tx *none = NULL;
  closer c = {.store = store_open(f)};
  atomic_init(&c.closed, false);
  pthread_t thread;
  mri_tx *tx = store_begin(c.store, MRI_TX_APPEND);
  assert_int_equal(pthread_create(&thread, NULL, close_store, &c), 0);
  /* Once others are turned away the closing thread waits for us. */
  for (mr_status status = MR_OK; status != MR_CLOSED;) {
    status = mri_tx_begin(c.store, MRI_TX_READ, NULL, &none, NULL);
    if (status == MR_OK) store_commit(none);
  }
  assert_false(atomic_load(&c.closed));
  store_put(tx, "k1", "v");
  assert_false(atomic_load(&c.closed));
  store_commit(tx);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_true(atomic_load(&c.closed));
  mri_store_free(c.store);
  assert_int_equal(raw_int(f->path, COUNT_META), 1);
}

static void test_cancelled_before_anything(void **state) {
  store_fixture *f = *state;
  mr_cancel *cancel = NULL;
  mr_error error = MR_ERROR_INIT;
  mri_tx *tx = NULL;
  mri_store *store = store_open(f);
  assert_int_equal(mr_cancel_new(&cancel, NULL), MR_OK);
  assert_ok(mri_tx_begin(store, MRI_TX_APPEND, cancel, &tx, &error), &error);
  store_put(tx, "k1", "v");
  store_commit(tx);
  mr_cancel_trigger(cancel);
  assert_int_equal(mri_tx_begin(store, MRI_TX_READ, cancel, &tx, NULL), MR_CANCELLED);
  assert_int_equal(mri_tx_begin(store, MRI_TX_GOVERN, cancel, &tx, NULL), MR_CANCELLED);
  mr_cancel_free(cancel);
  store_end(store);
}

static void test_cancel_ends_a_long_statement(void **state) {
  store_fixture *f = *state;
  mr_cancel *cancel = NULL;
  mr_error error = MR_ERROR_INIT;
  mri_tx *tx = NULL;
  int64_t value = 0;
  mri_store *store = store_open(f);
  assert_int_equal(mr_cancel_new(&cancel, NULL), MR_OK);
  assert_ok(mri_tx_begin(store, MRI_TX_APPEND, cancel, &tx, &error), &error);
  store_put(tx, "k1", "v");
  mr_cancel_trigger(cancel);
  /* Would run for minutes. */
  assert_int_equal(mri_sql_int(tx, &error, 0, &value,
                               "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                               "LIMIT 1000000000) SELECT count(*) FROM n",
                               ""),
                   MR_CANCELLED);
  assert_int_equal(mri_tx_end(tx, MR_OK, NULL), MR_CANCELLED);
  mr_cancel_free(cancel);
  assert_int_equal(store_read(store, COUNT_META), 0);
  store_end(store);
}

static void test_memory_store(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  mri_store *store = NULL;
  f->options.create = false;
  assert_ok(mri_store_open("memory:", &f->options, &store, &error), &error);
  const mri_store_facts *facts = mri_store_facts_of(store);
  assert_null(facts->location);
  assert_false(facts->read_only);
  assert_int_equal(facts->warning_count, 0);
  store_write(store, MRI_TX_GOVERN, "k1", "v");
  assert_int_equal(store_read(store, COUNT_META), 1);
  assert_int_equal(store_read(store, SEQUENCE), 1);
  store_end(store);
  assert_ok(mri_store_open("memory:", &f->options, &store, &error), &error);
  assert_int_equal(store_read(store, COUNT_META), 0);
  store_end(store);
}

/* Threads on one store: every write is there once, readers see whole transactions. */
enum { THREADS = 6, ROUNDS = 40 };

typedef struct worker {
  mri_store *store;
  int number;
  bool torn;
} worker;

static void *work(void *ctx) {
  worker *w = ctx;
  char key[32];
  for (int i = 0; i < ROUNDS; i++) {
    (void)snprintf(key, sizeof key, "k%d.%d", w->number, i);
    mri_tx *tx = store_begin(w->store, i % 4 == 0 ? MRI_TX_GOVERN : MRI_TX_APPEND);
    store_put(tx, key, "a");
    key[0] = 'l';
    store_put(tx, key, "b");
    store_commit(tx);
    tx = store_begin(w->store, MRI_TX_READ);
    int64_t k = store_int(tx, COUNT_META);
    if (k != store_int(tx, "SELECT count(*) FROM meta WHERE key LIKE 'l%'")) w->torn = true;
    store_commit(tx);
  }
  return NULL;
}

static void run_threads(mri_store *store) {
  pthread_t threads[THREADS];
  worker workers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (worker){.store = store, .number = i};
    assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_false(workers[i].torn);
  }
  assert_int_equal(store_read(store, COUNT_META), THREADS * ROUNDS);
  assert_int_equal(store_read(store, SEQUENCE), THREADS * ROUNDS / 4);
}

static void test_threads(void **state) {
  store_fixture *f = *state;
  mri_store *store = store_open(f);
  run_threads(store);
  store_end(store);
  assert_sound(f->path);
}

static void test_threads_on_one_connection(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  mri_store *store = NULL;
  assert_ok(mri_store_open("memory:", &f->options, &store, &error), &error);
  run_threads(store);
  store_end(store);
  f->options.exclusive = true;
  store = store_open(f);
  run_threads(store);
  store_end(store);
  assert_sound(f->path);
}

static bool attempt(void *ctx) {
  store_fixture *f = ctx;
  mr_error error = MR_ERROR_INIT;
  mri_store *store = NULL;
  mri_tx *tx = NULL;
  int64_t value = 0;
  mr_status status = mri_store_open(f->path, &f->options, &store, &error);
  if (status == MR_OK) status = mri_tx_begin(store, MRI_TX_GOVERN, NULL, &tx, &error);
  if (status == MR_OK) {
    status = mri_sql_run(tx, &error, "UPDATE meta SET value = ?1 WHERE key = 'k1'", "t", "w");
    status = mri_tx_end(tx, status, &error);
  }
  if (status == MR_OK) status = mri_tx_begin(store, MRI_TX_READ, NULL, &tx, &error);
  if (status == MR_OK) {
    status = mri_sql_int(tx, &error, 0, &value, COUNT_META, "");
    status = mri_tx_end(tx, status, &error);
  }
  if (store != NULL) store_end(store);
  if (status != MR_OK) {
    assert_int_equal(status, MR_NO_MEMORY);
    assert_int_equal(error.status, MR_NO_MEMORY);
  }
  return status == MR_OK;
}

static void test_every_allocation_failing(void **state) {
  store_fixture *f = *state;
  mri_store *store = store_open(f);
  store_write(store, MRI_TX_APPEND, "k1", "v");
  store_end(store);
  assert_true(unit_fail_allocations(attempt, f) > 10);
  assert_sound(f->path);
}

static bool attempt_to_create(void *ctx) {
  store_fixture *f = ctx;
  bool worked = attempt(f);
  unit_empty(f->dir.fd);
  return worked;
}

static void test_every_allocation_failing_while_made(void **state) {
  assert_true(unit_fail_allocations(attempt_to_create, *state) > 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      store_test(test_commit_keeps_and_rollback_forgets),
      store_test(test_governing_moves_the_sequence),
      store_test(test_missing_governance_row),
      store_test(test_reader_keeps_its_snapshot),
      store_test(test_failed_statement_dooms_the_transaction),
      store_test(test_reader_cannot_write),
      store_test(test_changes_are_counted),
      store_test(test_closed),
      store_test(test_close_waits_for_transactions),
      store_test(test_cancelled_before_anything),
      store_test(test_cancel_ends_a_long_statement),
      store_test(test_memory_store),
      store_test(test_threads),
      store_test(test_threads_on_one_connection),
      store_test(test_every_allocation_failing),
      store_test(test_every_allocation_failing_while_made),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
