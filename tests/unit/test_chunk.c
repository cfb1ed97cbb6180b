/* SPDX-License-Identifier: Apache-2.0 */
#include "chunk_test.h"

/* Encodes, decodes, compares every bit; returns the size of the block. */
static size_t round_trip(const series *s, encode_call encode) {
  static series back;
  uint8_t *block = NULL;
  size_t size = 0;
  size_t count = 0;
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(
      encode(mri_mem_default(), s->steps, s->times_us, s->values, s->count, &block, &size, &error),
      MR_OK);
  assert_int_equal(mri_chunk_count(block, size, &count, &error), MR_OK);
  assert_int_equal(count, s->count);
  assert_int_equal(decode_one(mri_mem_default(), block, size, back.steps, back.times_us,
                              back.values, count, &error),
                   MR_OK);
  assert_memory_equal(back.steps, s->steps, count * sizeof *s->steps);
  assert_memory_equal(back.times_us, s->times_us, count * sizeof *s->times_us);
  assert_memory_equal(back.values, s->values, count * sizeof *s->values);
  mri_mem_free(mri_mem_default(), block);
  return size;
}

static void round_trips(const series *s) {
  for (int i = 0; i < 2; i++) (void)round_trip(s, encoders[i]);
}

static void test_every_count(void **state) {
  (void)state;
  static series s;
  for (size_t count = 1; count <= MOST; count += count < 300 ? 1 : 97) {
    fill_loss(&s, count, count % 2 == 0);
    round_trips(&s);
  }
}

static void test_special_values_keep_their_bits(void **state) {
  (void)state;
  static const uint64_t special[] = {
      0,                  /* 0 */
      0x8000000000000000, /* -0 */
      0x7ff0000000000000, /* infinity */
      0xfff0000000000000,
      0x7ff8000000000000, /* quiet NaN */
      0xfff8000000000001,
      0x7ff8000020000000, /* NaN with a payload that fits a float32 */
      0x7ff0000020000000, /* signalling NaN, the same */
      0x7ff0000000000001, /* signalling NaN */
      0x7fffffffffffffff,
      0x0000000000000001, /* the smallest subnormal */
      0x000fffffffffffff,
      0x0010000000000000, /* the smallest normal */
      0x7fefffffffffffff, /* the largest */
      0x47efffffe0000000, /* the largest float32 */
      0x47f0000000000000, /* just above */
      0x3810000000000000, /* the smallest normal float32 */
      0x3800000000000000, /* half of it, a subnormal one */
      0x3807ffffe0000000,
      0x0000000020000000,
      0x36a0000000000000, /* the smallest subnormal float32 */
      0x3ff0000000000000, /* 1 */
      0x3fb99999a0000000, /* 0.1f */
  };
  const size_t count = sizeof special / sizeof *special;
  static series s;
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < count; k++) {
      s.count = 3;
      for (size_t at = 0; at < 3; at++) s.steps[at] = s.times_us[at] = (int64_t)at;
      s.values[0] = mri_double_of_bits(special[i]);
      s.values[1] = mri_double_of_bits(special[k]);
      s.values[2] = 1;
      round_trips(&s);
    }
  }
  s.count = count;
  for (size_t i = 0; i < count; i++) s.values[i] = mri_double_of_bits(special[i]);
  round_trips(&s);
}

static void test_extreme_integers(void **state) {
  (void)state;
  static const int64_t extremes[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
  static series s;
  s.count = 200;
  for (int round = 0; round < 50; round++) {
    for (size_t i = 0; i < s.count; i++) {
      s.steps[i] = extremes[next_random() % 7];
      s.times_us[i] = extremes[next_random() % 7];
      s.values[i] = (double)i;
    }
    round_trips(&s);
  }
}

static void test_random_bits(void **state) {
  (void)state;
  static series s;
  for (int round = 0; round < 200; round++) {
    s.count = 1 + (size_t)(next_random() % 700);
    uint64_t step_mask = UINT64_MAX >> (next_random() & 63);
    uint64_t time_mask = UINT64_MAX >> (next_random() & 63);
    uint64_t value_mask = UINT64_MAX << (next_random() & 63);
    for (size_t i = 0; i < s.count; i++) {
      s.steps[i] = (int64_t)(next_random() & step_mask);
      s.times_us[i] = (int64_t)(next_random() & time_mask);
      s.values[i] = mri_double_of_bits(next_random() & value_mask);
    }
    round_trips(&s);
  }
}

static void test_all_float32_patterns_of_a_kind(void **state) {
  (void)state;
  static series s;
  s.count = MOST;
  for (int round = 0; round < 20; round++) {
    for (size_t i = 0; i < s.count; i++) {
      uint32_t bits = (uint32_t)next_random();
      float narrow;
      memcpy(&narrow, &bits, sizeof narrow);
      s.steps[i] = (int64_t)i;
      s.times_us[i] = (int64_t)i;
      s.values[i] = (double)narrow;
    }
    round_trips(&s);
  }
}

static void test_typical_series_are_small(void **state) {
  (void)state;
  static series s;
  const size_t counts[] = {100, 500, 1000, MOST};
  for (size_t i = 0; i < 4; i++) {
    size_t count = counts[i];
    size_t raw = count * 24;
    fill_loss(&s, count, false);
    assert_true(round_trip(&s, encode_one) < raw * 40 / 100);
    fill_loss(&s, count, true);
    assert_true(round_trip(&s, encode_one) < raw * 25 / 100);
    for (size_t k = 0; k < count; k++) s.values[k] = 0.001;
    assert_true(round_trip(&s, encode_one) < raw * 12 / 100);
    for (size_t k = 0; k < count; k++) s.times_us[k] = 1700000000000000 + 1000 * (int64_t)k;
    assert_true(round_trip(&s, encode_one) < 60);
  }
}

static void test_a_pause_or_a_drift_costs_little(void **state) {
  (void)state;
  static series s;
  fill_loss(&s, 1000, true);
  size_t steady = round_trip(&s, encode_one);
  for (size_t i = 500; i < 1000; i++) s.times_us[i] += 3600000000;
  assert_true(round_trip(&s, encode_one) < steady + 100);
  for (size_t i = 0; i < 1000; i++) s.times_us[i] = (int64_t)(i * i * 1000);
  assert_true(round_trip(&s, encode_one) < steady);
}

static void test_a_single_point_is_small(void **state) {
  (void)state;
  static series s;
  fill_loss(&s, 1, false);
  assert_true(round_trip(&s, encode_one) < 48);
}

/* The stored format must never change under its version: these blocks stand for those in the
 * field. */
static const uint8_t golden_raw[] = {
    0x6d, 0x01, 0x04, 0x01, 0x00, 0x00, 0x28, 0x0d, 0x0a, 0x27, 0x00, 0x80, 0x80, 0xf2, 0x81, 0x83,
    0x89, 0x85, 0x06, 0xd0, 0x0f, 0x4d, 0x00, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0,
    0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0,
    0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0,
    0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0,
    0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0, 0x1f, 0xa0,
    0x1f, 0xa0, 0x1f, 0x00, 0x00, 0x55, 0x23, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00,
    0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00,
    0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x01, 0x00,
    0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00,
    0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00,
    0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00,
    0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00,
    0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00,
    0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00,
    0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00,
    0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00,
    0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00,
    0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00,
    0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00,
    0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00,
    0x00, 0x55, 0x00, 0xf0, 0xe0, 0xd5, 0xf8, 0xf0, 0xe0, 0xd5, 0xd0, 0xf0, 0xe0, 0xd5, 0xd0, 0xf0,
    0xe0, 0xd5, 0xd0, 0xf0, 0xe0, 0xd5, 0xd0, 0xf0, 0xe0, 0xd5, 0xd0, 0xf0, 0xe0, 0xd5, 0xd0, 0xf0,
    0xe0, 0xd5, 0xd0, 0xf0, 0xe0, 0xd5, 0xd0, 0xf0, 0xe0, 0xd5, 0xd0, 0x3f, 0x3f, 0x3f, 0x7f, 0x3f,
    0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
    0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
    0x3f, 0x3f, 0x3f, 0xcf, 0x5a, 0xcf, 0xc4, 0x62, 0x02, 0x74, 0x30};
static const uint8_t golden_deflated[] = {
    0x6d, 0x01, 0x04, 0xa9, 0xaa, 0x0a, 0x28, 0x0d, 0x0a, 0x27, 0x00, 0x80, 0x80, 0xf2, 0x81, 0x83,
    0x89, 0x85, 0x06, 0xd0, 0x0f, 0x4d, 0x07, 0x63, 0x58, 0x20, 0x4f, 0x3d, 0x08, 0x00, 0x0b, 0x63,
    0x60, 0x08, 0x55, 0x66, 0x60, 0x08, 0x65, 0x20, 0x84, 0x01, 0x0b, 0x63, 0x60, 0x08, 0x65, 0x64,
    0x60, 0x08, 0x65, 0x20, 0x84, 0x01, 0x09, 0x63, 0x60, 0x08, 0x65, 0x60, 0x20, 0x02, 0x03, 0x00,
    0x09, 0x63, 0x60, 0x08, 0x65, 0x60, 0x20, 0x02, 0x03, 0x00, 0x09, 0x63, 0x60, 0x08, 0x65, 0x60,
    0x20, 0x02, 0x03, 0x00, 0x09, 0x63, 0x60, 0x08, 0x65, 0x60, 0x20, 0x02, 0x03, 0x00, 0x0c, 0xfb,
    0xf0, 0xe0, 0xea, 0x8f, 0x0f, 0x0f, 0xae, 0x5e, 0x20, 0x84, 0x01, 0x09, 0xb3, 0xb7, 0xb7, 0xaf,
    0xb7, 0x27, 0x02, 0x00, 0x00, 0x89, 0x07, 0x60, 0x24, 0x36, 0x56, 0x34, 0xd2};

/* Its first seven points, too few for deflate: these bytes depend on nothing but the format. */
static const uint8_t golden_short[] = {
    0x6d, 0x01, 0x00, 0x01, 0x00, 0x00, 0x07, 0x0d, 0x0a, 0x06, 0x00, 0x80, 0x80, 0xf2,
    0x81, 0x83, 0x89, 0x85, 0x06, 0xb0, 0x6d, 0x0b, 0xdf, 0x5d, 0xbf, 0x3e, 0x9f, 0x1f,
    0x00, 0xa0, 0x1f, 0xc0, 0x3e, 0x00, 0x00, 0x55, 0x23, 0x00, 0x00, 0x55, 0x00, 0x00,
    0x55, 0x01, 0x00, 0x00, 0x55, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00,
    0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00,
    0x55, 0x00, 0x00, 0x00, 0x55, 0xf0, 0xe0, 0xd5, 0xf8, 0xf0, 0xe0, 0xd5, 0x3f, 0x3f,
    0x3f, 0x7f, 0x3f, 0x3f, 0x3f, 0x38, 0xe8, 0x07, 0xc0, 0xf7, 0xa1, 0xcb, 0xce};

static void reads_golden(const uint8_t *block, size_t size, size_t count) {
  static series s;
  static series back;
  fill_golden(&s);
  assert_int_equal(decode_one(mri_mem_default(), block, size, back.steps, back.times_us,
                              back.values, count, NULL),
                   MR_OK);
  assert_memory_equal(back.steps, s.steps, count * 8);
  assert_memory_equal(back.times_us, s.times_us, count * 8);
  assert_memory_equal(back.values, s.values, count * 8);
}

static void test_the_format_stays(void **state) {
  (void)state;
  static series s;
  uint8_t *block = NULL;
  size_t size = 0;
  fill_golden(&s);
  assert_int_equal(
      encode_one(mri_mem_default(), s.steps, s.times_us, s.values, 7, &block, &size, NULL), MR_OK);
  assert_int_equal(size, sizeof golden_short);
  assert_memory_equal(block, golden_short, size);
  mri_mem_free(mri_mem_default(), block);
  reads_golden(golden_short, sizeof golden_short, 7);
  reads_golden(golden_raw, sizeof golden_raw, 40);
  reads_golden(golden_deflated, sizeof golden_deflated, 40);
}

/* One encoder and one decoder for chunks of all sizes and kinds, as they are used for a series: what
 * was learned from one chunk may be wrong for the next and costs no more than bytes. */
static void test_chunks_one_after_the_other(void **state) {
  (void)state;
  static series s;
  static series back;
  const mri_mem *mem = mri_mem_default();
  mri_chunk_encoder *encoder = mri_chunk_encoder_new(mem, MOST);
  mri_chunk_decoder *decoder = mri_chunk_decoder_new(mem);
  assert_non_null(encoder);
  assert_non_null(decoder);
  for (unsigned round = 0; round < 60; round++) {
    const uint8_t *block = NULL;
    size_t size = 0;
    fill_loss(&s, round % 5 == 4 ? MOST : 1 + (size_t)(next_random() % MOST), round % 2 == 0);
    if (round % 3 == 1) {
      for (size_t i = 0; i < s.count; i++) s.values[i] = (double)(i % 100) / 7;
    }
    assert_int_equal(
        mri_chunk_encode(encoder, s.steps, s.times_us, s.values, s.count, &block, &size, NULL),
        MR_OK);
    assert_int_equal(mri_chunk_decode(decoder, block, size, back.steps, back.times_us, back.values,
                                      s.count, NULL),
                     MR_OK);
    assert_memory_equal(back.steps, s.steps, s.count * 8);
    assert_memory_equal(back.times_us, s.times_us, s.count * 8);
    assert_memory_equal(back.values, s.values, s.count * 8);
    /* A block that is refused leaves the decoder usable. */
    uint8_t broken[64];
    memcpy(broken, block, sizeof broken / 2);
    assert_int_equal(mri_chunk_decode(decoder, broken, sizeof broken / 2, back.steps, back.times_us,
                                      back.values, s.count, NULL),
                     MR_CORRUPT);
  }
  mri_chunk_decoder_free(decoder);
  mri_chunk_encoder_free(encoder);
}

/* Chunks that follow the first are no larger than it for want of trying. */
static void test_what_was_learned_serves_the_next(void **state) {
  (void)state;
  static series s;
  mri_chunk_encoder *encoder = mri_chunk_encoder_new(mri_mem_default(), MOST);
  assert_non_null(encoder);
  for (int kind = 0; kind < 3; kind++) {
    size_t sizes[2] = {0, 0};
    fill_loss(&s, MOST, kind == 1);
    if (kind == 2) {
      /* What repeats itself, and only matches find. */
      for (size_t i = 0; i < MOST; i++) s.values[i] = s.values[i % 200];
    }
    mri_chunk_encoder_free(encoder);
    encoder = mri_chunk_encoder_new(mri_mem_default(), MOST);
    for (int i = 0; i < 2; i++) {
      const uint8_t *block = NULL;
      assert_int_equal(
          mri_chunk_encode(encoder, s.steps, s.times_us, s.values, MOST, &block, &sizes[i], NULL),
          MR_OK);
    }
    assert_true(sizes[1] <= sizes[0] + sizes[0] / 50);
    if (kind == 2) assert_true(sizes[1] < (size_t)MOST * 3);
  }
  mri_chunk_encoder_free(encoder);
}

static void test_the_largest_chunk(void **state) {
  (void)state;
  const size_t count = 1000001;
  const mri_mem *mem = mri_mem_default();
  int64_t *column = mri_mem_zalloc(mem, count, sizeof *column);
  double *values = mri_mem_zalloc(mem, count, sizeof *values);
  assert_non_null(column);
  assert_non_null(values);
  for (size_t i = 0; i < count; i++) values[i] = (double)(i % 1000);
  uint8_t *block = NULL;
  size_t size = 0;
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(encode_one(mem, column, column, values, count, &block, &size, &error), MR_LIMIT);
  assert_int_equal(encode_one(mem, column, column, values, count - 1, &block, &size, &error),
                   MR_OK);
  memset(values, 0, count * sizeof *values);
  assert_int_equal(decode_one(mem, block, size, column, column, values, count - 1, &error), MR_OK);
  for (size_t i = 0; i < count - 1; i++) assert_true(values[i] == (double)(i % 1000));
  mri_mem_free(mem, block);
  mri_mem_free(mem, column);
  mri_mem_free(mem, values);
}

static bool attempt(void *ctx) {
  const series *s = ctx;
  static series back;
  uint8_t *block = NULL;
  size_t size = 0;
  mr_error error = MR_ERROR_INIT;
  mr_status status = encode_one(mri_mem_default(), s->steps, s->times_us, s->values, s->count,
                                &block, &size, &error);
  if (status == MR_OK)
    status = decode_one(mri_mem_default(), block, size, back.steps, back.times_us, back.values,
                        s->count, &error);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  assert_int_equal(error.status, status);
  mri_mem_free(mri_mem_default(), block);
  return status == MR_OK;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  static series s;
  fill_loss(&s, 500, true);
  assert_true(unit_fail_allocations(attempt, &s) >= 12);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_count),
      cmocka_unit_test(test_special_values_keep_their_bits),
      cmocka_unit_test(test_extreme_integers),
      cmocka_unit_test(test_random_bits),
      cmocka_unit_test(test_all_float32_patterns_of_a_kind),
      cmocka_unit_test(test_typical_series_are_small),
      cmocka_unit_test(test_a_pause_or_a_drift_costs_little),
      cmocka_unit_test(test_a_single_point_is_small),
      cmocka_unit_test(test_the_format_stays),
      cmocka_unit_test(test_chunks_one_after_the_other),
      cmocka_unit_test(test_what_was_learned_serves_the_next),
      cmocka_unit_test(test_the_largest_chunk),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
