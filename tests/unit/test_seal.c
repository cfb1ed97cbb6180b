/* SPDX-License-Identifier: Apache-2.0 */
/* The digest of a candidate: any single thing that a rule can read changes it, and the order in
 * which things were logged does not. */
#include "registry_test.h"

#include "registry/seal.h"

typedef struct seal_fixture {
  mr_registry *registry;
  mr_run *run;
  int64_t id;
} seal_fixture;

static void log_input(mr_run *run, const char *role, const char *dataset_run_id) {
  mr_error error = MR_ERROR_INIT;
  mr_input_options in = MR_INPUT_OPTIONS_INIT;
  in.role = role;
  in.dataset_run_id = dataset_run_id;
  OK(mr_run_log_input(run, &in, &error));
}

static char *record_dataset(mr_registry *registry, char id[40]) {
  mr_error error = MR_ERROR_INIT;
  mr_experiment *experiment = NULL;
  mr_manifest *manifest = NULL;
  mr_dataset *dataset = NULL;
  OK(mr_registry_open_experiment(registry, "data", &experiment, &error));
  OK(mr_manifest_new(&manifest, &error));
  OK(mr_experiment_log_dataset(experiment, "digits", manifest, NULL, &dataset, &error));
  (void)snprintf(id, 40, "%s", mr_dataset_info(dataset)->run_id);
  mr_dataset_free(dataset);
  mr_manifest_free(manifest);
  mr_experiment_free(experiment);
  return id;
}

/* A finished evaluation "e" of the run with one of everything. */
static void evaluate(seal_fixture *f) {
  mr_error error = MR_ERROR_INIT;
  mr_run *run = NULL;
  mr_run_options o = MR_RUN_OPTIONS_INIT;
  mr_input_options in = MR_INPUT_OPTIONS_INIT;
  mr_metric *metric = NULL;
  mr_experiment *experiment = NULL;
  const double value = 0.5;
  const int64_t step = 1;
  const int64_t time_us = 10;
  o.kind = MR_RUN_KIND_EVALUATION;
  o.name = "e";
  OK(mr_registry_open_experiment(f->registry, "unit", &experiment, &error));
  OK(mr_experiment_start_run(experiment, &o, &run, &error));
  in.role = "candidate";
  in.run_id = mr_run_info(f->run)->id;
  OK(mr_run_log_input(run, &in, &error));
  OK(mr_run_log_param(run, "e", "value", &error));
  OK(mr_run_set_tag(run, "e", "value", &error));
  OK(mr_run_metric(run, "e", &metric, &error));
  OK(mr_metric_log_many(metric, &value, &step, &time_us, 1, &error));
  mr_metric_free(metric);
  registry_put(run, "e", "content");
  OK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &error));
  mr_run_free(run);
  mr_experiment_free(experiment);
}

/* A run with two of everything, logged forwards or backwards. */
static void fill(seal_fixture *f, bool backwards) {
  mr_error error = MR_ERROR_INIT;
  static const char *const names[] = {"a", "b"};
  char dataset[40];
  f->registry = registry_open();
  f->run = registry_run(f->registry);
  (void)record_dataset(f->registry, dataset);
  for (int i = 0; i < 2; i++) {
    const char *name = names[backwards ? 1 - i : i];
    mr_metric *metric = NULL;
    const double values[] = {0.5, 0.25};
    const int64_t steps[] = {1, 2};
    const int64_t times[] = {10, 20};
    mr_link_options link = MR_LINK_OPTIONS_INIT;
    char path[16];
    OK(mr_run_log_param(f->run, name, "value", &error));
    OK(mr_run_set_tag(f->run, name, "value", &error));
    OK(mr_run_metric(f->run, name, &metric, &error));
    OK(mr_metric_log_many(metric, values, steps, times, 1, &error));
    if (backwards) OK(mr_run_flush(f->run, &error));
    OK(mr_metric_log_many(metric, values + 1, steps + 1, times + 1, 1, &error));
    mr_metric_free(metric);
    log_input(f->run, name, dataset);
    registry_put(f->run, name, "content");
    (void)snprintf(path, sizeof path, "link-%s", name);
    link.path = path;
    link.uri = "s3://bucket/key";
    link.digest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    link.size = 3;
    OK(mr_run_log_artifact_link(f->run, &link, &error));
  }
  OK(mr_run_finish(f->run, MR_RUN_STATUS_FINISHED, &error));
  evaluate(f);
  f->id = registry_run_id(f->registry, f->run);
  /* What is different from run to run and from clock to clock is made the same. */
  registry_execute(f->registry,
                   "UPDATE run SET uuid = '01234567-89ab-7def-8123-00000000000' || id, "
                   "started_us = 1, ended_us = 2");
  registry_execute(f->registry, "UPDATE input SET target = (SELECT uuid FROM run WHERE run.kind = "
                                "CASE input.kind WHEN 3 THEN 1 ELSE 2 END)");
}

static void drain(seal_fixture *f) {
  mr_run_free(f->run);
  mr_registry_close(f->registry);
}

/* Of the candidate with this copy of the tags, and with or without the evaluation. */
static mr_status read_digest_as(const seal_fixture *f, int64_t tags_of, bool evaluated,
                                mri_digest *out, mr_error *error) {
  mri_tree tree;
  mri_judged_runs runs;
  const mri_candidate *found = NULL;
  mri_candidate candidate = {.mem = mri_mem_default(),
                             .run_id = f->id,
                             .run = "01234567-89ab-7def-8123-000000000001",
                             .tree = &tree,
                             .artifact_path = "",
                             .tags_of = tags_of,
                             .evaluations = &runs};
  mr_status status = mri_tx_begin(f->registry->store, MRI_TX_READ, NULL, &candidate.tx, error);
  if (status != MR_OK) return status;
  mri_tree_init(&tree, mri_mem_default());
  mri_judged_runs_init(&runs, mri_mem_default());
  status = mri_tree_of_run(candidate.tx, f->id, "run", "", &tree, error);
  if (status == MR_OK && evaluated) status = mri_judged_runs_find(&candidate, "e", &found, error);
  if (status == MR_OK) status = mri_candidate_digest(&candidate, out, error);
  mri_judged_runs_destroy(&runs);
  mri_tree_destroy(&tree);
  return mri_tx_end(candidate.tx, status, error);
}

static mr_status read_digest(const seal_fixture *f, mri_digest *out, mr_error *error) {
  return read_digest_as(f, 0, true, out, error);
}

static void digest_of(const seal_fixture *f, mri_digest *out) {
  mr_error error = MR_ERROR_INIT;
  OK(read_digest(f, out, &error));
}

static void order_does_not_count(void **state) {
  (void)state;
  seal_fixture forwards;
  seal_fixture backwards;
  mri_digest a;
  mri_digest b;
  fill(&forwards, false);
  fill(&backwards, true);
  digest_of(&forwards, &a);
  digest_of(&backwards, &b);
  assert_true(mri_digest_equal(&a, &b));
  drain(&forwards);
  drain(&backwards);
  assert_int_equal(mri_mem_live(), 0);
}

/* A statement that changes one thing, and whether the digest has to see it. */
static const struct {
  const char *sql;
  bool seen;
} changes[] = {
    {"UPDATE param SET value = 'valuf' WHERE key = 'a'", true},
    {"UPDATE param SET key = 'aa' WHERE key = 'a'", true},
    {"DELETE FROM param WHERE key = 'b'", true},
    {"INSERT INTO param (run_id, key, value) SELECT run_id, 'c', '' FROM param LIMIT 1", true},
    {"UPDATE tag SET value = '' WHERE key = 'a'", true},
    {"UPDATE tag SET key = 'c' WHERE key = 'b'", true},
    {"DELETE FROM tag WHERE key = 'a'", true},
    {"UPDATE metric SET key = 'c' WHERE key = 'b'", true},
    {"UPDATE metric SET points = 3 WHERE key = 'a'", true},
    {"UPDATE metric SET nan_points = 1 WHERE key = 'a'", true},
    {"UPDATE metric SET first_step = 0 WHERE key = 'a'", true},
    {"UPDATE metric SET first_time_us = 0 WHERE key = 'a'", true},
    {"UPDATE metric SET last_step = 3 WHERE key = 'a'", true},
    {"UPDATE metric SET last_time_us = 3 WHERE key = 'a'", true},
    {"UPDATE metric SET first_bits = 1 WHERE key = 'a'", true},
    {"UPDATE metric SET last_bits = 1 WHERE key = 'a'", true},
    {"UPDATE metric SET min_bits = 1 WHERE key = 'a'", true},
    {"UPDATE metric SET max_bits = 1 WHERE key = 'a'", true},
    {"UPDATE metric SET sum_bits = 1 WHERE key = 'a'", true},
    {"UPDATE metric SET compensation_bits = 1 WHERE key = 'a'", true},
    {"UPDATE metric_chunk SET data = x'00' WHERE metric_id = 1", true},
    {"UPDATE metric_chunk SET sequence = 1 WHERE metric_id = 1", true},
    {"DELETE FROM metric_chunk WHERE metric_id = 2", true},
    {"UPDATE input SET role = 'c' WHERE role = 'a'", true},
    {"UPDATE input SET kind = 3 WHERE role = 'a'", true},
    {"UPDATE input SET target = '01234567-89ab-7def-8123-456789abcdef' WHERE role = 'a'", true},
    {"UPDATE input SET digest = NULL WHERE role = 'a'", true},
    {"DELETE FROM input WHERE role = 'b'", true},
    {"UPDATE dataset SET name = 'letters'", true},
    {"UPDATE dataset SET sample_count = 7", true},
    {"UPDATE dataset SET file_count = 7", true},
    {"UPDATE dataset SET total_size = 7", true},
    {"UPDATE dataset SET frozen = 1", true},
    {"UPDATE artifact SET path = 'c' WHERE path = 'a'", true},
    {"UPDATE artifact SET size = 8 WHERE path = 'a'", true},
    {"UPDATE artifact SET digest = zeroblob(32) WHERE path = 'a'", true},
    {"UPDATE artifact SET format = 'json' WHERE path = 'a'", true},
    {"UPDATE artifact SET kind = 2 WHERE path = 'a'", true},
    {"UPDATE artifact SET uri = 's3://bucket/other' WHERE path = 'link-a'", true},
    {"DELETE FROM artifact WHERE path = 'a'", true},
    {"UPDATE run SET name = 'x' WHERE kind = 1", true},
    {"UPDATE run SET actor = 'x' WHERE kind = 1", true},
    {"UPDATE run SET source_commit = 'x' WHERE kind = 1", true},
    {"UPDATE run SET source_state = 2 WHERE kind = 1", true},
    {"UPDATE run SET started_us = 5 WHERE kind = 1", true},
    {"UPDATE run SET ended_us = 5 WHERE kind = 1", true},
    {"UPDATE run SET status = 3 WHERE kind = 1", true},
    {"UPDATE run SET uuid = '01234567-89ab-7def-8123-456789abcdef' WHERE kind = 1", true},
    {"UPDATE experiment SET name = 'x' WHERE name = 'unit'", true},
    /* The same of the evaluation. */
    {"UPDATE param SET value = 'valuf' WHERE key = 'e'", true},
    {"UPDATE tag SET value = 'valuf' WHERE key = 'e'", true},
    {"UPDATE metric SET last_bits = 1 WHERE key = 'e'", true},
    {"UPDATE metric_chunk SET data = x'00' WHERE metric_id = 3", true},
    {"UPDATE input SET role = 'x' WHERE kind = 3", true},
    {"UPDATE artifact SET digest = zeroblob(32) WHERE path = 'e'", true},
    {"UPDATE run SET ended_us = 5 WHERE kind = 3", true},
    {"DELETE FROM input WHERE kind = 3", true}, /* it is none of this run any more */
    {"UPDATE run SET status = 1 WHERE kind = 3", true},
    /* What can still come, or no rule can read. */
    {"INSERT INTO run_check (uuid, run_id, name, result, reporter, evidence_size, actor, "
     "created_us) VALUES ('x', 1, 'c', 1, 'x', 0, 'x', 1)",
     false},
    {"UPDATE run SET environment_host = 'x' WHERE kind = 1", false},
    {"UPDATE artifact SET created_us = 5 WHERE path = 'a'", false},
    {"UPDATE experiment SET actor = 'x'", false},
    {"UPDATE dataset SET data_schema = 'x'", false},
};

static void any_single_thing_counts(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    seal_fixture f;
    mri_digest before;
    mri_digest after;
    fill(&f, false);
    digest_of(&f, &before);
    registry_execute(f.registry, changes[i].sql);
    digest_of(&f, &after);
    if (mri_digest_equal(&before, &after) == changes[i].seen) fail_msg("%s", changes[i].sql);
    drain(&f);
  }
}

static void equal(const seal_fixture *f, int64_t tags_of, const mri_digest *expected, bool is) {
  mr_error error = MR_ERROR_INIT;
  mri_digest digest;
  OK(read_digest_as(f, tags_of, false, &digest, &error));
  assert_int_equal(mri_digest_equal(&digest, expected), is);
}

/* A copy of the tags is as good as the tags, and stays so. */
static void copied_tags_count(void **state) {
  (void)state;
  seal_fixture f;
  mri_digest before;
  mr_error error = MR_ERROR_INIT;
  mr_model *model = NULL;
  mr_request *request = NULL;
  fill(&f, false);
  OK(read_digest_as(&f, 0, false, &before, &error));
  OK(mr_registry_create_model(f.registry, "m", NULL, &model, &error));
  OK(mr_model_promote(model, "01234567-89ab-7def-8123-000000000001", NULL, &request, &error));
  equal(&f, 1, &before, true);
  equal(&f, 0, &before, true);
  registry_execute(f.registry, "UPDATE tag SET value = 'other' WHERE key = 'a'");
  equal(&f, 1, &before, true);
  equal(&f, 0, &before, false);
  registry_execute(f.registry, "UPDATE request_tag SET value = 'other' WHERE key = 'a'");
  equal(&f, 1, &before, false);
  mr_request_free(request);
  mr_model_free(model);
  drain(&f);
  assert_int_equal(mri_mem_live(), 0);
}

/* Texts that run into each other when they are only put side by side. */
static void borders_count(void **state) {
  (void)state;
  static const char *const params[][4] = {
      {"a", "bc", "d", "e"}, {"ab", "c", "d", "e"}, {"a", "b", "cd", "e"}, {"a", "b1:c", "d", "e"}};
  mri_digest digests[4];
  for (size_t i = 0; i < 4; i++) {
    mr_error error = MR_ERROR_INIT;
    mr_registry *registry = registry_open();
    mr_run *run = registry_run(registry);
    OK(mr_run_log_param(run, params[i][0], params[i][1], &error));
    OK(mr_run_log_param(run, params[i][2], params[i][3], &error));
    int64_t id = registry_run_id(registry, run);
    mri_tx *tx = registry_begin(registry, MRI_TX_READ);
    OK(mri_params_digest(tx, id, &digests[i], &error));
    registry_end(tx);
    for (size_t k = 0; k < i; k++) assert_false(mri_digest_equal(&digests[i], &digests[k]));
    mr_run_free(run);
    mr_registry_close(registry);
  }
}

static bool digest_once(void *ctx) {
  const seal_fixture *f = ctx;
  mri_digest digest;
  mr_error error = MR_ERROR_INIT;
  mr_status status = read_digest(f, &digest, &error);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  return status == MR_OK;
}

static void memory_runs_out(void **state) {
  (void)state;
  seal_fixture f;
  fill(&f, false);
  assert_true(digest_once(&f));
  assert_true(unit_fail_allocations(digest_once, &f) > 5);
  drain(&f);
  assert_int_equal(mri_mem_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(order_does_not_count), cmocka_unit_test(any_single_thing_counts),
      cmocka_unit_test(copied_tags_count),    cmocka_unit_test(borders_count),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
