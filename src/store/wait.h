/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for others with a budget: one object for all the waiting of one call. */
#ifndef MRI_STORE_WAIT_H
#define MRI_STORE_WAIT_H

#include "base/err.h"
#include <modelreg/cancel.h>
#include <stdatomic.h>
#include <stdbool.h>

typedef struct mri_wait {
  int64_t start_us; /* monotonic */
  int64_t deadline_us;
  const mr_cancel *cancel; /* may be NULL */
  const atomic_bool *stop; /* the store is closing; may be NULL */
  uint64_t random;
  unsigned tries;
} mri_wait;

void mri_wait_init(mri_wait *wait, int64_t budget_ms, const mr_cancel *cancel,
                   const atomic_bool *stop);
/* Why waiting must end now: CANCELLED, CLOSED, BUSY when the budget is used up; MR_OK to go on. */
mr_status mri_wait_check(const mri_wait *wait);
/* Sleeps for a while (longer each time, never the same for two waiters); false when it is over. */
bool mri_wait_pause(mri_wait *wait);
/* The error for a wait that is over: `who` is what was waited for, such as "registry /a/b". */
mr_status mri_wait_error(const mri_wait *wait, mr_error *error, int64_t code, const char *who);

#endif
