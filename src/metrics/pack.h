/* SPDX-License-Identifier: Apache-2.0 */
/* One column of a chunk as few bytes: as it is, one byte for all, or deflated. */
#ifndef MRI_METRICS_PACK_H
#define MRI_METRICS_PACK_H

#include "base/mem.h"
#include "base/str.h"

/* How a column is stored. These are format constants of two bits. */
enum {
  MRI_PACK_RAW = 0,    /* its bytes */
  MRI_PACK_SAME = 1,   /* one byte that all are equal to */
  MRI_PACK_DEFLATE = 2 /* varint of the packed size, raw deflate stream (RFC 1951) */
};

typedef struct mri_packer mri_packer;

/* Columns of a chunk. */
#define MRI_PACK_COLUMNS 10

/* For columns of at most `most` bytes, of chunks that are alike: what suits a column of the first is
 * used for those that follow. NULL when memory runs out. */
mri_packer *mri_packer_new(const mri_mem *mem, size_t most);
void mri_packer_free(mri_packer *packer);
/* Appends the stored form and tells how it is coded. False when memory ran out (a failed append to
 * `out` sticks there). */
bool mri_pack(mri_packer *packer, unsigned column, const uint8_t *bytes, size_t size, mri_str *out,
              unsigned *coding);

typedef struct mri_unpacker mri_unpacker;

mri_unpacker *mri_unpacker_new(const mri_mem *mem);
void mri_unpacker_free(mri_unpacker *unpacker);
typedef enum { MRI_UNPACKED, MRI_UNPACK_BAD, MRI_UNPACK_NO_MEMORY } mri_unpack_result;
/* *view is exactly `size` bytes of the column whose stored form is at *at and ends before `end`;
 * *at moves behind it. They lie in the stored form itself or in `room`, which has `size` bytes.
 * Never writes or inflates more, whatever the bytes say. */
mri_unpack_result mri_unpack(mri_unpacker *unpacker, unsigned coding, const uint8_t **at,
                             const uint8_t *end, uint8_t *room, size_t size, const uint8_t **view);

/* LEB128; false for one that is cut off or has more than 64 bits. */
bool mri_read_varint(const uint8_t **at, const uint8_t *end, uint64_t *out);

#endif
