/* SPDX-License-Identifier: Apache-2.0 */
/* The program: contract DRIVER [TEST PATTERN] */
#include "contract.h"

#include <stdlib.h>

static const contract_driver drivers[] = {
    {"sqlite", true, true, true, true},
    {"memory", false, false, false, false},
};

static const contract_driver *driver;
mr_error error = MR_ERROR_INIT;

const contract_driver *contract_current(void) {
  return driver;
}

/* --- outcomes ----------------------------------------------------------------------------- */

void contract_reset(void) {
  static const mr_error clean = MR_ERROR_INIT;
  error = clean;
}

void contract_ok(mr_status got, const char *call, const char *file, int line) {
  if (got == MR_OK) return;
  print_error("%s:%d: %s answered %s: %s\n", file, line, call, mr_status_name(got), error.message);
  _fail(file, line);
}

void contract_has(const char *text, const char *words, const char *file, int line) {
  for (const char *at = words; at != NULL && *at != '\0';) {
    char word[300];
    const char *end = strchr(at, '|');
    size_t size = end == NULL ? strlen(at) : (size_t)(end - at);
    assert_true(size < sizeof word);
    memcpy(word, at, size);
    word[size] = '\0';
    if (strstr(text, word) == NULL) {
      print_error("%s:%d: \"%s\" does not say \"%s\"\n", file, line, text, word);
      _fail(file, line);
    }
    at = end == NULL ? NULL : end + 1;
  }
}

void contract_refused(mr_status got, mr_status wanted, const char *words, const char *call,
                      const char *file, int line) {
  if (got != wanted) {
    print_error("%s:%d: %s answered %s, not %s: %s\n", file, line, call, mr_status_name(got),
                mr_status_name(wanted), error.message);
    _fail(file, line);
  }
  size_t size = strlen(error.message);
  /* What error.h says of every message; a text that is quoted in part ends with three dots. */
  bool dot = size > 0 && error.message[size - 1] == '.' &&
             (size < 3 || strcmp(error.message + size - 3, "...") != 0);
  if (error.status != got || size == 0 || size >= sizeof error.message || dot ||
      strpbrk(error.message, "\r\n") != NULL) {
    print_error("%s:%d: status %d, message \"%s\"\n", file, line, (int)error.status, error.message);
    _fail(file, line);
  }
  contract_has(error.message, words, file, line);
}

int64_t contract_scale(int64_t count, int64_t least) {
  const char *text = getenv("MR_TEST_SCALE");
  double scale = text == NULL ? 0.2 : strtod(text, NULL);
  int64_t scaled = (int64_t)((double)count * scale);
  return scaled < least ? least : scaled;
}

/* --- lists -------------------------------------------------------------------------------- */

void contract_list_add(listing *list, const char *text) {
  assert_true(list->count < LISTING_MAX);
  (void)snprintf(list->items[list->count++], sizeof list->items[0], "%s",
                 text == NULL ? "-" : text);
}

void contract_list_is(const listing *list, const char *texts, const char *file, int line) {
  size_t index = 0;
  for (const char *at = texts; *at != '\0';) {
    size_t size = strcspn(at, " ");
    const char *got = index < list->count ? list->items[index] : "(nothing)";
    if (strlen(got) != size || memcmp(got, at, size) != 0) {
      print_error("%s:%d: item %zu is %s, not %.*s\n", file, line, index, got, (int)size, at);
      _fail(file, line);
    }
    index++;
    at += size;
    at += strspn(at, " ");
  }
  if (index == list->count) return;
  print_error("%s:%d: %zu items instead of %zu, the first too many is %s\n", file, line,
              list->count, index, list->items[index]);
  _fail(file, line);
}

/* --- the program -------------------------------------------------------------------------- */

static int run_all(void) {
  static int (*const groups[])(void) = {
      contract_registry_tests,  contract_experiment_tests, contract_run_tests,
      contract_run_list_tests,  contract_property_tests,   contract_input_tests,
      contract_metric_tests,    contract_history_tests,    contract_manifest_tests,
      contract_dataset_tests,   contract_artifact_tests,   contract_blob_tests,
      contract_model_tests,     contract_gate_tests,       contract_gate_history_tests,
      contract_rule_tests,      contract_evaluation_tests, contract_seal_tests,
      contract_request_tests,   contract_completion_tests, contract_dry_run_tests,
      contract_decision_tests,  contract_number_tests,     contract_version_tests,
      contract_status_tests,    contract_deletion_tests,   contract_yank_tests,
      contract_roll_back_tests, contract_as_of_tests,      contract_channel_tests,
      contract_open_move_tests, contract_resolve_tests,    contract_delivery_tests,
      contract_check_tests,     contract_lineage_tests,    contract_lineage_bounds_tests,
      contract_backup_tests,
  };
  int failed = 0;
  for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) failed += groups[i]();
  return failed;
}

int main(int argc, char **argv) {
  for (size_t i = 0; argc > 1 && i < sizeof drivers / sizeof drivers[0]; i++) {
    if (strcmp(drivers[i].name, argv[1]) == 0) driver = &drivers[i];
  }
  if (driver == NULL) {
    (void)fprintf(stderr, "usage: contract DRIVER [PATTERN]\n");
    return 2;
  }
  if (argc > 2) cmocka_set_test_filter(argv[2]);
  return run_all() == 0 ? 0 : 1;
}
