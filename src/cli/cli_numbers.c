/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_numbers.h"

#include "cli/cli_options.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* `word` is in lower case. */
static bool is_word(const char *text, const char *word) {
  for (; *word; text++, word++)
    if (*text != *word && *text != *word - 'a' + 'A') return false;
  return *text == '\0';
}

/* Digits with at most one point among them, and an exponent: strtod() alone takes more. */
static bool is_decimal(const char *text) {
  size_t digits = 0;
  for (; is_digit(*text); text++) digits++;
  if (*text == '.') text++;
  for (; is_digit(*text); text++) digits++;
  if (digits > 0 && (*text == 'e' || *text == 'E')) {
    text++;
    if (*text == '+' || *text == '-') text++;
    if (!is_digit(*text)) return false;
    while (is_digit(*text)) text++;
  }
  return digits > 0 && *text == '\0';
}

bool cli_parse_double(const char *text, double *out) {
  bool has_sign = text[0] == '-' || text[0] == '+';
  const char *number = text + (has_sign ? 1 : 0);
  double value = 0;
  if (is_word(number, "nan")) {
    value = (double)NAN;
  } else if (is_word(number, "inf") || is_word(number, "infinity")) {
    value = (double)INFINITY;
  } else if (is_decimal(number)) {
    value = strtod(number, NULL);
  } else {
    return false;
  }
  *out = text[0] == '-' ? -value : value;
  return true;
}

bool cli_parse_int(const char *text, int64_t *out) {
  bool has_sign = text[0] == '-' || text[0] == '+';
  char *end = NULL;
  if (!is_digit(text[has_sign ? 1 : 0])) return false;
  errno = 0;
  intmax_t value = strtoimax(text, &end, 10);
  if (*end || errno || value < INT64_MIN || value > INT64_MAX) return false;
  *out = (int64_t)value;
  return true;
}

int cli_option_int(const cli_context *cli, const char *name, int64_t least, int64_t *out) {
  const char *text = cli_option_value(cli, name);
  int64_t value = 0;
  if (!text) return CLI_DONE;
  /* What counts something has no sign. */
  bool has_sign = least >= 0 && text[0] == '+';
  if (!cli_parse_int(text, &value) || value < least || has_sign) {
    if (least == INT64_MIN)
      return cli_usage_error(cli, "--%s must be a whole number, not '%s'", name, text);
    return cli_usage_error(cli, "--%s must be a whole number of %" PRId64 " or more, not '%s'",
                           name, least, text);
  }
  *out = value;
  return CLI_DONE;
}
