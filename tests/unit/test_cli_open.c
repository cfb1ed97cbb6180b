/* SPDX-License-Identifier: Apache-2.0 */
/* What modelreg(1) says of a registry that the library cannot open. */
#include "unit_test.h"

#include "cli/cli_memory.h"
#include "cli/cli_open.h"

static void says(const char *uri, mr_status status, const char *message, const char *expected) {
  cli_context cli;
  mr_error error = MR_ERROR_INIT;
  memset(&cli, 0, sizeof cli);
  cli.registry_uri = uri;
  error.status = status;
  snprintf(error.message, sizeof error.message, "%s", message);
  char *reason = cli_open_reason(&cli, &error);
  assert_string_equal(reason, expected);
  cli_free(reason);
}

static void test_reasons(void **state) {
  char place[4200];
  (void)state;
  says("none.db", MR_NOT_FOUND, "the CREATE flag makes one",
       "there is no registry at none.db; 'modelreg init' creates one");
  says("memory:", MR_NOT_FOUND, "it needs the flag MR_OPEN_CREATE",
       "memory: is empty for every command, and gone when it ends; give a path");
  says("busy.db", MR_BUSY, "try again, or raise busy_timeout_ms",
       "busy.db is in use by others, and waiting did not help; try again");
  says("new.db", MR_CORRUPT, "new.db is empty, no registry yet; the CREATE flag makes it one",
       "new.db is empty, no registry yet; 'modelreg init' makes it one");
  says("new.db", MR_CORRUPT, "damaged", "damaged");
  /* However long it is, the way out stands at its end. */
  memset(place, 'x', sizeof place - 1);
  place[sizeof place - 1] = '\0';
  char *long_one = cli_format("there is no registry at %s; 'modelreg init' creates one", place);
  says(place, MR_NOT_FOUND, "", long_one);
  cli_free(long_one);
}

static void test_reasons_of_calls(void **state) {
  cli_context cli;
  mr_error error = MR_ERROR_INIT;
  (void)state;
  memset(&cli, 0, sizeof cli);
  cli.registry_uri = "here.db";
  error.status = MR_BUSY;
  snprintf(error.message, sizeof error.message, "raise busy_timeout_ms");
  char *reason = cli_reason(&cli, &error);
  assert_string_equal(reason, "here.db is in use by others, and waiting did not help; try again");
  cli_free(reason);
  /* What was not found is not the registry. */
  error.status = MR_NOT_FOUND;
  snprintf(error.message, sizeof error.message, "there is no model 'a'");
  reason = cli_reason(&cli, &error);
  assert_string_equal(reason, error.message);
  cli_free(reason);
}

static void test_flags_that_no_command_has(void **state) {
  (void)state;
  assert_non_null(strstr(
      cli_flag_advice("it is on nfs; keep it on a local disk, or open it with the EXCLUSIVE flag"),
      "local disk"));
  assert_null(cli_flag_advice("it is damaged"));
}

static void test_the_command_line_comes_first(void **state) {
  cli_context cli;
  (void)state;
  memset(&cli, 0, sizeof cli);
  cli_take_environment(&cli, NULL);
  cli_take_environment(&cli, "");
  assert_null(cli.registry_uri);
  cli_take_environment(&cli, "there.db");
  assert_string_equal(cli.registry_uri, "there.db");
  assert_string_equal(cli.registry_origin, "MODELREG_REGISTRY");
  cli_take_environment(&cli, "elsewhere.db");
  assert_string_equal(cli.registry_uri, "there.db");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_reasons),
      cmocka_unit_test(test_reasons_of_calls),
      cmocka_unit_test(test_flags_that_no_command_has),
      cmocka_unit_test(test_the_command_line_comes_first),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
