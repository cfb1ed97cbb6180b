/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of the database, page by page.
 *
 * SQLite's backup begins again whenever another connection commits, unless the connection that it
 * reads from has a snapshot of its own already: then what it copies stays as it is, however long
 * that takes and however much others write. The pages of a registry say that it has a write-ahead
 * log. The copy is closed without one, so that it is one file and can be read where nothing can be
 * written; whoever opens it for writing gives it one again. */
#include "base/cancel_token.h"
#include "store/sqlite_private.h"

#define PAGES_A_STEP 256

/* The two sides of a copy, so that an error names the one that failed. */
typedef struct sides {
  mri_connection *source;
  mri_database copy; /* only its label is used */
  sqlite3 *handle;   /* of the copy */
} sides;

static mr_status side_error(const sides *s, int code, mr_error *error) {
  bool reading = mri_sqlite_status(code) == MR_CORRUPT || code == SQLITE_IOERR_READ ||
                 code == SQLITE_IOERR_SHORT_READ;
  if (reading && mri_sqlite_file_errno(s->handle) == 0) {
    return mri_sqlite_error(s->source->database, s->source->handle, code, s->source->wait, error,
                            "read");
  }
  return mri_sqlite_error(&s->copy, s->handle, code, NULL, error, "write");
}

/* Nobody but this connection knows the file: no locks, no shared memory, nothing to roll back. */
static int open_copy(sides *s, const char *path) {
  const mri_database *db = s->source->database;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  int code = sqlite3_open_v2(path, &s->handle, flags, db->vfs);
  if (code == SQLITE_OK) code = mri_sqlite_harden(s->handle);
  if (code != SQLITE_OK) return code;
  return sqlite3_exec(s->handle,
                      "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL; "
                      "PRAGMA journal_mode=MEMORY",
                      NULL, NULL, NULL);
}

static mr_status copy_pages(sides *s, const mr_cancel *cancel, mr_error *error) {
  int64_t page_size = 0;
  int64_t page_count = 0;
  sqlite3 *from = s->source->handle;
  int code = mri_sqlite_query_int(from, "PRAGMA page_size", &page_size);
  if (code == SQLITE_OK) code = mri_sqlite_query_int(from, "PRAGMA page_count", &page_count);
  if (code != SQLITE_OK) {
    return mri_sqlite_error(s->source->database, from, code, s->source->wait, error, "read");
  }
  sqlite3_backup *backup = sqlite3_backup_init(s->handle, "main", from, "main");
  if (backup == NULL) return side_error(s, sqlite3_extended_errcode(s->handle), error);
  int64_t done = 0;
  mr_status status = MR_OK;
  mri_cancel_add_total(cancel, page_size * page_count);
  for (code = SQLITE_OK; code == SQLITE_OK;) {
    status = mri_check_cancel(cancel, error);
    if (status != MR_OK) break;
    code = sqlite3_backup_step(backup, PAGES_A_STEP);
    int64_t now = page_count - sqlite3_backup_remaining(backup);
    if (now > done) mri_cancel_add_done(cancel, page_size * (now - done));
    done = now;
  }
  int end = sqlite3_backup_finish(backup);
  if (code == SQLITE_DONE) code = end;
  return status != MR_OK || code == SQLITE_OK ? status : side_error(s, code, error);
}

/* Out of the log that its first page speaks of, and different where the caller wants it so. */
static int complete_copy(const sides *s, const char *change) {
  int code = sqlite3_exec(s->handle, "PRAGMA journal_mode=MEMORY", NULL, NULL, NULL);
  if (code == SQLITE_OK && change != NULL) code = sqlite3_exec(s->handle, change, NULL, NULL, NULL);
  return code;
}

mr_status mri_sqlite_backup(mri_connection *connection, const mri_backup_target *target,
                            mr_error *error) {
  sides s = {.source = connection};
  mr_status status = MR_OK;
  s.copy.label = mri_mem_strdup(connection->database->mem, target->name);
  if (s.copy.label == NULL) return mri_error_no_memory(error);
  int code = open_copy(&s, target->path);
  if (code != SQLITE_OK) status = mri_sqlite_error(&s.copy, s.handle, code, NULL, error, "make");
  if (status == MR_OK) status = copy_pages(&s, target->cancel, error);
  if (status == MR_OK) {
    code = complete_copy(&s, target->change);
    if (code != SQLITE_OK) status = side_error(&s, code, error);
  }
  code = sqlite3_close(s.handle);
  if (code != SQLITE_OK) {
    /* Nothing of ours is left open on it. */
    (void)sqlite3_close_v2(s.handle);
    if (status == MR_OK) status = side_error(&s, code, error);
  }
  mri_mem_free(connection->database->mem, s.copy.label);
  return status;
}
