/* SPDX-License-Identifier: Apache-2.0 */
/* Files behind artifacts and datasets: changed, cut, gone, replaced by links. Nothing but the right
 * bytes is ever handed out, and nothing is written outside of the folder that was named. */
#include "api_test.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

typedef struct fixture {
  api_place *place;
  mr_registry *registry;
  mr_run *run;
  mr_version *version;
  char small[160]; /* where the blob store keeps "model/labels.json" */
  char large[160]; /* and "model/large.bin", 3 MiB and 5 bytes */
  char target[96]; /* a folder that is not there yet */
} fixture;

static void find_blob(fixture *f, const char *path, char out[160]) {
  mr_blob *blob = NULL;
  OK(mr_run_open_artifact(f->run, path, &blob, &api_error));
  const char *digest = mr_blob_info(blob)->digest;
  (void)snprintf(out, 160, "%s.d/blobs/%.2s/%s", f->place->db, digest, digest + 2);
  mr_blob_free(blob);
  assert_true(api_exists(out));
}

static uint8_t *large_bytes(size_t *size) {
  *size = 3 * MIB + 5;
  uint8_t *bytes = malloc(*size);
  assert_non_null(bytes);
  for (size_t i = 0; i < *size; i++) bytes[i] = (uint8_t)(i * 7 + (i >> 12));
  return bytes;
}

static int setup(void **state) {
  fixture *f = calloc(1, sizeof *f);
  if (f == NULL || api_setup((void **)&f->place) != 0) return -1;
  (void)snprintf(f->target, sizeof f->target, "%s/out", f->place->folder);
  f->registry = api_open(f->place->db, MR_OPEN_CREATE);
  f->run = api_make_run(f->registry, 0.99);
  size_t size = 0;
  uint8_t *bytes = large_bytes(&size);
  OK(mr_run_log_artifact_bytes(f->run, "model/large.bin", bytes, size, &api_error));
  free(bytes);
  mr_model *model = api_make_model(f->registry);
  f->version = api_make_version(model, f->run);
  mr_model_free(model);
  find_blob(f, "model/labels.json", f->small);
  find_blob(f, "model/large.bin", f->large);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  fixture *f = *state;
  mr_version_free(f->version);
  mr_run_free(f->run);
  mr_registry_close(f->registry);
  void *place = f->place;
  int result = api_teardown(&place);
  free(f);
  return result;
}

#define file_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* Files of the store are read-only: whoever tampers has to want to. */
static void overwrite(const char *path, const void *bytes, size_t size) {
  (void)chmod(path, 0644);
  api_write_file(path, bytes, size);
}

/* All ways to the bytes of an artifact answer so, and name it. */
static void assert_unreachable(fixture *f, const char *name, mr_status expected,
                               mr_problem problem) {
  char path[64];
  (void)snprintf(path, sizeof path, "model/%s", name);
  for (int of_version = 0; of_version <= 1; of_version++) {
    mr_blob *blob = NULL;
    const uint8_t *data = NULL;
    mr_status status = of_version ? mr_version_open_artifact(f->version, name, &blob, &api_error)
                                  : mr_run_open_artifact(f->run, path, &blob, &api_error);
    if (status == MR_OK) status = mr_blob_map(blob, &data, &api_error);
    api_refused(status, expected, NULL, name, __FILE__, __LINE__);
    assert_null(data);
    mr_blob_free(blob);
  }
  REFUSED(expected, name, mr_version_fetch(f->version, f->target, NULL, NULL, &api_error));
  assert_false(api_exists(api_path(f->target, name)));
  api_remove_tree(f->target);
  mr_report *report = NULL;
  OK(mr_version_verify(f->version, NULL, NULL, &report, &api_error));
  assert_int_equal(mr_report_info(report)->file_count, 3);
  assert_int_equal(mr_report_info(report)->problem_count, 1);
  assert_int_equal(mr_report_at(report, 0)->problem, problem);
  assert_string_equal(mr_report_at(report, 0)->path, name);
  assert_true(api_is_good_message(mr_report_at(report, 0)->message));
  assert_null(mr_report_at(report, 1));
  mr_report_free(report);
  REFUSED(MR_TAMPERED, name, mr_version_verify(f->version, NULL, NULL, NULL, &api_error));
}

static void test_changed_bytes(void **state) {
  fixture *f = *state;
  size_t size = 0;
  uint8_t *bytes = api_read_file(f->small, &size);
  assert_int_equal(size, 6);
  for (size_t i = 0; i < size; i++) {
    bytes[i] ^= 0x20;
    overwrite(f->small, bytes, size);
    assert_unreachable(f, "labels.json", MR_TAMPERED, MR_PROBLEM_CHANGED);
    bytes[i] ^= 0x20;
  }
  overwrite(f->small, bytes, size);
  OK(mr_version_verify(f->version, NULL, NULL, NULL, &api_error));
  free(bytes);
}

static void test_other_sizes(void **state) {
  fixture *f = *state;
  size_t size = 0;
  uint8_t *bytes = api_read_file(f->small, &size);
  for (size_t length = 0; length < size; length++) {
    overwrite(f->small, bytes, length);
    assert_unreachable(f, "labels.json", MR_TAMPERED, MR_PROBLEM_CHANGED);
  }
  uint8_t more[7];
  memcpy(more, bytes, size);
  more[6] = '\n';
  overwrite(f->small, more, sizeof more);
  assert_unreachable(f, "labels.json", MR_TAMPERED, MR_PROBLEM_CHANGED);
  free(bytes);
}

static void test_deleted(void **state) {
  fixture *f = *state;
  assert_int_equal(unlink(f->small), 0);
  assert_unreachable(f, "labels.json", MR_NOT_FOUND, MR_PROBLEM_MISSING);
}

/* Where the file was there is something else, with the right content even. */
static void test_replaced(void **state) {
  fixture *f = *state;
  const char *aside = api_path(f->place->folder, "aside");
  mr_report *report = NULL;
  (void)alarm(60); /* opening a pipe must not wait for somebody who writes to it */
  for (int kind = 0; kind < 3; kind++) {
    assert_int_equal(rename(f->small, aside), 0);
    if (kind == 0) assert_int_equal(symlink(aside, f->small), 0);
    if (kind == 1) assert_int_equal(mkdir(f->small, 0755), 0);
    if (kind == 2) assert_int_equal(mkfifo(f->small, 0644), 0);
    mr_blob *blob = NULL;
    mr_status status = mr_version_open_artifact(f->version, "labels.json", &blob, &api_error);
    assert_int_not_equal(status, MR_OK);
    assert_null(blob);
    assert_non_null(strstr(api_error.message, "labels.json"));
    assert_true(api_is_good_message(api_error.message));
    assert_int_not_equal(mr_version_fetch(f->version, f->target, NULL, NULL, &api_error), MR_OK);
    assert_false(api_exists(api_path(f->target, "labels.json")));
    OK(mr_version_verify(f->version, NULL, NULL, &report, &api_error));
    assert_int_equal(mr_report_info(report)->problem_count, 1);
    mr_report_free(report);
    api_remove_tree(f->small);
    assert_int_equal(rename(aside, f->small), 0);
  }
  (void)alarm(0);
  OK(mr_version_verify(f->version, NULL, NULL, NULL, &api_error));
}

/* Only the MiB that was changed is refused: the rest can still be read, and is right. */
static void test_large(void **state) {
  fixture *f = *state;
  size_t size = 0;
  size_t got = 0;
  uint8_t *bytes = large_bytes(&size);
  uint8_t *part = malloc(MIB);
  assert_non_null(part);
  bytes[2 * MIB + 17] ^= 1;
  overwrite(f->large, bytes, size);
  bytes[2 * MIB + 17] ^= 1;
  mr_blob *blob = NULL;
  OK(mr_run_open_artifact(f->run, "model/large.bin", &blob, &api_error));
  for (size_t leaf = 0; leaf < 4; leaf++) {
    size_t length = leaf == 3 ? 5 : MIB;
    got = 77;
    mr_status status = mr_blob_read(blob, (int64_t)(leaf * MIB), part, MIB, &got, &api_error);
    if (leaf == 2) {
      REFUSED(MR_TAMPERED, NULL, status);
      assert_int_equal(got, 77);
      assert_int_not_equal(part[17],
                           bytes[2 * MIB + 17] ^ 1); /* what was not verified is not there */
      continue;
    }
    OK(status);
    assert_int_equal(got, length);
    assert_memory_equal(part, bytes + leaf * MIB, length);
  }
  /* Over the border of two leaves. */
  REFUSED(MR_TAMPERED, NULL,
          mr_blob_read(blob, (int64_t)(2 * MIB - 10), part, 20, &got, &api_error));
  OK(mr_blob_read(blob, (int64_t)(MIB - 10), part, 20, &got, &api_error));
  assert_memory_equal(part, bytes + MIB - 10, 20);
  mr_blob_free(blob);
  assert_unreachable(f, "large.bin", MR_TAMPERED, MR_PROBLEM_CHANGED);
  free(part);
  free(bytes);
}

/* The list of leaves is no truth of its own: with a wrong one nothing wrong is handed out. */
static void test_large_with_forged_leaves(void **state) {
  fixture *f = *state;
  char leaves[192];
  size_t size = 0;
  (void)snprintf(leaves, sizeof leaves, "%s.leaves", f->large);
  if (!api_exists(leaves)) skip();
  uint8_t *list = api_read_file(leaves, &size);
  for (size_t at = 0; at < size; at += 1 + size / 40) {
    list[at] ^= 0x10;
    overwrite(leaves, list, size);
    list[at] ^= 0x10;
    mr_blob *blob = NULL;
    const uint8_t *data = NULL;
    mr_status status = mr_run_open_artifact(f->run, "model/large.bin", &blob, &api_error);
    if (status == MR_OK) status = mr_blob_map(blob, &data, &api_error);
    if (status == MR_OK) {
      size_t good_size = 0;
      uint8_t *good = large_bytes(&good_size);
      assert_memory_equal(data, good, good_size);
      free(good);
    } else {
      REFUSED(MR_TAMPERED, NULL, status);
    }
    mr_blob_free(blob);
  }
  free(list);
  assert_int_equal(unlink(leaves), 0);
  mr_blob *blob = NULL;
  const uint8_t *data = NULL;
  OK(mr_run_open_artifact(f->run, "model/large.bin", &blob, &api_error));
  OK(mr_blob_map(blob, &data, &api_error));
  mr_blob_free(blob);
}

/* An artifact that is logged again heals the store. */
static void test_logged_again(void **state) {
  fixture *f = *state;
  overwrite(f->small, "[0, 2]", 6);
  mr_run *run = api_make_run(f->registry, 0.5); /* has labels.json too */
  mr_blob *blob = NULL;
  const uint8_t *data = NULL;
  OK(mr_run_open_artifact(run, "model/labels.json", &blob, &api_error));
  OK(mr_blob_map(blob, &data, &api_error));
  assert_memory_equal(data, "[0, 1]", 6);
  mr_blob_free(blob);
  mr_run_free(run);
  OK(mr_version_verify(f->version, NULL, NULL, NULL, &api_error));
}

static void expect_problems(mr_report *report, const char *const *paths, const mr_problem *problems,
                            int64_t count) {
  const mr_report_record *sums = mr_report_info(report);
  if (sums->problem_count != count) {
    for (int64_t i = 0; i < sums->problem_count; i++) {
      print_error("%s\n", mr_report_at(report, i)->message);
    }
  }
  assert_int_equal(sums->problem_count, count);
  for (int64_t i = 0; i < count; i++) {
    const mr_problem_record *problem = mr_report_at(report, i);
    assert_string_equal(problem->path, paths[i]);
    assert_int_equal(problem->problem, problems[i]);
    assert_non_null(strstr(problem->message, paths[i]));
    assert_true(api_is_good_message(problem->message));
  }
}

static void test_verify_folder(void **state) {
  fixture *f = *state;
  mr_report *report = NULL;
  REFUSED(MR_NOT_FOUND, f->target,
          mr_version_verify(f->version, f->target, NULL, &report, &api_error));
  OK(mr_version_fetch(f->version, f->target, NULL, &report, &api_error));
  assert_int_equal(mr_report_info(report)->file_count, 3);
  assert_int_equal(mr_report_info(report)->problem_count, 0);
  mr_report_free(report);
  OK(mr_version_verify(f->version, f->target, NULL, NULL, &api_error));
  /* One of each problem. */
  api_write_file(api_path(f->target, "labels.json"), "[0, 2]", 6);
  assert_int_equal(unlink(api_path(f->target, "large.bin")), 0);
  api_write_file(api_path(f->target, "extra.txt"), "x", 1);
  assert_int_equal(mkdir(api_path(f->target, "z"), 0755), 0);
  assert_int_equal(symlink("../../nowhere", api_path(f->target, "z/link")), 0);
  assert_int_equal(
      rename(api_path(f->target, "weights.bin"), api_path(f->place->folder, "weights.bin")), 0);
  assert_int_equal(symlink("../weights.bin", api_path(f->target, "weights.bin")), 0);
  static const char *const paths[] = {"extra.txt", "labels.json", "large.bin", "weights.bin",
                                      "z/link"};
  static const mr_problem problems[] = {MR_PROBLEM_EXTRA, MR_PROBLEM_CHANGED, MR_PROBLEM_MISSING,
                                        MR_PROBLEM_UNREADABLE, MR_PROBLEM_EXTRA};
  OK(mr_version_verify(f->version, f->target, NULL, &report, &api_error));
  expect_problems(report, paths, problems, 5);
  mr_report_free(report);
  REFUSED(MR_TAMPERED, "extra.txt",
          mr_version_verify(f->version, f->target, NULL, NULL, &api_error));
  assert_non_null(strstr(api_error.message, "4 more"));
  mr_verify_options options = MR_VERIFY_OPTIONS_INIT;
  options.flags = MR_VERIFY_ALLOW_EXTRA;
  OK(mr_version_verify(f->version, f->target, &options, &report, &api_error));
  expect_problems(report, paths + 1, problems + 1, 3);
  mr_report_free(report);
  /* Fetching again mends all of it and leaves what it does not know alone. */
  OK(mr_version_fetch(f->version, f->target, NULL, NULL, &api_error));
  OK(mr_version_verify(f->version, f->target, &options, NULL, &api_error));
  assert_true(api_exists(api_path(f->target, "extra.txt")));
  REFUSED(MR_INVALID_ARGUMENT, NULL,
          mr_version_verify(f->version, api_path(f->target, "extra.txt"), NULL, NULL, &api_error));
}

/* Links that somebody planted where fetched files go. */
static void test_planted_links(void **state) {
  fixture *f = *state;
  const char *victim = api_path(f->place->folder, "victim");
  const char *labels = api_path(f->target, "labels.json");
  assert_int_equal(mkdir(f->target, 0755), 0);
  for (int kind = 0; kind < 3; kind++) {
    api_write_file(victim, "precious", 8);
    if (kind == 0) assert_int_equal(symlink(victim, labels), 0);
    if (kind == 1) assert_int_equal(symlink("../nowhere", labels), 0);
    if (kind == 2) assert_int_equal(link(victim, labels), 0);
    OK(mr_version_fetch(f->version, f->target, NULL, NULL, &api_error));
    OK(mr_version_verify(f->version, f->target, NULL, NULL, &api_error));
    size_t size = 0;
    uint8_t *bytes = api_read_file(victim, &size);
    assert_int_equal(size, 8);
    assert_memory_equal(bytes, "precious", 8);
    free(bytes);
    assert_false(api_exists(api_path(f->place->folder, "nowhere")));
    assert_int_equal(unlink(labels), 0);
  }
}

/* The same for the folders on the way. */
static void test_planted_folders(void **state) {
  fixture *f = *state;
  mr_manifest *manifest = NULL;
  mr_experiment *experiment = NULL;
  mr_dataset *dataset = NULL;
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  const char *file = api_path(f->place->folder, "file");
  const char *victim = api_path(f->place->folder, "victim");
  options.freeze = 1;
  api_write_file(file, "content", 7);
  OK(mr_registry_open_experiment(f->registry, "digits", &experiment, &api_error));
  OK(mr_manifest_new(&manifest, &api_error));
  OK(mr_manifest_add_file(manifest, file, "a/b/file", &api_error));
  OK(mr_experiment_log_dataset(experiment, "d", manifest, &options, &dataset, &api_error));
  assert_int_equal(mkdir(victim, 0755), 0);
  assert_int_equal(mkdir(api_path(victim, "b"), 0755), 0);
  char *before = api_picture(victim);
  static const char *const links[] = {"a", "a/b"};
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(mkdir(f->target, 0755), 0);
    if (i == 1) assert_int_equal(mkdir(api_path(f->target, "a"), 0755), 0);
    assert_int_equal(symlink(victim, api_path(f->target, links[i])), 0);
    mr_status status = mr_dataset_fetch(dataset, f->target, NULL, NULL, &api_error);
    assert_int_not_equal(status, MR_OK);
    assert_true(api_is_good_message(api_error.message));
    REFUSED(MR_TAMPERED, NULL, mr_dataset_verify(dataset, f->target, NULL, NULL, &api_error));
    api_remove_tree(f->target);
  }
  api_assert_picture(victim, before);
  OK(mr_dataset_fetch(dataset, f->target, NULL, NULL, &api_error));
  OK(mr_dataset_verify(dataset, f->target, NULL, NULL, &api_error));
  mr_dataset_free(dataset);
  mr_manifest_free(manifest);
  mr_experiment_free(experiment);
}

/* What cannot be an artifact or part of a dataset is refused, and nothing is recorded. */
static void test_special_files(void **state) {
  fixture *f = *state;
  const char *folder = api_path(f->place->folder, "special");
  static const char *const kinds[] = {"link", "pipe"};
  (void)alarm(60);
  for (size_t i = 0; i < 2; i++) {
    mr_manifest *manifest = NULL;
    mr_folder_options options = MR_FOLDER_OPTIONS_INIT;
    mr_artifact_page *page = NULL;
    mr_run *run = api_make_run(f->registry, 0.5);
    assert_int_equal(mkdir(folder, 0755), 0);
    api_write_file(api_path(folder, "a"), "a", 1);
    const char *special = api_path(folder, kinds[i]);
    assert_int_equal(i == 0 ? symlink("a", special) : mkfifo(special, 0644), 0);
    REFUSED(MR_INVALID_ARGUMENT, kinds[i],
            mr_run_log_artifact(run, folder, "new", NULL, &api_error));
    OK(mr_run_list_artifacts(run, NULL, &page, &api_error));
    assert_int_equal(mr_artifact_page_count(page), 2);
    OK(mr_manifest_new(&manifest, &api_error));
    REFUSED(MR_INVALID_ARGUMENT, kinds[i],
            mr_manifest_add_folder(manifest, folder, NULL, &api_error));
    assert_int_equal(mr_manifest_count(manifest), 0);
    options.exclude = &kinds[i];
    options.exclude_count = 1;
    OK(mr_manifest_add_folder(manifest, folder, &options, &api_error));
    assert_int_equal(mr_manifest_count(manifest), 1);
    if (i == 1) {
      REFUSED(MR_INVALID_ARGUMENT, special,
              mr_run_log_artifact(run, special, NULL, NULL, &api_error));
      REFUSED(MR_INVALID_ARGUMENT, special,
              mr_manifest_add_file(manifest, special, NULL, &api_error));
    }
    mr_manifest_free(manifest);
    mr_artifact_page_free(page);
    mr_run_free(run);
    api_remove_tree(folder);
  }
  (void)alarm(0);
}

static void test_linked_files(void **state) {
  fixture *f = *state;
  const char *file = api_path(f->place->folder, "linked");
  char uri[300];
  mr_blob *blob = NULL;
  const uint8_t *data = NULL;
  mr_manifest *manifest = NULL;
  mr_link_options link = MR_LINK_OPTIONS_INIT;
  mr_run *run = api_make_run(f->registry, 0.5);
  api_write_file(file, "linked bytes", 12);
  OK(mr_manifest_new(&manifest, &api_error));
  OK(mr_manifest_add_file(manifest, file, NULL, &api_error));
  (void)snprintf(uri, sizeof uri, "file://%s", file);
  link.path = "link";
  link.uri = uri;
  link.digest = mr_manifest_at(manifest, 0)->digest;
  link.size = 12;
  OK(mr_run_log_artifact_link(run, &link, &api_error));
  mr_manifest_free(manifest);
  OK(mr_run_open_artifact(run, "link", &blob, &api_error));
  OK(mr_blob_map(blob, &data, &api_error));
  assert_memory_equal(data, "linked bytes", 12);
  mr_blob_free(blob);
  api_write_file(file, "linked bytEs", 12);
  blob = NULL;
  data = NULL;
  mr_status status = mr_run_open_artifact(run, "link", &blob, &api_error);
  if (status == MR_OK) status = mr_blob_map(blob, &data, &api_error);
  REFUSED(MR_TAMPERED, NULL, status);
  mr_blob_free(blob);
  blob = NULL;
  api_write_file(file, "linked", 6);
  REFUSED(MR_TAMPERED, "link", mr_run_open_artifact(run, "link", &blob, &api_error));
  assert_int_equal(unlink(file), 0);
  REFUSED(MR_NOT_FOUND, "link", mr_run_open_artifact(run, "link", &blob, &api_error));
  assert_null(blob);
  mr_run_free(run);
}

static void test_frozen_dataset(void **state) {
  fixture *f = *state;
  const char *folder = api_path(f->place->folder, "data");
  mr_manifest *manifest = NULL;
  mr_manifest *again = NULL;
  mr_experiment *experiment = NULL;
  mr_dataset *dataset = NULL;
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  char blob[160];
  options.freeze = 1;
  assert_int_equal(mkdir(folder, 0755), 0);
  api_write_file(api_path(folder, "one"), "1", 1);
  api_write_file(api_path(folder, "two"), "22", 2);
  OK(mr_registry_open_experiment(f->registry, "digits", &experiment, &api_error));
  OK(mr_manifest_new(&manifest, &api_error));
  OK(mr_manifest_add_folder(manifest, folder, NULL, &api_error));
  /* Changed between the manifest and the freeze. */
  api_write_file(api_path(folder, "two"), "23", 2);
  REFUSED(MR_TAMPERED, "two",
          mr_experiment_log_dataset(experiment, "d", manifest, &options, &dataset, &api_error));
  assert_null(dataset);
  api_write_file(api_path(folder, "two"), "22", 2);
  OK(mr_experiment_log_dataset(experiment, "d", manifest, &options, &dataset, &api_error));
  /* A stored file, then the stored manifest itself. */
  const char *digest = mr_manifest_at(manifest, 1)->digest;
  (void)snprintf(blob, sizeof blob, "%s.d/blobs/%.2s/%s", f->place->db, digest, digest + 2);
  overwrite(blob, "23", 2);
  REFUSED(MR_TAMPERED, "two", mr_dataset_fetch(dataset, f->target, NULL, NULL, &api_error));
  assert_false(api_exists(api_path(f->target, "two")));
  overwrite(blob, "22", 2);
  digest = mr_dataset_info(dataset)->digest;
  (void)snprintf(blob, sizeof blob, "%s.d/blobs/%.2s/%s", f->place->db, digest, digest + 2);
  size_t size = 0;
  uint8_t *bytes = api_read_file(blob, &size);
  assert_non_null(bytes);
  bytes[size / 2] ^= 1;
  overwrite(blob, bytes, size);
  free(bytes);
  REFUSED(MR_TAMPERED, NULL, mr_dataset_manifest(dataset, &again, &api_error));
  REFUSED(MR_TAMPERED, NULL, mr_dataset_verify(dataset, folder, NULL, NULL, &api_error));
  assert_int_equal(unlink(blob), 0);
  REFUSED(MR_NOT_FOUND, NULL, mr_dataset_manifest(dataset, &again, &api_error));
  assert_null(again);
  mr_dataset_free(dataset);
  mr_manifest_free(manifest);
  mr_experiment_free(experiment);
}

/* The store's own folders may be replaced by links, too. */
static void test_linked_store(void **state) {
  fixture *f = *state;
  const char *blobs = api_path(f->place->folder, "R.db.d/blobs");
  const char *aside = api_path(f->place->folder, "aside");
  const char *victim = api_path(f->place->folder, "victim");
  assert_int_equal(rename(blobs, aside), 0);
  assert_int_equal(mkdir(victim, 0755), 0);
  char *before = api_picture(victim);
  assert_int_equal(symlink(victim, blobs), 0);
  mr_registry *registry = api_open(f->place->db, 0);
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  OK(mr_registry_open_experiment(registry, "digits", &experiment, &api_error));
  OK(mr_experiment_start_run(experiment, NULL, &run, &api_error));
  assert_int_not_equal(mr_run_log_artifact_bytes(run, "a", (const uint8_t *)"a", 1, &api_error),
                       MR_OK);
  assert_true(api_is_good_message(api_error.message));
  api_assert_picture(victim, before);
  mr_run_free(run);
  mr_experiment_free(experiment);
  mr_registry_close(registry);
}

static void test_cancelled(void **state) {
  fixture *f = *state;
  mr_cancel *cancel = NULL;
  OK(mr_cancel_new(&cancel, &api_error));
  mr_cancel_trigger(cancel);
  mr_fetch_options fetch = MR_FETCH_OPTIONS_INIT;
  mr_verify_options verify = MR_VERIFY_OPTIONS_INIT;
  fetch.cancel = cancel;
  verify.cancel = cancel;
  REFUSED(MR_CANCELLED, NULL, mr_version_fetch(f->version, f->target, &fetch, NULL, &api_error));
  assert_false(api_exists(api_path(f->target, "labels.json")));
  REFUSED(MR_CANCELLED, NULL, mr_version_verify(f->version, NULL, &verify, NULL, &api_error));
  mr_cancel_free(cancel);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      file_test(test_changed_bytes),  file_test(test_other_sizes),
      file_test(test_deleted),        file_test(test_replaced),
      file_test(test_large),          file_test(test_large_with_forged_leaves),
      file_test(test_logged_again),   file_test(test_verify_folder),
      file_test(test_planted_links),  file_test(test_planted_folders),
      file_test(test_special_files),  file_test(test_linked_files),
      file_test(test_frozen_dataset), file_test(test_linked_store),
      file_test(test_cancelled),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
