/* SPDX-License-Identifier: Apache-2.0 */
/* The program that check_install.py builds in every way a user may. */
#include <modelreg/modelreg.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  mr_error error = MR_ERROR_INIT;
  mr_registry *registry = NULL;
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  char expected[32];

  snprintf(expected, sizeof(expected), "%d.%d.%d", MR_LIBRARY_VERSION_MAJOR,
           MR_LIBRARY_VERSION_MINOR, MR_LIBRARY_VERSION_PATCH);
  if (strcmp(mr_library_version(), expected) != 0 || mr_abi_level() != MR_ABI_LEVEL) {
    fprintf(stderr, "the headers are of %s, the library of %s\n", expected, mr_library_version());
    return 1;
  }
  options.flags = MR_OPEN_CREATE;
  if (mr_registry_open("memory:", &options, &registry, &error) != MR_OK) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  mr_registry_close(registry);
  return 0;
}
