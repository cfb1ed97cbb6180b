/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_pages.h"

#include <stdio.h>

/* Every list of the library has this shape, with types of its own. A token belongs to its page, so
 * a page is freed when the next one is there. */
/* NOLINTBEGIN(bugprone-macro-parentheses): types cannot have any. */
#define CLI_DEFINE_EACH(NAME, OWNER, OPTIONS, PAGE, RECORD, LIST)                                  \
  mr_status NAME(OWNER *owner, const OPTIONS *options,                                             \
                 void (*visit)(void *ctx, const RECORD *record), void *ctx, mr_error *error) {     \
    OPTIONS wanted = *options;                                                                     \
    int64_t left = options->limit;                                                                 \
    PAGE *page = NULL;                                                                             \
    mr_status status = MR_OK;                                                                      \
    do {                                                                                           \
      PAGE *next = NULL;                                                                           \
      wanted.limit = left > 0 && left < MR_LIST_DEFAULT_LIMIT ? left : MR_LIST_DEFAULT_LIMIT;      \
      status = LIST(owner, &wanted, &next, error);                                                 \
      PAGE##_free(page);                                                                           \
      page = next;                                                                                 \
      int64_t count = PAGE##_count(page);                                                          \
      for (int64_t i = 0; i < count; i++) visit(ctx, PAGE##_at(page, i));                          \
      wanted.token = PAGE##_next_token(page);                                                      \
      left -= count;                                                                               \
    } while (status == MR_OK && wanted.token && (options->limit == 0 || left > 0) &&               \
             !ferror(stdout));                                                                     \
    PAGE##_free(page);                                                                             \
    return status;                                                                                 \
  }
/* NOLINTEND(bugprone-macro-parentheses) */

CLI_DEFINE_EACH(cli_each_experiment, mr_registry, mr_list_options, mr_experiment_page,
                mr_experiment_record, mr_registry_list_experiments)
CLI_DEFINE_EACH(cli_each_run, mr_registry, mr_run_list_options, mr_run_page, mr_run_record,
                mr_registry_list_runs)
CLI_DEFINE_EACH(cli_each_version, mr_model, mr_list_options, mr_version_page, mr_version_record,
                mr_model_list_versions)
CLI_DEFINE_EACH(cli_each_dataset, mr_registry, mr_list_options, mr_dataset_page, mr_dataset_record,
                mr_registry_list_datasets)
CLI_DEFINE_EACH(cli_each_model, mr_registry, mr_list_options, mr_model_page, mr_model_record,
                mr_registry_list_models)
CLI_DEFINE_EACH(cli_each_gate, mr_registry, mr_gate_list_options, mr_gate_page, mr_gate_record,
                mr_registry_list_gates)
CLI_DEFINE_EACH(cli_each_request, mr_registry, mr_request_list_options, mr_request_page,
                mr_request_record, mr_registry_list_requests)
CLI_DEFINE_EACH(cli_each_channel, mr_model, mr_list_options, mr_channel_page, mr_channel_record,
                mr_model_list_channels)
CLI_DEFINE_EACH(cli_each_channel_move, mr_model, mr_channel_move_list_options, mr_channel_move_page,
                mr_channel_move_record, mr_model_list_channel_moves)
CLI_DEFINE_EACH(cli_each_param, mr_run, mr_list_options, mr_property_page, mr_property_record,
                mr_run_list_params)
CLI_DEFINE_EACH(cli_each_tag, mr_run, mr_list_options, mr_property_page, mr_property_record,
                mr_run_list_tags)
CLI_DEFINE_EACH(cli_each_metric, mr_run, mr_list_options, mr_metric_page, mr_metric_record,
                mr_run_list_metrics)
CLI_DEFINE_EACH(cli_each_input, mr_run, mr_list_options, mr_input_page, mr_input_record,
                mr_run_list_inputs)
CLI_DEFINE_EACH(cli_each_check, mr_run, mr_list_options, mr_check_page, mr_check_record,
                mr_run_list_checks)
CLI_DEFINE_EACH(cli_each_run_artifact, mr_run, mr_list_options, mr_artifact_page,
                mr_artifact_record, mr_run_list_artifacts)
CLI_DEFINE_EACH(cli_each_version_artifact, mr_version, mr_list_options, mr_artifact_page,
                mr_artifact_record, mr_version_list_artifacts)
