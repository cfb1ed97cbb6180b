/* SPDX-License-Identifier: Apache-2.0 */
/* The chunk format, version 1. Everything is bytes and LEB128 varints, so that it reads the same on
 * every machine.
 *
 *   byte 0       'm'
 *   byte 1       1, the version
 *   byte 2       flags: 1 values are float32, 2 steps are coded by second differences, 4 times are
 *   bytes 3..5   little-endian number: bits 2i and 2i + 1 are the coding of column i (pack.h)
 *   varint       number of points, 1 to 1,000,000
 *   columns      0 steps, 1 times, then the planes of the values: 8, or 4 with the float32 flag
 *   last 8       the first 8 bytes of the canonical XXH3-128 of everything before
 *
 * An integer column begins with the first integer and a base, both as zigzag varints, and the byte
 * length of the rest as a varint; the rest is packed. It holds one zigzag varint a further point:
 * difference from the point before, less the base; by second differences, less the difference
 * before, for which the base is the first. All of it modulo 2^64, so any integers will do.
 *
 * Plane i is byte i, counted from the low end, of every value's IEEE 754 bits: exponents are alike
 * and pack well, the low bits of a mantissa are noise. When every value is a float32 that was
 * widened, planes are those of the float32. */
#include "metrics/chunk.h"

#include "base/hash.h"
#include "metrics/pack.h"
#include "metrics/planes.h"
#include <assert.h>
#include <string.h>

#define MAGIC        'm'
#define VERSION      1
#define FLAG_FLOAT   1u
#define FLAG_SECOND0 2u /* of column 0; the next bit is that of column 1 */
#define FLAGS        7u
#define POINTS_MAX   1000000
#define FIXED_BYTES  6
#define CHECK_BYTES  8
#define VARINT_BYTES 10
#define SAMPLES      63

static uint64_t zigzag(uint64_t value) {
  return (value << 1) ^ (0 - (value >> 63));
}

static uint64_t unzigzag(uint64_t value) {
  return (value >> 1) ^ (0 - (value & 1));
}

static size_t varint_size(uint64_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) size++;
  return size;
}

static uint8_t *put_varint(uint8_t *at, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = (uint8_t)(value | 0x80);
  *at++ = (uint8_t)value;
  return at;
}

static uint64_t difference(const int64_t *column, size_t i) {
  return (uint64_t)column[i] - (uint64_t)column[i - 1];
}

/* The usual difference between neighbours: the median of a few, so that a pause does not count. */
static uint64_t usual_difference(const int64_t *column, size_t count) {
  uint64_t samples[SAMPLES];
  size_t taken = count - 1 < SAMPLES ? count - 1 : SAMPLES;
  if (taken == 0) return 0;
  for (size_t i = 0; i < taken; i++) {
    uint64_t next = difference(column, 1 + i * (count - 1) / taken);
    size_t at = i;
    for (; at > 0 && (int64_t)samples[at - 1] > (int64_t)next; at--) samples[at] = samples[at - 1];
    samples[at] = next;
  }
  return samples[taken / 2];
}

struct mri_chunk_encoder {
  const mri_mem *mem;
  mri_packer *packer;
  uint8_t *scratch; /* VARINT_BYTES a point */
  size_t most;
  mri_str out;
  unsigned flags;
  unsigned codings;
  unsigned column;
};

mri_chunk_encoder *mri_chunk_encoder_new(const mri_mem *mem, size_t most) {
  mri_chunk_encoder *self = mri_mem_zalloc(mem, 1, sizeof *self);
  if (self == NULL) return NULL;
  self->mem = mem;
  self->most = most < POINTS_MAX ? most : POINTS_MAX;
  mri_str_init(&self->out, mem);
  self->packer = mri_packer_new(mem, self->most * VARINT_BYTES);
  self->scratch = mri_mem_alloc(mem, self->most * VARINT_BYTES);
  if (self->packer != NULL && self->scratch != NULL) return self;
  mri_chunk_encoder_free(self);
  return NULL;
}

void mri_chunk_encoder_free(mri_chunk_encoder *self) {
  if (self == NULL) return;
  mri_packer_free(self->packer);
  mri_mem_free(self->mem, self->scratch);
  mri_str_free(&self->out);
  mri_mem_free(self->mem, self);
}

static bool add_packed(mri_chunk_encoder *self, const uint8_t *bytes, size_t size) {
  unsigned coding = 0;
  bool done = mri_pack(self->packer, self->column, bytes, size, &self->out, &coding);
  self->codings |= coding << (2 * self->column);
  self->column++;
  return done;
}

/* By first differences, and again by second differences where that takes fewer bytes. */
static bool add_integers(mri_chunk_encoder *self, const int64_t *column, size_t count) {
  uint64_t base = usual_difference(column, count);
  uint64_t before = count > 1 ? difference(column, 1) : 0;
  size_t second_size = 0;
  uint8_t *end = self->scratch;
  for (size_t i = 1; i < count; i++) {
    uint64_t now = difference(column, i);
    end = put_varint(end, zigzag(now - base));
    second_size += varint_size(zigzag(now - before));
    before = now;
  }
  if (second_size < (size_t)(end - self->scratch)) {
    base = difference(column, 1);
    self->flags |= FLAG_SECOND0 << self->column;
    end = self->scratch;
    before = base;
    for (size_t i = 1; i < count; i++) {
      uint64_t now = difference(column, i);
      end = put_varint(end, zigzag(now - before));
      before = now;
    }
  }
  size_t size = (size_t)(end - self->scratch);
  mri_str_add_varint(&self->out, zigzag((uint64_t)column[0]));
  mri_str_add_varint(&self->out, zigzag(base));
  mri_str_add_varint(&self->out, size);
  return add_packed(self, self->scratch, size);
}

static bool add_values(mri_chunk_encoder *self, const double *values, size_t count) {
  bool narrow = mri_planes_are_narrow(values, count);
  size_t planes = narrow ? MRI_PLANES_NARROW : MRI_PLANES;
  if (narrow) self->flags |= FLAG_FLOAT;
  mri_planes_split(values, count, narrow, self->scratch);
  for (size_t p = 0; p < planes; p++) {
    if (!add_packed(self, self->scratch + p * count, count)) return false;
  }
  return true;
}

static void add_check(mri_str *out) {
  uint8_t check[16];
  mri_xxh128(out->data, out->size, check);
  mri_str_add_bytes(out, check, CHECK_BYTES);
}

mr_status mri_chunk_encode(mri_chunk_encoder *self, const int64_t *steps, const int64_t *times_us,
                           const double *values, size_t count, const uint8_t **out,
                           size_t *out_size, mr_error *error) {
  assert(count >= 1);
  if (count > self->most)
    return mri_error_set(error, MR_LIMIT, "a chunk holds at most %zu points", self->most);
  static const uint8_t fixed[FIXED_BYTES] = {MAGIC, VERSION, 0, 0, 0, 0};
  mri_str *text = &self->out;
  text->size = 0;
  text->failed = false;
  self->flags = self->codings = self->column = 0;
  mri_str_add_bytes(text, fixed, sizeof fixed);
  mri_str_add_varint(text, count);
  bool done = add_integers(self, steps, count) && add_integers(self, times_us, count) &&
              add_values(self, values, count) && !text->failed;
  if (done) {
    text->data[2] = (char)self->flags;
    for (unsigned i = 0; i < 3; i++) text->data[3 + i] = (char)(self->codings >> (8 * i) & 0xff);
    add_check(text);
  }
  if (!done || text->failed) return mri_error_no_memory(error);
  *out = (const uint8_t *)text->data;
  *out_size = text->size;
  return MR_OK;
}

struct mri_chunk_decoder {
  const mri_mem *mem;
  mri_unpacker *unpacker;
  uint8_t *scratch; /* VARINT_BYTES a point */
  size_t room;      /* points that scratch is for */
};

mri_chunk_decoder *mri_chunk_decoder_new(const mri_mem *mem) {
  mri_chunk_decoder *self = mri_mem_zalloc(mem, 1, sizeof *self);
  if (self == NULL) return NULL;
  self->mem = mem;
  self->unpacker = mri_unpacker_new(mem);
  if (self->unpacker != NULL) return self;
  mri_chunk_decoder_free(self);
  return NULL;
}

void mri_chunk_decoder_free(mri_chunk_decoder *self) {
  if (self == NULL) return;
  mri_unpacker_free(self->unpacker);
  mri_mem_free(self->mem, self->scratch);
  mri_mem_free(self->mem, self);
}

/* What is read of one block. */
typedef struct reader {
  mri_unpacker *unpacker;
  uint8_t *scratch;
  const uint8_t *at;
  const uint8_t *end;
  unsigned flags;
  unsigned codings;
  unsigned column;
  size_t count;
} reader;

static mr_status corrupt(const char *what, mr_error *error) {
  return mri_error_set(error, MR_CORRUPT, "metric chunk is damaged: %s", what);
}

static mr_status read_header(reader *self, const uint8_t *block, size_t size, mr_error *error) {
  if (block == NULL || size < FIXED_BYTES + 1 + CHECK_BYTES) return corrupt("too short", error);
  if (block[0] != MAGIC) return corrupt("no chunk at all", error);
  uint8_t check[16];
  mri_xxh128(block, size - CHECK_BYTES, check);
  if (memcmp(check, block + size - CHECK_BYTES, CHECK_BYTES) != 0)
    return corrupt("wrong check sum", error);
  if (block[1] != VERSION)
    return mri_error_set(error, MR_CORRUPT,
                         "metric chunk has format %u, this library reads %d; use a newer library",
                         (unsigned)block[1], VERSION);
  self->flags = block[2];
  self->codings = block[3] | (unsigned)block[4] << 8 | (unsigned)block[5] << 16;
  self->at = block + FIXED_BYTES;
  self->end = block + size - CHECK_BYTES;
  uint64_t count = 0;
  if ((self->flags & ~FLAGS) != 0) return corrupt("unknown flags", error);
  if (!mri_read_varint(&self->at, self->end, &count) || count < 1 || count > POINTS_MAX)
    return corrupt("impossible number of points", error);
  self->count = (size_t)count;
  return MR_OK;
}

mr_status mri_chunk_count(const uint8_t *block, size_t size, size_t *count, mr_error *error) {
  reader self = {0};
  mr_status status = read_header(&self, block, size, error);
  if (status == MR_OK) *count = self.count;
  return status;
}

static mr_status unpack(reader *self, uint8_t *room, size_t size, const uint8_t **view,
                        mr_error *error) {
  unsigned coding = self->codings >> (2 * self->column) & 3;
  self->column++;
  switch (mri_unpack(self->unpacker, coding, &self->at, self->end, room, size, view)) {
  case MRI_UNPACKED:
    return MR_OK;
  case MRI_UNPACK_NO_MEMORY:
    return mri_error_no_memory(error);
  default:
    return corrupt("a column does not unpack", error);
  }
}

/* A varint, nearly always of one or two bytes. */
static inline bool next_code(const uint8_t **at, const uint8_t *end, uint64_t *out) {
  const uint8_t *from = *at;
  if (from < end && from[0] < 0x80) {
    *out = from[0];
    *at = from + 1;
    return true;
  }
  if (end - from < 2 || from[1] >= 0x80) return mri_read_varint(at, end, out);
  *out = (uint64_t)(from[0] & 0x7f) | (uint64_t)from[1] << 7;
  *at = from + 2;
  return true;
}

/* Undoes the coding of integers one after the other. */
typedef struct integers {
  uint64_t value;
  uint64_t base;
  bool second;
} integers;

static inline int64_t next_integer(integers *self, uint64_t code) {
  uint64_t step = self->base + unzigzag(code);
  self->value += step;
  if (self->second) self->base = step;
  return (int64_t)self->value;
}

/* Whether the next eight codes are a byte each, as most are. */
static inline bool are_short(const uint8_t *at, const uint8_t *end) {
  uint64_t word;
  if (end - at < (ptrdiff_t)sizeof word) return false;
  memcpy(&word, at, sizeof word);
  return (word & 0x8080808080808080) == 0;
}

static mr_status read_codes(integers state, const uint8_t *at, const uint8_t *end, int64_t *column,
                            size_t count, mr_error *error) {
  column[0] = (int64_t)state.value;
  for (size_t i = 1; i < count;) {
    if (count - i >= 8 && are_short(at, end)) {
      for (size_t k = 0; k < 8; k++) column[i + k] = next_integer(&state, at[k]);
      at += 8;
      i += 8;
      continue;
    }
    uint64_t code = 0;
    if (!next_code(&at, end, &code)) return corrupt("an integer column is short", error);
    column[i++] = next_integer(&state, code);
  }
  return at == end ? MR_OK : corrupt("an integer column is long", error);
}

static mr_status read_integers(reader *self, int64_t *column, mr_error *error) {
  bool second = (self->flags & FLAG_SECOND0 << self->column) != 0;
  uint64_t value = 0;
  uint64_t base = 0;
  uint64_t size = 0;
  if (!mri_read_varint(&self->at, self->end, &value) ||
      !mri_read_varint(&self->at, self->end, &base) ||
      !mri_read_varint(&self->at, self->end, &size) || size > self->count * VARINT_BYTES)
    return corrupt("an integer column has no head", error);
  const uint8_t *at = NULL;
  mr_status status = unpack(self, self->scratch, (size_t)size, &at, error);
  if (status != MR_OK) return status;
  integers state = {unzigzag(value), unzigzag(base), second};
  return read_codes(state, at, at + size, column, self->count, error);
}

static mr_status read_values(reader *self, double *values, mr_error *error) {
  size_t count = self->count;
  bool narrow = (self->flags & FLAG_FLOAT) != 0;
  size_t used = narrow ? MRI_PLANES_NARROW : MRI_PLANES;
  const uint8_t *planes[MRI_PLANES] = {NULL};
  for (size_t p = 0; p < used; p++) {
    mr_status status = unpack(self, self->scratch + p * count, count, &planes[p], error);
    if (status != MR_OK) return status;
  }
  mri_planes_join(planes, count, narrow, values);
  if (self->at != self->end || self->codings >> (2 * self->column) != 0)
    return corrupt("something follows the last column", error);
  return MR_OK;
}

static bool make_room(mri_chunk_decoder *self, size_t count) {
  if (count <= self->room) return true;
  mri_mem_free(self->mem, self->scratch);
  self->scratch = mri_mem_alloc(self->mem, count * VARINT_BYTES);
  self->room = self->scratch == NULL ? 0 : count;
  return self->scratch != NULL;
}

mr_status mri_chunk_decode(mri_chunk_decoder *decoder, const uint8_t *block, size_t size,
                           int64_t *steps, int64_t *times_us, double *values, size_t count,
                           mr_error *error) {
  reader self = {0};
  mr_status status = read_header(&self, block, size, error);
  if (status != MR_OK) return status;
  if (self.count != count)
    return mri_error_set(error, MR_CORRUPT, "metric chunk has %zu points instead of %zu",
                         self.count, count);
  if (!make_room(decoder, count)) return mri_error_no_memory(error);
  self.unpacker = decoder->unpacker;
  self.scratch = decoder->scratch;
  status = read_integers(&self, steps, error);
  if (status == MR_OK) status = read_integers(&self, times_us, error);
  if (status == MR_OK) status = read_values(&self, values, error);
  return status;
}
