/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"

#include "registry/format.h"

/* The head is copied into a block of its own, so that reading past it is seen. */
static const char *format_of(const char *bytes, size_t size, int64_t total) {
  uint8_t *head = mri_mem_alloc(mri_mem_default(), size);
  assert_non_null(head);
  if (size > 0) memcpy(head, bytes, size);
  const char *format = mri_format_of(head, size, total);
  mri_mem_free(mri_mem_default(), head);
  return format;
}

#define IS(format, bytes)                                                                          \
  assert_string_equal(format_of(bytes, sizeof(bytes) - 1, sizeof(bytes) - 1), format)

static void knows_the_documented_formats(void **state) {
  (void)state;
  IS("gguf", "GGUF\x03\x00\x00\x00");
  IS("zip", "PK\x03\x04\x14\x00\x00\x00");
  IS("hdf5", "\x89HDF\r\n\x1a\n");
  IS("numpy", "\x93NUMPY\x01\x00");
  IS("gzip", "\x1f\x8b\x08");
  IS("elf", "\x7f"
            "ELF\x02");
  IS("pickle", "\x80\x02}q");
  IS("pickle", "\x80\x05\x95\x00");
  IS("onnx", "\x08\x07\x12\x07pytorch");
  IS("onnx", "\x08\x03\x3a\x10");
  IS("onnx", "\x08\x03\x1a\x10");
  IS("onnx", "\x08\x03\x22\x10");
  IS("onnx", "\x08\x03\x42\x10");
  IS("json", "{\"a\":1}");
  IS("json", "[1,2]");
  IS("json", "\t\r\n {}");
  IS("json", "[ true ]");
}

static void is_not_deceived_by_what_looks_alike(void **state) {
  (void)state;
  IS("unknown", "");
  IS("unknown", "{");
  IS("unknown", "   ");
  IS("unknown", "{not json");
  IS("unknown", "[%");
  IS("unknown", "hello");
  IS("unknown", "GGU");
  IS("unknown", "PK\x05\x06");
  IS("unknown", "\x89HDF\r\n\x1a");
  IS("unknown", "\x80\x01}q");
  IS("unknown", "\x80\x06}q");
  IS("unknown", "\x80\x02");
  IS("unknown", "\x08\x00\x12");
  IS("unknown", "\x08\x07\x0a");
  IS("unknown", "\x08\x07");
  IS("unknown", "\x1f");
}

/* The size of the header must be possible. */
static void safetensors(void **state) {
  (void)state;
  static const struct {
    const char head[11];
    int64_t total;
    const char *format;
  } cases[] = {
      {"\x02\0\0\0\0\0\0\0{}", 10, "safetensors"},
      {"\x40\0\0\0\0\0\0\0{\"", 72, "safetensors"},
      {"\x40\0\0\0\0\0\0\0{\"", 71, "unknown"},
      {"\x00\xe1\xf5\x05\0\0\0\0{\"", INT64_C(1000000000), "safetensors"}, /* 100,000,000 */
      {"\x01\xe1\xf5\x05\0\0\0\0{\"", INT64_C(1000000000), "unknown"},
      {"\0\0\0\0\0\0\0\0{}", 10, "unknown"},
      {"\x02\0\0\0\0\0\0\x01{}", INT64_MAX, "unknown"},
      {"\x02\0\0\0\x01\0\0\0{}", INT64_MAX, "unknown"},
      {"\x02\0\0\0\0\x01\0\0{}", INT64_MAX, "unknown"},
      {"\x02\0\0\0\0\0\x01\0{}", INT64_MAX, "unknown"},
      {"\x02\0\0\0\0\0\0\0[]", 10, "unknown"},
      {"\x02\0\0\0\0\0\0\0{x", 10, "unknown"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_string_equal(format_of(cases[i].head, 10, cases[i].total), cases[i].format);
  }
  assert_string_equal(format_of("\x02\0\0\0\0\0\0\0{", 9, 10), "unknown");
}

/* Any bytes at all have a format, and none are read that are not there. */
static void any_bytes_will_do(void **state) {
  (void)state;
  uint32_t seed = 1;
  for (int i = 0; i < 20000; i++) {
    char bytes[MRI_FORMAT_BYTES];
    for (size_t k = 0; k < sizeof bytes; k++) {
      seed = seed * 1664525u + 1013904223u;
      bytes[k] = (char)(seed >> 24);
    }
    if (i % 3 == 0) memcpy(bytes, "\x02\0\0\0\0\0\0\0{", 9);
    if (i % 3 == 1) bytes[0] = '{';
    size_t size = (size_t)(seed % (sizeof bytes + 1));
    assert_non_null(format_of(bytes, size, (int64_t)size));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(knows_the_documented_formats),
      cmocka_unit_test(is_not_deceived_by_what_looks_alike),
      cmocka_unit_test(safetensors),
      cmocka_unit_test(any_bytes_will_do),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
