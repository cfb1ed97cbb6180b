/* SPDX-License-Identifier: Apache-2.0 */
#include "registry_test.h"

#include "registry/reference.h"

static bool is_channel(const char *name) {
  mr_error error = MR_ERROR_INIT;
  mr_status status = mri_check_channel_name(name, &error);
  assert_true(status == MR_OK || status == MR_INVALID_ARGUMENT || status == MR_LIMIT);
  return status == MR_OK;
}

/* --- what else a selector could mean, written from npm's grammar and not from the code ---------- */

static bool is_number_or_wildcard(const char *text, size_t size) {
  if (size == 0) return false;
  if (size == 1 && strchr("xX*", text[0]) != NULL) return true;
  for (size_t i = 0; i < size; i++) {
    if (text[i] < '0' || text[i] > '9') return false;
  }
  return true;
}

/* A version or a range of one term: [v]part[.part[.part[-...|+...]]]. */
static bool reads_as_version(const char *text) {
  static const char *const operators[] = {"^", "~", ">=", "<=", ">", "<", "="};
  for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
    if (strncmp(text, operators[i], strlen(operators[i])) == 0) return true;
  }
  if (text[0] == 'v' || text[0] == 'V') text++;
  for (int parts = 1;; parts++) {
    size_t size = strcspn(text, parts < 3 ? ".-+" : "-+");
    if (!is_number_or_wildcard(text, size)) return false;
    text += size;
    if (*text != '.') return *text == '\0' || parts == 3;
    text++;
  }
}

static bool reads_as_digest(const char *text) {
  return strlen(text) >= 12 && strspn(text, "0123456789abcdefABCDEF") == strlen(text);
}

/* Every short text over an alphabet of what versions are made of. */
static void no_channel_reads_as_something_else(void **state) {
  (void)state;
  static const char alphabet[] = "vVxX*019a.-_+";
  enum { LETTERS = sizeof alphabet - 1, LENGTH = 5 };
  char name[LENGTH + 1];
  mri_range range;
  size_t accepted = 0;
  for (int length = 1; length <= LENGTH; length++) {
    int index[LENGTH] = {0};
    for (bool more = true; more;) {
      for (int i = 0; i < length; i++) name[i] = alphabet[index[i]];
      name[length] = '\0';
      if (is_channel(name)) {
        accepted++;
        if (reads_as_version(name)) fail_msg("'%s' is accepted and reads as a version", name);
        if (mri_range_parse(name, false, &range, NULL) == MR_OK) fail_msg("'%s' is a range", name);
        if (reads_as_digest(name)) fail_msg("'%s' is accepted and reads as a digest", name);
      }
      int at = length - 1;
      while (at >= 0 && ++index[at] == LETTERS) index[at--] = 0;
      more = at >= 0;
    }
  }
  assert_true(accepted > 1000);
}

static void channel_names(void **state) {
  (void)state;
  static const char *const good[] = {
      "production", "staging", "a",     "A1",          "canary-eu.west_2", "vx-1a",  "xenon",
      "version",    "vault",   "x-ray", "abcdefabcde", "abcdefabcdeg",     "Latest", "deadbeef"};
  static const char *const bad[] = {
      "",     " ",  "1a",     "-a",  ".a",    "_a",           "a b",           "a@b", "a/b",
      "a+b",  "é",  "latest", "x",   "X",     "x.1",          "x.x.x",         "v1",  "V1.2",
      "v1.x", "vx", "v1-rc",  "vv1", "vvx.x", "abcdefabcdef", "ABCDEFABCDEF0", "a\n"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    if (!is_channel(good[i])) fail_msg("'%s' is refused", good[i]);
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    if (is_channel(bad[i])) fail_msg("'%s' is accepted", bad[i]);
  }
  assert_false(is_channel(NULL));
}

static void parses_references(void **state) {
  (void)state;
  mri_reference r;
  mr_error error = MR_ERROR_INIT;
  OK(mri_reference_parse("fraud", false, &r, &error));
  assert_string_equal(r.model, "fraud");
  assert_int_equal(r.kind, MRI_SELECT_LATEST);
  OK(mri_reference_parse("fraud@latest", false, &r, &error));
  assert_int_equal(r.kind, MRI_SELECT_LATEST);
  OK(mri_reference_parse("größe/x@1.2.3-rc.1+b.7", false, &r, &error));
  assert_string_equal(r.model, "größe/x");
  assert_int_equal(r.kind, MRI_SELECT_EXACT);
  assert_int_equal(r.number.minor, 2);
  assert_string_equal(r.number.prerelease, "rc.1");
  assert_string_equal(r.number.build, "b.7");
  OK(mri_reference_parse("1.0.0@production", false, &r, &error));
  assert_string_equal(r.model, "1.0.0");
  assert_int_equal(r.kind, MRI_SELECT_CHANNEL);
  assert_string_equal(r.channel, "production");
}

static void parses_ranges(void **state) {
  (void)state;
  static const char *const ranges[] = {
      "m@1",     "m@1.2",  "m@^1.2.3",     "m@1.x",         "m@v1.0.0", "m@x",
      "m@*",     "m@vv1",  "m@=1.0.0",     "m@>=1 <2 || 3", "m@1 - 2",  "m@~> 1",
      "m@1.0.x", "m@<=1",  "m@||",         "m@^x.1",        "m@>x",     "m@1.2.3 || 1.2.4",
      "m@X.x.X", "m@v1.x", "m@^1.0.0-rc.1"};
  mri_reference r;
  mr_error error = MR_ERROR_INIT;
  for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
    OK(mri_reference_parse(ranges[i], false, &r, &error));
    if (r.kind != MRI_SELECT_RANGE) fail_msg("'%s' is no range", ranges[i]);
    assert_string_equal(r.range_text, ranges[i] + 2);
    assert_string_equal(r.model, "m");
    assert_false(r.range.include_prereleases);
    OK(mri_reference_parse(ranges[i], true, &r, &error));
    assert_true(r.range.include_prereleases);
  }
  OK(mri_reference_parse("m@1.0.0", false, &r, &error)); /* this one version, yanked or not */
  assert_int_equal(r.kind, MRI_SELECT_EXACT);
}

/* 12 and more hex digits are a digest, also where they are decimal ones. */
static void parses_digests(void **state) {
  (void)state;
  mri_reference r;
  mr_error error = MR_ERROR_INIT;
  char text[80] = "m@";
  memset(text + 2, 'F', 65);
  for (size_t size = 12; size <= 64; size++) {
    text[2 + size] = '\0';
    OK(mri_reference_parse(text, false, &r, &error));
    assert_int_equal(r.kind, MRI_SELECT_DIGEST);
    assert_string_equal(r.digest_text, text + 2);
    for (size_t i = 0; i < 64; i++) {
      unsigned low = r.lowest.bytes[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15;
      unsigned high = r.highest.bytes[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15;
      assert_int_equal(low, i < size ? 15 : 0);
      assert_int_equal(high, 15);
    }
    text[2 + size] = 'F';
  }
  text[67] = '\0';
  assert_int_equal(mri_reference_parse(text, false, &r, &error), MR_LIMIT);
  registry_says(&error, "a digest has 12 to 64 hex digits, not 65");
  OK(mri_reference_parse("m@123456789012", false, &r, &error));
  assert_int_equal(r.kind, MRI_SELECT_DIGEST);
  OK(mri_reference_parse("m@12345678901", false, &r, &error));
  assert_int_equal(r.kind, MRI_SELECT_RANGE);
  OK(mri_reference_parse("m@abcdefabcde", false, &r, &error));
  assert_int_equal(r.kind, MRI_SELECT_CHANNEL);
}

/* Every reference that is refused says which it was. */
static void refuses_references(void **state) {
  (void)state;
  static const char *const bad[] = {
      "@",        "m@",        "m@1.",          "m@1..2",        "m@1.0.0-",
      "m@01.0.0", "m@V1",

      "m@x.1",    "m@1.x.3",   "m@1.0.0@1.0.0", "m@a b",         "m@>",
      "m@^ ",     "m@^1 ",     "m@ ^1",         "m@0123456789a", "m@1e5",
      "m@1.0.0 ", "m@1 -2",    "m@1|2",         "m@1,2",         "m@[1,2)",
      "m@1.2.3*", "m@latest ", "m@é",           "m@^1 a",        "m@\t"};
  mri_reference r;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    mr_error error = MR_ERROR_INIT;
    mr_status status = mri_reference_parse(bad[i], false, &r, &error);
    if (status != MR_INVALID_ARGUMENT) fail_msg("%s: %s", bad[i], mr_status_name(status));
    if (strchr(bad[i], '\t') == NULL) registry_says(&error, bad[i]);
  }
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(mri_reference_parse(NULL, false, &r, &error), MR_INVALID_ARGUMENT);
  assert_int_equal(mri_reference_parse("", false, &r, &error), MR_INVALID_ARGUMENT);
  assert_int_equal(mri_reference_parse("m@9007199254740992.0.0", false, &r, &error), MR_LIMIT);
  assert_int_equal(mri_reference_parse("m@>9007199254740991", false, &r, &error), MR_LIMIT);
  assert_int_equal(mri_reference_parse("m@1.0.0.", false, &r, &error), MR_INVALID_ARGUMENT);
  registry_says(&error, "not allowed at column 6");
  assert_int_equal(mri_reference_parse("m@first try", false, &r, &error), MR_INVALID_ARGUMENT);
  registry_says(&error, "neither latest, a version such as 1.4.2, a range such as ^1.2 nor");
  assert_int_equal(mri_reference_parse("m@0123456789a", false, &r, &error), MR_INVALID_ARGUMENT);
  registry_says(&error, "a digest has 12 to 64 hex digits, not 11");
  char longest[300] = "m@^";
  memset(longest + 3, '1', 257);
  assert_int_equal(mri_reference_parse(longest, false, &r, &error), MR_LIMIT);
  registry_says(&error, "256 bytes");
}

typedef struct attempt {
  mr_registry *registry;
  const char *text;
  mr_status expected;
} attempt;

static bool find_once(void *ctx) {
  const attempt *a = ctx;
  mri_reference r;
  char uuid[MRI_DIGEST_TEXT];
  mr_error error = MR_ERROR_INIT;
  mri_tx *tx = NULL;
  OK(mri_reference_parse(a->text, false, &r, &error));
  mr_status status = mri_tx_begin(a->registry->store, MRI_TX_READ, NULL, &tx, &error);
  if (status == MR_NO_MEMORY) return false;
  OK(status);
  status = mri_version_uuid(tx, &r, uuid, &error);
  status = mri_tx_end(tx, status, &error);
  if (status == MR_NO_MEMORY) return false;
  assert_int_equal(status, a->expected);
  if (status == MR_OK) assert_true(mri_id_valid(uuid));
  return true;
}

static void finds_versions(void **state) {
  (void)state;
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = registry_open();
  mr_run *run = registry_run(registry);
  mr_model *model = NULL;
  mr_request *request = NULL;
  mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
  registry_put(run, "a", "a");
  OK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &error));
  OK(mr_registry_create_model(registry, "m", NULL, &model, &error));
  options.version = "1.0.0+own";
  OK(mr_model_promote(model, mr_run_info(run)->id, &options, &request, &error));
  attempt cases[] = {{registry, "m@1.0.0", MR_OK},
                     {registry, "m@1.0.0+own", MR_OK},
                     {registry, "m@1.0.0+other", MR_NOT_FOUND},
                     {registry, "m@1.0.1", MR_NOT_FOUND},
                     {registry, "n@1.0.0", MR_NOT_FOUND}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_true(find_once(&cases[i])); /* statements are cached now */
    (void)unit_fail_allocations(find_once, &cases[i]);
  }
  mr_request_free(request);
  mr_model_free(model);
  mr_run_free(run);
  mr_registry_close(registry);
  assert_int_equal(mri_mem_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_channel_reads_as_something_else),
      cmocka_unit_test(channel_names),
      cmocka_unit_test(parses_references),
      cmocka_unit_test(parses_ranges),
      cmocka_unit_test(parses_digests),
      cmocka_unit_test(refuses_references),
      cmocka_unit_test(finds_versions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
