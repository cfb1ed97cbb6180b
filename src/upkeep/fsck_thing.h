/* SPDX-License-Identifier: Apache-2.0 */
/* One thing at a time and what is wrong with it. Checks follow each other without looking at what
 * they return: the first failure sticks, and is returned at the end. */
#ifndef MRI_UPKEEP_FSCK_THING_H
#define MRI_UPKEEP_FSCK_THING_H

#include "upkeep/fsck_rows.h"

#define MRI_FSCK_TEXT sizeof(((mr_error *)NULL)->message)

typedef struct mri_fsck_thing {
  mri_fsck_walk *walk;
  mr_error *error;
  mr_status status;
  int64_t found; /* findings about it */
  char name[MRI_FSCK_OBJECT];
} mri_fsck_thing;

/* Names the thing as an operator knows it, such as "version digits@1.2.0". */
void mri_fsck_thing_is(mri_fsck_thing *thing, mri_fsck_walk *walk, mr_error *error,
                       const char *format, ...) MRI_PRINTF(4, 5);
/* Counts one more row of it that is looked at. */
void mri_fsck_thing_row(mri_fsck_thing *thing);
/* Something is wrong with it that only a backup mends. */
void mri_fsck_say(mri_fsck_thing *thing, mr_finding finding, const char *format, ...)
    MRI_PRINTF(3, 4);
/* The same where a check, done into `why`, did not give MR_OK. */
void mri_fsck_say_why(mri_fsck_thing *thing, const char *where, mr_status status,
                      const mr_error *why);

/* As those of fsck_rows.h. `where` stands before what is said, such as "change 2: ". */
void mri_fsck_thing_id(mri_fsck_thing *thing, const mri_stmt *stmt, int column);
void mri_fsck_thing_time(mri_fsck_thing *thing, const mri_stmt *stmt, int column, const char *where,
                         const char *what);
void mri_fsck_thing_range(mri_fsck_thing *thing, const mri_stmt *stmt, int column,
                          const char *where, const char *what, int64_t first, int64_t last);
void mri_fsck_thing_texts(mri_fsck_thing *thing, const mri_stmt *stmt, const char *where,
                          const mri_fsck_text *texts, size_t count);

/* Whether what a function of the registry said is about what the rows hold: then it is a finding,
 * and no failure of the check. */
bool mri_fsck_is_content(mr_status status, const mr_error *why);
/* A failure of the check as one; MR_OK for what is about content. */
mr_status mri_fsck_pass_on(mr_status status, const mr_error *why, mr_error *error);

bool mri_fsck_same_text(const char *a, const char *b);
/* For messages: what is missing or empty is "none". */
const char *mri_fsck_shown(const char *text);
/* A column that refers to a row, 0 for NULL. */
int64_t mri_fsck_reference(const mri_stmt *stmt, int column);

#endif
