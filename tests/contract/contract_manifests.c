/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests, against digests made here from the documented text. */
#include "contract.h"

#include <stdlib.h>
#include <unistd.h>

static mr_manifest *new_manifest(void) {
  mr_manifest *manifest = NULL;
  OK(mr_manifest_new(&manifest, &error));
  return manifest;
}

static mr_manifest *of_folder(const contract *c, const char *folder,
                              const mr_folder_options *options) {
  path_text path;
  mr_manifest *manifest = new_manifest();
  OK(mr_manifest_add_folder(manifest, contract_path(c, folder, &path), options, &error));
  return manifest;
}

/* The paths of a manifest, in its order. */
static void paths_are(mr_manifest *manifest, const char *paths) {
  static listing list;
  const char *digest = NULL;
  OK(mr_manifest_digest(manifest, &digest, &error));
  list.count = 0;
  for (int64_t i = 0; i < mr_manifest_count(manifest); i++) {
    contract_list_add(&list, mr_manifest_at(manifest, i)->path);
  }
  LISTED(&list, paths);
}

static void same_digest(mr_manifest *a, mr_manifest *b, bool same) {
  const char *x = NULL;
  const char *y = NULL;
  OK(mr_manifest_digest(a, &x, &error));
  OK(mr_manifest_digest(b, &y, &error));
  assert_int_equal(strcmp(x, y) == 0, same);
}

/* The text that dataset.h describes, written here by hand. */
static void digest_is_that_of_the_documented_text(void **state) {
  contract *c = *state;
  static const char bear[] = "brown\n";
  static uint8_t large[(2 << 20) + 17];
  char small_digest[DIGEST_TEXT];
  char large_digest[DIGEST_TEXT];
  char empty_digest[DIGEST_TEXT];
  char text[1000];
  char expected[DIGEST_TEXT];
  const char *digest = NULL;
  contract_fill(large, sizeof large, 1);
  contract_write(c, "data/zoo/bear.txt", bear, strlen(bear));
  contract_write(c, "data/zoo.txt", large, sizeof large);
  contract_write(c, "data/größe", "", 0);
  contract_digest(bear, strlen(bear), small_digest);
  contract_digest(large, sizeof large, large_digest);
  contract_digest("", 0, empty_digest);
  /* '.' comes before '/' in byte order, and the ö after both. */
  (void)snprintf(text, sizeof text,
                 "modelreg manifest v1\n%s 0 größe\n%s 2097169 zoo.txt\n%s 6 zoo/bear.txt\n",
                 empty_digest, large_digest, small_digest);
  contract_blake2b(text, strlen(text), expected);
  mr_manifest *manifest = of_folder(c, "data", NULL);
  OK(mr_manifest_digest(manifest, &digest, &error));
  assert_string_equal(digest, expected);
  assert_int_equal(mr_manifest_count(manifest), 3);
  const mr_manifest_entry_record *record = mr_manifest_at(manifest, 1);
  assert_true(record->struct_size >= sizeof *record);
  assert_string_equal(record->path, "zoo.txt");
  assert_string_equal(record->digest, large_digest);
  assert_int_equal(record->size, sizeof large);
  assert_null(mr_manifest_at(manifest, 3));
  assert_null(mr_manifest_at(manifest, -1));
  mr_manifest_free(manifest);
  manifest = new_manifest();
  contract_blake2b("modelreg manifest v1\n", 21, expected);
  OK(mr_manifest_digest(manifest, &digest, &error));
  assert_string_equal(digest, expected);
  mr_manifest_free(manifest);
}

/* The digest of a file at the borders of its leaves. */
static void file_digests_are_the_documented_ones(void **state) {
  contract *c = *state;
  static const size_t sizes[] = {0,       1,       255,     1048575, 1048576,
                                 1048577, 2097151, 2097152, 2097153, 3 * 1048576 + 5};
  static uint8_t data[3 * 1048576 + 5];
  contract_fill(data, sizeof data, 7);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    char expected[DIGEST_TEXT];
    path_text path;
    mr_manifest *manifest = new_manifest();
    contract_write(c, "file.bin", data, sizes[i]);
    contract_digest(data, sizes[i], expected);
    OK(mr_manifest_add_file(manifest, contract_path(c, "file.bin", &path), NULL, &error));
    assert_string_equal(mr_manifest_at(manifest, 0)->path, "file.bin");
    assert_string_equal(mr_manifest_at(manifest, 0)->digest, expected);
    assert_int_equal(mr_manifest_at(manifest, 0)->size, sizes[i]);
    mr_manifest_free(manifest);
  }
}

/* A list so long that its own text is more than 1 MiB. */
static void digest_of_a_long_list(void **state) {
  (void)state;
  enum { COUNT = 12000 };
  static const char digit[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  mr_manifest *manifest = new_manifest();
  char *text = malloc(COUNT * 120 + 40);
  const char *digest = NULL;
  char expected[DIGEST_TEXT];
  assert_non_null(text);
  size_t size = (size_t)sprintf(text, "modelreg manifest v1\n");
  for (int i = 0; i < COUNT; i++) {
    char path[60];
    (void)snprintf(path, sizeof path, "folder/with/a/long/name/file-%06d.bin", i);
    size += (size_t)sprintf(text + size, "%s %d %s\n", digit, i, path);
    /* Added backwards: the order of adding does not count. */
    (void)snprintf(path, sizeof path, "folder/with/a/long/name/file-%06d.bin", COUNT - 1 - i);
    OK(mr_manifest_add_entry(manifest, path, COUNT - 1 - i, digit, &error));
  }
  assert_true(size > 1048576);
  contract_digest(text, size, expected);
  OK(mr_manifest_digest(manifest, &digest, &error));
  assert_string_equal(digest, expected);
  mr_manifest_free(manifest);
  free(text);
}

static void digest_depends_on_content_alone(void **state) {
  contract *c = *state;
  static const char *const copies[] = {"one", "two"};
  path_text path;
  for (size_t i = 0; i < 2; i++) {
    char name[40];
    (void)snprintf(name, sizeof name, "%s/b/deep.txt", copies[i]);
    contract_write_text(c, name, "deep");
    (void)snprintf(name, sizeof name, "%s/a.txt", copies[i]);
    contract_write_text(c, name, "a");
  }
  mr_manifest *one = of_folder(c, "one", NULL);
  mr_manifest *again = of_folder(c, "one", NULL);
  mr_manifest *two = of_folder(c, "two", NULL);
  same_digest(one, again, true);
  same_digest(one, two, true);
  contract_write_text(c, "two/a.txt", "A");
  mr_manifest *changed = of_folder(c, "two", NULL);
  same_digest(one, changed, false);
  /* The same file under another path is another set. */
  mr_manifest *single = new_manifest();
  mr_manifest *renamed = new_manifest();
  OK(mr_manifest_add_file(single, contract_path(c, "one/a.txt", &path), NULL, &error));
  OK(mr_manifest_add_file(renamed, path.text, "x/a.txt", &error));
  same_digest(single, renamed, false);
  /* The same entries, one by one and in another order. */
  mr_manifest *parts = new_manifest();
  OK(mr_manifest_add_file(parts, contract_path(c, "one/b/deep.txt", &path), "b/deep.txt", &error));
  OK(mr_manifest_add_file(parts, contract_path(c, "one/a.txt", &path), "a.txt", &error));
  same_digest(one, parts, true);
  paths_are(parts, "a.txt b/deep.txt");
  mr_manifest *const all[] = {one, again, two, changed, single, renamed, parts};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) mr_manifest_free(all[i]);
}

/* A digest that was handed out is that of the entries at that time; more can be added after it. */
static void can_be_added_to_after_its_digest(void **state) {
  (void)state;
  char some[DIGEST_TEXT];
  char before[DIGEST_TEXT];
  const char *digest = NULL;
  contract_blake2b("x", 1, some);
  mr_manifest *manifest = new_manifest();
  OK(mr_manifest_add_entry(manifest, "b", 1, some, &error));
  OK(mr_manifest_digest(manifest, &digest, &error));
  (void)snprintf(before, sizeof before, "%s", digest);
  OK(mr_manifest_add_entry(manifest, "a", 1, some, &error));
  assert_string_equal(mr_manifest_at(manifest, 1)->path, "a"); /* in the order of adding, until: */
  OK(mr_manifest_digest(manifest, &digest, &error));
  assert_string_not_equal(digest, before);
  paths_are(manifest, "a b");
  mr_manifest_free(manifest);
}

static void patterns(void **state) {
  contract *c = *state;
  static const struct {
    const char *include[2];
    const char *exclude[2];
    const char *paths;
  } cases[] = {
      {{NULL}, {NULL}, "a.csv a.txt sub/b.csv sub/c.bin sub/deep/d.csv"},
      {{"*.csv"}, {NULL}, "a.csv sub/b.csv sub/deep/d.csv"}, /* fnmatch's * goes over / */
      {{"*.csv", "*.bin"}, {NULL}, "a.csv sub/b.csv sub/c.bin sub/deep/d.csv"},
      {{NULL}, {"*.csv"}, "a.txt sub/c.bin"},
      {{NULL}, {"sub/*"}, "a.csv a.txt"},
      {{"sub/*"}, {"*/deep/*"}, "sub/b.csv sub/c.bin"},
      {{"a.???"}, {NULL}, "a.csv a.txt"},
      {{"sub/[bc].*"}, {NULL}, "sub/b.csv sub/c.bin"},
      {{"*"}, {"*.csv", "*.txt"}, "sub/c.bin"},
      {{"nothing"}, {NULL}, ""},
      {{"*.csv"}, {"*.csv"}, ""},
  };
  static const char *const files[] = {"a.csv", "a.txt", "sub/b.csv", "sub/c.bin", "sub/deep/d.csv"};
  for (size_t i = 0; i < 5; i++) {
    char name[64];
    (void)snprintf(name, sizeof name, "data/%s", files[i]);
    contract_write_text(c, name, files[i]);
  }
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mr_folder_options o = MR_FOLDER_OPTIONS_INIT;
    o.include = cases[i].include;
    o.exclude = cases[i].exclude;
    while (o.include_count < 2 && cases[i].include[o.include_count] != NULL) o.include_count++;
    while (o.exclude_count < 2 && cases[i].exclude[o.exclude_count] != NULL) o.exclude_count++;
    mr_manifest *manifest = of_folder(c, "data", &o);
    paths_are(manifest, cases[i].paths);
    mr_manifest_free(manifest);
  }
  mr_folder_options o = MR_FOLDER_OPTIONS_INIT;
  mr_manifest *manifest = new_manifest();
  o.include_count = 1;
  REFUSED(MR_INVALID_ARGUMENT, "include", mr_manifest_add_folder(manifest, c->folder, &o, &error));
  o.struct_size = 0;
  REFUSED(MR_ABI_MISMATCH, "mr_folder_options",
          mr_manifest_add_folder(manifest, c->folder, &o, &error));
  mr_manifest_free(manifest);
}

/* A link is refused, and left out by a pattern; the manifest stays as it was. */
static void links_are_refused(void **state) {
  contract *c = *state;
  path_text path;
  path_text link;
  static const char *const out[] = {"*.lnk"};
  mr_folder_options o = MR_FOLDER_OPTIONS_INIT;
  contract_write_text(c, "data/a.txt", "a");
  contract_write_text(c, "other.txt", "o");
  assert_int_equal(symlink("a.txt", contract_path(c, "data/z.lnk", &link)), 0);
  mr_manifest *manifest = new_manifest();
  OK(mr_manifest_add_file(manifest, contract_path(c, "other.txt", &path), NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "z.lnk|symbolic link|exclude",
          mr_manifest_add_folder(manifest, contract_path(c, "data", &path), NULL, &error));
  assert_int_equal(mr_manifest_count(manifest), 1);
  paths_are(manifest, "other.txt");
  o.exclude = out;
  o.exclude_count = 1;
  OK(mr_manifest_add_folder(manifest, path.text, &o, &error));
  paths_are(manifest, "a.txt other.txt");
  mr_manifest_free(manifest);
}

static void refuses(void **state) {
  contract *c = *state;
  path_text path;
  char some[DIGEST_TEXT];
  mr_cancel *cancel = NULL;
  mr_folder_options o = MR_FOLDER_OPTIONS_INIT;
  contract_blake2b("x", 1, some);
  contract_write_text(c, "data/a.txt", "a");
  mr_manifest *m = new_manifest();
  REFUSED(MR_NOT_FOUND, "nowhere",
          mr_manifest_add_folder(m, contract_path(c, "nowhere", &path), NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "not a folder",
          mr_manifest_add_folder(m, contract_path(c, "data/a.txt", &path), NULL, &error));
  REFUSED(MR_NOT_FOUND, "nowhere",
          mr_manifest_add_file(m, contract_path(c, "nowhere", &path), NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "regular file",
          mr_manifest_add_file(m, contract_path(c, "data", &path), NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "NULL", mr_manifest_add_folder(m, NULL, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "NULL", mr_manifest_add_file(m, NULL, NULL, &error));
  static const char *const paths[] = {"",       "/a",  "a/",   "a//b", ".",   "..",
                                      "a/../b", "./a", "a\\b", "a\nb", "\xff"};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    REFUSED(MR_INVALID_ARGUMENT, "path", mr_manifest_add_entry(m, paths[i], 1, some, &error));
    REFUSED(MR_INVALID_ARGUMENT, "path",
            mr_manifest_add_file(m, contract_path(c, "data/a.txt", &path), paths[i], &error));
  }
  char longest[1030];
  memset(longest, 'p', sizeof longest);
  longest[1025] = '\0';
  REFUSED(MR_LIMIT, "1024", mr_manifest_add_entry(m, longest, 1, some, &error));
  REFUSED(MR_INVALID_ARGUMENT, "size", mr_manifest_add_entry(m, "a", -1, some, &error));
  REFUSED(MR_INVALID_ARGUMENT, "digest", mr_manifest_add_entry(m, "a", 1, "abc", &error));
  REFUSED(MR_INVALID_ARGUMENT, "digest", mr_manifest_add_entry(m, "a", 1, NULL, &error));
  OK(mr_cancel_new(&cancel, &error));
  mr_cancel_trigger(cancel);
  o.cancel = cancel;
  REFUSED(MR_CANCELLED, "cancel",
          mr_manifest_add_folder(m, contract_path(c, "data", &path), &o, &error));
  mr_cancel_free(cancel);
  assert_int_equal(mr_manifest_count(m), 0);
  longest[1024] = '\0';
  OK(mr_manifest_add_entry(m, longest, INT64_MAX, some, &error));
  REFUSED(MR_LIMIT, "2^63", mr_manifest_add_entry(m, "one more", 1, some, &error));
  mr_manifest_free(m);
  mr_manifest_free(NULL);
  assert_int_equal(mr_manifest_count(NULL), 0);
  assert_null(mr_manifest_at(NULL, 0));
  REFUSED(MR_INVALID_ARGUMENT, "out_manifest", mr_manifest_new(NULL, &error));
}

static void paths_are_one_tree(void **state) {
  (void)state;
  char some[DIGEST_TEXT];
  const char *digest = NULL;
  contract_blake2b("x", 1, some);
  static const char *const clashes[][3] = {
      {"a/b", "a", "a"}, {"a", "a/b", "a"}, {"x/y/z", "x/y", "x/y"}, {"same", "same", "same"}};
  for (size_t i = 0; i < sizeof clashes / sizeof clashes[0]; i++) {
    mr_manifest *m = new_manifest();
    OK(mr_manifest_add_entry(m, "a.b", 1, some, &error)); /* lies between a and a/b */
    OK(mr_manifest_add_entry(m, clashes[i][0], 1, some, &error));
    OK(mr_manifest_add_entry(m, clashes[i][1], 1, some, &error));
    REFUSED(MR_ALREADY_EXISTS, clashes[i][2], mr_manifest_digest(m, &digest, &error));
    REFUSED(MR_ALREADY_EXISTS, clashes[i][2], mr_manifest_digest(m, &digest, &error));
    assert_null(digest);
    mr_manifest_free(m);
  }
  mr_manifest *m = new_manifest();
  REFUSED(MR_INVALID_ARGUMENT, "out_digest", mr_manifest_digest(m, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "manifest", mr_manifest_digest(NULL, &digest, &error));
  mr_manifest_free(m);
}

int contract_manifest_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(digest_is_that_of_the_documented_text),
      TEST(file_digests_are_the_documented_ones),
      TEST(digest_of_a_long_list),
      TEST(digest_depends_on_content_alone),
      TEST(can_be_added_to_after_its_digest),
      TEST(patterns),
      TEST(links_are_refused),
      TEST(refuses),
      TEST(paths_are_one_tree),
  };
  return GROUP("manifests", tests);
}
