/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "unit_test.h"

/* The reference: which byte strings are one character, from encoding every code point. */
static uint8_t one[256];
static uint8_t two[256 * 256];
static uint8_t three[256 * 256 * 256];

static size_t encode(uint32_t code, uint8_t out[4]) {
  if (code < 0x80) {
    out[0] = (uint8_t)code;
    return 1;
  }
  size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (size_t i = length - 1; i > 0; i--, code >>= 6) out[i] = (uint8_t)(0x80 | (code & 0x3f));
  static const uint8_t lead[5] = {0, 0, 0xc0, 0xe0, 0xf0};
  out[0] = (uint8_t)(lead[length] | code);
  return length;
}

static size_t index_of(const uint8_t *bytes, size_t size) {
  size_t index = 0;
  for (size_t i = 0; i < size; i++) index = index * 256 + bytes[i];
  return index;
}

static int make_reference(void **state) {
  (void)state;
  for (uint32_t code = 0; code < 0x10000; code++) {
    uint8_t bytes[4];
    if (code >= 0xd800 && code < 0xe000) continue;
    size_t length = encode(code, bytes);
    uint8_t *table = length == 1 ? one : length == 2 ? two : three;
    table[index_of(bytes, length)] = 1;
  }
  return 0;
}

static bool reference_valid(const uint8_t *b, size_t size) {
  if (size == 0) return true;
  if (one[b[0]] && reference_valid(b + 1, size - 1)) return true;
  if (size >= 2 && two[index_of(b, 2)] && reference_valid(b + 2, size - 2)) return true;
  return size >= 3 && three[index_of(b, 3)] && reference_valid(b + 3, size - 3);
}

static void test_every_string_up_to_three_bytes(void **state) {
  (void)state;
  size_t valid_count = 0;
  size_t wrong = 0;
  for (size_t size = 0; size <= 3; size++) {
    for (size_t n = 0; n < (size_t)1 << (8 * size); n++) {
      uint8_t bytes[3];
      for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(n >> (8 * i));
      bool valid = mri_utf8_valid((const char *)bytes, size);
      if (valid != reference_valid(bytes, size)) wrong++;
      if (valid) valid_count++;
    }
  }
  assert_int_equal(wrong, 0);
  /* 1 + 128 + (128^2 + 1920) + (128^3 + 2 * 128 * 1920 + 63488 - 2048) */
  assert_int_equal(valid_count, 2668545);
}

static void test_every_code_point_steps_to_itself(void **state) {
  (void)state;
  for (uint32_t code = 0; code < 0x110000; code++) {
    uint8_t bytes[4];
    uint32_t got = UINT32_MAX;
    size_t length = encode(code, bytes);
    bool surrogate = code >= 0xd800 && code < 0xe000;
    size_t step = mri_utf8_step((const char *)bytes, length, &got);
    if (step != (surrogate ? 0 : length) || (!surrogate && got != code)) fail();
    for (size_t cut = 0; cut < length; cut++) {
      if (mri_utf8_step((const char *)bytes, cut, NULL) != 0) fail();
    }
  }
}

static void test_four_byte_forms_at_the_edges(void **state) {
  (void)state;
  static const uint8_t tails[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0xbf, 0xc0, 0xff};
  const size_t count = sizeof tails;
  for (unsigned lead = 0xf0; lead <= 0xff; lead++) {
    for (size_t n = 0; n < count * count * count; n++) {
      const uint8_t b[4] = {(uint8_t)lead, tails[n % count], tails[n / count % count],
                            tails[n / count / count]};
      bool tails_fit = (b[1] & 0xc0) == 0x80 && (b[2] & 0xc0) == 0x80 && (b[3] & 0xc0) == 0x80;
      bool second_fits = lead == 0xf0 ? b[1] >= 0x90 : lead == 0xf4 ? b[1] <= 0x8f : lead < 0xf4;
      assert_int_equal(mri_utf8_valid((const char *)b, 4), tails_fit && second_fits);
    }
  }
}

static void test_control_characters(void **state) {
  (void)state;
  static const uint32_t controls[] = {0, 9, 0x1f, 0x7f, 0x80, 0x9f};
  static const uint32_t others[] = {0x20, 0x7e, 0xa0, 0x2028, 0x10ffff};
  for (size_t i = 0; i < 6; i++) assert_true(mri_is_control(controls[i]));
  for (size_t i = 0; i < 5; i++) assert_false(mri_is_control(others[i]));
}

static void test_strnlen_stops(void **state) {
  (void)state;
  /* No NUL within reach: a heap block of exactly max + 1 bytes shows a read too far. */
  char *text = malloc(11);
  assert_non_null(text);
  memset(text, 'x', 11);
  assert_int_equal(mri_strnlen(text, 10), 11);
  text[10] = '\0';
  assert_int_equal(mri_strnlen(text, 10), 10);
  assert_int_equal(mri_strnlen(text, SIZE_MAX), 10);
  text[0] = '\0';
  assert_int_equal(mri_strnlen(text, 10), 0);
  assert_int_equal(mri_strnlen(text, 0), 0);
  text[0] = 'x';
  assert_int_equal(mri_strnlen(text, 0), 1);
  free(text);
}

static const char *repeat(char c, size_t size) {
  static char text[MRI_VALUE_MAX + 2];
  assert_true(size < sizeof text);
  memset(text, c, size);
  text[size] = '\0';
  return text;
}

static void expect(mr_status got, mr_status expected, const mr_error *error) {
  assert_int_equal(got, expected);
  assert_int_equal(error->status, expected);
  if (expected != MR_OK) assert_memory_equal(error->message, "the thing", 9);
}

static void expect_name(const char *name, mr_status expected) {
  mr_error error = MR_ERROR_INIT;
  expect(mri_check_name(name, "the thing", &error), expected, &error);
}

static void test_names(void **state) {
  (void)state;
  expect_name("fraud", MR_OK);
  expect_name("a b/c \xc3\xbc \xf0\x9f\x98\x80", MR_OK);
  expect_name("\xc2\xa0", MR_OK);
  expect_name(repeat('x', MRI_NAME_MAX), MR_OK);
  expect_name(NULL, MR_INVALID_ARGUMENT);
  expect_name("", MR_INVALID_ARGUMENT);
  expect_name(" a", MR_INVALID_ARGUMENT);
  expect_name("a ", MR_INVALID_ARGUMENT);
  expect_name(" ", MR_INVALID_ARGUMENT);
  expect_name("a\tb", MR_INVALID_ARGUMENT);
  expect_name("a\n", MR_INVALID_ARGUMENT);
  expect_name("a\x7f", MR_INVALID_ARGUMENT);
  expect_name("a\xc2\x85", MR_INVALID_ARGUMENT);
  expect_name("a\xff", MR_INVALID_ARGUMENT);
  expect_name("\xed\xa0\x80", MR_INVALID_ARGUMENT);
  expect_name("\xc3", MR_INVALID_ARGUMENT);
  expect_name(repeat('x', MRI_NAME_MAX + 1), MR_LIMIT);
  expect_name(repeat('x', MRI_VALUE_MAX), MR_LIMIT);
}

static void expect_text(const char *value, size_t max, mr_status expected) {
  mr_error error = MR_ERROR_INIT;
  expect(mri_check_value(value, "the thing", max, &error), expected, &error);
  mr_error again = MR_ERROR_INIT;
  expect(mri_check_optional(value, "the thing", max, &again), value == NULL ? MR_OK : expected,
         &again);
}

static void test_values(void **state) {
  (void)state;
  expect_text(NULL, 10, MR_INVALID_ARGUMENT);
  expect_text("", 10, MR_OK);
  expect_text(" two\r\n\tlines ", 20, MR_OK);
  expect_text(repeat('v', MRI_VALUE_MAX), MRI_VALUE_MAX, MR_OK);
  expect_text(repeat('v', MRI_VALUE_MAX + 1), MRI_VALUE_MAX, MR_LIMIT);
  expect_text("12345", 4, MR_LIMIT);
  expect_text("a\x01", 10, MR_INVALID_ARGUMENT);
  expect_text("a\x1b[2J", 10, MR_INVALID_ARGUMENT);
  expect_text("a\x7f", 10, MR_INVALID_ARGUMENT);
  expect_text("\xc2\x9b", 10, MR_INVALID_ARGUMENT);
  expect_text("\xf5\x80\x80\x80", 10, MR_INVALID_ARGUMENT);
}

static void expect_path(const char *path, mr_status expected) {
  mr_error error = MR_ERROR_INIT;
  expect(mri_check_path(path, "the thing", &error), expected, &error);
}

static void test_paths(void **state) {
  (void)state;
  static const char *const good[] = {"a",          "a/b/c.txt",  "...", "..a", "a..",  ".hidden/x",
                                     "a b/%2e%2e", "\xc3\xbc/x", "~",   "C:",  "a/.b", ".b"};
  static const char *const bad[] = {"",      "/",    "/a",      "a/",   "a//b",  ".",
                                    "..",    "./a",  "a/.",     "../a", "a/..",  "a/../b",
                                    "a/./b", "a\\b", "..\\a",   "a\nb", "a\x7f", "a/\xc2\x80",
                                    "\xff",  "//",   "a/b/../c"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) expect_path(good[i], MR_OK);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) expect_path(bad[i], MR_INVALID_ARGUMENT);
  expect_path(NULL, MR_INVALID_ARGUMENT);
  expect_path(repeat('p', MRI_PATH_MAX), MR_OK);
  expect_path(repeat('p', MRI_PATH_MAX + 1), MR_LIMIT);
}

static void test_what_fits(void **state) {
  (void)state;
  assert_int_equal(mri_text_fit("", 0), 0);
  assert_int_equal(mri_text_fit("abc", 0), 0);
  assert_int_equal(mri_text_fit("abc", 2), 2);
  assert_int_equal(mri_text_fit("abc", 3), 3);
  assert_int_equal(mri_text_fit("abc", 4), 3);
  assert_int_equal(mri_text_fit("a\xc3\xa4", 2), 1); /* no half a character */
  assert_int_equal(mri_text_fit("a\xc3\xa4", 3), 3);
  assert_int_equal(mri_text_fit("\xf0\x9f\x90\xbb", 3), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_string_up_to_three_bytes),
      cmocka_unit_test(test_every_code_point_steps_to_itself),
      cmocka_unit_test(test_four_byte_forms_at_the_edges),
      cmocka_unit_test(test_control_characters),
      cmocka_unit_test(test_strnlen_stops),
      cmocka_unit_test(test_what_fits),
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_paths),
  };
  return cmocka_run_group_tests(tests, make_reference, NULL);
}
