/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is freed all at once: records and the strings they point to, syntax trees. */
#ifndef MRI_BASE_ARENA_H
#define MRI_BASE_ARENA_H

#include "base/mem.h"

typedef struct mri_arena_block mri_arena_block;

typedef struct mri_arena {
  const mri_mem *mem;
  mri_arena_block *head;
} mri_arena;

void mri_arena_init(mri_arena *arena, const mri_mem *mem);
void mri_arena_free(mri_arena *arena);
/* Zeroed, aligned for any type; NULL when memory runs out. */
void *mri_arena_alloc(mri_arena *arena, size_t size);
/* NULL text gives NULL. */
char *mri_arena_strdup(mri_arena *arena, const char *text);
char *mri_arena_strndup(mri_arena *arena, const char *text, size_t size);

#endif
