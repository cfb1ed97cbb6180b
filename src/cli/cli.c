/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "cli/cli_help.h"
#include "cli/cli_memory.h"
#include "cli/cli_open.h"
#include "cli/cli_progress.h"
#include "cli/cli_text.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Longer than an mr_error with the longest operand that is worth reading. Of what is longer the
 * middle is left out: what is wrong with it stands at the ends. */
#define MESSAGE_SIZE 2048
/* No terminal is that wide. */
#define MOST_COLUMNS 100000

static void complain(const char *format, va_list arguments) CLI_PRINTF(1, 0);

static bool is_inside_character(char c) {
  return ((unsigned char)c & 0xC0) == 0x80;
}

/* Leaves out the middle; `message` is longer than MESSAGE_SIZE. */
static void put_ends(char *message, size_t size) {
  size_t end = MESSAGE_SIZE / 2, start = size - MESSAGE_SIZE / 2;
  while (end > 0 && is_inside_character(message[end])) end--;
  while (start < size && is_inside_character(message[start])) start++;
  message[end] = '\0';
  cli_put(stderr, message);
  fputs(" ... ", stderr);
  cli_put(stderr, message + start);
}

static void complain(const char *format, va_list arguments) {
  char brief[MESSAGE_SIZE];
  va_list again;
  va_copy(again, arguments);
  int length = vsnprintf(brief, sizeof brief, format, arguments);
  cli_progress_stop();
  fputs("modelreg: ", stderr);
  if (length >= 0 && (size_t)length >= sizeof brief) {
    size_t size = (size_t)length;
    char *whole = cli_resize(NULL, size + 1, 1);
    vsnprintf(whole, size + 1, format, again);
    put_ends(whole, size);
    cli_free(whole);
  } else {
    cli_put(stderr, brief);
  }
  fputc('\n', stderr);
  va_end(again);
}

void cli_complain(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  complain(format, arguments);
  va_end(arguments);
}

void cli_warn(const char *text) {
  cli_complain("warning: %s", text);
}

static void show_usage(const cli_context *cli) {
  const char *name = cli->command ? cli->command->name : cli->noun;
  if (cli->command) cli_help_usage(cli->command, stderr);
  fprintf(stderr, "Try 'modelreg %s%s--help'.\n", name ? name : "", name ? " " : "");
}

int cli_usage_error(const cli_context *cli, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  complain(format, arguments);
  va_end(arguments);
  show_usage(cli);
  return CLI_USAGE;
}

int cli_exit_code(mr_status status) {
  switch (status) {
  case MR_NOT_FOUND:
    return CLI_NOT_FOUND;
  case MR_INVALID_ARGUMENT:
  case MR_LIMIT:
    return CLI_USAGE;
  case MR_GATE_FAILED:
    return CLI_GATE_FAILED;
  case MR_GATE_PENDING:
    return CLI_GATE_PENDING;
  case MR_TAMPERED:
  case MR_UNTRUSTED:
  case MR_ROLLBACK:
    return CLI_UNVERIFIED;
  default:
    return CLI_REGISTRY;
  }
}

int cli_fail(const cli_context *cli, const mr_error *error) {
  int exit_code = cli_exit_code(error->status);
  char *reason = cli_reason(cli, error);
  cli_complain("%s", reason);
  cli_free(reason);
  if (exit_code == CLI_USAGE) show_usage(cli);
  return exit_code;
}

static size_t assumed_columns;

void cli_assume_columns(const char *columns) {
  char *end = NULL;
  long value = columns && columns[0] >= '1' && columns[0] <= '9' ? strtol(columns, &end, 10) : 0;
  assumed_columns = end && *end == '\0' && value <= MOST_COLUMNS ? (size_t)value : 0;
}

size_t cli_columns(void) {
  size_t columns = cli_terminal_width(stdout);
  return columns == 0 && isatty(STDOUT_FILENO) ? assumed_columns : columns;
}

/* A handler sees nothing but globals. */
static mr_cancel *volatile interrupt_token;
static volatile sig_atomic_t interrupted_by;

static void interrupt(int signal_number) {
  interrupted_by = signal_number;
  mr_cancel_trigger(interrupt_token);
}

static void handle_signals(void) {
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    action.sa_handler = interrupt;
    /* A second one ends the process at once. */
    action.sa_flags = (int)(SA_RESETHAND | SA_RESTART);
    sigemptyset(&action.sa_mask);
    /* What whoever started the process has ignored, such as nohup(1), stays ignored. */
    if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
      sigaction(signals[i], &action, NULL);
  }
}

const mr_cancel *cli_interruptible(void) {
  mr_cancel *token = NULL;
  if (!interrupt_token && mr_cancel_new(&token, NULL) == MR_OK) {
    interrupt_token = token;
    handle_signals();
  }
  cli_progress_start(interrupt_token);
  return interrupt_token;
}

bool cli_is_interrupted(void) {
  return interrupted_by != 0;
}

void cli_end_interruptible(int exit_code) {
  mr_cancel *token = interrupt_token;
  int signal_number = interrupted_by;
  cli_progress_stop();
  if (signal_number != 0 && exit_code != CLI_DONE) {
    fflush(stdout);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
  }
  interrupt_token = NULL;
  mr_cancel_free(token);
}
