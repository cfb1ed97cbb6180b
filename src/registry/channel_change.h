/* SPDX-License-Identifier: Apache-2.0 */
/* Channels as rows, and every way in which one comes to hold something else. */
#ifndef MRI_REGISTRY_CHANNEL_CHANGE_H
#define MRI_REGISTRY_CHANNEL_CHANGE_H

#include "registry/version_row.h"

typedef struct mri_channel_row {
  int64_t id;
  int64_t sequence;
  int64_t place;   /* sequence of the move whose version it holds; 0 when it was never moved */
  int64_t held_id; /* version that it holds, 0 for none */
  char name[MRI_NAME_MAX + 1];
  char held[MRI_SEMVER_MAX + 1]; /* its number, or "none" */
} mri_channel_row;

/* NOT_FOUND names channel and model. */
mr_status mri_channel_find(mri_tx *tx, const mr_model *model, const char *name,
                           mri_channel_row *out, mr_error *error);
/* INVALID_ARGUMENT for NULL and for what is neither a number nor "none": before a transaction. */
mr_status mri_channel_check_expectation(const char *channel, const char *expected, mr_error *error);
/* CONFLICT when it holds something else; build metadata counts where `expected` has any. */
mr_status mri_channel_check_expected(const mri_channel_row *row, const mr_model *model,
                                     const char *expected, mr_error *error);

typedef struct mri_channel_change {
  mr_channel_move_kind kind;
  int64_t version_id; /* 0: nothing */
  int64_t place;      /* ROLLED_BACK: of the move gone back to; else not read */
  int64_t request_id; /* 0: no gate was asked */
  const char *reason; /* may be NULL */
  int64_t now_us;
} mri_channel_change;

/* Sets the channel and keeps the change in its history. `row` is then out of date. */
mr_status mri_channel_set(mri_tx *tx, const mr_registry *registry, const mri_channel_row *row,
                          const mri_channel_change *change, mr_error *error);

/* What becomes of the channels that hold a version which is being yanked: all of them by the rule
 * of `options`, or an error and none. The version has its new status by then, so that no roll back
 * finds it; replacement_id is 0 where there is none. */
mr_status mri_channels_let_go(mri_tx *tx, mr_model *model, int64_t version_id,
                              const mr_yank_options *options, int64_t replacement_id,
                              int64_t now_us, mr_error *error);

#endif
