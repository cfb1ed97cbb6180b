/* SPDX-License-Identifier: Apache-2.0 */
/* One byte of what lies on the disk is another: in the registry's file, in its log, in the blob
 * store. Whatever is asked then, there is a status, or the check of the registry tells of it, or the
 * answer is the right one; and nothing is made worse. */
#include "env_sheet.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* What people and clocks once said, which nothing else in a registry bears out. */
static const char *const unprovable[] = {
    "registry.id",
    "registry.created",
    "experiment.id",
    "experiment.name",
    "experiment.actor",
    "experiment.created",
    "run.experiment",
    "run.name",
    "run.actor",
    "run.started",
    "run.ended",
    "run.commit",
    "tag.key",
    "tag.value",
    "check.id",
    "check.note",
    "check.actor",
    "check.created",
    "artifact.created",
    "artifact.format",
    "dataset.name",
    "model.id",
    "model.description",
    "model.actor",
    "model.created",
    "version.id",
    "version.description",
    "version.actor",
    "version.created",
    "version.reason",
    "channel.actor",
    "move.actor",
    "gate.actor",
    "gate.created",
    "request.actor",
    "request.created",
    "request.closed_by",
    "decision.text", /* what its rules saw: they cannot be asked again */
    NULL,
};

typedef struct patient {
  char home[96];
  char db[112];
  char number[40];
  char candidate[40];
  uint8_t *bytes;
  size_t size;
  char *sheet;     /* of the healthy one */
  int64_t notes;   /* on it */
  int64_t refused; /* at open, or by a call */
  int64_t found;   /* by the check alone */
  int64_t harmless;
} patient;

static void log_data(mr_registry *registry, const char *home) {
  mr_experiment *experiment = NULL;
  mr_manifest *manifest = NULL;
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  const char *folder = api_path(home, "data");
  options.freeze = 1;
  assert_int_equal(mkdir(folder, 0755), 0);
  api_write_file(api_path(folder, "a.csv"), "1,2,3\n", 6);
  OK(mr_registry_open_experiment(registry, "digits", &experiment, &api_error));
  OK(mr_manifest_new(&manifest, &api_error));
  OK(mr_manifest_add_folder(manifest, folder, NULL, &api_error));
  OK(mr_experiment_log_dataset(experiment, "d", manifest, &options, NULL, &api_error));
  mr_manifest_free(manifest);
  mr_experiment_free(experiment);
}

static void fill(patient *p) {
  mr_registry *registry = api_open(p->db, MR_OPEN_CREATE);
  governed_prepare(registry);
  governed_version(registry, p->number);
  governed_candidate(registry, true, p->candidate);
  log_data(registry, p->home);
  mr_model *model = api_make_model(registry);
  mr_request_free(api_move(model, "production", p->number, "none"));
  mr_model_free(model);
  governed_check_whole(registry, 0);
  mr_registry_close(registry);
}

static void remove_companions(const patient *p) {
  static const char *const names[] = {"R.db-wal", "R.db-shm", "R.db-journal"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    api_remove_tree(api_path(p->home, names[i]));
}

static char *read_sheet(patient *p) {
  env_sheet sheet;
  mr_registry *registry = api_open(p->db, MR_OPEN_READ_ONLY);
  env_sheet_read(&sheet, registry, true);
  if (sheet.failed != MR_OK) fail_msg("%s", sheet.error.message);
  assert_int_equal(sheet.errors, 0);
  p->notes = sheet.notes;
  mr_registry_close(registry);
  return sheet.text;
}

static int setup(void **state) {
  patient *p = calloc(1, sizeof *p);
  api_place *place = NULL;
  if (p == NULL || api_setup((void **)&place) != 0) return -1;
  env_make_home(place, p->home);
  (void)api_teardown((void **)&place);
  (void)snprintf(p->db, sizeof p->db, "%s/R.db", p->home);
  fill(p);
  remove_companions(p);
  p->sheet = read_sheet(p);
  remove_companions(p);
  p->bytes = api_read_file(p->db, &p->size);
  *state = p;
  return p->bytes == NULL ? -1 : 0;
}

static int teardown(void **state) {
  patient *p = *state;
  api_remove_tree(p->home);
  free(p->sheet);
  free(p->bytes);
  free(p);
  return 0;
}

#define patient_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static void poke(const char *path, size_t at, uint8_t byte) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  assert_true(fd >= 0);
  assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
  assert_int_equal(close(fd), 0);
}

/* A status that damage may have: no success that is none, and no blame on the caller's machine. */
static void check_status(size_t at, mr_status status, const char *message) {
  bool typed = status == MR_CORRUPT || status == MR_NOT_SUPPORTED || status == MR_NOT_FOUND ||
               status == MR_TAMPERED || status == MR_LIMIT || status == MR_IO ||
               status == MR_CONFLICT || status == MR_READ_ONLY || status == MR_INVALID_ARGUMENT;
  if (!typed) fail_msg("byte %zu: %s: %s", at, mr_status_name(status), message);
}

/* Opens the damaged registry and reads all of it; false when that was refused. */
static bool look_at(patient *p, size_t at, bool check, env_sheet *sheet) {
  mr_registry *registry = NULL;
  mr_open_options options = api_open_options(MR_OPEN_READ_ONLY);
  mr_status status = mr_registry_open(p->db, &options, &registry, &api_error);
  if (status != MR_OK) {
    if (!api_is_good_message(api_error.message)) fail_msg("byte %zu: %s", at, api_error.message);
    check_status(at, status, api_error.message);
    p->refused++;
    return false;
  }
  env_sheet_read(sheet, registry, check);
  mr_registry_close(registry);
  if (sheet->careless) fail_msg("byte %zu: a message is unfit for people", at);
  if (sheet->failed == MR_OK) return true;
  check_status(at, sheet->failed, sheet->error.message);
  p->refused++;
  free(sheet->text);
  return false;
}

static void examine(patient *p, size_t at) {
  env_sheet sheet;
  char label[80];
  bool all = api_scaled(10) >= 10;
  if (!look_at(p, at, all, &sheet)) return;
  const char *name = env_sheet_differ(p->sheet, sheet.text, unprovable, label);
  free(sheet.text);
  if (name == NULL) {
    p->harmless++;
    return;
  }
  if (!all) { /* the check takes most of the time */
    if (!look_at(p, at, true, &sheet)) return;
    free(sheet.text);
  }
  if (sheet.errors == 0 && sheet.notes <= p->notes)
    fail_msg("byte %zu: %s changed and nobody noticed", at, label);
  p->found++;
}

/* Writes to the damaged registry, and makes it what it was again. */
static void promote(patient *p, size_t at) {
  mr_registry *registry = NULL;
  mr_model *model = NULL;
  mr_request *request = NULL;
  mr_promote_options promotion = MR_PROMOTE_OPTIONS_INIT;
  mr_open_options options = api_open_options(0);
  promotion.artifact_path = "model";
  mr_status status = mr_registry_open(p->db, &options, &registry, &api_error);
  if (status == MR_OK) status = mr_registry_open_model(registry, "digits", &model, &api_error);
  if (status == MR_OK)
    status = mr_model_promote(model, p->candidate, &promotion, &request, &api_error);
  bool judged =
      status == MR_GATE_FAILED || status == MR_GATE_PENDING || status == MR_ALREADY_EXISTS;
  if (status != MR_OK && !judged) check_status(at, status, api_error.message);
  if (status != MR_OK) assert_true(api_is_good_message(api_error.message));
  mr_request_free(request);
  mr_model_free(model);
  mr_registry_close(registry);
  remove_companions(p);
  api_write_file(p->db, p->bytes, p->size);
}

/* Bytes that mean nothing are alike: a few of them will do, but at a scale of 10 it is every one. */
static bool is_worth_it(const patient *p, size_t at) {
  size_t stride = api_scaled(10) >= 10 ? 1 : 5;
  size_t empty = p->bytes[at] != 0 || api_scaled(10) >= 100 ? 1 : 97;
  return at % (stride * empty) == 0;
}

static void test_database(void **state) {
  patient *p = *state;
  static const uint8_t masks[] = {0x01, 0x80, 0xff, 0x10, 0x04};
  int64_t tries = 0;
  for (size_t at = 0; at < p->size; at++) {
    if (!is_worth_it(p, at)) continue;
    uint8_t byte = (uint8_t)(p->bytes[at] ^ masks[tries++ % 5]);
    poke(p->db, at, byte);
    examine(p, at);
    if (tries % 16 == 0) promote(p, at);
    poke(p->db, at, p->bytes[at]);
  }
  assert_true(p->refused > tries / 10);
  assert_true(p->found > 0);
  char *after = read_sheet(p);
  assert_string_equal(after, p->sheet);
  free(after);
}

/* --- the log ---------------------------------------------------------------------------------- */

typedef struct log_file {
  char path[128];
  uint8_t *bytes;
  size_t size;
  char *sheet; /* with what is in the log */
} log_file;

/* One transaction that is in the log alone. */
static void make_log(patient *p, log_file *f) {
  (void)snprintf(f->path, sizeof f->path, "%s-wal", p->db);
  mr_registry *registry = api_open(p->db, 0);
  mr_model *model = api_make_model(registry);
  OK(mr_model_create_channel(model, "logged", &api_error));
  f->bytes = api_read_file(f->path, &f->size);
  assert_non_null(f->bytes);
  mr_model_free(model);
  mr_registry_close(registry);
  remove_companions(p);
  api_write_file(p->db, p->bytes, p->size);
  api_write_file(f->path, f->bytes, f->size);
  f->sheet = read_sheet(p);
  assert_string_not_equal(f->sheet, p->sheet);
}

/* A log that is damaged ends there: what is before it is whole, and so is the registry. */
static void test_log(void **state) {
  patient *p = *state;
  log_file f;
  size_t stride = api_scaled(10) >= 10 ? 1 : 5;
  int64_t old = 0;
  make_log(p, &f);
  assert_in_range(f.size, 1000, 200000);
  for (size_t at = 0; at < f.size; at += at < 64 ? 1 : (f.bytes[at] != 0 ? 7 : 41) * stride) {
    env_sheet sheet;
    remove_companions(p);
    api_write_file(p->db, p->bytes, p->size);
    api_write_file(f.path, f.bytes, f.size);
    poke(f.path, at, (uint8_t)(f.bytes[at] ^ 0x40));
    if (!look_at(p, at, true, &sheet)) continue;
    if (sheet.errors != 0) fail_msg("byte %zu of the log: the registry is not whole", at);
    bool is_old = strcmp(sheet.text, p->sheet) == 0;
    if (!is_old && strcmp(sheet.text, f.sheet) != 0) fail_msg("byte %zu: neither old nor new", at);
    old += is_old;
    free(sheet.text);
  }
  assert_true(old > 10);
  free(f.sheet);
  free(f.bytes);
}

/* --- the blob store --------------------------------------------------------------------------- */

/* Every byte of a file of the store: the check tells of it, and whoever reads it gets a status. */
static int64_t damage_file(patient *p, const char *path) {
  size_t size = 0;
  uint8_t *bytes = api_read_file(path, &size);
  assert_non_null(bytes);
  assert_int_equal(chmod(path, 0644), 0);
  for (size_t at = 0; at < size; at++) {
    env_sheet sheet;
    poke(path, at, (uint8_t)(bytes[at] ^ (1u << at % 8)));
    if (look_at(p, at, true, &sheet)) {
      if (sheet.errors == 0) fail_msg("%s, byte %zu: nobody noticed", path, at);
      free(sheet.text);
    }
    poke(path, at, bytes[at]);
  }
  free(bytes);
  return (int64_t)size;
}

static void test_content(void **state) {
  patient *p = *state;
  char blobs[128];
  int64_t bytes = 0;
  int files = 0;
  (void)snprintf(blobs, sizeof blobs, "%s.d/blobs", p->db);
  DIR *shards = opendir(blobs);
  assert_non_null(shards);
  for (const struct dirent *shard = readdir(shards); shard != NULL; shard = readdir(shards)) {
    if (shard->d_name[0] == '.') continue;
    char folder[300];
    (void)snprintf(folder, sizeof folder, "%s/%.8s", blobs, shard->d_name);
    DIR *names = opendir(folder);
    assert_non_null(names);
    for (const struct dirent *name = readdir(names); name != NULL; name = readdir(names)) {
      if (name->d_name[0] == '.') continue;
      bytes += damage_file(p, api_path(folder, name->d_name));
      files++;
    }
    assert_int_equal(closedir(names), 0);
  }
  assert_int_equal(closedir(shards), 0);
  assert_true(files >= 4 && bytes > 80);
  char *after = read_sheet(p);
  assert_string_equal(after, p->sheet);
  free(after);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      patient_test(test_database),
      patient_test(test_log),
      patient_test(test_content),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
