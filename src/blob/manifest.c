/* SPDX-License-Identifier: Apache-2.0 */
#include "blob/manifest.h"

#include "base/str.h"
#include "base/text.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "modelreg manifest v1\n"
/* Digits, blank, size, blank, path, line feed, NUL. */
#define LINE_BYTES (MRI_DIGEST_TEXT + 20 + 1 + MRI_PATH_MAX + 2)

void mri_manifest_init(mri_manifest *manifest, const mri_mem *mem) {
  *manifest = (mri_manifest){.mem = mem};
  mri_arena_init(&manifest->arena, mem);
  mri_vec_init(&manifest->entries, mem, sizeof(mri_manifest_entry));
}

void mri_manifest_destroy(mri_manifest *manifest) {
  mri_arena_free(&manifest->arena);
  mri_vec_free(&manifest->entries);
}

size_t mri_manifest_count(const mri_manifest *manifest) {
  return manifest->entries.count;
}

const mri_manifest_entry *mri_manifest_at(const mri_manifest *manifest, size_t index) {
  assert(index < manifest->entries.count);
  return (const mri_manifest_entry *)manifest->entries.items + index;
}

mr_status mri_manifest_add(mri_manifest *manifest, const char *path, int64_t size,
                           const mri_digest *digest, const char *source, mr_error *error) {
  assert(digest != NULL);
  mr_status status = mri_check_path(path, "path", error);
  if (status != MR_OK) return status;
  if (size < 0)
    return mri_error_set(error, MR_INVALID_ARGUMENT, "size %lld of %s is negative", (long long)size,
                         path);
  if (size > INT64_MAX - manifest->total_size)
    return mri_error_set(error, MR_LIMIT, "with %s the manifest names more than 2^63 - 1 bytes",
                         path);
  char *path_copy = mri_arena_strdup(&manifest->arena, path);
  char *source_copy = mri_arena_strdup(&manifest->arena, source);
  if (path_copy == NULL || (source != NULL && source_copy == NULL))
    return mri_error_no_memory(error);
  mri_manifest_entry *entry = mri_vec_push(&manifest->entries);
  if (entry == NULL) return mri_error_no_memory(error);
  *entry = (mri_manifest_entry){path_copy, size, *digest, source_copy};
  manifest->total_size += size;
  manifest->sealed = false;
  return MR_OK;
}

static int by_path(const void *a, const void *b) {
  return strcmp(((const mri_manifest_entry *)a)->path, ((const mri_manifest_entry *)b)->path);
}

/* Compares an entry's path with the first `size` bytes of a text. */
static int compare_path(const char *path, const char *text, size_t size) {
  int order = strncmp(path, text, size);
  return order != 0 ? order : path[size] != '\0';
}

/* Entries are sorted. */
static const mri_manifest_entry *find(const mri_manifest *manifest, const char *path, size_t size) {
  const mri_manifest_entry *entries = manifest->entries.items;
  size_t low = 0;
  size_t high = manifest->entries.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = compare_path(entries[middle].path, path, size);
    if (order == 0) return &entries[middle];
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return NULL;
}

static mr_status check_tree(const mri_manifest *manifest, mr_error *error) {
  const mri_manifest_entry *entries = manifest->entries.items;
  for (size_t i = 1; i < manifest->entries.count; i++) {
    const char *path = entries[i].path;
    const char *previous = entries[i - 1].path;
    size_t common = 0;
    while (path[common] != '\0' && path[common] == previous[common]) common++;
    if (path[common] == '\0' && previous[common] == '\0')
      return mri_error_set(error, MR_ALREADY_EXISTS, "path %s is in the manifest twice", path);
    /* The folders that both have in common were looked up for the previous entry. */
    for (const char *slash = strchr(path + common, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
      const mri_manifest_entry *file = find(manifest, path, (size_t)(slash - path));
      if (file != NULL)
        return mri_error_set(error, MR_ALREADY_EXISTS,
                             "path %s is a file in the manifest and a folder of %s", file->path,
                             path);
    }
  }
  return MR_OK;
}

/* One line of the text form; returns its length. */
static size_t line_of(const mri_manifest_entry *entry, char out[LINE_BYTES]) {
  char digest[MRI_DIGEST_TEXT];
  mri_digest_text(&entry->digest, digest);
  int length =
      snprintf(out, LINE_BYTES, "%s %lld %s\n", digest, (long long)entry->size, entry->path);
  assert(length > 0 && (size_t)length < LINE_BYTES);
  return (size_t)length;
}

/* The digest of the text form, without making the text. */
static mr_status digest_text(mri_manifest *manifest, mr_error *error) {
  mri_hasher *hasher = mri_hasher_new(manifest->mem);
  bool done = hasher != NULL && mri_hasher_update(hasher, HEADER, strlen(HEADER));
  for (size_t i = 0; done && i < manifest->entries.count; i++) {
    char line[LINE_BYTES];
    size_t length = line_of(mri_manifest_at(manifest, i), line);
    done = mri_hasher_update(hasher, line, length);
  }
  if (done) mri_hasher_final(hasher, &manifest->digest);
  mri_hasher_free(hasher);
  return done ? MR_OK : mri_error_no_memory(error);
}

static bool is_sorted(const mri_manifest *manifest) {
  const mri_manifest_entry *entries = manifest->entries.items;
  for (size_t i = 1; i < manifest->entries.count; i++) {
    if (by_path(&entries[i - 1], &entries[i]) > 0) return false;
  }
  return true;
}

mr_status mri_manifest_seal(mri_manifest *manifest, mr_error *error) {
  if (manifest->sealed) return MR_OK;
  if (!is_sorted(manifest))
    qsort(manifest->entries.items, manifest->entries.count, sizeof(mri_manifest_entry), by_path);
  mr_status status = check_tree(manifest, error);
  if (status == MR_OK) status = digest_text(manifest, error);
  manifest->sealed = status == MR_OK;
  return status;
}

mr_status mri_manifest_write(const mri_manifest *manifest, char **out, size_t *out_size,
                             mr_error *error) {
  assert(manifest->sealed);
  mri_str text;
  mri_str_init(&text, manifest->mem);
  mri_str_add(&text, HEADER);
  for (size_t i = 0; i < manifest->entries.count; i++) {
    char line[LINE_BYTES];
    mri_str_add_bytes(&text, line, line_of(mri_manifest_at(manifest, i), line));
  }
  size_t size = text.size;
  char *taken = mri_str_take(&text);
  if (taken == NULL) {
    mri_str_free(&text);
    return mri_error_no_memory(error);
  }
  *out = taken;
  *out_size = size;
  return MR_OK;
}

/* Splits a line into an entry whose path is in `path`; the reason why not, or NULL. */
static const char *parse_line(const char *line, size_t length, mri_manifest_entry *out,
                              char path[MRI_PATH_MAX + 1]) {
  char digest[MRI_DIGEST_TEXT];
  char again[MRI_DIGEST_TEXT];
  if (length < MRI_DIGEST_TEXT || line[MRI_DIGEST_TEXT - 1] != ' ') return "has no digest";
  memcpy(digest, line, MRI_DIGEST_TEXT - 1);
  digest[MRI_DIGEST_TEXT - 1] = '\0';
  if (!mri_digest_parse(digest, &out->digest)) return "has no digest";
  mri_digest_text(&out->digest, again);
  if (strcmp(digest, again) != 0) return "has a digest with upper-case digits";
  const char *at = line + MRI_DIGEST_TEXT;
  const char *end = line + length;
  const char *first = at;
  int64_t size = 0;
  for (; at < end && *at >= '0' && *at <= '9'; at++) {
    int digit = *at - '0';
    if (size > (INT64_MAX - digit) / 10) return "has a size above 2^63 - 1";
    size = size * 10 + digit;
  }
  if (at == first || at == end || *at != ' ') return "has no size";
  if (*first == '0' && at - first > 1) return "has a size with leading zeros";
  at++;
  size_t path_length = (size_t)(end - at);
  if (path_length > MRI_PATH_MAX || memchr(at, '\0', path_length) != NULL)
    return "has no valid path";
  memcpy(path, at, path_length);
  path[path_length] = '\0';
  if (mri_check_path(path, "path", NULL) != MR_OK) return "has no valid path";
  out->size = size;
  return NULL;
}

static mr_status read_lines(mri_manifest *manifest, const char *at, size_t size, mr_error *error) {
  const char *end = at + size;
  for (long long number = 2; at < end; number++) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    mri_manifest_entry entry;
    char path[MRI_PATH_MAX + 1];
    const char *wrong = "has no end";
    if (stop != NULL) wrong = parse_line(at, (size_t)(stop - at), &entry, path);
    size_t count = manifest->entries.count;
    if (wrong == NULL && count > 0 && strcmp(mri_manifest_at(manifest, count - 1)->path, path) >= 0)
      wrong = "is not in path order";
    if (wrong != NULL)
      return mri_error_set(error, MR_CORRUPT, "manifest line %lld %s", number, wrong);
    mr_status status = mri_manifest_add(manifest, path, entry.size, &entry.digest, NULL, error);
    if (status == MR_LIMIT)
      return mri_error_set(error, MR_CORRUPT, "manifest line %lld brings the sum above 2^63 - 1",
                           number);
    if (status != MR_OK) return status;
    at = stop + 1;
  }
  return MR_OK;
}

mr_status mri_manifest_read(mri_manifest *manifest, const void *text, size_t size,
                            mr_error *error) {
  assert(manifest->entries.count == 0 && text != NULL);
  const size_t header = strlen(HEADER);
  if (size < header || memcmp(text, HEADER, header) != 0)
    return mri_error_set(error, MR_CORRUPT, "manifest line 1 is not \"modelreg manifest v1\"");
  mr_status status = read_lines(manifest, (const char *)text + header, size - header, error);
  if (status == MR_OK) {
    status = check_tree(manifest, error);
    if (status == MR_ALREADY_EXISTS)
      status = mri_error_set(error, MR_CORRUPT, "manifest has a path that is a folder of another");
  }
  if (status == MR_OK)
    status = mri_content_digest(manifest->mem, text, size, &manifest->digest, error);
  manifest->sealed = status == MR_OK;
  if (status != MR_OK) {
    const mri_mem *mem = manifest->mem;
    mri_manifest_destroy(manifest);
    mri_manifest_init(manifest, mem);
  }
  return status;
}

const mri_manifest_entry *mri_manifest_find(const mri_manifest *manifest, const char *path) {
  assert(manifest->sealed && path != NULL);
  return find(manifest, path, strlen(path));
}
