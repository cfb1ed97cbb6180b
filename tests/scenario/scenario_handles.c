/* SPDX-License-Identifier: Apache-2.0 */
/* What the names of a scenario stand for, and the verbs that take any handle. */
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

/* --- names of a scenario ------------------------------------------------------------------ */

static binding *look_up(scenario *s, const char *name) {
  for (size_t i = 0; i < s->binding_count; i++) {
    if (strcmp(s->bindings[i].name, name) == 0) return &s->bindings[i];
  }
  return NULL;
}

binding *find_binding(scenario *s, const char *name) {
  binding *b = look_up(s, name);
  if (b == NULL) complain(s, "there is no %s", name);
  return b;
}

static void *handle_of(scenario *s, const argument *a, const handle_class *class) {
  if (a->is_list || a->items[0].is_null) complain(s, "%s needs a %s here", s->verb, class->name);
  const binding *b = find_binding(s, a->items[0].text);
  if (b->class != class) complain(s, "%s is no %s", b->name, class->name);
  return b->handle;
}

void *handle_at(scenario *s, size_t index, const handle_class *class) {
  return handle_of(s, place(s, index), class);
}

void *option_handle(scenario *s, const char *name, const handle_class *class) {
  const argument *a = option(s, name);
  return a == NULL ? NULL : handle_of(s, a, class);
}

static void drop(binding *b) {
  if (b->class != NULL) b->class->close(b->handle);
  free(b->text);
  free(b->name);
}

static binding *new_binding(scenario *s) {
  binding *b = look_up(s, s->result_name);
  if (b != NULL) {
    drop(b);
  } else {
    if (s->binding_count == MAX_BINDINGS) complain(s, "there are too many names");
    b = &s->bindings[s->binding_count++];
  }
  *b = (binding){.name = grow(s, NULL, strlen(s->result_name) + 1)};
  memcpy(b->name, s->result_name, strlen(s->result_name) + 1);
  return b;
}

void result_handle(scenario *s, const handle_class *class, void *handle) {
  if (handle == NULL) complain(s, "%s succeeded without a %s", s->verb, class->name);
  if (s->result_name == NULL) {
    class->close(handle);
    return;
  }
  binding *b = new_binding(s);
  b->class = class;
  b->handle = handle;
}

void result_text(scenario *s, const char *text) {
  say(s, "%s", quoted_text(s, text));
  if (s->result_name == NULL || text == NULL) return;
  binding *b = new_binding(s);
  b->text = grow(s, NULL, strlen(text) + 1);
  memcpy(b->text, text, strlen(text) + 1);
}

static void forget(scenario *s, binding *b) {
  drop(b);
  *b = s->bindings[--s->binding_count];
}

void close_bindings(scenario *s) {
  while (s->binding_count > 0) forget(s, &s->bindings[0]);
}

/* --- verbs on any handle ------------------------------------------------------------------ */

mr_status close_handles(scenario *s, mr_error *error) {
  (void)error;
  for (size_t i = 0; i < places(s); i++) forget(s, find_binding(s, text_at(s, i)));
  return MR_OK;
}

mr_status say_info(scenario *s, mr_error *error) {
  (void)error;
  const binding *b = find_binding(s, text_at(s, 0));
  if (b->class == NULL || b->class->info == NULL) complain(s, "%s has no record", b->name);
  say_record(s, b->class->fields, b->class->info(b->handle));
  return MR_OK;
}

const char *next_page(scenario *s, const char *token) {
  if (option(s, "pages") == NULL) return token;
  result_text(s, token);
  return NULL;
}
