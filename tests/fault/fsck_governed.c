/* SPDX-License-Identifier: Apache-2.0 */
#include "fsck_governed.h"

/* --- what is in it ------------------------------------------------------------------------ */

static void attach(mr_registry *registry, const char *model, const char *transition,
                   const char *text) {
  mr_gate *gate = NULL;
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  options.model = model;
  options.transition = transition;
  if (model == NULL) options.flags = MR_GATE_DEFAULT;
  OK(mr_gate_parse(text, &gate, &api_error));
  OK(mr_registry_attach_gate(registry, gate, &options, &api_error));
  mr_gate_free(gate);
}

static void fill_gates(mr_registry *registry) {
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  attach(registry, NULL, "promote", "team: tags.team = 'vision'");
  attach(registry, "digits", "promote", "accuracy: metrics.accuracy >= 0.8");
  attach(registry, "digits", "promote",
         "accuracy: metrics.accuracy >= 0.9\n"
         "holdout: evaluations.holdout.metrics.auc >= 0.8\n"
         "audit: checks.audit = 'passed'");
  attach(registry, "digits", "channel/production",
         "better: incumbent IS NULL OR metrics.accuracy >= incumbent.metrics.accuracy - 0.5");
  attach(registry, "digits", "channel/waiting", "approved: approvals.risk >= 1");
  attach(registry, "letters", "promote", "accuracy: metrics.accuracy >= 0.5");
  options.model = "letters";
  OK(mr_registry_detach_gate(registry, &options, &api_error));
}

/* A finished run with an evaluation and a dataset that it used. */
static void make_candidate(mr_registry *registry, double accuracy, bool audited, char id[40]) {
  mr_run *run = api_make_run(registry, accuracy);
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  input.role = "training";
  input.dataset_digest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  OK(mr_run_log_input(run, &input, &api_error));
  (void)snprintf(id, 40, "%s", mr_run_info(run)->id);
  mr_run_free(run);
  governed_evaluate(registry, id, "holdout");
  if (audited) governed_audit(registry, id);
}

static mr_request *propose(mr_model *model, const char *run_id, mr_promote_options options) {
  mr_request *request = NULL;
  options.artifact_path = "model";
  OK(mr_model_promote(model, run_id, &options, &request, &api_error));
  return request;
}

static void complete_third(mr_registry *registry, mr_request *request, const char *run_id) {
  mr_request *completed = NULL;
  governed_audit(registry, run_id);
  OK(mr_request_complete(request, NULL, &completed, &api_error));
  assert_int_equal(mr_request_info(completed)->state, MR_REQUEST_STATE_ACCEPTED);
  mr_request_free(completed);
  mr_request_free(request);
}

static void fill_promotions(mr_registry *registry, mr_model *digits, mr_model *letters) {
  const mr_promote_options plain = MR_PROMOTE_OPTIONS_INIT;
  mr_promote_options options = plain;
  char run_id[40];
  for (int i = 0; i < 2; i++) {
    make_candidate(registry, 0.95, true, run_id);
    mr_request_free(propose(digits, run_id, plain));
  }
  make_candidate(registry, 0.96, false, run_id);
  options.op_id = "op-3";
  options.description = "the third";
  options.bump = MR_BUMP_MAJOR;
  complete_third(registry, propose(digits, run_id, options), run_id);
  make_candidate(registry, 0.97, false, run_id);
  mr_request_free(propose(digits, run_id, plain));
  make_candidate(registry, 0.1, true, run_id);
  mr_request_free(propose(digits, run_id, plain));
  make_candidate(registry, 0.98, false, run_id);
  mr_request *request = propose(digits, run_id, plain);
  OK(mr_request_withdraw(request, "not this one", &api_error));
  mr_request_free(request);
  make_candidate(registry, 0.99, true, run_id);
  options = plain;
  options.version = "3.0.0-rc.1";
  mr_request_free(propose(digits, run_id, options));
  make_candidate(registry, 0.99, true, run_id);
  mr_request_free(propose(letters, run_id, plain));
}

static void move(mr_model *model, const char *channel, const char *version, const char *expected,
                 mr_request_state state) {
  mr_request *request = api_move(model, channel, version, expected);
  assert_int_equal(mr_request_info(request)->state, state);
  mr_request_free(request);
}

static void roll_back(mr_model *model, const char *expected) {
  mr_version *version = NULL;
  mr_roll_back_options options = MR_ROLL_BACK_OPTIONS_INIT;
  options.channel = "production";
  options.expected = expected;
  options.reason = "it was better before";
  OK(mr_model_roll_back_channel(model, &options, &version, &api_error));
  mr_version_free(version);
}

static void fill_channels(mr_model *model) {
  static const char *const names[] = {"production", "staging", "waiting", "empty"};
  mr_clear_options clear = MR_CLEAR_OPTIONS_INIT;
  for (size_t i = 0; i < 4; i++) OK(mr_model_create_channel(model, names[i], &api_error));
  move(model, "production", "1.0.0", "none", MR_REQUEST_STATE_ACCEPTED);
  move(model, "production", "1.1.0", "1.0.0", MR_REQUEST_STATE_ACCEPTED);
  roll_back(model, "1.1.0");
  move(model, "production", "2.0.0", "1.0.0", MR_REQUEST_STATE_ACCEPTED);
  clear.channel = "production";
  clear.expected = "2.0.0";
  clear.reason = "for a while";
  OK(mr_model_clear_channel(model, &clear, &api_error));
  roll_back(model, "none");
  move(model, "staging", "2.0.0", "none", MR_REQUEST_STATE_ACCEPTED);
}

static mr_version *find(mr_registry *registry, const char *number) {
  char reference[64];
  mr_version *version = NULL;
  (void)snprintf(reference, sizeof reference, "digits@%s", number);
  OK(mr_registry_resolve(registry, reference, NULL, &version, &api_error));
  return version;
}

static void yank(mr_registry *registry, const char *number, const char *replacement) {
  mr_yank_options options = MR_YANK_OPTIONS_INIT;
  mr_version *version = find(registry, number);
  options.reason = "it leaks";
  options.replacement = replacement;
  OK(mr_version_yank(version, &options, &api_error));
  mr_version_free(version);
}

static void unyank(mr_registry *registry, const char *number) {
  mr_version *version = find(registry, number);
  OK(mr_version_unyank(version, "it does not", &api_error));
  mr_version_free(version);
}

static void fill_statuses(mr_registry *registry) {
  mr_deprecate_options options = MR_DEPRECATE_OPTIONS_INIT;
  yank(registry, "2.0.0", "1.1.0");
  unyank(registry, "2.0.0");
  mr_version *version = find(registry, "1.0.0");
  options.reason = "it is old";
  options.replacement = "1.1.0";
  OK(mr_version_deprecate(version, &options, &api_error));
  mr_version_free(version);
  yank(registry, "1.0.0", NULL);
  unyank(registry, "1.0.0");
  version = find(registry, "3.0.0-rc.1");
  OK(mr_version_delete(version, "a trial", &api_error));
  mr_version_free(version);
}

static void read_names(sqlite3 *raw, const char *sql, fsck_name *names, int count) {
  sqlite3_stmt *stmt = NULL;
  assert_int_equal(sqlite3_prepare_v2(raw, sql, -1, &stmt, NULL), SQLITE_OK);
  for (int i = 1; i <= count; i++) {
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(stmt, 0), i);
    (void)snprintf(names[i], sizeof names[i], "%s", (const char *)sqlite3_column_text(stmt, 1));
  }
  assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
  assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
}

static void fill(const char *db) {
  mr_model *letters = NULL;
  mr_registry *registry = api_open(db, MR_OPEN_CREATE);
  mr_model *digits = api_make_model(registry);
  OK(mr_registry_create_model(registry, "letters", NULL, &letters, &api_error));
  fill_gates(registry);
  fill_promotions(registry, digits, letters);
  fill_channels(digits);
  fill_statuses(registry);
  move(digits, "waiting", "1.1.0", "none", MR_REQUEST_STATE_OPEN);
  mr_model_free(letters);
  mr_model_free(digits);
  mr_registry_close(registry);
}

static void read_all_names(fsck_governed *governed) {
  sqlite3 *raw = governed_look(governed->stage.place->db);
  read_names(raw, "SELECT id, uuid FROM request ORDER BY id", governed->requests, FSCK_REQUESTS);
  read_names(raw, "SELECT id, number FROM version ORDER BY id", governed->versions, FSCK_VERSIONS);
  read_names(raw,
             "SELECT id, lower(hex(gate_digest)) FROM gate_attachment WHERE id < 7 ORDER BY id",
             governed->gates, FSCK_ATTACHED);
  assert_int_equal(sqlite3_close(raw), SQLITE_OK);
}

int fsck_governed_setup(void **state) {
  static fsck_governed governed;
  if (api_setup(state) != 0) return -1;
  governed = (fsck_governed){.stage = {.place = *state}};
  *state = &governed;
  fill(governed.stage.place->db);
  fsck_stage_edit(&governed.stage, "UPDATE model SET id = id; PRAGMA wal_checkpoint(TRUNCATE)");
  read_all_names(&governed);
  fsck_stage_keep(&governed.stage);
  return 0;
}

/* --- what is said of it ------------------------------------------------------------------- */

static const char *name_of(const fsck_governed *governed, char kind, long number) {
  assert_true(number >= 1);
  switch (kind) {
  case 'q':
    assert_true(number <= FSCK_REQUESTS);
    return governed->requests[number];
  case 'v':
    assert_true(number <= FSCK_VERSIONS);
    return governed->versions[number];
  default:
    assert_true(kind == 'g' && number <= FSCK_ATTACHED);
    return governed->gates[number];
  }
}

/* {qN}, {vN} and {gN} as what they stand for. */
static void expand(const fsck_governed *governed, const char *text, char *out, size_t size) {
  size_t length = 0;
  while (*text != '\0' && length + 1 < size) {
    char *end = NULL;
    if (text[0] != '{') {
      out[length++] = *text++;
      continue;
    }
    long number = strtol(text + 2, &end, 10);
    assert_int_equal(*end, '}');
    length +=
        (size_t)snprintf(out + length, size - length, "%s", name_of(governed, text[1], number));
    text = end + 1;
  }
  assert_true(length < size);
  out[length] = '\0';
}

static bool is_found(const fsck_governed *governed, const mr_fsck *fsck, const fsck_damage *d) {
  char object[512];
  char words[512];
  expand(governed, d->object, object, sizeof object);
  expand(governed, d->words, words, sizeof words);
  for (int64_t i = 0; i < mr_fsck_count(fsck); i++) {
    const mr_finding_record *one = mr_fsck_at(fsck, i);
    assert_true(api_is_good_message(one->object));
    assert_true(api_is_good_message(one->message));
    assert_true(api_is_good_message(one->remedy));
    if (one->finding == d->finding && !one->is_note && !one->repaired &&
        strcmp(one->object, object) == 0 && strstr(one->message, words) != NULL) {
      return true;
    }
  }
  return false;
}

void fsck_governed_damage(const fsck_governed *governed, const fsck_damage *damages, size_t count) {
  size_t failures = 0;
  fsck_stage_clean(&governed->stage, 0);
  for (size_t i = 0; i < count; i++) {
    const fsck_damage *d = &damages[i];
    fsck_stage_restore(&governed->stage);
    fsck_stage_edit(&governed->stage, d->sql);
    mr_fsck *fsck = fsck_stage_check(&governed->stage, 0);
    bool good = is_found(governed, fsck, d) && mr_fsck_info(fsck)->error_count == d->errors;
    if (!good) {
      print_error("%s\n", d->sql);
      fsck_stage_print(fsck);
      failures++;
    }
    mr_fsck_free(fsck);
  }
  fsck_stage_restore(&governed->stage);
  assert_int_equal(failures, 0);
}

void fsck_governed_accept(const fsck_governed *governed, const char *const *changes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    fsck_stage_restore(&governed->stage);
    fsck_stage_edit(&governed->stage, changes[i]);
    fsck_stage_clean(&governed->stage, 0);
  }
  fsck_stage_restore(&governed->stage);
}
