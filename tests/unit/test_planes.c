/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"

#include "metrics/planes.h"

#define MOST 67

static uint64_t random_state = 7;

static uint64_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

static uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* Plane p of point i is byte p of its bits, and nothing behind the planes is touched. */
static void planes_are(const double *values, size_t count, bool narrow) {
  uint8_t out[8 * MOST + 1];
  double back[MOST + 1];
  const uint8_t *planes[MRI_PLANES] = {NULL};
  size_t used = narrow ? MRI_PLANES_NARROW : MRI_PLANES;
  memset(out, 0x5a, sizeof out);
  memset(back, 0x5a, sizeof back);
  mri_planes_split(values, count, narrow, out);
  for (size_t i = 0; i < count; i++) {
    uint64_t bits = bits_of(values[i]);
    if (narrow) {
      float single = (float)values[i];
      uint32_t single_bits;
      memcpy(&single_bits, &single, sizeof single_bits);
      bits = single_bits;
    }
    for (size_t p = 0; p < used; p++) assert_int_equal(out[p * count + i], bits >> 8 * p & 0xff);
  }
  assert_int_equal(out[used * count], 0x5a);
  for (size_t p = 0; p < used; p++) planes[p] = out + p * count;
  mri_planes_join(planes, count, narrow, back);
  assert_memory_equal(back, values, count * sizeof *values);
  assert_int_equal(bits_of(back[count]), 0x5a5a5a5a5a5a5a5a);
}

static void test_every_count(void **state) {
  (void)state;
  double wide[MOST] = {0};
  double narrow[MOST] = {0};
  for (size_t count = 0; count <= MOST; count++) {
    for (size_t i = 0; i < count; i++) {
      uint64_t bits = next_random();
      memcpy(&wide[i], &bits, sizeof bits);
      narrow[i] = (double)((float)(int64_t)(next_random() >> 20) / 1024);
    }
    planes_are(wide, count, false);
    planes_are(narrow, count, false);
    assert_true(mri_planes_are_narrow(narrow, count));
    planes_are(narrow, count, true);
  }
}

static void test_one_value_that_does_not_fit_is_found_anywhere(void **state) {
  (void)state;
  double values[MOST];
  for (size_t i = 0; i < MOST; i++) values[i] = 0.5;
  for (size_t i = 0; i < MOST; i++) {
    values[i] = 0.1;
    assert_false(mri_planes_are_narrow(values, MOST));
    values[i] = 1e300;
    assert_false(mri_planes_are_narrow(values, MOST));
    values[i] = 0.5;
  }
  assert_true(mri_planes_are_narrow(values, MOST));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_count),
      cmocka_unit_test(test_one_value_that_does_not_fit_is_found_anywhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
