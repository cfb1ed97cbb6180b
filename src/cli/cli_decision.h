/* SPDX-License-Identifier: Apache-2.0 */
/* What gates judge and what they said: candidates, decisions and requests, for all commands that
 * ask a gate. */
#ifndef MRI_CLI_DECISION_H
#define MRI_CLI_DECISION_H

#include "cli/cli.h"
#include "cli/cli_json.h"

#include <modelreg/modelreg.h>

/* How a run is proposed for promotion, in every command that does; --number and not --version,
 * which asks for the version of this program. */
#define CLI_CANDIDATE_OPTIONS                                                                      \
  {"number", '\0', "NUMBER", "The number to take, such as 1.4.0-rc.1"},                            \
      {"bump", '\0', "PART", "Or what to raise: major, minor (the default), patch, prerelease"},   \
      {"line", '\0', "LINE", "Stay in this line of numbers, such as 1.2; raises patch"},           \
      {"prerelease-id", '\0', "ID", "With --bump prerelease: such as rc"}, {                       \
    "artifact-path", '\0', "PATH", "The file or folder that is the model; else all artifacts"      \
  }

/* Reads them. Returns CLI_DONE, or has complained and returns CLI_USAGE. */
int cli_candidate(const cli_context *cli, mr_promote_options *out);

/* The rules as a table for people, below it why those that did not pass did not, and a last line
 * with the verdict. */
void cli_decision_text(FILE *out, const mr_decision *decision);

/* The verdict and what it is about, without the rules, into an object that has begun. */
void cli_decision_fields(cli_json *json, const mr_decision_record *record);

/* A member or an element with the rules. */
void cli_decision_json(cli_json *json, const char *key, const mr_decision *decision);

/* CLI_DONE, CLI_GATE_FAILED or CLI_GATE_PENDING. */
int cli_exit_code_of(mr_verdict verdict);

/* The fields of a request, into an object that has begun. */
void cli_request_fields(cli_json *json, const mr_request_record *record);

/* Prints how a request went that was just made or completed, and returns what to exit with. The
 * command declares --quiet. */
int cli_report_request(const cli_context *cli, mr_request *request);

#endif
