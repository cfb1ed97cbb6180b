/* SPDX-License-Identifier: Apache-2.0 */
#include "registry_test.h"

#include "registry/report_builder.h"

static mr_report *make(mr_registry *registry, size_t problems) {
  static const char *const paths[] = {"c", "a", "b"};
  mr_report *report = mri_report_new(registry);
  mr_error error = MR_ERROR_INIT;
  assert_non_null(report);
  mri_report_count(report, 10);
  mri_report_count(report, 0);
  for (size_t i = 0; i < problems; i++) {
    char message[32];
    (void)snprintf(message, sizeof message, "'%s' is wrong", paths[i]);
    OK(mri_report_add(report, (mr_problem)(i + 1), paths[i], message, &error));
  }
  return report;
}

static void hands_out_sorted_problems(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  mr_report *report = NULL;
  OK(mri_report_finish(make(registry, 3), "folder", &report, &error));
  const mr_report_record *record = mr_report_info(report);
  assert_int_equal(record->struct_size, sizeof *record);
  assert_int_equal(record->file_count, 2);
  assert_int_equal(record->total_size, 10);
  assert_int_equal(record->problem_count, 3);
  static const mr_problem kinds[] = {MR_PROBLEM_CHANGED, MR_PROBLEM_EXTRA, MR_PROBLEM_MISSING};
  for (int64_t i = 0; i < 3; i++) {
    assert_int_equal(mr_report_at(report, i)->path[0], 'a' + i);
    assert_int_equal(mr_report_at(report, i)->problem, kinds[i]);
  }
  assert_null(mr_report_at(report, 3));
  assert_null(mr_report_at(report, -1));
  mr_registry_close(registry); /* the report keeps what it needs */
  assert_string_equal(mr_report_at(report, 0)->message, "'a' is wrong");
  mr_report_free(report);
  assert_int_equal(mri_mem_live(), 0);
}

static void fails_without_a_place_for_it(void **state) {
  (void)state;
  static const char *const messages[] = {"", "folder: 'c' is wrong",
                                         "folder: 'a' is wrong, and 1 more problem",
                                         "folder: 'a' is wrong, and 2 more problems"};
  mr_registry *registry = registry_open();
  for (size_t problems = 0; problems <= 3; problems++) {
    mr_error error = MR_ERROR_INIT;
    mr_status status = mri_report_finish(make(registry, problems), "folder", NULL, &error);
    assert_int_equal(status, problems == 0 ? MR_OK : MR_TAMPERED);
    assert_int_equal(error.status, status);
    assert_string_equal(error.message, messages[problems]);
  }
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

/* However long a path is, the message says how many more there are. */
static void long_paths_are_cut(void **state) {
  (void)state;
  char path[1025];
  char message[1100];
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  mr_report *report = make(registry, 3);
  memset(path, 'A', sizeof path - 1);
  path[1024] = '\0';
  (void)snprintf(message, sizeof message, "'%s' is wrong", path);
  OK(mri_report_add(report, MR_PROBLEM_CHANGED, path, message, &error));
  assert_int_equal(mri_report_finish(report, "a folder", NULL, &error), MR_TAMPERED);
  registry_says(&error, "a folder: 'AAAA");
  registry_says(&error, "and 3 more problems");
  mr_registry_close(registry);
}

static bool report_once(void *ctx) {
  mr_report *report = mri_report_new(ctx);
  mr_error error = MR_ERROR_INIT;
  if (report == NULL) return false;
  mr_status status = mri_report_add(report, MR_PROBLEM_EXTRA, "path", "message", &error);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  assert_int_equal(mr_report_info(report)->problem_count, status == MR_OK ? 1 : 0);
  mr_report_free(report);
  return status == MR_OK;
}

static void memory_runs_out(void **state) {
  (void)state;
  mr_registry *registry = registry_open();
  assert_true(unit_fail_allocations(report_once, registry) >= 3);
  mr_registry_close(registry);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hands_out_sorted_problems),
      cmocka_unit_test(fails_without_a_place_for_it),
      cmocka_unit_test(long_paths_are_cut),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
