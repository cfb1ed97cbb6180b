/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/channel_change.h"

/* CORRUPT where a text of the row is longer than the registry would ever have written. */
static mr_status copy_text(char *out, size_t size, const char *text, const char *what,
                           mr_error *error) {
  size_t length = text == NULL ? size : mri_strnlen(text, size);
  if (length >= size) return mri_error_set(error, MR_CORRUPT, "a channel has no valid %s", what);
  memcpy(out, text, length + 1);
  return MR_OK;
}

mr_status mri_channel_find(mri_tx *tx, const mr_model *model, const char *name,
                           mri_channel_row *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(
      tx, error, &stmt, &found,
      "SELECT c.id, c.sequence, m.place, c.version_id, c.name, v.number FROM channel c "
      "LEFT JOIN channel_move m ON m.channel_id = c.id AND m.sequence = c.sequence "
      "LEFT JOIN version v ON v.id = c.version_id WHERE c.model_id = ?1 AND c.name = ?2",
      "it", model->id, name);
  if (status != MR_OK) return status;
  if (!found) {
    return mri_error_set(error, MR_NOT_FOUND, "model '%s' has no channel '%s'; create it first",
                         model->record.name, name);
  }
  out->id = mri_stmt_int(stmt, 0);
  out->sequence = mri_stmt_int(stmt, 1);
  out->place = mri_stmt_is_null(stmt, 2) ? 0 : mri_stmt_int(stmt, 2);
  out->held_id = mri_stmt_is_null(stmt, 3) ? 0 : mri_stmt_int(stmt, 3);
  if (out->sequence < 0 || out->sequence == INT64_MAX || out->place < 0 ||
      out->place > out->sequence) {
    status = mri_error_set(error, MR_CORRUPT, "channel '%s' of model '%s' has no valid history",
                           name, model->record.name);
  }
  if (status == MR_OK) {
    status = copy_text(out->name, sizeof out->name, mri_stmt_text(stmt, 4), "name", error);
  }
  if (status == MR_OK) {
    status = copy_text(out->held, sizeof out->held,
                       out->held_id == 0 ? "none" : mri_stmt_text(stmt, 5), "version", error);
  }
  mri_stmt_done(stmt);
  return status;
}

mr_status mri_channel_check_expectation(const char *channel, const char *expected,
                                        mr_error *error) {
  mri_semver number;
  if (expected == NULL) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "expected is NULL; say which version channel '%s' holds now, or none",
                         channel);
  }
  if (strcmp(expected, "none") == 0) return MR_OK;
  mr_status status = mri_semver_parse(expected, &number, error);
  if (status == MR_OK) return MR_OK;
  return mri_error_prefix(error, status, "expected is neither none nor a version");
}

mr_status mri_channel_check_expected(const mri_channel_row *row, const mr_model *model,
                                     const char *expected, mr_error *error) {
  mri_semver a;
  mri_semver b;
  bool same = strcmp(expected, row->held) == 0;
  if (!same && row->held_id != 0 && strcmp(expected, "none") != 0) {
    same = mri_semver_parse(expected, &a, NULL) == MR_OK &&
           mri_semver_parse(row->held, &b, NULL) == MR_OK && mri_semver_compare(&a, &b) == 0 &&
           (a.build[0] == '\0' || strcmp(a.build, b.build) == 0);
  }
  if (same) return MR_OK;
  return mri_error_set(error, MR_CONFLICT, "channel '%s' of model '%s' holds %s now, not %s",
                       row->name, model->record.name, row->held, expected);
}

mr_status mri_channel_set(mri_tx *tx, const mr_registry *registry, const mri_channel_row *row,
                          const mri_channel_change *change, mr_error *error) {
  const char *actor = mri_actor(registry);
  int64_t sequence = row->sequence + 1;
  int64_t place = change->kind == MR_CHANNEL_MOVE_KIND_ROLLED_BACK ? change->place
                  : change->kind == MR_CHANNEL_MOVE_KIND_CLEARED   ? row->place
                                                                   : sequence;
  /* No row has the id 0, so it gives NULL. */
  mr_status status =
      mri_sql_run(tx, error,
                  "UPDATE channel SET version_id = (SELECT v.id FROM version v WHERE v.id = ?2), "
                  "sequence = ?3, actor = ?4, moved_us = ?5 WHERE id = ?1",
                  "iiiti", row->id, change->version_id, sequence, actor, change->now_us);
  if (status != MR_OK) return status;
  return mri_sql_run(
      tx, error,
      "INSERT INTO channel_move (channel_id, sequence, kind, version_id, previous_id, place, "
      "request_id, reason, actor, moved_us) VALUES (?1, ?2, ?3, "
      "(SELECT v.id FROM version v WHERE v.id = ?4), "
      "(SELECT v.id FROM version v WHERE v.id = ?5), ?6, "
      "(SELECT q.id FROM request q WHERE q.id = ?7), ?8, ?9, ?10)",
      "iiiiiiitti", row->id, sequence, (int64_t)change->kind, change->version_id, row->held_id,
      place, change->request_id, change->reason, actor, change->now_us);
}
