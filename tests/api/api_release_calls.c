/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of what consumers meet: versions, channels, references and semantic versions. */
#include "api_calls.h"

static mr_status call_open_version(api_world *w, mr_error *error) {
  mr_version *out = API_OUT;
  mr_status status = mr_model_open_version(API_POINTER(0, w->model), API_TEXT(1, w->number),
                                           API_POINTER(2, &out), error);
  API_END(mr_version_free);
}

static mr_status call_list_versions(api_world *w, mr_error *error) {
  mr_version_page *out = API_OUT;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  o.limit = API_NUMBER(3, 0);
  o.token = API_TEXT(4, NULL);
  mr_status status = mr_model_list_versions(API_POINTER(0, w->model), API_POINTER(1, &o),
                                            API_POINTER(2, &out), error);
  API_END(mr_version_page_free);
}

static mr_status call_version_list_artifacts(api_world *w, mr_error *error) {
  mr_artifact_page *out = API_OUT;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  o.limit = API_NUMBER(3, 0);
  o.token = API_TEXT(4, NULL);
  mr_status status = mr_version_list_artifacts(API_POINTER(0, w->version), API_POINTER(1, &o),
                                               API_POINTER(2, &out), error);
  API_END(mr_artifact_page_free);
}

static mr_status call_version_open_artifact(api_world *w, mr_error *error) {
  mr_blob *out = API_OUT;
  mr_status status = mr_version_open_artifact(API_POINTER(0, w->version), API_TEXT(1, "a.txt"),
                                              API_POINTER(2, &out), error);
  API_END(mr_blob_free);
}

static mr_status call_version_fetch(api_world *w, mr_error *error) {
  mr_report *out = API_OUT;
  mr_fetch_options o = MR_FETCH_OPTIONS_INIT;
  o.file_mode = (uint32_t)API_NUMBER(4, 0600);
  mr_status status = mr_version_fetch(API_POINTER(0, w->version), API_TEXT(1, w->outside),
                                      API_POINTER(2, &o), API_POINTER(3, &out), error);
  API_END(mr_report_free);
}

static mr_status call_version_verify(api_world *w, mr_error *error) {
  mr_report *out = API_OUT;
  mr_verify_options o = MR_VERIFY_OPTIONS_INIT;
  o.flags = (uint32_t)API_NUMBER(4, MR_VERIFY_ALLOW_EXTRA);
  mr_status status = mr_version_verify(API_POINTER(0, w->version), API_TEXT(1, w->folder),
                                       API_POINTER(2, &o), API_POINTER(3, &out), error);
  API_END(mr_report_free);
}

static mr_status call_version_list_inputs(api_world *w, mr_error *error) {
  mr_input_page *out = API_OUT;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  o.limit = API_NUMBER(3, 0);
  o.token = API_TEXT(4, NULL);
  mr_status status = mr_version_list_inputs(API_POINTER(0, w->version), API_POINTER(1, &o),
                                            API_POINTER(2, &out), error);
  API_END(mr_input_page_free);
}

static mr_status call_deprecate(api_world *w, mr_error *error) {
  mr_deprecate_options o = MR_DEPRECATE_OPTIONS_INIT;
  o.reason = API_TEXT(2, "r");
  o.replacement = API_TEXT(3, w->number);
  return mr_version_deprecate(API_POINTER(0, w->spare), API_POINTER(1, &o), error);
}

static mr_status call_undeprecate(api_world *w, mr_error *error) {
  return mr_version_undeprecate(API_POINTER(0, w->spare), API_TEXT(1, "r"), error);
}

static mr_status call_yank(api_world *w, mr_error *error) {
  mr_yank_options o = MR_YANK_OPTIONS_INIT;
  o.channels = (mr_yank_channels)API_NUMBER(2, MR_YANK_CHANNELS_CLEAR);
  o.reason = API_TEXT(3, "r");
  o.replacement = API_TEXT(4, w->number);
  return mr_version_yank(API_POINTER(0, w->spare), API_POINTER(1, &o), error);
}

static mr_status call_unyank(api_world *w, mr_error *error) {
  return mr_version_unyank(API_POINTER(0, w->spare), API_TEXT(1, "r"), error);
}

static mr_status call_delete(api_world *w, mr_error *error) {
  return mr_version_delete(API_POINTER(0, w->doomed), API_TEXT(1, "r"), error);
}

static mr_status call_create_channel(api_world *w, mr_error *error) {
  return mr_model_create_channel(API_POINTER(0, w->model), API_TEXT(1, w->fresh_name), error);
}

static mr_status call_list_channels(api_world *w, mr_error *error) {
  mr_channel_page *out = API_OUT;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  o.limit = API_NUMBER(3, 0);
  o.token = API_TEXT(4, NULL);
  mr_status status = mr_model_list_channels(API_POINTER(0, w->model), API_POINTER(1, &o),
                                            API_POINTER(2, &out), error);
  API_END(mr_channel_page_free);
}

static mr_status call_move_channel(api_world *w, mr_error *error) {
  mr_request *out = API_OUT;
  mr_move_options move = MR_MOVE_OPTIONS_INIT;
  char channel[40];
  (void)snprintf(channel, sizeof channel, "%s-held", w->fresh_name);
  move.channel = API_TEXT(3, channel);
  move.version = API_TEXT(4, w->number);
  move.expected = API_TEXT(5, "none");
  move.reason = API_TEXT(6, "r");
  move.op_id = API_TEXT(7, w->fresh_name);
  mr_status status = mr_model_move_channel(API_POINTER(0, w->model), API_POINTER(1, &move),
                                           API_POINTER(2, &out), error);
  API_END(mr_request_free);
}

static mr_status call_roll_back(api_world *w, mr_error *error) {
  mr_version *out = API_OUT;
  mr_roll_back_options o = MR_ROLL_BACK_OPTIONS_INIT;
  o.channel = API_TEXT(3, "moved");
  o.expected = API_TEXT(4, w->number);
  o.version = API_TEXT(5, w->spare_number);
  o.reason = API_TEXT(6, "r");
  mr_status status = mr_model_roll_back_channel(API_POINTER(0, w->model), API_POINTER(1, &o),
                                                API_POINTER(2, &out), error);
  API_END(mr_version_free);
}

static mr_status call_clear_channel(api_world *w, mr_error *error) {
  mr_clear_options o = MR_CLEAR_OPTIONS_INIT;
  o.channel = API_TEXT(2, "moved");
  o.expected = API_TEXT(3, w->number);
  o.reason = API_TEXT(4, "r");
  return mr_model_clear_channel(API_POINTER(0, w->model), API_POINTER(1, &o), error);
}

static mr_status call_list_channel_moves(api_world *w, mr_error *error) {
  mr_channel_move_page *out = API_OUT;
  mr_channel_move_list_options o = MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
  o.channel = API_TEXT(3, "moved");
  o.limit = API_NUMBER(4, 0);
  o.token = API_TEXT(5, NULL);
  mr_status status = mr_model_list_channel_moves(API_POINTER(0, w->model), API_POINTER(1, &o),
                                                 API_POINTER(2, &out), error);
  API_END(mr_channel_move_page_free);
}

static mr_status call_resolve(api_world *w, mr_error *error) {
  mr_version *out = API_OUT;
  mr_resolve_options o = MR_RESOLVE_OPTIONS_INIT;
  o.flags = (uint32_t)API_NUMBER(4, MR_RESOLVE_PRERELEASES);
  o.as_of_us = API_NUMBER(5, 0);
  mr_status status = mr_registry_resolve(API_POINTER(0, w->registry), API_TEXT(1, "digits"),
                                         API_POINTER(2, &o), API_POINTER(3, &out), error);
  API_END(mr_version_free);
}

static mr_status call_semver_parse(api_world *w, mr_error *error) {
  mr_semver *out = API_OUT;
  mr_status status = mr_semver_parse(API_TEXT(0, "1.2.3"), API_POINTER(1, &out), error);
  API_END(mr_semver_free);
}

static mr_status call_semver_bump(api_world *w, mr_error *error) {
  mr_semver *out = API_OUT;
  mr_status status =
      mr_semver_bump(API_POINTER(0, w->semver), (mr_bump)API_NUMBER(1, MR_BUMP_PRERELEASE),
                     API_TEXT(2, "rc"), API_POINTER(3, &out), error);
  API_END(mr_semver_free);
}

static mr_status call_semver_key(api_world *w, mr_error *error) {
  mr_buffer *out = API_OUT;
  mr_status status = mr_semver_key(API_POINTER(0, w->semver), API_POINTER(1, &out), error);
  API_END(mr_buffer_free);
}

static mr_status call_range_parse(api_world *w, mr_error *error) {
  mr_semver_range *out = API_OUT;
  mr_status status = mr_semver_range_parse(API_TEXT(0, "^1.2"), (mr_range_flags)API_NUMBER(1, 0),
                                           API_POINTER(2, &out), error);
  API_END(mr_semver_range_free);
}

static mr_status call_range_highest(api_world *w, mr_error *error) {
  const char *const versions[] = {API_TEXT(2, "1.2.3")};
  mr_semver *out = API_OUT;
  mr_status status = mr_semver_range_highest(
      API_POINTER(0, w->semver_range), API_POINTER(1, versions), 1, API_POINTER(3, &out), error);
  API_END(mr_semver_free);
}

#define ID_LIST   " options:H out_page:o limit:l token:t"
#define TEXT_LIST " options:H out_page:o limit:l token:y"

const api_call api_release_calls[] = {
    {"mr_model_open_version", call_open_version, "model:h number:s out_version:o", 0},
    {"mr_model_list_versions", call_list_versions, "model:h options:H out_page:o limit:l token:e",
     0},
    {"mr_version_list_artifacts", call_version_list_artifacts, "version:h" TEXT_LIST, 0},
    {"mr_version_open_artifact", call_version_open_artifact, "version:h path:P out_blob:o", 0},
    {"mr_version_fetch", call_version_fetch,
     "version:h folder:f options:H out_report:O file_mode:q", 0},
    {"mr_version_verify", call_version_verify, "version:h folder:F options:H out_report:O flags:g",
     0},
    {"mr_version_list_inputs", call_version_list_inputs, "version:h" ID_LIST, 0},
    {"mr_version_deprecate", call_deprecate, "version:h options:h reason:v replacement:S",
     API_WRITES},
    {"mr_version_undeprecate", call_undeprecate, "version:h reason:V", API_WRITES},
    {"mr_version_yank", call_yank, "version:h options:h channels:k reason:v replacement:S",
     API_WRITES},
    {"mr_version_unyank", call_unyank, "version:h reason:V", API_WRITES},
    {"mr_version_delete", call_delete, "version:h reason:v", API_WRITES},
    {"mr_model_create_channel", call_create_channel, "model:h name:c", API_WRITES},
    {"mr_model_list_channels", call_list_channels, "model:h" TEXT_LIST, 0},
    {"mr_model_move_channel", call_move_channel,
     "model:h move:h out_request:o channel:c version:s expected:s reason:V op_id:N", API_WRITES},
    {"mr_model_roll_back_channel", call_roll_back,
     "model:h options:h out_version:o channel:c expected:s version:S reason:V", API_WRITES},
    {"mr_model_clear_channel", call_clear_channel,
     "model:h options:h channel:c expected:s reason:V", API_WRITES},
    {"mr_model_list_channel_moves", call_list_channel_moves,
     "model:h options:h out_page:o channel:c limit:l token:t", 0},
    {"mr_registry_resolve", call_resolve,
     "registry:h reference:r options:H out_version:o flags:g "
     "as_of_us:a",
     0},
    {"mr_semver_parse", call_semver_parse, "version:s out_semver:o", API_ALONE},
    {"mr_semver_bump", call_semver_bump, "semver:h part:k prerelease_id:N out_semver:o", API_ALONE},
    {"mr_semver_key", call_semver_key, "semver:h out_key:o", API_ALONE},
    {"mr_semver_range_parse", call_range_parse, "range:e flags:g out_range:o", API_ALONE},
    {"mr_semver_range_highest", call_range_highest,
     "semver_range:h versions:h versions:s out_semver:o", API_ALONE},
    {NULL, NULL, NULL, 0},
};
