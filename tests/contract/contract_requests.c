/* SPDX-License-Identifier: Apache-2.0 */
/* Promoting: what is recorded, what is sealed, what is refused. */
#include "contract.h"

static mr_run *ready(const contract *c, double accuracy) {
  mr_run *run = contract_trained(c, accuracy);
  contract_finish(run);
  return run;
}

static mr_request *propose(mr_model *model, mr_run *run, const mr_promote_options *options) {
  mr_request *request = NULL;
  OK(mr_model_promote(model, mr_run_info(run)->id, options, &request, &error));
  return request;
}

static void is_accepted(void **state) {
  contract *c = *state;
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_version *version = NULL;
  mr_request *opened = NULL;
  mr_model *model = contract_model(c, "digits");
  mr_run *run = ready(c, 0.95);
  int64_t before = contract_clock(NULL);
  contract_attach(c, "digits", NULL, "good: metrics.accuracy >= 0.9\n");
  o.description = "the first\none";
  o.artifact_path = "model.json";
  mr_request *request = propose(model, run, &o);
  OK(mr_registry_open_request(c->registry, mr_request_info(request)->id, &opened, &error));
  mr_request *const both[] = {request, opened};
  for (size_t i = 0; i < 2; i++) {
    const mr_request_record *r = mr_request_info(both[i]);
    assert_true(r->struct_size >= sizeof *r);
    assert_int_equal(r->state, MR_REQUEST_STATE_ACCEPTED);
    assert_int_equal(strlen(r->id), 36);
    assert_string_equal(r->id, mr_request_info(request)->id);
    assert_string_equal(r->model, "digits");
    assert_string_equal(r->transition, "promote");
    assert_string_equal(r->run_id, mr_run_info(run)->id);
    assert_string_equal(r->artifact_path, "model.json");
    assert_int_equal(strncmp(r->version, "1.0.0+", 6), 0);
    assert_int_equal(strlen(r->candidate_digest), 64);
    assert_int_equal(strlen(r->gate_digest), 64);
    assert_string_equal(r->description, o.description);
    assert_null(r->op_id);
    assert_string_equal(r->actor, "tester");
    assert_in_range((uintmax_t)r->created_us, (uintmax_t)before, (uintmax_t)contract_clock(NULL));
    assert_null(r->expected);
    assert_string_equal(r->closed_by, "tester");
    assert_null(r->closed_reason);
    assert_int_equal(r->closed_us, r->created_us);
    OK(mr_request_version(both[i], &version, &error));
    assert_string_equal(mr_version_info(version)->number, r->version);
    assert_string_equal(mr_version_info(version)->request_id, r->id);
    mr_version_free(version);
  }
  mr_request_free(request);
  mr_request_free(opened);
  mr_request_free(NULL);
  assert_null(mr_request_info(NULL));
  mr_run_free(run);
  mr_model_free(model);
}

static void is_refused(void **state) {
  contract *c = *state;
  mr_version *version = NULL;
  int32_t sealed = 0;
  mr_model *model = contract_model(c, "digits");
  mr_run *poor = ready(c, 0.5);
  mr_run *good = ready(c, 0.95);
  contract_attach(c, "digits", NULL, "accuracy: metrics.accuracy >= 0.9\n");
  mr_request *request = propose(model, poor, NULL);
  const mr_request_record *r = mr_request_info(request);
  assert_int_equal(r->state, MR_REQUEST_STATE_REFUSED);
  assert_int_equal(strncmp(r->version, "1.0.0+", 6), 0); /* proposed, not taken */
  assert_string_equal(r->closed_by, "tester");
  assert_int_equal(r->closed_us, r->created_us);
  REFUSED(MR_GATE_FAILED, "'accuracy'|metrics.accuracy is 0.5, not >= 0.9|digits",
          mr_request_version(request, &version, &error));
  HAS(error.message, mr_run_info(poor)->id);
  assert_null(strstr(error.message, "more"));
  assert_null(version);
  REFUSED(MR_NOT_FOUND, "1.0.0", mr_model_open_version(model, "1.0.0", &version, &error));
  /* A refused request seals, too. */
  assert_int_equal(contract_run_status(c, mr_run_info(poor)->id, &sealed), MR_RUN_STATUS_FINISHED);
  assert_int_equal(sealed, 1);
  mr_request_free(request);
  version = contract_promote(model, good, NULL);
  char core[300];
  assert_string_equal(contract_core(mr_version_info(version)->number, core), "1.0.0");
  mr_version_free(version);
  /* The same run again, when the gate has changed. */
  contract_attach(c, "digits", NULL, "accuracy: metrics.accuracy >= 0.4\n");
  version = contract_promote(model, poor, NULL);
  assert_string_equal(contract_core(mr_version_info(version)->number, core), "1.1.0");
  mr_version_free(version);
  mr_run_free(poor);
  mr_run_free(good);
  mr_model_free(model);
}

static void a_message_says_how_many_more(void **state) {
  contract *c = *state;
  static const struct {
    const char *rules;
    const char *words;
  } cases[] = {
      {"a: metrics.accuracy > 0\nb: metrics.accuracy > 1\nc: metrics.accuracy > 2\n",
       "rule 'b'|not > 1|1 more rule"},
      {"a: metrics.accuracy > 1\nb: metrics.nothing > 1\nc: params.optimizer = 'x'\nd: status = "
       "'x'",
       "rule 'a'|not > 1|3 more rules"},
      {"a: metrics.nothing > 1\nb: metrics.accuracy > 0", "rule 'a'|metrics.nothing is missing"},
  };
  mr_model *model = contract_model(c, "m");
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mr_version *version = NULL;
    mr_run *run = ready(c, 0.5);
    contract_attach(c, "m", NULL, cases[i].rules);
    mr_request *request = propose(model, run, NULL);
    REFUSED(MR_GATE_FAILED, cases[i].words, mr_request_version(request, &version, &error));
    mr_request_free(request);
    mr_run_free(run);
  }
  mr_model_free(model);
}

/* The first rule and how many more are named whatever the names and reasons are. */
static void a_long_message_says_how_many_more(void **state) {
  contract *c = *state;
  char text[3000];
  char name[251];
  mr_version *version = NULL;
  mr_model *model =
      contract_model(c, "a model with quite a long name, as people like to give them");
  mr_run *run = ready(c, 0.5);
  memset(name, 'n', 250);
  name[250] = '\0';
  OK(mr_run_set_tag(run, "text", "ßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßß",
                    &error));
  (void)snprintf(text, sizeof text,
                 "%s: tags.text = 'ä' AND tags.text = 'ö' AND tags.text = 'ü' AND tags.text = 'é' "
                 "AND metrics.accuracy > 0.6 AND metrics.accuracy > 0.7\nother: 1 > 2\n",
                 name);
  contract_attach(c, mr_model_info(model)->name, NULL, text);
  mr_request *request = propose(model, run, NULL);
  REFUSED(MR_GATE_FAILED, "rule 'nnnn|1 more rule", mr_request_version(request, &version, &error));
  mr_request_free(request);
  mr_run_free(run);
  mr_model_free(model);
}

static void a_request_seals_the_run(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_run *run = contract_trained(c, 0.9);
  mr_run *used = contract_run(c, "x");
  mr_metric *metric = NULL;
  mr_run *elsewhere = NULL;
  mr_registry *second = NULL;
  mr_input_options in = MR_INPUT_OPTIONS_INIT;
  mr_link_options link = MR_LINK_OPTIONS_INIT;
  const char *id = mr_run_info(run)->id;
  path_text local;
  in.role = "base";
  in.run_id = mr_run_info(used)->id;
  link.path = "late";
  link.uri = "s3://b/k";
  link.digest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  contract_write_text(c, "file", "x");
  OK(mr_run_metric(run, "accuracy", &metric, &error));
  contract_finish(run);
  OK(mr_metric_log(metric, 0.95, 2, &error)); /* in memory still: belongs to what is judged */
  if (c->driver->shared) {
    second = contract_second(c);
    OK(mr_registry_open_run(second, id, &elsewhere, &error));
    OK(mr_run_log_metric(elsewhere, "accuracy", 0, 99, &error)); /* in another handle's memory */
  }
  contract_attach(c, "m", NULL, "a: metrics.accuracy = 0.95\n");
  mr_version_free(contract_promote(model, run, NULL));
  REFUSED(MR_CONFLICT, "sealed", mr_run_log_param(run, "late", "1", &error));
  HAS(error.message, id);
  REFUSED(MR_CONFLICT, "sealed", mr_run_log_param(run, "optimizer", "adam", &error));
  REFUSED(MR_CONFLICT, "sealed", mr_run_log_metric(run, "accuracy", 1, 3, &error));
  REFUSED(MR_CONFLICT, "sealed", mr_run_log_metric(run, "late", 1, 3, &error));
  REFUSED(MR_CONFLICT, "sealed", mr_metric_log(metric, 1, 3, &error));
  REFUSED(MR_CONFLICT, "sealed", mr_run_log_input(run, &in, &error));
  REFUSED(MR_CONFLICT, "sealed",
          mr_run_log_artifact_bytes(run, "late", (const uint8_t *)"x", 1, &error));
  REFUSED(MR_CONFLICT, "sealed",
          mr_run_log_artifact(run, contract_path(c, "file", &local), NULL, NULL, &error));
  REFUSED(MR_CONFLICT, "sealed", mr_run_log_artifact_link(run, &link, &error));
  OK(mr_run_set_tag(run, "late", "1", &error));
  OK(mr_run_delete_tag(run, "late", &error));
  OK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &error));
  OK(mr_run_flush(run, &error));
  if (elsewhere != NULL) {
    REFUSED(MR_CONFLICT, "sealed|1 point", mr_run_flush(elsewhere, &error));
    REFUSED(MR_CONFLICT, "sealed", mr_run_log_metric(elsewhere, "late", 1, 1, &error));
    OK(mr_run_flush(elsewhere, &error)); /* said once */
    mr_run_free(elsewhere);
    mr_registry_close(second);
  }
  mr_metric_free(metric);
  mr_metric_page *page = NULL;
  OK(mr_run_list_metrics(run, NULL, &page, &error));
  assert_int_equal(mr_metric_page_count(page), 1);
  assert_int_equal(mr_metric_page_at(page, 0)->count, 2);
  mr_metric_page_free(page);
  /* A run opened later knows it at once. */
  int32_t sealed = 0;
  contract_run_status(c, id, &sealed);
  assert_int_equal(sealed, 1);
  mr_run_free(run);
  mr_run_free(used);
  mr_model_free(model);
}

static void only_finished_training_runs(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_request *request = NULL;
  static const mr_run_status ends[] = {MR_RUN_STATUS_RUNNING, MR_RUN_STATUS_FAILED,
                                       MR_RUN_STATUS_KILLED};
  static const char *const names[] = {"RUNNING", "FAILED", "KILLED"};
  int32_t sealed = 1;
  for (size_t i = 0; i < 3; i++) {
    mr_run *run = contract_trained(c, 0.9);
    if (ends[i] != MR_RUN_STATUS_RUNNING) OK(mr_run_finish(run, ends[i], &error));
    REFUSED(MR_CONFLICT, names[i],
            mr_model_promote(model, mr_run_info(run)->id, NULL, &request, &error));
    HAS(error.message, mr_run_info(run)->id);
    contract_run_status(c, mr_run_info(run)->id, &sealed);
    assert_int_equal(sealed, 0); /* a call that failed has changed nothing */
    OK(mr_run_log_param(run, "late", "1", &error));
    OK(mr_run_log_metric(run, "late", 1, 1, &error));
    mr_run_free(run);
  }
  mr_run_options o = MR_RUN_OPTIONS_INIT;
  mr_experiment *experiment = contract_experiment(c, "x");
  mr_run *run = NULL;
  mr_manifest *manifest = NULL;
  mr_dataset *dataset = NULL;
  o.kind = MR_RUN_KIND_EVALUATION;
  OK(mr_experiment_start_run(experiment, &o, &run, &error));
  contract_put(run, "a", "x");
  contract_finish(run);
  REFUSED(MR_INVALID_ARGUMENT, "evaluation|training",
          mr_model_promote(model, mr_run_info(run)->id, NULL, &request, &error));
  OK(mr_manifest_new(&manifest, &error));
  OK(mr_experiment_log_dataset(experiment, "d", manifest, NULL, &dataset, &error));
  REFUSED(MR_INVALID_ARGUMENT, "dataset|training",
          mr_model_promote(model, mr_dataset_info(dataset)->run_id, NULL, &request, &error));
  assert_null(request);
  mr_request_page *page = NULL;
  OK(mr_registry_list_requests(c->registry, NULL, &page, &error));
  assert_int_equal(mr_request_page_count(page), 0);
  mr_request_page_free(page);
  mr_dataset_free(dataset);
  mr_manifest_free(manifest);
  mr_run_free(run);
  mr_experiment_free(experiment);
  mr_model_free(model);
}

static void promoting_refuses(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_request *request = NULL;
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_run *run = ready(c, 0.9);
  const char *id = mr_run_info(run)->id;
  mr_run *empty = contract_run(c, "x");
  contract_finish(empty);
  REFUSED(MR_NOT_FOUND, "no run|01234567",
          mr_model_promote(model, "01234567-89ab-7def-8123-456789abcdef", NULL, &request, &error));
  REFUSED(MR_INVALID_ARGUMENT, "run_id", mr_model_promote(model, "x", NULL, &request, &error));
  REFUSED(MR_INVALID_ARGUMENT, "NULL", mr_model_promote(model, NULL, NULL, &request, &error));
  REFUSED(MR_INVALID_ARGUMENT, "model", mr_model_promote(NULL, id, NULL, &request, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_request", mr_model_promote(model, id, NULL, NULL, &error));
  REFUSED(MR_NOT_FOUND, "no artifacts",
          mr_model_promote(model, mr_run_info(empty)->id, NULL, &request, &error));
  o.artifact_path = "nowhere";
  REFUSED(MR_NOT_FOUND, "nowhere", mr_model_promote(model, id, &o, &request, &error));
  o.artifact_path = "../model.json";
  REFUSED(MR_INVALID_ARGUMENT, "artifact path", mr_model_promote(model, id, &o, &request, &error));
  o.artifact_path = NULL;
  o.description = "\x01";
  REFUSED(MR_INVALID_ARGUMENT, "description", mr_model_promote(model, id, &o, &request, &error));
  o.description = NULL;
  o.op_id = "";
  REFUSED(MR_INVALID_ARGUMENT, "op_id", mr_model_promote(model, id, &o, &request, &error));
  o.op_id = NULL;
  o.bump = 5;
  REFUSED(MR_INVALID_ARGUMENT, "bump|5", mr_model_promote(model, id, &o, &request, &error));
  o.bump = 0;
  mr_cancel *cancel = NULL;
  OK(mr_cancel_new(&cancel, &error));
  mr_cancel_trigger(cancel);
  o.cancel = cancel;
  REFUSED(MR_CANCELLED, "cancel", mr_model_promote(model, id, &o, &request, &error));
  mr_cancel_free(cancel);
  o.struct_size = 1;
  REFUSED(MR_ABI_MISMATCH, "mr_promote_options", mr_model_promote(model, id, &o, &request, &error));
  assert_null(request);
  int32_t sealed = 1;
  contract_run_status(c, id, &sealed);
  assert_int_equal(sealed, 0);
  mr_run_free(empty);
  mr_run_free(run);
  mr_model_free(model);
}

static void a_run_and_path_is_one_version(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_model *other = contract_model(c, "n");
  mr_request *request = NULL;
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_run *run = contract_trained(c, 0.9);
  contract_put(run, "folder/a", "a");
  contract_finish(run);
  const char *id = mr_run_info(run)->id;
  mr_version_free(contract_promote(model, run, NULL));
  REFUSED(MR_ALREADY_EXISTS, "m@1.0.0", mr_model_promote(model, id, NULL, &request, &error));
  HAS(error.message, id);
  o.version = "7.0.0";
  REFUSED(MR_ALREADY_EXISTS, "m@1.0.0", mr_model_promote(model, id, &o, &request, &error));
  o.artifact_path = "folder";
  o.version = NULL;
  mr_version_free(contract_promote(model, run, &o));
  REFUSED(MR_ALREADY_EXISTS, "m@1.1.0", mr_model_promote(model, id, &o, &request, &error));
  o.artifact_path = "";
  REFUSED(MR_ALREADY_EXISTS, "m@1.0.0", mr_model_promote(model, id, &o, &request, &error));
  mr_version_free(contract_promote(other, run, NULL));
  assert_null(request);
  mr_run_free(run);
  mr_model_free(model);
  mr_model_free(other);
}

static void op_ids_make_repeats_safe(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_model *other = contract_model(c, "n");
  mr_request *request = NULL;
  mr_version *version = NULL;
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_run *run = ready(c, 0.9);
  mr_run *poor = ready(c, 0.1);
  char first[40];
  contract_attach(c, "m", NULL, "a: metrics.accuracy > 0.5\n");
  o.op_id = "ci-build-17";
  request = propose(model, run, &o);
  (void)snprintf(first, sizeof first, "%s", mr_request_info(request)->id);
  assert_string_equal(mr_request_info(request)->op_id, "ci-build-17");
  mr_request_free(request);
  request = propose(model, run, &o);
  assert_string_equal(mr_request_info(request)->id, first);
  OK(mr_request_version(request, &version, &error));
  assert_int_equal(strncmp(mr_version_info(version)->number, "1.0.0+", 6), 0);
  mr_version_free(version);
  mr_request_free(request);
  /* The default spelled out is the same operation; a description is not part of it. */
  o.bump = MR_BUMP_MINOR;
  o.artifact_path = "";
  o.description = "said later";
  request = propose(model, run, &o);
  assert_string_equal(mr_request_info(request)->id, first);
  mr_request_free(request);
  request = NULL;
  o.bump = MR_BUMP_MAJOR;
  REFUSED(MR_CONFLICT, "ci-build-17|something else",
          mr_model_promote(model, mr_run_info(run)->id, &o, &request, &error));
  HAS(error.message, first);
  o.bump = 0;
  REFUSED(MR_CONFLICT, "ci-build-17",
          mr_model_promote(model, mr_run_info(poor)->id, &o, &request, &error));
  o.artifact_path = "model.json";
  REFUSED(MR_CONFLICT, "ci-build-17",
          mr_model_promote(model, mr_run_info(run)->id, &o, &request, &error));
  o.artifact_path = NULL;
  assert_null(request);
  /* Another model has op_ids of its own. */
  request = propose(other, run, &o);
  assert_string_not_equal(mr_request_info(request)->id, first);
  mr_request_free(request);
  /* A refusal is found again, too, whatever the gate says now. */
  o.op_id = "poor";
  request = propose(model, poor, &o);
  assert_int_equal(mr_request_info(request)->state, MR_REQUEST_STATE_REFUSED);
  (void)snprintf(first, sizeof first, "%s", mr_request_info(request)->id);
  mr_request_free(request);
  contract_attach(c, "m", NULL, "");
  request = propose(model, poor, &o);
  assert_string_equal(mr_request_info(request)->id, first);
  assert_int_equal(mr_request_info(request)->state, MR_REQUEST_STATE_REFUSED);
  mr_request_free(request);
  mr_run_free(run);
  mr_run_free(poor);
  mr_model_free(model);
  mr_model_free(other);
}

/* Requests are told apart by their description here. */
static void lists(void **state) {
  contract *c = *state;
  static listing list;
  mr_request_list_options options = MR_REQUEST_LIST_OPTIONS_INIT;
  mr_model *const models[] = {contract_model(c, "m"), contract_model(c, "n")};
  static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
  contract_attach(c, NULL, NULL, "a: metrics.accuracy > 0.5\n");
  for (int i = 0; i < 6; i++) {
    mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
    mr_run *run = ready(c, i % 3 == 0 ? 0.1 : 0.9); /* a and d are refused */
    o.description = names[i];
    mr_request_free(propose(models[i % 2], run, &o));
    mr_run_free(run);
  }
  static const struct {
    mr_request_state state;
    const char *model;
    const char *names;
  } cases[] = {
      {0, NULL, "f e d c b a"},
      {0, "m", "e c a"},
      {0, "n", "f d b"},
      {MR_REQUEST_STATE_ACCEPTED, NULL, "f e c b"},
      {MR_REQUEST_STATE_REFUSED, NULL, "d a"},
      {MR_REQUEST_STATE_REFUSED, "m", "a"},
      {MR_REQUEST_STATE_ACCEPTED, "n", "f b"},
      {MR_REQUEST_STATE_OPEN, NULL, ""},
      {MR_REQUEST_STATE_WITHDRAWN, "m", ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    options.state = cases[i].state;
    options.model = cases[i].model;
    LIST_ALL_WAYS(mr_request, options,
                  mr_registry_list_requests(c->registry, &options, &part, &error), description,
                  &list, cases[i].names);
  }
  mr_request_page *page = NULL;
  mr_request_list_options bad = MR_REQUEST_LIST_OPTIONS_INIT;
  bad.state = 5;
  REFUSED(MR_INVALID_ARGUMENT, "state",
          mr_registry_list_requests(c->registry, &bad, &page, &error));
  bad.state = 0;
  bad.model = "nobody";
  REFUSED(MR_NOT_FOUND, "nobody", mr_registry_list_requests(c->registry, &bad, &page, &error));
  bad.model = NULL;
  bad.token = "x";
  REFUSED(MR_INVALID_ARGUMENT, "token",
          mr_registry_list_requests(c->registry, &bad, &page, &error));
  bad.token = NULL;
  bad.limit = -1;
  REFUSED(MR_INVALID_ARGUMENT, "limit",
          mr_registry_list_requests(c->registry, &bad, &page, &error));
  assert_null(page);
  mr_model_free(models[0]);
  mr_model_free(models[1]);
}

static void opens_by_id(void **state) {
  contract *c = *state;
  mr_request *request = NULL;
  REFUSED(MR_INVALID_ARGUMENT, "request_id",
          mr_registry_open_request(c->registry, "x", &request, &error));
  REFUSED(MR_NOT_FOUND, "01234567-89ab-7def-8123-456789abcdef",
          mr_registry_open_request(c->registry, "01234567-89ab-7def-8123-456789abcdef", &request,
                                   &error));
  REFUSED(
      MR_INVALID_ARGUMENT, "out_request",
      mr_registry_open_request(c->registry, "01234567-89ab-7def-8123-456789abcdef", NULL, &error));
  assert_null(request);
  if (!c->driver->survives_close) return;
  mr_model *model = contract_model(c, "m");
  mr_run *run = ready(c, 0.9);
  char id[40];
  request = propose(model, run, NULL);
  (void)snprintf(id, sizeof id, "%s", mr_request_info(request)->id);
  contract_reopen(c);
  mr_version *version = NULL;
  REFUSED(MR_CLOSED, "closed", mr_request_version(request, &version, &error));
  mr_request_free(request);
  OK(mr_registry_open_request(c->registry, id, &request, &error));
  OK(mr_request_version(request, &version, &error));
  mr_version_free(version);
  mr_request_free(request);
  mr_run_free(run);
  mr_model_free(model);
}

/* The digest names what was judged, the run among it: it differs when anything of that does. */
static void candidates_have_a_digest(void **state) {
  contract *c = *state;
  static const char *const changes[] = {"", "param", "metric", "tag", "artifact", "input", ""};
  char digests[7][DIGEST_TEXT];
  char first[40] = "";
  mr_model *model = contract_model(c, "m");
  mr_run *used = contract_run(c, "x");
  for (size_t i = 0; i < 7; i++) {
    mr_run *run = contract_run(c, "x");
    mr_metric *metric = NULL;
    mr_input_options in = MR_INPUT_OPTIONS_INIT;
    const double value = 0.5;
    const int64_t step = 1;
    const int64_t time_us = 1000;
    OK(mr_run_metric(run, "accuracy", &metric, &error));
    OK(mr_metric_log_many(metric, &value, &step, &time_us, 1, &error));
    OK(mr_run_log_param(run, "lr", strcmp(changes[i], "param") == 0 ? "2" : "1", &error));
    if (strcmp(changes[i], "metric") == 0) OK(mr_run_log_metric(run, "accuracy", 0.5, 2, &error));
    if (strcmp(changes[i], "tag") == 0) OK(mr_run_set_tag(run, "t", "", &error));
    contract_put(run, "model", strcmp(changes[i], "artifact") == 0 ? "b" : "a");
    in.role = "base";
    in.run_id = mr_run_info(used)->id;
    if (strcmp(changes[i], "input") == 0) OK(mr_run_log_input(run, &in, &error));
    contract_finish(run);
    mr_request *request = propose(model, run, NULL);
    if (i == 0) (void)snprintf(first, sizeof first, "%s", mr_run_info(run)->id);
    (void)snprintf(digests[i], DIGEST_TEXT, "%s", mr_request_info(request)->candidate_digest);
    mr_request_free(request);
    mr_metric_free(metric);
    mr_run_free(run);
    for (size_t k = 0; k < i; k++) {
      assert_string_not_equal(digests[i], digests[k]);
    }
  }
  /* The same run before another model's gate is the same candidate. */
  mr_model *other = contract_model(c, "other");
  mr_request *again = NULL;
  OK(mr_model_promote(other, first, NULL, &again, &error));
  assert_string_equal(mr_request_info(again)->candidate_digest, digests[0]);
  mr_request_free(again);
  mr_model_free(other);
  mr_run_free(used);
  mr_model_free(model);
}

int contract_request_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(is_accepted),
      TEST(is_refused),
      TEST(a_message_says_how_many_more),
      TEST(a_long_message_says_how_many_more),
      TEST(a_request_seals_the_run),
      TEST(only_finished_training_runs),
      TEST(promoting_refuses),
      TEST(a_run_and_path_is_one_version),
      TEST(op_ids_make_repeats_safe),
      TEST(lists),
      TEST(opens_by_id),
      TEST(candidates_have_a_digest),
  };
  return GROUP("requests", tests);
}
