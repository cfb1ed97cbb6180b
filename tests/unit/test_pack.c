/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"

#include "metrics/pack.h"

#define MOST 5000

static const mri_mem *mem(void) {
  return mri_mem_default();
}

/* Packs, unpacks, compares; returns the stored size and tells the coding. */
static size_t round_trip(const uint8_t *bytes, size_t size, unsigned *coding) {
  mri_str out;
  mri_str_init(&out, mem());
  mri_packer *packer = mri_packer_new(mem(), MOST);
  assert_non_null(packer);
  assert_true(mri_pack(packer, 0, bytes, size, &out, coding));
  mri_packer_free(packer);
  uint8_t back[MOST];
  const uint8_t *at = (const uint8_t *)mri_str_text(&out);
  const uint8_t *end = at + out.size;
  mri_unpacker *unpacker = mri_unpacker_new(mem());
  assert_non_null(unpacker);
  const uint8_t *view = NULL;
  assert_int_equal(mri_unpack(unpacker, *coding, &at, end, back, size, &view), MRI_UNPACKED);
  assert_ptr_equal(at, end);
  if (size > 0) assert_memory_equal(bytes, view, size);
  mri_unpacker_free(unpacker);
  size_t stored = out.size;
  mri_str_free(&out);
  return stored;
}

static void fill_noise(uint8_t *bytes, size_t size, unsigned mask) {
  uint64_t seed = 99;
  for (size_t i = 0; i < size; i++) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    bytes[i] = (uint8_t)(seed >> 40 & mask);
  }
}

static void test_nothing_and_little(void **state) {
  (void)state;
  const uint8_t bytes[3] = {1, 2, 3};
  unsigned coding = 9;
  assert_int_equal(round_trip(bytes, 0, &coding), 0);
  assert_int_equal(coding, MRI_PACK_RAW);
  assert_int_equal(round_trip(bytes, 1, &coding), 1);
  assert_int_equal(round_trip(bytes, 3, &coding), 3);
}

static void test_equal_bytes_are_one(void **state) {
  (void)state;
  uint8_t bytes[MOST];
  unsigned coding = 9;
  memset(bytes, 0xab, sizeof bytes);
  assert_int_equal(round_trip(bytes, MOST, &coding), 1);
  assert_int_equal(coding, MRI_PACK_SAME);
  assert_int_equal(round_trip(bytes, 2, &coding), 1);
}

static void test_few_symbols_are_deflated(void **state) {
  (void)state;
  uint8_t bytes[MOST];
  unsigned coding = 9;
  fill_noise(bytes, MOST, 3);
  assert_true(round_trip(bytes, MOST, &coding) < MOST / 3);
  assert_int_equal(coding, MRI_PACK_DEFLATE);
}

static void test_noise_stays_as_it_is(void **state) {
  (void)state;
  uint8_t bytes[MOST];
  unsigned coding = 9;
  fill_noise(bytes, MOST, 0xff);
  assert_int_equal(round_trip(bytes, MOST, &coding), MOST);
  assert_int_equal(coding, MRI_PACK_RAW);
}

/* Of a long column only some bytes are looked at; they lie all over it. */
static void test_noise_in_a_part_does_not_hide_the_rest(void **state) {
  (void)state;
  uint8_t bytes[MOST];
  unsigned coding = 9;
  for (size_t from = 0; from <= MOST / 2; from += MOST / 4) {
    memset(bytes, 0, sizeof bytes);
    fill_noise(bytes + from, MOST / 2, 0xff);
    assert_true(round_trip(bytes, MOST, &coding) < MOST * 3 / 5);
    assert_int_equal(coding, MRI_PACK_DEFLATE);
  }
}

static void test_every_size_of_every_kind(void **state) {
  (void)state;
  uint8_t bytes[MOST];
  for (unsigned mask = 1; mask < 256; mask = mask * 2 + 1) {
    fill_noise(bytes, MOST, mask);
    for (size_t size = 0; size < 300; size++) {
      unsigned coding = 9;
      assert_true(round_trip(bytes, size, &coding) <= size + (size == 0));
    }
  }
}

static void test_one_packer_packs_many_columns(void **state) {
  (void)state;
  uint8_t bytes[MOST];
  mri_str out;
  mri_str_init(&out, mem());
  mri_packer *packer = mri_packer_new(mem(), MOST);
  unsigned coding[20];
  for (unsigned i = 0; i < 20; i++) {
    fill_noise(bytes, 1000 + 100 * i, i % 4 * 2 + 1);
    assert_true(mri_pack(packer, i % MRI_PACK_COLUMNS, bytes, 1000 + 100 * i, &out, &coding[i]));
  }
  mri_packer_free(packer);
  const uint8_t *at = (const uint8_t *)mri_str_text(&out);
  const uint8_t *end = at + out.size;
  mri_unpacker *unpacker = mri_unpacker_new(mem());
  for (unsigned i = 0; i < 20; i++) {
    uint8_t back[MOST];
    fill_noise(bytes, 1000 + 100 * i, i % 4 * 2 + 1);
    const uint8_t *view = NULL;
    assert_int_equal(mri_unpack(unpacker, coding[i], &at, end, back, 1000 + 100 * i, &view),
                     MRI_UNPACKED);
    assert_memory_equal(bytes, view, 1000 + 100 * i);
  }
  assert_ptr_equal(at, end);
  mri_unpacker_free(unpacker);
  mri_str_free(&out);
}

static mri_unpack_result try_unpack(unsigned coding, const uint8_t *bytes, size_t size,
                                    uint8_t *back, size_t want) {
  mri_unpacker *unpacker = mri_unpacker_new(mem());
  assert_non_null(unpacker);
  const uint8_t *at = bytes;
  const uint8_t *view = NULL;
  mri_unpack_result result = mri_unpack(unpacker, coding, &at, bytes + size, back, want, &view);
  mri_unpacker_free(unpacker);
  return result;
}

static void test_a_bomb_is_not_inflated(void **state) {
  (void)state;
  uint8_t bytes[MOST] = {0};
  uint8_t back[MOST + 1];
  mri_str out;
  mri_str_init(&out, mem());
  mri_packer *packer = mri_packer_new(mem(), MOST);
  bytes[0] = 1; /* not all the same */
  unsigned coding = 9;
  assert_true(mri_pack(packer, 0, bytes, MOST, &out, &coding));
  assert_int_equal(coding, MRI_PACK_DEFLATE);
  assert_true(out.size < 100);
  mri_packer_free(packer);
  const uint8_t *stored = (const uint8_t *)mri_str_text(&out);
  memset(back, 0x55, sizeof back);
  assert_int_equal(try_unpack(coding, stored, out.size, back, MOST - 1), MRI_UNPACK_BAD);
  assert_int_equal(back[MOST - 1], 0x55);
  assert_int_equal(try_unpack(coding, stored, out.size, back, 10), MRI_UNPACK_BAD);
  assert_int_equal(try_unpack(coding, stored, out.size, back, 0), MRI_UNPACK_BAD);
  assert_int_equal(try_unpack(coding, stored, out.size, back, MOST + 1), MRI_UNPACK_BAD);
  for (size_t size = 0; size < out.size; size++)
    assert_int_equal(try_unpack(coding, stored, size, back, MOST), MRI_UNPACK_BAD);
  /* Nor does anything hide behind the end of the deflated bytes. */
  uint8_t longer[128] = {0};
  assert_true(stored[0] < 100);
  memcpy(longer, stored, out.size);
  assert_int_equal(try_unpack(coding, longer, out.size, back, MOST), MRI_UNPACKED);
  longer[0]++;
  assert_int_equal(try_unpack(coding, longer, out.size + 1, back, MOST), MRI_UNPACK_BAD);
  mri_str_free(&out);
}

static void test_hostile_codings_and_lengths(void **state) {
  (void)state;
  uint8_t back[16];
  const uint8_t bytes[4] = {1, 2, 3, 4};
  const uint8_t far[10] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1};
  assert_int_equal(try_unpack(3, bytes, 4, back, 4), MRI_UNPACK_BAD);
  assert_int_equal(try_unpack(MRI_PACK_RAW, bytes, 4, back, 5), MRI_UNPACK_BAD);
  assert_int_equal(try_unpack(MRI_PACK_SAME, bytes, 0, back, 5), MRI_UNPACK_BAD);
  assert_int_equal(try_unpack(MRI_PACK_SAME, bytes, 4, back, 0), MRI_UNPACK_BAD);
  assert_int_equal(try_unpack(MRI_PACK_DEFLATE, far, 10, back, 16), MRI_UNPACK_BAD);
  assert_int_equal(try_unpack(MRI_PACK_DEFLATE, bytes, 0, back, 16), MRI_UNPACK_BAD);
}

static void test_varints(void **state) {
  (void)state;
  const uint64_t numbers[] = {0, 1, 127, 128, 300, 1u << 31, (uint64_t)1 << 63, UINT64_MAX};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    mri_str text;
    mri_str_init(&text, mem());
    mri_str_add_varint(&text, numbers[i]);
    const uint8_t *start = (const uint8_t *)mri_str_text(&text);
    const uint8_t *at = start;
    uint64_t back = 42;
    assert_true(mri_read_varint(&at, start + text.size, &back));
    assert_true(back == numbers[i]);
    for (size_t size = 0; size < text.size; size++) {
      at = start;
      assert_false(mri_read_varint(&at, start + size, &back));
    }
    mri_str_free(&text);
  }
  const uint8_t big[10] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};
  const uint8_t lengthy[11] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0};
  uint64_t back = 0;
  const uint8_t *at = big;
  assert_false(mri_read_varint(&at, big + 10, &back));
  at = lengthy;
  assert_false(mri_read_varint(&at, lengthy + 11, &back));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nothing_and_little),
      cmocka_unit_test(test_equal_bytes_are_one),
      cmocka_unit_test(test_few_symbols_are_deflated),
      cmocka_unit_test(test_noise_stays_as_it_is),
      cmocka_unit_test(test_noise_in_a_part_does_not_hide_the_rest),
      cmocka_unit_test(test_every_size_of_every_kind),
      cmocka_unit_test(test_one_packer_packs_many_columns),
      cmocka_unit_test(test_a_bomb_is_not_inflated),
      cmocka_unit_test(test_hostile_codings_and_lengths),
      cmocka_unit_test(test_varints),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
