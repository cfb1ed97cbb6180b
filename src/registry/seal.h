/* SPDX-License-Identifier: Apache-2.0 */
/* What is judged, sealed: digests over a run, and the copies that a request keeps. */
#ifndef MRI_REGISTRY_SEAL_H
#define MRI_REGISTRY_SEAL_H

#include "registry/judged_runs.h"

/* Digest over the params of a run. */
mr_status mri_params_digest(mri_tx *tx, int64_t run_id, mri_digest *out, mr_error *error);
/* The digests of the datasets that a run used, one behind the other, appended to `out`. */
mr_status mri_dataset_digests(mri_tx *tx, int64_t run_id, mri_str *out, mr_error *error);
/* Digest over everything sealed that rules can read: attributes, params, tags, summaries and points
 * of metrics, inputs, the artifacts, and the same of the evaluations that were read. */
mr_status mri_candidate_digest(const mri_candidate *candidate, mri_digest *out, mr_error *error);
/* For a new request, once: copies the tags into it and seals the run. */
mr_status mri_seal_run(mri_tx *tx, int64_t run_id, int64_t request_id, const char *request,
                       mr_error *error);
/* For every request, after it was judged: the same for the evaluations that were read and are not
 * sealed with it yet. Twice changes nothing. */
mr_status mri_seal_evaluations(mri_tx *tx, const mri_judged_runs *runs, int64_t request_id,
                               const char *request, mr_error *error);

#endif
