/* SPDX-License-Identifier: Apache-2.0 */
/* A growing array of items of one size. */
#ifndef MRI_BASE_VEC_H
#define MRI_BASE_VEC_H

#include "base/mem.h"

typedef struct mri_vec {
  const mri_mem *mem;
  void *items;
  size_t count;
  size_t capacity;
  size_t item_size;
} mri_vec;

void mri_vec_init(mri_vec *vec, const mri_mem *mem, size_t item_size);
void mri_vec_free(mri_vec *vec);
/* A new zeroed last item; NULL when memory runs out (the vector is as it was). The pointer lives
 * until the next push. */
void *mri_vec_push(mri_vec *vec);
void *mri_vec_at(const mri_vec *vec, size_t index);
/* Room for `count` more items. */
bool mri_vec_reserve(mri_vec *vec, size_t count);

#endif
