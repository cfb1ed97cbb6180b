/* SPDX-License-Identifier: Apache-2.0 */
/* A registry file with changed bytes. The input is patches to a small registry: each is an offset
 * of 4 bytes (the highest bit: from the end), a length of one byte, and the bytes. Whatever the file
 * is then, every call gives an answer or an error. */
#include "fuzz.h"

#include <fcntl.h>
#include <modelreg/modelreg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MOST_PATCHES 64

static char template_path[320];
static char path[320];
static uint8_t *template_bytes;
static size_t template_size;

static void must(mr_status status) {
  MUST(status == MR_OK);
}

static int64_t fixed_clock(void *ctx) {
  (void)ctx;
  return INT64_C(1767225600000000);
}

/* The same bytes in every process. */
static void fixed_random(void *ctx, uint8_t *out, size_t size) {
  uint32_t *state = ctx;
  for (size_t i = 0; i < size; i++) {
    *state = *state * 1664525U + 1013904223U;
    out[i] = (uint8_t)(*state >> 24);
  }
}

static mr_registry *open_registry(const char *at, mr_open_flags flags, mr_error *error) {
  static uint32_t state;
  mr_registry *registry = NULL;
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  state = 1;
  options.flags = flags;
  options.actor = "fuzz";
  /* Beside the file, so that a copy of it finds the content. */
  if ((flags & MR_OPEN_CREATE) != 0) options.artifact_root = "content";
  options.clock = fixed_clock;
  options.random = fixed_random;
  options.random_ctx = &state;
  options.busy_timeout_ms = 1;
  return mr_registry_open(at, &options, &registry, error) == MR_OK ? registry : NULL;
}

static void fill(mr_registry *registry) {
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  mr_model *model = NULL;
  mr_gate *gate = NULL;
  mr_request *request = NULL;
  mr_manifest *manifest = NULL;
  mr_gate_options on = MR_GATE_OPTIONS_INIT;
  mr_move_options move = MR_MOVE_OPTIONS_INIT;
  must(mr_registry_open_experiment(registry, "digits", &experiment, NULL));
  must(mr_manifest_new(&manifest, NULL));
  must(mr_experiment_log_dataset(experiment, "none", manifest, NULL, NULL, NULL));
  mr_manifest_free(manifest);
  must(mr_experiment_start_run(experiment, NULL, &run, NULL));
  must(mr_run_log_param(run, "lr", "0.1", NULL));
  must(mr_run_set_tag(run, "team", "vision", NULL));
  for (int i = 0; i < 20; i++) must(mr_run_log_metric(run, "accuracy", 0.9 + i / 256.0, i, NULL));
  must(mr_run_log_check(run, "lint", MR_CHECK_RESULT_PASSED, NULL, NULL));
  must(mr_run_log_artifact_bytes(run, "a.txt", (const uint8_t *)"abc", 3, NULL));
  must(mr_run_finish(run, MR_RUN_STATUS_FINISHED, NULL));
  must(mr_registry_create_model(registry, "digits", NULL, &model, NULL));
  must(mr_gate_parse("good: metrics.accuracy > 0.5\nlint: checks.lint = 'passed'\n", &gate, NULL));
  on.model = "digits";
  must(mr_registry_attach_gate(registry, gate, &on, NULL));
  must(mr_model_promote(model, mr_run_info(run)->id, NULL, &request, NULL));
  mr_request_free(request);
  must(mr_model_create_channel(model, "production", NULL));
  move.channel = "production";
  move.version = "1.0.0";
  move.expected = "none";
  must(mr_model_move_channel(model, &move, &request, NULL));
  mr_request_free(request);
  mr_gate_free(gate);
  mr_model_free(model);
  mr_run_free(run);
  mr_experiment_free(experiment);
}

/* The registry that is patched, made once; its content lies beside every copy. */
static void make_template(void) {
  (void)snprintf(template_path, sizeof template_path, "%s/template.db", fuzz_folder());
  (void)snprintf(path, sizeof path, "%s/registry.db", fuzz_folder());
  mr_registry *registry = open_registry(template_path, MR_OPEN_CREATE | MR_OPEN_EXCLUSIVE, NULL);
  MUST(registry != NULL);
  fill(registry);
  mr_registry_close(registry);
  FILE *file = fopen(template_path, "rb");
  MUST(file != NULL && fseek(file, 0, SEEK_END) == 0);
  template_size = (size_t)ftell(file);
  template_bytes = malloc(template_size);
  MUST(template_bytes != NULL && template_size > 0);
  rewind(file);
  MUST(fread(template_bytes, 1, template_size, file) == template_size);
  (void)fclose(file);
}

static void write_patched(const uint8_t *data, size_t size) {
  uint8_t *bytes = malloc(template_size);
  MUST(bytes != NULL);
  memcpy(bytes, template_bytes, template_size);
  fuzz_bytes in = {data, size};
  for (int i = 0; i < MOST_PATCHES && in.left >= 6; i++) {
    uint32_t place = fuzz_number(&in, 4);
    size_t length = (size_t)fuzz_byte(&in) % 64 + 1;
    size_t at = (place & 0x7fffffff) % template_size;
    if ((place & 0x80000000) != 0) at = template_size - 1 - at;
    for (size_t j = 0; j < length && at + j < template_size && in.left > 0; j++)
      bytes[at + j] = fuzz_byte(&in);
  }
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  MUST(fd >= 0 && write(fd, bytes, template_size) == (ssize_t)template_size);
  MUST(close(fd) == 0);
  free(bytes);
  char beside[352];
  static const char *const ends[] = {"-wal", "-shm", "-journal"};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    (void)snprintf(beside, sizeof beside, "%s%s", path, ends[i]);
    (void)unlink(beside);
  }
}

/* What came back must say something. */
static mr_status answered(mr_status status, mr_error *error) {
  if (status != MR_OK) MUST(error->status == status && error->message[0] != '\0');
  *error = (mr_error)MR_ERROR_INIT;
  return status;
}

static void read_run(mr_registry *registry, const char *id) {
  mr_error error = MR_ERROR_INIT;
  mr_run *run = NULL;
  mr_property_page *params = NULL;
  mr_metric_page *metrics = NULL;
  mr_artifact_page *artifacts = NULL;
  mr_check_page *checks = NULL;
  mr_history *history = NULL;
  mr_blob *blob = NULL;
  if (answered(mr_registry_open_run(registry, id, &run, &error), &error) != MR_OK) return;
  (void)answered(mr_run_list_params(run, NULL, &params, &error), &error);
  (void)answered(mr_run_list_metrics(run, NULL, &metrics, &error), &error);
  (void)answered(mr_run_list_artifacts(run, NULL, &artifacts, &error), &error);
  (void)answered(mr_run_list_checks(run, NULL, &checks, &error), &error);
  (void)answered(mr_run_history(run, "accuracy", NULL, &history, &error), &error);
  if (answered(mr_run_open_artifact(run, "a.txt", &blob, &error), &error) == MR_OK) {
    const uint8_t *bytes = NULL;
    (void)answered(mr_blob_map(blob, &bytes, &error), &error);
  }
  mr_blob_free(blob);
  mr_history_free(history);
  mr_check_page_free(checks);
  mr_artifact_page_free(artifacts);
  mr_metric_page_free(metrics);
  mr_property_page_free(params);
  mr_run_free(run);
}

static void read_model(mr_registry *registry) {
  mr_error error = MR_ERROR_INIT;
  mr_model *model = NULL;
  mr_version_page *versions = NULL;
  mr_channel_page *channels = NULL;
  mr_gate_page *gates = NULL;
  mr_request_page *requests = NULL;
  mr_gate_list_options of = MR_GATE_LIST_OPTIONS_INIT;
  static const char *const references[] = {"digits", "digits@1.0.0", "digits@production",
                                           "digits@^1"};
  for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
    mr_version *version = NULL;
    if (answered(mr_registry_resolve(registry, references[i], NULL, &version, &error), &error) ==
        MR_OK)
      (void)answered(mr_version_verify(version, NULL, NULL, NULL, &error), &error);
    mr_version_free(version);
  }
  of.model = "digits";
  (void)answered(mr_registry_list_gates(registry, &of, &gates, &error), &error);
  (void)answered(mr_registry_list_requests(registry, NULL, &requests, &error), &error);
  for (int64_t i = 0; i < mr_request_page_count(requests); i++) {
    mr_request *request = NULL;
    mr_decision *decision = NULL;
    const char *id = mr_request_page_at(requests, i)->id;
    if (answered(mr_registry_open_request(registry, id, &request, &error), &error) == MR_OK)
      (void)answered(mr_request_decision(request, &decision, &error), &error);
    mr_decision_free(decision);
    mr_request_free(request);
  }
  if (answered(mr_registry_open_model(registry, "digits", &model, &error), &error) == MR_OK) {
    (void)answered(mr_model_list_versions(model, NULL, &versions, &error), &error);
    (void)answered(mr_model_list_channels(model, NULL, &channels, &error), &error);
  }
  mr_request_page_free(requests);
  mr_gate_page_free(gates);
  mr_channel_page_free(channels);
  mr_version_page_free(versions);
  mr_model_free(model);
}

static void read_all(mr_registry *registry) {
  mr_error error = MR_ERROR_INIT;
  mr_run_page *runs = NULL;
  mr_dataset_page *datasets = NULL;
  mr_fsck *fsck = NULL;
  (void)answered(mr_registry_list_runs(registry, NULL, &runs, &error), &error);
  for (int64_t i = 0; i < mr_run_page_count(runs); i++)
    read_run(registry, mr_run_page_at(runs, i)->id);
  mr_run_page_free(runs);
  (void)answered(mr_registry_list_datasets(registry, NULL, &datasets, &error), &error);
  mr_dataset_page_free(datasets);
  read_model(registry);
  if (answered(mr_registry_fsck(registry, NULL, &fsck, &error), &error) == MR_OK)
    MUST(mr_fsck_info(fsck)->error_count >= 0);
  mr_fsck_free(fsck);
}

static void write_some(mr_registry *registry) {
  mr_error error = MR_ERROR_INIT;
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  mr_model *model = NULL;
  mr_request *request = NULL;
  if (answered(mr_registry_open_experiment(registry, "digits", &experiment, &error), &error) ==
          MR_OK &&
      answered(mr_experiment_start_run(experiment, NULL, &run, &error), &error) == MR_OK) {
    (void)answered(mr_run_log_metric(run, "accuracy", 1, 1, &error), &error);
    (void)answered(mr_run_log_artifact_bytes(run, "b", (const uint8_t *)"b", 1, &error), &error);
    (void)answered(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &error), &error);
    if (answered(mr_registry_open_model(registry, "digits", &model, &error), &error) == MR_OK)
      (void)answered(mr_model_promote(model, mr_run_info(run)->id, NULL, &request, &error), &error);
  }
  mr_request_free(request);
  mr_model_free(model);
  mr_run_free(run);
  mr_experiment_free(experiment);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (template_bytes == NULL) make_template();
  if (size > MOST_PATCHES * 70) return 0;
  write_patched(data, size);
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = open_registry(path, MR_OPEN_EXCLUSIVE, &error);
  if (registry != NULL) {
    read_all(registry);
    write_some(registry);
    mr_registry_close(registry);
  } else {
    MUST(error.status != MR_OK && error.message[0] != '\0');
  }
  return 0;
}
