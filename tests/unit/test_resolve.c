/* SPDX-License-Identifier: Apache-2.0 */
/* What versions that are deprecated or yanked mean to those who ask, and damaged rows. */
#include "registry_test.h"

#include "semver/range.h"

static void promote(mr_registry *registry, mr_model *model, const char *number) {
  mr_error error = MR_ERROR_INIT;
  mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
  mr_request *request = NULL;
  mr_run *run = registry_run(registry);
  registry_put(run, "a", "a");
  OK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &error));
  options.version = number;
  OK(mr_model_promote(model, mr_run_info(run)->id, &options, &request, &error));
  mr_request_free(request);
  mr_run_free(run);
}

static mr_registry *with_versions(mr_model **model) {
  static const char *const numbers[] = {"1.0.0+a", "1.1.0+a", "1.2.0+a", "2.0.0-rc.1+a"};
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  OK(mr_registry_create_model(registry, "m", NULL, model, &error));
  for (size_t i = 0; i < 4; i++) promote(registry, *model, numbers[i]);
  return registry;
}

static void resolves(mr_registry *registry, const char *reference, uint32_t flags,
                     const char *number) {
  mr_resolve_options options = MR_RESOLVE_OPTIONS_INIT;
  mr_version *version = NULL;
  mr_error error = MR_ERROR_INIT;
  options.flags = flags;
  OK(mr_registry_resolve(registry, reference, &options, &version, &error));
  assert_string_equal(mr_version_info(version)->number, number);
  mr_version_free(version);
}

static mr_status move(mr_model *model, const char *version, const char *expected, mr_error *error) {
  mr_move_options m = MR_MOVE_OPTIONS_INIT;
  mr_request *request = NULL;
  m.channel = "live";
  m.version = version;
  m.expected = expected;
  mr_status status = mr_model_move_channel(model, &m, &request, error);
  mr_request_free(request);
  return status;
}

static void latest_is_active(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  mr_model *model = NULL;
  mr_version *version = NULL;
  mr_registry *registry = with_versions(&model);
  OK(mr_model_create_channel(model, "live", &error));
  OK(move(model, "1.2.0", "none", &error));
  registry_execute(registry, "UPDATE version SET status = 3 WHERE number = '1.2.0+a'");
  resolves(registry, "m", 0, "1.1.0+a");
  resolves(registry, "m", MR_RESOLVE_PRERELEASES, "2.0.0-rc.1+a");
  resolves(registry, "m@1.2.0", 0, "1.2.0+a"); /* an exact pin still resolves */
  resolves(registry, "m@live", 0, "1.2.0+a");
  registry_execute(registry, "UPDATE version SET status = 3 WHERE number LIKE '2%'");
  resolves(registry, "m", MR_RESOLVE_PRERELEASES, "1.1.0+a");
  OK(move(model, "1.1.0", "1.2.0", &error));
  assert_int_equal(move(model, "1.2.0", "1.1.0", &error), MR_CONFLICT);
  registry_says(&error, "m@1.2.0");
  registry_says(&error, "yanked");
  registry_execute(registry, "UPDATE version SET status = 3");
  assert_int_equal(mr_registry_resolve(registry, "m", NULL, &version, &error), MR_NOT_FOUND);
  registry_says(&error, "no active release");
  assert_null(version);
  mr_model_free(model);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

static void refuses(mr_registry *registry, const char *reference, uint32_t flags,
                    const char *message) {
  mr_resolve_options options = MR_RESOLVE_OPTIONS_INIT;
  mr_version *version = NULL;
  mr_error error = MR_ERROR_INIT;
  options.flags = flags;
  assert_int_equal(mr_registry_resolve(registry, reference, &options, &version, &error),
                   MR_NOT_FOUND);
  assert_string_equal(error.message, message);
  assert_null(version);
}

static void ranges_are_active(void **state) {
  (void)state;
  mr_model *model = NULL;
  mr_registry *registry = with_versions(&model);
  resolves(registry, "m@^1", 0, "1.2.0+a");
  registry_execute(registry, "UPDATE version SET status = 3 WHERE number = '1.2.0+a'");
  resolves(registry, "m@^1", 0, "1.1.0+a");
  resolves(registry, "m@1.2.0", 0, "1.2.0+a"); /* a number is no range */
  refuses(registry, "m@=1.2.0", 0,
          "model 'm' has no active version in =1.2.0 (1.2.0): 1.2.0+a is yanked; 1.1.0+a is the "
          "highest outside");
  refuses(registry, "m@>=1.2", 0,
          "model 'm' has no active version in >=1.2 (>=1.2.0): 2.0.0-rc.1+a is a prerelease, "
          "and prereleases were not asked for; 1.2.0+a is yanked; 1.1.0+a is the highest outside");
  resolves(registry, "m@>=1.2", MR_RESOLVE_PRERELEASES, "2.0.0-rc.1+a");
  refuses(registry, "m@^1.2", MR_RESOLVE_PRERELEASES,
          "model 'm' has no active version in ^1.2 (>=1.2.0-0 <2.0.0-0): 1.2.0+a is yanked; "
          "2.0.0-rc.1+a is the highest outside");
  registry_execute(registry, "UPDATE version SET status = 2 WHERE number LIKE '2.%'");
  resolves(registry, "m@>=1.1", MR_RESOLVE_PRERELEASES, "1.1.0+a"); /* active before deprecated */
  registry_execute(registry, "UPDATE version SET status = 9 WHERE number LIKE '1.1.%'");
  resolves(registry, "m@>=1.1", MR_RESOLVE_PRERELEASES, "2.0.0-rc.1+a");
  refuses(registry, "m@>=1.1", 0,
          "model 'm' has no active version in >=1.1 (>=1.1.0): 2.0.0-rc.1+a is a prerelease, "
          "and prereleases were not asked for; 1.2.0+a is yanked; 1.1.0+a is not active; 1.0.0+a "
          "is the "
          "highest outside");
  registry_execute(registry, "UPDATE version SET status = 4 WHERE number LIKE '2.%'");
  refuses(registry, "m@>=1.1", MR_RESOLVE_PRERELEASES,
          "model 'm' has no active version in >=1.1 (>=1.1.0-0): 2.0.0-rc.1+a was deleted; "
          "1.2.0+a is yanked; 1.1.0+a is not active; 1.0.0+a is the highest outside");
  registry_execute(registry, "UPDATE version SET status = 3");
  refuses(registry, "m@*", 0,
          "model 'm' has no active version in * (*): 2.0.0-rc.1+a is yanked; 1.2.0+a is yanked; "
          "1.1.0+a is yanked; and more");
  refuses(registry, "m@3", 0,
          "model 'm' has no active release among 4 versions; left out: 4 yanked");
  registry_execute(registry, "UPDATE version SET status = 4 WHERE number LIKE '1.1.%'");
  registry_execute(registry, "UPDATE version SET status = 2 WHERE number LIKE '2.%'");
  refuses(registry, "m", 0,
          "model 'm' has no active release among 4 versions; left out: 1 deprecated prereleases, 2 "
          "yanked, 1 deleted");
  mr_model_free(model);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

/* A range of the greatest size, names and numbers as long as they may be: the message is whole as
 * far as it goes. */
static void messages_have_an_end(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  mr_model *model = NULL;
  mr_version *version = NULL;
  char number[MRI_SEMVER_MAX + 1];
  char name[MRI_NAME_MAX + 1];
  char reference[1024];
  mr_registry *registry = registry_open();
  memset(name, 'n', MRI_NAME_MAX);
  name[MRI_NAME_MAX] = '\0';
  OK(mr_registry_create_model(registry, name, NULL, &model, &error));
  for (int i = 0; i < 5; i++) {
    (void)snprintf(number, sizeof number, "1.%d.0-%0200d.x+b", i, 0);
    memset(number + 6, 'p', 200);
    promote(registry, model, number);
  }
  int size = snprintf(reference, sizeof reference, "%s@2", name);
  for (int i = 0; i < 80; i++) size += snprintf(reference + size, 8, "||%d", i % 10);
  assert_int_equal(mr_registry_resolve(registry, reference, NULL, &version, &error), MR_NOT_FOUND);
  registry_says(&error, "no active version in 2||0||1");
  registry_says(&error, "1.4.0-ppp");
  registry_says(&error, "... is a prerelease");
  assert_true(strlen(error.message) < sizeof error.message);
  mr_model_free(model);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

/* Digests that begin alike, which no test can make of artifacts. */
static void digests_begin_alike(void **state) {
  (void)state;
  static const char *const updates[] = {
      "UPDATE version SET digest = x'aabbccddeeff000000000000000000000000000000000000000000000000"
      "0001' WHERE number = '1.0.0+a'",
      "UPDATE version SET digest = x'aabbccddeeff000000000000000000000000000000000000000000000000"
      "0002' WHERE number = '1.1.0+a'",
      "UPDATE version SET digest = x'aabbccddeeff100000000000000000000000000000000000000000000000"
      "0000' WHERE number = '1.2.0+a'",
      "UPDATE version SET digest = x'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
      "ffff' WHERE released = 0",
  };
  mr_error error = MR_ERROR_INIT;
  mr_model *model = NULL;
  mr_version *version = NULL;
  mr_registry *registry = with_versions(&model);
  for (size_t i = 0; i < 4; i++) registry_execute(registry, updates[i]);
  assert_int_equal(mr_registry_resolve(registry, "m@AabbccddeeFF", NULL, &version, &error),
                   MR_CONFLICT);
  assert_string_equal(error.message, "digest AabbccddeeFF means several versions of model 'm', "
                                     "1.0.0+a and 1.1.0+a at least; give more digits");
  assert_int_equal(mr_registry_resolve(registry, "m@aabbccddeeff0", NULL, &version, &error),
                   MR_CONFLICT);
  resolves(registry, "m@aabbccddeeff1", 0, "1.2.0+a");
  resolves(registry, "m@ffffffffffff", 0, "2.0.0-rc.1+a");
  resolves(registry, "m@aabbccddeeff0000000000000000000000000000000000000000000000000002", 0,
           "1.1.0+a");
  refuses(registry, "m@aabbccddeefe", 0, "model 'm' has no version with the digest aabbccddeefe");
  refuses(registry, "m@aabbccddeeff2", 0, "model 'm' has no version with the digest aabbccddeeff2");
  /* What is deleted is told apart from nothing. */
  registry_execute(registry, "UPDATE version SET status = 4 WHERE number = '1.1.0+a'");
  resolves(registry, "m@aabbccddeeff0", 0, "1.0.0+a");
  registry_execute(registry, "UPDATE version SET status = 4 WHERE number = '1.2.0+a'");
  refuses(registry, "m@aabbccddeeff1", 0,
          "model 'm' has no version with the digest aabbccddeeff1: 1.2.0+a was deleted");
  assert_null(version);
  mr_model_free(model);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

static void random_number(uint64_t *seed, bool prereleases, char out[40]) {
  static const char *const ends[] = {"", "", "", "-0", "-1", "-a", "-a.1", "-rc.1"};
  (void)snprintf(out, 40, "%u.%u.%u%s", unit_random(seed, 3), unit_random(seed, 3),
                 unit_random(seed, 3), ends[unit_random(seed, prereleases ? 8 : 3)]);
}

static void random_range(uint64_t *seed, char out[300]) {
  static const char *const operators[] = {"", "^", "~", ">", ">=", "<", "<="};
  static const char *const joints[] = {" ", " ", " || "};
  size_t size = 0;
  uint32_t terms = 1 + unit_random(seed, 4);
  for (uint32_t i = 0; i < terms; i++) {
    char number[40];
    random_number(seed, true, number);
    if (unit_random(seed, 3) == 0) number[unit_random(seed, 2) == 0 ? 1 : 3] = '\0';
    size += (size_t)snprintf(out + size, 300 - size, "%s%s%s",
                             i == 0 ? "" : joints[unit_random(seed, 3)],
                             operators[unit_random(seed, 7)], number);
  }
}

/* The index gives what looking at every version would give. */
static void ranges_are_searched_exactly(void **state) {
  (void)state;
  enum { VERSIONS = 60, RANGES = 3000 };
  mr_error error = MR_ERROR_INIT;
  mr_model *model = NULL;
  mri_semver numbers[VERSIONS];
  uint64_t seed = 20240612;
  int found = 0;
  mr_registry *registry = registry_open();
  OK(mr_registry_create_model(registry, "m", NULL, &model, &error));
  for (int i = 0; i < VERSIONS;) {
    char text[40];
    random_number(&seed, true, text);
    OK(mri_semver_parse(text, &numbers[i], &error));
    bool new = true;
    for (int k = 0; k < i; k++) new = new &&mri_semver_compare(&numbers[k], &numbers[i]) != 0;
    if (!new) continue;
    promote(registry, model, text);
    i++;
  }
  for (int n = 0; n < RANGES; n++) {
    char text[300];
    char reference[310];
    mri_range range;
    mri_semver got;
    const mri_semver *best = NULL;
    mr_version *version = NULL;
    mr_resolve_options options = MR_RESOLVE_OPTIONS_INIT;
    options.flags = n % 2 == 0 ? 0 : MR_RESOLVE_PRERELEASES;
    random_range(&seed, text);
    (void)snprintf(reference, sizeof reference, "m@%s || >x", text); /* never an exact number */
    OK(mri_range_parse(text, n % 2 == 1, &range, &error));
    for (int i = 0; i < VERSIONS; i++) {
      if (!mri_range_matches(&range, &numbers[i])) continue;
      if (best == NULL || mri_semver_compare(&numbers[i], best) > 0) best = &numbers[i];
    }
    mr_status status = mr_registry_resolve(registry, reference, &options, &version, &error);
    if (best == NULL) {
      assert_int_equal(status, MR_NOT_FOUND);
      continue;
    }
    registry_ok(status, &error, __LINE__);
    OK(mri_semver_parse(mr_version_info(version)->number, &got, &error));
    if (mri_semver_compare(&got, best) != 0) fail_msg("%s: %s", reference, error.message);
    mr_version_free(version);
    found++;
  }
  assert_true(found > RANGES / 3 && found < RANGES);
  mr_model_free(model);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

/* The rows of a hostile file are errors, not crashes. */
static void damaged_rows(void **state) {
  (void)state;
  static const char *const damages[] = {
      "UPDATE version SET number = 'nonsense'", "UPDATE version SET number = ''",
      "UPDATE version SET digest = x'00'",      "UPDATE version SET artifact_path = 'nowhere'",
      "UPDATE artifact SET size = 5",           "UPDATE artifact SET digest = zeroblob(32)",
      "UPDATE artifact SET path = 'other'",     "UPDATE version SET dataset_digests = x'00'",
  };
  for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
    mr_error error = MR_ERROR_INIT;
    mr_model *model = NULL;
    mr_version *version = NULL;
    mr_registry *registry = with_versions(&model);
    registry_execute(registry, "DELETE FROM version WHERE number <> '1.0.0+a'");
    registry_execute(registry, damages[i]);
    mr_status status = mr_registry_resolve(registry, "m@1.0.0", NULL, &version, &error);
    if (status == MR_OK) status = mr_version_verify(version, NULL, NULL, NULL, &error);
    if (status == MR_OK) fail_msg("%s goes unseen", damages[i]);
    mr_version_free(version);
    mr_model_free(model);
    mr_registry_close(registry);
    assert_int_equal(mri_mem_live(), 0);
  }
}

/* So are those of a channel's history. */
static void damaged_histories(void **state) {
  (void)state;
  static const char *const damages[] = {
      "UPDATE channel_move SET place = 0",
      "UPDATE channel_move SET place = -9223372036854775807",
      "UPDATE channel_move SET place = 9223372036854775807",
      "UPDATE channel_move SET kind = 77",
      "UPDATE channel_move SET version_id = NULL, place = 9223372036854775807",
      "UPDATE channel_move SET moved_us = -5",
      "UPDATE channel SET sequence = 9223372036854775000",
      "UPDATE channel SET sequence = -3",
      "UPDATE channel SET sequence = 9223372036854775807",
      ("UPDATE channel_move SET sequence = 9223372036854775807 - sequence, version_id = NULL, "
       "place = 9223372036854775807"),
      "DELETE FROM channel_move WHERE sequence = 2",
      "UPDATE version SET status = 77",
      "UPDATE version SET status_us = -1",
      "UPDATE version SET replacement_id = id",
      "UPDATE channel SET version_id = NULL",
  };
  for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
    mr_error error = MR_ERROR_INIT;
    mr_model *model = NULL;
    mr_version *version = NULL;
    mr_roll_back_options back = MR_ROLL_BACK_OPTIONS_INIT;
    mr_resolve_options then = MR_RESOLVE_OPTIONS_INIT;
    mr_channel_move_list_options moves = MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
    mr_channel_move_page *page = NULL;
    mr_registry *registry = with_versions(&model);
    OK(mr_model_create_channel(model, "live", &error));
    OK(move(model, "1.0.0", "none", &error));
    OK(move(model, "1.1.0", "1.0.0", &error));
    OK(move(model, "1.2.0", "1.1.0", &error));
    then.as_of_us = mri_clock_now_us(&registry->clock);
    registry_execute(registry, damages[i]);
    moves.channel = back.channel = "live";
    mr_status status = mr_model_list_channel_moves(model, &moves, &page, &error);
    assert_true(status == MR_OK || status == MR_CORRUPT);
    mr_channel_move_page_free(page);
    status = mr_registry_resolve(registry, "m@live", &then, &version, &error);
    assert_true(status == MR_OK || status == MR_NOT_FOUND);
    mr_version_free(version);
    back.expected = strstr(damages[i], "channel SET version_id") == NULL ? "1.2.0" : "none";
    mr_version *gone_back = NULL;
    status = mr_model_roll_back_channel(model, &back, &gone_back, &error);
    mr_version_free(gone_back);
    assert_true(status == MR_OK || status == MR_NOT_FOUND || status == MR_CORRUPT);
    mr_model_free(model);
    mr_registry_close(registry);
    assert_int_equal(mri_mem_live(), 0);
  }
}

/* Sort keys that are none mislead the search at most, and never beyond its buffers. */
static void damaged_keys(void **state) {
  (void)state;
  static const char *const damages[] = {
      "UPDATE version SET sort_key = x'' WHERE number = '1.2.0+a'",
      "UPDATE version SET sort_key = zeroblob(5000) WHERE number = '1.2.0+a'",
      "UPDATE version SET sort_key = CAST(hex(zeroblob(999)) AS BLOB) WHERE released = 0",
      "UPDATE version SET sort_key = x'ff' WHERE number = '1.2.0+a'",
      "UPDATE version SET released = 7 WHERE number = '1.2.0+a'",
  };
  static const char *const references[] = {"m", "m@^1", "m@>=0.0.0-0", "m@*", "m@9", "m@<1"};
  for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
    mr_model *model = NULL;
    mr_registry *registry = with_versions(&model);
    registry_execute(registry, damages[i]);
    for (size_t k = 0; k < 12; k++) {
      mr_error error = MR_ERROR_INIT;
      mr_version *version = NULL;
      mr_resolve_options options = MR_RESOLVE_OPTIONS_INIT;
      options.flags = k < 6 ? 0 : MR_RESOLVE_PRERELEASES;
      mr_status status =
          mr_registry_resolve(registry, references[k % 6], &options, &version, &error);
      assert_true(status == MR_OK || status == MR_CORRUPT || status == MR_NOT_FOUND);
      mr_version_free(version);
    }
    mr_model_free(model);
    mr_registry_close(registry);
    assert_int_equal(mri_mem_live(), 0);
  }
}

typedef struct attempt {
  mr_registry *registry;
  const char *reference;
  mr_status expected;
  int64_t as_of_us;
} attempt;

static bool resolve_once(void *ctx) {
  const attempt *a = ctx;
  mr_version *version = NULL;
  mr_error error = MR_ERROR_INIT;
  mr_resolve_options options = MR_RESOLVE_OPTIONS_INIT;
  options.as_of_us = a->as_of_us;
  mr_status status = mr_registry_resolve(a->registry, a->reference, &options, &version, &error);
  if (status == MR_OK) status = mr_version_verify(version, NULL, NULL, NULL, &error);
  assert_true(status == a->expected || status == MR_NO_MEMORY);
  mr_version_free(version);
  return status != MR_NO_MEMORY;
}

static void memory_runs_out(void **state) {
  (void)state;
  static const char *const references[] = {"m",  "m@1.0.0", "m@live", "m@^1", "m@>=1.2.0-rc.1 || 1",
                                           NULL, "m@^2",    "m@7"};
  char digest[80];
  mr_error error = MR_ERROR_INIT;
  mr_model *model = NULL;
  mr_version *version = NULL;
  mr_deprecate_options d = MR_DEPRECATE_OPTIONS_INIT;
  mr_registry *registry = with_versions(&model);
  OK(mr_model_create_channel(model, "live", &error));
  OK(move(model, "1.0.0", "none", &error));
  OK(mr_model_open_version(model, "1.0.0", &version, &error));
  (void)snprintf(digest, sizeof digest, "m@%s", mr_version_info(version)->digest);
  d.reason = "old";
  d.replacement = "1.2.0";
  int64_t now = mri_clock_now_us(&registry->clock);
  OK(mr_version_deprecate(version, &d, &error));
  for (size_t i = 0; i < 16; i++) {
    const char *reference = references[i % 8] == NULL ? digest : references[i % 8];
    attempt a = {registry, reference, i % 8 < 6 ? MR_OK : MR_NOT_FOUND, i < 8 ? 0 : now};
    assert_true(resolve_once(&a));
    assert_true(unit_fail_allocations(resolve_once, &a) > (i % 8 < 6 ? 5 : 0));
  }
  mr_version_free(version);
  mr_model_free(model);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(latest_is_active),     cmocka_unit_test(ranges_are_active),
      cmocka_unit_test(messages_have_an_end), cmocka_unit_test(ranges_are_searched_exactly),
      cmocka_unit_test(damaged_histories),    cmocka_unit_test(damaged_rows),
      cmocka_unit_test(damaged_keys),         cmocka_unit_test(memory_runs_out),
      cmocka_unit_test(digests_begin_alike),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
