/* SPDX-License-Identifier: Apache-2.0 */
/* The one error path: every failure is written here, once, where it is found. */
#ifndef MRI_BASE_ERR_H
#define MRI_BASE_ERR_H

#include <modelreg/error.h>

#if defined(__GNUC__)
#define MRI_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#else
#define MRI_PRINTF(format_index, first)
#endif

/* Fills `error` (may be NULL; struct_size 0 is version 1, a shorter one is filled as far as it
 * goes) and returns `status`. The message is cut at a character boundary, and bytes that are no
 * valid UTF-8 or are control characters become '?', so that a message is always one safe line. */
mr_status mri_error_set(mr_error *error, mr_status status, const char *format, ...)
    MRI_PRINTF(3, 4);
/* The same with a backend code (SQLite result code). */
mr_status mri_error_set_code(mr_error *error, mr_status status, int64_t code, const char *format,
                             ...) MRI_PRINTF(4, 5);
/* "cannot <action> <path>: <reason>", status from errno_value: ENOENT and ENOTDIR NOT_FOUND,
 * EEXIST ALREADY_EXISTS, EROFS READ_ONLY, ENOMEM NO_MEMORY, ELOOP and EXDEV INVALID_ARGUMENT,
 * everything else IO; backend_code is errno_value. */
mr_status mri_error_errno(mr_error *error, int errno_value, const char *action, const char *path);
/* MR_NO_MEMORY, "out of memory". */
mr_status mri_error_no_memory(mr_error *error);
/* Puts "<format>: " before the message of an error that already happened; returns its status. */
mr_status mri_error_prefix(mr_error *error, mr_status status, const char *format, ...)
    MRI_PRINTF(3, 4);

#endif
