/* SPDX-License-Identifier: Apache-2.0 */
/* Rules over what comes after training: checks, evaluations, approvals, and the time in a channel.
 * All are tried without proposing anything, so that one run is looked at again and again. */
#include "contract.h"

#include <math.h>

static mr_run *run_of(const contract *c, mr_run_kind kind, const char *name) {
  mr_run *run = NULL;
  mr_run_options o = MR_RUN_OPTIONS_INIT;
  mr_experiment *experiment = contract_experiment(c, "evaluation");
  o.kind = kind;
  o.name = name;
  OK(mr_experiment_start_run(experiment, &o, &run, &error));
  mr_experiment_free(experiment);
  return run;
}

static mr_run *evaluation(const contract *c, const char *name) {
  return run_of(c, MR_RUN_KIND_EVALUATION, name);
}

static void use_run(mr_run *run, const char *id) {
  mr_input_options in = MR_INPUT_OPTIONS_INIT;
  in.role = "candidate";
  in.run_id = id;
  OK(mr_run_log_input(run, &in, &error));
}

static void use_version(mr_run *run, const char *reference) {
  mr_input_options in = MR_INPUT_OPTIONS_INIT;
  in.role = "candidate";
  in.version = reference;
  OK(mr_run_log_input(run, &in, &error));
}

/* A finished evaluation of a run with this AUC. */
static void evaluate(const contract *c, const char *name, const char *run_id, double auc) {
  mr_run *run = evaluation(c, name);
  use_run(run, run_id);
  OK(mr_run_log_metric(run, "auc", auc, 1, &error));
  contract_finish(run);
  mr_run_free(run);
}

static void report(mr_run *run, const char *name, mr_check_result result) {
  OK(mr_run_log_check(run, name, result, NULL, &error));
}

/* A trained run in model "m", to be tried for a promotion. */
static mr_evaluate_options promotion_of(const contract *c, mr_run **run) {
  mr_evaluate_options o = MR_EVALUATE_OPTIONS_INIT;
  mr_model_free(contract_model(c, "m"));
  *run = contract_trained(c, 0.9);
  contract_finish(*run);
  o.model = "m";
  o.run_id = mr_run_info(*run)->id;
  return o;
}

static void checks(void **state) {
  contract *c = *state;
  static const rule_case before[] = {
      {"checks.bias = 'passed'", 'u', "checks.bias is missing", "checks.bias is missing"},
      {"checks.bias != 'failed'", 'u', "missing", "missing"},
      {"checks.bias IS NULL", 'T', "checks.bias is missing", ""},
      {"checks.bias IS NOT NULL", 'f', "missing", "checks.bias is missing"},
      {"checks.* = 'passed'", 'u', "checks.*", "checks.*"},
      {"checks.* = 'passed' OR metrics.accuracy > 0.5", 'T', "0.9", ""},
      {"checks.bias = 'passed' AND metrics.accuracy > 0.95", 'F', "0.9|missing", "0.9"},
      {"checks.bias = 'passed' OR metrics.accuracy > 0.95", 'u', "0.9|missing", "missing"},
      {"checks.bias = 'passed' AND metrics.nothing > 1", 'U', "missing", "metrics.nothing"},
  };
  static const rule_case after[] = {
      {"checks.bias = 'passed'", 'T', "checks.bias = 'passed'", ""},
      {"checks.bias IS NOT NULL", 'T', "'passed'", ""},
      {"checks.lint = 'passed'", 'F', "checks.lint = 'failed'", "checks.lint is 'failed'"},
      {"checks.slow = 'skipped'", 'T', "'skipped'", ""},
      {"checks.slow IN ('passed', 'skipped')", 'T', "'skipped'", ""},
      {"checks.slow > 1", 'U', "'skipped'", "not a number"},
      {"checks.\"a b\" = 'passed' AND checks.x.y = 'passed'", 'T', "'passed'", ""},
      {"checks.other = 'passed'", 'u', "missing", "missing"},
      {"checks.* NOT LIKE 'n%'", 'T', "checks.bias", ""},
      {"checks.* = 'passed'", 'F', "'failed'", "and 1 more"},
  };
  static const rule_case superseded[] = {
      {"checks.bias = 'passed'", 'F', "checks.bias = 'failed'", "checks.bias is 'failed'"},
      {"checks.lint = 'passed'", 'T', "checks.lint = 'passed'", ""},
      {"checks.* = 'passed'", 'F', "'failed'", "checks.bias"},
      {"checks.* IN ('passed', 'failed', 'skipped')", 'T', "'failed'", ""},
  };
  mr_run *run = NULL;
  mr_evaluate_options o = promotion_of(c, &run);
  TRY(c, &o, before);
  mr_run *other = contract_trained(c, 0.9); /* what is said of another run is nothing here */
  report(other, "bias", MR_CHECK_RESULT_PASSED);
  TRY(c, &o, before);
  report(run, "bias", MR_CHECK_RESULT_PASSED);
  report(run, "lint", MR_CHECK_RESULT_FAILED);
  report(run, "slow", MR_CHECK_RESULT_SKIPPED);
  report(run, "a b", MR_CHECK_RESULT_PASSED);
  report(run, "x.y", MR_CHECK_RESULT_PASSED);
  TRY(c, &o, after);
  report(run, "bias", MR_CHECK_RESULT_PASSED);
  report(run, "bias", MR_CHECK_RESULT_FAILED);
  report(run, "lint", MR_CHECK_RESULT_PASSED);
  TRY(c, &o, superseded);
  mr_run_free(other);
  mr_run_free(run);
}

/* Only a finished evaluation of this very run counts, and of several the latest. */
static void the_latest_evaluation_counts(void **state) {
  contract *c = *state;
  static const rule_case none[] = {
      {"evaluations.holdout.metrics.auc >= 0.9", 'u', "evaluations.holdout.metrics.auc is missing",
       "evaluations.holdout.metrics.auc is missing"},
      {"evaluations.holdout.metrics.auc IS NULL", 'T', "missing", ""},
      {"evaluations.holdout.dataset.name = 'x'", 'u', "evaluations.holdout.dataset", "dataset"},
      {"evaluations.holdout.artifacts.*.size > 0", 'u', "evaluations.holdout.artifacts", "holdout"},
      {"evaluations.holdout.checks.* = 'passed'", 'u', "evaluations.holdout.checks", "holdout"},
      {"evaluations.*.metrics.auc >= 0.9", 'u', "evaluations.*", "evaluations.*"},
  };
  static const rule_case good[] = {
      {"evaluations.holdout.metrics.auc >= 0.9", 'T', "evaluations.holdout.metrics.auc = 0.95", ""},
      {"evaluations.holdout.metrics.auc >= 0.99", 'F', "0.95", "is 0.95, not >= 0.99"},
      {"evaluations.*.metrics.auc >= 0.9", 'T', "evaluations.holdout.metrics.auc = 0.95", ""},
      {"evaluations.other.metrics.auc >= 0.9", 'u', "missing", "missing"},
  };
  static const rule_case bad[] = {
      {"evaluations.holdout.metrics.auc >= 0.9", 'F', "= 0.5", "is 0.5, not >= 0.9"},
      {"evaluations.*.metrics.auc >= 0.9", 'F', "= 0.5", "evaluations.holdout.metrics.auc is 0.5"},
  };
  mr_run *run = NULL;
  mr_evaluate_options o = promotion_of(c, &run);
  const char *id = mr_run_info(run)->id;
  TRY(c, &o, none);
  mr_run *other = contract_trained(c, 0.9);
  evaluate(c, "holdout", mr_run_info(other)->id, 0.99); /* of another run */
  mr_run *first = evaluation(c, "holdout");
  use_run(first, id);
  OK(mr_run_log_metric(first, "auc", 0.95, 1, &error));
  TRY(c, &o, none); /* unfinished */
  mr_run *nameless = evaluation(c, NULL);
  use_run(nameless, id);
  contract_finish(nameless);
  TRY(c, &o, none);
  contract_finish(first);
  TRY(c, &o, good);
  static const mr_run_status ends[] = {MR_RUN_STATUS_FAILED, MR_RUN_STATUS_KILLED};
  for (int i = 0; i < 2; i++) {
    mr_run *lost = evaluation(c, "holdout");
    use_run(lost, id);
    OK(mr_run_log_metric(lost, "auc", 0.1, 1, &error));
    OK(mr_run_finish(lost, ends[i], &error));
    mr_run_free(lost);
  }
  mr_run *training = run_of(c, MR_RUN_KIND_TRAINING, "holdout"); /* fine-tuning */
  use_run(training, id);
  OK(mr_run_log_metric(training, "auc", 0.1, 1, &error));
  contract_finish(training);
  TRY(c, &o, good);
  evaluate(c, "holdout", id, 0.5);
  TRY(c, &o, bad);
  mr_run_free(training);
  mr_run_free(nameless);
  mr_run_free(first);
  mr_run_free(other);
  mr_run_free(run);
}

/* Everything of a run can be read below an evaluation. */
static void what_an_evaluation_tells(void **state) {
  contract *c = *state;
  static const rule_case cases[] = {
      {"evaluations.holdout.metrics.auc = 0.95", 'T', "0.95", ""},
      {"min(evaluations.holdout.metrics.auc) = 0.5", 'T',
       "min(evaluations.holdout.metrics.auc) = 0.5", ""},
      {"count(evaluations.holdout.metrics.auc) = 2", 'T', "2", ""},
      {"evaluations.holdout.metrics.bad > 0", 'U', "unreadable", "unreadable"},
      {"evaluations.holdout.metrics.nothing > 0", 'U', "missing", "missing"},
      {"evaluations.holdout.metrics.auc > metrics.accuracy", 'T', "0.95|0.9", ""},
      {"evaluations.holdout.params.threshold = 0.5", 'T', "'0.5'", ""},
      {"evaluations.holdout.params.none = 'x'", 'U', "missing", "missing"},
      {"evaluations.holdout.tags.team = 'risk'", 'T', "'risk'", ""},
      {"evaluations.holdout.attributes.kind = 'evaluation'", 'T', "'evaluation'", ""},
      {"evaluations.holdout.attributes.status = 'FINISHED'", 'T', "'FINISHED'", ""},
      {"evaluations.holdout.attributes.run_name = 'holdout'", 'T', "'holdout'", ""},
      {"evaluations.holdout.attributes.experiment = 'evaluation'", 'T', "'evaluation'", ""},
      {"evaluations.holdout.attributes.run_id != attributes.run_id", 'T', "run_id", ""},
      {"evaluations.holdout.inputs.candidate.run_id = attributes.run_id", 'T', "run_id", ""},
      {"evaluations.holdout.inputs.test.sample_count >= 5", 'T', "= 7", ""},
      {"evaluations.holdout.inputs.none.name = 'x'", 'U', "missing", "missing"},
      {"evaluations.holdout.dataset.name = 'held out'", 'T', "'held out'", ""},
      {"evaluations.holdout.dataset.name = 'second'", 'T', "'second'", ""},
      {"evaluations.holdout.dataset.context = 'none'", 'F', "'test'", "'none'"},
      {"evaluations.holdout.artifacts.\"report.json\".format = 'json'", 'T', "'json'", ""},
      {"evaluations.holdout.artifacts.*.format = 'json'", 'T', "\"report.json\"", ""},
      {"evaluations.holdout.artifacts.*.size > 2", 'F', "= 2", "report.json|is 2"},
      {"evaluations.holdout.checks.drift = 'passed'", 'T', "'passed'", ""},
      {"evaluations.holdout.checks.* = 'passed'", 'T', "'passed'", ""},
      {"evaluations.holdout.checks.none = 'passed'", 'u', "missing", "missing"},
      {"evaluations.\"a.b c\".metrics.auc = 0.4", 'T', "evaluations.\"a.b c\".metrics.auc = 0.4",
       ""},
      {"evaluations.\"a.b c\".artifacts.*.size > 2", 'U', "artifacts", "a.b c"}, /* has none */
      {"evaluations.\"a.b c\".checks.* = 'passed'", 'u', "checks", "a.b c"},
      {"evaluations.*.metrics.auc >= 0.4", 'T', "0.4|0.95", ""},
      {"evaluations.*.metrics.auc >= 0.5", 'F', "0.4|0.95",
       "evaluations.\"a.b c\".metrics.auc is 0.4"},
      {"evaluations.*.checks.drift = 'passed'", 'u', "'passed'|missing", "missing"},
      {"evaluations.*.dataset.name = 'held out'", 'U', "'held out'", "a.b c"}, /* has none */
  };
  mr_run *run = NULL;
  mr_evaluate_options o = promotion_of(c, &run);
  mr_dataset *held_out = contract_dataset(c, "held out", "1\n", 7);
  mr_dataset *second = contract_dataset(c, "second", "2\n", 1);
  mr_run *holdout = evaluation(c, "holdout");
  use_run(holdout, mr_run_info(run)->id);
  contract_use_dataset(holdout, "test", held_out);
  contract_use_dataset(holdout, "other", second);
  OK(mr_run_log_metric(holdout, "auc", 0.5, 1, &error));
  OK(mr_run_log_metric(holdout, "auc", 0.95, 2, &error));
  OK(mr_run_log_metric(holdout, "bad", (double)NAN, 1, &error));
  OK(mr_run_log_param(holdout, "threshold", "0.5", &error));
  OK(mr_run_set_tag(holdout, "team", "risk", &error));
  contract_put(holdout, "report.json", "{}");
  contract_finish(holdout);
  report(holdout, "drift", MR_CHECK_RESULT_PASSED);
  evaluate(c, "a.b c", mr_run_info(run)->id, 0.4);
  TRY(c, &o, cases);
  mr_run_free(holdout);
  mr_dataset_free(held_out);
  mr_dataset_free(second);
  mr_run_free(run);
}

/* An evaluation may name the run or any version made of it, but not of its other artifacts. */
static void evaluations_of_versions(void **state) {
  contract *c = *state;
  static const rule_case whole[] = {
      {"evaluations.staged.metrics.auc = 0.8", 'T', "0.8", ""},
      {"evaluations.elsewhere.metrics.auc = 0.7", 'T', "0.7", ""},
      {"evaluations.of_part.metrics.auc > 0", 'u', "missing", "missing"},
      {"evaluations.of_run.metrics.auc = 0.5", 'T', "0.5", ""},
      {"evaluations.*.metrics.auc > 0", 'T', "of_run|elsewhere|staged", ""},
      {"evaluations.twice.metrics.auc = 0.4", 'T', "0.4", ""},
  };
  static const rule_case part[] = {
      {"evaluations.staged.metrics.auc > 0", 'u', "missing", "missing"},
      {"evaluations.of_part.metrics.auc = 0.6", 'T', "0.6", ""},
      {"evaluations.of_run.metrics.auc = 0.5", 'T', "0.5", ""},
  };
  static const struct {
    const char *name;
    const char *reference;
    double auc;
  } of[] = {
      {"staged", "m@1.0.0", 0.8},
      {"elsewhere", "n@1.0.0", 0.7},
      {"of_part", "part@1.0.0", 0.6},
      {"twice", "m@1.0.0", 0.4},
  };
  mr_evaluate_options o = MR_EVALUATE_OPTIONS_INIT;
  mr_promote_options p = MR_PROMOTE_OPTIONS_INIT;
  static const char *const models[] = {"m", "n", "part"};
  mr_run *run = contract_trained(c, 0.9);
  const char *id = mr_run_info(run)->id;
  contract_put(run, "part/a.json", "{}");
  contract_finish(run);
  for (int i = 0; i < 3; i++) {
    mr_model *model = contract_model(c, models[i]);
    p.version = "1.0.0";
    p.artifact_path = i == 2 ? "part" : NULL;
    mr_version_free(contract_promote(model, run, &p));
    mr_model_free(model);
  }
  for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
    mr_run *e = evaluation(c, of[i].name);
    use_version(e, of[i].reference);
    if (i == 3) use_run(e, id);
    OK(mr_run_log_metric(e, "auc", of[i].auc, 1, &error));
    contract_finish(e);
    mr_run_free(e);
  }
  evaluate(c, "of_run", id, 0.5);
  o.transition = "channel/live";
  o.version = "1.0.0";
  o.model = "m";
  TRY(c, &o, whole);
  o.model = "n";
  TRY(c, &o, whole);
  o.model = "part";
  TRY(c, &o, part);
  mr_run_free(run);
}

static void approvals(void **state) {
  contract *c = *state;
  static const rule_case cases[] = {
      {"approvals.risk >= 2", 'f', "approvals.risk = 0", "approvals.risk is 0, not >= 2"},
      {"approvals.\"data protection\" > 0", 'f', "= 0", "not > 0"},
      {"approvals.risk >= 2 AND metrics.accuracy > 0.95", 'F', "0.9", "0.9"},
      {"approvals.risk >= 2 OR metrics.accuracy > 0.5", 'T', "0.9", ""},
      {"approvals.risk IS NULL", 'f', "= 0", "not NULL"},
  };
  mr_run *run = NULL;
  mr_evaluate_options o = promotion_of(c, &run);
  TRY(c, &o, cases);
  mr_run_free(run);
}

#define HOUR INT64_C(3600000000)

static void time_in_a_channel(void **state) {
  contract *c = *state;
  static const rule_case not_held[] = {
      {"channel.staging.hours >= 24", 'u', "channel.staging.hours is missing", "is missing"},
      {"channel.staging.hours IS NULL", 'T', "missing", ""},
      {"channel.staging.hours < 1", 'u', "missing", "missing"},
  };
  static const rule_case just_moved[] = {
      {"channel.staging.hours >= 24", 'f', "channel.staging.hours = ", "not >= 24"},
      {"channel.staging.hours >= 0 AND channel.staging.hours < 0.1", 'T', "hours = ", ""},
      {"channel.other.hours >= 24", 'u', "missing", "missing"},
  };
  static const rule_case soaked[] = {
      {"channel.staging.hours >= 24", 'T', "channel.staging.hours = 24", ""},
      {"channel.staging.hours < 24.1", 'T', "= 24", ""},
      {"channel.staging.hours >= 25", 'f', "= 24", "not >= 25"},
  };
  static const rule_case set_back[] = {
      {"channel.staging.hours >= 0 AND channel.staging.hours < 0.001", 'T', "hours = ", ""},
  };
  mr_evaluate_options o = MR_EVALUATE_OPTIONS_INIT;
  mr_model *model = contract_model(c, "m");
  mr_version_free(contract_version(c, model, "1.0.0"));
  mr_version_free(contract_version(c, model, "1.1.0"));
  OK(mr_model_create_channel(model, "staging", &error));
  o.model = "m";
  o.transition = "channel/production";
  o.version = "1.0.0";
  TRY(c, &o, not_held);
  contract_move(model, "staging", "1.0.0", "none");
  TRY(c, &o, just_moved);
  contract_turn_clock(24 * HOUR);
  TRY(c, &o, soaked);
  o.version = "1.1.0"; /* another one is held */
  TRY(c, &o, not_held);
  contract_move(model, "staging", "1.1.0", "1.0.0");
  TRY(c, &o, just_moved);
  o.version = "1.0.0"; /* was held, and is not now */
  TRY(c, &o, not_held);
  contract_move(model, "staging", "1.0.0", "1.1.0"); /* and begins anew */
  TRY(c, &o, just_moved);
  contract_turn_clock(-100 * HOUR);
  TRY(c, &o, set_back);
  mr_model_free(model);
}

/* Every line of the table in gate.h. */
static const char *const lines[] = {
    "metrics.accuracy >= 0.92",
    "min(metrics.loss) < 0.1",
    "params.optimizer IN ('adam', 'lion')",
    "params.depth <= 8",
    "tags.\"team\" LIKE 'fraud%'",
    "attributes.status = 'FINISHED'",
    "inputs.training.sample_count >= 10000",
    "dataset.digest = '...'",
    "checks.bias_audit = 'passed'",
    "evaluations.holdout.metrics.auc >= 0.9",
    "approvals.risk >= 2",
    "channel.staging.hours >= 24",
    "artifacts.*.format IN ('safetensors', 'onnx')",
    "artifacts.\"model.safetensors\".size < 2e9",
    "version.prerelease IS NULL",
    "metrics.accuracy >= incumbent.metrics.accuracy - 0.002 OR incumbent IS NULL",
};

/* And every name that it has besides. */
static const char *const names[] = {"max(metrics.x)",
                                    "mean(metrics.x)",
                                    "first(metrics.x)",
                                    "last(metrics.x)",
                                    "count(metrics.x)",
                                    "abs(metrics.x)",
                                    "attributes.kind",
                                    "attributes.run_id",
                                    "attributes.run_name",
                                    "attributes.actor",
                                    "attributes.experiment",
                                    "attributes.start_time",
                                    "attributes.end_time",
                                    "attributes.source_commit",
                                    "attributes.source_dirty",
                                    "inputs.training.digest",
                                    "inputs.training.name",
                                    "inputs.training.file_count",
                                    "inputs.training.total_size",
                                    "inputs.training.frozen",
                                    "inputs.training.run_id",
                                    "inputs.training.version",
                                    "dataset.name",
                                    "dataset.context",
                                    "evaluations.holdout.params.x",
                                    "evaluations.holdout.tags.x",
                                    "evaluations.holdout.attributes.actor",
                                    "evaluations.holdout.dataset.name",
                                    "evaluations.holdout.inputs.test.name",
                                    "evaluations.holdout.artifacts.*.size",
                                    "evaluations.holdout.checks.x",
                                    "evaluations.*.checks.x",
                                    "checks.*",
                                    "artifacts.*.path",
                                    "artifacts.*.digest",
                                    "artifacts.*.kind",
                                    "version.major",
                                    "version.minor",
                                    "version.patch",
                                    "version.number"};

static void the_documented_rules_are_read(void **state) {
  contract *c = *state;
  mr_gate *gate = NULL;
  mr_gate_options o = MR_GATE_OPTIONS_INIT;
  OK(mr_gate_new(&gate, &error));
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "line %zu", i);
    OK(mr_gate_add_rule(gate, name, lines[i], &error));
  }
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char text[100];
    (void)snprintf(text, sizeof text, "%s != '1'", names[i]);
    if (names[i][0] == 'a' && names[i][1] == 'b') {
      (void)snprintf(text, sizeof text, "%s != 1", names[i]);
    }
    if (strstr(names[i], "checks.") != NULL) {
      (void)snprintf(text, sizeof text, "%s != 'failed'", names[i]);
    }
    OK(mr_gate_add_rule(gate, names[i], text, &error));
  }
  o.flags = MR_GATE_DEFAULT;
  o.transition = "channel/live";
  OK(mr_registry_attach_gate(c->registry, gate, &o, &error));
  mr_gate_free(gate);
}

/* Who is compared with is not who is judged. */
static void evaluations_that_compare(void **state) {
  contract *c = *state;
  mr_run *run = NULL;
  mr_run *other = contract_trained(c, 0.5);
  mr_input_options in = MR_INPUT_OPTIONS_INIT;
  mr_evaluate_options o = promotion_of(c, &run);
  contract_finish(other);
  mr_run *compared = evaluation(c, "holdout");
  use_run(compared, mr_run_info(other)->id);
  in.role = "baseline";
  in.run_id = o.run_id;
  OK(mr_run_log_input(compared, &in, &error));
  OK(mr_run_log_metric(compared, "auc", 0.99, 1, &error));
  contract_finish(compared);
  static const rule_case as_baseline[] = {
      {"evaluations.holdout.metrics.auc > 0.9", 'u', "missing", "missing"}};
  TRY(c, &o, as_baseline);
  mr_evaluate_options of_other = o;
  of_other.run_id = mr_run_info(other)->id;
  static const rule_case as_candidate[] = {
      {"evaluations.holdout.metrics.auc > 0.9", 'T', "auc = 0.99", ""}};
  TRY(c, &of_other, as_candidate);
  /* One that looks at nothing else counts by whatever role. */
  mr_run *alone = evaluation(c, "holdout");
  in.role = "model";
  OK(mr_run_log_input(alone, &in, &error));
  OK(mr_run_log_metric(alone, "auc", 0.8, 1, &error));
  contract_finish(alone);
  static const rule_case by_itself[] = {
      {"evaluations.holdout.metrics.auc > 0.9", 'F', "auc = 0.8", "not > 0.9"}};
  TRY(c, &o, by_itself);
  mr_run_free(alone);
  mr_run_free(compared);
  mr_run_free(other);
  mr_run_free(run);
}

/* Of those that have ended the one that began last, whatever the clock says. */
static void the_last_to_begin_counts(void **state) {
  contract *c = *state;
  mr_run *run = NULL;
  mr_evaluate_options o = promotion_of(c, &run);
  mr_run *first = evaluation(c, "holdout");
  mr_run *second = evaluation(c, "holdout");
  use_run(first, o.run_id);
  use_run(second, o.run_id);
  OK(mr_run_log_metric(first, "auc", 0.7, 1, &error));
  OK(mr_run_log_metric(second, "auc", 0.6, 1, &error));
  contract_finish(first);
  static const rule_case one_ended[] = {
      {"evaluations.holdout.metrics.auc = 0.7", 'T', "auc = 0.7", ""}};
  TRY(c, &o, one_ended);
  contract_turn_clock(-INT64_C(3600000000));
  contract_finish(second);
  static const rule_case both_ended[] = {
      {"evaluations.holdout.metrics.auc = 0.6", 'T', "auc = 0.6", ""}};
  TRY(c, &o, both_ended);
  mr_run_free(first);
  mr_run_free(second);
  mr_run_free(run);
}

int contract_evaluation_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(checks),
      TEST(the_latest_evaluation_counts),
      TEST(what_an_evaluation_tells),
      TEST(evaluations_of_versions),
      TEST(evaluations_that_compare),
      TEST(the_last_to_begin_counts),
      TEST(approvals),
      TEST(time_in_a_channel),
      TEST(the_documented_rules_are_read),
  };
  return GROUP("evaluations", tests);
}
