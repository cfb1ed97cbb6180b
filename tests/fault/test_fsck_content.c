/* SPDX-License-Identifier: Apache-2.0 */
/* Stored content that is missing, changed or nobody's, and rows that say another size or digest of
 * it. */
#include "fsck_stage.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DIGEST_TEXT 65

/* The digest that a statement yields, as hex digits. */
static void digest_of(const fsck_stage *stage, const char *sql, char out[DIGEST_TEXT]) {
  sqlite3 *raw = NULL;
  sqlite3_stmt *stmt = NULL;
  char *hex = sqlite3_mprintf("SELECT lower(hex((%s)))", sql);
  assert_int_equal(sqlite3_open(stage->place->db, &raw), SQLITE_OK);
  assert_int_equal(sqlite3_prepare_v2(raw, hex, -1, &stmt, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  assert_int_equal(sqlite3_column_bytes(stmt, 0), DIGEST_TEXT - 1);
  (void)snprintf(out, DIGEST_TEXT, "%s", (const char *)sqlite3_column_text(stmt, 0));
  assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
  assert_int_equal(sqlite3_close(raw), SQLITE_OK);
  sqlite3_free(hex);
}

#define ARTIFACT(path) "SELECT digest FROM artifact WHERE path = '" path "'"
#define MANIFEST       "SELECT digest FROM dataset WHERE name = 'images'"
#define EVIDENCE       "SELECT evidence_digest FROM run_check WHERE name = 'lint'"
/* Of "first image". */
#define FROZEN_BYTES 11

static const char *file_of(const fsck_stage *stage, const char *digest) {
  char path[100];
  (void)snprintf(path, sizeof path, "blobs/%.2s/%s", digest, digest + 2);
  return api_path(api_path(stage->place->folder, "R.db.d"), path);
}

static void object_of(const fsck_stage *stage, const char *sql, char object[80],
                      const char **file) {
  char digest[DIGEST_TEXT];
  digest_of(stage, sql, digest);
  (void)snprintf(object, 80, "blob %s", digest);
  if (file != NULL) *file = file_of(stage, digest);
}

/* Exactly this finding, and so many notes on content that nobody refers to. */
static void expect(const fsck_stage *stage, uint32_t flags, mr_finding finding, const char *object,
                   const char *words, int64_t errors, int64_t notes) {
  mr_fsck *fsck = fsck_stage_check(stage, flags);
  const mr_finding_record *found = fsck_stage_find(stage, fsck, finding, object, words);
  bool good = mr_fsck_info(fsck)->error_count == errors && fsck_stage_notes(fsck) == notes;
  if (!good) fsck_stage_print(fsck);
  assert_int_equal(found->is_note, finding == MR_FINDING_ORPHAN);
  assert_int_equal(found->repaired, 0);
  assert_int_equal(mr_fsck_info(fsck)->error_count, errors);
  assert_int_equal(fsck_stage_notes(fsck), notes);
  mr_fsck_free(fsck);
}

static void flip(const char *file, size_t at) {
  size_t size = 0;
  uint8_t *bytes = api_read_file(file, &size);
  assert_non_null(bytes);
  assert_true(at < size);
  bytes[at] ^= 1;
  api_write_file(file, bytes, size);
  free(bytes);
}

static void set_age(const char *file, time_t seconds) {
  const struct timespec times[2] = {{time(NULL) - seconds, 0}, {time(NULL) - seconds, 0}};
  assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
}

static void test_a_missing_blob_names_who_needs_it(void **state) {
  const fsck_stage *stage = *state;
  char object[80];
  const char *file = NULL;
  object_of(stage, ARTIFACT("model/a"), object, &file);
  assert_int_equal(unlink(file), 0);
  const char *words = "it is not in the blob store; artifact model/a of run {first} and 1 more "
                      "refer to it";
  expect(stage, 0, MR_FINDING_MISSING, object, words, 1, 0);
  expect(stage, MR_FSCK_QUICK, MR_FINDING_MISSING, object, words, 1, 0);
  expect(stage, MR_FSCK_REPAIR, MR_FINDING_MISSING, object, words, 1, 0);
  /* The remedy that it names. */
  mr_registry *registry = api_open(stage->place->db, 0);
  mr_run *run = NULL;
  OK(mr_registry_open_run(registry, stage->second, &run, &api_error));
  OK(mr_run_log_artifact_bytes(run, "again", (const uint8_t *)"[1]", 3, &api_error));
  mr_run_free(run);
  mr_registry_close(registry);
  fsck_stage_clean(stage, 0);
}

static void test_a_changed_byte_is_found_by_reading(void **state) {
  const fsck_stage *stage = *state;
  static const char *const contents[] = {ARTIFACT("model/a-b"), EVIDENCE};
  static const char *const referrers[] = {"artifact model/a-b of run {first} refers to it",
                                          "check lint of run {first} refers to it"};
  for (size_t i = 0; i < 2; i++) {
    char object[80];
    const char *file = NULL;
    object_of(stage, contents[i], object, &file);
    flip(file, 0);
    fsck_stage_clean(stage, MR_FSCK_QUICK);
    expect(stage, 0, MR_FINDING_CHANGED, object, "does not match its digest", 1, 0);
    expect(stage, 0, MR_FINDING_CHANGED, object, referrers[i], 1, 0);
    flip(file, 0);
  }
  fsck_stage_clean(stage, 0);
}

static void test_a_file_that_was_cut(void **state) {
  const fsck_stage *stage = *state;
  char object[80];
  const char *file = NULL;
  object_of(stage, EVIDENCE, object, &file);
  assert_int_equal(truncate(file, 4), 0);
  expect(stage, 0, MR_FINDING_CHANGED, object, "does not match its digest", 1, 0);
  expect(stage, MR_FSCK_QUICK, MR_FINDING_CHANGED, object, "it has 4 bytes instead of 11", 1, 0);
}

static void test_frozen_files_are_wanted(void **state) {
  const fsck_stage *stage = *state;
  char object[80] = "";
  fsck_stage_edit(stage, "UPDATE dataset SET frozen = 0 WHERE name = 'images'");
  mr_fsck *fsck = fsck_stage_check(stage, 0);
  assert_int_equal(mr_fsck_info(fsck)->error_count, 0);
  assert_int_equal(fsck_stage_notes(fsck), 2);
  for (int64_t i = 0; i < mr_fsck_count(fsck); i++) {
    const mr_finding_record *one = mr_fsck_at(fsck, i);
    if (one->finding == MR_FINDING_ORPHAN && strstr(one->message, "11 bytes") != NULL)
      (void)snprintf(object, sizeof object, "%s", one->object);
  }
  mr_fsck_free(fsck);
  assert_true(object[0] != '\0');
  fsck_stage_restore(stage);
  flip(file_of(stage, object + 5), FROZEN_BYTES - 1);
  expect(stage, 0, MR_FINDING_CHANGED, object, "dataset images of run {images} refers to it", 1, 0);
  assert_int_equal(unlink(file_of(stage, object + 5)), 0);
  expect(stage, MR_FSCK_QUICK, MR_FINDING_MISSING, object,
         "dataset images of run {images} refers to it", 1, 0);
}

/* Nothing is called nobody's while it is not known what somebody has. */
static void test_a_manifest_that_cannot_be_read(void **state) {
  const fsck_stage *stage = *state;
  char object[80];
  const char *file = NULL;
  object_of(stage, MANIFEST, object, &file);
  flip(file, 30);
  expect(stage, 0, MR_FINDING_CHANGED, object, "and 1 more refer to it", 1, 0);
  expect(stage, MR_FSCK_QUICK, MR_FINDING_CHANGED, "dataset images of run {images}",
         "its manifest: blob ", 1, 0);
  assert_int_equal(unlink(file), 0);
  expect(stage, 0, MR_FINDING_MISSING, object, "dataset images of run {images} and 1 more refer", 1,
         0);
  expect(stage, MR_FSCK_QUICK, MR_FINDING_MISSING, object, "dataset images", 1, 0);
}

/* What a row says of content that is as it should be. */
static void test_rows_that_say_other_things(void **state) {
  const fsck_stage *stage = *state;
  static const struct {
    const char *sql;
    mr_finding finding;
    const char *object;
    const char *words;
    int64_t errors;
    int64_t notes;
  } cases[] = {
      {"UPDATE artifact SET size = 4 WHERE path = 'model/a'", MR_FINDING_COUNT,
       "artifact model/a of run {first}", "it says 4 bytes for blob ", 1, 0},
      {"UPDATE artifact SET size = 4 WHERE path = 'model/b'", MR_FINDING_COUNT,
       "artifact model/b of run {first}", "which has 3", 1, 0},
      {"UPDATE artifact SET size = 4 WHERE path = 'model/a-b'", MR_FINDING_COUNT,
       "artifact model/a-b of run {first}", "which has 3", 1, 0},
      {"UPDATE artifact SET digest = x'00' WHERE path = 'model/a'", MR_FINDING_VALUE,
       "artifact model/a of run {first}", "its digest has not 32 bytes", 1, 0},
      {"UPDATE artifact SET digest = zeroblob(32) WHERE path = 'model/a'", MR_FINDING_MISSING,
       "blob 0000000000000000000000000000000000000000000000000000000000000000",
       "artifact model/a of run {first} refers to it", 1, 0},
      {"UPDATE artifact SET digest = zeroblob(32) WHERE path = 'model/a-b'", MR_FINDING_MISSING,
       "blob 0000000000000000000000000000000000000000000000000000000000000000",
       "artifact model/a-b of run {first} refers to it", 1, 1},
      {"UPDATE dataset SET digest = zeroblob(32) WHERE name = 'plain'", MR_FINDING_MISSING,
       "blob 0000000000000000000000000000000000000000000000000000000000000000",
       "dataset plain of run {plain} refers to it", 1, 0},
      {"UPDATE dataset SET digest = x'00' WHERE name = 'plain'", MR_FINDING_VALUE,
       "dataset plain of run {plain}", "its digest has not 32 bytes", 1, 0},
      {"UPDATE dataset SET digest = (" ARTIFACT("model/a") "), manifest_size = 3 "
                                                           "WHERE name = 'plain'",
       MR_FINDING_DIGEST, "dataset plain of run {plain}",
       "its digest names what is no manifest: manifest line 1 is not", 1, 0},
      {"UPDATE dataset SET manifest_size = 1 WHERE name = 'plain'", MR_FINDING_COUNT,
       "dataset plain of run {plain}", "it says 1 bytes for blob ", 1, 0},
      {"UPDATE dataset SET file_count = 3 WHERE name = 'plain'", MR_FINDING_COUNT,
       "dataset plain of run {plain}", "its number of files is 3, and 2 by its manifest", 1, 0},
      {"UPDATE dataset SET total_size = 0 WHERE name = 'plain'", MR_FINDING_COUNT,
       "dataset plain of run {plain}", "its size is 0, and 23 by its manifest", 1, 0},
      {"UPDATE run_check SET evidence_size = 4 WHERE name = 'lint'", MR_FINDING_COUNT,
       "check lint of run {first}", "it says 4 bytes for blob ", 1, 0},
      {"UPDATE run_check SET evidence_digest = zeroblob(32) WHERE name = 'lint'",
       MR_FINDING_MISSING, "blob 0000000000000000000000000000000000000000000000000000000000000000",
       "check lint of run {first} refers to it", 1, 1},
      {"UPDATE run_check SET evidence_uri = 'https://x' WHERE name = 'lint'", MR_FINDING_ORPHAN,
       NULL, "nothing refers to its 11 bytes", 0, 1},
      {"UPDATE run_check SET evidence_uri = NULL WHERE name = 'latency'", MR_FINDING_MISSING,
       "blob 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
       "check latency of run {first} refers to it", 1, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char object[80];
    if (cases[i].object == NULL) object_of(stage, EVIDENCE, object, NULL);
    fsck_stage_edit(stage, cases[i].sql);
    expect(stage, 0, cases[i].finding, cases[i].object == NULL ? object : cases[i].object,
           cases[i].words, cases[i].errors, cases[i].notes);
    fsck_stage_restore(stage);
  }
}

static void test_sizes_without_reading(void **state) {
  const fsck_stage *stage = *state;
  char object[80];
  fsck_stage_edit(stage, "UPDATE artifact SET size = 4 WHERE path = 'model/b'");
  expect(stage, MR_FSCK_QUICK, MR_FINDING_COUNT, "artifact model/b of run {first}", "which has 3",
         1, 0);
  fsck_stage_restore(stage);
  /* The only one who says a size may as well be right. */
  object_of(stage, EVIDENCE, object, NULL);
  fsck_stage_edit(stage, "UPDATE run_check SET evidence_size = 4 WHERE name = 'lint'");
  expect(stage, MR_FSCK_QUICK, MR_FINDING_CHANGED, object, "it has 11 bytes instead of 4", 1, 0);
}

static void test_what_nothing_refers_to(void **state) {
  const fsck_stage *stage = *state;
  char object[80];
  const char *file = NULL;
  object_of(stage, ARTIFACT("model/a-b"), object, &file);
  fsck_stage_edit(stage, "DELETE FROM artifact WHERE path = 'model/a-b'");
  expect(stage, 0, MR_FINDING_ORPHAN, object, "nothing refers to its 3 bytes", 0, 1);
  expect(stage, MR_FSCK_QUICK, MR_FINDING_ORPHAN, object, "nothing refers to its 3 bytes", 0, 1);
  expect(stage, MR_FSCK_REPAIR, MR_FINDING_ORPHAN, object, "nothing refers to its 3 bytes", 0, 1);
  assert_true(api_exists(file));
  /* Somebody may be about to name what came after the check began. */
  set_age(file, -3600);
  fsck_stage_clean(stage, 0);
}

static void test_much_that_nothing_refers_to(void **state) {
  const fsck_stage *stage = *state;
  mr_run *run = NULL;
  mr_registry *registry = api_open(stage->place->db, 0);
  OK(mr_registry_open_run(registry, stage->second, &run, &api_error));
  for (int i = 0; i < 23; i++) {
    char path[16];
    (void)snprintf(path, sizeof path, "n%07d", i);
    OK(mr_run_log_artifact_bytes(run, path, (const uint8_t *)path, 8, &api_error));
  }
  mr_run_free(run);
  mr_registry_close(registry);
  fsck_stage_clean(stage, 0);
  fsck_stage_edit(stage, "DELETE FROM artifact WHERE path LIKE 'n%'");
  expect(stage, 0, MR_FINDING_ORPHAN, "blob store", "nothing refers to 3 more blobs of 24 bytes", 0,
         21);
}

static void test_what_interrupted_writers_left(void **state) {
  const fsck_stage *stage = *state;
  char digest[DIGEST_TEXT];
  char leaves[160];
  const char *temp = api_path(stage->place->folder, "R.db.d/tmp/old");
  const char *young = api_path(stage->place->folder, "R.db.d/tmp/young");
  digest_of(stage, EVIDENCE, digest);
  /* Beside a blob that is not there. */
  digest[DIGEST_TEXT - 2] = digest[DIGEST_TEXT - 2] == '0' ? '1' : '0';
  (void)snprintf(leaves, sizeof leaves, "%s.leaves", file_of(stage, digest));
  api_write_file(temp, "abcd", 4);
  api_write_file(young, "abcd", 4);
  api_write_file(leaves, "abcdef", 6);
  fsck_stage_clean(stage, 0);
  set_age(temp, 2 * 86400);
  set_age(leaves, 2 * 86400);
  const char *words = "writers that were interrupted more than a day ago left 2 files of 10 bytes";
  expect(stage, 0, MR_FINDING_ORPHAN, "blob store", words, 0, 1);
  assert_true(api_exists(temp));
  mr_fsck *fsck = fsck_stage_check(stage, MR_FSCK_REPAIR);
  const mr_finding_record *found =
      fsck_stage_find(stage, fsck, MR_FINDING_ORPHAN, "blob store", words);
  assert_int_equal(found->repaired, 1);
  assert_int_equal(mr_fsck_info(fsck)->repaired_count, 1);
  assert_int_equal(fsck_stage_notes(fsck), 0);
  mr_fsck_free(fsck);
  assert_false(api_exists(temp));
  assert_false(api_exists(leaves));
  assert_true(api_exists(young));
  fsck_stage_clean(stage, 0);
}

static void test_a_store_that_is_no_folder(void **state) {
  const fsck_stage *stage = *state;
  const char *blobs = api_path(stage->place->folder, "R.db.d/blobs");
  const char *moved = api_path(stage->place->folder, "R.db.d/moved");
  assert_int_equal(rename(blobs, moved), 0);
  assert_int_equal(symlink("moved", blobs), 0);
  mr_fsck *fsck = fsck_stage_check(stage, 0);
  (void)fsck_stage_find(stage, fsck, MR_FINDING_CHANGED, "blob store",
                        "blobs leads through a symlink");
  mr_fsck_free(fsck);
  assert_int_equal(unlink(blobs), 0);
  mr_registry *registry = api_open(stage->place->db, MR_OPEN_READ_ONLY);
  OK(mr_registry_fsck(registry, NULL, &fsck, &api_error));
  /* Every piece that anybody is known to refer to, once: the files of a dataset are in one. */
  assert_int_equal(mr_fsck_info(fsck)->error_count, 6);
  (void)fsck_stage_find(stage, fsck, MR_FINDING_MISSING, mr_fsck_at(fsck, 0)->object,
                        "it is not in the blob store");
  mr_fsck_free(fsck);
  mr_registry_close(registry);
  assert_int_equal(rename(moved, blobs), 0);
  fsck_stage_clean(stage, 0);
}

static void test_progress_and_limits(void **state) {
  const fsck_stage *stage = *state;
  mr_fsck *fsck = NULL;
  mr_cancel *cancel = NULL;
  mr_fsck_options options = MR_FSCK_OPTIONS_INIT;
  mr_registry *registry = api_open(stage->place->db, 0);
  OK(mr_cancel_new(&cancel, &api_error));
  options.cancel = cancel;
  options.flags = MR_FSCK_QUICK;
  OK(mr_registry_fsck(registry, &options, &fsck, &api_error));
  assert_int_equal(mr_cancel_total(cancel), 0);
  assert_int_equal(mr_fsck_info(fsck)->total_size, 0);
  assert_int_equal(mr_fsck_info(fsck)->blob_count, 8);
  assert_true(mr_fsck_info(fsck)->row_count > 30);
  mr_fsck_free(fsck);
  options.flags = 0;
  OK(mr_registry_fsck(registry, &options, &fsck, &api_error));
  assert_int_equal(mr_cancel_total(cancel), mr_fsck_info(fsck)->total_size);
  assert_int_equal(mr_cancel_done(cancel), mr_fsck_info(fsck)->total_size);
  assert_true(mr_fsck_info(fsck)->total_size > 23);
  mr_fsck_free(fsck);
  mr_registry_close(registry);
  fsck_stage_edit(stage, "UPDATE artifact SET digest = randomblob(32) WHERE kind = 1");
  registry = api_open(stage->place->db, 0);
  options.limit = 2;
  OK(mr_registry_fsck(registry, &options, &fsck, &api_error));
  assert_int_equal(mr_fsck_count(fsck), 2);
  assert_true(mr_fsck_info(fsck)->error_count > 2);
  assert_null(mr_fsck_at(fsck, 2));
  mr_fsck_free(fsck);
  mr_cancel_trigger(cancel);
  REFUSED(MR_CANCELLED, NULL, mr_registry_fsck(registry, &options, &fsck, &api_error));
  mr_cancel_free(cancel);
  mr_registry_close(registry);
}

/* Content of many leaves is read to its end. */
static void test_large_content(void **state) {
  const fsck_stage *stage = *state;
  const size_t size = ((size_t)5 << 20) + 17;
  char digest[DIGEST_TEXT];
  char object[80];
  mr_run *run = NULL;
  uint8_t *bytes = calloc(1, size);
  assert_non_null(bytes);
  for (size_t i = 0; i < size; i += 4096) bytes[i] = (uint8_t)(i >> 12);
  mr_registry *registry = api_open(stage->place->db, 0);
  OK(mr_registry_open_run(registry, stage->second, &run, &api_error));
  OK(mr_run_log_artifact_bytes(run, "large", bytes, size, &api_error));
  free(bytes);
  mr_run_free(run);
  mr_registry_close(registry);
  fsck_stage_clean(stage, 0);
  digest_of(stage, ARTIFACT("large"), digest);
  (void)snprintf(object, sizeof object, "blob %s", digest);
  flip(file_of(stage, digest), size - 1);
  expect(stage, 0, MR_FINDING_CHANGED, object, "in the MiB at offset 5242880", 1, 0);
  flip(file_of(stage, digest), size - 1);
  /* Without its list of leaves, or with a wrong one, it is hashed as a whole. */
  char leaves[160];
  (void)snprintf(leaves, sizeof leaves, "%s.leaves", file_of(stage, digest));
  flip(leaves, 40);
  fsck_stage_clean(stage, 0);
  assert_int_equal(unlink(leaves), 0);
  fsck_stage_clean(stage, 0);
}

static void test_a_registry_in_memory(void **state) {
  mr_fsck *fsck = NULL;
  (void)state;
  mr_registry *registry = api_open("memory:", MR_OPEN_CREATE);
  mr_run_free(api_make_run(registry, 0.9));
  OK(mr_registry_fsck(registry, NULL, &fsck, &api_error));
  assert_int_equal(mr_fsck_info(fsck)->error_count, 0);
  /* Nobody else can write there, whatever the version of SQLite. */
  assert_int_equal(mr_fsck_info(fsck)->note_count, 0);
  assert_int_equal(mr_fsck_info(fsck)->blob_count, 2);
  mr_fsck_free(fsck);
  mr_registry_close(registry);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      fsck_stage_test(test_a_missing_blob_names_who_needs_it),
      fsck_stage_test(test_a_changed_byte_is_found_by_reading),
      fsck_stage_test(test_a_file_that_was_cut),
      fsck_stage_test(test_frozen_files_are_wanted),
      fsck_stage_test(test_a_manifest_that_cannot_be_read),
      fsck_stage_test(test_rows_that_say_other_things),
      fsck_stage_test(test_sizes_without_reading),
      fsck_stage_test(test_what_nothing_refers_to),
      fsck_stage_test(test_much_that_nothing_refers_to),
      fsck_stage_test(test_what_interrupted_writers_left),
      fsck_stage_test(test_a_store_that_is_no_folder),
      fsck_stage_test(test_progress_and_limits),
      fsck_stage_test(test_large_content),
      api_test(test_a_registry_in_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
