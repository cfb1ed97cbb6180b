/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's own memory, which the host's allocator does not see, running out. One for the process,
 * for one thread at a time. */
#ifndef MRT_FAULT_SQLITE_FAMINE_H
#define MRT_FAULT_SQLITE_FAMINE_H

#include <stdbool.h>
#include <stdint.h>

/* Before anything else uses SQLite; false when it will not have it. */
bool sqlite_famine_arm(void);
/* The nth allocation from now on fails, and all after it where for_ever is set; 0: none. */
void sqlite_famine_fail(int64_t nth, bool for_ever);
/* Whether one has failed. */
bool sqlite_famine_failed(void);

#endif
