/* SPDX-License-Identifier: Apache-2.0 */
/* A check and a backup with an SQLite of which every function refuses once: each ends well, or says
 * what is wrong. A check never takes for sound what it could not read. */
#include "fsck_governed.h"
#include "sqlite_refusal.h"

static const char *copy_of(const fsck_stage *stage) {
  return api_path(stage->place->folder, "copy.db");
}

static mr_status expected_of(int code) {
  return code == SQLITE_NOMEM ? MR_NO_MEMORY : MR_IO;
}

/* With the nth function refusing; whether it came to that. */
static bool check_refused(mr_registry *registry, uint32_t flags, int64_t nth, int code,
                          int64_t findings) {
  mr_fsck *fsck = NULL;
  mr_fsck_options options = MR_FSCK_OPTIONS_INIT;
  options.flags = flags;
  sqlite_refusal_fail(nth, false, code);
  mr_status status = mr_registry_fsck(registry, &options, &fsck, &api_error);
  bool refused = sqlite_refusal_failed();
  sqlite_refusal_fail(0, false, 0);
  if (status != MR_OK) {
    assert_true(refused);
    assert_null(fsck);
    REFUSED(expected_of(code), NULL, status);
  } else {
    const mr_fsck_record *info = mr_fsck_info(fsck);
    if (info->error_count + info->repaired_count != findings) {
      print_error("after refusal %lld of %d\n", (long long)nth, code);
      fsck_stage_print(fsck);
    }
    assert_int_equal(info->error_count + info->repaired_count, findings);
  }
  mr_fsck_free(fsck);
  return refused;
}

/* Each function in turn, which leaves everything as it is where nothing is repaired. */
static void sweep(const fsck_stage *stage, uint32_t flags, int64_t findings) {
  static const int codes[] = {SQLITE_NOMEM, SQLITE_IOERR};
  int64_t nth = 1;
  bool repairs = (flags & MR_FSCK_REPAIR) != 0;
  char *before = governed_dump_at(stage->place->db);
  mr_registry *registry = api_open(stage->place->db, 0);
  for (bool refused = true; refused; nth++) {
    refused = check_refused(registry, flags, nth, codes[nth % 2], findings);
    if (!repairs) continue;
    mr_registry_close(registry);
    fsck_stage_restore(stage);
    registry = api_open(stage->place->db, 0);
  }
  assert_in_range(nth, 100, 100000);
  mr_registry_close(registry);
  char *after = governed_dump_at(stage->place->db);
  assert_string_equal(after, before);
  free(after);
  free(before);
}

static void test_check(void **state) {
  sweep(*state, 0, 0);
}

static void test_check_of_damage(void **state) {
  fsck_stage *stage = *state;
  fsck_stage_edit(stage, "UPDATE metric SET mean_value = 7 WHERE key = 'loss'");
  fsck_stage_edit(stage, "UPDATE artifact SET digest = zeroblob(32) WHERE path = 'model/a'");
  sweep(stage, 0, 2);
}

static void test_repair(void **state) {
  fsck_stage *stage = *state;
  fsck_stage_edit(stage, "UPDATE param SET number = 7 WHERE key = 'lr'");
  fsck_stage_edit(stage, "UPDATE metric SET mean_value = 7 WHERE key = 'loss'");
  fsck_stage_edit_without(
      stage, "run_by_experiment",
      "UPDATE run SET experiment_id = (SELECT id FROM experiment WHERE name = 'others') "
      "WHERE name = 'first'");
  fsck_stage_keep(stage);
  sweep(stage, MR_FSCK_REPAIR, 4);
}

static void test_check_of_governed(void **state) {
  fsck_governed *governed = *state;
  sweep(&governed->stage, 0, 0);
}

static void test_backup(void **state) {
  fsck_governed *governed = *state;
  const fsck_stage *stage = &governed->stage;
  static const int codes[] = {SQLITE_NOMEM, SQLITE_IOERR};
  int64_t nth = 1;
  char *before = governed_dump_at(stage->place->db);
  mr_registry *registry = api_open(stage->place->db, 0);
  for (bool refused = true; refused; nth++) {
    int code = codes[nth % 2];
    sqlite_refusal_fail(nth, false, code);
    mr_status status = mr_registry_backup(registry, copy_of(stage), NULL, NULL, &api_error);
    refused = sqlite_refusal_failed();
    sqlite_refusal_fail(0, false, 0);
    if (status != MR_OK) {
      assert_true(refused);
      REFUSED(expected_of(code), NULL, status);
      assert_false(api_exists(copy_of(stage)));
      continue;
    }
    mr_registry *copy = api_open(copy_of(stage), MR_OPEN_READ_ONLY);
    governed_check_whole(copy, 0);
    mr_registry_close(copy);
    char *copied = governed_dump_at(copy_of(stage));
    assert_string_equal(copied, before);
    free(copied);
    api_remove_tree(copy_of(stage));
    api_remove_tree(api_path(stage->place->folder, "copy.db.d"));
  }
  assert_in_range(nth, 20, 100000);
  mr_registry_close(registry);
  free(before);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      fsck_stage_test(test_check),     fsck_stage_test(test_check_of_damage),
      fsck_stage_test(test_repair),    fsck_governed_test(test_check_of_governed),
      fsck_governed_test(test_backup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
