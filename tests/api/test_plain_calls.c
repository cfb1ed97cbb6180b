/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that cannot fail, and that no function is without a test. The argument of this
 * program is the version script, which names all functions. */
#include "api_calls.h"

static const char *map_path;

static api_world world;

static int setup(void **state) {
  return api_world_setup(state, &world);
}

static int teardown(void **state) {
  return api_world_teardown(state, &world);
}

#define plain_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* What NULL gives where nothing can fail, and what lies outside of a list. */
#define TRY_PAGE(noun, page)                                                                       \
  {                                                                                                \
    assert_int_equal(noun##_page_count(NULL), 0);                                                  \
    assert_null(noun##_page_at(NULL, 0));                                                          \
    assert_null(noun##_page_next_token(NULL));                                                     \
    noun##_page_free(NULL);                                                                        \
    int64_t count = noun##_page_count(page);                                                       \
    assert_true(count > 0);                                                                        \
    assert_non_null(noun##_page_at(page, 0));                                                      \
    assert_non_null(noun##_page_at(page, count - 1));                                              \
    assert_null(noun##_page_at(page, count));                                                      \
    assert_null(noun##_page_at(page, -1));                                                         \
    assert_null(noun##_page_at(page, INT64_MIN));                                                  \
    assert_null(noun##_page_at(page, INT64_MAX));                                                  \
    assert_null(noun##_page_next_token(page));                                                     \
  }

static void test_pages(void **state) {
  (void)state;
  TRY_PAGE(mr_artifact, world.artifacts)
  TRY_PAGE(mr_channel, world.channels)
  TRY_PAGE(mr_channel_move, world.moves)
  TRY_PAGE(mr_check, world.checks)
  TRY_PAGE(mr_dataset, world.datasets)
  TRY_PAGE(mr_experiment, world.experiments)
  TRY_PAGE(mr_gate, world.gates)
  TRY_PAGE(mr_input, world.inputs)
  TRY_PAGE(mr_metric, world.metrics)
  TRY_PAGE(mr_model, world.models)
  TRY_PAGE(mr_property, world.params)
  TRY_PAGE(mr_request, world.requests)
  TRY_PAGE(mr_run, world.runs)
  TRY_PAGE(mr_version, world.versions)
}

static void test_getters(void **state) {
  (void)state;
  assert_null(mr_blob_info(NULL));
  assert_int_equal(mr_blob_size(NULL), 0);
  assert_null(mr_buffer_data(NULL));
  assert_int_equal(mr_buffer_size(NULL), 0);
  assert_null(mr_dataset_info(NULL));
  assert_null(mr_decision_info(NULL));
  assert_int_equal(mr_decision_count(NULL), 0);
  assert_int_equal(mr_decision_count(world.decision), 1);
  assert_null(mr_decision_at(NULL, 0));
  assert_null(mr_decision_at(world.decision, -1));
  assert_non_null(mr_decision_at(world.decision, 0));
  assert_null(mr_decision_at(world.decision, 1));
  assert_null(mr_decision_at(world.decision, INT64_MAX));
  assert_null(mr_experiment_info(NULL));
  assert_null(mr_fsck_info(NULL));
  assert_int_equal(mr_fsck_count(NULL), 0);
  assert_null(mr_fsck_at(NULL, 0));
  assert_null(mr_fsck_at(world.fsck, -1));
  assert_null(mr_fsck_at(world.fsck, mr_fsck_count(world.fsck)));
  assert_null(mr_fsck_at(world.fsck, INT64_MAX));
  assert_int_equal(mr_cancel_done(NULL), 0);
  assert_int_equal(mr_cancel_total(NULL), 0);
  assert_int_equal(mr_history_count(NULL), 0);
  assert_null(mr_history_steps(NULL));
  assert_null(mr_history_times(NULL));
  assert_null(mr_history_values(NULL));
  assert_null(mr_lineage_info(NULL));
  assert_int_equal(mr_lineage_count(NULL), 0);
  assert_int_equal(mr_lineage_count(world.lineage), 1);
  assert_null(mr_lineage_at(NULL, 0));
  assert_null(mr_lineage_at(world.lineage, -1));
  assert_non_null(mr_lineage_at(world.lineage, 0));
  assert_null(mr_lineage_at(world.lineage, 1));
  assert_null(mr_lineage_at(world.lineage, INT64_MIN));
  assert_int_equal(mr_manifest_count(NULL), 0);
  assert_null(mr_manifest_at(NULL, 0));
  assert_null(mr_manifest_at(world.manifest, -1));
  assert_non_null(mr_manifest_at(world.manifest, 0));
  assert_null(mr_manifest_at(world.manifest, 1));
  assert_null(mr_manifest_at(world.manifest, INT64_MIN));
  assert_null(mr_model_info(NULL));
  assert_null(mr_registry_info(NULL));
  assert_null(mr_report_info(NULL));
  assert_int_equal(mr_report_count(NULL), 0);
  assert_int_equal(mr_report_count(world.report), 0);
  assert_null(mr_report_at(NULL, 0));
  assert_null(mr_report_at(world.report, 0)); /* no problem, so none at 0 */
  assert_null(mr_report_at(world.report, -1));
  assert_null(mr_request_info(NULL));
  assert_null(mr_run_info(NULL));
  assert_null(mr_semver_info(NULL));
  assert_int_equal(mr_semver_compare(NULL, world.semver), -1);
  assert_int_equal(mr_semver_compare(world.semver, NULL), 1);
  assert_int_equal(mr_semver_compare(NULL, NULL), 0);
  assert_null(mr_semver_range_info(NULL));
  assert_int_equal(mr_semver_range_matches(world.semver_range, world.semver), 1);
  assert_int_equal(mr_semver_range_matches(world.semver_range, NULL), 0);
  assert_int_equal(mr_semver_range_matches(NULL, world.semver), 0);
  assert_null(mr_version_info(NULL));
}

static void test_frees(void **state) {
  (void)state;
  mr_blob_free(NULL);
  mr_buffer_free(NULL);
  mr_cancel_trigger(NULL);
  mr_cancel_free(NULL);
  mr_dataset_free(NULL);
  mr_decision_free(NULL);
  mr_experiment_free(NULL);
  mr_gate_free(NULL);
  mr_history_free(NULL);
  mr_lineage_free(NULL);
  mr_manifest_free(NULL);
  mr_metric_free(NULL);
  mr_model_free(NULL);
  mr_registry_close(NULL);
  mr_fsck_free(NULL);
  mr_report_free(NULL);
  mr_request_free(NULL);
  mr_run_free(NULL);
  mr_semver_free(NULL);
  mr_semver_range_free(NULL);
  mr_version_free(NULL);
}

static void test_names_of_things(void **state) {
  (void)state;
  char expected[32];
  (void)snprintf(expected, sizeof expected, "%d.%d.%d", MR_LIBRARY_VERSION_MAJOR,
                 MR_LIBRARY_VERSION_MINOR, MR_LIBRARY_VERSION_PATCH);
  assert_string_equal(mr_library_version(), expected);
  assert_int_equal(mr_abi_level(), MR_ABI_LEVEL);
  for (mr_status status = MR_OK; status <= MR_CLOSED; status++) {
    assert_string_not_equal(mr_status_name(status), "UNKNOWN");
  }
  assert_string_equal(mr_status_name(-1), "UNKNOWN");
  assert_string_equal(mr_status_name(MR_CLOSED + 1), "UNKNOWN");
  assert_string_equal(mr_status_name(INT32_MIN), "UNKNOWN");
  assert_string_equal(mr_status_name(INT32_MAX), "UNKNOWN");
}

/* The functions that the tests above call by hand. */
static const char *const by_hand[] = {
    "mr_abi_level",      "mr_blob_free",         "mr_blob_info",         "mr_blob_size",
    "mr_buffer_data",    "mr_buffer_free",       "mr_buffer_size",       "mr_cancel_done",
    "mr_cancel_free",    "mr_cancel_total",      "mr_cancel_trigger",    "mr_dataset_free",
    "mr_dataset_info",   "mr_decision_at",       "mr_decision_count",    "mr_decision_free",
    "mr_decision_info",  "mr_experiment_free",   "mr_experiment_info",   "mr_fsck_at",
    "mr_fsck_count",     "mr_fsck_free",         "mr_fsck_info",         "mr_gate_free",
    "mr_history_count",  "mr_history_free",      "mr_history_steps",     "mr_history_times",
    "mr_history_values", "mr_library_version",   "mr_lineage_at",        "mr_lineage_count",
    "mr_lineage_free",   "mr_lineage_info",      "mr_manifest_at",       "mr_manifest_count",
    "mr_manifest_free",  "mr_metric_free",       "mr_model_free",        "mr_model_info",
    "mr_registry_close", "mr_registry_info",     "mr_report_at",         "mr_report_count",
    "mr_report_free",    "mr_report_info",       "mr_request_free",      "mr_request_info",
    "mr_run_free",       "mr_run_info",          "mr_semver_compare",    "mr_semver_free",
    "mr_semver_info",    "mr_semver_range_free", "mr_semver_range_info", "mr_semver_range_matches",
    "mr_status_name",    "mr_version_free",      "mr_version_info",
};

static const char *const page_nouns[] = {
    "mr_artifact", "mr_channel",    "mr_channel_move", "mr_gate",   "mr_check",
    "mr_dataset",  "mr_experiment", "mr_input",        "mr_metric", "mr_model",
    "mr_property", "mr_request",    "mr_run",          "mr_version"};

static bool is_tested(const char *name) {
  const api_call *row;
  for (size_t i = 0; (row = api_call_at(i)) != NULL; i++) {
    if (strcmp(row->name, name) == 0) return true;
  }
  for (size_t i = 0; i < sizeof by_hand / sizeof by_hand[0]; i++) {
    if (strcmp(by_hand[i], name) == 0) return true;
  }
  const char *page = strstr(name, "_page_");
  for (size_t i = 0; page != NULL && i < sizeof page_nouns / sizeof page_nouns[0]; i++) {
    size_t size = strlen(page_nouns[i]);
    if (size == (size_t)(page - name) && memcmp(name, page_nouns[i], size) == 0) {
      return strcmp(page, "_page_count") == 0 || strcmp(page, "_page_at") == 0 ||
             strcmp(page, "_page_next_token") == 0 || strcmp(page, "_page_free") == 0;
    }
  }
  return false;
}

/* A new function without a row in a table fails here. */
static void test_nothing_is_left_out(void **state) {
  (void)state;
  size_t size = 0;
  char *map = (char *)api_read_file(map_path, &size);
  assert_non_null(map);
  map[size] = '\0';
  int found = 0;
  int missing = 0;
  for (char *line = strtok(map, "\n"); line != NULL; line = strtok(NULL, "\n")) {
    char name[80];
    if (sscanf(line, " %79[a-z0-9_];", name) != 1 || strncmp(name, "mr_", 3) != 0) continue;
    found++;
    if (!is_tested(name)) {
      print_error("%s has no row in api_*_calls.c\n", name);
      missing++;
    }
  }
  free(map);
  size_t rows = 0;
  while (api_call_at(rows) != NULL) rows++;
  rows += sizeof by_hand / sizeof by_hand[0] + 4 * sizeof page_nouns / sizeof page_nouns[0];
  assert_int_equal(missing, 0);
  assert_int_equal(found, rows);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      plain_test(test_nothing_is_left_out),
      plain_test(test_pages),
      plain_test(test_getters),
      plain_test(test_frees),
      plain_test(test_names_of_things),
  };
  if (argc < 2) {
    fprintf(stderr, "the path of the version script is missing\n");
    return 1;
  }
  map_path = argv[1];
  return cmocka_run_group_tests(tests, NULL, NULL);
}
