/* SPDX-License-Identifier: Apache-2.0 */
/* Stands before the C library and notes which variables are asked for. */
#include "host_life.h"

extern char **environ;

static char asked[64][64];
static size_t asked_count;
static size_t by_library;

static void note(const char *name) {
  for (size_t i = 0; i < asked_count; i++) {
    if (strcmp(asked[i], name) == 0) return;
  }
  HOST_CHECK(asked_count < sizeof asked / sizeof asked[0], "too many variables, the last is %s",
             name);
  (void)snprintf(asked[asked_count++], sizeof asked[0], "%s", name);
}

static char *find(const char *name) {
  size_t size = strlen(name);
  for (char **at = environ; at != NULL && *at != NULL; at++) {
    if (strncmp(*at, name, size) == 0 && (*at)[size] == '=') return *at + size + 1;
  }
  return NULL;
}

char *getenv(const char *name);
char *secure_getenv(const char *name);

char *getenv(const char *name) {
  note(name);
  return find(name);
}

/* The library has no other way; see check_imports.py. */
char *secure_getenv(const char *name) {
  HOST_CHECK(strncmp(name, "MODELREG_", 9) == 0, "the library reads %s", name);
  by_library++;
  return find(name);
}

static void watch_nothing(void *ctx, const char *after) {
  (void)ctx;
  (void)after;
}

/* SQLite looks for a folder for temporary files; the tests' scale is ours. */
static bool is_expected(const char *name) {
  static const char *const names[] = {"SQLITE_TMPDIR", "TMPDIR", "MR_TEST_SCALE"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(name, names[i]) == 0) return true;
  }
  return false;
}

int main(void) {
  void *state = NULL;
  HOST_CHECK(getenv("MR_TEST_SCALE") == NULL || asked_count == 1, "getenv is not ours");
  if (api_setup(&state) != 0) return 1;
  const api_place *place = state;
  asked_count = 0;
  host_live(place->folder, watch_nothing, NULL);
  for (size_t i = 0; i < asked_count; i++) {
    HOST_CHECK(is_expected(asked[i]), "somebody reads %s", asked[i]);
  }
  return api_teardown(&state);
}
