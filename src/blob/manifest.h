/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests: a sorted list of (path, size, digest) whose own digest names the whole set. */
#ifndef MRI_BLOB_MANIFEST_H
#define MRI_BLOB_MANIFEST_H

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/vec.h"

typedef struct mri_manifest_entry {
  const char *path;
  int64_t size;
  mri_digest digest;
  const char *source; /* file to read it from, absolute or relative to the working folder; NULL */
} mri_manifest_entry;

/* Entries are kept in arrival order and sorted by mri_manifest_seal. */
typedef struct mri_manifest {
  const mri_mem *mem;
  mri_arena arena;
  mri_vec entries;
  int64_t total_size;
  bool sealed;
  mri_digest digest; /* after seal */
} mri_manifest;

void mri_manifest_init(mri_manifest *manifest, const mri_mem *mem);
void mri_manifest_destroy(mri_manifest *manifest);
/* Copies. INVALID_ARGUMENT for a bad path or negative size; a path twice is found by seal. */
mr_status mri_manifest_add(mri_manifest *manifest, const char *path, int64_t size,
                           const mri_digest *digest, const char *source, mr_error *error);
/* Sorts by the bytes of the path, refuses duplicates and a path that is a folder of another
 * (ALREADY_EXISTS, naming it), computes the digest. Adding afterwards unseals. */
mr_status mri_manifest_seal(mri_manifest *manifest, mr_error *error);
/* The canonical text whose plain content digest is the manifest's digest:
 *   "modelreg manifest v1\n" then a line an entry: 64 hex digits, space, decimal size, space, path,
 * in path order. */
mr_status mri_manifest_write(const mri_manifest *manifest, char **out, size_t *out_size,
                             mr_error *error);
/* Reads the canonical text and nothing else (CORRUPT with the line otherwise). */
mr_status mri_manifest_read(mri_manifest *manifest, const void *text, size_t size, mr_error *error);
size_t mri_manifest_count(const mri_manifest *manifest);
const mri_manifest_entry *mri_manifest_at(const mri_manifest *manifest, size_t index);
/* Binary search in a sealed manifest; NULL when absent. */
const mri_manifest_entry *mri_manifest_find(const mri_manifest *manifest, const char *path);

#endif
