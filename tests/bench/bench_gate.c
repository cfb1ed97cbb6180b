/* SPDX-License-Identifier: Apache-2.0 */
/* Judging a candidate by a gate of twenty rules, beside a bare SELECT for each. */
#include "bench.h"
#include <stdio.h>
#include <string.h>

enum { ROUNDS = 2000, RULES = 20 };

#define METRIC(column, key) "SELECT " column " FROM metric WHERE run_id = ?1 AND key = '" key "'"
#define PARAM(key)          "SELECT value, number FROM param WHERE run_id = ?1 AND key = '" key "'"
#define TAG(key)            "SELECT value FROM tag WHERE run_id = ?1 AND key = '" key "'"

/* ?1 is the run, ?2 the model, ?3 the id of the run. */
static const struct {
  const char *rule;
  const char *sql;
} rules[RULES] = {
    {"metrics.accuracy >= 0.9", METRIC("last_value", "accuracy")},
    {"metrics.auc >= 0.9 AND metrics.auc <= 1", METRIC("last_value", "auc")},
    {"max(metrics.loss) < 10", METRIC("max_value", "loss")},
    {"min(metrics.loss) < 0.5", METRIC("min_value", "loss")},
    {"count(metrics.loss) >= 3", METRIC("points", "loss")},
    {"metrics.latency_ms < 100 OR metrics.latency_ms IS NULL", METRIC("last_value", "latency_ms")},
    {"params.lr < 1", PARAM("lr")},
    {"params.optimizer IN ('adam', 'sgd')", PARAM("optimizer")},
    {"params.epochs >= 10", PARAM("epochs")},
    {"tags.team LIKE 'vision%'", TAG("team")},
    {"tags.reviewed = 'yes'", TAG("reviewed")},
    {"attributes.experiment = 'gate'",
     "SELECT e.name FROM run r JOIN experiment e ON e.id = r.experiment_id WHERE r.id = ?1"},
    {"inputs.training.digest IS NOT NULL",
     "SELECT digest FROM input WHERE run_id = ?1 AND role = 'training'"},
    {"checks.bias = 'passed'", "SELECT result FROM run_check WHERE run_id = ?1 AND name = 'bias' "
                               "ORDER BY id DESC LIMIT 1"},
    {"checks.lint IN ('passed', 'skipped')",
     "SELECT result FROM run_check WHERE run_id = ?1 AND name = 'lint' ORDER BY id DESC LIMIT 1"},
    {"artifacts.*.format = 'json'", "SELECT format FROM artifact WHERE run_id = ?1"},
    {"artifacts.`model.json`.size < 1000000",
     "SELECT size FROM artifact WHERE run_id = ?1 AND path = 'model.json'"},
    {"evaluations.holdout.metrics.auc >= 0.9",
     "SELECT x.last_value FROM input i JOIN run e ON e.id = i.run_id "
     "JOIN metric x ON x.run_id = e.id AND x.key = 'auc' WHERE i.target = ?3 AND e.kind = 3 "
     "AND e.status = 2 AND e.name = 'holdout' ORDER BY e.id DESC LIMIT 1"},
    {"incumbent IS NULL OR metrics.accuracy >= incumbent.metrics.accuracy - 0.01",
     "SELECT x.last_value FROM version v JOIN metric x ON x.run_id = v.run_id "
     "AND x.key = 'accuracy' WHERE v.model_id = ?2 AND v.status = 1 AND v.released = 1 "
     "ORDER BY v.sort_key DESC LIMIT 1"},
    {"version.major < 100", "SELECT number FROM version WHERE model_id = ?2 AND status = 1 "
                            "AND released = 1 ORDER BY sort_key DESC LIMIT 1"},
};

typedef struct judging {
  mr_registry *registry;
  const mr_gate *gate; /* NULL for the one that is attached */
  char run[40];
  sqlite3_stmt *begin;
  sqlite3_stmt *commit;
  sqlite3_stmt *selects[RULES];
} judging;

static void judge_ours(void *ctx, int64_t round) {
  const judging *j = ctx;
  mr_decision *decision = NULL;
  mr_evaluate_options options = MR_EVALUATE_OPTIONS_INIT;
  (void)round;
  options.model = "gate";
  options.run_id = j->run;
  bench_check(mr_registry_evaluate_gate(j->registry, j->gate, &options, &decision, &bench_error));
  if (mr_decision_info(decision)->verdict != MR_VERDICT_PASSED) {
    for (int64_t i = 0; i < mr_decision_count(decision); i++) {
      const char *reason = mr_decision_at(decision, i)->reason;
      if (reason[0] != '\0') bench_die(reason);
    }
  }
  mr_decision_free(decision);
}

static void judge_baseline(void *ctx, int64_t round) {
  const judging *j = ctx;
  (void)round;
  bench_sqlite_read(j->begin);
  for (int i = 0; i < RULES; i++) {
    if (bench_sqlite_read(j->selects[i]) != 1) bench_die(sqlite3_sql(j->selects[i]));
  }
  bench_sqlite_read(j->commit);
}

/* A run that has all the rules ask for, but for what comes after training. */
static mr_run *start_candidate(mr_experiment *experiment) {
  static const char *const params[][2] = {{"lr", "0.1"}, {"optimizer", "adam"}, {"epochs", "20"}};
  mr_run *run = NULL;
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  input.role = "training";
  input.dataset_digest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  bench_check(mr_experiment_start_run(experiment, NULL, &run, &bench_error));
  for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
    bench_check(mr_run_log_param(run, params[i][0], params[i][1], &bench_error));
  }
  bench_check(mr_run_set_tag(run, "team", "vision-1", &bench_error));
  bench_check(mr_run_set_tag(run, "reviewed", "yes", &bench_error));
  bench_check(mr_run_log_metric(run, "accuracy", 0.97, 1, &bench_error));
  bench_check(mr_run_log_metric(run, "auc", 0.98, 1, &bench_error));
  bench_check(mr_run_log_metric(run, "latency_ms", 12, 1, &bench_error));
  for (int i = 1; i <= 3; i++) {
    bench_check(mr_run_log_metric(run, "loss", 0.9 / i, i, &bench_error));
  }
  bench_check(mr_run_log_artifact_bytes(run, "model.json", (const uint8_t *)"{}", 2, &bench_error));
  bench_check(mr_run_log_input(run, &input, &bench_error));
  return run;
}

static void make_candidate(mr_experiment *experiment, char id[40]) {
  mr_run *run = start_candidate(experiment);
  mr_run *holdout = NULL;
  mr_run_options options = MR_RUN_OPTIONS_INIT;
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  bench_check(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &bench_error));
  snprintf(id, 40, "%s", mr_run_info(run)->id);
  bench_check(mr_run_log_check(run, "bias", MR_CHECK_RESULT_PASSED, NULL, &bench_error));
  bench_check(mr_run_log_check(run, "lint", MR_CHECK_RESULT_PASSED, NULL, &bench_error));
  options.kind = MR_RUN_KIND_EVALUATION;
  options.name = "holdout";
  input.role = "candidate";
  input.run_id = id;
  bench_check(mr_experiment_start_run(experiment, &options, &holdout, &bench_error));
  bench_check(mr_run_log_metric(holdout, "auc", 0.95, 1, &bench_error));
  bench_check(mr_run_log_input(holdout, &input, &bench_error));
  bench_check(mr_run_finish(holdout, MR_RUN_STATUS_FINISHED, &bench_error));
  mr_run_free(holdout);
  mr_run_free(run);
}

static mr_gate *make_gate(void) {
  mr_gate *gate = NULL;
  bench_check(mr_gate_new(&gate, &bench_error));
  for (int i = 0; i < RULES; i++) {
    char name[16];
    snprintf(name, sizeof name, "rule %d", i + 1);
    bench_check(mr_gate_add_rule(gate, name, rules[i].rule, &bench_error));
  }
  return gate;
}

static void prepare_selects(judging *j, sqlite3 *db) {
  sqlite3_stmt *find = bench_sqlite_prepare(db, "SELECT id FROM run WHERE uuid = ?1");
  sqlite3_bind_text(find, 1, j->run, -1, SQLITE_STATIC);
  if (sqlite3_step(find) != SQLITE_ROW) bench_die("no run");
  int64_t run = sqlite3_column_int64(find, 0);
  sqlite3_finalize(find);
  int64_t model = bench_sqlite_int(db, "SELECT id FROM model WHERE name = 'gate'");
  j->begin = bench_sqlite_prepare(db, "BEGIN");
  j->commit = bench_sqlite_prepare(db, "COMMIT");
  for (int i = 0; i < RULES; i++) {
    j->selects[i] = bench_sqlite_prepare(db, rules[i].sql);
    int count = sqlite3_bind_parameter_count(j->selects[i]);
    sqlite3_bind_int64(j->selects[i], 1, run);
    if (count >= 2) sqlite3_bind_int64(j->selects[i], 2, model);
    if (count >= 3) sqlite3_bind_text(j->selects[i], 3, j->run, -1, SQLITE_STATIC);
  }
}

void bench_gate(const char *path) {
  judging j;
  mr_model *model = NULL;
  char number[64];
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  memset(&j, 0, sizeof j);
  options.model = "gate";
  mr_gate *gate = make_gate();
  j.registry = bench_registry(path);
  mr_experiment *experiment = bench_experiment(j.registry, "gate");
  bench_check(mr_registry_create_model(j.registry, "gate", NULL, &model, &bench_error));
  bench_check(mr_registry_attach_gate(j.registry, gate, &options, &bench_error));
  make_candidate(experiment, j.run);
  bench_promote_run(model, j.run, number);
  make_candidate(experiment, j.run);
  sqlite3 *db = bench_sqlite_open(path);
  prepare_selects(&j, db);
  const bench_pair attached = {"gate_20_rules_attached", "us", ROUNDS, 1, NULL, judge_ours, NULL,
                               judge_baseline,           &j};
  const bench_pair given = {"gate_20_rules_given", "us", ROUNDS, 1, NULL, judge_ours, NULL,
                            judge_baseline,        &j};
  bench_compare(&attached);
  j.gate = gate;
  bench_compare(&given);
  for (int i = 0; i < RULES; i++) sqlite3_finalize(j.selects[i]);
  sqlite3_finalize(j.begin);
  sqlite3_finalize(j.commit);
  sqlite3_close(db);
  mr_model_free(model);
  mr_experiment_free(experiment);
  mr_registry_close(j.registry);
  mr_gate_free(gate);
}
