/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions as they were kept. */
#include "registry/decision.h"
#include "registry/text_buffer.h"
#include <stdio.h>

struct mr_decision {
  mr_registry *registry;
  mri_arena arena;
  mri_vec rules; /* mr_rule_record */
  mr_decision_record record;
};

static mr_status read_rules(mri_tx *tx, int64_t id, mr_decision *decision, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool row = false;
  bool failed = false;
  mr_status status =
      mri_sql_query(tx, error, &stmt,
                    "SELECT from_default, name, verdict, unknown, required, observed, reason "
                    "FROM decision_rule WHERE decision_id = ?1 ORDER BY position",
                    "i", id);
  while (status == MR_OK && (status = mri_stmt_step(stmt, &row, error)) == MR_OK && row) {
    mr_rule_record *rule = mri_vec_push(&decision->rules);
    if (rule == NULL) {
      status = mri_error_no_memory(error);
      break;
    }
    rule->struct_size = sizeof *rule;
    rule->from_default = mri_stmt_int(stmt, 0) != 0;
    rule->name = mri_column_text(stmt, 1, &decision->arena, &failed);
    rule->verdict = (mr_verdict)mri_stmt_int(stmt, 2);
    rule->unknown = mri_stmt_int(stmt, 3) != 0;
    rule->required = mri_column_text(stmt, 4, &decision->arena, &failed);
    rule->observed = mri_column_text(stmt, 5, &decision->arena, &failed);
    rule->reason = mri_column_text(stmt, 6, &decision->arena, &failed);
    decision->record.rule_count++;
    if (rule->verdict == MR_VERDICT_PASSED) decision->record.passed_count++;
    if (failed) status = mri_error_no_memory(error);
  }
  mri_stmt_done(stmt);
  return status;
}

static mr_status read_decision(mri_tx *tx, int64_t request_id, mr_decision *decision,
                               mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  bool failed = false;
  mr_status status =
      mri_sql_first(tx, error, &stmt, &found,
                    "SELECT d.id, d.verdict, d.created_us, q.uuid, q.gate_digest FROM decision d "
                    "JOIN request q ON q.id = d.request_id WHERE d.request_id = ?1 "
                    "ORDER BY d.id DESC LIMIT 1",
                    "i", request_id);
  if (status != MR_OK) return status;
  if (!found) return mri_error_set(error, MR_CORRUPT, "the request has no decision");
  int64_t id = mri_stmt_int(stmt, 0);
  decision->record.struct_size = sizeof decision->record;
  decision->record.verdict = (mr_verdict)mri_stmt_int(stmt, 1);
  decision->record.created_us = mri_stmt_int(stmt, 2);
  decision->record.request_id = mri_column_text(stmt, 3, &decision->arena, &failed);
  decision->record.gate_digest = mri_column_digest(stmt, 4, &decision->arena, &failed);
  mri_stmt_done(stmt);
  if (failed) return mri_error_no_memory(error);
  return read_rules(tx, id, decision, error);
}

mr_status mri_decision_load(mri_tx *tx, mr_registry *registry, int64_t request_id,
                            mr_decision **out, mr_error *error) {
  mr_decision *decision = mri_mem_zalloc(&registry->mem, 1, sizeof *decision);
  if (decision == NULL) return mri_error_no_memory(error);
  decision->registry = mri_registry_ref(registry);
  mri_arena_init(&decision->arena, &registry->mem);
  mri_vec_init(&decision->rules, &registry->mem, sizeof(mr_rule_record));
  mr_status status = read_decision(tx, request_id, decision, error);
  if (status == MR_OK) *out = decision;
  if (status != MR_OK) mr_decision_free(decision);
  return status;
}

mr_status mri_decision_failure(const mr_decision *decision, const char *what, mr_error *error) {
  const mr_rule_record *first = NULL;
  int64_t others = -1;
  for (int64_t i = 0; i < decision->record.rule_count; i++) {
    const mr_rule_record *rule = mr_decision_at(decision, i);
    if (rule->verdict == MR_VERDICT_PASSED) continue;
    if (first == NULL) first = rule;
    others++;
  }
  if (first == NULL) {
    return mri_error_set(error, MR_CORRUPT, "%s was refused without a failing rule", what);
  }
  char more[48] = "";
  if (others > 0) {
    (void)snprintf(more, sizeof more, ", and %lld more %s", (long long)others,
                   others == 1 ? "rule" : "rules");
  }
  /* Whatever is long is cut, so that the end is always there. */
  return mri_error_set(error, MR_GATE_FAILED, "%.*s: rule '%.*s' failed: %.*s%s",
                       mri_text_fit(what, 170), what, mri_text_fit(first->name, 64), first->name,
                       mri_text_fit(first->reason, 200), first->reason, more);
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
  mri_arena_free(&decision->arena);
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
  mri_str_add_json(out, value == NULL ? "" : value);
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
