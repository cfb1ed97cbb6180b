/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for another process that writes: how long, and being called off. */
#include "api_race.h"

#include <pthread.h>
#include <sqlite3.h>
#include <time.h>
#include <unistd.h>

typedef struct blocker {
  char path[96];
  int ready[2];
  int go[2];
} blocker;

/* Holds the write lock, as a careless writer would, until the parent is done. */
static void hold_lock(void *ctx) {
  blocker *b = ctx;
  char c;
  sqlite3 *handle = NULL;
  CHILD(close(b->go[1]) == 0);
  CHILD(sqlite3_open(b->path, &handle) == SQLITE_OK);
  CHILD(sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
  CHILD(write(b->ready[1], "!", 1) == 1);
  CHILD(read(b->go[0], &c, 1) == 0);
  CHILD(sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK);
  CHILD(sqlite3_close(handle) == SQLITE_OK);
}

static pid_t start_blocker(blocker *b, const api_place *place) {
  char c;
  (void)snprintf(b->path, sizeof b->path, "%s", place->db);
  assert_int_equal(pipe(b->ready), 0);
  assert_int_equal(pipe(b->go), 0);
  pid_t pid = api_fork(hold_lock, b);
  assert_int_equal(read(b->ready[0], &c, 1), 1);
  return pid;
}

static void end_blocker(blocker *b, pid_t pid) {
  assert_int_equal(close(b->go[1]), 0);
  api_wait(pid);
  assert_int_equal(close(b->go[0]), 0);
  assert_int_equal(close(b->ready[0]), 0);
  assert_int_equal(close(b->ready[1]), 0);
}

static int64_t now_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static mr_registry *open_with_timeout(const api_place *place, int64_t timeout_ms) {
  mr_registry *registry = NULL;
  mr_open_options options = api_open_options(0);
  options.busy_timeout_ms = timeout_ms;
  OK(mr_registry_open(place->db, &options, &registry, &api_error));
  return registry;
}

enum { TIMEOUT_MS = 300 };

/* BUSY, not before the timeout and not for ever after it. */
static void assert_busy(mr_status status, int64_t since_ms) {
  int64_t waited = now_ms() - since_ms;
  REFUSED(MR_BUSY, "in use", status);
  assert_true(waited >= TIMEOUT_MS * 9 / 10);
  assert_true(waited < 100 * TIMEOUT_MS);
}

static void test_busy(void **state) {
  const api_place *place = *state;
  blocker b;
  api_race_make_model((void *)(uintptr_t)place);
  mr_registry *other = api_open(place->db, 0);
  mr_model *model = api_make_model(other);
  mr_run *run = api_make_run(other, 0.95);
  mr_version_free(api_make_version(model, run));
  mr_run *next = api_make_run(other, 0.95);
  char id[40];
  (void)snprintf(id, sizeof id, "%s", mr_run_info(next)->id);
  mr_run_free(run);
  mr_run_free(next);
  mr_model_free(model);
  mr_registry_close(other);
  pid_t pid = start_blocker(&b, place);
  /* Opening and reading need no writer's leave. */
  mr_registry *registry = open_with_timeout(place, TIMEOUT_MS);
  mr_version *version = NULL;
  mr_request *request = NULL;
  mr_property_page *page = NULL;
  OK(mr_registry_resolve(registry, "digits", NULL, &version, &api_error));
  OK(mr_version_verify(version, NULL, NULL, NULL, &api_error));
  OK(mr_registry_open_run(registry, id, &run, &api_error));
  OK(mr_registry_open_model(registry, "digits", &model, &api_error));
  int64_t since = now_ms();
  assert_busy(mr_run_log_param(run, "late", "1", &api_error), since);
  since = now_ms();
  assert_busy(mr_model_promote(model, id, NULL, &request, &api_error), since);
  assert_null(request);
  since = now_ms();
  assert_busy(mr_model_create_channel(model, "production", &api_error), since);
  /* Points wait in memory. */
  for (int i = 0; i < 10; i++) OK(mr_run_log_metric(run, "late", i, i, &api_error));
  since = now_ms();
  assert_busy(mr_run_flush(run, &api_error), since);
  end_blocker(&b, pid);
  OK(mr_run_list_params(run, NULL, &page, &api_error));
  assert_int_equal(mr_property_page_count(page), 1); /* nothing was done behind our back */
  assert_int_equal(api_count_versions(model), 1);
  mr_property_page_free(page);
  mr_history *history = NULL;
  OK(mr_run_flush(run, &api_error));
  OK(mr_run_history(run, "late", NULL, &history, &api_error));
  assert_int_equal(mr_history_count(history), 10);
  mr_history_free(history);
  OK(mr_run_log_param(run, "late", "1", &api_error));
  OK(mr_model_promote(model, id, NULL, &request, &api_error));
  mr_request_free(request);
  OK(mr_model_create_channel(model, "production", &api_error));
  mr_version_free(version);
  mr_model_free(model);
  mr_run_free(run);
  mr_registry_close(registry);
}

typedef struct waiting_call {
  mr_registry *registry;
  mr_model *model;
  const char *run_id;
  mr_manifest *manifest;
  mr_cancel *cancel;
  int kind;
  mr_status status;
  mr_error error;
  atomic_bool started;
} waiting_call;

static void *call_and_wait(void *ctx) {
  waiting_call *w = ctx;
  mr_request *request = NULL;
  mr_experiment *experiment = NULL;
  mr_promote_options promote = MR_PROMOTE_OPTIONS_INIT;
  mr_move_options move = MR_MOVE_OPTIONS_INIT;
  mr_dataset_options dataset = MR_DATASET_OPTIONS_INIT;
  promote.cancel = move.cancel = dataset.cancel = w->cancel;
  move.channel = "production";
  move.version = "1.0.0";
  move.expected = "none";
  w->error = (mr_error)MR_ERROR_INIT;
  (void)mr_registry_open_experiment(w->registry, "digits", &experiment, NULL);
  atomic_store(&w->started, true);
  if (w->kind == 0) {
    w->status = mr_model_promote(w->model, w->run_id, &promote, &request, &w->error);
  } else if (w->kind == 1) {
    w->status = mr_model_move_channel(w->model, &move, &request, &w->error);
  } else {
    w->status = mr_experiment_log_dataset(experiment, "d", w->manifest, &dataset, NULL, &w->error);
  }
  mr_request_free(request);
  mr_experiment_free(experiment);
  return NULL;
}

/* Whoever waits for others can be called off, long before the timeout. */
static void test_cancel(void **state) {
  const api_place *place = *state;
  blocker b;
  waiting_call w;
  memset(&w, 0, sizeof w);
  api_race_make_model((void *)(uintptr_t)place);
  mr_registry *other = api_open(place->db, 0);
  mr_model *model = api_make_model(other);
  mr_run *run = api_make_run(other, 0.95);
  mr_version_free(api_make_version(model, run));
  OK(mr_model_create_channel(model, "production", &api_error));
  mr_run *next = api_make_run(other, 0.95);
  mr_run_free(run);
  mr_model_free(model);
  char id[40];
  (void)snprintf(id, sizeof id, "%s", mr_run_info(next)->id);
  mr_run_free(next);
  mr_registry_close(other);
  pid_t pid = start_blocker(&b, place);
  w.registry = open_with_timeout(place, 80000000);
  w.run_id = id;
  OK(mr_registry_open_model(w.registry, "digits", &w.model, &api_error));
  OK(mr_manifest_new(&w.manifest, &api_error));
  for (w.kind = 0; w.kind < 3; w.kind++) {
    for (int early = 0; early <= 1; early++) {
      pthread_t thread;
      OK(mr_cancel_new(&w.cancel, &api_error));
      atomic_store(&w.started, false);
      if (early) mr_cancel_trigger(w.cancel);
      assert_int_equal(pthread_create(&thread, NULL, call_and_wait, &w), 0);
      while (!atomic_load(&w.started)) {
        struct timespec pause = {0, 1000000};
        (void)nanosleep(&pause, NULL);
      }
      mr_cancel_trigger(w.cancel);
      assert_int_equal(pthread_join(thread, NULL), 0);
      if (w.status != MR_CANCELLED) fail_msg("call %d: %s", w.kind, w.error.message);
      assert_int_equal(w.error.status, MR_CANCELLED);
      assert_true(api_is_good_message(w.error.message));
      mr_cancel_free(w.cancel);
    }
  }
  end_blocker(&b, pid);
  mr_channel_page *page = NULL;
  mr_dataset_page *datasets = NULL;
  assert_int_equal(api_count_versions(w.model), 1);
  OK(mr_model_list_channels(w.model, NULL, &page, &api_error));
  assert_int_equal(mr_channel_page_at(page, 0)->sequence, 0);
  OK(mr_registry_list_datasets(w.registry, NULL, &datasets, &api_error));
  assert_int_equal(mr_dataset_page_count(datasets), 0);
  mr_dataset_page_free(datasets);
  mr_channel_page_free(page);
  mr_manifest_free(w.manifest);
  mr_model_free(w.model);
  mr_registry_close(w.registry);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_busy),
      api_test(test_cancel),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
