/* SPDX-License-Identifier: Apache-2.0 */
#include "io_fault.h"

#include "base/str.h"
#include "registry/folder.h"

typedef struct notes {
  mri_str text; /* what was seen, separated by blanks; '!' before others, '?' before odd ones */
  const char *unwanted;
  mr_cancel *cancel; /* triggered by the first file */
  size_t count;
} notes;

static void note(notes *n, const char *mark, const char *path) {
  if (n->text.size > 0) mri_str_add_char(&n->text, ' ');
  mri_str_add(&n->text, mark);
  mri_str_add(&n->text, path);
  n->count++;
}

static mr_status on_file(void *ctx, const mri_folder_file *file, mr_error *error) {
  notes *n = ctx;
  struct stat facts;
  (void)error;
  assert_int_equal(fstatat(file->dir, file->name, &facts, AT_SYMLINK_NOFOLLOW), 0);
  assert_true(S_ISREG(facts.st_mode));
  note(n, "", file->path);
  mr_cancel_trigger(n->cancel);
  return MR_OK;
}

static mr_status on_other(void *ctx, const char *path, mr_error *error) {
  (void)error;
  note(ctx, "!", path);
  return MR_OK;
}

static mr_status on_trouble(void *ctx, const char *path, mr_status why, const char *message,
                            mr_error *error) {
  (void)error;
  assert_true(why == MR_INVALID_ARGUMENT || why == MR_LIMIT);
  assert_true(message[0] != '\0');
  note(ctx, "?", path);
  return MR_OK;
}

static bool is_wanted(void *ctx, const char *path) {
  const notes *n = ctx;
  return n->unwanted == NULL || strstr(path, n->unwanted) == NULL;
}

static mr_status visit(notes *n, const char *folder, bool odd, mr_error *error) {
  mri_folder_walk walk = {n, n->cancel, on_file, on_other, is_wanted, odd ? on_trouble : NULL};
  return mri_folder_visit(mri_mem_default(), folder, &walk, error);
}

static void touch(const unit_dir *dir, const char *path) {
  unit_write_file(dir->fd, path, path, strlen(path));
}

static int setup(void **state) {
  static unit_dir dir;
  unit_dir_make(&dir);
  *state = &dir;
  return 0;
}

static int teardown(void **state) {
  mri_mem_test_fail(0, false);
  unit_dir_remove(*state);
  assert_int_equal(mri_mem_live(), 0);
  return 0;
}

static void sees(const unit_dir *dir, notes *n, bool odd, const char *expected) {
  mr_error error = MR_ERROR_INIT;
  size_t fds = unit_count_fds();
  mri_str_init(&n->text, mri_mem_default());
  mr_status status = visit(n, dir->path, odd, &error);
  if (status != MR_OK) fail_msg("%s: %s", mr_status_name(status), error.message);
  assert_string_equal(mri_str_text(&n->text), expected);
  mri_str_free(&n->text);
  assert_int_equal(unit_count_fds(), fds);
}

static void refuses(const unit_dir *dir, notes *n, mr_status expected, const char *word) {
  mr_error error = MR_ERROR_INIT;
  size_t fds = unit_count_fds();
  mri_str_init(&n->text, mri_mem_default());
  assert_int_equal(visit(n, dir->path, false, &error), expected);
  assert_int_equal(error.status, expected);
  if (strstr(error.message, word) == NULL) fail_msg("\"%s\"", error.message);
  mri_str_free(&n->text);
  assert_int_equal(unit_count_fds(), fds);
}

static void fill(const unit_dir *dir) {
  assert_int_equal(mkdirat(dir->fd, "b", 0777), 0);
  assert_int_equal(mkdirat(dir->fd, "b/empty", 0777), 0);
  assert_int_equal(mkdirat(dir->fd, "b/d", 0777), 0);
  touch(dir, "c");
  touch(dir, "b/d/z");
  touch(dir, "a");
  touch(dir, "b/a");
  touch(dir, "b.txt");
  touch(dir, ".hidden");
}

static void visits_in_order(void **state) {
  const unit_dir *dir = *state;
  notes n = {.unwanted = NULL};
  sees(dir, &n, false, "");
  fill(dir);
  sees(dir, &n, false, ".hidden a b/a b/d/z b.txt c");
  n.unwanted = "a";
  sees(dir, &n, false, ".hidden b/d/z b.txt c");
}

static void does_not_follow_links(void **state) {
  const unit_dir *dir = *state;
  notes n = {.unwanted = NULL};
  fill(dir);
  assert_int_equal(symlinkat("b", dir->fd, "link to folder"), 0);
  assert_int_equal(symlinkat("a", dir->fd, "b/link"), 0);
  assert_int_equal(symlinkat("nowhere", dir->fd, "b/d/dangling"), 0);
  assert_int_equal(mkfifoat(dir->fd, "pipe", 0666), 0);
  sees(dir, &n, false, ".hidden a b/a !b/d/dangling b/d/z !b/link b.txt c !link to folder !pipe");
  n.unwanted = "link";
  sees(dir, &n, false, ".hidden a b/a !b/d/dangling b/d/z b.txt c !pipe");
}

static void odd_names(void **state) {
  const unit_dir *dir = *state;
  notes n = {.unwanted = NULL};
  touch(dir, "good");
  touch(dir, "\xff\xfe");
  refuses(dir, &n, MR_INVALID_ARGUMENT, "UTF-8");
  touch(dir, "line\nfeed");
  assert_int_equal(mkdirat(dir->fd, "back\\slash", 0777), 0);
  touch(dir, "back\\slash/inner");
  sees(dir, &n, true, "?back\\slash good ?line?feed ???");
  n.unwanted = "\xff"; /* what is not wanted needs no name */
  refuses(dir, &n, MR_INVALID_ARGUMENT, "backslash");
}

static void long_paths(void **state) {
  const unit_dir *dir = *state;
  notes n = {.unwanted = NULL};
  char part[256];
  memset(part, 'p', 250);
  part[250] = '\0';
  int fd = dup(dir->fd);
  for (int i = 0; i < 5; i++) {
    assert_int_equal(mkdirat(fd, part, 0777), 0);
    int next = openat(fd, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(next >= 0);
    assert_int_equal(close(fd), 0);
    fd = next;
  }
  assert_int_equal(close(fd), 0);
  refuses(dir, &n, MR_LIMIT, "1024");
}

static void deep_nesting(void **state) {
  const unit_dir *dir = *state;
  int fd = dup(dir->fd);
  for (int depth = 1; depth <= 201; depth++) {
    assert_int_equal(mkdirat(fd, "d", 0777), 0);
    int next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(next >= 0);
    assert_int_equal(close(fd), 0);
    fd = next;
    if (depth == 200) {
      notes n = {.unwanted = NULL};
      int file = openat(fd, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
      assert_true(file >= 0);
      assert_int_equal(close(file), 0);
      mri_str_init(&n.text, mri_mem_default());
      assert_int_equal(visit(&n, dir->path, false, NULL), MR_OK);
      assert_int_equal(n.count, 1);
      mri_str_free(&n.text);
    }
  }
  assert_int_equal(close(fd), 0);
  notes n = {.unwanted = NULL};
  refuses(dir, &n, MR_LIMIT, "200 folders");
}

static void can_be_cancelled(void **state) {
  const unit_dir *dir = *state;
  notes n = {.unwanted = NULL};
  fill(dir);
  assert_int_equal(mr_cancel_new(&n.cancel, NULL), MR_OK);
  refuses(dir, &n, MR_CANCELLED, "cancel"); /* the first file triggers it */
  assert_int_equal(n.count, 1);
  refuses(dir, &n, MR_CANCELLED, "cancel");
  assert_int_equal(n.count, 1);
  mr_cancel_free(n.cancel);
}

static void opens_folders(void **state) {
  const unit_dir *dir = *state;
  char path[128];
  int fd = -1;
  mr_error error = MR_ERROR_INIT;
  touch(dir, "file");
  assert_int_equal(mri_folder_open(dir->path, &fd, &error), MR_OK);
  assert_int_equal(close(fd), 0);
  (void)snprintf(path, sizeof path, "%s/file", dir->path);
  assert_int_equal(mri_folder_open(path, &fd, &error), MR_INVALID_ARGUMENT);
  assert_non_null(strstr(error.message, "not a folder"));
  (void)snprintf(path, sizeof path, "%s/nowhere", dir->path);
  assert_int_equal(mri_folder_open(path, &fd, &error), MR_NOT_FOUND);
  assert_non_null(strstr(error.message, "nowhere"));
  static char longest[4200];
  memset(longest, 'x', sizeof longest - 1);
  longest[4097] = '\0';
  assert_int_equal(mri_check_local_path(NULL, "folder", &error), MR_INVALID_ARGUMENT);
  assert_int_equal(mri_check_local_path("", "folder", &error), MR_INVALID_ARGUMENT);
  assert_int_equal(mri_check_local_path(longest, "folder", &error), MR_LIMIT);
  longest[4096] = '\0';
  assert_int_equal(mri_check_local_path(longest, "folder", &error), MR_OK);
}

static void digests_only_files(void **state) {
  const unit_dir *dir = *state;
  const mri_mem *mem = mri_mem_default();
  mri_digest digest;
  mri_digest expected;
  int64_t size = -1;
  mr_error error = MR_ERROR_INIT;
  mr_cancel *cancel = NULL;
  touch(dir, "file");
  assert_int_equal(symlinkat("file", dir->fd, "link"), 0);
  assert_int_equal(mkfifoat(dir->fd, "pipe", 0666), 0);
  assert_int_equal(mri_file_digest(mem, dir->fd, "file", "shown", NULL, &digest, &size, &error),
                   MR_OK);
  mri_blake2b("file", 4, &expected);
  assert_true(mri_digest_equal(&digest, &expected));
  assert_int_equal(size, 4);
  assert_int_equal(mri_file_digest(mem, dir->fd, "link", "shown", NULL, &digest, &size, &error),
                   MR_INVALID_ARGUMENT);
  assert_int_equal(mri_file_digest(mem, dir->fd, "pipe", "shown", NULL, &digest, &size, &error),
                   MR_INVALID_ARGUMENT); /* and does not wait for a writer */
  assert_int_equal(mri_file_digest(mem, dir->fd, ".", "shown", NULL, &digest, &size, &error),
                   MR_INVALID_ARGUMENT);
  assert_int_equal(mri_file_digest(mem, dir->fd, "gone", "shown", NULL, &digest, &size, &error),
                   MR_NOT_FOUND);
  assert_non_null(strstr(error.message, "shown"));
  assert_int_equal(mr_cancel_new(&cancel, NULL), MR_OK);
  mr_cancel_trigger(cancel);
  assert_int_equal(mri_file_digest(mem, dir->fd, "file", "shown", cancel, &digest, &size, &error),
                   MR_CANCELLED);
  mr_cancel_free(cancel);
  /* A link that the caller names is followed. */
  char path[128];
  (void)snprintf(path, sizeof path, "%s/link", dir->path);
  assert_int_equal(mri_file_digest(mem, AT_FDCWD, path, path, NULL, &digest, &size, &error), MR_OK);
  assert_true(mri_digest_equal(&digest, &expected));
}

static mr_status count_file(void *ctx, const mri_folder_file *file, mr_error *error) {
  size_t *count = ctx;
  mri_digest digest;
  int64_t size = 0;
  ++*count;
  return mri_file_digest(mri_mem_default(), file->dir, file->name, file->path, NULL, &digest, &size,
                         error);
}

static mr_status count_path(void *ctx, const char *path, mr_error *error) {
  size_t *count = ctx;
  (void)path;
  (void)error;
  ++*count;
  return MR_OK;
}

static mr_status count_trouble(void *ctx, const char *path, mr_status why, const char *message,
                               mr_error *error) {
  assert_int_equal(why, MR_INVALID_ARGUMENT);
  assert_non_null(message);
  return count_path(ctx, path, error);
}

static bool attempt(void *ctx) {
  const unit_dir *dir = ctx;
  size_t count = 0;
  mri_folder_walk walk = {&count, NULL, count_file, count_path, NULL, count_trouble};
  mr_error error = MR_ERROR_INIT;
  mr_status status = mri_folder_visit(mri_mem_default(), dir->path, &walk, &error);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  assert_int_equal(error.status, status);
  if (status == MR_OK) assert_int_equal(count, 8);
  return status == MR_OK;
}

static void memory_runs_out(void **state) {
  unit_dir *dir = *state;
  fill(dir);
  touch(dir, "odd\\name");
  assert_int_equal(symlinkat("a", dir->fd, "link"), 0);
  size_t fds = unit_count_fds();
  assert_true(unit_fail_allocations(attempt, dir) > 10);
  assert_int_equal(unit_count_fds(), fds);
}

static mr_status check_trouble(void *ctx, const char *path, mr_status why, const char *message,
                               mr_error *error) {
  assert_int_equal(why, MR_IO);
  assert_non_null(strstr(message, "Input/output error"));
  return count_path(ctx, path, error);
}

/* Whatever call fails, the visit fails with it or reports it, and gives every descriptor back. */
static void calls_that_fail(void **state) {
  const unit_dir *dir = *state;
  size_t fds = unit_count_fds();
  fill(dir);
  for (int reports = 0; reports <= 1; reports++) {
    int64_t failures = 0;
    for (int64_t nth = 1;; nth++) {
      size_t count = 0;
      mr_error error = MR_ERROR_INIT;
      mri_folder_walk walk = {&count,     NULL, count_file,
                              count_path, NULL, reports == 1 ? check_trouble : NULL};
      io_fault_arm(nth, false, EIO);
      mr_status status = mri_folder_visit(mri_mem_default(), dir->path, &walk, &error);
      bool fired = io_fault_disarm();
      assert_int_equal(unit_count_fds(), fds);
      if (status == MR_OK) {
        assert_true(count >= 4);
      } else {
        assert_int_equal(status, MR_IO);
        assert_non_null(strstr(error.message, "Input/output error"));
        failures++;
      }
      if (!fired) break;
    }
    assert_true(failures > 10);
  }
  for (int64_t nth = 1; nth < 60; nth++) { /* half a read is no failure */
    size_t count = 0;
    mri_folder_walk walk = {&count, NULL, count_file, count_path, NULL, NULL};
    io_fault_arm(nth, true, IO_SHORT);
    assert_int_equal(mri_folder_visit(mri_mem_default(), dir->path, &walk, NULL), MR_OK);
    (void)io_fault_disarm();
    assert_int_equal(count, 6);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(visits_in_order, setup, teardown),
      cmocka_unit_test_setup_teardown(does_not_follow_links, setup, teardown),
      cmocka_unit_test_setup_teardown(odd_names, setup, teardown),
      cmocka_unit_test_setup_teardown(long_paths, setup, teardown),
      cmocka_unit_test_setup_teardown(deep_nesting, setup, teardown),
      cmocka_unit_test_setup_teardown(can_be_cancelled, setup, teardown),
      cmocka_unit_test_setup_teardown(opens_folders, setup, teardown),
      cmocka_unit_test_setup_teardown(digests_only_files, setup, teardown),
      cmocka_unit_test_setup_teardown(memory_runs_out, setup, teardown),
      cmocka_unit_test_setup_teardown(calls_that_fail, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
