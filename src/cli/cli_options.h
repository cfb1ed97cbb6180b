/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a command line against the declared commands and options. */
#ifndef MRI_CLI_OPTIONS_H
#define MRI_CLI_OPTIONS_H

#include "cli/cli.h"

#include <stdint.h>

typedef enum cli_parsed {
  /* cli->command is to be run. */
  CLI_PARSED_COMMAND,
  CLI_PARSED_HELP,
  CLI_PARSED_VERSION,
  /* Complained already. */
  CLI_PARSED_WRONG
} cli_parsed;

/* Understands --opt value, --opt=value, -o value, -ovalue and --. The options that every command
 * has may stand anywhere. `cli` is zeroed by the caller and freed with cli_options_free(). For help
 * on a noun, cli->operands holds it. */
cli_parsed cli_options_parse(cli_context *cli, const cli_command *commands, int argc, char **argv);

void cli_options_free(cli_context *cli);

/* The value of an option of this command, "" for one without a value; NULL when it was not given.
 */
const char *cli_option_value(const cli_context *cli, const char *name);

/* Whether an option was given on the command line, be it one that every command has. */
bool cli_option_is_given(const cli_context *cli, const char *name);

/* Whether the value of an option is not empty, as that of a variable that was never set is. Returns
 * CLI_DONE, or complains and returns CLI_USAGE. */
int cli_check_given(const cli_context *cli, const char *name);

/* Every value of an option that may be given more than once, in order: *at is 0 at first; NULL ends
 * them. */
const char *cli_option_next(const cli_context *cli, const char *name, size_t *at);

/* A whole number of at least 1; `out` stays as it is when the option was not given. Returns
 * CLI_DONE, or complains and returns CLI_USAGE. */
int cli_option_count(const cli_context *cli, const char *name, int64_t *out);

/* A time that is past, as cli_parse_time() reads it. As cli_option_count(). */
int cli_option_past_time(const cli_context *cli, const char *name, int64_t *out);

/* One of `words`, which end with NULL: out is its place, counted from 1. As cli_option_count(). */
int cli_option_word(const cli_context *cli, const char *name, const char *const *words,
                    int32_t *out);

/* The same for a text that was given for --name. */
int cli_find_word(const cli_context *cli, const char *name, const char *text,
                  const char *const *words, int32_t *out);

/* Those that every command has. */
extern const cli_option cli_common_options[];

#endif
