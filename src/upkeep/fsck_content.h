/* SPDX-License-Identifier: Apache-2.0 */
/* The stored content that rows refer to: collected while the rows are read, looked at after them,
 * each piece once. */
#ifndef MRI_UPKEEP_FSCK_CONTENT_H
#define MRI_UPKEEP_FSCK_CONTENT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/vec.h"
#include <stdbool.h>

struct mri_fsck_walk;

/* A reference costs nothing where its content is known already; each piece of content about 80
 * bytes, and the name of the first who refers to it, which neighbours share. */
typedef struct mri_fsck_content {
  mri_arena arena;       /* names of who refers to it */
  mri_vec wanted;        /* mri_fsck_wanted */
  mri_vec others;        /* mri_fsck_other: references that say another size */
  uint32_t *slots;       /* hash table by digest: index in `wanted` + 1, 0 is free */
  size_t slot_count;     /* a power of two, at least twice the number of pieces */
  const char *last_name; /* in the arena */
  int64_t started_us;    /* of the system's clock, which is that of the files */
  bool unknown;          /* a list of content could not be read: what is wanted is not all */
} mri_fsck_content;

typedef struct mri_fsck_wanted {
  mri_digest digest;
  int64_t size; /* as the first reference says; negative: it does not */
  const char *object;
  int64_t more;   /* references after the first */
  uint32_t other; /* index of the last of mri_fsck_other + 1; 0: none */
} mri_fsck_wanted;

typedef struct mri_fsck_other {
  int64_t size;
  const char *object;
  uint32_t before; /* the one before, for the same content */
} mri_fsck_other;

void mri_fsck_content_init(mri_fsck_content *content, const mri_mem *mem);
void mri_fsck_content_free(mri_fsck_content *content);

/* One reference; `object` says whose, for the finding, such as "artifact model.bin of run 0198...".
 * It is copied. A negative size is one that is not known. */
mr_status mri_fsck_want(struct mri_fsck_walk *walk, const mri_digest *digest, int64_t size,
                        const char *object, mr_error *error);
/* Whether anything wants it. */
bool mri_fsck_is_wanted(const mri_fsck_content *content, const mri_digest *digest);

/* Looks at all that was wanted, and for what nobody wants. */
mr_status mri_fsck_look_at_content(struct mri_fsck_walk *walk, mr_error *error);

/* What nobody refers to, and what interrupted writers left. */
mr_status mri_fsck_orphans(struct mri_fsck_walk *walk, mr_error *error);

#endif
