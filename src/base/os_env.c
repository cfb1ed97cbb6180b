/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/os_env.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *mri_env(const char *name) {
  assert(strncmp(name, "MODELREG_", 9) == 0);
  const char *value = secure_getenv(name);
  return value == NULL || value[0] == '\0' ? NULL : value;
}
