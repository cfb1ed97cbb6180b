/* SPDX-License-Identifier: Apache-2.0 */
/* A process that is killed at any moment, and memory that outlives it. */
#ifndef MRT_FAULT_VICTIM_H
#define MRT_FAULT_VICTIM_H

#include "api_test.h"

/* Maps a file of that size, made and filled with 0 when asked; to be given back with
 * victim_unshare. */
void *victim_share(const char *path, size_t size, bool make);
void victim_unshare(void *memory, size_t size);

void victim_pause_us(int64_t us);
/* Kills a child that runs `body` some time after it has set `ready` (NULL: after it began). It must
 * not have ended before. */
void victim_kill(void (*body)(void *ctx), void *ctx, const atomic_int *ready, int64_t after_us);

#endif
