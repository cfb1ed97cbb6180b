/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_pairs.h"

#include "cli/cli_memory.h"
#include "cli/cli_options.h"

#include <stdlib.h>
#include <string.h>

/* `pairs` has room for it. */
static int add(const cli_context *cli, const char *text, const char *form, cli_pairs *pairs) {
  const char *equals = strchr(text, '=');
  if (!equals) return cli_usage_error(cli, "'%s' is no %s", text, form);
  if (equals == text)
    return cli_usage_error(cli, "'%s' is no %s: nothing stands before the '='", text, form);
  pairs->keys[pairs->count] = cli_copy(text, (size_t)(equals - text));
  pairs->values[pairs->count++] = equals + 1;
  return CLI_DONE;
}

static void reserve(cli_pairs *pairs, size_t room) {
  pairs->keys = cli_resize(pairs->keys, room, sizeof *pairs->keys);
  pairs->values = cli_resize(pairs->values, room, sizeof *pairs->values);
}

int cli_pairs_from_operands(const cli_context *cli, size_t first, const char *form,
                            cli_pairs *pairs) {
  int exit_code = CLI_DONE;
  reserve(pairs, cli->operand_count);
  for (size_t i = first; i < cli->operand_count && !exit_code; i++)
    exit_code = add(cli, cli->operands[i], form, pairs);
  return exit_code;
}

int cli_pairs_from_option(const cli_context *cli, const char *name, const char *form,
                          cli_pairs *pairs) {
  int exit_code = CLI_DONE;
  size_t at = 0;
  reserve(pairs, cli->given_count);
  for (const char *text; !exit_code && (text = cli_option_next(cli, name, &at));)
    exit_code = add(cli, text, form, pairs);
  return exit_code;
}

void cli_pairs_of_keys(const cli_context *cli, const char *name, cli_pairs *pairs) {
  size_t at = 0;
  reserve(pairs, cli->given_count);
  for (const char *text; (text = cli_option_next(cli, name, &at)) != NULL;) {
    pairs->keys[pairs->count] = cli_copy(text, strlen(text));
    pairs->values[pairs->count++] = NULL;
  }
}

static int compare(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int cli_pairs_check_unique(const cli_context *cli, const cli_pairs *pairs) {
  int exit_code = CLI_DONE;
  if (pairs->count < 2) return CLI_DONE;
  char **sorted = cli_resize(NULL, pairs->count, sizeof *sorted);
  memcpy(sorted, pairs->keys, pairs->count * sizeof *sorted);
  qsort(sorted, pairs->count, sizeof *sorted, compare);
  for (size_t i = 1; i < pairs->count && !exit_code; i++)
    if (strcmp(sorted[i - 1], sorted[i]) == 0)
      exit_code = cli_usage_error(cli, "'%s' is given twice", sorted[i]);
  cli_free(sorted);
  return exit_code;
}

bool cli_pairs_have(const cli_pairs *pairs, const char *key) {
  for (size_t i = 0; i < pairs->count; i++)
    if (strcmp(pairs->keys[i], key) == 0) return true;
  return false;
}

void cli_pairs_free(cli_pairs *pairs) {
  for (size_t i = 0; i < pairs->count; i++) cli_free(pairs->keys[i]);
  cli_free(pairs->keys);
  cli_free(pairs->values);
}
