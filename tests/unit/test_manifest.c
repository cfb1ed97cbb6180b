/* SPDX-License-Identifier: Apache-2.0 */
#include "blob_test.h"

#include "blob/manifest.h"

#define HEADER "modelreg manifest v1\n"
#define HEX    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const mri_mem *mem(void) {
  return mri_mem_default();
}

static mr_status add(mri_manifest *manifest, const char *path, int64_t size) {
  mri_digest digest;
  mri_blake2b(path, strlen(path), &digest);
  return mri_manifest_add(manifest, path, size, &digest, NULL, NULL);
}

static void test_empty(void **state) {
  (void)state;
  mri_manifest manifest;
  char *text = NULL;
  size_t size = 0;
  mri_digest expected;
  mri_manifest_init(&manifest, mem());
  assert_int_equal(mri_manifest_seal(&manifest, NULL), MR_OK);
  assert_int_equal(mri_manifest_count(&manifest), 0);
  assert_null(mri_manifest_find(&manifest, "a"));
  assert_int_equal(mri_manifest_write(&manifest, &text, &size, NULL), MR_OK);
  assert_string_equal(text, HEADER);
  mri_blake2b(text, size, &expected);
  assert_true(mri_digest_equal(&manifest.digest, &expected));
  mri_mem_free(mem(), text);
  mri_manifest_destroy(&manifest);
}

static void test_the_text_is_sorted_by_bytes(void **state) {
  (void)state;
  mri_manifest manifest;
  char *text = NULL;
  size_t size = 0;
  mri_digest digest;
  mri_digest expected;
  assert_true(mri_digest_parse(HEX, &digest));
  mri_manifest_init(&manifest, mem());
  assert_int_equal(mri_manifest_add(&manifest, "b/x", 0, &digest, NULL, NULL), MR_OK);
  assert_int_equal(mri_manifest_add(&manifest, "\xc3\xa9", 7, &digest, NULL, NULL), MR_OK);
  assert_int_equal(mri_manifest_add(&manifest, "b.x y", INT64_MAX - 20, &digest, NULL, NULL),
                   MR_OK);
  assert_int_equal(mri_manifest_add(&manifest, "B", 12, &digest, "/data/B", NULL), MR_OK);
  assert_int_equal(mri_manifest_seal(&manifest, NULL), MR_OK);
  assert_int_equal(mri_manifest_write(&manifest, &text, &size, NULL), MR_OK);
  assert_string_equal(text, HEADER HEX " 12 B\n" HEX " 9223372036854775787 b.x y\n" HEX
                                       " 0 b/x\n" HEX " 7 \xc3\xa9\n");
  assert_int_equal(size, strlen(text));
  mri_blake2b(text, size, &expected);
  assert_true(mri_digest_equal(&manifest.digest, &expected));
  assert_int_equal(manifest.total_size, INT64_MAX - 1);
  assert_string_equal(mri_manifest_find(&manifest, "B")->source, "/data/B");
  mri_mem_free(mem(), text);
  mri_manifest_destroy(&manifest);
}

static void test_adding_copies_and_unseals(void **state) {
  (void)state;
  mri_manifest manifest;
  char path[8] = "b";
  mri_manifest_init(&manifest, mem());
  assert_int_equal(add(&manifest, path, 1), MR_OK);
  assert_int_equal(mri_manifest_seal(&manifest, NULL), MR_OK);
  assert_true(manifest.sealed);
  mri_digest before = manifest.digest;
  path[0] = 'a';
  assert_int_equal(add(&manifest, path, 2), MR_OK);
  assert_false(manifest.sealed);
  assert_int_equal(mri_manifest_seal(&manifest, NULL), MR_OK);
  assert_false(mri_digest_equal(&manifest.digest, &before));
  assert_string_equal(mri_manifest_at(&manifest, 0)->path, "a");
  assert_string_equal(mri_manifest_at(&manifest, 1)->path, "b");
  mri_manifest_destroy(&manifest);
}

static void test_bad_entries(void **state) {
  (void)state;
  static const char *bad[] = {"",     "/a",   "a/../b", "..",  "a//b",  "a/",   ".",
                              "a\\b", "a\nb", "./a",    "a/.", "a\x7f", "\xff", "\xc0\xaf"};
  mri_manifest manifest;
  mri_manifest_init(&manifest, mem());
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(add(&manifest, bad[i], 1), MR_INVALID_ARGUMENT);
  assert_int_equal(add(&manifest, "a", -1), MR_INVALID_ARGUMENT);
  assert_int_equal(mri_manifest_count(&manifest), 0);
  assert_int_equal(add(&manifest, "a", INT64_MAX), MR_OK);
  assert_int_equal(add(&manifest, "b", 0), MR_OK);
  assert_int_equal(add(&manifest, "c", 1), MR_LIMIT);
  assert_int_equal(manifest.total_size, INT64_MAX);
  mri_manifest_destroy(&manifest);
}

static void assert_clash(const char *const *paths, size_t count, const char *named) {
  mri_manifest manifest;
  mr_error error = MR_ERROR_INIT;
  mri_manifest_init(&manifest, mem());
  for (size_t i = 0; i < count; i++) assert_int_equal(add(&manifest, paths[i], 1), MR_OK);
  assert_int_equal(mri_manifest_seal(&manifest, &error), named == NULL ? MR_OK : MR_ALREADY_EXISTS);
  assert_int_equal(manifest.sealed, named == NULL);
  if (named != NULL) assert_non_null(strstr(error.message, named));
  mri_manifest_destroy(&manifest);
}

static void test_clashing_paths(void **state) {
  (void)state;
  const char *twice[] = {"b", "a", "b"};
  const char *folder[] = {"a/b", "a"};
  /* '-' and '.' sort between the file and what lies in the folder of its name. */
  const char *apart[] = {"a/b", "a-b", "a.b", "a"};
  const char *deep[] = {"x/y/z/1", "x/y/z/2", "x/y/z", "x/a"};
  const char *fine[] = {"a-b", "a/b", "a/b-c", "a/bc/d", "a/bcd", "ab", "a/c/d", "a/cd"};
  assert_clash(twice, 3, "b");
  assert_clash(folder, 2, "a/b");
  assert_clash(apart, 4, "a/b");
  assert_clash(deep, 4, "x/y/z");
  assert_clash(fine, 8, NULL);
}

static void fill(mri_manifest *manifest, size_t count) {
  for (size_t i = 0; i < count; i++) {
    char path[64];
    size_t k = i * 7919 % count; /* not in order */
    (void)snprintf(path, sizeof path, "part-%zu/file-%zu.bin", k % 10, k);
    assert_int_equal(add(manifest, path, (int64_t)k), MR_OK);
  }
}

static void test_round_trip(void **state) {
  (void)state;
  /* 20,000 lines are more than one leaf, so the digest is a tree's. */
  static const size_t counts[] = {0, 1, 2, 100, 20000};
  for (size_t i = 0; i < 5; i++) {
    mri_manifest manifest;
    mri_manifest back;
    char *text = NULL;
    char *again = NULL;
    size_t size = 0;
    size_t again_size = 0;
    mri_digest expected;
    mri_manifest_init(&manifest, mem());
    mri_manifest_init(&back, mem());
    fill(&manifest, counts[i]);
    assert_int_equal(mri_manifest_seal(&manifest, NULL), MR_OK);
    assert_int_equal(mri_manifest_write(&manifest, &text, &size, NULL), MR_OK);
    assert_int_equal(mri_content_digest(mem(), text, size, &expected, NULL), MR_OK);
    assert_true(mri_digest_equal(&manifest.digest, &expected));
    assert_int_equal(mri_manifest_read(&back, text, size, NULL), MR_OK);
    assert_true(back.sealed);
    assert_true(mri_digest_equal(&back.digest, &expected));
    assert_int_equal(back.total_size, manifest.total_size);
    assert_int_equal(mri_manifest_count(&back), counts[i]);
    for (size_t k = 0; k < counts[i]; k++) {
      const mri_manifest_entry *entry = mri_manifest_at(&manifest, k);
      assert_ptr_equal(mri_manifest_find(&manifest, entry->path), entry);
      assert_string_equal(mri_manifest_at(&back, k)->path, entry->path);
      assert_int_equal(mri_manifest_at(&back, k)->size, entry->size);
    }
    assert_null(mri_manifest_find(&manifest, "part-1"));
    assert_null(mri_manifest_find(&manifest, "part-1/file-1.bin.bak"));
    assert_int_equal(mri_manifest_write(&back, &again, &again_size, NULL), MR_OK);
    assert_int_equal(again_size, size);
    assert_memory_equal(again, text, size);
    mri_mem_free(mem(), text);
    mri_mem_free(mem(), again);
    mri_manifest_destroy(&manifest);
    mri_manifest_destroy(&back);
  }
}

static mr_status read_text(const char *text, size_t size, mr_error *error) {
  mri_manifest manifest;
  mri_manifest_init(&manifest, mem());
  mr_status status = mri_manifest_read(&manifest, text, size, error);
  assert_int_equal(manifest.sealed, status == MR_OK);
  if (status != MR_OK) {
    /* As new. */
    assert_int_equal(mri_manifest_count(&manifest), 0);
    assert_int_equal(manifest.total_size, 0);
    assert_int_equal(add(&manifest, "a", 1), MR_OK);
  }
  mri_manifest_destroy(&manifest);
  return status;
}

static void test_only_the_canonical_text_is_read(void **state) {
  (void)state;
  static const struct {
    const char *text, *named;
  } bad[] = {
      {"", "line 1"},
      {"modelreg manifest v1", "line 1"},
      {"modelreg manifest v2\n", "line 1"},
      {"modelreg manifest v1\r\n", "line 1"},
      {HEADER "\n", "line 2"},
      {HEADER HEX " 1 a", "line 2 has no end"},
      {HEADER HEX " 1 a\n\n", "line 3"},
      {HEADER HEX " 1 \n", "line 2"},
      {HEADER HEX " 1\n", "line 2"},
      {HEADER HEX "  1 a\n", "line 2 has no size"},
      {HEADER HEX " a\n", "line 2 has no size"},
      {HEADER HEX " -1 a\n", "line 2 has no size"},
      {HEADER HEX " +1 a\n", "line 2 has no size"},
      {HEADER HEX " 1x a\n", "line 2 has no size"},
      {HEADER HEX " 01 a\n", "line 2 has a size with leading zeros"},
      {HEADER HEX " 00 a\n", "line 2 has a size with leading zeros"},
      {HEADER HEX " 9223372036854775808 a\n", "line 2 has a size above"},
      {HEADER HEX " 99999999999999999999999 a\n", "line 2 has a size above"},
      {HEADER HEX " 9223372036854775807 a\n" HEX " 1 b\n", "line 3 brings the sum above"},
      {HEADER HEX "0 1 a\n", "line 2 has no digest"},
      {HEADER "xx\n", "line 2 has no digest"},
      {HEADER "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef 1 a\n",
       "line 2 has a digest with upper-case digits"},
      {HEADER "g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef 1 a\n",
       "line 2 has no digest"},
      {HEADER HEX " 1 ../a\n", "line 2 has no valid path"},
      {HEADER HEX " 1 /a\n", "line 2 has no valid path"},
      {HEADER HEX " 1 a\r\n", "line 2 has no valid path"},
      {HEADER HEX " 1 \xff\n", "line 2 has no valid path"},
      {HEADER HEX " 1 b\n" HEX " 1 a\n", "line 3 is not in path order"},
      {HEADER HEX " 1 a\n" HEX " 1 a\n", "line 3 is not in path order"},
      {HEADER HEX " 1 a\n" HEX " 1 a-\n" HEX " 1 a/b\n", "folder of another"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    mr_error error = MR_ERROR_INIT;
    assert_int_equal(read_text(bad[i].text, strlen(bad[i].text), &error), MR_CORRUPT);
    assert_int_equal(error.status, MR_CORRUPT);
    assert_non_null(strstr(error.message, bad[i].named));
  }
  static const char nul[] = HEADER HEX " 1 a\0b\n";
  assert_int_equal(read_text(nul, sizeof nul - 1, NULL), MR_CORRUPT);
  static const char good[] = HEADER HEX " 0 a\n" HEX " 9223372036854775807 b c\n";
  assert_int_equal(read_text(good, sizeof good - 1, NULL), MR_OK);
}

static void test_paths_at_the_limit(void **state) {
  (void)state;
  char path[1026];
  char text[1200];
  memset(path, 'p', sizeof path);
  path[1024] = '\0';
  int length = snprintf(text, sizeof text, HEADER HEX " 9223372036854775807 %s\n", path);
  assert_int_equal(read_text(text, (size_t)length, NULL), MR_OK);
  mri_manifest manifest;
  mri_manifest_init(&manifest, mem());
  assert_int_equal(add(&manifest, path, INT64_MAX), MR_OK);
  assert_int_equal(mri_manifest_seal(&manifest, NULL), MR_OK);
  mri_digest expected;
  mri_digest digest;
  mri_blake2b(path, 1024, &digest);
  char hex[MRI_DIGEST_TEXT];
  mri_digest_text(&digest, hex);
  length = snprintf(text, sizeof text, HEADER "%s 9223372036854775807 %s\n", hex, path);
  mri_blake2b(text, (size_t)length, &expected);
  assert_true(mri_digest_equal(&manifest.digest, &expected));
  path[1024] = 'p';
  path[1025] = '\0';
  assert_int_not_equal(add(&manifest, path, 1), MR_OK);
  mri_manifest_destroy(&manifest);
  length = snprintf(text, sizeof text, HEADER HEX " 1 %s\n", path);
  assert_int_equal(read_text(text, (size_t)length, NULL), MR_CORRUPT);
}

static void test_damaged_texts(void **state) {
  (void)state;
  mri_manifest manifest;
  char *text = NULL;
  size_t size = 0;
  mri_manifest_init(&manifest, mem());
  fill(&manifest, 5);
  assert_int_equal(mri_manifest_seal(&manifest, NULL), MR_OK);
  assert_int_equal(mri_manifest_write(&manifest, &text, &size, NULL), MR_OK);
  for (size_t bit = 0; bit < size * 8; bit++) {
    text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
    mri_manifest back;
    mri_manifest_init(&back, mem());
    mr_status status = mri_manifest_read(&back, text, size, NULL);
    assert_true(status == MR_OK || status == MR_CORRUPT);
    /* What still reads has another name. */
    if (status == MR_OK) assert_false(mri_digest_equal(&back.digest, &manifest.digest));
    mri_manifest_destroy(&back);
    text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
  }
  for (size_t cut = 0; cut < size; cut++) {
    mr_status status = read_text(text, cut, NULL);
    bool whole = cut >= strlen(HEADER) && text[cut - 1] == '\n';
    assert_int_equal(status, whole ? MR_OK : MR_CORRUPT);
  }
  mri_mem_free(mem(), text);
  mri_manifest_destroy(&manifest);
}

static bool attempt(void *ctx) {
  (void)ctx;
  mri_manifest manifest;
  mri_manifest back;
  char *text = NULL;
  size_t size = 0;
  mr_error error = MR_ERROR_INIT;
  mr_status status = MR_OK;
  mri_digest digest;
  mri_blake2b("x", 1, &digest);
  mri_manifest_init(&manifest, mem());
  mri_manifest_init(&back, mem());
  for (int i = 0; i < 40 && status == MR_OK; i++) {
    char path[32];
    (void)snprintf(path, sizeof path, "folder/file-%d", 40 - i);
    status = mri_manifest_add(&manifest, path, i, &digest, "source", &error);
  }
  if (status == MR_OK) status = mri_manifest_seal(&manifest, &error);
  if (status == MR_OK) status = mri_manifest_write(&manifest, &text, &size, &error);
  if (status == MR_OK) status = mri_manifest_read(&back, text, size, &error);
  assert_true(status == MR_OK || status == MR_NO_MEMORY);
  assert_int_equal(error.status, status);
  mri_mem_free(mem(), text);
  mri_manifest_destroy(&manifest);
  mri_manifest_destroy(&back);
  return status == MR_OK;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_true(unit_fail_allocations(attempt, NULL) > 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_empty),
      cmocka_unit_test(test_the_text_is_sorted_by_bytes),
      cmocka_unit_test(test_adding_copies_and_unseals),
      cmocka_unit_test(test_bad_entries),
      cmocka_unit_test(test_clashing_paths),
      cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_only_the_canonical_text_is_read),
      cmocka_unit_test(test_paths_at_the_limit),
      cmocka_unit_test(test_damaged_texts),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
