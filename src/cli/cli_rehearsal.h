/* SPDX-License-Identifier: Apache-2.0 */
/* A registry in memory, where what a command is about to write can be written first: names and
 * values that the library refuses are refused there, and nothing of them is left behind. */
#ifndef MRI_CLI_REHEARSAL_H
#define MRI_CLI_REHEARSAL_H

#include <modelreg/modelreg.h>

typedef struct cli_rehearsal {
  mr_registry *registry;
  mr_experiment *experiment;
} cli_rehearsal;

/* Begins with an experiment of that name and nothing else. Free it also when that fails. */
mr_status cli_rehearsal_begin(const char *experiment, cli_rehearsal *out, mr_error *error);
void cli_rehearsal_end(cli_rehearsal *rehearsal);

#endif
