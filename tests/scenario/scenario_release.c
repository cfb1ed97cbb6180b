/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of model.h, model_version.h, channel.h, resolve.h and lineage.h. */
#include "scenario.h"

/* --- models and versions ------------------------------------------------------------------ */

static mr_status registry_create_model(scenario *s, mr_error *error) {
  mr_model_options options = MR_MODEL_OPTIONS_INIT;
  mr_model *model = NULL;
  options.description = option_text(s, "description");
  mr_status status = mr_registry_create_model(handle_at(s, 0, &registry_class), text_at(s, 1),
                                              &options, &model, error);
  if (status == MR_OK) result_handle(s, &model_class, model);
  return status;
}

static mr_status registry_open_model(scenario *s, mr_error *error) {
  mr_model *model = NULL;
  mr_status status =
      mr_registry_open_model(handle_at(s, 0, &registry_class), text_at(s, 1), &model, error);
  if (status == MR_OK) result_handle(s, &model_class, model);
  return status;
}

LIST_VERB(registry, models, model)
LIST_VERB(model, versions, version)
LIST_VERB(model, channels, channel)
LIST_VERB(version, inputs, input)

static mr_status model_open_version(scenario *s, mr_error *error) {
  mr_version *version = NULL;
  mr_status status =
      mr_model_open_version(handle_at(s, 0, &model_class), text_at(s, 1), &version, error);
  if (status == MR_OK) result_handle(s, &version_class, version);
  return status;
}

static mr_status registry_resolve(scenario *s, mr_error *error) {
  mr_resolve_options options = MR_RESOLVE_OPTIONS_INIT;
  mr_version *version = NULL;
  options.flags = (mr_resolve_flags)option_named(s, "flags", resolve_flags);
  options.as_of_us = option_integer(s, "as_of_us");
  options.cancel = option_handle(s, "cancel", &cancel_class);
  mr_status status = mr_registry_resolve(handle_at(s, 0, &registry_class), text_at(s, 1), &options,
                                         &version, error);
  if (status == MR_OK) {
    say_record(s, version_fields, mr_version_info(version));
    result_handle(s, &version_class, version);
  }
  return status;
}

/* --- channels ----------------------------------------------------------------------------- */

static mr_status model_create_channel(scenario *s, mr_error *error) {
  return mr_model_create_channel(handle_at(s, 0, &model_class), text_at(s, 1), error);
}

static mr_status model_move_channel(scenario *s, mr_error *error) {
  mr_move_options move = MR_MOVE_OPTIONS_INIT;
  mr_request *request = NULL;
  move.channel = option_text(s, "channel");
  move.version = option_text(s, "version");
  move.expected = option_text(s, "expected");
  move.reason = option_text(s, "reason");
  move.op_id = option_text(s, "op_id");
  move.cancel = option_handle(s, "cancel", &cancel_class);
  mr_status status = mr_model_move_channel(handle_at(s, 0, &model_class), &move, &request, error);
  if (status == MR_OK) {
    say_record(s, request_fields, mr_request_info(request));
    result_handle(s, &request_class, request);
  }
  return status;
}

static mr_status model_roll_back_channel(scenario *s, mr_error *error) {
  mr_roll_back_options options = MR_ROLL_BACK_OPTIONS_INIT;
  mr_version *version = NULL;
  options.channel = option_text(s, "channel");
  options.expected = option_text(s, "expected");
  options.version = option_text(s, "version");
  options.reason = option_text(s, "reason");
  options.cancel = option_handle(s, "cancel", &cancel_class);
  mr_status status =
      mr_model_roll_back_channel(handle_at(s, 0, &model_class), &options, &version, error);
  if (status == MR_OK) {
    say_record(s, version_fields, mr_version_info(version));
    result_handle(s, &version_class, version);
  }
  return status;
}

static mr_status model_clear_channel(scenario *s, mr_error *error) {
  mr_clear_options options = MR_CLEAR_OPTIONS_INIT;
  options.channel = option_text(s, "channel");
  options.expected = option_text(s, "expected");
  options.reason = option_text(s, "reason");
  options.cancel = option_handle(s, "cancel", &cancel_class);
  return mr_model_clear_channel(handle_at(s, 0, &model_class), &options, error);
}

static mr_status model_list_channel_moves(scenario *s, mr_error *error) {
  mr_model *model = handle_at(s, 0, &model_class);
  mr_channel_move_list_options options = MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
  mr_status status = MR_OK;
  options.channel = option_text(s, "channel");
  options.limit = option_integer(s, "limit");
  options.token = option_text(s, "token");
  do {
    mr_channel_move_page *page = NULL;
    status = mr_model_list_channel_moves(model, &options, &page, error);
    options.token = status == MR_OK ? next_page(s, drain_channel_move(s, page)) : NULL;
  } while (options.token != NULL);
  return status;
}

/* --- what becomes of versions ------------------------------------------------------------- */

/* The text of the second place, NULL when it is missing. */
static const char *reason_of(scenario *s) {
  return places(s) > 1 ? text_at(s, 1) : NULL;
}

static mr_status version_deprecate(scenario *s, mr_error *error) {
  mr_deprecate_options options = MR_DEPRECATE_OPTIONS_INIT;
  options.reason = option_text(s, "reason");
  options.replacement = option_text(s, "replacement");
  options.cancel = option_handle(s, "cancel", &cancel_class);
  return mr_version_deprecate(handle_at(s, 0, &version_class), &options, error);
}

static mr_status version_undeprecate(scenario *s, mr_error *error) {
  return mr_version_undeprecate(handle_at(s, 0, &version_class), reason_of(s), error);
}

static mr_status version_yank(scenario *s, mr_error *error) {
  mr_yank_options options = MR_YANK_OPTIONS_INIT;
  options.channels = (mr_yank_channels)option_named(s, "channels", yank_channels);
  options.reason = option_text(s, "reason");
  options.replacement = option_text(s, "replacement");
  options.cancel = option_handle(s, "cancel", &cancel_class);
  return mr_version_yank(handle_at(s, 0, &version_class), &options, error);
}

static mr_status version_unyank(scenario *s, mr_error *error) {
  return mr_version_unyank(handle_at(s, 0, &version_class), reason_of(s), error);
}

static mr_status version_delete(scenario *s, mr_error *error) {
  return mr_version_delete(handle_at(s, 0, &version_class), text_at(s, 1), error);
}

/* --- lineage ------------------------------------------------------------------------------ */

static mr_status registry_lineage(scenario *s, mr_error *error) {
  mr_lineage_options options = MR_LINEAGE_OPTIONS_INIT;
  mr_lineage *lineage = NULL;
  options.direction = (mr_lineage_direction)option_named(s, "direction", lineage_directions);
  options.dataset_digest = option_text(s, "dataset_digest");
  options.run_id = option_text(s, "run_id");
  options.version = option_text(s, "version");
  options.channel = option_text(s, "channel");
  options.depth = option_integer(s, "depth");
  options.limit = option_integer(s, "limit");
  options.cancel = option_handle(s, "cancel", &cancel_class);
  mr_status status =
      mr_registry_lineage(handle_at(s, 0, &registry_class), &options, &lineage, error);
  if (status == MR_OK) result_handle(s, &lineage_class, lineage);
  return status;
}

static mr_status lineage_edges(scenario *s, mr_error *error) {
  (void)error;
  const mr_lineage *lineage = handle_at(s, 0, &lineage_class);
  for (int64_t i = 0; i < mr_lineage_count(lineage); i++) {
    say_record(s, edge_fields, mr_lineage_at(lineage, i));
  }
  return MR_OK;
}

const verb release_verbs[] = {{"registry_create_model", registry_create_model},
                              {"registry_open_model", registry_open_model},
                              {"registry_list_models", registry_list_models},
                              {"model_open_version", model_open_version},
                              {"model_list_versions", model_list_versions},
                              {"version_list_inputs", version_list_inputs},
                              {"version_deprecate", version_deprecate},
                              {"version_undeprecate", version_undeprecate},
                              {"version_yank", version_yank},
                              {"version_unyank", version_unyank},
                              {"version_delete", version_delete},
                              {"registry_resolve", registry_resolve},
                              {"model_create_channel", model_create_channel},
                              {"model_list_channels", model_list_channels},
                              {"model_move_channel", model_move_channel},
                              {"model_roll_back_channel", model_roll_back_channel},
                              {"model_clear_channel", model_clear_channel},
                              {"model_list_channel_moves", model_list_channel_moves},
                              {"registry_lineage", registry_lineage},
                              {"lineage_edges", lineage_edges},
                              {NULL, NULL}};
