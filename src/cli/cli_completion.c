/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_completion.h"

#include "cli/cli_color.h"
#include "cli/cli_words.h"

#include <string.h>

static const char *const shells[] = {"bash", "zsh", NULL};
static const char *const started_kinds[] = {"training", "evaluation", NULL};
static const char *const final_statuses[] = {"finished", "failed", "killed", NULL};
static const char *const directions[] = {"upstream", "downstream", "both", NULL};
static const char *const yanked_channels[] = {"replace", "rollback", "clear", NULL};
static const char *const transitions[] = {"promote", "channel/", NULL};

const cli_choice cli_choices[] = {
    {"", "DATASET", NULL, "datasets"},
    {"", "MODEL", NULL, "models"},
    {"", "REFERENCE", NULL, "models"},
    {"", "RUN", NULL, "runs"},
    {"", "WHEN", cli_color_words, NULL},
    {"completion", "SHELL", shells, NULL},
    {"experiment show", "NAME", NULL, "experiments"},
    {"gate", "TRANSITION", transitions, NULL},
    {"gate test", "NAME", NULL, "models"},
    {"gate test", "PART", cli_bumps, NULL},
    {"lineage", "DIRECTION", directions, NULL},
    {"model show", "NAME", NULL, "models"},
    {"promote", "PART", cli_bumps, NULL},
    {"request list", "NAME", NULL, "models"},
    {"request list", "STATE", cli_request_states, NULL},
    {"run check", "RESULT", cli_check_results, NULL},
    {"run diff", "OTHER", NULL, "runs"},
    {"run finish", "STATUS", final_statuses, NULL},
    {"run list", "KIND", cli_run_kinds, NULL},
    {"run list", "NAME", NULL, "experiments"},
    {"run list", "STATUS", cli_run_statuses, NULL},
    {"run start", "KIND", started_kinds, NULL},
    {"version yank", "HOW", yanked_channels, NULL},
    {NULL, NULL, NULL, NULL},
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

bool cli_begins_noun(const cli_command *commands, const cli_command *command, size_t *size) {
  *size = strcspn(command->name, " ");
  if (command->name[*size] == '\0') return false;
  for (; commands != command; commands++)
    if (strncmp(commands->name, command->name, *size + 1) == 0) return false;
  return true;
}
