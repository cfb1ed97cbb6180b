/* SPDX-License-Identifier: Apache-2.0 */
/* Gates as text, and attaching them. */
#include "contract.h"

static mr_gate *parse(const char *text) {
  mr_gate *gate = NULL;
  OK(mr_gate_parse(text, &gate, &error));
  return gate;
}

static void text_is(const mr_gate *gate, const char *text) {
  mr_buffer *buffer = NULL;
  OK(mr_gate_text(gate, &buffer, &error));
  assert_string_equal((const char *)mr_buffer_data(buffer), text);
  assert_int_equal(mr_buffer_size(buffer), strlen(text));
  mr_buffer_free(buffer);
}

static void digest_of(mr_gate *gate, char out[DIGEST_TEXT]) {
  const char *digest = NULL;
  OK(mr_gate_digest(gate, &digest, &error));
  (void)snprintf(out, DIGEST_TEXT, "%s", digest);
}

/* What is written is read as the same gate, and what was stored comes back. */
static void round_trip(const contract *c, mr_gate *gate) {
  mr_buffer *buffer = NULL;
  char first[DIGEST_TEXT];
  char second[DIGEST_TEXT];
  mr_gate *stored = NULL;
  OK(mr_gate_text(gate, &buffer, &error));
  const char *text = (const char *)mr_buffer_data(buffer);
  mr_gate *again = parse(text);
  text_is(again, text);
  digest_of(gate, first);
  digest_of(again, second);
  assert_string_equal(first, second);
  mr_gate_free(again);
  mr_gate_options all = MR_GATE_OPTIONS_INIT;
  all.flags = MR_GATE_DEFAULT;
  OK(mr_registry_attach_gate(c->registry, gate, &all, &error));
  OK(mr_registry_open_gate(c->registry, &all, &stored, &error));
  text_is(stored, text);
  mr_gate_free(stored);
  mr_buffer_free(buffer);
}

static void text_form(void **state) {
  contract *c = *state;
  char digest[DIGEST_TEXT];
  char expected[DIGEST_TEXT];
  mr_gate *gate = parse("# what we ask for\n"
                        "\n"
                        "accuracy:metrics.accuracy>=0.92   # at the last step\n"
                        "  format :  artifacts.*.format in ('safetensors','onnx')\r\n"
                        "\t\n"
                        "hash: tags.\"a#b\" = 'x # y' # a comment\n"
                        "last: not (params.depth > 8 or params.depth < 2)");
  static const char text[] = "accuracy: metrics.accuracy >= 0.92\n"
                             "format: artifacts.*.format IN ('safetensors', 'onnx')\n"
                             "hash: tags.\"a#b\" = 'x # y'\n"
                             "last: NOT (params.depth > 8 OR params.depth < 2)\n";
  text_is(gate, text);
  digest_of(gate, digest);
  contract_blake2b(text, strlen(text), expected);
  assert_string_equal(digest, expected);
  round_trip(c, gate);
  mr_gate_free(gate);
  gate = parse("");
  text_is(gate, "");
  round_trip(c, gate);
  mr_gate_free(gate);
  mr_gate_free(NULL);
  mr_buffer_free(NULL);
  assert_null(mr_buffer_data(NULL));
  assert_int_equal(mr_buffer_size(NULL), 0);
}

static void digest_does_not_depend_on_spelling(void **state) {
  (void)state;
  static const char *const same[] = {
      "a: metrics.x >= 0.5 AND params.y = 'z'\nb: version.prerelease IS NULL\n",
      "a:   metric.x>=0.50 and param.y='z'\n\n# comment\nb: (version.prerelease is null)",
      "a: (metrics.\"x\" >= 5e-1) aNd (parameters.`y` == 'z')#c\r\nb:version.prerelease IS NULL",
  };
  static const char *const others[] = {
      "a: metrics.x > 0.5 AND params.y = 'z'\nb: version.prerelease IS NULL\n",
      "A: metrics.x >= 0.5 AND params.y = 'z'\nb: version.prerelease IS NULL\n",
      "b: version.prerelease IS NULL\na: metrics.x >= 0.5 AND params.y = 'z'\n",
      "a: metrics.x >= 0.5 AND params.y = 'Z'\nb: version.prerelease IS NULL\n",
      "a: metrics.x >= 0.5 AND params.y = 'z'\n",
      "",
  };
  char first[DIGEST_TEXT] = "";
  char digest[DIGEST_TEXT];
  for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
    mr_gate *gate = parse(same[i]);
    digest_of(gate, i == 0 ? first : digest);
    if (i > 0) assert_string_equal(digest, first);
    mr_gate_free(gate);
  }
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    mr_gate *gate = parse(others[i]);
    digest_of(gate, digest);
    assert_string_not_equal(digest, first);
    mr_gate_free(gate);
  }
}

static void rules_can_be_added_one_by_one(void **state) {
  (void)state;
  mr_gate *gate = NULL;
  char before[DIGEST_TEXT];
  char after[DIGEST_TEXT];
  char name[260];
  OK(mr_gate_new(&gate, &error));
  text_is(gate, "");
  OK(mr_gate_add_rule(gate, "first", "metrics.a > 1", &error));
  digest_of(gate, before);
  REFUSED(MR_ALREADY_EXISTS, "first", mr_gate_add_rule(gate, "first", "metrics.b > 1", &error));
  REFUSED(MR_INVALID_ARGUMENT, "a:b|':'", mr_gate_add_rule(gate, "a:b", "metrics.b > 1", &error));
  REFUSED(MR_INVALID_ARGUMENT, "a#b|'#'", mr_gate_add_rule(gate, "a#b", "metrics.b > 1", &error));
  static const char *const quotes[] = {"it's", "a\"b", "a`b"};
  for (size_t i = 0; i < 3; i++) {
    REFUSED(MR_INVALID_ARGUMENT, quotes[i],
            mr_gate_add_rule(gate, quotes[i], "metrics.b > 1", &error));
  }
  REFUSED(MR_INVALID_ARGUMENT, "rule name", mr_gate_add_rule(gate, "", "metrics.b > 1", &error));
  REFUSED(MR_INVALID_ARGUMENT, "rule name",
          mr_gate_add_rule(gate, "a\nb", "metrics.b > 1", &error));
  REFUSED(MR_INVALID_ARGUMENT, "expression", mr_gate_add_rule(gate, "x", NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "gate", mr_gate_add_rule(NULL, "x", "metrics.b > 1", &error));
  memset(name, 'r', sizeof name);
  name[251] = '\0';
  REFUSED(MR_LIMIT, "rule name", mr_gate_add_rule(gate, name, "metrics.b > 1", &error));
  digest_of(gate, after);
  assert_string_equal(before, after); /* what is refused changes nothing */
  name[250] = '\0';
  OK(mr_gate_add_rule(gate, name, "metrics.b > 1", &error));
  digest_of(gate, after);
  assert_string_not_equal(before, after);
  mr_gate_free(gate);
}

/* Whatever name and text a rule is given, the gate can be stored and read again. */
static void odd_rules_round_trip(void **state) {
  contract *c = *state;
  static const struct {
    const char *name;
    const char *expression;
  } rules[] = {
      {"a\\b", "tags.x = 'a#b'"},
      {"?", "tags.x = 'a # b'"},
      {"(x)", "tags.\"#\" = '#'"},
      {"1", "tags.y = 'it''s # one' AND params.\"a:b\" = ':'"},
      {"größe", "tags.`a``b` LIKE '%\"%'"},
      {"a b", "metrics.\"x y\" > 1"},
      {"-", "NOT (NOT metrics.x IS NULL)"},
  };
  mr_gate *gate = NULL;
  OK(mr_gate_new(&gate, &error));
  for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
    mr_gate *single = NULL;
    OK(mr_gate_new(&single, &error));
    OK(mr_gate_add_rule(single, rules[i].name, rules[i].expression, &error));
    round_trip(c, single);
    mr_gate_free(single);
    OK(mr_gate_add_rule(gate, rules[i].name, rules[i].expression, &error));
  }
  round_trip(c, gate);
  mr_gate_free(gate);
}

static void limits(void **state) {
  contract *c = *state;
  mr_gate *gate = NULL;
  static char text[1048578];
  OK(mr_gate_new(&gate, &error));
  for (int i = 0; i < 256; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "rule-%d", i);
    OK(mr_gate_add_rule(gate, name, "metrics.x > 1", &error));
  }
  REFUSED(MR_LIMIT, "256", mr_gate_add_rule(gate, "more", "metrics.x > 1", &error));
  round_trip(c, gate);
  mr_gate_free(gate);
  gate = NULL;
  /* One expression of 8,192 bytes, and one byte more. */
  memset(text, 'x', 8193);
  memcpy(text, "tags.t = '", 10);
  memcpy(text + 8191, "'", 2);
  OK(mr_gate_new(&gate, &error));
  OK(mr_gate_add_rule(gate, "long", text, &error));
  memcpy(text + 8191, "x'", 3);
  REFUSED(MR_LIMIT, "8192|longer", mr_gate_add_rule(gate, "longer", text, &error));
  round_trip(c, gate);
  mr_gate_free(gate);
  gate = NULL;
  memset(text, '(', 300);
  memcpy(text + 300, "metrics.x > 1", 14);
  OK(mr_gate_new(&gate, &error));
  REFUSED(MR_LIMIT, "nested", mr_gate_add_rule(gate, "deep", text, &error));
  mr_gate_free(gate);
  gate = NULL;
  memset(text, '\n', 1048577);
  text[1048577] = '\0';
  REFUSED(MR_LIMIT, "gate text", mr_gate_parse(text, &gate, &error));
  text[1048576] = '\0';
  OK(mr_gate_parse(text, &gate, &error));
  mr_gate_free(gate);
}

/* A gate that could not be read back is refused while it is made, not when somebody needs it. */
static void the_whole_text_has_a_limit(void **state) {
  contract *c = *state;
  mr_gate *gate = NULL;
  char text[8193];
  mr_status status = MR_OK;
  memset(text, 'x', sizeof text);
  memcpy(text, "tags.t = '", 10);
  memcpy(text + 8191, "'", 2);
  OK(mr_gate_new(&gate, &error));
  for (int i = 0; i < 256 && status == MR_OK; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "rule-%d", i);
    contract_reset();
    status = mr_gate_add_rule(gate, name, text, &error);
  }
  assert_int_equal(status, MR_LIMIT);
  HAS(error.message, "1048576");
  round_trip(c, gate);
  mr_gate_free(gate);
}

static void messages_show_the_place(void **state) {
  (void)state;
  mr_gate *gate = NULL;
  static const struct {
    const char *text;
    mr_status status;
    const char *words;
  } cases[] = {
      {"a: metrics.x >> 1", MR_INVALID_ARGUMENT, "line 1|'a'"},
      {"\n# c\na: metrics.x > 1\nb metrics.x", MR_INVALID_ARGUMENT, "line 4|':'"},
      {"a: metrics.x > 1\na: metrics.y > 1", MR_ALREADY_EXISTS, "line 2|'a'"},
      {"a: ", MR_INVALID_ARGUMENT, "line 1|empty"},
      {": metrics.x > 1", MR_INVALID_ARGUMENT, "line 1|rule name"},
      {"a: nonsense.x > 1", MR_INVALID_ARGUMENT, "line 1|nonsense"},
      {"a: metrics.x", MR_INVALID_ARGUMENT, "line 1"},
      {"a: metrics.x = 'open", MR_INVALID_ARGUMENT, "quote"},
      {"a: checks = 'passed'", MR_INVALID_ARGUMENT, "checks"},
      {"a: approvals.* >= 1", MR_INVALID_ARGUMENT, "approvals"},
      {"a: evaluations.holdout.colour.auc > 1", MR_INVALID_ARGUMENT, "colour"},
      {"a: evaluations.holdout.version.major > 1", MR_INVALID_ARGUMENT, "version"},
      {"a: evaluations.holdout.attributes.colour = 'x'", MR_INVALID_ARGUMENT, "colour"},
      {"a: evaluations.holdout.metrics.* > 1", MR_INVALID_ARGUMENT, "*"},
      {"a: evaluations.*.artifacts.*.size > 1", MR_INVALID_ARGUMENT, "*"},
      {"a: incumbent.checks.bias = 'passed'", MR_INVALID_ARGUMENT, "checks"},
      {"a: incumbent.evaluations.holdout.metrics.auc > 1", MR_INVALID_ARGUMENT, "evaluations"},
      {"a: channel.staging.colour > 1", MR_INVALID_ARGUMENT, "colour"},
      {"a: channel.latest.hours > 1", MR_INVALID_ARGUMENT, "latest"},
      {"a: checks.bias = 'ok'", MR_INVALID_ARGUMENT, "'passed', 'failed' or 'skipped', never 'ok'"},
      {"a: params.x = 'ok' AND NOT 'PASSED' = checks.bias", MR_INVALID_ARGUMENT, "never 'PASSED'"},
      {"a: checks.bias IN ('passed', 'fine')", MR_INVALID_ARGUMENT, "never 'fine'"},
      {"a: evaluations.holdout.checks.drift != ''", MR_INVALID_ARGUMENT, "never ''"},
      {"a: checks.* = 'ok'", MR_INVALID_ARGUMENT, "never 'ok'"},
      {"a: channel.*.hours > 1", MR_INVALID_ARGUMENT, "*"},
      {"a: attributes.colour = 'x'", MR_INVALID_ARGUMENT, "colour"},
      {"a: inputs.training.colour = 'x'", MR_INVALID_ARGUMENT, "colour"},
      {"a: dataset.colour = 'x'", MR_INVALID_ARGUMENT, "colour"},
      {"a: artifacts.*.colour = 'x'", MR_INVALID_ARGUMENT, "colour"},
      {"a: version.colour = 'x'", MR_INVALID_ARGUMENT, "colour"},
      {"a: incumbent.version.colour = 'x'", MR_INVALID_ARGUMENT, "colour"},
      {"a: metrics.* > 1", MR_INVALID_ARGUMENT, "*"},
      {"a: params.* = 'x'", MR_INVALID_ARGUMENT, "*"},
      {"a: tags.* = 'x'", MR_INVALID_ARGUMENT, "*"},
      {"a: inputs.*.name = 'x'", MR_INVALID_ARGUMENT, "*"},
      {"a: inputs.training = 'x'", MR_INVALID_ARGUMENT, "inputs"},
      {"a: min(params.x) > 1", MR_INVALID_ARGUMENT, ""},
      {"a: incumbent.incumbent.metrics.x > 1", MR_INVALID_ARGUMENT, "incumbent"},
      {"a: incumbent = '1.0.0'", MR_INVALID_ARGUMENT, "incumbent"},
      {"\xff", MR_INVALID_ARGUMENT, "UTF-8"},
      {"a: tags.x = '\x01'", MR_INVALID_ARGUMENT, "control"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    REFUSED(cases[i].status, cases[i].words, mr_gate_parse(cases[i].text, &gate, &error));
    assert_null(gate);
  }
  REFUSED(MR_INVALID_ARGUMENT, "gate text", mr_gate_parse(NULL, &gate, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_gate", mr_gate_parse("", NULL, &error));
}

static mr_status attach_expecting(const contract *c, const char *text, const char *expected) {
  mr_gate_options o = MR_GATE_OPTIONS_INIT;
  mr_gate *gate = parse(text);
  o.model = "m";
  o.expected_digest = expected;
  contract_reset();
  mr_status status = mr_registry_attach_gate(c->registry, gate, &o, &error);
  mr_gate_free(gate);
  return status;
}

static void attaching_is_compare_and_set(void **state) {
  contract *c = *state;
  char one[DIGEST_TEXT];
  char two[DIGEST_TEXT];
  mr_gate *gate = parse("a: metrics.x > 1");
  digest_of(gate, one);
  mr_gate_free(gate);
  gate = parse("a: metrics.x > 2");
  digest_of(gate, two);
  mr_gate_free(gate);
  mr_model_free(contract_model(c, "m"));
  assert_int_equal(attach_expecting(c, "a: metrics.x > 1", one), MR_CONFLICT);
  HAS(error.message, "promote|none");
  assert_int_equal(attach_expecting(c, "a: metrics.x > 1", "none"), MR_OK);
  assert_int_equal(attach_expecting(c, "a: metrics.x > 2", "none"), MR_CONFLICT);
  HAS(error.message, one);
  assert_int_equal(attach_expecting(c, "a: metrics.x > 2", two), MR_CONFLICT);
  assert_int_equal(attach_expecting(c, "a: metrics.x > 2", one), MR_OK);
  assert_int_equal(attach_expecting(c, "a: metrics.x > 2", two), MR_OK); /* the same again */
  assert_int_equal(attach_expecting(c, "a: metrics.x > 1", "nonsense"), MR_INVALID_ARGUMENT);
  HAS(error.message, "expected_digest");
  assert_int_equal(attach_expecting(c, "a: metrics.x > 1", NULL), MR_OK); /* an old one again */
  assert_int_equal(attach_expecting(c, "", one), MR_OK);
  mr_gate_options o = MR_GATE_OPTIONS_INIT;
  mr_gate *now = NULL;
  o.model = "m";
  OK(mr_registry_open_gate(c->registry, &o, &now, &error));
  text_is(now, "");
  mr_gate_free(now);
}

static void transitions_are_apart(void **state) {
  contract *c = *state;
  static const struct {
    const char *model;
    const char *transition;
  } places[] = {
      {NULL, NULL},
      {NULL, "channel/production"},
      {"m", NULL},
      {"m", "channel/production"},
      {"m", "channel/staging"},
      {"n", "promote"},
  };
  enum { COUNT = sizeof places / sizeof places[0] };
  mr_model_free(contract_model(c, "m"));
  mr_model_free(contract_model(c, "n"));
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < COUNT; i++) {
      mr_gate_options o = MR_GATE_OPTIONS_INIT;
      mr_gate *gate = NULL;
      char text[64];
      o.model = places[i].model;
      if (o.model == NULL) o.flags = MR_GATE_DEFAULT;
      o.transition = places[i].transition;
      (void)snprintf(text, sizeof text, "rule: metrics.x > %d\n", i);
      if (round == 0) {
        REFUSED(MR_NOT_FOUND, "no |gate", mr_registry_open_gate(c->registry, &o, &gate, &error));
        contract_attach(c, o.model, o.transition, text);
      } else {
        OK(mr_registry_open_gate(c->registry, &o, &gate, &error));
        text_is(gate, text);
        mr_gate_free(gate);
      }
    }
    if (c->driver->survives_close) contract_reopen(c);
  }
}

static void attaching_refuses(void **state) {
  contract *c = *state;
  mr_gate_options o = MR_GATE_OPTIONS_INIT;
  mr_gate *gate = parse("a: metrics.x > 1");
  mr_gate *out = NULL;
  static const char *const transitions[] = {
      "",       "demote", "channel", "channel/", "channel/latest", "channel/1.0", "channel/a b",
      "Promote"};
  o.flags = MR_GATE_DEFAULT;
  for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++) {
    o.transition = transitions[i];
    REFUSED(MR_INVALID_ARGUMENT, "", mr_registry_attach_gate(c->registry, gate, &o, &error));
    REFUSED(MR_INVALID_ARGUMENT, "", mr_registry_open_gate(c->registry, &o, &out, &error));
  }
  o.transition = NULL;
  REFUSED(MR_NOT_FOUND, "default gate", mr_registry_open_gate(c->registry, &o, &out, &error));
  o.model = "m"; /* a model and all models */
  REFUSED(MR_INVALID_ARGUMENT, "MR_GATE_DEFAULT",
          mr_registry_attach_gate(c->registry, gate, &o, &error));
  o.flags = 2;
  REFUSED(MR_INVALID_ARGUMENT, "flags", mr_registry_attach_gate(c->registry, gate, &o, &error));
  o.flags = 0;
  REFUSED(MR_INVALID_ARGUMENT, "MR_GATE_DEFAULT",
          mr_registry_attach_gate(c->registry, gate, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "MR_GATE_DEFAULT",
          mr_registry_open_gate(c->registry, NULL, &out, &error));
  o.model = "nobody";
  REFUSED(MR_NOT_FOUND, "nobody", mr_registry_attach_gate(c->registry, gate, &o, &error));
  REFUSED(MR_NOT_FOUND, "nobody", mr_registry_open_gate(c->registry, &o, &out, &error));
  o.model = "a@b";
  REFUSED(MR_INVALID_ARGUMENT, "a@b", mr_registry_attach_gate(c->registry, gate, &o, &error));
  o.struct_size = 0;
  REFUSED(MR_ABI_MISMATCH, "mr_gate_options",
          mr_registry_attach_gate(c->registry, gate, &o, &error));
  REFUSED(MR_INVALID_ARGUMENT, "gate", mr_registry_attach_gate(c->registry, NULL, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_gate", mr_registry_open_gate(c->registry, NULL, NULL, &error));
  assert_null(out);
  mr_gate_free(gate);
}

int contract_gate_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(text_form),
      TEST(digest_does_not_depend_on_spelling),
      TEST(rules_can_be_added_one_by_one),
      TEST(odd_rules_round_trip),
      TEST(limits),
      TEST(the_whole_text_has_a_limit),
      TEST(messages_show_the_place),
      TEST(attaching_is_compare_and_set),
      TEST(transitions_are_apart),
      TEST(attaching_refuses),
  };
  return GROUP("gates", tests);
}
