/* SPDX-License-Identifier: Apache-2.0 */
/* A list as every command prints one: an array of JSON objects, or a table. */
#ifndef MRI_CLI_LIST_H
#define MRI_CLI_LIST_H

#include "cli/cli.h"
#include "cli/cli_json.h"
#include "cli/cli_table.h"

typedef struct cli_list {
  bool is_json;
  cli_json json;
  cli_table table;
} cli_list;

/* Begins the list; end it with cli_list_end(), whatever happens. */
cli_list cli_list_begin(const cli_context *cli, const cli_column *columns, size_t count);

/* What visitors of records take: the cli_json, or the cli_table. */
void *cli_list_output(cli_list *list);

/* Prints the table, or ends the array, when all went well, else complains: a list that was cut off
 * must not look complete. Returns what to exit with. */
int cli_list_end(const cli_context *cli, cli_list *list, mr_status status, const mr_error *error);

#endif
