/* SPDX-License-Identifier: Apache-2.0 */
/* Backups of a registry that others write, on a disk that fails, without memory, cut off at any
 * moment: there is a whole copy under its name, or none. */
#include "api_race.h"
#include "governed.h"
#include "sqlite_famine.h"
#include "vfs_shim.h"
#include "victim.h"

#include <dirent.h>
#include <unistd.h>

/* --- what must hold of a copy ------------------------------------------------------------- */

static const char *copy_of(const api_place *place) {
  return api_path(place->folder, "copy.db");
}

static void remove_copy(const api_place *place) {
  static const char *const names[] = {"copy.db", "copy.db-wal", "copy.db-shm", "copy.db.d"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const char *path = api_path(place->folder, names[i]);
    if (api_exists(path)) api_remove_tree(path);
  }
}

static int count_entries(const char *folder) {
  int count = 0;
  DIR *list = opendir(folder);
  if (list == NULL) return 0;
  for (const struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
    if (entry->d_name[0] != '.') count++;
  }
  CHILD(closedir(list) == 0);
  return count;
}

/* Neither a database nor a part of one under another name. */
static void nothing_is_left(const api_place *place) {
  assert_false(api_exists(copy_of(place)));
  assert_int_equal(count_entries(api_path(place->folder, "copy.db.d/tmp")), 0);
}

/* A registry that the library itself finds whole. In a child or in the parent. */
static void copy_is_whole(const char *path) {
  mr_registry *copy = api_open(path, MR_OPEN_READ_ONLY);
  governed_check_whole(copy, 0);
  mr_registry_close(copy);
  governed_check_at(path);
}

/* --- beside writers ----------------------------------------------------------------------- */

/* What outlives the processes: how much of each is acknowledged, and when to end. */
typedef struct tally {
  atomic_int ended;
  atomic_int runs[API_RACERS];
  atomic_int numbers; /* of versions */
} tally;

typedef struct writers {
  api_race race;
  tally *tally;
  int backups;
} writers;

/* A run with everything that a copy could lose, durable when it is counted. */
static void write_run(mr_registry *registry, int writer, int number) {
  char name[64];
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  mr_run_options options = MR_RUN_OPTIONS_INIT;
  (void)snprintf(name, sizeof name, "writer %d run %d", writer, number);
  options.name = name;
  OK(mr_registry_open_experiment(registry, "writers", &experiment, &api_error));
  OK(mr_experiment_start_run(experiment, &options, &run, &api_error));
  OK(mr_run_log_param(run, "name", name, &api_error));
  for (int step = 0; step < 20; step++) {
    OK(mr_run_log_metric(run, "loss", (double)step, step, &api_error));
  }
  OK(mr_run_log_artifact_bytes(run, "weights", (const uint8_t *)name, strlen(name), &api_error));
  OK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &api_error));
  mr_run_free(run);
  mr_experiment_free(experiment);
}

/* The last of the processes backs up, the others write until it is done. */
static void write_on(writers *w) {
  int number = w->race.number;
  char text[40];
  api_seed((uint64_t)number + 500);
  mr_registry *registry = api_race_enter(w->race.place->db, 0);
  api_race_wait(&w->race);
  for (int i = 0; atomic_load(&w->tally->ended) == 0; i++) {
    write_run(registry, number, i);
    atomic_store(&w->tally->runs[number], i + 1);
    if (number % 4 == 0 && i % 4 == 0) {
      governed_version(registry, text);
      atomic_fetch_add(&w->tally->numbers, 1);
    }
  }
  mr_registry_close(registry);
}

static void back_up_once(const writers *w, mr_registry *registry, int round) {
  char sql[200];
  int before[API_RACERS];
  const char *copy = copy_of(w->race.place);
  int numbers = atomic_load(&w->tally->numbers);
  for (int i = 0; i < API_RACERS; i++) before[i] = atomic_load(&w->tally->runs[i]);
  OK(mr_registry_backup(registry, copy, NULL, NULL, &api_error));
  copy_is_whole(copy);
  sqlite3 *look = governed_look(copy);
  for (int i = 0; i < API_RACERS; i++) {
    /* All that was acknowledged, in the order it was: no gap. */
    (void)snprintf(sql, sizeof sql,
                   "SELECT count(*) FROM run WHERE status = 2 AND name LIKE 'writer %d run %%'", i);
    int64_t runs = governed_count(look, sql);
    CHILD(runs >= before[i]);
    (void)snprintf(sql, sizeof sql,
                   "SELECT count(*) FROM metric JOIN run ON run.id = run_id "
                   "WHERE run.status = 2 AND points = 20 AND name LIKE 'writer %d run %%'",
                   i);
    CHILD(governed_count(look, sql) == runs);
  }
  CHILD(governed_count(look, "SELECT count(*) FROM version") >= numbers);
  CHILD(sqlite3_close(look) == SQLITE_OK);
  if (round % 2 == 0) remove_copy(w->race.place);
  /* Else the content stays for the next one. */
  if (round % 2 == 1) CHILD(unlink(copy) == 0);
}

static void write_or_back_up(void *ctx) {
  writers *w = ctx;
  if (w->race.number < API_RACERS - 1) {
    write_on(w);
    return;
  }
  mr_registry *registry = api_race_enter(w->race.place->db, 0);
  api_race_wait(&w->race);
  for (int i = 0; i < w->backups; i++) back_up_once(w, registry, i);
  atomic_store(&w->tally->ended, 1);
  mr_registry_close(registry);
}

static void test_beside_writers(void **state) {
  const api_place *place = *state;
  writers w;
  memset(&w, 0, sizeof w);
  w.tally = victim_share(api_path(place->folder, "tally"), sizeof *w.tally, true);
  w.backups = api_scaled(20) + 2;
  governed_create_apart(place->db, 2);
  api_race_open(&w.race, place);
  api_race_win(&w.race, API_RACERS, write_or_back_up);
  api_race_close(&w.race);
  for (int i = 0; i < API_RACERS - 1; i++) assert_true(atomic_load(&w.tally->runs[i]) > 0);
  assert_true(atomic_load(&w.tally->numbers) > 0);
  victim_unshare(w.tally, sizeof *w.tally);
}

/* --- several to one place ----------------------------------------------------------------- */

static void back_up_to_one_place(void *ctx) {
  api_race *race = ctx;
  mr_registry *registry = api_race_enter(race->place->db, 0);
  api_race_wait(race);
  mr_status status = mr_registry_backup(registry, copy_of(race->place), NULL, NULL, &api_error);
  CHILD(status == MR_OK || status == MR_ALREADY_EXISTS);
  char answer = status == MR_OK ? 'y' : 'n';
  CHILD(write(race->report[1], &answer, 1) == 1);
  mr_registry_close(registry);
}

static void test_only_one_gets_the_name(void **state) {
  const api_place *place = *state;
  governed_create_apart(place->db, 2);
  for (int round = 0; round < api_scaled(20) + 1; round++) {
    api_race race;
    int won = 0;
    char answer = 0;
    api_race_open(&race, place);
    api_race_win(&race, API_RACERS, back_up_to_one_place);
    for (int i = 0; i < API_RACERS; i++) {
      assert_int_equal(read(race.report[0], &answer, 1), 1);
      if (answer == 'y') won++;
    }
    api_race_close(&race);
    assert_int_equal(won, 1);
    assert_int_equal(count_entries(api_path(place->folder, "copy.db.d/tmp")), 0);
    copy_is_whole(copy_of(place));
    remove_copy(place);
  }
}

/* --- killed ------------------------------------------------------------------------------- */

static void back_up_for_ever(void *ctx) {
  const api_place *place = ctx;
  mr_registry *registry = api_open(place->db, 0);
  for (;;) {
    OK(mr_registry_backup(registry, copy_of(place), NULL, NULL, &api_error));
    CHILD(unlink(copy_of(place)) == 0);
  }
}

static void test_killed_at_any_moment(void **state) {
  const api_place *place = *state;
  int whole = 0;
  int none = 0;
  governed_create_apart(place->db, 2);
  for (int round = 0; round < api_scaled(150) + 10; round++) {
    victim_kill(back_up_for_ever, *state, NULL, (int64_t)round * 7919 % 40000);
    if (api_exists(copy_of(place))) {
      copy_is_whole(copy_of(place));
      assert_int_equal(unlink(copy_of(place)), 0);
      whole++;
    } else {
      none++;
    }
    /* Whatever it left, the next one gets to its end. */
    mr_registry *registry = api_open(place->db, 0);
    OK(mr_registry_backup(registry, copy_of(place), NULL, NULL, &api_error));
    mr_registry_close(registry);
    copy_is_whole(copy_of(place));
    if (round % 3 == 0) {
      remove_copy(place);
    } else {
      static const char *const beside[] = {"copy.db", "copy.db-wal", "copy.db-shm"};
      for (size_t i = 0; i < 3; i++) (void)unlink(api_path(place->folder, beside[i]));
    }
  }
  assert_true(whole + none > 10 && none > 0);
}

/* --- everything that can fail ------------------------------------------------------------- */

typedef struct hungry {
  const api_place *place;
  api_memory memory;
  mr_registry *registry; /* with the memory that fails */
  char *picture;         /* of the registry, which no backup changes */
} hungry;

static void hungry_begin(hungry *h, void **state) {
  memset(h, 0, sizeof *h);
  h->place = *state;
  mr_registry_close(governed_create(h->place->db, 2));
  api_memory_init(&h->memory);
  mr_open_options options = api_open_options(0);
  options.allocator = &h->memory.allocator;
  OK(mr_registry_open(h->place->db, &options, &h->registry, &api_error));
  h->picture = api_picture(api_path(h->place->folder, "R.db.d"));
}

static void hungry_end(hungry *h) {
  mr_registry_close(h->registry);
  assert_int_equal(atomic_load(&h->memory.live), 0);
  api_assert_picture(api_path(h->place->folder, "R.db.d"), h->picture);
}

/* One backup of which something fails: it says so and leaves nothing, or it is whole. */
static bool try_once(hungry *h, mr_status *status) {
  mr_report *report = NULL;
  long long live = atomic_load(&h->memory.live);
  api_error = (mr_error)MR_ERROR_INIT;
  *status = mr_registry_backup(h->registry, copy_of(h->place), NULL, &report, &api_error);
  if (*status == MR_OK) {
    assert_int_equal(mr_report_count(report), 0);
    mr_report_free(report);
  } else {
    assert_null(report);
    assert_true(api_error.status == *status && api_is_good_message(api_error.message));
  }
  /* The cache of statements may have grown. */
  assert_true(atomic_load(&h->memory.live) <= live + 16);
  return *status == MR_OK;
}

static void look_after(hungry *h, bool worked, int64_t n) {
  if (!worked) {
    nothing_is_left(h->place);
  } else {
    copy_is_whole(copy_of(h->place));
  }
  /* Every other time what was copied before stays. */
  if (n % 2 == 0) {
    remove_copy(h->place);
  } else if (worked) {
    assert_int_equal(unlink(copy_of(h->place)), 0);
  }
}

static void works_again(hungry *h) {
  mr_status status = MR_OK;
  remove_copy(h->place);
  if (!try_once(h, &status)) fail_msg("%s", api_error.message);
  copy_is_whole(copy_of(h->place));
  remove_copy(h->place);
}

static int fail_disk(hungry *h, unsigned ops, int code) {
  int failures = 0;
  for (int64_t n = 1;; n++) {
    bool ended = true;
    for (int for_ever = 0; for_ever <= 1; for_ever++) {
      mr_status status = MR_OK;
      vfs_shim_fail(ops, VFS_EVERY_FILE, n, for_ever == 1, code);
      bool worked = try_once(h, &status);
      if (vfs_shim_failed()) ended = false;
      vfs_shim_reset();
      if (!worked) failures++;
      look_after(h, worked, n);
    }
    if (ended) break;
    assert_true(n < 3000);
  }
  return failures;
}

static void test_every_disk_call_failing(void **state) {
  hungry h;
  hungry_begin(&h, state);
  vfs_shim_skip_syncs(true);
  assert_true(fail_disk(&h, VFS_IO, 0) > 20);
  works_again(&h);
  hungry_end(&h);
}

static void test_full_disk(void **state) {
  hungry h;
  hungry_begin(&h, state);
  vfs_shim_skip_syncs(true);
  vfs_shim_fail(VFS_WRITE, VFS_EVERY_FILE, 1, true, SQLITE_FULL);
  REFUSED(MR_IO, "the disk is full",
          mr_registry_backup(h.registry, copy_of(h.place), NULL, NULL, &api_error));
  assert_non_null(strstr(api_error.message, copy_of(h.place)));
  vfs_shim_reset();
  nothing_is_left(h.place);
  assert_true(fail_disk(&h, VFS_WRITE | VFS_TRUNCATE, SQLITE_FULL) > 5);
  works_again(&h);
  hungry_end(&h);
}

static void test_every_allocation_failing(void **state) {
  hungry h;
  hungry_begin(&h, state);
  works_again(&h);
  for (int64_t n = 1;; n++) {
    bool ended = true;
    for (int for_ever = 0; for_ever <= 1; for_ever++) {
      mr_status status = MR_OK;
      api_memory_fail(&h.memory, n, for_ever == 1);
      bool worked = try_once(&h, &status);
      bool fired = atomic_load(&h.memory.fired);
      api_memory_fail(&h.memory, 0, false);
      if (fired) ended = false;
      assert_int_equal(worked, !fired);
      if (!worked) assert_int_equal(status, MR_NO_MEMORY);
      look_after(&h, worked, n);
    }
    if (ended) {
      assert_true(n > 20);
      break;
    }
  }
  works_again(&h);
  hungry_end(&h);
}

static void test_sqlite_without_memory(void **state) {
  hungry h;
  int failures = 0;
  int stride = api_scaled(100) >= 100 ? 3 : 29;
  hungry_begin(&h, state);
  works_again(&h);
  for (int64_t n = 1;; n += stride) {
    bool ended = true;
    for (int for_ever = 0; for_ever <= 1; for_ever++) {
      mr_status status = MR_OK;
      sqlite_famine_fail(n, for_ever == 1);
      bool worked = try_once(&h, &status);
      if (sqlite_famine_failed()) ended = false;
      sqlite_famine_fail(0, false);
      if (!worked) failures++;
      if (!worked) assert_int_equal(status, MR_NO_MEMORY);
      look_after(&h, worked, n);
    }
    if (ended) break;
  }
  assert_true(failures > 0);
  works_again(&h);
  hungry_end(&h);
}

/* --- cancelled ---------------------------------------------------------------------------- */

static void trigger(void *ctx) {
  mr_cancel_trigger(ctx);
}

/* In the middle of the nth write to the copy's database, for every n. */
static void test_cancelled_at_any_write(void **state) {
  hungry h;
  int cancelled = 0;
  hungry_begin(&h, state);
  vfs_shim_skip_syncs(true);
  for (int64_t n = 1;; n++) {
    mr_cancel *cancel = NULL;
    mr_backup_options options = MR_BACKUP_OPTIONS_INIT;
    OK(mr_cancel_new(&cancel, &api_error));
    options.cancel = cancel;
    vfs_shim_hook_at(VFS_WRITE, VFS_EVERY_FILE, n, trigger, cancel);
    mr_status status = mr_registry_backup(h.registry, copy_of(h.place), &options, NULL, &api_error);
    bool reached = vfs_shim_hooked();
    vfs_shim_reset();
    assert_int_equal(status, reached ? MR_CANCELLED : MR_OK);
    assert_true(mr_cancel_done(cancel) <= mr_cancel_total(cancel));
    if (!reached) assert_int_equal(mr_cancel_done(cancel), mr_cancel_total(cancel));
    if (reached) cancelled++;
    mr_cancel_free(cancel);
    look_after(&h, !reached, n);
    if (!reached) break;
  }
  assert_true(cancelled > 10);
  works_again(&h);
  hungry_end(&h);
}

/* --- others write meanwhile --------------------------------------------------------------- */

enum { BULKY_RUNS = 120, READS_BETWEEN = 40, MANY = 1000 };

typedef struct intruder {
  mr_registry *registry;
  int commits;
} intruder;

static mr_run *bulky_run(mr_registry *registry) {
  static char value[65000];
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  memset(value, 'v', sizeof value - 1);
  OK(mr_registry_open_experiment(registry, "bulky", &experiment, &api_error));
  OK(mr_experiment_start_run(experiment, NULL, &run, &api_error));
  OK(mr_run_log_param(run, "value", value, &api_error));
  mr_experiment_free(experiment);
  return run;
}

/* Each time some pages were read: another connection commits. */
static void intrude(void *ctx) {
  intruder *i = ctx;
  mr_run_free(bulky_run(i->registry));
  i->commits++;
  if (i->commits < MANY) {
    vfs_shim_hook_at(VFS_READ, VFS_DB | VFS_LOG, READS_BETWEEN, intrude, i);
  }
}

/* The copy is of the moment when it began, and gets to its end although it never has the database
 * to itself. */
static void test_commits_between_the_pages(void **state) {
  hungry h;
  intruder other = {NULL, 0};
  mr_cancel *progress = NULL;
  mr_backup_options options = MR_BACKUP_OPTIONS_INIT;
  hungry_begin(&h, state);
  vfs_shim_skip_syncs(true);
  for (int i = 0; i < BULKY_RUNS; i++) mr_run_free(bulky_run(h.registry));
  other.registry = api_open(h.place->db, 0);
  OK(mr_cancel_new(&progress, &api_error));
  options.cancel = progress;
  vfs_shim_hook_at(VFS_READ, VFS_DB | VFS_LOG, READS_BETWEEN, intrude, &other);
  OK(mr_registry_backup(h.registry, copy_of(h.place), &options, NULL, &api_error));
  vfs_shim_reset();
  assert_true(other.commits > 5 && other.commits < MANY);
  assert_int_equal(mr_cancel_done(progress), mr_cancel_total(progress));
  copy_is_whole(copy_of(h.place));
  sqlite3 *look = governed_look(copy_of(h.place));
  int64_t runs = governed_count(look, "SELECT count(*) FROM param WHERE key = 'value'");
  assert_true(runs >= BULKY_RUNS && runs <= BULKY_RUNS + 1);
  assert_int_equal(sqlite3_close(look), SQLITE_OK);
  mr_cancel_free(progress);
  mr_registry_close(other.registry);
  remove_copy(h.place);
  works_again(&h);
  hungry_end(&h);
}

static void count_syncs(void *ctx) {
  *(int64_t *)ctx = vfs_shim_count(VFS_SYNC, VFS_DB | VFS_OTHER);
}

/* After the last byte of the copy there is a sync, before it gets its name. */
static void test_copy_is_synced(void **state) {
  hungry h;
  int64_t before = -1;
  hungry_begin(&h, state);
  works_again(&h);
  vfs_shim_reset();
  OK(mr_registry_backup(h.registry, copy_of(h.place), NULL, NULL, &api_error));
  int64_t writes = vfs_shim_count(VFS_WRITE, VFS_DB | VFS_OTHER);
  assert_true(writes > 10);
  remove_copy(h.place);
  vfs_shim_reset();
  vfs_shim_hook_at(VFS_WRITE, VFS_DB | VFS_OTHER, writes, count_syncs, &before);
  OK(mr_registry_backup(h.registry, copy_of(h.place), NULL, NULL, &api_error));
  assert_true(vfs_shim_hooked());
  assert_int_equal(vfs_shim_count(VFS_WRITE, VFS_DB | VFS_OTHER), writes);
  assert_true(vfs_shim_count(VFS_SYNC, VFS_DB | VFS_OTHER) > before);
  remove_copy(h.place);
  hungry_end(&h);
}

static int setup(void **state) {
  vfs_shim_register();
  vfs_shim_reset();
  vfs_shim_skip_syncs(false);
  return api_setup(state);
}

static int teardown(void **state) {
  vfs_shim_reset();
  vfs_shim_skip_syncs(false);
  return api_teardown(state);
}

#define backup_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
  if (!sqlite_famine_arm()) return 1;
  vfs_shim_register();
  if (sqlite3_vfs_register(sqlite3_vfs_find(VFS_SHIM_NAME), 1) != SQLITE_OK) return 1;
  const struct CMUnitTest tests[] = {
      /* What forks comes first: a child must not find SQLite open. */
      backup_test(test_beside_writers),
      backup_test(test_only_one_gets_the_name),
      backup_test(test_killed_at_any_moment),
      backup_test(test_every_disk_call_failing),
      backup_test(test_full_disk),
      backup_test(test_every_allocation_failing),
      backup_test(test_sqlite_without_memory),
      backup_test(test_cancelled_at_any_write),
      backup_test(test_commits_between_the_pages),
      backup_test(test_copy_is_synced),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
