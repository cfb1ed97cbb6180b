/* SPDX-License-Identifier: Apache-2.0 */
#include "contract.h"

static void is_uuid(const char *text) {
  assert_int_equal(strlen(text), 36);
  for (size_t i = 0; i < 36; i++) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    assert_true(dash ? text[i] == '-' : strchr("0123456789abcdef", text[i]) != NULL);
  }
  assert_int_equal(text[14], '7'); /* its first digits are its time: RFC 9562, version 7 */
}

static void starts(void **state) {
  contract *c = *state;
  int64_t before = contract_clock(NULL);
  mr_run *run = contract_run(c, "digits");
  const mr_run_record *info = mr_run_info(run);
  mr_experiment *experiment = contract_experiment(c, "digits");
  is_uuid(info->id);
  assert_true(info->struct_size >= sizeof *info);
  assert_int_equal(info->kind, MR_RUN_KIND_TRAINING);
  assert_int_equal(info->status, MR_RUN_STATUS_RUNNING);
  assert_int_equal(info->sealed, 0);
  assert_string_equal(info->experiment_name, "digits");
  assert_string_equal(info->experiment_id, mr_experiment_info(experiment)->id);
  assert_string_equal(info->actor, "tester");
  assert_in_range((uintmax_t)info->started_us, (uintmax_t)before, (uintmax_t)contract_clock(NULL));
  assert_int_equal(info->ended_us, 0);
  assert_null(info->name);
  assert_null(info->parent_run_id);
  assert_null(info->source_commit);
  assert_null(info->source_entry_point);
  assert_int_equal(info->source_state, MR_SOURCE_STATE_UNKNOWN);
  assert_null(info->environment_host);
  assert_null(info->environment_packages_digest);
  assert_null(info->environment_image_digest);
  /* It is recorded at once. */
  assert_int_equal(contract_run_status(c, info->id, NULL), MR_RUN_STATUS_RUNNING);
  mr_experiment_free(experiment);
  mr_run_free(run);
  mr_run_free(NULL);
  assert_null(mr_run_info(NULL));
}

static void keeps_what_is_known(void **state) {
  contract *c = *state;
  static const char *const keys[] = {"team", "größe", "team"};
  static const char *const values[] = {"vision", "", "nlp"};
  mr_run *parent = contract_run(c, "sweep");
  mr_experiment *experiment = contract_experiment(c, "sweep");
  mr_run_options options = MR_RUN_OPTIONS_INIT;
  options.kind = MR_RUN_KIND_EVALUATION;
  options.name = "holdout 2026";
  options.parent_run_id = mr_run_info(parent)->id;
  options.source_commit = "0123456789abcdef0123456789abcdef01234567";
  options.source_entry_point = "src/train.py --epochs=3";
  options.source_state = MR_SOURCE_STATE_DIRTY;
  options.environment_host = "gpu-17.example.com";
  options.environment_packages_digest = "sha256:aa";
  options.environment_image_digest = "sha256:bb";
  options.tag_keys = keys;
  options.tag_values = values;
  options.tag_count = 3;
  mr_run *started = NULL;
  mr_run *opened = NULL;
  OK(mr_experiment_start_run(experiment, &options, &started, &error));
  OK(mr_registry_open_run(c->registry, mr_run_info(started)->id, &opened, &error));
  mr_run *const both[] = {started, opened};
  for (size_t i = 0; i < 2; i++) {
    const mr_run_record *info = mr_run_info(both[i]);
    static listing list;
    mr_list_options list_options = MR_LIST_OPTIONS_INIT;
    assert_int_equal(info->kind, MR_RUN_KIND_EVALUATION);
    assert_string_equal(info->name, options.name);
    assert_string_equal(info->parent_run_id, options.parent_run_id);
    assert_string_equal(info->source_commit, options.source_commit);
    assert_string_equal(info->source_entry_point, options.source_entry_point);
    assert_int_equal(info->source_state, MR_SOURCE_STATE_DIRTY);
    assert_string_equal(info->environment_host, options.environment_host);
    assert_string_equal(info->environment_packages_digest, options.environment_packages_digest);
    assert_string_equal(info->environment_image_digest, options.environment_image_digest);
    COLLECT(mr_property, list_options, mr_run_list_tags(both[i], &list_options, &part, &error), key,
            &list);
    LISTED(&list, "größe team");
  }
  mr_experiment_free(experiment);
  mr_run_free(parent);
  mr_run_free(started);
  mr_run_free(opened);
}

static void refuses_bad_options(void **state) {
  contract *c = *state;
  mr_experiment *e = contract_experiment(c, "x");
  mr_run *run = NULL;
  mr_run_options o = MR_RUN_OPTIONS_INIT;
  static const char *const keys[] = {"a\x01"};
  char text[300];
  memset(text, 'x', sizeof text);
  text[251] = '\0';
  o.kind = MR_RUN_KIND_DATASET;
  REFUSED(MR_INVALID_ARGUMENT, "mr_experiment_log_dataset",
          mr_experiment_start_run(e, &o, &run, &error));
  o.kind = 4;
  REFUSED(MR_INVALID_ARGUMENT, "kind|4", mr_experiment_start_run(e, &o, &run, &error));
  o.kind = -1;
  REFUSED(MR_INVALID_ARGUMENT, "kind", mr_experiment_start_run(e, &o, &run, &error));
  o.kind = 0;
  o.name = text;
  REFUSED(MR_LIMIT, "name|250", mr_experiment_start_run(e, &o, &run, &error));
  o.name = NULL;
  o.environment_host = text;
  REFUSED(MR_LIMIT, "environment_host", mr_experiment_start_run(e, &o, &run, &error));
  o.environment_host = "\xff";
  REFUSED(MR_INVALID_ARGUMENT, "environment_host", mr_experiment_start_run(e, &o, &run, &error));
  o.environment_host = NULL;
  o.parent_run_id = "not an id";
  REFUSED(MR_INVALID_ARGUMENT, "parent_run_id", mr_experiment_start_run(e, &o, &run, &error));
  o.parent_run_id = "01234567-89ab-7def-8123-456789abcdef";
  REFUSED(MR_NOT_FOUND, "parent_run_id|01234567-89ab",
          mr_experiment_start_run(e, &o, &run, &error));
  o.parent_run_id = NULL;
  o.tag_count = 1;
  REFUSED(MR_INVALID_ARGUMENT, "tag_keys", mr_experiment_start_run(e, &o, &run, &error));
  o.tag_keys = keys;
  REFUSED(MR_INVALID_ARGUMENT, "tag_values", mr_experiment_start_run(e, &o, &run, &error));
  o.tag_values = keys;
  REFUSED(MR_INVALID_ARGUMENT, "tag key", mr_experiment_start_run(e, &o, &run, &error));
  o.struct_size = 5000;
  REFUSED(MR_ABI_MISMATCH, "mr_run_options", mr_experiment_start_run(e, &o, &run, &error));
  REFUSED(MR_INVALID_ARGUMENT, "experiment", mr_experiment_start_run(NULL, NULL, &run, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_run", mr_experiment_start_run(e, NULL, NULL, &error));
  assert_null(run);
  mr_run_page *page = NULL;
  OK(mr_registry_list_runs(c->registry, NULL, &page, &error));
  assert_int_equal(mr_run_page_count(page), 0); /* nothing was recorded */
  mr_run_page_free(page);
  mr_experiment_free(e);
}

static void opens_by_id(void **state) {
  contract *c = *state;
  mr_run *run = NULL;
  mr_run *first = contract_run(c, "x");
  char upper[40];
  REFUSED(MR_NOT_FOUND, "no run|01234567-89ab-7def-8123-456789abcdef",
          mr_registry_open_run(c->registry, "01234567-89ab-7def-8123-456789abcdef", &run, &error));
  static const char *const bad[] = {"", "x", "01234567-89ab-7def-8123-456789abcde",
                                    "01234567-89ab-7def-8123-456789abcdef0",
                                    "01234567x89ab-7def-8123-456789abcdef"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    REFUSED(MR_INVALID_ARGUMENT, "run_id", mr_registry_open_run(c->registry, bad[i], &run, &error));
  }
  (void)snprintf(upper, sizeof upper, "%s", "01234567-89AB-7DEF-8123-456789ABCDEF");
  REFUSED(MR_INVALID_ARGUMENT, "run_id", mr_registry_open_run(c->registry, upper, &run, &error));
  REFUSED(MR_INVALID_ARGUMENT, "NULL", mr_registry_open_run(c->registry, NULL, &run, &error));
  assert_null(run);
  OK(mr_registry_open_run(c->registry, mr_run_info(first)->id, &run, &error));
  assert_string_equal(mr_run_info(run)->id, mr_run_info(first)->id);
  mr_run_free(first);
  mr_run_free(run);
}

static void ends(void **state) {
  contract *c = *state;
  static const mr_run_status ends_with[] = {MR_RUN_STATUS_FINISHED, MR_RUN_STATUS_FAILED,
                                            MR_RUN_STATUS_KILLED};
  static const char *const names[] = {"FINISHED", "FAILED", "KILLED"};
  for (size_t i = 0; i < 3; i++) {
    mr_run *run = contract_run(c, "x");
    mr_run *again = NULL;
    const char *id = mr_run_info(run)->id;
    OK(mr_run_finish(run, ends_with[i], &error));
    OK(mr_registry_open_run(c->registry, id, &again, &error));
    int64_t ended = mr_run_info(again)->ended_us;
    assert_int_equal(mr_run_info(again)->status, ends_with[i]);
    assert_true(ended > mr_run_info(again)->started_us);
    mr_run_free(again);
    /* The handle's record is what it was when the handle was made. */
    assert_int_equal(mr_run_info(run)->status, MR_RUN_STATUS_RUNNING);
    assert_int_equal(mr_run_info(run)->ended_us, 0);
    OK(mr_run_finish(run, ends_with[i], &error));
    REFUSED(MR_CONFLICT, names[i], mr_run_finish(run, ends_with[(i + 1) % 3], &error));
    HAS(error.message, id);
    OK(mr_registry_open_run(c->registry, id, &again, &error));
    assert_int_equal(mr_run_info(again)->ended_us, ended);
    assert_int_equal(mr_run_info(again)->status, ends_with[i]);
    mr_run_free(again);
    mr_run_free(run);
  }
}

static void refuses_bad_ends(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  REFUSED(MR_INVALID_ARGUMENT, "MR_RUN_STATUS_FINISHED",
          mr_run_finish(run, MR_RUN_STATUS_RUNNING, &error));
  REFUSED(MR_INVALID_ARGUMENT, "0", mr_run_finish(run, 0, &error));
  REFUSED(MR_INVALID_ARGUMENT, "5", mr_run_finish(run, 5, &error));
  REFUSED(MR_INVALID_ARGUMENT, "run", mr_run_finish(NULL, MR_RUN_STATUS_FINISHED, &error));
  assert_int_equal(contract_run_status(c, mr_run_info(run)->id, NULL), MR_RUN_STATUS_RUNNING);
  mr_run_free(run);
}

/* An evaluation that comes later: a run that has ended still takes what is logged. */
static void takes_more_after_its_end(void **state) {
  contract *c = *state;
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  mr_run *run = contract_run(c, "x");
  mr_run *used = contract_run(c, "x");
  mr_metric_page *metrics = NULL;
  contract_finish(run);
  OK(mr_run_log_param(run, "late", "1", &error));
  OK(mr_run_log_metric(run, "late", 1, 1, &error));
  OK(mr_run_set_tag(run, "late", "1", &error));
  contract_put(run, "late.txt", "late");
  input.role = "base";
  input.run_id = mr_run_info(used)->id;
  OK(mr_run_log_input(run, &input, &error));
  OK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &error));
  OK(mr_run_list_metrics(run, NULL, &metrics, &error));
  assert_int_equal(mr_metric_page_count(metrics), 1);
  mr_metric_page_free(metrics);
  mr_run_free(run);
  mr_run_free(used);
}

static void is_the_same_through_every_handle(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  char id[40];
  (void)snprintf(id, sizeof id, "%s", mr_run_info(run)->id);
  OK(mr_run_log_param(run, "lr", "0.1", &error));
  if (c->driver->shared) {
    mr_registry *second = contract_second(c);
    mr_run *there = NULL;
    OK(mr_registry_open_run(second, id, &there, &error));
    OK(mr_run_log_param(there, "lr", "0.1", &error));
    REFUSED(MR_ALREADY_EXISTS, "lr|0.1|0.2", mr_run_log_param(there, "lr", "0.2", &error));
    OK(mr_run_finish(there, MR_RUN_STATUS_FAILED, &error));
    REFUSED(MR_CONFLICT, "FAILED", mr_run_finish(run, MR_RUN_STATUS_FINISHED, &error));
    /* Handles outlive their registry. */
    mr_registry_close(second);
    REFUSED(MR_CLOSED, "closed", mr_run_log_param(there, "x", "1", &error));
    assert_string_equal(mr_run_info(there)->id, id);
    mr_run_free(there);
  } else {
    OK(mr_run_finish(run, MR_RUN_STATUS_FAILED, &error));
  }
  if (c->driver->survives_close) {
    contract_reopen(c);
    REFUSED(MR_CLOSED, "closed", mr_run_finish(run, MR_RUN_STATUS_FAILED, &error));
    assert_int_equal(contract_run_status(c, id, NULL), MR_RUN_STATUS_FAILED);
  }
  mr_run_free(run);
}

int contract_run_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(starts),
      TEST(keeps_what_is_known),
      TEST(refuses_bad_options),
      TEST(opens_by_id),
      TEST(ends),
      TEST(refuses_bad_ends),
      TEST(takes_more_after_its_end),
      TEST(is_the_same_through_every_handle),
  };
  return GROUP("runs", tests);
}
