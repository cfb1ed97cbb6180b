/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of datasets share. */
#ifndef MRI_CMD_DATASET_H
#define MRI_CMD_DATASET_H

#include "cli/cli.h"
#include "cli/cli_json.h"

/* A digest of 64 hex digits and a NUL. */
#define CLI_DIGEST_SIZE 65

/* True for 64 hex digits, or at least the first 12 of them. */
bool cli_is_digest(const char *text);

/* True for the form of a run's id. */
bool cli_is_id(const char *text);

/* The whole digest of a dataset whose first digits are given; all 64 need not be recorded here.
 * Returns CLI_DONE, or has complained and returns what to exit with. */
int cli_dataset_digest(const cli_context *cli, const char *text, char out[CLI_DIGEST_SIZE]);

/* Opens the dataset that an operand names by its digest or by the id of its run, in the registry
 * that is open. Returns CLI_DONE, or has complained and returns what to exit with. */
int cli_dataset_open(const cli_context *cli, const char *operand, mr_dataset **out_dataset);

/* Prints a dataset as `dataset show` does, as JSON where that is wanted. Returns what to exit with.
 */
int cli_dataset_show(const cli_context *cli, mr_dataset *dataset, bool with_files);

/* The files of a folder with their digests: those that --include and --exclude leave, which the
 * command must declare. Returns CLI_DONE, or has complained and returns what to exit with. */
int cli_dataset_scan(const cli_context *cli, const char *folder, mr_manifest **out_manifest);

#define CLI_DATASET_PATTERNS                                                                       \
  {"include", '\0', "PATTERN...", "Only files whose path matches, such as '*.csv'"}, {             \
    "exclude", '\0', "PATTERN...", "Leave out files whose path matches, even when included"        \
  }

#endif
