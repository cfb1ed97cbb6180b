/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions as handles. */
#ifndef MRI_REGISTRY_DECISION_H
#define MRI_REGISTRY_DECISION_H

#include "registry/decide.h"

/* The handle of a judgement, which it takes over and leaves empty. `request` is the id of the
 * request; NULL for a dry run. */
mr_status mri_decision_new(mr_registry *registry, mri_judgement *judgement, const char *request,
                           mr_decision **out, mr_error *error);

#endif
