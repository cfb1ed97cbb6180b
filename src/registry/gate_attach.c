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

/* Columns: digest, body, both NULL where nothing is attached. The body is the canonical text, so
 * the digest is one over its bytes. */
static mr_status read_gate(const mri_stmt *stmt, const char *transition, mr_gate **gate,
                           mri_digest *digest, mr_error *error) {
  mri_digest actual;
  const char *body = mri_stmt_text(stmt, 1);
  if (mri_stmt_is_null(stmt, 0)) return MR_OK;
  if (body != NULL) mri_blake2b(body, strlen(body), &actual);
  if (body == NULL || !mri_stmt_digest(stmt, 0, digest) || !mri_digest_equal(digest, &actual)) {
    return mri_error_set(error, MR_TAMPERED, "the gate on %s does not match its digest",
                         transition);
  }
  return mr_gate_parse(body, gate, error);
}

mr_status mri_gate_in_force(mri_tx *tx, int64_t model_id, const char *transition, mr_gate **gate,
                            mri_digest *digest, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  *gate = NULL;
  mr_status status =
      mri_sql_first(tx, error, &stmt, &found,
                    "SELECT a.gate_digest, g.body FROM gate_attachment a "
                    "LEFT JOIN gate g ON g.digest = a.gate_digest WHERE a.model_id = ?1 "
                    "AND a.transition = ?2 ORDER BY a.revision DESC LIMIT 1",
                    "it", model_id, transition);
  if (status != MR_OK || !found) return status;
  status = read_gate(stmt, transition, gate, digest, error);
  mri_stmt_done(stmt);
  return status;
}

mr_status mri_gate_check_owner(mr_gate_flags flags, const char *model, const char *what,
                               mr_error *error) {
  if ((flags & ~(uint32_t)MR_GATE_DEFAULT) != 0) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "flags 0x%x of %s are unknown", flags, what);
  }
  if ((model == NULL) != ((flags & MR_GATE_DEFAULT) != 0)) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "%s names either a model or MR_GATE_DEFAULT, which is for all", what);
  }
  return model == NULL ? MR_OK : mri_check_model_name(model, error);
}

mr_status mri_gate_owner(mri_tx *tx, const char *model, int64_t *model_id, mr_error *error) {
  *model_id = 0;
  return model == NULL ? MR_OK : mri_model_find(tx, model, model_id, error);
}

static mr_status check_gate_options(mr_gate_options *o, const mr_gate_options *options,
                                    mr_error *error) {
  mr_status status = mri_options_read(o, sizeof *o, options, "mr_gate_options", error);
  if (status == MR_OK) status = mri_gate_check_owner(o->flags, o->model, "mr_gate_options", error);
  if (status != MR_OK) return status;
  if (o->transition == NULL) o->transition = "promote";
  return mri_check_transition(o->transition, error);
}

/* What is attached to a transition now. */
typedef struct attachment {
  int64_t model_id;
  int64_t revision; /* 0 before the first */
  bool attached;
  mri_digest digest;
} attachment;

static mr_status find_attachment(mri_tx *tx, const mr_gate_options *o, attachment *out,
                                 mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  memset(out, 0, sizeof *out);
  mr_status status = mri_gate_owner(tx, o->model, &out->model_id, error);
  if (status == MR_OK) {
    status = mri_sql_first(tx, error, &stmt, &found,
                           "SELECT revision, gate_digest FROM gate_attachment "
                           "WHERE model_id = ?1 AND transition = ?2 "
                           "ORDER BY revision DESC LIMIT 1",
                           "it", out->model_id, o->transition);
  }
  if (status != MR_OK || !found) return status;
  out->revision = mri_stmt_int(stmt, 0);
  out->attached = !mri_stmt_is_null(stmt, 1);
  bool good = !out->attached || mri_stmt_digest(stmt, 1, &out->digest);
  mri_stmt_done(stmt);
  if (good) return MR_OK;
  return mri_error_set(error, MR_CORRUPT, "the gate on %s has no digest", o->transition);
}

static mr_status refuse_none(const mr_gate_options *o, mr_error *error) {
  if (o->model == NULL) {
    return mri_error_set(error, MR_NOT_FOUND, "no default gate is attached to %s", o->transition);
  }
  return mri_error_set(error, MR_NOT_FOUND, "no gate is attached to %s of model '%s'",
                       o->transition, o->model);
}

static mr_status refuse_other(const mr_gate_options *o, const char *now, mr_error *error) {
  if (o->model == NULL) {
    return mri_error_set(error, MR_CONFLICT, "the default gate on %s is %s now, not %s",
                         o->transition, now, o->expected_digest);
  }
  return mri_error_set(error, MR_CONFLICT, "the gate on %s of model '%s' is %s now, not %s",
                       o->transition, o->model, now, o->expected_digest);
}

static mr_status check_expected(const mr_gate_options *o, const attachment *now, mr_error *error) {
  if (o->expected_digest == NULL) return MR_OK;
  char text[MRI_DIGEST_TEXT] = "none";
  if (now->attached) mri_digest_text(&now->digest, text);
  if (strcmp(o->expected_digest, "none") == 0) {
    if (!now->attached) return MR_OK;
  } else {
    mri_digest expected;
    mr_status status = mri_check_digest(o->expected_digest, "expected_digest", &expected, error);
    if (status != MR_OK) return status;
    if (now->attached && mri_digest_equal(&expected, &now->digest)) return MR_OK;
  }
  return refuse_other(o, text, error);
}

/* One revision more; digest NULL detaches. */
static mr_status add_revision(mri_tx *tx, mr_registry *registry, const mr_gate_options *o,
                              const attachment *now, const mri_digest *digest, mr_error *error) {
  int64_t time_us = 0;
  mr_status status = mri_govern_time(tx, registry, &time_us, error);
  if (status != MR_OK) return status;
  return mri_sql_run(tx, error,
                     "INSERT INTO gate_attachment (model_id, transition, revision, gate_digest, "
                     "actor, created_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                     "itidti", now->model_id, o->transition, now->revision + 1, digest,
                     mri_actor(registry), time_us);
}

static mr_status attach(mri_tx *tx, mr_registry *registry, const mr_gate *gate,
                        const mr_gate_options *o, mr_error *error) {
  attachment now;
  mri_digest digest;
  mri_str body;
  mr_status status = find_attachment(tx, o, &now, error);
  if (status == MR_OK) status = check_expected(o, &now, error);
  if (status == MR_OK) status = mri_gate_identity(gate, &digest, error);
  if (status != MR_OK) return status;
  if (now.attached && mri_digest_equal(&now.digest, &digest)) return MR_OK;
  mri_str_init(&body, gate->mem);
  status = mri_gate_write(gate, &body, error);
  if (status == MR_OK) {
    status = mri_sql_run(tx, error,
                         "INSERT INTO gate (digest, body) VALUES (?1, ?2) "
                         "ON CONFLICT (digest) DO NOTHING",
                         "dt", &digest, mri_str_text(&body));
  }
  mri_str_free(&body);
  return status != MR_OK ? status : add_revision(tx, registry, o, &now, &digest, error);
}

static mr_status detach(mri_tx *tx, mr_registry *registry, const mr_gate_options *o,
                        mr_error *error) {
  attachment now;
  mr_status status = find_attachment(tx, o, &now, error);
  if (status == MR_OK && !now.attached) status = refuse_none(o, error);
  if (status == MR_OK) status = check_expected(o, &now, error);
  return status != MR_OK ? status : add_revision(tx, registry, o, &now, NULL, error);
}

mr_status mr_registry_attach_gate(mr_registry *registry, const mr_gate *gate,
                                  const mr_gate_options *options, mr_error *error) {
  mr_gate_options o;
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(gate, "gate", error);
  if (status == MR_OK) status = check_gate_options(&o, options, error);
  if (status == MR_OK) status = mri_gate_check_transition(gate, o.transition, error);
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_GOVERN, o.cancel, &tx, error);
  if (status != MR_OK) return status;
  return mri_call_end(registry, tx, attach(tx, registry, gate, &o, error), error);
}

mr_status mr_registry_detach_gate(mr_registry *registry, const mr_gate_options *options,
                                  mr_error *error) {
  mr_gate_options o;
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = check_gate_options(&o, options, error);
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_GOVERN, o.cancel, &tx, error);
  if (status != MR_OK) return status;
  return mri_call_end(registry, tx, detach(tx, registry, &o, error), error);
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
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_READ, o.cancel, &tx, error);
  if (status != MR_OK) return status;
  status = mri_gate_owner(tx, o.model, &model_id, error);
  if (status == MR_OK) {
    status = mri_gate_in_force(tx, model_id, o.transition, &gate, &digest, error);
  }
  if (status == MR_OK && gate == NULL) status = refuse_none(&o, error);
  status = mri_call_end(registry, tx, status, error);
  if (status == MR_OK) *out_gate = gate;
  if (status != MR_OK) mr_gate_free(gate);
  return status;
}
