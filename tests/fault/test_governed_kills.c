/* SPDX-License-Identifier: Apache-2.0 */
/* A process that promotes, completes, moves, rolls back and yanks is killed at any moment: what it
 * was told is done is there, of the call that it was in all or nothing, and nothing is broken. */
#include "governed.h"
#include "victim.h"

#include <sys/wait.h>
#include <unistd.h>

enum { ENTRIES = 1024, CANDIDATES = 6, ROUNDS_OF_A_REGISTRY = 10, LONGEST_US = 60000 };

typedef enum deed { PROMOTED = 1, OPENED, CHECKED, COMPLETED, MOVED, ROLLED_BACK, YANKED } deed;

/* One call that returned, and what it said. */
typedef struct entry {
  deed what;
  int64_t sequence; /* of the channel, from then on */
  char id[40];      /* of the request, or the run of a check */
  char number[40];  /* of the version, without build metadata */
  char other[40];   /* its replacement */
} entry;

/* How much there is of what the calls make. */
typedef struct extent {
  int64_t versions;
  int64_t moves;
  int64_t changes;
} extent;

/* What outlives the process: memory that the parent shares. */
typedef struct ledger {
  atomic_int inside; /* the call that is under way, or 0 */
  atomic_int ready;
  atomic_int count;
  extent before;
  entry entries[ENTRIES];
} ledger;

typedef struct victim {
  const api_place *place;
  ledger *book;
  int round;
  uint64_t random;
  mr_registry *registry;
  mr_model *model;
  char candidates[CANDIDATES][40];
  int candidate_count;
  int64_t sequence; /* of the channel */
} victim;

/* --- the victim --------------------------------------------------------------------------- */

static void begin(victim *v, deed what) {
  atomic_store(&v->book->inside, (int)what);
}

static void acknowledge(victim *v, deed what, const char *id, const char *number,
                        const char *other) {
  int at = atomic_load(&v->book->count);
  CHILD(at < ENTRIES);
  entry *e = &v->book->entries[at];
  memset(e, 0, sizeof *e);
  e->what = what;
  e->sequence = v->sequence;
  (void)snprintf(e->id, sizeof e->id, "%s", id);
  governed_core(number, e->number);
  (void)snprintf(e->other, sizeof e->other, "%s", other);
  atomic_store(&v->book->count, at + 1);
  atomic_store(&v->book->inside, 0);
}

static void do_promote(victim *v, const char *run_id) {
  governed_audit(v->registry, run_id);
  begin(v, PROMOTED);
  mr_request *request = api_promote(v->model, run_id);
  CHILD(mr_request_info(request)->state == MR_REQUEST_STATE_ACCEPTED);
  acknowledge(v, PROMOTED, mr_request_info(request)->id, mr_request_info(request)->version, "");
  mr_request_free(request);
}

static void do_complete(victim *v, const char *run_id) {
  mr_request *now = NULL;
  begin(v, OPENED);
  mr_request *request = api_promote(v->model, run_id);
  CHILD(mr_request_info(request)->state == MR_REQUEST_STATE_OPEN);
  acknowledge(v, OPENED, mr_request_info(request)->id, "", "");
  begin(v, CHECKED);
  governed_audit(v->registry, run_id);
  acknowledge(v, CHECKED, run_id, "", "");
  begin(v, COMPLETED);
  OK(mr_request_complete(request, NULL, &now, &api_error));
  CHILD(mr_request_info(now)->state == MR_REQUEST_STATE_ACCEPTED);
  acknowledge(v, COMPLETED, mr_request_info(now)->id, mr_request_info(now)->version, "");
  mr_request_free(now);
  mr_request_free(request);
}

static void do_move(victim *v) {
  char held[40];
  char number[40];
  v->sequence = governed_held(v->model, held);
  if (!governed_pick(v->model, &v->random, held, number)) return;
  begin(v, MOVED);
  mr_request *request = api_move(v->model, "production", number, held);
  CHILD(mr_request_info(request)->state == MR_REQUEST_STATE_ACCEPTED);
  v->sequence++;
  acknowledge(v, MOVED, mr_request_info(request)->id, number, "");
  mr_request_free(request);
}

static void do_roll_back(victim *v) {
  char held[40];
  mr_version *version = NULL;
  mr_roll_back_options options = MR_ROLL_BACK_OPTIONS_INIT;
  v->sequence = governed_held(v->model, held);
  options.channel = "production";
  options.expected = held;
  begin(v, ROLLED_BACK);
  mr_status status = mr_model_roll_back_channel(v->model, &options, &version, &api_error);
  CHILD(status == MR_OK || status == MR_NOT_FOUND);
  if (status == MR_OK) {
    v->sequence++;
    acknowledge(v, ROLLED_BACK, "", mr_version_info(version)->number, "");
  }
  atomic_store(&v->book->inside, 0);
  mr_version_free(version);
}

/* The version in the channel, for which another one comes. */
static void do_yank(victim *v) {
  char held[40];
  char number[40];
  mr_version *version = NULL;
  mr_yank_options options = MR_YANK_OPTIONS_INIT;
  v->sequence = governed_held(v->model, held);
  if (strcmp(held, "none") == 0 || !governed_pick(v->model, &v->random, held, number)) return;
  OK(mr_model_open_version(v->model, held, &version, &api_error));
  options.reason = "wrong labels";
  options.replacement = number;
  begin(v, YANKED);
  OK(mr_version_yank(version, &options, &api_error));
  v->sequence++;
  acknowledge(v, YANKED, "", held, number);
  mr_version_free(version);
}

static extent extent_of(sqlite3 *look) {
  return (extent){.versions = governed_count(look, "SELECT count(*) FROM version"),
                  .moves = governed_count(look, "SELECT count(*) FROM channel_move"),
                  .changes = governed_count(look, "SELECT count(*) FROM version_change")};
}

static void make_candidates(victim *v) {
  while (v->candidate_count < CANDIDATES) {
    governed_candidate(v->registry, false, v->candidates[v->candidate_count++]);
  }
}

static void govern_for_ever(void *ctx) {
  victim *v = ctx;
  api_seed((uint64_t)v->round + 7000);
  v->registry = api_open(v->place->db, 0);
  v->model = api_make_model(v->registry);
  make_candidates(v);
  sqlite3 *look = governed_look(v->place->db);
  v->book->before = extent_of(look);
  CHILD(sqlite3_close(look) == SQLITE_OK);
  atomic_store(&v->book->ready, 1);
  while (atomic_load(&v->book->count) < ENTRIES - 3) {
    uint64_t pick = governed_random(&v->random) % 6;
    if (v->candidate_count == 0) make_candidates(v);
    if (pick == 0) do_promote(v, v->candidates[--v->candidate_count]);
    if (pick == 1) do_complete(v, v->candidates[--v->candidate_count]);
    if (pick == 2 || pick == 3) do_move(v);
    if (pick == 4) do_roll_back(v);
    if (pick == 5) do_yank(v);
  }
  for (;;) (void)pause(); /* the book is full before the parent came to it */
}

/* --- afterwards --------------------------------------------------------------------------- */

static void check_open(mr_registry *registry, const entry *e) {
  mr_request *request = NULL;
  OK(mr_registry_open_request(registry, e->id, &request, &api_error));
  mr_request_state state = mr_request_info(request)->state;
  CHILD(state == MR_REQUEST_STATE_OPEN || state == MR_REQUEST_STATE_ACCEPTED);
  mr_request_free(request);
}

static void check_report(mr_registry *registry, const entry *e) {
  mr_run *run = NULL;
  mr_check_page *page = NULL;
  OK(mr_registry_open_run(registry, e->id, &run, &api_error));
  OK(mr_run_list_checks(run, NULL, &page, &api_error));
  CHILD(mr_check_page_count(page) == 1);
  CHILD(mr_check_page_at(page, 0)->result == MR_CHECK_RESULT_PASSED);
  mr_check_page_free(page);
  mr_run_free(run);
}

/* The change of the channel that the entry stands for is the one of that sequence. */
static void check_moved(const mr_channel_move_page *moves, const entry *e) {
  const mr_channel_move_record *r =
      governed_move_at(moves, e->sequence, e->what == YANKED ? e->other : e->number);
  if (e->what == ROLLED_BACK) CHILD(r->kind == MR_CHANNEL_MOVE_KIND_ROLLED_BACK);
  if (e->what == MOVED) {
    CHILD(r->kind == MR_CHANNEL_MOVE_KIND_MOVED);
    CHILD(r->request_id != NULL && strcmp(r->request_id, e->id) == 0);
  }
}

static void check_yanked(mr_model *model, const entry *e) {
  mr_version *version = NULL;
  char core[40];
  OK(mr_model_open_version(model, e->number, &version, &api_error));
  const mr_version_record *r = mr_version_info(version);
  CHILD(r->status == MR_VERSION_STATUS_YANKED && r->replacement != NULL);
  governed_core(r->replacement, core);
  CHILD(strcmp(core, e->other) == 0);
  CHILD(strcmp(r->status_reason, "wrong labels") == 0);
  mr_version_free(version);
}

/* Of the call that was under way there is all or nothing, and of no other anything more. */
static void check_extent(const ledger *book, const extent *now) {
  extent told = book->before;
  for (int i = 0; i < atomic_load(&book->count); i++) {
    deed what = book->entries[i].what;
    told.versions += what == PROMOTED || what == COMPLETED;
    told.moves += what == MOVED || what == ROLLED_BACK || what == YANKED;
    told.changes += what == YANKED;
  }
  deed inside = (deed)atomic_load(&book->inside);
  int64_t versions = now->versions - told.versions;
  int64_t moves = now->moves - told.moves;
  int64_t changes = now->changes - told.changes;
  CHILD(versions == 0 || (versions == 1 && (inside == PROMOTED || inside == COMPLETED)));
  CHILD(moves == 0 ||
        (moves == 1 && (inside == MOVED || inside == ROLLED_BACK || inside == YANKED)));
  CHILD(changes == 0 || (changes == 1 && inside == YANKED));
  if (inside == YANKED) CHILD(moves == changes);
}

static void check_entries(mr_registry *registry, mr_model *model, const ledger *book) {
  mr_channel_move_page *moves = NULL;
  mr_channel_move_list_options options = MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
  options.channel = "production";
  options.limit = MR_LIST_MAX_LIMIT;
  OK(mr_model_list_channel_moves(model, &options, &moves, &api_error));
  for (int i = 0; i < atomic_load(&book->count); i++) {
    const entry *e = &book->entries[i];
    if (e->what == PROMOTED || e->what == COMPLETED)
      governed_check_promoted(registry, e->id, e->number);
    if (e->what == OPENED) check_open(registry, e);
    if (e->what == CHECKED) check_report(registry, e);
    if (e->what >= MOVED) check_moved(moves, e);
    if (e->what == YANKED) check_yanked(model, e);
  }
  mr_channel_move_page_free(moves);
}

static void look_after(void *ctx) {
  victim *v = ctx;
  v->registry = api_open(v->place->db, 0);
  v->model = api_make_model(v->registry);
  governed_check_at(v->place->db);
  sqlite3 *look = governed_look(v->place->db);
  extent now = extent_of(look);
  check_extent(v->book, &now);
  check_entries(v->registry, v->model, v->book);
  CHILD(sqlite3_close(look) == SQLITE_OK);
  mr_model_free(v->model);
  mr_registry_close(v->registry);
}

/* --- killing ------------------------------------------------------------------------------ */

/* Kills a victim after some time in its calls; true when that was inside of one. */
static bool kill_one(victim *v, int64_t after_us) {
  ledger *book = v->book;
  atomic_store(&book->inside, 0);
  atomic_store(&book->ready, 0);
  atomic_store(&book->count, 0);
  victim_kill(govern_for_ever, v, &book->ready, after_us);
  return atomic_load(&book->inside) != 0;
}

static void test_killed_while_governing(void **state) {
  const api_place *first = *state;
  api_place place = *first;
  ledger *book = victim_share(api_path(first->folder, "ledger"), sizeof *book, true);
  uint64_t moments = UINT64_C(0x9e3779b97f4a7c15);
  int rounds = api_scaled(200) < 20 ? 20 : api_scaled(200);
  int hits = 0;
  int64_t told = 0;
  for (int round = 0; round < rounds; round++) {
    if (round % ROUNDS_OF_A_REGISTRY == 0) {
      (void)snprintf(place.db, sizeof place.db, "%s/R%d.db", place.folder, round);
      governed_create_apart(place.db, 3);
    }
    victim v = {.place = &place, .book = book, .round = round};
    v.random = UINT64_C(0xa24baed4963ee407) + (uint64_t)round;
    int64_t after_us = (int64_t)(governed_random(&moments) % LONGEST_US);
    if (kill_one(&v, after_us)) hits++;
    told += atomic_load(&book->count);
    int status = 0;
    pid_t pid = api_fork(look_after, &v);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status != 0) {
      fail_msg("round %d, killed after %lld us within call %d, %d acknowledged", round,
               (long long)after_us, atomic_load(&book->inside), atomic_load(&book->count));
    }
  }
  print_message("%d of %d kills hit inside a call, %lld calls were acknowledged\n", hits, rounds,
                (long long)told);
  assert_true(hits > 0);
  assert_true(told > 0);
  victim_unshare(book, sizeof *book);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_killed_while_governing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
