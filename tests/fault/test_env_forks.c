/* SPDX-License-Identifier: Apache-2.0 */
/* A process that forks while its threads are inside of calls, and while another process writes: what
 * the child inherited answers FORKED in every call and can be freed, a registry that it opens itself
 * works or says why not, and what was acknowledged in the parent is kept. */
#include "api_calls.h"
#include "env_stage.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

/* A sanitizer's own allocator may be locked by a thread that the child does not have. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define THREADS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define THREADS 0
#endif
#endif
#ifndef THREADS
#define THREADS 3
#endif
enum { THREAD_SLOTS = 3 };

static api_world world;
static atomic_bool stop;

typedef struct busy_thread {
  int number;
  int64_t done; /* acknowledged */
  mr_error error;
  mr_status failed;
} busy_thread;

static mr_status do_one(busy_thread *t) {
  char key[40];
  mr_version *version = NULL;
  mr_run_page *runs = NULL;
  (void)snprintf(key, sizeof key, "kept-%d-%lld", t->number, (long long)t->done);
  if (t->number == 0) return mr_run_set_tag(world.run, key, "1", &t->error);
  if (t->number == 1)
    return mr_run_log_artifact_bytes(world.run, key, (const uint8_t *)key, strlen(key), &t->error);
  mr_status status = mr_registry_resolve(world.registry, "digits", NULL, &version, &t->error);
  mr_version_free(version);
  if (status == MR_OK) status = mr_registry_list_runs(world.registry, NULL, &runs, &t->error);
  mr_run_page_free(runs);
  return status;
}

static void *be_busy(void *ctx) {
  busy_thread *t = ctx;
  t->error = (mr_error)MR_ERROR_INIT;
  /* So much that the last fork still meets calls, and not more than there is to look through. */
  while (!atomic_load(&stop) && t->failed == MR_OK) {
    t->failed = do_one(t);
    if (t->failed == MR_OK) t->done++;
    (void)sched_yield();
  }
  return NULL;
}

/* --- the child -------------------------------------------------------------------------------- */

static void try_inherited(void) {
  const api_call *row;
  for (size_t i = 0; (row = api_call_at(i)) != NULL; i++) {
    mr_error error = MR_ERROR_INIT;
    bool alone = (row->flags & API_ALONE) != 0;
    mr_status status = row->call(&world, &error);
    bool good = status == MR_FORKED || (alone && status == MR_OK);
    if (!good) fprintf(stderr, "%s: %s: %s\n", row->name, mr_status_name(status), error.message);
    CHILD(good);
    CHILD(status == MR_OK || api_is_good_message(error.message));
  }
  CHILD(strcmp(mr_run_info(world.run)->id, world.run_id) == 0);
}

static void try_anew(const api_place *place) {
  mr_registry *registry = NULL;
  mr_run *run = NULL;
  mr_open_options options = api_open_options(0);
  mr_status status = mr_registry_open(place->db, &options, &registry, &api_error);
  CHILD(status == MR_OK || status == MR_FORKED);
  if (status != MR_OK) return;
  OK(mr_registry_open_run(registry, world.run_id, &run, &api_error));
  OK(mr_run_set_tag(run, "child", "1", &api_error));
  mr_run_free(run);
  mr_registry_close(registry);
}

static void live_as_child(void *ctx) {
  (void)alarm(60); /* a lock that nobody gives back must not hang the tests */
  try_inherited();
  try_anew(ctx);
  api_world_free(&world);
  mr_registry_close(world.registry);
  world.registry = NULL;
  try_anew(ctx);
}

/* --- the other process ------------------------------------------------------------------------ */

typedef struct stranger {
  const api_place *place;
  int go[2]; /* ends when the parent says so */
} stranger;

static void write_beside(void *ctx) {
  stranger *s = ctx;
  char c;
  int64_t count = 0;
  CHILD(close(s->go[1]) == 0);
  api_seed(501);
  mr_registry *registry = api_open(s->place->db, 0);
  mr_model *model = api_make_model(registry);
  do {
    mr_run *run = api_make_run(registry, 0.99);
    mr_version_free(api_make_version(model, run));
    mr_run_free(run);
    count++;
  } while (count < 20);
  CHILD(read(s->go[0], &c, 1) == 0);
  mr_model_free(model);
  mr_registry_close(registry);
}

/* --- the parent ------------------------------------------------------------------------------- */

static int64_t count_rows(const api_place *place, const char *sql) {
  sqlite3 *look = governed_look(place->db);
  int64_t count = governed_count(look, sql);
  assert_int_equal(sqlite3_close(look), SQLITE_OK);
  return count;
}

static void check_kept(const api_place *place, const busy_thread *threads) {
  assert_int_equal(count_rows(place, "SELECT count(*) FROM tag WHERE key LIKE 'kept-0-%'"),
                   threads[0].done);
  assert_int_equal(count_rows(place, "SELECT count(*) FROM artifact WHERE path LIKE 'kept-1-%'"),
                   threads[1].done);
  int64_t versions = count_rows(place, "SELECT count(*) FROM version");
  assert_true(versions >= 20);
  assert_int_equal(count_rows(place, "SELECT count(DISTINCT number) FROM version"), versions);
  assert_int_equal(count_rows(place, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"),
                   1);
}

static void start_stranger(stranger *s, const api_place *place, pid_t *pid) {
  s->place = place;
  assert_int_equal(pipe(s->go), 0);
  *pid = api_fork(write_beside, s);
  assert_int_equal(close(s->go[0]), 0);
}

static void test_forks_among_threads(void **state) {
  api_place *place = *state;
  stranger other;
  pid_t pid;
  pthread_t ids[THREAD_SLOTS];
  busy_thread threads[THREAD_SLOTS];
  memset(threads, 0, sizeof threads);
  memset(&world, 0, sizeof world);
  world.registry = api_open(place->db, MR_OPEN_CREATE);
  api_world_fill(&world, place->folder);
  api_prepare(&world);
  start_stranger(&other, place, &pid);
  atomic_store(&stop, false);
  for (int i = 0; i < THREADS; i++) {
    threads[i].number = i;
    assert_int_equal(pthread_create(&ids[i], NULL, be_busy, &threads[i]), 0);
  }
  int rounds = api_scaled(40);
  for (int round = 0; round < rounds; round++) {
    api_wait(api_fork(live_as_child, place));
    /* The locks of the parent are its own: what it writes between two forks is in order. */
    OK(mr_run_set_tag(world.run, "parent", "1", &api_error));
  }
  atomic_store(&stop, true);
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(ids[i], NULL), 0);
    if (threads[i].failed != MR_OK) fail_msg("%s", threads[i].error.message);
    assert_true(threads[i].done > 0);
  }
  assert_int_equal(close(other.go[1]), 0);
  api_wait(pid);
  check_kept(place, threads);
  governed_check_whole(world.registry, 0);
  api_world_free(&world);
  mr_registry_close(world.registry);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_forks_among_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
