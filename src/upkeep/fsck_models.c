/* SPDX-License-Identifier: Apache-2.0 */
/* Models, and the row that every governing change moves on. */
#include "upkeep/fsck_govern.h"

/* Columns: uuid, name, description, actor, created_us. */
static mr_status check_model(mri_fsck_walk *walk, void *ctx, const mri_stmt *stmt,
                             mr_error *error) {
  static const mri_fsck_text texts[] = {
      {1, "its name", 0, false},
      {2, "its description", MRI_VALUE_MAX, true},
      {3, "its actor", 0, false},
  };
  mri_fsck_thing thing;
  mr_error why = MR_ERROR_INIT;
  const char *name = mri_stmt_text(stmt, 1);
  mri_fsck_thing_is(&thing, walk, error, "model %s", mri_fsck_shown(name));
  (void)ctx;
  mri_fsck_thing_id(&thing, stmt, 0);
  mri_fsck_thing_texts(&thing, stmt, "", texts, sizeof texts / sizeof *texts);
  if (thing.found == 0) mri_fsck_say_why(&thing, "", mri_check_model_name(name, &why), &why);
  mri_fsck_thing_time(&thing, stmt, 4, "", "its creation");
  return thing.status;
}

/* Every change looks for the row with the id 1; whether there is any the check of the database
 * says. */
static mr_status check_row(mri_fsck_thing *thing) {
  int64_t rows = 0;
  mr_status status =
      mri_sql_int(thing->walk->tx, thing->error, 0, &rows, "SELECT count(*) FROM governance", "");
  if (status == MR_OK && rows > 0) {
    mri_fsck_say(thing, MR_FINDING_REFERENCE, "the row that counts its changes is not found");
  }
  return status == MR_OK ? thing->status : status;
}

/* Not before any change that it counts. Each model, channel and attachment of a gate, and each
 * promotion that was asked for, is a change of its own. */
static mr_status check_governance(mri_fsck_walk *walk, mr_error *error) {
  mri_fsck_thing thing;
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(
      walk->tx, error, &stmt, &found,
      "SELECT g.sequence, g.time_us, (SELECT max(x.t) FROM ("
      "SELECT max(created_us) AS t FROM gate_attachment UNION ALL "
      "SELECT max(created_us) FROM request UNION ALL SELECT max(closed_us) FROM request UNION ALL "
      "SELECT max(status_us) FROM version UNION ALL SELECT max(moved_us) FROM channel) x), "
      "(SELECT count(*) FROM model) + (SELECT count(*) FROM channel) + "
      "(SELECT count(*) FROM gate_attachment) + "
      "(SELECT count(*) FROM request WHERE transition = 'promote') "
      "FROM governance g WHERE g.id = 1",
      "");
  mri_fsck_thing_is(&thing, walk, error, "registry");
  if (status == MR_OK && !found) status = check_row(&thing);
  if (status != MR_OK || !found) return status;
  int64_t sequence = mri_stmt_int(stmt, 0);
  int64_t time_us = mri_stmt_int(stmt, 1);
  int64_t newest_us = mri_stmt_is_null(stmt, 2) ? 0 : mri_stmt_int(stmt, 2);
  int64_t changes = mri_stmt_int(stmt, 3);
  mri_stmt_done(stmt);
  if (time_us < newest_us) {
    mri_fsck_say(&thing, MR_FINDING_SEQUENCE,
                 "the time of its last change is %lld us, before the newest change: %lld us",
                 (long long)time_us, (long long)newest_us);
  }
  /* What is below 0 the check of the database says. */
  if (sequence >= 0 && sequence < changes) {
    mri_fsck_say(&thing, MR_FINDING_COUNT,
                 "its number of changes is %lld, but there were at least %lld", (long long)sequence,
                 (long long)changes);
  }
  return thing.status;
}

mr_status mri_fsck_models(mri_fsck_walk *walk, mr_error *error) {
  mr_status status =
      mri_fsck_each(walk, check_model, NULL, error,
                    "SELECT uuid, name, description, actor, created_us FROM model ORDER BY id");
  return status == MR_OK ? check_governance(walk, error) : status;
}
