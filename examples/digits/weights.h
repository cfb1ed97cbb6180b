/* SPDX-License-Identifier: Apache-2.0 */
/* The model as a safetensors file: plain numbers that any tool reads and that cannot run code. */
#ifndef DIGITS_WEIGHTS_H
#define DIGITS_WEIGHTS_H

#include "common.h"

enum {
  WEIGHTS_HEADER_SIZE = 136,
  WEIGHTS_SIZE = 8 + WEIGHTS_HEADER_SIZE + 4 * CLASSES * (PIXELS + 1)
};

/* Where the file is in a run's artifact tree. */
#define WEIGHTS_PATH "weights.safetensors"

void weights_encode(const struct model *model, uint8_t out[WEIGHTS_SIZE]);
/* Reads an artifact into `model`. The library hands out only bytes that match their digest; other
 * content, or another shape, ends the program. */
void weights_load(mr_blob *blob, struct model *model);

#endif
