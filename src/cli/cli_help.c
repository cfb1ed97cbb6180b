/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_help.h"

#include "cli/cli_options.h"
#include "cli/cli_table.h"

#include <stdbool.h>
#include <string.h>

static const cli_column help_columns[] = {{NULL, CLI_LEFT}, {NULL, CLI_LEFT}};

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
  cli_table_print(&table, out, 2, 0);
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

static void help_on_all(const cli_command *commands, const char *noun, FILE *out) {
  cli_table table = cli_table_new(help_columns, 2);
  fprintf(out, "Usage: modelreg %s%s[OPTION...] [OPERAND...]\n\nCommands:\n",
          noun ? noun : "COMMAND", noun ? " VERB " : " ");
  for (; commands->name; commands++) {
    size_t size = noun ? strlen(noun) : 0;
    if (noun && (strncmp(commands->name, noun, size) != 0 || commands->name[size] != ' ')) continue;
    char left[80];
    snprintf(left, sizeof left, "%s %s", commands->name, commands->operands);
    cli_table_pair(&table, left, commands->summary);
  }
  cli_table_print(&table, out, 2, 0);
  put_options(NULL, out);
  fputs("\nmodelreg COMMAND --help says more on one command. Exit status: 0 done, 1 not found,\n"
        "2 usage, 3 trouble with the registry or with files, 4 gate failed, 5 gate pending,\n"
        "6 verification failed.\n",
        out);
}

void cli_help(const cli_context *cli, const cli_command *commands, FILE *out) {
  if (cli->command) {
    help_on_command(cli->command, out);
  } else {
    help_on_all(commands, cli->operand_count > 0 ? cli->operands[0] : NULL, out);
  }
}
