/* SPDX-License-Identifier: Apache-2.0 */
/* The way in and out of public calls, references, and small things that all files share. */
#include "registry/core.h"
#include "base/os_fork.h"
#include "registry/run_core.h"

mr_status mri_check_argument(const void *argument, const char *what, mr_error *error) {
  if (argument != NULL) return MR_OK;
  return mri_error_set(error, MR_INVALID_ARGUMENT, "%s is NULL", what);
}

mr_status mri_enter(mr_registry *registry, mr_error *error) {
  if (registry->generation != mri_fork_generation()) {
    return mri_error_set(error, MR_FORKED,
                         "this registry was opened before fork(); open it again in the child");
  }
  /* The reference lets the last call out after a close that was waiting for it. */
  (void)mri_registry_ref(registry);
  atomic_fetch_add(&registry->calls, 1);
  if (atomic_load(&registry->closed)) {
    (void)mri_leave(registry, MR_OK);
    return mri_error_set(error, MR_CLOSED, "the registry of this handle is closed");
  }
  return MR_OK;
}

mr_status mri_leave(mr_registry *registry, mr_status status) {
  if (atomic_fetch_sub(&registry->calls, 1) == 1 && atomic_load(&registry->closed)) {
    pthread_mutex_lock(&registry->lock);
    pthread_cond_broadcast(&registry->idle);
    pthread_mutex_unlock(&registry->lock);
  }
  mri_registry_unref(registry);
  return status;
}

mr_status mri_call_begin(mr_registry *registry, mri_tx_kind kind, const mr_cancel *cancel,
                         mri_tx **out, mr_error *error) {
  mr_status status = mri_enter(registry, error);
  if (status != MR_OK) return status;
  status = mri_tx_begin(registry->store, kind, cancel, out, error);
  return status == MR_OK ? MR_OK : mri_leave(registry, status);
}

mr_status mri_call_end(mr_registry *registry, mri_tx *tx, mr_status status, mr_error *error) {
  return mri_leave(registry, mri_tx_end(tx, status, error));
}

mr_registry *mri_registry_ref(mr_registry *registry) {
  atomic_fetch_add(&registry->references, 1);
  return registry;
}

void mri_registry_unref(mr_registry *registry) {
  if (atomic_fetch_sub(&registry->references, 1) != 1) return;
  mri_store_free(registry->store);
  mri_blobs_close(registry->blobs);
  mri_run_cores_free(registry);
  mri_id_source_destroy(&registry->ids);
  if (registry->generation == mri_fork_generation()) {
    pthread_cond_destroy(&registry->idle);
    pthread_mutex_destroy(&registry->lock);
  }
  mri_arena_free(&registry->arena);
  mri_mem mem = registry->mem;
  mri_mem_free(&mem, registry);
}

/* The end of the year 9999. */
#define LAST_US INT64_C(253402300799999999)

int64_t mri_now_us(const mr_registry *registry) {
  int64_t now_us = mri_clock_now_us(&registry->clock);
  if (now_us <= 0) return 1;
  return now_us <= LAST_US ? now_us : LAST_US;
}

mr_status mri_check_clock(int64_t now_us, mr_error *error) {
  if (now_us > 0 && now_us <= LAST_US) return MR_OK;
  return mri_error_set(error, MR_INVALID_ARGUMENT,
                       "the clock says %lld us, which is not between 1970 and 9999; set it right",
                       (long long)now_us);
}

mr_status mri_govern_time(mri_tx *tx, const mr_registry *registry, int64_t *now_us,
                          mr_error *error) {
  int64_t clock_us = mri_clock_now_us(&registry->clock);
  mr_status status = mri_check_clock(clock_us, error);
  if (status != MR_OK) return status;
  status = mri_sql_run(tx, error,
                       "UPDATE governance SET time_us = CASE WHEN time_us < ?1 THEN ?1 "
                       "ELSE time_us + 1 END WHERE id = 1",
                       "i", clock_us);
  if (status != MR_OK) return status;
  return mri_sql_int(tx, error, 0, now_us, "SELECT time_us FROM governance WHERE id = 1", "");
}

const char *mri_column_text(const mri_stmt *stmt, int column, mri_arena *arena, bool *failed) {
  const char *text = mri_stmt_text(stmt, column);
  if (text == NULL) return NULL;
  const char *copy = mri_arena_strdup(arena, text);
  if (copy == NULL) *failed = true;
  return copy;
}

const char *mri_column_digest(const mri_stmt *stmt, int column, mri_arena *arena, bool *failed) {
  mri_digest digest;
  char text[MRI_DIGEST_TEXT];
  if (!mri_stmt_digest(stmt, column, &digest)) return NULL;
  mri_digest_text(&digest, text);
  const char *copy = mri_arena_strdup(arena, text);
  if (copy == NULL) *failed = true;
  return copy;
}

const char *mri_run_status_name(mr_run_status status) {
  switch (status) {
  case MR_RUN_STATUS_RUNNING:
    return "RUNNING";
  case MR_RUN_STATUS_FINISHED:
    return "FINISHED";
  case MR_RUN_STATUS_FAILED:
    return "FAILED";
  case MR_RUN_STATUS_KILLED:
    return "KILLED";
  default:
    return "UNKNOWN";
  }
}

const char *mri_run_kind_name(mr_run_kind kind) {
  switch (kind) {
  case MR_RUN_KIND_TRAINING:
    return "training";
  case MR_RUN_KIND_DATASET:
    return "dataset";
  case MR_RUN_KIND_EVALUATION:
    return "evaluation";
  default:
    return "unknown";
  }
}
