/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_baseline.h"
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double now_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void die(const char *what) {
  fprintf(stderr, "bench: %s\n", what);
  exit(1);
}

double baseline_log(int64_t count) {
  static volatile int64_t slots[4 * 1024];
  double start = now_seconds();
  for (int64_t i = 0; i < count; i++) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    volatile int64_t *slot = slots + 4 * (i % 1024);
    slot[0] = i;
    slot[1] = t.tv_sec;
    slot[2] = t.tv_nsec;
    slot[3] = i;
  }
  return now_seconds() - start;
}

static sqlite3 *open_database(const char *path) {
  sqlite3 *db = NULL;
  if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) die("sqlite3_open");
  return db;
}

static void execute(sqlite3 *db, const char *sql) {
  if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) die(sqlite3_errmsg(db));
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK) die(sqlite3_errmsg(db));
  return stmt;
}

double baseline_open(const char *path, int64_t count) {
  double start = now_seconds();
  for (int64_t i = 0; i < count; i++) {
    sqlite3 *db = open_database(path);
    execute(db, "SELECT value FROM meta WHERE key = 'id'");
    sqlite3_close(db);
  }
  return now_seconds() - start;
}

double baseline_resolve(const char *path, const char *model, int64_t count) {
  sqlite3 *db = open_database(path);
  sqlite3_stmt *stmt = prepare(
      db, "SELECT v.id, v.run_id, v.status, v.uuid, m.name, v.number, r.uuid, v.artifact_path, "
          "v.digest, v.file_count, v.total_size, v.description, q.uuid, e.uuid, e.name, "
          "r.source_commit, v.params_digest, v.actor, v.created_us FROM version v "
          "JOIN model m ON m.id = v.model_id JOIN run r ON r.id = v.run_id "
          "JOIN experiment e ON e.id = r.experiment_id JOIN request q ON q.id = v.request_id "
          "WHERE m.name = ?1 AND v.status = 1 AND v.released = 1 "
          "ORDER BY v.sort_key DESC LIMIT 1");
  double start = now_seconds();
  for (int64_t i = 0; i < count; i++) {
    sqlite3_bind_text(stmt, 1, model, -1, SQLITE_STATIC);
    if (sqlite3_step(stmt) != SQLITE_ROW) die("no row");
    for (int c = 0; c < 19; c++) {
      const void *bytes = sqlite3_column_blob(stmt, c);
      char copy[256];
      int size = sqlite3_column_bytes(stmt, c);
      if (bytes != NULL && size < 256) memcpy(copy, bytes, (size_t)size);
    }
    sqlite3_reset(stmt);
  }
  double seconds = now_seconds() - start;
  sqlite3_finalize(stmt);
  sqlite3_close(db);
  return seconds;
}

/* The rows of a promotion with four rules, written by hand at synchronous FULL. */
double baseline_promote(const char *path, int64_t count) {
  remove(path);
  sqlite3 *db = NULL;
  if (sqlite3_open(path, &db) != SQLITE_OK) die("sqlite3_open");
  execute(db, "PRAGMA journal_mode = WAL");
  execute(db, "PRAGMA synchronous = FULL");
  execute(db, "PRAGMA wal_autocheckpoint = 0");
  execute(db, "CREATE TABLE request (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b TEXT, c BLOB)");
  execute(db, "CREATE TABLE decision (id INTEGER PRIMARY KEY, a INT, b INT)");
  execute(db, "CREATE TABLE rule (a INT, b INT, c TEXT, d TEXT, e TEXT, PRIMARY KEY (a, b))");
  execute(db,
          "CREATE TABLE version (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b BLOB UNIQUE, c TEXT)");
  execute(db, "CREATE TABLE run (id INTEGER PRIMARY KEY, a TEXT)");
  execute(db, "CREATE TABLE governance (id INTEGER PRIMARY KEY, sequence INT)");
  execute(db, "INSERT INTO governance VALUES (1, 0, 0)");
  sqlite3_stmt *statements[6] = {
      prepare(db, "INSERT INTO request (a, b, c) VALUES (?1, 'promote', randomblob(32))"),
      prepare(db, "INSERT INTO decision (a, b) VALUES (?1, 1)"),
      prepare(db, "INSERT INTO rule VALUES (?1, ?2, 'a rule', 'metrics.accuracy >= 0.9', 'x')"),
      prepare(db, "INSERT INTO version (a, b, c) VALUES (?1, randomblob(16), '1.0.0')"),
      prepare(db, "INSERT INTO run (a) VALUES (?1)"),
      prepare(db, "UPDATE governance SET sequence = sequence + 1 WHERE id = 1"),
  };
  double start = now_seconds();
  for (int64_t i = 0; i < count; i++) {
    execute(db, "BEGIN IMMEDIATE");
    for (int s = 0; s < 6; s++) {
      for (int k = 0; k < (s == 2 ? 4 : 1); k++) {
        if (s != 5) sqlite3_bind_int64(statements[s], 1, i);
        if (s == 2) sqlite3_bind_int64(statements[s], 2, k);
        if (sqlite3_step(statements[s]) != SQLITE_DONE) die(sqlite3_errmsg(db));
        sqlite3_reset(statements[s]);
      }
    }
    execute(db, "COMMIT");
  }
  double seconds = now_seconds() - start;
  for (int s = 0; s < 6; s++) sqlite3_finalize(statements[s]);
  sqlite3_close(db);
  return seconds;
}

double baseline_hash(const uint8_t *bytes, uint64_t size) {
  unsigned char digest[32];
  if (sodium_init() < 0) die("sodium_init");
  double start = now_seconds();
  crypto_generichash(digest, sizeof digest, bytes, size, NULL, 0);
  return now_seconds() - start;
}
