/* SPDX-License-Identifier: Apache-2.0 */
/* Checking and copying a whole registry, beside the least that has to be done to its bytes. */
#define _XOPEN_SOURCE 700
#include "bench.h"
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  RUNS = 300,
  PARAMS = 20,
  METRICS = 5,
  VERSIONS = 50,
  CHECK_ROUNDS = 5,
  COPY_ROUNDS = 5,
  FILES = 8,
  FILE_SIZE = 8 << 20,
  PIECE = 1 << 20
};

typedef struct upkeep {
  const char *path;
  mr_registry *registry;
  sqlite3 *db;
  bench_files *files;
  uint8_t *piece;
  char copy[720];
} upkeep;

/* --- filling ---------------------------------------------------------------------------------- */

static void fill_run(mr_experiment *experiment, int64_t index) {
  mr_run *run = NULL;
  char names[PARAMS][32];
  const char *keys[PARAMS];
  double values[METRICS];
  for (int i = 0; i < PARAMS; i++) {
    snprintf(names[i], sizeof names[i], "name_%d", i);
    keys[i] = names[i];
  }
  for (int i = 0; i < METRICS; i++) values[i] = (double)(index + i) / 7;
  bench_check(mr_experiment_start_run(experiment, NULL, &run, &bench_error));
  bench_check(mr_run_log_params(run, keys, keys, PARAMS, &bench_error));
  for (int64_t step = 0; step < 100; step++) {
    bench_check(mr_run_log_metrics(run, step, keys, values, METRICS, &bench_error));
  }
  bench_check(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &bench_error));
  mr_run_free(run);
}

/* As a registry is in use: runs, and some that were promoted. */
static void fill_rows(upkeep *u) {
  char id[40];
  char number[64];
  mr_experiment *experiment = bench_experiment(u->registry, "upkeep");
  mr_model *model = bench_model(u->registry, "upkeep");
  for (int64_t i = 0; i < RUNS; i++) fill_run(experiment, i);
  for (int64_t i = 0; i < VERSIONS; i++) {
    bench_trained(experiment, id);
    bench_promote_run(model, id, number);
  }
  mr_model_free(model);
  mr_experiment_free(experiment);
}

static void fill_content(upkeep *u) {
  mr_run *run = NULL;
  uint8_t *bytes = bench_alloc(1, FILE_SIZE);
  mr_experiment *experiment = bench_experiment(u->registry, "upkeep");
  bench_check(mr_experiment_start_run(experiment, NULL, &run, &bench_error));
  for (uint32_t f = 0; f < FILES; f++) {
    char name[32];
    snprintf(name, sizeof name, "part-%u.bin", (unsigned)f);
    for (uint32_t i = 0; i < FILE_SIZE; i++) bytes[i] = (uint8_t)((i + f) * 2654435761u >> 13);
    bench_check(mr_run_log_artifact_bytes(run, name, bytes, FILE_SIZE, &bench_error));
  }
  bench_check(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &bench_error));
  mr_run_free(run);
  mr_experiment_free(experiment);
  free(bytes);
}

static void open_upkeep(upkeep *u, const char *path) {
  memset(u, 0, sizeof *u);
  u->path = path;
  u->piece = bench_alloc(1, PIECE);
  u->registry = bench_registry(path);
  snprintf(u->copy, sizeof u->copy, "%s.copied", path);
}

static void close_upkeep(upkeep *u) {
  mr_registry_close(u->registry);
  free(u->files);
  free(u->piece);
}

/* --- checking --------------------------------------------------------------------------------- */

static int64_t check(const upkeep *u) {
  mr_fsck *fsck = NULL;
  bench_check(mr_registry_fsck(u->registry, NULL, &fsck, &bench_error));
  const mr_fsck_record *record = mr_fsck_info(fsck);
  if (record->error_count != 0) bench_die(mr_fsck_at(fsck, 0)->message);
  int64_t rows = record->row_count;
  mr_fsck_free(fsck);
  return rows;
}

static void check_ours(void *ctx, int64_t round) {
  (void)round;
  check(ctx);
}

/* The database's own checks, and every row once. */
static void check_rows_baseline(void *ctx, int64_t round) {
  const upkeep *u = ctx;
  (void)round;
  bench_sqlite_run(u->db, "PRAGMA integrity_check");
  bench_sqlite_run(u->db, "PRAGMA foreign_key_check");
  sqlite3_stmt *tables = bench_sqlite_prepare(
      u->db, "SELECT 'SELECT * FROM \"' || name || '\"' FROM sqlite_schema WHERE type = 'table'");
  while (sqlite3_step(tables) == SQLITE_ROW) {
    sqlite3_stmt *rows = bench_sqlite_prepare(u->db, (const char *)sqlite3_column_text(tables, 0));
    bench_sqlite_read(rows);
    sqlite3_finalize(rows);
  }
  sqlite3_finalize(tables);
}

static void hash_file(const upkeep *u, const char *path) {
  crypto_generichash_state state;
  unsigned char digest[32];
  ssize_t got;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) bench_die(path);
  crypto_generichash_init(&state, NULL, 0, sizeof digest);
  while ((got = read(fd, u->piece, PIECE)) > 0) {
    crypto_generichash_update(&state, u->piece, (unsigned long long)got);
  }
  close(fd);
  crypto_generichash_final(&state, digest, sizeof digest);
}

static void check_content_baseline(void *ctx, int64_t round) {
  const upkeep *u = ctx;
  (void)round;
  for (size_t i = 0; i < u->files->count; i++) hash_file(u, u->files->at[i].path);
}

void bench_fsck(const char *path) {
  upkeep u;
  char content[700];
  open_upkeep(&u, path);
  fill_rows(&u);
  u.db = bench_sqlite_open(path);
  const bench_pair rows = {"fsck_row", "ns", CHECK_ROUNDS,        check(&u), NULL,
                           check_ours, NULL, check_rows_baseline, &u};
  bench_compare(&rows);
  sqlite3_close(u.db);
  close_upkeep(&u);
  snprintf(content, sizeof content, "%s.content", path);
  open_upkeep(&u, content);
  fill_content(&u);
  u.files = bench_files_of(content);
  const bench_pair bytes = {"fsck_content_64MiB", "ms", CHECK_ROUNDS,           1, NULL,
                            check_ours,           NULL, check_content_baseline, &u};
  bench_compare(&bytes);
  close_upkeep(&u);
}

/* --- copying ---------------------------------------------------------------------------------- */

static void forget_copy(void *ctx, int64_t round) {
  const upkeep *u = ctx;
  (void)round;
  bench_remove(u->copy);
}

static void copy_ours(void *ctx, int64_t round) {
  const upkeep *u = ctx;
  (void)round;
  bench_check(mr_registry_backup(u->registry, u->copy, NULL, NULL, &bench_error));
}

static void copy_file(const upkeep *u, const char *from, const char *to) {
  ssize_t got;
  int in = open(from, O_RDONLY | O_CLOEXEC);
  int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (in < 0 || out < 0) bench_die(to);
  while ((got = read(in, u->piece, PIECE)) > 0) {
    if (write(out, u->piece, (size_t)got) != got) bench_die(to);
  }
  if (got < 0 || fsync(out) != 0) bench_die(to);
  close(in);
  close(out);
}

/* cp and fsync: every file in one folder, that folder, and nothing verified. */
static void copy_baseline(void *ctx, int64_t round) {
  const upkeep *u = ctx;
  char name[800];
  (void)round;
  snprintf(name, sizeof name, "%s.d", u->copy);
  if (mkdir(name, 0777) != 0) bench_die(name);
  for (size_t i = 0; i < u->files->count; i++) {
    snprintf(name, sizeof name, "%s.d/%zu", u->copy, i);
    copy_file(u, u->files->at[i].path, name);
  }
  snprintf(name, sizeof name, "%s.d", u->copy);
  int folder = open(name, O_RDONLY | O_CLOEXEC);
  if (folder < 0 || fsync(folder) != 0) bench_die(name);
  close(folder);
}

void bench_backup(const char *path) {
  upkeep u;
  open_upkeep(&u, path);
  fill_rows(&u);
  fill_content(&u);
  u.files = bench_files_of(path);
  const bench_pair pair = {"backup_64MiB", "ms",        COPY_ROUNDS,   1, forget_copy,
                           copy_ours,      forget_copy, copy_baseline, &u};
  bench_compare(&pair);
  close_upkeep(&u);
}
