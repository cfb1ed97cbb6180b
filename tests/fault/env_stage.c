/* SPDX-License-Identifier: Apache-2.0 */
#include "env_stage.h"

#include <errno.h>
#include <sys/stat.h>

/* --- the steps -------------------------------------------------------------------------------- */

static mr_status log_param(env_lab *lab, mr_error *error) {
  return mr_run_log_param(lab->run, "step", "1", error);
}

static mr_status set_tag(env_lab *lab, mr_error *error) {
  return mr_run_set_tag(lab->run, "step", "1", error);
}

static mr_status log_metric(env_lab *lab, mr_error *error) {
  mr_status status = mr_run_log_metric(lab->run, "step", 0.5, 1, error);
  return status == MR_OK ? mr_run_flush(lab->run, error) : status;
}

static mr_status log_bytes(env_lab *lab, mr_error *error) {
  static uint8_t bytes[70000];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 7 + (i >> 9));
  return mr_run_log_artifact_bytes(lab->run, "step/bytes", bytes, sizeof bytes, error);
}

static mr_status log_file(env_lab *lab, mr_error *error) {
  return mr_run_log_artifact(lab->run, api_path(lab->data, "large.bin"), "step/file", NULL, error);
}

static mr_status freeze(env_lab *lab, mr_error *error) {
  mr_manifest *manifest = NULL;
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  options.freeze = 1;
  mr_status status = mr_manifest_new(&manifest, error);
  if (status == MR_OK) status = mr_manifest_add_folder(manifest, lab->data, NULL, error);
  if (status == MR_OK)
    status = mr_experiment_log_dataset(lab->experiment, "step", manifest, &options, NULL, error);
  mr_manifest_free(manifest);
  return status;
}

static mr_status start(env_lab *lab, mr_error *error) {
  mr_run *run = NULL;
  mr_run_options options = MR_RUN_OPTIONS_INIT;
  options.name = "step";
  mr_status status = mr_experiment_start_run(lab->experiment, &options, &run, error);
  mr_run_free(run);
  return status;
}

static mr_status finish(env_lab *lab, mr_error *error) {
  return mr_run_finish(lab->ending, MR_RUN_STATUS_KILLED, error);
}

static mr_status create_model(env_lab *lab, mr_error *error) {
  return mr_registry_create_model(lab->registry, "step", NULL, NULL, error);
}

static mr_status create_channel(env_lab *lab, mr_error *error) {
  return mr_model_create_channel(lab->model, "step", error);
}

static mr_status attach(env_lab *lab, mr_error *error) {
  mr_gate *gate = NULL;
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  options.model = "digits";
  options.transition = "channel/later";
  mr_status status = mr_gate_parse("step: metrics.accuracy >= 0.5", &gate, error);
  if (status == MR_OK) status = mr_registry_attach_gate(lab->registry, gate, &options, error);
  mr_gate_free(gate);
  return status;
}

static mr_status promote(env_lab *lab, mr_error *error) {
  mr_request *request = NULL;
  mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
  options.artifact_path = "model";
  mr_status status = mr_model_promote(lab->model, lab->candidate, &options, &request, error);
  mr_request_free(request);
  return status;
}

static mr_status move(env_lab *lab, mr_error *error) {
  mr_request *request = NULL;
  mr_move_options options = MR_MOVE_OPTIONS_INIT;
  options.channel = "production";
  options.version = lab->number;
  options.expected = "none";
  mr_status status = mr_model_move_channel(lab->model, &options, &request, error);
  mr_request_free(request);
  return status;
}

static mr_status deprecate(env_lab *lab, mr_error *error) {
  mr_deprecate_options options = MR_DEPRECATE_OPTIONS_INIT;
  options.reason = "step";
  return mr_version_deprecate(lab->version, &options, error);
}

static mr_status fetch(env_lab *lab, mr_error *error) {
  return mr_version_fetch(lab->version, lab->out, NULL, NULL, error);
}

static mr_status back_up(env_lab *lab, mr_error *error) {
  return mr_registry_backup(lab->registry, lab->copy, NULL, NULL, error);
}

static mr_status create(env_lab *lab, mr_error *error) {
  mr_registry *registry = NULL;
  mr_open_options options = api_open_options(MR_OPEN_CREATE);
  mr_status status = mr_registry_open(lab->made, &options, &registry, error);
  mr_registry_close(registry);
  return status;
}

static mr_status open_again(env_lab *lab, mr_error *error) {
  mr_registry *registry = NULL;
  mr_open_options options = api_open_options(0);
  mr_status status = mr_registry_open(lab->db, &options, &registry, error);
  mr_registry_close(registry);
  return status;
}

static bool copy_is_there(const env_lab *lab) {
  if (!api_exists(lab->copy)) return false;
  env_whole_at(lab->copy);
  return true;
}

/* What a creation that was cut short leaves behind becomes a registry with the next one. */
static bool made_is_there(const env_lab *lab) {
  mr_registry *registry = NULL;
  mr_open_options options = api_open_options(0);
  if (mr_registry_open(lab->made, &options, &registry, &api_error) != MR_OK) return false;
  governed_check_whole(registry, 0);
  mr_registry_close(registry);
  return true;
}

static bool is_fetched(const env_lab *lab) {
  return mr_version_verify(lab->version, lab->out, NULL, NULL, &api_error) == MR_OK;
}

/* MR_RUN_STATUS_KILLED is 4, MR_VERSION_STATUS_DEPRECATED is 2. */
const env_step env_steps[] = {
    {"log_param", log_param, "SELECT count(*) FROM param WHERE key = 'step'", NULL},
    {"set_tag", set_tag, "SELECT count(*) FROM tag WHERE key = 'step'", NULL},
    {"log_metric", log_metric, NULL, NULL},
    {"log_bytes", log_bytes, "SELECT count(*) FROM artifact WHERE path = 'step/bytes'", NULL},
    {"log_file", log_file, "SELECT count(*) FROM artifact WHERE path = 'step/file'", NULL},
    {"freeze", freeze, "SELECT count(*) FROM dataset WHERE name = 'step'", NULL},
    {"start", start, "SELECT count(*) FROM run WHERE name = 'step' AND kind = 1", NULL},
    {"finish", finish, "SELECT count(*) FROM run WHERE status = 4", NULL},
    {"create_model", create_model, "SELECT count(*) FROM model WHERE name = 'step'", NULL},
    {"create_channel", create_channel, "SELECT count(*) FROM channel WHERE name = 'step'", NULL},
    {"attach", attach, "SELECT count(*) FROM gate_attachment WHERE transition = 'channel/later'",
     NULL},
    {"promote", promote, "SELECT count(*) - 1 FROM version", NULL},
    {"move", move, "SELECT count(*) FROM channel_move", NULL},
    {"deprecate", deprecate, "SELECT count(*) FROM version WHERE status = 2", NULL},
    {"fetch", fetch, NULL, is_fetched},
    {"back_up", back_up, NULL, copy_is_there},
    {"create", create, NULL, made_is_there},
    {"open_again", open_again, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

/* --- the lab ---------------------------------------------------------------------------------- */

void env_make_home(const api_place *place, char home[96]) {
  (void)snprintf(home, 96, "/dev/shm/modelreg_env_XXXXXX");
  if (mkdtemp(home) != NULL) return;
  (void)snprintf(home, 96, "%s/home", place->folder);
  CHILD(mkdir(home, 0755) == 0);
}

static void make_data(const char *folder) {
  static uint8_t bytes[1300000];
  if (api_exists(folder)) return;
  CHILD(mkdir(folder, 0755) == 0);
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 11 + (i >> 10));
  api_write_file(api_path(folder, "large.bin"), bytes, sizeof bytes);
  api_write_file(api_path(folder, "small.txt"), "small\n", 6);
}

static void open_handles(env_lab *lab) {
  OK(mr_registry_open_experiment(lab->registry, "digits", &lab->experiment, &api_error));
  OK(mr_experiment_start_run(lab->experiment, NULL, &lab->run, &api_error));
  OK(mr_experiment_start_run(lab->experiment, NULL, &lab->ending, &api_error));
  lab->model = api_make_model(lab->registry);
  OK(mr_model_open_version(lab->model, lab->number, &lab->version, &api_error));
}

void env_lab_open(env_lab *lab, const char *home, const char *data) {
  memset(lab, 0, sizeof *lab);
  (void)snprintf(lab->home, sizeof lab->home, "%s", home);
  (void)snprintf(lab->db, sizeof lab->db, "%s/R.db", home);
  (void)snprintf(lab->copy, sizeof lab->copy, "%s/copy.db", home);
  (void)snprintf(lab->made, sizeof lab->made, "%s/made.db", home);
  (void)snprintf(lab->out, sizeof lab->out, "%s/out", home);
  (void)snprintf(lab->data, sizeof lab->data, "%s", data);
  make_data(data);
  lab->registry = api_open(lab->db, MR_OPEN_CREATE);
  governed_prepare(lab->registry);
  governed_version(lab->registry, lab->number);
  governed_candidate(lab->registry, true, lab->candidate);
  open_handles(lab);
}

void env_lab_close(env_lab *lab) {
  static const char *const names[] = {"R.db", "copy.db", "made.db"};
  static const char *const ends[] = {"", "-wal", "-shm", "-journal", ".d"};
  mr_version_free(lab->version);
  mr_model_free(lab->model);
  mr_run_free(lab->ending);
  mr_run_free(lab->run);
  mr_experiment_free(lab->experiment);
  mr_registry_close(lab->registry);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    for (size_t k = 0; k < sizeof ends / sizeof ends[0]; k++) {
      char name[32];
      (void)snprintf(name, sizeof name, "%s%s", names[i], ends[k]);
      api_remove_tree(api_path(lab->home, name));
    }
  }
  api_remove_tree(lab->out);
}

/* --- what must hold --------------------------------------------------------------------------- */

bool env_is_named(const env_lab *lab, const mr_error *error) {
  return api_is_good_message(error->message) &&
         (strstr(error->message, lab->home) != NULL || strstr(error->message, lab->data) != NULL);
}

static bool is_among(int64_t number, const int *numbers) {
  while (*numbers != 0 && *numbers != number) numbers++;
  return *numbers != 0;
}

int env_take_steps(env_lab *lab, const int *numbers, bool refused[ENV_STEP_MAX]) {
  int count = 0;
  for (int i = 0; env_steps[i].name != NULL; i++) {
    mr_error error = MR_ERROR_INIT;
    mr_status status = env_steps[i].act(lab, &error);
    refused[i] = status != MR_OK;
    if (!refused[i]) continue;
    count++;
    bool typed = status == MR_IO && is_among(error.backend_code, numbers);
    /* A backup tells of content that it may not read as it does of damaged content. */
    bool unreadable = env_steps[i].act == back_up && status == MR_TAMPERED && numbers[0] == EACCES;
    bool good = (typed || unreadable) && env_is_named(lab, &error);
    if (!good) {
      print_error("%s: %s %lld: %s\n", env_steps[i].name, mr_status_name(status),
                  (long long)error.backend_code, error.message);
    }
    CHILD(good);
  }
  return count;
}

static bool is_done(const env_lab *lab, const env_step *step, sqlite3 *look, bool otherwise) {
  if (step->there != NULL) return step->there(lab);
  if (step->count == NULL) return otherwise;
  int64_t count = governed_count(look, step->count);
  if (count != 0 && count != 1) print_error("%s: %lld\n", step->name, (long long)count);
  CHILD(count == 0 || count == 1);
  return count == 1;
}

bool env_is_done(const env_lab *lab, const env_step *step, sqlite3 *look) {
  return is_done(lab, step, look, true);
}

static void check_step(env_lab *lab, const env_step *step, sqlite3 *look, bool refused) {
  bool done = is_done(lab, step, look, !refused);
  if (done == refused) print_error("%s: %s\n", step->name, done ? "done all the same" : "lost");
  CHILD(done != refused);
  if (refused) OK(step->act(lab, &api_error));
  CHILD(env_is_done(lab, step, look));
}

static int64_t count_points(env_lab *lab) {
  mr_history *history = NULL;
  OK(mr_run_history(lab->run, "step", NULL, &history, &api_error));
  int64_t count = mr_history_count(history);
  mr_history_free(history);
  return count;
}

void env_check_steps(env_lab *lab, const bool refused[ENV_STEP_MAX]) {
  sqlite3 *look = governed_look(lab->db);
  governed_check_whole(lab->registry, 0);
  governed_check(look);
  for (int i = 0; env_steps[i].name != NULL; i++) {
    check_step(lab, &env_steps[i], look, refused[i]);
  }
  /* A point that was taken is kept, whether or not it could be written at once: a second try logs
   * the same point again. */
  CHILD(count_points(lab) >= 1);
  governed_check(look);
  governed_check_file(look);
  CHILD(sqlite3_close(look) == SQLITE_OK);
  governed_check_whole(lab->registry, 0);
}

void env_whole_at(const char *db) {
  mr_registry *registry = api_open(db, 0);
  governed_check_whole(registry, 0);
  mr_registry_close(registry);
  governed_check_at(db);
}
