/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_commands.h"

#include <assert.h>

#define MOST_COMMANDS 128

const cli_command *cli_commands(void) {
  static const cli_command *const tables[] = {
      cli_registry_commands,
      cli_run_commands,
      cli_version_commands,
      cli_consumer_commands,
  };
  static cli_command all[MOST_COMMANDS];
  size_t count = 0;
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    for (const cli_command *command = tables[i]; command->name; command++) {
      assert(count + 1 < MOST_COMMANDS);
      all[count++] = *command;
    }
  }
  return all;
}
