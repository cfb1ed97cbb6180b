/* SPDX-License-Identifier: Apache-2.0 */
/* Help, made from what the commands declare. */
#ifndef MRI_CLI_HELP_H
#define MRI_CLI_HELP_H

#include "cli/cli.h"

#include <stdio.h>

/* On the command, on the noun, or on everything. */
void cli_help(const cli_context *cli, const cli_command *commands, FILE *out);

/* The title of the group that this command belongs to, by its name; NULL: to that of the command
 * before it. */
const char *cli_help_group(const char *name);

/* "Usage: modelreg ..." of one command. */
void cli_help_usage(const cli_command *command, FILE *out);

#endif
