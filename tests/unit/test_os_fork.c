/* SPDX-License-Identifier: Apache-2.0 */
#include "base/os_fork.h"
#include "unit_test.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { WIPE_ON_FORK = 18, THREADS = 8, SKIPPED = 77 };
/* Where the low half of a 64-bit seccomp argument is. */
enum { LOW_HALF = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0 };

/* Runs `body` in a forked child; what it returns is the exit status. */
static int in_child(int (*body)(uint64_t), uint64_t inherited) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) _exit(body(inherited));
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

/* The same without cmocka, for grandchildren. */
static int nested_child(int (*body)(uint64_t), uint64_t inherited) {
  pid_t child = fork();
  if (child < 0) return 100;
  if (child == 0) _exit(body(inherited));
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 101;
  return WEXITSTATUS(status);
}

/* Makes madvise() with this advice answer so; 0 is that it worked. */
static bool answer_advice(uint32_t advice, uint32_t answer) {
  const struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2]) + LOW_HALF),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, advice, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | answer),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof code / sizeof code[0], (struct sock_filter *)code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static int is_own_pid(uint64_t inherited) {
  uint64_t generation = mri_fork_generation();
  return generation == (uint64_t)getpid() && generation != inherited ? 0 : 1;
}

/* As a kernel before 4.14 does. */
static bool hide_wipe_on_fork(void) {
  return answer_advice(WIPE_ON_FORK, EINVAL);
}

static int on_old_kernel(uint64_t inherited) {
  (void)inherited;
  if (!hide_wipe_on_fork()) return SKIPPED;
  if (is_own_pid(0) != 0) return 1;
  return nested_child(is_own_pid, mri_fork_generation());
}

/* Where every advice is welcome and none is taken, the page would not be wiped. */
static int on_emulator(uint64_t inherited) {
  (void)inherited;
  if (!answer_advice(WIPE_ON_FORK, 0) || !answer_advice(UINT32_MAX, 0)) return SKIPPED;
  if (is_own_pid(0) != 0) return 1;
  return nested_child(is_own_pid, mri_fork_generation());
}

static int without_memory(uint64_t inherited) {
  (void)inherited;
  struct rlimit whole;
  if (getrlimit(RLIMIT_AS, &whole) != 0) return SKIPPED;
  const struct rlimit none = {.rlim_cur = 1, .rlim_max = whole.rlim_max};
  if (setrlimit(RLIMIT_AS, &none) != 0) return SKIPPED;
  uint64_t generation = mri_fork_generation();
  if (setrlimit(RLIMIT_AS, &whole) != 0) return 2;
  if (generation != (uint64_t)getpid()) return 1;
  return nested_child(is_own_pid, generation);
}

/* These come first, while this process has no page that the child would inherit. */
static void test_old_kernel_uses_the_process_id(void **state) {
  (void)state;
  int result = in_child(on_old_kernel, 0);
  if (result == SKIPPED) skip();
  assert_int_equal(result, 0);
}

static void test_emulator_uses_the_process_id(void **state) {
  (void)state;
  int result = in_child(on_emulator, 0);
  if (result == SKIPPED) skip();
  assert_int_equal(result, 0);
}

static void test_without_memory_the_process_id_serves(void **state) {
  (void)state;
  int result = in_child(without_memory, 0);
  if (result == SKIPPED) skip();
  assert_int_equal(result, 0);
}

static void test_number_stays_within_a_process(void **state) {
  (void)state;
  uint64_t generation = mri_fork_generation();
  assert_true(generation != 0);
  for (int i = 0; i < 1000; i++) assert_int_equal(mri_fork_generation(), generation);
}

static int differs(uint64_t inherited) {
  uint64_t generation = mri_fork_generation();
  return generation != inherited && generation != 0 && generation == mri_fork_generation() ? 0 : 1;
}

static int differs_from_both(uint64_t grandparent) {
  uint64_t parent = mri_fork_generation();
  pid_t child = fork();
  if (child < 0) return 100;
  if (child == 0) _exit(differs(parent) != 0 || differs(grandparent) != 0);
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 101;
  return parent == grandparent ? 102 : WEXITSTATUS(status);
}

static void test_child_and_grandchild_differ(void **state) {
  (void)state;
  uint64_t generation = mri_fork_generation();
  for (int i = 0; i < 5; i++) assert_int_equal(in_child(differs, generation), 0);
  assert_int_equal(in_child(differs_from_both, generation), 0);
  assert_int_equal(mri_fork_generation(), generation);
}

/* The child never asks; its own child still differs from the one above both. */
static int passes_on(uint64_t inherited) {
  return nested_child(differs, inherited);
}

static void test_a_child_that_never_asks_passes_it_on(void **state) {
  (void)state;
  assert_int_equal(in_child(passes_on, mri_fork_generation()), 0);
}

static pthread_barrier_t barrier;

static void *read_generation(void *ctx) {
  (void)pthread_barrier_wait(&barrier);
  *(uint64_t *)ctx = mri_fork_generation();
  return NULL;
}

static int threads_agree(uint64_t inherited) {
  pthread_t threads[THREADS];
  uint64_t seen[THREADS];
  if (pthread_barrier_init(&barrier, NULL, THREADS) != 0) return 2;
  for (int i = 0; i < THREADS; i++) {
    if (pthread_create(&threads[i], NULL, read_generation, &seen[i]) != 0) return 3;
  }
  for (int i = 0; i < THREADS; i++) (void)pthread_join(threads[i], NULL);
  uint64_t generation = mri_fork_generation();
  for (int i = 0; i < THREADS; i++) {
    if (seen[i] != generation) return 4;
  }
  if (generation == inherited) return 5;
  return nested_child(differs, generation);
}

static int threads_agree_on_old_kernel(uint64_t inherited) {
  return hide_wipe_on_fork() ? threads_agree(inherited) : SKIPPED;
}

static void test_racing_first_callers_agree_on_old_kernel(void **state) {
  (void)state;
  for (int i = 0; i < 20; i++) {
    int result = in_child(threads_agree_on_old_kernel, 0);
    if (result == SKIPPED) skip();
    assert_int_equal(result, 0);
  }
}

static void test_racing_threads_of_a_child_agree(void **state) {
  (void)state;
  for (int i = 0; i < 20; i++) assert_int_equal(in_child(threads_agree, mri_fork_generation()), 0);
}

/* Before this process has a page: each child's threads race to make one. */
static void test_racing_first_callers_agree(void **state) {
  (void)state;
  for (int i = 0; i < 20; i++) assert_int_equal(in_child(threads_agree, 0), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_old_kernel_uses_the_process_id),
      cmocka_unit_test(test_emulator_uses_the_process_id),
      cmocka_unit_test(test_without_memory_the_process_id_serves),
      cmocka_unit_test(test_racing_first_callers_agree_on_old_kernel),
      cmocka_unit_test(test_racing_first_callers_agree),
      cmocka_unit_test(test_number_stays_within_a_process),
      cmocka_unit_test(test_child_and_grandchild_differ),
      cmocka_unit_test(test_a_child_that_never_asks_passes_it_on),
      cmocka_unit_test(test_racing_threads_of_a_child_agree),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
