/* SPDX-License-Identifier: Apache-2.0 */
#include "base/options.h"
#include "unit_test.h"

/* The struct of this library, of an older one and of a newer one. */
typedef struct now_options {
  uint32_t struct_size;
  uint32_t flags;
  int64_t limit;
} now_options;

typedef struct old_options {
  uint32_t struct_size;
  uint32_t flags;
} old_options;

typedef struct new_options {
  uint32_t struct_size;
  uint32_t flags;
  int64_t limit;
  int64_t later;
} new_options;

static mr_status read_options(now_options *out, const void *in, mr_error *error) {
  memset(out, 0xee, sizeof *out);
  return mri_options_read(out, sizeof *out, in, "now_options", error);
}

static void test_null_gives_defaults(void **state) {
  (void)state;
  now_options out;
  assert_int_equal(read_options(&out, NULL, NULL), MR_OK);
  assert_int_equal(out.struct_size, sizeof out);
  assert_int_equal(out.flags, 0);
  assert_int_equal(out.limit, 0);
}

static void test_same_size_is_copied(void **state) {
  (void)state;
  now_options out;
  const now_options in = {sizeof in, 7, -3};
  assert_int_equal(read_options(&out, &in, NULL), MR_OK);
  assert_memory_equal(&out, &in, sizeof in);
}

static void test_older_caller_reads_as_zero(void **state) {
  (void)state;
  now_options out;
  const old_options in = {sizeof in, 7};
  assert_int_equal(read_options(&out, &in, NULL), MR_OK);
  assert_int_equal(out.struct_size, sizeof out);
  assert_int_equal(out.flags, 7);
  assert_int_equal(out.limit, 0);
  const uint32_t least = sizeof least;
  assert_int_equal(read_options(&out, &least, NULL), MR_OK);
  assert_int_equal(out.flags, 0);
}

static void test_newer_caller_may_not_use_what_is_unknown(void **state) {
  (void)state;
  now_options out;
  new_options in = {sizeof in, 7, 9, 0};
  assert_int_equal(read_options(&out, &in, NULL), MR_OK);
  assert_int_equal(out.struct_size, sizeof out);
  assert_int_equal(out.limit, 9);
  for (size_t i = offsetof(new_options, later); i < sizeof in; i++) {
    mr_error error = MR_ERROR_INIT;
    in.later = 0;
    ((uint8_t *)&in)[i] = 1;
    assert_int_equal(read_options(&out, &in, &error), MR_ABI_MISMATCH);
    assert_int_equal(error.status, MR_ABI_MISMATCH);
    assert_non_null(strstr(error.message, "now_options"));
  }
}

static void test_absurd_sizes_are_refused(void **state) {
  (void)state;
  static union {
    uint32_t struct_size;
    uint8_t bytes[4100];
  } in;
  now_options out;
  const uint32_t wrong[] = {0, 1, 3, 4097, 0x80000000u, UINT32_MAX};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    mr_error error = MR_ERROR_INIT;
    in.struct_size = wrong[i];
    assert_int_equal(read_options(&out, &in, &error), MR_ABI_MISMATCH);
    assert_non_null(strstr(error.message, "now_options.struct_size"));
  }
  in.struct_size = 4096;
  assert_int_equal(read_options(&out, &in, NULL), MR_OK);
  in.bytes[4095] = 1;
  assert_int_equal(read_options(&out, &in, NULL), MR_ABI_MISMATCH);
  in.bytes[4095] = 0;
  in.bytes[4096] = 1;
  assert_int_equal(read_options(&out, &in, NULL), MR_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_null_gives_defaults),
      cmocka_unit_test(test_same_size_is_copied),
      cmocka_unit_test(test_older_caller_reads_as_zero),
      cmocka_unit_test(test_newer_caller_may_not_use_what_is_unknown),
      cmocka_unit_test(test_absurd_sizes_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
