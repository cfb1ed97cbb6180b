/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"

#include "cli/cli_color.h"
#include "cli/cli_commands.h"
#include "cli/cli_completion.h"
#include "cli/cli_man.h"
#include "cli/cli_options.h"
#include "cli/cli_words.h"

static int do_nothing(cli_context *cli) {
  (void)cli;
  return CLI_DONE;
}

static const cli_option options[] = {
    {"into", 'i', "FOLDER", "It's [there]: a \\ folder"},
    {"keep", '\0', "KEY=VALUE...", "May be repeated"},
    {"all", 'a', NULL, "All"},
    {NULL, '\0', NULL, NULL},
};

static const cli_command commands[] = {
    {"init", "[URI]", 0, 1, "Begin", "", "modelreg init", NULL, do_nothing},
    {"run list", "", 0, 0, "List", "", "modelreg run list", options, do_nothing},
    {"run check", "RUN -o FOLDER RESULT [PATH|TEXT...]", 2, CLI_ANY, "Check", "",
     "modelreg run check a passed", NULL, do_nothing},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};

static void test_operands_in_order(void **state) {
  (void)state;
  const cli_command *check = &commands[2];
  const char *at = check->operands;
  cli_expected expected;
  assert_true(cli_expected_operand(check, &at, &expected));
  assert_string_equal(expected.name, "RUN");
  assert_string_equal(expected.names, "runs");
  assert_null(expected.words);
  assert_int_equal(expected.places, CLI_NO_PLACES);
  assert_false(expected.repeats);
  assert_true(cli_expected_operand(check, &at, &expected));
  assert_string_equal(expected.name, "RESULT");
  assert_ptr_equal(expected.words, cli_check_results);
  assert_null(expected.names);
  assert_true(cli_expected_operand(check, &at, &expected));
  assert_string_equal(expected.name, "PATH");
  assert_int_equal(expected.places, CLI_FILES);
  assert_true(expected.repeats);
  assert_false(cli_expected_operand(check, &at, &expected));
  assert_false(cli_expected_operand(check, &at, &expected));
  at = commands[1].operands;
  assert_false(cli_expected_operand(&commands[1], &at, &expected));
  at = commands[0].operands;
  assert_true(cli_expected_operand(&commands[0], &at, &expected));
  assert_int_equal(expected.places, CLI_FILES);
}

static void test_values_of_options(void **state) {
  (void)state;
  static const cli_option when = {"color", '\0', "WHEN", ""};
  static const cli_option uri = {"source", '\0', "URI", ""};
  cli_expected expected = cli_expected_value(&commands[1], &options[0]);
  assert_int_equal(expected.places, CLI_FOLDERS);
  expected = cli_expected_value(&commands[1], &options[1]);
  assert_string_equal(expected.name, "KEY=VALUE");
  assert_true(expected.repeats);
  expected = cli_expected_value(NULL, &when);
  assert_ptr_equal(expected.words, cli_color_words);
  /* The registry lies on this machine, other things may lie anywhere. */
  assert_int_equal(cli_expected_value(NULL, &uri).places, CLI_FILES);
  assert_int_equal(cli_expected_value(&commands[1], &uri).places, CLI_NO_PLACES);
}

static void test_where_nouns_begin(void **state) {
  (void)state;
  size_t size = 0;
  assert_false(cli_begins_noun(commands, &commands[0], &size));
  assert_true(cli_begins_noun(commands, &commands[1], &size));
  assert_int_equal(size, 3);
  assert_false(cli_begins_noun(commands, &commands[2], &size));
}

static bool is_taken(const cli_choice *choice) {
  for (const cli_command *command = cli_commands(); command->name; command++) {
    if (!cli_choice_fits(choice, command)) continue;
    const char *at = command->operands;
    cli_expected expected;
    while (cli_expected_operand(command, &at, &expected))
      if (strcmp(expected.name, choice->name) == 0) return true;
    for (const cli_option *option = command->options; option && option->name; option++)
      if (option->value && strcmp(cli_expected_value(command, option).name, choice->name) == 0)
        return true;
  }
  for (const cli_option *option = cli_common_options; option->name; option++) {
    if (option->value && cli_choice_fits(choice, NULL) && strcmp(option->value, choice->name) == 0)
      return true;
  }
  return false;
}

/* A command that was renamed takes its words with it. */
static void test_every_choice_is_taken(void **state) {
  (void)state;
  for (const cli_choice *choice = cli_choices; choice->command; choice++)
    if (!is_taken(choice)) fail_msg("%s %s is nowhere", choice->command, choice->name);
}

static char *print(void (*printer)(const cli_command *, FILE *)) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  assert_non_null(out);
  printer(commands, out);
  assert_int_equal(fclose(out), 0);
  return text;
}

static void test_nothing_in_a_help_text_is_taken_for_more(void **state) {
  (void)state;
  char *zsh = print(cli_completion_zsh);
  assert_non_null(
      strstr(zsh, "'(-i --into)'{-i+,--into=}'[It'\\''s \\[there\\]\\: a \\\\ folder]:FOLDER:"
                  "_files -/'"));
  assert_non_null(strstr(zsh, "'*''--keep=[May be repeated]:KEY=VALUE:'"));
  free(zsh);
  char *man = print(cli_man);
  assert_non_null(strstr(man, "\nIt\\(aqs [there]: a \\e folder.\n"));
  assert_non_null(strstr(man, "\\fB\\-i\\fR, \\fB\\-\\-into\\fR \\fIFOLDER\\fR\n"));
  free(man);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_operands_in_order),
      cmocka_unit_test(test_values_of_options),
      cmocka_unit_test(test_where_nouns_begin),
      cmocka_unit_test(test_every_choice_is_taken),
      cmocka_unit_test(test_nothing_in_a_help_text_is_taken_for_more),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
