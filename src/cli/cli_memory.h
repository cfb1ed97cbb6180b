/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of the tool: it stands on the public headers alone, which hand out no allocator. */
#ifndef MRI_CLI_MEMORY_H
#define MRI_CLI_MEMORY_H

#include "cli/cli.h"

#include <stddef.h>

/* `memory` (may be NULL) resized to count * size bytes; ends the process when memory runs out,
 * since a tool of one command has nothing to save. */
void *cli_resize(void *memory, size_t count, size_t size);

/* The first `size` bytes of `text`, and a NUL. */
char *cli_copy(const char *text, size_t size);

/* What printf() would print. */
char *cli_format(const char *format, ...) CLI_PRINTF(1, 2);

/* NULL is a no-op. */
void cli_free(void *memory);

#endif
