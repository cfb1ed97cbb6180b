/* SPDX-License-Identifier: Apache-2.0 */
#include "semver/semver_value.h"
#include "unit_test.h"

static mri_semver parse(const char *text) {
  mri_semver version;
  mr_error error = MR_ERROR_INIT;
  mr_status status = mri_semver_parse(text, &version, &error);
  if (status != MR_OK) print_error("%s\n", error.message);
  assert_int_equal(status, MR_OK);
  return version;
}

static mri_str key_of(const mri_semver *version) {
  mri_str key;
  mri_str_init(&key, mri_mem_default());
  mri_semver_key(version, &key);
  assert_false(key.failed);
  return key;
}

/* As a database orders blobs. */
static int compare_keys(const mri_str *a, const mri_str *b) {
  size_t shorter = a->size < b->size ? a->size : b->size;
  int order = memcmp(a->data, b->data, shorter);
  if (order == 0) order = (a->size > b->size) - (a->size < b->size);
  return (order > 0) - (order < 0);
}

/* Both orders, both ways round. */
static void assert_order(const char *left, const char *right, int expected) {
  mri_semver a = parse(left);
  mri_semver b = parse(right);
  mri_str x = key_of(&a);
  mri_str y = key_of(&b);
  if (mri_semver_compare(&a, &b) != expected) print_error("%s <=> %s\n", left, right);
  assert_int_equal(mri_semver_compare(&a, &b), expected);
  assert_int_equal(mri_semver_compare(&b, &a), -expected);
  assert_int_equal(compare_keys(&x, &y), expected);
  assert_int_equal(compare_keys(&y, &x), -expected);
  mri_str_free(&x);
  mri_str_free(&y);
}

static void test_what_is_a_version(void **state) {
  (void)state;
  static const char *const valid[] = {
      "0.0.0",
      "0.0.4",
      "1.2.3",
      "10.20.30",
      "9007199254740991.9007199254740991.9007199254740991",
      "1.1.2-prerelease+meta",
      "1.1.2+meta",
      "1.1.2+meta-valid",
      "1.0.0-alpha",
      "1.0.0-alpha.beta.1",
      "1.0.0-alpha.0valid",
      "1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay",
      "1.0.0-rc.1+build.1",
      "1.2.3----RC-SNAPSHOT.12.9.1--.12",
      "1.2.3----R-S.12.9.1--.12+meta",
      "1.0.0+0.build.1-rc.10000aaa-kk-0.1",
      "1.0.0-0A.is.legal",
      "1.0.0+001",
      "1.0.0-0",
      "1.0.0--",
      "1.0.0-99999999999999999999999",
  };
  for (size_t i = 0; i < sizeof valid / sizeof valid[0]; i++) {
    mri_semver version = parse(valid[i]);
    char text[MRI_SEMVER_MAX * 2 + 64];
    mri_semver_format(&version, text);
    assert_string_equal(text, valid[i]);
  }
  mri_semver version = parse("1.22.333-rc.1-x+b.01");
  assert_int_equal(version.major, 1);
  assert_int_equal(version.minor, 22);
  assert_int_equal(version.patch, 333);
  assert_string_equal(version.prerelease, "rc.1-x");
  assert_string_equal(version.build, "b.01");
}

static void test_what_is_no_version(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *message;
  } invalid[] = {
      {"", "'' is not a semantic version: the major number is missing at column 1"},
      {"1", "'1' is not a semantic version: expected '.' and a minor number at column 2"},
      {"1.2", "'1.2' is not a semantic version: expected '.' and a patch number at column 4"},
      {"1.2.", "'1.2.' is not a semantic version: the patch number is missing at column 5"},
      {"v1.2.3", "'v1.2.3' is not a semantic version: the major number is missing at column 1"},
      {" 1.2.3", "' 1.2.3' is not a semantic version: the major number is missing at column 1"},
      {"1.2.3 ", "'1.2.3 ' is not a semantic version: expected '-', '+' or the end at column 6"},
      {"1.2.3.4", "'1.2.3.4' is not a semantic version: expected '-', '+' or the end at column 6"},
      {"01.2.3", "'01.2.3' is not a semantic version: a leading zero at column 1"},
      {"1.02.3", "'1.02.3' is not a semantic version: a leading zero at column 3"},
      {"1.2.00", "'1.2.00' is not a semantic version: a leading zero at column 5"},
      {"-1.2.3", "'-1.2.3' is not a semantic version: the major number is missing at column 1"},
      {"1.2.3-", "'1.2.3-' is not a semantic version: an empty identifier at column 7"},
      {"1.2.3-a..b", "'1.2.3-a..b' is not a semantic version: an empty identifier at column 9"},
      {"1.2.3-a.", "'1.2.3-a.' is not a semantic version: an empty identifier at column 9"},
      {"1.2.3-a.01", "'1.2.3-a.01' is not a semantic version: a leading zero at column 9"},
      {"1.2.3-a_b", "'1.2.3-a_b' is not a semantic version: a character that is not allowed at "
                    "column 8"},
      {"1.2.3+", "'1.2.3+' is not a semantic version: an empty identifier at column 7"},
      {"1.2.3-{", "'1.2.3-{' is not a semantic version: a character that is not allowed at "
                  "column 7"},
      {"1.2.3+a+b", "'1.2.3+a+b' is not a semantic version: a character that is not allowed at "
                    "column 8"},
      {"1.2.3-\xc3\xa9", "'1.2.3-\xc3\xa9' is not a semantic version: a character that is not "
                         "allowed at column 7"},
      {"1.x.3", "'1.x.3' is not a semantic version: the minor number is missing at column 3"},
  };
  for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
    mri_semver version = {.major = 77};
    mr_error error = MR_ERROR_INIT;
    assert_int_equal(mri_semver_parse(invalid[i].text, &version, &error), MR_INVALID_ARGUMENT);
    assert_string_equal(error.message, invalid[i].message);
    assert_int_equal(version.major, 77);
  }
  assert_int_equal(mri_semver_parse(NULL, &(mri_semver){0}, NULL), MR_INVALID_ARGUMENT);
}

static void test_limits(void **state) {
  (void)state;
  mri_semver version;
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(mri_semver_parse("9007199254740992.0.0", &version, &error), MR_LIMIT);
  assert_string_equal(error.message, "'9007199254740992.0.0': major is above 9007199254740991");
  assert_int_equal(mri_semver_parse("0.99999999999999999999999999.0", &version, &error), MR_LIMIT);
  assert_int_equal(mri_semver_parse("0.0.9007199254740992", &version, &error), MR_LIMIT);

  char text[MRI_SEMVER_MAX + 2] = "1.0.0-";
  memset(text + 6, 'a', MRI_SEMVER_MAX - 6);
  assert_int_equal(strlen(text), MRI_SEMVER_MAX);
  version = parse(text);
  char formatted[MRI_SEMVER_MAX * 2 + 64];
  mri_semver_format(&version, formatted);
  assert_string_equal(formatted, text);
  text[MRI_SEMVER_MAX] = 'a';
  assert_int_equal(mri_semver_parse(text, &version, &error), MR_LIMIT);
  assert_string_equal(error.message, "'1.0.0-aaaaaaaaaaaaaaaaaaaaaaaaaa...' is longer than 256 "
                                     "bytes, too long a version");
}

/* The chains of semver.org's section 11 and of npm's documents, and where libraries differ. */
static void test_precedence(void **state) {
  (void)state;
  static const char *const ascending[] = {
      "0.0.0-0",
      "0.0.0-alpha",
      "0.0.0",
      "0.0.1",
      "0.9.0",
      "0.99.0",
      "1.0.0-0",
      "1.0.0-9",
      "1.0.0-10",
      "1.0.0-255",
      "1.0.0-256",
      "1.0.0-65536",
      "1.0.0-9007199254740991",
      "1.0.0-9007199254740992",
      "1.0.0-90071992547409930",
      "1.0.0-99999999999999999999998",
      "1.0.0-99999999999999999999999",
      "1.0.0--",
      "1.0.0--1",
      "1.0.0-0A",
      "1.0.0-Alpha",
      "1.0.0-alpha",
      "1.0.0-alpha.1",
      "1.0.0-alpha.1.0",
      "1.0.0-alpha.1.a",
      "1.0.0-alpha.2",
      "1.0.0-alpha.11",
      "1.0.0-alpha.beta",
      "1.0.0-alpha-",
      "1.0.0-alpha-.1",
      "1.0.0-alpha-a",
      "1.0.0-alpha0",
      "1.0.0-alphabet",
      "1.0.0-beta",
      "1.0.0-beta.2",
      "1.0.0-beta.11",
      "1.0.0-rc.1",
      "1.0.0-rc.1.10",
      "1.0.0-rc.2.1",
      "1.0.0",
      "1.2.3-5-foo",
      "1.2.3",
      "1.9.0",
      "1.10.0",
      "1.11.0",
      "1.255.0",
      "1.256.0",
      "2.0.0",
      "2.1.0",
      "2.1.1",
      "10.0.0",
      "256.0.0",
      "65536.0.0",
      "9007199254740991.0.0",
  };
  size_t count = sizeof ascending / sizeof ascending[0];
  for (size_t i = 0; i < count; i++)
    for (size_t j = i; j < count; j++) assert_order(ascending[i], ascending[j], i < j ? -1 : 0);
}

static void test_build_metadata_does_not_count(void **state) {
  (void)state;
  assert_order("1.0.0+a", "1.0.0+b", 0);
  assert_order("1.0.0+a", "1.0.0", 0);
  assert_order("1.0.0-rc.1+a", "1.0.0-rc.1+b.2", 0);
  assert_order("1.0.0-rc.1+z", "1.0.0+a", -1);
}

/* Short parts of few letters, so that equal and nearly equal versions are common. */
static void random_version(uint64_t *seed, char out[64]) {
  static const char *const numbers[] = {"0", "1", "2", "10", "255", "256"};
  static const char *const parts[] = {"0", "1", "9", "10", "a", "A", "ab", "-", "a-", "0a", "00a"};
  const char *major = numbers[unit_random(seed, 3)];
  const char *minor = numbers[unit_random(seed, 2)];
  const char *patch = numbers[unit_random(seed, 6)];
  int length = snprintf(out, 64, "%s.%s.%s", major, minor, patch);
  uint32_t count = unit_random(seed, 4);
  for (uint32_t i = 0; i < count; i++)
    length += snprintf(out + length, 64 - (size_t)length, "%c%s", i == 0 ? '-' : '.',
                       parts[unit_random(seed, 11)]);
  if (unit_random(seed, 3) == 0) (void)snprintf(out + length, 64 - (size_t)length, "+b.01");
}

static void test_keys_order_as_versions_do(void **state) {
  (void)state;
  uint64_t seed = 20240607;
  int equal = 0;
  for (int i = 0; i < 50000; i++) {
    char left[64];
    char right[64];
    random_version(&seed, left);
    random_version(&seed, right);
    mri_semver a = parse(left);
    mri_semver b = parse(right);
    int order = mri_semver_compare(&a, &b);
    equal += order == 0;
    assert_order(left, right, order);
    bool same = a.major == b.major && a.minor == b.minor && a.patch == b.patch &&
                strcmp(a.prerelease, b.prerelease) == 0;
    assert_int_equal(order == 0, same);
  }
  assert_true(equal > 50);
}

static void test_order_is_transitive(void **state) {
  (void)state;
  uint64_t seed = 7;
  for (int i = 0; i < 20000; i++) {
    char text[3][64];
    mri_semver v[3];
    for (int k = 0; k < 3; k++) {
      random_version(&seed, text[k]);
      v[k] = parse(text[k]);
    }
    if (mri_semver_compare(&v[0], &v[1]) <= 0 && mri_semver_compare(&v[1], &v[2]) <= 0)
      assert_true(mri_semver_compare(&v[0], &v[2]) <= 0);
  }
}

static void test_key_is_short(void **state) {
  (void)state;
  mri_semver version = parse("1.4.2");
  mri_str key = key_of(&version);
  assert_int_equal(key.size, 7);
  mri_str_free(&key);
}

static bool attempt_key(void *ctx) {
  mri_str key;
  mri_str_init(&key, mri_mem_default());
  mri_semver_key(ctx, &key);
  bool worked = !key.failed;
  mri_str_free(&key);
  return worked;
}

static void test_key_without_memory(void **state) {
  (void)state;
  mri_semver version = parse("1.2.3-some.longer.list-of-identifiers.1.2.3.4.5.6.7.8.9.10.11.12.13");
  assert_true(unit_fail_allocations(attempt_key, &version) >= 1);
}

static void test_bump_counts_as_npm(void **state) {
  (void)state;
  static const struct {
    const char *from;
    mri_semver_part part;
    const char *id;
    const char *expected;
  } table[] = {
      {"1.2.3", MRI_SEMVER_MAJOR, NULL, "2.0.0"},
      {"1.2.3", MRI_SEMVER_MINOR, NULL, "1.3.0"},
      {"1.2.3", MRI_SEMVER_PATCH, NULL, "1.2.4"},
      {"1.2.3+build", MRI_SEMVER_PATCH, NULL, "1.2.4"},
      {"1.2.3-tag", MRI_SEMVER_MAJOR, NULL, "2.0.0"},
      {"1.2.0-0", MRI_SEMVER_PATCH, NULL, "1.2.0"},
      {"1.2.3-4", MRI_SEMVER_MAJOR, NULL, "2.0.0"},
      {"1.2.3-4", MRI_SEMVER_MINOR, NULL, "1.3.0"},
      {"1.2.3-4", MRI_SEMVER_PATCH, NULL, "1.2.3"},
      {"1.2.3-alpha.0.beta", MRI_SEMVER_MAJOR, NULL, "2.0.0"},
      {"1.2.3-alpha.0.beta", MRI_SEMVER_MINOR, NULL, "1.3.0"},
      {"1.2.3-alpha.0.beta", MRI_SEMVER_PATCH, NULL, "1.2.3"},
      {"1.2.0-1", MRI_SEMVER_MINOR, NULL, "1.2.0"},
      {"1.2.1-1", MRI_SEMVER_MINOR, NULL, "1.3.0"},
      {"1.0.0-1", MRI_SEMVER_MAJOR, NULL, "1.0.0"},
      {"1.1.0-1", MRI_SEMVER_MAJOR, NULL, "2.0.0"},
      {"1.0.1-1", MRI_SEMVER_MAJOR, NULL, "2.0.0"},
      {"0.0.0", MRI_SEMVER_MAJOR, NULL, "1.0.0"},
      {"1.2.3", MRI_SEMVER_PRERELEASE, NULL, "1.2.4-0"},
      {"1.2.3", MRI_SEMVER_PRERELEASE, "", "1.2.4-0"},
      {"1.2.3-0", MRI_SEMVER_PRERELEASE, NULL, "1.2.3-1"},
      {"1.2.3-alpha.0", MRI_SEMVER_PRERELEASE, NULL, "1.2.3-alpha.1"},
      {"1.2.3-alpha.9", MRI_SEMVER_PRERELEASE, NULL, "1.2.3-alpha.10"},
      {"1.2.3-alpha", MRI_SEMVER_PRERELEASE, NULL, "1.2.3-alpha.0"},
      {"1.2.3-alpha.0.beta", MRI_SEMVER_PRERELEASE, NULL, "1.2.3-alpha.1.beta"},
      {"1.2.3-alpha.10.0.beta", MRI_SEMVER_PRERELEASE, NULL, "1.2.3-alpha.10.1.beta"},
      {"1.2.3-alpha.10.beta.2", MRI_SEMVER_PRERELEASE, NULL, "1.2.3-alpha.10.beta.3"},
      {"1.2.3-alpha.0+x", MRI_SEMVER_PRERELEASE, NULL, "1.2.3-alpha.1"},
      {"1.2.3", MRI_SEMVER_PRERELEASE, "dev", "1.2.4-dev.0"},
      {"1.2.3-0", MRI_SEMVER_PRERELEASE, "dev", "1.2.3-dev.0"},
      {"1.2.3-1", MRI_SEMVER_PRERELEASE, "dev", "1.2.3-dev.0"},
      {"1.2.3-dev.0", MRI_SEMVER_PRERELEASE, "dev", "1.2.3-dev.1"},
      {"1.2.3-dev", MRI_SEMVER_PRERELEASE, "dev", "1.2.3-dev.0"},
      {"1.2.3-dev.bar", MRI_SEMVER_PRERELEASE, "dev", "1.2.3-dev.0"},
      {"1.2.3-alpha.10.beta", MRI_SEMVER_PRERELEASE, "dev", "1.2.3-dev.0"},
      {"1.2.3-dev.5.x", MRI_SEMVER_PRERELEASE, "dev", "1.2.3-dev.6.x"},
      {"1.2.3-device.0", MRI_SEMVER_PRERELEASE, "dev", "1.2.3-dev.0"},
      {"1.2.3-rc.x.0", MRI_SEMVER_PRERELEASE, "rc.x", "1.2.3-rc.x.1"},
      {"1.2.3-rc.0", MRI_SEMVER_PRERELEASE, "rc.x", "1.2.3-rc.x.0"},
      {"1.2.3-rc", MRI_SEMVER_PRERELEASE, "rc.0.x", "1.2.3-rc.0.x.0"},
      {"1.2.3-rc", MRI_SEMVER_PRERELEASE, "rc.0", "1.2.3-rc.0.0"},
      {"1.2.3-1", MRI_SEMVER_PRERELEASE, "1", "1.2.3-1.0"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    mri_semver version = parse(table[i].from);
    mr_error error = MR_ERROR_INIT;
    /* In place is fine. */
    assert_int_equal(mri_semver_bump(&version, table[i].part, table[i].id, &version, &error),
                     MR_OK);
    char text[MRI_SEMVER_MAX * 2 + 64];
    mri_semver_format(&version, text);
    assert_string_equal(text, table[i].expected);
  }
}

static void assert_no_bump(const char *from, mri_semver_part part, const char *id,
                           mr_status expected, const char *message) {
  mri_semver version = parse(from);
  mri_semver out = {.major = 77};
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(mri_semver_bump(&version, part, id, &out, &error), expected);
  assert_string_equal(error.message, message);
  assert_int_equal(out.major, 77);
}

static void test_bump_knows_its_limits(void **state) {
  (void)state;
  const char *most = "9007199254740991.9007199254740991.9007199254740991";
  assert_no_bump(most, MRI_SEMVER_MAJOR, NULL, MR_LIMIT,
                 "the next major number would pass 9007199254740991");
  assert_no_bump(most, MRI_SEMVER_MINOR, NULL, MR_LIMIT,
                 "the next minor number would pass 9007199254740991");
  assert_no_bump(most, MRI_SEMVER_PATCH, NULL, MR_LIMIT,
                 "the next patch number would pass 9007199254740991");
  assert_no_bump(most, MRI_SEMVER_PRERELEASE, NULL, MR_LIMIT,
                 "the next patch number would pass 9007199254740991");
  assert_no_bump("1.0.0-rc.9007199254740991", MRI_SEMVER_PRERELEASE, NULL, MR_LIMIT,
                 "the next prerelease number would pass 9007199254740991");
  assert_no_bump("1.0.0-rc.99999999999999999999999999999", MRI_SEMVER_PRERELEASE, NULL, MR_LIMIT,
                 "the next prerelease number would pass 9007199254740991");
  const char *refused = "prerelease id 'a b' must be dot-separated letters, digits and hyphens "
                        "without leading zeros";
  assert_no_bump("1.0.0", MRI_SEMVER_PRERELEASE, "a b", MR_INVALID_ARGUMENT, refused);
  mri_semver version = parse("1.0.0");
  static const char *const wrong[] = {".", "a.", ".a", "a..b", "01", "a+b", "a_b", "\xc3\xa9"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_int_equal(mri_semver_bump(&version, MRI_SEMVER_PRERELEASE, wrong[i], &version, NULL),
                     MR_INVALID_ARGUMENT);
  assert_int_equal(mri_semver_bump(&version, (mri_semver_part)9, NULL, &version, NULL),
                   MR_INVALID_ARGUMENT);
}

/* What bump gives must be a version that can be stored and parsed again. */
static void test_bump_never_gets_too_long(void **state) {
  (void)state;
  for (size_t length = MRI_SEMVER_MAX - 12; length <= MRI_SEMVER_MAX + 1; length++) {
    char id[MRI_SEMVER_MAX + 2] = {0};
    memset(id, 'a', length);
    mri_semver version = parse("1.0.9");
    mri_semver out;
    mr_status status = mri_semver_bump(&version, MRI_SEMVER_PRERELEASE, id, &out, NULL);
    /* 1.0.10-ID.0 */
    assert_int_equal(status, length + 9 <= MRI_SEMVER_MAX ? MR_OK : MR_LIMIT);
  }
  for (size_t length = MRI_SEMVER_MAX - 12; length <= MRI_SEMVER_MAX - 6; length++) {
    char text[MRI_SEMVER_MAX + 2] = "1.0.0-";
    memset(text + 6, 'a', length);
    mri_semver version = parse(text);
    mr_status status = mri_semver_bump(&version, MRI_SEMVER_PRERELEASE, NULL, &version, NULL);
    assert_int_equal(status, length + 8 <= MRI_SEMVER_MAX ? MR_OK : MR_LIMIT);
  }
}

/* A bump without an id always goes up; npm's change of id may go anywhere. */
static void test_bump_goes_up(void **state) {
  (void)state;
  uint64_t seed = 99;
  for (int i = 0; i < 20000; i++) {
    char text[64];
    random_version(&seed, text);
    mri_semver from = parse(text);
    mri_semver to;
    mri_semver_part part = (mri_semver_part)(1 + unit_random(&seed, 4));
    assert_int_equal(mri_semver_bump(&from, part, NULL, &to, NULL), MR_OK);
    assert_int_equal(mri_semver_compare(&from, &to), -1);
    assert_string_equal(to.build, "");
    char again[MRI_SEMVER_MAX * 2 + 64];
    mri_semver_format(&to, again);
    mri_semver parsed = parse(again);
    assert_int_equal(mri_semver_compare(&parsed, &to), 0);
  }
}

/* Any bytes give a status, and what is accepted formats to itself. */
static void test_random_bytes(void **state) {
  (void)state;
  uint64_t seed = 4;
  static const char letters[] = "0011239..--++aZ \xff\xc3v";
  int accepted = 0;
  for (int i = 0; i < 200000; i++) {
    char text[24] = {0};
    uint32_t length = unit_random(&seed, sizeof text);
    for (uint32_t k = 0; k < length; k++) text[k] = letters[unit_random(&seed, sizeof letters)];
    if (i % 2 == 0) memcpy(text, "1.0.", 4);
    mri_semver version;
    mr_error error = MR_ERROR_INIT;
    mr_status status = mri_semver_parse(text, &version, &error);
    assert_true(status == MR_OK || status == MR_INVALID_ARGUMENT || status == MR_LIMIT);
    if (status != MR_OK) continue;
    accepted++;
    char again[MRI_SEMVER_MAX * 2 + 64];
    mri_semver_format(&version, again);
    assert_string_equal(again, text);
  }
  assert_true(accepted > 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_a_version),
      cmocka_unit_test(test_what_is_no_version),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_precedence),
      cmocka_unit_test(test_build_metadata_does_not_count),
      cmocka_unit_test(test_keys_order_as_versions_do),
      cmocka_unit_test(test_order_is_transitive),
      cmocka_unit_test(test_key_is_short),
      cmocka_unit_test(test_key_without_memory),
      cmocka_unit_test(test_bump_counts_as_npm),
      cmocka_unit_test(test_bump_knows_its_limits),
      cmocka_unit_test(test_bump_never_gets_too_long),
      cmocka_unit_test(test_bump_goes_up),
      cmocka_unit_test(test_random_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
