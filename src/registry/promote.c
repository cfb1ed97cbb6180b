/* SPDX-License-Identifier: Apache-2.0 */
/* Promotion: from a run to a version, in one transaction. */
#include "base/options.h"
#include "registry/numbering.h"
#include "registry/request_row.h"
#include "registry/transition.h"
#include "registry/version_search.h"

static mr_status check_promote_options(mr_promote_options *o, const mr_promote_options *options,
                                       mr_error *error) {
  mr_status status = mri_options_read(o, sizeof *o, options, "mr_promote_options", error);
  if (status == MR_OK && o->artifact_path != NULL && o->artifact_path[0] != '\0') {
    status = mri_check_path(o->artifact_path, "artifact path", error);
  }
  if (status == MR_OK) {
    status = mri_check_optional(o->description, "description", MRI_VALUE_MAX, error);
  }
  if (status == MR_OK && o->op_id != NULL) status = mri_check_name(o->op_id, "op_id", error);
  if (status == MR_OK && o->prerelease_id != NULL) {
    status = mri_check_name(o->prerelease_id, "prerelease_id", error);
  }
  return status == MR_OK ? mri_number_check(o, error) : status;
}

static void add_asked(mri_str *text, const char *value) {
  mri_str_add(text, value == NULL ? "-" : "=");
  mri_str_add(text, value == NULL ? "" : value);
  mri_str_add_char(text, '\n'); /* no value of an option used here contains a line feed */
}

mr_status mri_promotion_intent(const mri_mem *mem, const char *run, const char *artifact_path,
                               const mr_promote_options *o, mri_digest *out, mr_error *error) {
  mri_str text;
  mri_str_init(&text, mem);
  mri_str_add(&text, "promote\n");
  add_asked(&text, run);
  add_asked(&text, artifact_path);
  add_asked(&text, o->version);
  add_asked(&text, o->line);
  add_asked(&text, o->prerelease_id);
  mri_str_addf(&text, "%d\n", o->version == NULL ? (int)mri_bump_of(o) : 0);
  mr_status status = text.failed ? mri_error_no_memory(error) : MR_OK;
  if (status == MR_OK) mri_blake2b(text.data, text.size, out);
  mri_str_free(&text);
  return status;
}

static mr_status find_run(mri_transition *t, mr_error *error) {
  mri_run_row row;
  mr_status status = mri_run_find(t->tx, t->run, &row, error);
  if (status != MR_OK) return status;
  if (row.kind != MR_RUN_KIND_TRAINING) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "run %s is of kind %s; only a training run becomes a version", t->run,
                         mri_run_kind_name(row.kind));
  }
  if (t->purpose == MRI_PURPOSE_OPEN && row.status != MR_RUN_STATUS_FINISHED) {
    return mri_error_set(error, MR_CONFLICT, "run %s is %s; only a finished run can be promoted",
                         t->run, mri_run_status_name(row.status));
  }
  mri_candidate *candidate = &t->target.candidate;
  candidate->run_id = row.id;
  candidate->run = t->run;
  candidate->artifact_path = t->artifact_path;
  candidate->tree = &t->target.tree;
  candidate->number = &t->target.number;
  return MR_OK;
}

/* The same run and path is one version at most. */
static mr_status check_new(mri_transition *t, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status =
      mri_sql_first(t->tx, error, &stmt, &found,
                    "SELECT number FROM version WHERE model_id = ?1 AND run_id = ?2 "
                    "AND artifact_path = ?3 AND status <> 4",
                    "iit", t->model->id, t->target.candidate.run_id, t->artifact_path);
  if (status != MR_OK || !found) return status;
  status = mri_error_set(error, MR_ALREADY_EXISTS, "run %s is %s@%s already", t->run,
                         t->model->record.name, mri_stmt_text(stmt, 0));
  mri_stmt_done(stmt);
  return status;
}

/* What `latest` holds now. */
static mr_status find_incumbent(mri_transition *t, mr_error *error) {
  int64_t id = 0;
  const mri_scope scope = {t->tx, t->model->record.name, t->model->id, MRI_NOW};
  mr_status status = mri_search_latest_id(&scope, false, &id, error);
  return status == MR_OK ? mri_incumbent_load(t->tx, id, &t->held, error) : status;
}

static mr_status prepare(mri_transition *t, mr_error *error) {
  mr_status status = find_run(t, error);
  if (status == MR_OK && t->purpose != MRI_PURPOSE_TRY) status = check_new(t, error);
  if (status == MR_OK) {
    status = mri_tree_of_run(t->tx, t->target.candidate.run_id, t->run, t->artifact_path,
                             &t->target.tree, error);
    status = mri_transition_lost(t, status, error);
  }
  if (status == MR_OK) {
    status = mri_number_choose(t->tx, t->model->id, t->model->record.name, &t->asked, t->run,
                               &t->target.number, error);
  }
  return status == MR_OK ? find_incumbent(t, error) : status;
}

static mr_status insert_version(mri_transition *t, const mri_str *key, const mri_str *datasets,
                                mr_error *error) {
  char uuid[MRI_ID_SIZE];
  char number[MRI_SEMVER_MAX * 2 + 64];
  mri_digest digest;
  mri_digest params;
  const char *actor = mri_actor(t->registry);
  const mri_tree *tree = &t->target.tree;
  int64_t run_id = t->target.candidate.run_id;
  mri_id_new(&t->registry->ids, uuid);
  mri_semver_format(&t->target.number, number);
  mr_status status = mri_tree_digest(tree, &t->registry->mem, &digest, error);
  if (status == MR_OK) status = mri_params_digest(t->tx, run_id, &params, error);
  if (status != MR_OK) return status;
  return mri_sql_run(
      t->tx, error,
      "INSERT INTO version (uuid, model_id, sort_key, number, released, status, run_id, "
      "artifact_path, digest, file_count, total_size, params_digest, request_id, description, "
      "dataset_digests, status_actor, status_us, actor, created_us) VALUES (?1, ?2, ?3, ?4, ?5, 1, "
      "?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?15, ?16)",
      "tibtiitdiiditbti", (const char *)uuid, t->model->id, (const void *)key->data, key->size,
      (const char *)number, (int64_t)(t->target.number.prerelease[0] == '\0'), run_id,
      t->artifact_path, &digest, (int64_t)tree->files.count, tree->total_size, &params,
      t->request_id, t->asked.description,
      datasets->data == NULL ? (const void *)"" : (const void *)datasets->data, datasets->size,
      actor, t->now_us);
}

static mr_status apply(mri_transition *t, mr_error *error) {
  mri_str key;
  mri_str datasets;
  mri_str_init(&key, &t->registry->mem);
  mri_str_init(&datasets, &t->registry->mem);
  mr_status status = mri_number_key(&t->target.number, &key, error);
  if (status == MR_OK) {
    status = mri_dataset_digests(t->tx, t->target.candidate.run_id, &datasets, error);
  }
  if (status == MR_OK) status = insert_version(t, &key, &datasets, error);
  mri_str_free(&key);
  mri_str_free(&datasets);
  return status;
}

const mri_transition_sort mri_promotion = {prepare, apply};

mr_status mr_model_promote(mr_model *model, const char *run_id, const mr_promote_options *options,
                           mr_request **out_request, mr_error *error) {
  mri_transition t;
  mr_promote_options o;
  mr_request *request = NULL;
  mr_status status = mri_check_argument(model, "model", error);
  if (status == MR_OK) status = mri_check_argument(out_request, "out_request", error);
  if (status == MR_OK) status = mri_check_id(run_id, "run_id", error);
  if (status == MR_OK) status = check_promote_options(&o, options, error);
  if (status == MR_OK) status = mri_enter(model->registry, error);
  if (status != MR_OK) return status;
  mr_registry *registry = model->registry;
  mri_transition_init(&t, MRI_PURPOSE_OPEN, registry, "promote");
  t.model = model;
  t.run = run_id;
  t.asked = o;
  if (o.artifact_path != NULL) t.artifact_path = o.artifact_path;
  status = mri_promotion_intent(&registry->mem, run_id, t.artifact_path, &o, &t.intent, error);
  if (status == MR_OK) status = mri_transition_make(&t, mri_transition_open, &request, error);
  mri_transition_destroy(&t);
  if (status == MR_OK) *out_request = request;
  if (status != MR_OK) mr_request_free(request);
  return mri_leave(registry, status);
}
