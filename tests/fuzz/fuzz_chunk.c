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
  status = mri_chunk_decode(mem, block, size, steps, times, values, count, NULL);
  MUST(status == MR_OK || status == MR_CORRUPT);
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

static void round_trip(const uint8_t *data, size_t size, bool quick) {
  enum { POINT = 24 };
  const mri_mem *mem = mri_mem_default();
  size_t count = size / POINT;
  if (count == 0 || count > MOST_POINTS) return;
  int64_t *in = malloc(count * POINT);
  int64_t *out = malloc(count * POINT);
  uint8_t *block = NULL;
  size_t block_size = 0;
  size_t found = 0;
  MUST(in != NULL && out != NULL);
  memcpy(in, data, count * POINT);
  double *values = (double *)(void *)(in + 2 * count);
  mr_status status = (quick ? mri_chunk_encode_quick : mri_chunk_encode)(
      mem, in, in + count, values, count, &block, &block_size, NULL);
  MUST(status == MR_OK);
  MUST(mri_chunk_count(block, block_size, &found, NULL) == MR_OK && found == count);
  double *got = (double *)(void *)(out + 2 * count);
  MUST(mri_chunk_decode(mem, block, block_size, out, out + count, got, count, NULL) == MR_OK);
  MUST(memcmp(in, out, count * POINT) == 0);
  mri_mem_free(mem, block);
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
    round_trip(data + 1, size - 1, data[0] % 4 == 1);
    break;
  default:
    decode_signed(data + 1, size - 1);
    break;
  }
  return 0;
}
