/* SPDX-License-Identifier: Apache-2.0 */
/* Knowing about fork() without a system call. */
#ifndef MRI_BASE_OS_FORK_H
#define MRI_BASE_OS_FORK_H

#include <stdint.h>

/* A number that differs from that of every ancestor, which is where an inherited handle comes from:
 * read from a page marked MADV_WIPEONFORK (1 ns), from getpid() where the kernel has no such page.
 * Never 0. Thread-safe. */
uint64_t mri_fork_generation(void);

#endif
