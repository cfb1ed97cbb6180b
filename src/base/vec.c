/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"

#include <assert.h>
#include <string.h>

void mri_vec_init(mri_vec *vec, const mri_mem *mem, size_t item_size) {
  assert(mem != NULL && item_size > 0);
  *vec = (mri_vec){.mem = mem, .item_size = item_size};
}

void mri_vec_free(mri_vec *vec) {
  mri_mem_free(vec->mem, vec->items);
  vec->items = NULL;
  vec->count = 0;
  vec->capacity = 0;
}

bool mri_vec_reserve(mri_vec *vec, size_t count) {
  if (vec->capacity - vec->count >= count) return true;
  if (count > SIZE_MAX - vec->count) return false;
  size_t needed = vec->count + count;
  size_t most = SIZE_MAX / vec->item_size;
  if (needed > most) return false;
  size_t capacity = vec->capacity > most / 2 ? most : vec->capacity * 2;
  if (capacity < 8 && most >= 8) capacity = 8;
  if (capacity < needed) capacity = needed;
  void *items = mri_mem_realloc(vec->mem, vec->items, capacity * vec->item_size);
  if (items == NULL) return false;
  vec->items = items;
  vec->capacity = capacity;
  return true;
}

void *mri_vec_push(mri_vec *vec) {
  if (!mri_vec_reserve(vec, 1)) return NULL;
  void *item = (char *)vec->items + vec->count * vec->item_size;
  memset(item, 0, vec->item_size);
  vec->count++;
  return item;
}

void *mri_vec_at(const mri_vec *vec, size_t index) {
  assert(index < vec->count);
  return (char *)vec->items + index * vec->item_size;
}
