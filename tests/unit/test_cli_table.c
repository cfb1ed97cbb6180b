/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"

#include "cli/cli_color.h"
#include "cli/cli_memory.h"
#include "cli/cli_table.h"
#include "cli/cli_text.h"

#define CHINESE  "\xE6\xB3\xA8\xE5\x86\x8C"
#define ELLIPSIS "\xE2\x80\xA6"

/* What a table prints, in memory of its own. */
static char *print_table(cli_table *table, size_t indent, size_t width) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  assert_non_null(out);
  cli_table_print(table, out, indent, width);
  assert_int_equal(fclose(out), 0);
  return text;
}

static void expect_table(cli_table *table, size_t indent, size_t width, const char *expected) {
  char *text = print_table(table, indent, width);
  assert_string_equal(text, expected);
  free(text);
}

static void expect_printable(const char *text, const char *expected) {
  char *printable = cli_printable(text);
  assert_string_equal(printable, expected);
  cli_free(printable);
  char *put = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&put, &size);
  assert_non_null(out);
  cli_put(out, text);
  assert_int_equal(fclose(out), 0);
  assert_string_equal(put, expected);
  free(put);
}

static void test_lines_up(void **state) {
  (void)state;
  static const cli_column columns[] = {{"NAME", CLI_LEFT}, {"SIZE", CLI_RIGHT}, {"BY", CLI_LEFT}};
  cli_table table = cli_table_new(columns, 3);
  cli_table_text(&table, "a");
  cli_table_int(&table, 5);
  cli_table_text(&table, NULL);
  cli_table_text(&table, "longer name");
  cli_table_int(&table, -1234567);
  cli_table_text(&table, "me");
  expect_table(&table, 2, 0,
               "  NAME             SIZE  BY\n"
               "  a                   5\n"
               "  longer name  -1234567  me\n");
}

static void test_counts_columns_of_wide_and_combining_characters(void **state) {
  (void)state;
  static const cli_column columns[] = {{"NAME", CLI_LEFT}, {"X", CLI_LEFT}};
  cli_table table = cli_table_new(columns, 2);
  cli_table_text(&table, CHINESE);
  cli_table_text(&table, "1");
  cli_table_text(&table, "e\xCC\x81"
                         "clair");
  cli_table_text(&table, "2");
  cli_table_text(&table, "\xF0\x9F\x9A\x80");
  cli_table_text(&table, "3");
  expect_table(&table, 0, 0,
               "NAME    X\n" CHINESE "    1\n"
               "e\xCC\x81"
               "clair  2\n"
               "\xF0\x9F\x9A\x80      3\n");
}

static void test_width_of_characters(void **state) {
  (void)state;
  assert_int_equal(cli_char_width('a'), 1);
  assert_int_equal(cli_char_width(0xE9), 1);
  assert_int_equal(cli_char_width(0x301), 0);
  assert_int_equal(cli_char_width(0x36F), 0);
  assert_int_equal(cli_char_width(0x370), 1);
  assert_int_equal(cli_char_width(0x200D), 0);
  assert_int_equal(cli_char_width(0x1100), 2);
  assert_int_equal(cli_char_width(0x1161), 0);
  assert_int_equal(cli_char_width(0x3042), 2);
  assert_int_equal(cli_char_width(0xAC00), 2);
  assert_int_equal(cli_char_width(0xFF21), 2);
  assert_int_equal(cli_char_width(0xFF71), 1);
  assert_int_equal(cli_char_width(0x1F680), 2);
  assert_int_equal(cli_char_width(0x20000), 2);
  assert_int_equal(cli_char_width(0xE0100), 0);
  assert_int_equal(cli_char_width(0x10FFFF), 1);
}

static void test_nothing_steers_the_terminal(void **state) {
  (void)state;
  expect_printable("plain \xC3\xA9 " CHINESE, "plain \xC3\xA9 " CHINESE);
  expect_printable("\x1b[31mred\x07", "\\x1b[31mred\\x07");
  expect_printable("a\nb\tc\rd\x7f", "a\\nb\\tc\\rd\\x7f");
  expect_printable("\xC2\x9B"
                   "2J",
                   "\\u009b2J");
  expect_printable("\xE2\x80\xAEgpj.exe", "\\u202egpj.exe");
  expect_printable("\xE2\x81\xA6x\xE2\x81\xA9", "\\u2066x\\u2069");
  expect_printable("\xE2\x80\xA8", "\\u2028");
  expect_printable("\xE2\x80\x8B\xEF\xBB\xBF", "\\u200b\\ufeff");
  expect_printable("\xF3\xA0\x81\x81", "\\U000e0041");
  expect_printable("", "");
}

static void test_bytes_that_are_no_utf8(void **state) {
  (void)state;
  expect_printable("a\xFF", "a\\xff");
  expect_printable("\xC0\xAF", "\\xc0\\xaf");
  expect_printable("\xC3", "\\xc3");
  expect_printable("\xE2\x80", "\\xe2\\x80");
  expect_printable("\xE0\x80\xAF", "\\xe0\\x80\\xaf");
  expect_printable("\xED\xA0\x80", "\\xed\\xa0\\x80");
  expect_printable("\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
  expect_printable("\x80z", "\\x80z");
}

static void test_shortens_to_the_width(void **state) {
  (void)state;
  static const cli_column columns[] = {{"ID", CLI_LEFT}, {"NAME", CLI_SHORTEN}, {"N", CLI_RIGHT}};
  cli_table table = cli_table_new(columns, 3);
  cli_table_text(&table, "0123456789");
  cli_table_text(&table, "a name of some length");
  cli_table_int(&table, 12);
  expect_table(&table, 0, 30,
               "ID          NAME             N\n"
               "0123456789  a name of som" ELLIPSIS "  12\n");
  cli_table_text(&table, "0123456789");
  cli_table_text(&table, CHINESE CHINESE CHINESE CHINESE);
  cli_table_int(&table, 12);
  /* A wide character that would stick out by half is left out. */
  expect_table(&table, 0, 28,
               "ID          NAME           N\n"
               "0123456789  " CHINESE CHINESE "\xE6\xB3\xA8" ELLIPSIS "   12\n");
  cli_table_text(&table, "0123456789");
  cli_table_text(&table, "a name of some length");
  cli_table_int(&table, 12);
  /* Nothing is shortened beyond what can be read. */
  expect_table(&table, 0, 3,
               "ID          NAME       N\n"
               "0123456789  a name " ELLIPSIS "  12\n");
}

static const cli_column findings[] = {{"KIND", CLI_LEFT}, {"N", CLI_RIGHT}, {"MESSAGE", CLI_WRAP}};

static void add_finding(cli_table *table, const char *message) {
  cli_table_text(table, "digest");
  cli_table_int(table, 1);
  cli_table_text(table, message);
}

static void test_breaks_sentences_between_words(void **state) {
  (void)state;
  cli_table table = cli_table_new(findings, 3);
  add_finding(&table, "the version differs from what its digest was made of");
  add_finding(&table, "short");
  add_finding(&table, "");
  expect_table(&table, 0, 35,
               "KIND    N  MESSAGE\n"
               "digest  1  the version differs from\n"
               "           what its digest was made\n"
               "           of\n"
               "digest  1  short\n"
               "digest  1\n");
  /* Where there is room, or no terminal, it stays one line. */
  add_finding(&table, "the version differs from what its digest was made of");
  expect_table(&table, 2, 65,
               "  KIND    N  MESSAGE\n"
               "  digest  1  the version differs from what its digest was made of\n");
  add_finding(&table, "the version differs from what its digest was made of");
  expect_table(&table, 0, 0,
               "KIND    N  MESSAGE\n"
               "digest  1  the version differs from what its digest was made of\n");
}

static void test_breaks_words_that_are_too_long(void **state) {
  (void)state;
  cli_table table = cli_table_new(findings, 3);
  add_finding(&table, "0123456789abcdef0123456789abcdef or more");
  expect_table(&table, 0, 30,
               "KIND    N  MESSAGE\n"
               "digest  1  0123456789abcdef01234567\n"
               "           89abcdef or more\n");
  /* A wide character that would stick out by half begins the next line. */
  add_finding(&table, CHINESE CHINESE CHINESE CHINESE CHINESE CHINESE "x" CHINESE);
  expect_table(&table, 0, 35,
               "KIND    N  MESSAGE\n"
               "digest  1  " CHINESE CHINESE CHINESE CHINESE CHINESE CHINESE "\n"
               "           x" CHINESE "\n");
  /* Blanks between the lines are left out, and those within them are not. */
  add_finding(&table, "0123456789  bcdef0123456      789abcdef");
  expect_table(&table, 0, 35,
               "KIND    N  MESSAGE\n"
               "digest  1  0123456789  bcdef0123456\n"
               "           789abcdef\n");
}

static void test_two_columns_of_sentences(void **state) {
  (void)state;
  static const cli_column columns[] = {{NULL, CLI_WRAP}, {NULL, CLI_LEFT}, {NULL, CLI_WRAP}};
  cli_table table = cli_table_new(columns, 3);
  cli_table_text(&table, "restore this from a backup that is good");
  cli_table_text(&table, "and");
  cli_table_text(&table, "then look again whether everything is there");
  expect_table(&table, 0, 60,
               "restore this from a backup  and  then look again whether\n"
               "that is good                     everything is there\n");
}

static void test_colors_of_words(void **state) {
  (void)state;
  static const cli_column columns[] = {{"NAME", CLI_LEFT}, {"STATE", CLI_STATUS}, {"N", CLI_RIGHT}};
  static const char *const words[] = {"passed", "failed", "other", "\x1b[5mopen", NULL};
  for (int on = 0; on < 2; on++) {
    cli_table table = cli_table_new(columns, 3);
    for (int i = 0; i < 5; i++) {
      cli_table_text(&table, "passed");
      cli_table_text(&table, words[i]);
      cli_table_int(&table, i);
    }
    cli_color_decide(on ? "always" : "never", NULL, NULL, true);
    expect_table(&table, 0, 0,
                 on ? "\x1b[1mNAME\x1b[0m    \x1b[1mSTATE\x1b[0m        \x1b[1mN\x1b[0m\n"
                      "passed  \x1b[32mpassed\x1b[0m       0\n"
                      "passed  \x1b[31mfailed\x1b[0m       1\n"
                      "passed  other        2\n"
                      "passed  \\x1b[5mopen  3\n"
                      "passed               4\n"
                    : "NAME    STATE        N\n"
                      "passed  passed       0\n"
                      "passed  failed       1\n"
                      "passed  other        2\n"
                      "passed  \\x1b[5mopen  3\n"
                      "passed               4\n");
  }
  cli_table pairs = cli_table_new(columns, 2);
  cli_color_decide("always", NULL, NULL, true);
  cli_table_text(&pairs, "Status");
  cli_table_text(&pairs, "yanked");
  cli_table_word(&pairs, "yanked");
  cli_table_word(&pairs, "no such word");
  expect_table(&pairs, 0, 0,
               "\x1b[1mNAME\x1b[0m    \x1b[1mSTATE\x1b[0m\n"
               "Status  \x1b[31myanked\x1b[0m\n"
               "\x1b[31myanked\x1b[0m  no such word\n");
  cli_color_decide("never", NULL, NULL, true);
}

static void test_when_there_are_colors(void **state) {
  (void)state;
  static const struct {
    const char *wanted, *no_color, *term;
    bool is_terminal, expected;
  } cases[] = {
      {NULL, NULL, "xterm", true, true},    {"auto", NULL, "xterm", true, true},
      {NULL, "", "xterm", true, true},      {NULL, "1", "xterm", true, false},
      {NULL, NULL, "dumb", true, false},    {NULL, NULL, "", true, false},
      {NULL, NULL, NULL, true, false},      {NULL, NULL, "xterm", false, false},
      {"always", "1", "dumb", false, true}, {"never", NULL, "xterm", true, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cli_color_decide(cases[i].wanted, cases[i].no_color, cases[i].term, cases[i].is_terminal);
    assert_int_equal(cli_color_heading()[0] != '\0', cases[i].expected);
    assert_int_equal(cli_color_of("failed")[0] != '\0', cases[i].expected);
    assert_int_equal(cli_color_end()[0] != '\0', cases[i].expected);
  }
  cli_color_decide("never", NULL, NULL, true);
}

static void test_pairs_have_no_headings(void **state) {
  (void)state;
  static const cli_column columns[] = {{NULL, CLI_LEFT}, {NULL, CLI_LEFT}};
  cli_table table = cli_table_new(columns, 2);
  cli_table_pair(&table, "Name", "x");
  cli_table_pair(&table, "Missing", NULL);
  cli_table_pair(&table, "Longer", "");
  expect_table(&table, 0, 0, "Name    x\nLonger\n");
  expect_table(&table, 0, 0, "");
}

static void expect_number(void (*format)(char *, int64_t), int64_t value, const char *expected) {
  char text[CLI_NUMBER_SIZE];
  format(text, value);
  assert_string_equal(text, expected);
}

static void test_times(void **state) {
  (void)state;
  expect_number(cli_time, 0, "");
  expect_number(cli_time, 1, "1970-01-01T00:00:00Z");
  expect_number(cli_time, -1, "1969-12-31T23:59:59Z");
  expect_number(cli_time, -1000000, "1969-12-31T23:59:59Z");
  expect_number(cli_time, 951782400999999, "2000-02-29T00:00:00Z");
  expect_number(cli_time, 4102444799000000, "2099-12-31T23:59:59Z");
  char text[CLI_NUMBER_SIZE];
  cli_time(text, INT64_MAX);
  assert_true(strlen(text) > 0);
  cli_time(text, INT64_MIN);
  assert_true(strlen(text) > 0);
}

static void test_sizes(void **state) {
  (void)state;
  expect_number(cli_size, 0, "0 B");
  expect_number(cli_size, 1023, "1023 B");
  expect_number(cli_size, 1024, "1.0 KiB");
  expect_number(cli_size, 1536, "1.5 KiB");
  expect_number(cli_size, 1048575, "1.0 MiB");
  expect_number(cli_size, 1048576, "1.0 MiB");
  expect_number(cli_size, INT64_MAX, "8.0 EiB");
}

static void expect_double(double value, const char *expected) {
  char text[CLI_NUMBER_SIZE];
  cli_double(text, value);
  assert_string_equal(text, expected);
}

static void test_doubles_read_back(void **state) {
  (void)state;
  expect_double(0.1, "0.1");
  expect_double(1.0 / 3.0, "0.3333333333333333");
  expect_double(0.1 + 0.2, "0.30000000000000004");
  expect_double(-0.0, "-0");
  expect_double(1e300, "1e+300");
  expect_double(5e-324, "4.94065645841247e-324");
  double zero = 0.0;
  expect_double(zero / zero, "NaN");
  expect_double(1.0 / zero, "Infinity");
  expect_double(-1.0 / zero, "-Infinity");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lines_up),
      cmocka_unit_test(test_counts_columns_of_wide_and_combining_characters),
      cmocka_unit_test(test_width_of_characters),
      cmocka_unit_test(test_nothing_steers_the_terminal),
      cmocka_unit_test(test_bytes_that_are_no_utf8),
      cmocka_unit_test(test_shortens_to_the_width),
      cmocka_unit_test(test_breaks_sentences_between_words),
      cmocka_unit_test(test_breaks_words_that_are_too_long),
      cmocka_unit_test(test_two_columns_of_sentences),
      cmocka_unit_test(test_colors_of_words),
      cmocka_unit_test(test_when_there_are_colors),
      cmocka_unit_test(test_pairs_have_no_headings),
      cmocka_unit_test(test_times),
      cmocka_unit_test(test_sizes),
      cmocka_unit_test(test_doubles_read_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
