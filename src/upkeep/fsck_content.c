/* SPDX-License-Identifier: Apache-2.0 */
#include "upkeep/fsck_content.h"

#include "base/cancel_token.h"
#include "base/id.h"
#include "upkeep/fsck_walk.h"
#include "upkeep/upkeep_limits.h"

#include <stdio.h>

#define FIRST_SLOTS 256

static const char restore_or_log[] = "restore it from a backup, or log the same bytes again";

void mri_fsck_content_init(mri_fsck_content *content, const mri_mem *mem) {
  *content = (mri_fsck_content){.started_us = mri_clock_now_us(NULL)};
  mri_arena_init(&content->arena, mem);
  mri_vec_init(&content->wanted, mem, sizeof(mri_fsck_wanted));
  mri_vec_init(&content->others, mem, sizeof(mri_fsck_other));
}

void mri_fsck_content_free(mri_fsck_content *content) {
  mri_mem_free(content->wanted.mem, content->slots);
  mri_vec_free(&content->wanted);
  mri_vec_free(&content->others);
  mri_arena_free(&content->arena);
}

/* The slot of a digest: its own, or the free one where it belongs. A digest is spread evenly. */
static uint32_t *find_slot(const mri_fsck_content *content, const mri_digest *digest) {
  size_t at = 0;
  memcpy(&at, digest->bytes, sizeof at);
  for (;; at++) {
    uint32_t *slot = &content->slots[at & (content->slot_count - 1)];
    if (*slot == 0) return slot;
    const mri_fsck_wanted *wanted = mri_vec_at(&content->wanted, *slot - 1);
    if (mri_digest_equal(&wanted->digest, digest)) return slot;
  }
}

bool mri_fsck_is_wanted(const mri_fsck_content *content, const mri_digest *digest) {
  return content->slot_count > 0 && *find_slot(content, digest) != 0;
}

static bool grow(mri_fsck_content *content) {
  if ((content->wanted.count + 1) * 2 <= content->slot_count) return true;
  const mri_mem *mem = content->wanted.mem;
  size_t count = content->slot_count == 0 ? FIRST_SLOTS : content->slot_count * 2;
  uint32_t *slots = count > UINT32_MAX ? NULL : mri_mem_zalloc(mem, count, sizeof *slots);
  if (slots == NULL) return false;
  mri_mem_free(mem, content->slots);
  content->slots = slots;
  content->slot_count = count;
  for (size_t i = 0; i < content->wanted.count; i++) {
    const mri_fsck_wanted *wanted = mri_vec_at(&content->wanted, i);
    *find_slot(content, &wanted->digest) = (uint32_t)i + 1;
  }
  return true;
}

static const char *keep_name(mri_fsck_content *content, const char *object) {
  if (content->last_name == NULL || strcmp(content->last_name, object) != 0)
    content->last_name = mri_arena_strdup(&content->arena, object);
  return content->last_name;
}

static mr_status want_again(mri_fsck_content *content, mri_fsck_wanted *wanted, int64_t size,
                            const char *object, mr_error *error) {
  wanted->more++;
  if (size == wanted->size || size < 0) return MR_OK;
  const char *name = keep_name(content, object);
  bool room = content->others.count < UINT32_MAX;
  mri_fsck_other *other = name != NULL && room ? mri_vec_push(&content->others) : NULL;
  if (other == NULL) return mri_error_no_memory(error);
  *other = (mri_fsck_other){size, name, wanted->other};
  wanted->other = (uint32_t)content->others.count;
  return MR_OK;
}

mr_status mri_fsck_want(mri_fsck_walk *walk, const mri_digest *digest, int64_t size,
                        const char *object, mr_error *error) {
  mri_fsck_content *content = &walk->content;
  if (!grow(content)) return mri_error_no_memory(error);
  uint32_t *slot = find_slot(content, digest);
  if (*slot != 0) {
    return want_again(content, mri_vec_at(&content->wanted, *slot - 1), size, object, error);
  }
  const char *name = keep_name(content, object);
  mri_fsck_wanted *wanted = name == NULL ? NULL : mri_vec_push(&content->wanted);
  if (wanted == NULL) return mri_error_no_memory(error);
  wanted->digest = *digest;
  wanted->size = size;
  wanted->object = name;
  *slot = (uint32_t)content->wanted.count;
  return MR_OK;
}

static mr_status add_blob(mri_fsck_walk *walk, const mri_fsck_wanted *wanted, mr_finding finding,
                          const char *what, mr_error *error) {
  const mri_fsck_kind kind = {.finding = finding, .remedy = restore_or_log};
  char object[MRI_DIGEST_TEXT + 8] = "blob ";
  mri_digest_text(&wanted->digest, object + strlen(object));
  if (wanted->more == 0) {
    return mri_fsck_add(walk, kind, object, error, "%s; %s refers to it", what, wanted->object);
  }
  return mri_fsck_add(walk, kind, object, error, "%s; %s and %lld more refer to it", what,
                      wanted->object, (long long)wanted->more);
}

static mr_status wrong_size(mri_fsck_walk *walk, const mri_fsck_wanted *wanted, const char *object,
                            int64_t says, int64_t size, mr_error *error) {
  const mri_fsck_kind kind = {.finding = MR_FINDING_COUNT, .remedy = mri_fsck_restore};
  char digest[MRI_DIGEST_TEXT];
  mri_digest_text(&wanted->digest, digest);
  return mri_fsck_add(walk, kind, object, error, "it says %lld bytes for blob %s, which has %lld",
                      (long long)says, digest, (long long)size);
}

static const mri_fsck_other *next_other(const mri_fsck_walk *walk, uint32_t index) {
  return index == 0 ? NULL : mri_vec_at(&walk->content.others, index - 1);
}

/* Content of a size that somebody expects, or that was verified, is right, and who expects another
 * is wrong. */
static mr_status check_sizes(mri_fsck_walk *walk, const mri_fsck_wanted *wanted, int64_t size,
                             bool verified, mr_error *error) {
  bool right = verified || wanted->size < 0 || wanted->size == size;
  mr_status status = MR_OK;
  for (const mri_fsck_other *o = next_other(walk, wanted->other); o != NULL;
       o = next_other(walk, o->before)) {
    if (o->size == size) right = true;
  }
  if (!right) {
    char what[64];
    (void)snprintf(what, sizeof what, "it has %lld bytes instead of %lld", (long long)size,
                   (long long)wanted->size);
    return add_blob(walk, wanted, MR_FINDING_CHANGED, what, error);
  }
  if (wanted->size >= 0 && wanted->size != size)
    status = wrong_size(walk, wanted, wanted->object, wanted->size, size, error);
  for (const mri_fsck_other *o = next_other(walk, wanted->other); o != NULL && status == MR_OK;
       o = next_other(walk, o->before)) {
    if (o->size != size) status = wrong_size(walk, wanted, o->object, o->size, size, error);
  }
  return status;
}

/* Every byte is verified before it is handed out. What has been read is in *done. */
static mr_status read_all(mri_fsck_walk *walk, const mri_fsck_wanted *wanted, int64_t size,
                          const mr_cancel *cancel, uint8_t *buffer, int64_t *done,
                          mr_error *error) {
  mri_blob *blob = NULL;
  mr_status status = mri_blobs_open(walk->registry->blobs, &wanted->digest, size, &blob, error);
  while (status == MR_OK && *done < size) {
    size_t got = 0;
    status = mri_check_cancel(cancel, error);
    if (status == MR_OK) status = mri_blob_read(blob, *done, buffer, MRI_LEAF_BYTES, &got, error);
    *done += (int64_t)got;
    mri_cancel_add_done(cancel, (int64_t)got);
  }
  mri_blob_close(blob);
  return status;
}

static mr_status look_at(mri_fsck_walk *walk, const mri_fsck_wanted *wanted,
                         const mr_cancel *cancel, uint8_t *buffer, mr_error *error) {
  mr_error reason = MR_ERROR_INIT;
  bool found = false;
  int64_t size = 0;
  int64_t done = 0;
  mr_status status = mri_blobs_stat(walk->registry->blobs, &wanted->digest, &found, &size, &reason);
  if (status == MR_OK && !found) {
    return add_blob(walk, wanted, MR_FINDING_MISSING, "it is not in the blob store", error);
  }
  if (status == MR_OK && buffer != NULL)
    status = read_all(walk, wanted, size, cancel, buffer, &done, &reason);
  if (mri_upkeep_is_lack(status, &reason)) {
    return mri_error_set_code(error, status, reason.backend_code, "%s", reason.message);
  }
  mri_fsck_count_content(walk, done);
  if (status == MR_OK) return check_sizes(walk, wanted, size, buffer != NULL, error);
  /* What to do is said in a field of its own. */
  char *advice = strstr(reason.message, "; restore it");
  if (advice != NULL) *advice = '\0';
  return add_blob(walk, wanted, MR_FINDING_CHANGED, reason.message, error);
}

mr_status mri_fsck_look_at_content(mri_fsck_walk *walk, mr_error *error) {
  const mri_vec *all = &walk->content.wanted;
  const mri_mem *mem = &walk->registry->mem;
  mr_status status = MR_OK;
  uint8_t *buffer = NULL;
  if (!walk->quick) {
    buffer = mri_mem_alloc(mem, MRI_LEAF_BYTES);
    if (buffer == NULL) return mri_error_no_memory(error);
    for (size_t i = 0; i < all->count; i++) {
      const mri_fsck_wanted *wanted = mri_vec_at(all, i);
      if (wanted->size > 0) mri_cancel_add_total(walk->cancel, wanted->size);
    }
  }
  for (size_t i = 0; i < all->count && status == MR_OK; i++) {
    const mri_fsck_wanted *wanted = mri_vec_at(all, i);
    mri_work work;
    status = mri_check_cancel(walk->cancel, error);
    if (status != MR_OK) break;
    /* What it has and what its row says may differ. */
    mri_work_begin(&work, walk->cancel, !walk->quick && wanted->size > 0 ? wanted->size : 0, 1);
    status = look_at(walk, wanted, &work.token, buffer, error);
    if (status == MR_OK) mri_work_end(&work);
  }
  mri_mem_free(mem, buffer);
  return status == MR_OK ? mri_fsck_orphans(walk, error) : status;
}
