/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <string.h>

/* A record with its strings fits into one small block; bigger arenas grow to big blocks. */
#define FIRST_BLOCK ((size_t)1024)
#define LAST_BLOCK  ((size_t)65536)

struct mri_arena_block {
  mri_arena_block *next;
  size_t capacity;
  size_t used;
  alignas(max_align_t) unsigned char bytes[];
};

void mri_arena_init(mri_arena *arena, const mri_mem *mem) {
  assert(mem != NULL);
  arena->mem = mem;
  arena->head = NULL;
}

void mri_arena_free(mri_arena *arena) {
  mri_arena_block *block = arena->head;
  while (block != NULL) {
    mri_arena_block *next = block->next;
    mri_mem_free(arena->mem, block);
    block = next;
  }
  arena->head = NULL;
}

static mri_arena_block *new_block(mri_arena *arena, size_t size) {
  mri_arena_block *head = arena->head;
  size_t capacity = head == NULL ? FIRST_BLOCK : head->capacity * 2;
  if (capacity > LAST_BLOCK) capacity = LAST_BLOCK;
  if (capacity < size) capacity = size;
  if (capacity > SIZE_MAX - sizeof(mri_arena_block)) return NULL;
  mri_arena_block *block = mri_mem_alloc(arena->mem, sizeof(mri_arena_block) + capacity);
  if (block == NULL) return NULL;
  block->capacity = capacity;
  block->used = 0;
  /* A block that one big item fills goes behind the head, whose room stays in use. */
  if (head != NULL && head->capacity - head->used > capacity - size) {
    block->next = head->next;
    head->next = block;
  } else {
    block->next = head;
    arena->head = block;
  }
  return block;
}

void *mri_arena_alloc(mri_arena *arena, size_t size) {
  const size_t align = alignof(max_align_t);
  if (size > SIZE_MAX - align) return NULL;
  size_t rounded = size == 0 ? align : (size + align - 1) / align * align;
  mri_arena_block *block = arena->head;
  if (block == NULL || block->capacity - block->used < rounded) {
    block = new_block(arena, rounded);
    if (block == NULL) return NULL;
  }
  void *memory = block->bytes + block->used;
  block->used += rounded;
  memset(memory, 0, rounded);
  return memory;
}

char *mri_arena_strdup(mri_arena *arena, const char *text) {
  return text == NULL ? NULL : mri_arena_strndup(arena, text, strlen(text));
}

char *mri_arena_strndup(mri_arena *arena, const char *text, size_t size) {
  if (text == NULL || size == SIZE_MAX) return NULL;
  char *copy = mri_arena_alloc(arena, size + 1);
  if (copy != NULL && size > 0) memcpy(copy, text, size);
  return copy;
}
