/* SPDX-License-Identifier: Apache-2.0 */
/* A second copy of SQLite in the process: whoever opens a registry beside one is warned, by the name
 * of the file that brings it; nobody else is. */
#include "api_test.h"

#include <dlfcn.h>

static const char *copy_file;
static const char *other_file;

/* The warning that has the word in it; NULL when there is none. */
static const char *find_warning(const mr_registry *registry, const char *word) {
  const mr_registry_record *record = mr_registry_info(registry);
  for (int64_t i = 0; i < record->warning_count; i++) {
    assert_true(api_is_good_message(record->warnings[i]));
    if (strstr(record->warnings[i], word) != NULL) return record->warnings[i];
  }
  return NULL;
}

static void assert_warned(const char *uri, uint32_t flags, bool warned) {
  mr_registry *registry = api_open(uri, flags);
  const char *text = find_warning(registry, "another copy of SQLite");
  if (warned) {
    assert_non_null(text);
    assert_non_null(strstr(text, copy_file));
  } else {
    assert_null(text);
  }
  /* It is a warning: all works. */
  if (flags != MR_OPEN_READ_ONLY) mr_run_free(api_make_run(registry, 0.5));
  mr_registry_close(registry);
}

static void test_only_beside_another_copy(void **state) {
  const api_place *place = *state;
  static const int modes[] = {RTLD_LAZY | RTLD_LOCAL, RTLD_NOW | RTLD_LOCAL,
                              RTLD_NOW | RTLD_GLOBAL};
  assert_warned(place->db, MR_OPEN_CREATE, false);
  for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
    void *copy = dlopen(copy_file, modes[i]);
    if (copy == NULL) fail_msg("%s", dlerror());
    assert_warned(place->db, 0, true);
    assert_warned(place->db, MR_OPEN_READ_ONLY, true);
    assert_warned(place->db, MR_OPEN_EXCLUSIVE, true);
    assert_warned("memory:", MR_OPEN_CREATE, false); /* no file, no locks */
    assert_int_equal(dlclose(copy), 0);
    assert_warned(place->db, 0, false);
  }
}

/* Our own SQLite is one copy, however often and by whom it is loaded. */
static void test_the_same_copy_again(void **state) {
  const api_place *place = *state;
  Dl_info info;
  void *symbol = dlsym(RTLD_DEFAULT, "sqlite3_libversion_number");
  assert_non_null(symbol);
  assert_true(dladdr(symbol, &info) != 0);
  void *again = dlopen(info.dli_fname, RTLD_NOW | RTLD_LOCAL);
  assert_non_null(again);
  assert_warned(place->db, MR_OPEN_CREATE, false);
  assert_int_equal(dlclose(again), 0);
}

static void test_another_library(void **state) {
  const api_place *place = *state;
  void *other = dlopen(other_file, RTLD_NOW | RTLD_GLOBAL);
  if (other == NULL) fail_msg("%s", dlerror());
  assert_warned(place->db, MR_OPEN_CREATE, false);
  assert_int_equal(dlclose(other), 0);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      api_test(test_only_beside_another_copy),
      api_test(test_the_same_copy_again),
      api_test(test_another_library),
  };
  if (argc != 3) return 2;
  copy_file = argv[1];
  other_file = argv[2];
  return cmocka_run_group_tests(tests, NULL, NULL);
}
