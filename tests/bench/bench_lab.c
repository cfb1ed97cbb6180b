/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, and reading artifacts. */
#include "bench.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- opening ---------------------------------------------------------------------------------- */

typedef struct place {
  const char *path;
} place;

static void open_ours(void *ctx, int64_t round) {
  const place *here = ctx;
  (void)round;
  mr_registry_close(bench_registry(here->path));
}

static void open_baseline(void *ctx, int64_t round) {
  const place *here = ctx;
  sqlite3 *db = NULL;
  (void)round;
  if (sqlite3_open_v2(here->path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
    bench_die("sqlite3_open");
  }
  bench_sqlite_run(db, "SELECT value FROM meta WHERE key = 'id'");
  sqlite3_close(db);
}

void bench_open(const char *path) {
  place here = {path};
  mr_registry *keep = bench_registry(path);
  const bench_pair pair = {"open", "us", 500, 1, NULL, open_ours, NULL, open_baseline, &here};
  bench_compare(&pair);
  mr_registry_close(keep);
}

/* --- verifying -------------------------------------------------------------------------------- */

enum { LARGE = 64 << 20, PIECE = 1 << 20 };

typedef struct large {
  mr_run *run;
  FILE *file;
  uint8_t *bytes;
  uint8_t *piece;
} large;

static void verify_ours(void *ctx, int64_t round) {
  const large *l = ctx;
  mr_blob *blob = NULL;
  size_t got = 1;
  (void)round;
  bench_check(mr_run_open_artifact(l->run, "large.bin", &blob, &bench_error));
  for (int64_t at = 0; got > 0; at += (int64_t)got) {
    bench_check(mr_blob_read(blob, at, l->piece, PIECE, &got, &bench_error));
  }
  mr_blob_free(blob);
}

static void verify_baseline(void *ctx, int64_t round) {
  const large *l = ctx;
  unsigned char digest[32];
  (void)round;
  crypto_generichash(digest, sizeof digest, l->bytes, LARGE, NULL, 0);
}

/* What no reader of a file can do without: its bytes come through the kernel. */
static void verify_read_baseline(void *ctx, int64_t round) {
  const large *l = ctx;
  unsigned char digest[32];
  (void)round;
  for (int64_t at = 0; at < LARGE; at += PIECE) {
    if (pread(fileno(l->file), l->piece, PIECE, (off_t)at) != PIECE) bench_die("pread");
    crypto_generichash(digest, sizeof digest, l->piece, PIECE, NULL, 0);
  }
}

void bench_verify(const char *path) {
  large l = {NULL, tmpfile(), bench_alloc(1, LARGE), bench_alloc(1, PIECE)};
  if (sodium_init() < 0) bench_die("sodium_init");
  for (uint32_t i = 0; i < LARGE; i++) l.bytes[i] = (uint8_t)(i * 2654435761u >> 13);
  if (l.file == NULL || fwrite(l.bytes, 1, LARGE, l.file) != LARGE || fflush(l.file) != 0) {
    bench_die("tmpfile");
  }
  mr_registry *registry = bench_registry(path);
  mr_experiment *experiment = bench_experiment(registry, "verify");
  bench_check(mr_experiment_start_run(experiment, NULL, &l.run, &bench_error));
  bench_check(mr_run_log_artifact_bytes(l.run, "large.bin", l.bytes, LARGE, &bench_error));
  bench_pair pair = {"verify_64MiB", "ms", 15, 1, NULL, verify_ours, NULL, verify_baseline, &l};
  bench_compare(&pair);
  pair.name = "verify_64MiB_read";
  pair.baseline = verify_read_baseline;
  bench_compare(&pair);
  mr_run_free(l.run);
  mr_experiment_free(experiment);
  mr_registry_close(registry);
  fclose(l.file);
  free(l.piece);
  free(l.bytes);
}
