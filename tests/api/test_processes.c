/* SPDX-License-Identifier: Apache-2.0 */
/* Several processes at one registry: racing, waiting for each other, killed. */
#include "api_test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 8 };

/* Children that do the same at once: they start when the parent closes the gate. */
typedef struct race {
  const api_place *place;
  int number; /* of this child */
  int rounds; /* to run, or which one this is */
  int gate[2];
  int report[2]; /* children write, the parent reads */
  const char *versions[MOST];
  char path[96];
} race;

static void open_race(race *r, const api_place *place) {
  memset(r, 0, sizeof *r);
  r->place = place;
  assert_int_equal(pipe(r->gate), 0);
  assert_int_equal(pipe(r->report), 0);
}

/* In a child: waits until all of them are there. */
static void wait_for_start(race *r) {
  char c;
  CHILD(close(r->gate[1]) == 0);
  CHILD(read(r->gate[0], &c, 1) == 0);
}

/* Starts `count` children together; their exit codes. */
static void run_race(race *r, int count, void (*body)(void *ctx), int codes[MOST]) {
  pid_t pids[MOST];
  for (int i = 0; i < count; i++) {
    r->number = i;
    pids[i] = api_fork(body, r);
  }
  assert_int_equal(close(r->gate[0]), 0);
  assert_int_equal(close(r->gate[1]), 0);
  assert_int_equal(close(r->report[1]), 0);
  for (int i = 0; i < count; i++) {
    int status = 0;
    assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
    assert_true(WIFEXITED(status));
    codes[i] = WEXITSTATUS(status);
  }
}

static void close_race(race *r) {
  assert_int_equal(close(r->report[0]), 0);
}

static void make_model(void *ctx) {
  const api_place *place = ctx;
  mr_registry *registry = api_open(place->db, MR_OPEN_CREATE);
  mr_model_free(api_make_model(registry));
  api_make_gate(registry);
  mr_registry_close(registry);
}

/* --- promoting at once -------------------------------------------------------------------- */

static void promote_all(void *ctx) {
  race *r = ctx;
  mr_run *runs[64];
  api_seed((uint64_t)r->number + 10);
  mr_registry *registry = api_open(r->place->db, 0);
  mr_model *model = api_make_model(registry);
  CHILD(r->rounds <= 64);
  for (int i = 0; i < r->rounds; i++) runs[i] = api_make_run(registry, 0.95);
  wait_for_start(r);
  for (int i = 0; i < r->rounds; i++) {
    mr_version *version = api_make_version(model, runs[i]);
    CHILD(strcmp(mr_version_info(version)->run_id, mr_run_info(runs[i])->id) == 0);
    mr_version_free(version);
    mr_run_free(runs[i]);
  }
  mr_model_free(model);
  mr_registry_close(registry);
}

/* The versions are 1.0.0, 1.1.0 ... without a gap, each of a run of its own. */
static void check_numbers(const api_place *place, int64_t count) {
  mr_version_page *page = NULL;
  mr_registry *registry = api_open(place->db, 0);
  mr_model *model = api_make_model(registry);
  OK(mr_model_list_versions(model, NULL, &page, &api_error));
  assert_int_equal(mr_version_page_count(page), count);
  for (int64_t i = 0; i < count; i++) {
    char expected[64];
    const mr_version_record *record = mr_version_page_at(page, count - 1 - i);
    (void)snprintf(expected, sizeof expected, "1.%lld.0+%s", (long long)i,
                   record->run_id + strlen(record->run_id) - 12);
    assert_string_equal(record->number, expected);
    for (int64_t k = 0; k < i; k++) {
      assert_string_not_equal(record->run_id, mr_version_page_at(page, count - 1 - k)->run_id);
    }
  }
  mr_version_page_free(page);
  mr_model_free(model);
  mr_registry_close(registry);
}

static void promote_with(const api_place *place, int count, int rounds) {
  race r;
  int codes[MOST];
  api_wait(api_fork(make_model, (void *)(uintptr_t)place));
  open_race(&r, place);
  r.rounds = rounds;
  run_race(&r, count, promote_all, codes);
  for (int i = 0; i < count; i++) assert_int_equal(codes[i], 0);
  close_race(&r);
  check_numbers(place, (int64_t)count * rounds);
}

static void test_two_promote(void **state) {
  promote_with(*state, 2, api_scaled(50) + 5);
}

static void test_eight_promote(void **state) {
  promote_with(*state, 8, api_scaled(15) + 2);
}

/* --- moving a channel at once ------------------------------------------------------------- */

enum { ACCEPTED = 0, TOO_LATE = 10 };

static void move_once(void *ctx) {
  race *r = ctx;
  mr_request *request = NULL;
  mr_move_options move = MR_MOVE_OPTIONS_INIT;
  api_seed((uint64_t)(20 + r->number + 10 * r->rounds));
  mr_registry *registry = api_open(r->place->db, 0);
  mr_model *model = api_make_model(registry);
  move.channel = "production";
  move.version = r->versions[r->number + 1];
  move.expected = r->versions[0];
  wait_for_start(r);
  mr_status status = mr_model_move_channel(model, &move, &request, &api_error);
  CHILD(status == MR_OK || status == MR_CONFLICT);
  if (status == MR_CONFLICT) REFUSED(MR_CONFLICT, "production", status);
  if (status == MR_OK) CHILD(mr_request_info(request)->state == MR_REQUEST_STATE_ACCEPTED);
  mr_request_free(request);
  mr_model_free(model);
  mr_registry_close(registry);
  _exit(status == MR_OK ? ACCEPTED : TOO_LATE);
}

static void make_channel(void *ctx) {
  race *r = ctx;
  make_model((void *)(uintptr_t)r->place);
  mr_registry *registry = api_open(r->place->db, 0);
  mr_model *model = api_make_model(registry);
  for (int i = 0; i <= MOST; i++) {
    mr_run *run = api_make_run(registry, 0.95);
    mr_version_free(api_make_version(model, run));
    mr_run_free(run);
  }
  OK(mr_model_create_channel(model, "production", &api_error));
  mr_request_free(api_move(model, "production", "1.0.0", "none"));
  mr_model_free(model);
  mr_registry_close(registry);
}

static void test_channel_race(void **state) {
  static const char *const numbers[] = {"1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0",
                                        "1.5.0", "1.6.0", "1.7.0", "1.8.0"};
  const api_place *place = *state;
  int rounds = api_scaled(40) + 2;
  int held = 0;
  race setup;
  memset(&setup, 0, sizeof setup);
  setup.place = place;
  api_wait(api_fork(make_channel, &setup));
  for (int round = 0; round < rounds; round++) {
    race r;
    int codes[MOST];
    int winner = -1;
    int count = round % 2 == 0 ? 2 : 7;
    open_race(&r, place);
    r.rounds = round;
    r.versions[0] = numbers[held];
    for (int i = 1; i <= count; i++) r.versions[i] = numbers[(held + i) % 9];
    run_race(&r, count, move_once, codes);
    close_race(&r);
    for (int i = 0; i < count; i++) {
      if (codes[i] == TOO_LATE) continue;
      assert_int_equal(codes[i], ACCEPTED);
      assert_int_equal(winner, -1);
      winner = i;
    }
    assert_true(winner >= 0);
    held = (held + winner + 1) % 9;
    mr_channel_page *page = NULL;
    mr_registry *registry = api_open(place->db, 0);
    mr_model *model = api_make_model(registry);
    OK(mr_model_list_channels(model, NULL, &page, &api_error));
    assert_memory_equal(mr_channel_page_at(page, 0)->version, numbers[held], 5);
    assert_int_equal(mr_channel_page_at(page, 0)->sequence, round + 2);
    mr_channel_page_free(page);
    mr_model_free(model);
    mr_registry_close(registry);
  }
}

/* --- making one registry at once ---------------------------------------------------------- */

static void create_once(void *ctx) {
  race *r = ctx;
  char id[40] = "";
  api_seed((uint64_t)r->number + 30);
  wait_for_start(r);
  mr_registry *registry = api_open(r->path, MR_OPEN_CREATE);
  (void)snprintf(id, sizeof id, "%s", mr_registry_info(registry)->id);
  mr_run_free(api_make_run(registry, 0.5));
  mr_registry_close(registry);
  CHILD(write(r->report[1], id, sizeof id) == (ssize_t)sizeof id);
}

static void test_all_create(void **state) {
  const api_place *place = *state;
  int rounds = api_scaled(30) + 2;
  for (int round = 0; round < rounds; round++) {
    race r;
    int codes[MOST];
    char first[40];
    char other[40];
    open_race(&r, place);
    (void)snprintf(r.path, sizeof r.path, "%s/R%d.db", place->folder, round);
    if (round % 2 == 1) api_write_file(r.path, NULL, 0); /* an empty file is there already */
    run_race(&r, MOST, create_once, codes);
    for (int i = 0; i < MOST; i++) assert_int_equal(codes[i], 0);
    assert_int_equal(read(r.report[0], first, sizeof first), sizeof first);
    assert_int_equal(strlen(first), 36);
    for (int i = 1; i < MOST; i++) {
      assert_int_equal(read(r.report[0], other, sizeof other), sizeof other);
      assert_string_equal(other, first);
    }
    close_race(&r);
    mr_registry *registry = api_open(r.path, 0);
    mr_run_page *page = NULL;
    assert_string_equal(mr_registry_info(registry)->id, first);
    OK(mr_registry_list_runs(registry, NULL, &page, &api_error));
    assert_int_equal(mr_run_page_count(page), MOST); /* nobody's run was lost */
    mr_run_page_free(page);
    mr_registry_close(registry);
  }
}

/* --- killed ------------------------------------------------------------------------------- */

typedef struct victim {
  const api_place *place;
  int round;
  int report[2];
} victim;

typedef struct logged {
  char run_id[40];
  int64_t points;
  int64_t params;
  int64_t versions; /* in all */
} logged;

static void report_to(const victim *v, const logged *l) {
  CHILD(write(v->report[1], l, sizeof *l) == (ssize_t)sizeof *l); /* whole: below PIPE_BUF */
}

/* Logs and tells what was acknowledged, until it is killed. */
static void log_for_ever(void *ctx) {
  victim *v = ctx;
  logged l;
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  memset(&l, 0, sizeof l);
  api_seed((uint64_t)v->round + 100);
  mr_registry *registry = api_open(v->place->db, MR_OPEN_CREATE);
  OK(mr_registry_open_experiment(registry, "e", &experiment, &api_error));
  OK(mr_experiment_start_run(experiment, NULL, &run, &api_error));
  (void)snprintf(l.run_id, sizeof l.run_id, "%s", mr_run_info(run)->id);
  for (;;) {
    char key[32];
    for (int i = 0; i < 50; i++) {
      OK(mr_run_log_metric(run, "loss", (double)(l.points + i), l.points + i, &api_error));
    }
    OK(mr_run_flush(run, &api_error));
    l.points += 50;
    report_to(v, &l);
    (void)snprintf(key, sizeof key, "p%06lld", (long long)l.params);
    OK(mr_run_log_param(run, key, "v", &api_error));
    OK(mr_run_log_artifact_bytes(run, key, (const uint8_t *)key, strlen(key), &api_error));
    l.params++;
    report_to(v, &l);
  }
}

/* Starts the victim, reads some of its reports, kills it at once, reads what it had still sent. */
static logged kill_after(victim *v, void (*body)(void *ctx), int reports) {
  logged last;
  logged next;
  int status = 0;
  memset(&last, 0, sizeof last);
  assert_int_equal(pipe(v->report), 0);
  pid_t pid = api_fork(body, v);
  assert_int_equal(close(v->report[1]), 0);
  for (int i = 0; i < reports; i++) {
    assert_int_equal(read(v->report[0], &last, sizeof last), sizeof last);
  }
  assert_int_equal(kill(pid, SIGKILL), 0);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  while (read(v->report[0], &next, sizeof next) == (ssize_t)sizeof next) last = next;
  assert_int_equal(close(v->report[0]), 0);
  return last;
}

static void check_logged(const api_place *place, const logged *l) {
  mr_run *run = NULL;
  mr_history *history = NULL;
  mr_property_page *params = NULL;
  mr_artifact_page *artifacts = NULL;
  mr_registry *registry = api_open(place->db, 0);
  OK(mr_registry_open_run(registry, l->run_id, &run, &api_error));
  assert_int_equal(mr_run_info(run)->status, MR_RUN_STATUS_RUNNING);
  if (l->points > 0) {
    OK(mr_run_history(run, "loss", NULL, &history, &api_error));
    int64_t count = mr_history_count(history);
    assert_true(count >= l->points && count <= l->points + 50);
    for (int64_t i = 0; i < count; i++) {
      assert_true(mr_history_steps(history)[i] == i);
      assert_true(mr_history_values(history)[i] == (double)i);
    }
    mr_history_free(history);
  }
  OK(mr_run_list_params(run, NULL, &params, &api_error));
  OK(mr_run_list_artifacts(run, NULL, &artifacts, &api_error));
  assert_true(mr_property_page_count(params) >= l->params);
  assert_true(mr_artifact_page_count(artifacts) >= l->params);
  for (int64_t i = 0; i < mr_artifact_page_count(artifacts); i++) {
    mr_blob *blob = NULL;
    const uint8_t *data = NULL;
    const char *path = mr_artifact_page_at(artifacts, i)->path;
    OK(mr_run_open_artifact(run, path, &blob, &api_error));
    OK(mr_blob_map(blob, &data, &api_error));
    assert_memory_equal(data, path, strlen(path));
    mr_blob_free(blob);
  }
  mr_artifact_page_free(artifacts);
  mr_property_page_free(params);
  /* The run can go on where it was. */
  OK(mr_run_log_metric(run, "loss", 0, INT64_MAX, &api_error));
  OK(mr_run_finish(run, MR_RUN_STATUS_KILLED, &api_error));
  mr_run_free(run);
  mr_registry_close(registry);
}

static void test_killed_while_logging(void **state) {
  const api_place *place = *state;
  int rounds = api_scaled(60) + 2;
  for (int round = 0; round < rounds; round++) {
    victim v = {.place = place, .round = round};
    logged l = kill_after(&v, log_for_ever, 1 + round * 7 % 23);
    assert_true(l.points > 0);
    check_logged(place, &l);
  }
}

static void promote_for_ever(void *ctx) {
  victim *v = ctx;
  logged l;
  memset(&l, 0, sizeof l);
  api_seed((uint64_t)v->round + 1000);
  mr_registry *registry = api_open(v->place->db, 0);
  mr_model *model = api_make_model(registry);
  for (;;) {
    mr_run *run = api_make_run(registry, 0.95);
    mr_version *version = api_make_version(model, run);
    (void)snprintf(l.run_id, sizeof l.run_id, "%s", mr_run_info(run)->id);
    l.versions = api_count_versions(model);
    report_to(v, &l);
    mr_version_free(version);
    mr_run_free(run);
  }
}

/* A version that was acknowledged stays, and no number is lost with the process. */
static void test_killed_while_promoting(void **state) {
  const api_place *place = *state;
  int rounds = api_scaled(60) + 2;
  int64_t before = 0;
  api_wait(api_fork(make_model, (void *)(uintptr_t)place));
  for (int round = 0; round < rounds; round++) {
    victim v = {.place = place, .round = round};
    logged l = kill_after(&v, promote_for_ever, 1 + round * 5 % 7);
    mr_registry *registry = api_open(place->db, 0);
    mr_model *model = api_make_model(registry);
    mr_version *version = NULL;
    int64_t count = api_count_versions(model);
    mr_model_free(model);
    assert_true(l.versions > before);
    assert_true(count == l.versions || count == l.versions + 1);
    OK(mr_registry_resolve(registry, "digits", NULL, &version, &api_error));
    OK(mr_version_verify(version, NULL, NULL, NULL, &api_error));
    if (count == l.versions) assert_string_equal(mr_version_info(version)->run_id, l.run_id);
    mr_version_free(version);
    mr_registry_close(registry);
    check_numbers(place, count);
    before = count;
  }
}

/* --- parent and child --------------------------------------------------------------------- */

typedef struct family {
  const api_place *place;
  mr_registry *registry; /* the parent's, which the child inherits */
  bool free_first;
  int count;
} family;

static void create_models(void *ctx) {
  family *f = ctx;
  char name[32];
  if (f->free_first) mr_registry_close(f->registry);
  api_seed(50);
  mr_registry *registry = api_open(f->place->db, 0);
  for (int i = 0; i < f->count; i++) {
    (void)snprintf(name, sizeof name, "child-%d", i);
    OK(mr_registry_create_model(registry, name, NULL, NULL, &api_error));
  }
  mr_registry_close(registry);
  if (!f->free_first) mr_registry_close(f->registry);
}

static void find_models(mr_registry *registry, const char *whose, int count) {
  for (int i = 0; i < count; i++) {
    char name[32];
    mr_model *model = NULL;
    (void)snprintf(name, sizeof name, "%s-%d", whose, i);
    OK(mr_registry_open_model(registry, name, &model, &api_error));
    mr_model_free(model);
  }
}

/* A child opens what it inherited anew, while its parent closes and opens the same file: neither may
 * take the other's locks for its own. */
static void test_child_beside_parent(void **state) {
  const api_place *place = *state;
  for (int free_first = 0; free_first <= 1; free_first++) {
    family f = {.place = place, .free_first = free_first == 1, .count = api_scaled(1000) + 50};
    int status = 0;
    int closes = 0;
    f.registry = api_open(place->db, MR_OPEN_CREATE);
    OK(mr_registry_create_model(f.registry, "before", NULL, NULL, &api_error));
    pid_t pid = api_fork(create_models, &f);
    while (waitpid(pid, &status, WNOHANG) == 0) {
      char name[32];
      mr_registry_close(f.registry);
      f.registry = api_open(place->db, 0);
      (void)snprintf(name, sizeof name, "parent-%d", closes);
      OK(mr_registry_create_model(f.registry, name, NULL, NULL, &api_error));
      closes++;
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    mr_registry_close(f.registry);
    f.registry = api_open(place->db, 0);
    find_models(f.registry, "child", f.count);
    find_models(f.registry, "parent", closes);
    mr_registry_close(f.registry);
    api_remove_tree(place->db);
    api_remove_tree(api_path(place->folder, "R.db-wal"));
    api_remove_tree(api_path(place->folder, "R.db-shm"));
  }
}

/* --- waiting ------------------------------------------------------------------------------ */

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
  make_model((void *)(uintptr_t)place);
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
  make_model((void *)(uintptr_t)place);
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
      api_test(test_two_promote),
      api_test(test_eight_promote),
      api_test(test_channel_race),
      api_test(test_all_create),
      api_test(test_killed_while_logging),
      api_test(test_killed_while_promoting),
      api_test(test_child_beside_parent),
      api_test(test_busy),
      api_test(test_cancel),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
