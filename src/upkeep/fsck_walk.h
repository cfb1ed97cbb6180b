/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a check share: the snapshot they read and what they have found so far. */
#ifndef MRI_UPKEEP_FSCK_WALK_H
#define MRI_UPKEEP_FSCK_WALK_H

#include "registry/core.h"
#include "upkeep/fsck_content.h"

typedef struct mri_fsck_walk {
  mr_registry *registry;
  /* One snapshot; the repairing transaction when `repair`. Content is read after it: NULL then. */
  mri_tx *tx;
  bool quick;
  bool repair;
  bool bad_indexes; /* some cannot be relied on before a repair, nor can what is read by them */
  const mr_cancel *cancel;
  mri_fsck_content content; /* what rows refer to, to be looked at after the rows */
  mr_fsck *found;
} mri_fsck_walk;

/* What a part says of something that is wrong. `remedy` is one line without a dot. */
typedef struct mri_fsck_kind {
  mr_finding finding;
  bool is_note;
  bool repaired;
  const char *remedy;
} mri_fsck_kind;

/* What to do about damage that nothing but a copy can mend. */
extern const char mri_fsck_restore[];

/* Keeps a finding about `object`, such as "run 0198...": what is wrong, in one line. Fails only
 * when memory runs out. */
mr_status mri_fsck_add(mri_fsck_walk *walk, mri_fsck_kind kind, const char *object, mr_error *error,
                       const char *format, ...) MRI_PRINTF(5, 6);

/* Counts a piece of content that was looked at, and the bytes of it that were read. */
void mri_fsck_count_content(mri_fsck_walk *walk, int64_t bytes_read);
/* Counts a row that was looked at; CANCELLED when the caller wants no more. */
mr_status mri_fsck_row(mri_fsck_walk *walk, mr_error *error);

/* The parts, each of which walks the rows of its tables once, in the order of their keys. */
mr_status mri_fsck_database(mri_fsck_walk *walk, mr_error *error);
mr_status mri_fsck_runs(mri_fsck_walk *walk, mr_error *error);
mr_status mri_fsck_inputs(mri_fsck_walk *walk, mr_error *error);   /* by mri_fsck_runs */
mr_status mri_fsck_datasets(mri_fsck_walk *walk, mr_error *error); /* by mri_fsck_files */
mr_status mri_fsck_metrics(mri_fsck_walk *walk, mr_error *error);
mr_status mri_fsck_files(mri_fsck_walk *walk, mr_error *error); /* datasets, artifacts, evidence */
mr_status mri_fsck_gates(mri_fsck_walk *walk, mr_error *error);
mr_status mri_fsck_requests(mri_fsck_walk *walk, mr_error *error);
mr_status mri_fsck_versions(mri_fsck_walk *walk, mr_error *error);
mr_status mri_fsck_channels(mri_fsck_walk *walk, mr_error *error);

#endif
