/* SPDX-License-Identifier: Apache-2.0 */
/* Many processes, or threads of one, that govern a registry at once, each with every call there is:
 * whatever the order was in which they came, what is left is whole. */
#include "api_race.h"
#include "governed.h"

#include <pthread.h>
#include <unistd.h>

typedef struct storm {
  mr_registry *registry; /* shared by threads */
  mr_error error;        /* of this thread */
  int rounds;
  mr_model *model;
  uint64_t random;
  int64_t done; /* calls that did what they were to do */
} storm;

static uint32_t next_random(storm *s) {
  s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(s->random >> 33);
}

/* As OK, but with the error of the thread. */
static void must(storm *s, mr_status status) {
  if (status != MR_OK) fprintf(stderr, "%s: %s\n", mr_status_name(status), s->error.message);
  CHILD(status == MR_OK);
}

/* The call did it, or says why others have made that impossible. */
static void settle(storm *s, mr_status status) {
  static const mr_status lost[] = {MR_CONFLICT, MR_ALREADY_EXISTS, MR_NOT_FOUND, MR_IN_USE};
  if (status == MR_OK) s->done++;
  for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++) {
    if (status == lost[i]) return;
  }
  must(s, status);
}

/* Any version, also one that is not to be used any more; false when there is none. */
static bool pick_number(storm *s, char number[40]) {
  mr_version_page *page = NULL;
  must(s, mr_model_list_versions(s->model, NULL, &page, &s->error));
  int64_t count = mr_version_page_count(page);
  if (count > 0) governed_core(mr_version_page_at(page, next_random(s) % count)->number, number);
  mr_version_page_free(page);
  return count > 0;
}

static void read_held(storm *s, char held[40]) {
  mr_channel_page *page = NULL;
  must(s, mr_model_list_channels(s->model, NULL, &page, &s->error));
  const char *number = mr_channel_page_at(page, 0)->version;
  governed_core(number == NULL ? "none" : number, held);
  mr_channel_page_free(page);
}

static void promote(storm *s) {
  char run_id[40];
  mr_request *now = NULL;
  bool audited = next_random(s) % 2 == 0;
  governed_candidate(s->registry, audited, run_id);
  mr_request *request = api_promote(s->model, run_id);
  CHILD(mr_request_info(request)->state ==
        (audited ? MR_REQUEST_STATE_ACCEPTED : MR_REQUEST_STATE_OPEN));
  if (!audited && next_random(s) % 2 == 0) {
    settle(s, mr_request_withdraw(request, "r", &s->error));
  } else if (!audited) {
    governed_audit(s->registry, run_id);
    must(s, mr_request_complete(request, NULL, &now, &s->error));
    CHILD(mr_request_info(now)->state == MR_REQUEST_STATE_ACCEPTED);
  }
  s->done++;
  mr_request_free(now);
  mr_request_free(request);
}

static void move(storm *s, const char *held) {
  char number[40];
  mr_request *request = NULL;
  mr_move_options options = MR_MOVE_OPTIONS_INIT;
  if (!pick_number(s, number)) return;
  options.channel = "production";
  options.version = number;
  options.expected = held;
  settle(s, mr_model_move_channel(s->model, &options, &request, &s->error));
  mr_request_free(request);
}

static void roll_back(storm *s, const char *held) {
  mr_version *version = NULL;
  mr_roll_back_options options = MR_ROLL_BACK_OPTIONS_INIT;
  options.channel = "production";
  options.expected = held;
  settle(s, mr_model_roll_back_channel(s->model, &options, &version, &s->error));
  mr_version_free(version);
}

static void clear(storm *s, const char *held) {
  mr_clear_options options = MR_CLEAR_OPTIONS_INIT;
  options.channel = "production";
  options.expected = held;
  settle(s, mr_model_clear_channel(s->model, &options, &s->error));
}

static void change_version(storm *s, mr_version *version, const char *replacement) {
  mr_yank_options yank = MR_YANK_OPTIONS_INIT;
  mr_deprecate_options deprecate = MR_DEPRECATE_OPTIONS_INIT;
  yank.reason = deprecate.reason = "r";
  yank.replacement = deprecate.replacement = replacement;
  yank.channels = (mr_yank_channels)(next_random(s) % 3);
  switch (next_random(s) % 5) {
  case 0:
    settle(s, mr_version_yank(version, &yank, &s->error));
    break;
  case 1:
    settle(s, mr_version_unyank(version, "r", &s->error));
    break;
  case 2:
    settle(s, mr_version_deprecate(version, &deprecate, &s->error));
    break;
  case 3:
    settle(s, mr_version_undeprecate(version, "r", &s->error));
    break;
  default:
    settle(s, mr_version_delete(version, "r", &s->error));
  }
}

static void change(storm *s) {
  char number[40];
  char replacement[40];
  mr_version *version = NULL;
  if (!pick_number(s, number) || !pick_number(s, replacement)) return;
  mr_status status = mr_model_open_version(s->model, number, &version, &s->error);
  if (status == MR_NOT_FOUND) return; /* deleted meanwhile */
  must(s, status);
  change_version(s, version, strcmp(number, replacement) == 0 ? NULL : replacement);
  mr_version_free(version);
}

/* What a consumer is given is never what was taken back. */
static void resolve(storm *s) {
  static const char *const references[] = {"digits@production", "digits", "digits@^1"};
  for (size_t i = 0; i < sizeof references / sizeof references[0]; i++) {
    mr_version *version = NULL;
    mr_status status = mr_registry_resolve(s->registry, references[i], NULL, &version, &s->error);
    if (status == MR_NOT_FOUND) continue;
    must(s, status);
    mr_version_status now = mr_version_info(version)->status;
    CHILD(now == MR_VERSION_STATUS_ACTIVE || now == MR_VERSION_STATUS_DEPRECATED);
    mr_version_free(version);
  }
}

/* All of it, over and over. */
static void rage(storm *s) {
  char held[40];
  s->error = (mr_error)MR_ERROR_INIT;
  must(s, mr_registry_open_model(s->registry, "digits", &s->model, &s->error));
  for (int i = 0; i < s->rounds; i++) {
    promote(s);
    for (int k = 0; k < 3; k++) {
      read_held(s, held);
      if (next_random(s) % 2 == 0) {
        move(s, held);
      } else if (next_random(s) % 4 == 0) {
        clear(s, held);
      } else {
        roll_back(s, held);
      }
      change(s);
      resolve(s);
    }
  }
  CHILD(s->done >= s->rounds);
  mr_model_free(s->model);
}

static void rage_alone(void *ctx) {
  api_race *r = ctx;
  storm s = {.rounds = r->rounds, .random = (uint64_t)r->number + 1};
  api_seed((uint64_t)r->number + 8000);
  s.registry = api_race_enter(r->place->db, 0);
  api_race_wait(r);
  rage(&s);
  mr_registry_close(s.registry);
}

static void *rage_in_thread(void *ctx) {
  rage(ctx);
  return NULL;
}

enum { THREADS = 8 };

/* In a process of its own, so that any thread can end it. */
static void rage_together(void *ctx) {
  api_race *r = ctx;
  storm storms[THREADS];
  pthread_t threads[THREADS];
  memset(storms, 0, sizeof storms);
  api_seed((uint64_t)r->number + 9000);
  mr_registry *registry = api_race_enter(r->place->db, 0);
  api_race_wait(r);
  for (int i = 0; i < THREADS; i++) {
    storms[i].registry = registry;
    storms[i].rounds = r->rounds;
    storms[i].random = (uint64_t)(r->number * THREADS + i + 1);
    CHILD(pthread_create(&threads[i], NULL, rage_in_thread, &storms[i]) == 0);
  }
  for (int i = 0; i < THREADS; i++) CHILD(pthread_join(threads[i], NULL) == 0);
  mr_registry_close(registry);
}

/* What must hold whoever came first. */
static void check_registry(const api_place *place) {
  sqlite3 *look = governed_look(place->db);
  governed_check(look);
  governed_check_file(look);
  assert_true(governed_check_numbers(look) > 5);
  /* Nothing of what could happen was left out. */
  assert_int_equal(governed_count(look, "SELECT count(DISTINCT kind) FROM channel_move"), 3);
  assert_int_equal(governed_count(look, "SELECT count(DISTINCT status) FROM version_change"), 4);
  assert_int_equal(sqlite3_close(look), SQLITE_OK);
}

static void run_storm(const api_place *place, int processes, int rounds, void (*body)(void *ctx)) {
  api_race r;
  governed_create_apart(place->db, 5);
  api_race_open(&r, place);
  r.rounds = rounds;
  api_race_win(&r, processes, body);
  api_race_close(&r);
  check_registry(place);
}

static void test_processes(void **state) {
  run_storm(*state, API_RACERS, api_scaled(25) + 1, rage_alone);
}

static void test_threads(void **state) {
  run_storm(*state, 1, api_scaled(40) + 2, rage_together);
}

static void test_threads_of_processes(void **state) {
  run_storm(*state, 2, api_scaled(20) + 1, rage_together);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_processes),
      api_test(test_threads),
      api_test(test_threads_of_processes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
