/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "store/sqlite_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REASON_SHOWN 160 /* bytes of what SQLite says */

mr_status mri_sqlite_status(int64_t code) {
  if (code == SQLITE_IOERR_NOMEM) return MR_NO_MEMORY;
  if (code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_UNIQUE ||
      code == SQLITE_CONSTRAINT_ROWID) {
    return MR_ALREADY_EXISTS;
  }
  switch ((int)(code & 0xff)) {
  case SQLITE_OK:
  case SQLITE_ROW:
  case SQLITE_DONE:
    return MR_OK;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
  case SQLITE_PROTOCOL:
    return MR_BUSY;
  case SQLITE_NOMEM:
    return MR_NO_MEMORY;
  case SQLITE_READONLY:
    return MR_READ_ONLY;
  case SQLITE_INTERRUPT:
    return MR_CANCELLED;
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return MR_CORRUPT;
  case SQLITE_TOOBIG:
    return MR_LIMIT;
  case SQLITE_CONSTRAINT:
    return MR_CONFLICT;
  case SQLITE_MISMATCH:
    return MR_INVALID_ARGUMENT;
  case SQLITE_ERROR:
  case SQLITE_SCHEMA:
  case SQLITE_AUTH:
  case SQLITE_RANGE:
  case SQLITE_MISUSE:
    return MR_NOT_SUPPORTED;
  default: /* IOERR, FULL, CANTOPEN, PERM, NOLFS */
    return MR_IO;
  }
}

static int file_errno(sqlite3_file *file) {
  int number = 0;
  if (file == NULL || file->pMethods == NULL || file->pMethods->xFileControl == NULL) return 0;
  int code = file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &number);
  return code == SQLITE_OK ? number : 0;
}

static int errno_of(sqlite3 *handle, int opcode) {
  sqlite3_file *file = NULL;
  if (handle == NULL) return 0;
  int code = sqlite3_file_control(handle, "main", opcode, (void *)&file);
  return code == SQLITE_OK ? file_errno(file) : 0;
}

int mri_sqlite_file_errno(sqlite3 *handle) {
  return errno_of(handle, SQLITE_FCNTL_FILE_POINTER);
}

/* Whether that is what the connection failed with last, and not something older or of another. */
static bool is_last(sqlite3 *handle, int code) {
  return handle != NULL && sqlite3_extended_errcode(handle) == code;
}

/* What the system said, 0: nothing. SQLite keeps it with the connection when a statement fails, but
 * not when a commit does, which writes the log, or the reading of a backup. */
static int system_errno(sqlite3 *handle, int code) {
  bool writing =
      code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_TRUNCATE;
  int number = writing ? errno_of(handle, SQLITE_FCNTL_JOURNAL_POINTER) : 0;
  if (number == 0 && is_last(handle, code)) number = sqlite3_system_errno(handle);
  if (number == 0) number = errno_of(handle, SQLITE_FCNTL_JOURNAL_POINTER);
  return number != 0 ? number : mri_sqlite_file_errno(handle);
}

/* SQLite takes a disk that cannot be read for a damaged file, which no backup would mend. */
static bool is_unreadable(sqlite3 *handle) {
  return mri_sqlite_file_errno(handle) == EIO ||
         errno_of(handle, SQLITE_FCNTL_JOURNAL_POINTER) == EIO;
}

/* With MR_IO the host gets an errno, never a code of SQLite: the two share their numbers. */
static mr_status io_error(const mri_database *db, int number, int code, mr_error *error,
                          const char *action) {
  char reason[128] = "";
  if (number == 0 || strerror_r(number, reason, sizeof(reason)) != 0) {
    (void)snprintf(reason, sizeof(reason), "%s", sqlite3_errstr(code));
  }
  bool open = (code & 0xff) == SQLITE_CANTOPEN;
  return mri_error_set_code(error, MR_IO, number != 0 ? number : EIO, "cannot %s %s: %s%s", action,
                            db->label, reason,
                            open ? "; its folder, its -wal and its -shm file must be readable, "
                                   "and there to be read or possible to make"
                                 : "");
}

mr_status mri_sqlite_error(const mri_database *db, sqlite3 *handle, int code, const mri_wait *wait,
                           mr_error *error, const char *action) {
  mr_status status = mri_sqlite_status(code);
  const char *text = is_last(handle, code) ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  /* It may quote a damaged schema, and the way out comes after it. */
  int fit = mri_text_fit(text, REASON_SHOWN);
  switch (status) {
  case MR_NO_MEMORY:
    return mri_error_no_memory(error);
  case MR_BUSY:
    if (wait != NULL) return mri_wait_error(wait, error, code, db->label);
    return mri_error_set_code(error, MR_BUSY, code, "%s is in use by others; try again", db->label);
  case MR_CANCELLED:
    return mri_error_set_code(error, MR_CANCELLED, code, "cancelled while using %s", db->label);
  case MR_READ_ONLY:
    return mri_error_set_code(error, MR_READ_ONLY, code,
                              "cannot %s %s: it may only be read (%.*s); the file, its folder, its "
                              "-wal and its -shm file must be writable",
                              action, db->label, fit, text);
  case MR_CORRUPT:
    if ((code & 0xff) == SQLITE_NOTADB) {
      return mri_error_set_code(error, MR_CORRUPT, code, "%s is no registry: not an SQLite file",
                                db->label);
    }
    if (is_unreadable(handle)) return io_error(db, EIO, SQLITE_IOERR_READ, error, action);
    return mri_error_set_code(error, MR_CORRUPT, code,
                              "%s is damaged (%.*s); restore it from a backup", db->label, fit,
                              text);
  case MR_IO:
    if ((code & 0xff) == SQLITE_FULL) {
      return mri_error_set_code(error, MR_IO, ENOSPC, "cannot %s %s: the disk is full", action,
                                db->label);
    }
    return io_error(db, system_errno(handle, code), code, error, action);
  default:
    return mri_error_set_code(error, status, code, "cannot %s %s: %.*s", action, db->label, fit,
                              text);
  }
}

bool mri_sqlite_again(int code, mri_wait *wait) {
  return mri_sqlite_status(code) == MR_BUSY && mri_wait_pause(wait);
}

int mri_sqlite_exec(mri_connection *connection, const char *sql) {
  return sqlite3_exec(connection->handle, sql, NULL, NULL, NULL);
}

int mri_sqlite_query_int(sqlite3 *handle, const char *sql, int64_t *out) {
  sqlite3_stmt *stmt = NULL;
  int code = sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL);
  if (code != SQLITE_OK) return code;
  code = sqlite3_step(stmt);
  if (code == SQLITE_ROW) *out = sqlite3_column_int64(stmt, 0);
  code = sqlite3_finalize(stmt);
  return code;
}
