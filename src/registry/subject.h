/* SPDX-License-Identifier: Apache-2.0 */
/* What an expression of a gate can ask about: a candidate, and the incumbent it would replace. */
#ifndef MRI_REGISTRY_SUBJECT_H
#define MRI_REGISTRY_SUBJECT_H

#include "query/query.h"
#include "registry/tree.h"
#include "semver/semver.h"

typedef struct mri_candidate {
  mri_tx *tx;
  int64_t run_id;
  const char *run;      /* its uuid */
  const mri_tree *tree; /* the artifacts that would become the version; paths within the version */
  const char *artifact_path;
  const mri_semver *number;
  const struct mri_candidate *incumbent; /* NULL where nothing is held, and in an incumbent */
} mri_candidate;

/* For mri_query_paths: refuses paths that no candidate can have, naming them. */
mr_status mri_subject_check(void *ctx, const mri_query_path *path, mr_error *error);
/* The subject over a candidate, which must outlive it. */
mri_query_subject mri_subject_of(const mri_candidate *candidate);

#endif
