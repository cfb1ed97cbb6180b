/* SPDX-License-Identifier: Apache-2.0 */
/* How values are written: the same bytes in every language. */
#include "scenario.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longer ones are written as their size and fingerprint. */
#define MAX_WRITTEN 400

/* --- lines -------------------------------------------------------------------------------- */

/* Takes `line`, and puts ${DIR} where the folder stands. */
static void add_line(scenario *s, char *line) {
  static const char name[] = "${DIR}";
  size_t folder = strlen(s->folder);
  for (char *at = strstr(line, s->folder); folder > 0 && at != NULL;
       at = strstr(at + sizeof name - 1, s->folder)) {
    memcpy(at, name, sizeof name - 1); /* the folder's path is longer */
    memmove(at + sizeof name - 1, at + folder, strlen(at + folder) + 1);
  }
  if (s->out_count == s->out_room) {
    s->out_room = s->out_room * 2 + 64;
    s->out = grow(s, s->out, s->out_room * sizeof *s->out);
  }
  s->out[s->out_count++] = line;
}

void say(scenario *s, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  char *line = grow(s, NULL, (size_t)size + 1);
  va_start(arguments, format);
  (void)vsnprintf(line, (size_t)size + 1, format, arguments);
  va_end(arguments);
  add_line(s, line);
}

void say_text(scenario *s, const char *text, size_t size) {
  const char *end = text + size;
  while (text < end) {
    const char *stop = memchr(text, '\n', (size_t)(end - text));
    if (stop == NULL) stop = end;
    say(s, "| %.*s", (int)(stop - text), text);
    text = stop + 1;
  }
}

/* --- values ------------------------------------------------------------------------------- */

/* FNV-1a with 64 bits, http://www.isthe.com/chongo/tech/comp/fnv/ */
uint64_t fingerprint(const void *data, size_t size) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < size; i++) {
    hash = (hash ^ ((const uint8_t *)data)[i]) * UINT64_C(0x100000001b3);
  }
  return hash;
}

static size_t write_byte(char *at, uint8_t byte, bool is_text) {
  static const char from[] = "\n\r\t\"\\";
  static const char to[] = "nrt\"\\";
  const char *found = byte != 0 ? strchr(from, byte) : NULL;
  if (found != NULL) {
    at[0] = '\\';
    at[1] = to[found - from];
    return 2;
  }
  if (byte >= 0x20 && byte != 0x7f && (byte < 0x80 || is_text)) {
    at[0] = (char)byte;
    return 1;
  }
  return (size_t)snprintf(at, 5, "\\x%02x", byte);
}

const char *quoted(scenario *s, const void *data, size_t size, bool is_text) {
  if (size > MAX_WRITTEN) {
    char *text = keep(s, 80);
    (void)snprintf(text, 80, "(%zu bytes, fingerprint %016" PRIx64 ")", size,
                   fingerprint(data, size));
    return text;
  }
  char *text = keep(s, size * 4 + 3);
  size_t at = 0;
  text[at++] = '"';
  for (size_t i = 0; i < size; i++) {
    at += write_byte(text + at, ((const uint8_t *)data)[i], is_text);
  }
  text[at++] = '"';
  text[at] = '\0';
  return text;
}

const char *quoted_text(scenario *s, const char *text) {
  return text == NULL ? "null" : quoted(s, text, strlen(text), true);
}

const char *written_real(scenario *s, double value) {
  char *text = keep(s, 40);
  if (isnan(value)) {
    (void)snprintf(text, 40, "nan"); /* printf shows the sign of some */
  } else {
    (void)snprintf(text, 40, "%.17g", value);
  }
  return text;
}

/* --- records ------------------------------------------------------------------------------ */

static const char *written_integer(scenario *s, int64_t value, const value_name *names) {
  for (const value_name *n = names; n != NULL && n->text != NULL; n++) {
    if (n->value == value) return n->text;
  }
  char *text = keep(s, 24);
  (void)snprintf(text, 24, "%" PRId64, value);
  return text;
}

static const char *written_texts(scenario *s, const char *const *list, int64_t count) {
  size_t size = 3;
  for (int64_t i = 0; i < count; i++) size += strlen(quoted_text(s, list[i])) + 1;
  char *text = keep(s, size);
  char *at = text;
  *at++ = '[';
  for (int64_t i = 0; i < count; i++) {
    at += snprintf(at, size - (size_t)(at - text), i > 0 ? " %s" : "%s", quoted_text(s, list[i]));
  }
  memcpy(at, "]", 2);
  return text;
}

/* With `plain`, texts stand without quotes. */
static const char *written_field(scenario *s, const field *f, const void *record, bool plain) {
  const char *at = (const char *)record + f->offset;
  switch (f->kind) {
  case TEXT: {
    const char *text = *(const char *const *)(const void *)at;
    return plain ? text : quoted_text(s, text);
  }
  case TEXTS:
    return written_texts(s, *(const char *const *const *)(const void *)at,
                         *(const int64_t *)(const void *)((const char *)record + f->count_offset));
  case INT32:
    return written_integer(s, *(const int32_t *)(const void *)at, f->names);
  case UINT32:
    return written_integer(s, *(const uint32_t *)(const void *)at, f->names);
  case INT64:
    return written_integer(s, *(const int64_t *)(const void *)at, f->names);
  case REAL:
    return written_real(s, *(const double *)(const void *)at);
  }
  complain(s, "%s is of no kind", f->name);
}

static const field *find_field(scenario *s, const field *fields, const char *name) {
  for (const field *f = fields; f->name != NULL; f++) {
    if (strcmp(f->name, name) == 0) return f;
  }
  complain(s, "there is no field %s", name);
}

const char *plain_field(scenario *s, const handle_class *class, const void *record,
                        const char *name) {
  return written_field(s, find_field(s, class->fields, name), record, true);
}

/* "name=value kind=value", as show=name,kind says. */
static void say_shown(scenario *s, const field *fields, const void *record, const char *names) {
  char *line = keep_text(s, "", 0);
  size_t used = 0;
  for (const char *at = names; *at != '\0';) {
    size_t size = strcspn(at, ",");
    const field *f = find_field(s, fields, keep_text(s, at, size));
    const char *value = written_field(s, f, record, false);
    size_t room = used + strlen(f->name) + strlen(value) + 3;
    char *longer = keep(s, room);
    (void)snprintf(longer, room, "%s%s%s=%s", line, used > 0 ? " " : "", f->name, value);
    line = longer;
    used = strlen(line);
    at += size + (at[size] == ',');
  }
  say(s, "%s", line);
}

void say_record(scenario *s, const field *fields, const void *record) {
  const char *show = option_text(s, "show");
  if (record == NULL) complain(s, "there is no record");
  if (show != NULL) {
    say_shown(s, fields, record, show);
    return;
  }
  for (const field *f = fields; f->name != NULL; f++) {
    say(s, "%s %s", f->name, written_field(s, f, record, false));
  }
}
