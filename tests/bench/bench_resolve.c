/* SPDX-License-Identifier: Apache-2.0 */
/* Resolving, beside the bare prepared query for the same columns of the same file. */
#include "base/hash.h"
#include "bench.h"
#include "registry/version_row.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TARGETS = 64, ROUNDS = 2000, ROUNDS_AS_OF = 30 };

typedef struct bytes {
  unsigned char data[MRI_SEMVER_KEY_MAX];
  size_t size;
} bytes;

/* One reference, and what stands for it in the query: ?2 and ?3. */
typedef struct target {
  char reference[128];
  char model[32];
  bytes low;
  bytes high;
} target;

typedef struct lookup {
  mr_registry *registry;
  sqlite3 *db;
  sqlite3_stmt *begin;
  sqlite3_stmt *commit;
  sqlite3_stmt *query;
  int64_t as_of_us; /* ?4; 0 is now */
  target targets[TARGETS];
} lookup;

static void resolve_ours(void *ctx, int64_t round) {
  const lookup *l = ctx;
  mr_version *version = NULL;
  mr_resolve_options options = MR_RESOLVE_OPTIONS_INIT;
  options.as_of_us = l->as_of_us;
  bench_check(mr_registry_resolve(l->registry, l->targets[round % TARGETS].reference, &options,
                                  &version, &bench_error));
  mr_version_free(version);
}

static void resolve_baseline(void *ctx, int64_t round) {
  const lookup *l = ctx;
  const target *t = &l->targets[round % TARGETS];
  int count = sqlite3_bind_parameter_count(l->query);
  bench_sqlite_read(l->begin);
  sqlite3_bind_text(l->query, 1, t->model, -1, SQLITE_STATIC);
  if (count >= 2) sqlite3_bind_blob(l->query, 2, t->low.data, (int)t->low.size, SQLITE_STATIC);
  if (count >= 3) sqlite3_bind_blob(l->query, 3, t->high.data, (int)t->high.size, SQLITE_STATIC);
  if (count >= 4) sqlite3_bind_int64(l->query, 4, l->as_of_us);
  if (bench_sqlite_read(l->query) != 1) bench_die("the query of the baseline finds nothing");
  bench_sqlite_read(l->commit);
}

/* --- kinds of references ---------------------------------------------------------------------- */

#define SELECT  "SELECT " MRI_VERSION_COLUMNS " FROM "
#define HIGHEST " ORDER BY v.sort_key DESC LIMIT 1"
#define ACTIVE  " WHERE m.name = ?1 AND v.status = 1 AND v.released = 1"

typedef void aim(const lookup *l, const bench_many *many, int64_t index, target *out);

static void key_of(const char *number, bytes *out) {
  mri_semver version;
  bench_check(mri_semver_parse(number, &version, &bench_error));
  out->size = mri_semver_key_bytes(&version, out->data);
}

static void aim_latest(const lookup *l, const bench_many *many, int64_t index, target *out) {
  (void)l, (void)many, (void)index;
  snprintf(out->reference, sizeof out->reference, "%s", out->model);
}

static void aim_exact(const lookup *l, const bench_many *many, int64_t index, target *out) {
  char number[64];
  (void)l;
  bench_fill_number(many, index, number);
  snprintf(out->reference, sizeof out->reference, "%s@%s", out->model, number);
  key_of(number, &out->low);
}

static void aim_range(const lookup *l, const bench_many *many, int64_t index, target *out) {
  (void)l, (void)index;
  bool few = many->versions < 100;
  snprintf(out->reference, sizeof out->reference, "%s@%s", out->model, few ? "^1.0" : "^1.2");
  key_of(few ? "1.0.0" : "1.2.0", &out->low);
  key_of("2.0.0-0", &out->high);
}

static void aim_channel(const lookup *l, const bench_many *many, int64_t index, target *out) {
  (void)l, (void)many, (void)index;
  snprintf(out->reference, sizeof out->reference, "%s@production", out->model);
}

/* By the first 16 of 64 digits. */
static void aim_digest(const lookup *l, const bench_many *many, int64_t index, target *out) {
  char text[MRI_DIGEST_TEXT];
  mri_digest digest;
  (void)many;
  sqlite3_stmt *stmt = bench_sqlite_prepare(
      l->db, "SELECT v.digest FROM version v JOIN model m ON m.id = v.model_id WHERE m.name = ?1 "
             "ORDER BY v.sort_key LIMIT 1 OFFSET ?2");
  sqlite3_bind_text(stmt, 1, out->model, -1, SQLITE_STATIC);
  sqlite3_bind_int64(stmt, 2, index);
  if (sqlite3_step(stmt) != SQLITE_ROW) bench_die("no digest");
  memcpy(digest.bytes, sqlite3_column_blob(stmt, 0), sizeof digest.bytes);
  sqlite3_finalize(stmt);
  mri_digest_text(&digest, text);
  snprintf(out->reference, sizeof out->reference, "%s@%.16s", out->model, text);
  memset(digest.bytes + 8, 0, sizeof digest.bytes - 8);
  memcpy(out->low.data, digest.bytes, sizeof digest.bytes);
  memset(digest.bytes + 8, 0xff, sizeof digest.bytes - 8);
  memcpy(out->high.data, digest.bytes, sizeof digest.bytes);
  out->low.size = out->high.size = sizeof digest.bytes;
}

static const struct kind {
  const char *name;
  aim *aim;
  const char *sql;
} kinds[] = {
    {"latest", aim_latest, SELECT MRI_VERSION_TABLES ACTIVE HIGHEST},
    {"exact", aim_exact, SELECT MRI_VERSION_TABLES " WHERE m.name = ?1 AND v.sort_key = ?2"},
    {"range", aim_range,
     SELECT MRI_VERSION_TABLES ACTIVE " AND v.sort_key >= ?2 AND v.sort_key < ?3" HIGHEST},
    {"channel", aim_channel,
     SELECT MRI_VERSION_TABLES
     " WHERE m.name = ?1 AND v.id = (SELECT c.version_id FROM channel c "
     "WHERE c.model_id = (SELECT id FROM model WHERE name = ?1) AND c.name = 'production')"},
    {"digest", aim_digest,
     SELECT MRI_VERSION_TABLES " WHERE m.name = ?1 AND v.digest >= ?2 AND v.digest <= ?3 "
                               "AND v.status <> 4 ORDER BY v.digest LIMIT 2"},
    {"as_of", aim_latest,
     SELECT MRI_VERSION_TABLES " WHERE m.name = ?1 AND v.released = 1 AND v.created_us <= ?4 "
                               "AND " MRI_STATUS_AS_OF(4) " = 1" HIGHEST},
};

enum { KINDS = sizeof kinds / sizeof kinds[0], AS_OF = KINDS - 1, KINDS_OF_MODELS = 4 };

/* The middle of the time in which the versions were made. */
static int64_t middle(const lookup *l, const char *model) {
  char *sql = sqlite3_mprintf("SELECT (min(v.created_us) + max(v.created_us)) / 2 FROM version v "
                              "JOIN model m ON m.id = v.model_id WHERE m.name = %Q",
                              model);
  int64_t time = bench_sqlite_int(l->db, sql);
  sqlite3_free(sql);
  return time;
}

static void aim_at(lookup *l, const bench_many *many, int kind) {
  for (int64_t i = 0; i < TARGETS; i++) {
    target *t = &l->targets[i];
    memset(t, 0, sizeof *t);
    /* Strides without a common pattern with the counts. */
    snprintf(t->model, sizeof t->model, "%s%lld", many->prefix,
             (long long)(i * 7919 % many->models));
    kinds[kind].aim(l, many, i * 104729 % many->versions, t);
  }
  l->as_of_us = kind == AS_OF ? middle(l, l->targets[0].model) : 0;
}

static void run_kind(lookup *l, const bench_many *many, int kind) {
  char name[64];
  bool models = many->models > 1;
  aim_at(l, many, kind);
  l->query = bench_sqlite_prepare(l->db, kinds[kind].sql);
  snprintf(name, sizeof name, "resolve_%s_%lld%s", kinds[kind].name,
           (long long)(models ? many->models : many->versions), models ? "_models" : "");
  const bench_pair pair = {name,
                           "us",
                           kind == AS_OF ? ROUNDS_AS_OF : ROUNDS,
                           1,
                           NULL,
                           resolve_ours,
                           NULL,
                           resolve_baseline,
                           l};
  bench_compare(&pair);
  sqlite3_finalize(l->query);
}

/* The same kind among many versions and among few. */
static void resolve_many(void *ctx, int64_t round) {
  lookup *const *both = ctx;
  resolve_ours(both[1], round);
}

static void resolve_few(void *ctx, int64_t round) {
  lookup *const *both = ctx;
  resolve_ours(both[0], round);
}

static void run_flat(lookup *both[2], int kind) {
  char name[64];
  snprintf(name, sizeof name, "resolve_%s_flat", kinds[kind].name);
  const bench_pair pair = {name, "us", ROUNDS, 1, NULL, resolve_many, NULL, resolve_few, both};
  bench_compare(&pair);
}

static void open_lookup(lookup *l, const char *path, const bench_many *many) {
  char file[700];
  snprintf(file, sizeof file, "%s.%s", path, many->prefix);
  bench_fill(file, many);
  l->registry = bench_registry(file);
  l->db = bench_sqlite_open(file);
  l->begin = bench_sqlite_prepare(l->db, "BEGIN");
  l->commit = bench_sqlite_prepare(l->db, "COMMIT");
}

static void close_lookup(lookup *l) {
  sqlite3_finalize(l->begin);
  sqlite3_finalize(l->commit);
  sqlite3_close(l->db);
  mr_registry_close(l->registry);
}

void bench_resolve(const char *path) {
  static const bench_many sizes[] = {
      {"few-", 1, 100}, {"many-", 1, 100000}, {"models-", 10000, 10}};
  lookup few;
  lookup many;
  lookup models;
  lookup *both[2] = {&few, &many};
  open_lookup(&few, path, &sizes[0]);
  open_lookup(&many, path, &sizes[1]);
  open_lookup(&models, path, &sizes[2]);
  for (int k = 0; k < KINDS; k++) {
    run_kind(&few, &sizes[0], k);
    run_kind(&many, &sizes[1], k);
    if (k != AS_OF) run_flat(both, k);
    if (k < KINDS_OF_MODELS) run_kind(&models, &sizes[2], k);
  }
  close_lookup(&few);
  close_lookup(&many);
  close_lookup(&models);
}
