/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_times.h"

#include "cli/cli_numbers.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

/* In 1973: what has fewer digits was meant as something else. */
#define LEAST_TIME_US INT64_C(100000000000000)
/* The end of the year 9999, the last that the library takes. */
#define MOST_TIME_US INT64_C(253402300799999999)

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* Days since 1970 of a day of the Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day) {
  /* Years begin in March, so that the leap day is the last. */
  if (month <= 2) year--;
  int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return 365 * year + year / 4 - year / 100 + year / 400 + of_year - 719468;
}

/* Digits of a fraction of a second as microseconds; `text` ends behind them. */
static int64_t fraction_of(const char **text) {
  int64_t us = 0;
  int64_t unit = 100000;
  for (; is_digit(**text); (*text)++, unit /= 10) us += (**text - '0') * unit;
  return us;
}

/* Reads numbers that stand where `form` has zeros, with its other characters between them. */
static bool read_parts(const char *text, const char *form, int64_t *parts) {
  for (; *form; form++, text++) {
    if (*form == '0' ? !is_digit(*text) : *text != *form) return false;
    if (*form == '0') {
      *parts = 10 * *parts + (*text - '0');
    } else {
      parts++;
    }
  }
  return true;
}

/* "Z", or how far local time is ahead of UTC, such as "+02:00". */
static bool read_offset(const char *text, int64_t *out_seconds) {
  int64_t parts[2] = {0};
  *out_seconds = 0;
  if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0) return true;
  if (text[0] != '+' && text[0] != '-') return false;
  if (!read_parts(text + 1, "00:00", parts) || text[6] != '\0') return false;
  if (parts[0] > 23 || parts[1] > 59) return false;
  *out_seconds = (parts[0] * 60 + parts[1]) * (text[0] == '-' ? -60 : 60);
  return true;
}

static bool read_date_time(const char *text, int64_t *out_us) {
  static const char date[] = "0000-00-00", clock[] = "00:00:00";
  static const int64_t most[] = {9999, 12, 31, 23, 59, 59};
  int64_t parts[6] = {0};
  int64_t us = 0, offset = 0;
  if (!read_parts(text, date, parts)) return false;
  text += sizeof date - 1;
  if (text[0] != 'T' && text[0] != 't' && text[0] != ' ') return false;
  if (!read_parts(++text, clock, parts + 3)) return false;
  text += sizeof clock - 1;
  for (int i = 0; i < 6; i++)
    if (parts[i] > most[i] || (i < 3 && parts[i] < 1)) return false;
  int64_t days = days_of(parts[0], parts[1], parts[2]);
  int64_t next = parts[1] == 12 ? days_of(parts[0] + 1, 1, 1) : days_of(parts[0], parts[1] + 1, 1);
  if (days >= next) return false;
  if (text[0] == '.' && is_digit(text[1])) {
    text++;
    us = fraction_of(&text);
  }
  if (!read_offset(text, &offset)) return false;
  int64_t seconds = days * 86400 + parts[3] * 3600 + parts[4] * 60 + parts[5] - offset;
  *out_us = seconds * 1000000 + us;
  return *out_us > 0;
}

bool cli_parse_time(const char *text, int64_t *out_us) {
  int64_t us = 0;
  bool is_number = is_digit(text[0]) && cli_parse_int(text, &us);
  if (is_number ? us < LEAST_TIME_US : !read_date_time(text, &us)) return false;
  if (us > MOST_TIME_US) return false;
  *out_us = us;
  return true;
}

int64_t cli_now_us(void) {
  struct timespec now = {0, 0};
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
