/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs in memory. An open blob shares the content, which lives until the last of them is closed
 * and the store has let go of it. */
#include "base/id.h"
#include "base/vec.h"
#include "blob/blob_driver.h"
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

typedef struct content {
  const mri_mem *mem;
  atomic_size_t holders;
  mri_digest digest;
  int64_t written_us;
  size_t size;
  uint8_t *bytes;
} content;

typedef struct blob_memory {
  mri_blobs base;
  pthread_mutex_t lock;
  mri_vec contents; /* of content *, in digest order */
} blob_memory;

static void let_go(void *ctx) {
  content *item = ctx;
  if (atomic_fetch_sub(&item->holders, 1) != 1) return;
  mri_mem_free(item->mem, item->bytes);
  mri_mem_free(item->mem, item);
}

/* Index of the first content whose digest is not below this one; *found when it is this one. */
static size_t find(const blob_memory *self, const mri_digest *digest, bool *found) {
  content *const *items = self->contents.items;
  size_t low = 0;
  size_t high = self->contents.count;
  *found = false;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = memcmp(items[middle]->digest.bytes, digest->bytes, sizeof digest->bytes);
    if (order == 0) *found = true;
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* The content with one more holder, or NULL. */
static content *hold(blob_memory *self, const mri_digest *digest) {
  bool found = false;
  content *item = NULL;
  pthread_mutex_lock(&self->lock);
  size_t index = find(self, digest, &found);
  if (found) {
    item = ((content **)self->contents.items)[index];
    atomic_fetch_add(&item->holders, 1);
  }
  pthread_mutex_unlock(&self->lock);
  return item;
}

/* Takes `item`; a second one of the same digest is let go. */
static bool insert(blob_memory *self, content *item) {
  bool found = false;
  bool done = true;
  pthread_mutex_lock(&self->lock);
  size_t index = find(self, &item->digest, &found);
  if (!found) {
    done = mri_vec_push(&self->contents) != NULL;
    if (done) {
      content **items = self->contents.items;
      memmove(items + index + 1, items + index, (self->contents.count - 1 - index) * sizeof *items);
      items[index] = item;
    }
  }
  pthread_mutex_unlock(&self->lock);
  if (found || !done) let_go(item);
  return done;
}

typedef struct growing {
  content *item;
  size_t room;
} growing;

static mr_status grow(void *ctx, const uint8_t *bytes, size_t size, mr_error *error) {
  growing *self = ctx;
  content *item = self->item;
  if (self->room - item->size < size) {
    size_t room = self->room + (self->room > size ? self->room : size);
    uint8_t *moved = room < self->room ? NULL : mri_mem_realloc(item->mem, item->bytes, room);
    if (moved == NULL) return mri_error_no_memory(error);
    item->bytes = moved;
    self->room = room;
  }
  memcpy(item->bytes + item->size, bytes, size);
  item->size += size;
  return MR_OK;
}

static mr_status memory_put(mri_blobs *blobs, mri_blob_source source, void *ctx,
                            const mri_digest *expected, mri_digest *digest, int64_t *size,
                            mr_error *error) {
  blob_memory *self = (blob_memory *)blobs;
  const mri_mem *mem = blobs->mem;
  mri_hasher *hasher = mri_hasher_new(mem);
  content *item = mri_mem_zalloc(mem, 1, sizeof *item);
  mr_status status = MR_OK;
  if (hasher == NULL || item == NULL) {
    status = mri_error_no_memory(error);
    mri_mem_free(mem, item);
    goto cleanup;
  }
  item->mem = mem;
  atomic_init(&item->holders, 1);
  item->written_us = mri_clock_now_us(NULL);
  growing sink = {item, 0};
  status = mri_blob_pump(mem, source, ctx, hasher, grow, &sink, error);
  if (status == MR_OK) {
    mri_hasher_final(hasher, &item->digest);
    *digest = item->digest;
    *size = mri_hasher_size(hasher);
    status = mri_blob_check_expected(expected, digest, error);
  }
  if (status == MR_OK) {
    /* Empty content is a block too, so that it can be mapped. */
    uint8_t *fit = mri_mem_realloc(mem, item->bytes, item->size);
    if (fit == NULL) status = mri_error_no_memory(error);
    if (fit != NULL) item->bytes = fit;
  }
  if (status != MR_OK) {
    let_go(item);
  } else if (!insert(self, item)) {
    status = mri_error_no_memory(error);
  }
cleanup:
  mri_hasher_free(hasher);
  return status;
}

static mr_status memory_stat(mri_blobs *blobs, const mri_digest *digest, bool *found, int64_t *size,
                             mr_error *error) {
  (void)error;
  content *item = hold((blob_memory *)blobs, digest);
  *found = item != NULL;
  if (item == NULL) return MR_OK;
  *size = (int64_t)item->size;
  let_go(item);
  return MR_OK;
}

static mr_status memory_written(mri_blobs *blobs, const mri_digest *digest, bool *found,
                                int64_t *written_us, mr_error *error) {
  (void)error;
  content *item = hold((blob_memory *)blobs, digest);
  *found = item != NULL;
  if (item == NULL) return MR_OK;
  *written_us = item->written_us;
  let_go(item);
  return MR_OK;
}

static mr_status memory_have(mri_blobs *blobs, const mri_hasher *hasher, const mri_digest *digest,
                             bool *found, mr_error *error) {
  (void)hasher;
  int64_t size = 0;
  return memory_stat(blobs, digest, found, &size, error);
}

static mr_status not_found(const mri_digest *digest, mr_error *error) {
  char text[MRI_DIGEST_TEXT];
  mri_digest_text(digest, text);
  return mri_error_set(error, MR_NOT_FOUND, "blob %s is not in the blob store", text);
}

static mr_status memory_remove(mri_blobs *blobs, const mri_digest *digest, mr_error *error) {
  blob_memory *self = (blob_memory *)blobs;
  bool found = false;
  content *item = NULL;
  pthread_mutex_lock(&self->lock);
  size_t index = find(self, digest, &found);
  if (found) {
    content **items = self->contents.items;
    item = items[index];
    memmove(items + index, items + index + 1, (self->contents.count - 1 - index) * sizeof *items);
    self->contents.count--;
  }
  pthread_mutex_unlock(&self->lock);
  if (!found) return not_found(digest, error);
  let_go(item);
  return MR_OK;
}

/* Goes from digest to digest, so that `each` may put and delete. */
static mr_status memory_list(mri_blobs *blobs,
                             mr_status (*each)(void *ctx, const mri_digest *digest, int64_t size),
                             void *ctx, mr_error *error) {
  (void)error;
  blob_memory *self = (blob_memory *)blobs;
  mri_digest last = {{0}};
  mr_status status = MR_OK;
  for (bool first = true; status == MR_OK; first = false) {
    bool found = false;
    int64_t size = 0;
    pthread_mutex_lock(&self->lock);
    size_t index = find(self, &last, &found);
    if (found && !first) index++;
    bool more = index < self->contents.count;
    if (more) {
      const content *item = ((content **)self->contents.items)[index];
      last = item->digest;
      size = (int64_t)item->size;
    }
    pthread_mutex_unlock(&self->lock);
    if (!more) break;
    status = each(ctx, &last, size);
  }
  return status;
}

/* What a put in memory breaks off is freed at once. */
static mr_status memory_sweep(mri_blobs *blobs, int64_t before_us, bool keep, int64_t *count,
                              int64_t *size, mr_error *error) {
  (void)blobs;
  (void)before_us;
  (void)keep;
  (void)count;
  (void)size;
  (void)error;
  return MR_OK;
}

static mr_status memory_open(mri_blobs *blobs, const mri_digest *digest, int64_t size,
                             mri_blob **out, mr_error *error) {
  content *item = hold((blob_memory *)blobs, digest);
  if (item == NULL) return not_found(digest, error);
  mr_status status;
  if ((int64_t)item->size != size) {
    char text[MRI_DIGEST_TEXT];
    mri_digest_text(digest, text);
    status = mri_error_set(error, MR_TAMPERED, "blob %s has %lld bytes instead of %lld", text,
                           (long long)item->size, (long long)size);
  } else {
    status = mri_blob_new_memory(blobs->mem, item->bytes, digest, size, let_go, item, out, error);
  }
  if (status != MR_OK) let_go(item);
  return status;
}

static void memory_close(mri_blobs *blobs) {
  blob_memory *self = (blob_memory *)blobs;
  content **items = self->contents.items;
  for (size_t i = 0; i < self->contents.count; i++) let_go(items[i]);
  mri_vec_free(&self->contents);
  pthread_mutex_destroy(&self->lock);
  mri_mem_free(blobs->mem, self);
}

static const mri_blobs_driver memory_driver = {
    .put = memory_put,
    .have = memory_have,
    .stat = memory_stat,
    .written = memory_written,
    .remove = memory_remove,
    .list = memory_list,
    .sweep = memory_sweep,
    .open = memory_open,
    .close = memory_close,
};

mr_status mri_blobs_open_memory(const mri_mem *mem, mri_blobs **out, mr_error *error) {
  assert(mem != NULL && out != NULL);
  blob_memory *self = mri_mem_zalloc(mem, 1, sizeof *self);
  if (self == NULL) return mri_error_no_memory(error);
  self->base = (mri_blobs){&memory_driver, mem, false};
  if (pthread_mutex_init(&self->lock, NULL) != 0) {
    mri_mem_free(mem, self);
    return mri_error_no_memory(error);
  }
  mri_vec_init(&self->contents, mem, sizeof(content *));
  *out = &self->base;
  return MR_OK;
}
