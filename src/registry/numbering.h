/* SPDX-License-Identifier: Apache-2.0 */
/* The number that a promotion takes. */
#ifndef MRI_REGISTRY_NUMBERING_H
#define MRI_REGISTRY_NUMBERING_H

#include "registry/core.h"
#include "semver/semver_value.h"

/* The proposed number: as given, or raised from the highest version of the model or of the line,
 * with the end of the run's id as build metadata unless it was given. ALREADY_EXISTS when a version
 * of the same precedence exists, naming it. */
mr_status mri_number_choose(mri_tx *tx, int64_t model_id, const char *model,
                            const mr_promote_options *options, const char *run, mri_semver *out,
                            mr_error *error);
/* The part that is raised: as asked for, by default the patch on a line such as 1.2, else minor. */
mr_bump mri_bump_of(const mr_promote_options *options);
/* What can be checked without a database: INVALID_ARGUMENT or LIMIT. */
mr_status mri_number_check(const mr_promote_options *options, mr_error *error);
/* The sort key of a number, appended to `out`. */
mr_status mri_number_key(const mri_semver *number, mri_str *out, mr_error *error);

#endif
