/* SPDX-License-Identifier: Apache-2.0 */
/* Where a registry lies: in a folder that may only be read, on a mount that may, owned by somebody
 * else, without the files beside it, moved away as a whole or in parts. */
#include "env_stage.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct site {
  char home[96];
  char db[112];
  char number[40];
} site;

static site here;

static int setup(void **state) {
  api_place *place = NULL;
  if (api_setup((void **)&place) != 0) return -1;
  memset(&here, 0, sizeof here);
  (void)snprintf(here.home, sizeof here.home, "%s/home", place->folder);
  (void)snprintf(here.db, sizeof here.db, "%s/R.db", here.home);
  assert_int_equal(mkdir(here.home, 0755), 0);
  assert_int_equal(chmod(place->folder, 0755), 0);
  mr_registry *registry = api_open(here.db, MR_OPEN_CREATE);
  governed_prepare(registry);
  governed_version(registry, here.number);
  mr_registry_close(registry);
  *state = place;
  return 0;
}

#define site_test(function) cmocka_unit_test_setup_teardown(function, setup, api_teardown)

/* All that a consumer needs, and that he cannot write. */
static void consume(const char *db, uint32_t flags) {
  mr_version *version = NULL;
  mr_registry *registry = api_open(db, flags);
  CHILD(mr_registry_info(registry)->read_only == 1);
  OK(mr_registry_resolve(registry, "digits", NULL, &version, &api_error));
  OK(mr_version_verify(version, NULL, NULL, NULL, &api_error));
  governed_check_whole(registry, 0);
  REFUSED(MR_READ_ONLY, db, mr_registry_create_model(registry, "m", NULL, NULL, &api_error));
  mr_version_free(version);
  mr_registry_close(registry);
}

static void write_there(const char *db) {
  char number[40];
  mr_registry *registry = api_open(db, 0);
  governed_version(registry, number);
  mr_registry_close(registry);
  env_whole_at(db);
}

/* --- files beside it -------------------------------------------------------------------------- */

static void remove_one(const char *ending) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s%s", here.db, ending);
  api_remove_tree(path);
}

static void test_missing_companions(void **state) {
  static const char *const endings[][2] = {{"-shm", "-shm"}, {"-wal", "-wal"}, {"-wal", "-shm"}};
  (void)state;
  for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
    remove_one(endings[i][0]);
    remove_one(endings[i][1]);
    consume(here.db, MR_OPEN_READ_ONLY);
    remove_one(endings[i][0]);
    remove_one(endings[i][1]);
    write_there(here.db);
  }
}

/* A log that is not folded in, and no -shm: the log is read again from its beginning. */
static void leave_log(void *ctx) {
  char number[40];
  (void)ctx;
  governed_version(api_open(here.db, 0), number); /* never closed: as if killed */
}

static void test_log_without_index(void **state) {
  (void)state;
  api_wait(api_fork(leave_log, NULL));
  remove_one("-shm");
  mr_registry *registry = api_open(here.db, MR_OPEN_READ_ONLY);
  mr_model *model = NULL;
  OK(mr_registry_open_model(registry, "digits", &model, &api_error));
  assert_int_equal(api_count_versions(model), 2);
  mr_model_free(model);
  mr_registry_close(registry);
  api_seed(3); /* other ids than those of the child */
  write_there(here.db);
}

/* --- somebody else's -------------------------------------------------------------------------- */

static void become_nobody(void) {
  if (geteuid() == 0) CHILD(setgid(65534) == 0 && setuid(65534) == 0);
}

static void consume_as_nobody(void *ctx) {
  (void)ctx;
  become_nobody();
  consume(here.db, MR_OPEN_READ_ONLY);
  consume(here.db, 0);
}

/* The owner of the files is somebody else and lets others read them, or not. */
static void be_refused(void *ctx) {
  mr_registry *registry = NULL;
  (void)ctx;
  become_nobody();
  mr_status status = mr_registry_open(here.db, NULL, &registry, &api_error);
  CHILD(status == MR_IO);
  CHILD(api_error.backend_code == EACCES);
  REFUSED(MR_IO, here.db, status);
}

static void test_wrong_owner(void **state) {
  (void)state;
  if (geteuid() != 0) skip();
  api_wait(api_fork(consume_as_nobody, NULL));
  assert_int_equal(chmod(here.home, 0700), 0);
  api_wait(api_fork(be_refused, NULL));
  assert_int_equal(chmod(here.home, 0755), 0);
  assert_int_equal(chmod(here.db, 0600), 0);
  api_wait(api_fork(be_refused, NULL));
  assert_int_equal(chmod(here.db, 0644), 0);
  api_wait(api_fork(consume_as_nobody, NULL));
  write_there(here.db);
}

/* --- where nothing can be written ------------------------------------------------------------- */

static void test_read_only_mount(void **state) {
  const api_place *place = *state;
  char mounted[128];
  char db[160];
  (void)snprintf(mounted, sizeof mounted, "%s/mounted", place->folder);
  (void)snprintf(db, sizeof db, "%s/R.db", mounted);
  assert_int_equal(mkdir(mounted, 0755), 0);
  if (mount(here.home, mounted, NULL, MS_BIND, NULL) != 0) skip();
  assert_int_equal(mount(NULL, mounted, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), 0);
  consume(db, MR_OPEN_READ_ONLY);
  consume(db, 0);
  char *before = api_picture(here.home);
  api_open_refused(api_path(mounted, "new.db"), MR_OPEN_CREATE, MR_READ_ONLY, "read-only");
  api_assert_picture(here.home, before);
  assert_int_equal(umount(mounted), 0);
  write_there(here.db);
}

/* --- moved ------------------------------------------------------------------------------------ */

static void test_moved_with_relative_root(void **state) {
  const api_place *place = *state;
  mr_registry *registry = NULL;
  char number[40];
  const char *old = api_path(place->folder, "old");
  const char *new = api_path(place->folder, "new");
  mr_open_options options = api_open_options(MR_OPEN_CREATE);
  assert_int_equal(mkdir(old, 0755), 0);
  options.artifact_root = "files/here";
  OK(mr_registry_open(api_path(old, "S.db"), &options, &registry, &api_error));
  governed_prepare(registry);
  governed_version(registry, number);
  mr_registry_close(registry);
  assert_int_equal(rename(old, new), 0);
  registry = api_open(api_path(new, "S.db"), 0);
  assert_string_equal(mr_registry_info(registry)->artifact_root, api_path(new, "files/here"));
  governed_check_whole(registry, 0);
  governed_version(registry, number);
  mr_registry_close(registry);
  env_whole_at(api_path(new, "S.db"));
  assert_false(api_exists(old));
}

/* The content is gone: what needs it says which folder it looked in, the check says what is missing,
 * everything else goes on, and all is well when it is back. */
static void test_content_moved_away(void **state) {
  const api_place *place = *state;
  char content[128];
  mr_version *version = NULL;
  mr_fsck *fsck = NULL;
  (void)snprintf(content, sizeof content, "%s.d", here.db);
  assert_int_equal(rename(content, api_path(place->folder, "away")), 0);
  mr_registry *registry = api_open(here.db, 0);
  OK(mr_registry_resolve(registry, "digits", NULL, &version, &api_error));
  mr_status status = mr_version_verify(version, NULL, NULL, NULL, &api_error);
  REFUSED(MR_TAMPERED, content, status);
  status = mr_version_fetch(version, api_path(place->folder, "out"), NULL, NULL, &api_error);
  REFUSED(MR_NOT_FOUND, content, status);
  OK(mr_registry_fsck(registry, NULL, &fsck, &api_error));
  assert_true(mr_fsck_info(fsck)->error_count > 0);
  assert_int_equal(mr_fsck_at(fsck, 0)->finding, MR_FINDING_MISSING);
  mr_fsck_free(fsck);
  mr_registry_close(registry);
  assert_false(api_exists(content)); /* reading makes nothing */
  assert_int_equal(rename(api_path(place->folder, "away"), content), 0);
  registry = api_open(here.db, 0);
  governed_check_whole(registry, 0);
  mr_registry_close(registry);
  mr_version_free(version);
  write_there(here.db);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      site_test(test_missing_companions),
      site_test(test_log_without_index),
      site_test(test_wrong_owner),
      site_test(test_read_only_mount),
      site_test(test_moved_with_relative_root),
      site_test(test_content_moved_away),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
