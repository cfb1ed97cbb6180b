/* SPDX-License-Identifier: Apache-2.0 */
/* A request held against itself: what was asked for, by whom, and what it proposes. */
#include "registry/transition.h"
#include "upkeep/fsck_govern.h"

#include <stdio.h>

#define NAMED_SQL                                                                                  \
  "SELECT v.created_us, v.run_id, q.run_id, v.artifact_path, q.artifact_path, q.closed_us, "       \
  "v.model_id FROM version v LEFT JOIN request q ON q.id = v.request_id "

void mri_fsck_request_read(const mri_stmt *stmt, mri_fsck_request *out) {
  memset(out, 0, sizeof *out);
  out->id = mri_stmt_int(stmt, 0);
  out->model_id = mri_stmt_int(stmt, 1);
  out->run_id = mri_stmt_int(stmt, 2);
  out->state = mri_stmt_int(stmt, 3);
  out->bump = mri_stmt_int(stmt, 4);
  out->closed_us = mri_stmt_int(stmt, 5);
  out->created_us = mri_stmt_int(stmt, 6);
  const char **const texts[] = {
      &out->uuid,          &out->model,       &out->run,       &out->transition,    &out->path,
      &out->version,       &out->description, &out->op_id,     &out->asked_version, &out->line,
      &out->prerelease_id, &out->expected,    &out->closed_by, &out->closed_reason, &out->actor};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    *texts[i] = mri_stmt_text(stmt, 7 + (int)i);
  }
  out->digests = mri_stmt_digest(stmt, 22, &out->candidate) &&
                 mri_stmt_digest(stmt, 23, &out->gates) && mri_stmt_digest(stmt, 24, &out->intent);
}

bool mri_fsck_is_promotion(const mri_fsck_request *request) {
  return mri_fsck_same_text(request->transition, "promote");
}

static mr_status check_movement(const mri_fsck_request *q, mr_error *why) {
  mri_semver number;
  if (q->bump != 0 || q->line != NULL || q->prerelease_id != NULL || q->asked_version == NULL) {
    return mri_error_set(why, MR_CORRUPT, "it moves a channel, but is asked as a promotion");
  }
  if (mri_fsck_same_text(q->expected, "none")) return MR_OK;
  mr_status status = mri_semver_parse(q->expected, &number, why);
  return status == MR_OK ? MR_OK : mri_error_prefix(why, status, "expected");
}

mr_status mri_fsck_request_shape(const mri_fsck_request *q, mr_error *why) {
  if (!q->digests) {
    return mri_error_set(why, MR_CORRUPT, "a digest of it does not have %d bytes",
                         MRI_DIGEST_BYTES);
  }
  mr_status status = mri_check_argument(q->transition, "transition", why);
  if (status == MR_OK) status = mri_check_transition(q->transition, why);
  if (status == MR_OK) status = mri_check_argument(q->path, "artifact path", why);
  if (status == MR_OK && q->path[0] != '\0') {
    status = mri_check_path(q->path, "artifact path", why);
  }
  if (status != MR_OK) return status;
  if (!mri_fsck_is_promotion(q)) return check_movement(q, why);
  if (q->expected == NULL) return MR_OK;
  return mri_error_set(why, MR_CORRUPT, "it is a promotion, but expects something of a channel");
}

/* What was expected may have been said without the build metadata that was kept. */
static mr_status movement_intents(mri_fsck_walk *walk, const mri_fsck_request *q,
                                  const mri_semver *wanted, mri_digest out[2], mr_error *error) {
  mri_semver number;
  char bare[MRI_SEMVER_MAX * 2 + 64];
  const mri_mem *mem = &walk->registry->mem;
  mr_status status = mri_movement_intent(mem, q->transition, wanted, q->expected, &out[0], error);
  out[1] = out[0];
  if (status != MR_OK || mri_semver_parse(q->expected, &number, NULL) != MR_OK) return status;
  number.build[0] = '\0';
  mri_semver_format(&number, bare);
  return mri_movement_intent(mem, q->transition, wanted, bare, &out[1], error);
}

static bool is_zero(const mri_digest *digest) {
  const mri_digest zero = {{0}};
  return mri_digest_equal(digest, &zero);
}

/* *same says whether what the request has is what was asked for. */
static mr_status check_intent(mri_fsck_walk *walk, const mri_fsck_request *q,
                              const mri_semver *asked, bool *same, mr_error *error) {
  mri_digest now[2];
  mr_status status;
  if (mri_fsck_is_promotion(q)) {
    mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
    o.version = q->asked_version;
    o.line = q->line;
    o.prerelease_id = q->prerelease_id;
    o.bump = (mr_bump)q->bump;
    status = mri_promotion_intent(&walk->registry->mem, q->run, q->path, &o, &now[0], error);
    now[1] = now[0];
  } else {
    *same = is_zero(&q->intent); /* by a yank */
    if (*same) return MR_OK;
    status = movement_intents(walk, q, asked, now, error);
  }
  *same = status == MR_OK &&
          (mri_digest_equal(&q->intent, &now[0]) || mri_digest_equal(&q->intent, &now[1]));
  return status;
}

/* The number that a promotion has is the one that was asked for, with the end of its run's id as
 * build metadata unless that was given. */
static bool names_run(const mri_fsck_request *q, const mri_semver *number,
                      const mri_semver *asked) {
  if (!mri_fsck_is_promotion(q)) return true;
  if (asked != NULL && asked->build[0] != '\0') return true;
  return strcmp(number->build, q->run + strlen(q->run) - 12) == 0;
}

static bool is_asked(const mri_semver *number, const mri_semver *asked) {
  return mri_semver_compare(number, asked) == 0 &&
         (asked->build[0] == '\0' || strcmp(number->build, asked->build) == 0);
}

/* By its key; where that is damaged slowly by the number. The request that made a version says the
 * same as its row, so that damage of one of them is not taken for damage of everything else. */
mr_status mri_fsck_version_named(mri_fsck_walk *walk, int64_t model_id, const char *number,
                                 mri_stmt **out, bool *found, mr_error *error) {
  mri_semver parsed;
  unsigned char key[MRI_SEMVER_KEY_MAX];
  *found = false;
  *out = NULL;
  if (mri_semver_parse(number, &parsed, NULL) != MR_OK) return MR_OK;
  size_t size = mri_semver_key_bytes(&parsed, key);
  mr_status status = mri_sql_first(walk->tx, error, out, found,
                                   NAMED_SQL "WHERE v.model_id = ?1 AND v.sort_key = ?2 "
                                             "AND (v.number = ?3 OR q.version = ?3)",
                                   "ibt", model_id, (const void *)key, size, number);
  if (status != MR_OK || *found) return status;
  return mri_sql_first(walk->tx, error, out, found,
                       NAMED_SQL "WHERE (v.model_id = ?1 OR q.model_id = ?1) AND v.number = ?2",
                       "it", model_id, number);
}

/* What a channel is to hold is a version of the model and what it points to. */
static mr_status check_proposed(mri_fsck_walk *walk, const mri_fsck_request *q, bool *good,
                                mr_error *error) {
  mri_stmt *stmt = NULL;
  mr_status status = mri_fsck_version_named(walk, q->model_id, q->version, &stmt, good, error);
  if (status != MR_OK || !*good) return status;
  *good = (mri_stmt_int(stmt, 1) == q->run_id || mri_stmt_int(stmt, 2) == q->run_id) &&
          (mri_fsck_same_text(mri_stmt_text(stmt, 3), q->path) ||
           mri_fsck_same_text(mri_stmt_text(stmt, 4), q->path));
  mri_stmt_done(stmt);
  return MR_OK;
}

/* What an accepted promotion made is of its model; whether it is there at all is another thing. */
static mr_status check_made(mri_fsck_walk *walk, const mri_fsck_request *q, bool *good,
                            mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  *good = true;
  if (q->state != MR_REQUEST_STATE_ACCEPTED) return MR_OK;
  mr_status status = mri_fsck_version_named(walk, q->model_id, q->version, &stmt, &found, error);
  if (found) *good = mri_stmt_int(stmt, 6) == q->model_id;
  mri_stmt_done(stmt);
  return status;
}

mr_status mri_fsck_request_fault(mri_fsck_walk *walk, const mri_fsck_request *q,
                                 mr_finding *finding, char fault[MRI_FSCK_TEXT], mr_error *error) {
  mri_semver number;
  mri_semver asked;
  bool good = false;
  bool given = q->asked_version != NULL;
  fault[0] = '\0';
  *finding = MR_FINDING_VALUE;
  if (q->run == NULL || q->model == NULL || !mri_id_valid(q->run))
    return MR_OK; /* said elsewhere */
  if (mri_semver_parse(q->version, &number, NULL) != MR_OK) {
    (void)snprintf(fault, MRI_FSCK_TEXT, "it proposes '%.64s', which is no version",
                   mri_fsck_shown(q->version));
    return MR_OK;
  }
  if (given && mri_semver_parse(q->asked_version, &asked, NULL) != MR_OK) {
    (void)snprintf(fault, MRI_FSCK_TEXT, "it was asked for '%.64s', which is no version",
                   q->asked_version);
    return MR_OK;
  }
  mr_status status = check_intent(walk, q, &asked, &good, error);
  if (status == MR_OK && !good) {
    *finding = MR_FINDING_DIGEST;
    (void)snprintf(fault, MRI_FSCK_TEXT,
                   "its run, path, version, bump or what it expected is not what was asked for");
    return MR_OK;
  }
  if (status == MR_OK &&
      ((given && !is_asked(&number, &asked)) || !names_run(q, &number, given ? &asked : NULL))) {
    (void)snprintf(fault, MRI_FSCK_TEXT, "it proposes %.64s, which is not what was asked for",
                   q->version);
    return MR_OK;
  }
  if (status != MR_OK) return status;
  bool promotion = mri_fsck_is_promotion(q);
  status = promotion ? check_made(walk, q, &good, error) : check_proposed(walk, q, &good, error);
  if (status == MR_OK && !good) {
    *finding = MR_FINDING_REFERENCE;
    (void)snprintf(fault, MRI_FSCK_TEXT,
                   promotion ? "%.64s that it made is not a version of %.64s"
                             : "%.64s of %.64s is not a version of its run and path",
                   q->version, q->model);
  }
  return status;
}

mr_status mri_fsck_request_is_wrong(mri_fsck_walk *walk, int64_t request_id, bool *wrong,
                                    mr_error *error) {
  mri_fsck_request q;
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_finding finding;
  char fault[MRI_FSCK_TEXT];
  *wrong = false;
  mr_status status = mri_sql_first(walk->tx, error, &stmt, &found,
                                   MRI_FSCK_REQUEST_SQL "WHERE q.id = ?1", "i", request_id);
  if (status != MR_OK || !found) return status;
  mri_fsck_request_read(stmt, &q);
  bool shaped = mri_fsck_request_shape(&q, NULL) == MR_OK;
  fault[0] = '\0';
  if (shaped) status = mri_fsck_request_fault(walk, &q, &finding, fault, error);
  *wrong = !shaped || fault[0] != '\0';
  mri_stmt_done(stmt);
  return status;
}
