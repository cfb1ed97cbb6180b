/* SPDX-License-Identifier: Apache-2.0 */
/* A call for every option and input struct, with a struct that works. */
#include "api_structs.h"

/* What the calls below point their outputs at. */
#define UNSET ((void *)&w->sentinel)
#define END(free_output)                                                                           \
  w->touched = (const void *)out != (const void *)&w->sentinel;                                    \
  if (w->touched) free_output(out);                                                                \
  return status

static mr_status use_open(api_world *w, const void *options, mr_error *error) {
  mr_registry *out = UNSET;
  mr_status status = mr_registry_open("memory:", options, &out, error);
  END(mr_registry_close);
}

static mr_status use_allocator(api_world *w, const void *options, mr_error *error) {
  mr_open_options open = api_open_options(MR_OPEN_CREATE);
  open.allocator = options;
  return use_open(w, &open, error);
}

static mr_status use_folder(api_world *w, const void *options, mr_error *error) {
  mr_manifest *manifest = NULL;
  OK(mr_manifest_new(&manifest, &api_error));
  mr_status status = mr_manifest_add_folder(manifest, w->folder, options, error);
  w->touched = mr_manifest_count(manifest) > 0;
  mr_manifest_free(manifest);
  return status;
}

static mr_status use_dataset(api_world *w, const void *options, mr_error *error) {
  mr_dataset *out = UNSET;
  mr_status status =
      mr_experiment_log_dataset(w->experiment, "d", w->manifest, options, &out, error);
  END(mr_dataset_free);
}

static mr_status use_verify_dataset(api_world *w, const void *options, mr_error *error) {
  mr_report *out = UNSET;
  mr_status status = mr_dataset_verify(w->dataset, w->folder, options, &out, error);
  END(mr_report_free);
}

static mr_status use_verify_version(api_world *w, const void *options, mr_error *error) {
  mr_report *out = UNSET;
  mr_status status = mr_version_verify(w->version, NULL, options, &out, error);
  END(mr_report_free);
}

static mr_status use_fetch_dataset(api_world *w, const void *options, mr_error *error) {
  mr_report *out = UNSET;
  mr_status status = mr_dataset_fetch(w->dataset, w->outside, options, &out, error);
  END(mr_report_free);
}

static mr_status use_fetch_version(api_world *w, const void *options, mr_error *error) {
  mr_report *out = UNSET;
  mr_status status = mr_version_fetch(w->version, w->outside, options, &out, error);
  END(mr_report_free);
}

static mr_status use_artifact(api_world *w, const void *options, mr_error *error) {
  return mr_run_log_artifact(w->run, w->file, NULL, options, error);
}

static mr_status use_link(api_world *w, const void *options, mr_error *error) {
  return mr_run_log_artifact_link(w->run, options, error);
}

static mr_status use_attach(api_world *w, const void *options, mr_error *error) {
  mr_gate *gate = NULL;
  OK(mr_gate_new(&gate, &api_error));
  mr_status status = mr_registry_attach_gate(w->registry, gate, options, error);
  mr_gate_free(gate);
  return status;
}

static mr_status use_open_gate(api_world *w, const void *options, mr_error *error) {
  mr_gate *out = UNSET;
  mr_status status = mr_registry_open_gate(w->registry, options, &out, error);
  END(mr_gate_free);
}

static mr_status use_detach(api_world *w, const void *options, mr_error *error) {
  return mr_registry_detach_gate(w->registry, options, error);
}

static mr_status use_evaluate(api_world *w, const void *options, mr_error *error) {
  mr_decision *out = UNSET;
  mr_status status = mr_registry_evaluate_gate(w->registry, NULL, options, &out, error);
  END(mr_decision_free);
}

static mr_status use_model(api_world *w, const void *options, mr_error *error) {
  mr_model *out = UNSET;
  mr_status status = mr_registry_create_model(w->registry, w->fresh_name, options, &out, error);
  END(mr_model_free);
}

static mr_status use_run(api_world *w, const void *options, mr_error *error) {
  mr_run *out = UNSET;
  mr_status status = mr_experiment_start_run(w->experiment, options, &out, error);
  END(mr_run_free);
}

static mr_status use_input(api_world *w, const void *options, mr_error *error) {
  return mr_run_log_input(w->run, options, error);
}

static mr_status use_check(api_world *w, const void *options, mr_error *error) {
  return mr_run_log_check(w->run, "lint", MR_CHECK_RESULT_PASSED, options, error);
}

static mr_status use_lineage(api_world *w, const void *options, mr_error *error) {
  mr_lineage *out = UNSET;
  mr_status status = mr_registry_lineage(w->registry, options, &out, error);
  END(mr_lineage_free);
}

static mr_status use_fsck(api_world *w, const void *options, mr_error *error) {
  mr_fsck *out = UNSET;
  mr_status status = mr_registry_fsck(w->registry, options, &out, error);
  END(mr_fsck_free);
}

static mr_status use_backup(api_world *w, const void *options, mr_error *error) {
  mr_report *out = UNSET;
  mr_status status = mr_registry_backup(w->registry, w->backup, options, &out, error);
  END(mr_report_free);
}

static mr_status use_run_list(api_world *w, const void *options, mr_error *error) {
  mr_run_page *out = UNSET;
  mr_status status = mr_registry_list_runs(w->registry, options, &out, error);
  END(mr_run_page_free);
}

static mr_status use_request_list(api_world *w, const void *options, mr_error *error) {
  mr_request_page *out = UNSET;
  mr_status status = mr_registry_list_requests(w->registry, options, &out, error);
  END(mr_request_page_free);
}

static mr_status use_history(api_world *w, const void *options, mr_error *error) {
  mr_history *out = UNSET;
  mr_status status = mr_run_history(w->run, "loss", options, &out, error);
  END(mr_history_free);
}

static mr_status use_promote(api_world *w, const void *options, mr_error *error) {
  mr_request *out = UNSET;
  mr_status status = mr_model_promote(w->model, w->fresh_run, options, &out, error);
  END(mr_request_free);
}

static mr_status use_move(api_world *w, const void *options, mr_error *error) {
  mr_request *out = UNSET;
  mr_status status = mr_model_move_channel(w->model, options, &out, error);
  END(mr_request_free);
}

static mr_status use_roll_back(api_world *w, const void *options, mr_error *error) {
  mr_version *out = UNSET;
  mr_status status = mr_model_roll_back_channel(w->model, options, &out, error);
  END(mr_version_free);
}

static mr_status use_clear(api_world *w, const void *options, mr_error *error) {
  return mr_model_clear_channel(w->model, options, error);
}

static mr_status use_complete(api_world *w, const void *options, mr_error *error) {
  mr_request *out = UNSET;
  mr_status status = mr_request_complete(w->open_request, options, &out, error);
  END(mr_request_free);
}

static mr_status use_deprecate(api_world *w, const void *options, mr_error *error) {
  return mr_version_deprecate(w->spare, options, error);
}

static mr_status use_yank(api_world *w, const void *options, mr_error *error) {
  return mr_version_yank(w->spare, options, error);
}

static mr_status use_resolve(api_world *w, const void *options, mr_error *error) {
  mr_version *out = UNSET;
  mr_status status = mr_registry_resolve(w->registry, "digits", options, &out, error);
  END(mr_version_free);
}

#define USE_LIST(name, noun, function, parent)                                                     \
  static mr_status name(api_world *w, const void *options, mr_error *error) {                      \
    noun##_page *out = UNSET;                                                                      \
    mr_status status = function(w->parent, options, &out, error);                                  \
    END(noun##_page_free);                                                                         \
  }

USE_LIST(use_experiments, mr_experiment, mr_registry_list_experiments, registry)
USE_LIST(use_datasets, mr_dataset, mr_registry_list_datasets, registry)
USE_LIST(use_models, mr_model, mr_registry_list_models, registry)
USE_LIST(use_params, mr_property, mr_run_list_params, run)
USE_LIST(use_tags, mr_property, mr_run_list_tags, run)
USE_LIST(use_inputs, mr_input, mr_run_list_inputs, run)
USE_LIST(use_checks, mr_check, mr_run_list_checks, run)
USE_LIST(use_metrics, mr_metric, mr_run_list_metrics, run)
USE_LIST(use_artifacts, mr_artifact, mr_run_list_artifacts, run)
USE_LIST(use_versions, mr_version, mr_model_list_versions, model)
USE_LIST(use_channels, mr_channel, mr_model_list_channels, model)
USE_LIST(use_version_artifacts, mr_artifact, mr_version_list_artifacts, version)
USE_LIST(use_version_inputs, mr_input, mr_version_list_inputs, version)
USE_LIST(use_gates, mr_gate, mr_registry_list_gates, registry)
USE_LIST(use_moves, mr_channel_move, mr_model_list_channel_moves, model)

static char channel[48];
static api_memory memory;
static const char *const pattern[] = {"*"};

static void make_open(api_world *w, any_struct *s) {
  (void)w;
  s->open = api_open_options(MR_OPEN_CREATE);
  s->open.artifact_root = "blobs";
  s->open.busy_timeout_ms = 1000;
  s->open.file_mode = 0600;
}

static void make_allocator(api_world *w, any_struct *s) {
  (void)w;
  api_memory_init(&memory);
  s->allocator = memory.allocator;
}

static void make_folder(api_world *w, any_struct *s) {
  s->folder = (mr_folder_options)MR_FOLDER_OPTIONS_INIT;
  s->folder.include = pattern;
  s->folder.include_count = 1;
  s->folder.cancel = w->cancel;
}

static void make_dataset(api_world *w, any_struct *s) {
  s->dataset = (mr_dataset_options)MR_DATASET_OPTIONS_INIT;
  s->dataset.freeze = 1;
  s->dataset.sample_count = 5;
  s->dataset.schema = s->dataset.source_uri = s->dataset.source_version = "text";
  s->dataset.cancel = w->cancel;
}

static void make_verify(api_world *w, any_struct *s) {
  s->verify = (mr_verify_options)MR_VERIFY_OPTIONS_INIT;
  s->verify.flags = MR_VERIFY_ALLOW_EXTRA;
  s->verify.cancel = w->cancel;
}

static void make_fetch(api_world *w, any_struct *s) {
  s->fetch = (mr_fetch_options)MR_FETCH_OPTIONS_INIT;
  s->fetch.file_mode = 0600;
  s->fetch.cancel = w->cancel;
}

static void make_artifact(api_world *w, any_struct *s) {
  s->artifact = (mr_artifact_options)MR_ARTIFACT_OPTIONS_INIT;
  s->artifact.cancel = w->cancel;
}

static void make_link(api_world *w, any_struct *s) {
  s->link = (mr_link_options)MR_LINK_OPTIONS_INIT;
  s->link.path = w->fresh_name;
  s->link.uri = "s3://bucket/key";
  s->link.digest = w->digest;
  s->link.size = 3;
}

static void make_gate(api_world *w, any_struct *s) {
  (void)w;
  s->gate = (mr_gate_options)MR_GATE_OPTIONS_INIT;
  s->gate.model = "digits";
  s->gate.transition = "promote";
}

static void make_detach(api_world *w, any_struct *s) {
  make_gate(w, s);
  s->gate.transition = NULL; /* promote, so that a shorter struct means the same */
}

static void make_model(api_world *w, any_struct *s) {
  (void)w;
  s->model = (mr_model_options)MR_MODEL_OPTIONS_INIT;
  s->model.description = "text";
}

static void make_run(api_world *w, any_struct *s) {
  s->run = (mr_run_options)MR_RUN_OPTIONS_INIT;
  s->run.kind = MR_RUN_KIND_EVALUATION;
  s->run.name = s->run.source_commit = s->run.source_entry_point = "text";
  s->run.environment_host = s->run.environment_packages_digest = "text";
  s->run.environment_image_digest = "text";
  s->run.parent_run_id = w->run_id;
  s->run.source_state = MR_SOURCE_STATE_DIRTY;
  s->run.tag_keys = s->run.tag_values = pattern;
  s->run.tag_count = 1;
}

static void make_input(api_world *w, any_struct *s) {
  s->input = (mr_input_options)MR_INPUT_OPTIONS_INIT;
  s->input.role = "training";
  s->input.dataset_run_id = w->dataset_id;
}

static void make_check(api_world *w, any_struct *s) {
  s->check = (mr_check_options)MR_CHECK_OPTIONS_INIT;
  s->check.reporter = s->check.note = "text";
  s->check.evidence_path = w->file;
  s->check.cancel = w->cancel;
}

static void make_lineage(api_world *w, any_struct *s) {
  s->lineage = (mr_lineage_options)MR_LINEAGE_OPTIONS_INIT;
  s->lineage.direction = MR_LINEAGE_DIRECTION_BOTH;
  s->lineage.dataset_digest = w->digest;
  s->lineage.depth = 2;
  s->lineage.limit = 3;
  s->lineage.cancel = w->cancel;
}

static void make_fsck(api_world *w, any_struct *s) {
  s->fsck = (mr_fsck_options)MR_FSCK_OPTIONS_INIT;
  s->fsck.flags = MR_FSCK_QUICK;
  s->fsck.limit = 3;
  s->fsck.cancel = w->cancel;
}

static void make_backup(api_world *w, any_struct *s) {
  s->backup = (mr_backup_options)MR_BACKUP_OPTIONS_INIT;
  s->backup.cancel = w->cancel;
}

static void make_run_list(api_world *w, any_struct *s) {
  (void)w;
  s->run_list = (mr_run_list_options)MR_RUN_LIST_OPTIONS_INIT;
  s->run_list.kind = MR_RUN_KIND_TRAINING;
  s->run_list.status = MR_RUN_STATUS_FINISHED;
  s->run_list.experiment = "digits";
  s->run_list.limit = 2;
  s->run_list.token = "R1000";
}

static void make_list(api_world *w, any_struct *s) {
  (void)w;
  s->list = (mr_list_options)MR_LIST_OPTIONS_INIT;
  s->list.limit = 2;
}

static void make_history(api_world *w, any_struct *s) {
  (void)w;
  s->history = (mr_history_options)MR_HISTORY_OPTIONS_INIT;
  s->history.flags = MR_HISTORY_FROM_STEP | MR_HISTORY_TO_STEP;
  s->history.to_step = 5;
}

static void make_promote(api_world *w, any_struct *s) {
  s->promote = (mr_promote_options)MR_PROMOTE_OPTIONS_INIT;
  s->promote.bump = MR_BUMP_PRERELEASE;
  s->promote.artifact_path = "model";
  s->promote.prerelease_id = "rc";
  s->promote.description = "text";
  s->promote.op_id = w->fresh_name;
  s->promote.cancel = w->cancel;
}

static void make_move(api_world *w, any_struct *s) {
  (void)snprintf(channel, sizeof channel, "%s-held", w->fresh_name);
  s->move = (mr_move_options)MR_MOVE_OPTIONS_INIT;
  s->move.channel = channel;
  s->move.version = w->number;
  s->move.expected = "none";
  s->move.reason = "text";
  s->move.op_id = w->fresh_name;
  s->move.cancel = w->cancel;
}

static void make_gate_list(api_world *w, any_struct *s) {
  (void)w;
  s->gate_list = (mr_gate_list_options)MR_GATE_LIST_OPTIONS_INIT;
  s->gate_list.model = "digits";
  s->gate_list.transition = "promote";
  s->gate_list.limit = 2;
  s->gate_list.token = "G1000";
}

static void make_evaluate(api_world *w, any_struct *s) {
  s->evaluate = (mr_evaluate_options)MR_EVALUATE_OPTIONS_INIT;
  s->evaluate.bump = MR_BUMP_PRERELEASE;
  s->evaluate.model = "digits";
  s->evaluate.transition = "promote";
  s->evaluate.run_id = w->fresh_run;
  s->evaluate.artifact_path = "model";
  s->evaluate.prerelease_id = "rc";
}

static void make_roll_back(api_world *w, any_struct *s) {
  s->roll_back = (mr_roll_back_options)MR_ROLL_BACK_OPTIONS_INIT;
  s->roll_back.channel = "moved";
  s->roll_back.expected = w->number;
  s->roll_back.version = w->spare_number;
  s->roll_back.reason = "text";
  s->roll_back.cancel = w->cancel;
}

static void make_clear(api_world *w, any_struct *s) {
  s->clear = (mr_clear_options)MR_CLEAR_OPTIONS_INIT;
  s->clear.channel = "moved";
  s->clear.expected = w->number;
  s->clear.reason = "text";
  s->clear.cancel = w->cancel;
}

static void make_move_list(api_world *w, any_struct *s) {
  (void)w;
  s->move_list = (mr_channel_move_list_options)MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
  s->move_list.channel = "moved";
  s->move_list.limit = 2;
  s->move_list.token = "C1000";
}

static void make_complete(api_world *w, any_struct *s) {
  s->complete = (mr_complete_options)MR_COMPLETE_OPTIONS_INIT;
  s->complete.cancel = w->cancel;
}

static void make_deprecate(api_world *w, any_struct *s) {
  s->deprecate = (mr_deprecate_options)MR_DEPRECATE_OPTIONS_INIT;
  s->deprecate.reason = "text";
  s->deprecate.replacement = w->number;
  s->deprecate.cancel = w->cancel;
}

static void make_yank(api_world *w, any_struct *s) {
  s->yank = (mr_yank_options)MR_YANK_OPTIONS_INIT;
  s->yank.channels = MR_YANK_CHANNELS_ROLL_BACK;
  s->yank.reason = "text";
  s->yank.replacement = w->number;
  s->yank.cancel = w->cancel;
}

static void make_request_list(api_world *w, any_struct *s) {
  (void)w;
  s->request_list = (mr_request_list_options)MR_REQUEST_LIST_OPTIONS_INIT;
  s->request_list.state = MR_REQUEST_STATE_ACCEPTED;
  s->request_list.model = "digits";
  s->request_list.limit = 2;
  s->request_list.token = "Q1000";
}

static void make_resolve(api_world *w, any_struct *s) {
  s->resolve = (mr_resolve_options)MR_RESOLVE_OPTIONS_INIT;
  s->resolve.flags = MR_RESOLVE_PRERELEASES;
  s->resolve.cancel = w->cancel;
  s->resolve.as_of_us = mr_version_info(w->version)->created_us;
}

#define UP_TO(type, field) (offsetof(type, field) + sizeof(((type *)0)->field))
#define LIST_ROW(use)                                                                              \
  {                                                                                                \
    "MR_LIST_OPTIONS_INIT", #use, use, make_list, sizeof(mr_list_options), 0,                      \
        offsetof(mr_list_options, reserved)                                                        \
  }

const struct_row struct_rows[] = {
    {"MR_OPEN_OPTIONS_INIT", "open", use_open, make_open, sizeof(mr_open_options),
     UP_TO(mr_open_options, flags), offsetof(mr_open_options, reserved)},
    {"MR_ALLOCATOR_INIT", "open", use_allocator, make_allocator, sizeof(mr_allocator),
     UP_TO(mr_allocator, deallocate), 0},
    {"MR_FOLDER_OPTIONS_INIT", "add_folder", use_folder, make_folder, sizeof(mr_folder_options), 0,
     offsetof(mr_folder_options, reserved)},
    {"MR_DATASET_OPTIONS_INIT", "log_dataset", use_dataset, make_dataset,
     sizeof(mr_dataset_options), 0, 0},
    {"MR_VERIFY_OPTIONS_INIT", "dataset", use_verify_dataset, make_verify,
     sizeof(mr_verify_options), 0, 0},
    {"MR_VERIFY_OPTIONS_INIT", "version", use_verify_version, make_verify,
     sizeof(mr_verify_options), 0, 0},
    {"MR_FETCH_OPTIONS_INIT", "dataset", use_fetch_dataset, make_fetch, sizeof(mr_fetch_options), 0,
     0},
    {"MR_FETCH_OPTIONS_INIT", "version", use_fetch_version, make_fetch, sizeof(mr_fetch_options), 0,
     0},
    {"MR_ARTIFACT_OPTIONS_INIT", "log_artifact", use_artifact, make_artifact,
     sizeof(mr_artifact_options), 0, offsetof(mr_artifact_options, reserved)},
    {"MR_LINK_OPTIONS_INIT", "log_artifact_link", use_link, make_link, sizeof(mr_link_options),
     UP_TO(mr_link_options, digest), offsetof(mr_link_options, reserved)},
    {"MR_GATE_OPTIONS_INIT", "attach_gate", use_attach, make_gate, sizeof(mr_gate_options),
     UP_TO(mr_gate_options, model), 0},
    {"MR_GATE_OPTIONS_INIT", "open_gate", use_open_gate, make_gate, sizeof(mr_gate_options),
     UP_TO(mr_gate_options, model), 0},
    {"MR_GATE_OPTIONS_INIT", "detach_gate", use_detach, make_detach, sizeof(mr_gate_options),
     UP_TO(mr_gate_options, model), 0},
    {"MR_GATE_LIST_OPTIONS_INIT", "list_gates", use_gates, make_gate_list,
     sizeof(mr_gate_list_options), UP_TO(mr_gate_list_options, model), 0},
    {"MR_EVALUATE_OPTIONS_INIT", "evaluate_gate", use_evaluate, make_evaluate,
     sizeof(mr_evaluate_options), UP_TO(mr_evaluate_options, run_id), 0},
    {"MR_MODEL_OPTIONS_INIT", "create_model", use_model, make_model, sizeof(mr_model_options), 0,
     offsetof(mr_model_options, reserved)},
    {"MR_RUN_OPTIONS_INIT", "start_run", use_run, make_run, sizeof(mr_run_options), 0,
     offsetof(mr_run_options, reserved)},
    {"MR_INPUT_OPTIONS_INIT", "log_input", use_input, make_input, sizeof(mr_input_options),
     UP_TO(mr_input_options, dataset_run_id), offsetof(mr_input_options, reserved)},
    {"MR_CHECK_OPTIONS_INIT", "log_check", use_check, make_check, sizeof(mr_check_options), 0,
     offsetof(mr_check_options, reserved)},
    {"MR_LINEAGE_OPTIONS_INIT", "lineage", use_lineage, make_lineage, sizeof(mr_lineage_options),
     UP_TO(mr_lineage_options, dataset_digest), 0},
    {"MR_RUN_LIST_OPTIONS_INIT", "list_runs", use_run_list, make_run_list,
     sizeof(mr_run_list_options), 0, offsetof(mr_run_list_options, reserved)},
    {"MR_REQUEST_LIST_OPTIONS_INIT", "list_requests", use_request_list, make_request_list,
     sizeof(mr_request_list_options), 0, 0},
    {"MR_HISTORY_OPTIONS_INIT", "history", use_history, make_history, sizeof(mr_history_options), 0,
     0},
    {"MR_PROMOTE_OPTIONS_INIT", "promote", use_promote, make_promote, sizeof(mr_promote_options), 0,
     0},
    {"MR_MOVE_OPTIONS_INIT", "move", use_move, make_move, sizeof(mr_move_options),
     UP_TO(mr_move_options, expected), offsetof(mr_move_options, reserved)},
    {"MR_ROLL_BACK_OPTIONS_INIT", "roll_back", use_roll_back, make_roll_back,
     sizeof(mr_roll_back_options), UP_TO(mr_roll_back_options, expected),
     offsetof(mr_roll_back_options, reserved)},
    {"MR_CLEAR_OPTIONS_INIT", "clear", use_clear, make_clear, sizeof(mr_clear_options),
     UP_TO(mr_clear_options, expected), offsetof(mr_clear_options, reserved)},
    {"MR_CHANNEL_MOVE_LIST_OPTIONS_INIT", "list_moves", use_moves, make_move_list,
     sizeof(mr_channel_move_list_options), UP_TO(mr_channel_move_list_options, channel),
     offsetof(mr_channel_move_list_options, reserved)},
    {"MR_COMPLETE_OPTIONS_INIT", "complete", use_complete, make_complete,
     sizeof(mr_complete_options), 0, offsetof(mr_complete_options, reserved)},
    {"MR_DEPRECATE_OPTIONS_INIT", "deprecate", use_deprecate, make_deprecate,
     sizeof(mr_deprecate_options), UP_TO(mr_deprecate_options, reason),
     offsetof(mr_deprecate_options, reserved)},
    {"MR_YANK_OPTIONS_INIT", "yank", use_yank, make_yank, sizeof(mr_yank_options),
     UP_TO(mr_yank_options, reason), 0},
    {"MR_RESOLVE_OPTIONS_INIT", "resolve", use_resolve, make_resolve, sizeof(mr_resolve_options), 0,
     0},
    {"MR_FSCK_OPTIONS_INIT", "fsck", use_fsck, make_fsck, sizeof(mr_fsck_options), 0, 0},
    {"MR_BACKUP_OPTIONS_INIT", "backup", use_backup, make_backup, sizeof(mr_backup_options), 0,
     offsetof(mr_backup_options, reserved)},
    LIST_ROW(use_experiments),
    LIST_ROW(use_datasets),
    LIST_ROW(use_models),
    LIST_ROW(use_params),
    LIST_ROW(use_tags),
    LIST_ROW(use_inputs),
    LIST_ROW(use_checks),
    LIST_ROW(use_metrics),
    LIST_ROW(use_artifacts),
    LIST_ROW(use_versions),
    LIST_ROW(use_channels),
    LIST_ROW(use_version_artifacts),
    LIST_ROW(use_version_inputs),
    {NULL, NULL, NULL, NULL, 0, 0, 0},
};
