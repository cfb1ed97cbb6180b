/* SPDX-License-Identifier: Apache-2.0 */
/* The lab notebook with memory that runs out and an SQLite that refuses: each call does all it has
 * to do, or nothing, and works again. */
#include "hunger.h"
#include "sqlite_famine.h"

#define READ_PAGE(noun, call)                                                                      \
  if (status == MR_OK) {                                                                           \
    noun##_page *page = NULL;                                                                      \
    status = call;                                                                                 \
    if (status == MR_OK) assert_true(noun##_page_count(page) > 0);                                 \
    noun##_page_free(page);                                                                        \
  }

/* Of the dataset that every registry here has. */
static char dataset_run[40];
static char dataset_digest[80];

static mr_manifest *make_manifest(const api_place *place, int serial) {
  char name[24];
  mr_manifest *manifest = NULL;
  const char *file = api_path(place->folder, "file");
  (void)snprintf(name, sizeof name, "n%d", serial);
  api_write_file(file, name, strlen(name));
  OK(mr_manifest_new(&manifest, &api_error));
  OK(mr_manifest_add_file(manifest, file, name, &api_error));
  return manifest;
}

static mr_status log_dataset_in(mr_registry *registry, mr_manifest *manifest, const char *name) {
  mr_dataset *dataset = NULL;
  mr_experiment *experiment = NULL;
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  options.freeze = 1;
  options.source_uri = "u";
  mr_status status = mr_registry_open_experiment(registry, "digits", &experiment, &api_error);
  if (status == MR_OK) {
    status = mr_experiment_log_dataset(experiment, name, manifest, &options, &dataset, &api_error);
  }
  if (status == MR_OK) {
    const mr_dataset_record *info = mr_dataset_info(dataset);
    (void)snprintf(dataset_run, sizeof dataset_run, "%s", info->run_id);
    (void)snprintf(dataset_digest, sizeof dataset_digest, "%s", info->digest);
  }
  mr_dataset_free(dataset);
  mr_experiment_free(experiment);
  return status;
}

/* A run that goes on, with something of everything. */
static void prepare_run(hunger *h) {
  mr_run *run = NULL;
  mr_experiment *experiment = NULL;
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  if (h->run_id[0] != '\0') return;
  mr_manifest *manifest = make_manifest(h->place, 0);
  OK(log_dataset_in(h->other, manifest, "d"));
  mr_manifest_free(manifest);
  OK(mr_registry_open_experiment(h->other, "digits", &experiment, &api_error));
  OK(mr_experiment_start_run(experiment, NULL, &run, &api_error));
  OK(mr_run_log_param(run, "lr", "0.1", &api_error));
  OK(mr_run_set_tag(run, "team", "vision", &api_error));
  for (int i = 0; i < 600; i++) OK(mr_run_log_metric(run, "loss", i, i, &api_error));
  input.role = "training";
  input.dataset_digest = dataset_digest;
  OK(mr_run_log_input(run, &input, &api_error));
  OK(mr_run_log_artifact_bytes(run, "model/a", (const uint8_t *)"bytes", 5, &api_error));
  OK(mr_run_flush(run, &api_error));
  (void)snprintf(h->run_id, sizeof h->run_id, "%s", mr_run_info(run)->id);
  mr_run_free(run);
  mr_experiment_free(experiment);
}

static mr_status start_run(hunger *h) {
  static const char *const keys[] = {"a", "b"};
  mr_run *run = NULL;
  mr_experiment *experiment = NULL;
  mr_run_options options = MR_RUN_OPTIONS_INIT;
  options.name = "named";
  options.parent_run_id = h->run_id;
  options.tag_keys = options.tag_values = keys;
  options.tag_count = 2;
  mr_status status = mr_registry_open_experiment(h->registry, "digits", &experiment, &api_error);
  if (status == MR_OK) status = mr_experiment_start_run(experiment, &options, &run, &api_error);
  mr_run_free(run);
  mr_experiment_free(experiment);
  return status;
}

static mr_status open_experiment(hunger *h) {
  char name[24];
  mr_experiment *experiment = NULL;
  (void)snprintf(name, sizeof name, "e%d", h->serial);
  mr_status status = mr_registry_open_experiment(h->registry, name, &experiment, &api_error);
  mr_experiment_free(experiment);
  return status;
}

static mr_status log_param(hunger *h) {
  char key[24];
  (void)snprintf(key, sizeof key, "key%d", h->serial);
  return mr_run_log_param(h->run, key, "0.5", &api_error);
}

static mr_status set_tag(hunger *h) {
  char value[24];
  (void)snprintf(value, sizeof value, "v%d", h->serial);
  return mr_run_set_tag(h->run, "tag", value, &api_error);
}

static void prepare_tag(hunger *h) {
  mr_run *run = NULL;
  prepare_run(h);
  OK(mr_registry_open_run(h->other, h->run_id, &run, &api_error));
  OK(mr_run_set_tag(run, "doomed", "x", &api_error));
  mr_run_free(run);
}

static mr_status delete_tag(hunger *h) {
  return mr_run_delete_tag(h->run, "doomed", &api_error);
}

static mr_status log_input(hunger *h) {
  char role[24];
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  (void)snprintf(role, sizeof role, "role%d", h->serial);
  input.role = role;
  input.dataset_run_id = dataset_run;
  return mr_run_log_input(h->run, &input, &api_error);
}

static mr_status log_input_by_digest(hunger *h) {
  char role[24];
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  (void)snprintf(role, sizeof role, "role%d", h->serial);
  input.role = role;
  input.dataset_digest = dataset_digest;
  return mr_run_log_input(h->run, &input, &api_error);
}

static mr_status log_file(hunger *h) {
  char path[24];
  (void)snprintf(path, sizeof path, "file/%d", h->serial);
  return mr_run_log_artifact(h->run, api_path(h->place->folder, "file"), path, NULL, &api_error);
}

static mr_status log_bytes(hunger *h) {
  char path[24];
  (void)snprintf(path, sizeof path, "bytes/%d", h->serial);
  return mr_run_log_artifact_bytes(h->run, path, (const uint8_t *)path, strlen(path), &api_error);
}

static mr_status log_link(hunger *h) {
  char path[24];
  mr_link_options link = MR_LINK_OPTIONS_INIT;
  (void)snprintf(path, sizeof path, "link/%d", h->serial);
  link.path = path;
  link.uri = "s3://bucket/object";
  link.digest = dataset_digest;
  link.size = 7;
  return mr_run_log_artifact_link(h->run, &link, &api_error);
}

static mr_status list_lab(hunger *h) {
  mr_status status = MR_OK;
  mr_history *history = NULL;
  mr_run_list_options runs = MR_RUN_LIST_OPTIONS_INIT;
  runs.experiment = "digits";
  READ_PAGE(mr_experiment, mr_registry_list_experiments(h->registry, NULL, &page, &api_error))
  READ_PAGE(mr_run, mr_registry_list_runs(h->registry, &runs, &page, &api_error))
  READ_PAGE(mr_dataset, mr_registry_list_datasets(h->registry, NULL, &page, &api_error))
  READ_PAGE(mr_property, mr_run_list_params(h->run, NULL, &page, &api_error))
  READ_PAGE(mr_property, mr_run_list_tags(h->run, NULL, &page, &api_error))
  READ_PAGE(mr_metric, mr_run_list_metrics(h->run, NULL, &page, &api_error))
  READ_PAGE(mr_input, mr_run_list_inputs(h->run, NULL, &page, &api_error))
  READ_PAGE(mr_artifact, mr_run_list_artifacts(h->run, NULL, &page, &api_error))
  if (status == MR_OK) status = mr_run_history(h->run, "loss", NULL, &history, &api_error);
  if (status == MR_OK) assert_int_equal(mr_history_count(history), 600);
  mr_history_free(history);
  return status;
}

static mr_status read_content(hunger *h) {
  const uint8_t *bytes = NULL;
  mr_blob *blob = NULL;
  mr_report *report = NULL;
  mr_dataset *dataset = NULL;
  mr_dataset *same = NULL;
  mr_manifest *manifest = NULL;
  const char *target = api_path(h->place->folder, "out");
  mr_status status = mr_run_open_artifact(h->run, "model/a", &blob, &api_error);
  if (status == MR_OK) status = mr_blob_map(blob, &bytes, &api_error);
  if (status == MR_OK) assert_memory_equal(bytes, "bytes", 5);
  if (status == MR_OK) {
    status = mr_registry_find_dataset(h->registry, dataset_digest, &dataset, &api_error);
  }
  if (status == MR_OK) {
    status = mr_registry_open_dataset(h->registry, dataset_run, &same, &api_error);
  }
  if (status == MR_OK) status = mr_dataset_manifest(same, &manifest, &api_error);
  if (status == MR_OK) assert_int_equal(mr_manifest_count(manifest), 1);
  if (status == MR_OK) status = mr_dataset_fetch(dataset, target, NULL, &report, &api_error);
  mr_report_free(report);
  mr_manifest_free(manifest);
  mr_dataset_free(same);
  mr_dataset_free(dataset);
  mr_blob_free(blob);
  return status;
}

#define LAB(prepare, call, changes)                                                                \
  HUNGER_TEST(call, hunger_run, prepare, call, changes)                                            \
  HUNGER_TEST(call##_refusals, hunger_run_refusals, prepare, call, changes)

LAB(prepare_run, start_run, true)
LAB(prepare_run, open_experiment, true)
LAB(prepare_run, log_param, true)
LAB(prepare_run, set_tag, true)
LAB(prepare_tag, delete_tag, true)
LAB(prepare_run, log_input, true)
LAB(prepare_run, log_input_by_digest, true)
LAB(prepare_run, log_file, true)
LAB(prepare_run, log_bytes, true)
LAB(prepare_run, log_link, true)
LAB(prepare_run, list_lab, false)
LAB(prepare_run, read_content, false)

#define BOTH(call) api_test(test_##call), api_test(test_##call##_refusals)

int main(void) {
  if (!sqlite_famine_arm()) return 1;
  const struct CMUnitTest tests[] = {
      BOTH(start_run),  BOTH(open_experiment), BOTH(log_param), BOTH(set_tag),
      BOTH(delete_tag), BOTH(log_input),       BOTH(log_file),  BOTH(log_input_by_digest),
      BOTH(log_bytes),  BOTH(log_link),        BOTH(list_lab),  BOTH(read_content),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
