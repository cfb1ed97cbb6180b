/* SPDX-License-Identifier: Apache-2.0 */
/* The largest, the smallest and nothing at all, where it is allowed: numbers, steps and sizes. */
#include "api_calls.h"

static api_world world;

static int setup(void **state) {
  return api_world_setup(state, &world);
}

static int teardown(void **state) {
  return api_world_teardown(state, &world);
}

#define extreme_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static double double_of(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* Every double and every step comes back to the bit. */
static void test_extreme_points(void **state) {
  (void)state;
  const double values[] = {0.0,
                           -0.0,
                           double_of(UINT64_C(0x7ff0000000000000)), /* infinities */
                           double_of(UINT64_C(0xfff0000000000000)),
                           double_of(UINT64_C(0x7ff8000000000000)), /* NaN, also with a payload */
                           double_of(UINT64_C(0xfff8000000000123)),
                           double_of(1), /* the smallest */
                           double_of(UINT64_C(0x7fefffffffffffff)),
                           double_of(UINT64_C(0xffefffffffffffff)),
                           0.1};
  const int64_t steps[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 0, 0, 1, 2, INT64_MAX - 1, INT64_MAX};
  const int64_t times[] = {INT64_MAX, INT64_MIN, -1, INT64_MIN, 0, INT64_MAX, 1, 2, 3, INT64_MIN};
  enum { COUNT = sizeof values / sizeof values[0] };
  mr_metric *metric = NULL;
  mr_history *history = NULL;
  OK(mr_run_metric(world.run, "extreme", &metric, &api_error));
  OK(mr_metric_log_many(metric, values, steps, times, COUNT, &api_error));
  OK(mr_run_history(world.run, "extreme", NULL, &history, &api_error));
  assert_int_equal(mr_history_count(history), COUNT);
  for (int i = 0; i < COUNT; i++) {
    assert_true(mr_history_steps(history)[i] == steps[i]);
    assert_true(mr_history_times(history)[i] == times[i]);
    assert_true(bits_of(mr_history_values(history)[i]) == bits_of(values[i]));
  }
  mr_history_free(history);
  mr_history_options options = MR_HISTORY_OPTIONS_INIT;
  options.flags = MR_HISTORY_FROM_STEP | MR_HISTORY_TO_STEP;
  options.from_step = INT64_MAX;
  options.to_step = INT64_MAX;
  OK(mr_run_history(world.run, "extreme", &options, &history, &api_error));
  assert_int_equal(mr_history_count(history), 1);
  mr_history_free(history);
  options.to_step = INT64_MIN;
  OK(mr_run_history(world.run, "extreme", &options, &history, &api_error));
  assert_int_equal(mr_history_count(history), 0);
  assert_non_null(mr_history_steps(history));
  mr_history_free(history);
  mr_metric_page *page = NULL;
  OK(mr_run_list_metrics(world.run, NULL, &page, &api_error));
  const mr_metric_record *record = mr_metric_page_at(page, 0);
  assert_string_equal(record->key, "extreme");
  assert_int_equal(record->count, COUNT);
  assert_int_equal(record->nan_count, 2);
  assert_true(record->first_step == INT64_MIN && record->last_step == INT64_MAX);
  assert_true(bits_of(record->min) == UINT64_C(0xfff0000000000000));
  assert_true(bits_of(record->max) == UINT64_C(0x7ff0000000000000));
  assert_true(bits_of(record->last) == bits_of(0.1));
  mr_metric_page_free(page);
  mr_metric_free(metric);
}

/* Nothing of nothing is fine, and more than there is memory for is not. */
static void test_counts(void **state) {
  (void)state;
  const double value = 1;
  const int64_t step = 1;
  const char *key = "k";
  OK(mr_run_log_params(world.run, NULL, NULL, 0, &api_error));
  OK(mr_run_log_metrics(world.run, 1, NULL, NULL, 0, &api_error));
  OK(mr_metric_log_many(world.metric, NULL, NULL, NULL, 0, &api_error));
  OK(mr_run_log_artifact_bytes(world.run, "empty", NULL, 0, &api_error));
  REFUSED(MR_INVALID_ARGUMENT, "keys", mr_run_log_params(world.run, NULL, &key, 1, &api_error));
  REFUSED(MR_NO_MEMORY, NULL,
          mr_metric_log_many(world.metric, &value, &step, NULL, SIZE_MAX, &api_error));
  REFUSED(MR_NO_MEMORY, NULL,
          mr_metric_log_many(world.metric, &value, &step, NULL, SIZE_MAX / 16, &api_error));
  size_t size = 77;
  uint8_t bytes[8] = {9, 9, 9, 9, 9, 9, 9, 9};
  OK(mr_blob_read(world.blob, INT64_MAX, bytes, sizeof bytes, &size, &api_error));
  assert_int_equal(size, 0);
  OK(mr_blob_read(world.blob, 4, bytes, sizeof bytes, &size, &api_error));
  assert_int_equal(size, 2);
  assert_memory_equal(bytes, "ef\x9\x9", 4);
  OK(mr_blob_read(world.blob, 0, NULL, 0, &size, &api_error));
  assert_int_equal(size, 0);
}

/* Sums of sizes do not wrap around. */
static void test_huge_sizes(void **state) {
  (void)state;
  mr_link_options link = MR_LINK_OPTIONS_INIT;
  mr_manifest *manifest = NULL;
  mr_request *request = NULL;
  mr_run *run = api_make_run(world.registry, 0.99);
  link.uri = "s3://bucket/key";
  link.digest = world.digest;
  link.size = INT64_MAX;
  link.path = "huge/1";
  OK(mr_run_log_artifact_link(run, &link, &api_error));
  link.path = "huge/2";
  OK(mr_run_log_artifact_link(run, &link, &api_error));
  int64_t versions = api_count_versions(world.model);
  REFUSED(MR_LIMIT, NULL,
          mr_model_promote(world.model, mr_run_info(run)->id, NULL, &request, &api_error));
  assert_int_equal(api_count_versions(world.model), versions);
  mr_run_free(run);
  OK(mr_manifest_new(&manifest, &api_error));
  OK(mr_manifest_add_entry(manifest, "1", INT64_MAX, world.digest, &api_error));
  REFUSED(MR_LIMIT, NULL, mr_manifest_add_entry(manifest, "2", 1, world.digest, &api_error));
  assert_int_equal(mr_manifest_count(manifest), 1);
  mr_manifest_free(manifest);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      extreme_test(test_extreme_points),
      extreme_test(test_counts),
      extreme_test(test_huge_sizes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
