/* SPDX-License-Identifier: Apache-2.0 */
/* In integers only: the host may have switched its floating point unit to flush small numbers to
 * zero, and a conversion would make a signalling NaN a quiet one. */
#include "metrics/planes.h"

#include "base/double_bits.h"

/* Float32 subnormals are left out; chunks with them keep all 8 planes. */
static bool is_widened(uint64_t bits) {
  uint64_t exponent = bits >> 52 & 0x7ff;
  if ((bits & 0x1fffffff) != 0) return false;
  if (exponent == 0) return bits << 1 == 0;
  return exponent == 0x7ff || (exponent >= 1023 - 126 && exponent <= 1023 + 127);
}

bool mri_planes_are_narrow(const double *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!is_widened(mri_double_bits(values[i]))) return false;
  }
  return true;
}

static uint64_t narrow_bits(uint64_t bits) {
  uint32_t sign = (uint32_t)(bits >> 32) & 0x80000000u;
  uint32_t exponent = (uint32_t)(bits >> 52) & 0x7ff;
  uint32_t mantissa = (uint32_t)(bits >> 29) & 0x7fffff;
  if (exponent == 0x7ff) {
    exponent = 0xff;
  } else if (exponent != 0) {
    exponent -= 1023 - 127;
  }
  return sign | exponent << 23 | mantissa;
}

static uint64_t widen_bits(uint64_t bits) {
  uint64_t sign = (bits & 0x80000000u) << 32;
  uint64_t exponent = bits >> 23 & 0xff;
  uint64_t mantissa = (bits & 0x7fffff) << 29;
  if (exponent == 0xff) {
    exponent = 0x7ff;
  } else if (exponent != 0) {
    exponent += 1023 - 127;
  }
  return sign | exponent << 52 | mantissa;
}

/* Little-endian integers of a whole word, which compilers make one instruction of. */
static uint64_t load(const uint8_t *at) {
  return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24 |
         (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48 |
         (uint64_t)at[7] << 56;
}

static void store(uint8_t *at, uint64_t word) {
  at[0] = (uint8_t)word;
  at[1] = (uint8_t)(word >> 8);
  at[2] = (uint8_t)(word >> 16);
  at[3] = (uint8_t)(word >> 24);
  at[4] = (uint8_t)(word >> 32);
  at[5] = (uint8_t)(word >> 40);
  at[6] = (uint8_t)(word >> 48);
  at[7] = (uint8_t)(word >> 56);
}

static inline void exchange(uint64_t *low, uint64_t *high, unsigned shift, uint64_t mask) {
  uint64_t swap = ((*low >> shift) ^ *high) & mask;
  *high ^= swap;
  *low ^= swap << shift;
}

/* Byte j of word i and byte i of word j change places: eight values become a word of each plane, and
 * back, in a third of the steps that byte by byte takes. */
static inline void transpose(uint64_t words[8]) {
  for (unsigned i = 0; i < 8; i += 2) exchange(&words[i], &words[i + 1], 8, 0x00ff00ff00ff00ff);
  for (unsigned i = 0; i < 4; i++) {
    unsigned low = i + (i & 2); /* 0, 1, 4, 5 */
    exchange(&words[low], &words[low + 2], 16, 0x0000ffff0000ffff);
  }
  for (unsigned i = 0; i < 4; i++) exchange(&words[i], &words[i + 4], 32, 0x00000000ffffffff);
}

void mri_planes_split(const double *values, size_t count, bool narrow, uint8_t *out) {
  uint64_t words[8] = {0};
  size_t planes = narrow ? MRI_PLANES_NARROW : MRI_PLANES;
  size_t at = 0;
  for (; count - at >= 8; at += 8) {
    for (size_t i = 0; i < 8; i++) words[i] = mri_double_bits(values[at + i]);
    if (narrow) {
      for (size_t i = 0; i < 8; i++) words[i] = narrow_bits(words[i]);
    }
    transpose(words);
    for (size_t p = 0; p < planes; p++) store(out + p * count + at, words[p]);
  }
  for (; at < count; at++) {
    uint64_t bits = mri_double_bits(values[at]);
    if (narrow) bits = narrow_bits(bits);
    for (size_t p = 0; p < planes; p++) out[p * count + at] = (uint8_t)(bits >> 8 * p);
  }
}

void mri_planes_join(const uint8_t *const planes[MRI_PLANES], size_t count, bool narrow,
                     double *values) {
  size_t used = narrow ? MRI_PLANES_NARROW : MRI_PLANES;
  size_t at = 0;
  for (; count - at >= 8; at += 8) {
    uint64_t words[8] = {0};
    for (size_t p = 0; p < used; p++) words[p] = load(planes[p] + at);
    transpose(words);
    for (size_t i = 0; i < 8; i++) {
      values[at + i] = mri_double_of_bits(narrow ? widen_bits(words[i]) : words[i]);
    }
  }
  for (; at < count; at++) {
    uint64_t bits = 0;
    for (size_t p = 0; p < used; p++) bits |= (uint64_t)planes[p][at] << 8 * p;
    values[at] = mri_double_of_bits(narrow ? widen_bits(bits) : bits);
  }
}
