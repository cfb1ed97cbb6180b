/* SPDX-License-Identifier: Apache-2.0 */
#include "contract.h"

/* Runs a to h, of two experiments, two kinds and all statuses, and a dataset. */
static void fill(const contract *c) {
  static const struct {
    const char *name;
    const char *experiment;
    mr_run_kind kind;
    mr_run_status status;
  } runs[] = {
      {"a", "one", MR_RUN_KIND_TRAINING, MR_RUN_STATUS_RUNNING},
      {"b", "two", MR_RUN_KIND_TRAINING, MR_RUN_STATUS_FINISHED},
      {"c", "one", MR_RUN_KIND_EVALUATION, MR_RUN_STATUS_FINISHED},
      {"d", "one", MR_RUN_KIND_TRAINING, MR_RUN_STATUS_FAILED},
      {"e", "two", MR_RUN_KIND_EVALUATION, MR_RUN_STATUS_KILLED},
      {"f", "one", MR_RUN_KIND_TRAINING, MR_RUN_STATUS_FINISHED},
      {"g", "two", MR_RUN_KIND_TRAINING, MR_RUN_STATUS_RUNNING},
  };
  for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
    mr_run_options options = MR_RUN_OPTIONS_INIT;
    mr_experiment *experiment = contract_experiment(c, runs[i].experiment);
    mr_run *run = NULL;
    options.name = runs[i].name;
    options.kind = runs[i].kind;
    OK(mr_experiment_start_run(experiment, &options, &run, &error));
    if (runs[i].status != MR_RUN_STATUS_RUNNING) OK(mr_run_finish(run, runs[i].status, &error));
    mr_experiment_free(experiment);
    mr_run_free(run);
  }
  mr_experiment *experiment = contract_experiment(c, "one");
  mr_manifest *manifest = NULL;
  OK(mr_manifest_new(&manifest, &error));
  OK(mr_experiment_log_dataset(experiment, "h", manifest, NULL, NULL, &error));
  mr_manifest_free(manifest);
  mr_experiment_free(experiment);
}

static void lists_newest_first(void **state) {
  contract *c = *state;
  static listing list;
  mr_run_list_options options = MR_RUN_LIST_OPTIONS_INIT;
  LIST_ALL_WAYS(mr_run, options, mr_registry_list_runs(c->registry, &options, &part, &error), name,
                &list, "");
  fill(c);
  LIST_ALL_WAYS(mr_run, options, mr_registry_list_runs(c->registry, &options, &part, &error), name,
                &list, "h g f e d c b a");
}

static void filters(void **state) {
  contract *c = *state;
  static listing list;
  static const struct {
    mr_run_kind kind;
    mr_run_status status;
    const char *experiment;
    const char *names;
  } cases[] = {
      {MR_RUN_KIND_TRAINING, 0, NULL, "g f d b a"},
      {MR_RUN_KIND_EVALUATION, 0, NULL, "e c"},
      {MR_RUN_KIND_DATASET, 0, NULL, "h"},
      {0, MR_RUN_STATUS_RUNNING, NULL, "g a"},
      {0, MR_RUN_STATUS_FINISHED, NULL, "h f c b"},
      {0, MR_RUN_STATUS_FAILED, NULL, "d"},
      {0, MR_RUN_STATUS_KILLED, NULL, "e"},
      {0, 0, "one", "h f d c a"},
      {0, 0, "two", "g e b"},
      {MR_RUN_KIND_TRAINING, MR_RUN_STATUS_FINISHED, NULL, "f b"},
      {MR_RUN_KIND_TRAINING, MR_RUN_STATUS_FINISHED, "one", "f"},
      {MR_RUN_KIND_EVALUATION, MR_RUN_STATUS_FAILED, "one", ""},
      {MR_RUN_KIND_EVALUATION, 0, "two", "e"},
      {0, MR_RUN_STATUS_FINISHED, "two", "b"},
  };
  fill(c);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mr_run_list_options options = MR_RUN_LIST_OPTIONS_INIT;
    options.kind = cases[i].kind;
    options.status = cases[i].status;
    options.experiment = cases[i].experiment;
    LIST_ALL_WAYS(mr_run, options, mr_registry_list_runs(c->registry, &options, &part, &error),
                  name, &list, cases[i].names);
  }
}

/* New runs come before the first page, so the second page goes on where the first ended. */
static void pages_stay_put(void **state) {
  contract *c = *state;
  mr_run_list_options options = MR_RUN_LIST_OPTIONS_INIT;
  mr_run_page *first = NULL;
  mr_run_page *second = NULL;
  fill(c);
  options.limit = 3;
  OK(mr_registry_list_runs(c->registry, &options, &first, &error));
  mr_run_free(contract_run(c, "one"));
  options.token = mr_run_page_next_token(first);
  options.limit = 1;
  OK(mr_registry_list_runs(c->registry, &options, &second, &error));
  assert_string_equal(mr_run_page_at(second, 0)->name, "e");
  mr_run_page_free(first);
  mr_run_page_free(second);
}

static void lists_whole_records(void **state) {
  contract *c = *state;
  mr_run *run = contract_trained(c, 0.5);
  mr_run_page *page = NULL;
  contract_finish(run);
  OK(mr_registry_list_runs(c->registry, NULL, &page, &error));
  const mr_run_record *record = mr_run_page_at(page, 0);
  assert_true(record->struct_size >= sizeof *record);
  assert_string_equal(record->id, mr_run_info(run)->id);
  assert_string_equal(record->experiment_name, "training");
  assert_int_equal(record->status, MR_RUN_STATUS_FINISHED);
  assert_true(record->ended_us > record->started_us);
  /* A page keeps what it shows, whatever comes later. */
  mr_run_free(run);
  if (c->driver->survives_close) contract_reopen(c);
  assert_string_equal(record->experiment_name, "training");
  mr_run_page_free(page);
}

static void refuses_bad_options(void **state) {
  contract *c = *state;
  mr_run_page *page = NULL;
  mr_run_list_options options = MR_RUN_LIST_OPTIONS_INIT;
  options.kind = 4;
  REFUSED(MR_INVALID_ARGUMENT, "kind", mr_registry_list_runs(c->registry, &options, &page, &error));
  options.kind = 0;
  options.status = 5;
  REFUSED(MR_INVALID_ARGUMENT, "status",
          mr_registry_list_runs(c->registry, &options, &page, &error));
  options.status = -1;
  REFUSED(MR_INVALID_ARGUMENT, "status",
          mr_registry_list_runs(c->registry, &options, &page, &error));
  options.status = 0;
  options.token = "zz";
  REFUSED(MR_INVALID_ARGUMENT, "token",
          mr_registry_list_runs(c->registry, &options, &page, &error));
  options.token = NULL;
  options.limit = MR_LIST_MAX_LIMIT + 1;
  REFUSED(MR_INVALID_ARGUMENT, "limit",
          mr_registry_list_runs(c->registry, &options, &page, &error));
  options.limit = 0;
  options.experiment = "nobody";
  REFUSED(MR_NOT_FOUND, "experiment|nobody",
          mr_registry_list_runs(c->registry, &options, &page, &error));
  options.experiment = "";
  REFUSED(MR_INVALID_ARGUMENT, "experiment",
          mr_registry_list_runs(c->registry, &options, &page, &error));
  assert_null(page);
}

int contract_run_list_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(lists_newest_first),  TEST(filters), TEST(pages_stay_put), TEST(lists_whole_records),
      TEST(refuses_bad_options),
  };
  return GROUP("lists of runs", tests);
}
