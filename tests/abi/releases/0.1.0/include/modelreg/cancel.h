/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file cancel.h
 * A token that ends a call that waits or works for long, and shows how far it is.
 */
#ifndef MODELREG_CANCEL_H
#define MODELREG_CANCEL_H

#include <modelreg/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A cancel token. It may be triggered from any thread and shared by many calls. @since 0.1.0 */
typedef struct mr_cancel mr_cancel;

/**
 * Makes a token that is not triggered.
 *
 * @param out_cancel receives the token; free it with mr_cancel_free() after the last call that uses
 *        it has returned
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT when out_cancel is NULL; MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_cancel_new(mr_cancel **out_cancel, mr_error *error);

/**
 * Triggers the token: calls that carry it return MR_CANCELLED as soon as they can, also those that
 * start later. Async-signal-safe. Twice is fine.
 *
 * @param cancel the token; NULL is a no-op
 * @fast
 * @since 0.1.0
 */
MR_API void mr_cancel_trigger(mr_cancel *cancel);

/**
 * How much the calls that carry the token have done so far: bytes of content that they have read
 * and written through, summed over all calls the token was given to. It only grows. To be asked
 * from another thread, as often as wanted.
 *
 * @param cancel the token
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_cancel_done(const mr_cancel *cancel);

/**
 * How much the calls that carry the token are known to have to do, in the unit of mr_cancel_done().
 * It grows as calls find out; content that need not be copied after all counts as done.
 *
 * @param cancel the token
 * @return 0 or more; 0 while nothing is known, and for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_cancel_total(const mr_cancel *cancel);

/**
 * Frees the token. NULL is a no-op.
 *
 * @param cancel the token
 * @since 0.1.0
 */
MR_API void mr_cancel_free(mr_cancel *cancel);

#ifdef __cplusplus
}
#endif

#endif
