/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"

#include <pthread.h>
#include <stdatomic.h>

static void test_alloc_counts_live_blocks(void **state) {
  (void)state;
  const mri_mem *mem = mri_mem_default();
  int64_t live = mri_mem_live();
  void *a = mri_mem_alloc(mem, 10);
  void *b = mri_mem_zalloc(mem, 3, 7);
  char *c = mri_mem_strdup(mem, "text");
  assert_non_null(a);
  assert_non_null(b);
  assert_string_equal(c, "text");
  assert_int_equal(mri_mem_live(), live + 3);
  a = mri_mem_realloc(mem, a, 1000);
  assert_non_null(a);
  assert_int_equal(mri_mem_live(), live + 3);
  mri_mem_free(mem, a);
  mri_mem_free(mem, b);
  mri_mem_free(mem, c);
  mri_mem_free(mem, NULL);
  assert_int_equal(mri_mem_live(), live);
}

static void test_zero_sizes_give_blocks(void **state) {
  (void)state;
  const mri_mem *mem = mri_mem_default();
  void *a = mri_mem_alloc(mem, 0);
  void *b = mri_mem_zalloc(mem, 0, 8);
  void *c = mri_mem_realloc(mem, NULL, 0);
  char *d = mri_mem_strndup(mem, NULL, 0);
  assert_non_null(a);
  assert_non_null(b);
  assert_non_null(c);
  assert_string_equal(d, "");
  c = mri_mem_realloc(mem, c, 0);
  assert_non_null(c);
  mri_mem_free(mem, a);
  mri_mem_free(mem, b);
  mri_mem_free(mem, c);
  mri_mem_free(mem, d);
}

static void test_zalloc_clears_and_refuses_overflow(void **state) {
  (void)state;
  const mri_mem *mem = mri_mem_default();
  uint8_t *bytes = mri_mem_zalloc(mem, 100, 3);
  assert_non_null(bytes);
  for (size_t i = 0; i < 300; i++) assert_int_equal(bytes[i], 0);
  mri_mem_free(mem, bytes);
  int64_t live = mri_mem_live();
  assert_null(mri_mem_zalloc(mem, SIZE_MAX / 2, 3));
  assert_null(mri_mem_zalloc(mem, 3, SIZE_MAX / 2));
  assert_null(mri_mem_strndup(mem, "x", SIZE_MAX));
  assert_int_equal(mri_mem_live(), live);
}

static void test_strndup_cuts(void **state) {
  (void)state;
  char *text = mri_mem_strndup(mri_mem_default(), "abcdef", 3);
  assert_string_equal(text, "abc");
  mri_mem_free(mri_mem_default(), text);
}

static void test_nth_allocation_fails_once(void **state) {
  (void)state;
  const mri_mem *mem = mri_mem_default();
  mri_mem_test_fail(3, false);
  void *blocks[5];
  for (size_t i = 0; i < 5; i++) {
    assert_int_equal(mri_mem_test_failed(), i > 2);
    blocks[i] = mri_mem_alloc(mem, 8);
    assert_int_equal(blocks[i] == NULL, i == 2);
  }
  mri_mem_test_fail(0, false);
  assert_false(mri_mem_test_failed());
  for (size_t i = 0; i < 5; i++) mri_mem_free(mem, blocks[i]);
}

static void test_allocations_fail_for_ever(void **state) {
  (void)state;
  const mri_mem *mem = mri_mem_default();
  int64_t live = mri_mem_live();
  char *kept = mri_mem_strdup(mem, "kept");
  mri_mem_test_fail(2, true);
  void *first = mri_mem_alloc(mem, 8);
  assert_non_null(first);
  for (int i = 0; i < 10; i++) {
    assert_null(mri_mem_alloc(mem, 8));
    assert_null(mri_mem_zalloc(mem, 1, 8));
    assert_null(mri_mem_strdup(mem, "x"));
    assert_null(mri_mem_realloc(mem, kept, 4096));
    assert_null(mri_mem_realloc(mem, NULL, 8));
  }
  assert_true(mri_mem_test_failed());
  mri_mem_test_fail(0, false);
  assert_string_equal(kept, "kept");
  kept = mri_mem_realloc(mem, kept, 4096);
  assert_string_equal(kept, "kept");
  mri_mem_free(mem, kept);
  mri_mem_free(mem, first);
  assert_int_equal(mri_mem_live(), live);
}

typedef struct counting {
  int allocated;
  int reallocated;
  int freed;
} counting;

static void *count_allocate(void *ctx, size_t size) {
  assert_true(size > 0);
  ((counting *)ctx)->allocated++;
  return malloc(size + 1);
}

static void *count_reallocate(void *ctx, void *memory, size_t size) {
  assert_non_null(memory);
  assert_true(size > 0);
  ((counting *)ctx)->reallocated++;
  return realloc(memory, size + 1);
}

static void count_deallocate(void *ctx, void *memory) {
  assert_non_null(memory);
  ((counting *)ctx)->freed++;
  free(memory);
}

static void test_host_functions_are_called_within_their_contract(void **state) {
  (void)state;
  counting counts = {0};
  const mri_mem mem = {&counts, count_allocate, count_reallocate, count_deallocate};
  int64_t live = mri_mem_live();
  void *a = mri_mem_realloc(&mem, NULL, 0);
  a = mri_mem_realloc(&mem, a, 0);
  void *b = mri_mem_zalloc(&mem, 0, 0);
  assert_int_equal(mri_mem_live(), live + 2);
  mri_mem_free(&mem, a);
  mri_mem_free(&mem, b);
  mri_mem_free(&mem, NULL);
  assert_int_equal(counts.allocated, 2);
  assert_int_equal(counts.reallocated, 1);
  assert_int_equal(counts.freed, 2);
}

enum { THREADS = 8, ROUNDS = 1000 };

static atomic_int nulls;

static void *allocate_much(void *ctx) {
  (void)ctx;
  for (int i = 0; i < ROUNDS; i++) {
    void *block = mri_mem_alloc(mri_mem_default(), 16);
    if (block == NULL) atomic_fetch_add(&nulls, 1);
    mri_mem_free(mri_mem_default(), block);
  }
  return NULL;
}

static void test_one_allocation_of_many_threads_fails(void **state) {
  (void)state;
  int64_t live = mri_mem_live();
  pthread_t threads[THREADS];
  atomic_store(&nulls, 0);
  mri_mem_test_fail(THREADS * ROUNDS / 2, false);
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, allocate_much, NULL), 0);
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
  mri_mem_test_fail(0, false);
  assert_int_equal(atomic_load(&nulls), 1);
  assert_int_equal(mri_mem_live(), live);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_alloc_counts_live_blocks),
      cmocka_unit_test(test_zero_sizes_give_blocks),
      cmocka_unit_test(test_zalloc_clears_and_refuses_overflow),
      cmocka_unit_test(test_strndup_cuts),
      cmocka_unit_test(test_nth_allocation_fails_once),
      cmocka_unit_test(test_allocations_fail_for_ever),
      cmocka_unit_test(test_host_functions_are_called_within_their_contract),
      cmocka_unit_test(test_one_allocation_of_many_threads_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
