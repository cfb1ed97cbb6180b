/* SPDX-License-Identifier: Apache-2.0 */
/* Points of metrics in memory, as columns in the order of logging. */
#ifndef MRI_REGISTRY_SERIES_H
#define MRI_REGISTRY_SERIES_H

#include "base/mem.h"
#include "base/vec.h"

typedef struct mri_series {
  char *key;
  int64_t *steps; /* the block that all three columns lie in */
  int64_t *times_us;
  double *values;
  size_t count;
  size_t capacity;
  size_t wanted; /* points that the call under way is going to add */
} mri_series;

bool mri_series_init(mri_series *series, const mri_mem *mem, const char *key);
void mri_series_destroy(mri_series *series, const mri_mem *mem);
/* Room for `count` more points. */
bool mri_series_reserve(mri_series *series, const mri_mem *mem, size_t count);
void mri_series_add(mri_series *series, int64_t step, int64_t time_us, double value);
/* All points of `from` behind those of `to`, which has room for them. */
void mri_series_append(mri_series *to, const mri_series *from);

/* Series by key. A series keeps its index for as long as the set lives. */
typedef struct mri_series_set {
  const mri_mem *mem;
  mri_vec series;    /* mri_series */
  uint32_t *slots;   /* hash table: index + 1, 0 is free */
  size_t slot_count; /* a power of two, at least twice the number of series */
} mri_series_set;

void mri_series_set_init(mri_series_set *set, const mri_mem *mem);
void mri_series_set_destroy(mri_series_set *set);
mri_series *mri_series_set_at(const mri_series_set *set, size_t index);
/* The series of a key, made when there is none; NULL when memory runs out. */
mri_series *mri_series_set_get(mri_series_set *set, const char *key);

#endif
