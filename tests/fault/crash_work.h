/* SPDX-License-Identifier: Apache-2.0 */
/* A process that does all that users do and tells what it was told is done, and what must be there
 * of it after the process or the machine was stopped. */
#ifndef MRT_FAULT_CRASH_WORK_H
#define MRT_FAULT_CRASH_WORK_H

#include "governed.h"

enum { CRASH_ENTRIES = 4096 };

typedef enum crash_deed {
  CRASH_OPENED = 1, /* with its gates */
  CRASH_LOGGED,     /* a param of a run; points, which may still be in memory */
  CRASH_STORED,     /* an artifact of a run */
  CRASH_FLUSHED,    /* a run, with its points so far */
  CRASH_FINISHED,   /* the same */
  CRASH_CHECKED,    /* a run */
  CRASH_SNAPPED,    /* a frozen dataset */
  CRASH_PROMOTED,
  CRASH_MOVED
} crash_deed;

/* One call that returned, and what it said. */
typedef struct crash_entry {
  int32_t what;
  char id[40];     /* of the run or the request */
  char text[40];   /* key, artifact path, name, or number of the version without build metadata */
  char digest[72]; /* of a dataset */
  int64_t number;  /* of points, bytes, or of the channel's change */
} crash_entry;

/* What outlives the process: a file that is mapped. */
typedef struct crash_ledger {
  atomic_int inside; /* the call that is under way, or 0 */
  atomic_int ready;
  atomic_int count;
  /* Versions and channel moves that are there beyond the acknowledged ones: of calls that were cut
   * off after they had done their work. */
  int64_t more_versions;
  int64_t more_moves;
  /* Entries beyond the last one that counts, acknowledged while the power went: what they stand for
   * may be there or not. */
  int late;
  crash_entry entries[CRASH_ENTRIES];
} crash_ledger;

/* Maps the file, made empty when asked. */
crash_ledger *crash_ledger_open(const char *path, bool make);
void crash_ledger_close(crash_ledger *ledger);

typedef struct crash_work {
  const char *db;
  const char *scratch; /* a folder for files that are no part of the registry */
  crash_ledger *ledger;
  uint64_t random;
  void (*acknowledged)(void *ctx); /* NULL: nobody else wants to know */
  void *ctx;
  mr_registry *registry;
  mr_experiment *experiment;
  mr_model *model;
  mr_run *run;
  int64_t points;
  int serial;
  char note[60000]; /* that makes the database's log long */
} crash_work;

/* Opens the registry, and makes it with its gates where it is not there. */
void crash_work_open(crash_work *w);
/* Sets more_versions and more_moves to what is there now, for a ledger that goes on. */
void crash_work_count_more(crash_work *w);
/* One thing, drawn from all; false when the ledger is full. */
bool crash_work_step(crash_work *w);
void crash_work_close(crash_work *w);

/* A frozen dataset of three new files. */
void crash_work_snapshot(crash_work *w);
/* The content of an artifact, to be freed by the caller. */
uint8_t *crash_content(const char *owner, const char *path, size_t size);

/* --- afterwards --------------------------------------------------------------------------- */

/* The registry at `db` is whole, whatever happened to it: the tables, fsck, every artifact read,
 * versions without a gap. */
void crash_check_whole(const char *db);
/* The first `count` entries are there as far as the headers promise it, after a loss of power or
 * only of the process; and of others nothing but the one that was under way. Fetches into a folder
 * of `scratch`. */
void crash_check_kept(const char *db, const char *scratch, const crash_ledger *ledger, int count,
                      bool power);
/* Whether the first `count` entries promise that the registry is there. */
bool crash_promises_registry(const crash_ledger *ledger, int count, bool power);

#endif
