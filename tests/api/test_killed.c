/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that are killed while they write: what was acknowledged is there. */
#include "api_race.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct victim {
  const api_place *place;
  int round;
  int report[2];
} victim;

typedef struct logged {
  char run_id[40];
  int64_t points;
  int64_t params;
  int64_t versions; /* in all */
} logged;

static void report_to(const victim *v, const logged *l) {
  CHILD(write(v->report[1], l, sizeof *l) == (ssize_t)sizeof *l); /* whole: below PIPE_BUF */
}

/* Logs and tells what was acknowledged, until it is killed. */
static void log_for_ever(void *ctx) {
  victim *v = ctx;
  logged l;
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  memset(&l, 0, sizeof l);
  api_seed((uint64_t)v->round + 100);
  mr_registry *registry = api_open(v->place->db, MR_OPEN_CREATE);
  OK(mr_registry_open_experiment(registry, "e", &experiment, &api_error));
  OK(mr_experiment_start_run(experiment, NULL, &run, &api_error));
  (void)snprintf(l.run_id, sizeof l.run_id, "%s", mr_run_info(run)->id);
  for (;;) {
    char key[32];
    for (int i = 0; i < 50; i++) {
      OK(mr_run_log_metric(run, "loss", (double)(l.points + i), l.points + i, &api_error));
    }
    OK(mr_run_flush(run, &api_error));
    l.points += 50;
    report_to(v, &l);
    (void)snprintf(key, sizeof key, "p%06lld", (long long)l.params);
    OK(mr_run_log_param(run, key, "v", &api_error));
    OK(mr_run_log_artifact_bytes(run, key, (const uint8_t *)key, strlen(key), &api_error));
    l.params++;
    report_to(v, &l);
  }
}

/* Starts the victim, reads some of its reports, kills it at once, reads what it had still sent. */
static logged kill_after(victim *v, void (*body)(void *ctx), int reports) {
  logged last;
  logged next;
  int status = 0;
  memset(&last, 0, sizeof last);
  assert_int_equal(pipe(v->report), 0);
  pid_t pid = api_fork(body, v);
  assert_int_equal(close(v->report[1]), 0);
  for (int i = 0; i < reports; i++) {
    assert_int_equal(read(v->report[0], &last, sizeof last), sizeof last);
  }
  assert_int_equal(kill(pid, SIGKILL), 0);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  while (read(v->report[0], &next, sizeof next) == (ssize_t)sizeof next) last = next;
  assert_int_equal(close(v->report[0]), 0);
  return last;
}

static void check_logged(const api_place *place, const logged *l) {
  mr_run *run = NULL;
  mr_history *history = NULL;
  mr_property_page *params = NULL;
  mr_artifact_page *artifacts = NULL;
  mr_registry *registry = api_open(place->db, 0);
  OK(mr_registry_open_run(registry, l->run_id, &run, &api_error));
  assert_int_equal(mr_run_info(run)->status, MR_RUN_STATUS_RUNNING);
  if (l->points > 0) {
    OK(mr_run_history(run, "loss", NULL, &history, &api_error));
    int64_t count = mr_history_count(history);
    assert_true(count >= l->points && count <= l->points + 50);
    for (int64_t i = 0; i < count; i++) {
      assert_true(mr_history_steps(history)[i] == i);
      assert_true(mr_history_values(history)[i] == (double)i);
    }
    mr_history_free(history);
  }
  OK(mr_run_list_params(run, NULL, &params, &api_error));
  OK(mr_run_list_artifacts(run, NULL, &artifacts, &api_error));
  assert_true(mr_property_page_count(params) >= l->params);
  assert_true(mr_artifact_page_count(artifacts) >= l->params);
  for (int64_t i = 0; i < mr_artifact_page_count(artifacts); i++) {
    mr_blob *blob = NULL;
    const uint8_t *data = NULL;
    const char *path = mr_artifact_page_at(artifacts, i)->path;
    OK(mr_run_open_artifact(run, path, &blob, &api_error));
    OK(mr_blob_map(blob, &data, &api_error));
    assert_memory_equal(data, path, strlen(path));
    mr_blob_free(blob);
  }
  mr_artifact_page_free(artifacts);
  mr_property_page_free(params);
  /* The run can go on where it was. */
  OK(mr_run_log_metric(run, "loss", 0, INT64_MAX, &api_error));
  OK(mr_run_finish(run, MR_RUN_STATUS_KILLED, &api_error));
  mr_run_free(run);
  mr_registry_close(registry);
}

static void test_killed_while_logging(void **state) {
  const api_place *place = *state;
  int rounds = api_scaled(60) + 2;
  for (int round = 0; round < rounds; round++) {
    victim v = {.place = place, .round = round};
    logged l = kill_after(&v, log_for_ever, 1 + round * 7 % 23);
    assert_true(l.points > 0);
    check_logged(place, &l);
  }
}

static void promote_for_ever(void *ctx) {
  victim *v = ctx;
  logged l;
  memset(&l, 0, sizeof l);
  api_seed((uint64_t)v->round + 1000);
  mr_registry *registry = api_open(v->place->db, 0);
  mr_model *model = api_make_model(registry);
  for (;;) {
    mr_run *run = api_make_run(registry, 0.95);
    mr_version *version = api_make_version(model, run);
    (void)snprintf(l.run_id, sizeof l.run_id, "%s", mr_run_info(run)->id);
    l.versions = api_count_versions(model);
    report_to(v, &l);
    mr_version_free(version);
    mr_run_free(run);
  }
}

/* A version that was acknowledged stays, and no number is lost with the process. */
static void test_killed_while_promoting(void **state) {
  const api_place *place = *state;
  int rounds = api_scaled(60) + 2;
  int64_t before = 0;
  api_wait(api_fork(api_race_make_model, (void *)(uintptr_t)place));
  for (int round = 0; round < rounds; round++) {
    victim v = {.place = place, .round = round};
    logged l = kill_after(&v, promote_for_ever, 1 + round * 5 % 7);
    mr_registry *registry = api_open(place->db, 0);
    mr_model *model = api_make_model(registry);
    mr_version *version = NULL;
    int64_t count = api_count_versions(model);
    mr_model_free(model);
    assert_true(l.versions > before);
    assert_true(count == l.versions || count == l.versions + 1);
    OK(mr_registry_resolve(registry, "digits", NULL, &version, &api_error));
    OK(mr_version_verify(version, NULL, NULL, NULL, &api_error));
    if (count == l.versions) assert_string_equal(mr_version_info(version)->run_id, l.run_id);
    mr_version_free(version);
    mr_registry_close(registry);
    api_race_check_numbers(place, count);
    before = count;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_killed_while_logging),
      api_test(test_killed_while_promoting),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
