/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"

#include "registry/series.h"

static void columns_grow(void **state) {
  (void)state;
  const mri_mem *mem = mri_mem_default();
  mri_series a;
  mri_series b;
  assert_true(mri_series_init(&a, mem, "a"));
  assert_true(mri_series_init(&b, mem, "b"));
  for (int i = 0; i < 1000; i++) {
    assert_true(mri_series_reserve(&a, mem, 1));
    mri_series_add(&a, i, i * 2, i * 0.5);
  }
  assert_true(mri_series_reserve(&b, mem, 2000));
  mri_series_append(&b, &a);
  mri_series_append(&b, &a);
  assert_int_equal(b.count, 2000);
  assert_int_equal(b.steps[1999], 999);
  assert_int_equal(b.times_us[1000], 0);
  assert_true(b.values[1998] == 499);
  /* More than an address space has room for. */
  assert_false(mri_series_reserve(&a, mem, SIZE_MAX / 16));
  assert_false(mri_series_reserve(&a, mem, SIZE_MAX));
  assert_int_equal(a.count, 1000);
  mri_series_destroy(&a, mem);
  mri_series_destroy(&b, mem);
  assert_int_equal(mri_mem_live(), 0);
}

static void a_set_finds_its_series(void **state) {
  (void)state;
  enum { COUNT = 3000 };
  mri_series_set set;
  char key[32];
  mri_series_set_init(&set, mri_mem_default());
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < COUNT; i++) {
      (void)snprintf(key, sizeof key, "metric/%d", i);
      mri_series *series = mri_series_set_get(&set, key);
      assert_non_null(series);
      assert_string_equal(series->key, key);
      assert_ptr_equal(series, mri_series_set_at(&set, (size_t)i));
    }
    assert_int_equal(set.series.count, COUNT);
  }
  mri_series_set_destroy(&set);
  assert_int_equal(mri_mem_live(), 0);
}

typedef struct attempt {
  int keys;
} attempt;

static bool fill_once(void *ctx) {
  const attempt *a = ctx;
  mri_series_set set;
  char key[32];
  bool all = true;
  mri_series_set_init(&set, mri_mem_default());
  for (int i = 0; i < a->keys; i++) {
    (void)snprintf(key, sizeof key, "metric/%d", i);
    mri_series *series = mri_series_set_get(&set, key);
    all = all && series != NULL;
    /* Whatever failed, the others are found again, without memory. */
    for (int k = 0; k <= i && series != NULL; k++) {
      (void)snprintf(key, sizeof key, "metric/%d", k);
      const mri_series *again = mri_series_set_get(&set, key);
      if (again != NULL) assert_string_equal(again->key, key);
    }
  }
  mri_series_set_destroy(&set);
  return all;
}

static void memory_runs_out(void **state) {
  (void)state;
  attempt a = {40};
  assert_true(unit_fail_allocations(fill_once, &a) > 40);
}

/* What is there is found when there is no memory at all: a row of points relies on it. */
static void finding_takes_no_memory(void **state) {
  (void)state;
  char key[32];
  for (int count = 1; count <= 70; count++) {
    mri_series_set set;
    mri_series_set_init(&set, mri_mem_default());
    for (int i = 0; i < count; i++) {
      (void)snprintf(key, sizeof key, "metric/%d", i);
      assert_non_null(mri_series_set_get(&set, key));
    }
    mri_mem_test_fail(1, true);
    for (int i = 0; i < count; i++) {
      (void)snprintf(key, sizeof key, "metric/%d", i);
      assert_non_null(mri_series_set_get(&set, key));
    }
    mri_mem_test_fail(0, false);
    mri_series_set_destroy(&set);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(columns_grow),
      cmocka_unit_test(a_set_finds_its_series),
      cmocka_unit_test(memory_runs_out),
      cmocka_unit_test(finding_takes_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
