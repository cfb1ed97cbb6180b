/* SPDX-License-Identifier: Apache-2.0 */
/* Versions as handles, for whoever finds one. */
#ifndef MRI_REGISTRY_VERSION_ROW_H
#define MRI_REGISTRY_VERSION_ROW_H

#include "registry/reference.h"
#include "registry/tree.h"

/* The handle of a row. */
mr_status mri_version_load(mri_tx *tx, mr_registry *registry, int64_t id, mr_version **out,
                           mr_error *error);

struct mr_model {
  mr_registry *registry;
  mri_arena arena;
  int64_t id;
  mr_model_record record;
};

#endif
