/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
/* The library's manners in a process that is not its own: manners CASE. Each case has a process of
 * its own, since what it sets up lasts. Ends with 77 where the kernel lets nobody filter. */
#include "host_filter.h"
#include "host_life.h"
#include "host_state.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static void watch_nothing(void *ctx, const char *after) {
  (void)ctx;
  (void)after;
}

/* --- the state of the process ------------------------------------------------------------- */

static void watch_state(void *ctx, const char *after) {
  const char *changed = host_state_changed(ctx);
  HOST_CHECK(changed == NULL, "%s: %s has changed", after, changed == NULL ? "" : changed);
}

static void leaves_the_process_alone(const char *folder) {
  host_state *before = host_state_take();
  host_live(folder, watch_state, before);
  host_live_forked(folder);
  watch_state(before, "forking");
  free(before);
}

/* --- output -------------------------------------------------------------------------------- */

typedef struct output {
  const char *folder;
  int fd;
} output;

static void live_silently(void *ctx) {
  const output *out = ctx;
  if (dup2(out->fd, STDOUT_FILENO) < 0 || dup2(out->fd, STDERR_FILENO) < 0) _exit(2);
  host_live(out->folder, watch_nothing, NULL);
  host_live_forked(out->folder);
}

static void prints_nothing(const char *folder) {
  output out = {.folder = folder};
  const char *path = api_path(folder, "output");
  out.fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  HOST_CHECK(out.fd >= 0, "cannot make %s", path);
  pid_t child = api_fork(live_silently, &out);
  int status = 0;
  HOST_CHECK(waitpid(child, &status, 0) == child, "no child");
  size_t size = 0;
  uint8_t *text = api_read_file(path, &size);
  HOST_CHECK(size == 0 && status == 0, "status %d, printed: %.*s", status, (int)size,
             (const char *)text);
  free(text);
  (void)close(out.fd);
}

/* --- descriptors --------------------------------------------------------------------------- */

static void watch_descriptors(void *ctx, const char *after) {
  int leaked = host_descriptors_leaked(ctx);
  HOST_CHECK(leaked < 0, "%s: descriptor %d would be inherited", after, leaked);
}

static void no_program_inherits(const char *folder) {
  host_descriptors before;
  host_descriptors after;
  host_descriptors_take(&before);
  size_t inherited = host_descriptors_of_program();
  host_live(folder, watch_descriptors, &before);
  host_descriptors_take(&after);
  HOST_CHECK(after.count == before.count, "%zu descriptors are left of closed registries",
             after.count - before.count);
  mr_registry *registry = api_open(api_path(folder, "open.db"), MR_OPEN_CREATE);
  mr_run *run = api_make_run(registry, 0.95);
  host_descriptors_take(&after);
  HOST_CHECK(after.count > before.count, "an open registry has no descriptor");
  HOST_CHECK(host_descriptors_of_program() == inherited, "a program inherits descriptors");
  mr_run_free(run);
  mr_registry_close(registry);
}

/* --- system calls -------------------------------------------------------------------------- */

static void install(host_filter *filter) {
  if (!host_filter_install(filter)) {
    printf("no filter of system calls can be installed\n");
    exit(77);
  }
}

/* The filter is there: a child that makes the call is killed. */
static void check_kills(long call, long a, long b, long c) {
  int status = 0;
  pid_t child = fork();
  HOST_CHECK(child >= 0, "no child");
  if (child == 0) {
    (void)syscall(call, a, b, c, 0, 0, 0);
    _exit(0);
  }
  HOST_CHECK(waitpid(child, &status, 0) == child, "no child");
  HOST_CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "system call %ld is not killed",
             call);
}

static const long network_calls[] = {
    SYS_socket,     SYS_socketpair, SYS_connect,  SYS_bind,    SYS_listen,
    SYS_accept4,    SYS_sendto,     SYS_recvfrom, SYS_sendmsg, SYS_recvmsg,
#ifdef SYS_accept
    SYS_accept,
#endif
#ifdef SYS_socketcall
    SYS_socketcall,
#endif
};

static void opens_no_socket(const char *folder) {
  host_filter filter;
  host_filter_start(&filter);
  for (size_t i = 0; i < COUNT(network_calls); i++) host_filter_kill(&filter, network_calls[i]);
  install(&filter);
  check_kills(SYS_socket, 1, 1, 0);
  host_live(folder, watch_nothing, NULL);
  host_live_forked(folder);
}

/* What a process decides for itself; also to change it and to change it back is not for a library.
 * Signals and children are here, too: without threads of its own the library needs none of that. */
static const long private_calls[] = {
    SYS_umask,       SYS_chdir,        SYS_fchdir,
    SYS_chroot,      SYS_rt_sigaction, SYS_rt_sigprocmask,
    SYS_sigaltstack, SYS_kill,         SYS_tkill,
    SYS_tgkill,      SYS_clone,        SYS_execve,
    SYS_execveat,    SYS_ptrace,       SYS_prctl,
    SYS_personality, SYS_setitimer,    SYS_timer_create,
    SYS_setpriority, SYS_setpgid,      SYS_setsid,
    SYS_setuid,      SYS_setgid,       SYS_setresuid,
    SYS_setresgid,   SYS_setgroups,    SYS_sched_setaffinity,
    SYS_mlockall,    SYS_sync,         SYS_mount,
    SYS_umount2,     SYS_sethostname,  SYS_unshare,
    SYS_bpf,
#ifdef SYS_fork
    SYS_fork,
#endif
#ifdef SYS_vfork
    SYS_vfork,
#endif
#ifdef SYS_clone3
    SYS_clone3,
#endif
#ifdef SYS_alarm
    SYS_alarm,
#endif
#ifdef SYS_setrlimit
    SYS_setrlimit,
#endif
};

typedef struct decision {
  const char *folder;
  const char *lived;
} decision;

static void live_undecided(void *ctx) {
  const decision *it = ctx;
  host_filter filter;
  host_filter_start(&filter);
  for (size_t i = 0; i < COUNT(private_calls); i++) host_filter_kill(&filter, private_calls[i]);
  install(&filter);
  host_live(it->folder, watch_nothing, NULL);
  api_write_file(it->lived, "", 0);
  (void)syscall(SYS_umask, 022);
}

/* Ended by its last call, the only one of them, and by nothing before. */
static void decides_nothing(const char *folder) {
  decision it = {.folder = folder, .lived = api_path(folder, "lived")};
  int status = 0;
  pid_t child = api_fork(live_undecided, &it);
  HOST_CHECK(waitpid(child, &status, 0) == child, "no child");
  if (WIFEXITED(status)) exit(WEXITSTATUS(status) == 0 ? 1 : WEXITSTATUS(status));
  HOST_CHECK(api_exists(it.lived), "killed by signal %d before the end", WTERMSIG(status));
  HOST_CHECK(WTERMSIG(status) == SIGSYS, "killed by signal %d", WTERMSIG(status));
}

/* Descriptors are private from their first moment: another thread may run a program at any time. */
static void descriptors_are_born_private(const char *folder) {
  host_filter filter;
  host_filter_start(&filter);
  host_filter_kill_without(&filter, SYS_openat, 2, O_CLOEXEC);
  host_filter_kill_without(&filter, SYS_dup3, 2, O_CLOEXEC);
  host_filter_kill_without(&filter, SYS_pipe2, 1, O_CLOEXEC);
  host_filter_kill_without(&filter, SYS_eventfd2, 1, O_CLOEXEC);
  host_filter_kill_without(&filter, SYS_epoll_create1, 0, O_CLOEXEC);
  host_filter_kill_without(&filter, SYS_memfd_create, 1, MFD_CLOEXEC);
  host_filter_kill_value(&filter, SYS_fcntl, 1, F_DUPFD);
  host_filter_kill(&filter, SYS_dup);
#ifdef SYS_open
  host_filter_kill_without(&filter, SYS_open, 1, O_CLOEXEC);
  host_filter_kill(&filter, SYS_creat);
  host_filter_kill(&filter, SYS_dup2);
  host_filter_kill(&filter, SYS_pipe);
#endif
  /* Its flags lie in memory, where no filter sees them; the way without it does the same. */
  host_filter_fail(&filter, SYS_openat2, ENOSYS);
  install(&filter);
  check_kills(SYS_openat, AT_FDCWD, (long)"/", O_RDONLY);
  check_kills(SYS_fcntl, 0, F_DUPFD, 0);
  host_live(folder, watch_nothing, NULL);
}

/* --- poor hosts ---------------------------------------------------------------------------- */

/* What kernels before 5.6 do not know, and what sandboxes forbid. */
static const long modern_calls[] = {
    SYS_openat2,        SYS_statx,          SYS_memfd_create,    SYS_renameat2,
    SYS_io_uring_setup, SYS_io_uring_enter, SYS_copy_file_range, SYS_close_range,
    SYS_faccessat2,     SYS_membarrier,     SYS_getrandom,       SYS_pidfd_open,
};

static void live_without(const char *folder, int error) {
  host_filter filter;
  host_filter_start(&filter);
  for (size_t i = 0; i < COUNT(modern_calls); i++) {
    host_filter_fail(&filter, modern_calls[i], error);
  }
  install(&filter);
  errno = 0;
  HOST_CHECK(syscall(SYS_openat2, AT_FDCWD, "/", NULL, (size_t)0) == -1 && errno == error,
             "openat2 is still there");
  host_live(folder, watch_nothing, NULL);
  host_live_forked(folder);
}

static void works_on_an_old_kernel(const char *folder) {
  live_without(folder, ENOSYS);
}

static void works_in_a_sandbox(const char *folder) {
  live_without(folder, EPERM);
}

/* musl gives a thread 128 KiB unless it is asked for more. */
enum { SMALL_STACK = 128 << 10 };

static void *live_in_thread(void *folder) {
  host_live(folder, watch_nothing, NULL);
  return NULL;
}

static void works_on_a_small_stack(const char *folder) {
  pthread_attr_t attributes;
  pthread_t thread;
  HOST_CHECK(pthread_attr_init(&attributes) == 0, "no attributes");
  HOST_CHECK(pthread_attr_setstacksize(&attributes, SMALL_STACK) == 0, "no small stack");
  HOST_CHECK(pthread_create(&thread, &attributes, live_in_thread, (void *)folder) == 0,
             "no thread");
  HOST_CHECK(pthread_join(thread, NULL) == 0, "no end");
  (void)pthread_attr_destroy(&attributes);
}

/* A host that may only write short files and does not want to die of a long one. */
static void survives_a_file_limit(const char *folder) {
  enum { SHORT = 1 << 20, LONG = 3 << 20 };
  static uint8_t bytes[LONG];
  struct rlimit old;
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  struct sigaction after;
  HOST_CHECK(sigaction(SIGXFSZ, &ignore, NULL) == 0, "SIGXFSZ cannot be ignored");
  mr_registry *registry = api_open(api_path(folder, "R.db"), MR_OPEN_CREATE);
  mr_run *run = NULL;
  mr_experiment *experiment = NULL;
  OK(mr_registry_open_experiment(registry, "digits", &experiment, &api_error));
  OK(mr_experiment_start_run(experiment, NULL, &run, &api_error));
  HOST_CHECK(getrlimit(RLIMIT_FSIZE, &old) == 0, "no limit");
  struct rlimit low = {.rlim_cur = SHORT, .rlim_max = old.rlim_max};
  HOST_CHECK(setrlimit(RLIMIT_FSIZE, &low) == 0, "no lower limit");
  memset(bytes, 'x', sizeof bytes);
  mr_status status = mr_run_log_artifact_bytes(run, "big", bytes, sizeof bytes, &api_error);
  HOST_CHECK(status != MR_OK && api_is_good_message(api_error.message), "3 MiB fit into 1 MiB");
  OK(mr_run_log_artifact_bytes(run, "small", bytes, 1000, &api_error));
  HOST_CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0, "no higher limit");
  OK(mr_run_log_artifact_bytes(run, "big", bytes, sizeof bytes, &api_error));
  HOST_CHECK(sigaction(SIGXFSZ, NULL, &after) == 0 && after.sa_handler == SIG_IGN,
             "the action of SIGXFSZ has changed");
  mr_experiment_free(experiment);
  mr_run_free(run);
  mr_registry_close(registry);
}

/* ------------------------------------------------------------------------------------------- */

static const struct {
  const char *name;
  void (*run)(const char *folder);
} cases[] = {
    {"leaves_the_process_alone", leaves_the_process_alone},
    {"prints_nothing", prints_nothing},
    {"no_program_inherits", no_program_inherits},
    {"opens_no_socket", opens_no_socket},
    {"decides_nothing", decides_nothing},
    {"descriptors_are_born_private", descriptors_are_born_private},
    {"works_on_an_old_kernel", works_on_an_old_kernel},
    {"works_in_a_sandbox", works_in_a_sandbox},
    {"works_on_a_small_stack", works_on_a_small_stack},
    {"survives_a_file_limit", survives_a_file_limit},
};

/* What host_descriptors_of_program runs. */
static int count_descriptors(void) {
  host_descriptors all;
  host_descriptors_take(&all);
  return all.count < 100 ? (int)all.count : 100;
}

int main(int count, char **words) {
  if (count == 2 && strcmp(words[1], "count") == 0) return count_descriptors();
  for (size_t i = 0; i < COUNT(cases); i++) {
    void *state = NULL;
    if (count != 2 || strcmp(words[1], cases[i].name) != 0) continue;
    if (api_setup(&state) != 0) return 1;
    const api_place *place = state;
    cases[i].run(place->folder);
    return api_teardown(&state);
  }
  fprintf(stderr, "usage: manners CASE\n");
  return 2;
}
