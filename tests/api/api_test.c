/* SPDX-License-Identifier: Apache-2.0 */
#include "api_test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* 2026-01-01T00:00:00Z */
#define FIRST_US INT64_C(1767225600000000)

mr_error api_error = MR_ERROR_INIT;

static _Atomic int64_t clock_us;
static _Atomic uint64_t random_state;

static bool is_child;

/* A jump out of a child would go on with the parent's tests. */
static void fail_at(const char *file, int line) {
  if (!is_child) _fail(file, line);
  fprintf(stderr, "%s:%d: failed in a child process\n", file, line);
  fflush(stderr);
  _exit(1);
}

void api_ok(mr_status status, const char *call, const char *file, int line) {
  if (status == MR_OK) return;
  print_error("%s: %s: %s\n", call, mr_status_name(status), api_error.message);
  fail_at(file, line);
}

/* Strict enough for what the library itself writes: no control characters, whole characters. */
static bool is_utf8(const char *text) {
  for (const uint8_t *c = (const uint8_t *)text; *c != 0;) {
    int tail = *c < 0x80 ? 0 : *c >= 0xf0 ? 3 : *c >= 0xe0 ? 2 : *c >= 0xc2 ? 1 : -1;
    if (tail < 0 || *c > 0xf4 || *c < 0x20 || *c == 0x7f) return false;
    if (c[0] == 0xc2 && c[1] < 0xa0) return false;
    for (int i = 1; i <= tail; i++) {
      if ((c[i] & 0xc0) != 0x80) return false;
    }
    c += tail + 1;
  }
  return true;
}

bool api_is_good_message(const char *message) {
  size_t size = strlen(message);
  return size > 0 && message[size - 1] != '.' && message[size - 1] != ' ' && is_utf8(message);
}

void api_refused(mr_status status, mr_status expected, const char *words, const char *call,
                 const char *file, int line) {
  bool good = status == expected && (status == MR_OK || api_is_good_message(api_error.message));
  if (good && (words == NULL || strstr(api_error.message, words) != NULL)) return;
  print_error("%s: %s instead of %s%s%s: %s\n", call, mr_status_name(status),
              mr_status_name(expected), words == NULL ? "" : " saying ", words == NULL ? "" : words,
              api_error.message);
  fail_at(file, line);
}

int api_scaled(int count) {
  const char *text = getenv("MR_TEST_SCALE");
  double scale = text == NULL ? 0.2 : strtod(text, NULL);
  double scaled = count * scale;
  return scaled < 1 ? 1 : (int)scaled;
}

int api_setup(void **state) {
  api_place *place = calloc(1, sizeof *place);
  if (place == NULL) return -1;
  (void)snprintf(place->folder, sizeof place->folder, "/tmp/modelreg_api_XXXXXX");
  if (mkdtemp(place->folder) == NULL) {
    free(place);
    return -1;
  }
  (void)snprintf(place->db, sizeof place->db, "%s/R.db", place->folder);
  api_error = (mr_error)MR_ERROR_INIT;
  api_seed(1);
  *state = place;
  return 0;
}

int api_teardown(void **state) {
  api_place *place = *state;
  api_remove_tree(place->folder);
  free(place);
  return 0;
}

const char *api_path(const char *folder, const char *name) {
  static char paths[64][512];
  static unsigned next;
  char *path = paths[next++ % 64];
  int size = snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  assert_in_range(size, 1, sizeof paths[0] - 1);
  return path;
}

void api_write_file(const char *path, const void *bytes, size_t size) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) fail_msg("cannot write %s: %s", path, strerror(errno));
  if (size > 0) assert_int_equal(write(fd, bytes, size), (ssize_t)size);
  assert_int_equal(close(fd), 0);
}

uint8_t *api_read_file(const char *path, size_t *size) {
  struct stat info;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NULL;
  assert_int_equal(fstat(fd, &info), 0);
  uint8_t *bytes = malloc((size_t)info.st_size + 1);
  assert_non_null(bytes);
  assert_int_equal(read(fd, bytes, (size_t)info.st_size), info.st_size);
  assert_int_equal(close(fd), 0);
  *size = (size_t)info.st_size;
  return bytes;
}

bool api_exists(const char *path) {
  struct stat info;
  return lstat(path, &info) == 0;
}

static bool is_dots(const char *name) {
  return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int compare_names(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder, sorted, each to be freed and the array too. */
static char **names_of(const char *folder, size_t *count) {
  DIR *list = opendir(folder);
  if (list == NULL) fail_msg("cannot list %s: %s", folder, strerror(errno));
  char **names = NULL;
  *count = 0;
  for (const struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
    if (is_dots(entry->d_name)) continue;
    names = realloc(names, (*count + 1) * sizeof *names);
    assert_non_null(names);
    names[*count] = strdup(entry->d_name);
    assert_non_null(names[(*count)++]);
  }
  assert_int_equal(closedir(list), 0);
  if (*count > 1) qsort(names, *count, sizeof *names, compare_names);
  return names;
}

void api_remove_tree(const char *path) {
  struct stat info;
  if (lstat(path, &info) != 0) return;
  if (!S_ISDIR(info.st_mode)) {
    assert_int_equal(unlink(path), 0);
    return;
  }
  (void)chmod(path, 0700);
  size_t count = 0;
  char **names = names_of(path, &count);
  for (size_t i = 0; i < count; i++) {
    char inner[512];
    (void)snprintf(inner, sizeof inner, "%s/%s", path, names[i]);
    api_remove_tree(inner);
    free(names[i]);
  }
  free(names);
  assert_int_equal(rmdir(path), 0);
}

static uint64_t sum_of(const uint8_t *bytes, size_t size) {
  uint64_t sum = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
  for (size_t i = 0; i < size; i++) sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
  return sum;
}

static void add_picture(FILE *out, const char *path, const char *name) {
  struct stat info;
  assert_int_equal(lstat(path, &info), 0);
  fprintf(out, "%s %o", name, (unsigned)info.st_mode);
  if (S_ISREG(info.st_mode)) {
    size_t size = 0;
    uint8_t *bytes = api_read_file(path, &size);
    assert_non_null(bytes);
    /* What is in a -shm file is SQLite's memory, which readers rebuild too. */
    const char *end = strrchr(path, '-');
    bool memory = end != NULL && strcmp(end, "-shm") == 0;
    fprintf(out, " %zu %llx", size, (unsigned long long)(memory ? 0 : sum_of(bytes, size)));
    free(bytes);
  }
  if (S_ISLNK(info.st_mode)) {
    char target[256] = "";
    assert_true(readlink(path, target, sizeof target - 1) > 0);
    fprintf(out, " -> %s", target);
  }
  fputc('\n', out);
  if (!S_ISDIR(info.st_mode)) return;
  size_t count = 0;
  char **names = names_of(path, &count);
  for (size_t i = 0; i < count; i++) {
    char inner[512];
    (void)snprintf(inner, sizeof inner, "%s/%s", path, names[i]);
    add_picture(out, inner, inner);
    free(names[i]);
  }
  free(names);
}

char *api_picture(const char *folder) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  assert_non_null(out);
  add_picture(out, folder, ".");
  assert_int_equal(fclose(out), 0);
  return text;
}

void api_assert_picture(const char *folder, char *picture) {
  char *now = api_picture(folder);
  assert_string_equal(now, picture);
  free(now);
  free(picture);
}

int64_t api_clock(void *ctx) {
  (void)ctx;
  return atomic_fetch_add(&clock_us, 1000) + 1000;
}

/* SplitMix64. */
static uint64_t next_random(void) {
  uint64_t z = atomic_fetch_add(&random_state, UINT64_C(0x9E3779B97F4A7C15));
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

void api_random(void *ctx, uint8_t *out, size_t size) {
  (void)ctx;
  for (size_t i = 0; i < size; i++) out[i] = (uint8_t)next_random();
}

void api_seed(uint64_t seed) {
  atomic_store(&clock_us, FIRST_US);
  atomic_store(&random_state, seed * UINT64_C(0xA24BAED4963EE407));
}

mr_open_options api_open_options(uint32_t flags) {
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  options.flags = flags;
  options.actor = "tester";
  options.clock = api_clock;
  options.random = api_random;
  return options;
}

mr_registry *api_open(const char *uri, uint32_t flags) {
  mr_registry *registry = NULL;
  mr_open_options options = api_open_options(flags);
  OK(mr_registry_open(uri, &options, &registry, &api_error));
  return registry;
}

void api_open_refused(const char *path, uint32_t flags, mr_status expected, const char *words) {
  mr_registry *registry = NULL;
  mr_open_options options = api_open_options(flags);
  mr_status status = mr_registry_open(path, &options, &registry, &api_error);
  REFUSED(expected, path, status);
  REFUSED(expected, words, status);
  assert_null(registry);
}

mr_run *api_make_run(mr_registry *registry, double accuracy) {
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  OK(mr_registry_open_experiment(registry, "digits", &experiment, &api_error));
  OK(mr_experiment_start_run(experiment, NULL, &run, &api_error));
  mr_experiment_free(experiment);
  const char *id = mr_run_info(run)->id;
  OK(mr_run_log_param(run, "lr", "0.1", &api_error));
  OK(mr_run_set_tag(run, "team", "vision", &api_error));
  OK(mr_run_log_metric(run, "accuracy", accuracy / 2, 1, &api_error));
  OK(mr_run_log_metric(run, "accuracy", accuracy, 2, &api_error));
  OK(mr_run_log_artifact_bytes(run, "model/weights.bin", (const uint8_t *)id, strlen(id),
                               &api_error));
  OK(mr_run_log_artifact_bytes(run, "model/labels.json", (const uint8_t *)"[0, 1]", 6, &api_error));
  OK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &api_error));
  return run;
}

mr_model *api_make_model(mr_registry *registry) {
  mr_model *model = NULL;
  mr_status status = mr_registry_open_model(registry, "digits", &model, &api_error);
  if (status == MR_NOT_FOUND) {
    status = mr_registry_create_model(registry, "digits", NULL, &model, &api_error);
  }
  OK(status);
  return model;
}

void api_make_gate(mr_registry *registry) {
  mr_gate *gate = NULL;
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  options.model = "digits";
  OK(mr_gate_parse("accuracy: metrics.accuracy >= 0.9", &gate, &api_error));
  OK(mr_registry_attach_gate(registry, gate, &options, &api_error));
  mr_gate_free(gate);
}

mr_request *api_promote(mr_model *model, const char *run_id) {
  mr_request *request = NULL;
  mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
  options.artifact_path = "model";
  OK(mr_model_promote(model, run_id, &options, &request, &api_error));
  return request;
}

mr_version *api_make_version(mr_model *model, const mr_run *run) {
  mr_version *version = NULL;
  mr_request *request = api_promote(model, mr_run_info(run)->id);
  OK(mr_request_version(request, &version, &api_error));
  mr_request_free(request);
  return version;
}

mr_request *api_move(mr_model *model, const char *channel, const char *version,
                     const char *expected) {
  mr_request *request = NULL;
  mr_move_options move = MR_MOVE_OPTIONS_INIT;
  move.channel = channel;
  move.version = version;
  move.expected = expected;
  OK(mr_model_move_channel(model, &move, &request, &api_error));
  return request;
}

int64_t api_count_versions(mr_model *model) {
  mr_version_page *page = NULL;
  OK(mr_model_list_versions(model, NULL, &page, &api_error));
  int64_t count = mr_version_page_count(page);
  mr_version_page_free(page);
  return count;
}

static bool must_fail(api_memory *memory) {
  if (atomic_load(&memory->left) == 0) return false;
  long long left = atomic_fetch_sub(&memory->left, 1);
  if (left > 1) return false;
  atomic_store(&memory->left, atomic_load(&memory->for_ever) ? 1 : 0);
  atomic_store(&memory->fired, true);
  return true;
}

static void *allocate(void *ctx, size_t size) {
  api_memory *memory = ctx;
  if (size == 0) abort(); /* the contract says never */
  void *block = must_fail(memory) ? NULL : malloc(size);
  if (block != NULL) {
    memset(block, 0xa5, size);
    atomic_fetch_add(&memory->live, 1);
  }
  return block;
}

static void *reallocate(void *ctx, void *block, size_t size) {
  if (size == 0 || block == NULL) abort();
  return must_fail(ctx) ? NULL : realloc(block, size);
}

static void deallocate(void *ctx, void *block) {
  api_memory *memory = ctx;
  if (block == NULL) abort();
  atomic_fetch_sub(&memory->live, 1);
  free(block);
}

void api_memory_init(api_memory *memory) {
  memset(memory, 0, sizeof *memory);
  memory->allocator = (mr_allocator)MR_ALLOCATOR_INIT;
  memory->allocator.ctx = memory;
  memory->allocator.allocate = allocate;
  memory->allocator.reallocate = reallocate;
  memory->allocator.deallocate = deallocate;
}

void api_memory_fail(api_memory *memory, int64_t nth, bool for_ever) {
  atomic_store(&memory->fired, false);
  atomic_store(&memory->for_ever, for_ever);
  atomic_store(&memory->left, nth);
}

void api_child_check(bool good, const char *condition, const char *file, int line) {
  if (good) return;
  fprintf(stderr, "%s: %s\n", condition, api_error.message);
  fail_at(file, line);
}

pid_t api_fork(void (*body)(void *ctx), void *ctx) {
  fflush(stdout);
  fflush(stderr);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid > 0) return pid;
  is_child = true;
  body(ctx);
  _exit(0);
}

void api_wait(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) assert_int_equal(errno, EINTR);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}
