/* SPDX-License-Identifier: Apache-2.0 */
/* A registry in which everything that is governed has happened once, damaged one thing at a time:
 * what is said of each. */
#ifndef MRT_FAULT_FSCK_GOVERNED_H
#define MRT_FAULT_FSCK_GOVERNED_H

#include "fsck_stage.h"
#include "governed.h"

/* The rows are known by their numbers:
 *
 * models      1 digits, 2 letters
 * gates       attached: 1 to every promotion, 2 and 3 to those of digits, 4 to "production", 5 to
 *             "waiting", 6 to promotions of letters, which 7 detached
 * requests    1 to 3 versions 1 to 3, the third decided twice; 4 open; 5 refused; 6 withdrawn;
 *             7 version 4, a prerelease that was deleted; 8 version 5, of letters;
 *             9 to 11 "production" to versions 1, 2 and 3; 12 "staging" to version 3, and 13 by its
 *             yank to version 2; 14 open: "waiting" to version 2
 * channels    1 production: to 1, 2, back to 1, to 3, cleared, back to 3, and by the yank back to 2
 *             2 staging: to 3, and by the yank to 2;  3 waiting, 4 empty: never moved
 * versions    1 deprecated, yanked, and deprecated again; 3 yanked and active again; 4 deleted */
enum { FSCK_REQUESTS = 14, FSCK_VERSIONS = 5, FSCK_ATTACHED = 6 };

typedef char fsck_name[80];

typedef struct fsck_governed {
  fsck_stage stage; /* the first, since it is taken down by its own */
  fsck_name requests[FSCK_REQUESTS + 1];
  fsck_name versions[FSCK_VERSIONS + 1]; /* their numbers */
  fsck_name gates[FSCK_ATTACHED + 1];    /* their digests, by the number of an attachment */
} fsck_governed;

/* What is changed, and an error that is found. In `object` and `words` {qN} is the id of a
 * request, {vN} the number of a version and {gN} the digest of what was attached. */
typedef struct fsck_damage {
  const char *sql;
  mr_finding finding;
  const char *object;
  const char *words;
  int64_t errors; /* in all */
} fsck_damage;

/* A test of a registry of its own, which is its `*state`. */
#define fsck_governed_test(function)                                                               \
  cmocka_unit_test_setup_teardown(function, fsck_governed_setup, fsck_stage_teardown)
int fsck_governed_setup(void **state);
/* Each damage in turn, of a registry that is whole. */
void fsck_governed_damage(const fsck_governed *governed, const fsck_damage *damages, size_t count);
/* Each change that cannot be told from a truth: nothing is found. */
void fsck_governed_accept(const fsck_governed *governed, const char *const *changes, size_t count);

#endif
