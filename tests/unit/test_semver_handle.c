/* SPDX-License-Identifier: Apache-2.0 */
/* Versions and ranges as handles. What versions and ranges mean is tested with src/semver. */
#include "unit_test.h"

#include <modelreg/modelreg.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static mr_semver *parse(const char *text) {
  mr_semver *semver = NULL;
  mr_error error = MR_ERROR_INIT;
  mr_status status = mr_semver_parse(text, &semver, &error);
  if (status != MR_OK) fail_msg("\"%s\": %s", text, error.message);
  return semver;
}

static mr_semver_range *parse_range(const char *text, mr_range_flags flags) {
  mr_semver_range *range = NULL;
  mr_error error = MR_ERROR_INIT;
  mr_status status = mr_semver_range_parse(text, flags, &range, &error);
  if (status != MR_OK) fail_msg("\"%s\": %s", text, error.message);
  return range;
}

/* The failure has this status and a message with this word. */
static void says(mr_status status, mr_status expected, const mr_error *error, const char *word) {
  if (status != expected || error->status != expected || strstr(error->message, word) == NULL)
    fail_msg("%s instead of %s: %s", mr_status_name(status), mr_status_name(expected),
             error->message);
}

static void nothing_left(void) {
  assert_int_equal(mri_mem_live(), 0);
}

static void parts_of_a_version(void **state) {
  (void)state;
  mr_semver *semver = parse("1.20.300-rc.1+5f2c.x");
  const mr_semver_record *record = mr_semver_info(semver);
  assert_int_equal(record->struct_size, sizeof *record);
  assert_int_equal(record->reserved, 0);
  assert_int_equal(record->major, 1);
  assert_int_equal(record->minor, 20);
  assert_int_equal(record->patch, 300);
  assert_string_equal(record->prerelease, "rc.1");
  assert_string_equal(record->build, "5f2c.x");
  assert_string_equal(record->number, "1.20.300-rc.1+5f2c.x");
  mr_semver_free(semver);
  semver = parse("0.0.9007199254740991");
  record = mr_semver_info(semver);
  assert_true(record->patch == INT64_C(9007199254740991));
  assert_null(record->prerelease);
  assert_null(record->build);
  assert_string_equal(record->number, "0.0.9007199254740991");
  mr_semver_free(semver);
  nothing_left();
}

static void text_that_is_no_version(void **state) {
  (void)state;
  static const char *const malformed[] = {
      "",       "1",      "1.2",      "v1.2.3", "1.2.3 ", "01.2.3",         "1.2.3-",
      "-1.2.3", "1.2.3+", "1.2.3-01", "1.2.x",  "^1.2.3", "1.2.3-\xc3\xa9", "1.2.3\n"};
  mr_semver *semver = NULL;
  for (size_t i = 0; i < COUNT(malformed); i++) {
    mr_error error = MR_ERROR_INIT;
    says(mr_semver_parse(malformed[i], &semver, &error), MR_INVALID_ARGUMENT, &error,
         "is not a semantic version");
    assert_null(semver);
    assert_int_equal(mr_semver_parse(malformed[i], &semver, NULL), MR_INVALID_ARGUMENT);
  }
  mr_error error = MR_ERROR_INIT;
  says(mr_semver_parse("1.2.9007199254740992", &semver, &error), MR_LIMIT, &error, "patch");
  char text[400] = "1.2.3-";
  memset(text + 6, 'a', 250);
  mr_semver_free(parse(text)); /* 256 bytes */
  text[256] = 'a';
  says(mr_semver_parse(text, &semver, &error), MR_LIMIT, &error, "longer than 256 bytes");
  says(mr_semver_parse(NULL, &semver, &error), MR_INVALID_ARGUMENT, &error, "version is NULL");
  says(mr_semver_parse("1.2.3", NULL, &error), MR_INVALID_ARGUMENT, &error, "out_semver is NULL");
  assert_null(semver);
  nothing_left();
}

static mr_buffer *key_of(const mr_semver *semver) {
  mr_buffer *key = NULL;
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(mr_semver_key(semver, &key, &error), MR_OK);
  return key;
}

static int sign(int value) {
  return (value > 0) - (value < 0);
}

static int compare_keys(const mr_buffer *a, const mr_buffer *b) {
  size_t x = mr_buffer_size(a);
  size_t y = mr_buffer_size(b);
  int order = sign(memcmp(mr_buffer_data(a), mr_buffer_data(b), x < y ? x : y));
  return order != 0 ? order : (x > y) - (x < y);
}

static void order_of_versions(void **state) {
  (void)state;
  static const char *const ordered[] = {
      "0.0.0-0",       "0.0.0",         "0.0.255",        "0.0.256",
      "0.9.0",         "0.10.0",        "1.0.0-0",        "1.0.0-alpha",
      "1.0.0-alpha.1", "1.0.0-alpha.2", "1.0.0-alpha.10", "1.0.0-alpha.beta",
      "1.0.0-alpha0",  "1.0.0-rc.9",    "1.0.0-rc.10",    "1.0.0-rc.10.0",
      "1.0.0",         "1.0.1",         "2.0.0",          "9007199254740991.0.0",
  };
  mr_semver *semvers[COUNT(ordered)];
  mr_buffer *keys[COUNT(ordered)];
  for (size_t i = 0; i < COUNT(ordered); i++) {
    semvers[i] = parse(ordered[i]);
    keys[i] = key_of(semvers[i]);
    assert_true(mr_buffer_size(keys[i]) <= 538);
  }
  for (size_t i = 0; i < COUNT(ordered); i++) {
    for (size_t j = 0; j < COUNT(ordered); j++) {
      int expected = (i > j) - (i < j);
      assert_int_equal(mr_semver_compare(semvers[i], semvers[j]), expected);
      assert_int_equal(compare_keys(keys[i], keys[j]), expected);
    }
    assert_int_equal(mr_semver_compare(semvers[i], NULL), 1);
    assert_int_equal(mr_semver_compare(NULL, semvers[i]), -1);
  }
  assert_int_equal(mr_semver_compare(NULL, NULL), 0);
  for (size_t i = 0; i < COUNT(ordered); i++) {
    mr_semver_free(semvers[i]);
    mr_buffer_free(keys[i]);
  }
  mr_semver *a = parse("1.0.0-rc.1+a");
  mr_semver *b = parse("1.0.0-rc.1+b.2");
  mr_buffer *key_a = key_of(a);
  mr_buffer *key_b = key_of(b);
  assert_int_equal(mr_semver_compare(a, b), 0);
  assert_int_equal(compare_keys(key_a, key_b), 0);
  mr_buffer_free(key_a);
  mr_buffer_free(key_b);
  mr_semver_free(a);
  mr_semver_free(b);
  nothing_left();
}

/* Databases of others hold these bytes. */
static void keys_never_change(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *key;
    size_t size;
  } rows[] = {
      {"0.0.0", "\0\0\0\3", 4},
      {"1.2.3+build", "\1\1\1\2\1\3\3", 7},
      {"256.0.65535", "\2\1\0\0\2\xff\xff\3", 8},
      {"1.0.0-rc.10",
       "\1\1\0\0\2rc\0\1\2"
       "10\0",
       13},
      {"1.0.0-0",
       "\1\1\0\0\1\1"
       "0\0",
       8},
      {"9007199254740991.0.0", "\7\x1f\xff\xff\xff\xff\xff\xff\0\0\3", 11},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    mr_semver *semver = parse(rows[i].text);
    mr_buffer *key = key_of(semver);
    assert_int_equal(mr_buffer_size(key), rows[i].size);
    assert_memory_equal(mr_buffer_data(key), rows[i].key, rows[i].size);
    mr_buffer_free(key);
    mr_semver_free(semver);
  }
  nothing_left();
}

static void raising_a_part(void **state) {
  (void)state;
  static const struct {
    const char *from;
    mr_bump part;
    const char *id;
    const char *to;
  } rows[] = {
      {"1.2.3+b", MR_BUMP_MAJOR, NULL, "2.0.0"},
      {"1.2.3", MR_BUMP_MINOR, NULL, "1.3.0"},
      {"1.2.3", 0, NULL, "1.3.0"},
      {"1.2.3", MR_BUMP_PATCH, NULL, "1.2.4"},
      {"1.2.3-rc.1", MR_BUMP_PATCH, NULL, "1.2.3"},
      {"2.0.0-rc.1", MR_BUMP_MAJOR, NULL, "2.0.0"},
      {"1.2.3", MR_BUMP_PRERELEASE, NULL, "1.2.4-0"},
      {"1.2.3", MR_BUMP_PRERELEASE, "rc", "1.2.4-rc.0"},
      {"1.2.4-rc.0", MR_BUMP_PRERELEASE, "rc", "1.2.4-rc.1"},
      {"1.2.4-rc.1", MR_BUMP_PRERELEASE, NULL, "1.2.4-rc.2"},
      {"1.2.4-rc.1", MR_BUMP_PRERELEASE, "beta", "1.2.4-beta.0"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    mr_semver *from = parse(rows[i].from);
    mr_semver *next = NULL;
    mr_error error = MR_ERROR_INIT;
    assert_int_equal(mr_semver_bump(from, rows[i].part, rows[i].id, &next, &error), MR_OK);
    assert_string_equal(mr_semver_info(from)->number, rows[i].from);
    mr_semver_free(from); /* the other one lives on */
    assert_string_equal(mr_semver_info(next)->number, rows[i].to);
    mr_semver_free(next);
  }
  nothing_left();
}

static void parts_that_cannot_be_raised(void **state) {
  (void)state;
  mr_semver *semver = parse("9007199254740991.0.0");
  mr_semver *next = NULL;
  mr_error error = MR_ERROR_INIT;
  says(mr_semver_bump(semver, MR_BUMP_MAJOR, NULL, &next, &error), MR_LIMIT, &error, "major");
  says(mr_semver_bump(semver, 5, NULL, &next, &error), MR_INVALID_ARGUMENT, &error, "part 5");
  says(mr_semver_bump(semver, -1, NULL, &next, &error), MR_INVALID_ARGUMENT, &error, "part -1");
  says(mr_semver_bump(semver, INT32_MIN, NULL, &next, &error), MR_INVALID_ARGUMENT, &error, "part");
  says(mr_semver_bump(semver, MR_BUMP_MINOR, "rc", &next, &error), MR_INVALID_ARGUMENT, &error,
       "prerelease_id goes with a bump of the prerelease");
  says(mr_semver_bump(semver, MR_BUMP_PRERELEASE, "r c", &next, &error), MR_INVALID_ARGUMENT,
       &error, "'r c'");
  says(mr_semver_bump(semver, MR_BUMP_PRERELEASE, "", &next, &error), MR_INVALID_ARGUMENT, &error,
       "prerelease_id is empty");
  char id[300] = "";
  memset(id, 'a', 250);
  says(mr_semver_bump(semver, MR_BUMP_PRERELEASE, id, &next, &error), MR_LIMIT, &error, "256");
  id[250] = 'a';
  says(mr_semver_bump(semver, MR_BUMP_PRERELEASE, id, &next, &error), MR_LIMIT, &error,
       "prerelease_id");
  says(mr_semver_bump(NULL, MR_BUMP_MINOR, NULL, &next, &error), MR_INVALID_ARGUMENT, &error,
       "semver is NULL");
  says(mr_semver_bump(semver, MR_BUMP_MINOR, NULL, NULL, &error), MR_INVALID_ARGUMENT, &error,
       "out_semver is NULL");
  mr_buffer *key = NULL;
  says(mr_semver_key(NULL, &key, &error), MR_INVALID_ARGUMENT, &error, "semver is NULL");
  says(mr_semver_key(semver, NULL, &error), MR_INVALID_ARGUMENT, &error, "out_key is NULL");
  assert_null(next);
  assert_null(key);
  mr_semver_free(semver);
  nothing_left();
}

static void ranges(void **state) {
  (void)state;
  static const struct {
    const char *text;
    mr_range_flags flags;
    const char *comparisons;
    const char *inside;
    const char *outside;
  } rows[] = {
      {"^1.2", 0, ">=1.2.0 <2.0.0-0", "1.9.9", "2.0.0"},
      {"~1.4.0", 0, ">=1.4.0 <1.5.0-0", "1.4.9+b", "1.5.0"},
      {"1.x || 3.1.4", 0, ">=1.0.0 <2.0.0-0 || 3.1.4", "3.1.4+b", "3.1.5"},
      {"", 0, "*", "0.0.0", "0.0.1-rc"},
      {"*", MR_RANGE_PRERELEASES, "*", "0.0.1-rc", NULL},
      {"^1.2.3-rc.1", 0, ">=1.2.3-rc.1 <2.0.0-0", "1.2.3-rc.2", "1.2.4-rc.2"},
      {"^1.2.3-rc.1", MR_RANGE_PRERELEASES, ">=1.2.3-rc.1 <2.0.0-0", "1.2.4-rc.2", "2.0.0-rc.1"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    mr_semver_range *range = parse_range(rows[i].text, rows[i].flags);
    const mr_semver_range_record *record = mr_semver_range_info(range);
    assert_int_equal(record->struct_size, sizeof *record);
    assert_int_equal(record->flags, rows[i].flags);
    assert_string_equal(record->text, rows[i].text);
    assert_string_equal(record->comparisons, rows[i].comparisons);
    mr_semver *inside = parse(rows[i].inside);
    assert_int_equal(mr_semver_range_matches(range, inside), 1);
    assert_int_equal(mr_semver_range_matches(range, NULL), 0);
    assert_int_equal(mr_semver_range_matches(NULL, inside), 0);
    mr_semver_free(inside);
    mr_semver *outside = rows[i].outside == NULL ? NULL : parse(rows[i].outside);
    assert_int_equal(mr_semver_range_matches(range, outside), 0);
    mr_semver_free(outside);
    mr_semver_range_free(range);
  }
  nothing_left();
}

/* Alternatives as short as they get: what they mean takes much more room. */
static void the_longest_range(void **state) {
  (void)state;
  char text[300] = "1";
  for (size_t at = 1; at + 3 <= 256; at += 3) memcpy(text + at, "||2", 4);
  assert_int_equal(strlen(text), 256);
  mr_semver_range *range = parse_range(text, 0);
  assert_true(strlen(mr_semver_range_info(range)->comparisons) > 1500);
  mr_semver *semver = parse("2.7.0");
  assert_int_equal(mr_semver_range_matches(range, semver), 1);
  mr_semver_free(semver);
  mr_semver_range_free(range);
  range = NULL;
  mr_error error = MR_ERROR_INIT;
  memcpy(text + 256, " ", 2);
  says(mr_semver_range_parse(text, 0, &range, &error), MR_LIMIT, &error, "256");
  says(mr_semver_range_parse("^1.", 0, &range, &error), MR_INVALID_ARGUMENT, &error, "^1.");
  says(mr_semver_range_parse("<=9007199254740991", 0, &range, &error), MR_LIMIT, &error, "");
  says(mr_semver_range_parse("1", 2, &range, &error), MR_INVALID_ARGUMENT, &error, "flags 0x2");
  says(mr_semver_range_parse("1", UINT32_MAX, &range, &error), MR_INVALID_ARGUMENT, &error,
       "flags");
  says(mr_semver_range_parse(NULL, 0, &range, &error), MR_INVALID_ARGUMENT, &error,
       "range is NULL");
  says(mr_semver_range_parse("1", 0, NULL, &error), MR_INVALID_ARGUMENT, &error,
       "out_range is NULL");
  assert_null(range);
  nothing_left();
}

static void the_highest_of_several(void **state) {
  (void)state;
  static const char *const versions[] = {"1.2.0",      "1.10.0+first", "1.9.0", "1.10.0+second",
                                         "2.0.0-rc.1", "2.0.0",        "0.1.0"};
  mr_semver_range *range = parse_range("^1.2", 0);
  mr_semver *semver = NULL;
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(mr_semver_range_highest(range, versions, COUNT(versions), &semver, &error),
                   MR_OK);
  assert_string_equal(mr_semver_info(semver)->number, "1.10.0+first");
  mr_semver_free(semver);
  semver = NULL;
  says(mr_semver_range_highest(range, versions + 4, 3, &semver, &error), MR_NOT_FOUND, &error,
       "none of 3 versions is in the range '^1.2'");
  says(mr_semver_range_highest(range, NULL, 0, &semver, &error), MR_NOT_FOUND, &error,
       "none of 0 versions");
  static const char *const malformed[] = {"1.2.0", "1.2.x", "1.3.0"};
  says(mr_semver_range_highest(range, malformed, 3, &semver, &error), MR_INVALID_ARGUMENT, &error,
       "versions[1]: '1.2.x'");
  static const char *const missing[] = {"1.2.0", "1.2.1", NULL};
  says(mr_semver_range_highest(range, missing, 3, &semver, &error), MR_INVALID_ARGUMENT, &error,
       "versions[2]: ");
  static const char *const large[] = {"1.9007199254740992.0"};
  says(mr_semver_range_highest(range, large, 1, &semver, &error), MR_LIMIT, &error,
       "versions[0]: ");
  says(mr_semver_range_highest(range, NULL, 1, &semver, &error), MR_INVALID_ARGUMENT, &error,
       "versions is NULL");
  says(mr_semver_range_highest(NULL, versions, 1, &semver, &error), MR_INVALID_ARGUMENT, &error,
       "semver_range is NULL");
  says(mr_semver_range_highest(range, versions, 1, NULL, &error), MR_INVALID_ARGUMENT, &error,
       "out_semver is NULL");
  assert_null(semver);
  mr_semver_range_free(range);
  nothing_left();
}

/* Everything that allocates, one after the other; false at the first that ran out of memory. */
static bool use_all(void *ctx) {
  static const char *const versions[] = {"1.2.0", "1.3.0"};
  mr_semver *semver = NULL;
  mr_semver *next = NULL;
  mr_semver *highest = NULL;
  mr_semver_range *range = NULL;
  mr_buffer *key = NULL;
  mr_error error = MR_ERROR_INIT;
  (void)ctx;
  mr_status status = mr_semver_parse("1.2.3-rc.1+b", &semver, &error);
  if (status == MR_OK) status = mr_semver_bump(semver, MR_BUMP_PATCH, NULL, &next, &error);
  if (status == MR_OK) status = mr_semver_key(semver, &key, &error);
  if (status == MR_OK) status = mr_semver_range_parse("^1.2 || 3", 0, &range, &error);
  if (status == MR_OK) status = mr_semver_range_highest(range, versions, 2, &highest, &error);
  if (status != MR_OK) {
    assert_int_equal(status, MR_NO_MEMORY);
    assert_string_equal(error.message, "out of memory");
    assert_null(highest);
  }
  mr_semver_free(semver);
  mr_semver_free(next);
  mr_semver_free(highest);
  mr_semver_range_free(range);
  mr_buffer_free(key);
  return status == MR_OK;
}

static void memory_that_runs_out(void **state) {
  (void)state;
  assert_true(unit_fail_allocations(use_all, NULL) >= 8);
  mr_semver_free(NULL);
  mr_semver_range_free(NULL);
  assert_null(mr_semver_info(NULL));
  assert_null(mr_semver_range_info(NULL));
  nothing_left();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parts_of_a_version),
      cmocka_unit_test(text_that_is_no_version),
      cmocka_unit_test(order_of_versions),
      cmocka_unit_test(keys_never_change),
      cmocka_unit_test(raising_a_part),
      cmocka_unit_test(parts_that_cannot_be_raised),
      cmocka_unit_test(ranges),
      cmocka_unit_test(the_longest_range),
      cmocka_unit_test(the_highest_of_several),
      cmocka_unit_test(memory_that_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
