/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of versions as records, as of now and as of an earlier time. */
#include "registry/version_row.h"

enum { REASON_SHOWN = 300 };

static mr_status read_datasets(const mri_stmt *stmt, int column, mri_arena *arena,
                               mr_version_record *record, mr_error *error) {
  mri_digest digest;
  char text[MRI_DIGEST_TEXT];
  size_t size = 0;
  const unsigned char *bytes = mri_stmt_bytes(stmt, column, &size);
  size_t count = size / sizeof digest.bytes;
  if (size % sizeof digest.bytes != 0) {
    return mri_error_set(error, MR_CORRUPT, "%s@%s has no valid list of datasets", record->model,
                         record->number);
  }
  if (count == 0) return MR_OK;
  const char **list = mri_arena_alloc(arena, count * sizeof *list);
  if (list == NULL) return mri_error_no_memory(error);
  for (size_t i = 0; i < count; i++) {
    memcpy(digest.bytes, bytes + i * sizeof digest.bytes, sizeof digest.bytes);
    mri_digest_text(&digest, text);
    list[i] = mri_arena_strdup(arena, text);
    if (list[i] == NULL) return mri_error_no_memory(error);
  }
  record->dataset_digests = list;
  record->dataset_count = (int64_t)count;
  return MR_OK;
}

mr_status mri_version_read(const mri_stmt *stmt, mri_arena *arena, mr_version_record *record,
                           mr_error *error) {
  bool failed = false;
  record->struct_size = sizeof *record;
  record->status = (mr_version_status)mri_stmt_int(stmt, 3);
  record->id = mri_column_text(stmt, 4, arena, &failed);
  record->model = mri_column_text(stmt, 5, arena, &failed);
  record->number = mri_column_text(stmt, 6, arena, &failed);
  record->run_id = mri_column_text(stmt, 7, arena, &failed);
  record->artifact_path = mri_column_text(stmt, 8, arena, &failed);
  record->digest = mri_column_digest(stmt, 9, arena, &failed);
  record->file_count = mri_stmt_int(stmt, 10);
  record->total_size = mri_stmt_int(stmt, 11);
  record->description = mri_column_text(stmt, 12, arena, &failed);
  record->request_id = mri_column_text(stmt, 13, arena, &failed);
  record->experiment_id = mri_column_text(stmt, 14, arena, &failed);
  record->experiment_name = mri_column_text(stmt, 15, arena, &failed);
  record->source_commit = mri_column_text(stmt, 16, arena, &failed);
  record->params_digest = mri_column_digest(stmt, 17, arena, &failed);
  record->actor = mri_column_text(stmt, 18, arena, &failed);
  record->created_us = mri_stmt_int(stmt, 19);
  record->source_entry_point = mri_column_text(stmt, 21, arena, &failed);
  record->source_state = (mr_source_state)mri_stmt_int(stmt, 22);
  record->environment_host = mri_column_text(stmt, 23, arena, &failed);
  record->environment_packages_digest = mri_column_text(stmt, 24, arena, &failed);
  record->environment_image_digest = mri_column_text(stmt, 25, arena, &failed);
  record->status_reason = mri_column_text(stmt, 26, arena, &failed);
  record->replacement = mri_column_text(stmt, 27, arena, &failed);
  record->status_actor = mri_column_text(stmt, 28, arena, &failed);
  record->status_us = mri_stmt_int(stmt, 29);
  return failed ? mri_error_no_memory(error) : read_datasets(stmt, 20, arena, record, error);
}

mr_version_status mri_version_replacement(const mri_stmt *stmt) {
  return (mr_version_status)mri_stmt_int(stmt, 30);
}

/* --- warnings --------------------------------------------------------------------------------- */

static const char *status_word(mr_version_status status) {
  switch (status) {
  case MR_VERSION_STATUS_ACTIVE:
    return "active";
  case MR_VERSION_STATUS_DEPRECATED:
    return "deprecated";
  case MR_VERSION_STATUS_YANKED:
    return "yanked";
  case MRI_VERSION_DELETED:
    return "deleted";
  default:
    return "not active";
  }
}

/* A reason may have lines and be long; a warning is one line that is read. */
static void add_reason(mri_str *text, const char *reason) {
  size_t shown = (size_t)mri_text_fit(reason, REASON_SHOWN);
  mri_str_add(text, ": ");
  for (size_t i = 0; i < shown;) {
    uint32_t code = 0;
    size_t size = mri_utf8_step(reason + i, shown - i, &code);
    bool breaks = size == 0 || mri_is_control(code) || code == 0x2028 || code == 0x2029;
    if (size == 0) size = 1;
    mri_str_add_bytes(text, breaks ? " " : reason + i, breaks ? 1 : size);
    i += size;
  }
  if (reason[shown] != '\0') mri_str_add(text, "...");
}

/* Nobody is sent to what was yanked or deleted itself since. */
static void add_replacement(mri_str *text, const char *number, mr_version_status status) {
  if (status == MRI_VERSION_DELETED) {
    mri_str_addf(text, "; its replacement %s was deleted", number);
  } else if (status == MR_VERSION_STATUS_YANKED) {
    mri_str_addf(text, "; its replacement %s is yanked", number);
  } else {
    mri_str_addf(text, "; use %s instead%s", number,
                 status == MR_VERSION_STATUS_DEPRECATED ? ", which is deprecated" : "");
  }
}

/* `since`: it became so after the time that the answer is of. */
static const char *warning(mri_arena *arena, const mr_version_record *r,
                           mr_version_status replacement, bool since) {
  mri_str text;
  mri_str_init(&text, arena->mem);
  mri_str_addf(&text, "%s@%s ", r->model, r->number);
  if (since && r->status == MR_VERSION_STATUS_ACTIVE) {
    mri_str_add(&text, "is active again since");
  } else {
    bool was = since || r->status == MRI_VERSION_DELETED;
    mri_str_addf(&text, "%s %s%s", was ? "was" : "is", status_word(r->status),
                 since ? " since" : "");
  }
  if (r->status_reason != NULL) add_reason(&text, r->status_reason);
  if (r->replacement != NULL) add_replacement(&text, r->replacement, replacement);
  const char *line = text.failed ? NULL : mri_arena_strdup(arena, text.data);
  mri_str_free(&text);
  return line;
}

mr_status mri_version_warn(mri_arena *arena, mr_version_record *record,
                           const mr_version_record *now, const mr_version_status replacements[2],
                           mr_error *error) {
  bool then = record->status != MR_VERSION_STATUS_ACTIVE;
  bool since = now != NULL && now->status != record->status;
  size_t count = 0;
  if (!then && !since) return MR_OK;
  const char **lines = mri_arena_alloc(arena, 2 * sizeof *lines);
  if (lines == NULL) return mri_error_no_memory(error);
  if (then) lines[count++] = warning(arena, record, replacements[0], false);
  if (since) lines[count++] = warning(arena, now, replacements[1], true);
  for (size_t i = 0; i < count; i++) {
    if (lines[i] == NULL) return mri_error_no_memory(error);
  }
  record->warnings = lines;
  record->warning_count = (int64_t)count;
  return MR_OK;
}

/* --- handles ---------------------------------------------------------------------------------- */

/* Gives the record the status that the version had at a time. */
static mr_status turn_back(mri_tx *tx, mr_version *version, int64_t as_of_us,
                           mr_version_status *replacement, mr_error *error) {
  mr_version_record *r = &version->record;
  mri_stmt *stmt = NULL;
  bool found = false;
  bool failed = false;
  mr_status status =
      mri_sql_first(tx, error, &stmt, &found,
                    "SELECT x.status, x.reason, w.number, x.actor, x.created_us, w.status "
                    "FROM version_change x LEFT JOIN version w ON w.id = x.replacement_id "
                    "WHERE x.version_id = ?1 AND x.created_us <= ?2 "
                    "ORDER BY x.sequence DESC LIMIT 1",
                    "ii", version->id, as_of_us);
  if (status != MR_OK) return status;
  r->status = found ? (mr_version_status)mri_stmt_int(stmt, 0) : MR_VERSION_STATUS_ACTIVE;
  r->status_reason = !found ? NULL : mri_column_text(stmt, 1, &version->arena, &failed);
  r->replacement = !found ? NULL : mri_column_text(stmt, 2, &version->arena, &failed);
  r->status_actor = found ? mri_column_text(stmt, 3, &version->arena, &failed) : r->actor;
  r->status_us = found ? mri_stmt_int(stmt, 4) : r->created_us;
  *replacement = found ? (mr_version_status)mri_stmt_int(stmt, 5) : 0;
  mri_stmt_done(stmt);
  return failed ? mri_error_no_memory(error) : MR_OK;
}

static mr_status take_row(const mri_stmt *stmt, mr_version *version, mr_error *error) {
  version->id = mri_stmt_int(stmt, 0);
  version->model_id = mri_stmt_int(stmt, 1);
  version->run_id = mri_stmt_int(stmt, 2);
  mr_status status = mri_version_read(stmt, &version->arena, &version->record, error);
  if (status == MR_OK && !mri_stmt_digest(stmt, 9, &version->digest)) {
    status = mri_error_set(error, MR_CORRUPT, "%s@%s has no digest", version->record.model,
                           version->record.number);
  }
  return status;
}

mr_status mri_version_load_as_of(mri_tx *tx, mr_registry *registry, int64_t id, int64_t as_of_us,
                                 mr_version **out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(
      tx, error, &stmt, &found,
      "SELECT " MRI_VERSION_COLUMNS " FROM " MRI_VERSION_TABLES " WHERE v.id = ?1", "i", id);
  if (status != MR_OK) return status;
  if (!found) return mri_error_set(error, MR_CORRUPT, "a version lacks its run or request");
  mr_version *version = mri_mem_zalloc(&registry->mem, 1, sizeof *version);
  if (version == NULL) {
    mri_stmt_done(stmt);
    return mri_error_no_memory(error);
  }
  version->registry = mri_registry_ref(registry);
  mri_arena_init(&version->arena, &registry->mem);
  status = take_row(stmt, version, error);
  mr_version_status replacements[2];
  replacements[0] = replacements[1] = mri_version_replacement(stmt);
  mri_stmt_done(stmt);
  mr_version_record now = version->record;
  bool earlier = status == MR_OK && as_of_us < now.status_us;
  if (earlier) status = turn_back(tx, version, as_of_us, &replacements[0], error);
  if (status == MR_OK) {
    status = mri_version_warn(&version->arena, &version->record, earlier ? &now : NULL,
                              replacements, error);
  }
  if (status == MR_OK) *out = version;
  if (status != MR_OK) mr_version_free(version);
  return status;
}

mr_status mri_version_load(mri_tx *tx, mr_registry *registry, int64_t id, mr_version **out,
                           mr_error *error) {
  return mri_version_load_as_of(tx, registry, id, MRI_NOW, out, error);
}
