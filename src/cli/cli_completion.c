/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_completion.h"

#include "cli/cli_color.h"
#include "cli/cli_words.h"

#include <string.h>

static const char *const shells[] = {"bash", "zsh", NULL};

const cli_choice cli_choices[] = {
    {"", "DATASET", NULL, "datasets", CLI_ASK_KIND},
    {"", "MODEL", NULL, "models", CLI_ASK_KIND},
    {"", "MODEL@NUMBER", NULL, "numbers", CLI_ASK_BEHIND_AT},
    {"", "REFERENCE", NULL, "selectors", CLI_ASK_BEHIND_MODEL},
    {"", "RUN", NULL, "runs", CLI_ASK_KIND},
    {"", "WHEN", cli_color_words, NULL, CLI_ASK_KIND},
    {"channel clear", "NAME", NULL, "channels", CLI_ASK_OF_MODEL},
    {"channel clear", "NUMBER", NULL, "numbers", CLI_ASK_OF_MODEL},
    {"channel history", "NAME", NULL, "channels", CLI_ASK_OF_MODEL},
    {"channel move", "NAME", NULL, "channels", CLI_ASK_OF_MODEL},
    {"channel move", "NUMBER", NULL, "numbers", CLI_ASK_OF_MODEL},
    {"channel rollback", "NAME", NULL, "channels", CLI_ASK_OF_MODEL},
    {"channel rollback", "NUMBER", NULL, "numbers", CLI_ASK_OF_MODEL},
    {"completion", "SHELL", shells, NULL, CLI_ASK_KIND},
    {"experiment show", "NAME", NULL, "experiments", CLI_ASK_KIND},
    {"gate", "TRANSITION", NULL, "transitions", CLI_ASK_OF_MODEL},
    {"gate test", "ID", NULL, "runs", CLI_ASK_KIND},
    {"gate test", "NAME", NULL, "models", CLI_ASK_KIND},
    {"gate test", "PART", cli_bumps, NULL, CLI_ASK_KIND},
    {"gate test", "TRANSITION", NULL, "transitions", CLI_ASK_KIND},
    {"lineage", "DIRECTION", cli_lineage_directions, NULL, CLI_ASK_KIND},
    {"lineage", "WHAT", NULL, "selectors", CLI_ASK_BEHIND_AT},
    {"model show", "NAME", NULL, "models", CLI_ASK_KIND},
    {"promote", "PART", cli_bumps, NULL, CLI_ASK_KIND},
    {"request complete", "ID", NULL, "open-requests", CLI_ASK_KIND},
    {"request list", "NAME", NULL, "models", CLI_ASK_KIND},
    {"request list", "STATE", cli_request_states, NULL, CLI_ASK_KIND},
    {"request show", "ID", NULL, "requests", CLI_ASK_KIND},
    {"request withdraw", "ID", NULL, "open-requests", CLI_ASK_KIND},
    {"run check", "RESULT", cli_check_results, NULL, CLI_ASK_KIND},
    {"run diff", "OTHER", NULL, "runs", CLI_ASK_KIND},
    {"run finish", "STATUS", cli_run_statuses + MR_RUN_STATUS_RUNNING, NULL, CLI_ASK_KIND},
    {"run list", "KIND", cli_run_kinds, NULL, CLI_ASK_KIND},
    {"run list", "NAME", NULL, "experiments", CLI_ASK_KIND},
    {"run list", "STATUS", cli_run_statuses, NULL, CLI_ASK_KIND},
    {"run start", "KIND", cli_started_kinds, NULL, CLI_ASK_KIND},
    {"version deprecate", "NUMBER", NULL, "numbers", CLI_ASK_OF_MODEL},
    {"version yank", "HOW", cli_yanked_channels, NULL, CLI_ASK_KIND},
    {"version yank", "NUMBER", NULL, "numbers", CLI_ASK_OF_MODEL},
    {NULL, NULL, NULL, NULL, CLI_ASK_KIND},
};

/* Names of values that are places in the file system, whatever the command. */
typedef struct place_name {
  const char *name;
  cli_places places;
} place_name;

static const place_name place_names[] = {
    {"FILE", CLI_FILES}, {"PATH", CLI_FILES}, {"FOLDER", CLI_FOLDERS}};

bool cli_choice_fits(const cli_choice *choice, const cli_command *command) {
  size_t size = strlen(choice->command);
  if (size == 0) return true;
  return command && strncmp(choice->command, command->name, size) == 0 &&
         (command->name[size] == '\0' || command->name[size] == ' ');
}

static void find(const cli_command *command, cli_expected *expected) {
  for (const cli_choice *choice = cli_choices; choice->command; choice++) {
    if (!cli_choice_fits(choice, command) || strcmp(choice->name, expected->name) != 0) continue;
    expected->words = choice->words;
    expected->names = choice->names;
    expected->asking = choice->asking;
  }
  /* Other URIs are of things that are elsewhere. */
  bool is_registry = !command || strcmp(command->name, "init") == 0;
  if (is_registry && strcmp(expected->name, "URI") == 0) expected->places = CLI_FILES;
  for (size_t i = 0; i < sizeof place_names / sizeof *place_names; i++)
    if (strcmp(place_names[i].name, expected->name) == 0) expected->places = place_names[i].places;
}

/* Reads "[NAME...]" of `size` bytes. */
static cli_expected expect(const cli_command *command, const char *text, size_t size) {
  cli_expected expected;
  memset(&expected, 0, sizeof expected);
  while (size > 0 && text[0] == '[') {
    text++;
    size--;
  }
  while (size > 0 && text[size - 1] == ']') size--;
  if (size > 3 && strncmp(text + size - 3, "...", 3) == 0) {
    expected.repeats = true;
    size -= 3;
  }
  size_t most = sizeof expected.name - 1;
  for (size_t i = 0; i < size && i < most && text[i] != '|'; i++) expected.name[i] = text[i];
  find(command, &expected);
  return expected;
}

cli_expected cli_expected_value(const cli_command *command, const cli_option *option) {
  return expect(command, option->value, strlen(option->value));
}

bool cli_expected_operand(const cli_command *command, const char **at, cli_expected *out) {
  for (int skip = 0; **at; skip--) {
    const char *word = *at;
    size_t size = strcspn(word, " ");
    *at += size + strspn(word + size, " ");
    /* An option that is needed stands there with its value. */
    if (word[strspn(word, "[")] == '-') skip = 2;
    if (skip > 0) continue;
    *out = expect(command, word, size);
    return true;
  }
  return false;
}

const char *cli_completion_asker(cli_asking asking) {
  switch (asking) {
  case CLI_ASK_OF_MODEL:
    return "_modelreg_names_of_model";
  case CLI_ASK_BEHIND_MODEL:
    return "_modelreg_names_behind_model";
  case CLI_ASK_BEHIND_AT:
    return "_modelreg_names_behind_at";
  case CLI_ASK_KIND:
  default:
    return "_modelreg_names";
  }
}

bool cli_begins_noun(const cli_command *commands, const cli_command *command, size_t *size) {
  *size = strcspn(command->name, " ");
  if (command->name[*size] == '\0') return false;
  for (; commands != command; commands++)
    if (strncmp(commands->name, command->name, *size + 1) == 0) return false;
  return true;
}
