/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte string whose failures stick: append without checking, look once at the end. */
#ifndef MRI_BASE_STR_H
#define MRI_BASE_STR_H

#include "base/err.h"
#include "base/mem.h"

typedef struct mri_str {
  const mri_mem *mem;
  char *data;  /* NUL-terminated once anything was appended; may be NULL before */
  size_t size; /* bytes without the NUL */
  size_t capacity;
  bool failed; /* memory ran out; appends do nothing from then on */
} mri_str;

void mri_str_init(mri_str *str, const mri_mem *mem);
void mri_str_free(mri_str *str);
void mri_str_add(mri_str *str, const char *text);
void mri_str_add_bytes(mri_str *str, const void *bytes, size_t size);
void mri_str_add_char(mri_str *str, char c);
void mri_str_addf(mri_str *str, const char *format, ...) MRI_PRINTF(2, 3);
/* A JSON string literal with quotes; control characters escaped. text is valid UTF-8. */
void mri_str_add_json(mri_str *str, const char *text);
/* The shortest of the 15, 16 and 17 digit forms that reads back as the same double; nan, inf and
 * -inf spelled so. The locale does not matter, as it would for a floating point number in addf. */
void mri_str_add_double(mri_str *str, double value);
/* The decimal digits. */
void mri_str_add_decimal(mri_str *str, uint64_t value);
/* Little-endian integers and LEB128, for stored formats. */
void mri_str_add_u32(mri_str *str, uint32_t value);
void mri_str_add_u64(mri_str *str, uint64_t value);
void mri_str_add_varint(mri_str *str, uint64_t value);
/* The text so far, "" when nothing was added; NULL when memory ran out. */
const char *mri_str_text(const mri_str *str);
/* Hands the block over to the caller (free with mri_mem_free) and resets; NULL when memory ran
 * out. An empty string gives a block with one NUL. */
char *mri_str_take(mri_str *str);

/* Parses a decimal number as C does in the "C" locale, whatever the process locale is: optional
 * blanks around, sign, digits, point, exponent, inf, infinity, nan (any case). False when anything
 * else is there or `text` is empty. Hexadecimal is not a number. */
bool mri_parse_double(const char *text, size_t size, double *out);

#endif
