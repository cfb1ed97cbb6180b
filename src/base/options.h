/* SPDX-License-Identifier: Apache-2.0 */
/* The struct_size checker, the only reader of option structs. */
#ifndef MRI_BASE_OPTIONS_H
#define MRI_BASE_OPTIONS_H

#include "base/err.h"

/* Copies the caller's option struct `in` (NULL: all defaults) to `out` of `size` bytes, whose first
 * field is uint32_t struct_size. Shorter than `size` reads as zero, longer is accepted only when
 * the tail that this library does not know is zero (else ABI_MISMATCH); 0 and other sizes below 4
 * or above 4,096 are ABI_MISMATCH. `name` is the type's name, for the message. */
mr_status mri_options_read(void *out, size_t size, const void *in, const char *name,
                           mr_error *error);

#endif
