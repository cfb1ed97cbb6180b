/* SPDX-License-Identifier: Apache-2.0 */
/* Deleting versions: what keeps one, and what is left of it. */
#include "contract.h"

static void gone(const contract *c, mr_model *model, const char *number) {
  mr_version *version = NULL;
  mr_request *request = NULL;
  char reference[300];
  (void)snprintf(reference, sizeof reference, "%s@%s", mr_model_info(model)->name, number);
  REFUSED(MR_NOT_FOUND, "was deleted", mr_model_open_version(model, number, &version, &error));
  HAS(error.message, number);
  REFUSED(MR_NOT_FOUND, "was deleted",
          mr_registry_resolve(c->registry, reference, NULL, &version, &error));
  mr_move_options m = MR_MOVE_OPTIONS_INIT;
  m.channel = "live";
  m.version = number;
  m.expected = "none";
  REFUSED(MR_NOT_FOUND, "deleted", mr_model_move_channel(model, &m, &request, &error));
  mr_run *run = contract_run(c, "user");
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  input.role = "base";
  input.version = reference;
  REFUSED(MR_NOT_FOUND, "deleted", mr_run_log_input(run, &input, &error));
  mr_run_free(run);
  assert_null(version);
  assert_null(request);
}

static void leaves_a_number_that_is_taken(void **state) {
  contract *c = *state;
  static listing list;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_request *request = NULL;
  mr_model *model = contract_model(c, "m");
  OK(mr_model_create_channel(model, "live", &error));
  mr_version_free(contract_version(c, model, "1.0.0+a"));
  mr_version *two = contract_version(c, model, "2.0.0+b");
  mr_version_free(contract_version(c, model, "2.0.0-rc.1+c"));
  OK(mr_version_delete(two, "leaks names", &error));
  gone(c, model, "2.0.0");
  contract_resolves(c, "m", "1.0.0");
  LIST_ALL_WAYS(mr_version, options, mr_model_list_versions(model, &options, &part, &error), number,
                &list, "2.0.0-rc.1+c 1.0.0+a");
  /* The number is used up, whatever its build metadata. */
  mr_run *run = contract_trained(c, 0.9);
  contract_finish(run);
  o.version = "2.0.0+other";
  REFUSED(MR_ALREADY_EXISTS, "2.0.0",
          mr_model_promote(model, mr_run_info(run)->id, &o, &request, &error));
  assert_null(request);
  o.version = NULL;
  o.bump = MR_BUMP_MAJOR;
  mr_version *next = contract_promote(model, run, &o);
  HAS(mr_version_info(next)->number, "3.0.0+");
  mr_version_free(next);
  mr_run_free(run);
  /* Its run may be promoted again. */
  OK(mr_registry_open_run(c->registry, mr_version_info(two)->run_id, &run, &error));
  next = contract_promote(model, run, &o);
  HAS(mr_version_info(next)->number, "4.0.0+");
  mr_version_free(next);
  mr_run_free(run);
  OK(mr_version_delete(two, "again", &error));
  mr_version_free(two);
  mr_model_free(model);
}

static void reads_on(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version *version = contract_version(c, model, "1.0.0");
  mr_artifact_page *page = NULL;
  mr_blob *blob = NULL;
  OK(mr_version_delete(version, "unused", &error));
  OK(mr_version_list_artifacts(version, NULL, &page, &error));
  assert_int_equal(mr_artifact_page_count(page), 1);
  OK(mr_version_open_artifact(version, NULL, &blob, &error));
  mr_artifact_page_free(page);
  mr_blob_free(blob);
  mr_version_free(version);
  version = NULL;
  REFUSED(MR_NOT_FOUND, "'m'|no active release|1 versions|1 deleted",
          mr_registry_resolve(c->registry, "m", NULL, &version, &error));
  assert_null(version);
  mr_model_free(model);
}

static void a_channel_keeps_it(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version *one = contract_version(c, model, "1.0.0+a");
  mr_version_free(contract_version(c, model, "2.0.0"));
  OK(mr_model_create_channel(model, "live", &error));
  OK(mr_model_create_channel(model, "beta", &error));
  contract_move(model, "live", "1.0.0", "none");
  contract_move(model, "beta", "1.0.0", "none");
  REFUSED(MR_IN_USE, "m@1.0.0+a|channel 'beta'|1 more", mr_version_delete(one, "x", &error));
  contract_move(model, "beta", "2.0.0", "1.0.0");
  REFUSED(MR_IN_USE, "channel 'live'", mr_version_delete(one, "x", &error));
  contract_resolves(c, "m@live", "1.0.0");
  contract_move(model, "live", "2.0.0", "1.0.0");
  OK(mr_version_delete(one, "x", &error)); /* having held it does not count */
  mr_version_free(one);
  mr_model_free(model);
}

static void an_open_request_keeps_it(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version *one = contract_version(c, model, "1.0.0");
  mr_version *two = contract_version(c, model, "2.0.0");
  mr_request *request = NULL;
  mr_move_options m = MR_MOVE_OPTIONS_INIT;
  OK(mr_model_create_channel(model, "live", &error));
  contract_attach(c, "m", "channel/live", "eval: checks.bias = 'passed'\n");
  m.channel = "live";
  m.version = "1.0.0";
  m.expected = "none";
  OK(mr_model_move_channel(model, &m, &request, &error));
  assert_int_equal(mr_request_info(request)->state, MR_REQUEST_STATE_OPEN);
  REFUSED(MR_IN_USE, "m@1.0.0|request|proposes it for channel/live",
          mr_version_delete(one, "x", &error));
  HAS(error.message, mr_request_info(request)->id);
  OK(mr_version_delete(two, "x", &error)); /* which nobody proposes */
  OK(mr_request_withdraw(request, NULL, &error));
  OK(mr_version_delete(one, "x", &error));
  mr_request_free(request);
  mr_version_free(one);
  mr_version_free(two);
  mr_model_free(model);
}

static void an_input_keeps_it(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version *one = contract_version(c, model, "1.0.0");
  mr_run *run = contract_run(c, "tuning");
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  input.role = "base";
  input.version = "m@1.0.0";
  OK(mr_run_log_input(run, &input, &error));
  REFUSED(MR_IN_USE, "m@1.0.0|input", mr_version_delete(one, "x", &error));
  HAS(error.message, mr_run_info(run)->id);
  mr_run_free(run);
  mr_version_free(one);
  mr_model_free(model);
}

static void a_replaced_version_keeps_it(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version *one = contract_version(c, model, "1.0.0+a");
  mr_version *two = contract_version(c, model, "2.0.0+b");
  mr_version *three = contract_version(c, model, "3.0.0+c");
  mr_deprecate_options d = MR_DEPRECATE_OPTIONS_INIT;
  mr_yank_options y = MR_YANK_OPTIONS_INIT;
  d.reason = "slow";
  d.replacement = "3.0.0";
  y.reason = "wrong";
  y.replacement = "3.0.0";
  OK(mr_version_deprecate(one, &d, &error));
  OK(mr_version_yank(two, &y, &error));
  REFUSED(MR_IN_USE, "m@3.0.0+c|version 2.0.0+b|replacement|1 more",
          mr_version_delete(three, "x", &error));
  OK(mr_version_unyank(two, NULL, &error));
  REFUSED(MR_IN_USE, "version 1.0.0+a|replacement", mr_version_delete(three, "x", &error));
  OK(mr_version_delete(one, "x", &error)); /* a deleted one needs no replacement */
  OK(mr_version_delete(three, "x", &error));
  mr_version_free(one);
  mr_version_free(two);
  mr_version_free(three);
  mr_model_free(model);
}

int contract_deletion_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(leaves_a_number_that_is_taken),
      TEST(reads_on),
      TEST(a_channel_keeps_it),
      TEST(an_open_request_keeps_it),
      TEST(an_input_keeps_it),
      TEST(a_replaced_version_keeps_it),
  };
  return GROUP("deletions", tests);
}
