/* SPDX-License-Identifier: Apache-2.0 */
#include "upkeep/blob_references.h"
#include "base/cancel_token.h"
#include "blob/manifest.h"

#include <modelreg/artifact.h>
#include <stdlib.h>
#include <string.h>

void mri_blob_references_init(mri_blob_references *references, const mri_mem *mem) {
  references->mem = mem;
  mri_vec_init(&references->all, mem, sizeof(mri_blob_reference));
  mri_vec_init(&references->manifests, mem, sizeof(mri_blob_reference));
}

void mri_blob_references_free(mri_blob_references *references) {
  mri_vec_free(&references->all);
  mri_vec_free(&references->manifests);
}

static mr_status add(mri_vec *list, const mri_digest *digest, int64_t size, mr_error *error) {
  mri_blob_reference *slot = mri_vec_push(list);
  if (slot == NULL) return mri_error_no_memory(error);
  slot->digest = *digest;
  slot->size = size;
  return MR_OK;
}

/* Rows of digest, size and whether it is a manifest whose files are stored. A row without a digest
 * of the right length names nothing. */
static mr_status read_rows(mri_blob_references *references, mri_stmt *stmt, const mr_cancel *cancel,
                           mr_error *error) {
  for (;;) {
    mri_digest digest;
    bool row = false;
    mr_status status = mri_check_cancel(cancel, error);
    if (status == MR_OK) status = mri_stmt_step(stmt, &row, error);
    if (status != MR_OK || !row) return status;
    if (!mri_stmt_digest(stmt, 0, &digest)) continue;
    int64_t size = mri_stmt_int(stmt, 1);
    status = add(&references->all, &digest, size, error);
    if (status == MR_OK && mri_stmt_int(stmt, 2) != 0) {
      status = add(&references->manifests, &digest, size, error);
    }
    if (status != MR_OK) return status;
  }
}

mr_status mri_blob_references_read(mri_blob_references *references, mri_tx *tx,
                                   const mr_cancel *cancel, mr_error *error) {
  static const struct {
    const char *sql;
    const char *types;
  } queries[] = {
      {"SELECT digest, manifest_size, max(frozen) FROM dataset GROUP BY digest, manifest_size", ""},
      {"SELECT DISTINCT digest, size, 0 FROM artifact WHERE kind = ?1", "i"},
      {"SELECT DISTINCT evidence_digest, evidence_size, 0 FROM run_check "
       "WHERE evidence_digest IS NOT NULL AND evidence_uri IS NULL",
       ""},
  };
  mr_status status = MR_OK;
  for (size_t i = 0; i < sizeof queries / sizeof *queries && status == MR_OK; i++) {
    mri_stmt *stmt = NULL;
    status = mri_sql_query(tx, error, &stmt, queries[i].sql, queries[i].types,
                           (int64_t)MR_ARTIFACT_KIND_STORED);
    if (status == MR_OK) status = read_rows(references, stmt, cancel, error);
    mri_stmt_done(stmt);
  }
  return status;
}

void mri_blob_references_actual(const mri_blob_reference *reference, mri_blobs *blobs,
                                mri_blob_reference *out) {
  bool found = false;
  int64_t size = 0;
  *out = *reference;
  if (mri_blobs_stat(blobs, &reference->digest, &found, &size, NULL) == MR_OK && found) {
    out->size = size;
  }
}

mr_status mri_blob_references_add_files(mri_blob_references *references,
                                        const mri_blob_reference *manifest, mri_blobs *blobs,
                                        mr_error *error) {
  const uint8_t *text = NULL;
  mri_blob *blob = NULL;
  mri_manifest files;
  mri_blob_reference actual;
  mri_manifest_init(&files, references->mem);
  mri_blob_references_actual(manifest, blobs, &actual);
  mr_status status = mri_blobs_open(blobs, &actual.digest, actual.size, &blob, error);
  if (status == MR_OK) status = mri_blob_map(blob, &text, error);
  if (status == MR_OK) {
    status = mri_manifest_read(&files, text, (size_t)mri_blob_size(blob), error);
  }
  for (size_t i = 0; i < mri_manifest_count(&files) && status == MR_OK; i++) {
    const mri_manifest_entry *entry = mri_manifest_at(&files, i);
    status = add(&references->all, &entry->digest, entry->size, error);
  }
  mri_blob_close(blob);
  mri_manifest_destroy(&files);
  return status;
}

static int compare(const void *a, const void *b) {
  const mri_blob_reference *x = a;
  const mri_blob_reference *y = b;
  int order = memcmp(x->digest.bytes, y->digest.bytes, sizeof x->digest.bytes);
  return order != 0 ? order : (x->size > y->size) - (x->size < y->size);
}

void mri_blob_references_unite(mri_blob_references *references) {
  mri_blob_reference *items = references->all.items;
  size_t kept = 0;
  if (references->all.count < 2) return;
  qsort(items, references->all.count, sizeof *items, compare);
  for (size_t i = 1; i < references->all.count; i++) {
    if (!mri_digest_equal(&items[kept].digest, &items[i].digest)) items[++kept] = items[i];
  }
  references->all.count = kept + 1;
}
