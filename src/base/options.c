/* SPDX-License-Identifier: Apache-2.0 */
#include "base/options.h"

#include <assert.h>
#include <string.h>

#define OPTIONS_MAX 4096

mr_status mri_options_read(void *out, size_t size, const void *in, const char *name,
                           mr_error *error) {
  assert(size >= sizeof(uint32_t) && size <= OPTIONS_MAX);
  const uint32_t own = (uint32_t)size;
  uint32_t given = own;
  if (in != NULL) memcpy(&given, in, sizeof given);
  if (given < sizeof given || given > OPTIONS_MAX)
    return mri_error_set(error, MR_ABI_MISMATCH,
                         "%s.struct_size is %u; start from the type's _INIT value", name,
                         (unsigned)given);
  const uint8_t *bytes = in;
  for (size_t i = size; in != NULL && i < given; i++) {
    if (bytes[i] != 0)
      return mri_error_set(error, MR_ABI_MISMATCH,
                           "%s has a field at byte %zu that this library does not know; use a "
                           "newer libmodelreg or leave the field 0",
                           name, i);
  }
  memset(out, 0, size);
  if (in != NULL) memcpy(out, in, given < size ? given : size);
  memcpy(out, &own, sizeof own);
  return MR_OK;
}

mr_status mri_options_reserved(uint32_t value, const char *name, mr_error *error) {
  if (value == 0) return MR_OK;
  return mri_error_set(error, MR_ABI_MISMATCH,
                       "%s.reserved is %u, which this library does not know; use a newer "
                       "libmodelreg or set it to 0",
                       name, (unsigned)value);
}
