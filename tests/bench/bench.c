/* SPDX-License-Identifier: Apache-2.0 */
/* bench [NAME...]: prints `NAME ratio=R ours=A baseline=B unit=U`, the baseline measured in the same
 * run. Works in a folder of its own under TMPDIR or /tmp and removes it. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "bench_baseline.h"
#include <ftw.h>
#include <modelreg/modelreg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SMALL 100
#define LARGE 10000

static char folder[512];
static char path[640];
static mr_error error = MR_ERROR_INIT;

static void check(mr_status status) {
  if (status != MR_OK) die(error.message);
}

static void report(const char *name, double ours, double baseline, double scale, const char *unit) {
  printf("%s ratio=%.2f ours=%.4g baseline=%.4g unit=%s\n", name, ours / baseline, ours * scale,
         baseline * scale, unit);
  fflush(stdout);
}

static mr_registry *open_registry(void) {
  mr_registry *registry = NULL;
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  options.flags = MR_OPEN_CREATE;
  check(mr_registry_open(path, &options, &registry, &error));
  return registry;
}

static mr_run *finished_run(mr_experiment *experiment) {
  mr_run *run = NULL;
  check(mr_experiment_start_run(experiment, NULL, &run, &error));
  check(mr_run_log_param(run, "lr", "0.1", &error));
  check(mr_run_log_metric(run, "accuracy", 0.97, 1, &error));
  check(mr_run_log_artifact_bytes(run, "model.json", (const uint8_t *)"{}", 2, &error));
  check(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &error));
  return run;
}

static mr_model *gated_model(mr_registry *registry, const char *name) {
  mr_model *model = NULL;
  mr_gate *gate = NULL;
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  options.model = name;
  check(mr_registry_create_model(registry, name, NULL, &model, &error));
  check(mr_gate_parse("a: metrics.accuracy >= 0.9\nb: params.lr < 1\n"
                      "c: artifacts.*.format = 'json'\n"
                      "d: metrics.accuracy >= incumbent.metrics.accuracy OR incumbent IS NULL\n",
                      &gate, &error));
  check(mr_registry_attach_gate(registry, gate, &options, &error));
  mr_gate_free(gate);
  return model;
}

static double promote_many(mr_registry *registry, const char *name, int64_t count) {
  mr_experiment *experiment = NULL;
  mr_model *model = gated_model(registry, name);
  double seconds = 0;
  check(mr_registry_open_experiment(registry, name, &experiment, &error));
  for (int64_t i = 0; i < count; i++) {
    mr_request *request = NULL;
    mr_version *version = NULL;
    mr_run *run = finished_run(experiment);
    double start = now_seconds();
    check(mr_model_promote(model, mr_run_info(run)->id, NULL, &request, &error));
    seconds += now_seconds() - start;
    if (i == 0) check(mr_request_version(request, &version, &error));
    mr_version_free(version);
    mr_request_free(request);
    mr_run_free(run);
  }
  mr_experiment_free(experiment);
  mr_model_free(model);
  return seconds;
}

static void bench_log(void) {
  int64_t count = 2000000;
  mr_registry *registry = open_registry();
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  mr_metric *metric = NULL;
  check(mr_registry_open_experiment(registry, "log", &experiment, &error));
  check(mr_experiment_start_run(experiment, NULL, &run, &error));
  check(mr_run_metric(run, "loss", &metric, &error));
  double start = now_seconds();
  for (int64_t i = 0; i < count; i++)
    check(mr_metric_log(metric, 1.0 / (double)(i + 1), i, &error));
  double ours = now_seconds() - start;
  report("log", ours / (double)count, baseline_log(count) / (double)count, 1e9, "ns");
  mr_metric_free(metric);
  mr_run_free(run);
  mr_experiment_free(experiment);
  mr_registry_close(registry);
}

static void bench_promote(void) {
  char other[700];
  mr_registry *registry = open_registry();
  double ours = promote_many(registry, "promote", 300) / 300;
  mr_registry_close(registry);
  snprintf(other, sizeof other, "%s.baseline", path);
  report("promote", ours, baseline_promote(other, 300) / 300, 1e6, "us");
}

static void bench_resolve(void) {
  const int64_t sizes[] = {SMALL, LARGE};
  const char *const names[] = {"small", "large"};
  mr_registry *registry = open_registry();
  for (int s = 0; s < 2; s++) {
    char label[32];
    promote_many(registry, names[s], sizes[s]);
    mr_version *version = NULL;
    double start = now_seconds();
    for (int i = 0; i < 20000; i++) {
      check(mr_registry_resolve(registry, names[s], NULL, &version, &error));
      mr_version_free(version);
    }
    double ours = (now_seconds() - start) / 20000;
    snprintf(label, sizeof label, "resolve_latest_%lld", (long long)sizes[s]);
    report(label, ours, baseline_resolve(path, names[s], 20000) / 20000, 1e6, "us");
  }
  mr_registry_close(registry);
}

static void bench_open(void) {
  mr_registry *keep = open_registry();
  int count = 500;
  double start = now_seconds();
  for (int i = 0; i < count; i++) mr_registry_close(open_registry());
  double ours = (now_seconds() - start) / count;
  report("open", ours, baseline_open(path, count) / count, 1e6, "us");
  mr_registry_close(keep);
}

static void bench_verify(void) {
  size_t size = (size_t)256 << 20;
  uint8_t *bytes = malloc(size);
  if (bytes == NULL) die("out of memory");
  for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(i * 2654435761u >> 13);
  mr_registry *registry = open_registry();
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  mr_blob *blob = NULL;
  uint8_t *buffer = malloc(1 << 20);
  check(mr_registry_open_experiment(registry, "verify", &experiment, &error));
  check(mr_experiment_start_run(experiment, NULL, &run, &error));
  check(mr_run_log_artifact_bytes(run, "large.bin", bytes, size, &error));
  double start = now_seconds();
  check(mr_run_open_artifact(run, "large.bin", &blob, &error));
  size_t got = 1;
  for (int64_t at = 0; got > 0; at += (int64_t)got) {
    check(mr_blob_read(blob, at, buffer, 1 << 20, &got, &error));
  }
  report("verify_256MiB", now_seconds() - start, baseline_hash(bytes, size), 1e3, "ms");
  mr_blob_free(blob);
  mr_run_free(run);
  mr_experiment_free(experiment);
  mr_registry_close(registry);
  free(buffer);
  free(bytes);
}

static int remove_entry(const char *name, const struct stat *facts, int type, struct FTW *walk) {
  (void)facts, (void)type, (void)walk;
  return remove(name);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(void);
  } benches[] = {{"log", bench_log},
                 {"open", bench_open},
                 {"promote", bench_promote},
                 {"resolve", bench_resolve},
                 {"verify", bench_verify}};
  const char *root = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/modelreg-bench-XXXXXX", root == NULL ? "/tmp" : root);
  if (mkdtemp(folder) == NULL) die("mkdtemp");
  for (size_t b = 0; b < sizeof benches / sizeof benches[0]; b++) {
    int wanted = argc == 1;
    for (int i = 1; i < argc; i++) wanted |= strcmp(argv[i], benches[b].name) == 0;
    if (!wanted) continue;
    snprintf(path, sizeof path, "%s/%s.db", folder, benches[b].name);
    benches[b].run();
  }
  nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  return 0;
}
