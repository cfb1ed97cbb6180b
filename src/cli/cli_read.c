/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_read.h"

#include "cli/cli_memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What mr_gate_parse() reads. */
#define GATE_TEXT_MAX ((size_t)1 << 20)

/* Reads until the end, or until it is one byte too long. */
static char *read_all(FILE *file, size_t most, size_t *out_size) {
  char *text = NULL;
  size_t room = 0, size = 0;
  while (size <= most) {
    if (room - size < 2) {
      room = room > 0 ? 2 * room : 4096;
      text = cli_resize(text, room, 1);
    }
    size_t wanted = room - size - 1;
    if (wanted > most + 1 - size) wanted = most + 1 - size;
    size_t got = fread(text + size, 1, wanted, file);
    size += got;
    if (got == 0) break;
  }
  text[size] = '\0';
  *out_size = size;
  return text;
}

int cli_fail_to_read(const char *path) {
  int reason = errno;
  cli_complain("cannot read '%s': %s", strcmp(path, "-") == 0 ? "standard input" : path,
               strerror(reason));
  return reason == ENOENT ? CLI_NOT_FOUND : CLI_REGISTRY;
}

int cli_read_text(const cli_context *cli, const char *path, size_t most, char **out_text) {
  bool is_input = strcmp(path, "-") == 0;
  const char *name = is_input ? "standard input" : path;
  size_t size = 0;
  *out_text = NULL;
  FILE *file = is_input ? stdin : fopen(path, "rb");
  if (!file) return cli_fail_to_read(path);
  char *text = read_all(file, most, &size);
  int exit_code = CLI_DONE;
  if (ferror(file)) {
    exit_code = cli_fail_to_read(path);
  } else if (size > most) {
    exit_code = cli_usage_error(cli, "'%s' is longer than %zu bytes", name, most);
  } else if (strlen(text) < size) {
    exit_code = cli_usage_error(cli, "'%s' is no text: it holds a byte of zero", name);
  }
  if (!is_input) fclose(file);
  if (exit_code) {
    cli_free(text);
    return exit_code;
  }
  *out_text = text;
  return CLI_DONE;
}

int cli_read_gate(const cli_context *cli, const char *path, mr_gate **out_gate) {
  mr_error error = MR_ERROR_INIT;
  char *text = NULL;
  int exit_code = cli_read_text(cli, path, GATE_TEXT_MAX, &text);
  if (exit_code) return exit_code;
  mr_status status = mr_gate_parse(text, out_gate, &error);
  /* What is wrong in a file needs no reminder of how the command is used. */
  if (status != MR_OK) {
    cli_complain("%s: %s", strcmp(path, "-") == 0 ? "standard input" : path, error.message);
    exit_code = status == MR_NO_MEMORY ? CLI_REGISTRY : CLI_USAGE;
  }
  cli_free(text);
  return exit_code;
}
