/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/series.h"
#include "base/hash.h"
#include <string.h>

#define FIRST_SLOTS 16
#define POINT_SIZE  (3 * sizeof(int64_t))

_Static_assert(sizeof(double) == sizeof(int64_t), "three columns lie in one block");

bool mri_series_init(mri_series *series, const mri_mem *mem, const char *key) {
  memset(series, 0, sizeof *series);
  series->key = mri_mem_strdup(mem, key);
  return series->key != NULL;
}

void mri_series_destroy(mri_series *series, const mri_mem *mem) {
  mri_mem_free(mem, series->key);
  mri_mem_free(mem, series->steps);
}

bool mri_series_reserve(mri_series *series, const mri_mem *mem, size_t count) {
  if (count > SIZE_MAX / 32 - series->count) return false;
  size_t needed = series->count + count;
  if (needed <= series->capacity) return true;
  size_t capacity = series->capacity == 0 ? 64 : series->capacity * 2;
  if (capacity < needed) capacity = needed;
  int64_t *block = mri_mem_alloc(mem, capacity * POINT_SIZE);
  if (block == NULL) return false;
  mri_series moved = {.steps = block, .times_us = block + capacity};
  /* A block for 64 bit integers suits doubles as well. */
  moved.values = (double *)(void *)(block + 2 * capacity);
  mri_series_append(&moved, series);
  mri_mem_free(mem, series->steps);
  series->steps = moved.steps;
  series->times_us = moved.times_us;
  series->values = moved.values;
  series->capacity = capacity;
  return true;
}

void mri_series_add(mri_series *series, int64_t step, int64_t time_us, double value) {
  series->steps[series->count] = step;
  series->times_us[series->count] = time_us;
  series->values[series->count] = value;
  series->count++;
}

void mri_series_append(mri_series *to, const mri_series *from) {
  if (from->count == 0) return;
  memcpy(to->steps + to->count, from->steps, from->count * sizeof(int64_t));
  memcpy(to->times_us + to->count, from->times_us, from->count * sizeof(int64_t));
  memcpy(to->values + to->count, from->values, from->count * sizeof(double));
  to->count += from->count;
}

void mri_series_set_init(mri_series_set *set, const mri_mem *mem) {
  memset(set, 0, sizeof *set);
  set->mem = mem;
  mri_vec_init(&set->series, mem, sizeof(mri_series));
}

void mri_series_set_destroy(mri_series_set *set) {
  for (size_t i = 0; i < set->series.count; i++) {
    mri_series_destroy(mri_series_set_at(set, i), set->mem);
  }
  mri_vec_free(&set->series);
  mri_mem_free(set->mem, set->slots);
}

mri_series *mri_series_set_at(const mri_series_set *set, size_t index) {
  return mri_vec_at(&set->series, index);
}

/* The slot of a key: its own, or the free one where it belongs. */
static uint32_t *find_slot(const mri_series_set *set, const char *key) {
  uint8_t hash[16];
  mri_xxh128(key, strlen(key), hash);
  size_t at =
      (size_t)hash[0] | (size_t)hash[1] << 8 | (size_t)hash[2] << 16 | (size_t)hash[3] << 24;
  for (;; at++) {
    uint32_t *slot = &set->slots[at & (set->slot_count - 1)];
    if (*slot == 0 || strcmp(mri_series_set_at(set, *slot - 1)->key, key) == 0) return slot;
  }
}

static bool grow(mri_series_set *set) {
  if ((set->series.count + 1) * 2 <= set->slot_count) return true;
  size_t count = set->slot_count == 0 ? FIRST_SLOTS : set->slot_count * 2;
  uint32_t *slots = mri_mem_zalloc(set->mem, count, sizeof *slots);
  if (slots == NULL) return false;
  mri_mem_free(set->mem, set->slots);
  set->slots = slots;
  set->slot_count = count;
  for (size_t i = 0; i < set->series.count; i++) {
    *find_slot(set, mri_series_set_at(set, i)->key) = (uint32_t)i + 1;
  }
  return true;
}

mri_series *mri_series_set_get(mri_series_set *set, const char *key) {
  /* What is there is found without memory: callers rely on it. */
  uint32_t at = set->slot_count > 0 ? *find_slot(set, key) : 0;
  if (at != 0) return mri_series_set_at(set, at - 1);
  if (!grow(set)) return NULL;
  uint32_t *slot = find_slot(set, key);
  mri_series *series = mri_vec_push(&set->series);
  if (series == NULL) return NULL;
  if (!mri_series_init(series, set->mem, key)) {
    set->series.count--;
    return NULL;
  }
  *slot = (uint32_t)set->series.count;
  return series;
}
