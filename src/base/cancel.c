/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cancel_token.h"
#include "base/err.h"
#include "base/mem.h"

#include <assert.h>

#if ATOMIC_BOOL_LOCK_FREE != 2
#error "mr_cancel_trigger is async-signal-safe only with lock-free atomics"
#endif

/* What mr_cancel_new() hands out: the token is its first member. */
typedef struct cancel_block {
  mr_cancel token;
  mri_cancel_counts counts;
} cancel_block;

static void init(mr_cancel *token, mri_cancel_counts *counts, bool is_part) {
  atomic_init(&token->triggered, false);
  token->is_part = is_part;
  token->counts = counts;
  atomic_init(&counts->done, 0);
  atomic_init(&counts->total, 0);
  counts->whole = NULL;
  counts->size = 0;
  counts->passes = 1;
}

mr_status mr_cancel_new(mr_cancel **out_cancel, mr_error *error) {
  if (out_cancel == NULL)
    return mri_error_set(error, MR_INVALID_ARGUMENT, "out_cancel is missing (NULL)");
  cancel_block *block = mri_mem_alloc(mri_mem_default(), sizeof *block);
  if (block == NULL) return mri_error_no_memory(error);
  init(&block->token, &block->counts, false);
  *out_cancel = &block->token;
  return MR_OK;
}

void mr_cancel_trigger(mr_cancel *cancel) {
  if (cancel != NULL) atomic_store(&cancel->triggered, true);
}

/* Whoever asks for what is done first and for the total then never sees more done than there is:
 * work is announced before it is done. */
int64_t mr_cancel_done(const mr_cancel *cancel) {
  return cancel == NULL ? 0 : atomic_load_explicit(&cancel->counts->done, memory_order_acquire);
}

int64_t mr_cancel_total(const mr_cancel *cancel) {
  return cancel == NULL ? 0 : atomic_load_explicit(&cancel->counts->total, memory_order_acquire);
}

void mr_cancel_free(mr_cancel *cancel) {
  mri_mem_free(mri_mem_default(), cancel);
}

bool mri_cancel_triggered(const mr_cancel *cancel) {
  while (cancel != NULL && cancel->is_part) cancel = cancel->counts->whole;
  return cancel != NULL && atomic_load_explicit(&cancel->triggered, memory_order_acquire);
}

mr_status mri_check_cancel(const mr_cancel *cancel, mr_error *error) {
  if (!mri_cancel_triggered(cancel)) return MR_OK;
  return mri_error_set(error, MR_CANCELLED, "the caller cancelled the call");
}

/* How much of the part's size so many bytes of its readings stand for. */
static int64_t share(const mri_cancel_counts *part, int64_t seen) {
  int64_t bytes = seen / part->passes;
  return bytes < part->size ? bytes : part->size;
}

/* Damaged rows give content any size: sums end at the greatest number. */
static void add_up(_Atomic int64_t *sum, int64_t bytes) {
  int64_t before = atomic_load(sum);
  int64_t after;
  do {
    after = before > INT64_MAX - bytes ? INT64_MAX : before + bytes;
  } while (!atomic_compare_exchange_weak(sum, &before, after));
}

void mri_cancel_add_done(const mr_cancel *cancel, int64_t bytes) {
  while (cancel != NULL && cancel->is_part) {
    mri_cancel_counts *part = cancel->counts;
    int64_t before = atomic_fetch_add_explicit(&part->done, bytes, memory_order_relaxed);
    bytes = share(part, before + bytes) - share(part, before);
    cancel = part->whole;
  }
  if (cancel != NULL) add_up(&cancel->counts->done, bytes);
}

void mri_cancel_add_total(const mr_cancel *cancel, int64_t bytes) {
  if (cancel != NULL && !cancel->is_part) add_up(&cancel->counts->total, bytes);
}

void mri_work_begin(mri_work *work, const mr_cancel *cancel, int64_t size, int passes) {
  assert(size >= 0 && passes > 0);
  init(&work->token, &work->counts, true);
  work->counts.whole = cancel;
  work->counts.size = size;
  work->counts.passes = passes;
}

void mri_work_end(mri_work *work) {
  int64_t done = share(&work->counts, atomic_load(&work->counts.done));
  work->counts.size -= done;
  mri_cancel_add_done(work->counts.whole, work->counts.size);
  work->counts.size = 0;
}
