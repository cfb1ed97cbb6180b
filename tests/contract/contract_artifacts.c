/* SPDX-License-Identifier: Apache-2.0 */
/* Logging and listing artifacts. */
#include "contract.h"

#include <sys/stat.h>
#include <unistd.h>

static void paths_are(mr_run *run, const char *paths) {
  static listing list;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  LIST_ALL_WAYS(mr_artifact, options, mr_run_list_artifacts(run, &options, &part, &error), path,
                &list, paths);
}

static void has_bytes(mr_run *run, const char *path, const void *data, size_t size) {
  mr_blob *blob = NULL;
  const uint8_t *bytes = NULL;
  OK(mr_run_open_artifact(run, path, &blob, &error));
  assert_int_equal(mr_blob_size(blob), size);
  OK(mr_blob_map(blob, &bytes, &error));
  assert_non_null(bytes);
  if (size > 0) assert_memory_equal(bytes, data, size);
  mr_blob_free(blob);
}

static void has_text(mr_run *run, const char *path, const char *text) {
  has_bytes(run, path, text, strlen(text));
}

static void logs_a_file(void **state) {
  contract *c = *state;
  path_text local;
  path_text link;
  char digest[DIGEST_TEXT];
  mr_artifact_page *page = NULL;
  mr_run *run = contract_run(c, "x");
  contract_write_text(c, "local/weights.json", "{\"w\": [1]}");
  contract_digest("{\"w\": [1]}", 10, digest);
  contract_path(c, "local/weights.json", &local);
  int64_t before = contract_clock(NULL);
  OK(mr_run_log_artifact(run, local.text, NULL, NULL, &error));
  OK(mr_run_log_artifact(run, local.text, "deep/er/renamed", NULL, &error));
  /* A link that is named by the caller is followed. */
  assert_int_equal(symlink("weights.json", contract_path(c, "local/current", &link)), 0);
  OK(mr_run_log_artifact(run, link.text, NULL, NULL, &error));
  paths_are(run, "current deep/er/renamed weights.json");
  OK(mr_run_list_artifacts(run, NULL, &page, &error));
  for (int64_t i = 0; i < 3; i++) {
    const mr_artifact_record *record = mr_artifact_page_at(page, i);
    assert_true(record->struct_size >= sizeof *record);
    assert_int_equal(record->kind, MR_ARTIFACT_KIND_STORED);
    assert_string_equal(record->digest, digest);
    assert_int_equal(record->size, 10);
    assert_string_equal(record->format, "json");
    assert_null(record->uri);
    assert_in_range((uintmax_t)record->created_us, (uintmax_t)before,
                    (uintmax_t)contract_clock(NULL));
    has_text(run, record->path, "{\"w\": [1]}");
  }
  mr_artifact_page_free(page);
  /* It is a copy: what happens to the file later does not matter. */
  contract_write_text(c, "local/weights.json", "changed");
  has_text(run, "weights.json", "{\"w\": [1]}");
  mr_run_free(run);
}

static void logs_a_folder(void **state) {
  contract *c = *state;
  path_text local;
  mr_run *top = contract_run(c, "x");
  mr_run *below = contract_run(c, "x");
  contract_write_text(c, "model/config.json", "{}");
  contract_write_text(c, "model/weights/part-1", "one");
  contract_write_text(c, "model/weights/part-2", "two");
  contract_write_text(c, "model/weights.txt", "");
  assert_int_equal(mkdir(contract_path(c, "model/nothing", &local), 0777), 0);
  contract_path(c, "model", &local);
  OK(mr_run_log_artifact(top, local.text, NULL, NULL, &error));
  paths_are(top, "config.json weights.txt weights/part-1 weights/part-2");
  OK(mr_run_log_artifact(below, local.text, "best/model", NULL, &error));
  paths_are(below, "best/model/config.json best/model/weights.txt best/model/weights/part-1 "
                   "best/model/weights/part-2");
  has_text(top, "weights/part-1", "one");
  has_text(below, "best/model/weights/part-2", "two");
  has_text(below, "best/model/weights.txt", "");
  /* The same again changes nothing; a new file among the same is added. */
  contract_write_text(c, "model/notes.md", "new");
  OK(mr_run_log_artifact(top, local.text, NULL, NULL, &error));
  paths_are(top, "config.json notes.md weights.txt weights/part-1 weights/part-2");
  mr_run_free(top);
  mr_run_free(below);
}

/* All files of a folder or none. */
static void a_folder_is_logged_whole_or_not(void **state) {
  contract *c = *state;
  path_text local;
  path_text link;
  mr_run *run = contract_run(c, "x");
  contract_put(run, "model/b.txt", "other content");
  contract_write_text(c, "model/a.txt", "a");
  contract_write_text(c, "model/b.txt", "b");
  contract_write_text(c, "model/c.txt", "c");
  contract_path(c, "model", &local);
  REFUSED(MR_ALREADY_EXISTS, "model/b.txt",
          mr_run_log_artifact(run, local.text, "model", NULL, &error));
  paths_are(run, "model/b.txt");
  assert_int_equal(symlink("a.txt", contract_path(c, "model/z", &link)), 0);
  REFUSED(MR_INVALID_ARGUMENT, "model/z|symbolic link",
          mr_run_log_artifact(run, local.text, "elsewhere", NULL, &error));
  paths_are(run, "model/b.txt");
  mr_run_free(run);
}

static void logs_bytes(void **state) {
  contract *c = *state;
  static uint8_t large[(1 << 20) + 1];
  char digest[DIGEST_TEXT];
  mr_blob *blob = NULL;
  mr_run *run = contract_run(c, "x");
  contract_fill(large, sizeof large, 3);
  contract_digest(large, sizeof large, digest);
  OK(mr_run_log_artifact_bytes(run, "empty", NULL, 0, &error));
  OK(mr_run_log_artifact_bytes(run, "large", large, sizeof large, &error));
  contract_put(run, "größe/漢字.txt", "text");
  paths_are(run, "empty größe/漢字.txt large");
  has_bytes(run, "empty", "", 0);
  has_bytes(run, "large", large, sizeof large);
  OK(mr_run_open_artifact(run, "large", &blob, &error));
  assert_string_equal(mr_blob_info(blob)->digest, digest);
  mr_blob_free(blob);
  OK(mr_run_log_artifact_bytes(run, "large", large, sizeof large, &error));
  REFUSED(MR_ALREADY_EXISTS, "large|other content",
          mr_run_log_artifact_bytes(run, "large", large, sizeof large - 1, &error));
  REFUSED(MR_ALREADY_EXISTS, "empty", mr_run_log_artifact_bytes(run, "empty", large, 1, &error));
  has_bytes(run, "empty", "", 0);
  mr_run_free(run);
}

/* The same content is stored once, whatever way it comes. */
static void content_is_stored_once(void **state) {
  contract *c = *state;
  path_text local;
  mr_run *one = contract_run(c, "x");
  mr_run *two = contract_run(c, "y");
  contract_write_text(c, "local/same", "the same content");
  contract_path(c, "local/same", &local);
  contract_put(one, "a", "the same content");
  size_t stored = contract_count_files(c, "R.db.d");
  if (c->driver->folder) assert_true(stored > 0);
  contract_put(one, "b", "the same content");
  contract_put(two, "a", "the same content");
  OK(mr_run_log_artifact(two, local.text, NULL, NULL, &error));
  OK(mr_run_log_artifact(two, contract_path(c, "local", &local), "folder", NULL, &error));
  assert_int_equal(contract_count_files(c, "R.db.d"), stored);
  has_text(two, "folder/same", "the same content");
  contract_put(two, "other", "other content");
  assert_int_equal(contract_count_files(c, "R.db.d"), stored == 0 ? 0 : stored + 1);
  mr_run_free(one);
  mr_run_free(two);
}

static void a_path_is_a_file_or_a_folder(void **state) {
  contract *c = *state;
  path_text local;
  mr_run *run = contract_run(c, "x");
  contract_put(run, "a/b/c", "1");
  contract_put(run, "f", "2");
  contract_put(run, "a.b", "3"); /* sorts between a and a/b */
  REFUSED(MR_ALREADY_EXISTS, "folder|'a/b'",
          mr_run_log_artifact_bytes(run, "a/b", (const uint8_t *)"x", 1, &error));
  REFUSED(MR_ALREADY_EXISTS, "folder|'a'",
          mr_run_log_artifact_bytes(run, "a", (const uint8_t *)"x", 1, &error));
  REFUSED(MR_ALREADY_EXISTS, "'f'",
          mr_run_log_artifact_bytes(run, "f/x", (const uint8_t *)"x", 1, &error));
  REFUSED(MR_ALREADY_EXISTS, "'f'",
          mr_run_log_artifact_bytes(run, "f/x/y/z", (const uint8_t *)"x", 1, &error));
  REFUSED(MR_ALREADY_EXISTS, "'a/b/c'",
          mr_run_log_artifact_bytes(run, "a/b/c/d", (const uint8_t *)"x", 1, &error));
  contract_put(run, "a/b/d", "4");
  contract_put(run, "a0", "5"); /* the character after '/' */
  contract_write_text(c, "local/x/y", "y");
  REFUSED(MR_ALREADY_EXISTS, "'f'",
          mr_run_log_artifact(run, contract_path(c, "local", &local), "f", NULL, &error));
  paths_are(run, "a.b a/b/c a/b/d a0 f");
  mr_run_free(run);
}

static void refuses(void **state) {
  contract *c = *state;
  path_text local;
  mr_cancel *cancel = NULL;
  mr_artifact_options o = MR_ARTIFACT_OPTIONS_INIT;
  mr_run *run = contract_run(c, "x");
  contract_write_text(c, "local/file", "x");
  REFUSED(MR_NOT_FOUND, "nowhere",
          mr_run_log_artifact(run, contract_path(c, "nowhere", &local), NULL, NULL, &error));
  assert_int_equal(mkfifo(contract_path(c, "local/pipe", &local), 0666), 0);
  REFUSED(MR_INVALID_ARGUMENT, "pipe", mr_run_log_artifact(run, local.text, NULL, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "pipe",
          mr_run_log_artifact(run, contract_path(c, "local", &local), NULL, NULL, &error));
  assert_int_equal(mkdir(contract_path(c, "void", &local), 0777), 0);
  REFUSED(MR_INVALID_ARGUMENT, "no files",
          mr_run_log_artifact(run, local.text, NULL, NULL, &error));
  contract_path(c, "local/file", &local);
  static const char *const paths[] = {"", "/a", "a/", "a//b", "..", "a/..", "a\\b", "a\tb", "\xc3"};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    REFUSED(MR_INVALID_ARGUMENT, "artifact path",
            mr_run_log_artifact(run, local.text, paths[i], NULL, &error));
    REFUSED(MR_INVALID_ARGUMENT, "artifact path",
            mr_run_log_artifact_bytes(run, paths[i], (const uint8_t *)"x", 1, &error));
  }
  REFUSED(MR_INVALID_ARGUMENT, "local_path", mr_run_log_artifact(run, NULL, "a", NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "local_path", mr_run_log_artifact(run, "", "a", NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "data", mr_run_log_artifact_bytes(run, "a", NULL, 1, &error));
  REFUSED(MR_INVALID_ARGUMENT, "run", mr_run_log_artifact(NULL, local.text, "a", NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "run", mr_run_log_artifact_bytes(NULL, "a", NULL, 0, &error));
  OK(mr_cancel_new(&cancel, &error));
  mr_cancel_trigger(cancel);
  o.cancel = cancel;
  REFUSED(MR_CANCELLED, "cancel", mr_run_log_artifact(run, local.text, NULL, &o, &error));
  mr_cancel_free(cancel);
  o.struct_size = 2;
  REFUSED(MR_ABI_MISMATCH, "mr_artifact_options",
          mr_run_log_artifact(run, local.text, NULL, &o, &error));
  paths_are(run, "");
  mr_run_free(run);
}

static void lists_in_byte_order(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  mr_run *other = contract_run(c, "x");
  static const char *const paths[] = {"z", "b/2", "b/1", "b.txt", "a", "ä", "B"};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) contract_put(run, paths[i], paths[i]);
  contract_put(other, "mine", "x");
  paths_are(run, "B a b.txt b/1 b/2 z ä");
  paths_are(other, "mine");
  mr_artifact_page *page = NULL;
  REFUSED(MR_INVALID_ARGUMENT, "out_page", mr_run_list_artifacts(run, NULL, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "run", mr_run_list_artifacts(NULL, NULL, &page, &error));
  mr_artifact_page_free(NULL);
  mr_run_free(run);
  mr_run_free(other);
}

int contract_artifact_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(logs_a_file), TEST(logs_a_folder),          TEST(a_folder_is_logged_whole_or_not),
      TEST(logs_bytes),  TEST(content_is_stored_once), TEST(a_path_is_a_file_or_a_folder),
      TEST(refuses),     TEST(lists_in_byte_order),
  };
  return GROUP("artifacts", tests);
}
