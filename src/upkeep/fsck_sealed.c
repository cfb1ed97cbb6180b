/* SPDX-License-Identifier: Apache-2.0 */
/* What requests have sealed: the runs that were judged, with their evaluations and tags, are those
 * of which the digest of the candidate was made. */
#include "registry/incumbent.h"
#include "registry/judged_runs.h"
#include "registry/seal.h"
#include "upkeep/fsck_govern.h"

#include <stdio.h>

/* A row of what is walked here, in the order of the runs. */
typedef struct sealed {
  int64_t request_id;
  int64_t run_id;
  const char *uuid;
  const char *path;
  const char *run; /* its uuid; NULL where there is none */
  int64_t kind;
  int64_t status;
  bool is_sealed;
  bool good; /* it has a digest */
  mri_digest digest;
} sealed;

#define SEALED_SQL                                                                                 \
  "SELECT q.id, q.run_id, q.uuid, q.artifact_path, r.uuid, r.kind, r.status, r.sealed_by, "        \
  "q.candidate_digest FROM request q LEFT JOIN run r ON r.id = q.run_id "

static void read_sealed(const mri_stmt *stmt, sealed *out) {
  out->request_id = mri_stmt_int(stmt, 0);
  out->run_id = mri_stmt_int(stmt, 1);
  out->uuid = mri_stmt_text(stmt, 2);
  out->path = mri_stmt_text(stmt, 3);
  out->run = mri_stmt_text(stmt, 4);
  out->kind = mri_stmt_int(stmt, 5);
  out->status = mri_stmt_int(stmt, 6);
  out->is_sealed = !mri_stmt_is_null(stmt, 7);
  out->good = mri_stmt_digest(stmt, 8, &out->digest);
}

/* The digest of the candidate as it is now, into `why` why there is none. */
static mr_status digest_now(mri_fsck_walk *walk, const sealed *s, mri_tree *tree, mri_digest *out,
                            mr_error *why) {
  mri_judged_runs runs;
  mri_judged_runs_init(&runs, &walk->registry->mem);
  const mri_candidate candidate = {.tx = walk->tx,
                                   .mem = &walk->registry->mem,
                                   .run_id = s->run_id,
                                   .run = s->run,
                                   .tree = tree,
                                   .artifact_path = s->path,
                                   .tags_of = s->request_id,
                                   .evaluations = &runs};
  mr_status status = mri_tree_of_run(walk->tx, s->run_id, s->run, s->path, tree, why);
  if (status == MR_OK) status = mri_judged_runs_load(walk->tx, s->request_id, &runs, why);
  if (status == MR_OK) status = mri_candidate_digest(&candidate, out, why);
  mri_judged_runs_destroy(&runs);
  return status;
}

/* Which part of it is not what a version was made of; "" where no version tells. */
static mr_status find_part(mri_fsck_walk *walk, const sealed *s, const mri_tree *tree,
                           const char **part, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mri_digest promoted[2];
  mri_digest now[2];
  mr_error why = MR_ERROR_INIT;
  *part = "";
  mr_status status = mri_sql_first(walk->tx, error, &stmt, &found,
                                   "SELECT digest, params_digest FROM version WHERE run_id = ?1 "
                                   "AND artifact_path = ?2 AND status <> 4 ORDER BY id LIMIT 1",
                                   "it", s->run_id, s->path);
  if (status != MR_OK || !found) return status;
  bool good = mri_stmt_digest(stmt, 0, &promoted[0]) && mri_stmt_digest(stmt, 1, &promoted[1]);
  mri_stmt_done(stmt);
  if (!good) return MR_OK;
  status = mri_tree_digest(tree, &walk->registry->mem, &now[0], &why);
  if (status == MR_OK) status = mri_params_digest(walk->tx, s->run_id, &now[1], &why);
  if (status != MR_OK) return mri_fsck_pass_on(status, &why, error);
  bool artifacts = mri_digest_equal(&promoted[0], &now[0]);
  *part = !artifacts                                 ? ": its artifacts"
          : !mri_digest_equal(&promoted[1], &now[1]) ? ": its params"
                                                     : "; its artifacts and params have not";
  return MR_OK;
}

/* *fault is "" when nothing is wrong. */
static mr_status compare(mri_fsck_walk *walk, const sealed *s, char fault[MRI_FSCK_TEXT],
                         mr_error *error) {
  mri_tree tree;
  mri_digest now;
  mr_error why = MR_ERROR_INIT;
  const char *part = "";
  fault[0] = '\0';
  if (!s->good || s->run == NULL || s->path == NULL) return MR_OK; /* said elsewhere */
  mri_tree_init(&tree, &walk->registry->mem);
  mr_status status = digest_now(walk, s, &tree, &now, &why);
  if (mri_fsck_is_content(status, &why)) {
    (void)snprintf(fault, MRI_FSCK_TEXT, "what it sealed of run %s cannot be read: %.300s", s->run,
                   why.message);
    status = MR_OK;
  } else if (status != MR_OK) {
    status = mri_fsck_pass_on(status, &why, error);
  } else if (!mri_digest_equal(&now, &s->digest)) {
    status = find_part(walk, s, &tree, &part, error);
    (void)snprintf(fault, MRI_FSCK_TEXT, "the digest of what it sealed of run %s is another now%s",
                   s->run, part);
  }
  mri_tree_destroy(&tree);
  return status;
}

mr_status mri_fsck_sealed_changed(mri_fsck_walk *walk, int64_t request_id, bool *changed,
                                  mr_error *error) {
  sealed s;
  mri_stmt *stmt = NULL;
  bool found = false;
  char fault[MRI_FSCK_TEXT];
  *changed = false;
  mr_status status =
      mri_sql_first(walk->tx, error, &stmt, &found, SEALED_SQL "WHERE q.id = ?1", "i", request_id);
  if (status != MR_OK || !found) return status;
  read_sealed(stmt, &s);
  status = compare(walk, &s, fault, error);
  *changed = fault[0] != '\0';
  mri_stmt_done(stmt);
  return status;
}

/* --- tags and evaluations --------------------------------------------------------------------- */

/* Tags are copied of what is judged: of the run, and of the evaluations that were read. */
static void check_tags(mri_fsck_thing *thing, const sealed *s) {
  static const mri_fsck_text texts[] = {
      {0, "the key of a tag", 0, false},
      {2, "the value of a tag", MRI_VALUE_MAX, false},
  };
  mri_stmt *stmt = NULL;
  bool row = false;
  bool wrong = false;
  if (thing->status != MR_OK) return;
  thing->status = mri_sql_query(
      thing->walk->tx, thing->error, &stmt,
      "SELECT t.key, r.uuid, t.value, CASE WHEN t.run_id = ?2 OR EXISTS (SELECT 1 "
      "FROM request_evaluation e WHERE e.request_id = ?1 AND e.run_id = t.run_id) "
      "THEN 1 ELSE 0 END FROM request_tag t "
      "LEFT JOIN run r ON r.id = t.run_id WHERE t.request_id = ?1 ORDER BY t.run_id, t.key",
      "ii", s->request_id, s->run_id);
  while (thing->status == MR_OK &&
         (thing->status = mri_stmt_step(stmt, &row, thing->error)) == MR_OK && row) {
    mri_fsck_thing_row(thing);
    mri_fsck_thing_texts(thing, stmt, "", texts, sizeof texts / sizeof *texts);
    if (mri_stmt_int(stmt, 3) != 0 || mri_stmt_is_null(stmt, 1) || thing->found > 0 || wrong ||
        thing->status != MR_OK) {
      continue;
    }
    thing->status = mri_fsck_request_is_wrong(thing->walk, s->request_id, &wrong, thing->error);
    if (wrong) continue;
    mri_fsck_say(thing, MR_FINDING_REFERENCE, "it has tag %.64s of run %s, which it does not judge",
                 mri_fsck_shown(mri_stmt_text(stmt, 0)), mri_stmt_text(stmt, 1));
  }
  mri_stmt_done(stmt);
}

static void check_evaluations(mri_fsck_thing *thing, const sealed *s) {
  mri_stmt *stmt = NULL;
  bool row = false;
  if (thing->status != MR_OK) return;
  thing->status = mri_sql_query(thing->walk->tx, thing->error, &stmt,
                                "SELECT r.uuid, r.kind, r.status, r.sealed_by, r.name "
                                "FROM request_evaluation e LEFT JOIN run r ON r.id = e.run_id "
                                "WHERE e.request_id = ?1 ORDER BY e.run_id",
                                "i", s->request_id);
  while (thing->status == MR_OK &&
         (thing->status = mri_stmt_step(stmt, &row, thing->error)) == MR_OK && row) {
    const char *run = mri_stmt_text(stmt, 0);
    mri_fsck_thing_row(thing);
    if (run == NULL) continue;
    if (mri_stmt_int(stmt, 1) != MR_RUN_KIND_EVALUATION || mri_stmt_is_null(stmt, 4)) {
      mri_fsck_say(thing, MR_FINDING_REFERENCE, "run %s that it read is no named evaluation", run);
    } else if (mri_stmt_int(stmt, 2) != MR_RUN_STATUS_FINISHED) {
      mri_fsck_say(thing, MR_FINDING_SEQUENCE, "evaluation %s that it read is not finished", run);
    } else if (mri_stmt_is_null(stmt, 3)) {
      mri_fsck_say(thing, MR_FINDING_SEQUENCE, "evaluation %s that it read is not sealed", run);
    }
  }
  mri_stmt_done(stmt);
}

/* --- all of them ------------------------------------------------------------------------------ */

/* The requests of one run: what has changed of it is said once, of the first. */
typedef struct group {
  int64_t run_id;
  bool said; /* of the run itself */
  int64_t others;
  char request[MRI_FSCK_TEXT];
  char fault[MRI_FSCK_TEXT]; /* "": none so far */
} group;

static mr_status end_group(mri_fsck_walk *walk, group *g, mr_error *error) {
  char more[64] = "";
  char object[MRI_FSCK_TEXT];
  const mri_fsck_kind kind = {.finding = MR_FINDING_DIGEST, .remedy = mri_fsck_restore};
  if (g->fault[0] == '\0') return MR_OK;
  if (g->others > 0) {
    (void)snprintf(more, sizeof more, ", as %lld more %s", (long long)g->others,
                   g->others == 1 ? "request says" : "requests say");
  }
  (void)snprintf(object, sizeof object, "request %.400s", g->request);
  return mri_fsck_add(walk, kind, object, error, "%.440s%s", g->fault, more);
}

static void check_run(mri_fsck_thing *thing, const sealed *s) {
  if (s->run == NULL) return;
  if (s->kind != MR_RUN_KIND_TRAINING) {
    mri_fsck_say(thing, MR_FINDING_REFERENCE, "run %s that it judged is no training run", s->run);
  } else if (s->status != MR_RUN_STATUS_FINISHED) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "run %s that it judged is not finished", s->run);
  } else if (!s->is_sealed) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "run %s that it judged is not sealed", s->run);
  }
}

static mr_status check_sealed(mri_fsck_walk *walk, const mri_stmt *stmt, group *g,
                              mr_error *error) {
  sealed s;
  mri_fsck_thing thing;
  bool wrong = false;
  char fault[MRI_FSCK_TEXT];
  mr_status status = MR_OK;
  read_sealed(stmt, &s);
  if (s.run_id != g->run_id) {
    status = end_group(walk, g, error);
    memset(g, 0, sizeof *g);
    g->run_id = s.run_id;
  }
  if (status != MR_OK) return status;
  mri_fsck_thing_is(&thing, walk, error, "request %s", mri_fsck_shown(s.uuid));
  if (!g->said) check_run(&thing, &s);
  g->said = g->said || thing.found > 0;
  check_evaluations(&thing, &s);
  if (thing.found == 0) check_tags(&thing, &s);
  if (thing.status != MR_OK || thing.found > 0 || g->said) return thing.status;
  status = compare(walk, &s, fault, error);
  if (status != MR_OK || fault[0] == '\0') return status;
  status = mri_fsck_request_is_wrong(walk, s.request_id, &wrong, error);
  if (status != MR_OK || wrong) return status;
  if (g->fault[0] != '\0') {
    g->others++;
    return MR_OK;
  }
  memcpy(g->fault, fault, sizeof g->fault);
  (void)snprintf(g->request, sizeof g->request, "%s", mri_fsck_shown(s.uuid));
  return MR_OK;
}

mr_status mri_fsck_sealed(mri_fsck_walk *walk, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool row = false;
  group g = {.run_id = 0};
  mr_status status =
      mri_sql_query(walk->tx, error, &stmt, SEALED_SQL "ORDER BY q.run_id, q.id", "");
  while (status == MR_OK && (status = mri_stmt_step(stmt, &row, error)) == MR_OK && row) {
    status = check_sealed(walk, stmt, &g, error);
  }
  mri_stmt_done(stmt);
  return status == MR_OK ? end_group(walk, &g, error) : status;
}
