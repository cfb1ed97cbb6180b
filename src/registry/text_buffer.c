/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/text_buffer.h"
#include <string.h>

struct mr_buffer {
  const mri_mem *mem;
  uint8_t *data;
  size_t size;
};

mr_status mri_buffer_take(mri_str *str, mr_buffer **out, mr_error *error) {
  size_t size = str->size;
  const mri_mem *mem = str->mem;
  mr_buffer *buffer = mri_mem_zalloc(mem, 1, sizeof *buffer);
  char *data = buffer == NULL ? NULL : mri_str_take(str);
  if (data == NULL) {
    mri_mem_free(mem, buffer);
    mri_str_free(str);
    return mri_error_no_memory(error);
  }
  *buffer = (mr_buffer){mem, (uint8_t *)data, size};
  *out = buffer;
  return MR_OK;
}

const uint8_t *mr_buffer_data(const mr_buffer *buffer) {
  return buffer == NULL ? NULL : buffer->data;
}

size_t mr_buffer_size(const mr_buffer *buffer) {
  return buffer == NULL ? 0 : buffer->size;
}

void mr_buffer_free(mr_buffer *buffer) {
  if (buffer == NULL) return;
  mri_mem_free(buffer->mem, buffer->data);
  mri_mem_free(buffer->mem, buffer);
}
