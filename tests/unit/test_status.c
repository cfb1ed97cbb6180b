/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"

#include <modelreg/error.h>

static void test_names_are_the_constants(void **state) {
  (void)state;
  assert_string_equal(mr_status_name(MR_OK), "OK");
  assert_string_equal(mr_status_name(MR_NOT_FOUND), "NOT_FOUND");
  assert_string_equal(mr_status_name(MR_GATE_PENDING), "GATE_PENDING");
  assert_string_equal(mr_status_name(MR_CLOSED), "CLOSED");
}

static void test_every_status_has_its_own_name(void **state) {
  (void)state;
  for (mr_status a = MR_OK; a <= MR_CLOSED; a++) {
    assert_non_null(mr_status_name(a));
    assert_string_not_equal(mr_status_name(a), "UNKNOWN");
    for (mr_status b = MR_OK; b < a; b++)
      assert_string_not_equal(mr_status_name(a), mr_status_name(b));
  }
}

static void test_unknown_values_survive(void **state) {
  (void)state;
  assert_string_equal(mr_status_name(MR_CLOSED + 1), "UNKNOWN");
  assert_string_equal(mr_status_name(-1), "UNKNOWN");
  assert_string_equal(mr_status_name(INT32_MAX), "UNKNOWN");
  assert_string_equal(mr_status_name(INT32_MIN), "UNKNOWN");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names_are_the_constants),
      cmocka_unit_test(test_every_status_has_its_own_name),
      cmocka_unit_test(test_unknown_values_survive),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
