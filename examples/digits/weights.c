/* SPDX-License-Identifier: Apache-2.0 */
#include "weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The safetensors format (github.com/huggingface/safetensors, "Format"):
 *
 *   8 bytes    N, the size of the header, little-endian
 *   N bytes    the header: JSON that names each tensor, its type, its shape and from where to where
 *              its numbers lie, counted from the end of the header; blanks may follow it
 *   the rest   the numbers, little-endian, row by row, without gaps
 *
 * These models all have the same two tensors, so the header is always this one. */
static const char header[WEIGHTS_HEADER_SIZE + 1] =
    "{\"weights\":{\"dtype\":\"F32\",\"shape\":[10,64],\"data_offsets\":[0,2560]},"
    "\"bias\":{\"dtype\":\"F32\",\"shape\":[10],\"data_offsets\":[2560,2600]}}      ";

_Static_assert(sizeof(float) == 4, "float is IEEE 754 binary32");
_Static_assert(CLASSES == 10 && PIXELS == 64, "the header above says so");

static uint8_t *put_floats(uint8_t *out, const float *values, int count) {
  for (int i = 0; i < count; i++) {
    uint32_t bits = 0;
    memcpy(&bits, &values[i], sizeof(bits));
    for (int byte = 0; byte < 4; byte++) *out++ = (uint8_t)(bits >> (8 * byte));
  }
  return out;
}

static const uint8_t *get_floats(const uint8_t *in, float *values, int count) {
  for (int i = 0; i < count; i++) {
    uint32_t bits = 0;
    for (int byte = 0; byte < 4; byte++) bits |= (uint32_t)*in++ << (8 * byte);
    memcpy(&values[i], &bits, sizeof(bits));
  }
  return in;
}

void weights_encode(const struct model *model, uint8_t out[WEIGHTS_SIZE]) {
  memset(out, 0, 8);
  out[0] = WEIGHTS_HEADER_SIZE;
  memcpy(out + 8, header, WEIGHTS_HEADER_SIZE);
  out += 8 + WEIGHTS_HEADER_SIZE;
  for (int c = 0; c < CLASSES; c++) out = put_floats(out, model->weights[c], PIXELS);
  put_floats(out, model->bias, CLASSES);
}

void weights_load(mr_blob *blob, struct model *model) {
  static const uint8_t size[8] = {WEIGHTS_HEADER_SIZE};
  mr_error error = MR_ERROR_INIT;
  const uint8_t *data = NULL;
  check(mr_blob_map(blob, &data, &error), &error);
  if (mr_blob_size(blob) != WEIGHTS_SIZE || memcmp(data, size, 8) != 0 ||
      memcmp(data + 8, header, WEIGHTS_HEADER_SIZE) != 0) {
    fprintf(stderr, "%s: not the weights of a digits model\n", mr_blob_info(blob)->path);
    exit(EXIT_FAILURE);
  }
  data += 8 + WEIGHTS_HEADER_SIZE;
  for (int c = 0; c < CLASSES; c++) data = get_floats(data, model->weights[c], PIXELS);
  get_floats(data, model->bias, CLASSES);
}
