/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks that lie: set back, far ahead, standing still, jumping. What came after what is told by
 * sequences; what was resolved as of a time stays the answer; the registry is whole. */
#include "env_stage.h"

#define YEAR_US ((int64_t)31557600 * 1000000)
#define NOW_US  ((int64_t)1767225600 * 1000000)

typedef struct liar {
  int64_t now_us;
  int64_t step_us; /* at each call */
  bool jumps;      /* anywhere within a year, another place each time */
  uint64_t random;
} liar;

static int64_t lie(void *ctx) {
  liar *l = ctx;
  l->now_us += l->step_us;
  if (!l->jumps) return l->now_us;
  return NOW_US + (int64_t)(governed_random(&l->random) % (uint64_t)YEAR_US) - YEAR_US / 2;
}

static mr_registry *open_with(const api_place *place, liar *l) {
  mr_registry *registry = NULL;
  mr_open_options options = api_open_options(MR_OPEN_CREATE);
  options.clock = lie;
  options.clock_ctx = l;
  OK(mr_registry_open(place->db, &options, &registry, &api_error));
  return registry;
}

enum { KEPT_MAX = 64 };

typedef struct history {
  int count;
  char numbers[KEPT_MAX][40]; /* in the order in which they were made and moved */
  int64_t times[KEPT_MAX];    /* of the moves */
} history;

static void turn(mr_registry *registry, history *h) {
  char number[40];
  char held[40];
  mr_model *model = NULL;
  mr_channel_page *page = NULL;
  governed_version(registry, number);
  model = api_make_model(registry);
  (void)governed_held(model, held);
  mr_request_free(api_move(model, "production", number, held));
  OK(mr_model_list_channels(model, NULL, &page, &api_error));
  assert_true(h->count < KEPT_MAX);
  (void)snprintf(h->numbers[h->count], 40, "%s", number);
  h->times[h->count++] = mr_channel_page_at(page, 0)->moved_us;
  mr_channel_page_free(page);
  mr_model_free(model);
}

/* As of each move the channel holds what was moved to then: now, and ever after. */
static void check_as_of(mr_registry *registry, const history *h) {
  for (int i = 0; i < h->count; i++) {
    char core[40];
    mr_version *version = NULL;
    mr_resolve_options options = MR_RESOLVE_OPTIONS_INIT;
    options.as_of_us = h->times[i];
    OK(mr_registry_resolve(registry, "digits@production", &options, &version, &api_error));
    governed_core(mr_version_info(version)->number, core);
    assert_string_equal(core, h->numbers[i]);
    mr_version_free(version);
    if (i > 0) assert_true(h->times[i] > h->times[i - 1]);
  }
}

/* The moves come back in the order in which they were made, each with the next number. */
static void check_order(mr_registry *registry, const history *h) {
  char core[40];
  mr_channel_move_page *page = NULL;
  mr_channel_move_list_options options = MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
  mr_model *model = api_make_model(registry);
  options.channel = "production";
  OK(mr_model_list_channel_moves(model, &options, &page, &api_error));
  assert_int_equal(mr_channel_move_page_count(page), h->count);
  for (int i = 0; i < h->count; i++) {
    const mr_channel_move_record *move = mr_channel_move_page_at(page, h->count - 1 - i);
    assert_int_equal(move->sequence, i + 1);
    governed_core(move->version, core);
    assert_string_equal(core, h->numbers[i]);
    (void)snprintf(core, sizeof core, "1.%d.0", i);
    assert_string_equal(core, h->numbers[i]);
  }
  mr_channel_move_page_free(page);
  mr_model_free(model);
}

static void check(const api_place *place, mr_registry *registry, const history *h) {
  check_order(registry, h);
  check_as_of(registry, h);
  governed_check_whole(registry, 0);
  sqlite3 *look = governed_look(place->db);
  governed_check(look);
  assert_int_equal(sqlite3_close(look), SQLITE_OK);
}

/* One clock after the other on the same registry, with handles that stay open and new ones. */
static void test_clocks(void **state) {
  const api_place *place = *state;
  const liar liars[] = {
      {NOW_US, 1000000, false, 1},
      {NOW_US - YEAR_US, 1000000, false, 1},       /* set back by a year */
      {NOW_US - YEAR_US, 0, false, 1},             /* standing still there */
      {NOW_US, 1, true, 1},                        /* jumping */
      {0, 1, false, 1},                            /* at the beginning of time */
      {NOW_US + 100 * YEAR_US, 1000, false, 1},    /* far ahead */
      {NOW_US, 1000, false, 1},                    /* and right again */
      {NOW_US + 10 * YEAR_US, -1000000, false, 1}, /* running backwards */
      {NOW_US + 7000 * YEAR_US, 1, false, 1},      /* as far as it goes */
      {NOW_US, 0, false, 1},
  };
  history h = {.count = 0};
  liar first = liars[0];
  mr_registry *registry = open_with(place, &first);
  governed_prepare(registry);
  for (size_t i = 0; i < sizeof liars / sizeof liars[0]; i++) {
    liar l = liars[i];
    mr_registry *other = open_with(place, &l);
    turn(other, &h);
    turn(registry, &h); /* whose clock was right all the time */
    turn(other, &h);
    check(place, other, &h);
    mr_registry_close(other);
  }
  check(place, registry, &h);
  mr_registry_close(registry);
  liar last = liars[0];
  registry = open_with(place, &last);
  check(place, registry, &h);
  mr_registry_close(registry);
}

/* A time that is none: what governs refuses it and changes nothing, a run goes on with the nearest
 * time there is; and all is well when the clock is. */
static void test_no_time_at_all(void **state) {
  const api_place *place = *state;
  static const int64_t times[] = {-1, INT64_MIN, INT64_MAX, NOW_US + 9000 * YEAR_US};
  liar l = {NOW_US, 1000, false, 1};
  history h = {.count = 0};
  mr_registry *registry = open_with(place, &l);
  mr_model *model = NULL;
  governed_prepare(registry);
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    mr_request *request = NULL;
    char run_id[40];
    mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
    options.artifact_path = "model";
    l.now_us = times[i];
    l.step_us = 0;
    governed_candidate(registry, true, run_id);
    model = api_make_model(registry);
    REFUSED(MR_INVALID_ARGUMENT, "clock",
            mr_model_promote(model, run_id, &options, &request, &api_error));
    mr_model_free(model);
    governed_check_whole(registry, 0);
    l.now_us = NOW_US + (int64_t)i * YEAR_US;
    turn(registry, &h);
    check(place, registry, &h);
  }
  mr_registry_close(registry);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_clocks),
      api_test(test_no_time_at_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
