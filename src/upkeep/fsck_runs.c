/* SPDX-License-Identifier: Apache-2.0 */
/* Experiments, runs, params and tags. */
#include "upkeep/fsck_rows.h"

#include <math.h>
#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static mr_status experiment_row(mri_fsck_walk *walk, void *ctx, const mri_stmt *stmt,
                                mr_error *error) {
  static const mri_fsck_text texts[] = {
      {1, "its name", 0, false},
      {2, "its actor", 0, false},
  };
  char object[MRI_FSCK_OBJECT];
  const char *name = mri_stmt_text(stmt, 1);
  (void)ctx;
  if (name == NULL) name = "without a name";
  (void)snprintf(object, sizeof object, "experiment %.*s", mri_text_fit(name, MRI_NAME_MAX), name);
  mr_status status = mri_fsck_id(walk, stmt, 0, object, error);
  if (status == MR_OK) {
    status = mri_fsck_texts(walk, stmt, object, texts, COUNT(texts), error);
  }
  if (status == MR_OK) status = mri_fsck_time(walk, stmt, 3, "its creation", object, error);
  return status;
}

enum {
  RUN_ID,
  RUN_UUID,
  RUN_KIND,
  RUN_STATUS,
  RUN_NAME,
  RUN_PARENT,
  RUN_ACTOR,
  RUN_STARTED,
  RUN_ENDED,
  RUN_COMMIT,
  RUN_ENTRY_POINT,
  RUN_STATE,
  RUN_HOST,
  RUN_PACKAGES,
  RUN_IMAGE,
  RUN_SEALED_BY,
  RUN_JUDGED, /* whether that is a request which judged it */
  RUN_DATASET /* the run of its dataset, NULL without one */
};

/* Runs are never deleted, so that a parent is always the older one and there are no cycles. */
static mr_status check_parent(mri_fsck_walk *walk, const mri_stmt *stmt, const char *object,
                              mr_error *error) {
  if (mri_stmt_is_null(stmt, RUN_PARENT)) return MR_OK;
  int64_t id = mri_stmt_int(stmt, RUN_ID);
  int64_t parent = mri_stmt_int(stmt, RUN_PARENT);
  if (parent < id) return MR_OK;
  return mri_fsck_bad_reference(walk, object, error,
                                parent == id ? "it is its own parent"
                                             : "its parent was started after it");
}

/* A clock may be set back while a run goes on: it may well end before it started. */
static mr_status check_end(mri_fsck_walk *walk, const mri_stmt *stmt, const char *object,
                           mr_error *error) {
  bool running = mri_stmt_int(stmt, RUN_STATUS) == MR_RUN_STATUS_RUNNING;
  int64_t ended_us = mri_stmt_int(stmt, RUN_ENDED);
  if (running && ended_us != 0) {
    return mri_fsck_bad_value(walk, object, error, "it is running, and has ended at %lld us",
                              (long long)ended_us);
  }
  if (running) return MR_OK;
  return mri_fsck_time(walk, stmt, RUN_ENDED, "its end", object, error);
}

static mr_status check_kind(mri_fsck_walk *walk, const mri_stmt *stmt, const char *object,
                            mr_error *error) {
  int64_t kind = mri_stmt_int(stmt, RUN_KIND);
  bool dataset = !mri_stmt_is_null(stmt, RUN_DATASET);
  if (kind < MR_RUN_KIND_TRAINING || kind > MR_RUN_KIND_EVALUATION) {
    return mri_fsck_range(walk, stmt, RUN_KIND, "its kind", MR_RUN_KIND_TRAINING,
                          MR_RUN_KIND_EVALUATION, object, error);
  }
  if ((kind == MR_RUN_KIND_DATASET) == dataset) return MR_OK;
  if (dataset) {
    return mri_fsck_bad_value(walk, object, error, "it recorded a dataset, and is of the kind %s",
                              mri_run_kind_name((mr_run_kind)kind));
  }
  return mri_fsck_bad_reference(walk, object, error, "it is of the kind dataset and has none");
}

static mr_status check_seal(mri_fsck_walk *walk, const mri_stmt *stmt, const char *object,
                            mr_error *error) {
  if (mri_stmt_is_null(stmt, RUN_SEALED_BY) || mri_stmt_int(stmt, RUN_JUDGED) != 0) return MR_OK;
  const char *request = mri_stmt_text(stmt, RUN_SEALED_BY);
  if (request == NULL) return mri_error_no_memory(error);
  return mri_fsck_bad_reference(
      walk, object, error, "it is sealed by the request '%.64s', which never judged it", request);
}

static mr_status run_row(mri_fsck_walk *walk, void *ctx, const mri_stmt *stmt, mr_error *error) {
  static const mri_fsck_text texts[] = {
      {RUN_NAME, "its name", 0, true},
      {RUN_ACTOR, "its actor", 0, false},
      {RUN_COMMIT, "its source_commit", 0, true},
      {RUN_ENTRY_POINT, "its source_entry_point", 0, true},
      {RUN_HOST, "its environment_host", 0, true},
      {RUN_PACKAGES, "its environment_packages_digest", 0, true},
      {RUN_IMAGE, "its environment_image_digest", 0, true},
  };
  char object[MRI_FSCK_OBJECT];
  const char *uuid = mri_stmt_text(stmt, RUN_UUID);
  (void)ctx;
  (void)snprintf(object, sizeof object, "run %.64s", uuid == NULL ? "without an id" : uuid);
  mr_status status = mri_fsck_id(walk, stmt, RUN_UUID, object, error);
  if (status == MR_OK) status = check_kind(walk, stmt, object, error);
  if (status == MR_OK) {
    status = mri_fsck_range(walk, stmt, RUN_STATUS, "its status", MR_RUN_STATUS_RUNNING,
                            MR_RUN_STATUS_KILLED, object, error);
  }
  if (status == MR_OK) {
    status = mri_fsck_range(walk, stmt, RUN_STATE, "its source_state", MR_SOURCE_STATE_UNKNOWN,
                            MR_SOURCE_STATE_DIRTY, object, error);
  }
  if (status == MR_OK) status = mri_fsck_texts(walk, stmt, object, texts, COUNT(texts), error);
  if (status == MR_OK) status = mri_fsck_time(walk, stmt, RUN_STARTED, "its start", object, error);
  if (status == MR_OK) status = check_end(walk, stmt, object, error);
  if (status == MR_OK) status = check_parent(walk, stmt, object, error);
  return status == MR_OK ? check_seal(walk, stmt, object, error) : status;
}

enum { PARAM_RUN, PARAM_UUID, PARAM_KEY, PARAM_VALUE, PARAM_NUMBER };

/* The number beside a value is what comparisons with numbers read. */
static mr_status check_number(mri_fsck_walk *walk, const mri_stmt *stmt, const char *object,
                              mr_error *error) {
  double number = (double)NAN;
  const char *value = mri_stmt_text(stmt, PARAM_VALUE);
  bool given = !mri_stmt_is_null(stmt, PARAM_NUMBER);
  double there = given ? mri_stmt_real(stmt, PARAM_NUMBER) : (double)NAN;
  if (value == NULL) return MR_OK;
  if (!mri_parse_double(value, strlen(value), &number)) number = (double)NAN;
  if (isnan(number) ? !given : there == number) return MR_OK;
  mr_status status = MR_OK;
  if (walk->repair) {
    status =
        mri_sql_run(walk->tx, error, "UPDATE param SET number = ?3 WHERE run_id = ?1 AND key = ?2",
                    "itr", mri_stmt_int(stmt, PARAM_RUN), mri_stmt_text(stmt, PARAM_KEY), number);
  }
  if (status != MR_OK) return status;
  const mri_fsck_kind kind = {
      .finding = MR_FINDING_SUMMARY, .repaired = walk->repair, .remedy = mri_fsck_repair};
  return mri_fsck_add(walk, kind, object, error,
                      "the number that is compared is not the one its value '%.*s' says",
                      mri_text_fit(value, 64), value);
}

static mr_status param_row(mri_fsck_walk *walk, void *ctx, const mri_stmt *stmt, mr_error *error) {
  static const mri_fsck_text texts[] = {
      {PARAM_KEY, "its key", 0, false},
      {PARAM_VALUE, "its value", MRI_VALUE_MAX, false},
  };
  char object[MRI_FSCK_OBJECT];
  (void)ctx;
  mri_fsck_name(object, "param", mri_stmt_text(stmt, PARAM_KEY), mri_stmt_text(stmt, PARAM_UUID));
  mr_status status = mri_fsck_texts(walk, stmt, object, texts, COUNT(texts), error);
  return status == MR_OK ? check_number(walk, stmt, object, error) : status;
}

static mr_status tag_row(mri_fsck_walk *walk, void *ctx, const mri_stmt *stmt, mr_error *error) {
  static const mri_fsck_text texts[] = {
      {1, "its key", 0, false},
      {2, "its value", MRI_VALUE_MAX, false},
  };
  char object[MRI_FSCK_OBJECT];
  (void)ctx;
  mri_fsck_name(object, "tag", mri_stmt_text(stmt, 1), mri_stmt_text(stmt, 0));
  return mri_fsck_texts(walk, stmt, object, texts, COUNT(texts), error);
}

mr_status mri_fsck_runs(mri_fsck_walk *walk, mr_error *error) {
  mr_status status =
      mri_fsck_each(walk, experiment_row, NULL, error,
                    "SELECT uuid, name, actor, created_us FROM experiment ORDER BY id");
  if (status == MR_OK) {
    status = mri_fsck_each(
        walk, run_row, NULL, error,
        "SELECT r.id, r.uuid, r.kind, r.status, r.name, r.parent_id, r.actor, r.started_us, "
        "r.ended_us, r.source_commit, r.source_entry_point, r.source_state, r.environment_host, "
        "r.environment_packages_digest, r.environment_image_digest, r.sealed_by, "
        "CASE WHEN r.sealed_by IS NULL THEN 0 WHEN EXISTS (SELECT 1 FROM request q "
        "WHERE q.uuid = r.sealed_by AND (q.run_id = r.id OR EXISTS (SELECT 1 "
        "FROM request_evaluation e WHERE e.request_id = q.id AND e.run_id = r.id))) "
        "THEN 1 ELSE 0 END, d.run_id FROM run r LEFT JOIN dataset d ON d.run_id = r.id "
        "ORDER BY r.id");
  }
  if (status == MR_OK) {
    status = mri_fsck_each(walk, param_row, NULL, error,
                           "SELECT p.run_id, r.uuid, p.key, p.value, p.number FROM param p "
                           "LEFT JOIN run r ON r.id = p.run_id ORDER BY p.run_id, p.key");
  }
  if (status == MR_OK) {
    status = mri_fsck_each(walk, tag_row, NULL, error,
                           "SELECT r.uuid, t.key, t.value FROM tag t "
                           "LEFT JOIN run r ON r.id = t.run_id ORDER BY t.run_id, t.key");
  }
  return status == MR_OK ? mri_fsck_inputs(walk, error) : status;
}
