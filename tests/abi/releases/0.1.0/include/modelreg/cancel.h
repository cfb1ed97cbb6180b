/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file cancel.h
 * A token that ends a call that waits or works for long.
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
