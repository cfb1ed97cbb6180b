/* SPDX-License-Identifier: Apache-2.0 */
/* Option and input structs of older and newer callers. The arguments of this program are the version
 * script and the folder of the public headers, which name all structs. */
#include "api_calls.h"

#include <dirent.h>

static const char *headers_path;

static api_world world;

static int setup(void **state) {
  if (api_setup(state) != 0) return -1;
  const api_place *place = *state;
  memset(&world, 0, sizeof world);
  world.registry = api_open("memory:", MR_OPEN_CREATE);
  api_world_fill(&world, place->folder);
  return 0;
}

static int teardown(void **state) {
  api_world_free(&world);
  mr_registry_close(world.registry);
  return api_teardown(state);
}

#define struct_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* What the calls below point their outputs at. */
#define UNSET ((void *)&world.sentinel)
#define END(free_output)                                                                           \
  world.touched = (const void *)out != (const void *)&world.sentinel;                              \
  if (world.touched) free_output(out);                                                             \
  return status

static mr_status use_open(const void *options, mr_error *error) {
  mr_registry *out = UNSET;
  mr_status status = mr_registry_open("memory:", options, &out, error);
  END(mr_registry_close);
}

static mr_status use_allocator(const void *options, mr_error *error) {
  mr_open_options open = api_open_options(MR_OPEN_CREATE);
  open.allocator = options;
  return use_open(&open, error);
}

static mr_status use_folder(const void *options, mr_error *error) {
  mr_manifest *manifest = NULL;
  OK(mr_manifest_new(&manifest, &api_error));
  mr_status status = mr_manifest_add_folder(manifest, world.folder, options, error);
  world.touched = mr_manifest_count(manifest) > 0;
  mr_manifest_free(manifest);
  return status;
}

static mr_status use_dataset(const void *options, mr_error *error) {
  mr_dataset *out = UNSET;
  mr_status status =
      mr_experiment_log_dataset(world.experiment, "d", world.manifest, options, &out, error);
  END(mr_dataset_free);
}

static mr_status use_verify_dataset(const void *options, mr_error *error) {
  mr_report *out = UNSET;
  mr_status status = mr_dataset_verify(world.dataset, world.folder, options, &out, error);
  END(mr_report_free);
}

static mr_status use_verify_version(const void *options, mr_error *error) {
  mr_report *out = UNSET;
  mr_status status = mr_version_verify(world.version, NULL, options, &out, error);
  END(mr_report_free);
}

static mr_status use_fetch_dataset(const void *options, mr_error *error) {
  mr_report *out = UNSET;
  mr_status status = mr_dataset_fetch(world.dataset, world.outside, options, &out, error);
  END(mr_report_free);
}

static mr_status use_fetch_version(const void *options, mr_error *error) {
  mr_report *out = UNSET;
  mr_status status = mr_version_fetch(world.version, world.outside, options, &out, error);
  END(mr_report_free);
}

static mr_status use_artifact(const void *options, mr_error *error) {
  return mr_run_log_artifact(world.run, world.file, NULL, options, error);
}

static mr_status use_link(const void *options, mr_error *error) {
  return mr_run_log_artifact_link(world.run, options, error);
}

static mr_status use_attach(const void *options, mr_error *error) {
  mr_gate *gate = NULL;
  OK(mr_gate_new(&gate, &api_error));
  mr_status status = mr_registry_attach_gate(world.registry, gate, options, error);
  mr_gate_free(gate);
  return status;
}

static mr_status use_open_gate(const void *options, mr_error *error) {
  mr_gate *out = UNSET;
  mr_status status = mr_registry_open_gate(world.registry, options, &out, error);
  END(mr_gate_free);
}

static mr_status use_model(const void *options, mr_error *error) {
  mr_model *out = UNSET;
  mr_status status =
      mr_registry_create_model(world.registry, world.fresh_name, options, &out, error);
  END(mr_model_free);
}

static mr_status use_run(const void *options, mr_error *error) {
  mr_run *out = UNSET;
  mr_status status = mr_experiment_start_run(world.experiment, options, &out, error);
  END(mr_run_free);
}

static mr_status use_input(const void *options, mr_error *error) {
  return mr_run_log_input(world.run, options, error);
}

static mr_status use_check(const void *options, mr_error *error) {
  return mr_run_log_check(world.run, "lint", MR_CHECK_RESULT_PASSED, options, error);
}

static mr_status use_lineage(const void *options, mr_error *error) {
  mr_lineage *out = UNSET;
  mr_status status = mr_registry_lineage(world.registry, options, &out, error);
  END(mr_lineage_free);
}

static mr_status use_run_list(const void *options, mr_error *error) {
  mr_run_page *out = UNSET;
  mr_status status = mr_registry_list_runs(world.registry, options, &out, error);
  END(mr_run_page_free);
}

static mr_status use_request_list(const void *options, mr_error *error) {
  mr_request_page *out = UNSET;
  mr_status status = mr_registry_list_requests(world.registry, options, &out, error);
  END(mr_request_page_free);
}

static mr_status use_history(const void *options, mr_error *error) {
  mr_history *out = UNSET;
  mr_status status = mr_run_history(world.run, "loss", options, &out, error);
  END(mr_history_free);
}

static mr_status use_promote(const void *options, mr_error *error) {
  mr_request *out = UNSET;
  mr_status status = mr_model_promote(world.model, world.fresh_run, options, &out, error);
  END(mr_request_free);
}

static mr_status use_move(const void *options, mr_error *error) {
  mr_request *out = UNSET;
  mr_status status = mr_model_move_channel(world.model, options, &out, error);
  END(mr_request_free);
}

static mr_status use_resolve(const void *options, mr_error *error) {
  mr_version *out = UNSET;
  mr_status status = mr_registry_resolve(world.registry, "digits", options, &out, error);
  END(mr_version_free);
}

#define USE_LIST(name, noun, function, parent)                                                     \
  static mr_status name(const void *options, mr_error *error) {                                    \
    noun##_page *out = UNSET;                                                                      \
    mr_status status = function(world.parent, options, &out, error);                               \
    END(noun##_page_free);                                                                         \
  }

USE_LIST(use_experiments, mr_experiment, mr_registry_list_experiments, registry)
USE_LIST(use_datasets, mr_dataset, mr_registry_list_datasets, registry)
USE_LIST(use_models, mr_model, mr_registry_list_models, registry)
USE_LIST(use_params, mr_property, mr_run_list_params, run)
USE_LIST(use_tags, mr_property, mr_run_list_tags, run)
USE_LIST(use_inputs, mr_input, mr_run_list_inputs, run)
USE_LIST(use_checks, mr_check, mr_run_list_checks, run)
USE_LIST(use_metrics, mr_metric, mr_run_list_metrics, run)
USE_LIST(use_artifacts, mr_artifact, mr_run_list_artifacts, run)
USE_LIST(use_versions, mr_version, mr_model_list_versions, model)
USE_LIST(use_channels, mr_channel, mr_model_list_channels, model)
USE_LIST(use_version_artifacts, mr_artifact, mr_version_list_artifacts, version)

/* A struct that works, with every field set that can be. */
typedef union any_struct {
  mr_open_options open;
  mr_allocator allocator;
  mr_folder_options folder;
  mr_dataset_options dataset;
  mr_verify_options verify;
  mr_fetch_options fetch;
  mr_artifact_options artifact;
  mr_link_options link;
  mr_gate_options gate;
  mr_model_options model;
  mr_run_options run;
  mr_input_options input;
  mr_check_options check;
  mr_lineage_options lineage;
  mr_run_list_options run_list;
  mr_list_options list;
  mr_history_options history;
  mr_promote_options promote;
  mr_move_options move;
  mr_request_list_options request_list;
  mr_resolve_options resolve;
} any_struct;

static char channel[48];
static api_memory memory;
static const char *const pattern[] = {"*"};

static void make_open(any_struct *s) {
  s->open = api_open_options(MR_OPEN_CREATE);
  s->open.artifact_root = "blobs";
  s->open.busy_timeout_ms = 1000;
  s->open.file_mode = 0600;
}

static void make_allocator(any_struct *s) {
  api_memory_init(&memory);
  s->allocator = memory.allocator;
}

static void make_folder(any_struct *s) {
  s->folder = (mr_folder_options)MR_FOLDER_OPTIONS_INIT;
  s->folder.include = pattern;
  s->folder.include_count = 1;
  s->folder.cancel = world.cancel;
}

static void make_dataset(any_struct *s) {
  s->dataset = (mr_dataset_options)MR_DATASET_OPTIONS_INIT;
  s->dataset.freeze = 1;
  s->dataset.sample_count = 5;
  s->dataset.schema = s->dataset.source_uri = s->dataset.source_version = "text";
  s->dataset.cancel = world.cancel;
}

static void make_verify(any_struct *s) {
  s->verify = (mr_verify_options)MR_VERIFY_OPTIONS_INIT;
  s->verify.flags = MR_VERIFY_ALLOW_EXTRA;
  s->verify.cancel = world.cancel;
}

static void make_fetch(any_struct *s) {
  s->fetch = (mr_fetch_options)MR_FETCH_OPTIONS_INIT;
  s->fetch.file_mode = 0600;
  s->fetch.cancel = world.cancel;
}

static void make_artifact(any_struct *s) {
  s->artifact = (mr_artifact_options)MR_ARTIFACT_OPTIONS_INIT;
  s->artifact.cancel = world.cancel;
}

static void make_link(any_struct *s) {
  s->link = (mr_link_options)MR_LINK_OPTIONS_INIT;
  s->link.path = world.fresh_name;
  s->link.uri = "s3://bucket/key";
  s->link.digest = world.digest;
  s->link.size = 3;
}

static void make_gate(any_struct *s) {
  s->gate = (mr_gate_options)MR_GATE_OPTIONS_INIT;
  s->gate.model = "digits";
  s->gate.transition = "promote";
}

static void make_model(any_struct *s) {
  s->model = (mr_model_options)MR_MODEL_OPTIONS_INIT;
  s->model.description = "text";
}

static void make_run(any_struct *s) {
  s->run = (mr_run_options)MR_RUN_OPTIONS_INIT;
  s->run.kind = MR_RUN_KIND_EVALUATION;
  s->run.name = s->run.source_commit = s->run.source_entry_point = "text";
  s->run.environment_host = s->run.environment_packages_digest = "text";
  s->run.environment_image_digest = "text";
  s->run.parent_run_id = world.run_id;
  s->run.source_state = MR_SOURCE_STATE_DIRTY;
  s->run.tag_keys = s->run.tag_values = pattern;
  s->run.tag_count = 1;
}

static void make_input(any_struct *s) {
  s->input = (mr_input_options)MR_INPUT_OPTIONS_INIT;
  s->input.role = "training";
  s->input.dataset_run_id = world.dataset_id;
}

static void make_check(any_struct *s) {
  s->check = (mr_check_options)MR_CHECK_OPTIONS_INIT;
  s->check.reporter = s->check.note = "text";
  s->check.evidence_path = world.file;
  s->check.cancel = world.cancel;
}

static void make_lineage(any_struct *s) {
  s->lineage = (mr_lineage_options)MR_LINEAGE_OPTIONS_INIT;
  s->lineage.direction = MR_LINEAGE_DIRECTION_BOTH;
  s->lineage.dataset_digest = world.digest;
  s->lineage.depth = 2;
  s->lineage.limit = 3;
  s->lineage.cancel = world.cancel;
}

static void make_run_list(any_struct *s) {
  s->run_list = (mr_run_list_options)MR_RUN_LIST_OPTIONS_INIT;
  s->run_list.kind = MR_RUN_KIND_TRAINING;
  s->run_list.status = MR_RUN_STATUS_FINISHED;
  s->run_list.experiment = "digits";
  s->run_list.limit = 2;
  s->run_list.token = "R1000";
}

static void make_list(any_struct *s) {
  s->list = (mr_list_options)MR_LIST_OPTIONS_INIT;
  s->list.limit = 2;
}

static void make_history(any_struct *s) {
  s->history = (mr_history_options)MR_HISTORY_OPTIONS_INIT;
  s->history.flags = MR_HISTORY_FROM_STEP | MR_HISTORY_TO_STEP;
  s->history.to_step = 5;
}

static void make_promote(any_struct *s) {
  s->promote = (mr_promote_options)MR_PROMOTE_OPTIONS_INIT;
  s->promote.bump = MR_BUMP_PRERELEASE;
  s->promote.artifact_path = "model";
  s->promote.prerelease_id = "rc";
  s->promote.description = "text";
  s->promote.op_id = world.fresh_name;
  s->promote.cancel = world.cancel;
}

static void make_move(any_struct *s) {
  (void)snprintf(channel, sizeof channel, "%s-held", world.fresh_name);
  s->move = (mr_move_options)MR_MOVE_OPTIONS_INIT;
  s->move.channel = channel;
  s->move.version = world.number;
  s->move.expected = "none";
  s->move.reason = "text";
  s->move.op_id = world.fresh_name;
  s->move.cancel = world.cancel;
}

static void make_request_list(any_struct *s) {
  s->request_list = (mr_request_list_options)MR_REQUEST_LIST_OPTIONS_INIT;
  s->request_list.state = MR_REQUEST_STATE_ACCEPTED;
  s->request_list.model = "digits";
  s->request_list.limit = 2;
  s->request_list.token = "Q1000";
}

static void make_resolve(any_struct *s) {
  s->resolve = (mr_resolve_options)MR_RESOLVE_OPTIONS_INIT;
  s->resolve.flags = MR_RESOLVE_PRERELEASES;
  s->resolve.cancel = world.cancel;
}

/* `needed` is how much of the struct must be there for the call to work; a shorter one must be
 * refused for the argument that is missing then. `reserved` is where the field is that must be 0, or
 * 0 where there is none. */
typedef struct struct_row {
  const char *init; /* the macro that makes it */
  const char *call;
  mr_status (*use)(const void *options, mr_error *error);
  void (*make)(any_struct *out);
  size_t size;
  size_t needed;
  size_t reserved;
} struct_row;

#define UP_TO(type, field) (offsetof(type, field) + sizeof(((type *)0)->field))
#define LIST_ROW(use)                                                                              \
  {                                                                                                \
    "MR_LIST_OPTIONS_INIT", #use, use, make_list, sizeof(mr_list_options), 0,                      \
        offsetof(mr_list_options, reserved)                                                        \
  }

static const struct_row rows[] = {
    {"MR_OPEN_OPTIONS_INIT", "open", use_open, make_open, sizeof(mr_open_options),
     UP_TO(mr_open_options, flags), offsetof(mr_open_options, reserved)},
    {"MR_ALLOCATOR_INIT", "open", use_allocator, make_allocator, sizeof(mr_allocator),
     UP_TO(mr_allocator, deallocate), 0},
    {"MR_FOLDER_OPTIONS_INIT", "add_folder", use_folder, make_folder, sizeof(mr_folder_options), 0,
     offsetof(mr_folder_options, reserved)},
    {"MR_DATASET_OPTIONS_INIT", "log_dataset", use_dataset, make_dataset,
     sizeof(mr_dataset_options), 0, 0},
    {"MR_VERIFY_OPTIONS_INIT", "dataset", use_verify_dataset, make_verify,
     sizeof(mr_verify_options), 0, 0},
    {"MR_VERIFY_OPTIONS_INIT", "version", use_verify_version, make_verify,
     sizeof(mr_verify_options), 0, 0},
    {"MR_FETCH_OPTIONS_INIT", "dataset", use_fetch_dataset, make_fetch, sizeof(mr_fetch_options), 0,
     0},
    {"MR_FETCH_OPTIONS_INIT", "version", use_fetch_version, make_fetch, sizeof(mr_fetch_options), 0,
     0},
    {"MR_ARTIFACT_OPTIONS_INIT", "log_artifact", use_artifact, make_artifact,
     sizeof(mr_artifact_options), 0, offsetof(mr_artifact_options, reserved)},
    {"MR_LINK_OPTIONS_INIT", "log_artifact_link", use_link, make_link, sizeof(mr_link_options),
     UP_TO(mr_link_options, digest), offsetof(mr_link_options, reserved)},
    {"MR_GATE_OPTIONS_INIT", "attach_gate", use_attach, make_gate, sizeof(mr_gate_options),
     UP_TO(mr_gate_options, model), 0},
    {"MR_GATE_OPTIONS_INIT", "open_gate", use_open_gate, make_gate, sizeof(mr_gate_options),
     UP_TO(mr_gate_options, model), 0},
    {"MR_MODEL_OPTIONS_INIT", "create_model", use_model, make_model, sizeof(mr_model_options), 0,
     offsetof(mr_model_options, reserved)},
    {"MR_RUN_OPTIONS_INIT", "start_run", use_run, make_run, sizeof(mr_run_options), 0,
     offsetof(mr_run_options, reserved)},
    {"MR_INPUT_OPTIONS_INIT", "log_input", use_input, make_input, sizeof(mr_input_options),
     UP_TO(mr_input_options, dataset_run_id), offsetof(mr_input_options, reserved)},
    {"MR_CHECK_OPTIONS_INIT", "log_check", use_check, make_check, sizeof(mr_check_options), 0,
     offsetof(mr_check_options, reserved)},
    {"MR_LINEAGE_OPTIONS_INIT", "lineage", use_lineage, make_lineage, sizeof(mr_lineage_options),
     UP_TO(mr_lineage_options, dataset_digest), 0},
    {"MR_RUN_LIST_OPTIONS_INIT", "list_runs", use_run_list, make_run_list,
     sizeof(mr_run_list_options), 0, offsetof(mr_run_list_options, reserved)},
    {"MR_REQUEST_LIST_OPTIONS_INIT", "list_requests", use_request_list, make_request_list,
     sizeof(mr_request_list_options), 0, 0},
    {"MR_HISTORY_OPTIONS_INIT", "history", use_history, make_history, sizeof(mr_history_options), 0,
     0},
    {"MR_PROMOTE_OPTIONS_INIT", "promote", use_promote, make_promote, sizeof(mr_promote_options), 0,
     0},
    {"MR_MOVE_OPTIONS_INIT", "move", use_move, make_move, sizeof(mr_move_options),
     UP_TO(mr_move_options, expected), offsetof(mr_move_options, reserved)},
    {"MR_RESOLVE_OPTIONS_INIT", "resolve", use_resolve, make_resolve, sizeof(mr_resolve_options), 0,
     0},
    LIST_ROW(use_experiments),
    LIST_ROW(use_datasets),
    LIST_ROW(use_models),
    LIST_ROW(use_params),
    LIST_ROW(use_tags),
    LIST_ROW(use_inputs),
    LIST_ROW(use_checks),
    LIST_ROW(use_metrics),
    LIST_ROW(use_artifacts),
    LIST_ROW(use_versions),
    LIST_ROW(use_channels),
    LIST_ROW(use_version_artifacts),
};

#define ROW_COUNT (sizeof rows / sizeof rows[0])

/* Calls with `given` bytes that say that they are `said`, in a block of exactly that size, so that
 * a read behind its end is found. The first bytes are those of a good struct, the rest is zero. */
static mr_status use_bytes(const struct_row *row, size_t given, uint32_t said, size_t odd_at) {
  any_struct good;
  memset(&good, 0, sizeof good);
  api_prepare(&world);
  row->make(&good);
  uint8_t *bytes = calloc(1, given);
  assert_non_null(bytes);
  memcpy(bytes, &good, given < row->size ? given : row->size);
  memcpy(bytes, &said, sizeof said);
  if (odd_at != 0) bytes[odd_at] = 1;
  world.touched = false;
  api_error = (mr_error)MR_ERROR_INIT;
  mr_status status = row->use(bytes, &api_error);
  free(bytes);
  return status;
}

static void expect(const struct_row *row, size_t given, mr_status status, mr_status expected) {
  if (status == expected && (status == MR_OK || api_is_good_message(api_error.message))) return;
  fail_msg("%s for %s with %zu bytes: %s instead of %s: %s", row->init, row->call, given,
           mr_status_name(status), mr_status_name(expected), api_error.message);
}

static void expect_mismatch(const struct_row *row, size_t given, uint32_t said, size_t odd_at) {
  expect(row, said, use_bytes(row, given, said, odd_at), MR_ABI_MISMATCH);
  assert_false(world.touched);
  assert_non_null(strstr(api_error.message, "mr_")); /* names the struct */
}

static void test_own_size(void **state) {
  (void)state;
  for (size_t i = 0; i < ROW_COUNT; i++) {
    size_t size = rows[i].size;
    expect(&rows[i], size, use_bytes(&rows[i], size, (uint32_t)size, 0), MR_OK);
  }
}

/* The fields that an older caller does not have yet are as if they were zero. */
static void test_shorter(void **state) {
  (void)state;
  for (size_t i = 0; i < ROW_COUNT; i++) {
    const struct_row *row = &rows[i];
    for (size_t size = 4; size < row->size; size = size == 4 ? 8 : size + 8) {
      mr_status status = use_bytes(row, size, (uint32_t)size, 0);
      if (size >= row->needed) {
        expect(row, size, status, MR_OK);
      } else {
        /* Without MR_OPEN_CREATE there is no "memory:" to open. */
        expect(row, size, status, row->use == use_open ? MR_NOT_FOUND : MR_INVALID_ARGUMENT);
      }
    }
  }
}

static void test_longer_with_zeros(void **state) {
  (void)state;
  for (size_t i = 0; i < ROW_COUNT; i++) {
    static const size_t more[] = {1, 8, 100};
    for (size_t k = 0; k < sizeof more / sizeof more[0]; k++) {
      size_t size = rows[i].size + more[k];
      expect(&rows[i], size, use_bytes(&rows[i], size, (uint32_t)size, 0), MR_OK);
    }
    expect(&rows[i], 4096, use_bytes(&rows[i], 4096, 4096, 0), MR_OK);
  }
}

static void test_longer_with_wishes(void **state) {
  (void)state;
  for (size_t i = 0; i < ROW_COUNT; i++) {
    size_t own = rows[i].size;
    expect_mismatch(&rows[i], own + 8, (uint32_t)own + 8, own);
    expect_mismatch(&rows[i], own + 8, (uint32_t)own + 8, own + 7);
    expect_mismatch(&rows[i], own + 1, (uint32_t)own + 1, own);
    expect_mismatch(&rows[i], 4096, 4096, 4095);
  }
}

/* A reserved field may mean something to the library that the caller was built for. */
static void test_reserved_fields(void **state) {
  (void)state;
  int tried = 0;
  for (size_t i = 0; i < ROW_COUNT; i++) {
    if (rows[i].reserved == 0) continue;
    expect_mismatch(&rows[i], rows[i].size, (uint32_t)rows[i].size, rows[i].reserved + 1);
    tried++;
  }
  assert_in_range(tried, 20, 200);
}

/* No size that a struct can have: nothing behind the first four bytes is looked at. */
static void test_senseless_sizes(void **state) {
  (void)state;
  for (size_t i = 0; i < ROW_COUNT; i++) {
    static const uint32_t sizes[] = {0, 1, 3, 4097, 5000, UINT32_MAX};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
      expect_mismatch(&rows[i], 4, sizes[k], 0);
    }
  }
}

/* The struct is only read: a caller may keep it in memory that cannot be written. */
static void test_unchanged(void **state) {
  (void)state;
  for (size_t i = 0; i < ROW_COUNT; i++) {
    any_struct good;
    memset(&good, 0, sizeof good);
    api_prepare(&world);
    rows[i].make(&good);
    any_struct before = good;
    expect(&rows[i], rows[i].size, rows[i].use(&good, &api_error), MR_OK);
    assert_memory_equal(&good, &before, sizeof good);
  }
}

static bool has_row(const char *init) {
  for (size_t i = 0; i < ROW_COUNT; i++) {
    if (strcmp(rows[i].init, init) == 0) return true;
  }
  return strcmp(init, "MR_ERROR_INIT") == 0; /* test_handles has it */
}

static int count_inits(const char *path) {
  size_t size = 0;
  int found = 0;
  char *text = (char *)api_read_file(path, &size);
  assert_non_null(text);
  text[size] = '\0';
  for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
    char name[80];
    if (sscanf(line, "#define %79[A-Z_]", name) != 1 || strncmp(name, "MR_", 3) != 0) continue;
    size_t length = strlen(name);
    if (length < 5 || strcmp(name + length - 5, "_INIT") != 0) continue;
    found++;
    if (!has_row(name)) fail_msg("%s has no row in this test", name);
  }
  free(text);
  return found;
}

/* A new struct without a row fails here. */
static void test_nothing_is_left_out(void **state) {
  (void)state;
  int found = 0;
  DIR *folder = opendir(headers_path);
  assert_non_null(folder);
  for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    const char *dot = strrchr(entry->d_name, '.');
    if (dot == NULL || strcmp(dot, ".h") != 0) continue;
    found += count_inits(api_path(headers_path, entry->d_name));
  }
  assert_int_equal(closedir(folder), 0);
  assert_in_range(found, 20, 200);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      struct_test(test_nothing_is_left_out),
      struct_test(test_own_size),
      struct_test(test_shorter),
      struct_test(test_longer_with_zeros),
      struct_test(test_longer_with_wishes),
      struct_test(test_senseless_sizes),
      struct_test(test_reserved_fields),
      struct_test(test_unchanged),
  };
  if (argc < 3) {
    fprintf(stderr, "the path of the public headers is missing\n");
    return 1;
  }
  headers_path = argv[2];
  return cmocka_run_group_tests(tests, NULL, NULL);
}
