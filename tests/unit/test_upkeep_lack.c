/* SPDX-License-Identifier: Apache-2.0 */
/* What ends a check or a backup, and what is merely wrong with the registry. */
#include "unit_test.h"

#include "upkeep/upkeep_limits.h"

#include <errno.h>

static void test_lack(void **state) {
  static const struct {
    mr_status status;
    int64_t code;
    bool lack;
  } cases[] = {
      {MR_OK, 0, false},         {MR_NO_MEMORY, 0, true},  {MR_CANCELLED, 0, true},
      {MR_FORKED, 0, true},      {MR_CLOSED, 0, true},     {MR_IO, EMFILE, true},
      {MR_IO, ENFILE, true},     {MR_IO, EIO, false},      {MR_IO, 0, false},
      {MR_NOT_FOUND, 0, false},  {MR_TAMPERED, 0, false},  {MR_CORRUPT, 0, false},
      {MR_LIMIT, EMFILE, false}, {MR_BUSY, ENFILE, false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mr_error reason = MR_ERROR_INIT;
    reason.backend_code = cases[i].code;
    if (mri_upkeep_is_lack(cases[i].status, &reason) != cases[i].lack) {
      fail_msg("%s with %lld", mr_status_name(cases[i].status), (long long)cases[i].code);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lack),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
