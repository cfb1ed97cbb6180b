/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks: many points of one metric as compressed columns. Knows no database. */
#ifndef MRI_METRICS_CHUNK_H
#define MRI_METRICS_CHUNK_H

#include "base/err.h"
#include "base/mem.h"

/* Encodes count >= 1 points as one self-checking block (mri_mem_free). Values keep their exact 64
 * bits, NaN payloads too; steps and times are any int64. The format is in chunk.c. */
mr_status mri_chunk_encode(const mri_mem *mem, const int64_t *steps, const int64_t *times_us,
                           const double *values, size_t count, uint8_t **out, size_t *out_size,
                           mr_error *error);
/* The same format without deflate, which is most of the time that encoding and decoding take: for
 * points that are still being collected. */
mr_status mri_chunk_encode_quick(const mri_mem *mem, const int64_t *steps, const int64_t *times_us,
                                 const double *values, size_t count, uint8_t **out,
                                 size_t *out_size, mr_error *error);
/* Number of points of a block, without inflating it; CORRUPT when the check sum or the header is
 * wrong. */
mr_status mri_chunk_count(const uint8_t *block, size_t size, size_t *count, mr_error *error);
/* Decodes into columns that have room for exactly `count` points, which must be the block's count. */
mr_status mri_chunk_decode(const mri_mem *mem, const uint8_t *block, size_t size, int64_t *steps,
                           int64_t *times_us, double *values, size_t count, mr_error *error);

#endif
