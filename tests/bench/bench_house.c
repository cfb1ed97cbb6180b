/* SPDX-License-Identifier: Apache-2.0 */
/* What the library costs its host: the fork check of a call, its size, its memory. */
#include "base/os_fork.h"
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the fork check --------------------------------------------------------------------------- */

enum { CHECKS = 100000 };

static volatile uint64_t seen;

static uint64_t nothing(void) {
  return 1;
}

/* Called through a pointer that nobody sees through, so that each call is one. */
static void call_often(uint64_t (*volatile *which)(void)) {
  for (int64_t i = 0; i < CHECKS; i++) seen = (*which)();
}

static void check_ours(void *ctx, int64_t round) {
  uint64_t (*volatile function)(void) = mri_fork_generation;
  (void)ctx, (void)round;
  call_often(&function);
}

static void check_call(void *ctx, int64_t round) {
  uint64_t (*volatile function)(void) = nothing;
  (void)ctx, (void)round;
  call_often(&function);
}

static void check_getpid(void *ctx, int64_t round) {
  (void)ctx, (void)round;
  for (int64_t i = 0; i < CHECKS; i++) seen = (uint64_t)getpid();
}

void bench_fork(const char *path) {
  (void)path;
  bench_pair pair = {"fork_check", "ns", 200, CHECKS, NULL, check_ours, NULL, check_call, NULL};
  bench_compare(&pair);
  pair.name = "fork_check_getpid";
  pair.rounds = 20;
  pair.baseline = check_getpid;
  bench_compare(&pair);
}

/* --- the size of the library ------------------------------------------------------------------ */

#define GOAL_KIB 500.0

/* The file that is mapped here, or false. */
static bool find_library(char path[512]) {
  char line[1024];
  bool found = false;
  FILE *maps = fopen("/proc/self/maps", "r");
  if (maps == NULL) return false;
  while (!found && fgets(line, sizeof line, maps) != NULL) {
    const char *start = strchr(line, '/');
    if (start == NULL || strstr(start, "/libmodelreg.so") == NULL) continue;
    found = snprintf(path, 512, "%.*s", (int)strcspn(start, "\n"), start) < 512;
  }
  fclose(maps);
  return found;
}

void bench_library(const char *path) {
  char library[512];
  char stripped[700];
  char command[1400];
  struct stat facts;
  snprintf(stripped, sizeof stripped, "%s.so", path);
  if (!find_library(library)) bench_die("the library is not mapped from a file");
  snprintf(command, sizeof command, "strip -o '%s' '%s'", stripped, library);
  if (system(command) != 0 || stat(stripped, &facts) != 0) bench_die("strip does not work");
  bench_print("library_stripped", (double)facts.st_size / 1024, GOAL_KIB, "KiB");
}

/* --- memory ----------------------------------------------------------------------------------- */

#define QUERY                                                                                      \
  "SELECT v.number, v.digest FROM version v JOIN model m ON m.id = v.model_id "                    \
  "WHERE m.name = 'few-0' AND v.status = 1 AND v.released = 1 ORDER BY v.sort_key DESC LIMIT 1"

/* A block knows its size, which stands in front of it. */
typedef union block {
  size_t size;
  long double align;
} block;

static void *count_allocate(void *ctx, size_t size) {
  size_t *sum = ctx;
  block *made = malloc(sizeof *made + size);
  if (made == NULL) return NULL;
  made->size = size;
  *sum += size;
  return made + 1;
}

static void *count_reallocate(void *ctx, void *memory, size_t size) {
  size_t *sum = ctx;
  block *old = (block *)memory - 1;
  size_t before = old->size;
  block *made = realloc(old, sizeof *made + size);
  if (made == NULL) return NULL;
  made->size = size;
  *sum += size - before;
  return made + 1;
}

static void count_deallocate(void *ctx, void *memory) {
  size_t *sum = ctx;
  block *old = (block *)memory - 1;
  *sum -= old->size;
  free(old);
}

typedef struct usage {
  double heap;     /* KiB that SQLite and we hold */
  double resident; /* KiB of the process */
} usage;

static usage usage_now(const size_t *counted) {
  long long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%*s %lld", &pages) != 1) bench_die("/proc/self/statm");
  fclose(file);
  usage now = {(double)(*counted + (size_t)sqlite3_memory_used()) / 1024,
               (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024};
  return now;
}

static void print_usage(usage opened, usage resolved, usage before) {
  printf("%.1f %.1f %.1f %.1f\n", opened.heap - before.heap, opened.resident - before.resident,
         resolved.heap - before.heap, resolved.resident - before.resident);
}

/* Never closes what it opened: the process ends. */
static void use_ours(const char *path) {
  static size_t counted;
  mr_registry *registry = NULL;
  mr_version *version = NULL;
  mr_allocator allocator = MR_ALLOCATOR_INIT;
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  allocator.ctx = &counted;
  allocator.allocate = count_allocate;
  allocator.reallocate = count_reallocate;
  allocator.deallocate = count_deallocate;
  options.allocator = &allocator;
  usage before = usage_now(&counted);
  bench_check(mr_registry_open(path, &options, &registry, &bench_error));
  usage opened = usage_now(&counted);
  bench_check(mr_registry_resolve(registry, "few-0", NULL, &version, &bench_error));
  mr_version_free(version);
  print_usage(opened, usage_now(&counted), before);
}

static void use_baseline(const char *path) {
  static const size_t none;
  usage before = usage_now(&none);
  sqlite3 *db = bench_sqlite_open(path);
  bench_sqlite_int(db, "SELECT value FROM meta WHERE key = 'id'");
  usage opened = usage_now(&none);
  bench_sqlite_read(bench_sqlite_prepare(db, QUERY));
  print_usage(opened, usage_now(&none), before);
}

int bench_memory_child(const char *side, const char *path) {
  if (strcmp(side, "ours") == 0) {
    use_ours(path);
  } else {
    use_baseline(path);
  }
  return 0;
}

static void ask_child(const char *side, const char *path, double out[4]) {
  char program[512];
  char command[1300];
  ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
  if (size < 0) bench_die("/proc/self/exe");
  program[size] = '\0';
  snprintf(command, sizeof command, "'%s' --memory %s '%s'", program, side, path);
  FILE *child = popen(command, "r");
  if (child == NULL) bench_die("popen");
  if (fscanf(child, "%lf %lf %lf %lf", &out[0], &out[1], &out[2], &out[3]) != 4) {
    bench_die("a child does not answer");
  }
  pclose(child);
}

void bench_memory(const char *path) {
  static const char *const names[4] = {"memory_open_heap", "memory_open_resident",
                                       "memory_resolve_heap", "memory_resolve_resident"};
  static const bench_many few = {"few-", 1, 100};
  double ours[4];
  double baseline[4];
  bench_fill(path, &few);
  ask_child("ours", path, ours);
  ask_child("baseline", path, baseline);
  for (int i = 0; i < 4; i++) bench_print(names[i], ours[i], baseline[i], "KiB");
}
