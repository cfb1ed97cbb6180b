/* SPDX-License-Identifier: Apache-2.0 */
/* Bad arguments: every argument of every function that can fail. */
#include "api_calls.h"

#include <ctype.h>

static api_world world;
static int complaints;

static int setup(void **state) {
  complaints = 0;
  return api_world_setup(state, &world);
}

static int teardown(void **state) {
  return api_world_teardown(state, &world);
}

#define argument_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static void complain(const api_call *row, const char *argument, const char *what, mr_status status,
                     const char *message) {
  print_error("%s, %s: %s (%s: %s)\n", row->name, argument, what, mr_status_name(status), message);
  complaints++;
}

typedef struct parameter {
  char name[40];
  char kind;
} parameter;

/* The index-th "name:kind" of the row; false at the end. */
static bool parameter_at(const api_call *row, int index, parameter *out) {
  const char *at = row->arguments;
  for (; index > 0 && at != NULL; index--) {
    at = strchr(at, ' ');
    if (at != NULL) at++;
  }
  if (at == NULL) return false;
  assert_int_equal(sscanf(at, "%39[^:]:%c", out->name, &out->kind), 2);
  return true;
}

static bool is_pointer(char kind) {
  return strchr("hHoO", kind) != NULL;
}

static bool is_text(char kind) {
  return strchr("ncmvwpfidsretyNCMVWPFIDSRE", kind) != NULL;
}

/* A message names the argument, "artifact path" for artifact_path, or shows the bad text itself. */
static bool mentions(const char *message, const char *argument) {
  if (strstr(message, "rule 'r'") != NULL) return true;
  if (world.change >= 0 && world.text != NULL && strlen(world.text) >= 5) {
    char start[16];
    (void)snprintf(start, sizeof start, "'%.13s", world.text);
    if (strstr(message, start) != NULL) return true;
  }
  char words[40];
  size_t size = strlen(argument);
  memcpy(words, argument, size + 1);
  for (char *c = words; *c != '\0'; c++) {
    if (*c == '_') *c = ' ';
  }
  return strstr(message, argument) != NULL || strstr(message, words) != NULL;
}

/* Calls with an error record that nobody has written to; says whether it stayed so. */
static mr_status call_watched(const api_call *row, mr_error *error, bool *error_touched) {
  memset(error, 0x55, sizeof *error);
  error->struct_size = sizeof *error;
  mr_error before = *error;
  world.touched = false;
  mr_status status = row->call(&world, error);
  *error_touched = memcmp(&before, error, sizeof before) != 0;
  if (!*error_touched) memset(error->message, 0, sizeof error->message);
  return status;
}

/* The call as it stands in `world` must be refused: with INVALID_ARGUMENT, or with LIMIT where that
 * is allowed. */
static void expect_refusal(const api_call *row, const char *argument, bool may_be_limit) {
  mr_error error;
  bool error_touched = false;
  mr_status status = call_watched(row, &error, &error_touched);
  bool right = status == MR_INVALID_ARGUMENT || (may_be_limit && status == MR_LIMIT);
  if (!right) {
    complain(row, argument, "is not refused", status, error.message);
    return;
  }
  if (!error_touched || error.status != status) {
    complain(row, argument, "refused without an error record", status, error.message);
    return;
  }
  if (!api_is_good_message(error.message))
    complain(row, argument, "has a bad message", status, error.message);
  if (!mentions(error.message, argument))
    complain(row, argument, "is not named", status, error.message);
  if (world.touched) complain(row, argument, "refused, but wrote an output", status, error.message);
  if (row->call(&world, NULL) != status)
    complain(row, argument, "answers otherwise without an error record", status, error.message);
}

static void expect_success(const api_call *row, const char *argument, bool output) {
  mr_error error;
  bool error_touched = false;
  api_prepare(&world);
  mr_status status = call_watched(row, &error, &error_touched);
  if (status != MR_OK) complain(row, argument, "does not succeed", status, error.message);
  if (status == MR_OK && error_touched)
    complain(row, argument, "succeeds, but writes an error", status, error.message);
  if (status == MR_OK && output && !world.touched)
    complain(row, argument, "succeeds without its output", status, error.message);
}

static void test_good(void **state) {
  (void)state;
  const api_call *row;
  for (size_t i = 0; (row = api_call_at(i)) != NULL; i++) {
    bool output = false;
    parameter p;
    for (int k = 0; parameter_at(row, k, &p); k++) output = output || p.kind == 'o';
    expect_success(row, "all good", output);
  }
  assert_int_equal(complaints, 0);
}

static void test_null(void **state) {
  (void)state;
  const api_call *row;
  for (size_t i = 0; (row = api_call_at(i)) != NULL; i++) {
    parameter p;
    for (int k = 0; parameter_at(row, k, &p); k++) {
      if (!is_pointer(p.kind) && !is_text(p.kind)) continue;
      world.change = k;
      world.text = NULL;
      bool nullable = isupper((unsigned char)p.kind) || p.kind == 't' || p.kind == 'y' ||
                      (p.kind == 'e' && strcmp(p.name, "token") == 0);
      if (nullable) {
        expect_success(row, p.name, false);
      } else if (strcmp(row->name, "mr_run_log_input") == 0 && k > 3) {
        continue; /* the same as dataset_run_id: nothing is named */
      } else {
        expect_refusal(row, p.name, false);
      }
    }
    world.change = -1;
  }
  assert_int_equal(complaints, 0);
}

/* Bad in every text. */
static const char *const malformed[] = {
    "\xff",             /* no byte of UTF-8 */
    "a\x80",            /* a tail without a head */
    "\xc0\xaf",         /* "/" in two bytes */
    "\xe0\x80\xaf",     /* in three */
    "\xf0\x80\x80\xaf", /* in four */
    "\xed\xa0\x80",     /* a surrogate */
    "\xf4\x90\x80\x80", /* above U+10FFFF */
    "a\xe2\x82",        /* cut short */
    "a\x01",            /* controls: C0, DEL, C1 */
    "\x1b[2Ja",
    "a\x7f",
    "\xc2\x80",
    "a\xc2\x9f",
};

/* Bad by kind, ended by NULL. */
static const char *const bad_names[] = {"", "a\nb", "a\tb", "a\r", NULL};
static const char *const bad_channels[] = {
    "",       "a\nb",  "1a",     "a b", "-a", ".a",  "_a", "a@b", "a/b",          "\xc3\xa9",
    "latest", "1.0.0", "v1.0.0", "v1",  "x",  "X.1", "^1", "*",   "deadbeefdead", NULL};
static const char *const bad_models[] = {"", "a\nb", "a@b", "@", NULL};
static const char *const bad_paths[] = {"",       "/a",    "a/",   "a//b", ".",    "..", "../a",
                                        "a/../b", "a/./b", "a/..", "a\\b", "a\nb", NULL};
static const char *const bad_ids[] = {"",
                                      "1",
                                      "' OR 1=1 --",
                                      "00000000-0000-7000-8000-00000000000",
                                      "00000000-0000-7000-8000-0000000000000",
                                      "00000000-0000-7000-8000-00000000000g",
                                      "00000000-0000-7000-8000-00000000000A",
                                      "00000000+0000-7000-8000-000000000000",
                                      "{0000000-0000-7000-8000-00000000000}",
                                      NULL};
static const char *const bad_digests[] = {
    "",
    "abc",
    "000000000000000000000000000000000000000000000000000000000000000",
    "00000000000000000000000000000000000000000000000000000000000000000",
    "000000000000000000000000000000000000000000000000000000000000000g",
    " 00000000000000000000000000000000000000000000000000000000000000 ",
    NULL};
static const char *const bad_numbers[] = {"",
                                          "1",
                                          "1.2",
                                          "1.2.3.4",
                                          "01.2.3",
                                          "1.02.3",
                                          "1.2.03",
                                          "v1.2.3",
                                          "1.2.3-",
                                          "1.2.3+",
                                          "1.2.3-01",
                                          "1.2.3-a..b",
                                          "1.2.3 ",
                                          " 1.2.3",
                                          "-1.2.3",
                                          "1.2.x",
                                          "1.2.3-\xc3\xa9",
                                          "99999999999999999999.0.0",
                                          "9007199254740992.0.0",
                                          NULL};
static const char *const bad_references[] = {
    "",          "@",         "@latest",        "digits@",    "digits@@",     "digits@1.",
    "digits@^",  "digits@**", "digits@x.1",     "a@latest@b", "digits@>=1 -", "a\nb",
    "digits@V1", "digits@-1", "digits@ latest", NULL};
static const char *const bad_id_tokens[] = {
    "",    "abc", "-1", "1",   "0",  "D",    "D0",
    "D-1", "D 1", "E0", "E1x", "I0", "I+1",  "C0",
    "G0",  "G1x", "Q0", "Q1 ", "R0", "R0x1", "R99999999999999999999",
    NULL};
static const char *const none[] = {NULL};

static const char *const *bad_of(char kind) {
  switch (tolower((unsigned char)kind)) {
  case 'n':
    return bad_names;
  case 'c':
    return bad_channels;
  case 'm':
    return bad_models;
  case 'p':
    return bad_paths;
  case 'i':
    return bad_ids;
  case 'd':
    return bad_digests;
  case 's':
    return bad_numbers;
  case 'r':
    return bad_references;
  case 't':
    return bad_id_tokens;
  case 'f':
    return kind == 'f' ? bad_names : none;
  default:
    return none;
  }
}

/* The most bytes that a text may have, 0 where there is no one number. */
static size_t longest_of(char kind) {
  switch (tolower((unsigned char)kind)) {
  case 'n':
  case 'c':
  case 'm':
    return 250;
  case 'p':
    return 1024;
  case 'v':
    return 65536;
  case 'w':
  case 'f':
    return 4096;
  default:
    return 0;
  }
}

static void try_bad_text(const api_call *row, int index, const parameter *p) {
  world.change = index;
  for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
    world.text = malformed[i];
    expect_refusal(row, p->name, false);
  }
  for (const char *const *bad = bad_of(p->kind); *bad != NULL; bad++) {
    /* An empty path is what "all artifacts" means to a promotion. */
    if (**bad == '\0' && p->kind == 'P' &&
        strstr("mr_model_promote mr_registry_evaluate_gate", row->name) != NULL)
      continue;
    /* A path in the file system may have a line feed. */
    if (**bad != '\0' && p->kind == 'f') continue;
    if (strcmp(p->name, "expected_digest") == 0 && strcmp(*bad, "none") == 0) continue;
    world.text = *bad;
    expect_refusal(row, p->name, true);
  }
}

static void try_lengths(const api_call *row, int index, const parameter *p) {
  size_t longest = longest_of(p->kind);
  size_t size = longest == 0 ? (size_t)3 << 20 : longest + 1;
  char *text = malloc(size + 1);
  assert_non_null(text);
  memset(text, 'z', size);
  text[size] = '\0';
  world.change = index;
  world.text = text;
  expect_refusal(row, p->name, true);
  if (longest > 0) {
    /* A character that does not fit as a whole does not fit. */
    memcpy(text + size - 3, "\xe2\x82\xac", 4);
    expect_refusal(row, p->name, true);
    text[size - 3] = '\0';
    text[size - 4] = 'z';
    api_prepare(&world);
    mr_status status = row->call(&world, &api_error);
    bool may_be_limit = p->kind == 'f' || strcmp(p->name, "prerelease_id") == 0;
    if (status == MR_INVALID_ARGUMENT || (status == MR_LIMIT && !may_be_limit))
      complain(row, p->name, "is refused though it is short enough", status, api_error.message);
  }
  free(text);
}

static void test_text(void **state) {
  (void)state;
  const api_call *row;
  int tried = 0;
  for (size_t i = 0; (row = api_call_at(i)) != NULL; i++) {
    parameter p;
    for (int k = 0; parameter_at(row, k, &p); k++) {
      if (!is_text(p.kind)) continue;
      try_bad_text(row, k, &p);
      try_lengths(row, k, &p);
      tried++;
    }
    world.change = -1;
  }
  assert_int_equal(complaints, 0);
  assert_in_range(tried, 60, 1000);
}

/* What looks dangerous and is none of the library's business comes back as it was. */
static void test_strange_text(void **state) {
  (void)state;
  static const char *const strange[] = {"a",
                                        "\xc3\xa9",
                                        "\xf0\x9f\x8d\x8b",
                                        "a\xe2\x80\xaegnp",
                                        "e\xcc\x81",
                                        "a/b",
                                        "..",
                                        "%s%n%d",
                                        "'; DROP TABLE run; --",
                                        "\"",
                                        "`",
                                        "a b",
                                        "NULL",
                                        "-1",
                                        "\xef\xbb\xbf-bom",
                                        "\\",
                                        "*"};
  for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
    mr_experiment *experiment = NULL;
    mr_model *model = NULL;
    mr_run *run = NULL;
    mr_property_page *page = NULL;
    OK(mr_registry_open_experiment(world.registry, strange[i], &experiment, &api_error));
    assert_string_equal(mr_experiment_info(experiment)->name, strange[i]);
    OK(mr_experiment_start_run(experiment, NULL, &run, &api_error));
    OK(mr_run_log_param(run, strange[i], strange[i], &api_error));
    OK(mr_run_set_tag(run, strange[i], strange[i], &api_error));
    OK(mr_run_list_params(run, NULL, &page, &api_error));
    assert_int_equal(mr_property_page_count(page), 1);
    assert_string_equal(mr_property_page_at(page, 0)->key, strange[i]);
    assert_string_equal(mr_property_page_at(page, 0)->value, strange[i]);
    OK(mr_registry_create_model(world.registry, strange[i], NULL, &model, &api_error));
    assert_string_equal(mr_model_info(model)->name, strange[i]);
    REFUSED(MR_NOT_FOUND, NULL,
            mr_registry_resolve(world.registry, strange[i], NULL, &world.version, &api_error));
    mr_property_page_free(page);
    mr_model_free(model);
    mr_run_free(run);
    mr_experiment_free(experiment);
  }
}

static void try_numbers(const api_call *row, int index, const parameter *p) {
  static const int64_t limits[] = {-1, INT64_MIN, MR_LIST_MAX_LIMIT + 1, INT64_MAX};
  static const int64_t amounts[] = {-1, INT64_MIN};
  static const int64_t kinds[] = {-1, 99, INT32_MIN, INT32_MAX};
  static const int64_t flags[] = {INT64_C(0x80000000), INT64_C(0xffffffff), 0x100};
  static const int64_t modes[] = {01000, 04755, INT64_C(0xffffffff)};
  const int64_t *bad = p->kind == 'l'   ? limits
                       : p->kind == 'a' ? amounts
                       : p->kind == 'k' ? kinds
                       : p->kind == 'g' ? flags
                                        : modes;
  int count = p->kind == 'a' ? 2 : p->kind == 'l' || p->kind == 'k' ? 4 : 3;
  world.change = index;
  for (int i = 0; i < count; i++) {
    world.number_in = bad[i];
    expect_refusal(row, p->name, true);
  }
}

static void test_numbers(void **state) {
  (void)state;
  const api_call *row;
  int tried = 0;
  for (size_t i = 0; (row = api_call_at(i)) != NULL; i++) {
    parameter p;
    for (int k = 0; parameter_at(row, k, &p); k++) {
      if (strchr("lakgq", p.kind) == NULL) continue;
      try_numbers(row, k, &p);
      tried++;
    }
    world.change = -1;
  }
  assert_int_equal(complaints, 0);
  assert_in_range(tried, 25, 1000);
}

/* What only fits on some calls. */
static void test_contradictions(void **state) {
  (void)state;
  mr_registry *registry = NULL;
  mr_request *request = NULL;
  mr_open_options open = api_open_options(MR_OPEN_CREATE | MR_OPEN_READ_ONLY);
  REFUSED(MR_INVALID_ARGUMENT, "MR_OPEN_READ_ONLY",
          mr_registry_open("memory:", &open, &registry, &api_error));
  open.flags = 0;
  REFUSED(MR_NOT_FOUND, "MR_OPEN_CREATE",
          mr_registry_open("memory:", &open, &registry, &api_error));
  open.flags = MR_OPEN_CREATE;
  open.busy_timeout_ms = INT64_C(86400001);
  REFUSED(MR_INVALID_ARGUMENT, "busy_timeout_ms",
          mr_registry_open("memory:", &open, &registry, &api_error));
  mr_allocator allocator = MR_ALLOCATOR_INIT;
  open.busy_timeout_ms = 0;
  open.allocator = &allocator;
  REFUSED(MR_INVALID_ARGUMENT, "mr_allocator",
          mr_registry_open("memory:", &open, &registry, &api_error));
  open.allocator = NULL;
  REFUSED(MR_NOT_SUPPORTED, "mysql", mr_registry_open("mysql:x", &open, &registry, &api_error));
  assert_null(registry);
  REFUSED(MR_INVALID_ARGUMENT, "status",
          mr_run_finish(world.run, MR_RUN_STATUS_RUNNING, &api_error));
  mr_promote_options promote = MR_PROMOTE_OPTIONS_INIT;
  promote.version = "2.0.0";
  promote.bump = MR_BUMP_MAJOR;
  REFUSED(MR_INVALID_ARGUMENT, "bump",
          mr_model_promote(world.model, world.fresh_run, &promote, &request, &api_error));
  promote.bump = 0;
  promote.line = "2";
  REFUSED(MR_INVALID_ARGUMENT, "line",
          mr_model_promote(world.model, world.fresh_run, &promote, &request, &api_error));
  promote.version = NULL;
  static const char *const lines[] = {"", "a", "1.2.3", "1.", ".1", "01", "-1", "1.2-rc", "1 "};
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    promote.line = lines[i];
    REFUSED(MR_INVALID_ARGUMENT, "line",
            mr_model_promote(world.model, world.fresh_run, &promote, &request, &api_error));
  }
  promote.line = NULL;
  promote.prerelease_id = "rc";
  REFUSED(MR_INVALID_ARGUMENT, "prerelease_id",
          mr_model_promote(world.model, world.fresh_run, &promote, &request, &api_error));
  promote.bump = MR_BUMP_PRERELEASE;
  promote.prerelease_id = "r c";
  REFUSED(MR_INVALID_ARGUMENT, NULL,
          mr_model_promote(world.model, world.fresh_run, &promote, &request, &api_error));
  assert_null(request);
  mr_gate_options gate = MR_GATE_OPTIONS_INIT;
  static const char *const transitions[] = {"",           "demote",         "channel", "channel/",
                                            "channel/1a", "channel/latest", "Promote", "promote "};
  for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++) {
    gate.flags = MR_GATE_DEFAULT;
    gate.transition = transitions[i];
    REFUSED(MR_INVALID_ARGUMENT, NULL,
            mr_registry_attach_gate(world.registry, world.gate, &gate, &api_error));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      argument_test(test_good),    argument_test(test_null),
      argument_test(test_text),    argument_test(test_strange_text),
      argument_test(test_numbers), argument_test(test_contradictions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
