/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the registry that a command is about, and saying why that cannot be done in the words of
 * this program: the library speaks of flags and options that no command line has. */
#ifndef MRI_CLI_OPEN_H
#define MRI_CLI_OPEN_H

#include "cli/cli.h"

#define CLI_REGISTRY_VARIABLE "MODELREG_REGISTRY"
/* Read by the library itself. */
#define CLI_ACTOR_VARIABLE "MODELREG_ACTOR"

/* Takes the registry from the variable's value, unless the command line names one. NULL and "" name
 * none. */
void cli_take_environment(cli_context *cli, const char *value);

/* Whether it was said which registry is meant. Returns CLI_DONE, or complains and returns
 * CLI_USAGE. */
int cli_check_registry(const cli_context *cli);

/* Opens the registry into cli->registry, which main() closes: for reading, or with these flags.
 * Returns CLI_DONE, or has complained and returns what to exit with. */
int cli_open(cli_context *cli);
int cli_open_with(cli_context *cli, mr_open_flags flags);

/* Complains about a registry that cannot be opened, and returns what to exit with: trouble with the
 * registry, whatever the reason. "Not found" and "wrong usage" are about what was asked of it. */
int cli_fail_to_open(const cli_context *cli, const mr_error *error);

/* The same for one that is to be created. */
int cli_fail_to_create(const cli_context *cli, const mr_error *error);

/* What is wrong, without what it was given as: for a registry that cannot be opened, and for a call
 * that failed later. Free it with cli_free(). */
char *cli_open_reason(const cli_context *cli, const mr_error *error);
char *cli_reason(const cli_context *cli, const mr_error *error);

/* What this program does about a flag that a text of the library names, and that no command has;
 * NULL where the text names none. */
const char *cli_flag_advice(const char *text);

#endif
