/* SPDX-License-Identifier: Apache-2.0 */
/* A version as something that rules can read: the one that a candidate would replace, or one that
 * is a candidate itself. */
#ifndef MRI_REGISTRY_INCUMBENT_H
#define MRI_REGISTRY_INCUMBENT_H

#include "registry/subject.h"

typedef struct mri_incumbent {
  bool there;
  mri_arena arena;
  mri_tree tree;
  mri_semver number;
  /* Points into the other fields. Its tags are those that its promotion was judged by. Who judges
   * the version itself sets tags_of to its own request, or 0 before there is one (the copy of
   * mri_seal_run is made of the tags of now), now_us, incumbent and evaluations. */
  mri_candidate candidate;
} mri_incumbent;

void mri_incumbent_init(mri_incumbent *incumbent, const mri_mem *mem);
void mri_incumbent_destroy(mri_incumbent *incumbent);
/* version_id 0: there is none. */
mr_status mri_incumbent_load(mri_tx *tx, int64_t version_id, mri_incumbent *out, mr_error *error);

#endif
