/* SPDX-License-Identifier: Apache-2.0 */
#include "host_life.h"

#include <sys/stat.h>
#include <unistd.h>

static api_world world;

static void refuse(const char *path, uint32_t flags, host_watch watch, void *ctx) {
  mr_registry *registry = NULL;
  mr_open_options options = api_open_options(flags);
  HOST_CHECK(mr_registry_open(path, &options, &registry, &api_error) != MR_OK, "%s opens", path);
  watch(ctx, path);
}

static void live_badly(const char *folder, host_watch watch, void *ctx) {
  const char *text = api_path(folder, "text");
  const char *empty = api_path(folder, "empty");
  api_write_file(text, "no registry at all, but long enough to look like something\n", 59);
  api_write_file(empty, NULL, 0);
  refuse(folder, 0, watch, ctx);
  refuse(text, 0, watch, ctx);
  refuse(empty, MR_OPEN_READ_ONLY, watch, ctx);
  refuse(api_path(folder, "none"), 0, watch, ctx);
  refuse(api_path(folder, "no/such"), MR_OPEN_CREATE, watch, ctx);
  refuse("", MR_OPEN_CREATE, watch, ctx);
  refuse("/dev/null", MR_OPEN_CREATE, watch, ctx);
}

/* How many arguments of the row can be changed. */
static int count_arguments(const api_call *row) {
  int count = 0;
  for (const char *at = row->arguments; at != NULL && *at != '\0'; count++) {
    at = strchr(at, ' ');
    if (at != NULL) at++;
  }
  return count;
}

static int call_well(host_watch watch, void *ctx) {
  const api_call *row;
  int calls = 0;
  for (size_t i = 0; (row = api_call_at(i)) != NULL; i++, calls++) {
    api_prepare(&world);
    mr_status status = row->call(&world, &api_error);
    HOST_CHECK(status == MR_OK, "%s: %s: %s", row->name, mr_status_name(status), api_error.message);
    watch(ctx, row->name);
  }
  return calls;
}

static int call_badly(host_watch watch, void *ctx) {
  const api_call *row;
  int refused = 0;
  for (size_t i = 0; (row = api_call_at(i)) != NULL; i++) {
    api_prepare(&world);
    for (int k = count_arguments(row) - 1; k >= 0; k--) {
      world.change = k;
      world.text = k % 2 == 0 ? NULL : "\xff\xfe";
      world.number_in = -7;
      refused += row->call(&world, &api_error) != MR_OK;
      watch(ctx, row->name);
    }
    world.change = -1;
  }
  return refused;
}

static void call_closed(host_watch watch, void *ctx) {
  const api_call *row;
  for (size_t i = 0; (row = api_call_at(i)) != NULL; i++) {
    mr_status status = row->call(&world, &api_error);
    if ((row->flags & API_ALONE) == 0) HOST_CHECK(status != MR_OK, "%s after closing", row->name);
    watch(ctx, row->name);
  }
}

void host_live(const char *folder, host_watch watch, void *ctx) {
  const char *db = api_path(folder, "R.db");
  char data[96];
  (void)snprintf(data, sizeof data, "%s/files", folder);
  HOST_CHECK(mkdir(data, 0755) == 0, "cannot make %s", data);
  memset(&world, 0, sizeof world);
  live_badly(folder, watch, ctx);
  world.registry = api_open(db, MR_OPEN_CREATE);
  watch(ctx, "opening");
  api_world_fill(&world, data);
  watch(ctx, "filling");
  mr_registry *reader = api_open(db, MR_OPEN_READ_ONLY);
  watch(ctx, "opening for reading");
  int calls = call_well(watch, ctx);
  HOST_CHECK(calls >= 90, "only %d functions were called", calls);
  int refused = call_badly(watch, ctx);
  HOST_CHECK(refused >= 200, "only %d calls were refused", refused);
  mr_registry_close(reader);
  mr_registry *closed = world.registry;
  mr_run *run = api_make_run(closed, 0.95);
  mr_registry_close(closed);
  watch(ctx, "closing");
  HOST_CHECK(mr_run_log_param(run, "late", "1", &api_error) == MR_CLOSED, "a closed run logs");
  watch(ctx, "using what is closed");
  mr_run_free(run);
  world.registry = NULL;
  call_closed(watch, ctx);
  api_world_free(&world);
  watch(ctx, "freeing");
}

typedef struct inherited {
  mr_registry *registry;
  mr_run *run;
} inherited;

static void use_inherited(void *ctx) {
  const inherited *it = ctx;
  CHILD(mr_run_log_param(it->run, "k", "v", &api_error) == MR_FORKED);
  mr_run_free(it->run);
  mr_registry_close(it->registry);
}

void host_live_forked(const char *folder) {
  inherited it = {.registry = api_open(api_path(folder, "forked.db"), MR_OPEN_CREATE)};
  it.run = api_make_run(it.registry, 0.95);
  api_wait(api_fork(use_inherited, &it));
  mr_run_free(it.run);
  mr_registry_close(it.registry);
}
