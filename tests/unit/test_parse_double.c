/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "unit_test.h"

#include <locale.h>
#include <math.h>
#include <sys/wait.h>

static bool same_bits(double a, double b) {
  return memcmp(&a, &b, sizeof a) == 0;
}

static void expect(const char *text, double expected) {
  double got = 42;
  if (!mri_parse_double(text, strlen(text), &got) || !same_bits(got, expected))
    fail_msg("\"%s\" gave %a, not %a", text, got, expected);
}

static void refuse(const char *text, size_t size) {
  double got = 42;
  if (mri_parse_double(text, size, &got) || got != 42) fail_msg("\"%s\" was taken", text);
}

static void test_numbers(void **state) {
  (void)state;
  expect("0", 0.0);
  expect("-0", -0.0);
  expect("-0.0e5", -0.0);
  expect("12", 12.0);
  expect("+12.5", 12.5);
  expect(".5", 0.5);
  expect("5.", 5.0);
  expect("-.5e1", -5.0);
  expect("1e3", 1000.0);
  expect("1E+3", 1000.0);
  expect("1e-3", 0.001);
  expect(" \t\n\v\f\r 7 \r\n", 7.0);
  expect("00000000000000000000000000000123", 123.0);
  expect("0.1", 0.1);
  expect("1234567.0000000000000000000000000000000", 1234567.0);
}

static void test_special_values(void **state) {
  (void)state;
  double got = 0;
  expect("inf", (double)INFINITY);
  expect("-Inf", -(double)INFINITY);
  expect(" +INFINITY ", (double)INFINITY);
  assert_true(mri_parse_double("NaN", 3, &got) && isnan(got));
  assert_true(mri_parse_double("-nan", 4, &got) && isnan(got));
}

static void test_everything_else_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",    " ",     ".",         "-",    "+",    "e5",     ".e5",     "1e",   "1e+",
      "1e-", "--1",   "+-1",       "- 1",  "1 2",  "1x",     "x1",      "0x10", "0x",
      "1,5", "1.5.2", "in",        "infx", "infi", "nan(1)", "nanx",    "1e5.", "1_000",
      "1'0", "1e 5",  "\302\2401", "1f",   "1d0",  "1p3",    "infinit", "1..",  "\xd9\xa1"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) refuse(bad[i], strlen(bad[i]));
  refuse("1\0", 2);
  refuse("1\0002", 3);
  refuse("1", 0);
}

static void test_size_ends_the_number(void **state) {
  (void)state;
  double got = 0;
  static const char bytes[3] = {'1', 'e', '5'};
  char *text = malloc(sizeof bytes); /* no NUL: reading on would be seen */
  assert_non_null(text);
  memcpy(text, bytes, sizeof bytes);
  assert_true(mri_parse_double(text, 3, &got) && got == 1e5);
  refuse(text, 2);
  assert_true(mri_parse_double(text, 1, &got) && got == 1.0);
  free(text);
}

static void test_range_ends(void **state) {
  (void)state;
  expect("1.7976931348623157e308", 1.7976931348623157e308);
  expect("1.7976931348623158e308", 1.7976931348623157e308);
  expect("1.7976931348623159e308", (double)INFINITY);
  expect("-1e400", -(double)INFINITY);
  expect("1e99999999999999999999999999", (double)INFINITY);
  expect("1e-99999999999999999999999999", 0.0);
  expect("-1e-99999999999999999999999999", -0.0);
  expect("0e99999999999999999999999999", 0.0);
  expect("4.9406564584124654e-324", 4.9406564584124654e-324);
  expect("2.4703282292062327e-324", 0.0);
  expect("2.4703282292062328e-324", 4.9406564584124654e-324);
}

/* Digits far behind decide a tie; long runs of zeros and the exponent cancel out. */
static void test_long_digits_are_exact(void **state) {
  (void)state;
  enum { ZEROS = 5000 };
  static const char tie[] = "1.00000000000000011102230246251565404236316680908203125";
  static char text[2 * ZEROS];
  expect(tie, 1.0);
  (void)snprintf(text, sizeof text, "%s%0*d", tie, ZEROS, 0);
  expect(text, 1.0);
  (void)snprintf(text, sizeof text, "%s%0*d", tie, ZEROS, 1);
  expect(text, 1.0000000000000002);
  (void)snprintf(text, sizeof text, "0.%0*de%d", ZEROS, 15, ZEROS);
  expect(text, 15.0);
  (void)snprintf(text, sizeof text, "15%0*de-%d", ZEROS, 0, ZEROS);
  expect(text, 15.0);
  (void)snprintf(text, sizeof text, "0.%0*d", ZEROS, 1);
  expect(text, 0.0);
}

static uint64_t next_random(uint64_t *seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  *seed ^= *seed << 17;
  return *seed;
}

static double random_double(uint64_t *seed) {
  for (;;) {
    uint64_t bits = next_random(seed);
    double value = 0;
    memcpy(&value, &bits, sizeof value);
    if (isfinite(value)) return value;
  }
}

static void check_round_trips(int count) {
  uint64_t seed = 0x9e3779b97f4a7c15u;
  for (int i = 0; i < count; i++) {
    double value =
        i % 2 == 0 ? random_double(&seed) : (double)(next_random(&seed) % 1000000) / 1000;
    double back = 0;
    mri_str str;
    mri_str_init(&str, mri_mem_default());
    mri_str_add_double(&str, value);
    assert_null(strchr(mri_str_text(&str), ','));
    if (!mri_parse_double(str.data, str.size, &back) || !same_bits(back, value))
      fail_msg("%s is not %a", str.data, value);
    mri_str_free(&str);
  }
}

static void test_doubles_round_trip(void **state) {
  (void)state;
  check_round_trips(200000);
}

/* strtod in the "C" locale is the reference. */
static void test_random_text_agrees_with_strtod(void **state) {
  (void)state;
  static const char alphabet[] = "0123456789015.e-+";
  uint64_t seed = 88172645463325252u;
  int taken = 0;
  for (int i = 0; i < 300000; i++) {
    char text[24];
    size_t size = 1 + (size_t)(next_random(&seed) % 20);
    for (size_t k = 0; k < size; k++)
      text[k] = alphabet[next_random(&seed) % (sizeof alphabet - 1)];
    text[size] = '\0';
    char *end = NULL;
    double expected = strtod(text, &end);
    double got = 0;
    bool valid = mri_parse_double(text, size, &got);
    if (valid != (end == text + size) || (valid && !same_bits(got, expected)))
      fail_msg("\"%s\" gave %a, not %a", text, got, expected);
    taken += valid;
  }
  assert_true(taken > 1000);
}

/* This program may run on an emulator, localedef does not. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define BYTE_ORDER_OPTION "--big-endian"
#else
#define BYTE_ORDER_OPTION "--little-endian"
#endif

/* Builds a locale whose decimal point is a comma; no machine is sure to have one. */
static bool make_comma_locale(const unit_dir *dir) {
  char source[128];
  char target[128];
  (void)snprintf(source, sizeof source, "%s/comma.src", dir->path);
  (void)snprintf(target, sizeof target, "%s/comma", dir->path);
  static const char text[] = "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \".\"\n"
                             "grouping 3;3\nEND LC_NUMERIC\n";
  FILE *file = fopen(source, "w");
  assert_non_null(file);
  assert_int_equal(fputs(text, file) >= 0, 1);
  assert_int_equal(fclose(file), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0) _exit(127);
    (void)execlp("localedef", "localedef", BYTE_ORDER_OPTION, "-c", "-i", source, "-f", "/dev/null",
                 target, (char *)NULL);
    _exit(127);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(setenv("LOCPATH", dir->path, 1), 0);
  return setlocale(LC_NUMERIC, "comma") != NULL;
}

static void test_the_locale_does_not_matter(void **state) {
  (void)state;
  unit_dir dir;
  unit_dir_make(&dir);
  bool made = make_comma_locale(&dir);
  if (made) {
    char text[16];
    (void)snprintf(text, sizeof text, "%.1f", 1.5);
    assert_string_equal(text, "1,5");
    expect("1.5", 1.5);
    expect("-12345.75e2", -1234575.0);
    refuse("1,5", 3);
    check_round_trips(20000);
    assert_non_null(setlocale(LC_NUMERIC, "C"));
  }
  unit_dir_remove(&dir);
  if (!made) skip();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_special_values),
      cmocka_unit_test(test_everything_else_is_refused),
      cmocka_unit_test(test_size_ends_the_number),
      cmocka_unit_test(test_range_ends),
      cmocka_unit_test(test_long_digits_are_exact),
      cmocka_unit_test(test_doubles_round_trip),
      cmocka_unit_test(test_random_text_agrees_with_strtod),
      cmocka_unit_test(test_the_locale_does_not_matter),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
