/* SPDX-License-Identifier: Apache-2.0 */
/* What every file of the domain needs: the open registry, the way in and out of a public call, and
 * how rows become records. */
#ifndef MRI_REGISTRY_CORE_H
#define MRI_REGISTRY_CORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/options.h"
#include "base/str.h"
#include "base/text.h"
#include "blob/blob_store.h"
#include "store/store.h"
#include <modelreg/modelreg.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

typedef struct mri_run_core mri_run_core;

struct mr_registry {
  mri_mem mem;
  atomic_long references;
  atomic_long calls; /* public calls under way */
  atomic_bool closed;
  uint64_t generation;  /* of the process that opened it */
  pthread_mutex_t lock; /* guards `cores`, and the wait for the last call at close */
  pthread_cond_t idle;
  mri_store *store;
  mri_blobs *blobs;
  mri_clock clock;
  mri_id_source ids;
  mri_run_core *cores; /* runs that are open or have points in memory */
  mri_arena arena;     /* strings of the record */
  mr_registry_record record;
};

/* Every public call that touches files, locks or the store begins with enter and ends with leave:
 * FORKED in a child process, CLOSED after close; close waits for those under way. */
mr_status mri_enter(mr_registry *registry, mr_error *error);
mr_status mri_leave(mr_registry *registry, mr_status status);

/* A public call that is one transaction: enter and begin, end and leave. */
mr_status mri_call_begin(mr_registry *registry, mri_tx_kind kind, const mr_cancel *cancel,
                         mri_tx **out, mr_error *error);
mr_status mri_call_end(mr_registry *registry, mri_tx *tx, mr_status status, mr_error *error);

/* Handles keep their registry's memory alive. */
mr_registry *mri_registry_ref(mr_registry *registry);
void mri_registry_unref(mr_registry *registry);

/* The clock's time, or the nearest that a registry knows: a run is not lost to a clock that lies.
 * What governs refuses such a clock, see mri_govern_time. */
int64_t mri_now_us(const mr_registry *registry);
/* INVALID_ARGUMENT for a time that no registry could live with. */
mr_status mri_check_clock(int64_t now_us, mr_error *error);
/* The time of a change in a GOVERN transaction: now, or where the clock was set back just after the
 * last change. It counts as a change, so only what changes something asks. */
mr_status mri_govern_time(mri_tx *tx, const mr_registry *registry, int64_t *now_us,
                          mr_error *error);
/* A version that was deleted keeps its row; no record ever has this status. */
#define MRI_VERSION_DELETED ((mr_version_status)4)

#define mri_actor(registry) ((registry)->record.actor)

/* INVALID_ARGUMENT "<what> is NULL" for arguments that must be there. */
mr_status mri_check_argument(const void *argument, const char *what, mr_error *error);

/* A column as text of the arena. *failed is set when memory runs out; NULL stays NULL. */
const char *mri_column_text(const mri_stmt *stmt, int column, mri_arena *arena, bool *failed);
/* A column of 32 bytes as hex digits. */
const char *mri_column_digest(const mri_stmt *stmt, int column, mri_arena *arena, bool *failed);

/* The run's row id, and what decides whether it may be written; NOT_FOUND names the id. */
typedef struct mri_run_row {
  int64_t id;
  mr_run_kind kind;
  mr_run_status status;
  bool sealed;
  int64_t experiment_id;
} mri_run_row;
mr_status mri_run_find(mri_tx *tx, const char *uuid, mri_run_row *out, mr_error *error);
/* CONFLICT when a request has sealed the run. */
mr_status mri_run_check_open(mri_tx *tx, int64_t run_id, const char *uuid, mr_error *error);
mr_status mri_model_find(mri_tx *tx, const char *name, int64_t *id, mr_error *error);
/* What mr_registry_create_model and references accept as a model's name. */
mr_status mri_check_model_name(const char *name, mr_error *error);

const char *mri_run_status_name(mr_run_status status);
const char *mri_run_kind_name(mr_run_kind kind);

#endif
