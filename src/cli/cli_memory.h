/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of the tool: it stands on the public headers alone, which hand out no allocator. */
#ifndef MRI_CLI_MEMORY_H
#define MRI_CLI_MEMORY_H

#include <stddef.h>

/* `memory` (may be NULL) resized to count * size bytes; ends the process when memory runs out,
 * since a tool of one command has nothing to save. */
void *cli_resize(void *memory, size_t count, size_t size);

/* NULL is a no-op. */
void cli_free(void *memory);

#endif
