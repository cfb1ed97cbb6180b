/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile names and paths, in every argument that takes text: refused with a reason, or kept exactly
 * as they are; and whatever they look like, nothing comes to be outside of the folders that belong
 * to the registry or were named as the place to write to. */
#include "api_calls.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define A10  "aaaaaaaaaa"
#define A50  A10 A10 A10 A10 A10
#define A250 A50 A50 A50 A50 A50
#define A500 A250 A250

static const char *const names[] = {
    "",
    ".",
    "..",
    "...",
    "/",
    "//",
    "/etc/passwd",
    "/etc",
    "../x",
    "../../x",
    "../../../../../../../../tmp/modelreg_escaped",
    "x/..",
    "x/../..",
    "x/../../y",
    "x/./y",
    "./x",
    "x//y",
    "x/",
    "/x",
    "x\\..\\y",
    "..\\x",
    "\\\\host\\share",
    "C:\\x",
    "C:x",
    "x:y",
    "%2e%2e",
    "%2e%2e%2fx",
    "%2e%2e/x",
    "..%2fx",
    "..%5cx",
    "%252e%252e%252fx",
    "%00",
    "x%00.txt",
    "%n%n%n%s%s",
    "%d%p%1000000s",
    "\xc0\xae\xc0\xae/x",
    "\xe0\x80\xae\xe0\x80\xae/x",
    "\xc0\xafx",
    "\xf0\x80\x80\xaf",
    "\xed\xa0\x80",
    "\xed\xb0\x80x",
    "\xf4\x90\x80\x80",
    "\xff\xfe",
    "\x80",
    "x\xe2\x82",
    "\xef\xbb\xbfx",
    "\xe2\x80\xaetxt.exe",
    "x\xe2\x80\xae",
    "\xe2\x81\xa6x\xe2\x81\xa9",
    "\xe2\x80\x8bx",
    "x\xe2\x80\xa8y",
    "x\xe2\x80\xa9y",
    "\xc2\x85",
    "x\xc2\x9by",
    "\xc2\xa0x",
    "\xef\xbc\x8e\xef\xbc\x8e/x",
    "\xe2\x88\x95x",
    "\xef\xbc\x8fx",
    "a\xcc\x81",
    "\xc3\xa1",
    "x.",
    "x..",
    "x ",
    " x",
    "  ",
    "\t",
    "x\ty",
    "x\ny",
    "x\n",
    "\r",
    "x\ry",
    "\x01",
    "\x1b[31mred",
    "x\x7f",
    "\b\b\b",
    "CON",
    "con.txt",
    "NUL",
    "nul",
    "AUX.bin",
    "COM1",
    "LPT1.txt",
    "CLOCK$",
    "x:$DATA",
    "-",
    "--help",
    "-rf",
    "~",
    "~root/x",
    "$HOME/x",
    "$(id)",
    "`id`",
    "x;id",
    "x|id",
    "x'y",
    "x\"y",
    "x' OR '1'='1",
    "'; DROP TABLE run; --",
    "*",
    "?",
    "[a-z]",
    "{a,b}",
    ".git/hooks/x",
    ".x",
    "R.db",
    "R.db.d/blobs",
    "blobs/00/x",
    "tmp-0",
    "memory:",
    "sqlite:memory:",
    "file:///etc/passwd",
    "file:x?mode=rwc",
    "postgresql://x/y",
    "null",
    "NaN",
    "0",
    "-1",
    "1e999",
    "1.0.0",
    "latest",
    "x@y",
    A250,
    A250 "a",
    A500 A500 "aaaaaaaaaaaaaaaaaaaaaaaa",
    A500 A500 "aaaaaaaaaaaaaaaaaaaaaaaaa",
    A500 A500 A500 A500 A500 A500 A500 A500 A50 A10 A10 A10 A10 "aaaaaa",
    A500 A500 A500 A500 A500 A500 A500 A500 A50 A10 A10 A10 A10 "aaaaaaa",
};
enum { NAME_COUNT = sizeof names / sizeof names[0] };

static api_world world;

static int setup(void **state) {
  return api_world_setup(state, &world);
}

static int teardown(void **state) {
  world.change = -1;
  assert_int_equal(chdir("/"), 0); /* also where a test failed in a folder that goes away */
  return api_world_teardown(state, &world);
}

#define name_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* A place that is none of the library's business: what it looks like, the working folder too. */
typedef struct watch {
  char folder[96];
  char working[96];
  char old[512];
  char *picture;
} watch;

static void watch_begin(watch *w, const api_place *place) {
  (void)snprintf(w->folder, sizeof w->folder, "%s/around", place->folder);
  (void)snprintf(w->working, sizeof w->working, "%s/around/in/here", place->folder);
  assert_int_equal(mkdir(w->folder, 0755), 0);
  assert_int_equal(mkdir(api_path(w->folder, "in"), 0755), 0);
  assert_int_equal(mkdir(w->working, 0755), 0);
  api_write_file(api_path(w->folder, "canary"), "canary", 6);
  w->picture = api_picture(w->folder);
  assert_non_null(getcwd(w->old, sizeof w->old));
  assert_int_equal(chdir(w->working), 0);
}

static void watch_end(watch *w) {
  assert_int_equal(chdir(w->old), 0);
  api_assert_picture(w->folder, w->picture);
  assert_false(api_exists("/tmp/modelreg_escaped"));
}

/* "name:kind" for the argument of that number; 0 when there is none. */
static char kind_of(const char *arguments, int index) {
  for (int i = 0; i < index; i++) {
    arguments = strchr(arguments, ' ');
    if (arguments == NULL) return '\0';
    arguments++;
  }
  const char *colon = strchr(arguments, ':');
  return colon == NULL ? '\0' : colon[1];
}

/* A local path may name any place of the caller's, so that only those that cannot be one are given
 * to calls that write there. */
static bool is_text(char kind) {
  return strchr("ncmvwpPidsreyNCMVWIDSREY", kind) != NULL && kind != '\0';
}

/* A message may end with what it quotes, also where that is a dot, or was cut. */
static bool is_fit(const char *message, const char *name) {
  size_t size = strlen(name);
  size_t length = strlen(message);
  bool cut = length > 3 && strcmp(message + length - 3, "...") == 0;
  bool dot = cut || (size > 0 && name[size - 1] == '.');
  return api_is_good_message(message) || (dot && strchr(message, '\n') == NULL);
}

/* Every argument of every call that takes text, but for paths of the file system. */
static void test_every_argument(void **state) {
  const api_place *place = *state;
  watch w;
  watch_begin(&w, place);
  int64_t refused = 0;
  int64_t kept = 0;
  const api_call *row;
  int stride = api_scaled(10) >= 10 ? 1 : 3;
  for (size_t i = 0; (row = api_call_at(i)) != NULL; i++) {
    for (int at = 0; kind_of(row->arguments, at) != '\0'; at++) {
      if (!is_text(kind_of(row->arguments, at))) continue;
      for (int k = (int)i % stride; k < NAME_COUNT; k += stride) {
        mr_error error = MR_ERROR_INIT;
        world.change = at;
        world.text = names[k];
        world.touched = false;
        mr_status status = row->call(&world, &error);
        world.change = -1;
        kept += status == MR_OK;
        refused += status != MR_OK;
        if (status == MR_OK) continue;
        if (world.touched) fail_msg("%s, '%s': an output of a failure", row->name, names[k]);
        if (!is_fit(error.message, names[k]))
          fail_msg("%s, '%s': %s", row->name, names[k], error.message);
        if (status == MR_IO || status == MR_CORRUPT || status == MR_TAMPERED)
          fail_msg("%s, '%s': %s: %s", row->name, names[k], mr_status_name(status), error.message);
      }
    }
  }
  assert_true(refused > 1000 && kept > 100);
  watch_end(&w);
}

/* What is taken is kept to the byte, what is refused is refused for what it is. */
static void check_name(const char *name) {
  size_t size = strlen(name);
  mr_error error = MR_ERROR_INIT;
  mr_model *model = NULL;
  mr_status status = mr_registry_create_model(world.registry, name, NULL, &model, &error);
  if (status == MR_OK) {
    assert_in_range(size, 1, 250);
    assert_string_equal(mr_model_info(model)->name, name);
    mr_model_free(model);
  } else if (status != MR_INVALID_ARGUMENT && status != MR_LIMIT && status != MR_ALREADY_EXISTS) {
    fail_msg("'%s': %s: %s", name, mr_status_name(status), error.message);
  }
  status = mr_run_log_param(world.run, name, name, &error);
  if (status == MR_OK) {
    assert_in_range(size, 1, 250);
  } else if (status != MR_INVALID_ARGUMENT && status != MR_LIMIT) {
    fail_msg("'%s': %s: %s", name, mr_status_name(status), error.message);
  }
}

static bool is_climbing(const char *path) {
  for (const char *part = path; *part != '\0'; part += *part == '/') {
    size_t size = strcspn(part, "/");
    if (size == 0 || (size == 1 && part[0] == '.') || (size == 2 && memcmp(part, "..", 2) == 0))
      return true;
    part += size;
    if (*part == '/' && part[1] == '\0') return true;
  }
  return path[0] == '\0';
}

/* An artifact of that path is refused, or comes out of the store under that path below the folder it
 * is fetched to. */
static void check_path(const char *path, mr_run *run) {
  mr_error error = MR_ERROR_INIT;
  mr_status status =
      mr_run_log_artifact_bytes(run, path, (const uint8_t *)path, strlen(path), &error);
  if (status == MR_OK) {
    mr_blob *blob = NULL;
    if (is_climbing(path) || strlen(path) > 1024) fail_msg("'%s' was taken", path);
    OK(mr_run_open_artifact(run, path, &blob, &api_error));
    assert_string_equal(mr_blob_info(blob)->path, path);
    mr_blob_free(blob);
  } else if (status != MR_INVALID_ARGUMENT && status != MR_LIMIT && status != MR_ALREADY_EXISTS) {
    fail_msg("'%s': %s: %s", path, mr_status_name(status), error.message);
  }
  mr_manifest *manifest = NULL;
  OK(mr_manifest_new(&manifest, &api_error));
  mr_status added = mr_manifest_add_file(manifest, world.file, path, &error);
  if (added == MR_OK) {
    assert_false(is_climbing(path));
    assert_string_equal(mr_manifest_at(manifest, 0)->path, path);
  } else if (added != MR_INVALID_ARGUMENT && added != MR_LIMIT) {
    fail_msg("'%s': %s: %s", path, mr_status_name(added), error.message);
  }
  mr_manifest_free(manifest);
}

static void test_names_are_kept(void **state) {
  const api_place *place = *state;
  watch w;
  watch_begin(&w, place);
  for (int i = 0; i < NAME_COUNT; i++) check_name(names[i]);
  watch_end(&w);
}

/* All the paths that an artifact may have are fetched at once: each lies below the folder under its
 * own name, and nothing beside it. */
static void test_paths_are_kept(void **state) {
  const api_place *place = *state;
  watch w;
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  watch_begin(&w, place);
  OK(mr_registry_open_experiment(world.registry, "paths", &experiment, &api_error));
  for (int i = 0; i < NAME_COUNT; i++) {
    mr_request *request = NULL;
    mr_version *version = NULL;
    mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
    char target[120];
    OK(mr_experiment_start_run(experiment, NULL, &run, &api_error));
    check_path(names[i], run);
    OK(mr_run_log_artifact_bytes(run, "m/ok", (const uint8_t *)"ok", 2, &api_error));
    OK(mr_run_log_metric(run, "accuracy", 0.99, 1, &api_error));
    OK(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &api_error));
    options.artifact_path = NULL;
    OK(mr_model_promote(world.model, mr_run_info(run)->id, &options, &request, &api_error));
    OK(mr_request_version(request, &version, &api_error));
    (void)snprintf(target, sizeof target, "%s/fetched", place->folder);
    mr_status status = mr_version_fetch(version, target, NULL, NULL, &api_error);
    if (status == MR_OK) {
      assert_true(api_exists(api_path(target, "m/ok")));
      OK(mr_version_verify(version, target, NULL, NULL, &api_error));
    } else {
      /* A part that the file system takes for too long. */
      assert_int_equal(status, MR_IO);
      assert_int_equal(api_error.backend_code, ENAMETOOLONG);
    }
    api_remove_tree(target);
    mr_version_free(version);
    mr_request_free(request);
    mr_run_free(run);
  }
  mr_experiment_free(experiment);
  watch_end(&w);
}

/* Registry URIs: a path that is one leads to exactly this file, all else is refused. In a folder of
 * their own, which relative paths are not able to leave unless they say so with "..". */
static void test_uris(void **state) {
  const api_place *place = *state;
  watch w;
  watch_begin(&w, place);
  for (int i = 0; i < NAME_COUNT; i++) {
    mr_registry *registry = NULL;
    char uri[4400];
    bool climbs = strstr(names[i], "..") != NULL || strlen(names[i]) > 4000;
    if (climbs && strchr(names[i], '/') != NULL) continue;
    (void)snprintf(uri, sizeof uri, "%s/uris-%d", place->folder, i);
    assert_int_equal(mkdir(uri, 0755), 0);
    size_t size = strlen(uri);
    (void)snprintf(uri + size, sizeof uri - size, "/%s", names[i]);
    mr_open_options options = api_open_options(MR_OPEN_CREATE);
    mr_status status = mr_registry_open(uri, &options, &registry, &api_error);
    if (status == MR_OK) {
      const char *location = mr_registry_info(registry)->location;
      struct stat one;
      struct stat other;
      assert_memory_equal(location, uri, size);
      assert_int_equal(lstat(location, &one), 0);
      assert_int_equal(lstat(uri, &other), 0);
      assert_true(one.st_ino == other.st_ino && S_ISREG(one.st_mode));
      mr_run_free(api_make_run(registry, 0.5));
      mr_registry_close(registry);
    } else if (!api_is_good_message(api_error.message)) {
      fail_msg("'%s': %s", names[i], api_error.message);
    }
    uri[size] = '\0';
    api_remove_tree(uri);
  }
  watch_end(&w);
}

/* A folder to fetch to that is reached through a link of the caller's own is his to choose; a link
 * below it never is. */
static void test_links_on_the_way(void **state) {
  const api_place *place = *state;
  watch w;
  char target[120];
  watch_begin(&w, place);
  (void)snprintf(target, sizeof target, "%s/target", place->folder);
  assert_int_equal(mkdir(target, 0755), 0);
  assert_int_equal(symlink(w.folder, api_path(target, "a.txt")), 0);
  mr_status status = mr_version_fetch(world.version, target, NULL, NULL, &api_error);
  if (status == MR_OK) OK(mr_version_verify(world.version, target, NULL, NULL, &api_error));
  assert_int_equal(symlink(api_path(w.folder, "made"), api_path(target, "deep")), 0);
  mr_run *run = api_make_run(world.registry, 0.99);
  OK(mr_run_log_artifact_bytes(run, "deep/x", (const uint8_t *)"x", 1, &api_error));
  mr_request *request = NULL;
  mr_version *version = NULL;
  OK(mr_model_promote(world.model, mr_run_info(run)->id, NULL, &request, &api_error));
  OK(mr_request_version(request, &version, &api_error));
  assert_int_not_equal(mr_version_fetch(version, target, NULL, NULL, &api_error), MR_OK);
  assert_true(api_is_good_message(api_error.message));
  mr_version_free(version);
  mr_request_free(request);
  mr_run_free(run);
  watch_end(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      name_test(test_every_argument),   name_test(test_names_are_kept),
      name_test(test_paths_are_kept),   name_test(test_uris),
      name_test(test_links_on_the_way),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
