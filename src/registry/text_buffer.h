/* SPDX-License-Identifier: Apache-2.0 */
/* mr_buffer from a finished string. */
#ifndef MRI_REGISTRY_TEXT_BUFFER_H
#define MRI_REGISTRY_TEXT_BUFFER_H

#include "base/str.h"
#include <modelreg/buffer.h>

/* Takes over the bytes of `str`, which must come from mri_mem_default() and is empty afterwards,
 * also on failure. */
mr_status mri_buffer_take(mri_str *str, mr_buffer **out, mr_error *error);

#endif
