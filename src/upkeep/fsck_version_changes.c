/* SPDX-License-Identifier: Apache-2.0 */
/* The history of a version: steps that can be taken, and that they lead to what it is. */
#include "upkeep/fsck_version.h"

#include <stdio.h>

/* Where a version stands after some of its changes. */
typedef struct standing {
  int64_t sequence;
  int64_t status;
  int64_t time_us;
  const char *differs; /* what its row says otherwise; NULL: nothing */
} standing;

static bool is_step(const standing *from, int64_t to, int64_t time_us) {
  bool later = time_us > from->time_us;
  switch (to) {
  case MR_VERSION_STATUS_ACTIVE:
    return later && (from->status == MR_VERSION_STATUS_DEPRECATED ||
                     from->status == MR_VERSION_STATUS_YANKED);
  case MR_VERSION_STATUS_DEPRECATED:
    /* What is no longer yanked is deprecated again in the same change. */
    if (time_us == from->time_us) {
      return from->sequence > 0 && from->status == MR_VERSION_STATUS_ACTIVE;
    }
    return later && from->status <= MR_VERSION_STATUS_DEPRECATED;
  default:
    return later && from->status != MRI_VERSION_DELETED;
  }
}

/* What the row of a version says otherwise than a standing. */
static const char *find_difference(const mri_fsck_version *v, int64_t status, const char *reason,
                                   int64_t replacement_id, bool actor, bool time) {
  if (v->status != status) return "status";
  if (!mri_fsck_same_text(v->status_reason, reason)) return "reason of its status";
  if (v->replacement_id != replacement_id) return "replacement";
  if (!actor) return "actor of its status";
  return time ? NULL : "time of its status";
}

/* As it was promoted. What its own row says of that is compared elsewhere with the request. */
static standing promoted(const mri_fsck_version *v) {
  standing at = {0, MR_VERSION_STATUS_ACTIVE, v->created_us, NULL};
  bool known = v->request != NULL;
  bool actor = mri_fsck_same_text(v->status_actor, v->actor) ||
               (known && mri_fsck_same_text(v->status_actor, v->closed_by));
  bool time = v->status_us == v->created_us || (known && v->status_us == v->closed_us);
  at.differs = find_difference(v, at.status, NULL, 0, actor, time);
  return at;
}

/* The model stands in the request that made a version, too. */
static bool is_of_model(const mri_fsck_version *v, int64_t model_id) {
  return model_id == v->model_id || (v->request != NULL && model_id == v->asked_model);
}

static void check_replacement(mri_fsck_thing *thing, const char *where, const mri_fsck_version *v,
                              int64_t status, const mri_stmt *stmt) {
  if (mri_stmt_is_null(stmt, 3) || mri_stmt_is_null(stmt, 6)) return;
  if (status != MR_VERSION_STATUS_DEPRECATED && status != MR_VERSION_STATUS_YANKED) {
    mri_fsck_say(thing, MR_FINDING_VALUE, "%sit has a replacement, but needs none", where);
  } else if (!is_of_model(v, mri_stmt_int(stmt, 6)) && !is_of_model(v, mri_stmt_int(stmt, 7))) {
    mri_fsck_say(thing, MR_FINDING_REFERENCE, "%sits replacement is of another model", where);
  } else if (mri_stmt_int(stmt, 3) == v->id) {
    mri_fsck_say(thing, MR_FINDING_REFERENCE, "%sit is its own replacement", where);
  }
}

/* Columns: sequence, status, reason, replacement_id, actor, created_us, the replacement's model
 * and that of the request that made it. */
static void check_change(mri_fsck_thing *thing, const mri_fsck_version *v, const mri_stmt *stmt,
                         standing *at) {
  static const mri_fsck_text texts[] = {
      {2, "its reason", MRI_VALUE_MAX, true},
      {4, "its actor", 0, false},
  };
  char where[64];
  int64_t before = thing->found;
  int64_t sequence = mri_stmt_int(stmt, 0);
  int64_t status = mri_stmt_int(stmt, 1);
  int64_t time_us = mri_stmt_int(stmt, 5);
  const char *reason = mri_stmt_text(stmt, 2);
  const char *actor = mri_stmt_text(stmt, 4);
  mri_fsck_thing_row(thing);
  (void)snprintf(where, sizeof where, "change %lld: ", (long long)sequence);
  mri_fsck_thing_range(thing, stmt, 1, where, "its status", MR_VERSION_STATUS_ACTIVE,
                       MRI_VERSION_DELETED);
  mri_fsck_thing_texts(thing, stmt, where, texts, sizeof texts / sizeof *texts);
  mri_fsck_thing_time(thing, stmt, 5, where, "its time");
  if (thing->found == before && status != MR_VERSION_STATUS_ACTIVE &&
      (reason == NULL || reason[0] == '\0')) {
    mri_fsck_say(thing, MR_FINDING_VALUE, "%sit has no reason", where);
  }
  check_replacement(thing, where, v, status, stmt);
  if (thing->found > before) {
    /* One finding is enough. */
  } else if (at->sequence == INT64_MAX || sequence != at->sequence + 1) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "change %lld follows change %lld", (long long)sequence,
                 (long long)at->sequence);
  } else if (!is_step(at, status, time_us)) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE,
                 "%sit makes status %lld of status %lld, at %lld us after %lld us", where,
                 (long long)status, (long long)at->status, (long long)time_us,
                 (long long)at->time_us);
  }
  at->sequence = sequence;
  at->status = status;
  at->time_us = time_us;
  at->differs =
      find_difference(v, status, reason, mri_fsck_reference(stmt, 3),
                      mri_fsck_same_text(v->status_actor, actor), v->status_us == time_us);
}

void mri_fsck_version_changes(mri_fsck_thing *thing, const mri_fsck_version *v) {
  mri_stmt *stmt = NULL;
  bool row = false;
  standing at = promoted(v);
  int64_t before = thing->found;
  if (thing->status != MR_OK) return;
  thing->status = mri_sql_query(thing->walk->tx, thing->error, &stmt,
                                "SELECT x.sequence, x.status, x.reason, x.replacement_id, x.actor, "
                                "x.created_us, w.model_id, q.model_id FROM version_change x "
                                "LEFT JOIN version w ON w.id = x.replacement_id "
                                "LEFT JOIN request q ON q.id = w.request_id "
                                "WHERE x.version_id = ?1 ORDER BY x.sequence",
                                "i", v->id);
  while (thing->status == MR_OK && thing->found == before &&
         (thing->status = mri_stmt_step(stmt, &row, thing->error)) == MR_OK && row) {
    check_change(thing, v, stmt, &at);
  }
  mri_stmt_done(stmt);
  if (thing->status != MR_OK || thing->found > before) return;
  if (at.differs != NULL) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "its %s is not that of its %s", at.differs,
                 at.sequence == 0 ? "promotion" : "last change");
  } else if (v->replacement_id != 0 && v->other_status == MRI_VERSION_DELETED) {
    mri_fsck_say(thing, MR_FINDING_REFERENCE, "its replacement was deleted");
  }
}
