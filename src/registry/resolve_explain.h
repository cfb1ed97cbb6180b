/* SPDX-License-Identifier: Apache-2.0 */
/* What to say to who asked for a version and gets none. */
#ifndef MRI_REGISTRY_RESOLVE_EXPLAIN_H
#define MRI_REGISTRY_RESOLVE_EXPLAIN_H

#include "registry/version_search.h"

/* All of them answer NOT_FOUND, or what else went wrong. */
mr_status mri_explain_latest(const mri_scope *scope, mr_error *error);
mr_status mri_explain_range(const mri_scope *scope, const mri_reference *reference,
                            mr_error *error);
mr_status mri_explain_digest(const mri_scope *scope, const mri_reference *reference,
                             mr_error *error);
mr_status mri_explain_channel(const mri_scope *scope, const char *channel, bool there,
                              mr_error *error);

#endif
