/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody who may write to the folders that the library works in swaps folders and files for
 * symlinks to a place that is none of its business, as fast as he can or just before each call of
 * the system in turn. Nothing there is ever written, and nothing that is read there is ever handed
 * out. */
#include "env_calls.h"
#include "env_stage.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static const char good_a[] = "the first version of what belongs there";
static const char good_b[] = "another version of what belongs there!!";
static const char secret[] = "what nobody but its owner may ever see!";
#define SECRET_SIZE (sizeof secret - 1)

/* What lies outside, and would be found by names that are used inside. */
static const char *const outside_names[] = {
    "", "er", "er/one.txt", "one.txt", "tmp", "blobs", "ab",
};
enum { OUTSIDE_COUNT = sizeof outside_names / sizeof outside_names[0] };

typedef struct raid {
  char home[96];
  char outside[112];
  char db[112];
  char work[112]; /* what the calls work in */
  mr_registry *registry;
  struct timespec changed[OUTSIDE_COUNT];
  char *picture;
  /* Swapped for links to `outside`, or to the same name in it. */
  char targets[4][160];
  char replacements[4][160];
  int target_count;
  atomic_bool stop;
  atomic_llong swaps;
  int64_t done;
  int64_t refused;
} raid;

static void stat_outside(const raid *r, struct timespec out[OUTSIDE_COUNT]) {
  for (int i = 0; i < OUTSIDE_COUNT; i++) {
    struct stat info;
    assert_int_equal(lstat(api_path(r->outside, outside_names[i]), &info), 0);
    out[i] = info.st_mtim;
  }
}

static void make_outside(raid *r) {
  assert_int_equal(mkdir(r->outside, 0755), 0);
  for (int i = 1; i < OUTSIDE_COUNT; i++) {
    const char *path = api_path(r->outside, outside_names[i]);
    bool file = strchr(outside_names[i], '.') != NULL;
    if (file) api_write_file(path, secret, SECRET_SIZE);
    if (!file) assert_int_equal(mkdir(path, 0755), 0);
  }
  r->picture = api_picture(r->outside);
  stat_outside(r, r->changed);
}

/* Nothing came, went or changed outside, not even for a moment. */
static void check_outside(raid *r) {
  struct timespec now[OUTSIDE_COUNT];
  stat_outside(r, now);
  assert_memory_equal(now, r->changed, sizeof now);
  api_assert_picture(r->outside, r->picture);
  r->picture = api_picture(r->outside);
}

/* What is right inside lies outside as well: to find it there would look right. */
static void lay_bait(raid *r) {
  api_write_file(api_path(r->outside, "er/one.txt"), good_a, SECRET_SIZE);
  free(r->picture);
  r->picture = api_picture(r->outside);
  stat_outside(r, r->changed);
}

static int setup(void **state) {
  raid *r = calloc(1, sizeof *r);
  api_place *place = NULL;
  if (r == NULL || api_setup((void **)&place) != 0) return -1;
  env_make_home(place, r->home);
  (void)api_teardown((void **)&place);
  (void)snprintf(r->outside, sizeof r->outside, "%s/outside", r->home);
  (void)snprintf(r->db, sizeof r->db, "%s/R.db", r->home);
  (void)snprintf(r->work, sizeof r->work, "%s/work", r->home);
  make_outside(r);
  r->registry = api_open(r->db, MR_OPEN_CREATE);
  *state = r;
  return 0;
}

static int teardown(void **state) {
  raid *r = *state;
  mr_registry_close(r->registry);
  api_remove_tree(r->home);
  free(r->picture);
  free(r);
  return 0;
}

#define raid_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* --- the raider ------------------------------------------------------------------------------- */

static void add_target(raid *r, const char *target, const char *replacement) {
  (void)snprintf(r->targets[r->target_count], sizeof r->targets[0], "%s", target);
  (void)snprintf(r->replacements[r->target_count], sizeof r->replacements[0], "%s", replacement);
  r->target_count++;
}

static void *swap(void *ctx) {
  raid *r = ctx;
  char kept[4][512];
  for (int i = 0; i < r->target_count; i++)
    (void)snprintf(kept[i], sizeof kept[i], "%s.kept", r->targets[i]);
  for (unsigned turn = 0; !atomic_load(&r->stop); turn++) {
    int i = (int)(turn % (unsigned)r->target_count);
    const char *target = r->targets[i];
    if (rename(target, kept[i]) != 0) continue;
    if (symlink(r->replacements[i], target) == 0) {
      atomic_fetch_add(&r->swaps, 1);
      for (volatile unsigned wait = 0; wait < turn % 97 * 64; wait = wait + 1) {
      }
    }
    /* Takes the place of the link, or of what the library has made there meanwhile; a folder that
     * is not empty stays. */
    if (unlink(target) != 0) (void)rmdir(target);
    if (rename(kept[i], target) != 0) api_remove_tree(kept[i]);
  }
  return NULL;
}

static void check_answer(raid *r, int turn, mr_status status, const mr_error *error) {
  if (status == MR_OK) {
    r->done++;
    return;
  }
  r->refused++;
  if (!api_is_good_message(error->message)) fail_msg("try %d: %s", turn, error->message);
  bool typed = status == MR_TAMPERED || status == MR_IO || status == MR_NOT_FOUND ||
               status == MR_INVALID_ARGUMENT;
  if (!typed) fail_msg("try %d: %s: %s", turn, mr_status_name(status), error->message);
  assert_null(strstr(error->message, secret));
}

/* Calls `act` over and over beside the raider; each ends well or with a status. */
static void run_raid(raid *r, int tries, mr_status (*act)(raid *r, int turn, mr_error *error)) {
  pthread_t thread;
  int64_t done = r->done;
  int64_t refused = r->refused;
  atomic_store(&r->stop, false);
  assert_int_equal(pthread_create(&thread, NULL, swap, r), 0);
  for (int i = 0; i < tries || r->done == done || r->refused == refused; i++) {
    mr_error error = MR_ERROR_INIT;
    mr_status status = act(r, i, &error);
    check_answer(r, i, status, &error);
  }
  atomic_store(&r->stop, true);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_true(atomic_load(&r->swaps) > tries / 1000);
  check_outside(r);
}

/* --- the ambush ------------------------------------------------------------------------------- */

/* One swap, before the call `from`, taken back before the call `to`; 0: when all is over. */
typedef struct ambush {
  const char *target;
  const char *replacement;
  char kept[512];
  int64_t from;
  int64_t to;
  int64_t calls;
  bool swapped;
} ambush;

/* Unless the library has put something else in the place of the link. */
static void take_back(ambush *a) {
  struct stat info;
  if (!a->swapped) return;
  a->swapped = false;
  assert_int_equal(lstat(a->target, &info), 0);
  if (S_ISLNK(info.st_mode)) {
    assert_int_equal(unlink(a->target), 0);
    assert_int_equal(rename(a->kept, a->target), 0);
  } else {
    assert_int_equal(unlink(a->kept), 0);
  }
}

static void before_call(void *ctx) {
  ambush *a = ctx;
  a->calls++;
  if (a->calls == a->to) take_back(a);
  if (a->calls != a->from || rename(a->target, a->kept) != 0) return;
  assert_int_equal(symlink(a->replacement, a->target), 0);
  a->swapped = true;
}

/* Every target is swapped before every call that `act` makes, for one call, for some, and until it
 * returns; `fresh` makes what it works on as it must be first. */
static void run_ambush(raid *r, mr_status (*act)(raid *r, int turn, mr_error *error), int turn,
                       void (*fresh)(raid *r), void (*check)(raid *r)) {
  static const int64_t lengths[] = {1, 2, 4, 8, 0};
  int64_t refused = r->refused;
  for (int t = 0; t < r->target_count; t++) {
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
      ambush a = {.target = r->targets[t], .replacement = r->replacements[t]};
      (void)snprintf(a.kept, sizeof a.kept, "%s.kept", a.target);
      for (a.from = 1; a.from == 1 || a.calls >= a.from - 1; a.from++, turn += 8) {
        mr_error error = MR_ERROR_INIT;
        a.to = lengths[i] == 0 ? 0 : a.from + lengths[i];
        a.calls = 0;
        fresh(r);
        env_calls_watch(before_call, &a);
        mr_status status = act(r, turn, &error);
        env_calls_watch(NULL, NULL);
        take_back(&a);
        check_answer(r, turn, status, &error);
        if (status == MR_OK) check(r);
      }
      assert_true(a.from > 4);
    }
    assert_true(r->refused > refused);
  }
  check_outside(r);
}

/* --- the calls -------------------------------------------------------------------------------- */

static mr_version *versions[2];

static void make_versions(raid *r) {
  static const char *const texts[] = {good_a, good_b};
  mr_experiment *experiment = NULL;
  mr_model *model = api_make_model(r->registry);
  OK(mr_registry_open_experiment(r->registry, "digits", &experiment, &api_error));
  for (int i = 0; i < 2; i++) {
    mr_run *run = NULL;
    OK(mr_experiment_start_run(experiment, NULL, &run, &api_error));
    OK(mr_run_log_artifact_bytes(run, "model/deep/er/one.txt", (const uint8_t *)texts[i],
                                 SECRET_SIZE, &api_error));
    OK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &api_error));
    versions[i] = api_make_version(model, run);
    mr_run_free(run);
  }
  mr_experiment_free(experiment);
  mr_model_free(model);
}

static void free_versions(void) {
  mr_version_free(versions[0]);
  mr_version_free(versions[1]);
}

/* The other version than there is, so that each call has to write. */
static mr_status fetch(raid *r, int turn, mr_error *error) {
  return mr_version_fetch(versions[turn % 2], r->work, NULL, NULL, error);
}

/* The folder has the other version's content, so that the bait must not be taken for it. */
static void spoil(raid *r) {
  api_write_file(api_path(r->work, "deep/er/one.txt"), good_b, SECRET_SIZE);
}

static void check_fetched(raid *r) {
  size_t size = 0;
  uint8_t *bytes = api_read_file(api_path(r->work, "deep/er/one.txt"), &size);
  assert_int_equal(size, SECRET_SIZE);
  assert_memory_equal(bytes, good_a, SECRET_SIZE);
  free(bytes);
}

static void test_fetch(void **state) {
  raid *r = *state;
  char er[128];
  make_versions(r);
  lay_bait(r);
  OK(mr_version_fetch(versions[0], r->work, NULL, NULL, &api_error));
  (void)snprintf(er, sizeof er, "%s/er", r->outside);
  add_target(r, api_path(r->work, "deep"), r->outside);
  add_target(r, api_path(r->work, "deep/er"), er);
  add_target(r, api_path(r->work, "deep/er/one.txt"), api_path(r->outside, "one.txt"));
  run_ambush(r, fetch, 0, spoil, check_fetched);
  run_raid(r, api_scaled(50000), fetch);
  free_versions();
}

/* Of a folder whose every file is as it must be, or is not there: what lies outside is never taken
 * for the good content, and never read as if it were inside. */
static mr_status verify(raid *r, int turn, mr_error *error) {
  mr_report *report = NULL;
  (void)turn;
  mr_status status = mr_version_verify(versions[0], r->work, NULL, &report, error);
  if (status != MR_OK) return status;
  bool fine = mr_report_count(report) == 0;
  mr_report_free(report);
  if (fine) return MR_OK;
  (void)snprintf(error->message, sizeof error->message, "differs");
  return MR_TAMPERED;
}

static void refuse_all(raid *r) {
  (void)r;
  fail_msg("what lies outside was taken for what lies inside");
}

static void test_verify(void **state) {
  raid *r = *state;
  char er[128];
  make_versions(r);
  OK(mr_version_fetch(versions[0], r->work, NULL, NULL, &api_error));
  lay_bait(r);
  (void)snprintf(er, sizeof er, "%s/er", r->outside);
  add_target(r, api_path(r->work, "deep"), r->outside);
  add_target(r, api_path(r->work, "deep/er"), er);
  run_ambush(r, verify, 0, spoil, refuse_all);
  OK(mr_version_fetch(versions[0], r->work, NULL, NULL, &api_error));
  run_raid(r, api_scaled(15000), verify);
  OK(mr_version_verify(versions[0], r->work, NULL, NULL, &api_error));
  free_versions();
}

static mr_run *put_run;

static mr_status put(raid *r, int turn, mr_error *error) {
  char text[64];
  char path[64];
  (void)r;
  int size = snprintf(text, sizeof text, "number %d", turn);
  (void)snprintf(path, sizeof path, "made/%d.txt", turn);
  return mr_run_log_artifact_bytes(put_run, path, (const uint8_t *)text, (size_t)size, error);
}

static void leave(raid *r) {
  (void)r;
}

/* What was acknowledged is there when the raider has gone, whatever he did to the folders that he
 * put back. */
static void check_puts(raid *r) {
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  int64_t count = 0;
  char token[128] = "";
  for (bool more = true; more;) {
    mr_artifact_page *page = NULL;
    options.limit = 1000;
    options.token = token[0] == '\0' ? NULL : token;
    OK(mr_run_list_artifacts(put_run, &options, &page, &api_error));
    count += mr_artifact_page_count(page);
    const char *next = mr_artifact_page_next_token(page);
    more = next != NULL;
    if (more) (void)snprintf(token, sizeof token, "%s", next);
    mr_artifact_page_free(page);
  }
  assert_int_equal(count, r->done);
}

static void test_put(void **state) {
  raid *r = *state;
  char folder[128];
  char blobs[128];
  char tmp[128];
  mr_experiment *experiment = NULL;
  (void)snprintf(folder, sizeof folder, "%s.d", r->db);
  (void)snprintf(blobs, sizeof blobs, "%s/blobs", r->outside);
  (void)snprintf(tmp, sizeof tmp, "%s/tmp", r->outside);
  OK(mr_registry_open_experiment(r->registry, "e", &experiment, &api_error));
  OK(mr_experiment_start_run(experiment, NULL, &put_run, &api_error));
  OK(mr_run_log_artifact_bytes(put_run, "first", (const uint8_t *)"abc", 3, &api_error));
  r->done = 1;
  add_target(r, api_path(folder, "blobs"), blobs);
  add_target(r, api_path(folder, "tmp"), tmp);
  run_ambush(r, put, 1 << 20, leave, leave);
  add_target(r, api_path(folder, "blobs/00"), api_path(r->outside, "ab"));
  add_target(r, api_path(folder, "blobs/a0"), api_path(r->outside, "ab"));
  run_raid(r, api_scaled(20000), put);
  check_puts(r);
  mr_run_free(put_run);
  mr_experiment_free(experiment);
}

/* The digest of what lies outside. */
static void digest_of_secret(const raid *r, char out[80]) {
  mr_manifest *manifest = NULL;
  OK(mr_manifest_new(&manifest, &api_error));
  OK(mr_manifest_add_file(manifest, api_path(r->outside, "one.txt"), "x", &api_error));
  (void)snprintf(out, 80, "%s", mr_manifest_at(manifest, 0)->digest);
  mr_manifest_free(manifest);
}

static mr_experiment *data_experiment;
static char secret_digest[80];

/* A folder is read, and now and then kept: never with what lies outside. */
static mr_status snapshot(raid *r, int turn, mr_error *error) {
  mr_manifest *manifest = NULL;
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  options.freeze = 1;
  mr_status status = mr_manifest_new(&manifest, error);
  if (status == MR_OK) status = mr_manifest_add_folder(manifest, r->work, NULL, error);
  for (int64_t i = 0; i < mr_manifest_count(manifest); i++) {
    assert_string_not_equal(mr_manifest_at(manifest, i)->digest, secret_digest);
  }
  if (turn % 8 == 4) {
    char path[64];
    (void)snprintf(path, sizeof path, "taken/%d", turn);
    mr_status taken = mr_run_log_artifact(put_run, r->work, path, NULL, error);
    if (status == MR_OK) status = taken;
  }
  if (status == MR_OK && turn % 8 == 0) {
    status = mr_experiment_log_dataset(data_experiment, "d", manifest, &options, NULL, error);
  }
  mr_manifest_free(manifest);
  return status;
}

static void test_snapshot(void **state) {
  raid *r = *state;
  char er[128];
  char path[256];
  digest_of_secret(r, secret_digest);
  OK(mr_registry_open_experiment(r->registry, "e", &data_experiment, &api_error));
  OK(mr_experiment_start_run(data_experiment, NULL, &put_run, &api_error));
  assert_int_equal(mkdir(r->work, 0755), 0);
  assert_int_equal(mkdir(api_path(r->work, "deep"), 0755), 0);
  assert_int_equal(mkdir(api_path(r->work, "deep/er"), 0755), 0);
  api_write_file(api_path(r->work, "deep/er/one.txt"), good_a, SECRET_SIZE);
  api_write_file(api_path(r->work, "deep/one.txt"), good_b, SECRET_SIZE);
  (void)snprintf(er, sizeof er, "%s/er", r->outside);
  add_target(r, api_path(r->work, "deep"), r->outside);
  add_target(r, api_path(r->work, "deep/er"), er);
  add_target(r, api_path(r->work, "deep/one.txt"), api_path(r->outside, "one.txt"));
  run_ambush(r, snapshot, 1 << 20, leave, leave);
  run_ambush(r, snapshot, (1 << 24) + 4, leave, leave);
  run_raid(r, api_scaled(15000), snapshot);
  (void)snprintf(path, sizeof path, "%s.d/blobs/%.2s/%s", r->db, secret_digest, secret_digest + 2);
  assert_false(api_exists(path));
  mr_run_free(put_run);
  mr_experiment_free(data_experiment);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      raid_test(test_fetch),
      raid_test(test_verify),
      raid_test(test_put),
      raid_test(test_snapshot),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
