/* SPDX-License-Identifier: Apache-2.0 */
/* What versions that are deprecated or yanked mean to those who ask, and damaged rows. */
#include "registry_test.h"

static mr_registry *with_versions(mr_model **model) {
  static const char *const numbers[] = {"1.0.0+a", "1.1.0+a", "1.2.0+a", "2.0.0-rc.1+a"};
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  OK(mr_registry_create_model(registry, "m", NULL, model, &error));
  for (size_t i = 0; i < 4; i++) {
    mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
    mr_request *request = NULL;
    mr_run *run = registry_run(registry);
    registry_put(run, "a", "a");
    OK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &error));
    options.version = numbers[i];
    OK(mr_model_promote(*model, mr_run_info(run)->id, &options, &request, &error));
    mr_request_free(request);
    mr_run_free(run);
  }
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

/* The rows of a hostile file are errors, not crashes. */
static void damaged_rows(void **state) {
  (void)state;
  static const char *const damages[] = {
      "UPDATE version SET number = 'nonsense'", "UPDATE version SET number = ''",
      "UPDATE version SET digest = x'00'",      "UPDATE version SET artifact_path = 'nowhere'",
      "UPDATE artifact SET size = 5",           "UPDATE artifact SET digest = zeroblob(32)",
      "UPDATE artifact SET path = 'other'",
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

typedef struct attempt {
  mr_registry *registry;
  const char *reference;
} attempt;

static bool resolve_once(void *ctx) {
  const attempt *a = ctx;
  mr_version *version = NULL;
  mr_error error = MR_ERROR_INIT;
  mr_status status = mr_registry_resolve(a->registry, a->reference, NULL, &version, &error);
  if (status == MR_OK) status = mr_version_verify(version, NULL, NULL, NULL, &error);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  mr_version_free(version);
  return status == MR_OK;
}

static void memory_runs_out(void **state) {
  (void)state;
  static const char *const references[] = {"m", "m@1.0.0", "m@live"};
  mr_error error = MR_ERROR_INIT;
  mr_model *model = NULL;
  mr_registry *registry = with_versions(&model);
  OK(mr_model_create_channel(model, "live", &error));
  OK(move(model, "1.0.0", "none", &error));
  for (size_t i = 0; i < 3; i++) {
    attempt a = {registry, references[i]};
    assert_true(resolve_once(&a));
    assert_true(unit_fail_allocations(resolve_once, &a) > 5);
  }
  mr_model_free(model);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(latest_is_active),
      cmocka_unit_test(damaged_rows),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
