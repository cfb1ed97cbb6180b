/* SPDX-License-Identifier: Apache-2.0 */
/* Versions and channels, damaged column by column, as test_fsck_govern.c does with requests; and
 * rows that nobody could have written. */
#include "fsck_governed.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HEX          "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void damage(void **state, const fsck_damage *damages, size_t count) {
  fsck_governed governed;
  fsck_governed_fill(&governed, *state);
  fsck_stage_clean(&governed.stage, 0);
  fsck_governed_damage(&governed, damages, count);
  fsck_governed_free(&governed);
}

static void finds_damage_of_versions(void **state) {
  static const fsck_damage damages[] = {
      {"UPDATE version SET uuid = 'x' WHERE id = 2", MR_FINDING_VALUE, "version digits@{v2}",
       "UUID", 1},
      {"UPDATE version SET model_id = 2 WHERE id = 3", MR_FINDING_REFERENCE, "request {q3}",
       "that it made is not a version of digits", 1},
      {"UPDATE version SET sort_key = x'00' WHERE id = 2", MR_FINDING_VALUE, "version digits@{v2}",
       "its sort key", 1},
      {"UPDATE version SET number = '1.1.9' WHERE id = 2", MR_FINDING_REFERENCE,
       "version digits@1.1.9", "its number is not that of request {q2}", 1},
      {"UPDATE version SET number = 'x' WHERE id = 2", MR_FINDING_REFERENCE, "version digits@x",
       "its number is not that of request {q2}", 1},
      {"UPDATE version SET released = 0 WHERE id = 2", MR_FINDING_VALUE, "version digits@{v2}",
       "kept as a prerelease", 1},
      {"UPDATE version SET released = 5 WHERE id = 2", MR_FINDING_VALUE, "version digits@{v2}",
       "released", 1},
      {"UPDATE version SET status = 2 WHERE id = 2", MR_FINDING_SEQUENCE, "version digits@{v2}",
       "its status is not that of its promotion", 1},
      {"UPDATE version SET status = 1 WHERE id = 1", MR_FINDING_SEQUENCE, "version digits@{v1}",
       "its status is not that of its last change", 1},
      {"UPDATE version SET status = 1 WHERE id = 4", MR_FINDING_SEQUENCE, "version digits@{v4}",
       "its status is not that of its last change", 1},
      {"UPDATE version SET status = 9 WHERE id = 2", MR_FINDING_VALUE, "version digits@{v2}",
       "status is 9", 2},
      {"UPDATE version SET run_id = (SELECT run_id FROM request WHERE id = 4) WHERE id = 2",
       MR_FINDING_REFERENCE, "version digits@{v2}", "its run is not that of request {q2}", 1},
      {"UPDATE version SET artifact_path = 'other' WHERE id = 2", MR_FINDING_REFERENCE,
       "version digits@{v2}", "its artifact path is not that of request {q2}", 1},
      {"UPDATE version SET digest = x'" HEX "' WHERE id = 2", MR_FINDING_DIGEST,
       "version digits@{v2}", "its digest is not what run", 1},
      {"UPDATE version SET digest = x'' WHERE id = 2", MR_FINDING_DIGEST, "version digits@{v2}",
       "its digest is not what run", 1},
      {"UPDATE version SET file_count = 7 WHERE id = 2", MR_FINDING_COUNT, "version digits@{v2}",
       "its number of files is not what run", 1},
      {"UPDATE version SET total_size = -7 WHERE id = 2", MR_FINDING_COUNT, "version digits@{v2}",
       "its size is not what run", 1},
      {"UPDATE version SET params_digest = x'" HEX "' WHERE id = 2", MR_FINDING_DIGEST,
       "version digits@{v2}", "its digest of params is not what run", 1},
      {"UPDATE version SET request_id = 1 WHERE id = 2", MR_FINDING_REFERENCE,
       "version digits@{v2}", "its run is not that of request {q1}", 1},
      {"UPDATE version SET description = 'other' WHERE id = 2", MR_FINDING_REFERENCE,
       "version digits@{v2}", "its description is not that of request {q2}", 1},
      {"UPDATE version SET dataset_digests = x'' WHERE id = 2", MR_FINDING_DIGEST,
       "version digits@{v2}", "its list of datasets is not what run", 1},
      {"UPDATE version SET dataset_digests = x'00' WHERE id = 2", MR_FINDING_DIGEST,
       "version digits@{v2}", "its list of datasets is not what run", 1},
      {"UPDATE version SET status_reason = 'other' WHERE id = 1", MR_FINDING_SEQUENCE,
       "version digits@{v1}", "its reason of its status is not that of its last change", 1},
      {"UPDATE version SET status_reason = 'other' WHERE id = 2", MR_FINDING_SEQUENCE,
       "version digits@{v2}", "is not that of its promotion", 1},
      {"UPDATE version SET replacement_id = 3 WHERE id = 1", MR_FINDING_SEQUENCE,
       "version digits@{v1}", "its replacement is not that of its last change", 1},
      {"UPDATE version SET status_actor = 'other' WHERE id = 1", MR_FINDING_SEQUENCE,
       "version digits@{v1}", "its actor of its status", 1},
      {"UPDATE version SET status_actor = 'other' WHERE id = 2", MR_FINDING_SEQUENCE,
       "version digits@{v2}", "its actor of its status", 1},
      {"UPDATE version SET status_us = status_us + 1 WHERE id = 1", MR_FINDING_SEQUENCE,
       "version digits@{v1}", "its time of its status", 1},
      {"UPDATE version SET status_us = status_us + 1 WHERE id = 2", MR_FINDING_SEQUENCE,
       "version digits@{v2}", "its time of its status", 1},
      {"UPDATE version SET actor = 'other' WHERE id = 2", MR_FINDING_REFERENCE,
       "version digits@{v2}", "its actor is not that of request {q2}", 1},
      {"UPDATE version SET created_us = created_us + 1 WHERE id = 2", MR_FINDING_REFERENCE,
       "version digits@{v2}", "its time is not that of request {q2}", 1},
      {"UPDATE version SET created_us = 0 WHERE id = 2", MR_FINDING_VALUE, "version digits@{v2}",
       "creation", 1},
  };
  damage(state, damages, COUNT(damages));
}

static void finds_damage_of_changes_of_versions(void **state) {
  static const fsck_damage damages[] = {
      {"UPDATE version_change SET version_id = 2, sequence = 1 WHERE version_id = 4",
       MR_FINDING_SEQUENCE, "version digits@{v2}", "its status is not that of its last change", 2},
      {"UPDATE version_change SET sequence = 7 WHERE version_id = 1 AND sequence = 2",
       MR_FINDING_SEQUENCE, "version digits@{v1}", "change 3 follows change 1", 1},
      {"UPDATE version_change SET sequence = 9223372036854775807 WHERE version_id = 1 AND "
       "sequence = 4",
       MR_FINDING_SEQUENCE, "version digits@{v1}", "follows change 3", 1},
      {"DELETE FROM version_change WHERE version_id = 1 AND sequence = 4", MR_FINDING_SEQUENCE,
       "version digits@{v1}", "its status is not that of its last change", 1},
      {"UPDATE version_change SET status = 9 WHERE version_id = 1 AND sequence = 2",
       MR_FINDING_VALUE, "version digits@{v1}", "change 2: its status is 9", 1},
      {"UPDATE version_change SET status = 4 WHERE version_id = 1 AND sequence = 2",
       MR_FINDING_SEQUENCE, "version digits@{v1}", "change 3: it makes status 1 of status 4", 1},
      {"UPDATE version_change SET status = 1 WHERE version_id = 3 AND sequence = 1",
       MR_FINDING_VALUE, "version digits@{v3}", "change 1: it has a replacement", 1},
      {"UPDATE version_change SET status = 1 WHERE version_id = 1 AND sequence = 2",
       MR_FINDING_SEQUENCE, "version digits@{v1}", "change 3: it makes status 1 of status 1", 1},
      {"UPDATE version_change SET reason = NULL WHERE version_id = 1 AND sequence = 2",
       MR_FINDING_VALUE, "version digits@{v1}", "change 2: it has no reason", 1},
      {"UPDATE version_change SET reason = 'other' WHERE version_id = 1 AND sequence = 4",
       MR_FINDING_SEQUENCE, "version digits@{v1}", "its reason of its status", 1},
      {"UPDATE version_change SET reason = char(7) WHERE version_id = 1 AND sequence = 2",
       MR_FINDING_VALUE, "version digits@{v1}", "change 2: its reason", 1},
      {"UPDATE version_change SET replacement_id = 5 WHERE version_id = 1 AND sequence = 1",
       MR_FINDING_REFERENCE, "version digits@{v1}", "change 1: its replacement is of another", 1},
      {"UPDATE version_change SET replacement_id = 1 WHERE version_id = 1 AND sequence = 1",
       MR_FINDING_REFERENCE, "version digits@{v1}", "change 1: it is its own replacement", 1},
      {"UPDATE version_change SET replacement_id = 2 WHERE version_id = 1 AND sequence = 3",
       MR_FINDING_VALUE, "version digits@{v1}", "change 3: it has a replacement", 1},
      {"UPDATE version_change SET replacement_id = 4 WHERE version_id = 1 AND sequence = 4; "
       "UPDATE version SET replacement_id = 4 WHERE id = 1",
       MR_FINDING_REFERENCE, "version digits@{v1}", "its replacement was deleted", 1},
      {"UPDATE version_change SET actor = '' WHERE version_id = 1 AND sequence = 2",
       MR_FINDING_VALUE, "version digits@{v1}", "change 2: its actor", 1},
      {"UPDATE version_change SET actor = 'other' WHERE version_id = 1 AND sequence = 4",
       MR_FINDING_SEQUENCE, "version digits@{v1}", "its actor of its status", 1},
      {"UPDATE version_change SET created_us = 0 WHERE version_id = 1 AND sequence = 2",
       MR_FINDING_VALUE, "version digits@{v1}", "change 2: its time", 1},
      {"UPDATE version_change SET created_us = created_us - 1000000 WHERE version_id = 1 AND "
       "sequence = 2",
       MR_FINDING_SEQUENCE, "version digits@{v1}", "change 2: it makes status 3 of status 2", 1},
      {"UPDATE version_change SET created_us = created_us + 1 WHERE version_id = 1 AND "
       "sequence = 4",
       MR_FINDING_SEQUENCE, "version digits@{v1}", "its time of its status", 1},
  };
  damage(state, damages, COUNT(damages));
}

static void finds_damage_of_channels(void **state) {
  static const fsck_damage damages[] = {
      {"UPDATE channel SET model_id = 2 WHERE id = 2", MR_FINDING_REFERENCE,
       "channel staging of letters", "its version is of another model", 2},
      {"UPDATE channel SET name = 'latest' WHERE id = 4", MR_FINDING_VALUE,
       "channel latest of digits", "latest", 1},
      {"UPDATE channel SET name = 'other' WHERE id = 2", MR_FINDING_REFERENCE,
       "channel other of digits", "move 1: its channel is not that of request {q12}", 2},
      {"UPDATE channel SET version_id = 1 WHERE id = 1", MR_FINDING_SEQUENCE,
       "channel production of digits", "its version is not that of its last move", 1},
      {"UPDATE channel SET version_id = 2 WHERE id = 4", MR_FINDING_SEQUENCE,
       "channel empty of digits", "its version is not that of its last move", 1},
      {"UPDATE channel SET sequence = 3 WHERE id = 1", MR_FINDING_COUNT,
       "channel production of digits", "it counts 3 moves, and the last is 7", 1},
      {"UPDATE channel SET sequence = -1 WHERE id = 4", MR_FINDING_COUNT, "channel empty of digits",
       "it counts -1 moves", 1},
      {"UPDATE channel SET actor = 'other' WHERE id = 1", MR_FINDING_SEQUENCE,
       "channel production of digits", "its actor is not that of its last move", 1},
      {"UPDATE channel SET actor = '' WHERE id = 4", MR_FINDING_VALUE, "channel empty of digits",
       "actor", 1},
      {"UPDATE channel SET moved_us = moved_us - 1 WHERE id = 1", MR_FINDING_SEQUENCE,
       "channel production of digits", "its time is not that of its last move", 1},
      {"UPDATE channel SET moved_us = 0 WHERE id = 4", MR_FINDING_VALUE, "channel empty of digits",
       "the time of its last move", 1},
      {"UPDATE version SET status = 3, status_reason = 'x' WHERE id = 2", MR_FINDING_REFERENCE,
       "channel production of digits", "it holds a version that is yanked", 3},
  };
  damage(state, damages, COUNT(damages));
}

static void finds_damage_of_moves(void **state) {
  static const fsck_damage damages[] = {
      {"UPDATE channel_move SET channel_id = 4 WHERE channel_id = 2 AND sequence = 2",
       MR_FINDING_COUNT, "channel staging of digits", "it counts 2 moves, and the last is 1", 3},
      {"UPDATE channel_move SET sequence = 9 WHERE channel_id = 1 AND sequence = 7",
       MR_FINDING_SEQUENCE, "channel production of digits", "move 9 follows move 6", 2},
      {"DELETE FROM channel_move WHERE channel_id = 1 AND sequence = 5", MR_FINDING_SEQUENCE,
       "channel production of digits", "move 6 follows move 4", 1},
      {"DELETE FROM channel_move WHERE channel_id = 1 AND sequence = 7", MR_FINDING_COUNT,
       "channel production of digits", "it counts 7 moves, and the last is 6", 1},
      {"DELETE FROM channel_move WHERE channel_id = 2 AND sequence = 2", MR_FINDING_COUNT,
       "channel staging of digits", "it counts 2 moves", 2},
      {"UPDATE channel_move SET kind = 4 WHERE channel_id = 1 AND sequence = 5", MR_FINDING_VALUE,
       "channel production of digits", "move 5: its kind is 4", 1},
      {"UPDATE channel_move SET kind = 2 WHERE channel_id = 1 AND sequence = 5", MR_FINDING_VALUE,
       "channel production of digits", "move 5: it has no version", 1},
      {"UPDATE channel_move SET kind = 1 WHERE channel_id = 1 AND sequence = 5",
       MR_FINDING_REFERENCE, "channel production of digits", "move 5: it has no request", 1},
      {"UPDATE channel_move SET kind = 3 WHERE channel_id = 1 AND sequence = 6", MR_FINDING_VALUE,
       "channel production of digits", "move 6: it clears the channel, but has a version", 1},
      {"UPDATE channel_move SET version_id = 3 WHERE channel_id = 1 AND sequence = 2",
       MR_FINDING_REFERENCE, "channel production of digits", "its version is not that of request",
       2},
      {"UPDATE channel_move SET version_id = NULL WHERE channel_id = 1 AND sequence = 3",
       MR_FINDING_VALUE, "channel production of digits", "move 3: it has no version", 1},
      {"UPDATE channel_move SET version_id = 3 WHERE channel_id = 1 AND sequence = 3",
       MR_FINDING_SEQUENCE, "channel production of digits",
       "move 3: it goes back to move 1, which did not bring its version", 1},
      {"UPDATE channel_move SET version_id = 5 WHERE channel_id = 1 AND sequence = 3",
       MR_FINDING_REFERENCE, "channel production of digits", "move 3: its version is of another",
       1},
      {"UPDATE channel_move SET previous_id = 3 WHERE channel_id = 1 AND sequence = 2",
       MR_FINDING_SEQUENCE, "channel production of digits",
       "move 2: it does not begin with what the channel held", 1},
      {"UPDATE channel_move SET previous_id = NULL WHERE channel_id = 1 AND sequence = 7",
       MR_FINDING_SEQUENCE, "channel production of digits",
       "move 7: it does not begin with what the channel held", 1},
      {"UPDATE channel_move SET place = 1 WHERE channel_id = 1 AND sequence = 2",
       MR_FINDING_SEQUENCE, "channel production of digits", "move 2: its place is 1", 1},
      {"UPDATE channel_move SET place = 1 WHERE channel_id = 1 AND sequence = 5",
       MR_FINDING_SEQUENCE, "channel production of digits", "move 5: its place is 1", 1},
      {"UPDATE channel_move SET place = 2 WHERE channel_id = 1 AND sequence = 3",
       MR_FINDING_SEQUENCE, "channel production of digits", "move 3: it goes back to move 2", 1},
      {"UPDATE channel_move SET place = 6 WHERE channel_id = 1 AND sequence = 6",
       MR_FINDING_SEQUENCE, "channel production of digits", "move 6: it goes back to move 6", 1},
      {"UPDATE channel_move SET request_id = NULL WHERE channel_id = 1 AND sequence = 2",
       MR_FINDING_REFERENCE, "channel production of digits", "move 2: it has no request", 1},
      {"UPDATE channel_move SET request_id = 9 WHERE channel_id = 1 AND sequence = 3",
       MR_FINDING_REFERENCE, "channel production of digits", "move 3: it has a request", 1},
      {"UPDATE channel_move SET request_id = 14 WHERE channel_id = 1 AND sequence = 2",
       MR_FINDING_REFERENCE, "channel production of digits",
       "move 2: its acceptance is not that of request {q14}", 1},
      {"UPDATE channel_move SET request_id = 9 WHERE channel_id = 1 AND sequence = 2",
       MR_FINDING_REFERENCE, "channel production of digits",
       "move 2: its version is not that of request {q9}", 1},
      {"UPDATE channel_move SET reason = 'other' WHERE channel_id = 1 AND sequence = 2",
       MR_FINDING_REFERENCE, "channel production of digits",
       "move 2: its reason is not that of request {q10}", 1},
      {"UPDATE channel_move SET reason = char(7) WHERE channel_id = 1 AND sequence = 3",
       MR_FINDING_VALUE, "channel production of digits", "move 3: its reason", 1},
      {"UPDATE channel_move SET actor = 'other' WHERE channel_id = 1 AND sequence = 2",
       MR_FINDING_REFERENCE, "channel production of digits",
       "move 2: its actor is not that of request {q10}", 1},
      {"UPDATE channel_move SET actor = 'other' WHERE channel_id = 1 AND sequence = 7",
       MR_FINDING_SEQUENCE, "channel production of digits", "its actor is not that of its last", 1},
      {"UPDATE channel_move SET actor = '' WHERE channel_id = 1 AND sequence = 3", MR_FINDING_VALUE,
       "channel production of digits", "move 3: its actor", 1},
      {"UPDATE channel_move SET moved_us = moved_us + 1 WHERE channel_id = 1 AND sequence = 2",
       MR_FINDING_REFERENCE, "channel production of digits",
       "move 2: its time is not that of request {q10}", 1},
      {"UPDATE channel_move SET moved_us = moved_us - 1000000 WHERE channel_id = 1 AND "
       "sequence = 3",
       MR_FINDING_SEQUENCE, "channel production of digits",
       "move 3: it is not later than the one before it", 1},
      {"UPDATE channel_move SET moved_us = 0 WHERE channel_id = 1 AND sequence = 3",
       MR_FINDING_VALUE, "channel production of digits", "move 3: its time", 1},
  };
  damage(state, damages, COUNT(damages));
}

static void accepts_what_could_be_true(void **state) {
  static const char *const changes[] = {
      "UPDATE version SET uuid = '01234567-89ab-7def-8123-456789abcdef' WHERE id = 2",
      "UPDATE version_change SET reason = 'other' WHERE version_id = 1 AND sequence = 2",
      "UPDATE version_change SET replacement_id = 3 WHERE version_id = 1 AND sequence = 1",
      "UPDATE version_change SET actor = 'other' WHERE version_id = 1 AND sequence = 2",
      "UPDATE version_change SET created_us = created_us + 1 WHERE version_id = 1 AND sequence = 2",
      "UPDATE channel SET name = 'unused', actor = 'other' WHERE id = 4",
      "UPDATE channel SET moved_us = moved_us - 1 WHERE id = 4",
      "UPDATE channel_move SET reason = 'other' WHERE channel_id = 1 AND sequence = 3",
      "UPDATE channel_move SET actor = 'other' WHERE channel_id = 1 AND sequence = 3",
      "UPDATE channel_move SET moved_us = moved_us + 1 WHERE channel_id = 1 AND sequence = 3",
  };
  fsck_governed governed;
  fsck_governed_fill(&governed, *state);
  fsck_governed_accept(&governed, changes, COUNT(changes));
  fsck_governed_free(&governed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(finds_damage_of_versions),   api_test(finds_damage_of_changes_of_versions),
      api_test(finds_damage_of_channels),   api_test(finds_damage_of_moves),
      api_test(accepts_what_could_be_true),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
