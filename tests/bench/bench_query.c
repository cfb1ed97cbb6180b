/* SPDX-License-Identifier: Apache-2.0 */
/* The expression language by itself, without a registry. The baseline is SQLite, which takes the very
 * same text over three tables of one row each: its prepare against our parse, its run of what is
 * prepared against our evaluation, which gives every value read and the reasons besides. */
#include "bench.h"
#include "query/query.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 400, CALLS = 50, COLUMNS = 16 };

typedef struct expression {
  mri_str text;
  mri_str sql;
  mri_query *query;
  sqlite3 *db;
  sqlite3_stmt *stmt;
} expression;

/* Whether `metrics.mN`, `params.pN` or `tags.tN`; each has a value that depends on N. */
static mr_status get(void *ctx, const mri_query_path *path, mri_arena *arena, mri_query_value *out,
                     mr_error *error) {
  (void)ctx;
  if (strcmp(path->parts[0], "metrics") == 0) {
    out->kind = MRI_VALUE_NUMBER;
    out->number = strtod(path->parts[1] + 1, NULL);
    return MR_OK;
  }
  out->kind = MRI_VALUE_TEXT;
  out->text = mri_arena_strdup(arena, path->parts[1]);
  out->text_size = strlen(path->parts[1]);
  return out->text == NULL ? mri_error_no_memory(error) : MR_OK;
}

static mr_status expand(void *ctx, const mri_query_path *path, mri_arena *arena,
                        mri_query_names *out, mr_error *error) {
  (void)ctx, (void)path, (void)arena, (void)out, (void)error;
  return MR_OK;
}

static void parse_ours(void *ctx, int64_t round) {
  const expression *e = ctx;
  (void)round;
  for (int i = 0; i < CALLS; i++) {
    mri_query *query = NULL;
    bench_check(mri_query_parse(mri_mem_default(), e->text.data, &query, &bench_error));
    mri_query_free(query);
  }
}

static void parse_baseline(void *ctx, int64_t round) {
  const expression *e = ctx;
  (void)round;
  for (int i = 0; i < CALLS; i++) {
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(e->db, e->sql.data, -1, &stmt, NULL) != SQLITE_OK) {
      bench_die(sqlite3_errmsg(e->db));
    }
    sqlite3_finalize(stmt);
  }
}

static void evaluate_ours(void *ctx, int64_t round) {
  const expression *e = ctx;
  mri_query_subject subject = {NULL, get, expand};
  (void)round;
  for (int i = 0; i < CALLS; i++) {
    mri_arena arena;
    mri_query_result result;
    mri_arena_init(&arena, mri_mem_default());
    bench_check(mri_query_evaluate(e->query, &subject, &arena, &result, &bench_error));
    if (result.truth != MRI_TRUE) bench_die(result.reason);
    mri_arena_free(&arena);
  }
}

static void evaluate_baseline(void *ctx, int64_t round) {
  const expression *e = ctx;
  (void)round;
  for (int i = 0; i < CALLS; i++) {
    if (bench_sqlite_read(e->stmt) != 1) bench_die("the query of the baseline is not true");
  }
}

static void make_text(mri_str *text, int parts) {
  for (int i = 0; i < parts; i++) {
    int n = i % COLUMNS;
    if (i > 0) mri_str_add(text, " AND ");
    if (i % 4 == 0) mri_str_addf(text, "metrics.m%d >= %d.0", n, n);
    if (i % 4 == 1) mri_str_addf(text, "(params.p%d = 'p%d' OR metrics.m%d < 0.5)", n, n, n);
    if (i % 4 == 2) mri_str_addf(text, "tags.t%d LIKE 't%%'", n);
    if (i % 4 == 3) mri_str_addf(text, "NOT params.p%d IN ('a', 'b')", n);
  }
}

/* A table of one row with the values that `get` gives. */
static void make_table(sqlite3 *db, const char *table, char letter, bool numbers) {
  mri_str columns;
  mri_str values;
  mri_str_init(&columns, mri_mem_default());
  mri_str_init(&values, mri_mem_default());
  mri_str_addf(&columns, "CREATE TABLE %s (", table);
  mri_str_addf(&values, "INSERT INTO %s VALUES (", table);
  for (int i = 0; i < COLUMNS; i++) {
    const char *end = i < COLUMNS - 1 ? ", " : ")";
    mri_str_addf(&columns, "%c%d%s", letter, i, end);
    if (numbers) mri_str_addf(&values, "%d.0%s", i, end);
    if (!numbers) mri_str_addf(&values, "'%c%d'%s", letter, i, end);
  }
  bench_sqlite_run(db, columns.data);
  bench_sqlite_run(db, values.data);
  mri_str_free(&columns);
  mri_str_free(&values);
}

static void run_size(sqlite3 *db, const char *size, int parts) {
  expression e;
  char name[64];
  e.db = db;
  mri_str_init(&e.text, mri_mem_default());
  mri_str_init(&e.sql, mri_mem_default());
  make_text(&e.text, parts);
  mri_str_addf(&e.sql, "SELECT 1 FROM metrics, params, tags WHERE %s", e.text.data);
  bench_check(mri_query_parse(mri_mem_default(), e.text.data, &e.query, &bench_error));
  e.stmt = bench_sqlite_prepare(db, e.sql.data);
  snprintf(name, sizeof name, "parse_%s_%dB", size, (int)e.text.size);
  const bench_pair parse = {name, "ns", ROUNDS, CALLS, NULL, parse_ours, NULL, parse_baseline, &e};
  bench_compare(&parse);
  snprintf(name, sizeof name, "evaluate_%s_%dB", size, (int)e.text.size);
  const bench_pair evaluate = {
      name, "ns", ROUNDS, CALLS, NULL, evaluate_ours, NULL, evaluate_baseline, &e};
  bench_compare(&evaluate);
  sqlite3_finalize(e.stmt);
  mri_query_free(e.query);
  mri_str_free(&e.sql);
  mri_str_free(&e.text);
}

void bench_query(const char *path) {
  sqlite3 *db = NULL;
  (void)path;
  if (sqlite3_open(":memory:", &db) != SQLITE_OK) bench_die("sqlite3_open");
  make_table(db, "metrics", 'm', true);
  make_table(db, "params", 'p', false);
  make_table(db, "tags", 't', false);
  run_size(db, "small", 1);
  run_size(db, "medium", 8);
  run_size(db, "large", 64);
  sqlite3_close(db);
}
