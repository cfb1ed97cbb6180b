/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cancel_token.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdatomic.h>

#if ATOMIC_BOOL_LOCK_FREE != 2
#error "mr_cancel_trigger is async-signal-safe only with lock-free atomics"
#endif

struct mr_cancel {
  atomic_bool triggered;
};

mr_status mr_cancel_new(mr_cancel **out_cancel, mr_error *error) {
  if (out_cancel == NULL)
    return mri_error_set(error, MR_INVALID_ARGUMENT, "out_cancel is missing (NULL)");
  mr_cancel *cancel = mri_mem_alloc(mri_mem_default(), sizeof *cancel);
  if (cancel == NULL) return mri_error_no_memory(error);
  atomic_init(&cancel->triggered, false);
  *out_cancel = cancel;
  return MR_OK;
}

void mr_cancel_trigger(mr_cancel *cancel) {
  if (cancel != NULL) atomic_store(&cancel->triggered, true);
}

void mr_cancel_free(mr_cancel *cancel) {
  mri_mem_free(mri_mem_default(), cancel);
}

bool mri_cancel_triggered(const mr_cancel *cancel) {
  return cancel != NULL && atomic_load_explicit(&cancel->triggered, memory_order_acquire);
}

mr_status mri_check_cancel(const mr_cancel *cancel, mr_error *error) {
  if (!mri_cancel_triggered(cancel)) return MR_OK;
  return mri_error_set(error, MR_CANCELLED, "the caller cancelled the call");
}
