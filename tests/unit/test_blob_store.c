/* SPDX-License-Identifier: Apache-2.0 */
/* What every kind of blob store promises; each test runs against each kind. */
#include "blob_test.h"

#include <pthread.h>

#define LEAF ((int64_t)MRI_LEAF_BYTES)

typedef struct fixture {
  unit_dir dir;
  mri_blobs *blobs;
  int64_t live;
} fixture;

static const mri_mem *mem(void) {
  return mri_mem_default();
}

static fixture *fixture_new(void) {
  int64_t live = mri_mem_live();
  fixture *self = mri_mem_zalloc(mem(), 1, sizeof *self);
  assert_non_null(self);
  self->live = live;
  unit_dir_make(&self->dir);
  return self;
}

static int set_up_folder(void **state) {
  fixture *self = fixture_new();
  assert_int_equal(mri_blobs_open_folder(mem(), self->dir.path, 0644, false, &self->blobs, NULL),
                   MR_OK);
  *state = self;
  return 0;
}

static int set_up_memory(void **state) {
  fixture *self = fixture_new();
  assert_int_equal(mri_blobs_open_memory(mem(), &self->blobs, NULL), MR_OK);
  *state = self;
  return 0;
}

static int tear_down(void **state) {
  fixture *self = *state;
  int64_t live = self->live;
  mri_blobs_close(self->blobs);
  unit_dir_remove(&self->dir);
  mri_mem_free(mem(), self);
  assert_int_equal(mri_mem_live(), live);
  return 0;
}

static void test_sizes_around_the_leaves(void **state) {
  fixture *self = *state;
  const int64_t sizes[] = {0,        1,        1000,         LEAF - 1,     LEAF,
                           LEAF + 1, 2 * LEAF, 2 * LEAF + 1, 3 * LEAF - 1, 3 * LEAF};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    size_t size = (size_t)sizes[i];
    uint8_t *bytes = blob_content(size, i);
    mri_digest expected;
    assert_int_equal(mri_content_digest(mem(), bytes, size, &expected, NULL), MR_OK);
    mri_digest digest = blob_put(self->blobs, bytes, size);
    assert_true(mri_digest_equal(&digest, &expected));
    bool found = false;
    int64_t stored = -1;
    assert_int_equal(mri_blobs_stat(self->blobs, &digest, &found, &stored, NULL), MR_OK);
    assert_true(found);
    assert_int_equal(stored, size);
    assert_int_equal(blob_compare(self->blobs, &digest, bytes, size), MR_OK);
    mri_mem_free(mem(), bytes);
  }
}

static void test_reads_at_every_kind_of_offset(void **state) {
  fixture *self = *state;
  const size_t size = (size_t)(2 * LEAF + 777);
  uint8_t *bytes = blob_content(size, 5);
  uint8_t *buffer = blob_content(size, 6);
  mri_digest digest = blob_put(self->blobs, bytes, size);
  mri_blob *blob = NULL;
  size_t got = 99;
  assert_int_equal(mri_blobs_open(self->blobs, &digest, (int64_t)size, &blob, NULL), MR_OK);
  const int64_t offsets[] = {0,        1,        LEAF - 1,          LEAF,
                             LEAF + 1, 2 * LEAF, (int64_t)size - 1, (int64_t)size,
                             5 * LEAF, INT64_MAX};
  const size_t lengths[] = {0, 1, 3, 777, 4096, (size_t)LEAF, (size_t)LEAF + 2, size, SIZE_MAX / 2};
  for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
      int64_t left = offsets[i] < (int64_t)size ? (int64_t)size - offsets[i] : 0;
      size_t expected = lengths[k] < (size_t)left ? lengths[k] : (size_t)left;
      assert_int_equal(mri_blob_read(blob, offsets[i], buffer, lengths[k], &got, NULL), MR_OK);
      assert_int_equal(got, expected);
      if (got > 0) assert_memory_equal(buffer, bytes + offsets[i], got);
    }
  }
  assert_int_equal(mri_blob_read(blob, -1, buffer, 1, &got, NULL), MR_INVALID_ARGUMENT);
  mri_blob_close(blob);
  mri_mem_free(mem(), buffer);
  mri_mem_free(mem(), bytes);
}

static mr_status count_one(void *ctx, const mri_digest *digest, int64_t size) {
  (void)digest;
  int64_t *sum = ctx;
  sum[0]++;
  sum[1] += size;
  return MR_OK;
}

static void test_the_same_content_is_one_blob(void **state) {
  fixture *self = *state;
  int64_t sum[2] = {0, 0};
  mri_digest first = blob_put(self->blobs, "weights", 7);
  mri_digest second = blob_put(self->blobs, "weights", 7);
  assert_true(mri_digest_equal(&first, &second));
  (void)blob_put(self->blobs, "other", 5);
  assert_int_equal(mri_blobs_list(self->blobs, count_one, sum, NULL), MR_OK);
  assert_int_equal(sum[0], 2);
  assert_int_equal(sum[1], 12);
  bool found = false;
  int64_t written_us = 0;
  assert_int_equal(mri_blobs_written(self->blobs, &first, &found, &written_us, NULL), MR_OK);
  assert_true(found);
  assert_true(written_us > INT64_C(1577836800000000)); /* of this century */
}

static void test_missing_blobs(void **state) {
  fixture *self = *state;
  mri_digest digest;
  mri_blake2b("absent", 6, &digest);
  for (int round = 0; round < 2; round++) {
    bool found = true;
    int64_t sum[2] = {0, 0};
    mri_blob *blob = NULL;
    mr_error error = MR_ERROR_INIT;
    assert_int_equal(mri_blobs_stat(self->blobs, &digest, &found, NULL, &error), MR_OK);
    assert_false(found);
    assert_int_equal(error.status, 0);
    int64_t written_us = -1;
    found = true;
    assert_int_equal(mri_blobs_written(self->blobs, &digest, &found, &written_us, &error), MR_OK);
    assert_false(found);
    assert_int_equal(written_us, -1);
    assert_int_equal(mri_blobs_open(self->blobs, &digest, 6, &blob, &error), MR_NOT_FOUND);
    assert_null(blob);
    assert_int_equal(mri_blobs_delete(self->blobs, &digest, &error), MR_NOT_FOUND);
    assert_int_equal(error.status, MR_NOT_FOUND);
    char text[MRI_DIGEST_TEXT];
    mri_digest_text(&digest, text);
    assert_non_null(strstr(error.message, text));
    assert_int_equal(mri_blobs_list(self->blobs, count_one, sum, NULL), MR_OK);
    assert_int_equal(sum[0], round);
    (void)blob_put(self->blobs, "present", 7);
  }
}

static void test_delete_and_put_again(void **state) {
  fixture *self = *state;
  const size_t sizes[] = {10, (size_t)LEAF * 2};
  for (size_t i = 0; i < 2; i++) {
    uint8_t *bytes = blob_content(sizes[i], i);
    for (int round = 0; round < 2; round++) {
      bool found = true;
      mri_digest digest = blob_put(self->blobs, bytes, sizes[i]);
      assert_int_equal(blob_compare(self->blobs, &digest, bytes, sizes[i]), MR_OK);
      assert_int_equal(mri_blobs_delete(self->blobs, &digest, NULL), MR_OK);
      assert_int_equal(mri_blobs_stat(self->blobs, &digest, &found, NULL, NULL), MR_OK);
      assert_false(found);
      assert_int_equal(mri_blobs_delete(self->blobs, &digest, NULL), MR_NOT_FOUND);
    }
    mri_mem_free(mem(), bytes);
  }
}

static void test_wrong_sizes_are_refused(void **state) {
  fixture *self = *state;
  mri_blob *blob = NULL;
  mri_digest digest = blob_put(self->blobs, "weights", 7);
  const int64_t wrong[] = {0, 6, 8, LEAF + 1, INT64_MAX};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_int_equal(mri_blobs_open(self->blobs, &digest, wrong[i], &blob, NULL), MR_TAMPERED);
  assert_int_equal(mri_blobs_open(self->blobs, &digest, -1, &blob, NULL), MR_CORRUPT);
  assert_null(blob);
}

typedef struct script {
  const uint8_t *bytes;
  size_t left;
  size_t piece;
  mr_status end; /* what comes instead of the end */
} script;

static mr_status play(void *ctx, uint8_t *buffer, size_t size, size_t *got, mr_error *error) {
  script *self = ctx;
  size_t take = self->piece < size ? self->piece : size;
  if (take > self->left) take = self->left;
  if (take == 0 && self->end != MR_OK)
    return mri_error_set(error, self->end, "the source broke off");
  if (take > 0) memcpy(buffer, self->bytes, take);
  self->bytes += take;
  self->left -= take;
  *got = take;
  return MR_OK;
}

static void test_streams_of_any_piece_size(void **state) {
  fixture *self = *state;
  const size_t size = (size_t)LEAF + 4321;
  uint8_t *bytes = blob_content(size, 8);
  const size_t pieces[] = {1000, 4096, 65537, SIZE_MAX};
  for (size_t i = 0; i < 4; i++) {
    script source = {bytes, size, pieces[i], MR_OK};
    mri_digest digest;
    int64_t length = 0;
    assert_int_equal(mri_blobs_put(self->blobs, play, &source, NULL, &digest, &length, NULL),
                     MR_OK);
    assert_int_equal(length, size);
    assert_int_equal(blob_compare(self->blobs, &digest, bytes, size), MR_OK);
    assert_int_equal(mri_blobs_delete(self->blobs, &digest, NULL), MR_OK);
  }
  mri_mem_free(mem(), bytes);
}

static void assert_empty(fixture *self) {
  int64_t sum[2] = {0, 0};
  assert_int_equal(mri_blobs_list(self->blobs, count_one, sum, NULL), MR_OK);
  assert_int_equal(sum[0], 0);
  assert_int_equal(blob_count_tmp(self->dir.fd), 0);
}

static void test_a_broken_source_stores_nothing(void **state) {
  fixture *self = *state;
  uint8_t *bytes = blob_content(300000, 9);
  script source = {bytes, 300000, 70000, MR_UNAVAILABLE};
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(mri_blobs_put(self->blobs, play, &source, NULL, NULL, NULL, &error),
                   MR_UNAVAILABLE);
  assert_string_equal(error.message, "the source broke off");
  assert_empty(self);
  mri_mem_free(mem(), bytes);
}

static void test_unexpected_content_stores_nothing(void **state) {
  fixture *self = *state;
  mri_digest expected;
  mri_digest digest;
  mri_blake2b("right", 5, &expected);
  script wrong = {(const uint8_t *)"wrong", 5, 5, MR_OK};
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(mri_blobs_put(self->blobs, play, &wrong, &expected, &digest, NULL, &error),
                   MR_TAMPERED);
  assert_empty(self);
  script right = {(const uint8_t *)"right", 5, 5, MR_OK};
  assert_int_equal(mri_blobs_put(self->blobs, play, &right, &expected, &digest, NULL, &error),
                   MR_OK);
  assert_true(mri_digest_equal(&digest, &expected));
}

static void test_files(void **state) {
  fixture *self = *state;
  unit_dir files;
  unit_dir_make(&files);
  const size_t sizes[] = {0, 5, (size_t)LEAF, (size_t)LEAF * 2 + 5};
  for (size_t i = 0; i < 4; i++) {
    uint8_t *bytes = blob_content(sizes[i], i + 20);
    unit_write_file(files.fd, "model.bin", bytes, sizes[i]);
    for (int round = 0; round < 2; round++) {
      mri_digest digest;
      int64_t size = -1;
      assert_int_equal(
          mri_blobs_put_file(self->blobs, files.fd, "model.bin", NULL, &digest, &size, NULL),
          MR_OK);
      assert_int_equal(size, sizes[i]);
      assert_int_equal(blob_compare(self->blobs, &digest, bytes, sizes[i]), MR_OK);
    }
    mri_mem_free(mem(), bytes);
  }
  char path[128];
  (void)snprintf(path, sizeof path, "%s/model.bin", files.path);
  assert_int_equal(mri_blobs_put_file(self->blobs, AT_FDCWD, path, NULL, NULL, NULL, NULL), MR_OK);
  unit_dir_remove(&files);
}

static void test_only_regular_files_are_taken(void **state) {
  fixture *self = *state;
  unit_dir files;
  unit_dir_make(&files);
  mr_error error = MR_ERROR_INIT;
  unit_write_file(files.fd, "secret", "secret", 6);
  assert_int_equal(symlinkat("secret", files.fd, "link"), 0);
  char pipe_path[128];
  (void)snprintf(pipe_path, sizeof pipe_path, "%s/pipe", files.path);
  assert_int_equal(mkfifo(pipe_path, 0600), 0);
  assert_int_equal(mkdirat(files.fd, "folder", 0700), 0);
  const char *refused[] = {"link", "pipe", "folder"};
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(
        mri_blobs_put_file(self->blobs, files.fd, refused[i], NULL, NULL, NULL, &error),
        MR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, refused[i]));
  }
  assert_int_equal(mri_blobs_put_file(self->blobs, files.fd, "none", NULL, NULL, NULL, &error),
                   MR_NOT_FOUND);
  assert_empty(self);
  unit_dir_remove(&files);
}

static mr_status stop_at_second(void *ctx, const mri_digest *digest, int64_t size) {
  (void)digest;
  (void)size;
  int *count = ctx;
  return ++*count == 2 ? MR_CANCELLED : MR_OK;
}

static void test_a_list_stops_when_told(void **state) {
  fixture *self = *state;
  int count = 0;
  for (uint8_t i = 0; i < 5; i++) (void)blob_put(self->blobs, &i, 1);
  assert_int_equal(mri_blobs_list(self->blobs, stop_at_second, &count, NULL), MR_CANCELLED);
  assert_int_equal(count, 2);
}

static mr_status delete_one(void *ctx, const mri_digest *digest, int64_t size) {
  (void)size;
  fixture *self = ctx;
  return mri_blobs_delete(self->blobs, digest, NULL);
}

static void test_a_list_may_delete(void **state) {
  fixture *self = *state;
  for (uint8_t i = 0; i < 100; i++) (void)blob_put(self->blobs, &i, 1);
  assert_int_equal(mri_blobs_list(self->blobs, delete_one, self, NULL), MR_OK);
  assert_empty(self);
}

static void test_open_blobs_outlive_delete_and_close(void **state) {
  fixture *self = *state;
  const size_t size = (size_t)LEAF + 100;
  uint8_t *bytes = blob_content(size, 30);
  mri_digest digest = blob_put(self->blobs, bytes, size);
  mri_blob *a = NULL;
  mri_blob *b = NULL;
  assert_int_equal(mri_blobs_open(self->blobs, &digest, (int64_t)size, &a, NULL), MR_OK);
  assert_int_equal(mri_blobs_open(self->blobs, &digest, (int64_t)size, &b, NULL), MR_OK);
  assert_int_equal(mri_blobs_delete(self->blobs, &digest, NULL), MR_OK);
  mri_blobs_close(self->blobs);
  self->blobs = NULL;
  const uint8_t *data = NULL;
  const uint8_t *again = NULL;
  assert_int_equal(mri_blob_map(a, &data, NULL), MR_OK);
  assert_int_equal(mri_blob_map(a, &again, NULL), MR_OK);
  assert_ptr_equal(data, again);
  assert_memory_equal(data, bytes, size);
  mri_blob_close(a);
  uint8_t part[10];
  size_t got = 0;
  assert_int_equal(mri_blob_read(b, LEAF - 5, part, 10, &got, NULL), MR_OK);
  assert_memory_equal(part, bytes + LEAF - 5, 10);
  mri_blob_close(b);
  mri_mem_free(mem(), bytes);
}

static void test_empty_content_has_an_address(void **state) {
  fixture *self = *state;
  mri_digest digest = blob_put(self->blobs, NULL, 0);
  mri_blob *blob = NULL;
  const uint8_t *data = NULL;
  assert_int_equal(mri_blobs_open(self->blobs, &digest, 0, &blob, NULL), MR_OK);
  assert_int_equal(mri_blob_map(blob, &data, NULL), MR_OK);
  assert_non_null(data);
  mri_blob_close(blob);
}

static void test_a_copy_is_the_content(void **state) {
  fixture *self = *state;
  unit_dir out;
  unit_dir_make(&out);
  const size_t size = (size_t)LEAF + 100;
  uint8_t *bytes = blob_content(size, 31);
  mri_digest digest = blob_put(self->blobs, bytes, size);
  mri_blob *blob = NULL;
  assert_int_equal(mri_blobs_open(self->blobs, &digest, (int64_t)size, &blob, NULL), MR_OK);
  assert_int_equal(mri_blob_copy_to(blob, out.fd, "a/b/model.bin", 0640, NULL, NULL), MR_OK);
  mri_blob_close(blob);
  uint8_t *copy = NULL;
  size_t copied = 0;
  assert_int_equal(mri_file_read(mem(), out.fd, "a/b/model.bin", 1 << 24, &copy, &copied, NULL),
                   MR_OK);
  assert_int_equal(copied, size);
  assert_memory_equal(copy, bytes, size);
  mri_mem_free(mem(), copy);
  mri_mem_free(mem(), bytes);
  unit_dir_remove(&out);
}

#define THREADS 4
#define ROUNDS  12

typedef struct worker {
  mri_blobs *blobs;
  unsigned id;
  const char *failed;
} worker;

/* Nothing is asserted in a thread: cmocka would jump out of it. Returns what failed. */
static const char *work_round(const worker *self, unsigned round) {
  char same[32];
  char own[32];
  char back[32];
  mri_digest digest;
  mri_blob *blob = NULL;
  size_t got = 0;
  int length = snprintf(same, sizeof same, "round %u", round);
  if (mri_blobs_put_bytes(self->blobs, same, (size_t)length, &digest, NULL) != MR_OK)
    return "put of the same";
  if (mri_blobs_open(self->blobs, &digest, length, &blob, NULL) != MR_OK) return "open";
  mr_status status = mri_blob_read(blob, 0, back, sizeof back, &got, NULL);
  mri_blob_close(blob);
  if (status != MR_OK || got != (size_t)length || memcmp(back, same, got) != 0) return "read";
  length = snprintf(own, sizeof own, "thread %u round %u", self->id, round);
  if (mri_blobs_put_bytes(self->blobs, own, (size_t)length, &digest, NULL) != MR_OK)
    return "put of its own";
  if (round % 2 == 1 && mri_blobs_delete(self->blobs, &digest, NULL) != MR_OK) return "delete";
  return NULL;
}

static void *work(void *ctx) {
  worker *self = ctx;
  for (unsigned round = 0; round < ROUNDS && self->failed == NULL; round++)
    self->failed = work_round(self, round);
  return NULL;
}

static void test_threads_put_the_same_and_their_own(void **state) {
  fixture *self = *state;
  pthread_t threads[THREADS];
  worker workers[THREADS];
  int64_t sum[2] = {0, 0};
  for (unsigned i = 0; i < THREADS; i++) {
    workers[i] = (worker){self->blobs, i, NULL};
    assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
  }
  for (unsigned i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_null(workers[i].failed);
  }
  assert_int_equal(mri_blobs_list(self->blobs, count_one, sum, NULL), MR_OK);
  assert_int_equal(sum[0], ROUNDS + THREADS * ROUNDS / 2);
  assert_int_equal(blob_count_tmp(self->dir.fd), 0);
}

typedef struct attempt_ctx {
  const unit_dir *dir; /* NULL: in memory */
  const unit_dir *out;
  const uint8_t *bytes;
  size_t size;
} attempt_ctx;

static mr_status use_blob(mri_blobs *blobs, const attempt_ctx *self, const mri_digest *digest,
                          mr_error *error) {
  mri_blob *blob = NULL;
  const uint8_t *data = NULL;
  uint8_t part[10];
  size_t got = 0;
  mr_status status = mri_blobs_open(blobs, digest, (int64_t)self->size, &blob, error);
  if (status == MR_OK) status = mri_blob_read(blob, 5, part, 10, &got, error);
  if (status == MR_OK) status = mri_blob_map(blob, &data, error);
  if (status == MR_OK) status = mri_blob_copy_to(blob, self->out->fd, "copy/of", 0600, NULL, error);
  mri_blob_close(blob);
  return status;
}

static bool attempt(void *ctx) {
  const attempt_ctx *self = ctx;
  mri_blobs *blobs = NULL;
  mri_digest digest;
  mr_error error = MR_ERROR_INIT;
  mr_status status;
  if (self->dir == NULL) {
    status = mri_blobs_open_memory(mem(), &blobs, &error);
  } else {
    status = mri_blobs_open_folder(mem(), self->dir->path, 0644, false, &blobs, &error);
  }
  if (status == MR_OK)
    status = mri_blobs_put_bytes(blobs, self->bytes, self->size, &digest, &error);
  if (status == MR_OK) {
    status = use_blob(blobs, self, &digest, &error);
    if (status == MR_OK)
      status = mri_blobs_put_file(blobs, self->out->fd, "file", NULL, NULL, NULL, &error);
    assert_int_equal(mri_blobs_delete(blobs, &digest, NULL), MR_OK);
  }
  mri_blobs_close(blobs);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  assert_int_equal(error.status, status);
  return status == MR_OK;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  unit_dir dir;
  unit_dir out;
  unit_dir_make(&dir);
  unit_dir_make(&out);
  unit_write_file(out.fd, "file", "file", 4);
  size_t fds = unit_count_fds();
  for (int leaves = 1; leaves <= 2; leaves++) {
    attempt_ctx ctx = {&dir, &out, NULL, leaves == 1 ? 1000 : (size_t)LEAF + 1};
    uint8_t *bytes = blob_content(ctx.size, 40);
    ctx.bytes = bytes;
    assert_true(unit_fail_allocations(attempt, &ctx) > 10);
    ctx.dir = NULL;
    assert_true(unit_fail_allocations(attempt, &ctx) > 10);
    mri_mem_free(mem(), bytes);
  }
  assert_int_equal(blob_count_tmp(dir.fd), 0);
  assert_int_equal(unit_count_fds(), fds);
  unit_dir_remove(&dir);
  unit_dir_remove(&out);
}

#define BOTH(test)                                                                                 \
  {"folder: " #test, test, set_up_folder, tear_down, NULL}, {                                      \
    "memory: " #test, test, set_up_memory, tear_down, NULL                                         \
  }

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH(test_sizes_around_the_leaves),
      BOTH(test_reads_at_every_kind_of_offset),
      BOTH(test_the_same_content_is_one_blob),
      BOTH(test_missing_blobs),
      BOTH(test_delete_and_put_again),
      BOTH(test_wrong_sizes_are_refused),
      BOTH(test_streams_of_any_piece_size),
      BOTH(test_a_broken_source_stores_nothing),
      BOTH(test_unexpected_content_stores_nothing),
      BOTH(test_files),
      BOTH(test_only_regular_files_are_taken),
      BOTH(test_a_list_stops_when_told),
      BOTH(test_a_list_may_delete),
      BOTH(test_open_blobs_outlive_delete_and_close),
      BOTH(test_empty_content_has_an_address),
      BOTH(test_a_copy_is_the_content),
      BOTH(test_threads_put_the_same_and_their_own),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
