/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of checks and their evidence. */
#include "contract.h"

#include <stdlib.h>

#define UNKNOWN_ID  "01234567-89ab-7def-8123-456789abcdef"
#define SOME_DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void report(mr_run *run, const char *name, mr_check_result result) {
  OK(mr_run_log_check(run, name, result, NULL, &error));
}

static void names_are(mr_run *run, const char *names) {
  static listing list;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  LIST_ALL_WAYS(mr_check, options, mr_run_list_checks(run, &options, &part, &error), name, &list,
                names);
}

static mr_check_page *all_checks(mr_run *run) {
  mr_check_page *page = NULL;
  OK(mr_run_list_checks(run, NULL, &page, &error));
  assert_null(mr_check_page_next_token(page));
  return page;
}

/* The id of the nth report. */
typedef struct id_text {
  char text[40];
} id_text;

static const char *id_of(mr_run *run, int64_t index, id_text *out) {
  mr_check_page *page = all_checks(run);
  assert_non_null(mr_check_page_at(page, index));
  (void)snprintf(out->text, sizeof out->text, "%s", mr_check_page_at(page, index)->id);
  mr_check_page_free(page);
  return out->text;
}

static void evidence_is(mr_run *run, const char *id, const void *data, size_t size) {
  mr_blob *blob = NULL;
  const uint8_t *bytes = NULL;
  OK(mr_run_open_evidence(run, id, &blob, &error));
  assert_int_equal(mr_blob_size(blob), size);
  assert_string_equal(mr_blob_info(blob)->path, id);
  OK(mr_blob_map(blob, &bytes, &error));
  if (size > 0) assert_memory_equal(bytes, data, size);
  mr_blob_free(blob);
}

static void records_what_was_said(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  mr_check_options o = MR_CHECK_OPTIONS_INIT;
  int64_t before = contract_clock(NULL);
  report(run, "lint", MR_CHECK_RESULT_PASSED);
  o.reporter = "ruff 0.4";
  o.note = "zwei Zeilen,\nbeide größer";
  OK(mr_run_log_check(run, "größe", MR_CHECK_RESULT_FAILED, &o, &error));
  o.note = "";
  OK(mr_run_log_check(run, "gpu tests", MR_CHECK_RESULT_SKIPPED, &o, &error));
  mr_check_page *page = all_checks(run);
  assert_int_equal(mr_check_page_count(page), 3);
  const mr_check_record *r = mr_check_page_at(page, 0);
  assert_true(r->struct_size >= sizeof *r);
  assert_int_equal(strlen(r->id), 36);
  assert_string_equal(r->name, "lint");
  assert_int_equal(r->result, MR_CHECK_RESULT_PASSED);
  assert_string_equal(r->reporter, "tester");
  assert_string_equal(r->actor, "tester");
  assert_null(r->note);
  assert_null(r->evidence_digest);
  assert_null(r->evidence_uri);
  assert_int_equal(r->evidence_size, 0);
  assert_int_equal(r->latest, 1);
  assert_in_range((uintmax_t)r->created_us, (uintmax_t)before, (uintmax_t)contract_clock(NULL));
  r = mr_check_page_at(page, 1);
  assert_string_equal(r->name, "größe");
  assert_int_equal(r->result, MR_CHECK_RESULT_FAILED);
  assert_string_equal(r->reporter, "ruff 0.4");
  assert_string_equal(r->actor, "tester");
  assert_string_equal(r->note, "zwei Zeilen,\nbeide größer");
  r = mr_check_page_at(page, 2);
  assert_int_equal(r->result, MR_CHECK_RESULT_SKIPPED);
  assert_string_equal(r->note, "");
  assert_string_not_equal(r->id, mr_check_page_at(page, 0)->id);
  mr_check_page_free(page);
  mr_run_free(run);
}

/* Every report is kept; the last one of a name counts, on this run alone. */
static void the_latest_counts(void **state) {
  contract *c = *state;
  static const int32_t latest[] = {0, 0, 1, 1};
  mr_run *run = contract_run(c, "x");
  mr_run *other = contract_run(c, "x");
  report(run, "lint", MR_CHECK_RESULT_FAILED);
  report(run, "lint", MR_CHECK_RESULT_SKIPPED);
  report(run, "tests", MR_CHECK_RESULT_PASSED);
  report(run, "lint", MR_CHECK_RESULT_PASSED);
  report(other, "lint", MR_CHECK_RESULT_FAILED);
  names_are(run, "lint lint tests lint");
  names_are(other, "lint");
  mr_check_page *page = all_checks(run);
  for (int64_t i = 0; i < 4; i++) assert_int_equal(mr_check_page_at(page, i)->latest, latest[i]);
  assert_int_equal(mr_check_page_at(page, 0)->result, MR_CHECK_RESULT_FAILED);
  assert_int_equal(mr_check_page_at(page, 3)->result, MR_CHECK_RESULT_PASSED);
  mr_check_page_free(page);
  page = all_checks(other);
  assert_int_equal(mr_check_page_at(page, 0)->latest, 1);
  mr_check_page_free(page);
  mr_run_free(run);
  mr_run_free(other);
}

/* What counts does not depend on where a page ends. */
static void pages_of_many(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  char token[64] = "";
  int64_t seen = 0;
  int64_t pages = 0;
  for (int i = 0; i < 300; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "check %d", i % 150);
    report(run, name, i % 3 + 1);
  }
  options.limit = 7;
  for (bool more = true; more; pages++) {
    mr_check_page *page = NULL;
    options.token = pages == 0 ? NULL : token;
    OK(mr_run_list_checks(run, &options, &page, &error));
    for (int64_t i = 0; i < mr_check_page_count(page); i++, seen++) {
      char name[32];
      const mr_check_record *record = mr_check_page_at(page, i);
      (void)snprintf(name, sizeof name, "check %d", (int)seen % 150);
      assert_string_equal(record->name, name);
      assert_int_equal(record->result, seen % 3 + 1);
      assert_int_equal(record->latest, seen >= 150);
    }
    more = mr_check_page_next_token(page) != NULL;
    if (more) (void)snprintf(token, sizeof token, "%s", mr_check_page_next_token(page));
    mr_check_page_free(page);
  }
  assert_int_equal(seen, 300);
  assert_int_equal(pages, 43);
  mr_run_free(run);
}

static void keeps_evidence(void **state) {
  contract *c = *state;
  static uint8_t large[(1 << 20) + 5];
  char digest[DIGEST_TEXT];
  path_text local;
  id_text small_id;
  id_text large_id;
  id_text empty_id;
  mr_blob *blob = NULL;
  mr_run *run = contract_run(c, "x");
  mr_check_options o = MR_CHECK_OPTIONS_INIT;
  o.evidence_path = contract_path(c, "report.json", &local);
  contract_write_text(c, "report.json", "{\"failed\": 0}");
  OK(mr_run_log_check(run, "small", MR_CHECK_RESULT_PASSED, &o, &error));
  contract_fill(large, sizeof large, 11);
  contract_write(c, "report.json", large, sizeof large);
  OK(mr_run_log_check(run, "large", MR_CHECK_RESULT_PASSED, &o, &error));
  contract_write_text(c, "report.json", "");
  OK(mr_run_log_check(run, "empty", MR_CHECK_RESULT_FAILED, &o, &error));
  /* The registry has its own copies. */
  assert_int_equal(remove(local.text), 0);
  evidence_is(run, id_of(run, 0, &small_id), "{\"failed\": 0}", 13);
  evidence_is(run, id_of(run, 1, &large_id), large, sizeof large);
  evidence_is(run, id_of(run, 2, &empty_id), "", 0);
  OK(mr_run_open_evidence(run, small_id.text, &blob, &error));
  assert_string_equal(mr_blob_info(blob)->format, "json");
  assert_int_equal(mr_blob_info(blob)->kind, MR_ARTIFACT_KIND_STORED);
  assert_null(mr_blob_info(blob)->uri);
  mr_blob_free(blob);
  mr_check_page *page = all_checks(run);
  contract_digest(large, sizeof large, digest);
  assert_string_equal(mr_check_page_at(page, 1)->evidence_digest, digest);
  assert_int_equal(mr_check_page_at(page, 1)->evidence_size, sizeof large);
  assert_null(mr_check_page_at(page, 1)->evidence_uri);
  contract_digest("", 0, digest);
  assert_string_equal(mr_check_page_at(page, 2)->evidence_digest, digest);
  mr_check_page_free(page);
  /* It is no artifact of the run. */
  mr_artifact_page *artifacts = NULL;
  OK(mr_run_list_artifacts(run, NULL, &artifacts, &error));
  assert_int_equal(mr_artifact_page_count(artifacts), 0);
  mr_artifact_page_free(artifacts);
  mr_run_free(run);
}

static void keeps_links_to_evidence(void **state) {
  contract *c = *state;
  char digest[DIGEST_TEXT];
  char uri[1300];
  path_text local;
  id_text id;
  mr_blob *blob = NULL;
  mr_run *run = contract_run(c, "x");
  mr_check_options o = MR_CHECK_OPTIONS_INIT;
  contract_write_text(c, "log.txt", "all well");
  contract_digest("all well", 8, digest);
  (void)snprintf(uri, sizeof uri, "file://%s", contract_path(c, "log.txt", &local));
  o.evidence_uri = uri;
  o.evidence_digest = digest;
  o.evidence_size = 8;
  OK(mr_run_log_check(run, "near", MR_CHECK_RESULT_PASSED, &o, &error));
  o.evidence_uri = "s3://bucket/log.txt";
  OK(mr_run_log_check(run, "far", MR_CHECK_RESULT_PASSED, &o, &error));
  mr_check_page *page = all_checks(run);
  const mr_check_record *r = mr_check_page_at(page, 1);
  assert_string_equal(r->evidence_uri, "s3://bucket/log.txt");
  assert_string_equal(r->evidence_digest, digest);
  assert_int_equal(r->evidence_size, 8);
  mr_check_page_free(page);
  evidence_is(run, id_of(run, 0, &id), "all well", 8);
  REFUSED(MR_NOT_SUPPORTED, "s3://bucket/log.txt",
          mr_run_open_evidence(run, id_of(run, 1, &id), &blob, &error));
  contract_write_text(c, "log.txt", "all good");
  const uint8_t *bytes = NULL;
  OK(mr_run_open_evidence(run, id_of(run, 0, &id), &blob, &error));
  REFUSED(MR_TAMPERED, "", mr_blob_map(blob, &bytes, &error));
  mr_blob_free(blob);
  assert_int_equal(remove(local.text), 0);
  blob = NULL;
  REFUSED(MR_NOT_FOUND, "evidence", mr_run_open_evidence(run, id_of(run, 0, &id), &blob, &error));
  assert_null(blob);
  mr_run_free(run);
}

static void says_what_is_not_there(void **state) {
  contract *c = *state;
  path_text local;
  id_text id;
  mr_blob *blob = NULL;
  mr_run *run = contract_run(c, "x");
  mr_run *other = contract_run(c, "x");
  mr_check_options o = MR_CHECK_OPTIONS_INIT;
  contract_write_text(c, "log.txt", "x");
  o.evidence_path = contract_path(c, "log.txt", &local);
  report(run, "lint", MR_CHECK_RESULT_PASSED);
  OK(mr_run_log_check(other, "lint", MR_CHECK_RESULT_PASSED, &o, &error));
  REFUSED(MR_NOT_FOUND, "lint|no evidence",
          mr_run_open_evidence(run, id_of(run, 0, &id), &blob, &error));
  REFUSED(MR_NOT_FOUND, UNKNOWN_ID, mr_run_open_evidence(run, UNKNOWN_ID, &blob, &error));
  /* A report of another run is none of this one. */
  id_of(other, 0, &id);
  REFUSED(MR_NOT_FOUND, id.text, mr_run_open_evidence(run, id.text, &blob, &error));
  REFUSED(MR_INVALID_ARGUMENT, "check_id", mr_run_open_evidence(run, "lint", &blob, &error));
  assert_null(blob);
  mr_run_free(run);
  mr_run_free(other);
}

static void refuses_what_is_wrong(void **state) {
  contract *c = *state;
  static char text[65538];
  path_text local;
  mr_run *run = contract_run(c, "x");
  mr_check_options o = MR_CHECK_OPTIONS_INIT;
#define BAD(status, words, name)                                                                   \
  REFUSED(status, words, mr_run_log_check(run, name, MR_CHECK_RESULT_PASSED, &o, &error))
  memset(text, 'a', sizeof text - 1);
  BAD(MR_INVALID_ARGUMENT, "check name", NULL);
  BAD(MR_INVALID_ARGUMENT, "check name", "");
  BAD(MR_INVALID_ARGUMENT, "check name", " lint");
  BAD(MR_INVALID_ARGUMENT, "check name", "a\nb");
  BAD(MR_INVALID_ARGUMENT, "check name", "\xff");
  BAD(MR_LIMIT, "check name", text + sizeof text - 252);
  OK(mr_run_log_check(run, text + sizeof text - 251, MR_CHECK_RESULT_PASSED, &o, &error));
  static const mr_check_result unknown[] = {0, 4, -1, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
    REFUSED(MR_INVALID_ARGUMENT, "result|lint",
            mr_run_log_check(run, "lint", unknown[i], &o, &error));
  }
  o.reporter = "";
  BAD(MR_INVALID_ARGUMENT, "reporter", "lint");
  o.reporter = text + sizeof text - 252;
  BAD(MR_LIMIT, "reporter", "lint");
  o.reporter = NULL;
  o.note = text;
  BAD(MR_LIMIT, "note", "lint");
  o.note = "a\x01";
  BAD(MR_INVALID_ARGUMENT, "note", "lint");
  o.note = text + 1;
  OK(mr_run_log_check(run, "noted", MR_CHECK_RESULT_PASSED, &o, &error));
  o.note = NULL;
  o.evidence_path = "";
  BAD(MR_INVALID_ARGUMENT, "evidence_path", "lint");
  o.evidence_path = contract_path(c, "nothing.txt", &local);
  BAD(MR_NOT_FOUND, "nothing.txt", "lint");
  o.evidence_path = c->folder;
  BAD(MR_INVALID_ARGUMENT, c->folder, "lint");
  o.evidence_uri = "s3://bucket/key";
  o.evidence_digest = SOME_DIGEST;
  BAD(MR_INVALID_ARGUMENT, "evidence_path|evidence_uri", "lint");
  o.evidence_path = NULL;
  o.evidence_digest = NULL;
  BAD(MR_INVALID_ARGUMENT, "evidence_digest", "lint");
  o.evidence_digest = "0011";
  BAD(MR_INVALID_ARGUMENT, "evidence_digest", "lint");
  o.evidence_digest = SOME_DIGEST;
  o.evidence_size = -1;
  BAD(MR_INVALID_ARGUMENT, "evidence_size|-1", "lint");
  o.evidence_size = 1;
  o.evidence_uri = "no scheme";
  BAD(MR_INVALID_ARGUMENT, "evidence_uri|scheme", "lint");
  o.evidence_uri = text;
  BAD(MR_LIMIT, "evidence_uri", "lint");
  o.evidence_uri = NULL;
  BAD(MR_INVALID_ARGUMENT, "evidence_digest|evidence_uri", "lint");
  o.evidence_digest = NULL;
  BAD(MR_INVALID_ARGUMENT, "evidence_size|evidence_uri", "lint");
  o.evidence_size = 0;
  mr_cancel *cancel = NULL;
  OK(mr_cancel_new(&cancel, &error));
  mr_cancel_trigger(cancel);
  o.cancel = cancel;
  BAD(MR_CANCELLED, "", "lint");
  mr_cancel_free(cancel);
  o.cancel = NULL;
  mr_check_page *page = all_checks(run);
  assert_int_equal(mr_check_page_count(page), 2);
  mr_check_page_free(page);
  page = NULL;
  mr_list_options list = MR_LIST_OPTIONS_INIT;
  list.token = "R1";
  REFUSED(MR_INVALID_ARGUMENT, "token", mr_run_list_checks(run, &list, &page, &error));
  list.token = NULL;
  list.limit = MR_LIST_MAX_LIMIT + 1;
  REFUSED(MR_INVALID_ARGUMENT, "limit", mr_run_list_checks(run, &list, &page, &error));
  mr_run_free(run);
#undef BAD
}

/* Checks come in when the run is over, and after a request has sealed it. */
static void any_state_of_the_run(void **state) {
  contract *c = *state;
  path_text local;
  id_text id;
  int32_t sealed = 0;
  mr_check_options o = MR_CHECK_OPTIONS_INIT;
  mr_model *model = contract_model(c, "digits");
  mr_run *run = contract_trained(c, 0.9);
  mr_run *killed = contract_run(c, "x");
  report(run, "started", MR_CHECK_RESULT_PASSED);
  contract_finish(run);
  report(run, "finished", MR_CHECK_RESULT_PASSED);
  mr_version_free(contract_promote(model, run, NULL));
  (void)contract_run_status(c, mr_run_info(run)->id, &sealed);
  assert_int_equal(sealed, 1);
  contract_write_text(c, "log.txt", "late");
  o.evidence_path = contract_path(c, "log.txt", &local);
  OK(mr_run_log_check(run, "sealed", MR_CHECK_RESULT_FAILED, &o, &error));
  names_are(run, "started finished sealed");
  evidence_is(run, id_of(run, 2, &id), "late", 4);
  OK(mr_run_finish(killed, MR_RUN_STATUS_KILLED, &error));
  report(killed, "lint", MR_CHECK_RESULT_FAILED);
  names_are(killed, "lint");
  mr_run_free(killed);
  mr_run_free(run);
  mr_model_free(model);
}

static void outlives_the_registry(void **state) {
  contract *c = *state;
  path_text local;
  id_text id;
  char run_id[40];
  mr_run *run = contract_run(c, "x");
  mr_check_options o = MR_CHECK_OPTIONS_INIT;
  (void)snprintf(run_id, sizeof run_id, "%s", mr_run_info(run)->id);
  contract_write_text(c, "log.txt", "kept");
  o.evidence_path = contract_path(c, "log.txt", &local);
  o.note = "n";
  OK(mr_run_log_check(run, "lint", MR_CHECK_RESULT_FAILED, &o, &error));
  report(run, "lint", MR_CHECK_RESULT_PASSED);
  id_of(run, 0, &id);
  mr_check_page *page = all_checks(run);
  if (c->driver->survives_close) {
    contract_reopen(c);
  } else {
    mr_registry_close(c->registry);
    c->registry = NULL;
  }
  /* A page is its own; the run's handle is of the registry that was closed. */
  assert_string_equal(mr_check_page_at(page, 1)->name, "lint");
  mr_check_page_free(page);
  mr_blob *blob = NULL;
  REFUSED(MR_CLOSED, "closed", mr_run_open_evidence(run, id.text, &blob, &error));
  REFUSED(MR_CLOSED, "closed", mr_run_log_check(run, "lint", 1, NULL, &error));
  mr_run_free(run);
  if (!c->driver->survives_close) return;
  OK(mr_registry_open_run(c->registry, run_id, &run, &error));
  names_are(run, "lint lint");
  page = all_checks(run);
  assert_string_equal(mr_check_page_at(page, 0)->id, id.text);
  assert_string_equal(mr_check_page_at(page, 0)->note, "n");
  assert_int_equal(mr_check_page_at(page, 0)->latest, 0);
  assert_int_equal(mr_check_page_at(page, 1)->latest, 1);
  mr_check_page_free(page);
  evidence_is(run, id.text, "kept", 4);
  mr_run_free(run);
}

/* Evidence that was changed where the registry keeps it is not handed out. */
static void notices_changed_evidence(void **state) {
  contract *c = *state;
  path_text local;
  id_text id;
  mr_blob *blob = NULL;
  mr_run *run = contract_run(c, "x");
  mr_check_options o = MR_CHECK_OPTIONS_INIT;
  contract_write_text(c, "log.txt", "all well");
  o.evidence_path = contract_path(c, "log.txt", &local);
  OK(mr_run_log_check(run, "lint", MR_CHECK_RESULT_PASSED, &o, &error));
  id_of(run, 0, &id);
  if (c->driver->folder) {
    char digest[DIGEST_TEXT];
    char stored[128];
    contract_digest("all well", 8, digest);
    (void)snprintf(stored, sizeof stored, "R.db.d/blobs/%.2s/%s", digest, digest + 2);
    assert_true(contract_exists(c, stored));
    path_text full;
    assert_int_equal(remove(contract_path(c, stored, &full)), 0);
    REFUSED(MR_NOT_FOUND, "evidence", mr_run_open_evidence(run, id.text, &blob, &error));
    contract_write_text(c, stored, "all good");
    REFUSED(MR_TAMPERED, "evidence", mr_run_open_evidence(run, id.text, &blob, &error));
    assert_null(blob);
  } else {
    evidence_is(run, id.text, "all well", 8);
  }
  mr_run_free(run);
}

int contract_check_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(records_what_was_said),    TEST(the_latest_counts),       TEST(pages_of_many),
      TEST(keeps_evidence),           TEST(keeps_links_to_evidence), TEST(says_what_is_not_there),
      TEST(refuses_what_is_wrong),    TEST(any_state_of_the_run),    TEST(outlives_the_registry),
      TEST(notices_changed_evidence),
  };
  return GROUP("checks", tests);
}
