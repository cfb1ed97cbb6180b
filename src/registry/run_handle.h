/* SPDX-License-Identifier: Apache-2.0 */
/* The run handle, for the files that implement its parts. */
#ifndef MRI_REGISTRY_RUN_HANDLE_H
#define MRI_REGISTRY_RUN_HANDLE_H

#include "registry/core.h"
#include "registry/run_core.h"

struct mr_run {
  mr_registry *registry;
  mri_arena arena;
  int64_t id;
  mri_run_core *core;
  mr_run_record record;
};

struct mr_experiment {
  mr_registry *registry;
  mri_arena arena;
  int64_t id;
  mr_experiment_record record;
};

/* Inserts a run inside a transaction; `options` is checked already. */
mr_status mri_run_insert(mri_tx *tx, const mr_experiment *experiment, const mr_run_options *options,
                         mr_run_status status, const char *uuid, int64_t now_us, int64_t *id,
                         mr_error *error);

#endif
