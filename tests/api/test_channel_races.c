/* SPDX-License-Identifier: Apache-2.0 */
/* Several processes at one channel: moving, rolling back, clearing, yanking what it holds. */
#include "api_race.h"

#include <sqlite3.h>
#include <unistd.h>

enum { NUMBERS = API_RACERS + 1 };

/* The nth of the versions that are there. */
static const char *number_of(int n) {
  static char texts[NUMBERS][16];
  char *text = texts[n % NUMBERS];
  (void)snprintf(text, sizeof texts[0], "1.%d.0", n % NUMBERS);
  return text;
}

/* The channel "production" that holds 1.0.0, and more versions. */
static void make_channel(void *ctx) {
  api_race *r = ctx;
  api_race_make_model((void *)(uintptr_t)r->place);
  mr_registry *registry = api_race_enter(r->place->db, 0);
  mr_model *model = api_make_model(registry);
  for (int i = 0; i < r->rounds; i++) api_race_add_version(registry, model);
  OK(mr_model_create_channel(model, "production", &api_error));
  mr_request_free(api_move(model, "production", "1.0.0", "none"));
  mr_model_free(model);
  mr_registry_close(registry);
}

static void prepare(const api_place *place, int versions) {
  api_race setup;
  memset(&setup, 0, sizeof setup);
  setup.place = place;
  setup.rounds = versions;
  api_wait(api_fork(make_channel, &setup));
}

/* --- the history -------------------------------------------------------------------------- */

/* Everything but the last one; read page by page. */
typedef struct chain {
  int64_t sequence;  /* of the entry before, which is the next newer one */
  char previous[64]; /* what that one says that the channel held until then */
  int64_t moved_us;
  bool ended;
} chain;

static const char *or_none(const char *number) {
  return number == NULL ? "none" : number;
}

static void check_request(mr_registry *registry, const mr_channel_move_record *record) {
  mr_request *request = NULL;
  OK(mr_registry_open_request(registry, record->request_id, &request, &api_error));
  assert_int_equal(mr_request_info(request)->state, MR_REQUEST_STATE_ACCEPTED);
  assert_string_equal(mr_request_info(request)->transition, "channel/production");
  assert_string_equal(mr_request_info(request)->version, record->version);
  assert_string_equal(mr_request_info(request)->expected, or_none(record->previous));
  mr_request_free(request);
}

static void check_move(mr_registry *registry, const mr_channel_move_record *record, chain *c) {
  assert_int_equal(record->sequence, c->sequence - 1);
  assert_string_equal(or_none(record->version), c->previous);
  assert_string_not_equal(or_none(record->previous), or_none(record->version));
  assert_true(record->moved_us < c->moved_us);
  assert_int_equal(record->kind == MR_CHANNEL_MOVE_KIND_CLEARED, record->version == NULL);
  assert_int_equal(record->kind == MR_CHANNEL_MOVE_KIND_MOVED, record->request_id != NULL);
  if (record->request_id != NULL) check_request(registry, record);
  c->sequence = record->sequence;
  c->moved_us = record->moved_us;
  (void)snprintf(c->previous, sizeof c->previous, "%s", or_none(record->previous));
}

/* One roll back must name what the channel had held before. */
static void check_held_before(const mr_channel_move_page *page, int64_t at) {
  const mr_channel_move_record *record = mr_channel_move_page_at(page, at);
  if (record->kind != MR_CHANNEL_MOVE_KIND_ROLLED_BACK) return;
  for (int64_t i = at + 1; i < mr_channel_move_page_count(page); i++) {
    const char *version = mr_channel_move_page_at(page, i)->version;
    if (version != NULL && strcmp(version, record->version) == 0) return;
  }
  fail_msg("move %lld goes back to %s, which was never held", (long long)record->sequence,
           record->version);
}

/* Each change begins where the one before it ended, none is missing, and there are `changes`. */
static void check_history(const api_place *place, int64_t changes) {
  mr_channel_page *channels = NULL;
  mr_channel_move_page *page = NULL;
  mr_channel_move_list_options options = MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
  mr_registry *registry = api_open(place->db, 0);
  mr_model *model = api_make_model(registry);
  OK(mr_model_list_channels(model, NULL, &channels, &api_error));
  const mr_channel_record *now = mr_channel_page_at(channels, 0);
  options.channel = now->name;
  options.limit = MR_LIST_MAX_LIMIT;
  OK(mr_model_list_channel_moves(model, &options, &page, &api_error));
  assert_int_equal(now->sequence, changes);
  assert_int_equal(mr_channel_move_page_count(page), changes);
  chain c = {.sequence = changes + 1, .moved_us = INT64_MAX};
  (void)snprintf(c.previous, sizeof c.previous, "%s", or_none(now->version));
  for (int64_t i = 0; i < changes; i++) {
    check_move(registry, mr_channel_move_page_at(page, i), &c);
    check_held_before(page, i);
  }
  assert_int_equal(c.sequence, 1);
  assert_string_equal(c.previous, "none");
  mr_channel_move_page_free(page);
  mr_channel_page_free(channels);
  mr_model_free(model);
  mr_registry_close(registry);
}

/* --- moving at once ----------------------------------------------------------------------- */

enum { ACCEPTED = 0, TOO_LATE = 10 };

static void move_once(void *ctx) {
  api_race *r = ctx;
  mr_request *request = NULL;
  mr_move_options move = MR_MOVE_OPTIONS_INIT;
  api_seed((uint64_t)(20 + r->number + 100 * r->rounds));
  mr_registry *registry = api_race_enter(r->place->db, 0);
  mr_model *model = api_make_model(registry);
  move.channel = "production";
  move.version = r->versions[r->number + 1];
  move.expected = r->versions[0];
  api_race_wait(r);
  mr_status status = mr_model_move_channel(model, &move, &request, &api_error);
  CHILD(status == MR_OK || status == MR_CONFLICT);
  if (status == MR_CONFLICT) REFUSED(MR_CONFLICT, "production", status);
  if (status == MR_OK) CHILD(mr_request_info(request)->state == MR_REQUEST_STATE_ACCEPTED);
  mr_request_free(request);
  mr_model_free(model);
  mr_registry_close(registry);
  _exit(status == MR_OK ? ACCEPTED : TOO_LATE);
}

static void test_one_wins(void **state) {
  static const int counts[] = {2, 7, API_RACERS};
  const api_place *place = *state;
  int rounds = api_scaled(40) + 3;
  int held = 0;
  prepare(place, NUMBERS);
  for (int round = 0; round < rounds; round++) {
    api_race r;
    int codes[API_RACERS];
    int winner = -1;
    int count = counts[round % 3];
    api_race_open(&r, place);
    r.rounds = round;
    for (int i = 0; i <= count; i++) r.versions[i] = number_of(held + i);
    api_race_run(&r, count, move_once, codes);
    api_race_close(&r);
    for (int i = 0; i < count; i++) {
      if (codes[i] == TOO_LATE) continue;
      assert_int_equal(codes[i], ACCEPTED);
      assert_int_equal(winner, -1);
      winner = i;
    }
    assert_true(winner >= 0);
    held = (held + winner + 1) % NUMBERS;
    char now[64];
    mr_registry *registry = api_open(place->db, 0);
    mr_model *model = api_make_model(registry);
    api_race_held(model, now, sizeof now);
    assert_string_equal(now, number_of(held));
    mr_model_free(model);
    mr_registry_close(registry);
  }
  check_history(place, rounds + 1);
}

/* --- moving, rolling back and clearing at once -------------------------------------------- */

/* What the calls of one child did. */
typedef struct tally {
  int64_t moved;
  int64_t rolled_back;
  int64_t cleared;
  int64_t yanked;
  int64_t too_late;
} tally;

static uint32_t next_pick(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static void count_outcome(tally *t, int64_t *done, mr_status status) {
  if (status == MR_OK) (*done)++;
  if (status == MR_CONFLICT) t->too_late++;
}

static void try_move(mr_model *model, const char *held, const char *number, tally *t) {
  mr_request *request = NULL;
  mr_move_options move = MR_MOVE_OPTIONS_INIT;
  move.channel = "production";
  move.version = number;
  move.expected = held;
  mr_status status = mr_model_move_channel(model, &move, &request, &api_error);
  CHILD(status == MR_OK || status == MR_CONFLICT || status == MR_ALREADY_EXISTS);
  count_outcome(t, &t->moved, status);
  mr_request_free(request);
}

static void try_roll_back(mr_model *model, const char *held, tally *t) {
  mr_version *version = NULL;
  mr_roll_back_options options = MR_ROLL_BACK_OPTIONS_INIT;
  options.channel = "production";
  options.expected = held;
  mr_status status = mr_model_roll_back_channel(model, &options, &version, &api_error);
  CHILD(status == MR_OK || status == MR_CONFLICT || status == MR_NOT_FOUND);
  count_outcome(t, &t->rolled_back, status);
  mr_version_free(version);
}

static void try_clear(mr_model *model, const char *held, tally *t) {
  int64_t nothing = 0;
  mr_clear_options options = MR_CLEAR_OPTIONS_INIT;
  options.channel = "production";
  options.expected = held;
  mr_status status = mr_model_clear_channel(model, &options, &api_error);
  CHILD(status == MR_OK || status == MR_CONFLICT);
  /* What holds nothing already stays as it is. */
  count_outcome(t, strcmp(held, "none") == 0 ? &nothing : &t->cleared, status);
}

static void stir(void *ctx) {
  api_race *r = ctx;
  tally t;
  uint32_t picks = (uint32_t)r->number;
  memset(&t, 0, sizeof t);
  api_seed((uint64_t)r->number + 3000);
  mr_registry *registry = api_race_enter(r->place->db, 0);
  mr_model *model = api_make_model(registry);
  api_race_wait(r);
  for (int i = 0; i < r->rounds; i++) {
    char held[64];
    uint32_t pick = next_pick(&picks);
    api_race_held(model, held, sizeof held);
    if (pick % 8 < 4) {
      try_move(model, held, number_of((int)(pick / 8 % NUMBERS)), &t);
    } else if (pick % 8 < 7) {
      try_roll_back(model, held, &t);
    } else {
      try_clear(model, held, &t);
    }
  }
  CHILD(write(r->report[1], &t, sizeof t) == (ssize_t)sizeof t);
  mr_model_free(model);
  mr_registry_close(registry);
}

static void read_tallies(const api_race *r, int count, tally *sum) {
  memset(sum, 0, sizeof *sum);
  for (int i = 0; i < count; i++) {
    tally t;
    assert_int_equal(read(r->report[0], &t, sizeof t), sizeof t);
    sum->moved += t.moved;
    sum->rolled_back += t.rolled_back;
    sum->cleared += t.cleared;
    sum->yanked += t.yanked;
    sum->too_late += t.too_late;
  }
}

static void test_all_change_it(void **state) {
  const api_place *place = *state;
  api_race r;
  tally sum;
  prepare(place, NUMBERS);
  api_race_open(&r, place);
  r.rounds = api_scaled(100) + 5;
  api_race_win(&r, API_RACERS, stir);
  read_tallies(&r, API_RACERS, &sum);
  api_race_close(&r);
  assert_true(sum.moved > 0 && sum.rolled_back > 0 && sum.cleared > 0 && sum.too_late > 0);
  check_history(place, 1 + sum.moved + sum.rolled_back + sum.cleared);
}

/* --- yanking what another moves ----------------------------------------------------------- */

enum { YANKABLE = 5 };

static int64_t count_rows(const api_place *place, const char *sql) {
  sqlite3 *handle = NULL;
  sqlite3_stmt *stmt = NULL;
  CHILD(sqlite3_open_v2(place->db, &handle, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
  CHILD(sqlite3_busy_timeout(handle, 3600000) == SQLITE_OK);
  CHILD(sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL) == SQLITE_OK);
  CHILD(sqlite3_step(stmt) == SQLITE_ROW);
  int64_t count = sqlite3_column_int64(stmt, 0);
  CHILD(sqlite3_finalize(stmt) == SQLITE_OK);
  CHILD(sqlite3_close(handle) == SQLITE_OK);
  return count;
}

/* In one look, since the channel may have moved between two. */
#define HELD_AND_YANKED                                                                            \
  "SELECT count(*) FROM channel c JOIN version v ON v.id = c.version_id WHERE v.status = 3"

static void try_yank(mr_model *model, const char *held, uint32_t pick, tally *t) {
  mr_version *version = NULL;
  mr_yank_options options = MR_YANK_OPTIONS_INIT;
  const char *number = strcmp(held, "none") == 0 ? number_of((int)(pick % YANKABLE)) : held;
  OK(mr_model_open_version(model, number, &version, &api_error));
  options.reason = "it is wrong";
  options.channels = (mr_yank_channels)(pick / 8 % 3);
  options.replacement = number_of((int)(pick / 32 % YANKABLE));
  if (strcmp(options.replacement, number) == 0) options.replacement = NULL;
  mr_status status = mr_version_yank(version, &options, &api_error);
  CHILD(status == MR_OK || status == MR_CONFLICT || status == MR_IN_USE);
  count_outcome(t, &t->yanked, status);
  mr_version_free(version);
}

/* Two of three come back, so that neither side runs out of versions. */
static void unyank_some(mr_model *model, uint32_t pick) {
  for (int i = 0; i < YANKABLE; i++) {
    mr_version *version = NULL;
    if ((pick >> i) % 3 == 0) continue;
    OK(mr_model_open_version(model, number_of(i), &version, &api_error));
    OK(mr_version_unyank(version, NULL, &api_error));
    mr_version_free(version);
  }
}

static void yank_or_move(void *ctx) {
  api_race *r = ctx;
  tally t;
  uint32_t picks = (uint32_t)r->number + 77;
  memset(&t, 0, sizeof t);
  api_seed((uint64_t)r->number + 4000);
  mr_registry *registry = api_race_enter(r->place->db, 0);
  mr_model *model = api_make_model(registry);
  api_race_wait(r);
  for (int i = 0; i < r->rounds; i++) {
    char held[64];
    uint32_t pick = next_pick(&picks);
    api_race_held(model, held, sizeof held);
    if (r->number % 2 == 0) {
      try_yank(model, held, pick, &t);
    } else {
      try_move(model, held, number_of((int)(pick / 8 % YANKABLE)), &t);
    }
    CHILD(count_rows(r->place, HELD_AND_YANKED) == 0);
    if (r->number % 2 == 0) unyank_some(model, next_pick(&picks));
  }
  CHILD(write(r->report[1], &t, sizeof t) == (ssize_t)sizeof t);
  mr_model_free(model);
  mr_registry_close(registry);
}

/* What the history says: no version came into the channel while it was yanked, and none stayed in
 * it when it was. */
static void check_never_yanked(const api_place *place) {
  int64_t entered = count_rows(
      place, "SELECT count(*) FROM channel_move m WHERE m.version_id IS NOT NULL AND 3 = "
             "(SELECT c.status FROM version_change c WHERE c.version_id = m.version_id "
             "AND c.created_us <= m.moved_us ORDER BY c.sequence DESC LIMIT 1)");
  int64_t stayed = count_rows(
      place, "SELECT count(*) FROM version_change c WHERE c.status = 3 AND c.version_id = "
             "(SELECT m.version_id FROM channel_move m WHERE m.moved_us <= c.created_us "
             "ORDER BY m.sequence DESC LIMIT 1)");
  assert_int_equal(entered, 0);
  assert_int_equal(stayed, 0);
}

static void test_no_channel_holds_a_yanked_version(void **state) {
  const api_place *place = *state;
  api_race r;
  tally sum;
  prepare(place, YANKABLE);
  api_race_open(&r, place);
  r.rounds = api_scaled(300) + 40;
  api_race_win(&r, 2, yank_or_move);
  read_tallies(&r, 2, &sum);
  api_race_close(&r);
  assert_true(sum.moved > 0 && sum.yanked > 0 && sum.too_late > 0);
  /* Those that a yank drove out of the channel. */
  assert_true(count_rows(place, "SELECT count(*) FROM channel_move m JOIN version_change c ON "
                                "c.version_id = m.previous_id AND c.created_us = m.moved_us") > 0);
  check_never_yanked(place);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_one_wins),
      api_test(test_all_change_it),
      api_test(test_no_channel_holds_a_yanked_version),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
