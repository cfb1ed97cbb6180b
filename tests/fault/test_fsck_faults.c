/* SPDX-License-Identifier: Apache-2.0 */
/* A check without memory, and one beside writers. */
#include "fsck_stage.h"
#include "governed.h"

#include <pthread.h>
#include <sched.h>

/* With the nth allocation failing; whether it came to that. */
static bool check_hungry(mr_registry *registry, api_memory *memory, uint32_t flags, int64_t nth,
                         bool for_ever, int64_t findings) {
  mr_fsck *fsck = NULL;
  mr_fsck_options options = MR_FSCK_OPTIONS_INIT;
  options.flags = flags;
  api_memory_fail(memory, nth, for_ever);
  mr_status status = mr_registry_fsck(registry, &options, &fsck, &api_error);
  bool fired = atomic_load(&memory->fired);
  api_memory_fail(memory, 0, false);
  if (status != MR_OK) {
    assert_int_equal(status, MR_NO_MEMORY);
    assert_null(fsck);
  } else {
    /* A check that says that it is done has seen all there is. */
    assert_int_equal(mr_fsck_info(fsck)->error_count + mr_fsck_info(fsck)->repaired_count,
                     findings);
  }
  mr_fsck_free(fsck);
  return fired;
}

static void sweep(const fsck_stage *stage, uint32_t flags, int64_t findings) {
  api_memory memory;
  mr_registry *registry = NULL;
  mr_open_options options = api_open_options(0);
  api_memory_init(&memory);
  options.allocator = &memory.allocator;
  OK(mr_registry_open(stage->place->db, &options, &registry, &api_error));
  for (int64_t nth = 1;; nth++) {
    if (!check_hungry(registry, &memory, flags, nth, false, findings)) break;
    (void)check_hungry(registry, &memory, flags, nth, true, findings);
  }
  mr_registry_close(registry);
  assert_int_equal(atomic_load(&memory.live), 0);
}

static void damage(const fsck_stage *stage) {
  fsck_stage_edit(stage, "UPDATE metric_chunk SET data = x'00' WHERE rowid = 1");
  fsck_stage_edit(stage, "UPDATE artifact SET digest = zeroblob(32) WHERE path = 'model/a'");
  fsck_stage_edit(stage, "UPDATE artifact SET size = 9 WHERE path = 'model/a-b'");
}

static void test_no_memory(void **state) {
  const fsck_stage *stage = *state;
  damage(stage);
  char *before = governed_dump_at(stage->place->db);
  sweep(stage, 0, 3);
  char *after = governed_dump_at(stage->place->db);
  assert_string_equal(after, before);
  free(after);
  free(before);
}

/* What was mended is mended whole or not at all. */
static void test_no_memory_to_repair(void **state) {
  const fsck_stage *stage = *state;
  api_memory memory;
  api_memory_init(&memory);
  char *sound = governed_dump_at(stage->place->db);
  fsck_stage_edit(stage, "UPDATE param SET number = 7 WHERE key = 'lr'");
  fsck_stage_edit(stage, "UPDATE metric SET mean_value = 7 WHERE key = 'loss'");
  char *damaged = governed_dump_at(stage->place->db);
  for (int64_t nth = 1;; nth++) {
    mr_registry *registry = NULL;
    mr_fsck *fsck = NULL;
    mr_open_options open = api_open_options(0);
    mr_fsck_options options = MR_FSCK_OPTIONS_INIT;
    options.flags = MR_FSCK_REPAIR;
    open.allocator = &memory.allocator;
    OK(mr_registry_open(stage->place->db, &open, &registry, &api_error));
    api_memory_fail(&memory, nth, false);
    mr_status status = mr_registry_fsck(registry, &options, &fsck, &api_error);
    bool fired = atomic_load(&memory.fired);
    api_memory_fail(&memory, 0, false);
    if (status == MR_OK) assert_int_equal(mr_fsck_info(fsck)->error_count, 0);
    mr_fsck_free(fsck);
    mr_registry_close(registry);
    char *now = governed_dump_at(stage->place->db);
    bool mended = strcmp(now, sound) == 0;
    if (!mended) assert_string_equal(now, damaged);
    if (status == MR_OK) assert_true(mended);
    free(now);
    if (!fired) break;
    if (mended) {
      fsck_stage_edit(stage, "UPDATE param SET number = 7 WHERE key = 'lr'");
      fsck_stage_edit(stage, "UPDATE metric SET mean_value = 7 WHERE key = 'loss'");
    }
  }
  free(damaged);
  free(sound);
  assert_int_equal(atomic_load(&memory.live), 0);
}

typedef struct writer {
  const fsck_stage *stage;
  atomic_bool end;
  atomic_int rounds;
  atomic_bool failed;
} writer;

static void *write_on(void *ctx) {
  writer *w = ctx;
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = NULL;
  mr_run *run = NULL;
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  bool good = mr_registry_open(w->stage->place->db, &options, &registry, &error) == MR_OK &&
              mr_registry_open_run(registry, w->stage->second, &run, &error) == MR_OK;
  for (int i = 0; good && !atomic_load(&w->end); i++) {
    char path[24];
    int length = snprintf(path, sizeof path, "round/%d", i);
    good = mr_run_log_param(run, path, "1", &error) == MR_OK &&
           mr_run_log_metric(run, "loss", i, i, &error) == MR_OK &&
           mr_run_flush(run, &error) == MR_OK &&
           mr_run_log_artifact_bytes(run, path, (const uint8_t *)path, (size_t)length, &error) ==
               MR_OK;
    atomic_fetch_add(&w->rounds, 1);
  }
  atomic_store(&w->failed, !good);
  mr_run_free(run);
  mr_registry_close(registry);
  return NULL;
}

static void test_beside_a_writer(void **state) {
  const fsck_stage *stage = *state;
  pthread_t thread;
  writer w = {.stage = stage};
  assert_int_equal(pthread_create(&thread, NULL, write_on, &w), 0);
  mr_registry *registry = api_open(stage->place->db, 0);
  int checks = api_scaled(30);
  for (int i = 0; i < checks; i++) {
    mr_fsck *fsck = NULL;
    mr_fsck_options options = MR_FSCK_OPTIONS_INIT;
    int before = atomic_load(&w.rounds);
    options.flags = i % 3 == 0 ? MR_FSCK_REPAIR : i % 3 == 1 ? MR_FSCK_QUICK : 0;
    OK(mr_registry_fsck(registry, &options, &fsck, &api_error));
    if (mr_fsck_info(fsck)->error_count != 0) fsck_stage_print(fsck);
    assert_int_equal(mr_fsck_info(fsck)->error_count, 0);
    assert_int_equal(mr_fsck_info(fsck)->repaired_count, 0);
    mr_fsck_free(fsck);
    /* The next one sees more, unless the writer failed. */
    while (atomic_load(&w.rounds) == before && !atomic_load(&w.failed)) (void)sched_yield();
  }
  atomic_store(&w.end, true);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_false(atomic_load(&w.failed));
  mr_registry_close(registry);
  fsck_stage_clean(stage, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      fsck_stage_test(test_no_memory),
      fsck_stage_test(test_no_memory_to_repair),
      fsck_stage_test(test_beside_a_writer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
