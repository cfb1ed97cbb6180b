/* SPDX-License-Identifier: Apache-2.0 */
#include "upkeep/backup_content.h"
#include "base/cancel_token.h"
#include "upkeep/upkeep_limits.h"

#define READ_BYTES ((size_t)256 * 1024)

static mr_status pass_on(const mr_error *from, mr_error *error) {
  return mri_error_set_code(error, from->status, from->backend_code, "%s", from->message);
}

static mr_status add_problem(mri_backup_content *content, const mri_blob_reference *reference,
                             const mr_error *trouble, mr_error *error) {
  char digest[MRI_DIGEST_TEXT];
  mr_problem problem = MR_PROBLEM_UNREADABLE;
  if (trouble->status == MR_NOT_FOUND) problem = MR_PROBLEM_MISSING;
  if (trouble->status == MR_TAMPERED || trouble->status == MR_CORRUPT) problem = MR_PROBLEM_CHANGED;
  mri_digest_text(&reference->digest, digest);
  return mri_report_add(content->report, problem, digest, trouble->message, error);
}

/* A verified blob as the source of a put. */
typedef struct blob_source {
  mri_blob *blob;
  int64_t offset;
  const mr_cancel *cancel;
  bool failed; /* here, not where it is put */
} blob_source;

static mr_status read_blob(void *ctx, uint8_t *buffer, size_t size, size_t *got, mr_error *error) {
  blob_source *source = ctx;
  mr_status status = mri_check_cancel(source->cancel, error);
  if (status == MR_OK) {
    status = mri_blob_read(source->blob, source->offset, buffer, size, got, error);
  }
  if (status != MR_OK) {
    source->failed = true;
    return status;
  }
  source->offset += (int64_t)*got;
  mri_cancel_add_done(source->cancel, (int64_t)*got);
  return MR_OK;
}

/* Whether the copy has it, whole, from an earlier call that did not come to its end. */
static mr_status has_already(mri_backup_content *content, const mri_blob_reference *reference,
                             const mr_cancel *cancel, bool *found, mr_error *error) {
  mr_error trouble = MR_ERROR_INIT;
  blob_source source = {.cancel = cancel};
  const mri_mem *mem = &content->registry->mem;
  bool there = false;
  int64_t size = 0;
  *found = false;
  mr_status status = mri_blobs_stat(content->to, &reference->digest, &there, &size, error);
  if (status != MR_OK || !there || size != reference->size) return status;
  uint8_t *buffer = mri_mem_alloc(mem, READ_BYTES);
  if (buffer == NULL) return mri_error_no_memory(error);
  status = mri_blobs_open(content->to, &reference->digest, reference->size, &source.blob, &trouble);
  for (size_t got = 1; got > 0 && status == MR_OK;) {
    status = read_blob(&source, buffer, READ_BYTES, &got, &trouble);
  }
  mri_blob_close(source.blob);
  mri_mem_free(mem, buffer);
  *found = status == MR_OK;
  /* What is damaged is put again. */
  return mri_upkeep_is_lack(status, &trouble) ? pass_on(&trouble, error) : MR_OK;
}

static mr_status copy_blob(mri_backup_content *content, const mri_blob_reference *reference,
                           const mr_cancel *cancel, bool *copied, mr_error *error) {
  mr_error trouble = MR_ERROR_INIT;
  blob_source source = {.cancel = cancel};
  *copied = false;
  mr_status status = mri_blobs_open(content->registry->blobs, &reference->digest, reference->size,
                                    &source.blob, &trouble);
  if (status != MR_OK) {
    source.failed = true;
  } else {
    status =
        mri_blobs_put(content->to, read_blob, &source, &reference->digest, NULL, NULL, &trouble);
  }
  mri_blob_close(source.blob);
  *copied = status == MR_OK;
  if (status == MR_OK) return MR_OK;
  if (!source.failed || mri_upkeep_is_lack(status, &trouble)) return pass_on(&trouble, error);
  return add_problem(content, reference, &trouble, error);
}

static mr_status bring(mri_backup_content *content, const mri_blob_reference *reference,
                       mr_error *error) {
  mri_work work;
  mri_blob_reference actual;
  bool found = false;
  mr_status status = mri_check_cancel(content->cancel, error);
  if (status != MR_OK) return status;
  mri_work_begin(&work, content->cancel, reference->size > 0 ? reference->size : 0, 1);
  mri_blob_references_actual(reference, content->registry->blobs, &actual);
  /* Only the second of two readings counts, where the first was in vain. */
  status = has_already(content, &actual, &work.token, &found, error);
  if (found) content->reused[reference->digest.bytes[0]] = true;
  if (status == MR_OK && !found) {
    status = copy_blob(content, &actual, &work.token, &found, error);
  }
  if (status != MR_OK) return status;
  mri_work_end(&work);
  if (found) mri_report_count(content->report, actual.size);
  return MR_OK;
}

/* Files that only a manifest names. One that cannot be read is a problem of its own, told when its
 * turn comes to be copied; unless the copy has it already. */
static mr_status add_files(mri_backup_content *content, mri_blob_references *references,
                           mr_error *error) {
  mr_status status = MR_OK;
  for (size_t i = 0; i < references->manifests.count && status == MR_OK; i++) {
    mr_error trouble = MR_ERROR_INIT;
    const mri_blob_reference *manifest = mri_vec_at(&references->manifests, i);
    status = mri_check_cancel(content->cancel, error);
    if (status != MR_OK) break;
    mr_status read =
        mri_blob_references_add_files(references, manifest, content->registry->blobs, &trouble);
    if (read != MR_OK && read != MR_CORRUPT && !mri_upkeep_is_lack(read, &trouble)) {
      read = mri_blob_references_add_files(references, manifest, content->to, &trouble);
    }
    if (mri_upkeep_is_lack(read, &trouble)) status = pass_on(&trouble, error);
    if (read == MR_CORRUPT) status = add_problem(content, manifest, &trouble, error);
  }
  return status;
}

mr_status mri_backup_copy_content(mri_backup_content *content, mri_blob_references *references,
                                  mr_error *error) {
  mr_status status = add_files(content, references, error);
  if (status != MR_OK) return status;
  mri_blob_references_unite(references);
  const mri_vec *all = &references->all;
  for (size_t i = 0; i < all->count; i++) {
    const mri_blob_reference *reference = mri_vec_at(all, i);
    if (reference->size > 0) mri_cancel_add_total(content->cancel, reference->size);
  }
  for (size_t i = 0; i < all->count && status == MR_OK; i++) {
    status = bring(content, mri_vec_at(all, i), error);
  }
  return status;
}
