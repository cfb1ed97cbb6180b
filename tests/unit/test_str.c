/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "unit_test.h"

#include <math.h>

static mri_str new_str(void) {
  mri_str str;
  mri_str_init(&str, mri_mem_default());
  return str;
}

static void test_text_grows(void **state) {
  (void)state;
  mri_str str = new_str();
  assert_string_equal(mri_str_text(&str), "");
  mri_str_add(&str, "");
  mri_str_add(&str, "ab");
  mri_str_add_char(&str, 'c');
  mri_str_add_bytes(&str, "defgh", 3);
  mri_str_addf(&str, "%d-%s", 42, "x");
  mri_str_addf(&str, "%s", "");
  assert_string_equal(mri_str_text(&str), "abcdef42-x");
  assert_int_equal(str.size, 10);
  for (int i = 0; i < 5000; i++) mri_str_addf(&str, "%05d", i);
  assert_int_equal(str.size, 10 + 25000);
  assert_memory_equal(mri_str_text(&str) + 10 + 5 * 4999, "04999", 6);
  mri_str_free(&str);
  assert_string_equal(mri_str_text(&str), "");
  mri_str_add(&str, "again");
  assert_string_equal(mri_str_text(&str), "again");
  mri_str_free(&str);
}

static void test_formats_of_every_length_around_the_room(void **state) {
  (void)state;
  for (int before = 0; before < 70; before++) {
    for (int length = 0; length < 140; length++) {
      mri_str str = new_str();
      for (int i = 0; i < before; i++) mri_str_add_char(&str, 'b');
      mri_str_addf(&str, "%.*d", length, 0);
      assert_int_equal(str.size, (size_t)(before + length));
      assert_int_equal(strlen(mri_str_text(&str)), str.size);
      mri_str_free(&str);
    }
  }
}

static void test_bytes_may_hold_nul(void **state) {
  (void)state;
  mri_str str = new_str();
  mri_str_add_bytes(&str, "a\0b", 3);
  assert_int_equal(str.size, 3);
  assert_memory_equal(mri_str_text(&str), "a\0b", 4);
  mri_str_free(&str);
}

static void test_take_hands_over(void **state) {
  (void)state;
  int64_t live = mri_mem_live();
  mri_str str = new_str();
  char *empty = mri_str_take(&str);
  assert_string_equal(empty, "");
  mri_str_add(&str, "text");
  char *text = mri_str_take(&str);
  assert_string_equal(text, "text");
  assert_int_equal(str.size, 0);
  assert_string_equal(mri_str_text(&str), "");
  mri_mem_free(mri_mem_default(), empty);
  mri_mem_free(mri_mem_default(), text);
  mri_str_free(&str);
  assert_int_equal(mri_mem_live(), live);
}

static void expect_json(const char *text, const char *expected) {
  mri_str str = new_str();
  mri_str_add_json(&str, text);
  assert_string_equal(mri_str_text(&str), expected);
  mri_str_free(&str);
}

static void test_json_strings(void **state) {
  (void)state;
  expect_json("", "\"\"");
  expect_json("plain", "\"plain\"");
  expect_json("\"a\\b\"", "\"\\\"a\\\\b\\\"\"");
  expect_json("\b\f\n\r\t\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\"");
  expect_json("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80/", "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80/\"");
  expect_json("x\xc2\x85y\xc2\xa0", "\"x\\u0085y\xc2\xa0\"");
}

static void expect_double(double value, const char *expected) {
  mri_str str = new_str();
  mri_str_add_double(&str, value);
  assert_string_equal(mri_str_text(&str), expected);
  mri_str_free(&str);
}

static void test_doubles_are_short(void **state) {
  (void)state;
  expect_double(0.0, "0");
  expect_double(-0.0, "-0");
  expect_double(0.1, "0.1");
  expect_double(-1.5, "-1.5");
  expect_double(100000, "100000");
  expect_double(0.30000000000000004, "0.30000000000000004");
  expect_double(1e22, "1e+22");
  expect_double(1.7976931348623157e308, "1.7976931348623157e+308");
  expect_double(2.2250738585072014e-308, "2.2250738585072014e-308");
  expect_double(9007199254740993.0, "9007199254740992");
  expect_double((double)NAN, "nan");
  expect_double(-(double)NAN, "nan");
  expect_double((double)INFINITY, "inf");
  expect_double(-(double)INFINITY, "-inf");
}

/* What the format is defined by, in the C locale that a test runs in. */
static void expect_as_printf(double value) {
  char expected[64];
  for (int digits = 15; digits <= 17; digits++) {
    (void)snprintf(expected, sizeof expected, "%.*g", digits, value);
    if (strtod(expected, NULL) == value) break;
  }
  expect_double(value, expected);
}

static double neighbour(double value, int64_t steps) {
  uint64_t bits = 0;
  memcpy(&bits, &value, sizeof bits);
  bits += (uint64_t)steps;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static void test_doubles_of_few_digits(void **state) {
  (void)state;
  expect_double(0.97, "0.97");
  expect_double(123456.789012, "123456.789012");
  expect_double(0.000123, "0.000123");
  expect_double(0.0001, "0.0001");
  expect_double(0.00009, "9e-05");
  expect_double(999999999999999.0, "999999999999999");
  expect_double(1e15, "1e+15");
  expect_double(-99999999999999.5, "-99999999999999.5");
  double power = 1;
  for (int places = 0; places <= 12; places++, power *= 10) {
    uint64_t digits = 1; /* never 0, which has no neighbour on one side */
    for (int i = 0; i < 400; i++) {
      double value = (double)(digits % UINT64_C(3000000000000000)) / power;
      expect_as_printf(value);
      expect_as_printf(-value);
      expect_as_printf(neighbour(value, -1));
      expect_as_printf(neighbour(value, 1));
      digits = i % 40 == 39 ? (uint64_t)i : digits * 3 + 7;
    }
  }
}

static void expect_decimal(uint64_t value, const char *expected) {
  mri_str str = new_str();
  mri_str_add_decimal(&str, value);
  assert_string_equal(mri_str_text(&str), expected);
  mri_str_free(&str);
}

static void test_decimals(void **state) {
  (void)state;
  expect_decimal(0, "0");
  expect_decimal(10, "10");
  expect_decimal(UINT64_MAX, "18446744073709551615");
}

static void test_stored_integers_are_little_endian(void **state) {
  (void)state;
  mri_str str = new_str();
  mri_str_add_u32(&str, 0x01020384u);
  mri_str_add_u64(&str, 0x0102030405060788u);
  assert_int_equal(str.size, 12);
  assert_memory_equal(mri_str_text(&str), "\x84\x03\x02\x01\x88\x07\x06\x05\x04\x03\x02\x01", 12);
  mri_str_free(&str);
}

static void expect_varint(uint64_t value, const char *bytes, size_t size) {
  mri_str str = new_str();
  mri_str_add_varint(&str, value);
  assert_int_equal(str.size, size);
  assert_memory_equal(mri_str_text(&str), bytes, size);
  mri_str_free(&str);
}

static void test_varints_are_leb128(void **state) {
  (void)state;
  expect_varint(0, "\0", 1);
  expect_varint(127, "\x7f", 1);
  expect_varint(128, "\x80\x01", 2);
  expect_varint(300, "\xac\x02", 2);
  expect_varint(624485, "\xe5\x8e\x26", 3);
  expect_varint(UINT64_MAX, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);
}

static bool build(void *ctx) {
  (void)ctx;
  mri_str str = new_str();
  for (int i = 0; i < 100; i++) {
    mri_str_add(&str, "text ");
    mri_str_add_json(&str, "\"\x01\"");
    mri_str_addf(&str, "%200d", i);
    mri_str_add_double(&str, 0.1);
    mri_str_add_varint(&str, 1u << 20);
  }
  bool worked = !str.failed;
  assert_int_equal(mri_str_text(&str) != NULL, worked);
  char *text = mri_str_take(&str);
  assert_int_equal(text != NULL, worked);
  mri_mem_free(mri_mem_default(), text);
  assert_string_equal(mri_str_text(&str), "");
  mri_str_free(&str);
  return worked;
}

static void test_failure_sticks_until_the_end(void **state) {
  (void)state;
  assert_true(unit_fail_allocations(build, NULL) >= 5);
  mri_str str = new_str();
  mri_str_add(&str, "before");
  mri_mem_test_fail(1, false);
  char longer[1000];
  memset(longer, 'x', sizeof longer);
  mri_str_add_bytes(&str, longer, sizeof longer);
  mri_mem_test_fail(0, false);
  mri_str_add(&str, "after");
  assert_null(mri_str_text(&str));
  mri_str_free(&str);
}

static void test_impossible_sizes_are_refused(void **state) {
  (void)state;
  mri_str str = new_str();
  mri_str_add(&str, "x");
  mri_str_add_bytes(&str, "y", SIZE_MAX);
  assert_true(str.failed);
  mri_str_free(&str);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text_grows),
      cmocka_unit_test(test_formats_of_every_length_around_the_room),
      cmocka_unit_test(test_bytes_may_hold_nul),
      cmocka_unit_test(test_take_hands_over),
      cmocka_unit_test(test_json_strings),
      cmocka_unit_test(test_doubles_are_short),
      cmocka_unit_test(test_doubles_of_few_digits),
      cmocka_unit_test(test_decimals),
      cmocka_unit_test(test_stored_integers_are_little_endian),
      cmocka_unit_test(test_varints_are_leb128),
      cmocka_unit_test(test_failure_sticks_until_the_end),
      cmocka_unit_test(test_impossible_sizes_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
