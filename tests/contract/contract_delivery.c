/* SPDX-License-Identifier: Apache-2.0 */
/* From a version to files that a consumer can trust. */
#include "contract.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGE = (1 << 20) + 77 };
static uint8_t large[LARGE];

static mr_run *trained(const contract *c) {
  mr_run *run = contract_run(c, "x");
  contract_fill(large, sizeof large, 21);
  contract_put(run, "model/config.json", "{}");
  contract_put(run, "model/empty", "");
  OK(mr_run_log_artifact_bytes(run, "model/sub/weights.bin", large, sizeof large, &error));
  contract_put(run, "log.txt", "noise");
  return run;
}

static mr_version *version_of(const contract *c, mr_model *model, const char *path) {
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_run *run = trained(c);
  contract_finish(run);
  o.artifact_path = path;
  mr_version *version = contract_promote(model, run, &o);
  mr_run_free(run);
  return version;
}

static void fetches_each_shape(void **state) {
  contract *c = *state;
  path_text out;
  mr_report *report = NULL;
  mr_model *model = contract_model(c, "m");
  mr_version *tree = version_of(c, model, NULL);
  mr_version *folder = version_of(c, model, "model");
  mr_version *file = version_of(c, model, "model/sub/weights.bin");
  OK(mr_version_fetch(tree, contract_path(c, "tree", &out), NULL, &report, &error));
  assert_int_equal(mr_report_info(report)->file_count, 4);
  assert_int_equal(mr_report_info(report)->total_size, LARGE + 2 + 5);
  assert_int_equal(mr_report_info(report)->problem_count, 0);
  mr_report_free(report);
  assert_int_equal(contract_count_files(c, "tree"), 4);
  contract_has_file(c, "tree/model/sub/weights.bin", large, sizeof large);
  contract_has_file(c, "tree/log.txt", "noise", 5);
  OK(mr_version_fetch(folder, contract_path(c, "folder/deep", &out), NULL, NULL, &error));
  assert_int_equal(contract_count_files(c, "folder"), 3);
  contract_has_file(c, "folder/deep/config.json", "{}", 2);
  contract_has_file(c, "folder/deep/sub/weights.bin", large, sizeof large);
  contract_has_file(c, "folder/deep/empty", "", 0);
  OK(mr_version_fetch(file, contract_path(c, "file", &out), NULL, NULL, &error));
  assert_int_equal(contract_count_files(c, "file"), 1);
  contract_has_file(c, "file/weights.bin", large, sizeof large);
  mr_version *const all[] = {tree, folder, file};
  static const char *const places[] = {"tree", "folder/deep", "file"};
  for (size_t i = 0; i < 3; i++) {
    OK(mr_version_verify(all[i], contract_path(c, places[i], &out), NULL, NULL, &error));
    OK(mr_version_verify(all[i], NULL, NULL, NULL, &error));
    mr_version_free(all[i]);
  }
  mr_model_free(model);
}

static void fetches_again(void **state) {
  contract *c = *state;
  path_text out;
  path_text path;
  struct stat facts;
  mr_report *report = NULL;
  mr_fetch_options o = MR_FETCH_OPTIONS_INIT;
  mr_model *model = contract_model(c, "m");
  mr_version *version = version_of(c, model, "model");
  contract_path(c, "out", &out);
  mode_t mask = umask(0);
  OK(mr_version_fetch(version, out.text, NULL, NULL, &error));
  assert_int_equal(stat(contract_path(c, "out/config.json", &path), &facts), 0);
  assert_int_equal(facts.st_mode & 0777, 0644);
  ino_t inode = facts.st_ino;
  contract_write_text(c, "out/empty", "not empty");
  contract_write_text(c, "out/mine", "mine");
  contract_write(c, "out/sub/weights.bin", large, sizeof large - 1);
  o.file_mode = 0640;
  OK(mr_version_fetch(version, out.text, &o, &report, &error));
  umask(mask);
  assert_int_equal(mr_report_info(report)->file_count, 3);
  assert_int_equal(mr_report_info(report)->total_size, LARGE); /* what was right was not written */
  mr_report_free(report);
  contract_has_file(c, "out/empty", "", 0);
  contract_has_file(c, "out/mine", "mine", 4);
  contract_has_file(c, "out/sub/weights.bin", large, sizeof large);
  assert_int_equal(stat(path.text, &facts), 0);
  assert_int_equal(facts.st_ino, inode);
  assert_int_equal(stat(contract_path(c, "out/sub/weights.bin", &path), &facts), 0);
  assert_int_equal(facts.st_mode & 0777, 0640);
  assert_int_equal(contract_count_files(c, "out"), 4); /* nothing temporary is left */
  mr_version_free(version);
  mr_model_free(model);
}

static void verifies_a_folder(void **state) {
  contract *c = *state;
  path_text out;
  path_text path;
  mr_report *report = NULL;
  mr_verify_options o = MR_VERIFY_OPTIONS_INIT;
  mr_model *model = contract_model(c, "m");
  mr_version *version = version_of(c, model, "model");
  contract_path(c, "out", &out);
  REFUSED(MR_NOT_FOUND, "out", mr_version_verify(version, out.text, NULL, NULL, &error));
  OK(mr_version_fetch(version, out.text, NULL, NULL, &error));
  contract_write_text(c, "out/config.json", "[]");
  contract_write_text(c, "out/zoo", "extra");
  assert_int_equal(unlink(contract_path(c, "out/empty", &path)), 0);
  assert_int_equal(unlink(contract_path(c, "out/sub/weights.bin", &path)), 0);
  assert_int_equal(mkfifo(path.text, 0666), 0);
  OK(mr_version_verify(version, out.text, NULL, &report, &error));
  static const struct {
    const char *path;
    mr_problem problem;
  } expected[] = {{"config.json", MR_PROBLEM_CHANGED},
                  {"empty", MR_PROBLEM_MISSING},
                  {"sub/weights.bin", MR_PROBLEM_UNREADABLE},
                  {"zoo", MR_PROBLEM_EXTRA}};
  assert_int_equal(mr_report_info(report)->problem_count, 4);
  for (int64_t i = 0; i < 4; i++) {
    assert_string_equal(mr_report_at(report, i)->path, expected[i].path);
    assert_int_equal(mr_report_at(report, i)->problem, expected[i].problem);
  }
  mr_report_free(report);
  REFUSED(MR_TAMPERED, "config.json|3 more",
          mr_version_verify(version, out.text, NULL, NULL, &error));
  o.flags = MR_VERIFY_ALLOW_EXTRA;
  REFUSED(MR_TAMPERED, "config.json|2 more",
          mr_version_verify(version, out.text, &o, NULL, &error));
  o.flags = 4;
  REFUSED(MR_INVALID_ARGUMENT, "flags", mr_version_verify(version, out.text, &o, NULL, &error));
  mr_version_free(version);
  mr_model_free(model);
}

/* Files with names that no manifest can have are files that should not be there, no more. */
static void verifies_a_folder_with_odd_names(void **state) {
  contract *c = *state;
  path_text out;
  mr_report *report = NULL;
  mr_verify_options o = MR_VERIFY_OPTIONS_INIT;
  mr_model *model = contract_model(c, "m");
  mr_version *version = version_of(c, model, "model");
  contract_path(c, "out", &out);
  OK(mr_version_fetch(version, out.text, NULL, NULL, &error));
  contract_write_text(c, "out/\xff", "no UTF-8");
  contract_write_text(c, "out/a\nb", "a line feed");
  contract_write_text(c, "out/odd\\folder/file", "a backslash");
  OK(mr_version_verify(version, out.text, NULL, &report, &error));
  assert_int_equal(mr_report_info(report)->problem_count, 3);
  for (int64_t i = 0; i < 3; i++) {
    assert_int_equal(mr_report_at(report, i)->problem, MR_PROBLEM_EXTRA);
    assert_null(strpbrk(mr_report_at(report, i)->message, "\n\xff"));
    assert_null(strpbrk(mr_report_at(report, i)->path, "\n\xff"));
  }
  mr_report_free(report);
  REFUSED(MR_TAMPERED, "2 more", mr_version_verify(version, out.text, NULL, NULL, &error));
  o.flags = MR_VERIFY_ALLOW_EXTRA;
  OK(mr_version_verify(version, out.text, &o, NULL, &error));
  mr_version_free(version);
  mr_model_free(model);
}

/* The path of the blob whose file has this size; the caller knows that there is one. */
static void find_file(const char *folder, off_t size, char out[1200]) {
  DIR *list = opendir(folder);
  assert_non_null(list);
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

static void damage_is_found(void **state) {
  contract *c = *state;
  char stored[1200] = "";
  path_text root;
  path_text out;
  mr_report *report = NULL;
  mr_model *model = contract_model(c, "m");
  mr_version *version = version_of(c, model, "model");
  OK(mr_version_verify(version, NULL, NULL, &report, &error));
  assert_int_equal(mr_report_info(report)->file_count, 3);
  assert_int_equal(mr_report_info(report)->total_size, LARGE + 2);
  assert_int_equal(mr_report_info(report)->problem_count, 0);
  mr_report_free(report);
  if (c->driver->folder) {
    contract_path(c, "out", &out);
    find_file(contract_path(c, "R.db.d", &root), LARGE, stored);
    assert_int_equal(chmod(stored, 0644), 0);
    FILE *file = fopen(stored, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 1000000, SEEK_SET), 0);
    assert_int_not_equal(fputc(large[1000000] ^ 1, file), EOF);
    assert_int_equal(fclose(file), 0);
    OK(mr_version_verify(version, NULL, NULL, &report, &error));
    assert_int_equal(mr_report_info(report)->problem_count, 1);
    assert_int_equal(mr_report_at(report, 0)->problem, MR_PROBLEM_CHANGED);
    assert_string_equal(mr_report_at(report, 0)->path, "sub/weights.bin");
    mr_report_free(report);
    REFUSED(MR_TAMPERED, "sub/weights.bin", mr_version_verify(version, NULL, NULL, NULL, &error));
    REFUSED(MR_TAMPERED, "", mr_version_fetch(version, out.text, NULL, NULL, &error));
    assert_false(contract_exists(c, "out/sub/weights.bin")); /* whole or not at all */
    assert_int_equal(unlink(stored), 0);
    REFUSED(MR_NOT_FOUND, "sub/weights.bin",
            mr_version_fetch(version, out.text, NULL, NULL, &error));
    OK(mr_version_verify(version, NULL, NULL, &report, &error));
    assert_int_equal(mr_report_at(report, 0)->problem, MR_PROBLEM_MISSING);
    mr_report_free(report);
    /* A good copy that is there already does not need the store. */
    contract_write(c, "out/sub/weights.bin", large, sizeof large);
    OK(mr_version_fetch(version, out.text, NULL, NULL, &error));
  }
  mr_version_free(version);
  mr_model_free(model);
}

static mr_version *with_link(const contract *c, mr_model *model, const char *uri, size_t size) {
  mr_link_options link = MR_LINK_OPTIONS_INIT;
  char digest[DIGEST_TEXT];
  mr_run *run = trained(c);
  contract_digest(large, size, digest);
  link.path = "model/linked.bin";
  link.uri = uri;
  link.digest = digest;
  link.size = (int64_t)size;
  OK(mr_run_log_artifact_link(run, &link, &error));
  contract_finish(run);
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  o.artifact_path = "model";
  mr_version *version = contract_promote(model, run, &o);
  mr_run_free(run);
  return version;
}

static void links(void **state) {
  contract *c = *state;
  path_text local;
  path_text out;
  char uri[1300];
  mr_report *report = NULL;
  mr_model *model = contract_model(c, "m");
  contract_fill(large, sizeof large, 21);
  contract_write(c, "elsewhere/linked", large, sizeof large);
  (void)snprintf(uri, sizeof uri, "file://%s", contract_path(c, "elsewhere/linked", &local));
  mr_version *file = with_link(c, model, uri, sizeof large);
  mr_version *remote = with_link(c, model, "s3://bucket/key", 10);
  OK(mr_version_fetch(file, contract_path(c, "out", &out), NULL, NULL, &error));
  contract_has_file(c, "out/linked.bin", large, sizeof large);
  OK(mr_version_verify(file, NULL, NULL, NULL, &error));
  OK(mr_version_verify(file, out.text, NULL, NULL, &error));
  contract_write_text(c, "elsewhere/linked", "changed");
  OK(mr_version_verify(file, NULL, NULL, &report, &error));
  assert_int_equal(mr_report_info(report)->problem_count, 1);
  assert_int_equal(mr_report_at(report, 0)->problem, MR_PROBLEM_CHANGED);
  mr_report_free(report);
  REFUSED(MR_TAMPERED, "linked.bin",
          mr_version_fetch(file, contract_path(c, "new", &out), NULL, NULL, &error));
  REFUSED(MR_NOT_SUPPORTED, "linked.bin|s3://bucket/key",
          mr_version_fetch(remote, contract_path(c, "far", &out), NULL, NULL, &error));
  REFUSED(MR_NOT_SUPPORTED, "linked.bin", mr_version_verify(remote, NULL, NULL, NULL, &error));
  /* The bytes can come from elsewhere, and be verified. */
  contract_write(c, "far/linked.bin", large, 10);
  OK(mr_version_fetch(remote, out.text, NULL, NULL, &error));
  OK(mr_version_verify(remote, out.text, NULL, NULL, &error));
  mr_version_free(file);
  mr_version_free(remote);
  mr_model_free(model);
}

static void refuses(void **state) {
  contract *c = *state;
  path_text out;
  mr_fetch_options fo = MR_FETCH_OPTIONS_INIT;
  mr_verify_options vo = MR_VERIFY_OPTIONS_INIT;
  mr_cancel *cancel = NULL;
  mr_model *model = contract_model(c, "m");
  mr_version *version = version_of(c, model, "model");
  contract_path(c, "out", &out);
  OK(mr_cancel_new(&cancel, &error));
  mr_cancel_trigger(cancel);
  fo.cancel = cancel;
  vo.cancel = cancel;
  REFUSED(MR_CANCELLED, "cancel", mr_version_fetch(version, out.text, &fo, NULL, &error));
  REFUSED(MR_CANCELLED, "cancel", mr_version_verify(version, NULL, &vo, NULL, &error));
  mr_cancel_free(cancel);
  fo.struct_size = 1;
  vo.struct_size = 1;
  REFUSED(MR_ABI_MISMATCH, "mr_fetch_options",
          mr_version_fetch(version, out.text, &fo, NULL, &error));
  REFUSED(MR_ABI_MISMATCH, "mr_verify_options",
          mr_version_verify(version, NULL, &vo, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "folder", mr_version_fetch(version, NULL, NULL, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "version", mr_version_fetch(NULL, out.text, NULL, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "version", mr_version_verify(NULL, out.text, NULL, NULL, &error));
  /* A folder in a file's place is not removed. */
  contract_write_text(c, "out/config.json/kept", "kept");
  assert_int_not_equal(mr_version_fetch(version, out.text, NULL, NULL, &error), MR_OK);
  contract_has_file(c, "out/config.json/kept", "kept", 4);
  mr_version_free(version);
  mr_model_free(model);
}

/* The path from a reference to files, as a service walks it. */
static void the_whole_way(void **state) {
  contract *c = *state;
  path_text out;
  mr_model *model = contract_model(c, "fraud");
  mr_version_free(version_of(c, model, "model"));
  OK(mr_model_create_channel(model, "production", &error));
  contract_move(model, "production", "1.0.0", "none");
  mr_model_free(model);
  if (c->driver->survives_close) contract_reopen(c);
  mr_version *version = NULL;
  OK(mr_registry_resolve(c->registry, "fraud@production", NULL, &version, &error));
  OK(mr_version_verify(version, NULL, NULL, NULL, &error));
  OK(mr_version_fetch(version, contract_path(c, "service", &out), NULL, NULL, &error));
  contract_has_file(c, "service/sub/weights.bin", large, sizeof large);
  mr_version_free(version);
}

int contract_delivery_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(fetches_each_shape),
      TEST(fetches_again),
      TEST(verifies_a_folder),
      TEST(verifies_a_folder_with_odd_names),
      TEST(damage_is_found),
      TEST(links),
      TEST(refuses),
      TEST(the_whole_way),
  };
  return GROUP("fetching and verifying versions", tests);
}
