/* SPDX-License-Identifier: Apache-2.0 */
/* What each call is measured against: the same work by hand. */
#ifndef BENCH_BASELINE_H
#define BENCH_BASELINE_H

#include <stdint.h>

/* Seconds for `count` times the work. */
double baseline_log(int64_t count);
double baseline_open(const char *path, int64_t count);
double baseline_resolve(const char *path, const char *model, int64_t count);
double baseline_promote(const char *path, int64_t count);
double baseline_hash(const uint8_t *bytes, uint64_t size);

double now_seconds(void);
void die(const char *what);

#endif
