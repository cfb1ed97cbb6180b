/* SPDX-License-Identifier: Apache-2.0 */
/* A process that logs, snapshots, promotes and moves channels is killed at any moment, again and
 * again on the same registry: all that it was told is done is there for the next one. */
#include "crash_calls.h"
#include "crash_work.h"
#include "victim.h"

#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS_OF_A_REGISTRY = 12, LONGEST_US = 40000 };

/* What a killed process has written is in the page cache: the disk need not be waited for. */
static const crash_watcher no_syncs = {NULL, NULL, NULL, true};

typedef struct victim {
  crash_work work;
  uint64_t seed;
} victim;

static void prepare_registry(void *ctx) {
  victim *v = ctx;
  crash_watch(&no_syncs);
  api_seed(8999);
  crash_work_open(&v->work);
  crash_work_close(&v->work);
}

static void work_for_ever(void *ctx) {
  victim *v = ctx;
  crash_watch(&no_syncs);
  api_seed(v->seed);
  crash_work_open(&v->work);
  crash_work_count_more(&v->work);
  atomic_store(&v->work.ledger->ready, 1);
  while (crash_work_step(&v->work)) continue;
  for (;;) (void)pause(); /* the ledger is full before the parent came to it */
}

static void look_after(void *ctx) {
  victim *v = ctx;
  crash_watch(&no_syncs);
  const crash_ledger *ledger = v->work.ledger;
  crash_check_kept(v->work.db, v->work.scratch, ledger, atomic_load(&ledger->count), false);
  crash_check_whole(v->work.db);
}

/* Kills it after some time in its calls; true when that was inside of one. */
static bool kill_one(victim *v, int64_t after_us) {
  crash_ledger *ledger = v->work.ledger;
  atomic_store(&ledger->inside, 0);
  atomic_store(&ledger->ready, 0);
  victim_kill(work_for_ever, v, &ledger->ready, after_us);
  return atomic_load(&ledger->inside) != 0;
}

static void check_one(victim *v, int round, int64_t after_us) {
  int status = 0;
  pid_t pid = api_fork(look_after, v);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  if (status == 0) return;
  fail_msg("round %d, killed after %lld us within call %d, %d acknowledged", round,
           (long long)after_us, atomic_load(&v->work.ledger->inside),
           atomic_load(&v->work.ledger->count));
}

static void test_killed_at_any_moment(void **state) {
  api_place place = *(const api_place *)*state;
  crash_ledger *ledger = crash_ledger_open(api_path(place.folder, "ledger"), true);
  victim v = {.work = {.db = place.db, .scratch = place.folder, .ledger = ledger}};
  uint64_t moments = UINT64_C(0x9e3779b97f4a7c15);
  int rounds = api_scaled(300) < 60 ? 60 : api_scaled(300);
  int hits = 0;
  int told = 0;
  int deeds[CRASH_MOVED + 1] = {0};
  for (int round = 0; round < rounds; round++) {
    if (round % ROUNDS_OF_A_REGISTRY == 0) {
      (void)snprintf(place.db, sizeof place.db, "%s/R%d.db", place.folder, round);
      atomic_store(&ledger->count, 0);
      api_wait(api_fork(prepare_registry, &v));
    }
    int before = atomic_load(&ledger->count);
    v.seed = 9000 + (uint64_t)round;
    v.work.random = UINT64_C(0xa24baed4963ee407) + (uint64_t)round;
    v.work.serial = round * 10000;
    int64_t after_us = (int64_t)(governed_random(&moments) % LONGEST_US);
    if (kill_one(&v, after_us)) hits++;
    for (int i = before; i < atomic_load(&ledger->count); i++) deeds[ledger->entries[i].what]++;
    told += atomic_load(&ledger->count) - before;
    check_one(&v, round, after_us);
  }
  print_message("%d of %d kills hit inside a call, %d calls were acknowledged\n", hits, rounds,
                told);
  assert_true(hits > rounds / 3);
  for (int deed = CRASH_LOGGED; deed <= CRASH_MOVED; deed++) assert_true(deeds[deed] > 0);
  crash_ledger_close(ledger);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_killed_at_any_moment),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
