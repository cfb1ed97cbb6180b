/* SPDX-License-Identifier: Apache-2.0 */
#include "api_stage.h"

mr_registry *api_stage_open(api_stage *s, mr_status *status) {
  mr_registry *registry = NULL;
  mr_open_options options = api_open_options(MR_OPEN_CREATE);
  options.allocator = &s->memory.allocator;
  *status = mr_registry_open(s->place->db, &options, &registry, &api_error);
  return registry;
}

void api_stage_remove(const api_stage *s) {
  static const char *const names[] = {"R.db", "R.db-wal", "R.db-shm", "R.db-journal", "R.db.d"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    api_remove_tree(api_path(s->place->folder, names[i]));
  }
}

static void open_stage(api_stage *s, const api_scenario *plan) {
  mr_status status;
  s->registry = api_stage_open(s, &status);
  OK(status);
  s->other = api_open(s->place->db, 0);
  s->serial++;
  plan->before(s);
}

static void close_stage(api_stage *s) {
  mr_manifest_free(s->manifest);
  mr_version_free(s->version);
  mr_model_free(s->model);
  mr_run_free(s->run);
  mr_experiment_free(s->experiment);
  mr_registry_close(s->registry);
  mr_registry_close(s->other);
  s->manifest = NULL;
  s->version = NULL;
  s->model = NULL;
  s->run = NULL;
  s->experiment = NULL;
  if (s->memory.live != 0) fail_msg("%lld blocks leaked", (long long)s->memory.live);
}

/* One try with the nth allocation failing. False when none failed, so that there are fewer. */
static bool try_at(api_stage *s, const api_scenario *plan, int64_t n, bool for_ever) {
  open_stage(s, plan);
  api_memory_fail(&s->memory, n, for_ever);
  mr_status status = plan->act(s);
  bool fired = atomic_load(&s->memory.fired);
  api_memory_fail(&s->memory, 0, false);
  if (status != MR_OK && (status != MR_NO_MEMORY || !fired)) {
    fail_msg("%s, allocation %lld: %s: %s", plan->name, (long long)n, mr_status_name(status),
             api_error.message);
  }
  plan->check(s, status == MR_OK);
  if (status != MR_OK) {
    OK(plan->act(s));
    plan->check(s, true);
  }
  close_stage(s);
  return fired;
}

void api_stage_run(const api_place *place, const api_scenario *plan, int64_t least) {
  for (int for_ever = 0; for_ever <= 1; for_ever++) {
    api_stage s;
    int64_t n = 1;
    memset(&s, 0, sizeof s);
    s.place = place;
    api_memory_init(&s.memory);
    (void)snprintf(s.target, sizeof s.target, "%s/out", place->folder);
    while (try_at(&s, plan, n, for_ever == 1)) n++;
    if (n < least) fail_msg("%s has only %lld allocations", plan->name, (long long)n);
    api_stage_remove(&s);
  }
}

void api_stage_nothing(api_stage *s) {
  (void)s;
}
