/* SPDX-License-Identifier: Apache-2.0 */
/* The version that a candidate would replace, as something that rules can read. */
#ifndef MRI_REGISTRY_INCUMBENT_H
#define MRI_REGISTRY_INCUMBENT_H

#include "registry/subject.h"

typedef struct mri_incumbent {
  bool there;
  mri_arena arena;
  mri_tree tree;
  mri_semver number;
  mri_candidate candidate; /* points into the other fields */
} mri_incumbent;

void mri_incumbent_init(mri_incumbent *incumbent, const mri_mem *mem);
void mri_incumbent_destroy(mri_incumbent *incumbent);
/* version_id 0: there is none. */
mr_status mri_incumbent_load(mri_tx *tx, int64_t version_id, mri_incumbent *out, mr_error *error);

#endif
