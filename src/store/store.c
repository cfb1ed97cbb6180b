/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions, and the end of a store. */
#include "base/cancel_token.h"
#include "base/os_fork.h"
#include "store/store_private.h"

#include <assert.h>
#include <inttypes.h>

bool mri_store_is_forked(const mri_store *store) {
  return store->generation != mri_fork_generation();
}

const mri_store_facts *mri_store_facts_of(const mri_store *store) {
  return &store->facts;
}

static mr_status forked_error(mr_error *error) {
  return mri_error_set(error, MR_FORKED,
                       "the registry was opened before fork(); open it again in this process");
}

static mri_begin_mode mode_of(mri_tx_kind kind) {
  switch (kind) {
  case MRI_TX_GOVERN:
    return MRI_BEGIN_GOVERN;
  case MRI_TX_APPEND:
    return MRI_BEGIN_APPEND;
  case MRI_TX_APPEND_DURABLE:
    return MRI_BEGIN_DURABLE;
  case MRI_TX_READ:
  default:
    return MRI_BEGIN_READ;
  }
}

mri_tx *mri_tx_prepare(mri_store *store, mri_pooled *pooled, mri_tx_kind kind) {
  mri_tx *tx = &pooled->tx;
  tx->store = store;
  tx->pooled = pooled;
  tx->kind = kind;
  tx->open = NULL;
  tx->changes = 0;
  tx->changes_before = store->driver.total_changes(pooled->connection);
  tx->failure = (mr_error)MR_ERROR_INIT;
  return tx;
}

/* A registry that was migrated by a newer library while we had it open is not ours to write any
 * more, and perhaps not to read: opening it again decides. */
static mr_status check_version(const mri_store *store, int64_t version, mr_error *error) {
  if (version == store->facts.schema_version) return MR_OK;
  return mri_error_set(error, MR_NOT_SUPPORTED,
                       "%s changed from schema version %" PRId64 " to %" PRId64
                       " while it is open; close it and open it again",
                       store->label, store->facts.schema_version, version);
}

mr_status mri_tx_begin(mri_store *store, mri_tx_kind kind, const mr_cancel *cancel, mri_tx **out,
                       mr_error *error) {
  return mri_tx_begin_within(store, kind, store->busy_timeout_ms, cancel, out, error);
}

mr_status mri_tx_begin_within(mri_store *store, mri_tx_kind kind, int64_t budget_ms,
                              const mr_cancel *cancel, mri_tx **out, mr_error *error) {
  if (mri_store_is_forked(store)) return forked_error(error);
  bool write = kind != MRI_TX_READ;
  mri_wait wait;
  mri_wait_init(&wait, budget_ms, cancel, &store->pool.closing);
  if (mri_cancel_triggered(cancel)) {
    return mri_error_set(error, MR_CANCELLED, "cancelled before anything was done");
  }
  if (write && store->facts.read_only) {
    return mri_error_set(error, MR_READ_ONLY, "%s is open read-only", store->label);
  }
  mri_pooled *pooled = NULL;
  mr_status status = mri_pool_acquire(&store->pool, write, &wait, &pooled, error);
  if (status != MR_OK) return status;
  mri_tx *tx = mri_tx_prepare(store, pooled, kind);
  tx->wait = wait;
  int64_t version = 0;
  status = store->driver.begin(pooled->connection, mode_of(kind), &tx->wait, &version, error);
  if (status == MR_OK) {
    status = check_version(store, version, error);
    if (status != MR_OK) store->driver.rollback(pooled->connection);
  }
  if (status != MR_OK) {
    mri_pool_release(&store->pool, pooled, write);
    return status;
  }
  *out = tx;
  return MR_OK;
}

void mri_tx_reset_statements(mri_tx *tx) {
  while (tx->open != NULL) mri_stmt_done(tx->open);
}

mr_status mri_tx_settle(mri_tx *tx, mr_status status, mr_error *error) {
  assert(tx->open == NULL);
  mri_tx_reset_statements(tx);
  if (status != MR_OK || tx->failure.status == MR_OK) return status;
  return mri_error_set_code(error, tx->failure.status, tx->failure.backend_code, "%s",
                            tx->failure.message);
}

/* What resolvers watch. */
static mr_status bump(mri_tx *tx, mr_error *error) {
  mri_store *store = tx->store;
  if (store->driver.total_changes(tx->pooled->connection) == tx->changes_before) return MR_OK;
  mr_status status =
      mri_sql_run(tx, error, "UPDATE governance SET sequence = sequence + 1 WHERE id = 1", "");
  if (status != MR_OK || tx->changes == 1) return status;
  return mri_error_set(error, MR_CORRUPT, "the row of 'governance' is missing in %s", store->label);
}

mr_status mri_tx_end(mri_tx *tx, mr_status status, mr_error *error) {
  mri_store *store = tx->store;
  mri_pooled *pooled = tx->pooled;
  if (mri_store_is_forked(store)) return status != MR_OK ? status : forked_error(error);
  status = mri_tx_settle(tx, status, error);
  bool write = tx->kind != MRI_TX_READ;
  if (status == MR_OK && tx->kind == MRI_TX_GOVERN) status = bump(tx, error);
  if (status == MR_OK) {
    status = store->driver.commit(pooled->connection, error);
    if (status == MR_OK && write) store->driver.maintain(pooled->connection);
  } else {
    store->driver.rollback(pooled->connection);
  }
  mri_pool_release(&store->pool, pooled, write);
  return status;
}

int64_t mri_tx_changes(const mri_tx *tx) {
  return tx->changes;
}

void mri_store_close(mri_store *store) {
  if (store == NULL || mri_store_is_forked(store)) return;
  (void)pthread_mutex_lock(&store->close_lock);
  if (store->database != NULL) {
    mri_pool_close(&store->pool);
    store->driver.close(store->database, false);
    store->database = NULL;
  }
  (void)pthread_mutex_unlock(&store->close_lock);
}

void mri_store_free(mri_store *store) {
  if (store == NULL) return;
  bool forked = mri_store_is_forked(store);
  mri_pool_free(&store->pool, forked);
  if (forked) {
    if (store->database != NULL) store->driver.close(store->database, true);
  } else {
    assert(store->database == NULL);
    (void)pthread_mutex_destroy(&store->close_lock);
  }
  char **warnings = store->warnings.items;
  for (size_t i = 0; i < store->warnings.count; i++) mri_mem_free(store->mem, warnings[i]);
  mri_vec_free(&store->warnings);
  mri_mem_free(store->mem, store->label);
  mri_mem_free(store->mem, store->location);
  mri_mem_free(store->mem, store);
}
