/* SPDX-License-Identifier: Apache-2.0 */
#include "registry_test.h"

#include "registry/tree.h"

static mr_status add(mri_tree *tree, const char *path, int64_t size, uint8_t mark) {
  mri_tree_file file = {
      .path = path, .kind = MR_ARTIFACT_KIND_STORED, .size = size, .format = "json"};
  memset(file.digest.bytes, mark, sizeof file.digest.bytes);
  return mri_tree_add(tree, &file, NULL);
}

static void digest_of(const char *const *paths, const int *sizes, const int *marks, size_t count,
                      mri_digest *out) {
  mri_tree tree;
  mr_error error = MR_ERROR_INIT;
  mri_tree_init(&tree, mri_mem_default());
  for (size_t i = 0; i < count; i++) OK(add(&tree, paths[i], sizes[i], (uint8_t)marks[i]));
  OK(mri_tree_digest(&tree, mri_mem_default(), out, &error));
  mri_tree_destroy(&tree);
}

static void finds_every_path_and_no_other(void **state) {
  (void)state;
  enum { COUNT = 300 };
  mri_tree tree;
  char path[32];
  for (int count = 0; count <= COUNT; count = count < 5 ? count + 1 : count * 3) {
    mri_tree_init(&tree, mri_mem_default());
    for (int i = 0; i < count; i++) {
      (void)snprintf(path, sizeof path, "file-%05d", i * 2);
      assert_int_equal(add(&tree, path, i, 0), MR_OK);
    }
    for (int i = -1; i <= count * 2; i++) {
      (void)snprintf(path, sizeof path, "file-%05d", i);
      const mri_tree_file *file = mri_tree_find(&tree, path);
      if (i >= 0 && i % 2 == 0 && i / 2 < count) {
        assert_non_null(file);
        assert_int_equal(file->size, i / 2);
      } else {
        assert_null(file);
      }
    }
    assert_null(mri_tree_find(&tree, ""));
    assert_null(mri_tree_find(&tree, "file-"));
    mri_tree_destroy(&tree);
  }
  assert_int_equal(mri_mem_live(), 0);
}

static void keeps_copies(void **state) {
  (void)state;
  mri_tree tree;
  char path[] = "path";
  char uri[] = "s3://b/k";
  char format[] = "link";
  mri_tree_file file = {path, MR_ARTIFACT_KIND_LINK, {{1}}, 5, uri, format, 7};
  mri_tree_init(&tree, mri_mem_default());
  assert_int_equal(mri_tree_add(&tree, &file, NULL), MR_OK);
  path[0] = uri[0] = format[0] = 'X';
  const mri_tree_file *kept = mri_vec_at(&tree.files, 0);
  assert_string_equal(kept->path, "path");
  assert_string_equal(kept->uri, "s3://b/k");
  assert_string_equal(kept->format, "link");
  assert_int_equal(tree.total_size, 5);
  mri_tree_destroy(&tree);
}

/* The digest is that of the manifest: path, size and content, in path order, and nothing else. */
static void digests(void **state) {
  (void)state;
  static const char *const ab[] = {"a", "b"};
  static const char *const ba[] = {"b", "a"};
  static const char *const ac[] = {"a", "c"};
  static const int sizes[] = {1, 2};
  static const int swapped[] = {2, 1};
  static const int other_sizes[] = {1, 3};
  static const int marks[] = {1, 2};
  static const int other_marks[] = {1, 3};
  mri_digest first;
  mri_digest digest;
  digest_of(ab, sizes, marks, 2, &first);
  digest_of(ba, swapped, swapped, 2, &digest);
  assert_true(mri_digest_equal(&first, &digest));
  digest_of(ac, sizes, marks, 2, &digest);
  assert_false(mri_digest_equal(&first, &digest));
  digest_of(ab, other_sizes, marks, 2, &digest);
  assert_false(mri_digest_equal(&first, &digest));
  digest_of(ab, sizes, other_marks, 2, &digest);
  assert_false(mri_digest_equal(&first, &digest));
  digest_of(ab, sizes, marks, 1, &digest);
  assert_false(mri_digest_equal(&first, &digest));
}

static void paths_of(mr_registry *registry, const mr_run *run, const char *path, bool is_file,
                     const char *expected) {
  mri_tree tree;
  mri_str text;
  mr_error error = MR_ERROR_INIT;
  int64_t id = registry_run_id(registry, run);
  mri_tx *tx = registry_begin(registry, MRI_TX_READ);
  mri_tree_init(&tree, mri_mem_default());
  mri_str_init(&text, mri_mem_default());
  mr_status status = mri_tree_of_run(tx, id, mr_run_info(run)->id, path, &tree, &error);
  registry_end(tx);
  if (expected == NULL) {
    assert_int_equal(status, MR_NOT_FOUND);
    registry_says(&error, path[0] == '\0' ? "no artifacts" : path);
  } else {
    OK(status);
    assert_int_equal(tree.is_file, is_file);
    for (size_t i = 0; i < tree.files.count; i++) {
      if (i > 0) mri_str_add_char(&text, ' ');
      mri_str_add(&text, ((const mri_tree_file *)mri_vec_at(&tree.files, i))->path);
    }
    assert_string_equal(mri_str_text(&text), expected);
  }
  mri_str_free(&text);
  mri_tree_destroy(&tree);
}

static void folders_of_a_run(void **state) {
  (void)state;
  mr_registry *registry = registry_open();
  mr_run *run = registry_run(registry);
  mr_run *empty = registry_run(registry);
  static const char *const paths[] = {"a/b/1", "a/b/2", "a/b.txt", "a/b0", "a/bc/1",
                                      "a-b/1", "z",     "%/x",     "_/y"};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) registry_put(run, paths[i], "x");
  paths_of(registry, run, "", false, "%/x _/y a-b/1 a/b.txt a/b/1 a/b/2 a/b0 a/bc/1 z");
  paths_of(registry, run, "a", false, "b.txt b/1 b/2 b0 bc/1");
  paths_of(registry, run, "a/b", false, "1 2");
  paths_of(registry, run, "a/b/1", true, "1");
  paths_of(registry, run, "a/b0", true, "b0");
  paths_of(registry, run, "z", true, "z");
  paths_of(registry, run, "%", false, "x"); /* is no pattern */
  paths_of(registry, run, "_", false, "y");
  paths_of(registry, run, "b", false, NULL);
  paths_of(registry, run, "a/", false, NULL);
  paths_of(registry, run, "a/b/1/x", false, NULL);
  paths_of(registry, run, "A", false, NULL);
  paths_of(registry, empty, "", false, NULL);
  mr_run_free(run);
  mr_run_free(empty);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

static void damaged_rows_are_found(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  mr_run *run = registry_run(registry);
  mri_tree tree;
  registry_put(run, "a", "x");
  registry_execute(registry, "UPDATE artifact SET digest = x'00'");
  int64_t id = registry_run_id(registry, run);
  mri_tx *tx = registry_begin(registry, MRI_TX_READ);
  mri_tree_init(&tree, mri_mem_default());
  assert_int_equal(mri_tree_of_run(tx, id, mr_run_info(run)->id, "a", &tree, &error), MR_CORRUPT);
  registry_says(&error, "'a'");
  mri_tree_destroy(&tree);
  registry_end(tx);
  mr_run_free(run);
  mr_registry_close(registry);
}

static void impossible_paths_are_damage(void **state) {
  static const char *const pairs[][2] = {{"a", "a"}, {"a", "a/b"}};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    mri_tree tree;
    mri_digest digest;
    mr_error error = MR_ERROR_INIT;
    mri_tree_init(&tree, mri_mem_default());
    for (size_t k = 0; k < 2; k++) {
      mri_tree_file file = {.path = pairs[i][k], .format = "data"};
      OK(mri_tree_add(&tree, &file, &error));
    }
    assert_int_equal(mri_tree_digest(&tree, mri_mem_default(), &digest, &error), MR_CORRUPT);
    assert_int_equal(error.status, MR_CORRUPT);
    registry_says(&error, "fsck");
    mri_tree_destroy(&tree);
  }
}

static bool add_once(void *ctx) {
  mri_tree tree;
  mri_tree_file file = {.path = "a", .uri = "s3://b/k", .format = "link"};
  mri_digest digest;
  mr_error error = MR_ERROR_INIT;
  (void)ctx;
  mri_tree_init(&tree, mri_mem_default());
  mr_status status = mri_tree_add(&tree, &file, &error);
  assert_int_equal(tree.files.count, status == MR_OK ? 1 : 0);
  if (status == MR_OK) status = mri_tree_digest(&tree, mri_mem_default(), &digest, &error);
  mri_tree_destroy(&tree);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  return status == MR_OK;
}

static void memory_runs_out(void **state) {
  (void)state;
  assert_true(unit_fail_allocations(add_once, NULL) > 3);
}

static void options_are_checked(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  mr_fetch_options fetch_in = MR_FETCH_OPTIONS_INIT;
  mr_fetch_options fetch;
  mr_verify_options verify_in = MR_VERIFY_OPTIONS_INIT;
  mr_verify_options verify;
  OK(mri_fetch_options_read(&fetch, NULL, &error));
  assert_int_equal(fetch.file_mode, 0644);
  fetch_in.file_mode = 0777;
  OK(mri_fetch_options_read(&fetch, &fetch_in, &error));
  assert_int_equal(fetch.file_mode, 0777);
  fetch_in.file_mode = 01777;
  assert_int_equal(mri_fetch_options_read(&fetch, &fetch_in, &error), MR_INVALID_ARGUMENT);
  OK(mri_verify_options_read(&verify, NULL, &error));
  assert_int_equal(verify.flags, 0);
  verify_in.flags = 2;
  assert_int_equal(mri_verify_options_read(&verify, &verify_in, &error), MR_INVALID_ARGUMENT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_every_path_and_no_other),
      cmocka_unit_test(keeps_copies),
      cmocka_unit_test(digests),
      cmocka_unit_test(folders_of_a_run),
      cmocka_unit_test(damaged_rows_are_found),
      cmocka_unit_test(impossible_paths_are_damage),
      cmocka_unit_test(memory_runs_out),
      cmocka_unit_test(options_are_checked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
