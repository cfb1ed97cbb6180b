/* SPDX-License-Identifier: Apache-2.0 */
#include "host_filter.h"

#include <assert.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

/* Where the low half of a 64-bit argument is. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LOW_HALF 4
#else
#define LOW_HALF 0
#endif

static void add(host_filter *filter, struct sock_filter step) {
  assert(filter->count < sizeof filter->code / sizeof filter->code[0]);
  filter->code[filter->count++] = step;
}

static void load(host_filter *filter, size_t offset) {
  add(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

/* The next `steps` steps are for this call alone. */
static void only_for(host_filter *filter, long call, uint8_t steps) {
  add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, steps));
}

static void answer(host_filter *filter, uint32_t action) {
  add(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

void host_filter_start(host_filter *filter) {
  filter->count = 0;
  load(filter, offsetof(struct seccomp_data, nr));
}

void host_filter_kill(host_filter *filter, long call) {
  only_for(filter, call, 1);
  answer(filter, SECCOMP_RET_KILL_PROCESS);
}

void host_filter_fail(host_filter *filter, long call, int error) {
  only_for(filter, call, 1);
  answer(filter, SECCOMP_RET_ERRNO | ((uint32_t)error & SECCOMP_RET_DATA));
}

static void load_argument(host_filter *filter, unsigned argument) {
  load(filter, offsetof(struct seccomp_data, args) + 8 * (size_t)argument + LOW_HALF);
}

void host_filter_kill_value(host_filter *filter, long call, unsigned argument, uint32_t value) {
  only_for(filter, call, 4);
  load_argument(filter, argument);
  add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
  answer(filter, SECCOMP_RET_KILL_PROCESS);
  load(filter, offsetof(struct seccomp_data, nr));
}

void host_filter_kill_without(host_filter *filter, long call, unsigned argument, uint32_t flag) {
  only_for(filter, call, 4);
  load_argument(filter, argument);
  add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, flag, 1, 0));
  answer(filter, SECCOMP_RET_KILL_PROCESS);
  load(filter, offsetof(struct seccomp_data, nr));
}

bool host_filter_install(host_filter *filter) {
  answer(filter, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {.len = (unsigned short)filter->count, .filter = filter->code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
