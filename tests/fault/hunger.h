/* SPDX-License-Identifier: Apache-2.0 */
/* One call of the public interface at a time with memory that runs out, the host's or SQLite's own,
 * with a disk that fails, or with an SQLite that refuses: at every allocation or operation, once and
 * from then on. It either does all it has to do, or says what is wrong and leaves every row as it
 * was; then it works again. */
#ifndef MRT_FAULT_HUNGER_H
#define MRT_FAULT_HUNGER_H

#include "governed.h"

typedef struct hunger {
  const api_place *place;
  api_memory memory;
  mr_registry *other;    /* with all the memory there is, to prepare what a call needs */
  mr_registry *registry; /* with the memory that fails */
  sqlite3 *look;
  int serial; /* of what was prepared */
  /* What a call works on, as its preparation says; opened for it while there is memory. */
  mr_model *model;
  mr_request *request;
  mr_version *version;
  mr_run *run;
  char request_id[40];
  char number[40];
  char run_id[40];
  char channel[40];
  char text[40]; /* whatever else the call needs */
  int64_t as_of_us;
} hunger;

typedef struct hungry_call {
  void (*prepare)(hunger *h); /* NULL where nothing more is needed */
  mr_status (*call)(hunger *h);
  bool changes; /* the registry, when it succeeds */
} hungry_call;

/* In a registry of its own, from a cold start and again with warm caches. */
void hunger_run(const api_place *place, const hungry_call *call);
/* The same with SQLite's memory, which must be armed; in strides. */
void hunger_run_sqlite(const api_place *place, const hungry_call *call);
/* The same with the disk, behind the shim as SQLite's default. */
void hunger_run_disk(const api_place *place, const hungry_call *call);
/* The same with every function of SQLite, once each at a low MR_TEST_SCALE: without memory from a
 * cold start, and with an error of the disk where caches are warm. */
void hunger_run_refusals(const api_place *place, const hungry_call *call);

/* A test of one call in a registry of its own, by `run`, one of the above. */
#define HUNGER_TEST(name, run, prepare, call, changes)                                             \
  static void test_##name(void **state) {                                                          \
    static const hungry_call c = {prepare, call, changes};                                         \
    run(*state, &c);                                                                               \
  }

#endif
