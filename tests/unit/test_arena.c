/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "unit_test.h"

#include <stdalign.h>

static void test_pieces_are_zeroed_aligned_and_apart(void **state) {
  (void)state;
  mri_arena arena;
  mri_arena_init(&arena, mri_mem_default());
  enum { COUNT = 2000 };
  static uint8_t *pieces[COUNT];
  static size_t sizes[COUNT];
  for (size_t i = 0; i < COUNT; i++) {
    sizes[i] = (i * 7919) % 3001; /* from 0 to more than the first block */
    pieces[i] = mri_arena_alloc(&arena, sizes[i]);
    assert_non_null(pieces[i]);
    assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
    for (size_t k = 0; k < sizes[i]; k++) assert_int_equal(pieces[i][k], 0);
    memset(pieces[i], (int)(i % 255) + 1, sizes[i]);
  }
  for (size_t i = 0; i < COUNT; i++) {
    for (size_t k = 0; k < sizes[i]; k++) assert_int_equal(pieces[i][k], i % 255 + 1);
  }
  mri_arena_free(&arena);
}

static void test_strings_are_copied(void **state) {
  (void)state;
  mri_arena arena;
  mri_arena_init(&arena, mri_mem_default());
  char source[] = "model";
  const char *copy = mri_arena_strdup(&arena, source);
  source[0] = 'X';
  assert_string_equal(copy, "model");
  assert_string_equal(mri_arena_strndup(&arena, "fraud@latest", 5), "fraud");
  assert_string_equal(mri_arena_strdup(&arena, ""), "");
  assert_null(mri_arena_strdup(&arena, NULL));
  assert_null(mri_arena_strndup(&arena, NULL, 3));
  mri_arena_free(&arena);
}

static void test_big_piece_does_not_waste_the_open_block(void **state) {
  (void)state;
  int64_t live = mri_mem_live();
  mri_arena arena;
  mri_arena_init(&arena, mri_mem_default());
  assert_non_null(mri_arena_alloc(&arena, 16));
  assert_non_null(mri_arena_alloc(&arena, 1000000));
  assert_non_null(mri_arena_alloc(&arena, 16));
  assert_int_equal(mri_mem_live(), live + 2);
  mri_arena_free(&arena);
  assert_int_equal(mri_mem_live(), live);
}

static void test_impossible_sizes_are_refused(void **state) {
  (void)state;
  mri_arena arena;
  mri_arena_init(&arena, mri_mem_default());
  assert_null(mri_arena_alloc(&arena, SIZE_MAX));
  assert_null(mri_arena_alloc(&arena, SIZE_MAX - alignof(max_align_t)));
  assert_null(mri_arena_strndup(&arena, "x", SIZE_MAX));
  assert_non_null(mri_arena_alloc(&arena, 1));
  mri_arena_free(&arena);
  mri_arena_free(&arena);
}

static bool fill_arena(void *ctx) {
  (void)ctx;
  mri_arena arena;
  mri_arena_init(&arena, mri_mem_default());
  bool worked = true;
  for (int i = 0; i < 200 && worked; i++) worked = mri_arena_strdup(&arena, "some text") != NULL;
  worked = worked && mri_arena_alloc(&arena, 100000) != NULL;
  mri_arena_free(&arena);
  return worked;
}

static void test_every_allocation_may_fail(void **state) {
  (void)state;
  assert_true(unit_fail_allocations(fill_arena, NULL) >= 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pieces_are_zeroed_aligned_and_apart),
      cmocka_unit_test(test_strings_are_copied),
      cmocka_unit_test(test_big_piece_does_not_waste_the_open_block),
      cmocka_unit_test(test_impossible_sizes_are_refused),
      cmocka_unit_test(test_every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
