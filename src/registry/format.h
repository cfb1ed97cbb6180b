/* SPDX-License-Identifier: Apache-2.0 */
/* The format of a file by its first bytes. Nothing is ever deserialised. */
#ifndef MRI_REGISTRY_FORMAT_H
#define MRI_REGISTRY_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define MRI_FORMAT_BYTES 16 /* as many first bytes as the answer may need */

/* `head` is the first `size` bytes of a file of `total` bytes. A static string, "unknown" when
 * nothing fits. A hint which loader fits: bytes can be made to look like several formats. */
const char *mri_format_of(const uint8_t *head, size_t size, int64_t total);

#endif
