/* SPDX-License-Identifier: Apache-2.0 */
/* Moving a channel through its gate. */
#include "registry/channel_move.h"
#include "base/options.h"
#include "registry/request_row.h"
#include "registry/transition.h"
#include <stdio.h>

#define CHANNEL_PREFIX "channel/"

/* Room for the name of a transition. */
#define TRANSITION_MAX (sizeof CHANNEL_PREFIX + MRI_NAME_MAX)

static mr_status check_move(mr_move_options *o, const mr_move_options *move, mri_semver *wanted,
                            mr_error *error) {
  mr_status status = mri_check_argument(move, "move", error);
  if (status == MR_OK) status = mri_options_read(o, sizeof *o, move, "mr_move_options", error);
  if (status == MR_OK) status = mri_options_reserved(o->reserved, "mr_move_options", error);
  if (status == MR_OK) status = mri_check_channel_name(o->channel, error);
  if (status == MR_OK) status = mri_check_argument(o->version, "version", error);
  if (status == MR_OK) status = mri_semver_parse(o->version, wanted, error);
  if (status == MR_OK) status = mri_channel_check_expectation(o->channel, o->expected, error);
  if (status == MR_OK) status = mri_check_optional(o->reason, "reason", MRI_VALUE_MAX, error);
  if (status == MR_OK && o->op_id != NULL) status = mri_check_name(o->op_id, "op_id", error);
  return status;
}

mr_status mri_movement_intent(const mri_mem *mem, const char *transition, const mri_semver *wanted,
                              const char *expected, mri_digest *out, mr_error *error) {
  mri_str text;
  char number[MRI_SEMVER_MAX * 2 + 64];
  mri_semver_format(wanted, number);
  mri_str_init(&text, mem);
  mri_str_addf(&text, "%s\n%s\n%s\n", transition, number, expected);
  mr_status status = text.failed ? mri_error_no_memory(error) : MR_OK;
  if (status == MR_OK) mri_blake2b(text.data, text.size, out);
  mri_str_free(&text);
  return status;
}

/* What the channel holds. In a dry run it need not exist: then nothing is held. */
static mr_status find_channel(mri_transition *t, mr_error *error) {
  const char *name = t->name + strlen(CHANNEL_PREFIX);
  mr_error missing = MR_ERROR_INIT;
  mr_status status = mri_channel_find(t->tx, t->model, name, &t->channel, &missing);
  if (status == MR_NOT_FOUND && t->purpose == MRI_PURPOSE_TRY) return MR_OK;
  if (status != MR_OK) {
    return mri_error_set_code(error, status, missing.backend_code, "%s", missing.message);
  }
  if (t->expected != NULL) {
    status = mri_channel_check_expected(&t->channel, t->model, t->expected, error);
  }
  t->expected = t->channel.held;
  return status;
}

static mr_status check_target(const mri_transition *t, int64_t version_id, mr_error *error) {
  int64_t version_status = 0;
  const char *model = t->model->record.name;
  if (version_id == t->channel.held_id) {
    return mri_error_set(error, MR_ALREADY_EXISTS, "channel '%s' of model '%s' holds %s already",
                         t->channel.name, model, t->asked.version);
  }
  mr_status status = mri_sql_int(t->tx, error, 0, &version_status,
                                 "SELECT status FROM version WHERE id = ?1", "i", version_id);
  if (status == MR_OK && version_status == MR_VERSION_STATUS_YANKED) {
    status = mri_error_set(error, MR_CONFLICT, "%s@%s is yanked and cannot be put into a channel",
                           model, t->asked.version);
  }
  return status;
}

/* What is judged must be what was promoted: both digests stand with the version. */
static mr_status check_untouched(const mri_transition *t, int64_t version_id, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mri_digest promoted[2];
  mri_digest now[2];
  const mri_candidate *c = &t->target.candidate;
  mr_status status =
      mri_sql_first(t->tx, error, &stmt, &found,
                    "SELECT digest, params_digest FROM version WHERE id = ?1", "i", version_id);
  if (status != MR_OK || !found) return status;
  bool same = mri_stmt_digest(stmt, 0, &promoted[0]) && mri_stmt_digest(stmt, 1, &promoted[1]);
  mri_stmt_done(stmt);
  status = mri_tree_digest(&t->target.tree, &t->registry->mem, &now[0], error);
  if (status == MR_OK) status = mri_params_digest(t->tx, c->run_id, &now[1], error);
  if (status != MR_OK) return status;
  for (int i = 0; i < 2 && same; i++) same = mri_digest_equal(&promoted[i], &now[i]);
  if (same) return MR_OK;
  return mri_error_set(error, MR_TAMPERED,
                       "the artifacts or params of %s@%s are not those that were promoted",
                       t->model->record.name, t->asked.version);
}

static mr_status prepare(mri_transition *t, mr_error *error) {
  mri_semver wanted;
  int64_t version_id = 0;
  mr_status status = find_channel(t, error);
  if (status == MR_OK) status = mri_semver_parse(t->asked.version, &wanted, error);
  if (status == MR_OK) {
    status =
        mri_version_find(t->tx, t->model->id, t->model->record.name, &wanted, &version_id, error);
  }
  if (status == MR_OK && t->purpose != MRI_PURPOSE_TRY) {
    status = check_target(t, version_id, error);
  }
  if (status != MR_OK) return status;
  status = mri_incumbent_load(t->tx, version_id, &t->target, error);
  status = mri_transition_lost(t, status, error);
  if (status == MR_OK) status = check_untouched(t, version_id, error);
  return status == MR_OK ? mri_incumbent_load(t->tx, t->channel.held_id, &t->held, error) : status;
}

static mr_status apply(mri_transition *t, mr_error *error) {
  mri_channel_change change = {MR_CHANNEL_MOVE_KIND_MOVED,
                               t->target.candidate.version_id,
                               0,
                               t->request_id,
                               t->asked.description,
                               t->now_us};
  return mri_channel_set(t->tx, t->registry, &t->channel, &change, error);
}

const mri_transition_sort mri_channel_movement = {prepare, apply};

mr_status mri_channel_move_now(mri_tx *tx, mr_model *model, const mri_channel_row *row,
                               int64_t version_id, const char *reason, int64_t now_us,
                               mr_error *error) {
  mri_transition t;
  char name[TRANSITION_MAX];
  char what[256];
  mri_stmt *stmt = NULL;
  bool found = false;
  (void)snprintf(name, sizeof name, CHANNEL_PREFIX "%s", row->name);
  mri_transition_init(&t, MRI_PURPOSE_OPEN, model->registry, name);
  t.tx = tx;
  t.model = model;
  t.now_us = now_us;
  t.expected = row->held;
  t.asked.description = reason;
  mr_status status = mri_sql_first(tx, error, &stmt, &found,
                                   "SELECT number FROM version WHERE id = ?1", "i", version_id);
  if (status == MR_OK && !found) {
    status = mri_error_set(error, MR_NOT_FOUND, "there is no such version");
  }
  if (status == MR_OK) {
    t.asked.version = mri_arena_strdup(&t.arena, mri_stmt_text(stmt, 0));
    mri_stmt_done(stmt);
    if (t.asked.version == NULL) status = mri_error_no_memory(error);
  }
  if (status == MR_OK) status = mri_transition_prepare(&t, error);
  if (status == MR_OK) status = mri_transition_record(&t, error);
  if (status == MR_OK && t.judgement.verdict != MR_VERDICT_PASSED) {
    (void)snprintf(what, sizeof what, "channel '%.*s' of model '%.*s' does not take %.*s",
                   mri_text_fit(row->name, 48), row->name, mri_text_fit(model->record.name, 48),
                   model->record.name, mri_text_fit(t.asked.version, 40), t.asked.version);
    status = mri_judgement_failure(&t.judgement, what, error);
  }
  mri_transition_destroy(&t);
  return status;
}

mr_status mr_model_move_channel(mr_model *model, const mr_move_options *move,
                                mr_request **out_request, mr_error *error) {
  mri_transition t;
  mr_move_options o;
  mri_semver wanted;
  char name[TRANSITION_MAX];
  mr_request *request = NULL;
  mr_status status = mri_check_argument(model, "model", error);
  if (status == MR_OK) status = mri_check_argument(out_request, "out_request", error);
  if (status == MR_OK) status = check_move(&o, move, &wanted, error);
  if (status == MR_OK) status = mri_enter(model->registry, error);
  if (status != MR_OK) return status;
  mr_registry *registry = model->registry;
  (void)snprintf(name, sizeof name, CHANNEL_PREFIX "%s", o.channel);
  mri_transition_init(&t, MRI_PURPOSE_OPEN, registry, name);
  t.model = model;
  t.asked.version = o.version;
  t.asked.description = o.reason;
  t.asked.op_id = o.op_id;
  t.asked.cancel = o.cancel;
  t.expected = o.expected;
  status = mri_movement_intent(&registry->mem, name, &wanted, o.expected, &t.intent, error);
  if (status == MR_OK) status = mri_transition_make(&t, mri_transition_open, &request, error);
  mri_transition_destroy(&t);
  if (status == MR_OK) *out_request = request;
  if (status != MR_OK) mr_request_free(request);
  return mri_leave(registry, status);
}
