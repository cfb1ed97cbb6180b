/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "base/double_bits.h"
#include "base/text.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mri_str_init(mri_str *str, const mri_mem *mem) {
  assert(mem != NULL);
  *str = (mri_str){.mem = mem};
}

void mri_str_free(mri_str *str) {
  mri_mem_free(str->mem, str->data);
  *str = (mri_str){.mem = str->mem};
}

/* Room for `size` more bytes and the NUL. */
static bool reserve(mri_str *str, size_t size) {
  if (str->failed) return false;
  if (str->capacity - str->size > size) return true;
  if (size > PTRDIFF_MAX - str->size - 1) {
    str->failed = true;
    return false;
  }
  size_t needed = str->size + size + 1;
  size_t capacity = str->capacity < 32 ? 64 : str->capacity * 2;
  if (capacity < needed) capacity = needed;
  char *data = mri_mem_realloc(str->mem, str->data, capacity);
  if (data == NULL) {
    str->failed = true;
    return false;
  }
  str->data = data;
  str->capacity = capacity;
  return true;
}

void mri_str_add_bytes(mri_str *str, const void *bytes, size_t size) {
  if (!reserve(str, size)) return;
  if (size > 0) memcpy(str->data + str->size, bytes, size);
  str->size += size;
  str->data[str->size] = '\0';
}

void mri_str_add(mri_str *str, const char *text) {
  mri_str_add_bytes(str, text, strlen(text));
}

void mri_str_add_char(mri_str *str, char c) {
  mri_str_add_bytes(str, &c, 1);
}

void mri_str_addf(mri_str *str, const char *format, ...) {
  if (!reserve(str, 0)) return;
  size_t room = str->capacity - str->size;
  va_list args;
  va_start(args, format);
  va_list again;
  va_copy(again, args);
  int length = vsnprintf(str->data + str->size, room, format, args);
  if (length >= 0 && (size_t)length >= room && reserve(str, (size_t)length))
    length = vsnprintf(str->data + str->size, str->capacity - str->size, format, again);
  va_end(again);
  va_end(args);
  if (length < 0) str->failed = true;
  if (!str->failed) str->size += (size_t)length;
  str->data[str->size] = '\0';
}

static void add_escape(mri_str *str, uint32_t code) {
  switch (code) {
  case '"':
    mri_str_add(str, "\\\"");
    break;
  case '\\':
    mri_str_add(str, "\\\\");
    break;
  case '\b':
    mri_str_add(str, "\\b");
    break;
  case '\f':
    mri_str_add(str, "\\f");
    break;
  case '\n':
    mri_str_add(str, "\\n");
    break;
  case '\r':
    mri_str_add(str, "\\r");
    break;
  case '\t':
    mri_str_add(str, "\\t");
    break;
  default:
    mri_str_addf(str, "\\u%04x", (unsigned)code);
  }
}

void mri_str_add_json(mri_str *str, const char *text) {
  size_t size = strlen(text);
  size_t start = 0; /* of the run of characters that go in as they are */
  size_t at = 0;
  mri_str_add_char(str, '"');
  while (at < size) {
    uint32_t code = 0;
    size_t length = mri_utf8_step(text + at, size - at, &code);
    assert(length > 0);
    if (length == 0) break;
    if (code == '"' || code == '\\' || mri_is_control(code)) {
      mri_str_add_bytes(str, text + start, at - start);
      add_escape(str, code);
      start = at + length;
    }
    at += length;
  }
  mri_str_add_bytes(str, text + start, at - start);
  mri_str_add_char(str, '"');
}

/* printf puts the locale's decimal point, of one byte or more, where "." belongs. */
static size_t fix_point(char *text, size_t size) {
  size_t out = 0;
  bool in_point = false;
  for (size_t i = 0; i < size; i++) {
    bool plain =
        (text[i] >= '0' && text[i] <= '9') || text[i] == 'e' || text[i] == '-' || text[i] == '+';
    if (plain) {
      text[out++] = text[i];
    } else if (!in_point) {
      text[out++] = '.';
    }
    in_point = !plain;
  }
  return out;
}

/* Writes the digits before `end`, `places` of them behind a point, and gives their beginning. */
static char *put_decimal(char *end, uint64_t value, int places) {
  for (int i = 0; value > 0 || i <= places; i++) {
    if (i == places && i > 0) *--end = '.';
    *--end = (char)('0' + value % 10);
    value /= 10;
  }
  return end;
}

/* What people write, without printf and reading it back: up to 15 digits, few of them behind the
 * point. Digits and a power of ten that are both exact divide to the very double that reading them
 * gives, and 15 digits that read back are the ones of printf. False for what has an exponent there
 * or is longer. */
static bool add_short(mri_str *str, double value) {
  static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
  char text[32];
  double size = fabs(value);
  if (size != 0 && !(size >= 1e-4 && size < 1e15)) return false;
  for (int places = 0; places < (int)(sizeof powers / sizeof powers[0]); places++) {
    double scaled = size * powers[places] + 0.5;
    if (scaled >= 1e15) return false;
    uint64_t digits = (uint64_t)scaled;
    if ((double)digits / powers[places] != size) continue;
    char *start = put_decimal(text + sizeof text, digits, places);
    if (signbit(value)) *--start = '-';
    mri_str_add_bytes(str, start, (size_t)(text + sizeof text - start));
    return true;
  }
  return false;
}

void mri_str_add_decimal(mri_str *str, uint64_t value) {
  char text[20];
  char *start = put_decimal(text + sizeof text, value, 0);
  mri_str_add_bytes(str, start, (size_t)(text + sizeof text - start));
}

void mri_str_add_double(mri_str *str, double value) {
  if (isnan(value)) {
    mri_str_add(str, "nan");
    return;
  }
  if (isinf(value)) {
    mri_str_add(str, value > 0 ? "inf" : "-inf");
    return;
  }
  if (add_short(str, value)) return;
  char text[64];
  size_t size = 0;
  for (int digits = 15; digits <= 17; digits++) {
    int length = snprintf(text, sizeof text, "%.*g", digits, value);
    assert(length > 0 && (size_t)length < sizeof text);
    size = fix_point(text, (size_t)length);
    double back = 0;
    /* Not by ==, for which -0.0 is 0.0. */
    if (mri_parse_double(text, size, &back) && mri_double_bits(back) == mri_double_bits(value))
      break;
  }
  mri_str_add_bytes(str, text, size);
}

void mri_str_add_u32(mri_str *str, uint32_t value) {
  uint8_t bytes[4];
  for (unsigned i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(value >> (8 * i));
  mri_str_add_bytes(str, bytes, sizeof bytes);
}

void mri_str_add_u64(mri_str *str, uint64_t value) {
  uint8_t bytes[8];
  for (unsigned i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(value >> (8 * i));
  mri_str_add_bytes(str, bytes, sizeof bytes);
}

void mri_str_add_varint(mri_str *str, uint64_t value) {
  uint8_t bytes[10];
  size_t size = 0;
  while (value >= 0x80) {
    bytes[size++] = (uint8_t)(value | 0x80);
    value >>= 7;
  }
  bytes[size++] = (uint8_t)value;
  mri_str_add_bytes(str, bytes, size);
}

const char *mri_str_text(const mri_str *str) {
  if (str->failed) return NULL;
  return str->data == NULL ? "" : str->data;
}

char *mri_str_take(mri_str *str) {
  mri_str_add_bytes(str, NULL, 0);
  if (str->failed) {
    mri_str_free(str);
    return NULL;
  }
  char *data = str->data;
  *str = (mri_str){.mem = str->mem};
  return data;
}
