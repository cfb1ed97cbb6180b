/* SPDX-License-Identifier: Apache-2.0 */
/* The inputs of a run, for all handles that lead to one. */
#ifndef MRI_REGISTRY_INPUT_LIST_H
#define MRI_REGISTRY_INPUT_LIST_H

#include "registry/core.h"

/* mr_run_list_inputs() over a row of `run`. */
mr_status mri_list_inputs(mr_registry *registry, int64_t run_id, const mr_list_options *options,
                          mr_input_page **out_page, mr_error *error);

#endif
