/* SPDX-License-Identifier: Apache-2.0 */
/* Versions: as their requests made them, of runs that are as they were then. */
#include "registry/seal.h"
#include "upkeep/fsck_version.h"

#define VERSION_SQL                                                                                \
  "SELECT v.id, v.model_id, v.run_id, v.request_id, v.replacement_id, v.released, v.status, "      \
  "v.file_count, v.total_size, v.status_us, v.created_us, v.uuid, v.number, v.artifact_path, "     \
  "v.description, v.status_reason, v.status_actor, v.actor, m.name, r.uuid, q.uuid, q.version, "   \
  "q.artifact_path, q.description, q.actor, q.closed_by, q.model_id, q.run_id, q.created_us, "     \
  "q.closed_us, w.status, v.sort_key, v.digest, v.params_digest, v.dataset_digests "               \
  "FROM version v LEFT JOIN model m ON m.id = v.model_id LEFT JOIN run r ON r.id = v.run_id "      \
  "LEFT JOIN request q ON q.id = v.request_id LEFT JOIN version w ON w.id = v.replacement_id "     \
  "ORDER BY v.id"

enum { SORT_KEY = 31, DIGEST, PARAMS_DIGEST, DATASET_DIGESTS };

static void read_version(const mri_stmt *stmt, mri_fsck_version *v) {
  int64_t *const numbers[] = {
      &v->id,     &v->model_id,   &v->run_id,     &v->request_id, &v->replacement_id, &v->released,
      &v->status, &v->file_count, &v->total_size, &v->status_us,  &v->created_us};
  const char **const texts[] = {&v->uuid,
                                &v->number,
                                &v->path,
                                &v->description,
                                &v->status_reason,
                                &v->status_actor,
                                &v->actor,
                                &v->model,
                                &v->run,
                                &v->request,
                                &v->asked_number,
                                &v->asked_path,
                                &v->asked_description,
                                &v->asked_by,
                                &v->closed_by};
  int64_t *const others[] = {&v->asked_model, &v->asked_run, &v->asked_us, &v->closed_us,
                             &v->other_status};
  int column = 0;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++, column++) {
    *numbers[i] = mri_fsck_reference(stmt, column);
  }
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    *texts[i] = mri_stmt_text(stmt, column++);
  }
  for (size_t i = 0; i < sizeof others / sizeof *others; i++, column++) {
    *others[i] = mri_fsck_reference(stmt, column);
  }
}

/* By the columns of VERSION_SQL. */
static void check_values(mri_fsck_thing *thing, const mri_stmt *stmt) {
  static const mri_fsck_text texts[] = {
      {12, "its number", MRI_VALUE_MAX, false},
      {13, "its artifact path", MRI_VALUE_MAX, false},
      {14, "its description", MRI_VALUE_MAX, true},
      {15, "the reason of its status", MRI_VALUE_MAX, true},
      {16, "the actor of its status", 0, false},
      {17, "its actor", 0, false},
  };
  mri_fsck_thing_id(thing, stmt, 11);
  mri_fsck_thing_range(thing, stmt, 5, "", "released", 0, 1);
  mri_fsck_thing_range(thing, stmt, 6, "", "its status", MR_VERSION_STATUS_ACTIVE,
                       MRI_VERSION_DELETED);
  mri_fsck_thing_texts(thing, stmt, "", texts, sizeof texts / sizeof *texts);
  mri_fsck_thing_time(thing, stmt, 9, "", "the time of its status");
  mri_fsck_thing_time(thing, stmt, 10, "", "its creation");
}

/* What it says otherwise than the request that made it; NULL: nothing. */
static const char *find_difference(const mri_fsck_version *v) {
  if (v->asked_model != v->model_id) return "model";
  if (v->asked_run != v->run_id) return "run";
  if (!mri_fsck_same_text(v->asked_path, v->path)) return "artifact path";
  if (!mri_fsck_same_text(v->asked_number, v->number)) return "number";
  if (v->closed_us != v->created_us) return "time";
  if (!mri_fsck_same_text(v->closed_by, v->actor)) return "actor";
  if (v->asked_us == v->closed_us && !mri_fsck_same_text(v->asked_by, v->actor)) return "actor";
  return mri_fsck_same_text(v->asked_description, v->description) ? NULL : "description";
}

static void check_request(mri_fsck_thing *thing, const mri_fsck_version *v) {
  bool wrong = false;
  const char *what = v->request == NULL ? NULL : find_difference(v);
  if (what == NULL || thing->status != MR_OK) return;
  thing->status = mri_fsck_request_is_wrong(thing->walk, v->request_id, &wrong, thing->error);
  if (wrong) return;
  mri_fsck_say(thing, MR_FINDING_REFERENCE, "its %s is not that of request %s, which made it", what,
               v->request);
}

static void check_number(mri_fsck_thing *thing, const mri_fsck_version *v, const mri_stmt *stmt) {
  mri_semver number;
  mr_error why = MR_ERROR_INIT;
  unsigned char key[MRI_SEMVER_KEY_MAX];
  size_t size = 0;
  mr_status status = mri_semver_parse(v->number, &number, &why);
  if (status != MR_OK) {
    mri_fsck_say_why(thing, "", status, &why);
    return;
  }
  const void *kept = mri_stmt_bytes(stmt, SORT_KEY, &size);
  if (size != mri_semver_key_bytes(&number, key) || kept == NULL || memcmp(kept, key, size) != 0) {
    mri_fsck_say(thing, MR_FINDING_VALUE, "its sort key is not that of its number");
  }
  if (v->released != (number.prerelease[0] == '\0')) {
    mri_fsck_say(thing, MR_FINDING_VALUE, "it is kept as a %s, which it is not",
                 v->released != 0 ? "release" : "prerelease");
  }
}

/* --- its run ---------------------------------------------------------------------------------- */

static mr_status check_files(mri_fsck_walk *walk, const mri_fsck_version *v, const mri_stmt *stmt,
                             const char **what, mr_error *why) {
  mri_tree tree;
  mri_digest now;
  mri_digest kept;
  mri_tree_init(&tree, &walk->registry->mem);
  mr_status status = mri_tree_of_run(walk->tx, v->run_id, v->run, v->path, &tree, why);
  if (status == MR_OK) status = mri_tree_digest(&tree, &walk->registry->mem, &now, why);
  if (status == MR_OK) {
    if ((int64_t)tree.files.count != v->file_count) *what = "number of files";
    if (tree.total_size != v->total_size) *what = "size";
    if (!mri_stmt_digest(stmt, DIGEST, &kept) || !mri_digest_equal(&kept, &now)) *what = "digest";
  }
  mri_tree_destroy(&tree);
  return status;
}

static mr_status check_inputs(mri_fsck_walk *walk, const mri_fsck_version *v, const mri_stmt *stmt,
                              const char **what, mr_error *error) {
  mri_str now;
  mri_digest params;
  mri_digest kept;
  size_t size = 0;
  mri_str_init(&now, &walk->registry->mem);
  mr_status status = mri_params_digest(walk->tx, v->run_id, &params, error);
  if (status == MR_OK) status = mri_dataset_digests(walk->tx, v->run_id, &now, error);
  const void *datasets = mri_stmt_bytes(stmt, DATASET_DIGESTS, &size);
  if (status == MR_OK) {
    if (size != now.size || (size > 0 && memcmp(datasets, now.data, size) != 0)) {
      *what = "list of datasets";
    }
    if (!mri_stmt_digest(stmt, PARAMS_DIGEST, &kept) || !mri_digest_equal(&kept, &params)) {
      *what = "digest of params";
    }
  }
  mri_str_free(&now);
  return status;
}

static void check_run(mri_fsck_thing *thing, const mri_fsck_version *v, const mri_stmt *stmt) {
  mri_fsck_walk *walk = thing->walk;
  mr_error why = MR_ERROR_INIT;
  bool changed = false;
  const char *what = NULL;
  if (v->run == NULL || v->path == NULL || thing->status != MR_OK) return;
  mr_status status = check_files(walk, v, stmt, &what, &why);
  bool count = what != NULL && strcmp(what, "digest") != 0;
  if (status == MR_OK) status = check_inputs(walk, v, stmt, &what, &why);
  thing->status = mri_fsck_pass_on(status, &why, thing->error);
  if (thing->status != MR_OK || (status == MR_OK && what == NULL)) return;
  /* When the run has changed, that is said of the request that sealed it. */
  thing->status = mri_fsck_sealed_changed(walk, v->request_id, &changed, thing->error);
  if (thing->status != MR_OK || changed) return;
  if (what == NULL) {
    mri_fsck_say_why(thing, "", status, &why);
  } else {
    mri_fsck_say(thing, count ? MR_FINDING_COUNT : MR_FINDING_DIGEST,
                 "its %s is not what run %s gives", what, v->run);
  }
}

/* --- all of them ------------------------------------------------------------------------------ */

static mr_status check_version(mri_fsck_walk *walk, void *ctx, const mri_stmt *stmt,
                               mr_error *error) {
  int64_t *last_us = ctx;
  mri_fsck_version v;
  mri_fsck_thing thing;
  read_version(stmt, &v);
  mri_fsck_thing_is(&thing, walk, error, "version %.200s@%s", mri_fsck_shown(v.model),
                    mri_fsck_shown(v.number));
  check_values(&thing, stmt);
  if (thing.found == 0) check_request(&thing, &v);
  /* What is of another request, run or number is so in all that follows from it. */
  if (thing.found == 0) check_number(&thing, &v, stmt);
  if (thing.found == 0) check_run(&thing, &v, stmt);
  mri_fsck_version_changes(&thing, &v);
  if (thing.found == 0 && thing.status == MR_OK && v.created_us <= *last_us) {
    mri_fsck_say(&thing, MR_FINDING_SEQUENCE, "it is not later than the version made before it");
  }
  *last_us = v.created_us;
  return thing.status;
}

mr_status mri_fsck_versions(mri_fsck_walk *walk, mr_error *error) {
  int64_t last_us = 0;
  return mri_fsck_each(walk, check_version, &last_us, error, VERSION_SQL);
}
