/* SPDX-License-Identifier: Apache-2.0 */
/* Content digests: BLAKE2b-256 with 1 MiB leaves is identity, XXH3-128 finds bit rot. */
#ifndef MRI_BASE_HASH_H
#define MRI_BASE_HASH_H

#include "base/err.h"
#include "base/mem.h"
#include <stdbool.h>

#define MRI_DIGEST_BYTES 32
#define MRI_DIGEST_TEXT  65 /* 64 lower-case hex digits and the NUL */
#define MRI_LEAF_BYTES   ((size_t)1 << 20)

typedef struct mri_digest {
  uint8_t bytes[MRI_DIGEST_BYTES];
} mri_digest;

void mri_digest_text(const mri_digest *digest, char out[MRI_DIGEST_TEXT]);
/* 64 hex digits of any case. */
bool mri_digest_parse(const char *text, mri_digest *out);
bool mri_digest_equal(const mri_digest *a, const mri_digest *b);
mr_status mri_check_digest(const char *text, const char *what, mri_digest *out, mr_error *error);

/* Readies libsodium, once; cheap and safe from any thread. Whoever calls libsodium calls it first.
 * Nothing in this header needs it called. */
void mri_sodium_ready(void);

/* Plain BLAKE2b-256 of some bytes. */
void mri_blake2b(const void *bytes, size_t size, mri_digest *out);

/* The digest of content, streamed. Up to MRI_LEAF_BYTES it is BLAKE2b-256 of the bytes; above, it
 * is BLAKE2b-256 over MRI_TREE_TAG, the size as 8 little-endian bytes, and the digests of the
 * leaves of MRI_LEAF_BYTES each (the last may be shorter), each leaf digest being plain
 * BLAKE2b-256 of the leaf. */
#define MRI_TREE_TAG "modelreg tree v1\n"

typedef struct mri_hasher mri_hasher;
mri_hasher *mri_hasher_new(const mri_mem *mem);
void mri_hasher_free(mri_hasher *hasher);
/* False when memory ran out (the leaf list grows); the hasher is then only good for freeing. */
bool mri_hasher_update(mri_hasher *hasher, const void *bytes, size_t size);
void mri_hasher_final(mri_hasher *hasher, mri_digest *out);
int64_t mri_hasher_size(const mri_hasher *hasher);
/* After final: the leaves of content above one leaf; NULL and 0 otherwise. Owned by the hasher. */
const mri_digest *mri_hasher_leaves(const mri_hasher *hasher, size_t *count);
/* The root over leaves that were read from a store, to check them against a digest. */
void mri_tree_root(int64_t size, const mri_digest *leaves, size_t count, mri_digest *out);
/* The whole content at once. */
mr_status mri_content_digest(const mri_mem *mem, const void *bytes, size_t size, mri_digest *out,
                             mr_error *error);

/* XXH3-128 in canonical (big-endian) byte order, seed 0. */
void mri_xxh128(const void *bytes, size_t size, uint8_t out[16]);

#endif
