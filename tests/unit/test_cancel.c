/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cancel_token.h"
#include "unit_test.h"

#include <pthread.h>

static void test_trigger_is_seen_and_stays(void **state) {
  (void)state;
  mr_cancel *cancel = NULL;
  assert_int_equal(mr_cancel_new(&cancel, NULL), MR_OK);
  assert_false(mri_cancel_triggered(cancel));
  mr_cancel_trigger(cancel);
  assert_true(mri_cancel_triggered(cancel));
  mr_cancel_trigger(cancel);
  assert_true(mri_cancel_triggered(cancel));
  mr_cancel_free(cancel);
}

static void test_null_is_harmless(void **state) {
  (void)state;
  assert_false(mri_cancel_triggered(NULL));
  mr_cancel_trigger(NULL);
  mr_cancel_free(NULL);
  mri_cancel_add_done(NULL, 1);
  mri_cancel_add_total(NULL, 1);
  assert_int_equal(mr_cancel_done(NULL), 0);
  assert_int_equal(mr_cancel_total(NULL), 0);
  mri_work work;
  mri_work_begin(&work, NULL, 10, 1);
  assert_false(mri_cancel_triggered(&work.token));
  mri_cancel_add_done(&work.token, 3);
  mri_work_end(&work);
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(mr_cancel_new(NULL, &error), MR_INVALID_ARGUMENT);
  assert_int_equal(error.status, MR_INVALID_ARGUMENT);
  assert_non_null(strstr(error.message, "out_cancel"));
}

static bool make_one(void *ctx) {
  (void)ctx;
  mr_cancel *cancel = NULL;
  mr_error error = MR_ERROR_INIT;
  mr_status status = mr_cancel_new(&cancel, &error);
  assert_int_equal(error.status, status);
  if (status != MR_OK) assert_null(cancel);
  mr_cancel_free(cancel);
  return status == MR_OK;
}

static void test_memory_may_run_out(void **state) {
  (void)state;
  assert_int_equal(unit_fail_allocations(make_one, NULL), 1);
}

static void *trigger(void *ctx) {
  mr_cancel_trigger(ctx);
  return NULL;
}

static void test_another_thread_triggers(void **state) {
  (void)state;
  mr_cancel *cancel = NULL;
  pthread_t thread;
  assert_int_equal(mr_cancel_new(&cancel, NULL), MR_OK);
  assert_int_equal(pthread_create(&thread, NULL, trigger, cancel), 0);
  while (!mri_cancel_triggered(cancel)) {
  }
  assert_int_equal(pthread_join(thread, NULL), 0);
  mr_cancel_free(cancel);
}

static mr_cancel *new_token(void) {
  mr_cancel *cancel = NULL;
  assert_int_equal(mr_cancel_new(&cancel, NULL), MR_OK);
  return cancel;
}

static void expect_counts(const mr_cancel *cancel, int64_t done, int64_t total) {
  assert_int_equal(mr_cancel_done(cancel), done);
  assert_int_equal(mr_cancel_total(cancel), total);
}

static void test_counts_add_up(void **state) {
  (void)state;
  mr_cancel *cancel = new_token();
  expect_counts(cancel, 0, 0);
  mri_cancel_add_total(cancel, 100);
  mri_cancel_add_done(cancel, 30);
  mri_cancel_add_total(cancel, INT64_C(1) << 40);
  mri_cancel_add_done(cancel, 5);
  expect_counts(cancel, 35, (INT64_C(1) << 40) + 100);
  mr_cancel_free(cancel);
}

static void test_a_part_counts_its_size_at_most(void **state) {
  (void)state;
  mr_cancel *cancel = new_token();
  mri_work work;
  mri_cancel_add_total(cancel, 100);
  mri_work_begin(&work, cancel, 100, 1);
  mri_cancel_add_total(&work.token, 100);
  expect_counts(cancel, 0, 100);
  mri_cancel_add_done(&work.token, 60);
  expect_counts(cancel, 60, 100);
  mri_cancel_add_done(&work.token, 60);
  expect_counts(cancel, 100, 100);
  mri_cancel_add_done(&work.token, 60);
  mri_work_end(&work);
  expect_counts(cancel, 100, 100);
  mr_cancel_free(cancel);
}

static void test_the_end_of_a_part_counts_the_rest_once(void **state) {
  (void)state;
  mr_cancel *cancel = new_token();
  mri_work work;
  mri_work_begin(&work, cancel, 100, 1);
  mri_cancel_add_done(&work.token, 1);
  mri_work_end(&work);
  expect_counts(cancel, 100, 0);
  mri_work_end(&work);
  mri_cancel_add_done(&work.token, 1);
  expect_counts(cancel, 100, 0);
  mri_work_begin(&work, cancel, 0, 1);
  mri_cancel_add_done(&work.token, 7);
  mri_work_end(&work);
  expect_counts(cancel, 100, 0);
  mr_cancel_free(cancel);
}

static void test_every_pass_counts_its_share(void **state) {
  (void)state;
  mr_cancel *cancel = new_token();
  mri_work work;
  mri_work_begin(&work, cancel, 7, 2);
  int64_t before = 0;
  for (int i = 0; i < 14; i++) {
    mri_cancel_add_done(&work.token, 1);
    int64_t now = mr_cancel_done(cancel);
    assert_true(now == before || now == before + 1);
    before = now;
    if (i == 6) assert_int_equal(now, 3);
  }
  expect_counts(cancel, 7, 0);
  mri_work_end(&work);
  expect_counts(cancel, 7, 0);
  mr_cancel_free(cancel);
}

static void test_parts_have_parts(void **state) {
  (void)state;
  mr_cancel *cancel = new_token();
  mri_work whole, part;
  mri_work_begin(&whole, cancel, 100, 1);
  mri_work_begin(&part, &whole.token, 40, 2);
  mri_cancel_add_total(&part.token, 40);
  mri_cancel_add_done(&part.token, 40);
  expect_counts(cancel, 20, 0);
  mri_work_end(&part);
  expect_counts(cancel, 40, 0);
  assert_false(mri_cancel_triggered(&part.token));
  mr_cancel_trigger(cancel);
  assert_true(mri_cancel_triggered(&part.token));
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(mri_check_cancel(&part.token, &error), MR_CANCELLED);
  mri_work_end(&whole);
  expect_counts(cancel, 100, 0);
  mr_cancel_free(cancel);
}

static void test_endless_sums_end_at_the_greatest_number(void **state) {
  (void)state;
  mr_cancel *cancel = new_token();
  for (int i = 0; i < 3; i++) {
    mri_work part;
    mri_cancel_add_total(cancel, INT64_MAX);
    expect_counts(cancel, i == 0 ? 0 : INT64_MAX, INT64_MAX);
    mri_work_begin(&part, cancel, INT64_MAX, 1);
    mri_cancel_add_done(&part.token, 5);
    mri_work_end(&part);
    expect_counts(cancel, INT64_MAX, INT64_MAX);
  }
  mr_cancel_free(cancel);
}

enum { STEPS = 20000 };

static void *work_off(void *ctx) {
  for (int i = 0; i < STEPS; i++) {
    mri_cancel_add_total(ctx, 3);
    mri_cancel_add_done(ctx, 3);
  }
  return NULL;
}

static void test_another_thread_looks(void **state) {
  (void)state;
  mr_cancel *cancel = new_token();
  pthread_t threads[2];
  for (int i = 0; i < 2; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, work_off, cancel), 0);
  for (int64_t done = 0, before = 0; done < 2 * 3 * STEPS; before = done) {
    done = mr_cancel_done(cancel);
    assert_true(done >= before && done <= mr_cancel_total(cancel));
  }
  for (int i = 0; i < 2; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
  expect_counts(cancel, INT64_C(2) * 3 * STEPS, INT64_C(2) * 3 * STEPS);
  mr_cancel_free(cancel);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_trigger_is_seen_and_stays),
      cmocka_unit_test(test_null_is_harmless),
      cmocka_unit_test(test_memory_may_run_out),
      cmocka_unit_test(test_another_thread_triggers),
      cmocka_unit_test(test_counts_add_up),
      cmocka_unit_test(test_a_part_counts_its_size_at_most),
      cmocka_unit_test(test_the_end_of_a_part_counts_the_rest_once),
      cmocka_unit_test(test_every_pass_counts_its_share),
      cmocka_unit_test(test_parts_have_parts),
      cmocka_unit_test(test_endless_sums_end_at_the_greatest_number),
      cmocka_unit_test(test_another_thread_looks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
