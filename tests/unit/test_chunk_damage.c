/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks that are damaged, forged, or no blocks at all. */
#include "chunk_test.h"

static mr_status decode(const uint8_t *block, size_t size, series *back, size_t count) {
  return decode_one(mri_mem_default(), block, size, back->steps, back->times_us, back->values,
                    count, NULL);
}

static void test_every_flipped_bit_and_every_truncation_is_found(void **state) {
  (void)state;
  static series s;
  static series back;
  for (int i = 0; i < 2; i++) {
    uint8_t *block = NULL;
    size_t size = 0;
    size_t count = 0;
    fill_loss(&s, 40, i == 1);
    assert_int_equal(
        encoders[i](mri_mem_default(), s.steps, s.times_us, s.values, s.count, &block, &size, NULL),
        MR_OK);
    for (size_t bit = 0; bit < size * 8; bit++) {
      block[bit / 8] ^= (uint8_t)(1 << bit % 8);
      assert_int_equal(decode(block, size, &back, s.count), MR_CORRUPT);
      assert_int_equal(mri_chunk_count(block, size, &count, NULL), MR_CORRUPT);
      block[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < size; cut++)
      assert_int_equal(decode(block, cut, &back, s.count), MR_CORRUPT);
    assert_int_equal(decode(block, size, &back, s.count), MR_OK);
    mri_mem_free(mri_mem_default(), block);
  }
  assert_int_equal(decode(NULL, 0, &back, 1), MR_CORRUPT);
}

/* A forger can compute the check sum. */
static void seal(uint8_t *block, size_t size) {
  uint8_t check[16];
  mri_xxh128(block, size - 8, check);
  memcpy(block + size - 8, check, 8);
}

static void test_forged_blocks_do_no_harm(void **state) {
  (void)state;
  static series s;
  static series back;
  size_t refused = 0;
  for (int i = 0; i < 2; i++) {
    uint8_t *block = NULL;
    size_t size = 0;
    fill_loss(&s, 60, false);
    assert_int_equal(
        encoders[i](mri_mem_default(), s.steps, s.times_us, s.values, s.count, &block, &size, NULL),
        MR_OK);
    for (size_t at = 0; at + 8 < size; at++) {
      uint8_t kept = block[at];
      for (unsigned value = 0; value < 256; value += at < 40 ? 1 : 15) {
        block[at] = (uint8_t)value;
        seal(block, size);
        mr_status status = decode(block, size, &back, s.count);
        assert_true(status == MR_OK || status == MR_CORRUPT);
        refused += status != MR_OK;
      }
      block[at] = kept;
    }
    for (int round = 0; round < 20000; round++) {
      uint8_t forged[2000];
      memcpy(forged, block, size);
      for (int k = 0; k < 4; k++) forged[next_random() % size] = (uint8_t)next_random();
      size_t length = 15 + (size_t)(next_random() % (size - 14));
      seal(forged, length);
      mr_status status = decode(forged, length, &back, s.count);
      assert_true(status == MR_OK || status == MR_CORRUPT);
      refused += status != MR_OK;
    }
    mri_mem_free(mri_mem_default(), block);
  }
  assert_true(refused > 10000);
}

static void test_nothing_may_follow(void **state) {
  (void)state;
  static series s;
  static series back;
  uint8_t block[400];
  uint8_t *encoded = NULL;
  size_t size = 0;
  fill_golden(&s);
  assert_int_equal(
      encode_one(mri_mem_default(), s.steps, s.times_us, s.values, s.count, &encoded, &size, NULL),
      MR_OK);
  memcpy(block, encoded, size);
  mri_mem_free(mri_mem_default(), encoded);
  /* A byte behind the last column. */
  memset(block + size - 8, 0, 16);
  seal(block, size + 1);
  assert_int_equal(decode(block, size + 1, &back, s.count), MR_CORRUPT);
  seal(block, size);
  assert_int_equal(decode(block, size, &back, s.count), MR_OK);
  /* A coding of a column that is not there. */
  block[5] |= 0x10;
  seal(block, size);
  assert_int_equal(decode(block, size, &back, s.count), MR_CORRUPT);
  /* Two points, their columns raw, and a varint too many in the first. */
  uint8_t small[40] = {'m', 1, 1, 0, 0, 0, 2, 0, 0, 2, 0, 0, 0, 0, 1, 0};
  seal(small, 16 + 8 + 8);
  assert_int_equal(decode(small, 16 + 8 + 8, &back, 2), MR_CORRUPT);
  const uint8_t right[16] = {'m', 1, 1, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 1, 0, 0};
  memcpy(small, right, sizeof right);
  memset(small + 16, 0, 24);
  seal(small, 15 + 8 + 8);
  assert_int_equal(decode(small, 15 + 8 + 8, &back, 2), MR_OK);
}

static void test_the_count_is_bounded_and_must_fit(void **state) {
  (void)state;
  static series s;
  static series back;
  uint8_t *block = NULL;
  size_t size = 0;
  size_t count = 0;
  fill_loss(&s, 40, false);
  assert_int_equal(
      encode_one(mri_mem_default(), s.steps, s.times_us, s.values, s.count, &block, &size, NULL),
      MR_OK);
  assert_int_equal(decode(block, size, &back, 39), MR_CORRUPT);
  assert_int_equal(decode(block, size, &back, 41), MR_CORRUPT);
  mri_mem_free(mri_mem_default(), block);
  /* 1,000,001 points in a varint; then none. */
  uint8_t forged[40] = {'m', 1, 0, 0, 0, 0, 0xc1, 0x84, 0x3d};
  seal(forged, sizeof forged);
  assert_int_equal(mri_chunk_count(forged, sizeof forged, &count, NULL), MR_CORRUPT);
  forged[6] = 0xc0;
  seal(forged, sizeof forged);
  assert_int_equal(mri_chunk_count(forged, sizeof forged, &count, NULL), MR_OK);
  assert_int_equal(count, 1000000);
  forged[6] = 0;
  seal(forged, sizeof forged);
  assert_int_equal(mri_chunk_count(forged, sizeof forged, &count, NULL), MR_CORRUPT);
  forged[6] = 1;
  forged[1] = 2;
  seal(forged, sizeof forged);
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(mri_chunk_count(forged, sizeof forged, &count, &error), MR_CORRUPT);
  assert_non_null(strstr(error.message, "newer library"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_flipped_bit_and_every_truncation_is_found),
      cmocka_unit_test(test_forged_blocks_do_no_harm),
      cmocka_unit_test(test_nothing_may_follow),
      cmocka_unit_test(test_the_count_is_bounded_and_must_fit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
