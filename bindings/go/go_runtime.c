/* SPDX-License-Identifier: Apache-2.0 */
#include "go_runtime.h"

#include "_cgo_export.h"

#include <stdlib.h>
#include <string.h>

/* The panic that a callback caught since the innermost call on this thread began. A call and its
 * callbacks share a thread, which no goroutine does with its next call. */
static _Thread_local uint64_t panicked;

void mrgo_begin(mrgo_call *call) {
  memset(&call->result, 0, sizeof(call->result));
  call->error.struct_size = (uint32_t)sizeof(call->error);
  call->error.status = MR_OK;
  call->error.backend_code = 0;
  call->error.message[0] = '\0';
  call->outer = panicked;
  panicked = 0;
}

mrgo_result mrgo_end(mrgo_call *call) {
  if (call->result.status != MR_OK) {
    call->result.error = malloc(sizeof(call->error));
    if (call->result.error != NULL) *call->result.error = call->error;
  }
  call->result.panicked = panicked;
  panicked = call->outer;
  return call->result;
}

/* The callbacks that this thread is in, the innermost first. */
typedef struct callback {
  const void *ctx;
  const struct callback *outer;
} callback;

static _Thread_local const callback *running;

int32_t mrgo_is_in_callback(const void *ctx) {
  for (const callback *each = running; each != NULL; each = each->outer) {
    if (each->ctx == ctx) return 1;
  }
  return 0;
}

int64_t mrgo_clock(void *ctx) {
  const callback self = {ctx, running};
  running = &self;
  struct mrgoClock_return now = mrgoClock(*(const uintptr_t *)ctx, panicked);
  running = self.outer;
  panicked = now.r1;
  return now.r0;
}

void mrgo_random(void *ctx, uint8_t *out, size_t size) {
  const callback self = {ctx, running};
  running = &self;
  panicked = mrgoRandom(*(const uintptr_t *)ctx, panicked, out, size);
  running = self.outer;
}

void *mrgo_allocate(void *ctx, size_t size) {
  const callback self = {ctx, running};
  running = &self;
  struct mrgoAllocate_return memory = mrgoAllocate(*(const uintptr_t *)ctx, panicked, size);
  running = self.outer;
  panicked = memory.r1;
  return memory.r0;
}

void *mrgo_reallocate(void *ctx, void *memory, size_t size) {
  const callback self = {ctx, running};
  running = &self;
  struct mrgoReallocate_return moved =
      mrgoReallocate(*(const uintptr_t *)ctx, panicked, memory, size);
  running = self.outer;
  panicked = moved.r1;
  return moved.r0;
}

void mrgo_deallocate(void *ctx, void *memory) {
  const callback self = {ctx, running};
  running = &self;
  panicked = mrgoDeallocate(*(const uintptr_t *)ctx, panicked, memory);
  running = self.outer;
}
