/* SPDX-License-Identifier: Apache-2.0 */
/* Gates and what they were ever attached to. */
#include "registry/gate_rules.h"
#include "upkeep/fsck_govern.h"

#include <stdio.h>

#define BODY_MAX (1 << 20) /* as mr_gate_add_rule() allows */

/* The gate of a body that is the canonical text of its digest; *out is NULL for any other. */
mr_status mri_fsck_parse_gate(const mri_digest *digest, const char *body, mr_gate **out,
                              mr_error *why) {
  mri_digest actual;
  *out = NULL;
  if (body == NULL) return mri_error_set(why, MR_CORRUPT, "it has no text");
  mri_blake2b(body, strlen(body), &actual);
  if (!mri_digest_equal(digest, &actual)) {
    return mri_error_set(why, MR_TAMPERED, "its text does not match its digest");
  }
  return mr_gate_parse(body, out, why);
}

/* What was attached is the canonical text: the same rules written otherwise are another gate. */
static mr_status check_canonical(mri_fsck_thing *thing, const mr_gate *gate, const char *body) {
  mri_str text;
  mri_str_init(&text, gate->mem);
  mr_status status = mri_gate_write(gate, &text, thing->error);
  if (status == MR_OK && strcmp(mri_str_text(&text), body) != 0) {
    mri_fsck_say(thing, MR_FINDING_VALUE, "its text is not in the form that gates are kept in");
  }
  mri_str_free(&text);
  return status == MR_OK ? thing->status : status;
}

/* Columns: digest, body, and the digest once more where an attachment names it. */
static mr_status check_gate(mri_fsck_walk *walk, void *ctx, const mri_stmt *stmt, mr_error *error) {
  static const mri_fsck_text text = {1, "its text", BODY_MAX, false};
  mri_fsck_thing thing;
  mri_digest digest;
  mr_gate *gate = NULL;
  mr_error why = MR_ERROR_INIT;
  char hex[MRI_DIGEST_TEXT] = "without a digest";
  const char *body = mri_stmt_text(stmt, 1);
  bool good = mri_stmt_digest(stmt, 0, &digest);
  if (good) mri_digest_text(&digest, hex);
  (void)ctx;
  mri_fsck_thing_is(&thing, walk, error, "gate %s", hex);
  if (!good) {
    mri_fsck_say(&thing, MR_FINDING_VALUE, "its digest does not have %d bytes", MRI_DIGEST_BYTES);
    return thing.status;
  }
  mr_status status = mri_fsck_parse_gate(&digest, body, &gate, &why);
  if (status == MR_OK) mri_fsck_thing_texts(&thing, stmt, "", &text, 1);
  if (status == MR_TAMPERED) {
    mri_fsck_say(&thing, MR_FINDING_DIGEST, "its text does not match its digest");
  } else if (mri_fsck_is_content(status, &why)) {
    mri_fsck_say(&thing, MR_FINDING_VALUE, "its text is no gate: %s", why.message);
  } else if (status != MR_OK) {
    return mri_fsck_pass_on(status, &why, error);
  }
  if (gate != NULL && thing.status == MR_OK) thing.status = check_canonical(&thing, gate, body);
  mr_gate_free(gate);
  /* A gate and its first attachment are written at once. */
  if (thing.found == 0 && mri_stmt_is_null(stmt, 2)) {
    mri_fsck_say(&thing, MR_FINDING_SEQUENCE,
                 "it was attached once, but no attachment of it is left");
  }
  return thing.status;
}

/* --- attachments ------------------------------------------------------------------------------ */

/* The row before, of the same model and transition or of others. */
typedef struct before {
  char transition[MRI_FSCK_TEXT];
  int64_t model_id;
  int64_t revision;
  bool attached;
  mri_digest digest;
} before;

static mr_status check_rules(mri_fsck_thing *thing, const char *where, const char *transition,
                             const mri_digest *digest, const char *body) {
  mr_gate *gate = NULL;
  mr_error why = MR_ERROR_INIT;
  /* What is wrong with the gate itself was said of the gate. */
  mr_status status = mri_fsck_parse_gate(digest, body, &gate, &why);
  if (gate != NULL) {
    status = mri_gate_check_transition(gate, transition, &why);
    if (mri_fsck_is_content(status, &why)) mri_fsck_say_why(thing, where, status, &why);
  }
  mr_gate_free(gate);
  status = mri_fsck_pass_on(status, &why, thing->error);
  return status == MR_OK ? thing->status : status;
}

/* Columns: model_id, transition, revision, gate_digest, actor, created_us, model's name, body. */
static mr_status check_attachment(mri_fsck_walk *walk, void *ctx, const mri_stmt *stmt,
                                  mr_error *error) {
  static const mri_fsck_text texts[] = {
      {1, "its transition", MRI_VALUE_MAX, false},
      {4, "its actor", 0, false},
  };
  before *last = ctx;
  mri_fsck_thing thing;
  mri_digest digest;
  mr_error why = MR_ERROR_INIT;
  char where[64];
  int64_t model_id = mri_stmt_int(stmt, 0);
  int64_t revision = mri_stmt_int(stmt, 2);
  const char *transition = mri_fsck_shown(mri_stmt_text(stmt, 1));
  bool attached = !mri_stmt_is_null(stmt, 3);
  bool good = attached && mri_stmt_digest(stmt, 3, &digest);
  bool same = last->model_id == model_id &&
              strncmp(last->transition, transition, sizeof last->transition - 1) == 0;
  int64_t previous = same ? last->revision : 0;
  if (model_id == 0) {
    mri_fsck_thing_is(&thing, walk, error, "default gate on %s", transition);
  } else {
    mri_fsck_thing_is(&thing, walk, error, "gate on %s of %s", transition,
                      mri_fsck_shown(mri_stmt_text(stmt, 6)));
  }
  (void)snprintf(where, sizeof where, "revision %lld: ", (long long)revision);
  if (model_id != 0 && mri_stmt_is_null(stmt, 6)) {
    mri_fsck_say(&thing, MR_FINDING_REFERENCE, "%sthere is no model of the number %lld", where,
                 (long long)model_id);
  }
  mri_fsck_thing_texts(&thing, stmt, where, texts, sizeof texts / sizeof *texts);
  if (thing.found == 0) {
    mri_fsck_say_why(&thing, where, mri_check_transition(transition, &why), &why);
  }
  mri_fsck_thing_time(&thing, stmt, 5, where, "its time");
  if (attached && !good) {
    mri_fsck_say(&thing, MR_FINDING_VALUE, "%sthe digest of its gate does not have %d bytes", where,
                 MRI_DIGEST_BYTES);
  }
  if (thing.found == 0 && (previous == INT64_MAX || revision != previous + 1)) {
    mri_fsck_say(&thing, MR_FINDING_SEQUENCE, "revision %lld follows revision %lld",
                 (long long)revision, (long long)previous);
  } else if (thing.found == 0) {
    bool was = same && last->attached;
    if (!attached && !was) {
      mri_fsck_say(&thing, MR_FINDING_SEQUENCE, "%sit detaches a gate where there was none", where);
    } else if (attached && was && mri_digest_equal(&digest, &last->digest)) {
      mri_fsck_say(&thing, MR_FINDING_SEQUENCE, "%sit attaches the gate that was there", where);
    } else if (attached && thing.status == MR_OK) {
      thing.status = check_rules(&thing, where, transition, &digest, mri_stmt_text(stmt, 7));
    }
  }
  (void)snprintf(last->transition, sizeof last->transition, "%s", transition);
  last->model_id = model_id;
  last->revision = revision;
  last->attached = good;
  if (good) last->digest = digest;
  return thing.status;
}

/* Each attachment is a change of its own: the one that came later has the later time. */
static mr_status check_times(mri_fsck_walk *walk, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool row = false;
  int64_t last_us = 0;
  mr_status status =
      mri_sql_query(walk->tx, error, &stmt,
                    "SELECT a.created_us, a.transition, a.revision, m.name FROM gate_attachment a "
                    "LEFT JOIN model m ON m.id = a.model_id ORDER BY a.id",
                    "");
  while (status == MR_OK && (status = mri_stmt_step(stmt, &row, error)) == MR_OK && row) {
    int64_t time_us = mri_stmt_int(stmt, 0);
    if (time_us <= last_us && mri_check_clock(time_us, NULL) == MR_OK) {
      status = mri_fsck_add(
          walk, (mri_fsck_kind){.finding = MR_FINDING_SEQUENCE, .remedy = mri_fsck_restore},
          "gate attachments", error,
          "revision %lld on %s of %s is of the time %lld us, and the one before it of %lld us",
          (long long)mri_stmt_int(stmt, 2), mri_fsck_shown(mri_stmt_text(stmt, 1)),
          mri_fsck_shown(mri_stmt_text(stmt, 3)), (long long)time_us, (long long)last_us);
    }
    last_us = time_us;
  }
  mri_stmt_done(stmt);
  return status;
}

mr_status mri_fsck_gates(mri_fsck_walk *walk, mr_error *error) {
  before last = {.model_id = -1};
  mr_status status = mri_fsck_models(walk, error);
  if (status == MR_OK) {
    status = mri_fsck_each(
        walk, check_gate, NULL, error,
        "SELECT g.digest, g.body, a.digest FROM gate g LEFT JOIN (SELECT DISTINCT gate_digest "
        "AS digest FROM gate_attachment) a ON a.digest = g.digest ORDER BY g.digest");
  }
  if (status == MR_OK) {
    status = mri_fsck_each(walk, check_attachment, &last, error,
                           "SELECT a.model_id, a.transition, a.revision, a.gate_digest, a.actor, "
                           "a.created_us, m.name, g.body FROM gate_attachment a "
                           "LEFT JOIN model m ON m.id = a.model_id "
                           "LEFT JOIN gate g ON g.digest = a.gate_digest "
                           "ORDER BY a.model_id, a.transition, a.revision");
  }
  return status == MR_OK ? check_times(walk, error) : status;
}
