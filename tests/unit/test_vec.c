/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"
#include "unit_test.h"

typedef struct item {
  uint64_t number;
  char tail[5];
} item;

static void test_items_stay_in_order(void **state) {
  (void)state;
  mri_vec vec;
  mri_vec_init(&vec, mri_mem_default(), sizeof(item));
  for (uint64_t i = 0; i < 10000; i++) {
    item *pushed = mri_vec_push(&vec);
    assert_non_null(pushed);
    assert_int_equal(pushed->number, 0);
    assert_int_equal(pushed->tail[4], 0);
    pushed->number = i;
    pushed->tail[4] = 'x';
  }
  assert_int_equal(vec.count, 10000);
  for (size_t i = 0; i < vec.count; i++) assert_int_equal(((item *)mri_vec_at(&vec, i))->number, i);
  mri_vec_free(&vec);
  assert_int_equal(vec.count, 0);
  assert_non_null(mri_vec_push(&vec));
  mri_vec_free(&vec);
}

static void test_reserve_keeps_items_in_place(void **state) {
  (void)state;
  mri_vec vec;
  mri_vec_init(&vec, mri_mem_default(), sizeof(int));
  assert_non_null(mri_vec_push(&vec));
  assert_true(mri_vec_reserve(&vec, 100));
  const void *first = mri_vec_at(&vec, 0);
  for (int i = 0; i < 100; i++) assert_non_null(mri_vec_push(&vec));
  assert_ptr_equal(mri_vec_at(&vec, 0), first);
  mri_vec_free(&vec);
}

static void test_impossible_sizes_are_refused(void **state) {
  (void)state;
  mri_vec vec;
  mri_vec_init(&vec, mri_mem_default(), 16);
  assert_true(mri_vec_reserve(&vec, 0));
  assert_non_null(mri_vec_push(&vec));
  assert_false(mri_vec_reserve(&vec, SIZE_MAX));
  assert_false(mri_vec_reserve(&vec, SIZE_MAX - 1));
  assert_false(mri_vec_reserve(&vec, SIZE_MAX / 16));
  assert_int_equal(vec.count, 1);
  mri_vec_free(&vec);
}

/* To double what there is would overflow. */
static void test_growth_ends_at_the_greatest_size(void **state) {
  (void)state;
  mri_vec vec;
  mri_vec_init(&vec, mri_mem_default(), 1);
  vec.count = vec.capacity = SIZE_MAX - 1;
  mri_mem_test_fail(1, false);
  assert_false(mri_vec_reserve(&vec, 1));
  assert_true(mri_mem_test_failed());
  assert_int_equal(vec.capacity, SIZE_MAX - 1);
  mri_vec_init(&vec, mri_mem_default(), SIZE_MAX / 4);
  mri_mem_test_fail(1, false);
  assert_false(mri_vec_reserve(&vec, 1));
  assert_true(mri_mem_test_failed());
  mri_mem_test_fail(0, false);
  assert_int_equal(mri_mem_live(), 0);
}

static bool push_many(void *ctx) {
  (void)ctx;
  mri_vec vec;
  mri_vec_init(&vec, mri_mem_default(), sizeof(int));
  bool worked = true;
  for (int i = 0; i < 100 && worked; i++) {
    int *pushed = mri_vec_push(&vec);
    worked = pushed != NULL;
    if (worked) *pushed = i;
  }
  for (size_t i = 0; i < vec.count; i++) assert_int_equal(*(int *)mri_vec_at(&vec, i), i);
  mri_vec_free(&vec);
  return worked;
}

static void test_failed_push_leaves_the_items(void **state) {
  (void)state;
  assert_true(unit_fail_allocations(push_many, NULL) >= 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_items_stay_in_order),
      cmocka_unit_test(test_reserve_keeps_items_in_place),
      cmocka_unit_test(test_impossible_sizes_are_refused),
      cmocka_unit_test(test_growth_ends_at_the_greatest_size),
      cmocka_unit_test(test_failed_push_leaves_the_items),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
