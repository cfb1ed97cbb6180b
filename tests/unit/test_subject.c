/* SPDX-License-Identifier: Apache-2.0 */
/* Which paths a rule may ask about, and reading them when memory runs out. */
#include "registry_test.h"

#include "registry/subject.h"

static mr_status check(const char *expression, mr_error *error) {
  mri_query *query = NULL;
  mr_status status = mri_query_parse(mri_mem_default(), expression, &query, error);
  if (status != MR_OK) fail_msg("%s: %s", expression, error->message);
  status = mri_query_paths(query, mri_subject_check, NULL, error);
  mri_query_free(query);
  return status;
}

static void known_paths(void **state) {
  (void)state;
  static const char *const good[] = {
      "metrics.x > 1",
      "metrics.a.b.c > 1",
      "min(metrics.x) > 1",
      "params.x = 'a'",
      "tags.x = 'a'",
      "attributes.status = 'a'",
      "attributes.kind = 'a'",
      "attributes.run_id = 'a'",
      "attributes.run_name = 'a'",
      "attributes.actor = 'a'",
      "attributes.experiment = 'a'",
      "attributes.start_time > 1",
      "attributes.end_time > 1",
      "attributes.source_commit = 'a'",
      "attributes.source_dirty = 1",
      "status = 'a'",
      "start_time > 1",
      "inputs.r.digest = 'a'",
      "inputs.r.name = 'a'",
      "inputs.r.sample_count > 1",
      "inputs.r.file_count > 1",
      "inputs.r.total_size > 1",
      "inputs.r.frozen = 1",
      "inputs.r.run_id = 'a'",
      "inputs.r.version = 'a'",
      "inputs.\"a.b\".name = 'x'",
      "dataset.name = 'a'",
      "dataset.digest = 'a'",
      "dataset.context = 'a'",
      "artifacts.*.format = 'a'",
      "artifacts.x.path = 'a'",
      "artifacts.\"x.y\".size > 1",
      "artifacts.x.digest = 'a'",
      "artifacts.x.kind = 'a'",
      "version.major > 1",
      "version.minor > 1",
      "version.patch > 1",
      "version.prerelease IS NULL",
      "version.number = 'a'",
      "incumbent IS NULL",
      "incumbent.metrics.x > 1",
      "incumbent.artifacts.*.size > 1",
      "incumbent.version.major > 1",
      "incumbent.inputs.r.name = 'a'",
      "incumbent.dataset.name = 'a'",
      "incumbent.tags.x = 'a'",
      "1 < 2",
  };
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    mr_error error = MR_ERROR_INIT;
    if (check(good[i], &error) != MR_OK) fail_msg("%s: %s", good[i], error.message);
  }
}

static void unknown_paths(void **state) {
  (void)state;
  static const struct {
    const char *expression;
    const char *word;
  } bad[] = {
      {"checks.lint = 'passed'", "checks"},
      {"approvals.lead > 1", "approvals"},
      {"evaluations.e.metrics.x > 1", "evaluations"},
      {"channel.staging.hours > 1", "channel"},
      {"attributes.statu = 'a'", "statu"},
      {"attributes.a = 'a'", "attributes.a"},
      {"attributes.\"\" = 'a'", ""},
      {"attributes.\"status kind\" = 'a'", "status kind"},
      {"attributes.\" status \" = 'a'", "field"},
      {"attributes.uri = 'a'", "uri"},
      {"artifact_uri = 'a'", "artifact_uri"},
      {"user_id = 'a'", "user_id"},
      {"inputs.r.count > 1", "count"},
      {"inputs.r.context = 'a'", "context"},
      {"dataset.sample_count > 1", "sample_count"},
      {"artifacts.x.mtime > 1", "mtime"},
      {"version.build = 'a'", "build"},
      {"metrics.* > 1", "*"},
      {"params.* = 'a'", "*"},
      {"tags.* = 'a'", "*"},
      {"inputs.*.name = 'a'", "*"},
      {"incumbent.metrics.* > 1", "*"},
      {"incumbent.attributes.colour = 'a'", "colour"},
      {"metrics.x > 1 AND params.y = 'a' AND version.colour = 'a'", "colour"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    mri_query *query = NULL;
    mr_error error = MR_ERROR_INIT;
    mr_status status = mri_query_parse(mri_mem_default(), bad[i].expression, &query, &error);
    if (status == MR_OK) status = mri_query_paths(query, mri_subject_check, NULL, &error);
    if (status != MR_INVALID_ARGUMENT) fail_msg("%s is accepted", bad[i].expression);
    registry_says(&error, bad[i].word);
    mri_query_free(query);
  }
}

/* Every family is read once, over a candidate with an incumbent that is itself. */
static bool judge_once(void *ctx) {
  static const char *const expressions[] = {
      "metrics.x > 1 OR mean(metrics.x) < 0",
      "params.p = 'value' AND tags.t = 'value'",
      "attributes.status = 'FINISHED' AND attributes.experiment = 'unit'",
      "inputs.r.digest IS NULL OR dataset.name IS NULL",
      "artifacts.*.format = 'json' AND artifacts.a.digest IS NOT NULL",
      "version.number = '1.0.0' AND version.prerelease IS NULL",
      "incumbent.metrics.x = metrics.x AND incumbent IS NOT NULL",
      "incumbent.artifacts.*.kind = 'stored'",
  };
  mr_registry *registry = ctx;
  mr_error error = MR_ERROR_INIT;
  mri_tx *tx = NULL;
  mri_tree tree;
  mri_arena arena;
  mri_semver number = {1, 0, 0, "", ""};
  mr_status status = mri_tx_begin(registry->store, MRI_TX_READ, NULL, &tx, &error);
  if (status == MR_NO_MEMORY) return false;
  OK(status);
  mri_tree_init(&tree, mri_mem_default());
  mri_arena_init(&arena, mri_mem_default());
  status = mri_tree_of_run(tx, 1, "run", "", &tree, &error);
  mri_candidate incumbent = {tx, 1, "run", &tree, "", &number, NULL};
  mri_candidate candidate = {tx, 1, "run", &tree, "", &number, &incumbent};
  mri_query_subject subject = mri_subject_of(&candidate);
  for (size_t i = 0; i < sizeof expressions / sizeof expressions[0] && status == MR_OK; i++) {
    mri_query *query = NULL;
    mri_query_result result;
    status = mri_query_parse(mri_mem_default(), expressions[i], &query, &error);
    if (status == MR_OK) status = mri_query_evaluate(query, &subject, &arena, &result, &error);
    if (status == MR_OK && result.truth != MRI_TRUE) {
      fail_msg("%s: %s", expressions[i], result.reason);
    }
    mri_query_free(query);
  }
  mri_arena_free(&arena);
  mri_tree_destroy(&tree);
  status = mri_tx_end(tx, status, &error);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  return status == MR_OK;
}

static void memory_runs_out(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  mr_run *run = registry_run(registry);
  OK(mr_run_log_metric(run, "x", 5, 1, &error));
  OK(mr_run_log_param(run, "p", "value", &error));
  OK(mr_run_set_tag(run, "t", "value", &error));
  registry_put(run, "a", "{}");
  registry_put(run, "b", "[1]");
  OK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &error));
  assert_true(judge_once(registry));
  assert_true(unit_fail_allocations(judge_once, registry) > 20);
  mr_run_free(run);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_paths),
      cmocka_unit_test(unknown_paths),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
