/* SPDX-License-Identifier: Apache-2.0 */
#include "crash_work.h"
#include "victim.h"

#include <sys/stat.h>
#include <unistd.h>

enum { POINTS = 10, LARGE = (1 << 20) + 4321 };

crash_ledger *crash_ledger_open(const char *path, bool make) {
  return victim_share(path, sizeof(crash_ledger), make);
}

void crash_ledger_close(crash_ledger *ledger) {
  victim_unshare(ledger, sizeof *ledger);
}

static void begin(crash_work *w, crash_deed what) {
  atomic_store(&w->ledger->inside, (int)what);
}

static void acknowledge(crash_work *w, crash_deed what, const char *id, const char *text,
                        int64_t number) {
  int at = atomic_load(&w->ledger->count);
  CHILD(at < CRASH_ENTRIES);
  crash_entry *e = &w->ledger->entries[at];
  e->what = (int32_t)what;
  e->number = number;
  (void)snprintf(e->id, sizeof e->id, "%s", id);
  (void)snprintf(e->text, sizeof e->text, "%s", text);
  atomic_store(&w->ledger->count, at + 1);
  atomic_store(&w->ledger->inside, 0);
  if (w->acknowledged != NULL) w->acknowledged(w->ctx);
}

/* --- the lab ------------------------------------------------------------------------------ */

static void start_run(crash_work *w) {
  OK(mr_experiment_start_run(w->experiment, NULL, &w->run, &api_error));
  w->points = 0;
}

static void do_log(crash_work *w) {
  char key[32];
  const char *id = mr_run_info(w->run)->id;
  (void)snprintf(key, sizeof key, "p%06d", w->serial++);
  begin(w, CRASH_LOGGED);
  for (int i = 0; i < POINTS; i++) {
    OK(mr_run_log_metric(w->run, "loss", (double)(w->points + i), w->points + i, &api_error));
  }
  OK(mr_run_set_tag(w->run, "note a", w->note, &api_error));
  OK(mr_run_set_tag(w->run, "note b", w->note, &api_error));
  OK(mr_run_log_param(w->run, key, id, &api_error));
  w->points += POINTS;
  acknowledge(w, CRASH_LOGGED, id, key, w->points);
}

static void do_store(crash_work *w) {
  char path[40];
  const char *id = mr_run_info(w->run)->id;
  size_t size = governed_random(&w->random) % 24 == 0 ? LARGE : governed_random(&w->random) % 9000;
  (void)snprintf(path, sizeof path, "files/%06d.bin", w->serial++);
  uint8_t *bytes = crash_content(id, path, size);
  begin(w, CRASH_STORED);
  OK(mr_run_log_artifact_bytes(w->run, path, bytes, size, &api_error));
  acknowledge(w, CRASH_STORED, id, path, (int64_t)size);
  free(bytes);
}

static void do_flush(crash_work *w) {
  begin(w, CRASH_FLUSHED);
  OK(mr_run_flush(w->run, &api_error));
  acknowledge(w, CRASH_FLUSHED, mr_run_info(w->run)->id, "", w->points);
}

static void do_finish(crash_work *w) {
  begin(w, CRASH_FINISHED);
  OK(mr_run_finish(w->run, MR_RUN_STATUS_FINISHED, &api_error));
  acknowledge(w, CRASH_FINISHED, mr_run_info(w->run)->id, "", w->points);
  mr_run_free(w->run);
  start_run(w);
}

void crash_work_snapshot(crash_work *w) {
  char name[40];
  mr_manifest *manifest = NULL;
  mr_dataset *dataset = NULL;
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  options.freeze = 1;
  (void)snprintf(name, sizeof name, "d%06d", w->serial++);
  OK(mr_manifest_new(&manifest, &api_error));
  for (int i = 0; i < 3; i++) {
    char file[48];
    (void)snprintf(file, sizeof file, "%s.%d", name, i);
    const char *path = api_path(w->scratch, file);
    size_t size = 100 + (size_t)i * 3000;
    uint8_t *bytes = crash_content(name, file, size);
    FILE *out = fopen(path, "wb");
    CHILD(out != NULL && fwrite(bytes, 1, size, out) == size && fclose(out) == 0);
    free(bytes);
    OK(mr_manifest_add_file(manifest, path, NULL, &api_error));
  }
  begin(w, CRASH_SNAPPED);
  OK(mr_experiment_log_dataset(w->experiment, name, manifest, &options, &dataset, &api_error));
  const mr_dataset_record *r = mr_dataset_info(dataset);
  crash_entry *e = &w->ledger->entries[atomic_load(&w->ledger->count)];
  (void)snprintf(e->digest, sizeof e->digest, "%s", r->digest);
  acknowledge(w, CRASH_SNAPPED, r->run_id, name, 0);
  mr_dataset_free(dataset);
  mr_manifest_free(manifest);
}

/* --- governing ---------------------------------------------------------------------------- */

static void do_promote(crash_work *w) {
  char run_id[40];
  char number[40];
  governed_candidate(w->registry, false, run_id);
  begin(w, CRASH_CHECKED);
  governed_audit(w->registry, run_id);
  acknowledge(w, CRASH_CHECKED, run_id, "audit", 0);
  begin(w, CRASH_PROMOTED);
  mr_request *request = api_promote(w->model, run_id);
  CHILD(mr_request_info(request)->state == MR_REQUEST_STATE_ACCEPTED);
  governed_core(mr_request_info(request)->version, number);
  acknowledge(w, CRASH_PROMOTED, mr_request_info(request)->id, number, 0);
  mr_request_free(request);
}

static void do_move(crash_work *w) {
  char held[40];
  char number[40];
  int64_t sequence = governed_held(w->model, held);
  if (!governed_pick(w->model, &w->random, held, number)) return;
  begin(w, CRASH_MOVED);
  mr_request *request = api_move(w->model, "production", number, held);
  CHILD(mr_request_info(request)->state == MR_REQUEST_STATE_ACCEPTED);
  acknowledge(w, CRASH_MOVED, mr_request_info(request)->id, number, sequence + 1);
  mr_request_free(request);
}

/* --- all of it ---------------------------------------------------------------------------- */

void crash_work_open(crash_work *w) {
  mr_model *model = NULL;
  memset(w->note, 'n', sizeof w->note - 1);
  w->registry = api_open(w->db, MR_OPEN_CREATE);
  mr_status status = mr_registry_open_model(w->registry, "digits", &model, &api_error);
  mr_model_free(model);
  if (status == MR_NOT_FOUND) {
    governed_prepare(w->registry);
    acknowledge(w, CRASH_OPENED, "", "", 0);
  }
  w->model = api_make_model(w->registry);
  OK(mr_registry_open_experiment(w->registry, "digits", &w->experiment, &api_error));
  start_run(w);
}

void crash_work_count_more(crash_work *w) {
  mr_channel_move_page *moves = NULL;
  mr_channel_move_list_options options = MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
  options.channel = "production";
  options.limit = MR_LIST_MAX_LIMIT;
  OK(mr_model_list_channel_moves(w->model, &options, &moves, &api_error));
  w->ledger->more_versions = api_count_versions(w->model);
  w->ledger->more_moves = mr_channel_move_page_count(moves);
  for (int i = 0; i < atomic_load(&w->ledger->count); i++) {
    w->ledger->more_versions -= w->ledger->entries[i].what == CRASH_PROMOTED;
    w->ledger->more_moves -= w->ledger->entries[i].what == CRASH_MOVED;
  }
  mr_channel_move_page_free(moves);
}

bool crash_work_step(crash_work *w) {
  static void (*const steps[])(crash_work *) = {
      do_log,     do_log,     do_store, do_store, do_flush, do_finish, crash_work_snapshot,
      do_promote, do_promote, do_move,  do_move,
  };
  if (atomic_load(&w->ledger->count) > CRASH_ENTRIES - 8) return false;
  steps[governed_random(&w->random) % (sizeof steps / sizeof steps[0])](w);
  return true;
}

void crash_work_close(crash_work *w) {
  mr_run_free(w->run);
  mr_experiment_free(w->experiment);
  mr_model_free(w->model);
  mr_registry_close(w->registry);
}
