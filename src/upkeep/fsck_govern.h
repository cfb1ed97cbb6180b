/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks of gates, requests, versions and channels ask of each other. */
#ifndef MRI_UPKEEP_FSCK_GOVERN_H
#define MRI_UPKEEP_FSCK_GOVERN_H

#include "registry/gate_rules.h"
#include "registry/version_row.h"
#include "upkeep/fsck_thing.h"

mr_status mri_fsck_models(mri_fsck_walk *walk, mr_error *error);

/* The gate of a row of `gate`. *out is NULL for one that is none, and `why` says what is wrong. */
mr_status mri_fsck_parse_gate(const mri_digest *digest, const char *body, mr_gate **out,
                              mr_error *why);

/* A request as its row says. Texts live as long as the statement stays on its row. */
typedef struct mri_fsck_request {
  int64_t id;
  int64_t model_id;
  int64_t run_id;
  int64_t state;
  int64_t bump;
  int64_t closed_us;
  int64_t created_us;
  const char *uuid;
  const char *model; /* its name; NULL where there is none */
  const char *run;   /* its uuid; NULL where there is none */
  const char *transition;
  const char *path;
  const char *version;
  const char *description;
  const char *op_id;
  const char *asked_version;
  const char *line;
  const char *prerelease_id;
  const char *expected;
  const char *closed_by;
  const char *closed_reason;
  const char *actor;
  bool digests; /* all three have 32 bytes */
  mri_digest candidate;
  mri_digest gates;
  mri_digest intent;
} mri_fsck_request;

#define MRI_FSCK_REQUEST_SQL                                                                       \
  "SELECT q.id, q.model_id, q.run_id, q.state, q.asked_bump, q.closed_us, q.created_us, q.uuid, "  \
  "m.name, r.uuid, q.transition, q.artifact_path, q.version, q.description, q.op_id, "             \
  "q.asked_version, q.asked_line, q.asked_prerelease_id, q.expected, q.closed_by, "                \
  "q.closed_reason, q.actor, q.candidate_digest, q.gate_digest, q.intent FROM request q "          \
  "LEFT JOIN model m ON m.id = q.model_id LEFT JOIN run r ON r.id = q.run_id "
void mri_fsck_request_read(const mri_stmt *stmt, mri_fsck_request *out);
bool mri_fsck_is_promotion(const mri_fsck_request *request);

/* The version of a model that has a number. When *found the statement is on its row: created_us,
 * run_id, that of the request that made it, artifact_path, that of the request, when the request
 * was closed, model_id. */
mr_status mri_fsck_version_named(mri_fsck_walk *walk, int64_t model_id, const char *number,
                                 mri_stmt **out, bool *found, mr_error *error);

/* Whether it has what its transition needs and nothing else; `why` says what is wrong. */
mr_status mri_fsck_request_shape(const mri_fsck_request *request, mr_error *why);
/* What is wrong when the parts of a request of that shape are held against each other: one line,
 * "" when nothing is. */
mr_status mri_fsck_request_fault(mri_fsck_walk *walk, const mri_fsck_request *request,
                                 mr_finding *finding, char fault[MRI_FSCK_TEXT], mr_error *error);
/* Whether there is something, and so was said of the request: what differs from it is right. */
mr_status mri_fsck_request_is_wrong(mri_fsck_walk *walk, int64_t request_id, bool *wrong,
                                    mr_error *error);

/* What its decisions came to. */
typedef struct mri_fsck_decided {
  int64_t count;
  int64_t first_us;
  int64_t last_us;
  int64_t verdict;  /* of the last one */
  int64_t given;    /* the verdict that the rules of the last one give */
  mri_digest gates; /* of the last one */
} mri_fsck_decided;

/* The gates that decisions were made by: those read last, and those that were complained of. */
typedef struct mri_fsck_judges {
  mri_fsck_walk *walk;
  struct {
    mri_digest digest;
    mr_gate *gate; /* NULL: none is kept */
  } kept[2];       /* the default gate, the model's own */
  mri_vec complaints;
} mri_fsck_judges;

void mri_fsck_judges_init(mri_fsck_judges *judges, mri_fsck_walk *walk);
void mri_fsck_judges_free(mri_fsck_judges *judges);
/* The decisions of a request, in their order. */
void mri_fsck_decisions(mri_fsck_judges *judges, mri_fsck_thing *thing,
                        const mri_fsck_request *request, mri_fsck_decided *out);

/* Whether what a request sealed has changed; *changed also where it cannot be read any more. */
mr_status mri_fsck_sealed_changed(mri_fsck_walk *walk, int64_t request_id, bool *changed,
                                  mr_error *error);
/* Everything that requests have sealed. */
mr_status mri_fsck_sealed(mri_fsck_walk *walk, mr_error *error);

#endif
