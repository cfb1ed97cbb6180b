/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the library as JSON and as tables, where more than one command prints them. */
#ifndef MRI_CLI_RECORDS_H
#define MRI_CLI_RECORDS_H

#include "cli/cli_json.h"
#include "cli/cli_table.h"

#include <modelreg/modelreg.h>

/* A visitor of artifacts for JSON: an object of an array. `ctx` is the cli_json. */
void cli_artifact_json(void *ctx, const mr_artifact_record *record);

/* A visitor of artifacts for tables. `ctx` is a cli_table of cli_artifact_columns. */
void cli_artifact_row(void *ctx, const mr_artifact_record *record);

#define CLI_ARTIFACT_COLUMN_COUNT 5
extern const cli_column cli_artifact_columns[CLI_ARTIFACT_COLUMN_COUNT];

/* A label and its text. */
extern const cli_column cli_pair_columns[2];

/* The fields of a version, into an object that has begun. */
void cli_version_fields(cli_json *json, const mr_version_record *record);

/* A version with its artifacts as one JSON object. */
mr_status cli_version_json(FILE *out, mr_version *version, mr_error *error);

/* A channel of that model as a JSON object. */
void cli_channel_json(cli_json *json, const char *model, const mr_channel_record *record);

/* A visitor of gates for JSON: an object of an array. `ctx` is the cli_json. */
void cli_gate_json(void *ctx, const mr_gate_record *record);

#endif
