/* SPDX-License-Identifier: Apache-2.0 */
/* What is particular to the memory store: shared contents and their end. */
#include "blob_test.h"

#include <pthread.h>

static const mri_mem *mem(void) {
  return mri_mem_default();
}

static void test_open_blobs_share_one_content(void **state) {
  (void)state;
  int64_t live = mri_mem_live();
  mri_blobs *blobs = NULL;
  mri_blob *a = NULL;
  mri_blob *b = NULL;
  const uint8_t *first = NULL;
  const uint8_t *second = NULL;
  mri_digest digest;
  assert_int_equal(mri_blobs_open_memory(mem(), &blobs, NULL), MR_OK);
  assert_int_equal(mri_blobs_put_bytes(blobs, "weights", 7, &digest, NULL), MR_OK);
  assert_int_equal(mri_blobs_open(blobs, &digest, 7, &a, NULL), MR_OK);
  assert_int_equal(mri_blobs_open(blobs, &digest, 7, &b, NULL), MR_OK);
  mri_blobs_close(blobs);
  assert_int_equal(mri_blob_map(a, &first, NULL), MR_OK);
  assert_int_equal(mri_blob_map(b, &second, NULL), MR_OK);
  assert_ptr_equal(first, second);
  mri_blob_close(a);
  assert_memory_equal(second, "weights", 7);
  mri_blob_close(b);
  assert_int_equal(mri_mem_live(), live);
}

static mr_status check_order(void *ctx, const mri_digest *digest, int64_t size) {
  (void)size;
  mri_digest *last = ctx;
  assert_true(memcmp(last->bytes, digest->bytes, sizeof last->bytes) < 0);
  *last = *digest;
  return MR_OK;
}

static void test_many_contents(void **state) {
  (void)state;
  int64_t live = mri_mem_live();
  mri_blobs *blobs = NULL;
  mri_digest last = {{0}};
  assert_int_equal(mri_blobs_open_memory(mem(), &blobs, NULL), MR_OK);
  for (int round = 0; round < 2; round++) {
    for (uint32_t i = 0; i < 2000; i++) {
      mri_digest digest;
      assert_int_equal(mri_blobs_put_bytes(blobs, &i, sizeof i, &digest, NULL), MR_OK);
      if (i % 3 == 0) assert_int_equal(mri_blobs_delete(blobs, &digest, NULL), MR_OK);
    }
  }
  for (uint32_t i = 0; i < 2000; i++) {
    mri_digest digest;
    mri_blake2b(&i, sizeof i, &digest);
    assert_int_equal(blob_compare(blobs, &digest, &i, sizeof i), i % 3 == 0 ? MR_NOT_FOUND : MR_OK);
  }
  assert_int_equal(mri_blobs_list(blobs, check_order, &last, NULL), MR_OK);
  mri_blobs_close(blobs);
  assert_int_equal(mri_mem_live(), live);
}

typedef struct worker {
  mri_blobs *blobs;
  bool failed;
} worker;

/* Puts, opens and deletes the same few contents as the other threads do. */
static void *work(void *ctx) {
  worker *self = ctx;
  for (uint32_t i = 0; i < 3000; i++) {
    uint32_t content = i % 5;
    mri_digest digest;
    mri_blob *blob = NULL;
    const uint8_t *data = NULL;
    if (mri_blobs_put_bytes(self->blobs, &content, sizeof content, &digest, NULL) != MR_OK)
      self->failed = true;
    mr_status status = mri_blobs_open(self->blobs, &digest, sizeof content, &blob, NULL);
    if (status == MR_NOT_FOUND) continue; /* another thread deleted it */
    if (status != MR_OK || mri_blobs_delete(self->blobs, &digest, NULL) > MR_NOT_FOUND ||
        mri_blob_map(blob, &data, NULL) != MR_OK || memcmp(data, &content, sizeof content) != 0)
      self->failed = true;
    mri_blob_close(blob);
  }
  return NULL;
}

static void test_threads_delete_what_others_read(void **state) {
  (void)state;
  int64_t live = mri_mem_live();
  mri_blobs *blobs = NULL;
  pthread_t threads[4];
  worker workers[4];
  assert_int_equal(mri_blobs_open_memory(mem(), &blobs, NULL), MR_OK);
  for (int i = 0; i < 4; i++) {
    workers[i] = (worker){blobs, false};
    assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
  }
  for (int i = 0; i < 4; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_false(workers[i].failed);
  }
  mri_blobs_close(blobs);
  assert_int_equal(mri_mem_live(), live);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_open_blobs_share_one_content),
      cmocka_unit_test(test_many_contents),
      cmocka_unit_test(test_threads_delete_what_others_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
