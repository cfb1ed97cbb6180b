/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"

#include "registry/text_buffer.h"

static bool take(void *ctx) {
  const char *text = ctx;
  mri_str str;
  mr_buffer *buffer = NULL;
  mr_error error = MR_ERROR_INIT;
  mri_str_init(&str, mri_mem_default());
  mri_str_add(&str, text);
  mr_status status = mri_buffer_take(&str, &buffer, &error);
  if (status != MR_OK) {
    assert_int_equal(status, MR_NO_MEMORY);
    assert_null(buffer);
    return false;
  }
  assert_int_equal(mr_buffer_size(buffer), strlen(text));
  assert_string_equal((const char *)mr_buffer_data(buffer), text);
  mr_buffer_free(buffer);
  return true;
}

static void takes_text_over(void **state) {
  (void)state;
  static char empty[] = "";
  static char text[] = "some text";
  assert_true(take(empty));
  assert_true(take(text));
  assert_true(unit_fail_allocations(take, empty) >= 2);
  assert_true(unit_fail_allocations(take, text) >= 2);
  assert_int_equal(mri_mem_live(), 0);
}

static void keeps_bytes(void **state) {
  (void)state;
  mri_str str;
  mr_buffer *buffer = NULL;
  mri_str_init(&str, mri_mem_default());
  mri_str_add_bytes(&str, "a\0b", 3);
  assert_int_equal(mri_buffer_take(&str, &buffer, NULL), MR_OK);
  assert_int_equal(mr_buffer_size(buffer), 3);
  assert_memory_equal(mr_buffer_data(buffer), "a\0b", 4); /* with a NUL behind it */
  mr_buffer_free(buffer);
  mr_buffer_free(NULL);
  assert_null(mr_buffer_data(NULL));
  assert_int_equal(mr_buffer_size(NULL), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(takes_text_over),
      cmocka_unit_test(keeps_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
