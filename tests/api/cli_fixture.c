/* SPDX-License-Identifier: Apache-2.0 */
/* Fills a registry for test_cli.py and prints what it made, one "name value" a line.
 *
 *     cli_fixture URI                   a small registry with something of everything
 *     cli_fixture URI runs COUNT        only so many runs
 *     cli_fixture URI link PATH SIZE    a model "big" whose only artifact is a link to that file
 *     cli_fixture URI yank NUMBER REASON REPLACEMENT   in a registry that is there, of digits
 */
#include <modelreg/modelreg.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 2026-01-02T03:04:05Z */
#define FIRST_US INT64_C(1767323045000000)

static mr_error error = MR_ERROR_INIT;

static void check(mr_status status, const char *what) {
  if (status == MR_OK) return;
  fprintf(stderr, "cli_fixture: %s: %s: %s\n", what, mr_status_name(status), error.message);
  exit(1);
}

#define CHECK(call) check((call), #call)

/* A second later each time it is asked, so that everything has an order. */
static int64_t tick(void *ctx) {
  int64_t *now = ctx;
  *now += 1000000;
  return *now;
}

static mr_run *start(mr_experiment *experiment, const char *name, mr_run_kind kind) {
  mr_run *run = NULL;
  mr_run_options options = MR_RUN_OPTIONS_INIT;
  options.name = name;
  options.kind = kind;
  options.source_commit = "0123456789abcdef0123456789abcdef01234567";
  options.source_entry_point = "train.c";
  options.source_state = MR_SOURCE_STATE_DIRTY;
  options.environment_host = "host-1";
  CHECK(mr_experiment_start_run(experiment, &options, &run, &error));
  return run;
}

static void put(mr_run *run, const char *path, const char *text) {
  CHECK(mr_run_log_artifact_bytes(run, path, (const uint8_t *)text, strlen(text), &error));
}

/* "lint" was mended, "latency" was not; its evidence lies elsewhere. */
static void validate(mr_run *run) {
  mr_check_options options = MR_CHECK_OPTIONS_INIT;
  CHECK(mr_run_log_check(run, "lint", MR_CHECK_RESULT_FAILED, NULL, &error));
  options.reporter = "loadtest 2.1";
  options.note = "31 ms,\n6 over the limit";
  options.evidence_uri = "https://example.com/latency.html";
  options.evidence_digest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  options.evidence_size = 99;
  CHECK(mr_run_log_check(run, "latency", MR_CHECK_RESULT_FAILED, &options, &error));
  CHECK(mr_run_log_check(run, "lint", MR_CHECK_RESULT_PASSED, NULL, &error));
}

static void train(mr_run *run, const char *dataset_run_id, double accuracy) {
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  mr_link_options link = MR_LINK_OPTIONS_INIT;
  char weights[64];
  snprintf(weights, sizeof weights, "weights for %.3f\n", accuracy);
  input.role = "training";
  input.dataset_run_id = dataset_run_id;
  link.path = "logs/train.log";
  link.uri = "https://example.com/train.log";
  link.digest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  link.size = 1234567;
  CHECK(mr_run_log_param(run, "lr", "0.1", &error));
  CHECK(mr_run_log_param(run, "notes", "two\nlines \"quoted\"\t\\", &error));
  CHECK(mr_run_set_tag(run, "team", "vision", &error));
  CHECK(mr_run_log_metric(run, "accuracy", accuracy / 2, 1, &error));
  CHECK(mr_run_log_metric(run, "accuracy", accuracy, 2, &error));
  CHECK(mr_run_log_metric(run, "loss", INFINITY, 1, &error));
  CHECK(mr_run_log_metric(run, "loss", NAN, 2, &error));
  CHECK(mr_run_log_input(run, &input, &error));
  CHECK(mr_run_log_artifact_link(run, &link, &error));
  if (accuracy == 0.97) validate(run);
  put(run, "model/weights.bin", weights);
  put(run, "model/config/labels.json", "{\"labels\": 10}\n");
  CHECK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &error));
}

static void say(const char *name, const char *value) {
  printf("%s %s\n", name, value);
}

/* Promotes the run and says which version it became, if any. */
static void promote(mr_model *model, const char *name, mr_run *run, mr_bump bump) {
  mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
  mr_request *request = NULL;
  mr_version *version = NULL;
  options.artifact_path = "model";
  options.description = "for the tests";
  options.bump = bump;
  options.prerelease_id = bump == MR_BUMP_PRERELEASE ? "rc" : NULL;
  CHECK(mr_model_promote(model, mr_run_info(run)->id, &options, &request, &error));
  if (mr_request_version(request, &version, &error) == MR_OK)
    say(name, mr_version_info(version)->number);
  mr_version_free(version);
  mr_request_free(request);
}

static void move(mr_model *model, const char *channel, const char *version) {
  mr_move_options move_options = MR_MOVE_OPTIONS_INIT;
  mr_request *request = NULL;
  mr_version *held = NULL;
  move_options.channel = channel;
  move_options.version = version;
  move_options.expected = "none";
  CHECK(mr_model_create_channel(model, channel, &error));
  CHECK(mr_model_move_channel(model, &move_options, &request, &error));
  CHECK(mr_request_version(request, &held, &error));
  mr_version_free(held);
  mr_request_free(request);
}

static void fill_model(mr_registry *registry, mr_run *good, mr_run *bad, mr_run *better,
                       mr_run *candidate) {
  mr_model *model = NULL;
  mr_gate *gate = NULL;
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  options.model = "digits";
  CHECK(mr_registry_create_model(registry, "digits", NULL, &model, &error));
  CHECK(mr_gate_new(&gate, &error));
  CHECK(mr_gate_add_rule(gate, "accuracy", "metrics.accuracy >= 0.9", &error));
  CHECK(mr_registry_attach_gate(registry, gate, &options, &error));
  promote(model, "good_version", good, MR_BUMP_MINOR);
  promote(model, "bad_version", bad, MR_BUMP_MINOR);
  promote(model, "better_version", better, MR_BUMP_MINOR);
  promote(model, "candidate_version", candidate, MR_BUMP_PRERELEASE);
  move(model, "production", "1.0.0");
  CHECK(mr_model_create_channel(model, "staging", &error));
  mr_gate_free(gate);
  mr_model_free(model);
}

static void fill(mr_registry *registry) {
  static const char *const names[] = {"good", "bad", "better", "candidate"};
  static const double accuracies[] = {0.97, 0.5, 0.98, 0.99};
  mr_experiment *experiment = NULL, *other = NULL;
  mr_manifest *manifest = NULL;
  mr_dataset *dataset = NULL;
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  mr_run *runs[4];
  options.sample_count = 1797;
  CHECK(mr_registry_open_experiment(registry, "digits", &experiment, &error));
  CHECK(mr_manifest_new(&manifest, &error));
  CHECK(mr_manifest_add_entry(manifest, "digits.csv", 1000,
                              "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100",
                              &error));
  CHECK(mr_experiment_log_dataset(experiment, "digits-data", manifest, &options, &dataset, &error));
  say("dataset", mr_dataset_info(dataset)->run_id);
  say("dataset_digest", mr_dataset_info(dataset)->digest);
  for (int i = 0; i < 4; i++) {
    runs[i] = start(experiment, names[i], MR_RUN_KIND_TRAINING);
    train(runs[i], mr_dataset_info(dataset)->run_id, accuracies[i]);
    say(names[i], mr_run_info(runs[i])->id);
  }
  fill_model(registry, runs[0], runs[1], runs[2], runs[3]);
  for (int i = 0; i < 4; i++) mr_run_free(runs[i]);
  /* Wide characters, a combining one, and one that turns the direction of text. */
  CHECK(mr_registry_open_experiment(registry, "\xE6\xB3\xA8\xE5\x86\x8C", &other, &error));
  mr_run *running = start(other, "e\xCC\x81 \xE2\x80\xAEgnp.exe", MR_RUN_KIND_EVALUATION);
  say("running", mr_run_info(running)->id);
  mr_run_free(running);
  mr_dataset_free(dataset);
  mr_manifest_free(manifest);
  mr_experiment_free(other);
  mr_experiment_free(experiment);
}

static void fill_many(mr_registry *registry, int count) {
  mr_experiment *experiment = NULL;
  CHECK(mr_registry_open_experiment(registry, "many", &experiment, &error));
  for (int i = 0; i < count; i++) {
    char name[16];
    snprintf(name, sizeof name, "run-%d", i);
    mr_run_free(start(experiment, name, MR_RUN_KIND_TRAINING));
  }
  mr_experiment_free(experiment);
}

/* The digest is wrong, which is found out when every byte has been read. */
static void fill_link(mr_registry *registry, const char *path, int64_t size) {
  mr_experiment *experiment = NULL;
  mr_model *model = NULL;
  mr_request *request = NULL;
  mr_link_options link = MR_LINK_OPTIONS_INIT;
  char uri[4096];
  snprintf(uri, sizeof uri, "file://%s", path);
  link.path = "big.bin";
  link.uri = uri;
  link.digest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  link.size = size;
  CHECK(mr_registry_open_experiment(registry, "big", &experiment, &error));
  mr_run *run = start(experiment, "big", MR_RUN_KIND_TRAINING);
  CHECK(mr_run_log_artifact_link(run, &link, &error));
  CHECK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &error));
  CHECK(mr_registry_create_model(registry, "big", NULL, &model, &error));
  CHECK(mr_model_promote(model, mr_run_info(run)->id, NULL, &request, &error));
  mr_request_free(request);
  mr_model_free(model);
  mr_run_free(run);
  mr_experiment_free(experiment);
}

static void yank(mr_registry *registry, char **arguments) {
  mr_model *model = NULL;
  mr_version *version = NULL;
  mr_yank_options options = MR_YANK_OPTIONS_INIT;
  options.reason = arguments[1];
  options.replacement = arguments[2];
  CHECK(mr_registry_open_model(registry, "digits", &model, &error));
  CHECK(mr_model_open_version(model, arguments[0], &version, &error));
  CHECK(mr_version_yank(version, &options, &error));
  mr_version_free(version);
  mr_model_free(model);
}

int main(int argc, char **argv) {
  mr_registry *registry = NULL;
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  int64_t now = FIRST_US;
  options.flags = MR_OPEN_CREATE;
  options.actor = "tester";
  options.clock = tick;
  options.clock_ctx = &now;
  if (argc < 2) return 2;
  CHECK(mr_registry_open(argv[1], &options, &registry, &error));
  if (argc == 4) {
    fill_many(registry, atoi(argv[3]));
  } else if (argc == 5) {
    fill_link(registry, argv[3], strtoll(argv[4], NULL, 10));
  } else if (argc == 6) {
    yank(registry, argv + 3);
  } else {
    fill(registry);
  }
  CHECK(mr_registry_flush(registry, &error));
  mr_registry_close(registry);
  return 0;
}
