/* SPDX-License-Identifier: Apache-2.0 */
/* The side of a cancel token that the library reads. */
#ifndef MRI_BASE_CANCEL_TOKEN_H
#define MRI_BASE_CANCEL_TOKEN_H

#include <modelreg/cancel.h>
#include <stdbool.h>

/* False for NULL. */
bool mri_cancel_triggered(const mr_cancel *cancel);
/* CANCELLED when the token was triggered. */
mr_status mri_check_cancel(const mr_cancel *cancel, mr_error *error);

#endif
