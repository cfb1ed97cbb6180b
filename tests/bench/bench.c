/* SPDX-License-Identifier: Apache-2.0 */
/* bench [NAME...]: prints `NAME ratio=R ours=A baseline=B unit=U`, the medians of one call, the
 * baseline measured in the same run, in turn with ours. Works in a folder of its own under TMPDIR or
 * /tmp and removes it; what is durable costs what a sync costs there.
 *
 *   log       a point through a metric handle; the clock and a store of 32 bytes
 *   open      open and close a registry; sqlite3_open and a first SELECT
 *   verify    read and verify a large artifact; BLAKE2b of the same bytes in memory
 *   promote   promote a run; one transaction that writes the same rows into a copy of the registry
 *   channel   move a channel, and roll it back; the same
 *   resolve   references among 100 and 100,000 versions, and among 10,000 models; the bare prepared
 *             query for the same columns in a transaction of its own. `flat` is 100,000 by 100. The
 *             versions are rows like those of one real promotion, written by plain SQL: bench_fill.c
 *   gate      judge 20 rules, attached and at hand; 20 prepared SELECTs of the same values
 *   query     parse, and evaluate with reasons, in memory; SQLite's prepare, and its run of what it
 *             has prepared, of the same text. Expressions a second are 1e9 by ns */
#define _XOPEN_SOURCE 700 /* nftw */
#include "bench.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

mr_error bench_error = MR_ERROR_INIT;

void bench_die(const char *what) {
  fprintf(stderr, "bench: %s\n", what);
  exit(1);
}

void bench_check(mr_status status) {
  if (status != MR_OK) bench_die(bench_error.message);
}

void *bench_alloc(size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (memory == NULL) bench_die("out of memory");
  return memory;
}

static double now_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double timed(bench_step *step, void *ctx, int64_t round) {
  double start = now_seconds();
  step(ctx, round);
  return now_seconds() - start;
}

static int compare_doubles(const void *a, const void *b) {
  const double *x = a;
  const double *y = b;
  return (*x > *y) - (*x < *y);
}

static double median(double *samples, int64_t count) {
  qsort(samples, (size_t)count, sizeof *samples, compare_doubles);
  return (samples[count / 2] + samples[(count - 1) / 2]) / 2;
}

void bench_compare(const bench_pair *pair) {
  double *ours = bench_alloc((size_t)pair->rounds, sizeof *ours);
  double *baseline = bench_alloc((size_t)pair->rounds, sizeof *baseline);
  for (int64_t i = 0; i < pair->rounds; i++) {
    if (pair->prepare != NULL) pair->prepare(pair->ctx, i);
    bool first = pair->between != NULL || i % 2 == 0;
    if (first) ours[i] = timed(pair->ours, pair->ctx, i);
    if (pair->between != NULL) pair->between(pair->ctx, i);
    baseline[i] = timed(pair->baseline, pair->ctx, i);
    if (!first) ours[i] = timed(pair->ours, pair->ctx, i);
  }
  double scale = strcmp(pair->unit, "ns") == 0 ? 1e9 : strcmp(pair->unit, "us") == 0 ? 1e6 : 1e3;
  double a = median(ours, pair->rounds) / (double)pair->calls;
  double b = median(baseline, pair->rounds) / (double)pair->calls;
  printf("%s ratio=%.2f ours=%.4g baseline=%.4g unit=%s\n", pair->name, a / b, a * scale, b * scale,
         pair->unit);
  fflush(stdout);
  free(ours);
  free(baseline);
}

static int remove_entry(const char *name, const struct stat *facts, int type, struct FTW *walk) {
  (void)facts, (void)type, (void)walk;
  return remove(name);
}

static bool is_wanted(int argc, char **argv, const char *name) {
  if (argc == 1) return true;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], name) == 0) return true;
  }
  return false;
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(const char *path);
  } benches[] = {{"log", bench_log},         {"open", bench_open},       {"verify", bench_verify},
                 {"promote", bench_promote}, {"channel", bench_channel}, {"resolve", bench_resolve},
                 {"gate", bench_gate},       {"query", bench_query}};
  char folder[512];
  char path[640];
  const char *root = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/modelreg-bench-XXXXXX", root == NULL ? "/tmp" : root);
  if (mkdtemp(folder) == NULL) bench_die("mkdtemp");
  for (size_t b = 0; b < sizeof benches / sizeof benches[0]; b++) {
    if (!is_wanted(argc, argv, benches[b].name)) continue;
    snprintf(path, sizeof path, "%s/%s.db", folder, benches[b].name);
    benches[b].run(path);
  }
  nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  return 0;
}
