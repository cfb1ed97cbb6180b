/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/pack.h"

#include <assert.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

/* Below this a deflated column cannot win more than the size that precedes it. */
#define LEAST_DEFLATED 16

/* Two ways to deflate: matches win where values repeat, runs and symbols alone win by a little where
 * they do not, and take a third of the time. */
#define WAYS    2
#define MATCHES 0
#define RUNS    1

/* So many bytes at the front of a column show which way is the better one for the rest of it. */
#define PROBE 2048

struct mri_packer {
  const mri_mem *mem;
  size_t most;
  bool known[MRI_PACK_COLUMNS]; /* the better way for the column is */
  int better[MRI_PACK_COLUMNS];
  bool ready[WAYS];
  z_stream stream[WAYS];
  uint8_t *packed[WAYS]; /* `most` bytes each */
};

struct mri_unpacker {
  const mri_mem *mem;
  z_stream stream;
  bool ready;
};

static voidpf zlib_alloc(voidpf ctx, uInt items, uInt size) {
  return mri_mem_zalloc(ctx, items, size);
}

static void zlib_free(voidpf ctx, voidpf memory) {
  mri_mem_free(ctx, memory);
}

static void hook_memory(z_stream *stream, const mri_mem *mem) {
  memset(stream, 0, sizeof *stream);
  stream->zalloc = zlib_alloc;
  stream->zfree = zlib_free;
  /* Only ever handed back to zlib_alloc and zlib_free, which take it as const again. */
  memcpy(&stream->opaque, &mem, sizeof mem);
}

mri_packer *mri_packer_new(const mri_mem *mem, size_t most) {
  mri_packer *packer = mri_mem_zalloc(mem, 1, sizeof *packer);
  if (packer == NULL) return NULL;
  packer->mem = mem;
  packer->most = most;
  for (int way = 0; way < WAYS; way++) {
    packer->packed[way] = mri_mem_alloc(mem, most);
    if (packer->packed[way] == NULL) {
      mri_packer_free(packer);
      return NULL;
    }
  }
  return packer;
}

void mri_packer_free(mri_packer *packer) {
  if (packer == NULL) return;
  for (int way = 0; way < WAYS; way++) {
    if (packer->ready[way]) deflateEnd(&packer->stream[way]);
    mri_mem_free(packer->mem, packer->packed[way]);
  }
  mri_mem_free(packer->mem, packer);
}

/* A stream for the next column. Small columns get small tables, which are quicker to clear; most
 * columns are far smaller than the largest possible. */
static bool start(mri_packer *packer, int way) {
  z_stream *stream = &packer->stream[way];
  if (packer->ready[way]) return deflateReset(stream) == Z_OK;
  int window = 9;
  while (window < 15 && ((size_t)8 << window) < packer->most) window++;
  hook_memory(stream, packer->mem);
  packer->ready[way] = deflateInit2(stream, way == MATCHES ? 6 : 1, Z_DEFLATED, -window, window - 6,
                                    way == MATCHES ? Z_DEFAULT_STRATEGY : Z_RLE) == Z_OK;
  return packer->ready[way];
}

/* Whether the bytes are spread so evenly that coding them by frequency wins too little: compares
 * the number of equal pairs with that of random bytes. Of a long column some bytes all over it. */
static bool looks_like_noise(const uint8_t *bytes, size_t size) {
  uint32_t counts[256] = {0};
  size_t step = 1 + size / (2 * PROBE);
  size_t taken = 0;
  for (size_t i = 0; i < size; i += step, taken++) counts[bytes[i]]++;
  double pairs = 0;
  for (size_t i = 0; i < 256; i++) pairs += (double)counts[i] * ((double)counts[i] - 1);
  return pairs < (double)taken * ((double)taken - 1) / 256 * 1.25;
}

/* Deflates one way, to fewer bytes than `size`; *packed_size is `size` when that is impossible. */
static bool try_deflate(mri_packer *packer, int way, const uint8_t *bytes, size_t size,
                        size_t *packed_size) {
  z_stream *stream = &packer->stream[way];
  *packed_size = size;
  if (!start(packer, way)) return false;
  stream->next_in = bytes;
  stream->avail_in = (uInt)size;
  stream->next_out = packer->packed[way];
  stream->avail_out = (uInt)(size - 1);
  if (deflate(stream, Z_FINISH) == Z_STREAM_END) *packed_size = size - 1 - stream->avail_out;
  return true;
}

/* Deflates the better way, which is found out once a column: as runs are quicker, matches must save
 * a sixteenth. *way is where the packed bytes are. */
static bool deflate_column(mri_packer *packer, unsigned column, const uint8_t *bytes, size_t size,
                           int *way, size_t *packed_size) {
  size_t packed[WAYS];
  size_t probed = size < PROBE ? size : PROBE;
  if (!packer->known[column]) {
    for (int i = 0; i < WAYS; i++) {
      if (!try_deflate(packer, i, bytes, probed, &packed[i])) return false;
    }
    packer->better[column] = packed[MATCHES] + probed / 16 < packed[RUNS] ? MATCHES : RUNS;
    packer->known[column] = true;
    if (probed == size) {
      *way = packed[MATCHES] <= packed[RUNS] ? MATCHES : RUNS;
      *packed_size = packed[*way];
      return true;
    }
  }
  *way = packer->better[column];
  return try_deflate(packer, *way, bytes, size, packed_size);
}

bool mri_pack(mri_packer *packer, unsigned column, const uint8_t *bytes, size_t size, mri_str *out,
              unsigned *coding) {
  assert(size <= packer->most && column < MRI_PACK_COLUMNS);
  *coding = MRI_PACK_RAW;
  if (size > 1 && memcmp(bytes, bytes + 1, size - 1) == 0) {
    *coding = MRI_PACK_SAME;
    mri_str_add_char(out, (char)bytes[0]);
    return true;
  }
  int way = RUNS;
  size_t packed = size;
  if (size >= LEAST_DEFLATED && !looks_like_noise(bytes, size) &&
      !deflate_column(packer, column, bytes, size, &way, &packed))
    return false;
  /* The size in front takes up to 4 bytes, as columns have less than 2^28. */
  if (packed + 4 < size) {
    *coding = MRI_PACK_DEFLATE;
    mri_str_add_varint(out, packed);
    mri_str_add_bytes(out, packer->packed[way], packed);
  } else {
    mri_str_add_bytes(out, bytes, size);
  }
  return true;
}

mri_unpacker *mri_unpacker_new(const mri_mem *mem) {
  mri_unpacker *unpacker = mri_mem_zalloc(mem, 1, sizeof *unpacker);
  if (unpacker != NULL) unpacker->mem = mem;
  return unpacker;
}

void mri_unpacker_free(mri_unpacker *unpacker) {
  if (unpacker == NULL) return;
  if (unpacker->ready) inflateEnd(&unpacker->stream);
  mri_mem_free(unpacker->mem, unpacker);
}

static mri_unpack_result inflate_column(mri_unpacker *unpacker, const uint8_t *packed,
                                        size_t packed_size, uint8_t *bytes, size_t size) {
  z_stream *stream = &unpacker->stream;
  if (unpacker->ready) {
    if (inflateReset(stream) != Z_OK) return MRI_UNPACK_NO_MEMORY;
  } else {
    hook_memory(stream, unpacker->mem);
    if (inflateInit2(stream, -15) != Z_OK) return MRI_UNPACK_NO_MEMORY;
    unpacker->ready = true;
  }
  stream->next_in = packed;
  stream->avail_in = (uInt)packed_size;
  stream->next_out = bytes;
  stream->avail_out = (uInt)size;
  int result = inflate(stream, Z_FINISH);
  if (result == Z_MEM_ERROR) return MRI_UNPACK_NO_MEMORY;
  if (result != Z_STREAM_END || stream->avail_in != 0 || stream->avail_out != 0)
    return MRI_UNPACK_BAD;
  return MRI_UNPACKED;
}

mri_unpack_result mri_unpack(mri_unpacker *unpacker, unsigned coding, const uint8_t **at,
                             const uint8_t *end, uint8_t *room, size_t size, const uint8_t **view) {
  uint64_t stored = size;
  if (coding == MRI_PACK_SAME) {
    stored = 1;
  } else if (coding == MRI_PACK_DEFLATE) {
    if (!mri_read_varint(at, end, &stored)) return MRI_UNPACK_BAD;
  } else if (coding != MRI_PACK_RAW) {
    return MRI_UNPACK_BAD;
  }
  if (stored > (uint64_t)(end - *at) || stored > UINT32_MAX) return MRI_UNPACK_BAD;
  if (size == 0 && coding != MRI_PACK_RAW) return MRI_UNPACK_BAD;
  const uint8_t *from = *at;
  *at += stored;
  *view = coding == MRI_PACK_RAW ? from : room;
  if (coding == MRI_PACK_SAME) memset(room, from[0], size);
  if (coding == MRI_PACK_DEFLATE) return inflate_column(unpacker, from, (size_t)stored, room, size);
  return MRI_UNPACKED;
}

bool mri_read_varint(const uint8_t **at, const uint8_t *end, uint64_t *out) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
    uint8_t byte = *(*at)++;
    if (shift == 63 && byte > 1) return false;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) {
      *out = value;
      return true;
    }
  }
  return false;
}
