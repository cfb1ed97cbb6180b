/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs share that answer another implementation of the same: fields of a line, with
 * bytes as %XX where they would be in the way. */
#ifndef MRT_ANSWER_TEXT_H
#define MRT_ANSWER_TEXT_H

#include <stdbool.h>
#include <string.h>

static inline int answer_hex(char c) {
  static const char digits[] = "0123456789ABCDEF";
  const char *at = c == '\0' ? NULL : strchr(digits, c);
  return at == NULL ? -1 : (int)(at - digits);
}

/* In place; the field. */
static inline char *answer_decode(char *field) {
  char *to = field;
  for (const char *from = field; *from != '\0'; to++) {
    bool escaped = from[0] == '%' && answer_hex(from[1]) >= 0 && answer_hex(from[2]) >= 0;
    *to = escaped ? (char)(answer_hex(from[1]) * 16 + answer_hex(from[2])) : *from;
    from += escaped ? 3 : 1;
  }
  *to = '\0';
  return field;
}

#endif
