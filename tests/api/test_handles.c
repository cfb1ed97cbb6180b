/* SPDX-License-Identifier: Apache-2.0 */
/* The life of handles: freed in any order, closed, carried into a child process, used by threads. */
#include "api_calls.h"

#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

static api_world world;
static api_memory memory;

/* A world in a registry file, whose memory is counted. */
static void make_world(const api_place *place) {
  mr_open_options options = api_open_options(MR_OPEN_CREATE);
  memset(&world, 0, sizeof world);
  api_memory_init(&memory);
  options.allocator = &memory.allocator;
  OK(mr_registry_open(place->db, &options, &world.registry, &api_error));
  api_world_fill(&world, place->folder);
}

enum { HANDLE_COUNT = API_HANDLE_COUNT + 1 };

/* Frees the handle of this number, the registry among them. */
static void free_handle(int number) {
  if (number == 0) {
    mr_registry_close(world.registry);
  } else {
    api_world_free_handle(&world, number - 1);
  }
}

static void shuffle(int *order, unsigned seed) {
  for (int i = 0; i < HANDLE_COUNT; i++) order[i] = i;
  for (int i = HANDLE_COUNT - 1; i > 0; i--) {
    seed = seed * 1103515245u + 12345u;
    int j = (int)((seed >> 16) % (unsigned)(i + 1));
    int swap = order[i];
    order[i] = order[j];
    order[j] = swap;
  }
}

static void test_any_order(void **state) {
  const api_place *place = *state;
  int rounds = api_scaled(50) + 3;
  for (int round = 0; round < rounds; round++) {
    int order[HANDLE_COUNT];
    shuffle(order, (unsigned)round);
    if (round == 0) { /* the parent first */
      for (int i = 0; i < HANDLE_COUNT; i++) order[i] = i;
    } else if (round == 1) { /* the parent last */
      for (int i = 0; i < HANDLE_COUNT; i++) order[i] = HANDLE_COUNT - 1 - i;
    }
    make_world(place);
    for (int i = 0; i < HANDLE_COUNT; i++) free_handle(order[i]);
    assert_int_equal(memory.live, 0);
    api_remove_tree(place->db);
    api_remove_tree(api_path(place->folder, "R.db.d"));
    api_remove_tree(api_path(place->folder, "R.db-wal"));
    api_remove_tree(api_path(place->folder, "R.db-shm"));
  }
}

/* Every entry of every handle answers so, with all its arguments good and no output written. */
static int count_other_answers(mr_status expected) {
  int wrong = 0;
  const api_call *row;
  for (size_t i = 0; (row = api_call_at(i)) != NULL; i++) {
    mr_error error = MR_ERROR_INIT;
    world.touched = false;
    mr_status status = row->call(&world, &error);
    bool alone = (row->flags & API_ALONE) != 0;
    bool good = alone ? status == MR_OK
                      : status == expected && error.status == expected && !world.touched &&
                            api_is_good_message(error.message);
    if (good) continue;
    fprintf(stderr, "%s: %s: %s\n", row->name, mr_status_name(status), error.message);
    wrong++;
  }
  return wrong;
}

static void test_closed(void **state) {
  make_world(*state);
  api_prepare(&world);
  mr_registry *registry = world.registry;
  /* Another handle of the registry itself cannot be had: its calls are left to the threads below. */
  world.registry = NULL;
  mr_registry_close(registry);
  int wrong = 0;
  const api_call *row;
  for (size_t i = 0; (row = api_call_at(i)) != NULL; i++) {
    if (strncmp(row->arguments, "registry:", 9) == 0) continue;
    mr_error error = MR_ERROR_INIT;
    mr_status status = row->call(&world, &error);
    bool alone = (row->flags & API_ALONE) != 0;
    if (status == (alone ? MR_OK : MR_CLOSED) && (alone || api_is_good_message(error.message)))
      continue;
    print_error("%s: %s: %s\n", row->name, mr_status_name(status), error.message);
    wrong++;
  }
  assert_int_equal(wrong, 0);
  assert_string_equal(mr_run_info(world.run)->id, world.run_id);
  assert_string_equal(mr_version_info(world.version)->number, world.number);
  assert_int_equal(mr_history_count(world.history), 1);
  assert_int_equal(mr_run_page_count(world.runs), 4);
  api_world_free(&world);
  assert_int_equal(memory.live, 0);
}

/* Nothing of the registry is open any more, also while handles are left. */
static void test_close_releases_files(void **state) {
  const api_place *place = *state;
  int before = dup(0);
  make_world(place);
  api_write_file(world.file, "abcdef", 6);
  mr_registry_close(world.registry);
  mr_blob_free(world.blob);
  world.blob = NULL;
  int after = dup(0);
  /* The lowest free descriptor is the same: whatever was opened above it is closed. */
  assert_int_equal(after, before + 1);
  (void)close(after);
  (void)close(before);
  api_world_free(&world);
}

static void child_of_fork(void *ctx) {
  const api_place *place = ctx;
  CHILD(count_other_answers(MR_FORKED) == 0);
  CHILD(strcmp(mr_run_info(world.run)->id, world.run_id) == 0);
  CHILD(mr_run_page_count(world.runs) > 0);
  CHILD(strcmp(mr_registry_info(world.registry)->actor, "tester") == 0);
  CHILD(mr_history_count(world.history) == 1);
  api_world_free(&world);
  mr_registry_close(world.registry);
  CHILD(memory.live == 0);
  /* Its own handle works, beside the parent's. */
  api_seed(2);
  mr_registry *registry = api_open(place->db, 0);
  mr_run *run = NULL;
  OK(mr_registry_open_run(registry, world.run_id, &run, &api_error));
  OK(mr_run_log_param(run, "child", "1", &api_error));
  mr_model *model = api_make_model(registry);
  mr_run *done = api_make_run(registry, 0.99);
  mr_version_free(api_make_version(model, done));
  mr_run_free(done);
  mr_model_free(model);
  mr_run_free(run);
  mr_registry_close(registry);
}

static void test_forked(void **state) {
  api_place *place = *state;
  make_world(place);
  /* In memory only when the child is made: it must not write them, and the parent must. */
  for (int i = 0; i < 10; i++) OK(mr_run_log_metric(world.run, "both", i, i, &api_error));
  api_prepare(&world);
  api_wait(api_fork(child_of_fork, place));
  OK(mr_run_log_metric(world.run, "both", 10, 10, &api_error));
  OK(mr_registry_flush(world.registry, &api_error));
  mr_history *history = NULL;
  mr_property_page *page = NULL;
  OK(mr_run_history(world.run, "both", NULL, &history, &api_error));
  assert_int_equal(mr_history_count(history), 11);
  OK(mr_run_list_params(world.run, NULL, &page, &api_error));
  assert_string_equal(mr_property_page_at(page, 0)->key, "child");
  mr_property_page_free(page);
  mr_history_free(history);
  const api_call *row;
  for (size_t i = 0; (row = api_call_at(i)) != NULL; i++) {
    api_prepare(&world);
    api_ok(row->call(&world, &api_error), row->name, __FILE__, __LINE__);
  }
  api_world_free(&world);
  mr_registry_close(world.registry);
  assert_int_equal(memory.live, 0);
}

/* A sanitizer's own allocator may be locked by a thread that the child does not have. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MALLOC_SURVIVES_FORK 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MALLOC_SURVIVES_FORK 0
#endif
#endif
#ifndef MALLOC_SURVIVES_FORK
#define MALLOC_SURVIVES_FORK 1
#endif

static atomic_bool stop;

/* Takes and gives back what all handles share, or keeps the database busy, as often as it can. */
static void *bustle(void *ctx) {
  const bool *database = ctx;
  mr_error error = MR_ERROR_INIT;
  while (!atomic_load(&stop)) {
    mr_metric *metric = NULL;
    mr_property_page *page = NULL;
    mr_status status = *database ? mr_run_list_params(world.run, NULL, &page, &error)
                                 : mr_run_metric(world.run, "busy", &metric, &error);
    if (status != MR_OK) break;
    mr_metric_free(metric);
    mr_property_page_free(page);
  }
  return NULL;
}

static void free_in_child(void *ctx) {
  (void)ctx;
  (void)alarm(20); /* a lock that nobody gives back must not hang the tests */
  api_world_free(&world);
  mr_registry_close(world.registry);
}

/* A child may free what it inherited, whatever the parent's threads were doing at that moment. */
static void test_forked_among_threads(void **state) {
  static const bool database[] = {false, true};
  pthread_t threads[2];
  make_world(*state);
  atomic_store(&stop, false);
  for (int i = 0; i < 2 * MALLOC_SURVIVES_FORK; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, bustle, (void *)(uintptr_t)&database[i]), 0);
  }
  int rounds = api_scaled(500);
  int good = 0;
  for (int round = 0; round < rounds && good == round; round++) {
    int status = 0;
    pid_t pid = api_fork(free_in_child, NULL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status == 0) good++;
  }
  atomic_store(&stop, true);
  for (int i = 0; i < 2 * MALLOC_SURVIVES_FORK; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
  }
  assert_int_equal(good, rounds);
  api_world_free(&world);
  mr_registry_close(world.registry);
}

enum { THREADS = 4 };

typedef struct worker {
  int number;
  mr_run *run;
  mr_model *model;
  int64_t logged; /* points that were acknowledged */
  atomic_int calls;
  atomic_bool done;
  mr_status last;
  mr_error error;
} worker;

/* Calls of all sorts until the registry is closed. */
static void *work(void *ctx) {
  worker *w = ctx;
  mr_status status = MR_OK;
  for (int i = 1; status == MR_OK; i++) {
    if (i % 3 != 0 && w->logged < 100000) {
      status = mr_run_log_metric(w->run, "loss", i, i, &w->error);
      if (status == MR_OK) w->logged++;
    } else if (w->number == 0) {
      status = mr_run_set_tag(w->run, "turn", "1", &w->error);
    } else if (w->number == 1) {
      mr_version_page *page = NULL;
      status = mr_model_list_versions(w->model, NULL, &page, &w->error);
      mr_version_page_free(page);
    } else if (w->number == 2) {
      mr_history *history = NULL;
      status = mr_run_history(w->run, "loss", NULL, &history, &w->error);
      mr_history_free(history);
    } else {
      status = mr_run_flush(w->run, &w->error);
    }
    atomic_fetch_add(&w->calls, 1);
  }
  w->last = status;
  atomic_store(&w->done, true);
  return NULL;
}

static void start_worker(worker *w, int number, mr_registry *registry, pthread_t *thread) {
  mr_experiment *experiment = NULL;
  memset(w, 0, sizeof *w);
  w->number = number;
  w->error = (mr_error)MR_ERROR_INIT;
  OK(mr_registry_open_experiment(registry, "e", &experiment, &api_error));
  OK(mr_experiment_start_run(experiment, NULL, &w->run, &api_error));
  w->model = api_make_model(registry);
  mr_experiment_free(experiment);
  assert_int_equal(pthread_create(thread, NULL, work, w), 0);
}

static void check_worker(worker *w, const char *path) {
  char id[40];
  mr_run *run = NULL;
  mr_history *history = NULL;
  if (w->last != MR_CLOSED) fail_msg("thread %d: %s", w->number, w->error.message);
  (void)snprintf(id, sizeof id, "%s", mr_run_info(w->run)->id);
  mr_run_free(w->run);
  mr_model_free(w->model);
  mr_registry *registry = api_open(path, 0);
  OK(mr_registry_open_run(registry, id, &run, &api_error));
  OK(mr_run_history(run, "loss", NULL, &history, &api_error));
  assert_int_equal(mr_history_count(history), w->logged);
  mr_history_free(history);
  mr_run_free(run);
  mr_registry_close(registry);
}

/* Threads see CLOSED and nothing else, and what was acknowledged before is kept. */
static void test_close_among_threads(void **state) {
  const api_place *place = *state;
  int rounds = api_scaled(20);
  for (int round = 0; round < rounds; round++) {
    worker workers[THREADS];
    pthread_t threads[THREADS];
    mr_registry *registry = api_open(place->db, MR_OPEN_CREATE);
    for (int i = 0; i < THREADS; i++) start_worker(&workers[i], i, registry, &threads[i]);
    for (int i = 0; i < THREADS; i++) {
      while (atomic_load(&workers[i].calls) < 10 + 7 * round && !atomic_load(&workers[i].done)) {
        (void)sched_yield();
      }
    }
    mr_registry_close(registry);
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < THREADS; i++) check_worker(&workers[i], place->db);
  }
}

typedef struct call_under_way {
  mr_registry *registry;
  atomic_bool started;
  mr_status status;
} call_under_way;

static int64_t clock_that_tells(void *ctx) {
  call_under_way *call = ctx;
  if (call != NULL) atomic_store(&call->started, true);
  return api_clock(NULL);
}

static void *create_experiment(void *ctx) {
  call_under_way *call = ctx;
  mr_experiment *experiment = NULL;
  call->status = mr_registry_open_experiment(call->registry, "late", &experiment, NULL);
  mr_experiment_free(experiment);
  return NULL;
}

/* A call that has begun is waited for, and may still touch the registry's memory when it ends. */
static void test_close_waits_for_calls(void **state) {
  (void)state;
  int rounds = api_scaled(2000);
  for (int round = 0; round < rounds; round++) {
    call_under_way call = {.status = MR_OK};
    pthread_t thread;
    mr_open_options options = api_open_options(MR_OPEN_CREATE);
    OK(mr_registry_open("memory:", &options, &call.registry, &api_error));
    mr_registry_close(call.registry);
    options.clock = clock_that_tells;
    options.clock_ctx = &call;
    OK(mr_registry_open("memory:", &options, &call.registry, &api_error));
    atomic_store(&call.started, false);
    assert_int_equal(pthread_create(&thread, NULL, create_experiment, &call), 0);
    while (!atomic_load(&call.started)) (void)sched_yield();
    /* A little later each time, so that closing meets the call at all of its stages. */
    for (volatile int i = 0; i < round % 1000 * 100; i = i + 1) {
    }
    mr_registry_close(call.registry);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(call.status == MR_OK || call.status == MR_CLOSED);
  }
}

/* Two handles of one file in one process: POSIX locks must not get lost between them. */
static void test_two_registries(void **state) {
  const api_place *place = *state;
  mr_registry *first = api_open(place->db, MR_OPEN_CREATE);
  mr_registry *second = api_open(place->db, 0);
  mr_registry *reader = api_open(place->db, MR_OPEN_READ_ONLY);
  assert_string_equal(mr_registry_info(first)->id, mr_registry_info(second)->id);
  assert_int_equal(mr_registry_info(reader)->read_only, 1);
  mr_model *model = api_make_model(first);
  mr_run *run = api_make_run(second, 0.99);
  mr_version *version = api_make_version(model, run);
  mr_version *seen = NULL;
  OK(mr_registry_resolve(second, "digits", NULL, &seen, &api_error));
  assert_string_equal(mr_version_info(seen)->number, mr_version_info(version)->number);
  mr_version_free(seen);
  mr_registry_close(first);
  OK(mr_registry_resolve(reader, "digits", NULL, &seen, &api_error));
  mr_version_free(seen);
  OK(mr_run_set_tag(run, "after", "1", &api_error));
  mr_run *more = api_make_run(second, 0.99);
  REFUSED(MR_CLOSED, NULL, mr_model_create_channel(model, "production", &api_error));
  mr_model *again = api_make_model(second);
  mr_version_free(api_make_version(again, more));
  mr_registry_close(second);
  mr_model *last = NULL;
  OK(mr_registry_open_model(reader, "digits", &last, &api_error));
  assert_int_equal(api_count_versions(last), 2);
  mr_registry_close(reader);
  mr_model_free(last);
  mr_model_free(again);
  mr_model_free(model);
  mr_version_free(version);
  mr_run_free(more);
  mr_run_free(run);
}

/* On a registry that is open read-only every write says so and everything else works. */
static void test_read_only(void **state) {
  make_world(*state);
  const api_place *place = *state;
  api_prepare(&world);
  api_world_free(&world);
  mr_registry_close(world.registry);
  mr_registry *writer = api_open(place->db, 0);
  world.registry = api_open(place->db, MR_OPEN_READ_ONLY);
  mr_registry *r = world.registry;
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  options.model = "digits";
  OK(mr_registry_open_experiment(r, "digits", &world.experiment, &api_error));
  OK(mr_registry_open_run(r, world.run_id, &world.run, &api_error));
  OK(mr_run_metric(world.run, "loss", &world.metric, &api_error));
  OK(mr_run_open_artifact(world.run, "a.txt", &world.blob, &api_error));
  OK(mr_manifest_new(&world.manifest, &api_error));
  OK(mr_registry_open_dataset(r, world.dataset_id, &world.dataset, &api_error));
  OK(mr_registry_open_model(r, "digits", &world.model, &api_error));
  OK(mr_registry_open_gate(r, &options, &world.gate, &api_error));
  OK(mr_registry_open_request(r, world.request_id, &world.request, &api_error));
  OK(mr_request_decision(world.request, &world.decision, &api_error));
  OK(mr_request_version(world.request, &world.version, &api_error));
  OK(mr_registry_open_request(r, world.open_request_id, &world.open_request, &api_error));
  OK(mr_model_open_version(world.model, world.spare_number, &world.spare, &api_error));
  OK(mr_model_open_version(world.model, world.number, &world.doomed, &api_error));
  OK(mr_semver_parse("1.2.3", &world.semver, &api_error));
  OK(mr_semver_range_parse("^1.2", 0, &world.semver_range, &api_error));
  int writes = 0;
  const api_call *row;
  for (size_t i = 0; (row = api_call_at(i)) != NULL; i++) {
    world.touched = false;
    mr_status status = row->call(&world, &api_error);
    bool is_write = (row->flags & API_WRITES) != 0;
    /* A new experiment cannot be made, so it is not there. */
    bool is_open = strcmp(row->name, "mr_registry_open_experiment") == 0;
    mr_status expected = is_open ? MR_NOT_FOUND : is_write ? MR_READ_ONLY : MR_OK;
    api_refused(status, expected, NULL, row->name, __FILE__, __LINE__);
    if (is_write) assert_false(world.touched);
    writes += is_write;
  }
  assert_in_range(writes, 15, 100);
  mr_registry_close(writer);
  api_world_free(&world);
  mr_registry_close(world.registry);
}

/* A record says what was true when its handle was opened, as long as the handle lives. */
static void test_records_never_change(void **state) {
  make_world(*state);
  mr_run_record run = *mr_run_info(world.run);
  mr_version_record version = *mr_version_info(world.version);
  mr_run_record listed = *mr_run_page_at(world.runs, 0);
  const char *data = (const char *)mr_buffer_data(world.buffer);
  size_t size = mr_buffer_size(world.buffer);
  char *text = malloc(size + 1);
  assert_non_null(text);
  memcpy(text, data, size + 1);
  const api_call *row;
  for (size_t i = 0; (row = api_call_at(i)) != NULL; i++) {
    api_prepare(&world);
    api_ok(row->call(&world, &api_error), row->name, __FILE__, __LINE__);
  }
  mr_registry_close(world.registry);
  assert_int_equal(run.status, MR_RUN_STATUS_RUNNING); /* though it was finished above */
  assert_memory_equal(mr_run_info(world.run), &run, sizeof run);
  assert_string_equal(run.id, world.run_id);
  assert_string_equal(run.experiment_name, "digits");
  assert_memory_equal(mr_version_info(world.version), &version, sizeof version);
  assert_string_equal(version.model, "digits");
  assert_memory_equal(mr_run_page_at(world.runs, 0), &listed, sizeof listed);
  assert_int_equal(strlen(listed.id), 36);
  assert_ptr_equal(mr_buffer_data(world.buffer), data);
  assert_string_equal(data, text);
  assert_int_equal(data[size], '\0');
  free(text);
  api_world_free(&world);
  assert_int_equal(memory.live, 0);
}

/* An error record of any length: only what the caller has is written. */
static void test_error_records(void **state) {
  (void)state;
  const size_t text_at = offsetof(mr_error, message);
  const uint32_t sizes[] = {0, 4, 8, 16, 17, 18, 24, 40, sizeof(mr_error), sizeof(mr_error) + 64};
  mr_registry *registry = NULL;
  mr_error full = MR_ERROR_INIT;
  assert_int_equal(mr_registry_open("mysql:x", NULL, &registry, &full), MR_NOT_SUPPORTED);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    union {
      mr_error error;
      uint8_t bytes[sizeof(mr_error) + 64];
    } u;
    memset(&u, 0x77, sizeof u);
    u.error.struct_size = sizes[i];
    size_t known = sizes[i] == 0 || sizes[i] > sizeof(mr_error) ? sizeof(mr_error) : sizes[i];
    assert_int_equal(mr_registry_open("mysql:x", NULL, &registry, &u.error), MR_NOT_SUPPORTED);
    assert_int_equal(u.error.struct_size, sizes[i]);
    for (size_t k = known < 4 ? 4 : known; k < sizeof u; k++) assert_int_equal(u.bytes[k], 0x77);
    if (known >= 8) assert_int_equal(u.error.status, MR_NOT_SUPPORTED);
    if (known >= 16) assert_int_equal(u.error.backend_code, 0);
    if (known > text_at) {
      size_t length = strlen(u.error.message);
      assert_true(length < known - text_at);
      assert_memory_equal(u.error.message, full.message, length);
    }
    if (known == sizeof(mr_error)) assert_string_equal(u.error.message, full.message);
  }
  assert_null(registry);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_any_order),
      api_test(test_closed),
      api_test(test_close_releases_files),
      api_test(test_forked),
      api_test(test_forked_among_threads),
      api_test(test_close_among_threads),
      api_test(test_close_waits_for_calls),
      api_test(test_two_registries),
      api_test(test_read_only),
      api_test(test_records_never_change),
      api_test(test_error_records),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
