/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { TEST_OFF, TEST_ONCE, TEST_FOR_EVER };

static _Atomic int64_t live_blocks;
static atomic_int test_mode;
static _Atomic int64_t test_left;
static atomic_bool test_failed;

static void *default_allocate(void *ctx, size_t size) {
  (void)ctx;
  return malloc(size);
}

static void *default_reallocate(void *ctx, void *memory, size_t size) {
  (void)ctx;
  return realloc(memory, size);
}

static void default_deallocate(void *ctx, void *memory) {
  (void)ctx;
  free(memory);
}

const mri_mem *mri_mem_default(void) {
  static const mri_mem mem = {NULL, default_allocate, default_reallocate, default_deallocate};
  return &mem;
}

static bool must_fail(void) {
  int mode = atomic_load_explicit(&test_mode, memory_order_relaxed);
  if (mode == TEST_OFF) return false;
  int64_t left = atomic_fetch_sub(&test_left, 1);
  if (left > 1 || (left < 1 && mode == TEST_ONCE)) return false;
  atomic_store(&test_failed, true);
  return true;
}

void *mri_mem_alloc(const mri_mem *mem, size_t size) {
  assert(mem != NULL);
  if (must_fail()) return NULL;
  void *memory = mem->allocate(mem->ctx, size == 0 ? 1 : size);
  if (memory != NULL) atomic_fetch_add_explicit(&live_blocks, 1, memory_order_relaxed);
  return memory;
}

void *mri_mem_zalloc(const mri_mem *mem, size_t count, size_t size) {
  if (size != 0 && count > SIZE_MAX / size) return NULL;
  void *memory = mri_mem_alloc(mem, count * size);
  if (memory != NULL) memset(memory, 0, count * size);
  return memory;
}

void *mri_mem_realloc(const mri_mem *mem, void *memory, size_t size) {
  assert(mem != NULL);
  if (memory == NULL) return mri_mem_alloc(mem, size);
  if (must_fail()) return NULL;
  return mem->reallocate(mem->ctx, memory, size == 0 ? 1 : size);
}

char *mri_mem_strdup(const mri_mem *mem, const char *text) {
  assert(text != NULL);
  return mri_mem_strndup(mem, text, strlen(text));
}

char *mri_mem_strndup(const mri_mem *mem, const char *text, size_t size) {
  if (size == SIZE_MAX) return NULL;
  char *copy = mri_mem_alloc(mem, size + 1);
  if (copy == NULL) return NULL;
  if (size > 0) memcpy(copy, text, size);
  copy[size] = '\0';
  return copy;
}

void mri_mem_free(const mri_mem *mem, void *memory) {
  if (memory == NULL) return;
  assert(mem != NULL);
  mem->deallocate(mem->ctx, memory);
  atomic_fetch_sub_explicit(&live_blocks, 1, memory_order_relaxed);
}

void mri_mem_test_fail(int64_t nth, bool for_ever) {
  assert(nth >= 0);
  atomic_store(&test_mode, TEST_OFF);
  atomic_store(&test_left, nth);
  atomic_store(&test_failed, false);
  if (nth > 0) atomic_store(&test_mode, for_ever ? TEST_FOR_EVER : TEST_ONCE);
}

bool mri_mem_test_failed(void) {
  return atomic_load(&test_failed);
}

int64_t mri_mem_live(void) {
  return atomic_load(&live_blocks);
}
