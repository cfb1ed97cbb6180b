/* SPDX-License-Identifier: Apache-2.0 */
/* What a check and a copy do not do: mend what would break more, count what they cannot have, take
 * lack of descriptors for damage, or speak of the schema of a newer library. */
#include "fsck_stage.h"
#include "sqlite_famine.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Making the index anew gives back its pages, which are those of another one. */
static void test_no_index_is_mended_where_pages_are_damaged(void **state) {
  const fsck_stage *stage = *state;
  fsck_stage_edit(stage, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = (SELECT "
                         "rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_tag_1') "
                         "WHERE name = 'run_by_experiment'");
  size_t before = 0;
  size_t after = 0;
  uint8_t *image = api_read_file(stage->place->db, &before);
  mr_fsck *fsck = fsck_stage_check(stage, MR_FSCK_REPAIR);
  const mr_finding_record *found =
      fsck_stage_find(stage, fsck, MR_FINDING_DATABASE, "index run_by_experiment",
                      "it differs from its table: row 1 missing from index run_by_experiment");
  assert_int_equal(found->repaired, 0);
  assert_string_equal(found->remedy, "restore it from a backup");
  assert_int_equal(mr_fsck_info(fsck)->repaired_count, 0);
  assert_true(mr_fsck_info(fsck)->error_count > 1);
  mr_fsck_free(fsck);
  uint8_t *now = api_read_file(stage->place->db, &after);
  assert_non_null(image);
  assert_non_null(now);
  assert_int_equal(before, after);
  assert_memory_equal(image, now, before);
  free(image);
  free(now);
}

/* More often than a path has bytes, in a table whose key is unique no more. */
static void test_a_path_that_is_there_thousands_of_times(void **state) {
  const fsck_stage *stage = *state;
  const int often = 3000;
  char sql[512];
  fsck_stage_alter(
      stage, "CREATE TABLE kept AS SELECT name, sql FROM sqlite_schema WHERE name = 'artifact'; "
             "PRAGMA writable_schema = ON; "
             "DELETE FROM sqlite_schema WHERE name = 'sqlite_autoindex_artifact_1'; "
             "UPDATE sqlite_schema SET sql = replace(sql, ', PRIMARY KEY (run_id, path)', '') "
             "WHERE name = 'artifact'");
  (void)snprintf(sql, sizeof sql,
                 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
                 "INSERT INTO artifact SELECT run_id, path, kind, digest, size, format, uri, "
                 "created_us FROM n, artifact WHERE path = 'model/a-b'; "
                 "CREATE INDEX again ON artifact (run_id, path)",
                 often);
  fsck_stage_alter(stage, sql);
  fsck_stage_alter(stage,
                   "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = NULL, "
                   "name = 'sqlite_autoindex_artifact_1' WHERE name = 'again'; "
                   "UPDATE sqlite_schema SET sql = (SELECT sql FROM kept) WHERE name = 'artifact'; "
                   "DROP TABLE kept");
  mr_fsck *fsck = fsck_stage_check(stage, 0);
  (void)fsck_stage_find(stage, fsck, MR_FINDING_REFERENCE, "index sqlite_autoindex_artifact_1",
                        "non-unique entry in index sqlite_autoindex_artifact_1");
  assert_true(mr_fsck_info(fsck)->error_count >= often);
  mr_fsck_free(fsck);
}

static void test_a_record_of_the_registry_without_a_value(void **state) {
  const fsck_stage *stage = *state;
  fsck_stage_alter(stage,
                   "CREATE TABLE kept AS SELECT sql FROM sqlite_schema WHERE name = 'meta'; "
                   "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = "
                   "replace(replace(sql, ' NOT NULL', ''), ' STRICT', '') WHERE name = 'meta'");
  fsck_stage_alter(
      stage, "UPDATE meta SET value = NULL WHERE key = 'created_us'; PRAGMA writable_schema = ON; "
             "UPDATE sqlite_schema SET sql = (SELECT sql FROM kept) WHERE name = 'meta'; "
             "DROP TABLE kept");
  api_open_refused(stage->place->db, 0, MR_CORRUPT, "has a damaged record about itself");
}

/* What cannot be read for want of memory is not damaged. */
static void test_memory_runs_out_for_sqlite_while_it_opens(void **state) {
  const fsck_stage *stage = *state;
  bool failed = true;
  int64_t refused = 0;
  for (int64_t nth = 1; failed; nth++) {
    mr_registry *registry = NULL;
    mr_open_options options = api_open_options(0);
    sqlite_famine_fail(nth, false);
    mr_status status = mr_registry_open(stage->place->db, &options, &registry, &api_error);
    failed = sqlite_famine_failed();
    sqlite_famine_fail(0, false);
    mr_registry_close(registry);
    if (status == MR_OK) continue; /* SQLite did without */
    refused++;
    if (status != MR_NO_MEMORY) fail_msg("allocation %lld: %s", (long long)nth, api_error.message);
  }
  assert_true(refused > 10);
  fsck_stage_clean(stage, 0);
}

static void expect_bad_value(const fsck_stage *stage, const char *sql, const char *object,
                             const char *words) {
  fsck_stage_restore(stage);
  fsck_stage_edit(stage, sql);
  mr_fsck *fsck = fsck_stage_check(stage, 0);
  (void)fsck_stage_find(stage, fsck, MR_FINDING_VALUE, object, words);
  assert_int_equal(mr_fsck_info(fsck)->error_count, 1);
  mr_fsck_free(fsck);
}

static void test_values_that_nothing_else_reads(void **state) {
  const fsck_stage *stage = *state;
  expect_bad_value(stage, "UPDATE dataset SET manifest_size = -1 WHERE name = 'images'",
                   "dataset images of run {images}",
                   "its manifest_size is -1, not 0 to 9223372036854775807");
  expect_bad_value(stage, "DELETE FROM meta WHERE key = 'min_reader'", "registry",
                   "it does not say its min_reader");
  expect_bad_value(stage, "DELETE FROM meta WHERE key = 'min_writer'", "registry",
                   "it does not say its min_writer");
}

/* It may have tables of content that nobody here would copy, and values that are right there. */
static void test_a_newer_schema_is_not_judged(void **state) {
  const fsck_stage *stage = *state;
  mr_fsck *fsck = NULL;
  mr_report *report = NULL;
  const char *copy = api_path(stage->place->folder, "copy.db");
  fsck_stage_edit(stage, "UPDATE meta SET value = 2 WHERE key = 'min_writer'; "
                         "PRAGMA user_version = 2");
  mr_registry *registry = api_open(stage->place->db, 0);
  assert_int_equal(mr_registry_info(registry)->schema_version, 2);
  REFUSED(MR_NOT_SUPPORTED, "this library knows version 1 and cannot tell what is whole",
          mr_registry_fsck(registry, NULL, &fsck, &api_error));
  REFUSED(MR_NOT_SUPPORTED, "this library knows version 1 and cannot tell what to copy",
          mr_registry_backup(registry, copy, NULL, &report, &api_error));
  mr_registry_close(registry);
  assert_false(api_exists(copy));
  assert_false(api_exists(api_path(stage->place->folder, "copy.db.d")));
}

/* With none left nothing can be said of any content. */
static void test_lack_of_descriptors_is_no_damage(void **state) {
  const fsck_stage *stage = *state;
  struct rlimit limit;
  struct rlimit few;
  mr_fsck *fsck = NULL;
  mr_registry *registry = api_open(stage->place->db, 0);
  OK(mr_registry_fsck(registry, NULL, &fsck, &api_error)); /* the database needs no more after it */
  mr_fsck_free(fsck);
  fsck = NULL;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
  int next = dup(STDERR_FILENO);
  assert_true(next >= 0);
  assert_int_equal(close(next), 0);
  few = limit;
  few.rlim_cur = (rlim_t)next;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
  mr_status status = mr_registry_fsck(registry, NULL, &fsck, &api_error);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
  assert_int_equal(status, MR_IO);
  assert_null(fsck);
  assert_non_null(strstr(api_error.message, "Too many open files"));
  mr_registry_close(registry);
  fsck_stage_clean(stage, 0);
}

/* Content is what its digest says, whatever size a row gives it. */
static void test_whole_content_of_a_wrong_size_is_copied(void **state) {
  const fsck_stage *stage = *state;
  static const char *const sizes[] = {"0", "-7", "1", "1000000", "9223372036854775807"};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    char sql[128];
    char name[32];
    mr_cancel *cancel = NULL;
    mr_report *report = NULL;
    mr_fsck *fsck = NULL;
    mr_backup_options options = MR_BACKUP_OPTIONS_INIT;
    mr_fsck_options check = MR_FSCK_OPTIONS_INIT;
    fsck_stage_restore(stage);
    (void)snprintf(sql, sizeof sql,
                   "UPDATE artifact SET size = %s WHERE uri IS NULL; "
                   "UPDATE dataset SET manifest_size = %s",
                   sizes[i], sizes[i]);
    (void)snprintf(name, sizeof name, "copy%zu.db", i);
    const char *copy = api_path(stage->place->folder, name);
    fsck_stage_edit(stage, sql);
    mr_registry *registry = api_open(stage->place->db, 0);
    OK(mr_cancel_new(&cancel, &api_error));
    options.cancel = cancel;
    OK(mr_registry_backup(registry, copy, &options, &report, &api_error));
    assert_int_equal(mr_report_count(report), 0);
    assert_int_equal(mr_cancel_done(cancel), mr_cancel_total(cancel));
    mr_report_free(report);
    mr_cancel_free(cancel);
    mr_registry_close(registry);
    /* The copy has the rows as they are, and all of the content. */
    registry = api_open(copy, 0);
    OK(mr_cancel_new(&cancel, &api_error));
    check.cancel = cancel;
    OK(mr_registry_fsck(registry, &check, &fsck, &api_error));
    assert_true(mr_fsck_info(fsck)->error_count > 0);
    for (int64_t k = 0; k < mr_fsck_count(fsck); k++) {
      mr_finding finding = mr_fsck_at(fsck, k)->finding;
      assert_true(finding != MR_FINDING_MISSING && finding != MR_FINDING_CHANGED);
    }
    assert_true(mr_cancel_total(cancel) >= 0);
    assert_int_equal(mr_cancel_done(cancel), mr_cancel_total(cancel));
    mr_fsck_free(fsck);
    mr_cancel_free(cancel);
    mr_registry_close(registry);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      fsck_stage_test(test_no_index_is_mended_where_pages_are_damaged),
      fsck_stage_test(test_a_path_that_is_there_thousands_of_times),
      fsck_stage_test(test_a_record_of_the_registry_without_a_value),
      fsck_stage_test(test_memory_runs_out_for_sqlite_while_it_opens),
      fsck_stage_test(test_values_that_nothing_else_reads),
      fsck_stage_test(test_a_newer_schema_is_not_judged),
      fsck_stage_test(test_lack_of_descriptors_is_no_damage),
      fsck_stage_test(test_whole_content_of_a_wrong_size_is_copied),
  };
  if (!sqlite_famine_arm()) return 1;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
