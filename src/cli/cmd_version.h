/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of versions share. */
#ifndef MRI_CMD_VERSION_H
#define MRI_CMD_VERSION_H

#include "cli/cli.h"

/* Opens the version that an operand names as MODEL@NUMBER, and its model, in the registry that is
 * open. Returns CLI_DONE, or has complained and returns what to exit with; both are to be freed
 * then, too. */
int cli_open_version(const cli_context *cli, const char *operand, mr_model **out_model,
                     mr_version **out_version);

/* Complains about an operand that is no MODEL@NUMBER. Returns CLI_DONE or CLI_USAGE. */
int cli_check_version_operand(const cli_context *cli, const char *operand);

#endif
