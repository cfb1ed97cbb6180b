/* SPDX-License-Identifier: Apache-2.0 */
/* One line on standard error that says how far long work is. */
#ifndef MRI_CLI_PROGRESS_H
#define MRI_CLI_PROGRESS_H

#include <modelreg/modelreg.h>
#include <stddef.h>
#include <stdint.h>

/* Room for what cli_progress_text() writes. */
#define CLI_PROGRESS_SIZE 192

/* Such as "1.2 GiB of 4.0 GiB, 310.0 MiB/s, 9 s left". `total` 0: it is not known; `rate` is in
 * bytes a second, 0: not known. "" as long as there is nothing to say. */
void cli_progress_text(char out[CLI_PROGRESS_SIZE], int64_t done, int64_t total, double rate);

/* From now on cli_progress_start() shows something; without this it does not. */
void cli_progress_allow(void);

/* Shows the progress of the token, which must live on, from half a second after the call, until
 * cli_progress_stop(). A no-op while it does so already. */
void cli_progress_start(const mr_cancel *cancel);

/* Wipes the line for good; whatever else is to be seen is written after this. */
void cli_progress_stop(void);

#endif
