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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_trigger_is_seen_and_stays),
      cmocka_unit_test(test_null_is_harmless),
      cmocka_unit_test(test_memory_may_run_out),
      cmocka_unit_test(test_another_thread_triggers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
