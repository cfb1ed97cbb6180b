/* SPDX-License-Identifier: Apache-2.0 */
/* The C side of compare_mlflow.py, which compiles and loads it: each call does one measured piece
 * of work and returns the nanoseconds it took, or -1 where a call fails. */
#include <modelreg/modelreg.h>
#include <stdio.h>
#include <time.h>

#define PARAMS 20

double ours_log(mr_run *run, const char *key, int64_t count);
double ours_log_many(mr_run *run, const char *key, const double *values, const int64_t *steps,
                     size_t count);
double ours_create(mr_experiment *experiment, int64_t count);
double ours_resolve(mr_registry *registry, const char *reference, int64_t count);
double ours_search(mr_registry *registry, const char *experiment, const char *key, double bound,
                   int64_t *found);

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double ours_log(mr_run *run, const char *key, int64_t count) {
  mr_metric *metric = NULL;
  double start = now();
  mr_status status = mr_run_metric(run, key, &metric, NULL);
  for (int64_t i = 0; i < count && status == MR_OK; i++) {
    status = mr_metric_log(metric, 1.0 / (double)(i + 1), i, NULL);
  }
  if (status == MR_OK) status = mr_run_flush(run, NULL);
  double took = now() - start;
  mr_metric_free(metric);
  return status == MR_OK ? took : -1;
}

double ours_log_many(mr_run *run, const char *key, const double *values, const int64_t *steps,
                     size_t count) {
  mr_metric *metric = NULL;
  double start = now();
  mr_status status = mr_run_metric(run, key, &metric, NULL);
  if (status == MR_OK) status = mr_metric_log_many(metric, values, steps, NULL, count, NULL);
  if (status == MR_OK) status = mr_run_flush(run, NULL);
  double took = now() - start;
  mr_metric_free(metric);
  return status == MR_OK ? took : -1;
}

double ours_create(mr_experiment *experiment, int64_t count) {
  char names[PARAMS][16];
  const char *keys[PARAMS];
  for (int i = 0; i < PARAMS; i++) {
    snprintf(names[i], sizeof names[i], "param_%d", i);
    keys[i] = names[i];
  }
  mr_status status = MR_OK;
  double start = now();
  for (int64_t i = 0; i < count && status == MR_OK; i++) {
    mr_run *run = NULL;
    status = mr_experiment_start_run(experiment, NULL, &run, NULL);
    if (status == MR_OK) status = mr_run_log_params(run, keys, keys, PARAMS, NULL);
    if (status == MR_OK) status = mr_run_flush(run, NULL);
    mr_run_free(run);
  }
  return status == MR_OK ? now() - start : -1;
}

double ours_resolve(mr_registry *registry, const char *reference, int64_t count) {
  mr_status status = MR_OK;
  double start = now();
  for (int64_t i = 0; i < count && status == MR_OK; i++) {
    mr_version *version = NULL;
    status = mr_registry_resolve(registry, reference, NULL, &version, NULL);
    mr_version_free(version);
  }
  return status == MR_OK ? now() - start : -1;
}

/* The value of one metric of one run; the metrics of a run come in the order of their names. */
static mr_status last_value(mr_registry *registry, const char *id, const char *key, double *out) {
  mr_run *run = NULL;
  mr_metric_page *page = NULL;
  mr_status status = mr_registry_open_run(registry, id, &run, NULL);
  if (status == MR_OK) status = mr_run_list_metrics(run, NULL, &page, NULL);
  *out = -1;
  for (int64_t i = 0; status == MR_OK && i < mr_metric_page_count(page); i++) {
    const mr_metric_record *record = mr_metric_page_at(page, i);
    const char *a = record->key;
    const char *b = key;
    while (*a != '\0' && *a == *b) a++, b++;
    if (*a == *b) *out = record->last;
  }
  mr_metric_page_free(page);
  mr_run_free(run);
  return status;
}

double ours_search(mr_registry *registry, const char *experiment, const char *key, double bound,
                   int64_t *found) {
  mr_run_list_options options = MR_RUN_LIST_OPTIONS_INIT;
  mr_run_page *page = NULL;
  mr_status status = MR_OK;
  double start = now();
  options.experiment = experiment;
  options.limit = MR_LIST_MAX_LIMIT;
  *found = 0;
  do {
    mr_run_page *next = NULL;
    status = mr_registry_list_runs(registry, &options, &next, NULL);
    mr_run_page_free(page);
    page = next;
    for (int64_t i = 0; status == MR_OK && i < mr_run_page_count(page); i++) {
      double value;
      status = last_value(registry, mr_run_page_at(page, i)->id, key, &value);
      if (value > bound) *found += 1;
    }
    options.token = mr_run_page_next_token(page);
  } while (status == MR_OK && options.token != NULL);
  mr_run_page_free(page);
  return status == MR_OK ? now() - start : -1;
}
