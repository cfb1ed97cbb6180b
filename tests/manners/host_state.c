/* SPDX-License-Identifier: Apache-2.0 */
#include "host_state.h"

#include <dirent.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

_Noreturn void host_fail(void) {
  fprintf(stderr, "\n");
  _exit(1);
}

enum { SIGNALS = 65, LIMITS = 16, TIMERS = 3, VARIABLES = 4096 };

struct host_state {
  struct sigaction actions[SIGNALS];
  sigset_t mask;
  char folder[4096];
  char status[64]; /* umask and threads */
  char locale[1024];
  char name[32];
  char *const *environment;
  char *variables[VARIABLES];
  struct rlimit limits[LIMITS];
  struct itimerval timers[TIMERS];
  int rounding;
  int priority;
  pid_t group;
};

/* The lines of /proc/self/status that begin with "Umask:" and "Threads:". */
static void read_status(char *out, size_t size) {
  static char text[8192];
  int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  HOST_CHECK(fd >= 0, "/proc is not mounted");
  ssize_t got = read(fd, text, sizeof text - 1);
  HOST_CHECK(got > 0 && close(fd) == 0, "/proc/self/status cannot be read");
  text[got] = '\0';
  const char *mask = strstr(text, "\nUmask:");
  const char *threads = strstr(text, "\nThreads:");
  HOST_CHECK(mask != NULL && threads != NULL, "/proc/self/status has no umask or threads");
  (void)snprintf(out, size, "%.12s, %.16s", mask + 1, threads + 1);
}

host_state *host_state_take(void) {
  host_state *state = calloc(1, sizeof *state);
  HOST_CHECK(state != NULL, "no memory");
  for (int i = 1; i < SIGNALS; i++) (void)sigaction(i, NULL, &state->actions[i]);
  HOST_CHECK(sigprocmask(SIG_SETMASK, NULL, &state->mask) == 0, "no signal mask");
  HOST_CHECK(getcwd(state->folder, sizeof state->folder) != NULL, "no working folder");
  read_status(state->status, sizeof state->status);
  (void)snprintf(state->locale, sizeof state->locale, "%s", setlocale(LC_ALL, NULL));
  (void)prctl(PR_GET_NAME, state->name, 0, 0, 0);
  state->environment = environ;
  for (size_t i = 0; environ != NULL && environ[i] != NULL; i++) {
    HOST_CHECK(i + 1 < VARIABLES, "the environment is too large");
    state->variables[i] = environ[i];
  }
  for (int i = 0; i < LIMITS; i++) (void)getrlimit((__rlimit_resource_t)i, &state->limits[i]);
  for (int i = 0; i < TIMERS; i++) (void)getitimer((__itimer_which_t)i, &state->timers[i]);
  state->rounding = fegetround();
  state->priority = getpriority(PRIO_PROCESS, 0);
  state->group = getpgrp();
  return state;
}

/* Not as bytes: the kernel fills only a part of them. */
static bool is_same_action(const struct sigaction *a, const struct sigaction *b) {
  for (int i = 1; i < SIGNALS; i++) {
    if (sigismember(&a->sa_mask, i) != sigismember(&b->sa_mask, i)) return false;
  }
  return a->sa_handler == b->sa_handler && a->sa_flags == b->sa_flags;
}

static const char *compare(const host_state *before, const host_state *now) {
  for (int i = 1; i < SIGNALS; i++) {
    if (!is_same_action(&before->actions[i], &now->actions[i])) return strsignal(i);
  }
  for (int i = 1; i < SIGNALS; i++) {
    if (sigismember(&before->mask, i) != sigismember(&now->mask, i)) return "the signal mask";
  }
  if (strcmp(before->folder, now->folder) != 0) return "the working folder";
  if (strcmp(before->status, now->status) != 0) return "the umask or the number of threads";
  if (strcmp(before->locale, now->locale) != 0) return "the locale";
  if (strcmp(before->name, now->name) != 0) return "the name of the thread";
  if (before->environment != now->environment ||
      memcmp(before->variables, now->variables, sizeof now->variables) != 0)
    return "the environment";
  if (memcmp(before->limits, now->limits, sizeof now->limits) != 0) return "a resource limit";
  if (memcmp(before->timers, now->timers, sizeof now->timers) != 0) return "a timer";
  if (before->rounding != now->rounding) return "the rounding of floats";
  if (before->priority != now->priority) return "the priority";
  return before->group != now->group ? "the process group" : NULL;
}

const char *host_state_changed(const host_state *before) {
  host_state *now = host_state_take();
  const char *changed = compare(before, now);
  free(now);
  return changed;
}

static void each_descriptor(void (*visit)(void *ctx, int fd), void *ctx) {
  DIR *list = opendir("/proc/self/fd");
  HOST_CHECK(list != NULL, "/proc is not mounted");
  for (const struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
    int fd = atoi(entry->d_name);
    if (entry->d_name[0] != '.' && fd != dirfd(list)) visit(ctx, fd);
  }
  HOST_CHECK(closedir(list) == 0, "/proc cannot be closed");
}

static void note(void *ctx, int fd) {
  host_descriptors *out = ctx;
  HOST_CHECK(fd < 1024, "too many descriptors");
  out->open[fd] = true;
  out->count++;
}

void host_descriptors_take(host_descriptors *out) {
  memset(out, 0, sizeof *out);
  each_descriptor(note, out);
}

typedef struct search {
  const host_descriptors *before;
  int found;
} search;

static void look_for_leak(void *ctx, int fd) {
  search *s = ctx;
  bool is_new = fd >= 1024 || !s->before->open[fd];
  if (is_new && (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0) s->found = fd;
}

int host_descriptors_leaked(const host_descriptors *before) {
  search s = {.before = before, .found = -1};
  each_descriptor(look_for_leak, &s);
  return s.found;
}

size_t host_descriptors_of_program(void) {
  char *const words[] = {(char[]){"manners"}, (char[]){"count"}, NULL};
  pid_t child = 0;
  int status = 0;
  HOST_CHECK(posix_spawn(&child, "/proc/self/exe", NULL, NULL, words, environ) == 0, "no program");
  HOST_CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status), "the program crashed");
  return (size_t)WEXITSTATUS(status);
}
