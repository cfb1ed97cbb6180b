/* SPDX-License-Identifier: Apache-2.0 */
/* A new registry for each test, files to play with, and the usual things in a registry. */
#include "contract.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the registry ------------------------------------------------------------------------- */

static atomic_llong clock_offset; /* of the test */

int64_t contract_clock(void *ctx) {
  static atomic_llong now = 1767323045000000; /* 2026-01-02T03:04:05Z */
  (void)ctx;
  return atomic_fetch_add(&now, 1000) + 1000 + atomic_load(&clock_offset);
}

void contract_turn_clock(int64_t us) {
  atomic_fetch_add(&clock_offset, us);
}

mr_open_options contract_options(uint32_t flags) {
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  options.flags = flags;
  options.actor = "tester";
  options.clock = contract_clock;
  return options;
}

static mr_registry *open_registry(const contract *c, uint32_t flags) {
  mr_registry *registry = NULL;
  mr_open_options options = contract_options(flags);
  OK(mr_registry_open(c->uri, &options, &registry, &error));
  return registry;
}

int contract_setup(void **state) {
  contract *c = calloc(1, sizeof *c);
  if (c == NULL) return -1;
  *state = c;
  contract_reset();
  atomic_store(&clock_offset, 0);
  c->driver = contract_current();
  (void)snprintf(c->folder, sizeof c->folder, "/tmp/modelreg_contract_XXXXXX");
  if (mkdtemp(c->folder) == NULL) return -1;
  if (strcmp(c->driver->name, "memory") == 0) {
    (void)snprintf(c->uri, sizeof c->uri, "memory:");
  } else {
    (void)snprintf(c->uri, sizeof c->uri, "%s:%s/R.db", c->driver->name, c->folder);
  }
  c->registry = open_registry(c, MR_OPEN_CREATE);
  return 0;
}

static void remove_tree(const char *path) {
  DIR *list = opendir(path);
  if (list == NULL) {
    (void)unlink(path);
    return;
  }
  for (const struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    path_text inner;
    (void)snprintf(inner.text, sizeof inner.text, "%s/%s", path, entry->d_name);
    struct stat facts;
    if (lstat(inner.text, &facts) == 0 && S_ISDIR(facts.st_mode)) {
      (void)chmod(inner.text, 0700);
      remove_tree(inner.text);
    } else {
      (void)unlink(inner.text);
    }
  }
  (void)closedir(list);
  (void)rmdir(path);
}

int contract_teardown(void **state) {
  contract *c = *state;
  mr_registry_close(c->registry);
  remove_tree(c->folder);
  bool gone = access(c->folder, F_OK) != 0;
  free(c);
  return gone ? 0 : -1;
}

mr_registry *contract_second(const contract *c) {
  assert_true(c->driver->shared);
  return open_registry(c, 0);
}

void contract_reopen(contract *c) {
  assert_true(c->driver->survives_close);
  mr_registry_close(c->registry);
  c->registry = open_registry(c, 0);
}

/* --- files -------------------------------------------------------------------------------- */

const char *contract_path(const contract *c, const char *path, path_text *out) {
  int size = snprintf(out->text, sizeof out->text, "%s/%s", c->folder, path);
  assert_true(size > 0 && (size_t)size < sizeof out->text);
  return out->text;
}

void contract_write(const contract *c, const char *path, const void *data, size_t size) {
  path_text full;
  (void)contract_path(c, path, &full);
  for (char *slash = strchr(full.text + strlen(c->folder) + 1, '/'); slash != NULL;
       slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    assert_true(mkdir(full.text, 0777) == 0 || errno == EEXIST);
    *slash = '/';
  }
  FILE *file = fopen(full.text, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(data, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
}

void contract_write_text(const contract *c, const char *path, const char *text) {
  contract_write(c, path, text, strlen(text));
}

void contract_has_file(const contract *c, const char *path, const void *data, size_t size) {
  path_text full;
  FILE *file = fopen(contract_path(c, path, &full), "rb");
  if (file == NULL) fail_msg("%s is not there", full.text);
  uint8_t *bytes = malloc(size + 1);
  assert_non_null(bytes);
  assert_int_equal(fread(bytes, 1, size + 1, file), size);
  assert_int_equal(fclose(file), 0);
  if (size > 0) assert_memory_equal(bytes, data, size);
  free(bytes);
}

bool contract_exists(const contract *c, const char *path) {
  path_text full;
  return access(contract_path(c, path, &full), F_OK) == 0;
}

static size_t count_files(const char *folder) {
  DIR *list = opendir(folder);
  if (list == NULL) return 0;
  size_t count = 0;
  for (const struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    path_text inner;
    struct stat facts;
    (void)snprintf(inner.text, sizeof inner.text, "%s/%s", folder, entry->d_name);
    assert_int_equal(lstat(inner.text, &facts), 0);
    count += S_ISDIR(facts.st_mode) ? count_files(inner.text) : 1;
  }
  assert_int_equal(closedir(list), 0);
  return count;
}

size_t contract_count_files(const contract *c, const char *folder) {
  path_text full;
  return count_files(contract_path(c, folder, &full));
}

void contract_fill(uint8_t *data, size_t size, uint64_t seed) {
  uint64_t x = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
  for (size_t i = 0; i < size; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    data[i] = (uint8_t)(x >> 32);
  }
}

/* --- digests ------------------------------------------------------------------------------ */

#define HASH_BYTES 32
#define LEAF_BYTES ((size_t)1 << 20)

static void hash(const void *data, size_t size, uint8_t out[HASH_BYTES]) {
  assert_int_equal(crypto_generichash(out, HASH_BYTES, data, size, NULL, 0), 0);
}

void contract_blake2b(const void *data, size_t size, char out[DIGEST_TEXT]) {
  uint8_t bytes[HASH_BYTES];
  assert_true(sodium_init() >= 0);
  hash(data, size, bytes);
  assert_non_null(sodium_bin2hex(out, DIGEST_TEXT, bytes, sizeof bytes));
}

void contract_digest(const void *data, size_t size, char out[DIGEST_TEXT]) {
  static const char tag[] = "modelreg tree v1\n";
  if (size <= LEAF_BYTES) {
    contract_blake2b(data, size, out);
    return;
  }
  size_t leaves = (size + LEAF_BYTES - 1) / LEAF_BYTES;
  size_t head = sizeof tag - 1 + 8;
  uint8_t *text = malloc(head + leaves * HASH_BYTES);
  assert_non_null(text);
  memcpy(text, tag, sizeof tag - 1);
  for (size_t i = 0; i < 8; i++) text[sizeof tag - 1 + i] = (uint8_t)((uint64_t)size >> (8 * i));
  for (size_t i = 0; i < leaves; i++) {
    size_t at = i * LEAF_BYTES;
    hash((const uint8_t *)data + at, size - at < LEAF_BYTES ? size - at : LEAF_BYTES,
         text + head + i * HASH_BYTES);
  }
  contract_blake2b(text, head + leaves * HASH_BYTES, out);
  free(text);
}

/* --- the usual things --------------------------------------------------------------------- */

mr_experiment *contract_experiment(const contract *c, const char *name) {
  mr_experiment *experiment = NULL;
  OK(mr_registry_open_experiment(c->registry, name, &experiment, &error));
  return experiment;
}

mr_run *contract_run(const contract *c, const char *experiment) {
  mr_run *run = NULL;
  mr_experiment *parent = contract_experiment(c, experiment);
  OK(mr_experiment_start_run(parent, NULL, &run, &error));
  mr_experiment_free(parent);
  return run;
}

void contract_put(mr_run *run, const char *path, const char *text) {
  OK(mr_run_log_artifact_bytes(run, path, (const uint8_t *)text, strlen(text), &error));
}

mr_run *contract_trained(const contract *c, double accuracy) {
  mr_run *run = contract_run(c, "training");
  OK(mr_run_log_param(run, "optimizer", "adam", &error));
  OK(mr_run_log_metric(run, "accuracy", accuracy, 1, &error));
  contract_put(run, "model.json", "{\"weights\": [1, 2, 3]}");
  return run;
}

void contract_finish(mr_run *run) {
  OK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &error));
}

mr_model *contract_model(const contract *c, const char *name) {
  mr_model *model = NULL;
  OK(mr_registry_create_model(c->registry, name, NULL, &model, &error));
  return model;
}

mr_version *contract_promote(mr_model *model, mr_run *run, const mr_promote_options *options) {
  mr_request *request = NULL;
  mr_version *version = NULL;
  OK(mr_model_promote(model, mr_run_info(run)->id, options, &request, &error));
  OK(mr_request_version(request, &version, &error));
  assert_int_equal(mr_request_info(request)->state, MR_REQUEST_STATE_ACCEPTED);
  mr_request_free(request);
  return version;
}

mr_version *contract_version(const contract *c, mr_model *model, const char *number) {
  mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
  mr_run *run = contract_trained(c, 0.9);
  contract_finish(run);
  options.version = number;
  mr_version *version = contract_promote(model, run, &options);
  mr_run_free(run);
  return version;
}

void contract_attach(const contract *c, const char *model, const char *transition,
                     const char *text) {
  mr_gate *gate = NULL;
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  options.model = model;
  if (model == NULL) options.flags = MR_GATE_DEFAULT;
  options.transition = transition;
  OK(mr_gate_parse(text, &gate, &error));
  OK(mr_registry_attach_gate(c->registry, gate, &options, &error));
  mr_gate_free(gate);
}

void contract_move(mr_model *model, const char *channel, const char *version,
                   const char *expected) {
  mr_request *request = NULL;
  mr_move_options move = MR_MOVE_OPTIONS_INIT;
  move.channel = channel;
  move.version = version;
  move.expected = expected;
  OK(mr_model_move_channel(model, &move, &request, &error));
  assert_int_equal(mr_request_info(request)->state, MR_REQUEST_STATE_ACCEPTED);
  mr_request_free(request);
}

const char *contract_core(const char *number, char out[300]) {
  size_t size = strcspn(number, "+");
  assert_true(size < 300);
  memcpy(out, number, size);
  out[size] = '\0';
  return out;
}

void contract_resolves(const contract *c, const char *reference, const char *number) {
  char core[300];
  mr_version *version = NULL;
  OK(mr_registry_resolve(c->registry, reference, NULL, &version, &error));
  assert_string_equal(contract_core(mr_version_info(version)->number, core), number);
  mr_version_free(version);
}

mr_run_status contract_run_status(const contract *c, const char *run_id, int32_t *sealed) {
  mr_run *run = NULL;
  OK(mr_registry_open_run(c->registry, run_id, &run, &error));
  mr_run_status status = mr_run_info(run)->status;
  if (sealed != NULL) *sealed = mr_run_info(run)->sealed;
  mr_run_free(run);
  return status;
}

mr_status contract_roll_back(mr_model *model, const mr_roll_back_options *options, mr_error *why) {
  mr_version *version = NULL;
  mr_status status = mr_model_roll_back_channel(model, options, &version, why);
  mr_version_free(version);
  return status;
}

mr_status contract_complete(mr_request *request, mr_error *why) {
  mr_request *now = NULL;
  mr_status status = mr_request_complete(request, NULL, &now, why);
  mr_request_free(now);
  return status;
}

const mr_request_record *contract_completed(mr_request **request, mr_request_state state) {
  mr_request *now = NULL;
  OK(mr_request_complete(*request, NULL, &now, &error));
  mr_request_free(*request);
  *request = now;
  assert_int_equal(mr_request_info(now)->state, state);
  return mr_request_info(now);
}
