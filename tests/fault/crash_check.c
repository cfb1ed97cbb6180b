/* SPDX-License-Identifier: Apache-2.0 */
#include "crash_work.h"

uint8_t *crash_content(const char *owner, const char *path, size_t size) {
  uint64_t state = UINT64_C(0xcbf29ce484222325);
  uint8_t *bytes = malloc(size + 1);
  CHILD(bytes != NULL);
  for (const char *c = owner; *c != 0; c++) state = (state ^ (uint8_t)*c) * 1099511628211u;
  for (const char *c = path; *c != 0; c++) state = (state ^ (uint8_t)*c) * 1099511628211u;
  for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(governed_random(&state) >> 32);
  return bytes;
}

/* --- whole -------------------------------------------------------------------------------- */

static void read_artifacts(mr_registry *registry, const char *run_id) {
  mr_run *run = NULL;
  mr_artifact_page *page = NULL;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  options.limit = MR_LIST_MAX_LIMIT;
  OK(mr_registry_open_run(registry, run_id, &run, &api_error));
  OK(mr_run_list_artifacts(run, &options, &page, &api_error));
  CHILD(mr_artifact_page_next_token(page) == NULL);
  for (int64_t i = 0; i < mr_artifact_page_count(page); i++) {
    mr_blob *blob = NULL;
    const uint8_t *data = NULL;
    const mr_artifact_record *r = mr_artifact_page_at(page, i);
    OK(mr_run_open_artifact(run, r->path, &blob, &api_error));
    OK(mr_blob_map(blob, &data, &api_error));
    CHILD(mr_blob_size(blob) == r->size);
    mr_blob_free(blob);
  }
  mr_artifact_page_free(page);
  mr_run_free(run);
}

static void read_every_artifact(mr_registry *registry) {
  mr_run_list_options options = MR_RUN_LIST_OPTIONS_INIT;
  mr_run_page *page = NULL;
  do {
    mr_run_page *next = NULL;
    options.limit = MR_LIST_MAX_LIMIT;
    options.token = mr_run_page_next_token(page);
    OK(mr_registry_list_runs(registry, &options, &next, &api_error));
    mr_run_page_free(page);
    page = next;
    for (int64_t i = 0; i < mr_run_page_count(page); i++) {
      read_artifacts(registry, mr_run_page_at(page, i)->id);
    }
  } while (mr_run_page_next_token(page) != NULL);
  mr_run_page_free(page);
}

/* Each was bumped from the one before it. */
static void check_numbers(mr_registry *registry) {
  mr_model *model = NULL;
  mr_version_page *page = NULL;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  mr_status status = mr_registry_open_model(registry, "digits", &model, &api_error);
  if (status == MR_NOT_FOUND) return;
  OK(status);
  options.limit = MR_LIST_MAX_LIMIT;
  OK(mr_model_list_versions(model, &options, &page, &api_error));
  int64_t count = mr_version_page_count(page);
  CHILD(mr_version_page_next_token(page) == NULL);
  for (int64_t i = 0; i < count; i++) {
    char core[40];
    char expected[40];
    governed_core(mr_version_page_at(page, count - 1 - i)->number, core);
    (void)snprintf(expected, sizeof expected, "1.%lld.0", (long long)i);
    CHILD(strcmp(core, expected) == 0);
  }
  mr_version_page_free(page);
  mr_model_free(model);
}

void crash_check_whole(const char *db) {
  mr_registry *registry = api_open(db, 0);
  governed_check_at(db);
  governed_check_whole(registry, 0);
  read_every_artifact(registry);
  check_numbers(registry);
  mr_registry_close(registry);
}

/* --- kept --------------------------------------------------------------------------------- */

/* What is logged on a run is durable with its next flush or its end. */
static bool is_due(const crash_ledger *ledger, int at, int count, bool power) {
  const crash_entry *e = &ledger->entries[at];
  if (!power || (e->what != CRASH_LOGGED && e->what != CRASH_STORED)) return true;
  for (int i = at + 1; i < count; i++) {
    const crash_entry *later = &ledger->entries[i];
    bool ends = later->what == CRASH_FLUSHED || later->what == CRASH_FINISHED;
    if (ends && strcmp(later->id, e->id) == 0) return true;
  }
  return false;
}

bool crash_promises_registry(const crash_ledger *ledger, int count, bool power) {
  for (int i = 0; i < count; i++) {
    if (is_due(ledger, i, count, power)) return true;
  }
  return false;
}

static void check_param(mr_run *run, const crash_entry *e) {
  mr_property_page *page = NULL;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  bool found = false;
  options.limit = MR_LIST_MAX_LIMIT;
  OK(mr_run_list_params(run, &options, &page, &api_error));
  for (int64_t i = 0; i < mr_property_page_count(page); i++) {
    const mr_property_record *r = mr_property_page_at(page, i);
    if (strcmp(r->key, e->text) == 0) found = strcmp(r->value, e->id) == 0;
  }
  CHILD(found);
  mr_property_page_free(page);
}

static void check_artifact(mr_run *run, const crash_entry *e) {
  mr_blob *blob = NULL;
  const uint8_t *data = NULL;
  size_t size = (size_t)e->number;
  uint8_t *expected = crash_content(e->id, e->text, size);
  OK(mr_run_open_artifact(run, e->text, &blob, &api_error));
  OK(mr_blob_map(blob, &data, &api_error));
  CHILD(mr_blob_size(blob) == e->number);
  CHILD(size == 0 || memcmp(data, expected, size) == 0);
  mr_blob_free(blob);
  free(expected);
}

/* At least the points of the entry, each as it was logged. */
static void check_points(mr_run *run, const crash_entry *e) {
  mr_history *history = NULL;
  if (e->number == 0) return;
  OK(mr_run_history(run, "loss", NULL, &history, &api_error));
  int64_t count = mr_history_count(history);
  CHILD(count >= e->number);
  for (int64_t i = 0; i < count; i++) {
    CHILD(mr_history_steps(history)[i] == i);
    CHILD(mr_history_values(history)[i] == (double)i);
  }
  mr_history_free(history);
}

static void check_report(mr_run *run, const crash_entry *e) {
  mr_check_page *page = NULL;
  OK(mr_run_list_checks(run, NULL, &page, &api_error));
  CHILD(mr_check_page_count(page) == 1);
  CHILD(strcmp(mr_check_page_at(page, 0)->name, e->text) == 0);
  CHILD(mr_check_page_at(page, 0)->result == MR_CHECK_RESULT_PASSED);
  mr_check_page_free(page);
}

static void check_run(mr_registry *registry, const crash_entry *e) {
  mr_run *run = NULL;
  OK(mr_registry_open_run(registry, e->id, &run, &api_error));
  if (e->what == CRASH_LOGGED) check_param(run, e);
  if (e->what == CRASH_STORED) check_artifact(run, e);
  if (e->what == CRASH_FLUSHED || e->what == CRASH_FINISHED) check_points(run, e);
  if (e->what == CRASH_FINISHED) CHILD(mr_run_info(run)->status == MR_RUN_STATUS_FINISHED);
  if (e->what == CRASH_CHECKED) check_report(run, e);
  mr_run_free(run);
}

static void check_dataset(mr_registry *registry, const crash_entry *e, const char *scratch) {
  mr_dataset *dataset = NULL;
  const char *folder = api_path(scratch, "fetched");
  OK(mr_registry_open_dataset(registry, e->id, &dataset, &api_error));
  const mr_dataset_record *r = mr_dataset_info(dataset);
  CHILD(r->frozen == 1 && strcmp(r->name, e->text) == 0 && strcmp(r->digest, e->digest) == 0);
  OK(mr_dataset_fetch(dataset, folder, NULL, NULL, &api_error));
  OK(mr_dataset_verify(dataset, folder, NULL, NULL, &api_error));
  mr_dataset_free(dataset);
  api_remove_tree(folder);
}

static void check_move(const mr_channel_move_page *moves, const crash_entry *e) {
  const mr_channel_move_record *r = governed_move_at(moves, e->number, e->text);
  CHILD(r->kind == MR_CHANNEL_MOVE_KIND_MOVED);
  CHILD(r->request_id != NULL && strcmp(r->request_id, e->id) == 0);
}

static void count_deeds(const crash_ledger *ledger, int from, int to, int64_t sums[2]) {
  for (int i = from; i < to; i++) {
    sums[0] += ledger->entries[i].what == CRASH_PROMOTED;
    sums[1] += ledger->entries[i].what == CRASH_MOVED;
  }
}

/* Of the call that was under way there is all or nothing, and of no other anything more. */
static void check_extent(const crash_ledger *ledger, int count, bool power, int64_t versions,
                         int64_t moves) {
  int inside = atomic_load(&ledger->inside);
  int64_t least[2] = {ledger->more_versions, ledger->more_moves};
  count_deeds(ledger, 0, count, least);
  int64_t most[2] = {least[0], least[1]};
  count_deeds(ledger, count, count + ledger->late, most);
  /* A cut may lie in any call after the last one that counts. */
  most[0] += power || inside == CRASH_PROMOTED;
  most[1] += power || inside == CRASH_MOVED;
  bool good = versions >= least[0] && versions <= most[0] && moves >= least[1] && moves <= most[1];
  if (!good) {
    print_error("%lld versions and %lld moves, told of %lld and %lld, within call %d\n",
                (long long)versions, (long long)moves, (long long)least[0], (long long)least[1],
                inside);
  }
  CHILD(good);
}

void crash_check_kept(const char *db, const char *scratch, const crash_ledger *ledger, int count,
                      bool power) {
  mr_model *model = NULL;
  mr_channel_move_page *moves = NULL;
  mr_channel_move_list_options options = MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
  if (!crash_promises_registry(ledger, count, power)) return;
  mr_registry *registry = api_open(db, 0);
  options.channel = "production";
  options.limit = MR_LIST_MAX_LIMIT;
  OK(mr_registry_open_model(registry, "digits", &model, &api_error));
  OK(mr_model_list_channel_moves(model, &options, &moves, &api_error));
  CHILD(mr_channel_move_page_next_token(moves) == NULL);
  check_extent(ledger, count, power, api_count_versions(model), mr_channel_move_page_count(moves));
  for (int i = 0; i < count; i++) {
    const crash_entry *e = &ledger->entries[i];
    if (!is_due(ledger, i, count, power)) continue;
    if (e->what >= CRASH_LOGGED && e->what <= CRASH_CHECKED) check_run(registry, e);
    if (e->what == CRASH_SNAPPED) check_dataset(registry, e, scratch);
    if (e->what == CRASH_PROMOTED) governed_check_promoted(registry, e->id, e->text);
    if (e->what == CRASH_MOVED) check_move(moves, e);
  }
  mr_channel_move_page_free(moves);
  mr_model_free(model);
  mr_registry_close(registry);
}
