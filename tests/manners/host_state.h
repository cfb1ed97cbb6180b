/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to the process and not to a library in it. */
#ifndef MRT_MANNERS_HOST_STATE_H
#define MRT_MANNERS_HOST_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Ends the program unless it holds. */
#define HOST_CHECK(condition, ...)                                                                 \
  do {                                                                                             \
    if (condition) break;                                                                          \
    fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                                \
    fprintf(stderr, __VA_ARGS__);                                                                  \
    host_fail();                                                                                   \
  } while (0)
_Noreturn void host_fail(void);

typedef struct host_state host_state;

/* Signal dispositions and mask, working folder, umask, locale, environment, limits, timers, name,
 * rounding of floats, number of threads. */
host_state *host_state_take(void);
/* NULL when the process is as it was, else what has changed. */
const char *host_state_changed(const host_state *before);

/* A bit for each open descriptor below 1,024. */
typedef struct host_descriptors {
  bool open[1024];
  size_t count;
} host_descriptors;

void host_descriptors_take(host_descriptors *out);
/* A descriptor that a program run by the host would inherit and that was not there before; -1. */
int host_descriptors_leaked(const host_descriptors *before);
/* What a program sees that is run now. */
size_t host_descriptors_of_program(void);

#endif
