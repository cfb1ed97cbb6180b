/* SPDX-License-Identifier: Apache-2.0 */
/* Damages of the lab notebook: every column of its tables says something that a check can tell from
 * a lie, but for those at the end. */
#include "fsck_stage.h"
#include "governed.h"

typedef struct damage {
  const char *sql;
  mr_finding finding;
  const char *object;
  const char *words;
  bool mends;     /* a repair brings back what was there */
  int64_t errors; /* in all; 0: one */
} damage;

static const char *const bad_name = "starts or ends with a blank";

#define VALUE     MR_FINDING_VALUE
#define REFERENCE MR_FINDING_REFERENCE
#define DIGEST    MR_FINDING_DIGEST
#define COUNTED   MR_FINDING_COUNT
#define SUMMARY   MR_FINDING_SUMMARY
#define SEQUENCE  MR_FINDING_SEQUENCE

/* The row of the metric ?, and of its only or first chunk. */
#define METRIC(key) "WHERE key = '" key "' AND run_id = (SELECT id FROM run WHERE name = 'first')"
#define CHUNK(key)  "WHERE metric_id = (SELECT id FROM metric " METRIC(key) ")"
#define FIRST_RUN   "WHERE name = 'first'"
#define OF_FIRST    "AND run_id = (SELECT id FROM run WHERE name = 'first')"

static const damage registry_damages[] = {
    {"INSERT INTO meta VALUES ('colour', 'red')", VALUE, "registry",
     "it has a property 'colour' that is unknown", false, 0},
    {"UPDATE meta SET value = '0' WHERE key = 'created_us'", VALUE, "registry",
     "its created_us '0' is no time", false, 0},
    {"UPDATE meta SET value = '0' WHERE key = 'min_reader'", VALUE, "registry",
     "its min_reader '0' is no version of the schema", false, 0},
    {"UPDATE meta SET value = '0' WHERE key = 'min_writer'", VALUE, "registry",
     "its min_writer '0' is no version of the schema", false, 0},
    {"UPDATE governance SET sequence = -1", VALUE, "registry", "its number of changes is -1", false,
     0},
    {"DELETE FROM governance", VALUE, "registry", "0 rows that count its changes", false, 0},
    {"INSERT INTO governance SELECT 2, sequence, time_us FROM governance", VALUE, "registry",
     "2 rows that count its changes", false, 2},
};

static const damage experiment_damages[] = {
    {"UPDATE experiment SET id = 77 WHERE name = 'digits'", REFERENCE, "row 1 of table run",
     "it refers to a row of table experiment that is not there", false, 7},
    {"UPDATE experiment SET uuid = 'x' WHERE name = 'others'", VALUE, "experiment others",
     "its id 'x' is no UUID", false, 0},
    {"UPDATE experiment SET name = ' x' WHERE name = 'others'", VALUE, "experiment  x", bad_name,
     false, 0},
    {"UPDATE experiment SET actor = '' WHERE name = 'others'", VALUE, "experiment others",
     "its actor is empty", false, 0},
    {"UPDATE experiment SET created_us = 0 WHERE name = 'others'", VALUE, "experiment others",
     "its creation is 0 us", false, 0},
};

static const damage run_damages[] = {
    {"UPDATE run SET uuid = upper(uuid) WHERE name = 'second'", VALUE, NULL, "is no UUID", false,
     0},
    {"UPDATE run SET experiment_id = 99 " FIRST_RUN, REFERENCE, "row 1 of table run",
     "it refers to a row of table experiment that is not there", false, 0},
    {"UPDATE run SET kind = 4 " FIRST_RUN, VALUE, "run {first}", "its kind is 4, not 1 to 3", false,
     0},
    {"UPDATE run SET kind = 2 " FIRST_RUN, REFERENCE, "run {first}",
     "it is of the kind dataset and has none", false, 0},
    {"UPDATE run SET kind = 1 WHERE name = 'plain'", VALUE, "run {plain}",
     "it recorded a dataset, and is of the kind training", false, 0},
    {"UPDATE run SET status = 5 " FIRST_RUN, VALUE, "run {first}", "its status is 5, not 1 to 4",
     false, 0},
    {"UPDATE run SET status = 1 " FIRST_RUN, VALUE, "run {first}", "it is running, and has ended",
     false, 0},
    {"UPDATE run SET status = 3 WHERE name = 'plain'", VALUE, "dataset plain of run {plain}",
     "its run is not finished", false, 0},
    {"UPDATE run SET name = ' first' " FIRST_RUN, VALUE, "run {first}", bad_name, false, 0},
    {"UPDATE run SET name = 'plane' WHERE name = 'plain'", VALUE, "dataset plain of run {plain}",
     "its run has another name, 'plane'", false, 0},
    {"UPDATE run SET parent_id = id WHERE name = 'second'", REFERENCE, "run {second}",
     "it is its own parent", false, 0},
    {"UPDATE run SET parent_id = (SELECT id FROM run WHERE name = 'second') " FIRST_RUN, REFERENCE,
     "run {first}", "its parent was started after it", false, 0},
    {"UPDATE run SET parent_id = -1 WHERE name = 'second'", REFERENCE, "row 2 of table run",
     "it refers to a row of table run that is not there", false, 0},
    {"UPDATE run SET actor = CAST(x'ff' AS TEXT) " FIRST_RUN, VALUE, "run {first}",
     "its actor is not valid UTF-8", false, 0},
    {"UPDATE run SET started_us = -5 " FIRST_RUN, VALUE, "run {first}", "its start is -5 us", false,
     0},
    {"UPDATE run SET ended_us = 0 " FIRST_RUN, VALUE, "run {first}", "its end is 0 us", false, 0},
    {"UPDATE run SET ended_us = 9e17 WHERE name = 'second'", VALUE, "run {second}",
     "it is running, and has ended", false, 0},
    {"UPDATE run SET source_commit = '' " FIRST_RUN, VALUE, "run {first}",
     "its source_commit is empty", false, 0},
    {"UPDATE run SET source_entry_point = 'a' || char(7) " FIRST_RUN, VALUE, "run {first}",
     "its source_entry_point has the control character U+0007", false, 0},
    {"UPDATE run SET source_state = 3 " FIRST_RUN, VALUE, "run {first}",
     "its source_state is 3, not 0 to 2", false, 0},
    {"UPDATE run SET environment_host = CAST(x'610062' AS TEXT) " FIRST_RUN, VALUE, "run {first}",
     "its environment_host has a NUL at byte 1", false, 0},
    {"UPDATE run SET environment_packages_digest = '' " FIRST_RUN, VALUE, "run {first}",
     "its environment_packages_digest is empty", false, 0},
    {"UPDATE run SET environment_image_digest = printf('%300c', 'x') " FIRST_RUN, VALUE,
     "run {first}", "its environment_image_digest is longer than 250 bytes", false, 0},
    {"UPDATE run SET sealed_by = 'nobody' " FIRST_RUN, REFERENCE, "run {first}",
     "it is sealed by the request 'nobody', which never judged it", false, 0},
    {"UPDATE run SET sealed_by = (SELECT uuid FROM request) " FIRST_RUN, REFERENCE, "run {first}",
     "which never judged it", false, 0},
};

static const damage property_damages[] = {
    {"UPDATE param SET run_id = 99 WHERE key = 'optimizer'", REFERENCE, "row 2 of table param",
     "it refers to a row of table run that is not there", false, 0},
    {"UPDATE param SET key = '' WHERE key = 'optimizer'", VALUE, "param  of run {first}",
     "its key is empty", false, 0},
    {"UPDATE param SET value = '0.2' WHERE key = 'lr' " OF_FIRST, SUMMARY,
     "param lr of run {first}", "the number that is compared is not the one its value '0.2' says",
     true, 0},
    {"UPDATE param SET value = 'a' || char(1) WHERE key = 'optimizer'", VALUE,
     "param optimizer of run {first}", "its value has the control character U+0001", false, 0},
    {"UPDATE param SET number = 0.5 WHERE key = 'lr' " OF_FIRST, SUMMARY, "param lr of run {first}",
     "its value '0.1' says", true, 0},
    {"UPDATE param SET number = NULL WHERE key = 'lr' " OF_FIRST, SUMMARY,
     "param lr of run {first}", "its value '0.1' says", true, 0},
    {"UPDATE param SET number = 1 WHERE key = 'optimizer'", SUMMARY,
     "param optimizer of run {first}", "its value 'adam' says", true, 0},
    {"UPDATE tag SET run_id = 99 WHERE key = 'team' " OF_FIRST, REFERENCE, "row 1 of table tag",
     "it refers to a row of table run that is not there", false, 0},
    {"UPDATE tag SET key = ' team' WHERE key = 'team' " OF_FIRST, VALUE, "tag  team of run {first}",
     bad_name, false, 0},
    {"UPDATE tag SET value = CAST(x'c328' AS TEXT) WHERE key = 'team' " OF_FIRST, VALUE,
     "tag team of run {first}", "its value is not valid UTF-8", false, 0},
};

static const damage metric_damages[] = {
    {"UPDATE metric SET id = 99 " METRIC("infinite"), COUNTED, "metric infinite of run {first}",
     "it has no points", false, 2},
    {"UPDATE metric SET run_id = 99 " METRIC("infinite"), REFERENCE, NULL,
     "it refers to a row of table run that is not there", false, 0},
    {"UPDATE metric SET key = '' " METRIC("infinite"), VALUE, "metric  of run {first}",
     "its key is empty", false, 0},
    {"UPDATE metric SET points = 4 " METRIC("loss"), COUNTED, "metric loss of run {first}",
     "it says 4 points, and there are 3", true, 0},
    {"UPDATE metric SET nan_points = 0 " METRIC("loss"), SUMMARY, "metric loss of run {first}",
     "its nan_points is not what its points give", true, 0},
    {"UPDATE metric SET first_step = 0 " METRIC("loss"), SUMMARY, "metric loss of run {first}",
     "its first_step ", true, 0},
    {"UPDATE metric SET first_time_us = 0 " METRIC("loss"), SUMMARY, "metric loss of run {first}",
     "its first_time_us ", true, 0},
    {"UPDATE metric SET last_step = 4 " METRIC("loss"), SUMMARY, "metric loss of run {first}",
     "its last_step ", true, 0},
    {"UPDATE metric SET last_time_us = last_time_us + 1 " METRIC("loss"), SUMMARY,
     "metric loss of run {first}", "its last_time_us ", true, 0},
    {"UPDATE metric SET first_bits = first_bits + 1 " METRIC("many"), SUMMARY,
     "metric many of run {first}", "its first_bits ", true, 0},
    {"UPDATE metric SET last_bits = last_bits + 1 " METRIC("many"), SUMMARY,
     "metric many of run {first}", "its last_bits ", true, 0},
    {"UPDATE metric SET min_bits = min_bits + 1 " METRIC("many"), SUMMARY,
     "metric many of run {first}", "its min_bits ", true, 0},
    {"UPDATE metric SET max_bits = max_bits + 1 " METRIC("many"), SUMMARY,
     "metric many of run {first}", "its max_bits ", true, 0},
    {"UPDATE metric SET sum_bits = sum_bits + 1 " METRIC("many"), SUMMARY,
     "metric many of run {first}", "its sum_bits ", true, 0},
    {"UPDATE metric SET compensation_bits = compensation_bits + 1 " METRIC("many"), SUMMARY,
     "metric many of run {first}", "its compensation_bits ", true, 0},
    {"UPDATE metric SET first_value = NULL " METRIC("loss"), SUMMARY, "metric loss of run {first}",
     "its first_value ", true, 0},
    {"UPDATE metric SET last_value = 7 " METRIC("loss"), SUMMARY, "metric loss of run {first}",
     "its last_value ", true, 0},
    {"UPDATE metric SET min_value = 0 " METRIC("nothing"), SUMMARY, "metric nothing of run {first}",
     "its min_value ", true, 0},
    {"UPDATE metric SET max_value = 7 " METRIC("infinite"), SUMMARY,
     "metric infinite of run {first}", "its max_value ", true, 0},
    {"UPDATE metric SET mean_value = 7 " METRIC("loss"), SUMMARY, "metric loss of run {first}",
     "its mean_value ", true, 0},
    {"UPDATE metric_chunk SET metric_id = 99 " CHUNK("nothing"), COUNTED,
     "metric nothing of run {first}", "it has no points", false, 2},
    {"UPDATE metric_chunk SET sequence = 7 " CHUNK("many") " AND sequence = 1", SEQUENCE,
     "metric many of run {first}", "chunk 2 follows where 1 must be", false, 2},
    {"UPDATE metric_chunk SET points = 5 " CHUNK("many") " AND sequence = 1", COUNTED,
     "metric many of run {first}", "its chunk 1 says 5 points and has 1024", true, 0},
    {"UPDATE metric_chunk SET data = CAST(substr(data, 1, 30) || x'00' || substr(data, 32) AS "
     "BLOB) " CHUNK("many") " AND sequence = 1",
     DIGEST, "metric many of run {first}", "its chunk 1: metric chunk is damaged: wrong check sum",
     false, 0},
    {"UPDATE metric_chunk SET data = x'' " CHUNK("loss"), DIGEST, "metric loss of run {first}",
     "its chunk 0: metric chunk is damaged: too short", false, 0},
    {"UPDATE metric_chunk SET data = (SELECT c.data FROM metric_chunk c " CHUNK("loss") ") " CHUNK(
         "infinite"),
     COUNTED, "metric infinite of run {first}", "its summary is of 1 points, and there are 3",
     false, 2},
    {"DELETE FROM metric_chunk " CHUNK("many") " AND sequence = 2", COUNTED,
     "metric many of run {first}", "its summary is of 2500 points, and there are 2048", false, 0},
    {"DELETE FROM metric_chunk " CHUNK("many") " AND sequence = 0", SEQUENCE,
     "metric many of run {first}", "chunk 1 follows where 0 must be", false, 0},
    {"DELETE FROM metric_chunk " CHUNK("many"), COUNTED, "metric many of run {first}",
     "it has no points", false, 0},
};

static const damage input_damages[] = {
    {"UPDATE input SET run_id = 99 WHERE role = 'base'", REFERENCE, "row 4 of table input",
     "it refers to a row of table run that is not there", false, 0},
    {"UPDATE input SET role = '' WHERE role = 'base'", VALUE, "input  of run {judge}",
     "its role is empty", false, 0},
    {"UPDATE input SET kind = 5 WHERE role = 'base'", VALUE, "input base of run {judge}",
     "its kind is 5, not 1 to 4", false, 0},
    {"UPDATE input SET kind = 3 WHERE role = 'base'", REFERENCE, "input base of run {judge}",
     "which is not there", false, 0},
    {"UPDATE input SET target = 'x' WHERE role = 'images'", REFERENCE,
     "input images of run {judge}", "it names the dataset run 'x', which is not there", false, 0},
    {"UPDATE input SET target = (SELECT uuid FROM run " FIRST_RUN ") WHERE role = 'images'",
     REFERENCE, "input images of run {judge}", "it names the dataset run '{first}'", false, 0},
    {"UPDATE input SET target = 'x' WHERE role = 'foreign'", DIGEST, "input foreign of run {judge}",
     "its digest is not the one that it names, 'x'", false, 0},
    {"UPDATE input SET target = 'x' WHERE role = 'subject'", REFERENCE,
     "input subject of run {judge}", "it names the run 'x', which is not there", false, 0},
    {"UPDATE input SET target = (SELECT r.uuid FROM run r WHERE r.id = run_id) "
     "WHERE role = 'subject'",
     REFERENCE, "input subject of run {judge}", "the run is its own input", false, 0},
    {"UPDATE input SET target = 'x' WHERE role = 'base'", REFERENCE, "input base of run {judge}",
     "it names the version 'x', which is not there", false, 0},
    {"UPDATE input SET digest = zeroblob(32) WHERE role = 'images'", DIGEST,
     "input images of run {judge}", "its digest is not that of the dataset run '{images}'", false,
     0},
    {"UPDATE input SET digest = NULL WHERE role = 'foreign'", DIGEST,
     "input foreign of run {judge}", "its digest is not the one that it names", false, 0},
    {"UPDATE input SET digest = zeroblob(32) WHERE role = 'subject'", VALUE,
     "input subject of run {judge}", "it has a digest, though it is no dataset", false, 0},
};

/* Digests, sizes and counts of what is stored are in test_fsck_content. */
static const damage file_damages[] = {
    {"UPDATE dataset SET run_id = 99 WHERE name = 'plain'", REFERENCE, NULL,
     "it refers to a row of table run that is not there", false, 2},
    {"UPDATE dataset SET name = 'plane' WHERE name = 'plain'", VALUE,
     "dataset plane of run {plain}", "its run has another name, 'plain'", false, 0},
    {"UPDATE dataset SET sample_count = -1 WHERE name = 'plain'", VALUE,
     "dataset plain of run {plain}", "its sample_count is -1", false, 0},
    {"UPDATE dataset SET frozen = 2 WHERE name = 'images'", VALUE, "dataset images of run {images}",
     "its mark of a copy is 2, not 0 to 1", false, 0},
    {"UPDATE dataset SET data_schema = char(2) WHERE name = 'images'", VALUE,
     "dataset images of run {images}", "its schema has the control character", false, 0},
    {"UPDATE dataset SET source_uri = printf('%5000c', 'x') WHERE name = 'images'", VALUE,
     "dataset images of run {images}", "its source_uri is longer than 4096 bytes", false, 0},
    {"UPDATE dataset SET source_version = char(2) WHERE name = 'images'", VALUE,
     "dataset images of run {images}", "its source_version has the control character", false, 0},
    {"UPDATE artifact SET run_id = 99 WHERE path = 'model/a'", REFERENCE, NULL,
     "it refers to a row of table run that is not there", false, 0},
    {"UPDATE artifact SET path = '../a' WHERE path = 'model/a'", VALUE,
     "artifact ../a of run {first}", "its path ", false, 0},
    {"UPDATE artifact SET path = 'model/a/x' WHERE path = 'model/b'", REFERENCE,
     "artifact model/a/x of run {first}", "'model/a', a folder of it, is an artifact too", false,
     0},
    {"UPDATE artifact SET kind = 3 WHERE path = 'model/a'", VALUE,
     "artifact model/a of run {first}", "its kind is 3, not 1 to 2", false, 0},
    {"UPDATE artifact SET kind = 1 WHERE path = 'logs/train.log'", VALUE,
     "artifact logs/train.log of run {first}", "its kind is 1 and its format link", false, 0},
    {"UPDATE artifact SET kind = 2 WHERE path = 'model/a'", VALUE,
     "artifact model/a of run {first}", "its kind is 2 and its format json", false, 0},
    {"UPDATE artifact SET digest = x'00' WHERE path = 'logs/train.log'", VALUE,
     "artifact logs/train.log of run {first}", "its digest has not 32 bytes", false, 0},
    {"UPDATE artifact SET size = -1 WHERE path = 'model/a'", VALUE,
     "artifact model/a of run {first}", "its size is -1", false, 0},
    {"UPDATE artifact SET size = -1 WHERE path = 'logs/train.log'", VALUE,
     "artifact logs/train.log of run {first}", "size is -1, not 0 or more", false, 0},
    {"UPDATE artifact SET format = '' WHERE path = 'model/a'", VALUE,
     "artifact model/a of run {first}", "its format is empty", false, 0},
    {"UPDATE artifact SET format = 'link' WHERE path = 'model/a'", VALUE,
     "artifact model/a of run {first}", "its kind is 1 and its format link", false, 0},
    {"UPDATE artifact SET uri = 's3://x' WHERE path = 'model/a'", VALUE,
     "artifact model/a of run {first}", "it is stored, and has a uri", false, 0},
    {"UPDATE artifact SET uri = 'train.log' WHERE path = 'logs/train.log'", VALUE,
     "artifact logs/train.log of run {first}", "uri 'train.log' has no scheme", false, 0},
    {"UPDATE artifact SET uri = NULL WHERE path = 'logs/train.log'", VALUE,
     "artifact logs/train.log of run {first}", "uri is missing", false, 0},
    {"UPDATE artifact SET created_us = 0 WHERE path = 'model/a'", VALUE,
     "artifact model/a of run {first}", "its creation is 0 us", false, 0},
};

static const damage check_damages[] = {
    {"UPDATE run_check SET uuid = 'x' WHERE name = 'lint'", VALUE, "check lint of run {first}",
     "its id 'x' is no UUID", false, 0},
    {"UPDATE run_check SET run_id = 99 WHERE name = 'bias'", REFERENCE, "row 3 of table run_check",
     "it refers to a row of table run that is not there", false, 0},
    {"UPDATE run_check SET name = '' WHERE name = 'bias'", VALUE, "check  of run {first}",
     "its name is empty", false, 0},
    {"UPDATE run_check SET result = 0 WHERE name = 'bias'", VALUE, "check bias of run {first}",
     "its result is 0, not 1 to 3", false, 0},
    {"UPDATE run_check SET reporter = '' WHERE name = 'lint'", VALUE, "check lint of run {first}",
     "its reporter is empty", false, 0},
    {"UPDATE run_check SET note = char(2) WHERE name = 'lint'", VALUE, "check lint of run {first}",
     "its note has the control character", false, 0},
    {"UPDATE run_check SET evidence_digest = x'01' WHERE name = 'latency'", VALUE,
     "check latency of run {first}", "the digest of its evidence has not 32 bytes", false, 0},
    {"UPDATE run_check SET evidence_digest = NULL WHERE name = 'latency'", VALUE,
     "check latency of run {first}", "its evidence has a uri and no digest", false, 0},
    {"UPDATE run_check SET evidence_uri = 'x' WHERE name = 'latency'", VALUE,
     "check latency of run {first}", "evidence_uri 'x' has no scheme", false, 0},
    {"UPDATE run_check SET evidence_size = 1 WHERE name = 'bias'", VALUE,
     "check bias of run {first}", "its evidence has a size and no digest", false, 0},
    {"UPDATE run_check SET evidence_size = -1 WHERE name = 'latency'", VALUE,
     "check latency of run {first}", "evidence_size is -1", false, 0},
    {"UPDATE run_check SET evidence_size = -1 WHERE name = 'lint'", VALUE,
     "check lint of run {first}", "its size is -1", false, 0},
    {"UPDATE run_check SET actor = '' WHERE name = 'lint'", VALUE, "check lint of run {first}",
     "its actor is empty", false, 0},
    {"UPDATE run_check SET created_us = 0 WHERE name = 'lint'", VALUE, "check lint of run {first}",
     "its time is 0 us", false, 0},
};

/* Another truth would look the same:
 *   meta.id, meta.artifact_root      any other is as good; opening reads them
 *   governance.time_us               within the years; its bounds are those of what was governed
 *   *.id but of experiment, metric   numbers that only rows of the same table have
 *   run.started_us, *.created_us     any moment; clocks are set back
 *   *.actor, *.name, *.key, *.role   any other name
 *   artifact.format                  any other word: libraries to come know more of them
 *   *.result, tag.value, *.note      any other that could have been written
 * Runs that a request has judged are sealed with all of this by its candidate digest. */

static void assert_found(const fsck_stage *stage, const damage *one, const mr_fsck *fsck,
                         bool repaired) {
  const mr_finding_record *found =
      fsck_stage_find(stage, fsck, one->finding, one->object, one->words);
  int64_t errors = one->errors == 0 ? 1 : one->errors;
  assert_int_equal(found->is_note, 0);
  assert_int_equal(found->repaired, repaired);
  const mr_fsck_record *sums = mr_fsck_info(fsck);
  int64_t said = sums->error_count + sums->repaired_count;
  if (said != errors || fsck_stage_notes(fsck) != 0) {
    fsck_stage_print(fsck);
    fail_msg("%lld errors and %lld notes instead of %lld after: %s", (long long)said,
             (long long)fsck_stage_notes(fsck), (long long)errors, one->sql);
  }
}

/* Found, not changed by a check, and mended by a repair or left as it is. */
static void try_damage(const fsck_stage *stage, const damage *one) {
  fsck_stage_restore(stage);
  char *sound = governed_dump_at(stage->place->db);
  fsck_stage_edit(stage, one->sql);
  char *damaged = governed_dump_at(stage->place->db);
  mr_fsck *fsck = fsck_stage_check(stage, 0);
  assert_found(stage, one, fsck, false);
  mr_fsck_free(fsck);
  char *checked = governed_dump_at(stage->place->db);
  assert_string_equal(checked, damaged);
  fsck = fsck_stage_check(stage, MR_FSCK_REPAIR);
  assert_found(stage, one, fsck, one->mends);
  assert_int_equal(mr_fsck_info(fsck)->error_count == 0, one->mends);
  mr_fsck_free(fsck);
  char *repaired = governed_dump_at(stage->place->db);
  bool value_kept = strstr(one->sql, "SET value =") != NULL;
  if (one->mends && !value_kept) assert_string_equal(repaired, sound);
  if (one->mends) fsck_stage_clean(stage, 0);
  free(repaired);
  free(checked);
  free(damaged);
  free(sound);
}

static void try_damages(void **state, const damage *damages, size_t count) {
  const fsck_stage *stage = *state;
  fsck_stage_clean(stage, 0);
  fsck_stage_clean(stage, MR_FSCK_QUICK);
  fsck_stage_clean(stage, MR_FSCK_REPAIR);
  for (size_t i = 0; i < count; i++) try_damage(stage, &damages[i]);
}

#define DAMAGES(name)                                                                              \
  static void test_##name##_damages(void **state) {                                                \
    try_damages(state, name##_damages, sizeof name##_damages / sizeof name##_damages[0]);          \
  }
DAMAGES(registry)
DAMAGES(experiment)
DAMAGES(run)
DAMAGES(property)
DAMAGES(metric)
DAMAGES(input)
DAMAGES(file)
DAMAGES(check)

/* A column that is new in the schema has its damages here, or says why it has none. */
static const char *const other_columns[] = {
    "meta.key",           /* by a key that is new */
    "governance.id",      /* by a row that is new */
    "governance.time_us", /* where it is too early, with what was governed */
    "run.id",
    "input.id",
    "run_check.id",
    "dataset.digest",
    "dataset.file_count", /* with the content: test_fsck_content */
    "dataset.total_size",
    "dataset.manifest_size",
};

static bool is_damaged(const char *table, const char *column) {
  static const struct {
    const damage *damages;
    size_t count;
  } all[] = {
      {registry_damages, sizeof registry_damages / sizeof registry_damages[0]},
      {experiment_damages, sizeof experiment_damages / sizeof experiment_damages[0]},
      {run_damages, sizeof run_damages / sizeof run_damages[0]},
      {property_damages, sizeof property_damages / sizeof property_damages[0]},
      {metric_damages, sizeof metric_damages / sizeof metric_damages[0]},
      {input_damages, sizeof input_damages / sizeof input_damages[0]},
      {file_damages, sizeof file_damages / sizeof file_damages[0]},
      {check_damages, sizeof check_damages / sizeof check_damages[0]},
  };
  char name[100];
  char edit[120];
  (void)snprintf(name, sizeof name, "%s.%s", table, column);
  (void)snprintf(edit, sizeof edit, "UPDATE %s SET %s = ", table, column);
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    for (size_t j = 0; j < all[i].count; j++) {
      if (strncmp(all[i].damages[j].sql, edit, strlen(edit)) == 0) return true;
    }
  }
  for (size_t i = 0; i < sizeof other_columns / sizeof other_columns[0]; i++) {
    if (strcmp(other_columns[i], name) == 0) return true;
  }
  return false;
}

static void test_every_column_is_damaged(void **state) {
  const api_place *place = *state;
  sqlite3_stmt *stmt = NULL;
  int columns = 0;
  mr_registry_close(api_open(place->db, MR_OPEN_CREATE));
  sqlite3 *look = governed_look(place->db);
  assert_int_equal(
      sqlite3_prepare_v2(look,
                         "SELECT s.name, c.name FROM sqlite_schema s, pragma_table_info(s.name) c "
                         "WHERE s.type = 'table' AND s.name IN ('meta', 'governance', "
                         "'experiment', 'run', 'param', 'tag', 'metric', 'metric_chunk', "
                         "'dataset', 'input', 'artifact', 'run_check')",
                         -1, &stmt, NULL),
      SQLITE_OK);
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    const char *table = (const char *)sqlite3_column_text(stmt, 0);
    const char *column = (const char *)sqlite3_column_text(stmt, 1);
    if (!is_damaged(table, column)) fail_msg("no damage of %s.%s is tried", table, column);
    columns++;
  }
  assert_true(columns > 90);
  assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
  assert_int_equal(sqlite3_close(look), SQLITE_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_every_column_is_damaged),   fsck_stage_test(test_registry_damages),
      fsck_stage_test(test_experiment_damages), fsck_stage_test(test_run_damages),
      fsck_stage_test(test_property_damages),   fsck_stage_test(test_metric_damages),
      fsck_stage_test(test_input_damages),      fsck_stage_test(test_file_damages),
      fsck_stage_test(test_check_damages),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
