/* SPDX-License-Identifier: Apache-2.0 */
/* Content that nothing refers to. Writers go on while the check runs, and store content before they
 * name it: only what was there before the check counts, and only if nobody has named it since. */
#include "base/cancel_token.h"
#include "upkeep/blob_references.h"
#include "upkeep/fsck_rows.h"
#include "upkeep/upkeep_limits.h"

#include <stdio.h>
#include <stdlib.h>

#define LISTED     20
#define DAY_US     INT64_C(86400000000)
#define STORE_NAME "blob store"

typedef struct orphan {
  mri_digest digest;
  int64_t size;
  bool named; /* by a row that is new */
} orphan;

typedef struct search {
  mri_fsck_walk *walk;
  mri_vec found; /* orphan; in the order of the digests while they are looked up */
  mr_error *error;
} search;

static mr_status note_unwanted(void *ctx, const mri_digest *digest, int64_t size) {
  search *self = ctx;
  bool found = false;
  int64_t written_us = 0;
  mr_status status = mri_check_cancel(self->walk->cancel, self->error);
  if (status != MR_OK || mri_fsck_is_wanted(&self->walk->content, digest)) return status;
  status = mri_blobs_written(self->walk->registry->blobs, digest, &found, &written_us, self->error);
  if (status != MR_OK || !found || written_us >= self->walk->content.started_us) return status;
  orphan *one = mri_vec_push(&self->found);
  if (one == NULL) return mri_error_no_memory(self->error);
  one->digest = *digest;
  one->size = size;
  return MR_OK;
}

static int by_digest(const void *a, const void *b) {
  return memcmp(((const orphan *)a)->digest.bytes, ((const orphan *)b)->digest.bytes,
                MRI_DIGEST_BYTES);
}

static void name(search *self, const mri_digest *digest) {
  orphan key = {.digest = *digest};
  orphan *one =
      bsearch(&key, self->found.items, self->found.count, self->found.item_size, by_digest);
  if (one != NULL) one->named = true;
}

static void name_all(search *self, const mri_blob_references *references) {
  for (size_t i = 0; i < references->all.count; i++) {
    name(self, &((const mri_blob_reference *)references->all.items)[i].digest);
  }
}

/* The files of frozen datasets, one after the other. What cannot be read might name anything. */
static mr_status name_files(search *self, mri_blob_references *references, mr_error *error) {
  mr_status status = MR_OK;
  for (size_t i = 0; i < references->manifests.count && status == MR_OK; i++) {
    mr_error reason = MR_ERROR_INIT;
    references->all.count = 0;
    status = mri_check_cancel(self->walk->cancel, error);
    if (status != MR_OK) break;
    status = mri_blob_references_add_files(references, mri_vec_at(&references->manifests, i),
                                           self->walk->registry->blobs, &reason);
    if (mri_upkeep_is_lack(status, &reason)) {
      return mri_error_set_code(error, status, reason.backend_code, "%s", reason.message);
    }
    if (status != MR_OK) self->walk->content.unknown = true;
    status = MR_OK;
    name_all(self, references);
  }
  return status;
}

static mr_status look_again(search *self, mr_error *error) {
  mri_fsck_walk *walk = self->walk;
  mri_blob_references references;
  mri_blob_references_init(&references, &walk->registry->mem);
  qsort(self->found.items, self->found.count, self->found.item_size, by_digest);
  mr_status status =
      mri_tx_begin(walk->registry->store, MRI_TX_READ, walk->cancel, &walk->tx, error);
  if (status == MR_OK) {
    status = mri_blob_references_read(&references, walk->tx, walk->cancel, error);
    status = mri_tx_end(walk->tx, status, error);
    walk->tx = NULL;
  }
  if (status == MR_OK) {
    name_all(self, &references);
    status = name_files(self, &references, error);
  }
  mri_blob_references_free(&references);
  return status;
}

static mr_status report(search *self) {
  static const mri_fsck_kind kind = {
      .finding = MR_FINDING_ORPHAN, .is_note = true, .remedy = "it harms nothing and may stay"};
  int64_t listed = 0;
  int64_t more = 0;
  int64_t more_bytes = 0;
  mr_status status = MR_OK;
  for (size_t i = 0; i < self->found.count && status == MR_OK; i++) {
    const orphan *one = mri_vec_at(&self->found, i);
    char object[MRI_DIGEST_TEXT + 8] = "blob ";
    if (one->named) continue;
    if (listed == LISTED) {
      more++;
      more_bytes += one->size;
      continue;
    }
    listed++;
    mri_digest_text(&one->digest, object + strlen(object));
    status = mri_fsck_add(self->walk, kind, object, self->error, "nothing refers to its %lld bytes",
                          (long long)one->size);
  }
  if (status != MR_OK || more == 0) return status;
  return mri_fsck_add(self->walk, kind, STORE_NAME, self->error,
                      "nothing refers to %lld more blobs of %lld bytes", (long long)more,
                      (long long)more_bytes);
}

/* Somebody may be writing what is younger. */
static mr_status check_leftovers(mri_fsck_walk *walk, mr_error *error) {
  mri_blobs *blobs = walk->registry->blobs;
  const mri_fsck_kind kind = {.finding = MR_FINDING_ORPHAN,
                              .is_note = true,
                              .repaired = walk->repair,
                              .remedy = mri_fsck_repair};
  int64_t before_us = walk->content.started_us - DAY_US;
  int64_t count = 0;
  int64_t size = 0;
  mr_status status = mri_blobs_leftovers(blobs, before_us, &count, &size, error);
  if (status != MR_OK || count == 0) return status;
  if (walk->repair) status = mri_blobs_sweep(blobs, before_us, NULL, error);
  if (status != MR_OK) return status;
  return mri_fsck_add(walk, kind, STORE_NAME, error,
                      "writers that were interrupted more than a day ago left %lld files of %lld "
                      "bytes",
                      (long long)count, (long long)size);
}

static mr_status find_orphans(mri_fsck_walk *walk, mr_error *error) {
  search self = {.walk = walk, .error = error};
  mri_vec_init(&self.found, &walk->registry->mem, sizeof(orphan));
  mr_status status = mri_blobs_list(walk->registry->blobs, note_unwanted, &self, error);
  if (status == MR_OK && self.found.count > 0) status = look_again(&self, error);
  if (status == MR_OK && !walk->content.unknown) status = report(&self);
  mri_vec_free(&self.found);
  return status;
}

mr_status mri_fsck_orphans(mri_fsck_walk *walk, mr_error *error) {
  mr_error reason = MR_ERROR_INIT;
  mr_status status = MR_OK;
  if (!walk->content.unknown) status = find_orphans(walk, &reason);
  if (status == MR_OK) status = check_leftovers(walk, &reason);
  if (status == MR_OK) return MR_OK;
  /* A store that cannot be listed. */
  if (!mri_upkeep_is_lack(status, &reason) && (status == MR_IO || status == MR_TAMPERED)) {
    const mri_fsck_kind kind = {.finding = MR_FINDING_CHANGED, .remedy = mri_fsck_restore};
    return mri_fsck_add(walk, kind, STORE_NAME, error, "%s", reason.message);
  }
  return mri_error_set_code(error, status, reason.backend_code, "%s", reason.message);
}
