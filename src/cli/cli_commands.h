/* SPDX-License-Identifier: Apache-2.0 */
/* All commands, in the order of the help. Each table stands at the end of the file of its noun and
 * ends with a name of NULL. */
#ifndef MRI_CLI_COMMANDS_H
#define MRI_CLI_COMMANDS_H

#include "cli/cli.h"

extern const cli_command cli_registry_commands[];
extern const cli_command cli_fsck_commands[];
extern const cli_command cli_experiment_commands[];
extern const cli_command cli_run_start_commands[];
extern const cli_command cli_run_log_commands[];
extern const cli_command cli_run_tag_commands[];
extern const cli_command cli_run_attach_commands[];
extern const cli_command cli_run_finish_commands[];
extern const cli_command cli_run_list_commands[];
extern const cli_command cli_run_show_commands[];
extern const cli_command cli_run_diff_commands[];
extern const cli_command cli_dataset_snapshot_commands[];
extern const cli_command cli_dataset_commands[];
extern const cli_command cli_dataset_diff_commands[];
extern const cli_command cli_model_commands[];
extern const cli_command cli_gate_commands[];
extern const cli_command cli_gate_test_commands[];
extern const cli_command cli_request_commands[];
extern const cli_command cli_version_commands[];
extern const cli_command cli_version_status_commands[];
extern const cli_command cli_channel_commands[];
extern const cli_command cli_consumer_commands[];
extern const cli_command cli_tool_commands[];
extern const cli_command cli_lineage_commands[];

/* One table of them all. */
const cli_command *cli_commands(void);

#endif
