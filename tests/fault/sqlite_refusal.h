/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's functions as the library calls them, of which the nth refuses and does nothing: what
 * allocations and operations that fail beneath them reach only here and there. Stands in front of
 * the system's SQLite in any program that uses it. One for the process. */
#ifndef MRT_FAULT_SQLITE_REFUSAL_H
#define MRT_FAULT_SQLITE_REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

/* The nth call from now on answers `code`, and all after it where for_ever is set; 0: none does.
 * A rollback is never refused: SQLite gives up a transaction whatever happens. */
void sqlite_refusal_fail(int64_t nth, bool for_ever, int code);
/* Whether one has refused. */
bool sqlite_refusal_failed(void);

#endif
