/* SPDX-License-Identifier: Apache-2.0 */
/* From a line to a step, and its arguments as the types that calls take. */
#include "scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- text that grows ---------------------------------------------------------------------- */

typedef struct growing {
  char *text;
  size_t size;
  size_t room;
} growing;

static void append(scenario *s, growing *g, const char *text, size_t size) {
  if (g->size + size + 1 > g->room) {
    size_t room = (g->size + size + 1) * 2;
    char *larger = keep(s, room);
    if (g->size > 0) memcpy(larger, g->text, g->size);
    g->text = larger;
    g->room = room;
  }
  memcpy(g->text + g->size, text, size);
  g->size += size;
  g->text[g->size] = '\0';
}

/* --- items -------------------------------------------------------------------------------- */

/* Appends what ${...} at `at` stands for; returns what follows it. */
static const char *substitute(scenario *s, const char *at, growing *g) {
  const char *end = strchr(at, '}');
  if (end == NULL) complain(s, "%s has no end", at);
  char *name = keep_text(s, at + 2, (size_t)(end - at - 2));
  char *dot = strchr(name, '.');
  const char *text = NULL;
  if (dot != NULL) *dot = '\0';
  if (strcmp(name, "DIR") == 0) {
    text = s->folder;
  } else if (strcmp(name, "URI") == 0) {
    text = s->uri;
  } else {
    const binding *b = find_binding(s, name);
    if (dot == NULL) {
      text = b->text;
    } else if (b->class != NULL && b->class->info != NULL) {
      text = plain_field(s, b->class, b->class->info(b->handle), dot + 1);
    }
  }
  if (text == NULL) complain(s, "%.*s stands for nothing", (int)(end + 1 - at), at);
  append(s, g, text, strlen(text));
  return end + 1;
}

static const char *escape(scenario *s, const char *at, growing *g) {
  static const char from[] = "nrt\"\\";
  static const char to[] = "\n\r\t\"\\";
  const char *found = at[1] != '\0' ? strchr(from, at[1]) : NULL;
  if (found != NULL) {
    append(s, g, &to[found - from], 1);
    return at + 2;
  }
  char hex[3] = {0};
  if (at[1] == 'x') memcpy(hex, at + 2, strnlen(at + 2, 2));
  char *end = NULL;
  char byte = (char)(unsigned char)strtoul(hex, &end, 16);
  if (end != hex + 2) complain(s, "%.2s is no escape", at);
  append(s, g, &byte, 1);
  return at + 4;
}

/* "text" or "text"*times */
static const char *parse_quoted(scenario *s, const char *at, item *out) {
  growing g = {0};
  append(s, &g, "", 0);
  for (at++; *at != '"';) {
    if (*at == '\0') complain(s, "a quote has no end");
    if (*at == '\\') {
      at = escape(s, at, &g);
    } else if (at[0] == '$' && at[1] == '{') {
      at = substitute(s, at, &g);
    } else {
      append(s, &g, at++, 1);
    }
  }
  at++;
  if (*at == '*') {
    char *end = NULL;
    size_t once = g.size;
    unsigned long times = strtoul(at + 1, &end, 10);
    char *text = keep_text(s, g.text, once);
    for (unsigned long i = 1; i < times; i++) append(s, &g, text, once);
    at = end;
  }
  *out = (item){.text = g.text, .size = g.size};
  return at;
}

static const char *parse_word(scenario *s, const char *at, item *out) {
  growing g = {0};
  append(s, &g, "", 0);
  while (*at != '\0' && strchr(" []\"", *at) == NULL) {
    if (at[0] == '$' && at[1] == '{') {
      at = substitute(s, at, &g);
    } else {
      append(s, &g, at++, 1);
    }
  }
  if (g.size == 0) complain(s, "there is no argument at: %s", at);
  bool is_null = strcmp(g.text, "null") == 0;
  *out = (item){.text = is_null ? NULL : g.text, .size = is_null ? 0 : g.size, .is_null = is_null};
  return at;
}

static const char *parse_item(scenario *s, const char *at, item *out) {
  return *at == '"' ? parse_quoted(s, at, out) : parse_word(s, at, out);
}

static void add_item(scenario *s, argument *list, item added) {
  item *larger = keep(s, (list->count + 1) * sizeof *larger);
  if (list->count > 0) memcpy(larger, list->items, list->count * sizeof *larger);
  larger[list->count] = added;
  list->items = larger;
  list->count++;
}

/* A bare word of a list that is FIRST..LAST stands for all integers from first to last. */
static bool add_range(scenario *s, argument *list, const item *word) {
  char *end = NULL;
  if (word->is_null) return false;
  long long first = strtoll(word->text, &end, 10);
  if (end == word->text || strncmp(end, "..", 2) != 0) return false;
  long long last = strtoll(end + 2, &end, 10);
  if (*end != '\0') return false;
  size_t count = (size_t)(last - first + 1);
  item *larger = keep(s, (list->count + count) * sizeof *larger);
  if (list->count > 0) memcpy(larger, list->items, list->count * sizeof *larger);
  for (size_t i = 0; i < count; i++) {
    char digits[32];
    int size = snprintf(digits, sizeof digits, "%lld", first + (long long)i);
    larger[list->count + i] =
        (item){.text = keep_text(s, digits, (size_t)size), .size = (size_t)size};
  }
  list->items = larger;
  list->count += count;
  return true;
}

static const char *parse_list(scenario *s, const char *at, argument *out) {
  out->is_list = true;
  for (at++;;) {
    while (*at == ' ') at++;
    if (*at == ']') return at + 1;
    if (*at == '\0') complain(s, "a list has no end");
    bool bare = *at != '"';
    item next;
    at = parse_item(s, at, &next);
    if (!bare || !add_range(s, out, &next)) add_item(s, out, next);
  }
}

/* --- steps -------------------------------------------------------------------------------- */

static const char *parse_argument(scenario *s, const char *at) {
  if (s->argument_count == MAX_ARGUMENTS) complain(s, "a step has too many arguments");
  argument *a = &s->arguments[s->argument_count++];
  *a = (argument){0};
  size_t name = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
  if (name > 0 && at[name] == '=') {
    a->name = keep_text(s, at, name);
    at += name + 1;
  }
  if (*at == '[') return parse_list(s, at, a);
  item only;
  at = parse_item(s, at, &only);
  add_item(s, a, only);
  return at;
}

void parse_step(scenario *s, const char *line) {
  while (*line == ' ') line++;
  size_t word = strcspn(line, " ");
  if (strncmp(line + word, " = ", 3) == 0) {
    s->result_name = keep_text(s, line, word);
    line += word + 3;
    word = strcspn(line, " ");
  }
  s->verb = keep_text(s, line, word);
  for (line += word; *line != '\0';) {
    if (*line == ' ') {
      line++;
    } else {
      line = parse_argument(s, line);
    }
  }
}

size_t places(const scenario *s) {
  size_t count = 0;
  for (size_t i = 0; i < s->argument_count; i++) count += s->arguments[i].name == NULL;
  return count;
}

argument *place(scenario *s, size_t index) {
  for (size_t i = 0; i < s->argument_count; i++) {
    if (s->arguments[i].name != NULL || index-- > 0) continue;
    s->arguments[i].used = true;
    return &s->arguments[i];
  }
  complain(s, "%s needs more arguments", s->verb);
}

argument *option(scenario *s, const char *name) {
  for (size_t i = 0; i < s->argument_count; i++) {
    argument *a = &s->arguments[i];
    if (a->name == NULL || strcmp(a->name, name) != 0) continue;
    a->used = true;
    return a;
  }
  return NULL;
}

void check_all_used(scenario *s) {
  for (size_t i = 0; i < s->argument_count; i++) {
    const argument *a = &s->arguments[i];
    if (!a->used) complain(s, "%s does not take %s", s->verb, a->name ? a->name : "so many");
  }
}

/* --- arguments as types ------------------------------------------------------------------- */

static const item *single(scenario *s, const argument *a) {
  if (a->is_list) complain(s, "%s takes no list here", s->verb);
  return &a->items[0];
}

static int64_t to_integer(scenario *s, const item *i) {
  char *end = NULL;
  errno = 0;
  long long value = i->is_null ? 0 : strtoll(i->text, &end, 10);
  if (i->is_null || end == i->text || *end != '\0' || errno != 0) {
    complain(s, "%s is no integer", i->is_null ? "null" : i->text);
  }
  return value;
}

/* Decimal, nan, inf, -inf, or bits:HEX for exact ones. */
static double to_real(scenario *s, const item *i) {
  char *end = NULL;
  double value = 0;
  if (i->is_null) complain(s, "null is no number");
  if (strncmp(i->text, "bits:", 5) == 0) {
    uint64_t bits = strtoull(i->text + 5, &end, 16);
    memcpy(&value, &bits, sizeof value);
  } else {
    value = strtod(i->text, &end);
  }
  if (end == i->text || *end != '\0') complain(s, "%s is no number", i->text);
  return value;
}

static int64_t to_named(scenario *s, const item *i, const value_name *names) {
  int64_t value = 0;
  if (i->is_null) complain(s, "null is no name");
  for (const char *at = i->text;; at++) {
    size_t size = strcspn(at, "+");
    const value_name *n = names;
    while (n->text != NULL && (strlen(n->text) != size || strncmp(n->text, at, size) != 0)) n++;
    char *part = keep_text(s, at, size);
    value |= n->text != NULL ? n->value : to_integer(s, &(item){.text = part, .size = size});
    at += size;
    if (*at == '\0') return value;
  }
}

const char *text_at(scenario *s, size_t index) {
  return single(s, place(s, index))->text;
}

const char *option_text(scenario *s, const char *name) {
  const argument *a = option(s, name);
  return a == NULL ? NULL : single(s, a)->text;
}

int64_t integer_at(scenario *s, size_t index) {
  return to_integer(s, single(s, place(s, index)));
}

int64_t option_integer(scenario *s, const char *name) {
  const argument *a = option(s, name);
  return a == NULL ? 0 : to_integer(s, single(s, a));
}

double real_at(scenario *s, size_t index) {
  return to_real(s, single(s, place(s, index)));
}

int64_t named_at(scenario *s, size_t index, const value_name *names) {
  return to_named(s, single(s, place(s, index)), names);
}

int64_t option_named(scenario *s, const char *name, const value_name *names) {
  const argument *a = option(s, name);
  return a == NULL ? 0 : to_named(s, single(s, a), names);
}

/* A list with room for one element at least, so that an empty one is not NULL. */
#define DEFINE_LIST(function, type, element)                                                       \
  type *function(scenario *s, const argument *list) {                                              \
    if (list == NULL || (!list->is_list && list->items[0].is_null)) return NULL;                   \
    if (!list->is_list) complain(s, "%s takes a list here", s->verb);                              \
    type *elements = keep(s, (list->count + 1) * sizeof *elements);                                \
    for (size_t i = 0; i < list->count; i++) elements[i] = element;                                \
    return elements;                                                                               \
  }

DEFINE_LIST(texts, const char *, list->items[i].text)
DEFINE_LIST(integers, int64_t, to_integer(s, &list->items[i]))
DEFINE_LIST(reals, double, to_real(s, &list->items[i]))
