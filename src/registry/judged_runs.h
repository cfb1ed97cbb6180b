/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluations that rules have read: finished runs of kind evaluation that have the candidate's
 * run, or a version made of it, as an input. */
#ifndef MRI_REGISTRY_JUDGED_RUNS_H
#define MRI_REGISTRY_JUDGED_RUNS_H

#include "base/vec.h"
#include "registry/subject.h"

typedef struct mri_judged_run {
  const char *name;
  mri_arena arena;
  mri_tree tree;
  mri_candidate candidate; /* points into the other fields */
} mri_judged_run;

struct mri_judged_runs {
  const mri_mem *mem;
  mri_vec runs; /* mri_judged_run *, in the byte order of their names, each name once */
};

void mri_judged_runs_init(mri_judged_runs *runs, const mri_mem *mem);
void mri_judged_runs_destroy(mri_judged_runs *runs);
/* Begins with those that are sealed with a request: they are read before any other of their name,
 * with their tags as the request has them. */
mr_status mri_judged_runs_load(mri_tx *tx, int64_t request_id, mri_judged_runs *out,
                               mr_error *error);
/* The evaluation of this name as something that rules can read: one that was read before, else the
 * latest there is, which is remembered. *out is NULL where there is none. */
mr_status mri_judged_runs_find(const mri_candidate *candidate, const char *name,
                               const mri_candidate **out, mr_error *error);
/* Names of all evaluations of the candidate, in byte order, each once. They live as long as `arena`
 * and those that were read. */
mr_status mri_judged_runs_names(const mri_candidate *candidate, mri_arena *arena,
                                const char *const **names, size_t *count, mr_error *error);

#endif
