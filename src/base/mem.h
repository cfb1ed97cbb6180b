/* SPDX-License-Identifier: Apache-2.0 */
/* The one place that allocates. Every object remembers the mri_mem it came from. */
#ifndef MRI_BASE_MEM_H
#define MRI_BASE_MEM_H

#include <modelreg/types.h>
#include <stdbool.h>

typedef struct mri_mem {
  void *ctx;
  void *(*allocate)(void *ctx, size_t size);
  void *(*reallocate)(void *ctx, void *memory, size_t size);
  void (*deallocate)(void *ctx, void *memory);
} mri_mem;

/* malloc, realloc and free. */
const mri_mem *mri_mem_default(void);

/* NULL when memory runs out; a size of 0 counts as 1. */
void *mri_mem_alloc(const mri_mem *mem, size_t size);
/* count * size zeroed bytes; NULL also when the product overflows. */
void *mri_mem_zalloc(const mri_mem *mem, size_t count, size_t size);
/* memory may be NULL. On failure the old block stays. */
void *mri_mem_realloc(const mri_mem *mem, void *memory, size_t size);
char *mri_mem_strdup(const mri_mem *mem, const char *text);
char *mri_mem_strndup(const mri_mem *mem, const char *text, size_t size);
/* NULL is a no-op. */
void mri_mem_free(const mri_mem *mem, void *memory);

/* Test mode, for the whole process: the nth allocation from now on (1 is the next) fails, and all
 * after it when `for_ever`; nth 0 switches the mode off. Counts every mri_mem alike. */
void mri_mem_test_fail(int64_t nth, bool for_ever);
/* Whether the armed failure happened since mri_mem_test_fail. */
bool mri_mem_test_failed(void);
/* Blocks handed out and not freed, over all mri_mem. */
int64_t mri_mem_live(void);

#endif
