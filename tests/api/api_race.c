/* SPDX-License-Identifier: Apache-2.0 */
#include "api_race.h"

#include <sys/wait.h>
#include <unistd.h>

void api_race_open(api_race *race, const api_place *place) {
  memset(race, 0, sizeof *race);
  race->place = place;
  assert_int_equal(pipe(race->gate), 0);
  assert_int_equal(pipe(race->report), 0);
}

mr_registry *api_race_enter(const char *path, uint32_t flags) {
  mr_registry *registry = NULL;
  mr_open_options options = api_open_options(flags);
  options.busy_timeout_ms = 3600000;
  OK(mr_registry_open(path, &options, &registry, &api_error));
  return registry;
}

/* The gate ends for the first reader when the last writer has let go of it. */
void api_race_wait(api_race *race) {
  char c;
  CHILD(close(race->gate[1]) == 0);
  CHILD(read(race->gate[0], &c, 1) == 0);
}

void api_race_run(api_race *race, int count, void (*body)(void *ctx), int codes[API_RACERS]) {
  pid_t pids[API_RACERS];
  for (int i = 0; i < count; i++) {
    race->number = i;
    pids[i] = api_fork(body, race);
  }
  assert_int_equal(close(race->gate[0]), 0);
  assert_int_equal(close(race->gate[1]), 0);
  assert_int_equal(close(race->report[1]), 0);
  for (int i = 0; i < count; i++) {
    int status = 0;
    assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
    assert_true(WIFEXITED(status));
    codes[i] = WEXITSTATUS(status);
  }
}

void api_race_win(api_race *race, int count, void (*body)(void *ctx)) {
  int codes[API_RACERS];
  api_race_run(race, count, body, codes);
  for (int i = 0; i < count; i++) assert_int_equal(codes[i], 0);
}

void api_race_close(api_race *race) {
  assert_int_equal(close(race->report[0]), 0);
}

void api_race_make_model(void *ctx) {
  const api_place *place = ctx;
  mr_registry *registry = api_open(place->db, MR_OPEN_CREATE);
  mr_model_free(api_make_model(registry));
  api_make_gate(registry);
  mr_registry_close(registry);
}

void api_race_add_version(mr_registry *registry, mr_model *model) {
  mr_run *run = api_make_run(registry, 0.95);
  mr_version_free(api_make_version(model, run));
  mr_run_free(run);
}

void api_race_held(mr_model *model, char *out, size_t size) {
  mr_channel_page *page = NULL;
  OK(mr_model_list_channels(model, NULL, &page, &api_error));
  const char *number = mr_channel_page_at(page, 0)->version;
  (void)snprintf(out, size, "%s", number == NULL ? "none" : number);
  out[strcspn(out, "+")] = '\0';
  mr_channel_page_free(page);
}

void api_race_check_numbers(const api_place *place, int64_t count) {
  mr_version_page *page = NULL;
  mr_registry *registry = api_open(place->db, 0);
  mr_model *model = api_make_model(registry);
  OK(mr_model_list_versions(model, NULL, &page, &api_error));
  assert_int_equal(mr_version_page_count(page), count);
  for (int64_t i = 0; i < count; i++) {
    char expected[64];
    const mr_version_record *record = mr_version_page_at(page, count - 1 - i);
    (void)snprintf(expected, sizeof expected, "1.%lld.0+%s", (long long)i,
                   record->run_id + strlen(record->run_id) - 12);
    assert_string_equal(record->number, expected);
    for (int64_t k = 0; k < i; k++) {
      assert_string_not_equal(record->run_id, mr_version_page_at(page, count - 1 - k)->run_id);
    }
  }
  mr_version_page_free(page);
  mr_model_free(model);
  mr_registry_close(registry);
}
