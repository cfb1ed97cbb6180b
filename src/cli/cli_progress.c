/* SPDX-License-Identifier: Apache-2.0 */
/* A thread looks at the token five times a second, and is the only one that writes the line. The
 * line needs no escape sequences: it is overwritten, and wiped with blanks. */
#include "cli/cli_progress.h"

#include "cli/cli_text.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FIRST_MS 500
#define STEP_MS  200
/* The rate is that of the last three seconds. */
#define SAMPLES 16

typedef struct sample {
  int64_t time_ms;
  int64_t done;
} sample;

static struct {
  bool is_allowed;
  bool runs;
  const mr_cancel *cancel;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool is_over; /* under `lock` */
  /* Of the thread alone: */
  sample samples[SAMPLES];
  size_t sample_count;
  size_t shown; /* columns of the line that stands there */
} progress;

/* More than a command prints before it calls cli_progress_stop() by one of the functions for it. */
static char kept[1 << 16];

/* Such as "9 s", "3 min 20 s" or "2 h 5 min". */
static void duration(char out[CLI_NUMBER_SIZE], double seconds) {
  int64_t left = seconds < 1e9 ? (int64_t)(seconds + 0.999) : 1000000000;
  if (left < 60) {
    snprintf(out, CLI_NUMBER_SIZE, "%" PRId64 " s", left);
  } else if (left < 3600) {
    snprintf(out, CLI_NUMBER_SIZE, "%" PRId64 " min %" PRId64 " s", left / 60, left % 60);
  } else {
    snprintf(out, CLI_NUMBER_SIZE, "%" PRId64 " h %" PRId64 " min", left / 3600, left / 60 % 60);
  }
}

void cli_progress_text(char out[CLI_PROGRESS_SIZE], int64_t done, int64_t total, double rate) {
  char of[CLI_NUMBER_SIZE], all[CLI_NUMBER_SIZE], speed[CLI_NUMBER_SIZE], left[CLI_NUMBER_SIZE];
  out[0] = '\0';
  if (done <= 0 && total <= 0) return;
  cli_size(of, done);
  cli_size(all, total);
  /* No disk is that fast. */
  cli_size(speed, rate < 1e18 ? (int64_t)rate : 0);
  duration(left, rate >= 1 && done < total ? (double)(total - done) / rate : 0);
  bool has_rate = rate >= 1 && rate < 1e18;
  bool has_left = has_rate && done < total;
  snprintf(out, CLI_PROGRESS_SIZE, "%s%s%s%s%s%s%s%s%s", of, total > 0 ? " of " : "",
           total > 0 ? all : "", has_rate ? ", " : "", has_rate ? speed : "", has_rate ? "/s" : "",
           has_left ? ", " : "", has_left ? left : "", has_left ? " left" : "");
}

void cli_progress_allow(void) {
  progress.is_allowed = true;
}

static int64_t now_ms(void) {
  struct timespec now;
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0;
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Bytes a second since the oldest sample; 0 when that is too little time to say. */
static double rate_of(int64_t time_ms, int64_t done) {
  if (progress.sample_count == SAMPLES) {
    memmove(progress.samples, progress.samples + 1, (SAMPLES - 1) * sizeof(sample));
    progress.sample_count--;
  }
  sample latest = {time_ms, done};
  progress.samples[progress.sample_count++] = latest;
  int64_t took_ms = time_ms - progress.samples[0].time_ms;
  return took_ms < FIRST_MS ? 0
                            : 1000.0 * (double)(done - progress.samples[0].done) / (double)took_ms;
}

/* Writes the text over the line that stands there; "" wipes it. */
static void draw(const char *text) {
  char line[3 * CLI_PROGRESS_SIZE];
  size_t size = strlen(text);
  size_t blanks = progress.shown > size ? progress.shown - size : 0;
  if (size == 0 && blanks == 0) return;
  int length =
      snprintf(line, sizeof line, "\r%s%*s%s", text, (int)blanks, "", size == 0 ? "\r" : "");
  for (int at = 0; at < length;) {
    ssize_t wrote = write(STDERR_FILENO, line + at, (size_t)(length - at));
    if (wrote <= 0) break;
    at += (int)wrote;
  }
  progress.shown = size;
}

static void show(void) {
  char text[CLI_PROGRESS_SIZE];
  pid_t foreground = tcgetpgrp(STDERR_FILENO);
  int64_t done = mr_cancel_done(progress.cancel);
  int64_t total = mr_cancel_total(progress.cancel);
  cli_progress_text(text, done, total, rate_of(now_ms(), done));
  /* What the user does in the meantime is not written over. */
  if (foreground >= 0 && foreground != getpgrp()) return;
  /* A line that the terminal breaks cannot be overwritten. */
  size_t columns = cli_terminal_width(stderr);
  if (columns > 0 && strlen(text) >= columns) text[columns - 1] = '\0';
  draw(text);
}

static void *look(void *ctx) {
  (void)ctx;
  int64_t next_ms = now_ms() + FIRST_MS;
  rate_of(now_ms(), mr_cancel_done(progress.cancel));
  pthread_mutex_lock(&progress.lock);
  while (!progress.is_over) {
    struct timespec until = {(time_t)(next_ms / 1000), (long)(next_ms % 1000) * 1000000};
    if (now_ms() < next_ms) {
      pthread_cond_timedwait(&progress.changed, &progress.lock, &until);
      continue;
    }
    next_ms = now_ms() + STEP_MS;
    show();
  }
  pthread_mutex_unlock(&progress.lock);
  draw("");
  return NULL;
}

/* The thread gets no signals: what they interrupt is the work. */
static bool start_thread(void) {
  sigset_t all, before;
  sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) return false;
  bool is_started = pthread_create(&progress.thread, NULL, look, NULL) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return is_started;
}

void cli_progress_start(const mr_cancel *cancel) {
  pthread_condattr_t attributes;
  if (!progress.is_allowed || progress.runs || !cancel) return;
  if (pthread_condattr_init(&attributes) != 0) return;
  bool is_ready = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                  pthread_cond_init(&progress.changed, &attributes) == 0;
  pthread_condattr_destroy(&attributes);
  if (!is_ready) return;
  progress.cancel = cancel;
  progress.is_over = false;
  progress.sample_count = 0;
  pthread_mutex_init(&progress.lock, NULL);
  /* What a command prints on the same terminal waits until the line is wiped. */
  if (isatty(STDOUT_FILENO)) setvbuf(stdout, kept, _IOFBF, sizeof kept);
  progress.runs = start_thread();
}

void cli_progress_stop(void) {
  if (!progress.runs) return;
  pthread_mutex_lock(&progress.lock);
  progress.is_over = true;
  pthread_cond_signal(&progress.changed);
  pthread_mutex_unlock(&progress.lock);
  pthread_join(progress.thread, NULL);
  pthread_cond_destroy(&progress.changed);
  pthread_mutex_destroy(&progress.lock);
  progress.runs = false;
}
