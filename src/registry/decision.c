/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions as handles, as a table and as JSON. */
#include "registry/decision.h"
#include "registry/text_buffer.h"

struct mr_decision {
  mr_registry *registry;
  mri_judgement judgement;
  mri_vec rules; /* mr_rule_record, which point into the judgement */
  mr_decision_record record;
};

static bool fill_rules(mr_decision *decision) {
  const mri_judgement *judgement = &decision->judgement;
  for (size_t i = 0; i < judgement->rules.count; i++) {
    const mri_rule_result *result = mri_vec_at(&judgement->rules, i);
    mr_rule_record *rule = mri_vec_push(&decision->rules);
    if (rule == NULL) return false;
    rule->struct_size = sizeof *rule;
    rule->verdict = result->verdict;
    rule->unknown = result->unknown;
    rule->from_default = result->from_default;
    rule->name = result->name;
    rule->required = result->required;
    rule->observed = result->observed;
    rule->reason = result->reason;
    decision->record.rule_count++;
    if (rule->verdict == MR_VERDICT_PASSED) decision->record.passed_count++;
  }
  return true;
}

static bool fill_record(mr_decision *decision, const char *request) {
  char digest[MRI_DIGEST_TEXT];
  mri_judgement *judgement = &decision->judgement;
  mr_decision_record *record = &decision->record;
  mri_digest_text(&judgement->gate_digest, digest);
  record->struct_size = sizeof *record;
  record->verdict = judgement->verdict;
  record->request_id = mri_arena_strdup(&judgement->arena, request);
  record->gate_digest = mri_arena_strdup(&judgement->arena, digest);
  record->created_us = judgement->made_us;
  record->sequence = judgement->sequence;
  record->incumbent = judgement->incumbent;
  return record->gate_digest != NULL && (request == NULL || record->request_id != NULL) &&
         fill_rules(decision);
}

mr_status mri_decision_new(mr_registry *registry, mri_judgement *judgement, const char *request,
                           mr_decision **out, mr_error *error) {
  mr_decision *decision = mri_mem_zalloc(&registry->mem, 1, sizeof *decision);
  if (decision == NULL) return mri_error_no_memory(error);
  decision->registry = mri_registry_ref(registry);
  decision->judgement = *judgement;
  mri_judgement_init(judgement, &registry->mem);
  mri_vec_init(&decision->rules, &registry->mem, sizeof(mr_rule_record));
  if (!fill_record(decision, request)) {
    mr_decision_free(decision);
    return mri_error_no_memory(error);
  }
  *out = decision;
  return MR_OK;
}

const mr_decision_record *mr_decision_info(const mr_decision *decision) {
  return decision == NULL ? NULL : &decision->record;
}

int64_t mr_decision_count(const mr_decision *decision) {
  return decision == NULL ? 0 : (int64_t)decision->rules.count;
}

const mr_rule_record *mr_decision_at(const mr_decision *decision, int64_t index) {
  if (index < 0 || index >= mr_decision_count(decision)) return NULL;
  return mri_vec_at(&decision->rules, (size_t)index);
}

void mr_decision_free(mr_decision *decision) {
  if (decision == NULL) return;
  mr_registry *registry = decision->registry;
  mri_vec_free(&decision->rules);
  mri_judgement_destroy(&decision->judgement);
  mri_mem_free(&registry->mem, decision);
  mri_registry_unref(registry);
}

static const char *verdict_name(const mr_rule_record *rule) {
  if (rule->verdict == MR_VERDICT_PASSED) return "passed";
  if (rule->verdict == MR_VERDICT_PENDING) return "pending";
  return rule->unknown ? "failed (unknown)" : "failed";
}

/* Characters, not bytes: continuation bytes of UTF-8 have no width. */
static size_t width_of(const char *text) {
  size_t width = 0;
  for (; *text != '\0'; text++) width += ((unsigned char)*text & 0xc0) != 0x80;
  return width;
}

static void add_padded(mri_str *out, const char *text, size_t width) {
  mri_str_add(out, text);
  for (size_t i = width_of(text); i < width; i++) mri_str_add_char(out, ' ');
}

mr_status mr_decision_text(const mr_decision *decision, mr_buffer **out_text, mr_error *error) {
  static const char *const heads[] = {"rule", "required", "observed", "verdict"};
  size_t widths[3];
  mr_status status = mri_check_argument(decision, "decision", error);
  if (status == MR_OK) status = mri_check_argument(out_text, "out_text", error);
  if (status != MR_OK) return status;
  for (int c = 0; c < 3; c++) widths[c] = strlen(heads[c]);
  for (int64_t i = 0; i < decision->record.rule_count; i++) {
    const mr_rule_record *rule = mr_decision_at(decision, i);
    const char *cells[3] = {rule->name, rule->required, rule->observed};
    for (int c = 0; c < 3; c++) {
      if (width_of(cells[c]) > widths[c]) widths[c] = width_of(cells[c]);
    }
  }
  mri_str out;
  mri_str_init(&out, mri_mem_default());
  for (int64_t i = -1; i < decision->record.rule_count; i++) {
    const mr_rule_record *rule = i < 0 ? NULL : mr_decision_at(decision, i);
    add_padded(&out, rule == NULL ? heads[0] : rule->name, widths[0] + 2);
    add_padded(&out, rule == NULL ? heads[1] : rule->required, widths[1] + 2);
    add_padded(&out, rule == NULL ? heads[2] : rule->observed, widths[2] + 2);
    mri_str_add(&out, rule == NULL ? heads[3] : verdict_name(rule));
    mri_str_add_char(&out, '\n');
  }
  return mri_buffer_take(&out, out_text, error);
}

static void add_member(mri_str *out, const char *name, const char *value) {
  mri_str_addf(out, ",\"%s\":", name);
  if (value == NULL) mri_str_add(out, "null");
  if (value != NULL) mri_str_add_json(out, value);
}

mr_status mr_decision_json(const mr_decision *decision, mr_buffer **out_json, mr_error *error) {
  mr_status status = mri_check_argument(decision, "decision", error);
  if (status == MR_OK) status = mri_check_argument(out_json, "out_json", error);
  if (status != MR_OK) return status;
  static const char *const verdicts[] = {"unknown", "passed", "failed", "pending"};
  const mr_decision_record *record = &decision->record;
  mri_str out;
  mri_str_init(&out, mri_mem_default());
  mri_str_addf(&out, "{\"verdict\":\"%s\"",
               verdicts[record->verdict >= 0 && record->verdict <= 3 ? record->verdict : 0]);
  add_member(&out, "request_id", record->request_id);
  add_member(&out, "gate_digest", record->gate_digest);
  mri_str_addf(&out, ",\"sequence\":%lld", (long long)record->sequence);
  add_member(&out, "incumbent", record->incumbent);
  mri_str_addf(&out, ",\"created_us\":%lld,\"rules\":[", (long long)record->created_us);
  for (int64_t i = 0; i < record->rule_count; i++) {
    const mr_rule_record *rule = mr_decision_at(decision, i);
    mri_str_add(&out, i == 0 ? "{\"name\":" : ",{\"name\":");
    mri_str_add_json(&out, rule->name);
    add_member(&out, "verdict",
               verdicts[rule->verdict >= 0 && rule->verdict <= 3 ? rule->verdict : 0]);
    mri_str_addf(&out, ",\"unknown\":%s,\"from_default\":%s", rule->unknown ? "true" : "false",
                 rule->from_default ? "true" : "false");
    add_member(&out, "required", rule->required);
    add_member(&out, "observed", rule->observed);
    add_member(&out, "reason", rule->reason);
    mri_str_add_char(&out, '}');
  }
  mri_str_add(&out, "]}");
  return mri_buffer_take(&out, out_json, error);
}
