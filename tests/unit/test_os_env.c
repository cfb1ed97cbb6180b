/* SPDX-License-Identifier: Apache-2.0 */
#include "base/os_env.h"
#include "unit_test.h"

static void test_set_variable_is_read(void **state) {
  (void)state;
  assert_int_equal(setenv("MODELREG_UNIT_TEST", "value", 1), 0);
  assert_string_equal(mri_env("MODELREG_UNIT_TEST"), "value");
}

static void test_unset_and_empty_are_the_same(void **state) {
  (void)state;
  assert_int_equal(unsetenv("MODELREG_UNIT_TEST"), 0);
  assert_null(mri_env("MODELREG_UNIT_TEST"));
  assert_int_equal(setenv("MODELREG_UNIT_TEST", "", 1), 0);
  assert_null(mri_env("MODELREG_UNIT_TEST"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_set_variable_is_read),
      cmocka_unit_test(test_unset_and_empty_are_the_same),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
