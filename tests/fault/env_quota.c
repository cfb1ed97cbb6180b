/* SPDX-License-Identifier: Apache-2.0 */
/* In a folder whose quota is used up: every kind of write is done or says that it is, nothing is
 * half done, and all of it works when there is room again. */
#include "env_stage.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { PIECE = 65536 };

static void settle(const char *folder) {
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CHILD(fd >= 0 && syncfs(fd) == 0 && close(fd) == 0);
}

/* Writes until nothing more may be written. */
static void use_up(const char *path) {
  static const uint8_t bytes[PIECE] = {1};
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  CHILD(fd >= 0);
  for (size_t piece = PIECE; piece >= 4096;) {
    ssize_t count = write(fd, bytes, piece);
    CHILD(count > 0 || errno == EDQUOT);
    if (count < 0) piece /= 2;
  }
  (void)fsync(fd); /* which a quota may refuse, too */
  CHILD(close(fd) == 0);
}

/* FOLDER DATA: the folder with the quota, and one elsewhere. */
int main(int argc, char **argv) {
  static const int numbers[] = {EDQUOT, 0};
  env_lab lab;
  bool refused[ENV_STEP_MAX];
  char filler[120];
  if (argc != 3) return 2;
  for (int round = 0; round < 2; round++) {
    (void)snprintf(filler, sizeof filler, "%.100s/filler", argv[1]);
    env_lab_open(&lab, argv[1], argv[2]);
    use_up(filler);
    settle(argv[1]);
    int count = env_take_steps(&lab, numbers, refused);
    printf("%d steps were refused\n", count);
    CHILD(count > 10);
    CHILD(unlink(filler) == 0);
    settle(argv[1]);
    env_check_steps(&lab, refused);
    env_lab_close(&lab);
    settle(argv[1]);
  }
  return 0;
}
