/* SPDX-License-Identifier: Apache-2.0 */
/* Gates in the registry: attaching, revisions, and which one is in force. */
#include "base/options.h"
#include "registry/gate_rules.h"
#include "registry/reference.h"

mr_status mri_check_transition(const char *transition, mr_error *error) {
  static const char channel[] = "channel/";
  if (strcmp(transition, "promote") == 0) return MR_OK;
  if (strncmp(transition, channel, sizeof channel - 1) == 0) {
    return mri_check_channel_name(transition + sizeof channel - 1, error);
  }
  mr_status status = mri_check_name(transition, "transition", error);
  if (status != MR_OK) return status;
  return mri_error_set(error, MR_INVALID_ARGUMENT,
                       "transition '%s' is neither promote nor channel/NAME", transition);
}

mr_status mri_gate_in_force(mri_tx *tx, int64_t model_id, const char *transition, mr_gate **gate,
                            mri_digest *digest, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  *gate = NULL;
  mr_status status = mri_sql_first(tx, error, &stmt, &found,
                                   "SELECT g.digest, g.body FROM gate_attachment a "
                                   "JOIN gate g ON g.digest = a.gate_digest WHERE a.model_id = ?1 "
                                   "AND a.transition = ?2 ORDER BY a.revision DESC LIMIT 1",
                                   "it", model_id, transition);
  if (status != MR_OK || !found) return status;
  mri_digest stored;
  mri_digest actual;
  bool good = mri_stmt_digest(stmt, 0, &stored);
  status = mr_gate_parse(mri_stmt_text(stmt, 1), gate, error);
  mri_stmt_done(stmt);
  if (status == MR_OK) status = mri_gate_identity(*gate, &actual, error);
  if (status == MR_OK && (!good || !mri_digest_equal(&stored, &actual))) {
    status =
        mri_error_set(error, MR_TAMPERED, "the gate on %s does not match its digest", transition);
  }
  if (status != MR_OK) {
    mr_gate_free(*gate);
    *gate = NULL;
    return status;
  }
  *digest = stored;
  return MR_OK;
}

static mr_status check_gate_options(mr_gate_options *o, const mr_gate_options *options,
                                    mr_error *error) {
  mr_status status = mri_options_read(o, sizeof *o, options, "mr_gate_options", error);
  if (status != MR_OK) return status;
  if ((o->flags & ~(uint32_t)MR_GATE_DEFAULT) != 0) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "flags 0x%x of mr_gate_options are unknown",
                         o->flags);
  }
  if ((o->model == NULL) != ((o->flags & MR_GATE_DEFAULT) != 0)) {
    return mri_error_set(
        error, MR_INVALID_ARGUMENT,
        "mr_gate_options names either a model or MR_GATE_DEFAULT, which is for all");
  }
  if (o->model != NULL) status = mri_check_model_name(o->model, error);
  if (status != MR_OK) return status;
  if (o->transition == NULL) o->transition = "promote";
  return mri_check_transition(o->transition, error);
}

static mr_status find_owner(mri_tx *tx, const mr_gate_options *o, int64_t *model_id,
                            mr_error *error) {
  *model_id = 0;
  return o->model == NULL ? MR_OK : mri_model_find(tx, o->model, model_id, error);
}

/* What is attached now, as a digest; *attached is false where nothing is. */
static mr_status current_digest(mri_tx *tx, int64_t model_id, const char *transition,
                                bool *attached, mri_digest *digest, int64_t *revision,
                                mr_error *error) {
  mri_stmt *stmt = NULL;
  *revision = 0;
  mr_status status = mri_sql_first(tx, error, &stmt, attached,
                                   "SELECT revision, gate_digest FROM gate_attachment "
                                   "WHERE model_id = ?1 AND transition = ?2 "
                                   "ORDER BY revision DESC LIMIT 1",
                                   "it", model_id, transition);
  if (status != MR_OK || !*attached) return status;
  *revision = mri_stmt_int(stmt, 0);
  bool good = mri_stmt_digest(stmt, 1, digest);
  mri_stmt_done(stmt);
  if (good) return MR_OK;
  return mri_error_set(error, MR_CORRUPT, "the gate on %s has no digest", transition);
}

static mr_status check_expected(const mr_gate_options *o, bool attached, const mri_digest *current,
                                mr_error *error) {
  if (o->expected_digest == NULL) return MR_OK;
  char now[MRI_DIGEST_TEXT] = "none";
  if (attached) mri_digest_text(current, now);
  if (strcmp(o->expected_digest, "none") == 0) {
    if (!attached) return MR_OK;
  } else {
    mri_digest expected;
    mr_status status = mri_check_digest(o->expected_digest, "expected_digest", &expected, error);
    if (status != MR_OK) return status;
    if (attached && mri_digest_equal(&expected, current)) return MR_OK;
  }
  return mri_error_set(error, MR_CONFLICT, "the gate on %s is %s now, not %s", o->transition, now,
                       o->expected_digest);
}

static mr_status attach(mri_tx *tx, mr_registry *registry, const mr_gate *gate,
                        const mr_gate_options *o, mr_error *error) {
  int64_t model_id = 0;
  int64_t revision = 0;
  bool attached = false;
  mri_digest current;
  mri_digest digest;
  mri_str body;
  mr_status status = find_owner(tx, o, &model_id, error);
  if (status == MR_OK) {
    status = current_digest(tx, model_id, o->transition, &attached, &current, &revision, error);
  }
  if (status == MR_OK) status = check_expected(o, attached, &current, error);
  if (status == MR_OK) status = mri_gate_identity(gate, &digest, error);
  if (status != MR_OK) return status;
  if (attached && mri_digest_equal(&current, &digest)) return MR_OK;
  mri_str_init(&body, gate->mem);
  status = mri_gate_write(gate, &body, error);
  if (status == MR_OK) {
    status = mri_sql_run(tx, error,
                         "INSERT INTO gate (digest, body) VALUES (?1, ?2) "
                         "ON CONFLICT (digest) DO NOTHING",
                         "dt", &digest, mri_str_text(&body));
  }
  mri_str_free(&body);
  if (status != MR_OK) return status;
  return mri_sql_run(tx, error,
                     "INSERT INTO gate_attachment (model_id, transition, revision, gate_digest, "
                     "actor, created_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                     "itidti", model_id, o->transition, revision + 1, &digest, mri_actor(registry),
                     mri_now_us(registry));
}

mr_status mr_registry_attach_gate(mr_registry *registry, const mr_gate *gate,
                                  const mr_gate_options *options, mr_error *error) {
  mr_gate_options o;
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(gate, "gate", error);
  if (status == MR_OK) status = check_gate_options(&o, options, error);
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_GOVERN, NULL, &tx, error);
  if (status != MR_OK) return status;
  return mri_call_end(registry, tx, attach(tx, registry, gate, &o, error), error);
}

mr_status mr_registry_open_gate(mr_registry *registry, const mr_gate_options *options,
                                mr_gate **out_gate, mr_error *error) {
  mr_gate_options o;
  mri_tx *tx = NULL;
  mr_gate *gate = NULL;
  mri_digest digest;
  int64_t model_id = 0;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(out_gate, "out_gate", error);
  if (status == MR_OK) status = check_gate_options(&o, options, error);
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = find_owner(tx, &o, &model_id, error);
  if (status == MR_OK) {
    status = mri_gate_in_force(tx, model_id, o.transition, &gate, &digest, error);
  }
  if (status == MR_OK && gate == NULL) {
    status =
        o.model == NULL
            ? mri_error_set(error, MR_NOT_FOUND, "no default gate is attached to %s", o.transition)
            : mri_error_set(error, MR_NOT_FOUND, "no gate is attached to %s of model '%s'",
                            o.transition, o.model);
  }
  status = mri_call_end(registry, tx, status, error);
  if (status == MR_OK) *out_gate = gate;
  if (status != MR_OK) mr_gate_free(gate);
  return status;
}
