/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif
#include "sqlite_refusal.h"

#include <dlfcn.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_llong left; /* 0: all is well */
static atomic_bool lasts;
static atomic_bool failed;
static atomic_int answer;
/* SQLite calls its own functions, too. */
static _Thread_local int depth;
/* Whose last step was refused: its end says so once more. */
static _Thread_local sqlite3_stmt *stopped;

void sqlite_refusal_fail(int64_t nth, bool for_ever, int code) {
  atomic_store(&failed, false);
  atomic_store(&lasts, for_ever);
  atomic_store(&answer, code);
  atomic_store(&left, nth);
}

bool sqlite_refusal_failed(void) {
  return atomic_load(&failed);
}

static bool refuses(void) {
  if (depth > 0) return false;
  if (atomic_load(&left) == 0) return atomic_load(&failed) && atomic_load(&lasts);
  if (atomic_fetch_sub(&left, 1) > 1) return false;
  atomic_store(&failed, true);
  return true;
}

/* The function of SQLite itself into *function, which is a pointer to one. */
static void find(const char *name, void *function) {
  void *found = dlsym(RTLD_NEXT, name);
  if (found == NULL) abort();
  memcpy(function, &found, sizeof found);
}

int sqlite3_prepare_v2(sqlite3 *db, const char *sql, int size, sqlite3_stmt **out,
                       const char **tail) {
  int (*real)(sqlite3 *, const char *, int, sqlite3_stmt **, const char **);
  *out = NULL;
  if (refuses()) return atomic_load(&answer);
  find("sqlite3_prepare_v2", &real);
  depth++;
  int code = real(db, sql, size, out, tail);
  depth--;
  return code;
}

int sqlite3_prepare_v3(sqlite3 *db, const char *sql, int size, unsigned flags, sqlite3_stmt **out,
                       const char **tail) {
  int (*real)(sqlite3 *, const char *, int, unsigned, sqlite3_stmt **, const char **);
  bool refused = strcmp(sql, "ROLLBACK") != 0 && refuses();
  *out = NULL;
  if (refused) return atomic_load(&answer);
  find("sqlite3_prepare_v3", &real);
  depth++;
  int code = real(db, sql, size, flags, out, tail);
  depth--;
  return code;
}

int sqlite3_step(sqlite3_stmt *stmt) {
  int (*real)(sqlite3_stmt *);
  const char *sql = sqlite3_sql(stmt); /* NULL for SQLite's own */
  if (sql != NULL && strcmp(sql, "ROLLBACK") != 0 && refuses()) {
    stopped = stmt;
    return atomic_load(&answer);
  }
  find("sqlite3_step", &real);
  depth++;
  int code = real(stmt);
  depth--;
  return code;
}

static int end_with(const char *name, sqlite3_stmt *stmt) {
  int (*real)(sqlite3_stmt *);
  bool refused = stmt != NULL && stmt == stopped;
  find(name, &real);
  int code = real(stmt);
  if (!refused) return code;
  stopped = NULL;
  return atomic_load(&answer);
}

int sqlite3_reset(sqlite3_stmt *stmt) {
  return end_with("sqlite3_reset", stmt);
}

int sqlite3_finalize(sqlite3_stmt *stmt) {
  return end_with("sqlite3_finalize", stmt);
}

int sqlite3_exec(sqlite3 *db, const char *sql, sqlite3_callback each, void *ctx, char **message) {
  int (*real)(sqlite3 *, const char *, sqlite3_callback, void *, char **);
  if (refuses()) return atomic_load(&answer);
  find("sqlite3_exec", &real);
  depth++;
  int code = real(db, sql, each, ctx, message);
  depth--;
  return code;
}

int sqlite3_bind_int64(sqlite3_stmt *stmt, int index, sqlite3_int64 value) {
  int (*real)(sqlite3_stmt *, int, sqlite3_int64);
  if (refuses()) return atomic_load(&answer);
  find("sqlite3_bind_int64", &real);
  return real(stmt, index, value);
}

int sqlite3_bind_text(sqlite3_stmt *stmt, int index, const char *text, int size,
                      void (*end)(void *)) {
  int (*real)(sqlite3_stmt *, int, const char *, int, void (*)(void *));
  if (refuses()) return atomic_load(&answer);
  find("sqlite3_bind_text", &real);
  return real(stmt, index, text, size, end);
}

int sqlite3_bind_blob64(sqlite3_stmt *stmt, int index, const void *data, sqlite3_uint64 size,
                        void (*end)(void *)) {
  int (*real)(sqlite3_stmt *, int, const void *, sqlite3_uint64, void (*)(void *));
  if (refuses()) return atomic_load(&answer);
  find("sqlite3_bind_blob64", &real);
  return real(stmt, index, data, size, end);
}

void *sqlite3_malloc(int size) {
  void *(*real)(int);
  if (atomic_load(&answer) == SQLITE_NOMEM && refuses()) return NULL;
  find("sqlite3_malloc", &real);
  return real(size);
}

int sqlite3_backup_step(sqlite3_backup *backup, int pages) {
  int (*real)(sqlite3_backup *, int);
  if (refuses()) return atomic_load(&answer);
  find("sqlite3_backup_step", &real);
  depth++;
  int code = real(backup, pages);
  depth--;
  return code;
}
