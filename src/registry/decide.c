/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/decide.h"
#include <stdio.h>

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

mr_verdict mri_verdict_with(mr_verdict so_far, mr_verdict rule) {
  return rule == MR_VERDICT_FAILED || so_far == MR_VERDICT_PASSED ? rule : so_far;
}

/* What a rule came to, out of the memory that its evaluation took: all that it read. */
static mr_status keep_result(const mri_rule *rule, bool from_default,
                             const mri_query_result *result, mri_judgement *out, mr_error *error) {
  mri_rule_result *slot = mri_vec_push(&out->rules);
  if (slot == NULL) return mri_error_no_memory(error);
  slot->name = mri_arena_strdup(&out->arena, rule->name);
  slot->required = mri_arena_strdup(&out->arena, result->required);
  slot->observed = mri_arena_strdup(&out->arena, result->observed);
  slot->reason = mri_arena_strdup(&out->arena, result->reason);
  if (slot->name == NULL || slot->required == NULL || slot->observed == NULL ||
      slot->reason == NULL) {
    return mri_error_no_memory(error);
  }
  slot->from_default = from_default;
  slot->ages = rule->ages;
  slot->unknown = result->truth == MRI_UNKNOWN;
  slot->verdict = MR_VERDICT_PASSED;
  if (result->truth != MRI_TRUE) {
    slot->verdict = result->open ? MR_VERDICT_PENDING : MR_VERDICT_FAILED;
  }
  out->verdict = mri_verdict_with(out->verdict, slot->verdict);
  return MR_OK;
}

static mr_status judge_gate(const mr_gate *gate, bool from_default, const mri_candidate *candidate,
                            mri_judgement *out, mr_error *error) {
  mri_query_subject subject = mri_subject_of(candidate);
  mr_status status = MR_OK;
  for (size_t i = 0; i < gate->rules.count && status == MR_OK; i++) {
    const mri_rule *rule = mri_vec_at(&gate->rules, i);
    mri_query_result result;
    mri_arena arena;
    mri_arena_init(&arena, out->arena.mem);
    status = mri_query_evaluate(rule->query, &subject, &arena, &result, error);
    if (status != MR_OK) status = mri_error_prefix(error, status, "rule '%s'", rule->name);
    if (status == MR_OK) status = keep_result(rule, from_default, &result, out, error);
    mri_arena_free(&arena);
  }
  return status;
}

static void add_identity(mri_str *text, const char *label, const mri_digest *digest) {
  char hex[MRI_DIGEST_TEXT] = "none";
  if (digest != NULL) mri_digest_text(digest, hex);
  mri_str_add(text, label);
  mri_str_add(text, hex);
  mri_str_add_char(text, '\n');
}

mr_status mri_gates_digest(const mri_mem *mem, const mri_digest *everybody, const mri_digest *own,
                           mri_digest *out, mr_error *error) {
  mri_str text;
  mri_str_init(&text, mem);
  add_identity(&text, "default ", everybody);
  add_identity(&text, "model ", own);
  mr_status status = text.failed ? mri_error_no_memory(error) : MR_OK;
  if (status == MR_OK) mri_blake2b(text.data, text.size, out);
  mri_str_free(&text);
  return status;
}

static mr_status name_incumbent(const mri_candidate *candidate, mri_judgement *out,
                                mr_error *error) {
  char number[MRI_SEMVER_MAX * 2 + 64];
  if (candidate->incumbent == NULL) return MR_OK;
  mri_semver_format(candidate->incumbent->number, number);
  out->incumbent = mri_arena_strdup(&out->arena, number);
  return out->incumbent == NULL ? mri_error_no_memory(error) : MR_OK;
}

mr_status mri_judge(const char *transition, const mri_candidate *candidate, const mr_gate *instead,
                    mri_judgement *out, mr_error *error) {
  mr_gate *everybody = NULL;
  mr_gate *attached = NULL;
  mri_digest everybody_digest;
  mri_digest own_digest;
  mr_status status = name_incumbent(candidate, out, error);
  if (status == MR_OK) {
    status = mri_gate_in_force(candidate->tx, 0, transition, &everybody, &everybody_digest, error);
  }
  if (status == MR_OK) {
    status = instead != NULL ? mri_gate_identity(instead, &own_digest, error)
                             : mri_gate_in_force(candidate->tx, candidate->model_id, transition,
                                                 &attached, &own_digest, error);
  }
  if (status != MR_OK) goto cleanup;
  const mr_gate *own = instead != NULL ? instead : attached;
  status = mri_gates_digest(candidate->mem, everybody == NULL ? NULL : &everybody_digest,
                            own == NULL ? NULL : &own_digest, &out->gate_digest, error);
  if (status == MR_OK && everybody != NULL) {
    status = judge_gate(everybody, true, candidate, out, error);
  }
  if (status == MR_OK && own != NULL) status = judge_gate(own, false, candidate, out, error);
cleanup:
  mr_gate_free(everybody);
  mr_gate_free(attached);
  return status;
}

static mr_status store_rules(mri_tx *tx, mri_judgement *judgement, int64_t id, mr_error *error) {
  enum { COLUMNS = 9 };
  size_t count = judgement->rules.count;
  mri_value *values = mri_arena_alloc(&judgement->arena, count * COLUMNS * sizeof *values);
  if (values == NULL) return mri_error_no_memory(error);
  for (size_t i = 0; i < count; i++) {
    const mri_rule_result *rule = mri_vec_at(&judgement->rules, i);
    mri_value *row = values + i * COLUMNS;
    row[0] = (mri_value){.type = 'i', .integer = id};
    row[1] = (mri_value){.type = 'i', .integer = (int64_t)i};
    row[2] = (mri_value){.type = 'i', .integer = rule->from_default};
    row[3] = (mri_value){.type = 't', .data = rule->name};
    row[4] = (mri_value){.type = 'i', .integer = rule->verdict};
    row[5] = (mri_value){.type = 'i', .integer = rule->unknown};
    row[6] = (mri_value){.type = 't', .data = rule->required};
    row[7] = (mri_value){.type = 't', .data = rule->observed};
    row[8] = (mri_value){.type = 't', .data = rule->reason};
  }
  return mri_sql_batch(tx, error,
                       "INSERT INTO decision_rule (decision_id, position, from_default, name, "
                       "verdict, unknown, required, observed, reason) "
                       "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                       COLUMNS, count, values);
}

mr_status mri_judgement_store(mri_tx *tx, mri_judgement *judgement, int64_t request_id,
                              int64_t sequence, int64_t now_us, mr_error *error) {
  int64_t id = 0;
  judgement->sequence = sequence;
  judgement->made_us = now_us;
  mr_status status =
      mri_sql_run(tx, error,
                  "INSERT INTO decision (request_id, sequence, verdict, gate_digest, incumbent, "
                  "created_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                  "iiidti", request_id, sequence, (int64_t)judgement->verdict,
                  &judgement->gate_digest, judgement->incumbent, now_us);
  /* To ask for the id is faster than RETURNING, for which SQLite makes a table each time. */
  if (status == MR_OK) {
    status = mri_sql_int(tx, error, 0, &id,
                         "SELECT id FROM decision WHERE request_id = ?1 AND sequence = ?2", "ii",
                         request_id, sequence);
  }
  return status == MR_OK ? store_rules(tx, judgement, id, error) : status;
}

static mr_status read_rules(mri_tx *tx, int64_t id, mri_judgement *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool row = false;
  bool failed = false;
  mr_status status =
      mri_sql_query(tx, error, &stmt,
                    "SELECT from_default, name, verdict, unknown, required, observed, reason "
                    "FROM decision_rule WHERE decision_id = ?1 ORDER BY position",
                    "i", id);
  while (status == MR_OK && (status = mri_stmt_step(stmt, &row, error)) == MR_OK && row) {
    mri_rule_result *rule = mri_vec_push(&out->rules);
    if (rule == NULL) {
      status = mri_error_no_memory(error);
      break;
    }
    rule->from_default = mri_stmt_int(stmt, 0) != 0;
    rule->name = mri_column_text(stmt, 1, &out->arena, &failed);
    rule->verdict = (mr_verdict)mri_stmt_int(stmt, 2);
    rule->unknown = mri_stmt_int(stmt, 3) != 0;
    rule->required = mri_column_text(stmt, 4, &out->arena, &failed);
    rule->observed = mri_column_text(stmt, 5, &out->arena, &failed);
    rule->reason = mri_column_text(stmt, 6, &out->arena, &failed);
    if (failed) status = mri_error_no_memory(error);
  }
  mri_stmt_done(stmt);
  return status;
}

mr_status mri_judgement_read(mri_tx *tx, int64_t request_id, int64_t sequence, mri_judgement *out,
                             mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  bool failed = false;
  mr_status status =
      mri_sql_first(tx, error, &stmt, &found,
                    "SELECT id, sequence, verdict, gate_digest, incumbent, created_us "
                    "FROM decision WHERE request_id = ?1 AND (?2 = 0 OR sequence = ?2) "
                    "ORDER BY sequence DESC LIMIT 1",
                    "ii", request_id, sequence);
  if (status != MR_OK) return status;
  if (!found && sequence == 0) {
    return mri_error_set(error, MR_CORRUPT, "the request has no decision");
  }
  if (!found) {
    return mri_error_set(error, MR_NOT_FOUND, "the request has no decision %lld",
                         (long long)sequence);
  }
  int64_t id = mri_stmt_int(stmt, 0);
  out->sequence = mri_stmt_int(stmt, 1);
  out->verdict = (mr_verdict)mri_stmt_int(stmt, 2);
  bool good = mri_stmt_digest(stmt, 3, &out->gate_digest);
  out->incumbent = mri_column_text(stmt, 4, &out->arena, &failed);
  out->made_us = mri_stmt_int(stmt, 5);
  mri_stmt_done(stmt);
  if (failed) return mri_error_no_memory(error);
  if (!good) return mri_error_set(error, MR_CORRUPT, "a decision has no digest of its gates");
  return read_rules(tx, id, out, error);
}

static bool same_text(const char *a, const char *b) {
  return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Where the text behind an age goes on: behind the number, which is another one each time. */
static const char *behind_age(const char *text) {
  static const char *const ages[] = {".hours = ", ".hours is "};
  for (size_t i = 0; i < 2; i++) {
    size_t size = strlen(ages[i]);
    if (strncmp(text, ages[i], size) == 0) {
      return text + size + strspn(text + size, "0123456789.+-e");
    }
  }
  return text;
}

/* The same but for how long a channel has held something: that time goes by is no news. */
static bool same_but_ages(const char *a, const char *b) {
  if (a == NULL || b == NULL) return a == b;
  for (;;) {
    a = behind_age(a);
    b = behind_age(b);
    if (*a != *b || *a == '\0') return *a == *b;
    a++;
    b++;
  }
}

static bool same_observation(const mri_rule_result *new_one, const mri_rule_result *old) {
  if (!new_one->ages || new_one->verdict != MR_VERDICT_PENDING) {
    return same_text(new_one->observed, old->observed) && same_text(new_one->reason, old->reason);
  }
  return same_but_ages(new_one->observed, old->observed) &&
         same_but_ages(new_one->reason, old->reason);
}

bool mri_judgement_same(const mri_judgement *new_one, const mri_judgement *kept) {
  if (new_one->verdict != kept->verdict || new_one->rules.count != kept->rules.count ||
      !mri_digest_equal(&new_one->gate_digest, &kept->gate_digest) ||
      !same_text(new_one->incumbent, kept->incumbent)) {
    return false;
  }
  for (size_t i = 0; i < new_one->rules.count; i++) {
    const mri_rule_result *x = mri_vec_at(&new_one->rules, i);
    const mri_rule_result *y = mri_vec_at(&kept->rules, i);
    if (x->verdict != y->verdict || !same_text(x->name, y->name) ||
        !same_text(x->required, y->required) || !same_observation(x, y)) {
      return false;
    }
  }
  return true;
}

mr_status mri_judgement_failure(const mri_judgement *judgement, const char *what, mr_error *error) {
  const mri_rule_result *first = NULL;
  int64_t others = -1;
  for (size_t i = 0; i < judgement->rules.count; i++) {
    const mri_rule_result *rule = mri_vec_at(&judgement->rules, i);
    if (rule->verdict != judgement->verdict) continue;
    if (first == NULL) first = rule;
    others++;
  }
  if (first == NULL || judgement->verdict == MR_VERDICT_PASSED) {
    return mri_error_set(error, MR_CORRUPT, "%s: no rule of its decision says so", what);
  }
  char more[48] = "";
  if (others > 0) {
    (void)snprintf(more, sizeof more, ", and %lld more %s", (long long)others,
                   others == 1 ? "rule" : "rules");
  }
  bool pending = judgement->verdict == MR_VERDICT_PENDING;
  /* Whatever is long is cut, so that the end is always there. */
  return mri_error_set(
      error, pending ? MR_GATE_PENDING : MR_GATE_FAILED, "%.*s: rule '%.*s' %s: %.*s%s",
      mri_text_fit(what, 170), what, mri_text_fit(first->name, 64), first->name,
      pending ? "is pending" : "failed", mri_text_fit(first->reason, 200), first->reason, more);
}
