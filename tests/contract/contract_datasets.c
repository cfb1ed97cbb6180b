/* SPDX-License-Identifier: Apache-2.0 */
#include "contract.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_data(const contract *c) {
  static uint8_t large[(1 << 20) + 3];
  contract_fill(large, sizeof large, 5);
  contract_write_text(c, "data/a.csv", "1,2,3\n");
  contract_write_text(c, "data/sub/b.csv", "4,5,6\n");
  contract_write_text(c, "data/empty", "");
  contract_write(c, "data/large.bin", large, sizeof large);
}

static mr_manifest *scan(const contract *c, const char *folder) {
  path_text path;
  mr_manifest *manifest = NULL;
  OK(mr_manifest_new(&manifest, &error));
  OK(mr_manifest_add_folder(manifest, contract_path(c, folder, &path), NULL, &error));
  return manifest;
}

static mr_dataset *record_with(const contract *c, const char *name, const char *folder,
                               const mr_dataset_options *options) {
  mr_manifest *manifest = scan(c, folder);
  mr_experiment *experiment = contract_experiment(c, "data");
  mr_dataset *dataset = NULL;
  OK(mr_experiment_log_dataset(experiment, name, manifest, options, &dataset, &error));
  mr_manifest_free(manifest);
  mr_experiment_free(experiment);
  return dataset;
}

static mr_dataset *record(const contract *c, const char *name, bool freeze) {
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  options.freeze = freeze ? 1 : 0;
  return record_with(c, name, "data", &options);
}

static void same_dataset(const mr_dataset_record *a, const mr_dataset_record *b) {
  assert_string_equal(a->run_id, b->run_id);
  assert_string_equal(a->name, b->name);
  assert_string_equal(a->digest, b->digest);
  assert_int_equal(a->frozen, b->frozen);
  assert_int_equal(a->file_count, b->file_count);
  assert_int_equal(a->total_size, b->total_size);
  assert_int_equal(a->sample_count, b->sample_count);
  assert_string_equal(a->schema, b->schema);
  assert_string_equal(a->source_uri, b->source_uri);
  assert_string_equal(a->source_version, b->source_version);
  assert_string_equal(a->actor, b->actor);
  assert_int_equal(a->created_us, b->created_us);
}

static void records_what_is_known(void **state) {
  contract *c = *state;
  mr_dataset_options o = MR_DATASET_OPTIONS_INIT;
  const char *digest = NULL;
  mr_dataset *opened = NULL;
  mr_run *run = NULL;
  write_data(c);
  o.freeze = 1;
  o.sample_count = 1797;
  o.schema = "pixels: 64 columns of 0 to 16\nlabel: 0 to 9";
  o.source_uri = "https://example.com/digits.csv?v=1";
  o.source_version = "snapshot-42";
  mr_dataset *dataset = record_with(c, "digits", "data", &o);
  mr_manifest *manifest = scan(c, "data");
  const mr_dataset_record *info = mr_dataset_info(dataset);
  OK(mr_manifest_digest(manifest, &digest, &error));
  assert_true(info->struct_size >= sizeof *info);
  assert_string_equal(info->name, "digits");
  assert_string_equal(info->digest, digest);
  assert_int_equal(info->frozen, 1);
  assert_int_equal(info->file_count, 4);
  assert_int_equal(info->total_size, 6 + 6 + (1 << 20) + 3);
  assert_int_equal(info->sample_count, 1797);
  assert_string_equal(info->schema, o.schema);
  assert_string_equal(info->source_uri, o.source_uri);
  assert_string_equal(info->source_version, o.source_version);
  assert_string_equal(info->actor, "tester");
  OK(mr_registry_open_dataset(c->registry, info->run_id, &opened, &error));
  same_dataset(mr_dataset_info(opened), info);
  /* It is a run of kind dataset that is finished at once. */
  OK(mr_registry_open_run(c->registry, info->run_id, &run, &error));
  assert_int_equal(mr_run_info(run)->kind, MR_RUN_KIND_DATASET);
  assert_int_equal(mr_run_info(run)->status, MR_RUN_STATUS_FINISHED);
  assert_string_equal(mr_run_info(run)->experiment_name, "data");
  assert_int_equal(mr_run_info(run)->started_us, info->created_us);
  OK(mr_run_set_tag(run, "licence", "CC0", &error));
  mr_run_free(run);
  mr_manifest_free(manifest);
  mr_dataset_free(opened);
  mr_dataset_free(dataset);
  mr_dataset_free(NULL);
  assert_null(mr_dataset_info(NULL));
}

static void keeps_its_manifest(void **state) {
  contract *c = *state;
  write_data(c);
  mr_manifest *before = scan(c, "data");
  mr_dataset *dataset = record(c, "digits", false);
  mr_manifest *after = NULL;
  const char *x = NULL;
  const char *y = NULL;
  OK(mr_manifest_digest(before, &x, &error));
  OK(mr_dataset_manifest(dataset, &after, &error));
  OK(mr_manifest_digest(after, &y, &error));
  assert_string_equal(x, y);
  assert_int_equal(mr_manifest_count(after), mr_manifest_count(before));
  for (int64_t i = 0; i < mr_manifest_count(before); i++) {
    assert_string_equal(mr_manifest_at(after, i)->path, mr_manifest_at(before, i)->path);
    assert_string_equal(mr_manifest_at(after, i)->digest, mr_manifest_at(before, i)->digest);
    assert_int_equal(mr_manifest_at(after, i)->size, mr_manifest_at(before, i)->size);
  }
  /* A manifest of its own: it outlives the dataset and can be added to. */
  mr_dataset_free(dataset);
  OK(mr_manifest_add_entry(after, "more", 1, x, &error));
  assert_string_equal(mr_manifest_at(after, 0)->path, "a.csv");
  mr_manifest_free(before);
  mr_manifest_free(after);
}

static void refuses(void **state) {
  contract *c = *state;
  write_data(c);
  mr_experiment *e = contract_experiment(c, "data");
  mr_manifest *m = scan(c, "data");
  mr_dataset *d = NULL;
  mr_dataset_options o = MR_DATASET_OPTIONS_INIT;
  o.sample_count = -1;
  REFUSED(MR_INVALID_ARGUMENT, "sample_count",
          mr_experiment_log_dataset(e, "d", m, &o, &d, &error));
  o.sample_count = 0;
  o.schema = "\x01";
  REFUSED(MR_INVALID_ARGUMENT, "schema", mr_experiment_log_dataset(e, "d", m, &o, &d, &error));
  o.schema = NULL;
  REFUSED(MR_INVALID_ARGUMENT, "name", mr_experiment_log_dataset(e, "", m, &o, &d, &error));
  REFUSED(MR_INVALID_ARGUMENT, "manifest", mr_experiment_log_dataset(e, "d", NULL, &o, &d, &error));
  REFUSED(MR_INVALID_ARGUMENT, "experiment",
          mr_experiment_log_dataset(NULL, "d", m, &o, &d, &error));
  mr_cancel *cancel = NULL;
  OK(mr_cancel_new(&cancel, &error));
  mr_cancel_trigger(cancel);
  o.cancel = cancel;
  REFUSED(MR_CANCELLED, "cancel", mr_experiment_log_dataset(e, "d", m, &o, &d, &error));
  mr_cancel_free(cancel);
  o.cancel = NULL;
  o.struct_size = 4097;
  REFUSED(MR_ABI_MISMATCH, "mr_dataset_options",
          mr_experiment_log_dataset(e, "d", m, &o, &d, &error));
  OK(mr_manifest_add_entry(m, "a.csv/x", 1, mr_manifest_at(m, 0)->digest, &error));
  REFUSED(MR_ALREADY_EXISTS, "a.csv", mr_experiment_log_dataset(e, "d", m, NULL, &d, &error));
  REFUSED(
      MR_NOT_FOUND, "dataset run",
      mr_registry_open_dataset(c->registry, "01234567-89ab-7def-8123-456789abcdef", &d, &error));
  mr_run *run = contract_run(c, "x");
  REFUSED(MR_NOT_FOUND, "dataset run",
          mr_registry_open_dataset(c->registry, mr_run_info(run)->id, &d, &error));
  mr_run_free(run);
  REFUSED(MR_INVALID_ARGUMENT, "run_id", mr_registry_open_dataset(c->registry, "x", &d, &error));
  REFUSED(MR_INVALID_ARGUMENT, "digest", mr_registry_find_dataset(c->registry, "x", &d, &error));
  assert_null(d);
  mr_dataset_page *page = NULL;
  OK(mr_registry_list_datasets(c->registry, NULL, &page, &error));
  assert_int_equal(mr_dataset_page_count(page), 0);
  mr_dataset_page_free(page);
  mr_manifest_free(m);
  mr_experiment_free(e);
}

/* Entries whose digest is given are recorded, but there is nothing to freeze. */
static void entries_without_files(void **state) {
  contract *c = *state;
  char some[DIGEST_TEXT];
  contract_blake2b("x", 1, some);
  mr_experiment *experiment = contract_experiment(c, "data");
  mr_manifest *manifest = NULL;
  mr_dataset *dataset = NULL;
  mr_dataset_options o = MR_DATASET_OPTIONS_INIT;
  OK(mr_manifest_new(&manifest, &error));
  OK(mr_manifest_add_entry(manifest, "s3/part-1", 1000, some, &error));
  OK(mr_experiment_log_dataset(experiment, "remote", manifest, NULL, &dataset, &error));
  assert_int_equal(mr_dataset_info(dataset)->frozen, 0);
  assert_int_equal(mr_dataset_info(dataset)->total_size, 1000);
  REFUSED(MR_NOT_SUPPORTED, "not frozen", mr_dataset_fetch(dataset, c->folder, NULL, NULL, &error));
  mr_dataset_free(dataset);
  dataset = NULL;
  o.freeze = 1;
  REFUSED(MR_INVALID_ARGUMENT, "s3/part-1|cannot be frozen",
          mr_experiment_log_dataset(experiment, "remote", manifest, &o, &dataset, &error));
  assert_null(dataset);
  mr_manifest_free(manifest);
  mr_experiment_free(experiment);
}

static void freezing_refuses_what_changed(void **state) {
  contract *c = *state;
  mr_dataset_options o = MR_DATASET_OPTIONS_INIT;
  mr_dataset *dataset = NULL;
  path_text path;
  write_data(c);
  o.freeze = 1;
  mr_experiment *experiment = contract_experiment(c, "data");
  mr_manifest *manifest = scan(c, "data");
  contract_write_text(c, "data/a.csv", "9,2,3\n");
  REFUSED(MR_TAMPERED, "a.csv|changed",
          mr_experiment_log_dataset(experiment, "d", manifest, &o, &dataset, &error));
  assert_int_equal(unlink(contract_path(c, "data/a.csv", &path)), 0);
  REFUSED(MR_NOT_FOUND, "a.csv",
          mr_experiment_log_dataset(experiment, "d", manifest, &o, &dataset, &error));
  assert_null(dataset);
  /* Without freezing the files are not looked at again. */
  OK(mr_experiment_log_dataset(experiment, "d", manifest, NULL, &dataset, &error));
  mr_dataset_free(dataset);
  mr_manifest_free(manifest);
  mr_experiment_free(experiment);
}

static void fetches_a_frozen_copy(void **state) {
  contract *c = *state;
  path_text out;
  path_text path;
  mr_report *report = NULL;
  mr_fetch_options o = MR_FETCH_OPTIONS_INIT;
  struct stat facts;
  write_data(c);
  mr_dataset *dataset = record(c, "digits", true);
  /* The source may go. */
  contract_write_text(c, "data/a.csv", "other");
  assert_int_equal(unlink(contract_path(c, "data/sub/b.csv", &path)), 0);
  contract_path(c, "out/of/the/way", &out);
  o.file_mode = 0600;
  OK(mr_dataset_fetch(dataset, out.text, &o, &report, &error));
  assert_int_equal(mr_report_info(report)->file_count, 4);
  assert_int_equal(mr_report_info(report)->problem_count, 0);
  assert_int_equal(mr_report_info(report)->total_size, mr_dataset_info(dataset)->total_size);
  mr_report_free(report);
  contract_has_file(c, "out/of/the/way/a.csv", "1,2,3\n", 6);
  contract_has_file(c, "out/of/the/way/sub/b.csv", "4,5,6\n", 6);
  contract_has_file(c, "out/of/the/way/empty", "", 0);
  assert_int_equal(contract_count_files(c, "out"), 4);
  assert_int_equal(stat(contract_path(c, "out/of/the/way/a.csv", &path), &facts), 0);
  assert_int_equal(facts.st_mode & 0777, 0600);
  OK(mr_dataset_verify(dataset, out.text, NULL, NULL, &error));
  /* What is there and right stays, what is wrong is replaced, what is not listed stays. */
  contract_write_text(c, "out/of/the/way/a.csv", "wrong");
  contract_write_text(c, "out/of/the/way/mine", "mine");
  OK(mr_dataset_fetch(dataset, out.text, NULL, &report, &error));
  assert_int_equal(mr_report_info(report)->file_count, 4);
  assert_int_equal(mr_report_info(report)->total_size, 6);
  mr_report_free(report);
  contract_has_file(c, "out/of/the/way/a.csv", "1,2,3\n", 6);
  contract_has_file(c, "out/of/the/way/mine", "mine", 4);
  mr_dataset_free(dataset);
}

static void fetch_refuses(void **state) {
  contract *c = *state;
  path_text out;
  mr_fetch_options o = MR_FETCH_OPTIONS_INIT;
  mr_cancel *cancel = NULL;
  write_data(c);
  mr_dataset *dataset = record(c, "digits", true);
  contract_path(c, "out", &out);
  OK(mr_cancel_new(&cancel, &error));
  mr_cancel_trigger(cancel);
  o.cancel = cancel;
  REFUSED(MR_CANCELLED, "cancel", mr_dataset_fetch(dataset, out.text, &o, NULL, &error));
  mr_cancel_free(cancel);
  o.cancel = NULL;
  o.file_mode = 01000;
  REFUSED(MR_INVALID_ARGUMENT, "file_mode", mr_dataset_fetch(dataset, out.text, &o, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "folder", mr_dataset_fetch(dataset, NULL, NULL, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "folder", mr_dataset_fetch(dataset, "", NULL, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "dataset", mr_dataset_fetch(NULL, out.text, NULL, NULL, &error));
  contract_write_text(c, "file", "in the way");
  REFUSED(MR_INVALID_ARGUMENT, "not a folder",
          mr_dataset_fetch(dataset, contract_path(c, "file", &out), NULL, NULL, &error));
  /* A link in the folder must not lead a file elsewhere. */
  path_text link;
  contract_write_text(c, "target/kept", "kept");
  assert_int_equal(mkdir(contract_path(c, "trap", &out), 0777), 0);
  assert_int_equal(symlink("../target", contract_path(c, "trap/sub", &link)), 0);
  assert_int_not_equal(mr_dataset_fetch(dataset, out.text, NULL, NULL, &error), MR_OK);
  assert_false(contract_exists(c, "target/b.csv"));
  mr_dataset_free(dataset);
}

static void verifies_every_kind_of_problem(void **state) {
  contract *c = *state;
  path_text folder;
  path_text path;
  mr_report *report = NULL;
  mr_verify_options o = MR_VERIFY_OPTIONS_INIT;
  write_data(c);
  mr_dataset *dataset = record(c, "digits", false);
  contract_path(c, "data", &folder);
  OK(mr_dataset_verify(dataset, folder.text, NULL, &report, &error));
  assert_int_equal(mr_report_info(report)->problem_count, 0);
  assert_int_equal(mr_report_info(report)->file_count, 4);
  assert_int_equal(mr_report_info(report)->total_size, mr_dataset_info(dataset)->total_size);
  assert_null(mr_report_at(report, 0));
  mr_report_free(report);
  OK(mr_dataset_verify(dataset, folder.text, NULL, NULL, &error));
  contract_write_text(c, "data/a.csv", "1,2,4\n");                        /* changed */
  contract_write_text(c, "data/zz", "new");                               /* extra */
  assert_int_equal(unlink(contract_path(c, "data/large.bin", &path)), 0); /* missing */
  assert_int_equal(unlink(contract_path(c, "data/sub/b.csv", &path)), 0); /* unreadable */
  assert_int_equal(symlink("../a.csv", contract_path(c, "data/sub/b.csv", &path)), 0);
  assert_int_equal(symlink("a.csv", contract_path(c, "data/new.lnk", &path)), 0); /* extra */
  OK(mr_dataset_verify(dataset, folder.text, NULL, &report, &error));
  static const struct {
    const char *path;
    mr_problem problem;
  } expected[] = {
      {"a.csv", MR_PROBLEM_CHANGED}, {"large.bin", MR_PROBLEM_MISSING},
      {"new.lnk", MR_PROBLEM_EXTRA}, {"sub/b.csv", MR_PROBLEM_UNREADABLE},
      {"zz", MR_PROBLEM_EXTRA},
  };
  assert_int_equal(mr_report_info(report)->problem_count, 5);
  for (int64_t i = 0; i < 5; i++) {
    const mr_problem_record *problem = mr_report_at(report, i);
    assert_true(problem->struct_size >= sizeof *problem);
    assert_string_equal(problem->path, expected[i].path);
    assert_int_equal(problem->problem, expected[i].problem);
    HAS(problem->message, expected[i].path);
  }
  assert_null(mr_report_at(report, 5));
  assert_null(mr_report_at(report, -1));
  mr_report_free(report);
  REFUSED(MR_TAMPERED, "a.csv|4 more", mr_dataset_verify(dataset, folder.text, NULL, NULL, &error));
  o.flags = MR_VERIFY_ALLOW_EXTRA;
  OK(mr_dataset_verify(dataset, folder.text, &o, &report, &error));
  assert_int_equal(mr_report_info(report)->problem_count, 3);
  mr_report_free(report);
  mr_report_free(NULL);
  assert_null(mr_report_info(NULL));
  assert_null(mr_report_at(NULL, 0));
  mr_dataset_free(dataset);
}

static void verify_refuses(void **state) {
  contract *c = *state;
  path_text folder;
  mr_report *report = NULL;
  mr_verify_options o = MR_VERIFY_OPTIONS_INIT;
  mr_cancel *cancel = NULL;
  write_data(c);
  mr_dataset *dataset = record(c, "digits", false);
  REFUSED(MR_NOT_FOUND, "nowhere",
          mr_dataset_verify(dataset, contract_path(c, "nowhere", &folder), NULL, &report, &error));
  contract_path(c, "data", &folder);
  o.flags = 2;
  REFUSED(MR_INVALID_ARGUMENT, "flags",
          mr_dataset_verify(dataset, folder.text, &o, &report, &error));
  o.flags = 0;
  OK(mr_cancel_new(&cancel, &error));
  mr_cancel_trigger(cancel);
  o.cancel = cancel;
  REFUSED(MR_CANCELLED, "cancel", mr_dataset_verify(dataset, folder.text, &o, &report, &error));
  mr_cancel_free(cancel);
  REFUSED(MR_INVALID_ARGUMENT, "folder", mr_dataset_verify(dataset, NULL, NULL, &report, &error));
  assert_null(report);
  mr_dataset_free(dataset);
}

static void is_found_by_its_digest(void **state) {
  contract *c = *state;
  mr_dataset *found = NULL;
  char digest[DIGEST_TEXT];
  char upper[DIGEST_TEXT];
  write_data(c);
  mr_dataset *first = record(c, "first", false);
  (void)snprintf(digest, sizeof digest, "%s", mr_dataset_info(first)->digest);
  mr_dataset *frozen = record(c, "frozen", true);
  OK(mr_registry_find_dataset(c->registry, digest, &found, &error));
  assert_string_equal(mr_dataset_info(found)->name, "frozen");
  mr_dataset_free(found);
  /* A later one that is not frozen does not hide the one whose bytes can be had. */
  mr_dataset *later = record(c, "later", false);
  OK(mr_registry_find_dataset(c->registry, digest, &found, &error));
  assert_string_equal(mr_dataset_info(found)->run_id, mr_dataset_info(frozen)->run_id);
  mr_dataset_free(found);
  mr_dataset *newest = record(c, "newest", true);
  for (size_t i = 0; i < sizeof upper; i++) {
    upper[i] = digest[i] >= 'a' && digest[i] <= 'f' ? (char)(digest[i] - 'a' + 'A') : digest[i];
  }
  OK(mr_registry_find_dataset(c->registry, upper, &found, &error));
  assert_string_equal(mr_dataset_info(found)->name, "newest");
  mr_dataset_free(found);
  found = NULL;
  digest[0] = digest[0] == '0' ? '1' : '0';
  REFUSED(MR_NOT_FOUND, digest, mr_registry_find_dataset(c->registry, digest, &found, &error));
  assert_null(found);
  mr_dataset_free(first);
  mr_dataset_free(frozen);
  mr_dataset_free(later);
  mr_dataset_free(newest);
}

static void latest_is_found_when_none_is_frozen(void **state) {
  contract *c = *state;
  mr_dataset *found = NULL;
  write_data(c);
  mr_dataset *first = record(c, "first", false);
  mr_dataset *second = record(c, "second", false);
  OK(mr_registry_find_dataset(c->registry, mr_dataset_info(first)->digest, &found, &error));
  assert_string_equal(mr_dataset_info(found)->name, "second");
  mr_dataset_free(found);
  mr_dataset_free(first);
  mr_dataset_free(second);
}

static void lists_newest_first(void **state) {
  contract *c = *state;
  static listing list;
  static const char *const names[] = {"b", "a", "d", "c", "b"};
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  write_data(c);
  LIST_ALL_WAYS(mr_dataset, options,
                mr_registry_list_datasets(c->registry, &options, &part, &error), name, &list, "");
  for (size_t i = 0; i < 5; i++) {
    mr_dataset_free(record(c, names[i], i == 1));
    mr_run_free(contract_run(c, "noise"));
  }
  LIST_ALL_WAYS(mr_dataset, options,
                mr_registry_list_datasets(c->registry, &options, &part, &error), name, &list,
                "b c d a b");
  mr_dataset_page *page = NULL;
  OK(mr_registry_list_datasets(c->registry, NULL, &page, &error));
  assert_int_equal(mr_dataset_page_at(page, 3)->frozen, 1);
  assert_int_equal(mr_dataset_page_at(page, 4)->file_count, 4);
  mr_dataset_page_free(page);
  options.token = "x";
  REFUSED(MR_INVALID_ARGUMENT, "token",
          mr_registry_list_datasets(c->registry, &options, &page, &error));
}

static void lives_on(void **state) {
  contract *c = *state;
  char run_id[40];
  path_text out;
  write_data(c);
  mr_dataset *dataset = record(c, "digits", true);
  (void)snprintf(run_id, sizeof run_id, "%s", mr_dataset_info(dataset)->run_id);
  if (c->driver->survives_close) {
    contract_reopen(c);
    REFUSED(MR_CLOSED, "closed", mr_dataset_fetch(dataset, c->folder, NULL, NULL, &error));
    mr_dataset_free(dataset);
    OK(mr_registry_open_dataset(c->registry, run_id, &dataset, &error));
  }
  OK(mr_dataset_fetch(dataset, contract_path(c, "out", &out), NULL, NULL, &error));
  contract_has_file(c, "out/a.csv", "1,2,3\n", 6);
  mr_dataset_free(dataset);
}

int contract_dataset_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(records_what_is_known),
      TEST(keeps_its_manifest),
      TEST(refuses),
      TEST(entries_without_files),
      TEST(freezing_refuses_what_changed),
      TEST(fetches_a_frozen_copy),
      TEST(fetch_refuses),
      TEST(verifies_every_kind_of_problem),
      TEST(verify_refuses),
      TEST(is_found_by_its_digest),
      TEST(latest_is_found_when_none_is_frozen),
      TEST(lists_newest_first),
      TEST(lives_on),
  };
  return GROUP("datasets", tests);
}
