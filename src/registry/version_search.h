/* SPDX-License-Identifier: Apache-2.0 */
/* Searching the versions of a model, as of now or of an earlier time. */
#ifndef MRI_REGISTRY_VERSION_SEARCH_H
#define MRI_REGISTRY_VERSION_SEARCH_H

#include "registry/reference.h"

/* Where to look. */
typedef struct mri_scope {
  mri_tx *tx;
  const char *model;
  int64_t model_id;
  int64_t as_of_us; /* MRI_NOW or an earlier time */
} mri_scope;

/* A sort key, with room for the byte that makes the next one of it. */
typedef struct mri_sort_key {
  size_t size;
  unsigned char bytes[MRI_SEMVER_KEY_MAX + 1];
} mri_sort_key;

/* A version that was found. */
typedef struct mri_hit {
  int64_t id;      /* 0: nothing */
  int64_t status;  /* as of the time of the scope */
  bool later;      /* it was promoted after that time */
  char number[44]; /* shortened, for messages */
  mri_sort_key key;
} mri_hit;

/* The highest active version in the range; where there is none, the highest deprecated one. */
mr_status mri_search_range(const mri_scope *scope, const mri_range *range, mri_hit *out,
                           mr_error *error);
/* The same of all releases, or of all versions. */
mr_status mri_search_latest(const mri_scope *scope, bool prereleases, mri_hit *out,
                            mr_error *error);
/* The same, answered by an index alone where nothing but its row id is asked: 0 for none. */
mr_status mri_search_latest_id(const mri_scope *scope, bool prereleases, int64_t *id,
                               mr_error *error);
/* The highest version in the range that is below `below` (NULL: of all), whatever its status, also
 * when it was promoted later. */
mr_status mri_search_any(const mri_scope *scope, const mri_range *range, const mri_sort_key *below,
                         mri_hit *out, mr_error *error);
/* The version that has a digest of the reference: of several with the same one the active one, then
 * the highest. CONFLICT where they are different. */
mr_status mri_search_digest(const mri_scope *scope, const mri_reference *reference, mri_hit *out,
                            mr_error *error);

#endif
