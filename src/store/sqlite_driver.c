/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions and statements on SQLite, and the driver's table. */
#include "store/sqlite_private.h"

#include <assert.h>
#include <stdio.h>

enum { SYNCHRONOUS_NORMAL = 1, SYNCHRONOUS_FULL = 2 };

static int prepare_kept(mri_connection *connection, sqlite3_stmt **slot, const char *sql) {
  if (*slot != NULL) return SQLITE_OK;
  return sqlite3_prepare_v3(connection->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
}

static int run_kept(mri_connection *connection, sqlite3_stmt **slot, const char *sql,
                    int64_t *value) {
  int code = prepare_kept(connection, slot, sql);
  if (code != SQLITE_OK) return code;
  code = sqlite3_step(*slot);
  if (code == SQLITE_ROW && value != NULL) *value = sqlite3_column_int64(*slot, 0);
  int end = sqlite3_reset(*slot);
  return code == SQLITE_DONE || code == SQLITE_ROW ? end : code;
}

int mri_sqlite_start(mri_connection *connection, bool write) {
  /* First the way out, so that no transaction stays open because memory ran out. */
  int code = prepare_kept(connection, &connection->rollback, "ROLLBACK");
  if (code != SQLITE_OK) return code;
  if (write) return run_kept(connection, &connection->begin_write, "BEGIN IMMEDIATE", NULL);
  return run_kept(connection, &connection->begin_read, "BEGIN", NULL);
}

/* The pragma works while the statement is compiled, so it cannot be kept prepared. */
static int set_synchronous(mri_connection *connection, int level) {
  if (connection->synchronous == level) return SQLITE_OK;
  int code = mri_sqlite_exec(connection, level == SYNCHRONOUS_FULL ? "PRAGMA synchronous=FULL"
                                                                   : "PRAGMA synchronous=NORMAL");
  if (code == SQLITE_OK) connection->synchronous = level;
  return code;
}

/* Called by SQLite every so many steps of a statement; not 0 ends it. */
static int on_progress(void *ctx) {
  const mri_connection *connection = ctx;
  return connection->wait != NULL && mri_wait_check(connection->wait) == MR_CANCELLED;
}

static void watch_cancel(mri_connection *connection, bool on) {
  if (connection->progress == on) return;
  sqlite3_progress_handler(connection->handle, on ? 5000 : 0, on ? on_progress : NULL, connection);
  connection->progress = on;
}

/* Works between transactions only. */
static int enforce_references(mri_connection *connection, bool on) {
  if (connection->lax == !on) return SQLITE_OK;
  int code =
      sqlite3_db_config(connection->handle, SQLITE_DBCONFIG_ENABLE_FKEY, on ? 1 : 0, (int *)NULL);
  if (code == SQLITE_OK) connection->lax = !on;
  return code;
}

void mri_sqlite_rollback(mri_connection *connection) {
  watch_cancel(connection, false);
  if (!sqlite3_get_autocommit(connection->handle)) {
    (void)run_kept(connection, &connection->rollback, "ROLLBACK", NULL);
  }
  /* A rollback can expire every statement there is; this one must be good when memory is short, so
   * the next transaction compiles it anew before it begins. */
  (void)sqlite3_finalize(connection->rollback);
  connection->rollback = NULL;
  connection->wait = NULL;
  (void)enforce_references(connection, true);
}

static int begin_once(mri_connection *connection, mri_begin_mode mode, int64_t *version) {
  int code = SQLITE_OK;
  if (mode != MRI_BEGIN_READ) {
    code = set_synchronous(connection,
                           mode == MRI_BEGIN_APPEND ? SYNCHRONOUS_NORMAL : SYNCHRONOUS_FULL);
  }
  if (code == SQLITE_OK && mode == MRI_BEGIN_MIGRATE) code = enforce_references(connection, false);
  if (code != SQLITE_OK) return code;
  code = mri_sqlite_start(connection, mode != MRI_BEGIN_READ);
  /* A read takes its snapshot here, where it may still wait and be tried again. */
  if (code == SQLITE_OK) {
    code = run_kept(connection, &connection->version, "PRAGMA user_version", version);
  }
  return code;
}

static mr_status begin(mri_connection *connection, mri_begin_mode mode, mri_wait *wait,
                       int64_t *version, mr_error *error) {
  int code;
  if (mode == MRI_BEGIN_CREATE) {
    mr_status status = mri_sqlite_mark_file(connection, wait, error);
    if (status != MR_OK) return status;
    connection->synchronous = 0; /* changed behind our back */
  }
  for (;;) {
    connection->wait = wait;
    connection->durable = mode == MRI_BEGIN_DURABLE;
    connection->log_frames = 0;
    code = begin_once(connection, mode, version);
    if (code == SQLITE_OK) {
      watch_cancel(connection, wait->cancel != NULL);
      return MR_OK;
    }
    mr_status status = mri_sqlite_status(code);
    if (status != MR_BUSY) break;
    mri_sqlite_rollback(connection);
    if (!mri_sqlite_again(code, wait)) break;
  }
  mr_status status = mri_sqlite_error(connection->database, connection->handle, code, wait, error,
                                      mode == MRI_BEGIN_READ ? "read" : "write to");
  mri_sqlite_rollback(connection);
  return status;
}

/* A transaction counts as a call of SQLite under way from here to its end. */
static mr_status sqlite_begin(mri_connection *connection, mri_begin_mode mode, mri_wait *wait,
                              int64_t *version, mr_error *error) {
  mri_sqlite_enter();
  mr_status status = begin(connection, mode, wait, version, error);
  if (status != MR_OK) mri_sqlite_leave();
  return status;
}

static void sqlite_rollback(mri_connection *connection) {
  mri_sqlite_rollback(connection);
  mri_sqlite_leave();
}

static void sqlite_maintain(mri_connection *connection) {
  mri_sqlite_enter();
  mri_sqlite_maintain(connection);
  mri_sqlite_leave();
}

/* A transaction that changed no page (SQLite does not write what is equal) syncs nothing by itself;
 * what it found there may be an earlier commit that is not on the disk yet. */
static int sync_log(mri_connection *connection) {
  sqlite3_file *log = NULL;
  int code =
      sqlite3_file_control(connection->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, (void *)&log);
  if (code != SQLITE_OK || log == NULL || log->pMethods == NULL) return code;
  return log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
}

static mr_status sqlite_commit(mri_connection *connection, mr_error *error) {
  mr_status status = MR_OK;
  watch_cancel(connection, false);
  if (sqlite3_get_autocommit(connection->handle)) {
    /* Only a failed statement ends a transaction early, and then the store does not commit. */
    status = mri_error_set(error, MR_IO, "%s: the transaction was rolled back; nothing changed",
                           connection->database->label);
  } else {
    int code = run_kept(connection, &connection->commit, "COMMIT", NULL);
    if (code == SQLITE_OK && connection->durable && connection->log_frames == 0) {
      code = sync_log(connection);
    }
    mri_sqlite_note_sync(connection->database, code);
    if (code != SQLITE_OK) {
      status = mri_sqlite_error(connection->database, connection->handle, code, connection->wait,
                                error, "commit to");
    }
  }
  if (status != MR_OK) mri_sqlite_rollback(connection);
  (void)enforce_references(connection, true);
  connection->wait = NULL;
  mri_sqlite_leave();
  return status;
}

/* Of one moment: another process may be making the registry meanwhile. */
static int look_inside(mri_connection *connection, mri_database_state *out) {
  sqlite3 *handle = connection->handle;
  int64_t id = 0;
  int64_t version = 0;
  int64_t pages = 0;
  int64_t objects = 0;
  int code = SQLITE_OK;
  if (sqlite3_get_autocommit(handle) != 0) {
    code = mri_sqlite_start(connection, false);
  }
  if (code == SQLITE_OK) code = mri_sqlite_query_int(handle, "PRAGMA application_id", &id);
  if (code == SQLITE_OK) code = mri_sqlite_query_int(handle, "PRAGMA user_version", &version);
  if (code == SQLITE_OK) code = mri_sqlite_query_int(handle, "PRAGMA page_count", &pages);
  bool ours = id == MRI_SQLITE_APPLICATION_ID;
  if (code == SQLITE_OK && version == 0 && pages > 0) {
    code = mri_sqlite_query_int(handle, "SELECT count(*) FROM sqlite_schema", &objects);
  }
  bool blank = version == 0 && objects == 0;
  *out = MRI_DATABASE_FOREIGN;
  if (blank && (ours || pages == 0 || connection->database->memory)) *out = MRI_DATABASE_EMPTY;
  if (ours && !blank) *out = MRI_DATABASE_REGISTRY;
  if (code == SQLITE_OK && ours) code = mri_sqlite_check_end(connection->database, handle);
  return code;
}

static mr_status find_state(mri_connection *connection, mri_wait *wait, mri_database_state *out,
                            mr_error *error) {
  bool own = sqlite3_get_autocommit(connection->handle) != 0;
  for (;;) {
    connection->wait = wait;
    int code = look_inside(connection, out);
    mr_status status = mri_sqlite_status(code);
    if (status != MR_OK && status != MR_BUSY) {
      status =
          mri_sqlite_error(connection->database, connection->handle, code, wait, error, "open");
    }
    if (own) mri_sqlite_rollback(connection);
    if (status != MR_BUSY) return status;
    if (mri_sqlite_again(code, wait)) continue;
    return mri_sqlite_error(connection->database, NULL, code, wait, error, "open");
  }
}

static mr_status sqlite_state(mri_connection *connection, mri_wait *wait, mri_database_state *out,
                              mr_error *error) {
  mri_sqlite_enter();
  mr_status status = find_state(connection, wait, out, error);
  mri_sqlite_leave();
  return status;
}

static mr_status sqlite_accept(mri_connection *connection, bool read_only, mri_wait *wait,
                               mr_error *error) {
  mri_sqlite_enter();
  mr_status status = mri_sqlite_accept(connection, read_only, wait, error);
  mri_sqlite_leave();
  return status;
}

static mr_status sqlite_mark(mri_connection *connection, int64_t version, mr_error *error) {
  char sql[96];
  (void)snprintf(sql, sizeof(sql), "PRAGMA application_id=%s; PRAGMA user_version=%d",
                 MRI_SQLITE_MARK_TEXT, (int)version);
  int code = mri_sqlite_exec(connection, sql);
  if (code == SQLITE_OK) return MR_OK;
  return mri_sqlite_error(connection->database, connection->handle, code, connection->wait, error,
                          "write to");
}

/* A cursor is the sqlite3_stmt itself. */
static sqlite3_stmt *stmt_of(mri_cursor *cursor) {
  return (sqlite3_stmt *)(void *)cursor;
}

static mr_status statement_error(mri_connection *connection, int code, mr_error *error) {
  return mri_sqlite_error(connection->database, connection->handle, code, connection->wait, error,
                          "use");
}

static mr_status sqlite_prepare(mri_connection *connection, const char *sql, bool keep,
                                mri_cursor **out, bool *writes, mr_error *error) {
  sqlite3_stmt *stmt = NULL;
  int code = sqlite3_prepare_v3(connection->handle, sql, -1, keep ? SQLITE_PREPARE_PERSISTENT : 0,
                                &stmt, NULL);
  if (code != SQLITE_OK) return statement_error(connection, code, error);
  if (stmt == NULL) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "an empty statement cannot be run");
  }
  *writes = sqlite3_stmt_readonly(stmt) == 0;
  *out = (mri_cursor *)(void *)stmt;
  return MR_OK;
}

static int bind_value(sqlite3_stmt *stmt, int index, const mri_value *value,
                      sqlite3_destructor_type keep) {
  switch (value->type) {
  case 'i':
    return sqlite3_bind_int64(stmt, index, value->integer);
  case 'r':
    return sqlite3_bind_double(stmt, index, value->real);
  case 't':
    return sqlite3_bind_text(stmt, index, value->data, -1, keep);
  case 'b':
    if (value->data == NULL && value->size == 0) return sqlite3_bind_zeroblob(stmt, index, 0);
    return sqlite3_bind_blob64(stmt, index, value->data, value->size, keep);
  default:
    return sqlite3_bind_null(stmt, index);
  }
}

static mr_status sqlite_bind(mri_connection *connection, mri_cursor *cursor, int index,
                             const mri_value *value, bool copy, mr_error *error) {
  int code = bind_value(stmt_of(cursor), index, value, copy ? SQLITE_TRANSIENT : SQLITE_STATIC);
  return code == SQLITE_OK ? MR_OK : statement_error(connection, code, error);
}

static mr_status sqlite_step(mri_connection *connection, mri_cursor *cursor, bool *row,
                             mr_error *error) {
  int code = sqlite3_step(stmt_of(cursor));
  *row = code == SQLITE_ROW;
  if (code == SQLITE_ROW || code == SQLITE_DONE) return MR_OK;
  return statement_error(connection, code, error);
}

static void sqlite_reset(mri_cursor *cursor) {
  (void)sqlite3_reset(stmt_of(cursor));
  (void)sqlite3_clear_bindings(stmt_of(cursor));
}

static void sqlite_finalize(mri_cursor *cursor, bool forked) {
  if (!forked) (void)sqlite3_finalize(stmt_of(cursor));
}

static mr_status sqlite_batch(mri_connection *connection, mri_cursor *cursor, size_t columns,
                              size_t rows, const mri_value *values, int64_t *changes,
                              mr_error *error) {
  sqlite3_stmt *stmt = stmt_of(cursor);
  int code = SQLITE_OK;
  *changes = 0;
  for (size_t row = 0; row < rows && code == SQLITE_OK; row++) {
    const mri_value *value = values + row * columns;
    for (size_t i = 0; i < columns && code == SQLITE_OK; i++) {
      code = bind_value(stmt, (int)i + 1, &value[i], SQLITE_STATIC);
    }
    if (code != SQLITE_OK) break;
    do {
      code = sqlite3_step(stmt);
    } while (code == SQLITE_ROW);
    if (code == SQLITE_DONE) code = SQLITE_OK;
    if (code != SQLITE_OK) break;
    *changes += sqlite3_changes64(connection->handle);
    code = sqlite3_reset(stmt);
  }
  mr_status status = code == SQLITE_OK ? MR_OK : statement_error(connection, code, error);
  sqlite_reset(cursor);
  return status;
}

static bool column_is_null(mri_cursor *cursor, int column) {
  return sqlite3_column_type(stmt_of(cursor), column) == SQLITE_NULL;
}

static int64_t column_int(mri_cursor *cursor, int column) {
  return sqlite3_column_int64(stmt_of(cursor), column);
}

static double column_real(mri_cursor *cursor, int column) {
  return sqlite3_column_double(stmt_of(cursor), column);
}

static const char *column_text(mri_cursor *cursor, int column) {
  return (const char *)sqlite3_column_text(stmt_of(cursor), column);
}

static const void *column_bytes(mri_cursor *cursor, int column, size_t *size) {
  sqlite3_stmt *stmt = stmt_of(cursor);
  const void *bytes = sqlite3_column_blob(stmt, column);
  *size = (size_t)sqlite3_column_bytes(stmt, column);
  /* SQLite gives NULL for an empty value too. */
  if (bytes == NULL && sqlite3_column_type(stmt, column) != SQLITE_NULL) bytes = "";
  return bytes;
}

static int64_t changes(mri_connection *connection) {
  return sqlite3_changes64(connection->handle);
}

static int64_t total_changes(mri_connection *connection) {
  return sqlite3_total_changes64(connection->handle);
}

const mri_driver *mri_sqlite_driver(void) {
  static const mri_dialect dialect = {
      .int_type = "INTEGER",
      .real_type = "REAL",
      .text_type = "TEXT",
      .bytes_type = "BLOB",
      .strict = "STRICT",
      .catalog_sql = "SELECT type, name, sql FROM sqlite_schema "
                     "WHERE name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY rowid",
  };
  static const mri_driver driver = {
      .struct_size = sizeof(mri_driver),
      .name = "sqlite",
      .dialect = &dialect,
      .open = mri_sqlite_open,
      .facts = mri_sqlite_facts,
      .close = mri_sqlite_close,
      .connect = mri_sqlite_connect,
      .disconnect = mri_sqlite_disconnect,
      .accept = sqlite_accept,
      .begin = sqlite_begin,
      .commit = sqlite_commit,
      .rollback = sqlite_rollback,
      .maintain = sqlite_maintain,
      .state = sqlite_state,
      .mark = sqlite_mark,
      .prepare = sqlite_prepare,
      .bind = sqlite_bind,
      .step = sqlite_step,
      .reset = sqlite_reset,
      .finalize = sqlite_finalize,
      .batch = sqlite_batch,
      .column_is_null = column_is_null,
      .column_int = column_int,
      .column_real = column_real,
      .column_text = column_text,
      .column_bytes = column_bytes,
      .changes = changes,
      .total_changes = total_changes,
      .map_error = mri_sqlite_status,
      .check = mri_sqlite_check,
      .check_references = mri_sqlite_check_references,
      .rebuild = mri_sqlite_rebuild,
      .backup = mri_sqlite_backup,
  };
  return &driver;
}
