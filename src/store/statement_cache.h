/* SPDX-License-Identifier: Apache-2.0 */
/* The prepared statements of one connection, found by the address of their SQL literal. */
#ifndef MRI_STORE_STATEMENT_CACHE_H
#define MRI_STORE_STATEMENT_CACHE_H

#include "store/driver.h"

#define MRI_STATEMENT_CACHE_BUCKETS  64
#define MRI_STATEMENT_CACHE_CAPACITY 128

struct mri_stmt {
  mri_tx *tx; /* that uses it now */
  mri_cursor *cursor;
  const char *address;
  char *sql;
  bool writes;
  bool in_use;
  bool cached;         /* false: was in use already, or the cache is full of statements in use */
  mri_stmt *in_bucket; /* the next one */
  mri_stmt *newer;     /* by last use */
  mri_stmt *older;
  mri_stmt *next_open; /* of the transaction */
};

typedef struct mri_statement_cache {
  const mri_mem *mem;
  const mri_driver *driver;
  mri_connection *connection;
  size_t capacity;
  size_t count;
  mri_stmt *buckets[MRI_STATEMENT_CACHE_BUCKETS];
  mri_stmt *newest;
  mri_stmt *oldest;
} mri_statement_cache;

void mri_statement_cache_init(mri_statement_cache *cache, const mri_mem *mem,
                              const mri_driver *driver, mri_connection *connection,
                              size_t capacity);
/* None may be in use, unless the process was forked. */
void mri_statement_cache_clear(mri_statement_cache *cache, bool forked);
/* A statement for `sql` that nobody else uses, prepared now if need be. */
mr_status mri_statement_cache_take(mri_statement_cache *cache, const char *sql, mri_stmt **out,
                                   mr_error *error);
/* Resets it and keeps it for the next time. */
void mri_statement_cache_give(mri_statement_cache *cache, mri_stmt *stmt);

#endif
