/* SPDX-License-Identifier: Apache-2.0 */
/* KEY=VALUE on the command line: params, tags, metrics, inputs. */
#ifndef MRI_CLI_PAIRS_H
#define MRI_CLI_PAIRS_H

#include "cli/cli.h"

/* Zeroed at first; freed with cli_pairs_free() also after a complaint. */
typedef struct cli_pairs {
  char **keys;
  /* Parts of the command line; NULL for keys alone. */
  const char **values;
  size_t count;
} cli_pairs;

/* Reads the operands from `first` on, or every value of an option that repeats. The first '='
 * divides each; a value may be empty, a key not. `form`, such as "KEY=VALUE", names what is
 * expected. Returns CLI_DONE, or complains and returns CLI_USAGE. */
int cli_pairs_from_operands(const cli_context *cli, size_t first, const char *form,
                            cli_pairs *pairs);
int cli_pairs_from_option(const cli_context *cli, const char *name, const char *form,
                          cli_pairs *pairs);

/* The values of an option that repeats, as keys without values. */
void cli_pairs_of_keys(const cli_context *cli, const char *name, cli_pairs *pairs);

/* Complains when a key is there twice: one of the two would be lost. */
int cli_pairs_check_unique(const cli_context *cli, const cli_pairs *pairs);

bool cli_pairs_have(const cli_pairs *pairs, const char *key);

void cli_pairs_free(cli_pairs *pairs);

#endif
