/* SPDX-License-Identifier: Apache-2.0 */
/* What is judged, sealed: digests over a run, and the copies that a request keeps. */
#ifndef MRI_REGISTRY_SEAL_H
#define MRI_REGISTRY_SEAL_H

#include "registry/tree.h"

/* Digest over the params of a run. */
mr_status mri_params_digest(mri_tx *tx, int64_t run_id, mri_digest *out, mr_error *error);
/* Digest over everything that rules can read: attributes, params, tags, summaries and points of
 * metrics, inputs and the artifacts `tree`. */
mr_status mri_candidate_digest(mri_tx *tx, int64_t run_id, const mri_tree *tree, mri_digest *out,
                               mr_error *error);
/* Copies the tags into the request and seals the run, unless another request did already. */
mr_status mri_seal_run(mri_tx *tx, int64_t run_id, int64_t request_id, const char *request,
                       mr_error *error);

#endif
