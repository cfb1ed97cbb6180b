/* SPDX-License-Identifier: Apache-2.0 */
/* Answers expressions for query_model.py: a line each, its fields separated by tabs, bytes as %XX
 * where they would be in the way.
 *
 *     EXPRESSION FACT...
 *     FACT := KIND ["!"] " " PATH "=" VALUE     with "!" it is open
 *     KIND := "n" a number | "t" a text | "m" missing | "u" unreadable
 *           | "l" names, each behind a "," that ends what is before it
 *     PATH := [SUMMARY ":"] PART { "|" PART } [ "#" DATASET ]
 *
 * The answer is TRUE, FALSE or UNKNOWN, and " open" behind it where it could become true; what is
 * refused is answered with the message. The canonical text must come to the same. */
#include "answer_text.h"

#include "query/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 128, LINE = 1 << 17, NAMES = 16 };

typedef struct given {
  char *path;
  char *value;
  char kind;
  bool open;
} given;

typedef struct world {
  given facts[FIELDS];
  size_t count;
} world;

/* Names and values apart: metrics.* and metrics."*" are both metrics|*. */
static const given *find(const world *w, const mri_query_path *path, bool names) {
  static const char *const summaries[] = {"", "min:", "max:", "mean:", "first:", "last:", "count:"};
  char text[1024];
  int size = snprintf(text, sizeof text, "%s", summaries[path->summary]);
  for (int i = 0; i < path->count; i++)
    size +=
        snprintf(text + size, sizeof text - (size_t)size, "%s%s", i > 0 ? "|" : "", path->parts[i]);
  if (path->which != NULL) snprintf(text + size, sizeof text - (size_t)size, "#%s", path->which);
  for (size_t i = 0; i < w->count; i++)
    if ((w->facts[i].kind == 'l') == names && strcmp(w->facts[i].path, text) == 0)
      return &w->facts[i];
  return NULL;
}

static mr_status get(void *ctx, const mri_query_path *path, mri_arena *arena, mri_query_value *out,
                     mr_error *error) {
  (void)arena;
  (void)error;
  const given *fact = find(ctx, path, false);
  if (fact == NULL) return MR_OK;
  out->open = fact->open;
  if (fact->kind == 'n') {
    out->kind = MRI_VALUE_NUMBER;
    out->number = strtod(fact->value, NULL);
  } else if (fact->kind == 't') {
    out->kind = MRI_VALUE_TEXT;
    out->text = fact->value;
    out->text_size = strlen(fact->value);
  } else if (fact->kind == 'u') {
    out->kind = MRI_VALUE_UNREADABLE;
  }
  return MR_OK;
}

static mr_status expand(void *ctx, const mri_query_path *path, mri_arena *arena,
                        mri_query_names *out, mr_error *error) {
  const given *fact = find(ctx, path, true);
  if (fact == NULL) return MR_OK;
  const char **names = mri_arena_alloc(arena, NAMES * sizeof *names);
  if (names == NULL) return mri_error_no_memory(error);
  out->names = names;
  out->open = fact->open;
  char *at = fact->value;
  for (char *comma; (comma = strchr(at, ',')) != NULL && out->count < NAMES;) {
    names[out->count] = mri_arena_strndup(arena, at, (size_t)(comma - at));
    if (names[out->count++] == NULL) return mri_error_no_memory(error);
    at = comma + 1;
  }
  return MR_OK;
}

/* Splits a line into an expression and the facts; NULL when it is none. */
static char *read_line(char *line, world *w) {
  line[strcspn(line, "\n")] = '\0';
  char *rest = strchr(line, '\t');
  w->count = 0;
  while (rest != NULL && w->count < FIELDS) {
    *rest++ = '\0';
    given *fact = &w->facts[w->count++];
    char *field = rest;
    rest = strchr(rest, '\t');
    fact->kind = field[0];
    fact->open = field[0] != '\0' && field[1] == '!';
    fact->path = strchr(field, ' ');
    fact->value = strchr(field, '=');
    if (fact->path == NULL || fact->value == NULL) return NULL;
    fact->path++;
    *fact->value++ = '\0';
    char *end = rest;
    if (end != NULL) *end = '\0';
    answer_decode(fact->path);
    answer_decode(fact->value);
    if (end != NULL) *end = '\t';
  }
  return rest == NULL ? answer_decode(line) : NULL;
}

static mr_status evaluate(const char *text, world *w, mri_query_result *out, mri_str *canonical,
                          mr_error *error) {
  mri_query *query = NULL;
  mri_arena arena;
  mri_query_subject subject = {w, get, expand};
  mri_arena_init(&arena, mri_mem_default());
  mr_status status = mri_query_parse(mri_mem_default(), text, &query, error);
  if (status == MR_OK) status = mri_query_print(query, canonical, error);
  if (status == MR_OK) status = mri_query_evaluate(query, &subject, &arena, out, error);
  mri_arena_free(&arena);
  mri_query_free(query);
  return status;
}

static void answer(const char *text, world *w) {
  static const char *const truths[] = {"FALSE", "TRUE", "UNKNOWN"};
  mr_error error = MR_ERROR_INIT;
  mri_query_result first;
  mri_query_result again;
  mri_str canonical;
  mri_str same;
  mri_str_init(&canonical, mri_mem_default());
  mri_str_init(&same, mri_mem_default());
  mr_status status = evaluate(text, w, &first, &canonical, &error);
  if (status == MR_OK) status = evaluate(mri_str_text(&canonical), w, &again, &same, &error);
  if (status != MR_OK)
    puts(error.message);
  else if (strcmp(mri_str_text(&canonical), mri_str_text(&same)) != 0 ||
           first.truth != again.truth || first.open != again.open)
    printf("prints as %s\n", mri_str_text(&canonical));
  else
    printf("%s%s\n", truths[first.truth], first.open ? " open" : "");
  mri_str_free(&canonical);
  mri_str_free(&same);
}

int main(void) {
  static char line[LINE];
  static world w;
  while (fgets(line, sizeof line, stdin) != NULL) {
    const char *text = read_line(line, &w);
    if (text == NULL)
      puts("not a question");
    else
      answer(text, &w);
  }
  return ferror(stdin) || fflush(stdout) != 0 ? 1 : 0;
}
