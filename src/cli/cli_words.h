/* SPDX-License-Identifier: Apache-2.0 */
/* The words for the constants of the library, as scripts and people read them. */
#ifndef MRI_CLI_WORDS_H
#define MRI_CLI_WORDS_H

#include <stdint.h>

/* In the order of the constants, from 1 on; NULL ends each. */
extern const char *const cli_run_kinds[];
extern const char *const cli_run_statuses[];
extern const char *const cli_source_states[];
extern const char *const cli_version_statuses[];
extern const char *const cli_artifact_kinds[];
extern const char *const cli_input_kinds[];
extern const char *const cli_check_results[];
extern const char *const cli_verdicts[];
extern const char *const cli_request_states[];
extern const char *const cli_bumps[];
extern const char *const cli_channel_move_kinds[];
extern const char *const cli_findings[];
extern const char *const cli_lineage_kinds[];
extern const char *const cli_problems[];

/* The same for constants that begin with 0, the default. */
extern const char *const cli_lineage_directions[];
extern const char *const cli_yanked_channels[];

/* Kinds of runs that are started: a dataset is recorded at once. */
extern const char *const cli_started_kinds[];

/* The word of a value; "unknown" for values that are newer than this program. */
const char *cli_word(const char *const *words, int32_t value);

#endif
