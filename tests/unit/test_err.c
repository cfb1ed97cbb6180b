/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "base/text.h"
#include "unit_test.h"

#include <errno.h>

static void test_message_status_and_code_are_set(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  error.backend_code = 99;
  assert_int_equal(mri_error_set(&error, MR_NOT_FOUND, "model \"%s\" does not exist", "fraud"),
                   MR_NOT_FOUND);
  assert_int_equal(error.status, MR_NOT_FOUND);
  assert_int_equal(error.backend_code, 0);
  assert_string_equal(error.message, "model \"fraud\" does not exist");
  assert_int_equal(mri_error_set_code(&error, MR_IO, 266, "disk"), MR_IO);
  assert_int_equal(error.backend_code, 266);
  assert_string_equal(error.message, "disk");
  assert_int_equal(mri_error_no_memory(&error), MR_NO_MEMORY);
  assert_string_equal(error.message, "out of memory");
}

static void test_null_error_is_fine(void **state) {
  (void)state;
  assert_int_equal(mri_error_set(NULL, MR_BUSY, "%d", 1), MR_BUSY);
  assert_int_equal(mri_error_set_code(NULL, MR_IO, 5, "x"), MR_IO);
  assert_int_equal(mri_error_errno(NULL, ENOENT, "open", "f"), MR_NOT_FOUND);
  assert_int_equal(mri_error_no_memory(NULL), MR_NO_MEMORY);
  assert_int_equal(mri_error_prefix(NULL, MR_IO, "x"), MR_IO);
}

static void test_message_is_one_safe_line(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  (void)mri_error_set(&error, MR_IO, "%s", "a\nb\tc\x1b[1m\x7f");
  assert_string_equal(error.message, "a?b?c?[1m?");
  (void)mri_error_set(&error, MR_IO, "%s",
                      "\xc2\x9b"
                      "x\xe2\x80\xa8y\xe2\x80\xa9z");
  assert_string_equal(error.message, "?x?y?z");
  (void)mri_error_set(&error, MR_IO, "%s", "\xff\xc0\x80\xed\xa0\x80 gr\xc3\xbc\xc3\x9f\xe2");
  assert_string_equal(error.message, "?????? gr\xc3\xbc\xc3\x9f?");
}

static void test_long_message_is_cut_between_characters(void **state) {
  (void)state;
  static const char *const characters[] = {"x", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                           "\xc2\x85"};
  for (size_t c = 0; c < 5; c++) {
    for (size_t shift = 0; shift < 5; shift++) {
      char text[2048];
      size_t size = shift;
      memset(text, 'a', shift);
      while (size + 5 < sizeof text) {
        memcpy(text + size, characters[c], strlen(characters[c]));
        size += strlen(characters[c]);
      }
      text[size] = '\0';
      mr_error error = MR_ERROR_INIT;
      (void)mri_error_set(&error, MR_IO, "%s", text);
      size_t length = strlen(error.message);
      assert_true(length < sizeof error.message);
      assert_true(mri_utf8_valid(error.message, length));
      if (c < 4) {
        assert_memory_equal(error.message, text, length);
        assert_true(length + 4 >= sizeof error.message - 1);
      } else {
        assert_int_equal(strspn(error.message, "a?"), length);
      }
    }
  }
}

/* What is wrong in the middle is not taken for a character that was cut off. */
static void test_long_message_with_bad_bytes_goes_on(void **state) {
  (void)state;
  char text[2048];
  mr_error error = MR_ERROR_INIT;
  memset(text, 'a', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  text[3] = '\xff';
  (void)mri_error_set(&error, MR_IO, "%s", text);
  assert_int_equal(strncmp(error.message, "aaa?a", 5), 0);
  assert_int_equal(strlen(error.message), sizeof error.message - 1);
}

/* Whatever stood there: what is left looks like a whole message. */
static void test_long_message_ends_like_a_whole_one(void **state) {
  (void)state;
  char text[2048];
  mr_error error = MR_ERROR_INIT;
  memset(text, 'a', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  memset(text + sizeof error.message - 6, ' ', 3);
  memset(text + sizeof error.message - 3, '.', 10);
  (void)mri_error_set(&error, MR_IO, "%s", text);
  assert_int_equal(strlen(error.message), sizeof error.message - 6);
  /* One that is whole stays as it is. */
  (void)mri_error_set(&error, MR_IO, "%s", "file '. '");
  assert_string_equal(error.message, "file '. '");
}

static void test_short_struct_is_filled_as_far_as_it_goes(void **state) {
  (void)state;
  for (uint32_t size = 1; size <= sizeof(mr_error); size++) {
    mr_error error;
    memset(&error, 0x55, sizeof error);
    error.struct_size = size;
    (void)mri_error_set_code(&error, MR_IO, 7, "0123456789");
    (void)mri_error_prefix(&error, MR_IO, "p");
    const uint8_t *bytes = (const uint8_t *)&error;
    for (size_t i = size < 4 ? 4 : size; i < sizeof error; i++) assert_int_equal(bytes[i], 0x55);
    if (size >= 8) assert_int_equal(error.status, MR_IO);
    if (size >= 16) assert_int_equal(error.backend_code, 7);
    if (size == 17) assert_string_equal(error.message, "");
    if (size == 22) assert_string_equal(error.message, "p: 01");
    if (size >= 32) assert_string_equal(error.message, "p: 0123456789");
  }
}

static void test_size_zero_and_larger_sizes_are_version_one(void **state) {
  (void)state;
  const uint32_t sizes[] = {0, sizeof(mr_error) + 1, UINT32_MAX};
  for (size_t i = 0; i < 3; i++) {
    mr_error error = MR_ERROR_INIT;
    error.struct_size = sizes[i];
    (void)mri_error_set(&error, MR_LIMIT, "whole message");
    assert_int_equal(error.struct_size, sizes[i]);
    assert_int_equal(error.status, MR_LIMIT);
    assert_string_equal(error.message, "whole message");
  }
}

static void test_errno_maps_to_a_status(void **state) {
  (void)state;
  static const struct {
    int errno_value;
    mr_status status;
  } cases[] = {
      {ENOENT, MR_NOT_FOUND},
      {ENOTDIR, MR_NOT_FOUND},
      {EEXIST, MR_ALREADY_EXISTS},
      {EROFS, MR_READ_ONLY},
      {ENOMEM, MR_NO_MEMORY},
      {ELOOP, MR_INVALID_ARGUMENT},
      {EIO, MR_IO},
      {EXDEV, MR_INVALID_ARGUMENT},
      {ENOSPC, MR_IO},
      {EACCES, MR_IO},
      {EMFILE, MR_IO},
      {12345, MR_IO},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mr_error error = MR_ERROR_INIT;
    assert_int_equal(mri_error_errno(&error, cases[i].errno_value, "open", "a/b"), cases[i].status);
    assert_int_equal(error.status, cases[i].status);
    assert_int_equal(error.backend_code, cases[i].errno_value);
    assert_memory_equal(error.message, "cannot open a/b: ", 17);
    assert_true(strlen(error.message) > 17);
  }
  mr_error error = MR_ERROR_INIT;
  (void)mri_error_errno(&error, ENOSPC, "write", "x");
  assert_string_equal(error.message, "cannot write x: No space left on device");
}

static void test_prefix_keeps_status_and_code(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  (void)mri_error_set_code(&error, MR_IO, 5, "disk gone");
  assert_int_equal(mri_error_prefix(&error, MR_IO, "model \"%s\"", "m"), MR_IO);
  assert_string_equal(error.message, "model \"m\": disk gone");
  assert_int_equal(error.backend_code, 5);
  for (int i = 0; i < 200; i++) (void)mri_error_prefix(&error, MR_IO, "\xf0\x9f\x98\x80 %d", i);
  assert_true(mri_utf8_valid(error.message, strlen(error.message)));
  char longer[2000];
  memset(longer, 'y', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  (void)mri_error_prefix(&error, MR_IO, "%s", longer);
  assert_int_equal(strspn(error.message, "y"), sizeof error.message - 1);
}

static void test_arguments_may_be_the_old_message(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  (void)mri_error_set(&error, MR_IO, "inner");
  (void)mri_error_set(&error, MR_CORRUPT, "outer (%s)", error.message);
  assert_string_equal(error.message, "outer (inner)");
  (void)mri_error_prefix(&error, MR_CORRUPT, "again %s", error.message);
  assert_string_equal(error.message, "again outer (inner): outer (inner)");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_message_status_and_code_are_set),
      cmocka_unit_test(test_null_error_is_fine),
      cmocka_unit_test(test_message_is_one_safe_line),
      cmocka_unit_test(test_long_message_is_cut_between_characters),
      cmocka_unit_test(test_long_message_with_bad_bytes_goes_on),
      cmocka_unit_test(test_long_message_ends_like_a_whole_one),
      cmocka_unit_test(test_short_struct_is_filled_as_far_as_it_goes),
      cmocka_unit_test(test_size_zero_and_larger_sizes_are_version_one),
      cmocka_unit_test(test_errno_maps_to_a_status),
      cmocka_unit_test(test_prefix_keeps_status_and_code),
      cmocka_unit_test(test_arguments_may_be_the_old_message),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
