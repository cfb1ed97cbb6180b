/* SPDX-License-Identifier: Apache-2.0 */
#include "victim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void *victim_share(const char *path, size_t size, bool make) {
  int fd = open(path, O_RDWR | O_CLOEXEC | (make ? O_CREAT | O_TRUNC : 0), 0600);
  CHILD(fd >= 0);
  if (make) CHILD(ftruncate(fd, (off_t)size) == 0);
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHILD(memory != MAP_FAILED);
  CHILD(close(fd) == 0);
  return memory;
}

void victim_unshare(void *memory, size_t size) {
  CHILD(munmap(memory, size) == 0);
}

void victim_pause_us(int64_t us) {
  struct timespec pause = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
  while (nanosleep(&pause, &pause) != 0 && errno == EINTR) continue;
}

void victim_kill(void (*body)(void *ctx), void *ctx, const atomic_int *ready, int64_t after_us) {
  int status = 0;
  pid_t pid = api_fork(body, ctx);
  while (ready != NULL && atomic_load(ready) == 0 && waitpid(pid, &status, WNOHANG) == 0) {
    victim_pause_us(200);
  }
  assert_int_equal(status, 0);
  victim_pause_us(after_us);
  assert_int_equal(kill(pid, SIGKILL), 0);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
