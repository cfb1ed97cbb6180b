/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as rows and as handles. */
#ifndef MRI_REGISTRY_REQUEST_ROW_H
#define MRI_REGISTRY_REQUEST_ROW_H

#include "registry/decide.h"

typedef struct mri_proposal {
  int64_t model_id;
  int64_t run_id;
  const char *transition;
  const char *artifact_path;
  const char *number;
  const char *description; /* may be NULL */
  const char *op_id;       /* may be NULL */
  mri_digest candidate;
  mri_digest intent; /* over what the caller asked for, to tell a repeat from a misuse of op_id */
} mri_proposal;

/* A repeat of an operation: *out is NULL when op_id is NULL or new; CONFLICT when it was used for
 * something else. */
mr_status mri_request_repeat(mri_tx *tx, mr_registry *registry, int64_t model_id, const char *op_id,
                             const mri_digest *intent, mr_request **out, mr_error *error);
/* Records the request with its decision, seals the run, and gives the row id. */
mr_status mri_request_insert(mri_tx *tx, mr_registry *registry, const mri_proposal *proposal,
                             const mri_judgement *judgement, int64_t now_us, int64_t *id,
                             mr_error *error);
/* The handle of a row. */
mr_status mri_request_load(mri_tx *tx, mr_registry *registry, int64_t id, mr_request **out,
                           mr_error *error);

#endif
