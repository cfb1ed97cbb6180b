/* SPDX-License-Identifier: Apache-2.0 */
/* Sixteen processes that do everything at once, beside readers of long transactions: nobody is told
 * that the registry is busy, the log stays within its bound, and what is left is whole. */
#include "api_race.h"
#include "env_stage.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
  WORKERS = 14,
  READERS = 2,
  READ_MS = 100, /* more than the lifetime of a reader that the guard of the log waits for */
  NOTE_BYTES = 60000
};

/* Past 16 MiB (MRI_SQLITE_LOG_LIMIT) each commit holds the writers until the log is copied; a reader
 * that outlasts that lets a few more transactions in before the log begins anew. */
#define LOG_MOST ((int64_t)2 * 16 * 1024 * 1024)

typedef struct worker {
  api_race *race;
  mr_registry *registry;
  mr_model *model;
  mr_run *run; /* that notes are made on */
  uint64_t random;
  int turn;
  int64_t done[8];
} worker;

static int64_t now_ms(void) {
  struct timespec time;
  CHILD(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Nothing but what others did first may stand in the way. */
static void settle(worker *w, mr_status status, int kind) {
  if (status == MR_OK) w->done[kind]++;
  bool lost = status == MR_CONFLICT || status == MR_ALREADY_EXISTS || status == MR_NOT_FOUND;
  if (status != MR_OK && !lost)
    fprintf(stderr, "%s: %s\n", mr_status_name(status), api_error.message);
  CHILD(status == MR_OK || lost);
}

static void make_note(worker *w) {
  static char note[NOTE_BYTES + 1];
  char key[32];
  memset(note, 'a' + w->turn % 26, NOTE_BYTES);
  (void)snprintf(key, sizeof key, "note-%d", w->turn % 8);
  settle(w, mr_run_set_tag(w->run, key, note, &api_error), 0);
  for (int i = 0; i < 20; i++) OK(mr_run_log_metric(w->run, "loss", i, w->turn, &api_error));
  OK(mr_run_flush(w->run, &api_error));
}

static void snapshot(worker *w) {
  mr_experiment *experiment = NULL;
  mr_manifest *manifest = NULL;
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  options.freeze = 1;
  OK(mr_registry_open_experiment(w->registry, "digits", &experiment, &api_error));
  OK(mr_manifest_new(&manifest, &api_error));
  OK(mr_manifest_add_file(manifest, w->race->text, "data", &api_error));
  settle(w, mr_experiment_log_dataset(experiment, "d", manifest, &options, NULL, &api_error), 1);
  mr_manifest_free(manifest);
  mr_experiment_free(experiment);
}

static void promote(worker *w) {
  char number[40];
  governed_version(w->registry, number);
  w->done[2]++;
}

static void move(worker *w) {
  char number[40];
  char held[40];
  mr_request *request = NULL;
  mr_move_options options = MR_MOVE_OPTIONS_INIT;
  (void)governed_held(w->model, held);
  if (!governed_pick(w->model, &w->random, held, number)) return;
  options.channel = "production";
  options.version = number;
  options.expected = held;
  settle(w, mr_model_move_channel(w->model, &options, &request, &api_error), 3);
  mr_request_free(request);
}

static void read_lists(worker *w) {
  mr_version *version = NULL;
  mr_run_page *runs = NULL;
  settle(w, mr_registry_resolve(w->registry, "digits@production", NULL, &version, &api_error), 4);
  mr_version_free(version);
  settle(w, mr_registry_resolve(w->registry, "digits", NULL, &version, &api_error), 4);
  OK(mr_registry_list_runs(w->registry, NULL, &runs, &api_error));
  mr_run_page_free(runs);
  mr_version_free(version);
}

static void back_up(worker *w) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s-copy-%d-%d", w->race->place->db, w->race->number, w->turn);
  settle(w, mr_registry_backup(w->registry, path, NULL, NULL, &api_error), 6);
  env_whole_at(path);
}

static void act(worker *w) {
  switch (governed_random(&w->random) % 16) {
  case 0:
    promote(w);
    break;
  case 1:
    snapshot(w);
    break;
  case 2:
  case 3:
    move(w);
    break;
  case 4:
    governed_check_whole(w->registry, MR_FSCK_QUICK);
    w->done[5]++;
    break;
  case 5:
    if (w->race->number == 0 && w->done[6] < 3) back_up(w);
    break;
  case 6:
  case 7:
    read_lists(w);
    break;
  default:
    make_note(w);
  }
}

static void work(api_race *race) {
  worker w = {.race = race, .random = (uint64_t)race->number + 77};
  mr_experiment *experiment = NULL;
  api_seed((uint64_t)race->number + 7000);
  w.registry = api_open(race->place->db, 0); /* with the usual patience */
  w.model = api_make_model(w.registry);
  OK(mr_registry_open_experiment(w.registry, "digits", &experiment, &api_error));
  OK(mr_experiment_start_run(experiment, NULL, &w.run, &api_error));
  api_race_wait(race);
  int64_t end = now_ms() + race->rounds;
  for (w.turn = 0; now_ms() < end || w.turn < 5; w.turn++) act(&w);
  OK(mr_run_finish(w.run, MR_RUN_STATUS_FINISHED, &api_error));
  CHILD(w.done[0] + w.done[1] + w.done[2] + w.done[3] + w.done[4] + w.done[5] > 0);
  mr_run_free(w.run);
  mr_experiment_free(experiment);
  mr_model_free(w.model);
  mr_registry_close(w.registry);
}

/* One snapshot after the other, the two readers out of step, so that there always is one; and a
 * look at how long the log is. */
static void read_long(api_race *race) {
  char log[128];
  const struct timespec pause = {0, READ_MS * 1000000L};
  const struct timespec half = {0, READ_MS * 500000L};
  (void)snprintf(log, sizeof log, "%s-wal", race->place->db);
  sqlite3 *look = governed_look(race->place->db);
  int64_t most = 0;
  api_race_wait(race);
  int64_t end = now_ms() + race->rounds;
  if (race->number % 2 == 0) (void)nanosleep(&half, NULL);
  do {
    struct stat info;
    CHILD(sqlite3_exec(look, "BEGIN", NULL, NULL, NULL) == SQLITE_OK);
    int64_t before = governed_count(look, "SELECT count(*) FROM run");
    (void)nanosleep(&pause, NULL);
    CHILD(governed_count(look, "SELECT count(*) FROM run") == before);
    CHILD(sqlite3_exec(look, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
    CHILD(stat(log, &info) == 0);
    if ((int64_t)info.st_size > most) most = (int64_t)info.st_size;
  } while (now_ms() < end);
  if (most > LOG_MOST) fprintf(stderr, "the log had %lld bytes\n", (long long)most);
  CHILD(most <= LOG_MOST);
  CHILD(sqlite3_close(look) == SQLITE_OK);
}

static void take_part(void *ctx) {
  api_race *race = ctx;
  if (race->number < WORKERS) {
    work(race);
  } else {
    read_long(race);
  }
}

static void check_registry(const api_place *place) {
  sqlite3 *look = governed_look(place->db);
  assert_true(governed_check_numbers(look) > 1);
  assert_true(governed_count(look, "SELECT count(*) FROM channel_move") > 0);
  assert_true(governed_count(look, "SELECT count(*) FROM dataset") > 0);
  assert_int_equal(sqlite3_close(look), SQLITE_OK);
  env_whole_at(place->db);
}

static void test_everything_at_once(void **state) {
  api_race race;
  api_place place = *(const api_place *)*state;
  char home[96];
  env_make_home(&place, home);
  (void)snprintf(place.db, sizeof place.db, "%.70s/R.db", home);
  governed_create_apart(place.db, 1);
  api_race_open(&race, &place);
  (void)snprintf(race.text, sizeof race.text, "%.70s/data", home);
  api_write_file(race.text, "1,2,3\n", 6);
  race.rounds = api_scaled(30000) > 6000 ? api_scaled(30000) : 6000;
  api_race_win(&race, WORKERS + READERS, take_part);
  api_race_close(&race);
  check_registry(&place);
  api_remove_tree(home);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_everything_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
