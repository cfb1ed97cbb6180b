/* SPDX-License-Identifier: Apache-2.0 */
/* The text form of gates. */
#include "registry_test.h"

#include "registry/gate_rules.h"

static void canonical_is(const char *text, const char *expected) {
  mr_gate *gate = NULL;
  mr_buffer *buffer = NULL;
  mr_error error = MR_ERROR_INIT;
  mr_status status = mr_gate_parse(text, &gate, &error);
  if (status != MR_OK) fail_msg("\"%s\": %s", text, error.message);
  OK(mr_gate_text(gate, &buffer, &error));
  assert_string_equal((const char *)mr_buffer_data(buffer), expected);
  assert_int_equal(gate->text_size, strlen(expected)); /* what the limit counts */
  mr_buffer_free(buffer);
  mr_gate_free(gate);
}

static void refused(const char *text, mr_status expected, const char *word) {
  mr_gate *gate = NULL;
  mr_error error = MR_ERROR_INIT;
  mr_status status = mr_gate_parse(text, &gate, &error);
  if (status != expected) fail_msg("\"%s\": %s", text, mr_status_name(status));
  registry_says(&error, word);
  assert_null(gate);
}

#define RULE "metrics.x > 1"

static void lines(void **state) {
  (void)state;
  canonical_is("", "");
  canonical_is("\n\n  \n\t\r\n", "");
  canonical_is("#", "");
  canonical_is("# a: " RULE, "");
  canonical_is("a: " RULE, "a: " RULE "\n");
  canonical_is("a: " RULE "\n", "a: " RULE "\n");
  canonical_is("\r\na: " RULE "\r\n\r\n", "a: " RULE "\n");
  canonical_is("  a  :  " RULE "  ", "a: " RULE "\n");
  canonical_is("a:" RULE, "a: " RULE "\n");
  canonical_is("a b: " RULE, "a b: " RULE "\n");
  canonical_is("b: " RULE "\na: " RULE, "b: " RULE "\na: " RULE "\n"); /* order is kept */
}

static void comments(void **state) {
  (void)state;
  canonical_is("a: " RULE "#c", "a: " RULE "\n");
  canonical_is("a: " RULE " # it's a \"comment\" with : and `", "a: " RULE "\n");
  canonical_is("a: tags.x = '#'", "a: tags.x = '#'\n");
  canonical_is("a: tags.x = '#' # '", "a: tags.x = '#'\n");
  canonical_is("a: tags.\"#\" = 'x'#", "a: tags.\"#\" = 'x'\n");
  canonical_is("a: tags.`#` = 'x'", "a: tags.\"#\" = 'x'\n");
  canonical_is("a: tags.x = 'it''s #1' # c", "a: tags.x = 'it''s #1'\n");
  canonical_is("a: tags.x = '\"' # \"", "a: tags.x = '\"'\n");
  canonical_is("a: tags.x = ':'", "a: tags.x = ':'\n");
}

static void mistakes_name_their_line(void **state) {
  (void)state;
  refused("a", MR_INVALID_ARGUMENT, "line 1");
  refused("\n\na", MR_INVALID_ARGUMENT, "line 3");
  refused("a: " RULE "\r\n\r\nb: x", MR_INVALID_ARGUMENT, "line 3");
  refused("a # : " RULE, MR_INVALID_ARGUMENT, "line 1");
  refused(": " RULE, MR_INVALID_ARGUMENT, "line 1");
  refused("a:", MR_INVALID_ARGUMENT, "line 1");
  refused("a: # nothing", MR_INVALID_ARGUMENT, "line 1");
  refused("a: " RULE "\na : " RULE, MR_ALREADY_EXISTS, "line 2");
  refused("it's: " RULE, MR_INVALID_ARGUMENT, "line 1");
  refused("a: tags.x = 'open # comment", MR_INVALID_ARGUMENT, "line 1");
  refused("a: " RULE "\n\xff: " RULE, MR_INVALID_ARGUMENT, "UTF-8");
}

/* Whatever was added can be written and read again, as the same gate. */
static void what_is_accepted_can_be_read_again(void **state) {
  (void)state;
  static const char *const pieces[] = {"a",  "'", "''", "\"", "`", "#", ":",  " ", "\\",
                                       "x#", "é", "%",  "'#", "1", "=", "\t", "(", "tags.y = "};
  enum { PIECES = sizeof pieces / sizeof pieces[0] };
  uint32_t seed = 1;
  int accepted = 0;
  for (int i = 0; i < 20000; i++) {
    char name[64] = "";
    char expression[128] = "tags.x = '";
    mr_gate *gate = NULL;
    mr_gate *again = NULL;
    mr_buffer *first = NULL;
    mr_buffer *second = NULL;
    mr_error error = MR_ERROR_INIT;
    for (int k = 0; k < 8; k++) {
      seed = seed * 1664525u + 1013904223u;
      const char *piece = pieces[(seed >> 16) % PIECES];
      char *into = k < 3 ? name : expression;
      memcpy(into + strlen(into), piece, strlen(piece) + 1);
    }
    memcpy(expression + strlen(expression), "'", 2);
    OK(mr_gate_new(&gate, &error));
    if (mr_gate_add_rule(gate, name, expression, &error) == MR_OK) {
      accepted++;
      OK(mr_gate_text(gate, &first, &error));
      OK(mr_gate_parse((const char *)mr_buffer_data(first), &again, &error));
      OK(mr_gate_text(again, &second, &error));
      assert_string_equal((const char *)mr_buffer_data(first),
                          (const char *)mr_buffer_data(second));
      mr_buffer_free(first);
      mr_buffer_free(second);
      mr_gate_free(again);
    }
    mr_gate_free(gate);
  }
  assert_true(accepted > 300);
  assert_int_equal(mri_mem_live(), 0);
}

static void transitions(void **state) {
  (void)state;
  static const char *const good[] = {"promote", "channel/production", "channel/a.b-c_1"};
  static const char *const bad[] = {
      "",           "Promote",        "promote ",   "channel",     "channel/",
      "channel//a", "channel/latest", "channel/v1", "channel/a/b", "withdraw",
      "\xff"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    assert_int_equal(mri_check_transition(good[i], NULL), MR_OK);
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_int_equal(mri_check_transition(bad[i], NULL), MR_INVALID_ARGUMENT);
  }
  /* The longest channel name there is can be guarded. */
  char longest[300] = "channel/";
  memset(longest + 8, 'n', 251);
  longest[8 + 250] = '\0';
  assert_int_equal(mri_check_transition(longest, NULL), MR_OK);
}

static bool parse_once(void *ctx) {
  const char *text = ctx;
  mr_gate *gate = NULL;
  mr_buffer *buffer = NULL;
  const char *digest = NULL;
  mr_error error = MR_ERROR_INIT;
  mr_status status = mr_gate_parse(text, &gate, &error);
  if (status == MR_OK) status = mr_gate_text(gate, &buffer, &error);
  if (status == MR_OK) status = mr_gate_digest(gate, &digest, &error);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  mr_buffer_free(buffer);
  mr_gate_free(gate);
  return status == MR_OK;
}

static void memory_runs_out(void **state) {
  (void)state;
  static char text[] =
      "a: metrics.x > 1 AND params.y IN ('a', 'b')\nb: artifacts.*.size < 10 # c\n";
  assert_true(unit_fail_allocations(parse_once, text) > 10);
}

/* A stored gate that was changed behind the library's back judges nobody. */
static void changed_gates_are_found(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  mr_gate *gate = NULL;
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  options.flags = MR_GATE_DEFAULT;
  OK(mr_gate_parse("a: metrics.x > 0.9", &gate, &error));
  OK(mr_registry_attach_gate(registry, gate, &options, &error));
  mr_gate_free(gate);
  gate = NULL;
  registry_execute(registry, "UPDATE gate SET body = replace(body, '0.9', '0.1')");
  assert_int_equal(mr_registry_open_gate(registry, &options, &gate, &error), MR_TAMPERED);
  registry_says(&error, "promote");
  assert_null(gate);
  registry_execute(registry, "UPDATE gate SET body = 'nonsense'");
  assert_int_not_equal(mr_registry_open_gate(registry, &options, &gate, &error), MR_OK);
  assert_null(gate);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines),
      cmocka_unit_test(comments),
      cmocka_unit_test(mistakes_name_their_line),
      cmocka_unit_test(what_is_accepted_can_be_read_again),
      cmocka_unit_test(transitions),
      cmocka_unit_test(memory_runs_out),
      cmocka_unit_test(changed_gates_are_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
