/* SPDX-License-Identifier: Apache-2.0 */
#include "store/wait.h"
#include "base/cancel_token.h"
#include "base/id.h"

#include <inttypes.h>

#define FIRST_PAUSE_US    250
#define LONGEST_PAUSE_US  10000 /* also how late a cancel may be seen */
#define LONGEST_BUDGET_MS ((int64_t)365 * 24 * 3600 * 1000)

void mri_wait_init(mri_wait *wait, int64_t budget_ms, const mr_cancel *cancel,
                   const atomic_bool *stop) {
  if (budget_ms < 0) budget_ms = 0;
  if (budget_ms > LONGEST_BUDGET_MS) budget_ms = LONGEST_BUDGET_MS;
  int64_t now = mri_monotonic_us();
  /* The address tells waiters of one process apart, the time those of different ones. */
  uint64_t seed = (uint64_t)(uintptr_t)wait ^ ((uint64_t)now * UINT64_C(0x9e3779b97f4a7c15));
  *wait = (mri_wait){.start_us = now,
                     .deadline_us = now + budget_ms * 1000,
                     .cancel = cancel,
                     .stop = stop,
                     .random = seed | 1};
}

mr_status mri_wait_check(const mri_wait *wait) {
  if (mri_cancel_triggered(wait->cancel)) return MR_CANCELLED;
  if (wait->stop != NULL && atomic_load(wait->stop)) return MR_CLOSED;
  return mri_monotonic_us() >= wait->deadline_us ? MR_BUSY : MR_OK;
}

bool mri_wait_pause(mri_wait *wait) {
  if (mri_wait_check(wait) != MR_OK) return false;
  uint64_t r = wait->random;
  r ^= r << 13;
  r ^= r >> 7;
  r ^= r << 17;
  wait->random = r;
  int64_t pause = FIRST_PAUSE_US << (wait->tries < 6 ? wait->tries : 6);
  if (pause > LONGEST_PAUSE_US) pause = LONGEST_PAUSE_US;
  wait->tries++;
  pause = pause / 2 + (int64_t)(r % (uint64_t)(pause / 2 + 1));
  int64_t left = wait->deadline_us - mri_monotonic_us();
  mri_sleep_us(pause < left ? pause : left);
  return true;
}

mr_status mri_wait_error(const mri_wait *wait, mr_error *error, int64_t code, const char *who) {
  if (mri_cancel_triggered(wait->cancel)) {
    return mri_error_set_code(error, MR_CANCELLED, code, "cancelled while waiting for %s", who);
  }
  if (wait->stop != NULL && atomic_load(wait->stop)) {
    return mri_error_set_code(error, MR_CLOSED, code, "the registry was closed");
  }
  int64_t waited_ms = (mri_monotonic_us() - wait->start_us) / 1000;
  return mri_error_set_code(error, MR_BUSY, code,
                            "%s is in use by others, also after waiting %" PRId64
                            " ms; try again, or raise busy_timeout_ms",
                            who, waited_ms);
}
