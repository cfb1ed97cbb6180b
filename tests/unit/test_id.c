/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"
#include "unit_test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

static int64_t fixed_clock(void *ctx) {
  return *(int64_t *)ctx;
}

static void fill_random(void *ctx, uint8_t *out, size_t size) {
  memset(out, *(int *)ctx, size);
}

typedef struct fixture {
  int64_t now_us;
  int byte;
  mri_id_source source;
} fixture;

static void start(fixture *f, int64_t now_us, int byte) {
  f->now_us = now_us;
  f->byte = byte;
  const mri_clock clock = {fixed_clock, &f->now_us};
  mri_id_source_init(&f->source, &clock, fill_random, &f->byte);
}

static void test_id_is_a_uuid_of_version_seven(void **state) {
  (void)state;
  fixture f;
  char id[MRI_ID_SIZE];
  start(&f, 0x017f22e279b0 * INT64_C(1000) + 999, 0);
  mri_id_new(&f.source, id);
  assert_string_equal(id, "017f22e2-79b0-7000-8000-000000000000");
  mri_id_source_destroy(&f.source);
  start(&f, 0x017f22e279b0 * INT64_C(1000), 0xff);
  mri_id_new(&f.source, id);
  assert_string_equal(id, "017f22e2-79b0-77ff-bfff-ffffffffffff");
  assert_true(mri_id_valid(id));
  mri_id_source_destroy(&f.source);
}

static void test_ids_of_one_millisecond_count_up(void **state) {
  (void)state;
  fixture f;
  char last[MRI_ID_SIZE] = "";
  start(&f, INT64_C(1700000000000000), 0xff);
  /* More than the 12-bit counter holds, several times. */
  for (int i = 0; i < 20000; i++) {
    char id[MRI_ID_SIZE];
    mri_id_new(&f.source, id);
    assert_true(mri_id_valid(id));
    assert_true(strcmp(id, last) > 0);
    memcpy(last, id, sizeof id);
  }
  mri_id_source_destroy(&f.source);
}

static void test_ids_increase_whatever_the_clock_does(void **state) {
  (void)state;
  static const int64_t times[] = {5000000,   5001000,   5000000, 0,      -1,        INT64_MIN,
                                  5001500,   900000000, 1,       5,      INT64_MAX, 3,
                                  INT64_MAX, 0,         -5,      7000000};
  fixture f;
  char last[MRI_ID_SIZE] = "";
  start(&f, 0, 0x5a);
  for (int i = 0; i < 16 * 600; i++) {
    char id[MRI_ID_SIZE];
    f.now_us = times[i / 600];
    mri_id_new(&f.source, id);
    assert_true(mri_id_valid(id));
    assert_int_equal(id[14], '7');
    assert_true(strcmp(id, last) > 0);
    memcpy(last, id, sizeof id);
  }
  mri_id_source_destroy(&f.source);
}

static void test_a_later_clock_shows_in_the_id(void **state) {
  (void)state;
  fixture f;
  char id[MRI_ID_SIZE];
  start(&f, INT64_C(0x1000) * 1000, 0);
  mri_id_new(&f.source, id);
  assert_memory_equal(id, "00000000-1000-", 14);
  f.now_us = INT64_C(0x2345) * 1000;
  mri_id_new(&f.source, id);
  assert_memory_equal(id, "00000000-2345-", 14);
  mri_id_source_destroy(&f.source);
}

enum { THREADS = 8, IDS = 2000 };

typedef struct id_thread {
  mri_id_source *source;
  pthread_t thread;
  char ids[IDS][MRI_ID_SIZE];
} id_thread;

static void *make_ids(void *ctx) {
  id_thread *self = ctx;
  for (int i = 0; i < IDS; i++) mri_id_new(self->source, self->ids[i]);
  return NULL;
}

static int compare_ids(const void *a, const void *b) {
  return strcmp(a, b);
}

static void test_threads_get_increasing_unique_ids(void **state) {
  (void)state;
  static id_thread threads[THREADS];
  static char all[THREADS * IDS][MRI_ID_SIZE];
  fixture f;
  start(&f, INT64_C(1700000000000000), 0);
  for (int t = 0; t < THREADS; t++) {
    threads[t].source = &f.source;
    assert_int_equal(pthread_create(&threads[t].thread, NULL, make_ids, &threads[t]), 0);
  }
  for (int t = 0; t < THREADS; t++) {
    assert_int_equal(pthread_join(threads[t].thread, NULL), 0);
    for (int i = 1; i < IDS; i++) assert_true(strcmp(threads[t].ids[i - 1], threads[t].ids[i]) < 0);
    memcpy(all[t * IDS], threads[t].ids, sizeof threads[t].ids);
  }
  qsort(all, THREADS * IDS, MRI_ID_SIZE, compare_ids);
  for (int i = 1; i < THREADS * IDS; i++) assert_string_not_equal(all[i - 1], all[i]);
  mri_id_source_destroy(&f.source);
}

static void test_system_sources_serve_by_default(void **state) {
  (void)state;
  mri_id_source source;
  char a[MRI_ID_SIZE];
  char b[MRI_ID_SIZE];
  mri_id_source_init(&source, NULL, NULL, NULL);
  mri_id_new(&source, a);
  mri_id_new(&source, b);
  assert_true(mri_id_valid(a) && mri_id_valid(b));
  assert_true(strcmp(a, b) < 0);
  assert_string_not_equal(a + 24, b + 24);
  char shown[16];
  (void)snprintf(shown, sizeof shown, "%.8s%.4s", a, a + 9);
  assert_true(strtoll(shown, NULL, 16) > 0);
  mri_id_source_destroy(&source);
}

static void test_random_bytes_are_random(void **state) {
  (void)state;
  uint8_t a[64] = {0};
  uint8_t b[64] = {0};
  mri_random_bytes(a, sizeof a);
  mri_random_bytes(b, sizeof b);
  assert_memory_not_equal(a, b, sizeof a);
  mri_random_bytes(a, 0);
}

static void test_only_the_canonical_form_is_valid(void **state) {
  (void)state;
  static const char good[] = "01890a5d-ac96-774b-bcce-b302099a8057";
  static const char *const bad[] = {"",
                                    "01890a5d",
                                    "01890A5D-ac96-774b-bcce-b302099a8057",
                                    "01890a5dac96774bbcceb302099a8057",
                                    "{01890a5d-ac96-774b-bcce-b302099a805}",
                                    "01890a5d-ac96-774b-bcce-b302099a8057 ",
                                    "01890a5d-ac96-774b-bcce-b302099a80570",
                                    "01890a5d-ac96-774b-bcce-b302099a805"};
  assert_true(mri_id_valid(good));
  assert_true(mri_id_valid("00000000-0000-0000-0000-000000000000"));
  assert_false(mri_id_valid(NULL));
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_false(mri_id_valid(bad[i]));
  for (size_t i = 0; i < 36; i++) {
    char text[MRI_ID_SIZE];
    memcpy(text, good, sizeof text);
    text[i] = 'g';
    assert_false(mri_id_valid(text));
    text[i] = good[i] == '-' ? '0' : '-';
    assert_false(mri_id_valid(text));
    text[i] = '\0';
    assert_false(mri_id_valid(text));
  }
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(mri_check_id(good, "run id", &error), MR_OK);
  assert_int_equal(mri_check_id("x", "run id", &error), MR_INVALID_ARGUMENT);
  assert_memory_equal(error.message, "run id \"x\"", 10);
  assert_int_equal(mri_check_id(NULL, "run id", &error), MR_INVALID_ARGUMENT);
  assert_string_equal(error.message, "run id is missing (NULL)");
}

static void test_monotonic_clock_and_sleep(void **state) {
  (void)state;
  int64_t start_us = mri_monotonic_us();
  mri_sleep_us(0);
  mri_sleep_us(-1);
  mri_sleep_us(2000);
  assert_true(mri_monotonic_us() - start_us >= 2000);
  int64_t now_us = 12345;
  const mri_clock clock = {fixed_clock, &now_us};
  assert_int_equal(mri_clock_now_us(&clock), 12345);
  const mri_clock system = {NULL, NULL};
  assert_true(mri_clock_now_us(&system) > 0);
}

static volatile sig_atomic_t interruptions;

static void count_interruption(int number) {
  (void)number;
  interruptions++;
}

static void test_signals_do_not_end_a_sleep(void **state) {
  (void)state;
  struct sigaction old;
  struct sigaction action = {.sa_handler = count_interruption};
  struct itimerval every = {{0, 5000}, {0, 5000}};
  const struct itimerval never = {{0, 0}, {0, 0}};
  assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
  assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
  int64_t start_us = mri_monotonic_us();
  mri_sleep_us(50000);
  int64_t slept_us = mri_monotonic_us() - start_us;
  assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
  assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
  assert_true(slept_us >= 50000);
  assert_true(interruptions > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_id_is_a_uuid_of_version_seven),
      cmocka_unit_test(test_ids_of_one_millisecond_count_up),
      cmocka_unit_test(test_ids_increase_whatever_the_clock_does),
      cmocka_unit_test(test_a_later_clock_shows_in_the_id),
      cmocka_unit_test(test_threads_get_increasing_unique_ids),
      cmocka_unit_test(test_system_sources_serve_by_default),
      cmocka_unit_test(test_random_bytes_are_random),
      cmocka_unit_test(test_only_the_canonical_form_is_valid),
      cmocka_unit_test(test_monotonic_clock_and_sleep),
      cmocka_unit_test(test_signals_do_not_end_a_sleep),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
