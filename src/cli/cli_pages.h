/* SPDX-License-Identifier: Apache-2.0 */
/* Lists from their first record to the last: the pages between are fetched as they are needed. */
#ifndef MRI_CLI_PAGES_H
#define MRI_CLI_PAGES_H

#include <modelreg/modelreg.h>

/* Each calls `visit` for every record, in order, and stops early when standard output cannot be
 * written. `limit` is the most records; 0: all. */
mr_status cli_each_experiment(mr_registry *registry, const mr_list_options *options,
                              void (*visit)(void *ctx, const mr_experiment_record *record),
                              void *ctx, mr_error *error);
mr_status cli_each_run(mr_registry *registry, const mr_run_list_options *options,
                       void (*visit)(void *ctx, const mr_run_record *record), void *ctx,
                       mr_error *error);
mr_status cli_each_version(mr_model *model, const mr_list_options *options,
                           void (*visit)(void *ctx, const mr_version_record *record), void *ctx,
                           mr_error *error);
mr_status cli_each_dataset(mr_registry *registry, const mr_list_options *options,
                           void (*visit)(void *ctx, const mr_dataset_record *record), void *ctx,
                           mr_error *error);
mr_status cli_each_model(mr_registry *registry, const mr_list_options *options,
                         void (*visit)(void *ctx, const mr_model_record *record), void *ctx,
                         mr_error *error);
mr_status cli_each_gate(mr_registry *registry, const mr_gate_list_options *options,
                        void (*visit)(void *ctx, const mr_gate_record *record), void *ctx,
                        mr_error *error);
mr_status cli_each_request(mr_registry *registry, const mr_request_list_options *options,
                           void (*visit)(void *ctx, const mr_request_record *record), void *ctx,
                           mr_error *error);
mr_status cli_each_channel(mr_model *model, const mr_list_options *options,
                           void (*visit)(void *ctx, const mr_channel_record *record), void *ctx,
                           mr_error *error);
mr_status cli_each_channel_move(mr_model *model, const mr_channel_move_list_options *options,
                                void (*visit)(void *ctx, const mr_channel_move_record *record),
                                void *ctx, mr_error *error);
mr_status cli_each_param(mr_run *run, const mr_list_options *options,
                         void (*visit)(void *ctx, const mr_property_record *record), void *ctx,
                         mr_error *error);
mr_status cli_each_tag(mr_run *run, const mr_list_options *options,
                       void (*visit)(void *ctx, const mr_property_record *record), void *ctx,
                       mr_error *error);
mr_status cli_each_metric(mr_run *run, const mr_list_options *options,
                          void (*visit)(void *ctx, const mr_metric_record *record), void *ctx,
                          mr_error *error);
mr_status cli_each_input(mr_run *run, const mr_list_options *options,
                         void (*visit)(void *ctx, const mr_input_record *record), void *ctx,
                         mr_error *error);
mr_status cli_each_check(mr_run *run, const mr_list_options *options,
                         void (*visit)(void *ctx, const mr_check_record *record), void *ctx,
                         mr_error *error);
mr_status cli_each_run_artifact(mr_run *run, const mr_list_options *options,
                                void (*visit)(void *ctx, const mr_artifact_record *record),
                                void *ctx, mr_error *error);
mr_status cli_each_version_artifact(mr_version *version, const mr_list_options *options,
                                    void (*visit)(void *ctx, const mr_artifact_record *record),
                                    void *ctx, mr_error *error);

#endif
