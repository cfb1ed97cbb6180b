/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"

#include "cli/cli_progress.h"

#include <sys/stat.h>

#define KIB INT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

static void expect_text(int64_t done, int64_t total, double rate, const char *expected) {
  char text[CLI_PROGRESS_SIZE];
  cli_progress_text(text, done, total, rate);
  assert_string_equal(text, expected);
}

static void test_text(void **state) {
  (void)state;
  expect_text(0, 0, 0, "");
  expect_text(0, 10, 0, "0 B of 10 B");
  expect_text(512, 0, 0, "512 B");
  expect_text(5 * MIB, 0, 2.0 * MIB, "5.0 MiB, 2.0 MiB/s");
  expect_text(GIB + GIB / 5, 4 * GIB, 310.0 * MIB, "1.2 GiB of 4.0 GiB, 310.0 MiB/s, 10 s left");
  expect_text(4 * GIB, 4 * GIB, 310.0 * MIB, "4.0 GiB of 4.0 GiB, 310.0 MiB/s");
  /* What stands still does not say when it ends. */
  expect_text(MIB, 4 * GIB, 0, "1.0 MiB of 4.0 GiB");
  expect_text(5, 4, 1, "5 B of 4 B, 1 B/s");
}

static void test_time_left(void **state) {
  (void)state;
  expect_text(0, 1, 2, "0 B of 1 B, 2 B/s, 1 s left");
  expect_text(0, 59, 1, "0 B of 59 B, 1 B/s, 59 s left");
  expect_text(0, 200, 1, "0 B of 200 B, 1 B/s, 3 min 20 s left");
  expect_text(0, 10 * KIB, 1, "0 B of 10.0 KiB, 1 B/s, 2 h 50 min left");
  expect_text(0, INT64_MAX, 1, "0 B of 8.0 EiB, 1 B/s, 277777 h 46 min left");
  expect_text(0, INT64_MAX, 1e300, "0 B of 8.0 EiB");
}

typedef struct fixture {
  mr_cancel *cancel;
  int error_stream;
  FILE *said; /* what goes to standard error */
} fixture;

/* A token that has done and known something, and standard error as a pipe. */
static int setup(void **state) {
  static fixture f;
  char folder[] = "/tmp/modelreg_progress_XXXXXX";
  char path[64];
  int ends[2];
  mr_manifest *manifest = NULL;
  mr_folder_options options = MR_FOLDER_OPTIONS_INIT;
  assert_non_null(mkdtemp(folder));
  (void)snprintf(path, sizeof path, "%s/file", folder);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs("0123456789", file) >= 0);
  assert_int_equal(fclose(file), 0);
  assert_int_equal(mr_cancel_new(&f.cancel, NULL), MR_OK);
  options.cancel = f.cancel;
  assert_int_equal(mr_manifest_new(&manifest, NULL), MR_OK);
  assert_int_equal(mr_manifest_add_folder(manifest, folder, &options, NULL), MR_OK);
  mr_manifest_free(manifest);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(rmdir(folder), 0);
  assert_int_equal(pipe(ends), 0);
  f.error_stream = dup(2);
  assert_true(f.error_stream >= 0);
  assert_int_equal(dup2(ends[1], 2), 2);
  close(ends[1]);
  f.said = fdopen(ends[0], "r");
  assert_non_null(f.said);
  *state = &f;
  return 0;
}

static int teardown(void **state) {
  fixture *f = *state;
  assert_int_equal(dup2(f->error_stream, 2), 2);
  close(f->error_stream);
  (void)fclose(f->said);
  mr_cancel_free(f->cancel);
  return 0;
}

static void expect_said(fixture *f, const char *text) {
  for (; *text; text++) assert_int_equal(fgetc(f->said), *text);
}

/* Nothing more was said. Nobody else may write to the pipe then. */
static void expect_silence(fixture *f) {
  assert_int_equal(dup2(f->error_stream, 2), 2);
  assert_int_equal(fgetc(f->said), EOF);
}

static void test_nothing_is_shown_unasked(void **state) {
  fixture *f = *state;
  cli_progress_start(f->cancel);
  cli_progress_stop();
  expect_silence(f);
}

static void test_the_line_is_wiped(void **state) {
  fixture *f = *state;
  cli_progress_allow();
  for (int i = 0; i < 2; i++) {
    cli_progress_start(f->cancel);
    cli_progress_start(f->cancel);
    /* It waits for the line to come. */
    expect_said(f, "\r10 B of 10 B");
    cli_progress_stop();
    cli_progress_stop();
    char rest[4096];
    size_t size = 0;
    /* Perhaps it came more than once. */
    const char *wiped = "\r            \r";
    do {
      int c = fgetc(f->said);
      assert_int_not_equal(c, EOF);
      rest[size++] = (char)c;
      assert_true(size < sizeof rest);
    } while (size < strlen(wiped) ||
             memcmp(rest + size - strlen(wiped), wiped, strlen(wiped)) != 0);
    for (size_t at = 0; at + strlen(wiped) < size; at += strlen("\r10 B of 10 B"))
      assert_memory_equal(rest + at, "\r10 B of 10 B", strlen("\r10 B of 10 B"));
  }
  expect_silence(f);
}

static void test_what_is_over_soon_is_not_shown(void **state) {
  fixture *f = *state;
  cli_progress_allow();
  for (int i = 0; i < 100; i++) {
    cli_progress_start(f->cancel);
    cli_progress_stop();
  }
  cli_progress_start(NULL);
  cli_progress_stop();
  expect_silence(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text),
      cmocka_unit_test(test_time_left),
      cmocka_unit_test_setup_teardown(test_nothing_is_shown_unasked, setup, teardown),
      cmocka_unit_test_setup_teardown(test_the_line_is_wiped, setup, teardown),
      cmocka_unit_test_setup_teardown(test_what_is_over_soon_is_not_shown, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
