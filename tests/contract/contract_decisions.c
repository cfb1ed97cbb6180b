/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions: the records, the table and the JSON. */
#include "contract.h"

#include <stdlib.h>

/* --- a small strict JSON reader (RFC 8259) -------------------------------------------------- */

/* A document as lines of path and value: ".rules[0].name" and "accuracy". */
typedef struct json {
  const char *at;
  char path[256];
  size_t count;
  char paths[64][64];
  char values[64][700];
} json;

static void json_value(json *j);

static void json_blank(json *j) {
  while (*j->at != '\0' && strchr(" \t\r\n", *j->at) != NULL) j->at++;
}

static void json_expect(json *j, char c) {
  json_blank(j);
  if (*j->at != c) fail_msg("'%c' expected in the JSON at: %.40s", c, j->at);
  j->at++;
}

static bool json_next(json *j, char c) {
  json_blank(j);
  if (*j->at != c) return false;
  j->at++;
  return true;
}

static unsigned json_hex(json *j) {
  unsigned code = 0;
  for (int i = 0; i < 4; i++) {
    const char *digits = "0123456789abcdef";
    const char *digit = *j->at == '\0' ? NULL : strchr(digits, *j->at | 0x20);
    assert_non_null(digit);
    code = code * 16 + (unsigned)(digit - digits);
    j->at++;
  }
  return code;
}

static void json_string(json *j, char *out, size_t room) {
  size_t size = 0;
  json_expect(j, '"');
  while (*j->at != '"') {
    char c = *j->at++;
    assert_true((unsigned char)c >= 0x20);
    if (c == '\\') {
      static const char names[] = "\"\\/bfnrt";
      static const char meanings[] = "\"\\/\b\f\n\r\t";
      char name = *j->at++;
      if (name == 'u') {
        unsigned code = json_hex(j);
        assert_true(code < 0x80); /* only control characters need to be written so */
        c = (char)code;
      } else {
        const char *found = name == '\0' ? NULL : strchr(names, name);
        assert_non_null(found);
        c = meanings[found - names];
      }
    }
    assert_true(size + 1 < room);
    out[size++] = c;
  }
  out[size] = '\0';
  j->at++;
}

static void json_keep(json *j, const char *value) {
  assert_true(j->count < 64);
  (void)snprintf(j->paths[j->count], sizeof j->paths[0], "%.63s", j->path);
  (void)snprintf(j->values[j->count++], sizeof j->values[0], "%s", value);
}

static void json_members(json *j, bool object) {
  char name[64];
  size_t length = strlen(j->path);
  int index = 0;
  if (json_next(j, object ? '}' : ']')) return;
  do {
    if (object) {
      json_blank(j);
      json_string(j, name, sizeof name);
      json_expect(j, ':');
      (void)snprintf(j->path + length, sizeof j->path - length, ".%s", name);
    } else {
      (void)snprintf(j->path + length, sizeof j->path - length, "[%d]", index++);
    }
    json_value(j);
    j->path[length] = '\0';
  } while (json_next(j, ','));
  json_expect(j, object ? '}' : ']');
}

static void json_value(json *j) {
  char text[700];
  json_blank(j);
  if (json_next(j, '{')) {
    json_members(j, true);
  } else if (json_next(j, '[')) {
    json_members(j, false);
  } else if (*j->at == '"') {
    json_string(j, text, sizeof text);
    json_keep(j, text);
  } else {
    size_t size = strspn(j->at, "truefalsn-+.0123456789E");
    assert_true(size > 0 && size < sizeof text);
    memcpy(text, j->at, size);
    text[size] = '\0';
    char *end = NULL;
    (void)strtod(text, &end);
    assert_true(strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ||
                strcmp(text, "null") == 0 || *end == '\0');
    j->at += size;
    json_keep(j, text);
  }
}

static void json_read(json *j, const char *text) {
  memset(j, 0, sizeof *j);
  j->at = text;
  json_value(j);
  json_blank(j);
  assert_int_equal(*j->at, '\0');
}

static const char *json_get(const json *j, const char *path) {
  for (size_t i = 0; i < j->count; i++) {
    if (strcmp(j->paths[i], path) == 0) return j->values[i];
  }
  fail_msg("the JSON has no %s", path);
  return NULL;
}

static const char *json_rule(const json *j, int64_t index, const char *field) {
  char path[64];
  (void)snprintf(path, sizeof path, ".rules[%d].%s", (int)index, field);
  return json_get(j, path);
}

/* --- the tests ---------------------------------------------------------------------------- */

static mr_decision *decide(const contract *c, const char *model_name, mr_request **out_request) {
  mr_model *model = NULL;
  mr_request *request = NULL;
  mr_decision *decision = NULL;
  mr_run *run = contract_trained(c, 0.91);
  contract_finish(run);
  OK(mr_registry_open_model(c->registry, model_name, &model, &error));
  OK(mr_model_promote(model, mr_run_info(run)->id, NULL, &request, &error));
  OK(mr_request_decision(request, &decision, &error));
  if (out_request != NULL) {
    *out_request = request;
  } else {
    mr_request_free(request);
  }
  mr_run_free(run);
  mr_model_free(model);
  return decision;
}

static void the_default_gate_comes_first(void **state) {
  contract *c = *state;
  mr_request *request = NULL;
  mr_model_free(contract_model(c, "m"));
  contract_attach(c, NULL, NULL, "b: metrics.accuracy > 0\na: params.optimizer = 'sgd'\n");
  contract_attach(c, "m", NULL, "a: metrics.nothing > 0\nz: metrics.accuracy > 0.5\n");
  mr_decision *decision = decide(c, "m", &request);
  const mr_decision_record *info = mr_decision_info(decision);
  assert_true(info->struct_size >= sizeof *info);
  assert_int_equal(info->verdict, MR_VERDICT_FAILED);
  assert_int_equal(info->rule_count, 4);
  assert_int_equal(info->passed_count, 2);
  assert_string_equal(info->request_id, mr_request_info(request)->id);
  assert_string_equal(info->gate_digest, mr_request_info(request)->gate_digest);
  assert_int_equal(info->created_us, mr_request_info(request)->created_us);
  static const struct {
    const char *name;
    int from_default;
    int unknown;
    mr_verdict verdict;
    const char *required;
    const char *observed;
    const char *reason;
  } expected[] = {
      {"b", 1, 0, MR_VERDICT_PASSED, "metrics.accuracy > 0", "metrics.accuracy = 0.91", ""},
      {"a", 1, 0, MR_VERDICT_FAILED, "params.optimizer = 'sgd'", "params.optimizer = 'adam'",
       "params.optimizer is 'adam', not = 'sgd'"},
      {"a", 0, 1, MR_VERDICT_FAILED, "metrics.nothing > 0", "metrics.nothing is missing",
       "metrics.nothing is missing"},
      {"z", 0, 0, MR_VERDICT_PASSED, "metrics.accuracy > 0.5", "metrics.accuracy = 0.91", ""},
  };
  for (int64_t i = 0; i < 4; i++) {
    const mr_rule_record *rule = mr_decision_at(decision, i);
    assert_true(rule->struct_size >= sizeof *rule);
    assert_string_equal(rule->name, expected[i].name);
    assert_int_equal(rule->from_default, expected[i].from_default);
    assert_int_equal(rule->unknown, expected[i].unknown);
    assert_int_equal(rule->verdict, expected[i].verdict);
    assert_string_equal(rule->required, expected[i].required);
    assert_string_equal(rule->observed, expected[i].observed);
    assert_string_equal(rule->reason, expected[i].reason);
  }
  assert_null(mr_decision_at(decision, 4));
  assert_null(mr_decision_at(decision, -1));
  mr_decision_free(decision);
  mr_request_free(request);
  mr_decision_free(NULL);
  assert_null(mr_decision_info(NULL));
  assert_null(mr_decision_at(NULL, 0));
}

/* Which gates judged is part of the record. */
static void gate_digests(void **state) {
  contract *c = *state;
  static const struct {
    const char *everybody;
    const char *own;
  } gates[] = {{NULL, NULL},         {NULL, "a: 1 < 2\n"},         {"a: 1 < 2\n", NULL},
               {NULL, "a: 1 < 3\n"}, {"a: 1 < 2\n", "a: 1 < 2\n"}, {NULL, ""}};
  enum { COUNT = sizeof gates / sizeof gates[0] };
  char digests[COUNT][DIGEST_TEXT];
  for (size_t i = 0; i < COUNT; i++) {
    /* A default gate cannot be taken away, so it goes to a transition of this model's own. */
    char model_name[16];
    char channel[16];
    char transition[32];
    mr_request *request = NULL;
    mr_move_options move = MR_MOVE_OPTIONS_INIT;
    (void)snprintf(model_name, sizeof model_name, "m%zu", i);
    (void)snprintf(channel, sizeof channel, "c%zu", i);
    (void)snprintf(transition, sizeof transition, "channel/%s", channel);
    mr_model *model = contract_model(c, model_name);
    mr_version *version = contract_version(c, model, "1.0.0");
    OK(mr_model_create_channel(model, channel, &error));
    if (gates[i].everybody != NULL) contract_attach(c, NULL, transition, gates[i].everybody);
    if (gates[i].own != NULL) contract_attach(c, model_name, transition, gates[i].own);
    move.channel = channel;
    move.version = "1.0.0";
    move.expected = "none";
    OK(mr_model_move_channel(model, &move, &request, &error));
    (void)snprintf(digests[i], DIGEST_TEXT, "%s", mr_request_info(request)->gate_digest);
    for (size_t k = 0; k < i; k++) assert_string_not_equal(digests[i], digests[k]);
    mr_request_free(request);
    mr_version_free(version);
    mr_model_free(model);
  }
}

static void no_gate_passes(void **state) {
  contract *c = *state;
  mr_buffer *buffer = NULL;
  json j;
  mr_model_free(contract_model(c, "m"));
  mr_decision *decision = decide(c, "m", NULL);
  assert_int_equal(mr_decision_info(decision)->verdict, MR_VERDICT_PASSED);
  assert_int_equal(mr_decision_info(decision)->rule_count, 0);
  assert_int_equal(mr_decision_info(decision)->passed_count, 0);
  assert_null(mr_decision_at(decision, 0));
  OK(mr_decision_text(decision, &buffer, &error));
  HAS((const char *)mr_buffer_data(buffer), "rule|required|observed|verdict\n");
  mr_buffer_free(buffer);
  OK(mr_decision_json(decision, &buffer, &error));
  json_read(&j, (const char *)mr_buffer_data(buffer));
  assert_string_equal(json_get(&j, ".verdict"), "passed");
  assert_string_equal(json_get(&j, ".incumbent"), "null");
  assert_int_equal(j.count, 6);
  mr_buffer_free(buffer);
  mr_decision_free(decision);
}

static size_t characters(const char *text, size_t size) {
  size_t count = 0;
  for (size_t i = 0; i < size; i++) count += ((unsigned char)text[i] & 0xc0) != 0x80;
  return count;
}

static void text_is_a_table(void **state) {
  contract *c = *state;
  mr_buffer *buffer = NULL;
  mr_model_free(contract_model(c, "m"));
  contract_attach(c, "m", NULL,
                  "größe: params.optimizer != 'ä'\n"
                  "a much longer name: metrics.accuracy >= 0.95 AND metrics.accuracy < 2\n"
                  "u: metrics.nothing > 1\n");
  mr_decision *decision = decide(c, "m", NULL);
  OK(mr_decision_text(decision, &buffer, &error));
  const char *text = (const char *)mr_buffer_data(buffer);
  assert_int_equal(strlen(text), mr_buffer_size(buffer));
  static const char *const cells[4][4] = {
      {"rule", "required", "observed", "verdict"},
      {"größe", "params.optimizer != 'ä'", "params.optimizer = 'adam'", "passed"},
      {"a much longer name", "metrics.accuracy >= 0.95 AND metrics.accuracy < 2",
       "metrics.accuracy = 0.91", "failed"},
      {"u", "metrics.nothing > 1", "metrics.nothing is missing", "unknown"},
  };
  size_t columns[4] = {0, 0, 0, 0};
  const char *line = text;
  for (int row = 0; row < 4; row++) {
    const char *end = strchr(line, '\n');
    assert_non_null(end);
    const char *at = line;
    for (int column = 0; column < 4; column++) {
      const char *cell = strstr(at, cells[row][column]);
      assert_true(cell != NULL && cell < end);
      /* The verdict of the last row is "failed (unknown)". */
      size_t place = characters(line, (size_t)(cell - line));
      if (row == 0) columns[column] = place;
      if (row < 3 || column < 3) assert_int_equal(place, columns[column]);
      at = cell + strlen(cells[row][column]);
    }
    line = end + 1;
  }
  assert_int_equal(*line, '\0');
  mr_buffer_free(buffer);
  REFUSED(MR_INVALID_ARGUMENT, "out_text", mr_decision_text(decision, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "decision", mr_decision_text(NULL, &buffer, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_json", mr_decision_json(decision, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "decision", mr_decision_json(NULL, &buffer, &error));
  mr_decision_free(decision);
}

static void json_says_the_same(void **state) {
  contract *c = *state;
  static json j;
  char number[32];
  mr_buffer *buffer = NULL;
  mr_model_free(contract_model(c, "m"));
  contract_attach(c, NULL, NULL, "first: metrics.accuracy > 0\n");
  contract_attach(c, "m", NULL,
                  "say \\hi/ größe: tags.\"a\"\"b\\c\" = 'x\"y\\z' OR params.optimizer = 'b'\n"
                  "u: metrics.nothing > 1\n");
  mr_decision *decision = decide(c, "m", NULL);
  const mr_decision_record *info = mr_decision_info(decision);
  OK(mr_decision_json(decision, &buffer, &error));
  assert_int_equal(strlen((const char *)mr_buffer_data(buffer)), mr_buffer_size(buffer));
  json_read(&j, (const char *)mr_buffer_data(buffer));
  mr_buffer_free(buffer);
  assert_string_equal(json_get(&j, ".verdict"), "failed");
  assert_string_equal(json_get(&j, ".request_id"), info->request_id);
  assert_string_equal(json_get(&j, ".gate_digest"), info->gate_digest);
  (void)snprintf(number, sizeof number, "%lld", (long long)info->created_us);
  assert_string_equal(json_get(&j, ".created_us"), number);
  assert_string_equal(json_get(&j, ".sequence"), "1");
  assert_string_equal(json_get(&j, ".incumbent"), "null");
  assert_int_equal(j.count, 6 + 3 * 7);
  for (int64_t i = 0; i < 3; i++) {
    const mr_rule_record *rule = mr_decision_at(decision, i);
    assert_string_equal(json_rule(&j, i, "name"), rule->name);
    assert_string_equal(json_rule(&j, i, "verdict"),
                        rule->verdict == MR_VERDICT_PASSED ? "passed" : "failed");
    assert_string_equal(json_rule(&j, i, "unknown"), rule->unknown ? "true" : "false");
    assert_string_equal(json_rule(&j, i, "from_default"), rule->from_default ? "true" : "false");
    assert_string_equal(json_rule(&j, i, "required"), rule->required);
    assert_string_equal(json_rule(&j, i, "observed"), rule->observed);
    assert_string_equal(json_rule(&j, i, "reason"), rule->reason);
  }
  assert_string_equal(json_rule(&j, 1, "name"), "say \\hi/ größe");
  mr_decision_free(decision);
}

/* A decision is frozen: neither the gate nor the run's tags change it later. */
static void is_kept(void **state) {
  contract *c = *state;
  char id[40];
  mr_request *request = NULL;
  mr_model_free(contract_model(c, "m"));
  contract_attach(c, "m", NULL, "old: tags.stage = 'x'\n");
  mr_decision_free(decide(c, "m", &request));
  (void)snprintf(id, sizeof id, "%s", mr_request_info(request)->id);
  mr_run *run = NULL;
  OK(mr_registry_open_run(c->registry, mr_request_info(request)->run_id, &run, &error));
  OK(mr_run_set_tag(run, "stage", "x", &error));
  mr_run_free(run);
  contract_attach(c, "m", NULL, "new: metrics.accuracy > 0\n");
  if (c->driver->survives_close) {
    mr_request_free(request);
    contract_reopen(c);
    OK(mr_registry_open_request(c->registry, id, &request, &error));
  }
  mr_decision *decision = NULL;
  OK(mr_request_decision(request, &decision, &error));
  assert_int_equal(mr_decision_info(decision)->rule_count, 1);
  assert_string_equal(mr_decision_at(decision, 0)->name, "old");
  assert_string_equal(mr_decision_at(decision, 0)->observed, "tags.stage is missing");
  assert_int_equal(mr_decision_info(decision)->verdict, MR_VERDICT_FAILED);
  mr_decision_free(decision);
  decision = NULL;
  REFUSED(MR_INVALID_ARGUMENT, "out_decision", mr_request_decision(request, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "request", mr_request_decision(NULL, &decision, &error));
  mr_request_free(request);
}

/* How much memory of the host is taken, and how much that was at most. */
typedef struct meter {
  size_t now;
  size_t most;
} meter;

/* Before each block, which stays aligned behind it. */
typedef union measured {
  size_t size;
  max_align_t align;
} measured;

static void *take(void *ctx, size_t size) {
  meter *m = ctx;
  measured *block = malloc(sizeof *block + size);
  if (block == NULL) return NULL;
  block->size = size;
  m->now += size;
  if (m->now > m->most) m->most = m->now;
  return block + 1;
}

static void give(void *ctx, void *memory) {
  meter *m = ctx;
  measured *block = (measured *)memory - 1;
  m->now -= block->size;
  free(block);
}

static void *take_more(void *ctx, void *memory, size_t size) {
  const measured *old = (const measured *)memory - 1;
  void *more = take(ctx, size);
  if (more == NULL) return NULL;
  memcpy(more, memory, old->size < size ? old->size : size);
  give(ctx, memory);
  return more;
}

/* The most memory that so many rules over all artifacts take. */
static size_t judge_many(mr_registry *registry, meter *m, const mr_run *run, int rules) {
  mr_gate *gate = NULL;
  mr_decision *decision = NULL;
  mr_evaluate_options o = MR_EVALUATE_OPTIONS_INIT;
  o.model = "m";
  o.run_id = mr_run_info(run)->id;
  OK(mr_gate_new(&gate, &error));
  for (int i = 0; i < rules; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "rule-%d", i);
    OK(mr_gate_add_rule(gate, name, "artifacts.*.path != '' AND artifacts.*.size > 0", &error));
  }
  m->most = m->now;
  size_t before = m->now;
  OK(mr_registry_evaluate_gate(registry, gate, &o, &decision, &error));
  assert_int_equal(mr_decision_info(decision)->passed_count, rules);
  mr_decision_free(decision);
  mr_gate_free(gate);
  return m->most - before;
}

static void rules_take_memory_one_at_a_time(void **state) {
  enum { FILES = 300, RULES = 64 };
  contract inner = *(contract *)*state;
  meter m = {0, 0};
  mr_open_options o = contract_options(MR_OPEN_CREATE);
  mr_allocator allocator = MR_ALLOCATOR_INIT;
  allocator.ctx = &m;
  allocator.allocate = take;
  allocator.reallocate = take_more;
  allocator.deallocate = give;
  o.allocator = &allocator;
  inner.registry = NULL;
  OK(mr_registry_open(inner.uri, &o, &inner.registry, &error));
  mr_model_free(contract_model(&inner, "m"));
  mr_run *run = contract_run(&inner, "x");
  for (int i = 0; i < FILES; i++) {
    char path[32];
    (void)snprintf(path, sizeof path, "file-%03d", i);
    OK(mr_run_log_artifact_bytes(run, path, (const uint8_t *)path, strlen(path), &error));
  }
  size_t one = judge_many(inner.registry, &m, run, 1);
  size_t all = judge_many(inner.registry, &m, run, RULES);
  assert_true(one > FILES * sizeof(void *));
  /* What is kept of each is at most its texts. */
  assert_true(all < one + RULES * (size_t)4096);
  mr_run_free(run);
  mr_registry_close(inner.registry);
  assert_int_equal(m.now, 0);
}

int contract_decision_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_default_gate_comes_first),
      TEST(gate_digests),
      TEST(no_gate_passes),
      TEST(text_is_a_table),
      TEST(json_says_the_same),
      TEST(is_kept),
      TEST(rules_take_memory_one_at_a_time),
  };
  return GROUP("decisions", tests);
}
