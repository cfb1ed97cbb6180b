/* SPDX-License-Identifier: Apache-2.0 */
/* A dry run of a gate: nothing is written, nothing is sealed. */
#include "base/options.h"
#include "registry/decision.h"
#include "registry/numbering.h"
#include "registry/run_core.h"
#include "registry/transition.h"

static mr_status check_promotion(const mr_evaluate_options *o, mr_error *error) {
  mr_promote_options asked = MR_PROMOTE_OPTIONS_INIT;
  asked.bump = o->bump;
  asked.version = o->version;
  asked.line = o->line;
  asked.prerelease_id = o->prerelease_id;
  mr_status status = mri_check_id(o->run_id, "run_id", error);
  if (status == MR_OK && o->artifact_path != NULL && o->artifact_path[0] != '\0') {
    status = mri_check_path(o->artifact_path, "artifact path", error);
  }
  if (status == MR_OK && o->prerelease_id != NULL) {
    status = mri_check_name(o->prerelease_id, "prerelease_id", error);
  }
  return status == MR_OK ? mri_number_check(&asked, error) : status;
}

static mr_status check_movement(const mr_evaluate_options *o, mr_error *error) {
  mri_semver number;
  if (o->run_id != NULL || o->artifact_path != NULL || o->line != NULL ||
      o->prerelease_id != NULL || o->bump != 0) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "run_id, artifact_path, bump, line and prerelease_id go with promote; "
                         "a channel holds a version");
  }
  mr_status status = mri_check_argument(o->version, "version", error);
  return status == MR_OK ? mri_semver_parse(o->version, &number, error) : status;
}

static mr_status check_evaluation(mr_evaluate_options *o, const mr_evaluate_options *options,
                                  const mr_gate *gate, mr_error *error) {
  mr_status status = mri_check_argument(options, "options", error);
  if (status == MR_OK) {
    status = mri_options_read(o, sizeof *o, options, "mr_evaluate_options", error);
  }
  if (status == MR_OK) status = mri_check_model_name(o->model, error);
  if (status != MR_OK) return status;
  if (o->transition == NULL) o->transition = "promote";
  status = mri_check_transition(o->transition, error);
  if (status == MR_OK && gate != NULL) {
    status = mri_gate_check_transition(gate, o->transition, error);
  }
  if (status != MR_OK) return status;
  return strcmp(o->transition, "promote") == 0 ? check_promotion(o, error)
                                               : check_movement(o, error);
}

static mr_status evaluate(mri_transition *t, const mr_evaluate_options *o, const mr_gate *gate,
                          mr_decision **out, mr_error *error) {
  int64_t model_id = 0;
  mr_model *model = NULL;
  mr_status status = mri_model_find(t->tx, o->model, &model_id, error);
  if (status == MR_OK) status = mri_model_load(t->tx, t->registry, model_id, &model, error);
  if (status != MR_OK) return status;
  t->model = model;
  status = mri_transition_prepare(t, error);
  if (status == MR_OK) status = mri_transition_judge(t, gate, error);
  t->judgement.made_us = t->target.candidate.now_us;
  if (status == MR_OK) status = mri_decision_new(t->registry, &t->judgement, NULL, out, error);
  mr_model_free(model);
  t->model = NULL;
  return status;
}

mr_status mr_registry_evaluate_gate(mr_registry *registry, const mr_gate *gate,
                                    const mr_evaluate_options *options, mr_decision **out_decision,
                                    mr_error *error) {
  mri_transition t;
  mr_evaluate_options o;
  mr_decision *decision = NULL;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(out_decision, "out_decision", error);
  if (status == MR_OK) status = check_evaluation(&o, options, gate, error);
  if (status == MR_OK) status = mri_enter(registry, error);
  if (status != MR_OK) return status;
  mri_transition_init(&t, MRI_PURPOSE_TRY, registry, o.transition);
  t.run = o.run_id;
  if (o.artifact_path != NULL) t.artifact_path = o.artifact_path;
  t.asked.bump = o.bump;
  t.asked.version = o.version;
  t.asked.line = o.line;
  t.asked.prerelease_id = o.prerelease_id;
  t.asked.cancel = o.cancel;
  status = mri_run_cores_fold(registry, error);
  if (status == MR_OK) status = mri_tx_begin(registry->store, MRI_TX_READ, o.cancel, &t.tx, error);
  if (status == MR_OK) {
    status = mri_tx_end(t.tx, evaluate(&t, &o, gate, &decision, error), error);
  }
  mri_transition_destroy(&t);
  if (status == MR_OK) *out_decision = decision;
  if (status != MR_OK) mr_decision_free(decision);
  return mri_leave(registry, status);
}
