/* SPDX-License-Identifier: Apache-2.0 */
/* Damages of the database file itself. */
#include "fsck_stage.h"
#include "sqlite_famine.h"

static void test_an_index_that_misses_a_row(void **state) {
  const fsck_stage *stage = *state;
  const char *words = "it differs from its table: row 1 missing from index run_by_experiment";
  fsck_stage_edit_without(
      stage, "run_by_experiment",
      "UPDATE run SET experiment_id = (SELECT id FROM experiment WHERE name = 'others') "
      "WHERE name = 'first'");
  mr_fsck *fsck = fsck_stage_check(stage, 0);
  const mr_finding_record *found =
      fsck_stage_find(stage, fsck, MR_FINDING_DATABASE, "index run_by_experiment", words);
  assert_string_equal(found->remedy, "run fsck with repair");
  assert_int_equal(mr_fsck_info(fsck)->error_count, 1);
  mr_fsck_free(fsck);
  fsck = fsck_stage_check(stage, MR_FSCK_REPAIR);
  found = fsck_stage_find(stage, fsck, MR_FINDING_DATABASE, "index run_by_experiment", words);
  assert_int_equal(found->repaired, 1);
  assert_int_equal(mr_fsck_info(fsck)->error_count, 0);
  assert_int_equal(mr_fsck_info(fsck)->repaired_count, 1);
  mr_fsck_free(fsck);
  fsck_stage_clean(stage, 0);
}

/* What is looked for by way of the index is not there. */
static void test_an_index_that_leads_astray(void **state) {
  const fsck_stage *stage = *state;
  mr_fsck *fsck = NULL;
  fsck_stage_edit_without(stage, "dataset_by_digest", "DELETE FROM dataset WHERE name = 'plain'");
  mr_registry *registry = api_open(stage->place->db, MR_OPEN_READ_ONLY);
  REFUSED(MR_CORRUPT, "cannot be read to its end for its damaged indexes; run fsck with repair",
          mr_registry_fsck(registry, NULL, &fsck, &api_error));
  mr_registry_close(registry);
  fsck = fsck_stage_check(stage, MR_FSCK_REPAIR);
  const mr_finding_record *found = fsck_stage_find(
      stage, fsck, MR_FINDING_DATABASE, "index dataset_by_digest", "wrong # of entries in index");
  assert_int_equal(found->repaired, 1);
  (void)fsck_stage_find(stage, fsck, MR_FINDING_REFERENCE, "run {plain}",
                        "it is of the kind dataset and has none");
  assert_int_equal(mr_fsck_info(fsck)->error_count, 1);
  mr_fsck_free(fsck);
}

/* No index can be made of rows that are there twice. */
static void test_rows_that_are_there_twice(void **state) {
  const fsck_stage *stage = *state;
  fsck_stage_edit(stage, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = "
                         "replace(sql, 'UNIQUE', '') WHERE name = 'version_of_run'");
  fsck_stage_edit(stage, "CREATE TABLE copy AS SELECT * FROM version; "
                         "UPDATE copy SET id = 77, uuid = 'twin', sort_key = x'ff'; "
                         "INSERT INTO version SELECT * FROM copy; DROP TABLE copy; "
                         "UPDATE version SET status = status");
  fsck_stage_edit(stage, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = "
                         "replace(sql, 'CREATE ', 'CREATE UNIQUE') WHERE name = 'version_of_run'");
  mr_fsck *fsck = fsck_stage_check(stage, MR_FSCK_REPAIR);
  (void)fsck_stage_find(stage, fsck, MR_FINDING_REFERENCE, "index version_of_run",
                        "non-unique entry in index");
  assert_true(mr_fsck_info(fsck)->error_count > 0);
  mr_fsck_free(fsck);
}

static void test_a_value_that_the_schema_does_not_allow(void **state) {
  const fsck_stage *stage = *state;
  fsck_stage_edit(stage, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = "
                         "replace(sql, 'actor TEXT NOT NULL', 'actor TEXT') "
                         "WHERE name = 'experiment'");
  fsck_stage_edit(stage, "UPDATE experiment SET actor = NULL WHERE name = 'others'");
  fsck_stage_edit(stage, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = "
                         "replace(sql, 'actor TEXT', 'actor TEXT NOT NULL') "
                         "WHERE name = 'experiment'");
  mr_fsck *fsck = fsck_stage_check(stage, MR_FSCK_REPAIR);
  (void)fsck_stage_find(stage, fsck, MR_FINDING_DATABASE, "database",
                        "NULL value in experiment.actor");
  (void)fsck_stage_find(stage, fsck, MR_FINDING_VALUE, "experiment others", "its actor is missing");
  assert_int_equal(mr_fsck_info(fsck)->error_count, 2);
  mr_fsck_free(fsck);
}

/* A check ends with findings, or says that nothing more can be read; it never says that all is
 * well. */
static void assert_seen(const fsck_stage *stage, size_t page) {
  mr_registry *registry = NULL;
  mr_fsck *fsck = NULL;
  mr_status status = mr_registry_open(stage->place->db, NULL, &registry, &api_error);
  if (status == MR_OK) status = mr_registry_fsck(registry, NULL, &fsck, &api_error);
  if (status == MR_OK) {
    if (mr_fsck_info(fsck)->error_count == 0) fail_msg("page %zu is found to be sound", page);
    assert_true(mr_fsck_info(fsck)->error_count < 60);
  } else {
    assert_int_equal(status, MR_CORRUPT);
    assert_true(api_is_good_message(api_error.message));
  }
  mr_fsck_free(fsck);
  mr_registry_close(registry);
}

static void test_every_page_in_turn(void **state) {
  const fsck_stage *stage = *state;
  const size_t page_size = 4096;
  size_t pages = stage->size / page_size;
  assert_true(pages > 30);
  assert_int_equal(stage->size % page_size, 0);
  uint8_t *damaged = malloc(stage->size);
  assert_non_null(damaged);
  for (size_t page = 1; page < pages; page++) {
    memcpy(damaged, stage->image, stage->size);
    memset(damaged + page * page_size, 0xff, 12);
    fsck_stage_restore(stage);
    api_write_file(stage->place->db, damaged, stage->size);
    assert_seen(stage, page);
  }
  free(damaged);
}

/* Any flipped bit: the check comes to an end and tells nothing that is no text. */
static void test_flipped_bits(void **state) {
  const fsck_stage *stage = *state;
  uint8_t *damaged = malloc(stage->size);
  assert_non_null(damaged);
  int found = 0;
  int count = api_scaled(400);
  for (int i = 0; i < count; i++) {
    size_t at = (size_t)(((uint64_t)i * 2654435761u + 97) % stage->size);
    memcpy(damaged, stage->image, stage->size);
    damaged[at] ^= (uint8_t)(1u << (i % 8));
    fsck_stage_restore(stage);
    api_write_file(stage->place->db, damaged, stage->size);
    mr_registry *registry = NULL;
    mr_fsck *fsck = NULL;
    mr_status status = mr_registry_open(stage->place->db, NULL, &registry, &api_error);
    if (status == MR_OK) status = mr_registry_fsck(registry, NULL, &fsck, &api_error);
    if (status != MR_OK) assert_true(api_is_good_message(api_error.message));
    for (int64_t n = 0; n < mr_fsck_count(fsck); n++) {
      assert_true(api_is_good_message(mr_fsck_at(fsck, n)->message));
      assert_true(api_is_good_message(mr_fsck_at(fsck, n)->remedy));
    }
    found += status != MR_OK || mr_fsck_info(fsck)->error_count > 0;
    mr_fsck_free(fsck);
    mr_registry_close(registry);
  }
  /* Much of a small file is free room. */
  assert_true(found > 0);
  free(damaged);
}

/* A check that cannot go on says so: what it did not see is no damage, and none is overlooked. */
static void sweep_famine(const fsck_stage *stage, bool for_ever, int64_t errors) {
  mr_registry *registry = api_open(stage->place->db, 0);
  const int64_t stride = 200 / api_scaled(50);
  bool failed = true;
  for (int64_t nth = 1; failed; nth += stride) {
    mr_fsck *fsck = NULL;
    sqlite_famine_fail(nth, for_ever);
    mr_status status = mr_registry_fsck(registry, NULL, &fsck, &api_error);
    failed = sqlite_famine_failed();
    sqlite_famine_fail(0, false);
    if (status == MR_OK) {
      if (mr_fsck_info(fsck)->error_count != errors) fsck_stage_print(fsck);
      assert_int_equal(mr_fsck_info(fsck)->error_count, errors);
    } else {
      assert_int_equal(status, MR_NO_MEMORY);
    }
    mr_fsck_free(fsck);
  }
  mr_registry_close(registry);
}

static void test_sqlite_without_memory(void **state) {
  const fsck_stage *stage = *state;
  sweep_famine(stage, false, 0);
  sweep_famine(stage, true, 0);
  fsck_stage_edit(stage, "UPDATE run SET experiment_id = 99 WHERE name = 'first'");
  sweep_famine(stage, false, 1);
  sweep_famine(stage, true, 1);
}

int main(void) {
  if (!sqlite_famine_arm()) return 1;
  const struct CMUnitTest tests[] = {
      fsck_stage_test(test_an_index_that_misses_a_row),
      fsck_stage_test(test_an_index_that_leads_astray),
      fsck_stage_test(test_rows_that_are_there_twice),
      fsck_stage_test(test_a_value_that_the_schema_does_not_allow),
      fsck_stage_test(test_every_page_in_turn),
      fsck_stage_test(test_flipped_bits),
      fsck_stage_test(test_sqlite_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
