/* SPDX-License-Identifier: Apache-2.0 */
#include "contract.h"

#define UNKNOWN_ID  "01234567-89ab-7def-8123-456789abcdef"
#define SOME_DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static mr_dataset *record(const contract *c, const char *name, const char *path) {
  mr_experiment *experiment = contract_experiment(c, "data");
  mr_manifest *manifest = NULL;
  mr_dataset *dataset = NULL;
  OK(mr_manifest_new(&manifest, &error));
  OK(mr_manifest_add_entry(manifest, path, 3, SOME_DIGEST, &error));
  OK(mr_experiment_log_dataset(experiment, name, manifest, NULL, &dataset, &error));
  mr_manifest_free(manifest);
  mr_experiment_free(experiment);
  return dataset;
}

static void log_dataset(mr_run *run, const char *role, const char *dataset_run_id) {
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  input.role = role;
  input.dataset_run_id = dataset_run_id;
  OK(mr_run_log_input(run, &input, &error));
}

static void log_digest(mr_run *run, const char *role, const char *digest) {
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  input.role = role;
  input.dataset_digest = digest;
  OK(mr_run_log_input(run, &input, &error));
}

static void log_run(mr_run *run, const char *role, const char *run_id) {
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  input.role = role;
  input.run_id = run_id;
  OK(mr_run_log_input(run, &input, &error));
}

static void log_version(mr_run *run, const char *role, const char *version) {
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  input.role = role;
  input.version = version;
  OK(mr_run_log_input(run, &input, &error));
}

static void records_each_kind(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  mr_run *other = contract_run(c, "x");
  mr_dataset *dataset = record(c, "digits", "a.csv");
  mr_model *model = contract_model(c, "base");
  mr_version *version = contract_version(c, model, "1.4.2");
  const char *number = mr_version_info(version)->number;
  char full[300];
  (void)snprintf(full, sizeof full, "base@%s", number);
  log_version(run, "base", "base@1.4.2");
  log_run(run, "evaluated", mr_run_info(other)->id);
  log_dataset(run, "training", mr_dataset_info(dataset)->run_id);
  log_digest(run, "test", SOME_DIGEST);
  mr_input_page *page = NULL;
  OK(mr_run_list_inputs(run, NULL, &page, &error));
  assert_int_equal(mr_input_page_count(page), 4);
  const mr_input_record *i = mr_input_page_at(page, 0);
  assert_true(i->struct_size >= sizeof *i);
  assert_int_equal(i->kind, MR_INPUT_KIND_VERSION);
  assert_string_equal(i->role, "base");
  assert_string_equal(i->version, full);
  assert_null(i->run_id);
  assert_null(i->dataset_digest);
  assert_null(i->dataset_name);
  i = mr_input_page_at(page, 1);
  assert_int_equal(i->kind, MR_INPUT_KIND_RUN);
  assert_string_equal(i->run_id, mr_run_info(other)->id);
  assert_null(i->dataset_digest);
  assert_null(i->dataset_name);
  assert_null(i->version);
  i = mr_input_page_at(page, 2);
  assert_int_equal(i->kind, MR_INPUT_KIND_DATASET_RUN);
  assert_string_equal(i->run_id, mr_dataset_info(dataset)->run_id);
  assert_string_equal(i->dataset_digest, mr_dataset_info(dataset)->digest);
  assert_string_equal(i->dataset_name, "digits");
  assert_null(i->version);
  i = mr_input_page_at(page, 3);
  assert_int_equal(i->kind, MR_INPUT_KIND_DATASET_DIGEST);
  assert_string_equal(i->dataset_digest, SOME_DIGEST);
  assert_null(i->run_id);
  assert_null(i->dataset_name);
  mr_input_page_free(page);
  mr_version_free(version);
  mr_model_free(model);
  mr_dataset_free(dataset);
  mr_run_free(other);
  mr_run_free(run);
}

/* One set of files can be recorded several times, under several names. */
static void names_the_dataset(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  mr_dataset *first = record(c, "first", "a.csv");
  mr_dataset *second = record(c, "second", "a.csv");
  mr_input_page *page = NULL;
  const char *digest = mr_dataset_info(first)->digest;
  assert_string_equal(mr_dataset_info(second)->digest, digest);
  log_dataset(run, "training", mr_dataset_info(first)->run_id);
  log_dataset(run, "test", mr_dataset_info(second)->run_id);
  log_digest(run, "validation", digest);
  OK(mr_run_list_inputs(run, NULL, &page, &error));
  assert_string_equal(mr_input_page_at(page, 0)->dataset_name, "first");
  assert_string_equal(mr_input_page_at(page, 1)->dataset_name, "second");
  assert_string_equal(mr_input_page_at(page, 2)->dataset_name, "second");
  mr_input_page_free(page);
  mr_dataset_free(first);
  mr_dataset_free(second);
  mr_run_free(run);
}

static void same_input_again_changes_nothing(void **state) {
  contract *c = *state;
  static listing list;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  mr_run *run = contract_run(c, "x");
  mr_run *other = contract_run(c, "x");
  mr_dataset *dataset = record(c, "digits", "a.csv");
  static const char upper[] = "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF";
  for (int i = 0; i < 2; i++) {
    log_run(run, "r1", mr_run_info(other)->id);
    log_digest(run, "r2", i == 0 ? SOME_DIGEST : upper);
    log_dataset(run, "r3", mr_dataset_info(dataset)->run_id);
    log_run(run, "r0", mr_run_info(other)->id); /* another role is another input */
  }
  LIST_ALL_WAYS(mr_input, options, mr_run_list_inputs(run, &options, &part, &error), role, &list,
                "r1 r2 r3 r0");
  mr_dataset_free(dataset);
  mr_run_free(other);
  mr_run_free(run);
}

static void refuses(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  mr_run *other = contract_run(c, "x");
  mr_input_options in = MR_INPUT_OPTIONS_INIT;
  in.role = "r";
  REFUSED(MR_INVALID_ARGUMENT, "exactly one", mr_run_log_input(run, &in, &error));
  in.run_id = mr_run_info(other)->id;
  in.dataset_digest = SOME_DIGEST;
  REFUSED(MR_INVALID_ARGUMENT, "exactly one", mr_run_log_input(run, &in, &error));
  in.dataset_digest = NULL;
  in.role = NULL;
  REFUSED(MR_INVALID_ARGUMENT, "role", mr_run_log_input(run, &in, &error));
  in.role = "";
  REFUSED(MR_INVALID_ARGUMENT, "role", mr_run_log_input(run, &in, &error));
  in.role = "r";
  in.run_id = mr_run_info(run)->id;
  REFUSED(MR_INVALID_ARGUMENT, "own input", mr_run_log_input(run, &in, &error));
  in.run_id = UNKNOWN_ID;
  REFUSED(MR_NOT_FOUND, "no run|" UNKNOWN_ID, mr_run_log_input(run, &in, &error));
  in.run_id = "nonsense";
  REFUSED(MR_INVALID_ARGUMENT, "run_id", mr_run_log_input(run, &in, &error));
  in.run_id = NULL;
  in.dataset_run_id = UNKNOWN_ID;
  REFUSED(MR_NOT_FOUND, "dataset run|" UNKNOWN_ID, mr_run_log_input(run, &in, &error));
  in.dataset_run_id = mr_run_info(other)->id;
  REFUSED(MR_NOT_FOUND, "dataset run", mr_run_log_input(run, &in, &error));
  in.dataset_run_id = "nonsense";
  REFUSED(MR_INVALID_ARGUMENT, "dataset_run_id", mr_run_log_input(run, &in, &error));
  in.dataset_run_id = NULL;
  in.dataset_digest = "0011";
  REFUSED(MR_INVALID_ARGUMENT, "dataset_digest", mr_run_log_input(run, &in, &error));
  in.dataset_digest = NULL;
  static const char *const malformed[] = {
      "model", "model@latest", "model@production", "model@1.0", "model@^1.0.0", "@1.0.0", ""};
  for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
    in.version = malformed[i];
    REFUSED(MR_INVALID_ARGUMENT, "", mr_run_log_input(run, &in, &error));
  }
  in.version = "nobody@1.0.0";
  REFUSED(MR_NOT_FOUND, "nobody", mr_run_log_input(run, &in, &error));
  mr_model_free(contract_model(c, "somebody"));
  in.version = "somebody@1.0.0";
  REFUSED(MR_NOT_FOUND, "somebody|1.0.0", mr_run_log_input(run, &in, &error));
  in.struct_size = 0;
  REFUSED(MR_ABI_MISMATCH, "mr_input_options", mr_run_log_input(run, &in, &error));
  REFUSED(MR_INVALID_ARGUMENT, "input", mr_run_log_input(run, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "run", mr_run_log_input(NULL, &in, &error));
  mr_input_page *page = NULL;
  OK(mr_run_list_inputs(run, NULL, &page, &error));
  assert_int_equal(mr_input_page_count(page), 0);
  mr_input_page_free(page);
  mr_run_free(run);
  mr_run_free(other);
}

int contract_input_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(records_each_kind),
      TEST(names_the_dataset),
      TEST(same_input_again_changes_nothing),
      TEST(refuses),
  };
  return GROUP("inputs", tests);
}
