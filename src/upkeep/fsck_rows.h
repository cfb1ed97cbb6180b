/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a check do with rows: going through them, and looking at texts and times. */
#ifndef MRI_UPKEEP_FSCK_ROWS_H
#define MRI_UPKEEP_FSCK_ROWS_H

#include "upkeep/fsck_walk.h"

/* The name of what a row is about; cut where a damaged row has endless names. */
#define MRI_FSCK_OBJECT 480

extern const char mri_fsck_repair[]; /* what to do about damage that MR_FSCK_REPAIR mends */

typedef mr_status (*mri_fsck_row_fn)(mri_fsck_walk *walk, void *ctx, const mri_stmt *stmt,
                                     mr_error *error);

/* Counts each row of a query and hands it over, with the statement on it. */
mr_status mri_fsck_each(mri_fsck_walk *walk, mri_fsck_row_fn row, void *ctx, mr_error *error,
                        const char *sql);

/* Fills `out` with "WORD NAME of run UUID". NULL for a run that is not there: "... of a run that is
 * not there"; NULL for a name that is not there. */
void mri_fsck_name(char out[MRI_FSCK_OBJECT], const char *word, const char *name, const char *run);

/* A VALUE finding that only a backup mends. */
mr_status mri_fsck_bad_value(mri_fsck_walk *walk, const char *object, mr_error *error,
                             const char *format, ...) MRI_PRINTF(4, 5);
/* The same for references. */
mr_status mri_fsck_bad_reference(mri_fsck_walk *walk, const char *object, mr_error *error,
                                 const char *format, ...) MRI_PRINTF(4, 5);

/* NO_MEMORY when memory ran out for a text, which is no damage: it reads as NULL, and is not. */
mr_status mri_fsck_have(const mri_stmt *stmt, int column, mr_error *error);

/* A column of text as it must be. */
typedef struct mri_fsck_text {
  int column;
  const char *what;
  size_t max;    /* bytes of a value; 0: it is a name */
  bool optional; /* may be NULL */
} mri_fsck_text;

mr_status mri_fsck_texts(mri_fsck_walk *walk, const mri_stmt *stmt, const char *object,
                         const mri_fsck_text *texts, size_t count, mr_error *error);
/* A column with the id of something. */
mr_status mri_fsck_id(mri_fsck_walk *walk, const mri_stmt *stmt, int column, const char *object,
                      mr_error *error);
/* A column with the moment at which something happened. */
mr_status mri_fsck_time(mri_fsck_walk *walk, const mri_stmt *stmt, int column, const char *what,
                        const char *object, mr_error *error);
/* A column with an integer that has only so many meanings. */
mr_status mri_fsck_range(mri_fsck_walk *walk, const mri_stmt *stmt, int column, const char *what,
                         int64_t first, int64_t last, const char *object, mr_error *error);

#endif
