/* SPDX-License-Identifier: Apache-2.0 */
/* What a cancel token tells while a call works through content: how much is done, and of how much.
 * The host's memory functions look in the midst of every call, and another thread all the time. */
#include "api_test.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

enum { FILES = 5 };
/* 0; less than a leaf; a leaf; many of them. */
static const size_t sizes[FILES] = {0, 1000, MIB, 2 * MIB + 5, 6 * MIB};

typedef struct look {
  mr_allocator allocator;
  mr_cancel *cancel;
  int64_t least; /* done before the call that is looked at */
  int64_t before;
  int between; /* how often what was done lay between nothing and everything */
  bool watches;
  bool good;
  pthread_t thread; /* the one that makes the calls */
} look;

typedef struct fixture {
  api_place *place;
  look look;
  mr_registry *registry;
  mr_experiment *experiment;
  mr_run *run;
  int64_t total; /* bytes of all files */
  char data[96];
  char target[96];
} fixture;

static void take_a_look(look *l) {
  if (!l->watches || !pthread_equal(pthread_self(), l->thread)) return;
  int64_t done = mr_cancel_done(l->cancel);
  int64_t total = mr_cancel_total(l->cancel);
  l->good = l->good && done >= l->before && done <= total;
  if (done > l->least && done < total) l->between++;
  l->before = done;
}

static void *allocate(void *ctx, size_t size) {
  take_a_look(ctx);
  return malloc(size);
}

static void *reallocate(void *ctx, void *block, size_t size) {
  take_a_look(ctx);
  return realloc(block, size);
}

static void deallocate(void *ctx, void *block) {
  take_a_look(ctx);
  free(block);
}

static void write_files(fixture *f) {
  assert_int_equal(mkdir(f->data, 0755), 0);
  assert_int_equal(mkdir(api_path(f->data, "sub"), 0755), 0);
  for (size_t i = 0; i < FILES; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "%s%zu.bin", i % 2 == 0 ? "" : "sub/", i);
    uint8_t *bytes = malloc(sizes[i] + 1);
    assert_non_null(bytes);
    for (size_t k = 0; k < sizes[i]; k++) bytes[k] = (uint8_t)(k * 13 + (k >> 10) + i);
    api_write_file(api_path(f->data, name), bytes, sizes[i]);
    free(bytes);
    f->total += (int64_t)sizes[i];
  }
}

static int setup(void **state) {
  fixture *f = calloc(1, sizeof *f);
  if (f == NULL || api_setup((void **)&f->place) != 0) return -1;
  f->look.allocator = (mr_allocator)MR_ALLOCATOR_INIT;
  f->look.thread = pthread_self();
  f->look.allocator.ctx = &f->look;
  f->look.allocator.allocate = allocate;
  f->look.allocator.reallocate = reallocate;
  f->look.allocator.deallocate = deallocate;
  mr_open_options options = api_open_options(MR_OPEN_CREATE);
  options.allocator = &f->look.allocator;
  OK(mr_registry_open(f->place->db, &options, &f->registry, &api_error));
  OK(mr_registry_open_experiment(f->registry, "progress", &f->experiment, &api_error));
  OK(mr_experiment_start_run(f->experiment, NULL, &f->run, &api_error));
  OK(mr_cancel_new(&f->look.cancel, &api_error));
  (void)snprintf(f->data, sizeof f->data, "%s/data", f->place->folder);
  (void)snprintf(f->target, sizeof f->target, "%s/out", f->place->folder);
  write_files(f);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  fixture *f = *state;
  mr_cancel_free(f->look.cancel);
  mr_run_free(f->run);
  mr_experiment_free(f->experiment);
  mr_registry_close(f->registry);
  void *place = f->place;
  int result = api_teardown(&place);
  free(f);
  return result;
}

#define progress_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* The next call is looked at. */
static void begin(fixture *f) {
  look *l = &f->look;
  l->least = l->before = mr_cancel_done(l->cancel);
  assert_int_equal(l->least, mr_cancel_total(l->cancel));
  l->between = 0;
  l->good = l->watches = true;
}

/* It has come to its end, and that was so many bytes. `seen`: the memory functions were called in
 * its midst. */
static void end(fixture *f, int64_t bytes, bool seen) {
  look *l = &f->look;
  l->watches = false;
  assert_true(l->good);
  assert_int_equal(mr_cancel_done(l->cancel) - l->least, bytes);
  assert_int_equal(mr_cancel_total(l->cancel), mr_cancel_done(l->cancel));
  assert_int_equal(l->between > 0, seen);
}

static mr_manifest *make_manifest(fixture *f, const mr_cancel *cancel) {
  mr_manifest *manifest = NULL;
  mr_folder_options options = MR_FOLDER_OPTIONS_INIT;
  options.cancel = cancel;
  OK(mr_manifest_new(&manifest, &api_error));
  OK(mr_manifest_add_folder(manifest, f->data, &options, &api_error));
  return manifest;
}

static mr_dataset *freeze(fixture *f, mr_manifest *manifest, const mr_cancel *cancel) {
  mr_dataset *dataset = NULL;
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  options.freeze = 1;
  options.cancel = cancel;
  OK(mr_experiment_log_dataset(f->experiment, "files", manifest, &options, &dataset, &api_error));
  return dataset;
}

static void test_null_has_done_nothing(void **state) {
  const fixture *f = *state;
  assert_int_equal(mr_cancel_done(NULL), 0);
  assert_int_equal(mr_cancel_total(NULL), 0);
  assert_int_equal(mr_cancel_done(f->look.cancel), 0);
  assert_int_equal(mr_cancel_total(f->look.cancel), 0);
}

static void test_manifest_of_a_folder(void **state) {
  fixture *f = *state;
  begin(f);
  mr_manifest *manifest = make_manifest(f, f->look.cancel);
  end(f, f->total, false);
  /* What patterns leave out is no work. */
  static const char *const include[] = {"sub/*"};
  mr_folder_options options = MR_FOLDER_OPTIONS_INIT;
  options.include = include;
  options.include_count = 1;
  options.cancel = f->look.cancel;
  mr_manifest *part = NULL;
  OK(mr_manifest_new(&part, &api_error));
  begin(f);
  OK(mr_manifest_add_folder(part, f->data, &options, &api_error));
  end(f, (int64_t)(sizes[1] + sizes[3]), false);
  mr_manifest_free(part);
  mr_manifest_free(manifest);
}

/* A link in the folder fails the call as it does without a token. */
static void test_folders_that_cannot_be_taken(void **state) {
  fixture *f = *state;
  mr_folder_options options = MR_FOLDER_OPTIONS_INIT;
  mr_manifest *manifest = NULL;
  OK(mr_manifest_new(&manifest, &api_error));
  assert_int_equal(symlink("0.bin", api_path(f->data, "link")), 0);
  for (int i = 0; i < 2; i++) {
    options.cancel = i == 0 ? NULL : f->look.cancel;
    REFUSED(MR_INVALID_ARGUMENT, "link",
            mr_manifest_add_folder(manifest, f->data, &options, &api_error));
    REFUSED(MR_NOT_FOUND, "nothing",
            mr_manifest_add_folder(manifest, api_path(f->data, "nothing"), &options, &api_error));
  }
  mr_manifest_free(manifest);
  assert_true(mr_cancel_done(f->look.cancel) <= mr_cancel_total(f->look.cancel));
}

static void test_dataset(void **state) {
  fixture *f = *state;
  mr_cancel *cancel = f->look.cancel;
  mr_manifest *manifest = make_manifest(f, NULL);
  assert_int_equal(mr_cancel_total(cancel), 0);
  /* Copied; then found there already. */
  for (int i = 0; i < 2; i++) {
    begin(f);
    mr_dataset_free(freeze(f, manifest, cancel));
    end(f, f->total, true);
  }
  mr_dataset *dataset = freeze(f, manifest, NULL);
  mr_verify_options verify = MR_VERIFY_OPTIONS_INIT;
  verify.cancel = cancel;
  begin(f);
  OK(mr_dataset_verify(dataset, f->data, &verify, NULL, &api_error));
  end(f, f->total, true);
  mr_fetch_options fetch = MR_FETCH_OPTIONS_INIT;
  fetch.cancel = cancel;
  for (int i = 0; i < 2; i++) {
    begin(f);
    OK(mr_dataset_fetch(dataset, f->target, &fetch, NULL, &api_error));
    end(f, f->total, true);
  }
  mr_dataset_free(dataset);
  mr_manifest_free(manifest);
}

/* Whatever is wrong with the files, the total is that of the dataset. */
static void test_verify_counts_what_is_wrong_too(void **state) {
  fixture *f = *state;
  mr_manifest *manifest = make_manifest(f, NULL);
  mr_dataset *dataset = freeze(f, manifest, NULL);
  mr_verify_options options = MR_VERIFY_OPTIONS_INIT;
  mr_report *report = NULL;
  options.cancel = f->look.cancel;
  assert_int_equal(unlink(api_path(f->data, "4.bin")), 0);
  uint8_t *longer = calloc(3, MIB);
  assert_non_null(longer);
  api_write_file(api_path(f->data, "2.bin"), longer, 3 * MIB);
  api_write_file(api_path(f->data, "sub/3.bin"), longer, 10);
  api_write_file(api_path(f->data, "extra.bin"), longer, 2 * MIB);
  free(longer);
  begin(f);
  OK(mr_dataset_verify(dataset, f->data, &options, &report, &api_error));
  end(f, f->total, true);
  assert_int_equal(mr_report_info(report)->problem_count, 4);
  mr_report_free(report);
  mr_dataset_free(dataset);
  mr_manifest_free(manifest);
}

static void test_artifacts(void **state) {
  fixture *f = *state;
  mr_artifact_options options = MR_ARTIFACT_OPTIONS_INIT;
  options.cancel = f->look.cancel;
  begin(f);
  OK(mr_run_log_artifact(f->run, f->data, "first", &options, &api_error));
  end(f, f->total, true);
  begin(f);
  OK(mr_run_log_artifact(f->run, f->data, "again", &options, &api_error));
  end(f, f->total, true);
  const char *file = api_path(f->data, "4.bin");
  begin(f);
  OK(mr_run_log_artifact(f->run, file, "alone.bin", &options, &api_error));
  end(f, (int64_t)sizes[4], true);
  mr_check_options check = MR_CHECK_OPTIONS_INIT;
  check.evidence_path = file;
  check.cancel = f->look.cancel;
  begin(f);
  OK(mr_run_log_check(f->run, "audit", MR_CHECK_RESULT_PASSED, &check, &api_error));
  end(f, (int64_t)sizes[4], true);
}

/* A file that only has a digest for the whole is read twice to be copied, and counts once. */
static void test_links(void **state) {
  fixture *f = *state;
  mr_link_options link = MR_LINK_OPTIONS_INIT;
  char uri[160];
  const mr_manifest_entry_record *entry = NULL;
  mr_manifest *manifest = make_manifest(f, NULL);
  for (int64_t i = 0; i < mr_manifest_count(manifest); i++) {
    entry = mr_manifest_at(manifest, i);
    char path[64];
    (void)snprintf(uri, sizeof uri, "file://%s/%s", f->data, entry->path);
    (void)snprintf(path, sizeof path, "model/%s", entry->path);
    link.path = path;
    link.uri = uri;
    link.digest = entry->digest;
    link.size = entry->size;
    OK(mr_run_log_artifact_link(f->run, &link, &api_error));
  }
  mr_manifest_free(manifest);
  OK(mr_run_log_param(f->run, "lr", "0.1", &api_error));
  OK(mr_run_finish(f->run, MR_RUN_STATUS_FINISHED, &api_error));
  mr_model *model = api_make_model(f->registry);
  mr_version *version = api_make_version(model, f->run);
  mr_fetch_options fetch = MR_FETCH_OPTIONS_INIT;
  mr_verify_options verify = MR_VERIFY_OPTIONS_INIT;
  fetch.cancel = verify.cancel = f->look.cancel;
  begin(f);
  OK(mr_version_fetch(version, f->target, &fetch, NULL, &api_error));
  end(f, f->total, true);
  begin(f);
  OK(mr_version_verify(version, NULL, &verify, NULL, &api_error));
  end(f, f->total, true);
  mr_version_free(version);
  mr_model_free(model);
}

/* A call that was called off has not done everything, and what it has is still true. */
static void test_a_triggered_token_keeps_its_counts(void **state) {
  fixture *f = *state;
  mr_artifact_options options = MR_ARTIFACT_OPTIONS_INIT;
  options.cancel = f->look.cancel;
  OK(mr_run_log_artifact(f->run, f->data, NULL, &options, &api_error));
  mr_cancel_trigger(f->look.cancel);
  REFUSED(MR_CANCELLED, NULL, mr_run_log_artifact(f->run, f->data, "x", &options, &api_error));
  assert_int_equal(mr_cancel_done(f->look.cancel), f->total);
  assert_int_equal(mr_cancel_total(f->look.cancel), f->total);
}

typedef struct watcher {
  const mr_cancel *cancel;
  atomic_bool over;
  atomic_llong looks;
  bool good;
} watcher;

static void *watch(void *ctx) {
  watcher *w = ctx;
  int64_t before = 0;
  w->good = true;
  while (!atomic_load(&w->over)) {
    int64_t done = mr_cancel_done(w->cancel);
    int64_t total = mr_cancel_total(w->cancel);
    w->good = w->good && done >= before && done <= total;
    before = done;
    atomic_fetch_add(&w->looks, 1);
  }
  return NULL;
}

static void test_another_thread_watches(void **state) {
  fixture *f = *state;
  watcher w = {.cancel = f->look.cancel};
  pthread_t thread;
  mr_artifact_options options = MR_ARTIFACT_OPTIONS_INIT;
  options.cancel = f->look.cancel;
  atomic_init(&w.over, false);
  atomic_init(&w.looks, 0);
  assert_int_equal(pthread_create(&thread, NULL, watch, &w), 0);
  while (atomic_load(&w.looks) == 0) {
  }
  int rounds = api_scaled(10);
  for (int i = 0; i < rounds; i++) {
    char name[16];
    (void)snprintf(name, sizeof name, "x%d", i);
    OK(mr_run_log_artifact(f->run, f->data, name, &options, &api_error));
  }
  atomic_store(&w.over, true);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_true(w.good);
  assert_int_equal(mr_cancel_done(f->look.cancel), rounds * f->total);
  assert_int_equal(mr_cancel_total(f->look.cancel), rounds * f->total);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      progress_test(test_null_has_done_nothing),
      progress_test(test_manifest_of_a_folder),
      progress_test(test_folders_that_cannot_be_taken),
      progress_test(test_dataset),
      progress_test(test_verify_counts_what_is_wrong_too),
      progress_test(test_artifacts),
      progress_test(test_links),
      progress_test(test_a_triggered_token_keeps_its_counts),
      progress_test(test_another_thread_watches),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
