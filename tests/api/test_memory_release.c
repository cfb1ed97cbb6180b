/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out on the way from a run to a consumer. */
#include "api_stage.h"

/* --- the registry ------------------------------------------------------------------------- */

static mr_status act_models(api_stage *s) {
  char name[32];
  mr_model *model = NULL;
  mr_model_options options = MR_MODEL_OPTIONS_INIT;
  options.description = "d";
  (void)snprintf(name, sizeof name, "m%d", s->serial);
  mr_status status = mr_registry_open_model(s->registry, name, &model, &api_error);
  if (status == MR_NOT_FOUND) {
    status = mr_registry_create_model(s->registry, name, &options, &model, &api_error);
  }
  if (status == MR_OK) status = mr_model_create_channel(model, "production", &api_error);
  mr_model_free(model);
  return status;
}

static void check_models(api_stage *s, bool done) {
  char name[32];
  mr_model *model = NULL;
  mr_channel_page *page = NULL;
  (void)snprintf(name, sizeof name, "m%d", s->serial);
  mr_status status = mr_registry_open_model(s->other, name, &model, &api_error);
  if (!done && status == MR_NOT_FOUND) return;
  OK(status);
  assert_string_equal(mr_model_info(model)->description, "d");
  OK(mr_model_list_channels(model, NULL, &page, &api_error));
  assert_int_equal(mr_channel_page_count(page), done ? 1 : 0);
  mr_channel_page_free(page);
  mr_model_free(model);
}

static void test_models(void **state) {
  static const api_scenario s = {"models", api_stage_nothing, act_models, check_models};
  api_stage_run(*state, &s, 10);
}

static int64_t count_requests(api_stage *s) {
  mr_request_page *page = NULL;
  OK(mr_registry_list_requests(s->other, NULL, &page, &api_error));
  int64_t count = mr_request_page_count(page);
  mr_request_page_free(page);
  return count;
}

static void count_all(api_stage *s, int64_t *versions, int64_t *requests) {
  mr_model *model = api_make_model(s->other);
  *versions = api_count_versions(model);
  *requests = count_requests(s);
  mr_model_free(model);
}

static void before_promotion(api_stage *s, double accuracy) {
  mr_model_free(api_make_model(s->other));
  api_make_gate(s->other);
  mr_run *run = api_make_run(s->other, accuracy);
  (void)snprintf(s->run_id, sizeof s->run_id, "%s", mr_run_info(run)->id);
  mr_run_free(run);
  OK(mr_registry_open_model(s->registry, "digits", &s->model, &api_error));
  count_all(s, &s->versions, &s->requests);
}

static void before_good_promotion(api_stage *s) {
  before_promotion(s, 0.95);
}

static void before_bad_promotion(api_stage *s) {
  before_promotion(s, 0.5);
}

static mr_status act_promotion(api_stage *s) {
  mr_request *request = NULL;
  mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
  options.artifact_path = "model";
  options.description = "d";
  mr_status status = mr_model_promote(s->model, s->run_id, &options, &request, &api_error);
  mr_request_free(request);
  return status;
}

static void check_promotion(api_stage *s, bool done, bool accepted) {
  int64_t versions = 0;
  int64_t requests = 0;
  mr_run *run = NULL;
  count_all(s, &versions, &requests);
  assert_int_equal(versions, s->versions + (done && accepted ? 1 : 0));
  assert_int_equal(requests, s->requests + (done ? 1 : 0));
  OK(mr_registry_open_run(s->other, s->run_id, &run, &api_error));
  assert_int_equal(mr_run_info(run)->sealed, done ? 1 : 0);
  mr_run_free(run);
  if (!done || !accepted) return;
  char number[32];
  mr_version *version = NULL;
  /* No number was lost on the way. */
  (void)snprintf(number, sizeof number, "digits@1.%lld.0", (long long)s->versions);
  OK(mr_registry_resolve(s->other, number, NULL, &version, &api_error));
  assert_string_equal(mr_version_info(version)->run_id, s->run_id);
  OK(mr_version_verify(version, NULL, NULL, NULL, &api_error));
  mr_version_free(version);
}

static void check_good_promotion(api_stage *s, bool done) {
  check_promotion(s, done, true);
}

static void check_bad_promotion(api_stage *s, bool done) {
  check_promotion(s, done, false);
}

static void test_good_promotion(void **state) {
  static const api_scenario s = {"promotion", before_good_promotion, act_promotion,
                                 check_good_promotion};
  api_stage_run(*state, &s, 40);
}

static void test_bad_promotion(void **state) {
  static const api_scenario s = {"refused promotion", before_bad_promotion, act_promotion,
                                 check_bad_promotion};
  api_stage_run(*state, &s, 40);
}

static mr_gate *gate_of(const api_stage *s) {
  char text[64];
  mr_gate *gate = NULL;
  (void)snprintf(text, sizeof text, "a: metrics.accuracy >= 0.%d\nb: params.lr = '0.1'", s->serial);
  OK(mr_gate_parse(text, &gate, &api_error));
  return gate;
}

static void before_gate(api_stage *s) {
  mr_model_free(api_make_model(s->other));
  api_make_gate(s->other);
}

static mr_status act_gate(api_stage *s) {
  mr_gate *gate = gate_of(s);
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  options.model = "digits";
  mr_status status = mr_registry_attach_gate(s->registry, gate, &options, &api_error);
  mr_gate_free(gate);
  return status;
}

static void check_gate(api_stage *s, bool done) {
  mr_gate *gate = gate_of(s);
  mr_gate *attached = NULL;
  const char *digest = NULL;
  const char *now = NULL;
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  options.model = "digits";
  OK(mr_gate_digest(gate, &digest, &api_error));
  OK(mr_registry_open_gate(s->other, &options, &attached, &api_error));
  OK(mr_gate_digest(attached, &now, &api_error));
  assert_int_equal(strcmp(digest, now) == 0, done);
  mr_gate_free(attached);
  mr_gate_free(gate);
}

static void test_gate(void **state) {
  static const api_scenario s = {"gate", before_gate, act_gate, check_gate};
  api_stage_run(*state, &s, 3);
}

/* A new channel, and a version to put into it. */
static void before_move(api_stage *s) {
  char name[32];
  mr_model *model = api_make_model(s->other);
  if (api_count_versions(model) == 0) {
    mr_run *run = api_make_run(s->other, 0.99);
    mr_version_free(api_make_version(model, run));
    mr_run_free(run);
  }
  (void)snprintf(name, sizeof name, "c%d", s->serial);
  OK(mr_model_create_channel(model, name, &api_error));
  mr_model_free(model);
  OK(mr_registry_open_model(s->registry, "digits", &s->model, &api_error));
}

static mr_status act_move(api_stage *s) {
  char name[32];
  mr_request *request = NULL;
  mr_move_options move = MR_MOVE_OPTIONS_INIT;
  (void)snprintf(name, sizeof name, "c%d", s->serial);
  move.channel = name;
  move.version = "1.0.0";
  move.expected = "none";
  move.reason = "r";
  mr_status status = mr_model_move_channel(s->model, &move, &request, &api_error);
  mr_request_free(request);
  return status;
}

static void check_move(api_stage *s, bool done) {
  char reference[48];
  mr_version *version = NULL;
  (void)snprintf(reference, sizeof reference, "digits@c%d", s->serial);
  mr_status status = mr_registry_resolve(s->other, reference, NULL, &version, &api_error);
  if (!done) REFUSED(MR_NOT_FOUND, "holds no version", status);
  if (done) OK(status);
  mr_version_free(version);
}

static void test_move(void **state) {
  static const api_scenario s = {"channel move", before_move, act_move, check_move};
  api_stage_run(*state, &s, 30);
}

/* --- reading ------------------------------------------------------------------------------ */

static mr_status act_delivery(api_stage *s) {
  mr_version *version = NULL;
  mr_report *report = NULL;
  mr_blob *blob = NULL;
  mr_artifact_page *page = NULL;
  const uint8_t *data = NULL;
  uint8_t byte;
  size_t got = 0;
  mr_status status = mr_registry_resolve(s->registry, "digits@latest", NULL, &version, &api_error);
  if (status == MR_OK) status = mr_version_fetch(version, s->target, NULL, &report, &api_error);
  mr_report_free(report);
  report = NULL;
  if (status == MR_OK) status = mr_version_verify(version, s->target, NULL, &report, &api_error);
  mr_report_free(report);
  report = NULL;
  if (status == MR_OK) status = mr_version_verify(version, NULL, NULL, &report, &api_error);
  mr_report_free(report);
  if (status == MR_OK) status = mr_version_list_artifacts(version, NULL, &page, &api_error);
  mr_artifact_page_free(page);
  if (status == MR_OK) {
    status = mr_version_open_artifact(version, "labels.json", &blob, &api_error);
  }
  if (status == MR_OK) status = mr_blob_read(blob, 1, &byte, 1, &got, &api_error);
  if (status == MR_OK) status = mr_blob_map(blob, &data, &api_error);
  mr_blob_free(blob);
  mr_version_free(version);
  return status;
}

static void check_delivery(api_stage *s, bool done) {
  static const char *const names[] = {"labels.json", "weights.bin"};
  /* Whole or not at all, and nothing else. */
  mr_version *version = NULL;
  mr_verify_options options = MR_VERIFY_OPTIONS_INIT;
  OK(mr_registry_resolve(s->other, "digits", NULL, &version, &api_error));
  if (done) OK(mr_version_verify(version, s->target, &options, NULL, &api_error));
  if (!done && api_exists(s->target)) {
    mr_report *report = NULL;
    OK(mr_version_verify(version, s->target, &options, &report, &api_error));
    for (int64_t i = 0; i < mr_report_info(report)->problem_count; i++) {
      assert_int_equal(mr_report_at(report, i)->problem, MR_PROBLEM_MISSING);
      const char *path = mr_report_at(report, i)->path;
      assert_true(strcmp(path, names[0]) == 0 || strcmp(path, names[1]) == 0);
    }
    mr_report_free(report);
  }
  mr_version_free(version);
  api_remove_tree(s->target);
}

static void test_delivery(void **state) {
  static const api_scenario s = {"delivery", before_move, act_delivery, check_delivery};
  api_stage_run(*state, &s, 40);
}

static void before_reading(api_stage *s) {
  before_move(s);
  mr_run_page *page = NULL;
  mr_run_list_options options = MR_RUN_LIST_OPTIONS_INIT;
  mr_experiment *experiment = NULL;
  mr_manifest *manifest = NULL;
  options.kind = MR_RUN_KIND_TRAINING;
  OK(mr_registry_list_runs(s->other, &options, &page, &api_error));
  OK(mr_registry_open_run(s->registry, mr_run_page_at(page, 0)->id, &s->run, &api_error));
  OK(mr_registry_open_experiment(s->other, "digits", &experiment, &api_error));
  OK(mr_manifest_new(&manifest, &api_error));
  OK(mr_experiment_log_dataset(experiment, "d", manifest, NULL, NULL, &api_error));
  mr_manifest_free(manifest);
  mr_experiment_free(experiment);
  mr_run_page_free(page);
}

#define READ_PAGE(noun, call)                                                                      \
  if (status == MR_OK) {                                                                           \
    noun##_page *page = NULL;                                                                      \
    status = call;                                                                                 \
    noun##_page_free(page);                                                                        \
  }

/* A limit of one makes tokens, too. */
static mr_status act_reading(api_stage *s) {
  mr_status status = MR_OK;
  mr_registry *r = s->registry;
  mr_history *history = NULL;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  mr_run_list_options runs = MR_RUN_LIST_OPTIONS_INIT;
  mr_request_list_options requests = MR_REQUEST_LIST_OPTIONS_INIT;
  o.limit = runs.limit = requests.limit = 1;
  READ_PAGE(mr_experiment, mr_registry_list_experiments(r, &o, &page, &api_error))
  READ_PAGE(mr_run, mr_registry_list_runs(r, &runs, &page, &api_error))
  READ_PAGE(mr_dataset, mr_registry_list_datasets(r, &o, &page, &api_error))
  READ_PAGE(mr_model, mr_registry_list_models(r, &o, &page, &api_error))
  READ_PAGE(mr_version, mr_model_list_versions(s->model, &o, &page, &api_error))
  READ_PAGE(mr_channel, mr_model_list_channels(s->model, &o, &page, &api_error))
  READ_PAGE(mr_request, mr_registry_list_requests(r, &requests, &page, &api_error))
  READ_PAGE(mr_property, mr_run_list_params(s->run, &o, &page, &api_error))
  READ_PAGE(mr_property, mr_run_list_tags(s->run, &o, &page, &api_error))
  READ_PAGE(mr_input, mr_run_list_inputs(s->run, &o, &page, &api_error))
  READ_PAGE(mr_metric, mr_run_list_metrics(s->run, &o, &page, &api_error))
  READ_PAGE(mr_artifact, mr_run_list_artifacts(s->run, &o, &page, &api_error))
  if (status == MR_OK) status = mr_run_history(s->run, "accuracy", NULL, &history, &api_error);
  mr_history_free(history);
  return status;
}

static mr_status act_request(api_stage *s) {
  mr_request_page *page = NULL;
  mr_request *request = NULL;
  mr_decision *decision = NULL;
  mr_version *version = NULL;
  mr_request_list_options options = MR_REQUEST_LIST_OPTIONS_INIT;
  options.limit = 1;
  mr_status status = mr_registry_list_requests(s->registry, &options, &page, &api_error);
  if (status == MR_OK) {
    status = mr_registry_open_request(s->registry, mr_request_page_at(page, 0)->id, &request,
                                      &api_error);
  }
  if (status == MR_OK) status = mr_request_decision(request, &decision, &api_error);
  if (status == MR_OK) status = mr_request_version(request, &version, &api_error);
  if (status == MR_GATE_FAILED) status = MR_OK;
  mr_version_free(version);
  mr_decision_free(decision);
  mr_request_free(request);
  mr_request_page_free(page);
  return status;
}

static void check_nothing(api_stage *s, bool done) {
  (void)s;
  (void)done;
}

static void test_reading(void **state) {
  static const api_scenario s = {"reading", before_reading, act_reading, check_nothing};
  api_stage_run(*state, &s, 30);
}

static void test_request(void **state) {
  static const api_scenario s = {"request", before_move, act_request, check_nothing};
  api_stage_run(*state, &s, 10);
}

/* A refused one explains itself. */
static void before_refusal(api_stage *s) {
  before_bad_promotion(s);
  mr_model *model = api_make_model(s->other);
  mr_request_free(api_promote(model, s->run_id));
  mr_model_free(model);
}

static void test_refusal(void **state) {
  static const api_scenario s = {"refusal", before_refusal, act_request, check_nothing};
  api_stage_run(*state, &s, 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_models),  api_test(test_good_promotion), api_test(test_bad_promotion),
      api_test(test_gate),    api_test(test_move),           api_test(test_delivery),
      api_test(test_reading), api_test(test_request),        api_test(test_refusal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
