/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of a whole registry: what is in them, what damage does to them, where they may go; and
 * bringing a registry forward. */
#include "contract.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGE = (2 << 20) + 7 };

/* Everything that content can hang on: artifacts of two runs that share some of it, evidence, a
 * frozen dataset and one that is not, links; a version in a channel; points that are not flushed. */
typedef struct stage {
  mr_run *run; /* still running */
  char run_id[40];
  char dataset_id[40];
  char check_id[40];
  int64_t count; /* different pieces of content */
  int64_t size;
} stage;

/* One piece of content that is there only once, however often it is used. */
static void expect(stage *s, size_t size) {
  s->count++;
  s->size += (int64_t)size;
}

static void add_dataset(const contract *c, stage *s, bool freeze) {
  path_text path;
  mr_manifest *manifest = NULL;
  mr_dataset *dataset = NULL;
  mr_dataset_options o = MR_DATASET_OPTIONS_INIT;
  mr_experiment *experiment = contract_experiment(c, "data");
  contract_write_text(c, freeze ? "frozen/a.csv" : "loose/b.csv", freeze ? "1,2,3\n" : "4,5\n");
  contract_write_text(c, freeze ? "frozen/in/c.csv" : "loose/d.csv", freeze ? "6\n" : "7,8,9,0\n");
  OK(mr_manifest_new(&manifest, &error));
  OK(mr_manifest_add_folder(manifest, contract_path(c, freeze ? "frozen" : "loose", &path), NULL,
                            &error));
  o.freeze = freeze;
  OK(mr_experiment_log_dataset(experiment, freeze ? "frozen" : "loose", manifest, &o, &dataset,
                               &error));
  if (freeze) {
    (void)snprintf(s->dataset_id, sizeof s->dataset_id, "%s", mr_dataset_info(dataset)->run_id);
    expect(s, 6);
    expect(s, 2);
  }
  mr_dataset_free(dataset);
  mr_manifest_free(manifest);
  mr_experiment_free(experiment);
}

static void make_stage(const contract *c, stage *s) {
  static uint8_t large[LARGE];
  path_text path;
  mr_check_page *page = NULL;
  mr_check_options check = MR_CHECK_OPTIONS_INIT;
  mr_link_options link = MR_LINK_OPTIONS_INIT;
  memset(s, 0, sizeof *s);
  contract_attach(c, NULL, NULL, "fine: metrics.accuracy > 0.5");
  mr_model *model = contract_model(c, "digits");
  mr_version_free(contract_version(c, model, "1.0.0"));
  mr_version_free(contract_version(c, model, "1.1.0"));
  OK(mr_model_create_channel(model, "staging", &error));
  contract_attach(c, "digits", "channel/staging", "fine: metrics.accuracy > 0.5");
  contract_move(model, "staging", "1.0.0", "none");
  mr_model_free(model);
  s->run = contract_trained(c, 0.9);
  (void)snprintf(s->run_id, sizeof s->run_id, "%s", mr_run_info(s->run)->id);
  contract_fill(large, sizeof large, 5);
  OK(mr_run_log_artifact_bytes(s->run, "large.bin", large, sizeof large, &error));
  OK(mr_run_log_artifact_bytes(s->run, "empty.bin", large, 0, &error));
  expect(s, sizeof large);
  expect(s, 0);
  link.path = "far.bin";
  link.uri = "s3://bucket/far.bin";
  link.digest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  link.size = 12;
  OK(mr_run_log_artifact_link(s->run, &link, &error));
  contract_write_text(c, "log.txt", "all is well");
  check.evidence_path = contract_path(c, "log.txt", &path);
  OK(mr_run_log_check(s->run, "lint", MR_CHECK_RESULT_PASSED, &check, &error));
  expect(s, 11);
  OK(mr_run_list_checks(s->run, NULL, &page, &error));
  (void)snprintf(s->check_id, sizeof s->check_id, "%s", mr_check_page_at(page, 0)->id);
  mr_check_page_free(page);
  add_dataset(c, s, true);
  add_dataset(c, s, false);
}

static mr_registry *open_at(const contract *c, const char *name, uint32_t flags) {
  path_text path;
  mr_registry *registry = NULL;
  mr_open_options options = contract_options(flags);
  OK(mr_registry_open(contract_path(c, name, &path), &options, &registry, &error));
  return registry;
}

static void is_whole(mr_registry *registry) {
  mr_fsck *fsck = NULL;
  OK(mr_registry_fsck(registry, NULL, &fsck, &error));
  for (int64_t i = 0; i < mr_fsck_count(fsck); i++) {
    const mr_finding_record *finding = mr_fsck_at(fsck, i);
    if (!finding->is_note) print_error("%s: %s\n", finding->object, finding->message);
  }
  assert_int_equal(mr_fsck_info(fsck)->error_count, 0);
  mr_fsck_free(fsck);
}

static void same_bytes(mr_blob *a, mr_blob *b) {
  const uint8_t *x = NULL;
  const uint8_t *y = NULL;
  assert_int_equal(mr_blob_size(a), mr_blob_size(b));
  OK(mr_blob_map(a, &x, &error));
  OK(mr_blob_map(b, &y, &error));
  assert_int_equal(memcmp(x, y, (size_t)mr_blob_size(a)), 0);
  mr_blob_free(a);
  mr_blob_free(b);
}

/* The copy has all of the stage, read with the copy's own content. */
static void has_stage(const contract *c, const stage *s, mr_registry *copy) {
  path_text folder;
  mr_run *run = NULL;
  mr_version *version = NULL;
  mr_dataset *dataset = NULL;
  mr_blob *mine = NULL;
  mr_blob *theirs = NULL;
  static const char *const paths[] = {"large.bin", "empty.bin", "model.json"};
  assert_string_equal(mr_registry_info(copy)->id, mr_registry_info(c->registry)->id);
  assert_int_equal(mr_registry_info(copy)->created_us, mr_registry_info(c->registry)->created_us);
  is_whole(copy);
  OK(mr_registry_open_run(copy, s->run_id, &run, &error));
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    OK(mr_run_open_artifact(run, paths[i], &mine, &error));
    OK(mr_run_open_artifact(s->run, paths[i], &theirs, &error));
    same_bytes(mine, theirs);
  }
  OK(mr_run_open_evidence(run, s->check_id, &mine, &error));
  OK(mr_run_open_evidence(s->run, s->check_id, &theirs, &error));
  same_bytes(mine, theirs);
  REFUSED(MR_NOT_SUPPORTED, "s3://bucket/far.bin",
          mr_run_open_artifact(run, "far.bin", &mine, &error));
  mr_run_free(run);
  OK(mr_registry_open_dataset(copy, s->dataset_id, &dataset, &error));
  OK(mr_dataset_fetch(dataset, contract_path(c, "fetched", &folder), NULL, NULL, &error));
  contract_has_file(c, "fetched/a.csv", "1,2,3\n", 6);
  contract_has_file(c, "fetched/in/c.csv", "6\n", 2);
  mr_dataset_free(dataset);
  OK(mr_registry_resolve(copy, "digits@staging", NULL, &version, &error));
  assert_memory_equal(mr_version_info(version)->number, "1.0.0", 5);
  OK(mr_version_verify(version, NULL, NULL, NULL, &error));
  mr_version_free(version);
}

static void copies_everything(void **state) {
  contract *c = *state;
  stage s;
  path_text path;
  mr_report *report = NULL;
  mr_cancel *progress = NULL;
  mr_backup_options o = MR_BACKUP_OPTIONS_INIT;
  make_stage(c, &s);
  OK(mr_run_log_metric(s.run, "late", 0.25, 7, &error)); /* in memory, not in the database */
  OK(mr_cancel_new(&progress, &error));
  o.cancel = progress;
  OK(mr_registry_backup(c->registry, contract_path(c, "copy.db", &path), &o, &report, &error));
  assert_int_equal(mr_report_count(report), 0);
  /* The runs' model.json and the manifests are of other sizes than what is known here. */
  assert_true(mr_report_info(report)->file_count > s.count);
  assert_true(mr_report_info(report)->total_size > s.size);
  assert_true(mr_report_info(report)->total_size < s.size + 5000);
  assert_true(mr_cancel_total(progress) > mr_report_info(report)->total_size);
  assert_int_equal(mr_cancel_done(progress), mr_cancel_total(progress));
  assert_int_equal(contract_count_files(c, "copy.db.d/tmp"), 0);
  mr_report_free(report);
  mr_cancel_free(progress);
  /* It is one file, to be read as it is, and then a registry like any other. */
  assert_false(contract_exists(c, "copy.db-wal"));
  mr_registry *copy = open_at(c, "copy.db", MR_OPEN_READ_ONLY);
  has_stage(c, &s, copy);
  mr_registry_close(copy);
  copy = open_at(c, "copy.db", 0);
  assert_int_equal(mr_registry_info(copy)->warning_count, 0);
  has_stage(c, &s, copy);
  mr_run *run = NULL;
  mr_history *history = NULL;
  OK(mr_registry_open_run(copy, s.run_id, &run, &error));
  OK(mr_run_history(run, "late", NULL, &history, &error));
  assert_int_equal(mr_history_count(history), 1);
  mr_history_free(history);
  OK(mr_run_log_param(run, "more", "1", &error));
  mr_run_free(run);
  mr_registry_close(copy);
  mr_run_free(s.run);
}

/* What came later is not in it, and neither is a change of the copy in the registry. */
static void is_of_one_moment(void **state) {
  contract *c = *state;
  stage s;
  path_text path;
  mr_run *run = NULL;
  mr_blob *blob = NULL;
  make_stage(c, &s);
  OK(mr_registry_backup(c->registry, contract_path(c, "copy.db", &path), NULL, NULL, &error));
  contract_put(s.run, "later.txt", "later");
  mr_registry *copy = open_at(c, "copy.db", 0);
  OK(mr_registry_open_run(copy, s.run_id, &run, &error));
  REFUSED(MR_NOT_FOUND, "later.txt", mr_run_open_artifact(run, "later.txt", &blob, &error));
  contract_put(run, "copy.txt", "only here");
  REFUSED(MR_NOT_FOUND, "copy.txt", mr_run_open_artifact(s.run, "copy.txt", &blob, &error));
  /* A copy of the copy, through a handle that cannot write. */
  mr_run_free(run);
  mr_registry_close(copy);
  copy = open_at(c, "copy.db", MR_OPEN_READ_ONLY);
  OK(mr_registry_backup(copy, contract_path(c, "again.db", &path), NULL, NULL, &error));
  mr_registry_close(copy);
  copy = open_at(c, "again.db", MR_OPEN_READ_ONLY);
  has_stage(c, &s, copy);
  OK(mr_registry_open_run(copy, s.run_id, &run, &error));
  OK(mr_run_open_artifact(run, "copy.txt", &blob, &error));
  mr_blob_free(blob);
  mr_run_free(run);
  mr_registry_close(copy);
  mr_run_free(s.run);
}

/* Restoring is moving PATH and PATH.d to where the registry was. */
static void is_moved_back(void **state) {
  contract *c = *state;
  stage s;
  path_text from;
  path_text to;
  make_stage(c, &s);
  OK(mr_registry_backup(c->registry, contract_path(c, "copy.db", &from), NULL, NULL, &error));
  assert_int_equal(mkdir(contract_path(c, "elsewhere", &to), 0777), 0);
  assert_int_equal(rename(from.text, contract_path(c, "elsewhere/R.db", &to)), 0);
  assert_int_equal(
      rename(contract_path(c, "copy.db.d", &from), contract_path(c, "elsewhere/R.db.d", &to)), 0);
  mr_registry *copy = open_at(c, "elsewhere/R.db", 0);
  has_stage(c, &s, copy);
  mr_registry_close(copy);
  mr_run_free(s.run);
}

static void refuses(mr_registry *registry, const contract *c, const char *name, mr_status status,
                    const char *words) {
  path_text path;
  REFUSED(status, words,
          mr_registry_backup(registry, contract_path(c, name, &path), NULL, NULL, &error));
}

/* Wherever the registry keeps its content, the copy has its own beside itself. */
static void brings_content_home(void **state) {
  contract *c = *state;
  path_text path;
  path_text root;
  mr_registry *registry = NULL;
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  mr_open_options options = contract_options(MR_OPEN_CREATE);
  options.artifact_root = contract_path(c, "content.d", &root);
  OK(mr_registry_open(contract_path(c, "away.db", &path), &options, &registry, &error));
  /* Whether that folder is there by now or not. */
  refuses(registry, c, "content", MR_INVALID_ARGUMENT, "where the registry does|content.d");
  OK(mr_registry_open_experiment(registry, "x", &experiment, &error));
  OK(mr_experiment_start_run(experiment, NULL, &run, &error));
  contract_put(run, "a", "content");
  mr_run_free(run);
  mr_experiment_free(experiment);
  refuses(registry, c, "content", MR_INVALID_ARGUMENT, "where the registry does|content.d");
  refuses(registry, c, "content.d/copy.db", MR_INVALID_ARGUMENT, "own content|content.d");
  refuses(registry, c, "content.d/blobs/copy.db", MR_INVALID_ARGUMENT, "own content|content.d");
  OK(mr_registry_backup(registry, contract_path(c, "copy.db", &path), NULL, NULL, &error));
  mr_registry_close(registry);
  mr_registry *copy = open_at(c, "copy.db", 0);
  assert_string_equal(mr_registry_info(copy)->artifact_root, contract_path(c, "copy.db.d", &path));
  is_whole(copy);
  mr_registry_close(copy);
  assert_int_equal(contract_count_files(c, "copy.db.d/blobs"), 1);
}

static void overwrites_nothing(void **state) {
  contract *c = *state;
  path_text path;
  stage s;
  make_stage(c, &s);
  static const char *const beside[] = {"wal.db-wal", "shm.db-shm", "journal.db-journal"};
  static const char *const names[] = {"wal.db", "shm.db", "journal.db"};
  contract_write_text(c, "text", "precious");
  refuses(c->registry, c, "text", MR_ALREADY_EXISTS, "text|overwrites nothing");
  contract_has_file(c, "text", "precious", 8);
  assert_int_equal(mkdir(contract_path(c, "folder", &path), 0777), 0);
  refuses(c->registry, c, "folder", MR_ALREADY_EXISTS, "folder");
  /* A link to nothing is something. */
  assert_int_equal(symlink("nowhere", contract_path(c, "link", &path)), 0);
  refuses(c->registry, c, "link", MR_ALREADY_EXISTS, "link");
  assert_false(contract_exists(c, "nowhere"));
  for (size_t i = 0; i < 3; i++) {
    contract_write_text(c, beside[i], "old");
    refuses(c->registry, c, names[i], MR_ALREADY_EXISTS, "part of the copy|remove it");
    HAS(error.message, beside[i]);
    assert_false(contract_exists(c, names[i]));
  }
  if (c->driver->folder) {
    refuses(c->registry, c, "R.db", MR_ALREADY_EXISTS, "R.db");
    refuses(c->registry, c, "R.db-journal", MR_INVALID_ARGUMENT, "'-journal'");
    refuses(c->registry, c, "R.db.d/copy.db", MR_INVALID_ARGUMENT, "own content");
    is_whole(c->registry);
  }
  OK(mr_registry_backup(c->registry, contract_path(c, "copy.db", &path), NULL, NULL, &error));
  refuses(c->registry, c, "copy.db", MR_ALREADY_EXISTS, "copy.db");
  mr_registry *copy = open_at(c, "copy.db", MR_OPEN_READ_ONLY);
  has_stage(c, &s, copy);
  mr_registry_close(copy);
  /* None of them left a thing behind but the one that worked. */
  assert_false(contract_exists(c, "text.d"));
  assert_false(contract_exists(c, "wal.db.d"));
  mr_run_free(s.run);
}

static void refuses_places(void **state) {
  contract *c = *state;
  path_text path;
  mr_report *report = NULL;
  contract_write_text(c, "file", "x");
  refuses(c->registry, c, "no/such/folder.db", MR_NOT_FOUND, "no/such");
  refuses(c->registry, c, "file/below.db", MR_INVALID_ARGUMENT, "file|not a folder");
  refuses(c->registry, c, "", MR_INVALID_ARGUMENT, "name");
  refuses(c->registry, c, ".", MR_INVALID_ARGUMENT, "name");
  refuses(c->registry, c, "..", MR_INVALID_ARGUMENT, "name");
  refuses(c->registry, c, "copy-wal", MR_INVALID_ARGUMENT, "'-wal'");
  refuses(c->registry, c, "copy-shm", MR_INVALID_ARGUMENT, "'-shm'");
  contract_write_text(c, "taken.db.d", "a file where a folder should be");
  mr_status status =
      mr_registry_backup(c->registry, contract_path(c, "taken.db", &path), NULL, &report, &error);
  assert_true(status != MR_OK);
  HAS(error.message, "taken.db");
  assert_null(report);
  REFUSED(MR_INVALID_ARGUMENT, "path", mr_registry_backup(c->registry, "", NULL, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "path", mr_registry_backup(c->registry, NULL, NULL, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "path",
          mr_registry_backup(c->registry, "a\x01z", NULL, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "registry", mr_registry_backup(NULL, "a", NULL, NULL, &error));
  mr_backup_options o = MR_BACKUP_OPTIONS_INIT;
  o.reserved = 1;
  (void)contract_path(c, "copy.db", &path);
  REFUSED(MR_ABI_MISMATCH, "mr_backup_options",
          mr_registry_backup(c->registry, path.text, &o, NULL, &error));
  o.reserved = 0;
  mr_cancel *cancel = NULL;
  OK(mr_cancel_new(&cancel, &error));
  mr_cancel_trigger(cancel);
  o.cancel = cancel;
  REFUSED(MR_CANCELLED, "", mr_registry_backup(c->registry, path.text, &o, NULL, &error));
  mr_cancel_free(cancel);
  assert_false(contract_exists(c, "copy.db"));
  assert_false(contract_exists(c, "copy.db.d"));
}

/* The stored file of some content. */
static void stored(const char *text, char out[128]) {
  char digest[DIGEST_TEXT];
  contract_digest(text, strlen(text), digest);
  (void)snprintf(out, 128, "R.db.d/blobs/%.2s/%s", digest, digest + 2);
}

/* The copy has all that is left, or there is none. */
static void tells_of_damage(void **state) {
  contract *c = *state;
  stage s;
  path_text path;
  char changed[128];
  char missing[128];
  char digest[DIGEST_TEXT];
  mr_report *report = NULL;
  if (!c->driver->folder) return;
  make_stage(c, &s);
  stored("all is well", changed);
  stored("6\n", missing);
  assert_int_equal(remove(contract_path(c, changed, &path)), 0);
  contract_write_text(c, changed, "all is ill!");
  assert_int_equal(remove(contract_path(c, missing, &path)), 0);
  (void)contract_path(c, "copy.db", &path);
  REFUSED(MR_TAMPERED, "damaged|and 1 more problem",
          mr_registry_backup(c->registry, path.text, NULL, NULL, &error));
  assert_false(contract_exists(c, "copy.db"));
  assert_int_equal(contract_count_files(c, "copy.db.d/tmp"), 0);
  OK(mr_registry_backup(c->registry, path.text, NULL, &report, &error));
  assert_int_equal(mr_report_count(report), 2);
  for (int64_t i = 0; i < 2; i++) {
    const mr_problem_record *problem = mr_report_at(report, i);
    bool is_changed = problem->problem == MR_PROBLEM_CHANGED;
    contract_digest(is_changed ? "all is well" : "6\n", is_changed ? 11 : 2, digest);
    assert_true(is_changed || problem->problem == MR_PROBLEM_MISSING);
    assert_string_equal(problem->path, digest);
    HAS(problem->message, digest);
  }
  assert_true(mr_report_at(report, 0)->problem != mr_report_at(report, 1)->problem);
  assert_true(mr_report_info(report)->file_count > s.count - 2);
  mr_report_free(report);
  /* What the registry has lost the copy lacks too; all else is there. */
  mr_run *run = NULL;
  mr_blob *blob = NULL;
  mr_registry *copy = open_at(c, "copy.db", 0);
  OK(mr_registry_open_run(copy, s.run_id, &run, &error));
  OK(mr_run_open_artifact(run, "large.bin", &blob, &error));
  mr_blob_free(blob);
  REFUSED(MR_NOT_FOUND, "", mr_run_open_evidence(run, s.check_id, &blob, &error));
  mr_run_free(run);
  mr_registry_close(copy);
  mr_run_free(s.run);
}

/* Content that an earlier call left is used again, unless it has been damaged since. */
static void goes_on_where_it_ended(void **state) {
  contract *c = *state;
  stage s;
  path_text path;
  char kept[128];
  mr_report *report = NULL;
  struct stat before;
  struct stat after;
  make_stage(c, &s);
  (void)contract_path(c, "copy.db", &path);
  OK(mr_registry_backup(c->registry, path.text, NULL, NULL, &error));
  assert_int_equal(remove(path.text), 0);
  stored("all is well", kept);
  char copied[160];
  (void)snprintf(copied, sizeof copied, "copy%s", kept + 1);
  path_text blob;
  assert_int_equal(stat(contract_path(c, copied, &blob), &before), 0);
  OK(mr_registry_backup(c->registry, path.text, NULL, &report, &error));
  int64_t count = mr_report_info(report)->file_count;
  mr_report_free(report);
  assert_int_equal(stat(blob.text, &after), 0);
  assert_true(before.st_ino == after.st_ino);
  assert_int_equal(remove(path.text), 0);
  assert_int_equal(remove(blob.text), 0);
  contract_write_text(c, copied, "all is ill!");
  OK(mr_registry_backup(c->registry, path.text, NULL, &report, &error));
  assert_int_equal(mr_report_info(report)->file_count, count);
  mr_report_free(report);
  contract_has_file(c, copied, "all is well", 11);
  mr_registry *copy = open_at(c, "copy.db", MR_OPEN_READ_ONLY);
  has_stage(c, &s, copy);
  mr_registry_close(copy);
  mr_run_free(s.run);
}

/* Files and folders get the permissions that the registry gives its own. */
static void keeps_secrets(void **state) {
  contract *c = *state;
  path_text path;
  struct stat info;
  mr_registry *registry = NULL;
  mr_open_options options = contract_options(MR_OPEN_CREATE);
  options.file_mode = 0600;
  OK(mr_registry_open(contract_path(c, "private.db", &path), &options, &registry, &error));
  OK(mr_registry_backup(registry, contract_path(c, "copy.db", &path), NULL, NULL, &error));
  mr_registry_close(registry);
  assert_int_equal(stat(path.text, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0600);
  assert_int_equal(info.st_nlink, 1);
  assert_int_equal(stat(contract_path(c, "copy.db.d", &path), &info), 0);
  assert_int_equal(info.st_mode & 0777, 0700);
}

static void copies_an_empty_registry(void **state) {
  contract *c = *state;
  path_text path;
  mr_registry *registry = NULL;
  mr_open_options options = contract_options(MR_OPEN_CREATE);
  OK(mr_registry_open("memory:", &options, &registry, &error));
  OK(mr_registry_backup(registry, contract_path(c, "copy.db", &path), NULL, NULL, &error));
  mr_registry_close(registry);
  mr_registry *copy = open_at(c, "copy.db", 0);
  is_whole(copy);
  mr_registry_close(copy);
}

/* Through a handle that has the file to itself. */
static void copies_what_one_process_uses(void **state) {
  contract *c = *state;
  path_text path;
  mr_experiment *experiment = NULL;
  mr_run *run = NULL;
  mr_registry *registry = open_at(c, "alone.db", MR_OPEN_CREATE | MR_OPEN_EXCLUSIVE);
  OK(mr_registry_open_experiment(registry, "x", &experiment, &error));
  OK(mr_experiment_start_run(experiment, NULL, &run, &error));
  contract_put(run, "a", "content");
  OK(mr_registry_backup(registry, contract_path(c, "copy.db", &path), NULL, NULL, &error));
  contract_put(run, "b", "and it goes on");
  mr_run_free(run);
  mr_experiment_free(experiment);
  mr_registry_close(registry);
  assert_int_equal(contract_count_files(c, "copy.db.d/blobs"), 1);
  mr_registry *copy = open_at(c, "copy.db", 0);
  is_whole(copy);
  mr_registry_close(copy);
}

/* There is no older schema than this library's: nothing to bring forward, and nothing is. */
static void stays_in_its_version(void **state) {
  contract *c = *state;
  path_text path;
  mr_registry *registry = NULL;
  mr_open_options options = contract_options(MR_OPEN_CREATE | MR_OPEN_MIGRATE);
  const mr_registry_record *record = mr_registry_info(c->registry);
  (void)contract_path(c, "new.db", &path);
  for (int round = 0; round < 2; round++) {
    OK(mr_registry_open(path.text, &options, &registry, &error));
    assert_int_equal(mr_registry_info(registry)->migrated_from, 0);
    assert_int_equal(mr_registry_info(registry)->schema_version, record->schema_version);
    mr_registry_close(registry);
    options.flags = MR_OPEN_MIGRATE;
  }
  registry = NULL;
  options.flags = MR_OPEN_MIGRATE | MR_OPEN_READ_ONLY;
  REFUSED(MR_INVALID_ARGUMENT, "MR_OPEN_MIGRATE|MR_OPEN_READ_ONLY",
          mr_registry_open(path.text, &options, &registry, &error));
  assert_null(registry);
}

int contract_backup_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(copies_everything),    TEST(is_of_one_moment),
      TEST(is_moved_back),        TEST(brings_content_home),
      TEST(overwrites_nothing),   TEST(refuses_places),
      TEST(tells_of_damage),      TEST(goes_on_where_it_ended),
      TEST(keeps_secrets),        TEST(copies_an_empty_registry),
      TEST(stays_in_its_version), TEST(copies_what_one_process_uses),
  };
  return GROUP("backups", tests);
}
