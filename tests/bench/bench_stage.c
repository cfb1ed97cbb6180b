/* SPDX-License-Identifier: Apache-2.0 */
/* Small steps through the library that several benches take. */
#include "bench.h"
#include <stdio.h>

mr_registry *bench_registry(const char *path) {
  mr_registry *registry = NULL;
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  options.flags = MR_OPEN_CREATE;
  bench_check(mr_registry_open(path, &options, &registry, &bench_error));
  return registry;
}

mr_experiment *bench_experiment(mr_registry *registry, const char *name) {
  mr_experiment *experiment = NULL;
  bench_check(mr_registry_open_experiment(registry, name, &experiment, &bench_error));
  return experiment;
}

void bench_trained(mr_experiment *experiment, char id[40]) {
  mr_run *run = NULL;
  bench_check(mr_experiment_start_run(experiment, NULL, &run, &bench_error));
  bench_check(mr_run_log_param(run, "lr", "0.1", &bench_error));
  bench_check(mr_run_log_metric(run, "accuracy", 0.97, 1, &bench_error));
  bench_check(mr_run_log_artifact_bytes(run, "model.json", (const uint8_t *)"{}", 2, &bench_error));
  bench_check(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &bench_error));
  snprintf(id, 40, "%s", mr_run_info(run)->id);
  mr_run_free(run);
}

mr_model *bench_model(mr_registry *registry, const char *name) {
  mr_model *model = NULL;
  mr_gate *gate = NULL;
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  options.model = name;
  bench_check(mr_registry_create_model(registry, name, NULL, &model, &bench_error));
  bench_check(mr_gate_parse("a: metrics.accuracy >= 0.9\nb: params.lr < 1\n"
                            "c: artifacts.*.format = 'json'\n"
                            "d: metrics.accuracy >= incumbent.metrics.accuracy "
                            "OR incumbent IS NULL\n",
                            &gate, &bench_error));
  bench_check(mr_registry_attach_gate(registry, gate, &options, &bench_error));
  mr_gate_free(gate);
  return model;
}

void bench_promote_run(mr_model *model, const char *run_id, char number[64]) {
  mr_request *request = NULL;
  mr_version *version = NULL;
  bench_check(mr_model_promote(model, run_id, NULL, &request, &bench_error));
  bench_check(mr_request_version(request, &version, &bench_error));
  snprintf(number, 64, "%s", mr_version_info(version)->number);
  mr_version_free(version);
  mr_request_free(request);
}

void bench_move(mr_model *model, const char *channel, const char *version, const char *expected) {
  mr_request *request = NULL;
  mr_move_options move = MR_MOVE_OPTIONS_INIT;
  move.channel = channel;
  move.version = version;
  move.expected = expected;
  bench_check(mr_model_move_channel(model, &move, &request, &bench_error));
  mr_request_free(request);
}
