/* SPDX-License-Identifier: Apache-2.0 */
/* Trying a gate: the same judgement as a request gets, without one. */
#include "contract.h"

static mr_gate *parse(const char *text) {
  mr_gate *gate = NULL;
  OK(mr_gate_parse(text, &gate, &error));
  return gate;
}

static mr_evaluate_options about(const char *model, const mr_run *run) {
  mr_evaluate_options o = MR_EVALUATE_OPTIONS_INIT;
  o.model = model;
  if (run != NULL) o.run_id = mr_run_info(run)->id;
  return o;
}

static mr_decision *evaluate(const contract *c, const char *gate_text,
                             const mr_evaluate_options *o) {
  mr_decision *decision = NULL;
  mr_gate *gate = gate_text == NULL ? NULL : parse(gate_text);
  OK(mr_registry_evaluate_gate(c->registry, gate, o, &decision, &error));
  mr_gate_free(gate);
  return decision;
}

static void refused(const contract *c, const char *gate_text, const mr_evaluate_options *o,
                    mr_status status, const char *words) {
  mr_decision *decision = NULL;
  mr_gate *gate = gate_text == NULL ? NULL : parse(gate_text);
  REFUSED(status, words, mr_registry_evaluate_gate(c->registry, gate, o, &decision, &error));
  assert_null(decision);
  mr_gate_free(gate);
}

static int64_t requests(const contract *c) {
  mr_request_page *page = NULL;
  OK(mr_registry_list_requests(c->registry, NULL, &page, &error));
  int64_t count = mr_request_page_count(page);
  mr_request_page_free(page);
  return count;
}

static int64_t versions(mr_model *model) {
  mr_version_page *page = NULL;
  OK(mr_model_list_versions(model, NULL, &page, &error));
  int64_t count = mr_version_page_count(page);
  mr_version_page_free(page);
  return count;
}

static void changes_nothing(void **state) {
  contract *c = *state;
  int32_t sealed = 1;
  mr_buffer *json = NULL;
  mr_model *model = contract_model(c, "m");
  mr_run *run = contract_trained(c, 0.9); /* is running */
  contract_attach(c, "m", NULL, "good: metrics.accuracy > 0.5\nnew: metrics.late > 0\n");
  mr_evaluate_options o = about("m", run);
  mr_decision *decision = evaluate(c, NULL, &o);
  const mr_decision_record *r = mr_decision_info(decision);
  assert_true(r->struct_size >= sizeof *r);
  assert_int_equal(r->verdict, MR_VERDICT_FAILED);
  assert_int_equal(r->rule_count, 2);
  assert_int_equal(r->passed_count, 1);
  assert_int_equal(r->sequence, 0);
  assert_null(r->request_id);
  assert_null(r->incumbent);
  assert_true(r->created_us > 0);
  assert_string_equal(mr_decision_at(decision, 0)->observed, "metrics.accuracy = 0.9");
  assert_string_equal(mr_decision_at(decision, 1)->reason, "metrics.late is missing");
  OK(mr_decision_json(decision, &json, &error));
  HAS((const char *)mr_buffer_data(json), "\"request_id\":null|\"sequence\":0|\"incumbent\":null");
  mr_buffer_free(json);
  mr_decision_free(decision);
  assert_int_equal(requests(c), 0);
  assert_int_equal(versions(model), 0);
  assert_int_equal(contract_run_status(c, mr_run_info(run)->id, &sealed), MR_RUN_STATUS_RUNNING);
  assert_int_equal(sealed, 0);
  /* What was logged a moment ago is judged, and more can be logged. */
  OK(mr_run_log_metric(run, "late", 1, 1, &error));
  decision = evaluate(c, NULL, &o);
  assert_int_equal(mr_decision_info(decision)->verdict, MR_VERDICT_PASSED);
  mr_decision_free(decision);
  OK(mr_run_log_param(run, "still", "open", &error));
  contract_finish(run);
  mr_version *version = contract_promote(model, run, NULL);
  char core[300];
  assert_string_equal(contract_core(mr_version_info(version)->number, core), "1.0.0");
  mr_version_free(version);
  mr_run_free(run);
  mr_model_free(model);
}

/* The decision on a request says the same, rule by rule. */
static void says_what_a_request_would(void **state) {
  contract *c = *state;
  mr_request *request = NULL;
  mr_decision *kept = NULL;
  mr_model *model = contract_model(c, "m");
  mr_version_free(contract_version(c, model, "1.0.0"));
  mr_run *run = contract_trained(c, 0.91);
  contract_finish(run);
  contract_attach(c, NULL, NULL, "next: version.minor = 1\n");
  contract_attach(c, "m", NULL,
                  "better: metrics.accuracy > incumbent.metrics.accuracy\n"
                  "bias: checks.bias = 'passed'\nrisk: approvals.risk >= 1\n");
  mr_evaluate_options o = about("m", run);
  mr_decision *tried = evaluate(c, NULL, &o);
  OK(mr_model_promote(model, mr_run_info(run)->id, NULL, &request, &error));
  OK(mr_request_decision(request, &kept, &error));
  const mr_decision_record *a = mr_decision_info(tried);
  const mr_decision_record *b = mr_decision_info(kept);
  assert_int_equal(a->verdict, MR_VERDICT_PENDING);
  assert_int_equal(a->verdict, b->verdict);
  assert_string_equal(a->gate_digest, b->gate_digest);
  assert_string_equal(a->incumbent, b->incumbent);
  assert_int_equal(a->rule_count, 4);
  for (int64_t i = 0; i < 4; i++) {
    const mr_rule_record *x = mr_decision_at(tried, i);
    const mr_rule_record *y = mr_decision_at(kept, i);
    assert_string_equal(x->name, y->name);
    assert_string_equal(x->required, y->required);
    assert_string_equal(x->observed, y->observed);
    assert_string_equal(x->reason, y->reason);
    assert_int_equal(x->verdict, y->verdict);
    assert_int_equal(x->from_default, y->from_default);
  }
  mr_decision_free(tried);
  mr_decision_free(kept);
  mr_request_free(request);
  /* It can be tried again while it is open, and when it is a version. */
  mr_decision_free(evaluate(c, NULL, &o));
  contract_attach(c, "m", NULL, "");
  mr_run *accepted = contract_trained(c, 0.92);
  contract_finish(accepted);
  mr_version_free(contract_promote(model, accepted, NULL));
  o = about("m", accepted);
  contract_attach(c, NULL, NULL, "");
  mr_decision_free(evaluate(c, NULL, &o));
  mr_run_free(accepted);
  mr_run_free(run);
  mr_model_free(model);
}

static void another_gate_takes_the_place(void **state) {
  contract *c = *state;
  mr_model_free(contract_model(c, "m"));
  mr_run *run = contract_trained(c, 0.9);
  contract_attach(c, NULL, NULL, "all: metrics.accuracy > 0\n");
  contract_attach(c, "m", NULL, "own: metrics.accuracy > 1\n");
  mr_evaluate_options o = about("m", run);
  mr_decision *decision = evaluate(c, "tried: metrics.accuracy > 0.5\n", &o);
  assert_int_equal(mr_decision_info(decision)->verdict, MR_VERDICT_PASSED);
  assert_int_equal(mr_decision_info(decision)->rule_count, 2);
  assert_string_equal(mr_decision_at(decision, 0)->name, "all");
  assert_int_equal(mr_decision_at(decision, 0)->from_default, 1);
  assert_string_equal(mr_decision_at(decision, 1)->name, "tried");
  assert_int_equal(mr_decision_at(decision, 1)->from_default, 0);
  mr_decision_free(decision);
  decision = evaluate(c, NULL, &o);
  assert_int_equal(mr_decision_info(decision)->verdict, MR_VERDICT_FAILED);
  assert_string_equal(mr_decision_at(decision, 1)->name, "own");
  mr_decision_free(decision);
  mr_run_free(run);
}

static void channels(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version_free(contract_version(c, model, "1.0.0+a"));
  mr_version_free(contract_version(c, model, "2.0.0-rc.1+b"));
  contract_attach(c, "m", "channel/live", "released: version.prerelease IS NULL\n");
  mr_evaluate_options o = about("m", NULL);
  o.transition = "channel/live"; /* there is no such channel yet */
  o.version = "1.0.0";
  mr_decision *decision = evaluate(c, NULL, &o);
  assert_int_equal(mr_decision_info(decision)->verdict, MR_VERDICT_PASSED);
  assert_null(mr_decision_info(decision)->incumbent);
  mr_decision_free(decision);
  o.version = "2.0.0-rc.1";
  decision = evaluate(c, NULL, &o);
  assert_int_equal(mr_decision_info(decision)->verdict, MR_VERDICT_FAILED);
  mr_decision_free(decision);
  OK(mr_model_create_channel(model, "live", &error));
  contract_move(model, "live", "1.0.0", "none");
  decision = evaluate(c, "any: incumbent.version.major = 1\n", &o);
  assert_int_equal(mr_decision_info(decision)->verdict, MR_VERDICT_PASSED);
  assert_string_equal(mr_decision_info(decision)->incumbent, "1.0.0+a");
  mr_decision_free(decision);
  contract_resolves(c, "m@live", "1.0.0");
  assert_int_equal(requests(c), 3);
  o.version = "1.0.0"; /* which the channel holds already */
  mr_decision_free(evaluate(c, NULL, &o));
  mr_model_free(model);
}

static void numbers_are_proposed(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version_free(contract_version(c, model, "1.2.3"));
  mr_run *run = contract_trained(c, 0.9);
  mr_evaluate_options o = about("m", run);
  mr_decision_free(evaluate(c, "n: version.number LIKE '1.3.0+%'\n", &o));
  static const struct {
    mr_bump bump;
    const char *version;
    const char *line;
    const char *prerelease_id;
    const char *gate;
  } cases[] = {
      {0, NULL, NULL, NULL, "n: version.number LIKE '1.3.0+%'\n"},
      {MR_BUMP_MAJOR, NULL, NULL, NULL, "n: version.number LIKE '2.0.0+%'\n"},
      {0, NULL, "1.2", NULL, "n: version.number LIKE '1.2.4+%'\n"},
      {MR_BUMP_PRERELEASE, NULL, NULL, "rc", "n: version.number LIKE '1.2.4-rc.0+%'\n"},
      {0, "9.0.0+x", NULL, NULL, "n: version.number = '9.0.0+x'\n"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    o.bump = cases[i].bump;
    o.version = cases[i].version;
    o.line = cases[i].line;
    o.prerelease_id = cases[i].prerelease_id;
    mr_decision *decision = evaluate(c, cases[i].gate, &o);
    if (mr_decision_info(decision)->verdict != MR_VERDICT_PASSED) {
      fail_msg("%s: %s", cases[i].gate, mr_decision_at(decision, 0)->observed);
    }
    mr_decision_free(decision);
  }
  o = about("m", run);
  o.version = "1.2.3";
  refused(c, NULL, &o, MR_ALREADY_EXISTS, "m@1.2.3");
  o.version = NULL;
  o.artifact_path = "model.json";
  mr_decision *decision = evaluate(c, "a: artifacts.\"model.json\".size > 0\n", &o);
  assert_int_equal(mr_decision_info(decision)->verdict, MR_VERDICT_PASSED);
  mr_decision_free(decision);
  mr_run_free(run);
  mr_model_free(model);
}

static void works_where_nothing_can_be_written(void **state) {
  contract *c = *state;
  if (!c->driver->shared || !c->driver->read_only) return;
  mr_registry *reader = NULL;
  mr_decision *decision = NULL;
  mr_open_options options = contract_options(MR_OPEN_READ_ONLY);
  mr_model_free(contract_model(c, "m"));
  mr_run *run = contract_trained(c, 0.9);
  contract_finish(run);
  contract_attach(c, "m", NULL, "good: metrics.accuracy > 0.5\nbias: checks.bias = 'passed'\n");
  mr_evaluate_options o = about("m", run);
  OK(mr_registry_open(c->uri, &options, &reader, &error));
  OK(mr_registry_evaluate_gate(reader, NULL, &o, &decision, &error));
  assert_int_equal(mr_decision_info(decision)->verdict, MR_VERDICT_PENDING);
  mr_registry_close(reader);
  assert_string_equal(mr_decision_at(decision, 0)->name, "good"); /* outlives its registry */
  mr_decision_free(decision);
  mr_run_free(run);
}

static void refuses(void **state) {
  contract *c = *state;
  mr_decision *decision = NULL;
  static const char nobody[] = "01234567-89ab-7def-8123-456789abcdef";
  mr_model *model = contract_model(c, "m");
  mr_version_free(contract_version(c, model, "1.0.0"));
  mr_run *run = contract_trained(c, 0.9);
  mr_run *empty = contract_run(c, "x");
  const mr_evaluate_options good = about("m", run);
  mr_evaluate_options o = good;
  REFUSED(MR_INVALID_ARGUMENT, "registry",
          mr_registry_evaluate_gate(NULL, NULL, &o, &decision, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_decision",
          mr_registry_evaluate_gate(c->registry, NULL, &o, NULL, &error));
  refused(c, NULL, NULL, MR_INVALID_ARGUMENT, "options");
  o.struct_size = 1;
  refused(c, NULL, &o, MR_ABI_MISMATCH, "mr_evaluate_options");
  o = good;
  o.model = NULL;
  refused(c, NULL, &o, MR_INVALID_ARGUMENT, "model");
  o.model = "nobody";
  refused(c, NULL, &o, MR_NOT_FOUND, "nobody");
  o = good;
  o.run_id = NULL;
  refused(c, NULL, &o, MR_INVALID_ARGUMENT, "run_id");
  o.run_id = nobody;
  refused(c, NULL, &o, MR_NOT_FOUND, nobody);
  o.run_id = mr_run_info(empty)->id;
  refused(c, NULL, &o, MR_NOT_FOUND, "no artifacts");
  o = good;
  o.artifact_path = "../x";
  refused(c, NULL, &o, MR_INVALID_ARGUMENT, "artifact path");
  o.artifact_path = "nowhere";
  refused(c, NULL, &o, MR_NOT_FOUND, "nowhere");
  o = good;
  o.bump = 9;
  refused(c, NULL, &o, MR_INVALID_ARGUMENT, "bump|9");
  o = good;
  o.transition = "demote";
  refused(c, NULL, &o, MR_INVALID_ARGUMENT, "demote");
  o.transition = "channel/latest";
  refused(c, NULL, &o, MR_INVALID_ARGUMENT, "latest");
  o.transition = "channel/live";
  refused(c, NULL, &o, MR_INVALID_ARGUMENT, "run_id|promote");
  o.run_id = NULL;
  refused(c, NULL, &o, MR_INVALID_ARGUMENT, "version");
  o.version = "7.0.0";
  refused(c, NULL, &o, MR_NOT_FOUND, "7.0.0");
  o.version = "7";
  refused(c, NULL, &o, MR_INVALID_ARGUMENT, "semantic");
  o.version = "1.0.0";
  o.bump = MR_BUMP_MAJOR;
  refused(c, NULL, &o, MR_INVALID_ARGUMENT, "bump");
  o = good;
  refused(c, "soak: channel.staging.hours > 1\n", &o, MR_INVALID_ARGUMENT, "soak|channel");
  assert_int_equal(requests(c), 1);
  mr_run_free(empty);
  mr_run_free(run);
  mr_model_free(model);
}

int contract_dry_run_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(changes_nothing),
      TEST(says_what_a_request_would),
      TEST(another_gate_takes_the_place),
      TEST(channels),
      TEST(numbers_are_proposed),
      TEST(works_where_nothing_can_be_written),
      TEST(refuses),
  };
  return GROUP("dry runs", tests);
}
