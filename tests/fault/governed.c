/* SPDX-License-Identifier: Apache-2.0 */
#include "governed.h"

/* --- what is in it ------------------------------------------------------------------------ */

static void attach(mr_registry *registry, const char *text, const mr_gate_options *options) {
  mr_gate *gate = NULL;
  OK(mr_gate_parse(text, &gate, &api_error));
  OK(mr_registry_attach_gate(registry, gate, options, &api_error));
  mr_gate_free(gate);
}

void governed_make_channel(mr_registry *registry, const char *name) {
  char transition[300];
  mr_model *model = NULL;
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  (void)snprintf(transition, sizeof transition, "channel/%s", name);
  options.model = "digits";
  options.transition = transition;
  attach(registry,
         "released: version.prerelease IS NULL\n"
         "audit: checks.audit = 'passed'\n"
         "better: incumbent IS NULL OR metrics.accuracy >= incumbent.metrics.accuracy - 0.1",
         &options);
  OK(mr_registry_open_model(registry, "digits", &model, &api_error));
  OK(mr_model_create_channel(model, name, &api_error));
  mr_model_free(model);
}

void governed_prepare(mr_registry *registry) {
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  mr_model_free(api_make_model(registry));
  options.flags = MR_GATE_DEFAULT;
  attach(registry, "team: tags.team = 'vision'", &options);
  options.flags = 0;
  options.model = "digits";
  attach(registry,
         "accuracy: metrics.accuracy >= 0.9\n"
         "holdout: evaluations.holdout.metrics.auc >= 0.8\n"
         "audit: checks.audit = 'passed'",
         &options);
  governed_make_channel(registry, "production");
}

void governed_evaluate(mr_registry *registry, const char *run_id, const char *split) {
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  mr_run_options options = MR_RUN_OPTIONS_INIT;
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  options.kind = MR_RUN_KIND_EVALUATION;
  options.name = "holdout";
  input.role = "subject";
  input.run_id = run_id;
  OK(mr_registry_open_experiment(registry, "digits", &experiment, &api_error));
  OK(mr_experiment_start_run(experiment, &options, &run, &api_error));
  OK(mr_run_log_input(run, &input, &api_error));
  if (split != NULL) OK(mr_run_set_tag(run, "split", split, &api_error));
  OK(mr_run_log_metric(run, "auc", 0.9, 1, &api_error));
  OK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &api_error));
  mr_run_free(run);
  mr_experiment_free(experiment);
}

void governed_audit(mr_registry *registry, const char *run_id) {
  mr_run *run = NULL;
  OK(mr_registry_open_run(registry, run_id, &run, &api_error));
  OK(mr_run_log_check(run, "audit", MR_CHECK_RESULT_PASSED, NULL, &api_error));
  mr_run_free(run);
}

void governed_candidate(mr_registry *registry, bool audited, char run_id[40]) {
  mr_run *run = api_make_run(registry, 0.95);
  (void)snprintf(run_id, 40, "%s", mr_run_info(run)->id);
  mr_run_free(run);
  governed_evaluate(registry, run_id, NULL);
  if (audited) governed_audit(registry, run_id);
}

void governed_core(const char *number, char core[40]) {
  (void)snprintf(core, 40, "%.*s", (int)strcspn(number, "+"), number);
}

void governed_version(mr_registry *registry, char number[40]) {
  char run_id[40];
  mr_version *version = NULL;
  governed_candidate(registry, true, run_id);
  mr_model *model = api_make_model(registry);
  mr_request *request = api_promote(model, run_id);
  OK(mr_request_version(request, &version, &api_error));
  governed_core(mr_version_info(version)->number, number);
  mr_version_free(version);
  mr_request_free(request);
  mr_model_free(model);
}

int64_t governed_held(mr_model *model, char held[40]) {
  mr_channel_page *page = NULL;
  OK(mr_model_list_channels(model, NULL, &page, &api_error));
  const mr_channel_record *record = mr_channel_page_at(page, 0);
  governed_core(record->version == NULL ? "none" : record->version, held);
  int64_t sequence = record->sequence;
  mr_channel_page_free(page);
  return sequence;
}

bool governed_pick(mr_model *model, uint64_t *random, const char *avoid, char number[40]) {
  mr_version_page *page = NULL;
  OK(mr_model_list_versions(model, NULL, &page, &api_error));
  int64_t count = mr_version_page_count(page);
  int64_t first = count == 0 ? 0 : (int64_t)(governed_random(random) % (uint64_t)count);
  bool found = false;
  for (int64_t i = 0; i < count && !found; i++) {
    const mr_version_record *record = mr_version_page_at(page, (first + i) % count);
    governed_core(record->number, number);
    found = record->status == MR_VERSION_STATUS_ACTIVE && strcmp(number, avoid) != 0;
  }
  mr_version_page_free(page);
  return found;
}

uint64_t governed_random(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

mr_registry *governed_create(const char *path, int versions) {
  char number[40];
  mr_registry *registry = api_open(path, MR_OPEN_CREATE);
  governed_prepare(registry);
  for (int i = 0; i < versions; i++) governed_version(registry, number);
  return registry;
}

typedef struct plan {
  const char *path;
  int versions;
} plan;

static void create_here(void *ctx) {
  const plan *p = ctx;
  api_seed(6999); /* of no process that writes to it later */
  mr_registry_close(governed_create(p->path, p->versions));
}

void governed_create_apart(const char *path, int versions) {
  plan p = {path, versions};
  api_wait(api_fork(create_here, &p));
}

/* --- looking at it ------------------------------------------------------------------------ */

sqlite3 *governed_look(const char *path) {
  sqlite3 *look = NULL;
  CHILD(sqlite3_open_v2(path, &look, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
  CHILD(sqlite3_busy_timeout(look, 3600000) == SQLITE_OK);
  return look;
}

static sqlite3_stmt *prepare(sqlite3 *look, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  int code = sqlite3_prepare_v2(look, sql, -1, &stmt, NULL);
  if (code != SQLITE_OK) print_error("%s: %s\n", sql, sqlite3_errmsg(look));
  CHILD(code == SQLITE_OK);
  return stmt;
}

int64_t governed_count(sqlite3 *look, const char *sql) {
  sqlite3_stmt *stmt = prepare(look, sql);
  CHILD(sqlite3_step(stmt) == SQLITE_ROW);
  int64_t count = sqlite3_column_int64(stmt, 0);
  CHILD(sqlite3_finalize(stmt) == SQLITE_OK);
  return count;
}

static void dump_value(FILE *out, sqlite3_stmt *stmt, int column) {
  const uint8_t *bytes = NULL;
  switch (sqlite3_column_type(stmt, column)) {
  case SQLITE_BLOB:
    bytes = sqlite3_column_blob(stmt, column);
    fputs(" x", out);
    for (int i = 0; i < sqlite3_column_bytes(stmt, column); i++) fprintf(out, "%02x", bytes[i]);
    break;
  case SQLITE_NULL:
    fputs(" NULL", out);
    break;
  default:
    fprintf(out, " '%s'", (const char *)sqlite3_column_text(stmt, column));
  }
}

static void dump_table(FILE *out, sqlite3 *look, const char *table) {
  char sql[128];
  (void)snprintf(sql, sizeof sql, "SELECT * FROM \"%s\" ORDER BY 1, 2", table);
  sqlite3_stmt *stmt = prepare(look, sql);
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    fputs(table, out);
    for (int i = 0; i < sqlite3_column_count(stmt); i++) dump_value(out, stmt, i);
    fputc('\n', out);
  }
  CHILD(sqlite3_finalize(stmt) == SQLITE_OK);
}

char *governed_dump(sqlite3 *look) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  CHILD(out != NULL);
  sqlite3_stmt *stmt =
      prepare(look, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    dump_table(out, look, (const char *)sqlite3_column_text(stmt, 0));
  }
  CHILD(sqlite3_finalize(stmt) == SQLITE_OK);
  CHILD(fclose(out) == 0);
  return text;
}

char *governed_dump_at(const char *path) {
  sqlite3 *look = governed_look(path);
  char *text = governed_dump(look);
  CHILD(sqlite3_close(look) == SQLITE_OK);
  return text;
}

/* --- what must hold ----------------------------------------------------------------------- */

typedef struct fact {
  const char *broken; /* what the rows that are counted would mean */
  const char *sql;
} fact;

#define LAST_DECISION                                                                              \
  "decision d ON d.request_id = q.id AND d.sequence = "                                            \
  "(SELECT max(e.sequence) FROM decision e WHERE e.request_id = q.id)"

/* MR_REQUEST_STATE_, MR_VERDICT_, MR_VERSION_STATUS_ and MR_CHANNEL_MOVE_KIND_ by their values. */
static const fact request_facts[] = {
    {"a version without the accepted request that made it",
     "SELECT count(*) FROM version v LEFT JOIN request q ON q.id = v.request_id "
     "WHERE q.id IS NULL OR q.state <> 2 OR q.transition <> 'promote' OR q.run_id <> v.run_id "
     "OR q.model_id <> v.model_id OR q.artifact_path <> v.artifact_path OR q.version <> v.number"},
    {"an accepted promotion without its one version",
     "SELECT count(*) FROM request q WHERE q.transition = 'promote' AND q.state = 2 "
     "AND (SELECT count(*) FROM version v WHERE v.request_id = q.id) <> 1"},
    {"a judged run that is not sealed",
     "SELECT count(*) FROM request q JOIN run r ON r.id = q.run_id "
     "WHERE r.sealed_by IS NULL OR r.sealed_by NOT IN (SELECT uuid FROM request)"},
    {"a sealed run without request", "SELECT count(*) FROM run WHERE sealed_by IS NOT NULL "
                                     "AND sealed_by NOT IN (SELECT uuid FROM request)"},
    {"a judged evaluation that is not sealed",
     "SELECT count(*) FROM request_evaluation e JOIN run r ON r.id = e.run_id "
     "WHERE r.sealed_by IS NULL"},
    {"a request whose tags were not kept",
     "SELECT count(*) FROM request q WHERE q.transition = 'promote' AND NOT EXISTS "
     "(SELECT 1 FROM request_tag t WHERE t.request_id = q.id AND t.key = 'team')"},
    {"a request with missing decisions",
     "SELECT count(*) FROM request q WHERE (SELECT count(*) FROM decision d "
     "WHERE d.request_id = q.id) <> coalesce((SELECT max(d.sequence) FROM decision d "
     "WHERE d.request_id = q.id), -1)"},
    {"a decision with missing rules",
     "SELECT count(*) FROM decision d JOIN request q ON q.id = d.request_id "
     "WHERE (SELECT count(*) FROM decision_rule r WHERE r.decision_id = d.id) <> "
     "CASE q.transition WHEN 'promote' THEN 4 ELSE 3 END"},
    {"a verdict that its rules do not bear out",
     "SELECT count(*) FROM decision d WHERE (d.verdict = 1) <> NOT EXISTS "
     "(SELECT 1 FROM decision_rule r WHERE r.decision_id = d.id AND r.verdict <> 1)"},
    {"a request in another state than its last decision says",
     "SELECT count(*) FROM request q JOIN " LAST_DECISION " WHERE d.verdict <> "
     "CASE q.state WHEN 2 THEN 1 WHEN 3 THEN 2 ELSE 3 END OR d.gate_digest <> q.gate_digest"},
    {"a request that is neither open nor closed",
     "SELECT count(*) FROM request WHERE (state = 1) <> (closed_us = 0) "
     "OR (state = 1) <> (closed_by IS NULL)"},
};

static const fact channel_facts[] = {
    {"a channel that holds something else than its last move says",
     "SELECT count(*) FROM channel c LEFT JOIN channel_move m ON m.channel_id = c.id "
     "AND m.sequence = c.sequence WHERE c.version_id IS NOT m.version_id "
     "OR (c.sequence > 0 AND (m.sequence IS NULL OR m.moved_us <> c.moved_us))"},
    {"a channel with missing moves",
     "SELECT count(*) FROM channel c WHERE c.sequence <> "
     "(SELECT count(*) FROM channel_move m WHERE m.channel_id = c.id)"},
    {"a move that does not begin where the one before it ended",
     "SELECT count(*) FROM channel_move m LEFT JOIN channel_move p "
     "ON p.channel_id = m.channel_id AND p.sequence = m.sequence - 1 "
     "WHERE m.previous_id IS NOT p.version_id OR (p.sequence IS NULL) <> (m.sequence = 1)"},
    {"a move whose request is not accepted, or is another's",
     "SELECT count(*) FROM channel_move m JOIN channel c ON c.id = m.channel_id "
     "JOIN request q ON q.id = m.request_id LEFT JOIN version v ON v.id = m.version_id "
     "WHERE q.state <> 2 OR q.transition <> 'channel/' || c.name OR q.version IS NOT v.number"},
    {"an accepted request without its one move",
     "SELECT count(*) FROM request q WHERE q.transition <> 'promote' AND q.state = 2 "
     "AND (SELECT count(*) FROM channel_move m WHERE m.request_id = q.id) <> 1"},
    {"a move round the gate",
     "SELECT count(*) FROM channel_move m WHERE m.request_id IS NULL AND m.version_id IS NOT NULL "
     "AND NOT EXISTS (SELECT 1 FROM channel_move p WHERE p.channel_id = m.channel_id "
     "AND p.version_id = m.version_id AND p.sequence < m.sequence AND p.request_id IS NOT NULL)"},
    {"a channel that holds a yanked or deleted version",
     "SELECT count(*) FROM channel c JOIN version v ON v.id = c.version_id WHERE v.status >= 3"},
};

static const fact version_facts[] = {
    {"a version in another status than its last change says",
     "SELECT count(*) FROM version v LEFT JOIN version_change c ON c.version_id = v.id "
     "AND c.sequence = (SELECT max(e.sequence) FROM version_change e WHERE e.version_id = v.id) "
     "WHERE v.status <> coalesce(c.status, 1) OR v.replacement_id IS NOT c.replacement_id "
     "OR v.status_us <> coalesce(c.created_us, v.created_us)"},
    {"a version with missing changes",
     "SELECT count(*) FROM version v WHERE (SELECT count(*) FROM version_change c "
     "WHERE c.version_id = v.id) <> coalesce((SELECT max(c.sequence) FROM version_change c "
     "WHERE c.version_id = v.id), 0)"},
    {"a change that is later than the registry",
     "SELECT count(*) FROM governance g WHERE g.time_us < (SELECT max(t) FROM "
     "(SELECT max(created_us) AS t FROM version UNION ALL SELECT max(created_us) "
     "FROM version_change UNION ALL SELECT max(moved_us) FROM channel_move "
     "UNION ALL SELECT max(closed_us) FROM request))"},
    {"a row without the one it refers to", "SELECT count(*) FROM pragma_foreign_key_check"},
};

static void check_facts(sqlite3 *look, const fact *facts, size_t count) {
  for (size_t i = 0; i < count; i++) {
    int64_t rows = governed_count(look, facts[i].sql);
    if (rows != 0) print_error("%s: %lld times\n", facts[i].broken, (long long)rows);
    CHILD(rows == 0);
  }
}

void governed_check(sqlite3 *look) {
  check_facts(look, request_facts, sizeof request_facts / sizeof request_facts[0]);
  check_facts(look, channel_facts, sizeof channel_facts / sizeof channel_facts[0]);
  check_facts(look, version_facts, sizeof version_facts / sizeof version_facts[0]);
}

void governed_check_file(sqlite3 *look) {
  CHILD(governed_count(look, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1);
}

void governed_check_at(const char *path) {
  sqlite3 *look = governed_look(path);
  governed_check(look);
  governed_check_file(look);
  CHILD(sqlite3_close(look) == SQLITE_OK);
}

int64_t governed_check_numbers(sqlite3 *look) {
  int64_t count = governed_count(look, "SELECT count(*) FROM version");
  CHILD(governed_count(look, "SELECT count(DISTINCT CAST(substr(number, 3) AS INTEGER)) "
                             "FROM version WHERE number LIKE '1.%.0+%'") == count);
  CHILD(count == 0 || governed_count(look, "SELECT max(CAST(substr(number, 3) AS INTEGER)) "
                                           "FROM version") == count - 1);
  return count;
}

void governed_check_promoted(mr_registry *registry, const char *request_id, const char *number) {
  mr_request *request = NULL;
  mr_version *version = NULL;
  char core[40];
  OK(mr_registry_open_request(registry, request_id, &request, &api_error));
  CHILD(mr_request_info(request)->state == MR_REQUEST_STATE_ACCEPTED);
  OK(mr_request_version(request, &version, &api_error));
  governed_core(mr_version_info(version)->number, core);
  CHILD(strcmp(core, number) == 0);
  CHILD(strcmp(mr_version_info(version)->request_id, request_id) == 0);
  OK(mr_version_verify(version, NULL, NULL, NULL, &api_error));
  mr_version_free(version);
  mr_request_free(request);
}

const mr_channel_move_record *governed_move_at(const mr_channel_move_page *moves, int64_t sequence,
                                               const char *number) {
  char core[40];
  const mr_channel_move_record *r =
      mr_channel_move_page_at(moves, mr_channel_move_page_count(moves) - sequence);
  CHILD(r != NULL && r->sequence == sequence && r->version != NULL);
  governed_core(r->version, core);
  CHILD(strcmp(core, number) == 0);
  return r;
}

void governed_check_whole(mr_registry *registry, mr_fsck_flags flags) {
  mr_fsck *fsck = NULL;
  mr_fsck_options options = MR_FSCK_OPTIONS_INIT;
  options.flags = flags;
  OK(mr_registry_fsck(registry, &options, &fsck, &api_error));
  for (int64_t i = 0; i < mr_fsck_count(fsck); i++) {
    const mr_finding_record *finding = mr_fsck_at(fsck, i);
    if (!finding->is_note) print_error("%s: %s\n", finding->object, finding->message);
  }
  CHILD(mr_fsck_info(fsck)->row_count > 0);
  CHILD(mr_fsck_info(fsck)->error_count == 0);
  mr_fsck_free(fsck);
}
