/* SPDX-License-Identifier: Apache-2.0 */
/* What a version goes through after its promotion: deprecated, yanked, deleted, and back. */
#include "base/options.h"
#include "registry/channel_change.h"
#include "registry/run_core.h"
#include "registry/run_locks.h"
#include <stdio.h>

/* A status, and what comes with it. */
typedef struct standing {
  mr_version_status status;
  const char *reason;     /* may be NULL */
  int64_t replacement_id; /* 0: none */
} standing;

static mr_status check_reason(const char *reason, mr_error *error) {
  mr_status status = mri_check_argument(reason, "reason", error);
  if (status == MR_OK && reason[0] == '\0') {
    status = mri_error_set(error, MR_INVALID_ARGUMENT, "reason is empty; say why");
  }
  return status == MR_OK ? mri_check_value(reason, "reason", MRI_VALUE_MAX, error) : status;
}

/* The status as it is in this transaction; the handle may be older. */
static mr_status read_status(mri_tx *tx, const mr_version *version, mr_version_status *out,
                             mr_error *error) {
  int64_t value = 0;
  mr_status status = mri_sql_int(tx, error, 0, &value, "SELECT status FROM version WHERE id = ?1",
                                 "i", version->id);
  *out = (mr_version_status)value;
  return status;
}

static mr_status refuse_deleted(const mr_version *version, mr_error *error) {
  return mri_error_set(error, MR_NOT_FOUND, "%s@%s was deleted", version->record.model,
                       version->record.number);
}

static mr_status refuse_yanked(const mr_version *version, mr_error *error) {
  return mri_error_set(error, MR_CONFLICT, "%s@%s is yanked; unyank it first",
                       version->record.model, version->record.number);
}

static mr_status is_standing(mri_tx *tx, const mr_version *version, const standing *wanted,
                             bool *same, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(
      tx, error, &stmt, &found,
      "SELECT status, status_reason, replacement_id FROM version WHERE id = ?1", "i", version->id);
  *same = false;
  if (status != MR_OK || !found) return status;
  const char *reason = mri_stmt_text(stmt, 1);
  int64_t replacement = mri_stmt_is_null(stmt, 2) ? 0 : mri_stmt_int(stmt, 2);
  *same = mri_stmt_int(stmt, 0) == wanted->status && reason != NULL &&
          strcmp(reason, wanted->reason) == 0 && replacement == wanted->replacement_id;
  mri_stmt_done(stmt);
  return MR_OK;
}

/* Keeps the change, and makes it what the version is. */
static mr_status stand(mri_tx *tx, const mr_version *version, const standing *to, int64_t now_us,
                       mr_error *error) {
  int64_t last = 0;
  const char *actor = mri_actor(version->registry);
  mr_status status = mri_sql_int(tx, error, 0, &last,
                                 "SELECT max(sequence) FROM version_change WHERE version_id = ?1",
                                 "i", version->id);
  if (status == MR_OK) {
    /* No row has the id 0, so it gives NULL. */
    status = mri_sql_run(tx, error,
                         "INSERT INTO version_change (version_id, sequence, status, reason, "
                         "replacement_id, actor, created_us) VALUES (?1, ?2, ?3, ?4, "
                         "(SELECT w.id FROM version w WHERE w.id = ?5), ?6, ?7)",
                         "iiititi", version->id, last + 1, (int64_t)to->status, to->reason,
                         to->replacement_id, actor, now_us);
  }
  if (status == MR_OK) {
    status = mri_sql_run(tx, error,
                         "UPDATE version SET status = ?2, status_reason = ?3, replacement_id = "
                         "(SELECT w.id FROM version w WHERE w.id = ?4), status_actor = ?5, "
                         "status_us = ?6 WHERE id = ?1",
                         "iititi", version->id, (int64_t)to->status, to->reason, to->replacement_id,
                         actor, now_us);
  }
  return status;
}

/* --- deprecating and yanking ------------------------------------------------------------------ */

typedef struct retirement {
  mr_version_status status;
  const char *reason;
  const char *replacement; /* may be NULL */
  const mr_cancel *cancel;
  const mr_yank_options *yank; /* NULL when it is deprecated */
  mri_semver number;           /* of the replacement */
} retirement;

static mr_status check_retirement(retirement *r, mr_error *error) {
  mr_status status = check_reason(r->reason, error);
  if (status == MR_OK && r->replacement != NULL) {
    status = mri_semver_parse(r->replacement, &r->number, error);
    if (status != MR_OK) status = mri_error_prefix(error, status, "replacement");
  }
  return status;
}

static mr_status find_replacement(mri_tx *tx, const mr_version *version, const retirement *r,
                                  int64_t *id, mr_error *error) {
  const char *model = version->record.model;
  if (r->replacement == NULL) return MR_OK;
  mr_status status = mri_version_find(tx, version->model_id, model, &r->number, id, error);
  if (status != MR_OK) return mri_error_prefix(error, status, "replacement");
  if (*id == version->id) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "%s@%s cannot be its own replacement", model,
                         version->record.number);
  }
  return MR_OK;
}

static mr_status check_replacement(mri_tx *tx, const mr_version *version, const retirement *r,
                                   int64_t id, mr_error *error) {
  int64_t value = 0;
  if (id == 0) return MR_OK;
  mr_status status =
      mri_sql_int(tx, error, 0, &value, "SELECT status FROM version WHERE id = ?1", "i", id);
  if (status != MR_OK || value == MR_VERSION_STATUS_ACTIVE) return status;
  return mri_error_set(error, MR_CONFLICT,
                       "the replacement %s@%s is %s; only an active version can be one",
                       version->record.model, r->replacement,
                       value == MR_VERSION_STATUS_YANKED ? "yanked" : "deprecated");
}

static mr_status let_channels_go(mri_tx *tx, const mr_version *version, const retirement *r,
                                 int64_t replacement_id, int64_t now_us, mr_error *error) {
  mr_model *model = NULL;
  if (r->yank == NULL) return MR_OK;
  mr_status status = mri_model_load(tx, version->registry, version->model_id, &model, error);
  if (status == MR_OK) {
    status = mri_channels_let_go(tx, model, version->id, r->yank, replacement_id, now_us, error);
  }
  mr_model_free(model);
  return status;
}

static mr_status retire_in(mri_tx *tx, const mr_version *version, const retirement *r,
                           mr_error *error) {
  standing wanted = {r->status, r->reason, 0};
  mr_version_status now = 0;
  bool same = false;
  int64_t now_us = 0;
  mr_status status = read_status(tx, version, &now, error);
  if (status == MR_OK && now == MRI_VERSION_DELETED) return refuse_deleted(version, error);
  if (status == MR_OK && now == MR_VERSION_STATUS_YANKED && r->yank == NULL) {
    return refuse_yanked(version, error);
  }
  if (status == MR_OK) {
    status = find_replacement(tx, version, r, &wanted.replacement_id, error);
  }
  if (status == MR_OK) status = is_standing(tx, version, &wanted, &same, error);
  if (status != MR_OK || same) return status;
  status = check_replacement(tx, version, r, wanted.replacement_id, error);
  if (status == MR_OK) status = mri_govern_time(tx, version->registry, &now_us, error);
  if (status == MR_OK) status = stand(tx, version, &wanted, now_us, error);
  if (status != MR_OK) return status;
  return let_channels_go(tx, version, r, wanted.replacement_id, now_us, error);
}

/* What the gates of the channels have read: those of the requests after `last`. */
static mr_status claim_evaluations(mri_tx *tx, int64_t last, mri_run_locks *locks,
                                   mr_error *error) {
  mri_stmt *stmt = NULL;
  bool row = false;
  mr_status status = mri_sql_query(tx, error, &stmt,
                                   "SELECT DISTINCT r.uuid FROM request_evaluation q JOIN run r "
                                   "ON r.id = q.run_id WHERE q.request_id > ?1 ORDER BY r.uuid",
                                   "i", last);
  while (status == MR_OK && (status = mri_stmt_step(stmt, &row, error)) == MR_OK && row) {
    status = mri_run_locks_claim(locks, mri_stmt_text(stmt, 0), true, error);
  }
  mri_stmt_done(stmt);
  return status;
}

typedef struct retiring {
  const mr_version *version;
  const retirement *r;
} retiring;

static mr_status retire_and_claim(void *ctx, mri_tx *tx, mri_run_locks *locks, mr_error *error) {
  const retiring *both = ctx;
  int64_t last = 0;
  bool moves = both->r->yank != NULL && both->r->replacement != NULL;
  mr_status status = MR_OK;
  if (moves) status = mri_sql_int(tx, error, 0, &last, "SELECT max(id) FROM request", "");
  if (status == MR_OK) status = retire_in(tx, both->version, both->r, error);
  return status == MR_OK && moves ? claim_evaluations(tx, last, locks, error) : status;
}

static mr_status retire(mr_version *version, retirement *r, mr_error *error) {
  mri_run_locks locks;
  retiring both = {version, r};
  mr_registry *registry = version->registry;
  mr_status status = check_retirement(r, error);
  if (status == MR_OK) status = mri_enter(registry, error);
  if (status != MR_OK) return status;
  mri_run_locks_init(&locks, registry);
  /* A gate that does not pass must not be for points that are in memory only. */
  if (r->yank != NULL) status = mri_run_cores_fold(registry, error);
  if (status == MR_OK) {
    status = mri_run_locks_govern(&locks, r->cancel, retire_and_claim, &both, error);
  }
  mri_run_locks_destroy(&locks);
  return mri_leave(registry, status);
}

mr_status mr_version_deprecate(mr_version *version, const mr_deprecate_options *options,
                               mr_error *error) {
  mr_deprecate_options o;
  mr_status status = mri_check_argument(version, "version", error);
  if (status == MR_OK) status = mri_check_argument(options, "options", error);
  if (status == MR_OK) {
    status = mri_options_read(&o, sizeof o, options, "mr_deprecate_options", error);
  }
  if (status == MR_OK) status = mri_options_reserved(o.reserved, "mr_deprecate_options", error);
  if (status != MR_OK) return status;
  retirement r = {MR_VERSION_STATUS_DEPRECATED, o.reason, o.replacement, o.cancel, NULL, {0}};
  return retire(version, &r, error);
}

mr_status mr_version_yank(mr_version *version, const mr_yank_options *options, mr_error *error) {
  mr_yank_options o;
  mr_status status = mri_check_argument(version, "version", error);
  if (status == MR_OK) status = mri_check_argument(options, "options", error);
  if (status == MR_OK) {
    status = mri_options_read(&o, sizeof o, options, "mr_yank_options", error);
  }
  if (status == MR_OK &&
      (o.channels < MR_YANK_CHANNELS_REPLACE || o.channels > MR_YANK_CHANNELS_CLEAR)) {
    status = mri_error_set(error, MR_INVALID_ARGUMENT, "channels %d of mr_yank_options is unknown",
                           (int)o.channels);
  }
  if (status != MR_OK) return status;
  retirement r = {MR_VERSION_STATUS_YANKED, o.reason, o.replacement, o.cancel, &o, {0}};
  return retire(version, &r, error);
}

/* --- and back --------------------------------------------------------------------------------- */

/* What it was before it was yanked. The replacement of that time may be deleted by now. */
static mr_status read_before(mri_tx *tx, const mr_version *version, mri_str *reason, standing *out,
                             mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status =
      mri_sql_first(tx, error, &stmt, &found,
                    "SELECT x.status, x.reason, w.id FROM version_change x "
                    "LEFT JOIN version w ON w.id = x.replacement_id AND w.status <> 4 "
                    "WHERE x.version_id = ?1 AND x.status <> 3 ORDER BY x.sequence DESC LIMIT 1",
                    "i", version->id);
  *out = (standing){MR_VERSION_STATUS_ACTIVE, NULL, 0};
  if (status != MR_OK || !found) return status;
  if (mri_stmt_int(stmt, 0) == MR_VERSION_STATUS_DEPRECATED && !mri_stmt_is_null(stmt, 1)) {
    out->status = MR_VERSION_STATUS_DEPRECATED;
    mri_str_add(reason, mri_stmt_text(stmt, 1));
    out->reason = mri_str_text(reason);
    out->replacement_id = mri_stmt_is_null(stmt, 2) ? 0 : mri_stmt_int(stmt, 2);
  }
  mri_stmt_done(stmt);
  return reason->failed ? mri_error_no_memory(error) : MR_OK;
}

/* First active, with the reason of this; then, where it was deprecated before, that again. */
static mr_status unyank_in(mri_tx *tx, const mr_version *version, const char *reason,
                           int64_t now_us, mr_error *error) {
  mri_str text;
  standing before;
  standing active = {MR_VERSION_STATUS_ACTIVE, reason, 0};
  mri_str_init(&text, &version->registry->mem);
  mr_status status = read_before(tx, version, &text, &before, error);
  if (status == MR_OK) status = stand(tx, version, &active, now_us, error);
  if (status == MR_OK && before.status != MR_VERSION_STATUS_ACTIVE) {
    status = stand(tx, version, &before, now_us, error);
  }
  mri_str_free(&text);
  return status;
}

static mr_status restore_in(mri_tx *tx, const mr_version *version, mr_version_status from,
                            const char *reason, mr_error *error) {
  standing active = {MR_VERSION_STATUS_ACTIVE, reason, 0};
  mr_version_status now = 0;
  int64_t now_us = 0;
  mr_status status = read_status(tx, version, &now, error);
  if (status != MR_OK) return status;
  if (now == MRI_VERSION_DELETED) return refuse_deleted(version, error);
  if (now == MR_VERSION_STATUS_YANKED && from != now) return refuse_yanked(version, error);
  if (now != from) return MR_OK;
  status = mri_govern_time(tx, version->registry, &now_us, error);
  if (status != MR_OK) return status;
  return from == MR_VERSION_STATUS_YANKED ? unyank_in(tx, version, reason, now_us, error)
                                          : stand(tx, version, &active, now_us, error);
}

static mr_status restore(mr_version *version, mr_version_status from, const char *reason,
                         mr_error *error) {
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(version, "version", error);
  if (status == MR_OK) status = mri_check_optional(reason, "reason", MRI_VALUE_MAX, error);
  if (status == MR_OK) status = mri_call_begin(version->registry, MRI_TX_GOVERN, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = restore_in(tx, version, from, reason, error);
  return mri_call_end(version->registry, tx, status, error);
}

mr_status mr_version_undeprecate(mr_version *version, const char *reason, mr_error *error) {
  return restore(version, MR_VERSION_STATUS_DEPRECATED, reason, error);
}

mr_status mr_version_unyank(mr_version *version, const char *reason, mr_error *error) {
  return restore(version, MR_VERSION_STATUS_YANKED, reason, error);
}

/* --- deleting --------------------------------------------------------------------------------- */

/* Who may need a version: the first of them, and how many there are. */
typedef struct use {
  const char *sql;
  const char *before; /* the name */
  const char *after;
} use;

static mr_status check_use(mri_tx *tx, const mr_version *version, const use *of, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  char more[48] = "";
  mr_status status = mri_sql_first(tx, error, &stmt, &found, of->sql, "i", version->id);
  if (status != MR_OK || !found) return status;
  long long others = (long long)mri_stmt_int(stmt, 1) - 1;
  if (others > 0) (void)snprintf(more, sizeof more, " (and %lld more)", others);
  const char *name = mri_stmt_text(stmt, 0);
  status =
      mri_error_set(error, MR_IN_USE, "%s@%s cannot be deleted: %s%s%s%s", version->record.model,
                    version->record.number, of->before, name == NULL ? "" : name, of->after, more);
  mri_stmt_done(stmt);
  return status;
}

static mr_status check_unused(mri_tx *tx, const mr_version *version, mr_error *error) {
  static const use uses[] = {
      {"SELECT c.name, count(*) OVER () FROM channel c WHERE c.version_id = ?1 "
       "ORDER BY c.name LIMIT 1",
       "channel '", "' holds it; move or clear it first"},
      {"SELECT q.uuid || ' proposes it for ' || q.transition, count(*) OVER () FROM version v "
       "JOIN request q ON q.run_id = v.run_id AND q.model_id = v.model_id "
       "AND q.version = v.number WHERE v.id = ?1 AND q.state = 1 AND q.transition <> 'promote' "
       "ORDER BY q.id LIMIT 1",
       "request ", "; complete or withdraw it first"},
      {"SELECT r.uuid, count(*) OVER () FROM version v JOIN input i ON i.target = v.uuid "
       "AND i.kind = 4 JOIN run r ON r.id = i.run_id WHERE v.id = ?1 ORDER BY i.id LIMIT 1",
       "run ", " has it as an input; yank it instead"},
      {"SELECT w.number, count(*) OVER () FROM version w WHERE w.replacement_id = ?1 "
       "ORDER BY w.sort_key DESC LIMIT 1",
       "version ", " names it as its replacement; give that another first"},
  };
  mr_status status = MR_OK;
  for (size_t i = 0; i < sizeof uses / sizeof uses[0] && status == MR_OK; i++) {
    status = check_use(tx, version, &uses[i], error);
  }
  return status;
}

static mr_status delete_in(mri_tx *tx, const mr_version *version, const char *reason,
                           mr_error *error) {
  standing deleted = {MRI_VERSION_DELETED, reason, 0};
  mr_version_status now = 0;
  int64_t now_us = 0;
  mr_status status = read_status(tx, version, &now, error);
  if (status != MR_OK || now == MRI_VERSION_DELETED) return status;
  status = check_unused(tx, version, error);
  if (status == MR_OK) status = mri_govern_time(tx, version->registry, &now_us, error);
  return status == MR_OK ? stand(tx, version, &deleted, now_us, error) : status;
}

mr_status mr_version_delete(mr_version *version, const char *reason, mr_error *error) {
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(version, "version", error);
  if (status == MR_OK) status = check_reason(reason, error);
  if (status == MR_OK) status = mri_call_begin(version->registry, MRI_TX_GOVERN, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = delete_in(tx, version, reason, error);
  return mri_call_end(version->registry, tx, status, error);
}
