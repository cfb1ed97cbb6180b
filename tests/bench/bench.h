/* SPDX-License-Identifier: Apache-2.0 */
/* What the benches share: comparing, SQLite by hand, and small steps through the library. */
#ifndef BENCH_H
#define BENCH_H

#include <modelreg/modelreg.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern mr_error bench_error;

void bench_die(const char *what);
/* Ends the program with the message of bench_error. */
void bench_check(mr_status status);
/* Never NULL. */
void *bench_alloc(size_t count, size_t size);

/* --- comparing -------------------------------------------------------------------------------- */

typedef void bench_step(void *ctx, int64_t round);

/* Two ways to the same end. They take turns, and which goes first changes with every round, so that
 * whatever else the machine does hits both. */
typedef struct bench_pair {
  const char *name;
  const char *unit; /* "ns", "us" or "ms" */
  int64_t rounds;
  int64_t calls;       /* that one round of each makes */
  bench_step *prepare; /* not timed; NULL for nothing */
  bench_step *ours;
  bench_step *between; /* not timed; with it ours goes first, as the baseline needs what it left */
  bench_step *baseline;
  void *ctx;
} bench_pair;

/* Prints the medians of a call. */
void bench_compare(const bench_pair *pair);
/* Prints one line: for what is counted and not timed. */
void bench_print(const char *name, double ours, double baseline, const char *unit);
/* Sorts the samples; the one that a share of them, 0 to 1, is not above. */
double bench_quantile(double *samples, size_t count, double share);
double bench_seconds(void);
/* Prints every line with its goal. */
void bench_list(void);

/* Calls of fsync and fdatasync by this process so far, by whomever. */
int64_t bench_syncs(void);

/* --- SQLite by hand --------------------------------------------------------------------------- */

/* Open for writing, with the settings of a registry. */
sqlite3 *bench_sqlite_open(const char *path);
void bench_sqlite_run(sqlite3 *db, const char *sql);
sqlite3_stmt *bench_sqlite_prepare(sqlite3 *db, const char *sql);
/* Steps to the end, reads every column of every row, and resets; how many rows there were. */
int64_t bench_sqlite_read(sqlite3_stmt *stmt);
/* The first column of the first row; 0 where there is none. */
int64_t bench_sqlite_int(sqlite3 *db, const char *sql);

/* Writes the rows that a call wrote into one registry anew, by hand, into a copy of it. */
typedef struct bench_copier bench_copier;

/* Copies the registry at `path` to `path`.copy, which takes the rows. */
bench_copier *bench_copier_open(const char *path);
void bench_copier_close(bench_copier *copier);
/* Reads what was written since the last time. */
void bench_copier_read(bench_copier *copier);
/* Writes it, in one transaction as durable as ours. */
void bench_copier_write(bench_copier *copier);

/* --- steps through the library ---------------------------------------------------------------- */

mr_registry *bench_registry(const char *path);
mr_experiment *bench_experiment(mr_registry *registry, const char *name);
/* A finished training run; its id. */
void bench_trained(mr_experiment *experiment, char id[40]);
/* A model with a gate of four rules that such a run passes. */
mr_model *bench_model(mr_registry *registry, const char *name);
/* The number of the version. */
void bench_promote_run(mr_model *model, const char *run_id, char number[64]);
void bench_move(mr_model *model, const char *channel, const char *version, const char *expected);

/* --- files --------------------------------------------------------------------------------------- */

/* The database and every file under PATH.d. */
typedef struct bench_files {
  size_t count;
  struct bench_file {
    char path[760];
    int64_t size;
  } at[4096];
} bench_files;

/* To be freed. */
bench_files *bench_files_of(const char *path);
/* Removes PATH, what SQLite keeps beside it, and PATH.d. */
void bench_remove(const char *path);

/* --- many versions ---------------------------------------------------------------------------- */

/* Models PREFIX0, PREFIX1 ... of so many versions each, made of the rows of one real promotion and
 * one real channel: the versions 1.0.0, 1.0.1 ... 1.0.9, 1.1.0 ... with ten patches to a minor and
 * ten minors to a major (one hundred where there are over 10,000), the middle one in `production`.
 * The registry must not be open. */
typedef struct bench_many {
  const char *prefix;
  int64_t models;
  int64_t versions;
} bench_many;

void bench_fill(const char *path, const bench_many *many);
/* The number of version `index`, without build metadata. */
void bench_fill_number(const bench_many *many, int64_t index, char number[64]);

/* --- the benches, each in a file of its own --------------------------------------------------- */

void bench_log(const char *path);
void bench_points(const char *path);
void bench_fork(const char *path);
void bench_library(const char *path);
void bench_memory(const char *path);
void bench_fsck(const char *path);
void bench_backup(const char *path);
void bench_open(const char *path);
void bench_verify(const char *path);
void bench_promote(const char *path);
void bench_channel(const char *path);
void bench_resolve(const char *path);
void bench_gate(const char *path);
void bench_query(const char *path);

/* In a process of its own: measures opening and resolving, of "ours" or "baseline". */
int bench_memory_child(const char *side, const char *path);

#endif
