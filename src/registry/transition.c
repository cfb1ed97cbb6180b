/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/transition.h"
#include "registry/request_row.h"
#include "registry/run_locks.h"

void mri_transition_init(mri_transition *t, mri_purpose purpose, mr_registry *registry,
                         const char *name) {
  memset(t, 0, sizeof *t);
  t->sort = strcmp(name, "promote") == 0 ? &mri_promotion : &mri_channel_movement;
  t->purpose = purpose;
  t->registry = registry;
  t->name = name;
  t->artifact_path = "";
  mri_arena_init(&t->arena, &registry->mem);
  mri_incumbent_init(&t->target, &registry->mem);
  mri_incumbent_init(&t->held, &registry->mem);
  mri_judged_runs_init(&t->evaluations, &registry->mem);
  mri_judgement_init(&t->judgement, &registry->mem);
}

void mri_transition_destroy(mri_transition *t) {
  mri_judgement_destroy(&t->judgement);
  mri_judged_runs_destroy(&t->evaluations);
  mri_incumbent_destroy(&t->held);
  mri_incumbent_destroy(&t->target);
  mri_arena_free(&t->arena);
}

mr_status mri_transition_lost(const mri_transition *t, mr_status status, mr_error *error) {
  if (status != MR_NOT_FOUND || t->purpose != MRI_PURPOSE_COMPLETE) return status;
  return mri_error_set(error, MR_TAMPERED,
                       "run %s has lost artifacts since request %s sealed it; withdraw the request",
                       t->run, t->request);
}

/* The time that a change would have now. A judgement that changes nothing must not write it. */
static mr_status read_time(mri_transition *t, int64_t *out, mr_error *error) {
  if (t->now_us != 0) {
    *out = t->now_us;
    return MR_OK;
  }
  return mri_sql_int(t->tx, error, 0, out,
                     "SELECT CASE WHEN time_us < ?1 THEN ?1 ELSE time_us + 1 END "
                     "FROM governance WHERE id = 1",
                     "i", mri_now_us(t->registry));
}

mr_status mri_transition_judge(mri_transition *t, const mr_gate *instead, mr_error *error) {
  mri_candidate *candidate = &t->target.candidate;
  mr_status status = read_time(t, &candidate->now_us, error);
  if (status != MR_OK) return status;
  t->held.candidate.now_us = candidate->now_us;
  candidate->incumbent = t->held.there ? &t->held.candidate : NULL;
  return mri_judge(t->name, candidate, instead, &t->judgement, error);
}

mr_status mri_transition_prepare(mri_transition *t, mr_error *error) {
  mri_candidate *candidate = &t->target.candidate;
  mr_status status = t->sort->prepare(t, error);
  candidate->tx = t->tx;
  candidate->mem = &t->registry->mem;
  candidate->model_id = t->model->id;
  candidate->tags_of = t->request_id;
  candidate->evaluations = &t->evaluations;
  return status;
}

/* A candidate is proposed once at a time. A version is known by its run and path, too. */
static mr_status check_unproposed(mri_transition *t, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  const mri_candidate *c = &t->target.candidate;
  mr_status status = mri_sql_first(t->tx, error, &stmt, &found,
                                   "SELECT uuid FROM request WHERE run_id = ?1 AND model_id = ?2 "
                                   "AND transition = ?3 AND artifact_path = ?4 AND state = 1",
                                   "iitt", c->run_id, t->model->id, t->name, c->artifact_path);
  if (status != MR_OK || !found) return status;
  status = mri_error_set(error, MR_ALREADY_EXISTS,
                         "request %s proposes this already; complete or withdraw it",
                         mri_stmt_text(stmt, 0));
  mri_stmt_done(stmt);
  return status;
}

mr_request_state mri_transition_state(const mri_transition *t) {
  if (t->judgement.verdict == MR_VERDICT_PASSED) return MR_REQUEST_STATE_ACCEPTED;
  return t->judgement.verdict == MR_VERDICT_PENDING ? MR_REQUEST_STATE_OPEN
                                                    : MR_REQUEST_STATE_REFUSED;
}

static mr_status insert_request(mri_transition *t, const char *number, const mri_digest *candidate,
                                mr_error *error) {
  const mr_promote_options *o = &t->asked;
  mr_request_state state = mri_transition_state(t);
  const char *actor = mri_actor(t->registry);
  bool open = state == MR_REQUEST_STATE_OPEN;
  mri_id_new(&t->registry->ids, t->request);
  mr_status status = mri_sql_run(
      t->tx, error,
      "INSERT INTO request (uuid, model_id, transition, state, run_id, artifact_path, version, "
      "candidate_digest, gate_digest, description, op_id, intent, asked_version, asked_bump, "
      "asked_line, asked_prerelease_id, expected, closed_by, closed_us, actor, created_us) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
      "?19, ?20, ?21)",
      "titiittddttdtittttiti", (const char *)t->request, t->model->id, t->name, (int64_t)state,
      t->target.candidate.run_id, t->target.candidate.artifact_path, number, candidate,
      &t->judgement.gate_digest, o->description, o->op_id, &t->intent, o->version, (int64_t)o->bump,
      o->line, o->prerelease_id, t->expected, open ? NULL : actor, open ? 0 : t->now_us, actor,
      t->now_us);
  if (status != MR_OK) return status;
  return mri_sql_int(t->tx, error, 0, &t->request_id, "SELECT id FROM request WHERE uuid = ?1", "t",
                     (const char *)t->request);
}

mr_status mri_transition_follow(mri_transition *t, mr_error *error) {
  mr_status status = mri_seal_evaluations(t->tx, &t->evaluations, t->request_id, t->request, error);
  if (status == MR_OK && t->judgement.verdict == MR_VERDICT_PASSED) {
    status = t->sort->apply(t, error);
  }
  return status;
}

mr_status mri_transition_record(mri_transition *t, mr_error *error) {
  char number[MRI_SEMVER_MAX * 2 + 64];
  mri_digest candidate;
  mr_status status = MR_OK;
  if (t->now_us == 0) status = mri_govern_time(t->tx, t->registry, &t->now_us, error);
  if (status == MR_OK) status = mri_transition_judge(t, NULL, error);
  if (status == MR_OK) status = mri_candidate_digest(&t->target.candidate, &candidate, error);
  if (status != MR_OK) return status;
  mri_semver_format(&t->target.number, number);
  status = insert_request(t, number, &candidate, error);
  if (status == MR_OK) {
    status = mri_seal_run(t->tx, t->target.candidate.run_id, t->request_id, t->request, error);
  }
  if (status == MR_OK) {
    status = mri_judgement_store(t->tx, &t->judgement, t->request_id, 1, t->now_us, error);
  }
  return status == MR_OK ? mri_transition_follow(t, error) : status;
}

mr_status mri_transition_open(mri_transition *t, mr_request **out, mr_error *error) {
  mr_status status =
      mri_request_repeat(t->tx, t->registry, t->model->id, t->asked.op_id, &t->intent, out, error);
  if (status != MR_OK || *out != NULL) return status;
  status = mri_transition_prepare(t, error);
  if (status == MR_OK) status = check_unproposed(t, error);
  if (status == MR_OK) status = mri_transition_record(t, error);
  return status == MR_OK ? mri_request_load(t->tx, t->registry, t->request_id, out, error) : status;
}

/* Whether it seals a candidate that can still change: a version's run, and that of a request, is
 * sealed already. */
static bool locks_candidate(const mri_transition *t) {
  return t->sort == &mri_promotion && t->purpose == MRI_PURPOSE_OPEN;
}

typedef struct making {
  mri_transition *t;
  mri_transition asked; /* before anything was done: owns nothing */
  mri_transition_work work;
  mr_request **out;
} making;

/* A transition that changes nothing seals no evaluation. Its candidate is sealed all the same: by
 * the request that is repeated. */
static mr_status claim_runs(const mri_transition *t, mri_run_locks *locks, mr_error *error) {
  const mri_vec *runs = &t->evaluations.runs;
  mr_status status = MR_OK;
  if (locks_candidate(t)) status = mri_run_locks_claim(locks, t->run, true, error);
  for (size_t i = 0; i < runs->count && status == MR_OK; i++) {
    const mri_judged_run *run = *(mri_judged_run *const *)mri_vec_at(runs, i);
    status = mri_run_locks_claim(locks, run->candidate.run, t->now_us != 0, error);
  }
  return status;
}

static mr_status make_in(void *ctx, mri_tx *tx, mri_run_locks *locks, mr_error *error) {
  making *m = ctx;
  mri_transition *t = m->t;
  mr_request_free(*m->out);
  *m->out = NULL;
  mri_transition_destroy(t);
  *t = m->asked;
  t->tx = tx;
  mr_status status = m->work(t, m->out, error);
  return status == MR_OK ? claim_runs(t, locks, error) : status;
}

mr_status mri_transition_make(mri_transition *t, mri_transition_work work, mr_request **out,
                              mr_error *error) {
  making m = {t, *t, work, out};
  mri_run_locks locks;
  mr_status status = MR_OK;
  mri_run_locks_init(&locks, t->registry);
  if (locks_candidate(t)) status = mri_run_locks_add(&locks, t->run, error);
  if (status == MR_OK) {
    status = mri_run_locks_govern(&locks, t->asked.cancel, make_in, &m, error);
  }
  mri_run_locks_destroy(&locks);
  return status;
}
