/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the public interface share. They see the library as a user does: only
 * <modelreg/modelreg.h> and the shared library. */
#ifndef API_TEST_H
#define API_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <modelreg/modelreg.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* Of the last call that OK or REFUSED looked at. */
extern mr_error api_error;

/* The call must succeed. */
#define OK(call) api_ok((call), #call, __FILE__, __LINE__)
/* The call must fail so, and its message must have `words` in it; NULL: any message. */
#define REFUSED(expected, words, call)                                                             \
  api_refused((call), (expected), (words), #call, __FILE__, __LINE__)

void api_ok(mr_status status, const char *call, const char *file, int line);
void api_refused(mr_status status, mr_status expected, const char *words, const char *call,
                 const char *file, int line);
/* A message that is fit for people: one line of UTF-8 that is not empty and has no trailing dot. */
bool api_is_good_message(const char *message);

/* A count of repetitions, scaled by MR_TEST_SCALE (0.2 where it is not set); at least 1. */
int api_scaled(int count);

/* A new folder for each test; the registry is at `db`, which is not there yet. */
typedef struct api_place {
  char folder[64];
  char db[80];
} api_place;

int api_setup(void **state);
int api_teardown(void **state);
#define api_test(function) cmocka_unit_test_setup_teardown(function, api_setup, api_teardown)

/* "FOLDER/NAME" in a static buffer of its own for each of the last 64 calls. */
const char *api_path(const char *folder, const char *name);
void api_write_file(const char *path, const void *bytes, size_t size);
/* The content of a file, to be freed by the caller; NULL when there is none. */
uint8_t *api_read_file(const char *path, size_t *size);
bool api_exists(const char *path);
void api_remove_tree(const char *path);

/* The names, modes and contents of everything below a folder as one text, to see that nothing has
 * changed; to be freed by the caller. */
char *api_picture(const char *folder);
/* The folder still looks like this; frees the picture. */
void api_assert_picture(const char *folder, char *picture);

/* A clock that gives a millisecond more at each call, and ids that are the same in each run of the
 * test. Processes that write one registry at once need different seeds. */
int64_t api_clock(void *ctx);
void api_random(void *ctx, uint8_t *out, size_t size);
void api_seed(uint64_t seed);

/* Options with that clock and randomness. */
mr_open_options api_open_options(uint32_t flags);
mr_registry *api_open(const char *uri, uint32_t flags);
/* Opens nothing, for reasons that name the path. */
void api_open_refused(const char *path, uint32_t flags, mr_status expected, const char *words);

/* A finished training run of the experiment "digits" with a param, a tag, the metric "accuracy" and
 * the artifacts "model/weights.bin" and "model/labels.json"; to be freed by the caller. */
mr_run *api_make_run(mr_registry *registry, double accuracy);
/* The model "digits", created where it is not there yet. */
mr_model *api_make_model(mr_registry *registry);
/* Attaches "accuracy: metrics.accuracy >= 0.9" to the promotion of the model "digits". */
void api_make_gate(mr_registry *registry);
/* A promotion of the run's folder "model" that is accepted; to be freed by the caller. */
mr_version *api_make_version(mr_model *model, const mr_run *run);
mr_request *api_promote(mr_model *model, const char *run_id);
/* Accepted or not, moves the channel. */
mr_request *api_move(mr_model *model, const char *channel, const char *version,
                     const char *expected);
int64_t api_count_versions(mr_model *model);

/* Memory functions that count blocks and can fail. */
typedef struct api_memory {
  mr_allocator allocator;
  atomic_llong live; /* blocks that were not given back */
  atomic_llong left; /* allocations until one fails; 0: none does */
  atomic_bool for_ever;
  atomic_bool fired; /* one has failed */
} api_memory;

void api_memory_init(api_memory *memory);
/* The nth allocation from now on fails, and all after it where for_ever is set; 0: none. */
void api_memory_fail(api_memory *memory, int64_t nth, bool for_ever);

/* A child process. Checks of cmocka would jump into the parent's copy: inside use CHILD. */
#define CHILD(condition) api_child_check((condition), #condition, __FILE__, __LINE__)
void api_child_check(bool good, const char *condition, const char *file, int line);
/* Runs `body` in a child that then ends with 0. */
pid_t api_fork(void (*body)(void *ctx), void *ctx);
/* Waits for a child that must have ended with 0. */
void api_wait(pid_t pid);

#endif
