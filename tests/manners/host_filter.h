/* SPDX-License-Identifier: Apache-2.0 */
/* Filters of system calls that the kernel holds the process to until it ends. */
#ifndef MRT_MANNERS_HOST_FILTER_H
#define MRT_MANNERS_HOST_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct host_filter {
  struct sock_filter code[512];
  size_t count;
} host_filter;

void host_filter_start(host_filter *filter);
/* The call kills the process. */
void host_filter_kill(host_filter *filter, long call);
/* The call answers this error. */
void host_filter_fail(host_filter *filter, long call, int error);
/* Kills where the argument is this value, or where it lacks the flag. */
void host_filter_kill_value(host_filter *filter, long call, unsigned argument, uint32_t value);
void host_filter_kill_without(host_filter *filter, long call, unsigned argument, uint32_t flag);
/* False where this process may not have one. */
bool host_filter_install(host_filter *filter);

#endif
