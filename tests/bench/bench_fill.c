/* SPDX-License-Identifier: Apache-2.0 */
/* Many models and versions. Promoting 100,000 runs takes minutes, so their rows are written by plain
 * SQL in one transaction: all columns are those of one run that was promoted and moved into a
 * channel for real, but for ids, names, numbers, digests and times. */
#include "bench.h"
#include "semver/semver_value.h"
#include <stdio.h>
#include <string.h>

#define TEMPLATE "bench-template"

static void sort_key(sqlite3_context *context, int count, sqlite3_value **values) {
  mri_semver version;
  unsigned char key[MRI_SEMVER_KEY_MAX];
  (void)count;
  if (mri_semver_parse((const char *)sqlite3_value_text(values[0]), &version, NULL) != MR_OK) {
    sqlite3_result_error(context, "no version", -1);
    return;
  }
  size_t size = mri_semver_key_bytes(&version, key);
  sqlite3_result_blob(context, key, (int)size, SQLITE_TRANSIENT);
}

static int64_t minors(const bench_many *many) {
  return many->versions > 10000 ? 100 : 10;
}

void bench_fill_number(const bench_many *many, int64_t index, char number[64]) {
  int64_t each = minors(many);
  snprintf(number, 64, "%lld.%lld.%lld", (long long)(1 + index / 10 / each),
           (long long)(index / 10 % each), (long long)(index % 10));
}

static void make_template(const char *path) {
  char id[40];
  char number[64];
  mr_registry *registry = bench_registry(path);
  mr_experiment *experiment = bench_experiment(registry, TEMPLATE);
  mr_model *model = bench_model(registry, TEMPLATE);
  bench_trained(experiment, id);
  bench_promote_run(model, id, number);
  bench_check(mr_model_create_channel(model, "production", &bench_error));
  bench_move(model, "production", number, "none");
  mr_model_free(model);
  mr_experiment_free(experiment);
  mr_registry_close(registry);
}

/* One column that is not the template's: an expression over i, the index of the row. */
typedef struct column {
  const char *name;
  const char *value;
} column;

/* What the expressions are about, in the temporary table `p`: rowids of the template, the highest
 * ones so far, and how many there are to be. */
static const char parameters[] =
    "CREATE TEMP TABLE p AS SELECT m.id AS model, v.id AS version, v.run_id AS run, "
    "v.request_id AS request, c.id AS channel, "
    "(SELECT max(id) FROM model) AS models, (SELECT max(id) FROM version) AS versions, "
    "(SELECT max(id) FROM run) AS runs, (SELECT max(id) FROM request) AS requests, "
    "(SELECT max(id) FROM channel) AS channels, ?1 AS prefix, ?2 AS count, ?3 AS each, "
    "?4 AS minors FROM model m JOIN version v ON v.model_id = m.id "
    "JOIN channel c ON c.model_id = m.id WHERE m.name = '" TEMPLATE "'";

#define UUID(kind) "printf('%08x-0000-7000-8000-%012x', p." kind "s + 1, p." kind "s + 1 + i)"

static const column model_columns[] = {
    {"id", "p.models + 1 + i"}, {"uuid", UUID("model")}, {"name", "p.prefix || i"}, {NULL, NULL}};
static const column run_columns[] = {{"id", "p.runs + 1 + i"}, {"uuid", UUID("run")}, {NULL, NULL}};
static const column request_columns[] = {{"id", "p.requests + 1 + i"},
                                         {"uuid", UUID("request")},
                                         {"model_id", "p.models + 1 + i / p.each"},
                                         {"run_id", "p.runs + 1 + i"},
                                         {NULL, NULL}};
#define INDEX "i % p.each"
#define NUMBER                                                                                     \
  "printf('%d.%d.%d+%012x', 1 + " INDEX " / 10 / p.minors, " INDEX " / 10 % p.minors, " INDEX      \
  " % 10, i)"
static const column version_columns[] = {{"id", "p.versions + 1 + i"},
                                         {"uuid", UUID("version")},
                                         {"model_id", "p.models + 1 + i / p.each"},
                                         {"run_id", "p.runs + 1 + i"},
                                         {"request_id", "p.requests + 1 + i"},
                                         {"number", NUMBER},
                                         {"sort_key", "sort_key(" NUMBER ")"},
                                         {"digest", "randomblob(32)"},
                                         {"created_us", "t.created_us - p.count * p.each + i"},
                                         {"status_us", "t.status_us - p.count * p.each + i"},
                                         {NULL, NULL}};
static const column channel_columns[] = {{"id", "p.channels + 1 + i"},
                                         {"model_id", "p.models + 1 + i"},
                                         {"version_id", "p.versions + 1 + i * p.each + p.each / 2"},
                                         {NULL, NULL}};
static const column move_columns[] = {{"channel_id", "p.channels + 1 + i"},
                                      {"version_id", "p.versions + 1 + i * p.each + p.each / 2"},
                                      {NULL, NULL}};

static const struct {
  const char *table;
  const char *where; /* the row that is the template */
  const char *rows;
  const column *columns;
} copies[] = {
    {"model", "t.id = p.model", "p.count", model_columns},
    {"run", "t.id = p.run", "p.count * p.each", run_columns},
    {"request", "t.id = p.request", "p.count * p.each", request_columns},
    {"version", "t.id = p.version", "p.count * p.each", version_columns},
    {"channel", "t.id = p.channel", "p.count", channel_columns},
    {"channel_move", "t.channel_id = p.channel", "p.count", move_columns},
};

static const char *value_of(const column *columns, const char *name) {
  for (; columns->name != NULL; columns++) {
    if (strcmp(columns->name, name) == 0) return columns->value;
  }
  return NULL;
}

static void copy_rows(sqlite3 *db, size_t which) {
  sqlite3_str *sql = sqlite3_str_new(db);
  char *names = sqlite3_mprintf("SELECT name FROM pragma_table_info(%Q)", copies[which].table);
  sqlite3_stmt *stmt = bench_sqlite_prepare(db, names);
  sqlite3_free(names);
  sqlite3_str_appendf(sql,
                      "WITH RECURSIVE s(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s, p "
                      "WHERE i + 1 < %s) INSERT INTO %s SELECT ",
                      copies[which].rows, copies[which].table);
  for (int c = 0; sqlite3_step(stmt) == SQLITE_ROW; c++) {
    const char *name = (const char *)sqlite3_column_text(stmt, 0);
    const char *value = value_of(copies[which].columns, name);
    sqlite3_str_appendf(sql, "%s%s%s", c == 0 ? "" : ", ", value == NULL ? "t." : "",
                        value == NULL ? name : value);
  }
  sqlite3_finalize(stmt);
  sqlite3_str_appendf(sql, " FROM p CROSS JOIN %s t ON %s CROSS JOIN s", copies[which].table,
                      copies[which].where);
  char *text = sqlite3_str_finish(sql);
  if (text == NULL) bench_die("out of memory");
  bench_sqlite_run(db, text);
  sqlite3_free(text);
}

void bench_fill(const char *path, const bench_many *many) {
  make_template(path);
  sqlite3 *db = bench_sqlite_open(path);
  if (sqlite3_create_function(db, "sort_key", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, sort_key,
                              NULL, NULL) != SQLITE_OK) {
    bench_die(sqlite3_errmsg(db));
  }
  bench_sqlite_run(db, "PRAGMA cache_size = -200000");
  bench_sqlite_run(db, "BEGIN");
  sqlite3_stmt *stmt = bench_sqlite_prepare(db, parameters);
  sqlite3_bind_text(stmt, 1, many->prefix, -1, SQLITE_STATIC);
  sqlite3_bind_int64(stmt, 2, many->models);
  sqlite3_bind_int64(stmt, 3, many->versions);
  sqlite3_bind_int64(stmt, 4, minors(many));
  bench_sqlite_read(stmt);
  sqlite3_finalize(stmt);
  for (size_t i = 0; i < sizeof copies / sizeof copies[0]; i++) copy_rows(db, i);
  bench_sqlite_run(db, "COMMIT");
  bench_sqlite_run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
  sqlite3_close(db);
}
