/* SPDX-License-Identifier: Apache-2.0 */
/* Deciding: gates over a candidate, and the record that is kept for ever. */
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
} mri_rule_result;

typedef struct mri_judgement {
  mri_arena arena;
  mri_vec rules; /* mri_rule_result: the default gate's first */
  mr_verdict verdict;
  mri_digest gate_digest; /* over the default gate and the model's */
} mri_judgement;

void mri_judgement_init(mri_judgement *judgement, const mri_mem *mem);
void mri_judgement_destroy(mri_judgement *judgement);
/* Evaluates the gates in force on a transition of a model. */
mr_status mri_judge(mri_tx *tx, int64_t model_id, const char *transition,
                    const mri_candidate *candidate, mri_judgement *out, mr_error *error);
/* Keeps it. */
mr_status mri_judgement_store(mri_tx *tx, const mri_judgement *judgement, int64_t request_id,
                              int64_t now_us, mr_error *error);

#endif
