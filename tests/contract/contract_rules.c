/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that a rule can read, true, false and unknown, through real promotions. */
#include "contract.h"

#include <math.h>

/* Promotes a run under a gate of these rules and compares the decision, rule by rule. */
static void judge(const contract *c, const char *model_name, const char *run_id,
                  const mr_promote_options *options, const rule_case *cases, size_t count) {
  mr_gate_options where = MR_GATE_OPTIONS_INIT;
  mr_model *model = NULL;
  mr_request *request = NULL;
  mr_decision *decision = NULL;
  mr_gate *gate = contract_gate(cases, count);
  where.model = model_name;
  OK(mr_registry_attach_gate(c->registry, gate, &where, &error));
  mr_gate_free(gate);
  OK(mr_registry_open_model(c->registry, model_name, &model, &error));
  OK(mr_model_promote(model, run_id, options, &request, &error));
  OK(mr_request_decision(request, &decision, &error));
  contract_judged(decision, cases, count);
  mr_decision_free(decision);
  mr_request_free(request);
  mr_model_free(model);
}

#define JUDGE(c, model, run, options, cases)                                                       \
  judge(c, model, mr_run_info(run)->id, options, cases, sizeof(cases) / sizeof((cases)[0]))

static mr_run *candidate(const contract *c) {
  static const double accuracy[] = {0.5, 0.9, 0.6, 0.95, 0.91};
  static const char safetensors[] = "\x02\0\0\0\0\0\0\0{}";
  mr_run_options o = MR_RUN_OPTIONS_INIT;
  mr_run *run = NULL;
  mr_link_options link = MR_LINK_OPTIONS_INIT;
  char digest[DIGEST_TEXT];
  mr_experiment *experiment = contract_experiment(c, "training");
  o.name = "candidate";
  o.source_commit = "abc123";
  o.source_state = MR_SOURCE_STATE_DIRTY;
  OK(mr_experiment_start_run(experiment, &o, &run, &error));
  mr_experiment_free(experiment);
  for (int i = 0; i < 5; i++) OK(mr_run_log_metric(run, "accuracy", accuracy[i], i, &error));
  OK(mr_run_log_metric(run, "eval.loss", 0.3, 1, &error));
  OK(mr_run_log_metric(run, "val acc", 0.4, 1, &error));
  OK(mr_run_log_metric(run, "bad", (double)NAN, 1, &error));
  OK(mr_run_log_metric(run, "huge", (double)INFINITY, 1, &error));
  OK(mr_run_log_metric(run, "zero", 0, 1, &error));
  static const char *const params[][2] = {
      {"optimizer", "adam"}, {"depth", "8"}, {"lr", "1e-3"}, {"empty", ""}, {"hex", "0x10"}};
  for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
    OK(mr_run_log_param(run, params[i][0], params[i][1], &error));
  }
  OK(mr_run_set_tag(run, "team", "fraud-emea", &error));
  OK(mr_run_set_tag(run, "mlflow.user", "ann", &error));
  OK(mr_run_log_artifact_bytes(run, "model.safetensors", (const uint8_t *)safetensors, 10, &error));
  contract_put(run, "config.json", "{\"a\": 1}");
  contract_digest("log", 3, digest);
  link.path = "train.log";
  link.uri = "s3://bucket/train.log";
  link.digest = digest;
  link.size = 3;
  OK(mr_run_log_artifact_link(run, &link, &error));
  return run;
}

static void metrics_params_and_tags(void **state) {
  contract *c = *state;
  static const rule_case cases[] = {
      {"metrics.accuracy >= 0.91", 'T', "metrics.accuracy = 0.91", ""},
      {"metrics.accuracy >= 0.92", 'F', "metrics.accuracy = 0.91",
       "metrics.accuracy is 0.91, not >= 0.92"},
      {"metric.accuracy = 0.91", 'T', "metrics.accuracy", ""},
      {"min(metrics.accuracy) = 0.5", 'T', "min(metrics.accuracy) = 0.5", ""},
      {"max(metrics.accuracy) = 0.95", 'T', "max(metrics.accuracy) = 0.95", ""},
      {"mean(metrics.accuracy) > 0.77 AND mean(metrics.accuracy) < 0.78", 'T', "mean(", ""},
      {"first(metrics.accuracy) = 0.5", 'T', "first(metrics.accuracy) = 0.5", ""},
      {"last(metrics.accuracy) = 0.91", 'T', "last(metrics.accuracy) = 0.91", ""},
      {"count(metrics.accuracy) = 5", 'T', "count(metrics.accuracy) = 5", ""},
      {"min(metrics.accuracy) > 0.6", 'F', "0.5", "min(metrics.accuracy) is 0.5, not > 0.6"},
      {"metrics.nothing > 0", 'U', "metrics.nothing is missing", "metrics.nothing is missing"},
      {"NOT metrics.nothing > 0", 'U', "missing", "metrics.nothing is missing"},
      {"min(metrics.nothing) < 1", 'U', "missing", "min(metrics.nothing) is missing"},
      {"metrics.nothing IS NULL", 'T', "missing", ""},
      {"metrics.accuracy IS NULL", 'F', "0.91", "not NULL"},
      {"metrics.accuracy IS NOT NULL", 'T', "0.91", ""},
      {"metrics.bad > 0", 'U', "metrics.bad is unreadable", "metrics.bad is unreadable"},
      {"metrics.bad != 0", 'U', "unreadable", "unreadable"},
      {"metrics.bad IS NULL", 'F', "unreadable", "unreadable"},
      {"mean(metrics.bad) > 0", 'U', "unreadable", "unreadable"},
      {"count(metrics.bad) = 1", 'T', "1", ""},
      {"metrics.huge > 1e300", 'T', "inf", ""},
      {"metrics.huge - metrics.huge = 0", 'U', "inf", "cannot be computed"},
      {"metrics.eval.loss = 0.3", 'T', "metrics.eval.loss = 0.3", ""},
      {"metrics.\"val acc\" = 0.4", 'T', "metrics.\"val acc\" = 0.4", ""},
      {"metrics.`val acc` < 0.4", 'F', "0.4", "not < 0.4"},
      {"params.optimizer IN ('adam', 'lion')", 'T', "params.optimizer = 'adam'", ""},
      {"params.optimizer IN ('sgd', 'lion')", 'F', "'adam'", "not IN ('sgd', 'lion')"},
      {"params.optimizer NOT IN ('adam')", 'F', "'adam'", "which is IN ('adam')"},
      {"params.optimizer = 'sgd'", 'F', "'adam'", "params.optimizer is 'adam', not = 'sgd'"},
      {"params.optimizer == 'adam'", 'T', "'adam'", ""},
      {"params.optimizer <> 'adam'", 'F', "'adam'", "not != 'adam'"},
      {"params.optimizer > 5", 'U', "'adam'", "params.optimizer is 'adam', not a number"},
      {"params.missing = 'x'", 'U', "params.missing is missing", "params.missing is missing"},
      {"params.missing IN ('x')", 'U', "missing", "missing"},
      {"param.depth <= 8", 'T', "params.depth = '8'", ""},
      {"params.depth = '8'", 'T', "'8'", ""},
      {"params.depth = '8.0'", 'F', "'8'", "not = '8.0'"},
      {"params.depth = 8.0", 'T', "'8'", ""},
      {"params.depth < '10'", 'F', "'8'", "not < '10'"}, /* a quoted literal compares as text */
      {"params.lr = 0.001", 'T', "'1e-3'", ""},
      {"params.hex = 16", 'U', "'0x10'", "not a number"},
      {"params.empty = ''", 'T', "params.empty = ''", ""},
      {"params.empty IS NULL", 'F', "''", "not NULL"},
      {"tags.\"team\" LIKE 'fraud%'", 'T', "tags.team = 'fraud-emea'", ""},
      {"tags.team LIKE 'FRAUD%'", 'F', "fraud-emea", "not LIKE 'FRAUD%'"},
      {"tags.team ILIKE 'FRAUD-____'", 'T', "fraud-emea", ""},
      {"tags.team NOT LIKE '%x%'", 'T', "fraud-emea", ""},
      {"tag.mlflow.user = 'ann'", 'T', "tags.mlflow.user = 'ann'", ""},
      {"tags.none LIKE '%'", 'U', "tags.none is missing", "tags.none is missing"},
      {"metrics.accuracy + 0.09 >= 1", 'T', "0.91", ""},
      {"metrics.accuracy * 2 - 1 > params.depth / 10", 'T', "0.91|'8'", ""},
      {"metrics.accuracy / metrics.zero > 1", 'U', "metrics.zero = 0", "cannot be computed"},
      {"0.92 <= metrics.accuracy", 'F', "0.91", "metrics.accuracy is 0.91, not >= 0.92"},
      {"metrics.accuracy > 0.9 AND params.depth = 9", 'F', "0.91|'8'", "params.depth is '8'"},
      {"metrics.accuracy > 0.99 OR params.depth = 9", 'F', "0.91|'8'",
       "metrics.accuracy is 0.91|; |params.depth is '8'"},
      {"metrics.nothing > 1 OR params.depth = 8", 'T', "missing|'8'", ""},
      {"metrics.nothing > 1 AND params.depth = 9", 'F', "missing|'8'", "params.depth"},
      {"metrics.nothing > 1 AND params.depth = 8", 'U', "missing|'8'", "metrics.nothing"},
      {"NOT (metrics.accuracy > 0.9 OR metrics.nothing > 1)", 'F', "0.91|missing",
       "which is > 0.9"},
  };
  mr_model_free(contract_model(c, "m"));
  mr_run *run = candidate(c);
  contract_finish(run);
  JUDGE(c, "m", run, NULL, cases);
  mr_run_free(run);
}

static void attributes_and_versions(void **state) {
  contract *c = *state;
  static const rule_case cases[] = {
      {"attributes.status = 'FINISHED'", 'T', "attributes.status = 'FINISHED'", ""},
      {"attributes.status = 'RUNNING'", 'F', "FINISHED", "not = 'RUNNING'"},
      {"status = 'FINISHED'", 'T', "attributes.status", ""},
      {"attribute.status = 'FINISHED' AND attr.status = 'FINISHED'", 'T', "FINISHED", ""},
      {"run.status = 'FINISHED'", 'T', "attributes.status", ""},
      {"attributes.kind = 'training'", 'T', "'training'", ""},
      {"attributes.run_id LIKE '________-____-7___-____-____________'", 'T', "run_id = '", ""},
      {"attributes.\"run id\" = attributes.run_id", 'T', "run_id = '", ""},
      {"attributes.run_name = 'candidate'", 'T', "'candidate'", ""},
      {"run_name = 'candidate'", 'T', "'candidate'", ""},
      {"attributes.actor = 'tester'", 'T', "'tester'", ""},
      {"attributes.experiment = 'training'", 'T', "'training'", ""},
      {"attributes.start_time >= 1767323045000 AND start_time < 1767323045000 + 1e8", 'T',
       "attributes.start_time = 17673", ""},
      {"attributes.end_time >= attributes.start_time", 'T', "attributes.end_time = 17673", ""},
      {"attributes.created = attributes.start_time", 'T', "attributes.start_time", ""},
      {"attributes.source_commit = 'abc123'", 'T', "'abc123'", ""},
      {"attributes.source_dirty = 1", 'T', "attributes.source_dirty = 1", ""},
      {"attributes.source_dirty = 0", 'F', "1", "attributes.source_dirty is 1, not = 0"},
      {"attributes.user_id = 'tester'", 'T', "attributes.actor = 'tester'", ""},
      {"attributes.artifact_uri IS NULL", 'T', "missing", ""},
      {"artifact_uri LIKE '%'", 'U', "missing", "attributes.artifact_uri is missing"},
      {"attributes.run_name > 1", 'U', "'candidate'", "not a number"},
      {"version.major = 2", 'T', "version.major = 2", ""},
      {"version.minor = 1", 'T', "version.minor = 1", ""},
      {"version.patch = 3", 'T', "version.patch = 3", ""},
      {"version.patch = 4", 'F', "version.patch = 3", "version.patch is 3, not = 4"},
      {"version.prerelease = 'rc.4'", 'T', "version.prerelease = 'rc.4'", ""},
      {"version.prerelease IS NULL", 'F', "rc.4", "not NULL"},
      {"version.number LIKE '2.1.3-rc.4+%'", 'T', "version.number = '2.1.3-rc.4+", ""},
      {"incumbent IS NULL", 'T', "incumbent is missing", ""},
      {"incumbent IS NOT NULL", 'F', "incumbent is missing", "incumbent is missing"},
      {"metrics.accuracy >= incumbent.metrics.accuracy", 'U',
       "incumbent.metrics.accuracy is missing", "incumbent.metrics.accuracy is missing"},
      {"metrics.accuracy >= incumbent.metrics.accuracy OR incumbent IS NULL", 'T', "missing", ""},
      {"incumbent.version.major = 1", 'U', "missing", "missing"},
      {"incumbent.artifacts.*.format = 'json'", 'U', "no incumbent.artifacts.*.format",
       "there is no incumbent.artifacts.*.format"},
  };
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_model_free(contract_model(c, "m"));
  mr_run *run = candidate(c);
  contract_finish(run);
  o.version = "2.1.3-rc.4";
  JUDGE(c, "m", run, &o, cases);
  mr_run_free(run);
}

static void artifacts(void **state) {
  contract *c = *state;
  static const rule_case cases[] = {
      {"artifacts.*.format IN ('safetensors', 'json', 'link')", 'T',
       "artifacts.\"config.json\".format = 'json'|\"model.safetensors\"|\"train.log\"", ""},
      {"artifacts.*.format IN ('safetensors', 'json')", 'F', "'link'",
       "artifacts.\"train.log\".format is 'link'"},
      {"artifacts.*.format = 'onnx'", 'F', "json", "artifacts.\"config.json\"|and 2 more"},
      {"artifacts.*.size < 100", 'T', "= 10", ""},
      {"artifacts.\"model.safetensors\".size = 10", 'T',
       "artifacts.\"model.safetensors\".size = 10", ""},
      {"artifacts.\"model.safetensors\".size < 2e9", 'T', "10", ""},
      {"artifacts.\"model.safetensors\".size > 10", 'F', "10", "is 10, not > 10"},
      {"artifacts.\"model.safetensors\".format = 'safetensors'", 'T', "'safetensors'", ""},
      {"artifacts.\"model.safetensors\".kind = 'stored'", 'T', "'stored'", ""},
      {"artifacts.\"train.log\".kind = 'link'", 'T', "'link'", ""},
      {"artifacts.*.kind = 'stored'", 'F', "'link'", "train.log"},
      {"artifacts.\"config.json\".path = 'config.json'", 'T', "'config.json'", ""},
      {"artifacts.\"config.json\".digest LIKE '%'", 'T', "digest = '", ""},
      {"artifacts.none.size > 1", 'U', "artifacts.none.size is missing", "missing"},
      {"artifacts.none.size IS NULL", 'T', "missing", ""},
  };
  static const rule_case of_a_folder[] = {
      {"artifacts.*.format = 'json'", 'T', "artifacts.\"sub/b.json\".format", ""},
      {"artifacts.\"a.json\".size = 2", 'T', "2", ""},
      {"artifacts.\"folder/a.json\".size IS NULL", 'T', "missing", ""},
      {"artifacts.other.size IS NULL", 'T', "missing", ""},
      {"version.prerelease IS NULL", 'T', "missing", ""},
      {"attributes.source_commit IS NULL", 'T', "missing", ""},
      {"attributes.run_name = 'x'", 'U', "missing", "attributes.run_name is missing"},
      {"attributes.source_dirty = 0", 'U', "missing", "attributes.source_dirty is missing"},
  };
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_model_free(contract_model(c, "m"));
  mr_model_free(contract_model(c, "n"));
  mr_run *run = candidate(c);
  contract_finish(run);
  JUDGE(c, "m", run, NULL, cases);
  mr_run_free(run);
  /* Only what would become the version is looked at, with the paths it has there. */
  run = contract_run(c, "training");
  contract_put(run, "folder/a.json", "{}");
  contract_put(run, "folder/sub/b.json", "{}");
  contract_put(run, "other", "no json");
  contract_finish(run);
  o.artifact_path = "folder";
  JUDGE(c, "n", run, &o, of_a_folder);
  mr_run_free(run);
}

static void inputs(void **state) {
  contract *c = *state;
  static const rule_case cases[] = {
      {"inputs.training.sample_count >= 10000", 'T', "inputs.training.sample_count = 12000", ""},
      {"inputs.training.sample_count > 12000", 'F', "12000", "is 12000, not > 12000"},
      {"inputs.training.name = 'digits'", 'T', "inputs.training.name = 'digits'", ""},
      {"inputs.training.digest LIKE '%'", 'T', "inputs.training.digest = '", ""},
      {"inputs.training.file_count = 2", 'T', "2", ""},
      {"inputs.training.total_size = 106", 'T', "106", ""},
      {"inputs.training.frozen = 0", 'T', "0", ""},
      {"inputs.training.run_id LIKE '________-____-7%'", 'T', "run_id = '", ""},
      {"inputs.training.version IS NULL", 'T', "missing", ""},
      {"inputs.unsaid.sample_count > 0", 'U', "inputs.unsaid.sample_count is missing", "missing"},
      {"inputs.foreign.digest LIKE '00%'", 'T', "'00", ""},
      {"inputs.foreign.sample_count > 0", 'U', "missing", "missing"},
      {"inputs.foreign.name IS NULL", 'T', "missing", ""},
      {"inputs.base.version LIKE 'other@1.0.0+%'", 'T', "'other@1.0.0+", ""},
      {"inputs.base.digest IS NULL", 'T', "missing", ""},
      {"inputs.parent.run_id LIKE '________-____-7%'", 'T', "run_id = '", ""},
      {"inputs.twice.name = 'digits'", 'U', "inputs.twice.name is unreadable", "unreadable"},
      {"inputs.twice.name IS NULL", 'F', "unreadable", "unreadable"},
      {"inputs.nothing.name = 'digits'", 'U', "missing", "missing"},
      {"inputs.nothing.name IS NULL", 'T', "missing", ""},
      {"dataset.context = 'foreign' AND dataset.name = 'unsaid'", 'T', "'foreign'|'unsaid'", ""},
  };
  mr_input_options in = MR_INPUT_OPTIONS_INIT;
  mr_model_free(contract_model(c, "m"));
  mr_model *other = contract_model(c, "other");
  mr_version *base = contract_version(c, other, "1.0.0");
  mr_dataset *digits = contract_dataset(c, "digits", "1,2,3\n", 12000);
  mr_dataset *unsaid = contract_dataset(c, "unsaid", "4,5\n", 0);
  mr_run *parent = contract_run(c, "x");
  mr_run *run = candidate(c);
  contract_use_dataset(run, "training", digits);
  contract_use_dataset(run, "unsaid", unsaid);
  contract_use_dataset(run, "twice", digits);
  contract_use_dataset(run, "twice", unsaid);
  in.role = "foreign";
  in.dataset_digest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  OK(mr_run_log_input(run, &in, &error));
  in.dataset_digest = NULL;
  in.role = "base";
  in.version = "other@1.0.0";
  OK(mr_run_log_input(run, &in, &error));
  in.version = NULL;
  in.role = "parent";
  in.run_id = mr_run_info(parent)->id;
  OK(mr_run_log_input(run, &in, &error));
  contract_finish(run);
  JUDGE(c, "m", run, NULL, cases);
  mr_run_free(run);
  mr_run_free(parent);
  mr_dataset_free(digits);
  mr_dataset_free(unsaid);
  mr_version_free(base);
  mr_model_free(other);
}

/* A test of `dataset.` is true when some dataset input satisfies it, as in MLflow. */
static void some_dataset(void **state) {
  contract *c = *state;
  static const rule_case one[] = {
      {"dataset.name = 'digits'", 'T', "dataset.name = 'digits'", ""},
      {"dataset.context = 'training'", 'T', "dataset.context = 'training'", ""},
      {"datasets.digest LIKE '%'", 'T', "dataset.digest = '", ""},
      {"dataset.name = 'letters'", 'F', "'digits'", "not = 'letters'"},
  };
  static const rule_case several[] = {
      {"dataset.name = 'digits'", 'T', "'digits'", ""},
      {"dataset.name = 'letters'", 'T', "'letters'", ""},
      {"dataset.name IN ('digits', 'other')", 'T', "'digits'", ""},
      {"dataset.name LIKE 'let%'", 'T', "'letters'", ""},
      {"dataset.name != 'digits'", 'T', "'letters'", ""}, /* some other one is used too */
      {"dataset.context = 'validation'", 'T', "'validation'", ""},
      {"dataset.context = 'test' OR dataset.context = 'training'", 'T', "'training'", ""},
      {"dataset.digest = '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff'", 'T',
       "'00112233", ""},
      {"dataset.name IS NULL", 'T', "missing", ""}, /* the one named by its digest */
      {"dataset.name = 'nothing'", 'U', "'digits'|'letters'|missing", "missing"},
      {"dataset.context = 'nothing'", 'F', "'training'|'validation'|'foreign'", "not = 'nothing'"},
      {"NOT dataset.context = 'nothing'", 'T', "'training'", ""},
      {"NOT dataset.context = 'training'", 'F', "'training'", "dataset.context"},
      {"dataset.context = 'training' AND dataset.name = 'letters'", 'T', "'training'", ""},
  };
  static const rule_case none[] = {
      {"dataset.name = 'digits'", 'U', "dataset", "dataset"},
      {"dataset.name != 'digits'", 'U', "dataset", "dataset"},
      {"dataset.name IS NULL", 'T', "dataset", ""},
      {"dataset.name IS NOT NULL", 'F', "dataset", "dataset"},
  };
  mr_input_options in = MR_INPUT_OPTIONS_INIT;
  mr_model_free(contract_model(c, "m"));
  mr_dataset *digits = contract_dataset(c, "digits", "1,2,3\n", 1);
  mr_dataset *letters = contract_dataset(c, "letters", "a,b\n", 1);
  mr_run *parent = contract_run(c, "x");
  mr_run *run = candidate(c);
  mr_run *many = candidate(c);
  mr_run *without = candidate(c);
  contract_use_dataset(run, "training", digits);
  in.role = "parent"; /* is no dataset */
  in.run_id = mr_run_info(parent)->id;
  OK(mr_run_log_input(run, &in, &error));
  OK(mr_run_log_input(without, &in, &error));
  contract_use_dataset(many, "training", digits);
  contract_use_dataset(many, "validation", letters);
  in.run_id = NULL;
  in.role = "foreign";
  in.dataset_digest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  OK(mr_run_log_input(many, &in, &error));
  contract_finish(run);
  contract_finish(many);
  contract_finish(without);
  JUDGE(c, "m", run, NULL, one);
  JUDGE(c, "m", many, NULL, several);
  JUDGE(c, "m", without, NULL, none);
  mr_run_free(run);
  mr_run_free(many);
  mr_run_free(without);
  mr_run_free(parent);
  mr_dataset_free(digits);
  mr_dataset_free(letters);
}

/* One set of files recorded twice: a rule reads the dataset run that was used, not another that
 * tells another story about the same files. */
static void a_dataset_input_is_the_run_that_was_used(void **state) {
  contract *c = *state;
  static const rule_case cases[] = {
      {"inputs.training.sample_count >= 1000", 'F', "= 10", "is 10, not >= 1000"},
      {"inputs.training.name = 'small'", 'T', "'small'", ""},
      {"dataset.name = 'small'", 'T', "'small'", ""},
  };
  mr_model_free(contract_model(c, "m"));
  mr_dataset *small = contract_dataset(c, "small", "1,2,3\n", 10);
  mr_dataset *boast = contract_dataset(c, "boast", "1,2,3\n", 1000000);
  assert_string_equal(mr_dataset_info(small)->digest, mr_dataset_info(boast)->digest);
  mr_run *run = candidate(c);
  contract_use_dataset(run, "training", small);
  contract_finish(run);
  JUDGE(c, "m", run, NULL, cases);
  mr_run_free(run);
  mr_dataset_free(small);
  mr_dataset_free(boast);
}

static void incumbents(void **state) {
  contract *c = *state;
  static const rule_case cases[] = {
      {"incumbent IS NULL", 'F', "incumbent = '1.0.0+", "not NULL"},
      {"incumbent IS NOT NULL", 'T', "1.0.0", ""},
      {"metrics.accuracy >= incumbent.metrics.accuracy - 0.002 OR incumbent IS NULL", 'T',
       "metrics.accuracy = 0.91|incumbent.metrics.accuracy = 0.9", ""},
      {"metrics.accuracy > incumbent.metrics.accuracy + 0.02", 'F', "0.91",
       "incumbent.metrics.accuracy"},
      {"incumbent.params.optimizer = params.optimizer", 'T', "'adam'", ""},
      {"incumbent.version.major = 1 AND incumbent.version.number LIKE '1.0.0+%'", 'T', "1", ""},
      {"incumbent.version.prerelease IS NULL", 'T', "missing", ""},
      {"incumbent.attributes.run_id != attributes.run_id", 'T', "incumbent.attributes.run_id", ""},
      {"incumbent.attributes.experiment = 'training'", 'T', "'training'", ""},
      {"incumbent.artifacts.\"model.json\".format = 'json'", 'T', "'json'", ""},
      {"incumbent.artifacts.*.format = 'json'", 'T', "incumbent.artifacts.\"model.json\"", ""},
      {"incumbent.tags.none IS NULL", 'T', "missing", ""},
      {"incumbent.metrics.nothing > 1", 'U', "missing", "incumbent.metrics.nothing is missing"},
      {"incumbent.inputs.training.name IS NULL", 'T', "missing", ""},
      {"incumbent.dataset.name IS NULL", 'T', "no incumbent.dataset.name", ""},
      {"min(incumbent.metrics.accuracy) = 0.9", 'T', "min(incumbent.metrics.accuracy) = 0.9", ""},
  };
  mr_model *model = contract_model(c, "m");
  /* The incumbent of a promotion is what `latest` holds: a prerelease is not. */
  mr_version *release = contract_version(c, model, "1.0.0");
  mr_version *prerelease = contract_version(c, model, "1.1.0-rc.1");
  mr_run *run = candidate(c);
  contract_finish(run);
  JUDGE(c, "m", run, NULL, cases);
  mr_run_free(run);
  mr_version_free(release);
  mr_version_free(prerelease);
  mr_model_free(model);
}

/* The incumbent of a channel is what the channel holds. */
static void incumbents_of_channels(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version *one = contract_version(c, model, "1.0.0");
  mr_version *two = contract_version(c, model, "2.0.0");
  mr_version *three = contract_version(c, model, "3.0.0");
  mr_request *request = NULL;
  mr_decision *decision = NULL;
  mr_move_options move = MR_MOVE_OPTIONS_INIT;
  OK(mr_model_create_channel(model, "live", &error));
  contract_attach(c, "m", "channel/live",
                  "next: version.major = incumbent.version.major + 1 OR "
                  "incumbent IS NULL\n");
  contract_move(model, "live", "1.0.0", "none");
  move.channel = "live";
  move.version = "3.0.0";
  move.expected = "1.0.0";
  OK(mr_model_move_channel(model, &move, &request, &error));
  assert_int_equal(mr_request_info(request)->state, MR_REQUEST_STATE_REFUSED);
  OK(mr_request_decision(request, &decision, &error));
  const mr_rule_record *rule = mr_decision_at(decision, 0);
  HAS(rule->observed, "version.major = 3|incumbent.version.major = 1");
  mr_decision_free(decision);
  mr_request_free(request);
  contract_move(model, "live", "2.0.0", "1.0.0");
  contract_move(model, "live", "3.0.0", "2.0.0");
  mr_version_free(one);
  mr_version_free(two);
  mr_version_free(three);
  mr_model_free(model);
}

int contract_rule_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(metrics_params_and_tags),
      TEST(attributes_and_versions),
      TEST(artifacts),
      TEST(inputs),
      TEST(some_dataset),
      TEST(a_dataset_input_is_the_run_that_was_used),
      TEST(incumbents),
      TEST(incumbents_of_channels),
  };
  return GROUP("rules", tests);
}
