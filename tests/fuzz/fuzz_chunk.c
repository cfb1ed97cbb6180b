/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks: hostile blocks are refused within their own bytes; points come back bit for bit. The
 * first byte says whether the rest is a block (with its check sum put right) or points. */
#include "fuzz.h"
#include "metrics/chunk.h"

#include "base/hash.h"
#include <stdlib.h>

#define MOST_POINTS 4096

static void decode(const uint8_t *block, size_t size) {
  const mri_mem *mem = mri_mem_default();
  size_t count = 0;
  mr_status status = mri_chunk_count(block, size, &count, NULL);
  MUST(status == MR_OK || status == MR_CORRUPT);
  if (status != MR_OK || count > MOST_POINTS) return;
  int64_t *steps = malloc((count + 1) * sizeof *steps);
  int64_t *times = malloc((count + 1) * sizeof *times);
  double *values = malloc((count + 1) * sizeof *values);
  MUST(steps != NULL && times != NULL && values != NULL);
  mri_chunk_decoder *decoder = mri_chunk_decoder_new(mem);
  MUST(decoder != NULL);
  status = mri_chunk_decode(decoder, block, size, steps, times, values, count, NULL);
  MUST(status == MR_OK || status == MR_CORRUPT);
  mri_chunk_decoder_free(decoder);
  free(steps);
  free(times);
  free(values);
}

/* The bytes as a block whose check sum is right, so that what lies behind it is reached. */
static void decode_signed(const uint8_t *data, size_t size) {
  uint8_t sum[16];
  uint8_t *block = malloc(size + 8);
  MUST(block != NULL);
  memcpy(block, data, size);
  mri_xxh128(block, size, sum);
  memcpy(block + size, sum, 8);
  decode(block, size + 8);
  free(block);
}

/* The points in chunks of `most` at most, one after the other through one encoder and decoder. */
static void round_trip(const uint8_t *data, size_t size, size_t most) {
  enum { POINT = 24 };
  const mri_mem *mem = mri_mem_default();
  size_t count = size / POINT;
  if (count == 0 || count > MOST_POINTS) return;
  int64_t *in = malloc(count * POINT);
  int64_t *out = malloc(count * POINT);
  mri_chunk_encoder *encoder = mri_chunk_encoder_new(mem, most);
  mri_chunk_decoder *decoder = mri_chunk_decoder_new(mem);
  MUST(in != NULL && out != NULL && encoder != NULL && decoder != NULL);
  memcpy(in, data, count * POINT);
  double *values = (double *)(void *)(in + 2 * count);
  double *got = (double *)(void *)(out + 2 * count);
  for (size_t at = 0; at < count; at += most) {
    const uint8_t *block = NULL;
    size_t block_size = 0;
    size_t found = 0;
    size_t part = count - at < most ? count - at : most;
    MUST(mri_chunk_encode(encoder, in + at, in + count + at, values + at, part, &block, &block_size,
                          NULL) == MR_OK);
    MUST(mri_chunk_count(block, block_size, &found, NULL) == MR_OK && found == part);
    MUST(mri_chunk_decode(decoder, block, block_size, out + at, out + count + at, got + at, part,
                          NULL) == MR_OK);
  }
  MUST(memcmp(in, out, count * POINT) == 0);
  mri_chunk_encoder_free(encoder);
  mri_chunk_decoder_free(decoder);
  free(in);
  free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  switch (data[0] % 4) {
  case 0:
    decode(data + 1, size - 1);
    break;
  case 1:
  case 2:
    round_trip(data + 1, size - 1, data[0] % 4 == 1 ? 7 : MOST_POINTS);
    break;
  default:
    decode_signed(data + 1, size - 1);
    break;
  }
  return 0;
}
