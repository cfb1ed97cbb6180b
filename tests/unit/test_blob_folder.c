/* SPDX-License-Identifier: Apache-2.0 */
/* What is particular to the folder store: its files, what happens when somebody else changes them,
 * and when the disk fails. */
#include "blob_test.h"
#include "io_fault.h"

#define LEAF ((int64_t)MRI_LEAF_BYTES)
#define BIG  ((size_t)(3 * LEAF))

static const mri_mem *mem(void) {
  return mri_mem_default();
}

typedef struct fixture {
  unit_dir dir;
  mri_blobs *blobs;
} fixture;

static mri_blobs *open_store(const unit_dir *dir, bool read_only) {
  mri_blobs *blobs = NULL;
  assert_int_equal(mri_blobs_open_folder(mem(), dir->path, 0644, read_only, &blobs, NULL), MR_OK);
  return blobs;
}

static int set_up(void **state) {
  fixture *self = mri_mem_zalloc(mem(), 1, sizeof *self);
  assert_non_null(self);
  unit_dir_make(&self->dir);
  self->blobs = open_store(&self->dir, false);
  *state = self;
  return 0;
}

static int tear_down(void **state) {
  fixture *self = *state;
  mri_blobs_close(self->blobs);
  unit_dir_remove(&self->dir);
  mri_mem_free(mem(), self);
  return 0;
}

static mr_status read_at(fixture *self, const mri_digest *digest, size_t size, int64_t offset) {
  mri_blob *blob = NULL;
  uint8_t byte = 0;
  size_t got = 0;
  mr_status status = mri_blobs_open(self->blobs, digest, (int64_t)size, &blob, NULL);
  if (status != MR_OK) return status;
  status = mri_blob_read(blob, offset, &byte, 1, &got, NULL);
  mri_blob_close(blob);
  return status;
}

static void test_files_lie_where_the_format_says(void **state) {
  fixture *self = *state;
  uint8_t *bytes = blob_content(BIG, 1);
  mri_digest small = blob_put(self->blobs, "abc", 3);
  mri_digest big = blob_put(self->blobs, bytes, BIG);
  assert_int_equal(blob_file_size(self->dir.fd, blob_path(&small, "").text), 3);
  assert_int_equal(blob_file_size(self->dir.fd, blob_path(&small, ".leaves").text), -1);
  assert_int_equal(blob_file_size(self->dir.fd, blob_path(&big, "").text), BIG);
  assert_int_equal(blob_file_size(self->dir.fd, blob_path(&big, ".leaves").text), 96);
  assert_int_equal(blob_count_tmp(self->dir.fd), 0);
  assert_int_equal(blob_check_all(&self->dir), 2);
  mri_mem_free(mem(), bytes);
}

static void test_every_changed_byte_of_a_small_blob(void **state) {
  fixture *self = *state;
  uint8_t *bytes = blob_content(300, 2);
  mri_digest digest = blob_put(self->blobs, bytes, 300);
  blob_name name = blob_path(&digest, "");
  for (int64_t i = 0; i < 300; i++) {
    blob_flip(self->dir.fd, name.text, i);
    assert_int_equal(read_at(self, &digest, 300, (i + 150) % 300), MR_TAMPERED);
    assert_int_equal(blob_compare(self->blobs, &digest, bytes, 300), MR_TAMPERED);
    blob_flip(self->dir.fd, name.text, i);
  }
  assert_int_equal(blob_compare(self->blobs, &digest, bytes, 300), MR_OK);
  mri_mem_free(mem(), bytes);
}

static void test_a_changed_byte_spoils_its_leaf_and_no_other(void **state) {
  fixture *self = *state;
  uint8_t *bytes = blob_content(BIG, 3);
  mri_digest digest = blob_put(self->blobs, bytes, BIG);
  blob_name name = blob_path(&digest, "");
  const int64_t inside[] = {0, 1, LEAF / 2, LEAF - 1};
  for (int64_t leaf = 0; leaf < 3; leaf++) {
    for (size_t i = 0; i < 4; i++) {
      blob_flip(self->dir.fd, name.text, leaf * LEAF + inside[i]);
      for (int64_t other = 0; other < 3; other++)
        assert_int_equal(read_at(self, &digest, BIG, other * LEAF + 7),
                         other == leaf ? MR_TAMPERED : MR_OK);
      assert_int_equal(blob_compare(self->blobs, &digest, bytes, BIG), MR_TAMPERED);
      blob_flip(self->dir.fd, name.text, leaf * LEAF + inside[i]);
    }
  }
  assert_int_equal(blob_compare(self->blobs, &digest, bytes, BIG), MR_OK);
  mri_mem_free(mem(), bytes);
}

static void test_the_message_names_the_blob(void **state) {
  fixture *self = *state;
  uint8_t *bytes = blob_content(BIG, 3);
  mri_digest digest = blob_put(self->blobs, bytes, BIG);
  blob_flip(self->dir.fd, blob_path(&digest, "").text, LEAF + 1);
  mri_blob *blob = NULL;
  const uint8_t *data = NULL;
  char text[MRI_DIGEST_TEXT];
  mr_error error = MR_ERROR_INIT;
  mri_digest_text(&digest, text);
  assert_int_equal(mri_blobs_open(self->blobs, &digest, (int64_t)BIG, &blob, &error), MR_OK);
  assert_int_equal(mri_blob_map(blob, &data, &error), MR_TAMPERED);
  assert_non_null(strstr(error.message, text));
  assert_non_null(strstr(error.message, "1048576"));
  mri_blob_close(blob);
  mri_mem_free(mem(), bytes);
}

static void test_no_unverified_byte_is_left_in_the_buffer(void **state) {
  fixture *self = *state;
  uint8_t *bytes = blob_content(BIG, 4);
  uint8_t *buffer = blob_content(BIG, 5);
  mri_digest digest = blob_put(self->blobs, bytes, BIG);
  blob_flip(self->dir.fd, blob_path(&digest, "").text, LEAF + 1);
  mri_blob *blob = NULL;
  size_t got = 77;
  assert_int_equal(mri_blobs_open(self->blobs, &digest, (int64_t)BIG, &blob, NULL), MR_OK);
  assert_int_equal(mri_blob_read(blob, LEAF, buffer, (size_t)LEAF, &got, NULL), MR_TAMPERED);
  assert_int_equal(got, 77);
  for (int64_t i = 0; i < LEAF; i++) assert_int_equal(buffer[i], 0);
  mri_blob_close(blob);
  mri_mem_free(mem(), buffer);
  mri_mem_free(mem(), bytes);
}

static void test_a_damaged_leaf_list_is_no_loss(void **state) {
  fixture *self = *state;
  uint8_t *bytes = blob_content(BIG, 6);
  mri_digest digest = blob_put(self->blobs, bytes, BIG);
  blob_name leaves = blob_path(&digest, ".leaves");
  blob_name name = blob_path(&digest, "");
  for (int64_t i = 0; i < 96; i++) {
    blob_flip(self->dir.fd, leaves.text, i);
    assert_int_equal(read_at(self, &digest, BIG, 2 * LEAF), MR_OK);
    blob_flip(self->dir.fd, leaves.text, i);
  }
  blob_truncate(self->dir.fd, leaves.text, 95);
  assert_int_equal(read_at(self, &digest, BIG, 2 * LEAF), MR_OK);
  assert_int_equal(unlinkat(self->dir.fd, leaves.text, 0), 0);
  assert_int_equal(blob_compare(self->blobs, &digest, bytes, BIG), MR_OK);
  /* Without the list the first look at the blob finds the damage, wherever it is. */
  blob_flip(self->dir.fd, name.text, (int64_t)BIG - 1);
  assert_int_equal(read_at(self, &digest, BIG, 0), MR_TAMPERED);
  blob_flip(self->dir.fd, name.text, (int64_t)BIG - 1);
  /* The list of other content, made to fit in size, does not make that content pass. */
  uint8_t *other = blob_content(BIG, 7);
  mri_digest other_digest = blob_put(self->blobs, other, BIG);
  blob_name other_leaves = blob_path(&other_digest, ".leaves");
  assert_int_equal(renameat(self->dir.fd, other_leaves.text, self->dir.fd, leaves.text), 0);
  assert_int_equal(
      renameat(self->dir.fd, blob_path(&other_digest, "").text, self->dir.fd, name.text), 0);
  assert_int_equal(read_at(self, &digest, BIG, 0), MR_TAMPERED);
  mri_mem_free(mem(), other);
  mri_mem_free(mem(), bytes);
}

static void test_a_put_brings_a_lost_leaf_list_back(void **state) {
  fixture *self = *state;
  uint8_t *bytes = blob_content(BIG, 6);
  mri_digest digest = blob_put(self->blobs, bytes, BIG);
  blob_name leaves = blob_path(&digest, ".leaves");
  assert_int_equal(unlinkat(self->dir.fd, leaves.text, 0), 0);
  (void)blob_put(self->blobs, bytes, BIG);
  assert_int_equal(blob_file_size(self->dir.fd, leaves.text), 96);
  mri_mem_free(mem(), bytes);
}

static void test_truncated_and_longer_files(void **state) {
  fixture *self = *state;
  uint8_t *bytes = blob_content(BIG, 8);
  mri_digest digest = blob_put(self->blobs, bytes, BIG);
  blob_name name = blob_path(&digest, "");
  const int64_t sizes[] = {0, 1, LEAF, (int64_t)BIG - 1, (int64_t)BIG + 1};
  for (size_t i = 0; i < 5; i++) {
    blob_truncate(self->dir.fd, name.text, sizes[i]);
    assert_int_equal(read_at(self, &digest, BIG, 0), MR_TAMPERED);
    /* The size alone tells that this is not the blob: the next put replaces it. */
    (void)blob_put(self->blobs, bytes, BIG);
    assert_int_equal(blob_compare(self->blobs, &digest, bytes, BIG), MR_OK);
  }
  mri_blob *blob = NULL;
  const uint8_t *data = NULL;
  assert_int_equal(mri_blobs_open(self->blobs, &digest, (int64_t)BIG, &blob, NULL), MR_OK);
  blob_truncate(self->dir.fd, name.text, LEAF + 5);
  assert_int_equal(mri_blob_map(blob, &data, NULL), MR_TAMPERED);
  mri_blob_close(blob);
  mri_mem_free(mem(), bytes);
}

static void test_verified_bytes_do_not_change_with_the_disk(void **state) {
  fixture *self = *state;
  uint8_t *bytes = blob_content(BIG, 9);
  mri_digest digest = blob_put(self->blobs, bytes, BIG);
  blob_name name = blob_path(&digest, "");
  mri_blob *blob = NULL;
  const uint8_t *data = NULL;
  uint8_t part[100];
  size_t got = 0;
  assert_int_equal(mri_blobs_open(self->blobs, &digest, (int64_t)BIG, &blob, NULL), MR_OK);
  assert_int_equal(mri_blob_read(blob, 50, part, 100, &got, NULL), MR_OK);
  blob_flip(self->dir.fd, name.text, 60);
  assert_int_equal(mri_blob_read(blob, 50, part, 100, &got, NULL), MR_OK);
  assert_memory_equal(part, bytes + 50, 100);
  blob_flip(self->dir.fd, name.text, 60);
  assert_int_equal(mri_blob_map(blob, &data, NULL), MR_OK);
  for (int64_t leaf = 0; leaf < 3; leaf++) blob_flip(self->dir.fd, name.text, leaf * LEAF);
  assert_memory_equal(data, bytes, BIG);
  assert_int_equal(mri_blob_read(blob, LEAF, part, 100, &got, NULL), MR_OK);
  assert_memory_equal(part, bytes + LEAF, 100);
  mri_blob_close(blob);
  mri_mem_free(mem(), bytes);
}

static void test_read_only_stores_refuse_to_write(void **state) {
  fixture *self = *state;
  mri_digest digest = blob_put(self->blobs, "abc", 3);
  unit_write_file(self->dir.fd, "file", "file", 4);
  mri_blobs *blobs = open_store(&self->dir, true);
  assert_int_equal(mri_blobs_put_bytes(blobs, "abc", 3, NULL, NULL), MR_READ_ONLY);
  assert_int_equal(mri_blobs_put_file(blobs, self->dir.fd, "file", NULL, NULL, NULL, NULL),
                   MR_READ_ONLY);
  assert_int_equal(mri_blobs_delete(blobs, &digest, NULL), MR_READ_ONLY);
  assert_int_equal(blob_compare(blobs, &digest, "abc", 3), MR_OK);
  mri_blobs_close(blobs);
}

static void test_a_second_put_writes_nothing(void **state) {
  fixture *self = *state;
  uint8_t *bytes = blob_content(BIG, 11);
  unit_write_file(self->dir.fd, "file", bytes, BIG);
  (void)blob_put(self->blobs, bytes, BIG);
  io_fault_arm(0, false, 0);
  mri_digest digest;
  mr_status status =
      mri_blobs_put_file(self->blobs, self->dir.fd, "file", NULL, &digest, NULL, NULL);
  (void)io_fault_disarm();
  assert_int_equal(status, MR_OK);
  for (size_t i = 0; i < io_fault.count; i++) assert_true(io_fault.events[i].kind == IO_FSYNC);
  assert_true(io_fault.count >= 1);
  mri_mem_free(mem(), bytes);
}

static bool synced(size_t from, size_t to, ino_t inode) {
  bool done = false;
  for (size_t i = from; i < to; i++) {
    const io_event *event = &io_fault.events[i];
    if (event->file == inode && event->kind == IO_FSYNC) done = true;
    if (event->file == inode && event->kind == IO_WRITE) done = false;
  }
  return done;
}

/* The order that survives a power cut: bytes synced before they get the name, the name synced
 * before the put returns, the leaf list before the blob, and every new folder's name too. */
static void test_the_order_of_a_durable_put(void **state) {
  fixture *self = *state;
  uint8_t *bytes = blob_content(BIG, 12);
  size_t renames = 0;
  size_t folders = 0;
  char root[128];
  (void)snprintf(root, sizeof root, "%s/new/R.d", self->dir.path);
  mri_blobs *blobs = NULL;
  assert_int_equal(mri_blobs_open_folder(mem(), root, 0644, false, &blobs, NULL), MR_OK);
  io_fault_arm(0, false, 0);
  mr_status status = mri_blobs_put_bytes(blobs, bytes, BIG, NULL, NULL);
  (void)io_fault_disarm();
  assert_int_equal(status, MR_OK);
  for (size_t i = 0; i < io_fault.count; i++) {
    const io_event *event = &io_fault.events[i];
    if (event->kind == IO_RENAME) {
      bool leaves = strstr(event->name, ".leaves") != NULL;
      assert_true(leaves == (renames == 0));
      assert_true(synced(0, i, event->file));
      size_t end = i + 1;
      while (end < io_fault.count && io_fault.events[end].kind != IO_RENAME) end++;
      assert_true(synced(i + 1, end, event->folder));
      renames++;
    }
    if (event->kind == IO_MKDIR && strcmp(event->name, "tmp") != 0) {
      assert_true(synced(i + 1, io_fault.count, event->folder));
      folders++;
    }
  }
  assert_int_equal(renames, 2);
  assert_int_equal(folders, 4); /* new, R.d, blobs, ab */
  mri_blobs_close(blobs);
  mri_mem_free(mem(), bytes);
}

typedef struct scenario {
  const unit_dir *dir;
  uint8_t *big;
  size_t big_size;
  mri_digest digests[3];
  mr_status puts[3];
} scenario;

static mr_status use_big(scenario *self, mri_blobs *blobs) {
  mri_blob *blob = NULL;
  const uint8_t *data = NULL;
  uint8_t part[100];
  size_t got = 0;
  mr_status status = mri_blobs_open(blobs, &self->digests[0], (int64_t)self->big_size, &blob, NULL);
  if (status != MR_OK) return status;
  status = mri_blob_read(blob, LEAF - 50, part, 100, &got, NULL);
  if (status == MR_OK) assert_memory_equal(part, self->big + LEAF - 50, 100);
  mr_status mapped = mri_blob_map(blob, &data, NULL);
  if (mapped == MR_OK) assert_memory_equal(data, self->big, self->big_size);
  mr_status copied = mri_blob_copy_to(blob, self->dir->fd, "out/copy", 0600, NULL, NULL);
  mri_blob_close(blob);
  if (status == MR_OK) status = mapped;
  return status == MR_OK ? copied : status;
}

/* Everything a store does; the first failure. What failed does not keep the rest from trying. */
static mr_status play(scenario *self, const char *root) {
  mr_status results[8] = {MR_OK};
  mri_blobs *blobs = NULL;
  for (int i = 0; i < 3; i++) self->puts[i] = MR_IO;
  mr_status status = mri_blobs_open_folder(mem(), root, 0644, false, &blobs, NULL);
  if (status != MR_OK) return status;
  self->puts[0] = results[0] =
      mri_blobs_put_bytes(blobs, self->big, self->big_size, &self->digests[0], NULL);
  self->puts[1] = results[1] = mri_blobs_put_bytes(blobs, "small", 5, &self->digests[1], NULL);
  self->puts[2] = results[2] =
      mri_blobs_put_file(blobs, self->dir->fd, "file", NULL, &self->digests[2], NULL, NULL);
  results[3] = self->puts[0] == MR_OK ? use_big(self, blobs) : MR_OK;
  bool found = false;
  int64_t size = 0;
  results[4] = self->puts[1] == MR_OK
                   ? mri_blobs_stat(blobs, &self->digests[1], &found, &size, NULL)
                   : MR_OK;
  results[5] = mri_blobs_list(blobs, blob_ignore, NULL, NULL);
  results[6] = self->puts[1] == MR_OK ? mri_blobs_delete(blobs, &self->digests[1], NULL) : MR_OK;
  mri_blobs_close(blobs);
  for (int i = 0; i < 8 && status == MR_OK; i++) status = results[i];
  return status;
}

static void play_with_fault(scenario *self, int64_t nth, bool for_ever, int code, bool *fired) {
  unit_dir root;
  unit_dir_make(&root);
  char path[128];
  (void)snprintf(path, sizeof path, "%s/R.d", root.path);
  size_t fds = unit_count_fds();
  int64_t live = mri_mem_live();
  io_fault_arm(nth, for_ever, code);
  mr_status status = play(self, path);
  *fired = io_fault_disarm();
  assert_int_equal(unit_count_fds(), fds);
  assert_int_equal(mri_mem_live(), live);
  assert_true(status == MR_OK || (*fired && code != IO_SHORT && status == MR_IO));
  unit_dir store = {.fd = openat(root.fd, "R.d", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  (void)snprintf(store.path, sizeof store.path, "%.40s/R.d", root.path);
  if (store.fd >= 0) {
    (void)blob_check_all(&store);
    /* What was acknowledged is there. */
    mri_blobs *blobs = open_store(&store, true);
    for (int i = 0; i < 3; i += 2) {
      bool found = false;
      if (self->puts[i] != MR_OK) continue;
      assert_int_equal(mri_blobs_stat(blobs, &self->digests[i], &found, NULL, NULL), MR_OK);
      assert_true(found);
    }
    mri_blobs_close(blobs);
    assert_int_equal(close(store.fd), 0);
  }
  if (code == EIO && !for_ever) {
    /* And it works again. */
    io_fault_arm(0, false, 0);
    status = play(self, path);
    (void)io_fault_disarm();
    assert_int_equal(status, MR_OK);
  }
  unit_dir_remove(&root);
}

static void test_every_failing_file_call(void **state) {
  fixture *fix = *state;
  static const struct {
    int code;
    bool for_ever;
  } faults[] = {{EIO, false}, {EIO, true}, {ENOSPC, false}};
  scenario self = {.dir = &fix->dir, .big_size = (size_t)LEAF + 1000};
  self.big = blob_content(self.big_size, 13);
  unit_write_file(fix->dir.fd, "file", "file", 4);
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    int64_t nth = 0;
    for (bool fired = true; fired;)
      play_with_fault(&self, ++nth, faults[i].for_ever, faults[i].code, &fired);
    assert_true(nth > 60);
  }
  mri_mem_free(mem(), self.big);
}

static void test_reads_and_writes_that_come_in_pieces(void **state) {
  fixture *fix = *state;
  scenario self = {.dir = &fix->dir, .big_size = (size_t)LEAF + 1000};
  self.big = blob_content(self.big_size, 13);
  unit_write_file(fix->dir.fd, "file", "file", 4);
  bool fired = false;
  play_with_fault(&self, 1, true, IO_SHORT, &fired);
  assert_true(fired);
  mri_mem_free(mem(), self.big);
}

int main(void) {
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      WITH(test_files_lie_where_the_format_says),
      WITH(test_every_changed_byte_of_a_small_blob),
      WITH(test_a_changed_byte_spoils_its_leaf_and_no_other),
      WITH(test_the_message_names_the_blob),
      WITH(test_no_unverified_byte_is_left_in_the_buffer),
      WITH(test_a_damaged_leaf_list_is_no_loss),
      WITH(test_a_put_brings_a_lost_leaf_list_back),
      WITH(test_truncated_and_longer_files),
      WITH(test_verified_bytes_do_not_change_with_the_disk),
      WITH(test_read_only_stores_refuse_to_write),
      WITH(test_a_second_put_writes_nothing),
      WITH(test_the_order_of_a_durable_put),
      WITH(test_every_failing_file_call),
      WITH(test_reads_and_writes_that_come_in_pieces),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
