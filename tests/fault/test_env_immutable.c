/* SPDX-License-Identifier: Apache-2.0 */
/* Files and folders that somebody made immutable, as `chattr +i` does: not even root changes them.
 * What needs them says so and names them, everything else goes on, and all is well when they are
 * mended. */
#include "env_stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct scene {
  api_place *place;
  char home[96];
  char data[96];
  char frozen[256]; /* what is immutable now, "": nothing */
} scene;

/* False where the file system or our rights do not allow it. */
static bool set_immutable(const char *path, bool on) {
  int flags = 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  assert_true(fd >= 0);
  bool good = ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0;
  flags = on ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
  good = good && ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
  assert_int_equal(close(fd), 0);
  return good;
}

static void freeze_path(scene *s, const char *path) {
  (void)snprintf(s->frozen, sizeof s->frozen, "%s", path);
  assert_true(set_immutable(path, true));
}

static void thaw(scene *s) {
  if (s->frozen[0] == '\0') return;
  (void)set_immutable(s->frozen, false);
  s->frozen[0] = '\0';
}

static int setup(void **state) {
  scene *s = calloc(1, sizeof *s);
  if (s == NULL || api_setup((void **)&s->place) != 0) return -1;
  (void)snprintf(s->home, sizeof s->home, "%s/home", s->place->folder);
  (void)snprintf(s->data, sizeof s->data, "%s/data", s->place->folder);
  if (mkdir(s->home, 0755) != 0) return -1;
  *state = s;
  return 0;
}

/* Nobody could remove what a failed test left immutable. */
static int teardown(void **state) {
  scene *s = *state;
  thaw(s);
  int result = api_teardown((void **)&s->place);
  free(s);
  return result;
}

#define scene_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static bool can_freeze(scene *s) {
  bool can = set_immutable(s->home, true);
  assert_true(!can || set_immutable(s->home, false));
  return can;
}

/* The first name in the folder. */
static const char *first_in(const char *folder) {
  const char *found = NULL;
  DIR *dir = opendir(folder);
  assert_non_null(dir);
  for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
    if (entry->d_name[0] != '.') found = api_path(folder, entry->d_name);
  }
  assert_int_equal(closedir(dir), 0);
  assert_non_null(found);
  return found;
}

/* --- while it is open ------------------------------------------------------------------------- */

/* Takes every step while `path` cannot be changed; `least` of them need it. */
static void work_without(scene *s, env_lab *lab, const char *path, int least) {
  /* SQLite that may not make a file says that there is none. */
  static const int numbers[] = {EPERM, EACCES, ENOENT, 0};
  bool refused[ENV_STEP_MAX];
  freeze_path(s, path);
  int count = env_take_steps(lab, numbers, refused);
  thaw(s);
  if (count < least) fail_msg("%d steps were refused without %s", count, path);
  env_check_steps(lab, refused);
}

static void test_frozen_while_open(void **state) {
  static const struct {
    const char *name;
    int least;
  } parts[] = {
      {"", 2},            /* no backup, no other registry */
      {"R.db", 0},        /* all goes to the log */
      {"R.db-wal", 10},   /* every write */
      {"R.db.d", 0},      /* its folders are there */
      {"R.db.d/tmp", 3},  /* all content */
      {"R.db.d/blobs", 1} /* content whose folder is not there yet */
  };
  scene *s = *state;
  if (!can_freeze(s)) skip();
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    env_lab lab;
    env_lab_open(&lab, s->home, s->data);
    const char *path = parts[i].name[0] == '\0' ? s->home : api_path(s->home, parts[i].name);
    work_without(s, &lab, path, parts[i].least);
    env_lab_close(&lab);
  }
}

static void test_frozen_blob(void **state) {
  scene *s = *state;
  env_lab lab;
  if (!can_freeze(s)) skip();
  env_lab_open(&lab, s->home, s->data);
  work_without(s, &lab, first_in(first_in(api_path(s->home, "R.db.d/blobs"))), 0);
  env_lab_close(&lab);
}

/* --- when it is opened ------------------------------------------------------------------------ */

static void test_opened_while_frozen(void **state) {
  scene *s = *state;
  char db[112];
  char number[40];
  mr_version *version = NULL;
  mr_registry *registry = NULL;
  if (!can_freeze(s)) skip();
  (void)snprintf(db, sizeof db, "%s/R.db", s->home);
  registry = api_open(db, MR_OPEN_CREATE);
  governed_prepare(registry);
  governed_version(registry, number);
  mr_registry_close(registry);
  freeze_path(s, db);
  registry = api_open(db, 0);
  assert_int_equal(mr_registry_info(registry)->read_only, 1);
  assert_true(mr_registry_info(registry)->warning_count > 0);
  OK(mr_registry_resolve(registry, "digits", NULL, &version, &api_error));
  OK(mr_version_verify(version, NULL, NULL, NULL, &api_error));
  mr_version_free(version);
  REFUSED(MR_READ_ONLY, db, mr_registry_create_model(registry, "m", NULL, NULL, &api_error));
  mr_registry_close(registry);
  thaw(s);
  registry = api_open(db, 0);
  governed_version(registry, number);
  mr_registry_close(registry);
  env_whole_at(db);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      scene_test(test_frozen_while_open),
      scene_test(test_frozen_blob),
      scene_test(test_opened_while_frozen),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
