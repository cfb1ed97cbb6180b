/* SPDX-License-Identifier: Apache-2.0 */
/* Many processes that govern one registry at once, each with every call there is: whatever the order
 * was in which they came, what is left is whole. */
#include "api_race.h"
#include "governed.h"

#include <unistd.h>

typedef struct storm {
  api_race *race;
  mr_registry *registry;
  mr_model *model;
  uint64_t random;
  int64_t done; /* calls that did what they were to do */
} storm;

static uint32_t next_random(storm *s) {
  s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(s->random >> 33);
}

/* The call did it, or says why others have made that impossible. */
static void settle(storm *s, mr_status status) {
  static const mr_status lost[] = {MR_CONFLICT, MR_ALREADY_EXISTS, MR_NOT_FOUND, MR_IN_USE};
  if (status == MR_OK) s->done++;
  for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++) {
    if (status == lost[i]) return;
  }
  OK(status);
}

/* Any version, also one that is not to be used any more; false when there is none. */
static bool pick_number(storm *s, char number[40]) {
  mr_version_page *page = NULL;
  OK(mr_model_list_versions(s->model, NULL, &page, &api_error));
  int64_t count = mr_version_page_count(page);
  if (count > 0) governed_core(mr_version_page_at(page, next_random(s) % count)->number, number);
  mr_version_page_free(page);
  return count > 0;
}

static void read_held(storm *s, char held[40]) {
  mr_channel_page *page = NULL;
  OK(mr_model_list_channels(s->model, NULL, &page, &api_error));
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
    settle(s, mr_request_withdraw(request, "r", &api_error));
  } else if (!audited) {
    governed_audit(s->registry, run_id);
    OK(mr_request_complete(request, NULL, &now, &api_error));
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
  settle(s, mr_model_move_channel(s->model, &options, &request, &api_error));
  mr_request_free(request);
}

static void roll_back(storm *s, const char *held) {
  mr_version *version = NULL;
  mr_roll_back_options options = MR_ROLL_BACK_OPTIONS_INIT;
  options.channel = "production";
  options.expected = held;
  settle(s, mr_model_roll_back_channel(s->model, &options, &version, &api_error));
  mr_version_free(version);
}

static void clear(storm *s, const char *held) {
  mr_clear_options options = MR_CLEAR_OPTIONS_INIT;
  options.channel = "production";
  options.expected = held;
  settle(s, mr_model_clear_channel(s->model, &options, &api_error));
}

static void change_version(storm *s, mr_version *version, const char *replacement) {
  mr_yank_options yank = MR_YANK_OPTIONS_INIT;
  mr_deprecate_options deprecate = MR_DEPRECATE_OPTIONS_INIT;
  yank.reason = deprecate.reason = "r";
  yank.replacement = deprecate.replacement = replacement;
  yank.channels = (mr_yank_channels)(next_random(s) % 3);
  switch (next_random(s) % 5) {
  case 0:
    settle(s, mr_version_yank(version, &yank, &api_error));
    break;
  case 1:
    settle(s, mr_version_unyank(version, "r", &api_error));
    break;
  case 2:
    settle(s, mr_version_deprecate(version, &deprecate, &api_error));
    break;
  case 3:
    settle(s, mr_version_undeprecate(version, "r", &api_error));
    break;
  default:
    settle(s, mr_version_delete(version, "r", &api_error));
  }
}

static void change(storm *s) {
  char number[40];
  char replacement[40];
  mr_version *version = NULL;
  if (!pick_number(s, number) || !pick_number(s, replacement)) return;
  mr_status status = mr_model_open_version(s->model, number, &version, &api_error);
  if (status == MR_NOT_FOUND) return; /* deleted meanwhile */
  OK(status);
  change_version(s, version, strcmp(number, replacement) == 0 ? NULL : replacement);
  mr_version_free(version);
}

/* What a consumer is given is never what was taken back. */
static void resolve(storm *s) {
  static const char *const references[] = {"digits@production", "digits", "digits@^1"};
  for (size_t i = 0; i < sizeof references / sizeof references[0]; i++) {
    mr_version *version = NULL;
    mr_status status = mr_registry_resolve(s->registry, references[i], NULL, &version, &api_error);
    if (status == MR_NOT_FOUND) continue;
    OK(status);
    mr_version_status now = mr_version_info(version)->status;
    CHILD(now == MR_VERSION_STATUS_ACTIVE || now == MR_VERSION_STATUS_DEPRECATED);
    mr_version_free(version);
  }
}

static void rage(void *ctx) {
  storm s = {.race = ctx};
  char held[40];
  s.random = (uint64_t)s.race->number + 1;
  api_seed((uint64_t)s.race->number + 8000);
  s.registry = api_open(s.race->place->db, 0);
  s.model = api_make_model(s.registry);
  api_race_wait(s.race);
  for (int i = 0; i < s.race->rounds; i++) {
    promote(&s);
    for (int k = 0; k < 3; k++) {
      read_held(&s, held);
      if (next_random(&s) % 2 == 0) {
        move(&s, held);
      } else if (next_random(&s) % 4 == 0) {
        clear(&s, held);
      } else {
        roll_back(&s, held);
      }
      change(&s);
      resolve(&s);
    }
  }
  CHILD(write(s.race->report[1], &s.done, sizeof s.done) == (ssize_t)sizeof s.done);
  mr_model_free(s.model);
  mr_registry_close(s.registry);
}

static void prepare_registry(void *ctx) {
  const api_place *place = ctx;
  char number[40];
  mr_registry *registry = api_open(place->db, MR_OPEN_CREATE);
  governed_prepare(registry);
  for (int i = 0; i < 5; i++) governed_version(registry, number);
  mr_registry_close(registry);
}

static void test_storm(void **state) {
  const api_place *place = *state;
  api_race r;
  api_wait(api_fork(prepare_registry, (void *)(uintptr_t)place));
  api_race_open(&r, place);
  r.rounds = api_scaled(25) + 1;
  api_race_win(&r, API_RACERS, rage);
  for (int i = 0; i < API_RACERS; i++) {
    int64_t done = 0;
    assert_int_equal(read(r.report[0], &done, sizeof done), sizeof done);
    assert_true(done >= r.rounds);
  }
  api_race_close(&r);
  sqlite3 *look = governed_look(place->db);
  governed_check(look);
  governed_check_file(look);
  /* Every number of the line was taken once, and none left out, also where it was deleted. */
  int64_t count = governed_count(look, "SELECT count(*) FROM version");
  assert_true(count > 5);
  assert_int_equal(governed_count(look, "SELECT count(DISTINCT CAST(substr(number, 3) AS INTEGER)) "
                                        "FROM version WHERE number LIKE '1.%.0+%'"),
                   count);
  assert_int_equal(
      governed_count(look, "SELECT max(CAST(substr(number, 3) AS INTEGER)) FROM version"),
      count - 1);
  /* Nothing of what could happen was left out. */
  assert_int_equal(governed_count(look, "SELECT count(DISTINCT kind) FROM channel_move"), 3);
  assert_true(governed_count(look, "SELECT count(DISTINCT status) FROM version_change") >= 3);
  assert_int_equal(sqlite3_close(look), SQLITE_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_storm),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
