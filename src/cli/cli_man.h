/* SPDX-License-Identifier: Apache-2.0 */
/* The manual page modelreg(1), made from what the commands declare. */
#ifndef MRI_CLI_MAN_H
#define MRI_CLI_MAN_H

#include "cli/cli.h"

#include <stdio.h>

/* In the language of man(7). */
void cli_man(const cli_command *commands, FILE *out);

/* Text as it is: nothing in it is a request, an escape or a typographic dash. */
void cli_man_text(const char *text, FILE *out);

/* The fields of what is printed as JSON. */
void cli_man_json(FILE *out);

#endif
