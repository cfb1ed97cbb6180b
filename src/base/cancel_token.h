/* SPDX-License-Identifier: Apache-2.0 */
/* The side of a cancel token that the library sees: whether to stop, and how far it is. */
#ifndef MRI_BASE_CANCEL_TOKEN_H
#define MRI_BASE_CANCEL_TOKEN_H

#include <modelreg/cancel.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Behind a pointer: calls get the token as one that they may not trigger, and yet tell it what they
 * have done. */
typedef struct mri_cancel_counts {
  _Atomic int64_t done;
  _Atomic int64_t total;
  /* Of a part: it adds `size` bytes in all, however often its content is read. */
  const mr_cancel *whole;
  int64_t size;
  int64_t passes;
} mri_cancel_counts;

struct mr_cancel {
  atomic_bool triggered;
  bool is_part;
  mri_cancel_counts *counts;
};

/* A piece of content of a size that the token has been told of. What is done under `token`, in
 * `passes` readings, counts up to that size, and what those who do it announce does not. It lives
 * on the stack of the call. */
typedef struct mri_work {
  mr_cancel token;
  mri_cancel_counts counts;
} mri_work;

/* False for NULL. */
bool mri_cancel_triggered(const mr_cancel *cancel);
/* CANCELLED when the token was triggered. */
mr_status mri_check_cancel(const mr_cancel *cancel, mr_error *error);
/* Bytes of content that were worked through, and that are known to be ahead. NULL is a no-op. */
void mri_cancel_add_done(const mr_cancel *cancel, int64_t bytes);
void mri_cancel_add_total(const mr_cancel *cancel, int64_t bytes);

/* `cancel` may be NULL. */
void mri_work_begin(mri_work *work, const mr_cancel *cancel, int64_t size, int passes);
/* What has not been read by now need not be: it counts as done. */
void mri_work_end(mri_work *work);

#endif
