/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks: many points of one metric as compressed columns. Knows no database. */
#ifndef MRI_METRICS_CHUNK_H
#define MRI_METRICS_CHUNK_H

#include "base/err.h"
#include "base/mem.h"

/* Encodes chunks of one metric, one after the other: what packs the columns of the first well is
 * not tried out again for the next. For at most `most` points each; NULL when memory runs out. */
typedef struct mri_chunk_encoder mri_chunk_encoder;

mri_chunk_encoder *mri_chunk_encoder_new(const mri_mem *mem, size_t most);
void mri_chunk_encoder_free(mri_chunk_encoder *encoder);
/* Encodes count >= 1 points as one self-checking block, which stays valid until the encoder is used
 * again. Values keep their exact 64 bits, NaN payloads too; steps and times are any int64. The
 * format is in chunk.c. */
mr_status mri_chunk_encode(mri_chunk_encoder *encoder, const int64_t *steps,
                           const int64_t *times_us, const double *values, size_t count,
                           const uint8_t **out, size_t *out_size, mr_error *error);
/* Number of points of a block, without inflating it; CORRUPT when the check sum or the header is
 * wrong. */
mr_status mri_chunk_count(const uint8_t *block, size_t size, size_t *count, mr_error *error);
/* Decodes chunks one after the other. NULL when memory runs out. */
typedef struct mri_chunk_decoder mri_chunk_decoder;

mri_chunk_decoder *mri_chunk_decoder_new(const mri_mem *mem);
void mri_chunk_decoder_free(mri_chunk_decoder *decoder);
/* Decodes into columns that have room for exactly `count` points, which must be the block's count. */
mr_status mri_chunk_decode(mri_chunk_decoder *decoder, const uint8_t *block, size_t size,
                           int64_t *steps, int64_t *times_us, double *values, size_t count,
                           mr_error *error);

#endif
