/* SPDX-License-Identifier: Apache-2.0 */
/* What a command is given as a file of text, such as gates and manifests. */
#ifndef MRI_CLI_READ_H
#define MRI_CLI_READ_H

#include "cli/cli.h"

/* The whole file, or standard input for "-", as text that ends with a NUL; free it with cli_free().
 * What is longer than `most` bytes, or holds a NUL, is wrong usage. Returns CLI_DONE, or has
 * complained and returns what to exit with; *out_text is NULL then. */
int cli_read_text(const cli_context *cli, const char *path, size_t most, char **out_text);

/* Complains that the file, or standard input for "-", cannot be opened or read, as errno says.
 * Returns what to exit with. */
int cli_fail_to_read(const char *path);

/* The gate in its text form, as cli_read_text(). */
int cli_read_gate(const cli_context *cli, const char *path, mr_gate **out_gate);

#endif
