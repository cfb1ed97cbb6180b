/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: how many, for whom, in which order. */
#include "store_test.h"

#include "store/store_private.h"

#include <pthread.h>

static void test_one_connection_until_more_are_needed(void **state) {
  store_fixture *f = *state;
  mri_store *store = store_open(f);
  /* A new registry opens its log with the first read. */
  (void)store_read(store, "SELECT count(*) FROM meta");
  size_t fds = unit_count_fds();
  for (int i = 0; i < 5; i++) (void)store_read(store, "SELECT count(*) FROM meta");
  assert_int_equal(unit_count_fds(), fds);
  store_write(store, MRI_TX_GOVERN, "k", "v");
  assert_int_equal(unit_count_fds(), fds);
  mri_tx *a = store_begin(store, MRI_TX_READ);
  size_t two = unit_count_fds();
  assert_true(two > fds);
  mri_tx *b = store_begin(store, MRI_TX_READ);
  assert_true(unit_count_fds() > two);
  store_commit(a);
  store_commit(b);
  size_t three = unit_count_fds();
  a = store_begin(store, MRI_TX_READ);
  b = store_begin(store, MRI_TX_READ);
  assert_int_equal(unit_count_fds(), three);
  store_commit(a);
  store_commit(b);
  store_end(store);
}

static void test_readers_are_bounded(void **state) {
  store_fixture *f = *state;
  mr_error error = MR_ERROR_INIT;
  mri_tx *readers[MRI_POOL_READERS];
  mri_tx *tx = NULL;
  f->options.busy_timeout_ms = 20;
  mri_store *store = store_open(f);
  for (int i = 0; i < MRI_POOL_READERS; i++) readers[i] = store_begin(store, MRI_TX_READ);
  assert_int_equal(mri_tx_begin(store, MRI_TX_READ, NULL, &tx, &error), MR_BUSY);
  assert_non_null(strstr(error.message, "busy_timeout_ms"));
  /* Writing does not need a reader's place. */
  store_write(store, MRI_TX_APPEND, "k", "v");
  store_commit(readers[0]);
  readers[0] = store_begin(store, MRI_TX_READ);
  for (int i = 0; i < MRI_POOL_READERS; i++) store_commit(readers[i]);
  store_end(store);
}

typedef struct sleeper {
  mri_store *store;
  mri_tx_kind kind;
  const mr_cancel *cancel;
  mr_status status;
  int order;
  atomic_int *turn;
} sleeper;

static void *sleep_in_line(void *ctx) {
  sleeper *s = ctx;
  mri_tx *tx = NULL;
  s->status = mri_tx_begin(s->store, s->kind, s->cancel, &tx, NULL);
  if (s->status != MR_OK) return NULL;
  s->order = atomic_fetch_add(s->turn, 1);
  s->status = mri_tx_end(tx, MR_OK, NULL);
  return NULL;
}

/* How many threads stand in the line: looked at from within, where sleeping would be a guess. */
static void await_line(mri_pool *pool, unsigned length) {
  for (;;) {
    (void)pthread_mutex_lock(&pool->lock);
    unsigned waiting = pool->waiting;
    (void)pthread_mutex_unlock(&pool->lock);
    if (waiting == length) return;
    mri_sleep_us(100);
  }
}

enum { LINE = 4 };

static void test_line_is_served_in_order(void **state) {
  store_fixture *f = *state;
  atomic_int turn;
  pthread_t threads[LINE];
  sleeper sleepers[LINE];
  atomic_init(&turn, 0);
  mri_store *store = store_open(f);
  mri_tx *tx = store_begin(store, MRI_TX_APPEND);
  mri_pool *pool = &store->pool;
  for (unsigned i = 0; i < LINE; i++) {
    sleepers[i] = (sleeper){.store = store, .kind = MRI_TX_GOVERN, .turn = &turn};
    assert_int_equal(pthread_create(&threads[i], NULL, sleep_in_line, &sleepers[i]), 0);
    await_line(pool, i + 1);
  }
  store_commit(tx);
  for (int i = 0; i < LINE; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(sleepers[i].status, MR_OK);
    assert_int_equal(sleepers[i].order, i);
  }
  store_end(store);
}

static void test_cancel_leaves_the_line(void **state) {
  store_fixture *f = *state;
  atomic_int turn;
  pthread_t threads[3];
  sleeper sleepers[3];
  mr_cancel *cancel = NULL;
  atomic_init(&turn, 0);
  assert_int_equal(mr_cancel_new(&cancel, NULL), MR_OK);
  mri_store *store = store_open(f);
  mri_tx *tx = store_begin(store, MRI_TX_APPEND);
  mri_pool *pool = &store->pool;
  for (unsigned i = 0; i < 3; i++) {
    sleepers[i] = (sleeper){
        .store = store, .kind = MRI_TX_APPEND, .turn = &turn, .cancel = i == 1 ? cancel : NULL};
    assert_int_equal(pthread_create(&threads[i], NULL, sleep_in_line, &sleepers[i]), 0);
    await_line(pool, i + 1);
  }
  mr_cancel_trigger(cancel);
  assert_int_equal(pthread_join(threads[1], NULL), 0);
  assert_int_equal(sleepers[1].status, MR_CANCELLED);
  store_commit(tx);
  for (int i = 0; i < 3; i += 2) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(sleepers[i].status, MR_OK);
  }
  mr_cancel_free(cancel);
  store_end(store);
}

static void *close_it(void *ctx) {
  mri_store_close(ctx);
  return NULL;
}

static void test_close_empties_the_line(void **state) {
  store_fixture *f = *state;
  atomic_int turn;
  pthread_t threads[LINE];
  pthread_t closer;
  sleeper sleepers[LINE];
  atomic_init(&turn, 0);
  mri_store *store = store_open(f);
  mri_tx *tx = store_begin(store, MRI_TX_APPEND);
  mri_pool *pool = &store->pool;
  for (unsigned i = 0; i < LINE; i++) {
    sleepers[i] = (sleeper){.store = store, .kind = MRI_TX_APPEND, .turn = &turn};
    assert_int_equal(pthread_create(&threads[i], NULL, sleep_in_line, &sleepers[i]), 0);
  }
  await_line(pool, LINE);
  assert_int_equal(pthread_create(&closer, NULL, close_it, store), 0);
  for (int i = 0; i < LINE; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(sleepers[i].status, MR_CLOSED);
  }
  store_commit(tx);
  assert_int_equal(pthread_join(closer, NULL), 0);
  mri_store_free(store);
}

static bool attempt(void *ctx) {
  mri_store *store = ctx;
  mr_error error = MR_ERROR_INIT;
  mri_tx *a = NULL;
  mri_tx *b = NULL;
  mr_status status = mri_tx_begin(store, MRI_TX_APPEND, NULL, &a, &error);
  if (status == MR_OK) {
    status = mri_tx_begin(store, MRI_TX_READ, NULL, &b, &error);
    if (status == MR_OK) (void)mri_tx_end(b, MR_OK, NULL);
    (void)mri_tx_end(a, MR_OK, NULL);
  }
  if (status != MR_OK) assert_int_equal(status, MR_NO_MEMORY);
  return status == MR_OK;
}

/* A connection that cannot be made gives its place back. */
static void test_second_connection_without_memory(void **state) {
  store_fixture *f = *state;
  mri_store *store = store_open(f);
  for (int64_t n = 1; n < 4 * MRI_POOL_READERS; n++) {
    mri_mem_test_fail(n, false);
    bool worked = attempt(store);
    bool failed = mri_mem_test_failed();
    mri_mem_test_fail(0, false);
    assert_int_equal(worked, !failed);
    assert_true(attempt(store));
    if (worked) break;
    store_end(store);
    store = store_open(f);
  }
  store_end(store);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      store_test(test_one_connection_until_more_are_needed),
      store_test(test_readers_are_bounded),
      store_test(test_line_is_served_in_order),
      store_test(test_cancel_leaves_the_line),
      store_test(test_close_empties_the_line),
      store_test(test_second_connection_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
