/* SPDX-License-Identifier: Apache-2.0 */
/* Every option and input struct, and a call that takes it. Whoever adds a struct adds a row, or
 * test_option_structs fails. */
#ifndef API_STRUCTS_H
#define API_STRUCTS_H

#include "api_calls.h"

/* A struct that works, with every field set that can be. */
typedef union any_struct {
  mr_open_options open;
  mr_allocator allocator;
  mr_folder_options folder;
  mr_dataset_options dataset;
  mr_verify_options verify;
  mr_fetch_options fetch;
  mr_artifact_options artifact;
  mr_link_options link;
  mr_gate_options gate;
  mr_model_options model;
  mr_run_options run;
  mr_input_options input;
  mr_check_options check;
  mr_lineage_options lineage;
  mr_run_list_options run_list;
  mr_list_options list;
  mr_history_options history;
  mr_promote_options promote;
  mr_move_options move;
  mr_request_list_options request_list;
  mr_resolve_options resolve;
  mr_gate_list_options gate_list;
  mr_evaluate_options evaluate;
  mr_roll_back_options roll_back;
  mr_clear_options clear;
  mr_channel_move_list_options move_list;
  mr_complete_options complete;
  mr_deprecate_options deprecate;
  mr_yank_options yank;
  mr_fsck_options fsck;
  mr_backup_options backup;
} any_struct;

/* `needed` is how much of the struct must be there for the call to work; a shorter one must be
 * refused for the argument that is missing then. `reserved` is where the field is that must be 0, or
 * 0 where there is none. */
typedef struct struct_row {
  const char *init; /* the macro that makes it */
  const char *call;
  mr_status (*use)(api_world *world, const void *options, mr_error *error);
  void (*make)(api_world *world, any_struct *out);
  size_t size;
  size_t needed;
  size_t reserved;
} struct_row;

/* Ended by a row without a name. */
extern const struct_row struct_rows[];

#endif
