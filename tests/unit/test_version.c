/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"

#include <modelreg/version.h>

static void is_what_the_headers_say(void **state) {
  (void)state;
  char text[64];
  (void)snprintf(text, sizeof text, "%d.%d.%d", MR_LIBRARY_VERSION_MAJOR, MR_LIBRARY_VERSION_MINOR,
                 MR_LIBRARY_VERSION_PATCH);
  assert_string_equal(mr_library_version(), text);
  assert_int_equal(mr_abi_level(), MR_ABI_LEVEL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(is_what_the_headers_say)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
