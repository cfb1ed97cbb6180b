/* SPDX-License-Identifier: Apache-2.0 */
/* What runs have of files: datasets, artifacts, and the evidence of checks. */
#include "registry/content.h"
#include "upkeep/fsck_rows.h"

enum {
  ARTIFACT_RUN,
  ARTIFACT_UUID,
  ARTIFACT_PATH,
  ARTIFACT_KIND,
  ARTIFACT_DIGEST,
  ARTIFACT_SIZE,
  ARTIFACT_FORMAT,
  ARTIFACT_URI,
  ARTIFACT_CREATED
};

/* A path cannot be file and folder at once. In the order of their bytes all paths between a file
 * and one below it begin with the file's: so it is enough to keep, of the path before, the lengths
 * at which it was a file's. */
typedef struct places {
  int64_t run;
  char last[MRI_PATH_MAX + 1];
  uint16_t lengths[MRI_PATH_MAX];
  size_t count;
} places;

static mr_status check_place(mri_fsck_walk *walk, places *p, int64_t run, const char *path,
                             const char *object, mr_error *error) {
  size_t common = 0;
  size_t last = strlen(p->last);
  mr_status status = MR_OK;
  if (run != p->run) last = p->count = 0;
  while (common < last && path[common] == p->last[common]) common++;
  while (p->count > 0 && p->lengths[p->count - 1] > common) p->count--;
  /* A damaged table may have a path twice. */
  bool kept = p->count > 0 && p->lengths[p->count - 1] == last;
  if (last > 0 && common == last && !kept) p->lengths[p->count++] = (uint16_t)last;
  for (size_t i = 0; i < p->count && status == MR_OK; i++) {
    if (path[p->lengths[i]] != '/') continue;
    status =
        mri_fsck_bad_reference(walk, object, error, "'%.*s', a folder of it, is an artifact too",
                               (int)p->lengths[i], path);
  }
  p->run = run;
  memcpy(p->last, path, strlen(path) + 1);
  return status;
}

/* The rule for a link is the one by which it was logged. */
static mr_status check_link(mri_fsck_walk *walk, const char *prefix, const char *uri,
                            const mri_digest *digest, int64_t size, const char *object,
                            mr_error *error) {
  mr_error reason = MR_ERROR_INIT;
  mri_tree_file file;
  char text[MRI_DIGEST_TEXT];
  mri_digest_text(digest, text);
  if (mri_content_link(prefix, uri, text, size, &file, &reason) == MR_OK) return MR_OK;
  return mri_fsck_bad_value(walk, object, error, "%s", reason.message);
}

static mr_status check_stored(mri_fsck_walk *walk, const mri_digest *digest, int64_t size,
                              const char *object, mr_error *error) {
  mr_status status = MR_OK;
  if (size < 0) {
    status = mri_fsck_bad_value(walk, object, error, "its size is %lld", (long long)size);
  }
  return status == MR_OK ? mri_fsck_want(walk, digest, size, object, error) : status;
}

/* Three columns say whether it is a link: what two of them say is so. */
static mr_status check_kind(mri_fsck_walk *walk, const mri_stmt *stmt, const char *object,
                            bool *is_link, mr_error *error) {
  int64_t kind = mri_stmt_int(stmt, ARTIFACT_KIND);
  const char *format = mri_stmt_text(stmt, ARTIFACT_FORMAT);
  bool by_kind = kind == MR_ARTIFACT_KIND_LINK;
  bool by_format = format != NULL && strcmp(format, "link") == 0;
  bool by_uri = !mri_stmt_is_null(stmt, ARTIFACT_URI);
  *is_link = by_kind + by_format + by_uri >= 2;
  if (!by_kind && kind != MR_ARTIFACT_KIND_STORED) {
    return mri_fsck_range(walk, stmt, ARTIFACT_KIND, "its kind", MR_ARTIFACT_KIND_STORED,
                          MR_ARTIFACT_KIND_LINK, object, error);
  }
  if (by_kind != by_format) {
    return mri_fsck_bad_value(walk, object, error, "its kind is %lld and its format %.32s",
                              (long long)kind, format == NULL ? "none" : format);
  }
  if (*is_link || !by_uri) return MR_OK;
  return mri_fsck_bad_value(walk, object, error, "it is stored, and has a uri");
}

static mr_status check_artifact(mri_fsck_walk *walk, const mri_stmt *stmt, const char *object,
                                mr_error *error) {
  mri_digest digest;
  bool is_link = false;
  int64_t size = mri_stmt_int(stmt, ARTIFACT_SIZE);
  mr_status status = check_kind(walk, stmt, object, &is_link, error);
  if (status != MR_OK) return status;
  if (!mri_stmt_digest(stmt, ARTIFACT_DIGEST, &digest)) {
    return mri_fsck_bad_value(walk, object, error, "its digest has not 32 bytes");
  }
  if (!is_link) return check_stored(walk, &digest, size, object, error);
  return check_link(walk, "", mri_stmt_text(stmt, ARTIFACT_URI), &digest, size, object, error);
}

static mr_status artifact_row(mri_fsck_walk *walk, void *ctx, const mri_stmt *stmt,
                              mr_error *error) {
  static const mri_fsck_text format = {ARTIFACT_FORMAT, "its format", 0, false};
  mr_error reason = MR_ERROR_INIT;
  char object[MRI_FSCK_OBJECT];
  const char *path = mri_stmt_text(stmt, ARTIFACT_PATH);
  mr_status status = MR_OK;
  mri_fsck_name(object, "artifact", path, mri_stmt_text(stmt, ARTIFACT_UUID));
  status = mri_fsck_have(stmt, ARTIFACT_PATH, error);
  if (status == MR_OK) status = mri_fsck_have(stmt, ARTIFACT_URI, error);
  if (status == MR_OK) status = mri_fsck_have(stmt, ARTIFACT_FORMAT, error);
  if (status != MR_OK) return status;
  if (mri_check_path(path, "its path", &reason) != MR_OK) {
    status = mri_fsck_bad_value(walk, object, error, "%s", reason.message);
  } else {
    status = check_place(walk, ctx, mri_stmt_int(stmt, ARTIFACT_RUN), path, object, error);
  }
  if (status == MR_OK) status = check_artifact(walk, stmt, object, error);
  if (status == MR_OK) status = mri_fsck_texts(walk, stmt, object, &format, 1, error);
  if (status != MR_OK) return status;
  return mri_fsck_time(walk, stmt, ARTIFACT_CREATED, "its creation", object, error);
}

enum {
  CHECK_ID,
  CHECK_UUID,
  CHECK_NAME,
  CHECK_RESULT,
  CHECK_REPORTER,
  CHECK_NOTE,
  CHECK_DIGEST,
  CHECK_URI,
  CHECK_SIZE,
  CHECK_ACTOR,
  CHECK_CREATED
};

static mr_status check_evidence(mri_fsck_walk *walk, const mri_stmt *stmt, const char *object,
                                mr_error *error) {
  mri_digest digest;
  const char *uri = mri_stmt_text(stmt, CHECK_URI);
  int64_t size = mri_stmt_int(stmt, CHECK_SIZE);
  mr_status status = mri_fsck_have(stmt, CHECK_URI, error);
  if (status != MR_OK) return status;
  if (mri_stmt_is_null(stmt, CHECK_DIGEST)) {
    if (uri == NULL && size == 0) return MR_OK;
    return mri_fsck_bad_value(walk, object, error, "its evidence has a %s and no digest",
                              uri != NULL ? "uri" : "size");
  }
  if (!mri_stmt_digest(stmt, CHECK_DIGEST, &digest)) {
    return mri_fsck_bad_value(walk, object, error, "the digest of its evidence has not 32 bytes");
  }
  if (uri != NULL) return check_link(walk, "evidence_", uri, &digest, size, object, error);
  return check_stored(walk, &digest, size, object, error);
}

static mr_status check_row(mri_fsck_walk *walk, void *ctx, const mri_stmt *stmt, mr_error *error) {
  static const mri_fsck_text texts[] = {
      {CHECK_NAME, "its name", 0, false},
      {CHECK_REPORTER, "its reporter", 0, false},
      {CHECK_NOTE, "its note", MRI_VALUE_MAX, true},
      {CHECK_ACTOR, "its actor", 0, false},
  };
  char object[MRI_FSCK_OBJECT];
  (void)ctx;
  mri_fsck_name(object, "check", mri_stmt_text(stmt, CHECK_NAME), mri_stmt_text(stmt, CHECK_UUID));
  mr_status status = mri_fsck_id(walk, stmt, CHECK_ID, object, error);
  if (status == MR_OK) {
    status = mri_fsck_texts(walk, stmt, object, texts, sizeof texts / sizeof texts[0], error);
  }
  if (status == MR_OK) {
    status = mri_fsck_range(walk, stmt, CHECK_RESULT, "its result", MR_CHECK_RESULT_PASSED,
                            MR_CHECK_RESULT_SKIPPED, object, error);
  }
  if (status == MR_OK) status = check_evidence(walk, stmt, object, error);
  if (status != MR_OK) return status;
  return mri_fsck_time(walk, stmt, CHECK_CREATED, "its time", object, error);
}

mr_status mri_fsck_files(mri_fsck_walk *walk, mr_error *error) {
  places p = {.run = 0};
  mr_status status = mri_fsck_datasets(walk, error);
  if (status == MR_OK) {
    status = mri_fsck_each(walk, artifact_row, &p, error,
                           "SELECT a.run_id, r.uuid, a.path, a.kind, a.digest, a.size, a.format, "
                           "a.uri, a.created_us FROM artifact a "
                           "LEFT JOIN run r ON r.id = a.run_id ORDER BY a.run_id, a.path");
  }
  if (status != MR_OK) return status;
  return mri_fsck_each(walk, check_row, NULL, error,
                       "SELECT c.uuid, r.uuid, c.name, c.result, c.reporter, c.note, "
                       "c.evidence_digest, c.evidence_uri, c.evidence_size, c.actor, c.created_us "
                       "FROM run_check c LEFT JOIN run r ON r.id = c.run_id ORDER BY c.id");
}
