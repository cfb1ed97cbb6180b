/* SPDX-License-Identifier: Apache-2.0 */
/* Listing and sweeping a folder store in which others have left things. */
#include "blob_test.h"
#include "io_fault.h"

#define BIG ((size_t)MRI_LEAF_BYTES * 2)

/* The year 2100 and the year 2001, in microseconds. */
#define FUTURE ((int64_t)4102444800000000)
#define PAST   ((int64_t)1000000000000000)

static const mri_mem *mem(void) {
  return mri_mem_default();
}

typedef struct fixture {
  unit_dir dir;
  mri_blobs *blobs;
  uint8_t *bytes;
  mri_digest digest;
  char shard[9]; /* "blobs/ab" */
} fixture;

static int set_up(void **state) {
  fixture *self = mri_mem_zalloc(mem(), 1, sizeof *self);
  assert_non_null(self);
  unit_dir_make(&self->dir);
  assert_int_equal(mri_blobs_open_folder(mem(), self->dir.path, 0644, false, &self->blobs, NULL),
                   MR_OK);
  self->bytes = blob_content(BIG, 10);
  assert_int_equal(mri_blobs_put_bytes(self->blobs, self->bytes, BIG, &self->digest, NULL), MR_OK);
  (void)snprintf(self->shard, sizeof self->shard, "%.8s", blob_path(&self->digest, "").text);
  *state = self;
  return 0;
}

static int tear_down(void **state) {
  fixture *self = *state;
  mri_blobs_close(self->blobs);
  unit_dir_remove(&self->dir);
  mri_mem_free(mem(), self->bytes);
  mri_mem_free(mem(), self);
  return 0;
}

typedef struct path {
  char text[128];
} path;

/* A path in the shard of the blob: `digits` digits 0 and what follows. */
static path in_shard(const fixture *self, int digits, const char *rest) {
  path out;
  (void)snprintf(out.text, sizeof out.text, "%s/%0*d%s", self->shard, digits, 0, rest);
  return out;
}

static void test_listing_passes_over_what_is_no_blob(void **state) {
  const fixture *self = *state;
  int dir = self->dir.fd;
  unit_write_file(dir, in_shard(self, 1, "README").text, "hello", 5);
  unit_write_file(dir, in_shard(self, 61, "A").text, "upper", 5);
  unit_write_file(dir, in_shard(self, 61, "g").text, "no digit", 8);
  unit_write_file(dir, in_shard(self, 63, "").text, "long", 4);
  assert_int_equal(mkdirat(dir, in_shard(self, 61, "1").text, 0700), 0);
  assert_int_equal(symlinkat("README", dir, in_shard(self, 61, "2").text), 0);
  assert_int_equal(mkdirat(dir, "blobs/AB", 0700), 0);
  assert_int_equal(mkdirat(dir, "blobs/abc", 0700), 0);
  unit_write_file(dir, "blobs/stray", "stray", 5);
  unit_write_file(dir, "tmp/tmp-left", "left", 4);
  assert_int_equal(blob_check_all(&self->dir), 1);
}

static void test_a_sweep_removes_what_puts_left(void **state) {
  const fixture *self = *state;
  int dir = self->dir.fd;
  int64_t freed = -1;
  path orphan = in_shard(self, 62, ".leaves");
  unit_write_file(dir, "tmp/tmp-left", "left", 4);
  unit_write_file(dir, orphan.text, "orphan", 6);
  unit_write_file(dir, in_shard(self, 3, ".leaves").text, "not ours", 8);
  int64_t count = -1;
  /* Telling what there is changes nothing. */
  assert_int_equal(mri_blobs_leftovers(self->blobs, FUTURE, &count, &freed, NULL), MR_OK);
  assert_int_equal(count, 2);
  assert_int_equal(freed, 10);
  assert_int_equal(mri_blobs_leftovers(self->blobs, PAST, &count, &freed, NULL), MR_OK);
  assert_int_equal(count, 0);
  assert_int_equal(freed, 0);
  /* What is being written is left alone. */
  assert_int_equal(mri_blobs_sweep(self->blobs, PAST, &freed, NULL), MR_OK);
  assert_int_equal(freed, 0);
  assert_int_equal(blob_count_tmp(dir), 1);
  assert_int_equal(mri_blobs_sweep(self->blobs, FUTURE, &freed, NULL), MR_OK);
  assert_int_equal(freed, 10);
  assert_int_equal(blob_count_tmp(dir), 0);
  assert_int_equal(blob_file_size(dir, orphan.text), -1);
  assert_int_equal(blob_file_size(dir, in_shard(self, 3, ".leaves").text), 8);
  assert_int_equal(blob_file_size(dir, blob_path(&self->digest, ".leaves").text), 64);
  assert_int_equal(blob_compare(self->blobs, &self->digest, self->bytes, BIG), MR_OK);
  assert_int_equal(mri_blobs_sweep(self->blobs, FUTURE, NULL, NULL), MR_OK);
}

static void test_sweeping_other_stores(void **state) {
  (void)state;
  unit_dir dir;
  mri_blobs *blobs = NULL;
  int64_t freed = -1;
  unit_dir_make(&dir);
  assert_int_equal(mri_blobs_open_folder(mem(), dir.path, 0644, false, &blobs, NULL), MR_OK);
  assert_int_equal(mri_blobs_sweep(blobs, FUTURE, &freed, NULL), MR_OK);
  assert_int_equal(freed, 0);
  mri_blobs_close(blobs);
  assert_int_equal(mri_blobs_open_folder(mem(), dir.path, 0644, true, &blobs, NULL), MR_OK);
  assert_int_equal(mri_blobs_sweep(blobs, FUTURE, &freed, NULL), MR_READ_ONLY);
  assert_int_equal(mri_blobs_leftovers(blobs, FUTURE, &freed, &freed, NULL), MR_OK);
  assert_int_equal(freed, 0);
  mri_blobs_close(blobs);
  assert_int_equal(mri_blobs_open_memory(mem(), &blobs, NULL), MR_OK);
  assert_int_equal(mri_blobs_put_bytes(blobs, "abc", 3, NULL, NULL), MR_OK);
  assert_int_equal(mri_blobs_sweep(blobs, FUTURE, &freed, NULL), MR_OK);
  assert_int_equal(freed, 0);
  mri_blobs_close(blobs);
  unit_dir_remove(&dir);
}

static void test_a_shard_that_leads_elsewhere(void **state) {
  const fixture *self = *state;
  unit_dir outside;
  unit_dir_make(&outside);
  unit_write_file(outside.fd, in_shard(self, 62, ".leaves").text + 9, "outside", 7);
  assert_int_equal(symlinkat(outside.path, self->dir.fd,
                             strcmp(self->shard, "blobs/00") == 0 ? "blobs/01" : "blobs/00"),
                   0);
  assert_int_equal(mri_blobs_list(self->blobs, blob_ignore, NULL, NULL), MR_TAMPERED);
  assert_int_equal(mri_blobs_sweep(self->blobs, FUTURE, NULL, NULL), MR_TAMPERED);
  int64_t sums[2];
  assert_int_equal(mri_blobs_leftovers(self->blobs, FUTURE, &sums[0], &sums[1], NULL), MR_TAMPERED);
  assert_int_equal(unit_count_entries(outside.fd), 1);
  unit_dir_remove(&outside);
}

static void test_every_failing_file_call(void **state) {
  const fixture *self = *state;
  bool fired = true;
  int64_t nth = 0;
  while (fired) {
    size_t fds = unit_count_fds();
    unit_write_file(self->dir.fd, "tmp/tmp-left", "left", 4);
    unit_write_file(self->dir.fd, in_shard(self, 62, ".leaves").text, "orphan", 6);
    io_fault_arm(++nth, false, EIO);
    mr_error error = MR_ERROR_INIT;
    mr_status status = mri_blobs_sweep(self->blobs, FUTURE, NULL, &error);
    mr_status listed = mri_blobs_list(self->blobs, blob_ignore, NULL, NULL);
    fired = io_fault_disarm();
    assert_true(status == MR_OK || (status == MR_IO && error.status == MR_IO));
    assert_true(listed == MR_OK || listed == MR_IO);
    assert_int_equal(status == MR_OK && listed == MR_OK, !fired);
    assert_int_equal(unit_count_fds(), fds);
    assert_int_equal(mri_blobs_sweep(self->blobs, FUTURE, NULL, NULL), MR_OK);
    assert_int_equal(blob_count_tmp(self->dir.fd), 0);
    assert_int_equal(blob_check_all(&self->dir), 1);
  }
  assert_true(nth > 8);
}

int main(void) {
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      WITH(test_listing_passes_over_what_is_no_blob),
      WITH(test_a_sweep_removes_what_puts_left),
      WITH(test_sweeping_other_stores),
      WITH(test_a_shard_that_leads_elsewhere),
      WITH(test_every_failing_file_call),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
