/* SPDX-License-Identifier: Apache-2.0 */
/* Promotion: from a run to a version, in one transaction. */
#include "base/options.h"
#include "registry/numbering.h"
#include "registry/request_row.h"
#include "registry/run_core.h"
#include "registry/seal.h"
#include "registry/version_row.h"

/* Everything that one promotion works with. */
typedef struct promotion {
  mr_model *model;
  mr_registry *registry;
  mri_tx *tx;
  const char *run;
  mr_promote_options options;
  const char *artifact_path;
  mri_run_row row;
  mri_tree tree;
  mri_semver number;
  mri_judgement judgement;
} promotion;

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

static mr_status intent_of(const promotion *p, mri_digest *out, mr_error *error) {
  mri_str text;
  const mr_promote_options *o = &p->options;
  mri_str_init(&text, &p->registry->mem);
  mri_str_add(&text, "promote\n");
  add_asked(&text, p->run);
  add_asked(&text, p->artifact_path);
  add_asked(&text, o->version);
  add_asked(&text, o->line);
  add_asked(&text, o->prerelease_id);
  mri_str_addf(&text, "%d\n", o->version == NULL ? (int)mri_bump_of(o) : 0);
  mr_status status = text.failed ? mri_error_no_memory(error) : MR_OK;
  if (status == MR_OK) mri_blake2b(text.data, text.size, out);
  mri_str_free(&text);
  return status;
}

static mr_status check_run(promotion *p, mr_error *error) {
  mr_status status = mri_run_find(p->tx, p->run, &p->row, error);
  if (status != MR_OK) return status;
  if (p->row.kind != MR_RUN_KIND_TRAINING) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "run %s is of kind %s; only a training run becomes a version", p->run,
                         mri_run_kind_name(p->row.kind));
  }
  if (p->row.status != MR_RUN_STATUS_FINISHED) {
    return mri_error_set(error, MR_CONFLICT, "run %s is %s; only a finished run can be promoted",
                         p->run, mri_run_status_name(p->row.status));
  }
  return MR_OK;
}

/* The same run and path is one version at most. */
static mr_status check_new(promotion *p, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(p->tx, error, &stmt, &found,
                                   "SELECT number FROM version WHERE model_id = ?1 AND run_id = ?2 "
                                   "AND artifact_path = ?3",
                                   "iit", p->model->id, p->row.id, p->artifact_path);
  if (status != MR_OK || !found) return status;
  status = mri_error_set(error, MR_ALREADY_EXISTS, "run %s is %s@%s already", p->run,
                         p->model->record.name, mri_stmt_text(stmt, 0));
  mri_stmt_done(stmt);
  return status;
}

/* What `latest` holds now. */
static mr_status find_incumbent(promotion *p, mri_incumbent *out, mr_error *error) {
  int64_t id = 0;
  mr_status status = mri_sql_int(p->tx, error, 0, &id,
                                 "SELECT id FROM version WHERE model_id = ?1 AND status = 1 "
                                 "AND released = 1 ORDER BY sort_key DESC LIMIT 1",
                                 "i", p->model->id);
  return status != MR_OK ? status : mri_incumbent_load(p->tx, id, out, error);
}

static mr_status judge(promotion *p, mr_error *error) {
  mri_incumbent incumbent;
  mri_incumbent_init(&incumbent, &p->registry->mem);
  mr_status status = find_incumbent(p, &incumbent, error);
  if (status == MR_OK) {
    mri_candidate candidate = {p->tx,
                               p->row.id,
                               p->run,
                               &p->tree,
                               p->artifact_path,
                               &p->number,
                               incumbent.there ? &incumbent.candidate : NULL};
    status = mri_judge(p->tx, p->model->id, "promote", &candidate, &p->judgement, error);
  }
  mri_incumbent_destroy(&incumbent);
  return status;
}

static mr_status insert_version(promotion *p, int64_t request_id, const char *number, int64_t now,
                                mr_error *error) {
  char uuid[MRI_ID_SIZE];
  mri_str key;
  mri_digest digest;
  mri_digest params;
  mri_id_new(&p->registry->ids, uuid);
  mri_str_init(&key, &p->registry->mem);
  mr_status status = mri_number_key(&p->number, &key, error);
  if (status == MR_OK) status = mri_tree_digest(&p->tree, &p->registry->mem, &digest, error);
  if (status == MR_OK) status = mri_params_digest(p->tx, p->row.id, &params, error);
  if (status == MR_OK) {
    status = mri_sql_run(
        p->tx, error,
        "INSERT INTO version (uuid, model_id, sort_key, number, released, status, run_id, "
        "artifact_path, digest, file_count, total_size, params_digest, request_id, description, "
        "actor, created_us) VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
        "?14, ?15)",
        "tibtiitdiiditti", (const char *)uuid, p->model->id, (const void *)key.data, key.size,
        number, (int64_t)(p->number.prerelease[0] == '\0'), p->row.id, p->artifact_path, &digest,
        (int64_t)p->tree.files.count, p->tree.total_size, &params, request_id,
        p->options.description, mri_actor(p->registry), now);
  }
  mri_str_free(&key);
  return status;
}

/* In the transaction: check, number, judge, record, and make the version where the gate passed. */
static mr_status promote(promotion *p, mr_request **out, mr_error *error) {
  char number[MRI_SEMVER_MAX * 2 + 64];
  int64_t request_id = 0;
  int64_t now = mri_now_us(p->registry);
  mri_proposal proposal;
  memset(&proposal, 0, sizeof proposal);
  mr_status status = intent_of(p, &proposal.intent, error);
  if (status == MR_OK) {
    status = mri_request_repeat(p->tx, p->registry, p->model->id, p->options.op_id,
                                &proposal.intent, out, error);
  }
  if (status != MR_OK || *out != NULL) return status;
  status = check_run(p, error);
  if (status == MR_OK) status = check_new(p, error);
  if (status == MR_OK) {
    status = mri_tree_of_run(p->tx, p->row.id, p->run, p->artifact_path, &p->tree, error);
  }
  if (status == MR_OK) {
    status = mri_number_choose(p->tx, p->model->id, p->model->record.name, &p->options, p->run,
                               &p->number, error);
  }
  if (status == MR_OK) {
    status = mri_candidate_digest(p->tx, p->row.id, &p->tree, &proposal.candidate, error);
  }
  if (status == MR_OK) status = judge(p, error);
  if (status != MR_OK) return status;
  mri_semver_format(&p->number, number);
  proposal.model_id = p->model->id;
  proposal.run_id = p->row.id;
  proposal.transition = "promote";
  proposal.artifact_path = p->artifact_path;
  proposal.number = number;
  proposal.description = p->options.description;
  proposal.op_id = p->options.op_id;
  status =
      mri_request_insert(p->tx, p->registry, &proposal, &p->judgement, now, &request_id, error);
  if (status == MR_OK && p->judgement.verdict == MR_VERDICT_PASSED) {
    status = insert_version(p, request_id, number, now, error);
  }
  return status != MR_OK ? status : mri_request_load(p->tx, p->registry, request_id, out, error);
}

mr_status mr_model_promote(mr_model *model, const char *run_id, const mr_promote_options *options,
                           mr_request **out_request, mr_error *error) {
  promotion p;
  mri_run_core *core = NULL;
  mr_request *request = NULL;
  memset(&p, 0, sizeof p);
  mr_status status = mri_check_argument(model, "model", error);
  if (status == MR_OK) status = mri_check_argument(out_request, "out_request", error);
  if (status == MR_OK) status = mri_check_id(run_id, "run_id", error);
  if (status == MR_OK) status = check_promote_options(&p.options, options, error);
  if (status == MR_OK) status = mri_enter(model->registry, error);
  if (status != MR_OK) return status;
  p.model = model;
  p.registry = model->registry;
  p.run = run_id;
  p.artifact_path = p.options.artifact_path == NULL ? "" : p.options.artifact_path;
  mri_tree_init(&p.tree, &p.registry->mem);
  mri_judgement_init(&p.judgement, &p.registry->mem);
  status = mri_run_core_lock(p.registry, run_id, p.options.cancel, &core, error);
  if (status == MR_OK) {
    status = mri_tx_begin(p.registry->store, MRI_TX_GOVERN, p.options.cancel, &p.tx, error);
  }
  if (status == MR_OK) {
    status = promote(&p, &request, error);
    status = mri_tx_end(p.tx, status, error);
  }
  mri_run_core_unlock(core, status == MR_OK);
  mri_judgement_destroy(&p.judgement);
  mri_tree_destroy(&p.tree);
  if (status == MR_OK) *out_request = request;
  if (status != MR_OK) mr_request_free(request);
  return mri_leave(model->registry, status);
}
