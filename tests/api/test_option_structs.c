/* SPDX-License-Identifier: Apache-2.0 */
/* Option and input structs of older and newer callers. The arguments of this program are the version
 * script and the folder of the public headers, which name all structs. */
#include "api_structs.h"

#include <dirent.h>

static const char *headers_path;

static api_world world;

static int setup(void **state) {
  return api_world_setup(state, &world);
}

static int teardown(void **state) {
  return api_world_teardown(state, &world);
}

#define struct_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* Calls with `given` bytes that say that they are `said`, in a block of exactly that size, so that
 * a read behind its end is found. The first bytes are those of a good struct, the rest is zero. */
static mr_status use_bytes(const struct_row *row, size_t given, uint32_t said, size_t odd_at) {
  any_struct good;
  memset(&good, 0, sizeof good);
  api_prepare(&world);
  row->make(&world, &good);
  uint8_t *bytes = calloc(1, given);
  assert_non_null(bytes);
  memcpy(bytes, &good, given < row->size ? given : row->size);
  memcpy(bytes, &said, sizeof said);
  if (odd_at != 0) bytes[odd_at] = 1;
  world.touched = false;
  api_error = (mr_error)MR_ERROR_INIT;
  mr_status status = row->use(&world, bytes, &api_error);
  free(bytes);
  return status;
}

static void expect(const struct_row *row, size_t given, mr_status status, mr_status expected) {
  if (status == expected && (status == MR_OK || api_is_good_message(api_error.message))) return;
  fail_msg("%s for %s with %zu bytes: %s instead of %s: %s", row->init, row->call, given,
           mr_status_name(status), mr_status_name(expected), api_error.message);
}

static void expect_mismatch(const struct_row *row, size_t given, uint32_t said, size_t odd_at) {
  expect(row, said, use_bytes(row, given, said, odd_at), MR_ABI_MISMATCH);
  assert_false(world.touched);
  assert_non_null(strstr(api_error.message, "mr_")); /* names the struct */
}

static void test_own_size(void **state) {
  (void)state;
  for (size_t i = 0; struct_rows[i].init != NULL; i++) {
    size_t size = struct_rows[i].size;
    expect(&struct_rows[i], size, use_bytes(&struct_rows[i], size, (uint32_t)size, 0), MR_OK);
  }
}

/* The fields that an older caller does not have yet are as if they were zero. */
static void test_shorter(void **state) {
  (void)state;
  for (size_t i = 0; struct_rows[i].init != NULL; i++) {
    const struct_row *row = &struct_rows[i];
    for (size_t size = 4; size < row->size; size = size == 4 ? 8 : size + 8) {
      mr_status status = use_bytes(row, size, (uint32_t)size, 0);
      if (size >= row->needed) {
        expect(row, size, status, MR_OK);
      } else {
        /* Without MR_OPEN_CREATE there is no "memory:" to open. */
        expect(row, size, status,
               strcmp(row->init, "MR_OPEN_OPTIONS_INIT") == 0 ? MR_NOT_FOUND : MR_INVALID_ARGUMENT);
      }
    }
  }
}

static void test_longer_with_zeros(void **state) {
  (void)state;
  for (size_t i = 0; struct_rows[i].init != NULL; i++) {
    static const size_t more[] = {1, 8, 100};
    for (size_t k = 0; k < sizeof more / sizeof more[0]; k++) {
      size_t size = struct_rows[i].size + more[k];
      expect(&struct_rows[i], size, use_bytes(&struct_rows[i], size, (uint32_t)size, 0), MR_OK);
    }
    expect(&struct_rows[i], 4096, use_bytes(&struct_rows[i], 4096, 4096, 0), MR_OK);
  }
}

static void test_longer_with_wishes(void **state) {
  (void)state;
  for (size_t i = 0; struct_rows[i].init != NULL; i++) {
    size_t own = struct_rows[i].size;
    expect_mismatch(&struct_rows[i], own + 8, (uint32_t)own + 8, own);
    expect_mismatch(&struct_rows[i], own + 8, (uint32_t)own + 8, own + 7);
    expect_mismatch(&struct_rows[i], own + 1, (uint32_t)own + 1, own);
    expect_mismatch(&struct_rows[i], 4096, 4096, 4095);
  }
}

/* A reserved field may mean something to the library that the caller was built for. */
static void test_reserved_fields(void **state) {
  (void)state;
  int tried = 0;
  for (size_t i = 0; struct_rows[i].init != NULL; i++) {
    if (struct_rows[i].reserved == 0) continue;
    expect_mismatch(&struct_rows[i], struct_rows[i].size, (uint32_t)struct_rows[i].size,
                    struct_rows[i].reserved + 1);
    tried++;
  }
  assert_in_range(tried, 20, 200);
}

/* No size that a struct can have: nothing behind the first four bytes is looked at. */
static void test_senseless_sizes(void **state) {
  (void)state;
  for (size_t i = 0; struct_rows[i].init != NULL; i++) {
    static const uint32_t sizes[] = {0, 1, 3, 4097, 5000, UINT32_MAX};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
      expect_mismatch(&struct_rows[i], 4, sizes[k], 0);
    }
  }
}

/* The struct is only read: a caller may keep it in memory that cannot be written. */
static void test_unchanged(void **state) {
  (void)state;
  for (size_t i = 0; struct_rows[i].init != NULL; i++) {
    any_struct good;
    memset(&good, 0, sizeof good);
    api_prepare(&world);
    struct_rows[i].make(&world, &good);
    any_struct before = good;
    expect(&struct_rows[i], struct_rows[i].size, struct_rows[i].use(&world, &good, &api_error),
           MR_OK);
    assert_memory_equal(&good, &before, sizeof good);
  }
}

static bool has_row(const char *init) {
  for (size_t i = 0; struct_rows[i].init != NULL; i++) {
    if (strcmp(struct_rows[i].init, init) == 0) return true;
  }
  return strcmp(init, "MR_ERROR_INIT") == 0; /* test_handles has it */
}

static int count_inits(const char *path) {
  size_t size = 0;
  int found = 0;
  char *text = (char *)api_read_file(path, &size);
  assert_non_null(text);
  text[size] = '\0';
  for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
    char name[80];
    if (sscanf(line, "#define %79[A-Z_]", name) != 1 || strncmp(name, "MR_", 3) != 0) continue;
    size_t length = strlen(name);
    if (length < 5 || strcmp(name + length - 5, "_INIT") != 0) continue;
    found++;
    if (!has_row(name)) fail_msg("%s has no row in this test", name);
  }
  free(text);
  return found;
}

/* A new struct without a row fails here. */
static void test_nothing_is_left_out(void **state) {
  (void)state;
  int found = 0;
  DIR *folder = opendir(headers_path);
  assert_non_null(folder);
  for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    const char *dot = strrchr(entry->d_name, '.');
    if (dot == NULL || strcmp(dot, ".h") != 0) continue;
    found += count_inits(api_path(headers_path, entry->d_name));
  }
  assert_int_equal(closedir(folder), 0);
  assert_in_range(found, 20, 200);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      struct_test(test_nothing_is_left_out),
      struct_test(test_own_size),
      struct_test(test_shorter),
      struct_test(test_longer_with_zeros),
      struct_test(test_longer_with_wishes),
      struct_test(test_senseless_sizes),
      struct_test(test_reserved_fields),
      struct_test(test_unchanged),
  };
  if (argc < 3) {
    fprintf(stderr, "the path of the public headers is missing\n");
    return 1;
  }
  headers_path = argv[2];
  return cmocka_run_group_tests(tests, NULL, NULL);
}
