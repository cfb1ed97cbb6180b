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
/* ABI_MISMATCH unless a field that means nothing yet is 0: a newer caller may ask for something
 * with it. */
mr_status mri_options_reserved(uint32_t value, const char *name, mr_error *error);

#endif
