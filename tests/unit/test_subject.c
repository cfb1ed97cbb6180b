/* SPDX-License-Identifier: Apache-2.0 */
/* Which paths a rule may ask about, and reading them when memory runs out. */
#include "registry_test.h"

#include "registry/judged_runs.h"

static mr_status check(const char *expression, const char *transition, mr_error *error) {
  mri_query *query = NULL;
  mr_status status = mri_query_parse(mri_mem_default(), expression, &query, error);
  if (status != MR_OK) fail_msg("%s: %s", expression, error->message);
  status = mri_query_paths(query, mri_subject_check, (void *)(uintptr_t)transition, error);
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
      "artifact_uri IS NULL",
      "user_id = 'a'",
      "checks.x = 'passed'",
      "checks.x.y = 'passed'",
      "checks.* = 'passed'",
      "approvals.risk > 1",
      "approvals.\"data protection\" > 1",
      "evaluations.e.metrics.x.y > 1",
      "mean(evaluations.e.metrics.x) > 1",
      "evaluations.e.params.x = 'a'",
      "evaluations.e.tags.x = 'a'",
      "evaluations.e.attributes.status = 'a'",
      "evaluations.e.dataset.name = 'a'",
      "evaluations.e.inputs.r.digest = 'a'",
      "evaluations.e.artifacts.*.size > 1",
      "evaluations.e.checks.* = 'passed'",
      "evaluations.*.checks.x = 'passed'",
      "evaluations.*.dataset.name = 'a'",
      "1 < 2",
  };
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    mr_error error = MR_ERROR_INIT;
    if (check(good[i], NULL, &error) != MR_OK) fail_msg("%s: %s", good[i], error.message);
    if (check(good[i], "promote", &error) != MR_OK) fail_msg("%s: %s", good[i], error.message);
  }
}

/* Before a promotion nothing is held by a channel, nor by a channel before it moves; of a gate
 * without a place it is not known. */
static void channels(void **state) {
  (void)state;
  static const char rule[] = "version.major > 1 OR channel.staging.hours > 1";
  mr_error error = MR_ERROR_INIT;
  OK(check(rule, NULL, &error));
  OK(check(rule, "channel/production", &error));
  OK(check(rule, "channel/promote", &error));
  OK(check(rule, "channel/staging2", &error));
  assert_int_equal(check(rule, "channel/staging", &error), MR_INVALID_ARGUMENT);
  registry_says(&error, "'channel.staging.hours'");
  assert_int_equal(check(rule, "promote", &error), MR_INVALID_ARGUMENT);
  registry_says(&error, "promotion");
}

static void unknown_paths(void **state) {
  (void)state;
  static const struct {
    const char *expression;
    const char *word;
  } bad[] = {
      {"channel.staging.days > 1", "days"},
      {"channel.v1.hours > 1", "v1"},
      {"channel.\"a b\".hours > 1", "a b"},
      {"evaluations.e.attributes.statu = 'a'", "statu"},
      {"evaluations.e.inputs.r.context = 'a'", "context"},
      {"evaluations.e.metrics.* > 1", "*"},
      {"evaluations.e.inputs.*.name = 'a'", "*"},
      {"attributes.statu = 'a'", "statu"},
      {"attributes.a = 'a'", "attributes.a"},
      {"attributes.\"\" = 'a'", ""},
      {"attributes.\"status kind\" = 'a'", "status kind"},
      {"attributes.\" status \" = 'a'", "field"},
      {"attributes.uri = 'a'", "uri"},
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

typedef struct subject_fixture {
  mr_registry *registry;
  mr_run *run; /* id 1 */
} subject_fixture;

/* Rules over everything, of a candidate whose incumbent is itself. */
static const char *const expressions[] = {
    "metrics.x > 1 OR mean(metrics.x) < 0",
    "params.p = 'value' AND tags.t = 'value'",
    "attributes.status = 'FINISHED' AND attributes.experiment = 'unit'",
    "inputs.r.digest IS NULL OR dataset.name IS NULL",
    "dataset.context = 'd' AND dataset.context = 'e' AND dataset.digest LIKE '00%'",
    "artifacts.*.format = 'json' AND artifacts.a.digest IS NOT NULL",
    "version.number = '1.0.0' AND version.prerelease IS NULL",
    "incumbent.metrics.x = metrics.x AND incumbent IS NOT NULL",
    "incumbent.artifacts.*.kind = 'stored'",
    "checks.c = 'passed' AND checks.* = 'passed' AND checks.none IS NULL",
    "evaluations.one.metrics.auc = 0.5 AND evaluations.none.metrics.auc IS NULL",
    "evaluations.*.metrics.auc = 0.5 AND evaluations.*.attributes.kind = 'evaluation'",
    "evaluations.one.artifacts.*.format = 'json' AND evaluations.two.checks.x IS NULL",
    "approvals.risk = 0 AND channel.c.hours IS NULL",
};

static mr_status judge_all(const mri_candidate *candidate, mri_arena *arena, mr_error *error) {
  mri_query_subject subject = mri_subject_of(candidate);
  mr_status status = MR_OK;
  for (size_t i = 0; i < sizeof expressions / sizeof expressions[0] && status == MR_OK; i++) {
    mri_query *query = NULL;
    mri_query_result result;
    status = mri_query_parse(mri_mem_default(), expressions[i], &query, error);
    if (status == MR_OK) status = mri_query_evaluate(query, &subject, arena, &result, error);
    if (status == MR_OK && result.truth != MRI_TRUE) {
      fail_msg("%s: %s", expressions[i], result.reason);
    }
    mri_query_free(query);
  }
  return status;
}

static bool judge_once(void *ctx) {
  const subject_fixture *f = ctx;
  mr_error error = MR_ERROR_INIT;
  mri_tx *tx = NULL;
  mri_tree tree;
  mri_arena arena;
  mri_judged_runs runs;
  mri_semver number = {1, 0, 0, "", ""};
  mr_status status = mri_tx_begin(f->registry->store, MRI_TX_READ, NULL, &tx, &error);
  if (status == MR_NO_MEMORY) return false;
  OK(status);
  mri_tree_init(&tree, mri_mem_default());
  mri_arena_init(&arena, mri_mem_default());
  mri_judged_runs_init(&runs, mri_mem_default());
  status = mri_tree_of_run(tx, 1, "run", "", &tree, &error);
  mri_candidate incumbent = {.tx = tx,
                             .mem = mri_mem_default(),
                             .model_id = 1,
                             .run_id = 1,
                             .run = mr_run_info(f->run)->id,
                             .tree = &tree,
                             .artifact_path = "",
                             .number = &number};
  mri_candidate candidate = incumbent;
  candidate.incumbent = &incumbent;
  candidate.evaluations = &runs;
  if (status == MR_OK) status = judge_all(&candidate, &arena, &error);
  if (status == MR_OK) assert_int_equal(runs.runs.count, 2);
  mri_judged_runs_destroy(&runs);
  mri_arena_free(&arena);
  mri_tree_destroy(&tree);
  status = mri_tx_end(tx, status, &error);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  return status == MR_OK;
}

static void use(mr_run *run, const char *role, const char *run_id, const char *digest) {
  mr_error error = MR_ERROR_INIT;
  mr_input_options in = MR_INPUT_OPTIONS_INIT;
  in.role = role;
  in.run_id = run_id;
  in.dataset_digest = digest;
  OK(mr_run_log_input(run, &in, &error));
}

static void evaluate(const subject_fixture *f, const char *name) {
  mr_error error = MR_ERROR_INIT;
  mr_run *run = NULL;
  mr_run_options o = MR_RUN_OPTIONS_INIT;
  mr_experiment *experiment = NULL;
  o.kind = MR_RUN_KIND_EVALUATION;
  o.name = name;
  OK(mr_registry_open_experiment(f->registry, "unit", &experiment, &error));
  OK(mr_experiment_start_run(experiment, &o, &run, &error));
  use(run, "candidate", mr_run_info(f->run)->id, NULL);
  OK(mr_run_log_metric(run, "auc", 0.5, 1, &error));
  registry_put(run, "report", "{}");
  OK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &error));
  mr_run_free(run);
  mr_experiment_free(experiment);
}

static void memory_runs_out(void **state) {
  (void)state;
  static const char digest[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  mr_error error = MR_ERROR_INIT;
  subject_fixture f;
  f.registry = registry_open();
  f.run = registry_run(f.registry);
  OK(mr_run_log_metric(f.run, "x", 5, 1, &error));
  OK(mr_run_log_param(f.run, "p", "value", &error));
  OK(mr_run_set_tag(f.run, "t", "value", &error));
  use(f.run, "d", NULL, digest);
  use(f.run, "e", NULL, digest);
  registry_put(f.run, "a", "{}");
  registry_put(f.run, "b", "[1]");
  OK(mr_run_log_check(f.run, "c", MR_CHECK_RESULT_PASSED, NULL, &error));
  OK(mr_run_finish(f.run, MR_RUN_STATUS_FINISHED, &error));
  evaluate(&f, "two");
  evaluate(&f, "one");
  assert_true(judge_once(&f));
  assert_true(unit_fail_allocations(judge_once, &f) > 60);
  mr_run_free(f.run);
  mr_registry_close(f.registry);
  assert_int_equal(mri_mem_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_paths),
      cmocka_unit_test(unknown_paths),
      cmocka_unit_test(channels),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
