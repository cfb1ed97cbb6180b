/* SPDX-License-Identifier: Apache-2.0 */
/* What an expression of a gate can ask about: a candidate, and the incumbent it would replace. */
#ifndef MRI_REGISTRY_SUBJECT_H
#define MRI_REGISTRY_SUBJECT_H

#include "query/query.h"
#include "registry/tree.h"
#include "semver/semver_value.h"

typedef struct mri_judged_runs mri_judged_runs;

typedef struct mri_candidate {
  mri_tx *tx;
  const mri_mem *mem;
  int64_t model_id; /* 0 in an evaluation */
  int64_t run_id;
  const char *run;      /* its uuid */
  const mri_tree *tree; /* the artifacts that would become the version; paths within the version */
  const char *artifact_path;
  const mri_semver *number;              /* NULL in an evaluation */
  int64_t version_id;                    /* what a channel would hold; 0 for a promotion */
  int64_t tags_of;                       /* request whose copy of the tags is read; 0: the run's */
  int64_t now_us;                        /* ages are counted up to here */
  const struct mri_candidate *incumbent; /* NULL where nothing is held, and in an incumbent */
  mri_judged_runs *evaluations;          /* those that were read; NULL in all but a candidate */
} mri_candidate;

/* For mri_query_paths: refuses paths that no candidate can have, naming them. `ctx` is the
 * transition, a const char *, or NULL where it is not known yet. */
mr_status mri_subject_check(void *ctx, const mri_query_path *path, mr_error *error);
/* The subject over a candidate, which must outlive it. */
mri_query_subject mri_subject_of(const mri_candidate *candidate);

#endif
