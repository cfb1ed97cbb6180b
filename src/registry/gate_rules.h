/* SPDX-License-Identifier: Apache-2.0 */
/* Gates: rules in memory, and the gates attached to transitions. */
#ifndef MRI_REGISTRY_GATE_RULES_H
#define MRI_REGISTRY_GATE_RULES_H

#include "base/vec.h"
#include "query/query.h"
#include "registry/core.h"

typedef struct mri_rule {
  char *name;
  mri_query *query;
  bool ages; /* it reads how long a channel has held something: each time something else */
} mri_rule;

struct mr_gate {
  const mri_mem *mem;
  mri_vec rules;    /* mri_rule */
  size_t text_size; /* of the canonical text */
  char digest[MRI_DIGEST_TEXT];
};

/* The canonical text, appended to `out`. */
mr_status mri_gate_write(const mr_gate *gate, mri_str *out, mr_error *error);
/* The digest of the canonical text. */
mr_status mri_gate_identity(const mr_gate *gate, mri_digest *out, mr_error *error);

/* INVALID_ARGUMENT unless it is "promote" or "channel/NAME". */
mr_status mri_check_transition(const char *transition, mr_error *error);
/* INVALID_ARGUMENT for a rule that this transition cannot have, naming it. */
mr_status mri_gate_check_transition(const mr_gate *gate, const char *transition, mr_error *error);

/* Whose gate it is: a model's, or with MR_GATE_DEFAULT everybody's; `what` names the struct.
 * INVALID_ARGUMENT unless exactly one is said. */
mr_status mri_gate_check_owner(mr_gate_flags flags, const char *model, const char *what,
                               mr_error *error);
/* The row id of the model; 0 for the default gate, model NULL. */
mr_status mri_gate_owner(mri_tx *tx, const char *model, int64_t *model_id, mr_error *error);
/* The gate in force: *gate is NULL where none is attached. model_id 0 is the default gate. */
mr_status mri_gate_in_force(mri_tx *tx, int64_t model_id, const char *transition, mr_gate **gate,
                            mri_digest *digest, mr_error *error);

#endif
