/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_memory.h"

#include "cli/cli.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void *cli_resize(void *memory, size_t count, size_t size) {
  size_t room = count > 0 && size > 0 ? size : 1;
  void *grown = count <= SIZE_MAX / room ? realloc(memory, (count > 0 ? count : 1) * room) : NULL;
  if (!grown) {
    fputs("modelreg: out of memory\n", stderr);
    exit(CLI_REGISTRY);
  }
  return grown;
}

void cli_free(void *memory) {
  free(memory);
}
