/* SPDX-License-Identifier: Apache-2.0 */
/* Completing a request: judging again what was sealed. */
#include "base/options.h"
#include "registry/request_row.h"
#include "registry/transition.h"

/* What is stored with the request, besides its handle. */
typedef struct stored_request {
  int64_t model_id;
  mr_request_state state;
  mri_digest candidate;
} stored_request;

static mr_status read_stored(mri_transition *t, stored_request *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  bool failed = false;
  mr_status status =
      mri_sql_first(t->tx, error, &stmt, &found,
                    "SELECT state, candidate_digest, asked_version, asked_bump, "
                    "asked_line, asked_prerelease_id, model_id FROM request WHERE id = ?1",
                    "i", t->request_id);
  if (status != MR_OK) return status;
  if (!found) return mri_error_set(error, MR_NOT_FOUND, "there is no request %s", t->request);
  out->state = (mr_request_state)mri_stmt_int(stmt, 0);
  bool good = mri_stmt_digest(stmt, 1, &out->candidate);
  t->asked.version = mri_column_text(stmt, 2, &t->arena, &failed);
  t->asked.bump = (mr_bump)mri_stmt_int(stmt, 3);
  t->asked.line = mri_column_text(stmt, 4, &t->arena, &failed);
  t->asked.prerelease_id = mri_column_text(stmt, 5, &t->arena, &failed);
  out->model_id = mri_stmt_int(stmt, 6);
  mri_stmt_done(stmt);
  if (failed) return mri_error_no_memory(error);
  return good ? MR_OK : mri_error_set(error, MR_CORRUPT, "request %s has no digest", t->request);
}

static mr_status check_sealed(mri_transition *t, const mri_digest *stored, mr_error *error) {
  mri_digest now;
  mr_status status = mri_judged_runs_load(t->tx, t->request_id, &t->evaluations, error);
  if (status == MR_OK) status = mri_candidate_digest(&t->target.candidate, &now, error);
  if (status != MR_OK || mri_digest_equal(&now, stored)) return status;
  return mri_error_set(error, MR_TAMPERED,
                       "what request %s sealed of run %s has changed since; withdraw the request",
                       t->request, t->target.candidate.run);
}

/* The next decision, and what it changes about the request. */
static mr_status keep(mri_transition *t, int64_t sequence, mr_error *error) {
  char number[MRI_SEMVER_MAX * 2 + 64];
  mri_digest candidate;
  mr_request_state state = mri_transition_state(t);
  bool open = state == MR_REQUEST_STATE_OPEN;
  mri_semver_format(&t->target.number, number);
  mr_status status = mri_govern_time(t->tx, t->registry, &t->now_us, error);
  if (status == MR_OK) status = mri_candidate_digest(&t->target.candidate, &candidate, error);
  if (status == MR_OK) {
    status = mri_judgement_store(t->tx, &t->judgement, t->request_id, sequence, t->now_us, error);
  }
  if (status == MR_OK) {
    status =
        mri_sql_run(t->tx, error,
                    "UPDATE request SET state = ?2, version = ?3, candidate_digest = ?4, "
                    "gate_digest = ?5, closed_by = ?6, closed_us = ?7 WHERE id = ?1",
                    "iitddti", t->request_id, (int64_t)state, (const char *)number, &candidate,
                    &t->judgement.gate_digest, open ? (const char *)NULL : mri_actor(t->registry),
                    open ? (int64_t)0 : t->now_us);
  }
  return status == MR_OK ? mri_transition_follow(t, error) : status;
}

static mr_status judge_again(mri_transition *t, mr_error *error) {
  mri_judgement last;
  mri_judgement_init(&last, &t->registry->mem);
  mr_status status = mri_judgement_read(t->tx, t->request_id, 0, &last, error);
  if (status == MR_OK) status = mri_transition_judge(t, NULL, error);
  if (status == MR_OK && !mri_judgement_same(&t->judgement, &last)) {
    status = keep(t, last.sequence + 1, error);
  }
  mri_judgement_destroy(&last);
  return status;
}

static mr_status complete(mri_transition *t, mr_request **out, mr_error *error) {
  stored_request stored;
  mr_model *model = NULL;
  mr_status status = read_stored(t, &stored, error);
  if (status == MR_OK && stored.state == MR_REQUEST_STATE_OPEN) {
    status = mri_model_load(t->tx, t->registry, stored.model_id, &model, error);
    t->model = model;
    if (status == MR_OK) status = mri_transition_prepare(t, error);
    if (status == MR_OK) status = check_sealed(t, &stored.candidate, error);
    if (status == MR_OK) status = judge_again(t, error);
    mr_model_free(model);
    t->model = NULL;
  }
  return status == MR_OK ? mri_request_load(t->tx, t->registry, t->request_id, out, error) : status;
}

mr_status mr_request_complete(mr_request *request, const mr_complete_options *options,
                              mr_request **out_request, mr_error *error) {
  mri_transition t;
  mr_complete_options o;
  mr_request *now = NULL;
  mr_status status = mri_check_argument(request, "request", error);
  if (status == MR_OK) status = mri_check_argument(out_request, "out_request", error);
  if (status == MR_OK) {
    status = mri_options_read(&o, sizeof o, options, "mr_complete_options", error);
  }
  if (status == MR_OK) status = mri_options_reserved(o.reserved, "mr_complete_options", error);
  if (status == MR_OK) status = mri_enter(request->registry, error);
  if (status != MR_OK) return status;
  const mr_request_record *record = &request->record;
  mr_registry *registry = request->registry;
  mri_transition_init(&t, MRI_PURPOSE_COMPLETE, registry, record->transition);
  t.request_id = request->id;
  memcpy(t.request, record->id, MRI_ID_SIZE);
  t.run = record->run_id;
  t.artifact_path = record->artifact_path;
  t.expected = record->expected;
  t.asked.description = record->description;
  t.asked.cancel = o.cancel;
  status = mri_transition_make(&t, complete, &now, error);
  mri_transition_destroy(&t);
  if (status == MR_OK) *out_request = now;
  if (status != MR_OK) mr_request_free(now);
  return mri_leave(registry, status);
}
