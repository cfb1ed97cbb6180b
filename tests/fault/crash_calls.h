/* SPDX-License-Identifier: Apache-2.0 */
/* Every system call of this process that changes files, the library's own and SQLite's alike: a
 * program that links this has it look at each of them before and after it is done. */
#ifndef MRT_FAULT_CRASH_CALLS_H
#define MRT_FAULT_CRASH_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum crash_kind {
  CRASH_CREATE = 1, /* of a file that is not there yet */
  CRASH_MKDIR,
  CRASH_WRITE,
  CRASH_TRUNCATE,
  CRASH_SYNC,
  CRASH_RENAME,
  CRASH_UNLINK
} crash_kind;

typedef struct crash_call {
  crash_kind kind;
  int fd;           /* of a write, truncation or sync */
  int dir;          /* with path: of the others */
  const char *path; /* also what is renamed */
  int to_dir;
  const char *to;
  const void *bytes; /* of a write */
  size_t size;
  int64_t offset; /* where it begins; of a truncation the new size */
} crash_call;

/* One call at a time. What these do themselves is not looked at, if they write by crash_half. */
typedef struct crash_watcher {
  void *ctx;
  void (*before)(void *ctx, const crash_call *call); /* NULL: nothing */
  void (*after)(void *ctx, const crash_call *call);  /* only when it succeeded; NULL: nothing */
  bool skip_syncs;                                   /* succeed without bothering the disk */
} crash_watcher;

/* From now on; NULL ends it. The watcher stays the caller's. */
void crash_watch(const crash_watcher *watcher);
/* Does the first half of a write; of other calls nothing. */
void crash_half(const crash_call *call);

#endif
