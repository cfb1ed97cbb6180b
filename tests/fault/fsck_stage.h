/* SPDX-License-Identifier: Apache-2.0 */
/* A registry with something of everything that a lab notebook has, which is damaged behind the
 * library's back, one thing at a time, and checked. */
#ifndef MRT_FAULT_FSCK_STAGE_H
#define MRT_FAULT_FSCK_STAGE_H

#include "api_test.h"

#include <sqlite3.h>

typedef struct fsck_stage {
  api_place *place;
  char first[40];   /* a finished training run with everything */
  char second[40];  /* its child, which is still running */
  char judge[40];   /* an evaluation whose inputs are of all kinds */
  char images[40];  /* a frozen dataset */
  char plain[40];   /* the same files, not frozen */
  char judged[40];  /* a run that a request has sealed */
  char version[40]; /* that it became */
  uint8_t *image;   /* the database as it was before any damage */
  size_t size;
} fsck_stage;

/* A test of a stage of its own, which is its `*state`. */
#define fsck_stage_test(function)                                                                  \
  cmocka_unit_test_setup_teardown(function, fsck_stage_setup, fsck_stage_teardown)
int fsck_stage_setup(void **state);
int fsck_stage_teardown(void **state);

/* The database as it is becomes what it was before any damage. */
void fsck_stage_keep(fsck_stage *stage);
/* The database as it was. */
void fsck_stage_restore(const fsck_stage *stage);

/* Statements of SQL in a connection of the test, all of which must work. */
void fsck_stage_run(sqlite3 *raw, const char *sql);
/* Statements of SQL, the last of which must change a row. Nothing is enforced there: neither
 * references nor checks. */
void fsck_stage_edit(const fsck_stage *stage, const char *sql);
/* The same where no row need change, as in a schema. */
void fsck_stage_alter(const fsck_stage *stage, const char *sql);
/* Hides an index while the statements run, so that it misses them. */
void fsck_stage_edit_without(const fsck_stage *stage, const char *index, const char *sql);

/* The findings; MR_FSCK_ flags. */
mr_fsck *fsck_stage_check(const fsck_stage *stage, uint32_t flags);
/* The same, but for notes on the software, which depend on the machine: there must be none. */
void fsck_stage_clean(const fsck_stage *stage, uint32_t flags);
/* The finding of this kind and object (NULL: any) whose message has these words; {first} and so on
 * are the runs of the stage. There must be one. */
const mr_finding_record *fsck_stage_find(const fsck_stage *stage, const mr_fsck *fsck,
                                         mr_finding finding, const char *object, const char *words);
/* For people who read why a test failed. */
void fsck_stage_print(const mr_fsck *fsck);
/* Notes that are not on the software. */
int64_t fsck_stage_notes(const mr_fsck *fsck);

#endif
