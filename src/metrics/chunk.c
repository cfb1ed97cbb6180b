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

static uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static double value_of(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* In integers only: the host may have switched its floating point unit to flush small numbers to
 * zero, and a conversion would make a signalling NaN a quiet one. Float32 subnormals are left out;
 * chunks with them keep all 8 planes. */
static bool is_widened(uint64_t bits) {
  uint64_t exponent = bits >> 52 & 0x7ff;
  if ((bits & 0x1fffffff) != 0) return false;
  if (exponent == 0) return bits << 1 == 0;
  return exponent == 0x7ff || (exponent >= 1023 - 126 && exponent <= 1023 + 127);
}

static uint32_t narrow(uint64_t bits) {
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

static uint64_t widen(uint32_t bits) {
  uint64_t sign = (uint64_t)(bits & 0x80000000u) << 32;
  uint64_t exponent = bits >> 23 & 0xff;
  uint64_t mantissa = (uint64_t)(bits & 0x7fffff) << 29;
  if (exponent == 0xff) {
    exponent = 0x7ff;
  } else if (exponent != 0) {
    exponent += 1023 - 127;
  }
  return sign | exponent << 52 | mantissa;
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

typedef struct encoder {
  mri_packer *packer;
  uint8_t *scratch; /* VARINT_BYTES a point */
  mri_str out;
  unsigned flags;
  unsigned codings;
  unsigned column;
} encoder;

static bool add_packed(encoder *self, const uint8_t *bytes, size_t size) {
  unsigned coding = 0;
  bool done = mri_pack(self->packer, bytes, size, &self->out, &coding);
  self->codings |= coding << (2 * self->column);
  self->column++;
  return done;
}

static bool add_integers(encoder *self, const int64_t *column, size_t count) {
  uint64_t base = usual_difference(column, count);
  size_t first_size = 0;
  size_t second_size = 0;
  uint64_t before = count > 1 ? difference(column, 1) : 0;
  for (size_t i = 1; i < count; i++) {
    uint64_t now = difference(column, i);
    first_size += varint_size(zigzag(now - base));
    second_size += varint_size(zigzag(now - before));
    before = now;
  }
  bool second = second_size < first_size;
  if (second) {
    base = difference(column, 1);
    self->flags |= FLAG_SECOND0 << self->column;
  }
  uint8_t *end = self->scratch;
  before = base;
  for (size_t i = 1; i < count; i++) {
    uint64_t now = difference(column, i);
    end = put_varint(end, zigzag(now - before));
    if (second) before = now;
  }
  size_t size = (size_t)(end - self->scratch);
  mri_str_add_varint(&self->out, zigzag((uint64_t)column[0]));
  mri_str_add_varint(&self->out, zigzag(base));
  mri_str_add_varint(&self->out, size);
  return add_packed(self, self->scratch, size);
}

/* Eight stores in a row rather than a loop: this is the hot half of quick encoding. */
static void split_planes(const double *values, size_t count, bool floats, uint8_t *out) {
  for (size_t i = 0; i < count; i++) {
    uint64_t bits = bits_of(values[i]);
    uint8_t *at = out + i;
    if (floats) bits = narrow(bits);
    at[0] = (uint8_t)bits;
    at[count] = (uint8_t)(bits >> 8);
    at[2 * count] = (uint8_t)(bits >> 16);
    at[3 * count] = (uint8_t)(bits >> 24);
    if (floats) continue;
    at[4 * count] = (uint8_t)(bits >> 32);
    at[5 * count] = (uint8_t)(bits >> 40);
    at[6 * count] = (uint8_t)(bits >> 48);
    at[7 * count] = (uint8_t)(bits >> 56);
  }
}

static bool add_values(encoder *self, const double *values, size_t count) {
  bool floats = true;
  for (size_t i = 0; floats && i < count; i++) floats = is_widened(bits_of(values[i]));
  unsigned planes = floats ? 4 : 8;
  if (floats) self->flags |= FLAG_FLOAT;
  split_planes(values, count, floats, self->scratch);
  for (unsigned p = 0; p < planes; p++) {
    if (!add_packed(self, self->scratch + p * count, count)) return false;
  }
  return true;
}

static void add_check(mri_str *out) {
  uint8_t check[16];
  if (out->failed) return;
  mri_xxh128(out->data, out->size, check);
  mri_str_add_bytes(out, check, CHECK_BYTES);
}

static mr_status encode(const mri_mem *mem, const int64_t *steps, const int64_t *times_us,
                        const double *values, size_t count, bool quick, uint8_t **out,
                        size_t *out_size, mr_error *error) {
  assert(count >= 1);
  if (count > POINTS_MAX)
    return mri_error_set(error, MR_LIMIT, "a chunk holds at most %d points", POINTS_MAX);
  static const uint8_t fixed[FIXED_BYTES] = {MAGIC, VERSION, 0, 0, 0, 0};
  encoder self = {.packer = mri_packer_new(mem, count * VARINT_BYTES, quick),
                  .scratch = mri_mem_alloc(mem, count * VARINT_BYTES)};
  mri_str_init(&self.out, mem);
  mri_str_add_bytes(&self.out, fixed, sizeof fixed);
  mri_str_add_varint(&self.out, count);
  bool done = self.packer != NULL && self.scratch != NULL && add_integers(&self, steps, count) &&
              add_integers(&self, times_us, count) && add_values(&self, values, count) &&
              !self.out.failed;
  if (done) {
    self.out.data[2] = (char)self.flags;
    for (unsigned i = 0; i < 3; i++) self.out.data[3 + i] = (char)(self.codings >> (8 * i) & 0xff);
    add_check(&self.out);
  }
  mri_packer_free(self.packer);
  mri_mem_free(mem, self.scratch);
  size_t size = self.out.size;
  char *block = done ? mri_str_take(&self.out) : NULL;
  mri_str_free(&self.out);
  if (block == NULL) return mri_error_no_memory(error);
  *out = (uint8_t *)block;
  *out_size = size;
  return MR_OK;
}

mr_status mri_chunk_encode(const mri_mem *mem, const int64_t *steps, const int64_t *times_us,
                           const double *values, size_t count, uint8_t **out, size_t *out_size,
                           mr_error *error) {
  return encode(mem, steps, times_us, values, count, false, out, out_size, error);
}

mr_status mri_chunk_encode_quick(const mri_mem *mem, const int64_t *steps, const int64_t *times_us,
                                 const double *values, size_t count, uint8_t **out,
                                 size_t *out_size, mr_error *error) {
  return encode(mem, steps, times_us, values, count, true, out, out_size, error);
}

typedef struct decoder {
  mri_unpacker *unpacker;
  uint8_t *scratch; /* VARINT_BYTES a point */
  const uint8_t *at;
  const uint8_t *end;
  unsigned flags;
  unsigned codings;
  unsigned column;
  size_t count;
} decoder;

static mr_status corrupt(const char *what, mr_error *error) {
  return mri_error_set(error, MR_CORRUPT, "metric chunk is damaged: %s", what);
}

static mr_status read_header(decoder *self, const uint8_t *block, size_t size, mr_error *error) {
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
  decoder self = {0};
  mr_status status = read_header(&self, block, size, error);
  if (status == MR_OK) *count = self.count;
  return status;
}

static mr_status unpack(decoder *self, uint8_t *room, size_t size, const uint8_t **view,
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
  if (end - from < 2 || (from[0] >= 0x80 && from[1] >= 0x80)) return mri_read_varint(at, end, out);
  bool two = from[0] >= 0x80;
  *out = two ? (uint64_t)(from[0] & 0x7f) | (uint64_t)from[1] << 7 : from[0];
  *at = from + (two ? 2 : 1);
  return true;
}

static mr_status read_integers(decoder *self, int64_t *column, mr_error *error) {
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
  const uint8_t *end = at + size;
  value = unzigzag(value);
  base = unzigzag(base);
  column[0] = (int64_t)value;
  for (size_t i = 1; i < self->count; i++) {
    uint64_t code = 0;
    if (!next_code(&at, end, &code)) return corrupt("an integer column is short", error);
    uint64_t step = base + unzigzag(code);
    value += step;
    if (second) base = step;
    column[i] = (int64_t)value;
  }
  return at == end ? MR_OK : corrupt("an integer column is long", error);
}

static uint64_t low_half(const uint8_t *const planes[8], size_t i) {
  return (uint64_t)planes[0][i] | (uint64_t)planes[1][i] << 8 | (uint64_t)planes[2][i] << 16 |
         (uint64_t)planes[3][i] << 24;
}

static uint64_t high_half(const uint8_t *const planes[8], size_t i) {
  return (uint64_t)planes[4][i] << 32 | (uint64_t)planes[5][i] << 40 |
         (uint64_t)planes[6][i] << 48 | (uint64_t)planes[7][i] << 56;
}

static mr_status read_values(decoder *self, double *values, mr_error *error) {
  size_t count = self->count;
  bool floats = (self->flags & FLAG_FLOAT) != 0;
  const uint8_t *planes[8] = {NULL};
  for (unsigned p = 0; p < (floats ? 4 : 8); p++) {
    mr_status status = unpack(self, self->scratch + p * count, count, &planes[p], error);
    if (status != MR_OK) return status;
  }
  if (floats) {
    for (size_t i = 0; i < count; i++) values[i] = value_of(widen((uint32_t)low_half(planes, i)));
  } else {
    for (size_t i = 0; i < count; i++)
      values[i] = value_of(low_half(planes, i) | high_half(planes, i));
  }
  if (self->at != self->end || self->codings >> (2 * self->column) != 0)
    return corrupt("something follows the last column", error);
  return MR_OK;
}

mr_status mri_chunk_decode(const mri_mem *mem, const uint8_t *block, size_t size, int64_t *steps,
                           int64_t *times_us, double *values, size_t count, mr_error *error) {
  decoder self = {0};
  mr_status status = read_header(&self, block, size, error);
  if (status != MR_OK) return status;
  if (self.count != count)
    return mri_error_set(error, MR_CORRUPT, "metric chunk has %zu points instead of %zu",
                         self.count, count);
  self.unpacker = mri_unpacker_new(mem);
  self.scratch = mri_mem_alloc(mem, count * VARINT_BYTES);
  if (self.unpacker == NULL || self.scratch == NULL) status = mri_error_no_memory(error);
  if (status == MR_OK) status = read_integers(&self, steps, error);
  if (status == MR_OK) status = read_integers(&self, times_us, error);
  if (status == MR_OK) status = read_values(&self, values, error);
  mri_mem_free(mem, self.scratch);
  mri_unpacker_free(self.unpacker);
  return status;
}
