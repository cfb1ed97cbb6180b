/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"

#include "cli/cli_help.h"
#include "cli/cli_memory.h"
#include "cli/cli_options.h"

static int do_nothing(cli_context *cli) {
  (void)cli;
  return CLI_DONE;
}

static const cli_option thing_options[] = {
    {"hue", 'c', "WORD", "Only things of this hue"},
    {"count", '\0', "NUMBER", "So many"},
    {"all", 'a', NULL, "All of them"},
    {NULL, '\0', NULL, NULL},
};

static const cli_option show_options[] = {
    {"quiet", 'q', NULL, "Less"},
    {NULL, '\0', NULL, NULL},
};

static const cli_command commands[] = {
    {"start", "", 0, 0, "Start", "", "modelreg start", NULL, do_nothing},
    {"thing list", "FROM [TO]", 1, 2, "List things", "They are many.\n", "modelreg thing list a",
     thing_options, do_nothing},
    {"thing show", "ID", 1, 1, "Show a thing", "", "modelreg thing show 1", show_options,
     do_nothing},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};

static const char *const hues[] = {"red", "green", "blue", NULL};

/* The words of a command line behind "modelreg", separated by blanks; "_" stands for "". */
typedef struct command_line {
  char text[256];
  char *words[32];
  int count;
  cli_context cli;
} command_line;

static cli_parsed parse(command_line *line, const char *text) {
  memset(line, 0, sizeof *line);
  (void)snprintf(line->text, sizeof line->text, "modelreg %s", text);
  char *at = line->text;
  while (*at) {
    line->words[line->count++] = at;
    at += strcspn(at, " ");
    if (*at) *at++ = '\0';
  }
  return cli_options_parse(&line->cli, commands, line->count, line->words);
}

/* Reads it with standard error out of the way, and gives back all memory. */
static void expect(const char *text, cli_parsed parsed) {
  command_line line;
  int error_stream = dup(2);
  assert_true(error_stream >= 0);
  int nothing = open("/dev/null", O_WRONLY);
  assert_true(nothing >= 0);
  assert_int_equal(dup2(nothing, 2), 2);
  cli_parsed actual = parse(&line, text);
  assert_int_equal(dup2(error_stream, 2), 2);
  close(nothing);
  close(error_stream);
  cli_options_free(&line.cli);
  assert_int_equal(actual, parsed);
}

static void test_forms_of_options(void **state) {
  (void)state;
  static const char *const lines[] = {
      "-r here thing list a --hue red -a --json",
      "-rhere thing list --hue=red --all a --json",
      "--json --registry here thing list a -c red -a",
      "thing --registry=here list -cred -a a --json",
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    command_line line;
    assert_int_equal(parse(&line, lines[i]), CLI_PARSED_COMMAND);
    assert_string_equal(line.cli.command->name, "thing list");
    assert_string_equal(line.cli.registry_uri, "here");
    assert_true(line.cli.json);
    assert_string_equal(cli_option_value(&line.cli, "hue"), "red");
    assert_string_equal(cli_option_value(&line.cli, "all"), "");
    assert_null(cli_option_value(&line.cli, "count"));
    assert_int_equal(line.cli.operand_count, 1);
    assert_string_equal(line.cli.operands[0], "a");
    cli_options_free(&line.cli);
  }
}

static void test_words_behind_two_dashes_are_operands(void **state) {
  (void)state;
  command_line line;
  assert_int_equal(parse(&line, "thing list -- --hue --"), CLI_PARSED_COMMAND);
  assert_int_equal(line.cli.operand_count, 2);
  assert_string_equal(line.cli.operands[0], "--hue");
  assert_string_equal(line.cli.operands[1], "--");
  assert_false(line.cli.json);
  assert_null(line.cli.registry_uri);
  cli_options_free(&line.cli);
  assert_int_equal(parse(&line, "thing list - --hue=-- -a"), CLI_PARSED_COMMAND);
  assert_string_equal(line.cli.operands[0], "-");
  assert_string_equal(cli_option_value(&line.cli, "hue"), "--");
  cli_options_free(&line.cli);
}

static void test_what_is_wrong(void **state) {
  (void)state;
  static const char *const lines[] = {
      "",
      "thing",
      "thing foo",
      "foo",
      "thing list",
      "thing list a b c",
      "start a",
      "start --hue red",
      "thing list a --hu red",
      "thing list a --hues red",
      "thing list a --hue",
      "thing list a -c",
      "thing list a --all=yes",
      "thing list a -ab",
      "thing list a --hue red --hue red",
      "-r a -r b start",
      "thing list a -x",
      "thing list a --=x",
      "--hue red thing list a",
      "thing list a --a_name_that_is_longer_than_any_option_can_be_and_then_goes_on_and_on=1",
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) expect(lines[i], CLI_PARSED_WRONG);
}

static void test_help_and_version_need_nothing_else(void **state) {
  (void)state;
  expect("--help", CLI_PARSED_HELP);
  expect("-h", CLI_PARSED_HELP);
  expect("thing --help", CLI_PARSED_HELP);
  expect("thing list --help", CLI_PARSED_HELP);
  expect("--version", CLI_PARSED_VERSION);
  /* Behind a command it is taken for an option of that. */
  expect("thing show 1 --version", CLI_PARSED_WRONG);
  expect("thing show 1 --version 1.0.0", CLI_PARSED_WRONG);
  expect("thing list --help --nothing", CLI_PARSED_WRONG);
}

static void test_what_every_command_is_told(void **state) {
  (void)state;
  command_line line;
  assert_int_equal(parse(&line, "thing list a"), CLI_PARSED_COMMAND);
  assert_string_equal(line.cli.noun, "thing");
  assert_false(line.cli.quiet);
  assert_null(line.cli.color);
  cli_options_free(&line.cli);
  assert_int_equal(parse(&line, "--color always start --no-progress"), CLI_PARSED_COMMAND);
  assert_null(line.cli.noun);
  assert_true(line.cli.quiet);
  assert_string_equal(line.cli.color, "always");
  cli_options_free(&line.cli);
  /* An option of the command that is called so says it too. */
  assert_int_equal(parse(&line, "thing show 1 --quiet"), CLI_PARSED_COMMAND);
  assert_true(line.cli.quiet);
  cli_options_free(&line.cli);
  expect("thing list a --color", CLI_PARSED_WRONG);
  expect("thing list a --color=sometimes", CLI_PARSED_WRONG);
  expect("thing list a --color=never --color=never", CLI_PARSED_WRONG);
  expect("thing list a --no-progress=1", CLI_PARSED_WRONG);
}

static void test_counts(void **state) {
  (void)state;
  command_line line;
  int64_t count = 7;
  assert_int_equal(parse(&line, "thing list a"), CLI_PARSED_COMMAND);
  assert_int_equal(cli_option_count(&line.cli, "count", &count), CLI_DONE);
  assert_int_equal(count, 7);
  cli_options_free(&line.cli);
  assert_int_equal(parse(&line, "thing list a --count=9223372036854775807"), CLI_PARSED_COMMAND);
  assert_int_equal(cli_option_count(&line.cli, "count", &count), CLI_DONE);
  assert_true(count == INT64_MAX);
  cli_options_free(&line.cli);
  static const char *const wrong[] = {"0", "-1", "+1", "1x", "x", "", "9223372036854775808"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    char text[64];
    (void)snprintf(text, sizeof text, "thing list a --count=%s", wrong[i]);
    assert_int_equal(parse(&line, text), CLI_PARSED_COMMAND);
    assert_int_equal(cli_option_count(&line.cli, "count", &count), CLI_USAGE);
    assert_true(count == INT64_MAX);
    cli_options_free(&line.cli);
  }
}

static void test_words(void **state) {
  (void)state;
  command_line line;
  int32_t place = 0;
  assert_int_equal(parse(&line, "thing list a --hue blue"), CLI_PARSED_COMMAND);
  assert_int_equal(cli_option_word(&line.cli, "hue", hues, &place), CLI_DONE);
  assert_int_equal(place, 3);
  cli_options_free(&line.cli);
  assert_int_equal(parse(&line, "thing list a --hue blu"), CLI_PARSED_COMMAND);
  assert_int_equal(cli_option_word(&line.cli, "hue", hues, &place), CLI_USAGE);
  assert_int_equal(place, 3);
  cli_options_free(&line.cli);
}

static void test_help_says_what_is_declared(void **state) {
  (void)state;
  command_line line;
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  assert_non_null(out);
  assert_int_equal(parse(&line, "thing list --help"), CLI_PARSED_HELP);
  cli_help(&line.cli, commands, out);
  cli_options_free(&line.cli);
  assert_int_equal(fclose(out), 0);
  assert_string_equal(
      text, "Usage: modelreg thing list [OPTION...] FROM [TO]\n"
            "\n"
            "List things.\n"
            "They are many.\n"
            "\n"
            "Options:\n"
            "  -c, --hue WORD      Only things of this hue\n"
            "      --count NUMBER  So many\n"
            "  -a, --all           All of them\n"
            "  -r, --registry URI  The registry; else MODELREG_REGISTRY says which\n"
            "      --json          Print JSON, for scripts\n"
            "      --color WHEN    Color words in tables: auto (on a terminal), always or never\n"
            "      --no-progress   Do not show on a terminal how far long work is\n"
            "  -h, --help          Print this help\n"
            "      --version       Print the version\n"
            "\n"
            "Example:\n"
            "  modelreg thing list a\n");
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_forms_of_options),
      cmocka_unit_test(test_words_behind_two_dashes_are_operands),
      cmocka_unit_test(test_what_is_wrong),
      cmocka_unit_test(test_help_and_version_need_nothing_else),
      cmocka_unit_test(test_what_every_command_is_told),
      cmocka_unit_test(test_counts),
      cmocka_unit_test(test_words),
      cmocka_unit_test(test_help_says_what_is_declared),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
