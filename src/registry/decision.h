/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a kept decision inside a transaction. */
#ifndef MRI_REGISTRY_DECISION_H
#define MRI_REGISTRY_DECISION_H

#include "base/vec.h"
#include "registry/core.h"

/* The latest decision on a request. */
mr_status mri_decision_load(mri_tx *tx, mr_registry *registry, int64_t request_id,
                            mr_decision **out, mr_error *error);
/* GATE_FAILED, naming the first failing rule and how many more. */
mr_status mri_decision_failure(const mr_decision *decision, const char *what, mr_error *error);

#endif
