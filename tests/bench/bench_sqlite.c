/* SPDX-License-Identifier: Apache-2.0 */
/* The baselines' way to SQLite, and the same rows written by hand. */
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

sqlite3 *bench_sqlite_open(const char *path) {
  sqlite3 *db = NULL;
  if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
    bench_die("sqlite3_open");
  }
  bench_sqlite_run(db, "PRAGMA synchronous = FULL");
  bench_sqlite_run(db, "PRAGMA foreign_keys = ON");
  bench_sqlite_run(db, "PRAGMA cell_size_check = ON");
  return db;
}

void bench_sqlite_run(sqlite3 *db, const char *sql) {
  if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) bench_die(sqlite3_errmsg(db));
}

sqlite3_stmt *bench_sqlite_prepare(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK) {
    bench_die(sqlite3_errmsg(db));
  }
  return stmt;
}

int64_t bench_sqlite_read(sqlite3_stmt *stmt) {
  int64_t rows = 0;
  int code;
  while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
    char copy[256];
    int columns = sqlite3_column_count(stmt);
    for (int c = 0; c < columns; c++) {
      const void *bytes = sqlite3_column_blob(stmt, c);
      int size = sqlite3_column_bytes(stmt, c);
      if (bytes != NULL && size < (int)sizeof copy) memcpy(copy, bytes, (size_t)size);
    }
    rows++;
  }
  if (code != SQLITE_DONE) bench_die(sqlite3_errmsg(sqlite3_db_handle(stmt)));
  sqlite3_reset(stmt);
  return rows;
}

int64_t bench_sqlite_int(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt = bench_sqlite_prepare(db, sql);
  int64_t value = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
  sqlite3_finalize(stmt);
  return value;
}

/* --- the same rows ---------------------------------------------------------------------------- */

/* Rows that are new: all of the table with a rowid above ?1. Else what was changed, and how. */
static const struct {
  const char *table;
  const char *read;
  const char *write;
} parts[] = {
    {NULL, "SELECT sequence, time_us FROM governance",
     "UPDATE governance SET sequence = ?1, time_us = ?2 WHERE id = 1"},
    {"request", NULL, NULL},
    {"request_tag", NULL, NULL},
    {"request_evaluation", NULL, NULL},
    {NULL,
     "SELECT id, sealed_by FROM run WHERE id = (SELECT run_id FROM request ORDER BY id DESC "
     "LIMIT 1) AND sealed_by = (SELECT uuid FROM request ORDER BY id DESC LIMIT 1)",
     "UPDATE run SET sealed_by = ?2 WHERE id = ?1"},
    {"decision", NULL, NULL},
    {"decision_rule", NULL, NULL},
    {"version", NULL, NULL},
    {NULL,
     "SELECT id, version_id, sequence, actor, moved_us FROM channel "
     "WHERE moved_us = (SELECT time_us FROM governance)",
     "UPDATE channel SET version_id = ?2, sequence = ?3, actor = ?4, moved_us = ?5 WHERE id = ?1"},
    {"channel_move", NULL, NULL},
};

enum { PARTS = sizeof parts / sizeof parts[0], VALUES_MAX = 400 };

typedef struct part_state {
  sqlite3_stmt *read;
  sqlite3_stmt *write;
  int64_t mark; /* the highest rowid that was read */
  int columns;
  size_t count;
  sqlite3_value *values[VALUES_MAX]; /* row by row */
} part_state;

struct bench_copier {
  sqlite3 *from;
  sqlite3 *to;
  sqlite3_stmt *begin;
  sqlite3_stmt *commit;
  part_state states[PARTS];
};

/* INSERT INTO table VALUES (?1, ?2 ...) */
static sqlite3_stmt *prepare_insert(sqlite3 *db, const char *table, int columns) {
  char sql[512];
  int size = snprintf(sql, sizeof sql, "INSERT INTO %s VALUES (", table);
  for (int c = 1; c <= columns; c++) {
    size += snprintf(sql + size, sizeof sql - (size_t)size, "?%d%s", c, c < columns ? ", " : ")");
  }
  return bench_sqlite_prepare(db, sql);
}

static void prepare_part(bench_copier *copier, int p) {
  char sql[256];
  part_state *state = &copier->states[p];
  const char *table = parts[p].table;
  if (table == NULL) {
    state->read = bench_sqlite_prepare(copier->from, parts[p].read);
    state->write = bench_sqlite_prepare(copier->to, parts[p].write);
    state->columns = sqlite3_column_count(state->read);
    return;
  }
  snprintf(sql, sizeof sql, "SELECT max(rowid) FROM %s", table);
  state->mark = bench_sqlite_int(copier->from, sql);
  snprintf(sql, sizeof sql, "SELECT *, rowid FROM %s WHERE rowid > ?1 ORDER BY rowid", table);
  state->read = bench_sqlite_prepare(copier->from, sql);
  state->columns = sqlite3_column_count(state->read) - 1;
  state->write = prepare_insert(copier->to, table, state->columns);
}

bench_copier *bench_copier_open(const char *path) {
  char copy[700];
  bench_copier *copier = bench_alloc(1, sizeof *copier);
  snprintf(copy, sizeof copy, "%s.copy", path);
  copier->from = bench_sqlite_open(path);
  char *sql = sqlite3_mprintf("VACUUM INTO %Q", copy);
  if (sql == NULL) bench_die("out of memory");
  bench_sqlite_run(copier->from, sql);
  sqlite3_free(sql);
  copier->to = bench_sqlite_open(copy);
  bench_sqlite_run(copier->to, "PRAGMA journal_mode = WAL");
  copier->begin = bench_sqlite_prepare(copier->to, "BEGIN IMMEDIATE");
  copier->commit = bench_sqlite_prepare(copier->to, "COMMIT");
  for (int p = 0; p < PARTS; p++) prepare_part(copier, p);
  return copier;
}

static void forget(part_state *state) {
  for (size_t i = 0; i < state->count; i++) sqlite3_value_free(state->values[i]);
  state->count = 0;
}

void bench_copier_close(bench_copier *copier) {
  for (int p = 0; p < PARTS; p++) {
    forget(&copier->states[p]);
    sqlite3_finalize(copier->states[p].read);
    sqlite3_finalize(copier->states[p].write);
  }
  sqlite3_finalize(copier->begin);
  sqlite3_finalize(copier->commit);
  sqlite3_close(copier->from);
  sqlite3_close(copier->to);
  free(copier);
}

static void read_part(part_state *state, bool is_table) {
  forget(state);
  if (is_table) sqlite3_bind_int64(state->read, 1, state->mark);
  while (sqlite3_step(state->read) == SQLITE_ROW) {
    if (state->count + (size_t)state->columns > VALUES_MAX) bench_die("a call wrote many rows");
    for (int c = 0; c < state->columns; c++) {
      state->values[state->count++] = sqlite3_value_dup(sqlite3_column_value(state->read, c));
    }
    if (is_table) state->mark = sqlite3_column_int64(state->read, state->columns);
  }
  if (sqlite3_reset(state->read) != SQLITE_OK) bench_die("the rows of a call cannot be read");
}

void bench_copier_read(bench_copier *copier) {
  for (int p = 0; p < PARTS; p++) read_part(&copier->states[p], parts[p].table != NULL);
}

static void write_step(sqlite3_stmt *stmt) {
  if (sqlite3_step(stmt) != SQLITE_DONE) bench_die(sqlite3_errmsg(sqlite3_db_handle(stmt)));
  sqlite3_reset(stmt);
}

void bench_copier_write(bench_copier *copier) {
  write_step(copier->begin);
  for (int p = 0; p < PARTS; p++) {
    const part_state *state = &copier->states[p];
    for (size_t i = 0; i < state->count; i += (size_t)state->columns) {
      for (int c = 0; c < state->columns; c++) {
        sqlite3_bind_value(state->write, c + 1, state->values[i + (size_t)c]);
      }
      write_step(state->write);
    }
  }
  write_step(copier->commit);
}
