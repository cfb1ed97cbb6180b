/* SPDX-License-Identifier: Apache-2.0 */
/* Content: reading it, links to it, its format, and what happens when it is damaged. */
#include "contract.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGE = 3 * (1 << 20) + 5 };
static uint8_t large[LARGE];

static mr_blob *open_artifact(mr_run *run, const char *path) {
  mr_blob *blob = NULL;
  OK(mr_run_open_artifact(run, path, &blob, &error));
  return blob;
}

/* Reads [offset, offset + size) and compares with the same part of `expected`. */
static void reads(mr_blob *blob, const uint8_t *expected, size_t total, size_t offset,
                  size_t size) {
  static uint8_t out[LARGE + 16];
  size_t got = 0;
  size_t wanted = offset >= total ? 0 : size < total - offset ? size : total - offset;
  assert_true(size + 8 <= sizeof out);
  memset(out, 0xa5, size + 8);
  OK(mr_blob_read(blob, (int64_t)offset, out, size, &got, &error));
  assert_int_equal(got, wanted);
  assert_int_equal(memcmp(out, expected + (wanted > 0 ? offset : 0), wanted), 0);
  for (size_t i = size; i < size + 8; i++) assert_int_equal(out[i], 0xa5);
}

static void reads_any_part(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  const size_t leaf = 1 << 20;
  contract_fill(large, sizeof large, 11);
  OK(mr_run_log_artifact_bytes(run, "large", large, sizeof large, &error));
  mr_blob *blob = open_artifact(run, "large");
  assert_int_equal(mr_blob_size(blob), LARGE);
  assert_string_equal(mr_blob_info(blob)->path, "large");
  const struct {
    size_t offset;
    size_t size;
  } parts[] = {
      {0, 0},        {0, 1},         {0, LARGE},        {0, LARGE + 8},      {leaf - 1, 1},
      {leaf - 1, 2}, {leaf, 1},      {leaf - 1, leaf},  {leaf, leaf},        {leaf / 2, 2 * leaf},
      {3 * leaf, 5}, {3 * leaf, 6},  {3 * leaf + 4, 1}, {3 * leaf + 4, 100}, {LARGE, 1},
      {LARGE, 0},    {LARGE + 1, 1},
  };
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    reads(blob, large, LARGE, parts[i].offset, parts[i].size);
  }
  int64_t rounds = contract_scale(500, 50);
  for (int64_t i = 0; i < rounds; i++) {
    uint32_t random[2];
    contract_fill((uint8_t *)random, sizeof random, (uint64_t)i + 1000);
    reads(blob, large, LARGE, random[0] % LARGE, random[1] % (i % 10 == 0 ? LARGE : 5000));
  }
  size_t got = 7;
  uint8_t byte = 0;
  OK(mr_blob_read(blob, INT64_MAX, &byte, 1, &got, &error));
  assert_int_equal(got, 0);
  REFUSED(MR_INVALID_ARGUMENT, "offset", mr_blob_read(blob, -1, &byte, 1, &got, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_size", mr_blob_read(blob, 0, &byte, 1, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_data", mr_blob_read(blob, 0, NULL, 1, &got, &error));
  OK(mr_blob_read(blob, 0, NULL, 0, &got, &error));
  mr_blob_free(blob);
  mr_run_free(run);
}

static void maps(void **state) {
  contract *c = *state;
  const uint8_t *data = NULL;
  const uint8_t *again = NULL;
  mr_run *run = contract_run(c, "x");
  static const size_t sizes[] = {0, 1, 4096, 1 << 20, (1 << 20) + 1, LARGE};
  contract_fill(large, sizeof large, 12);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    char path[16];
    (void)snprintf(path, sizeof path, "b%zu", sizes[i]);
    OK(mr_run_log_artifact_bytes(run, path, large, sizes[i], &error));
    mr_blob *blob = open_artifact(run, path);
    OK(mr_blob_map(blob, &data, &error));
    assert_non_null(data);
    assert_int_equal(memcmp(data, large, sizes[i]), 0);
    OK(mr_blob_map(blob, &again, &error));
    assert_ptr_equal(data, again);
    reads(blob, large, sizes[i], 0, 100);
    mr_blob_free(blob);
  }
  REFUSED(MR_INVALID_ARGUMENT, "blob", mr_blob_map(NULL, &data, &error));
  mr_blob *blob = open_artifact(run, "b1");
  REFUSED(MR_INVALID_ARGUMENT, "out_data", mr_blob_map(blob, NULL, &error));
  /* A blob does not need its run; it needs its registry. */
  mr_run_free(run);
  OK(mr_blob_map(blob, &data, &error));
  if (c->driver->survives_close) {
    size_t got = 0;
    uint8_t byte = 0;
    contract_reopen(c);
    REFUSED(MR_CLOSED, "closed", mr_blob_read(blob, 0, &byte, 1, &got, &error));
    assert_int_equal(data[0], large[0]); /* what was handed out stays */
    assert_int_equal(mr_blob_size(blob), 1);
  }
  mr_blob_free(blob);
  mr_blob_free(NULL);
  assert_int_equal(mr_blob_size(NULL), 0);
  assert_null(mr_blob_info(NULL));
}

static void opening_refuses(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  mr_blob *blob = NULL;
  contract_put(run, "a/b", "x");
  REFUSED(MR_NOT_FOUND, "'c'", mr_run_open_artifact(run, "c", &blob, &error));
  HAS(error.message, mr_run_info(run)->id);
  REFUSED(MR_NOT_FOUND, "'a'|folder", mr_run_open_artifact(run, "a", &blob, &error));
  REFUSED(MR_NOT_FOUND, "'a/b/c'", mr_run_open_artifact(run, "a/b/c", &blob, &error));
  REFUSED(MR_INVALID_ARGUMENT, "artifact path", mr_run_open_artifact(run, "", &blob, &error));
  REFUSED(MR_INVALID_ARGUMENT, "artifact path",
          mr_run_open_artifact(run, "a/../a/b", &blob, &error));
  REFUSED(MR_INVALID_ARGUMENT, "artifact path", mr_run_open_artifact(run, NULL, &blob, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_blob", mr_run_open_artifact(run, "a/b", NULL, &error));
  assert_null(blob);
  mr_run_free(run);
}

/* --- formats ------------------------------------------------------------------------------ */

static void formats(void **state) {
  contract *c = *state;
  static const struct {
    const char *format;
    const char *bytes;
    size_t size;
  } cases[] = {
      {"safetensors", "\x02\x00\x00\x00\x00\x00\x00\x00{}", 10},
      {"gguf", "GGUF\x03\x00\x00\x00", 8},
      {"onnx", "\x08\x08\x12\x07pytorch", 11},
      {"pickle", "\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}.", 13},
      {"pickle", "\x80\x02}q\x00.", 6},
      {"zip", "PK\x03\x04\x14\x00", 6},
      {"hdf5", "\x89HDF\r\n\x1a\n\x00\x00", 10},
      {"numpy", "\x93NUMPY\x01\x00", 8},
      {"gzip", "\x1f\x8b\x08\x00", 4},
      {"json", "{\"a\": 1}", 8},
      {"json", " [\n1, 2]", 8},
      {"elf",
       "\x7f"
       "ELF\x02\x01",
       6},
      {"unknown", "label,x,y\n1,2,3\n", 16},
      {"unknown", "", 0},
  };
  mr_run *run = contract_run(c, "x");
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char name[32];
    path_text local;
    mr_blob *blob = NULL;
    (void)snprintf(name, sizeof name, "bytes-%zu", i);
    OK(mr_run_log_artifact_bytes(run, name, (const uint8_t *)cases[i].bytes, cases[i].size,
                                 &error));
    blob = open_artifact(run, name);
    assert_string_equal(mr_blob_info(blob)->format, cases[i].format);
    mr_blob_free(blob);
    (void)snprintf(name, sizeof name, "file-%zu", i);
    contract_write(c, name, cases[i].bytes, cases[i].size);
    OK(mr_run_log_artifact(run, contract_path(c, name, &local), NULL, NULL, &error));
    blob = open_artifact(run, name);
    assert_string_equal(mr_blob_info(blob)->format, cases[i].format);
    mr_blob_free(blob);
  }
  mr_run_free(run);
}

/* --- links -------------------------------------------------------------------------------- */

static void log_link(mr_run *run, const char *path, const char *uri, const char *digest,
                     int64_t size) {
  mr_link_options link = MR_LINK_OPTIONS_INIT;
  link.path = path;
  link.uri = uri;
  link.digest = digest;
  link.size = size;
  OK(mr_run_log_artifact_link(run, &link, &error));
}

static void links_to_files_open(void **state) {
  contract *c = *state;
  path_text local;
  char uri[1300];
  char digest[DIGEST_TEXT];
  mr_blob *blob = NULL;
  size_t got = 0;
  uint8_t byte = 0;
  mr_run *run = contract_run(c, "x");
  contract_fill(large, sizeof large, 13);
  contract_write(c, "elsewhere/we ights.bin", large, sizeof large);
  contract_digest(large, sizeof large, digest);
  (void)snprintf(uri, sizeof uri, "file://%s", contract_path(c, "elsewhere/we ights.bin", &local));
  log_link(run, "weights", uri, digest, LARGE);
  log_link(run, "weights", uri, digest, LARGE);
  blob = open_artifact(run, "weights");
  const mr_artifact_record *info = mr_blob_info(blob);
  assert_int_equal(info->kind, MR_ARTIFACT_KIND_LINK);
  assert_string_equal(info->format, "link");
  assert_string_equal(info->uri, uri);
  assert_string_equal(info->digest, digest);
  assert_int_equal(info->size, LARGE);
  reads(blob, large, LARGE, (1 << 20) - 3, 6);
  reads(blob, large, LARGE, 0, LARGE);
  mr_blob_free(blob);
  /* Nothing was copied, so what happens to the file is seen, and never handed out. */
  large[LARGE - 1] ^= 1;
  contract_write(c, "elsewhere/we ights.bin", large, sizeof large);
  blob = NULL;
  mr_status opened = mr_run_open_artifact(run, "weights", &blob, &error);
  if (opened == MR_OK) {
    REFUSED(MR_TAMPERED, "digest", mr_blob_read(blob, LARGE - 1, &byte, 1, &got, &error));
    const uint8_t *data = NULL;
    REFUSED(MR_TAMPERED, "digest", mr_blob_map(blob, &data, &error));
    assert_null(data);
    mr_blob_free(blob);
    blob = NULL;
  } else {
    assert_int_equal(opened, MR_TAMPERED);
  }
  contract_write(c, "elsewhere/we ights.bin", large, 10);
  REFUSED(MR_TAMPERED, "weights", mr_run_open_artifact(run, "weights", &blob, &error));
  assert_int_equal(unlink(local.text), 0);
  REFUSED(MR_NOT_FOUND, "weights", mr_run_open_artifact(run, "weights", &blob, &error));
  assert_null(blob);
  mr_run_free(run);
}

static void other_links_are_recorded(void **state) {
  contract *c = *state;
  static const char *const uris[] = {"s3://bucket/key", "https://example.com/model?x=1",
                                     "file:relative",   "file://host/path",
                                     "file:///a%20b",   "az:anything"};
  char digest[DIGEST_TEXT];
  mr_run *run = contract_run(c, "x");
  contract_digest("x", 1, digest);
  for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++) {
    char path[16];
    mr_blob *blob = NULL;
    (void)snprintf(path, sizeof path, "link-%zu", i);
    log_link(run, path, uris[i], digest, 1);
    REFUSED(MR_NOT_SUPPORTED, path, mr_run_open_artifact(run, path, &blob, &error));
    assert_null(blob);
  }
  mr_artifact_page *page = NULL;
  OK(mr_run_list_artifacts(run, NULL, &page, &error));
  for (int64_t i = 0; i < 6; i++) {
    assert_string_equal(mr_artifact_page_at(page, i)->uri, uris[i]);
    assert_int_equal(mr_artifact_page_at(page, i)->kind, MR_ARTIFACT_KIND_LINK);
  }
  mr_artifact_page_free(page);
  mr_run_free(run);
}

static void bad_links_are_refused(void **state) {
  contract *c = *state;
  char digest[DIGEST_TEXT];
  char uri[4200];
  mr_run *run = contract_run(c, "x");
  mr_link_options l = MR_LINK_OPTIONS_INIT;
  contract_digest("x", 1, digest);
  contract_put(run, "taken", "y");
  l.path = "a";
  l.uri = "s3://b/k";
  l.digest = digest;
  l.size = -1;
  REFUSED(MR_INVALID_ARGUMENT, "size", mr_run_log_artifact_link(run, &l, &error));
  l.size = 1;
  l.digest = "abc";
  REFUSED(MR_INVALID_ARGUMENT, "digest", mr_run_log_artifact_link(run, &l, &error));
  l.digest = NULL;
  REFUSED(MR_INVALID_ARGUMENT, "digest", mr_run_log_artifact_link(run, &l, &error));
  l.digest = digest;
  l.path = "../a";
  REFUSED(MR_INVALID_ARGUMENT, "artifact path", mr_run_log_artifact_link(run, &l, &error));
  l.path = NULL;
  REFUSED(MR_INVALID_ARGUMENT, "artifact path", mr_run_log_artifact_link(run, &l, &error));
  l.path = "a";
  l.uri = NULL;
  REFUSED(MR_INVALID_ARGUMENT, "uri", mr_run_log_artifact_link(run, &l, &error));
  l.uri = "/no/scheme";
  REFUSED(MR_INVALID_ARGUMENT, "uri|scheme", mr_run_log_artifact_link(run, &l, &error));
  memset(uri, 'u', sizeof uri);
  memcpy(uri, "s3://", 5);
  uri[4097] = '\0';
  l.uri = uri;
  REFUSED(MR_LIMIT, "uri|4096", mr_run_log_artifact_link(run, &l, &error));
  uri[4096] = '\0';
  OK(mr_run_log_artifact_link(run, &l, &error));
  l.path = "taken";
  REFUSED(MR_ALREADY_EXISTS, "taken", mr_run_log_artifact_link(run, &l, &error));
  l.path = "taken/too";
  REFUSED(MR_ALREADY_EXISTS, "taken", mr_run_log_artifact_link(run, &l, &error));
  REFUSED(MR_INVALID_ARGUMENT, "link", mr_run_log_artifact_link(run, NULL, &error));
  l.struct_size = 0;
  REFUSED(MR_ABI_MISMATCH, "mr_link_options", mr_run_log_artifact_link(run, &l, &error));
  mr_run_free(run);
}

/* --- damage ------------------------------------------------------------------------------- */

/* The only file below `folder` of this size; "" where there is none. */
static void find_file(const char *folder, off_t size, char out[1200]) {
  DIR *list = opendir(folder);
  if (list == NULL) return;
  for (const struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    path_text path;
    struct stat facts;
    (void)snprintf(path.text, sizeof path.text, "%s/%s", folder, entry->d_name);
    assert_int_equal(lstat(path.text, &facts), 0);
    if (S_ISDIR(facts.st_mode)) {
      find_file(path.text, size, out);
    } else if (facts.st_size == size) {
      (void)snprintf(out, 1200, "%s", path.text);
    }
  }
  assert_int_equal(closedir(list), 0);
}

static void flip(const char *path, long offset) {
  assert_int_equal(chmod(path, 0644), 0);
  FILE *file = fopen(path, "r+b");
  assert_non_null(file);
  assert_int_equal(fseek(file, offset, SEEK_SET), 0);
  int byte = fgetc(file);
  assert_int_equal(fseek(file, offset, SEEK_SET), 0);
  assert_int_not_equal(fputc(byte ^ 0x20, file), EOF);
  assert_int_equal(fclose(file), 0);
}

static void damage_is_found(void **state) {
  contract *c = *state;
  char stored[1200] = "";
  path_text root;
  size_t got = 0;
  uint8_t byte = 0;
  mr_blob *blob = NULL;
  mr_run *run = contract_run(c, "x");
  contract_fill(large, sizeof large, 14);
  OK(mr_run_log_artifact_bytes(run, "large", large, sizeof large, &error));
  find_file(contract_path(c, "R.db.d", &root), LARGE, stored);
  assert_int_equal(stored[0] != '\0', c->driver->folder);
  if (!c->driver->folder) { /* nobody else can reach it */
    mr_run_free(run);
    return;
  }
  flip(stored, (1 << 20) + 17);
  blob = open_artifact(run, "large");
  reads(blob, large, LARGE, 0, 1 << 20); /* the other leaves are as they were */
  reads(blob, large, LARGE, 2 << 20, (1 << 20) + 5);
  REFUSED(MR_TAMPERED, "digest", mr_blob_read(blob, (1 << 20) + 900, &byte, 1, &got, &error));
  mr_blob_free(blob);
  flip(stored, (1 << 20) + 17);
  blob = open_artifact(run, "large");
  reads(blob, large, LARGE, 0, LARGE);
  mr_blob_free(blob);
  blob = NULL;
  assert_int_equal(truncate(stored, LARGE - 1), 0);
  REFUSED(MR_TAMPERED, "large", mr_run_open_artifact(run, "large", &blob, &error));
  assert_int_equal(unlink(stored), 0);
  REFUSED(MR_NOT_FOUND, "large", mr_run_open_artifact(run, "large", &blob, &error));
  assert_null(blob);
  /* Logged again, the content is there again. */
  OK(mr_run_log_artifact_bytes(run, "copy", large, sizeof large, &error));
  blob = open_artifact(run, "large");
  reads(blob, large, LARGE, 0, LARGE);
  mr_blob_free(blob);
  mr_run_free(run);
}

int contract_blob_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(reads_any_part),        TEST(maps),
      TEST(opening_refuses),       TEST(formats),
      TEST(links_to_files_open),   TEST(other_links_are_recorded),
      TEST(bad_links_are_refused), TEST(damage_is_found),
  };
  return GROUP("content", tests);
}
