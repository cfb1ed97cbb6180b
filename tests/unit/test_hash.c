/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"
#include "unit_test.h"

/* Content of n bytes is 0, 1, ... 250, 0, 1, ...; the digests were made with Python's hashlib from
 * the definition in hash.h. */
static const struct {
  size_t size;
  const char *digest;
} vectors[] = {
    {0, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"},
    {1, "03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314"},
    {1048575, "e47ca5b24acd5381a2ebd495825711646d01b2cb32ee3f1bb537b28ea86d2723"},
    {1048576, "8a5a7a9dc3cf203ed374b0a1eea930601ad2acbfe2b4bc62cf83de4ee536528b"},
    {1048577, "378b3a57ffe567569741fb490c85e8135bfb8b3464f8402f644dd00c9f4749b5"},
    {2097152, "cab0114bcd781917c408bd78802b115bbccae634c88425dfd33f4afa5c7b9450"},
    {3145735, "cdaafa54ceaad01649e1e14f7ed21b9f276a051960bb7963d5e85e41ddc2c038"},
};
enum { VECTORS = sizeof vectors / sizeof vectors[0] };

static uint8_t content[3145735];

static int make_content(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof content; i++) content[i] = (uint8_t)(i % 251);
  return 0;
}

static void expect_digest(const mri_digest *digest, const char *expected) {
  char text[MRI_DIGEST_TEXT];
  mri_digest_text(digest, text);
  assert_string_equal(text, expected);
}

static void test_blake2b_vectors(void **state) {
  (void)state;
  mri_digest digest;
  mri_blake2b("", 0, &digest);
  expect_digest(&digest, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
  mri_blake2b(NULL, 0, &digest);
  expect_digest(&digest, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
  mri_blake2b("abc", 3, &digest);
  expect_digest(&digest, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

static void test_content_digest_vectors(void **state) {
  (void)state;
  for (size_t i = 0; i < VECTORS; i++) {
    mri_digest digest;
    assert_int_equal(mri_content_digest(mri_mem_default(), content, vectors[i].size, &digest, NULL),
                     MR_OK);
    expect_digest(&digest, vectors[i].digest);
  }
}

static void stream(size_t size, size_t piece, const char *expected) {
  mri_hasher *hasher = mri_hasher_new(mri_mem_default());
  assert_non_null(hasher);
  for (size_t at = 0; at < size; at += piece) {
    size_t taken = size - at < piece ? size - at : piece;
    assert_true(mri_hasher_update(hasher, content + at, taken));
    assert_true(mri_hasher_update(hasher, NULL, 0));
  }
  size_t count = 99;
  assert_null(mri_hasher_leaves(hasher, &count));
  assert_int_equal(count, 0);
  mri_digest digest;
  mri_hasher_final(hasher, &digest);
  expect_digest(&digest, expected);
  mri_hasher_final(hasher, &digest);
  expect_digest(&digest, expected);
  assert_int_equal(mri_hasher_size(hasher), (int64_t)size);
  mri_hasher_free(hasher);
}

static void test_pieces_do_not_matter(void **state) {
  (void)state;
  static const size_t pieces[] = {
      997, 65536, MRI_LEAF_BYTES - 1, MRI_LEAF_BYTES, MRI_LEAF_BYTES + 1, sizeof content};
  for (size_t i = 0; i < VECTORS; i++) {
    for (size_t k = 0; k < sizeof pieces / sizeof pieces[0]; k++)
      stream(vectors[i].size, pieces[k], vectors[i].digest);
  }
  stream(1, 1, vectors[1].digest);
}

static void test_leaves_prove_the_root(void **state) {
  (void)state;
  for (size_t i = 0; i < VECTORS; i++) {
    size_t size = vectors[i].size;
    mri_hasher *hasher = mri_hasher_new(mri_mem_default());
    assert_non_null(hasher);
    assert_true(mri_hasher_update(hasher, content, size));
    mri_digest root;
    mri_hasher_final(hasher, &root);
    size_t count = 0;
    const mri_digest *leaves = mri_hasher_leaves(hasher, &count);
    if (size <= MRI_LEAF_BYTES) {
      assert_null(leaves);
      assert_int_equal(count, 0);
    } else {
      assert_int_equal(count, (size + MRI_LEAF_BYTES - 1) / MRI_LEAF_BYTES);
      for (size_t k = 0; k < count; k++) {
        size_t start = k * MRI_LEAF_BYTES;
        mri_digest leaf;
        mri_blake2b(content + start, k + 1 < count ? MRI_LEAF_BYTES : size - start, &leaf);
        assert_true(mri_digest_equal(&leaf, &leaves[k]));
      }
      mri_digest again;
      mri_tree_root((int64_t)size, leaves, count, &again);
      assert_true(mri_digest_equal(&again, &root));
      mri_tree_root((int64_t)size - 1, leaves, count, &again);
      assert_false(mri_digest_equal(&again, &root));
      mri_tree_root((int64_t)size, leaves, count - 1, &again);
      assert_false(mri_digest_equal(&again, &root));
    }
    mri_hasher_free(hasher);
  }
}

static bool hash_all(void *ctx) {
  (void)ctx;
  mr_error error = MR_ERROR_INIT;
  mri_digest digest;
  mr_status status =
      mri_content_digest(mri_mem_default(), content, sizeof content, &digest, &error);
  if (status == MR_OK) {
    expect_digest(&digest, vectors[VECTORS - 1].digest);
  } else {
    assert_int_equal(status, MR_NO_MEMORY);
    assert_int_equal(error.status, MR_NO_MEMORY);
  }
  return status == MR_OK;
}

static void test_every_allocation_may_fail(void **state) {
  (void)state;
  assert_true(unit_fail_allocations(hash_all, NULL) >= 2);
  mri_hasher *hasher = mri_hasher_new(mri_mem_default());
  assert_non_null(hasher);
  mri_mem_test_fail(1, false);
  assert_false(mri_hasher_update(hasher, content, sizeof content));
  mri_mem_test_fail(0, false);
  assert_false(mri_hasher_update(hasher, content, 1));
  mri_hasher_free(hasher);
  mri_hasher_free(NULL);
}

/* An allocator that never gives more than it must: addresses of 16, not of a cache line. */
static void *odd_allocate(void *ctx, size_t size) {
  char *block = malloc(size + 16);
  *(char **)ctx = block;
  return block == NULL ? NULL : block + ((uintptr_t)block % 32 == 0 ? 16 : 0);
}

static void odd_deallocate(void *ctx, void *memory) {
  (void)memory;
  free(*(char **)ctx);
}

static void test_any_allocator_serves(void **state) {
  (void)state;
  char *block = NULL;
  const mri_mem mem = {&block, odd_allocate, NULL, odd_deallocate};
  mri_hasher *hasher = mri_hasher_new(&mem);
  assert_non_null(hasher);
  assert_true(mri_hasher_update(hasher, content, 1));
  mri_digest digest;
  mri_hasher_final(hasher, &digest);
  expect_digest(&digest, vectors[1].digest);
  mri_hasher_free(hasher);
}

static void test_digest_text_is_read_back(void **state) {
  (void)state;
  mri_digest digest;
  mri_digest parsed;
  char text[MRI_DIGEST_TEXT];
  for (size_t i = 0; i < MRI_DIGEST_BYTES; i++) digest.bytes[i] = (uint8_t)(i * 37 + 11);
  mri_digest_text(&digest, text);
  assert_true(mri_digest_parse(text, &parsed));
  assert_true(mri_digest_equal(&digest, &parsed));
  for (size_t i = 0; text[i] != '\0'; i++) {
    if (text[i] >= 'a') text[i] = (char)(text[i] - 'a' + 'A');
  }
  assert_true(mri_digest_parse(text, &parsed));
  assert_true(mri_digest_equal(&digest, &parsed));
  parsed.bytes[31] ^= 1;
  assert_false(mri_digest_equal(&digest, &parsed));
}

static void test_other_text_is_no_digest(void **state) {
  (void)state;
  static const char good[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  static const char wrong[] = {'g', 'G', '/', ':', '@', '`', ' ', '\0', '\x80'};
  mri_digest digest;
  assert_true(mri_digest_parse(good, &digest));
  const mri_digest before = digest;
  for (size_t at = 0; at < 64; at++) {
    for (size_t i = 0; i < sizeof wrong; i++) {
      char text[sizeof good];
      memcpy(text, good, sizeof good);
      text[at] = wrong[i];
      assert_false(mri_digest_parse(text, &digest));
    }
  }
  char longer[sizeof good + 1] = {0};
  memset(longer, 'a', sizeof good);
  mr_error error = MR_ERROR_INIT;
  assert_int_equal(mri_check_digest(longer, "model digest", &digest, &error), MR_INVALID_ARGUMENT);
  assert_memory_equal(error.message, "model digest \"aaaa", 17);
  assert_int_equal(mri_check_digest("", "model digest", &digest, &error), MR_INVALID_ARGUMENT);
  assert_int_equal(mri_check_digest(NULL, "model digest", &digest, &error), MR_INVALID_ARGUMENT);
  assert_string_equal(error.message, "model digest is missing (NULL)");
  assert_true(mri_digest_equal(&digest, &before));
  assert_int_equal(mri_check_digest(good, "model digest", &digest, NULL), MR_OK);
  assert_false(mri_digest_parse(NULL, &digest));
}

static void expect_xxh128(const void *bytes, size_t size, const char *expected) {
  uint8_t hash[16];
  char text[33];
  mri_xxh128(bytes, size, hash);
  for (size_t i = 0; i < 16; i++) (void)snprintf(text + 2 * i, 3, "%02x", hash[i]);
  assert_string_equal(text, expected);
}

static void test_xxh3_vectors(void **state) {
  (void)state;
  expect_xxh128("", 0, "99aa06d3014798d86001c324468d497f");
  expect_xxh128("a", 1, "a96faf705af16834e6c632b61e964e1f");
  expect_xxh128("abc", 3, "06b05ab6733a618578af5f94892f3950");
  expect_xxh128(content, 100000, "54182c58bbb1337c42c23aeead96750d");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_blake2b_vectors),
      cmocka_unit_test(test_content_digest_vectors),
      cmocka_unit_test(test_pieces_do_not_matter),
      cmocka_unit_test(test_leaves_prove_the_root),
      cmocka_unit_test(test_every_allocation_may_fail),
      cmocka_unit_test(test_any_allocator_serves),
      cmocka_unit_test(test_digest_text_is_read_back),
      cmocka_unit_test(test_other_text_is_no_digest),
      cmocka_unit_test(test_xxh3_vectors),
  };
  return cmocka_run_group_tests(tests, make_content, NULL);
}
