/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/run_core.h"
#include "base/os_fork.h"
#include "registry/metric_fold.h"

/* Points that a run may hold in memory before they are written without being asked. */
#define POINTS_IN_MEMORY 65536
/* Past this, a log call waits for the database and tells what is wrong with it. */
#define POINTS_MAX (16 * 1024 * 1024)

struct mri_run_core {
  mr_registry *registry; /* not a reference: the registry's list owns the core */
  mri_run_core *next;
  long references; /* guarded by the registry's lock */
  int64_t run_id;  /* 0 until somebody opens the run: then it has no points */
  char uuid[MRI_ID_SIZE];
  atomic_bool sealed;   /* for ever, once it is */
  pthread_mutex_t lock; /* guards what follows; nobody waits for it within a transaction */
  mri_series_set set;
  size_t points;
  size_t lost;    /* points that were dropped, of which nobody was told yet */
  size_t fold_at; /* number of points at which they are written without being asked */
};

/* How a fold waits for other writers. */
typedef struct patience {
  bool waits; /* up to the busy timeout, else not at all */
  const mr_cancel *cancel;
} patience;

static void free_core(mri_run_core *core) {
  mri_series_set_destroy(&core->set);
  if (core->registry->generation == mri_fork_generation()) pthread_mutex_destroy(&core->lock);
  mri_mem_free(&core->registry->mem, core);
}

static mri_run_core *find_core(mr_registry *registry, const char *uuid) {
  mri_run_core *core = registry->cores;
  while (core != NULL && strcmp(core->uuid, uuid) != 0) core = core->next;
  return core;
}

static mri_run_core *new_core(mr_registry *registry, const char *uuid) {
  mri_run_core *core = mri_mem_zalloc(&registry->mem, 1, sizeof *core);
  if (core == NULL) return NULL;
  core->registry = registry;
  memcpy(core->uuid, uuid, MRI_ID_SIZE);
  mri_series_set_init(&core->set, &registry->mem);
  pthread_mutex_init(&core->lock, NULL);
  core->fold_at = POINTS_IN_MEMORY;
  core->next = registry->cores;
  registry->cores = core;
  return core;
}

mr_status mri_run_core_acquire(mr_registry *registry, int64_t run_id, const char *uuid, bool sealed,
                               mri_run_core **out, mr_error *error) {
  pthread_mutex_lock(&registry->lock);
  mri_run_core *core = find_core(registry, uuid);
  if (core == NULL) core = new_core(registry, uuid);
  if (core != NULL) {
    core->references++;
    if (core->run_id == 0) core->run_id = run_id;
    if (sealed) atomic_store(&core->sealed, true);
  }
  pthread_mutex_unlock(&registry->lock);
  if (core == NULL) return mri_error_no_memory(error);
  *out = core;
  return MR_OK;
}

mr_status mri_run_core_reserve(mr_registry *registry, const char *uuid, mri_run_core **out,
                               mr_error *error) {
  return mri_run_core_acquire(registry, 0, uuid, false, out, error);
}

static void forget_points(mri_run_core *core) {
  for (size_t i = 0; i < core->set.series.count; i++) mri_series_set_at(&core->set, i)->count = 0;
  core->points = 0;
  core->fold_at = POINTS_IN_MEMORY;
}

/* The caller holds the core's lock. */
static void lose_points(mri_run_core *core) {
  atomic_store(&core->sealed, true);
  core->lost += core->points;
  forget_points(core);
}

/* The caller holds the core's lock and speaks for the run. */
static mr_status tell_lost(mri_run_core *core, mr_error *error) {
  size_t lost = core->lost;
  if (lost == 0) return MR_OK;
  core->lost = 0;
  return mri_error_set(error, MR_CONFLICT,
                       "run %s was sealed by a request of another process; %llu points that were "
                       "not written yet are not kept",
                       core->uuid, (unsigned long long)lost);
}

/* The caller holds the core's lock, and may be anybody. */
static mr_status fold(mri_run_core *core, bool durable, patience how, mr_error *error) {
  if (core->points == 0 && !durable) return MR_OK;
  bool sealed = false;
  mr_status status = mri_metric_fold(core->registry, core->run_id, &core->set.series, durable,
                                     how.waits, how.cancel, &sealed, error);
  if (sealed) {
    lose_points(core);
  } else if (status == MR_OK) {
    forget_points(core);
  }
  return status;
}

void mri_run_core_release(mri_run_core *core) {
  mr_registry *registry = core->registry;
  /* In a forked child a lock may be held by a thread that does not exist there. */
  if (registry->generation != mri_fork_generation()) return;
  pthread_mutex_lock(&registry->lock);
  bool last = core->references == 1;
  pthread_mutex_unlock(&registry->lock);
  if (last && mri_enter(registry, NULL) == MR_OK) {
    pthread_mutex_lock(&core->lock);
    (void)fold(core, false, (patience){false, NULL}, NULL);
    pthread_mutex_unlock(&core->lock);
    (void)mri_leave(registry, MR_OK);
  }
  pthread_mutex_lock(&registry->lock);
  if (--core->references == 0 && core->points == 0 && core->lost == 0) {
    mri_run_core **link = &registry->cores;
    while (*link != core) link = &(*link)->next;
    *link = core->next;
    free_core(core);
  }
  pthread_mutex_unlock(&registry->lock);
}

/* The caller holds the core's lock. */
static mr_status check_room(mri_run_core *core, mr_error *error) {
  mr_status status = MR_OK;
  bool sealed = atomic_load(&core->sealed);
  if (sealed) {
    lose_points(core);
  } else if (core->points >= POINTS_MAX) {
    status = fold(core, false, (patience){true, NULL}, error);
  }
  if (status == MR_OK) status = tell_lost(core, error);
  if (status != MR_OK || !sealed) return status;
  return mri_error_set(error, MR_CONFLICT,
                       "run %s is sealed by a request; its metrics cannot change", core->uuid);
}

/* Points that have come in are safe in memory: a database that is busy now is tried again later. */
static mr_status fold_if_many(mri_run_core *core, size_t added, mr_error *error) {
  core->points += added;
  if (core->points < core->fold_at) return MR_OK;
  (void)fold(core, false, (patience){false, NULL}, NULL);
  if (core->points > 0) core->fold_at = core->points + POINTS_IN_MEMORY;
  return tell_lost(core, error);
}

/* Room in every series first: nothing can fail once the first point is in. */
static mr_status reserve_row(mri_run_core *core, const char *const *keys, size_t key_count,
                             mr_error *error) {
  mr_status status = MR_OK;
  size_t marked = 0;
  for (; marked < key_count && status == MR_OK; marked++) {
    mri_series *series = mri_series_set_get(&core->set, keys[marked]);
    if (series == NULL || !mri_series_reserve(series, core->set.mem, 1)) {
      status = mri_error_no_memory(error);
      break;
    }
    if (series->wanted != 0) {
      status =
          mri_error_set(error, MR_INVALID_ARGUMENT, "metric key '%s' is there twice", keys[marked]);
      break;
    }
    series->wanted = 1;
  }
  for (size_t i = 0; i < marked; i++) mri_series_set_get(&core->set, keys[i])->wanted = 0;
  return status;
}

mr_status mri_run_core_log_row(mri_run_core *core, const char *const *keys, const double *values,
                               size_t key_count, int64_t step, mr_error *error) {
  int64_t now = mri_now_us(core->registry);
  pthread_mutex_lock(&core->lock);
  mr_status status = check_room(core, error);
  if (status == MR_OK) status = reserve_row(core, keys, key_count, error);
  if (status == MR_OK) {
    for (size_t i = 0; i < key_count; i++) {
      mri_series_add(mri_series_set_get(&core->set, keys[i]), step, now, values[i]);
    }
    status = fold_if_many(core, key_count, error);
  }
  pthread_mutex_unlock(&core->lock);
  return status;
}

static mri_series *series_at(mri_run_core *core, mri_metric_place *place) {
  if (place->found != 0) return mri_series_set_at(&core->set, place->found - 1);
  mri_series *series = mri_series_set_get(&core->set, place->key);
  if (series != NULL) place->found = (size_t)(series - mri_series_set_at(&core->set, 0)) + 1;
  return series;
}

mr_status mri_run_core_log(mri_run_core *core, mri_metric_place *place, const double *values,
                           const int64_t *steps, const int64_t *times_us, size_t count,
                           mr_error *error) {
  int64_t now = times_us == NULL ? mri_now_us(core->registry) : 0;
  pthread_mutex_lock(&core->lock);
  mr_status status = check_room(core, error);
  if (status == MR_OK && count > 0) {
    mri_series *series = series_at(core, place);
    if (series == NULL || !mri_series_reserve(series, core->set.mem, count)) {
      status = mri_error_no_memory(error);
    } else {
      for (size_t i = 0; i < count; i++) {
        mri_series_add(series, steps[i], times_us == NULL ? now : times_us[i], values[i]);
      }
      status = fold_if_many(core, count, error);
    }
  }
  pthread_mutex_unlock(&core->lock);
  return status;
}

mr_status mri_run_core_flush(mri_run_core *core, bool durable, mr_error *error) {
  pthread_mutex_lock(&core->lock);
  mr_status status = fold(core, durable, (patience){true, NULL}, error);
  if (status == MR_OK) status = tell_lost(core, error);
  pthread_mutex_unlock(&core->lock);
  return status;
}

void mri_run_core_hold(mri_run_core *core) {
  pthread_mutex_lock(&core->lock);
}

void mri_run_core_let_go(mri_run_core *core) {
  pthread_mutex_unlock(&core->lock);
}

const mri_series_set *mri_run_core_points(const mri_run_core *core) {
  return &core->set;
}

mr_status mri_run_core_lock(mri_run_core *core, const mr_cancel *cancel, mr_error *error) {
  pthread_mutex_lock(&core->lock);
  mr_status status = fold(core, false, (patience){true, cancel}, error);
  if (status != MR_OK) pthread_mutex_unlock(&core->lock);
  return status;
}

bool mri_run_core_try_lock(mri_run_core *core) {
  if (pthread_mutex_trylock(&core->lock) != 0) return false;
  if (core->points == 0) return true;
  pthread_mutex_unlock(&core->lock);
  return false;
}

void mri_run_core_unlock(mri_run_core *core, bool sealed) {
  if (sealed) atomic_store(&core->sealed, true);
  pthread_mutex_unlock(&core->lock);
}

/* The core after `last`, or the first; with a reference, for that of `last`. So the registry's lock
 * is not held while writing, and cores that are new meanwhile are not seen. */
static mri_run_core *walk(mr_registry *registry, mri_run_core *last) {
  pthread_mutex_lock(&registry->lock);
  mri_run_core *core = last == NULL ? registry->cores : last->next;
  if (core != NULL) core->references++;
  pthread_mutex_unlock(&registry->lock);
  if (last != NULL) mri_run_core_release(last);
  return core;
}

mr_status mri_run_cores_fold(mr_registry *registry, mr_error *error) {
  mr_status status = MR_OK;
  for (mri_run_core *core = walk(registry, NULL); core != NULL; core = walk(registry, core)) {
    pthread_mutex_lock(&core->lock);
    mr_status one =
        fold(core, false, (patience){true, NULL}, status == MR_OK ? error : (mr_error *)NULL);
    pthread_mutex_unlock(&core->lock);
    if (status == MR_OK) status = one;
  }
  return status;
}

mr_status mri_run_cores_flush(mr_registry *registry, mr_error *error) {
  mr_status status = mri_run_cores_fold(registry, error);
  if (status != MR_OK) return status;
  for (mri_run_core *core = walk(registry, NULL); core != NULL; core = walk(registry, core)) {
    pthread_mutex_lock(&core->lock);
    if (status == MR_OK) status = tell_lost(core, error);
    pthread_mutex_unlock(&core->lock);
  }
  return status;
}

void mri_run_cores_close(mr_registry *registry) {
  (void)mri_run_cores_fold(registry, NULL);
}

void mri_run_cores_free(mr_registry *registry) {
  while (registry->cores != NULL) {
    mri_run_core *next = registry->cores->next;
    free_core(registry->cores);
    registry->cores = next;
  }
}
