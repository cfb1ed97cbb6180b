/* SPDX-License-Identifier: Apache-2.0 */
/* mri_parse_double of str.h. strtod obeys the locale's decimal point, so the number is handed to it
 * without one: 12.5e3 becomes 125e2. */
#include "base/str.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No double, and no point halfway between two, has more significant digits than 767; of further
 * ones it only matters whether they are all 0. */
#define DIGITS_MAX   770
#define EXPONENT_MAX ((int64_t)100000)

typedef struct scan {
  const char *at;
  const char *end;
} scan;

typedef struct number {
  char digits[DIGITS_MAX + 32];
  size_t count;
  int64_t exponent;
} number;

static bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool take(scan *in, char c) {
  if (in->at == in->end || *in->at != c) return false;
  in->at++;
  return true;
}

static bool is_word(const scan *in, const char *word) {
  size_t size = strlen(word);
  if ((size_t)(in->end - in->at) != size) return false;
  for (size_t i = 0; i < size; i++) {
    char c = in->at[i];
    if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
    if (c != word[i]) return false;
  }
  return true;
}

static bool take_digits(scan *in, number *out, bool fraction) {
  const char *start = in->at;
  for (; in->at < in->end && is_digit(*in->at); in->at++) {
    char c = *in->at;
    if (fraction) out->exponent--;
    if (out->count == 0 && c == '0') continue;
    if (out->count < DIGITS_MAX) {
      out->digits[out->count++] = c;
    } else {
      out->exponent++;
      if (c != '0') out->digits[DIGITS_MAX - 1] = '1';
    }
  }
  return in->at > start;
}

static bool take_exponent(scan *in, number *out) {
  if (!take(in, 'e') && !take(in, 'E')) return true;
  bool negative = take(in, '-');
  if (!negative) (void)take(in, '+');
  const char *start = in->at;
  int64_t value = 0;
  for (; in->at < in->end && is_digit(*in->at); in->at++) {
    if (value < INT64_MAX / 100) value = value * 10 + (*in->at - '0');
  }
  out->exponent += negative ? -value : value;
  return in->at > start;
}

static bool parse_decimal(scan *in, double *out) {
  number n;
  n.count = 0;
  n.exponent = 0;
  bool whole = take_digits(in, &n, false);
  bool fraction = take(in, '.') && take_digits(in, &n, true);
  if ((!whole && !fraction) || !take_exponent(in, &n) || in->at != in->end) return false;
  if (n.count == 0) n.digits[n.count++] = '0';
  if (n.exponent > EXPONENT_MAX) n.exponent = EXPONENT_MAX;
  if (n.exponent < -EXPONENT_MAX) n.exponent = -EXPONENT_MAX;
  (void)snprintf(n.digits + n.count, sizeof n.digits - n.count, "e%d", (int)n.exponent);
  *out = strtod(n.digits, NULL);
  return true;
}

bool mri_parse_double(const char *text, size_t size, double *out) {
  if (size == 0) return false;
  scan in = {text, text + size};
  while (in.at < in.end && is_blank(*in.at)) in.at++;
  while (in.end > in.at && is_blank(in.end[-1])) in.end--;
  bool negative = take(&in, '-');
  if (!negative) (void)take(&in, '+');
  double value = 0;
  if (is_word(&in, "inf") || is_word(&in, "infinity")) {
    value = (double)INFINITY;
  } else if (is_word(&in, "nan")) {
    value = (double)NAN;
  } else if (!parse_decimal(&in, &value)) {
    return false;
  }
  *out = negative ? -value : value;
  return true;
}
