/* SPDX-License-Identifier: Apache-2.0 */
#include "contract.h"

#include <pthread.h>

static void opens_or_creates(void **state) {
  contract *c = *state;
  int64_t before = contract_clock(NULL);
  mr_experiment *first = contract_experiment(c, "digits");
  mr_experiment *again = contract_experiment(c, "digits");
  mr_experiment *other = contract_experiment(c, "letters");
  const mr_experiment_record *info = mr_experiment_info(first);
  assert_true(info->struct_size >= sizeof *info);
  assert_string_equal(info->name, "digits");
  assert_string_equal(info->actor, "tester");
  assert_int_equal(strlen(info->id), 36);
  assert_in_range((uintmax_t)info->created_us, (uintmax_t)before, (uintmax_t)contract_clock(NULL));
  assert_string_equal(mr_experiment_info(again)->id, info->id);
  assert_int_equal(mr_experiment_info(again)->created_us, info->created_us);
  assert_string_not_equal(mr_experiment_info(other)->id, info->id);
  mr_experiment_free(first);
  mr_experiment_free(again);
  mr_experiment_free(other);
  mr_experiment_free(NULL);
  assert_null(mr_experiment_info(NULL));
}

static void checks_names(void **state) {
  contract *c = *state;
  mr_experiment *experiment = NULL;
  char longest[260];
  memset(longest, 'n', sizeof longest);
  longest[251] = '\0';
  REFUSED(MR_LIMIT, "experiment name|250",
          mr_registry_open_experiment(c->registry, longest, &experiment, &error));
  REFUSED(MR_INVALID_ARGUMENT, "experiment name",
          mr_registry_open_experiment(c->registry, "", &experiment, &error));
  REFUSED(MR_INVALID_ARGUMENT, "control",
          mr_registry_open_experiment(c->registry, "a\nb", &experiment, &error));
  REFUSED(MR_INVALID_ARGUMENT, "UTF-8",
          mr_registry_open_experiment(c->registry, "\xc3(", &experiment, &error));
  REFUSED(MR_INVALID_ARGUMENT, "NULL",
          mr_registry_open_experiment(c->registry, NULL, &experiment, &error));
  REFUSED(MR_INVALID_ARGUMENT, "NULL", mr_registry_open_experiment(NULL, "a", &experiment, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_experiment",
          mr_registry_open_experiment(c->registry, "a", NULL, &error));
  assert_int_equal(mr_registry_open_experiment(c->registry, "", &experiment, NULL),
                   MR_INVALID_ARGUMENT);
  assert_null(experiment);
  longest[250] = '\0';
  experiment = contract_experiment(c, longest);
  assert_string_equal(mr_experiment_info(experiment)->name, longest);
  mr_experiment_free(experiment);
  experiment = contract_experiment(c, "größe/漢字 \xf0\x9f\x90\xbb");
  assert_string_equal(mr_experiment_info(experiment)->name, "größe/漢字 \xf0\x9f\x90\xbb");
  mr_experiment_free(experiment);
  /* Names differ when their bytes do. */
  mr_experiment *upper = contract_experiment(c, "A");
  mr_experiment *lower = contract_experiment(c, "a");
  assert_string_not_equal(mr_experiment_info(upper)->id, mr_experiment_info(lower)->id);
  mr_experiment_free(upper);
  mr_experiment_free(lower);
}

enum { RACERS = 6 };

typedef struct racer {
  mr_registry *registry;
  pthread_barrier_t *barrier;
  char ids[40][40];
  int names;
  int failures;
} racer;

static void *race(void *argument) {
  racer *r = argument;
  for (int i = 0; i < r->names; i++) {
    char name[32];
    mr_experiment *experiment = NULL;
    (void)snprintf(name, sizeof name, "race-%d", i);
    (void)pthread_barrier_wait(r->barrier);
    if (mr_registry_open_experiment(r->registry, name, &experiment, NULL) != MR_OK) {
      r->failures++;
      continue;
    }
    (void)snprintf(r->ids[i], sizeof r->ids[i], "%s", mr_experiment_info(experiment)->id);
    mr_experiment_free(experiment);
  }
  return NULL;
}

/* Threads that create the same experiments at once all get the same ones; where the driver shares,
 * each thread has a handle of its own. */
static void races(void **state) {
  contract *c = *state;
  static racer racers[RACERS];
  pthread_t threads[RACERS];
  pthread_barrier_t barrier;
  int names = (int)contract_scale(40, 8);
  if (names > 40) names = 40;
  assert_int_equal(pthread_barrier_init(&barrier, NULL, RACERS), 0);
  for (int i = 0; i < RACERS; i++) {
    memset(&racers[i], 0, sizeof racers[i]);
    racers[i].registry = c->driver->shared && i % 2 == 1 ? contract_second(c) : c->registry;
    racers[i].barrier = &barrier;
    racers[i].names = names;
    assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
  }
  for (int i = 0; i < RACERS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
  assert_int_equal(pthread_barrier_destroy(&barrier), 0);
  for (int i = 0; i < RACERS; i++) {
    assert_int_equal(racers[i].failures, 0);
    for (int k = 0; k < names; k++) assert_string_equal(racers[i].ids[k], racers[0].ids[k]);
    if (racers[i].registry != c->registry) mr_registry_close(racers[i].registry);
  }
  mr_experiment_page *page = NULL;
  OK(mr_registry_list_experiments(c->registry, NULL, &page, &error));
  assert_int_equal(mr_experiment_page_count(page), names);
  mr_experiment_page_free(page);
}

static void lists_in_order_of_creation(void **state) {
  contract *c = *state;
  static listing list;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  LIST_ALL_WAYS(mr_experiment, options,
                mr_registry_list_experiments(c->registry, &options, &part, &error), name, &list,
                "");
  static const char *const names[] = {"m", "z", "a", "k", "b"};
  for (size_t i = 0; i < 5; i++) mr_experiment_free(contract_experiment(c, names[i]));
  mr_experiment_free(contract_experiment(c, "z"));
  LIST_ALL_WAYS(mr_experiment, options,
                mr_registry_list_experiments(c->registry, &options, &part, &error), name, &list,
                "m z a k b");
  mr_experiment_page *page = NULL;
  OK(mr_registry_list_experiments(c->registry, NULL, &page, &error));
  assert_int_equal(mr_experiment_page_count(page), 5);
  assert_null(mr_experiment_page_next_token(page));
  mr_experiment_page_free(page);
  mr_experiment_page_free(NULL);
  assert_int_equal(mr_experiment_page_count(NULL), 0);
  assert_null(mr_experiment_page_at(NULL, 0));
  assert_null(mr_experiment_page_next_token(NULL));
}

/* What is created between two pages comes at its place and moves nothing. */
static void pages_stay_put(void **state) {
  contract *c = *state;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  mr_experiment_page *first = NULL;
  mr_experiment_page *second = NULL;
  mr_experiment_free(contract_experiment(c, "one"));
  mr_experiment_free(contract_experiment(c, "two"));
  mr_experiment_free(contract_experiment(c, "three"));
  options.limit = 2;
  OK(mr_registry_list_experiments(c->registry, &options, &first, &error));
  mr_experiment_free(contract_experiment(c, "four"));
  options.token = mr_experiment_page_next_token(first);
  options.limit = 10;
  OK(mr_registry_list_experiments(c->registry, &options, &second, &error));
  assert_int_equal(mr_experiment_page_count(second), 2);
  assert_string_equal(mr_experiment_page_at(second, 0)->name, "three");
  assert_string_equal(mr_experiment_page_at(second, 1)->name, "four");
  mr_experiment_page_free(first);
  mr_experiment_page_free(second);
}

static void refuses_bad_list_options(void **state) {
  contract *c = *state;
  mr_experiment_page *page = NULL;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  options.limit = -1;
  REFUSED(MR_INVALID_ARGUMENT, "limit",
          mr_registry_list_experiments(c->registry, &options, &page, &error));
  options.limit = MR_LIST_MAX_LIMIT + 1;
  REFUSED(MR_INVALID_ARGUMENT, "limit|100000",
          mr_registry_list_experiments(c->registry, &options, &page, &error));
  options.limit = MR_LIST_MAX_LIMIT;
  OK(mr_registry_list_experiments(c->registry, &options, &page, &error));
  mr_experiment_page_free(page);
  page = NULL;
  static const char *const tokens[] = {"", "x", "-1", "1x", "0", "99999999999999999999", " 1"};
  for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
    options.token = tokens[i];
    REFUSED(MR_INVALID_ARGUMENT, "token",
            mr_registry_list_experiments(c->registry, &options, &page, &error));
  }
  options.token = NULL;
  options.struct_size = 0;
  REFUSED(MR_ABI_MISMATCH, "mr_list_options",
          mr_registry_list_experiments(c->registry, &options, &page, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_page",
          mr_registry_list_experiments(c->registry, NULL, NULL, &error));
  assert_null(page);
}

/* A caller of another time: an older struct is completed, a newer one is accepted while it asks for
 * nothing unknown. */
static void accepts_other_struct_sizes(void **state) {
  contract *c = *state;
  mr_experiment_page *page = NULL;
  struct {
    mr_list_options known;
    int64_t unknown;
  } newer = {MR_LIST_OPTIONS_INIT, 0};
  mr_experiment_free(contract_experiment(c, "one"));
  mr_experiment_free(contract_experiment(c, "two"));
  newer.known.struct_size = sizeof newer;
  newer.known.limit = 1;
  OK(mr_registry_list_experiments(c->registry, &newer.known, &page, &error));
  assert_int_equal(mr_experiment_page_count(page), 1);
  mr_experiment_page_free(page);
  newer.unknown = 1;
  REFUSED(MR_ABI_MISMATCH, "mr_list_options|newer",
          mr_registry_list_experiments(c->registry, &newer.known, &page, &error));
  newer.known.struct_size = (uint32_t)offsetof(mr_list_options, token);
  newer.known.token = "not read";
  OK(mr_registry_list_experiments(c->registry, &newer.known, &page, &error));
  assert_int_equal(mr_experiment_page_count(page), 1);
  mr_experiment_page_free(page);
}

static void is_seen_elsewhere(void **state) {
  contract *c = *state;
  mr_experiment *experiment = contract_experiment(c, "shared");
  char id[40];
  (void)snprintf(id, sizeof id, "%s", mr_experiment_info(experiment)->id);
  mr_experiment_free(experiment);
  if (c->driver->shared) {
    mr_registry *second = contract_second(c);
    OK(mr_registry_open_experiment(second, "shared", &experiment, &error));
    assert_string_equal(mr_experiment_info(experiment)->id, id);
    mr_experiment_free(experiment);
    mr_registry_close(second);
  }
  if (c->driver->survives_close) {
    contract_reopen(c);
    experiment = contract_experiment(c, "shared");
    assert_string_equal(mr_experiment_info(experiment)->id, id);
    mr_experiment_free(experiment);
  }
  if (!c->driver->shared) {
    /* A handle of its own is a registry of its own. */
    mr_registry *other = NULL;
    mr_experiment_page *page = NULL;
    mr_open_options options = contract_options(MR_OPEN_CREATE);
    OK(mr_registry_open(c->uri, &options, &other, &error));
    OK(mr_registry_list_experiments(other, NULL, &page, &error));
    assert_int_equal(mr_experiment_page_count(page), 0);
    mr_experiment_page_free(page);
    mr_registry_close(other);
  }
}

int contract_experiment_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(opens_or_creates),           TEST(checks_names),      TEST(races),
      TEST(lists_in_order_of_creation), TEST(pages_stay_put),    TEST(refuses_bad_list_options),
      TEST(accepts_other_struct_sizes), TEST(is_seen_elsewhere),
  };
  return GROUP("experiments", tests);
}
