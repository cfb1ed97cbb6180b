/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
/* loading LIBRARY: a host that loads the library, uses it and lets it go a thousand times. The
 * library is marked nodelete, since a thread or a fork handler of it must never find its code gone:
 * it stays mapped, and is found again, not loaded anew. Wants GLIBC_TUNABLES=
 * glibc.malloc.tcache_count=0, or malloc's own hoard counts as memory in use. */
#include "host_state.h"

#include <modelreg/modelreg.h>

#include <dlfcn.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CYCLES = 1000, WARM = 100 };

typedef struct library {
  void *handle;
  mr_status (*open)(const char *, const mr_open_options *, mr_registry **, mr_error *);
  void (*close)(mr_registry *);
} library;

static void *symbol(void *handle, const char *name) {
  void *found = dlsym(handle, name);
  HOST_CHECK(found != NULL, "the library has no %s", name);
  return found;
}

static library load(const char *path) {
  library l = {.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)};
  HOST_CHECK(l.handle != NULL, "%s", dlerror());
  /* POSIX says that an address of a function fits. */
  *(void **)&l.open = symbol(l.handle, "mr_registry_open");
  *(void **)&l.close = symbol(l.handle, "mr_registry_close");
  return l;
}

static void use(const library *l, const char *path) {
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  mr_registry *registry = NULL;
  mr_error error = MR_ERROR_INIT;
  options.flags = MR_OPEN_CREATE;
  mr_status status = l->open(path, &options, &registry, &error);
  HOST_CHECK(status == MR_OK, "%s", error.message);
  l->close(registry);
}

typedef struct footprint {
  size_t bytes;
  size_t mappings;
  host_descriptors descriptors;
} footprint;

static footprint measure(void) {
  footprint f = {.bytes = 0};
  int c;
  FILE *maps = fopen("/proc/self/maps", "r");
  HOST_CHECK(maps != NULL, "/proc is not mounted");
  while ((c = fgetc(maps)) != EOF) f.mappings += c == '\n';
  (void)fclose(maps);
  host_descriptors_take(&f.descriptors);
#ifdef __GLIBC__
  f.bytes = mallinfo2().uordblks + mallinfo2().hblkhd;
#endif
  return f;
}

static void compare(const footprint *first, const footprint *last) {
  HOST_CHECK(last->bytes <= first->bytes, "%zu bytes of memory have become %zu", first->bytes,
             last->bytes);
  HOST_CHECK(last->mappings <= first->mappings, "%zu mappings have become %zu", first->mappings,
             last->mappings);
  HOST_CHECK(last->descriptors.count == first->descriptors.count, "descriptors are left");
}

static void load_and_unload(const char *library_path, const char *path) {
  footprint first = {.bytes = 0};
  host_state *before = host_state_take();
  for (int i = 0; i < CYCLES; i++) {
    library l = load(library_path);
    use(&l, path);
    HOST_CHECK(dlclose(l.handle) == 0, "%s", dlerror());
    if (i == WARM) first = measure();
  }
  footprint last = measure();
  compare(&first, &last);
  const char *changed = host_state_changed(before);
  HOST_CHECK(changed == NULL, "%s has changed", changed == NULL ? "" : changed);
  free(before);
}

int main(int count, char **words) {
  char folder[] = "/tmp/modelreg_loading_XXXXXX";
  static const char *const files[] = {"R-wal", "R-shm", "R", ""};
  char path[80];
  if (count != 2) return 2;
  HOST_CHECK(mkdtemp(folder) != NULL, "no folder in /tmp");
  (void)snprintf(path, sizeof path, "%s/R", folder);
  HOST_CHECK(dlopen(words[1], RTLD_NOW | RTLD_NOLOAD) == NULL, "the library is loaded already");
  load_and_unload(words[1], path);
  void *stays = dlopen(words[1], RTLD_NOW | RTLD_NOLOAD);
  HOST_CHECK(stays != NULL, "the library is gone after dlclose");
  (void)dlclose(stays);
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", folder, files[i]);
    (void)remove(path);
  }
  HOST_CHECK(access(folder, F_OK) != 0, "%s is not empty", folder);
  return 0;
}
