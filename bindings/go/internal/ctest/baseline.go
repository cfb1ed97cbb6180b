// SPDX-License-Identifier: Apache-2.0

package ctest

// #cgo pkg-config: modelreg
// #define _POSIX_C_SOURCE 200809L
// #include <modelreg/modelreg.h>
// #include <stdio.h>
// #include <stdlib.h>
// #include <time.h>
//
// typedef struct baseline {
//   mr_registry *registry;
//   mr_experiment *experiment;
//   mr_run *run;
//   mr_metric *metric;
//   mr_manifest *manifest;
// } baseline;
//
// static void baseline_check(mr_status status, const mr_error *error) {
//   if (status == MR_OK) return;
//   fprintf(stderr, "%s: %s\n", mr_status_name(status), error->message);
//   abort();
// }
//
// static baseline baseline_open(void) {
//   baseline b = {NULL, NULL, NULL, NULL, NULL};
//   mr_error error = MR_ERROR_INIT;
//   mr_open_options options = MR_OPEN_OPTIONS_INIT;
//   options.flags = MR_OPEN_CREATE;
//   baseline_check(mr_registry_open("memory:", &options, &b.registry, &error), &error);
//   baseline_check(mr_registry_open_experiment(b.registry, "x", &b.experiment, &error), &error);
//   baseline_check(mr_experiment_start_run(b.experiment, NULL, &b.run, &error), &error);
//   baseline_check(mr_run_metric(b.run, "loss", &b.metric, &error), &error);
//   baseline_check(mr_manifest_new(&b.manifest, &error), &error);
//   return b;
// }
//
// static void baseline_close(baseline b) {
//   mr_manifest_free(b.manifest);
//   mr_metric_free(b.metric);
//   mr_run_free(b.run);
//   mr_experiment_free(b.experiment);
//   mr_registry_close(b.registry);
// }
//
// static int64_t baseline_now(void) {
//   struct timespec now;
//   clock_gettime(CLOCK_MONOTONIC, &now);
//   return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
// }
//
// /* Nanoseconds for `count` calls. */
// static int64_t baseline_trivial(baseline b, int64_t count) {
//   volatile int64_t sum = 0;
//   int64_t start = baseline_now();
//   for (int64_t i = 0; i < count; i++) sum += mr_manifest_count(b.manifest);
//   return baseline_now() - start;
// }
//
// static int64_t baseline_record(baseline b, int64_t count) {
//   volatile int64_t sum = 0;
//   int64_t start = baseline_now();
//   for (int64_t i = 0; i < count; i++) sum += mr_run_info(b.run)->started_us;
//   return baseline_now() - start;
// }
//
// static int64_t baseline_point(baseline b, int64_t count) {
//   mr_error error = MR_ERROR_INIT;
//   int64_t start = baseline_now();
//   for (int64_t i = 0; i < count; i++) {
//     baseline_check(mr_metric_log(b.metric, 0.5, i, &error), &error);
//   }
//   return baseline_now() - start;
// }
//
// static int64_t baseline_column(baseline b, const double *values, const int64_t *steps,
//                                const int64_t *times, size_t size, int64_t count) {
//   mr_error error = MR_ERROR_INIT;
//   int64_t start = baseline_now();
//   for (int64_t i = 0; i < count; i++) {
//     baseline_check(mr_metric_log_many(b.metric, values, steps, times, size, &error), &error);
//   }
//   return baseline_now() - start;
// }
import "C"

import (
	"time"
	"unsafe"
)

// A Baseline makes the calls of the benchmark in C, in a loop of C.
type Baseline struct{ handles C.baseline }

// OpenBaseline opens a registry in memory with what the calls need.
func OpenBaseline() *Baseline { return &Baseline{C.baseline_open()} }

// Close frees all of it.
func (b *Baseline) Close() { C.baseline_close(b.handles) }

// Trivial asks for the length of a manifest.
func (b *Baseline) Trivial(count int) time.Duration {
	return time.Duration(C.baseline_trivial(b.handles, C.int64_t(count)))
}

// Record reads the record of a run.
func (b *Baseline) Record(count int) time.Duration {
	return time.Duration(C.baseline_record(b.handles, C.int64_t(count)))
}

// Point logs one point of a metric.
func (b *Baseline) Point(count int) time.Duration {
	return time.Duration(C.baseline_point(b.handles, C.int64_t(count)))
}

// Column logs as many points as the columns have, each time.
func (b *Baseline) Column(values []float64, steps, times []int64, count int) time.Duration {
	return time.Duration(C.baseline_column(b.handles,
		(*C.double)(unsafe.SliceData(values)), (*C.int64_t)(unsafe.SliceData(steps)),
		(*C.int64_t)(unsafe.SliceData(times)), C.size_t(len(values)), C.int64_t(count)))
}
