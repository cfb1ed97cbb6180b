/* SPDX-License-Identifier: Apache-2.0 */
/* Models, gates, requests and decisions, damaged column by column. Every column stands in a table
 * below: with a change that is found, or among those that cannot be told from a truth. */
#include "fsck_governed.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HEX          "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void finds_nothing_in_a_registry_that_is_whole(void **state) {
  const fsck_governed *governed = *state;
  fsck_stage_clean(&governed->stage, 0);
  fsck_stage_clean(&governed->stage, MR_FSCK_QUICK);
  fsck_stage_clean(&governed->stage, MR_FSCK_REPAIR);
}

static void finds_damage_of_models(void **state) {
  static const fsck_damage damages[] = {
      {"UPDATE model SET uuid = 'nobody' WHERE id = 2", MR_FINDING_VALUE, "model letters", "UUID",
       1},
      {"UPDATE model SET name = 'a@b' WHERE id = 2", MR_FINDING_VALUE, "model a@b", "'@'", 1},
      {"UPDATE model SET name = ' x' WHERE id = 2", MR_FINDING_VALUE, "model  x", "blank", 1},
      {"UPDATE model SET description = char(7) WHERE id = 2", MR_FINDING_VALUE, "model letters",
       "description", 1},
      {"UPDATE model SET description = CAST(x'41ff' AS TEXT) WHERE id = 2", MR_FINDING_VALUE,
       "model letters", "description", 1},
      {"UPDATE model SET description = CAST(x'410042' AS TEXT) WHERE id = 2", MR_FINDING_VALUE,
       "model letters", "NUL", 1},
      {"UPDATE model SET actor = '' WHERE id = 2", MR_FINDING_VALUE, "model letters", "actor", 1},
      {"UPDATE model SET created_us = -1 WHERE id = 2", MR_FINDING_VALUE, "model letters",
       "creation", 1},
      {"UPDATE governance SET time_us = time_us - 1000000", MR_FINDING_SEQUENCE, "registry",
       "before the newest change", 1},
      {"UPDATE governance SET id = 7", MR_FINDING_REFERENCE, "registry",
       "the row that counts its changes is not found", 2},
      {"UPDATE governance SET sequence = 3", MR_FINDING_COUNT, "registry", "at least", 1},
  };
  fsck_governed_damage(*state, damages, COUNT(damages));
}

static void finds_damage_of_gates(void **state) {
  static const fsck_damage damages[] = {
      {"UPDATE gate SET body = replace(body, '0.9', '0.1') WHERE body LIKE '%0.9%'",
       MR_FINDING_DIGEST, "gate {g3}", "does not match its digest", 1},
      {"UPDATE gate_attachment SET model_id = 77 WHERE id = 5", MR_FINDING_REFERENCE,
       "gate on channel/waiting of none", "there is no model", 2},
      {"UPDATE gate_attachment SET transition = 'elsewhere' WHERE id = 5", MR_FINDING_VALUE,
       "gate on elsewhere of digits", "neither promote nor channel", 2},
      {"UPDATE gate_attachment SET revision = 2 WHERE id = 5", MR_FINDING_SEQUENCE,
       "gate on channel/waiting of digits", "revision 2 follows revision 0", 1},
      {"DELETE FROM gate_attachment WHERE id = 6", MR_FINDING_SEQUENCE,
       "gate on promote of letters", "revision 2 follows revision 0", 2},
      {"UPDATE gate_attachment SET gate_digest = (SELECT gate_digest FROM gate_attachment WHERE "
       "id = 6) WHERE id = 7",
       MR_FINDING_SEQUENCE, "gate on promote of letters", "attaches the gate that was there", 2},
      {"UPDATE gate_attachment SET gate_digest = NULL WHERE id = 6", MR_FINDING_SEQUENCE,
       "gate on promote of letters", "detaches a gate where there was none", 3},
      {"UPDATE gate_attachment SET gate_digest = NULL WHERE id = 3", MR_FINDING_DIGEST,
       "request {q1}", "not made by the gates", 2},
      {"UPDATE gate_attachment SET gate_digest = (SELECT gate_digest FROM gate_attachment WHERE "
       "id = 6) WHERE id = 3",
       MR_FINDING_DIGEST, "request {q1}", "not made by the gates", 2},
      {"UPDATE gate_attachment SET actor = char(10) WHERE id = 5", MR_FINDING_VALUE,
       "gate on channel/waiting of digits", "revision 1: its actor", 1},
      {"UPDATE gate_attachment SET created_us = 0 WHERE id = 6", MR_FINDING_VALUE,
       "gate on promote of letters", "revision 1: its time", 1},
      {"UPDATE gate_attachment SET created_us = created_us - 1000000 WHERE id = 6",
       MR_FINDING_SEQUENCE, "gate attachments", "revision 1 on promote of letters", 1},
  };
  fsck_governed_damage(*state, damages, COUNT(damages));
}

static void finds_damage_of_requests(void **state) {
  static const fsck_damage damages[] = {
      {"UPDATE request SET uuid = 'x' WHERE id = 4", MR_FINDING_VALUE, "request x", "UUID", 3},
      {"UPDATE request SET model_id = 2 WHERE id = 1", MR_FINDING_REFERENCE, "request {q1}",
       "{v1} that it made is not a version of letters", 1},
      {"UPDATE request SET model_id = 2 WHERE id = 4", MR_FINDING_DIGEST, "request {q4}",
       "not made by the gates", 1},
      {"UPDATE request SET transition = 'nowhere' WHERE id = 4", MR_FINDING_VALUE, "request {q4}",
       "neither promote nor channel", 1},
      {"UPDATE request SET transition = 'channel/staging' WHERE id = 1", MR_FINDING_VALUE,
       "request {q1}", "asked as a promotion", 1},
      {"UPDATE request SET transition = 'channel/staging' WHERE id = 9", MR_FINDING_DIGEST,
       "request {q9}", "not what was asked for", 1},
      {"UPDATE request SET transition = 'promote' WHERE id = 9", MR_FINDING_VALUE, "request {q9}",
       "expects something of a channel", 1},
      {"UPDATE request SET state = 9 WHERE id = 4", MR_FINDING_VALUE, "request {q4}", "state", 1},
      {"UPDATE request SET state = 2 WHERE id = 5", MR_FINDING_SEQUENCE, "request {q5}",
       "it is accepted, but its last decision", 1},
      {"UPDATE request SET state = 3 WHERE id = 1", MR_FINDING_SEQUENCE, "request {q1}",
       "it is refused, but its last decision", 1},
      {"UPDATE request SET state = 1 WHERE id = 6", MR_FINDING_SEQUENCE, "request {q6}",
       "it is open, but was closed", 1},
      {"UPDATE request SET state = 4 WHERE id = 4", MR_FINDING_VALUE, "request {q4}", "by nobody",
       2},
      {"UPDATE request SET run_id = (SELECT run_id FROM request WHERE id = 2) WHERE id = 4",
       MR_FINDING_DIGEST, "request {q4}", "its run", 2},
      {"UPDATE request SET run_id = (SELECT run_id FROM request WHERE id = 4) WHERE id = 13",
       MR_FINDING_REFERENCE, "request {q13}", "is not a version of its run and path", 1},
      {"UPDATE request SET artifact_path = 'model/weights.bin' WHERE id = 1", MR_FINDING_DIGEST,
       "request {q1}", "path", 1},
      {"UPDATE request SET artifact_path = '../x' WHERE id = 4", MR_FINDING_VALUE, "request {q4}",
       "path", 1},
      {"UPDATE request SET version = 'one' WHERE id = 4", MR_FINDING_VALUE, "request {q4}",
       "which is no version", 1},
      {"UPDATE request SET version = '9.0.0' WHERE id = 4", MR_FINDING_VALUE, "request {q4}",
       "it proposes 9.0.0, which is not what was asked for", 1},
      {"UPDATE request SET version = replace(version, '1.0.0', '1.0.7') WHERE id = 1",
       MR_FINDING_REFERENCE, "version digits@{v1}", "its number is not that of request {q1}", 1},
      {"UPDATE request SET version = (SELECT number FROM version WHERE id = 1) WHERE id = 12",
       MR_FINDING_VALUE, "request {q12}", "not what was asked for", 1},
      {"UPDATE request SET candidate_digest = x'" HEX "' WHERE id = 1", MR_FINDING_DIGEST,
       "request {q1}", "the digest of what it sealed", 1},
      {"UPDATE request SET candidate_digest = x'00' WHERE id = 4", MR_FINDING_VALUE, "request {q4}",
       "bytes", 1},
      {"UPDATE request SET gate_digest = x'" HEX "' WHERE id = 1", MR_FINDING_DIGEST,
       "request {q1}", "not that of its last decision", 1},
      {"UPDATE request SET description = char(7) WHERE id = 4", MR_FINDING_VALUE, "request {q4}",
       "description", 1},
      {"UPDATE request SET description = 'other' WHERE id = 3", MR_FINDING_REFERENCE,
       "version digits@{v3}", "its description is not that of request {q3}", 1},
      {"UPDATE request SET op_id = ' ' WHERE id = 4", MR_FINDING_VALUE, "request {q4}", "op_id", 1},
      {"UPDATE request SET intent = x'" HEX "' WHERE id = 4", MR_FINDING_DIGEST, "request {q4}",
       "not what was asked for", 1},
      {"UPDATE request SET intent = x'" HEX "' WHERE id = 10", MR_FINDING_DIGEST, "request {q10}",
       "not what was asked for", 1},
      {"UPDATE request SET asked_version = '3.0.0-rc.2' WHERE id = 7", MR_FINDING_DIGEST,
       "request {q7}", "not what was asked for", 1},
      {"UPDATE request SET asked_version = 'x' WHERE id = 7", MR_FINDING_VALUE, "request {q7}",
       "it was asked for 'x'", 1},
      {"UPDATE request SET asked_version = NULL WHERE id = 9", MR_FINDING_VALUE, "request {q9}",
       "asked as a promotion", 1},
      {"UPDATE request SET asked_bump = 3 WHERE id = 3", MR_FINDING_DIGEST, "request {q3}", "bump",
       1},
      {"UPDATE request SET asked_line = '1.2' WHERE id = 3", MR_FINDING_DIGEST, "request {q3}",
       "not what was asked for", 1},
      {"UPDATE request SET asked_prerelease_id = 'rc' WHERE id = 3", MR_FINDING_DIGEST,
       "request {q3}", "not what was asked for", 1},
      {"UPDATE request SET expected = 'none' WHERE id = 10", MR_FINDING_DIGEST, "request {q10}",
       "what it expected", 1},
      {"UPDATE request SET expected = 'x' WHERE id = 10", MR_FINDING_VALUE, "request {q10}",
       "expected", 1},
      {"UPDATE request SET expected = 'none' WHERE id = 13", MR_FINDING_VALUE, "request {q13}",
       "but the channel held none", 1},
      {"UPDATE request SET expected = NULL WHERE id = 10", MR_FINDING_VALUE, "request {q10}",
       "expected", 1},
      {"UPDATE request SET closed_by = 'other' WHERE id = 1", MR_FINDING_REFERENCE,
       "version digits@{v1}", "its actor is not that of request", 1},
      {"UPDATE request SET closed_by = 'other' WHERE id = 5", MR_FINDING_VALUE, "request {q5}",
       "other closed it in the call of tester", 1},
      {"UPDATE request SET closed_by = NULL WHERE id = 6", MR_FINDING_VALUE, "request {q6}",
       "by nobody", 1},
      {"UPDATE request SET closed_by = 'other' WHERE id = 4", MR_FINDING_SEQUENCE, "request {q4}",
       "it is open, but was closed", 1},
      {"UPDATE request SET closed_reason = 'because' WHERE id = 5", MR_FINDING_VALUE,
       "request {q5}", "reason of a withdrawal", 1},
      {"UPDATE request SET closed_reason = char(1) WHERE id = 6", MR_FINDING_VALUE, "request {q6}",
       "reason of its withdrawal", 1},
      {"UPDATE request SET closed_us = closed_us + 1 WHERE id = 5", MR_FINDING_SEQUENCE,
       "request {q5}", "it was closed at", 1},
      {"UPDATE request SET closed_us = created_us WHERE id = 6", MR_FINDING_SEQUENCE,
       "request {q6}", "before its last decision", 1},
      {"UPDATE request SET closed_us = 5 WHERE id = 4", MR_FINDING_SEQUENCE, "request {q4}",
       "it is open, but was closed", 1},
      {"UPDATE request SET actor = '' WHERE id = 4", MR_FINDING_VALUE, "request {q4}", "actor", 1},
      {"UPDATE request SET actor = 'other' WHERE id = 1", MR_FINDING_REFERENCE,
       "version digits@{v1}", "its actor is not that of request", 1},
      {"UPDATE request SET created_us = created_us + 1 WHERE id = 4", MR_FINDING_SEQUENCE,
       "request {q4}", "first decided", 1},
      {"UPDATE request SET created_us = 0 WHERE id = 4", MR_FINDING_VALUE, "request {q4}",
       "creation", 1},
      {"DELETE FROM version WHERE id = 5", MR_FINDING_REFERENCE, "request {q8}",
       "there is no version of it", 1},
  };
  fsck_governed_damage(*state, damages, COUNT(damages));
}

static void finds_damage_of_what_was_sealed(void **state) {
  static const fsck_damage damages[] = {
      {"UPDATE request_tag SET value = 'sound' WHERE request_id = 4 AND key = 'team'",
       MR_FINDING_DIGEST, "request {q4}", "the digest of what it sealed", 1},
      {"UPDATE request_tag SET key = 'group' WHERE request_id = 4 AND key = 'team'",
       MR_FINDING_DIGEST, "request {q4}", "the digest of what it sealed", 1},
      {"UPDATE request_tag SET value = CAST(x'766973696f6e0041' AS TEXT) WHERE request_id = 4 "
       "AND key = 'team'",
       MR_FINDING_VALUE, "request {q4}", "the value of a tag has a NUL", 1},
      {"UPDATE request_tag SET run_id = 1 WHERE request_id = 4 AND key = 'team'",
       MR_FINDING_REFERENCE, "request {q4}", "which it does not judge", 1},
      {"UPDATE request_tag SET request_id = 5 WHERE request_id = 4 AND key = 'team'",
       MR_FINDING_REFERENCE, "request {q5}", "which it does not judge", 2},
      {"DELETE FROM request_tag WHERE request_id = 4 AND key = 'team'", MR_FINDING_DIGEST,
       "request {q4}", "the digest of what it sealed", 1},
      {"DELETE FROM request_evaluation WHERE request_id = 4", MR_FINDING_REFERENCE, "request {q4}",
       "tag split of run", 2},
      {"UPDATE request_evaluation SET run_id = (SELECT run_id FROM request_evaluation WHERE "
       "request_id = 1) WHERE request_id = 4",
       MR_FINDING_REFERENCE, "request {q4}", "tag split of run", 2},
      {"UPDATE request_evaluation SET run_id = 1 WHERE request_id = 4", MR_FINDING_REFERENCE,
       "request {q4}", "is no named evaluation", 2},
      {"UPDATE request_evaluation SET request_id = 9 WHERE request_id = 4", MR_FINDING_REFERENCE,
       "request {q4}", "tag split of run", 3},
      {"UPDATE run SET sealed_by = NULL WHERE id = (SELECT run_id FROM request WHERE id = 1)",
       MR_FINDING_SEQUENCE, "request {q1}", "that it judged is not sealed", 1},
      {"UPDATE run SET sealed_by = NULL WHERE id = (SELECT run_id FROM request_evaluation WHERE "
       "request_id = 4)",
       MR_FINDING_SEQUENCE, "request {q4}", "that it read is not sealed", 1},
      {"UPDATE run SET status = 3 WHERE id = (SELECT run_id FROM request WHERE id = 1)",
       MR_FINDING_SEQUENCE, "request {q1}", "that it judged is not finished", 1},
      {"UPDATE run SET status = 3 WHERE id = (SELECT run_id FROM request_evaluation WHERE "
       "request_id = 4)",
       MR_FINDING_SEQUENCE, "request {q4}", "that it read is not finished", 1},
      {"UPDATE run SET name = NULL WHERE id = (SELECT run_id FROM request_evaluation WHERE "
       "request_id = 4)",
       MR_FINDING_REFERENCE, "request {q4}", "is no named evaluation", 1},
      {"UPDATE run SET kind = 3 WHERE id = (SELECT run_id FROM request WHERE id = 4)",
       MR_FINDING_REFERENCE, "request {q4}", "is no training run", 1},
      {"UPDATE param SET value = '0.2', number = 0.2 WHERE run_id = "
       "(SELECT run_id FROM request WHERE id = 1)",
       MR_FINDING_DIGEST, "request {q1}", "its params, as 1 more request says", 1},
      {"UPDATE param SET value = '0.2', number = 0.2 WHERE run_id = "
       "(SELECT run_id FROM request WHERE id = 3)",
       MR_FINDING_DIGEST, "request {q3}", "its params, as 2 more requests say", 1},
      {"UPDATE artifact SET format = 'other' WHERE run_id = "
       "(SELECT run_id FROM request WHERE id = 1)",
       MR_FINDING_DIGEST, "request {q1}", "artifacts and params have not, as 1 more", 1},
      {"DELETE FROM artifact WHERE run_id = (SELECT run_id FROM request WHERE id = 1)",
       MR_FINDING_DIGEST, "request {q1}", "cannot be read", 1},
      {"DELETE FROM input WHERE run_id = (SELECT run_id FROM request WHERE id = 1)",
       MR_FINDING_DIGEST, "request {q1}", "as 1 more request says", 1},
  };
  fsck_governed_damage(*state, damages, COUNT(damages));
}

static void finds_damage_of_decisions(void **state) {
  static const fsck_damage damages[] = {
      {"UPDATE decision SET request_id = 9, sequence = 2 WHERE id = 5", MR_FINDING_SEQUENCE,
       "request {q4}", "it has no decision", 2},
      {"UPDATE decision SET sequence = 2 WHERE id = 1", MR_FINDING_SEQUENCE, "request {q1}",
       "decision 2 follows decision 0", 1},
      {"UPDATE decision SET sequence = 9223372036854775807 WHERE id = 1", MR_FINDING_SEQUENCE,
       "request {q1}", "follows decision 0", 1},
      {"UPDATE decision SET verdict = 8 WHERE id = 1", MR_FINDING_VALUE, "request {q1}",
       "decision 1: its verdict is 8", 1},
      {"UPDATE decision SET verdict = 2 WHERE id = 1", MR_FINDING_VALUE, "request {q1}",
       "decision 1: its verdict is not what its rules give", 1},
      {"UPDATE decision SET gate_digest = x'" HEX "' WHERE id = 3", MR_FINDING_DIGEST,
       "request {q3}", "decision 1: it was not made by the gates that were attached to promote", 1},
      {"UPDATE decision SET gate_digest = x'00' WHERE id = 1", MR_FINDING_VALUE, "request {q1}",
       "bytes", 1},
      {"UPDATE decision SET incumbent = '7.0.0' WHERE id = 2", MR_FINDING_REFERENCE, "request {q2}",
       "its incumbent 7.0.0 was no version", 1},
      {"UPDATE decision SET incumbent = (SELECT number FROM version WHERE id = 3) WHERE id = 2",
       MR_FINDING_REFERENCE, "request {q2}", "was no version of the model at its time", 1},
      {"UPDATE decision SET incumbent = NULL WHERE id = 11", MR_FINDING_VALUE, "request {q10}",
       "its incumbent is none, but the channel held {v1}", 1},
      {"UPDATE decision SET created_us = created_us + 1 WHERE id = 5", MR_FINDING_SEQUENCE,
       "request {q4}", "first decided", 1},
      {"UPDATE decision SET created_us = created_us - 900000 WHERE id = 4", MR_FINDING_SEQUENCE,
       "request {q3}", "not later than the one before it", 1},
      {"UPDATE decision SET created_us = 0 WHERE id = 5", MR_FINDING_VALUE, "request {q4}",
       "decision 1: its time", 1},
      {"DELETE FROM decision_rule WHERE decision_id = 3; DELETE FROM decision WHERE id = 3",
       MR_FINDING_SEQUENCE, "request {q3}", "decision 2 follows decision 0", 1},
      {"DELETE FROM decision_rule WHERE decision_id = 5; DELETE FROM decision WHERE id = 5",
       MR_FINDING_SEQUENCE, "request {q4}", "it has no decision", 1},
      {"UPDATE decision_rule SET decision_id = 2, position = 9 WHERE decision_id = 1 AND "
       "position = 3",
       MR_FINDING_SEQUENCE, "request {q1}", "it has 3 rules, and the gates have more", 2},
      {"UPDATE decision_rule SET position = 7 WHERE decision_id = 1 AND position = 1",
       MR_FINDING_SEQUENCE, "request {q1}", "rule 1: its place is 2", 1},
      {"DELETE FROM decision_rule WHERE decision_id = 1", MR_FINDING_SEQUENCE, "request {q1}",
       "it has 0 rules", 1},
      {"UPDATE decision_rule SET from_default = 2 WHERE decision_id = 1 AND position = 0",
       MR_FINDING_VALUE, "request {q1}", "decision 1: rule 0: from_default", 1},
      {"UPDATE decision_rule SET from_default = 0 WHERE decision_id = 1 AND position = 0",
       MR_FINDING_VALUE, "request {q1}", "rule 0: it is not the rule of the gate that decided", 1},
      {"UPDATE decision_rule SET name = 'other' WHERE decision_id = 1 AND position = 0",
       MR_FINDING_VALUE, "request {q1}", "rule 0: it is not the rule of the gate that decided", 1},
      {"UPDATE decision_rule SET required = '1 = 1' WHERE decision_id = 1 AND position = 1",
       MR_FINDING_VALUE, "request {q1}", "rule 1: it is not the rule of the gate that decided", 1},
      {"UPDATE decision_rule SET verdict = 9 WHERE decision_id = 1 AND position = 1",
       MR_FINDING_VALUE, "request {q1}", "rule 1: its verdict is 9", 1},
      {"UPDATE decision_rule SET verdict = 2 WHERE decision_id = 1 AND position = 1",
       MR_FINDING_VALUE, "request {q1}", "rule 1: its verdict does not go with its reason", 1},
      {"UPDATE decision_rule SET verdict = 3 WHERE decision_id = 6 AND position = 1",
       MR_FINDING_VALUE, "request {q5}", "its verdict is not what its rules give", 1},
      {"UPDATE decision_rule SET unknown = 7 WHERE decision_id = 5 AND position = 3",
       MR_FINDING_VALUE, "request {q4}", "rule 3: unknown", 1},
      {"UPDATE decision_rule SET unknown = 1 WHERE decision_id = 1 AND position = 1",
       MR_FINDING_VALUE, "request {q1}", "rule 1: its verdict does not go with its reason", 1},
      {"UPDATE decision_rule SET observed = char(7) WHERE decision_id = 1 AND position = 1",
       MR_FINDING_VALUE, "request {q1}", "rule 1: what it observed", 1},
      {"UPDATE decision_rule SET reason = '' WHERE decision_id = 5 AND position = 3",
       MR_FINDING_VALUE, "request {q4}", "rule 3: its verdict does not go with its reason", 1},
  };
  fsck_governed_damage(*state, damages, COUNT(damages));
}

/* What people may have said so, and ids by which nothing else is known. */
static void accepts_what_could_be_true(void **state) {
  static const char *const changes[] = {
      "UPDATE model SET uuid = '01234567-89ab-7def-8123-456789abcdef' WHERE id = 2",
      "UPDATE model SET description = 'of another' WHERE id = 2",
      "UPDATE model SET actor = 'other', created_us = created_us - 5 WHERE id = 2",
      "UPDATE gate_attachment SET actor = 'other' WHERE id = 5",
      "UPDATE request SET op_id = 'op-4' WHERE id = 3",
      "UPDATE request SET description = 'other', actor = 'other' WHERE id = 4",
      "UPDATE request SET version = replace(version, '2.', '4.') WHERE id = 4",
      "UPDATE request SET closed_by = 'other', closed_reason = 'other' WHERE id = 6",
      "UPDATE decision SET incumbent = NULL WHERE id = 2",
      "UPDATE decision_rule SET observed = 'other' WHERE decision_id = 1 AND position = 1",
      "UPDATE decision_rule SET reason = 'other' WHERE decision_id = 5 AND position = 3",
      "UPDATE decision_rule SET unknown = 1 WHERE decision_id = 6 AND position = 1",
      "UPDATE governance SET sequence = sequence + 100, time_us = time_us + 100",
  };
  fsck_governed_accept(*state, changes, COUNT(changes));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      fsck_governed_test(finds_nothing_in_a_registry_that_is_whole),
      fsck_governed_test(finds_damage_of_models),
      fsck_governed_test(finds_damage_of_gates),
      fsck_governed_test(finds_damage_of_requests),
      fsck_governed_test(finds_damage_of_what_was_sealed),
      fsck_governed_test(finds_damage_of_decisions),
      fsck_governed_test(accepts_what_could_be_true),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
