/* SPDX-License-Identifier: Apache-2.0 */
/* Gates as tables of rules, and what is known of each: shared by the tests of rules. */
#include "contract.h"

mr_gate *contract_gate(const rule_case *cases, size_t count) {
  mr_gate *gate = NULL;
  assert_true(count <= 256);
  OK(mr_gate_new(&gate, &error));
  for (size_t i = 0; i < count; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "rule-%zu", i);
    OK(mr_gate_add_rule(gate, name, cases[i].expression, &error));
  }
  return gate;
}

static char truth_of(const mr_rule_record *rule) {
  if (rule->verdict == MR_VERDICT_PENDING) return rule->unknown != 0 ? 'u' : 'f';
  if (rule->unknown != 0) return 'U';
  return rule->verdict == MR_VERDICT_PASSED ? 'T' : 'F';
}

void contract_judged(const mr_decision *decision, const rule_case *cases, size_t count) {
  int64_t passed = 0;
  int64_t failed = 0;
  assert_int_equal(mr_decision_info(decision)->rule_count, count);
  for (size_t i = 0; i < count; i++) {
    const mr_rule_record *rule = mr_decision_at(decision, (int64_t)i);
    char truth = truth_of(rule);
    if (truth != cases[i].truth) {
      fail_msg("%s is %c, not %c: %s; %s", cases[i].expression, truth, cases[i].truth,
               rule->observed, rule->reason);
    }
    HAS(rule->observed, cases[i].observed);
    HAS(rule->reason, cases[i].reason);
    assert_int_equal(rule->reason[0] == '\0', truth == 'T');
    assert_true(rule->required[0] != '\0');
    passed += truth == 'T';
    failed += truth == 'F' || truth == 'U';
    assert_int_equal(rule->verdict, truth == 'T'                   ? MR_VERDICT_PASSED
                                    : truth == 'F' || truth == 'U' ? MR_VERDICT_FAILED
                                                                   : MR_VERDICT_PENDING);
  }
  assert_int_equal(mr_decision_info(decision)->passed_count, passed);
  assert_int_equal(mr_decision_info(decision)->verdict, failed > 0 ? MR_VERDICT_FAILED
                                                        : passed == (int64_t)count
                                                            ? MR_VERDICT_PASSED
                                                            : MR_VERDICT_PENDING);
}

void contract_try(const contract *c, const mr_evaluate_options *options, const rule_case *cases,
                  size_t count) {
  mr_decision *decision = NULL;
  mr_gate *gate = contract_gate(cases, count);
  OK(mr_registry_evaluate_gate(c->registry, gate, options, &decision, &error));
  contract_judged(decision, cases, count);
  mr_decision_free(decision);
  mr_gate_free(gate);
}

mr_dataset *contract_dataset(const contract *c, const char *name, const char *content,
                             int64_t samples) {
  path_text path;
  mr_manifest *manifest = NULL;
  mr_dataset *out = NULL;
  mr_dataset_options o = MR_DATASET_OPTIONS_INIT;
  mr_experiment *experiment = contract_experiment(c, "data");
  char digest[DIGEST_TEXT];
  contract_digest("other", 5, digest);
  contract_write_text(c, "data.csv", content);
  OK(mr_manifest_new(&manifest, &error));
  OK(mr_manifest_add_file(manifest, contract_path(c, "data.csv", &path), NULL, &error));
  OK(mr_manifest_add_entry(manifest, "remote.csv", 100, digest, &error));
  o.sample_count = samples;
  OK(mr_experiment_log_dataset(experiment, name, manifest, &o, &out, &error));
  mr_manifest_free(manifest);
  mr_experiment_free(experiment);
  return out;
}

void contract_use_dataset(mr_run *run, const char *role, const mr_dataset *used) {
  mr_input_options in = MR_INPUT_OPTIONS_INIT;
  in.role = role;
  in.dataset_run_id = mr_dataset_info(used)->run_id;
  OK(mr_run_log_input(run, &in, &error));
}
