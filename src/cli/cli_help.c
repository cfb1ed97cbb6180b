/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_help.h"

#include "cli/cli_color.h"
#include "cli/cli_options.h"
#include "cli/cli_table.h"

#include <stdbool.h>
#include <string.h>

static const cli_column help_columns[] = {{NULL, CLI_LEFT}, {NULL, CLI_WRAP}};

/* The noun of a command, or its only word. */
typedef struct group {
  const char *word;
  const char *title;
} group;

static const group groups[] = {
    {"init", "Registry"},
    {"experiment", "Experiments"},
    {"run", "Runs"},
    {"dataset", "Datasets"},
    {"model", "Models"},
    {"gate", "Gates"},
    {"promote", "Requests"},
    {"version", "Versions"},
    {"channel", "Channels"},
    {"resolve", "Consumers"},
    {"completion", "This program"},
};

const char *cli_help_group(const char *name) {
  size_t size = strcspn(name, " ");
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
    if (strncmp(groups[i].word, name, size) == 0 && !groups[i].word[size]) return groups[i].title;
  return NULL;
}

static void add_options(cli_table *table, const cli_option *options) {
  for (; options && options->name; options++) {
    char left[80];
    snprintf(left, sizeof left, "%c%c%s--%s%s%s", options->letter ? '-' : ' ',
             options->letter ? options->letter : ' ', options->letter ? ", " : "  ", options->name,
             options->value ? " " : "", options->value ? options->value : "");
    cli_table_pair(table, left, options->help);
  }
}

static void put_options(const cli_option *options, FILE *out) {
  cli_table table = cli_table_new(help_columns, 2);
  fputs("\nOptions:\n", out);
  add_options(&table, options);
  add_options(&table, cli_common_options);
  cli_table_print(&table, out, 2, cli_columns());
}

void cli_help_usage(const cli_command *command, FILE *out) {
  fprintf(out, "Usage: modelreg %s [OPTION...]%s%s\n", command->name,
          command->operands[0] ? " " : "", command->operands);
}

static void help_on_command(const cli_command *command, FILE *out) {
  cli_help_usage(command, out);
  fprintf(out, "\n%s.\n%s", command->summary, command->description);
  put_options(command->options, out);
  fprintf(out, "\nExample:\n  %s\n", command->example);
}

static void put_exit_codes(FILE *out) {
  fputs("\nmodelreg COMMAND --help says more on one command. Exit status: 0 done, 1 not found,\n"
        "2 usage, 3 trouble with the registry or with files, 4 gate failed, 5 gate pending,\n"
        "6 verification failed.\n",
        out);
}

/* The longest name, so that the groups line up with each other. */
static size_t widest(const cli_command *commands) {
  size_t widest = 0;
  for (; commands->name; commands++)
    if (strlen(commands->name) > widest) widest = strlen(commands->name);
  return widest;
}

static void help_on_all(const cli_command *commands, FILE *out) {
  cli_table table = cli_table_new(help_columns, 2);
  size_t width = widest(commands);
  fputs("Usage: modelreg COMMAND [OPTION...] [OPERAND...]\n", out);
  const char *title = NULL;
  for (; commands->name; commands++) {
    const char *next = cli_help_group(commands->name);
    if (next && (!title || strcmp(title, next) != 0)) {
      cli_table_print(&table, out, 2, cli_columns());
      fprintf(out, "\n%s%s:%s\n", cli_color_heading(), next, cli_color_end());
      title = next;
    }
    char left[80];
    snprintf(left, sizeof left, "%-*s", (int)width, commands->name);
    cli_table_pair(&table, left, commands->summary);
  }
  cli_table_print(&table, out, 2, cli_columns());
  put_options(NULL, out);
  put_exit_codes(out);
}

static void help_on_noun(const cli_command *commands, const char *noun, FILE *out) {
  cli_table table = cli_table_new(help_columns, 2);
  size_t size = strlen(noun);
  fprintf(out, "Usage: modelreg %s VERB [OPTION...] [OPERAND...]\n\nCommands:\n", noun);
  for (; commands->name; commands++) {
    if (strncmp(commands->name, noun, size) != 0 || commands->name[size] != ' ') continue;
    char left[80];
    snprintf(left, sizeof left, "%s %s", commands->name, commands->operands);
    cli_table_pair(&table, left, commands->summary);
  }
  cli_table_print(&table, out, 2, cli_columns());
  put_options(NULL, out);
  put_exit_codes(out);
}

void cli_help(const cli_context *cli, const cli_command *commands, FILE *out) {
  if (cli->command) {
    help_on_command(cli->command, out);
  } else if (cli->operand_count > 0) {
    help_on_noun(commands, cli->operands[0], out);
  } else {
    help_on_all(commands, out);
  }
}
