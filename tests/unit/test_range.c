/* SPDX-License-Identifier: Apache-2.0 */
/* semver_differential.js holds ranges against npm's own; these are the rules by themselves. */
#include "unit_test.h"

#include "semver/range.h"

#define PLAIN   false
#define INCLUDE true

static mri_semver version_of(const char *text) {
  mri_semver version;
  mr_error error = MR_ERROR_INIT;
  if (mri_semver_parse(text, &version, &error) != MR_OK) fail_msg("%s", error.message);
  return version;
}

static mri_range range_of(const char *text, bool include) {
  mri_range range;
  mr_error error = MR_ERROR_INIT;
  if (mri_range_parse(text, include, &range, &error) != MR_OK) fail_msg("%s", error.message);
  return range;
}

static bool matches(const char *text, bool include, const char *version) {
  mri_range range = range_of(text, include);
  mri_semver number = version_of(version);
  return mri_range_matches(&range, &number);
}

static void assert_format(const char *text, bool include, const char *expected) {
  mri_range range = range_of(text, include);
  mri_str out;
  mri_str_init(&out, mri_mem_default());
  mri_range_format(&range, &out);
  if (strcmp(mri_str_text(&out), expected) != 0)
    fail_msg("'%s' is '%s' and not '%s'", text, mri_str_text(&out), expected);
  mri_str_free(&out);
}

typedef struct meaning {
  const char *text, *expected;
} meaning;

/* What npm's documents say, and what follows from them. */
static const meaning plain[] = {
    {"", "*"},
    {"*", "*"},
    {"x", "*"},
    {"X.x.*", "*"},
    {" ", "*"},
    {"1.2.3", "1.2.3"},
    {"=1.2.3", "1.2.3"},
    {"v1.2.3", "1.2.3"},
    {"=v1.2.3+build.7", "1.2.3"},
    {">1.2.3", ">1.2.3"},
    {">=1.2.3", ">=1.2.3"},
    {"<1.2.3", "<1.2.3"},
    {"<=1.2.3-rc.1", "<=1.2.3-rc.1"},
    /* Partial versions stand for all that they can become. */
    {"1", ">=1.0.0 <2.0.0-0"},
    {"v1", ">=1.0.0 <2.0.0-0"},
    {"1.x", ">=1.0.0 <2.0.0-0"},
    {"1.x.x", ">=1.0.0 <2.0.0-0"},
    {"1.2", ">=1.2.0 <1.3.0-0"},
    {"1.2.*", ">=1.2.0 <1.3.0-0"},
    {"=1.2", ">=1.2.0 <1.3.0-0"},
    {"1.2.x-rc.1", ">=1.2.0 <1.3.0-0"},
    {"0", "<1.0.0-0"},
    {">1", ">=2.0.0"},
    {">1.2", ">=1.3.0"},
    {">=1", ">=1.0.0"},
    {">=1.2", ">=1.2.0"},
    {"<1", "<1.0.0-0"},
    {"<1.2.x", "<1.2.0-0"},
    {"<=1", "<2.0.0-0"},
    {"<=1.2", "<1.3.0-0"},
    {">=*", "*"},
    {"<=x", "*"},
    {">=0", "*"},
    {">=0.0.0", "*"},
    /* But not where a v stands before it. */
    {">=v0.0.0", ">=v0.0.0"},
    {"^v0.0.0", ">=v0.0.0 <0.0.1-0"},
    {"^0.0.0", "<0.0.1-0"},
    {"0.0.0 <0", ">=v0.0.0 <0.0.0-0"},
    {">=v0.0.0 <=0.0.0-rc", ">=v0.0.0 <=0.0.0-rc"},
    {"<*", "<0.0.0-0"},
    {">x", "<0.0.0-0"},
    /* Tilde: the last of two numbers may not change, a single one may not either. */
    {"~1.2.3", ">=1.2.3 <1.3.0-0"},
    {"~1.2", ">=1.2.0 <1.3.0-0"},
    {"~1", ">=1.0.0 <2.0.0-0"},
    {"~0.2.3", ">=0.2.3 <0.3.0-0"},
    {"~0.2", ">=0.2.0 <0.3.0-0"},
    {"~0", "<1.0.0-0"},
    {"~x", "*"},
    {"~>1.2", ">=1.2.0 <1.3.0-0"},
    {"~1.2.3-beta.2", ">=1.2.3-beta.2 <1.3.0-0"},
    /* Caret: the leftmost number that is not 0 may not change. */
    {"^1.2.3", ">=1.2.3 <2.0.0-0"},
    {"^0.2.3", ">=0.2.3 <0.3.0-0"},
    {"^0.0.3", ">=0.0.3 <0.0.4-0"},
    {"^1.2.3-beta.2", ">=1.2.3-beta.2 <2.0.0-0"},
    {"^0.0.3-beta", ">=0.0.3-beta <0.0.4-0"},
    {"^1.2.x", ">=1.2.0 <2.0.0-0"},
    {"^0.0.x", "<0.1.0-0"},
    {"^0.0", "<0.1.0-0"},
    {"^1.x", ">=1.0.0 <2.0.0-0"},
    {"^0.x", "<1.0.0-0"},
    {"^0.0.0", "<0.0.1-0"},
    {"^*", "*"},
    {"^v1.2", ">=1.2.0 <2.0.0-0"},
    /* Hyphens include both ends. */
    {"1.2.3 - 2.3.4", ">=1.2.3 <=2.3.4"},
    {"1.2 - 2.3.4", ">=1.2.0 <=2.3.4"},
    {"1.2.3 - 2.3", ">=1.2.3 <2.4.0-0"},
    {"1.2.3 - 2", ">=1.2.3 <3.0.0-0"},
    {"1.2.3-a - 2.3.4-b", ">=1.2.3-a <=2.3.4-b"},
    {"v1.2.3  -  v2.3.4+b", ">=1.2.3 <=2.3.4"},
    {"* - 2", "<3.0.0-0"},
    {"2 - *", ">=2.0.0"},
    {"1.1.1 - 1.1.1", "1.1.1"},
    /* Blanks mean that all must hold, || that one must. */
    {">=1.2 <2", ">=1.2.0 <2.0.0-0"},
    {">=1.2 >=1.4 <3 <2", ">=1.4.0 <2.0.0-0"},
    {">=1.2.3 >1.2.3", ">1.2.3"},
    {"<=1.2.3 <1.2.3", "<1.2.3"},
    {"* 1 x", ">=1.0.0 <2.0.0-0"},
    {">2 <1", ">=3.0.0 <1.0.0-0"},
    {"^1 || 2", ">=1.0.0 <2.0.0-0 || >=2.0.0 <3.0.0-0"},
    {">=1.2 <2 || 3.1.4", ">=1.2.0 <2.0.0-0 || 3.1.4"},
    {"1||2 - 3", ">=1.0.0 <2.0.0-0 || >=2.0.0 <4.0.0-0"},
    {"1 || ", "*"},
    {"|| 1", "*"},
    {"1 || * || ^2", "*"},
    /* Blanks after operators and around everything. */
    {" >= 1.2.3   < 2 ", ">=1.2.3 <2.0.0-0"},
    {"^ 1.2.3", ">=1.2.3 <2.0.0-0"},
    {"~ 1.2.3", ">=1.2.3 <1.3.0-0"},
    {"~ > 1.2.3", ">=1.2.3 <1.3.0-0"},
    {"~> >1.2.3", ">=1.2.3 <1.3.0-0"},
    {"> =1.2.3", ">=1.2.3"},
    {"\t1.2.3\n", "1.2.3"},
};

/* Where npm's includePrerelease makes another range of the same text. */
static const meaning include[] = {
    {"*", "*"},
    {"1.2", ">=1.2.0-0 <1.3.0-0"},
    {"1.2.3", "1.2.3"},
    {">1", ">=2.0.0-0"},
    {">=1.2", ">=1.2.0-0"},
    {"<1", "<1.0.0-0"},
    {"<=1.2", "<1.3.0-0"},
    {"~1.2", ">=1.2.0-0 <1.3.0-0"},
    {"~1.2.3", ">=1.2.3 <1.3.0-0"},
    {"^1", ">=1.0.0-0 <2.0.0-0"},
    {"^0.0", ">=0.0.0-0 <0.1.0-0"},
    {"^1.2.3", ">=1.2.3 <2.0.0-0"},
    {">=0.0.0", ">=0.0.0"},
    {"1.2.3 - 2.3.4", ">=1.2.3-0 <2.3.5-0"},
    {"1.2.3-a - 2.3.4-b", ">=1.2.3-a <=2.3.4-b"},
    {"1.2 - 2.3", ">=1.2.0-0 <2.4.0-0"},
};

static void test_what_ranges_mean(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
    assert_format(plain[i].text, PLAIN, plain[i].expected);
  for (size_t i = 0; i < sizeof include / sizeof include[0]; i++)
    assert_format(include[i].text, INCLUDE, include[i].expected);
}

/* What is printed means the same when it is read. */
static void test_formats_what_it_reads(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
    assert_format(plain[i].expected, PLAIN, plain[i].expected);
  for (size_t i = 0; i < sizeof include / sizeof include[0]; i++)
    assert_format(include[i].expected, INCLUDE, include[i].expected);
}

static void test_releases(void **state) {
  (void)state;
  static const char *const inside[][2] = {
      {"^1.2", "1.2.0"},
      {"^1.2", "1.99.0"},
      {"^1.2", "1.2.0+build"},
      {"1.x", "1.0.0"},
      {"<=1.2", "1.2.99"},
      {">=1.2 <2 || 3", "3.4.5"},
      {">=1.2 <2 || 3", "1.2.0"},
      {"1.2.3", "1.2.3+any"},
      {"*", "0.0.0"},
      {"*", "9007199254740991.9007199254740991.9007199254740991"},
      {"1 - 2", "2.9.9"},
      {"<=9007199254740990", "9007199254740990.1.1"},
  };
  static const char *const outside[][2] = {
      {"^1.2", "1.1.9"},
      {"^1.2", "2.0.0"},
      {"<1.2.x", "1.2.0"},
      {"1.x", "2.0.0"},
      {">1", "1.9.9"},
      {">=1.2 <2 || 3", "2.0.0"},
      {">=1.2 <2 || 3", "4.0.0"},
      {"1.2.3", "1.2.4"},
      {">2 <1", "1.5.0"},
      {"<*", "0.0.0"},
      {"> 1.2.3 <1.2.4", "1.2.3"},
      {"1 - 2", "3.0.0"},
  };
  for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++)
    for (int all = 0; all <= 1; all++)
      if (!matches(inside[i][0], all == 1, inside[i][1]))
        fail_msg("%s is not in %s", inside[i][1], inside[i][0]);
  for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
    for (int all = 0; all <= 1; all++)
      if (matches(outside[i][0], all == 1, outside[i][1]))
        fail_msg("%s is in %s", outside[i][1], outside[i][0]);
}

/* A prerelease is wanted only where the range names one of the same release. */
static void test_prereleases(void **state) {
  (void)state;
  static const struct {
    const char *range, *version;
    bool by_itself, included;
  } table[] = {
      {"^1.2.3-beta.2", "1.2.3-beta.2", true, true},
      {"^1.2.3-beta.2", "1.2.3-beta.4", true, true},
      {"^1.2.3-beta.2", "1.2.3-beta.1", false, false},
      {"^1.2.3-beta.2", "1.2.4-beta.2", false, true},
      {"^1.2.3-beta.2", "1.3.3-beta.2", false, true},
      {">=1.2.3-beta.2", "2.2.3-beta.2", false, true},
      {"^0.0.3-beta", "0.0.3-pr.2", true, true},
      {"^0.0.3-beta", "0.0.4-pr.2", false, false},
      {">1.2.3-alpha.3", "1.2.3-alpha.7", true, true},
      {">1.2.3-alpha.3", "3.4.5-alpha.9", false, true},
      {"<=1.2.3-rc.1", "1.2.3-alpha", true, true},
      {"<=1.2.3-rc.1", "1.2.2-alpha", false, true},
      {"<1.2.3", "1.2.3-rc.1", false, true},
      {"1.2.3-rc.1", "1.2.3-rc.1", true, true},
      {"1.2.3-rc.1", "1.2.3-rc.1+build", true, true},
      {"1.2.3-rc.1", "1.2.3-rc.2", false, false},
      {"1.x", "1.0.0-rc.1", false, true},
      {"1.x", "1.5.0-rc.1", false, true},
      {"1.x", "2.0.0-rc.1", false, false}, /* a candidate of the next one */
      {"^1.2.3", "2.0.0-0", false, false},
      {"*", "1.0.0-rc.1", false, true},
      {"*", "0.0.0-0", false, true},
      {"", "1.0.0-rc.1", false, true},
      {">=1.0.0", "1.0.0-rc.1", false, false},
      {"1.2.3 - 2", "1.2.3-rc.1", false, true},
      {"1 - 2.3.4", "2.3.4-rc.1", false, true},
      {">=1.0.0-a <1.0.0-c", "1.0.0-b", true, true},
      {">=1.0.0-a >=1.0.0", "1.0.0-b", false, false}, /* the higher end counts */
      {">=1.0.0-a >=2", "2.0.1-b", false, true},
      {">=1.0.0-a <1", "1.0.0-b", false, false},
      {">=1.0.0-a <=0", "1.0.0-b", false, false},
      {">=1 <=2.0.0-a", "2.0.0-0", true, true},
      {"^1 || 2.0.0-rc.1", "2.0.0-rc.1", true, true},
      {"* || >=1.0.0-rc.1", "1.0.0-rc.2", false, true}, /* beside *, npm forgets the rest */
      {">=v0.0.0 || >=1.0.0-rc.1", "1.0.0-rc.2", true, true},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    if (matches(table[i].range, PLAIN, table[i].version) != table[i].by_itself)
      fail_msg("%s in %s: %d", table[i].version, table[i].range, !table[i].by_itself);
    if (matches(table[i].range, INCLUDE, table[i].version) != table[i].included)
      fail_msg("%s in %s with all: %d", table[i].version, table[i].range, !table[i].included);
  }
}

/* SemVer has no greatest number in a prerelease; npm compares great ones inexactly. */
static void test_great_prerelease_numbers(void **state) {
  (void)state;
  assert_true(matches(">1.0.0-9007199254740992", PLAIN, "1.0.0-9007199254740993"));
  assert_false(matches("1.0.0-9007199254740992", PLAIN, "1.0.0-9007199254740993"));
}

static void test_what_is_no_range(void **state) {
  (void)state;
  static const struct {
    const char *text, *why;
    int column;
  } table[] = {
      {"latest", "expected a version", 1},
      {"1.2.3 beta", "expected a version", 7},
      {">", "expected a version", 2},
      {"~", "expected a version", 2},
      {"^ || 1", "expected a version", 3},
      {"1 || >", "expected a version", 7},
      {"=>1", "expected a version", 2},
      {"<>1", "expected a version", 2},
      {"> = 1", "expected a version", 4},
      {">= = 1", "expected a version", 5},
      {"v 1", "expected a version", 2},
      {"V1", "expected a version", 1},
      {"1|2", "a character that is not allowed", 2},
      {"1 ||| 2", "expected a version", 5},
      {"1,2", "a character that is not allowed", 2},
      {"[1,2)", "expected a version", 1},
      {"!1", "expected a version", 1},
      {"1.", "expected a number or 'x'", 3},
      {"1..2", "expected a number or 'x'", 3},
      {".1", "expected a version", 1},
      {"1.2.3.4", "a character that is not allowed", 6},
      {"1.2-rc.1", "a character that is not allowed", 4},
      {"1.2.3-", "an empty identifier", 7},
      {"1.2.3-a..b", "an empty identifier", 9},
      {"1.2.3+", "an empty identifier", 7},
      {"1.2.3-\xc3\xa9", "an empty identifier", 7},
      {"1.2.3\xc2\xa0", "a character that is not allowed", 6},
      {"01", "a leading zero", 1},
      {"^1.02", "a leading zero", 4},
      {"1.2.3-a.01", "a leading zero", 9},
      {"x.1", "a number after 'x'", 1},
      {">1.x.3", "a number after 'x'", 2},
      {"==1.2.3", "more than a 'v' before a full version", 2},
      {">=vv1.2.3", "more than a 'v' before a full version", 3},
      {"1 - =2.0.0", "more than a 'v' before a full version", 5},
      {"1 -2", "expected a version", 3},
      {"1- 2", "a character that is not allowed", 2},
      {"1 -", "expected a version", 3},
      {"- 1", "expected a version", 1},
      {"1 - || 2", "expected a version", 5},
      {">1 - 2", "expected a version", 1},
      {"^1 - 2", "expected a version", 1},
      {"1 2 - 3", "expected '-'", 3},
      {"1 -2 - 3", "expected '-'", 3},
      {"~ > >1", "expected a version", 5},
      {"~>>1", "expected a version", 3},
      {"1 - 2 3", "expected '||' or the end", 7},
      /* npm takes these, and means something else than it seems. */
      {"1.2.3*", "a character that is not allowed", 6},
      {"**", "a character that is not allowed", 2},
      {"+build", "expected a version", 1},
      {"1.2.3+a+b", "a character that is not allowed", 8},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    mri_range range;
    char expected[200];
    for (int all = 0; all <= 1; all++) {
      mr_error error = MR_ERROR_INIT;
      mr_status status = mri_range_parse(table[i].text, all == 1, &range, &error);
      if (status != MR_INVALID_ARGUMENT)
        fail_msg("'%s': %s", table[i].text, mr_status_name(status));
      (void)snprintf(expected, sizeof expected, ": %s at column %d", table[i].why, table[i].column);
      if (strstr(error.message, expected) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.message, expected);
    }
  }
  assert_int_equal(mri_range_parse(NULL, PLAIN, &(mri_range){0}, NULL), MR_INVALID_ARGUMENT);
}

static void assert_limit(const char *text, bool all) {
  mri_range range;
  mr_error error = MR_ERROR_INIT;
  mr_status status = mri_range_parse(text, all, &range, &error);
  if (status != MR_LIMIT) fail_msg("'%s': %s", text, mr_status_name(status));
  assert_non_null(strstr(error.message, "9007199254740991"));
}

static void test_limits_of_numbers(void **state) {
  (void)state;
  static const char *const above[] = {
      "9007199254740992",          "99999999999999999999999999999999.0.0",
      "1.0.9007199254740992",      ">9007199254740991",
      "<=9007199254740991",        "9007199254740991",
      "^9007199254740991.0.0",     "~1.9007199254740991.3",
      "^0.0.9007199254740991",     "1 - 9007199254740991",
      "1 || 2 >=9007199254740992", "<9007199254740992.1.1",
  };
  for (size_t i = 0; i < sizeof above / sizeof above[0]; i++) {
    assert_limit(above[i], PLAIN);
    assert_limit(above[i], INCLUDE);
  }
  assert_format(">=9007199254740991.0.0", PLAIN, ">=9007199254740991.0.0");
  assert_format("<9007199254740991", PLAIN, "<9007199254740991.0.0-0");
  assert_format("~1.2.9007199254740991", PLAIN, ">=1.2.9007199254740991 <1.3.0-0");
  /* A number that means nothing is not looked at, as in npm. */
  assert_format("^x.99999999999999999999", PLAIN, "*");
  assert_format("^1.x.99999999999999999999", PLAIN, ">=1.0.0 <2.0.0-0");
  /* Including prereleases, the end is one higher. */
  assert_format("1 - 1.2.9007199254740991", PLAIN, ">=1.0.0 <=1.2.9007199254740991");
  assert_limit("1 - 1.2.9007199254740991", INCLUDE);
  assert_limit("9007199254740992 - 9007199254740993", PLAIN);
}

static void test_limit_of_length(void **state) {
  (void)state;
  char text[MRI_RANGE_MAX + 2];
  mr_error error = MR_ERROR_INIT;
  mri_range range;
  /* As many alternatives as fit, each of its own. */
  size_t size = 0;
  for (int i = 0; size + 3 <= MRI_RANGE_MAX; i++) {
    text[size++] = (char)('1' + i % 9);
    text[size++] = '|';
    text[size++] = '|';
  }
  text[size++] = '7';
  assert_int_equal(size, MRI_RANGE_MAX);
  text[size] = '\0';
  range = range_of(text, PLAIN);
  assert_int_equal(range.count, MRI_RANGE_INTERVALS);
  text[size++] = ' ';
  text[size] = '\0';
  assert_int_equal(mri_range_parse(text, PLAIN, &range, &error), MR_LIMIT);
  assert_non_null(strstr(error.message, "256 bytes"));
  /* Bars alone are as many alternatives, all of them everything. */
  memset(text, '|', MRI_RANGE_MAX);
  text[MRI_RANGE_MAX] = '\0';
  assert_format(text, PLAIN, "*");
  /* Prereleases that take all the room there is, in one piece and in many. */
  memset(text, 'a', MRI_RANGE_MAX);
  memcpy(text, "1.2.3-", 6);
  assert_format(text, PLAIN, text);
  size = 0;
  while (size + 8 <= MRI_RANGE_MAX) {
    memcpy(text + size, "1.0.0-a ", 8);
    size += 8;
  }
  text[size] = '\0';
  assert_format(text, PLAIN, "1.0.0-a");
  assert_true(matches(text, PLAIN, "1.0.0-a"));
}

/* Any bytes give a status and stay within their bounds; what is accepted can be used. */
static void test_random_bytes(void **state) {
  (void)state;
  static const char *const pieces[] = {
      "0",   "1", "2",  "10", ".",  ".",    ".", ".", " ",     " ",       "||", "-",
      "+",   "x", "*",  "v",  "^",  "~",    "<", ">", "=",     "a",       "rc", "-0",
      " - ", "|", "\t", "\n", "\1", "\xff", "9", "Z", "1.2.3", "\xc2\xa0"};
  uint64_t seed = 20240611;
  mri_semver probe = version_of("1.2.3-rc.1");
  int accepted = 0;
  for (int i = 0; i < 300000; i++) {
    /* On the heap, at its length: reading one byte too far is found. */
    char text[MRI_RANGE_MAX + 8] = "";
    size_t size = 0;
    for (uint32_t n = unit_random(&seed, i % 50 == 0 ? 160 : 9); n > 0; n--) {
      const char *piece = pieces[unit_random(&seed, sizeof pieces / sizeof pieces[0])];
      size_t room = sizeof text - 1 - size;
      size_t take = strlen(piece) < room ? strlen(piece) : room;
      memcpy(text + size, piece, take);
      size += take;
    }
    char *exact = malloc(size + 1);
    assert_non_null(exact);
    memcpy(exact, text, size);
    exact[size] = '\0';
    mri_range range;
    mr_error error = MR_ERROR_INIT;
    mr_status status = mri_range_parse(exact, i % 2 == 1, &range, &error);
    free(exact);
    assert_true(status == MR_OK || status == MR_INVALID_ARGUMENT || status == MR_LIMIT);
    if (status != MR_OK) {
      assert_true(error.message[0] != '\0');
      continue;
    }
    accepted++;
    assert_true(range.count > 0 && range.count <= MRI_RANGE_INTERVALS);
    /* Including prereleases never leaves a version out that would be in without. */
    mri_range wide;
    if (mri_range_parse(text, true, &wide, NULL) == MR_OK && mri_range_matches(&range, &probe))
      assert_true(mri_range_matches(&wide, &probe));
  }
  assert_true(accepted > 20000);
}

static bool format_once(void *ctx) {
  mri_str out;
  mri_str_init(&out, mri_mem_default());
  mri_range_format(ctx, &out);
  bool worked = mri_str_text(&out) != NULL;
  mri_str_free(&out);
  return worked;
}

static void test_format_without_memory(void **state) {
  (void)state;
  mri_range range = range_of(">=1.2 <2 || 3 || ^4.5.6-a-long-name-of-a-prerelease || ~7", PLAIN);
  assert_true(unit_fail_allocations(format_once, &range) >= 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_ranges_mean),
      cmocka_unit_test(test_formats_what_it_reads),
      cmocka_unit_test(test_releases),
      cmocka_unit_test(test_prereleases),
      cmocka_unit_test(test_great_prerelease_numbers),
      cmocka_unit_test(test_what_is_no_range),
      cmocka_unit_test(test_limits_of_numbers),
      cmocka_unit_test(test_limit_of_length),
      cmocka_unit_test(test_random_bytes),
      cmocka_unit_test(test_format_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
