/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"
#include "base/hash.h"

#include <errno.h>
#include <sodium.h>
#include <time.h>

/* A clock that lies may jump far ahead. Half of the 48-bit range (the year 6429) is where it is
 * stopped, which leaves the ids room to go on increasing. */
#define MAX_CLOCK_MS (((int64_t)1 << 47) - 1)
#define COUNTER_MAX  0xfffu

static int64_t read_clock(clockid_t id) {
  struct timespec time = {0};
  (void)clock_gettime(id, &time);
  return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

int64_t mri_clock_now_us(const mri_clock *clock) {
  if (clock != NULL && clock->now != NULL) return clock->now(clock->ctx);
  return read_clock(CLOCK_REALTIME);
}

int64_t mri_monotonic_us(void) {
  return read_clock(CLOCK_MONOTONIC);
}

void mri_sleep_us(int64_t us) {
  if (us <= 0) return;
  struct timespec left = {.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

void mri_random_bytes(uint8_t *out, size_t size) {
  mri_sodium_ready();
  randombytes_buf(out, size);
}

void mri_id_source_init(mri_id_source *source, const mri_clock *clock, mr_random_fn random,
                        void *random_ctx) {
  *source = (mri_id_source){.random = random, .random_ctx = random_ctx, .last_ms = -1};
  if (clock != NULL) source->clock = *clock;
  (void)pthread_mutex_init(&source->lock, NULL);
}

void mri_id_source_destroy(mri_id_source *source) {
  (void)pthread_mutex_destroy(&source->lock);
}

/* The next (time, counter) pair, above all before it. A new millisecond starts its counter at a
 * random value with room above it; a full counter borrows from the next millisecond. */
static void advance(mri_id_source *source, int64_t now_ms, uint32_t seed) {
  if (now_ms <= source->last_ms && source->counter < COUNTER_MAX) {
    source->counter++;
    return;
  }
  source->last_ms = now_ms > source->last_ms ? now_ms : source->last_ms + 1;
  source->counter = seed & (COUNTER_MAX >> 1);
}

static void format_id(const uint8_t bytes[16], char out[MRI_ID_SIZE]) {
  static const char digits[] = "0123456789abcdef";
  char *at = out;
  for (size_t i = 0; i < 16; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *at++ = '-';
    *at++ = digits[bytes[i] >> 4];
    *at++ = digits[bytes[i] & 15];
  }
  *at = '\0';
}

void mri_id_new(mri_id_source *source, char out[MRI_ID_SIZE]) {
  uint8_t random[10];
  if (source->random != NULL) {
    source->random(source->random_ctx, random, sizeof random);
  } else {
    mri_random_bytes(random, sizeof random);
  }
  int64_t now_us = mri_clock_now_us(&source->clock);
  int64_t now_ms = now_us < 0 ? 0 : now_us / 1000;
  if (now_ms > MAX_CLOCK_MS) now_ms = MAX_CLOCK_MS;

  (void)pthread_mutex_lock(&source->lock);
  advance(source, now_ms, (uint32_t)random[8] << 8 | random[9]);
  uint64_t ms = (uint64_t)source->last_ms;
  uint32_t counter = source->counter;
  (void)pthread_mutex_unlock(&source->lock);

  uint8_t bytes[16];
  for (unsigned i = 0; i < 6; i++) bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
  bytes[6] = (uint8_t)(0x70 | counter >> 8);
  bytes[7] = (uint8_t)(counter & 0xff);
  for (size_t i = 0; i < 8; i++) bytes[8 + i] = random[i];
  bytes[8] = (uint8_t)(0x80 | (bytes[8] & 0x3f));
  format_id(bytes, out);
}

bool mri_id_valid(const char *text) {
  if (text == NULL) return false;
  for (size_t i = 0; i < MRI_ID_SIZE - 1; i++) {
    char c = text[i];
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (dash ? c != '-' : !hex) return false;
  }
  return text[MRI_ID_SIZE - 1] == '\0';
}

mr_status mri_check_id(const char *text, const char *what, mr_error *error) {
  if (text == NULL) return mri_error_set(error, MR_INVALID_ARGUMENT, "%s is missing (NULL)", what);
  if (!mri_id_valid(text))
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "%s \"%.60s\" is not an id; give 36 lower-case characters such as "
                         "01890a5d-ac96-774b-bcce-b302099a8057",
                         what, text);
  return MR_OK;
}
