/* SPDX-License-Identifier: Apache-2.0 */
/* Doubles as planes: plane i is byte i, counted from the low end, of every value's bits. */
#ifndef MRI_METRICS_PLANES_H
#define MRI_METRICS_PLANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MRI_PLANES        8
#define MRI_PLANES_NARROW 4

/* Whether every value is a float32 that was widened, and none of these a subnormal one. */
bool mri_planes_are_narrow(const double *values, size_t count);
/* The planes one behind the other: 8 of the values, or 4 of them as float32. */
void mri_planes_split(const double *values, size_t count, bool narrow, uint8_t *out);
/* The way back, from planes of `count` bytes each. */
void mri_planes_join(const uint8_t *const planes[MRI_PLANES], size_t count, bool narrow,
                     double *values);

#endif
