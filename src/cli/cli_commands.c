/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_commands.h"

#include <assert.h>

#define MOST_COMMANDS 128

const cli_command *cli_commands(void) {
  static const cli_command *const tables[] = {
      cli_registry_commands,   cli_fsck_commands,           cli_experiment_commands,
      cli_run_start_commands,  cli_run_log_commands,        cli_run_tag_commands,
      cli_run_attach_commands, cli_run_finish_commands,     cli_run_list_commands,
      cli_run_show_commands,   cli_run_diff_commands,       cli_dataset_snapshot_commands,
      cli_dataset_commands,    cli_dataset_diff_commands,   cli_model_commands,
      cli_gate_commands,       cli_gate_test_commands,      cli_request_commands,
      cli_version_commands,    cli_version_status_commands, cli_channel_commands,
      cli_consumer_commands,   cli_lineage_commands,        cli_tool_commands,
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
