/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the registry layer share: a memory: registry, and transactions on its store. */
#ifndef REGISTRY_TEST_H
#define REGISTRY_TEST_H

#include "unit_test.h"

#include "registry/core.h"

#include <inttypes.h>

static inline void registry_ok(mr_status status, const mr_error *error, int line) {
  if (status != MR_OK) fail_msg("line %d: %s: %s", line, mr_status_name(status), error->message);
}

/* The call must work; `error` is a variable of the test. */
#define OK(call) registry_ok((call), &error, __LINE__)

static inline void registry_says(const mr_error *error, const char *word) {
  if (strstr(error->message, word) == NULL) {
    fail_msg("\"%s\" does not say \"%s\"", error->message, word);
  }
}

/* A clock that ticks a millisecond each time it is asked. */
static inline int64_t registry_clock(void *ctx) {
  int64_t *now = ctx;
  *now += 1000;
  return *now;
}

static inline mr_registry *registry_open(void) {
  static int64_t now = INT64_C(1767323045000000);
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = NULL;
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  options.flags = MR_OPEN_CREATE;
  options.actor = "unit";
  options.clock = registry_clock;
  options.clock_ctx = &now;
  OK(mr_registry_open("memory:", &options, &registry, &error));
  return registry;
}

static inline mr_run *registry_run(mr_registry *registry) {
  mr_error error = MR_ERROR_INIT;
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  OK(mr_registry_open_experiment(registry, "unit", &experiment, &error));
  OK(mr_experiment_start_run(experiment, NULL, &run, &error));
  mr_experiment_free(experiment);
  return run;
}

static inline void registry_put(mr_run *run, const char *path, const char *text) {
  mr_error error = MR_ERROR_INIT;
  OK(mr_run_log_artifact_bytes(run, path, (const uint8_t *)text, strlen(text), &error));
}

static inline mri_tx *registry_begin(mr_registry *registry, mri_tx_kind kind) {
  mr_error error = MR_ERROR_INIT;
  mri_tx *tx = NULL;
  OK(mri_tx_begin(registry->store, kind, NULL, &tx, &error));
  return tx;
}

static inline void registry_end(mri_tx *tx) {
  mr_error error = MR_ERROR_INIT;
  OK(mri_tx_end(tx, MR_OK, &error));
}

/* The row id of a run. */
static inline int64_t registry_run_id(mr_registry *registry, const mr_run *run) {
  mr_error error = MR_ERROR_INIT;
  mri_run_row row;
  mri_tx *tx = registry_begin(registry, MRI_TX_READ);
  OK(mri_run_find(tx, mr_run_info(run)->id, &row, &error));
  registry_end(tx);
  return row.id;
}

/* A number that a statement without parameters answers. */
static inline int64_t registry_number(mr_registry *registry, const char *sql) {
  mr_error error = MR_ERROR_INIT;
  int64_t number = -1;
  mri_tx *tx = registry_begin(registry, MRI_TX_READ);
  OK(mri_sql_int(tx, &error, -1, &number, sql, ""));
  registry_end(tx);
  return number;
}

/* Whether the statement, without parameters, could be run: for damaging rows. */
static inline void registry_execute(mr_registry *registry, const char *sql) {
  mr_error error = MR_ERROR_INIT;
  mri_tx *tx = registry_begin(registry, MRI_TX_APPEND);
  OK(mri_sql_run(tx, &error, sql, ""));
  assert_true(mri_tx_changes(tx) > 0);
  registry_end(tx);
}

#endif
