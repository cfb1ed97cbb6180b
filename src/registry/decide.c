/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/decide.h"

void mri_judgement_init(mri_judgement *judgement, const mri_mem *mem) {
  memset(judgement, 0, sizeof *judgement);
  mri_arena_init(&judgement->arena, mem);
  mri_vec_init(&judgement->rules, mem, sizeof(mri_rule_result));
  judgement->verdict = MR_VERDICT_PASSED;
}

void mri_judgement_destroy(mri_judgement *judgement) {
  mri_vec_free(&judgement->rules);
  mri_arena_free(&judgement->arena);
}

static mr_status judge_gate(const mr_gate *gate, bool from_default, const mri_candidate *candidate,
                            mri_judgement *out, mr_error *error) {
  mri_query_subject subject = mri_subject_of(candidate);
  for (size_t i = 0; i < gate->rules.count; i++) {
    const mri_rule *rule = mri_vec_at(&gate->rules, i);
    mri_query_result result;
    mr_status status = mri_query_evaluate(rule->query, &subject, &out->arena, &result, error);
    if (status != MR_OK) return mri_error_prefix(error, status, "rule '%s'", rule->name);
    mri_rule_result *slot = mri_vec_push(&out->rules);
    const char *name = mri_arena_strdup(&out->arena, rule->name);
    if (slot == NULL || name == NULL) return mri_error_no_memory(error);
    slot->name = name;
    slot->required = result.required;
    slot->observed = result.observed;
    slot->reason = result.reason;
    slot->from_default = from_default;
    slot->unknown = result.truth == MRI_UNKNOWN;
    slot->verdict = result.truth == MRI_TRUE ? MR_VERDICT_PASSED : MR_VERDICT_FAILED;
    if (slot->verdict != MR_VERDICT_PASSED) out->verdict = MR_VERDICT_FAILED;
  }
  return MR_OK;
}

static void add_identity(mri_str *text, const char *label, const mr_gate *gate,
                         const mri_digest *digest) {
  char hex[MRI_DIGEST_TEXT] = "none";
  if (gate != NULL) mri_digest_text(digest, hex);
  mri_str_addf(text, "%s %s\n", label, hex);
}

mr_status mri_judge(mri_tx *tx, int64_t model_id, const char *transition,
                    const mri_candidate *candidate, mri_judgement *out, mr_error *error) {
  mr_gate *everybody = NULL;
  mr_gate *own = NULL;
  mri_digest everybody_digest;
  mri_digest own_digest;
  mri_str text;
  mri_str_init(&text, mri_mem_default());
  mr_status status = mri_gate_in_force(tx, 0, transition, &everybody, &everybody_digest, error);
  if (status == MR_OK) {
    status = mri_gate_in_force(tx, model_id, transition, &own, &own_digest, error);
  }
  if (status != MR_OK) goto cleanup;
  add_identity(&text, "default", everybody, &everybody_digest);
  add_identity(&text, "model", own, &own_digest);
  if (text.failed) {
    status = mri_error_no_memory(error);
    goto cleanup;
  }
  mri_blake2b(text.data, text.size, &out->gate_digest);
  if (everybody != NULL) status = judge_gate(everybody, true, candidate, out, error);
  if (status == MR_OK && own != NULL) status = judge_gate(own, false, candidate, out, error);
cleanup:
  mri_str_free(&text);
  mr_gate_free(everybody);
  mr_gate_free(own);
  return status;
}

mr_status mri_judgement_store(mri_tx *tx, const mri_judgement *judgement, int64_t request_id,
                              int64_t now_us, mr_error *error) {
  int64_t id = 0;
  mr_status status = mri_sql_int(tx, error, 0, &id,
                                 "INSERT INTO decision (request_id, verdict, created_us) "
                                 "VALUES (?1, ?2, ?3) RETURNING id",
                                 "iii", request_id, (int64_t)judgement->verdict, now_us);
  for (size_t i = 0; i < judgement->rules.count && status == MR_OK; i++) {
    const mri_rule_result *rule = mri_vec_at(&judgement->rules, i);
    status = mri_sql_run(tx, error,
                         "INSERT INTO decision_rule (decision_id, position, from_default, name, "
                         "verdict, unknown, required, observed, reason) "
                         "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                         "iiitiittt", id, (int64_t)i, (int64_t)rule->from_default, rule->name,
                         (int64_t)rule->verdict, (int64_t)rule->unknown, rule->required,
                         rule->observed, rule->reason);
  }
  return status;
}
