/* SPDX-License-Identifier: Apache-2.0 */
/* What runs used. */
#include "upkeep/fsck_rows.h"

enum {
  INPUT_UUID,
  INPUT_ROLE,
  INPUT_KIND,
  INPUT_TARGET,
  INPUT_DIGEST,
  INPUT_RUN_ID,
  INPUT_TARGET_RUN,     /* the run that the target is, NULL for none */
  INPUT_TARGET_DATASET, /* the digest of its dataset, NULL for none */
  INPUT_TARGET_VERSION  /* the version that the target is, NULL for none */
};

static const char *target_of(const mri_stmt *stmt) {
  const char *target = mri_stmt_text(stmt, INPUT_TARGET);
  return target == NULL ? "" : target;
}

static mr_status gone(mri_fsck_walk *walk, const mri_stmt *stmt, const char *object,
                      const char *what, mr_error *error) {
  return mri_fsck_bad_reference(walk, object, error, "it names the %s '%.64s', which is not there",
                                what, target_of(stmt));
}

static mr_status check_dataset_run(mri_fsck_walk *walk, const mri_stmt *stmt, const char *object,
                                   mr_error *error) {
  mri_digest own;
  mri_digest recorded;
  if (!mri_stmt_digest(stmt, INPUT_TARGET_DATASET, &recorded)) {
    /* A dataset without a digest is a finding of its own. */
    if (!mri_stmt_is_null(stmt, INPUT_TARGET_DATASET)) return MR_OK;
    return gone(walk, stmt, object, "dataset run", error);
  }
  if (mri_stmt_digest(stmt, INPUT_DIGEST, &own) && mri_digest_equal(&own, &recorded)) return MR_OK;
  const mri_fsck_kind kind = {.finding = MR_FINDING_DIGEST, .remedy = mri_fsck_restore};
  return mri_fsck_add(walk, kind, object, error,
                      "its digest is not that of the dataset run '%.64s'", target_of(stmt));
}

/* Nobody need have recorded a dataset that is named by its digest. */
static mr_status check_dataset_digest(mri_fsck_walk *walk, const mri_stmt *stmt, const char *object,
                                      mr_error *error) {
  mri_digest digest;
  char text[MRI_DIGEST_TEXT] = "";
  if (mri_stmt_digest(stmt, INPUT_DIGEST, &digest)) mri_digest_text(&digest, text);
  if (text[0] != '\0' && strcmp(text, target_of(stmt)) == 0) return MR_OK;
  const mri_fsck_kind kind = {.finding = MR_FINDING_DIGEST, .remedy = mri_fsck_restore};
  return mri_fsck_add(walk, kind, object, error, "its digest is not the one that it names, '%.64s'",
                      target_of(stmt));
}

static mr_status check_run(mri_fsck_walk *walk, const mri_stmt *stmt, const char *object,
                           mr_error *error) {
  if (mri_stmt_is_null(stmt, INPUT_TARGET_RUN)) return gone(walk, stmt, object, "run", error);
  if (mri_stmt_int(stmt, INPUT_TARGET_RUN) != mri_stmt_int(stmt, INPUT_RUN_ID)) return MR_OK;
  return mri_fsck_bad_reference(walk, object, error, "the run is its own input");
}

static mr_status check_target(mri_fsck_walk *walk, const mri_stmt *stmt, const char *object,
                              mr_error *error) {
  switch (mri_stmt_int(stmt, INPUT_KIND)) {
  case MR_INPUT_KIND_DATASET_RUN:
    return check_dataset_run(walk, stmt, object, error);
  case MR_INPUT_KIND_DATASET_DIGEST:
    return check_dataset_digest(walk, stmt, object, error);
  case MR_INPUT_KIND_RUN:
    return check_run(walk, stmt, object, error);
  case MR_INPUT_KIND_VERSION:
    if (!mri_stmt_is_null(stmt, INPUT_TARGET_VERSION)) return MR_OK;
    return gone(walk, stmt, object, "version", error);
  default:
    return mri_fsck_range(walk, stmt, INPUT_KIND, "its kind", MR_INPUT_KIND_DATASET_RUN,
                          MR_INPUT_KIND_VERSION, object, error);
  }
}

static mr_status input_row(mri_fsck_walk *walk, void *ctx, const mri_stmt *stmt, mr_error *error) {
  static const mri_fsck_text role = {INPUT_ROLE, "its role", 0, false};
  char object[MRI_FSCK_OBJECT];
  int64_t kind = mri_stmt_int(stmt, INPUT_KIND);
  bool has_digest = kind == MR_INPUT_KIND_DATASET_RUN || kind == MR_INPUT_KIND_DATASET_DIGEST;
  (void)ctx;
  mri_fsck_name(object, "input", mri_stmt_text(stmt, INPUT_ROLE), mri_stmt_text(stmt, INPUT_UUID));
  mr_status status = mri_fsck_texts(walk, stmt, object, &role, 1, error);
  if (status == MR_OK) status = mri_fsck_have(stmt, INPUT_TARGET, error);
  if (status == MR_OK) status = check_target(walk, stmt, object, error);
  if (status != MR_OK || has_digest || mri_stmt_is_null(stmt, INPUT_DIGEST)) return status;
  return mri_fsck_bad_value(walk, object, error, "it has a digest, though it is no dataset");
}

mr_status mri_fsck_inputs(mri_fsck_walk *walk, mr_error *error) {
  return mri_fsck_each(walk, input_row, NULL, error,
                       "SELECT r.uuid, i.role, i.kind, i.target, i.digest, i.run_id, t.id, "
                       "d.digest, v.id FROM input i LEFT JOIN run r ON r.id = i.run_id "
                       "LEFT JOIN run t ON t.uuid = i.target "
                       "LEFT JOIN dataset d ON d.run_id = t.id "
                       "LEFT JOIN version v ON v.uuid = i.target ORDER BY i.id");
}
