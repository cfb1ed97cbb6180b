/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file buffer.h
 * Bytes or text that the library made for the caller.
 */
#ifndef MODELREG_BUFFER_H
#define MODELREG_BUFFER_H

#include <modelreg/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A block of bytes owned by the library. @since 0.1.0 */
typedef struct mr_buffer mr_buffer;

/**
 * The bytes. A NUL follows the last one, so text can be used as a C string.
 *
 * @param buffer the buffer
 * @return the first byte, valid until the buffer is freed; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const uint8_t *mr_buffer_data(const mr_buffer *buffer);

/**
 * The number of bytes, without the NUL.
 *
 * @param buffer the buffer
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API size_t mr_buffer_size(const mr_buffer *buffer);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param buffer the handle
 * @since 0.1.0
 */
MR_API void mr_buffer_free(mr_buffer *buffer);

#ifdef __cplusplus
}
#endif

#endif
