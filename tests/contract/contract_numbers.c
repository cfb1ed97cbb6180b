/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers that promotions take. */
#include "contract.h"

#include <pthread.h>

/* One promotion: what is asked for, and the number without build metadata or the refusal. */
typedef struct step {
  const char *version;
  const char *line;
  mr_bump bump;
  const char *prerelease_id;
  const char *number;
  mr_status status;
  const char *words;
} step;

static void take_steps(const contract *c, const char *name, const step *steps, size_t count) {
  mr_model *model = contract_model(c, name);
  for (size_t i = 0; i < count; i++) {
    const step *s = &steps[i];
    mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
    mr_request *request = NULL;
    mr_run *run = contract_trained(c, 0.9);
    contract_finish(run);
    o.version = s->version;
    o.line = s->line;
    o.bump = s->bump;
    o.prerelease_id = s->prerelease_id;
    if (s->number == NULL) {
      REFUSED(s->status, s->words,
              mr_model_promote(model, mr_run_info(run)->id, &o, &request, &error));
      assert_null(request);
    } else {
      char core[300];
      mr_version *version = contract_promote(model, run, &o);
      const char *number = mr_version_info(version)->number;
      if (strcmp(contract_core(number, core), s->number) != 0) {
        fail_msg("step %zu of %s gives %s, not %s", i, name, core, s->number);
      }
      /* The number alone leads back to the run. */
      assert_string_equal(number + strlen(core) + 1, mr_run_info(run)->id + 36 - 12);
      mr_version_free(version);
    }
    mr_run_free(run);
  }
  mr_model_free(model);
}

#define STEPS(c, name, steps) take_steps(c, name, steps, sizeof(steps) / sizeof((steps)[0]))
#define GIVEN(text)                                                                                \
  { text, NULL, 0, NULL, text, MR_OK, NULL }
#define BUMPED(part, text)                                                                         \
  { NULL, NULL, part, NULL, text, MR_OK, NULL }
#define LINED(line, part, text)                                                                    \
  { NULL, line, part, NULL, text, MR_OK, NULL }
#define MARKED(id, text)                                                                           \
  { NULL, NULL, MR_BUMP_PRERELEASE, id, text, MR_OK, NULL }

static void bumps(void **state) {
  contract *c = *state;
  static const step releases[] = {
      BUMPED(0, "1.0.0"),
      BUMPED(0, "1.1.0"),
      BUMPED(MR_BUMP_MINOR, "1.2.0"),
      BUMPED(MR_BUMP_PATCH, "1.2.1"),
      BUMPED(MR_BUMP_PATCH, "1.2.2"),
      BUMPED(MR_BUMP_MAJOR, "2.0.0"),
      BUMPED(MR_BUMP_PATCH, "2.0.1"),
      BUMPED(MR_BUMP_MINOR, "2.1.0"),
      GIVEN("1.9.9"), /* a lower one does not change what is highest */
      BUMPED(MR_BUMP_PATCH, "2.1.1"),
      GIVEN("10.0.0"),
      BUMPED(MR_BUMP_PATCH, "10.0.1"),
      GIVEN("9.9.9"),
      BUMPED(MR_BUMP_MAJOR, "11.0.0"),
  };
  STEPS(c, "releases", releases);
}

static void first_numbers(void **state) {
  contract *c = *state;
  static const struct {
    const char *name;
    step first;
  } cases[] = {
      {"default", BUMPED(0, "1.0.0")},
      {"major", BUMPED(MR_BUMP_MAJOR, "1.0.0")},
      {"minor", BUMPED(MR_BUMP_MINOR, "1.0.0")},
      {"patch", BUMPED(MR_BUMP_PATCH, "1.0.0")},
      {"prerelease", BUMPED(MR_BUMP_PRERELEASE, "1.0.0-0")},
      {"rc", MARKED("rc", "1.0.0-rc.0")},
      {"given", GIVEN("0.0.1")},
      {"line", LINED("3", MR_BUMP_MINOR, "3.0.0")},
      {"line zero", LINED("0", MR_BUMP_PATCH, "0.0.0")},
      {"short line", LINED("3.4", MR_BUMP_PATCH, "3.4.0")},
      {"line rc", {NULL, "3.4", MR_BUMP_PRERELEASE, "rc", "3.4.0-rc.0", MR_OK, NULL}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    take_steps(c, cases[i].name, &cases[i].first, 1);
  }
}

static void prereleases(void **state) {
  contract *c = *state;
  static const step marked[] = {
      GIVEN("1.2.3"),
      MARKED("rc", "1.2.4-rc.0"),
      MARKED("rc", "1.2.4-rc.1"),
      MARKED(NULL, "1.2.4-rc.2"),
      {NULL, NULL, MR_BUMP_PRERELEASE, "beta", NULL, MR_INVALID_ARGUMENT, "1.2.4-beta.0|below"},
      MARKED("rc", "1.2.4-rc.3"),
      BUMPED(MR_BUMP_PATCH, "1.2.4"),
      MARKED(NULL, "1.2.5-0"),
      MARKED(NULL, "1.2.5-1"),
      BUMPED(MR_BUMP_MINOR, "1.3.0"),
  };
  static const step to_major[] = {
      GIVEN("2.0.0-rc.9"),
      MARKED("rc", "2.0.0-rc.10"),
      MARKED("rc", "2.0.0-rc.11"),
      BUMPED(MR_BUMP_MAJOR, "2.0.0"),
  };
  static const step to_minor[] = {GIVEN("2.1.0-rc.1"), BUMPED(0, "2.1.0"), BUMPED(0, "2.2.0")};
  static const step from_first[] = {
      MARKED("rc", "1.0.0-rc.0"),
      MARKED("rc", "1.0.0-rc.1"),
      BUMPED(0, "1.0.0"),
      BUMPED(0, "1.1.0"),
  };
  /* A prerelease of the next major version swallows no patch of this one. */
  static const step beside[] = {
      GIVEN("1.4.0"),     GIVEN("2.0.0-rc.1"),        BUMPED(MR_BUMP_PATCH, "1.4.1"),
      BUMPED(0, "1.5.0"), MARKED("rc", "2.0.0-rc.2"), BUMPED(MR_BUMP_MAJOR, "2.0.0"),
  };
  STEPS(c, "beside", beside);
  STEPS(c, "marked", marked);
  STEPS(c, "to major", to_major);
  STEPS(c, "to minor", to_minor);
  STEPS(c, "from first", from_first);
}

static void lines(void **state) {
  contract *c = *state;
  static const step steps[] = {
      GIVEN("1.2.0"),
      GIVEN("1.3.0"),
      GIVEN("1.10.0"),
      GIVEN("2.0.0"),
      LINED("1.2", MR_BUMP_PATCH, "1.2.1"),
      LINED("1.2", MR_BUMP_PATCH, "1.2.2"),
      LINED("1", MR_BUMP_MINOR, "1.11.0"),
      LINED("1", MR_BUMP_PATCH, "1.11.1"),
      {NULL, "1.2", MR_BUMP_PRERELEASE, "rc", "1.2.3-rc.0", MR_OK, NULL},
      {NULL, "1.2", MR_BUMP_PRERELEASE, "rc", "1.2.3-rc.1", MR_OK, NULL},
      LINED("1.2", MR_BUMP_PATCH, "1.2.3"),
      GIVEN("1.4.0-rc.0"),
      LINED("1.3", MR_BUMP_PATCH, "1.3.1"), /* 1.4.0-rc.0 belongs to line 1.4 */
      LINED("1.4", MR_BUMP_PATCH, "1.4.0"),
      GIVEN("3.0.0-rc.0"),
      LINED("2", MR_BUMP_MINOR, "2.1.0"), /* and 3.0.0-rc.0 to line 3 */
      GIVEN("2.3.0-0"),                   /* the lowest there can be of the next line */
      {NULL, "2.2", MR_BUMP_PRERELEASE, "rc", "2.2.0-rc.0", MR_OK, NULL},
      LINED("2.2", MR_BUMP_MINOR, "2.2.0"),
      LINED("3", MR_BUMP_MAJOR, "3.0.0"),
      LINED("5", MR_BUMP_PATCH, "5.0.0"),
      {NULL, "1.2", MR_BUMP_MINOR, NULL, NULL, MR_INVALID_ARGUMENT, "1.3.0|outside line 1.2"},
      LINED("1.2", 0, "1.2.4"), /* on a line of two numbers the patch is the default */
      LINED("2", 0, "2.3.0"),
      {NULL, "1", MR_BUMP_MAJOR, NULL, NULL, MR_INVALID_ARGUMENT, "2.0.0|outside line 1"},
      {NULL, "", MR_BUMP_PATCH, NULL, NULL, MR_INVALID_ARGUMENT, "line"},
      {NULL, "x", MR_BUMP_PATCH, NULL, NULL, MR_INVALID_ARGUMENT, "line 'x'"},
      {NULL, "1.x", MR_BUMP_PATCH, NULL, NULL, MR_INVALID_ARGUMENT, "line"},
      {NULL, "1.2.3", MR_BUMP_PATCH, NULL, NULL, MR_INVALID_ARGUMENT, "line"},
      {NULL, "01", MR_BUMP_PATCH, NULL, NULL, MR_INVALID_ARGUMENT, "line"},
      {NULL, "1.", MR_BUMP_PATCH, NULL, NULL, MR_INVALID_ARGUMENT, "line"},
      {NULL, "-1", MR_BUMP_PATCH, NULL, NULL, MR_INVALID_ARGUMENT, "line"},
      {NULL, "1-rc", MR_BUMP_PATCH, NULL, NULL, MR_INVALID_ARGUMENT, "line"},
      {NULL, "1+a", MR_BUMP_PATCH, NULL, NULL, MR_INVALID_ARGUMENT, "line"},
      {NULL, "v1", MR_BUMP_PATCH, NULL, NULL, MR_INVALID_ARGUMENT, "line"},
      {NULL, "9007199254740992", MR_BUMP_PATCH, NULL, NULL, MR_INVALID_ARGUMENT, "line"},
  };
  STEPS(c, "m", steps);
}

static void malformed(void **state) {
  contract *c = *state;
#define NO_VERSION(text)                                                                           \
  { text, NULL, 0, NULL, NULL, MR_INVALID_ARGUMENT, "semantic version" }
#define NO_ID(text)                                                                                \
  { NULL, NULL, MR_BUMP_PRERELEASE, text, NULL, MR_INVALID_ARGUMENT, "prerelease" }
  static const step steps[] = {
      NO_VERSION(""),
      NO_VERSION("1"),
      NO_VERSION("1.0"),
      NO_VERSION("v1.0.0"),
      NO_VERSION("01.0.0"),
      NO_VERSION("1.0.0-"),
      NO_VERSION("1.0.0-01"),
      NO_VERSION("1.0.0+"),
      NO_VERSION("1.0.0 "),
      NO_VERSION(" 1.0.0"),
      NO_VERSION("1.0.0-rc..1"),
      NO_VERSION("^1.0.0"),
      NO_VERSION("latest"),
      {"9007199254740992.0.0", NULL, 0, NULL, NULL, MR_LIMIT, "9007199254740991"},
      {"1.0.0", NULL, MR_BUMP_MAJOR, NULL, NULL, MR_INVALID_ARGUMENT, "bump"},
      {"1.0.0", "1", 0, NULL, NULL, MR_INVALID_ARGUMENT, "line"},
      {"1.0.0", NULL, 0, "rc", NULL, MR_INVALID_ARGUMENT, "prerelease_id"},
      {NULL, NULL, 0, "rc", NULL, MR_INVALID_ARGUMENT, "prerelease_id"},
      {NULL, NULL, MR_BUMP_MINOR, "rc", NULL, MR_INVALID_ARGUMENT, "prerelease_id"},
      NO_ID("01"),
      NO_ID("rc..1"),
      NO_ID("rc_1"),
      NO_ID("rc+1"),
      NO_ID(""),
      /* None of these has taken a number. */
      BUMPED(0, "1.0.0"),
  };
  STEPS(c, "m", steps);
}

static void largest_numbers(void **state) {
  contract *c = *state;
  static const step steps[] = {
      GIVEN("9007199254740991.9007199254740991.9007199254740991"),
      {NULL, NULL, MR_BUMP_PATCH, NULL, NULL, MR_LIMIT, "patch|9007199254740991"},
      {NULL, NULL, MR_BUMP_MINOR, NULL, NULL, MR_LIMIT, "minor"},
      {NULL, NULL, MR_BUMP_MAJOR, NULL, NULL, MR_LIMIT, "major"},
      LINED("9007199254740990", MR_BUMP_MINOR, "9007199254740990.0.0"),
      {NULL, "9007199254740991", MR_BUMP_PATCH, NULL, NULL, MR_LIMIT, "patch"},
      LINED("9007199254740991.9007199254740990", MR_BUMP_PATCH,
            "9007199254740991.9007199254740990.0"),
  };
  STEPS(c, "m", steps);
}

static void precedence_is_unique(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_request *request = NULL;
  mr_run *first = contract_trained(c, 0.9);
  mr_run *second = contract_trained(c, 0.9);
  contract_finish(first);
  contract_finish(second);
  o.version = "1.0.0+build.7-x";
  mr_version *version = contract_promote(model, first, &o);
  assert_string_equal(mr_version_info(version)->number, "1.0.0+build.7-x"); /* its own is kept */
  mr_version_free(version);
  static const char *const taken[] = {"1.0.0", "1.0.0+other", "1.0.0+build.7-x"};
  for (size_t i = 0; i < 3; i++) {
    o.version = taken[i];
    REFUSED(MR_ALREADY_EXISTS, "m@1.0.0+build.7-x",
            mr_model_promote(model, mr_run_info(second)->id, &o, &request, &error));
    HAS(error.message, mr_run_info(first)->id);
  }
  assert_null(request);
  int32_t sealed = 1;
  contract_run_status(c, mr_run_info(second)->id, &sealed);
  assert_int_equal(sealed, 0);
  o.version = "1.0.0-0"; /* another precedence */
  mr_version_free(contract_promote(model, second, &o));
  mr_run_free(first);
  mr_run_free(second);
  mr_model_free(model);
}

/* The longest numbers: what is accepted can be found again, all else is refused. */
static void long_numbers(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  char number[300];
  char core[300];
  int accepted = 0;
  for (int size = 236; size <= 258; size++) {
    mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
    mr_request *request = NULL;
    mr_version *version = NULL;
    mr_run *run = contract_trained(c, 0.9);
    contract_finish(run);
    memset(number, 'a', sizeof number);
    memcpy(number, "1.0.0-", 6);
    number[size] = '\0';
    o.version = number;
    contract_reset();
    mr_status status = mr_model_promote(model, mr_run_info(run)->id, &o, &request, &error);
    if (status == MR_OK) {
      accepted++;
      OK(mr_request_version(request, &version, &error));
      assert_string_equal(contract_core(mr_version_info(version)->number, core), number);
      mr_version_free(version);
      OK(mr_model_open_version(model, mr_request_info(request)->version, &version, &error));
      mr_version_free(version);
    } else {
      assert_int_equal(status, MR_LIMIT);
      HAS(error.message, "256");
    }
    mr_request_free(request);
    mr_run_free(run);
  }
  assert_true(accepted >= 7); /* 256 less a plus sign and 12 digits */
  mr_version_page *page = NULL;
  OK(mr_model_list_versions(model, NULL, &page, &error));
  assert_int_equal(mr_version_page_count(page), accepted);
  mr_version_page_free(page);
  mr_model_free(model);
}

/* A refused request proposes a number and takes none. */
static void refusals_take_nothing(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  contract_attach(c, "m", NULL, "a: metrics.accuracy > 0.5\n");
  for (int i = 0; i < 6; i++) {
    mr_request *request = NULL;
    mr_run *run = contract_trained(c, i % 2 == 0 ? 0.1 : 0.9);
    char expected[32];
    char core[300];
    contract_finish(run);
    OK(mr_model_promote(model, mr_run_info(run)->id, NULL, &request, &error));
    (void)snprintf(expected, sizeof expected, "1.%d.0", i / 2);
    assert_string_equal(contract_core(mr_request_info(request)->version, core), expected);
    mr_request_free(request);
    mr_run_free(run);
  }
  mr_model_free(model);
}

enum { PROMOTERS = 4 };

typedef struct promoter {
  mr_registry *registry;
  char runs[64][40];
  int count;
  int failures;
} promoter;

static void *promote_all(void *argument) {
  promoter *p = argument;
  mr_model *model = NULL;
  if (mr_registry_open_model(p->registry, "m", &model, NULL) != MR_OK) p->failures++;
  for (int i = 0; i < p->count && model != NULL; i++) {
    mr_request *request = NULL;
    if (mr_model_promote(model, p->runs[i], NULL, &request, NULL) != MR_OK) p->failures++;
    mr_request_free(request);
  }
  mr_model_free(model);
  return NULL;
}

/* Whoever promotes at the same time, each gets a number of its own, without gaps. */
static void many_promote_at_once(void **state) {
  contract *c = *state;
  static promoter promoters[PROMOTERS];
  static listing list;
  pthread_t threads[PROMOTERS];
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  mr_model *model = contract_model(c, "m");
  int each = (int)contract_scale(30, 5);
  if (each > 30) each = 30;
  for (int i = 0; i < PROMOTERS; i++) {
    promoters[i] = (promoter){.count = each};
    promoters[i].registry = c->driver->shared && i % 2 == 1 ? contract_second(c) : c->registry;
    for (int k = 0; k < each; k++) {
      mr_run *run = contract_trained(c, 0.9);
      contract_finish(run);
      (void)snprintf(promoters[i].runs[k], sizeof promoters[i].runs[k], "%s", mr_run_info(run)->id);
      mr_run_free(run);
    }
  }
  for (int i = 0; i < PROMOTERS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, promote_all, &promoters[i]), 0);
  }
  for (int i = 0; i < PROMOTERS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(promoters[i].failures, 0);
    if (promoters[i].registry != c->registry) mr_registry_close(promoters[i].registry);
  }
  COLLECT(mr_version, options, mr_model_list_versions(model, &options, &part, &error), number,
          &list);
  assert_int_equal(list.count, PROMOTERS * each);
  for (size_t i = 0; i < list.count; i++) {
    char expected[32];
    char core[300];
    (void)snprintf(expected, sizeof expected, "1.%zu.0", list.count - 1 - i);
    assert_string_equal(contract_core(list.items[i], core), expected);
  }
  mr_model_free(model);
}

int contract_number_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(bumps),
      TEST(first_numbers),
      TEST(prereleases),
      TEST(lines),
      TEST(malformed),
      TEST(largest_numbers),
      TEST(precedence_is_unique),
      TEST(long_numbers),
      TEST(refusals_take_nothing),
      TEST(many_promote_at_once),
  };
  return GROUP("version numbers", tests);
}
