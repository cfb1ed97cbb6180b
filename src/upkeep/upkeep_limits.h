/* SPDX-License-Identifier: Apache-2.0 */
/* What ends the check or the copy of a registry, since nothing could be said of its content. */
#ifndef MRI_UPKEEP_UPKEEP_LIMITS_H
#define MRI_UPKEEP_UPKEEP_LIMITS_H

#include "registry/core.h"

/* NOT_SUPPORTED for the schema of a newer library, of which nobody here knows what belongs to it.
 * `what` completes "and cannot ...". */
mr_status mri_upkeep_check_schema(const mr_registry *registry, const char *what, mr_error *error);

/* Whether a failure to get at content says nothing of the content: memory or descriptors ran out,
 * or the caller wants no more. */
bool mri_upkeep_is_lack(mr_status status, const mr_error *reason);

#endif
