/* SPDX-License-Identifier: Apache-2.0 */
/* Gates in memory: rules, their text form and their digest. */
#include "registry/gate_rules.h"
#include "registry/subject.h"
#include "registry/text_buffer.h"

#define RULES_MAX 256
#define TEXT_MAX  (1 << 20)

mr_status mr_gate_new(mr_gate **out_gate, mr_error *error) {
  mr_status status = mri_check_argument(out_gate, "out_gate", error);
  if (status != MR_OK) return status;
  mr_gate *gate = mri_mem_zalloc(mri_mem_default(), 1, sizeof *gate);
  if (gate == NULL) return mri_error_no_memory(error);
  gate->mem = mri_mem_default();
  mri_vec_init(&gate->rules, gate->mem, sizeof(mri_rule));
  *out_gate = gate;
  return MR_OK;
}

void mr_gate_free(mr_gate *gate) {
  if (gate == NULL) return;
  for (size_t i = 0; i < gate->rules.count; i++) {
    mri_rule *rule = mri_vec_at(&gate->rules, i);
    mri_mem_free(gate->mem, rule->name);
    mri_query_free(rule->query);
  }
  mri_vec_free(&gate->rules);
  mri_mem_free(gate->mem, gate);
}

static mr_status check_rule(const mr_gate *gate, const char *name, const char *expression,
                            mr_error *error) {
  mr_status status = mri_check_name(name, "rule name", error);
  if (status == MR_OK) status = mri_check_argument(expression, "expression", error);
  if (status != MR_OK) return status;
  if (strpbrk(name, ":#'\"`") != NULL) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "rule name '%s' must not contain ':', '#' or quotes", name);
  }
  if (gate->rules.count >= RULES_MAX) {
    return mri_error_set(error, MR_LIMIT, "a gate has at most %d rules", RULES_MAX);
  }
  for (size_t i = 0; i < gate->rules.count; i++) {
    const mri_rule *rule = mri_vec_at(&gate->rules, i);
    if (strcmp(rule->name, name) == 0) {
      return mri_error_set(error, MR_ALREADY_EXISTS, "the gate has a rule '%s' already", name);
    }
  }
  return MR_OK;
}

/* The size of a rule's line in the canonical text; LIMIT when the gate would get too long. */
static mr_status measure(const mr_gate *gate, const char *name, const mri_query *query,
                         size_t *size, mr_error *error) {
  mri_str line;
  mri_str_init(&line, gate->mem);
  mr_status status = mri_query_print(query, &line, error);
  if (status == MR_OK && line.failed) status = mri_error_no_memory(error);
  *size = line.size + strlen(name) + 3;
  mri_str_free(&line);
  if (status == MR_OK && gate->text_size + *size > TEXT_MAX) {
    status = mri_error_set(error, MR_LIMIT, "the gate would be longer than %d bytes", TEXT_MAX);
  }
  return status;
}

static mr_status note_age(void *ctx, const mri_query_path *path, mr_error *error) {
  (void)error;
  if (strcmp(path->parts[0], "channel") == 0) *(bool *)ctx = true;
  return MR_OK;
}

/* A check can say three words only; another would make a rule that nothing ever fulfils. */
static mr_status check_results(const mri_query *query, mr_error *error) {
  static const char *const results[] = {"passed", "failed", "skipped", NULL};
  const char *odd = mri_query_odd_word(query, "checks", results);
  if (odd == NULL) return MR_OK;
  return mri_error_set(error, MR_INVALID_ARGUMENT,
                       "a check is 'passed', 'failed' or 'skipped', never '%.*s'",
                       mri_text_fit(odd, 64), odd);
}

mr_status mr_gate_add_rule(mr_gate *gate, const char *name, const char *expression,
                           mr_error *error) {
  mri_query *query = NULL;
  mr_status status = mri_check_argument(gate, "gate", error);
  if (status == MR_OK) status = check_rule(gate, name, expression, error);
  if (status != MR_OK) return status;
  status = mri_query_parse(gate->mem, expression, &query, error);
  if (status == MR_OK) status = mri_query_paths(query, mri_subject_check, NULL, error);
  if (status == MR_OK) status = check_results(query, error);
  if (status == MR_OK && mri_query_negates_star(query)) {
    status =
        mri_error_set(error, MR_INVALID_ARGUMENT,
                      "NOT over a test with * would mean \"not every one\"; write != , NOT IN or "
                      "NOT LIKE, which must hold for every one");
  }
  if (status != MR_OK) {
    mri_query_free(query);
    return mri_error_prefix(error, status, "rule '%s'", name);
  }
  /* What is attached is stored as text and read again: it must fit. */
  size_t text_size = 0;
  status = measure(gate, name, query, &text_size, error);
  if (status != MR_OK) {
    mri_query_free(query);
    return status;
  }
  char *copy = mri_mem_strdup(gate->mem, name);
  mri_rule *rule = copy == NULL ? NULL : mri_vec_push(&gate->rules);
  if (rule == NULL) {
    mri_mem_free(gate->mem, copy);
    mri_query_free(query);
    return mri_error_no_memory(error);
  }
  rule->name = copy;
  rule->query = query;
  rule->ages = false;
  (void)mri_query_paths(query, note_age, &rule->ages, NULL); /* it never fails */
  gate->text_size += text_size;
  return MR_OK;
}

mr_status mri_gate_check_transition(const mr_gate *gate, const char *transition, mr_error *error) {
  void *ctx = (void *)(uintptr_t)transition;
  for (size_t i = 0; i < gate->rules.count; i++) {
    const mri_rule *rule = mri_vec_at(&gate->rules, i);
    mr_status status = mri_query_paths(rule->query, mri_subject_check, ctx, error);
    if (status != MR_OK) return mri_error_prefix(error, status, "rule '%s'", rule->name);
  }
  return MR_OK;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

/* Where the line ends without its comment: `#` inside quotes is part of the expression. */
static size_t without_comment(const char *line, size_t size) {
  char quote = '\0';
  for (size_t i = 0; i < size; i++) {
    if (quote != '\0') {
      if (line[i] == quote) quote = '\0';
    } else if (line[i] == '\'' || line[i] == '"' || line[i] == '`') {
      quote = line[i];
    } else if (line[i] == '#') {
      return i;
    }
  }
  return size;
}

static mr_status add_line(mr_gate *gate, const char *line, size_t size, mr_error *error) {
  size = without_comment(line, size);
  while (size > 0 && is_blank(line[0])) line++, size--;
  while (size > 0 && is_blank(line[size - 1])) size--;
  if (size == 0) return MR_OK;
  const char *colon = memchr(line, ':', size);
  if (colon == NULL) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "there is no ':' between a rule's name and its expression");
  }
  size_t name_size = (size_t)(colon - line);
  while (name_size > 0 && is_blank(line[name_size - 1])) name_size--;
  const char *expression = colon + 1;
  size_t rest = size - (size_t)(expression - line);
  while (rest > 0 && is_blank(expression[0])) expression++, rest--;
  char *name = mri_mem_strndup(gate->mem, line, name_size);
  char *text = mri_mem_strndup(gate->mem, expression, rest);
  mr_status status = name == NULL || text == NULL ? mri_error_no_memory(error)
                                                  : mr_gate_add_rule(gate, name, text, error);
  mri_mem_free(gate->mem, name);
  mri_mem_free(gate->mem, text);
  return status;
}

mr_status mr_gate_parse(const char *text, mr_gate **out_gate, mr_error *error) {
  mr_gate *gate = NULL;
  mr_status status = mri_check_argument(out_gate, "out_gate", error);
  if (status == MR_OK) status = mri_check_value(text, "gate text", TEXT_MAX, error);
  if (status == MR_OK) status = mr_gate_new(&gate, error);
  if (status != MR_OK) return status;
  unsigned line_number = 0;
  const char *text_end = text + strlen(text);
  for (const char *line = text; line < text_end && status == MR_OK;) {
    const char *end = memchr(line, '\n', (size_t)(text_end - line));
    size_t size = (size_t)((end == NULL ? text_end : end) - line);
    line_number++;
    status = add_line(gate, line, size, error);
    line += size + (end == NULL ? 0 : 1);
  }
  if (status == MR_OK) {
    *out_gate = gate;
    return MR_OK;
  }
  mr_gate_free(gate);
  return mri_error_prefix(error, status, "line %u", line_number);
}

mr_status mri_gate_write(const mr_gate *gate, mri_str *out, mr_error *error) {
  mr_status status = MR_OK;
  for (size_t i = 0; i < gate->rules.count && status == MR_OK; i++) {
    const mri_rule *rule = mri_vec_at(&gate->rules, i);
    mri_str_add(out, rule->name);
    mri_str_add(out, ": ");
    status = mri_query_print(rule->query, out, error);
    mri_str_add_char(out, '\n');
  }
  return status == MR_OK && out->failed ? mri_error_no_memory(error) : status;
}

mr_status mri_gate_identity(const mr_gate *gate, mri_digest *out, mr_error *error) {
  mri_str text;
  mri_str_init(&text, gate->mem);
  mr_status status = mri_gate_write(gate, &text, error);
  if (status == MR_OK) mri_blake2b(text.size == 0 ? "" : text.data, text.size, out);
  mri_str_free(&text);
  return status;
}

mr_status mr_gate_text(const mr_gate *gate, mr_buffer **out_text, mr_error *error) {
  mr_status status = mri_check_argument(gate, "gate", error);
  if (status == MR_OK) status = mri_check_argument(out_text, "out_text", error);
  if (status != MR_OK) return status;
  mri_str text;
  mri_str_init(&text, gate->mem);
  status = mri_gate_write(gate, &text, error);
  if (status == MR_OK) return mri_buffer_take(&text, out_text, error);
  mri_str_free(&text);
  return status;
}

mr_status mr_gate_digest(mr_gate *gate, const char **out_digest, mr_error *error) {
  mri_digest digest;
  mr_status status = mri_check_argument(gate, "gate", error);
  if (status == MR_OK) status = mri_check_argument(out_digest, "out_digest", error);
  if (status == MR_OK) status = mri_gate_identity(gate, &digest, error);
  if (status != MR_OK) return status;
  mri_digest_text(&digest, gate->digest);
  *out_digest = gate->digest;
  return MR_OK;
}
