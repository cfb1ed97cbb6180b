/* SPDX-License-Identifier: Apache-2.0 */
#include <modelreg/error.h>

const char *mr_status_name(mr_status status) {
  static const char *const names[] = {
      [MR_OK] = "OK",
      [MR_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
      [MR_NOT_FOUND] = "NOT_FOUND",
      [MR_ALREADY_EXISTS] = "ALREADY_EXISTS",
      [MR_CONFLICT] = "CONFLICT",
      [MR_BUSY] = "BUSY",
      [MR_NO_MEMORY] = "NO_MEMORY",
      [MR_IO] = "IO",
      [MR_CORRUPT] = "CORRUPT",
      [MR_NOT_SUPPORTED] = "NOT_SUPPORTED",
      [MR_ABI_MISMATCH] = "ABI_MISMATCH",
      [MR_LIMIT] = "LIMIT",
      [MR_GATE_FAILED] = "GATE_FAILED",
      [MR_GATE_PENDING] = "GATE_PENDING",
      [MR_TAMPERED] = "TAMPERED",
      [MR_UNTRUSTED] = "UNTRUSTED",
      [MR_ROLLBACK] = "ROLLBACK",
      [MR_READ_ONLY] = "READ_ONLY",
      [MR_FORKED] = "FORKED",
      [MR_UNAVAILABLE] = "UNAVAILABLE",
      [MR_IN_USE] = "IN_USE",
      [MR_CANCELLED] = "CANCELLED",
      [MR_CLOSED] = "CLOSED",
  };
  const mr_status count = (mr_status)(sizeof names / sizeof names[0]);
  return status >= 0 && status < count ? names[status] : "UNKNOWN";
}
