/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the store share. */
#ifndef MRI_STORE_STORE_PRIVATE_H
#define MRI_STORE_STORE_PRIVATE_H

#include "base/vec.h"
#include "store/pool.h"

struct mri_store {
  const mri_mem *mem;
  mri_driver driver;
  mri_database *database; /* NULL once closed */
  mri_pool pool;
  uint64_t generation; /* of the process that opened it */
  int64_t busy_timeout_ms;
  const struct mri_schema *schema;
  pthread_mutex_t close_lock;
  char *label;
  char *location;
  mri_vec warnings; /* char * */
  mri_store_facts facts;
};

bool mri_store_is_forked(const mri_store *store);
/* Fills the transaction object of a connection that is the caller's own; begins nothing. */
mri_tx *mri_tx_prepare(mri_store *store, mri_pooled *pooled, mri_tx_kind kind);
/* Gives back statements that were left open. */
void mri_tx_reset_statements(mri_tx *tx);
/* The outcome of work that ended with `status`: a statement that failed dooms it. */
mr_status mri_tx_settle(mri_tx *tx, mr_status status, mr_error *error);

#endif
