/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out while a registry is opened and a run is logged. */
#include "api_stage.h"

/* --- opening ------------------------------------------------------------------------------ */

static void test_open(void **state) {
  const api_place *place = *state;
  for (int mode = 0; mode < 6; mode++) {
    bool for_ever = mode % 2 == 1;
    bool memory_only = mode >= 4;
    api_stage s;
    memset(&s, 0, sizeof s);
    s.place = place;
    api_memory_init(&s.memory);
    bool fired = true;
    int64_t n = 1;
    for (; fired; n++) {
      mr_status status = MR_OK;
      mr_registry *registry = NULL;
      if (mode < 2) api_stage_remove(&s); /* made anew, or opened */
      api_memory_fail(&s.memory, n, for_ever);
      if (memory_only) {
        mr_open_options options = api_open_options(MR_OPEN_CREATE);
        options.allocator = &s.memory.allocator;
        status = mr_registry_open("memory:", &options, &registry, &api_error);
      } else {
        registry = api_stage_open(&s, &status);
      }
      fired = atomic_load(&s.memory.fired);
      api_memory_fail(&s.memory, 0, false);
      if (status != MR_OK) {
        REFUSED(MR_NO_MEMORY, NULL, status);
        assert_true(fired);
        assert_null(registry);
      }
      mr_registry_close(registry);
      assert_int_equal(s.memory.live, 0);
      if (!memory_only) mr_registry_close(api_open(place->db, MR_OPEN_CREATE));
    }
    assert_in_range(n, 10, 10000);
  }
}

/* --- the lab notebook --------------------------------------------------------------------- */

static mr_status act_run(api_stage *s) {
  char name[32];
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  mr_run_options options = MR_RUN_OPTIONS_INIT;
  static const char *const keys[] = {"a", "b"};
  static const double values[] = {1, 2};
  (void)snprintf(name, sizeof name, "e%d", s->serial);
  options.name = "named";
  options.tag_keys = options.tag_values = keys;
  options.tag_count = 2;
  mr_status status = mr_registry_open_experiment(s->registry, name, &experiment, &api_error);
  if (status == MR_OK) status = mr_experiment_start_run(experiment, &options, &run, &api_error);
  if (status == MR_OK) status = mr_run_log_params(run, keys, keys, 2, &api_error);
  if (status == MR_OK) status = mr_run_set_tag(run, "t", "v", &api_error);
  if (status == MR_OK) status = mr_run_log_metrics(run, 1, keys, values, 2, &api_error);
  if (status == MR_OK) status = mr_run_flush(run, &api_error);
  if (status == MR_OK) {
    status = mr_run_log_artifact_bytes(run, "f", (const uint8_t *)"bytes", 5, &api_error);
  }
  if (status == MR_OK) status = mr_run_finish(run, MR_RUN_STATUS_FINISHED, &api_error);
  mr_run_free(run);
  mr_experiment_free(experiment);
  return status;
}

/* The runs that say they are finished have all of their parts. */
static void check_run(api_stage *s, bool done) {
  char name[32];
  mr_run_page *page = NULL;
  mr_run_list_options options = MR_RUN_LIST_OPTIONS_INIT;
  (void)snprintf(name, sizeof name, "e%d", s->serial);
  options.experiment = name;
  options.status = MR_RUN_STATUS_FINISHED;
  mr_status status = mr_registry_list_runs(s->other, &options, &page, &api_error);
  if (status == MR_NOT_FOUND && !done) return;
  OK(status);
  assert_int_equal(mr_run_page_count(page), done ? 1 : 0);
  for (int64_t i = 0; i < mr_run_page_count(page); i++) {
    mr_run *run = NULL;
    mr_property_page *params = NULL;
    mr_history *history = NULL;
    mr_artifact_page *artifacts = NULL;
    OK(mr_registry_open_run(s->other, mr_run_page_at(page, i)->id, &run, &api_error));
    OK(mr_run_list_params(run, NULL, &params, &api_error));
    assert_int_equal(mr_property_page_count(params), 2);
    OK(mr_run_history(run, "b", NULL, &history, &api_error));
    assert_int_equal(mr_history_count(history), 1);
    OK(mr_run_list_artifacts(run, NULL, &artifacts, &api_error));
    assert_int_equal(mr_artifact_page_count(artifacts), 1);
    mr_artifact_page_free(artifacts);
    mr_history_free(history);
    mr_property_page_free(params);
    mr_run_free(run);
  }
  mr_run_page_free(page);
}

static void test_run(void **state) {
  static const api_scenario s = {"run", api_stage_nothing, act_run, check_run};
  api_stage_run(*state, &s, 30);
}

/* Points that were acknowledged are not lost when a later call fails for want of memory. */
static void before_points(api_stage *s) {
  OK(mr_registry_open_experiment(s->registry, "digits", &s->experiment, &api_error));
  OK(mr_experiment_start_run(s->experiment, NULL, &s->run, &api_error));
  (void)snprintf(s->run_id, sizeof s->run_id, "%s", mr_run_info(s->run)->id);
}

static mr_status act_points(api_stage *s) {
  mr_metric *metric = NULL;
  s->acknowledged = 0;
  mr_status status = mr_run_metric(s->run, "loss", &metric, &api_error);
  for (int64_t i = 0; i < 300 && status == MR_OK; i++) {
    status = mr_metric_log(metric, (double)i, i, &api_error);
    if (status == MR_OK) s->acknowledged++;
  }
  if (status == MR_OK) status = mr_run_flush(s->run, &api_error);
  mr_metric_free(metric);
  return status;
}

static void check_points(api_stage *s, bool done) {
  mr_history *history = NULL;
  mr_status status = mr_run_history(s->run, "loss", NULL, &history, &api_error);
  int64_t count = mr_history_count(history);
  if (status != MR_NOT_FOUND) OK(status);
  if (!done) {
    assert_int_equal(count, s->acknowledged);
    s->kept = count;
  } else {
    assert_int_equal(count, 300 + s->kept);
    s->kept = 0;
  }
  mr_history_free(history);
}

static void test_points(void **state) {
  static const api_scenario s = {"points", before_points, act_points, check_points};
  api_stage_run(*state, &s, 10);
}

static void before_dataset(api_stage *s) {
  char name[16];
  api_write_file(api_path(s->place->folder, "file"), "x", 1);
  OK(mr_registry_open_experiment(s->registry, "digits", &s->experiment, &api_error));
  OK(mr_manifest_new(&s->manifest, &api_error));
  (void)snprintf(name, sizeof name, "n%d", s->serial);
  OK(mr_manifest_add_file(s->manifest, api_path(s->place->folder, "file"), name, &api_error));
  OK(mr_manifest_add_file(s->manifest, api_path(s->place->folder, "file"), "other", &api_error));
}

static mr_status act_dataset(api_stage *s) {
  mr_dataset *dataset = NULL;
  mr_report *report = NULL;
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  options.freeze = 1;
  options.schema = "s";
  options.source_uri = "u";
  mr_status status =
      mr_experiment_log_dataset(s->experiment, "d", s->manifest, &options, &dataset, &api_error);
  if (status == MR_OK) {
    mr_manifest *manifest = NULL;
    status = mr_dataset_fetch(dataset, s->target, NULL, &report, &api_error);
    mr_report_free(report);
    if (status == MR_OK) status = mr_dataset_manifest(dataset, &manifest, &api_error);
    mr_manifest_free(manifest);
  }
  mr_dataset_free(dataset);
  return status;
}

static void check_dataset(api_stage *s, bool done) {
  const char *digest = NULL;
  mr_dataset *dataset = NULL;
  OK(mr_manifest_digest(s->manifest, &digest, &api_error));
  mr_status status = mr_registry_find_dataset(s->other, digest, &dataset, &api_error);
  if (!done && status == MR_NOT_FOUND) return;
  OK(status);
  assert_int_equal(mr_dataset_info(dataset)->file_count, 2);
  assert_int_equal(mr_dataset_info(dataset)->frozen, 1);
  OK(mr_dataset_fetch(dataset, s->target, NULL, NULL, &api_error));
  OK(mr_dataset_verify(dataset, s->target, NULL, NULL, &api_error));
  mr_dataset_free(dataset);
  api_remove_tree(s->target);
}

static void test_dataset(void **state) {
  static const api_scenario s = {"dataset", before_dataset, act_dataset, check_dataset};
  api_stage_run(*state, &s, 30);
}

/* --- checks and lineage ------------------------------------------------------------------- */

static void before_check(api_stage *s) {
  char text[32];
  before_points(s);
  /* New evidence each time, so that it must be stored. */
  (void)snprintf(text, sizeof text, "{\"try\": %d}", s->serial);
  api_write_file(api_path(s->place->folder, "file"), text, strlen(text));
}

static mr_status act_check(api_stage *s) {
  mr_check_page *page = NULL;
  mr_blob *blob = NULL;
  mr_check_options options = MR_CHECK_OPTIONS_INIT;
  options.reporter = "r";
  options.note = "n";
  options.evidence_path = api_path(s->place->folder, "file");
  mr_status status = mr_run_log_check(s->run, "lint", MR_CHECK_RESULT_PASSED, &options, &api_error);
  s->acknowledged = status == MR_OK ? 1 : 0;
  if (status == MR_OK) status = mr_run_list_checks(s->run, NULL, &page, &api_error);
  if (status == MR_OK) {
    status = mr_run_open_evidence(s->run, mr_check_page_at(page, 0)->id, &blob, &api_error);
  }
  mr_blob_free(blob);
  mr_check_page_free(page);
  return status;
}

/* A report is there when the call said so, with its evidence, and only then. */
static void check_check(api_stage *s, bool done) {
  mr_run *run = NULL;
  mr_check_page *page = NULL;
  OK(mr_registry_open_run(s->other, s->run_id, &run, &api_error));
  OK(mr_run_list_checks(run, NULL, &page, &api_error));
  assert_int_equal(mr_check_page_count(page), s->acknowledged + (done ? s->kept : 0));
  s->kept = done ? 0 : s->acknowledged;
  for (int64_t i = 0; i < mr_check_page_count(page); i++) {
    mr_blob *blob = NULL;
    OK(mr_run_open_evidence(run, mr_check_page_at(page, i)->id, &blob, &api_error));
    mr_blob_free(blob);
  }
  mr_check_page_free(page);
  mr_run_free(run);
}

static void test_check(void **state) {
  static const api_scenario s = {"check", before_check, act_check, check_check};
  api_stage_run(*state, &s, 20);
}

/* So many runs that the tables of the walk grow. */
static void before_lineage(api_stage *s) {
  mr_run *first = NULL;
  mr_experiment *experiment = NULL;
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  OK(mr_registry_open_experiment(s->other, "digits", &experiment, &api_error));
  OK(mr_experiment_start_run(experiment, NULL, &first, &api_error));
  (void)snprintf(s->run_id, sizeof s->run_id, "%s", mr_run_info(first)->id);
  input.run_id = s->run_id;
  for (int i = 0; i < 70; i++) {
    mr_run *run = NULL;
    char role[16];
    (void)snprintf(role, sizeof role, "role %d", i);
    input.role = role;
    OK(mr_experiment_start_run(experiment, NULL, &run, &api_error));
    OK(mr_run_log_input(run, &input, &api_error));
    mr_run_free(run);
  }
  mr_run_free(first);
  mr_experiment_free(experiment);
}

static mr_status act_lineage(api_stage *s) {
  mr_lineage *lineage = NULL;
  mr_lineage_options options = MR_LINEAGE_OPTIONS_INIT;
  options.direction = MR_LINEAGE_DIRECTION_BOTH;
  options.run_id = s->run_id;
  options.limit = 50;
  mr_status status = mr_registry_lineage(s->registry, &options, &lineage, &api_error);
  if (status == MR_OK) assert_int_equal(mr_lineage_count(lineage), 50);
  mr_lineage_free(lineage);
  return status;
}

/* Reading changes nothing: that nothing leaks is all there is to see. */
static void check_lineage(api_stage *s, bool done) {
  (void)s;
  (void)done;
}

static void test_lineage(void **state) {
  static const api_scenario s = {"lineage", before_lineage, act_lineage, check_lineage};
  api_stage_run(*state, &s, 60);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_open),    api_test(test_run),   api_test(test_points),
      api_test(test_dataset), api_test(test_check), api_test(test_lineage),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
