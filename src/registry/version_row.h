/* SPDX-License-Identifier: Apache-2.0 */
/* Models and versions as handles, for whoever finds one. */
#ifndef MRI_REGISTRY_VERSION_ROW_H
#define MRI_REGISTRY_VERSION_ROW_H

#include "registry/reference.h"
#include "registry/tree.h"

struct mr_version {
  mr_registry *registry;
  mri_arena arena;
  int64_t id;
  int64_t model_id;
  int64_t run_id;
  mri_digest digest;
  mr_version_record record;
};

/* The handle of a row. */
mr_status mri_version_load(mri_tx *tx, mr_registry *registry, int64_t id, mr_version **out,
                           mr_error *error);
/* The same with the status that it had at a time, and warnings of what has become of it since. */
mr_status mri_version_load_as_of(mri_tx *tx, mr_registry *registry, int64_t id, int64_t as_of_us,
                                 mr_version **out, mr_error *error);

/* What a statement must select for mri_version_read: first of all, and from these tables. */
#define MRI_VERSION_COLUMNS                                                                        \
  "v.id, v.model_id, v.run_id, v.status, v.uuid, m.name, v.number, r.uuid, v.artifact_path, "      \
  "v.digest, v.file_count, v.total_size, v.description, q.uuid, e.uuid, e.name, "                  \
  "r.source_commit, v.params_digest, v.actor, v.created_us, v.dataset_digests, "                   \
  "r.source_entry_point, r.source_state, r.environment_host, r.environment_packages_digest, "      \
  "r.environment_image_digest, v.status_reason, w.number, v.status_actor, v.status_us, w.status"
#define MRI_VERSION_TABLES                                                                         \
  "version v JOIN model m ON m.id = v.model_id JOIN run r ON r.id = v.run_id "                     \
  "JOIN experiment e ON e.id = r.experiment_id JOIN request q ON q.id = v.request_id "             \
  "LEFT JOIN version w ON w.id = v.replacement_id"

/* A row as a record, all but its warnings. */
mr_status mri_version_read(const mri_stmt *stmt, mri_arena *arena, mr_version_record *record,
                           mr_error *error);
/* The status of its replacement, of which a version may have none. */
mr_version_status mri_version_replacement(const mri_stmt *stmt);
/* What its status gives to warn of; `now` is what the version is by now where the record is of an
 * earlier time, else NULL. `replacements` are the statuses of theirs, by now. */
mr_status mri_version_warn(mri_arena *arena, mr_version_record *record,
                           const mr_version_record *now, const mr_version_status replacements[2],
                           mr_error *error);

struct mr_model {
  mr_registry *registry;
  mri_arena arena;
  int64_t id;
  mr_model_record record;
};

/* The handle of a row of `model`. */
mr_status mri_model_load(mri_tx *tx, mr_registry *registry, int64_t id, mr_model **out,
                         mr_error *error);

#endif
