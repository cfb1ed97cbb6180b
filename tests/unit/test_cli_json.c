/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"

#include "cli/cli_json.h"

static void expect_json(void (*write)(cli_json *json), const char *expected) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  assert_non_null(out);
  cli_json json = cli_json_new(out);
  write(&json);
  assert_int_equal(fclose(out), 0);
  assert_string_equal(text, expected);
  free(text);
}

static void write_all(cli_json *json) {
  cli_json_begin_object(json, NULL);
  cli_json_text(json, "text", "a");
  cli_json_text(json, "none", NULL);
  cli_json_int(json, "int", INT64_MIN);
  cli_json_bool(json, "yes", true);
  cli_json_bool(json, "no", false);
  cli_json_time(json, "time", 1700000000000001);
  cli_json_time(json, "never", 0);
  cli_json_begin_array(json, "empty");
  cli_json_end_array(json);
  cli_json_begin_array(json, "array");
  cli_json_int(json, NULL, 1);
  cli_json_begin_object(json, NULL);
  cli_json_end_object(json);
  cli_json_int(json, NULL, 2);
  cli_json_end_array(json);
  cli_json_end_object(json);
}

static void test_nests(void **state) {
  (void)state;
  expect_json(write_all, "{\n"
                         "  \"text\": \"a\",\n"
                         "  \"none\": null,\n"
                         "  \"int\": -9223372036854775808,\n"
                         "  \"yes\": true,\n"
                         "  \"no\": false,\n"
                         "  \"time\": 1700000000000001,\n"
                         "  \"never\": null,\n"
                         "  \"empty\": [],\n"
                         "  \"array\": [\n"
                         "    1,\n"
                         "    {},\n"
                         "    2\n"
                         "  ]\n"
                         "}\n");
}

static void write_strings(cli_json *json) {
  cli_json_begin_array(json, NULL);
  cli_json_text(json, NULL, "\"\\/");
  cli_json_text(json, NULL, "\n\t\x01\x1b\x7f");
  cli_json_text(json, NULL, "\xC3\xA9\xE6\xB3\xA8");
  cli_json_text(json, NULL, "\xC2\x9B\xE2\x80\xAE\xE2\x80\xA8");
  cli_json_text(json, NULL, "\xF3\xA0\x81\x81");
  cli_json_text(json, NULL, "a\xFF\xC3");
  cli_json_end_array(json);
}

static void test_escapes(void **state) {
  (void)state;
  expect_json(write_strings, "[\n"
                             "  \"\\\"\\\\/\",\n"
                             "  \"\\n\\u0009\\u0001\\u001b\\u007f\",\n"
                             "  \"\xC3\xA9\xE6\xB3\xA8\",\n"
                             "  \"\\u009b\\u202e\\u2028\",\n"
                             "  \"\\udb40\\udc41\",\n"
                             "  \"a\\ufffd\\ufffd\"\n"
                             "]\n");
}

static void write_keys(cli_json *json) {
  cli_json_begin_object(json, NULL);
  cli_json_int(json, "a\"b\n", 1);
  cli_json_end_object(json);
}

static void test_escapes_keys(void **state) {
  (void)state;
  expect_json(write_keys, "{\n  \"a\\\"b\\n\": 1\n}\n");
}

static void write_doubles(cli_json *json) {
  double zero = 0.0;
  cli_json_begin_array(json, NULL);
  cli_json_double(json, NULL, 0.1 + 0.2);
  cli_json_double(json, NULL, zero / zero);
  cli_json_double(json, NULL, 1.0 / zero);
  cli_json_double(json, NULL, -1.0 / zero);
  cli_json_end_array(json);
}

static void test_doubles(void **state) {
  (void)state;
  expect_json(write_doubles, "[\n"
                             "  0.30000000000000004,\n"
                             "  \"NaN\",\n"
                             "  \"Infinity\",\n"
                             "  \"-Infinity\"\n"
                             "]\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nests),
      cmocka_unit_test(test_escapes),
      cmocka_unit_test(test_escapes_keys),
      cmocka_unit_test(test_doubles),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
