/* SPDX-License-Identifier: Apache-2.0 */
/* One suite for every storage driver and blob store, through the public API alone: what the files of
 * the suite share. Each test gets a new, empty registry of the driver under test. */
#ifndef CONTRACT_H
#define CONTRACT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <modelreg/modelreg.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What a driver can do. Where one cannot, the suite asserts what it answers instead. */
typedef struct contract_driver {
  const char *name;
  bool shared;         /* a second handle, also of another process, sees the same registry */
  bool survives_close; /* and so does one that is opened later */
  bool read_only;      /* can be opened read-only */
  bool folder;         /* the blob store is a folder */
} contract_driver;

typedef struct contract {
  const contract_driver *driver;
  mr_registry *registry;
  char folder[64]; /* to play in; removed after the test */
  char uri[128];
} contract;

/* The driver under test. */
const contract_driver *contract_current(void);

/* The record of all calls of a test. OK and REFUSED look into it. */
extern mr_error error;

/* The call must work. */
#define OK(call) contract_ok((call), #call, __FILE__, __LINE__)
/* The call must answer `status` with a message that has each of the `words`, which are separated
 * by '|'. */
#define REFUSED(status, words, call)                                                               \
  (contract_reset(), contract_refused((call), status, words, #call, __FILE__, __LINE__))

void contract_reset(void);
void contract_ok(mr_status got, const char *call, const char *file, int line);
void contract_refused(mr_status got, mr_status wanted, const char *words, const char *call,
                      const char *file, int line);
/* Each of the words, which are separated by '|', occurs in the text. */
void contract_has(const char *text, const char *words, const char *file, int line);
#define HAS(text, words) contract_has(text, words, __FILE__, __LINE__)

/* cmocka's setup and teardown of one test. */
int contract_setup(void **state);
int contract_teardown(void **state);
#define TEST(function) cmocka_unit_test_setup_teardown(function, contract_setup, contract_teardown)
/* The tests of one file, for its public function. */
#define GROUP(name, tests) cmocka_run_group_tests_name(name, tests, NULL, NULL)

/* How often a long test repeats: `count` scaled by MR_TEST_SCALE (default 0.2), `least` or more. */
int64_t contract_scale(int64_t count, int64_t least);

/* --- a second look ------------------------------------------------------------------------ */

/* The clock of the suite: a millisecond later each time it is asked. */
int64_t contract_clock(void *ctx);
/* Turns it forward by so much, or back, until the test ends. */
void contract_turn_clock(int64_t us);
/* Options of the suite's handles: its clock, the actor "tester". */
mr_open_options contract_options(uint32_t flags);
/* Another handle of the same registry; only where the driver shares. */
mr_registry *contract_second(const contract *c);
/* Closes the registry and opens it again; only where it survives that. */
void contract_reopen(contract *c);

/* --- files -------------------------------------------------------------------------------- */

/* Joins folder and path into a buffer of the caller. */
typedef struct path_text {
  char text[1200];
} path_text;
const char *contract_path(const contract *c, const char *path, path_text *out);
/* Writes a file below the test's folder, and the folders that lead to it. */
void contract_write(const contract *c, const char *path, const void *data, size_t size);
void contract_write_text(const contract *c, const char *path, const char *text);
/* The file below the test's folder has exactly these bytes. */
void contract_has_file(const contract *c, const char *path, const void *data, size_t size);
bool contract_exists(const contract *c, const char *path);
/* Regular files below a folder of the test. */
size_t contract_count_files(const contract *c, const char *folder);
/* Bytes that look random and are the same each time. */
void contract_fill(uint8_t *data, size_t size, uint64_t seed);

/* --- digests, made here from what dataset.h documents ---------------------------------------- */

#define DIGEST_TEXT 65
/* BLAKE2b-256 of some bytes, as hex digits. */
void contract_blake2b(const void *data, size_t size, char out[DIGEST_TEXT]);
/* The digest of content: BLAKE2b-256 up to 1 MiB, the tree form above. */
void contract_digest(const void *data, size_t size, char out[DIGEST_TEXT]);

/* --- the usual things ------------------------------------------------------------------------ */

mr_experiment *contract_experiment(const contract *c, const char *name);
mr_run *contract_run(const contract *c, const char *experiment);
/* A run with the metric accuracy, the param optimizer=adam and an artifact model.json. */
mr_run *contract_trained(const contract *c, double accuracy);
void contract_finish(mr_run *run);
void contract_put(mr_run *run, const char *path, const char *text);
mr_model *contract_model(const contract *c, const char *name);
/* A finished run is promoted, which must be accepted. */
mr_version *contract_promote(mr_model *model, mr_run *run, const mr_promote_options *options);
/* The same with a run of its own and an explicit number. */
mr_version *contract_version(const contract *c, mr_model *model, const char *number);
/* Attaches a gate in its text form; model NULL is the default gate, transition NULL "promote". */
void contract_attach(const contract *c, const char *model, const char *transition,
                     const char *text);
/* Moves a channel, which must be accepted. */
void contract_move(mr_model *model, const char *channel, const char *version, const char *expected);
/* A reference resolves to this number, build metadata left out. */
void contract_resolves(const contract *c, const char *reference, const char *number);
/* The number without build metadata. */
const char *contract_core(const char *number, char out[300]);
/* The state of a run as it is now. */
mr_run_status contract_run_status(const contract *c, const char *run_id, int32_t *sealed);

/* --- rules ----------------------------------------------------------------------------------- */

/* `truth` is T, F or U, and for a rule that is pending f or u; the words are those that observed
 * and reason must have. */
typedef struct rule_case {
  const char *expression;
  char truth;
  const char *observed;
  const char *reason;
} rule_case;

/* A gate of these rules, which are called rule-0, rule-1 ... */
mr_gate *contract_gate(const rule_case *cases, size_t count);
/* The decision says this of them, rule by rule. */
void contract_judged(const mr_decision *decision, const rule_case *cases, size_t count);
/* Tries the rules on a candidate without proposing it. */
void contract_try(const contract *c, const mr_evaluate_options *options, const rule_case *cases,
                  size_t count);
#define TRY(c, options, cases) contract_try(c, options, cases, sizeof(cases) / sizeof((cases)[0]))
/* A recorded dataset of two files, 100 bytes and `content`, in the experiment "data". */
mr_dataset *contract_dataset(const contract *c, const char *name, const char *content,
                             int64_t samples);
void contract_use_dataset(mr_run *run, const char *role, const mr_dataset *used);

/* --- lists ------------------------------------------------------------------------------------ */

#define LISTING_MAX 160
typedef struct listing {
  size_t count;
  size_t pages;
  char items[LISTING_MAX][300];
} listing;

/* Appends one text; NULL is "-". */
void contract_list_add(listing *list, const char *text);
/* The list has exactly these texts, separated by blanks. */
void contract_list_is(const listing *list, const char *texts, const char *file, int line);
#define LISTED(list, texts) contract_list_is(list, texts, __FILE__, __LINE__)

/* Goes through a list page by page and collects one text a record into `list`. `call` is the listing
 * call over `options` and `part`. Every page is full but the last, and no page is empty unless the
 * whole list is. */
#define COLLECT(noun, options, call, text, list)                                                   \
  do {                                                                                             \
    char token_[1200] = "";                                                                        \
    (list)->count = 0;                                                                             \
    (list)->pages = 0;                                                                             \
    for (bool more_ = true; more_;) {                                                              \
      noun##_page *part = NULL;                                                                    \
      (options).token = token_[0] == '\0' ? NULL : token_;                                         \
      OK(call);                                                                                    \
      int64_t count_ = noun##_page_count(part);                                                    \
      const char *next_ = noun##_page_next_token(part);                                            \
      assert_true((options).limit == 0 || count_ <= (options).limit);                              \
      if (next_ != NULL && (options).limit != 0) assert_int_equal(count_, (options).limit);        \
      assert_true(count_ > 0 || (list)->pages == 0);                                               \
      assert_null(noun##_page_at(part, count_));                                                   \
      assert_null(noun##_page_at(part, -1));                                                       \
      for (int64_t i_ = 0; i_ < count_; i_++) {                                                    \
        contract_list_add(list, noun##_page_at(part, i_)->text);                                   \
      }                                                                                            \
      (list)->pages++;                                                                             \
      more_ = next_ != NULL;                                                                       \
      if (more_) (void)snprintf(token_, sizeof token_, "%s", next_);                               \
      noun##_page_free(part);                                                                      \
    }                                                                                              \
    (options).token = NULL;                                                                        \
  } while (0)

/* The same with pages of 1, of 2 and of all records: the answer must not depend on it. */
#define LIST_ALL_WAYS(noun, options, call, text, list, texts)                                      \
  do {                                                                                             \
    for (int64_t limit_ = 0; limit_ <= 2; limit_++) {                                              \
      (options).limit = limit_;                                                                    \
      COLLECT(noun, options, call, text, list);                                                    \
      LISTED(list, texts);                                                                         \
      if (limit_ == 1) assert_int_equal((list)->pages, (list)->count > 0 ? (list)->count : 1);     \
      if (limit_ == 0) assert_int_equal((list)->pages, 1);                                         \
    }                                                                                              \
    (options).limit = 0;                                                                           \
  } while (0)

/* --- the files of the suite; each answers how many tests failed --------------------------------- */

int contract_registry_tests(void);
int contract_experiment_tests(void);
int contract_run_tests(void);
int contract_run_list_tests(void);
int contract_property_tests(void);
int contract_input_tests(void);
int contract_metric_tests(void);
int contract_history_tests(void);
int contract_manifest_tests(void);
int contract_dataset_tests(void);
int contract_artifact_tests(void);
int contract_blob_tests(void);
int contract_model_tests(void);
int contract_gate_tests(void);
int contract_gate_history_tests(void);
int contract_rule_tests(void);
int contract_evaluation_tests(void);
int contract_seal_tests(void);
int contract_request_tests(void);
int contract_completion_tests(void);
int contract_dry_run_tests(void);
int contract_decision_tests(void);
int contract_number_tests(void);
int contract_version_tests(void);
int contract_status_tests(void);
int contract_deletion_tests(void);
int contract_yank_tests(void);
int contract_roll_back_tests(void);
int contract_as_of_tests(void);
int contract_channel_tests(void);
int contract_open_move_tests(void);
int contract_resolve_tests(void);
int contract_delivery_tests(void);
int contract_check_tests(void);
int contract_lineage_tests(void);
int contract_lineage_bounds_tests(void);
int contract_backup_tests(void);

/* Rolling back and completing where only the status matters. */
mr_status contract_roll_back(mr_model *model, const mr_roll_back_options *options, mr_error *why);
mr_status contract_complete(mr_request *request, mr_error *why);
/* Completes it, which must lead to this state, and looks at it as it is then. */
const mr_request_record *contract_completed(mr_request **request, mr_request_state state);

#endif
