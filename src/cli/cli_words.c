/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_words.h"

#include <stddef.h>

const char *const cli_run_kinds[] = {"training", "dataset", "evaluation", NULL};
const char *const cli_run_statuses[] = {"running", "finished", "failed", "killed", NULL};
const char *const cli_source_states[] = {"clean", "dirty", NULL};
const char *const cli_version_statuses[] = {"active", "deprecated", "yanked", NULL};
const char *const cli_artifact_kinds[] = {"stored", "link", NULL};
const char *const cli_input_kinds[] = {"dataset_run", "dataset_digest", "run", "version", NULL};
const char *const cli_check_results[] = {"passed", "failed", "skipped", NULL};
const char *const cli_verdicts[] = {"passed", "failed", "pending", NULL};
const char *const cli_request_states[] = {"open", "accepted", "refused", "withdrawn", NULL};
const char *const cli_bumps[] = {"major", "minor", "patch", "prerelease", NULL};
const char *const cli_channel_move_kinds[] = {"moved", "rolled_back", "cleared", NULL};
const char *const cli_findings[] = {"database", "reference", "value",    "digest",
                                    "count",    "summary",   "sequence", "missing",
                                    "changed",  "orphan",    "software", NULL};
const char *const cli_lineage_kinds[] = {"dataset", "run", "version", "channel", NULL};
const char *const cli_problems[] = {"missing", "changed", "extra", "unreadable", NULL};

const char *const cli_lineage_directions[] = {"upstream", "downstream", "both", NULL};
const char *const cli_yanked_channels[] = {"replace", "rollback", "clear", NULL};
const char *const cli_started_kinds[] = {"training", "evaluation", NULL};

const char *cli_word(const char *const *words, int32_t value) {
  for (int32_t i = 0; words[i]; i++)
    if (i + 1 == value) return words[i];
  return "unknown";
}
