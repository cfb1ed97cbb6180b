/* SPDX-License-Identifier: Apache-2.0 */
/* What looks at versions, channels and requests, with memory that runs out and a disk that fails:
 * it changes nothing, and finds it all when there is memory again. */
#include "hunger.h"
#include "sqlite_famine.h"
#include "vfs_shim.h"

#define READ_PAGE(noun, call)                                                                      \
  if (status == MR_OK) {                                                                           \
    noun##_page *page = NULL;                                                                      \
    status = call;                                                                                 \
    if (status == MR_OK) assert_true(noun##_page_count(page) > 0);                                 \
    noun##_page_free(page);                                                                        \
  }

/* Versions of every status, a channel with a history, and requests in every state. */
static void prepare_history(hunger *h) {
  char number[40];
  mr_yank_options yank = MR_YANK_OPTIONS_INIT;
  mr_deprecate_options deprecate = MR_DEPRECATE_OPTIONS_INIT;
  mr_roll_back_options back = MR_ROLL_BACK_OPTIONS_INIT;
  mr_version *version = NULL;
  if (h->number[0] != '\0') return;
  mr_model *model = api_make_model(h->other);
  for (int i = 0; i < 5; i++) governed_version(h->other, number);
  mr_request_free(api_move(model, "production", "1.0.0", "none"));
  mr_request_free(api_move(model, "production", "1.1.0", "1.0.0"));
  OK(mr_model_open_version(model, "1.0.0", &version, &api_error));
  (void)snprintf(h->text, sizeof h->text, "digits@%.24s", mr_version_info(version)->digest);
  (void)snprintf(h->run_id, sizeof h->run_id, "%s", mr_version_info(version)->run_id);
  (void)snprintf(h->request_id, sizeof h->request_id, "%s", mr_version_info(version)->request_id);
  mr_version_free(version);
  back.channel = "production";
  back.expected = "1.1.0";
  OK(mr_model_roll_back_channel(model, &back, &version, &api_error));
  mr_version_free(version);
  h->as_of_us = governed_count(h->look, "SELECT moved_us FROM channel_move WHERE sequence = 2");
  OK(mr_model_open_version(model, "1.3.0", &version, &api_error));
  deprecate.reason = "old";
  deprecate.replacement = "1.2.0";
  OK(mr_version_deprecate(version, &deprecate, &api_error));
  mr_version_free(version);
  OK(mr_model_open_version(model, "1.4.0", &version, &api_error));
  yank.reason = "wrong";
  yank.replacement = "1.2.0";
  OK(mr_version_yank(version, &yank, &api_error));
  mr_version_free(version);
  (void)snprintf(h->number, sizeof h->number, "1.4.0");
  mr_model_free(model);
}

static mr_status resolve(hunger *h, const char *reference, const mr_resolve_options *options,
                         const char *number) {
  char core[40];
  mr_version *version = NULL;
  mr_status status = mr_registry_resolve(h->registry, reference, options, &version, &api_error);
  assert_int_equal(status == MR_OK, version != NULL);
  if (status == MR_OK) {
    governed_core(mr_version_info(version)->number, core);
    assert_string_equal(core, number);
  }
  mr_version_free(version);
  return status;
}

static mr_status resolve_latest(hunger *h) {
  return resolve(h, "digits", NULL, "1.2.0");
}

static mr_status resolve_exact(hunger *h) {
  return resolve(h, "digits@1.4.0", NULL, "1.4.0"); /* with warnings */
}

static mr_status resolve_range(hunger *h) {
  return resolve(h, "digits@>=1.1 <1.2 || ^1.3", NULL, "1.1.0");
}

static mr_status resolve_deprecated(hunger *h) {
  return resolve(h, "digits@~1.3", NULL, "1.3.0");
}

static mr_status resolve_channel(hunger *h) {
  return resolve(h, "digits@production", NULL, "1.0.0");
}

static mr_status resolve_digest(hunger *h) {
  return resolve(h, h->text, NULL, "1.0.0");
}

/* When there was nothing but 1.1.0 in the channel: the time of that move. */
static mr_status resolve_as_of(hunger *h) {
  mr_resolve_options options = MR_RESOLVE_OPTIONS_INIT;
  options.as_of_us = h->as_of_us;
  mr_status status = resolve(h, "digits@production", &options, "1.1.0");
  if (status == MR_OK) status = resolve(h, "digits@latest", &options, "1.4.0");
  if (status == MR_OK) status = resolve(h, "digits@^1.1", &options, "1.4.0");
  if (status == MR_OK) status = resolve(h, h->text, &options, "1.0.0");
  return status;
}

/* What is refused says so, or that there is no memory. */
static mr_status resolve_nothing(hunger *h) {
  static const char *const references[] = {"digits@^7", "digits@7.0.0", "digits@nowhere",
                                           "digits@0123456789abcdef", "nobody"};
  mr_status status = MR_NOT_FOUND;
  for (size_t i = 0; i < sizeof references / sizeof references[0]; i++) {
    mr_version *version = NULL;
    status = mr_registry_resolve(h->registry, references[i], NULL, &version, &api_error);
    assert_null(version);
    if (status != MR_NOT_FOUND) return status;
    REFUSED(MR_NOT_FOUND, NULL, status);
  }
  return MR_OK;
}

static mr_status list_release(hunger *h) {
  mr_status status = MR_OK;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  mr_channel_move_list_options moves = MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
  moves.channel = "production";
  o.limit = moves.limit = 1;
  READ_PAGE(mr_version, mr_model_list_versions(h->model, &o, &page, &api_error))
  READ_PAGE(mr_channel, mr_model_list_channels(h->model, NULL, &page, &api_error))
  READ_PAGE(mr_channel_move, mr_model_list_channel_moves(h->model, &moves, &page, &api_error))
  READ_PAGE(mr_artifact, mr_version_list_artifacts(h->version, &o, &page, &api_error))
  return status;
}

static mr_status list_judged(hunger *h) {
  mr_status status = MR_OK;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  mr_request_list_options requests = MR_REQUEST_LIST_OPTIONS_INIT;
  mr_gate_list_options gates = MR_GATE_LIST_OPTIONS_INIT;
  requests.model = "digits";
  gates.model = "digits";
  o.limit = requests.limit = gates.limit = 1;
  READ_PAGE(mr_request, mr_registry_list_requests(h->registry, &requests, &page, &api_error))
  READ_PAGE(mr_gate, mr_registry_list_gates(h->registry, &gates, &page, &api_error))
  READ_PAGE(mr_check, mr_run_list_checks(h->run, &o, &page, &api_error))
  return status;
}

static mr_status open_all(hunger *h) {
  mr_model *model = NULL;
  mr_version *version = NULL;
  mr_request *request = NULL;
  mr_run *run = NULL;
  mr_input_page *inputs = NULL;
  mr_status status = mr_registry_open_model(h->registry, "digits", &model, &api_error);
  if (status == MR_OK) status = mr_model_open_version(model, h->number, &version, &api_error);
  if (status == MR_OK) assert_int_equal(mr_version_info(version)->status, MR_VERSION_STATUS_YANKED);
  if (status == MR_OK) {
    status = mr_registry_open_request(h->registry, h->request_id, &request, &api_error);
  }
  if (status == MR_OK) status = mr_registry_open_run(h->registry, h->run_id, &run, &api_error);
  if (status == MR_OK) status = mr_version_list_inputs(version, NULL, &inputs, &api_error);
  mr_input_page_free(inputs);
  mr_run_free(run);
  mr_request_free(request);
  mr_version_free(version);
  mr_model_free(model);
  return status;
}

static mr_status look_at_request(hunger *h) {
  mr_decision *decision = NULL;
  mr_decision *first = NULL;
  mr_version *version = NULL;
  mr_buffer *text = NULL;
  mr_buffer *json = NULL;
  mr_status status = mr_request_decision(h->request, &decision, &api_error);
  if (status == MR_OK) status = mr_request_open_decision(h->request, 1, &first, &api_error);
  if (status == MR_OK) assert_int_equal(mr_decision_count(first), 4);
  if (status == MR_OK) status = mr_decision_text(decision, &text, &api_error);
  if (status == MR_OK) status = mr_decision_json(decision, &json, &api_error);
  if (status == MR_OK) status = mr_request_version(h->request, &version, &api_error);
  mr_version_free(version);
  mr_buffer_free(json);
  mr_buffer_free(text);
  mr_decision_free(first);
  mr_decision_free(decision);
  return status;
}

static mr_status lineage(hunger *h) {
  mr_lineage *found = NULL;
  mr_lineage_options options = MR_LINEAGE_OPTIONS_INIT;
  options.run_id = h->run_id;
  options.direction = MR_LINEAGE_DIRECTION_BOTH;
  mr_status status = mr_registry_lineage(h->registry, &options, &found, &api_error);
  assert_int_equal(status == MR_OK, found != NULL);
  /* To its evaluation, its version, and the channel that holds this. */
  if (status == MR_OK) assert_int_equal(mr_lineage_count(found), 3);
  mr_lineage_free(found);
  return status;
}

/* --- dry runs ----------------------------------------------------------------------------- */

static mr_status evaluate(hunger *h, const mr_evaluate_options *options, mr_verdict verdict) {
  mr_decision *decision = NULL;
  mr_status status = mr_registry_evaluate_gate(h->registry, NULL, options, &decision, &api_error);
  assert_int_equal(status == MR_OK, decision != NULL);
  if (status == MR_OK) assert_int_equal(mr_decision_info(decision)->verdict, verdict);
  mr_decision_free(decision);
  return status;
}

static void prepare_candidate(hunger *h) {
  if (h->run_id[0] == '\0') governed_candidate(h->other, false, h->run_id);
}

static mr_status evaluate_promotion(hunger *h) {
  mr_evaluate_options options = MR_EVALUATE_OPTIONS_INIT;
  options.model = "digits";
  options.run_id = h->run_id;
  options.artifact_path = "model";
  return evaluate(h, &options, MR_VERDICT_PENDING);
}

static mr_status evaluate_move(hunger *h) {
  mr_evaluate_options options = MR_EVALUATE_OPTIONS_INIT;
  options.model = "digits";
  options.transition = "channel/production";
  options.version = "1.2.0";
  return evaluate(h, &options, MR_VERDICT_PASSED);
}

/* Of everything that a rule can read. */
static mr_status evaluate_all(hunger *h) {
  static const char text[] =
      "a: metrics.accuracy > 0 OR mean(metrics.accuracy) < 0\n"
      "b: params.lr = 'x' OR params.none IS NULL\n"
      "c: tags.team = 'x' OR tags.none IS NULL\n"
      "d: attributes.experiment = 'digits' AND attributes.status = 'FINISHED'\n"
      "e: inputs.r.digest IS NULL OR inputs.s.name IS NULL\n"
      "f: dataset.name IS NULL AND dataset.context = 'd' AND dataset.digest LIKE '00%'\n"
      "g: artifacts.*.format = 'json' AND artifacts.\"labels.json\".size > 0\n"
      "h: version.number = '1.0.0' OR version.prerelease IS NULL\n"
      "i: incumbent IS NULL OR incumbent.metrics.accuracy <= metrics.accuracy\n"
      "j: incumbent.artifacts.*.kind = 'stored' OR incumbent.params.p IS NULL\n"
      "k: checks.audit = 'passed' OR checks.* = 'failed'\n"
      "l: evaluations.holdout.metrics.auc > 2 OR evaluations.none.metrics.auc IS NULL\n"
      "m: evaluations.*.attributes.kind = 'evaluation' AND evaluations.*.checks.x IS NULL\n"
      "n: channel.staging.hours > 1 OR approvals.risk > 1\n";
  mr_gate *gate = NULL;
  mr_decision *decision = NULL;
  mr_evaluate_options options = MR_EVALUATE_OPTIONS_INIT;
  options.model = "digits";
  options.transition = "channel/production";
  options.version = "1.2.0";
  mr_status status = mr_gate_parse(text, &gate, &api_error);
  if (status == MR_OK) {
    status = mr_registry_evaluate_gate(h->registry, gate, &options, &decision, &api_error);
  }
  if (status == MR_OK) assert_int_equal(mr_decision_count(decision), 14);
  mr_decision_free(decision);
  mr_gate_free(gate);
  return status;
}

#define HUNGRY(name, prepare, call) HUNGER_TEST(name, hunger_run, prepare, call, false)
#define HUNGRY_SQLITE(name, prepare, call)                                                         \
  HUNGER_TEST(name##_sqlite, hunger_run_sqlite, prepare, call, false)
#define HUNGRY_DISK(name, prepare, call)                                                           \
  HUNGER_TEST(name##_disk, hunger_run_disk, prepare, call, false)
#define HUNGRY_REFUSED(name, prepare, call)                                                        \
  HUNGER_TEST(name##_refusals, hunger_run_refusals, prepare, call, false)

HUNGRY(resolve_latest, prepare_history, resolve_latest)
HUNGRY(resolve_exact, prepare_history, resolve_exact)
HUNGRY(resolve_range, prepare_history, resolve_range)
HUNGRY(resolve_deprecated, prepare_history, resolve_deprecated)
HUNGRY(resolve_channel, prepare_history, resolve_channel)
HUNGRY(resolve_digest, prepare_history, resolve_digest)
HUNGRY(resolve_nothing, prepare_history, resolve_nothing)
HUNGRY(resolve_as_of, prepare_history, resolve_as_of)
HUNGRY(list_release, prepare_history, list_release)
HUNGRY(list_judged, prepare_history, list_judged)
HUNGRY(open_all, prepare_history, open_all)
HUNGRY(look_at_request, prepare_history, look_at_request)
HUNGRY(lineage, prepare_history, lineage)
HUNGRY(evaluate_promotion, prepare_candidate, evaluate_promotion)
HUNGRY(evaluate_move, prepare_history, evaluate_move)
HUNGRY(evaluate_all, prepare_history, evaluate_all)

HUNGRY_SQLITE(resolve_range, prepare_history, resolve_range)
HUNGRY_SQLITE(resolve_as_of, prepare_history, resolve_as_of)
HUNGRY_SQLITE(evaluate_promotion, prepare_candidate, evaluate_promotion)
HUNGRY_SQLITE(lineage, prepare_history, lineage)

HUNGRY_DISK(resolve_range, prepare_history, resolve_range)
HUNGRY_DISK(evaluate_promotion, prepare_candidate, evaluate_promotion)
HUNGRY_DISK(list_judged, prepare_history, list_judged)

HUNGRY_REFUSED(resolve_latest, prepare_history, resolve_latest)
HUNGRY_REFUSED(resolve_exact, prepare_history, resolve_exact)
HUNGRY_REFUSED(resolve_range, prepare_history, resolve_range)
HUNGRY_REFUSED(resolve_deprecated, prepare_history, resolve_deprecated)
HUNGRY_REFUSED(resolve_channel, prepare_history, resolve_channel)
HUNGRY_REFUSED(resolve_digest, prepare_history, resolve_digest)
HUNGRY_REFUSED(resolve_nothing, prepare_history, resolve_nothing)
HUNGRY_REFUSED(resolve_as_of, prepare_history, resolve_as_of)
HUNGRY_REFUSED(list_release, prepare_history, list_release)
HUNGRY_REFUSED(list_judged, prepare_history, list_judged)
HUNGRY_REFUSED(open_all, prepare_history, open_all)
HUNGRY_REFUSED(look_at_request, prepare_history, look_at_request)
HUNGRY_REFUSED(lineage, prepare_history, lineage)
HUNGRY_REFUSED(evaluate_promotion, prepare_candidate, evaluate_promotion)
HUNGRY_REFUSED(evaluate_move, prepare_history, evaluate_move)
HUNGRY_REFUSED(evaluate_all, prepare_history, evaluate_all)

int main(void) {
  if (!sqlite_famine_arm()) return 1;
  vfs_shim_register();
  vfs_shim_skip_syncs(true);
  if (sqlite3_vfs_register(sqlite3_vfs_find(VFS_SHIM_NAME), 1) != SQLITE_OK) return 1;
  const struct CMUnitTest tests[] = {
      api_test(test_resolve_latest),
      api_test(test_resolve_exact),
      api_test(test_resolve_range),
      api_test(test_resolve_deprecated),
      api_test(test_resolve_channel),
      api_test(test_resolve_digest),
      api_test(test_resolve_nothing),
      api_test(test_resolve_as_of),
      api_test(test_list_release),
      api_test(test_list_judged),
      api_test(test_open_all),
      api_test(test_look_at_request),
      api_test(test_lineage),
      api_test(test_evaluate_promotion),
      api_test(test_evaluate_move),
      api_test(test_evaluate_all),
      api_test(test_resolve_range_sqlite),
      api_test(test_resolve_as_of_sqlite),
      api_test(test_evaluate_promotion_sqlite),
      api_test(test_lineage_sqlite),
      api_test(test_resolve_range_disk),
      api_test(test_evaluate_promotion_disk),
      api_test(test_list_judged_disk),
      api_test(test_resolve_latest_refusals),
      api_test(test_resolve_exact_refusals),
      api_test(test_resolve_range_refusals),
      api_test(test_resolve_deprecated_refusals),
      api_test(test_resolve_channel_refusals),
      api_test(test_resolve_digest_refusals),
      api_test(test_resolve_nothing_refusals),
      api_test(test_resolve_as_of_refusals),
      api_test(test_list_release_refusals),
      api_test(test_list_judged_refusals),
      api_test(test_open_all_refusals),
      api_test(test_look_at_request_refusals),
      api_test(test_lineage_refusals),
      api_test(test_evaluate_promotion_refusals),
      api_test(test_evaluate_move_refusals),
      api_test(test_evaluate_all_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
