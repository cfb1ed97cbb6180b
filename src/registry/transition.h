/* SPDX-License-Identifier: Apache-2.0 */
/* A transition on its way: proposed, judged, recorded and made. Promotions and channel moves differ
 * in what they check and what they make; opening a request, completing it and trying a gate share
 * everything else. */
#ifndef MRI_REGISTRY_TRANSITION_H
#define MRI_REGISTRY_TRANSITION_H

#include "registry/channel_change.h"
#include "registry/decide.h"
#include "registry/seal.h"

typedef enum mri_purpose {
  MRI_PURPOSE_OPEN,     /* a new request */
  MRI_PURPOSE_COMPLETE, /* an open request */
  MRI_PURPOSE_TRY       /* a dry run: only what is needed to judge has to hold */
} mri_purpose;

typedef struct mri_transition mri_transition;

/* What the two sorts of transition do differently. */
typedef struct mri_transition_sort {
  /* Checks what must hold now, and finds the candidate with its number and the incumbent. */
  mr_status (*prepare)(mri_transition *t, mr_error *error);
  /* The gate has passed: makes it, by request t->request_id at t->now_us. */
  mr_status (*apply)(mri_transition *t, mr_error *error);
} mri_transition_sort;

extern const mri_transition_sort mri_promotion;
extern const mri_transition_sort mri_channel_movement;

struct mri_transition {
  const mri_transition_sort *sort;
  mri_purpose purpose;
  mri_tx *tx;
  mr_registry *registry;
  const mr_model *model;
  const char *name;         /* "promote" or "channel/NAME" */
  mr_promote_options asked; /* of a move: version, description and op_id */
  const char *artifact_path;
  const char *run;      /* promotion: its uuid */
  const char *expected; /* move: what the channel holds; NULL when nothing is expected */
  mri_digest intent;    /* over what was asked, to tell a repeat from a misuse of an op_id */
  mri_channel_row channel;
  mri_incumbent target; /* the candidate and what it points to */
  mri_incumbent held;
  mri_judged_runs evaluations;
  mri_judgement judgement;
  int64_t now_us; /* the time of the change; 0 until something is written */
  int64_t request_id;
  char request[MRI_ID_SIZE];
  mri_arena arena;
};

/* The sort comes from the name, which outlives the transition, as does the model. */
void mri_transition_init(mri_transition *t, mri_purpose purpose, mr_registry *registry,
                         const char *name);
void mri_transition_destroy(mri_transition *t);

/* What is done with a transition in its transaction. It may be done more than once, each time from
 * the same beginning. */
typedef mr_status (*mri_transition_work)(mri_transition *t, mr_request **out, mr_error *error);
/* Does it in a GOVERN transaction in which nothing is added to the runs that are judged. */
mr_status mri_transition_make(mri_transition *t, mri_transition_work work, mr_request **out,
                              mr_error *error);

/* Checks, and finds the candidate with its number and the incumbent. */
mr_status mri_transition_prepare(mri_transition *t, mr_error *error);
/* Judges what is prepared; `instead` as for mri_judge. */
mr_status mri_transition_judge(mri_transition *t, const mr_gate *instead, mr_error *error);
/* Opens a request and decides; a repeat by op_id gives the request of the first. */
mr_status mri_transition_open(mri_transition *t, mr_request **out, mr_error *error);
/* Judges what is prepared, records it as a new request, and makes the transition when the gate
 * passes. */
mr_status mri_transition_record(mri_transition *t, mr_error *error);
/* For a request that is recorded: seals the evaluations that were read, and makes the transition
 * when the gate has passed. */
mr_status mri_transition_follow(mri_transition *t, mr_error *error);
mr_request_state mri_transition_state(const mri_transition *t);

/* Digests over what was asked of a promotion, and of a channel. A move that a yank makes has none:
 * zeros. */
mr_status mri_promotion_intent(const mri_mem *mem, const char *run, const char *artifact_path,
                               const mr_promote_options *o, mri_digest *out, mr_error *error);
mr_status mri_movement_intent(const mri_mem *mem, const char *transition, const mri_semver *wanted,
                              const char *expected, mri_digest *out, mr_error *error);

/* Within prepare: what a candidate consists of was not found. Where it was sealed, somebody has
 * changed it: TAMPERED. */
mr_status mri_transition_lost(const mri_transition *t, mr_status status, mr_error *error);

#endif
