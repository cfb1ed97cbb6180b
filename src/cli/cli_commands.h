/* SPDX-License-Identifier: Apache-2.0 */
/* All commands, in the order of the help. Each table stands at the end of the file of its noun and
 * ends with a name of NULL. */
#ifndef MRI_CLI_COMMANDS_H
#define MRI_CLI_COMMANDS_H

#include "cli/cli.h"

extern const cli_command cli_registry_commands[];
extern const cli_command cli_run_commands[];
extern const cli_command cli_version_commands[];
extern const cli_command cli_consumer_commands[];

/* One table of them all. */
const cli_command *cli_commands(void);

#endif
