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
    {"color", 'c', "WORD", "Only things of this color"},
    {"count", '\0', "NUMBER", "So many"},
    {"all", 'a', NULL, "All of them"},
    {NULL, '\0', NULL, NULL},
};

static const cli_command commands[] = {
    {"start", "", 0, 0, "Start", "", "modelreg start", NULL, do_nothing},
    {"thing list", "FROM [TO]", 1, 2, "List things", "They are many.\n", "modelreg thing list a",
     thing_options, do_nothing},
    {"thing show", "ID", 1, 1, "Show a thing", "", "modelreg thing show 1", NULL, do_nothing},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};

static const char *const colors[] = {"red", "green", "blue", NULL};

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
      "-r here thing list a --color red -a --json",
      "-rhere thing list --color=red --all a --json",
      "--json --registry here thing list a -c red -a",
      "thing --registry=here list -cred -a a --json",
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    command_line line;
    assert_int_equal(parse(&line, lines[i]), CLI_PARSED_COMMAND);
    assert_string_equal(line.cli.command->name, "thing list");
    assert_string_equal(line.cli.registry_uri, "here");
    assert_true(line.cli.json);
    assert_string_equal(cli_option_value(&line.cli, "color"), "red");
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
  assert_int_equal(parse(&line, "thing list -- --color --"), CLI_PARSED_COMMAND);
  assert_int_equal(line.cli.operand_count, 2);
  assert_string_equal(line.cli.operands[0], "--color");
  assert_string_equal(line.cli.operands[1], "--");
  assert_false(line.cli.json);
  assert_null(line.cli.registry_uri);
  cli_options_free(&line.cli);
  assert_int_equal(parse(&line, "thing list - --color=-- -a"), CLI_PARSED_COMMAND);
  assert_string_equal(line.cli.operands[0], "-");
  assert_string_equal(cli_option_value(&line.cli, "color"), "--");
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
      "start --color red",
      "thing list a --colr red",
      "thing list a --col red",
      "thing list a --color",
      "thing list a -c",
      "thing list a --all=yes",
      "thing list a -ab",
      "thing list a --color red --color red",
      "-r a -r b start",
      "thing list a -x",
      "thing list a --=x",
      "--color red thing list a",
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
  expect("thing list --help --nothing", CLI_PARSED_WRONG);
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
  assert_int_equal(parse(&line, "thing list a --color blue"), CLI_PARSED_COMMAND);
  assert_int_equal(cli_option_word(&line.cli, "color", colors, &place), CLI_DONE);
  assert_int_equal(place, 3);
  cli_options_free(&line.cli);
  assert_int_equal(parse(&line, "thing list a --color blu"), CLI_PARSED_COMMAND);
  assert_int_equal(cli_option_word(&line.cli, "color", colors, &place), CLI_USAGE);
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
  assert_string_equal(text,
                      "Usage: modelreg thing list [OPTION...] FROM [TO]\n"
                      "\n"
                      "List things.\n"
                      "They are many.\n"
                      "\n"
                      "Options:\n"
                      "  -c, --color WORD    Only things of this color\n"
                      "      --count NUMBER  So many\n"
                      "  -a, --all           All of them\n"
                      "  -r, --registry URI  The registry; else MODELREG_REGISTRY says which\n"
                      "      --json          Print JSON, for scripts\n"
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
      cmocka_unit_test(test_counts),
      cmocka_unit_test(test_words),
      cmocka_unit_test(test_help_says_what_is_declared),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
