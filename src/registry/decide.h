/* SPDX-License-Identifier: Apache-2.0 */
/* Deciding: gates over a candidate, and the record of it that is kept for ever. */
#ifndef MRI_REGISTRY_DECIDE_H
#define MRI_REGISTRY_DECIDE_H

#include "registry/gate_rules.h"
#include "registry/incumbent.h"

typedef struct mri_rule_result {
  const char *name;
  const char *required;
  const char *observed;
  const char *reason;
  mr_verdict verdict;
  bool unknown;
  bool from_default;
  bool ages; /* as in mri_rule; false in one that was kept */
} mri_rule_result;

typedef struct mri_judgement {
  mri_arena arena;
  mri_vec rules; /* mri_rule_result: the default gate's first */
  mr_verdict verdict;
  mri_digest gate_digest; /* over the default gate and the model's */
  const char *incumbent;  /* number of the version compared with; NULL: none */
  int64_t sequence;       /* among those of its request; 0 until it is kept */
  int64_t made_us;
} mri_judgement;

void mri_judgement_init(mri_judgement *judgement, const mri_mem *mem);
void mri_judgement_destroy(mri_judgement *judgement);
/* The verdict of some rules and one more: one that failed decides; else one that is pending does. */
mr_verdict mri_verdict_with(mr_verdict so_far, mr_verdict rule);
/* What a decision is made by: the default gate and the model's own, NULL where there is none. */
mr_status mri_gates_digest(const mri_mem *mem, const mri_digest *everybody, const mri_digest *own,
                           mri_digest *out, mr_error *error);
/* Evaluates the gates on a transition of a model: those in force, or `instead` (may be NULL) in
 * place of the model's own. */
mr_status mri_judge(const char *transition, const mri_candidate *candidate, const mr_gate *instead,
                    mri_judgement *out, mr_error *error);

/* Keeps it as the next one of a request. */
mr_status mri_judgement_store(mri_tx *tx, mri_judgement *judgement, int64_t request_id,
                              int64_t sequence, int64_t now_us, mr_error *error);
/* Reads a kept one; sequence 0 is the latest. NOT_FOUND when there is no such one; a request
 * without any is CORRUPT. */
mr_status mri_judgement_read(mri_tx *tx, int64_t request_id, int64_t sequence, mri_judgement *out,
                             mr_error *error);
/* Whether a new one says the same as one that was kept, of the same rules and incumbent; how far the
 * time has gone that a pending rule waits for does not count. */
bool mri_judgement_same(const mri_judgement *new_one, const mri_judgement *kept);
/* Of one that did not pass: GATE_FAILED or GATE_PENDING, naming the first such rule and how many
 * more. `what` is the subject of the message. */
mr_status mri_judgement_failure(const mri_judgement *judgement, const char *what, mr_error *error);

#endif
