/* SPDX-License-Identifier: Apache-2.0 */
#include "store/statement_cache.h"

#include <assert.h>
#include <string.h>

void mri_statement_cache_init(mri_statement_cache *cache, const mri_mem *mem,
                              const mri_driver *driver, mri_connection *connection,
                              size_t capacity) {
  *cache = (mri_statement_cache){
      .mem = mem, .driver = driver, .connection = connection, .capacity = capacity};
}

static mri_stmt **bucket_of(mri_statement_cache *cache, const char *address) {
  uint64_t hash = (uint64_t)(uintptr_t)address * UINT64_C(0x9e3779b97f4a7c15);
  return &cache->buckets[(hash >> 32) % MRI_STATEMENT_CACHE_BUCKETS];
}

static void unlink_use(mri_statement_cache *cache, mri_stmt *stmt) {
  if (stmt->newer != NULL) {
    stmt->newer->older = stmt->older;
  } else {
    cache->newest = stmt->older;
  }
  if (stmt->older != NULL) {
    stmt->older->newer = stmt->newer;
  } else {
    cache->oldest = stmt->newer;
  }
  stmt->newer = NULL;
  stmt->older = NULL;
}

static void link_newest(mri_statement_cache *cache, mri_stmt *stmt) {
  stmt->older = cache->newest;
  stmt->newer = NULL;
  if (cache->newest != NULL) cache->newest->newer = stmt;
  cache->newest = stmt;
  if (cache->oldest == NULL) cache->oldest = stmt;
}

static void destroy(mri_statement_cache *cache, mri_stmt *stmt, bool forked) {
  if (stmt->cursor != NULL) cache->driver->finalize(stmt->cursor, forked);
  mri_mem_free(cache->mem, stmt->sql);
  mri_mem_free(cache->mem, stmt);
}

static void drop(mri_statement_cache *cache, mri_stmt *stmt, bool forked) {
  mri_stmt **link = bucket_of(cache, stmt->address);
  while (*link != stmt) link = &(*link)->in_bucket;
  *link = stmt->in_bucket;
  unlink_use(cache, stmt);
  cache->count--;
  destroy(cache, stmt, forked);
}

void mri_statement_cache_clear(mri_statement_cache *cache, bool forked) {
  while (cache->oldest != NULL) {
    assert(forked || !cache->oldest->in_use);
    drop(cache, cache->oldest, forked);
  }
}

static mr_status prepare(mri_statement_cache *cache, const char *sql, mri_stmt **out,
                         mr_error *error) {
  mri_stmt *stmt = mri_mem_zalloc(cache->mem, 1, sizeof(*stmt));
  if (stmt == NULL) return mri_error_no_memory(error);
  stmt->address = sql;
  stmt->sql = mri_mem_strdup(cache->mem, sql);
  mr_status status = stmt->sql != NULL ? MR_OK : mri_error_no_memory(error);
  if (status == MR_OK) {
    status =
        cache->driver->prepare(cache->connection, sql, true, &stmt->cursor, &stmt->writes, error);
  }
  if (status != MR_OK) {
    destroy(cache, stmt, false);
    return status;
  }
  *out = stmt;
  return MR_OK;
}

/* Room for one more; false when everything is in use. */
static bool make_room(mri_statement_cache *cache) {
  if (cache->count < cache->capacity) return true;
  for (mri_stmt *stmt = cache->oldest; stmt != NULL; stmt = stmt->newer) {
    if (stmt->in_use) continue;
    drop(cache, stmt, false);
    return true;
  }
  return false;
}

mr_status mri_statement_cache_take(mri_statement_cache *cache, const char *sql, mri_stmt **out,
                                   mr_error *error) {
  mri_stmt *found = *bucket_of(cache, sql);
  while (found != NULL && found->address != sql) found = found->in_bucket;
  /* The text is compared because SQL built at run time may lie where other SQL lay before. */
  bool same = found != NULL && strcmp(found->sql, sql) == 0;
  if (same && !found->in_use) {
    if (cache->newest != found) {
      unlink_use(cache, found);
      link_newest(cache, found);
    }
    found->in_use = true;
    *out = found;
    return MR_OK;
  }
  mri_stmt *stmt = NULL;
  mr_status status = prepare(cache, sql, &stmt, error);
  if (status != MR_OK) return status;
  if (found != NULL && !found->in_use) {
    drop(cache, found, false);
    found = NULL;
  }
  if (found == NULL && make_room(cache)) {
    mri_stmt **bucket = bucket_of(cache, sql);
    stmt->in_bucket = *bucket;
    *bucket = stmt;
    link_newest(cache, stmt);
    cache->count++;
    stmt->cached = true;
  }
  stmt->in_use = true;
  *out = stmt;
  return MR_OK;
}

void mri_statement_cache_give(mri_statement_cache *cache, mri_stmt *stmt) {
  assert(stmt->in_use);
  stmt->in_use = false;
  stmt->tx = NULL;
  if (stmt->cached) {
    cache->driver->reset(stmt->cursor);
  } else {
    destroy(cache, stmt, false);
  }
}
