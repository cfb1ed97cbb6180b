/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's own checks, as faults that people can read. */
#include "store/sqlite_private.h"

#include <stdio.h>
#include <string.h>

#define LINE_BYTES 320

/* https://sqlite.org/wal.html#walresetbug */
bool mri_sqlite_loses_commits(int version) {
  if (version >= 3044006 && version < 3045000) return false;
  if (version >= 3050007 && version < 3051000) return false;
  return version >= 3007000 && version < 3051003;
}

static mr_status check_software(const mri_connection *connection, mri_fault_fn each, void *ctx) {
  char name[64];
  /* A database in memory or that only one process may use has no second writer. */
  if (connection->database->memory || connection->database->exclusive) return MR_OK;
  if (!mri_sqlite_loses_commits(sqlite3_libversion_number())) return MR_OK;
  (void)snprintf(name, sizeof name, "SQLite %s", sqlite3_libversion());
  const mri_fault fault = {MRI_FAULT_SOFTWARE, name,
                           "a checkpoint of this version can lose what another process commits "
                           "meanwhile; this library goes about it, other programs that write to "
                           "the file do not"};
  return each(ctx, &fault);
}

/* What the line tells of an index, whose name is its last word; lines of other kinds leave *index
 * NULL. */
static mri_fault_kind kind_of(const char *line, const char **index) {
  static const struct {
    const char *phrase;
    mri_fault_kind kind;
  } phrases[] = {
      {"wrong # of entries in index ", MRI_FAULT_INDEX},
      {" missing from index ", MRI_FAULT_INDEX},
      {" values differ from index ", MRI_FAULT_INDEX},
      {"rowid not at end-of-record for row ", MRI_FAULT_INDEX},
      {"non-unique entry in index ", MRI_FAULT_DUPLICATE},
  };
  const char *last = strrchr(line, ' ');
  *index = NULL;
  for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
    if (last == NULL || last[1] == '\0' || strstr(line, phrases[i].phrase) == NULL) continue;
    *index = last + 1;
    return phrases[i].kind;
  }
  return MRI_FAULT_DAMAGE;
}

/* A check under way. */
typedef struct checking {
  mri_connection *connection;
  mri_fault_fn each;
  void *ctx;
  mr_error *error;
} checking;

static mr_status failed(const checking *self, int code) {
  const mri_connection *connection = self->connection;
  return mri_sqlite_error(connection->database, connection->handle, code, connection->wait,
                          self->error, "check");
}

/* A page that could not be had is no damage unless SQLite calls it one. */
static mr_status check_page(const checking *self, const char *line) {
  const char *at = strstr(line, "error code=");
  int code = 0;
  if (at == NULL) return MR_OK;
  for (at += 11; *at >= '0' && *at <= '9' && code < 100000; at++) code = code * 10 + (*at - '0');
  return mri_sqlite_status(code) == MR_CORRUPT ? MR_OK : failed(self, code);
}

/* A row of the check may be several lines, headed by the name of the database. */
static mr_status integrity_row(const checking *self, sqlite3_stmt *stmt) {
  mr_status status = MR_OK;
  const char *text = (const char *)sqlite3_column_text(stmt, 0);
  if (text == NULL) return failed(self, SQLITE_NOMEM);
  while (*text != '\0' && status == MR_OK) {
    char line[LINE_BYTES];
    size_t size = strcspn(text, "\n");
    (void)snprintf(line, sizeof line, "%.*s", (int)(size < LINE_BYTES ? size : LINE_BYTES), text);
    text += size + (text[size] == '\n');
    if (line[0] == '\0' || strncmp(line, "*** ", 4) == 0 || strcmp(line, "ok") == 0) continue;
    mri_fault fault = {MRI_FAULT_DAMAGE, NULL, line};
    fault.kind = kind_of(line, &fault.object);
    status = check_page(self, line);
    if (status == MR_OK) status = self->each(self->ctx, &fault);
  }
  return status;
}

static mr_status reference_row(const checking *self, sqlite3_stmt *stmt) {
  char row[128];
  char text[128];
  const char *table = (const char *)sqlite3_column_text(stmt, 0);
  const char *parent = (const char *)sqlite3_column_text(stmt, 2);
  if (table == NULL || parent == NULL) return failed(self, SQLITE_NOMEM);
  (void)snprintf(row, sizeof row, "row %lld of table %.64s",
                 (long long)sqlite3_column_int64(stmt, 1), table);
  (void)snprintf(text, sizeof text, "it refers to a row of table %.64s that is not there", parent);
  const mri_fault fault = {MRI_FAULT_REFERENCE, row, text};
  return self->each(self->ctx, &fault);
}

static mr_status each_row(const checking *self, const char *sql,
                          mr_status (*row)(const checking *self, sqlite3_stmt *stmt)) {
  sqlite3_stmt *stmt = NULL;
  mr_status status = MR_OK;
  int code = sqlite3_prepare_v2(self->connection->handle, sql, -1, &stmt, NULL);
  if (code != SQLITE_OK) return failed(self, code);
  while (status == MR_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) status = row(self, stmt);
  if (status == MR_OK && code != SQLITE_DONE) status = failed(self, code);
  (void)sqlite3_finalize(stmt);
  return status;
}

mr_status mri_sqlite_check(mri_connection *connection, mri_fault_fn each, void *ctx,
                           mr_error *error) {
  const checking self = {connection, each, ctx, error};
  mr_status status = each_row(&self, "PRAGMA integrity_check(10000)", integrity_row);
  return status == MR_OK ? check_software(connection, each, ctx) : status;
}

mr_status mri_sqlite_check_references(mri_connection *connection, mri_fault_fn each, void *ctx,
                                      mr_error *error) {
  const checking self = {connection, each, ctx, error};
  return each_row(&self, "PRAGMA foreign_key_check", reference_row);
}

mr_status mri_sqlite_rebuild(mri_connection *connection, const char *index, bool *done,
                             mr_error *error) {
  char *sql = sqlite3_mprintf("REINDEX \"%w\"", index);
  if (sql == NULL) return mri_error_no_memory(error);
  int code = mri_sqlite_exec(connection, sql);
  sqlite3_free(sql);
  *done = code == SQLITE_OK;
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_CONSTRAINT) return MR_OK;
  return mri_sqlite_error(connection->database, connection->handle, code, connection->wait, error,
                          "make an index anew in");
}
