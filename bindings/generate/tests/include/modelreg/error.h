/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file error.h
 * Status codes and the error record.
 *
 * A file's comment may speak of @nullable without being it.
 */
#ifndef MODELREG_ERROR_H
#define MODELREG_ERROR_H

#include <modelreg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The result of a call. @since 0.1.0 */
typedef int32_t mr_status;

enum {
  /** It did. @since 0.1.0 */
  MR_OK = 0,
  /** An argument is wrong. @since 0.1.0 */
  MR_INVALID_ARGUMENT = 1,
  /** It is not there. @since 0.2.0 */
  MR_NOT_FOUND = 2
};

/**
 * What went wrong.
 * @since 0.1.0
 */
typedef struct mr_error {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** The status. */
  mr_status status;
  /** One line. */
  char message[512];
} mr_error;

/** Initialiser for an mr_error. @since 0.1.0 */
#define MR_ERROR_INIT                                                                              \
  {                                                                                                \
    sizeof(mr_error), 0, {                                                                         \
      0                                                                                            \
    }                                                                                              \
  }

/**
 * The name of a status.
 *
 * @param status any value
 * @return a static string
 * @fast
 * @since 0.1.0
 */
MR_API const char *mr_status_name(mr_status status);

#ifdef __cplusplus
}
#endif

#endif
