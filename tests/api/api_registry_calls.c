/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of the registry proper: gates, models, versions, requests, channels and references; and
 * the world in which all calls work. */
#include "api_calls.h"

#include <sys/stat.h>

static mr_status call_gate_new(api_world *w, mr_error *error) {
  mr_gate *out = API_OUT;
  mr_status status = mr_gate_new(API_POINTER(0, &out), error);
  API_END(mr_gate_free);
}

static mr_status call_gate_add_rule(api_world *w, mr_error *error) {
  mr_gate *gate = NULL;
  OK(mr_gate_new(&gate, &api_error));
  mr_status status = mr_gate_add_rule(API_POINTER(0, gate), API_TEXT(1, "r"),
                                      API_TEXT(2, "metrics.loss < 1"), error);
  mr_gate_free(gate);
  return status;
}

static mr_status call_gate_parse(api_world *w, mr_error *error) {
  mr_gate *out = API_OUT;
  mr_status status = mr_gate_parse(API_TEXT(0, "a: metrics.loss < 1"), API_POINTER(1, &out), error);
  API_END(mr_gate_free);
}

static mr_status call_gate_text(api_world *w, mr_error *error) {
  mr_buffer *out = API_OUT;
  mr_status status = mr_gate_text(API_POINTER(0, w->gate), API_POINTER(1, &out), error);
  API_END(mr_buffer_free);
}

static mr_status call_gate_digest(api_world *w, mr_error *error) {
  const char *out = API_OUT;
  mr_status status = mr_gate_digest(API_POINTER(0, w->gate), API_POINTER(1, &out), error);
  API_END((void));
}

static mr_status call_attach_gate(api_world *w, mr_error *error) {
  mr_gate_options o = MR_GATE_OPTIONS_INIT;
  o.model = API_TEXT(3, "digits");
  o.transition = API_TEXT(4, "channel/gated");
  o.expected_digest = API_TEXT(5, NULL);
  o.flags = (mr_gate_flags)API_NUMBER(6, 0);
  return mr_registry_attach_gate(API_POINTER(0, w->registry), API_POINTER(1, w->gate),
                                 API_POINTER(2, &o), error);
}

static mr_status call_open_gate(api_world *w, mr_error *error) {
  mr_gate *out = API_OUT;
  mr_gate_options o = MR_GATE_OPTIONS_INIT;
  o.model = API_TEXT(3, "digits");
  o.transition = API_TEXT(4, "promote");
  o.flags = (mr_gate_flags)API_NUMBER(5, 0);
  mr_status status = mr_registry_open_gate(API_POINTER(0, w->registry), API_POINTER(1, &o),
                                           API_POINTER(2, &out), error);
  API_END(mr_gate_free);
}

static mr_status call_create_model(api_world *w, mr_error *error) {
  mr_model *out = API_OUT;
  mr_model_options o = MR_MODEL_OPTIONS_INIT;
  o.description = API_TEXT(4, "d");
  mr_status status =
      mr_registry_create_model(API_POINTER(0, w->registry), API_TEXT(1, w->fresh_name),
                               API_POINTER(2, &o), API_POINTER(3, &out), error);
  API_END(mr_model_free);
}

static mr_status call_open_model(api_world *w, mr_error *error) {
  mr_model *out = API_OUT;
  mr_status status = mr_registry_open_model(API_POINTER(0, w->registry), API_TEXT(1, "digits"),
                                            API_POINTER(2, &out), error);
  API_END(mr_model_free);
}

static mr_status call_list_models(api_world *w, mr_error *error) {
  mr_model_page *out = API_OUT;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  o.limit = API_NUMBER(3, 0);
  o.token = API_TEXT(4, NULL);
  mr_status status = mr_registry_list_models(API_POINTER(0, w->registry), API_POINTER(1, &o),
                                             API_POINTER(2, &out), error);
  API_END(mr_model_page_free);
}

static mr_status call_open_version(api_world *w, mr_error *error) {
  mr_version *out = API_OUT;
  mr_status status = mr_model_open_version(API_POINTER(0, w->model), API_TEXT(1, w->number),
                                           API_POINTER(2, &out), error);
  API_END(mr_version_free);
}

static mr_status call_list_versions(api_world *w, mr_error *error) {
  mr_version_page *out = API_OUT;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  o.limit = API_NUMBER(3, 0);
  o.token = API_TEXT(4, NULL);
  mr_status status = mr_model_list_versions(API_POINTER(0, w->model), API_POINTER(1, &o),
                                            API_POINTER(2, &out), error);
  API_END(mr_version_page_free);
}

static mr_status call_version_list_artifacts(api_world *w, mr_error *error) {
  mr_artifact_page *out = API_OUT;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  o.limit = API_NUMBER(3, 0);
  o.token = API_TEXT(4, NULL);
  mr_status status = mr_version_list_artifacts(API_POINTER(0, w->version), API_POINTER(1, &o),
                                               API_POINTER(2, &out), error);
  API_END(mr_artifact_page_free);
}

static mr_status call_version_open_artifact(api_world *w, mr_error *error) {
  mr_blob *out = API_OUT;
  mr_status status = mr_version_open_artifact(API_POINTER(0, w->version), API_TEXT(1, "a.txt"),
                                              API_POINTER(2, &out), error);
  API_END(mr_blob_free);
}

static mr_status call_version_fetch(api_world *w, mr_error *error) {
  mr_report *out = API_OUT;
  mr_fetch_options o = MR_FETCH_OPTIONS_INIT;
  o.file_mode = (uint32_t)API_NUMBER(4, 0600);
  mr_status status = mr_version_fetch(API_POINTER(0, w->version), API_TEXT(1, w->outside),
                                      API_POINTER(2, &o), API_POINTER(3, &out), error);
  API_END(mr_report_free);
}

static mr_status call_version_verify(api_world *w, mr_error *error) {
  mr_report *out = API_OUT;
  mr_verify_options o = MR_VERIFY_OPTIONS_INIT;
  o.flags = (uint32_t)API_NUMBER(4, MR_VERIFY_ALLOW_EXTRA);
  mr_status status = mr_version_verify(API_POINTER(0, w->version), API_TEXT(1, w->folder),
                                       API_POINTER(2, &o), API_POINTER(3, &out), error);
  API_END(mr_report_free);
}

static mr_status call_promote(api_world *w, mr_error *error) {
  mr_request *out = API_OUT;
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  o.bump = (mr_bump)API_NUMBER(4, MR_BUMP_PRERELEASE);
  o.artifact_path = API_TEXT(5, "model");
  if (w->change == 6) {
    o.version = w->text;
    o.bump = 0;
  } else {
    o.line = API_TEXT(7, NULL);
    o.prerelease_id = API_TEXT(8, NULL);
  }
  o.description = API_TEXT(9, "d");
  o.op_id = API_TEXT(10, w->fresh_name);
  mr_status status = mr_model_promote(API_POINTER(0, w->model), API_TEXT(1, w->fresh_run),
                                      API_POINTER(2, &o), API_POINTER(3, &out), error);
  API_END(mr_request_free);
}

static mr_status call_request_version(api_world *w, mr_error *error) {
  mr_version *out = API_OUT;
  mr_status status = mr_request_version(API_POINTER(0, w->request), API_POINTER(1, &out), error);
  API_END(mr_version_free);
}

static mr_status call_open_request(api_world *w, mr_error *error) {
  mr_request *out = API_OUT;
  mr_status status = mr_registry_open_request(
      API_POINTER(0, w->registry), API_TEXT(1, w->request_id), API_POINTER(2, &out), error);
  API_END(mr_request_free);
}

static mr_status call_list_requests(api_world *w, mr_error *error) {
  mr_request_page *out = API_OUT;
  mr_request_list_options o = MR_REQUEST_LIST_OPTIONS_INIT;
  o.state = (mr_request_state)API_NUMBER(3, MR_REQUEST_STATE_ACCEPTED);
  o.model = API_TEXT(4, "digits");
  o.limit = API_NUMBER(5, 0);
  o.token = API_TEXT(6, NULL);
  mr_status status = mr_registry_list_requests(API_POINTER(0, w->registry), API_POINTER(1, &o),
                                               API_POINTER(2, &out), error);
  API_END(mr_request_page_free);
}

static mr_status call_request_decision(api_world *w, mr_error *error) {
  mr_decision *out = API_OUT;
  mr_status status = mr_request_decision(API_POINTER(0, w->request), API_POINTER(1, &out), error);
  API_END(mr_decision_free);
}

static mr_status call_decision_text(api_world *w, mr_error *error) {
  mr_buffer *out = API_OUT;
  mr_status status = mr_decision_text(API_POINTER(0, w->decision), API_POINTER(1, &out), error);
  API_END(mr_buffer_free);
}

static mr_status call_decision_json(api_world *w, mr_error *error) {
  mr_buffer *out = API_OUT;
  mr_status status = mr_decision_json(API_POINTER(0, w->decision), API_POINTER(1, &out), error);
  API_END(mr_buffer_free);
}

static mr_status call_create_channel(api_world *w, mr_error *error) {
  return mr_model_create_channel(API_POINTER(0, w->model), API_TEXT(1, w->fresh_name), error);
}

static mr_status call_list_channels(api_world *w, mr_error *error) {
  mr_channel_page *out = API_OUT;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  o.limit = API_NUMBER(3, 0);
  o.token = API_TEXT(4, NULL);
  mr_status status = mr_model_list_channels(API_POINTER(0, w->model), API_POINTER(1, &o),
                                            API_POINTER(2, &out), error);
  API_END(mr_channel_page_free);
}

static mr_status call_move_channel(api_world *w, mr_error *error) {
  mr_request *out = API_OUT;
  mr_move_options move = MR_MOVE_OPTIONS_INIT;
  char channel[40];
  (void)snprintf(channel, sizeof channel, "%s-held", w->fresh_name);
  move.channel = API_TEXT(3, channel);
  move.version = API_TEXT(4, w->number);
  move.expected = API_TEXT(5, "none");
  move.reason = API_TEXT(6, "r");
  move.op_id = API_TEXT(7, w->fresh_name);
  mr_status status = mr_model_move_channel(API_POINTER(0, w->model), API_POINTER(1, &move),
                                           API_POINTER(2, &out), error);
  API_END(mr_request_free);
}

static mr_status call_resolve(api_world *w, mr_error *error) {
  mr_version *out = API_OUT;
  mr_resolve_options o = MR_RESOLVE_OPTIONS_INIT;
  o.flags = (uint32_t)API_NUMBER(4, MR_RESOLVE_PRERELEASES);
  mr_status status = mr_registry_resolve(API_POINTER(0, w->registry), API_TEXT(1, "digits"),
                                         API_POINTER(2, &o), API_POINTER(3, &out), error);
  API_END(mr_version_free);
}

#define TEXT_LIST " options:H out_page:o limit:l token:y"

const api_call api_registry_calls[] = {
    {"mr_gate_new", call_gate_new, "out_gate:o", API_ALONE},
    {"mr_gate_add_rule", call_gate_add_rule, "gate:h name:n expression:e", API_ALONE},
    {"mr_gate_parse", call_gate_parse, "text:e out_gate:o", API_ALONE},
    {"mr_gate_text", call_gate_text, "gate:h out_text:o", API_ALONE},
    {"mr_gate_digest", call_gate_digest, "gate:h out_digest:o", API_ALONE},
    {"mr_registry_attach_gate", call_attach_gate,
     "registry:h gate:h options:h model:m transition:E expected_digest:D flags:g", API_WRITES},
    {"mr_registry_open_gate", call_open_gate,
     "registry:h options:h out_gate:o model:m transition:E flags:g", 0},
    {"mr_registry_create_model", call_create_model,
     "registry:h name:m options:H out_model:O description:V", API_WRITES},
    {"mr_registry_open_model", call_open_model, "registry:h name:m out_model:o", 0},
    {"mr_registry_list_models", call_list_models, "registry:h" TEXT_LIST, 0},
    {"mr_model_open_version", call_open_version, "model:h number:s out_version:o", 0},
    {"mr_model_list_versions", call_list_versions, "model:h options:H out_page:o limit:l token:e",
     0},
    {"mr_version_list_artifacts", call_version_list_artifacts, "version:h" TEXT_LIST, 0},
    {"mr_version_open_artifact", call_version_open_artifact, "version:h path:P out_blob:o", 0},
    {"mr_version_fetch", call_version_fetch,
     "version:h folder:f options:H out_report:O file_mode:q", 0},
    {"mr_version_verify", call_version_verify, "version:h folder:F options:H out_report:O flags:g",
     0},
    {"mr_model_promote", call_promote,
     "model:h run_id:i options:H out_request:o bump:k artifact_path:P version:S line:E "
     "prerelease_id:N description:V op_id:N",
     API_WRITES},
    {"mr_request_version", call_request_version, "request:h out_version:o", 0},
    {"mr_registry_open_request", call_open_request, "registry:h request_id:i out_request:o", 0},
    {"mr_registry_list_requests", call_list_requests,
     "registry:h options:H out_page:o state:k model:M limit:l token:t", 0},
    {"mr_request_decision", call_request_decision, "request:h out_decision:o", 0},
    {"mr_decision_text", call_decision_text, "decision:h out_text:o", API_ALONE},
    {"mr_decision_json", call_decision_json, "decision:h out_json:o", API_ALONE},
    {"mr_model_create_channel", call_create_channel, "model:h name:c", API_WRITES},
    {"mr_model_list_channels", call_list_channels, "model:h" TEXT_LIST, 0},
    {"mr_model_move_channel", call_move_channel,
     "model:h move:h out_request:o channel:c version:s expected:s reason:V op_id:N", API_WRITES},
    {"mr_registry_resolve", call_resolve, "registry:h reference:r options:H out_version:o flags:g",
     0},
    {NULL, NULL, NULL, 0},
};

const api_call *api_call_at(size_t index) {
  static size_t lab_count;
  if (lab_count == 0) {
    while (api_lab_calls[lab_count].name != NULL) lab_count++;
  }
  const api_call *row =
      index < lab_count ? &api_lab_calls[index] : &api_registry_calls[index - lab_count];
  return row->name == NULL ? NULL : row;
}

static void fill_lab(api_world *w) {
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  mr_check_options check = MR_CHECK_OPTIONS_INIT;
  options.freeze = 1;
  OK(mr_registry_open_experiment(w->registry, "digits", &w->experiment, &api_error));
  OK(mr_experiment_start_run(w->experiment, NULL, &w->run, &api_error));
  (void)snprintf(w->run_id, sizeof w->run_id, "%s", mr_run_info(w->run)->id);
  OK(mr_run_log_artifact_bytes(w->run, "a.txt", (const uint8_t *)"abcdef", 6, &api_error));
  OK(mr_run_metric(w->run, "loss", &w->metric, &api_error));
  OK(mr_metric_log(w->metric, 0.5, 0, &api_error));
  OK(mr_run_history(w->run, "loss", NULL, &w->history, &api_error));
  OK(mr_run_open_artifact(w->run, "a.txt", &w->blob, &api_error));
  check.evidence_path = w->file;
  OK(mr_run_log_check(w->run, "lint", MR_CHECK_RESULT_PASSED, &check, &api_error));
  OK(mr_manifest_new(&w->manifest, &api_error));
  OK(mr_manifest_add_folder(w->manifest, w->folder, NULL, &api_error));
  OK(mr_experiment_log_dataset(w->experiment, "d", w->manifest, &options, &w->dataset, &api_error));
  (void)snprintf(w->dataset_id, sizeof w->dataset_id, "%s", mr_dataset_info(w->dataset)->run_id);
  (void)snprintf(w->digest, sizeof w->digest, "%s", mr_dataset_info(w->dataset)->digest);
  OK(mr_dataset_fetch(w->dataset, w->outside, NULL, &w->report, &api_error));
  OK(mr_cancel_new(&w->cancel, &api_error));
}

static void fill_registry(api_world *w) {
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  mr_promote_options promote = MR_PROMOTE_OPTIONS_INIT;
  mr_run *run = api_make_run(w->registry, 0.99);
  /* A file of the dataset's name and content, so that the same folder verifies. */
  OK(mr_run_log_artifact_bytes(run, "data/a.txt", (const uint8_t *)"abcdef", 6, &api_error));
  OK(mr_registry_create_model(w->registry, "digits", NULL, &w->model, &api_error));
  OK(mr_gate_parse("accuracy: metrics.accuracy >= 0.9", &w->gate, &api_error));
  options.model = "digits";
  OK(mr_registry_attach_gate(w->registry, w->gate, &options, &api_error));
  promote.artifact_path = "data";
  OK(mr_model_promote(w->model, mr_run_info(run)->id, &promote, &w->request, &api_error));
  OK(mr_request_version(w->request, &w->version, &api_error));
  OK(mr_request_decision(w->request, &w->decision, &api_error));
  OK(mr_decision_text(w->decision, &w->buffer, &api_error));
  (void)snprintf(w->request_id, sizeof w->request_id, "%s", mr_request_info(w->request)->id);
  (void)snprintf(w->number, sizeof w->number, "%s", mr_version_info(w->version)->number);
  mr_run_free(run);
}

void api_world_fill(api_world *w, const char *folder) {
  w->change = -1;
  (void)snprintf(w->folder, sizeof w->folder, "%s/data", folder);
  (void)snprintf(w->file, sizeof w->file, "%s/a.txt", w->folder);
  (void)snprintf(w->outside, sizeof w->outside, "%s/outside", folder);
  if (!api_exists(w->folder)) assert_int_equal(mkdir(w->folder, 0755), 0);
  api_write_file(w->file, "abcdef", 6);
  fill_lab(w);
  fill_registry(w);
  api_prepare(w);
  mr_registry *r = w->registry;
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  mr_lineage_options lineage = MR_LINEAGE_OPTIONS_INIT;
  input.role = "training";
  input.dataset_run_id = w->dataset_id;
  OK(mr_run_log_input(w->run, &input, &api_error));
  OK(mr_run_log_param(w->run, "lr", "0.1", &api_error));
  OK(mr_registry_list_experiments(r, NULL, &w->experiments, &api_error));
  OK(mr_registry_list_runs(r, NULL, &w->runs, &api_error));
  OK(mr_run_list_params(w->run, NULL, &w->params, &api_error));
  OK(mr_run_list_inputs(w->run, NULL, &w->inputs, &api_error));
  OK(mr_run_list_checks(w->run, NULL, &w->checks, &api_error));
  (void)snprintf(w->check_id, sizeof w->check_id, "%s", mr_check_page_at(w->checks, 0)->id);
  OK(mr_run_list_metrics(w->run, NULL, &w->metrics, &api_error));
  OK(mr_run_list_artifacts(w->run, NULL, &w->artifacts, &api_error));
  OK(mr_registry_list_datasets(r, NULL, &w->datasets, &api_error));
  OK(mr_registry_list_models(r, NULL, &w->models, &api_error));
  OK(mr_model_list_versions(w->model, NULL, &w->versions, &api_error));
  OK(mr_model_list_channels(w->model, NULL, &w->channels, &api_error));
  OK(mr_registry_list_requests(r, NULL, &w->requests, &api_error));
  lineage.version = "digits@1.0.0";
  OK(mr_registry_lineage(r, &lineage, &w->lineage, &api_error));
}

void api_prepare(api_world *w) {
  char channel[40];
  mr_run *run = api_make_run(w->registry, 0.99);
  (void)snprintf(w->fresh_run, sizeof w->fresh_run, "%s", mr_run_info(run)->id);
  mr_run_free(run);
  (void)snprintf(w->fresh_name, sizeof w->fresh_name, "fresh-%u", w->serial++);
  (void)snprintf(channel, sizeof channel, "%s-held", w->fresh_name);
  OK(mr_model_create_channel(w->model, channel, &api_error));
  OK(mr_run_set_tag(w->run, "passing", "1", &api_error));
}

void api_world_free(api_world *w) {
  mr_experiment_page_free(w->experiments);
  mr_run_page_free(w->runs);
  mr_property_page_free(w->params);
  mr_input_page_free(w->inputs);
  mr_check_page_free(w->checks);
  mr_metric_page_free(w->metrics);
  mr_artifact_page_free(w->artifacts);
  mr_dataset_page_free(w->datasets);
  mr_model_page_free(w->models);
  mr_version_page_free(w->versions);
  mr_channel_page_free(w->channels);
  mr_request_page_free(w->requests);
  mr_cancel_free(w->cancel);
  mr_buffer_free(w->buffer);
  mr_report_free(w->report);
  mr_blob_free(w->blob);
  mr_lineage_free(w->lineage);
  mr_version_free(w->version);
  mr_decision_free(w->decision);
  mr_request_free(w->request);
  mr_gate_free(w->gate);
  mr_model_free(w->model);
  mr_dataset_free(w->dataset);
  mr_manifest_free(w->manifest);
  mr_history_free(w->history);
  mr_metric_free(w->metric);
  mr_run_free(w->run);
  mr_experiment_free(w->experiment);
}
