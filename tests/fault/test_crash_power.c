/* SPDX-License-Identifier: Apache-2.0 */
/* A loss of power at any sync, as what was written since may have reached the disk or not: what was
 * acknowledged as durable is there, the registry is whole and goes on. */
#include "crash_log.h"
#include "crash_work.h"

#include <sys/stat.h>
#include <sys/wait.h>

enum { STEPS = 120, STEPS_OF_A_HANDLE = 60, KINDS = 8 };

static const crash_watcher no_syncs = {NULL, NULL, NULL, true};

static void mark(void *ctx) {
  crash_log_mark(ctx);
}

/* The database file is only written to when its log is folded in. */
static bool has_folded(const crash_log *log, size_t from) {
  int node = -1;
  for (size_t i = 0; i < log->count; i++) {
    const crash_op *op = &log->ops[i];
    if (op->kind == CRASH_OP_LINK && strcmp(op->name, "R.db") == 0) node = op->node;
    if (op->kind == CRASH_OP_WRITE && op->node == node && i >= from) return true;
  }
  return false;
}

/* All that is done with a registry from its making on, in two handles, each so long that the log is
 * folded in under way, and again at its end. */
static void record(crash_log *log, crash_work *w, const char *folder) {
  api_seed(11000);
  w->random = UINT64_C(0xa24baed4963ee407);
  w->acknowledged = mark;
  w->ctx = log;
  crash_log_start(log, folder);
  for (int begun = 0; begun < STEPS; begun += STEPS_OF_A_HANDLE) {
    crash_work_open(w);
    size_t first = log->count;
    for (int step = 0; step < STEPS_OF_A_HANDLE; step++) assert_true(crash_work_step(w));
    assert_true(has_folded(log, first));
    crash_work_close(w);
  }
  crash_log_stop();
}

/* Before and after each sync, and when something has been acknowledged. */
static size_t *list_cuts(const crash_log *log, size_t *count) {
  size_t *cuts = calloc(log->count * 2 + 1, sizeof *cuts);
  assert_non_null(cuts);
  *count = 0;
  for (size_t i = 0; i < log->count; i++) {
    if (log->ops[i].kind == CRASH_OP_SYNC) cuts[(*count)++] = i;
    if (log->ops[i].kind == CRASH_OP_SYNC || log->ops[i].kind == CRASH_OP_MARK)
      cuts[(*count)++] = i + 1;
  }
  return cuts;
}

static crash_cut cut_of(size_t at, int number) {
  static const struct {
    crash_fate bytes;
    size_t sector;
    crash_fate names;
  } kinds[KINDS] = {
      {CRASH_DROPPED, 4096, CRASH_DROPPED}, {CRASH_DROPPED, 4096, CRASH_WRITTEN},
      {CRASH_WRITTEN, 4096, CRASH_DROPPED}, {CRASH_WRITTEN, 4096, CRASH_WRITTEN},
      {CRASH_PARTLY, 512, CRASH_PARTLY},    {CRASH_PARTLY, 4096, CRASH_PARTLY},
      {CRASH_GARBAGE, 512, CRASH_PARTLY},   {CRASH_GARBAGE, 4096, CRASH_WRITTEN},
  };
  int kind = number % KINDS;
  return (crash_cut){at, kinds[kind].bytes, kinds[kind].sector, kinds[kind].names,
                     UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)(number + 1)};
}

typedef struct image {
  const crash_work *work; /* that was recorded */
  char folder[80];
  char db[96];
  int number;
  int acknowledged;
} image;

/* The registry takes more: the next version has the next number. */
static void go_on(const image *i) {
  char number[40];
  char expected[40];
  mr_registry *registry = api_open(i->db, 0);
  mr_model *model = api_make_model(registry);
  (void)snprintf(expected, sizeof expected, "1.%lld.0", (long long)api_count_versions(model));
  governed_version(registry, number);
  CHILD(strcmp(number, expected) == 0);
  mr_model_free(model);
  mr_registry_close(registry);
}

static void look_after(void *ctx) {
  const image *i = ctx;
  crash_watch(&no_syncs);
  api_seed(12000);
  const crash_ledger *ledger = i->work->ledger;
  bool promised = crash_promises_registry(ledger, i->acknowledged, true);
  /* Without a promise there may be no file, or one that is not made to the end. */
  mr_registry_close(api_open(i->db, promised ? 0 : MR_OPEN_CREATE));
  crash_check_kept(i->db, i->work->scratch, ledger, i->acknowledged, true);
  crash_check_whole(i->db);
  if (promised) go_on(i);
  if (promised && i->number % 4 == 0) crash_check_whole(i->db);
}

static void test_power_cuts(void **state) {
  const api_place *place = *state;
  char recorded[80];
  (void)snprintf(recorded, sizeof recorded, "%s/recorded", place->folder);
  assert_int_equal(mkdir(recorded, 0755), 0);
  image i = {0};
  crash_log log;
  static crash_work work;
  work = (crash_work){.db = api_path(recorded, "R.db"), .scratch = place->folder};
  work.ledger = crash_ledger_open(api_path(place->folder, "ledger"), true);
  record(&log, &work, recorded);
  size_t count = 0;
  size_t *cuts = list_cuts(&log, &count);
  crash_replay *replay = crash_replay_new(&log);
  int images = api_scaled(500) < 100 ? 100 : api_scaled(500);
  i.work = &work;
  (void)snprintf(i.folder, sizeof i.folder, "%s/image", place->folder);
  (void)snprintf(i.db, sizeof i.db, "%s/R.db", i.folder);
  print_message("%zu operations, %zu points to cut at\n", log.count, count);
  for (int number = 0; number < images; number++) {
    crash_cut cut = cut_of(cuts[(size_t)number * (count - 1) / (size_t)(images - 1)], number);
    crash_replay_image(replay, &cut, i.folder);
    i.number = number;
    i.acknowledged = crash_replay_marks(replay);
    int status = 0;
    pid_t pid = api_fork(look_after, &i);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status != 0) {
      fail_msg("image %d, cut at %zu, kind %d, %d acknowledged", number, cut.at, number % KINDS,
               i.acknowledged);
    }
    api_remove_tree(i.folder);
  }
  assert_int_equal(crash_replay_marks(replay), atomic_load(&work.ledger->count));
  crash_replay_free(replay);
  crash_log_free(&log);
  crash_ledger_close(work.ledger);
  free(cuts);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_power_cuts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
