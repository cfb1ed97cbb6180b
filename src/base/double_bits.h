/* SPDX-License-Identifier: Apache-2.0 */
/* Doubles as the bits that they are, without a conversion. */
#ifndef MRI_BASE_DOUBLE_BITS_H
#define MRI_BASE_DOUBLE_BITS_H

#include <stdint.h>
#include <string.h>

static inline uint64_t mri_double_bits(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline double mri_double_of_bits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

#endif
