/* SPDX-License-Identifier: Apache-2.0 */
/* From a reference to a version. */
#include "base/options.h"
#include "registry/resolve_explain.h"
#include "registry/version_row.h"

static mr_status find_latest(const mri_scope *scope, bool prereleases, int64_t *id,
                             mr_error *error) {
  mr_status status = mri_search_latest_id(scope, prereleases, id, error);
  return status == MR_OK && *id == 0 ? mri_explain_latest(scope, error) : status;
}

static mr_status find_range(const mri_scope *scope, const mri_reference *reference, int64_t *id,
                            mr_error *error) {
  mri_hit best;
  mr_status status = mri_search_range(scope, &reference->range, &best, error);
  if (status == MR_OK && best.id == 0) status = mri_explain_range(scope, reference, error);
  *id = best.id;
  return status;
}

static mr_status find_digest(const mri_scope *scope, const mri_reference *reference, int64_t *id,
                             mr_error *error) {
  mri_hit best;
  mr_status status = mri_search_digest(scope, reference, &best, error);
  if (status == MR_OK && best.id == 0) status = mri_explain_digest(scope, reference, error);
  *id = best.id;
  return status;
}

/* What the channel holds, or held then: NULL for nothing. */
static mr_status query_channel(const mri_scope *s, const char *channel, mri_stmt **stmt,
                               bool *found, mr_error *error) {
  if (s->as_of_us == MRI_NOW) {
    return mri_sql_first(s->tx, error, stmt, found,
                         "SELECT version_id FROM channel WHERE model_id = ?1 AND name = ?2", "it",
                         s->model_id, channel);
  }
  return mri_sql_first(s->tx, error, stmt, found,
                       "SELECT (SELECT h.version_id FROM channel_move h WHERE h.channel_id = c.id "
                       "AND h.moved_us <= ?3 ORDER BY h.moved_us DESC LIMIT 1) "
                       "FROM channel c WHERE c.model_id = ?1 AND c.name = ?2",
                       "iti", s->model_id, channel, s->as_of_us);
}

static mr_status find_channel(const mri_scope *scope, const char *channel, int64_t *id,
                              mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = query_channel(scope, channel, &stmt, &found, error);
  if (status != MR_OK) return status;
  if (found && !mri_stmt_is_null(stmt, 0)) {
    *id = mri_stmt_int(stmt, 0);
  } else {
    status = mri_explain_channel(scope, channel, found, error);
  }
  mri_stmt_done(stmt);
  return status;
}

static mr_status find(mri_tx *tx, const mri_reference *reference, int64_t as_of_us,
                      bool prereleases, int64_t *id, mr_error *error) {
  mri_scope scope = {tx, reference->model, 0, as_of_us};
  mr_status status = mri_model_find(tx, reference->model, &scope.model_id, error);
  if (status != MR_OK) return status;
  switch (reference->kind) {
  case MRI_SELECT_EXACT:
    return mri_version_find_as_of(tx, scope.model_id, reference->model, &reference->number,
                                  as_of_us, id, error);
  case MRI_SELECT_CHANNEL:
    return find_channel(&scope, reference->channel, id, error);
  case MRI_SELECT_RANGE:
    return find_range(&scope, reference, id, error);
  case MRI_SELECT_DIGEST:
    return find_digest(&scope, reference, id, error);
  default:
    return find_latest(&scope, prereleases, id, error);
  }
}

/* Refuses the future. The registry's own time may be ahead of a clock that was set back. */
static mr_status check_as_of(mri_tx *tx, const mr_registry *registry, int64_t as_of_us,
                             bool *settled, mr_error *error) {
  int64_t latest = 0;
  int64_t now_us = mri_now_us(registry);
  mr_status status =
      mri_sql_int(tx, error, 0, &latest, "SELECT time_us FROM governance WHERE id = 1", "");
  *settled = as_of_us <= latest;
  if (status != MR_OK || *settled || as_of_us <= now_us) return status;
  return mri_error_set(error, MR_INVALID_ARGUMENT,
                       "as_of_us %lld is in the future; the time is %lld", (long long)as_of_us,
                       (long long)(latest > now_us ? latest : now_us));
}

/* A change that is under way, or made after the clock was set back, must not get a time that was
 * asked about: from here on every change is later. */
static mr_status settle(mr_registry *registry, int64_t as_of_us, const mr_cancel *cancel,
                        mr_error *error) {
  mri_tx *tx = NULL;
  bool settled = false;
  mr_status status = mri_call_begin(registry, MRI_TX_READ, cancel, &tx, error);
  if (status != MR_OK) return status;
  status = check_as_of(tx, registry, as_of_us, &settled, error);
  status = mri_call_end(registry, tx, status, error);
  if (status != MR_OK || settled || registry->record.read_only) return status;
  status = mri_call_begin(registry, MRI_TX_GOVERN, cancel, &tx, error);
  if (status != MR_OK) return status;
  status = mri_sql_run(
      tx, error, "UPDATE governance SET time_us = ?1 WHERE id = 1 AND time_us < ?1", "i", as_of_us);
  return mri_call_end(registry, tx, status, error);
}

static mr_status check_resolve(mr_resolve_options *o, const mr_resolve_options *options,
                               mr_error *error) {
  mr_status status = mri_options_read(o, sizeof *o, options, "mr_resolve_options", error);
  if (status != MR_OK) return status;
  if ((o->flags & ~(uint32_t)MR_RESOLVE_PRERELEASES) != 0) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "flags 0x%x of mr_resolve_options are unknown",
                         o->flags);
  }
  if (o->as_of_us < 0) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "as_of_us %lld is no time",
                         (long long)o->as_of_us);
  }
  return MR_OK;
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
  if (status == MR_OK) status = check_resolve(&o, options, error);
  if (status != MR_OK) return status;
  bool prereleases = (o.flags & MR_RESOLVE_PRERELEASES) != 0;
  int64_t as_of_us = o.as_of_us == 0 ? MRI_NOW : o.as_of_us;
  status = mri_reference_parse(reference, prereleases, &parsed, error);
  if (status == MR_OK && o.as_of_us != 0) status = settle(registry, o.as_of_us, o.cancel, error);
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_READ, o.cancel, &tx, error);
  if (status != MR_OK) return status;
  status = find(tx, &parsed, as_of_us, prereleases, &id, error);
  if (status == MR_OK) {
    status = mri_version_load_as_of(tx, registry, id, as_of_us, &version, error);
  }
  status = mri_call_end(registry, tx, status, error);
  if (status == MR_OK) *out_version = version;
  if (status != MR_OK) mr_version_free(version);
  return status;
}
