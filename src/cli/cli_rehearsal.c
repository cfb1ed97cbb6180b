/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_rehearsal.h"

#include <stddef.h>

mr_status cli_rehearsal_begin(const char *experiment, cli_rehearsal *out, mr_error *error) {
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  options.flags = MR_OPEN_CREATE;
  out->registry = NULL;
  out->experiment = NULL;
  mr_status status = mr_registry_open("memory:", &options, &out->registry, error);
  if (status != MR_OK) return status;
  return mr_registry_open_experiment(out->registry, experiment, &out->experiment, error);
}

void cli_rehearsal_end(cli_rehearsal *rehearsal) {
  mr_experiment_free(rehearsal->experiment);
  mr_registry_close(rehearsal->registry);
}
