/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/run_core.h"
#include "registry/metric_fold.h"

/* Points that a run may hold in memory before they are written without being asked. */
#define POINTS_IN_MEMORY 65536

struct mri_run_core {
  mr_registry *registry; /* not a reference: the registry's list owns the core */
  mri_run_core *next;
  long references; /* guarded by the registry's lock */
  int64_t run_id;
  char uuid[MRI_ID_SIZE];
  pthread_mutex_t lock; /* guards what follows; taken before a transaction begins */
  bool sealed;
  mri_vec series; /* mri_series */
  size_t points;
};

static void free_core(mri_run_core *core) {
  for (size_t i = 0; i < core->series.count; i++) {
    mri_series_destroy(mri_vec_at(&core->series, i), &core->registry->mem);
  }
  mri_vec_free(&core->series);
  pthread_mutex_destroy(&core->lock);
  mri_mem_free(&core->registry->mem, core);
}

static mri_run_core *find_core(mr_registry *registry, const char *uuid) {
  mri_run_core *core = registry->cores;
  while (core != NULL && strcmp(core->uuid, uuid) != 0) core = core->next;
  return core;
}

mr_status mri_run_core_acquire(mr_registry *registry, int64_t run_id, const char *uuid, bool sealed,
                               mri_run_core **out, mr_error *error) {
  mr_status status = MR_OK;
  pthread_mutex_lock(&registry->lock);
  mri_run_core *core = find_core(registry, uuid);
  if (core == NULL) {
    core = mri_mem_zalloc(&registry->mem, 1, sizeof *core);
    if (core == NULL) {
      status = mri_error_no_memory(error);
      goto cleanup;
    }
    core->registry = registry;
    core->run_id = run_id;
    memcpy(core->uuid, uuid, MRI_ID_SIZE);
    mri_vec_init(&core->series, &registry->mem, sizeof(mri_series));
    pthread_mutex_init(&core->lock, NULL);
    core->sealed = sealed;
    core->next = registry->cores;
    registry->cores = core;
  }
  core->references++;
  *out = core;
cleanup:
  pthread_mutex_unlock(&registry->lock);
  return status;
}

/* The caller holds the core's lock. What was written leaves the memory, and so does what can never
 * be written because the run is sealed. */
static mr_status fold(mri_run_core *core, bool durable, mr_error *error) {
  if (core->points == 0 && !durable) return MR_OK;
  size_t points = core->points;
  bool sealed = false;
  mr_status status = mri_metric_fold(core->registry, core->run_id, core->uuid, &core->series,
                                     durable, &sealed, error);
  if (sealed) {
    core->sealed = true;
    if (points > 0) {
      status = mri_error_set(error, MR_CONFLICT,
                             "run %s was sealed by a request meanwhile; %llu points logged after "
                             "that are not kept",
                             core->uuid, (unsigned long long)points);
    }
  }
  if (status != MR_OK && !sealed) return status;
  for (size_t i = 0; i < core->series.count; i++) {
    ((mri_series *)mri_vec_at(&core->series, i))->count = 0;
  }
  core->points = 0;
  return status;
}

void mri_run_core_release(mri_run_core *core) {
  mr_registry *registry = core->registry;
  if (mri_enter(registry, NULL) == MR_OK) {
    pthread_mutex_lock(&core->lock);
    (void)fold(core, false, NULL);
    pthread_mutex_unlock(&core->lock);
    (void)mri_leave(registry, MR_OK);
  }
  pthread_mutex_lock(&registry->lock);
  if (--core->references == 0 && core->points == 0) {
    mri_run_core **link = &registry->cores;
    while (*link != core) link = &(*link)->next;
    *link = core->next;
    free_core(core);
  }
  pthread_mutex_unlock(&registry->lock);
}

static mri_series *series_of(mri_run_core *core, const char *key) {
  for (size_t i = 0; i < core->series.count; i++) {
    mri_series *series = mri_vec_at(&core->series, i);
    if (strcmp(series->key, key) == 0) return series;
  }
  mri_series *series = mri_vec_push(&core->series);
  if (series == NULL) return NULL;
  if (!mri_series_init(series, &core->registry->mem, key)) {
    core->series.count--;
    return NULL;
  }
  return series;
}

mr_status mri_run_core_log(mri_run_core *core, const char *const *keys, size_t key_count,
                           const double *values, const int64_t *steps, const int64_t *times_us,
                           size_t count, mr_error *error) {
  mr_registry *registry = core->registry;
  mr_status status = MR_OK;
  int64_t now = times_us == NULL ? mri_now_us(registry) : 0;
  pthread_mutex_lock(&core->lock);
  if (core->sealed) {
    status = mri_error_set(error, MR_CONFLICT,
                           "run %s is sealed by a request; its metrics cannot change", core->uuid);
    goto cleanup;
  }
  /* All the room first: nothing can fail once the first point is in. */
  for (size_t i = 0; i < key_count; i++) {
    mri_series *series = series_of(core, keys[i]);
    if (series == NULL || !mri_series_reserve(series, &registry->mem, count)) {
      status = mri_error_no_memory(error);
      goto cleanup;
    }
  }
  for (size_t i = 0; i < key_count; i++) {
    mri_series *series = series_of(core, keys[i]);
    for (size_t k = 0; k < count; k++) {
      mri_series_add(series, steps[k], times_us == NULL ? now : times_us[k],
                     values[key_count == 1 ? k : i]);
    }
  }
  core->points += key_count * count;
  if (core->points >= POINTS_IN_MEMORY) {
    /* The points are safe in memory: a database that is busy now is tried again later. */
    mr_error later = MR_ERROR_INIT;
    if (fold(core, false, &later) == MR_CONFLICT) {
      status = mri_error_set(error, MR_CONFLICT, "%s", later.message);
    }
  }
cleanup:
  pthread_mutex_unlock(&core->lock);
  return status;
}

mr_status mri_run_core_flush(mri_run_core *core, bool durable, mr_error *error) {
  pthread_mutex_lock(&core->lock);
  mr_status status = fold(core, durable, error);
  pthread_mutex_unlock(&core->lock);
  return status;
}

mr_status mri_run_core_lock(mr_registry *registry, const char *uuid, mri_run_core **out,
                            mr_error *error) {
  pthread_mutex_lock(&registry->lock);
  mri_run_core *core = find_core(registry, uuid);
  if (core != NULL) core->references++;
  pthread_mutex_unlock(&registry->lock);
  *out = NULL;
  if (core == NULL) return MR_OK;
  pthread_mutex_lock(&core->lock);
  mr_status status = fold(core, false, error);
  if (status != MR_OK) {
    mri_run_core_unlock(core, false);
    return status;
  }
  *out = core;
  return MR_OK;
}

void mri_run_core_unlock(mri_run_core *core, bool sealed) {
  if (core == NULL) return;
  if (sealed) core->sealed = true;
  pthread_mutex_unlock(&core->lock);
  mri_run_core_release(core);
}

mr_status mri_run_cores_flush(mr_registry *registry, mr_error *error) {
  mr_status status = MR_OK;
  mri_vec held; /* references, so that the registry's lock need not be held while writing */
  mri_vec_init(&held, &registry->mem, sizeof(mri_run_core *));
  pthread_mutex_lock(&registry->lock);
  for (mri_run_core *core = registry->cores; core != NULL; core = core->next) {
    mri_run_core **slot = mri_vec_push(&held);
    if (slot == NULL) {
      status = mri_error_no_memory(error);
      break;
    }
    *slot = core;
    core->references++;
  }
  pthread_mutex_unlock(&registry->lock);
  for (size_t i = 0; i < held.count; i++) {
    mri_run_core *core = *(mri_run_core **)mri_vec_at(&held, i);
    mr_status one = mri_run_core_flush(core, false, status == MR_OK ? error : NULL);
    if (status == MR_OK) status = one;
    mri_run_core_release(core);
  }
  mri_vec_free(&held);
  return status;
}

void mri_run_cores_close(mr_registry *registry) {
  pthread_mutex_lock(&registry->lock);
  for (mri_run_core *core = registry->cores; core != NULL; core = core->next) {
    (void)mri_run_core_flush(core, false, NULL);
  }
  pthread_mutex_unlock(&registry->lock);
}

void mri_run_cores_free(mr_registry *registry) {
  while (registry->cores != NULL) {
    mri_run_core *next = registry->cores->next;
    free_core(registry->cores);
    registry->cores = next;
  }
}
