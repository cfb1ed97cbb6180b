/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_list.h"

#include <stdio.h>

cli_list cli_list_begin(const cli_context *cli, const cli_column *columns, size_t count) {
  cli_list list = {cli->json, {stdout, 0, false}, cli_table_new(columns, count)};
  if (list.is_json) {
    list.json = cli_json_new(stdout);
    cli_json_begin_array(&list.json, NULL);
  }
  return list;
}

void *cli_list_output(cli_list *list) {
  return list->is_json ? (void *)&list->json : &list->table;
}

int cli_list_end(const cli_context *cli, cli_list *list, mr_status status, const mr_error *error) {
  if (status == MR_OK && list->is_json) {
    cli_json_end_array(&list->json);
  } else if (status == MR_OK) {
    cli_table_print(&list->table, stdout, 0, cli_columns());
  }
  cli_table_free(&list->table);
  return status == MR_OK ? CLI_DONE : cli_fail(cli, error);
}
