/* SPDX-License-Identifier: Apache-2.0 */
/* What a comparison of files with their digests found, where more than one command prints it. */
#ifndef MRI_CLI_REPORT_H
#define MRI_CLI_REPORT_H

#include "cli/cli.h"
#include "cli/cli_json.h"

/* The sums and the problems, into an object that has begun. */
void cli_report_fields(cli_json *json, const mr_report *report);

/* "3 files, 1.2 MiB <done> <place>", which ends its line, and a table of the problems. `unit` is
 * what is counted, for one of it. */
void cli_report_print(const mr_report *report, const char *unit, const char *done,
                      const char *place);

/* What to exit with; complains that `place` differs from `what` where it does. */
int cli_report_end(const mr_report *report, const char *place, const char *what);

#endif
