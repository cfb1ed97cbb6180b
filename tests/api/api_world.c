/* SPDX-License-Identifier: Apache-2.0 */
/* The world in which all calls of the tables work. */
#include "api_calls.h"

#include <sys/stat.h>

const api_call *api_call_at(size_t index) {
  static const api_call *const tables[] = {api_lab_calls, api_govern_calls, api_release_calls,
                                           api_upkeep_calls};
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
    for (const api_call *row = tables[i]; row->name != NULL; row++) {
      if (index-- == 0) return row;
    }
  }
  return NULL;
}

static void fill_lab(api_world *w) {
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  mr_check_options check = MR_CHECK_OPTIONS_INIT;
  options.freeze = 1;
  OK(mr_registry_open_experiment(w->registry, "digits", &w->experiment, &api_error));
  OK(mr_experiment_start_run(w->experiment, NULL, &w->run, &api_error));
  (void)snprintf(w->run_id, sizeof w->run_id, "%s", mr_run_info(w->run)->id);
  OK(mr_run_log_artifact_bytes(w->run, "a.txt", (const uint8_t *)"abcdef", 6, &api_error));
  OK(mr_run_metric(w->run, "loss", &w->metric, &api_error));
  OK(mr_metric_log(w->metric, 0.5, 0, &api_error));
  OK(mr_run_history(w->run, "loss", NULL, &w->history, &api_error));
  OK(mr_run_open_artifact(w->run, "a.txt", &w->blob, &api_error));
  check.evidence_path = w->file;
  OK(mr_run_log_check(w->run, "lint", MR_CHECK_RESULT_PASSED, &check, &api_error));
  OK(mr_manifest_new(&w->manifest, &api_error));
  OK(mr_manifest_add_folder(w->manifest, w->folder, NULL, &api_error));
  OK(mr_experiment_log_dataset(w->experiment, "d", w->manifest, &options, &w->dataset, &api_error));
  (void)snprintf(w->dataset_id, sizeof w->dataset_id, "%s", mr_dataset_info(w->dataset)->run_id);
  (void)snprintf(w->digest, sizeof w->digest, "%s", mr_dataset_info(w->dataset)->digest);
  OK(mr_dataset_fetch(w->dataset, w->outside, NULL, &w->report, &api_error));
  OK(mr_registry_fsck(w->registry, NULL, &w->fsck, &api_error));
  OK(mr_cancel_new(&w->cancel, &api_error));
}

static mr_version *make_version(api_world *w, const mr_run *run, const char *path) {
  mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
  mr_request *request = NULL;
  mr_version *version = NULL;
  options.artifact_path = path;
  OK(mr_model_promote(w->model, mr_run_info(run)->id, &options, &request, &api_error));
  OK(mr_request_version(request, &version, &api_error));
  mr_request_free(request);
  return version;
}

static void fill_registry(api_world *w) {
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  mr_promote_options promote = MR_PROMOTE_OPTIONS_INIT;
  mr_run *run = api_make_run(w->registry, 0.99);
  /* A file of the dataset's name and content, so that the same folder verifies. */
  OK(mr_run_log_artifact_bytes(run, "data/a.txt", (const uint8_t *)"abcdef", 6, &api_error));
  OK(mr_registry_create_model(w->registry, "digits", NULL, &w->model, &api_error));
  OK(mr_gate_parse("accuracy: metrics.accuracy >= 0.9", &w->gate, &api_error));
  options.model = "digits";
  OK(mr_registry_attach_gate(w->registry, w->gate, &options, &api_error));
  promote.artifact_path = "data";
  OK(mr_model_promote(w->model, mr_run_info(run)->id, &promote, &w->request, &api_error));
  OK(mr_request_version(w->request, &w->version, &api_error));
  OK(mr_request_decision(w->request, &w->decision, &api_error));
  OK(mr_decision_text(w->decision, &w->buffer, &api_error));
  (void)snprintf(w->request_id, sizeof w->request_id, "%s", mr_request_info(w->request)->id);
  (void)snprintf(w->number, sizeof w->number, "%s", mr_version_info(w->version)->number);
  w->spare = make_version(w, run, "model/weights.bin");
  (void)snprintf(w->spare_number, sizeof w->spare_number, "%s", mr_version_info(w->spare)->number);
  w->doomed = make_version(w, run, "model/labels.json");
  mr_run_free(run);
}

static void move(api_world *w, const char *channel, const char *version, const char *expected,
                 mr_status wanted, mr_request **out_request) {
  mr_move_options options = MR_MOVE_OPTIONS_INIT;
  options.channel = channel;
  options.version = version;
  options.expected = expected;
  mr_status status = mr_model_move_channel(w->model, &options, out_request, &api_error);
  api_refused(status, wanted, NULL, channel, __FILE__, __LINE__);
}

/* A request that waits for an approval, and a channel that has something to go back to. */
static void fill_channels(api_world *w) {
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  mr_gate *gate = NULL;
  mr_request *request = NULL;
  options.model = "digits";
  options.transition = "channel/waiting";
  OK(mr_gate_parse("approved: approvals.risk >= 1", &gate, &api_error));
  OK(mr_registry_attach_gate(w->registry, gate, &options, &api_error));
  mr_gate_free(gate);
  OK(mr_model_create_channel(w->model, "waiting", &api_error));
  move(w, "waiting", w->number, "none", MR_OK, &w->open_request);
  (void)snprintf(w->open_request_id, sizeof w->open_request_id, "%s",
                 mr_request_info(w->open_request)->id);
  OK(mr_model_create_channel(w->model, "moved", &api_error));
  move(w, "moved", w->spare_number, "none", MR_OK, &request);
  mr_request_free(request);
}

void api_world_fill(api_world *w, const char *folder) {
  w->change = -1;
  (void)snprintf(w->folder, sizeof w->folder, "%s/data", folder);
  (void)snprintf(w->file, sizeof w->file, "%s/a.txt", w->folder);
  (void)snprintf(w->outside, sizeof w->outside, "%s/outside", folder);
  if (!api_exists(w->folder)) assert_int_equal(mkdir(w->folder, 0755), 0);
  api_write_file(w->file, "abcdef", 6);
  fill_lab(w);
  fill_registry(w);
  fill_channels(w);
  OK(mr_semver_parse("1.2.3", &w->semver, &api_error));
  OK(mr_semver_range_parse("^1.2", 0, &w->semver_range, &api_error));
  api_prepare(w);
  mr_registry *r = w->registry;
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  mr_lineage_options lineage = MR_LINEAGE_OPTIONS_INIT;
  mr_gate_list_options gates = MR_GATE_LIST_OPTIONS_INIT;
  mr_channel_move_list_options moves = MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
  input.role = "training";
  input.dataset_run_id = w->dataset_id;
  OK(mr_run_log_input(w->run, &input, &api_error));
  OK(mr_run_log_param(w->run, "lr", "0.1", &api_error));
  OK(mr_registry_list_experiments(r, NULL, &w->experiments, &api_error));
  OK(mr_registry_list_runs(r, NULL, &w->runs, &api_error));
  OK(mr_run_list_params(w->run, NULL, &w->params, &api_error));
  OK(mr_run_list_inputs(w->run, NULL, &w->inputs, &api_error));
  OK(mr_run_list_checks(w->run, NULL, &w->checks, &api_error));
  (void)snprintf(w->check_id, sizeof w->check_id, "%s", mr_check_page_at(w->checks, 0)->id);
  OK(mr_run_list_metrics(w->run, NULL, &w->metrics, &api_error));
  OK(mr_run_list_artifacts(w->run, NULL, &w->artifacts, &api_error));
  OK(mr_registry_list_datasets(r, NULL, &w->datasets, &api_error));
  OK(mr_registry_list_models(r, NULL, &w->models, &api_error));
  OK(mr_model_list_versions(w->model, NULL, &w->versions, &api_error));
  OK(mr_model_list_channels(w->model, NULL, &w->channels, &api_error));
  OK(mr_registry_list_requests(r, NULL, &w->requests, &api_error));
  gates.model = "digits";
  OK(mr_registry_list_gates(r, &gates, &w->gates, &api_error));
  moves.channel = "moved";
  OK(mr_model_list_channel_moves(w->model, &moves, &w->moves, &api_error));
  lineage.version = "digits@1.0.0";
  OK(mr_registry_lineage(r, &lineage, &w->lineage, &api_error));
}

static void prepare_gates(api_world *w) {
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  options.model = "digits";
  OK(mr_registry_attach_gate(w->registry, w->gate, &options, &api_error));
  options.transition = "channel/gated";
  OK(mr_registry_attach_gate(w->registry, w->gate, &options, &api_error));
}

/* The channel "moved" holds the version and held the spare one before. */
static void prepare_channel(api_world *w) {
  mr_version *held = NULL;
  mr_request *request = NULL;
  mr_status status = mr_registry_resolve(w->registry, "digits@moved", NULL, &held, &api_error);
  const char *number = status == MR_OK ? mr_version_info(held)->number : "none";
  if (strcmp(number, w->number) != 0) {
    move(w, "moved", w->number, number, MR_OK, &request);
    mr_request_free(request);
  }
  mr_version_free(held);
}

void api_prepare(api_world *w) {
  char channel[40];
  mr_run *run = api_make_run(w->registry, 0.99);
  (void)snprintf(w->fresh_run, sizeof w->fresh_run, "%s", mr_run_info(run)->id);
  mr_run_free(run);
  (void)snprintf(w->backup, sizeof w->backup, "%s-%u.db", w->folder, w->serial);
  (void)snprintf(w->fresh_name, sizeof w->fresh_name, "fresh-%u", w->serial++);
  (void)snprintf(channel, sizeof channel, "%s-held", w->fresh_name);
  OK(mr_model_create_channel(w->model, channel, &api_error));
  OK(mr_run_set_tag(w->run, "passing", "1", &api_error));
  OK(mr_version_unyank(w->spare, NULL, &api_error));
  OK(mr_version_undeprecate(w->spare, NULL, &api_error));
  prepare_gates(w);
  prepare_channel(w);
}

void api_world_free_handle(api_world *w, int number) {
  int at = 0;
#define FREE_ONE(handle, free_it)                                                                  \
  if (at++ == number) {                                                                            \
    free_it(w->handle);                                                                            \
    w->handle = NULL;                                                                              \
  }
  API_HANDLES(FREE_ONE)
}

void api_world_free(api_world *w) {
  for (int i = API_HANDLE_COUNT - 1; i >= 0; i--) api_world_free_handle(w, i);
}

int api_world_setup(void **state, api_world *w) {
  if (api_setup(state) != 0) return -1;
  const api_place *place = *state;
  memset(w, 0, sizeof *w);
  w->registry = api_open("memory:", MR_OPEN_CREATE);
  api_world_fill(w, place->folder);
  return 0;
}

int api_world_teardown(void **state, api_world *w) {
  api_world_free(w);
  mr_registry_close(w->registry);
  return api_teardown(state);
}
