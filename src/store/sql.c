/* SPDX-License-Identifier: Apache-2.0 */
/* Statements within a transaction. */
#include "store/store_private.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>

/* The first failure dooms the transaction: the rest of it must not pretend otherwise. */
static mr_status doom(mri_tx *tx, const mr_error *reason, mr_error *error) {
  if (tx->failure.status == MR_OK) tx->failure = *reason;
  return mri_error_set_code(error, reason->status, reason->backend_code, "%s", reason->message);
}

static mr_status check_usable(mri_tx *tx, mr_error *error) {
  if (mri_store_is_forked(tx->store)) {
    return mri_error_set(error, MR_FORKED,
                         "the registry was opened before fork(); open it again in this process");
  }
  if (tx->failure.status == MR_OK) return MR_OK;
  return mri_error_set_code(error, tx->failure.status, tx->failure.backend_code, "%s",
                            tx->failure.message);
}

/* Takes a statement from the cache and into the list of the transaction. */
static mr_status take(mri_tx *tx, const char *sql, mri_stmt **out, mr_error *error) {
  mr_status status = check_usable(tx, error);
  if (status != MR_OK) return status;
  mr_error reason = MR_ERROR_INIT;
  mri_stmt *stmt = NULL;
  status = mri_statement_cache_take(&tx->pooled->cache, sql, &stmt, &reason);
  if (status == MR_OK && stmt->writes && tx->kind == MRI_TX_READ) {
    status = mri_error_set(&reason, MR_READ_ONLY, "a reading transaction cannot write: %s", sql);
    mri_statement_cache_give(&tx->pooled->cache, stmt);
  }
  if (status != MR_OK) return doom(tx, &reason, error);
  stmt->tx = tx;
  stmt->next_open = tx->open;
  tx->open = stmt;
  *out = stmt;
  return MR_OK;
}

void mri_stmt_done(mri_stmt *stmt) {
  if (stmt == NULL) return;
  mri_tx *tx = stmt->tx;
  if (mri_store_is_forked(tx->store)) return;
  mri_stmt **link = &tx->open;
  while (*link != stmt) link = &(*link)->next_open;
  *link = stmt->next_open;
  mri_statement_cache_give(&tx->pooled->cache, stmt);
}

/* What a driver binds: integers, reals, texts, bytes and NULL. */
static void normalise(const mri_value *in, size_t count, mri_value *out) {
  for (size_t i = 0; i < count; i++) {
    out[i] = in[i];
    if (in[i].type == 'r' && isnan(in[i].real)) out[i].type = 'n';
    if (in[i].type == 't' && in[i].data == NULL) out[i].type = 'n';
    if (in[i].type == 'd') {
      out[i].type = in[i].data == NULL ? 'n' : 'b';
      out[i].size = MRI_DIGEST_BYTES;
    }
  }
}

static mr_status bind_value(mri_stmt *stmt, int index, const mri_value *value, bool copy,
                            mr_error *error) {
  mri_tx *tx = stmt->tx;
  mri_value plain;
  normalise(value, 1, &plain);
  mr_error reason = MR_ERROR_INIT;
  mr_status status =
      tx->store->driver.bind(tx->pooled->connection, stmt->cursor, index, &plain, copy, &reason);
  return status == MR_OK ? MR_OK : doom(tx, &reason, error);
}

static mr_status bind_all(mri_stmt *stmt, bool copy, mr_error *error, const char *types,
                          va_list args) {
  for (int i = 0; types[i] != '\0'; i++) {
    mri_value value = {.type = types[i]};
    switch (types[i]) {
    case 'i':
      value.integer = va_arg(args, int64_t);
      break;
    case 'r':
      value.real = va_arg(args, double);
      break;
    case 't':
      value.data = va_arg(args, const char *);
      break;
    case 'b':
      value.data = va_arg(args, const void *);
      value.size = va_arg(args, size_t);
      break;
    case 'd':
      value.data = va_arg(args, const mri_digest *);
      break;
    default:
      assert(types[i] == 'n');
      break;
    }
    mr_status status = bind_value(stmt, i + 1, &value, copy, error);
    if (status != MR_OK) return status;
  }
  return MR_OK;
}

static mr_status query(mri_tx *tx, mr_error *error, bool copy, mri_stmt **out, const char *sql,
                       const char *types, va_list args) {
  mri_stmt *stmt = NULL;
  mr_status status = take(tx, sql, &stmt, error);
  if (status != MR_OK) return status;
  status = bind_all(stmt, copy, error, types, args);
  if (status != MR_OK) {
    mri_stmt_done(stmt);
    return status;
  }
  *out = stmt;
  return MR_OK;
}

mr_status mri_stmt_step(mri_stmt *stmt, bool *row, mr_error *error) {
  mri_tx *tx = stmt->tx;
  *row = false;
  mr_status status = check_usable(tx, error);
  if (status != MR_OK) return status;
  mr_error reason = MR_ERROR_INIT;
  status = tx->store->driver.step(tx->pooled->connection, stmt->cursor, row, &reason);
  return status == MR_OK ? MR_OK : doom(tx, &reason, error);
}

mr_status mri_sql_run(mri_tx *tx, mr_error *error, const char *sql, const char *types, ...) {
  mri_stmt *stmt = NULL;
  va_list args;
  va_start(args, types);
  mr_status status = query(tx, error, false, &stmt, sql, types, args);
  va_end(args);
  if (status != MR_OK) return status;
  bool row = true;
  while (status == MR_OK && row) status = mri_stmt_step(stmt, &row, error);
  if (status == MR_OK) {
    tx->changes = stmt->writes ? tx->store->driver.changes(tx->pooled->connection) : 0;
  }
  mri_stmt_done(stmt);
  return status;
}

mr_status mri_sql_query(mri_tx *tx, mr_error *error, mri_stmt **out, const char *sql,
                        const char *types, ...) {
  va_list args;
  va_start(args, types);
  mr_status status = query(tx, error, true, out, sql, types, args);
  va_end(args);
  return status;
}

static mr_status first(mri_tx *tx, mr_error *error, mri_stmt **out, bool *found, const char *sql,
                       const char *types, va_list args) {
  mri_stmt *stmt = NULL;
  *out = NULL;
  *found = false;
  mr_status status = query(tx, error, true, &stmt, sql, types, args);
  if (status != MR_OK) return status;
  status = mri_stmt_step(stmt, found, error);
  if (status == MR_OK && *found) {
    *out = stmt;
  } else {
    mri_stmt_done(stmt);
  }
  return status;
}

mr_status mri_sql_first(mri_tx *tx, mr_error *error, mri_stmt **out, bool *found, const char *sql,
                        const char *types, ...) {
  va_list args;
  va_start(args, types);
  mr_status status = first(tx, error, out, found, sql, types, args);
  va_end(args);
  return status;
}

mr_status mri_sql_int(mri_tx *tx, mr_error *error, int64_t missing, int64_t *out, const char *sql,
                      const char *types, ...) {
  mri_stmt *stmt = NULL;
  bool found = false;
  va_list args;
  va_start(args, types);
  mr_status status = first(tx, error, &stmt, &found, sql, types, args);
  va_end(args);
  if (status != MR_OK) return status;
  *out = found && !mri_stmt_is_null(stmt, 0) ? mri_stmt_int(stmt, 0) : missing;
  mri_stmt_done(stmt);
  return MR_OK;
}

/* Rows are normalised a few at a time, so that a batch of any length needs no memory. */
#define BATCH_VALUES 256

mr_status mri_sql_batch(mri_tx *tx, mr_error *error, const char *sql, size_t columns, size_t rows,
                        const mri_value *values) {
  assert(columns > 0 && columns <= BATCH_VALUES);
  mri_stmt *stmt = NULL;
  mr_status status = take(tx, sql, &stmt, error);
  if (status != MR_OK) return status;
  mr_error reason = MR_ERROR_INIT;
  mri_value plain[BATCH_VALUES];
  int64_t total = 0;
  size_t step = BATCH_VALUES / columns;
  for (size_t row = 0; row < rows && status == MR_OK; row += step) {
    size_t count = rows - row < step ? rows - row : step;
    int64_t changes = 0;
    normalise(values + row * columns, count * columns, plain);
    status = tx->store->driver.batch(tx->pooled->connection, stmt->cursor, columns, count, plain,
                                     &changes, &reason);
    total += changes;
  }
  mri_stmt_done(stmt);
  tx->changes = total;
  return status == MR_OK ? MR_OK : doom(tx, &reason, error);
}

static const mri_driver *driver_of(const mri_stmt *stmt) {
  return &stmt->tx->store->driver;
}

bool mri_stmt_is_null(const mri_stmt *stmt, int column) {
  return driver_of(stmt)->column_is_null(stmt->cursor, column);
}

int64_t mri_stmt_int(const mri_stmt *stmt, int column) {
  return driver_of(stmt)->column_int(stmt->cursor, column);
}

double mri_stmt_real(const mri_stmt *stmt, int column) {
  return driver_of(stmt)->column_real(stmt->cursor, column);
}

const char *mri_stmt_text(const mri_stmt *stmt, int column) {
  return driver_of(stmt)->column_text(stmt->cursor, column);
}

const void *mri_stmt_bytes(const mri_stmt *stmt, int column, size_t *size) {
  return driver_of(stmt)->column_bytes(stmt->cursor, column, size);
}

bool mri_stmt_digest(const mri_stmt *stmt, int column, mri_digest *out) {
  size_t size = 0;
  const uint8_t *bytes = mri_stmt_bytes(stmt, column, &size);
  if (bytes == NULL || size != MRI_DIGEST_BYTES) return false;
  for (size_t i = 0; i < size; i++) out->bytes[i] = bytes[i];
  return true;
}

mr_status mri_store_check(mri_tx *tx, mri_fault_fn each, void *ctx, mr_error *error) {
  mr_status status = check_usable(tx, error);
  if (status != MR_OK) return status;
  return tx->store->driver.check(tx->pooled->connection, each, ctx, error);
}

mr_status mri_store_check_references(mri_tx *tx, mri_fault_fn each, void *ctx, mr_error *error) {
  mr_status status = check_usable(tx, error);
  if (status != MR_OK) return status;
  return tx->store->driver.check_references(tx->pooled->connection, each, ctx, error);
}

mr_status mri_store_rebuild(mri_tx *tx, const char *index, bool *done, mr_error *error) {
  mr_status status = check_usable(tx, error);
  if (status != MR_OK) return status;
  return tx->store->driver.rebuild(tx->pooled->connection, index, done, error);
}

mr_status mri_store_backup(mri_tx *tx, const mri_backup_target *target, mr_error *error) {
  mr_status status = check_usable(tx, error);
  if (status != MR_OK) return status;
  return tx->store->driver.backup(tx->pooled->connection, target, error);
}
