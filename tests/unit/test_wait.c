/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"

#include "base/id.h"
#include "store/wait.h"

static void test_no_budget_does_not_wait(void **state) {
  (void)state;
  mri_wait wait;
  mri_wait_init(&wait, 0, NULL, NULL);
  assert_false(mri_wait_pause(&wait));
  assert_int_equal(mri_wait_check(&wait), MR_BUSY);
  mri_wait_init(&wait, -5, NULL, NULL);
  assert_false(mri_wait_pause(&wait));
}

static void test_budget_is_kept(void **state) {
  (void)state;
  mri_wait wait;
  int64_t start = mri_monotonic_us();
  mri_wait_init(&wait, 30, NULL, NULL);
  int pauses = 0;
  while (mri_wait_pause(&wait)) pauses++;
  assert_true(pauses > 0);
  assert_true(mri_monotonic_us() - start >= 30000);
  mri_wait_init(&wait, INT64_MAX, NULL, NULL);
  assert_int_equal(mri_wait_check(&wait), MR_OK);
  assert_true(wait.deadline_us > start);
}

static void test_two_waiters_do_not_march_in_step(void **state) {
  (void)state;
  mri_wait a;
  mri_wait b;
  mri_wait_init(&a, 1000, NULL, NULL);
  mri_wait_init(&b, 1000, NULL, NULL);
  assert_true(a.random != b.random);
  assert_true(mri_wait_pause(&a));
  assert_true(mri_wait_pause(&b));
  assert_true(a.random != b.random);
}

static void test_cancel_ends_it(void **state) {
  (void)state;
  mr_cancel *cancel = NULL;
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(mr_cancel_new(&cancel, NULL), MR_OK);
  mri_wait wait;
  mri_wait_init(&wait, 1000000, cancel, NULL);
  assert_int_equal(mri_wait_check(&wait), MR_OK);
  mr_cancel_trigger(cancel);
  assert_false(mri_wait_pause(&wait));
  assert_int_equal(mri_wait_error(&wait, &error, 5, "registry x"), MR_CANCELLED);
  assert_int_equal(error.backend_code, 5);
  mr_cancel_free(cancel);
}

static void test_closing_ends_it(void **state) {
  (void)state;
  atomic_bool stop;
  atomic_init(&stop, false);
  mri_wait wait;
  mri_wait_init(&wait, 1000000, NULL, &stop);
  assert_int_equal(mri_wait_check(&wait), MR_OK);
  atomic_store(&stop, true);
  assert_false(mri_wait_pause(&wait));
  assert_int_equal(mri_wait_error(&wait, NULL, 0, "registry x"), MR_CLOSED);
}

static void test_busy_says_how_long_and_what_to_do(void **state) {
  (void)state;
  mri_wait wait;
  mr_error error = MR_ERROR_INIT;
  mri_wait_init(&wait, 0, NULL, NULL);
  assert_int_equal(mri_wait_error(&wait, &error, 5, "registry x"), MR_BUSY);
  assert_non_null(strstr(error.message, "registry x"));
  assert_non_null(strstr(error.message, " ms"));
  assert_non_null(strstr(error.message, "busy_timeout_ms"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_budget_does_not_wait),
      cmocka_unit_test(test_budget_is_kept),
      cmocka_unit_test(test_two_waiters_do_not_march_in_step),
      cmocka_unit_test(test_cancel_ends_it),
      cmocka_unit_test(test_closing_ends_it),
      cmocka_unit_test(test_busy_says_how_long_and_what_to_do),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
