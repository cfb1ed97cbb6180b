/* SPDX-License-Identifier: Apache-2.0 */
/* Every system call on files that this process makes, the library's own and SQLite's alike: a
 * program that links this has the nth of them fail, with any errno, or interferes with it. Locks
 * are left alone, since what they answer means something else. */
#ifndef MRT_FAULT_ENV_CALLS_H
#define MRT_FAULT_ENV_CALLS_H

#include <stdbool.h>
#include <stdint.h>

/* Instead of an errno: what is read or written is half of what was asked for, and that succeeds. */
#define ENV_SHORT 0

/* The nth call (1 is the next) of this thread fails with `code`, and all after it when `for_ever`.
 * With ENV_SHORT only reads and writes count. */
void env_calls_fail(int64_t nth, bool for_ever, int code);
/* `before` is called before each call of this thread, but not before its own; NULL ends it. */
void env_calls_watch(void (*before)(void *ctx), void *ctx);
/* All work again. The name of the first that did not; NULL: none. */
const char *env_calls_mend(void);

#endif
