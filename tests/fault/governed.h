/* SPDX-License-Identifier: Apache-2.0 */
/* A registry whose every gate asks for something, and what must hold in its tables whatever went
 * wrong: calls of the public interface, looked at with SQLite alone. */
#ifndef MRT_FAULT_GOVERNED_H
#define MRT_FAULT_GOVERNED_H

#include "api_test.h"

#include <sqlite3.h>

/* The model "digits" with a default gate and one of its own that reads a check and an evaluation,
 * and the channel "production", whose gate reads the check and the incumbent. */
void governed_prepare(mr_registry *registry);
/* Attaches the gate of "production" to another channel, and creates that. */
void governed_make_channel(mr_registry *registry, const char *name);
/* A finished run with its evaluation; with the check its promotion is accepted, else it waits. */
void governed_candidate(mr_registry *registry, bool audited, char run_id[40]);
/* The evaluation "holdout" of a run, with the tag "split" of that value; NULL: without. */
void governed_evaluate(mr_registry *registry, const char *run_id, const char *split);
/* Reports the check of a run. */
void governed_audit(mr_registry *registry, const char *run_id);
/* Promotes a candidate, which must be accepted; its number without build metadata. */
void governed_version(mr_registry *registry, char number[40]);
/* The number without build metadata. */
void governed_core(const char *number, char core[40]);
/* What the channel "production" holds, without build metadata, or "none"; its sequence. */
int64_t governed_held(mr_model *model, char held[40]);
/* Any active version that is not the one to avoid, without build metadata; false when there is
 * none. */
bool governed_pick(mr_model *model, uint64_t *random, const char *avoid, char number[40]);
/* The next number of a state that is not 0. */
uint64_t governed_random(uint64_t *state);

/* A new registry with all of that and so many versions. */
mr_registry *governed_create(const char *path, int versions);
/* The same made and closed by a process of its own, so that this one forks with nothing open. */
void governed_create_apart(const char *path, int versions);

sqlite3 *governed_look(const char *path);
/* The single number that a statement yields. */
int64_t governed_count(sqlite3 *look, const char *sql);
/* Every row of every table as one text, to be freed by the caller. */
char *governed_dump(sqlite3 *look);
char *governed_dump_at(const char *path);
/* Nothing is half done: each fact that binds rows of several tables. */
void governed_check(sqlite3 *look);
/* The file itself is sound, too. */
void governed_check_file(sqlite3 *look);
/* Both of a registry. */
void governed_check_at(const char *path);
/* Every number of the line 1.N.0 was taken once, and none left out, also where it was deleted; how
 * many there are. */
int64_t governed_check_numbers(sqlite3 *look);
/* An accepted request made this version, whose bytes verify. */
void governed_check_promoted(mr_registry *registry, const char *request_id, const char *number);
/* The change of that sequence in a list of all there are, which must be to this version. */
const mr_channel_move_record *governed_move_at(const mr_channel_move_page *moves, int64_t sequence,
                                               const char *number);
/* The library finds no error in it. */
void governed_check_whole(mr_registry *registry, mr_fsck_flags flags);

#endif
