/* SPDX-License-Identifier: Apache-2.0 */
#include <modelreg/version.h>

#define TEXT_OF(number)                   #number
#define VERSION_TEXT(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *mr_library_version(void) {
  return VERSION_TEXT(MR_LIBRARY_VERSION_MAJOR, MR_LIBRARY_VERSION_MINOR, MR_LIBRARY_VERSION_PATCH);
}

uint32_t mr_abi_level(void) {
  return MR_ABI_LEVEL;
}
