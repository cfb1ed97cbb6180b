/* SPDX-License-Identifier: Apache-2.0 */
/* A host process and all that it may do with the library: every public function, well and badly. */
#ifndef MRT_MANNERS_HOST_LIFE_H
#define MRT_MANNERS_HOST_LIFE_H

#include "api_calls.h"
#include "host_state.h"

/* Looks at the process between two calls. */
typedef void (*host_watch)(void *ctx, const char *after);

/* Registries that cannot be opened, then one that can: every function with good arguments, with each
 * of them missing, on a handle whose registry is closed. Watches after each call; afterwards
 * everything is freed and closed. `folder` is empty before. */
void host_live(const char *folder, host_watch watch, void *ctx);
/* A child that uses and frees what it inherited. */
void host_live_forked(const char *folder);

#endif
