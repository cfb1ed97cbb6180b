/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing runs while others log to them: whoever seals a run keeps its points out of memory from
 * before it is judged until its seal is kept, so that no acknowledged point is lost. */
#ifndef MRI_REGISTRY_RUN_LOCKS_H
#define MRI_REGISTRY_RUN_LOCKS_H

#include "base/vec.h"
#include "registry/core.h"

typedef struct mri_run_locks {
  mr_registry *registry;
  mri_vec locks; /* in the order of the runs' ids, each once */
  bool again;
} mri_run_locks;

void mri_run_locks_init(mri_run_locks *locks, mr_registry *registry);
void mri_run_locks_destroy(mri_run_locks *locks);
/* Before the transaction: a run that it is going to judge. */
mr_status mri_run_locks_add(mri_run_locks *locks, const char *uuid, mr_error *error);
/* Within the transaction, once it has judged: a run that it has read, and whether it seals it. */
mr_status mri_run_locks_claim(mri_run_locks *locks, const char *uuid, bool seals, mr_error *error);

/* The work of a transaction; it claims every run that it has judged. */
typedef mr_status (*mri_sealing_work)(void *ctx, mri_tx *tx, mri_run_locks *locks, mr_error *error);

/* Does it in a GOVERN transaction with the runs of the set locked, and marks what it sealed when
 * that was kept. Where it claims a run that has points in memory or is in use, all is rolled back
 * and done again with that run locked, too: names are finitely many, so this ends. Threads wait for
 * locks only before a transaction and in the order of the ids, so none waits for ever. */
mr_status mri_run_locks_govern(mri_run_locks *locks, const mr_cancel *cancel, mri_sealing_work work,
                               void *ctx, mr_error *error);

#endif
