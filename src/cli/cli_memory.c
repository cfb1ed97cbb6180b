/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_memory.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *cli_resize(void *memory, size_t count, size_t size) {
  size_t room = count > 0 && size > 0 ? size : 1;
  void *grown = count <= SIZE_MAX / room ? realloc(memory, (count > 0 ? count : 1) * room) : NULL;
  if (!grown) {
    fputs("modelreg: out of memory\n", stderr);
    exit(CLI_REGISTRY);
  }
  return grown;
}

char *cli_copy(const char *text, size_t size) {
  char *copy = cli_resize(NULL, size + 1, 1);
  memcpy(copy, text, size);
  copy[size] = '\0';
  return copy;
}

char *cli_format(const char *format, ...) {
  va_list arguments;
  assert(format);
  va_start(arguments, format);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  size_t size = length > 0 ? (size_t)length : 0;
  char *text = cli_resize(NULL, size + 1, 1);
  text[0] = '\0';
  va_start(arguments, format);
  vsnprintf(text, size + 1, format, arguments);
  va_end(arguments);
  return text;
}

void cli_free(void *memory) {
  free(memory);
}
