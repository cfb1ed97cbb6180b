/* SPDX-License-Identifier: Apache-2.0 */
#include "fsck_stage.h"

#include <math.h>
#include <unistd.h>

#define MANY 2500

static void keep(char id[40], const char *from) {
  (void)snprintf(id, 40, "%s", from);
}

/* --- what is in it ------------------------------------------------------------------------ */

static void log_metrics(mr_run *run) {
  mr_metric *metric = NULL;
  OK(mr_run_log_metric(run, "loss", 0.5, 1, &api_error));
  OK(mr_run_log_metric(run, "loss", (double)NAN, 2, &api_error));
  OK(mr_run_log_metric(run, "loss", -0.25, 3, &api_error));
  OK(mr_run_log_metric(run, "infinite", -(double)INFINITY, 1, &api_error));
  OK(mr_run_log_metric(run, "nothing", (double)NAN, 1, &api_error));
  OK(mr_run_metric(run, "many", &metric, &api_error));
  for (int i = 0; i < MANY; i++) OK(mr_metric_log(metric, 1.0 / (1 + i), MANY - i, &api_error));
  mr_metric_free(metric);
}

static void log_files(mr_run *run, const api_place *place) {
  mr_link_options link = MR_LINK_OPTIONS_INIT;
  mr_check_options check = MR_CHECK_OPTIONS_INIT;
  const char *evidence = api_path(place->folder, "evidence.txt");
  link.path = "logs/train.log";
  link.uri = "s3://bucket/train.log";
  link.digest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  link.size = 99;
  OK(mr_run_log_artifact_bytes(run, "model/a", (const uint8_t *)"[1]", 3, &api_error));
  OK(mr_run_log_artifact_bytes(run, "model/a-b", (const uint8_t *)"[2]", 3, &api_error));
  OK(mr_run_log_artifact_bytes(run, "model/b", (const uint8_t *)"[1]", 3, &api_error));
  OK(mr_run_log_artifact_link(run, &link, &api_error));
  api_write_file(evidence, "all is well", 11);
  check.evidence_path = evidence;
  check.reporter = "linter";
  check.note = "two\nlines";
  OK(mr_run_log_check(run, "lint", MR_CHECK_RESULT_PASSED, &check, &api_error));
  check.evidence_path = NULL;
  check.evidence_uri = "https://example.com/report";
  check.evidence_digest = link.digest;
  check.evidence_size = 5;
  OK(mr_run_log_check(run, "latency", MR_CHECK_RESULT_FAILED, &check, &api_error));
  OK(mr_run_log_check(run, "bias", MR_CHECK_RESULT_SKIPPED, NULL, &api_error));
}

static void fill_runs(fsck_stage *stage, mr_experiment *experiment) {
  mr_run *first = NULL;
  mr_run *second = NULL;
  mr_run_options options = MR_RUN_OPTIONS_INIT;
  options.name = "first";
  options.source_commit = "0123abcd";
  options.source_entry_point = "train.c";
  options.source_state = MR_SOURCE_STATE_DIRTY;
  options.environment_host = "host-1";
  options.environment_packages_digest = "sha256:11";
  options.environment_image_digest = "sha256:22";
  OK(mr_experiment_start_run(experiment, &options, &first, &api_error));
  keep(stage->first, mr_run_info(first)->id);
  OK(mr_run_log_param(first, "lr", "0.1", &api_error));
  OK(mr_run_log_param(first, "optimizer", "adam", &api_error));
  OK(mr_run_log_param(first, "zero", "-0.0", &api_error));
  OK(mr_run_set_tag(first, "team", "vision", &api_error));
  log_metrics(first);
  log_files(first, stage->place);
  OK(mr_run_finish(first, MR_RUN_STATUS_FINISHED, &api_error));
  options = (mr_run_options)MR_RUN_OPTIONS_INIT;
  options.name = "second";
  options.parent_run_id = stage->first;
  OK(mr_experiment_start_run(experiment, &options, &second, &api_error));
  keep(stage->second, mr_run_info(second)->id);
  mr_run_free(second);
  mr_run_free(first);
}

static void fill_datasets(fsck_stage *stage, mr_experiment *experiment) {
  mr_manifest *manifest = NULL;
  mr_dataset *dataset = NULL;
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  const char *one = api_path(stage->place->folder, "one.png");
  const char *two = api_path(stage->place->folder, "two.png");
  api_write_file(one, "first image", 11);
  api_write_file(two, "second image", 12);
  OK(mr_manifest_new(&manifest, &api_error));
  OK(mr_manifest_add_file(manifest, one, "train/one.png", &api_error));
  OK(mr_manifest_add_file(manifest, two, "train/two.png", &api_error));
  options.freeze = 1;
  options.sample_count = 2;
  options.schema = "pixels";
  options.source_uri = "https://example.com/images";
  options.source_version = "v1";
  OK(mr_experiment_log_dataset(experiment, "images", manifest, &options, &dataset, &api_error));
  keep(stage->images, mr_dataset_info(dataset)->run_id);
  mr_dataset_free(dataset);
  OK(mr_experiment_log_dataset(experiment, "plain", manifest, NULL, &dataset, &api_error));
  keep(stage->plain, mr_dataset_info(dataset)->run_id);
  mr_dataset_free(dataset);
  mr_manifest_free(manifest);
}

static void log_input(mr_run *run, const char *role, const char *dataset, const char *digest,
                      const char *used, const char *version) {
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  input.role = role;
  input.dataset_run_id = dataset;
  input.dataset_digest = digest;
  input.run_id = used;
  input.version = version;
  OK(mr_run_log_input(run, &input, &api_error));
}

static void fill_inputs(fsck_stage *stage, mr_experiment *experiment) {
  mr_run *run = NULL;
  mr_run_options options = MR_RUN_OPTIONS_INIT;
  options.kind = MR_RUN_KIND_EVALUATION;
  options.name = "holdout";
  OK(mr_experiment_start_run(experiment, &options, &run, &api_error));
  keep(stage->judge, mr_run_info(run)->id);
  log_input(run, "images", stage->images, NULL, NULL, NULL);
  log_input(run, "foreign", NULL,
            "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", NULL, NULL);
  log_input(run, "subject", NULL, NULL, stage->first, NULL);
  log_input(run, "base", NULL, NULL, NULL, "digits@1.0.0");
  OK(mr_run_finish(run, MR_RUN_STATUS_KILLED, &api_error));
  mr_run_free(run);
}

static void fill_model(fsck_stage *stage, mr_registry *registry) {
  mr_run *run = api_make_run(registry, 0.99);
  mr_model *model = api_make_model(registry);
  mr_version *version = api_make_version(model, run);
  keep(stage->judged, mr_run_info(run)->id);
  keep(stage->version, mr_version_info(version)->id);
  mr_version_free(version);
  mr_model_free(model);
  mr_run_free(run);
}

static void fill(fsck_stage *stage) {
  mr_experiment *experiment = NULL;
  mr_experiment *other = NULL;
  mr_registry *registry = api_open(stage->place->db, MR_OPEN_CREATE);
  OK(mr_registry_open_experiment(registry, "digits", &experiment, &api_error));
  OK(mr_registry_open_experiment(registry, "others", &other, &api_error));
  fill_runs(stage, experiment);
  fill_datasets(stage, experiment);
  fill_model(stage, registry);
  fill_inputs(stage, experiment);
  mr_experiment_free(other);
  mr_experiment_free(experiment);
  mr_registry_close(registry);
  fsck_stage_edit(stage, "PRAGMA wal_checkpoint(TRUNCATE); UPDATE run SET status = status");
  fsck_stage_edit(stage, "UPDATE run SET status = status; PRAGMA wal_checkpoint(TRUNCATE)");
}

int fsck_stage_setup(void **state) {
  static fsck_stage stage;
  if (api_setup(state) != 0) return -1;
  stage = (fsck_stage){.place = *state};
  *state = &stage;
  fill(&stage);
  fsck_stage_keep(&stage);
  return 0;
}

int fsck_stage_teardown(void **state) {
  fsck_stage *stage = *state;
  void *place = stage->place;
  free(stage->image);
  return api_teardown(&place);
}

void fsck_stage_keep(fsck_stage *stage) {
  free(stage->image);
  stage->image = api_read_file(stage->place->db, &stage->size);
  assert_non_null(stage->image);
}

void fsck_stage_restore(const fsck_stage *stage) {
  char beside[100];
  (void)snprintf(beside, sizeof beside, "%s-wal", stage->place->db);
  (void)unlink(beside);
  (void)snprintf(beside, sizeof beside, "%s-shm", stage->place->db);
  (void)unlink(beside);
  api_write_file(stage->place->db, stage->image, stage->size);
}

/* --- what is done to it ------------------------------------------------------------------- */

static sqlite3 *open_raw(const fsck_stage *stage) {
  sqlite3 *raw = NULL;
  assert_int_equal(sqlite3_open(stage->place->db, &raw), SQLITE_OK);
  assert_int_equal(sqlite3_exec(raw, "PRAGMA ignore_check_constraints = ON", NULL, NULL, NULL),
                   SQLITE_OK);
  return raw;
}

void fsck_stage_run(sqlite3 *raw, const char *sql) {
  char *message = NULL;
  if (sqlite3_exec(raw, sql, NULL, NULL, &message) != SQLITE_OK) fail_msg("%s: %s", sql, message);
}

void fsck_stage_edit(const fsck_stage *stage, const char *sql) {
  sqlite3 *raw = open_raw(stage);
  fsck_stage_run(raw, sql);
  if (sqlite3_changes(raw) < 1) fail_msg("no row was changed by: %s", sql);
  assert_int_equal(sqlite3_close(raw), SQLITE_OK);
}

void fsck_stage_alter(const fsck_stage *stage, const char *sql) {
  sqlite3 *raw = open_raw(stage);
  fsck_stage_run(raw, sql);
  assert_int_equal(sqlite3_close(raw), SQLITE_OK);
}

void fsck_stage_edit_without(const fsck_stage *stage, const char *index, const char *sql) {
  sqlite3 *raw = open_raw(stage);
  char *hide = sqlite3_mprintf("PRAGMA writable_schema = ON; "
                               "CREATE TABLE kept AS SELECT rowid AS id, * FROM sqlite_schema "
                               "WHERE name = %Q; DELETE FROM sqlite_schema WHERE name = %Q",
                               index, index);
  fsck_stage_run(raw, hide);
  sqlite3_free(hide);
  assert_int_equal(sqlite3_close(raw), SQLITE_OK);
  raw = open_raw(stage);
  fsck_stage_run(raw, sql);
  if (sqlite3_changes(raw) < 1) fail_msg("no row was changed by: %s", sql);
  fsck_stage_run(
      raw, "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema (rowid, type, name, "
           "tbl_name, rootpage, sql) SELECT id, type, name, tbl_name, rootpage, sql FROM kept; "
           "DROP TABLE kept");
  assert_int_equal(sqlite3_close(raw), SQLITE_OK);
}

/* --- what is said of it ------------------------------------------------------------------- */

mr_fsck *fsck_stage_check(const fsck_stage *stage, uint32_t flags) {
  mr_fsck *fsck = NULL;
  mr_fsck_options options = MR_FSCK_OPTIONS_INIT;
  mr_registry *registry = api_open(stage->place->db, 0);
  options.flags = flags;
  OK(mr_registry_fsck(registry, &options, &fsck, &api_error));
  mr_registry_close(registry);
  return fsck;
}

int64_t fsck_stage_notes(const mr_fsck *fsck) {
  int64_t software = 0;
  for (int64_t i = 0; i < mr_fsck_count(fsck); i++) {
    if (mr_fsck_at(fsck, i)->finding == MR_FINDING_SOFTWARE) software++;
  }
  return mr_fsck_info(fsck)->note_count - software;
}

void fsck_stage_print(const mr_fsck *fsck) {
  for (int64_t i = 0; i < mr_fsck_count(fsck); i++) {
    const mr_finding_record *one = mr_fsck_at(fsck, i);
    print_message("%s %d%s: %s: %s (%s)\n", one->is_note ? "note" : "error", one->finding,
                  one->repaired ? ", mended" : "", one->object, one->message, one->remedy);
  }
}

void fsck_stage_clean(const fsck_stage *stage, uint32_t flags) {
  mr_fsck *fsck = fsck_stage_check(stage, flags);
  const mr_fsck_record *sums = mr_fsck_info(fsck);
  if (sums->error_count != 0 || fsck_stage_notes(fsck) != 0) fsck_stage_print(fsck);
  assert_int_equal(sums->error_count, 0);
  assert_int_equal(fsck_stage_notes(fsck), 0);
  assert_int_equal(sums->repaired_count, 0);
  mr_fsck_free(fsck);
}

static void expand(const fsck_stage *stage, const char *text, char *out, size_t size) {
  const struct {
    const char *name;
    const char *id;
  } names[] = {{"{first}", stage->first}, {"{second}", stage->second},
               {"{judge}", stage->judge}, {"{images}", stage->images},
               {"{plain}", stage->plain}, {"{judged}", stage->judged}};
  size_t length = 0;
  while (*text != '\0' && length + 1 < size) {
    const char *id = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && id == NULL; i++) {
      if (strncmp(text, names[i].name, strlen(names[i].name)) != 0) continue;
      id = names[i].id;
      text += strlen(names[i].name);
    }
    if (id == NULL) {
      out[length++] = *text++;
    } else {
      length += (size_t)snprintf(out + length, size - length, "%s", id);
    }
  }
  assert_true(length < size);
  out[length] = '\0';
}

const mr_finding_record *fsck_stage_find(const fsck_stage *stage, const mr_fsck *fsck,
                                         mr_finding finding, const char *object,
                                         const char *words) {
  char wanted[512] = "";
  char said[512];
  if (object != NULL) expand(stage, object, wanted, sizeof wanted);
  expand(stage, words, said, sizeof said);
  for (int64_t i = 0; i < mr_fsck_count(fsck); i++) {
    const mr_finding_record *one = mr_fsck_at(fsck, i);
    if (one->finding == finding && (object == NULL || strcmp(one->object, wanted) == 0) &&
        strstr(one->message, said) != NULL) {
      assert_true(api_is_good_message(one->message));
      assert_true(api_is_good_message(one->remedy));
      return one;
    }
  }
  fsck_stage_print(fsck);
  fail_msg("not found: %d: %s: %s", finding, object == NULL ? "anything" : wanted, said);
  return NULL;
}
