/* SPDX-License-Identifier: Apache-2.0 */
/* What a gate sees is what was sealed, and a rule means what it says. */
#include "api_test.h"

#include <sys/stat.h>
#include <unistd.h>

/* Promotes the run before a gate of this one rule. */
static mr_verdict judge(mr_registry *registry, const char *model_name, const char *run_id,
                        const char *rule) {
  mr_gate *gate = NULL;
  mr_model *model = NULL;
  mr_decision *decision = NULL;
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  OK(mr_registry_create_model(registry, model_name, NULL, &model, &api_error));
  OK(mr_gate_new(&gate, &api_error));
  OK(mr_gate_add_rule(gate, "rule", rule, &api_error));
  options.model = model_name;
  OK(mr_registry_attach_gate(registry, gate, &options, &api_error));
  mr_request *request = api_promote(model, run_id);
  OK(mr_request_decision(request, &decision, &api_error));
  mr_verdict verdict = mr_decision_info(decision)->verdict;
  mr_decision_free(decision);
  mr_request_free(request);
  mr_gate_free(gate);
  mr_model_free(model);
  return verdict;
}

static mr_dataset *log_dataset(mr_experiment *experiment, const char *name, int64_t samples) {
  mr_manifest *manifest = NULL;
  mr_dataset *dataset = NULL;
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  options.sample_count = samples;
  OK(mr_manifest_new(&manifest, &api_error));
  OK(mr_manifest_add_entry(manifest, "a.csv", 3,
                           "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                           &api_error));
  OK(mr_experiment_log_dataset(experiment, name, manifest, &options, &dataset, &api_error));
  mr_manifest_free(manifest);
  return dataset;
}

/* Somebody else's record of the same files says more samples: a verdict must not follow it. */
static void test_inputs_are_what_was_named(void **state) {
  const api_place *place = *state;
  mr_registry *registry = api_open(place->db, MR_OPEN_CREATE);
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  OK(mr_registry_open_experiment(registry, "digits", &experiment, &api_error));
  mr_dataset *small = log_dataset(experiment, "small", 10);
  OK(mr_experiment_start_run(experiment, NULL, &run, &api_error));
  input.role = "training";
  input.dataset_run_id = mr_dataset_info(small)->run_id;
  OK(mr_run_log_input(run, &input, &api_error));
  OK(mr_run_log_artifact_bytes(run, "model/m", (const uint8_t *)"m", 1, &api_error));
  OK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &api_error));
  const char *id = mr_run_info(run)->id;
  const char *rule = "inputs.training.sample_count >= 10000";
  assert_int_equal(judge(registry, "before", id, rule), MR_VERDICT_FAILED);
  mr_dataset *big = log_dataset(experiment, "big", 1000000);
  assert_int_equal(judge(registry, "after", id, rule), MR_VERDICT_FAILED);
  assert_int_equal(judge(registry, "name", id, "inputs.training.name = 'small'"),
                   MR_VERDICT_PASSED);
  mr_input_page *page = NULL;
  OK(mr_run_list_inputs(run, NULL, &page, &api_error));
  assert_string_equal(mr_input_page_at(page, 0)->dataset_name, "small");
  mr_input_page_free(page);
  mr_dataset_free(big);
  mr_dataset_free(small);
  mr_run_free(run);
  mr_experiment_free(experiment);
  mr_registry_close(registry);
}

static void test_unknown_source_is_not_clean(void **state) {
  const api_place *place = *state;
  mr_registry *registry = api_open(place->db, MR_OPEN_CREATE);
  mr_run *run = api_make_run(registry, 0.95);
  const char *id = mr_run_info(run)->id;
  assert_int_equal(mr_run_info(run)->source_state, MR_SOURCE_STATE_UNKNOWN);
  assert_int_equal(judge(registry, "a", id, "attributes.source_dirty = 0"), MR_VERDICT_FAILED);
  assert_int_equal(judge(registry, "b", id, "attributes.source_dirty IS NULL"), MR_VERDICT_PASSED);
  mr_run_free(run);
  mr_registry_close(registry);
}

static void test_rules_that_cannot_mean_anything(void **state) {
  (void)state;
  mr_gate *gate = NULL;
  static const char *const senseless[] = {
      "attributes.\"run_id run_name\" = 0",
      "attributes.\" status\" = 'FINISHED'",
      "artifacts.*.\"path format\" != 'pickle'",
      "artifacts.*.colour = 'red'",
      "NOT artifacts.*.format = 'pickle'",
      "NOT (metrics.a > 1 OR artifacts.*.size < 3)",
      "inputs.*.digest = 'a'",
      "evaluations.holdout.metrics.* > 1",
      "evaluations.*.artifacts.*.size > 1",
      "approvals.* >= 1",
      "channel.latest.hours > 1",
      "incumbent.incumbent.metrics.a > 1",
  };
  OK(mr_gate_new(&gate, &api_error));
  for (size_t i = 0; i < sizeof senseless / sizeof senseless[0]; i++) {
    REFUSED(MR_INVALID_ARGUMENT, "rule 'r'", mr_gate_add_rule(gate, "r", senseless[i], &api_error));
  }
  static const char *const names[] = {"a:b", "a#b", "it's", "a\"b", "a`b"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    REFUSED(MR_INVALID_ARGUMENT, "rule name",
            mr_gate_add_rule(gate, names[i], "metrics.a > 1", &api_error));
  }
  OK(mr_gate_add_rule(gate, "quoted", "tags.ticket = 'a#b' AND tags.x != 'it''s'", &api_error));
  mr_gate_free(gate);
}

/* A gate that can be attached can be read again: its text is bounded when it is built. */
static void test_gates_stay_readable(void **state) {
  const api_place *place = *state;
  mr_registry *registry = api_open(place->db, MR_OPEN_CREATE);
  mr_gate *gate = NULL;
  mr_gate *again = NULL;
  static char expression[8100];
  char name[16];
  int fill = snprintf(expression, sizeof expression, "params.x != '");
  memset(expression + fill, 'a', 8000);
  memcpy(expression + fill + 8000, "'", 2);
  OK(mr_gate_new(&gate, &api_error));
  mr_status status = MR_OK;
  for (int i = 0; i < 256 && status == MR_OK; i++) {
    (void)snprintf(name, sizeof name, "rule-%d", i);
    status = mr_gate_add_rule(gate, name, expression, &api_error);
  }
  assert_int_equal(status, MR_LIMIT);
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  options.flags = MR_GATE_DEFAULT;
  OK(mr_registry_attach_gate(registry, gate, &options, &api_error));
  OK(mr_registry_open_gate(registry, &options, &again, &api_error));
  mr_gate_free(again);
  mr_gate_free(gate);
  mr_registry_close(registry);
}

/* The longest name of a channel takes a gate, too. */
static void test_every_channel_can_be_gated(void **state) {
  const api_place *place = *state;
  mr_registry *registry = api_open(place->db, MR_OPEN_CREATE);
  mr_model *model = api_make_model(registry);
  mr_gate *gate = NULL;
  char channel[251];
  char transition[260];
  memset(channel, 's', 250);
  channel[250] = '\0';
  (void)snprintf(transition, sizeof transition, "channel/%s", channel);
  OK(mr_model_create_channel(model, channel, &api_error));
  OK(mr_gate_parse("never: metrics.accuracy > 2", &gate, &api_error));
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  options.model = "digits";
  options.transition = transition;
  OK(mr_registry_attach_gate(registry, gate, &options, &api_error));
  mr_run *run = api_make_run(registry, 0.95);
  mr_version *version = api_make_version(model, run);
  mr_request *request = api_move(model, channel, mr_version_info(version)->number, "none");
  mr_version *moved = NULL;
  REFUSED(MR_GATE_FAILED, "never", mr_request_version(request, &moved, &api_error));
  mr_request_free(request);
  mr_version_free(version);
  mr_run_free(run);
  mr_gate_free(gate);
  mr_model_free(model);
  mr_registry_close(registry);
}

/* The process umask takes its part from new files. */
static void test_umask(void **state) {
  const api_place *place = *state;
  struct stat facts;
  mode_t before = umask(077);
  mr_registry *registry = api_open(place->db, MR_OPEN_CREATE);
  mr_run *run = api_make_run(registry, 0.9);
  (void)umask(before);
  assert_int_equal(stat(place->db, &facts), 0);
  assert_int_equal(facts.st_mode & 077, 0);
  assert_int_equal(stat(mr_registry_info(registry)->artifact_root, &facts), 0);
  assert_int_equal(facts.st_mode & 077, 0);
  mr_run_free(run);
  mr_registry_close(registry);
}

/* What somebody damaged in the store is made whole by logging the same bytes again. */
static void test_logging_again_heals(void **state) {
  const api_place *place = *state;
  mr_registry *registry = api_open(place->db, MR_OPEN_CREATE);
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  mr_blob *blob = NULL;
  const uint8_t *data = NULL;
  char blob_path[700];
  OK(mr_registry_open_experiment(registry, "x", &experiment, &api_error));
  OK(mr_experiment_start_run(experiment, NULL, &run, &api_error));
  OK(mr_run_log_artifact_bytes(run, "a", (const uint8_t *)"good", 4, &api_error));
  OK(mr_run_open_artifact(run, "a", &blob, &api_error));
  const char *digest = mr_blob_info(blob)->digest;
  (void)snprintf(blob_path, sizeof blob_path, "%s/blobs/%.2s/%s",
                 mr_registry_info(registry)->artifact_root, digest, digest + 2);
  api_write_file(blob_path, "evil", 4);
  mr_blob_free(blob);
  OK(mr_run_open_artifact(run, "a", &blob, &api_error));
  REFUSED(MR_TAMPERED, NULL, mr_blob_map(blob, &data, &api_error));
  mr_blob_free(blob);
  OK(mr_run_log_artifact_bytes(run, "a", (const uint8_t *)"good", 4, &api_error));
  OK(mr_run_open_artifact(run, "a", &blob, &api_error));
  OK(mr_blob_map(blob, &data, &api_error));
  assert_memory_equal(data, "good", 4);
  mr_blob_free(blob);
  mr_run_free(run);
  mr_experiment_free(experiment);
  mr_registry_close(registry);
}

/* A file that was added by a relative path is found from another working folder, too. */
static void test_manifests_outlive_the_working_folder(void **state) {
  const api_place *place = *state;
  mr_registry *registry = api_open(place->db, MR_OPEN_CREATE);
  mr_experiment *experiment = NULL;
  mr_manifest *manifest = NULL;
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  char before[512];
  assert_non_null(getcwd(before, sizeof before));
  api_write_file(api_path(place->folder, "a.txt"), "abc", 3);
  OK(mr_registry_open_experiment(registry, "x", &experiment, &api_error));
  OK(mr_manifest_new(&manifest, &api_error));
  assert_int_equal(chdir(place->folder), 0);
  OK(mr_manifest_add_file(manifest, "a.txt", NULL, &api_error));
  assert_int_equal(chdir(before), 0);
  options.freeze = 1;
  OK(mr_experiment_log_dataset(experiment, "d", manifest, &options, NULL, &api_error));
  mr_manifest_free(manifest);
  mr_experiment_free(experiment);
  mr_registry_close(registry);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_inputs_are_what_was_named),
      api_test(test_unknown_source_is_not_clean),
      api_test(test_rules_that_cannot_mean_anything),
      api_test(test_gates_stay_readable),
      api_test(test_every_channel_can_be_gated),
      api_test(test_umask),
      api_test(test_logging_again_heals),
      api_test(test_manifests_outlive_the_working_folder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
