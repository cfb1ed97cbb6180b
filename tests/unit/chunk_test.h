/* SPDX-License-Identifier: Apache-2.0 */
/* Series of points, and chunks of them one by one. */
#ifndef MRT_UNIT_CHUNK_TEST_H
#define MRT_UNIT_CHUNK_TEST_H

#include "unit_test.h"

#include "base/double_bits.h"
#include "base/hash.h"
#include "base/str.h"
#include "metrics/chunk.h"

#include <math.h>

#define MOST 5000

typedef mr_status (*encode_call)(const mri_mem *mem, const int64_t *steps, const int64_t *times_us,
                                 const double *values, size_t count, uint8_t **out,
                                 size_t *out_size, mr_error *error);

/* A chunk for itself; the block is for mri_mem_free. */
static inline mr_status encode_one(const mri_mem *mem, const int64_t *steps,
                                   const int64_t *times_us, const double *values, size_t count,
                                   uint8_t **out, size_t *out_size, mr_error *error) {
  const uint8_t *block = NULL;
  mri_chunk_encoder *encoder = mri_chunk_encoder_new(mem, count);
  if (encoder == NULL) return mri_error_no_memory(error);
  mr_status status =
      mri_chunk_encode(encoder, steps, times_us, values, count, &block, out_size, error);
  if (status == MR_OK) {
    *out = mri_mem_alloc(mem, *out_size);
    if (*out == NULL) status = mri_error_no_memory(error);
  }
  if (status == MR_OK) memcpy(*out, block, *out_size);
  mri_chunk_encoder_free(encoder);
  return status;
}

static inline void add_plain_integers(mri_str *out, const int64_t *column, size_t count) {
  mri_str codes;
  mri_str_init(&codes, out->mem);
  for (size_t i = 1; i < count; i++) {
    uint64_t step = (uint64_t)column[i] - (uint64_t)column[i - 1];
    mri_str_add_varint(&codes, step << 1 ^ (0 - (step >> 63)));
  }
  uint64_t first = (uint64_t)column[0];
  mri_str_add_varint(out, first << 1 ^ (0 - (first >> 63)));
  mri_str_add_varint(out, 0);
  mri_str_add_varint(out, codes.size);
  mri_str_add_bytes(out, codes.data, codes.size);
  mri_str_free(&codes);
}

/* The same format as anybody may write it who has read it: every column as it is. */
static inline mr_status encode_plain(const mri_mem *mem, const int64_t *steps,
                                     const int64_t *times_us, const double *values, size_t count,
                                     uint8_t **out, size_t *out_size, mr_error *error) {
  static const uint8_t fixed[6] = {'m', 1, 0, 0, 0, 0};
  uint8_t check[16];
  mri_str block;
  (void)error;
  mri_str_init(&block, mem);
  mri_str_add_bytes(&block, fixed, sizeof fixed);
  mri_str_add_varint(&block, count);
  add_plain_integers(&block, steps, count);
  add_plain_integers(&block, times_us, count);
  for (unsigned plane = 0; plane < 8; plane++) {
    for (size_t i = 0; i < count; i++) {
      uint64_t bits;
      memcpy(&bits, &values[i], sizeof bits);
      mri_str_add_char(&block, (char)(bits >> 8 * plane & 0xff));
    }
  }
  mri_xxh128(block.data, block.size, check);
  mri_str_add_bytes(&block, check, 8);
  *out_size = block.size;
  *out = (uint8_t *)mri_str_take(&block);
  assert_non_null(*out);
  return MR_OK;
}

static inline mr_status decode_one(const mri_mem *mem, const uint8_t *block, size_t size,
                                   int64_t *steps, int64_t *times_us, double *values, size_t count,
                                   mr_error *error) {
  mri_chunk_decoder *decoder = mri_chunk_decoder_new(mem);
  if (decoder == NULL) return mri_error_no_memory(error);
  mr_status status = mri_chunk_decode(decoder, block, size, steps, times_us, values, count, error);
  mri_chunk_decoder_free(decoder);
  return status;
}

static const encode_call encoders[2] = {encode_one, encode_plain};

typedef struct series {
  size_t count;
  int64_t steps[MOST];
  int64_t times_us[MOST];
  double values[MOST];
} series;

static uint64_t random_state = 1;

static inline uint64_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

/* Noise of mean 0 that is about as wide as `width`. */
static inline double noise(double width) {
  double sum = 0;
  for (int i = 0; i < 6; i++) sum += (double)(next_random() >> 11) / 9007199254740992.0 - 0.5;
  return sum * width;
}

/* A loss that falls and wobbles, every 20 ms or so. */
static inline void fill_loss(series *s, size_t count, bool float32) {
  int64_t now = 1700000000000000;
  s->count = count;
  for (size_t i = 0; i < count; i++) {
    now += 20000 + (int64_t)(noise(300));
    s->steps[i] = (int64_t)i * 10;
    s->times_us[i] = now;
    double loss = 0.3 + 2.5 * exp(-(double)i / 1000) + noise(0.05);
    s->values[i] = float32 ? (double)(float)loss : loss;
  }
}

/* Small and with every coding; the blocks that are kept were made of it. */
static inline void fill_golden(series *s) {
  s->count = 40;
  for (size_t i = 0; i < 40; i++) {
    s->steps[i] = (int64_t)i * 5 - 7;
    s->times_us[i] = 1700000000000000 + (int64_t)(i * i * 1000);
    s->values[i] = i == 3 ? mri_double_of_bits(0x7ff8000000000123) : 1.0 / (double)(1 + i % 4);
  }
}

#endif
