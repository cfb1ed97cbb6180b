/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, inspecting, closing. */
#include "contract.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void open_refused(const char *uri, const mr_open_options *options, mr_status status,
                         const char *words) {
  mr_registry *registry = NULL;
  REFUSED(status, words, mr_registry_open(uri, options, &registry, &error));
  assert_null(registry);
}

static void says_what_it_is(void **state) {
  contract *c = *state;
  char location[128];
  char root[140];
  const mr_registry_record *info = mr_registry_info(c->registry);
  assert_true(info->struct_size >= sizeof *info);
  assert_int_equal(info->read_only, 0);
  assert_int_equal(strlen(info->id), 36);
  assert_string_equal(info->uri, c->uri);
  assert_string_equal(info->driver, "sqlite");
  assert_true(info->driver_version[0] >= '0' && info->driver_version[0] <= '9');
  assert_string_equal(info->actor, "tester");
  assert_int_equal(info->schema_version, 1);
  assert_true(info->created_us > 0 && info->created_us < contract_clock(NULL));
  assert_true(info->warning_count >= 0);
  for (int64_t i = 0; i < info->warning_count; i++) assert_true(info->warnings[i][0] != '\0');
  if (c->driver->folder) {
    (void)snprintf(location, sizeof location, "%s/R.db", c->folder);
    (void)snprintf(root, sizeof root, "%s.d", location);
    assert_string_equal(info->location, location);
    assert_string_equal(info->artifact_root, root);
  } else {
    assert_null(info->location);
    assert_null(info->artifact_root);
  }
  assert_null(mr_registry_info(NULL));
  mr_registry_close(NULL);
}

static void stays_itself(void **state) {
  contract *c = *state;
  char id[40];
  (void)snprintf(id, sizeof id, "%s", mr_registry_info(c->registry)->id);
  int64_t created = mr_registry_info(c->registry)->created_us;
  if (c->driver->shared) {
    /* Creating what is there opens it. */
    mr_registry *second = NULL;
    mr_open_options o = contract_options(MR_OPEN_CREATE);
    o.actor = "somebody else";
    OK(mr_registry_open(c->uri, &o, &second, &error));
    assert_string_equal(mr_registry_info(second)->id, id);
    assert_string_equal(mr_registry_info(second)->actor, "somebody else");
    mr_registry_close(second);
    /* The scheme may be left out. */
    OK(mr_registry_open(strchr(c->uri, ':') + 1, NULL, &second, &error));
    assert_string_equal(mr_registry_info(second)->id, id);
    mr_registry_close(second);
  } else {
    mr_registry *other = NULL;
    mr_open_options o = contract_options(MR_OPEN_CREATE);
    OK(mr_registry_open(c->uri, &o, &other, &error));
    assert_string_not_equal(mr_registry_info(other)->id, id);
    mr_registry_close(other);
  }
  if (!c->driver->survives_close) return;
  contract_reopen(c);
  assert_string_equal(mr_registry_info(c->registry)->id, id);
  assert_int_equal(mr_registry_info(c->registry)->created_us, created);
}

static void refuses_bad_arguments(void **state) {
  contract *c = *state;
  mr_open_options o = contract_options(MR_OPEN_CREATE);
  mr_allocator allocator = MR_ALLOCATOR_INIT;
  char actor[260];
  open_refused(NULL, NULL, MR_INVALID_ARGUMENT, "uri");
  open_refused("", NULL, MR_INVALID_ARGUMENT, "uri");
  open_refused("postgresql://host/db", NULL, MR_NOT_SUPPORTED, "postgresql");
  open_refused("ftp:x", NULL, MR_NOT_SUPPORTED, "ftp");
  REFUSED(MR_INVALID_ARGUMENT, "out_registry", mr_registry_open(c->uri, &o, NULL, &error));
  o.flags = 32;
  open_refused(c->uri, &o, MR_INVALID_ARGUMENT, "flags|0x20");
  o.flags = MR_OPEN_CREATE | MR_OPEN_READ_ONLY;
  open_refused(c->uri, &o, MR_INVALID_ARGUMENT, "MR_OPEN_CREATE|MR_OPEN_READ_ONLY");
  o.flags = MR_OPEN_CREATE;
  o.busy_timeout_ms = -1;
  open_refused(c->uri, &o, MR_INVALID_ARGUMENT, "busy_timeout_ms");
  o.busy_timeout_ms = 86400001;
  open_refused(c->uri, &o, MR_INVALID_ARGUMENT, "busy_timeout_ms");
  o.busy_timeout_ms = 0;
  o.file_mode = 01000;
  open_refused(c->uri, &o, MR_INVALID_ARGUMENT, "file_mode");
  o.file_mode = 0;
  o.actor = "";
  open_refused(c->uri, &o, MR_INVALID_ARGUMENT, "actor");
  memset(actor, 'a', sizeof actor);
  actor[251] = '\0';
  o.actor = actor;
  open_refused(c->uri, &o, MR_LIMIT, "actor|250");
  o.actor = NULL;
  o.allocator = &allocator;
  open_refused(c->uri, &o, MR_INVALID_ARGUMENT, "mr_allocator");
  allocator.struct_size = 0;
  open_refused(c->uri, &o, MR_ABI_MISMATCH, "mr_allocator");
  o.struct_size = 0;
  open_refused(c->uri, &o, MR_ABI_MISMATCH, "mr_open_options");
}

/* Without MR_OPEN_CREATE nothing is made. */
static void opens_only_what_is_there(void **state) {
  contract *c = *state;
  char uri[200];
  mr_open_options o = contract_options(0);
  if (!c->driver->survives_close) {
    open_refused(c->uri, &o, MR_NOT_FOUND, "MR_OPEN_CREATE");
    return;
  }
  (void)snprintf(uri, sizeof uri, "%s/nowhere.db", c->folder);
  open_refused(uri, &o, MR_NOT_FOUND, "nowhere.db");
  assert_false(contract_exists(c, "nowhere.db"));
  o.flags = MR_OPEN_CREATE;
  (void)snprintf(uri, sizeof uri, "%s/no/folder.db", c->folder);
  open_refused(uri, &o, MR_NOT_FOUND, "folder|/no:");
  /* What is no registry is refused and stays as it is. */
  static const char text[] = "Dear diary, this is no registry, and it is long enough to be sure.";
  contract_write_text(c, "diary.txt", text);
  (void)snprintf(uri, sizeof uri, "%s/diary.txt", c->folder);
  open_refused(uri, &o, MR_CORRUPT, "diary.txt");
  contract_has_file(c, "diary.txt", text, strlen(text));
  /* An empty file becomes one. */
  mr_registry *registry = NULL;
  contract_write_text(c, "empty.db", "");
  (void)snprintf(uri, sizeof uri, "%s/empty.db", c->folder);
  OK(mr_registry_open(uri, &o, &registry, &error));
  mr_registry_close(registry);
}

/* A path may be longer than a name. */
static void opens_long_paths(void **state) {
  contract *c = *state;
  if (!c->driver->folder) skip();
  path_text path;
  mr_registry *registry = NULL;
  mr_open_options o = contract_options(MR_OPEN_CREATE);
  char name[600] = "";
  for (int i = 0; i < 5; i++) {
    size_t size = strlen(name);
    memset(name + size, 'a' + i, 90);
    memcpy(name + size + 90, "/", 2);
  }
  memcpy(name + strlen(name), "R.db", 5);
  contract_write_text(c, name, "");
  OK(mr_registry_open(contract_path(c, name, &path), &o, &registry, &error));
  assert_string_equal(mr_registry_info(registry)->location, path.text);
  mr_registry_close(registry);
}

static void read_only_handles_only_read(void **state) {
  contract *c = *state;
  mr_registry *r = NULL;
  mr_open_options o = contract_options(MR_OPEN_READ_ONLY);
  if (!c->driver->read_only) {
    assert_int_not_equal(mr_registry_open(c->uri, &o, &r, &error), MR_OK);
    assert_null(r);
    return;
  }
  mr_experiment *e = NULL;
  mr_run *run = NULL;
  mr_model *model = contract_model(c, "m");
  mr_run *writer = contract_trained(c, 0.9);
  mr_run *started = NULL;
  mr_version *version = contract_version(c, model, "1.0.0");
  mr_request *request = NULL;
  mr_metric_page *page = NULL;
  mr_gate *gate = NULL;
  mr_move_options move = MR_MOVE_OPTIONS_INIT;
  mr_input_options in = MR_INPUT_OPTIONS_INIT;
  const char *id = mr_run_info(writer)->id;
  OK(mr_model_create_channel(model, "live", &error));
  contract_finish(writer);
  mr_model_free(model);
  OK(mr_registry_open(c->uri, &o, &r, &error));
  assert_int_equal(mr_registry_info(r)->read_only, 1);
  OK(mr_registry_open_experiment(r, "training", &e, &error));
  REFUSED(MR_READ_ONLY, "read-only", mr_experiment_start_run(e, NULL, &started, &error));
  mr_experiment_free(e);
  e = NULL;
  REFUSED(MR_NOT_FOUND, "new|read-only", mr_registry_open_experiment(r, "new", &e, &error));
  OK(mr_registry_open_run(r, id, &run, &error));
  REFUSED(MR_READ_ONLY, "read-only", mr_run_log_param(run, "a", "1", &error));
  REFUSED(MR_READ_ONLY, "read-only", mr_run_log_metric(run, "a", 1, 1, &error));
  REFUSED(MR_READ_ONLY, "read-only", mr_run_set_tag(run, "a", "1", &error));
  REFUSED(MR_READ_ONLY, "read-only", mr_run_delete_tag(run, "a", &error));
  REFUSED(MR_READ_ONLY, "read-only",
          mr_run_log_artifact_bytes(run, "a", (const uint8_t *)"x", 1, &error));
  REFUSED(MR_READ_ONLY, "read-only", mr_run_finish(run, MR_RUN_STATUS_FINISHED, &error));
  in.role = "base";
  in.run_id = mr_version_info(version)->run_id;
  REFUSED(MR_READ_ONLY, "read-only", mr_run_log_input(run, &in, &error));
  OK(mr_run_flush(run, &error));
  OK(mr_registry_flush(r, &error));
  OK(mr_run_list_metrics(run, NULL, &page, &error));
  assert_int_equal(mr_metric_page_count(page), 1);
  mr_metric_page_free(page);
  model = NULL;
  REFUSED(MR_READ_ONLY, "read-only", mr_registry_create_model(r, "n", NULL, &model, &error));
  OK(mr_registry_open_model(r, "m", &model, &error));
  REFUSED(MR_READ_ONLY, "read-only", mr_model_promote(model, id, NULL, &request, &error));
  REFUSED(MR_READ_ONLY, "read-only", mr_model_create_channel(model, "other", &error));
  move.channel = "live";
  move.version = "1.0.0";
  move.expected = "none";
  REFUSED(MR_READ_ONLY, "read-only", mr_model_move_channel(model, &move, &request, &error));
  OK(mr_gate_new(&gate, &error));
  mr_gate_options of_m = MR_GATE_OPTIONS_INIT;
  of_m.model = "m";
  REFUSED(MR_READ_ONLY, "read-only", mr_registry_attach_gate(r, gate, &of_m, &error));
  mr_gate_free(gate);
  mr_version_free(version);
  OK(mr_registry_resolve(r, "m", NULL, &version, &error));
  path_text out;
  OK(mr_version_fetch(version, contract_path(c, "out", &out), NULL, NULL, &error));
  mr_version_free(version);
  mr_model_free(model);
  mr_run_free(run);
  mr_run_free(writer);
  mr_registry_close(r);
}

static void the_artifact_root_is_remembered(void **state) {
  contract *c = *state;
  if (!c->driver->folder) skip();
  static const char *const given[] = {"blobs here", "absolute"};
  for (int i = 0; i < 2; i++) {
    char uri[200];
    char name[32];
    path_text root;
    path_text said;
    mr_registry *registry = NULL;
    mr_open_options o = contract_options(MR_OPEN_CREATE);
    (void)snprintf(name, sizeof name, "other-%d.db", i);
    (void)snprintf(uri, sizeof uri, "%s/%s", c->folder, name);
    contract_path(c, given[i], &root);
    o.artifact_root = i == 0 ? given[i] : contract_path(c, given[i], &said);
    OK(mr_registry_open(uri, &o, &registry, &error));
    assert_string_equal(mr_registry_info(registry)->artifact_root, root.text);
    mr_registry_close(registry);
    o = contract_options(0);
    OK(mr_registry_open(uri, &o, &registry, &error));
    assert_string_equal(mr_registry_info(registry)->artifact_root, root.text);
    contract inner = *c;
    inner.registry = registry;
    mr_run *run = contract_run(&inner, "x");
    contract_put(run, "a", "bytes");
    mr_run_free(run);
    assert_true(contract_count_files(c, given[i]) > 0);
    mr_registry_close(registry);
  }
  assert_false(contract_exists(c, "other-0.db.d"));
}

/* A registry can be moved as a whole. */
static void can_be_moved(void **state) {
  contract *c = *state;
  if (!c->driver->folder) skip();
  path_text from;
  path_text to;
  char uri[200];
  mr_version *version = NULL;
  mr_model *model = contract_model(c, "m");
  mr_version_free(contract_version(c, model, "1.0.0"));
  mr_model_free(model);
  mr_registry_close(c->registry);
  c->registry = NULL;
  assert_int_equal(mkdir(contract_path(c, "moved", &to), 0777), 0);
  static const char *const parts[] = {"R.db", "R.db-wal", "R.db-shm", "R.db.d"};
  for (size_t i = 0; i < 4; i++) {
    char name[64];
    (void)snprintf(name, sizeof name, "moved/%s", parts[i]);
    if (!contract_exists(c, parts[i])) continue;
    assert_int_equal(rename(contract_path(c, parts[i], &from), contract_path(c, name, &to)), 0);
  }
  (void)snprintf(uri, sizeof uri, "%s/moved/R.db", c->folder);
  mr_open_options o = contract_options(0);
  OK(mr_registry_open(uri, &o, &c->registry, &error));
  OK(mr_registry_resolve(c->registry, "m", NULL, &version, &error));
  OK(mr_version_verify(version, NULL, NULL, NULL, &error));
  mr_version_free(version);
}

static void who_acts(void **state) {
  contract *c = *state;
  mr_registry *registry = NULL;
  mr_open_options o = contract_options(MR_OPEN_CREATE);
  o.actor = NULL;
  assert_int_equal(setenv("MODELREG_ACTOR", "ann from the environment", 1), 0);
  OK(mr_registry_open(c->uri, &o, &registry, &error));
  assert_string_equal(mr_registry_info(registry)->actor, "ann from the environment");
  mr_registry_close(registry);
  assert_int_equal(unsetenv("MODELREG_ACTOR"), 0);
  OK(mr_registry_open(c->uri, &o, &registry, &error));
  HAS(mr_registry_info(registry)->actor, "uid-|@");
  mr_registry_close(registry);
}

/* --- hooks of the host -------------------------------------------------------------------- */

typedef struct counter {
  int64_t live;
  int64_t calls;
} counter;

static void *count_allocate(void *ctx, size_t size) {
  counter *n = ctx;
  n->calls++;
  void *memory = malloc(size);
  n->live += memory != NULL;
  return memory;
}

static void *count_reallocate(void *ctx, void *memory, size_t size) {
  counter *n = ctx;
  n->calls++;
  return realloc(memory, size);
}

static void count_deallocate(void *ctx, void *memory) {
  counter *n = ctx;
  n->live--;
  free(memory);
}

static void no_randomness(void *ctx, uint8_t *out, size_t size) {
  uint8_t *next = ctx;
  for (size_t i = 0; i < size; i++) out[i] = (*next)++;
}

static void uses_the_hosts_hooks(void **state) {
  contract *c = *state;
  counter n = {0, 0};
  uint8_t next = 0;
  mr_registry *registry = NULL;
  mr_open_options o = contract_options(MR_OPEN_CREATE);
  mr_allocator allocator = MR_ALLOCATOR_INIT;
  allocator.ctx = &n;
  allocator.allocate = count_allocate;
  allocator.reallocate = count_reallocate;
  allocator.deallocate = count_deallocate;
  o.allocator = &allocator;
  o.random = no_randomness;
  o.random_ctx = &next;
  OK(mr_registry_open(c->uri, &o, &registry, &error));
  memset(&allocator, 0, sizeof allocator); /* it was copied */
  contract inner = *c;
  inner.registry = registry;
  mr_run *run = contract_trained(&inner, 0.9);
  assert_true(n.calls > 10 && n.live > 0);
  assert_true(next > 0);
  mr_registry_close(registry);
  assert_true(n.live > 0); /* the run's handle keeps its memory */
  mr_run_free(run);
  assert_int_equal(n.live, 0);
}

static int64_t told_time(void *ctx) {
  return *(const int64_t *)ctx;
}

/* A registry's time only goes forward: one reading from beyond all calendars would end it. */
static void refuses_impossible_clocks(void **state) {
  (void)state;
  static const int64_t times[] = {INT64_MIN, -1, 0, INT64_C(253402300800000000), INT64_MAX};
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    int64_t now = times[i];
    mr_registry *registry = NULL;
    mr_model *model = NULL;
    mr_open_options o = contract_options(MR_OPEN_CREATE);
    o.clock = told_time;
    o.clock_ctx = &now;
    REFUSED(MR_INVALID_ARGUMENT, "the clock says|between 1970 and 9999",
            mr_registry_open("memory:", &o, &registry, &error));
    now = INT64_C(253402300799999999); /* the last that is taken */
    OK(mr_registry_open("memory:", &o, &registry, &error));
    OK(mr_registry_create_model(registry, "m", NULL, &model, &error));
    now = times[i];
    REFUSED(MR_INVALID_ARGUMENT, "the clock says", mr_model_create_channel(model, "live", &error));
    now = 1;
    OK(mr_model_create_channel(model, "live", &error));
    mr_model_free(model);
    mr_registry_close(registry);
  }
}

static void flushes_and_closes(void **state) {
  contract *c = *state;
  mr_run *runs[3];
  mr_experiment_page *page = NULL;
  for (int i = 0; i < 3; i++) {
    runs[i] = contract_run(c, "x");
    OK(mr_run_log_metric(runs[i], "m", i, i, &error));
  }
  OK(mr_registry_flush(c->registry, &error));
  OK(mr_registry_flush(c->registry, &error));
  REFUSED(MR_INVALID_ARGUMENT, "registry", mr_registry_flush(NULL, &error));
  if (c->driver->shared) {
    mr_registry *second = contract_second(c);
    for (int i = 0; i < 3; i++) {
      mr_run *there = NULL;
      mr_metric_page *metrics = NULL;
      OK(mr_registry_open_run(second, mr_run_info(runs[i])->id, &there, &error));
      OK(mr_run_list_metrics(there, NULL, &metrics, &error));
      assert_int_equal(mr_metric_page_count(metrics), 1);
      mr_metric_page_free(metrics);
      mr_run_free(there);
    }
    mr_registry_close(second);
  }
  /* Handles may be freed in any order, also after their registry. */
  mr_experiment *experiment = contract_experiment(c, "x");
  mr_model *model = contract_model(c, "m");
  mr_model *made = NULL;
  OK(mr_registry_list_experiments(c->registry, NULL, &page, &error));
  mr_registry_close(c->registry);
  c->registry = NULL;
  assert_string_equal(mr_experiment_page_at(page, 0)->name, "x");
  assert_string_equal(mr_model_info(model)->name, "m");
  REFUSED(MR_CLOSED, "closed", mr_run_log_metric(runs[0], "m", 1, 1, &error));
  REFUSED(MR_CLOSED, "closed", mr_experiment_start_run(experiment, NULL, &runs[0], &error));
  REFUSED(MR_CLOSED, "closed", mr_model_create_channel(model, "live", &error));
  assert_null(made);
  mr_run_free(runs[1]);
  mr_experiment_page_free(page);
  mr_run_free(runs[0]);
  mr_model_free(model);
  mr_run_free(runs[2]);
  mr_experiment_free(experiment);
}

static void names_of_statuses(void **state) {
  (void)state;
  static const char *const names[] = {"OK",           "INVALID_ARGUMENT",
                                      "NOT_FOUND",    "ALREADY_EXISTS",
                                      "CONFLICT",     "BUSY",
                                      "NO_MEMORY",    "IO",
                                      "CORRUPT",      "NOT_SUPPORTED",
                                      "ABI_MISMATCH", "LIMIT",
                                      "GATE_FAILED",  "GATE_PENDING",
                                      "TAMPERED",     "UNTRUSTED",
                                      "ROLLBACK",     "READ_ONLY",
                                      "FORKED",       "UNAVAILABLE",
                                      "IN_USE",       "CANCELLED",
                                      "CLOSED"};
  for (int i = 0; i < 23; i++) assert_string_equal(mr_status_name(i), names[i]);
  assert_string_equal(mr_status_name(23), "UNKNOWN");
  assert_string_equal(mr_status_name(-1), "UNKNOWN");
}

int contract_registry_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(says_what_it_is),
      TEST(stays_itself),
      TEST(refuses_bad_arguments),
      TEST(opens_only_what_is_there),
      TEST(opens_long_paths),
      TEST(read_only_handles_only_read),
      TEST(the_artifact_root_is_remembered),
      TEST(can_be_moved),
      TEST(who_acts),
      TEST(uses_the_hosts_hooks),
      TEST(refuses_impossible_clocks),
      TEST(flushes_and_closes),
      TEST(names_of_statuses),
  };
  return GROUP("registry", tests);
}
