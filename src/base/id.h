/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and ids, both from sources that tests inject. */
#ifndef MRI_BASE_ID_H
#define MRI_BASE_ID_H

#include "base/err.h"
#include <pthread.h>
#include <stdbool.h>

#define MRI_ID_SIZE 37 /* 36 characters and the NUL */

typedef struct mri_clock {
  mr_clock_fn now; /* NULL: the system clock */
  void *ctx;
} mri_clock;

int64_t mri_clock_now_us(const mri_clock *clock);
/* A clock that only moves forward, for timeouts. */
int64_t mri_monotonic_us(void);
void mri_sleep_us(int64_t us);

typedef struct mri_id_source {
  mri_clock clock;
  mr_random_fn random; /* NULL: the system's */
  void *random_ctx;
  pthread_mutex_t lock;
  int64_t last_ms;
  uint32_t counter;
} mri_id_source;

void mri_id_source_init(mri_id_source *source, const mri_clock *clock, mr_random_fn random,
                        void *random_ctx);
void mri_id_source_destroy(mri_id_source *source);
/* A UUIDv7 (RFC 9562, method 1: rand_a is a counter within the millisecond) in its lower-case text
 * form. Ids of one source are strictly increasing, also when the clock steps back. */
void mri_id_new(mri_id_source *source, char out[MRI_ID_SIZE]);
/* The canonical text form of any UUID, lower case. */
bool mri_id_valid(const char *text);
/* INVALID_ARGUMENT naming `what` unless text is a UUID. */
mr_status mri_check_id(const char *text, const char *what, mr_error *error);

/* Random bytes from the system. */
void mri_random_bytes(uint8_t *out, size_t size);

#endif
