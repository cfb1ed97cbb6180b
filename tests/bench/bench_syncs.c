/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what is forced to the disk: these two stand before those of the C library, also for SQLite
 * and for the library under test. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* syscall */
#endif
#include "bench.h"
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Atomic int64_t syncs;

int fsync(int fd) {
  atomic_fetch_add(&syncs, 1);
  return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
  atomic_fetch_add(&syncs, 1);
  return (int)syscall(SYS_fdatasync, fd);
}

int64_t bench_syncs(void) {
  return atomic_load(&syncs);
}
