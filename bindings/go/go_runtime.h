/* SPDX-License-Identifier: Apache-2.0 */
/* What the Go files need of C: results by value, so that nothing of a call has to live in Go's
 * heap, and callbacks that end in Go. */
#ifndef MODELREG_GO_RUNTIME_H
#define MODELREG_GO_RUNTIME_H

#include <modelreg/modelreg.h>

/* What a call gave. */
typedef struct mrgo_result {
  void *out;         /* the handle, string or bytes */
  size_t size;       /* how many bytes were read */
  mr_error *error;   /* on failure a copy, to be freed with free(); NULL where memory ran out */
  uint64_t panicked; /* names the panic of a callback during this call; 0: none */
  mr_status status;
} mrgo_result;

/* One call under way on this thread. */
typedef struct mrgo_call {
  mr_error error;
  uint64_t outer; /* what had panicked around this call, where a callback made it */
  mrgo_result result;
} mrgo_call;

void mrgo_begin(mrgo_call *call);
mrgo_result mrgo_end(mrgo_call *call);

/* Functions for mr_open_options; `ctx` points at the handle of a Go value. */
int64_t mrgo_clock(void *ctx);
void mrgo_random(void *ctx, uint8_t *out, size_t size);
void *mrgo_allocate(void *ctx, size_t size);
void *mrgo_reallocate(void *ctx, void *memory, size_t size);
void mrgo_deallocate(void *ctx, void *memory);

/* 1 when this thread is in one of the functions above with that `ctx`. */
int32_t mrgo_is_in_callback(const void *ctx);

#endif
