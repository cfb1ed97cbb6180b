/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/run_locks.h"
#include "registry/run_core.h"

typedef struct run_lock {
  char uuid[MRI_ID_SIZE];
  mri_run_core *core; /* while there is a transaction: a reference */
  bool locked;
  bool seals;
} run_lock;

static run_lock *lock_at(const mri_run_locks *locks, size_t index) {
  return mri_vec_at(&locks->locks, index);
}

void mri_run_locks_init(mri_run_locks *locks, mr_registry *registry) {
  locks->registry = registry;
  locks->again = false;
  mri_vec_init(&locks->locks, &registry->mem, sizeof(run_lock));
}

void mri_run_locks_destroy(mri_run_locks *locks) {
  mri_vec_free(&locks->locks);
}

/* The place of a run, made when it has none; NULL when memory runs out. */
static run_lock *place_of(mri_run_locks *locks, const char *uuid) {
  size_t at = 0;
  while (at < locks->locks.count && strcmp(lock_at(locks, at)->uuid, uuid) < 0) at++;
  if (at < locks->locks.count && strcmp(lock_at(locks, at)->uuid, uuid) == 0) {
    return lock_at(locks, at);
  }
  if (mri_vec_push(&locks->locks) == NULL) return NULL;
  run_lock *place = lock_at(locks, at);
  memmove(place + 1, place, (locks->locks.count - 1 - at) * sizeof *place);
  memset(place, 0, sizeof *place);
  memcpy(place->uuid, uuid, MRI_ID_SIZE);
  return place;
}

mr_status mri_run_locks_add(mri_run_locks *locks, const char *uuid, mr_error *error) {
  return place_of(locks, uuid) == NULL ? mri_error_no_memory(error) : MR_OK;
}

mr_status mri_run_locks_claim(mri_run_locks *locks, const char *uuid, bool seals, mr_error *error) {
  if (!mri_id_valid(uuid)) return mri_error_set(error, MR_CORRUPT, "a run has no valid id");
  run_lock *place = place_of(locks, uuid);
  if (place == NULL) return mri_error_no_memory(error);
  if (place->core == NULL) {
    mr_status status = mri_run_core_reserve(locks->registry, uuid, &place->core, error);
    if (status != MR_OK) return status;
    place->locked = mri_run_core_try_lock(place->core);
  }
  if (!place->locked) locks->again = true;
  place->seals = place->seals || seals;
  return MR_OK;
}

/* All locks before any reference is given back: the last one waits for the lock of its run. */
static void let_go(mri_run_locks *locks, bool kept) {
  for (size_t i = 0; i < locks->locks.count; i++) {
    run_lock *one = lock_at(locks, i);
    if (one->locked) mri_run_core_unlock(one->core, kept && one->seals);
    one->locked = false;
    one->seals = false;
  }
  for (size_t i = 0; i < locks->locks.count; i++) {
    run_lock *one = lock_at(locks, i);
    if (one->core != NULL) mri_run_core_release(one->core);
    one->core = NULL;
  }
}

static mr_status take(mri_run_locks *locks, const mr_cancel *cancel, mr_error *error) {
  mr_status status = MR_OK;
  for (size_t i = 0; i < locks->locks.count && status == MR_OK; i++) {
    run_lock *one = lock_at(locks, i);
    status = mri_run_core_reserve(locks->registry, one->uuid, &one->core, error);
    if (status == MR_OK) status = mri_run_core_lock(one->core, cancel, error);
    one->locked = status == MR_OK;
  }
  if (status != MR_OK) let_go(locks, false);
  return status;
}

mr_status mri_run_locks_govern(mri_run_locks *locks, const mr_cancel *cancel, mri_sealing_work work,
                               void *ctx, mr_error *error) {
  mr_status status;
  do {
    mri_tx *tx = NULL;
    locks->again = false;
    status = take(locks, cancel, error);
    if (status != MR_OK) return status;
    status = mri_tx_begin(locks->registry->store, MRI_TX_GOVERN, cancel, &tx, error);
    if (status == MR_OK) {
      status = work(ctx, tx, locks, error);
      if (status == MR_OK && locks->again) {
        (void)mri_tx_end(tx, MR_CONFLICT, NULL); /* any failure rolls back */
      } else {
        status = mri_tx_end(tx, status, error);
      }
    }
    let_go(locks, status == MR_OK && !locks->again);
  } while (status == MR_OK && locks->again);
  return status;
}
