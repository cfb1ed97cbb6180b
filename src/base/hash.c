/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"
#include "base/vec.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdalign.h>
#include <string.h>
#include <xxhash.h>

struct mri_hasher {
  crypto_generichash_state leaf;
  void *block; /* what the allocator gave; the hasher starts at the next aligned address */
  const mri_mem *mem;
  mri_vec leaves;
  size_t filled; /* bytes in the open leaf */
  int64_t size;
  bool failed;
  bool finished;
  mri_digest root;
};

static void init_sodium(void) {
  /* A failure leaves the portable code in use, which serves as well. */
  int result = sodium_init();
  (void)result;
}

void mri_sodium_ready(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  (void)pthread_once(&once, init_sodium);
}

void mri_digest_text(const mri_digest *digest, char out[MRI_DIGEST_TEXT]) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < MRI_DIGEST_BYTES; i++) {
    out[2 * i] = digits[digest->bytes[i] >> 4];
    out[2 * i + 1] = digits[digest->bytes[i] & 15];
  }
  out[MRI_DIGEST_TEXT - 1] = '\0';
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool mri_digest_parse(const char *text, mri_digest *out) {
  mri_digest digest;
  if (text == NULL) return false;
  for (size_t i = 0; i < MRI_DIGEST_BYTES; i++) {
    int high = hex_value(text[2 * i]);
    if (high < 0) return false;
    int low = hex_value(text[2 * i + 1]);
    if (low < 0) return false;
    digest.bytes[i] = (uint8_t)(high * 16 + low);
  }
  if (text[MRI_DIGEST_TEXT - 1] != '\0') return false;
  *out = digest;
  return true;
}

bool mri_digest_equal(const mri_digest *a, const mri_digest *b) {
  return memcmp(a->bytes, b->bytes, MRI_DIGEST_BYTES) == 0;
}

mr_status mri_check_digest(const char *text, const char *what, mri_digest *out, mr_error *error) {
  if (text == NULL) return mri_error_set(error, MR_INVALID_ARGUMENT, "%s is missing (NULL)", what);
  if (!mri_digest_parse(text, out))
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "%s \"%.80s\" is not a digest; give %d hex "
                         "digits",
                         what, text, 2 * MRI_DIGEST_BYTES);
  return MR_OK;
}

static void hash_init(crypto_generichash_state *state) {
  mri_sodium_ready();
  int result = crypto_generichash_init(state, NULL, 0, MRI_DIGEST_BYTES);
  assert(result == 0);
  (void)result;
}

static void hash_final(crypto_generichash_state *state, mri_digest *out) {
  int result = crypto_generichash_final(state, out->bytes, MRI_DIGEST_BYTES);
  assert(result == 0);
  (void)result;
}

static void hash_update(crypto_generichash_state *state, const void *bytes, size_t size) {
  if (size > 0) (void)crypto_generichash_update(state, bytes, size);
}

void mri_blake2b(const void *bytes, size_t size, mri_digest *out) {
  crypto_generichash_state state;
  hash_init(&state);
  hash_update(&state, bytes, size);
  hash_final(&state, out);
}

void mri_tree_root(int64_t size, const mri_digest *leaves, size_t count, mri_digest *out) {
  assert(size >= 0);
  uint8_t encoded[8];
  for (unsigned i = 0; i < 8; i++) encoded[i] = (uint8_t)((uint64_t)size >> (8 * i));
  crypto_generichash_state state;
  hash_init(&state);
  hash_update(&state, MRI_TREE_TAG, sizeof MRI_TREE_TAG - 1);
  hash_update(&state, encoded, sizeof encoded);
  for (size_t i = 0; i < count; i++) hash_update(&state, leaves[i].bytes, MRI_DIGEST_BYTES);
  hash_final(&state, out);
}

mri_hasher *mri_hasher_new(const mri_mem *mem) {
  /* libsodium's state wants cache-line alignment, more than an allocator promises. */
  const size_t align = alignof(mri_hasher);
  char *block = mri_mem_zalloc(mem, 1, sizeof(mri_hasher) + align - 1);
  if (block == NULL) return NULL;
  size_t over = (size_t)((uintptr_t)block % align);
  mri_hasher *hasher = (void *)(block + (over == 0 ? 0 : align - over));
  hasher->block = block;
  hasher->mem = mem;
  mri_vec_init(&hasher->leaves, mem, sizeof(mri_digest));
  hash_init(&hasher->leaf);
  return hasher;
}

void mri_hasher_free(mri_hasher *hasher) {
  if (hasher == NULL) return;
  mri_vec_free(&hasher->leaves);
  mri_mem_free(hasher->mem, hasher->block);
}

/* Room for one leaf more than needed, so that final cannot run out of memory. */
static bool close_leaf(mri_hasher *hasher) {
  if (!mri_vec_reserve(&hasher->leaves, 2)) return false;
  hash_final(&hasher->leaf, mri_vec_push(&hasher->leaves));
  hash_init(&hasher->leaf);
  hasher->filled = 0;
  return true;
}

bool mri_hasher_update(mri_hasher *hasher, const void *bytes, size_t size) {
  assert(!hasher->finished);
  const uint8_t *at = bytes;
  if (hasher->failed) return false;
  while (size > 0) {
    /* A full leaf stays open until more comes: content of exactly one leaf has no tree. */
    if (hasher->filled == MRI_LEAF_BYTES && !close_leaf(hasher)) {
      hasher->failed = true;
      return false;
    }
    size_t room = MRI_LEAF_BYTES - hasher->filled;
    size_t taken = size < room ? size : room;
    hash_update(&hasher->leaf, at, taken);
    hasher->filled += taken;
    hasher->size += (int64_t)taken;
    at += taken;
    size -= taken;
  }
  return true;
}

void mri_hasher_final(mri_hasher *hasher, mri_digest *out) {
  assert(!hasher->failed);
  if (!hasher->finished) {
    hasher->finished = true;
    if (hasher->leaves.count == 0) {
      hash_final(&hasher->leaf, &hasher->root);
    } else {
      hash_final(&hasher->leaf, mri_vec_push(&hasher->leaves));
      mri_tree_root(hasher->size, hasher->leaves.items, hasher->leaves.count, &hasher->root);
    }
  }
  *out = hasher->root;
}

int64_t mri_hasher_size(const mri_hasher *hasher) {
  return hasher->size;
}

const mri_digest *mri_hasher_leaves(const mri_hasher *hasher, size_t *count) {
  *count = hasher->finished ? hasher->leaves.count : 0;
  return *count == 0 ? NULL : hasher->leaves.items;
}

mr_status mri_content_digest(const mri_mem *mem, const void *bytes, size_t size, mri_digest *out,
                             mr_error *error) {
  if (size <= MRI_LEAF_BYTES) {
    mri_blake2b(bytes, size, out);
    return MR_OK;
  }
  mri_hasher *hasher = mri_hasher_new(mem);
  bool hashed = hasher != NULL && mri_hasher_update(hasher, bytes, size);
  if (hashed) mri_hasher_final(hasher, out);
  mri_hasher_free(hasher);
  return hashed ? MR_OK : mri_error_no_memory(error);
}

void mri_xxh128(const void *bytes, size_t size, uint8_t out[16]) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, size));
  memcpy(out, canonical.digest, sizeof canonical.digest);
}
