/* SPDX-License-Identifier: Apache-2.0 */
/* A program as somebody wrote it for the first release of the line: check_program.py compiles it
 * with the headers of each release that is kept, and runs it against the present library. It fills
 * every field of the options that it uses and reads back what came of them from the records, so
 * that a field that has moved shows. It stays as it is while the line lasts; what later releases
 * bring is tested elsewhere. */
#include <modelreg/modelreg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_US INT64_C(1700000000000000)

static mr_error error = MR_ERROR_INIT;

static void fail(const char *what, int line) {
  fprintf(stderr, "use_release.c:%d: %s: %s %s\n", line, what, mr_status_name(error.status),
          error.message);
  exit(1);
}

#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) fail(#condition, __LINE__);                                                  \
  } while (0)
#define OK(call) CHECK((call) == MR_OK)
/* A library may hand out longer records than this program knows, never shorter ones. */
#define WHOLE(record)       CHECK((record) != NULL && (record)->struct_size >= sizeof *(record))
#define SAME(text, written) CHECK((text) != NULL && strcmp(text, written) == 0)

/* The host's hooks. */
static int64_t now_us = FIRST_US;
static long long blocks;
static unsigned char next_byte;

static int64_t host_clock(void *ctx) {
  CHECK(ctx == &now_us);
  return now_us += 1000;
}

static void host_random(void *ctx, uint8_t *out, size_t size) {
  CHECK(ctx == &next_byte);
  for (size_t i = 0; i < size; i++) out[i] = next_byte++;
}

static void *host_allocate(void *ctx, size_t size) {
  CHECK(ctx == &blocks);
  blocks++;
  return malloc(size);
}

static void *host_reallocate(void *ctx, void *memory, size_t size) {
  CHECK(ctx == &blocks);
  return realloc(memory, size);
}

static void host_deallocate(void *ctx, void *memory) {
  CHECK(ctx == &blocks);
  blocks--;
  free(memory);
}

static mr_registry *open_registry(const char *uri, const char *artifact_root) {
  mr_registry *registry = NULL;
  mr_allocator allocator = MR_ALLOCATOR_INIT;
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  allocator.ctx = &blocks;
  allocator.allocate = host_allocate;
  allocator.reallocate = host_reallocate;
  allocator.deallocate = host_deallocate;
  options.flags = MR_OPEN_CREATE;
  options.actor = "ann";
  options.artifact_root = artifact_root;
  options.busy_timeout_ms = 2000;
  options.file_mode = 0600;
  options.allocator = &allocator;
  options.clock = host_clock;
  options.clock_ctx = &now_us;
  options.random = host_random;
  options.random_ctx = &next_byte;
  OK(mr_registry_open(uri, &options, &registry, &error));
  const mr_registry_record *record = mr_registry_info(registry);
  WHOLE(record);
  CHECK(record->read_only == 0 && record->warning_count == 0 && record->schema_version >= 1);
  CHECK(record->created_us > FIRST_US && record->created_us <= now_us);
  SAME(record->uri, uri);
  SAME(record->actor, "ann");
  SAME(record->driver, "sqlite");
  CHECK(strlen(record->id) == 36 && strstr(record->artifact_root, artifact_root) != NULL);
  CHECK(blocks > 0);
  return registry;
}

static mr_dataset *log_dataset(mr_experiment *experiment) {
  mr_manifest *manifest = NULL;
  mr_dataset *dataset = NULL;
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  char digest[65];
  memset(digest, 'a', 64);
  digest[64] = '\0';
  options.sample_count = 1797;
  options.schema = "{}";
  options.source_uri = "file:///data/digits";
  options.source_version = "v1";
  OK(mr_manifest_new(&manifest, &error));
  OK(mr_manifest_add_entry(manifest, "images/1.png", 7, digest, &error));
  CHECK(mr_manifest_count(manifest) == 1);
  const mr_manifest_entry_record *entry = mr_manifest_at(manifest, 0);
  WHOLE(entry);
  CHECK(entry->size == 7);
  SAME(entry->path, "images/1.png");
  SAME(entry->digest, digest);
  OK(mr_experiment_log_dataset(experiment, "digits", manifest, &options, &dataset, &error));
  const mr_dataset_record *record = mr_dataset_info(dataset);
  WHOLE(record);
  CHECK(record->frozen == 0 && record->file_count == 1 && record->total_size == 7);
  CHECK(record->sample_count == 1797 && record->created_us <= now_us);
  SAME(record->name, "digits");
  SAME(record->schema, "{}");
  SAME(record->source_uri, "file:///data/digits");
  SAME(record->source_version, "v1");
  SAME(record->actor, "ann");
  mr_manifest_free(manifest);
  return dataset;
}

static mr_run *start_run(mr_experiment *experiment) {
  mr_run *run = NULL;
  mr_run_options options = MR_RUN_OPTIONS_INIT;
  const char *const keys[] = {"team", "host"};
  const char *const values[] = {"vision", "gpu-1"};
  options.kind = MR_RUN_KIND_TRAINING;
  options.name = "first";
  options.source_commit = "0123456789abcdef";
  options.source_entry_point = "train.c";
  options.source_state = MR_SOURCE_STATE_DIRTY;
  options.environment_host = "gpu-1";
  options.environment_packages_digest = "packages";
  options.environment_image_digest = "image";
  options.tag_keys = keys;
  options.tag_values = values;
  options.tag_count = 2;
  OK(mr_experiment_start_run(experiment, &options, &run, &error));
  const mr_run_record *record = mr_run_info(run);
  WHOLE(record);
  CHECK(record->kind == MR_RUN_KIND_TRAINING && record->status == MR_RUN_STATUS_RUNNING);
  CHECK(record->sealed == 0 && record->parent_run_id == NULL);
  CHECK(record->started_us > FIRST_US && record->ended_us == 0);
  CHECK(record->source_state == MR_SOURCE_STATE_DIRTY);
  SAME(record->name, "first");
  SAME(record->experiment_name, "lab");
  SAME(record->actor, "ann");
  SAME(record->source_commit, "0123456789abcdef");
  SAME(record->source_entry_point, "train.c");
  SAME(record->environment_host, "gpu-1");
  SAME(record->environment_packages_digest, "packages");
  SAME(record->environment_image_digest, "image");
  return run;
}

static void log_metrics(mr_run *run) {
  enum { POINTS = 100 };
  double values[POINTS];
  int64_t steps[POINTS], times[POINTS];
  mr_metric *metric = NULL;
  mr_history *history = NULL;
  mr_metric_page *page = NULL;
  mr_history_options options = MR_HISTORY_OPTIONS_INIT;
  for (int i = 0; i < POINTS; i++) {
    values[i] = i / 100.0;
    steps[i] = i;
    times[i] = FIRST_US + i;
  }
  OK(mr_run_metric(run, "accuracy", &metric, &error));
  OK(mr_metric_log_many(metric, values, steps, times, POINTS, &error));
  mr_metric_free(metric);
  OK(mr_run_flush(run, &error));
  OK(mr_run_list_metrics(run, NULL, &page, &error));
  CHECK(mr_metric_page_count(page) == 1 && mr_metric_page_next_token(page) == NULL);
  const mr_metric_record *record = mr_metric_page_at(page, 0);
  WHOLE(record);
  SAME(record->key, "accuracy");
  CHECK(record->count == POINTS && record->nan_count == 0);
  CHECK(record->first_step == 0 && record->first_time_us == FIRST_US);
  CHECK(record->last_step == 99 && record->last_time_us == FIRST_US + 99);
  CHECK(record->first <= 0 && record->last >= 0.99 && record->min <= 0 && record->max >= 0.99);
  CHECK(record->mean > 0.49 && record->mean < 0.5);
  mr_metric_page_free(page);
  options.flags = MR_HISTORY_FROM_STEP | MR_HISTORY_TO_STEP;
  options.from_step = 10;
  options.to_step = 19;
  OK(mr_run_history(run, "accuracy", &options, &history, &error));
  CHECK(mr_history_count(history) == 10);
  CHECK(memcmp(mr_history_steps(history), steps + 10, 10 * sizeof *steps) == 0);
  CHECK(memcmp(mr_history_times(history), times + 10, 10 * sizeof *times) == 0);
  CHECK(memcmp(mr_history_values(history), values + 10, 10 * sizeof *values) == 0);
  mr_history_free(history);
}

static void log_artifacts(mr_run *run) {
  mr_artifact_page *page = NULL;
  mr_blob *blob = NULL;
  mr_link_options link = MR_LINK_OPTIONS_INIT;
  const uint8_t *bytes = NULL;
  char digest[65];
  memset(digest, 'b', 64);
  digest[64] = '\0';
  link.path = "logs/train.log";
  link.uri = "https://example.com/train.log";
  link.digest = digest;
  link.size = 9;
  OK(mr_run_log_artifact_link(run, &link, &error));
  OK(mr_run_log_artifact_bytes(run, "model/weights", (const uint8_t *)"weights", 7, &error));
  OK(mr_run_list_artifacts(run, NULL, &page, &error));
  CHECK(mr_artifact_page_count(page) == 2);
  const mr_artifact_record *record = mr_artifact_page_at(page, 0);
  WHOLE(record);
  CHECK(record->kind == MR_ARTIFACT_KIND_LINK && record->size == 9 &&
        record->created_us > FIRST_US);
  SAME(record->path, "logs/train.log");
  SAME(record->uri, "https://example.com/train.log");
  SAME(record->digest, digest);
  mr_artifact_page_free(page);
  OK(mr_run_open_artifact(run, "model/weights", &blob, &error));
  OK(mr_blob_map(blob, &bytes, &error));
  CHECK(mr_blob_size(blob) == 7 && memcmp(bytes, "weights", 7) == 0);
  mr_blob_free(blob);
}

static void log_inputs_and_tags(mr_run *run, const mr_dataset *dataset) {
  mr_input_page *inputs = NULL;
  mr_property_page *tags = NULL;
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  mr_list_options list = MR_LIST_OPTIONS_INIT;
  input.role = "training";
  input.dataset_run_id = mr_dataset_info(dataset)->run_id;
  OK(mr_run_log_input(run, &input, &error));
  OK(mr_run_list_inputs(run, NULL, &inputs, &error));
  const mr_input_record *record = mr_input_page_at(inputs, 0);
  WHOLE(record);
  CHECK(record->kind == MR_INPUT_KIND_DATASET_RUN && record->version == NULL);
  SAME(record->role, "training");
  SAME(record->run_id, mr_dataset_info(dataset)->run_id);
  mr_input_page_free(inputs);
  list.limit = 1;
  OK(mr_run_list_tags(run, &list, &tags, &error));
  CHECK(mr_property_page_count(tags) == 1 && mr_property_page_next_token(tags) != NULL);
  WHOLE(mr_property_page_at(tags, 0));
  SAME(mr_property_page_at(tags, 0)->key, "host");
  mr_property_page *rest = NULL;
  list.token = mr_property_page_next_token(tags);
  OK(mr_run_list_tags(run, &list, &rest, &error));
  SAME(mr_property_page_at(rest, 0)->key, "team");
  SAME(mr_property_page_at(rest, 0)->value, "vision");
  CHECK(mr_property_page_next_token(rest) == NULL);
  mr_property_page_free(rest);
  mr_property_page_free(tags);
}

static void read_decision(mr_request *request) {
  mr_decision *decision = NULL;
  OK(mr_request_decision(request, &decision, &error));
  const mr_decision_record *record = mr_decision_info(decision);
  WHOLE(record);
  CHECK(record->verdict == MR_VERDICT_PASSED && record->rule_count == 1);
  CHECK(record->passed_count == 1 && record->created_us <= now_us);
  SAME(record->request_id, mr_request_info(request)->id);
  const mr_rule_record *rule = mr_decision_at(decision, 0);
  WHOLE(rule);
  CHECK(rule->verdict == MR_VERDICT_PASSED && rule->unknown == 0 && rule->from_default == 0);
  SAME(rule->name, "good");
  CHECK(strstr(rule->observed, "0.99") != NULL && strlen(rule->required) > 0);
  SAME(rule->reason, "");
  mr_decision_free(decision);
}

static mr_version *promote(mr_registry *registry, mr_model *model, const char *run_id) {
  mr_gate *gate = NULL;
  mr_request *request = NULL;
  mr_version *version = NULL;
  mr_gate_options attach = MR_GATE_OPTIONS_INIT;
  mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
  attach.model = "digits";
  attach.transition = "promote";
  attach.expected_digest = "none";
  OK(mr_gate_parse("good: metrics.accuracy >= 0.9", &gate, &error));
  OK(mr_registry_attach_gate(registry, gate, &attach, &error));
  mr_gate_free(gate);
  options.artifact_path = "model";
  options.version = "2.1.0";
  options.description = "the first";
  options.op_id = "op-1";
  OK(mr_model_promote(model, run_id, &options, &request, &error));
  const mr_request_record *record = mr_request_info(request);
  WHOLE(record);
  CHECK(record->state == MR_REQUEST_STATE_ACCEPTED && record->created_us <= now_us);
  SAME(record->model, "digits");
  SAME(record->run_id, run_id);
  SAME(record->artifact_path, "model");
  SAME(record->description, "the first");
  SAME(record->op_id, "op-1");
  SAME(record->actor, "ann");
  read_decision(request);
  OK(mr_request_version(request, &version, &error));
  mr_request_free(request);
  return version;
}

static void read_version(const mr_version *version, const char *run_id) {
  const mr_version_record *record = mr_version_info(version);
  WHOLE(record);
  CHECK(record->status == MR_VERSION_STATUS_ACTIVE && record->file_count == 1);
  CHECK(record->total_size == 7 && record->warning_count == 0 && record->created_us <= now_us);
  CHECK(strncmp(record->number, "2.1.0", 5) == 0);
  SAME(record->model, "digits");
  SAME(record->run_id, run_id);
  SAME(record->artifact_path, "model");
  SAME(record->description, "the first");
  SAME(record->experiment_name, "lab");
  SAME(record->source_commit, "0123456789abcdef");
  SAME(record->actor, "ann");
}

static void use_channel(mr_registry *registry, mr_model *model, const char *number) {
  mr_request *request = NULL;
  mr_version *version = NULL;
  mr_channel_page *page = NULL;
  mr_move_options move = MR_MOVE_OPTIONS_INIT;
  move.channel = "production";
  move.version = number;
  move.expected = "none";
  move.reason = "it is good";
  move.op_id = "op-2";
  OK(mr_model_create_channel(model, "production", &error));
  OK(mr_model_move_channel(model, &move, &request, &error));
  CHECK(mr_request_info(request)->state == MR_REQUEST_STATE_ACCEPTED);
  mr_request_free(request);
  OK(mr_model_list_channels(model, NULL, &page, &error));
  const mr_channel_record *record = mr_channel_page_at(page, 0);
  WHOLE(record);
  CHECK(record->sequence == 1 && record->moved_us > FIRST_US);
  SAME(record->name, "production");
  SAME(record->version, number);
  mr_channel_page_free(page);
  OK(mr_registry_resolve(registry, "digits@production", NULL, &version, &error));
  SAME(mr_version_info(version)->number, number);
  mr_version_free(version);
}

static void deliver(mr_version *version, const char *folder) {
  mr_report *report = NULL;
  mr_fetch_options fetch = MR_FETCH_OPTIONS_INIT;
  mr_verify_options verify = MR_VERIFY_OPTIONS_INIT;
  char place[512], file[640];
  snprintf(place, sizeof place, "%s/fetched", folder);
  snprintf(file, sizeof file, "%s/extra", place);
  fetch.file_mode = 0644;
  OK(mr_version_fetch(version, place, &fetch, &report, &error));
  WHOLE(mr_report_info(report));
  CHECK(mr_report_info(report)->file_count == 1 && mr_report_info(report)->problem_count == 0);
  mr_report_free(report);
  FILE *extra = fopen(file, "w");
  CHECK(extra != NULL && fclose(extra) == 0);
  OK(mr_version_verify(version, place, NULL, &report, &error));
  CHECK(mr_report_count(report) == 1 && mr_report_info(report)->problem_count == 1);
  WHOLE(mr_report_at(report, 0));
  CHECK(mr_report_at(report, 0)->problem == MR_PROBLEM_EXTRA);
  SAME(mr_report_at(report, 0)->path, "extra");
  mr_report_free(report);
  verify.flags = MR_VERIFY_ALLOW_EXTRA;
  OK(mr_version_verify(version, place, &verify, &report, &error));
  CHECK(mr_report_count(report) == 0);
  mr_report_free(report);
}

/* Several records in one page, as far from each other as the library knows them to be. */
static void list_runs(mr_registry *registry, mr_experiment *experiment, const char *run_id) {
  mr_run *runs[3] = {NULL, NULL, NULL};
  mr_run_page *page = NULL;
  mr_run_list_options options = MR_RUN_LIST_OPTIONS_INIT;
  for (int i = 0; i < 3; i++) {
    OK(mr_experiment_start_run(experiment, NULL, &runs[i], &error));
    mr_run_free(runs[i]);
  }
  options.kind = MR_RUN_KIND_TRAINING;
  options.experiment = "lab";
  OK(mr_registry_list_runs(registry, &options, &page, &error));
  CHECK(mr_run_page_count(page) == 4);
  for (int i = 0; i < 4; i++) {
    WHOLE(mr_run_page_at(page, i));
    SAME(mr_run_page_at(page, i)->experiment_name, "lab");
  }
  SAME(mr_run_page_at(page, 3)->id, run_id);
  CHECK(mr_run_page_at(page, 3)->ended_us > 0 && mr_run_page_at(page, 3)->sealed == 1);
  mr_run_page_free(page);
  options.status = MR_RUN_STATUS_RUNNING;
  options.limit = 2;
  OK(mr_registry_list_runs(registry, &options, &page, &error));
  CHECK(mr_run_page_count(page) == 2 && mr_run_page_next_token(page) != NULL);
  mr_run_page_free(page);
}

/* An error record of the size that this program knows, with a guard behind it. */
static void read_error(mr_registry *registry) {
  struct {
    mr_error error;
    unsigned char guard[64];
  } place;
  mr_run *run = NULL;
  memset(&place, 0x5a, sizeof place);
  place.error.struct_size = sizeof place.error;
  CHECK(mr_registry_open_run(registry, "no id", &run, &place.error) == MR_INVALID_ARGUMENT);
  CHECK(place.error.status == MR_INVALID_ARGUMENT && place.error.backend_code == 0);
  CHECK(strstr(place.error.message, "no id") != NULL && run == NULL);
  for (size_t i = 0; i < sizeof place.guard; i++) CHECK(place.guard[i] == 0x5a);
}

int main(int argc, char **argv) {
  char uri[512];
  mr_experiment *experiment = NULL;
  mr_model *model = NULL;
  mr_cancel *cancel = NULL;
  mr_model_options described = MR_MODEL_OPTIONS_INIT;
  mr_version *version = NULL;
  mr_resolve_options resolve = MR_RESOLVE_OPTIONS_INIT;
  CHECK(argc == 2 && mr_abi_level() == MR_ABI_LEVEL);
  snprintf(uri, sizeof uri, "%s/registry", argv[1]);
  mr_registry *registry = open_registry(uri, "blobs");
  OK(mr_registry_open_experiment(registry, "lab", &experiment, &error));
  WHOLE(mr_experiment_info(experiment));
  SAME(mr_experiment_info(experiment)->actor, "ann");
  mr_dataset *dataset = log_dataset(experiment);
  mr_run *run = start_run(experiment);
  const char *run_id = mr_run_info(run)->id;
  log_inputs_and_tags(run, dataset);
  log_metrics(run);
  log_artifacts(run);
  OK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &error));
  described.description = "numbers by hand";
  OK(mr_registry_create_model(registry, "digits", &described, &model, &error));
  WHOLE(mr_model_info(model));
  SAME(mr_model_info(model)->description, "numbers by hand");
  mr_version_free(promote(registry, model, run_id));
  OK(mr_cancel_new(&cancel, &error));
  resolve.cancel = cancel;
  OK(mr_registry_resolve(registry, "digits@2.1.0", &resolve, &version, &error));
  mr_cancel_trigger(cancel);
  mr_version *cancelled = NULL;
  CHECK(mr_registry_resolve(registry, "digits", &resolve, &cancelled, &error) == MR_CANCELLED);
  read_version(version, run_id);
  use_channel(registry, model, mr_version_info(version)->number);
  deliver(version, argv[1]);
  list_runs(registry, experiment, run_id);
  read_error(registry);
  mr_cancel_free(cancel);
  mr_version_free(version);
  mr_model_free(model);
  mr_run_free(run);
  mr_dataset_free(dataset);
  mr_experiment_free(experiment);
  mr_registry_close(registry);
  CHECK(blocks == 0);
  return 0;
}
