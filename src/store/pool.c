/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pool.h"
#include "base/id.h"

#include <assert.h>
#include <time.h>

#define CANCEL_POLL_US 10000

struct mri_waiter {
  mri_waiter *next;
  pthread_cond_t granted;
  bool has_permit;
};

static mr_status make_pooled(mri_pool *pool, mri_connection *connection, mri_pooled **out,
                             mr_error *error) {
  mri_pooled *pooled = mri_mem_zalloc(pool->mem, 1, sizeof(*pooled));
  if (pooled == NULL) return mri_error_no_memory(error);
  pooled->connection = connection;
  mri_statement_cache_init(&pooled->cache, pool->mem, pool->driver, connection,
                           MRI_STATEMENT_CACHE_CAPACITY);
  *out = pooled;
  return MR_OK;
}

mr_status mri_pool_init(mri_pool *pool, const mri_mem *mem, const mri_driver *driver,
                        mri_database *database, mri_connection *first, const char *label,
                        bool single, mr_error *error) {
  *pool = (mri_pool){.mem = mem,
                     .driver = driver,
                     .database = database,
                     .label = label,
                     .single = single,
                     .readers = {.free = single ? 1 : MRI_POOL_READERS},
                     .writers = {.free = 1}};
  atomic_init(&pool->closing, false);
  mri_pooled *pooled = NULL;
  mr_status status = make_pooled(pool, first, &pooled, error);
  if (status != MR_OK) {
    driver->disconnect(first, false);
    return status;
  }
  (void)pthread_mutex_init(&pool->lock, NULL);
  (void)pthread_condattr_init(&pool->clock);
  (void)pthread_condattr_setclock(&pool->clock, CLOCK_MONOTONIC);
  (void)pthread_cond_init(&pool->drained, &pool->clock);
  pool->idle = pooled;
  pool->made = pooled;
  return MR_OK;
}

/* Sleeps until the permit comes, the wait is over or it is time to look at the cancel token. */
static void doze(mri_pool *pool, mri_waiter *waiter, const mri_wait *wait) {
  int64_t until = wait->deadline_us;
  int64_t now = mri_monotonic_us();
  if (wait->cancel != NULL && until > now + CANCEL_POLL_US) until = now + CANCEL_POLL_US;
  struct timespec end = {.tv_sec = (time_t)(until / 1000000),
                         .tv_nsec = (long)(until % 1000000) * 1000};
  (void)pthread_cond_timedwait(&waiter->granted, &pool->lock, &end);
}

static void leave_line(mri_turnstile *line, mri_waiter *waiter) {
  mri_waiter *before = NULL;
  mri_waiter **link = &line->first;
  while (*link != waiter) {
    before = *link;
    link = &before->next;
  }
  *link = waiter->next;
  if (line->last == waiter) line->last = before;
}

static void pass_on(mri_turnstile *line) {
  mri_waiter *waiter = line->first;
  if (waiter == NULL) {
    line->free++;
    return;
  }
  line->first = waiter->next;
  if (line->first == NULL) line->last = NULL;
  waiter->has_permit = true;
  (void)pthread_cond_signal(&waiter->granted);
}

static void tell_close(mri_pool *pool) {
  if (pool->out == 0 && pool->waiting == 0) (void)pthread_cond_broadcast(&pool->drained);
}

/* With the lock held. */
static bool pass(mri_pool *pool, mri_turnstile *line, mri_wait *wait) {
  if (line->free > 0) {
    assert(line->first == NULL);
    line->free--;
    return true;
  }
  if (mri_wait_check(wait) != MR_OK) return false;
  mri_waiter waiter = {0};
  (void)pthread_cond_init(&waiter.granted, &pool->clock);
  if (line->last != NULL) {
    line->last->next = &waiter;
  } else {
    line->first = &waiter;
  }
  line->last = &waiter;
  pool->waiting++;
  while (!waiter.has_permit && mri_wait_check(wait) == MR_OK) doze(pool, &waiter, wait);
  pool->waiting--;
  if (!waiter.has_permit) leave_line(line, &waiter);
  (void)pthread_cond_destroy(&waiter.granted);
  if (waiter.has_permit && !atomic_load(&pool->closing)) return true;
  if (waiter.has_permit) pass_on(line);
  tell_close(pool);
  return false;
}

static mri_turnstile *line_of(mri_pool *pool, bool write) {
  return write && !pool->single ? &pool->writers : &pool->readers;
}

/* With the lock held: the connection to use, NULL when one must be made. */
static mri_pooled *pick(mri_pool *pool, bool write) {
  if (write && !pool->single && pool->writer != NULL) return pool->writer;
  mri_pooled *pooled = pool->idle;
  if (pooled == NULL) return NULL;
  pool->idle = pooled->next_idle;
  pooled->next_idle = NULL;
  /* The first connection serves whoever comes first; from then on it stays what it was. */
  if (write && !pool->single) pool->writer = pooled;
  return pooled;
}

static mr_status make_connection(mri_pool *pool, mri_wait *wait, mri_pooled **out,
                                 mr_error *error) {
  mri_connection *connection = NULL;
  mr_status status = pool->driver->connect(pool->database, wait, &connection, error);
  if (status != MR_OK) return status;
  status = make_pooled(pool, connection, out, error);
  if (status != MR_OK) pool->driver->disconnect(connection, false);
  return status;
}

mr_status mri_pool_acquire(mri_pool *pool, bool write, mri_wait *wait, mri_pooled **out,
                           mr_error *error) {
  mr_status status = MR_OK;
  mri_turnstile *line = line_of(pool, write);
  (void)pthread_mutex_lock(&pool->lock);
  if (atomic_load(&pool->closing)) {
    (void)pthread_mutex_unlock(&pool->lock);
    return mri_error_set(error, MR_CLOSED, "the registry was closed");
  }
  if (!pass(pool, line, wait)) {
    (void)pthread_mutex_unlock(&pool->lock);
    return mri_wait_error(wait, error, 0, pool->label);
  }
  pool->out++;
  mri_pooled *pooled = pick(pool, write);
  if (pooled == NULL) {
    (void)pthread_mutex_unlock(&pool->lock);
    status = make_connection(pool, wait, &pooled, error);
    (void)pthread_mutex_lock(&pool->lock);
    if (status == MR_OK) {
      pooled->next_made = pool->made;
      pool->made = pooled;
      if (write && !pool->single) pool->writer = pooled;
    } else {
      pool->out--;
      pass_on(line);
      tell_close(pool);
    }
  }
  (void)pthread_mutex_unlock(&pool->lock);
  if (status == MR_OK) *out = pooled;
  return status;
}

void mri_pool_release(mri_pool *pool, mri_pooled *pooled, bool write) {
  (void)pthread_mutex_lock(&pool->lock);
  if (pooled != pool->writer) {
    pooled->next_idle = pool->idle;
    pool->idle = pooled;
  }
  pool->out--;
  pass_on(line_of(pool, write));
  tell_close(pool);
  (void)pthread_mutex_unlock(&pool->lock);
}

static void wake_all(mri_turnstile *line) {
  for (mri_waiter *w = line->first; w != NULL; w = w->next) (void)pthread_cond_signal(&w->granted);
}

static void free_pooled(mri_pool *pool, mri_pooled *pooled, bool forked) {
  mri_statement_cache_clear(&pooled->cache, forked);
  pool->driver->disconnect(pooled->connection, forked);
  mri_mem_free(pool->mem, pooled);
}

static void free_all(mri_pool *pool, bool forked) {
  while (pool->made != NULL) {
    mri_pooled *pooled = pool->made;
    pool->made = pooled->next_made;
    if (pooled != pool->writer) free_pooled(pool, pooled, forked);
  }
  /* Last, because it is the one that can leave the files in order. */
  if (pool->writer != NULL) free_pooled(pool, pool->writer, forked);
  pool->writer = NULL;
  pool->idle = NULL;
}

void mri_pool_close(mri_pool *pool) {
  (void)pthread_mutex_lock(&pool->lock);
  atomic_store(&pool->closing, true);
  wake_all(&pool->readers);
  wake_all(&pool->writers);
  while (pool->out > 0 || pool->waiting > 0) (void)pthread_cond_wait(&pool->drained, &pool->lock);
  free_all(pool, false);
  (void)pthread_mutex_unlock(&pool->lock);
}

void mri_pool_free(mri_pool *pool, bool forked) {
  if (forked) {
    /* The locks may be held by threads that do not exist here. */
    free_all(pool, true);
    return;
  }
  assert(pool->made == NULL);
  (void)pthread_cond_destroy(&pool->drained);
  (void)pthread_condattr_destroy(&pool->clock);
  (void)pthread_mutex_destroy(&pool->lock);
}
