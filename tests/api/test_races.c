/* SPDX-License-Identifier: Apache-2.0 */
/* Several processes at one registry at once: opening, promoting, completing. */
#include "api_race.h"

#include <sys/wait.h>
#include <unistd.h>

/* --- promoting at once -------------------------------------------------------------------- */

static void promote_all(void *ctx) {
  api_race *r = ctx;
  mr_run *runs[64];
  api_seed((uint64_t)r->number + 10);
  mr_registry *registry = api_race_enter(r->place->db, 0);
  mr_model *model = api_make_model(registry);
  CHILD(r->rounds <= 64);
  for (int i = 0; i < r->rounds; i++) runs[i] = api_make_run(registry, 0.95);
  api_race_wait(r);
  for (int i = 0; i < r->rounds; i++) {
    mr_version *version = api_make_version(model, runs[i]);
    CHILD(strcmp(mr_version_info(version)->run_id, mr_run_info(runs[i])->id) == 0);
    mr_version_free(version);
    mr_run_free(runs[i]);
  }
  mr_model_free(model);
  mr_registry_close(registry);
}

/* The same, but the registry is opened anew for each. */
static void promote_anew(void *ctx) {
  api_race *r = ctx;
  char ids[64][40];
  api_seed((uint64_t)r->number + 10);
  mr_registry *registry = api_race_enter(r->place->db, 0);
  CHILD(r->rounds <= 64);
  for (int i = 0; i < r->rounds; i++) {
    mr_run *run = api_make_run(registry, 0.95);
    (void)snprintf(ids[i], sizeof ids[i], "%s", mr_run_info(run)->id);
    mr_run_free(run);
  }
  mr_registry_close(registry);
  api_race_wait(r);
  for (int i = 0; i < r->rounds; i++) {
    mr_version *version = NULL;
    registry = api_race_enter(r->place->db, 0);
    mr_model *model = api_make_model(registry);
    mr_request *request = api_promote(model, ids[i]);
    OK(mr_request_version(request, &version, &api_error));
    CHILD(strcmp(mr_version_info(version)->run_id, ids[i]) == 0);
    mr_version_free(version);
    mr_request_free(request);
    mr_model_free(model);
    mr_registry_close(registry);
  }
}

static void promote_with(const api_place *place, int count, int rounds, void (*body)(void *ctx)) {
  api_race r;
  api_wait(api_fork(api_race_make_model, (void *)(uintptr_t)place));
  api_race_open(&r, place);
  r.rounds = rounds;
  api_race_win(&r, count, body);
  api_race_close(&r);
  api_race_check_numbers(place, (int64_t)count * rounds);
}

static void test_two_promote(void **state) {
  promote_with(*state, 2, api_scaled(50) + 5, promote_all);
}

/* From 1.0.0 on: whose version is the first is not settled when they start. */
static void test_sixteen_promote(void **state) {
  promote_with(*state, API_RACERS, 1, promote_all);
}

static void test_sixteen_go_on_promoting(void **state) {
  promote_with(*state, API_RACERS, api_scaled(10) + 1, promote_all);
}

static void test_four_open_and_promote(void **state) {
  promote_with(*state, 4, api_scaled(30) + 2, promote_anew);
}

/* --- completing one request at once ------------------------------------------------------- */

static void make_waiting_model(void *ctx) {
  api_race *r = ctx;
  mr_gate *gate = NULL;
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  mr_registry *registry = api_open(r->place->db, MR_OPEN_CREATE);
  mr_model_free(api_make_model(registry));
  OK(mr_gate_parse("accuracy: metrics.accuracy >= 0.9\naudit: checks.audit = 'passed'", &gate,
                   &api_error));
  options.model = "digits";
  OK(mr_registry_attach_gate(registry, gate, &options, &api_error));
  mr_gate_free(gate);
  mr_registry_close(registry);
}

/* An open request whose check has arrived since; tells its id. */
static void open_request(void *ctx) {
  api_race *r = ctx;
  api_seed((uint64_t)(500 + r->rounds));
  mr_registry *registry = api_race_enter(r->place->db, 0);
  mr_model *model = api_make_model(registry);
  mr_run *run = api_make_run(registry, 0.95);
  mr_request *request = api_promote(model, mr_run_info(run)->id);
  CHILD(mr_request_info(request)->state == MR_REQUEST_STATE_OPEN);
  OK(mr_run_log_check(run, "audit", MR_CHECK_RESULT_PASSED, NULL, &api_error));
  CHILD(write(r->report[1], mr_request_info(request)->id, 37) == 37);
  mr_request_free(request);
  mr_run_free(run);
  mr_model_free(model);
  mr_registry_close(registry);
}

static void complete_once(void *ctx) {
  api_race *r = ctx;
  mr_request *request = NULL;
  mr_request *now = NULL;
  mr_version *version = NULL;
  char number[64] = "";
  api_seed((uint64_t)(600 + r->number + 100 * r->rounds));
  mr_registry *registry = api_race_enter(r->place->db, 0);
  OK(mr_registry_open_request(registry, r->text, &request, &api_error));
  api_race_wait(r);
  OK(mr_request_complete(request, NULL, &now, &api_error));
  CHILD(mr_request_info(now)->state == MR_REQUEST_STATE_ACCEPTED);
  OK(mr_request_version(request, &version, &api_error));
  CHILD(strcmp(mr_version_info(version)->number, mr_request_info(now)->version) == 0);
  CHILD(strcmp(mr_version_info(version)->request_id, r->text) == 0);
  (void)snprintf(number, sizeof number, "%s", mr_version_info(version)->number);
  CHILD(write(r->report[1], number, sizeof number) == (ssize_t)sizeof number);
  mr_version_free(version);
  mr_request_free(now);
  mr_request_free(request);
  mr_registry_close(registry);
}

/* It was judged twice: when it was made, and by the one that was first. */
static void check_completed(const api_place *place, const char *id) {
  mr_request *request = NULL;
  mr_decision *decision = NULL;
  mr_registry *registry = api_open(place->db, 0);
  OK(mr_registry_open_request(registry, id, &request, &api_error));
  OK(mr_request_decision(request, &decision, &api_error));
  assert_int_equal(mr_decision_info(decision)->sequence, 2);
  assert_int_equal(mr_decision_info(decision)->verdict, MR_VERDICT_PASSED);
  mr_decision_free(decision);
  mr_request_free(request);
  mr_registry_close(registry);
}

static void test_all_complete(void **state) {
  const api_place *place = *state;
  int rounds = api_scaled(20) + 2;
  api_race setup;
  memset(&setup, 0, sizeof setup);
  setup.place = place;
  api_wait(api_fork(make_waiting_model, &setup));
  for (int round = 0; round < rounds; round++) {
    api_race r;
    char first[64];
    char other[64];
    api_race_open(&r, place);
    r.rounds = round;
    api_wait(api_fork(open_request, &r));
    assert_int_equal(read(r.report[0], r.text, 37), 37);
    api_race_win(&r, API_RACERS, complete_once);
    assert_int_equal(read(r.report[0], first, sizeof first), sizeof first);
    for (int i = 1; i < API_RACERS; i++) {
      assert_int_equal(read(r.report[0], other, sizeof other), sizeof other);
      assert_string_equal(other, first);
    }
    api_race_close(&r);
    check_completed(place, r.text);
    api_race_check_numbers(place, round + 1);
  }
}

/* --- making one registry at once ---------------------------------------------------------- */

enum { CREATORS = 8 };

static void create_once(void *ctx) {
  api_race *r = ctx;
  char id[40] = "";
  api_seed((uint64_t)r->number + 30);
  api_race_wait(r);
  mr_registry *registry = api_race_enter(r->text, MR_OPEN_CREATE);
  (void)snprintf(id, sizeof id, "%s", mr_registry_info(registry)->id);
  mr_run_free(api_make_run(registry, 0.5));
  mr_registry_close(registry);
  CHILD(write(r->report[1], id, sizeof id) == (ssize_t)sizeof id);
}

static void test_all_create(void **state) {
  const api_place *place = *state;
  int rounds = api_scaled(30) + 2;
  for (int round = 0; round < rounds; round++) {
    api_race r;
    char first[40];
    char other[40];
    api_race_open(&r, place);
    (void)snprintf(r.text, sizeof r.text, "%s/R%d.db", place->folder, round);
    if (round % 2 == 1) api_write_file(r.text, NULL, 0); /* an empty file is there already */
    api_race_win(&r, CREATORS, create_once);
    assert_int_equal(read(r.report[0], first, sizeof first), sizeof first);
    assert_int_equal(strlen(first), 36);
    for (int i = 1; i < CREATORS; i++) {
      assert_int_equal(read(r.report[0], other, sizeof other), sizeof other);
      assert_string_equal(other, first);
    }
    api_race_close(&r);
    mr_registry *registry = api_open(r.text, 0);
    mr_run_page *page = NULL;
    assert_string_equal(mr_registry_info(registry)->id, first);
    OK(mr_registry_list_runs(registry, NULL, &page, &api_error));
    assert_int_equal(mr_run_page_count(page), CREATORS); /* nobody's run was lost */
    mr_run_page_free(page);
    mr_registry_close(registry);
  }
}

/* --- parent and child --------------------------------------------------------------------- */

typedef struct family {
  const api_place *place;
  mr_registry *registry; /* the parent's, which the child inherits */
  bool free_first;
  int count;
} family;

static void create_models(void *ctx) {
  family *f = ctx;
  char name[32];
  if (f->free_first) mr_registry_close(f->registry);
  api_seed(50);
  mr_registry *registry = api_open(f->place->db, 0);
  for (int i = 0; i < f->count; i++) {
    (void)snprintf(name, sizeof name, "child-%d", i);
    OK(mr_registry_create_model(registry, name, NULL, NULL, &api_error));
  }
  mr_registry_close(registry);
  if (!f->free_first) mr_registry_close(f->registry);
}

static void find_models(mr_registry *registry, const char *whose, int count) {
  for (int i = 0; i < count; i++) {
    char name[32];
    mr_model *model = NULL;
    (void)snprintf(name, sizeof name, "%s-%d", whose, i);
    OK(mr_registry_open_model(registry, name, &model, &api_error));
    mr_model_free(model);
  }
}

/* A child opens what it inherited anew, while its parent closes and opens the same file: neither
 * may take the other's locks for its own. */
static void test_child_beside_parent(void **state) {
  const api_place *place = *state;
  for (int free_first = 0; free_first <= 1; free_first++) {
    family f = {.place = place, .free_first = free_first == 1, .count = api_scaled(1000) + 50};
    int status = 0;
    int closes = 0;
    f.registry = api_open(place->db, MR_OPEN_CREATE);
    OK(mr_registry_create_model(f.registry, "before", NULL, NULL, &api_error));
    pid_t pid = api_fork(create_models, &f);
    while (waitpid(pid, &status, WNOHANG) == 0) {
      char name[32];
      mr_registry_close(f.registry);
      f.registry = api_open(place->db, 0);
      (void)snprintf(name, sizeof name, "parent-%d", closes);
      OK(mr_registry_create_model(f.registry, name, NULL, NULL, &api_error));
      closes++;
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    mr_registry_close(f.registry);
    f.registry = api_open(place->db, 0);
    find_models(f.registry, "child", f.count);
    find_models(f.registry, "parent", closes);
    mr_registry_close(f.registry);
    api_remove_tree(place->db);
    api_remove_tree(api_path(place->folder, "R.db-wal"));
    api_remove_tree(api_path(place->folder, "R.db-shm"));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_two_promote),
      api_test(test_sixteen_promote),
      api_test(test_sixteen_go_on_promoting),
      api_test(test_four_open_and_promote),
      api_test(test_all_complete),
      api_test(test_all_create),
      api_test(test_child_beside_parent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
