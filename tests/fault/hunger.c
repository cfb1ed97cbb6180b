/* SPDX-License-Identifier: Apache-2.0 */
#include "hunger.h"
#include "sqlite_famine.h"
#include "sqlite_refusal.h"
#include "vfs_shim.h"

/* What fails. */
typedef enum scarcity { HOST_MEMORY, SQLITE_MEMORY, DISK, SQLITE_CALLS } scarcity;

/* One way to go through everything that can fail. */
typedef struct course {
  scarcity what;
  mr_status expected; /* of a call that fails */
  bool warm;          /* all tries with one handle of the registry */
  bool for_ever;      /* once, or from then on */
  int64_t stride;
} course;

static void open_handles(hunger *h) {
  if (h->registry == NULL) {
    mr_open_options options = api_open_options(0);
    options.allocator = &h->memory.allocator;
    OK(mr_registry_open(h->place->db, &options, &h->registry, &api_error));
  }
  OK(mr_registry_open_model(h->registry, "digits", &h->model, &api_error));
  if (h->request_id[0] != '\0') {
    OK(mr_registry_open_request(h->registry, h->request_id, &h->request, &api_error));
  }
  if (h->number[0] != '\0') {
    OK(mr_model_open_version(h->model, h->number, &h->version, &api_error));
  }
  if (h->run_id[0] != '\0') {
    OK(mr_registry_open_run(h->registry, h->run_id, &h->run, &api_error));
  }
}

static void close_handles(hunger *h, bool registry_too) {
  mr_run_free(h->run);
  mr_version_free(h->version);
  mr_request_free(h->request);
  mr_model_free(h->model);
  h->run = NULL;
  h->version = NULL;
  h->request = NULL;
  h->model = NULL;
  if (!registry_too) return;
  mr_registry_close(h->registry);
  h->registry = NULL;
  long long live = atomic_load(&h->memory.live);
  if (live != 0) fail_msg("%lld blocks leaked", live);
}

static void fail_at(hunger *h, const course *c, int64_t n) {
  switch (c->what) {
  case HOST_MEMORY:
    api_memory_fail(&h->memory, n, c->for_ever);
    break;
  case SQLITE_MEMORY:
    sqlite_famine_fail(n, c->for_ever);
    break;
  case DISK:
    vfs_shim_reset();
    if (n > 0) vfs_shim_fail(VFS_IO, VFS_EVERY_FILE, n, c->for_ever, 0);
    break;
  case SQLITE_CALLS:
    sqlite_refusal_fail(n, c->for_ever, c->expected == MR_IO ? SQLITE_IOERR : SQLITE_NOMEM);
  }
}

static bool has_failed(hunger *h, const course *c) {
  switch (c->what) {
  case HOST_MEMORY:
    return atomic_load(&h->memory.fired);
  case SQLITE_MEMORY:
    return sqlite_famine_failed();
  case SQLITE_CALLS:
    return sqlite_refusal_failed();
  case DISK:
  default:
    return vfs_shim_failed();
  }
}

static void check_status(const course *c, int64_t n, mr_status status, bool fired) {
  if (status == MR_OK) return;
  if (!fired || status != c->expected) {
    print_error("%s failure %lld %s, from %s:\n", fired ? "after" : "before", (long long)n,
                c->for_ever ? "and on" : "alone", c->warm ? "warm" : "cold");
  }
  REFUSED(c->expected, NULL, status);
  assert_true(fired);
}

/* A try with the nth of them failing. False when none failed, so that there are fewer. */
static bool try_at(hunger *h, const hungry_call *call, const course *c, int64_t n, bool *done) {
  char *before = governed_dump(h->look);
  open_handles(h);
  api_error = (mr_error)MR_ERROR_INIT;
  fail_at(h, c, n);
  mr_status status = call->call(h);
  bool fired = has_failed(h, c);
  fail_at(h, c, 0);
  *done = status == MR_OK;
  check_status(c, n, status, fired);
  close_handles(h, !c->warm);
  char *after = governed_dump(h->look);
  bool same = strcmp(before, after) == 0;
  if (same == (*done && call->changes)) {
    fail_msg("failure %lld: %s, and the registry has %schanged", (long long)n,
             mr_status_name(status), same ? "not " : "");
  }
  if (!same) governed_check(h->look);
  free(before);
  free(after);
  return fired;
}

static void run_course(hunger *h, const hungry_call *call, const course *c) {
  bool done = true;
  int64_t failures = 0;
  int64_t n = 1;
  for (bool fired = true; fired; n += c->stride) {
    if (done) {
      h->serial++;
      if (call->prepare != NULL) call->prepare(h);
    }
    fired = try_at(h, call, c, n, &done);
    if (!done) failures++;
    if (n > 1000000) fail_msg("there is no end to it");
  }
  assert_true(done);
  close_handles(h, true);
  assert_true(failures > 0);
}

/* `ways`: a bit each; the second bit of a way's number is for warm caches, the first for ever. */
static void run_courses(const api_place *place, const hungry_call *call, scarcity what,
                        int64_t stride, unsigned ways) {
  hunger h;
  memset(&h, 0, sizeof h);
  h.place = place;
  api_memory_init(&h.memory);
  h.other = api_open(place->db, MR_OPEN_CREATE);
  governed_prepare(h.other);
  h.look = governed_look(place->db);
  for (int way = 0; way < 4; way++) {
    if ((ways >> way & 1u) == 0) continue;
    course c = {.what = what, .warm = way >= 2, .for_ever = way % 2 == 1};
    c.expected = what == DISK || (what == SQLITE_CALLS && c.warm) ? MR_IO : MR_NO_MEMORY;
    /* Warm caches leave little to allocate. */
    c.stride = c.warm && what == HOST_MEMORY ? 1 : stride;
    run_course(&h, call, &c);
  }
  governed_check(h.look);
  governed_check_file(h.look);
  assert_int_equal(sqlite3_close(h.look), SQLITE_OK);
  mr_registry_close(h.other);
}

/* Every `fine`th at MR_TEST_SCALE 1 and more, every `coarse`th below. */
static int64_t stride_of(int64_t fine, int64_t coarse) {
  return api_scaled(1000) >= 1000 ? fine : coarse;
}

void hunger_run(const api_place *place, const hungry_call *call) {
  run_courses(place, call, HOST_MEMORY, stride_of(1, 5), 15);
}

void hunger_run_sqlite(const api_place *place, const hungry_call *call) {
  run_courses(place, call, SQLITE_MEMORY, stride_of(7, 83), 15);
}

void hunger_run_disk(const api_place *place, const hungry_call *call) {
  run_courses(place, call, DISK, stride_of(1, 11), 15);
}

void hunger_run_refusals(const api_place *place, const hungry_call *call) {
  run_courses(place, call, SQLITE_CALLS, 1, api_scaled(1000) >= 1000 ? 15 : 5);
}
