/* SPDX-License-Identifier: Apache-2.0 */
/* Too little of something: room on the disk, bytes that a file may have, descriptors, permissions.
 * Every kind of write is done or says what is missing, nothing is half done, the registry is whole,
 * and all of it works when there is enough again. */
#include "env_stage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* --- room ------------------------------------------------------------------------------------- */

#define DISK_BYTES ((int64_t)8 << 20)

/* Leaves `left` bytes, in whole pages, on the file system of the folder. */
static void fill_disk(const char *folder, int64_t left) {
  struct statvfs facts;
  static const uint8_t page[4096];
  int fd = open(api_path(folder, "filler"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  assert_true(fd >= 0);
  assert_int_equal(statvfs(folder, &facts), 0);
  int64_t room = (int64_t)(facts.f_bavail * facts.f_frsize);
  for (; room > left; room -= 4096) {
    if (write(fd, page, sizeof page) < 0) assert_int_equal(errno, ENOSPC);
  }
  assert_int_equal(close(fd), 0);
}

static void fill_and_free(const api_place *place, const char *disk, int64_t left, int *least) {
  static const int numbers[] = {ENOSPC, 0};
  env_lab lab;
  bool refused[ENV_STEP_MAX];
  env_lab_open(&lab, disk, api_path(place->folder, "data"));
  fill_disk(disk, left);
  int count = env_take_steps(&lab, numbers, refused);
  if (count < *least) *least = count;
  if (left == 0) assert_true(count > 10);
  assert_int_equal(unlink(api_path(disk, "filler")), 0);
  env_check_steps(&lab, refused);
  env_lab_close(&lab);
}

static void test_full_disk(void **state) {
  const api_place *place = *state;
  const char *disk = api_path(place->folder, "disk");
  char path[96];
  (void)snprintf(path, sizeof path, "%s", disk);
  assert_int_equal(mkdir(path, 0755), 0);
  if (mount("tmpfs", path, "tmpfs", 0, "size=8m") != 0) skip();
  int least = ENV_STEP_MAX;
  int64_t step = 4096 * (api_scaled(10) >= 10 ? 1 : 5);
  int64_t left = 0;
  /* Small steps first, where it is the database that has too little. */
  for (; left < 40 * 4096; left += step) fill_and_free(place, path, left, &least);
  for (; left < DISK_BYTES && least > 0; left += 12 * step) {
    fill_and_free(place, path, left, &least);
  }
  assert_int_equal(umount(path), 0);
  assert_int_equal(least, 0); /* so much that all of it was possible */
}

/* --- bytes of a file -------------------------------------------------------------------------- */

static void limit(int what, rlim_t most) {
  struct rlimit now;
  CHILD(getrlimit(what, &now) == 0);
  now.rlim_cur = most < now.rlim_max ? most : now.rlim_max;
  CHILD(setrlimit(what, &now) == 0);
}

static void shorten_files(void *ctx) {
  static const int numbers[] = {EFBIG, ENOSPC, EIO, 0};
  const api_place *place = ctx;
  char path[96];
  int least = ENV_STEP_MAX;
  env_make_home(place, path);
  (void)signal(SIGXFSZ, SIG_IGN);
  for (rlim_t most = 0; least > 0; most = most == 0 ? 1000 : most * 3) {
    env_lab lab;
    bool refused[ENV_STEP_MAX];
    limit(RLIMIT_FSIZE, RLIM_INFINITY);
    env_lab_open(&lab, path, api_path(place->folder, "data"));
    limit(RLIMIT_FSIZE, most);
    int count = env_take_steps(&lab, numbers, refused);
    limit(RLIMIT_FSIZE, RLIM_INFINITY);
    if (most == 0) CHILD(count > 10);
    if (count < least) least = count;
    env_check_steps(&lab, refused);
    env_lab_close(&lab);
    CHILD(most < (rlim_t)1 << 30);
  }
  api_remove_tree(path);
}

static void test_short_files(void **state) {
  api_wait(api_fork(shorten_files, *state));
}

/* --- descriptors ------------------------------------------------------------------------------ */

static void take_descriptors(void *ctx) {
  static const int numbers[] = {EMFILE, 0};
  const api_place *place = ctx;
  char path[96];
  int least = ENV_STEP_MAX;
  env_make_home(place, path);
  for (int more = 0; least > 0; more++) {
    env_lab lab;
    bool refused[ENV_STEP_MAX];
    limit(RLIMIT_NOFILE, 256);
    env_lab_open(&lab, path, api_path(place->folder, "data"));
    int lowest = dup(0);
    CHILD(lowest >= 0 && close(lowest) == 0);
    limit(RLIMIT_NOFILE, (rlim_t)(lowest + more));
    int count = env_take_steps(&lab, numbers, refused);
    limit(RLIMIT_NOFILE, 256);
    int after = dup(0);
    CHILD(after >= 0 && close(after) == 0);
    CHILD(after <= lowest + 4); /* nothing of the failures is left open */
    if (more == 0) CHILD(count >= 5);
    if (count < least) least = count;
    env_check_steps(&lab, refused);
    env_lab_close(&lab);
    CHILD(more < 60);
  }
  api_remove_tree(path);
}

static void test_no_descriptors(void **state) {
  api_wait(api_fork(take_descriptors, *state));
}

/* --- permissions ------------------------------------------------------------------------------ */

static void change_mode(const char *folder, const char *name, unsigned mode) {
  const char *path = name[0] == '\0' ? folder : api_path(folder, name);
  if (api_exists(path)) CHILD(chmod(path, mode) == 0);
}

/* The handle is open, and then somebody changes what it may do in the folders. */
static void take_rights(void *ctx) {
  static const int numbers[] = {EACCES, EPERM, 0};
  static const char *const folders[] = {"", "R.db.d", "R.db.d/blobs", "R.db.d/tmp"};
  static const unsigned modes[] = {0555, 0000};
  const api_place *place = ctx;
  char path[96];
  int most = 0;
  if (geteuid() == 0) CHILD(setgid(65534) == 0 && setuid(65534) == 0);
  env_make_home(place, path);
  for (size_t i = 0; i < 2 * sizeof folders / sizeof folders[0]; i++) {
    env_lab lab;
    bool refused[ENV_STEP_MAX];
    if (folders[i / 2][0] == '\0' && modes[i % 2] == 0) continue; /* nothing can be found then */
    env_lab_open(&lab, path, api_path(place->folder, "data"));
    change_mode(path, folders[i / 2], modes[i % 2]);
    int count = env_take_steps(&lab, numbers, refused);
    change_mode(path, folders[i / 2], 0755);
    if (count > most) most = count;
    env_check_steps(&lab, refused);
    env_lab_close(&lab);
  }
  CHILD(most >= 3);
  api_remove_tree(path);
}

static void test_rights_taken_away(void **state) {
  api_place *place = *state;
  assert_int_equal(chmod(place->folder, 0777), 0);
  api_wait(api_fork(take_rights, place));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_full_disk),
      api_test(test_short_files),
      api_test(test_no_descriptors),
      api_test(test_rights_taken_away),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
