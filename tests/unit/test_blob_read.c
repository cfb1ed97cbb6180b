/* SPDX-License-Identifier: Apache-2.0 */
/* Verified reading of any file, and copies of it. */
#include "blob_test.h"
#include "io_fault.h"

#define LEAF ((int64_t)MRI_LEAF_BYTES)

static const mri_mem *mem(void) {
  return mri_mem_default();
}

typedef struct fixture {
  unit_dir dir;
  size_t size;
  uint8_t *bytes;
  mri_digest digest;
} fixture;

static int set_up_size(void **state, size_t size) {
  fixture *self = mri_mem_zalloc(mem(), 1, sizeof *self);
  assert_non_null(self);
  unit_dir_make(&self->dir);
  self->size = size;
  self->bytes = blob_content(size, size);
  assert_int_equal(mri_content_digest(mem(), self->bytes, size, &self->digest, NULL), MR_OK);
  unit_write_file(self->dir.fd, "file", self->bytes, size);
  *state = self;
  return 0;
}

static int set_up_small(void **state) {
  return set_up_size(state, 500);
}

static int set_up_big(void **state) {
  return set_up_size(state, (size_t)LEAF * 2 + 10);
}

static int tear_down(void **state) {
  fixture *self = *state;
  unit_dir_remove(&self->dir);
  mri_mem_free(mem(), self->bytes);
  mri_mem_free(mem(), self);
  return 0;
}

static mr_status open_file(const fixture *self, mri_blob **out, mr_error *error) {
  return mri_blob_open_file(mem(), self->dir.fd, "file", &self->digest, (int64_t)self->size, NULL,
                            out, error);
}

static mri_blob *open_well(const fixture *self) {
  mri_blob *blob = NULL;
  assert_int_equal(open_file(self, &blob, NULL), MR_OK);
  return blob;
}

/* The status of opening and reading all of it. */
static mr_status read_all(const fixture *self, mr_error *error) {
  mri_blob *blob = NULL;
  const uint8_t *data = NULL;
  mr_status status = open_file(self, &blob, error);
  if (status != MR_OK) return status;
  status = mri_blob_map(blob, &data, error);
  if (status == MR_OK) assert_memory_equal(data, self->bytes, self->size);
  mri_blob_close(blob);
  return status;
}

static void test_a_file_that_matches(void **state) {
  const fixture *self = *state;
  assert_int_equal(read_all(self, NULL), MR_OK);
  mri_blob *blob = NULL;
  char path[128];
  (void)snprintf(path, sizeof path, "%s/file", self->dir.path);
  assert_int_equal(mri_blob_open_file(mem(), AT_FDCWD, path, &self->digest, (int64_t)self->size,
                                      NULL, &blob, NULL),
                   MR_OK);
  assert_int_equal(mri_blob_size(blob), self->size);
  mri_blob_close(blob);
}

static void test_every_changed_byte(void **state) {
  const fixture *self = *state;
  int64_t stride = self->size > 1000 ? LEAF / 3 : 1;
  for (int64_t i = 0; i < (int64_t)self->size; i += stride) {
    mr_error error = MR_ERROR_INIT;
    blob_flip(self->dir.fd, "file", i);
    assert_int_equal(read_all(self, &error), MR_TAMPERED);
    assert_non_null(strstr(error.message, "file file"));
    blob_flip(self->dir.fd, "file", i);
  }
  assert_int_equal(read_all(self, NULL), MR_OK);
}

static void test_wrong_sizes_digests_and_kinds(void **state) {
  const fixture *self = *state;
  mri_blob *blob = NULL;
  mr_error error = MR_ERROR_INIT;
  int dir = self->dir.fd;
  assert_int_equal(mri_blob_open_file(mem(), dir, "file", &self->digest, 3, NULL, &blob, &error),
                   MR_TAMPERED);
  assert_int_equal(mri_blob_open_file(mem(), dir, "none", &self->digest, 3, NULL, &blob, &error),
                   MR_NOT_FOUND);
  assert_int_equal(symlinkat("file", dir, "link"), 0);
  assert_int_equal(mri_blob_open_file(mem(), dir, "link", &self->digest, (int64_t)self->size, NULL,
                                      &blob, &error),
                   MR_INVALID_ARGUMENT);
  assert_int_equal(mkdirat(dir, "folder", 0700), 0);
  assert_int_equal(mri_blob_open_file(mem(), dir, "folder", &self->digest, 3, NULL, &blob, &error),
                   MR_INVALID_ARGUMENT);
  assert_null(blob);
  unit_write_file(dir, "empty", "", 0);
  /* Nothing is not the content of any other digest. */
  assert_int_equal(mri_blob_open_file(mem(), dir, "empty", &self->digest, 0, NULL, &blob, &error),
                   MR_TAMPERED);
  mri_digest nothing;
  mri_blake2b(NULL, 0, &nothing);
  assert_int_equal(mri_blob_open_file(mem(), dir, "empty", &nothing, 0, NULL, &blob, &error),
                   MR_OK);
  mri_blob_close(blob);
}

static void test_changes_after_the_open_are_found(void **state) {
  const fixture *self = *state;
  mri_blob *blob = open_well(self);
  blob_flip(self->dir.fd, "file", (int64_t)self->size - 1);
  uint8_t byte = 0;
  size_t got = 0;
  assert_int_equal(mri_blob_read(blob, (int64_t)self->size - 1, &byte, 1, &got, NULL), MR_TAMPERED);
  /* And a blob can be read on after a failure, once the bytes are right again. */
  blob_flip(self->dir.fd, "file", (int64_t)self->size - 1);
  assert_int_equal(mri_blob_read(blob, (int64_t)self->size - 1, &byte, 1, &got, NULL), MR_OK);
  assert_int_equal(byte, self->bytes[self->size - 1]);
  mri_blob_close(blob);
}

static void assert_copy(const fixture *self, const char *path) {
  uint8_t *copy = NULL;
  size_t size = 0;
  assert_int_equal(mri_file_read(mem(), self->dir.fd, path, 1 << 24, &copy, &size, NULL), MR_OK);
  assert_int_equal(size, self->size);
  assert_memory_equal(copy, self->bytes, size);
  mri_mem_free(mem(), copy);
}

static void test_copies(void **state) {
  const fixture *self = *state;
  mri_blob *blob = open_well(self);
  struct stat info;
  mode_t before = umask(0);
  assert_int_equal(mri_blob_copy_to(blob, self->dir.fd, "copy", 0640, NULL, NULL), MR_OK);
  assert_int_equal(mri_blob_copy_to(blob, self->dir.fd, "a/b/c/copy", 0640, NULL, NULL), MR_OK);
  (void)umask(before);
  assert_copy(self, "copy");
  assert_copy(self, "a/b/c/copy");
  assert_int_equal(fstatat(self->dir.fd, "copy", &info, 0), 0);
  assert_int_equal(info.st_mode & 0777, 0640);
  assert_int_equal(fstatat(self->dir.fd, "a/b", &info, 0), 0);
  assert_int_equal(info.st_mode & 0777, 0750);
  /* Over what was there, and after the content was mapped. */
  const uint8_t *data = NULL;
  unit_write_file(self->dir.fd, "copy", "old", 3);
  assert_int_equal(mri_blob_map(blob, &data, NULL), MR_OK);
  assert_int_equal(mri_blob_copy_to(blob, self->dir.fd, "copy", 0640, NULL, NULL), MR_OK);
  assert_copy(self, "copy");
  assert_int_equal(unit_count_entries(self->dir.fd), 3);
  mri_blob_close(blob);
}

static void test_copies_stay_below_the_folder(void **state) {
  const fixture *self = *state;
  unit_dir outside;
  unit_dir_make(&outside);
  unit_write_file(outside.fd, "victim", "victim", 6);
  char victim[128];
  (void)snprintf(victim, sizeof victim, "%s/victim", outside.path);
  assert_int_equal(symlinkat(outside.path, self->dir.fd, "away"), 0);
  assert_int_equal(symlinkat(victim, self->dir.fd, "link"), 0);
  const char *refused[] = {"../copy", "/tmp/copy", "a/../../copy", "",        ".",
                           "a//b",    "a/",        "away/copy",    "a\\copy", "away/victim"};
  mri_blob *blob = open_well(self);
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
    assert_int_equal(mri_blob_copy_to(blob, self->dir.fd, refused[i], 0600, NULL, NULL),
                     MR_INVALID_ARGUMENT);
  /* A link in the place of the file is replaced, not followed. */
  assert_int_equal(mri_blob_copy_to(blob, self->dir.fd, "link", 0600, NULL, NULL), MR_OK);
  assert_copy(self, "link");
  assert_int_equal(blob_file_size(outside.fd, "victim"), 6);
  assert_int_equal(unit_count_entries(outside.fd), 1);
  mri_blob_close(blob);
  unit_dir_remove(&outside);
}

static void test_a_tampered_blob_leaves_no_copy(void **state) {
  const fixture *self = *state;
  mri_blob *blob = open_well(self);
  blob_flip(self->dir.fd, "file", (int64_t)self->size - 1);
  assert_int_equal(mri_blob_copy_to(blob, self->dir.fd, "copy", 0600, NULL, NULL), MR_TAMPERED);
  assert_int_equal(unit_count_entries(self->dir.fd), 1);
  mri_blob_close(blob);
}

/* Open, read, map and copy; the first failure. */
static mr_status play(const fixture *self, int out, mr_error *error) {
  mri_blob *blob = NULL;
  const uint8_t *data = NULL;
  uint8_t part[100];
  size_t got = 0;
  mr_status status = open_file(self, &blob, error);
  if (status != MR_OK) return status;
  status = mri_blob_read(blob, 50, part, sizeof part, &got, error);
  if (status == MR_OK) assert_memory_equal(part, self->bytes + 50, sizeof part);
  if (status == MR_OK) status = mri_blob_copy_to(blob, out, "a/copy", 0600, NULL, error);
  if (status == MR_OK) status = mri_blob_map(blob, &data, error);
  if (status == MR_OK) assert_memory_equal(data, self->bytes, self->size);
  mri_blob_close(blob);
  return status;
}

static void test_every_failing_file_call(void **state) {
  const fixture *self = *state;
  const int codes[] = {EIO, ENOSPC, IO_SHORT};
  for (size_t i = 0; i < 3; i++) {
    int64_t nth = 1;
    int quiet = 0;
    for (; quiet < (codes[i] == IO_SHORT ? 20 : 1); nth++) {
      unit_dir out;
      mr_error error = MR_ERROR_INIT;
      unit_dir_make(&out);
      size_t fds = unit_count_fds();
      int64_t live = mri_mem_live();
      io_fault_arm(nth, false, codes[i]);
      mr_status status = play(self, out.fd, &error);
      bool fired = io_fault_disarm();
      quiet = fired ? 0 : quiet + 1;
      assert_true(status == MR_OK || (status == MR_IO && fired && codes[i] != IO_SHORT));
      assert_int_equal(unit_count_fds(), fds);
      assert_int_equal(mri_mem_live(), live);
      int64_t copied = blob_file_size(out.fd, "a/copy");
      assert_true(copied == -1 || copied == (int64_t)self->size);
      assert_int_equal(play(self, out.fd, NULL), MR_OK);
      unit_dir_remove(&out);
    }
    assert_true(nth > 15);
  }
}

typedef struct attempt_ctx {
  const fixture *self;
  int out;
} attempt_ctx;

static bool attempt(void *ctx) {
  const attempt_ctx *self = ctx;
  mr_error error = MR_ERROR_INIT;
  mr_status status = play(self->self, self->out, &error);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  assert_int_equal(error.status, status);
  return status == MR_OK;
}

static void test_every_failing_allocation(void **state) {
  const fixture *self = *state;
  unit_dir out;
  unit_dir_make(&out);
  attempt_ctx ctx = {self, out.fd};
  assert_true(unit_fail_allocations(attempt, &ctx) >= 5);
  unit_dir_remove(&out);
}

#define BOTH(test)                                                                                 \
  {"small: " #test, test, set_up_small, tear_down, NULL}, {                                        \
    "big: " #test, test, set_up_big, tear_down, NULL                                               \
  }

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH(test_a_file_that_matches),
      BOTH(test_every_changed_byte),
      BOTH(test_wrong_sizes_digests_and_kinds),
      BOTH(test_changes_after_the_open_are_found),
      BOTH(test_copies),
      BOTH(test_copies_stay_below_the_folder),
      BOTH(test_a_tampered_blob_leaves_no_copy),
      BOTH(test_every_failing_file_call),
      BOTH(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
