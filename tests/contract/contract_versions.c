/* SPDX-License-Identifier: Apache-2.0 */
/* Versions: their records, their order, their artifacts. */
#include "contract.h"

static void has_source(const mr_version_record *r) {
  assert_string_equal(r->source_commit, "abc123");
  assert_string_equal(r->source_entry_point, "train.py");
  assert_int_equal(r->source_state, MR_SOURCE_STATE_DIRTY);
  assert_string_equal(r->environment_host, "gpu-7");
  assert_string_equal(r->environment_packages_digest, "sha256:packages");
  assert_string_equal(r->environment_image_digest, "sha256:image");
}

static void is_new(const mr_version_record *r) {
  assert_int_equal(r->status, MR_VERSION_STATUS_ACTIVE);
  assert_int_equal(r->dataset_count, 0);
  assert_null(r->status_reason);
  assert_null(r->replacement);
  assert_string_equal(r->status_actor, "tester");
  assert_int_equal(r->status_us, r->created_us);
  assert_int_equal(r->warning_count, 0);
}

static void keeps_where_it_comes_from(void **state) {
  contract *c = *state;
  mr_run_options ro = MR_RUN_OPTIONS_INIT;
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_experiment *experiment = contract_experiment(c, "training");
  mr_model *model = contract_model(c, "digits");
  mr_run *run = NULL;
  mr_version *opened = NULL;
  char digest[DIGEST_TEXT];
  char sub_digest[DIGEST_TEXT];
  char text[400];
  ro.source_commit = "abc123";
  ro.source_entry_point = "train.py";
  ro.source_state = MR_SOURCE_STATE_DIRTY;
  ro.environment_host = "gpu-7";
  ro.environment_packages_digest = "sha256:packages";
  ro.environment_image_digest = "sha256:image";
  OK(mr_experiment_start_run(experiment, &ro, &run, &error));
  contract_put(run, "out/a.txt", "a");
  contract_put(run, "out/sub/b.txt", "bb");
  contract_put(run, "log.txt", "noise");
  contract_finish(run);
  o.artifact_path = "out";
  o.description = "two files";
  int64_t before = contract_clock(NULL);
  mr_version *version = contract_promote(model, run, &o);
  OK(mr_model_open_version(model, "1.0.0", &opened, &error));
  /* The identity of its content: the manifest of its files, with the paths they have in it. */
  contract_digest("a", 1, digest);
  contract_digest("bb", 2, sub_digest);
  (void)snprintf(text, sizeof text, "modelreg manifest v1\n%s 1 a.txt\n%s 2 sub/b.txt\n", digest,
                 sub_digest);
  contract_blake2b(text, strlen(text), digest);
  mr_version *const both[] = {version, opened};
  for (size_t i = 0; i < 2; i++) {
    const mr_version_record *r = mr_version_info(both[i]);
    assert_true(r->struct_size >= sizeof *r);
    assert_int_equal(strlen(r->id), 36);
    assert_string_equal(r->id, mr_version_info(version)->id);
    assert_string_equal(r->model, "digits");
    assert_int_equal(strncmp(r->number, "1.0.0+", 6), 0);
    assert_string_equal(r->run_id, mr_run_info(run)->id);
    assert_string_equal(r->artifact_path, "out");
    assert_string_equal(r->digest, digest);
    assert_int_equal(r->file_count, 2);
    assert_int_equal(r->total_size, 3);
    assert_string_equal(r->description, "two files");
    assert_string_equal(r->experiment_id, mr_experiment_info(experiment)->id);
    assert_string_equal(r->experiment_name, "training");
    has_source(r);
    is_new(r);
    assert_int_equal(strlen(r->params_digest), 64);
    assert_string_equal(r->actor, "tester");
    assert_in_range((uintmax_t)r->created_us, (uintmax_t)before, (uintmax_t)contract_clock(NULL));
    mr_request *request = NULL;
    OK(mr_registry_open_request(c->registry, r->request_id, &request, &error));
    assert_string_equal(mr_request_info(request)->run_id, r->run_id);
    mr_request_free(request);
  }
  mr_version_free(version);
  mr_version_free(opened);
  mr_version_free(NULL);
  assert_null(mr_version_info(NULL));
  mr_run_free(run);
  mr_model_free(model);
  mr_experiment_free(experiment);
}

/* The same params give the same digest, whatever their order of logging. */
static void params_digests(void **state) {
  contract *c = *state;
  static const char *const params[4][2][2] = {{{"a", "1"}, {"b", "2"}},
                                              {{"b", "2"}, {"a", "1"}},
                                              {{"a", "1"}, {"b", "3"}},
                                              {{"a", "12"}, {"b", ""}}};
  char digests[4][DIGEST_TEXT];
  mr_model *model = contract_model(c, "m");
  for (int i = 0; i < 4; i++) {
    mr_run *run = contract_run(c, "x");
    for (int k = 0; k < 2; k++) OK(mr_run_log_param(run, params[i][k][0], params[i][k][1], &error));
    OK(mr_run_set_tag(run, "n", i == 0 ? "x" : "y", &error));
    contract_put(run, "model", "x");
    contract_finish(run);
    mr_version *version = contract_promote(model, run, NULL);
    (void)snprintf(digests[i], DIGEST_TEXT, "%s", mr_version_info(version)->params_digest);
    mr_version_free(version);
    mr_run_free(run);
  }
  assert_string_equal(digests[0], digests[1]);
  assert_string_not_equal(digests[0], digests[2]);
  assert_string_not_equal(digests[0], digests[3]);
  mr_model_free(model);
}

static void use(mr_run *run, const char *role, const char *digest, const char *dataset_run,
                const char *used_run, const char *version) {
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  input.role = role;
  input.dataset_digest = digest;
  input.dataset_run_id = dataset_run;
  input.run_id = used_run;
  input.version = version;
  OK(mr_run_log_input(run, &input, &error));
}

/* The datasets in the order of logging, and everything that it was made of. */
static void keeps_its_inputs(void **state) {
  contract *c = *state;
  static listing list;
  static const char unknown[] = "ff00000000000000000000000000000000000000000000000000000000000000";
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  mr_model *model = contract_model(c, "m");
  mr_dataset *dataset = contract_dataset(c, "faces", "content", 10);
  const mr_dataset_record *recorded = mr_dataset_info(dataset);
  mr_version_free(contract_version(c, model, "1.0.0+a"));
  mr_run *before = contract_run(c, "training");
  mr_run *run = contract_run(c, "training");
  use(run, "test", unknown, NULL, NULL, NULL);
  use(run, "start", NULL, NULL, mr_run_info(before)->id, NULL);
  use(run, "train", NULL, recorded->run_id, NULL, NULL);
  use(run, "base", NULL, NULL, NULL, "m@1.0.0");
  use(run, "again", unknown, NULL, NULL, NULL);
  contract_put(run, "model", "x");
  contract_finish(run);
  mr_version *made = contract_promote(model, run, NULL);
  mr_version *opened = NULL;
  mr_version_page *page = NULL;
  OK(mr_model_open_version(model, mr_version_info(made)->number, &opened, &error));
  OK(mr_model_list_versions(model, NULL, &page, &error));
  const mr_version_record *const all[] = {mr_version_info(made), mr_version_info(opened),
                                          mr_version_page_at(page, 0)};
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(all[i]->dataset_count, 3);
    assert_string_equal(all[i]->dataset_digests[0], unknown);
    assert_string_equal(all[i]->dataset_digests[1], recorded->digest);
    assert_string_equal(all[i]->dataset_digests[2], unknown);
  }
  LIST_ALL_WAYS(mr_input, options, mr_version_list_inputs(opened, &options, &part, &error), role,
                &list, "test start train base again");
  mr_input_page *inputs = NULL;
  OK(mr_version_list_inputs(made, NULL, &inputs, &error));
  assert_string_equal(mr_input_page_at(inputs, 0)->dataset_digest, unknown);
  assert_string_equal(mr_input_page_at(inputs, 1)->run_id, mr_run_info(before)->id);
  assert_string_equal(mr_input_page_at(inputs, 2)->dataset_name, "faces");
  assert_string_equal(mr_input_page_at(inputs, 3)->version, "m@1.0.0+a");
  mr_input_page_free(inputs);
  inputs = NULL;
  options.token = "nonsense";
  REFUSED(MR_INVALID_ARGUMENT, "token", mr_version_list_inputs(made, &options, &inputs, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_page", mr_version_list_inputs(made, NULL, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "version", mr_version_list_inputs(NULL, NULL, &inputs, &error));
  assert_null(inputs);
  mr_version_page_free(page);
  mr_version_free(made);
  mr_version_free(opened);
  mr_run_free(run);
  mr_run_free(before);
  mr_dataset_free(dataset);
  mr_model_free(model);
}

static void lists_by_precedence(void **state) {
  contract *c = *state;
  static listing list;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  mr_model *model = contract_model(c, "m");
  mr_model *other = contract_model(c, "n");
  LIST_ALL_WAYS(mr_version, options, mr_model_list_versions(model, &options, &part, &error), number,
                &list, "");
  static const char *const numbers[] = {
      "1.0.0-rc.10+a",  "1.0.0+a",         "1.0.0-alpha+a", "1.0.0-beta.11+a",
      "2.0.0+a",        "1.0.0-rc.1+a",    "1.0.0-beta+a",  "1.0.0-alpha.beta+a",
      "1.10.0+a",       "1.0.0-alpha.1+a", "1.0.0-rc.2+a",  "1.2.0+a",
      "1.0.0-beta.2+a", "0.9.0+a",         "1.0.0-1+a",     "10.0.0-x+a",
  };
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    mr_version_free(contract_version(c, model, numbers[i]));
  }
  mr_version_free(contract_version(c, other, "5.0.0"));
  LIST_ALL_WAYS(mr_version, options, mr_model_list_versions(model, &options, &part, &error), number,
                &list,
                "10.0.0-x+a 2.0.0+a 1.10.0+a 1.2.0+a 1.0.0+a 1.0.0-rc.10+a 1.0.0-rc.2+a "
                "1.0.0-rc.1+a 1.0.0-beta.11+a 1.0.0-beta.2+a 1.0.0-beta+a 1.0.0-alpha.beta+a "
                "1.0.0-alpha.1+a 1.0.0-alpha+a 1.0.0-1+a 0.9.0+a");
  mr_version_page *page = NULL;
  OK(mr_model_list_versions(model, NULL, &page, &error));
  const mr_version_record *record = mr_version_page_at(page, 1);
  assert_string_equal(record->model, "m");
  assert_string_equal(record->experiment_name, "training");
  assert_int_equal(record->file_count, 1);
  mr_version_page_free(page);
  options.token = "nonsense";
  REFUSED(MR_INVALID_ARGUMENT, "token", mr_model_list_versions(model, &options, &page, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_page", mr_model_list_versions(model, NULL, NULL, &error));
  mr_model_free(model);
  mr_model_free(other);
}

static void opens_by_number(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version *version = contract_version(c, model, "1.2.3-rc.1");
  mr_version *opened = NULL;
  char full[300];
  char other[320];
  (void)snprintf(full, sizeof full, "%s", mr_version_info(version)->number);
  (void)snprintf(other, sizeof other, "%s-x", full);
  OK(mr_model_open_version(model, "1.2.3-rc.1", &opened, &error));
  assert_string_equal(mr_version_info(opened)->number, full);
  mr_version_free(opened);
  OK(mr_model_open_version(model, full, &opened, &error));
  mr_version_free(opened);
  opened = NULL;
  REFUSED(MR_NOT_FOUND, "'m'|but", mr_model_open_version(model, other, &opened, &error));
  HAS(error.message, full);
  REFUSED(MR_NOT_FOUND, "'m'|1.2.3", mr_model_open_version(model, "1.2.3", &opened, &error));
  REFUSED(MR_INVALID_ARGUMENT, "semantic", mr_model_open_version(model, "1.2", &opened, &error));
  REFUSED(MR_INVALID_ARGUMENT, "semantic", mr_model_open_version(model, "latest", &opened, &error));
  REFUSED(MR_INVALID_ARGUMENT, "number", mr_model_open_version(model, NULL, &opened, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_version", mr_model_open_version(model, full, NULL, &error));
  assert_null(opened);
  mr_version_free(version);
  mr_model_free(model);
}

static mr_version *with_path(const contract *c, mr_model *model, const char *path) {
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_run *run = contract_run(c, "x");
  contract_put(run, "top.txt", "top");
  contract_put(run, "folder/a.txt", "a");
  contract_put(run, "folder/sub/b.txt", "b");
  contract_put(run, "folder.txt", "beside");
  contract_finish(run);
  o.artifact_path = path;
  mr_version *version = contract_promote(model, run, &o);
  mr_run_free(run);
  return version;
}

static void artifacts_are_relative(void **state) {
  contract *c = *state;
  static listing list;
  static const struct {
    const char *path;
    const char *paths;
  } cases[] = {
      {NULL, "folder.txt folder/a.txt folder/sub/b.txt top.txt"},
      {"", "folder.txt folder/a.txt folder/sub/b.txt top.txt"},
      {"folder", "a.txt sub/b.txt"},
      {"folder/sub", "b.txt"},
      {"folder/sub/b.txt", "b.txt"},
      {"top.txt", "top.txt"},
  };
  mr_model *model = contract_model(c, "m");
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mr_list_options options = MR_LIST_OPTIONS_INIT;
    mr_version *version = with_path(c, model, cases[i].path);
    LIST_ALL_WAYS(mr_artifact, options, mr_version_list_artifacts(version, &options, &part, &error),
                  path, &list, cases[i].paths);
    assert_int_equal(mr_version_info(version)->file_count, list.count);
    for (size_t k = 0; k < list.count; k++) {
      mr_blob *blob = NULL;
      OK(mr_version_open_artifact(version, list.items[k], &blob, &error));
      assert_string_equal(mr_blob_info(blob)->path, list.items[k]);
      mr_blob_free(blob);
    }
    mr_version_free(version);
  }
  mr_model_free(model);
}

static void opens_artifacts(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version *single = with_path(c, model, "folder/sub/b.txt");
  mr_version *folder = with_path(c, model, "folder");
  mr_blob *blob = NULL;
  const uint8_t *data = NULL;
  OK(mr_version_open_artifact(single, NULL, &blob, &error));
  OK(mr_blob_map(blob, &data, &error));
  assert_int_equal(mr_blob_size(blob), 1);
  assert_int_equal(data[0], 'b');
  mr_blob_free(blob);
  blob = NULL;
  REFUSED(MR_INVALID_ARGUMENT, "m@1.1.0|2 artifacts",
          mr_version_open_artifact(folder, NULL, &blob, &error));
  REFUSED(MR_NOT_FOUND, "m@1.1.0|'c'", mr_version_open_artifact(folder, "c", &blob, &error));
  REFUSED(MR_NOT_FOUND, "folder/a.txt",
          mr_version_open_artifact(folder, "folder/a.txt", &blob, &error));
  REFUSED(MR_NOT_FOUND, "'sub'", mr_version_open_artifact(folder, "sub", &blob, &error));
  REFUSED(MR_INVALID_ARGUMENT, "artifact path",
          mr_version_open_artifact(folder, "../top.txt", &blob, &error));
  REFUSED(MR_INVALID_ARGUMENT, "version", mr_version_open_artifact(NULL, "a", &blob, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_blob", mr_version_open_artifact(folder, "a.txt", NULL, &error));
  assert_null(blob);
  mr_version_free(single);
  mr_version_free(folder);
  mr_model_free(model);
}

static void lives_on(void **state) {
  contract *c = *state;
  if (!c->driver->survives_close) skip();
  mr_model *model = contract_model(c, "m");
  mr_version *version = contract_version(c, model, "1.0.0");
  mr_version_record before = *mr_version_info(version);
  mr_artifact_page *page = NULL;
  contract_reopen(c);
  REFUSED(MR_CLOSED, "closed", mr_version_list_artifacts(version, NULL, &page, &error));
  mr_model_free(model);
  OK(mr_registry_open_model(c->registry, "m", &model, &error));
  mr_version *after = NULL;
  OK(mr_model_open_version(model, "1.0.0", &after, &error));
  assert_string_equal(mr_version_info(after)->id, before.id);
  assert_string_equal(mr_version_info(after)->number, before.number);
  assert_string_equal(mr_version_info(after)->digest, before.digest);
  assert_int_equal(mr_version_info(after)->created_us, before.created_us);
  OK(mr_version_list_artifacts(after, NULL, &page, &error));
  assert_int_equal(mr_artifact_page_count(page), 1);
  mr_artifact_page_free(page);
  mr_version_free(version);
  mr_version_free(after);
  mr_model_free(model);
}

int contract_version_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(keeps_where_it_comes_from), TEST(params_digests),  TEST(keeps_its_inputs),
      TEST(lists_by_precedence),       TEST(opens_by_number), TEST(artifacts_are_relative),
      TEST(opens_artifacts),           TEST(lives_on),
  };
  return GROUP("versions", tests);
}
