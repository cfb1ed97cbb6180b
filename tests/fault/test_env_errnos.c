/* SPDX-License-Identifier: Apache-2.0 */
/* Every system call on files fails in turn, the library's own and SQLite's, in each way that disks,
 * quotas, permissions and tables of descriptors have of failing, once and from then on: every kind
 * of write is done, or a status tells of what and leaves every row as it was; and then it works,
 * with the same handles. */
#include "env_calls.h"
#include "env_stage.h"

#include <errno.h>
#include <unistd.h>

typedef struct failing {
  int code;
  bool for_ever;
} failing;

static const failing ways[] = {
    {EIO, false},    {ENOSPC, true}, {EDQUOT, false}, {EACCES, true},     {EMFILE, false},
    {ENFILE, true},  {EIO, true},    {ENOSPC, false}, {ENV_SHORT, true},  {EDQUOT, true},
    {EACCES, false}, {EMFILE, true}, {ENFILE, false}, {ENV_SHORT, false},
};
enum { WAYS = sizeof ways / sizeof *ways };

typedef struct sweep {
  char home[96];
  char data[96];
  env_lab lab;
  sqlite3 *look;
  int refused[WAYS];
} sweep;

static int lowest_free(void) {
  int fd = dup(0);
  assert_true(fd >= 0 && close(fd) == 0);
  return fd;
}

static void open_lab(sweep *s) {
  env_lab_open(&s->lab, s->home, s->data);
  s->look = governed_look(s->lab.db);
}

static void close_lab(sweep *s) {
  governed_check(s->look);
  governed_check_file(s->look);
  governed_check_whole(s->lab.registry, 0);
  assert_int_equal(sqlite3_close(s->look), SQLITE_OK);
  env_lab_close(&s->lab);
}

/* --- what may be answered --------------------------------------------------------------------- */

static bool is_one_of(const char *call, const char *const *calls) {
  while (*calls != NULL && strcmp(call, *calls) != 0) calls++;
  return *calls != NULL;
}

/* Whether the status tells what went wrong. Of a call that moves bytes to the disk that is the
 * errno itself: it is how people learn of a quota. */
static bool is_typed(const env_step *step, const char *call, int code, mr_status status,
                     const mr_error *error) {
  static const char *const moving[] = {"write",     "pwrite",    "pwrite64",    "fsync",
                                       "fdatasync", "ftruncate", "ftruncate64", NULL};
  static const char *const opening[] = {"open", "open64", "stat", "stat64", "access", NULL};
  if (status == MR_IO && error->backend_code == code) return true;
  /* A registry in the making has no log yet, and SQLite forgets what its journal met. */
  bool making = strcmp(step->name, "create") == 0;
  if (code == ENV_SHORT || (is_one_of(call, moving) && !making)) return false;
  /* While it opens a log SQLite takes what cannot be read for damaged. */
  bool opens = making || strcmp(step->name, "open_again") == 0;
  if (status == MR_CORRUPT && opens && code == EIO) return true;
  /* SQLite forgets some, and opens a file for reading that it fails to open for writing. */
  if (status == MR_IO && error->backend_code == EIO) return true;
  if (is_one_of(call, opening)) {
    bool later = error->backend_code == ENOENT || error->backend_code == EBADF;
    return status == MR_READ_ONLY || (status == MR_IO && later);
  }
  /* A backup tells of content that it cannot read as it does of damaged content. */
  return status == MR_TAMPERED && strcmp(step->name, "back_up") == 0;
}

static void check_refusal(sweep *s, const env_step *step, const char *call, int way,
                          mr_status status, const mr_error *error) {
  if (call == NULL) fail_msg("%s: %s: %s", step->name, mr_status_name(status), error->message);
  s->refused[way]++;
  bool typed = is_typed(step, call, ways[way].code, status, error);
  /* Content that is read may be named by its digest alone. */
  bool named = strstr(error->message, " blob ") != NULL && strcmp(call, "write") != 0;
  if (typed && (named || env_is_named(&s->lab, error))) return;
  fail_msg("%s: %s with %d%s: %s %lld: %s", step->name, call, ways[way].code,
           ways[way].for_ever ? " for ever" : "", mr_status_name(status),
           (long long)error->backend_code, error->message);
}

/* --- the sweep -------------------------------------------------------------------------------- */

/* What stays where nothing can be removed: temporary files, which a fetched folder must not have,
 * and a backup that is all there and has its name, but was not synced. */
static void remove_rests(sweep *s) {
  static const char *const endings[] = {"", "-wal", "-shm"};
  api_remove_tree(s->lab.out);
  if (!api_exists(s->lab.copy)) return;
  env_whole_at(s->lab.copy);
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    char path[128];
    (void)snprintf(path, sizeof path, "%s%s", s->lab.copy, endings[i]);
    api_remove_tree(path);
  }
}

/* With the nth call going wrong; false when fewer are made. */
static bool take(sweep *s, const env_step *step, int64_t n, int way) {
  mr_error error = MR_ERROR_INIT;
  char *before = governed_dump(s->look);
  env_calls_fail(n, ways[way].for_ever, ways[way].code);
  mr_status status = step->act(&s->lab, &error);
  const char *call = env_calls_mend();
  char *after = governed_dump(s->look);
  if (status != MR_OK) {
    check_refusal(s, step, call, way, status, &error);
    if (strcmp(before, after) != 0) fail_msg("%s, refused at %s, left rows", step->name, call);
    if (ways[way].for_ever) remove_rests(s);
  } else if (!env_is_done(&s->lab, step, s->look)) {
    fail_msg("%s is acknowledged and not done, with %d at %s", step->name, ways[way].code,
             call == NULL ? "nothing" : call);
  }
  free(before);
  free(after);
  bool more = call != NULL || ways[way].code == ENV_SHORT;
  if (more && status == MR_OK) {
    close_lab(s);
    open_lab(s);
  }
  return more;
}

/* Every call of the step goes wrong in one way; which, turns. */
static void sweep_step(sweep *s, const env_step *step, int turn) {
  int fds = lowest_free();
  int64_t n = 1;
  open_lab(s);
  while (take(s, step, n, (int)((n + turn) % WAYS))) n++;
  assert_true(n > 1);
  close_lab(s);
  assert_int_equal(lowest_free(), fds);
}

static void test_every_call_and_errno(void **state) {
  const api_place *place = *state;
  sweep s;
  memset(&s, 0, sizeof s);
  env_make_home(place, s.home);
  (void)snprintf(s.data, sizeof s.data, "%s/data", place->folder);
  int turns = api_scaled(WAYS) < WAYS ? 1 : WAYS;
  for (int turn = 0; turn < turns; turn++) {
    for (int i = 0; env_steps[i].name != NULL; i++) sweep_step(&s, &env_steps[i], turn + i);
  }
  for (int way = 0; way < WAYS; way++) {
    /* Less than was asked for is no failure. */
    assert_int_equal(s.refused[way] > 0, ways[way].code != ENV_SHORT);
  }
  api_remove_tree(s.home);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      api_test(test_every_call_and_errno),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
