/* SPDX-License-Identifier: Apache-2.0 */
/* The connections of one store: up to MRI_POOL_READERS that read, one that writes, made on first
 * use and handed out in the order of asking. */
#ifndef MRI_STORE_POOL_H
#define MRI_STORE_POOL_H

#include "store/driver.h"
#include "store/statement_cache.h"

#include <pthread.h>

#define MRI_POOL_READERS 8

typedef struct mri_pooled mri_pooled;

struct mri_tx {
  mri_store *store;
  mri_pooled *pooled;
  mri_tx_kind kind;
  mri_wait wait;
  mri_stmt *open;         /* statements in use */
  int64_t changes;        /* by the last statement */
  int64_t changes_before; /* total_changes when it began */
  mr_error failure;       /* of the first statement that failed */
};

struct mri_pooled {
  mri_pooled *next_idle;
  mri_pooled *next_made;
  mri_connection *connection;
  mri_statement_cache cache;
  mri_tx tx; /* the one that uses it now */
};

typedef struct mri_waiter mri_waiter;

/* A number of permits; who finds none stands in line. */
typedef struct mri_turnstile {
  unsigned free;
  mri_waiter *first;
  mri_waiter *last;
} mri_turnstile;

typedef struct mri_pool {
  const mri_mem *mem;
  const mri_driver *driver;
  mri_database *database;
  const char *label;
  bool single; /* one connection for everything */
  pthread_mutex_t lock;
  pthread_condattr_t clock; /* monotonic */
  pthread_cond_t drained;
  atomic_bool closing;
  unsigned out;     /* connections in use or being made */
  unsigned waiting; /* threads in a line */
  mri_turnstile readers;
  mri_turnstile writers;
  mri_pooled *idle;
  mri_pooled *made;
  mri_pooled *writer; /* NULL until the first write */
} mri_pool;

/* `first` is the connection that opened the database; the pool takes it over, also on failure. */
mr_status mri_pool_init(mri_pool *pool, const mri_mem *mem, const mri_driver *driver,
                        mri_database *database, mri_connection *first, const char *label,
                        bool single, mr_error *error);
mr_status mri_pool_acquire(mri_pool *pool, bool write, mri_wait *wait, mri_pooled **out,
                           mr_error *error);
void mri_pool_release(mri_pool *pool, mri_pooled *pooled, bool write);
/* Ends all waiting, waits until nothing is in use, closes the connections. */
void mri_pool_close(mri_pool *pool);
/* Memory; what is not closed yet is left to the parent process. */
void mri_pool_free(mri_pool *pool, bool forked);

#endif
