/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_options.h"

#include "cli/cli_color.h"
#include "cli/cli_memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than any name of a command or an option has. */
#define NAME_SIZE 64

const cli_option cli_common_options[] = {
    {"registry", 'r', "URI", "The registry; else MODELREG_REGISTRY says which"},
    {"json", '\0', NULL, "Print JSON, for scripts"},
    {"color", '\0', "WHEN", "Color words in tables: auto (on a terminal), always or never"},
    {"no-progress", '\0', NULL, "Do not show on a terminal how far long work is"},
    {"help", 'h', NULL, "Print this help"},
    {"version", '\0', NULL, "Print the version"},
    {NULL, '\0', NULL, NULL},
};

typedef struct parser_state {
  cli_context *cli;
  const cli_command *commands;
  char **argv;
  int argc;
  int at;
  bool wants_help;
  bool wants_version;
} parser_state;

/* Levenshtein's distance, for names that fit NAME_SIZE; a large number for others. */
static size_t distance(const char *a, const char *b) {
  size_t row[NAME_SIZE];
  size_t a_size = strlen(a), b_size = strlen(b);
  if (a_size >= NAME_SIZE || b_size >= NAME_SIZE) return NAME_SIZE;
  for (size_t j = 0; j <= b_size; j++) row[j] = j;
  for (size_t i = 1; i <= a_size; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b_size; j++) {
      size_t change = diagonal + (a[i - 1] != b[j - 1]);
      size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];
      diagonal = row[j];
      row[j] = change < shorter + 1 ? change : shorter + 1;
    }
  }
  return row[b_size];
}

typedef struct guess {
  const char *name;
  size_t distance;
} guess;

/* Keeps `name` when it is nearer to what was typed, and near enough to be meant. */
static void consider(guess *best, const char *typed, const char *name) {
  /* Who typed the beginning of a name has not mistyped another. */
  size_t size = strlen(typed);
  bool is_beginning = size > 0 && typed[size - 1] != ' ' && strncmp(typed, name, size) == 0;
  size_t far = is_beginning ? 0 : distance(typed, name);
  if (far <= 1 + strlen(name) / 4 && (!best->name || far < best->distance)) {
    best->name = name;
    best->distance = far;
  }
}

/* True when `name` is `noun` followed by a verb; the verb is what it returns then. */
static const char *verb_of(const char *name, const char *noun) {
  size_t size = strlen(noun);
  return strncmp(name, noun, size) == 0 && name[size] == ' ' ? name + size + 1 : NULL;
}

static const cli_command *find_command(const parser_state *parser, const char *word) {
  for (const cli_command *command = parser->commands; command->name; command++) {
    const char *name =
        parser->cli->noun ? verb_of(command->name, parser->cli->noun) : command->name;
    if (name && strcmp(name, word) == 0) return command;
  }
  return NULL;
}

static bool is_noun(const parser_state *parser, const char *word) {
  for (const cli_command *command = parser->commands; command->name; command++)
    if (verb_of(command->name, word)) return true;
  return false;
}

static cli_parsed unknown_command(const parser_state *parser, const char *word) {
  guess best = {NULL, 0};
  const char *next = parser->at < parser->argc ? parser->argv[parser->at] : "";
  for (const cli_command *command = parser->commands; command->name; command++) {
    char typed[NAME_SIZE];
    bool has_verb = strchr(command->name, ' ') != NULL;
    const char *noun = parser->cli->noun ? parser->cli->noun : word;
    const char *verb = parser->cli->noun ? word : next;
    snprintf(typed, sizeof typed, "%s%s%s", noun, has_verb ? " " : "", has_verb ? verb : "");
    consider(&best, typed, command->name);
  }
  if (best.name) {
    cli_usage_error(parser->cli, "there is no command '%s%s%s'; did you mean 'modelreg %s'?",
                    parser->cli->noun ? parser->cli->noun : "", parser->cli->noun ? " " : "", word,
                    best.name);
  } else {
    cli_usage_error(parser->cli, "there is no command '%s%s%s'",
                    parser->cli->noun ? parser->cli->noun : "", parser->cli->noun ? " " : "", word);
  }
  return CLI_PARSED_WRONG;
}

static const cli_option *find_option(const cli_option *options, const char *name, size_t size,
                                     char letter) {
  for (; options && options->name; options++) {
    bool is_name = name && strncmp(options->name, name, size) == 0 && !options->name[size];
    if (is_name || (letter && options->letter == letter)) return options;
  }
  return NULL;
}

static void unknown_option(const parser_state *parser, const char *argument, const char *name,
                           size_t size) {
  guess best = {NULL, 0};
  char typed[NAME_SIZE];
  snprintf(typed, sizeof typed, "%.*s", (int)(size < NAME_SIZE ? size : NAME_SIZE), name);
  const cli_command *command = parser->cli->command;
  for (const cli_option *option = command ? command->options : NULL; option && option->name;
       option++)
    consider(&best, typed, option->name);
  for (const cli_option *option = cli_common_options; option->name; option++)
    consider(&best, typed, option->name);
  if (best.name && argument[1] == '-') {
    cli_usage_error(parser->cli, "there is no option '--%s'; did you mean '--%s'?", typed,
                    best.name);
  } else {
    cli_usage_error(parser->cli, "there is no option '%s'", argument);
  }
}

static bool is_common(const cli_option *option) {
  return find_option(cli_common_options, option->name, strlen(option->name), '\0') == option;
}

static const char *given_value(const cli_context *cli, const cli_option *option) {
  for (size_t i = 0; i < cli->given_count; i++)
    if (cli->given[i].option == option) return cli->given[i].value;
  return NULL;
}

static bool repeats(const cli_option *option) {
  size_t size = option->value ? strlen(option->value) : 0;
  return size > 3 && strcmp(option->value + size - 3, "...") == 0;
}

/* Takes note of an option that every command has. */
static bool take_common(parser_state *parser, const cli_option *option, const char *value) {
  cli_context *cli = parser->cli;
  if (option->letter == 'r') {
    cli->registry_uri = value;
    cli->registry_origin = "--registry";
  }
  cli->json = cli->json || strcmp(option->name, "json") == 0;
  cli->quiet = cli->quiet || strcmp(option->name, "no-progress") == 0;
  parser->wants_help = parser->wants_help || option->letter == 'h';
  parser->wants_version = parser->wants_version || strcmp(option->name, "version") == 0;
  if (strcmp(option->name, "color") != 0) return true;
  int32_t place = 0;
  cli->color = value;
  return cli_find_word(cli, option->name, value, cli_color_words, &place) == CLI_DONE;
}

static bool take_option(parser_state *parser, const cli_option *option, const char *value) {
  cli_context *cli = parser->cli;
  if (option->value && !repeats(option) && given_value(cli, option)) {
    cli_usage_error(cli, "--%s is given twice", option->name);
    return false;
  }
  cli_given given = {option, option->value ? value : ""};
  cli->given[cli->given_count++] = given;
  if (is_common(option)) return take_common(parser, option, value);
  cli->quiet = cli->quiet || strcmp(option->name, "quiet") == 0;
  return true;
}

/* Reads one argument that begins with "-", and its value. */
static bool parse_option(parser_state *parser, const char *argument) {
  bool is_long = argument[1] == '-';
  const char *name = argument + (is_long ? 2 : 1);
  size_t size = is_long ? strcspn(name, "=") : 1;
  const char *value = NULL;
  if (is_long && name[size] == '=') value = name + size + 1;
  if (!is_long && name[1]) value = name + 1;
  char letter = is_long ? '\0' : name[0];
  const char *long_name = is_long ? name : NULL;
  const cli_command *command = parser->cli->command;
  const cli_option *option = find_option(cli_common_options, long_name, size, letter);
  if (!option && command) option = find_option(command->options, long_name, size, letter);
  if (!option) {
    unknown_option(parser, argument, name, size);
    return false;
  }
  if (!option->value && value) {
    cli_usage_error(parser->cli, "--%s takes no value", option->name);
    return false;
  }
  if (option->value && !value) {
    if (parser->at == parser->argc) {
      cli_usage_error(parser->cli, "--%s needs a value: %s", option->name, option->value);
      return false;
    }
    value = parser->argv[parser->at++];
  }
  return take_option(parser, option, value);
}

static bool parse_word(parser_state *parser, const char *word) {
  cli_context *cli = parser->cli;
  if (cli->command) {
    cli->operands[cli->operand_count++] = word;
    return true;
  }
  cli->command = find_command(parser, word);
  if (cli->command) return true;
  if (!parser->cli->noun && is_noun(parser, word)) {
    parser->cli->noun = word;
    return true;
  }
  unknown_command(parser, word);
  return false;
}

static cli_parsed no_command(const parser_state *parser) {
  if (!parser->cli->noun) {
    cli_usage_error(parser->cli, "say what to do");
    return CLI_PARSED_WRONG;
  }
  char verbs[256] = "";
  for (const cli_command *command = parser->commands; command->name; command++) {
    const char *verb = verb_of(command->name, parser->cli->noun);
    size_t size = strlen(verbs);
    if (verb) snprintf(verbs + size, sizeof verbs - size, "%s%s", size > 0 ? ", " : "", verb);
  }
  cli_usage_error(parser->cli, "'%s' needs one of these behind it: %s", parser->cli->noun, verbs);
  return CLI_PARSED_WRONG;
}

static cli_parsed check(const parser_state *parser) {
  cli_context *cli = parser->cli;
  const cli_command *command = cli->command;
  if (parser->wants_version && !parser->wants_help) {
    /* Who promotes with --version 1.0.0 must not be told the version of this program, with success.
     */
    if (!command) return CLI_PARSED_VERSION;
    cli_usage_error(cli, "--version is about this program and stands alone");
    return CLI_PARSED_WRONG;
  }
  if (parser->wants_help) {
    if (!command && parser->cli->noun) cli->operands[cli->operand_count++] = parser->cli->noun;
    return CLI_PARSED_HELP;
  }
  if (!command) return no_command(parser);
  if (cli->operand_count < (size_t)command->min_operands) {
    const char *missing = command->operands;
    for (size_t i = 0; i < cli->operand_count; i++) missing += strcspn(missing, " ") + 1;
    cli_usage_error(cli, "%.*s is missing", (int)strcspn(missing, " "), missing);
    return CLI_PARSED_WRONG;
  }
  if (cli->operand_count > (size_t)command->max_operands) {
    cli_usage_error(cli, "there are too many operands: '%s'", cli->operands[command->max_operands]);
    return CLI_PARSED_WRONG;
  }
  return CLI_PARSED_COMMAND;
}

cli_parsed cli_options_parse(cli_context *cli, const cli_command *commands, int argc, char **argv) {
  parser_state parser = {cli, commands, argv, argc, 1, false, false};
  bool only_words = false;
  cli->given = cli_resize(NULL, (size_t)argc + 1, sizeof *cli->given);
  cli->operands = cli_resize(NULL, (size_t)argc + 1, sizeof *cli->operands);
  while (parser.at < argc) {
    const char *argument = argv[parser.at++];
    if (!only_words && strcmp(argument, "--") == 0) {
      only_words = true;
    } else if (!only_words && argument[0] == '-' && argument[1]) {
      if (!parse_option(&parser, argument)) return CLI_PARSED_WRONG;
    } else if (!parse_word(&parser, argument)) {
      return CLI_PARSED_WRONG;
    }
  }
  return check(&parser);
}

void cli_options_free(cli_context *cli) {
  cli_free(cli->given);
  cli_free(cli->operands);
}

static const cli_option *declared(const cli_context *cli, const char *name) {
  const cli_option *option = find_option(cli->command->options, name, strlen(name), '\0');
  assert(option);
  return option;
}

const char *cli_option_value(const cli_context *cli, const char *name) {
  return given_value(cli, declared(cli, name));
}

bool cli_option_is_given(const cli_context *cli, const char *name) {
  for (size_t i = 0; i < cli->given_count; i++)
    if (strcmp(cli->given[i].option->name, name) == 0) return true;
  return false;
}

const char *cli_option_next(const cli_context *cli, const char *name, size_t *at) {
  const cli_option *option = declared(cli, name);
  while (*at < cli->given_count) {
    const cli_given *given = &cli->given[(*at)++];
    if (given->option == option) return given->value;
  }
  return NULL;
}
