/* SPDX-License-Identifier: Apache-2.0 */
/* bench [NAME...]: prints `NAME ratio=R ours=A baseline=B unit=U`, the medians of one call, the
 * baseline measured in the same run, in turn with ours. Works in a folder of its own under TMPDIR
 * or /tmp and removes it; what is durable costs what a sync costs there.
 *
 * bench --list: what can be named, each line that it prints, and the goal for its ratio. */
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

double bench_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double timed(bench_step *step, void *ctx, int64_t round) {
  double start = bench_seconds();
  step(ctx, round);
  return bench_seconds() - start;
}

static int compare_doubles(const void *a, const void *b) {
  const double *x = a;
  const double *y = b;
  return (*x > *y) - (*x < *y);
}

double bench_quantile(double *samples, size_t count, double share) {
  qsort(samples, count, sizeof *samples, compare_doubles);
  size_t at = (size_t)((double)count * share);
  return samples[at < count ? at : count - 1];
}

static double median(double *samples, int64_t count) {
  qsort(samples, (size_t)count, sizeof *samples, compare_doubles);
  return (samples[count / 2] + samples[(count - 1) / 2]) / 2;
}

void bench_print(const char *name, double ours, double baseline, const char *unit) {
  printf("%s ratio=%.2f ours=%.4g baseline=%.4g unit=%s\n", name, ours / baseline, ours, baseline,
         unit);
  fflush(stdout);
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
  bench_print(pair->name, a * scale, b * scale, pair->unit);
  free(ours);
  free(baseline);
}

static int remove_entry(const char *name, const struct stat *facts, int type, struct FTW *walk) {
  (void)facts, (void)type, (void)walk;
  return remove(name);
}

void bench_remove(const char *path) {
  static const char *const beside[] = {"", "-wal", "-shm", "-journal"};
  char name[800];
  for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
    snprintf(name, sizeof name, "%s%s", path, beside[i]);
    remove(name);
  }
  snprintf(name, sizeof name, "%s.d", path);
  nftw(name, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* nftw hands nothing on. */
static bench_files *found;

static int add_file(const char *name, const struct stat *facts, int type, struct FTW *walk) {
  (void)walk;
  if (type != FTW_F) return 0;
  if (found->count == sizeof found->at / sizeof found->at[0]) bench_die("too many files");
  struct bench_file *file = &found->at[found->count++];
  snprintf(file->path, sizeof file->path, "%s", name);
  file->size = (int64_t)facts->st_size;
  return 0;
}

bench_files *bench_files_of(const char *path) {
  char folder[800];
  bench_files *files = bench_alloc(1, sizeof *files);
  snprintf(folder, sizeof folder, "%s.d", path);
  found = files;
  if (nftw(path, add_file, 16, FTW_PHYS) != 0) bench_die(path);
  if (nftw(folder, add_file, 16, FTW_PHYS) != 0) bench_die(folder);
  return files;
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
  } benches[] = {{"log", bench_log},         {"points", bench_points},   {"open", bench_open},
                 {"memory", bench_memory},   {"fork", bench_fork},       {"library", bench_library},
                 {"verify", bench_verify},   {"promote", bench_promote}, {"channel", bench_channel},
                 {"resolve", bench_resolve}, {"gate", bench_gate},       {"query", bench_query},
                 {"fsck", bench_fsck},       {"backup", bench_backup}};
  if (argc == 2 && strcmp(argv[1], "--list") == 0) return bench_list(), 0;
  if (argc == 4 && strcmp(argv[1], "--memory") == 0) return bench_memory_child(argv[2], argv[3]);
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
