/* SPDX-License-Identifier: Apache-2.0 */
/* A process that ends before each call that changes a file, and in the middle of each write, its
 * own and SQLite's: what it was about is then done or not, wholly, and can be done again. */
#include "crash_log.h"
#include "crash_work.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STOPPED = 9, SEED = 13000, MOST_CALLS = 5000 };

static const crash_watcher no_syncs = {NULL, NULL, NULL, true};

/* The folder that everything starts from, and what it is about. */
typedef struct stage {
  const char *scratch;
  char folder[80];
  char db[96];
  char run_id[40];  /* of a candidate that will be accepted */
  char open_id[40]; /* of a run that is not finished */
  crash_log log;
  crash_replay *replay;
} stage;

typedef struct hands {
  const stage *stage;
  mr_registry *registry;
  mr_experiment *experiment;
  mr_model *model;
  mr_run *run;
  mr_manifest *manifest;
} hands;

typedef struct deed {
  const char *name;
  mr_status (*call)(hands *h);
  mr_status again; /* the answer when it has been done already */
} deed;

/* --- what is done ------------------------------------------------------------------------- */

static mr_status promote(hands *h) {
  mr_request *request = NULL;
  mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
  options.artifact_path = "model";
  mr_status status = mr_model_promote(h->model, h->stage->run_id, &options, &request, &api_error);
  if (status == MR_OK) CHILD(mr_request_info(request)->state == MR_REQUEST_STATE_ACCEPTED);
  mr_request_free(request);
  return status;
}

static mr_status move(hands *h) {
  mr_request *request = NULL;
  mr_move_options options = MR_MOVE_OPTIONS_INIT;
  options.channel = "production";
  options.version = "1.1.0";
  options.expected = "1.0.0";
  mr_status status = mr_model_move_channel(h->model, &options, &request, &api_error);
  if (status == MR_OK) CHILD(mr_request_info(request)->state == MR_REQUEST_STATE_ACCEPTED);
  mr_request_free(request);
  return status;
}

static mr_status snapshot(hands *h) {
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  options.freeze = 1;
  return mr_experiment_log_dataset(h->experiment, "d", h->manifest, &options, NULL, &api_error);
}

static mr_status store(hands *h) {
  return mr_run_log_artifact(h->run, h->stage->scratch, "files", NULL, &api_error);
}

static mr_status flush(hands *h) {
  mr_status status = mr_run_log_metric(h->run, "loss", 1, 1, &api_error);
  return status == MR_OK ? mr_run_flush(h->run, &api_error) : status;
}

static mr_status finish(hands *h) {
  return mr_run_finish(h->run, MR_RUN_STATUS_FINISHED, &api_error);
}

static const deed deeds[] = {
    {"promote", promote, MR_ALREADY_EXISTS},
    {"move", move, MR_CONFLICT},
    {"snapshot", snapshot, MR_OK},
    {"store", store, MR_OK},
    {"flush", flush, MR_OK},
    {"finish", finish, MR_OK},
};

/* --- the stage ---------------------------------------------------------------------------- */

static void take(hands *h, const stage *s, uint64_t seed) {
  *h = (hands){.stage = s};
  api_seed(seed);
  h->registry = api_open(s->db, 0);
  OK(mr_registry_open_experiment(h->registry, "digits", &h->experiment, &api_error));
  OK(mr_registry_open_run(h->registry, s->open_id, &h->run, &api_error));
  h->model = api_make_model(h->registry);
  OK(mr_manifest_new(&h->manifest, &api_error));
  OK(mr_manifest_add_folder(h->manifest, s->scratch, NULL, &api_error));
}

static void let_go(hands *h) {
  mr_manifest_free(h->manifest);
  mr_run_free(h->run);
  mr_model_free(h->model);
  mr_experiment_free(h->experiment);
  mr_registry_close(h->registry);
}

static void record(stage *s, const api_place *place) {
  char number[40];
  (void)snprintf(s->folder, sizeof s->folder, "%s/stage", place->folder);
  (void)snprintf(s->db, sizeof s->db, "%s/R.db", s->folder);
  s->scratch = api_path(place->folder, "data");
  assert_int_equal(mkdir(s->folder, 0755), 0);
  assert_int_equal(mkdir(s->scratch, 0755), 0);
  api_write_file(api_path(s->scratch, "a.csv"), "1,2\n", 4);
  api_write_file(api_path(s->scratch, "b.csv"), "3,4\n", 4);
  uint8_t *large = crash_content("large", "c.bin", (1 << 20) + 99);
  api_write_file(api_path(s->scratch, "c.bin"), large, (1 << 20) + 99);
  free(large);
  crash_log_start(&s->log, s->folder);
  mr_registry *registry = api_open(s->db, MR_OPEN_CREATE);
  governed_prepare(registry);
  for (int i = 0; i < 2; i++) governed_version(registry, number);
  mr_model *model = api_make_model(registry);
  mr_request_free(api_move(model, "production", "1.0.0", "none"));
  mr_model_free(model);
  governed_candidate(registry, true, s->run_id);
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  OK(mr_registry_open_experiment(registry, "digits", &experiment, &api_error));
  OK(mr_experiment_start_run(experiment, NULL, &run, &api_error));
  (void)snprintf(s->open_id, sizeof s->open_id, "%s", mr_run_info(run)->id);
  mr_run_free(run);
  mr_experiment_free(experiment);
  mr_registry_close(registry);
  crash_log_stop();
  s->replay = crash_replay_new(&s->log);
}

static void reset(const stage *s) {
  crash_cut cut = {.at = s->log.count, .bytes = CRASH_WRITTEN, .names = CRASH_WRITTEN};
  api_remove_tree(s->folder);
  crash_replay_image(s->replay, &cut, s->folder);
}

/* --- stopping ----------------------------------------------------------------------------- */

typedef struct stop {
  const stage *stage;
  const deed *deed;
  bool halves; /* in the middle of the nth write, else before the nth call */
  int64_t left;
} stop;

static void stop_here(void *ctx, const crash_call *call) {
  stop *p = ctx;
  if (p->halves && (call->kind != CRASH_WRITE || call->size < 2)) return;
  if (--p->left > 0) return;
  if (p->halves) crash_half(call);
  _exit(STOPPED);
}

static void do_and_stop(void *ctx) {
  stop *p = ctx;
  hands h;
  const crash_watcher watcher = {p, stop_here, NULL, true};
  crash_watch(&no_syncs);
  take(&h, p->stage, SEED);
  crash_watch(&watcher);
  OK(p->deed->call(&h));
  crash_watch(&no_syncs);
  let_go(&h);
}

/* Either the one or the other, and done in the end. */
static void check_stopped(const stop *p, int64_t n, const char *before, const char *after) {
  hands h;
  mr_registry_close(api_open(p->stage->db, 0));
  char *now = governed_dump_at(p->stage->db);
  bool done = strcmp(now, after) == 0;
  if (!done && strcmp(now, before) != 0) {
    fail_msg("%s: half done when stopped %s %lld", p->deed->name,
             p->halves ? "in write" : "before call", (long long)n);
  }
  free(now);
  crash_check_whole(p->stage->db);
  take(&h, p->stage, SEED + 1);
  REFUSED(done ? p->deed->again : MR_OK, NULL, p->deed->call(&h));
  let_go(&h);
  if (n % 4 == 0) crash_check_whole(p->stage->db);
}

/* The rows after as much of it as is asked for, each time the same ones. */
static char *rows_after(const stage *s, const deed *d) {
  hands h;
  reset(s);
  take(&h, s, SEED);
  if (d != NULL) OK(d->call(&h));
  char *text = governed_dump_at(s->db);
  let_go(&h);
  return text;
}

/* Stops it everywhere; how often. */
static int64_t stop_all(const stage *s, const deed *d, bool halves, const char *before,
                        const char *after) {
  for (int64_t n = 1; n < MOST_CALLS; n++) {
    stop p = {s, d, halves, n};
    int status = 0;
    reset(s);
    pid_t pid = api_fork(do_and_stop, &p);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 0) return n - 1;
    assert_int_equal(WEXITSTATUS(status), STOPPED);
    check_stopped(&p, n, before, after);
  }
  fail_msg("%s never ends", d->name);
  return 0;
}

static void test_stopped_at_every_call(void **state) {
  stage s = {0};
  record(&s, *state);
  crash_watch(&no_syncs);
  for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++) {
    char *before = rows_after(&s, NULL);
    char *after = rows_after(&s, &deeds[i]);
    assert_string_not_equal(before, after);
    int64_t calls = stop_all(&s, &deeds[i], false, before, after);
    int64_t writes = stop_all(&s, &deeds[i], true, before, after);
    print_message("%s: stopped before %lld calls and in %lld writes\n", deeds[i].name,
                  (long long)calls, (long long)writes);
    assert_true(writes > 0 && calls > writes);
    free(before);
    free(after);
  }
  crash_watch(NULL);
  crash_replay_free(s.replay);
  crash_log_free(&s.log);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_stopped_at_every_call),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
