/* SPDX-License-Identifier: Apache-2.0 */
/* Points of metrics: one call, a million until they are durable, their size, and reading them. */
#include "bench.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- one call --------------------------------------------------------------------------------- */

/* So few calls a round that most rounds see none of the work that some call does for many. */
enum { LOGGED = 100, LOG_ROUNDS = 5000, SINGLE = 200000, SLOTS = 1024 };

static int64_t slots[SLOTS * 4];

static int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void log_one(mr_metric *metric, int64_t step) {
  bench_check(mr_metric_log(metric, 1.0 / (double)(step + 1), step, &bench_error));
}

static void store_one(int64_t step) {
  volatile int64_t *slot = slots + 4 * (step % SLOTS);
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  slot[0] = step;
  slot[1] = t.tv_sec;
  slot[2] = t.tv_nsec;
  slot[3] = step;
}

static void log_ours(void *ctx, int64_t round) {
  for (int64_t i = 0; i < LOGGED; i++) log_one(ctx, round * LOGGED + i);
}

static void log_baseline(void *ctx, int64_t round) {
  (void)ctx;
  for (int64_t i = 0; i < LOGGED; i++) store_one(round * LOGGED + i);
}

/* The slowest calls, each timed for itself: what a training loop sees as a hiccup. */
static void log_slowest(mr_metric *metric) {
  double *ours = bench_alloc(SINGLE, sizeof *ours);
  double *baseline = bench_alloc(SINGLE, sizeof *baseline);
  for (int64_t i = 0; i < SINGLE; i++) {
    double start = bench_seconds();
    log_one(metric, i);
    double middle = bench_seconds();
    store_one(i);
    baseline[i] = bench_seconds() - middle;
    ours[i] = middle - start;
  }
  bench_print("log_p99.9", bench_quantile(ours, SINGLE, 0.999) * 1e6,
              bench_quantile(baseline, SINGLE, 0.999) * 1e6, "us");
  free(ours);
  free(baseline);
}

void bench_log(const char *path) {
  mr_run *run = NULL;
  mr_metric *metric = NULL;
  mr_registry *registry = bench_registry(path);
  mr_experiment *experiment = bench_experiment(registry, "log");
  bench_check(mr_experiment_start_run(experiment, NULL, &run, &bench_error));
  bench_check(mr_run_metric(run, "loss", &metric, &bench_error));
  const bench_pair pair = {"log",    "ns", LOG_ROUNDS,   LOGGED, NULL,
                           log_ours, NULL, log_baseline, metric};
  bench_compare(&pair);
  log_slowest(metric);
  mr_metric_free(metric);
  mr_run_free(run);
  mr_experiment_free(experiment);
  mr_registry_close(registry);
}

/* --- a million points ------------------------------------------------------------------------- */

enum { POINTS = 1000000, COLUMN = 1000, POINT_ROUNDS = 3, READ_ROUNDS = 5 };

typedef struct series {
  const char *path;
  mr_registry *registry;
  mr_experiment *experiment;
  mr_run *run; /* of this round */
  mr_metric *metric;
  sqlite3 *db; /* of the baseline */
  sqlite3_stmt *insert;
  sqlite3_stmt *select;
  double *values;
  int64_t *steps;
} series;

static double fraction(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(*state >> 11) / 9007199254740992.0;
}

/* A loss that falls and is noisy; as a float32 that was widened, as most losses are. */
static void make_values(series *s, bool is_float) {
  uint64_t state = 1;
  for (int64_t i = 0; i < POINTS; i++) {
    double value = 2 * exp(-(double)i / 250000) + 0.1 * fraction(&state);
    s->values[i] = is_float ? (double)(float)value : value;
    s->steps[i] = i;
  }
}

static void start_run(void *ctx, int64_t round) {
  series *s = ctx;
  (void)round;
  mr_metric_free(s->metric);
  mr_run_free(s->run);
  bench_check(mr_experiment_start_run(s->experiment, NULL, &s->run, &bench_error));
  bench_check(mr_run_metric(s->run, "loss", &s->metric, &bench_error));
}

static void points_one_by_one(void *ctx, int64_t round) {
  const series *s = ctx;
  (void)round;
  for (int64_t i = 0; i < POINTS; i++) {
    bench_check(mr_metric_log(s->metric, s->values[i], i, &bench_error));
  }
  bench_check(mr_run_flush(s->run, &bench_error));
}

static void points_in_columns(void *ctx, int64_t round) {
  const series *s = ctx;
  (void)round;
  for (int64_t i = 0; i < POINTS; i += COLUMN) {
    bench_check(
        mr_metric_log_many(s->metric, s->values + i, s->steps + i, NULL, COLUMN, &bench_error));
  }
  bench_check(mr_run_flush(s->run, &bench_error));
}

static void points_baseline(void *ctx, int64_t round) {
  const series *s = ctx;
  bench_sqlite_run(s->db, "BEGIN IMMEDIATE");
  for (int64_t i = 0; i < POINTS; i++) {
    sqlite3_bind_int64(s->insert, 1, round);
    sqlite3_bind_int64(s->insert, 2, i);
    sqlite3_bind_int64(s->insert, 3, now_us());
    sqlite3_bind_double(s->insert, 4, s->values[i]);
    bench_sqlite_read(s->insert);
  }
  bench_sqlite_run(s->db, "COMMIT");
}

/* Bytes of the pages that are in use. */
static double size_of(sqlite3 *db) {
  return (double)((bench_sqlite_int(db, "PRAGMA page_count") -
                   bench_sqlite_int(db, "PRAGMA freelist_count")) *
                  bench_sqlite_int(db, "PRAGMA page_size"));
}

/* A round of each, untimed: what it adds to the files, at flush and after finish. */
static void compare_sizes(series *s, const char *kind) {
  char name[64];
  sqlite3 *ours = bench_sqlite_open(s->path);
  double before = size_of(s->db);
  points_baseline(s, POINT_ROUNDS);
  double baseline = (size_of(s->db) - before) / POINTS;
  start_run(s, 0);
  before = size_of(ours);
  points_one_by_one(s, 0);
  snprintf(name, sizeof name, "points_%s_size_at_flush", kind);
  bench_print(name, (size_of(ours) - before) / POINTS, baseline, "bytes");
  bench_check(mr_run_finish(s->run, MR_RUN_STATUS_FINISHED, &bench_error));
  snprintf(name, sizeof name, "points_%s_size_after_finish", kind);
  bench_print(name, (size_of(ours) - before) / POINTS, baseline, "bytes");
  sqlite3_close(ours);
}

static volatile double sink;

static void read_ours(void *ctx, int64_t round) {
  const series *s = ctx;
  mr_history *history = NULL;
  double sum = 0;
  (void)round;
  bench_check(mr_run_history(s->run, "loss", NULL, &history, &bench_error));
  int64_t count = mr_history_count(history);
  if (count != POINTS) bench_die("points are missing");
  const double *values = mr_history_values(history);
  const int64_t *steps = mr_history_steps(history);
  const int64_t *times = mr_history_times(history);
  for (int64_t i = 0; i < count; i++) sum += values[i] + (double)steps[i] + (double)times[i];
  sink = sum;
  mr_history_free(history);
}

static void read_baseline(void *ctx, int64_t round) {
  const series *s = ctx;
  double sum = 0;
  (void)round;
  while (sqlite3_step(s->select) == SQLITE_ROW) {
    sum += sqlite3_column_double(s->select, 2) + (double)sqlite3_column_int64(s->select, 0) +
           (double)sqlite3_column_int64(s->select, 1);
  }
  sqlite3_reset(s->select);
  sink = sum;
}

/* The table that costs a writer least: without a key, and read by where its rows are. */
static void open_baseline(series *s, const char *path) {
  char file[720];
  sqlite3 *made = NULL;
  snprintf(file, sizeof file, "%s.points", path);
  if (sqlite3_open(file, &made) != SQLITE_OK) bench_die("sqlite3_open");
  bench_sqlite_run(made, "PRAGMA journal_mode = WAL");
  bench_sqlite_run(made, "CREATE TABLE point (series INTEGER NOT NULL, step INTEGER NOT NULL, "
                         "time_us INTEGER NOT NULL, value REAL)");
  sqlite3_close(made);
  s->db = bench_sqlite_open(file);
  s->insert = bench_sqlite_prepare(s->db, "INSERT INTO point VALUES (?1, ?2, ?3, ?4)");
}

/* The rows of the last round are behind all others. */
static void prepare_reading(series *s) {
  char sql[128];
  snprintf(sql, sizeof sql, "SELECT step, time_us, value FROM point WHERE rowid > %d",
           POINT_ROUNDS * POINTS);
  s->select = bench_sqlite_prepare(s->db, sql);
}

static void run_kind(series *s, const char *kind, bool is_float) {
  char file[700];
  char name[64];
  snprintf(file, sizeof file, "%s.%s", s->path, kind);
  series mine = *s;
  mine.path = file;
  mine.registry = bench_registry(file);
  mine.experiment = bench_experiment(mine.registry, kind);
  open_baseline(&mine, file);
  make_values(&mine, is_float);
  snprintf(name, sizeof name, "points_%s", kind);
  bench_pair pair = {
      name, "ns", POINT_ROUNDS, POINTS, start_run, points_one_by_one, NULL, points_baseline, &mine};
  bench_compare(&pair);
  compare_sizes(&mine, kind);
  prepare_reading(&mine);
  snprintf(name, sizeof name, "history_%s", kind);
  const bench_pair read = {name,      "ns", READ_ROUNDS,   POINTS, NULL,
                           read_ours, NULL, read_baseline, &mine};
  bench_compare(&read);
  sqlite3_finalize(mine.select);
  if (!is_float) {
    bench_sqlite_run(mine.db, "DELETE FROM point");
    pair.name = "points_noisy_columns";
    pair.ours = points_in_columns;
    bench_compare(&pair);
  }
  mr_metric_free(mine.metric);
  mr_run_free(mine.run);
  mr_experiment_free(mine.experiment);
  mr_registry_close(mine.registry);
  sqlite3_finalize(mine.insert);
  sqlite3_close(mine.db);
}

void bench_points(const char *path) {
  series s = {.path = path,
              .values = bench_alloc(POINTS, sizeof *s.values),
              .steps = bench_alloc(POINTS, sizeof *s.steps)};
  run_kind(&s, "noisy", false);
  run_kind(&s, "float32", true);
  free(s.values);
  free(s.steps);
}
