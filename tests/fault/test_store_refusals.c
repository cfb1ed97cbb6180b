/* SPDX-License-Identifier: Apache-2.0 */
/* The store with an SQLite of which every function refuses in turn, and from then on: a status, and
 * a registry that works when it serves again. */
#include "sqlite_refusal.h"
#include "store_test.h"

typedef struct outcome {
  mr_status status;
  bool acknowledged;
  char message[600];
} outcome;

/* Opens, writes, reads, closes; stops at the first that fails. */
static outcome attempt(store_fixture *f, mri_tx_kind kind, const char *value) {
  outcome o = {0};
  mr_error error = MR_ERROR_INIT;
  mri_store *store = NULL;
  mri_tx *tx = NULL;
  int64_t rows = 0;
  o.status = mri_store_open(f->path, &f->options, &store, &error);
  if (o.status == MR_OK) o.status = mri_tx_begin(store, kind, NULL, &tx, &error);
  if (o.status == MR_OK) {
    const mri_value row[] = {{.type = 't', .data = "k"}, {.type = 't', .data = value}};
    o.status = mri_sql_batch(tx, &error,
                             "INSERT INTO meta (key, value) VALUES (?1, ?2) "
                             "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                             2, 1, row);
    o.status = mri_tx_end(tx, o.status, &error);
    o.acknowledged = o.status == MR_OK;
  }
  if (o.status == MR_OK) o.status = mri_tx_begin(store, MRI_TX_READ, NULL, &tx, &error);
  if (o.status == MR_OK) {
    o.status =
        mri_sql_int(tx, &error, 0, &rows, "SELECT count(*) FROM meta WHERE value = ?1", "t", value);
    if (o.status == MR_OK) assert_int_equal(rows, 1);
    o.status = mri_tx_end(tx, o.status, &error);
  }
  if (store != NULL) store_end(store);
  if (o.status != MR_OK) {
    assert_int_equal(error.status, o.status);
    assert_true(error.message[0] != '\0');
    (void)snprintf(o.message, sizeof o.message, "%s", error.message);
  }
  return o;
}

static void check_after(store_fixture *f, const outcome *o, const char *value) {
  char sql[96];
  assert_int_equal(mri_mem_live(), 0);
  mri_store *store = store_open(f);
  (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM meta WHERE key = 'k' AND value = '%s'",
                 value);
  if (o->acknowledged) assert_int_equal(store_read(store, sql), 1);
  store_write(store, MRI_TX_GOVERN, "after", "v");
  store_end(store);
  assert_sound(f->path);
}

/* With a registry that is there or one to be made. */
static void refuse_all(store_fixture *f, mri_tx_kind kind, int code, mr_status expected,
                       bool make) {
  int failures = 0;
  int stride = store_scale() >= 1 ? 1 : 4;
  f->options.busy_timeout_ms = 5;
  /* Each code begins elsewhere: what one leaves out another does. */
  for (int64_t n = 1 + code % stride;; n += stride) {
    bool ended = true;
    for (int for_ever = 0; for_ever <= 1; for_ever++) {
      char value[32];
      (void)snprintf(value, sizeof value, "%d.%d.%d", code, (int)n, for_ever);
      if (make) unit_empty(f->dir.fd);
      sqlite_refusal_fail(n, for_ever == 1, code);
      outcome o = attempt(f, kind, value);
      if (sqlite_refusal_failed()) ended = false;
      sqlite_refusal_fail(0, false, 0);
      if (o.status != MR_OK) {
        failures++;
        if (o.status != expected) {
          fail_msg("refusal %d of %d%s: %s: %s", (int)n, code, for_ever ? " and on" : "",
                   mr_status_name(o.status), o.message);
        }
      }
      check_after(f, &o, value);
    }
    if (ended) break;
    assert_true(n < 2000);
  }
  assert_true(failures > 0);
}

static void refuse_codes(store_fixture *f, mri_tx_kind kind, bool make) {
  refuse_all(f, kind, SQLITE_NOMEM, MR_NO_MEMORY, make);
  refuse_all(f, kind, SQLITE_IOERR, MR_IO, make);
  refuse_all(f, kind, SQLITE_BUSY, MR_BUSY, make); /* tried again where others may be at work */
}

static void test_governing(void **state) {
  store_fixture *f = *state;
  store_end(store_open(f));
  refuse_codes(f, MRI_TX_GOVERN, false);
}

static void test_appending(void **state) {
  store_fixture *f = *state;
  store_end(store_open(f));
  refuse_codes(f, MRI_TX_APPEND_DURABLE, false);
}

static void test_making(void **state) {
  refuse_codes(*state, MRI_TX_GOVERN, true);
}

static void test_by_one_process_alone(void **state) {
  store_fixture *f = *state;
  f->options.exclusive = true;
  refuse_codes(f, MRI_TX_GOVERN, true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      store_test(test_governing),
      store_test(test_appending),
      store_test(test_making),
      store_test(test_by_one_process_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
