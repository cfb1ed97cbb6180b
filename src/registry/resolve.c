/* SPDX-License-Identifier: Apache-2.0 */
/* From a reference to a version. */
#include "base/options.h"
#include "registry/version_row.h"

/* What there is instead of an active release. */
static mr_status explain_latest(mri_tx *tx, const char *model, int64_t model_id, mr_error *error) {
  int64_t all = 0;
  int64_t prereleases = 0;
  mr_status status = mri_sql_int(tx, error, 0, &all,
                                 "SELECT count(*) FROM version WHERE model_id = ?1", "i", model_id);
  if (status == MR_OK) {
    status = mri_sql_int(tx, error, 0, &prereleases,
                         "SELECT count(*) FROM version WHERE model_id = ?1 AND released = 0 "
                         "AND status = 1",
                         "i", model_id);
  }
  if (status != MR_OK) return status;
  if (all == 0) {
    return mri_error_set(error, MR_NOT_FOUND, "model '%s' has no version yet; promote a run first",
                         model);
  }
  return mri_error_set(error, MR_NOT_FOUND,
                       "model '%s' has no active release among %lld versions; %lld active "
                       "prereleases were left out",
                       model, (long long)all, (long long)prereleases);
}

static mr_status find_latest(mri_tx *tx, const char *model, int64_t model_id, bool prereleases,
                             int64_t *id, mr_error *error) {
  /* Releases and prereleases are two ranges of one index: the higher of their tops is the answer. */
  mr_status status = mri_sql_int(tx, error, 0, id,
                                 "SELECT id FROM version WHERE model_id = ?1 AND status = 1 "
                                 "AND released = 1 ORDER BY sort_key DESC LIMIT 1",
                                 "i", model_id);
  if (status == MR_OK && prereleases) {
    status = mri_sql_int(tx, error, *id, id,
                         "SELECT id FROM version WHERE model_id = ?1 AND status = 1 "
                         "ORDER BY sort_key DESC LIMIT 1",
                         "i", model_id);
  }
  if (status == MR_OK && *id == 0) status = explain_latest(tx, model, model_id, error);
  return status;
}

static mr_status find_channel(mri_tx *tx, const mri_reference *reference, int64_t model_id,
                              int64_t *id, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(tx, error, &stmt, &found,
                                   "SELECT version_id FROM channel "
                                   "WHERE model_id = ?1 AND name = ?2",
                                   "it", model_id, reference->channel);
  if (status != MR_OK) return status;
  if (!found) {
    return mri_error_set(error, MR_NOT_FOUND, "model '%s' has no channel '%s'", reference->model,
                         reference->channel);
  }
  if (mri_stmt_is_null(stmt, 0)) {
    status = mri_error_set(error, MR_NOT_FOUND, "channel '%s' of model '%s' holds no version",
                           reference->channel, reference->model);
  } else {
    *id = mri_stmt_int(stmt, 0);
  }
  mri_stmt_done(stmt);
  return status;
}

static mr_status find(mri_tx *tx, const mri_reference *reference, bool prereleases, int64_t *id,
                      mr_error *error) {
  int64_t model_id = 0;
  mr_status status = mri_model_find(tx, reference->model, &model_id, error);
  if (status != MR_OK) return status;
  if (reference->kind == MRI_SELECT_EXACT) {
    return mri_version_find(tx, model_id, reference->model, &reference->number, id, error);
  }
  if (reference->kind == MRI_SELECT_CHANNEL) {
    return find_channel(tx, reference, model_id, id, error);
  }
  return find_latest(tx, reference->model, model_id, prereleases, id, error);
}

mr_status mr_registry_resolve(mr_registry *registry, const char *reference,
                              const mr_resolve_options *options, mr_version **out_version,
                              mr_error *error) {
  mr_resolve_options o;
  mri_reference parsed;
  int64_t id = 0;
  mri_tx *tx = NULL;
  mr_version *version = NULL;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(out_version, "out_version", error);
  if (status == MR_OK) {
    status = mri_options_read(&o, sizeof o, options, "mr_resolve_options", error);
  }
  if (status == MR_OK && (o.flags & ~(uint32_t)MR_RESOLVE_PRERELEASES) != 0) {
    status = mri_error_set(error, MR_INVALID_ARGUMENT,
                           "flags 0x%x of mr_resolve_options are unknown", o.flags);
  }
  if (status == MR_OK) status = mri_reference_parse(reference, &parsed, error);
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_READ, o.cancel, &tx, error);
  if (status != MR_OK) return status;
  status = find(tx, &parsed, (o.flags & MR_RESOLVE_PRERELEASES) != 0, &id, error);
  if (status == MR_OK) status = mri_version_load(tx, registry, id, &version, error);
  status = mri_call_end(registry, tx, status, error);
  if (status == MR_OK) *out_version = version;
  if (status != MR_OK) mr_version_free(version);
  return status;
}
