/* SPDX-License-Identifier: Apache-2.0 */
/* Requests: what they propose, what was decided, and what came of it. */
#include "upkeep/fsck_govern.h"

static const char *state_name(int64_t state) {
  switch (state) {
  case MR_REQUEST_STATE_OPEN:
    return "open";
  case MR_REQUEST_STATE_ACCEPTED:
    return "accepted";
  case MR_REQUEST_STATE_REFUSED:
    return "refused";
  default:
    return "withdrawn";
  }
}

/* What the last decision of a request in this state is. */
static int64_t verdict_of(int64_t state) {
  switch (state) {
  case MR_REQUEST_STATE_ACCEPTED:
    return MR_VERDICT_PASSED;
  case MR_REQUEST_STATE_REFUSED:
    return MR_VERDICT_FAILED;
  default:
    return MR_VERDICT_PENDING;
  }
}

/* By the columns of MRI_FSCK_REQUEST_SQL. */
static void check_values(mri_fsck_thing *thing, const mri_stmt *stmt) {
  static const mri_fsck_text texts[] = {
      {10, "its transition", MRI_VALUE_MAX, false},
      {11, "its artifact path", MRI_VALUE_MAX, false},
      {12, "its version", MRI_VALUE_MAX, false},
      {13, "its description", MRI_VALUE_MAX, true},
      {15, "the version that was asked for", MRI_VALUE_MAX, true},
      {16, "its line", MRI_VALUE_MAX, true},
      {17, "its prerelease_id", MRI_VALUE_MAX, true},
      {18, "what it expected", MRI_VALUE_MAX, true},
      {20, "the reason of its withdrawal", MRI_VALUE_MAX, true},
      {21, "its actor", 0, false},
  };
  static const mri_fsck_text names[] = {
      {14, "its op_id", 0, true},
      {19, "who closed it", 0, true},
  };
  mri_fsck_thing_id(thing, stmt, 7);
  mri_fsck_thing_range(thing, stmt, 3, "", "its state", MR_REQUEST_STATE_OPEN,
                       MR_REQUEST_STATE_WITHDRAWN);
  mri_fsck_thing_texts(thing, stmt, "", texts, sizeof texts / sizeof *texts);
  mri_fsck_thing_texts(thing, stmt, "", names, sizeof names / sizeof *names);
  mri_fsck_thing_time(thing, stmt, 6, "", "its creation");
}

/* Who closed it and when goes with its state. */
static void check_closing(mri_fsck_thing *thing, const mri_fsck_request *q,
                          const mri_fsck_decided *d) {
  bool open = q->state == MR_REQUEST_STATE_OPEN;
  bool withdrawn = q->state == MR_REQUEST_STATE_WITHDRAWN;
  const char *state = state_name(q->state);
  if (open && (q->closed_us != 0 || q->closed_by != NULL)) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "it is open, but was closed");
    return;
  }
  if (!open && q->closed_by == NULL) {
    mri_fsck_say(thing, MR_FINDING_VALUE, "it is %s, but by nobody", state);
  }
  if (!withdrawn && q->closed_reason != NULL) {
    mri_fsck_say(thing, MR_FINDING_VALUE, "it is %s, but has the reason of a withdrawal", state);
  }
  if (withdrawn && q->closed_us <= d->last_us) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE,
                 "it was withdrawn at %lld us, before its last decision", (long long)q->closed_us);
  }
  if (open || withdrawn) return;
  if (q->closed_us != d->last_us) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "it was closed at %lld us, and decided at %lld us",
                 (long long)q->closed_us, (long long)d->last_us);
  } else if (q->state == MR_REQUEST_STATE_REFUSED && d->count == 1 &&
             !mri_fsck_same_text(q->actor, q->closed_by)) {
    /* What was accepted at once is compared with what came of it. */
    mri_fsck_say(thing, MR_FINDING_VALUE, "%.64s closed it in the call of %.64s",
                 mri_fsck_shown(q->closed_by), mri_fsck_shown(q->actor));
  }
}

static void check_state(mri_fsck_thing *thing, const mri_fsck_request *q,
                        const mri_fsck_decided *d) {
  int64_t wanted = verdict_of(q->state);
  if (d->count == 0) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "it has no decision");
    return;
  }
  if (thing->found > 0) return;
  if (d->verdict != wanted) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "it is %s, but its last decision is another",
                 state_name(q->state));
    return;
  }
  check_closing(thing, q, d);
  if (q->created_us != d->first_us) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "it was made at %lld us, and first decided at %lld us",
                 (long long)q->created_us, (long long)d->first_us);
  }
  if (!mri_digest_equal(&q->gates, &d->gates)) {
    mri_fsck_say(thing, MR_FINDING_DIGEST,
                 "the digest of its gates is not that of its last decision");
  }
}

/* --- what came of it -------------------------------------------------------------------------- */

/* Whether there is a version by this request, or one that says enough of it to be blamed itself. */
static mr_status find_version(mri_fsck_walk *walk, const mri_fsck_request *q, int64_t *found,
                              mr_error *error) {
  mri_semver number;
  unsigned char key[MRI_SEMVER_KEY_MAX];
  mr_status status = MR_OK;
  *found = 0;
  if (mri_semver_parse(q->version, &number, NULL) == MR_OK) {
    size_t size = mri_semver_key_bytes(&number, key);
    status = mri_sql_int(walk->tx, error, 0, found,
                         "SELECT 1 FROM version WHERE model_id = ?1 AND sort_key = ?2 AND "
                         "(request_id = ?3 OR (number = ?4 AND run_id = ?5 AND "
                         "artifact_path = ?6))",
                         "ibitit", q->model_id, (const void *)key, size, q->id, q->version,
                         q->run_id, q->path);
  }
  /* Slow, but where the model or number is damaged only. */
  if (status == MR_OK && *found == 0) {
    status = mri_sql_int(walk->tx, error, 0, found,
                         "SELECT 1 FROM version WHERE request_id = ?1 LIMIT 1", "i", q->id);
  }
  return status;
}

static mr_status find_move(mri_fsck_walk *walk, const mri_fsck_request *q, int64_t *found,
                           mr_error *error) {
  const char *channel = q->transition + strlen("channel/");
  mr_status status = mri_sql_int(walk->tx, error, 0, found,
                                 "SELECT 1 FROM channel c JOIN channel_move m "
                                 "ON m.channel_id = c.id AND m.moved_us = ?3 "
                                 "WHERE c.model_id = ?1 AND c.name = ?2",
                                 "iti", q->model_id, channel, q->closed_us);
  if (status == MR_OK && *found == 0) {
    status = mri_sql_int(walk->tx, error, 0, found,
                         "SELECT 1 FROM channel_move WHERE request_id = ?1 LIMIT 1", "i", q->id);
  }
  return status;
}

static mr_status check_result(mri_fsck_thing *thing, const mri_fsck_request *q) {
  int64_t found = 0;
  bool promotion = mri_fsck_is_promotion(q);
  mr_status status = promotion ? find_version(thing->walk, q, &found, thing->error)
                               : find_move(thing->walk, q, &found, thing->error);
  if (status == MR_OK && found == 0) {
    mri_fsck_say(thing, MR_FINDING_REFERENCE, "it is accepted, but there is no %s of it: %.64s",
                 promotion ? "version" : "move",
                 promotion ? mri_fsck_shown(q->version) : q->transition);
  }
  return status == MR_OK ? thing->status : status;
}

/* --- all of them ------------------------------------------------------------------------------ */

static mr_status check_request(mri_fsck_walk *walk, void *ctx, const mri_stmt *stmt,
                               mr_error *error) {
  mri_fsck_judges *judges = ctx;
  mri_fsck_request q;
  mri_fsck_thing thing;
  mri_fsck_decided decided;
  mr_finding finding;
  mr_error why = MR_ERROR_INIT;
  char fault[MRI_FSCK_TEXT];
  mri_fsck_request_read(stmt, &q);
  mri_fsck_thing_is(&thing, walk, error, "request %s", mri_fsck_shown(q.uuid));
  check_values(&thing, stmt);
  if (thing.found == 0) mri_fsck_say_why(&thing, "", mri_fsck_request_shape(&q, &why), &why);
  if (thing.found > 0 || thing.status != MR_OK) return thing.status;
  /* What is wrong in the request itself would be blamed on everything else. */
  thing.status = mri_fsck_request_fault(walk, &q, &finding, fault, error);
  if (thing.status == MR_OK && fault[0] != '\0') mri_fsck_say(&thing, finding, "%s", fault);
  if (thing.found > 0 || thing.status != MR_OK) return thing.status;
  mri_fsck_decisions(judges, &thing, &q, &decided);
  if (thing.status == MR_OK) check_state(&thing, &q, &decided);
  if (thing.status == MR_OK && thing.found == 0 && q.state == MR_REQUEST_STATE_ACCEPTED) {
    thing.status = check_result(&thing, &q);
  }
  return thing.status;
}

mr_status mri_fsck_requests(mri_fsck_walk *walk, mr_error *error) {
  mri_fsck_judges judges;
  mri_fsck_judges_init(&judges, walk);
  mr_status status =
      mri_fsck_each(walk, check_request, &judges, error, MRI_FSCK_REQUEST_SQL "ORDER BY q.id");
  mri_fsck_judges_free(&judges);
  return status == MR_OK ? mri_fsck_sealed(walk, error) : status;
}
