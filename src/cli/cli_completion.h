/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts that complete command lines, and what they have to know: made from what the commands
 * declare. */
#ifndef MRI_CLI_COMPLETION_H
#define MRI_CLI_COMPLETION_H

#include "cli/cli.h"

#include <stdio.h>

void cli_completion_bash(const cli_command *commands, FILE *out);
void cli_completion_zsh(const cli_command *commands, FILE *out);

typedef enum cli_places { CLI_NO_PLACES, CLI_FILES, CLI_FOLDERS } cli_places;

/* How the names of a place are asked for. */
typedef enum cli_asking {
  /* By their kind alone. */
  CLI_ASK_KIND,
  /* They are those of the model that the first operand names, with or without a selector. */
  CLI_ASK_OF_MODEL,
  /* They stand behind the '@' of MODEL@NAME; before it there are models, which may stand alone. */
  CLI_ASK_BEHIND_MODEL,
  /* The same where a model may not stand alone. */
  CLI_ASK_BEHIND_AT
} cli_asking;

/* What may stand in one place of a command line: any text when there is nothing of all this. */
typedef struct cli_expected {
  /* As in the help, such as "FOLDER". */
  char name[48];
  /* NULL, or ended by NULL. */
  const char *const *words;
  cli_places places;
  /* What "modelreg completion" prints the names of, in the registry of the line; NULL: nothing. */
  const char *names;
  /* How that is done. */
  cli_asking asking;
  /* The last operand, as often as wanted. */
  bool repeats;
} cli_expected;

/* For the value of an option. */
cli_expected cli_expected_value(const cli_command *command, const cli_option *option);

/* For the next operand of the command: *at is command->operands at first. False: there is none. */
bool cli_expected_operand(const cli_command *command, const char **at, cli_expected *out);

/* The function that asks, which both scripts have. */
const char *cli_completion_asker(cli_asking asking);

/* True for the first of the commands of a noun; the noun's length is *size then. False for commands
 * of one word. */
bool cli_begins_noun(const cli_command *commands, const cli_command *command, size_t *size);

/* The words, or the kind of names, that stand for a value: of this command, of all those of a noun,
 * or of all commands ("") unless they have their own. */
typedef struct cli_choice {
  const char *command;
  const char *name;
  const char *const *words;
  const char *names;
  cli_asking asking;
} cli_choice;

/* Ends with a command of NULL. */
extern const cli_choice cli_choices[];

/* Whether the choice is meant for this command. */
bool cli_choice_fits(const cli_choice *choice, const cli_command *command);

/* Prints the names of a kind, such as "models", each on a line; those that a shell would take for
 * more than a word are left out. `model_name` says whose names are meant, for kinds of which each
 * model has its own; NULL: none. Other kinds are wrong usage. Returns what to exit with. */
int cli_completion_names(cli_context *cli, const char *kind, const char *model_name);

#endif
