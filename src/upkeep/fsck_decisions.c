/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions: made by the gates that were attached at their time, of rules that bear them out. */
#include "registry/decide.h"
#include "upkeep/fsck_govern.h"

#include <stdio.h>

enum { COMPLAINTS_MAX = 64 };

/* A decision that was not made by the gates that it should have been made by. */
typedef struct complaint {
  mri_digest expected;
  mri_digest found;
} complaint;

void mri_fsck_judges_init(mri_fsck_judges *judges, mri_fsck_walk *walk) {
  memset(judges, 0, sizeof *judges);
  judges->walk = walk;
  mri_vec_init(&judges->complaints, &walk->registry->mem, sizeof(complaint));
}

void mri_fsck_judges_free(mri_fsck_judges *judges) {
  mr_gate_free(judges->kept[0].gate);
  mr_gate_free(judges->kept[1].gate);
  mri_vec_free(&judges->complaints);
}

/* --- gates ------------------------------------------------------------------------------------ */

/* What was attached at a time; *there is false for nothing. */
static mr_status find_attached(mri_fsck_judges *judges, int64_t model_id, const char *transition,
                               int64_t time_us, bool *there, mri_digest *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  *there = false;
  mr_status status =
      mri_sql_first(judges->walk->tx, error, &stmt, &found,
                    "SELECT gate_digest FROM gate_attachment WHERE model_id = ?1 AND "
                    "transition = ?2 AND created_us <= ?3 ORDER BY revision DESC LIMIT 1",
                    "iti", model_id, transition, time_us);
  if (status != MR_OK || !found) return status;
  *there = mri_stmt_digest(stmt, 0, out);
  mri_stmt_done(stmt);
  return MR_OK;
}

/* Keeps the gate of a digest; none where its row is not whole, as is said of the gate. */
static mr_status keep_gate(mri_fsck_judges *judges, int slot, const mri_digest *digest,
                           mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_gate **gate = &judges->kept[slot].gate;
  mr_error why = MR_ERROR_INIT;
  if (*gate != NULL && mri_digest_equal(digest, &judges->kept[slot].digest)) return MR_OK;
  mr_gate_free(*gate);
  *gate = NULL;
  mr_status status = mri_sql_first(judges->walk->tx, error, &stmt, &found,
                                   "SELECT body FROM gate WHERE digest = ?1", "d", digest);
  if (status != MR_OK || !found) return status;
  status = mri_fsck_parse_gate(digest, mri_stmt_text(stmt, 0), gate, &why);
  mri_stmt_done(stmt);
  judges->kept[slot].digest = *digest;
  return mri_fsck_pass_on(status, &why, error);
}

/* Each difference is said once: one attachment may have decided thousands of requests. */
static mr_status complain(mri_fsck_judges *judges, const mri_digest *expected,
                          const mri_digest *found, bool *again, mr_error *error) {
  *again = false;
  for (size_t i = 0; i < judges->complaints.count && !*again; i++) {
    const complaint *one = mri_vec_at(&judges->complaints, i);
    *again = mri_digest_equal(&one->expected, expected) && mri_digest_equal(&one->found, found);
  }
  if (*again || judges->complaints.count >= COMPLAINTS_MAX) return MR_OK;
  complaint *slot = mri_vec_push(&judges->complaints);
  if (slot == NULL) return mri_error_no_memory(error);
  *slot = (complaint){*expected, *found};
  return MR_OK;
}

/* *known says whether the rules of both gates are kept in `judges`. */
static mr_status check_gates(mri_fsck_judges *judges, mri_fsck_thing *thing, const char *where,
                             const mri_fsck_request *q, int64_t time_us, const mri_digest *gates,
                             bool *known) {
  mri_digest digest[2];
  mri_digest expected;
  bool there[2] = {false, false};
  const int64_t owners[2] = {0, q->model_id};
  mr_status status = MR_OK;
  bool again = false;
  *known = false;
  for (int i = 0; i < 2 && status == MR_OK; i++) {
    status = find_attached(judges, owners[i], q->transition, time_us, &there[i], &digest[i],
                           thing->error);
  }
  if (status == MR_OK) {
    status = mri_gates_digest(&judges->walk->registry->mem, there[0] ? &digest[0] : NULL,
                              there[1] ? &digest[1] : NULL, &expected, thing->error);
  }
  if (status != MR_OK) return status;
  if (!mri_digest_equal(&expected, gates)) {
    status = complain(judges, &expected, gates, &again, thing->error);
    if (status == MR_OK && !again) {
      mri_fsck_say(thing, MR_FINDING_DIGEST,
                   "%sit was not made by the gates that were attached to %s of %s at its time",
                   where, q->transition, mri_fsck_shown(q->model));
    }
    return status == MR_OK ? thing->status : status;
  }
  *known = true;
  for (int i = 0; i < 2 && status == MR_OK; i++) {
    if (there[i]) {
      status = keep_gate(judges, i, &digest[i], thing->error);
      *known = *known && judges->kept[i].gate != NULL;
    } else {
      mr_gate_free(judges->kept[i].gate);
      judges->kept[i].gate = NULL;
    }
  }
  return status;
}

/* --- rules ------------------------------------------------------------------------------------ */

/* The rule at a place: the default gate's come first. NULL behind the last. */
static const mri_rule *rule_at(const mri_fsck_judges *judges, int64_t position,
                               bool *from_default) {
  size_t at = (size_t)position;
  for (int i = 0; i < 2; i++) {
    const mr_gate *gate = judges->kept[i].gate;
    if (gate == NULL) continue;
    *from_default = i == 0;
    if (at < gate->rules.count) return mri_vec_at(&gate->rules, at);
    at -= gate->rules.count;
  }
  return NULL;
}

static mr_status is_of_gate(const mri_fsck_judges *judges, int64_t position, const mri_stmt *stmt,
                            bool *same, mr_error *error) {
  mri_str text;
  bool from_default = false;
  const mri_rule *rule = rule_at(judges, position, &from_default);
  *same = false;
  if (rule == NULL) return MR_OK;
  mri_str_init(&text, &judges->walk->registry->mem);
  mr_status status = mri_query_print(rule->query, &text, error);
  if (status == MR_OK && text.failed) status = mri_error_no_memory(error);
  *same = status == MR_OK && from_default == (mri_stmt_int(stmt, 1) != 0) &&
          mri_fsck_same_text(mri_stmt_text(stmt, 2), rule->name) &&
          mri_fsck_same_text(mri_stmt_text(stmt, 5), mri_str_text(&text));
  mri_str_free(&text);
  return status;
}

/* Columns: position, from_default, name, verdict, unknown, required, observed, reason. */
static void check_rule(const mri_fsck_judges *judges, bool known, mri_fsck_thing *thing,
                       const char *where, int64_t position, const mri_stmt *stmt) {
  static const mri_fsck_text texts[] = {
      {2, "its name", 0, false},
      {5, "what it requires", MRI_VALUE_MAX, false},
      {6, "what it observed", MRI_VALUE_MAX, false},
      {7, "its reason", MRI_VALUE_MAX, false},
  };
  char rule[128];
  bool same = true;
  int64_t verdict = mri_stmt_int(stmt, 3);
  int64_t unknown = mri_stmt_int(stmt, 4);
  const char *reason = mri_stmt_text(stmt, 7);
  mri_fsck_thing_row(thing);
  (void)snprintf(rule, sizeof rule, "%srule %lld: ", where, (long long)position);
  if (mri_stmt_int(stmt, 0) != position) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "%sits place is %lld", rule,
                 (long long)mri_stmt_int(stmt, 0));
    return;
  }
  mri_fsck_thing_range(thing, stmt, 1, rule, "from_default", 0, 1);
  mri_fsck_thing_range(thing, stmt, 3, rule, "its verdict", MR_VERDICT_PASSED, MR_VERDICT_PENDING);
  mri_fsck_thing_range(thing, stmt, 4, rule, "unknown", 0, 1);
  mri_fsck_thing_texts(thing, stmt, rule, texts, sizeof texts / sizeof *texts);
  if (thing->found > 0 || thing->status != MR_OK) return;
  bool passed = verdict == MR_VERDICT_PASSED;
  if (passed != mri_fsck_same_text(reason, "") || (passed && unknown != 0)) {
    mri_fsck_say(thing, MR_FINDING_VALUE, "%sits verdict does not go with its reason", rule);
    return;
  }
  if (known) thing->status = is_of_gate(judges, position, stmt, &same, thing->error);
  if (!same) {
    mri_fsck_say(thing, MR_FINDING_VALUE, "%sit is not the rule of the gate that decided", rule);
  }
}

/* The verdict that the rules give; 0 when they are not whole. */
static int64_t check_rules(const mri_fsck_judges *judges, bool known, mri_fsck_thing *thing,
                           const char *where, int64_t decision_id) {
  mri_stmt *stmt = NULL;
  bool row = false;
  bool from_default = false;
  int64_t position = 0;
  int64_t before = thing->found;
  mr_verdict verdict = MR_VERDICT_PASSED;
  if (thing->status == MR_OK) {
    thing->status = mri_sql_query(judges->walk->tx, thing->error, &stmt,
                                  "SELECT position, from_default, name, verdict, unknown, "
                                  "required, observed, reason FROM decision_rule "
                                  "WHERE decision_id = ?1 ORDER BY position",
                                  "i", decision_id);
  }
  while (thing->status == MR_OK && thing->found == before &&
         (thing->status = mri_stmt_step(stmt, &row, thing->error)) == MR_OK && row) {
    check_rule(judges, known, thing, where, position++, stmt);
    verdict = mri_verdict_with(verdict, (mr_verdict)mri_stmt_int(stmt, 3));
  }
  mri_stmt_done(stmt);
  if (thing->status == MR_OK && thing->found == before && known &&
      rule_at(judges, position, &from_default) != NULL) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "%sit has %lld rules, and the gates have more", where,
                 (long long)position);
  }
  return thing->found == before ? verdict : 0;
}

/* --- decisions -------------------------------------------------------------------------------- */

/* A promotion is compared with an earlier version of the model, a channel with what it held. */
static void check_incumbent(mri_fsck_thing *thing, const char *where, const mri_fsck_request *q,
                            const char *incumbent, int64_t time_us) {
  mri_stmt *stmt = NULL;
  bool found = false;
  if (!mri_fsck_is_promotion(q)) {
    if (mri_fsck_same_text(incumbent == NULL ? "none" : incumbent, q->expected)) return;
    mri_fsck_say(thing, MR_FINDING_VALUE, "%sits incumbent is %.64s, but the channel held %.64s",
                 where, mri_fsck_shown(incumbent), q->expected);
    return;
  }
  if (incumbent == NULL || thing->status != MR_OK) return;
  thing->status =
      mri_fsck_version_named(thing->walk, q->model_id, incumbent, &stmt, &found, thing->error);
  bool good = found && (mri_stmt_int(stmt, 0) < time_us || mri_stmt_int(stmt, 5) < time_us);
  mri_stmt_done(stmt);
  if (!good) {
    mri_fsck_say(thing, MR_FINDING_REFERENCE,
                 "%sits incumbent %.64s was no version of the model at its time", where, incumbent);
  }
}

/* Columns: id, sequence, verdict, gate_digest, incumbent, created_us. */
static void check_decision(mri_fsck_judges *judges, mri_fsck_thing *thing,
                           const mri_fsck_request *q, const mri_stmt *stmt, mri_fsck_decided *out) {
  static const mri_fsck_text text = {4, "its incumbent", MRI_VALUE_MAX, true};
  char where[64];
  mri_digest gates = {{0}};
  bool known = false;
  int64_t before = thing->found;
  int64_t sequence = mri_stmt_int(stmt, 1);
  int64_t verdict = mri_stmt_int(stmt, 2);
  int64_t time_us = mri_stmt_int(stmt, 5);
  mri_fsck_thing_row(thing);
  (void)snprintf(where, sizeof where, "decision %lld: ", (long long)sequence);
  if (out->count == INT64_MAX || sequence != out->count + 1) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "decision %lld follows decision %lld",
                 (long long)sequence, (long long)out->count);
  } else if (before == 0 && out->count > 0 && out->verdict != MR_VERDICT_PENDING) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "%sthe one before it was the last", where);
  } else if (out->count > 0 && time_us <= out->last_us) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "%sit is not later than the one before it", where);
  }
  mri_fsck_thing_range(thing, stmt, 2, where, "its verdict", MR_VERDICT_PASSED, MR_VERDICT_PENDING);
  mri_fsck_thing_texts(thing, stmt, where, &text, 1);
  mri_fsck_thing_time(thing, stmt, 5, where, "its time");
  if (!mri_stmt_digest(stmt, 3, &gates)) {
    mri_fsck_say(thing, MR_FINDING_VALUE, "%sthe digest of its gates does not have %d bytes", where,
                 MRI_DIGEST_BYTES);
  }
  if (thing->status == MR_OK && thing->found == before) {
    thing->status = check_gates(judges, thing, where, q, time_us, &gates, &known);
  }
  if (thing->found == before) {
    check_incumbent(thing, where, q, mri_stmt_text(stmt, 4), time_us);
  }
  int64_t given = check_rules(judges, known, thing, where, mri_stmt_int(stmt, 0));
  if (thing->found == before && given != verdict) {
    mri_fsck_say(thing, MR_FINDING_VALUE, "%sits verdict is not what its rules give", where);
  }
  if (out->count == 0) out->first_us = time_us;
  out->count = sequence;
  out->last_us = time_us;
  out->verdict = verdict;
  out->given = given;
  out->gates = gates;
}

void mri_fsck_decisions(mri_fsck_judges *judges, mri_fsck_thing *thing, const mri_fsck_request *q,
                        mri_fsck_decided *out) {
  mri_stmt *stmt = NULL;
  bool row = false;
  memset(out, 0, sizeof *out);
  if (thing->status != MR_OK) return;
  thing->status = mri_sql_query(judges->walk->tx, thing->error, &stmt,
                                "SELECT id, sequence, verdict, gate_digest, incumbent, created_us "
                                "FROM decision WHERE request_id = ?1 ORDER BY sequence",
                                "i", q->id);
  while (thing->status == MR_OK &&
         (thing->status = mri_stmt_step(stmt, &row, thing->error)) == MR_OK && row) {
    check_decision(judges, thing, q, stmt, out);
  }
  mri_stmt_done(stmt);
}
