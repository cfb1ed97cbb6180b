/* SPDX-License-Identifier: Apache-2.0 */
/* What the values of options mean. */
#include "cli/cli_options.h"

#include "cli/cli_numbers.h"

#include <stdio.h>
#include <string.h>

int cli_option_count(const cli_context *cli, const char *name, int64_t *out) {
  return cli_option_int(cli, name, 1, out);
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
  for (; **text >= '0' && **text <= '9'; (*text)++, unit /= 10) us += (**text - '0') * unit;
  return us;
}

/* What cli_time() writes, also with a fraction of a second. */
static bool read_time(const char *text, int64_t *out) {
  static const char form[] = "0000-00-00T00:00:00";
  static const int64_t most[] = {9999, 12, 31, 23, 59, 59};
  int64_t parts[6] = {0};
  int part = 0;
  for (size_t i = 0; form[i] != '\0'; i++) {
    bool digit = text[i] >= '0' && text[i] <= '9';
    if (form[i] == '0' ? !digit : text[i] != form[i]) return false;
    if (digit) parts[part] = 10 * parts[part] + (text[i] - '0');
    if (!digit) part++;
  }
  for (int i = 0; i < 6; i++) {
    if (parts[i] > most[i] || (i < 3 && parts[i] < 1)) return false;
  }
  int64_t days = days_of(parts[0], parts[1], parts[2]);
  int64_t next = parts[1] == 12 ? days_of(parts[0] + 1, 1, 1) : days_of(parts[0], parts[1] + 1, 1);
  text += sizeof form - 1;
  int64_t us = 0;
  if (text[0] == '.' && text[1] >= '0' && text[1] <= '9') {
    text++;
    us = fraction_of(&text);
  }
  int64_t seconds = days * 86400 + parts[3] * 3600 + parts[4] * 60 + parts[5];
  *out = seconds * 1000000 + us;
  return days < next && strcmp(text, "Z") == 0;
}

int cli_option_time(const cli_context *cli, const char *name, int64_t *out) {
  const char *text = cli_option_value(cli, name);
  if (!text) return CLI_DONE;
  if ((cli_parse_int(text, out) || read_time(text, out)) && *out > 0) return CLI_DONE;
  return cli_usage_error(cli,
                         "--%s must be a time such as 2026-07-03T12:34:56Z or Unix microseconds, "
                         "not '%s'",
                         name, text);
}

int cli_find_word(const cli_context *cli, const char *name, const char *text,
                  const char *const *words, int32_t *out) {
  char all[256] = "";
  for (int32_t i = 0; words[i]; i++) {
    if (strcmp(words[i], text) == 0) {
      *out = i + 1;
      return CLI_DONE;
    }
    size_t size = strlen(all);
    const char *between = i == 0 ? "" : words[i + 1] ? ", " : " or ";
    snprintf(all + size, sizeof all - size, "%s%s", between, words[i]);
  }
  return cli_usage_error(cli, "--%s must be %s, not '%s'", name, all, text);
}

int cli_option_word(const cli_context *cli, const char *name, const char *const *words,
                    int32_t *out) {
  const char *text = cli_option_value(cli, name);
  return text ? cli_find_word(cli, name, text, words, out) : CLI_DONE;
}
