/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_text.h"

#include "cli/cli_memory.h"
#include "cli/cli_progress.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* The longest escape of one byte of input. */
#define ESCAPE_MAX 4

size_t cli_decode(const char *text, uint32_t *out_code) {
  const unsigned char *at = (const unsigned char *)text;
  size_t length = at[0] < 0x80 ? 1 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
  static const uint32_t smallest[] = {0, 1, 0x80, 0x800, 0x10000};
  if (length == 1) {
    *out_code = at[0];
    return at[0] ? 1 : 0;
  }
  if (at[0] < 0xC2 || at[0] > 0xF4) return 0;
  uint32_t code = at[0] & (0x7Fu >> length);
  for (size_t i = 1; i < length; i++) {
    if ((at[i] & 0xC0) != 0x80) return 0;
    code = code << 6 | (at[i] & 0x3Fu);
  }
  if (code < smallest[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return 0;
  *out_code = code;
  return length;
}

bool cli_is_unsafe(uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0xAD || code == 0x61C ||
         code == 0x180E || code == 0x200B || code == 0x200E || code == 0x200F ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) ||
         code == 0xFEFF || (code >= 0xFFF9 && code <= 0xFFFB) ||
         (code >= 0xE0000 && code <= 0xE007F);
}

/* Writes at most 10 bytes and a NUL: an escape where one is needed. Returns how much of `text` it
 * stands for. */
static size_t print_one(const char *text, char out[12]) {
  uint32_t code = 0;
  size_t length = cli_decode(text, &code);
  if (length == 0) {
    snprintf(out, 12, "\\x%02x", (unsigned)(unsigned char)text[0]);
    return 1;
  }
  if (!cli_is_unsafe(code)) {
    memcpy(out, text, length);
    out[length] = '\0';
  } else if (code == '\n' || code == '\t' || code == '\r') {
    snprintf(out, 12, "\\%c", code == '\n' ? 'n' : code == '\t' ? 't' : 'r');
  } else if (code < 0x80) {
    snprintf(out, 12, "\\x%02x", (unsigned)code);
  } else if (code < 0x10000) {
    snprintf(out, 12, "\\u%04x", (unsigned)code);
  } else {
    snprintf(out, 12, "\\U%08x", (unsigned)code);
  }
  return length;
}

char *cli_printable(const char *text) {
  char *printable = cli_resize(NULL, strlen(text) + 1, ESCAPE_MAX);
  size_t size = 0;
  while (*text) {
    char one[12];
    text += print_one(text, one);
    size_t length = strlen(one);
    memcpy(printable + size, one, length);
    size += length;
  }
  printable[size] = '\0';
  return cli_resize(printable, size + 1, 1);
}

void cli_put(FILE *out, const char *text) {
  cli_progress_stop();
  while (*text) {
    char one[12];
    text += print_one(text, one);
    fputs(one, out);
  }
}

size_t cli_width(const char *printable) {
  size_t width = 0;
  uint32_t code = 0;
  for (size_t length; (length = cli_decode(printable, &code)) > 0; printable += length)
    width += (size_t)cli_char_width(code);
  return width;
}

void cli_time(char out[CLI_NUMBER_SIZE], int64_t time_us) {
  /* Floor, so that times before 1970 are right too. */
  int64_t seconds = time_us / 1000000 - (time_us % 1000000 < 0);
  time_t when = (time_t)seconds;
  struct tm parts;
  out[0] = '\0';
  if (time_us == 0) return;
  if ((int64_t)when != seconds || !gmtime_r(&when, &parts) ||
      strftime(out, CLI_NUMBER_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
    snprintf(out, CLI_NUMBER_SIZE, "%" PRId64 " us", time_us);
}

void cli_size(char out[CLI_NUMBER_SIZE], int64_t size) {
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double shown = (double)size;
  size_t unit = 0;
  /* What would round to 1024.0 belongs to the next unit. */
  while (unit < 6 && shown >= (unit == 0 ? 1024.0 : 1023.95)) {
    shown /= 1024.0;
    unit++;
  }
  snprintf(out, CLI_NUMBER_SIZE, "%.*f %s", unit == 0 ? 0 : 1, shown, units[unit]);
}

const char *cli_plural(int64_t count) {
  return count == 1 ? "" : "s";
}

void cli_double(char out[CLI_NUMBER_SIZE], double value) {
  if (isnan(value) || isinf(value)) {
    snprintf(out, CLI_NUMBER_SIZE, "%s",
             isnan(value) ? "NaN"
             : value > 0  ? "Infinity"
                          : "-Infinity");
    return;
  }
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(out, CLI_NUMBER_SIZE, "%.*g", digits, value);
    double back = strtod(out, NULL);
    if (memcmp(&back, &value, sizeof value) == 0) return;
  }
}

size_t cli_terminal_width(FILE *out) {
  struct winsize size;
  int descriptor = fileno(out);
  if (descriptor < 0 || !isatty(descriptor) || ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}
