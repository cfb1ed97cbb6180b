/* SPDX-License-Identifier: Apache-2.0 */
#include "store_test.h"

/* The exit code of a child that opens the registry anew and writes to it. */
static int write_in_child(store_fixture *f, mri_store *inherited, bool free_first) {
  int status = 0;
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    mr_error error = MR_ERROR_INIT;
    mri_store *store = NULL;
    mri_tx *tx = NULL;
    if (free_first) store_end(inherited);
    mr_status opened = mri_store_open(f->path, &f->options, &store, &error);
    if (opened == MR_FORKED) _exit(strstr(error.message, f->path) != NULL ? 2 : 3);
    if (opened != MR_OK) _exit(4);
    if (mri_tx_begin(store, MRI_TX_GOVERN, NULL, &tx, &error) != MR_OK) _exit(5);
    if (mri_tx_end(tx, MR_OK, &error) != MR_OK) _exit(6);
    store_end(store);
    if (!free_first) store_end(inherited);
    _exit(0);
  }
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static void test_idle_connections_are_let_go(void **state) {
  store_fixture *f = *state;
  mri_store *store = store_open(f);
  store_write(store, MRI_TX_GOVERN, "k", "v");
  assert_int_equal(store_read(store, "SELECT count(*) FROM meta WHERE key = 'k'"), 1);
  assert_int_equal(write_in_child(f, store, false), 0);
  assert_int_equal(write_in_child(f, store, true), 0);
  store_write(store, MRI_TX_GOVERN, "k", "w");
  store_end(store);
  assert_sound(f->path);
}

/* A child that opens nothing leaves all of it to a child of its own. */
static void test_a_child_passes_on_what_it_inherited(void **state) {
  store_fixture *f = *state;
  mri_store *store = store_open(f);
  store_write(store, MRI_TX_GOVERN, "k", "v");
  int status = 0;
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) _exit(write_in_child(f, store, false));
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  store_write(store, MRI_TX_GOVERN, "k", "w");
  store_end(store);
  assert_sound(f->path);
}

/* The child must see the locks of its parent, not take them for its own. */
static void test_parents_locks_hold(void **state) {
  store_fixture *f = *state;
  mri_store *store = store_open(f);
  store_write(store, MRI_TX_GOVERN, "k", "v");
  f->options.busy_timeout_ms = 50;
  int ready[2];
  int go[2];
  assert_true(pipe(ready) == 0 && pipe(go) == 0);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    mr_error error = MR_ERROR_INIT;
    mri_store *own = NULL;
    mri_tx *tx = NULL;
    if (mri_store_open(f->path, &f->options, &own, &error) != MR_OK) _exit(1);
    say(ready[1]);
    if (!hear(go[0])) _exit(2);
    if (mri_tx_begin(own, MRI_TX_APPEND, NULL, &tx, &error) != MR_BUSY) _exit(3);
    store_end(own);
    _exit(0);
  }
  int status = 0;
  assert_true(hear(ready[0]));
  mri_tx *tx = store_begin(store, MRI_TX_APPEND);
  say(go[1]);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  store_put(tx, "k", "w");
  store_commit(tx);
  store_end(store);
}

/* In the middle of a transaction nothing can be said about what the child inherits: SQLite's own
 * locks may be held for ever, whatever database it opens. */
static void test_busy_connections_are_refused(void **state) {
  store_fixture *f = *state;
  mri_store *store = store_open(f);
  mri_tx *tx = store_begin(store, MRI_TX_READ);
  assert_int_equal(write_in_child(f, store, false), 2);
  assert_int_equal(write_in_child(f, store, true), 2);
  store_fixture other = *f;
  (void)snprintf(other.path, sizeof other.path, "%s/other.db", f->dir.path);
  assert_int_equal(write_in_child(&other, store, false), 2);
  store_commit(tx);
  assert_int_equal(write_in_child(f, store, false), 0);
  store_end(store);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      store_test(test_idle_connections_are_let_go),
      store_test(test_a_child_passes_on_what_it_inherited),
      store_test(test_parents_locks_hold),
      store_test(test_busy_connections_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
