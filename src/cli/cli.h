/* SPDX-License-Identifier: Apache-2.0 */
/* What every command of modelreg(1) shares: its declaration, what was given, errors, the registry.
 *
 * A new command is a function in the file of its noun, a row in the table at the end of that file,
 * and the options it declares; cli_commands.c knows the tables. */
#ifndef MRI_CLI_H
#define MRI_CLI_H

#include <modelreg/modelreg.h>
#include <stdbool.h>
#include <stddef.h>

#if defined(__GNUC__)
#define CLI_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#else
#define CLI_PRINTF(format_index, first)
#endif

/* What the process exits with. Scripts count on these. */
enum {
  CLI_DONE = 0,
  CLI_NOT_FOUND = 1,
  CLI_USAGE = 2,
  CLI_REGISTRY = 3,
  CLI_GATE_FAILED = 4,
  CLI_GATE_PENDING = 5,
  CLI_UNVERIFIED = 6
};

typedef struct cli_option {
  /* Without "--". NULL ends a list of options. */
  const char *name;
  /* '\0': there is no short form. */
  char letter;
  /* Name of the value in the help; NULL: the option takes none. One that ends with "..." may be
   * given more than once. */
  const char *value;
  const char *help;
} cli_option;

/* More operands than a command line holds. */
#define CLI_ANY 1000000

typedef struct cli_context cli_context;

typedef struct cli_command {
  /* One or two words: "init", "run list". NULL ends a list of commands. */
  const char *name;
  /* As shown in the help, such as "REFERENCE [FOLDER]"; "" for none. */
  const char *operands;
  int min_operands;
  int max_operands; /* CLI_ANY: as many as there are */
  /* One line without a dot. */
  const char *summary;
  /* More, in sentences; lines end with a line feed. "" for none. */
  const char *description;
  const char *example;
  /* NULL: only those that every command has. */
  const cli_option *options;
  /* Does the work and returns what to exit with. */
  int (*run)(cli_context *cli);
} cli_command;

typedef struct cli_given {
  const cli_option *option;
  const char *value;
} cli_given;

struct cli_context {
  /* NULL where only part of the command line was understood. */
  const cli_command *command;
  /* The first word of a command of two, as soon as it is known; NULL: not yet, or of one. */
  const char *noun;
  /* As given by option, operand or environment; NULL: not at all. */
  const char *registry_uri;
  /* What it was given as, for messages. */
  const char *registry_origin;
  bool json;
  /* What --color was given; NULL: nothing. */
  const char *color;
  /* --no-progress, or the command's own --quiet. */
  bool quiet;
  cli_given *given;
  size_t given_count;
  const char **operands;
  size_t operand_count;
  mr_registry *registry;
};

/* "modelreg: <message>" on standard error, made safe for a terminal. */
void cli_complain(const char *format, ...) CLI_PRINTF(1, 2);
void cli_warn(const char *text);

/* Complains, shows how the command is used and returns CLI_USAGE. */
int cli_usage_error(const cli_context *cli, const char *format, ...) CLI_PRINTF(2, 3);

/* Complains about a failed call and returns what to exit with. */
int cli_fail(const cli_context *cli, const mr_error *error);

/* What to exit with when a call failed. */
int cli_exit_code(mr_status status);

/* A token that the first SIGINT, SIGTERM or SIGHUP triggers, so that a command that writes files
 * leaves no half of one behind. Shows how far the calls are that it is given to, until something
 * is printed by the functions for it. NULL when there is none to be had. */
const mr_cancel *cli_interruptible(void);

/* Whether that signal came. A command that cannot be cancelled half way, and calls
 * cli_interruptible() before, gets through all the same. */
bool cli_is_interrupted(void);

/* Ends the process as that signal would have, when one came and `exit_code` says that the command
 * did not get through. Frees the token. */
void cli_end_interruptible(int exit_code);

/* Lines up what is too long for one: the width of the terminal, or 0. */
size_t cli_columns(void);
/* What that is, as text, for a terminal that does not say; anything but a number is ignored. */
void cli_assume_columns(const char *columns);

#endif
