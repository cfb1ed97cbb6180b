/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that a user gives. */
#ifndef MRI_CLI_NUMBERS_H
#define MRI_CLI_NUMBERS_H

#include "cli/cli.h"

#include <stdint.h>

/* A decimal number, nan, inf or infinity in any case, each with or without a sign; what is too
 * large becomes an infinity, as in the float() of Python. False for anything else. */
bool cli_parse_double(const char *text, double *out);

/* A whole number; false for anything else, and for what 64 bits do not hold. */
bool cli_parse_int(const char *text, int64_t *out);

/* A whole number of `least` or more; `out` stays as it is when the option was not given. Returns
 * CLI_DONE, or complains and returns CLI_USAGE. */
int cli_option_int(const cli_context *cli, const char *name, int64_t least, int64_t *out);

#endif
