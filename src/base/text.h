/* SPDX-License-Identifier: Apache-2.0 */
/* Strict UTF-8 and the rules for everything that a caller names. */
#ifndef MRI_BASE_TEXT_H
#define MRI_BASE_TEXT_H

#include "base/err.h"
#include <stdbool.h>

#define MRI_NAME_MAX  250   /* bytes of a name or key */
#define MRI_VALUE_MAX 65536 /* bytes of a param, tag or description */
#define MRI_PATH_MAX  1024  /* bytes of a path inside a manifest or artifact tree */

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool mri_utf8_valid(const char *text, size_t size);
/* The length in bytes of the character at the start of text, its code point in *code (may be NULL);
 * 0 when no valid character is there or size is 0. */
size_t mri_utf8_step(const char *text, size_t size, uint32_t *code);
/* C0, DEL or C1. */
bool mri_is_control(uint32_t code);

/* INVALID_ARGUMENT unless `name` is 1 to MRI_NAME_MAX bytes (LIMIT above) of UTF-8 without C0, C1,
 * DEL and without leading or trailing blank. `what` names the argument in the message. */
mr_status mri_check_name(const char *name, const char *what, mr_error *error);
/* A value: NULL is refused, empty is fine, at most `max` bytes, UTF-8, no control characters but
 * tab, line feed and carriage return. */
mr_status mri_check_value(const char *value, const char *what, size_t max, mr_error *error);
/* The same, but NULL is fine. */
mr_status mri_check_optional(const char *value, const char *what, size_t max, mr_error *error);
/* A relative path with '/', no empty part, '.' or '..', no backslash, no control character,
 * at most MRI_PATH_MAX bytes. */
mr_status mri_check_path(const char *path, const char *what, mr_error *error);

/* Length of text, but never looks past max + 1 bytes. */
size_t mri_strnlen(const char *text, size_t max);
/* Bytes of the whole characters at the beginning of a text that fit into `max`: for messages whose
 * end must be seen. */
int mri_text_fit(const char *text, int max);

#endif
