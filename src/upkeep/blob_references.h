/* SPDX-License-Identifier: Apache-2.0 */
/* All stored content that a database refers to: what a copy of it needs, and what nobody may
 * remove. Content that a link names lies elsewhere and is none of it. */
#ifndef MRI_UPKEEP_BLOB_REFERENCES_H
#define MRI_UPKEEP_BLOB_REFERENCES_H

#include "base/hash.h"
#include "base/vec.h"
#include "blob/blob_store.h"
#include "store/store.h"

typedef struct mri_blob_reference {
  mri_digest digest;
  int64_t size;
} mri_blob_reference;

typedef struct mri_blob_references {
  const mri_mem *mem;
  mri_vec all;       /* mri_blob_reference */
  mri_vec manifests; /* mri_blob_reference: of `all`, those whose files are stored too */
} mri_blob_references;

void mri_blob_references_init(mri_blob_references *references, const mri_mem *mem);
void mri_blob_references_free(mri_blob_references *references);

/* Adds what rows name, as the transaction sees them: manifests of datasets, artifacts, evidence. */
mr_status mri_blob_references_read(mri_blob_references *references, mri_tx *tx,
                                   const mr_cancel *cancel, mr_error *error);
/* Adds the files of a frozen dataset, which its manifest in the blob store names: one of
 * `manifests`. CORRUPT when that is no manifest; what cannot be read as mri_blobs_open. */
mr_status mri_blob_references_add_files(mri_blob_references *references,
                                        const mri_blob_reference *manifest, mri_blobs *blobs,
                                        mr_error *error);
/* The reference with the size that the content has, which its digest covers: the size in a row may
 * be damaged and the content whole. As it is where there is no content. */
void mri_blob_references_actual(const mri_blob_reference *reference, mri_blobs *blobs,
                                mri_blob_reference *out);
/* Sorts `all` by digest and keeps one of each. */
void mri_blob_references_unite(mri_blob_references *references);

#endif
