/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of the lab notebook: registry, experiments, runs, metrics, artifacts and datasets. */
#include "api_calls.h"

static mr_status call_cancel_new(api_world *w, mr_error *error) {
  mr_cancel *out = API_OUT;
  mr_status status = mr_cancel_new(API_POINTER(0, &out), error);
  API_END(mr_cancel_free);
}

static mr_status call_registry_open(api_world *w, mr_error *error) {
  mr_registry *out = API_OUT;
  mr_open_options o = api_open_options((uint32_t)API_NUMBER(3, MR_OPEN_CREATE));
  o.actor = API_TEXT(4, "tester");
  o.artifact_root = API_TEXT(5, "blobs");
  o.busy_timeout_ms = API_NUMBER(6, 1000);
  o.file_mode = (uint32_t)API_NUMBER(7, 0600);
  mr_status status = mr_registry_open(API_TEXT(0, "memory:"), &o, API_POINTER(2, &out), error);
  API_END(mr_registry_close);
}

static mr_status call_registry_flush(api_world *w, mr_error *error) {
  return mr_registry_flush(API_POINTER(0, w->registry), error);
}

static mr_status call_open_experiment(api_world *w, mr_error *error) {
  mr_experiment *out = API_OUT;
  mr_status status = mr_registry_open_experiment(
      API_POINTER(0, w->registry), API_TEXT(1, w->fresh_name), API_POINTER(2, &out), error);
  API_END(mr_experiment_free);
}

static mr_status call_list_experiments(api_world *w, mr_error *error) {
  mr_experiment_page *out = API_OUT;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  o.limit = API_NUMBER(3, 0);
  o.token = API_TEXT(4, NULL);
  mr_status status = mr_registry_list_experiments(API_POINTER(0, w->registry), API_POINTER(1, &o),
                                                  API_POINTER(2, &out), error);
  API_END(mr_experiment_page_free);
}

static mr_status call_start_run(api_world *w, mr_error *error) {
  mr_run *out = API_OUT;
  mr_run_options o = MR_RUN_OPTIONS_INIT;
  const char *key = API_TEXT(10, "k");
  const char *value = API_TEXT(11, "v");
  o.kind = (mr_run_kind)API_NUMBER(3, MR_RUN_KIND_EVALUATION);
  o.name = API_TEXT(4, "n");
  o.parent_run_id = API_TEXT(5, w->run_id);
  o.source_commit = API_TEXT(6, "c");
  o.source_entry_point = API_TEXT(7, "e");
  o.environment_host = API_TEXT(8, "h");
  o.environment_packages_digest = API_TEXT(9, "p");
  o.tag_keys = API_POINTER(12, &key);
  o.tag_values = API_POINTER(13, &value);
  o.tag_count = 1;
  o.environment_image_digest = API_TEXT(14, "i");
  o.source_state = (mr_source_state)API_NUMBER(15, MR_SOURCE_STATE_DIRTY);
  mr_status status = mr_experiment_start_run(API_POINTER(0, w->experiment), API_POINTER(1, &o),
                                             API_POINTER(2, &out), error);
  API_END(mr_run_free);
}

static mr_status call_open_run(api_world *w, mr_error *error) {
  mr_run *out = API_OUT;
  mr_status status = mr_registry_open_run(API_POINTER(0, w->registry), API_TEXT(1, w->run_id),
                                          API_POINTER(2, &out), error);
  API_END(mr_run_free);
}

static mr_status call_list_runs(api_world *w, mr_error *error) {
  mr_run_page *out = API_OUT;
  mr_run_list_options o = MR_RUN_LIST_OPTIONS_INIT;
  o.kind = (mr_run_kind)API_NUMBER(3, MR_RUN_KIND_TRAINING);
  o.status = (mr_run_status)API_NUMBER(4, MR_RUN_STATUS_RUNNING);
  o.experiment = API_TEXT(5, "digits");
  o.limit = API_NUMBER(6, 0);
  o.token = API_TEXT(7, NULL);
  mr_status status = mr_registry_list_runs(API_POINTER(0, w->registry), API_POINTER(1, &o),
                                           API_POINTER(2, &out), error);
  API_END(mr_run_page_free);
}

static mr_status call_log_param(api_world *w, mr_error *error) {
  return mr_run_log_param(API_POINTER(0, w->run), API_TEXT(1, "k"), API_TEXT(2, "v"), error);
}

static mr_status call_log_params(api_world *w, mr_error *error) {
  const char *keys[] = {"k", API_TEXT(3, "l")};
  const char *values[] = {"v", API_TEXT(4, "v")};
  return mr_run_log_params(API_POINTER(0, w->run), API_POINTER(1, keys), API_POINTER(2, values), 2,
                           error);
}

static mr_status call_set_tag(api_world *w, mr_error *error) {
  return mr_run_set_tag(API_POINTER(0, w->run), API_TEXT(1, "k"), API_TEXT(2, "v"), error);
}

static mr_status call_delete_tag(api_world *w, mr_error *error) {
  return mr_run_delete_tag(API_POINTER(0, w->run), API_TEXT(1, "passing"), error);
}

static mr_status call_log_input(api_world *w, mr_error *error) {
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  input.role = API_TEXT(2, "training");
  if (w->change == 4) {
    input.run_id = w->text;
  } else if (w->change == 5) {
    input.dataset_digest = w->text;
  } else if (w->change == 6) {
    input.version = w->text;
  } else {
    input.dataset_run_id = API_TEXT(3, w->dataset_id);
  }
  return mr_run_log_input(API_POINTER(0, w->run), API_POINTER(1, &input), error);
}

static mr_status call_list_inputs(api_world *w, mr_error *error) {
  mr_input_page *out = API_OUT;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  o.limit = API_NUMBER(3, 0);
  o.token = API_TEXT(4, NULL);
  mr_status status =
      mr_run_list_inputs(API_POINTER(0, w->run), API_POINTER(1, &o), API_POINTER(2, &out), error);
  API_END(mr_input_page_free);
}

static mr_status call_list_params(api_world *w, mr_error *error) {
  mr_property_page *out = API_OUT;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  o.limit = API_NUMBER(3, 0);
  o.token = API_TEXT(4, NULL);
  mr_status status =
      mr_run_list_params(API_POINTER(0, w->run), API_POINTER(1, &o), API_POINTER(2, &out), error);
  API_END(mr_property_page_free);
}

static mr_status call_list_tags(api_world *w, mr_error *error) {
  mr_property_page *out = API_OUT;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  o.limit = API_NUMBER(3, 0);
  o.token = API_TEXT(4, NULL);
  mr_status status =
      mr_run_list_tags(API_POINTER(0, w->run), API_POINTER(1, &o), API_POINTER(2, &out), error);
  API_END(mr_property_page_free);
}

static mr_status call_finish(api_world *w, mr_error *error) {
  return mr_run_finish(API_POINTER(0, w->run), (mr_run_status)API_NUMBER(1, MR_RUN_STATUS_FINISHED),
                       error);
}

static mr_status call_log_metric(api_world *w, mr_error *error) {
  return mr_run_log_metric(API_POINTER(0, w->run), API_TEXT(1, "loss"), 1.5, 1, error);
}

static mr_status call_log_metrics(api_world *w, mr_error *error) {
  const char *keys[] = {"loss", API_TEXT(3, "accuracy")};
  const double values[] = {1.5, 0.5};
  return mr_run_log_metrics(API_POINTER(0, w->run), 1, API_POINTER(1, keys), API_POINTER(2, values),
                            2, error);
}

static mr_status call_metric(api_world *w, mr_error *error) {
  mr_metric *out = API_OUT;
  mr_status status =
      mr_run_metric(API_POINTER(0, w->run), API_TEXT(1, "loss"), API_POINTER(2, &out), error);
  API_END(mr_metric_free);
}

static mr_status call_metric_log(api_world *w, mr_error *error) {
  return mr_metric_log(API_POINTER(0, w->metric), 1.5, 1, error);
}

static mr_status call_metric_log_many(api_world *w, mr_error *error) {
  const double values[] = {1, 2, 3};
  const int64_t steps[] = {1, 2, 3};
  return mr_metric_log_many(API_POINTER(0, w->metric), API_POINTER(1, values),
                            API_POINTER(2, steps), API_POINTER(3, steps), 3, error);
}

static mr_status call_run_flush(api_world *w, mr_error *error) {
  return mr_run_flush(API_POINTER(0, w->run), error);
}

static mr_status call_list_metrics(api_world *w, mr_error *error) {
  mr_metric_page *out = API_OUT;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  o.limit = API_NUMBER(3, 0);
  o.token = API_TEXT(4, NULL);
  mr_status status =
      mr_run_list_metrics(API_POINTER(0, w->run), API_POINTER(1, &o), API_POINTER(2, &out), error);
  API_END(mr_metric_page_free);
}

static mr_status call_history(api_world *w, mr_error *error) {
  mr_history *out = API_OUT;
  mr_history_options o = MR_HISTORY_OPTIONS_INIT;
  o.flags = (uint32_t)API_NUMBER(4, MR_HISTORY_FROM_STEP);
  mr_status status = mr_run_history(API_POINTER(0, w->run), API_TEXT(1, "loss"), API_POINTER(2, &o),
                                    API_POINTER(3, &out), error);
  API_END(mr_history_free);
}

static mr_status call_log_artifact(api_world *w, mr_error *error) {
  mr_artifact_options o = MR_ARTIFACT_OPTIONS_INIT;
  return mr_run_log_artifact(API_POINTER(0, w->run), API_TEXT(1, w->file),
                             API_TEXT(2, w->fresh_name), API_POINTER(3, &o), error);
}

static mr_status call_log_artifact_bytes(api_world *w, mr_error *error) {
  return mr_run_log_artifact_bytes(API_POINTER(0, w->run), API_TEXT(1, w->fresh_name),
                                   API_POINTER(2, (const uint8_t *)"abc"), 3, error);
}

static mr_status call_log_artifact_link(api_world *w, mr_error *error) {
  mr_link_options link = MR_LINK_OPTIONS_INIT;
  link.path = API_TEXT(2, w->fresh_name);
  link.uri = API_TEXT(3, "s3://bucket/key");
  link.digest = API_TEXT(4, w->digest);
  link.size = API_NUMBER(5, 3);
  return mr_run_log_artifact_link(API_POINTER(0, w->run), API_POINTER(1, &link), error);
}

static mr_status call_list_artifacts(api_world *w, mr_error *error) {
  mr_artifact_page *out = API_OUT;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  o.limit = API_NUMBER(3, 0);
  o.token = API_TEXT(4, NULL);
  mr_status status = mr_run_list_artifacts(API_POINTER(0, w->run), API_POINTER(1, &o),
                                           API_POINTER(2, &out), error);
  API_END(mr_artifact_page_free);
}

static mr_status call_open_artifact(api_world *w, mr_error *error) {
  mr_blob *out = API_OUT;
  mr_status status = mr_run_open_artifact(API_POINTER(0, w->run), API_TEXT(1, "a.txt"),
                                          API_POINTER(2, &out), error);
  API_END(mr_blob_free);
}

static mr_status call_blob_read(api_world *w, mr_error *error) {
  uint8_t bytes[4] = {1, 2, 3, 4};
  size_t size = 77;
  mr_status status = mr_blob_read(API_POINTER(0, w->blob), API_NUMBER(1, 0), API_POINTER(2, bytes),
                                  sizeof bytes, API_POINTER(3, &size), error);
  w->touched = size != 77 || memcmp(bytes, "\1\2\3\4", 4) != 0;
  return status;
}

static mr_status call_blob_map(api_world *w, mr_error *error) {
  const uint8_t *out = API_OUT;
  mr_status status = mr_blob_map(API_POINTER(0, w->blob), API_POINTER(1, &out), error);
  API_END((void));
}

/* Evidence is a file, and elsewhere where one of the fields for that is tried. */
static mr_status call_log_check(api_world *w, mr_error *error) {
  mr_check_options o = MR_CHECK_OPTIONS_INIT;
  o.reporter = API_TEXT(4, "r");
  o.note = API_TEXT(5, "n");
  if (w->change >= 7) {
    o.evidence_uri = API_TEXT(7, "s3://b/k");
    o.evidence_digest = API_TEXT(8, w->digest);
    o.evidence_size = API_NUMBER(9, 3);
  } else {
    o.evidence_path = API_TEXT(6, w->file);
  }
  return mr_run_log_check(API_POINTER(0, w->run), API_TEXT(1, "lint"),
                          (mr_check_result)API_NUMBER(2, MR_CHECK_RESULT_FAILED),
                          API_POINTER(3, &o), error);
}

static mr_status call_list_checks(api_world *w, mr_error *error) {
  mr_check_page *out = API_OUT;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  o.limit = API_NUMBER(3, 0);
  o.token = API_TEXT(4, NULL);
  mr_status status =
      mr_run_list_checks(API_POINTER(0, w->run), API_POINTER(1, &o), API_POINTER(2, &out), error);
  API_END(mr_check_page_free);
}

static mr_status call_open_evidence(api_world *w, mr_error *error) {
  mr_blob *out = API_OUT;
  mr_status status = mr_run_open_evidence(API_POINTER(0, w->run), API_TEXT(1, w->check_id),
                                          API_POINTER(2, &out), error);
  API_END(mr_blob_free);
}

static mr_status call_lineage(api_world *w, mr_error *error) {
  mr_lineage *out = API_OUT;
  mr_lineage_options o = MR_LINEAGE_OPTIONS_INIT;
  o.direction = (mr_lineage_direction)API_NUMBER(3, MR_LINEAGE_DIRECTION_BOTH);
  o.depth = API_NUMBER(4, 2);
  o.limit = API_NUMBER(5, 3);
  if (w->change == 7) {
    o.dataset_digest = w->text;
  } else if (w->change == 8) {
    o.version = w->text;
  } else if (w->change == 9) {
    o.channel = w->text;
  } else {
    o.run_id = API_TEXT(6, w->run_id);
  }
  mr_status status = mr_registry_lineage(API_POINTER(0, w->registry), API_POINTER(1, &o),
                                         API_POINTER(2, &out), error);
  API_END(mr_lineage_free);
}

static mr_status call_manifest_new(api_world *w, mr_error *error) {
  mr_manifest *out = API_OUT;
  mr_status status = mr_manifest_new(API_POINTER(0, &out), error);
  API_END(mr_manifest_free);
}

static mr_status call_manifest_add_folder(api_world *w, mr_error *error) {
  mr_manifest *manifest = NULL;
  mr_folder_options o = MR_FOLDER_OPTIONS_INIT;
  const char *include = API_TEXT(3, "*");
  const char *exclude = API_TEXT(4, "*.tmp");
  o.include = API_POINTER(5, &include);
  o.include_count = 1;
  o.exclude = API_POINTER(6, &exclude);
  o.exclude_count = 1;
  OK(mr_manifest_new(&manifest, &api_error));
  mr_status status = mr_manifest_add_folder(API_POINTER(0, manifest), API_TEXT(1, w->folder),
                                            API_POINTER(2, &o), error);
  w->touched = mr_manifest_count(manifest) != 0;
  mr_manifest_free(manifest);
  return status;
}

static mr_status call_manifest_add_file(api_world *w, mr_error *error) {
  mr_manifest *manifest = NULL;
  OK(mr_manifest_new(&manifest, &api_error));
  mr_status status =
      mr_manifest_add_file(API_POINTER(0, manifest), API_TEXT(1, w->file), API_TEXT(2, "x"), error);
  w->touched = mr_manifest_count(manifest) != 0;
  mr_manifest_free(manifest);
  return status;
}

static mr_status call_manifest_add_entry(api_world *w, mr_error *error) {
  mr_manifest *manifest = NULL;
  OK(mr_manifest_new(&manifest, &api_error));
  mr_status status = mr_manifest_add_entry(API_POINTER(0, manifest), API_TEXT(1, "x"),
                                           API_NUMBER(2, 0), API_TEXT(3, w->digest), error);
  w->touched = mr_manifest_count(manifest) != 0;
  mr_manifest_free(manifest);
  return status;
}

static mr_status call_manifest_digest(api_world *w, mr_error *error) {
  const char *out = API_OUT;
  mr_status status = mr_manifest_digest(API_POINTER(0, w->manifest), API_POINTER(1, &out), error);
  API_END((void));
}

static mr_status call_log_dataset(api_world *w, mr_error *error) {
  mr_dataset *out = API_OUT;
  mr_dataset_options o = MR_DATASET_OPTIONS_INIT;
  o.sample_count = API_NUMBER(5, 1);
  o.schema = API_TEXT(6, "s");
  o.source_uri = API_TEXT(7, "u");
  o.source_version = API_TEXT(8, "1");
  mr_status status = mr_experiment_log_dataset(API_POINTER(0, w->experiment), API_TEXT(1, "d"),
                                               API_POINTER(2, w->manifest), API_POINTER(3, &o),
                                               API_POINTER(4, &out), error);
  API_END(mr_dataset_free);
}

static mr_status call_open_dataset(api_world *w, mr_error *error) {
  mr_dataset *out = API_OUT;
  mr_status status = mr_registry_open_dataset(
      API_POINTER(0, w->registry), API_TEXT(1, w->dataset_id), API_POINTER(2, &out), error);
  API_END(mr_dataset_free);
}

static mr_status call_find_dataset(api_world *w, mr_error *error) {
  mr_dataset *out = API_OUT;
  mr_status status = mr_registry_find_dataset(API_POINTER(0, w->registry), API_TEXT(1, w->digest),
                                              API_POINTER(2, &out), error);
  API_END(mr_dataset_free);
}

static mr_status call_dataset_manifest(api_world *w, mr_error *error) {
  mr_manifest *out = API_OUT;
  mr_status status = mr_dataset_manifest(API_POINTER(0, w->dataset), API_POINTER(1, &out), error);
  API_END(mr_manifest_free);
}

static mr_status call_dataset_verify(api_world *w, mr_error *error) {
  mr_report *out = API_OUT;
  mr_verify_options o = MR_VERIFY_OPTIONS_INIT;
  o.flags = (uint32_t)API_NUMBER(4, MR_VERIFY_ALLOW_EXTRA);
  mr_status status = mr_dataset_verify(API_POINTER(0, w->dataset), API_TEXT(1, w->folder),
                                       API_POINTER(2, &o), API_POINTER(3, &out), error);
  API_END(mr_report_free);
}

static mr_status call_dataset_fetch(api_world *w, mr_error *error) {
  mr_report *out = API_OUT;
  mr_fetch_options o = MR_FETCH_OPTIONS_INIT;
  o.file_mode = (uint32_t)API_NUMBER(4, 0600);
  mr_status status = mr_dataset_fetch(API_POINTER(0, w->dataset), API_TEXT(1, w->outside),
                                      API_POINTER(2, &o), API_POINTER(3, &out), error);
  API_END(mr_report_free);
}

static mr_status call_list_datasets(api_world *w, mr_error *error) {
  mr_dataset_page *out = API_OUT;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  o.limit = API_NUMBER(3, 0);
  o.token = API_TEXT(4, NULL);
  mr_status status = mr_registry_list_datasets(API_POINTER(0, w->registry), API_POINTER(1, &o),
                                               API_POINTER(2, &out), error);
  API_END(mr_dataset_page_free);
}

#define ID_LIST   " options:H out_page:o limit:l token:t"
#define TEXT_LIST " options:H out_page:o limit:l token:y"

const api_call api_lab_calls[] = {
    {"mr_cancel_new", call_cancel_new, "out_cancel:o", API_ALONE},
    {"mr_registry_open", call_registry_open,
     "uri:f options:H out_registry:o flags:g actor:N artifact_root:W busy_timeout_ms:a file_mode:q",
     API_ALONE},
    {"mr_registry_flush", call_registry_flush, "registry:h", 0},
    {"mr_registry_open_experiment", call_open_experiment, "registry:h name:n out_experiment:o",
     API_WRITES},
    {"mr_registry_list_experiments", call_list_experiments, "registry:h" ID_LIST, 0},
    {"mr_experiment_start_run", call_start_run,
     "experiment:h options:H out_run:o kind:k name:N parent_run_id:I source_commit:N "
     "source_entry_point:N environment_host:N environment_packages_digest:N tag_key:n tag_value:v "
     "tag_keys:h tag_values:h environment_image_digest:N source_state:k",
     API_WRITES},
    {"mr_registry_open_run", call_open_run, "registry:h run_id:i out_run:o", 0},
    {"mr_registry_list_runs", call_list_runs,
     "registry:h options:H out_page:o kind:k status:k experiment:N limit:l token:t", 0},
    {"mr_run_log_param", call_log_param, "run:h key:n value:v", API_WRITES},
    {"mr_run_log_params", call_log_params, "run:h keys:h values:h key:n value:v", API_WRITES},
    {"mr_run_set_tag", call_set_tag, "run:h key:n value:v", API_WRITES},
    {"mr_run_delete_tag", call_delete_tag, "run:h key:n", API_WRITES},
    {"mr_run_log_input", call_log_input,
     "run:h input:h role:n dataset_run_id:i run_id:i dataset_digest:d version:e", API_WRITES},
    {"mr_run_list_inputs", call_list_inputs, "run:h" ID_LIST, 0},
    {"mr_run_list_params", call_list_params, "run:h" TEXT_LIST, 0},
    {"mr_run_list_tags", call_list_tags, "run:h" TEXT_LIST, 0},
    {"mr_run_finish", call_finish, "run:h status:k", API_WRITES},
    {"mr_run_log_metric", call_log_metric, "run:h key:n", API_WRITES},
    {"mr_run_log_metrics", call_log_metrics, "run:h keys:h values:h key:n", API_WRITES},
    {"mr_run_metric", call_metric, "run:h key:n out_metric:o", 0},
    {"mr_metric_log", call_metric_log, "metric:h", API_WRITES},
    {"mr_metric_log_many", call_metric_log_many, "metric:h values:h steps:h times_us:H",
     API_WRITES},
    {"mr_run_flush", call_run_flush, "run:h", 0},
    {"mr_run_list_metrics", call_list_metrics, "run:h" TEXT_LIST, 0},
    {"mr_run_history", call_history, "run:h key:n options:H out_history:o flags:g", 0},
    {"mr_run_log_artifact", call_log_artifact, "run:h local_path:f artifact_path:P options:H",
     API_WRITES},
    {"mr_run_log_artifact_bytes", call_log_artifact_bytes, "run:h artifact_path:p data:h",
     API_WRITES},
    {"mr_run_log_artifact_link", call_log_artifact_link,
     "run:h link:h path:p uri:e digest:d size:a", API_WRITES},
    {"mr_run_list_artifacts", call_list_artifacts, "run:h" TEXT_LIST, 0},
    {"mr_run_open_artifact", call_open_artifact, "run:h artifact_path:p out_blob:o", 0},
    {"mr_run_log_check", call_log_check,
     "run:h name:n result:k options:H reporter:N note:V evidence_path:F evidence_uri:e "
     "evidence_digest:d evidence_size:a",
     API_WRITES},
    {"mr_run_list_checks", call_list_checks, "run:h" ID_LIST, 0},
    {"mr_run_open_evidence", call_open_evidence, "run:h check_id:i out_blob:o", 0},
    {"mr_registry_lineage", call_lineage,
     "registry:h options:h out_lineage:o direction:k depth:l limit:l run_id:i dataset_digest:d "
     "version:e channel:e",
     0},
    {"mr_blob_read", call_blob_read, "blob:h offset:a out_data:h out_size:o", 0},
    {"mr_blob_map", call_blob_map, "blob:h out_data:o", 0},
    {"mr_manifest_new", call_manifest_new, "out_manifest:o", API_ALONE},
    {"mr_manifest_add_folder", call_manifest_add_folder,
     "manifest:h path:f options:H include:e exclude:e include:h exclude:h", API_ALONE},
    {"mr_manifest_add_file", call_manifest_add_file, "manifest:h local_path:f manifest_path:P",
     API_ALONE},
    {"mr_manifest_add_entry", call_manifest_add_entry, "manifest:h path:p size:a digest:d",
     API_ALONE},
    {"mr_manifest_digest", call_manifest_digest, "manifest:h out_digest:o", API_ALONE},
    {"mr_experiment_log_dataset", call_log_dataset,
     "experiment:h name:n manifest:h options:H out_dataset:O sample_count:a schema:V source_uri:W "
     "source_version:W",
     API_WRITES},
    {"mr_registry_open_dataset", call_open_dataset, "registry:h run_id:i out_dataset:o", 0},
    {"mr_registry_find_dataset", call_find_dataset, "registry:h digest:d out_dataset:o", 0},
    {"mr_dataset_manifest", call_dataset_manifest, "dataset:h out_manifest:o", 0},
    {"mr_dataset_verify", call_dataset_verify, "dataset:h folder:f options:H out_report:O flags:g",
     0},
    {"mr_dataset_fetch", call_dataset_fetch,
     "dataset:h folder:f options:H out_report:O file_mode:q", 0},
    {"mr_registry_list_datasets", call_list_datasets, "registry:h" ID_LIST, 0},
    {NULL, NULL, NULL, 0},
};
