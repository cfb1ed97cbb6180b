/* SPDX-License-Identifier: Apache-2.0 */
/* What modelreg migrate says about a registry that it brought forward. */
#include "unit_test.h"

#include "cli/cmd_registry.h"

static void prints(int64_t from, int64_t to, bool as_json, const char *expected) {
  mr_registry_record record = {
      .struct_size = sizeof record, .schema_version = to, .migrated_from = from};
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  assert_non_null(out);
  cli_migrated_print(out, as_json, &record);
  assert_int_equal(fclose(out), 0);
  assert_string_equal(text, expected);
  free(text);
}

static void test_brought_forward(void **state) {
  (void)state;
  prints(1, 3, false, "Brought from schema version 1 to 3\n");
  prints(1, 3, true, "{\n  \"schema_version\": 3,\n  \"migrated_from\": 1\n}\n");
}

static void test_as_it_was(void **state) {
  (void)state;
  prints(0, 3, false, "Schema version 3, nothing to do\n");
  prints(0, 3, true, "{\n  \"schema_version\": 3,\n  \"migrated_from\": null\n}\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_brought_forward),
      cmocka_unit_test(test_as_it_was),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
