/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers over versions that are put there by hand. */
#include "registry_test.h"

#include "registry/numbering.h"

static const char run_id[] = "01234567-89ab-7def-8123-456789abcdef";

static void checks_without_a_database(void **state) {
  (void)state;
  static const struct {
    const char *version;
    const char *line;
    const char *prerelease_id;
    mr_bump bump;
    mr_status status;
  } cases[] = {
      {NULL, NULL, NULL, 0, MR_OK},
      {NULL, NULL, NULL, MR_BUMP_PRERELEASE, MR_OK},
      {NULL, NULL, "rc", MR_BUMP_PRERELEASE, MR_OK},
      {NULL, "1.2", NULL, MR_BUMP_PATCH, MR_OK},
      {"1.2.3-rc.1+b", NULL, NULL, 0, MR_OK},
      {NULL, NULL, NULL, 5, MR_INVALID_ARGUMENT},
      {NULL, NULL, NULL, -1, MR_INVALID_ARGUMENT},
      {"1.2.3", NULL, NULL, MR_BUMP_MINOR, MR_INVALID_ARGUMENT},
      {"1.2.3", "1", NULL, 0, MR_INVALID_ARGUMENT},
      {"1.2.3", NULL, "rc", 0, MR_INVALID_ARGUMENT},
      {"1.2", NULL, NULL, 0, MR_INVALID_ARGUMENT},
      {"9007199254740992.0.0", NULL, NULL, 0, MR_LIMIT},
      {NULL, NULL, "rc", MR_BUMP_PATCH, MR_INVALID_ARGUMENT},
      {NULL, "1.2.3", NULL, 0, MR_INVALID_ARGUMENT},
      {NULL, "x", NULL, 0, MR_INVALID_ARGUMENT},
      {NULL, "1.2-rc", NULL, 0, MR_INVALID_ARGUMENT},
      {NULL, "1234567890123456789012345678901234567890123", NULL, 0, MR_INVALID_ARGUMENT},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
    mr_error error = MR_ERROR_INIT;
    o.version = cases[i].version;
    o.line = cases[i].line;
    o.prerelease_id = cases[i].prerelease_id;
    o.bump = cases[i].bump;
    assert_int_equal(mri_number_check(&o, &error), cases[i].status);
    assert_int_equal(error.status, cases[i].status);
  }
}

static void default_bumps(void **state) {
  (void)state;
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  assert_int_equal(mri_bump_of(&o), MR_BUMP_MINOR);
  o.line = "1";
  assert_int_equal(mri_bump_of(&o), MR_BUMP_MINOR);
  o.line = "1.2"; /* of which nothing but the patch can be raised */
  assert_int_equal(mri_bump_of(&o), MR_BUMP_PATCH);
  o.bump = MR_BUMP_PRERELEASE;
  assert_int_equal(mri_bump_of(&o), MR_BUMP_PRERELEASE);
}

/* A model with versions, each by a run of its own; their other columns do not matter here. */
static mr_registry *with_versions(const char *const *numbers) {
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  OK(mr_registry_create_model(registry, "m", NULL, NULL, &error));
  mr_run_free(registry_run(registry));
  mri_tx *tx = registry_begin(registry, MRI_TX_GOVERN);
  OK(mri_sql_run(tx, &error,
                 "INSERT INTO request (uuid, model_id, transition, state, run_id, artifact_path, "
                 "version, candidate_digest, gate_digest, intent, asked_bump, closed_us, actor, "
                 "created_us) "
                 "VALUES ('u', 1, 'promote', 2, 1, '', '', x'00', x'00', x'00', 0, 1, 'a', 1)",
                 ""));
  for (int64_t i = 0; numbers[i] != NULL; i++) {
    mri_semver number;
    mri_str key;
    char text[24];
    mri_str_init(&key, mri_mem_default());
    OK(mri_semver_parse(numbers[i], &number, &error));
    OK(mri_number_key(&number, &key, &error));
    (void)snprintf(text, sizeof text, "%" PRId64, i);
    OK(mri_sql_run(tx, &error,
                   "INSERT INTO version (uuid, model_id, sort_key, number, released, status, "
                   "run_id, artifact_path, digest, file_count, total_size, params_digest, "
                   "request_id, dataset_digests, status_actor, status_us, actor, created_us) "
                   "VALUES (?1, 1, ?2, ?3, ?4, 1, 1, ?1, x'00', 1, 1, x'00', 1, x'', 'a', 1, 'a', "
                   "1)",
                   "tbti", (const char *)text, (const void *)key.data, key.size, numbers[i],
                   (int64_t)(number.prerelease[0] == '\0')));
    mri_str_free(&key);
  }
  registry_end(tx);
  return registry;
}

static mr_status choose(mr_registry *registry, const mr_promote_options *o, mri_semver *out,
                        mr_error *error) {
  mri_tx *tx = NULL;
  mr_status status = mri_tx_begin(registry->store, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = mri_number_choose(tx, 1, "m", o, run_id, out, error);
  return mri_tx_end(tx, status, error);
}

static void raises(void **state) {
  (void)state;
  static const char *const numbers[] = {"0.9.0",  "1.0.0",        "1.2.3", "1.2.4-rc.1",
                                        "1.10.0", "2.0.0-beta.2", NULL};
  static const struct {
    const char *line;
    const char *prerelease_id;
    mr_bump bump;
    const char *number; /* NULL: refused */
  } cases[] = {
      {NULL, NULL, 0, "1.11.0"}, /* from the highest release */
      {NULL, NULL, MR_BUMP_PATCH, "1.10.1"},
      {NULL, NULL, MR_BUMP_MAJOR, "2.0.0"},
      {NULL, NULL, MR_BUMP_PRERELEASE, "2.0.0-beta.3"}, /* from the highest version of all */
      {NULL, "beta", MR_BUMP_PRERELEASE, "2.0.0-beta.3"},
      {NULL, "rc", MR_BUMP_PRERELEASE, "2.0.0-rc.0"},
      {NULL, "alpha", MR_BUMP_PRERELEASE, NULL}, /* would lie below */
      {"1.2", NULL, 0, "1.2.4"},                 /* of such a line the patch */
      {"1.2", "rc", MR_BUMP_PRERELEASE, "1.2.4-rc.2"},
      {"1", NULL, 0, "1.11.0"},
      {"1", NULL, MR_BUMP_PATCH, "1.10.1"},
      {"0", NULL, 0, "0.10.0"},
      {"0.9", NULL, 0, "0.9.1"},
      {"2", NULL, MR_BUMP_MINOR, "2.0.0"},
      {"3", NULL, 0, "3.0.0"},
      {"3.1", "rc", MR_BUMP_PRERELEASE, "3.1.0-rc.0"},
      {"1.2", NULL, MR_BUMP_MINOR, NULL},
      {"1", NULL, MR_BUMP_MAJOR, NULL},
  };
  mr_registry *registry = with_versions(numbers);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
    mr_error error = MR_ERROR_INIT;
    mri_semver number;
    char text[MRI_SEMVER_MAX * 2 + 64];
    char expected[64];
    o.line = cases[i].line;
    o.prerelease_id = cases[i].prerelease_id;
    o.bump = cases[i].bump;
    mr_status status = choose(registry, &o, &number, &error);
    if (cases[i].number == NULL) {
      assert_int_equal(status, MR_INVALID_ARGUMENT);
    } else {
      if (status != MR_OK) fail_msg("%zu: %s", i, error.message);
      mri_semver_format(&number, text);
      (void)snprintf(expected, sizeof expected, "%s+456789abcdef", cases[i].number);
      assert_string_equal(text, expected);
    }
  }
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

/* Whatever is raised from whatever there is. */
static void raised_numbers_are_free(void **state) {
  (void)state;
  static const char *const sets[][8] = {
      {NULL},
      {"1.0.0-rc.1", NULL},
      {"0.0.1-0", "0.0.1-a", "0.1.0", NULL},
      {"1.0.0", "1.0.1-0", "1.1.0-rc.9", "2.0.0-rc.0", "2.0.0-rc.1", NULL},
      {"1.9.9", "1.10.0-beta", "1.10.0", "2.0.0", "2.0.1-0", "2.1.0-0", NULL},
  };
  static const char *const lines[] = {NULL, "0", "1", "2", "0.0", "1.0", "1.10", "2.0"};
  static const char *const ids[] = {NULL, "rc", "beta", "zz"};
  int raised = 0;
  for (size_t s = 0; s < sizeof sets / sizeof sets[0]; s++) {
    mr_registry *registry = with_versions(sets[s]);
    if (sets[s][0] != NULL) {
      registry_execute(registry, "UPDATE version SET status = 4 WHERE id % 2 = 1");
    }
    for (size_t i = 0; i < sizeof lines / sizeof lines[0] * 4 * 5; i++) {
      mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
      mr_promote_options given = MR_PROMOTE_OPTIONS_INIT;
      mr_error error = MR_ERROR_INIT;
      mri_semver number;
      char text[MRI_SEMVER_MAX * 2 + 64];
      o.line = lines[i / 20];
      o.prerelease_id = ids[i / 5 % 4];
      o.bump = (mr_bump)(i % 5);
      if (choose(registry, &o, &number, &error) != MR_OK) continue;
      mri_semver_format(&number, text);
      given.version = text;
      if (choose(registry, &given, &number, &error) != MR_OK) fail_msg("%s", error.message);
      raised++;
    }
    mr_registry_close(registry);
  }
  assert_true(raised > 300);
  assert_int_equal(mri_mem_live(), 0);
}

static void taken_numbers(void **state) {
  (void)state;
  static const char *const numbers[] = {"1.0.0+a", "2.0.0-rc.1", NULL};
  mr_registry *registry = with_versions(numbers);
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_error error = MR_ERROR_INIT;
  mri_semver number;
  o.version = "1.0.0+b";
  assert_int_equal(choose(registry, &o, &number, &error), MR_ALREADY_EXISTS);
  registry_says(&error, "m@1.0.0+a");
  o.version = "2.0.0-rc.1";
  assert_int_equal(choose(registry, &o, &number, &error), MR_ALREADY_EXISTS);
  o.version = "2.0.0-rc.2+mine";
  OK(choose(registry, &o, &number, &error));
  assert_string_equal(number.build, "mine");
  o.version = "0.1.0";
  OK(choose(registry, &o, &number, &error));
  assert_string_equal(number.build, "456789abcdef");
  mr_registry_close(registry);
}

/* A number that was deleted is taken for ever, and what is raised goes on from it. */
static void deleted_numbers(void **state) {
  (void)state;
  static const char *const numbers[] = {"1.0.0+a", "2.3.0+b", NULL};
  mr_registry *registry = with_versions(numbers);
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_error error = MR_ERROR_INIT;
  mri_semver number;
  registry_execute(registry, "UPDATE version SET status = 4 WHERE number = '2.3.0+b'");
  OK(choose(registry, &o, &number, &error));
  assert_int_equal(number.major, 2);
  assert_int_equal(number.minor, 4);
  o.version = "2.3.0";
  assert_int_equal(choose(registry, &o, &number, &error), MR_ALREADY_EXISTS);
  registry_says(&error, "m@2.3.0+b was deleted");
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

static bool choose_once(void *ctx) {
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_error error = MR_ERROR_INIT;
  mri_semver number;
  o.line = "1";
  mr_status status = choose(ctx, &o, &number, &error);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  if (status == MR_OK) assert_int_equal(number.minor, 3);
  return status == MR_OK;
}

static void memory_runs_out(void **state) {
  (void)state;
  static const char *const numbers[] = {"1.2.0", NULL};
  mr_registry *registry = with_versions(numbers);
  assert_true(choose_once(registry));
  assert_true(unit_fail_allocations(choose_once, registry) >= 2);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(checks_without_a_database),
      cmocka_unit_test(default_bumps),
      cmocka_unit_test(raises),
      cmocka_unit_test(raised_numbers_are_free),
      cmocka_unit_test(taken_numbers),
      cmocka_unit_test(deleted_numbers),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
