/* SPDX-License-Identifier: Apache-2.0 */
/* Times as people and programs write them. */
#ifndef MRI_CLI_TIMES_H
#define MRI_CLI_TIMES_H

#include <stdbool.h>
#include <stdint.h>

/* What a time looks like, for messages about what is none. */
#define CLI_TIME_FORMS                                                                             \
  "time such as 2026-07-03T12:34:56Z, or Unix microseconds such as 1783082096000000"

/* A date and a time of day as in RFC 3339, section 5.6, or Unix microseconds, after 1970. A date
 * alone does not say which moment of the day is meant, and fewer than 15 digits are a year, or
 * seconds, or milliseconds: none of them is read. */
bool cli_parse_time(const char *text, int64_t *out_us);

/* Unix microseconds. */
int64_t cli_now_us(void);

#endif
