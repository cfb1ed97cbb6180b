/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as handles, for whoever finds one. */
#ifndef MRI_REGISTRY_REQUEST_ROW_H
#define MRI_REGISTRY_REQUEST_ROW_H

#include "registry/core.h"

struct mr_request {
  mr_registry *registry;
  mri_arena arena;
  int64_t id;
  int64_t model_id;
  mr_request_record record;
};

/* A repeat of an operation: *out is NULL when op_id is NULL or new; CONFLICT when it was used for
 * something else. */
mr_status mri_request_repeat(mri_tx *tx, mr_registry *registry, int64_t model_id, const char *op_id,
                             const mri_digest *intent, mr_request **out, mr_error *error);
/* The handle of a row. */
mr_status mri_request_load(mri_tx *tx, mr_registry *registry, int64_t id, mr_request **out,
                           mr_error *error);

#endif
