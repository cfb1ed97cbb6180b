/* SPDX-License-Identifier: Apache-2.0 */
/* Datasets against their manifests, each of which is read once. */
#include "blob/manifest.h"
#include "upkeep/fsck_rows.h"
#include "upkeep/upkeep_limits.h"

#include <stdio.h>

enum {
  DATASET_UUID,
  DATASET_RUN_STATUS,
  DATASET_RUN_NAME,
  DATASET_NAME,
  DATASET_DIGEST,
  DATASET_MANIFEST_SIZE,
  DATASET_FILES,
  DATASET_SIZE,
  DATASET_SAMPLES,
  DATASET_FROZEN,
  DATASET_SCHEMA,
  DATASET_URI,
  DATASET_VERSION
};

/* The manifest of the row before, which has often the same. */
typedef struct known {
  mri_digest digest;
  bool valid;  /* `digest` is one */
  bool read;   /* and `manifest` is what it names */
  bool wanted; /* its files are */
  mri_manifest manifest;
} known;

/* By the size that the content has: the one in the row is compared with it like any other. */
static mr_status read_manifest(mri_fsck_walk *walk, const mri_digest *digest,
                               mri_manifest *manifest, mr_error *error) {
  mri_blobs *blobs = walk->registry->blobs;
  mri_blob *blob = NULL;
  const uint8_t *text = NULL;
  bool found = false;
  int64_t size = 0;
  mr_status status = mri_blobs_stat(blobs, digest, &found, &size, error);
  if (status == MR_OK && !found) {
    status = mri_error_set(error, MR_NOT_FOUND, "the manifest is not in the blob store");
  }
  if (status == MR_OK) status = mri_blobs_open(blobs, digest, size, &blob, error);
  if (status == MR_OK) status = mri_blob_map(blob, &text, error);
  if (status == MR_OK) status = mri_manifest_read(manifest, text, (size_t)size, error);
  mri_blob_close(blob);
  return status;
}

/* What is missing or changed is said once the content is looked at; but a quick check reads nothing
 * there. */
static mr_status unreadable(mri_fsck_walk *walk, mr_status status, const mr_error *reason,
                            const char *object, mr_error *error) {
  mri_fsck_kind kind = {.finding = MR_FINDING_DIGEST, .remedy = mri_fsck_restore};
  walk->content.unknown = true;
  if (mri_upkeep_is_lack(status, reason)) {
    return mri_error_set_code(error, status, reason->backend_code, "%s", reason->message);
  }
  if (status == MR_CORRUPT) {
    return mri_fsck_add(walk, kind, object, error, "its digest names what is no manifest: %s",
                        reason->message);
  }
  if (status != MR_TAMPERED || !walk->quick) return MR_OK;
  kind.finding = MR_FINDING_CHANGED;
  return mri_fsck_add(walk, kind, object, error, "its manifest: %s", reason->message);
}

static mr_status load_manifest(mri_fsck_walk *walk, known *k, const mri_digest *digest,
                               const char *object, mr_error *error) {
  mr_error reason = MR_ERROR_INIT;
  if (k->valid && mri_digest_equal(&k->digest, digest)) return MR_OK;
  mri_manifest_destroy(&k->manifest);
  mri_manifest_init(&k->manifest, &walk->registry->mem);
  k->digest = *digest;
  k->valid = true;
  k->wanted = false;
  mr_status status = read_manifest(walk, digest, &k->manifest, &reason);
  k->read = status == MR_OK;
  return k->read ? MR_OK : unreadable(walk, status, &reason, object, error);
}

static mr_status check_count(mri_fsck_walk *walk, const mri_stmt *stmt, int column,
                             const char *what, int64_t counted, const char *object,
                             mr_error *error) {
  const mri_fsck_kind kind = {.finding = MR_FINDING_COUNT, .remedy = mri_fsck_restore};
  int64_t says = mri_stmt_int(stmt, column);
  if (says == counted) return MR_OK;
  return mri_fsck_add(walk, kind, object, error, "its %s is %lld, and %lld by its manifest", what,
                      (long long)says, (long long)counted);
}

static mr_status want_files(mri_fsck_walk *walk, known *k, const char *object, mr_error *error) {
  mr_status status = MR_OK;
  k->wanted = true;
  for (size_t i = 0; i < mri_manifest_count(&k->manifest) && status == MR_OK; i++) {
    const mri_manifest_entry *entry = mri_manifest_at(&k->manifest, i);
    status = mri_fsck_want(walk, &entry->digest, entry->size, object, error);
  }
  return status;
}

static mr_status check_manifest(mri_fsck_walk *walk, known *k, const mri_stmt *stmt,
                                const char *object, mr_error *error) {
  mri_digest digest;
  if (!mri_stmt_digest(stmt, DATASET_DIGEST, &digest)) {
    walk->content.unknown = true;
    return mri_fsck_bad_value(walk, object, error, "its digest has not 32 bytes");
  }
  mr_status status =
      mri_fsck_want(walk, &digest, mri_stmt_int(stmt, DATASET_MANIFEST_SIZE), object, error);
  if (status == MR_OK) status = load_manifest(walk, k, &digest, object, error);
  if (status != MR_OK || !k->read) return status;
  status = check_count(walk, stmt, DATASET_FILES, "number of files",
                       (int64_t)mri_manifest_count(&k->manifest), object, error);
  if (status == MR_OK) {
    status = check_count(walk, stmt, DATASET_SIZE, "size", k->manifest.total_size, object, error);
  }
  if (status != MR_OK || mri_stmt_int(stmt, DATASET_FROZEN) == 0 || k->wanted) return status;
  return want_files(walk, k, object, error);
}

/* What is recorded at once with its run. */
static mr_status check_own_run(mri_fsck_walk *walk, const mri_stmt *stmt, const char *object,
                               mr_error *error) {
  const char *name = mri_stmt_text(stmt, DATASET_NAME);
  const char *run_name = mri_stmt_text(stmt, DATASET_RUN_NAME);
  mr_status status = mri_fsck_have(stmt, DATASET_RUN_NAME, error);
  if (status != MR_OK || mri_stmt_is_null(stmt, DATASET_UUID)) return status;
  if (name == NULL || run_name == NULL || strcmp(name, run_name) != 0) {
    status = mri_fsck_bad_value(walk, object, error, "its run has another name, '%.*s'",
                                mri_text_fit(run_name == NULL ? "" : run_name, MRI_NAME_MAX),
                                run_name == NULL ? "" : run_name);
  }
  if (status != MR_OK || mri_stmt_int(stmt, DATASET_RUN_STATUS) == MR_RUN_STATUS_FINISHED) {
    return status;
  }
  return mri_fsck_bad_value(walk, object, error, "its run is not finished");
}

static mr_status dataset_row(mri_fsck_walk *walk, void *ctx, const mri_stmt *stmt,
                             mr_error *error) {
  static const mri_fsck_text texts[] = {
      {DATASET_NAME, "its name", 0, false},
      {DATASET_SCHEMA, "its schema", MRI_VALUE_MAX, true},
      {DATASET_URI, "its source_uri", 4096, true},
      {DATASET_VERSION, "its source_version", 4096, true},
  };
  char object[MRI_FSCK_OBJECT];
  mri_fsck_name(object, "dataset", mri_stmt_text(stmt, DATASET_NAME),
                mri_stmt_text(stmt, DATASET_UUID));
  mr_status status =
      mri_fsck_texts(walk, stmt, object, texts, sizeof texts / sizeof texts[0], error);
  if (status == MR_OK) status = check_own_run(walk, stmt, object, error);
  if (status == MR_OK) {
    status = mri_fsck_range(walk, stmt, DATASET_SAMPLES, "its sample_count", 0, INT64_MAX, object,
                            error);
  }
  if (status == MR_OK) {
    status = mri_fsck_range(walk, stmt, DATASET_MANIFEST_SIZE, "its manifest_size", 0, INT64_MAX,
                            object, error);
  }
  if (status == MR_OK)
    status = mri_fsck_range(walk, stmt, DATASET_FROZEN, "its mark of a copy", 0, 1, object, error);
  return status == MR_OK ? check_manifest(walk, ctx, stmt, object, error) : status;
}

mr_status mri_fsck_datasets(mri_fsck_walk *walk, mr_error *error) {
  known k = {.valid = false};
  mri_manifest_init(&k.manifest, &walk->registry->mem);
  mr_status status =
      mri_fsck_each(walk, dataset_row, &k, error,
                    "SELECT r.uuid, r.status, r.name, d.name, d.digest, d.manifest_size, "
                    "d.file_count, d.total_size, d.sample_count, d.frozen, d.data_schema, "
                    "d.source_uri, d.source_version FROM dataset d "
                    "LEFT JOIN run r ON r.id = d.run_id ORDER BY d.digest, d.run_id");
  mri_manifest_destroy(&k.manifest);
  return status;
}
